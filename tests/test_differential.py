"""Generated policies and requests: ``protocol``, ``browser`` and ``explain`` agree with a third, naive evaluation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import naive
import pytest
import webob
from amounts import examples
from front_ends import FRONT_ENDS, App, Pairs
from hypothesis import assume, example, given
from hypothesis import strategies as st
from naive import Gets, Script
from scripted_site import Clock

from corswsgi import CORSMiddleware, Policy, PolicyError, explain
from corswsgi.browser import Browser, Code, Verdict

SERVER = "https://api.example.net"
APP, SHOP, SUB = "https://app.example.com", "https://shop.example.com:8443", "https://a.b.example.com"
LOCAL = "http://localhost:3000"

#: So few that pages and policies meet often; none of them is malformed, as browsers send no such origin.
PAGES = (
    *(APP, SHOP, SUB, LOCAL, SERVER, "null"),
    *("http://app.example.com", f"{APP}:8443", "https://example.com", "https://app.example.com.", "http://localhost"),
    *("https://evil-example.com", "https://app.example.com.evil.example", "https://appxexample.com"),
    *("capacitor://localhost", "https://[2001:db8::1]:8443", "http://127.0.0.1:8000", "https://xn--fa-hia.de"),
)
ENTRIES = (
    *(APP, SHOP, LOCAL, "null", SERVER, "capacitor://localhost", "https://[2001:db8::1]:8443"),
    *("https://*.example.com", "https://*.example.com:8443", "https://*.example.com:*", "http://localhost:*"),
    *("https://*.com", "http://*.example.com", "https://app.example.com:*"),
    re.compile(r"https://(app|shop)\.example\.com(:8443)?"),
    re.compile(r"https://.*\.example\.com"),
    re.compile("http://a|https://app"),
)
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "put", "delete", "PATCH", "patch", "Chicken", "x!#", "TRACE", "a b")
NAMES = (
    *("x-a", "X-B", "x-c", "Authorization", "Content-Type", "content-language", "Accept", "Range", "If-None-Match"),
    *("Cookie", "Sec-Anything", "Origin", "X-HTTP-Method-Override"),
)
VALUES = (
    *(
        "1",
        "",
        "text/plain",
        "TEXT/Plain ; charset=utf-8",
        "application/json",
        "text/plain, a",
        "en",
        "de-AT, de;q=0.5",
    ),
    *("bytes=0-", "bytes=0-5", "bytes=5-0", "bytes=-5", "bytes= 0-5", "Bytes=0-5", "bytes=0-5,7-8", "bytes=01-1"),
    *("a/b(c)", "\xe9", "a\tb", "TRACE", "put, trace", "a" * 128, "a" * 129, "a" * 120),
)
RESPONSE_HEADERS = (
    *(("Content-Type", "text/plain"), ("X-Total", "7"), ("ETag", '"1"'), ("X-Secret", "s"), ("Set-Cookie", "a=b")),
    *(("Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT"), ("Set-Cookie2", "c=d"), ("authorization", "e")),
    # What the policy replaces, and what it adds to.
    *(("access-control-allow-origin", "https://evil.example"), ("Access-Control-Expose-Headers", "X-Secret")),
    *(("Access-Control-Allow-Credentials", "true"), ("vary", "Cookie")),
)


class Among:
    """A callable for ``allow_origins`` that allows a set of origins."""

    def __init__(self, origins: Iterable[str]) -> None:
        self.origins = frozenset(origins)

    def __call__(self, origin: str, request: object) -> bool:
        return origin in self.origins

    def __repr__(self) -> str:
        return f"Among({sorted(self.origins)})"


def names(*known: str, most: int = 4) -> st.SearchStrategy[Any]:
    listed = st.lists(st.sampled_from(known), max_size=most)
    return st.just("*") | listed | listed.map(lambda some: [*some, "*"]) | st.sampled_from(known)


ORIGINS = (
    st.just("*")
    | st.sampled_from(ENTRIES)
    | st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=4)
    | st.lists(st.sampled_from((APP, LOCAL, SUB)), min_size=1, max_size=3)
    | st.lists(st.sampled_from(PAGES), max_size=6).map(Among)
)
#: Of every option but ``allow_origins``, and ``dangerously_allow``, which :func:`as_accepted` adds.
OPTIONAL = {
    "allow_methods": names("PUT", "put", "Delete", "OPTIONS", "PATCH", "patch", "Chicken", "GET", "x!#"),
    "allow_headers": names("x-a", "X-A", "x-b", "X-C", "authorization", "Content-Type", "accept", "Range"),
    "allow_credentials": st.booleans(),
    "expose_headers": names("X-Total", "x-total", "ETag", "Vary", "Access-Control-Allow-Origin", "authorization"),
    "max_age": st.sampled_from((None, 0, 1, 5, 6, 600, 86400)),
    "enforce": st.booleans(),
    "allow_timing": st.booleans(),
    "preflight_status": st.sampled_from((200, 204, 299)),
    "vary": st.lists(st.sampled_from(("Cookie", "origin", "X-Tenant")), max_size=2),
}
DECLARED = st.fixed_dictionaries({"allow_origins": ORIGINS}, optional=OPTIONAL)


def as_accepted(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options without what no policy may say with credentials."""
    if options.get("allow_credentials"):
        options = {**options, "dangerously_allow": ("insecure-origins", "public-suffixes")}
        if "*" in naive.names_of(options, "expose_headers"):
            options["expose_headers"] = ["X-Total"]
        if naive.is_any(options) or options["allow_origins"] == "null":
            options["allow_origins"] = [APP, SUB]
        elif isinstance(options["allow_origins"], list):
            options["allow_origins"] = [entry for entry in options["allow_origins"] if entry != "null"] or APP
    return options


