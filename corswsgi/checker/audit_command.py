"""``corswsgi audit``: its options, its progress and its exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from corswsgi.checker.arguments import WORST, add_cookies, add_shared, check_hosts, read_jars
from corswsgi.checker.audit import AuditReport, Unanswered, audit, requests_needed
from corswsgi.checker.cases import Case, read_cases
from corswsgi.checker.findings import Severity, shown
from corswsgi.checker.gatherer import COOKIES, MOST_REQUESTS
from corswsgi.checker.jar import GivenCookie, cookies_for
from corswsgi.checker.kinds.network import OUT_OF_TIME
from corswsgi.checker.limit import Limit
from corswsgi.checker.masking import Mask, as_it_is
from corswsgi.checker.render.audit import audit_paragraphs, summary
from corswsgi.checker.render.program import audit_as_dict
from corswsgi.checker.render.terminal import print_lines, progress, text_of, width_of
from corswsgi.checker.results import FAILED, NO_ANSWER, OK, Result
from corswsgi.checker.rules.network import diagnose_no_answer
from corswsgi.checker.several import Answer, ask_all
from corswsgi.checker.target import open_target, parse_page_origin, parse_target_url
from corswsgi.checker.visitor import sent_anyway
from corswsgi.errors import UsageError

#: About half of the requests of an audit.
_ANSWERS = 30

_DEFAULT_URL = "http://localhost/"

_GOOD = "corswsgi audit https://api.example.com/items --origin https://app.example.com"

_SEVERITIES = {str(severity): severity for severity in Severity}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        f"Sends GET and OPTIONS only, at most {MOST_REQUESTS} requests for each URL. Exit status: 0, or 1 if --fail-on "
        "says so; 2 if the options are wrong, and nothing was sent; 3 if there was no response, or too little time. "
        f"{WORST} Example: corswsgi audit https://api.example.com/ --origin https://app.example.com"
    )
    parser.add_argument(
        "urls",
        nargs="*",
        metavar="URL",
        help=f"one URL to audit, or several; default with --app: {_DEFAULT_URL}",
    )
    parser.add_argument(
        "--cases",
        metavar="FILE",
        help="audit each [[case]] of a TOML file: url, origin, and optionally name and fail-on; see "
        '"Testing in CI" in the documentation',
    )
    parser.add_argument(
        "--origin",
        metavar="ORIGIN",
        help="the origin of the pages that are meant to read it, such as https://app.example.com",
    )
    parser.add_argument(
        "--app",
        metavar="MODULE:CALLABLE",
        help="audit this WSGI application, in this process instead of over the network",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--fail-on",
        choices=_SEVERITIES,
        metavar="SEVERITY",
        help=f"exit with 1 if a finding is at least this severe: {', '.join(_SEVERITIES)}; default: never",
    )
    parser.set_defaults(har=None)
    add_cookies(parser)
    add_shared(parser, answers=_ANSWERS)


def run(options: argparse.Namespace) -> int:
    """Audit, print the reports, and return the worst exit status.

    :raises UsageError: if the options are wrong.
    """
    jar, cases = read_jars(options), _cases(options)
    check_hosts(options, [case.url for case in cases])

    def answer(case: Case, seconds: float) -> Answer:
        given = cookies_for(parse_target_url(case.url), tuple(options.cookies))
        return _answer(options, case, seconds, (*jar, *given))

    return ask_all(options, cases, answer, "corswsgi audit")


# The questions


def _cases(options: argparse.Namespace) -> list[Case]:
    """Return what to audit; nothing is sent."""
    if options.cases is not None:
        return _of_file(options)
    if not (options.urls or options.app):
        raise UsageError("there is nothing to audit; give a URL, or a WSGI application with --app module:callable")
    if not options.origin:
        raise UsageError(f"--origin is missing, the origin of the pages that are meant to read it; an example: {_GOOD}")
    cases = [_completed(options, Case(url=url)) for url in options.urls or [_DEFAULT_URL]]
    faults: dict[str, None] = {}
    for case in cases:
        try:
            requests_needed(case.url, case.origin)
        except UsageError as error:
            faults[_mask(options, case)(str(error))] = None
    if faults:
        raise UsageError(*faults)
    return cases


def _of_file(options: argparse.Namespace) -> list[Case]:
    if options.urls:
        raise UsageError("--cases FILE contains the URLs; leave the others out, or put them into the file")

    if options.origin:
        parse_page_origin(options.origin)  # an error in it is not one of the file

    def judge(case: Case) -> None:
        completed = _completed(options, case)
        requests_needed(completed.url, completed.origin)

    given = {"url" if options.app else "", "origin" if options.origin else ""}
    cases = read_cases(options.cases, "audit", given=given, judge=judge, show_secrets=options.show_secrets)
    return [_completed(options, case) for case in cases]


def _completed(options: argparse.Namespace, case: Case) -> Case:
    """Complete a case with the options of the command line, which take precedence."""
    return replace(
        case,
        url=case.url or _DEFAULT_URL,
        origin=options.origin or case.origin,
        fail_on=options.fail_on or case.fail_on,
    )


def _mask(options: argparse.Namespace, case: Case, given: Iterable[GivenCookie] = ()) -> Callable[[Any], Any]:
    cookies = [("Cookie", f"{each.name}={each.value}") for each in given]
    return as_it_is if options.show_secrets else Mask(case.url, cookies)


# The results


def _answer(options: argparse.Namespace, case: Case, seconds: float, given: Sequence[GivenCookie]) -> Answer:
    mask = _mask(options, case, given)
    name = mask(case.name) or shown(mask(f"{case.url} for pages of {case.origin}"))
    try:
        report: AuditReport = mask(_audit(options, case, seconds, mask, given))
    except UsageError as error:
        raise UsageError(mask(str(error))) from None
    except Unanswered as error:
        finding = diagnose_no_answer(str(error))
        why = mask(shown(f"{finding.sentence}; {finding.fix}", 1000))
        print(f"corswsgi audit: no response from {mask(case.url)}: {why}", file=sys.stderr)
        member = {"url": mask(case.url), "origin": case.origin, "error": why}
        return Answer(Result(name, NO_ANSWER, "no response", finding.code, why, why), member, lambda: None, False)
    result = replace(_result(case, report), name=name, text=_text(report) if options.junit else "")
    is_notable = result.status != OK or bool(report.findings)
    return Answer(result, audit_as_dict(report), lambda: _show(report, options.verbose), is_notable)


def _result(case: Case, report: AuditReport) -> Result:
    if report.cut_short:
        return Result("", NO_ANSWER, summary(report), OUT_OF_TIME.code, report.cut_short)
    if case.fail_on and report.worst is not None and report.worst >= _SEVERITIES[case.fail_on]:
        worst = report.findings[0]
        return Result("", FAILED, summary(report), worst.code, f"{worst.severity}: {worst.sentence}")
    return Result("", OK, summary(report))


def _text(report: AuditReport) -> str:
    return text_of(audit_paragraphs(report, verbose=True))


def _show(report: AuditReport, verbose: bool) -> None:
    print_lines(audit_paragraphs(report, verbose=verbose, width=width_of(sys.stdout)), sys.stdout)


def _audit(
    options: argparse.Namespace,
    case: Case,
    seconds: float,
    mask: Callable[[str], str],
    given: Sequence[GivenCookie],
) -> AuditReport:
    target = open_target(options.app, case.url, insecure=options.insecure)
    count = requests_needed(case.url, case.origin)
    print(mask(f"{count} requests (GET and OPTIONS) to {target.address}"), file=sys.stderr, flush=True)
    with progress(sys.stderr, count) as tell:
        limit = Limit(options.timeout, seconds)
        cookies = sent_anyway(given, target.url)
        sent = cookies or COOKIES
        report = audit(
            target.site, case.url, case.origin, limit=limit, cookies=sent, on_request=lambda: tell("auditing")
        )
    return replace(report, cookies=tuple(map(shown, cookies)))
