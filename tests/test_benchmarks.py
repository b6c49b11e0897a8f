"""The benchmarks measure what they say: each layer answers rightly what it is timed for, and tables tell the truth."""

from __future__ import annotations

import gc
import io
import itertools
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import types
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import docutils.core
import machine
import misbehaving
import pytest

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # last, so that it is the installed package that is tested

import benchmarks  # noqa: E402
from benchmarks import (  # noqa: E402
    command,
    examples,
    front,
    guarded,
    importing,
    instructions,
    interleave,
    mixin,
    per_request,
    preflights,
    rightness,
    scale,
    servers,
    sockets,
    whole,
)
from benchmarks.cells import APP, ASKS, CELLS, KINDS, ORIGINS, Ask, Cell, environ_of, options  # noqa: E402
from benchmarks.contenders import (  # noqa: E402
    BODY,
    CONTENDERS,
    FLOOR,
    FRAMEWORKS,
    GUARDED,
    OURS,
    Answer,
    Contender,
    Pair,
    answer_to,
    fresh_module,
    under_middleware,
    version_of,
)
from benchmarks.floor import LAYERS  # noqa: E402
from benchmarks.interleave import Pace, Spread  # noqa: E402
from benchmarks.report import Table, grid, listed  # noqa: E402

pytestmark = pytest.mark.once

EXISTING = [cell for cell in CELLS if cell.exists]
FRAMEWORK_NAMES = list(examples.FRAMEWORKS)
WITHOUT_PATTERNS = ("oslo.middleware", "falcon")
IN_CELLS = [
    (cell, each.name)
    for cell in EXISTING
    for each in CONTENDERS
    if not (cell.kind == "pattern" and each.name in WITHOUT_PATTERNS)
]
Answers = dict[tuple[str, str, str], dict[str, Any]]


def names(case: Any) -> str:
    return case.name if isinstance(case, Cell) else str(case)


# What is timed


