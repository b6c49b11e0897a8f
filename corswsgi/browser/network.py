"""How a request reaches a target: a WSGI application in this process, or servers through a ``requests.Session``."""

from __future__ import annotations

import io
import re
import sys
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote_to_bytes

from corswsgi import fetch
from corswsgi.asgi import is_asgi
from corswsgi.browser.connections import TimeIsUpError, send
from corswsgi.browser.urls import URL
from corswsgi.browser.verdict import Exchange, Header, Headers, get

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: The content codings that every browser undoes, and the window that zlib wants for each.
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}

#: No real server uses more; they would only keep the client busy.
_MOST_CODINGS = 5


class NoAnswer(Exception):
    """No response came; the message says why. To the browser this is a network error."""


@dataclass(frozen=True, slots=True)
class NetworkReply:
    """A response as it arrived.

    :ivar body: with content codings undone, and cut at the bound.
    :ivar truncated: whether it was cut.
    :ivar broken: why the rest of the body did not come; empty if all of it did.
    """

    status: int
    status_text: str
    headers: Headers
    body: bytes
    truncated: bool = False
    broken: str = ""

    def answering(self, asked: Exchange) -> Exchange:
        """Return the exchange that this response completes."""
        return replace(
            asked,
            status=self.status,
            status_text=self.status_text,
            response_headers=self.headers,
            response_body=self.body,
            error=self.broken,
        )


class Network(Protocol):
    """What sends a request.

    :raises NoAnswer: if no response came.
    """

    def __call__(
        self, method: str, url: URL, headers: list[Header], body: bytes | None, streamed: bool
    ) -> NetworkReply: ...


#: Returns how many seconds the next answer may take.
Seconds = Callable[[], float]


def network_for(target: Any, *, max_body: int, timeout: float | Seconds) -> Network:
    """Return the network that leads to a target.

    :param timeout: seconds for each answer and its whole body, or a function that returns them; it is called before
        each request, and may raise :class:`NoAnswer` if there is no time for any. An application in this process has no
        time limit.
    :raises TypeError: if it is neither a WSGI application nor a session.
    """
    seconds: Seconds = timeout if callable(timeout) else lambda: timeout
    if hasattr(target, "get_adapter"):
        return SessionNetwork(target, max_body, seconds)
    if not callable(target):
        raise TypeError(f"a target is a WSGI application or a requests.Session, not {target!r}")
    if is_asgi(target):
        raise TypeError(
            f"{target!r} is an ASGI application, but a target is a WSGI application or a requests.Session; turn it "
            "into a WSGI application with the package a2wsgi: ASGIMiddleware(app)"
        )
    return WSGINetwork(target, max_body, seconds)


# WSGI


class WSGINetwork:
    """Every URL leads to one WSGI application (PEP 3333). An exception before its headers are sent is no answer."""

    def __init__(self, app: WSGIApplication, max_body: int, seconds: Seconds) -> None:
        self._app = app
        self._max_body = max_body
        self._seconds = seconds

    def __call__(
        self, method: str, url: URL, headers: list[Header], body: bytes | None, streamed: bool
    ) -> NetworkReply:
        self._seconds()
        sent = _WSGIResponse()
        broken = ""
        try:
            truncated = self._run(environ_for(method, url, headers, body), sent)
        except Exception as error:
            if not sent.pieces:
                raise NoAnswer(f"the application raised {_describe(error)}") from error
            truncated, broken = False, f"the application raised {_describe(error)}"
        if sent.status is None:
            raise NoAnswer("the application did not call start_response")
        code, _, phrase = sent.status.partition(" ")
        if not re.fullmatch("[1-9][0-9][0-9]", code):
            raise NoAnswer(f"the application gave the status {sent.status!r}, which does not begin with three digits")
        return _reply(int(code), phrase, sent.headers, b"".join(sent.pieces), self._max_body, truncated, broken)

    def _run(self, environ: WSGIEnvironment, sent: _WSGIResponse) -> bool:
        """Call the application, and tell whether there is more of its body than is read."""
        iterable = self._app(environ, sent.start_response)
        try:
            for piece in iterable:
                sent.write(piece)
                if sent.size > self._max_body:
                    return True
        finally:
            if hasattr(iterable, "close"):
                iterable.close()
        return False


