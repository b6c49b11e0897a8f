"""One way to ask all front ends: a policy, an application in a few values, a request; the whole reply comes back."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from corswsgi import CORSMiddleware, CORSRequestHandlerMixin
from corswsgi.headers import is_ruled

Pairs = Sequence[tuple[str, str]]


@dataclass
class App:
    """What the wrapped application answers, and what it saw: ``(method, path)`` of each request."""

    status: str = "200 OK"
    headers: Pairs = (("Content-Type", "text/plain"), ("Content-Length", "2"))
    body: bytes = b"OK"
    seen: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Reply:
    """A response, its headers in order and with every line of them."""

    status: int
    headers: Pairs
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of all lines of a header."""
        return [value for each, value in self.headers if each.lower() == name.lower()]

    @property
    def cors(self) -> list[tuple[str, str]]:
        """The lines in which a policy may have the last word, sorted."""
        return sorted((name, value) for name, value in self.headers if is_ruled(name))


Ask = Callable[..., Reply]


def ask_wsgi(
    cors: Any,
    method: str = "GET",
    path: str = "/",
    headers: Pairs = (),
    app: App | None = None,
    **options: Any,
) -> Reply:
    """Ask a CORSMiddleware, with the checker of PEP 3333 on both sides of it.

    :param cors: a policy, a mapping of paths or a callable.
    :param options: further arguments of CORSMiddleware.
    """
    app = app or App()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        app.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        start_response(app.status, list(app.headers))
        return [app.body] if environ["REQUEST_METHOD"] != "HEAD" and app.body else []

    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    path, _, query = path.partition("?")
    environ |= {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "HTTP_HOST": "127.0.0.1",
    }
    for name, values in joined(headers).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = ",".join(values)
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [status, headers]
        return lambda data: None

    iterable = validator(CORSMiddleware(validator(application), cors, **options))(environ, start_response)
    try:
        body = b"".join(iterable)
    finally:
        iterable.close()  # type: ignore[attr-defined]  # the checker's iterable has it
    return Reply(int(started[0][:3]), started[1], body)


def ask_http_server(
    cors: Any,
    method: str = "GET",
    path: str = "/",
    headers: Pairs = (),
    app: App | None = None,
) -> Reply:
    """Ask a BaseHTTPRequestHandler under the mixin, over the bytes of one connection.

    The headers that ``http.server`` adds by itself (Server, Date) are left out of the reply.
    """
    app = app or App()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        app.seen.append((handler.command, handler.path))
        code, _, phrase = app.status.partition(" ")
        handler.send_response(int(code), phrase)
        for name, value in app.headers:
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(app.body)

    methods = dict.fromkeys([f"do_{method}", "do_OPTIONS", "do_GET"], answer)
    handler = type("Handler", (CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler), {"cors": cors, **methods})
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in [("Host", "127.0.0.1"), *headers])]
    sent = exchange(handler, "\r\n".join([*lines, "", ""]).encode("latin-1"))
    (reply,) = replies(sent, [method])
    return Reply(reply.status, [pair for pair in reply.headers if pair[0] not in ("Server", "Date")], reply.body)


def ask_django(*request: Any, **options: Any) -> Reply:
    """Ask the middleware for Django through its test client."""
    from django_site import ask_client  # loads Django, which most tests do without

    return ask_client(*request, **options)


def ask_django_asgi(*request: Any, **options: Any) -> Reply:
    """Ask the middleware for Django through its ASGI handler."""
    from django_site import ask_asgi

    return ask_asgi(*request, **options)


#: Those that read requests themselves.
FRONT_ENDS: Mapping[str, Ask] = {"wsgi": ask_wsgi, "http.server": ask_http_server}
#: Those and the middleware for Django, before which Django has read the request.
ALL_FRONT_ENDS: Mapping[str, Ask] = {**FRONT_ENDS, "django": ask_django, "django asgi": ask_django_asgi}


class Quiet:
    """Keeps a request handler from writing to standard error."""

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Connection:
    """As much of a socket as ``socketserver.StreamRequestHandler`` uses."""

    def __init__(self, received: bytes) -> None:
        self._received = io.BytesIO(received)
        self.sent = b""

    def makefile(self, mode: str, buffering: int = -1) -> io.BytesIO:
        return self._received

    def sendall(self, data: bytes) -> None:
        self.sent += data


class Server:
    """As much of a server as request handlers use."""

    server_name = "127.0.0.1"
    server_port = 8000
    server_address = ("127.0.0.1", 8000)


def exchange(handler: Callable[..., Any], received: bytes) -> bytes:
    """Return what a request handler sends on a connection on which ``received`` arrives."""
    connection = _Connection(received)
    handler(connection, ("127.0.0.1", 50000), Server())
    return connection.sent


def replies(sent: bytes, methods: Sequence[str]) -> list[Reply]:
    """Return the responses on a connection, to requests of these methods."""
    stream = io.BytesIO(sent)
    found = []
    for method in methods:
        response = HTTPResponse(_Readable(stream), method=method)  # type: ignore[arg-type]  # as much of a socket as it uses
        response.begin()
        pairs = response.msg.items()
        found.append(Reply(response.status, pairs, response.read()))
    return found


class _Readable:
    """A stream that survives the response which read from it."""

    def __init__(self, stream: io.BytesIO) -> None:
        self._stream = stream

    def makefile(self, mode: str) -> io.BytesIO:
        stream = self._stream

        class Unclosed(io.BytesIO):
            def readline(self, size: int | None = -1) -> bytes:
                return stream.readline(size)

            def read(self, size: int | None = -1) -> bytes:
                return stream.read(size)

            def readinto(self, buffer: Any) -> int:
                return stream.readinto(buffer)

        return Unclosed()


def joined(headers: Pairs) -> dict[str, list[str]]:
    """Return the values of each header, by its name as it was first written."""
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(names.setdefault(name.lower(), name), []).append(value)
    return values