@pytest.fixture(scope="module")
def answers() -> Answers:
    """What each contender answers in each cell, by kind, request and contender.

    In a process of its own, for settings of Django are those of a process.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--answers"],
        cwd=ROOT,
        env=benchmarks.environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, done.stdout.splitlines())
    return {(line["kind"], line["ask"], line["contender"]): line for line in lines}


def all_of(answer: dict[str, Any], name: str) -> list[str]:
    return [value for each, value in answer["headers"] if each.lower() == name.lower()]


def elements(answer: dict[str, Any], name: str) -> set[str]:
    return {each.strip().lower() for value in all_of(answer, name) for each in value.split(",")}


def test_every_contender_is_in_every_cell_that_it_can_be_in(answers: Answers) -> None:
    assert set(answers) == {(cell.kind, cell.ask.name, name) for cell, name in IN_CELLS}


@pytest.mark.parametrize("name", [FLOOR, GUARDED])
@pytest.mark.parametrize("cell", EXISTING, ids=names)
def test_what_is_written_by_hand_answers_as_corswsgi_does(answers: Answers, cell: Cell, name: str) -> None:
    by_hand, ours = (answers[cell.kind, cell.ask.name, each]["layered"] for each in (name, OURS))
    assert by_hand == ours


@pytest.mark.parametrize(("cell", "name"), IN_CELLS, ids=names)
def test_the_origin_is_allowed_where_it_is_to_be(answers: Answers, cell: Cell, name: str) -> None:
    answer = answers[cell.kind, cell.ask.name, name]["layered"]
    allowed = all_of(answer, "Access-Control-Allow-Origin")
    if cell.ask.origin is None:
        assert set(allowed) <= {"*", *ORIGINS}
    elif cell.kind == "any":
        assert allowed == ["*"]
    elif cell.ask.is_allowed:
        assert allowed == [APP]
    else:
        assert cell.ask.origin not in allowed
        assert "*" not in allowed


@pytest.mark.parametrize(("cell", "name"), IN_CELLS, ids=names)
def test_a_preflight_grants_what_was_asked_for_where_it_is_to_be(answers: Answers, cell: Cell, name: str) -> None:
    answer = answers[cell.kind, cell.ask.name, name]["layered"]
    if not cell.ask.is_preflight:
        assert elements(answer, "Access-Control-Allow-Methods") == set()
        assert (answer["status"], answer["body"]) == ("200 OK", BODY.decode())
    elif cell.ask.is_allowed:
        assert answer["status"][:2] == "20"
        assert "put" in elements(answer, "Access-Control-Allow-Methods")
        assert elements(answer, "Access-Control-Allow-Headers") >= {"content-type", "x-api-key"}
        assert len(all_of(answer, "Access-Control-Max-Age")) == 1


@pytest.mark.parametrize(("cell", "name"), IN_CELLS, ids=names)
def test_what_a_layer_is_compared_with_answers_without_it(answers: Answers, cell: Cell, name: str) -> None:
    answer = answers[cell.kind, cell.ask.name, name]["bare"]
    assert [header for header, _ in answer["headers"] if header.lower().startswith("access-control-")] == []
    if not (cell.ask.is_preflight and name in FRAMEWORKS):
        assert (answer["status"], answer["body"]) == ("200 OK", BODY.decode())


def test_only_dynamic_policies_vary(answers: Answers) -> None:
    varies = {cell.kind: all_of(answers[cell.kind, cell.ask.name, OURS]["layered"], "Vary") for cell in EXISTING}
    assert varies == {"any": [], "static": [], "dynamic": ["Origin"], "pattern": ["Origin"]}


@pytest.mark.parametrize("kind", KINDS)
def test_the_floor_leaves_the_list_of_the_application_as_it_is(kind: str) -> None:
    own = [("Content-Type", "text/plain")]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", own)
        return []

    LAYERS[kind](app)(environ_of(ASKS[1]), lambda status, headers, exc_info=None: None)
    assert own == [("Content-Type", "text/plain")]


class Responding:
    """An application that answers with these headers, before or after it raises, if it does.

    :ivar raises: when it raises: before or after it has begun its answer, or never.
    """

    def __init__(self, *headers: tuple[str, str], raises: str = "never") -> None:
        self.headers, self.raises = list(headers), raises

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if self.raises == "before":
            raise LookupError("on purpose")
        start_response("200 OK", self.headers)
        if self.raises == "after":
            raise LookupError("on purpose")
        return [b"OK"]


PLAIN = ("Content-Type", "text/plain")
APPLICATIONS = {
    "nothing": Responding(),
    "plain": Responding(PLAIN),
    "own CORS": Responding(
        ("Access-Control-Allow-Origin", "https://stranger.invalid"), PLAIN, ("access-control-allow-credentials", "true")
    ),
    "own Vary": Responding(("Vary", "Accept-Encoding"), PLAIN),
    "several Vary": Responding(("Vary", "Accept, cookie"), PLAIN, ("vary", " Cookie ,,Accept-Language")),
    "Vary with Origin": Responding(("VARY", "origin"), PLAIN, ("Vary", "Accept")),
    "Vary on everything": Responding(("Vary", "*"), PLAIN),
    "all of it": Responding(("Vary", "Accept"), ("Access-Control-Max-Age", "5"), PLAIN),
    "raises": Responding(PLAIN, raises="before"),
    "raises late": Responding(PLAIN, ("Vary", "Accept"), ("Access-Control-Allow-Origin", "*"), raises="after"),
}
ORIGINS_ASKED = (
    None,
    *ORIGINS,
    "https://a.b.example.com",
    "https://stranger.invalid",
    "https://example.com",
    "https://stranger.invalid/.example.com",
    "http://app.example.com",
    "null",
    "",
)


def transcript(app: Any, environ: dict[str, Any]) -> list[Any]:
    """Return all that an application says: each call of ``start_response``, the body, what it raises."""
    said: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        said.append((status, list(headers), exc_info and exc_info[0]))

    try:
        said.append(list(app(dict(environ), start_response)))
    except LookupError as error:
        said.append(repr(error))
    return said


@pytest.mark.parametrize("environ", [{}, {"paste.throw_errors": True}, {"x-wsgiorg.throw_errors": 1}], ids=str)
@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_guarded_floor_gives_the_guarantees_of_corswsgi(
    kind: str, application: str, environ: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    from corswsgi import CORSMiddleware

    app = APPLICATIONS[application]
    layers = {"guarded": guarded.LAYERS[kind](app), "ours": CORSMiddleware(app, **options(kind))}
    for origin in ORIGINS_ASKED:
        for ask in (Ask("", origin, is_preflight=False), Ask("", origin, is_preflight=True)):
            told: dict[str, Any] = {}
            for name, layer in layers.items():
                caplog.clear()
                told[name] = [transcript(layer, environ_of(ask) | environ), len(caplog.records)]
            assert told["guarded"] == told["ours"], (origin, ask.is_preflight)


@pytest.mark.parametrize("level", ["INFO", "WARNING"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_guarded_floor_logs_a_refusal_once_as_corswsgi_does(
    kind: str, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    from corswsgi import CORSMiddleware

    caplog.set_level(level)
    asked = [
        environ_of(Ask("", origin, is_preflight=is_preflight)) | more
        for origin in ("https://stranger.invalid", APP, None, "https://other.invalid")
        for is_preflight in (False, True)
        for more in ({"HTTP_SEC_FETCH_SITE": "same-origin"}, {}, {})
        if not (is_preflight and more)  # of which there is no such thing
    ]
    counts: dict[str, list[int]] = {}
    for name, make in {
        "guarded": guarded.LAYERS[kind],
        "ours": lambda app: CORSMiddleware(app, **options(kind)),
    }.items():
        layer = make(APPLICATIONS["plain"])
        for environ in asked:
            caplog.clear()
            transcript(layer, environ)
            counts.setdefault(name, []).append(len(caplog.records))
    assert counts["guarded"] == counts["ours"]
    assert sum(counts["ours"]) == (2 if level == "INFO" and kind != "any" else 0)


ASKED_IN_VAIN = {
    "PUT": ({}, 0),
    "DELETE, no headers": ({"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": None}, 0),
    "HEAD": ({"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "HEAD"}, 0),
    "lower case": ({"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "put"}, 1),
    "no method": ({"HTTP_ACCESS_CONTROL_REQUEST_METHOD": ""}, 1),
    "other method": ({"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "QUERY"}, 1),
    "header in capitals": ({"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "X-API-Key , Content-Type"}, 0),
    "other header": ({"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-api-key,x-other"}, 1),
    "empty elements": ({"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": " ,,x-api-key, "}, 0),
    "all of it": (
        {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "QUERY", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-other,authorization"},
        1,
    ),
}


@pytest.mark.parametrize("level", ["INFO", "WARNING"])
@pytest.mark.parametrize("name", ASKED_IN_VAIN)
@pytest.mark.parametrize("kind", KINDS)
def test_the_guarded_floor_logs_what_is_not_listed_as_corswsgi_does(
    kind: str, name: str, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    from corswsgi import CORSMiddleware

    caplog.set_level(level)
    changes, logged = ASKED_IN_VAIN[name]
    for layer in (guarded.LAYERS[kind](APPLICATIONS["plain"]), CORSMiddleware(APPLICATIONS["plain"], **options(kind))):
        caplog.clear()
        for _ in range(2):
            environ = environ_of(Ask("", APP, is_preflight=True)) | changes
            (status, *_), _ = transcript(layer, {key: value for key, value in environ.items() if value is not None})
            assert status == "204 No Content"
        assert len(caplog.records) == (logged if level == "INFO" else 0), layer
        assert all(APP in record.getMessage() for record in caplog.records)


def test_the_guarded_floor_logs_each_reason_of_an_origin_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    layer = guarded.LAYERS["any"](APPLICATIONS["plain"])
    for name in ("x-one", "x-two", "x-one"):
        for origin in (APP, "https://stranger.invalid"):
            asked = environ_of(Ask("", origin, is_preflight=True))
            transcript(layer, asked | {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": name})
    assert [record.getMessage() for record in caplog.records] == [
        f"refused origin '{origin}' on 'OPTIONS' '/api/items': 'not listed: {name}'"
        for name in ("x-one", "x-two")
        for origin in (APP, "https://stranger.invalid")
    ]


def test_the_guarded_floor_is_an_object_whose_policy_can_be_replaced() -> None:
    app = APPLICATIONS["plain"]
    layer = guarded.SeveralOrigins(app)
    assert layer.app is app
    for origins, allowed in [(layer.origins, [APP]), ({"https://other.invalid"}, [])]:
        layer.origins = frozenset(origins)
        answer = answer_to(layer, environ_of(FROM_APP))
        assert [value for name, value in answer.headers if name == ACAO] == allowed


def test_the_guarded_floor_has_a_bound(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    layer = guarded.LAYERS["static"](APPLICATIONS["plain"])
    for number in range(1100):
        transcript(layer, environ_of(Ask("", f"https://{number}.invalid", is_preflight=False)))
    assert len(caplog.records) == 1024


def test_the_environ_is_of_the_size_that_servers_give() -> None:
    assert [len(environ_of(ask)) for ask in ASKS] == [27, 32, 32, 34, 34]


# How it is timed


class Spy:
    """An application that remembers what it was asked, and whether what it returned was closed."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.closed = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        self.asked.append(dict(environ))
        environ["wsgi.spoilt"] = True
        start_response("200 OK", [])
        try:
            yield b""
        finally:
            self.closed += 1


def test_each_request_gets_a_fresh_environ_and_is_closed() -> None:
    spy = Spy()
    environ = environ_of(ASKS[1])
    assert interleave.requests_to(spy, environ)(16) > 0
    assert len(spy.asked) == 3 + 16  # the first three are not timed
    assert all(each == environ for each in spy.asked)
    assert spy.closed == len(spy.asked)


