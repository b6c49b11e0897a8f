"""The matrix's own parts: its table, its servers, its watchdog and its report; engines are programs of these tests."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import docutils.core
import machine
import pytest
import requests
from engines import command, running
from engines.case import FRONT_ENDS, HTTP_SERVER, SCRIPTED, SOCKET, WSGI, Case, Fetch, Says, load
from engines.comparing import Difference, compare
from engines.excluded import EXCLUSIONS, why_excluded
from engines.opening import ENGINES, Engine, started
from engines.page import document, plain, reworded
from engines.predicting import Predictor, Result
from engines.report import EngineReport, terminal
from engines.running import Failure, run_engine
from engines.servers import Site, make_policy
from engines.statements import STATEMENTS, UNOBSERVABLE, outcome
from engines.table import FAMILIES, table

from corswsgi.browser import Departure
from corswsgi.browser.engines import PROFILES

pytestmark = pytest.mark.once

TABLE = table()
ECHO = ("Access-Control-Allow-Origin", "{O}")


# The table


def test_there_are_enough_cases_and_each_has_a_name_of_its_own() -> None:
    assert len(TABLE) >= 400
    assert [name for name, count in Counter(case.id for case in TABLE).items() if count > 1] == []


def test_every_family_and_every_front_end_has_cases() -> None:
    assert {case.family for case in TABLE} == set(FAMILIES)
    assert {case.front_end for case in TABLE} == set(FRONT_ENDS)
    ours = Counter(case.front_end for case in TABLE)
    assert ours[WSGI] == ours[HTTP_SERVER]


def test_every_rule_is_decided_or_said_to_be_out_of_sight() -> None:
    rules = {f"A{number}" for number in range(1, 37)} | {f"B{number}" for number in range(1, 40)}
    assert STATEMENTS.keys() | UNOBSERVABLE.keys() == rules
    assert STATEMENTS.keys() & UNOBSERVABLE.keys() == set()
    assert {rule for case in TABLE for rule in case.statements} == set(STATEMENTS)


def test_every_case_decides_a_rule() -> None:
    assert [case.id for case in TABLE if not case.statements] == []


def undecided(cases: list[Case]) -> set[str]:
    """Return the rules that these cases do not show decided in two ways."""
    shown: dict[str, set[object]] = defaultdict(set)
    with Site(cases) as site, contextlib.closing(Predictor(site)) as predictor:
        for number, case in enumerate(cases):
            wanting = [rule for rule in case.statements if len(shown[rule]) < 2]
            if wanting:
                result = predictor.predict(number)
                for rule in wanting:
                    shown[rule].add(STATEMENTS[rule].aspect(result))
    return {rule for rule in STATEMENTS if len(shown[rule]) < 2}


def test_every_rule_is_decided_both_ways() -> None:
    assert undecided(TABLE) == set()


def test_a_rule_that_is_decided_one_way_only_is_found() -> None:
    kept = [case for case in TABLE if "B24" not in case.statements or case.name == "20-times"]
    assert undecided(kept) == {"B24"}


# The world outside


def test_a_proxy_leads_far_names_here_over_both_schemes_and_nowhere_else() -> None:
    case = Case("far", "B33", family="added", says={"first": Says(body="{O}!")})
    with Site([case]) as site:
        assert site.outside is not None
        proxies = dict.fromkeys(("http", "https"), f"http://{site.outside.proxy}")
        names = site.names[SCRIPTED]
        for origin in ("app-api", "tls-app-api"):
            address = f"{names[origin]}/{SCRIPTED}/run/0/first"
            reply = requests.get(address, proxies=proxies, verify=site.authority, headers={"Origin": "x"}, timeout=10)
            assert (reply.status_code, reply.text) == (200, "x!")
        assert [each["to"] for each in site.seen("run", 0)] == ["app-api/first", "tls-app-api/first"]
        assert requests.get("http://elsewhere.example:80/", proxies=proxies, timeout=10).status_code == 502


def test_each_engine_is_told_of_the_world(tmp_path: Path) -> None:
    with Site([]) as site:
        seen = site.outside
    assert seen is not None
    assert re.fullmatch("([0-9A-F]{2}:){31}[0-9A-F]{2}", seen.fingerprint)
    assert len(base64.b64decode(seen.spki)) == 32
    preferences_of_chromium = tmp_path / "profile" / "Default" / "Preferences"
    preferences_of_chromium.parent.mkdir(parents=True)
    preferences_of_chromium.write_text('{"profile": {"cookie_controls_mode": 0}}')
    for engine in ENGINES.values():
        command = engine.seeing(["program", "--proxy-server=old", "--proxy=old", "address"], tmp_path, seen)
        assert (command[0], command[-1]) == ("program", "address")
        preferences = "".join(path.read_text() for path in (tmp_path / "profile").glob("user.js"))
        assert seen.proxy.partition(":")[2] in f"{command} {preferences}"
    assert len(seen.public) == 6
    for allowed, answer in ((True, 1), (False, 2)):
        world = dataclasses.replace(seen, is_local_network_allowed=allowed)
        ENGINES["chromium"].seeing(["program", "address"], tmp_path, world)
        chosen = json.loads(preferences_of_chromium.read_text())["profile"]
        assert chosen["cookie_controls_mode"] == 0
        assert set(chosen["default_content_setting_values"].values()) == {answer}
    overridden = (tmp_path / "profile" / "cert_override.txt").read_text()
    assert f"{seen.hosts[0]}:\tOID.2.16.840.1.101.3.4.2.1\t{seen.fingerprint}\t" in overridden


# Cases as data

ADDED = """
[[case]]
name = "kept"
rules = "B15"
policy = {allow_origins = ["{page}", {regex = "http://x"}], allow_methods = ["PUT"], max_age = 60}
fetch = [{method = "PUT"}, {method = "PUT"}]

