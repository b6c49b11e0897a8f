"""What a layer takes of a whole request to the Flask and Django examples: in process, and under waitress."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit

from benchmarks import ROOT, environment, prefer_installed
from benchmarks.cells import ASKS
from benchmarks.contenders import OURS
from benchmarks.examples import ALLOWED, BY_HAND, FRAMEWORKS, WITHOUT, Framework
from benchmarks.interleave import Batch, Pace, Spread, measure, one_processor, requests_to
from benchmarks.report import Table, listed
from benchmarks.servers import listening

#: The most that the layer may take of a request, in process and over a socket.
IN_PROCESS_GOAL, SOCKET_GOAL = 0.03, 0.01
#: By whether it is quick: how long is measured in one process, and in how many.
IN_PROCESS = {False: (Pace(rounds=10, passes=12), 5), True: (Pace(rounds=4, passes=5), 2)}
#: The same for sockets, each time with fresh servers.
ON_SOCKETS = {False: (Pace(rounds=4, passes=8), 7), True: (Pace(rounds=4, passes=3), 1)}
#: Seconds that a turn lasts: long beside what the first requests of a turn take to fill the processor's caches.
TURN, SOCKET_TURN = 0.004, 0.04
#: Connections that are open at the same time.
CONNECTIONS = 8
#: A difference over a socket of less than so many deviations is noise.
NOISE = 3
#: Marks a share that was derived.
DERIVED = "°"
REQUESTS = ASKS[:3]

#: Seconds of a request, round by round, by application.
Times = Mapping[str, Sequence[float]]


# In process


def time_here(framework: Framework, pace: Pace) -> dict[str, Times]:
    """Return for each request the seconds that it takes each application."""
    applications = framework.applications()
    with one_processor():
        return {
            ask.name: measure(
                {name: requests_to(app, framework.environ(ask)) for name, app in applications.items()}, pace, TURN
            )
            for ask in REQUESTS
        }


def time_in_processes(name: str, pace: Pace, processes: int) -> dict[str, dict[str, list[float]]]:
    """Return what :func:`time_here` does, in several processes: where things come to lie in memory is chance."""
    times: dict[str, dict[str, list[float]]] = {}
    for _ in range(processes):
        command = [sys.executable, "-m", "benchmarks.whole", "time", name, *map(str, pace)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, timeout=600, check=True
        )
        for ask, found in json.loads(done.stdout).items():
            for app, values in found.items():
                times.setdefault(ask, {}).setdefault(app, []).extend(values)
    return times


# Over a socket


def time_on_sockets(name: str, pace: Pace, servers: int) -> Times:
    """Return the seconds that a request from an allowed origin takes each application, each time of fresh servers."""
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
                batches = {each: stack.enter_context(connections_to(url, request)) for each, url in urls.items()}
                for each, values in measure(batches, pace, SOCKET_TURN).items():
                    times[each] += values
    return times


@contextmanager
def connections_to(url: str, request: bytes) -> Iterator[Batch]:
    """Give what asks a server on several connections at once, so many times, and reads all of the answers.

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
            before = perf_counter()
            for _ in range(turns):
                if is_closed:
                    close()
                    connections[:] = [connect() for _ in connections]
                for connection in connections:
                    connection.sendall(request)
                for connection in connections:
                    _receive(connection, len(answer))
            return (perf_counter() - before) * loops / (turns * CONNECTIONS)

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


# What is told


def added(times: Times, name: str, base: str) -> Spread:
    """Return the seconds that one application takes more than another."""
    return Spread.of([more - less for more, less in zip(times[name], times[base], strict=True)])