def test_values_come_in_turn_and_go_on_where_they_stopped() -> None:
    spy = Spy()
    batch = interleave.requests_to(spy, environ_of(ASKS[1]), "HTTP_ORIGIN", [b"a", b"b", b"c"])
    batch(2)
    batch(2)
    assert [each["HTTP_ORIGIN"] for each in spy.asked] == ["a", "b", "c", "a", "b", "c"]


@pytest.mark.parametrize("cell", [EXISTING[1], EXISTING[3]], ids=names)
def test_a_cell_times_the_layer_and_what_is_subtracted(monkeypatch: pytest.MonkeyPatch, cell: Cell) -> None:
    pairs = {"floor": Pair(Spy(), Spy()), "falcon": Pair(Spy(), Spy())}
    ticks = {"asking": 1.0, "without": 2.0, "falcon: without": 3.0, "floor": 14.0, "falcon": 25.0}

    def measure(batches: dict[str, Any], pace: Pace) -> dict[str, list[float]]:
        for batch in batches.values():
            batch(1)
        return {name: [ticks[name], ticks[name]] for name in batches}

    made: list[str] = []
    monkeypatch.setattr(per_request, "pairs_of", lambda kind: made.append(kind) or pairs)
    monkeypatch.setattr(per_request, "measure", measure)
    added, times = per_request.time_cell(cell, Pace(2, 1), 3)
    bare = [pair.bare.asked for pair in pairs.values()]  # type: ignore[attr-defined]  # a Spy
    layered = [pair.layered.asked[0] for pair in pairs.values()]  # type: ignore[attr-defined]
    assert made == [cell.kind] * 3
    rounds = 2 * 3
    assert times == {name: [ticks[name]] * rounds for name in times}
    assert [each["REQUEST_METHOD"] for each in layered] == ["OPTIONS" if cell.ask.is_preflight else "GET"] * 2
    assert [each.get("HTTP_ORIGIN") for each in layered] == [cell.ask.origin] * 2
    if cell.ask.is_preflight:
        assert bare == [[], []]
        assert added == {"floor": [13.0] * rounds, "falcon": [24.0] * rounds}
    else:
        assert bare[0] == bare[1] != []
        assert added == {"floor": [12.0] * rounds, "falcon": [22.0] * rounds}


def test_all_take_turns_and_a_round_gives_the_least() -> None:
    turns: list[str] = []
    collecting: list[bool] = []
    scripts = {"a": iter(range(10, 1000, 3)), "b": iter(range(1000, 10, -3))}

    def batch_of(name: str) -> Callable[[int], float]:
        def batch(loops: int) -> float:
            turns.append(name)
            collecting.append(gc.isenabled())
            return float(next(scripts[name]))

        return batch

    values = interleave.measure({"a": batch_of("a"), "b": batch_of("b")}, Pace(rounds=3, passes=2))
    # Two calls of each find out how many loops a batch has; then each pass begins with the next.
    assert "".join(turns) == "aabb" + "abba" + "baab" + "abba"
    assert values == {"a": [16 / 4, 22 / 4, 28 / 4], "b": [991 / 4, 985 / 4, 979 / 4]}
    assert collecting == [True] * 4 + [False] * 12
    assert gc.isenabled()


def test_a_batch_has_as_many_loops_as_last_long_enough() -> None:
    asked: list[int] = []

    def batch(loops: int) -> float:
        asked.append(loops)
        return loops * 1e-5

    assert interleave.measure({"a": batch}, Pace(1, 1), lasting=0.01) == {"a": [pytest.approx(1e-5)]}
    assert asked[-1] == 1000


def test_a_copy_of_a_function_has_code_of_its_own() -> None:
    def function(value: int, *, factor: int = 2) -> int:
        return value * factor

    copy = interleave.fresh(function)
    assert copy.__code__ is not function.__code__
    assert (copy(3), copy(3, factor=3)) == (6, 9)


def test_a_copy_of_a_module_has_code_of_its_own() -> None:
    from corswsgi import CORSMiddleware, middleware

    copy = fresh_module("corswsgi.middleware")
    assert copy.CORSMiddleware is not CORSMiddleware
    assert sys.modules["corswsgi.middleware"] is middleware
    own = [each for each in vars(copy).values() if getattr(each, "__module__", None) == copy.__name__]
    assert own
    assert all(each is not getattr(middleware, each.__name__) for each in own)


def code_of(app: Any, ask: Ask) -> dict[int, types.CodeType]:
    """Return the code that an application runs for a request, except the standard library's, by its identity."""
    ran: list[types.CodeType] = []
    environ = environ_of(ask)

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        pass

    sys.setprofile(lambda frame, event, arg: ran.append(frame.f_code) if event == "call" else None)
    try:
        app(environ, start_response)
    finally:
        sys.setprofile(None)
    library, installed = (os.path.realpath(sysconfig.get_path(each)) for each in ("stdlib", "purelib"))
    return {
        id(code): code
        for code in ran
        if code is not start_response.__code__
        and (code.co_filename.startswith(installed) or not code.co_filename.startswith((library, "<frozen")))
    }


@pytest.mark.parametrize("cell", EXISTING, ids=names)
def test_those_who_take_turns_share_no_code(cell: Cell) -> None:
    """CPython adapts code to what passes through it: nobody's code is adapted to another's requests."""
    chosen = (FLOOR, GUARDED, OURS, "wsgicors", "oslo.middleware", "falcon")
    made = {each.name: each.make(cell.kind) for each in CONTENDERS if each.name in chosen}
    ran = {name: code_of(pair.layered, cell.ask) for name, pair in made.items() if pair}
    assert all(ran.values())
    for one, other in itertools.combinations(ran, 2):
        assert [ran[one][shared] for shared in ran[one].keys() & ran[other].keys()] == [], (one, other)


def test_each_middleware_that_is_measured_has_code_of_its_own() -> None:
    made = [under_middleware(**options("dynamic")) for _ in range(2)]
    one, other = (
        {key for key, code in code_of(app, FROM_APP).items() if code.co_filename.endswith("middleware.py")}
        for app in made
    )
    assert one
    assert one.isdisjoint(other)


def test_the_spread_is_the_median_deviation() -> None:
    spread = Spread.of([1.0, 2.0, 4.0, 4.5, 100.0])
    assert spread == (4.0, 2.0)
    assert (spread.told(), spread.told(".0%")) == ("4.00 ± 2.00", "400% ± 200%")


# The mixin


@pytest.mark.parametrize("cell", [cell for cell in EXISTING if cell.kind in mixin.KINDS], ids=names)
def test_the_handler_written_by_hand_answers_as_the_mixin_does(cell: Cell) -> None:
    def sent(handler: Any) -> bytes:
        stream = io.BytesIO()
        mixin.talk(handler, mixin.request_of(cell.ask) * 3, stream.write)
        return re.sub(rb"Date: .*\r\n", b"", stream.getvalue())

    ours = sent(mixin.under_mixin(cell.kind))
    assert sent(mixin.BY_HAND[cell.kind]) == ours
    status = 200 if not cell.ask.is_preflight else 403 if cell.kind != "any" and not cell.ask.is_allowed else 204
    assert ours.count(b"HTTP/1.1 %d " % status) == 3
    assert ours.count(BODY) == (0 if cell.ask.is_preflight else 3)