OPTIONS = DECLARED.map(as_accepted)
CREDENTIALS = st.sampled_from(("omit", "same-origin", "include"))
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=3).map(tuple)
#: Safelisted one by one, and near the 1024 bytes that they may have together.
MANY_SAFE = st.tuples(st.integers(90, 128), st.integers(1, 20)).map(lambda sizes: many_safe(*sizes))


def many_safe(last: int, language: int) -> tuple[tuple[str, str], ...]:
    """Return headers of 896 + ``last`` + ``language`` bytes."""
    values = ["a" * 128] * 7 + ["a" * last]
    return (*(("Accept", value) for value in values), ("Accept-Language", "e" * language))


SCRIPTS = st.builds(Script, st.sampled_from(PAGES), st.sampled_from(METHODS), HEADERS | MANY_SAFE, CREDENTIALS)
#: Of these most origins are allowed, so that the rules after the first have their turn.
WELCOME = st.builds(Script, st.just(APP), st.sampled_from(METHODS[:-2]), HEADERS | MANY_SAFE, CREDENTIALS)
WELCOMING = st.builds(
    lambda options, origins: as_accepted({**options, "allow_origins": origins}),
    DECLARED,
    st.sampled_from(("*", APP, [APP, SUB], "https://*.example.com", ENTRIES[-2], Among([APP]))),
)
Case = tuple[dict[str, Any], Script]
CASES: st.SearchStrategy[Case] = st.tuples(OPTIONS, SCRIPTS) | st.tuples(WELCOMING, WELCOME)


class Site:
    """An application that answers everything alike, and counts."""

    def __init__(self) -> None:
        self.reached = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.reached += 1
        start_response("200 OK", list(RESPONSE_HEADERS))
        return [b"OK"]


def run(options: dict[str, Any], script: Script) -> tuple[Verdict | None, int]:
    """Return what the browser says, ``None`` where fetch() throws; and how often the application was reached."""
    site = Site()
    browser = Browser(CORSMiddleware(site, Policy(**options)), script.page)
    try:
        return fetch(browser, script), site.reached
    except TypeError:
        return None, site.reached


def fetch(browser: Browser, script: Script) -> Verdict:
    return browser.fetch(
        f"{SERVER}/path?a=b", method=script.method, headers=script.headers, credentials=script.credentials
    )


