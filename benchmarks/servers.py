"""Requests per second under real servers, with and without the layer, as wrk counts them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median

from benchmarks import ROOT, environment, program
from benchmarks.cells import APP
from benchmarks.contenders import version_of
from benchmarks.interleave import Spread, one_processor
from benchmarks.report import NONE, Table

#: By server: the command that serves one of the applications of ``served``.
SERVERS = {
    "waitress": ("-m", "benchmarks.served", "{name}"),
    "gunicorn": (
        *("-m", "gunicorn", "benchmarks.served:{name}", "--bind", "127.0.0.1:0"),
        *("--workers", "1", "--worker-class", "sync", "--no-control-socket"),
    ),
}
NAMES = ("without", "layered")
#: Seconds until a server must listen.
PATIENCE = 30


@contextmanager
def listening(arguments: Sequence[str]) -> Iterator[str]:
    """Start a server; give its URL once it listens; end it, and all that it has started."""
    with tempfile.TemporaryDirectory(prefix="corswsgi-server-") as directory:
        log = Path(directory, "log")
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        try:
            yield _url_of(process, log)
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _url_of(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if match := re.search(r"Listening at: (http://[0-9.:]+)", log.read_text()):
            return match[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server does not listen:\n{log.read_text()[-2000:]}")


def rate(wrk: str, url: str, seconds: int) -> float:
    """Return the requests per second that wrk gets answered on eight connections."""
    command = [wrk, "-t1", "-c8", f"-d{seconds}s", "-H", f"Origin: {APP}", f"{url}/api/items"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True).stdout
    match = re.search(r"^Requests/sec: +([0-9.]+)$", said, re.MULTILINE)
    if match is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"wrk was not answered as it should be:\n{said}")
    return float(match[1])


def compare(server: str, wrk: str, rounds: int, seconds: int) -> dict[str, list[float]]:
    """Return the requests per second without the layer and with it, which take turns, round by round.

    Each turn has a fresh server: where its memory and its threads come to lie makes one differ from the next. It has
    a processor of its own, as threads that hand the interpreter's lock from one processor to another are slow by
    chance, and by far more than what is measured.
    """
    rates: dict[str, list[float]] = {name: [] for name in NAMES}
    for turn in range(rounds):
        for name in NAMES if turn % 2 else reversed(NAMES):
            with ExitStack() as stack:
                with one_processor():
                    command = [part.format(name=name) for part in SERVERS[server]]
                    url = stack.enter_context(listening(command))
                with one_processor(others=True):
                    rate(wrk, url, 1)
                    rates[name].append(rate(wrk, url, seconds))
    return rates


def run(quick: bool) -> list[Table]:
    rounds, seconds = (2, 1) if quick else (11, 4)
    table = Table(
        "Requests per second under servers",
        ["server", "without", "with", "loss"],
        notes=[
            f"These are medians of {rounds} rounds of {seconds} s each, in turns, as wrk counts them with eight "
            "connections on the same machine. The server runs on one processor, and wrk on the others: waitress with "
            "its defaults, and gunicorn with one *sync* worker. The application is that of the first table, the "
            "request *dynamic: allowed*. The loss is 1 minus the ratio of the two, with the median absolute "
            "deviation between rounds. If the deviation is greater than the loss, there is only noise."
        ],
    )
    wrk = program("wrk")
    for server in SERVERS:
        absent = "wrk" if wrk is None else server if version_of(server) is None else None
        if wrk is None or absent:
            table.rows.append([f"{server}: {absent} is not installed", *[NONE] * 3])
            continue
        print(f"{server}, {2 * rounds * (seconds + 1)} s and more", file=sys.stderr)
        rates = compare(server, wrk, rounds, seconds)
        loss = Spread.of([1 - ours / bare for ours, bare in zip(rates["layered"], rates["without"], strict=True)])
        table.rows.append(
            [
                f"{server} {version_of(server)}",
                *(f"{median(rates[name]):.0f}" for name in NAMES),
                loss.told(".1%"),
            ]
        )
    return [table]
