"""Faults: if an application or a client does something wrong, servers see what they would see without us."""

from __future__ import annotations

import http.client
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from front_ends import Pairs, Quiet, exchange, replies
from on_waitress import running_waitress

from corswsgi import CORSMiddleware, CORSRequestHandlerMixin, Policy

APP, SHOP, STRANGER = "https://app.example.com", "https://shop.example.com", "https://stranger.example"
DYNAMIC = Policy([APP, SHOP])
TEXT = [("Content-Type", "text/plain"), ("X-Of", "app")]
POLICIES: dict[str, Any] = {
    "dynamic": DYNAMIC,
    "any": Policy("*", expose_headers="*"),
    "static": Policy(APP, allow_credentials=True),
    "callable": Policy(lambda origin, request: origin == APP),
    "by path": {"/": DYNAMIC},
}

Environ = dict[str, Any]
WSGIApp = Callable[[Environ, Any], Any]
Event = tuple[Any, ...]


class Failure(Exception):
    """What applications raise here."""


#: Exceptions that the layer makes readable, where it can; and others, which are nobody's to catch.
ERRORS = (Failure, OSError, AssertionError, StopIteration, MemoryError)
SIGNALS = (SystemExit, KeyboardInterrupt, GeneratorExit)


class Body:
    """An iterable that may raise at each point of its life.

    :ivar log: gets a line for each thing that happens to it.
    """

    def __init__(self, log: list[Event], pieces: Iterable[Any], close: BaseException | None = None) -> None:
        self._log, self._pieces, self._close = log, iter(pieces), close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> Any:
        piece = next(self._pieces)
        if isinstance(piece, BaseException):
            raise piece
        return piece() if callable(piece) else piece

    def close(self) -> None:
        self._log.append(("closed",))
        if self._close is not None:
            raise self._close


Point = Callable[[BaseException, list[Event], Any], Any]
POINTS: dict[str, Point] = {}


def point(run: Point) -> Point:
    """Note a point of an application's life at which it raises: ``run(error, log, start_response)``."""
    POINTS[run.__name__] = run
    return run


@point
def at_the_call(error: BaseException, log: list[Event], start_response: Any) -> Any:
    raise error


@point
def after_start_response(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    raise error


@point
def after_write(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))(b"written")
    raise error


@point
def after_writing_nothing(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))(b"")
    raise error


@point
def at_iter(error: BaseException, log: list[Event], start_response: Any) -> Any:
    class Raising:
        def __iter__(self) -> Iterator[bytes]:
            raise error

        def close(self) -> None:
            log.append(("closed",))

    start_response("200 OK", list(TEXT))
    return Raising()


@point
def at_the_first_piece_before_start_response(error: BaseException, log: list[Event], start_response: Any) -> Any:
    return Body(log, [error])


