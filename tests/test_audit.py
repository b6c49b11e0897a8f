"""``corswsgi audit``: small servers that are wrong in one way each, and exactly what is found."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
import requests

from corswsgi import CORSMiddleware, Policy
from corswsgi.checker import audit_command
from corswsgi.checker.audit import AuditReport, Unanswered, audit, requests_needed
from corswsgi.checker.findings import Severity, shown
from corswsgi.checker.gatherer import MOST_REQUESTS, BudgetExceeded
from corswsgi.checker.kinds.origins import ANY_ORIGIN_CREDENTIALS
from corswsgi.checker.limit import Limit
from corswsgi.checker.masking import Mask
from corswsgi.checker.render.audit import audit_paragraphs
from corswsgi.checker.render.program import audit_as_dict
from corswsgi.checker.render.terminal import text_of, width_of
from corswsgi.checker.rules import origins
from corswsgi.checker.strangers import IMPLIED_BY, KINDS, SEVERITIES, Likeness, Reach, derive
from corswsgi.checker.target import Target, new_session, parse_target_url
from corswsgi.errors import UsageError

APP, SHOP, API = "https://app.example.com", "https://shop.example.com", "https://api.example.net/items"
GOLDEN = Path(__file__).parent / "golden" / "audit"

ORIGIN, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
METHODS, HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
MAX_AGE = "Access-Control-Max-Age"
PRIVATE = "Access-Control-Allow-Private-Network"

Pairs = Iterable[tuple[str, str]]
Answer = Callable[[dict[str, Any]], Pairs]


def server(answer: Answer, status: str = "200 OK") -> Any:
    """Return a WSGI application that answers everything with headers made from the environ."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response(status, [("Content-Type", "text/plain"), *answer(environ)])
        return [b"OK"]

    return app


def comparing(
    allows: Callable[[str], object],
    credentials: bool = True,
    vary: bool = True,
    status: str = "200 OK",
    more: Pairs = (),
) -> Any:
    """Return an application that sends back every Origin that ``allows`` takes."""

    def answer(environ: dict[str, Any]) -> Pairs:
        origin = environ.get("HTTP_ORIGIN", "")
        headers = [*more, *([("Vary", "Origin")] if vary else [])]
        if origin and allows(origin):
            headers += [(ORIGIN, origin)] + ([(CREDENTIALS, "true")] if credentials else [])
        return headers

    return server(answer, status)


def matching(pattern: str, credentials: bool = True) -> Any:
    return comparing(re.compile(pattern).match, credentials)


def constantly(*headers: tuple[str, str], status: str = "200 OK") -> Any:
    return server(lambda environ: headers, status)


def on_preflight(*headers: tuple[str, str]) -> Any:
    """Return an application that allows one origin, and adds these to the answers to preflights."""
    return server(lambda environ: [(ORIGIN, APP), *(headers if environ["REQUEST_METHOD"] == "OPTIONS" else ())])


def echoing(environ: dict[str, Any]) -> Pairs:
    """Allow one origin anything that it asks for."""
    asked = {
        METHODS: environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
        HEADERS: environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
    }
    return [(ORIGIN, APP), *((name, value) for name, value in asked.items() if value)]


def substring(environ: dict[str, Any]) -> Pairs:
    """Look for the requested method in the text of the list."""
    listed = "DELETE, PUT"
    granted = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "-") in listed
    return [(ORIGIN, APP), *([(METHODS, listed)] if granted else [])]


def dependent(vary: Callable[[str], Pairs]) -> Any:
    """Return an application that allows one origin, and whose further headers depend on the Origin."""

    def answer(environ: dict[str, Any]) -> Pairs:
        origin = environ.get("HTTP_ORIGIN", "")
        return [*([(ORIGIN, origin)] if origin == APP else []), *vary(origin)]

    return server(answer)


def preflights_only(environ: dict[str, Any]) -> Pairs:
    """Decide about preflights by no list at all."""
    origin = environ.get("HTTP_ORIGIN", "")
    if environ["REQUEST_METHOD"] != "OPTIONS":
        return [(ORIGIN, APP), (CREDENTIALS, "true")]
    return [(ORIGIN, origin), (CREDENTIALS, "true"), (METHODS, "DELETE, PATCH")]


