"""Regardless of what a client sends and a developer declares, nothing strange is allowed, echoed, raised or kept."""

from __future__ import annotations

import logging
import os
import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import quote, unquote
from wsgiref.util import setup_testing_defaults

import ada_url
import pytest
import webob
from cors_tables import MALFORMED_ORIGINS, ORIGINS, Origins
from front_ends import FRONT_ENDS, Ask, Pairs, Quiet, Reply, ask_wsgi, exchange, replies
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from corswsgi import CORSMiddleware, CORSRequestHandlerMixin, Policy, PolicyError
from corswsgi.errors import Problem
from corswsgi.origins import parse_origin
from corswsgi.protocol import rules_of
from corswsgi.refusals import RefusalLog

APP = "https://app.example.com"
SHOP = "https://shop.example.net:8443"
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def examples(number: int) -> settings:
    """Return how properties are tested: no examples are kept, nothing is timed, and in CI nothing left to chance."""
    return settings(
        max_examples=number,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
        derandomize="CI" in os.environ,
    )


# A set of patterns allows exactly the union of what its members allow.


class Shape(NamedTuple):
    """An origin, or with ``*`` in its places a pattern, in parts: so that what matches can be told without parsing."""

    scheme: str
    labels: tuple[str, ...]
    port: str
    subdomains: bool = False

    def __str__(self) -> str:
        return f"{self.scheme}://{'*.' * self.subdomains}{'.'.join(self.labels)}{self.port}"

    def allows(self, origin: Shape) -> bool:
        more = len(origin.labels) - len(self.labels)
        return (
            origin.scheme == self.scheme
            and (more > 0 if self.subdomains else more == 0)
            and origin.labels[more:] == self.labels
            and self.port in (":*", origin.port)
        )


#: So few that origins and patterns meet often, and labels that are parts of one another.
SCHEMES, LABELS, PORTS = ("https", "http", "x-app"), ("a", "b", "ba", "com"), ("", ":8", ":84", ":8443")
EXPRESSIONS = ("https://a", "https://[ab.]+", "x-app://.*", ".*:84", "http://ba?", "https://b|http://a")


def shapes(most_labels: int, ports: tuple[str, ...], subdomains: st.SearchStrategy[bool]) -> st.SearchStrategy[Shape]:
    labels = st.lists(st.sampled_from(LABELS), min_size=1, max_size=most_labels).map(tuple)
    return st.builds(Shape, st.sampled_from(SCHEMES), labels, st.sampled_from(ports), subdomains)


@examples(300)
@given(
    st.lists(shapes(3, (*PORTS, ":*"), st.booleans()), min_size=1, max_size=5),
    st.lists(st.sampled_from(EXPRESSIONS), max_size=1),
    st.lists(shapes(4, PORTS, st.just(False)), min_size=10, max_size=30),
)
def test_a_set_allows_the_union_of_what_its_members_allow(
    patterns: list[Shape], expressions: list[str], origins: list[Shape]
) -> None:
    entries = [*map(str, patterns), *map(re.compile, expressions)]
    together = Policy(allow_origins=entries)
    alone = [Policy(allow_origins=entry) for entry in entries]
    for origin in origins:
        allowed = any(pattern.allows(origin) for pattern in patterns) or any(
            re.fullmatch(expression, str(origin)) for expression in expressions
        )
        assert allows(together, str(origin)) == allowed
        assert any(allows(policy, str(origin)) for policy in alone) == allowed


def allows(policy: Policy, origin: str) -> bool:
    assert policy.matcher is not None
    return origin in policy.matcher


# Nothing is matched by prefix, substring, or case folding.


def edits(text: str) -> Iterator[str]:
    """Yield what becomes of ``text`` where one byte is left out, put in, or replaced."""
    for place in range(len(text) + 1):
        yield text[:place] + text[place + 1 :]
        for byte in map(chr, range(256)):
            yield text[:place] + byte + text[place:]
            yield text[:place] + byte + text[place + 1 :]


