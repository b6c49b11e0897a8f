"""One request over a ``requests.Session`` and its response, with a time limit for the whole exchange."""

from __future__ import annotations

import copy
import http.client
import io
import queue
import threading
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from corswsgi.browser.verdict import Header

#: rfc9110#section-15.2 sets no limit; no real server sends more.
_MOST_INTERIM_RESPONSES = 20

#: In bytes, with those of interim responses, as in Chromium.
_LONGEST_HEADERS = 256 * 1024

#: Seconds by which the timeout of a single read is longer, so that the limit of the whole exchange ends first.
_GRACE = 1.0

_PIECE = 64 * 1024


class TimeIsUpError(Exception):
    """The headers of the response did not come in time."""


@dataclass(frozen=True, slots=True)
class Received:
    """A response, as far as it came.

    :ivar body: at most one piece more than the limit.
    :ivar is_cut: whether the body is longer than the limit.
    :ivar in_time: whether the exchange ended in time.
    :ivar error: why the rest of the body did not come.
    """

    status: int
    phrase: str
    lines: list[Header]
    body: bytes
    is_cut: bool
    in_time: bool
    error: BaseException | None


def send(session: Any, prepared: Any, max_body: int, seconds: float) -> Received:
    """Send a request and return the response, as far as it comes in time.

    The exchange runs in its own thread, and the caller waits for it for a limited time. Nothing else limits the whole
    exchange: the look-up of the name, the attempts to connect to one address after another, and headers, chunk sizes
    and trailers that come byte by byte. The timeout of a socket starts again with each read. A signal reaches only the
    main thread. A clock in the socket, or a watchdog that shuts it down, does not cover the look-up. A thread that the
    caller has left ends at its next read, or when that read times out.

    :param prepared: a ``requests.PreparedRequest``.
    :param max_body: in bytes; if it is 0, the body is not read at all.
    :raises TimeIsUpError: if the headers do not come in time.
    :raises Exception: if something else keeps the response from coming.
    """
    exchange = _Exchange(session, prepared, max_body, seconds + _GRACE)
    thread = threading.Thread(target=exchange.run, name="corswsgi-exchange", daemon=True)
    thread.start()
    try:
        thread.join(seconds)
        return exchange.received(in_time=not thread.is_alive())
    finally:
        exchange.stop()


class _Exchange:
    """What the thread does, and what it has received so far."""

    def __init__(self, session: Any, prepared: Any, max_body: int, timeout: float) -> None:
        self._session = session
        self._prepared = prepared
        self._max_body = max_body
        self._timeout = timeout
        self._head: tuple[int, str, list[Header]] | None = None
        self._pieces: list[bytes] = []
        self._is_cut = False
        self._error: BaseException | None = None
        self._is_stopped = False
        self._opened: list[Any] = []

    # In the thread

    def run(self) -> None:
        """Send the request, and keep what is received."""
        try:
            settings = self._session.merge_environment_settings(self._prepared.url, {}, True, None, None)
            adapter = _with_connections_of(self, self._session.get_adapter(self._prepared.url))
            # Not session.send: that reads the whole of a redirect's body, and keeps cookies.
            with adapter.send(self._prepared, timeout=self._timeout, **settings) as response:
                self._head = response.status_code, response.reason or "", list(response.raw.headers.items())
                self._is_cut = self._read(response.raw)
        except BaseException as error:  # raised again in the thread of the caller
            self._error = error
        finally:
            for each in reversed(self._opened):
                each.close()

    def _read(self, raw: Any) -> bool:
        """Read the body, and tell whether it is longer than the limit."""
        if not self._max_body:
            return True
        size = 0
        while piece := raw.read1(_PIECE, decode_content=False):
            self._pieces.append(piece)
            size += len(piece)
            if size > self._max_body:
                return True
        return False

    def pool_like(self, pool: Any) -> Any:
        """Return a pool of urllib3 with the settings of this one, for the connections of this exchange only."""
        own = copy.copy(pool)
        own.pool = queue.LifoQueue(1)
        own.pool.put(None)  # the mark of urllib3 for a free place
        own.ConnectionCls = _connection_class(pool.ConnectionCls)
        own.conn_kw = {**pool.conn_kw, "exchange": self}
        self.opens(own)
        return own

    def opens(self, resource: Any) -> None:
        """Close a resource when the exchange has ended, with or without an error."""
        self._opened.append(resource)

    def go_on(self) -> None:
        """Do nothing while the caller waits for the response.

        :raises TimeoutError: if it no longer does.
        """
        if self._is_stopped:
            raise TimeoutError("the caller no longer waits for the response")

    def has_header(self, name: str) -> bool:
        """Tell whether the request has a header."""
        return name in self._prepared.headers

    # In the caller's thread

    def received(self, in_time: bool) -> Received:
        """Return what has come so far, or raise the error that kept everything from coming."""
        if self._head is not None:
            return Received(*self._head, b"".join(tuple(self._pieces)), self._is_cut, in_time, self._error)
        raise TimeIsUpError if self._error is None else self._error

    def stop(self) -> None:
        """Let the thread end."""
        self._is_stopped = True


