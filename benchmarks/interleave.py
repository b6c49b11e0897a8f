"""Timing of candidates that take turns, so that other work on the machine affects all of them equally."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

from benchmarks.contenders import fresh
from benchmarks.floor import Application

#: Seconds that one batch lasts: long beside the resolution of the clock, short beside a slice of the scheduler.
BATCH = 0.0005


class Pace(NamedTuple):
    """How long to measure: ``rounds`` give one value each, the least of ``passes`` turns."""

    rounds: int
    passes: int


class Spread(NamedTuple):
    """A median, and the median absolute deviation from it."""

    value: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        middle = median(values)
        return cls(middle, median(abs(value - middle) for value in values))

    def told(self, form: str = ".2f") -> str:
        """Return both as tables show them."""
        return f"{self.value:{form}} ± {self.deviation:{form}}"


#: What names a batch.
K = TypeVar("K", bound=Hashable)

#: Runs something so many times, and returns the seconds that it took.
Batch = Callable[[int], float]


def requests_to(
    app: Application,
    environ: dict[str, Any],
    key: str = "",
    values: Sequence[bytes] = (),
    clock: Callable[[], float] = perf_counter,
) -> Batch:
    """Return what sends requests to an application as a server does: a fresh environ, all of the body, ``close``.

    :param key: what differs from request to request in the environ, if anything does.
    :param values: its values, in turn; each time a new string is made of them, as a server does.
    :param clock: what tells the seconds.
    """

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        return write

    def write(data: bytes) -> None:
        pass

    ask = fresh(_ask_in_turn) if key else fresh(_ask)
    turns = itertools.cycle(values or [b""])

    def batch(loops: int) -> float:
        first = list(itertools.islice(turns, loops // 8 + 1))
        ask(app, start_response, environ, key, first)  # the others have had the processor's caches meanwhile
        rest = list(itertools.islice(turns, loops))
        before = clock()
        ask(app, start_response, environ, key, rest)
        return clock() - before

    return batch


def _ask(
    app: Application, start_response: Callable[..., Any], environ: dict[str, Any], key: str, values: list[bytes]
) -> None:
    for _ in values:
        iterable = app(environ.copy(), start_response)
        for _ in iterable:
            pass
        close = getattr(iterable, "close", None)
        if close is not None:
            close()


def _ask_in_turn(
    app: Application, start_response: Callable[..., Any], environ: dict[str, Any], key: str, values: list[bytes]
) -> None:
    for value in values:
        own = environ.copy()
        own[key] = value.decode("latin-1")
        iterable = app(own, start_response)
        for _ in iterable:
            pass
        close = getattr(iterable, "close", None)
        if close is not None:
            close()


def measure(batches: Mapping[K, Batch], pace: Pace, lasting: float = BATCH) -> dict[K, list[float]]:
    """Return for each name the seconds of one run in each round.

    :param lasting: seconds that one batch is to last.

    Why not ``pyperf.Runner``: it gives each benchmark processes of its own, one benchmark after the other, so that
    what is to be subtracted would come from another process, some minutes apart. Here all take turns, many times a
    second. An interruption can only lengthen a turn, so the shortest of several counts; and where the clock of the
    processor changes, it changes for all of a round.
    """
    loops = {name: _loops(batch, lasting) for name, batch in batches.items()}
    names = list(batches)
    values: dict[K, list[float]] = {name: [] for name in names}
    with no_collection():
        for round_ in range(pace.rounds):
            least = dict.fromkeys(names, float("inf"))
            for turn in range(pace.passes):
                first = (round_ + turn) % len(names)  # nobody always comes after the same one
                for name in names[first:] + names[:first]:
                    least[name] = min(least[name], batches[name](loops[name]) / loops[name])
            gc.collect()  # between rounds only: whose cycles a collection falls on is chance
            for name in names:
                values[name].append(least[name])
    return values


def _loops(batch: Batch, lasting: float) -> int:
    batch(20)
    loops = 4
    while (seconds := batch(loops)) < lasting / 4:
        loops *= 2
    return max(4, round(loops * lasting / seconds))


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector from running by itself."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


@contextmanager
def one_processor(others: bool = False) -> Iterator[None]:
    """Stay on one processor, the last of those that this process may use, where the system can be told so.

    What is started meanwhile stays there too.

    :param others: stay on all the others instead, if there are any.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    one = {max(before)}
    os.sched_setaffinity(0, (before - one or before) if others else one)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