[[case]]
name = "moved"
says = {first = {status = 302, headers = {Access-Control-Allow-Origin = "*"}, to = "third/second"}, second = {}}
fetch = {headers = [["X-A", "1"]]}

[[case]]
name = "preflight"
says = {headers = [["Access-Control-Allow-Origin", "*"]], preflight = [204, {Access-Control-Allow-Origin = "*"}]}
fetch = {method = "PUT"}
"""


def test_cases_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "more.toml"
    path.write_text(ADDED)
    cases = load(path)
    assert [case.id for case in cases] == [
        "added/kept/wsgi", "added/kept/http.server", "added/moved/scripted", "added/preflight/scripted"
    ]  # fmt: skip
    with Site(cases) as site, contextlib.closing(Predictor(site)) as predictor:
        results = [predictor.predict(number) for number in range(len(cases))]
    assert [outcome(result) for result in results] == ["readable", "readable", "blocked", "blocked"]
    assert [len(result.preflights) for result in results] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the file has no [[case]]"),
        ('[[case]]\nname="x"\nfetch={page="nowhere"}', "there is no page 'nowhere'"),
        ('[[case]]\nname="x"\nfetch={to="nowhere"}', "there is no origin 'nowhere'"),
        ('[[case]]\nname="x"\nfetch={to="api/second"}', "there is no resource 'second'"),
        ('[[case]]\nname="x"\nsays={to="nowhere"}', "there is no origin 'nowhere'"),
        ('[[case]]\nname="x"\nsays={to="api/nowhere"}', "there is no resource 'nowhere'"),
        ('[[case]]\nname="x"\npolicy={}\nfetch={to="tls-api"}', "there is no origin 'tls-api'"),
        ('[[case]]\nname="x"\ncolour="red"', "a case has no key colour"),
        ('[[case]]\nname="x"\nfetch={colour="red"}', "unexpected keyword argument 'colour'"),
        ("[[case", "Expected"),
        ("case = 1", "not iterable"),
    ],
)
def test_a_file_with_a_fault_is_named(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "more.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(fault)) as error:
        load(path)
    assert str(path) in str(error.value)


def test_a_policy_of_data() -> None:
    names = {"page": "http://localhost:1", "page-port": "1"}
    assert make_policy({"allow_origins": ["{page}", {"regex": "x:{page-port}"}]}, names).allow_origins == (
        "http://localhost:1",
        re.compile("x:1"),
    )
    predicate: Any = make_policy({"allow_origins": {"callable": ["{page}"]}}, names).allow_origins
    assert [predicate(origin, None) for origin in ("http://localhost:1", "http://localhost:2")] == [True, False]


# Servers and the prediction

PUT = Fetch(method="PUT", headers=(("X-A", "1"), ("Authorization", "x")))
POLICY = {"allow_origins": ["{page}"], "allow_methods": ["PUT"], "allow_headers": ["x-a", "authorization"]}


@pytest.mark.parametrize("front_end", [WSGI, HTTP_SERVER])
def test_what_servers_see_and_a_script_is_told(front_end: str) -> None:
    case = Case("x", "", (PUT,), {"first": Says(headers=(("X-B", "2"),))}, POLICY, front_end=front_end)
    with Site([case]) as site, contextlib.closing(Predictor(site)) as predictor:
        result = predictor.predict(0)
        page = site.origin_of(front_end, "page")
    asked, sent = result.seen
    assert (asked["to"], asked["method"], asked["preflight"]) == ("api/first", "OPTIONS", True)
    assert asked["headers"]["access-control-request-headers"] == "authorization,x-a"
    assert (sent["method"], sent["preflight"], sent["headers"]["x-a"]) == ("PUT", False, "1")
    assert sent["headers"]["origin"] == page
    (told,) = result.told
    assert (told["outcome"], told["type"], told["status"], told["body"]) == ("readable", "cors", 200, "OK")
    assert "/run/0/first" in told["url"]


@pytest.mark.parametrize("front_end", [WSGI, HTTP_SERVER])
@pytest.mark.parametrize(
    ("policy", "page", "to", "reached"),
    [
        # CORS has no part in it: without enforce a stranger gets through.
        ({"allow_origins": "{page}"}, "third", "api", True),
        ({"allow_origins": "{page}", "enforce": True}, "third", "api", None),
        ({"allow_origins": "{page}", "enforce": True}, "sandbox", "api", None),
        ({"allow_origins": "{page}", "enforce": True}, "page", "api", True),
        ({"allow_origins": "{page}", "enforce": True}, "third", "third", True),
    ],
)
def test_the_handshake_of_a_websocket_reaches_the_application(
    front_end: str, policy: dict[str, Any], page: str, to: str, reached: bool | None
) -> None:
    case = Case("x", "", (Fetch(way=SOCKET, page=page, to=to),), policy=policy, front_end=front_end)
    with Site([case]) as site:
        for engine in PROFILES:
            with contextlib.closing(Predictor(site, engine)) as predictor:
                result = predictor.predict(0)
            assert [each.get("reached") for each in result.seen] == [reached]
            opens = reached and front_end == HTTP_SERVER  # waitress cannot
            assert result.told == [{"outcome": "open" if opens else "refused"}]


def test_a_front_end_without_its_policy_is_told_apart() -> None:
    """The whole way of a case can fail: the same fetch, of a policy that refuses it."""
    cases = [
        dataclasses.replace(Case("x", "", (PUT,), policy=policy), front_end=WSGI)
        for policy in (POLICY, {**POLICY, "allow_methods": ()})
    ]
    with Site(cases) as site, contextlib.closing(Predictor(site)) as predictor:
        fine, refused = predictor.predict(0), predictor.predict(1)
    difference = compare("webkit", cases[0], fine, refused)
    assert difference is not None
    assert difference.parts == {"outcome", "exchanges"}


def test_a_cache_without_vary_harms_the_next_page() -> None:
    cases = [case for case in TABLE if case.family == "http-cache" and "page-third-visit" in case.name]
    with Site(cases) as site, contextlib.closing(Predictor(site)) as predictor:
        told = {case.id: [each["outcome"] for each in predictor.predict(at).told] for at, case in enumerate(cases)}
    assert told["http-cache/without-vary-page-third-visit-omit/scripted"] == ["readable", "blocked", "navigated"]
    assert told["http-cache/with-vary-page-third-visit-omit/scripted"] == ["readable", "readable", "navigated"]
    assert told["http-cache/dynamic-page-third-visit/wsgi"][:2] == ["readable", "readable"]
    assert told["http-cache/static-page-third-visit/wsgi"][:2] == ["readable", "blocked"]


def test_only_pages_of_a_run_are_answered() -> None:
    import requests

    with Site([Case("x", "")]) as site, requests.Session() as session:
        session.trust_env = False
        run = site.new_run([0])
        assert session.get(site.start_address(run)).status_code == 200
        for path in ("/start/else", "/plan/else", "/"):
            assert session.get(site.harness + path).status_code == 404
        for path in ("/else", "/scripted/run/x/first"):
            assert session.get(site.names[SCRIPTED]["api"] + path).status_code == 404


# Comparing


def result(outcomes: list[str], *seen: tuple[str, dict[str, str]]) -> Result:
    told = [{"outcome": each, "status": 200} if each == "readable" else {"outcome": each} for each in outcomes]
    exchanges = [
        {"to": "api/first", "method": method, "preflight": method == "OPTIONS", "headers": headers, "body": ""}
        for method, headers in seen
    ]
    return Result(told, exchanges)


FINE = result(["readable"], ("GET", {"origin": "http://a"}))


@pytest.mark.parametrize(
    ("observed", "parts"),
    [
        (FINE, None),
        (result(["blocked"], ("GET", {"origin": "http://a"})), {"outcome"}),
        (result(["readable", "readable"], ("GET", {"origin": "http://a"})), {"outcome"}),
        (Result([{"outcome": "readable", "status": 201}], FINE.seen), {"told status"}),
        (result(["readable"], ("GET", {"origin": "null"})), {"sent origin"}),
        (result(["readable"], ("GET", {"origin": "http://a", "x-a": "1"})), {"sent x-a"}),
        (Result(FINE.told, [{**FINE.seen[0], "body": "x"}]), {"sent body"}),
        (result(["readable"], ("OPTIONS", {}), ("GET", {"origin": "http://a"})), {"exchanges"}),
        (result(["blocked"], ("OPTIONS", {})), {"outcome", "exchanges"}),
    ],
)
def test_what_differs(observed: Result, parts: set[str] | None) -> None:
    difference = compare("firefox", Case("x", ""), FINE, observed)
    assert (difference.parts if difference else None) == parts


def test_what_an_http_cache_asks_is_its_own_business() -> None:
    case = Case("x", "", says={"first": Says(headers=(("Cache-Control", "max-age=600"),))})
    assert compare("firefox", case, FINE, Result(FINE.told, [])) is None


def test_a_difference_is_shown_plainly() -> None:
    observed = result(["blocked"], ("OPTIONS", {"origin": "http://a"}))
    difference = compare("firefox", Case("x", "", family="f"), FINE, observed)
    assert difference is not None
    assert list(difference.lines()) == [
        "firefox: f/x/scripted (exchanges, outcome)",
        "    fetch 1, outcome: predicted 'readable', engine 'blocked'",
        "    predicted: GET api/first  origin: http://a",
        "    engine:    OPTIONS api/first  origin: http://a",
    ]


# What engines are known to do otherwise

AUTHORIZATION = Case("x", "", (Fetch(headers=(("Authorization", "x"),)),))


def differing(case: Case, *parts: str, engine: str = "firefox", departures: Iterable[Departure] = ()) -> Difference:
    observed = Result([{"outcome": "readable"}], [], frozenset(departures))
    return Difference(engine, case, result(["blocked"]), observed, frozenset(parts))


@pytest.fixture(scope="module")
def whole_site() -> Iterator[Site]:
    with Site(TABLE) as site:
        yield site


@pytest.mark.parametrize(
    ("case", "engine", "told", "departures"),
    [
        ("headers/any-authorization/wsgi", "standard", "blocked", set()),
        ("headers/any-authorization/wsgi", "firefox", "readable", {Departure.WILDCARD_COVERS_AUTHORIZATION}),
        ("cookies/401-include/scripted", "webkit", "readable", set()),
        ("cookies/401-include/scripted", "chromium", "no answer", {Departure.PASSWORD_PROMPT}),
        ("http-cache/without-vary-frame-page-third-omit/scripted", "standard", "blocked", set()),
        (
            "http-cache/without-vary-frame-page-third-omit/scripted",
            "chromium",
            "readable",
            {Departure.FRAMES_CACHED_APART},
        ),
        (
            "http-cache/without-vary-frame-page-third-omit/scripted",
            "firefox",
            "readable",
            {Departure.CREDENTIALS_CACHED_APART},
        ),
    ],
)
def test_each_engine_is_predicted_by_its_own_profile(
    whole_site: Site, case: str, engine: str, told: str, departures: set[Departure]
) -> None:
    predictor = Predictor(whole_site, engine)
    result = predictor.predict([each.id for each in TABLE].index(case))
    predictor.close()
    assert told in [each["outcome"] for each in result.told[:2]]
    assert departures <= result.departures
    assert bool(departures) == bool(result.departures)


def test_few_cases_are_excluded_and_each_with_a_reason() -> None:
    for exclusion in EXCLUSIONS:
        assert exclusion.engine in ENGINES
        assert exclusion.reason.endswith(".")
        assert any(why_excluded(exclusion.engine, case) == exclusion.reason for case in TABLE)
    for engine in ENGINES:
        assert sum(bool(why_excluded(engine, case)) for case in TABLE) <= 5


# Engines that are programs of these tests: each opens the address that it is given, as a browser would

FAKE = """\
import json, os, sys, time, urllib.request

