"""What is wrong with Access-Control-Allow-Credentials."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi.checker.findings import Finding
from corswsgi.checker.fix import policy_in_a_line
from corswsgi.checker.granting import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
)
from corswsgi.checker.kinds import credentials as kinds
from corswsgi.checker.observations import Observations
from corswsgi.errors import quote


def wildcard_with_credentials(seen: Observations) -> Iterator[Finding]:
    """Yield that * comes beside credentials."""
    for exchange in seen.plain_answers:
        if exchange.response_lines(ALLOW_ORIGIN) == ("*",) and "true" in exchange.response_lines(ALLOW_CREDENTIALS):
            sentence = (
                f'{ALLOW_ORIGIN} is "*" and {ALLOW_CREDENTIALS} "true": no browser lets a page read with credentials '
                "then, so the second header does nothing, or what was meant does not work"
            )
            fix = f"leave {ALLOW_CREDENTIALS} out if all may read; if not: {policy_in_a_line(seen.origin, True)}"
            yield kinds.WILDCARD_CREDENTIALS.finding(sentence, fix, seen=[exchange])
            return


def allow_credentials_invalid(seen: Observations) -> Iterator[Finding]:
    """Yield that Access-Control-Allow-Credentials says something that no browser reads."""
    for exchange in seen.plain_answers:
        lines = exchange.response_lines(ALLOW_CREDENTIALS)
        if len(lines) == 1 and lines[0] != "true":
            sentence = f'{ALLOW_CREDENTIALS} is {quote(lines[0])}; only "true" means anything'
            fix = 'send "true", or nothing'
            yield kinds.ALLOW_CREDENTIALS_INVALID.finding(sentence, fix, seen=[exchange])
            return