def expected_of(options: dict[str, Any], script: Script) -> Gets:
    """Return the naive evaluation, of the headers that the application and the layer send together."""
    # fetch#append-a-request-origin-header: to its own server a page names itself only where it may change something.
    names_itself = script.page != SERVER or naive.normalized(script.method) not in ("GET", "HEAD")
    headers = {"origin": script.page} if names_itself else {}
    sent = naive.sent(options, script.method, headers, is_same_origin=script.page == SERVER)
    present = {name.lower() for name, _ in naive.decorated(RESPONSE_HEADERS, sent.lines, sent.times)}
    return naive.gets(options, script, SERVER, present)


#: What was missing, by the reason that the browser gives.
WHY = {
    Code.SAME_ORIGIN: "",
    Code.CORS_CHECK_PASSED: "",
    Code.ALLOW_ORIGIN_MISSING: "origin",
    Code.ALLOW_ORIGIN_MISMATCH: "origin",
    Code.ALLOW_ORIGIN_WILDCARD: "origin",
    Code.ALLOW_CREDENTIALS_MISSING: "credentials",
    Code.METHOD_NOT_ALLOWED: "method",
    Code.AUTHORIZATION_NOT_LISTED: "authorization",
    Code.HEADER_NOT_ALLOWED: "header",
}


@examples(600)
@given(CASES)
@example(({"allow_origins": "*"}, Script("null", "GET", (), "omit")))
@example(({"allow_origins": APP, "expose_headers": "*"}, Script(APP, "PUT", (("Authorization", "1"),), "include")))
@example(
    ({"allow_origins": [APP, SHOP]}, Script(APP, "GET", tuple((f"x-{number}", "") for number in range(300)), "omit"))
)
@example(
    (
        {"allow_origins": [APP, SHOP], "allow_credentials": True, "allow_headers": "*"},
        Script(APP, "GET", tuple((f"x-{number}", "") for number in range(257)), "include"),
    )
)
@example(
    (
        {"allow_origins": [APP, SHOP], "allow_credentials": True, "allow_headers": "*"},
        Script(APP, "GET", tuple((f"x-{number}", "") for number in range(256)), "include"),
    )
)
@example(({"allow_origins": APP, "enforce": True}, Script("https://evil.example", "POST", (), "omit")))
@example(({"allow_origins": APP, "enforce": True}, Script(SERVER, "DELETE", (), "same-origin")))
@example(({"allow_origins": APP}, Script(APP, "GET", many_safe(127, 1), "omit")))
@example(({"allow_origins": APP}, Script(APP, "GET", many_safe(128, 1), "omit")))
def test_the_browser_reads_what_the_rules_let_it_read(case: Case) -> None:
    options, script = case
    verdict, reached = run(options, script)
    expected = expected_of(options, script)
    if verdict is None:
        assert expected.blocked == "throws"
        assert reached == 0
        return
    assert WHY[verdict.reason.code] == expected.blocked
    assert len(verdict.preflights) == expected.asks
    assert reached == expected.reaches
    assert verdict.allowed == (expected.blocked == "")
    readable = set() if verdict.response is None else {name for name, _ in verdict.response.headers}
    assert readable == expected.readable


def test_the_browser_says_nothing_else_for_policies_than_the_reasons_of_this_table() -> None:
    """An answer may be wrong in other ways, but not in what the policy says."""
    assert {Code.ALLOW_ORIGIN_MULTIPLE, Code.ALLOW_METHODS_INVALID, Code.METHOD_WILDCARD}.isdisjoint(WHY)


#: Policies and scripts that go together, so that most preflights permit something.
GENEROUS = st.fixed_dictionaries(
    {
        "allow_origins": st.sampled_from(("*", APP, [APP, SUB])),
        "allow_methods": st.sampled_from(("*", ["PUT", "patch"])),
        "allow_headers": st.sampled_from(("*", ["*", "Authorization"], ["x-a", "Authorization", "X-B", "x-c"])),
        "max_age": st.sampled_from((None, 0, 1, 5, 600, 86400)),
    },
    optional={"allow_credentials": st.booleans()},
).map(as_accepted)
ASKING = st.builds(
    Script,
    st.just(APP),
    st.sampled_from(("GET", "PUT", "patch")),
    st.lists(st.tuples(st.sampled_from(("x-a", "X-B", "Authorization", "Accept")), st.just("1")), max_size=2).map(
        tuple
    ),
    CREDENTIALS,
)
TIMES = st.sampled_from((0.0, 0.5, 1.0, 4.9, 5.0, 599.0, 600.0, 7199.0, 7200.0, 90000.0))


