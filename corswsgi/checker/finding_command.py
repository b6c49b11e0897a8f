"""``corswsgi finding``: what a finding means, how it happens, and how to fix it."""

from __future__ import annotations

import argparse
import difflib
import sys

from corswsgi.checker.kinds import KINDS
from corswsgi.checker.render.pages import contents, page
from corswsgi.checker.render.terminal import Line, print_lines
from corswsgi.errors import Fault, UsageError, quote

_MOST_NAMES = 5

#: Faults have no pages of their own: the message with its option, value and place says more than a page could.
_FAULT = (
    "A policy with this fault is refused with a PolicyError, so no program starts with it. The message names the "
    "option, the value, what is wrong with it, and if possible the correct value. corswsgi lint FILE reports all "
    "faults of a policy, with file and line."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        "Exit status: 0, or 2 if there is no such finding; the message then names the nearest ones. "
        "Example: corswsgi finding allow-origin-missing"
    )
    parser.add_argument(
        "code",
        nargs="?",
        metavar="CODE",
        help="the code of a finding, as check, audit and lint print it in [brackets]; without it, all codes are listed",
    )


def run(options: argparse.Namespace) -> int:
    """Print the page of a finding, or the list of all.

    :raises UsageError: if there is no such code, with the nearest ones.
    """
    if options.code is None:
        print_lines(contents(), sys.stdout)
        return 0
    code = options.code.strip("[]").lower()
    if code not in KINDS and code in set(Fault):
        print_lines([Line(code, "heading", "FAULT  ", "high"), Line(_FAULT)], sys.stdout)
        return 0
    if code not in KINDS:
        raise UsageError(f"there is no finding {quote(options.code)}; {_instead(code)}")
    print_lines(page(KINDS[code]), sys.stdout)
    return 0


def _instead(code: str) -> str:
    holding = [each for each in KINDS if code and code in each]
    near = list(dict.fromkeys([*holding, *difflib.get_close_matches(code, KINDS, _MOST_NAMES)]))[:_MOST_NAMES]
    if not near:
        return "corswsgi finding lists all codes"
    return f"the nearest {'are' if len(near) > 1 else 'is'} {', '.join(near)}"
