"""What a check comes to, as plain immutable values; what is worked out, and how it is told, stands elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from corswsgi.browser import Cause, Exchange, Note, Reason
from corswsgi.checker.curl import curl_command
from corswsgi.checker.findings import Finding

Outcome = Literal["allowed", "blocked", "allowed-but-unsafe"]
Change = Literal["same", "added", "removed", "doubled", "extended", "changed"]
Result = Literal["passed", "failed", "not-needed"]
Purpose = Literal[
    "main",
    "without-origin",
    "with-origin",
    "stranger",
    "null",
    "stranger-preflight",
    "error-path",
    "resembling",
    "past-cache",
    "no-cache",
    "stranger-past-cache",
    "without-origin-past-cache",
    "behind",
]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was sent, and why.

    :ivar insecure: whether the certificate was not verified.
    :ivar body_file: where the body was read from; empty for a body from the command line.
    """

    purpose: Purpose
    exchange: Exchange
    insecure: bool
    body_file: str

    @property
    def curl(self) -> str:
        """The command that repeats it."""
        return curl_command(self.exchange, insecure=self.insecure, body_file=self.body_file)


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


@dataclass(frozen=True, slots=True)
class Memory:
    """How long an engine remembers the answer to a preflight, in seconds."""

    engine: str
    seconds: int
    sentence: str


@dataclass(frozen=True, slots=True)
class EngineVerdict:
    """What a request comes to in one engine.

    :ivar engine: ``"chromium"``, ``"firefox"`` or ``"webkit"``.
    :ivar browser: the browser of this engine that most people use.
    :ivar reason: the step that decided.
    :ivar departures: what the engine did otherwise than the standard, by the ids of ``docs/browsers.rst``.
    """

    engine: str
    browser: str
    outcome: Outcome
    reason: Reason
    departures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What an engine does otherwise than the standard, where it matters for this request."""

    code: str
    engines: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What to change.

    :ivar steps: what to do, in words, in order.
    :ivar policy: lines of Python, for a server of ours; empty where no policy would help.
    :ivar preflight_lines: the headers of the answer to the preflight, for any other server.
    :ivar response_lines: the headers of every other answer.
    """

    steps: tuple[str, ...]
    policy: tuple[str, ...] = ()
    preflight_lines: tuple[str, ...] = ()
    response_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that a check found.

    :ivar outcome: the verdict; blocked if one of the engines blocks.
    :ivar answered: false where no answer came, so that there is nothing to judge.
    :ivar certain: false where the request was not sent, and the verdict rests on the preflight or on another request.
    :ivar cut_short: why not everything was asked; empty if everything was.
    :ivar headline: the verdict in one line, without the word for the outcome.
    :ivar cause: what is behind it, in one sentence.
    :ivar engines: the verdict of each engine that was asked about. All else is told of the first one that blocks, or
        of the first, if none does.
    :ivar reason: the step that decided.
    :ivar same_origin: whether page and URL are of one origin, so that CORS has no part in it.
    :ivar causes: what makes a preflight necessary; empty where none is.
    :ivar carried: which of the cookies that were given each browser sends.
    :ivar cookies: what becomes of each ``Set-Cookie``, if credentials are included.
    :ivar behind: the answers of a proxy and of the application behind it; empty if only the proxy was asked.
    :ivar memories: how long each engine remembers the preflight; empty where there is none to remember.
    :ivar assumed: what was taken from what was pasted, and what was assumed, because it was not in it.
    """

    url: str
    origin: str
    method: str
    headers: tuple[tuple[str, str], ...]
    credentials: str
    app: str
    outcome: Outcome
    answered: bool
    certain: bool
    cut_short: str
    headline: str
    cause: str
    engines: tuple[EngineVerdict, ...]
    reason: Reason
    same_origin: bool
    causes: tuple[Cause, ...]
    preflights: tuple[Preflight, ...]
    actual: Actual | None
    carried: tuple[CarriedCookie, ...]
    cookies: tuple[CookieAnswer, ...]
    error_path: ErrorPath | None
    caching: Caching | None
    behind: tuple[BehindAnswer, ...]
    memories: tuple[Memory, ...]
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    fix: Fix
    requests: tuple[Sent, ...]
    assumed: tuple[str, ...] = ()
