"""The command: it runs sections, prints their results, and writes them into the documentation."""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import ROOT, program
from benchmarks.contenders import CONTENDERS, Answer, answer_of, version_of
from benchmarks.report import NONE, Table

PAGE = ROOT / "docs" / "benchmarks.rst"


class Section(NamedTuple):
    """A part of what can be run.

    :ivar module: the module whose ``run(quick)`` returns its tables.
    """

    name: str
    module: str
    summary: str


SECTIONS = (
    Section("requests", "per_request", "what each layer adds to a request, for each request and kind of policy"),
    Section("instructions", "instructions", "the same for corswsgi and the floor, counted by valgrind"),
    Section("mixin", "mixin", "the mixin for http.server beside headers written by hand"),
    Section("scale", "scale", "a million origins, ten thousand paths, a thousand patterns"),
    Section("import", "importing", "what importing the package takes"),
    Section("whole", "whole", "what a layer takes of whole requests to the Flask and Django examples"),
    Section("servers", "servers", "requests per second under waitress and gunicorn, by wrk"),
    Section("front", "front", "preflights that nginx and others answer in front, beside the middleware, by wrk"),
    Section("preflights", "preflights", "preflights that Chromium sends for twelve requests"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 1 with ``--check``, where a goal is missed, and else 0."""
    names = [section.name for section in SECTIONS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=sys.modules["benchmarks"].__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=f"{', '.join(names)}; all, if none is named")
    parser.add_argument("--quick", action="store_true", help="less than two minutes, and less sure")
    parser.add_argument("--check", action="store_true", help="end with status 1 if a goal is missed")
    parser.add_argument(
        "--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}, as a whole run does that is not quick"
    )
    parser.add_argument("--list", action="store_true", help="list the sections, and run nothing")
    parser.add_argument(
        "--answers", action="store_true", help="print what each layer answers in each cell, in JSON, and time nothing"
    )
    parser.add_argument(
        "--json", metavar="file", help="write the times of the section requests there, as pyperf reads them"
    )
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.sections if name not in names]:
        parser.error(f"there is no section {unknown[0]}; there are {', '.join(names)}")
    if asked.list:
        width = max(map(len, names))
        print("\n".join(f"{section.name:{width}}  {section.summary}" for section in SECTIONS))
        return 0
    if asked.answers:
        print_answers()
        return 0
    if version_of("pyperf") is None:
        print("pyperf is not installed; python -m pip install '.[bench]'", file=sys.stderr)
        return 2
    chosen = [section for section in SECTIONS if section.name in asked.sections or not asked.sections]
    tables: list[Table] = []
    for section in chosen:
        for table in importlib.import_module(f"benchmarks.{section.module}").run(asked.quick):
            print(table.render(), flush=True)
            tables.append(table)
    if asked.json:
        write_times(Path(asked.json), tables)
    if asked.sections and asked.write and PAGE.exists():
        PAGE.write_text(with_tables(PAGE.read_text("utf-8"), tables), "utf-8")
        print(f"{PAGE.relative_to(ROOT)} has new tables; the rest is as it was", file=sys.stderr)
    elif asked.write or not (asked.sections or asked.quick):
        PAGE.write_text(page(tables, asked.quick), "utf-8")
        print(f"{PAGE.relative_to(ROOT)} is written", file=sys.stderr)
    missed = [goal for table in tables for goal, met in table.goals if met is False]
    print(f"{len(missed)} goals missed" if missed else "no goal missed", file=sys.stderr)
    return 1 if missed and asked.check else 0


def print_answers() -> None:
    """Print a line of JSON for each cell and contender: what is timed, and what it is compared with, as they answer."""
    from benchmarks.cells import CELLS
    from benchmarks.per_request import pairs_of

    for cell in CELLS:
        for name, pair in pairs_of(cell.kind).items() if cell.exists else ():
            answers = {which: _plain(answer_of(app, cell)) for which, app in pair._asdict().items()}
            print(json.dumps({"kind": cell.kind, "ask": cell.ask.name, "contender": name} | answers))


def _plain(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status, "headers": answer.headers, "body": answer.body.decode()}


def write_times(path: Path, tables: Iterable[Table]) -> None:
    """Write all seconds that tables were made of to a file, for ``python -m pyperf``."""
    import pyperf

    times = {name: values for table in tables for name, values in table.times.items()}
    if not times:
        raise SystemExit("no section that was run has times for --json")
    benchmarks = [
        pyperf.Benchmark([pyperf.Run(values, metadata={"name": name, "unit": "second"})])
        for name, values in times.items()
    ]
    pyperf.BenchmarkSuite(benchmarks).dump(str(path), replace=True)


def page(tables: Iterable[Table], quick: bool) -> str:
    """Return the page of the documentation."""
    heading = "Benchmarks"
    hurried = ["These numbers come from a quick run, ``--quick``, and are less accurate.", ""] if quick else []
    return "\n".join(
        [
            heading,
            "=" * len(heading),
            "",
            "``python -m benchmarks`` writes this page; it needs the extra ``bench``. Times differ from machine to "
            "machine, ratios much less.",
            "",
            *hurried,
            machine().render(),
            *(table.render() for table in tables),
        ]
    )


def with_tables(text: str, tables: Iterable[Table]) -> str:
    """Return the text of a page with some of its tables replaced, and those added at its end that it did not have."""
    for table in tables:
        parts = re.split(r"^(?=[^\n]+\n-{3,}$)", text, flags=re.MULTILINE)
        kept = [part for part in parts if not part.startswith(f"{table.title}\n-")]
        place = next((index for index, part in enumerate(parts) if part not in kept), len(parts))
        kept.insert(place, f"{table.render().rstrip()}\n\n")
        text = "".join(f"{part.rstrip()}\n\n" for part in kept).rstrip() + "\n"
    return text


def machine() -> Table:
    """Return what was measured where, and when."""
    import pyperf

    known = pyperf.Run([1.0], metadata={"name": "machine"}).get_metadata()
    packages = dict.fromkeys(name for contender in CONTENDERS for name in contender.packages)
    rows = [
        ("date", datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")),
        ("processor", str(known.get("cpu_model_name", platform.processor() or platform.machine()))),
        ("processors", str(known.get("cpu_count", NONE))),
        ("system", f"{_distribution()}, {platform.system()} {platform.release()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
    ]
    for name in ("corswsgi", "webob", *packages, "waitress", "gunicorn", "pyperf"):
        rows.append((name, version_of(name) or ("of the checkout" if name == "corswsgi" else "not installed")))
    for name, command in {
        "wrk": ("wrk", "--version"),
        "valgrind": ("valgrind", "--version"),
        "Chromium": (program("chromium", "chromium-browser", "google-chrome") or "chromium", "--version"),
    }.items():
        rows.append((name, _first_version(command)))
    return Table("What was measured, and where", ["what", "which"], [list(row) for row in rows])


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _first_version(command: Sequence[str]) -> str:
    """Return the version that a program says it has."""
    if program(command[0]) is None:
        return "not installed"
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    match = re.search(r"\d+\.\d[\w.-]*", done.stdout + done.stderr)
    return match[0] if match else NONE
