"""The share of a layer in a whole request to the Flask and Django examples: in process, and under waitress."""

from __future__ import annotations

import gc
import json
import select
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from statistics import median
from time import process_time

from benchmarks import ROOT, environment, prefer_installed
from benchmarks.cells import ASKS
from benchmarks.contenders import OURS
from benchmarks.examples import ALLOWED, BY_HAND, FRAMEWORKS, WITHOUT
from benchmarks.interleave import Batch, Pace, Spread, measure, no_collection, one_processor, requests_to
from benchmarks.report import Table, listed
from benchmarks.sockets import CONNECTIONS, PATIENCE, telling_seconds, time_on_sockets

#: The most that the layer may take of a request, in process and over a socket.
IN_PROCESS_GOAL, SOCKET_GOAL = 0.03, 0.01
#: By whether it is quick: how long is measured, and in how many processes of each application.
IN_PROCESS = {False: (Pace(rounds=1, passes=8), 16), True: (Pace(rounds=1, passes=4), 4)}
ON_SOCKETS = {False: (Pace(rounds=1, passes=6), 12), True: (Pace(rounds=1, passes=2), 4)}
#: Seconds that a turn lasts: some hundred requests, so that the first ones, which fill the processor's caches, are few.
TURN = 0.02
#: A difference over a socket of less than so many deviations is noise.
NOISE = 3
#: Marks a share that was derived.
DERIVED = "°"
REQUESTS = ASKS[:3]

#: Seconds of a request, round by round, by application.
Times = Mapping[str, Sequence[float]]

# All times are those that the processor works for a process, so that what other programs do meanwhile does not count.


def time_in_processes(name: str, pace: Pace, processes: int) -> dict[str, dict[str, list[float]]]:
    """Return for each request the seconds that it takes each application.

    Each application has a process of its own, as in a server, and the processes take turns. They are started so many
    times, because it is chance where things come to lie in the memory of one, and that makes a hundredth of a request.
    """
    framework = FRAMEWORKS[name]
    times: dict[str, dict[str, list[float]]] = {ask.name: {each: [] for each in framework.names} for ask in REQUESTS}
    for _ in range(processes):
        with one_processor(), ExitStack() as stack:
            asking = {each: stack.enter_context(process_of(name, each)) for each in framework.names}
            for ask, found in times.items():
                batches: dict[str, Batch] = {each: partial(asking[each], ask) for each in found}
                for each, values in measure(batches, pace, TURN).items():
                    found[each] += values
    return times


@contextmanager
def process_of(name: str, which: str) -> Iterator[Callable[[str, int], float]]:
    """Start a process with one application; give what lets it run a request so many times, and returns the seconds.

    :raises RuntimeError: if the process does not tell them.
    """
    command = [sys.executable, "-m", "benchmarks.whole", "time", name, which]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe, bufsize=0) as process:

        def ask(request: str, loops: int) -> float:
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(BrokenPipeError):  # it has ended; there is nothing to read either
                process.stdin.write(json.dumps([request, loops]).encode() + b"\n")
            ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
            told = process.stdout.readline() if ready else b""
            if not told:
                raise RuntimeError(f"the process of {name} {which} does not tell how long a request takes")
            return float(told)

        try:
            yield ask
        finally:
            process.kill()


def tell_times(name: str, which: str, lines: Iterable[str]) -> Iterator[float]:
    """Run requests as the lines say, and yield the seconds of each."""
    framework = FRAMEWORKS[name]
    app = framework.application(which)
    batches = {ask.name: requests_to(app, framework.environ(ask), clock=process_time) for ask in REQUESTS}
    with no_collection():
        for line in lines:
            request, loops = json.loads(line)
            yield batches[request](loops)
            gc.collect()


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
            "This table shows how much of a complete request to ``examples/flask_app.py`` and "
            "``examples/django_app.py`` a layer takes: the time of the request *without* the layer and the time "
            "*added* by it, both in microseconds, and the *share* of the added time in the whole. *by hand* adds the "
            "hard-coded headers of an allowed origin to every response.",
            "Each application runs in its own process, like a worker of a server. The processes take turns of "
            f"{TURN * 1000:.0f} ms, which is some hundred requests, after others that are not timed. Only the "
            f"processor time of the process counts. All values are medians of {processes * pace.rounds} rounds with "
            f"{processes} processes of each application, with the median absolute deviation. A layer takes two to "
            "three times as long here as in the first table, because the framework has filled the processor's caches "
            "with other things since the last request.",
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
            f"This table shows the same examples under waitress, with {CONNECTIONS} connections at once, in "
            "microseconds of processor time of the server. The servers run on one processor, and the client on the "
            "others. All requests come from an allowed origin. *whole* is the time of a request with the headers "
            "written by hand. *difference* is the additional time with the layer, the median of "
            f"{servers * pace.rounds} rounds with {servers} servers of each application. It does not include the time "
            "that waitress needs to send more headers.",
            f"A difference of less than {NOISE} deviations is noise, and a hundredth of a request mostly is. In this "
            "case the share is derived: it is the time that the layer adds in process (see the previous table), "
            f"divided by the time of the complete request. Such shares are marked with {DERIVED}.",
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


def main(what: str, name: str, which: str) -> None:
    """Do what a process of its own is started for: serve an application, or tell the times of its requests."""
    if what == "serve":
        from benchmarks.served import serve

        serve(telling_seconds(FRAMEWORKS[name].application(which)))
    else:
        for seconds in tell_times(name, which, sys.stdin):
            print(seconds, flush=True)


if __name__ == "__main__":
    prefer_installed()
    main(*sys.argv[1:])
