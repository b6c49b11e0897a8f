"""``python -m tests.caching``: asks every contender behind every cache, and prints, or writes, what came of it."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib.metadata
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent.parent
# As pytest finds them, so that the modules are the same. What is imported below is found by way of this.
sys.path.insert(0, str(TESTS))

import machine  # noqa: E402  # found through the line above
from on_waitress import running_waitress  # noqa: E402

from caching import servers  # noqa: E402
from caching.contenders import BY_HAND, CONTENDERS, OURS, PEERS, Contender, Site  # noqa: E402
from caching.orders import ORDERS, parse  # noqa: E402
from caching.verdicts import Bench, Tally  # noqa: E402

DOCUMENT = TESTS.parent / "docs" / "caching.rst"

#: Between these lines stands what is written.
BEGIN = ".. Results; python -m tests.caching --write"
END = ".. End of results"

#: How many of these reach the application shows how many answers a cache keeps of a page.
_EACH_ONCE = "A B stranger none"


class Cell(NamedTuple):
    """What came of a contender behind one cache.

    :ivar passed_on: how many requests of ``A B stranger none`` reached the application.
    """

    tally: Tally
    passed_on: int


def main() -> int:
    """Run the command; return its status."""
    parser = argparse.ArgumentParser(prog="python -m tests.caching", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write the tables into docs/{DOCUMENT.name}")
    parser.add_argument("--order", action="append", help='these orders only: "A B:gzip stranger none:known"')
    options = parser.parse_args()
    if options.write and options.order:
        parser.error("what is written is what came of all orders")
    for order in options.order or ():
        try:
            parse(order)
        except ValueError as error:
            parser.error(str(error))
    results = measure(tuple(options.order or ORDERS))
    text = "\n".join(render(results))
    if options.write:
        before, _, rest = DOCUMENT.read_text("utf-8").partition(f"{BEGIN}\n")
        after = rest.partition(END)[2]
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")
    else:
        print(text)
    return int(any(cell.tally.mistakes for contender in OURS for cell in results[contender].values()))


def measure(orders: tuple[str, ...]) -> dict[Contender, dict[str, Cell]]:
    """Return what came of every contender, behind each cache, by its name and version."""
    results: dict[Contender, dict[str, Cell]] = {each: {} for each in (*OURS, *PEERS, *BY_HAND)}
    site = Site()
    with running_waitress(site, threads=4) as direct:
        for name, port in _caches(direct):
            bench = Bench(site, direct, port)
            with contextlib.closing(bench):
                for contender, cells in results.items():
                    cells[name] = Cell(bench.tally(contender, orders), _passed_on(bench, contender))
    return results


def _caches(direct: int) -> Iterator[tuple[str, int]]:
    for name, key, run in (("nginx", "nginx", servers.nginx), ("Varnish", "varnish", servers.varnish)):
        program = machine.locate(key)
        if program is None:
            raise SystemExit(machine.why_absent(key))
        with run(program, direct) as ports:
            yield f"{name} {servers.version(program)}", ports[name]


def _passed_on(bench: Bench, contender: Contender) -> int:
    path = bench.fresh(contender)
    for step in parse(_EACH_ONCE):
        bench.cache.take(step, path)
    return bench.site.requests["GET", path]


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:  # corswsgi, in a checkout from which nothing is installed
        return "of this checkout"


def render(results: Mapping[Contender, Mapping[str, Cell]]) -> Iterator[str]:
    """Yield the lines of the tables, in reStructuredText."""
    caches = [*results[CONTENDERS[0]]]
    versions = ", ".join(
        f"{name} {_version(name)}" for name in ("corswsgi", "flask-cors", "wsgicors", "Flask", "waitress")
    )
    today = datetime.date.today().isoformat()
    yield f"On {today}, with {' and '.join(caches)},"
    yield f"{versions}, Python {platform.python_version()}."
    yield "Each cell says how many answers of the cache a browser would judge otherwise than the application's own, and"
    yield "the shortest row of requests that ends in one. *Passed on*: how many of the four requests"
    yield "``A B stranger none`` reached the application; the cache answered the others."
    yield ""
    heads = [head for cache in caches for head in (cache, "passed on")]
    yield from _table("corswsgi", ["policy", *heads], [_row(each, results[each]) for each in OURS])
    yield ""
    others = (*PEERS, *BY_HAND)
    yield from _table(
        "Others", ["layer and configuration", *caches], [_row_of_another(each, results[each]) for each in others]
    )


def _row(contender: Contender, cells: Mapping[str, Cell]) -> list[str]:
    counts = [text for cell in cells.values() for text in (_wrong(cell.tally), str(cell.passed_on))]
    return [contender.policy, *counts]


def _row_of_another(contender: Contender, cells: Mapping[str, Cell]) -> list[str]:
    policy = contender.policy if contender in BY_HAND else f"``{contender.policy}``"
    return [f"{contender.layer}: {policy}", *(_wrong(cell.tally) for cell in cells.values())]


def _wrong(tally: Tally) -> str:
    """Return how many answers were wrong, and after which requests the first of them, where any were."""
    count = f"{len(tally.mistakes)} of {tally.answers}"
    if not tally.mistakes:
        return count
    first = min(tally.mistakes, key=lambda mistake: len(mistake.steps))
    return f"**{count}**; ``{first.order}``: the last is {first.cached.word}, and is {first.uncached.word} without"


def _table(title: str, head: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f".. list-table:: {title}"
    yield "   :header-rows: 1"
    for row in (head, *rows):
        yield ""
        for first, cell in enumerate(row):
            yield f"   {'  ' if first else '* '}- {cell}"


if __name__ == "__main__":
    sys.exit(main())
