"""Findings and their kinds, as classes.

The table of kinds is :mod:`corswsgi.checker.kinds`; the rules are in :mod:`corswsgi.checker.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique

from corswsgi.browser import Exchange

#: Longer lines from servers are cut, in characters.
LONGEST_LINE = 200

#: The headers that matter to CORS, in lower case, besides all that begin with "access-control-".
_SHOWN = frozenset({"origin", "cookie", "vary", "allow", "location", "cache-control"})

_MOST_EVIDENCE = 4


@unique
class Severity(IntEnum):
    """How bad a finding is; comparable.

    ``HIGH``: it fails now, or anyone can read or do what only the user may. ``MEDIUM``: it fails in some browsers, or
    an attacker has to control something else first, such as the network. ``LOW``: it does harm only together with
    another fault. ``INFO``: it is good to know.
    """

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    def __str__(self) -> str:
        return self.name.lower()


@unique
class Concern(StrEnum):
    """Who is affected by a finding."""

    PAGE = "page"  # the page: its request fails, or does not do what it should
    USERS = "users"  # the users of the server: others can read or do what only they may
    SERVER = "server"  # the server: it sends something needless, or permits more than necessary
    ASKER = "asker"  # the person who runs the command: it could not check everything


@dataclass(frozen=True, slots=True)
class Evidence:
    """A request and its response: the first line of each, and the headers that matter to CORS.

    Safe to print: without control characters, and with long lines cut.
    """

    request: tuple[str, ...]
    response: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should know; made by :meth:`Kind.finding`.

    :ivar code: the code of its kind; stable, so that programs may compare it.
    :ivar severity: the severity in this case, which may differ from the usual one of the kind.
    :ivar sentence: what is wrong, with the values, and what follows from it; begins in lower case, without a full stop.
    :ivar fix: what to change, in the same form; empty if the fix of the whole report says it.
    :ivar evidence: the exchanges that show it.
    :ivar place: the file and line, or the application, of a policy; empty if the finding is about a response.
    """

    code: str
    severity: Severity
    concerns: Concern
    sentence: str
    fix: str = ""
    evidence: tuple[Evidence, ...] = ()
    place: str = ""

    @property
    def is_unsafe(self) -> bool:
        """Whether others can read or do what only the user may."""
        return self.concerns is Concern.USERS and self.severity > Severity.INFO

    @property
    def is_failure(self) -> bool:
        """Whether it makes the request of the page fail."""
        return self.concerns is Concern.PAGE and self.severity is Severity.HIGH


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding, and its page: paragraphs of reStructuredText whose only markup is ``literals``.

    :ivar code: stable: programs may compare it with :attr:`Finding.code`.
    :ivar severity: the usual severity.
    :ivar title: what is wrong, in a few words.
    :ivar means: what it means for those affected.
    :ivar arises: the possible causes.
    :ivar policy: the fix in a policy of corswsgi; empty if no policy helps.
    :ivar elsewhere: the fix on any other server, or in the page.
    """

    code: str
    severity: Severity
    concerns: Concern
    title: str
    means: str
    arises: str
    policy: str
    elsewhere: str

    def finding(
        self, sentence: str, fix: str = "", *, seen: Iterable[Exchange] = (), severity: Severity | None = None
    ) -> Finding:
        """Return a finding of this kind.

        :param seen: the exchanges that show it; the first few become its evidence.
        :param severity: the severity in this case; by default the usual one.
        """
        evidence = tuple(map(evidence_of, list(seen)[:_MOST_EVIDENCE]))
        return Finding(
            self.code, self.severity if severity is None else severity, self.concerns, sentence, fix, evidence
        )


def evidence_of(exchange: Exchange) -> Evidence:
    """Return the lines of an exchange that matter to CORS."""
    status = f"HTTP {exchange.status} {exchange.status_text}".rstrip()
    answer = status if exchange.status is not None else f"no response: {exchange.error}"
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
    """Return text from a server as one line that is safe for terminals: in printable ASCII, and cut if it is long."""
    escaped = "".join(char if " " <= char <= "~" else char.encode("unicode_escape").decode() for char in text)
    return escaped if len(escaped) <= longest else f"{escaped[:longest]}..."