def raising(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Break on an Origin that does not parse as it should."""
    origin = environ.get("HTTP_ORIGIN", APP)
    if origin.count("/") > 2:
        raise ValueError(origin)
    app: list[bytes] = constantly((ORIGIN, APP))(environ, start_response)
    return app


def private(*origins: str) -> Any:
    def answer(environ: dict[str, Any]) -> Pairs:
        asked = "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK" in environ and environ["HTTP_ORIGIN"] in origins
        return [(ORIGIN, APP), *([(PRIVATE, "true")] if asked else [])]

    return server(answer)


HIGH, MEDIUM, LOW, INFO = reversed(Severity)

#: What a server does, and what is found: codes with severities, and no others.
TABLE: dict[str, tuple[Any, dict[str, Severity]]] = {
    # nothing wrong
    "one origin, constantly": (constantly((ORIGIN, APP), (CREDENTIALS, "true")), {}),
    "a list of origins": (comparing([APP, SHOP].__contains__), {}),
    "all may read, without credentials": (constantly((ORIGIN, "*")), {"any-origin": INFO}),
    # who may read
    "reflects, with credentials": (comparing(bool), {"any-origin-with-credentials": HIGH}),
    "reflects, without": (comparing(bool, credentials=False), {"any-origin-reflected": LOW}),
    "reflects to preflights only": (server(preflights_only), {"any-origin-may-send": HIGH}),
    "null": (comparing([APP, "null"].__contains__), {"null-origin": HIGH}),
    "null without credentials": (comparing([APP, "null"].__contains__, False), {"null-origin": LOW}),
    "null for all strangers": (
        server(lambda environ: [(ORIGIN, APP if environ.get("HTTP_ORIGIN") == APP else "null"), ("Vary", "Origin")]),
        {"null-origin": LOW},
    ),
    "starts with": (comparing(lambda origin: origin.startswith(APP)), {"origin-suffix": HIGH}),
    "starts with, without": (comparing(lambda origin: origin.startswith(APP), False), {"origin-suffix": LOW}),
    "ends with the domain": (
        comparing(lambda origin: origin.endswith("example.com")),
        {"origin-prefix": HIGH},
    ),
    "ends with the host": (
        comparing(lambda origin: origin.endswith("app.example.com")),
        {
            "origin-prefix": MEDIUM,
            "origin-http": MEDIUM,
        },
    ),
    "contains": (
        comparing(lambda origin: "app.example.com" in origin),
        {"origin-suffix": HIGH, "origin-prefix": MEDIUM, "origin-http": MEDIUM},
    ),
    "an unescaped dot": (matching(r"https://app.example\.com\Z"), {"origin-dot": HIGH}),
    "an unescaped last dot": (matching(r"https://app\.example.com\Z"), {"origin-dot": LOW}),
    "an unescaped dot, without": (matching(r"https://app.example\.com\Z", False), {"origin-dot": LOW}),
    "a word boundary": (matching(r"https://app\.example\.com\b(?![.:/])"), {"origin-special-character": HIGH}),
    "an underscore": (matching(r"https://app\.example\.com(_.*)?\Z"), {"origin-special-character": HIGH}),
    "any scheme": (matching(r"\w+://app\.example\.com\Z"), {"origin-http": MEDIUM}),
    "any scheme, without": (matching(r"\w+://app\.example\.com\Z", False), {"origin-http": INFO}),
    "any port": (matching(r"https://app\.example\.com(:\d+)?\Z"), {"origin-port": LOW}),
    "subdomains": (matching(r"https://([a-z]+\.)*app\.example\.com\Z"), {"origin-subdomain": LOW}),
    "siblings": (matching(r"https://[a-z.]+\.example\.com\Z"), {"origin-subdomain": LOW}),
    "any case": (matching(r"(?i)https://app\.example\.com\Z"), {"origin-case": INFO}),
    "a path after it": (matching(r"https://app\.example\.com(/.*)?\Z"), {"origin-trailing": LOW}),
    "a wildcard across a slash": (
        matching(r"https://[a-z.]+/?[a-z.]*\.example\.com\Z", False),
        {"origin-subdomain": INFO, "origin-embedded": INFO},
    ),
    "breaks on a path": (raising, {"origin-breaks-server": LOW}),
    # headers that contradict one another, or mean nothing
    "all, with credentials": (
        constantly((ORIGIN, "*"), (CREDENTIALS, "true")),
        {"wildcard-with-credentials": LOW, "any-origin": INFO},
    ),
    "one origin twice": (
        constantly((ORIGIN, APP), (ORIGIN, APP)),
        {"allow-origin-several-lines": LOW, "origin-not-allowed": INFO},
    ),
    "credentials twice": (
        constantly((ORIGIN, APP), (CREDENTIALS, "true"), (CREDENTIALS, "true")),
        {"duplicate-header": LOW},
    ),
    "a slash at the end": (
        constantly((ORIGIN, f"{APP}/")),
        {"allow-origin-invalid": LOW, "origin-not-allowed": INFO},
    ),
    "a list in one line": (
        constantly((ORIGIN, f"{APP}, {SHOP}")),
        {"allow-origin-invalid": LOW, "origin-not-allowed": INFO},
    ),
    "credentials in Python": (constantly((ORIGIN, APP), (CREDENTIALS, "True")), {"allow-credentials-invalid": INFO}),
    # caches
    "no Vary": (comparing([APP, SHOP].__contains__, vary=False), {"vary-missing": LOW}),
    "no Vary, and to be kept": (
        dependent(lambda origin: [("Cache-Control", "max-age=60")]),
        {"vary-missing": MEDIUM},
    ),
    "no Vary, and public": (dependent(lambda origin: [("Cache-Control", "public")]), {"vary-missing": MEDIUM}),
    "no Vary, and stale at once": (
        dependent(lambda origin: [("Cache-Control", 'no-cache, max-age="0"')]),
        {"vary-missing": LOW},
    ),
    "no Vary, and not kept": (
        dependent(lambda origin: [("Cache-Control", "no-store")]),
        {"vary-missing-not-stored": INFO},
    ),
    "no Vary on errors, which no cache keeps": (
        comparing([APP, SHOP].__contains__, vary=False, status="500 Oops"),
        {},
    ),
    "no Vary on errors, which are to be kept": (
        comparing([APP, SHOP].__contains__, vary=False, status="500 Oops", more=[("Cache-Control", "max-age=9")]),
        {"vary-missing": MEDIUM},
    ),
    "another Vary": (dependent(lambda origin: [("Vary", "Accept, Cookie")]), {"vary-missing": LOW}),
    "Vary for the allowed only": (
        dependent(lambda origin: [("Vary", "Origin")] if origin == APP else []),
        {"vary-missing-without-cors": LOW},
    ),
    "Vary: *": (dependent(lambda origin: [("Vary", "*")]), {}),
    "Vary overwritten": (
        dependent(lambda origin: [("Vary", "Origin")] if origin else [("Vary", "Accept"), ("Vary", "origin")]),
        {"vary-overwritten": LOW},
    ),
    "Vary for nothing": (
        constantly((ORIGIN, "*"), ("Vary", "Origin")),
        {"vary-needless": INFO, "any-origin": INFO},
    ),
    # preflights
    "any method": (constantly((ORIGIN, APP), (METHODS, "*")), {"any-method": INFO}),
    "any header": (constantly((ORIGIN, APP), (HEADERS, "*")), {"any-header": INFO}),
    "echoes what is asked for": (server(echoing), {"any-method": INFO, "any-header": INFO}),
    "methods that it does not take": (
        on_preflight((METHODS, "PUT, DELETE"), ("Allow", "GET, PUT")),
        {"methods-wider-than-needed": INFO},
    ),
    "methods that it takes": (on_preflight((METHODS, "PUT, OPTIONS, POST"), ("Allow", "GET, PUT")), {}),
    "TRACE": (on_preflight((METHODS, "PUT, TRACE"), ("Allow", "PUT")), {"forbidden-method-listed": INFO}),
    "a list that is none": (on_preflight((METHODS, "PUT DELETE"), ("Allow", "GET")), {}),
    "part of a method": (server(substring), {"method-substring": INFO}),
    "Cookie and Host": (on_preflight((HEADERS, "Cookie, X-Api-Key, HOST")), {"forbidden-header-listed": INFO}),
    "private network, for it": (private(APP), {"private-network": INFO}),
    "private network, for all": (private(APP, "https://evil.example"), {"private-network": LOW}),
    "a week": (on_preflight((MAX_AGE, "604800")), {"max-age-above-caps": INFO}),
    "a day": (on_preflight((MAX_AGE, "86400")), {}),
    "minus one": (on_preflight((MAX_AGE, "-1")), {"max-age-invalid": INFO}),
    "two ages": (on_preflight((MAX_AGE, "60"), (MAX_AGE, "60")), {"duplicate-header": LOW}),
    # how far the audit could see
    "nothing at all": (constantly(), {"origin-not-allowed": INFO}),
    "another origin": (constantly((ORIGIN, SHOP)), {"origin-not-allowed": INFO}),
    "an error": (constantly(status="500 Oops"), {"error-without-cors": INFO}),
    "an error for another": (constantly((ORIGIN, SHOP), status="404 No"), {"origin-not-allowed": INFO}),
    "a redirect": (
        constantly((ORIGIN, APP), ("Location", "/there"), status="302 Found"),
        {"redirect": INFO},
    ),
    "a redirect to nowhere": (constantly((ORIGIN, APP), status="302 Found"), {}),
}


def found(report: AuditReport) -> dict[str, Severity]:
    codes = [finding.code for finding in report.findings]
    assert len(codes) == len(set(codes)), "a code is reported once"
    return {finding.code: finding.severity for finding in report.findings}


@pytest.mark.parametrize("name", TABLE)
def test_a_server_gives_exactly_its_findings(name: str) -> None:
    app, expected = TABLE[name]
    report = audit(app, API, APP)
    assert found(report) == expected
    assert [finding.severity for finding in report.findings] == sorted(expected.values(), reverse=True)
    assert all(finding.evidence and finding.fix for finding in report.findings)


@pytest.mark.parametrize("name", ["reflects, with credentials", "siblings", "all, with credentials", "nothing at all"])
def test_the_text_is_what_a_person_has_read(name: str) -> None:
    text = text_of(audit_paragraphs(audit(TABLE[name][0], API, APP)))
    compare_with_golden(f"{name.replace(',', '').replace(' ', '-')}.txt", text)


def compare_with_golden(name: str, text: str) -> None:
    if os.environ.get("CORSWSGI_GOLDEN") == "write":
        GOLDEN.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_text(text, "utf-8")
    assert (GOLDEN / name).read_text("utf-8") == text


# Strangers


@pytest.mark.parametrize(
    ("origin", "likeness", "value"),
    [
        (APP, Likeness.UNRELATED, "https://evil.example"),
        (APP, Likeness.NULL, "null"),
        (APP, Likeness.SUFFIX, "https://app.example.com.evil.example"),
        (APP, Likeness.PREFIX, "https://evilexample.com"),
        (APP, Likeness.DOT, "https://appxexample.com"),
        (APP, Likeness.HTTP, "http://app.example.com"),
        (APP, Likeness.PORT, "https://app.example.com:8443"),
        (APP, Likeness.SUBDOMAIN, "https://evil.app.example.com"),
        (APP, Likeness.CASE, "HTTPS://APP.EXAMPLE.COM"),
        (APP, Likeness.TRAILING, "https://app.example.com/.evil.example"),
        (APP, Likeness.UNDERSCORE, "https://app.example.com_.evil.example"),
        (APP, Likeness.BACKQUOTE, "https://app.example.com`.evil.example"),
        ("https://a.b.example.co.uk", Likeness.DOT, "https://a.bxexample.co.uk"),
        ("https://app.example.com:8443", Likeness.PORT, "https://app.example.com:8444"),
        ("http://localhost:3000", Likeness.SUFFIX, "http://localhost.evil.example:3000"),
        ("http://localhost:3000", Likeness.LONGER_PORT, "http://localhost:30000"),
        ("capacitor://localhost", Likeness.SUFFIX, "capacitor://localhost.evil.example"),
        ("https://evil.example", Likeness.UNRELATED, "https://hostile1.example"),
    ],
)
def test_strangers_are_made_from_the_origin(origin: str, likeness: Likeness, value: str) -> None:
    assert {stranger.likeness: stranger.value for stranger in derive(origin)}[likeness] == value


@pytest.mark.parametrize(
    ("origin", "missing"),
    [
        ("http://[::1]", {Likeness.SUFFIX, Likeness.PREFIX, Likeness.SUBDOMAIN, Likeness.HTTP, Likeness.LONGER_PORT}),
        ("http://127.0.0.1:8000", {Likeness.PREFIX, Likeness.SUBDOMAIN, Likeness.DOT, Likeness.DOT_OF_DOMAIN}),
        ("https://example.com", {Likeness.DOT, Likeness.PREFIX_OF_HOST, Likeness.SIBLING, Likeness.LONGER_PORT}),
        ("https://app.example.com:65530", {Likeness.LONGER_PORT}),
        ("null", set(Likeness) - {Likeness.UNRELATED}),
    ],
)
def test_strangers_that_cannot_be_are_left_out(origin: str, missing: set[Likeness]) -> None:
    assert missing.isdisjoint(stranger.likeness for stranger in derive(origin))


@pytest.mark.parametrize(
    ("origin", "likeness", "reach"),
    [
        (APP, Likeness.SUFFIX, Reach.ANYONE),
        (APP, Likeness.PREFIX, Reach.ANYONE),
        (APP, Likeness.PREFIX_OF_HOST, Reach.SITE),
        (APP, Likeness.DOT, Reach.ANYONE),
        (APP, Likeness.DOT_OF_DOMAIN, Reach.NOBODY),
        ("https://example.co.uk", Likeness.DOT_OF_DOMAIN, Reach.ANYONE),
        ("http://localhost:3000", Likeness.PREFIX, Reach.NOBODY),
        ("https://a.b.example.com", Likeness.DOT, Reach.ANYONE),
    ],
)
def test_who_can_have_such_a_page(origin: str, likeness: Likeness, reach: Reach) -> None:
    assert {stranger.likeness: stranger.reach for stranger in derive(origin)}[likeness] is reach


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (matching(r"http://localhost:[0-9]+\Z"), {"origin-port": LOW}),
        (comparing(lambda origin: origin.startswith("http://localhost:3000")), {"origin-suffix": MEDIUM}),
    ],
    ids=["any port", "starts with the port"],
)
def test_a_longer_port_says_nothing_if_any_port_is_allowed(app: Any, expected: dict[str, Severity]) -> None:
    assert found(audit(app, "http://localhost:8000/items", "http://localhost:3000")) == expected


def test_no_stranger_is_the_server_nor_comes_twice() -> None:
    for origin, own in [(APP, f"{APP}:8443"), (APP, "http://app.example.com"), ("https://evil.example", APP)]:
        values = [stranger.value for stranger in derive(origin, own)]
        assert len(values) == len(set(values))
        assert {origin, own}.isdisjoint(values)


def test_the_tables_are_whole() -> None:
    assert set(KINDS) == set(Likeness)
    assert set(SEVERITIES) == set(Reach) == set(origins._CONSEQUENCES)
    assert set(KINDS.values()) - {ANY_ORIGIN_CREDENTIALS} == set(origins._COMPARISONS)
    assert {each for likenesses in IMPLIED_BY.values() for each in likenesses} <= set(Likeness)
    assert all(with_them >= without for with_them, without in SEVERITIES.values())


# What is sent


class Recorder:
    """A WSGI application that notes what it is asked."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.asked: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.asked.append(environ)
        return self.app(environ, start_response)


@pytest.mark.parametrize(
    "origin", [APP, "https://a.b.example.com:844", "http://localhost:3000", "http://[::1]", "null"]
)
@pytest.mark.parametrize("name", ["reflects, with credentials", "nothing at all", "a redirect"])
def test_no_more_is_sent_than_was_said_and_nothing_that_changes_anything(origin: str, name: str) -> None:
    site = Recorder(TABLE[name][0])
    announced = requests_needed(API, origin)
    counted: list[None] = []
    report = audit(site, API, origin, on_request=lambda: counted.append(None))
    assert len(site.asked) == len(counted) == report.requests == announced <= MOST_REQUESTS == 60
    assert {environ["REQUEST_METHOD"] for environ in site.asked} <= {"GET", "HEAD", "OPTIONS"}
    assert {environ["PATH_INFO"] for environ in site.asked} == {"/items"}


def test_each_stranger_comes_with_credentials_and_without() -> None:
    site = Recorder(TABLE["nothing at all"][0])
    audit(site, API, APP)
    asked = [
        (environ.get("HTTP_ORIGIN"), "HTTP_COOKIE" in environ)
        for environ in site.asked
        if environ["REQUEST_METHOD"] == "GET"
    ]
    values = [APP, *(stranger.value for stranger in derive(APP))]
    assert sorted(asked[1:]) == sorted((value, cookie) for value in values for cookie in (False, True))
    assert asked[0] == (None, False)


def test_the_budget_is_kept_whatever_the_plan_says() -> None:
    site = Recorder(TABLE["nothing at all"][0])
    with pytest.raises(BudgetExceeded, match=r"^7 requests were sent, and that is the most$"):
        audit(site, API, APP, most_requests=7)
    assert len(site.asked) == 7


def test_a_server_that_looks_for_cookies_meets_one() -> None:
    """Whether the answer to credentials may be read is judged by the answer to credentials."""

    def answer(environ: dict[str, Any]) -> Pairs:
        origin = environ.get("HTTP_ORIGIN", "") if "HTTP_COOKIE" in environ else APP
        return [(ORIGIN, origin), (CREDENTIALS, "true"), ("Vary", "Origin")]

    assert found(audit(server(answer), API, APP)) == {"any-origin-with-credentials": HIGH}


def test_pages_on_https_cannot_fetch_plain_http_but_the_comparison_shows() -> None:
    plain = "http://api.example.net/items"
    assert found(audit(TABLE["starts with"][0], plain, APP)) == {"origin-suffix": HIGH, "mixed-content": INFO}
    assert found(audit(TABLE["echoes what is asked for"][0], plain, APP)) == {
        "any-method": INFO,
        "any-header": INFO,
        "mixed-content": INFO,
    }
    assert "mixed-content" not in found(audit(TABLE["starts with"][0], "http://localhost/", APP))
    # An application that answers preflights with nothing at all.
    assert found(audit(raising, plain, APP)) == {"origin-breaks-server": LOW, "mixed-content": INFO}


def test_a_page_without_an_origin_of_its_own_may_be_meant() -> None:
    assert found(audit(constantly((ORIGIN, "null"), (CREDENTIALS, "true")), API, "null")) == {}


def test_an_answer_only_to_credentials_counts_as_allowed() -> None:
    allowed = [(ORIGIN, APP), (CREDENTIALS, "true")]
    app = server(lambda environ: allowed if "HTTP_COOKIE" in environ else [])
    assert found(audit(app, API, APP)) == {"vary-missing-without-cors": LOW}


def test_our_own_layer_has_nothing_above_info() -> None:
    for policy in [Policy("*"), Policy(APP, allow_credentials=True), Policy([APP, SHOP], allow_credentials=True)]:
        report = audit(CORSMiddleware(constantly(), policy), API, APP)
        assert set(found(report)) <= {"any-origin"}


# When time is up


class Slow:
    """An application that takes a second for each answer, on a clock of its own."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.now = 1000.0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.now += 1
        return self.app(environ, start_response)


@pytest.mark.parametrize(
    ("name", "seconds", "sightings", "expected"),
    [
        ("reflects, with credentials", 45.5, 17, {"any-origin-with-credentials": HIGH}),
        ("reflects, with credentials", 5.5, 1, {"any-origin-with-credentials": HIGH}),
        ("reflects, with credentials", 4.5, 1, {"any-origin-with-credentials": HIGH}),
        ("reflects, with credentials", 3.5, 0, {}),
        ("reflects, with credentials", 2.5, 0, {}),
        ("all, with credentials", 3.5, 0, {"wildcard-with-credentials": LOW}),
        ("all, with credentials", 5.5, 1, {"wildcard-with-credentials": LOW, "any-origin": INFO}),
        ("starts with", 7.5, 2, {}),
        ("starts with", 9.5, 3, {"origin-suffix": HIGH}),
        ("starts with", 40.5, 17, {"origin-suffix": HIGH}),
        ("nothing at all", 3.5, 0, {"origin-not-allowed": INFO}),
        ("nothing at all", 43.5, 17, {"origin-not-allowed": INFO}),
        ("any method", 37.5, 17, {}),
        ("any method", 39.5, 17, {"any-method": INFO}),
        ("part of a method", 38.5, 17, {}),
        ("private network, for all", 43.5, 17, {"private-network": INFO}),
    ],
)
def test_when_time_is_up_what_was_found_until_then_is_told(
    name: str, seconds: float, sightings: int, expected: dict[str, Severity], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, counted = Slow(TABLE[name][0]), list[None]()
    monkeypatch.setattr("corswsgi.checker.limit.time.monotonic", lambda: site.now)
    report = audit(site, API, APP, limit=Limit(10, seconds), on_request=lambda: counted.append(None))
    assert found(report) == expected
    assert (len(report.sightings), report.requests, len(counted)) == (sightings, site.now - 1000, site.now - 1000)
    assert site.now - 1000 == min(int(seconds) + 1, 45)
    cut_short = f"the {seconds:g} s for everything were over; --max-time allows more"
    assert report.cut_short == ("" if seconds > 45 else cut_short)
    told = [f"Some requests were not sent: {cut_short}."] if seconds < 45 else []
    assert [line.text for line in audit_paragraphs(report) if "Some requests" in line.text] == told
    assert audit_as_dict(report)["cut_short"] == report.cut_short


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_without_time_for_the_page_itself_there_is_nothing_to_tell(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Slow(TABLE["reflects, with credentials"][0])
    monkeypatch.setattr("corswsgi.checker.limit.time.monotonic", lambda: site.now)
    with pytest.raises(Unanswered, match=f"^out of time: the {seconds} s for everything are over$"):
        audit(site, API, APP, limit=Limit(10, seconds))


# What servers say is shown harmless


def test_what_a_server_says_cannot_reach_the_terminal() -> None:
    nasty = "\x1b[2J\x9b" + "x" * 500
    app = constantly((ORIGIN, nasty), (CREDENTIALS, nasty), ("Vary", nasty), ("Location", nasty), status="302 \x1b[0m")
    report = audit(app, API, APP)
    text = text_of(audit_paragraphs(report, verbose=True))
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert max(map(len, text.splitlines())) < 300
    assert "\\x1b[2J" in text
    assert "\x1b" not in json.dumps(audit_as_dict(report))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", "plain"), ("\x1b[1m\n\x7f", "\\x1b[1m\\n\\x7f"), ("ü", "\\xfc"), ("y" * 201, "y" * 200 + "...")],
)
def test_shown(text: str, expected: str) -> None:
    assert shown(text) == expected


# The command


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    audit_command.add_arguments(parser)
    return audit_command.run(parser.parse_args(arguments))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module in the current directory with an application of each kind."""
    (tmp_path / "audited_site.py").write_text(
        "from test_audit import TABLE\n"
        "good, bad, public = (TABLE[name][0] for name in\n"
        "    ['a list of origins', 'reflects, with credentials', 'all may read, without credentials'])\n"
        "def broken(environ, start_response): raise RuntimeError('no\\x1b[2J database')\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield "audited_site"
    sys.modules.pop("audited_site", None)


@pytest.mark.parametrize(
    ("app", "options", "status"),
    [
        ("good", [], 0),
        ("good", ["--fail-on", "info"], 0),
        ("bad", [], 0),
        ("bad", ["--fail-on", "high"], 1),
        ("bad", ["--fail-on", "info"], 1),
        ("public", ["--fail-on", "low"], 0),
        ("public", ["--fail-on", "info"], 1),
    ],
)
def test_the_status_is_that_of_the_worst_finding(
    module: str, capsys: pytest.CaptureFixture[str], app: str, options: list[str], status: int
) -> None:
    assert run("--app", f"{module}:{app}", "--origin", APP, *options) == status
    printed = capsys.readouterr()
    assert printed.err == "45 requests (GET and OPTIONS) to http://localhost/\n"
    assert printed.out.startswith("Audit of http://localhost/\nfor pages of https://app.example.com: ")


def test_json(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(API, "--app", f"{module}:bad", "--origin", APP, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert {key: report[key] for key in ("url", "origin", "requests", "worst", "own")} == {
        "url": API,
        "origin": APP,
        "requests": 45,
        "worst": "high",
        "own": {"without_credentials": True, "with_credentials": True},
    }
    assert report["strangers"][-1] == {
        "kind": "embedded",
        "origin": "https://evil.example/.app.example.com",
        "sent_by_browsers": False,
        "without_credentials": True,
        "with_credentials": True,
    }
    (finding,) = report["findings"]
    assert sorted(finding) == ["code", "concerns", "evidence", "fix", "place", "sentence", "severity"]
    assert (finding["code"], finding["severity"]) == ("any-origin-with-credentials", "high")
    assert finding["evidence"] == [
        {
            "request": [f"GET {API}", "Origin: https://evil.example", "Cookie: corswsgi-audit=***"],
            "response": [
                "HTTP 200 OK",
                "Vary: Origin",
                "Access-Control-Allow-Origin: https://evil.example",
                "Access-Control-Allow-Credentials: true",
            ],
        }
    ]


def test_json_of_nothing_found(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--app", f"{module}:good", "--origin", APP, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["worst"], report["findings"]) == (None, [])


def test_an_application_that_raises_is_no_answer(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--app", f"{module}:broken", "--origin", APP) == 3
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("corswsgi audit: no response from http://localhost/: ")
    assert "RuntimeError: no\\x1b[2J database" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "there is nothing to audit; give a URL, or a WSGI application with --app module:callable"),
        (["/items"], 'the URL "/items" is relative; an absolute one looks like "https://api.example.com/items"'),
        (["ftp://a.example/"], 'the URL "ftp://a.example/" has the scheme "ftp"; give one with http: or https:'),
        ([f"{APP}/x"], f"{APP} is the origin of the URL itself, and its pages need no permission; give another origin"),
        (
            ["http://localhost:6667/"],
            "browsers send no requests to port 6667, which belongs to another service: http://localhost:6667/",
        ),
    ],
)
def test_what_cannot_be_audited_is_said_in_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        run(*arguments, "--origin", APP)
    assert str(caught.value) == message


def test_an_origin_is_corrected() -> None:
    with pytest.raises(UsageError, match=r'did you mean "https://app\.example\.com"'):
        run(API, "--origin", "https://App.example.com/")


@pytest.mark.parametrize(("option", "most"), [("--timeout", 3600), ("--max-time", 86400)])
@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "inf", "86401"])
def test_a_timeout_is_a_number_of_seconds(
    seconds: str, option: str, most: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(API, "--origin", APP, option, seconds)
    assert caught.value.code == 2
    message = f'argument {option}: "{seconds}" is not a number of seconds above 0 and up to {most}'
    assert message in capsys.readouterr().err


def test_time_and_trust_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def open_target(app: str | None, url: str, *, insecure: bool) -> Any:
        asked.append((app, url, insecure))
        return Target(None, parse_target_url(url))

    def limit(each: float, whole: float) -> Any:
        asked.append((each, whole))
        raise UsageError("enough")

    monkeypatch.setattr(audit_command, "open_target", open_target)
    monkeypatch.setattr(audit_command, "Limit", limit)
    for options in ([], ["--insecure", "--timeout", "2.5"], ["--timeout", "20", "--max-time", "7"]):
        with pytest.raises(UsageError, match="enough"):
            run(API, "--origin", APP, *options)
    assert asked == [
        (None, API, False), (10.0, 300.0),
        (None, API, True), (2.5, 75.0),
        (None, API, False), (20.0, 7.0),
    ]  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "has_rich"), [("", True), ("1", True), ("", False)])
