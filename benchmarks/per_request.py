"""What a layer adds to a request, in each cell, beside headers written by hand and beside other layers."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from statistics import median

from benchmarks.cells import CELLS, Cell, environ_of
from benchmarks.contenders import (
    CONTENDERS,
    FLOOR,
    FRAMEWORKS,
    GUARDED,
    OURS,
    PEERS,
    Pair,
    answer_of,
    fresh,
    nothing,
)
from benchmarks.interleave import Batch, Pace, Spread, measure, one_processor, requests_to
from benchmarks.report import NONE, Table, listed
from benchmarks.rightness import faults_of

GOAL = 2.0
#: How long is measured, and how often everything is made again for that: where things come to lie in memory is chance.
FULL, QUICK = (Pace(rounds=10, passes=12), 5), (Pace(rounds=3, passes=6), 3)
ASKING = "asking"
MARK = "°"
#: By column, what corswsgi is divided by.
RATIOS = {"to floor": FLOOR, "to guarded": GUARDED}
COLUMNS = (FLOOR, GUARDED, OURS, *RATIOS, *(each.name for each in PEERS))


def pairs_of(kind: str) -> dict[str, Pair]:
    """Return the pair of each contender that is installed and has such a policy."""
    made = {contender.name: contender.make(kind) for contender in CONTENDERS if not contender.missing}
    return {name: pair for name, pair in made.items() if pair is not None}


def time_cell(cell: Cell, pace: Pace, makes: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return what each contender adds to a request, in seconds, round by round, and the times that this was made of.

    On an actual request, what is added is the time with the layer less the time of the same application without it.
    A preflight is answered in place of the application: there it is the whole time, less that of asking an
    application that does nothing at all.
    """
    added: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {}
    for _ in range(makes):
        pairs = pairs_of(cell.kind)
        made = _time_pairs(pairs, cell, pace)
        for name, values in made.items():
            times.setdefault(name, []).extend(values)
        for name in pairs:
            less = made[ASKING if cell.ask.is_preflight else _without(name)]
            added.setdefault(name, []).extend(whole - part for whole, part in zip(made[name], less, strict=True))
    return added, times


def _time_pairs(pairs: Mapping[str, Pair], cell: Cell, pace: Pace) -> dict[str, list[float]]:
    """Return the seconds of a request to each application of the pairs, round by round."""
    environ = environ_of(cell.ask)
    batches: dict[str, Batch] = {ASKING: requests_to(fresh(nothing), environ)}
    for name, pair in pairs.items():
        batches[name] = requests_to(pair.layered, environ)
        if not cell.ask.is_preflight:
            batches.setdefault(_without(name), requests_to(pair.bare, environ))
    with one_processor():
        return measure(batches, pace)


def wrong_in(cell: Cell) -> dict[str, list[str]]:
    """Return the contenders whose answer is wrong, with what is wrong; see :func:`benchmarks.rightness.faults_of`."""
    answers = {name: answer_of(pair.layered, cell) for name, pair in pairs_of(cell.kind).items()}
    faults = {name: faults_of(answer, answers[FLOOR], cell.ask) for name, answer in answers.items()}
    return {name: found for name, found in faults.items() if found}


def _without(name: str) -> str:
    """Return the name of what a contender is compared with: its own framework, or the application of them all."""
    return f"{name}: without" if name in FRAMEWORKS else "without"