@examples(300)
@given(GENEROUS, ASKING, CREDENTIALS, TIMES)
@example({"allow_origins": APP, "allow_methods": "*"}, Script(APP, "PUT", (), "omit"), "omit", 599.0)
@example({"allow_origins": APP, "allow_methods": "PUT"}, Script(APP, "PUT", (), "omit"), "include", 1.0)
@example(
    {"allow_origins": APP, "allow_methods": "*", "allow_headers": "*", "allow_credentials": True, "max_age": 86400},
    Script(APP, "PUT", (("X-A", "1"),), "include"),
    "omit",
    7199.0,
)
def test_what_a_preflight_permitted_is_remembered_as_long_as_the_rules_say(
    options: dict[str, Any], script: Script, credentials: str, seconds: float
) -> None:
    again = Script(script.page, script.method, script.headers, credentials)
    first, second = expected_of(options, script), expected_of(options, again)
    assume(first.asks and not first.blocked)
    clock = Clock()
    browser = Browser(CORSMiddleware(Site(), Policy(**options)), script.page, clock=clock)
    assert fetch(browser, script).allowed
    clock.now += seconds
    verdict = fetch(browser, again)
    assert len(verdict.preflights) == (not naive.is_remembered(options, script, again, seconds, cap=7200))
    assert verdict.allowed == (second.blocked == "")


@examples(400)
@given(CASES)
@example(({"allow_origins": APP}, Script(APP, "TRACE", (), "omit")))
def test_explain_foretells_what_the_rules_say(case: Case) -> None:
    options, script = case
    assume(script.page != SERVER)  # explain() is of requests across origins
    assume(not any(name == "X-HTTP-Method-Override" for name, _ in script.headers))  # has a test of its own
    # What the browser itself says in Accept-Language counts as well, and nobody but the user knows its length.
    assume(not 990 < sum(len(value) for _, value in script.headers) <= 1024)
    told = explain(
        Policy(**options),
        origin=script.page,
        method=script.method,
        request_headers=script.headers,
        request=webob.Request.blank("/"),
    )
    without, including = (
        expected_of(options, Script(script.page, script.method, script.headers, mode)) for mode in ("omit", "include")
    )
    assert ("fetch() itself refuses" in told) == (without.blocked == "throws")
    assert ("asks first, with a preflight" in told) == without.asks
    assert ("Readable: " in told) == (without.blocked == "")
    assert ("Blocked: " in told) == (without.blocked not in ("", "throws"))
    assert ('With credentials: "include" it would be blocked' in told) == (
        without.blocked == "" and including.blocked != ""
    )
    reached = "The application answers" in told
    assert reached == without.reaches
    missing = {"method": "the method", "header": "the header", "authorization": "the header authorization"}
    if without.blocked in missing:
        assert f"Blocked: {missing[without.blocked]}" in told


def test_explain_knows_that_an_override_with_a_forbidden_method_is_dropped() -> None:
    script = Script(APP, "GET", (("X-HTTP-Method-Override", "TRACE"),), "omit")
    assert not expected_of({"allow_origins": APP}, script).asks
    assert "without a preflight" in explain(Policy(APP), origin=APP, request_headers=script.headers)


# What is sent, over both front ends, to requests that browsers do not make too.