def test_a_terminal_gets_a_bar_and_colours_where_it_can_and_wants_to(
    module: str, monkeypatch: pytest.MonkeyPatch, no_color: str, has_rich: bool
) -> None:
    if not has_rich:
        monkeypatch.setitem(sys.modules, "rich", None)
    out, err = Terminal(), Terminal()
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert run("--app", f"{module}:bad", "--origin", APP) == 0
    assert err.getvalue().startswith("45 requests (GET and OPTIONS) to http://localhost/\n")
    is_colourful = has_rich and not no_color
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines())) <= 72
    assert ("auditing" in err.getvalue()) is is_colourful
    assert ("\x1b[" in out.getvalue()) is is_colourful
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    report = Mask()(audit(TABLE["reflects, with credentials"][0], "http://localhost/", APP))
    assert plain == text_of(audit_paragraphs(report, width=width_of(out)), width_of(out))


# Over a socket


class QuietRequestHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class QuietServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextlib.contextmanager
def listening(httpd: socketserver.TCPServer) -> Iterator[str]:
    """Serve in a thread; yield the address."""
    with httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_address[1]}/items"
        finally:
            httpd.shutdown()
            thread.join()


def wsgi_server(app: Any) -> QuietServer:
    httpd = QuietServer(("127.0.0.1", 0), QuietRequestHandler)
    httpd.set_app(app)
    return httpd


