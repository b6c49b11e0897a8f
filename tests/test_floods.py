"""Floods: however much comes in, the work and the memory that answer it are bounded, and the answer is right."""

from __future__ import annotations

import logging
import re
import socket
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import naive
import pytest
from amounts import TIMES
from front_ends import FRONT_ENDS, Pairs, Quiet, Reply, exchange, replies
from fuzz.flood import APP, KINDS, MOST_KEPT, SHOP, Counted, kept_of_a_flood, logging_refusals, origins

import corswsgi
from corswsgi import CORSMiddleware, CORSRequestHandlerMixin, Policy
from corswsgi.errors import quote

PACKAGE = str(Path(corswsgi.__file__).parent)
MEGABYTE = 2**20


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the names of what the package calls, functions in C among them."""
    calls: list[str] = []

    def profile(frame: Any, event: str, arg: Any) -> None:
        if event in ("call", "c_call") and frame.f_code.co_filename.startswith(PACKAGE):
            calls.append(frame.f_code.co_name if event == "call" else arg.__name__)

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


# Access-Control-Request-Headers


ECHOES: dict[str, Policy] = {
    "echoed headers": Policy([APP, SHOP], allow_headers="*", allow_credentials=True),
    "echoed headers, static": Policy(APP, allow_headers=["*", "Authorization"], allow_credentials=True),
    "all echoed": Policy([APP, SHOP], allow_methods="*", allow_headers="*", allow_credentials=True),
}
LISTS: dict[str, Any] = {
    **KINDS,
    "wildcards": Policy("*", allow_methods="*", allow_headers="*"),
    "lists": Policy([APP, SHOP], allow_methods=["PUT"], allow_headers=["X-A"], allow_credentials=True),
    "echoed methods": Policy([APP, SHOP], allow_methods="*", allow_headers=["X-A"], allow_credentials=True),
}

#: Those that a megabyte is sent to over a connection too; "callable" has a test of its own.
OVER_CONNECTIONS = ("any", "static", "patterns", "by path", "echoed headers", "all echoed")

#: A megabyte each.
SHAPES: dict[str, str] = {
    "commas": "," * MEGABYTE,
    "spaces": " " * MEGABYTE,
    "tabs": "\t" * MEGABYTE,
    "one huge name": "x" * MEGABYTE,
    "half a million names": "a," * (MEGABYTE // 2),
    "half a million different names": ",".join(f"{number:x}" for number in range(180_000))[:MEGABYTE],
    "one name again and again": "x-a," * (MEGABYTE // 4),
    "one name in both cases": "X-a,x-A," * (MEGABYTE // 8),
    "white space around commas": " \t, \t" * (MEGABYTE // 6),
    "no tokens": "(," * (MEGABYTE // 2),
    "bytes beyond ASCII": "\xff\xfe," * (MEGABYTE // 3),
    "quotes": '"a,b",' * (MEGABYTE // 6),
    "a name, then spaces": "x-a" + " " * MEGABYTE,
    "spaces, then a name": " " * MEGABYTE + "x-a",
}


def in_lines(value: str) -> list[str]:
    """Cut a value into lines as ``http.server`` takes them: below 65536 bytes, and below 100 of them."""
    return [value[start : start + 60_000] for start in range(0, len(value), 60_000)]


def preflight(front_end: str, policy: Any, asked: str, origin: str = APP, method: str = "PUT") -> Reply:
    lines = in_lines(asked) if front_end == "http.server" else [asked]
    headers = [("Origin", origin), ("Access-Control-Request-Method", method)]
    headers += [("Access-Control-Request-Headers", line) for line in lines]
    return FRONT_ENDS[front_end](policy, "OPTIONS", "/", headers)


def size_of(reply: Reply) -> int:
    return len(reply.body) + sum(len(name) + len(value) for name, value in reply.headers)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_megabyte_of_requested_headers_costs_no_more_than_a_name(front_end: str, shape: str) -> None:
    for kind, policy in (LISTS | ECHOES).items():
        if front_end == "http.server" and kind not in OVER_CONNECTIONS:
            continue
        with counted() as few:
            answer = preflight(front_end, policy, "x-a")
        with counted() as many:
            flooded = preflight(front_end, policy, SHAPES[shape])
        # http.server gives a line at a time: eighteen of them are joined.
        assert len(many) <= len(few) + (100 if front_end == "http.server" else 0), kind
        if kind in ECHOES:
            # The white space around a line is no part of it for http.server, so that nothing is left of some.
            is_nothing = front_end == "http.server" and not SHAPES[shape].replace("x-a", "").strip()
            assert (answer.status, flooded.status) == (204, 204 if is_nothing else 403)
            assert size_of(flooded) < 400
        else:
            assert flooded == answer


def test_for_a_callable_each_line_of_a_request_is_looked_at_once() -> None:
    counts = []
    for number in (10, 80):
        asked = ",".join(["x-a"] * 15_000 * number)
        with counted() as calls:
            assert preflight("http.server", KINDS["callable"], asked).status == 204
        counts.append(calls.count("strip"))
    assert counts[1] <= 10 * counts[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ECHOES)
def test_what_is_echoed_is_within_its_bound_whatever_it_is_made_of(kind: str, shape: str) -> None:
    within = SHAPES[shape][: 16 * 1024]
    with counted() as calls:
        reply = preflight("wsgi", ECHOES[kind], within)
    assert len(calls) < 3 * len(within)
    assert size_of(reply) < 17_000
    expected = naive.grants(
        {
            "allow_credentials": True,
            "allow_headers": ["*", "authorization"] if "static" in kind else "*",
            "allow_methods": "*" if kind == "all echoed" else (),
        },
        "PUT",
        within,
    )
    assert reply.status == (403 if expected is None else 204)
    for name in ("Access-Control-Allow-Headers", "Access-Control-Allow-Methods"):
        assert reply.all(name) == [value for each, value in expected or () if each == name]


#: Headers that a policy reads; the sixth is what an application may make of a method.
READ = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Host", "Sec-Fetch-Site")


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("kind", LISTS | ECHOES)
def test_a_megabyte_in_any_header_takes_no_memory(kind: str, name: str) -> None:
    """Nothing is taken apart, or logged whole."""
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT", "Host": "api.example"}
    middleware = CORSMiddleware(answering([]), (LISTS | ECHOES)[kind])
    floods = [
        f"https://{'a.' * (MEGABYTE // 2)}example.com",
        "," * MEGABYTE,
        "\x00" * MEGABYTE,
        "null, " * (MEGABYTE // 6),
    ]
    with logging_refusals():
        for flood in floods:
            for method in ("OPTIONS", "GET"):
                for origin in (APP, headers["Origin"]):
                    environ = environ_of(method, headers | {"Origin": origin} | {name: flood})
                    tracemalloc.start()
                    middleware(environ, lambda status, headers, exc_info=None: None)
                    _, peak = tracemalloc.get_traced_memory()
                    tracemalloc.stop()
                    # One header's value may be folded to lower case, or joined with another.
                    assert peak < 1.1 * MEGABYTE, (method, origin)


def environ_of(method: str, headers: dict[str, str]) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "api.example",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    return environ | {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


def answering(headers: list[tuple[str, str]]) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> tuple[bytes, ...]:
        start_response("200 OK", list(headers))
        return ()

    return app


@pytest.mark.parametrize("text", ["\x00" * MEGABYTE, "a" * MEGABYTE, '"' * MEGABYTE])
def test_what_is_quoted_is_cut_before_it_is_escaped(text: str) -> None:
    whole = quote(text[:1000])
    tracemalloc.start()
    assert quote(text) == whole
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000


# Random origins


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_of_origins_leaves_nothing_behind(kind: str) -> None:
    """``python -m tests.fuzz --flood`` asks a million times of each kind."""
    kept, _ = kept_of_a_flood(kind, 20_000 * TIMES)
    assert kept < MOST_KEPT


@pytest.mark.parametrize("kind", [kind for kind, policy in KINDS.items() if isinstance(policy, Policy)])
def test_of_a_flood_of_origins_those_are_allowed_that_the_rules_allow(kind: str) -> None:
    server, options = Counted(KINDS[kind]), KINDS[kind].as_dict()
    count = 0
    for origin in origins(500 * TIMES, seed=1):
        server.ask(origin)
        count += naive.allows(options, origin)
        assert server.allowed == (0 if kind == "any" else count), origin  # there "*" is sent, and no origin
    grants = ("any", "any port", "expression", "patterns", "all forms")
    assert bool(count) == (kind in grants or kind.startswith("subdomains"))


@pytest.mark.parametrize("kind", ["exact", "enforcing", "patterns"])
def test_a_flood_of_refusals_in_the_log_leaves_nothing_behind(kind: str) -> None:
    with logging_refusals():
        kept, _ = kept_of_a_flood(kind, 5000 * TIMES)
    assert kept < MOST_KEPT


# Every byte in every header


BYTES = [chr(number) for number in range(256)]
#: What a byte is put into, or beside.
STEMS = {
    "Origin": APP,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "x-a,x-b",
    "Host": "app.example.com",
    "Sec-Fetch-Site": "same-origin",
}
MIDDLES = {"Origin": len("https://app"), "Access-Control-Request-Headers": len("x-a"), "Host": 3}


def with_byte(name: str, byte: str) -> Iterator[str]:
    """Yield a header's value with a byte at its start, in its middle, at its end, alone; and starting another line."""
    stem = STEMS[name]
    middle = MIDDLES.get(name, 1)
    yield from (byte + stem, stem[:middle] + byte + stem[middle:], stem + byte, byte)
    yield f"{stem}{byte}X-Injected: 1"
    yield f"{stem}\r\n{byte}X-Injected: 1"


