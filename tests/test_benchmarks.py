"""The benchmarks measure what they say: each layer answers rightly what it is timed for, and tables tell the truth."""

from __future__ import annotations

import gc
import io
import json
import re
import shutil
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docutils.core
import machine
import pytest

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # last, so that it is the installed package that is tested

import benchmarks  # noqa: E402
from benchmarks import (  # noqa: E402
    command,
    importing,
    instructions,
    interleave,
    mixin,
    per_request,
    preflights,
    scale,
    servers,
)
from benchmarks.cells import APP, ASKS, CELLS, KINDS, ORIGINS, Ask, Cell, environ_of  # noqa: E402
from benchmarks.contenders import BODY, CONTENDERS, FLOOR, FRAMEWORKS, OURS, Contender, Pair, version_of  # noqa: E402
from benchmarks.floor import LAYERS  # noqa: E402
from benchmarks.interleave import Pace, Spread  # noqa: E402
from benchmarks.report import Table, grid, listed  # noqa: E402

pytestmark = pytest.mark.once

EXISTING = [cell for cell in CELLS if cell.exists]
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


@pytest.mark.parametrize("cell", EXISTING, ids=names)
def test_the_floor_answers_as_corswsgi_does(answers: Answers, cell: Cell) -> None:
    floor, ours = (answers[cell.kind, cell.ask.name, name]["layered"] for name in (FLOOR, OURS))
    assert floor == ours


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
    added, times = per_request.time_cell(cell, Pace(2, 1))
    bare = [pair.bare.asked for pair in pairs.values()]  # type: ignore[attr-defined]  # a Spy
    layered = [pair.layered.asked[0] for pair in pairs.values()]  # type: ignore[attr-defined]
    assert made == [cell.kind] * per_request.MAKES
    rounds = 2 * per_request.MAKES
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


def test_the_spread_is_the_median_deviation() -> None:
    assert Spread.of([1.0, 2.0, 4.0, 4.5, 100.0]) == (4.0, 2.0)


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

    monkeypatch.setattr(instructions, "applications_of", lambda cell: {name: spying(name) for name in "wfo"})
    monkeypatch.setattr(instructions, "BEFORE", 2)
    monkeypatch.setattr(instructions, "COUNTED", 3)
    monkeypatch.setattr(instructions.os, "getppid", lambda: events.append("|"))
    try:
        instructions.child(EXISTING[:1])
    finally:
        gc.enable()
    assert "".join(events) == "ww|www|" + "ff|fff|" + "oo|ooo|"


@pytest.mark.parametrize("cell", EXISTING, ids=names)
def test_instructions_are_those_of_the_cell(answers: Answers, cell: Cell) -> None:
    apps = instructions.applications_of(cell)
    assert tuple(apps) == instructions.NAMES
    for name in (FLOOR, OURS):
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
        "for part in range(1, 7):\n"
        "    open(f'{out}.{part}', 'w').write(f'events: Ir\\nsummary: 1\\ntotals: {part * 200}\\n')\n"
        "open(out, 'w').write('totals: 5\\n')\n"
    )
    script.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert instructions.count(EXISTING[:1]) == {EXISTING[0]: {"without": 2.0, FLOOR: 4.0, OURS: 6.0}}


def test_valgrind_counts_what_was_counted_before() -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not there")
    cell = EXISTING[0]
    ((only, counted),) = instructions.count([cell]).items()
    assert only == cell
    assert 500 < counted["without"] < min(counted[FLOOR], counted[OURS]) < 100_000


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


@pytest.fixture
def nobody_without_vary(monkeypatch: pytest.MonkeyPatch) -> None:
    """No contender is asked for what it answers: settings of Django are those of a process."""
    monkeypatch.setattr(per_request, "without_vary", lambda cell: set())


