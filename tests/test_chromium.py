"""The demo's page in a real browser: every request on it, on both front ends, against a table that stands here."""

from __future__ import annotations

import queue
from typing import Any

import chromium
import machine
import pytest
from engines.opening import ENGINES

from corswsgi.demo.servers import Demo

pytestmark = pytest.mark.once

PAGE, STRANGER = "page", "stranger"

#: By scenario: the origin it is sent from; the exchanges on the wire; what the script was told, or None if blocked.
SCENARIOS: dict[str, tuple[str, list[str], dict[str, Any] | None]] = {
    "simple-get": (PAGE, ["GET 200"], {"status": 200, "body": '{"status": "OK"}'}),
    "json-post": (
        PAGE,
        ["OPTIONS 204", "POST 201"],
        {"status": 201, "body": '{"ordered": {"item": "tea", "cups": 2}}'},
    ),
    "put": (PAGE, ["OPTIONS 204", "PUT 200"], {"status": 200, "body": '{"saved": true}'}),
    "custom-header": (PAGE, ["OPTIONS 204", "GET 200"], {"status": 200, "body": '{"key": "k-123"}'}),
    "bearer-token": (PAGE, ["OPTIONS 204", "GET 200"], {"status": 200, "body": '{"account": "ada"}'}),
    "cookie": (PAGE, ["POST 200", "GET 200"], {"status": 200, "body": '{"cookie": "ada"}'}),
    "no-cookie": (PAGE, ["POST 200", "GET 200"], {"status": 200, "body": '{"cookie": null}'}),
    "exposed-header": (
        PAGE,
        ["GET 200"],
        {"status": 200, "body": '{"rows": 3}', "headers": {"X-Request-Cost": "3"}},
    ),
    "hidden-header": (
        PAGE,
        ["GET 200"],
        {"status": 200, "body": '{"rows": 3}', "headers": {"X-Internal-Node": None}},
    ),
    "error-500": (PAGE, ["GET 500"], {"status": 500}),
    "refused-method": (PAGE, ["OPTIONS 204"], None),
    "refused-header": (PAGE, ["OPTIONS 204"], None),
    "stranger-get": (STRANGER, ["GET 200"], None),
    "stranger-post": (STRANGER, ["OPTIONS 403"], None),
    "sandboxed-get": ("null", ["GET 200"], None),
}
FRONT_ENDS = ("middleware", "handler")

#: Seconds without a word from the page after which it counts as hanging.
WATCHDOG = 60


class Visit:
    """What the page reported: each result by scenario and front end, and the end."""

    def __init__(self) -> None:
        self.results: dict[tuple[str, str], dict[str, Any]] = {}
        self.origins: dict[str, str] = {}
        self.end: dict[str, Any] = {}

    def watch(self, events: queue.Queue[dict[str, Any]], complaints: Any) -> None:
        """Take the page's reports until it has done; fail, and name what hangs, when nothing comes any more."""
        at = "before its first request"
        while not self.end:
            try:
                event = events.get(timeout=WATCHDOG)
            except queue.Empty:
                said = complaints.read_text(errors="replace")[-2000:]
                pytest.fail(f"the page hangs {at}; the browser said:\n{said}")
            if event["event"] == "done":
                self.end = event
                continue
            at = f"at {event['scenario']} on {event['frontEnd']}"
            if event["event"] == "finished":
                self.results[event["scenario"], event["frontEnd"]] = event


@pytest.fixture(scope="module")
def visit() -> Visit:
    """One load of the page, which runs all its requests by itself."""
    browser = machine.find("chromium")
    events: queue.Queue[dict[str, Any]] = queue.Queue()
    visit = Visit()
    with Demo(on_result=events.put) as demo, chromium.opened(browser, demo.page_url) as complaints:
        visit.origins = {PAGE: demo.page_url, STRANGER: demo.stranger_url, "null": "null"}
        visit.watch(events, complaints)
    return visit


def test_every_request_of_the_page_is_in_the_table(visit: Visit) -> None:
    assert set(visit.results) == {(name, front_end) for name in SCENARIOS for front_end in FRONT_ENDS}


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_outcome(visit: Visit, name: str, front_end: str) -> None:
    sender, saw, told = SCENARIOS[name]
    result = visit.results[name, front_end]
    assert result["outcome"] == ("blocked" if told is None else "readable")
    assert result["saw"] == saw
    assert result["readable"] is (told is not None)
    assert {key: result[key] for key in told or {}} == (told or {})
    assert [dict(each["request"])["Origin"] for each in result["exchanges"]] == [visit.origins[sender]] * len(saw)
    assert result["expected"] is True


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_front_ends_answer_alike(visit: Visit, name: str) -> None:
    def cors(front_end: str) -> list[Any]:
        return [
            [each["method"], each["path"], each["status"][:3]]
            + [pair for pair in each["response"] if pair[0].startswith(("Access-Control-", "Vary"))]
            for each in visit.results[name, front_end]["exchanges"]
        ]

    assert cors("middleware") == cors("handler")
    assert visit.results[name, "middleware"]["why"] == visit.results[name, "handler"]["why"] != []


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_only_the_request_with_credentials_carries_the_cookie(visit: Visit, front_end: str) -> None:
    cookies = {
        name: dict(visit.results[name, front_end]["exchanges"][-1]["request"]).get("Cookie")
        for name in ("simple-get", "cookie", "no-cookie", "bearer-token")
    }
    assert cookies == {"simple-get": None, "cookie": "corswsgi-demo=ada", "no-cookie": None, "bearer-token": None}


def test_the_page_shows_what_it_found(visit: Visit) -> None:
    shown = [(each["scenario"], each["frontEnd"], each["outcome"], each["expected"]) for each in visit.end["shown"]]
    assert shown == [
        (name, front_end, "blocked" if told is None else "readable", "yes")
        for name, (_, _, told) in SCENARIOS.items()
        for front_end in FRONT_ENDS
    ]
    assert visit.end["summary"] == f"{len(shown)} of {len(shown)} results as expected"


@pytest.mark.parametrize("name", ["firefox", "webkit"])
def test_the_page_finds_the_same_in_other_engines(name: str) -> None:
    engine = ENGINES[name]
    for program in engine.needs:
        machine.find(program)
    events: queue.Queue[dict[str, Any]] = queue.Queue()
    visit = Visit()
    with Demo(on_result=events.put) as demo, engine.opened(demo.page_url) as instance:
        visit.watch(events, instance.log)
    count = len(SCENARIOS) * len(FRONT_ENDS)
    assert visit.end["summary"] == f"{count} of {count} results as expected", [
        each for each in visit.results.values() if not each["expected"]
    ]


def test_a_browser_that_is_not_there_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORSWSGI_CHROMIUM", "no-such-browser")
    monkeypatch.delenv("CORSWSGI_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-browser is not there"):
        machine.find("chromium")


def test_a_browser_that_is_not_there_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORSWSGI_CHROMIUM", "no-such-browser")
    monkeypatch.setenv("CORSWSGI_REQUIRE", "chromium")
    with pytest.raises(pytest.fail.Exception, match="no-such-browser is not there"):
        machine.find("chromium")
