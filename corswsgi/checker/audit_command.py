"""``corswsgi audit``: its options, its progress and its exit status."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from corswsgi.checker.advice import diagnose_no_answer
from corswsgi.checker.audit import AuditReport, Unanswered, audit, requests_needed
from corswsgi.checker.audit_render import render, render_json
from corswsgi.checker.audit_wire import MOST_REQUESTS
from corswsgi.checker.findings import Severity, shown
from corswsgi.checker.target import open_target
from corswsgi.errors import UsageError, quote

_FOUND, _NO_ANSWER = 1, 3

_DEFAULT_URL = "http://localhost/"

_SEVERITIES = {str(severity): severity for severity in Severity}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = (
        f"Sends GET and OPTIONS only, at most {MOST_REQUESTS} requests. Exit status: 0, or 1 where --fail-on says so, "
        "2 for what cannot be done as it was asked, 3 for no answer."
    )
    parser.add_argument(
        "url", nargs="?", metavar="URL", help=f"what to audit; with --app it may be left out: {_DEFAULT_URL}"
    )
    parser.add_argument(
        "--origin", required=True, metavar="ORIGIN", help='whose pages are meant to read it: "https://app.example.com"'
    )
    parser.add_argument(
        "--app", metavar="MODULE:CALLABLE", help="a WSGI application, asked in this process; nothing goes out"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--fail-on",
        choices=_SEVERITIES,
        metavar="SEVERITY",
        help=f"exit with 1 when a finding is at least that: {', '.join(_SEVERITIES)}; default: never",
    )
    parser.add_argument("--timeout", type=_seconds, default=10.0, metavar="S", help="for each answer; default: 10")
    parser.add_argument("--insecure", action="store_true", help="take any certificate")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{quote(text)} is not a number of seconds above 0, 3600 at most")
    return seconds


def run(options: argparse.Namespace) -> int:
    """Audit, print what was found, and return the exit status.

    :raises UsageError: if it cannot be done as it was asked.
    """
    if not (options.url or options.app):
        raise UsageError("what is to be audited? Name a URL, or a WSGI application with --app module:callable")
    url = options.url or _DEFAULT_URL
    target = open_target(options.app, url, insecure=options.insecure, timeout=options.timeout)
    count = requests_needed(url, options.origin)
    print(f"{count} requests (GET and OPTIONS) to {target.address}", file=sys.stderr, flush=True)
    try:
        with _progress(count, sys.stderr) as on_request:
            report = audit(target.site, url, options.origin, timeout=options.timeout, on_request=on_request)
    except Unanswered as error:
        finding = diagnose_no_answer(str(error))
        why = shown(f"{finding.sentence}; {finding.fix}", 1000)
        print(f"corswsgi audit: no answer from {target.address}: {why}", file=sys.stderr)
        return _NO_ANSWER
    _show(report, options.json, sys.stdout)
    failing = options.fail_on is not None and report.worst is not None and report.worst >= _SEVERITIES[options.fail_on]
    return _FOUND if failing else 0


def _is_rich(stream: TextIO) -> bool:
    """Tell whether colours and bars are possible, and welcome (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and importlib.util.find_spec("rich") is not None


@contextlib.contextmanager
def _progress(count: int, stream: TextIO) -> Iterator[Callable[[], object]]:
    """Show a bar on a terminal; yield what moves it on."""
    if not _is_rich(stream):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=stream), transient=True) as progress:
        task = progress.add_task("Auditing", total=count)
        yield lambda: progress.advance(task)


def _show(report: AuditReport, as_json: bool, stream: TextIO) -> None:
    if as_json:
        print(render_json(report), file=stream)
    elif _is_rich(stream):
        from rich.console import Console
        from rich.text import Text

        console = Console(file=stream, highlight=False)
        for line in render(report):
            console.print(Text(line.text, line.style), soft_wrap=True)
    else:
        print(*(line.text for line in render(report)), sep="\n", file=stream)