@pytest.mark.parametrize("name", ["reflects, with credentials", "starts with", "one origin twice", "Vary overwritten"])
def test_over_a_socket_the_same_is_found(name: str) -> None:
    app, expected = TABLE[name]
    with listening(wsgi_server(app)) as url:
        assert found(audit(new_session(), url, APP)) == expected


def test_the_command_over_a_socket(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(wsgi_server(TABLE["null"][0])) as url:
        assert run(url, "--origin", APP, "--fail-on", "high", "--timeout", "5") == 1
    printed = capsys.readouterr()
    assert printed.err == f"45 requests (GET and OPTIONS) to {url}\n"
    assert "HIGH  null-origin\n" in printed.out


class Endless(BaseHTTPRequestHandler):
    """Allows one origin, and never stops talking."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header(ORIGIN, APP)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"x" * 4096)

    do_OPTIONS = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    with listening(ThreadingHTTPServer(("127.0.0.1", 0), Endless)) as url:
        assert found(audit(new_session(), url, APP)) == {}


def test_nobody_there_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    assert run(url, "--origin", APP) == 3
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"corswsgi audit: no response from {url}: no server listens ")
    assert "start the server" in error


def test_a_server_that_says_nothing_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert run(f"http://127.0.0.1:{silent.getsockname()[1]}/", "--origin", APP, "--timeout", "0.2") == 3
    error = capsys.readouterr().err.splitlines()[-1]
    assert re.search(r"no response from http://127\.0\.0\.1:[0-9]+/: .*--timeout", error)


def test_no_answer_is_an_exception_of_its_own() -> None:
    def raises(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise KeyError("settings")

    with pytest.raises(Unanswered, match="KeyError"):
        audit(raises, API, APP)


def test_no_answer_to_the_page_is_no_answer() -> None:
    def raises(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if "HTTP_ORIGIN" in environ:
            raise KeyError("origins")
        app: list[bytes] = constantly()(environ, start_response)
        return app

    with pytest.raises(Unanswered, match="origins"):
        audit(raises, API, APP)


@pytest.mark.parametrize("listed", ["XTRACE", "AGET", "XPUT, xput, xget", "X" * 5000, "GET, ET", "GE", "no list", ""])
def test_no_list_of_methods_makes_a_browser_refuse_what_is_asked(listed: str) -> None:
    """What is asked next is made from the list, which is the server's to choose."""
    site = Recorder(on_preflight((METHODS, listed), (HEADERS, "X-Corswsgi-Other")))
    report = audit(site, API, APP)
    assert found(report) == {}
    assert len(site.asked) == report.requests == requests_needed(API, APP)


def test_sessions_of_the_users_own_will_do() -> None:
    with listening(wsgi_server(TABLE["any port"][0])) as url, requests.Session() as session:
        session.headers["Origin"] = "https://evil.example"
        assert found(audit(session, url, APP)) == {"origin-port": LOW}
