"""What a check comes to, as plain immutable values; what is worked out, and how it is told, stands elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from corswsgi.browser import Cause, Exchange, Note, Reason
from corswsgi.checker.curl import curl_command
from corswsgi.checker.findings import Finding
from corswsgi.checker.parts import Actual, BehindAnswer, Caching, CarriedCookie, CookieAnswer, ErrorPath, Preflight

Outcome = Literal["allowed", "blocked", "allowed-but-unsafe"]
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
    :ivar options: the name and the value of each option of the policy.
    :ivar form: the server or the framework that answered, or that was named, if it is known what is put into it.
    :ivar form_lines: what is put into it.
    :ivar is_asked: whether it was named.
    """

    steps: tuple[str, ...]
    policy: tuple[str, ...] = ()
    preflight_lines: tuple[str, ...] = ()
    response_lines: tuple[str, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    form: str = ""
    form_lines: tuple[str, ...] = ()
    is_asked: bool = False


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
