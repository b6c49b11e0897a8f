"""The command line: which cases run in which engines, and the exit status."""

from __future__ import annotations

import argparse
import datetime
import fnmatch
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import machine

from corswsgi import PolicyError

from .case import HOSTS, Case, load
from .comparing import compare
from .excluded import why_excluded
from .opening import ENGINES, Engine
from .page import document, reworded
from .predicting import Predictor, Result
from .report import EngineReport, terminal
from .running import WATCHDOG, run_engine
from .servers import Site
from .table import table

DOCUMENT = Path(__file__).parents[2] / "docs" / "browsers.rst"

#: The prefixes of the hosts that every engine finds.
_CERTAIN = frozenset({"", "address-"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.words:
            DOCUMENT.write_text(reworded(DOCUMENT.read_text("utf-8")), "utf-8")
            return 0
        if complaint := machine.complaint():
            raise ValueError(complaint)
        cases = [*table(), *(case for path in options.add for case in load(path))]
        if twice := [name for name, count in Counter(case.id for case in cases).items() if count > 1]:
            raise ValueError(f"several cases are named {twice[0]}; rename all but one")
        numbers = [at for at, case in enumerate(cases) if _is_wanted(case, options.only)]
        if not numbers:
            raise ValueError(f"no case matches --only {options.only}; --list shows them all")
        with Site(cases) as site:
            if options.list:
                return _list(site, numbers)
            return _run(site, numbers, options)
    except (ValueError, OSError, PolicyError) as error:
        print(f"tests.engines: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.engines", description="Run the matrix in browser engines.")
    parser.add_argument("--engine", default=",".join(ENGINES), help="default: %(default)s", type=_engines)
    parser.add_argument("--only", metavar="GLOB", default="*", help="only cases whose id or family matches")
    parser.add_argument(
        "--add", metavar="FILE", type=Path, action="append", default=[], help="add the cases of a TOML file"
    )
    parser.add_argument(
        "--list", action="store_true", help="show the cases and what the standard demands; starts no engine"
    )
    parser.add_argument("--write", action="store_true", help="write docs/browsers.rst, if all is well")
    parser.add_argument(
        "--words",
        action="store_true",
        help="update the words of docs/browsers.rst and keep its measurements; starts no engine",
    )
    parser.add_argument("--watchdog", metavar="SECONDS", type=float, default=WATCHDOG, help="default: %(default)s")
    return parser


def _engines(text: str) -> list[Engine]:
    names = text.split(",")
    if unknown := [name for name in names if name not in ENGINES]:
        raise argparse.ArgumentTypeError(f"there is no engine {unknown[0]!r}; choose from {', '.join(ENGINES)}")
    return [ENGINES[name] for name in names]


def _is_wanted(case: Case, pattern: str) -> bool:
    return fnmatch.fnmatchcase(case.id, pattern) or fnmatch.fnmatchcase(case.family, pattern)


def _list(site: Site, numbers: Sequence[int]) -> int:
    predictor = Predictor(site)
    for number in numbers:
        case, result = site.cases[number], predictor.predict(number)
        outcomes = ", ".join(told["outcome"] for told in result.told)
        asked = ", ".join(f"{each['method']} {each['to']}" for each in result.seen)
        print(f"{case.id}  [{case.rules}]  {outcomes}  ({asked})")
    predictor.close()
    return 0


def _run(site: Site, numbers: Sequence[int], options: argparse.Namespace) -> int:
    standard = _predicted(site, numbers, "standard")
    is_whole = len(numbers) == len(site.cases)
    reports, is_fine = [], True
    for engine in options.engine:
        if reason := engine.why_absent():
            print(f"{engine.name}: not run; {reason}", flush=True)
            is_fine &= not engine.is_demanded
            continue
        report = _report(site, engine, standard, options.watchdog)
        print(*terminal(report, site.cases), sep="\n", flush=True)
        reports.append(report)
        is_fine &= report.is_fine
    if options.write:
        if not (is_fine and is_whole and len(reports) == len(ENGINES) and not options.add):
            raise ValueError(
                "nothing was written: --write needs every case of the table in every engine, and no difference"
            )
        DOCUMENT.write_text(document(reports, site.cases, datetime.date.today().isoformat()), "utf-8")
    return 0 if is_fine else 1


def _predicted(site: Site, numbers: Iterable[int], engine: str) -> dict[int, Result]:
    predictor = Predictor(site, engine)
    predicted = {number: predictor.predict(number) for number in numbers}
    predictor.close()
    return predicted


def _report(site: Site, engine: Engine, standard: dict[int, Result], watchdog: float) -> EngineReport:
    try:
        version = engine.version()
    except OSError as error:
        version = f"{engine.title} (version unknown: {error})"
    report = EngineReport(engine.name, version)
    report.excluded = [site.cases[number] for number in standard if why_excluded(engine.name, site.cases[number])]
    predicted = _predicted(site, (each for each in standard if site.cases[each] not in report.excluded), engine.name)
    findings = run_engine(site, engine, predicted, watchdog)
    # A case that depends on time or on a cache is run again in a fresh instance before a difference counts.
    doubtful = [
        number
        for number, observed in findings.results.items()
        if (site.cases[number].uses_http_cache or site.cases[number].is_slow)
        and compare(engine.name, site.cases[number], predicted[number], observed)
    ]
    if doubtful:
        findings.results |= run_engine(site, engine, doubtful, watchdog).results
    report.failures = findings.failures
    for number, observed in sorted(findings.results.items()):
        case = site.cases[number]
        difference = compare(engine.name, case, predicted[number], observed)
        if _is_unreachable(case, observed):
            report.unreachable.append(case)
        elif difference is not None:
            report.differences.append(difference)
        else:
            report.agreed.append(case)
            if departing := compare(engine.name, case, standard[number], predicted[number]):
                report.departing.append(departing)
    return report


def _is_unreachable(case: Case, observed: Result) -> bool:
    """Tell whether the engine did not find the host of a page, if that is not one that every engine finds."""
    return any(
        told["outcome"] == "no page" and any(fetch.page.startswith(prefix) for prefix in HOSTS.keys() - _CERTAIN)
        for fetch, told in zip(case.fetches, observed.told, strict=False)
    )
