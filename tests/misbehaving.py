"""Small servers on loopback that misbehave in one way each, down to the bytes; they run in threads and stop clean."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def origin(self) -> str | None:
        return self.headers.get("origin")

    @property
    def is_preflight(self) -> bool:
        return self.method == "OPTIONS" and "access-control-request-method" in self.headers


#: What stands for an answer: bytes as they are; or to hang until the server stops; or to reset the connection.
HANG = object()
RESET = object()
Answer = Callable[[Asked], Any]


def says(status: str, headers: Pairs = (), body: bytes = b"") -> bytes:
    """Return the bytes of a response, with its length and without any other header of its own."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}"]
    return "".join(f"{line}\r\n" for line in [*lines, "Connection: close", ""]).encode("latin-1") + body


class Server:
    """Answers every connection with what ``answer`` returns, and closes it."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self._answer, self._tls = answer, tls
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):  # wakes accept()
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _listen(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopping.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with contextlib.suppress(OSError), connection:
            if self._tls is None:
                self._talk(connection)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as wrapped:
                    self._talk(wrapped)

    def _talk(self, connection: socket.socket) -> None:
        asked = _read(connection)
        if asked is None:
            connection.sendall(says("400 Bad Request"))
            return
        self.asked.append(asked)
        answer = self._answer(asked)
        if answer is HANG:
            self._stopping.wait()
        elif answer is RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            for piece in answer:
                connection.sendall(piece)
                if self._stopping.is_set():
                    return


def _read(connection: socket.socket) -> Asked | None:
    """Return a request; ``None`` for what is none, the first bytes of a TLS connection among it."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        head += piece
        if not piece or head.startswith(b"\x16"):
            return None
    head, _, body = head.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    missing = int(headers.get("content-length", "0")) - len(body)
    while missing > 0 and (piece := connection.recv(missing)):
        missing -= len(piece)
    return Asked(method, path, headers)


def without_end(head: bytes, piece: bytes = b"x" * 65536) -> Iterator[bytes]:
    """Yield a response whose body does not end."""
    yield head
    while True:
        yield piece


def dripping(head: bytes, drop: bytes = b"2", end: bytes = b"") -> Iterator[bytes]:
    """Yield a response that comes in drops from some point on, for longer than any test waits, and then its end."""
    yield head
    for _ in range(200):
        time.sleep(0.05)
        yield drop
    yield end