RAW_ORIGINS = st.sampled_from(
    (*PAGES, f"{APP}/", APP.upper(), f"{APP}:443", "", f"{APP}, {SHOP}", "NULL", "*", "https://")
)
RAW_METHODS = st.sampled_from(("PUT", "GET", "", "a b", "PUT,GET", "patch", "(", "x" * 50))
RAW_NAMES = st.sampled_from(
    ("x-a", "", ",", "X-A, x-b,,x-a", "authorization,x-a", "x a", "x-a,(", "Authorization", "," * 16385, "x" * 16385)
) | st.integers(250, 260).map(lambda number: ",".join(f"x-{place}" for place in range(number)))
RAW = st.fixed_dictionaries(
    {},
    optional={
        "origin": RAW_ORIGINS,
        "access-control-request-method": RAW_METHODS,
        "access-control-request-headers": RAW_NAMES,
        "sec-fetch-site": st.sampled_from(("same-origin", "none", "cross-site", "same-site")),
    },
)
OWN = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *("Vary", "vary", "X-A", "Age", "Access-Control-Allow-Origin", "ACCESS-CONTROL-MAX-AGE", "Via"),
                *("Timing-Allow-Origin", "timing-allow-origin"),
            )
        ),
        st.sampled_from(("*", "Origin", "origin, Accept", "Cookie", "7", ", Cookie,, cookie")),
    ),
    max_size=5,
)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@examples(300)
@given(OPTIONS, st.sampled_from(("GET", "OPTIONS", "OPTIONS", "POST", "PUT")), RAW, OWN)
@example({"allow_origins": APP, "vary": "Cookie"}, "GET", {"origin": APP}, [("Vary", "*")])
@example({"allow_origins": [APP, SHOP], "enforce": True}, "POST", {"origin": SUB, "sec-fetch-site": "same-origin"}, [])
def test_both_front_ends_send_what_the_rules_say(
    front_end: str, options: dict[str, Any], method: str, headers: dict[str, str], own: list[tuple[str, str]]
) -> None:
    is_same_origin = headers.get("sec-fetch-site") in ("same-origin", "none")
    expected = naive.sent(options, method, headers, is_same_origin)
    app = App(headers=(("Content-Type", "text/plain"), *own))
    pairs: Pairs = [*headers.items()]
    reply = FRONT_ENDS[front_end](Policy(**options), method, "/", pairs, app)
    assert bool(app.seen) == (expected.status is None)
    assert reply.status == (expected.status or 200)
    added = naive.decorated(own, expected.lines, expected.times) if expected.status is None else expected.lines
    ruled = ("access-control-", "vary", "timing-allow-origin")
    assert reply.cors == [pair for pair in added if pair[0].lower().startswith(ruled)]
    assert [pair for pair in reply.headers if pair[0] in ("X-A", "Age", "Via")] == [
        pair for pair in (own if app.seen else ()) if pair[0] in ("X-A", "Age", "Via")
    ]


# The third evaluation itself


def test_the_naive_evaluation_imports_nothing_of_the_package() -> None:
    tree = ast.parse(Path(naive.__file__).read_text("utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))
    assert modules == {"__future__", "collections.abc", "dataclasses", "itertools", "typing"}


@pytest.mark.parametrize(
    ("options", "script", "expected"),
    [
        ({"allow_origins": APP}, Script(APP, "GET", (), "omit"), ""),
        ({"allow_origins": APP}, Script(SUB, "GET", (), "omit"), "origin"),
        ({"allow_origins": "*"}, Script(SUB, "GET", (), "include"), "origin"),
        ({"allow_origins": APP}, Script(APP, "GET", (), "include"), "credentials"),
        ({"allow_origins": APP}, Script(APP, "PUT", (), "omit"), "method"),
        (
            {"allow_origins": APP, "allow_headers": "*"},
            Script(APP, "GET", (("Authorization", "a"),), "omit"),
            "authorization",
        ),
        ({"allow_origins": APP}, Script(APP, "GET", (("X-A", "a"),), "omit"), "header"),
        ({"allow_origins": APP}, Script(APP, "TRACE", (), "omit"), "throws"),
    ],
)
def test_the_naive_evaluation_tells_reasons_apart(options: dict[str, Any], script: Script, expected: str) -> None:
    assert naive.gets(options, script, SERVER, ()).blocked == expected


def test_the_policies_of_these_tests_are_of_every_kind() -> None:
    """Each entry is accepted alone, with and without credentials; what is not is told here, not passed over."""
    for entry in ENTRIES:
        Policy(**as_accepted({"allow_origins": [entry], "allow_credentials": False}))
        Policy(**as_accepted({"allow_origins": [entry], "allow_credentials": True}))
    with pytest.raises(PolicyError):
        Policy("null", allow_credentials=True)
