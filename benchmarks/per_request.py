"""What a layer adds to a request, in each cell, beside headers written by hand and beside other layers."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from statistics import median

from benchmarks.cells import CELLS, Cell, environ_of
from benchmarks.contenders import CONTENDERS, FLOOR, FRAMEWORKS, OURS, Pair, answer_of, fresh, nothing
from benchmarks.interleave import Batch, Pace, Spread, measure, one_processor, requests_to
from benchmarks.report import NONE, Table, listed

GOAL = 1.5
FULL, QUICK = Pace(rounds=10, passes=12), Pace(rounds=3, passes=6)
#: How often everything is made anew, each time for so many rounds: where things come to lie in memory is chance.
MAKES = 5
ASKING = "asking"
MARK = "°"


def pairs_of(kind: str) -> dict[str, Pair]:
    """Return the pair of each contender that is installed and has such a policy."""
    made = {contender.name: contender.make(kind) for contender in CONTENDERS if not contender.missing}
    return {name: pair for name, pair in made.items() if pair is not None}


def time_cell(cell: Cell, pace: Pace) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return what each contender adds to a request, in seconds, round by round, and the times that this was made of.

    On an actual request, what is added is the time with the layer less the time of the same application without it.
    A preflight is answered in place of the application: there it is the whole time, less that of asking an
    application that does nothing at all.
    """
    added: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {}
    for _ in range(MAKES):
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


def without_vary(cell: Cell) -> set[str]:
    """Return the contenders that leave out ``Vary: Origin`` where it is due, and so do less.

    Caches would hand one origin's answer to another (fetch#cors-protocol-and-http-caches).
    """
    if cell.kind in ("any", "static") or cell.ask.is_preflight:
        return set()
    answers = {name: answer_of(pair.layered, cell) for name, pair in pairs_of(cell.kind).items()}
    return {
        name
        for name, answer in answers.items()
        if not any(header.lower() == "vary" and "origin" in value.lower() for header, value in answer.headers)
    }


def _without(name: str) -> str:
    """Return the name of what a contender is compared with: its own framework, or the application of them all."""
    return f"{name}: without" if name in FRAMEWORKS else "without"


def run(quick: bool) -> list[Table]:
    table = Table(
        "Added cost per request",
        ["policy: request", FLOOR, OURS, "ratio", *(each.name for each in CONTENDERS[2:])],
        notes=[
            "What the layer adds, in nanoseconds: the time of a request with it, less the time of the same application "
            "without it. A preflight is answered in place of the application; there it is the whole time, less that "
            "of asking an application that does nothing. *ratio* is corswsgi to the floor, headers written by hand in "
            "a closure (``benchmarks/floor.py``), with the median absolute deviation between rounds.",
            f"An empty cell, {NONE}: a policy that allows every origin refuses none; oslo.middleware and falcon have "
            "no patterns. For *pattern*, https://\\*.example.com, no goal is set: its floor compares the two ends of "
            "the origin only, which is enough for what browsers send.",
            f"{MARK} The layer leaves out the Vary: Origin that is due there, and so does less.",
        ],
    )
    for contender in CONTENDERS:
        if contender.missing:
            table.notes.append(
                f"{contender.name} is not installed here, or not all of it: {listed(contender.missing)}."
            )
    worst, above = 0.0, []
    for cell in CELLS:
        print(cell.name, file=sys.stderr)
        if not cell.exists:
            table.rows.append(row_of(cell, {}))
            continue
        added, times = time_cell(cell, QUICK if quick else FULL)
        table.rows.append(row_of(cell, added, without_vary(cell)))
        table.times |= {f"{cell.name}: {name}": values for name, values in times.items()}
        if cell.kind != "pattern":
            worst = max(worst, ratio_of(added).value)
            ours = median(added[OURS])
            above += [f"{cell.name}, {name}" for name in added if name != FLOOR and median(added[name]) < ours]
    table.goals += [
        (f"corswsgi at most {GOAL} times the floor in each cell (worst: {worst:.2f})", worst <= GOAL),
        (f"corswsgi below every other layer in each cell (not below: {'; '.join(above) or 'none'})", not above),
    ]
    return [table]


def ratio_of(added: Mapping[str, Sequence[float]]) -> Spread:
    """Return the ratio of corswsgi to the floor: the median over the rounds, and its spread."""
    return Spread.of([ours / floor for ours, floor in zip(added[OURS], added[FLOOR], strict=True)])


def row_of(cell: Cell, added: Mapping[str, Sequence[float]], marked: Collection[str] = ()) -> list[str]:
    """Return the row of a cell; ``added`` is empty for one that does not exist.

    :param marked: the contenders whose value gets a mark.
    """
    shown = {name: f"{median(values) * 1e9:.0f}{MARK if name in marked else ''}" for name, values in added.items()}
    if added:
        ratio = ratio_of(added)
        shown["ratio"] = f"{ratio.value:.2f} ± {ratio.deviation:.2f}"
    names = [FLOOR, OURS, "ratio", *(each.name for each in CONTENDERS[2:])]
    return [cell.name, *(shown.get(name, NONE) for name in names)]