@pytest.mark.parametrize(
    ("allow_origins", "before", "fixed", "after"),
    [
        (APP, "", APP, ""),
        ([APP, SHOP], "", SHOP, ""),
        (["null", APP], "", "null", ""),
        (["https://[2001:db8::1]:8443", APP], "", "https://[2001:db8::1]:8443", ""),
        ("https://*.example.com", "", "https:/", "/app.example.com"),
        ("https://*.example.com", "https://app.", "example.com", ""),
        ("https://*.example.com:8443", "https://app.", "example.com:8443", ""),
        ("http://localhost:*", "", "http://localhost", ":8000"),
        ("https://*.example.com:*", "https://app.", "example.com", ":8000"),
        (re.compile(r"https://[a-z]+\.example\.com"), "https://app.", "example.com", ""),
    ],
    ids=str,
)
def test_nothing_one_byte_away_from_an_allowed_origin_is_allowed(
    allow_origins: Any, before: str, fixed: str, after: str
) -> None:
    policy = Policy(allow_origins=allow_origins)
    assert {text for text in edits(fixed) if allows(policy, f"{before}{text}{after}")} == {fixed}


#: ``{0}`` is an allowed origin, ``{1}`` the same without its scheme.
VARIANTS = r"""
    {0}.evil.example   {0}evil.example    {0}:1.evil.example   {0}@evil.example   {0}/.evil.example   {0}\.evil.example
    {0}%00.evil        {0}#.evil.example  {0}?.evil.example    {0},{0}            {0}{0}              {0};{0}
    x{0}               x-{0}              .{0}                 *{0}               view-source:{0}     blob:{0}
    https://evil{1}    https://evil-{1}   https://evil.{1}     https://.{1}       https://%2e{1}      https://*.{1}
    https://evil@{1}   https://a:b@{1}    https://evil/{1}     https://evil?{1}   https://evil#{1}    https://evil\{1}
    https://{1}{1}     https://{1}.{1}    javascript://{1}     //{1}              {1}                 \\{1}
""".split()


@pytest.mark.parametrize(
    "row", [row for row in ORIGINS if row.id.startswith(("static", "exact"))], ids=lambda row: row.id
)
def test_no_variant_of_an_allowed_origin_is_allowed(row: Origins) -> None:
    policy = Policy(allow_origins=row.value)
    for origin in row.allowed:
        affixed = [variant.format(origin, origin.partition("://")[2]) for variant in VARIANTS]
        folded = [origin.upper(), origin.title(), origin.swapcase(), origin.capitalize()]
        assert allows(policy, origin)
        assert [each for each in affixed + folded if allows(policy, each)] == []


# Any value of any header, and any path, over both front ends.

#: Bytes in ISO 8859-1, as WSGI and http.server hand them over.
BYTES = st.binary(max_size=12).map(lambda data: data.decode("latin-1"))
PIECES = (
    *(APP, SHOP, "null", "*", "http://localhost:1", "https://a.example.com", "PUT", "x-a", "authorization"),
    *(",", ", ", ";", ":", "/", "..", "@", "\\", "%0d%0a", "\r\nSet-Cookie: a=b"),
    *("\r\n", "\n", "\r", "\0", "\x7f", "\x85"),
    *("\t", " ", "\xa0", "\xe9", "\xff", "x" * 300, "," * 300, "a," * 300),
)
VALUES = st.sampled_from((APP, SHOP)) | st.lists(st.sampled_from(PIECES) | BYTES, max_size=5).map("".join)

OPTIONS: dict[str, dict[str, Any]] = {
    "any": {"allow_origins": "*", "allow_methods": "*", "allow_headers": "*"},
    "static": {"allow_origins": APP},
    "exact": {"allow_origins": [APP, SHOP]},
    "patterns": {"allow_origins": ["https://*.example.com", "http://localhost:*", re.compile("https://shop.*")]},
    "callable": {"allow_origins": lambda origin, request: origin in (APP, SHOP) and "Origin" in request.headers},
    "enforce": {"allow_origins": [APP, SHOP], "enforce": True},
    "echo": {"allow_origins": [APP, SHOP], "allow_methods": "*", "allow_headers": "*", "allow_credentials": True},
}
#: What may stand in Access-Control-Allow-Origin, as far as it can be made of PIECES and a few bytes.
ALLOWED = {
    "any": re.compile(r"\*"),
    "static": re.compile(re.escape(APP)),
    "patterns": re.compile(
        r"https://(app|a)\.example\.com|http://localhost:1[0-9]{0,4}|https://shop\.example\.net:8443"
    ),
} | dict.fromkeys(["exact", "callable", "enforce", "echo"], re.compile(f"{re.escape(APP)}|{re.escape(SHOP)}"))


