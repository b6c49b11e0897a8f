"""CORSRequestHandlerMixin: what a connection to an ``http.server`` carries, byte for byte."""

from __future__ import annotations

import http.client
import http.server
import os
import threading
import wsgiref.simple_server
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.utils import formatdate
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import webob
from front_ends import Pairs, Quiet, Reply, exchange, replies

from corswsgi import CORSRequestHandler, CORSRequestHandlerMixin, Policy, PolicyError

APP, SHOP, STRANGER = "https://app.example.com", "https://shop.example.com", "https://stranger.example"
DYNAMIC = Policy([APP, SHOP], allow_methods=["PUT"], max_age=None)
STATIC = Policy(APP, allow_credentials=True, max_age=None)
ANY = Policy("*", max_age=None)
ECHO = Policy([APP, SHOP], allow_credentials=True, allow_methods="*", allow_headers="*", max_age=None)

ALLOW = [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]
VARY = [("Vary", "Origin")]
OF_STATIC = [("Access-Control-Allow-Credentials", "true"), ("Access-Control-Allow-Origin", APP)]
OF_PREFLIGHT = [("Access-Control-Allow-Methods", "PUT"), *ALLOW]

FROM_APP, FROM_STRANGER = [("Origin", APP)], [("Origin", STRANGER)]
PREFLIGHT = [("Access-Control-Request-Method", "PUT")]


def ok(handler: Any) -> None:
    """Answer 200, and give back the body, so that what was read is seen."""
    body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))) or b"OK"
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def handler_of(cors: Any, base: type[Any] = BaseHTTPRequestHandler, **more: Any) -> type[Any]:
    attributes = {
        "cors": cors,
        "protocol_version": "HTTP/1.1",
        "do_GET": ok,
        "do_HEAD": ok,
        "do_POST": ok,
        "do_PUT": ok,
    }
    return type("Handler", (CORSRequestHandlerMixin, Quiet, base), attributes | more)


def message(method: str = "GET", path: str = "/", headers: Pairs = (), body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def answer(handler: type[Any], received: bytes, method: str = "GET") -> Reply:
    (reply,) = replies(exchange(handler, received), [method])
    return reply


def cors_of(cors: Any, method: str = "GET", path: str = "/", headers: Pairs = FROM_APP) -> Pairs:
    return answer(handler_of(cors), message(method, path, headers), method).cors


# Whole connections


@contextmanager
def serving(handler: Any, server_class: type[HTTPServer] = ThreadingHTTPServer) -> Iterator[int]:
    with server_class(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


def connected(port: int) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10))


def asked(connection: http.client.HTTPConnection, method: str, path: str = "/", headers: Pairs = ()) -> Reply:
    connection.request(method, path, headers=dict(headers))
    response = connection.getresponse()
    return Reply(response.status, response.getheaders(), response.read())


@pytest.mark.parametrize("server_class", [HTTPServer, ThreadingHTTPServer])
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize("wbufsize", [0, -1], ids=["unbuffered", "buffered"])
def test_one_connection_after_another_and_many_requests_on_one(
    server_class: type[HTTPServer], version: str, wbufsize: int
) -> None:
    handler = handler_of(DYNAMIC, protocol_version=version, wbufsize=wbufsize, do_OPTIONS=ok)
    conversation = [
        ("OPTIONS", [*FROM_APP, *PREFLIGHT], 204, OF_PREFLIGHT),
        ("PUT", FROM_APP, 200, ALLOW),
        ("OPTIONS", [*FROM_STRANGER, *PREFLIGHT], 403, VARY),
        ("GET", FROM_STRANGER, 200, VARY),
        ("OPTIONS", FROM_APP, 200, ALLOW),
        ("GET", [], 200, VARY),
        ("HEAD", FROM_APP, 200, ALLOW),
        ("PATCH", FROM_APP, 501, ALLOW),
        ("GET", FROM_APP, 200, ALLOW),
    ]
    with serving(handler, server_class) as port, connected(port) as connection:
        got = [asked(connection, method, "/", headers) for method, headers, _, _ in conversation]
    assert [(reply.status, reply.cors) for reply in got] == [(status, cors) for _, _, status, cors in conversation]


def test_requests_at_the_same_time_each_get_their_own_answer() -> None:
    origins = [APP, SHOP, STRANGER]
    everyone_is_inside = threading.Barrier(len(origins))

    def do_GET(handler: Any) -> None:
        everyone_is_inside.wait(10)
        ok(handler)

    answers: dict[str, list[str]] = {}

    def ask(origin: str) -> None:
        with connected(port) as connection:
            reply = asked(connection, "GET", "/", [("Origin", origin)])
            answers[origin] = reply.all("Access-Control-Allow-Origin")

    with serving(handler_of(DYNAMIC, do_GET=do_GET)) as port:
        threads = [threading.Thread(target=ask, args=[origin]) for origin in origins]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert answers == {APP: [APP], SHOP: [SHOP], STRANGER: []}


# Preflights


