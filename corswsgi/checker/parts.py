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
    """One thing that a preflight's answer is asked for.

    :ivar header: the name of the response header, or ``"status"``.
    :ivar values: the lines that came.
    :ivar needed: what was needed, in words; empty where nothing was.
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
    :ivar finding: what is behind a failure, where that can be told.
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

    :ivar stands_in: whether it answers a request that was sent in the place of the real one, without ``--send``.
    :ivar readable: whether a script can read it.
    :ivar headers: those that a script can read.
    :ivar hidden: those that arrived and that a script cannot read.
    """

    exchange: Exchange
    stands_in: bool
    readable: bool
    headers: tuple[tuple[str, str], ...]
    hidden: tuple[tuple[str, str], ...]
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class CookieFate:
    """What becomes of a cookie in one browser.

    :ivar outcome: ``"kept"`` and sent back to the page's requests, ``"partitioned"``: that too, but to pages of this
        site only, ``"refused"``, or ``"deleted"``.
    :ivar rule: the rule that decided, a value of :class:`corswsgi.browser.set_cookie.Rule`; empty for none.
    :ivar anchor: where it stands.
    """

    engine: str
    browser: str
    outcome: Literal["kept", "partitioned", "refused", "deleted"]
    rule: str
    anchor: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CookieAnswer:
    """A ``Set-Cookie`` of an answer, without its value.

    :ivar attributes: as they came.
    :ivar url: of the answer.
    """

    name: str
    attributes: tuple[str, ...]
    url: str
    fates: tuple[CookieFate, ...]
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class CarriedFate:
    """Whether one browser sends a cookie that was given.

    :ivar rule: what decided, if it is not sent, or not always; empty otherwise.
    :ivar sentence: why not, or when.
    """

    engine: str
    browser: str
    sent: bool
    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CarriedCookie:
    """A cookie that was given for the host of the URL, without its value."""

    name: str
    domain: str
    fates: tuple[CarriedFate, ...]


@dataclass(frozen=True, slots=True)
class ErrorPath:
    """What an address is answered that should not exist."""

    url: str
    status: int | None
    readable: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class CacheAnswer:
    """One of the answers to the same URL that a cache might keep.

    :ivar who: who asked, in words.
    :ivar origin: what ``Origin`` said; ``None`` for no such header.
    :ivar kept: the headers by which a cache says that it answered; none if the server did, or it does not tell.
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
    :ivar missing: who was answered without ``Vary: Origin`` where it was needed.
    """

    answers: tuple[CacheAnswer, ...]
    depends_on_origin: bool
    missing: tuple[str, ...]
    sentence: str
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class BehindRow:
    """A header in the answers of a proxy and of the application behind it: the lines of each."""

    header: str
    front: tuple[str, ...]
    behind: tuple[str, ...]
    change: Change


@dataclass(frozen=True, slots=True)
class BehindAnswer:
    """What a proxy, and the application behind it, answered to the same request.

    :ivar what: the request, in words.
    :ivar url: what the application was asked for.
    :ivar withheld: the names of the headers that the application was not told as the proxy was.
    :ivar rows: the headers that decide, with what the proxy made of them.
    """

    what: str
    method: str
    url: str
    front_status: int | None
    behind_status: int | None
    withheld: tuple[str, ...]
    rows: tuple[BehindRow, ...]
    finding: Finding | None = None