def foldable(value: str) -> str:
    """Return ``value`` as ``http.server`` can receive it: folded, where a line ends in it."""
    return re.sub("\r\n|\r|\n", "\r\n ", value)


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("front_end", FRONT_ENDS)
@examples(60)
@given(origin=VALUES, method=VALUES, names=VALUES, path=VALUES)
@example(origin="", method="", names="", path="")
@example(origin=APP, method="PUT", names="x-a,authorization", path="")
@example(origin=f"{APP}\r\n", method="PUT\r\n", names="x-a\r\n", path="\r\n")
@example(origin="a" * 2**17, method="a" * 2**17, names="a," * 2**17, path="")
def test_no_value_is_raised_at_or_echoed(
    front_end: str, kind: str, origin: str, method: str, names: str, path: str
) -> None:
    policy = Policy(**OPTIONS[kind])
    headers: Pairs = (
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", names),
    )
    if front_end == "http.server":
        headers = tuple((name, foldable(value)) for name, value in headers)
    path = "/" + quote(path.encode("latin-1"), safe="/:@\\,;.%")
    for asked in ("GET", "OPTIONS"):
        reply = FRONT_ENDS[front_end](policy, asked, path, headers)
        # A callable is not asked about a request whose path WebOb cannot read.
        assert_harmless(reply, kind, asked, origin, is_asked=kind != "callable" or is_utf_8(path))


def is_utf_8(path: str) -> bool:
    return "\N{REPLACEMENT CHARACTER}" not in unquote(path)


def assert_harmless(reply: Reply, kind: str, asked: str, origin: str, is_asked: bool) -> None:
    """Check that a response holds nothing of the request but an allowed origin and tokens."""
    assert reply.status in ({200, 403, 431} if asked == "GET" else {204, 403, 431})
    assert [pair for pair in reply.headers if not "".join(pair).isprintable() or not "".join(pair).isascii()] == []
    assert b"example" not in reply.body
    sent = reply.all("Access-Control-Allow-Origin")
    assert len(sent) <= 1
    assert all(ALLOWED[kind].fullmatch(each) for each in sent)
    if kind in ("any", "static"):
        assert reply.all("Vary") == []
        assert len(sent) == (reply.status != 403)
    else:
        # The white space around a value is no part of it; http.server may or may not have left it.
        assert sent in ([], [origin.strip(" \t\r\n")])
        assert reply.all("Vary") == ["Origin"]
        assert (
            sent
            or reply.status == 431
            or not is_asked
            or not ALLOWED[kind].fullmatch(origin)
            or (kind, reply.status) == ("echo", 403)
        )
    for name in ("Access-Control-Allow-Methods", "Access-Control-Allow-Headers"):
        assert all(TOKEN.fullmatch(each) for line in reply.all(name) for each in line.split(","))


@pytest.mark.parametrize("kind", ["static", "exact", "patterns"])
@examples(100)
@given(VALUES)
def test_what_stands_around_an_origin_is_not_taken_off(kind: str, value: str) -> None:
    policy = Policy(**OPTIONS[kind])
    for text in (value, f"{value}\n", f"{value}\r\n", f"{value}\0", f" {value}", f"{value}\t", f"{value}/"):
        assert allows(policy, text) == (ALLOWED[kind].fullmatch(text) is not None)


BAD_UTF_8 = ["/%80", "/%ff%fe", "/%c3%28", "/?%80", "/?a=%ff"]


