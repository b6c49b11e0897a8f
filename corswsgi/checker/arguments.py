"""The options that ``check`` and ``audit`` share."""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator

from corswsgi.browser.urls import parse_url
from corswsgi.checker.jar import GivenCookie, parse_cookie_option, read_jar
from corswsgi.errors import UsageError, quote

_DEFAULT_TIMEOUT = 10.0
_LONGEST_TIMEOUT, _LONGEST_WHOLE = 3600, 86400

#: How both commands end, if several are asked.
WORST = "With several URLs or cases, it is the worst of all: 3 before 1 before 0."


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
        help=f"for everything, in seconds, however many are asked; default: {answers} times --timeout for each",
    )
    parser.add_argument(
        "--junit", metavar="FILE", help="write the results as JUnit XML too, for a CI server, each URL or case a test"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print the rest too: all that was asked and came")
    parser.add_argument("--insecure", action="store_true", help="take any TLS certificate")
    parser.add_argument(
        "--show-secrets",
        action="store_true",
        help="print the values of Authorization, of cookies, and of what looks like a key or token; default: ***",
    )


def add_cookies(parser: argparse.ArgumentParser) -> None:
    """Declare what a visitor is told by who is logged in."""
    parser.add_argument(
        "--cookie",
        action="extend",
        default=[],
        type=_cookie,
        dest="cookies",
        metavar="'NAME=VALUE'",
        help="a cookie of a visitor who is logged in, for the host of the URL only; may be given several times, and "
        "hold several with ; between them",
    )
    parser.add_argument(
        "--cookie-jar",
        action="append",
        default=[],
        dest="cookie_jars",
        metavar="FILE",
        help="cookies of such a visitor in a file of Netscape's form, as curl -c writes it; each is sent to the hosts "
        "that it is for only, and never printed",
    )


def read_jars(options: argparse.Namespace) -> tuple[GivenCookie, ...]:
    """Return the cookies of all jars.

    :raises UsageError: if one cannot be read.
    """
    return tuple(cookie for file_name in options.cookie_jars for cookie in read_jar(file_name))


def check_hosts(options: argparse.Namespace, urls: Iterable[str]) -> None:
    """Make sure that it can be told which host the cookies of the command line are for.

    :raises UsageError: if there are several.
    """
    hosts = dict.fromkeys(parse_url(url).host for url in urls)
    if options.cookies and len(hosts) > 1:
        names = " and ".join(itertools.islice(hosts, 2))
        raise UsageError(
            f"--cookie is for one host, and {names} are to be asked; ask them one by one, or give --cookie-jar, which "
            "says which cookie is for which host"
        )


def _cookie(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return parse_cookie_option(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def max_time(options: argparse.Namespace) -> float:
    """Return the seconds for everything."""
    return float(options.max_time or options.timeout * options.answers)


def seconds_for_each(options: argparse.Namespace) -> Iterator[float]:
    """Yield the seconds that the next question may take: what is left of ``--max-time``; without it, each has its own.

    The time runs from one to the next. When it is over, nothing more is sent.
    """
    left = max_time(options)
    while True:
        started = time.monotonic()
        yield max(left, 0.0)
        left -= time.monotonic() - started if options.max_time else 0.0


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
