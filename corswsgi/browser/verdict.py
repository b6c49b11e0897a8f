"""The result of a fetch, as plain immutable values: Verdict, Reason and its codes, Response, Exchange, Note."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Literal

from corswsgi.browser.departures import Departure

Header = tuple[str, str]
Headers = tuple[Header, ...]

Outcome = Literal["readable", "opaque", "opaqueredirect", "blocked", "unsent"]
ResponseType = Literal["basic", "cors", "opaque", "opaqueredirect"]
Step = Literal["request", "preflight", "redirect", "response"]


@unique
class Code(StrEnum):
    """What decided a verdict. The values are stable: programs may compare them with :attr:`Reason.code`."""

    # nothing is in the way
    SAME_ORIGIN = "same-origin"
    CORS_CHECK_PASSED = "cors-check-passed"
    DATA_URL = "data-url"
    NO_CORS = "no-cors"
    MANUAL_REDIRECT = "manual-redirect"
    NOT_ASKED_TO_SEND = "not-asked-to-send"

    # before anything is sent
    BAD_PORT = "bad-port"
    MIXED_CONTENT = "mixed-content"
    LOCAL_NETWORK_DENIED = "local-network-denied"
    SCHEME_NOT_HTTP = "scheme-not-http"
    MODE_SAME_ORIGIN = "mode-same-origin"
    NO_CORS_REDIRECT_MODE = "no-cors-redirect-mode"
    DATA_URL_INVALID = "data-url-invalid"

    # the network
    NO_ANSWER = "no-answer"
    PASSWORD_PROMPT = "password-prompt"

    # the CORS check
    ALLOW_ORIGIN_MISSING = "allow-origin-missing"
    ALLOW_ORIGIN_MULTIPLE = "allow-origin-multiple"
    ALLOW_ORIGIN_WILDCARD = "allow-origin-wildcard-with-credentials"
    ALLOW_ORIGIN_MISMATCH = "allow-origin-mismatch"
    ALLOW_CREDENTIALS_MISSING = "allow-credentials-missing"
    ALLOW_CREDENTIALS_INVALID = "allow-credentials-invalid"

    # the preflight
    PREFLIGHT_STATUS = "preflight-status"
    PREFLIGHT_REDIRECT = "preflight-redirect"
    ALLOW_METHODS_INVALID = "allow-methods-invalid"
    ALLOW_HEADERS_INVALID = "allow-headers-invalid"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    METHOD_WILDCARD = "allow-methods-wildcard-with-credentials"
    AUTHORIZATION_NOT_LISTED = "authorization-not-listed"
    HEADER_NOT_ALLOWED = "header-not-allowed"
    HEADER_WILDCARD = "allow-headers-wildcard-with-credentials"

    # redirects
    REDIRECT_MODE_ERROR = "redirect-mode-error"
    LOCATION_INVALID = "location-invalid"
    LOCATION_NOT_HTTP = "location-not-http"
    LOCATION_CREDENTIALS = "location-credentials"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    REDIRECT_OF_STREAM = "redirect-of-stream"

    # mode no-cors
    RESOURCE_POLICY = "resource-policy"


@unique
class NoteCode(StrEnum):
    """What is worth knowing besides the verdict. The values are stable."""

    HEADER_DROPPED = "header-dropped"
    PREFLIGHT_CACHED = "preflight-cached"
    LOCAL_NETWORK_ACCESS = "local-network-access"
    BODY_TRUNCATED = "body-truncated"
    BODY_BROKEN = "body-broken"
    EXPOSE_HEADERS_INVALID = "expose-headers-invalid"
    COOKIE_REFUSED = "cookie-refused"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is.

    :ivar code: the kind of reason, a value of :class:`Code`; equal to its string.
    :ivar anchor: the rule in the standard: ``fetch#cors-check`` is https://fetch.spec.whatwg.org/#cors-check.
    :ivar sentence: the reason in words, with the header, its value and the expected value.
    :ivar step: what was checked: the request itself, a preflight, a redirect or the response.
    """

    code: Code
    anchor: str
    sentence: str
    step: Step = "response"

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing that decided nothing."""

    code: NoteCode
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing about a request that needs permission, and so a preflight (fetch#http-fetch).

    :ivar kind: ``"method"``, ``"header"``, ``"body"`` for a stream, or ``"redirect"`` for a preflight that only some
        engines send after a redirect.
    :ivar name: the method, or the name of the header in lower case.
    """

    kind: Literal["method", "header", "body", "redirect"]
    name: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request over HTTP and what came back.

    :ivar request_headers: every line that was sent, in order.
    :ivar request_body: ``None`` if there is none.
    :ivar status: ``None`` if no answer came; :attr:`error` says why.
    :ivar response_headers: every line that came, in order.
    :ivar response_body: with content codings undone, and cut at the browser's limit.
    :ivar why: for a preflight, what needs permission.
    """

    method: str
    url: str
    request_headers: Headers
    request_body: bytes | None
    status: int | None = None
    status_text: str = ""
    response_headers: Headers = ()
    response_body: bytes = b""
    is_preflight: bool = False
    why: tuple[Cause, ...] = ()
    error: str = ""

    def response_lines(self, name: str) -> tuple[str, ...]:
        """Return the values of all lines of a response header."""
        return lines_of(self.response_headers, name)

    def request_lines(self, name: str) -> tuple[str, ...]:
        """Return the values of all lines of a request header."""
        return lines_of(self.request_headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """A response as a script sees it (fetch#response-class).

    :ivar status: 0 for an opaque response or redirect.
    :ivar headers: the readable ones, as iterating over ``response.headers`` shows them: names in lower case, sorted,
        lines of one name joined with ``", "``.
    :ivar body: ``None`` if a script cannot read one.
    :ivar url: without the fragment; empty for an opaque response.
    :ivar redirected: whether a redirect was followed.
    :ivar type: ``"basic"``, ``"cors"``, ``"opaque"`` or ``"opaqueredirect"``.
    :ivar complete: false if the body was cut at the browser's limit or broke off.
    """

    status: int
    status_text: str
    headers: Headers
    body: bytes | None
    url: str
    redirected: bool
    type: ResponseType
    complete: bool = True

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status <= 299

    def get(self, name: str) -> str | None:
        """Return the value of a readable header, or ``None``; the case of ``name`` does not matter."""
        return get(self.headers, name)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a script of the page gets.

    :ivar outcome: ``"readable"``; ``"opaque"`` if the response arrives, but the script cannot read it (mode
        ``no-cors``); ``"opaqueredirect"`` (redirect mode ``manual``); ``"blocked"`` if the script gets a network error;
        ``"unsent"`` if nothing keeps the browser from sending the request, but the caller did not ask for that.
    :ivar reason: what decided.
    :ivar response: what the script sees; ``None`` if the outcome is ``"blocked"`` or ``"unsent"``.
    :ivar hidden: the lines of the response's headers that the script cannot read.
    :ivar exchanges: every HTTP request with its response, in order.
    :ivar notes: what else is worth knowing.
    :ivar departures: where the engine departed from the standard, in the order of :class:`Departure`.
    """

    outcome: Outcome
    reason: Reason
    response: Response | None = None
    hidden: Headers = ()
    exchanges: tuple[Exchange, ...] = ()
    notes: tuple[Note, ...] = ()
    departures: tuple[Departure, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the script can read the response."""
        return self.outcome == "readable"

    @property
    def preflights(self) -> tuple[Exchange, ...]:
        """The exchanges that were preflights."""
        return tuple(exchange for exchange in self.exchanges if exchange.is_preflight)


class NetworkError(Exception):
    """fetch#concept-network-error, with the reason, which browsers hide from scripts."""

    def __init__(self, code: Code, anchor: str, sentence: str, step: Step) -> None:
        super().__init__(sentence)
        self.reason = Reason(code, anchor, sentence, step)


def lines_of(headers: Iterable[Header], name: str) -> tuple[str, ...]:
    """Return the values of all lines of a header."""
    lower = name.lower()
    return tuple(value for each, value in headers if each.lower() == lower)


def get(headers: Iterable[Header], name: str) -> str | None:
    """Return the lines of a header joined with ``", "``, or ``None`` for no line (fetch#concept-header-list-get)."""
    lines = lines_of(headers, name)
    return ", ".join(lines) if lines else None


def sort_and_combine(headers: Iterable[Header]) -> Headers:
    """Return headers as a script iterates over them (fetch#concept-header-list-sort-and-combine)."""
    combined: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        combined[lower] = f"{combined[lower]}, {value}" if lower in combined else value
    return tuple(sorted(combined.items()))


def quote(text: str) -> str:
    """Return ``text`` for use in a sentence: in double quotes, on one line, in ASCII, and cut if it is very long."""
    quoted = json.dumps(text)
    return quoted if len(quoted) <= 200 else f"{quoted[:200]}..."
