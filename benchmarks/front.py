"""Preflights that a server in front answers by itself, beside the middleware under waitress and gunicorn, by wrk."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks import ROOT, program
from benchmarks.cells import APP
from benchmarks.contenders import version_of
from benchmarks.report import NONE, Table
from benchmarks.servers import SERVERS, listening

#: What every one of them is asked, as wrk reads it.
_SCRIPT = f"""
wrk.method = "OPTIONS"
wrk.headers["Origin"] = "{APP}"
wrk.headers["Access-Control-Request-Method"] = "PUT"
"""

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


class Load(NamedTuple):
    """What wrk saw.

    :ivar answered: how many requests.
    :ivar rate: how many a second.
    :ivar half: the median of the times that they took, in seconds.
    :ivar slow: what 99 of 100 took at most, in seconds.
    """

    answered: int
    rate: float
    half: float
    slow: float


def read_wrk(said: str) -> Load:
    """Return what wrk printed.

    :raises RuntimeError: if not every request was answered as it should be.
    """
    count = re.search(r"^ *([0-9]+) requests in ", said, re.MULTILINE)
    rate = re.search(r"^Requests/sec: +([0-9.]+)$", said, re.MULTILINE)
    times = dict(re.findall(r"^ +([0-9]+)% +([0-9.]+(?:us|ms|s))$", said, re.MULTILINE))
    if (
        count is None
        or rate is None
        or not {"50", "99"} <= times.keys()
        or "Non-2xx" in said
        or "Socket errors" in said
    ):
        raise RuntimeError(f"wrk was not answered as it should be:\n{said}")
    return Load(int(count[1]), float(rate[1]), _seconds(times["50"]), _seconds(times["99"]))


def _seconds(text: str) -> float:
    number, unit = re.findall(r"^([0-9.]+)([a-z]+)$", text)[0]
    return float(number) * _UNITS[unit]


def processor_time() -> float:
    """Return the seconds of the processor that the living descendants of this process have taken."""
    parents: dict[int, int] = {}
    taken: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = stat.read_text("utf-8", "replace").partition(" (")
        except OSError:  # it has ended
            continue
        fields = rest.rpartition(")")[2].split()
        parents[int(number)], taken[int(number)] = int(fields[1]), int(fields[11]) + int(fields[12])
    own = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in own} - own:
        own |= more
    return sum(taken[pid] for pid in own - {os.getpid()}) / os.sysconf("SC_CLK_TCK")


def ask(wrk: str, url: str, seconds: int) -> tuple[Load, float]:
    """Return what wrk saw, and the seconds of the processor that the servers took for it."""
    with tempfile.TemporaryDirectory(prefix="corswsgi-wrk-") as home:
        script = Path(home, "preflight.lua")
        script.write_text(_SCRIPT)
        command = [wrk, "-t1", "-c8", f"-d{seconds}s", "--latency", "-s", str(script), f"{url}/api/items"]
        before = processor_time()
        said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True).stdout
        return read_wrk(said), processor_time() - before


@contextmanager
def _in_front(name: str) -> Iterator[str]:
    """Run a server with an exported policy, and nothing behind it; give its URL."""
    from exporting.fronts import FRONTS

    from corswsgi import Policy

    policy = Policy([APP, "https://other.example"], allow_methods=["PUT"], allow_headers=["Content-Type"])
    with FRONTS[name].standing(policy, behind=9) as port:
        yield f"http://127.0.0.1:{port}"


def _contenders() -> Iterator[tuple[str, str, str]]:
    """Yield the name of each, what it needs, and how it is started: by itself, or the middleware in it."""
    tests = str(ROOT / "tests")
    if tests not in sys.path:
        sys.path.append(tests)
    import machine
    from exporting.fronts import FRONTS

    for name in FRONTS:
        yield name, "" if machine.locate(name) else name, "front"
    for name in SERVERS:
        yield f"CORSMiddleware in {name}", "" if version_of(name) else name, name


def run(quick: bool) -> list[Table]:
    seconds = 1 if quick else 3
    columns = ["who answers", "preflights a second", "half within", "99 % within", "µs of a processor each"]
    table = Table(
        "Preflights answered in front",
        columns,
        notes=[
            f"wrk counted these in {seconds} s with eight connections on the same machine: each server with the "
            "configuration that ``corswsgi export`` writes for a policy of two origins, and CORSMiddleware in one "
            "process of waitress and of gunicorn (*sync*). The last column is the processor time of the server, for "
            "all its processes. A preflight that the server in front answers does not occupy a worker, and it is "
            "answered even if all workers are busy."
        ],
    )
    wrk = program("wrk")
    for name, absent, kind in _contenders():
        if wrk is None or absent:
            table.rows.append([f"{name}: {absent or 'wrk'} is not installed", *[NONE] * 4])
            continue
        print(name, file=sys.stderr)
        with ExitStack() as stack:
            command = [part.format(name="layered") for part in SERVERS.get(kind, ())]
            url = stack.enter_context(listening(command) if command else _in_front(name))
            ask(wrk, url, 1)
            load, taken = ask(wrk, url, seconds)
        table.rows.append(
            [name, f"{load.rate:.0f}", _told(load.half), _told(load.slow), f"{taken / load.answered * 1e6:.0f}"]
        )
    return [table]


def _told(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"