SENT_NAMES = re.compile(
    r"Access-Control-(Allow-(Origin|Methods|Headers|Credentials)|Expose-Headers|Max-Age)|Vary|Content-(Type|Length)"
    r"|Cache-Control|Connection|Server|Date"
)
TOKENS = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(,[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*")


def assert_clean(headers: Pairs, options: dict[str, Any], origin: str) -> None:
    """Check that headers hold nothing of the request but an origin that the rules allow, and tokens."""
    for name, value in headers:
        assert SENT_NAMES.fullmatch(name)
        assert value.isascii()
        assert value.isprintable()
        assert "Injected" not in value or name == "Access-Control-Allow-Headers"
        if name == "Access-Control-Allow-Origin":
            assert value in ("*", naive.only_origin(options)) or (value == origin and naive.allows(options, origin))
        elif name in ("Access-Control-Allow-Methods", "Access-Control-Allow-Headers"):
            assert TOKENS.fullmatch(value)


BYTE_POLICIES: dict[str, dict[str, Any]] = {
    "any": {"allow_origins": "*"},
    "static": {"allow_origins": APP},
    "enforcing": {"allow_origins": [APP, SHOP], "enforce": True},
    "patterns": {"allow_origins": ["https://*.example.com:*", "http://localhost:*"]},
    "expression": {"allow_origins": re.compile(r"https://.*example\.com.*", re.DOTALL)},
    "callable": {"allow_origins": lambda origin, request: "example.com" in origin},
    "all echoed": {
        "allow_origins": [APP, SHOP],
        "allow_credentials": True,
        "allow_methods": "*",
        "allow_headers": ["*", "Authorization"],
    },
}


class OneLine(logging.Handler):
    """Checks that each message is one line of ASCII."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        assert message.isascii()
        assert message.isprintable()
        self.count += 1


@pytest.fixture
def log() -> Iterator[OneLine]:
    logger, handler = logging.getLogger("corswsgi"), OneLine()
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.propagate = True
        logger.setLevel(level)
        logger.removeHandler(handler)


@pytest.mark.parametrize("name", STEMS)
@pytest.mark.parametrize("kind", BYTE_POLICIES)
def test_every_byte_in_an_environ(kind: str, name: str, log: OneLine) -> None:
    options = BYTE_POLICIES[kind]
    middleware = CORSMiddleware(answering([("Content-Type", "text/plain")]), Policy(**options))
    started: list[Any] = []
    for byte in BYTES:
        for value in with_byte(name, byte):
            for method, origin in (("OPTIONS", APP), ("GET", APP), ("POST", "https://evil.example")):
                headers = STEMS | {"Origin": origin} | {name: value}
                middleware(environ_of(method, headers), lambda status, headers, exc_info=None: started.append(headers))
                assert_clean(started.pop(), options, headers["Origin"])
                assert started == []


def test_every_byte_in_an_origin_is_logged_on_one_line(log: OneLine) -> None:
    middleware = CORSMiddleware(answering([]), Policy([APP, SHOP]))
    for byte in BYTES:
        for value in (f"{APP}{byte}", f"{byte}{APP}"):
            middleware(environ_of("GET", {"Origin": value}), lambda status, headers, exc_info=None: None)
    assert log.count == 512


def message(method: str, headers: dict[str, str], path: str = "/") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


class ByteHandler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
    """Answers with what it got of one header, for the test to know what ``http.server`` made of the bytes."""

    cors = Policy([APP, SHOP])
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(repr(self.headers.get_all("Origin")).encode())

    do_POST = do_GET


@pytest.mark.parametrize("name", STEMS)
@pytest.mark.parametrize("kind", ["enforcing", "all echoed"])
def test_every_byte_on_a_connection(kind: str, name: str, log: OneLine) -> None:
    options = BYTE_POLICIES[kind]
    handler = type("Handler", (ByteHandler,), {"cors": Policy(**options)})
    for byte in BYTES:
        for value in with_byte(name, byte):
            headers = STEMS | {name: value}
            method = "POST" if kind == "enforcing" else "OPTIONS"
            (reply,) = replies(exchange(handler, message(method, headers)), [method])
            assert reply.status in (200, 204, 400, 403, 501)
            assert_clean(reply.headers, options, re.split("[\r\n]", headers["Origin"])[0].strip(" \t"))


@contextmanager
def serving(handler: Any) -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


def test_every_byte_of_an_origin_over_a_socket(capsys: pytest.CaptureFixture[str]) -> None:
    allowed = set()
    with serving(ByteHandler) as port:
        for byte in BYTES:
            for value in (f"{byte}{APP}", f"https://app{byte}.example.com", f"{APP}{byte}"):
                with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
                    connection.sendall(message("GET", {"Origin": value}))
                    received = b""
                    while piece := connection.recv(65536):
                        received += piece
                (reply,) = replies(received, ["GET"])
                assert reply.status == 200
                assert_clean(reply.headers, {"allow_origins": [APP, SHOP]}, APP)
                if reply.all("Access-Control-Allow-Origin"):
                    allowed.add(value)
    # White space around a value is no part of it, and a CR alone ends a line for http.server.
    assert {value.strip(" \t\r\n") for value in allowed} == {APP}
    assert capsys.readouterr().err == "", "the server saw no exception"


# Long lists of headers from an application


TEN_THOUSAND = 10_000


def lists_of(number: int) -> dict[str, list[tuple[str, str]]]:
    """Return lists of so many headers."""
    return {
        "plain": [(f"X-{place}", "1") for place in range(number)],
        "starting like Vary": [(f"Via-{place}" if place % 2 else f"Age-{place}", "1") for place in range(number)],
        "Vary": [("Vary", f"X-{place}") for place in range(number)],
        "Vary of one name": [("vary", "Cookie, origin")] * number,
        "Vary of many names": [("Vary", ",".join(f"X-{place}" for place in range(number)))],
        "Vary of commas": [("Vary", "," * number)],
        "Vary with a star at its end": [*(("Vary", "Accept") for _ in range(number)), ("Vary", "*")],
        "Access-Control-*": [(f"Access-Control-X-{place}", "1") for place in range(number)],
        "one of Access-Control-*": [("ACCESS-CONTROL-ALLOW-ORIGIN", "*")] * number,
        "all kinds": [
            (("X-A", "Vary", "access-control-max-age", "Age")[place % 4], f"{place}") for place in range(number)
        ],
        "set-cookie": [("Set-Cookie", f"a{place}=b") for place in range(number)],
    }


def through_the_middleware(options: dict[str, Any], headers: list[tuple[str, str]]) -> tuple[Pairs, int]:
    """Return what becomes of an application's headers, and how many calls that takes."""
    middleware = CORSMiddleware(answering(headers), Policy(**options))
    started: list[Any] = []
    with counted() as calls:
        middleware(environ_of("GET", {"Origin": APP}), lambda status, headers, exc_info=None: started.append(headers))
    return started[0], len(calls)


@pytest.mark.parametrize("shape", lists_of(1))
@pytest.mark.parametrize("kind", ["static", "patterns"])
def test_ten_thousand_headers_are_decorated_in_one_pass(kind: str, shape: str) -> None:
    options = BYTE_POLICIES[kind]
    few, own = lists_of(TEN_THOUSAND // 10)[shape], lists_of(TEN_THOUSAND)[shape]
    added = naive.sent(options, "GET", {"origin": APP}).lines
    _, calls_of_few = through_the_middleware(options, few)
    got, calls = through_the_middleware(options, own)
    assert sorted(got) == naive.decorated(own, added)
    assert calls <= 11 * calls_of_few
    # What the policy has no word on keeps its place.
    kept = [pair for pair in own if not pair[0].lower().startswith(("access-control-", "vary"))]
    assert [pair for pair in got if not pair[0].lower().startswith(("access-control-", "vary"))] == kept


@pytest.mark.parametrize("shape", [shape for shape in lists_of(1) if "many names" not in shape])
def test_ten_thousand_headers_of_a_request_handler(shape: str) -> None:
    own = lists_of(TEN_THOUSAND)[shape]

    class Handler(ByteHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in own:
                self.send_header(name, value)
            self.end_headers()

    sent = exchange(Handler, message("GET", {"Origin": APP})).decode("latin-1")
    lines = [tuple(line.split(": ", 1)) for line in sent.split("\r\n")[1:-2]]
    got = [line for line in lines if line[0] not in ("Server", "Date")]
    assert sorted(got) == naive.decorated(own, [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")])