@pytest.mark.parametrize("ask", ASKS[:3], ids=lambda ask: ask.name)
def test_layers_that_leave_out_vary_are_found(monkeypatch: pytest.MonkeyPatch, answers: Answers, ask: Ask) -> None:
    plain = {each.name: each for each in CONTENDERS if each.name in (FLOOR, OURS, "wsgicors", "oslo.middleware")}
    monkeypatch.setattr(per_request, "CONTENDERS", list(plain.values()))
    assert per_request.without_vary(Cell("static", ask)) == set()
    assert per_request.without_vary(Cell("dynamic", ask)) == {
        name for name in plain if not all_of(answers["dynamic", ask.name, name]["layered"], "Vary")
    }


def test_a_layer_that_leaves_out_vary_is_marked() -> None:
    added = {name: [1e-7] for name in (FLOOR, OURS, "falcon")}
    assert per_request.row_of(EXISTING[-1], added, {"falcon"})[-1] == "100°"
    assert per_request.row_of(EXISTING[-1], added)[-1] == "100"


def times_of(floor: float, ours: float, peer: float) -> Any:
    added = {FLOOR: [floor] * 3, OURS: [ours] * 3, "wsgicors": [peer] * 3}
    return lambda cell, pace: (added, {"asking": [1e-9] * 3})


@pytest.mark.usefixtures("nobody_without_vary")
@pytest.mark.parametrize(
    ("floor", "ours", "peer", "met"),
    [(100e-9, 150e-9, 151e-9, [True, True]), (100e-9, 151e-9, 150e-9, [False, False])],
)
def test_cells_are_judged_by_the_floor_and_by_the_peers(
    monkeypatch: pytest.MonkeyPatch, floor: float, ours: float, peer: float, met: list[bool]
) -> None:
    monkeypatch.setattr(per_request, "time_cell", times_of(floor, ours, peer))
    (table,) = per_request.run(quick=True)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["dynamic: allowed"][:4] == [
        "100",
        f"{ours * 1e9:.0f}",
        f"{ours / floor:.2f} ± 0.00",
        f"{peer * 1e9:.0f}",
    ]
    assert set(rows["any: refused"]) == {"-"}
    assert [judged for _, judged in table.goals] == met
    assert ("dynamic: allowed, wsgicors" in table.goals[1][0]) is not met[1]
    assert len(table.times) == len(EXISTING)


@pytest.mark.usefixtures("nobody_without_vary")
def test_a_pattern_has_no_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, quick = times_of(1.0, 9.0, 2.0), times_of(1.0, 1.0, 2.0)
    monkeypatch.setattr(
        per_request, "time_cell", lambda cell, pace: (slow if cell.kind == "pattern" else quick)(cell, pace)
    )
    (table,) = per_request.run(quick=True)
    assert [judged for _, judged in table.goals] == [True, True]


@pytest.mark.usefixtures("nobody_without_vary")
def test_a_layer_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Contender("no-such-layer", ("no-such-layer", "flask"), lambda kind: None)
    monkeypatch.setattr(per_request, "CONTENDERS", (*CONTENDERS[:2], absent))
    monkeypatch.setattr(per_request, "time_cell", times_of(1.0, 1.0, 2.0))
    assert set(per_request.pairs_of("static")) == {FLOOR, OURS}
    (table,) = per_request.run(quick=True)
    assert "no-such-layer is not installed here, or not all of it: no-such-layer." in table.notes
    assert {row[-1] for row in table.rows} == {"-"}


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
    table = Table("Title", ["what", "how much"], [["a", "1"], ["longer", "-"]], ["A note."])
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
        "longer  -",
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


@pytest.mark.usefixtures("nobody_without_vary")
def test_the_notes_of_all_sections_are_well_formed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(per_request, "time_cell", times_of(1.0, 1.0, 2.0))
    for section in (instructions, servers, preflights):
        monkeypatch.setattr(section, "program", lambda *names: None)
    tables = [table for section in (per_request, instructions, servers, preflights) for table in section.run(True)]
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
        *("requests", "instructions", "mixin", "scale", "import", "servers", "preflights")
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