def _with_connections_of(exchange: _Exchange, adapter: Any) -> Any:
    """Return a copy of an adapter that uses connections of the exchange.

    Adapters that do not inherit from that of requests, as in some test libraries, are used as they are.
    """
    from requests.adapters import HTTPAdapter

    if not isinstance(adapter, HTTPAdapter):
        return adapter
    # Not copy.copy: it creates new pools, without what a subclass has set.
    own: Any = object.__new__(type(adapter))
    vars(own).update(vars(adapter))
    pool_for = adapter.get_connection_with_tls_context
    own.get_connection_with_tls_context = lambda *args, **options: exchange.pool_like(pool_for(*args, **options))
    return own


@cache
def _connection_class(base: Any) -> Any:
    """Return a class of connections that adds :class:`_Connection` to one of urllib3."""
    return type(f"Corswsgi{base.__name__}", (_Connection, base), {})


class _Connection(http.client.HTTPConnection):
    """What our connections add to those of urllib3, which are the next base class."""

    def __init__(self, *args: Any, exchange: _Exchange, **settings: Any) -> None:
        super().__init__(*args, **settings)
        if self.host.endswith(".localhost"):
            self._dns_host = "localhost"  # as in all engines: this machine, without a look-up
        self._exchange = exchange
        self.response_class = partial(_Response, exchange)  # type: ignore[assignment]  # it is only called

    def connect(self) -> None:
        super().connect()
        self._exchange.go_on()  # sends nothing if the caller no longer waits

    def putheader(self, header: Any, *values: Any) -> None:
        # fetch#concept-http-network-or-cache-fetch: only POST and PUT send "Content-Length: 0". urllib3 sends it with
        # every method that it does not know, too.
        if header.lower() != "content-length" or self._exchange.has_header(header):
            super().putheader(header, *values)


class _Response(http.client.HTTPResponse):
    """Skips interim responses (fetch#http-network-fetch); http.client itself skips only 100."""

    def __init__(self, exchange: _Exchange, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._input = _Input(exchange, self.fp.detach())
        self.fp = io.BufferedReader(self._input)
        exchange.opens(self)

    def begin(self, *args: Any, **options: Any) -> None:
        super().begin(*args, **options)
        self._input.is_at_headers = False

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MOST_INTERIM_RESPONSES + 1):
            status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # missing in typeshed
            if not 100 <= status[1] <= 199:
                return status
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException(f"got more than {_MOST_INTERIM_RESPONSES} interim responses")


class _Input(io.RawIOBase):
    """The input of a connection, while the caller waits for it and its headers are not too long.

    :ivar is_at_headers: whether the headers have not ended yet.
    """

    def __init__(self, exchange: _Exchange, raw: Any) -> None:
        self._exchange = exchange
        self._raw = raw
        self._size = 0
        self.is_at_headers = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count: int = self._raw.readinto(buffer)
        self._exchange.go_on()
        self._size += count
        if self.is_at_headers and self._size > _LONGEST_HEADERS:
            raise http.client.HTTPException(f"got more than {_LONGEST_HEADERS} bytes of headers")
        return count

    def close(self) -> None:
        super().close()
        self._raw.close()
