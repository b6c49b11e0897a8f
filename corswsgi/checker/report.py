"""The report of a check: plain immutable values, which :mod:`corswsgi.checker.check` puts together."""

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

    :ivar insecure: whether the certificate was left unverified.
    :ivar body_file: the file with the body; empty for a body from the command line.
    """

    purpose: Purpose
    exchange: Exchange
    insecure: bool
    body_file: str

    @property
    def curl(self) -> str:
        """The command that repeats the request."""
        return curl_command(self.exchange, insecure=self.insecure, body_file=self.body_file)


@dataclass(frozen=True, slots=True)
class Memory:
    """How long an engine remembers the response to a preflight, in seconds."""

    engine: str
    seconds: int
    sentence: str


@dataclass(frozen=True, slots=True)
class EngineVerdict:
    """The verdict of one engine about a request.

    :ivar engine: ``"chromium"``, ``"firefox"`` or ``"webkit"``.
    :ivar browser: the browser of this engine that most people use.
    :ivar reason: the step that decided.
    :ivar departures: where the engine departed from the standard, as ids of ``docs/browsers.rst``.
    """

    engine: str
    browser: str
    outcome: Outcome
    reason: Reason
    departures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A departure of engines from the standard that matters for this request."""

    code: str
    engines: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What to change.

    :ivar steps: what to do, in words, in order.
    :ivar policy: a policy as lines of Python; empty if no policy helps.
    :ivar preflight_lines: the headers of the response to the preflight, for any other server.
    :ivar response_lines: the headers of every other response.
    :ivar options: the name and the value of each option of the policy.
    :ivar form: the server or framework that responded, or that ``--fix`` names; empty if it is unknown.
    :ivar form_lines: the lines to put into its configuration or code.
    :ivar is_asked: whether ``--fix`` names it.
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
    :ivar answered: false if there was no response, and so nothing to judge.
    :ivar certain: false if the request was not sent, and the verdict is based on the preflight or on another request.
    :ivar cut_short: why some requests were not sent; empty if all were.
    :ivar headline: the verdict in one line, without the word for the outcome.
    :ivar cause: why it is blocked, in one sentence.
    :ivar engines: the verdict of each engine. Everything else in the report is about the first one that blocks, or the
        first, if none does.
    :ivar reason: the step that decided.
    :ivar same_origin: whether the page and the URL have one origin, so that CORS does not apply.
    :ivar causes: why the browser sends a preflight; empty if it sends none.
    :ivar carried: which of the given cookies each browser sends.
    :ivar cookies: what each browser does with each ``Set-Cookie``, if credentials are included.
    :ivar behind: the responses of a proxy and of the application behind it; empty without ``--behind``.
    :ivar memories: how long each engine remembers the preflight; empty if none passed.
    :ivar assumed: what was read from the pasted text, and what was assumed because the text does not say it.
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