@point
def at_the_first_piece(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return Body(log, [error])


@point
def after_an_empty_piece(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return Body(log, [b"", error])


@point
def between_pieces(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return Body(log, [b"one", b"two", error, b"three"])


@point
def between_pieces_of_a_generator(error: BaseException, log: list[Event], start_response: Any) -> Any:
    def pieces() -> Iterator[bytes]:
        try:
            start_response("200 OK", list(TEXT))
            yield b"one"
            if not isinstance(error, StopIteration):  # which no generator may raise
                raise error
        finally:
            log.append(("closed",))

    return pieces()


@point
def at_the_end(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return Body(log, [b"one", b"two", error])


@point
def on_close(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return Body(log, [b"one"], close=error)


@point
def on_close_after_another(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return Body(log, [b"one", Failure("first")], close=error)


@point
def caught_and_answered(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    try:
        raise error
    except BaseException:
        start_response("503 Service Unavailable", [*TEXT, ("X-Second", "1")], sys.exc_info())
    return Body(log, [b"sorry"])


@point
def caught_and_answered_too_late(error: BaseException, log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))(b"written")
    try:
        raise error
    except BaseException:
        start_response("503 Service Unavailable", list(TEXT), sys.exc_info())
    return Body(log, [b"never"])


@point
def caught_mid_stream_and_answered_too_late(error: BaseException, log: list[Event], start_response: Any) -> Any:
    def late() -> bytes:
        try:
            raise error
        except BaseException:
            start_response("503 Service Unavailable", list(TEXT), sys.exc_info())
        return b"never"

    start_response("200 OK", list(TEXT))
    return Body(log, [b"one", late])


@point
def swallowed(error: BaseException, log: list[Event], start_response: Any) -> Any:
    try:
        raise error
    except BaseException:
        start_response("200 OK", list(TEXT))
    return Body(log, [b"fine"])


class Refused(Exception):
    """What a strict server raises at a misuse."""


def demand(is_so: bool, complaint: str) -> None:
    if not is_so:
        raise Refused(complaint)


class Server:
    """A strict server of PEP 3333 that notes all it sees.

    :ivar breaks: after how many bytes the client is gone: then ``write`` raises.
    """

    def __init__(self, log: list[Event], breaks: float = float("inf")) -> None:
        self.log, self.breaks = log, breaks
        self._is_started = False
        self._sent = 0

    def start_response(self, status: Any, headers: Any, exc_info: Any = None) -> Any:
        try:
            if exc_info:
                if self._sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            else:
                demand(not self._is_started, "started twice")
        finally:
            exc_info = None
        demand(isinstance(status, str), "the status is no string")
        demand(all(isinstance(each, str) for pair in headers for each in pair), "a header is no string")
        self._is_started = True
        self.log.append(("start", type(headers), str(status), *own(headers)))
        return self.write

    def write(self, data: bytes) -> None:
        demand(self._is_started, "written before it was started")
        demand(isinstance(data, bytes), "no bytes")
        if data:
            self._sent += len(data)
            if self._sent > self.breaks:
                raise ConnectionResetError("the client is gone")
        self.log.append(("write", data))

    def run(self, app: WSGIApp, environ: Environ) -> list[Event]:
        try:
            body = app(environ, self.start_response)
            try:
                for piece in body:
                    self.write(piece)
                demand(self._is_started, "never started")
            finally:
                if hasattr(body, "close"):
                    body.close()
        except BaseException as error:
            self.log.append(("raised", type(error), str(error)))
        return self.log


def own(headers: Iterable[tuple[str, str]]) -> Pairs:
    """Return an application's headers, without those of a policy."""
    return [pair for pair in headers if not pair[0].lower().startswith(("access-control-", "vary"))]


def environ_of(origin: str | None, **more: Any) -> Environ:
    environ: Environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "api.example",
        "SERVER_PORT": "80",
        "HTTP_HOST": "api.example",
        "wsgi.url_scheme": "http",
    }
    return environ | ({} if origin is None else {"HTTP_ORIGIN": origin}) | more


def lives(run: Callable[[list[Event], Any], Any], policy: Any, origin: str | None, **how: Any) -> list[list[Event]]:
    """Return what a server sees of an application without the layer, and with it."""
    seen = []
    for wrap in (lambda app: app, lambda app: CORSMiddleware(app, policy, readable_errors=False)):
        log: list[Event] = []
        app = wrap(lambda environ, start_response, log=log: run(log, start_response))
        seen.append(Server(log, **how).run(app, environ_of(origin)))
    return seen


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("name", POINTS)
def test_an_exception_at_any_point_is_what_the_server_sees(name: str, kind: str) -> None:
    for error in (*ERRORS, *SIGNALS):
        for origin in (APP, STRANGER, None):
            for breaks in (0, 4, float("inf")):
                bare, wrapped = lives(
                    lambda log, start_response, error=error: POINTS[name](error("on purpose"), log, start_response),
                    POLICIES[kind],
                    origin,
                    breaks=breaks,
                )
                assert wrapped == [(event[0], list, *event[2:]) if event[0] == "start" else event for event in bare], (
                    error,
                    origin,
                    breaks,
                )


#: Where the layer answers for an application that raised: before the call is over, and before anything was sent.
READABLE = ("at_the_call", "after_start_response", "after_writing_nothing")


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("name", POINTS)
def test_what_is_made_readable_is_what_was_not_answered_and_nothing_else(
    name: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    run = POINTS[name]
    for error in (*ERRORS, *SIGNALS):
        caplog.clear()
        log: list[Event] = []
        app = CORSMiddleware(lambda environ, start, e=error, log=log: run(e("on purpose"), log, start), POLICIES[kind])
        events = Server(log).run(app, environ_of(APP))
        raised = [event for event in events if event[0] == "raised"]
        if name in READABLE and error in ERRORS:
            assert raised == []
            assert events[-2][2] == "500 Internal Server Error"
            assert "X-Of" not in dict(events[-2][3:])
            assert events[-1][0] == "write"
            assert b"on purpose" not in events[-1][1]
            assert [record.levelname for record in caplog.records] == ["ERROR"]
        else:
            bare, _ = lives(lambda log, start, e=error: run(e("on purpose"), log, start), POLICIES[kind], APP)
            assert raised == [event for event in bare if event[0] == "raised"]
            assert [event for event in events if event[0] != "raised"] == [
                event for event in bare if event[0] != "raised"
            ]


# start_response, used in other ways than it should be


class Headers(list[Any]):
    """A list of another type."""


class Text(str):
    """A string of another type."""

    __slots__ = ()


MANY = [*TEXT, ("Vary", "Cookie"), ("Access-Control-Allow-Origin", "*")]

#: What an application may take for headers, and a lenient server would take.
FORMS: dict[str, Callable[[], Any]] = {
    "a list": lambda: list(MANY),
    "a tuple": lambda: tuple(MANY),
    "a generator": lambda: (pair for pair in MANY),
    "an iterator": lambda: iter(MANY),
    "a map": lambda: map(tuple, MANY),
    "a list of another type": lambda: Headers(MANY),
    "items of a dictionary": lambda: dict(MANY).items(),
    "a deque of strings of another type": lambda: [(Text(name), Text(value)) for name, value in MANY],
    "an empty tuple": lambda: (),
}


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("form", FORMS)
def test_headers_of_any_form_come_out_as_a_list(form: str, kind: str) -> None:
    for origin, status in ((APP, "200 OK"), (STRANGER, Text("404 Not Found")), (None, "200 OK")):
        got: list[Any] = []
        app = CORSMiddleware(
            lambda environ, start_response, status=status: start_response(status, FORMS[form]()) and [], POLICIES[kind]
        )
        app(environ_of(origin), lambda *args, got=got: got.append(args) or got.append)
        (args,) = got
        assert type(args[1]) is list
        assert args[0] is status
        assert own(args[1]) == own(FORMS[form]())
        names = [name.lower() for name, _ in args[1]]
        assert names.count("vary") <= 1
        assert names.count("access-control-allow-origin") <= 1


def twice(log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    start_response("404 Not Found", list(TEXT))
    return Body(log, [b"body"])


def twice_in_the_body(log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return Body(log, [b"one", lambda: start_response("404 Not Found", list(TEXT)) and b""])


def thrice_with_exceptions(log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    for status in ("500 First", "501 Second"):
        try:
            raise Failure
        except Failure:
            start_response(status, list(TEXT), sys.exc_info())
    return Body(log, [b"body"])


def first_with_an_exception(log: list[Event], start_response: Any) -> Any:
    try:
        raise Failure
    except Failure:
        start_response("500 First", list(TEXT), sys.exc_info())
    return Body(log, [b"body"])


def never(log: list[Event], start_response: Any) -> Any:
    return Body(log, [b"body"])


def never_and_nothing(log: list[Event], start_response: Any) -> Any:
    return Body(log, [])


def late(log: list[Event], start_response: Any) -> Any:
    return Body(log, [lambda: start_response("200 OK", list(TEXT)) and b"one", b"two"])


def later_than_an_empty_piece(log: list[Event], start_response: Any) -> Any:
    return Body(log, [b"", lambda: start_response("200 OK", list(TEXT)) and b"one"])


def too_late(log: list[Event], start_response: Any) -> Any:
    return Body(log, [b"one", lambda: start_response("200 OK", list(TEXT)) and b"two"])


def after_the_end(log: list[Event], start_response: Any) -> Any:
    class Closing(Body):
        def close(self) -> None:
            super().close()
            start_response("200 OK", list(TEXT))

    start_response("200 OK", list(TEXT))
    return Closing(log, [b"one"])


def by_name(log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT), exc_info=None)
    return Body(log, [b"one"])


def returning_none(log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))


def returning_text(log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return "text"


def returning_a_number(log: list[Event], start_response: Any) -> Any:
    start_response("200 OK", list(TEXT))
    return 7


def returning_an_exception(log: list[Event], start_response: Any) -> Any:
    return Failure("returned")


MISUSES = (
    *(twice, twice_in_the_body, thrice_with_exceptions, first_with_an_exception, never, never_and_nothing, late),
    *(later_than_an_empty_piece, too_late, after_the_end, by_name, returning_none, returning_text),
    *(returning_a_number, returning_an_exception),
)


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("misuse", MISUSES, ids=lambda misuse: misuse.__name__)
def test_a_misuse_of_start_response_is_what_the_server_sees(misuse: Any, kind: str) -> None:
    for origin in (APP, STRANGER, None):
        bare, wrapped = lives(misuse, POLICIES[kind], origin)
        assert wrapped == bare


#: What no server takes: the layer may raise in its place, and must not make it pass.
NO_HEADERS: dict[str, Any] = {
    "None": None,
    "a number": 7,
    "None among them": [None],
    "triples": [("a", "b", "c")],
    "names alone": [("a",)],
    "names that are bytes": [(b"a", "b")],
    "values that are bytes": [("Vary", b"b")],
    "values that are bytes, elsewhere": [("X-A", b"b")],
    "values that are numbers": [("Content-Length", 7)],
    "values that are None": [("Access-Control-Allow-Origin", "*"), ("Vary", None)],
    "names that are None": [(None, "a")],
}


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("form", NO_HEADERS)
def test_what_is_no_header_is_refused_by_the_layer_or_by_the_server(form: str, kind: str) -> None:
    for origin in (APP, STRANGER, None):

        def strict(status: str, headers: Any, exc_info: Any = None) -> Any:
            for name, value in headers:
                assert type(name) is type(value) is str
            return lambda data: None

        def app(environ: Environ, start_response: Any) -> list[bytes]:
            start_response("200 OK", NO_HEADERS[form])
            return []

        layered = CORSMiddleware(app, POLICIES[kind], readable_errors=False)
        with pytest.raises((TypeError, ValueError, AssertionError, AttributeError, IndexError)):
            layered(environ_of(origin), strict)


# waitress, with the layer and without


def life(name: str, environ: Environ, start_response: Any) -> Any:
    """Run a point with a failure, or a misuse, by its name."""
    misuse = {each.__name__: each for each in MISUSES}.get(name)
    return misuse([], start_response) if misuse else POINTS[name](Failure("on purpose"), [], start_response)


def both(environ: Environ, start_response: Any) -> Any:
    """An application that runs the same life below ``/bare/`` and below ``/cors/``."""
    _, way, name = environ["PATH_INFO"].split("/")
    app: Any = partial(life, name)
    if way == "cors":
        app = CORSMiddleware(app, DYNAMIC, readable_errors=False)
    return app(environ, start_response)


@pytest.fixture(scope="module")
def waitress_port() -> Iterator[int]:
    with running_waitress(both) as port:
        yield port


def received(port: int, path: str, origin: str | None) -> tuple[list[bytes], bytes]:
    """Return the lines of a response's head except date and policy, and its body."""
    lines = [f"GET {path} HTTP/1.0", "Host: api.example", *([] if origin is None else [f"Origin: {origin}"]), "", ""]
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    prefixes = (b"date:", b"access-control-", b"vary")
    return [line for line in head.split(b"\r\n") if not line.lower().startswith(prefixes)], body


@pytest.mark.parametrize("name", [*POINTS, *(misuse.__name__ for misuse in MISUSES)])
def test_waitress_sends_what_it_would_send_without_the_layer(waitress_port: int, name: str) -> None:
    for origin in (APP, STRANGER, None):
        bare, wrapped = (received(waitress_port, f"/{way}/{name}", origin) for way in ("bare", "cors"))
        assert wrapped == bare
        assert bare[0] or bare[1] == b""


# Clients that leave


def leave(port: int, request: bytes, after: int) -> None:
    """Send a request, read so many bytes of the answer, and reset the connection."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(request)
        while after > 0 and (piece := connection.recv(min(after, 65536))):
            after -= len(piece)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def wait_until(is_so: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait for something to become so, and tell whether it did."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_so()


def threads() -> set[threading.Thread]:
    """Return the threads that run. Not how many: others than those of a test may begin and end meanwhile."""
    return set(threading.enumerate())


PREFLIGHT: Pairs = [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
REQUESTS: dict[str, Pairs] = {"allowed": [("Origin", APP)], "stranger": [("Origin", STRANGER)], "no origin": []}


def request_of(headers: Pairs, method: str = "GET") -> bytes:
    lines = [f"{method} / HTTP/1.1", "Host: api.example", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode()


class Stream:
    """A long body, in pieces, that knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = 0
        self.pieces = 0

    def __iter__(self) -> Iterator[bytes]:
        while self.pieces < 2000:
            self.pieces += 1
            yield b"x" * 65536

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("who", REQUESTS)
@pytest.mark.parametrize("after", [1, 100_000])
def test_a_client_of_waitress_that_leaves_in_mid_stream(who: str, after: int) -> None:
    streams: list[Stream] = []

    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain"), *([] if streams else [("X-First", "1")])])
        streams.append(Stream())
        return streams[-1] if len(streams) == 1 else [b"OK"]

    before = threads()
    with running_waitress(CORSMiddleware(app, DYNAMIC)) as port:
        leave(port, request_of(REQUESTS[who]), after)
        assert wait_until(lambda: bool(streams) and streams[0].closed > 0)
        leave(port, request_of(PREFLIGHT, "OPTIONS"), 0)
        leave(port, request_of(PREFLIGHT, "OPTIONS")[:-2], 0)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", "/", headers={"Origin": SHOP})
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, b"OK")
            assert response.getheader("Access-Control-Allow-Origin") == SHOP
    assert streams[0].closed == 1
    assert streams[0].pieces < 2000, "the body was not read to its end"
    assert wait_until(lambda: threads() <= before), f"left behind: {threads() - before}"


class Counting(ThreadingHTTPServer):
    """Counts the exceptions of its handlers, which it would print."""

    daemon_threads = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.errors: list[type[BaseException] | None] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.errors.append(sys.exc_info()[0])


@pytest.mark.parametrize("who", REQUESTS)
@pytest.mark.parametrize("after", [1, 100_000])
def test_a_client_of_a_request_handler_that_leaves_in_mid_stream(who: str, after: int) -> None:
    ended: list[str] = []

    class Handler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
        cors = DYNAMIC
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for _ in range(2000 if not ended else 1):
                    self.wfile.write(b"x" * 65536)
            finally:
                ended.append("GET")

    before = threads()
    with Counting(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            leave(server.server_port, request_of(REQUESTS[who]), after)
            assert wait_until(lambda: len(ended) == 1)
            leave(server.server_port, request_of(PREFLIGHT, "OPTIONS"), 0)
            leave(server.server_port, request_of(PREFLIGHT, "OPTIONS")[:-2], 0)
            with closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)) as connection:
                connection.request("GET", "/", headers={"Origin": SHOP})
                response = connection.getresponse()
                assert (response.status, len(response.read())) == (200, 65536)
                assert response.getheader("Access-Control-Allow-Origin") == SHOP
        finally:
            server.shutdown()
            thread.join(10)
    assert set(server.errors) <= {BrokenPipeError, ConnectionResetError}
    assert wait_until(lambda: threads() <= before), f"left behind: {threads() - before}"


# Policies that are swapped while others ask


def policy_of(name: str, origins: Any) -> Policy:
    """Return a policy whose name is in every header of every answer."""
    number = 100 + ord(name)
    return Policy(
        origins,
        allow_methods=[f"METHOD-{name}"],
        allow_headers=[f"X-Header-{name}"],
        expose_headers=[f"X-Exposed-{name}"],
        max_age=number,
        preflight_status=number,
        vary=[f"X-Vary-{name}"],
        allow_credentials=name == "d",
    )


#: Of each kind one; all allow APP.
SWAPPED = {
    name: policy_of(name, origins)
    for name, origins in {"d": [APP, SHOP], "e": "*", "f": APP, "g": "https://*.example.com"}.items()
}
ASKED: tuple[tuple[str, Pairs], ...] = (
    ("GET", [("Origin", APP)]),
    ("GET", []),
    ("OPTIONS", [("Origin", APP), ("Access-Control-Request-Method", "PUT")]),
    ("POST", [("Origin", STRANGER)]),
)
ASKERS = 32


def ask_the_middleware(middleware: CORSMiddleware, method: str, headers: Pairs) -> Any:
    started: list[Any] = []
    environ = environ_of(None, REQUEST_METHOD=method)
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers}
    body = middleware(environ, lambda *args: started.append(args))
    ((status, got),) = started
    return status, sorted(got), b"".join(body)


def ask_the_handler(handler: type[Any], method: str, headers: Pairs) -> Any:
    (reply,) = replies(exchange(handler, request_of([*headers, ("Connection", "close")], method)), [method])
    return reply.status, reply.cors, reply.body


class SwappedHandler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
    cors = SWAPPED["d"]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Vary", "Cookie")
        self.end_headers()

    do_POST = do_GET


def answer_all_while_swapping(ask: Callable[[str, Pairs], Any], swap: Callable[[str], None]) -> list[Any]:
    """Return what 32 threads are answered to ASKED, again and again, while another swaps policies; with its place."""
    answers: list[Any] = []
    everyone = threading.Barrier(ASKERS + 1)
    is_over = threading.Event()

    def go() -> None:
        everyone.wait(10)
        for turn in range(2000):
            answers.extend([(place, ask(*asked)) for place, asked in enumerate(ASKED)])
            if turn > 2 and is_over.is_set():
                return

    askers = [threading.Thread(target=go) for _ in range(ASKERS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        for thread in askers:
            thread.start()
        everyone.wait(10)
        for name in [*SWAPPED] * 8:
            swap(name)
            time.sleep(0.001)
    finally:
        is_over.set()
        for thread in askers:
            thread.join(30)
        sys.setswitchinterval(interval)
    assert len(answers) >= ASKERS * 4 * len(ASKED), "a thread failed"
    return answers


@pytest.mark.parametrize("form", ["policy", "by path", "by callable"])
def test_while_thirty_two_ask_a_middleware_each_answer_is_of_one_policy(form: str) -> None:
    forms: dict[str, Callable[[Policy], Any]] = {
        "policy": lambda policy: policy,
        "by path": lambda policy: {"/": policy},
        "by callable": lambda policy: lambda request: policy,
    }

    def app(environ: Environ, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Vary", "Cookie")])
        return [b"OK"]

    middleware = CORSMiddleware(app, SWAPPED["d"])
    answers = answer_all_while_swapping(
        lambda method, headers: ask_the_middleware(middleware, method, headers),
        lambda name: setattr(middleware, "policy", forms[form](SWAPPED[name])),
    )
    whole = {
        name: [ask_the_middleware(CORSMiddleware(app, policy), *asked) for asked in ASKED]
        for name, policy in SWAPPED.items()
    }
    assert_each_is_whole(answers, whole)


@pytest.mark.parametrize("form", ["policy", "by path"])
def test_while_thirty_two_ask_a_handler_each_answer_is_of_one_policy(form: str) -> None:
    handler: Any = type("Handler", (SwappedHandler,), {})
    answers = answer_all_while_swapping(
        lambda method, headers: ask_the_handler(handler, method, headers),
        lambda name: setattr(handler, "cors", SWAPPED[name] if form == "policy" else {"/": SWAPPED[name]}),
    )
    whole = {
        name: [ask_the_handler(type("Handler", (SwappedHandler,), {"cors": policy}), *asked) for asked in ASKED]
        for name, policy in SWAPPED.items()
    }
    assert_each_is_whole(answers, whole)


def assert_each_is_whole(answers: list[Any], whole: dict[str, list[Any]]) -> None:
    for place in range(len(ASKED)):
        of_policies = [answers_of_one[place] for answers_of_one in whole.values()]
        assert len({repr(each) for each in of_policies}) == len(SWAPPED), "each policy answers in its own way"
    torn = [(place, answer) for place, answer in answers if all(answer != each[place] for each in whole.values())]
    assert torn == []
    assert len({repr(answer) for _, answer in answers}) > len(ASKED), "nothing was swapped while they asked"


def test_handlers_with_rules_of_their_own_never_follow_each_others() -> None:
    """One handler is stopped at each step in turn, while another, with another mapping, answers a whole request."""
    rules = {name: {"/": SWAPPED[name]} for name in ("d", "f")}

    class Handler(SwappedHandler):
        whose = "d"

        def setup(self) -> None:
            super().setup()
            self.cors = rules[self.whose]  # type: ignore[assignment]  # of this one connection

    def answer_with(whose: str) -> Any:
        Handler.whose = whose
        return ask_the_handler(Handler, *ASKED[0])

    whole = {name: answer_with(name) for name in rules}
    steps = 0
    for stop in range(2000):
        steps = 0

        def between(frame: Any, event: str, arg: object, stop: int = stop) -> Any:
            nonlocal steps
            frame.f_trace_opcodes = frame.f_code.co_name == "_policy_for"
            if event == "opcode" and frame.f_trace_opcodes:
                steps += 1
                if steps == stop + 1:
                    answer_with("f")  # nothing is traced while a trace function runs
            return between

        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # CPython 3.12 looks for it where tracing starts
        sys.settrace(between)
        try:
            answer = answer_with("d")
        finally:
            sys.settrace(before)
        assert answer == whole["d"], stop
        if steps <= stop:
            break
    assert 10 < steps < 2000