def test_the_handler_gets_the_headers_that_the_application_gets() -> None:
    request = mixin.request_of(ASKS[3]).decode()
    assert request.startswith("OPTIONS /api/items?page=2 HTTP/1.1\r\n")
    assert f"\r\nOrigin: {APP}\r\n" in request
    assert "\r\nAccess-Control-Request-Headers: content-type,x-api-key\r\n" in request
    assert request.endswith("\r\n\r\n")


# Large policies


@pytest.mark.parametrize("kind", scale.KINDS, ids=lambda kind: kind.name)
def test_hits_are_covered_and_misses_are_not(kind: scale.Kind) -> None:
    from corswsgi import CORSMiddleware

    few = kind._replace(many=50)
    numbers = scale.numbers_of(few, 10)
    assert list(numbers) == list(range(0, 50, 5))
    app = CORSMiddleware(Spy(), kind.rules(numbers))
    for make, is_hit in ((kind.hit, True), (kind.miss, False)):
        values = scale.values_of(few, 10, make, 200)
        assert len(values) == 200
        assert len(set(values)) == 10
        for value in values:
            headers: list[tuple[str, str]] = []
            environ = environ_of(ASKS[1]) | {kind.key: value.decode()}
            list(app(environ, lambda status, found, exc_info=None, headers=headers: headers.extend(found)))
            assert ("Access-Control-Allow-Origin" in dict(headers)) is is_hit


def test_look_ups_are_timed_among_few_and_many(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = scale.KINDS[2]._replace(many=20)
    ticks = {"with": 10.0, "without": 4.0, "asking": 1.0}
    monkeypatch.setattr(
        scale,
        "measure",
        lambda batches, pace, lasting: {key: [ticks[key[0]] * key[2], batches[key](1) * 0] for key in batches},
    )
    times = scale.time_kind(kind, Pace(2, 1), 5)
    assert {key: (each.call[0], each.added[0]) for key, each in times.items()} == {
        ("hit", 10): (90.0, 60.0),
        ("miss", 10): (90.0, 60.0),
        ("hit", 20): (180.0, 120.0),
        ("miss", 20): (180.0, 120.0),
    }


def test_the_matcher_is_asked_itself() -> None:
    times = scale.time_matcher(scale.KINDS[2]._replace(many=20), Pace(2, 1), 5)
    assert [len(values) for values in times.values()] == [2, 2, 2, 2]
    assert all(value > 0 for values in times.values() for value in values)


def test_building_is_measured_in_a_process_of_its_own() -> None:
    assert scale.build("seconds", 100) > 0
    held, peak = scale.build("bytes", 1000)
    assert 1000 * 80 < held <= peak  # each string alone is longer


# What takes processes


def test_modules_are_told_with_the_time_that_they_take(tmp_path: Path) -> None:
    modules = importing.modules_of("json", tmp_path)
    assert {"json", "json.decoder", "json.scanner"} <= set(modules)
    assert "corswsgi.policy" in importing.modules_of("corswsgi", tmp_path)
    assert all(milliseconds >= 0 for milliseconds in modules.values())


def test_bytecode_is_there_when_imports_are_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    importing.modules_of("corswsgi", tmp_path)
    assert [path.name.partition(".")[0] for path in tmp_path.rglob("policy.*.pyc")] == ["policy"]


def test_instructions_are_counted_between_the_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    def spying(name: str) -> Callable[..., list[bytes]]:
        def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
            events.append(name)
            return []

        return app

    monkeypatch.setattr(instructions, "applications_of", lambda cell: {name: spying(name) for name in "wfgo"})
    monkeypatch.setattr(instructions, "BEFORE", 2)
    monkeypatch.setattr(instructions, "COUNTED", 3)
    monkeypatch.setattr(instructions.os, "getppid", lambda: events.append("|"))
    try:
        instructions.child(EXISTING[:1])
    finally:
        gc.enable()
    assert "".join(events) == "ww|www|" + "ff|fff|" + "gg|ggg|" + "oo|ooo|"


@pytest.mark.parametrize("cell", EXISTING, ids=names)
def test_instructions_are_those_of_the_cell(answers: Answers, cell: Cell) -> None:
    apps = instructions.applications_of(cell)
    assert tuple(apps) == instructions.NAMES
    for name in (FLOOR, GUARDED, OURS):
        started: list[Any] = []
        apps[name](environ_of(cell.ask), lambda status, headers, exc_info=None, to=started: to.append(status))
        assert started == [answers[cell.kind, cell.ask.name, name]["layered"]["status"]]
    assert (apps["without"].__name__ == "nothing") is cell.ask.is_preflight


def test_every_second_part_is_what_was_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "valgrind"
    script.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "(out,) = [each.partition('=')[2] for each in sys.argv if each.startswith('--callgrind-out-file=')]\n"
        "for part in range(1, 9):\n"
        "    open(f'{out}.{part}', 'w').write(f'events: Ir\\nsummary: 1\\ntotals: {part * 200}\\n')\n"
        "open(out, 'w').write('totals: 5\\n')\n"
    )
    script.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert instructions.count(EXISTING[:1]) == {EXISTING[0]: {"without": 2.0, FLOOR: 4.0, GUARDED: 6.0, OURS: 8.0}}


def test_valgrind_counts_what_was_counted_before() -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not there")
    cell = EXISTING[0]
    ((only, counted),) = instructions.count([cell]).items()
    assert only == cell
    assert tuple(counted) == instructions.NAMES
    assert 500 < counted["without"] < min(counted[name] for name in (FLOOR, GUARDED, OURS)) < 100_000


@pytest.mark.parametrize(("ours", "met"), [(1199, [True, True]), (1201, [True, False]), (1401, [False, False])])
def test_instructions_are_judged_by_both_floors(monkeypatch: pytest.MonkeyPatch, ours: float, met: list[bool]) -> None:
    monkeypatch.setattr(instructions, "program", lambda *names: "valgrind")
    counted = {"without": 1000.0, FLOOR: 1200.0, GUARDED: 1200.0, OURS: ours}
    if not met[1]:
        counted[GUARDED] = ours - 1
    for_pattern = counted | {OURS: 9999.0}  # no goal is set for it
    monkeypatch.setattr(
        instructions,
        "count",
        lambda cells: {cell: for_pattern if cell.kind == "pattern" else counted for cell in cells},
    )
    (table,) = instructions.run(quick=True)
    assert [judged for _, judged in table.goals] == met
    assert {row[0]: row[1:] for row in table.rows}["any: allowed"][:2] == ["1000", "200"]


