"""The servers of the matrix, all on loopback: both front ends, scripted servers, and one for the list of cases."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import itertools
import json
import queue
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import waitress.server

from corswsgi import CORSMiddleware, CORSRequestHandlerMixin, Policy

from .case import (
    FAR_HOSTS,
    FRONT_ENDS,
    HOSTS,
    HTTP_SERVER,
    OPAQUE_PAGES,
    PUBLIC_HOST,
    SCRIPTED,
    SERVERS,
    TLS,
    WSGI,
    Case,
    Fetch,
    Pairs,
    fill,
)
from .outside import Certificates, Outside, proxy

_HERE = Path(__file__).parent

#: Request headers whose values are compared, besides all that start with ``X-``.
_RECORDED = frozenset(
    "access-control-request-headers access-control-request-method access-control-request-private-network "
    "authorization content-language content-length content-type cookie origin range referer "
    "sec-fetch-dest sec-fetch-mode sec-fetch-site".split()
)

#: The headers of answers to the requests that a page sends before its first case.
_WARM = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "*"),
    ("Access-Control-Max-Age", "0"),
)

_WITHOUT_BODY = (101, 204, 205, 304)

#: The end of a WebSocket (rfc6455#section-5.5.1), with status 1000.
_CLOSE_FRAME = b"\x88\x02\x03\xe8"

#: Seconds that a page has to close a WebSocket.
_PATIENCE = 5

#: The path of the script of workers.
WORKER = "/worker.js"

#: A method that the handlers of ``http.server`` lack, so that they answer it with ``send_error``.
MISSING_METHOD = "MISSING"

Seen = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; header names in lower case, lines of one name joined."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_handshake(self) -> bool:
        """Whether it is that of a WebSocket."""
        return self.headers.get("upgrade", "").lower() == "websocket"


@dataclass(frozen=True)
class Answer:
    """An answer as it is sent."""

    status: int
    phrase: str
    headers: Pairs
    body: bytes


class Site:
    """All servers of a table of cases, running from ``__enter__`` to ``__exit__``.

    An address contains the policy, a run, the number of a case, and a resource: ``/p0/run-1/17/first``. Each browser
    has its own run, so that no two share an address.

    :ivar names: by front end, the values of the names in braces in the data of cases.
    :ivar events: the reports of pages, as ``(run, event)``.
    :ivar authority: while the site runs, the file with the certificate of the authority of the https: servers.
    :ivar outside: while the site runs, what engines can reach outside loopback.
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        self.names: dict[str, dict[str, str]] = {}
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.harness = ""
        self._origins: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._seen: dict[tuple[str, int], list[Seen]] = {}
        self._plans: dict[str, list[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._running = contextlib.ExitStack()
        # A certificate cannot name a host with an underscore, or with a dot at its end.
        hosts = [host for host in (*HOSTS.values(), *FAR_HOSTS.values()) if "_" not in host and host[-1] != "."]
        self._certificates = Certificates(hosts)
        self.authority = ""
        self.outside: Outside | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as starting:
            sockets = {
                front_end: [starting.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in SERVERS]
                for front_end in FRONT_ENDS
            }
            guarded = [starting.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in SERVERS]
            for front_end in FRONT_ENDS:
                self._name(front_end, sockets[front_end], HOSTS)
            self._name(SCRIPTED, sockets[SCRIPTED], FAR_HOSTS)
            self._name(SCRIPTED, guarded, {**HOSTS, **FAR_HOSTS}, "https")
            for front_end in FRONT_ENDS:
                for listening in sockets[front_end]:
                    starting.enter_context(self._served(front_end, listening))
            doors = [starting.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in (*SERVERS, *SERVERS)]
            public = {
                f"{PUBLIC_HOST}:{_port(listening)}": _port(door)
                for listening, door in zip((*sockets[SCRIPTED], *guarded), doors, strict=True)
            }
            for listening in doors[: len(SERVERS)]:
                starting.enter_context(self._served(SCRIPTED, listening))
            for listening in (*guarded, *doors[len(SERVERS) :]):
                starting.enter_context(self._served(SCRIPTED, self._certificates.guarded(listening)))
            self.authority = starting.enter_context(self._certificates.authority.cert_pem.tempfile())
            address = starting.enter_context(proxy(FAR_HOSTS.values()))
            hosts = [name for name, origin in self._origins.items() if origin.startswith(TLS)]
            self.outside = Outside(address, self._certificates.leaf, tuple(hosts), PUBLIC_HOST, public)
            listening = starting.enter_context(socket.create_server(("127.0.0.1", 0)))
            self.harness = f"http://localhost:{listening.getsockname()[1]}"
            starting.enter_context(_http_server(_handler(self._harness_answer, ()), listening))
            self._running = starting.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()

    # Names and addresses

    def _name(
        self, front_end: str, sockets: Iterable[socket.socket], hosts: Mapping[str, str], scheme: str = "http"
    ) -> None:
        names = self.names.setdefault(front_end, {})
        tls = TLS if scheme == "https" else ""
        for server, listening in zip(SERVERS, sockets, strict=True):
            port = _port(listening)
            names[f"{tls}{server}-port"] = str(port)
            for prefix, host in hosts.items():
                names[tls + prefix + server] = f"{scheme}://{host}:{port}"
                self._origins[f"{host}:{port}"] = tls + prefix + server

    def origin_of(self, front_end: str, page: str) -> str:
        """Return the serialized origin of a page."""
        return "null" if page in OPAQUE_PAGES else self.names[front_end][page]

    def worker_address(self, front_end: str, page: str) -> str:
        """Return the address of the script of the workers of a page."""
        return f"{self.names[front_end][page]}{WORKER}"

    def page_address(self, front_end: str, page: str) -> str:
        """Return the address of a page; a sandboxed page is a frame of ``page``."""
        return f"{self.names[front_end]['page' if page == 'sandbox' else page]}/frame"

    def address(self, run: str, number: int, fetch: Fetch) -> str:
        """Return the address that a script of the case fetches."""
        case = self.cases[number]
        if fetch.url:
            return fill(fetch.url, self.names[case.front_end])
        return self._resource(run, number, fetch.to) + (f"?{fetch.query}" if fetch.query else "")

    def _resource(self, run: str, number: int, to: str) -> str:
        case = self.cases[number]
        server, _, resource = to.partition("/")
        key = self._key(case.policy)
        return f"{self.names[case.front_end][server]}/{key}/{run}/{number}/{resource or 'first'}"

    def _key(self, policy: Mapping[str, Any] | None) -> str:
        return SCRIPTED if policy is None else self._keys.setdefault(json.dumps(policy), f"p{len(self._keys)}")

    def _policies(self, front_end: str) -> dict[str, Policy | None]:
        names = self.names[front_end]
        policies: dict[str, Policy | None] = {"/frame": None}
        for case in self.cases:
            if case.policy is not None and case.front_end == front_end:
                policies[f"/{self._key(case.policy)}"] = make_policy(case.policy, names)
        return policies

    # Runs

    def new_run(self, numbers: Iterable[int] = ()) -> str:
        """Return the name of a new run of these cases."""
        run = f"run-{next(self._numbers)}"
        self._plans[run] = [self._plan(run, number) for number in numbers]
        return run

    def start_address(self, run: str) -> str:
        """Return the address that an engine opens to start a run."""
        return f"{self.harness}/start/{run}"

    def seen(self, run: str, number: int) -> list[Seen]:
        """Return the requests of a case that arrived, in order."""
        return list(self._seen.get((run, number), ()))

    def _plan(self, run: str, number: int) -> dict[str, Any]:
        case = self.cases[number]
        steps = [
            {
                "frame": {**self._frame(case.front_end, fetch.page), "window": fetch.window},
                "url": self.address(run, number, fetch),
                "after": fetch.after,
                "navigate": fetch.navigate,
                "body": fetch.body,
                "way": fetch.way,
                "init": {
                    "method": fetch.method,
                    "headers": fetch.headers,
                    "mode": fetch.mode,
                    "credentials": fetch.credentials,
                    "redirect": fetch.redirect,
                    "referrerPolicy": fetch.referrer_policy,
                    "cache": fetch.cache,
                },
            }
            for fetch in case.fetches
        ]
        return {"number": number, "slow": case.is_slow, "steps": steps}

    def _frame(self, front_end: str, page: str) -> dict[str, str]:
        if page == "data":
            return {"src": f"data:text/html,{_frame_page(escaped=True)}", "sandbox": ""}
        return {
            "src": self.page_address(front_end, page),
            "sandbox": "allow-scripts" if page == "sandbox" else "",
        }

    # Answers

    def _served(self, front_end: str, listening: socket.socket) -> contextlib.AbstractContextManager[None]:
        if front_end == SCRIPTED:
            return _http_server(_handler(self._front_end_answer(front_end), (), self._note), listening)
        policies = self._policies(front_end)
        if front_end == HTTP_SERVER:
            handler = _handler(self._front_end_answer(front_end), (CORSRequestHandlerMixin,), self._note)
            handler.cors = policies  # type: ignore[attr-defined]  # the mixin's
            return _http_server(handler, listening)
        app = _application(self._front_end_answer(WSGI))
        return _waitress(_noted(CORSMiddleware(app, policies), self._note), listening)

    def _note(self, asked: Asked) -> None:
        """Record a request of a case."""
        parts = asked.path.split("/")
        if len(parts) != 5 or not parts[3].isdigit():
            return
        server = self._origins.get(asked.headers.get("host", ""), "elsewhere")
        is_preflight = asked.method == "OPTIONS" and "access-control-request-method" in asked.headers
        query = f"?{asked.query}" if asked.query else ""
        seen: Seen = {
            "to": f"{server}/{parts[4]}{query}",
            "method": asked.method,
            "preflight": is_preflight,
            "headers": {
                name: value
                for name, value in sorted(asked.headers.items())
                if name in _RECORDED or name.startswith("x-")
            },
            "body": asked.body.decode("utf-8", "replace"),
        }
        if asked.method not in ("POST", "PUT") and asked.headers.get("content-length") == "0":
            del seen["headers"]["content-length"]  # urllib3 adds it to every method that it does not know
        if "range" in asked.headers:
            seen["headers"]["accept-encoding"] = asked.headers.get("accept-encoding", "")
        self._seen.setdefault((parts[2], int(parts[3])), []).append(seen)

    def _front_end_answer(self, front_end: str) -> Callable[[Asked], Answer]:
        def answer(asked: Asked) -> Answer:
            if asked.path == "/frame":
                return Answer(200, "OK", (("Content-Type", "text/html"),), _frame_page().encode())
            if asked.path == WORKER:
                return Answer(200, "OK", (("Content-Type", "text/javascript"),), _script("telling", "worker").encode())
            if asked.path == "/warm":
                return Answer(200, "OK", _WARM, b"")
            parts = asked.path.split("/")
            if len(parts) != 5 or not parts[3].isdigit():
                return Answer(404, "Not Found", (("Content-Type", "text/plain"),), b"")
            return self._say(front_end, asked, parts[2], int(parts[3]), parts[4])

        return answer

    def _say(self, front_end: str, asked: Asked, run: str, number: int, resource: str) -> Answer:
        says = self.cases[number].says[resource]
        status, headers = says.status, says.headers
        if asked.is_handshake:
            # The result of a handshake is whether the application saw it.
            self._seen[run, number][-1]["reached"] = True
            return _handshake(front_end, asked)
        is_preflight = asked.method == "OPTIONS" and "access-control-request-method" in asked.headers
        if is_preflight and says.preflight is not None:
            status, headers = says.preflight
        path = asked.path.rpartition("/")[0]
        names = {**self.names[front_end], "O": asked.headers.get("origin", ""), "path": path}
        lines = [(name, fill(value, names)) for name, value in headers]
        if says.to:
            lines.append(("Location", self._resource(run, number, says.to)))
        if "content-type" not in {name.lower() for name, _ in lines} and status not in _WITHOUT_BODY:
            lines.append(("Content-Type", "text/plain"))
        # rfc9110#section-15.3.6: a 205 has no content.
        body = b"" if status == 205 else says.body
        content = body if isinstance(body, bytes) else fill(body, names).encode()
        return Answer(status, _phrase(status), lines, content)

    def _harness_answer(self, asked: Asked) -> Answer:
        match asked.path.split("/")[1:]:
            case ["start", run] if run in self._plans:
                return Answer(200, "OK", (("Content-Type", "text/html"),), (_HERE / "harness.html").read_bytes())
            case ["plan", run] if run in self._plans:
                plan = {"cases": self._plans[run], "warm": f"{self.names[SCRIPTED]['api']}/warm"}
                return Answer(200, "OK", (("Content-Type", "application/json"),), json.dumps(plan).encode())
            case ["event", run] if run in self._plans:
                self.events.put((run, json.loads(asked.body)))
                return Answer(204, "No Content", (), b"")
        return Answer(404, "Not Found", (), b"")


def make_policy(options: Mapping[str, Any], names: Mapping[str, str]) -> Policy:
    """Return the Policy that the data of a case describes.

    :raises PolicyError: if it is invalid.
    """

    def made(value: Any) -> Any:
        if isinstance(value, str):
            return fill(value, names)
        if isinstance(value, Mapping):
            if "regex" in value:
                return re.compile(fill(value["regex"], names))
            known = {fill(each, names) for each in value["callable"]}
            return lambda origin, request: origin in known
        if isinstance(value, list | tuple):
            return tuple(map(made, value))
        return value

    return Policy.from_options({name: made(value) for name, value in options.items()})


def _handshake(front_end: str, asked: Asked) -> Answer:
    """Return the application's answer to a handshake; behind waitress it cannot open a WebSocket."""
    if front_end == WSGI:
        return Answer(400, "Bad Request", (), b"")
    # rfc6455#section-4.2.2
    digest = hashlib.sha1(
        asked.headers["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    ).digest()
    accept = base64.b64encode(digest).decode()
    headers = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept))
    return Answer(101, "Switching Protocols", headers, b"")


def _port(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Said"


def _script(*names: str) -> str:
    return "\n".join((_HERE / f"{name}.js").read_text("utf-8") for name in names)


def _frame_page(escaped: bool = False) -> str:
    script = _script("telling", "frame")
    if escaped:  # in a data: URL
        script = script.replace("%", "%25").replace("#", "%23").replace("\n", "%0A")
    return f"<!doctype html><title>a page of the matrix</title><script>{script}</script>"


# The front ends: each records a request before a policy can answer it

Note = Callable[[Asked], None]


def _application(answer: Callable[[Asked], Answer]) -> Callable[..., list[bytes]]:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        said = answer(_asked(environ, environ["wsgi.input"].read()))
        headers = list(said.headers)
        if said.status in _WITHOUT_BODY:
            start_response(f"{said.status} {said.phrase}", headers)
            return []
        start_response(f"{said.status} {said.phrase}", [*headers, ("Content-Length", str(len(said.body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [said.body]

    return application


def _noted(app: Callable[..., Iterable[bytes]], note: Note) -> Callable[..., Iterable[bytes]]:
    def noted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        note(_asked(environ, body))
        return app(environ, start_response)

    return noted


def _asked(environ: Mapping[str, Any], body: bytes) -> Asked:
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            headers[key.replace("_", "-").lower()] = environ[key]
    return Asked(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], headers, body)


class _Noting:
    """Stands between the mixin and BaseHTTPRequestHandler, and records a request when it is parsed."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise a body waits until its headers are acknowledged
    note: Note

    # The attributes that mypy does not find belong to BaseHTTPRequestHandler, the next base class.
    def parse_request(self) -> bool:
        if not super().parse_request():  # type: ignore[misc]  # of BaseHTTPRequestHandler
            return False
        headers = {name.lower(): ", ".join(self.headers.get_all(name)) for name in self.headers}  # type: ignore[attr-defined]
        body = self.rfile.read(int(headers.get("content-length") or 0))  # type: ignore[attr-defined]
        parts = urlsplit(self.path)  # type: ignore[attr-defined]
        self.asked = Asked(self.command, parts.path, parts.query, headers, body)  # type: ignore[attr-defined]
        self.note(self.asked)
        return True

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def _handler(
    answer: Callable[[Asked], Answer], mixins: tuple[type, ...], note: Note = lambda asked: None
) -> type[BaseHTTPRequestHandler]:
    def do(handler: Any) -> None:
        said = answer(handler.asked)
        handler.send_response(said.status, said.phrase)
        for name, value in said.headers:
            handler.send_header(name, value)
        has_body = said.status not in _WITHOUT_BODY
        if has_body:
            handler.send_header("Content-Length", str(len(said.body)))
        handler.end_headers()
        if has_body and handler.command != "HEAD":
            handler.wfile.write(said.body)
        if said.status == 101:
            _end_socket(handler)

    def do_what_is_asked(handler: Any, name: str) -> Any:
        if name.startswith("do_") and name != f"do_{MISSING_METHOD}":
            return lambda: do(handler)
        raise AttributeError(name)

    bases = (*mixins, _Noting, BaseHTTPRequestHandler)
    return type("MatrixHandler", bases, {"__getattr__": do_what_is_asked, "note": staticmethod(note)})


def _end_socket(handler: Any) -> None:
    """Wait until the page closes its WebSocket, and close it."""
    handler.close_connection = True
    handler.connection.settimeout(_PATIENCE)
    if handler.rfile.read(1):
        handler.wfile.write(_CLOSE_FRAME)


# Running


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a browser that is killed breaks off its connections


@contextlib.contextmanager
def _http_server(handler: type[BaseHTTPRequestHandler], listening: socket.socket) -> Iterator[None]:
    server = _Server(listening.getsockname(), handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_name, server.server_port = "localhost", listening.getsockname()[1]
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def _waitress(app: Callable[..., Iterable[bytes]], listening: socket.socket) -> Iterator[None]:
    server: Any = waitress.server.create_server(app, sockets=[listening], threads=4, clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield
    finally:
        server.task_dispatcher.shutdown()
        # In the server's own thread, because its loop ends when all sockets are closed.
        server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
        thread.join()
