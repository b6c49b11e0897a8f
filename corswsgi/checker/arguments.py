"""The options that ``check`` and ``audit`` share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

from corswsgi.errors import quote

_DEFAULT_TIMEOUT = 10.0
_LONGEST_TIMEOUT, _LONGEST_WHOLE = 3600, 86400


def add_shared(parser: argparse.ArgumentParser, *, answers: int) -> None:
    """Declare them.

    :param answers: how many times as long as one answer everything may take, unless said otherwise.
    """
    parser.set_defaults(answers=answers)
    parser.add_argument(
        "--timeout",
        type=_seconds(_LONGEST_TIMEOUT),
        default=_DEFAULT_TIMEOUT,
        metavar="S",
        help=f"for each answer, in seconds; default: {_DEFAULT_TIMEOUT:g}",
    )
    parser.add_argument(
        "--max-time",
        type=_seconds(_LONGEST_WHOLE),
        metavar="S",
        help=f"for everything, in seconds; default: {answers} times --timeout",
    )
    parser.add_argument("--insecure", action="store_true", help="take any TLS certificate")
    parser.add_argument(
        "--show-secrets",
        action="store_true",
        help="print the values of Authorization, of cookies, and of what looks like a key or token; default: ***",
    )


def max_time(options: argparse.Namespace) -> float:
    """Return the seconds for everything."""
    return float(options.max_time or options.timeout * options.answers)


def _seconds(most: int) -> Callable[[str], float]:
    def seconds(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 < number <= most:
            raise argparse.ArgumentTypeError(f"{quote(text)} is not a number of seconds above 0, {most} at most")
        return number

    return seconds
