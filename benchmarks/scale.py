"""Large policies: what a million origins cost to build and to hold, and whether a look-up notices their number."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

from benchmarks import ROOT, environment, prefer_installed
from benchmarks.cells import ASKS, environ_of
from benchmarks.contenders import bare, fresh, nothing, under_middleware
from benchmarks.interleave import Batch, Pace, Spread, measure, one_processor, requests_to
from benchmarks.report import NONE, Table

FULL, QUICK = Pace(rounds=40, passes=12), Pace(rounds=9, passes=6)
FEW = 10
#: Different values that requests bring, picked at random from all there are: those who come again and again.
REGULARS = 1_000
#: Seconds that a batch lasts: long enough for each of them to come several times.
LASTING = 0.003
#: As many as the processor's caches have no room for.
CROWD = 100_000


class Kind(NamedTuple):
    """Something that a policy may have many of.

    :ivar many: how many.
    :ivar goal: what a look-up among many may take, as a multiple of one among ten.
    :ivar key: where in the environ the value stands that is looked up.
    :ivar rules: makes the first argument of CORSMiddleware with rules of these numbers.
    :ivar hit: the value that rule ``n`` covers.
    :ivar miss: one like it that no rule covers.
    """

    name: str
    many: int
    goal: float
    key: str
    rules: Callable[[Iterator[int] | Sequence[int]], Any]
    hit: Callable[[int], str]
    miss: Callable[[int], str]


def _origin(number: int) -> str:
    return f"https://tenant-{number}.example.com"


def _exact(numbers: Any) -> Any:
    from corswsgi import Policy

    return Policy(_origin(number) for number in numbers)


def _subdomains(numbers: Any) -> Any:
    from corswsgi import Policy

    return Policy(f"https://*.tenant-{number}.example.com" for number in numbers)


def _paths(numbers: Any) -> Any:
    from corswsgi import Policy

    policies = [Policy([ASKS[1].origin or "", _origin(number)]) for number in range(10)]
    return {f"/tenants/tenant-{number}/api": policies[number % 10] for number in numbers}


ORIGINS = Kind("exact origins", 1_000_000, 1.2, "HTTP_ORIGIN", _exact, _origin, lambda n: f"{_origin(n)}:8443")
KINDS = (
    ORIGINS,
    Kind(
        "path rules",
        10_000,
        2.0,
        "PATH_INFO",
        _paths,
        lambda number: f"/tenants/tenant-{number}/api/items/7",
        lambda number: f"/tenants/stranger-{number}/api/items/7",
    ),
    Kind(
        "subdomain patterns",
        1_000,
        2.0,
        "HTTP_ORIGIN",
        _subdomains,
        lambda number: f"https://www.tenant-{number}.example.com",
        lambda number: f"https://www.stranger-{number}.example.com",
    ),
)


def numbers_of(kind: Kind, count: int) -> range:
    """Return the numbers of ``count`` rules, evenly out of those of ``many``."""
    return range(0, kind.many, kind.many // count)


def values_of(kind: Kind, count: int, make: Callable[[int], str], picks: int) -> list[bytes]:
    """Return what requests ask about: ``picks`` values at random, where there are ``count`` rules."""
    chance = random.Random(7)
    numbers = numbers_of(kind, count)
    return [make(chance.choice(numbers)).encode() for _ in range(picks)]


class Times(NamedTuple):
    """Seconds, round by round: of a call of the middleware, application included, and of what it adds to that."""

    call: list[float]
    added: list[float]


def time_kind(kind: Kind, pace: Pace, picks: int) -> dict[tuple[str, int], Times]:
    """Return what requests take for hits and misses, among few and many."""
    environ = environ_of(ASKS[1])
    batches = {}
    for count in (FEW, kind.many):
        middleware = under_middleware(kind.rules(numbers_of(kind, count)))
        for what, make in (("hit", kind.hit), ("miss", kind.miss)):
            values = values_of(kind, count, make, picks)
            for name, app in (("with", middleware), ("without", bare()), ("asking", fresh(nothing))):
                batches[name, what, count] = requests_to(app, environ, kind.key, values)
    with one_processor():
        times = measure(batches, pace, LASTING)

    def less(name: str, what: str, count: int) -> list[float]:
        return [all_ - part for all_, part in zip(times["with", what, count], times[name, what, count], strict=True)]

    return {
        (what, count): Times(less("asking", what, count), less("without", what, count))
        for what in ("hit", "miss")
        for count in (FEW, kind.many)
    }


def time_matcher(kind: Kind, pace: Pace, picks: int) -> dict[tuple[str, int], list[float]]:
    """Return the seconds of ``origin in policy.matcher``, round by round, for hits and misses, among few and many."""

    def asking(matcher: Any, values: list[bytes]) -> Batch:
        turns = itertools.cycle(values)
        ask = fresh(_ask_matcher)

        def batch(loops: int) -> float:
            ask(matcher, [value.decode() for value in itertools.islice(turns, loops // 8 + 1)])
            origins = [value.decode() for value in itertools.islice(turns, loops)]
            before = time.perf_counter()
            ask(matcher, origins)
            return time.perf_counter() - before

        return batch

    batches = {}
    for count in (FEW, kind.many):
        matcher = kind.rules(numbers_of(kind, count)).matcher
        for what, make in (("hit", kind.hit), ("miss", kind.miss)):
            batches[what, count] = asking(matcher, values_of(kind, count, make, picks))
    with one_processor():
        return measure(batches, pace)


def _ask_matcher(matcher: Any, origins: list[str]) -> None:
    for origin in origins:
        origin in matcher  # noqa: B015  # asking is all


def child(what: str, count: int) -> None:
    """Build a policy of so many origins and print the seconds, or the bytes, that it took."""
    from corswsgi import CORSMiddleware

    origins: Any = map(_origin, range(count))
    if what == "seconds":
        origins = list(origins)
        before = time.perf_counter()
        CORSMiddleware(bare(), allow_origins=origins)
        print(json.dumps(time.perf_counter() - before))
        return
    tracemalloc.start()
    middleware = CORSMiddleware(bare(), allow_origins=origins)
    held, peak = tracemalloc.get_traced_memory()
    print(json.dumps([held, peak]))
    del middleware


def build(what: str, count: int) -> Any:
    """Run :func:`child` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", what, str(count)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=600, check=True)
    return json.loads(done.stdout)


