"""The demo's reference server: the API on ``http.server`` behind CORSRequestHandlerMixin; ``api`` answers."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from corswsgi.demo.api import MAX_BODY, Asked, Reply, answer, json_reply, too_large
from corswsgi.demo.recorder import Recorder, RecorderMixin
from corswsgi.demo.visits import Visits, name_in
from corswsgi.errors import quote
from corswsgi.handler import CORSRequestHandlerMixin
from corswsgi.listening import LOOPBACK_NAMES, KnownHostsMixin
from corswsgi.policy import Policy

_logger = logging.getLogger("corswsgi")


class PolicyOfVisit:
    """The attribute ``cors`` of a handler: the policy of the visit that the current request names in its query."""

    def __init__(self, otherwise: Policy, visits: Visits) -> None:
        """Store the policy for requests that name no current visit, and for the class itself."""
        self._otherwise = otherwise
        self._visits = visits

    def __get__(self, handler: BaseHTTPRequestHandler | None, owner: type) -> Policy:
        # An unreadable request line is answered before the handler has a path.
        visit = self._visits.get(name_in(getattr(handler, "path", "").partition("?")[2], "visit"))
        return visit.policy if visit else self._otherwise


class ReferenceHandler(CORSRequestHandlerMixin, RecorderMixin, KnownHostsMixin, BaseHTTPRequestHandler):
    """Answers the API's paths. Subclasses set ``cors``, ``recorder`` and ``elsewhere``."""

    #: The origin of the other server of this API.
    elsewhere: str

    hosts = LOOPBACK_NAMES
    protocol_version = "HTTP/1.1"
    #: Seconds. Browsers open connections before they need them, and keep them open.
    timeout = 60

    def do_GET(self) -> None:
        body = self._read_body()
        if isinstance(body, Reply):
            self._send_reply(body, "close")  # the unread body must not be read as the next request
            return
        target, _, query = self.path.partition("?")
        path = unquote(target)
        try:
            reply = answer(Asked(self.command, path, query, self.headers.get, body, self.elsewhere))
        except Exception:
            _logger.exception("the handler raised on %s %s", quote(self.command), quote(path))
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
        else:
            self._send_reply(reply)

    do_HEAD = do_GET
    do_POST = do_GET
    do_PUT = do_GET
    do_PATCH = do_GET
    do_DELETE = do_GET
    do_OPTIONS = do_GET  # without preflights, which the mixin answers

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: the page shows what happened."""

    def _read_body(self) -> bytes | Reply:
        """Return the request's body, or the answer to one that cannot be read."""
        lengths = self.headers.get_all("Content-Length", ["0"])
        if "Transfer-Encoding" in self.headers:
            return json_reply(411, {"error": "send a Content-Length instead of Transfer-Encoding"})
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            return json_reply(400, {"error": "the Content-Length is not a number"})
        if len(lengths[0]) > len(str(MAX_BODY)) or int(lengths[0]) > MAX_BODY:
            return too_large()
        return self.rfile.read(int(lengths[0]))

    def _send_reply(self, reply: Reply, connection: str = "") -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if connection:
            self.send_header("Connection", connection)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)


class ReferenceServer(ThreadingHTTPServer):
    """Serves :class:`ReferenceHandler` on a listening socket; closing it ends its connections and threads."""

    daemon_threads = False  # so that server_close waits for them

    def __init__(
        self, listening: socket.socket, policy: Policy, visits: Visits, recorder: Recorder, elsewhere: str
    ) -> None:
        """Take over a socket.

        :param policy: for requests that name no current visit.
        :param elsewhere: the origin of the other server of this API.
        """
        attributes = {"cors": PolicyOfVisit(policy, visits), "recorder": recorder, "elsewhere": elsewhere}
        handler = type("Handler", (ReferenceHandler,), attributes)
        super().__init__(listening.getsockname(), handler, bind_and_activate=False)
        self.socket.close()  # the base class opened one
        self.socket = listening
        # Not by server_bind, which would look up the name of this machine.
        self.server_name, self.server_port = "localhost", listening.getsockname()[1]
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an exception of a handler, unless a connection broke: browsers drop connections at any time."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # it may have ended by itself
                connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads from it
        super().server_close()