@pytest.mark.parametrize(
    ("headers", "status", "cors"),
    [
        ([*FROM_APP, *PREFLIGHT], 204, OF_PREFLIGHT),
        ([*FROM_APP, ("Access-Control-Request-Method", "")], 204, OF_PREFLIGHT),
        ([*FROM_APP, ("access-control-request-method", "BREW")], 204, OF_PREFLIGHT),
        ([*FROM_STRANGER, *PREFLIGHT], 403, VARY),
        ([("Origin", ""), *PREFLIGHT], 403, VARY),
    ],
)
@pytest.mark.parametrize("own", [{}, {"do_OPTIONS": ok}], ids=["without do_OPTIONS", "with do_OPTIONS"])
def test_preflights_are_answered_before_any_method_is_chosen(
    own: dict[str, Any], headers: Pairs, status: int, cors: Pairs
) -> None:
    reply = answer(handler_of(DYNAMIC, **own), message("OPTIONS", "/", headers))
    assert (reply.status, reply.cors) == (status, cors)


@pytest.mark.parametrize(("headers", "cors"), [(FROM_APP, ALLOW), (PREFLIGHT, VARY), ([], VARY), (FROM_STRANGER, VARY)])
def test_other_options_requests_go_to_the_handler(headers: Pairs, cors: Pairs) -> None:
    with_own = answer(handler_of(DYNAMIC, do_OPTIONS=ok), message("OPTIONS", "/", headers))
    assert (with_own.status, with_own.body, with_own.cors) == (200, b"OK", cors)
    without = answer(handler_of(DYNAMIC), message("OPTIONS", "/", headers))
    assert (without.status, without.cors) == (501, cors)


def test_a_preflight_of_the_whole_server_is_answered() -> None:
    assert answer(handler_of(DYNAMIC), message("OPTIONS", "*", [*FROM_APP, *PREFLIGHT])).status == 204


def test_an_answer_to_a_preflight_has_these_headers_and_no_others() -> None:
    reply = answer(handler_of(ECHO), message("OPTIONS", "/", [*FROM_APP, *PREFLIGHT]))
    assert [name for name, _ in reply.headers] == [
        "Server",
        "Date",
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Credentials",
        "Vary",
    ]


def test_a_preflight_is_logged_like_any_request() -> None:
    logged: list[tuple[Any, ...]] = []
    handler = handler_of(DYNAMIC, log_message=lambda self, format, *args: logged.append(args))
    exchange(handler, message("OPTIONS", "/x", [*FROM_APP, *PREFLIGHT]))
    assert logged == [("OPTIONS /x HTTP/1.1", "204", "-")]


SMUGGLED = message("GET", "/smuggled", FROM_APP)
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
BODIES = [
    ([("Content-Length", str(len(SMUGGLED)))], SMUGGLED),
    ([("Content-Length", "0"), ("Content-Length", str(len(SMUGGLED)))], SMUGGLED),
    ([("Transfer-Encoding", "chunked")], CHUNKED),
    ([("Content-Length", "0"), ("Transfer-Encoding", "chunked")], CHUNKED),
    ([("Content-Length", "what?")], SMUGGLED),
]


@pytest.mark.parametrize(("length", "body"), BODIES)
@pytest.mark.parametrize(
    ("cors", "method", "headers"),
    [
        (DYNAMIC, "OPTIONS", [*FROM_APP, *PREFLIGHT]),
        (DYNAMIC, "OPTIONS", [*FROM_STRANGER, *PREFLIGHT]),
        (Policy(APP, enforce=True), "POST", FROM_STRANGER),
    ],
    ids=["preflight", "refused preflight", "enforced"],
)
def test_a_body_that_is_not_read_is_not_the_next_request(
    cors: Policy, method: str, headers: Pairs, length: Pairs, body: bytes
) -> None:
    seen: list[str] = []
    handler = handler_of(cors, do_GET=lambda self: seen.append(self.path))
    reply = answer(handler, message(method, "/", [*headers, *length], body), method)
    assert reply.all("Connection") == ["close"]
    assert seen == []


@pytest.mark.parametrize("length", [[], [("Content-Length", "0")]])
@pytest.mark.parametrize("origin", [APP, STRANGER])
def test_after_a_preflight_without_body_the_connection_stays_open(origin: str, length: Pairs) -> None:
    preflight = message("OPTIONS", "/", [("Origin", origin), *PREFLIGHT, *length])
    first, second = replies(
        exchange(handler_of(DYNAMIC), preflight + message("PUT", "/", FROM_APP)), ["OPTIONS", "PUT"]
    )
    assert first.all("Connection") == []
    assert (second.status, second.cors) == (200, ALLOW)


# Every final response, and no other


TOO_LONG = b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n\r\n"
TOO_MANY = [("Origin", APP), *((f"X-{number}", "1") for number in range(200))]
ERRORS = [
    (b"GET / / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1.1\r\n\r\n", 400),
    (b"GET / nonsense\r\n\r\n", 400),
    (b"POST /\r\n\r\n", 400),
    (b"nonsense\r\n\r\n", 400),
    (TOO_LONG, 414),
    (message("GET", "/", TOO_MANY), 431),
    (message("GET", "/", [("X-Long", "a" * 65536)]), 431),
    (message("BREW", "/"), 501),
    (message("GET", "/missing"), 404),
    (b"GET / HTTP/2.0\r\n\r\n", 505),
]


def missing(handler: Any) -> None:
    handler.send_error(404)


