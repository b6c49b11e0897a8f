"""What is wrong with a value of Access-Control-Allow-Origin or -Credentials, and why it came about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from corswsgi.browser import Exchange
from corswsgi.browser.urls import parse_origin
from corswsgi.checker.findings import Finding, Kind, Severity
from corswsgi.checker.granting import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
    MAX_AGE,
    joined,
)
from corswsgi.checker.kinds import allow_origin as kinds
from corswsgi.checker.kinds.credentials import ALLOW_CREDENTIALS_CASE, ALLOW_CREDENTIALS_MISSING, WILDCARD_CREDENTIALS
from corswsgi.checker.observations import Observations
from corswsgi.errors import quote


class _OriginCase(NamedTuple):
    """A wrong value of Access-Control-Allow-Origin: when it is that, what it is called, and what to say."""

    holds: Callable[[str, str], bool]
    kind: Kind
    sentence: str
    fix: str


def _differ_in_scheme(value: str, origin: str) -> bool:
    hosts = re.fullmatch("https?://([^/]+)", value), re.fullmatch("https?://([^/]+)", origin)
    return hosts[0] is not None and hosts[1] is not None and hosts[0][1] == hosts[1][1]


def _differ_in_port(value: str, origin: str) -> bool:
    return re.sub(":[0-9]+$", "", value) == re.sub(":[0-9]+$", "", origin)


_ORIGIN_CASES = (
    _OriginCase(
        lambda value, origin: "$" in value or "%{" in value or "{{" in value,
        kinds.ALLOW_ORIGIN_VARIABLE,
        "it is the name of a variable that the server's configuration does not replace",
        "put a real origin there",
    ),
    _OriginCase(
        lambda value, origin: value.strip("\"'") != value,
        kinds.ALLOW_ORIGIN_QUOTED,
        "it is in quotation marks, which browsers take for a part of it",
        "take the quotation marks away",
    ),
    _OriginCase(
        lambda value, origin: "," in value or " " in value,
        kinds.ALLOW_ORIGIN_LIST,
        "it is a list, and browsers know one origin only",
        "answer with the one origin that asks, if it is on the list, and with Vary: Origin",
    ),
    _OriginCase(
        lambda value, origin: "*" in value,
        kinds.ALLOW_ORIGIN_PATTERN,
        "browsers know no patterns, only one origin or a lone *",
        "match the pattern on the server, and answer with the origin that asks and with Vary: Origin",
    ),
    _OriginCase(
        lambda value, origin: value.lower() == origin.lower(),
        kinds.ALLOW_ORIGIN_CASE,
        "it differs in upper and lower case, and browsers compare every character",
        "write it as browsers do",
    ),
    _OriginCase(
        lambda value, origin: value.lower().startswith(f"{origin.lower()}/"),
        kinds.ALLOW_ORIGIN_SLASH,
        "an origin ends after the host and the port: no slash and no path",
        "take away what follows the host and the port",
    ),
    _OriginCase(
        _differ_in_scheme,
        kinds.ALLOW_ORIGIN_SCHEME,
        "it is the same host with another scheme, and http: and https: are different origins",
        "allow the origin that asks",
    ),
    _OriginCase(
        _differ_in_port,
        kinds.ALLOW_ORIGIN_PORT,
        "it is the same host with another port, and each port is an origin of its own",
        "allow the origin that asks",
    ),
)


def diagnose_allow_origin(exchange: Exchange, origin: str, with_credentials: bool) -> Finding | None:
    """Return what is wrong with Access-Control-Allow-Origin and -Credentials beyond their not being there."""
    lines = exchange.response_lines(ALLOW_ORIGIN)
    if len(lines) > 1:
        sentence = (
            f"{ALLOW_ORIGIN} came {len(lines)} times ({quote(', '.join(lines))}): two parts of the server, such as the "
            "application and a proxy, both add it, and browsers accept exactly one"
        )
        return kinds.ALLOW_ORIGIN_TWICE.finding(sentence, "let only one part of the server add CORS headers")
    if not lines:
        return None
    if lines[0] not in (origin, "*"):
        return _diagnose_wrong_origin(lines[0], origin)
    credentials = joined(exchange, ALLOW_CREDENTIALS) or ""
    if with_credentials and lines[0] == origin and credentials != "true" == credentials.lower():
        sentence = f"{ALLOW_CREDENTIALS} is {quote(credentials)}, and browsers know only true in lower case"
        return ALLOW_CREDENTIALS_CASE.finding(sentence, 'send the four letters "true"')
    if lines[0] == "*" and credentials == "true":
        sentence = f"{ALLOW_ORIGIN} is * beside {ALLOW_CREDENTIALS}: true, and with credentials * does not count"
        fix = "name the origin that asks instead of *, or leave the credentials out"
        severity = Severity.HIGH if with_credentials else Severity.LOW
        return WILDCARD_CREDENTIALS.finding(sentence, fix, severity=severity, seen=[exchange])
    return None


def diagnose_missing(exchange: Exchange, origin: str, with_credentials: bool) -> Finding | None:
    """Return which of the two headers is missing that say who may read."""
    allowed = joined(exchange, ALLOW_ORIGIN)
    if allowed is None:
        sentence = (
            f"the server does not say that pages of {origin} may read its answers: there is no {ALLOW_ORIGIN} header, "
            "and browsers take that for a no"
        )
        return kinds.ALLOW_ORIGIN_MISSING.finding(sentence, seen=[exchange])
    if with_credentials and joined(exchange, ALLOW_CREDENTIALS) is None:
        sentence = (
            f"{ALLOW_ORIGIN} is {quote(allowed)}, but there is no {ALLOW_CREDENTIALS}: true, and the request carries "
            "credentials"
        )
        return ALLOW_CREDENTIALS_MISSING.finding(sentence, seen=[exchange])
    return None


def _diagnose_wrong_origin(value: str, origin: str) -> Finding:
    came = f"{ALLOW_ORIGIN} is {quote(value)}, and the page is of {quote(origin)}"
    for case in _ORIGIN_CASES:
        if case.holds(value, origin):
            return case.kind.finding(f"{came}: {case.sentence}", case.fix)
    sentence = f"{came}: the server allows another origin, or always answers with the same one"
    return kinds.ALLOW_ORIGIN_OTHER.finding(sentence, "allow the origin that asks")


_SINGLE_VALUED = (ALLOW_CREDENTIALS, MAX_AGE)


def allow_origin_lines(seen: Observations) -> Iterator[Finding]:
    """Yield that Access-Control-Allow-Origin comes more than once."""
    for exchange in (*seen.plain_answers, *seen.preflights):
        lines = exchange.response_lines(ALLOW_ORIGIN)
        if len(lines) > 1:
            sentence = (
                f"{ALLOW_ORIGIN} comes in {len(lines)} lines, which browsers join to {quote(', '.join(lines))}: "
                "that is no origin, and no page can read the answer"
            )
            fix = "let one part of the server set it: the application or what stands before it, not both"
            yield kinds.ALLOW_ORIGIN_TWICE.finding(sentence, fix, seen=[exchange], severity=Severity.LOW)
            return


def allow_origin_invalid(seen: Observations) -> Iterator[Finding]:
    """Yield that Access-Control-Allow-Origin allows nobody."""
    for exchange in seen.plain_answers:
        lines = exchange.response_lines(ALLOW_ORIGIN)
        if len(lines) == 1 and not _can_match(lines[0]):
            sentence = f"{ALLOW_ORIGIN} is {quote(lines[0])}, which no browser ever takes for a page's origin"
            fix = f'send one origin, as browsers write it, such as "{seen.origin}", or "*"'
            yield kinds.ALLOW_ORIGIN_INVALID.finding(sentence, fix, seen=[exchange])
            return


def _can_match(value: str) -> bool:
    if value == "*":
        return True
    try:
        parse_origin(value)
    except ValueError:
        return False
    return True


def other_duplicates(seen: Observations) -> Iterator[Finding]:
    """Yield that another header that takes one value comes more than once."""
    for name in _SINGLE_VALUED:
        for exchange in (*seen.plain_answers, *seen.preflights):
            if len(lines := exchange.response_lines(name)) > 1:
                sentence = f"{name} comes in {len(lines)} lines, and counts as if it were not there"
                fix = "let one part of the server set it: the application or what stands before it, not both"
                yield kinds.DUPLICATE_HEADER.finding(sentence, fix, seen=[exchange])
                break
