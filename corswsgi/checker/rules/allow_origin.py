"""What is wrong with Access-Control-Allow-Origin, and with headers that are sent twice."""

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
    """Return what is wrong with Access-Control-Allow-Origin and -Credentials, except that the first is missing."""
    lines = exchange.response_lines(ALLOW_ORIGIN)
    if len(lines) > 1:
        sentence = (
            f"{ALLOW_ORIGIN} is sent {len(lines)} times ({quote(', '.join(lines))}): two parts of the server, such as "
            "the application and a proxy, both add it, and browsers accept exactly one"
        )
        return kinds.ALLOW_ORIGIN_TWICE.finding(sentence, in_words(exchange, ONE_PART, "twice"), seen=[exchange])
    if not lines:
        return None
    if lines[0] not in (origin, "*"):
        told = explain_allow_origin(lines[0], origin, exchange)
        sentence = f"{ALLOW_ORIGIN} is {quote(lines[0])}, and the origin of the page is {quote(origin)}: {told.why}"
        return told.kind.finding(sentence, told.fix, seen=[exchange], severity=Severity.HIGH)
    credentials = exchange.response_lines(ALLOW_CREDENTIALS)
    if lines[0] == "*":
        return diagnose_wildcard(exchange, credentials, with_credentials)
    return diagnose_credentials(exchange, credentials) if with_credentials else None


def diagnose_missing(exchange: Exchange, origin: str, what: str) -> Finding | None:
    """Return that Access-Control-Allow-Origin is missing.

    :param what: what the page may not do, in words.
    """
    if exchange.response_lines(ALLOW_ORIGIN):
        return None
    sentence = f"the server does not allow pages of {origin} to {what}: there is no {ALLOW_ORIGIN} header"
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
    """Yield that Access-Control-Allow-Origin is not an origin; to other origins it may be empty."""
    own = (seen.own.omit.exchange, seen.own.include.exchange)
    for exchange in seen.plain_answers:
        lines = exchange.response_lines(ALLOW_ORIGIN)
        if len(lines) == 1 and not _can_match(lines[0]) and (lines[0] or exchange in own):
            told = explain_allow_origin(lines[0], seen.origin, exchange)
            sentence = f"{ALLOW_ORIGIN} is {quote(lines[0])}, which is not the origin of any page: {told.why}"
            yield kinds.ALLOW_ORIGIN_INVALID.finding(sentence, told.fix, seen=[exchange])
            return


def _can_match(value: str) -> bool:
    if value == "*":
        return True
    try:
        # A parser of URLs accepts a host with a star, but no page has one.
        return bool(parse_origin(value)) and "*" not in value
    except ValueError:
        return False


def other_duplicates(seen: Observations) -> Iterator[Finding]:
    """Yield that another header that takes one value is sent more than once."""
    for name in _SINGLE_VALUED:
        for exchange in (*seen.plain_answers, *seen.preflights):
            if len(lines := exchange.response_lines(name)) > 1:
                sentence = f"{name} is sent {len(lines)} times, so browsers ignore it"
                fix = in_words(exchange, ONE_PART, "twice").replace(ALLOW_ORIGIN, name)
                yield kinds.DUPLICATE_HEADER.finding(sentence, fix, seen=[exchange])
                break