@pytest.mark.parametrize(("received", "status"), ERRORS)
@pytest.mark.parametrize(
    ("cors", "headers"), [(DYNAMIC, VARY), (STATIC, OF_STATIC), (ANY, [("Access-Control-Allow-Origin", "*")])]
)
def test_errors_have_the_headers_of_the_policy(cors: Policy, headers: Pairs, received: bytes, status: int) -> None:
    # Without this the library answers what it cannot read as HTTP/0.9: with a body alone.
    reply = answer(handler_of(cors, do_GET=missing, default_request_version="HTTP/1.0"), received)
    assert (reply.status, reply.cors) == (status, headers)


@pytest.mark.parametrize("status", [400, 404, 405, 413, 417, 500, 503])
def test_errors_that_a_handler_sends_are_readable(status: int) -> None:
    reply = answer(handler_of(DYNAMIC, do_GET=lambda self: self.send_error(status)), message("GET", "/", FROM_APP))
    assert (reply.status, reply.cors) == (status, ALLOW)


def test_an_unknown_method_is_readable() -> None:
    reply = answer(handler_of(DYNAMIC), message("BREW", "/", FROM_APP))
    assert (reply.status, reply.cors) == (501, ALLOW)


@pytest.mark.parametrize("status", [200, 204, 206, 301, 302, 304])
def test_any_status_is_decorated(status: int) -> None:
    def do_GET(handler: Any) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    reply = answer(handler_of(DYNAMIC, do_GET=do_GET), message("GET", "/", FROM_APP))
    assert (reply.status, reply.cors) == (status, ALLOW)


def heads(sent: bytes) -> list[list[bytes]]:
    """Return the lines of each head in what a server sent."""
    parts = (part for part in sent.split(b"\r\n\r\n") if b"HTTP/1." in part)
    return [part[part.index(b"HTTP/1.") :].lower().split(b"\r\n") for part in parts]


def has_cors(head: list[bytes]) -> bool:
    return any(line.startswith((b"access-control-", b"vary")) for line in head)


def test_100_continue_is_not_decorated_and_the_response_is() -> None:
    received = message("POST", "/", [*FROM_APP, ("Expect", "100-continue"), ("Content-Length", "4")], b"sent")
    sent = exchange(handler_of(STATIC), received)
    interim, final = heads(sent)
    assert interim == [b"http/1.1 100 continue"]
    assert final[0] == b"http/1.1 200 ok"
    assert has_cors(final)
    assert answer(handler_of(STATIC), received, "POST").body == b"sent"


def early_hints(handler: Any) -> None:
    for send in (handler.send_response_only, handler.send_response):
        send(103)
        handler.send_header("Link", "</style.css>; rel=preload")
        handler.end_headers()
    ok(handler)


@pytest.mark.parametrize("cors", [DYNAMIC, STATIC, ANY])
def test_103_early_hints_are_not_decorated_and_the_response_is(cors: Policy) -> None:
    found = heads(exchange(handler_of(cors, do_GET=early_hints), message("GET", "/", FROM_APP)))
    assert [(head[0][9:12], has_cors(head)) for head in found] == [(b"103", False), (b"103", False), (b"200", True)]


def test_a_refused_expectation_is_decorated() -> None:
    def handle_expect_100(handler: Any) -> bool:
        handler.send_error(417)
        return False

    handler = handler_of(DYNAMIC, handle_expect_100=handle_expect_100)
    reply = answer(handler, message("POST", "/", [*FROM_APP, ("Expect", "100-continue")]), "POST")
    assert (reply.status, reply.cors) == (417, ALLOW)


@pytest.mark.parametrize("received", [b"GET /\r\n\r\n", b"GET /\r\nOrigin: https://app.example.com\r\n\r\n"])
def test_http_0_9_gets_the_body_alone(received: bytes) -> None:
    assert exchange(handler_of(STATIC), received) == b"OK"


@pytest.mark.parametrize("received", [b"", b"\r\n"])
def test_nothing_is_answered_with_nothing(received: bytes) -> None:
    assert exchange(handler_of(STATIC), received) == b""


# One request after another


UNREADABLE = [b"GET / / HTTP/1.1\r\n\r\n", TOO_LONG, message("GET", "/", TOO_MANY), b"GET / nonsense\r\n\r\n"]
UNREADABLE_IDS = ["request line", "long line", "many headers", "version"]


@pytest.mark.parametrize("second", [*UNREADABLE, message()], ids=[*UNREADABLE_IDS, "no origin"])
@pytest.mark.parametrize("first", [message("GET", "/", FROM_APP), message("OPTIONS", "/", [*FROM_APP, *PREFLIGHT])])
def test_the_origin_of_one_request_is_not_that_of_the_next(first: bytes, second: bytes) -> None:
    handler = handler_of(DYNAMIC, default_request_version="HTTP/1.0")
    one, two = replies(exchange(handler, first + second), [first.split()[0].decode(), "GET"])
    assert one.all("Access-Control-Allow-Origin") == [APP]
    assert two.cors == VARY


@pytest.mark.parametrize("second", [*UNREADABLE[:2], UNREADABLE[3], message("GET", "/b")])
def test_the_path_of_one_request_is_not_that_of_the_next(second: bytes) -> None:
    handler = handler_of({"/a": STATIC}, default_request_version="HTTP/1.0")
    one, two = replies(exchange(handler, message("GET", "/a") + second), ["GET", "GET"])
    assert one.cors == OF_STATIC
    assert two.cors == ([] if second == message("GET", "/b") else VARY), "what cannot be read is closed"


