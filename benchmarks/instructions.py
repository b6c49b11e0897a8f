"""The same as ``per_request``, counted in instructions, which neither other programs nor the clock affect."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import ROOT, environment, prefer_installed, program
from benchmarks.cells import CELLS, Cell, environ_of
from benchmarks.contenders import FLOOR, GUARDED, OURS, by_hand, by_hand_guarded, corswsgi, fresh, nothing
from benchmarks.floor import Application
from benchmarks.report import NONE, Table

GOAL = 2.0
#: Requests before the count begins, until when CPython has adapted the code; requests that are counted.
BEFORE, COUNTED = 300, 200
#: What each cell is counted for, in this order: what is subtracted, and what it is subtracted from.
NAMES = ("without", FLOOR, GUARDED, OURS)


def applications_of(cell: Cell) -> dict[str, Application]:
    """Return what is asked in a cell, by name; see :func:`benchmarks.per_request.time_cell`."""
    floor, guarded, ours = by_hand(cell.kind), by_hand_guarded(cell.kind), corswsgi(cell.kind)
    without = fresh(nothing) if cell.ask.is_preflight else floor.bare
    return dict(zip(NAMES, (without, floor.layered, guarded.layered, ours.layered), strict=True))


def child(cells: Iterable[Cell]) -> None:
    """Send the requests of cells; around those that are counted, call what makes callgrind write down its count."""

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        return None

    def ask(app: Application, environ: dict[str, Any], times: int) -> None:
        for _ in range(times):
            for _ in app(environ.copy(), start_response):
                pass

    gc.disable()
    for cell in cells:
        for app in applications_of(cell).values():
            sender = fresh(ask)
            environ = environ_of(cell.ask)
            sender(app, environ, BEFORE)
            os.getppid()
            sender(app, environ, COUNTED)
            os.getppid()


def count(cells: Sequence[Cell]) -> dict[Cell, dict[str, float]]:
    """Return for each cell, of those that exist, the instructions of a request, by name."""
    with tempfile.TemporaryDirectory(prefix="corswsgi-callgrind-") as directory:
        command = [
            "valgrind",
            "--tool=callgrind",
            "--dump-after=getppid",
            f"--callgrind-out-file={directory}/out",
            sys.executable,
            "-m",
            "benchmarks.instructions",
            *(str(CELLS.index(cell)) for cell in cells),
        ]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(PYTHONHASHSEED="0"), capture_output=True, text=True, timeout=1800
        )
        if done.returncode:
            raise RuntimeError(f"valgrind ended with {done.returncode}:\n{done.stderr[-2000:]}")
        # One file for each call of getppid, numbered from 1; every second holds what was counted between two.
        parts = iter(range(2, len(list(Path(directory).glob("out.*"))) + 1, 2))
        return {
            cell: {name: _total(Path(directory, f"out.{next(parts)}")) / COUNTED for name in NAMES} for cell in cells
        }


def _total(part: Path) -> int:
    match = re.search(r"^totals: ([0-9]+)$", part.read_text(), re.MULTILINE)
    if match is None:
        raise RuntimeError(f"callgrind wrote no totals into {part.name}")
    return int(match[1])


def run(quick: bool) -> list[Table]:
    columns = ["without", FLOOR, GUARDED, OURS, "to floor", "to guarded"]
    table = Table(
        "Instructions per request",
        ["policy: request", *columns],
        notes=[
            "This is the same as the first table, for corswsgi and what is written by hand, in instructions as "
            "callgrind counts them: what a request takes *without* the layer, and what the layer adds. The counts do "
            f"not vary. They are for {COUNTED} requests after {BEFORE} others."
        ],
    )
    floor_goal = f"corswsgi at most {GOAL} times the floor in each cell"
    guarded_goal = "corswsgi not above the guarded floor in any cell"
    if program("valgrind") is None:
        table.rows.append(["valgrind is not installed", *[NONE] * len(columns)])
        table.goals += [(floor_goal, None), (guarded_goal, None)]
        return [table]
    print("valgrind, some minutes", file=sys.stderr)
    counted = count([cell for cell in CELLS if cell.exists])
    to_floor, to_guarded = [0.0], [0.0]
    for cell in CELLS:
        if not cell.exists:
            table.rows.append([cell.name, *[NONE] * len(columns)])
            continue
        without = counted[cell]["without"]
        floor, guarded, ours = (counted[cell][name] - without for name in (FLOOR, GUARDED, OURS))
        counts = [f"{value:.0f}" for value in (without, floor, guarded, ours)]
        table.rows.append([cell.name, *counts, f"{ours / floor:.2f}", f"{ours / guarded:.2f}"])
        if cell.kind != "pattern":
            to_guarded.append(ours / guarded)
            to_floor.append(ours / floor)
    table.goals += [
        (f"{floor_goal} (worst: {max(to_floor):.2f})", max(to_floor) <= GOAL),
        (f"{guarded_goal} (worst: {max(to_guarded):.2f})", max(to_guarded) <= 1),
    ]
    return [table]


if __name__ == "__main__":
    prefer_installed()
    child(CELLS[int(index)] for index in sys.argv[1:])
