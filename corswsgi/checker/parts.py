"""The parts of a report: preflight, response, cookies, errors, caches and proxy, as plain immutable values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from corswsgi.browser import Cause, Exchange
from corswsgi.checker.findings import Finding

Change = Literal["same", "added", "removed", "doubled", "extended", "changed"]
Result = Literal["passed", "failed", "not-needed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement for the answer to a preflight.

    :ivar header: the name of the response header, or ``"status"``.
    :ivar values: its lines in the answer.
    :ivar needed: what is needed, in words; empty if nothing is.
    """

    header: str
    values: tuple[str, ...]
    needed: str
    result: Result
    sentence: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """A preflight, header by header.

    :ivar why: what made it necessary.
    :ivar finding: the cause of a failure, if it is known.
    """

    exchange: Exchange
    why: tuple[Cause, ...]
    rows: tuple[Row, ...]
    finding: Finding | None = None

    @property
    def passed(self) -> bool:
        """Whether every row passed."""
        return self.exchange.status is not None and all(row.result != "failed" for row in self.rows)


@dataclass(frozen=True, slots=True)
class Actual:
    """The response to the request itself.

    :ivar stands_in: whether it answers a GET sent instead of the real request, without ``--send``.
    :ivar readable: whether a script can read it.
    :ivar headers: those that a script can read.
    :ivar hidden: those that a script cannot read.
    """

    exchange: Exchange
    stands_in: bool
    readable: bool
    headers: tuple[tuple[str, str], ...]
    hidden: tuple[tuple[str, str], ...]
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class CookieFate:
    """What one browser does with a cookie.

    :ivar outcome: ``"kept"``, and sent with the page's requests; ``"partitioned"``, the same except pages of this
        site only; ``"refused"``; or ``"deleted"``.
    :ivar rule: the rule that decided, a value of :class:`corswsgi.browser.set_cookie.Rule`; empty for none.
    :ivar anchor: of the rule, in its specification.
    """

    engine: str
    browser: str
    outcome: Literal["kept", "partitioned", "refused", "deleted"]
    rule: str
    anchor: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CookieAnswer:
    """A ``Set-Cookie`` of an answer, without the cookie's value.

    :ivar attributes: as the server wrote them.
    :ivar url: of the answer.
    """

    name: str
    attributes: tuple[str, ...]
    url: str
    fates: tuple[CookieFate, ...]
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class CarriedFate:
    """Whether one browser sends a given cookie.

    :ivar rule: the rule that decided, if the cookie is not sent, or not always; empty otherwise.
    :ivar sentence: why it is not sent, or when it is.
    """

    engine: str
    browser: str
    sent: bool
    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CarriedCookie:
    """A given cookie for the host of the URL, without its value."""

    name: str
    domain: str
    fates: tuple[CarriedFate, ...]


@dataclass(frozen=True, slots=True)
class ErrorPath:
    """The answer to an address that should not exist."""

    url: str
    status: int | None
    readable: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class CacheAnswer:
    """One of the answers to the same URL that a cache might keep.

    :ivar who: who asked, in words.
    :ivar origin: the value of ``Origin``; ``None`` for no such header.
    :ivar kept: the headers that say that a cache answered; none if the server did, or if nothing says so.
    """

    who: str
    origin: str | None
    status: int | None
    allow_origin: str | None
    allow_credentials: str | None
    vary: str | None
    cache_control: str | None
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caching:
    """Whether a cache could hand one site's answer to another.

    :ivar depends_on_origin: whether the answers differ in their CORS headers.
    :ivar missing: who got an answer without ``Vary: Origin`` although it was needed.
    """

    answers: tuple[CacheAnswer, ...]
    depends_on_origin: bool
    missing: tuple[str, ...]
    sentence: str
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class BehindRow:
    """The lines of a header in the answers of a proxy and of the application behind it."""

    header: str
    front: tuple[str, ...]
    behind: tuple[str, ...]
    change: Change


@dataclass(frozen=True, slots=True)
class BehindAnswer:
    """The answers of a proxy and of the application behind it to the same request.

    :ivar what: the request, in words.
    :ivar url: of the request to the application.
    :ivar withheld: the names of the headers that only the proxy got, or got with another value.
    :ivar rows: the headers that decide, and how the proxy changed them.
    """

    what: str
    method: str
    url: str
    front_status: int | None
    behind_status: int | None
    withheld: tuple[str, ...]
    rows: tuple[BehindRow, ...]
    finding: Finding | None = None