def test_what_a_handler_sent_for_one_request_is_not_sent_for_the_next() -> None:
    def do_GET(handler: Any) -> None:
        handler.send_response(200)
        if handler.path == "/a":
            handler.send_header("Vary", "Cookie")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    sent = exchange(handler_of(DYNAMIC, do_GET=do_GET), message("GET", "/a", FROM_APP) + message("GET", "/b", FROM_APP))
    one, two = replies(sent, ["GET", "GET"])
    assert one.all("Vary") == ["Cookie, Origin"]
    assert two.all("Vary") == ["Origin"]


# Headers as they come


@pytest.mark.parametrize(
    ("headers", "cors"),
    [
        ([("Origin", APP)], ALLOW),
        ([("ORIGIN", APP)], ALLOW),
        ([("Origin", f" \t{APP} \t")], ALLOW),  # rfc9110#section-5.5: white space around a value is no part of it
        ([("Origin", f"{APP}\r\n .evil.example")], VARY),
        ([("Origin", f"\r\n {APP}")], VARY),
        ([("Origin", f"{APP}\r\n ")], VARY),
        ([("Origin", APP), ("Origin", APP)], VARY),
        ([("Origin", APP), ("Origin", STRANGER)], VARY),
        ([("Origin", f"{APP}, {APP}")], VARY),
        ([("Origin", f"{APP}\xff")], VARY),
        ([("Origin", "")], VARY),
        ([("X-Origin", APP)], VARY),
        ([("Origin_", APP)], VARY),
        ([], VARY),
    ],
)
def test_folded_repeated_and_absent_origins(headers: Pairs, cors: Pairs) -> None:
    assert cors_of(DYNAMIC, headers=headers) == cors


@pytest.mark.parametrize(
    ("headers", "status", "methods", "names"),
    [
        ([("Method", "PUT"), ("Headers", "x-a,x-b")], 204, ["PUT"], ["x-a,x-b"]),
        ([("Method", "PUT"), ("Headers", "x-a"), ("Headers", "x-b, ,")], 204, ["PUT"], ["x-a,x-b"]),
        ([("Method", "PUT"), ("Headers", "x-a,\r\n x-b")], 403, [], []),
        ([("Method", "PUT"), ("Headers", "x-a\r\n\tSet-Cookie: a=b")], 403, [], []),
        ([("Method", "PUT\r\n Set-Cookie: a=b")], 403, [], []),
        ([("Method", "PUT"), ("Method", "PUT")], 403, [], []),
        ([("Method", "")], 403, [], []),
        ([("Method", "PUT"), ("Headers", "")], 204, ["PUT"], []),
    ],
)
def test_what_is_echoed_is_one_line_of_tokens(headers: Pairs, status: int, methods: Pairs, names: Pairs) -> None:
    asked = [(f"Access-Control-Request-{name}", value) for name, value in headers]
    sent = exchange(handler_of(ECHO), message("OPTIONS", "/", [*FROM_APP, *asked]))
    (reply,) = replies(sent, ["OPTIONS"])
    assert reply.status == status
    assert reply.all("Access-Control-Allow-Methods") == methods
    assert reply.all("Access-Control-Allow-Headers") == names
    assert b"Set-Cookie" not in sent


# The policy has the last word


def generous(handler: Any) -> None:
    handler.send_response(200)
    for name, value in [
        ("access-control-allow-origin", "https://wrong.example"),
        ("Vary", "Cookie, origin"),
        ("Access-Control-Allow-Origin", "*"),
        ("Content-Length", "0"),
        ("Vary", "Accept"),
        ("Access-Control-Allow-Private-Network", "true"),
        ("X-Of-Handler", "1"),
    ]:
        handler.send_header(name, value)
    handler.end_headers()


@pytest.mark.parametrize(
    ("cors", "headers", "expected"),
    [
        (DYNAMIC, FROM_APP, [("Access-Control-Allow-Origin", APP), ("Vary", "Cookie, origin, Accept")]),
        (DYNAMIC, FROM_STRANGER, [("Vary", "Cookie, origin, Accept")]),
        (STATIC, [], [*OF_STATIC, ("Vary", "Accept"), ("Vary", "Cookie, origin")]),
    ],
)
def test_headers_that_a_handler_sets_are_replaced_or_merged(cors: Policy, headers: Pairs, expected: Pairs) -> None:
    reply = answer(handler_of(cors, do_GET=generous), message("GET", "/", headers))
    assert reply.cors == expected
    assert reply.all("X-Of-Handler") == ["1"]


def test_where_no_policy_governs_a_handlers_headers_stay() -> None:
    reply = answer(handler_of({"/a": DYNAMIC}, do_GET=generous), message("GET", "/b", FROM_APP))
    assert len(reply.cors) == 5


def adding_in_end_headers(*bases: type[Any]) -> type[Any]:
    """What tutorials tell people to write."""

    class Tutorial(*bases):  # type: ignore[misc]  # the bases are the parameter
        def end_headers(self) -> None:
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Vary", "Accept")
            super().end_headers()

    return Tutorial