# For Django see test_django.py: it has read the path before.
@pytest.mark.parametrize("ask", FRONT_ENDS.values())
@pytest.mark.parametrize("path", BAD_UTF_8)
def test_a_callable_can_read_what_is_not_utf_8(ask: Ask, path: str) -> None:
    seen: list[str] = []

    def allow(origin: str, request: webob.Request) -> bool:
        seen.append("".join([request.path_info, request.path, request.url, *request.GET.keys(), *request.GET.values()]))
        return "\ufffd" not in f"{request.path_info}{request.GET}"

    asking = (("Origin", APP), ("Access-Control-Request-Method", "PUT"))
    assert ask(Policy(allow), "GET", "/%c3%a4?%c3%a4", asking).cors == [
        ("Access-Control-Allow-Origin", APP),
        ("Vary", "Origin"),
    ]
    for method, status in [("GET", 200), ("OPTIONS", 403)]:
        reply = ask(Policy(allow), method, path, asking)
        assert (reply.status, reply.cors) == (status, [("Vary", "Origin")])
    assert all("\ufffd" in text or "%EF%BF%BD" in text for text in seen[1:])


@pytest.mark.parametrize("path", BAD_UTF_8)
def test_a_callable_chooses_by_what_is_not_utf_8_too(path: str) -> None:
    def choose(request: webob.Request) -> Policy | None:
        return Policy(SHOP) if "\ufffd" in f"{request.path_info}{request.GET}" else None

    assert ask_wsgi(choose, "GET", "/%c3%a4?%c3%a4").cors == []
    assert ask_wsgi(choose, "GET", path).cors == [("Access-Control-Allow-Origin", SHOP)]


@pytest.mark.parametrize("path", BAD_UTF_8)
def test_what_a_callable_reads_is_not_what_the_application_gets(path: str) -> None:
    def choose(request: webob.Request) -> None:
        assert request.path_info
        assert request.GET is not None

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        with pytest.raises(UnicodeDecodeError):
            _ = (webob.Request(environ).path_info, webob.Request(environ).GET)
        return webob.Response("as it came")(environ, start_response)

    assert webob.Request.blank(path).get_response(CORSMiddleware(app, choose)).text == "as it came"


# The log: one line for each refusal, once.


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect the messages of the logger ``corswsgi``."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, handler = logging.getLogger("corswsgi"), Collector()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield messages
    finally:
        logger.propagate = True
        logger.setLevel(level)
        logger.removeHandler(handler)


def ask_one_middleware(policy: Policy, requests: list[tuple[str, str, Pairs]]) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    middleware = CORSMiddleware(application, policy)
    for method, path, headers in requests:
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path}
        setup_testing_defaults(environ)
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers}
        middleware(environ, lambda status, headers, exc_info=None: None)


