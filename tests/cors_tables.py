"""Policies, requests and what is answered to each, as plain data; who runs them is decided elsewhere.

Every :class:`Table` is one policy, and every :class:`Case` in it one request with its response: the status, and exactly
the lines of ``Access-Control-*`` and ``Vary``. Ids are unique, of tables in :data:`TABLES` and of cases in a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import webob

Pair = tuple[str, str]
Pairs = tuple[Pair, ...]


class Given(NamedTuple):
    """What the application answers."""

    status: str = "200 OK"
    headers: Pairs = (("Content-Type", "text/plain"), ("Content-Length", "2"))
    body: bytes = b"OK"


OK = Given()


class Case(NamedTuple):
    """One request and the response to it.

    :ivar headers: of the request.
    :ivar cors: of the response, the lines of ``Access-Control-*`` and ``Vary``, all of them, in any order.
    :ivar passes: whether the application sees the request.
    """

    id: str
    method: str
    headers: Pairs
    status: int
    cors: Pairs
    passes: bool
    given: Given = OK


class Table(NamedTuple):
    """One policy and the requests that test it."""

    id: str
    options: Mapping[str, Any]
    cases: tuple[Case, ...]


class Origins(NamedTuple):
    """A value of ``allow_origins`` with origins that it allows and origins that it refuses.

    :ivar constant: what every response has in ``Access-Control-Allow-Origin``; ``""`` for a dynamic policy.
    """

    id: str
    value: Any
    constant: str
    allowed: tuple[str, ...]
    refused: tuple[str, ...]


class Names(NamedTuple):
    """A value of ``allow_methods``, ``allow_headers`` or ``expose_headers`` and the line it makes, ``""`` for none."""

    id: str
    value: Any
    line: str


APP = "https://app.example.com"
SHOP = "https://shop.example.net:8443"
STRANGER = "https://stranger.example"


# Lines of responses.


def allow_origin(value: str) -> Pair:
    return ("Access-Control-Allow-Origin", value)


def allow_methods(value: str) -> Pair:
    return ("Access-Control-Allow-Methods", value)


def allow_headers(value: str) -> Pair:
    return ("Access-Control-Allow-Headers", value)


def expose_headers(value: str) -> Pair:
    return ("Access-Control-Expose-Headers", value)


def max_age(value: str) -> Pair:
    return ("Access-Control-Max-Age", value)


ALLOW_CREDENTIALS: Pair = ("Access-Control-Allow-Credentials", "true")
VARY: Pair = ("Vary", "Origin")
AGE = max_age("600")
ANY_ORIGIN = allow_origin("*")


# Headers of requests.


def origin(value: str) -> Pairs:
    return (("Origin", value),)


def asks(who: str, method: str, *lines: str) -> Pairs:
    """Return the headers of a preflight: ``who`` asks for ``method``, and for the request headers in ``lines``."""
    return (
        ("Origin", who),
        ("Access-Control-Request-Method", method),
        *(("Access-Control-Request-Headers", line) for line in lines),
    )


# Rows: the application sees the request; a preflight is answered; a request is refused.


def passes(id: str, headers: Pairs, cors: Iterable[Pair], method: str = "GET", given: Given = OK) -> Case:
    return Case(id, method, headers, int(given.status[:3]), tuple(cors), True, given)


def answers(id: str, headers: Pairs, cors: Iterable[Pair], status: int = 204) -> Case:
    return Case(id, "OPTIONS", headers, status, tuple(cors), False)


def refuses(id: str, headers: Pairs, cors: Iterable[Pair] = (), method: str = "OPTIONS") -> Case:
    return Case(id, method, headers, 403, tuple(cors), False)


#: Values of ``Origin`` that no browser sends, though most of them resemble APP.
MALFORMED_ORIGINS: dict[str, str] = {
    "empty": "",
    "upper-case-host": "https://APP.example.com",
    "upper-case-scheme": "HTTPS://app.example.com",
    "trailing-slash": f"{APP}/",
    "default-port": f"{APP}:443",
    "port-zero": f"{APP}:0",
    "port-with-leading-zero": f"{APP}:0443",
    "port-empty": f"{APP}:",
    "port-too-large": f"{APP}:65536",
    "port-any": f"{APP}:*",
    "path": f"{APP}/index.html",
    "query": f"{APP}?a",
    "fragment": f"{APP}#a",
    "userinfo": "https://app.example.com@evil.example",
    "userinfo-before": "https://evil.example@app.example.com",
    "backslash": "https://evil.example\\.app.example.com",
    "backslash-at-end": f"{APP}\\",
    "space-within": "https:// app.example.com",
    "tab-within": "https://app.example.com\t.evil.example",
    "joined-with-itself": f"{APP},{APP}",
    "joined-with-space": f"{APP}, {APP}",
    "joined-with-stranger": f"{STRANGER}, {APP}",
    "space-separated": f"{APP} {STRANGER}",
    "semicolon": f"{APP};",
    "no-scheme": "app.example.com",
    "scheme-relative": "//app.example.com",
    "one-slash": "https:/app.example.com",
    "empty-label": "https://app..example.com",
    "wildcard": "https://*.example.com",
    "star": "*",
    "octal-ipv4": "https://0177.0.0.1",
    "long-ipv6": "https://[0:0:0:0:0:0:0:1]",
    "non-ascii": "https://\xe4pp.example.com",
    "null-upper-case": "NULL",
    "null-and-origin": f"null, {APP}",
    "quoted": f'"{APP}"',
    "percent-encoded": "https://app%2eexample.com",
}


def only_app(_origin: str, _request: webob.Request) -> bool:
    return _origin == APP


def blue_tenants(_origin: str, request: webob.Request) -> bool:
    """Allow APP to requests that say they are of tenant "blue"; a callable that reads more than the origin."""
    return _origin == APP and isinstance(request, webob.Request) and request.headers.get("X-Tenant") == "blue"


#: Every form of ``allow_origins``.
ORIGINS: tuple[Origins, ...] = (
    Origins("any", "*", "*", (APP, STRANGER, "null", "http://localhost:1"), ()),
    Origins("any-in-a-list", ["*"], "*", (APP, STRANGER, "null"), ()),
    Origins("any-beside-another", [APP, "*"], "*", (APP, STRANGER, "null"), ()),
    Origins("static", APP, APP, (APP,), (STRANGER, SHOP, "null", "http://app.example.com", f"{APP}:8443")),
    Origins("static-in-a-list", [APP], APP, (APP,), (STRANGER,)),
    Origins("static-twice", [APP, APP], APP, (APP,), (STRANGER,)),
    Origins("static-in-a-set", {APP}, APP, (APP,), (STRANGER,)),
    Origins("static-port", SHOP, SHOP, (SHOP,), (STRANGER, "https://shop.example.net", f"{SHOP}0")),
    Origins(
        "static-ipv6",
        "https://[2001:db8::1]:8443",
        "https://[2001:db8::1]:8443",
        ("https://[2001:db8::1]:8443",),
        ("https://[2001:db8::1]", "https://[2001:db8::2]:8443", "https://[2001:DB8::1]:8443"),
    ),
    Origins(
        "static-custom-scheme",
        "capacitor://localhost",
        "capacitor://localhost",
        ("capacitor://localhost",),
        ("http://localhost", "capacitor://localhost:80", "ionic://localhost"),
    ),
    Origins(
        "static-trailing-dot",
        "https://example.com.",
        "https://example.com.",
        ("https://example.com.",),
        ("https://example.com", "https://example.com.."),
    ),
    Origins("exact", [APP, SHOP], "", (APP, SHOP), (STRANGER, "https://shop.example.net", "null")),
    Origins(
        "exact-thousand",
        [f"https://host{number}.example" for number in range(1000)],
        "",
        ("https://host0.example", "https://host999.example"),
        ("https://host1000.example", "https://host.example", "https://host00.example"),
    ),
    Origins(
        "subdomains",
        "https://*.example.com",
        "",
        (APP, "https://a.b.c.example.com", "https://xn--fa-hia.example.com", "https://_x.example.com"),
        (
            "https://example.com",
            "https://evil-example.com",
            "https://example.com.evil.example",
            "https://app.example.com.",
            "https://appXexample.com",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.org",
            "null",
        ),
    ),
    Origins(
        "subdomains-of-a-port",
        "https://*.example.com:8443",
        "",
        ("https://app.example.com:8443",),
        (APP, "https://app.example.com:8444", "https://app.example.com:84430", "https://example.com:8443"),
    ),
    Origins(
        "any-port",
        "http://localhost:*",
        "",
        ("http://localhost", "http://localhost:1", "http://localhost:8000", "http://localhost:65535"),
        (
            "https://localhost",
            "http://localhost:80",
            "http://localhost:65536",
            "http://localhost:0",
            "http://a.localhost",
            "http://localhost.evil.example:8000",
            "null",
        ),
    ),
    Origins(
        "any-port-of-ipv6",
        "http://[::1]:*",
        "",
        ("http://[::1]", "http://[::1]:8000"),
        ("http://[::2]:8000", "http://[0::1]:8000"),
    ),
    Origins(
        "subdomains-of-any-port",
        "https://*.example.com:*",
        "",
        (APP, "https://a.b.example.com:8443"),
        ("https://example.com:8443", "http://app.example.com:8443", "https://app.example.com:443"),
    ),
    Origins(
        "extension",
        ["chrome-extension://abcdefghijklmnopabcdefghijklmnop", APP],
        "",
        ("chrome-extension://abcdefghijklmnopabcdefghijklmnop", APP),
        ("chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba", "https://abcdefghijklmnopabcdefghijklmnop"),
    ),
    Origins("null", "null", "", ("null",), (APP, STRANGER)),
    Origins("null-beside-another", ["null", APP], "", ("null", APP), (STRANGER,)),
    Origins(
        "regex",
        re.compile(r"https://(app|shop)\.example\.com"),
        "",
        (APP, "https://shop.example.com"),
        (
            "https://appXexample.com",
            "https://app.example.com.evil.example",
            "https://app.example.com:8443",
            "http://app.example.com",
            "x://https",
            "null",
        ),
    ),
    Origins(
        "regex-that-matches-all",
        [re.compile(".*"), SHOP],
        "",
        (APP, SHOP, STRANGER, "x-custom://anything"),
        ("null",),
    ),
    Origins("callable", only_app, "", (APP,), (STRANGER, SHOP, "null")),
    Origins("callable-that-allows-all", lambda _origin, _request: True, "", (APP, STRANGER), ("null",)),
    Origins(
        "all-forms",
        [SHOP, "https://*.example.com", "http://localhost:*", re.compile(r"https://preview-[0-9]+\.example"), "null"],
        "",
        (SHOP, APP, "http://localhost:3000", "https://preview-7.example", "null"),
        (
            STRANGER,
            "https://example.com",
            "https://localhost:3000",
            "https://preview-.example",
            "https://preview-7.example.com.example",
            "https://a.shop.example.net:8443",
        ),
    ),
)


def _origin_cases(row: Origins) -> tuple[Case, ...]:
    """Return an actual request and a preflight from each origin of a row, and from each malformed one."""
    constant = (allow_origin(row.constant),) if row.constant else ()
    vary = () if row.constant else (VARY,)
    refused = {f"refused-{each}": each for each in row.refused} | MALFORMED_ORIGINS
    cases = [passes("no-origin", (), (*constant, *vary))]
    for each in row.allowed:
        own = constant or (allow_origin(each),)
        cases += [
            passes(f"allowed-{each}", origin(each), (*own, *vary)),
            answers(f"allowed-{each}-preflight", asks(each, "PUT"), (*own, AGE, *vary)),
        ]
    for name, each in refused.items():
        cases += [
            passes(name, origin(each), (*constant, *vary)),
            answers(f"{name}-preflight", asks(each, "PUT"), (ANY_ORIGIN, AGE))
            if row.constant == "*"
            else refuses(f"{name}-preflight", asks(each, "PUT"), vary),
        ]
    return tuple(cases)


#: What an application may answer; a policy treats all of it alike.
GIVENS: Mapping[str, Given] = {
    "200": OK,
    "201": Given("201 Created", (("Content-Type", "text/plain"), ("Location", "/7"), ("Content-Length", "2"))),
    "204": Given("204 No Content", (), b""),
    "206": Given("206 Partial Content", (("Content-Type", "text/plain"), ("Content-Range", "bytes 0-1/9")), b"OK"),
    "301": Given("301 Moved Permanently", (("Content-Type", "text/plain"), ("Location", "/elsewhere")), b""),
    "304": Given("304 Not Modified", (("ETag", '"7"'),), b""),
    "307": Given("307 Temporary Redirect", (("Content-Type", "text/plain"), ("Location", f"{SHOP}/")), b""),
    "400": Given("400 Bad Request", (("Content-Type", "text/plain"),), b"no"),
    "401": Given("401 Unauthorized", (("Content-Type", "text/plain"), ("WWW-Authenticate", "Bearer")), b"no"),
    "404": Given("404 Not Found", (("Content-Type", "text/plain"),), b"no"),
    "500": Given("500 Internal Server Error", (("Content-Type", "text/plain"),), b"no"),
    "503": Given("503 Service Unavailable", (("Content-Type", "text/plain"), ("Retry-After", "9")), b"no"),
}

_PLAIN: Pairs = (("Content-Type", "text/plain"),)

#: An application that has its own word on CORS, twice and in every case.
MEDDLER = Given(
    headers=(
        *_PLAIN,
        ("Access-Control-Allow-Origin", "*"),
        ("access-control-allow-origin", STRANGER),
        ("ACCESS-CONTROL-ALLOW-CREDENTIALS", "True"),
        ("Access-Control-Expose-Headers", "X-Mine"),
        ("Access-Control-Allow-Methods", "PATCH"),
        ("Access-Control-Allow-Private-Network", "true"),
    )
)
MEDDLER_ALONE = Given("204 No Content", MEDDLER.headers[len(_PLAIN) :], b"")


#: What the application says in ``Vary``, line by line, and what a dynamic policy makes of it.
VARY_LINES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "none": ((), "Origin"),
    "other": (("Accept-Encoding",), "Accept-Encoding, Origin"),
    "several": (("Accept, Accept-Encoding",), "Accept, Accept-Encoding, Origin"),
    "two-lines": (("Accept", "Accept-Encoding"), "Accept, Accept-Encoding, Origin"),
    "origin": (("Origin",), "Origin"),
    "origin-in-another-case": (("oRIGIN, Accept",), "oRIGIN, Accept"),
    "origin-on-the-second-line": (("Accept", "origin"), "Accept, origin"),
    "like-origin": (("X-Origin",), "X-Origin, Origin"),
    "star": (("*",), "*"),
    "star-on-the-second-line": (("Accept", "*"), "Accept, *"),
    "empty": (("",), "Origin"),
}


def _vary_lines(lines: Iterable[str]) -> Pairs:
    return tuple(("Vary", line) for line in lines)


def _actual_cases(stranger: Pairs, allowed: Pairs, *, merges: bool) -> tuple[Case, ...]:
    """Return actual requests of every method, status and ``Vary``: without an Origin, from a stranger, and from APP.

    :param stranger: the lines for the first two.
    :param allowed: the lines for APP.
    :param merges: whether ``Vary`` has to hold Origin, as in both these.
    """
    askers = {"no-origin": ((), stranger), "stranger": (origin(STRANGER), stranger), "allowed": (origin(APP), allowed)}
    cases = []
    for who, (headers, cors) in askers.items():
        cases += [
            *(passes(f"{who}-{method}", headers, cors, method) for method in ("GET", "HEAD", "POST", "PUT", "DELETE")),
            passes(f"{who}-OPTIONS-without-request-method", headers, cors, "OPTIONS"),
            passes(f"{who}-meddler", headers, cors, given=MEDDLER),
            passes(f"{who}-meddler-alone", headers, cors, given=MEDDLER_ALONE),
            passes(
                f"{who}-vary-alone",
                headers,
                (*(each for each in cors if each != VARY), ("Vary", "Cookie, Origin" if merges else "Cookie")),
                given=Given("204 No Content", (("Vary", "Cookie"),), b""),
            ),
            *(passes(f"{who}-{status}", headers, cors, given=given) for status, given in GIVENS.items()),
            *(
                passes(
                    f"{who}-vary-{name}",
                    headers,
                    (*(each for each in cors if each != VARY), *_vary_lines((merged,) if merges else lines)),
                    given=Given(headers=(*_PLAIN, *_vary_lines(lines))),
                )
                for name, (lines, merged) in VARY_LINES.items()
            ),
        ]
    asking = asks(APP, "PUT")
    return (
        *cases,
        passes("asking-without-origin", asking[1:], stranger, "OPTIONS"),
        passes("asking-by-GET", asking, allowed, "GET"),
        passes("asking-by-POST", asking, allowed, "POST"),
        passes("asking-by-options-in-lower-case", asking, allowed, "options"),
        passes("asking-for-headers-alone", (asking[0], ("Access-Control-Request-Headers", "x-a")), allowed, "OPTIONS"),
    )


#: What a preflight may ask for. Where whole lists are sent none of it is read.
ASKED: Mapping[str, tuple[str, ...]] = {
    "safelisted-GET": ("GET",),
    "safelisted-HEAD": ("HEAD",),
    "safelisted-POST": ("POST",),
    "listed-method": ("PUT",),
    "listed-method-in-another-case": ("put",),
    "unlisted-method": ("DELETE",),
    "forbidden-method": ("TRACE",),
    "empty-method": ("",),
    "two-methods": ("PUT, DELETE",),
    "malformed-method": ("P(U)T",),
    "listed-header": ("PUT", "x-a"),
    "listed-headers-in-another-case": ("PUT", "X-a,CONTENT-TYPE"),
    "unlisted-header": ("PUT", "x-unlisted"),
    "authorization": ("PUT", "authorization"),
    "white-space-around-headers": ("PUT", " x-a\t,  content-type "),
    "empty-elements": ("PUT", ",,x-a,,"),
    "empty-headers": ("PUT", ""),
    "several-lines-of-headers": ("PUT", "x-a", "content-type"),
    "malformed-headers": ("PUT", "x-a;x-b"),
    "many-headers": ("PUT", ",".join(f"x-{number}" for number in range(500))),
}

_LISTS = {"allow_methods": ["PUT", "purge"], "allow_headers": ["X-A", "content-type"], "expose_headers": ["X-B", "x-c"]}
_LIST_LINES = (allow_methods("PUT,purge"), allow_headers("X-A,content-type"), AGE)


def _preflight_cases(allowed: Pairs) -> tuple[Case, ...]:
    return tuple(answers(f"asks-{name}", asks(APP, *asked), allowed) for name, asked in ASKED.items())


_EXPOSED = expose_headers("X-B,x-c")
_APP = allow_origin(APP)

_KINDS: tuple[Table, ...] = (
    Table(
        "kind-any",
        {"allow_origins": "*", **_LISTS},
        (
            *_actual_cases((ANY_ORIGIN, _EXPOSED), (ANY_ORIGIN, _EXPOSED), merges=False),
            *_preflight_cases((ANY_ORIGIN, *_LIST_LINES)),
        ),
    ),
    Table(
        "kind-static",
        {"allow_origins": APP, **_LISTS},
        (
            *_actual_cases((_APP, _EXPOSED), (_APP, _EXPOSED), merges=False),
            *_preflight_cases((_APP, *_LIST_LINES)),
            *(refuses(f"stranger-asks-{name}", asks(STRANGER, *asked)) for name, asked in ASKED.items()),
        ),
    ),
    Table(
        "kind-static-credentials",
        {"allow_origins": APP, "allow_credentials": True, **_LISTS},
        (
            *_actual_cases((_APP, ALLOW_CREDENTIALS, _EXPOSED), (_APP, ALLOW_CREDENTIALS, _EXPOSED), merges=False),
            *_preflight_cases((_APP, ALLOW_CREDENTIALS, *_LIST_LINES)),
            refuses("stranger-asks", asks(STRANGER, "PUT", "x-a")),
        ),
    ),
    Table(
        "kind-dynamic",
        {"allow_origins": [APP, SHOP], **_LISTS},
        (
            *_actual_cases((VARY,), (_APP, _EXPOSED, VARY), merges=True),
            *_preflight_cases((_APP, *_LIST_LINES, VARY)),
            *(refuses(f"stranger-asks-{name}", asks(STRANGER, *asked), [VARY]) for name, asked in ASKED.items()),
        ),
    ),
    Table(
        "kind-dynamic-credentials",
        {"allow_origins": [APP, SHOP], "allow_credentials": True, **_LISTS},
        (
            *_actual_cases((VARY,), (_APP, ALLOW_CREDENTIALS, _EXPOSED, VARY), merges=True),
            *_preflight_cases((_APP, ALLOW_CREDENTIALS, *_LIST_LINES, VARY)),
            refuses("stranger-asks", asks(STRANGER, "PUT", "x-a"), [VARY]),
        ),
    ),
)


#: Values of ``allow_methods``, and their line where the whole list is sent.
METHODS: tuple[Names, ...] = (
    Names("none", (), ""),
    Names("one-string", "PUT", "PUT"),
    Names("listed", ["PUT", "DELETE"], "PUT,DELETE"),
    Names("declared-order", ["PUT", "DELETE", "COPY"], "PUT,DELETE,COPY"),
    Names("safelisted-too", ["GET", "PUT"], "GET,PUT"),
    Names("normalized", ["put", "Delete", "options"], "PUT,DELETE,OPTIONS"),
    Names("custom-case", ["Purge", "chicken"], "Purge,chicken"),
    Names("patch", ["PATCH"], "PATCH"),
    Names("patch-in-both-cases", ["PATCH", "patch"], "PATCH,patch"),
    Names("twice", ["PUT", "put", "PUT"], "PUT"),
    Names("any", "*", "*"),
    Names("any-in-a-list", ["*"], "*"),
    Names("any-beside-another", ["PUT", "*"], "*"),
)

#: Values of ``allow_headers``, and their line where the whole list is sent.
HEADERS: tuple[Names, ...] = (
    Names("none", (), ""),
    Names("one-string", "X-A", "X-A"),
    Names("listed", ["X-B", "content-type", "X-A"], "X-B,content-type,X-A"),
    Names("authorization", ["Authorization"], "Authorization"),
    Names("twice", ["X-A", "x-a"], "X-A"),
    Names("any", "*", "*"),
    Names("any-in-a-list", ["*"], "*"),
    Names("any-and-authorization", ["*", "Authorization"], "*,authorization"),
    Names("authorization-and-any", ["AUTHORIZATION", "X-A", "*"], "*,authorization"),
)

#: Values of ``expose_headers`` and their line.
EXPOSED: tuple[Names, ...] = (
    Names("none", (), ""),
    Names("one-string", "ETag", "ETag"),
    Names("listed", ["X-B", "etag"], "X-B,etag"),
    Names("safelisted-too", ["Content-Type", "ETag"], "Content-Type,ETag"),
    Names("twice", ["ETag", "etag"], "ETag"),
    Names("any", "*", "*"),
)

#: Values of ``max_age`` and their line.
AGES: tuple[Names, ...] = (
    Names("zero", 0, "0"),
    Names("none", None, ""),
    Names("day", 86400, "86400"),
    Names("timedelta", timedelta(minutes=5), "300"),
    Names("timedelta-of-zero", timedelta(0), "0"),
)


def _line(make: Any, value: str) -> Pairs:
    return (make(value),) if value else ()


def _option_table(option: str, row: Names, credentials: bool, actual: Pairs, preflight: Pairs) -> Table:
    """Return the table of a policy in which one option has another value than its default."""
    fixed: Pairs = (_APP, ALLOW_CREDENTIALS, VARY) if credentials else (_APP, VARY)
    return Table(
        f"{option}-{row.id}{'-credentials' if credentials else ''}",
        {"allow_origins": [APP, SHOP], option: row.value, "allow_credentials": credentials},
        (
            passes("no-origin", (), [VARY]),
            passes("stranger", origin(STRANGER), [VARY]),
            refuses("stranger-asks", asks(STRANGER, "PUT", "x-a"), [VARY]),
            passes("allowed", origin(APP), (*fixed, *actual)),
            passes("allowed-PUT", origin(APP), (*fixed, *actual), "PUT"),
            answers("asks", asks(APP, "PUT", "x-a"), (*fixed, *preflight)),
            answers("asks-for-a-method", asks(APP, "PUT"), (*fixed, *preflight)),
        ),
    )


def _lists_whole(names: Names, credentials: bool) -> bool:
    """Tell whether the line of ``names`` is sent: with credentials "*" is no wildcard."""
    return not (credentials and "*" in names.line)


_OPTIONS: tuple[Table, ...] = tuple(
    table
    for credentials in (False, True)
    for table in (
        *(
            _option_table("allow_methods", row, credentials, (), (*_line(allow_methods, row.line), AGE))
            for row in METHODS
            if _lists_whole(row, credentials)
        ),
        *(
            _option_table("allow_headers", row, credentials, (), (*_line(allow_headers, row.line), AGE))
            for row in HEADERS
            if _lists_whole(row, credentials)
        ),
        *(
            _option_table("expose_headers", row, credentials, _line(expose_headers, row.line), (AGE,))
            for row in EXPOSED
            if _lists_whole(row, credentials)
        ),
        *(_option_table("max_age", row, credentials, (), _line(max_age, row.line)) for row in AGES),
    )
)


def _echo_cases(reads: Iterable[str], *, authorization: bool, listed: Pairs, vary: Pairs) -> tuple[Case, ...]:
    """Return preflights to a credentialed policy that allows "*" for the methods, for the headers, or for both.

    :param reads: of what a preflight asks for, what the policy reads and echoes: "allow_methods", "allow_headers".
    :param authorization: whether Authorization is listed beside "*".
    :param listed: the line of the option that lists names.
    """

    def granted(id: str, method: str, *lines: str, names: Iterable[str] = ()) -> Case:
        echoed_method = method if "allow_methods" in reads else ""
        echoed_names = [name for name in names if "allow_headers" in reads]
        echo = (*_line(allow_methods, echoed_method), *_line(allow_headers, ",".join(echoed_names)))
        return answers(id, asks(APP, method, *lines), (_APP, ALLOW_CREDENTIALS, *echo, *listed, AGE, *vary))

    def malformed(id: str, option: str, method: str, *lines: str) -> Case:
        return refuses(id, asks(APP, method, *lines), vary) if option in reads else granted(id, method, *lines)

    names = [f"x-{number:03}" for number in range(257)]
    few, many = names[:256], names
    listed_only = ["authorization"] if authorization else []
    return (
        *(granted(f"method-{method}", method) for method in ("GET", "PUT", "put", "PATCH", "patch", "Chicken", "!#$~")),
        *(
            malformed(f"malformed-method-{number}", "allow_methods", method)
            for number, method in enumerate(("", "GET, PUT", "PUT,", "P UT", "P:UT", "P\xdcT", "*/*", '"PUT"'))
        ),
        granted("headers", "PUT", "x-a,x-b", names=["x-a", "x-b"]),
        granted("headers-in-capitals", "PUT", "X-A,Content-Type", names=["x-a", "content-type"]),
        granted("headers-unsorted", "PUT", "x-b,x-a", names=["x-b", "x-a"]),
        granted("headers-twice", "PUT", "x-a,X-A,x-b,x-a", names=["x-a", "x-b"]),
        granted("headers-with-white-space", "PUT", " x-a \t, \tx-b ", names=["x-a", "x-b"]),
        granted("headers-with-empty-elements", "PUT", ",, x-a,\t,x-b,,", names=["x-a", "x-b"]),
        granted("headers-on-several-lines", "PUT", "x-a,x-b", "x-c", names=["x-a", "x-b", "x-c"]),
        granted("headers-empty", "PUT", ""),
        granted("headers-of-commas", "PUT", ", ,,"),
        granted("authorization", "PUT", "authorization,x-a", names=[*listed_only, "x-a"]),
        granted("authorization-in-capitals", "PUT", "x-a,AUTHORIZATION", names=["x-a", *listed_only]),
        granted("authorization-alone", "PUT", "Authorization", names=listed_only),
        granted("names-256", "PUT", ",".join(few), names=few),
        granted("names-256-each-twice", "PUT", ",".join(few * 2), names=few),
        granted("bytes-16384", "PUT", "x" * 16384, names=["x" * 16384]),
        malformed("names-257", "allow_headers", "PUT", ",".join(many)),
        malformed("bytes-16385", "allow_headers", "PUT", "x" * 16385),
        malformed("commas-16385", "allow_headers", "PUT", "," * 16385),
        *(
            malformed(f"malformed-headers-{number}", "allow_headers", "PUT", line)
            for number, line in enumerate(
                ("x a", "x-a;x-b", "x-a:1", "x-\xe4", '"x-a"', "x-a\x7f", "x-a\x0b", "x-a,\xa0x-b")
            )
        ),
        refuses("stranger", asks(STRANGER, "PUT", "x-a"), vary),
    )


class Echo(NamedTuple):
    """Options with ``allow_credentials`` that make the policy echo if they are "*"."""

    id: str
    options: Mapping[str, Any]
    authorization: bool
    listed: Pairs


_LISTED_METHODS, _LISTED_HEADERS = (allow_methods("PUT"),), (allow_headers("X-A"),)

ECHOES: tuple[Echo, ...] = (
    Echo("methods", {"allow_methods": "*"}, False, _LISTED_HEADERS),
    Echo("methods-beside-another", {"allow_methods": ["PUT", "*"]}, False, _LISTED_HEADERS),
    Echo("headers", {"allow_headers": "*"}, False, _LISTED_METHODS),
    Echo("headers-beside-another", {"allow_headers": ["X-A", "*"]}, False, _LISTED_METHODS),
    Echo("headers-and-authorization", {"allow_headers": ["*", "Authorization"]}, True, _LISTED_METHODS),
    Echo("both", {"allow_methods": "*", "allow_headers": "*"}, False, ()),
    Echo("both-and-authorization", {"allow_methods": ["*"], "allow_headers": ["authorization", "*"]}, True, ()),
)

_ECHOES: tuple[Table, ...] = tuple(
    Table(
        f"echo-{echo.id}-{kind}",
        {
            "allow_origins": origins,
            "allow_credentials": True,
            "allow_methods": "PUT",
            "allow_headers": "X-A",
            **echo.options,
        },
        _echo_cases(echo.options, authorization=echo.authorization, listed=echo.listed, vary=vary),
    )
    for kind, origins, vary in (("static", APP, ()), ("dynamic", [APP, SHOP], (VARY,)))
    for echo in ECHOES
)


_STATUSES: tuple[Table, ...] = tuple(
    Table(
        f"preflight_status-{status}-{kind}",
        {"allow_origins": origins, "preflight_status": status},
        (
            answers("asks", asks(APP, "PUT"), (first, AGE, *vary), status),
            passes("plain-OPTIONS", origin(APP), (first, *vary), "OPTIONS"),
            *(() if kind == "any" else [refuses("stranger-asks", asks(STRANGER, "PUT"), vary)]),
        ),
    )
    for status in (200, 201, 204, 205, 299)
    for kind, origins, first, vary in (
        ("any", "*", ANY_ORIGIN, ()),
        ("static", APP, _APP, ()),
        ("dynamic", [APP, SHOP], _APP, (VARY,)),
    )
)

_TENANT = (("X-Tenant", "blue"),)
_VARY_TENANT: Pair = ("Vary", "Origin, X-Tenant")

_VARIES: tuple[Table, ...] = (
    Table(
        "vary-any",
        {"allow_origins": "*", "vary": "X-Tenant"},
        (
            passes("no-origin", (), [ANY_ORIGIN, ("Vary", "X-Tenant")]),
            passes("allowed", origin(APP), [ANY_ORIGIN, ("Vary", "X-Tenant")]),
            answers("asks", asks(APP, "PUT"), [ANY_ORIGIN, AGE]),
        ),
    ),
    Table(
        "vary-static",
        {"allow_origins": APP, "vary": ["X-Tenant", "x-tenant"]},
        (
            passes("no-origin", (), [_APP, ("Vary", "X-Tenant")]),
            passes("stranger", origin(STRANGER), [_APP, ("Vary", "X-Tenant")]),
            answers("asks", asks(APP, "PUT"), [_APP, AGE]),
            refuses("stranger-asks", asks(STRANGER, "PUT")),
        ),
    ),
    Table(
        "vary-dynamic",
        {"allow_origins": [APP, SHOP], "vary": ["Cookie", "origin"]},
        (
            passes("no-origin", (), [("Vary", "Origin, Cookie")]),
            passes("allowed", origin(APP), [_APP, ("Vary", "Origin, Cookie")]),
            passes(
                "allowed-merged",
                origin(APP),
                [_APP, ("Vary", "cookie, Origin")],
                given=Given(headers=(*_PLAIN, ("Vary", "cookie"))),
            ),
            answers("asks", asks(APP, "PUT"), [_APP, AGE, ("Vary", "Origin, Cookie")]),
            refuses("stranger-asks", asks(STRANGER, "PUT"), [("Vary", "Origin, Cookie")]),
        ),
    ),
    Table(
        "vary-callable",
        {"allow_origins": blue_tenants, "vary": ["X-Tenant"]},
        (
            passes("no-origin", (), [_VARY_TENANT]),
            passes("allowed", (*origin(APP), *_TENANT), [_APP, _VARY_TENANT]),
            passes("other-tenant", origin(APP), [_VARY_TENANT]),
            passes("stranger", (*origin(STRANGER), *_TENANT), [_VARY_TENANT]),
            answers("asks", (*asks(APP, "PUT"), *_TENANT), [_APP, AGE, _VARY_TENANT]),
            refuses("other-tenant-asks", asks(APP, "PUT"), [_VARY_TENANT]),
        ),
    ),
)


def _timing(value: str) -> Pair:
    return ("Timing-Allow-Origin", value)


_OWN_TIMING = Given(headers=(*_PLAIN, ("timing-allow-origin", "https://own.example")))

_TIMINGS: tuple[Table, ...] = (
    Table(
        "timing-any",
        {"allow_origins": "*", "allow_timing": True},
        (
            passes("no-origin", (), [ANY_ORIGIN, _timing("*")]),
            passes("allowed", origin(APP), [ANY_ORIGIN, _timing("*")]),
            passes("of-the-application", origin(APP), [ANY_ORIGIN, _timing("*")], given=_OWN_TIMING),
            answers("asks", asks(APP, "PUT"), [ANY_ORIGIN, AGE]),
        ),
    ),
    Table(
        "timing-static",
        {"allow_origins": APP, "allow_timing": True, "allow_credentials": True, "expose_headers": "X-A"},
        (
            passes("no-origin", (), [_APP, _timing(APP), ALLOW_CREDENTIALS, expose_headers("X-A")]),
            passes("stranger", origin(STRANGER), [_APP, _timing(APP), ALLOW_CREDENTIALS, expose_headers("X-A")]),
            answers("asks", asks(APP, "PUT"), [_APP, ALLOW_CREDENTIALS, AGE]),
            refuses("stranger-asks", asks(STRANGER, "PUT")),
        ),
    ),
    Table(
        "timing-dynamic",
        {"allow_origins": [APP, "null"], "allow_timing": True},
        (
            passes("no-origin", (), [VARY]),
            passes("allowed", origin(APP), [_APP, _timing(APP), VARY]),
            passes("null", origin("null"), [allow_origin("null"), _timing("null"), VARY]),
            passes("stranger", origin(STRANGER), [VARY]),
            passes("of-the-application", origin(APP), [_APP, _timing(APP), VARY], given=_OWN_TIMING),
            passes("of-the-application-for-a-stranger", origin(STRANGER), [VARY], given=_OWN_TIMING),
            answers("asks", asks(APP, "PUT"), [_APP, AGE, VARY]),
        ),
    ),
    Table(
        "timing-callable",
        {"allow_origins": only_app, "allow_timing": True},
        (
            passes("allowed", origin(APP), [_APP, _timing(APP), VARY]),
            passes("stranger", origin(STRANGER), [VARY], given=_OWN_TIMING),
        ),
    ),
    Table(
        "timing-off",
        {"allow_origins": [APP, SHOP]},
        (
            passes(
                "of-the-application",
                origin(APP),
                [_APP, ("timing-allow-origin", "https://own.example"), VARY],
                given=_OWN_TIMING,
            ),
        ),
    ),
)


def _enforce_cases(constant: Pairs, allowed: Pairs, vary: Pairs) -> tuple[Case, ...]:
    """Return requests to a policy that enforces; the server is at http://127.0.0.1."""
    same, cross = ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")
    here = origin("http://127.0.0.1")
    return (
        passes("no-origin", (), (*constant, *vary)),
        passes("no-origin-cross-site", (cross,), (*constant, *vary)),
        passes("allowed", origin(APP), (*allowed, *vary)),
        passes("allowed-cross-site", (*origin(APP), cross), (*allowed, *vary), "POST"),
        *(
            refuses(f"stranger-{method}", origin(STRANGER), vary, method)
            for method in ("GET", "HEAD", "POST", "DELETE")
        ),
        refuses("stranger-plain-OPTIONS", origin(STRANGER), vary),
        refuses("stranger-asks", asks(STRANGER, "PUT"), vary),
        refuses("stranger-same-site", (*origin(STRANGER), ("Sec-Fetch-Site", "same-site")), vary, "POST"),
        refuses("null", origin("null"), vary, "POST"),
        *(refuses(f"malformed-{name}", origin(each), vary, "POST") for name, each in MALFORMED_ORIGINS.items()),
        passes("same-origin-by-host", here, (*constant, *vary), "POST"),
        passes("same-origin-behind-tls", origin("https://127.0.0.1"), (*constant, *vary), "POST"),
        passes("same-origin-by-fetch-site", (*origin(STRANGER), same), (*constant, *vary), "POST"),
        passes("by-nobodys-page", (*origin("null"), ("Sec-Fetch-Site", "none")), (*constant, *vary), "POST"),
        refuses("same-host-cross-site", (*here, cross), vary, "POST"),
        refuses("same-host-other-port", origin("http://127.0.0.1:8000"), vary, "POST"),
        refuses("same-host-other-scheme", origin("capacitor://127.0.0.1"), vary, "POST"),
        refuses("same-host-upper-case-scheme", origin("HTTP://127.0.0.1"), vary, "POST"),
    )