def adding_in_send_response(*bases: type[Any]) -> type[Any]:
    class Tutorial(*bases):  # type: ignore[misc]  # the bases are the parameter
        def send_response(self, code: int, message: str | None = None) -> None:
            super().send_response(code, message)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Vary", "Accept")

    return Tutorial


@pytest.mark.parametrize("adding", [adding_in_end_headers, adding_in_send_response])
@pytest.mark.parametrize("is_above", [True, False], ids=["above the mixin", "below the mixin"])
@pytest.mark.parametrize(
    ("method", "headers", "allowed", "vary"),
    [
        ("GET", FROM_APP, [APP], {"Accept", "Origin"}),
        ("GET", FROM_STRANGER, [], {"Accept", "Origin"}),
        ("BREW", FROM_APP, [APP], {"Accept", "Origin"}),
        ("OPTIONS", [*FROM_APP, *PREFLIGHT], [APP], {"Origin"}),
        ("OPTIONS", [*FROM_STRANGER, *PREFLIGHT], [], {"Origin"}),
    ],
    ids=["allowed", "refused", "error", "preflight", "refused preflight"],
)
def test_a_handler_that_adds_headers_to_all_responses_doubles_none(
    method: str, headers: Pairs, allowed: list[str], vary: set[str], is_above: bool, adding: Any
) -> None:
    handler = adding(handler_of(DYNAMIC)) if is_above else handler_of(DYNAMIC, adding(BaseHTTPRequestHandler))
    reply = answer(handler, message(method, "/", headers), method)
    assert reply.all("Access-Control-Allow-Origin") == allowed
    assert vary <= {name for line in reply.all("Vary") for name in line.split(", ")}


# Which policy


@pytest.mark.parametrize(
    ("path", "cors"),
    [
        ("/api", ALLOW),
        ("/api/", ALLOW),
        ("/api?x=/../..", ALLOW),
        ("/api/users?x#y", ALLOW),
        ("/api#/../", ALLOW),
        ("/%61pi", ALLOW),
        ("/api%2fusers", ALLOW),
        ("//api", ALLOW),  # the library itself makes one slash of these
        ("/api+x", []),
        ("/apis", []),
        ("/API", []),
        ("/", []),
        ("/?/api", []),
        ("/api/static", OF_STATIC),
        ("/api/static/x", OF_STATIC),
        ("/api/none", []),
        ("/api/../x", VARY),
        ("/api/%2e%2e/x", VARY),
        ("/api/%2E/x", VARY),
        ("/api/..%2fx", VARY),
        ("/x/../api", VARY),
        ("/api//x", VARY),
        ("/api%5cx", VARY),
        ("/api/%00", VARY),
        ("/caf%C3%A9", ALLOW),
        ("/caf\xc3\xa9", ALLOW),
        ("/caf\xe9", []),
        ("http://127.0.0.1/api", VARY),
        ("*", VARY),
    ],
)
def test_a_mapping_by_path(path: str, cors: Pairs) -> None:
    rules = {"/api": DYNAMIC, "/api/static": STATIC, "/api/none": None, "/caf\u00e9": DYNAMIC}
    headers = [*FROM_APP, ("Sec-Fetch-Site", "same-origin")]  # which passes where all others are refused
    assert cors_of(rules, path=path, headers=headers) == cors


@pytest.mark.parametrize(("path", "status"), [("/api", 204), ("/other", 501), ("/api/../api", 403)])
def test_preflights_are_answered_where_a_policy_governs(path: str, status: int) -> None:
    handler = handler_of({"/api": DYNAMIC})
    assert answer(handler, message("OPTIONS", path, [*FROM_APP, *PREFLIGHT])).status == status


def test_a_mapping_is_read_once() -> None:
    rules: dict[str, Policy | None] = {"/": STATIC}
    handler = handler_of(rules)
    rules["/"] = DYNAMIC
    assert answer(handler, message()).cors == OF_STATIC
    handler.cors = {"/": DYNAMIC}
    assert answer(handler, message()).cors == VARY