def ask_one_handler(policy: Policy, requests: list[tuple[str, str, Pairs]]) -> None:
    def do_GET(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(204)
        handler.end_headers()

    bases = (CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler)
    members = {"cors": policy, "do_GET": do_GET, "protocol_version": "HTTP/1.1", "_refusals": RefusalLog()}
    received = b""
    for method, path, headers in requests:
        # A request line is split at white space, and there is some beyond ASCII.
        lines = [f"{method} {''.join(path.split())} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {foldable(value)}" for name, value in headers]
        received += "\r\n".join([*lines, "", ""]).encode("latin-1")
    sent = exchange(type("Handler", bases, members), received)
    assert len(replies(sent, [method for method, _, _ in requests])) == len(requests)


ASK_ONE = {"wsgi": ask_one_middleware, "http.server": ask_one_handler}

HOSTILE_ORIGINS = VALUES.filter(lambda value: value.strip() not in (APP, SHOP))


@pytest.mark.parametrize("front_end", ASK_ONE)
@examples(100)
@given(origin=HOSTILE_ORIGINS, path=VALUES)
@example(origin="https://evil.example\r\nINFO:root:forged", path="")
@example(origin="https://evil.example", path="/\r\nINFO:root:forged\x85\u2028"[:18])
@example(origin="\x7f", path="\x7f")
@example(origin="\x1b[2J", path="\x1b]0;a\x07")
@example(origin="a" * 60_000, path="a" * 60_000)
def test_each_refusal_is_one_line_of_the_log_once(front_end: str, origin: str, path: str) -> None:
    asking = (("Origin", origin), ("Access-Control-Request-Method", "PUT"))
    requests = [("GET", f"/{path}", asking[:1]), ("OPTIONS", "/", asking), ("GET", "/other", asking[:1])]
    with logged() as messages:
        ASK_ONE[front_end](Policy(allow_origins=[APP, SHOP]), requests)
    (message,) = messages
    assert len(message.splitlines()) == 1
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 1000


@pytest.mark.parametrize("front_end", ASK_ONE)
def test_each_origin_and_each_reason_is_logged(front_end: str) -> None:
    strangers = ["https://stranger.example", "https://other.example"]
    requests: list[tuple[str, str, Pairs]] = [("GET", "/", (("Origin", each),)) for each in strangers * 2]
    for method, names in [("", "x-a"), ("PUT", "("), ("", "x-b"), ("PUT", ")")]:
        asked = (("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", names))
        requests.append(("OPTIONS", "/", (("Origin", APP), *asked)))
    with logged() as messages:
        ASK_ONE[front_end](Policy(**OPTIONS["echo"]), requests)
    assert [re.findall("https://[a-z.]+", message) for message in messages] == [
        *([each] for each in strangers),
        [APP],
        [APP],
    ]
    assert len(set(messages)) == 4


def preflight(method: str, names: str | None = None, origin: str = APP) -> tuple[str, str, Pairs]:
    asked = (("Origin", origin), ("Access-Control-Request-Method", method))
    return "OPTIONS", "/items", (*asked, *(() if names is None else (("Access-Control-Request-Headers", names),)))


LISTS = Policy([APP, SHOP], allow_methods=["PUT", "PATCH"], allow_headers=["X-A", "*"])

#: What a preflight asks for and does not get, under LISTS, and what to do about it in the words of the log.
UNLISTED = [
    (preflight("DELETE"), 'the method DELETE is not listed; add "DELETE" to allow_methods'),
    (preflight("put"),
     'the method put is not listed, but PUT is, and methods are case-sensitive; the script should use "PUT"'),
    (preflight("PUT", "authorization"),
     'the header authorization is not listed; add "authorization", which "*" does not cover, to allow_headers'),
    (preflight("DELETE", "Authorization,x-b"),
     'the method DELETE is not listed; add "DELETE" to allow_methods; '
     'the header authorization is not listed; add "authorization", which "*" does not cover, to allow_headers'),
    (preflight("DE\x80LETE"), 'the method DE\\u0080LETE is not listed; add "DE\\u0080LETE" to allow_methods'),
]  # fmt: skip


@pytest.mark.parametrize("front_end", ASK_ONE)
def test_a_preflight_that_asks_for_what_is_not_listed_is_logged_in_the_words_of_the_fix(front_end: str) -> None:
    with logged() as messages:
        ASK_ONE[front_end](LISTS, [request for request, _ in UNLISTED for _ in range(2)])
    assert messages == [f'refused origin "{APP}" on "OPTIONS" "/items": {fix}' for _, fix in UNLISTED]
    with logged() as messages:
        ASK_ONE[front_end](Policy(APP, allow_headers="X-A"), [preflight("GET", "x-a,x-api-key"), preflight("PUT")])
    assert [message.partition(": ")[2] for message in messages] == [
        'the header x-api-key is not listed; add "x-api-key" to allow_headers',
        'the method PUT is not listed; add "PUT" to allow_methods',
    ]


@pytest.mark.parametrize("front_end", ASK_ONE)
def test_a_preflight_that_is_granted_is_not_logged(front_end: str) -> None:
    echo = Policy(**OPTIONS["echo"])
    with logged() as messages:
        ASK_ONE[front_end](
            LISTS, [preflight("PUT", "x-a,x-b"), preflight("GET"), preflight("HEAD", ""), preflight("POST")]
        )
        ASK_ONE[front_end](Policy("*", allow_methods="*", allow_headers="*"), [preflight("DELETE", "x-anything")])
        ASK_ONE[front_end](echo, [preflight("PURGE", "x-anything"), preflight("PUT")])
    assert messages == []


@pytest.mark.parametrize("front_end", ASK_ONE)
def test_each_origin_is_told_what_lacks(front_end: str) -> None:
    with logged() as messages:
        ASK_ONE[front_end](LISTS, [preflight("DELETE", origin=origin) for origin in (APP, SHOP, APP, SHOP)])
    assert [re.findall("https://[a-z.:0-9]+", message) for message in messages] == [[APP], [SHOP]]


@pytest.mark.parametrize("front_end", ASK_ONE)
def test_what_is_logged_of_a_preflight_has_a_bound(front_end: str) -> None:
    names = ",".join(f"x-{number}" for number in range(200))
    with logged() as messages:
        ASK_ONE[front_end](Policy(APP), [preflight("M" * 5000), preflight("GET", names), preflight("GET", "x" * 5000)])
    assert len(messages) == 3
    assert all(len(message) < 1000 and message.isprintable() for message in messages)
    assert messages[1].endswith("; and 192 more")
    with logged() as messages:
        ASK_ONE[front_end](
            Policy(APP), [preflight("GET", "x a"), preflight("GET", ",".join(f"x-{n}" for n in range(300)))]
        )
    assert messages == [], "nothing is said of what is malformed or out of bounds: the browser did not send it"


@pytest.mark.parametrize("front_end", ASK_ONE)
def test_nothing_is_logged_of_what_is_not_refused(front_end: str) -> None:
    asking = (("Origin", APP), ("Access-Control-Request-Method", "PUT"))
    same_origin = (("Origin", "https://stranger.example"), ("Sec-Fetch-Site", "same-origin"))
    with logged() as messages:
        ASK_ONE[front_end](
            Policy(allow_origins=[APP, SHOP], allow_methods="PUT"),
            [("GET", "/", ()), ("GET", "/", asking[:1]), ("OPTIONS", "/", asking), ("GET", "/", same_origin)],
        )
    assert messages == []


def test_the_log_remembers_no_more_than_its_bound() -> None:
    log = RefusalLog(bound=2)
    with logged() as messages:
        for origin in ("a", "b", "a", "c", "b", "c", "a"):
            log.note(origin, "no", "GET", "/")
    assert [message.split()[2] for message in messages] == ['"a"', '"b"', '"c"', '"a"']


def test_ten_thousand_long_origins_take_no_more_memory_than_a_thousand_short_ones() -> None:
    log = RefusalLog()
    with logged() as messages:
        tracemalloc.start()
        for number in range(10_000):
            log.note(f"https://{number}.example/{'x' * 2000}", "no", "GET", "/")
            messages.clear()
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert kept < 1_000_000


# What a developer declares.

FAULTY_PIECES = (
    *(
        "https://",
        "http://",
        "wss://",
        "HTTP://",
        "ftp://",
        "://",
        ":",
        "//",
        "file://",
        "localhost",
        "example.com",
        "Example.com",
    ),
    *(
        "a",
        "A",
        "0",
        ".",
        "..",
        "*",
        "*.",
        ":*",
        "/",
        "\\",
        "?",
        "#",
        "@",
        "%",
        " ",
        "\t",
        "\n",
        ",",
        ";",
        "[",
        "]",
        "[::1]",
        "::",
    ),
    *("xn--", "xn--fa-hia", "-", "_", "1.2.3.4", "127.1", "0x7f", "017", ":80", ":443", ":0", ":08", ":65536", ":8443"),
    *(
        "null",
        "NULL",
        "\xe9",
        "\xdf",
        "\u65e5",
        "\u212a",
        "\u017f",
        "\u3002",
        "\uff11",
        "\u0663",
        "\xad",
        "\x00",
        "\x7f",
    ),
    *("a" * 63, "a" * 64, ("a" * 50 + ".") * 4),
)
DECLARED = st.tuples(
    st.sampled_from(("", "https://", "http://")),
    st.lists(st.sampled_from(FAULTY_PIECES), max_size=5).map("".join),
).map("".join)


def problems_of(**options: Any) -> tuple[Problem, ...]:
    try:
        Policy(**options)
    except PolicyError as error:
        return error.problems
    return ()


@examples(1000)
@given(DECLARED, st.booleans())
@example("http://example.com:443", True)
@example("http://*.example.com:443", True)
@example("HTTPS://me@Example.com:443/a?b#c", False)
def test_every_suggestion_for_an_origin_is_accepted(text: str, allow_credentials: bool) -> None:
    for problem in problems_of(allow_origins=text, allow_credentials=allow_credentials):
        if problem.suggestion is not None:
            assert problems_of(allow_origins=problem.suggestion) == ()
            assert problem.suggestion != text


@examples(1000)
@given(DECLARED)
@example("https://\u212a.example")
@example(f"{'x' * 330}://a.example")
def test_every_origin_that_is_accepted_allows_something(text: str) -> None:
    if text != "*" and problems_of(allow_origins=text) == ():
        instance = text.replace("://*.", "://a.").removesuffix(":*")
        assert allows(Policy(allow_origins=text), instance)


@pytest.mark.parametrize(
    "text", ["file://server", "file://*.example.com", "file://localhost:*", "data://a", "about://a"]
)
def test_schemes_whose_pages_browsers_call_null_are_faults(text: str) -> None:
    assert [problem.code for problem in problems_of(allow_origins=text)] == ["origin-opaque"]


@pytest.mark.parametrize("text", [each for name, each in MALFORMED_ORIGINS.items() if name != "star"])
def test_what_no_browser_sends_is_not_parsed(text: str) -> None:
    assert parse_origin(text) is None


HOSTS = st.lists(
    st.sampled_from(
        ("a", "b", "ab", "0", "1", "9", "255", "256", "0x", "0x1f", "1e3", ".", "-", "_", "[::1]", "::", "%41", "A")
    ),
    min_size=1,
    max_size=7,
).map("".join)
URLS = st.builds(
    "{}://{}{}".format,
    st.sampled_from(("http", "https", "HTTP")),
    HOSTS | st.ip_addresses(v=6).map("[{}]".format) | st.ip_addresses(v=6).map(lambda ip: f"[{ip.exploded}]"),
    st.sampled_from(("", ":", ":80", ":443", ":0443", ":1", ":65535", ":65536")),
)


@examples(1000)
@given(URLS)
@example(f"https://{'.'.join(['a' * 63] * 3 + ['a' * 61])}")
@example(f"https://{'.'.join(['a' * 63] * 3 + ['a' * 61])}.")
def test_origins_are_parsed_as_the_url_parser_of_browsers_writes_them(text: str) -> None:
    try:
        written = ada_url.URL(f"{text}/").origin
    except ValueError:
        written = None
    if parse_origin(text) is not None:
        assert written == text
    if written is not None and is_within_dns(written):
        assert parse_origin(written) is not None


def is_within_dns(origin: str) -> bool:
    """Tell whether the host of a well-written origin is an address, or a name that DNS can hold."""
    host = re.sub(":[0-9]+$", "", origin.partition("://")[2])
    labels = host.removesuffix(".").split(".")
    return host.startswith("[") or (
        len(host.removesuffix(".")) <= 253 and all(re.fullmatch("[a-z0-9_-]{1,63}", label) for label in labels)
    )


# GHSA-mh55-gqvf-xfwm: a megabyte of commas in Access-Control-Request-Headers.


@pytest.mark.parametrize(
    ("front_end", "lines"), [("wsgi", [2**20]), ("wsgi", [2**16] * 16), ("http.server", [60_000] * 18)]
)
def test_a_megabyte_of_commas_is_refused_where_it_would_be_echoed(front_end: str, lines: list[int]) -> None:
    ask: Ask = FRONT_ENDS[front_end]
    commas = [("Access-Control-Request-Headers", "," * length) for length in lines]
    asking = (("Origin", APP), ("Access-Control-Request-Method", "PUT"), *commas)
    refused = ask(Policy(**OPTIONS["echo"]), "OPTIONS", "/", asking)
    assert (refused.status, refused.cors) == (403, [("Vary", "Origin")])
    assert len(refused.body) < 200
    assert ask(Policy(**OPTIONS["exact"]), "OPTIONS", "/", asking).status == 204, "where lists are sent it is not read"


@pytest.mark.parametrize("piece", [",", "a,", " ,", "\t"])
@pytest.mark.parametrize("kind", ["echo", "exact", "any"])
def test_a_megabyte_of_requested_headers_is_not_taken_apart(kind: str, piece: str) -> None:
    rules = rules_of(Policy(**OPTIONS[kind]))
    asked = piece * (2**20 // len(piece))
    tracemalloc.start()
    grant = rules.grant(APP)
    answer = rules.preflight(APP, grant, "PUT", asked)
    assert "Access-Control-Request-Headers" in rules.objection(APP, grant, "PUT", asked) or kind != "echo"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status[:3] == ("403" if kind == "echo" else "204")
    assert peak < 10_000