address = sys.argv[-1]
run = address.rpartition("/")[2]
base = address.partition("/start/")[0]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

def post(event):
    opener.open(urllib.request.Request(f"{base}/event/{run}", json.dumps(event).encode())).close()

plan = json.load(opener.open(f"{base}/plan/{run}"))["cases"]
print("complaint of the engine", file=sys.stderr, flush=True)
"""

WELL = """
for case in plan:
    post({"begin": case["number"]})
    post({"number": case["number"], "told": [{"outcome": "blocked"}]})
post({"done": True})
time.sleep(60)
"""

SECOND = """
for case in plan:
    post({"begin": case["number"]})
    if case["number"] == 1:
        %s
    post({"number": case["number"], "told": [{"outcome": "blocked"}]})
post({"done": True})
time.sleep(60)
"""

NOISE = (
    """
post({})
post(1)
post({"number": 99, "told": []})
post({"number": "0", "told": []})
post({"number": 0, "told": 1})
post({"number": 0, "told": [{}]})
post({"begin": "x"})
"""
    + WELL
)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have a program in the place of Firefox, and give the Engine."""

    def make(script: str) -> Engine:
        program = tmp_path / "fake-firefox"
        program.write_text(f"#!{sys.executable}\n{FAKE}{script}")
        program.chmod(0o755)
        monkeypatch.setenv("CORSWSGI_FIREFOX", str(program))
        return ENGINES["firefox"]

    return make