def test_a_class_without_a_policy_cannot_answer() -> None:
    with pytest.raises(PolicyError) as caught:
        exchange(handler_of(None), message())
    (problem,) = caught.value.problems
    assert (problem.code, problem.option) == ("wrong-type", "Handler.cors")
    assert problem.message.endswith("; write cors = Policy(allow_origins=...)")


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        ("*", "wrong-type"),
        ([APP], "wrong-type"),
        (lambda request: DYNAMIC, "wrong-type"),
        ({"api": DYNAMIC}, "route-path"),
        ({"/api": "*"}, "route-policy"),
    ],
)
def test_a_faulty_policy_raises_where_the_class_is_defined(faulty: Any, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        handler_of(faulty)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_the_policy_may_be_set_before_there_is_a_handler_class() -> None:
    class Governed(CORSRequestHandlerMixin):
        cors = DYNAMIC

    assert (
        answer(type("Handler", (Governed, handler_of(ANY)), {"cors": DYNAMIC}), message(headers=FROM_APP)).cors == ALLOW
    )


def test_a_loop_of_ones_own_forgets_each_request_too() -> None:
    def handle_one_request(handler: Any) -> None:
        handler.raw_requestline = handler.rfile.readline()
        handler.close_connection = not handler.raw_requestline
        if handler.raw_requestline and handler.parse_request():
            ok(handler)

    received = message(headers=FROM_APP) + message(headers=FROM_STRANGER) + message(headers=FROM_APP)
    sent = exchange(handler_of(DYNAMIC, handle_one_request=handle_one_request), received)
    assert [reply.cors for reply in replies(sent, ["GET"] * 3)] == [ALLOW, VARY, ALLOW]


def test_a_subclass_may_have_another_policy() -> None:
    base = handler_of({"/": STATIC})
    heir = type("Heir", (base,), {})
    other = type("Other", (base,), {"cors": {"/": ANY}})
    for _ in range(2):
        for handler, value in [(base, APP), (heir, APP), (other, "*")]:
            assert answer(handler, message()).all("Access-Control-Allow-Origin") == [value]
    base.cors = Policy(SHOP)
    for handler, value in [(base, SHOP), (heir, SHOP), (other, "*")]:
        assert answer(handler, message()).all("Access-Control-Allow-Origin") == [value]


@pytest.mark.parametrize("new", [ANY, {"/": ANY}])
@pytest.mark.parametrize("old", [STATIC, {"/": STATIC}])
def test_a_policy_that_is_set_governs_the_next_request(old: Any, new: Any) -> None:
    def do_POST(handler: Any) -> None:
        type(handler).cors = new
        ok(handler)

    handler = handler_of(old, do_POST=do_POST)
    one, two = replies(exchange(handler, message("POST") + message("GET")), ["POST", "GET"])
    assert one.cors == OF_STATIC
    assert two.cors == [("Access-Control-Allow-Origin", "*")]


def test_a_faulty_policy_that_is_set_answers_nothing() -> None:
    handler = handler_of(STATIC)
    handler.cors = {"api": ANY}
    with pytest.raises(PolicyError):
        exchange(handler, message())


# Enforcement


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 200),
        (FROM_APP, 200),
        (FROM_STRANGER, 403),
        ([("Origin", "null")], 403),
        ([("Origin", "http://127.0.0.1")], 200),
        ([("Origin", "https://127.0.0.1")], 200),
        ([("Origin", "http://127.0.0.1:8000")], 403),
        ([*FROM_STRANGER, ("Sec-Fetch-Site", "same-origin")], 200),
        ([*FROM_STRANGER, ("Sec-Fetch-Site", "none")], 200),
        ([*FROM_STRANGER, ("Sec-Fetch-Site", "cross-site")], 403),
        ([*FROM_STRANGER, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none")], 403),
        ([("Origin", "http://127.0.0.1"), ("Host", "127.0.0.1")], 403),
        ([("Origin", "http://127.0.0.1"), ("Sec-Fetch-Site", "same-site")], 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_enforce_refuses_before_the_handler_runs(method: str, headers: Pairs, status: int) -> None:
    called: list[str] = []

    def do(handler: Any) -> None:
        called.append(handler.command)
        ok(handler)

    handler = handler_of(Policy([APP, SHOP], enforce=True), do_GET=do, do_HEAD=do, do_POST=do)
    sent = exchange(handler, message(method, "/", headers) + message("GET", "/"))
    first, second = replies(sent, [method, "GET"])
    assert (first.status, second.status) == (status, 200)
    assert called == ([method] if status == 200 else []) + ["GET"]
    assert bool(first.body) == (method != "HEAD")
    if status == 403:
        assert first.cors == VARY


# Callables


def test_a_predicate_gets_the_request_line_and_the_headers() -> None:
    asked: list[tuple[str, webob.Request]] = []

    def allow(origin: str, request: webob.Request) -> bool:
        asked.append((origin, request))
        assert request.environ["wsgi.input"].read() == b""
        return request.method == "POST"

    length = [("Content-Length", "4"), ("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2"), ("Cookie", "a=b")]
    received = message("POST", "/a%20b/caf%C3%A9?c=d", [*FROM_APP, *length], b"sent")
    reply = answer(handler_of(Policy(allow)), received, "POST")
    assert (reply.cors, reply.body) == (ALLOW, b"sent")
    ((origin, got),) = asked
    assert origin == APP
    assert isinstance(got, webob.Request)
    assert (got.method, got.path_info, got.query_string) == ("POST", "/a b/caf\u00e9", "c=d")
    assert got.url == "http://127.0.0.1/a%20b/caf%C3%A9?c=d"
    assert (got.remote_addr, got.http_version) == ("127.0.0.1", "HTTP/1.1")
    assert (got.headers["X-A"], got.cookies["a"], got.content_type) == ("1, 2", "b", "text/plain")
    assert got.body == b""
    assert set(got.headers) == {"Host", "Origin", "Content-Type", "X-A", "Cookie"}


@pytest.mark.parametrize("name", ["X_Tenant", "x_tenant", "X-Tenant_", "_X-Tenant"])
def test_a_name_with_an_underscore_passes_for_no_other(name: str) -> None:
    policy = Policy(lambda origin, request: "X-Tenant" in request.headers)
    assert cors_of(policy, headers=[*FROM_APP, (name, "7")]) == VARY
    assert cors_of(policy, headers=[*FROM_APP, ("x-tenant", "7"), (name, "8")]) == ALLOW


def test_a_name_with_an_underscore_changes_no_value() -> None:
    seen: list[str | None] = []
    policy = Policy(lambda origin, request: not seen.append(request.headers.get("X-Tenant")))
    cors_of(policy, headers=[*FROM_APP, ("X_Tenant", "8"), ("X-Tenant", "7"), ("X_Tenant", "9")])
    assert seen == ["7"]


@pytest.mark.parametrize("target", ["/", "*", "http://127.0.0.1/x", "x", "/%"])
def test_a_predicate_may_look_at_any_target(target: str) -> None:
    policy = Policy(lambda origin, request: bool(request.environ["PATH_INFO"]) and request.method == "GET")
    assert cors_of(policy, path=target) == ALLOW


@pytest.mark.parametrize("target", ["/\xff", "/%ff", "/?a=%ff"])
def test_a_predicate_can_read_a_path_and_a_query_that_are_not_utf_8(target: str) -> None:
    asked: list[str] = []
    policy = Policy(lambda origin, request: not asked.append(f"{request.path_info}{request.GET.get('a', '')}"))
    assert cors_of(policy, path=target) == ALLOW
    assert asked == ["/\ufffd"]


@pytest.mark.parametrize("origin", ["null", "", f"{APP}/", f"{APP}, {APP}", "\xff"])
def test_a_predicate_is_asked_about_well_formed_origins_only(origin: str) -> None:
    asked: list[str] = []
    assert cors_of(Policy(lambda origin, request: not asked.append(origin)), headers=[("Origin", origin)]) == VARY
    assert asked == []


def test_a_predicate_is_asked_once_for_each_request() -> None:
    asked: list[str] = []
    handler = handler_of(Policy(lambda origin, request: not asked.append(request.path)), do_GET=early_hints)
    exchange(handler, message("GET", "/a", FROM_APP) + message("GET", "/b", FROM_APP))
    assert asked == ["/a", "/b"]


def test_a_predicate_that_answers_neither_true_nor_false_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="must return True or False"):
        exchange(handler_of(Policy(lambda origin, request: "yes")), message("GET", "/", FROM_APP))


# The log of refusals


@pytest.mark.parametrize(
    ("cors", "method", "headers", "logged"),
    [
        (DYNAMIC, "GET", [], 1),
        (DYNAMIC, "OPTIONS", PREFLIGHT, 1),
        (Policy([APP, SHOP], enforce=True), "POST", [], 1),
        (DYNAMIC, "POST", [("Sec-Fetch-Site", "same-origin")], 0),
        (ANY, "GET", [], 0),
    ],
    ids=["actual", "preflight", "enforced", "same-origin", "any"],
)
def test_a_refusal_is_logged_once(
    cors: Policy,
    method: str,
    headers: Pairs,
    logged: int,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    caplog.set_level("INFO", "corswsgi")
    origin = f"https://{request.node.callspec.id}.log.example"
    handler = handler_of(cors)
    for path in ("/first\x1b[2J", "/second\xad"):
        exchange(handler, message(method, path, [("Origin", origin), *headers]))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == logged
    assert all(origin in line and line.isprintable() for line in lines)


# Files


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "file.txt").write_bytes(b"content")
    os.utime(tmp_path / "file.txt", (1_000_000_000, 1_000_000_000))
    (tmp_path / "folder").mkdir()
    return tmp_path


class Files(Quiet, CORSRequestHandler):
    cors = DYNAMIC
    protocol_version = "HTTP/1.1"


class OwnFiles(CORSRequestHandlerMixin, Quiet, SimpleHTTPRequestHandler):
    cors = DYNAMIC
    protocol_version = "HTTP/1.1"


FILES = [
    ("GET", "/file.txt", [], 200, b"content"),
    ("HEAD", "/file.txt", [], 200, b""),
    ("GET", "/file.txt?x", [], 200, b"content"),
    ("GET", "/file.txt", [("If-Modified-Since", formatdate(1_000_000_001, usegmt=True))], 304, b""),
    ("GET", "/file.txt", [("If-Modified-Since", formatdate(999_999_999, usegmt=True))], 200, b"content"),
    ("GET", "/folder", [], 301, b""),
    ("GET", "/folder/", [], 200, None),
    ("GET", "/missing", [], 404, None),
    ("HEAD", "/missing", [], 404, b""),
    ("POST", "/file.txt", [], 501, None),
    ("OPTIONS", "/file.txt", [], 501, None),
]


@pytest.mark.parametrize(("method", "path", "headers", "status", "body"), FILES)
@pytest.mark.parametrize(("origin", "cors"), [(APP, ALLOW), (STRANGER, VARY), (None, VARY)])
@pytest.mark.parametrize("files", [Files, OwnFiles])
def test_files(
    files: Any, site: Path, method: str, path: str, headers: Pairs, status: int, body: bytes, origin: str, cors: Pairs
) -> None:
    origins = [] if origin is None else [("Origin", origin)]
    reply = answer(partial(files, directory=str(site)), message(method, path, [*origins, *headers]), method)
    assert (reply.status, reply.cors) == (status, cors)
    assert reply.body == (reply.body if body is None else body)


def test_files_over_a_socket(site: Path) -> None:
    with serving(partial(Files, directory=str(site))) as port, connected(port) as connection:
        preflight = asked(connection, "OPTIONS", "/file.txt", [*FROM_APP, *PREFLIGHT])
        file = asked(connection, "GET", "/file.txt", FROM_APP)
    assert (preflight.status, preflight.cors) == (204, OF_PREFLIGHT)
    assert (file.status, file.cors, file.body) == (200, ALLOW, b"content")


# Host names


class Known(Files):
    hosts = frozenset({"localhost", "files.example", "[::1]"})


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (["localhost"], 200),
        (["localhost:8000"], 200),
        (["localhost:"], 200),
        (["LocalHost"], 200),
        (["FILES.example:1"], 200),
        (["[::1]"], 200),
        (["[::1]:8000"], 200),
        (["evil.example"], 421),
        (["localhost.evil.example"], 421),
        (["evil.example:localhost"], 421),
        (["localhost:8000:8000"], 421),
        (["localhost."], 421),
        (["evillocalhost"], 421),
        (["localhost@evil.example"], 421),
        (["localhost, localhost"], 421),
        (["localhost:8000\r\n .evil.example"], 421),
        (["::1"], 421),
        ([""], 421),
        ([], 421),
        (["localhost", "localhost"], 421),
        (["localhost", "evil.example"], 421),
        (["evil.example", "localhost"], 421),
    ],
)
@pytest.mark.parametrize(
    ("method", "headers"), [("GET", []), ("GET", FROM_APP), ("HEAD", FROM_APP), ("OPTIONS", [*FROM_APP, *PREFLIGHT])]
)
def test_a_server_answers_to_the_host_names_it_knows(
    site: Path, method: str, headers: Pairs, hosts: list[str], status: int
) -> None:
    lines = [f"{method} /file.txt HTTP/1.1", *(f"Host: {host}" for host in hosts)]
    lines += [f"{name}: {value}" for name, value in headers]
    received = "\r\n".join([*lines, "", ""]).encode("latin-1")
    reply = answer(partial(Known, directory=str(site)), received, method)
    assert reply.status == (204 if status == 200 and method == "OPTIONS" else status)
    assert b"content" not in reply.body or status == 200
    if status == 421:
        assert reply.cors == (ALLOW if headers else VARY)
        assert reply.all("Connection") == ["close"]


