"""What a finding is, and a kind of finding; the kinds are declared in :mod:`corswsgi.checker.kinds`, one table.

When something is found is decided elsewhere.
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

_MOST_EVIDENCE = 4


@unique
class Severity(IntEnum):
    """How bad a finding is; comparable.

    ``HIGH``: it fails now, or anyone can read or do what only the user may. ``MEDIUM``: that happens in some browsers,
    or to someone with a foot in the door. ``LOW``: it takes another fault as well. ``INFO``: good to know.
    """

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    def __str__(self) -> str:
        return self.name.lower()


@unique
class Concern(StrEnum):
    """Who has to know: something does not work for them, or is not safe."""

    PAGE = "page"  # the page that asks: its request fails, or it gets something else than it expects
    USERS = "users"  # the people who use the server: others can read or do what only they may
    SERVER = "server"  # who runs the server: it says what no browser reads, or more than is needed
    ASKER = "asker"  # who runs the command: it could not look at everything


@dataclass(frozen=True, slots=True)
class Evidence:
    """A request and its response: the first line of each, and the headers that matter to CORS.

    Fit to be shown: without control characters, and cut where a line is long.
    """

    request: tuple[str, ...]
    response: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should know; made by :meth:`Kind.finding`.

    :ivar code: of its kind; stable, so that programs may compare it.
    :ivar severity: of this one, which takes into account what came.
    :ivar sentence: what is so, with the values, and what follows from it: begins in lower case, without a full stop.
    :ivar fix: what to change, in the same form; empty where the report's own fix says it.
    :ivar evidence: the exchanges that show it.
    :ivar place: the file and line, or the application, of a policy; empty if it is about what a server answered.
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
        """Whether it keeps the page from what it asked for."""
        return self.concerns is Concern.PAGE and self.severity is Severity.HIGH


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding, and its page: paragraphs of plain reStructuredText, in which ``literals`` are all there is.

    :ivar code: stable: programs may compare it with :attr:`Finding.code`.
    :ivar severity: the usual one.
    :ivar title: what is so, in a few words.
    :ivar means: what it means for those concerned.
    :ivar arises: how it happens.
    :ivar policy: the fix as a policy of corswsgi; empty if none can help.
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
        :param severity: if it is not the usual one.
        """
        evidence = tuple(map(evidence_of, list(seen)[:_MOST_EVIDENCE]))
        return Finding(
            self.code, self.severity if severity is None else severity, self.concerns, sentence, fix, evidence
        )


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
