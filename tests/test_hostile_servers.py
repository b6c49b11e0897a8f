"""``corswsgi check`` and ``audit`` against servers that drop and reset connections: a report, and no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from misbehaving import HANG, RESET, Asked, Server, dripping, says
from scripted_site import Clock

from corswsgi.browser.network import NoAnswer
from corswsgi.checker.limit import Limit
from corswsgi.cli import main

pytestmark = [pytest.mark.once, pytest.mark.waiting]

#: A page of this machine, so that browsers ask plain http: servers for it.
PAGE = "http://localhost:3000"

ORIGIN = "Access-Control-Allow-Origin"
SHARED = ((ORIGIN, PAGE), ("Vary", "Origin"))
PERMITTED = (*SHARED, ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Allow-Headers", "x-api-key"))

FINE = says("200 OK", PERMITTED, b"{}")

Answer = Callable[[Asked], Any]


# Servers that drop


def dropping(is_dropped: Callable[[Asked], object], instead: Any = b"") -> Answer:
    """Answer as it should be, except to some requests."""
    return lambda asked: instead if is_dropped(asked) else FINE


def moving(is_dropped: Callable[[Asked], object]) -> Answer:
    """Redirect to an address that is dropped."""

    def answer(asked: Asked) -> Any:
        if asked.path == "/moved":
            return b"" if is_dropped(asked) else FINE
        return FINE if asked.is_preflight else says("302 Found", (*SHARED, ("Location", "/moved")))

    return answer


def only_first(asked: list[Asked]) -> Answer:
    def answer(request: Asked) -> Any:
        asked.append(request)
        return FINE if len(asked) == 1 else b""

    return answer


HALF_HEAD = b"HTTP/1.1 200 OK\r\nX-A: 1\r\n"
HALF_BODY = says("200 OK", PERMITTED, b"0123456789")[:-5]

CHECKS = {
    "GET": ["check"],
    "PUT": ["check", "-X", "PUT"],
    "PUT sent": ["check", "-X", "PUT", "--send"],
    "POST": ["check", "-X", "POST"],
    "HEAD": ["check", "-X", "HEAD", "-H", "X-Api-Key: 1"],
    "audit": ["audit"],
}

#: A server, and the exit statuses in the order of CHECKS: 0 it may, 1 it may not, 3 no answer.
DROPPING: dict[str, tuple[Callable[[], Answer], str]] = {
    "nothing": (lambda: dropping(lambda asked: False), "0 0 0 0 0 0"),
    "everything": (lambda: dropping(lambda asked: True), "3 3 3 3 3 3"),
    "all but the first": (lambda: only_first([]), "0 0 3 0 3 3"),
    "preflights": (lambda: dropping(lambda asked: asked.is_preflight), "0 3 3 0 3 0"),
    "all but OPTIONS": (lambda: dropping(lambda asked: asked.method != "OPTIONS"), "3 0 3 3 3 3"),
    "what has an Origin": (lambda: dropping(lambda asked: asked.origin), "3 3 3 3 3 3"),
    "what has none": (lambda: dropping(lambda asked: not asked.origin), "0 0 0 0 0 3"),
    "strangers": (lambda: dropping(lambda asked: asked.origin not in (None, PAGE)), "0 0 0 0 0 0"),
    "all but the page": (lambda: dropping(lambda asked: asked.origin != PAGE), "0 0 0 0 0 3"),
    "the target of a redirect": (lambda: moving(lambda asked: True), "3 0 3 3 3 0"),
    "the preflight to it": (lambda: moving(lambda asked: asked.is_preflight), "0 0 3 0 3 0"),
    "by a reset": (lambda: dropping(lambda asked: True, RESET), "3 3 3 3 3 3"),
    "preflights, by a reset": (lambda: dropping(lambda asked: asked.is_preflight, RESET), "0 3 3 0 3 0"),
    "all but OPTIONS, by a reset": (lambda: dropping(lambda asked: asked.method != "OPTIONS", RESET), "3 0 3 3 3 3"),
    "the end of the headers": (lambda: dropping(lambda asked: asked.method != "OPTIONS", HALF_HEAD), "1 0 1 1 1 0"),
    "the end of bodies": (lambda: dropping(lambda asked: True, HALF_BODY), "0 0 0 0 0 0"),
    "sense": (lambda: dropping(lambda asked: asked.method != "OPTIONS", b"SSH-2.0-x\r\n"), "3 0 3 3 3 3"),
    "sense in preflights": (lambda: dropping(lambda asked: asked.is_preflight, b"\0\xff\n" * 99), "0 3 3 0 3 0"),
    "two lengths": (
        lambda: dropping(lambda asked: True, b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nx"),
        "3 3 3 3 3 3",
    ),
}


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", DROPPING)
def test_what_a_server_drops_ends_in_a_report(name: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer, statuses = DROPPING[name]
    got = {}
    for check, arguments in CHECKS.items():
        with Server(answer()) as server:
            command = [*arguments, f"{server.url}/items", "--origin", PAGE, "--timeout", "5"]
            got[check] = main([*command, "--json"] if form == "json" else command)
    printed = capsys.readouterr()
    assert got == dict(zip(CHECKS, map(int, statuses.split()), strict=True))
    assert "Traceback" not in printed.out + printed.err


def test_a_dropped_get_says_no_more_of_the_put_than_its_preflight_does(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(dropping(lambda asked: asked.method != "OPTIONS")) as server:
        assert main(["check", "-v", "-X", "PUT", f"{server.url}/items", "--origin", PAGE]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"ALLOWED in Chrome, Firefox and Safari: a page of {PAGE} may send PUT" in text
    assert f"GET {server.url}/items got no response." in text
    assert "The server closed the connection without a response. [closed-without-answer]" in text
    assert "Fix Look at the log of the server. Asked" in text
    assert "The same URL, asked by" not in text


def test_one_answer_is_not_compared_with_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(dropping(lambda asked: asked.origin != PAGE)) as server:
        assert main(["check", "-v", server.url, "--origin", PAGE]) == 0
    assert "The same URL, asked by" not in capsys.readouterr().out


# Bodies that do not end


def test_a_stream_of_events_is_waited_for_once_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    """Only ``check`` reads a body, and only that of the request itself."""
    head = says("200 OK", PERMITTED).replace(b"Content-Length: 0\r\n", b"Content-Type: text/event-stream\r\n")
    with Server(lambda asked: dripping(head, b"")) as server:
        assert main(["audit", server.url, "--origin", PAGE, "--timeout", "9", "--max-time", "9"]) == 0
        assert main(["check", "-v", server.url, "--origin", PAGE, "--timeout", "0.5"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.count("timed out") == 2  # the screen says it, and the details do
    assert "note: the body broke off: timed out: the rest did not come within 0.5 s. [body-broken]" in text


# When time is up


def test_an_answer_has_no_more_time_than_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("corswsgi.checker.limit.time.monotonic", clock)
    limit, endless = Limit(10, 12), Limit(10)
    for passed, left in [(0, 10), (2, 10), (5, 7), (11.5, 0.5)]:
        clock.now = 1000.0 + passed
        assert (limit.seconds(), limit.is_reached(), limit.cut_short) == (left, False, "")
    clock.now = 1012.0
    with pytest.raises(NoAnswer, match=r"^out of time: the 12 s for everything are over$"):
        limit.seconds()
    assert limit.is_reached()
    assert limit.cut_short == "the 12 s for everything were over; --max-time allows more"
    clock.now = 10.0**9
    assert (endless.seconds(), endless.is_over()) == (10, False)


def hanging_after(count: int) -> Answer:
    """Answer some requests, and no more."""
    asked: list[Asked] = []

    def answer(request: Asked) -> Any:
        asked.append(request)
        return FINE if len(asked) <= count else HANG

    return answer


OVER = "the 1 s for everything were over; --max-time allows more"

#: Arguments, how many requests are answered, how many are sent until time is up, and how the report begins.
OUT_OF_TIME: dict[str, tuple[list[str], int, int, str]] = {
    "at once": (["check"], 0, 1, "BLOCKED: there was no response to GET {url}."),
    "after the answer": (
        ["check"],
        1,
        2,
        "ALLOWED in Chrome, Firefox and Safari: a page of {page} may read the response to GET {url}.",
    ),
    "after some probes": (
        ["check"],
        4,
        5,
        "ALLOWED in Chrome, Firefox and Safari: a page of {page} may read the response to GET {url}.",
    ),
    "at the preflight": (
        ["check", "-X", "PUT"],
        0,
        1,
        "BLOCKED: there was no response to the preflight for PUT {url}.",
    ),
    "after the preflight": (
        ["check", "-X", "PUT"],
        1,
        2,
        "ALLOWED in Chrome, Firefox and Safari: a page of {page} may send PUT {url}.",
    ),
    "at the request": (["check", "-X", "PUT", "--send"], 1, 2, "BLOCKED: there was no response to PUT {url}."),
    "in an audit": (["audit"], 9, 10, "Audit of {url}"),
}


@pytest.mark.parametrize("name", OUT_OF_TIME)
def test_when_time_is_up_what_came_until_then_is_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, answered, sent, begins = OUT_OF_TIME[name]
    for form in ([], ["--json"]) if name in ("after the answer", "in an audit") else ([],):
        with Server(hanging_after(answered)) as server:
            url = f"{server.url}/"
            command = [*arguments, url, "--origin", PAGE, "--timeout", "5", "--max-time", "1", *form]
            assert main(command) == 3
        assert len(server.asked) == sent
        text = capsys.readouterr().out
        if form:
            assert json.loads(text)["cut_short"] == OVER
        else:
            assert " ".join(text.split()).startswith(begins.format(url=url, page=PAGE))
            assert f"ome requests were not sent: {OVER}." in " ".join(text.split())
            assert ("out of time: the 1 s" in text.lower()) is ("no response" in begins)


def test_what_is_expected_is_not_there_when_time_is_up() -> None:
    for expected in ("allowed", "blocked"):
        with Server(hanging_after(1)) as server:
            command = ["check", server.url, "--origin", PAGE, "--expect", expected, "--max-time", "1"]
            assert main(command) == 3


def test_redirects_are_followed_until_time_is_up(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(asked: Asked) -> Iterator[bytes]:
        time.sleep(0.1)
        yield says("302 Found", (*SHARED, ("Location", "/again")))

    with Server(answer) as server:
        assert main(["check", server.url, "--origin", PAGE, "--max-time", "1"]) == 3
    assert 1 < len(server.asked) < 15
    assert "[out-of-time]" in capsys.readouterr().out


def test_an_audit_without_any_time_has_nothing_to_tell(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(hanging_after(2)) as server:
        assert main(["audit", server.url, "--origin", PAGE, "--max-time", "1"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    why = "out of time: the 1 s for everything are over; allow more time with --max-time"
    assert printed.err.splitlines()[-1] == f"corswsgi audit: no response from {server.url}: {why}"


# Headers that are long


LONG: dict[str, Iterable[str]] = {
    "spaces": ["X-A: a" + " " * 60_000 + "b"] * 4,
    "folded lines": ["X-A: a" + " \r\n \t" * 20 + "b"] * 4,
    "names": ["Access-Control-Max-Age: 600"]
    + [f"Access-Control-Allow-Headers: {','.join(f'{x}{number}' for number in range(9999))}" for x in "abcd"],
    "empty elements": ["Vary: " + "," * 60_000] * 4,
    "cookies": ["Set-Cookie: a=1" + ";a" * 30_000] * 4,
}


@pytest.mark.parametrize("name", LONG)
def test_long_headers_keep_nobody_busy(name: str) -> None:
    lines = ["HTTP/1.1 200 OK", *(f"{each}: {value}" for each, value in PERMITTED), *LONG[name], "Content-Length: 0"]
    with Server(lambda asked: "\r\n".join([*lines, "", ""]).encode()) as server:
        command = [sys.executable, "-P", "-m", "corswsgi", "check", "-X", "PUT", "--send", server.url, "--origin", PAGE]
        # Far more than it takes, and far less than an expression of quadratic time does.
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
