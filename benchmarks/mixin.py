"""The mixin for ``http.server`` beside the same request handler with the headers written by hand."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.cells import APP, CELLS, ORIGINS, Ask, Cell, environ_of, options
from benchmarks.contenders import BODY, FLOOR, OURS, TYPE
from benchmarks.floor import EXPOSE, PREFLIGHT, REASON, REFUSED, VARY
from benchmarks.interleave import Batch, Pace, Spread, measure, one_processor
from benchmarks.report import Table

GOAL = 1.1
FULL, QUICK = Pace(rounds=40, passes=20), Pace(rounds=9, passes=10)
KINDS = ("any", "static", "dynamic")


class Handler(BaseHTTPRequestHandler):
    """Answers GET, on a connection that is kept, and writes no log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_body(self) -> None:
        self.end_headers()
        self.wfile.write(BODY)


class AnyByHand(Handler):
    """``*``, by hand."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", TYPE)
        self.send_header("Content-Length", str(len(BODY)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header(*EXPOSE)
        self.send_body()

    def do_OPTIONS(self) -> None:
        self.send_response(204, "No Content")
        self.send_header("Access-Control-Allow-Origin", "*")
        for name, value in PREFLIGHT:
            self.send_header(name, value)
        self.end_headers()


class StaticByHand(Handler):
    """One origin, by hand."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", TYPE)
        self.send_header("Content-Length", str(len(BODY)))
        self.send_header("Access-Control-Allow-Origin", APP)
        self.send_header(*EXPOSE)
        self.send_body()

    def do_OPTIONS(self) -> None:
        if self.headers["Origin"] == APP:
            self.send_response(204, "No Content")
            self.send_header("Access-Control-Allow-Origin", APP)
            for name, value in PREFLIGHT:
                self.send_header(name, value)
            self.end_headers()
            return
        self.send_response(403, "Forbidden")
        for name, value in REFUSED:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(REASON)


class DynamicByHand(Handler):
    """Several origins, by hand."""

    allowed = frozenset(ORIGINS)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", TYPE)
        self.send_header("Content-Length", str(len(BODY)))
        origin = self.headers["Origin"]
        if origin in self.allowed:
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header(*EXPOSE)
        self.send_header(*VARY)
        self.send_body()

    def do_OPTIONS(self) -> None:
        origin = self.headers["Origin"]
        if origin in self.allowed:
            self.send_response(204, "No Content")
            self.send_header("Access-Control-Allow-Origin", origin)
            for name, value in PREFLIGHT:
                self.send_header(name, value)
            self.send_header(*VARY)
            self.end_headers()
            return
        self.send_response(403, "Forbidden")
        for name, value in REFUSED:
            self.send_header(name, value)
        self.send_header(*VARY)
        self.end_headers()
        self.wfile.write(REASON)


BY_HAND = {"any": AnyByHand, "static": StaticByHand, "dynamic": DynamicByHand}


def under_mixin(kind: str) -> type[BaseHTTPRequestHandler]:
    """Return the same handler under the mixin, with the policy of a kind."""
    from corswsgi import CORSRequestHandlerMixin, Policy

    class UnderMixin(CORSRequestHandlerMixin, Handler):
        cors = Policy(**options(kind))

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(BODY)))
            self.send_body()

    return UnderMixin


def request_of(ask: Ask) -> bytes:
    """Return a request as Chromium writes it, with the headers of :func:`~benchmarks.cells.environ_of`."""
    environ = environ_of(ask)
    lines = [f"{environ['REQUEST_METHOD']} {environ['REQUEST_URI']} HTTP/1.1"]
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            lines.append(f"{key.removeprefix('HTTP_').replace('_', '-').title()}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Connection:
    """As much of a socket as a request handler uses; what arrives on it is known beforehand.

    :param send: is given what the handler sends.
    """

    def __init__(self, received: bytes, send: Callable[[bytes], object]) -> None:
        self._received = io.BytesIO(received)
        self.sendall = send

    def makefile(self, mode: str, buffering: int = -1) -> io.BytesIO:
        return self._received


class Server:
    """As much of a server as a request handler uses."""

    server_name, server_port = "127.0.0.1", 8000


def talk(handler: type[BaseHTTPRequestHandler], received: bytes, send: Callable[[bytes], object]) -> None:
    """Let a handler serve one connection."""
    make: Any = handler
    make(Connection(received, send), ("127.0.0.1", 50814), Server())


def requests_to(handler: type[BaseHTTPRequestHandler], request: bytes) -> Batch:
    """Return what sends requests to a handler, all of a batch on one connection and without a network."""

    def ignore(data: bytes) -> None:
        pass

    def batch(loops: int) -> float:
        talk(handler, request * (loops // 8 + 1), ignore)
        received = request * loops
        before = perf_counter()
        talk(handler, received, ignore)
        return perf_counter() - before

    return batch


def run(quick: bool) -> list[Table]:
    table = Table(
        "The mixin for http.server",
        ["policy: request", "by hand", OURS, "ratio"],
        notes=[
            "This table shows the microseconds for a complete request, on a persistent connection in memory: with a "
            "request handler that adds the headers by hand, and with the same handler and the mixin. The ratio has "
            "the median absolute deviation between rounds."
        ],
    )
    worst = 0.0
    for cell in CELLS:
        if cell.kind not in KINDS or not cell.exists:
            continue
        print(f"mixin, {cell.name}", file=sys.stderr)
        times = time_cell(cell, QUICK if quick else FULL)
        ratio = Spread.of([ours / floor for ours, floor in zip(times[OURS], times[FLOOR], strict=True)])
        worst = max(worst, ratio.value)
        shown = [f"{median(times[name]) * 1e6:.1f}" for name in (FLOOR, OURS)]
        table.rows.append([cell.name, *shown, ratio.told(".3f")])
    table.goals.append((f"at most {GOAL} times the handler written by hand (worst: {worst:.3f})", worst <= GOAL))
    return [table]


def time_cell(cell: Cell, pace: Pace) -> dict[str, list[float]]:
    """Return the seconds of a request, by hand and under the mixin, round by round."""
    request = request_of(cell.ask)
    with one_processor():
        return measure(
            {FLOOR: requests_to(BY_HAND[cell.kind], request), OURS: requests_to(under_mixin(cell.kind), request)},
            pace,
            lasting=0.001,  # so that setting up the connection is next to nothing
        )
