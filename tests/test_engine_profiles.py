"""The departures of each engine from the standard, one row each; ``tests/engines`` asks the engines themselves."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_site import (
    API,
    CREDENTIALS,
    HEADERS,
    MAX_AGE,
    METHODS,
    ORIGIN,
    PAGE,
    PUBLIC,
    SHARED,
    THIRD,
    TRUSTED,
    Clock,
    Pairs,
    Says,
    Site,
    moved,
)

from corswsgi.browser import ENGINES, MAX_AGE_CAPS, Browser, Departure, Verdict
from corswsgi.browser.engines import PROFILES
from corswsgi.browser.request import Request
from corswsgi.browser.request_headers import headers_to_send
from corswsgi.browser.safelisting import is_safelisted, unsafe_header_names
from corswsgi.browser.urls import parse_origin, parse_url

#: Of the page's own site, and of its own origin.
SIBLING = "https://api.example.com"
OWN = f"{PAGE}/"
WHOLE_PAGE = f"{PAGE}/path?query"

#: Permits everything without credentials, by name and by wildcard.
NAMED: Pairs = ((ORIGIN, PAGE), (METHODS, "PUT"), (HEADERS, "x-a, content-type, authorization"))
ANYTHING: Pairs = (*PUBLIC, (METHODS, "*"), (HEADERS, "*"))

READABLE, PERMITTING = Says(headers=PUBLIC), Says(204, NAMED)

X_A = (("X-A", "1"),)
TOKEN = (("Authorization", "Bearer x"),)
JSON = (("Content-Type", "application/json"),)

Look = Callable[[Site, Sequence[Verdict]], object]


# What is looked at


def outcome(site: Site, verdicts: Sequence[Verdict]) -> object:
    return verdicts[-1].outcome


def code(site: Site, verdicts: Sequence[Verdict]) -> object:
    return str(verdicts[-1].reason.code)


def methods(site: Site, verdicts: Sequence[Verdict]) -> object:
    return " ".join(site.methods)


def names_asked(site: Site, verdicts: Sequence[Verdict]) -> list[str]:
    """What each preflight asks for."""
    return [each.headers.get("access-control-request-headers", "") for each in site.asked if each.is_preflight]


def sent(name: str) -> Look:
    """What the last request carries."""
    return lambda site, verdicts: site.last.headers.get(name)


def asked_with(name: str) -> Look:
    """What the last preflight carries."""
    return lambda site, verdicts: [each for each in site.asked if each.is_preflight][-1].headers.get(name)


@dataclasses.dataclass(frozen=True)
class Row:
    """A departure, and a script that shows it.

    :ivar standard: what is seen by the standard, and in engines that do not depart.
    :ivar departing: what is seen in those that do.
    :ivar fetches: options of ``fetch()``, in order; the URL is the API, and ``after`` seconds to wait before.
    :ivar browser: options of the browser.
    """

    departure: Departure
    look: Look
    standard: object
    departing: object
    fetches: Sequence[Mapping[str, Any]]
    says: Any = READABLE
    preflight: Any = PERMITTING
    browser: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def headers(*pairs: tuple[str, str], **options: Any) -> list[dict[str, Any]]:
    """Return one fetch that sets these headers."""
    return [{"headers": pairs, **options}]


def way(*urls: str, status: int = 302, says: Pairs = PUBLIC) -> dict[str | None, Says]:
    """Return a site that leads from the first of these URLs to the last."""
    hops: dict[str | None, Says] = {here: moved(there, status, says) for here, there in itertools.pairwise(urls)}
    return {**hops, urls[-1]: Says(headers=says)}


def max_age(value: str) -> Says:
    return Says(204, (*NAMED, (MAX_AGE, value)))


PUT = {"method": "PUT"}
POST = {"method": "POST", "body": "x"}
PUT_TWICE = [PUT, PUT]
KEPT = max_age("60")
KEPT_ANYTHING = Says(204, (*ANYTHING, (MAX_AGE, "60")))
KEPT_TRUSTED = Says(204, (*TRUSTED, (METHODS, "PUT"), (MAX_AGE, "60")))
API_ROOT, THIRD_ROOT, SIBLING_ROOT = f"{API}/", f"{THIRD}/", f"{SIBLING}/"

ROWS = [
    Row(
        Departure.MIXED_CONTENT_OF_LOCAL_PAGES,
        code,
        "mixed-content",
        "cors-check-passed",
        [{"url": "http://192.168.1.20:8000/"}],
        browser={"origin": "http://localhost:3000"},
    ),
    Row(
        Departure.MIXED_CONTENT_OF_LOCAL_NETWORK,
        code,
        "mixed-content",
        "cors-check-passed",
        [{"url": "http://192.168.1.20:8000/"}],
    ),
    Row(
        Departure.LOCAL_NETWORK_ACCESS,
        code,
        "cors-check-passed",
        "local-network-denied",
        [{"url": "https://localhost:8000/"}],
        browser={"local_network": False},
    ),
    Row(
        Departure.MIXED_CONTENT_ON_LOOPBACK,
        code,
        "cors-check-passed",
        "mixed-content",
        [{"url": "http://localhost:8000/"}],
        browser={"referrer_policy": "no-referrer"},
    ),
    Row(
        Departure.REFERRER_DOWNGRADE,
        lambda site, verdicts: [each.headers.get("referer") for each in site.asked],
        [],  # blocked as mixed content
        ["http://localhost:3000/"],
        [{"url": "http://192.168.1.20:8000/"}],
        browser={"origin": "http://localhost:3000"},
    ),
    Row(
        Departure.PREFLIGHT_MODE,
        lambda site, verdicts: site.asked[0].headers.get("sec-fetch-mode"),
        None,
        "cors",
        [{**PUT, "url": "http://api.example.com/"}],
        browser={"origin": "http://example.com"},
    ),
    Row(
        Departure.WILDCARD_COVERS_AUTHORIZATION,
        code,
        "authorization-not-listed",
        "cors-check-passed",
        headers(*TOKEN),
        preflight=Says(204, ANYTHING),
    ),
    Row(Departure.SAFELIST_JOINED, methods, "GET", "OPTIONS", headers(("Accept", "a" * 99), ("Accept", "b" * 99))),
    Row(
        Departure.SAFELIST_SUM,
        methods,
        "OPTIONS GET",
        "GET",
        headers(*[("Accept", "a" * 14)] * 80),
        preflight=Says(204, (*PUBLIC, (HEADERS, "*"))),
    ),
    Row(
        Departure.CLIENT_HINTS,
        methods,
        "OPTIONS GET",
        "GET",
        headers(("DPR", "2.5"), ("Save-Data", "ON"), ("ECT", "4g"), ("Width", "100"), ("Intervention", "")),
        preflight=Says(204, ANYTHING),
    ),
    Row(
        Departure.ACCEPT_BYTES,
        methods,
        "GET",
        "OPTIONS GET",
        headers(("Accept", "é")),
        preflight=Says(204, ANYTHING),
    ),
    Row(
        Departure.CONTENT_TYPE_PARAMETERS,
        methods,
        "GET",
        "OPTIONS GET",
        headers(("Content-Type", "text/plain; a=b;")),
    ),
    Row(Departure.RANGE_CASE, methods, "OPTIONS", "GET", headers(("Range", "Bytes=0-5"))),
    Row(Departure.RANGE_63_BITS, methods, "GET", "OPTIONS", headers(("Range", f"bytes=0-{2**63 - 1}"))),
    Row(
        Departure.RANGE_64_BITS,
        methods,
        "GET",
        "OPTIONS",
        headers(("Range", f"bytes=0-{2**64}")),
    ),
    Row(Departure.HEADER_TWICE, names_asked, ["x-a"], ["x-a,x-a"], headers(("X-A", "1"), ("x-a", "2"))),
    Row(Departure.USER_AGENT, methods, "OPTIONS", "GET", headers(("User-Agent", "mine"))),
    Row(Departure.RANGE_REWRITTEN, sent("range"), "bytes=00-05", "bytes=0-5", headers(("Range", "bytes=00-05"))),
    Row(
        Departure.LAST_LINE_ONLY,
        lambda site, verdicts: verdicts[0].exchanges[0].request_lines("Content-Type"),
        ("text/plain", "text/plain;a=b"),
        ("text/plain;a=b",),
        headers(("Content-Type", "text/plain"), ("Content-Type", "text/plain;a=b"), url=OWN),
    ),
    Row(Departure.HEADERS_IN_UTF_8, sent("x-a"), "é", "Ã©", headers(("X-A", "é"))),
    Row(
        Departure.ORIGIN_DESPITE_POLICY,
        sent("origin"),
        "null",
        PAGE,
        [{**POST, "mode": "no-cors"}],
        browser={"referrer_policy": "no-referrer"},
    ),
    Row(
        Departure.OPAQUE_ORIGIN,
        sent("origin"),
        None,
        "null",
        [{"mode": "no-cors", "credentials": "include"}],
        browser={"origin": "null"},
    ),
    Row(
        Departure.OPAQUE_ORIGIN_UNTIL_REDIRECT,
        lambda site, verdicts: [each.headers.get("origin") for each in site.asked] == ["null", None],
        False,
        True,
        [{"mode": "no-cors", "credentials": "include"}],
        says=way(API_ROOT, THIRD_ROOT),
        browser={"origin": "null"},
    ),
    Row(
        Departure.LAX_REFERRER_POLICY,
        sent("referer"),
        WHOLE_PAGE,
        OWN,
        [{}],
        browser={"page": WHOLE_PAGE, "referrer_policy": "unsafe-url"},
    ),
    Row(
        Departure.LOCAL_SCHEMES_SAME_SITE,
        sent("sec-fetch-site"),
        "cross-site",
        "same-site",
        [{"url": "https://a.localhost:8443/"}],
        browser={"origin": "http://b.a.localhost:3000"},
    ),
    Row(
        Departure.OPAQUE_REFERER,
        sent("referer"),
        None,
        OWN,
        [{}],
        browser={"origin": "null", "page": WHOLE_PAGE},
    ),
    Row(
        Departure.OPAQUE_REFERER_OF_ELEMENTS,
        lambda site, verdicts: [each.headers.get("referer") for each in site.asked] == [None, OWN],
        False,
        True,
        [{}, {"initiator": "event-source"}],
        browser={"origin": "null", "page": WHOLE_PAGE},
    ),
    Row(
        Departure.ORIGIN_OF_ELEMENTS,
        sent("origin"),
        None,
        PAGE,
        [{"initiator": "image", "url": OWN}],
    ),
    Row(
        Departure.FONT_NO_CORS,
        outcome,
        "blocked",
        "opaque",
        [{"initiator": "font"}],
        says=Says(headers=()),
    ),
    Row(
        Departure.SCRIPT_BACK_AT_HOME,
        outcome,
        "opaque",
        "readable",
        [{"initiator": "script", "mode": "no-cors", "credentials": "include"}],
        says=way(API_ROOT, OWN),
    ),
    Row(
        Departure.REDIRECT_PREFLIGHTED,
        methods,
        "OPTIONS PUT GET",
        "OPTIONS PUT OPTIONS GET",
        [PUT],
        says=way(API_ROOT, f"{API}/second", status=303),
    ),
    Row(
        Departure.REDIRECT_FIRST_NAMES,
        names_asked,
        ["authorization,x-a", "x-a"],
        ["authorization,x-a", "authorization,x-a"],
        headers(*X_A, *TOKEN),
        says=way(API_ROOT, THIRD_ROOT),
        preflight=Says(204, (*PUBLIC, (HEADERS, "x-a, authorization"))),
    ),
    Row(
        Departure.REDIRECT_BODY_HEADERS_ASKED,
        lambda site, verdicts: names_asked(site, verdicts)[1] == names_asked(site, verdicts)[2],
        True,
        False,
        headers(*X_A, *JSON, **POST),
        says=way(API_ROOT, f"{API}/second", f"{API}/third"),
    ),
    Row(
        Departure.REDIRECT_AUTHORIZATION_BACK,
        sent("authorization"),
        None,
        "Bearer x",
        headers(*TOKEN, url=OWN),
        says=way(OWN, API_ROOT, f"{API}/second", says=TRUSTED),
    ),
    Row(
        Departure.REDIRECT_DELETE,
        lambda site, verdicts: [each.method for each in site.asked if not each.is_preflight],
        ["DELETE", "DELETE"],
        ["DELETE", "GET"],
        [{"method": "DELETE", "body": "x"}],
        says=way(API_ROOT, THIRD_ROOT, status=307),
        preflight=Says(204, ANYTHING),
    ),
    Row(
        Departure.REDIRECT_307_BODY_HEADERS_BACK,
        lambda site, verdicts: [each.headers.get("content-type") for each in site.asked],
        ["text/plain", None, None, None],
        ["text/plain", None, "text/plain", None],
        headers(("Content-Type", "text/plain"), **POST, url=OWN),
        says={
            **way(OWN, f"{PAGE}/second", status=303),
            f"{PAGE}/second": moved(f"{PAGE}/third", 307),
            f"{PAGE}/third": moved(f"{PAGE}/fourth", 302),
            f"{PAGE}/fourth": Says(),
        },
    ),
    Row(
        Departure.REDIRECT_307_CONTENT_TYPE_BACK,
        lambda site, verdicts: [each.headers.get("content-type") for each in site.asked][-1],
        None,
        "text/plain",
        headers(("Content-Type", "text/plain"), **POST, mode="no-cors"),
        says={
            **way(API_ROOT, f"{API}/second", status=303),
            f"{API}/second": moved(f"{API}/third", 307),
            f"{API}/third": moved(f"{API}/fourth", 302),
            f"{API}/fourth": Says(),
        },
    ),
    Row(
        Departure.REDIRECT_ENCODING,
        sent("accept-encoding"),
        "identity",
        "gzip, deflate",
        headers(("Range", "bytes=0-5")),
        says=way(API_ROOT, THIRD_ROOT),
    ),
    Row(
        Departure.REDIRECT_BODY_HEADERS_BACK,
        lambda site, verdicts: [site.last.headers.get(name) for name in ("content-type", "content-language")],
        [None, None],
        ["text/plain", "de"],
        headers(("Content-Type", "text/plain"), ("Content-Language", "de"), **POST),
        says=way(API_ROOT, f"{API}/second", f"{API}/third"),
    ),
    Row(
        Departure.REDIRECT_CHECKED_WITH_CREDENTIALS,
        code,
        "cors-check-passed",
        "allow-credentials-missing",
        [{"url": OWN}],
        says=way(OWN, API_ROOT, f"{API}/second", says=SHARED),
    ),
    Row(
        Departure.REDIRECT_NO_CORS_ORIGIN,
        sent("origin"),
        PAGE,
        "null",
        [{**POST, "url": OWN, "mode": "no-cors"}],
        says=way(OWN, API_ROOT, status=307),
    ),
    Row(
        Departure.REDIRECT_PREFLIGHT_ORIGIN,
        asked_with("origin"),
        "null",
        PAGE,
        [PUT],
        says=way(API_ROOT, THIRD_ROOT, status=307),
        preflight=Says(204, ANYTHING),
    ),
    Row(
        Departure.REDIRECT_PREFLIGHT_AT_HOME,
        code,
        "allow-origin-missing",
        "cors-check-passed",
        [PUT],
        says=way(API_ROOT, OWN, status=307),
        preflight={API_ROOT: PERMITTING, OWN: Says(204, ((METHODS, "PUT"),))},
    ),
    Row(
        Departure.REDIRECT_PREFLIGHT_SITE,
        asked_with("sec-fetch-site"),
        "cross-site",
        "same-origin",
        [PUT],
        says=way(API_ROOT, OWN, status=307),
        preflight=Says(204, ANYTHING),
    ),
    Row(
        Departure.REDIRECT_PREFLIGHT_CROSS_SITE,
        asked_with("sec-fetch-site"),
        "same-site",
        "cross-site",
        [{**PUT, "url": SIBLING}],
        says=way(SIBLING_ROOT, "https://shop.example.com/", status=307),
        preflight=Says(204, ANYTHING),
    ),
    Row(
        Departure.REDIRECT_CROSS_SITE,
        sent("sec-fetch-site"),
        "same-site",
        "cross-site",
        [{"url": SIBLING}],
        says=way(SIBLING_ROOT, f"{SIBLING}/second"),
    ),
    Row(
        Departure.REDIRECT_NO_METADATA,
        sent("sec-fetch-dest"),
        "empty",
        None,
        [{}],
        says=way(API_ROOT, THIRD_ROOT),
    ),
    Row(
        Departure.REDIRECT_PREFLIGHT_REFERER,
        asked_with("referer"),
        OWN,
        WHOLE_PAGE,
        [{**PUT, "url": OWN}],
        says=way(OWN, SIBLING_ROOT, status=307),
        browser={"page": WHOLE_PAGE},
    ),
    Row(
        Departure.REDIRECT_KEEPS_ORIGIN,
        sent("origin"),
        None,
        PAGE,
        [{**POST, "url": OWN}],
        says=way(OWN, f"{PAGE}/second"),
    ),
    Row(
        Departure.REDIRECT_USER_NAME,
        code,
        "same-origin",
        "location-credentials",
        [{"url": OWN}],
        says={OWN: moved("https://user@app.example.com/second"), f"{PAGE}/second": Says()},
    ),
    Row(
        Departure.NEGATIVE_MAX_AGE,
        methods,
        "OPTIONS PUT PUT",
        "OPTIONS PUT OPTIONS PUT",
        PUT_TWICE,
        preflight=max_age("-60"),
    ),
    Row(
        Departure.MALFORMED_MAX_AGE,
        methods,
        "OPTIONS PUT PUT",
        "OPTIONS PUT OPTIONS PUT",
        PUT_TWICE,
        preflight=max_age("60s"),
    ),
    Row(
        Departure.HUGE_MAX_AGE,
        methods,
        "OPTIONS PUT PUT",
        "OPTIONS PUT OPTIONS PUT",
        [PUT, {**PUT, "after": 6}],
        preflight=max_age(str(2**63)),
    ),
    Row(
        Departure.WILDCARD_NOT_KEPT,
        methods,
        "OPTIONS PUT PUT",
        "OPTIONS PUT OPTIONS PUT",
        PUT_TWICE,
        preflight=KEPT_ANYTHING,
    ),
    Row(
        Departure.WILDCARD_KEPT_WITH_CREDENTIALS,
        methods,
        "OPTIONS PUT OPTIONS PATCH",
        "OPTIONS PUT PATCH",
        [{**PUT, "credentials": "include"}, {"method": "PATCH"}],
        says=Says(headers=TRUSTED),
        preflight=Says(204, (*TRUSTED, (METHODS, "PUT, *"), (MAX_AGE, "60"))),
    ),
    Row(
        Departure.KEPT_WILDCARD_COVERS_AUTHORIZATION,
        lambda site, verdicts: [bool(verdict.preflights) for verdict in verdicts],
        [True, True],
        [True, False],
        [PUT, {**PUT, "headers": TOKEN}],
        preflight=KEPT_ANYTHING,
    ),
    Row(
        Departure.CREDENTIALS_KEPT_APART,
        methods,
        "OPTIONS PUT PUT",
        "OPTIONS PUT OPTIONS PUT",
        [{**PUT, "credentials": "include"}, PUT],
        says=Says(headers=TRUSTED),
        preflight=KEPT_TRUSTED,
    ),
    Row(
        Departure.NULL_NOT_KEPT,
        methods,
        "OPTIONS PUT PUT",
        "OPTIONS PUT OPTIONS PUT",
        PUT_TWICE,
        preflight=Says(204, (*PUBLIC, (METHODS, "PUT"), (MAX_AGE, "60"))),
        browser={"origin": "null"},
    ),
    Row(
        Departure.REDIRECT_NULL_NOT_KEPT,
        lambda site, verdicts: len(verdicts[-1].preflights),
        0,
        1,
        PUT_TWICE,
        says=way(API_ROOT, THIRD_ROOT, status=307),
        preflight=Says(204, (*PUBLIC, (METHODS, "PUT"), (MAX_AGE, "60"))),
    ),
    Row(
        Departure.LAST_ANSWER_ONLY,
        methods,
        "OPTIONS PUT OPTIONS PATCH PUT",
        "OPTIONS PUT OPTIONS PATCH OPTIONS PUT",
        [PUT, {"method": "PATCH"}, PUT],
        preflight=[KEPT, Says(204, (*PUBLIC, (METHODS, "PATCH"), (MAX_AGE, "60"))), KEPT],
    ),
    Row(
        Departure.KEPT_THOUGH_REFUSED,
        methods,
        "OPTIONS OPTIONS PUT",
        "OPTIONS PUT",
        [{"method": "PATCH"}, PUT],
        preflight=KEPT,
    ),
    Row(
        Departure.KEPT_AFTER_FAILURE,
        methods,
        "OPTIONS PUT OPTIONS PUT",
        "OPTIONS PUT PUT",
        PUT_TWICE,
        says=Says(headers=()),
        preflight=KEPT,
    ),
    Row(
        Departure.KEPT_AFTER_REDIRECT_ERROR,
        # Engines that keep it after any failure do not forget it either.
        lambda site, verdicts: (
            site.methods.count("OPTIONS") == 1 and Departure.KEPT_AFTER_FAILURE not in verdicts[0].departures
        ),
        False,
        True,
        [{**PUT, "redirect": "error"}] * 2,
        says=way(API_ROOT, THIRD_ROOT),
        preflight=KEPT,
    ),
    Row(
        Departure.ASKED_AGAIN_UNCACHED,
        methods,
        "OPTIONS PUT PUT PUT",
        "OPTIONS PUT OPTIONS PUT OPTIONS PUT",
        [PUT, {**PUT, "cache": "no-store"}, {**PUT, "cache": "reload"}],
        preflight=KEPT,
    ),
    Row(
        Departure.ASKED_AGAIN_NO_CACHE,
        methods,
        "OPTIONS PUT PUT",
        "OPTIONS PUT OPTIONS PUT",
        [PUT, {**PUT, "cache": "no-cache"}],
        preflight=KEPT,
    ),
    Row(
        Departure.PASSWORD_PROMPT,
        code,
        "cors-check-passed",
        "password-prompt",
        [{"credentials": "include"}],
        says=Says(401, (*TRUSTED, ("WWW-Authenticate", "Bearer"), ("WWW-Authenticate", 'Basic realm="x"'))),
    ),
    Row(
        Departure.PASSWORD_PROMPT_ANYWHERE,
        code,
        "cors-check-passed",
        "password-prompt",
        [{"credentials": "include"}],
        says=Says(401, (*TRUSTED, ("WWW-Authenticate", 'Bearer, Digest realm="x"'))),
    ),
    Row(
        Departure.DATA_URL_LENGTH,
        lambda site, verdicts: verdicts[0].response.get("Content-Length") if verdicts[0].response else "",
        None,
        "3",
        [{"url": "data:,abc"}],
    ),
]

#: Acted out by ``tests/engines``, because Browser has no HTTP cache and opens no WebSockets.
WITHOUT_ROW = {
    Departure.FRAMES_CACHED_APART,
    Departure.CREDENTIALS_CACHED_APART,
    Departure.WEBSOCKET_NO_METADATA,
    Departure.WEBSOCKET_DESTINATION,
}

#: Those of cookies have theirs in test_cookies.py.
OF_COOKIES = {each for each in Departure if each.name.startswith("COOKIE")}


SPECIFICATIONS = {
    "fetch": (
        "css-fonts",
        "fetch",
        "fetch-metadata",
        "html",
        "local-network-access",
        "mixed-content",
        "referrer-policy",
    ),
    "cookies": ("rfc6265bis", "partitioned-cookies"),
}


def test_every_departure_has_a_row() -> None:
    assert {row.departure for row in ROWS} == set(Departure) - WITHOUT_ROW - OF_COOKIES
    assert len({row.departure for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("engine", PROFILES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.departure.id)
def test_an_engine_departs_where_its_profile_says(row: Row, engine: str) -> None:
    clock = Clock()
    site = Site(row.says, row.preflight)
    options: dict[str, Any] = {"origin": PAGE, "clock": clock, "engine": engine} | dict(row.browser)
    browser = Browser(site, options.pop("origin"), **options)
    verdicts = []
    for each in row.fetches:
        init = dict(each)
        clock.now += init.pop("after", 0)
        verdicts.append(browser.fetch(init.pop("url", API), **init))
    departs = engine in row.departure.measured
    assert row.look(site, verdicts) == (row.departing if departs else row.standard)
    assert any(row.departure in verdict.departures for verdict in verdicts) == departs


@pytest.mark.parametrize(
    ("engine", "destination", "mode"),
    [
        ("standard", "empty", "websocket"),
        ("chromium", None, None),
        ("firefox", "empty", "websocket"),
        ("webkit", "websocket", "websocket"),
    ],
)
def test_the_handshake_of_a_websocket(engine: str, destination: str | None, mode: str | None) -> None:
    request = Request(
        method="GET",
        url_list=[parse_url(f"{PAGE}/socket")],
        header_list=[],
        origin=parse_origin(PAGE),
        referrer=None,
        referrer_policy="",
        mode="websocket",
        credentials="include",
        redirect="error",
        profile=PROFILES[engine],
    )
    sent = dict(headers_to_send(request, None, streamed=False, is_preflight=False))
    assert (sent["Origin"], sent.get("Sec-Fetch-Dest"), sent.get("Sec-Fetch-Mode")) == (PAGE, destination, mode)


@pytest.mark.parametrize(("engine", "referer"), [("standard", OWN), ("chromium", None), ("firefox", None)])
def test_the_referer_from_https_to_this_machine(engine: str, referer: str | None) -> None:
    site = Site()
    Browser(site, PAGE, engine=engine).fetch("http://localhost:8000/")
    assert site.last.headers.get("referer") == referer


@pytest.mark.parametrize(
    ("page", "url", "allowed", "code"),
    [
        (PAGE, "https://192.168.1.20/", None, "cors-check-passed"),
        (PAGE, "https://192.168.1.20/", True, "cors-check-passed"),
        (PAGE, "https://192.168.1.20/", False, "local-network-denied"),
        # A page that others can tamper with may not even ask.
        ("http://example.com", "https://localhost/", True, "local-network-denied"),
        ("http://example.com", "https://localhost/", None, "cors-check-passed"),
        ("http://localhost:3000", "https://localhost/", False, "cors-check-passed"),
        (PAGE, API, False, "cors-check-passed"),
    ],
)
def test_local_network_access(page: str, url: str, allowed: bool | None, code: str) -> None:
    verdict = Browser(Site(READABLE), page, engine="chromium", local_network=allowed).fetch(url)
    assert str(verdict.reason.code) == code


# The limits of single departures


def departing(*departures: Departure) -> Callable[[Departure], bool]:
    return lambda departure: departure in departures


@pytest.mark.parametrize(
    ("name", "value", "safe"),
    [
        ("DPR", "2", True),
        ("DPR", "2.5", True),
        ("DPR", "2.", False),
        ("DPR", "x", False),
        ("Device-Memory", "0.5", True),
        ("Downlink", "1.5", True),
        ("Width", "1.5", False),
        ("Viewport-Width", "100", True),
        ("RTT", "-1", False),
        ("ECT", "slow-2g", True),
        ("ECT", "4G", False),
        ("Save-Data", "on", True),
        ("Save-Data", "off", False),
        ("Intervention", "a" * 128, True),
        ("Intervention", "a" * 129, False),
        ("X-A", "1", False),
    ],
)
def test_client_hints_that_make_sense(name: str, value: str, safe: bool) -> None:
    assert is_safelisted(name, value, departing(Departure.CLIENT_HINTS)) is safe
    assert not is_safelisted(name, value, departing())


@pytest.mark.parametrize(
    ("parameters", "safe"),
    [
        ("", True),
        (";", True),
        (";;", False),
        ("; ;", False),
        (";a=b", True),
        (";a=b;", False),
        (";a=b; ", False),
        (";;a=b", True),
        (";a,", False),
        ("; a=b, c", False),
        (";a=é", False),
        (";=", True),
    ],
)
def test_parameters_that_firefox_reads(parameters: str, safe: bool) -> None:
    value = f"text/plain{parameters}"
    assert is_safelisted("Content-Type", value, departing(Departure.CONTENT_TYPE_PARAMETERS)) is safe
    assert is_safelisted("Content-Type", value, departing())


@pytest.mark.parametrize(
    ("value", "sent_as"),
    [
        ("bytes=0-5", "bytes=0-5"),
        ("Bytes = 00 - 05", "bytes=0-5"),
        ("bytes=,5-,", "bytes=5-"),
        ("BYTES=-5", "bytes=-5"),
        ("bytes=-0", "bytes=-0"),
        ("bytes=-", "bytes=-"),
        ("bytes=5-0", "bytes=5-0"),
        ("bytes=0-1, 3-4", "bytes=0-1, 3-4"),
        ("lines=0-5", "lines=0-5"),
        (f"bytes=00-{2**63 - 1}", f"bytes=00-{2**63 - 1}"),
        (f"bytes=00-{'9' * 5000}", f"bytes=00-{'9' * 5000}"),
    ],
)
def test_ranges_as_chromium_rewrites_them(value: str, sent_as: str) -> None:
    for method, expected in {"GET": sent_as, "POST": value}.items():
        site = Site()
        Browser(site, PAGE, engine="chromium").fetch("/", method=method, headers=[("Range", value)])
        assert site.last.headers["range"] == expected


def test_ranges_in_any_case_have_a_limit() -> None:
    departs = departing(Departure.RANGE_CASE, Departure.RANGE_64_BITS)
    assert is_safelisted("Range", f"BYTES=0-{2**64 - 1}", departs)
    assert not is_safelisted("Range", f"BYTES=0-{2**64}", departs)


def test_joined_lines_count_once_in_the_sum() -> None:
    lines = [("Accept", "a" * 128)] * 9
    assert unsafe_header_names([*lines, ("Accept-Language", "en")], departing()) == ["accept", "accept-language"]
    joined = unsafe_header_names([*lines, ("Accept-Language", "en")], departing(Departure.SAFELIST_JOINED))
    assert joined == ["accept"]


def test_why_a_preflight_asks_is_told_as_the_engine_sees_it() -> None:
    def why(engine: str, *pairs: tuple[str, str], says: Any = READABLE) -> str:
        preflight = Says(204, (*PUBLIC, (HEADERS, "*, authorization")))
        verdict = Browser(Site(says, preflight), PAGE, engine=engine).fetch(API, headers=pairs)
        return verdict.preflights[-1].why[-1].sentence

    assert "is set 2 times, and its joined value" in why("webkit", ("Accept", "a" * 99), ("Accept", "b" * 99))
    redirect = way(API_ROOT, THIRD_ROOT)
    assert "asks for it after the redirect too" in why("webkit", *TOKEN, says=redirect)
    assert "asks again after a redirect" in why("firefox", *TOKEN, says=redirect)


def test_a_preflight_that_was_kept_serves_after_a_redirect() -> None:
    """Firefox asks again after a redirect, but not for what it remembers."""
    says = way(API_ROOT, f"{API}/second", status=303)
    site = Site(says, Says(204, (*NAMED, (MAX_AGE, "60"))))
    browser = Browser(site, PAGE, engine="firefox")
    for _ in range(2):
        browser.fetch(API, method="PUT")
    assert site.methods == ["OPTIONS", "PUT", "OPTIONS", "GET", "PUT", "GET"]


def test_a_redirect_that_webkit_refuses_is_preflighted_first() -> None:
    says = way(OWN, API_ROOT, THIRD_ROOT, status=307, says=SHARED)
    site = Site(says, Says(204, ANYTHING))
    verdict = Browser(site, PAGE, engine="webkit").fetch("/", method="PUT")
    assert (site.methods, verdict.reason.step) == (["PUT", "OPTIONS", "PUT", "OPTIONS"], "redirect")
    any_origin = way(OWN, API_ROOT, f"{API}/second", says=(*PUBLIC, (CREDENTIALS, "true")))
    verdict = Browser(Site(any_origin), PAGE, engine="webkit").fetch("/")
    assert str(verdict.reason.code) == "allow-origin-wildcard-with-credentials"


def test_mixed_content_of_other_pages_is_blocked_in_every_engine() -> None:
    for engine in ENGINES:
        for page in (PAGE, "capacitor://localhost"):
            verdict = Browser(Site(READABLE), page, engine=engine).fetch("http://api.example.com/")
            assert str(verdict.reason.code) == "mixed-content"


# Regardless of what a server says

HOSTILE = st.one_of(
    st.sampled_from(["*", PAGE, "null", "true", "PUT, *", "x-a, authorization, *", "60", "-1", "9" * 5000, "", ",,,"]),
    st.sampled_from([API_ROOT, THIRD_ROOT, OWN, "//:", "http://user@third.example/", "data:,x", 'Basic realm="x"']),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40),
)
NAMES = [
    ORIGIN,
    CREDENTIALS,
    METHODS,
    HEADERS,
    MAX_AGE,
    "Location",
    "Referrer-Policy",
    "WWW-Authenticate",
    "Set-Cookie",
]
ANSWERS = st.builds(
    Says,
    st.sampled_from([200, 204, 301, 302, 303, 307, 308, 401, 404, 500]),
    st.lists(st.tuples(st.sampled_from(NAMES), HOSTILE), max_size=8),
)


@given(
    answer=ANSWERS,
    preflight=ANSWERS,
    engine=st.sampled_from(ENGINES),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "patch"]),
    script=st.lists(
        st.tuples(st.sampled_from(["X-A", "Range", "Accept", "Content-Type", "Authorization", "DPR"]), HOSTILE),
        max_size=4,
    ),
    credentials=st.sampled_from(["omit", "same-origin", "include"]),
)
def test_every_engine_comes_to_a_verdict_whatever_a_server_says(
    answer: Says, preflight: Says, engine: str, method: str, script: Pairs, credentials: str
) -> None:
    site = Site(answer, preflight)
    browser = Browser(site, PAGE, engine=engine)
    for _ in range(2):
        before = len(site.asked)
        verdict = browser.fetch(API, method=method, headers=script, credentials=credentials)
        assert verdict.outcome in ("readable", "blocked")
        assert len(verdict.exchanges) == len(site.asked) - before <= 2 * 21
        assert set(verdict.departures) <= PROFILES[engine].departures


# The table of engines


def test_an_unknown_engine_is_refused_with_the_list() -> None:
    fault = "^there is no engine 'netscape'; choose one of standard, chromium, firefox, webkit$"
    with pytest.raises(ValueError, match=fault):
        Browser(Site(), PAGE, engine="netscape")


def test_an_unknown_cache_mode_is_refused_with_the_list() -> None:
    with pytest.raises(TypeError, match='refuses cache "never"; it may be "default", "no-store"'):
        Browser(Site(), PAGE).fetch(API, cache="never")


@pytest.mark.parametrize(
    ("mode", "headers"),
    [
        ("default", (None, None)),
        ("force-cache", (None, None)),
        ("no-cache", ("max-age=0", None)),
        ("no-store", ("no-cache", "no-cache")),
        ("reload", ("no-cache", "no-cache")),
    ],
)
def test_what_a_cache_mode_adds(mode: str, headers: tuple[str | None, str | None]) -> None:
    site = Site()
    Browser(site, PAGE).fetch(API, cache=mode)
    assert (site.last.headers.get("cache-control"), site.last.headers.get("pragma")) == headers


def test_a_profile_is_made_of_the_table() -> None:
    assert tuple(PROFILES) == ("standard", *ENGINES)
    assert PROFILES["standard"].departures == frozenset()
    assert dict(MAX_AGE_CAPS) == {"chromium": 7200, "firefox": 86400, "webkit": 600}
    for engine in ENGINES:
        assert PROFILES[engine].departures == {each for each in Departure if engine in each.measured}
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROFILES["webkit"].max_age_cap = 7200  # type: ignore[misc]  # that it cannot be done is what is tested


def test_the_table_is_whole() -> None:
    for departure in Departure:
        assert departure.measured
        assert set(departure.measured) <= set(ENGINES)
        specification = departure.anchor.partition("#")[0]
        assert specification in SPECIFICATIONS["cookies" if departure in OF_COOKIES else "fetch"]
        for sentence in (departure.standard, departure.does, departure.advice):
            assert sentence.endswith(".")
    assert Departure.RANGE_CASE.id == "range-case"


def test_each_engine_remembers_preflights_up_to_its_cap() -> None:
    for engine, cap in MAX_AGE_CAPS.items():
        clock = Clock()
        site = Site(preflight=Says(204, (*NAMED, (MAX_AGE, "100000"))))
        browser = Browser(site, PAGE, engine=engine, clock=clock)
        for moment in (0, cap - 1, cap):
            clock.now = 1000.0 + moment
            browser.fetch(API, method="PUT")
        assert site.methods == ["OPTIONS", "PUT", "PUT", "OPTIONS", "PUT"]
