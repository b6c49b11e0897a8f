"""What stands behind a front server, and who asks it: an application that answers as it is told, and a bare client."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from caching.servers import PATIENCE
from cors_tables import MEDDLER, OK, Given
from front_ends import Pairs, Reply

from corswsgi.headers import is_ruled

#: What an application with CORS of its own says.
OWN_CORS = tuple(pair for pair in MEDDLER.headers if pair[0].lower().startswith("access-control-"))


class Application:
    """Answers each path as it is told.

    :ivar answers: by path, percent-decoded.
    :ivar otherwise: to every other path.
    :ivar has_cors: whether it says something about CORS itself with each of them.
    :ivar seen: the method and the path of each request.
    """

    def __init__(self, has_cors: bool = False) -> None:
        self.answers: dict[str, Given] = {}
        self.otherwise = OK
        self.has_cors = has_cors
        self.seen: list[tuple[str, str]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.seen.append((environ["REQUEST_METHOD"], path))
        given = self.answers.get(path, self.otherwise)
        start_response(given.status, [*given.headers, *(OWN_CORS if self.has_cors else ())])
        return [given.body] if environ["REQUEST_METHOD"] != "HEAD" else []


class Client:
    """Sends requests as they are written, over one connection as long as that stays open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, method: str, target: str, headers: Pairs = (), body: bytes = b"", host: str = "127.0.0.1") -> Reply:
        """Return the response; its headers in order, with every line of them."""
        length = [("Content-Length", str(len(body)))] if body or method in ("POST", "PUT", "PATCH") else []
        lines = [
            f"{method} {target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in [("Host", host), *headers, *length]),
        ]
        sent = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
        if self._socket is not None:
            try:
                return self._exchange(self._socket, method, sent)
            except (OSError, http.client.BadStatusLine):  # the server has closed it meanwhile
                self.close()
        self._socket = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        return self._exchange(self._socket, method, sent)

    def _exchange(self, connection: socket.socket, method: str, sent: bytes) -> Reply:
        connection.sendall(sent)
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        body = response.read()
        pairs = response.getheaders()
        if response.will_close:
            self.close()
        return Reply(response.status, pairs, body)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def decoded(target: str) -> str:
    """Return the path of a request target as WSGI has it."""
    return unquote_to_bytes(target.partition("?")[0]).decode("latin-1")


def cors_of(pairs: Pairs) -> tuple[tuple[str, str], ...]:
    """Return what a response says about CORS: its lines, sorted, and all that ``Vary`` says."""
    names = {name.strip().lower() for key, value in pairs if key.lower() == "vary" for name in value.split(",")} - {""}
    vary = "*" if "*" in names else ",".join(sorted(names))
    lines = sorted((key.lower(), value) for key, value in pairs if is_ruled(key) and key.lower() != "vary")
    return (*lines, ("vary", vary))
