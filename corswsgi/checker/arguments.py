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

#: The exit status of both commands for several questions.
WORST = "With several URLs or cases, the worst one counts: 3 before 1 before 0."


def add_shared(parser: argparse.ArgumentParser, *, answers: int) -> None:
    """Declare the shared options.

    :param answers: the default of ``--max-time``, as a multiple of ``--timeout``.
    """
    parser.set_defaults(answers=answers)
    parser.add_argument(
        "--timeout",
        type=_seconds(_LONGEST_TIMEOUT),
        default=_DEFAULT_TIMEOUT,
        metavar="S",
        help=f"seconds to wait for each answer; default: {_DEFAULT_TIMEOUT:g}",
    )
    parser.add_argument(
        "--max-time",
        type=_seconds(_LONGEST_WHOLE),
        metavar="S",
        help=f"seconds for everything together; default: {answers} times --timeout for each URL or case",
    )
    parser.add_argument(
        "--junit",
        metavar="FILE",
        help="also write the results as JUnit XML for a CI server, with each URL or case as a test",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print everything: all requests and answers")
    parser.add_argument("--insecure", action="store_true", help="accept any TLS certificate")
    parser.add_argument(
        "--show-secrets",
        action="store_true",
        help="print the values of Authorization, cookies, and anything that looks like a key or token, instead of ***",
    )


def add_cookies(parser: argparse.ArgumentParser) -> None:
    """Declare the options for the cookies of a logged-in visitor."""
    parser.add_argument(
        "--cookie",
        action="extend",
        default=[],
        type=_cookie,
        dest="cookies",
        metavar="'NAME=VALUE'",
        help="a cookie of a logged-in visitor, for the host of the URL only; may be repeated, and may hold several "
        "cookies separated by ;",
    )
    parser.add_argument(
        "--cookie-jar",
        action="append",
        default=[],
        dest="cookie_jars",
        metavar="FILE",
        help="a file of such cookies in Netscape's format, as curl -c writes it; each cookie is sent only to the hosts "
        "that it is for, and is never printed",
    )


def read_jars(options: argparse.Namespace) -> tuple[GivenCookie, ...]:
    """Return the cookies of all jars.

    :raises UsageError: if a jar cannot be read.
    """
    return tuple(cookie for file_name in options.cookie_jars for cookie in read_jar(file_name))


def check_hosts(options: argparse.Namespace, urls: Iterable[str]) -> None:
    """Make sure that the cookies of the command line are for one host.

    :raises UsageError: if the URLs have several hosts.
    """
    hosts = dict.fromkeys(parse_url(url).host for url in urls)
    if options.cookies and len(hosts) > 1:
        names = " and ".join(itertools.islice(hosts, 2))
        raise UsageError(
            f"--cookie is for one host, but the URLs name {names}; ask them one by one, or use --cookie-jar, which "
            "says which cookie is for which host"
        )


def _cookie(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return parse_cookie_option(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def max_time(options: argparse.Namespace) -> float:
    """Return the seconds for everything together."""
    return float(options.max_time or options.timeout * options.answers)


def seconds_for_each(options: argparse.Namespace) -> Iterator[float]:
    """Yield the seconds that the next question may take: the rest of ``--max-time``, or without it the same for each.

    Once the time is over, nothing more is sent.
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
            raise argparse.ArgumentTypeError(f"{quote(text)} is not a number of seconds above 0 and up to {most}")
        return number

    return seconds
