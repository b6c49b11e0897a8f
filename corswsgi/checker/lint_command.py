"""``corswsgi lint``: prints the faults of a policy, and advice on it, as text or as JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence

from corswsgi.checker.findings import Finding
from corswsgi.checker.lint import advice_on, faults_of
from corswsgi.checker.target import require_parser
from corswsgi.checker.words import capitalized
from corswsgi.errors import PolicyError, printable
from corswsgi.sources import source_of

_CLEAN, _ADVICE, _FAULTS = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        "Exit status: 0 if there is nothing to change, 1 if there is advice, 2 if the policy cannot be read or has "
        "faults, so that no program would start with it. Example: corswsgi lint cors.toml"
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a settings file, in TOML or INI")
    parser.add_argument(
        "--app", metavar="MODULE:CALLABLE", help="check the policy of the middleware in this WSGI application"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the findings, and return the exit status.

    :raises UsageError: if there is no policy to check.
    """
    require_parser()
    try:
        findings, status = advice_on(source_of(options.file, options.app)), _ADVICE
    except PolicyError as error:
        findings, status = faults_of(error), _FAULTS
    if options.json:
        print(json.dumps([dataclasses.asdict(each) | {"severity": str(each.severity)} for each in findings], indent=2))
    else:
        print(*_lines(findings, options.app or options.file), sep="\n", file=sys.stdout)
    return status if findings else _CLEAN


def _lines(findings: Sequence[Finding], name: str) -> Iterator[str]:
    for each in findings:
        where = f"{each.place}: " if each.place else ""
        yield f"{where}{each.severity}: {printable(each.sentence)} [{each.code}]"
        if each.fix:
            yield f"    {capitalized(each.fix)}."
    if not findings:
        yield f"{printable(name)}: nothing to change."
