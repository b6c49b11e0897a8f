"""What is wrong with Access-Control-Allow-Origin, and with headers that come twice."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi.browser import Exchange
from corswsgi.browser.urls import parse_origin
from corswsgi.checker.findings import Finding, Severity
from corswsgi.checker.granting import ALLOW_CREDENTIALS, ALLOW_ORIGIN, MAX_AGE
from corswsgi.checker.kinds import allow_origin as kinds
from corswsgi.checker.observations import Observations
from corswsgi.checker.rules.allow_origin_values import ONE_PART, explain_allow_origin
from corswsgi.checker.rules.credentials import diagnose_credentials, diagnose_wildcard
from corswsgi.checker.server_words import in_words
from corswsgi.errors import quote


def diagnose_allow_origin(exchange: Exchange, origin: str, with_credentials: bool) -> Finding | None:
    """Return what is wrong with Access-Control-Allow-Origin and -Credentials beyond the first one not being there."""
    lines = exchange.response_lines(ALLOW_ORIGIN)
    if len(lines) > 1:
        sentence = (
            f"{ALLOW_ORIGIN} came {len(lines)} times ({quote(', '.join(lines))}): two parts of the server, such as the "
            "application and a proxy, both add it, and browsers accept exactly one"
        )
        return kinds.ALLOW_ORIGIN_TWICE.finding(sentence, in_words(exchange, ONE_PART, "twice"), seen=[exchange])
    if not lines:
        return None
    if lines[0] not in (origin, "*"):
        told = explain_allow_origin(lines[0], origin, exchange)
        sentence = f"{ALLOW_ORIGIN} is {quote(lines[0])}, and the page is of {quote(origin)}: {told.why}"
        return told.kind.finding(sentence, told.fix, seen=[exchange], severity=Severity.HIGH)
    credentials = exchange.response_lines(ALLOW_CREDENTIALS)
    if lines[0] == "*":
        return diagnose_wildcard(exchange, credentials, with_credentials)
    return diagnose_credentials(exchange, credentials) if with_credentials else None


def diagnose_missing(exchange: Exchange, origin: str, what: str) -> Finding | None:
    """Return that Access-Control-Allow-Origin is not there.

    :param what: the page may not do.
    """
    if exchange.response_lines(ALLOW_ORIGIN):
        return None
    sentence = (
        f"the server does not say that pages of {origin} may {what}: there is no {ALLOW_ORIGIN} header, and browsers "
        "take that for a no"
    )
    return kinds.ALLOW_ORIGIN_MISSING.finding(sentence, seen=[exchange])


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
            fix = in_words(exchange, ONE_PART, "twice")
            yield kinds.ALLOW_ORIGIN_TWICE.finding(sentence, fix, seen=[exchange], severity=Severity.LOW)
            return


def allow_origin_invalid(seen: Observations) -> Iterator[Finding]:
    """Yield that Access-Control-Allow-Origin allows nobody; an empty one is right for all but the one that is meant."""
    own = (seen.own.omit.exchange, seen.own.include.exchange)
    for exchange in seen.plain_answers:
        lines = exchange.response_lines(ALLOW_ORIGIN)
        if len(lines) == 1 and not _can_match(lines[0]) and (lines[0] or exchange in own):
            told = explain_allow_origin(lines[0], seen.origin, exchange)
            sentence = f"{ALLOW_ORIGIN} is {quote(lines[0])}, which no browser takes for a page's origin: {told.why}"
            yield kinds.ALLOW_ORIGIN_INVALID.finding(sentence, told.fix, seen=[exchange])
            return


def _can_match(value: str) -> bool:
    if value == "*":
        return True
    try:
        # What holds a star is a host to a parser of URLs, and no page's.
        return bool(parse_origin(value)) and "*" not in value
    except ValueError:
        return False


def other_duplicates(seen: Observations) -> Iterator[Finding]:
    """Yield that another header that takes one value comes more than once."""
    for name in _SINGLE_VALUED:
        for exchange in (*seen.plain_answers, *seen.preflights):
            if len(lines := exchange.response_lines(name)) > 1:
                sentence = f"{name} comes in {len(lines)} lines, and counts as if it were not there"
                fix = in_words(exchange, ONE_PART, "twice").replace(ALLOW_ORIGIN, name)
                yield kinds.DUPLICATE_HEADER.finding(sentence, fix, seen=[exchange])
                break
