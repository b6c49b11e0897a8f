"""Records the HTTP exchanges that the demo's servers see, and changes none of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import webob

from corswsgi.demo.api import COOKIE
from corswsgi.demo.visits import name_in, without_names

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    _Handler = BaseHTTPRequestHandler
else:
    _Handler = object

Pairs = list[tuple[str, str]]

#: The most that is kept: requests, exchanges of each, headers of a message, characters of a name or a value.
MAX_REQUESTS = 128
MAX_EXCHANGES = 8
MAX_HEADERS = 40
MAX_LENGTH = 4096

#: The most characters that are kept of all headers of a message.
MAX_MESSAGE = 16 * 1024

#: Marks text that was cut.
CUT = " …"

#: The headers that matter to CORS, in the order in which the walk-through shows them; those with "X-" come after them.
_REQUEST_HEADERS = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "Authorization",
    "Content-Type",
    "Cookie",
)
_RESPONSE_HEADERS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Vary",
    "Set-Cookie",
    "Content-Type",
)
_UNINTERESTING = frozenset({"X-Content-Type-Options"})


@dataclass
class Exchange:
    """A request and its response; long ones are cut.

    :ivar path: with the query, but without the parameters of the page.
    :ivar raised: whether the application raised an exception, so that the server had to answer.
    """

    method: str
    path: str
    request: Pairs
    status: str = ""
    response: Pairs = field(default_factory=list)
    raised: bool = False

    def finish(self, status: str, headers: Iterable[tuple[str, str]]) -> None:
        """Record the response; a later one replaces it."""
        self.status = _cut(status)
        self.response = _kept(headers)

    def asked(self, name: str) -> str | None:
        """Return the value of a request header, or ``None``."""
        return next((value for each, value in self.request if each.title() == name), None)

    def as_line(self) -> str:
        """Return the method and the status of the answer."""
        return f"{self.method} {self.status[:3]}"

    @property
    def is_preflight(self) -> bool:
        return self.method == "OPTIONS" and self.asked("Access-Control-Request-Method") is not None

    def as_dict(self, whole: bool = False) -> dict[str, Any]:
        """Return the exchange as the page gets it, for JSON.

        :param whole: include all headers, not only those that matter to CORS.
        """
        return {
            "method": self.method,
            "path": self.path,
            "preflight": self.is_preflight,
            "request": self.request if whole else _selected(self.request, _REQUEST_HEADERS),
            "status": self.status,
            "response": self.response if whole else _selected(self.response, _RESPONSE_HEADERS),
        }


class Recorder:
    """Keeps exchanges by the ``id`` in the query of their URL. The oldest id makes room for the newest."""

    def __init__(self) -> None:
        self._exchanges: dict[str, list[Exchange]] = {}
        self._lock = threading.Lock()

    def begin(self, method: str, path: str, query: str, headers: Iterable[tuple[str, str]]) -> Exchange:
        """Return a new exchange; it is kept if the query has an id that has fewer than :data:`MAX_EXCHANGES` so far."""
        shown = without_names(query)
        exchange = Exchange(_cut(method), _cut(f"{path}?{shown}" if shown else path), _kept(headers))
        if name := name_in(query, "id"):
            with self._lock:
                kept = self._exchanges.setdefault(name, [])
                if len(kept) < MAX_EXCHANGES:
                    kept.append(exchange)
                if len(self._exchanges) > MAX_REQUESTS:
                    del self._exchanges[next(iter(self._exchanges))]
        return exchange

    def exchanges(self, name: str) -> list[Exchange]:
        """Return the exchanges of an id, in the order in which they arrived."""
        with self._lock:
            return list(self._exchanges.get(name, ()))


def recorded(app: WSGIApplication, recorder: Recorder) -> WSGIApplication:
    """Return an application that records all exchanges of ``app``."""

    def recording(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = webob.Request(environ).headers.items()
        exchange = recorder.begin(
            environ["REQUEST_METHOD"], _text(environ["PATH_INFO"]), environ.get("QUERY_STRING", ""), headers
        )

        def start(status: str, headers: Pairs, exc_info: Any = None) -> Callable[[bytes], object]:
            exchange.finish(status, headers)
            return start_response(status, headers, exc_info)

        try:
            return app(environ, start)
        except Exception:
            exchange.finish("500 Internal Server Error", [])  # the server's answer, with headers of its own
            exchange.raised = True
            raise

    return recording


class RecorderMixin(_Handler):
    """Records the exchanges of a request handler of ``http.server``.

    It comes after CORSRequestHandlerMixin in the list of bases, so that it sees what that sends.
    """

    recorder: Recorder
    _exchange: Exchange | None = None

    def parse_request(self) -> bool:
        self._exchange = None
        if not super().parse_request():
            return False
        path, _, query = self.path.partition("?")
        decoded = _text(unquote(path, "latin-1"))
        self._exchange = self.recorder.begin(self.command, decoded, query, self.headers.items())
        return True

    def send_response_only(self, code: int, message: str | None = None) -> None:
        self._status = f"{int(code)} {HTTPStatus(code).phrase if message is None else message}"
        self._sent: Pairs = []
        super().send_response_only(code, message)

    def send_header(self, keyword: str, value: str) -> None:
        self._sent.append((keyword, value))
        super().send_header(keyword, value)

    def end_headers(self) -> None:
        if self._exchange is not None:
            self._exchange.finish(self._status, self._sent)
        super().end_headers()


def _text(latin: str) -> str:
    """Return a path as people write it: its bytes, given as Latin-1, are decoded as UTF-8."""
    return latin.encode("latin-1").decode("utf-8", "replace")


def _cut(text: str, most: int = MAX_LENGTH) -> str:
    """Return at most ``most`` characters of a text, and a mark if some are left out."""
    return text if len(text) <= most else f"{text[:most]}{CUT}"


def _kept(headers: Iterable[tuple[str, str]]) -> Pairs:
    """Return the headers of a message as they are kept; the last entry says how many are left out, if any."""
    kept: Pairs = []
    left, left_out = MAX_MESSAGE, 0
    for name, value in headers:
        own = _own_cookie(value) if name.title() == "Cookie" else value
        if not own and value:
            continue
        if len(kept) == MAX_HEADERS or left <= 0:
            left_out += 1
            continue
        kept.append((_cut(name, min(left, MAX_LENGTH)), _cut(own, min(left, MAX_LENGTH))))
        left -= sum(map(len, kept[-1]))
    return [*kept, ("…", f"{left_out} more, not recorded")] if left_out else kept


def _selected(headers: Pairs, names: tuple[str, ...]) -> Pairs:
    order = {name: place for place, name in enumerate(names)}
    titled = [(name.title(), value) for name, value in headers]
    found = [
        (name, value)
        for name, value in titled
        if name in order or (name.startswith("X-") and name not in _UNINTERESTING)
    ]
    return sorted(found, key=lambda pair: order.get(pair[0], len(order)))


def _own_cookie(value: str) -> str:
    """Return the demo's cookie without those of other programs on this machine, which are private."""
    cookies = map(str.strip, value.split(";"))
    return "; ".join(cookie for cookie in cookies if cookie.startswith(f"{COOKIE}="))
