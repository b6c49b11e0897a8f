"""A client that sends the bytes it is told to, and takes responses apart without correcting them."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

#: Seconds that a server gets for an answer.
PATIENCE = 10

Pairs = Iterable[tuple[str, str]]

#: The response headers in which a policy has the last word.
RULED = ("access-control-", "vary", "timing-allow-origin")


def request(
    method: str,
    target: str,
    headers: Pairs = (),
    body: bytes = b"",
    version: str = "1.1",
    host: str | None = "localhost",
) -> bytes:
    """Return the bytes of a request; a body has its length in front."""
    lines = [f"{method} {target} HTTP/{version}"]
    lines += [f"Host: {host}"] if host else []
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@dataclass
class Reply:
    """A response as it came.

    :ivar end: how its body ended: ``length``, ``chunks``, ``close``, ``none`` where there is none, or ``cut``.
    :ivar interim: the responses before it, such as 100 Continue.
    """

    version: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    end: str = "none"
    interim: list[Reply] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """Return the values of all lines of a header."""
        return [value for each, value in self.headers if each.lower() == name]

    @property
    def cors(self) -> list[tuple[str, str]]:
        """The lines in which a policy has the last word, sorted, with their names in lower case."""
        found = [(name.lower(), value) for name, value in self.headers if name.lower().startswith(RULED)]
        # Apache takes the white space out of the list.
        return sorted((name, re.sub(", ?", ", ", value) if name == "vary" else value) for name, value in found)


class Connection:
    """One connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        # The server may have answered before it had read all of that, and hung up.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Tell whether something arrives in that time."""
        self._socket.settimeout(seconds)
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self._socket.settimeout(PATIENCE)

    def reply(self, method: str = "GET") -> Reply | None:
        """Return the next response, or ``None`` if the server closes the connection without one."""
        interim: list[Reply] = []
        while (reply := self._head()) is not None:
            if reply.status >= 200:
                reply.interim = interim
                if method != "HEAD" and reply.status not in (204, 304):
                    self._read_body(reply)
                return reply
            interim.append(reply)
        return None

    def _head(self) -> Reply | None:
        first = self._line()
        if not first:
            return None
        if not first.startswith("HTTP/"):  # to HTTP/0.9 there are no headers
            return Reply("HTTP/0.9", 200, [], first.encode("latin-1"))
        version, status = first.split()[:2]
        headers = []
        while line := self._line().rstrip("\r\n"):
            name, colon, value = line.partition(":")
            assert colon, f"a header without a colon: {line!r}"
            headers.append((name, value.strip()))
        return Reply(version, int(status), headers)

    def _line(self) -> str:
        try:
            return self._file.readline().decode("latin-1")
        except ConnectionResetError:
            return ""

    def _read(self, size: int) -> bytes:
        """Return as many bytes, or fewer if the connection ends before; all there are if ``size`` is negative."""
        read = []
        try:
            while size and (piece := self._file.read1(min(size, 65536) if size > 0 else 65536)):
                read.append(piece)
                size -= len(piece) if size > 0 else 0
        except ConnectionResetError:
            pass
        return b"".join(read)

    def _read_body(self, reply: Reply) -> None:
        if "chunked" in reply.all("transfer-encoding"):
            reply.end = "cut"
            while (head := self._line()).endswith("\n"):
                size = int(head, 16)
                reply.body += self._read(size)
                if len(self._read(2)) < 2:
                    return
                if size == 0:
                    reply.end = "chunks"
                    return
        elif lengths := reply.all("content-length"):
            reply.body = self._read(int(lengths[0]))
            reply.end = "length" if len(reply.body) == int(lengths[0]) else "cut"
        else:
            reply.body += self._read(-1)
            reply.end = "close"


def ask(
    port: int, method: str, target: str, headers: Pairs = (), body: bytes = b"", version: str = "1.1"
) -> Reply | None:
    """Return the response to one request on a connection of its own."""
    return ask_raw(port, request(method, target, headers, body, version), method)


def ask_raw(port: int, data: bytes, method: str = "GET") -> Reply | None:
    """Return the response to these bytes on a connection of their own."""
    with Connection(port) as connection:
        connection.send(data)
        return connection.reply(method)