@pytest.mark.parametrize("server", servers.SERVERS)
def test_servers_serve_with_and_without_the_layer(server: str) -> None:
    if version_of(server) is None:
        pytest.skip(f"{server} is of the extra bench")
    told = {}
    for name in servers.NAMES:
        with servers.listening([part.format(name=name) for part in servers.SERVERS[server]]) as url:
            request = urllib.request.Request(f"{url}/api/items", headers={"Origin": APP})
            with urllib.request.urlopen(request, timeout=30) as response:
                assert response.read() == BODY
                told[name] = response.headers["Access-Control-Allow-Origin"]
    assert told == {"without": None, "layered": APP}


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="no such thing"), servers.listening(["-c", "exit('no such thing')"]):
        pass


@pytest.mark.parametrize("complaint", ["", "  Non-2xx or 3xx responses: 7", "  Socket errors: connect 0, read 1"])
def test_the_rate_is_what_wrk_says_unless_it_complains(tmp_path: Path, complaint: str) -> None:
    script = tmp_path / "wrk"
    script.write_text(f"#!/bin/sh\necho 'Running 1s test @ '$6\necho '{complaint}'\necho 'Requests/sec:   1234.50'\n")
    script.chmod(stat.S_IRWXU)
    if complaint:
        with pytest.raises(RuntimeError, match=complaint.strip()):
            servers.rate(str(script), "http://127.0.0.1:1", 1)
    else:
        assert servers.rate(str(script), "http://127.0.0.1:1", 1) == 1234.5


def test_chromium_asks_once_for_each_url() -> None:
    counted = preflights.count(machine.find("chromium"), ["corswsgi"])
    assert counted == {"corswsgi": {"one URL": 1, "three URLs": 3}}


def test_the_page_sends_twelve_different_requests() -> None:
    assert len({(method, *sorted(headers)) for method, headers in preflights.REQUESTS}) == 12


# What is told


WITH_ALL = [
    ("Access-Control-Allow-Origin", APP),
    ("Access-Control-Expose-Headers", "X-Total-Count"),
    ("Vary", "Origin"),
]
GRANT = [
    ("Access-Control-Allow-Origin", APP),
    ("Access-Control-Allow-Methods", "PUT, PATCH"),
    ("Access-Control-Allow-Headers", "x-api-key,Content-Type"),
]
CONSTANT = WITH_ALL[:2]
NO_ORIGIN, FROM_APP, FROM_STRANGER, PREFLIGHT, PREFLIGHT_OF_STRANGER = ASKS
ACAO, METHODS, HEADERS = (f"Access-Control-Allow-{each}" for each in ("Origin", "Methods", "Headers"))


