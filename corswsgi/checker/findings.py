"""Finding: one thing that is wrong with how a server answers, its stable code, how bad it is, and what cures it.

What is found, and when, is decided in :mod:`corswsgi.checker.audit`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique

from corswsgi.browser import Exchange

#: Longer values from servers are cut there.
LONGEST_LINE = 200

#: The lines that matter to CORS, in lower case; all that begin with "access-control-" too.
_SHOWN = frozenset({"origin", "cookie", "vary", "allow", "location", "cache-control"})


@unique
class Severity(IntEnum):
    """How bad a finding is; comparable."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    def __str__(self) -> str:
        return self.name.lower()


@unique
class Code(StrEnum):
    """The kinds of finding. The values are stable: programs may compare them with :attr:`Finding.code`."""

    # who may read
    ANY_ORIGIN_CREDENTIALS = "any-origin-with-credentials"
    ANY_ORIGIN_REFLECTED = "any-origin-reflected"
    ANY_ORIGIN = "any-origin"
    ANY_ORIGIN_MAY_SEND = "any-origin-may-send"
    NULL_ORIGIN = "null-origin"
    ORIGIN_SUFFIX = "origin-suffix"
    ORIGIN_PREFIX = "origin-prefix"
    ORIGIN_DOT = "origin-dot"
    ORIGIN_SPECIAL_CHARACTER = "origin-special-character"
    ORIGIN_HTTP = "origin-http"
    ORIGIN_PORT = "origin-port"
    ORIGIN_SUBDOMAIN = "origin-subdomain"
    ORIGIN_CASE = "origin-case"
    ORIGIN_TRAILING = "origin-trailing"
    ORIGIN_EMBEDDED = "origin-embedded"
    ORIGIN_BREAKS_SERVER = "origin-breaks-server"

    # headers that contradict one another, or mean nothing
    WILDCARD_CREDENTIALS = "wildcard-with-credentials"
    ALLOW_ORIGIN_INVALID = "allow-origin-invalid"
    ALLOW_CREDENTIALS_INVALID = "allow-credentials-invalid"
    ALLOW_ORIGIN_TWICE = "allow-origin-several-lines"
    DUPLICATE_HEADER = "duplicate-header"

    # caches
    VARY_MISSING = "vary-missing"
    VARY_MISSING_WITHOUT_CORS = "vary-missing-without-cors"
    VARY_MISSING_NOT_STORED = "vary-missing-not-stored"
    VARY_OVERWRITTEN = "vary-overwritten"
    VARY_NEEDLESS = "vary-needless"

    # preflights
    ANY_METHOD = "any-method"
    METHODS_WIDE = "methods-wider-than-needed"
    METHOD_FORBIDDEN = "forbidden-method-listed"
    METHOD_SUBSTRING = "method-substring"
    ANY_HEADER = "any-header"
    HEADER_FORBIDDEN = "forbidden-header-listed"
    PRIVATE_NETWORK = "private-network"
    MAX_AGE_ABOVE_CAPS = "max-age-above-caps"
    MAX_AGE_INVALID = "max-age-invalid"

    # how far the audit could see
    ORIGIN_NOT_ALLOWED = "origin-not-allowed"
    ERROR_WITHOUT_CORS = "error-without-cors"
    REDIRECT = "redirect"
    MIXED_CONTENT = "mixed-content"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A request and its response: the first line of each, and the headers that matter to CORS.

    Fit to be shown: without control characters, and cut where a line is long.
    """

    request: tuple[str, ...]
    response: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    :ivar code: the kind, a value of :class:`Code`; equal to its string.
    :ivar severity: takes into account whether credentials go along.
    :ivar sentence: what is so, and what follows from it.
    :ivar evidence: the exchanges that show it.
    :ivar fix: what to do.
    """

    code: Code
    severity: Severity
    sentence: str
    evidence: tuple[Evidence, ...]
    fix: str


def evidence_of(exchange: Exchange) -> Evidence:
    """Return what an exchange shows."""
    status = f"HTTP {exchange.status} {exchange.status_text}".rstrip()
    answer = status if exchange.status is not None else f"no answer: {exchange.error}"
    return Evidence(
        tuple(map(shown, [f"{exchange.method} {exchange.url}", *_lines(exchange.request_headers)])),
        tuple(map(shown, [answer, *_lines(exchange.response_headers)])),
    )


def _lines(headers: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"{name}: {value}"
        for name, value in headers
        if name.lower() in _SHOWN or name.lower().startswith("access-control-")
    ]


def shown(text: str, longest: int = LONGEST_LINE) -> str:
    """Return what a server sent as one line that no terminal obeys: in printable ASCII, and cut when long."""
    escaped = "".join(char if " " <= char <= "~" else char.encode("unicode_escape").decode() for char in text)
    return escaped if len(escaped) <= longest else f"{escaped[:longest]}..."