def test_a_server_that_knows_no_host_names_answers_to_all(site: Path) -> None:
    handler: Callable[..., Any] = partial(Files, directory=str(site))
    for hosts in (b"", b"Host: evil.example\r\n", b"Host: a\r\nHost: b\r\n"):
        assert answer(handler, b"GET /file.txt HTTP/1.1\r\n" + hosts + b"\r\n").status == 200


# Handlers of other kinds


def test_the_mixin_stands_before_the_handler() -> None:
    with pytest.raises(TypeError, match="comes before"):
        type("Handler", (BaseHTTPRequestHandler, CORSRequestHandlerMixin), {"cors": Policy("*")})


def test_a_handler_that_answers_before_anything_is_parsed_is_decorated() -> None:
    class Handler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
        cors = Policy(APP)

        def handle(self) -> None:
            self.requestline, self.request_version, self.command = "", "HTTP/1.0", ""
            self.send_header("Vary", "Accept")
            self.send_error(414)

    (reply,) = replies(exchange(Handler, b""), ["GET"])
    assert (reply.status, reply.cors) == (414, [("Access-Control-Allow-Origin", APP), ("Vary", "Accept")])


def test_the_policy_of_an_instance_counts() -> None:
    class Handler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
        cors = Policy(APP)

        def setup(self) -> None:
            super().setup()
            self.cors = Policy("*")  # type: ignore[misc]  # declared for classes

        def do_GET(self) -> None:
            self.send_error(404)

    (reply,) = replies(exchange(Handler, b"GET / HTTP/1.1\r\n\r\n"), ["GET"])
    assert reply.cors == [("Access-Control-Allow-Origin", "*")]