@pytest.mark.parametrize(
    ("ask", "right", "headers", "faults"),
    [
        # A policy for which each origin has its own answer.
        (FROM_APP, WITH_ALL, WITH_ALL, []),
        (FROM_APP, WITH_ALL, [(name.upper(), value) for name, value in reversed(WITH_ALL)], []),
        (FROM_APP, WITH_ALL, [*WITH_ALL[:2], ("Vary", "Accept, origin")], []),
        (FROM_APP, WITH_ALL, [*WITH_ALL[:2], ("Vary", "Accept"), ("Vary", "Origin")], []),
        (FROM_APP, WITH_ALL, [*WITH_ALL[:2], ("Vary", "*")], []),
        (FROM_APP, WITH_ALL, [*WITH_ALL[:2], ("Vary", "X-Origin")], ["Vary"]),
        (FROM_APP, WITH_ALL, WITH_ALL[:2], ["Vary"]),
        (FROM_APP, WITH_ALL, WITH_ALL[1:], [ACAO]),
        (FROM_APP, WITH_ALL, [(ACAO, APP), *WITH_ALL], [ACAO]),
        (FROM_APP, WITH_ALL, [WITH_ALL[0], WITH_ALL[2]], ["Access-Control-Expose-Headers"]),
        (FROM_APP, WITH_ALL, [("Access-Control-Expose-Headers", "*"), WITH_ALL[0], WITH_ALL[2]], []),
        (FROM_APP, WITH_ALL, [], [ACAO, "Access-Control-Expose-Headers", "Vary"]),
        (FROM_STRANGER, WITH_ALL[2:], WITH_ALL[2:], []),
        (FROM_STRANGER, WITH_ALL[2:], WITH_ALL, []),
        (FROM_STRANGER, WITH_ALL[2:], [], ["Vary"]),
        (FROM_STRANGER, WITH_ALL[2:], [(ACAO, "*"), ("Vary", "Origin")], [ACAO]),
        (FROM_STRANGER, WITH_ALL[2:], [(ACAO, FROM_STRANGER.origin), ("Vary", "Origin")], [ACAO]),
        (NO_ORIGIN, WITH_ALL[2:], WITH_ALL[2:], []),
        (NO_ORIGIN, WITH_ALL[2:], [], ["Vary"]),
        # A policy that has one answer for all: it is the same, or says Vary.
        (NO_ORIGIN, CONSTANT, CONSTANT, []),
        (NO_ORIGIN, CONSTANT, [("Vary", "Origin")], []),
        (NO_ORIGIN, CONSTANT, [], [ACAO]),
        (FROM_STRANGER, CONSTANT, CONSTANT, []),
        (FROM_STRANGER, CONSTANT, [("Vary", "Origin")], []),
        (FROM_STRANGER, CONSTANT, [], [ACAO]),
        (FROM_APP, [(ACAO, "*"), CONSTANT[1]], CONSTANT, [ACAO]),
        (FROM_APP, [(ACAO, "*"), CONSTANT[1]], WITH_ALL, []),
        # Preflights, which no cache but the browser's own keeps.
        (PREFLIGHT, GRANT, GRANT, []),
        (PREFLIGHT, GRANT, [GRANT[0], (METHODS, "*"), (HEADERS, "*")], []),
        (PREFLIGHT, GRANT, [GRANT[0], (METHODS, "put"), GRANT[2]], []),
        (PREFLIGHT, GRANT, [GRANT[0], (METHODS, "PATCH"), (HEADERS, "x-api-key")], [METHODS, HEADERS]),
        (PREFLIGHT, GRANT, GRANT[1:], [ACAO]),
        (PREFLIGHT_OF_STRANGER, [], [], []),
        (PREFLIGHT_OF_STRANGER, [], GRANT, []),
        (PREFLIGHT_OF_STRANGER, [], [(ACAO, "*")], [ACAO]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer(ask: Ask, right: Any, headers: Any, faults: list[str]) -> None:
    answers = [Answer("200 OK", list(each), b"") for each in (headers, right)]
    assert rightness.faults_of(*answers, ask) == faults


@pytest.mark.parametrize(
    ("ask", "status", "body", "faults"),
    [
        (FROM_APP, "200 OK", b"", []),
        (FROM_APP, "404 Not Found", b"", ["status"]),
        (FROM_APP, "200 OK", b"more", ["status"]),
        (PREFLIGHT, "299 Fine", b"more", []),
        (PREFLIGHT, "301 Moved Permanently", b"", ["status"]),
    ],
)
def test_a_status_can_be_wrong(ask: Ask, status: str, body: bytes, faults: list[str]) -> None:
    headers = [*WITH_ALL, *GRANT[1:]]
    assert rightness.faults_of(Answer(status, headers, body), Answer("200 OK", headers, b""), ask) == faults


@pytest.fixture
def nobody_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """No contender is asked for what it answers: settings of Django are those of a process."""
    monkeypatch.setattr(per_request, "wrong_in", lambda cell: {})


@pytest.mark.parametrize("ask", ASKS[:3], ids=lambda ask: ask.name)
def test_layers_that_leave_out_vary_are_found(monkeypatch: pytest.MonkeyPatch, answers: Answers, ask: Ask) -> None:
    plain = [each for each in CONTENDERS if each.name in (FLOOR, GUARDED, OURS, "wsgicors", "oslo.middleware")]
    monkeypatch.setattr(per_request, "CONTENDERS", plain)
    assert per_request.wrong_in(Cell("dynamic", ask)) == {
        each.name: ["Vary"] for each in plain if not all_of(answers["dynamic", ask.name, each.name]["layered"], "Vary")
    }


def test_a_layer_that_answers_wrongly_is_marked_and_named() -> None:
    added = {name: [1e-7] for name in (FLOOR, GUARDED, OURS, "falcon")}
    assert per_request.row_of(EXISTING[-1], added, {"falcon": ["Vary"]})[-1] == "100°"
    assert per_request.row_of(EXISTING[-1], added)[-1] == "100"
    wrong = {"a: 1": {"falcon": ["Vary", "status"]}, "a: 2": {}, "b: 1": {"wsgicors": ["Vary"], "falcon": ["Vary"]}}
    assert per_request.wrongs_of(wrong).rows == [
        ["falcon", "Vary", "a: 1; b: 1"],
        ["falcon", "status", "a: 1"],
        ["wsgicors", "Vary", "b: 1"],
    ]


def times_of(floor: float, guarded: float, ours: float, peer: float) -> Any:
    added = {FLOOR: [floor] * 3, GUARDED: [guarded] * 3, OURS: [ours] * 3, "wsgicors": [peer] * 3}
    return lambda cell, pace, makes: (added, {"asking": [1e-9] * 3})


@pytest.mark.usefixtures("nobody_is_wrong")
@pytest.mark.parametrize(
    ("guarded", "ours", "peer", "met"),
    [
        (200e-9, 200e-9, 201e-9, [True, True, True]),
        (199e-9, 200e-9, 201e-9, [True, False, True]),
        (200e-9, 200e-9, 199e-9, [True, True, False]),
        (201e-9, 201e-9, 202e-9, [False, True, True]),
    ],
)
def test_cells_are_judged_by_the_floors_and_by_the_peers(
    monkeypatch: pytest.MonkeyPatch, guarded: float, ours: float, peer: float, met: list[bool]
) -> None:
    monkeypatch.setattr(per_request, "time_cell", times_of(100e-9, guarded, ours, peer))
    table, _ = per_request.run(quick=True)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["dynamic: allowed"][:6] == [
        "100",
        f"{guarded * 1e9:.0f}",
        f"{ours * 1e9:.0f}",
        f"{ours / 100e-9:.2f} ± 0.00",
        f"{ours / guarded:.2f} ± 0.00",
        f"{peer * 1e9:.0f}",
    ]
    assert set(rows["any: refused"]) == {"n/a"}
    assert [judged for _, judged in table.goals] == met
    assert ("dynamic: allowed, wsgicors" in table.goals[2][0]) is not met[2]
    assert len(table.times) == len(EXISTING)


def test_noise_does_not_decide_whether_the_guarded_floor_is_quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {"quiet": [1.1, 1.1, 1.1], "noisy": [0.9, 1.05, 1.2]}
    judged = {}
    for name, values in ours.items():
        added = {FLOOR: [1.0] * 3, GUARDED: [1.0] * 3, OURS: values}
        monkeypatch.setattr(per_request, "time_cell", lambda cell, pace, makes, added=added: (added, {}))
        monkeypatch.setattr(per_request, "wrong_in", lambda cell: {})
        judged[name] = per_request.run(quick=True)[0].goals[1][1]
    assert judged == {"quiet": False, "noisy": True}


def test_a_layer_that_answers_wrongly_may_be_quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(per_request, "time_cell", times_of(1.0, 2.0, 2.0, 1.0))
    monkeypatch.setattr(per_request, "wrong_in", lambda cell: {"wsgicors": ["Vary"]})
    table, wrongs = per_request.run(quick=True)
    assert [judged for _, judged in table.goals] == [True, True, True]
    assert [row[:2] for row in wrongs.rows] == [["wsgicors", "Vary"]]


@pytest.mark.usefixtures("nobody_is_wrong")
@pytest.mark.parametrize(("kind", "met"), [("dynamic", [False, False, False]), ("pattern", [True, True, True])])
def test_a_pattern_has_no_goal(monkeypatch: pytest.MonkeyPatch, kind: str, met: list[bool]) -> None:
    quick, slow = times_of(1.0, 1.0, 1.0, 2.0), times_of(1.0, 1.0, 9.0, 2.0)
    monkeypatch.setattr(
        per_request,
        "time_cell",
        lambda cell, pace, makes: (slow if cell.kind == kind else quick)(cell, pace, makes),
    )
    table, _ = per_request.run(quick=True)
    assert [judged for _, judged in table.goals] == met


@pytest.mark.usefixtures("nobody_is_wrong")
def test_a_layer_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Contender("falcon", ("no-such-layer", "flask"), lambda kind: None)
    monkeypatch.setattr(per_request, "CONTENDERS", (*CONTENDERS[:3], absent))
    monkeypatch.setattr(per_request, "time_cell", times_of(1.0, 1.0, 1.0, 2.0))
    assert set(per_request.pairs_of("static")) == {FLOOR, GUARDED, OURS}
    table, _ = per_request.run(quick=True)
    assert "falcon is not installed here, or not all of it: no-such-layer." in table.notes
    assert {row[-1] for row in table.rows} == {"n/a"}


# Whole requests


@pytest.mark.parametrize("name", FRAMEWORK_NAMES)
def test_each_example_answers_alike_with_each_layer(name: str) -> None:
    framework = examples.FRAMEWORKS[name]
    bodies, cors, added = set(), {}, {}
    for each in framework.names:
        with servers.listening(["-m", "benchmarks.whole", "serve", name, each]) as url:
            request = urllib.request.Request(f"{url}{framework.path}", headers={"Origin": APP})
            with urllib.request.urlopen(request, timeout=30) as response:
                bodies.add(response.read())
                cors[each] = (
                    response.headers[ACAO],
                    response.headers["Access-Control-Allow-Credentials"],
                )
                added[each] = [pair for pair in response.headers.items() if pair[0].startswith(("Access-", "Vary"))]
    assert len(bodies) == 1
    assert cors == {each: (None, None) if each == "without" else (APP, "true") for each in framework.names}
    assert added["by hand"] == added["corswsgi"]
    assert set(added["corswsgi"]) - set(added[framework.names[-1]]) == set()


@pytest.mark.parametrize("name", FRAMEWORK_NAMES)
def test_requests_are_timed_in_processes_and_over_sockets(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(whole, "TURN", 0.001)
    monkeypatch.setattr(sockets, "TURN", 0.001)
    framework = examples.FRAMEWORKS[name]
    in_process = whole.time_in_processes(name, Pace(rounds=2, passes=1), 2)
    assert list(in_process) == ["no Origin", "allowed", "refused"]
    for times in in_process.values():
        assert tuple(times) == framework.names
        assert all(len(values) == 4 and min(values) > 1e-6 for values in times.values())
    times = sockets.time_on_sockets(name, Pace(rounds=2, passes=1), 1)
    assert tuple(times) == framework.names
    assert all(len(values) == 2 and min(values) > 1e-5 for values in times.values())


def test_a_process_runs_the_requests_that_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy()
    framework = examples.FRAMEWORKS["Flask"]._replace(application=lambda which: {"ours": spy}[which])
    monkeypatch.setattr(whole, "FRAMEWORKS", {"Flask": framework})
    told = list(whole.tell_times("Flask", "ours", ['["allowed", 16]\n', '["no Origin", 8]\n']))
    assert len(told) == 2
    assert [each.get("HTTP_ORIGIN") for each in spy.asked] == [APP] * (3 + 16) + [None] * (2 + 8)
    assert {each["PATH_INFO"] for each in spy.asked} == {"/notes"}
    assert gc.isenabled()


def test_a_process_that_has_ended_is_told() -> None:
    with (
        whole.process_of("no framework", "corswsgi") as ask,
        pytest.raises(RuntimeError, match="the process of no framework corswsgi does not tell"),
    ):
        ask("allowed", 8)


def test_a_server_tells_how_long_the_processor_works_for_it() -> None:
    with servers.listening(["-m", "benchmarks.whole", "serve", "Flask", "without"]) as url:
        before = sockets.seconds_of(url)
        for _ in range(20):
            urllib.request.urlopen(f"{url}/notes", timeout=30).close()
        assert 0 < before < sockets.seconds_of(url)


def test_a_request_over_a_socket_is_that_in_process() -> None:
    framework = examples.FRAMEWORKS["Django"]
    environ = framework.environ(FROM_APP)
    request = framework.request(FROM_APP).decode()
    assert request.startswith("GET /api/account HTTP/1.1\r\nHost: localhost:8080\r\n")
    assert f"\r\nOrigin: {APP}\r\n" in request
    assert request.endswith("\r\n\r\n")
    assert (environ["PATH_INFO"], environ["HTTP_HOST"]) == ("/api/account", "localhost:8080")
    assert "\r\nOrigin:" not in framework.request(NO_ORIGIN).decode()


def replying(answers: Iterator[bytes]) -> Callable[[misbehaving.Asked], bytes]:
    return lambda asked: next(answers)


@pytest.mark.parametrize(
    ("first", "later", "message"),
    [
        (misbehaving.says("404 Not Found"), b"", "the answer is 'HTTP/1.1 404 Not Found"),
        (misbehaving.says("200 OK", body=b"long enough"), misbehaving.says("200 OK"), "closed a connection before"),
        (b"", b"", "the answer is ''"),
    ],
)
def test_an_answer_that_is_not_as_it_should_be_is_told(first: bytes, later: bytes, message: str) -> None:
    with (
        misbehaving.Server(replying(itertools.chain([first], itertools.repeat(later)))) as server,
        pytest.raises(RuntimeError, match=message),
        sockets.connections_to(server.url, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", perf_counter) as batch,
    ):
        batch(8)


def test_every_answer_of_a_batch_is_read() -> None:
    with misbehaving.Server(lambda asked: misbehaving.says("200 OK", body=b"OK")) as server:
        clock = iter([5.0, 7.4])
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with sockets.connections_to(server.url, request, lambda: next(clock)) as batch:
            assert batch(20) == pytest.approx(2.4 * 20 / 24)
        # The first, and 3 times 8, for a server is asked on all connections each time.
        assert len(server.asked) == 1 + 24


def whole_times(name: str, without: float, by_hand: float, ours: float, peer: float) -> dict[str, list[float]]:
    values = (without, by_hand, ours, peer)
    return {each: [value * 1e-6] * 3 for each, value in zip(examples.FRAMEWORKS[name].names, values, strict=True)}


@pytest.mark.parametrize(("ours", "share", "met"), [(103.0, "2.9%", True), (104.0, "3.8%", False)])
def test_the_share_in_process_is_of_the_whole(ours: float, share: str, met: bool) -> None:
    fine = whole_times("Flask", 100, 101, 102, 125)
    times = {"no Origin": fine, "allowed": whole_times("Flask", 100, 101, ours, 125)}
    table = whole.in_process(True, {"Flask": times})
    rows = {(row[0], row[1]): row[2:] for row in table.rows}
    assert rows["Flask: allowed", OURS] == ["100.0", f"{ours - 100:.1f} ± 0.0", f"{share} ± 0.0%"]
    assert rows["Flask: no Origin", "flask-cors"] == ["100.0", "25.0 ± 0.0", "20.0% ± 0.0%"]
    assert [judged for _, judged in table.goals] == [met]


@pytest.mark.parametrize(
    ("spread", "share", "met"),
    [
        # Rounds in which corswsgi takes more than by hand, in microseconds of 200.
        ([3.0, 3.0, 3.0], "1.5%", False),
        ([1.0, 2.0, 3.0], "0.5%°", True),
        ([-9.0, -9.0, -9.0], "0.5%°", True),
    ],
)
def test_the_share_over_a_socket_is_derived_from_that_in_process_if_there_is_only_noise(
    spread: list[float], share: str, met: bool
) -> None:
    times = whole_times("Flask", 190, 200, 200, 230)
    times[OURS] = [(200 + more) * 1e-6 for more in spread]
    in_process = {"Flask": {"allowed": whole_times("Flask", 100, 101, 101, 125)}}
    table = whole.over_sockets(True, {"Flask": times}, in_process)
    ours, peer = table.rows
    assert (ours[1], ours[2], ours[4], ours[5]) == (OURS, "200.0", "1.0 ± 0.0", share)
    assert peer[1:] == ["flask-cors", "200.0", "30.0 ± 0.0", "25.0 ± 0.0", "15.0%"]
    assert [judged for _, judged in table.goals] == [met]


def test_a_framework_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = examples.FRAMEWORKS["Flask"]._replace(packages=("no-such-layer", "flask"))
    monkeypatch.setattr(whole, "FRAMEWORKS", {"Flask": absent})
    for table in whole.run(quick=True):
        assert table.rows == []
        assert table.notes[-1] == "Flask is left out: no-such-layer not installed here."
        assert [judged for _, judged in table.goals] == [None]


# Tables, and the command


@pytest.mark.parametrize(
    ("section", "row"),
    [(instructions, "valgrind is not installed"), (servers, "waitress: wrk is not installed"),
     (preflights, "chromium is not installed")],
)  # fmt: skip
def test_a_program_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch, section: Any, row: str) -> None:
    monkeypatch.setattr(section, "program", lambda *names: None)
    (table,) = section.run(quick=True)
    assert table.rows[0][0] == row
    assert [judged for _, judged in table.goals] == [None] * len(table.goals)


def test_a_table_as_it_is_written() -> None:
    table = Table("Title", ["what", "how much"], [["a", "1"], ["longer", "n/a"]], ["A note."])
    table.goals += [("small", True), ("large", False), ("unknown", None)]
    assert table.render().splitlines() == [
        "Title",
        "-----",
        "",
        "A note.",
        "",
        "======  ========",
        "what    how much",
        "======  ========",
        "a       1",
        "longer  n/a",
        "======  ========",
        "",
        "- small: **met**",
        "- large: **missed**",
        "- unknown: not measured",
    ]


def test_a_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="zip"):
        list(grid([["a", "b"], ["1"]]))


def test_names_are_listed_as_sentences_have_them() -> None:
    assert [listed(each) for each in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.fixture
def one_section(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Table:
    """A command with one section, which gives a table that misses its goal; the page goes elsewhere."""
    table = Table("Title", ["what"], [["nothing"]], goals=[("impossible", False)])
    module = type(sys)("benchmarks.of_test")
    module.run = lambda quick: [table]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "benchmarks.of_test", module)
    monkeypatch.setattr(command, "SECTIONS", (command.Section("one", "of_test", "a section"),))
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "PAGE", tmp_path / "benchmarks.rst")
    return table


@pytest.mark.parametrize(
    ("arguments", "is_written"),
    [([], True), (["--quick"], False), (["one"], False), (["one", "--quick", "--write"], True)],
)
def test_the_page_is_written_when_all_was_run(one_section: Table, arguments: list[str], is_written: bool) -> None:
    assert command.main(arguments) == 0
    assert command.PAGE.exists() is is_written


def test_a_section_that_is_run_alone_leaves_the_rest_of_the_page(one_section: Table) -> None:
    command.PAGE.write_text(
        "Benchmarks\n==========\n\nFirst\n-----\n\nA\n\nTitle\n-----\n\nold\n\nLast\n----\n\nB\n", "utf-8"
    )
    for _ in range(2):
        assert command.main(["one", "--write"]) == 0
        text = command.PAGE.read_text("utf-8")
        assert text.startswith("Benchmarks\n==========\n\nFirst\n-----\n\nA\n\n" + one_section.render().rstrip())
        assert text.endswith("\n\nLast\n----\n\nB\n")
        assert "old" not in text
    one_section.title = "Another"
    assert command.main(["one", "--write"]) == 0
    assert command.PAGE.read_text("utf-8").endswith("\n\nB\n\n" + one_section.render().rstrip() + "\n")


WRK = """\
Running 1s test @ http://127.0.0.1:8080/api/items
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   130.00us   40.00us   2.00ms   90.00%
  Latency Distribution
     50%  120.00us
     75%  140.00us
     90%  170.00us
     99%    1.25ms
  60000 requests in 1.00s, 12.00MB read
Requests/sec:  59987.12
Transfer/sec:     12.00MB
"""


def test_what_wrk_prints_is_read() -> None:
    assert front.read_wrk(WRK) == front.Load(60000, 59987.12, pytest.approx(120e-6), pytest.approx(1.25e-3))
    for said in ("", WRK.replace("50%", "5%"), f"{WRK}  Non-2xx or 3xx responses: 60000\n"):
        with pytest.raises(RuntimeError, match="not answered as it should be"):
            front.read_wrk(said)


def test_the_time_of_processors_is_that_of_the_children() -> None:
    before = front.processor_time()
    program = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert 0.1 < front.processor_time() - before < 10
        child.communicate(b"\n")


def test_who_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "program", lambda *names: None)
    (table,) = front.run(True)
    assert [row[0] for row in table.rows][:1] == ["nginx: wrk is not installed"] or "nginx is not" in table.rows[0][0]
    assert any("CORSMiddleware in gunicorn" in row[0] for row in table.rows)


def test_the_page_is_well_formed_and_says_where_and_when(one_section: Table) -> None:
    command.main(["--write", "--quick"])
    text = command.PAGE.read_text("utf-8")
    tree = docutils.core.publish_doctree(text, settings_overrides={"halt_level": 2, "report_level": 2})
    assert tree.astext().startswith("Benchmarks")
    rows = dict(re.split(r" {2,}", line, maxsplit=1) for line in text.splitlines() if "  " in line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", rows["date"])
    assert rows["webob"] == version_of("webob")
    assert rows["Python"].startswith("CPython 3.")
    assert {contender.packages[0] for contender in CONTENDERS if contender.packages} <= set(rows)
    assert "``--quick``" in text
    assert one_section.render() in text


def test_goals_that_are_missed_fail_with_check_only(one_section: Table) -> None:
    assert command.main(["--check"]) == 1
    one_section.goals[:] = [("easy", True), ("unknown", None)]
    assert command.main(["--check"]) == 0


@pytest.mark.usefixtures("nobody_is_wrong")
def test_the_notes_of_all_sections_are_well_formed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(per_request, "time_cell", times_of(1.0, 1.0, 1.0, 2.0))
    for section in (instructions, servers, front, preflights):
        monkeypatch.setattr(section, "program", lambda *names: None)
    monkeypatch.setattr(whole, "time_in_processes", lambda name, *_: {"allowed": whole_times(name, 1, 1, 1, 2)})
    monkeypatch.setattr(whole, "time_on_sockets", lambda name, *_: whole_times(name, 1, 1, 1, 2))
    sections = (per_request, instructions, whole, servers, front, preflights)
    tables = [table for section in sections for table in section.run(True)]
    overrides = {"halt_level": 2, "report_level": 2}
    docutils.core.publish_doctree(command.page(tables, quick=False), settings_overrides=overrides)


def test_times_are_written_for_pyperf(one_section: Table, tmp_path: Path) -> None:
    import pyperf

    with pytest.raises(SystemExit, match="no section"):
        command.main(["one", "--json", str(tmp_path / "times.json")])
    one_section.times["a"] = [1e-7, 3e-7, 2e-7]
    command.main(["one", "--json", str(tmp_path / "times.json")])
    (benchmark,) = pyperf.BenchmarkSuite.load(str(tmp_path / "times.json"))
    assert (benchmark.get_name(), benchmark.median()) == ("a", 2e-7)


def test_sections_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        *("requests", "instructions", "mixin", "scale", "import", "whole", "servers", "front", "preflights")
    ]


def test_a_section_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["request"])
    assert "there is no section request; there are requests, instructions" in capsys.readouterr().err


def test_without_pyperf_the_command_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "version_of", lambda package: None)
    assert command.main([]) == 2
    assert capsys.readouterr().err == "pyperf is not installed; python -m pip install '.[bench]'\n"


def test_an_installed_package_comes_before_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT), "/one", "", "/two"])
    monkeypatch.chdir(ROOT)
    benchmarks.prefer_installed()
    assert sys.path == ["/one", "/two", str(ROOT)]