_ENFORCED: tuple[Table, ...] = (
    Table(
        "enforce-any",
        {"allow_origins": "*", "enforce": True},
        (
            passes("no-origin", (), [ANY_ORIGIN]),
            passes("null", origin("null"), [ANY_ORIGIN], "POST"),
            *(passes(name, origin(each), [ANY_ORIGIN], "POST") for name, each in MALFORMED_ORIGINS.items()),
        ),
    ),
    Table("enforce-static", {"allow_origins": APP, "enforce": True}, _enforce_cases((_APP,), (_APP,), ())),
    Table("enforce-dynamic", {"allow_origins": [APP, SHOP], "enforce": True}, _enforce_cases((), (_APP,), (VARY,))),
    Table("enforce-callable", {"allow_origins": only_app, "enforce": True}, _enforce_cases((), (_APP,), (VARY,))),
)


def _combined(row: Origins, methods: Names, headers: Names, exposed: Names, age: Names, credentials: bool) -> Table:
    """Return the table of a policy in which many options differ from their defaults."""
    vary = () if row.constant else (VARY,)
    who = row.allowed[0]
    fixed = (allow_origin(row.constant or who), *((ALLOW_CREDENTIALS,) if credentials else ()), *vary)
    expose = _line(expose_headers, exposed.line)
    lists = (*_line(allow_methods, methods.line), *_line(allow_headers, headers.line), *_line(max_age, age.line))
    return Table(
        f"{row.id}: {methods.id}, {headers.id}, {exposed.id}, {age.id}{', credentials' if credentials else ''}",
        {
            "allow_origins": row.value,
            "allow_methods": methods.value,
            "allow_headers": headers.value,
            "expose_headers": exposed.value,
            "max_age": age.value,
            "allow_credentials": credentials,
        },
        (
            passes("no-origin", (), (*fixed, *expose) if row.constant else vary),
            passes("allowed", origin(who), (*fixed, *expose)),
            answers("asks", asks(who, "PUT", "x-a,authorization"), (*fixed, *lists)),
        ),
    )


def _combinations() -> Iterable[Table]:
    """Yield tables in which every form of origins meets every value of the other options at least once."""
    forms = [row for row in ORIGINS if row.id in ("any", "static", "exact", "subdomains", "callable")]
    for row in forms:
        for credentials in (False, True)[: 1 if row.id == "any" else 2]:
            methods, headers, exposed = (
                [names for names in table if _lists_whole(names, credentials)] for table in (METHODS, HEADERS, EXPOSED)
            )
            for number in range(max(map(len, (methods, headers, exposed, AGES)))):
                yield _combined(
                    row,
                    methods[number % len(methods)],
                    headers[number % len(headers)],
                    exposed[number % len(exposed)],
                    AGES[number % len(AGES)],
                    credentials,
                )


TABLES: tuple[Table, ...] = (
    *(Table(f"origins-{row.id}", {"allow_origins": row.value}, _origin_cases(row)) for row in ORIGINS),
    *_KINDS,
    *_OPTIONS,
    *_ECHOES,
    *_STATUSES,
    *_VARIES,
    *_TIMINGS,
    *_ENFORCED,
    *_combinations(),
)