def run(quick: bool) -> list[Table]:
    table = Table(
        "Added cost per request",
        ["policy: request", *COLUMNS],
        notes=[
            "This table shows what each layer adds to a request, in nanoseconds: the time of the request with the "
            "layer, minus the time of the same application without it. A preflight does not reach the application. "
            "For preflights, the table shows the complete time, minus the time of a call of an application that does "
            "nothing.",
            "*floor* is a closure that adds headers written by hand, for an application that neither raises "
            "exceptions nor sets CORS headers (``benchmarks/floor.py``). *guarded* is also written by hand, as an "
            "ordinary class, and gives the same guarantees as corswsgi (``benchmarks/guarded.py``): it replaces the "
            "CORS headers of the application, merges its Vary, makes its exceptions readable and logs them, and logs "
            "refusals once, and also the methods and headers that a preflight asks for without permission. *to "
            "floor* and *to guarded* are the ratios of corswsgi to these two, with the median absolute deviation "
            "between rounds.",
            f"*{NONE}* has two reasons: a policy that allows every origin refuses none, and "
            "oslo.middleware and falcon have no patterns. There is no goal for *pattern*, ``https://*.example.com``. "
            "What is written by hand compares the beginning and the end of a string, or matches a regular "
            "expression, and does not check that the string is an origin.",
            f"{MARK} The response is wrong, because the layer does less than it should. The next table says what is "
            "wrong.",
        ],
    )
    for contender in CONTENDERS:
        if contender.missing:
            table.notes.append(
                f"{contender.name} is not installed here, or not all of it: {listed(contender.missing)}."
            )
    to_floor, to_guarded, above = [0.0], [Spread(0.0, 0.0)], []
    wrong: dict[str, dict[str, list[str]]] = {}
    for cell in CELLS:
        print(cell.name, file=sys.stderr)
        if not cell.exists:
            table.rows.append(row_of(cell, {}))
            continue
        added, times = time_cell(cell, *(QUICK if quick else FULL))
        wrong[cell.name] = wrong_in(cell)
        table.rows.append(row_of(cell, added, wrong[cell.name]))
        table.times |= {f"{cell.name}: {name}": values for name, values in times.items()}
        if cell.kind != "pattern":
            to_guarded.append(ratio_of(added, GUARDED))
            to_floor.append(ratio_of(added, FLOOR).value)
            above += [f"{cell.name}, {name}" for name in _below_ours(added) if name not in wrong[cell.name]]
    slowest = max(to_guarded)
    table.goals += [
        (f"corswsgi at most {GOAL} times the floor in each cell (worst: {max(to_floor):.2f})", max(to_floor) <= GOAL),
        (
            f"corswsgi not slower than the guarded floor in any cell, except for noise (worst: {slowest.told()})",
            all(ratio.value - ratio.deviation <= 1 for ratio in to_guarded),
        ),
        (
            "corswsgi below every layer that gives the right answer in that cell "
            f"(not below: {'; '.join(above) or 'none'})",
            not above,
        ),
    ]
    return [table, wrongs_of(wrong)]


def wrongs_of(wrong: Mapping[str, Mapping[str, Sequence[str]]]) -> Table:
    """Return the table of wrong answers.

    :param wrong: by cell, what :func:`wrong_in` returns.
    """
    cells: dict[tuple[str, str], list[str]] = {}
    for cell, faults in wrong.items():
        for name, headers in faults.items():
            for header in headers:
                cells.setdefault((name, header), []).append(cell)
    return Table(
        "Wrong answers",
        ["layer", "what", "policy: request"],
        [[name, header, "; ".join(where)] for (name, header), where in sorted(cells.items())],
        [
            "This table shows what is missing or wrong in the responses marked above. Each response was compared "
            "with that of the floor. Without Vary: Origin, or the same Access-Control-Allow-Origin on every "
            "response, a cache gives one page the response for another (fetch#cors-protocol-and-http-caches), and "
            "the browser blocks it."
        ],
    )


def _below_ours(added: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the names of the other layers that add less than corswsgi does."""
    ours = median(added[OURS])
    return [name for name, values in added.items() if name not in (FLOOR, GUARDED) and median(values) < ours]


def ratio_of(added: Mapping[str, Sequence[float]], base: str) -> Spread:
    """Return the ratio of corswsgi to another contender: the median over the rounds, and its spread."""
    return Spread.of([ours / theirs for ours, theirs in zip(added[OURS], added[base], strict=True)])


def row_of(cell: Cell, added: Mapping[str, Sequence[float]], marked: Collection[str] = ()) -> list[str]:
    """Return the row of a cell; ``added`` is empty for one that does not exist.

    :param marked: the contenders whose value gets a mark.
    """
    values = {name: f"{median(values) * 1e9:.0f}{MARK if name in marked else ''}" for name, values in added.items()}
    if added:
        values |= {column: ratio_of(added, base).told() for column, base in RATIOS.items()}
    return [cell.name, *(values.get(name, NONE) for name in COLUMNS)]
