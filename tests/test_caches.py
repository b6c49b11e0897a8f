"""nginx and Varnish in front: nobody is handed an answer that a browser would judge otherwise than the application's.

The orders in which they are asked are lines in ``caching/orders.py``.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import machine
import pytest
from caching import servers
from caching.contenders import BODY, BY_HAND, COMPRESSED, CONTENDERS, MANY_NAMES, OURS, PEERS, Contender, Site
from caching.orders import ORDERS, REQUESTERS, A, B, Step, parse
from caching.verdicts import Answer, Bench, Client, Run, Tally, decide
from on_waitress import running_waitress

from corswsgi import CORSMiddleware, Policy

pytestmark = pytest.mark.once

DOCUMENT = Path(__file__).parent.parent / "docs" / "caching.rst"

#: Every third permutation of A, B, a stranger and none, asked plainly.
PERMUTATIONS = [order for order in ORDERS if sorted(order.split()) == ["A", "B", "none", "stranger"]][::3]

#: In these orders, answers are asked for again when they are stale.
STALE_ORDERS = [
    *PERMUTATIONS,
    "A:gzip none stranger:gzip B A none:gzip",
    "none:head stranger:head A:head none A stranger",
    "A:known stranger:known none:known B:known A stranger none B",
]

PUT = {"Access-Control-Request-Method": "PUT"}


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


@pytest.fixture(scope="module")
def direct(site: Site) -> Iterator[int]:
    with running_waitress(site, threads=4) as port:
        yield port


@pytest.fixture(scope="module")
def nginx(direct: int) -> Iterator[dict[str, int]]:
    with servers.nginx(machine.find("nginx"), direct) as ports:
        yield ports


@pytest.fixture(scope="module")
def varnish(direct: int) -> Iterator[dict[str, int]]:
    with servers.varnish(machine.find("varnish"), direct) as ports:
        yield ports


@pytest.fixture(scope="module", params=["nginx", "Varnish"])
def bench(request: pytest.FixtureRequest, site: Site, direct: int) -> Iterator[Bench]:
    """Each cache in turn, as it comes, with a cache switched on."""
    ports = request.getfixturevalue(request.param.lower())
    with contextlib.closing(Bench(site, direct, ports[request.param])) as bench:
        yield bench


@pytest.fixture(scope="module")
def ignoring_vary(nginx: dict[str, int], site: Site, direct: int) -> Iterator[Bench]:
    with contextlib.closing(Bench(site, direct, nginx["nginx that ignores Vary"])) as bench:
        yield bench


def named(layer: str, policy: str) -> Contender:
    (found,) = [each for each in CONTENDERS if (each.layer, each.policy) == (layer, policy)]
    return found


def shown(tally: Tally) -> str:
    return "\n".join(map(str, tally.mistakes[:20]))


# Ours


@pytest.mark.parametrize("contender", OURS, ids=str)
def test_in_no_order_does_anyone_get_an_answer_made_for_another(bench: Bench, contender: Contender) -> None:
    tally = bench.tally(contender, ORDERS)
    assert not tally.mistakes, shown(tally)
    assert tally.answers == 2 * sum(len(parse(order)) for order in ORDERS)
    assert tally.hits > tally.answers / 4, "the cache must have answered, or nothing was tested"
    assert tally.unchanged > 100


def test_an_answer_that_the_cache_revalidates_stays_that_of_whom_it_was_made_for(
    nginx: dict[str, int], varnish: dict[str, int], site: Site, direct: int
) -> None:
    ports = {name: port for name, port in {**nginx, **varnish}.items() if name != "nginx that ignores Vary"}
    tally = Tally()
    runs: dict[str, list[Run]] = {}
    with contextlib.ExitStack() as stack:
        for name, port in ports.items():
            bench = stack.enter_context(contextlib.closing(Bench(site, direct, port)))
            runs[name] = [Run(bench, each, order, tally, seconds=1) for each in OURS for order in STALE_ORDERS]
        # nginx counts whole seconds. Varnish hands out what is stale, and revalidates it in the background.
        for pause in (2.1, 0.3, 0):
            for run in itertools.chain(*runs.values()):
                run.ask()
            time.sleep(pause)
    assert not tally.mistakes, shown(tally)
    revalidated = {name: sum(site.conditional[run.path] for run in each) for name, each in runs.items()}
    assert revalidated.pop("nginx") == 0, "it fetches again, unless it is told to revalidate"
    assert all(count >= len(OURS) * len(STALE_ORDERS) for count in revalidated.values()), revalidated


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("any", 1),
        ("static", 1),
        ("static, with credentials", 1),
        ("dynamic: two origins", 4),
        ("dynamic: a subdomain pattern", 4),
        ("dynamic: null", 4),
    ],
)
def test_how_many_answers_a_cache_keeps_of_a_page(bench: Bench, policy: str, expected: int) -> None:
    contender = named("corswsgi", policy)
    tally = Tally()
    run = Run(bench, contender, "A B stranger none A stranger none B", tally)
    run.ask()
    assert bench.site.requests["GET", run.path] == expected
    assert tally.hits == tally.answers - expected


def test_preflights_are_never_kept(bench: Bench) -> None:
    path = bench.fresh(named("corswsgi", "dynamic: two origins"))
    asked = [A, B, REQUESTERS["stranger"], A, REQUESTERS["stranger"], B, A]
    for origin in asked:
        answer = bench.cache.ask("OPTIONS", path, {"Origin": str(origin), **PUT})
        granted = (204, origin) if origin in (A, B) else (403, "")
        assert (answer.status, answer.get("access-control-allow-origin")) == granted
    assert bench.site.requests["OPTIONS", path] == len(asked)
    assert bench.cache.take(Step("A"), path).body == BODY


def test_what_enforce_refuses_is_not_handed_to_others(bench: Bench) -> None:
    path = bench.fresh(named("corswsgi", "dynamic, enforced"))
    statuses = [bench.cache.take(step, path).status for step in parse("stranger A stranger none stranger A B none")]
    assert statuses == [403, 200, 403, 200, 403, 200, 200, 200]
    assert bench.site.requests["GET", path] == 3 + 3, "each refusal is made again; A, B and none are asked for once"


def test_cache_does_not_enforce_for_itself(bench: Bench) -> None:
    """Of a static policy it keeps one answer, and hands it to strangers too: their browsers keep it from them."""
    contender = named("corswsgi", "static, enforced")
    path = bench.fresh(contender)
    stranger = Step("stranger")
    assert bench.cache.take(stranger, path).status == 403
    assert bench.cache.take(Step("A"), path).status == 200
    answer = bench.cache.take(stranger, path)
    assert (answer.status, decide(stranger, answer, False).outcome) == (200, "blocked")


@pytest.mark.parametrize("header", ["Cookie", "Authorization"])
def test_varnish_passes_on_what_is_of_one_user_and_nginx_does_not(bench: Bench, header: str) -> None:
    """Why an answer to one user must not say ``public``, regardless of its CORS headers."""
    path = bench.fresh(named("corswsgi", "dynamic: two origins, with credentials"))
    for value in ("user=1", "user=2"):
        answer = bench.cache.ask("GET", path, {"Origin": A, "Accept-Encoding": "identity", header: value})
        assert answer.status == 200
    assert bench.site.requests["GET", path] == (2 if answer.get("x-varnish") else 1)


def test_without_vary_a_dynamic_policy_is_handed_around_and_a_constant_one_is_right(ignoring_vary: Bench) -> None:
    orders = [order for order in ORDERS if ":" not in order and "sandbox" not in order]
    for contender in OURS:
        tally = ignoring_vary.tally(contender, orders)
        depends = contender.policy.startswith("dynamic") and contender.policy != "dynamic: null"
        assert bool(tally.mistakes) == depends, f"{contender}\n{shown(tally)}"


def test_nginx_keeps_nothing_whose_vary_is_very_long(nginx: dict[str, int], site: Site, direct: int) -> None:
    (contender,) = MANY_NAMES
    with contextlib.closing(Bench(site, direct, nginx["nginx"])) as bench:
        tally = bench.tally(contender, ["A A none none", "stranger B A"])
        assert len(bench.uncached(contender, Step("A")).get("vary")) > 128
    assert (tally.hits, tally.mistakes) == (0, [])


# Others: that the test can fail, and where


#: A layer, its configuration, and the shortest order in which both caches hand out what is wrong.
RECORD = [
    ("flask-cors", "supports_credentials=True", "none A"),
    ("flask-cors", "origins=[A]", "stranger A"),
    ("flask-cors", "origins=[A, B]", "stranger A"),
    ("flask-cors", "origins=[A, B], vary_header=False", "A B"),
    ("flask-cors", "origins=[A, B], supports_credentials=True", "stranger A"),
    ("flask-cors", r'origins=r"https://\w+\.example\.com"', "none A"),
    ("wsgicors", 'origin="*"', "none A"),
    ("wsgicors", 'origin="copy"', "none A"),
    ("wsgicors", 'origin="A"', "none A"),
    ("wsgicors", 'origin="A B"', "stranger A"),
    ("wsgicors", 'origin="A B", credentials="true"', "none B"),
    ("wsgicors", 'origin="https://*.example.com"', "none A"),
    ("by hand", "Origin echoed if it is A or B, no Vary", "B A"),
]

#: Those that are right in every order without compression.
RIGHT = [("flask-cors", "the defaults"), ("flask-cors", "send_wildcard=True")]


@pytest.mark.parametrize(("layer", "policy", "order"), RECORD)
def test_page_is_blocked_that_others_allow(bench: Bench, layer: str, policy: str, order: str) -> None:
    tally = Tally()
    Run(bench, named(layer, policy), order, tally).ask()
    (mistake,) = tally.mistakes
    assert mistake.order == order
    assert (mistake.cached.word, mistake.uncached.word) == ("blocked", "readable")


@pytest.mark.parametrize(("layer", "policy"), RIGHT)
def test_others_that_are_right(bench: Bench, layer: str, policy: str) -> None:
    tally = bench.tally(named(layer, policy), [order for order in ORDERS if ":" not in order])
    assert not tally.mistakes, shown(tally)


def test_every_configuration_of_others_is_on_record() -> None:
    assert {(each.layer, each.policy) for each in (*PEERS, *BY_HAND)} == {row[:2] for row in RECORD} | set(RIGHT)


# The judge


@pytest.mark.parametrize(
    ("policy", "readers"),
    [
        ("any", "A B stranger sandbox none"),
        ("static", "A none"),
        ("static, enforced", "A none"),
        ("dynamic: two origins", "A B none"),
        ("dynamic: a subdomain pattern", "A B none"),
        ("dynamic: two origins, with credentials", "A B none"),
        ("dynamic: null", "sandbox none"),
        ("dynamic, enforced", "A B none"),
    ],
)
def test_without_a_cache_those_read_whom_the_policy_allows(site: Site, direct: int, policy: str, readers: str) -> None:
    contender = named("corswsgi", policy)
    with contextlib.closing(Client(direct)) as client:
        for who in REQUESTERS:
            decision = decide(Step(who), client.take(Step(who), site.path(contender, 60, who)), contender.credentials)
            assert decision.outcome == ("readable" if who in readers.split() else "blocked"), who
            if decision.outcome == "readable":
                assert decision.body == BODY
                assert {"x-served", "cache-control"} <= decision.headers


OK = Answer(200, (("Access-Control-Allow-Origin", A), ("Content-Type", "text/plain")), BODY)
ZIPPED = Answer(200, (*OK.headers, ("Content-Encoding", "gzip")), COMPRESSED)


def test_the_judge_sees_whom_an_answer_is_for() -> None:
    assert decide(Step("A"), OK, False).word == "readable"
    assert decide(Step("B"), OK, False).word == "blocked"
    assert decide(Step("A"), OK, True).word == "blocked", "with credentials it takes one header more"
    assert decide(Step("none"), OK, False).word == "readable"


def test_the_judge_sees_a_header_that_is_not_exposed() -> None:
    served = OK._replace(headers=(*OK.headers, ("X-Served", "17")))
    exposed = served._replace(headers=(*served.headers, ("Access-Control-Expose-Headers", "X-Served")))
    assert decide(Step("A"), served, False) != decide(Step("A"), exposed, False)


def test_the_judge_sees_what_is_compressed_for_another() -> None:
    plain, asked = Step("A"), Step("A", frozenset({"gzip"}))
    assert decide(asked, ZIPPED, False) == decide(asked, OK, False) == decide(plain, OK, False)
    assert decide(plain, ZIPPED, False).word == "compressed, unasked"


def test_304_replaces_the_headers_that_it_has() -> None:
    fresh = OK.updated(Answer(304, (("access-control-allow-origin", str(B)), ("Content-Type", "x/y")), b""))
    assert (fresh.status, fresh.body, fresh.get("content-type")) == (200, BODY, "text/plain")
    assert fresh.get("access-control-allow-origin") == B
    assert OK.updated(Answer(304, (), b"")) == OK


@pytest.mark.parametrize("order", ["A C", "A:zip", "a"])
def test_an_order_with_a_typing_error_is_no_order(order: str) -> None:
    with pytest.raises(ValueError, match="is no step"):
        parse(order)


def test_server_that_does_not_start_says_why(direct: int) -> None:
    with pytest.raises(servers.NotStarted, match=r"^false: $"), servers.varnish("false", direct):
        pass


# The command, and the documentation


def asked_by_the_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as one does in a checkout; it is not to be measured."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environ |= {"PYTHONPATH": str(DOCUMENT.parent.parent), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, "-m", "tests.caching", *arguments], env=environ, capture_output=True, text=True, timeout=120
    )


def test_the_command_asks_in_an_order_of_ones_own(nginx: dict[str, int], varnish: dict[str, int]) -> None:
    done = asked_by_the_command("--order", "none A")
    assert (done.returncode, done.stderr) == (0, "")
    ours, others = done.stdout.split(".. list-table:: Others")
    assert ours.count("     - 0 of 4\n") == 2 * len(OURS)
    assert "; ``none A``: the last is blocked, and is readable without\n" in others


def test_the_command_says_what_is_wrong_with_an_order() -> None:
    done = asked_by_the_command("--order", "none C")
    assert done.returncode == 2
    assert "'C' is no step" in done.stderr


def test_the_documentation_has_a_row_for_every_contender_and_none_of_ours_is_wrong() -> None:
    text = DOCUMENT.read_text("utf-8")
    rows = dict(re.findall(r"^   \* - (.*)\n((?:     - .*\n)+)", text, re.MULTILINE))
    for contender in OURS:
        assert re.findall(r"(\d+) of \d+", rows[contender.policy]) == ["0", "0"]
    for layer, policy, _ in RECORD:
        cells = rows[f"{layer}: ``{policy}``" if layer != "by hand" else f"{layer}: {policy}"]
        assert all(int(count) for count in re.findall(r"(\d+) of \d+", cells))


@pytest.mark.parametrize(("more", "is_kept"), [("", True), (servers.COLLECTING, False)], ids=["builtin", "collecting"])
def test_the_refusal_of_two_origins_is_kept_for_the_first_unless_varnish_joins_them(more: str, is_kept: bool) -> None:
    """So says the documentation, with this VCL."""
    allowed = [("Access-Control-Allow-Origin", A)]

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "public, max-age=60")])
        return [b"OK"]

    def ask(port: int, *origins: str) -> list[tuple[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=servers.PATIENCE)
        with contextlib.closing(connection):
            connection.putrequest("GET", "/page")
            for origin in origins:
                connection.putheader("Origin", origin)
            connection.endheaders()
            answer = connection.getresponse()
            answer.read()
            return [(name, value) for name, value in answer.getheaders() if name == "Access-Control-Allow-Origin"]

    program = machine.find("varnish")
    policy = Policy([A, B])
    with (
        running_waitress(CORSMiddleware(app, policy)) as behind,
        servers.varnish(program, behind, more) as ports,
    ):
        assert ask(ports["Varnish"], A, "x") == []
        assert ask(ports["Varnish"], A) == ([] if is_kept else allowed)
    if more:
        lines = "".join(f"   {line}\n" if line else "\n" for line in more.splitlines())
        assert lines in DOCUMENT.read_text("utf-8")
