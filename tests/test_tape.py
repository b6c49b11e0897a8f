"""What several engines ask of one server, and what each is answered."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_site import API, HEADERS, METHODS, ORIGIN, PAGE, PUBLIC, THIRD, Says, Site, moved

from corswsgi.browser import ENGINES, Browser, Tape, Verdict

PERMITS = Says(204, ((ORIGIN, PAGE), (METHODS, "PUT"), (HEADERS, "x-a")))


def ask(site: Any, **options: Any) -> dict[str, Verdict]:
    """Ask as each engine would, at the cost of one."""
    tape = Tape()
    return {engine: Browser(site, PAGE, engine=engine, tape=tape).fetch(API, **options) for engine in ENGINES}


def test_what_all_engines_send_is_sent_once() -> None:
    site = Site(preflight=PERMITS)
    verdicts = ask(site, method="PUT")
    assert site.methods == ["OPTIONS", "PUT"]
    assert {verdict.outcome for verdict in verdicts.values()} == {"readable"}
    assert [len(verdict.exchanges) for verdict in verdicts.values()] == [2, 2, 2]


def test_what_one_engine_sends_otherwise_is_sent_as_well() -> None:
    site = Site(preflight=PERMITS)
    ask(site, headers=[("X-A", "1"), ("X-A", "2")])
    assert [each.headers.get("access-control-request-headers") for each in site.asked] == ["x-a", None, "x-a,x-a"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_what_may_change_something_is_sent_once_whatever_engines_add(method: str) -> None:
    says = {f"{API}/": moved(f"{THIRD}/", 307), f"{THIRD}/": Says(headers=PUBLIC)}
    site = Site(says, Says(204, (*PUBLIC, (METHODS, "*"))))
    verdicts = ask(site, method=method)
    # WebKit's last request has no Sec-Fetch-Site.
    assert len({verdict.exchanges[-1].request_lines("Sec-Fetch-Site") for verdict in verdicts.values()}) == 2
    assert [each.method for each in site.asked if each.method != "OPTIONS"] == [method, method]


def test_the_second_answer_to_the_same_request_is_played_second() -> None:
    site = Site([moved(f"{API}/"), Says(headers=PUBLIC)])
    verdicts = ask(site)
    assert [verdict.outcome for verdict in verdicts.values()] == ["readable"] * 3
    assert len({len(verdict.exchanges) for verdict in verdicts.values()}) == 1


def test_that_no_answer_came_is_played_too() -> None:
    asked = []

    def site(environ: Any, start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        raise OSError("gone")

    verdicts = ask(site)
    assert asked == ["/"]
    assert {str(verdict.reason.code) for verdict in verdicts.values()} == {"no-answer"}
    assert len({verdict.reason.sentence for verdict in verdicts.values()}) == 1
