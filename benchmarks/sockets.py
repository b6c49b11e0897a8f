"""The Flask and Django examples under waitress, asked over sockets: for ``whole``."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from time import process_time
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from benchmarks.examples import ALLOWED, FRAMEWORKS
from benchmarks.floor import Application
from benchmarks.interleave import Batch, Pace, measure, one_processor
from benchmarks.servers import listening

#: Seconds that a turn lasts.
TURN = 0.04
#: Connections that are open at the same time.
CONNECTIONS = 8
#: Seconds until a process must have told what it was asked.
PATIENCE = 60
#: Where a server tells the seconds that the processor has worked for it.
SECONDS_PATH = "/seconds-of-the-processor"


def time_on_sockets(name: str, pace: Pace, servers: int) -> dict[str, list[float]]:
    """Return the seconds that a request from an allowed origin takes the servers of each application."""
    framework = FRAMEWORKS[name]
    times: dict[str, list[float]] = {each: [] for each in framework.names}
    for _ in range(servers):
        with ExitStack() as stack:
            with one_processor():
                urls = {
                    each: stack.enter_context(listening(["-m", "benchmarks.whole", "serve", name, each]))
                    for each in times
                }
            request = framework.request(ALLOWED)
            with one_processor(others=True):
                batches = {
                    each: stack.enter_context(connections_to(url, request, partial(seconds_of, url)))
                    for each, url in urls.items()
                }
                for each, values in measure(batches, pace, TURN).items():
                    times[each] += values
    return times


@contextmanager
def connections_to(url: str, request: bytes, clock: Callable[[], float]) -> Iterator[Batch]:
    """Give what asks a server on several connections at once, so many times, and reads all of the answers.

    :param clock: what tells the seconds.
    :raises RuntimeError: if an answer is not 200, or not as long as the first one.
    """
    address = (urlsplit(url).hostname, urlsplit(url).port)
    with ExitStack() as stack:

        def connect() -> socket.socket:
            return socket.create_connection(address, timeout=30)

        def close() -> None:
            for connection in connections:
                connection.close()

        connections = [connect() for _ in range(CONNECTIONS)]
        stack.callback(close)
        connections[0].sendall(request)
        answer = _answer_on(connections[0])
        # waitress does so after an answer whose length it was not told.
        is_closed = b"\r\nConnection: close\r\n" in answer

        def batch(loops: int) -> float:
            turns = -(-loops // CONNECTIONS)
            before = clock()
            for _ in range(turns):
                if is_closed:
                    close()
                    connections[:] = [connect() for _ in connections]
                for connection in connections:
                    connection.sendall(request)
                for connection in connections:
                    _receive(connection, len(answer))
            return (clock() - before) * loops / (turns * CONNECTIONS)

        yield batch


def _receive(connection: socket.socket, length: int) -> None:
    while length:
        received = len(connection.recv(length))
        if not received:
            raise RuntimeError("the server closed a connection before the end of its answer")
        length -= received


def _answer_on(connection: socket.socket) -> bytes:
    """Return the whole answer to a request; the dates in later ones are as long."""
    answer = b""
    while not _is_whole(answer):
        received = connection.recv(65536)
        if not received:
            break
        answer += received
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the answer is {answer[:2000].decode('latin-1')!r}")
    return answer


def _is_whole(answer: bytes) -> bool:
    """Tell whether an answer has come to its end, as waitress writes it."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"\r\nTransfer-Encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    return length is not None and len(body) == int(length[1])


def telling_seconds(app: Application) -> Application:
    """Put beside an application what tells the seconds that the processor has worked for it."""

    def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != SECONDS_PATH:
            return app(environ, start_response)
        body = repr(process_time()).encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    return told


def seconds_of(url: str) -> float:
    """Return the seconds that the processor has worked for a server."""
    with urlopen(f"{url}{SECONDS_PATH}", timeout=PATIENCE) as response:
        return float(response.read())
