"""Response headers whose names resemble those of CORS, and that browsers ignore."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator

from corswsgi.browser import Exchange
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, Severity, shown
from corswsgi.checker.granting import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
)
from corswsgi.checker.kinds.names import MISSPELLED_HEADER
from corswsgi.checker.observations import Observations
from corswsgi.errors import nearest

_NAMES = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, ALLOW_METHODS, ALLOW_HEADERS, EXPOSE_HEADERS, MAX_AGE)
_KNOWN = {name.lower(): name for name in _NAMES}

#: Request headers that servers send by mistake, and the response headers that are meant.
_OF_REQUESTS = {
    "access-control-request-method": ALLOW_METHODS,
    "access-control-request-methods": ALLOW_METHODS,
    "access-control-request-headers": ALLOW_HEADERS,
    "access-control-request-header": ALLOW_HEADERS,
}

#: Real headers with similar names.
_OTHERS = frozenset(
    "access-control-allow-private-network access-control-allow-local-network access-control-allow-external "
    "timing-allow-origin allow origin".split()
)

#: Names without "Access-Control-" are recognised too.
_SHORT = re.compile(r"(allow|allowed|expose|exposed)-(origin|header|method|credential)s?\Z")

_CUTOFF = 0.85


def misspelled(exchange: Exchange) -> dict[str, str]:
    """Return the misspelled names, each with the name that is meant."""
    wrong = {}
    for name, _ in exchange.response_headers:
        lower = name.lower().replace("_", "-").removeprefix("x-")
        if name.lower() in _KNOWN or lower in _OTHERS:
            continue
        if lower in _OF_REQUESTS:
            wrong[name] = _OF_REQUESTS[lower]
        elif re.match(r"ac+es+-?control", lower) or _SHORT.match(lower) or lower in _KNOWN:
            full = lower if lower.startswith("ac") else f"access-control-{lower}"
            if meant := nearest(full, _KNOWN, _CUTOFF):
                wrong[name] = _KNOWN[meant]
    return wrong


def diagnose_names(exchange: Exchange, lacking: Container[str]) -> Finding | None:
    """Return that a header that the page needs is misspelled.

    :param lacking: the names of the headers that are missing.
    """
    found = (_finding(exchange, *each, Severity.HIGH) for each in misspelled(exchange).items() if each[1] in lacking)
    return next(found, None)


def on_names(evidence: Evidence, found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the misspelled headers that the page does not need.

    :param found: the findings so far.
    """
    yield from _others(evidence.main, {finding.sentence for finding in found})


def misspelled_names(seen: Observations) -> Iterator[Finding]:
    """Yield the misspelled headers of all responses."""
    yield from _others([*seen.plain_answers, *seen.preflights], set())


def _others(exchanges: Iterable[Exchange], told: set[str]) -> Iterator[Finding]:
    for exchange in exchanges:
        for name, meant in misspelled(exchange).items():
            finding = _finding(exchange, name, meant, Severity.LOW)
            if finding.sentence not in told:
                told.add(finding.sentence)
                yield finding


def _finding(exchange: Exchange, name: str, meant: str, severity: Severity) -> Finding:
    known = "which is a request header" if name.lower() in _OF_REQUESTS else "which browsers ignore"
    sentence = f"the server sends {shown(name)}, {known}; the right name is {meant}"
    fix = f"send {meant} instead of {shown(name)}"
    return MISSPELLED_HEADER.finding(sentence, fix, seen=[exchange], severity=severity)