def in_process(quick: bool, times: Mapping[str, Mapping[str, Times]]) -> Table:
    """Return the table of what was measured in process, by framework and request."""
    pace, processes = IN_PROCESS[quick]
    table = Table(
        "Share of a whole request, in process",
        ["request", "layer", "without", "added", "share"],
        notes=[
            "What a layer takes of a whole request to ``examples/flask_app.py`` and ``examples/django_app.py``: the "
            "time of a request *without* the layer and the time that is *added* with it, both in microseconds, and the "
            "*share* of the added time in the whole, with the median absolute deviation between "
            f"{processes * pace.rounds} rounds in {processes} processes. *by hand* is the headers of an allowed "
            "origin, hard-coded and put on every response."
        ],
    )
    worst = 0.0
    for framework, requests in times.items():
        for ask, found in requests.items():
            for name in FRAMEWORKS[framework].names[1:]:
                more = added(found, name, WITHOUT)
                share = Spread.of([1 - less / all_ for all_, less in zip(found[name], found[WITHOUT], strict=True)])
                table.rows.append(
                    [
                        f"{framework}: {ask}",
                        name,
                        f"{median(found[WITHOUT]) * 1e6:.1f}",
                        _microseconds(more),
                        share.told(".1%"),
                    ]
                )
                if name == OURS:
                    worst = max(worst, share.value)
    goal = f"corswsgi at most {IN_PROCESS_GOAL:.0%} of a request in process"
    table.goals.append((f"{goal} (worst: {worst:.1%})", worst <= IN_PROCESS_GOAL) if table.rows else (goal, None))
    return table


def over_sockets(quick: bool, times: Mapping[str, Times], in_process: Mapping[str, Mapping[str, Times]]) -> Table:
    """Return the table of what was measured over sockets, by framework.

    :param in_process: what was measured in process, which the shares are derived from if there is only noise.
    """
    pace, servers = ON_SOCKETS[quick]
    table = Table(
        "Share of a whole request, over a socket",
        ["request", "layer", "whole", "difference", "added in process", "share"],
        notes=[
            f"The same examples under waitress, asked on {CONNECTIONS} connections at once, the servers on one "
            "processor and who asks on the others; requests from an allowed origin, in microseconds. *whole* is the "
            "time of a request with the headers by hand. *difference* is what it takes more with the layer, the median "
            f"of {servers * pace.rounds} rounds, for which the servers were started {servers} times; that waitress has "
            "more headers to write is no part of it.",
            f"A difference of less than {NOISE} deviations is noise, and a hundredth of a request mostly is. Then the "
            "share is derived: what the layer adds in process, as in the table before, divided by the time of the "
            f"whole request. Such a share is marked with {DERIVED}.",
        ],
    )
    worst = 0.0
    for framework, found in times.items():
        for name in FRAMEWORKS[framework].names[2:]:
            whole = median(found[BY_HAND])
            difference = added(found, name, BY_HAND)
            more = added(in_process[framework][ALLOWED.name], name, WITHOUT)
            is_noise = difference.value < NOISE * difference.deviation
            share = (more if is_noise else difference).value / whole
            table.rows.append(
                [
                    f"{framework}: {ALLOWED.name}",
                    name,
                    f"{whole * 1e6:.1f}",
                    _microseconds(difference),
                    _microseconds(more),
                    f"{share:.1%}{DERIVED if is_noise else ''}",
                ]
            )
            if name == OURS:
                worst = max(worst, share)
    goal = f"corswsgi at most {SOCKET_GOAL:.0%} of a request over a socket"
    table.goals.append((f"{goal} (worst: {worst:.1%})", worst <= SOCKET_GOAL) if table.rows else (goal, None))
    return table


def _microseconds(seconds: Spread) -> str:
    return Spread(seconds.value * 1e6, seconds.deviation * 1e6).told(".1f")


def run(quick: bool) -> list[Table]:
    present = {name: framework for name, framework in FRAMEWORKS.items() if not framework.missing}
    processes, sockets = {}, {}
    for name in present:
        print(f"the {name} example", file=sys.stderr)
        processes[name] = time_in_processes(name, *IN_PROCESS[quick])
        sockets[name] = time_on_sockets(name, *ON_SOCKETS[quick])
    tables = [in_process(quick, processes), over_sockets(quick, sockets, processes)]
    for name, framework in FRAMEWORKS.items():
        if framework.missing:
            for table in tables:
                table.notes.append(f"{name} is left out: {listed(framework.missing)} not installed here.")
    return tables


def main(what: str, name: str, *rest: str) -> None:
    """Do what a process of its own is started for: serve an application, or print times as JSON."""
    if what == "serve":
        from benchmarks.served import serve

        serve(FRAMEWORKS[name].applications()[rest[0]])
    else:
        print(json.dumps(time_here(FRAMEWORKS[name], Pace(*map(int, rest)))))


if __name__ == "__main__":
    prefer_installed()
    main(*sys.argv[1:])