def run(quick: bool) -> list[Table]:
    count = ORIGINS.many
    print(f"a policy of {count} origins", file=sys.stderr)
    seconds = [build("seconds", count) for _ in range(1 if quick else 5)]
    held, peak = build("bytes", count)
    text = sum(map(len, map(_origin, range(count)))) / count
    building = Table(
        f"A policy of {count:,} origins".replace(",", " "),
        ["what", "value"],
        [
            ["seconds to build it", f"{median(seconds):.2f}"],
            ["bytes held for each origin", f"{held / count:.0f}"],
            ["bytes for each origin, at most while building", f"{peak / count:.0f}"],
        ],
        [
            f"The exact origins have {text:.0f} characters on average. The seconds are for ``CORSMiddleware(app, "
            "allow_origins=...)`` with a list of them. The bytes, as tracemalloc counts them, are everything that is "
            f"kept afterwards, including the strings: {sys.getsizeof('')} bytes each, plus the characters."
        ],
    )
    table = Table(
        "Look-ups among many",
        ["look-up", "among 10", "among many", "added", "call", "goal"],
        notes=[
            "This table shows the nanoseconds that corswsgi adds to a request, with few rules and with many. *added* "
            "is the ratio of the two. *call* is the ratio of complete calls of the middleware, around an application "
            "that does almost nothing. The request is *dynamic: allowed* of the first table, except for the value "
            f"that is looked up. It is one of {REGULARS} values, picked at random from those that the rules cover "
            "(hit), or from similar ones that no rule covers (miss), and newly created for each request, as a server "
            f"does. With {CROWD} values, most are in none of the processor's caches. *the matcher alone* is ``origin "
            "in policy.matcher``, with nothing else to take time. There are no goals for these two."
        ],
    )
    pace = QUICK if quick else FULL
    met = {kind.name: True for kind in KINDS}
    for kind in KINDS:
        for picks in (REGULARS, CROWD) if kind is ORIGINS else (REGULARS,):
            print(f"{kind.name}, {picks} values", file=sys.stderr)
            times = time_kind(kind, pace, picks)
            for what in ("hit", "miss"):
                few, many = times[what, FEW], times[what, kind.many]
                call = ratio_of(many.call, few.call)
                is_judged = picks == REGULARS
                if is_judged:
                    met[kind.name] = met[kind.name] and call.value <= kind.goal
                table.rows.append(
                    [
                        f"{kind.many} {kind.name}, {what}, {picks} values",
                        f"{median(few.added) * 1e9:.0f}",
                        f"{median(many.added) * 1e9:.0f}",
                        ratio_of(many.added, few.added).told(),
                        call.told(),
                        f"{kind.goal}" if is_judged else NONE,
                    ]
                )
    for kind in KINDS:
        if kind.key == "HTTP_ORIGIN":
            alone = time_matcher(kind, pace, REGULARS)
            for what in ("hit", "miss"):
                few_, many_ = alone[what, FEW], alone[what, kind.many]
                table.rows.append(
                    [
                        f"{kind.many} {kind.name}, {what}, the matcher alone",
                        f"{median(few_) * 1e9:.0f}",
                        f"{median(many_) * 1e9:.0f}",
                        ratio_of(many_, few_).told(),
                        NONE,
                        NONE,
                    ]
                )
    for kind in KINDS:
        goal = f"a call of the middleware among {kind.many} {kind.name} at most {kind.goal} times one among {FEW}"
        table.goals.append((goal, met[kind.name]))
    return [building, table]


def ratio_of(many: Sequence[float], few: Sequence[float]) -> Spread:
    return Spread.of([more / less for more, less in zip(many, few, strict=True)])


if __name__ == "__main__":
    prefer_installed()
    child(sys.argv[1], int(sys.argv[2]))