def test_an_interim_response_gets_no_headers_of_the_handler_either() -> None:
    class Handler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
        cors = Policy(APP)
        protocol_version = "HTTP/1.1"

        def end_headers(self) -> None:
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Vary", "Accept")
            super().end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    sent = exchange(Handler, b"GET / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n")
    interim, _, final = sent.partition(b"\r\n\r\n")
    assert interim == b"HTTP/1.1 100 Continue\r\nVary: Accept"
    assert final.count(b"Access-Control-Allow-Origin: https") == 1
    assert b"Access-Control-Allow-Origin: *" not in sent


# Handlers that write headers by themselves


@pytest.mark.parametrize(
    ("base", "why"),
    [
        (http.server.CGIHTTPRequestHandler, "lets CGI scripts write their own headers"),
        (wsgiref.simple_server.WSGIRequestHandler, "wrap the application in CORSMiddleware"),
        (type("Own", (http.server.CGIHTTPRequestHandler,), {}), "lets CGI scripts"),
    ],
)
def test_a_handler_that_the_policy_could_not_govern_is_refused(base: Any, why: str) -> None:
    with pytest.raises(TypeError, match=f"Handler: CORSRequestHandlerMixin cannot govern .*{why}"):
        type("Handler", (CORSRequestHandlerMixin, base), {"cors": STATIC})
