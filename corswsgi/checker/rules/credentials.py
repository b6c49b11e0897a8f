"""What is wrong with Access-Control-Allow-Credentials."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi.browser import Exchange
from corswsgi.checker.findings import Finding, Severity
from corswsgi.checker.fix import policy_in_a_line
from corswsgi.checker.granting import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
)
from corswsgi.checker.kinds import credentials as kinds
from corswsgi.checker.kinds.allow_origin import DUPLICATE_HEADER
from corswsgi.checker.observations import Observations
from corswsgi.checker.rules.allow_origin_values import ONE_PART, QUOTES
from corswsgi.checker.server_words import in_words
from corswsgi.errors import quote


def diagnose_wildcard(exchange: Exchange, credentials: tuple[str, ...], with_credentials: bool) -> Finding | None:
    """Return why ``*`` fails for a request with credentials, or that ``true`` with it does nothing."""
    fix = "send the origin of the request instead of *, or remove the credentials"
    if "true" in credentials:
        sentence = (
            f"{ALLOW_ORIGIN} is * together with {ALLOW_CREDENTIALS}: true, but * does not allow requests with "
            "credentials"
        )
        severity = Severity.HIGH if with_credentials else Severity.LOW
        return kinds.WILDCARD_CREDENTIALS.finding(sentence, fix, severity=severity, seen=[exchange])
    if with_credentials:
        sentence = f"{ALLOW_ORIGIN} is *, which does not allow requests with credentials"
        return kinds.WILDCARD_CREDENTIALS.finding(
            sentence, f"{fix} from the request", severity=Severity.HIGH, seen=[exchange]
        )
    return None


def diagnose_credentials(exchange: Exchange, lines: tuple[str, ...]) -> Finding | None:
    """Return why a request with credentials fails although its origin is allowed."""
    if lines == ("true",):
        return None
    came = f"{ALLOW_CREDENTIALS} is {quote(', '.join(lines))}"
    fix = f"send {ALLOW_CREDENTIALS}: true"
    if not lines:
        sentence = f"the request carries credentials, but there is no {ALLOW_CREDENTIALS}: true"
        return kinds.ALLOW_CREDENTIALS_MISSING.finding(sentence, seen=[exchange])
    if len(lines) > 1:
        sentence = f"{ALLOW_CREDENTIALS} is sent {len(lines)} times, which browsers join to {quote(', '.join(lines))}"
        twice = in_words(exchange, ONE_PART, "twice").replace(ALLOW_ORIGIN, ALLOW_CREDENTIALS)
        return DUPLICATE_HEADER.finding(sentence, twice, seen=[exchange], severity=Severity.HIGH)
    if lines[0].lower() == "true":
        sentence = f"{came}, and browsers accept only true in lower case"
        return kinds.ALLOW_CREDENTIALS_CASE.finding(sentence, fix, seen=[exchange])
    if lines[0].strip(QUOTES) != lines[0]:
        fix += " without quotation marks"
    sentence = f"{came}, and browsers accept only true"
    return kinds.ALLOW_CREDENTIALS_INVALID.finding(sentence, fix, seen=[exchange], severity=Severity.HIGH)


def wildcard_with_credentials(seen: Observations) -> Iterator[Finding]:
    """Yield that * is sent together with credentials."""
    for exchange in seen.plain_answers:
        if exchange.response_lines(ALLOW_ORIGIN) == ("*",) and "true" in exchange.response_lines(ALLOW_CREDENTIALS):
            sentence = (
                f"{ALLOW_ORIGIN} is * together with {ALLOW_CREDENTIALS}: true, but * does not allow requests with "
                "credentials: either the second header is needless, or requests with cookies fail"
            )
            fix = f"remove {ALLOW_CREDENTIALS} if everyone may read; if not: {policy_in_a_line(seen.origin, True)}"
            yield kinds.WILDCARD_CREDENTIALS.finding(sentence, fix, seen=[exchange])
            return


def allow_credentials_invalid(seen: Observations) -> Iterator[Finding]:
    """Yield that Access-Control-Allow-Credentials has a value that browsers ignore."""
    for exchange in seen.plain_answers:
        lines = exchange.response_lines(ALLOW_CREDENTIALS)
        if len(lines) == 1 and lines[0] != "true":
            sentence = f"{ALLOW_CREDENTIALS} is {quote(lines[0])}, and browsers accept only true"
            fix = f"send {ALLOW_CREDENTIALS}: true, or do not send it"
            yield kinds.ALLOW_CREDENTIALS_INVALID.finding(sentence, fix, seen=[exchange])
            return