class _WSGIResponse:
    """The server's side of ``start_response`` (PEP 3333): headers go out with the first byte of the body."""

    def __init__(self) -> None:
        self.status: str | None = None
        self.headers: list[Header] = []
        self.pieces: list[bytes] = []
        self.size = 0

    def start_response(self, status: str, headers: list[Header], exc_info: Any = None) -> Callable[[bytes], object]:
        try:
            if exc_info is not None:
                if self.pieces:
                    raise exc_info[1].with_traceback(exc_info[2])
            elif self.status is not None:
                raise AssertionError("start_response was called a second time, without exc_info")
        finally:
            exc_info = None  # PEP 3333: avoids a reference cycle through the traceback
        self.status, self.headers = status, list(headers)
        return self.write

    def write(self, data: bytes) -> None:
        if self.status is None:
            raise AssertionError("the application sent a body before it called start_response")
        if data:
            self.pieces.append(data)
            self.size += len(data)


def environ_for(method: str, url: URL, headers: list[Header], body: bytes | None) -> WSGIEnvironment:
    """Return the environ of a request (PEP 3333); lines of one name are joined with commas (rfc3875#section-4.1.18)."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query.removeprefix("?"),
        "SERVER_NAME": url.host,
        "SERVER_PORT": url.port or fetch.DEFAULT_PORTS[url.scheme],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


# requests


class SessionNetwork:
    """The network, through the adapters of a ``requests.Session``.

    The session's settings for TLS, certificates and proxies apply, and its ``trust_env``. Its headers, cookies, hooks
    and passwords do not, and no cookies are stored in it. The browser follows redirects itself. Each request has its
    own connection.
    """

    def __init__(self, session: Any, max_body: int, seconds: Seconds) -> None:
        self._session = session
        self._max_body = max_body
        self._seconds = seconds

    def __call__(
        self, method: str, url: URL, headers: list[Header], body: bytes | None, streamed: bool
    ) -> NetworkReply:
        seconds = self._seconds()
        prepared = _prepared(method, url.without_fragment, headers, body, streamed)
        try:
            received = send(self._session, prepared, self._max_body, seconds)
        except TimeIsUpError:
            self._seconds()  # raises a better error if no time is left for any other answer either
            raise NoAnswer(f"timed out: no answer came within {seconds:g} s") from None
        except Exception as error:  # everything that keeps a response from coming is a network error
            raise NoAnswer(_describe(error)) from error
        if not received.in_time:
            broken = f"timed out: the rest did not come within {seconds:g} s"
        else:
            broken = "" if received.error is None else _describe(received.error)
        lines = [(name, _unfolded(value)) for name, value in received.lines]
        return _reply(received.status, received.phrase, lines, received.body, self._max_body, received.is_cut, broken)


def _unfolded(value: str) -> str:
    """Return a header value on one line (rfc9112#section-5.2)."""
    # Not a regular expression: one that begins with white space takes quadratic time on long runs of it.
    return " ".join(line.strip(f"{fetch.OWS}\r") for line in value.split("\n"))


def _prepared(method: str, url: str, headers: list[Header], body: bytes | None, streamed: bool) -> Any:
    """Return a ``requests.PreparedRequest`` with exactly these headers.

    ``Session.request`` would add the session's own, and write the method in upper case.
    """
    from requests import PreparedRequest
    from requests.structures import CaseInsensitiveDict

    lines: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for name, value in headers:
        # requests sends one line for each name; all engines join lines too.
        lines[name] = f"{lines[name]}, {value}" if name in lines else value
    prepared: Any = PreparedRequest()
    prepared.method, prepared.url, prepared.headers = method, url, lines
    prepared.body = iter([body]) if streamed else body
    return prepared


# Bodies


def _reply(
    status: int, phrase: str, lines: Iterable[Header], body: bytes, bound: int, truncated: bool, broken: str
) -> NetworkReply:
    headers = tuple((name, value.strip(fetch.OWS)) for name, value in lines)
    try:
        decoded = handle_content_codings(get(headers, "Content-Encoding") or "", body, bound)
    except zlib.error as error:
        return NetworkReply(status, phrase, headers, body[:bound], False, f"its Content-Encoding is wrong: {error}")
    return NetworkReply(status, phrase, headers, decoded[:bound], truncated or len(decoded) > bound, broken)


def handle_content_codings(codings: str, body: bytes, bound: int) -> bytes:
    """Return a body without its codings, at most one byte more than ``bound`` (fetch#handle-content-codings).

    Unknown codings are left as they are.

    :raises zlib.error: if the bytes are not in the named coding, or too many codings are named.
    """
    named = fetch.split_list(codings.lower())
    if len(named) > _MOST_CODINGS:
        raise zlib.error(f"it names {len(named)} codings, more than {_MOST_CODINGS}")
    for coding in reversed(named):
        if coding in _CODINGS:
            body = zlib.decompressobj(_CODINGS[coding]).decompress(body, bound + 1)
    return body


def _describe(error: BaseException) -> str:
    """Return an exception on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