CASES = [Case(name, "B17", family="f") for name in ("a", "b", "c")]


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(CASES) as site:
        yield site


def test_an_engine_that_runs_well(fake: Any, site: Site) -> None:
    findings = run_engine(site, fake(WELL), [0, 1, 2])
    assert findings.failures == []
    assert {number: outcome(each) for number, each in findings.results.items()} == dict.fromkeys(range(3), "blocked")


def test_an_engine_is_ended_with_its_children(fake: Any, site: Site, tmp_path: Path) -> None:
    script = "import subprocess\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    script += f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
    run_engine(site, fake(script + WELL), [0])
    child = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if has_ended(child):
            return
        time.sleep(0.05)
    pytest.fail("a child of the engine is left")


def has_ended(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"  # ended, and nobody has asked how


def test_noise_is_passed_over(fake: Any, site: Site) -> None:
    findings = run_engine(site, fake(NOISE), [0, 1, 2])
    assert (len(findings.results), findings.failures) == (3, [])


def test_a_case_that_hangs_is_named_and_the_rest_is_run(fake: Any, site: Site) -> None:
    findings = run_engine(site, fake(SECOND % "time.sleep(60)"), [0, 1, 2], watchdog=3)
    assert sorted(findings.results) == [0, 2]
    (failure,) = findings.failures
    assert (failure.cases, failure.what) == ((1,), "hangs")
    assert "complaint of the engine" in failure.log


def test_a_case_in_which_the_engine_crashes_is_named_and_the_rest_is_run(fake: Any, site: Site) -> None:
    findings = run_engine(site, fake(SECOND % "sys.exit('out of memory')"), [0, 1, 2])
    assert sorted(findings.results) == [0, 2]
    (failure,) = findings.failures
    assert (failure.cases, failure.what) == ((1,), "ended with status 1")
    assert failure.log.endswith("out of memory\n")


def test_an_engine_that_crashes_at_once_is_not_started_again(fake: Any, site: Site, tmp_path: Path) -> None:
    script = f'open({str(tmp_path / "starts")!r}, "a").write("x")\nsys.exit(3)\n'
    findings = run_engine(site, fake(script), [0, 1, 2])
    assert (findings.results, [each.cases for each in findings.failures]) == ({}, [()])
    assert (tmp_path / "starts").read_text() == "x"


def test_an_engine_that_crashes_in_every_case_is_started_a_few_times_only(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MOST_RESTARTS", 2)
    with Site([Case(str(number), "") for number in range(9)]) as site:
        findings = run_engine(site, fake('post({"begin": plan[0]["number"]})\nsys.exit(1)\n'), range(9))
    assert [failure.cases for failure in findings.failures] == [(0,), (1,), (2,)]


def test_an_engine_that_cannot_be_started(fake: Any, site: Site, tmp_path: Path) -> None:
    engine = fake(WELL)
    (tmp_path / "fake-firefox").write_text("#!/no/such/interpreter\n")
    findings = run_engine(site, engine, [0])
    (failure,) = findings.failures
    assert failure.what.startswith("does not start: ")


def test_a_case_that_waits_is_not_taken_for_the_one_that_hangs(fake: Any) -> None:
    cases = [Case("slow", "", (Fetch(after=1.0),)), Case("fast", "")]
    with Site(cases) as site:
        both = 'post({"begin": 0})\npost({"begin": 1})\ntime.sleep(60)\n'
        (failure, *_) = run_engine(site, fake(both), [0, 1], watchdog=2).failures
        assert failure.cases == (1,)


def test_a_case_that_may_ask_the_user_has_no_answer(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 1.0)
    cases = [Case("asking", "", may_prompt=True), Case("plain", "")]
    waits = 'for case in plan:\n    post({"begin": case["number"]})\n    if case["number"] == 0: time.sleep(60)\n'
    waits += '    post({"number": case["number"], "told": [{"outcome": "blocked"}]})\n'
    with Site(cases) as site:
        findings = run_engine(site, fake(waits), [0, 1], watchdog=30)
    assert findings.failures == []
    assert {number: outcome(each) for number, each in findings.results.items()} == {1: "blocked", 0: "no answer"}


def test_what_is_started_is_killed_though_it_does_not_want_to(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    with started([sys.executable, "-c", stubborn], os.environ, tmp_path / "log") as process:
        pass
    assert process.returncode == -9


# The command


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = command.main(arguments)
    return status, out.getvalue(), err.getvalue()


ONE = ["--engine", "firefox", "--only", "cors-check/none-omit/*"]


def test_an_engine_that_is_not_there_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORSWSGI_FIREFOX", "no-such-browser")
    monkeypatch.delenv("CORSWSGI_REQUIRE", raising=False)
    status, out, _ = run(*ONE)
    assert (status, out.partition(";")[0]) == (0, "firefox: not run")
    assert "no-such-browser is not there" in out


@pytest.mark.parametrize(("engine", "demanded"), [("firefox", "firefox"), ("webkit", "webkit"), ("webkit", "xvfb")])
def test_an_engine_that_is_not_there_fails_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch, engine: str, demanded: str
) -> None:
    monkeypatch.setenv(f"CORSWSGI_{demanded.upper()}", "no-such-program")
    monkeypatch.setenv("CORSWSGI_REQUIRE", demanded)
    status, out, _ = run("--engine", engine, *ONE[2:])
    assert status == 1
    assert out.startswith(f"{engine}: not run; ")


def test_a_demand_that_nothing_knows_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORSWSGI_REQUIRE", "firefix")
    assert run(*ONE)[0] == 2


def test_an_engine_that_does_what_the_standard_demands(fake: Any) -> None:
    fake(WELL)
    status, out, err = run(*ONE)
    # The program sends none of the requests, and that is seen.
    assert (status, err) == (1, "")
    assert "1 cases, 0 as its profile predicts, 0 of them other than the standard, 1 differ" in out
    assert "firefox: cors-check/none-omit/scripted (exchanges)" in out


AGREES = """
for case in plan:
    for step in case["steps"]:
        origin = step["frame"]["src"].rpartition("/")[0]
        headers = {"Origin": origin, "Referer": origin + "/", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"}
        headers["Sec-Fetch-Site"] = "same-site"
        opener.open(urllib.request.Request(step["url"].replace("localhost", "127.0.0.1"), headers={**headers, "Host":
            step["url"].split("/")[2]})).close()
    post({"number": case["number"], "told": [{"outcome": "blocked"}]})
post({"done": True})
time.sleep(60)
"""


def test_an_engine_that_agrees_and_says_its_version(fake: Any, tmp_path: Path) -> None:
    fake(f"{AGREES}")
    program = tmp_path / "fake-firefox"
    program.write_text(
        program.read_text().replace(
            "address =", 'if "--version" in sys.argv: sys.exit(print("Fake 1.0 built on x"))\naddress ='
        )
    )
    assert run(*ONE) == (
        0,
        "Fake 1.0: 1 cases, 1 as its profile predicts, 0 of them other than the standard, 0 differ\n",
        "",
    )


def test_what_hangs_is_named_by_the_command(fake: Any) -> None:
    fake('post({"begin": plan[0]["number"]})\ntime.sleep(60)\n')
    status, out, _ = run(*ONE, "--watchdog", "1")
    assert status == 1
    assert "firefox hangs: cors-check/none-omit/scripted" in out
    assert "complaint of the engine" in out


def test_an_engine_that_crashes_keeps_no_other_from_running(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fake('post({"begin": plan[0]["number"]})\nsys.exit("out of memory")\n')
    monkeypatch.setenv("CORSWSGI_WEBKIT", "no-such-browser")
    monkeypatch.delenv("CORSWSGI_REQUIRE", raising=False)
    status, out, _ = run("--engine", "firefox,webkit", *ONE[2:])
    assert status == 1
    assert "firefox ended with status 1: cors-check/none-omit/scripted" in out
    assert "out of memory" in out
    assert "webkit: not run; " in out


def test_cases_that_are_added_are_run(fake: Any, tmp_path: Path) -> None:
    fake(WELL)
    path = tmp_path / "more.toml"
    path.write_text(ADDED)
    status, out, err = run("--engine", "firefox", "--add", str(path), "--only", "added")
    assert (status, err) == (1, "")
    assert "4 cases" in out


def test_what_the_command_cannot_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "more.toml"
    path.write_text('[[case]]\nname="x"\npolicy={allow_origins="HTTP://x"}')
    for arguments, fault in [
        (["--only", "nothing"], "no case matches --only nothing"),
        (["--add", str(tmp_path / "absent")], "No such file"),
        (["--add", str(path)], "HTTP://x"),
        (["--add", str(path), "--add", str(path)], "several cases are named added/x/wsgi"),
    ]:
        status, _, err = run("--engine", "firefox", *arguments)
        assert status == 2
        assert fault in err
    with pytest.raises(SystemExit) as ended:
        run("--engine", "netscape")
    assert ended.value.code == 2


def test_the_list_shows_what_the_standard_demands() -> None:
    status, out, _ = run("--list", "--only", "wildcards/methods-*omit/*")
    assert status == 0
    assert out.splitlines() == [
        "wildcards/methods-omit/scripted  [A16 B13]  readable  (OPTIONS api/first, PUT api/first)",
        "wildcards/methods-named-omit/scripted  [A16 B13]  readable  (OPTIONS api/first, * api/first)",
    ]


def test_nothing_is_written_of_a_part(fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(AGREES)
    monkeypatch.setattr(command, "DOCUMENT", tmp_path / "browsers.rst")
    status, _, err = run(*ONE, "--write")
    assert (status, (tmp_path / "browsers.rst").exists()) == (2, False)
    assert "nothing was written" in err


def test_the_command_takes_what_is_installed_before_the_checkout() -> None:
    root = Path(command.__file__).parents[2]
    code = (
        "import runpy, sys; sys.argv[1:] = ['--list', '--only', 'cors-check/none-omit/*']\n"
        "try: runpy.run_module('tests.engines', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as error: assert error.code == 0, error.code\n"
        "import json; print(json.dumps([sys.path, sys.modules['corswsgi'].__file__]))"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONSAFEPATH", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    listed, loaded = done.stdout.splitlines()
    path, _ = json.loads(loaded)
    assert listed.startswith("cors-check/none-omit/scripted")
    assert path[-2:] == [str(root), str(root / "tests")]
    assert str(root) not in path[:-2]
    assert "" not in path


# The report


def reports() -> list[EngineReport]:
    departing = differing(AUTHORIZATION, "outcome", departures=[Departure.WILDCARD_COVERS_AUTHORIZATION])
    agreed = [dataclasses.replace(AUTHORIZATION, family=family) for family in ("a", "b", "")]
    return [
        EngineReport("firefox", "Mozilla Firefox 1", agreed, [departing]),
        EngineReport("webkit", "WebKitGTK 2", agreed[:1], excluded=[EXCLUDED], unreachable=agreed[1:2]),
    ]


#: One that WebKit is not asked.
EXCLUDED = next(case for case in TABLE if why_excluded("webkit", case))


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def test_the_document_is_valid_and_says_everything() -> None:
    text = document(reports(), TABLE, "2026-01-02")
    complaints = io.StringIO()
    docutils.core.publish_doctree(
        text, settings_overrides={"warning_stream": complaints, "report_level": 1, "halt_level": 5}
    )
    assert complaints.getvalue() == ""
    assert "Run on 2026-01-02." in text
    for report in reports():
        assert report.version in text
    for departure in Departure:
        assert plain(departure.advice) in unwrapped(text)
    assert "covers Authorization too. Seen in 1 case in Firefox and 0 cases in WebKit." in unwrapped(text)
    assert "WebKit did not run 1 case on" in text
    assert "WebKit did not run 1 case. It waits" in text
    assert re.search(r"^Firefox +Mozilla Firefox 1 +3 +2 +1 +0$", text, re.MULTILINE)
    assert document(reports(), TABLE, "2026-01-02") == text


def test_a_page_that_is_reworded_keeps_its_measurements() -> None:
    text = document(reports(), TABLE, "2026-01-02")
    assert reworded(text) == text
    old = text.replace("**What to do:** ", "**Do:** ").replace("CORS in browsers", "CORS")
    assert reworded(old) == text
    for cut, fault in [
        ("Run on 2026-01-02.", "the page is not one that --write has written"),
        (
            "Seen in 1 case in Firefox and 0 cases in WebKit.",
            "in how many cases wildcard-covers-authorization was seen",
        ),
    ]:
        assert unwrapped(text).count(cut) == 1
        with pytest.raises(ValueError, match=fault):
            reworded(re.sub(r"\s+".join(map(re.escape, cut.split())), "", text))


def test_the_words_of_the_document_in_the_repository_are_up_to_date() -> None:
    """If not: ``python -m tests.engines --words``."""
    text = command.DOCUMENT.read_text("utf-8")
    assert reworded(text) == text
    assert f"\n{len(TABLE)} cases are run" in text
    for engine in ENGINES.values():
        assert re.search(f"^{engine.title} ", text, re.MULTILINE)


def test_the_command_writes_the_words_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "browsers.rst"
    monkeypatch.setattr(command, "DOCUMENT", page)
    text = document(reports(), TABLE, "2026-01-02")
    page.write_text(text.replace("**What to do:** ", "**Do:** "), "utf-8")
    assert run("--words") == (0, "", "")
    assert page.read_text("utf-8") == text
    page.write_text("something else", "utf-8")
    status, _, err = run("--words")
    assert (status, page.read_text("utf-8")) == (2, "something else")
    assert "is not one that --write has written" in err


def test_what_the_terminal_shows() -> None:
    fine, unreachable = reports()
    assert list(terminal(fine, TABLE)) == [
        "Mozilla Firefox 1: 3 cases, 3 as its profile predicts, 1 of them other than the standard, 0 differ"
    ]
    assert fine.is_fine
    assert list(terminal(unreachable, TABLE))[1:] == [
        f"  {EXCLUDED.id} not run: {why_excluded('webkit', EXCLUDED)}",
        "  1 cases not run: it does not find the host of page",
    ]
    failed = EngineReport("firefox", "Mozilla Firefox 1", failures=[Failure((0,), "hangs", "a\nb")])
    assert not failed.is_fine
    assert list(terminal(failed, TABLE))[1:] == [f"  firefox hangs: {TABLE[0].id}", "    a", "    b"]
    surprised = EngineReport("firefox", "x", differences=[differing(Case("x", ""), "outcome")])
    assert not surprised.is_fine
    assert any(line.startswith("firefox: ") for line in terminal(surprised, TABLE))


def test_what_a_program_needs() -> None:
    assert {name for engine in ENGINES.values() for name in engine.needs} <= set(machine.PROGRAMS)
