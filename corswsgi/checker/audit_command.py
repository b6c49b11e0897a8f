"""``corswsgi audit``: its options, its progress and its exit status."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from corswsgi.checker.arguments import add_shared, max_time
from corswsgi.checker.audit import AuditReport, Unanswered, audit, requests_needed
from corswsgi.checker.audit_render import render, render_json
from corswsgi.checker.audit_wire import MOST_REQUESTS
from corswsgi.checker.findings import Severity, shown
from corswsgi.checker.limit import Limit
from corswsgi.checker.masking import Mask, as_it_is
from corswsgi.checker.rules.network import diagnose_no_answer
from corswsgi.checker.target import open_target
from corswsgi.errors import UsageError

_FOUND, _NO_ANSWER = 1, 3

#: About half of what an audit sends.
_ANSWERS = 30

_DEFAULT_URL = "http://localhost/"

_SEVERITIES = {str(severity): severity for severity in Severity}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = (
        f"Sends GET and OPTIONS only, at most {MOST_REQUESTS} requests. Exit status: 0, or 1 where --fail-on says so, "
        "2 for what cannot be done as it was asked, 3 for no answer, or no time left to ask everything."
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
    add_shared(parser, answers=_ANSWERS)


def run(options: argparse.Namespace) -> int:
    """Audit, print what was found, and return the exit status.

    :raises UsageError: if it cannot be done as it was asked.
    """
    if not (options.url or options.app):
        raise UsageError("what is to be audited? Name a URL, or a WSGI application with --app module:callable")
    url = options.url or _DEFAULT_URL
    mask = as_it_is if options.show_secrets else Mask(url)
    try:
        report = mask(_audit(options, url, mask))
    except UsageError as error:
        raise UsageError(mask(str(error))) from None
    except Unanswered as error:
        finding = diagnose_no_answer(str(error))
        why = shown(f"{finding.sentence}; {finding.fix}", 1000)
        print(mask(f"corswsgi audit: no answer from {url}: {why}"), file=sys.stderr)
        return _NO_ANSWER
    _show(report, options.json, sys.stdout)
    if report.cut_short:
        return _NO_ANSWER
    failing = options.fail_on is not None and report.worst is not None and report.worst >= _SEVERITIES[options.fail_on]
    return _FOUND if failing else 0


def _audit(options: argparse.Namespace, url: str, mask: Callable[[str], str]) -> AuditReport:
    target = open_target(options.app, url, insecure=options.insecure)
    count = requests_needed(url, options.origin)
    print(mask(f"{count} requests (GET and OPTIONS) to {target.address}"), file=sys.stderr, flush=True)
    with _progress(count, sys.stderr) as on_request:
        limit = Limit(options.timeout, max_time(options))
        return audit(target.site, url, options.origin, limit=limit, on_request=on_request)


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
