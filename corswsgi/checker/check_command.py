"""``corswsgi check``: would a browser let a page read this URL, and if not, why not?"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace

from corswsgi.browser import ENGINES
from corswsgi.browser.urls import parse_url
from corswsgi.checker.arguments import WORST, add_cookies, add_shared
from corswsgi.checker.cases import CREDENTIALS, EXPECTED
from corswsgi.checker.check import check
from corswsgi.checker.findings import shown
from corswsgi.checker.forms import FORMS, UPSTREAM, in_form
from corswsgi.checker.har import MOST
from corswsgi.checker.kinds.network import OUT_OF_TIME
from corswsgi.checker.masking import Mask, as_it_is
from corswsgi.checker.pasted import refuse_forbidden
from corswsgi.checker.questions import Asked, questions
from corswsgi.checker.render import as_dict, as_text, paragraphs
from corswsgi.checker.render.screen import shown_sentence
from corswsgi.checker.render.terminal import print_lines, progress
from corswsgi.checker.report import Report
from corswsgi.checker.results import FAILED, NO_ANSWER, OK, Result
from corswsgi.checker.several import Answer, ask_all
from corswsgi.checker.target import open_target
from corswsgi.errors import UsageError, quote

REFERRER_POLICIES = (
    "no-referrer no-referrer-when-downgrade origin origin-when-cross-origin same-origin strict-origin "
    "strict-origin-when-cross-origin unsafe-url"
).split()

#: Usually there are fewer requests; redirects can cause more.
_ANSWERS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        "Exit status: 0 if the request is allowed, or as --expect says, in every engine; 1 if not; 2 if the options "
        "are wrong, and nothing was sent; 3 if there was no response, or too little time. ALLOWED BUT UNSAFE "
        f"counts as allowed. {WORST} Example: corswsgi check https://api.example.com/items --origin "
        "https://app.example.com -X PUT"
    )
    parser.add_argument(
        "urls", nargs="*", metavar="URL", help="the URL that the script fetches, with http:// or https://, or several"
    )
    parser.add_argument(
        "--origin", help='the origin of the page with the script, such as https://app.example.com, or "null"'
    )
    pasted = parser.add_mutually_exclusive_group()
    pasted.add_argument(
        "--console",
        metavar="TEXT|-",
        help="check the request of a CORS error in the console of a browser; - reads the message from standard input",
    )
    pasted.add_argument(
        "--curl",
        metavar="TEXT|-",
        help='check the request that "Copy as cURL" in the developer tools copied; - reads it from standard input',
    )
    pasted.add_argument(
        "--har", metavar="FILE", help=f"check the failed cross-origin requests of a HAR file, {MOST} at most"
    )
    pasted.add_argument(
        "--cases",
        metavar="FILE",
        help="check each [[case]] of a TOML file: url, origin, and optionally name, method, headers, credentials, "
        'expect, and send = true for --send; see "Testing in CI" in the documentation',
    )
    parser.add_argument("--entry", type=int, metavar="N", help="check only this entry of the HAR file, counted from 1")
    parser.add_argument("-X", "--method", help="the method; default: GET, or POST with --data")
    parser.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        type=_header,
        dest="headers",
        metavar="'NAME: VALUE'",
        help="a header that the script sets; may be repeated",
    )
    add_cookies(parser)
    parser.add_argument("--data", metavar="TEXT|@FILE", help="the body: text, or the bytes of a file")
    parser.add_argument(
        "--credentials", choices=CREDENTIALS, help="the credentials mode of fetch(); default: same-origin, or as pasted"
    )
    parser.add_argument(
        "--referrer-policy",
        choices=REFERRER_POLICIES,
        default="strict-origin-when-cross-origin",
        metavar="POLICY",
        help="the referrer policy of the page; default: strict-origin-when-cross-origin",
    )
    parser.add_argument(
        "--behind",
        metavar="URL",
        help="the URL of the application behind the proxy, such as http://127.0.0.1:8000: send it the same requests, "
        "with the Host of the proxy, and compare the responses; the default path is that of the URL",
    )
    parser.add_argument(
        "--behind-secrets",
        action="store_true",
        help="send cookies, Authorization and keys to --behind too, even if it is another host",
    )
    parser.add_argument(
        "--app",
        metavar="MODULE:CALLABLE",
        help="check this WSGI application, in this process instead of over the network",
    )
    parser.add_argument(
        "--send",
        action="store_true",
        help="send the request even if its method may change something (any but GET, HEAD and OPTIONS)",
    )
    parser.add_argument(
        "--engine",
        action="append",
        choices=ENGINES,
        dest="engines",
        help="check this engine only; may be repeated; default: all three",
    )
    parser.add_argument("--expect", choices=EXPECTED, help="exit with 0 if this is the verdict, and with 1 if not")
    parser.add_argument(
        "--fix",
        choices=FORMS,
        metavar="SERVER",
        help=f"print the lines that fix this request on a server or in a framework: {', '.join(FORMS)}. The address of "
        "the application behind it is that of --behind. By default the fix is for the server that Server or Via names, "
        "and a long one is printed with -v only",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_shared(parser, answers=_ANSWERS)


def _header(text: str) -> tuple[str, str]:
    """Parse ``Name: value``."""
    name, colon, value = text.partition(":")
    # The message does not repeat the rest: it may be a secret.
    if not colon:
        first = re.match("[A-Za-z-]*", text)
        this = f"the one that begins {quote(first[0])}" if first and first[0] else "this one"
        raise argparse.ArgumentTypeError(f"a header is written 'Name: value', and {this} has no colon")
    if any(character in text for character in "\r\n\0"):
        raise argparse.ArgumentTypeError(
            f"the header {quote(name)} contains a line break or NUL, which is not allowed in headers; remove it"
        )
    value = value.strip()
    try:
        refuse_forbidden(name, value)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name, value


def run(options: argparse.Namespace) -> int:
    """Check, print the reports, and return the worst exit status."""
    mask = as_it_is if options.show_secrets else Mask("\n".join(options.urls), options.headers)
    try:
        asked = questions(options)
    except UsageError as error:
        raise UsageError(*map(mask, error.args)) from None
    return ask_all(options, asked, lambda each, seconds: _answer(options, each, seconds), "corswsgi check")


def _answer(options: argparse.Namespace, asked: Asked, seconds: float) -> Answer:
    report = _check(options, asked, seconds)
    result = _result(options, asked, report)
    return Answer(
        result=result,
        member=as_dict(report),
        show=lambda: print_lines(paragraphs(report, verbose=options.verbose), sys.stdout),
        is_notable=result.status != OK or report.outcome == "allowed-but-unsafe",
    )


def _check(options: argparse.Namespace, asked: Asked, seconds: float) -> Report:
    mask = as_it_is if options.show_secrets else asked.mask
    try:
        target = open_target(
            options.app, asked.url, insecure=options.insecure, timeout=options.timeout, max_time=seconds
        )
        with progress(sys.stderr) as tell:
            report = check(
                target, asked.question, progress=lambda sentence: tell(f"{shown_sentence(mask(sentence))} ...")
            )
    except UsageError as error:
        raise UsageError(mask(str(error))) from None
    upstream = parse_url(options.behind).origin.serialized if options.behind else UPSTREAM
    return mask(in_form(replace(report, assumed=asked.told), options.fix or "", upstream))


def _result(options: argparse.Namespace, asked: Asked, report: Report) -> Result:
    mask = as_it_is if options.show_secrets else asked.mask
    status = exit_status(report, asked.expect)
    code, sentence = _deciding(report)
    if status == FAILED:
        sentence = f"expected {asked.expect}: {sentence}"
    return Result(
        name=mask(asked.name) or shown(f"{report.method} {report.url} as a page of {report.origin}"),
        status=status,
        verdict="no response" if status == NO_ANSWER else _verdict(report),
        code=code,
        sentence=shown_sentence(sentence) if status != OK else "",
        text=as_text(report, verbose=True) if options.junit else "",
    )


def _deciding(report: Report) -> tuple[str, str]:
    """Return the code and the sentence of what decided."""
    if report.cut_short:
        return OUT_OF_TIME.code, report.cut_short
    failures = [finding for finding in report.findings if finding.is_failure]
    code = failures[0].code if failures else str(report.reason.code)
    if failures and not report.answered:
        return code, failures[0].sentence
    return code, report.cause or report.reason.sentence


def _verdict(report: Report) -> str:
    """Return the verdict in a few words, with the browsers that block it if not all do."""
    blocking = [each.browser for each in report.engines if each.outcome == "blocked"]
    verdict = report.outcome.replace("-", " ")
    if 0 < len(blocking) < len(report.engines):
        verdict += f" in {' and '.join(blocking)}"
    return verdict if report.certain else f"{verdict}, not sent"


def exit_status(report: Report, expect: str | None) -> int:
    """Return 0 if every engine gives the expected verdict, 1 if not, 3 if there was no response or too little time."""
    if report.cut_short or not report.answered:
        return NO_ANSWER
    outcomes = {"blocked" if each.outcome == "blocked" else "allowed" for each in report.engines}
    return OK if outcomes == {expect or "allowed"} else FAILED
