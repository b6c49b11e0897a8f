"""What Chromium, Firefox and WebKit do otherwise than the Fetch Standard, as a table, and when it matters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from corswsgi import fetch
from corswsgi.browser import MAX_AGE_CAPS, Code, Exchange, Verdict
from corswsgi.browser.urls import parse_url
from corswsgi.checker.granting import ALLOW_HEADERS, ALLOW_METHODS, MAX_AGE, joined
from corswsgi.checker.report import Difference, Memory

_ALL = ("Chromium", "Firefox", "WebKit")

#: Without Access-Control-Max-Age, or where it is no number.
_DEFAULT_SECONDS = 5

_CLIENT_HINTS = frozenset("device-memory downlink dpr ect rtt save-data viewport-width width".split())


@dataclass(frozen=True, slots=True)
class Case:
    """What happened, as far as engines may differ about it.

    :ivar headers: what the script set.
    :ivar unsafe_names: the names among them that need permission, in lower case.
    """

    verdict: Verdict
    origin: str
    headers: tuple[tuple[str, str], ...]
    unsafe_names: tuple[str, ...]
    with_credentials: bool

    @property
    def preflight(self) -> Exchange | None:
        """The first preflight that was answered."""
        return next((each for each in self.verdict.preflights if each.status is not None), None)

    def is_cross_origin(self, exchange: Exchange) -> bool:
        """Tell whether an exchange was with another origin than the page's."""
        return parse_url(exchange.url).origin.serialized != self.origin

    def values(self, name: str) -> list[str]:
        """The values of a header that the script set."""
        return [value for each, value in self.headers if each.lower() == name]

    def lists_any(self, *names: str) -> bool:
        """Tell whether one of these lists in the preflight's answer holds ``*``."""
        lists = (joined(self.preflight, name) or "" for name in names) if self.preflight else ()
        return any("*" in fetch.split_list(each) for each in lists)


def _twice(case: Case) -> bool:
    unsafe = [name.lower() for name, value in case.headers if not fetch.is_cors_safelisted_request_header(name, value)]
    return len(unsafe) > len(set(unsafe))


def _safe_line_by_line_only(case: Case) -> bool:
    """Tell whether joining the lines of a safelisted name makes a value that needs permission."""
    return any(
        len(case.values(name)) > 1
        and name not in case.unsafe_names
        and not fetch.is_cors_safelisted_request_header(name, ", ".join(case.values(name)))
        for name in ("accept", "accept-language", "content-language", "content-type", "range")
    )


def _is_redirected_after_preflight(case: Case) -> bool:
    """Tell whether a redirect after a preflight led on to another origin than the page's."""
    exchanges = case.verdict.exchanges
    asked = next((at for at, each in enumerate(exchanges) if not each.is_preflight), len(exchanges))
    return bool(case.verdict.preflights) and any(map(case.is_cross_origin, exchanges[asked + 1 :]))


def _asks_with_null(case: Case) -> bool:
    """Tell whether a preflight carries ``null`` because of a redirect."""
    return case.origin != "null" and any(each.request_lines("Origin") == ("null",) for each in case.verdict.preflights)


def _wants_a_password(case: Case) -> bool:
    last = case.verdict.exchanges[-1] if case.verdict.exchanges else None
    return (
        last is not None
        and last.status == 401
        and case.with_credentials
        and case.is_cross_origin(last)
        and any(line.lower().startswith("basic") for line in last.response_lines("WWW-Authenticate"))
    )


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    engines: tuple[str, ...]
    matters: Callable[[Case], bool]
    sentence: str


_TABLE = (
    _Row(
        "wildcard-covers-authorization",
        _ALL,
        lambda case: (
            case.verdict.reason.code == Code.AUTHORIZATION_NOT_LISTED
            and case.lists_any(ALLOW_HEADERS)
            and not case.with_credentials
        ),
        "take * in Access-Control-Allow-Headers for Authorization too and would let this request through today; the "
        "standard wants it listed by name, and they may follow it any day",
    ),
    _Row(
        "client-hints",
        ("Chromium",),
        lambda case: not _CLIENT_HINTS.isdisjoint(case.unsafe_names),
        "sends client hints (DPR, Save-Data, Viewport-Width and others) with sensible values without asking first",
    ),
    _Row(
        "user-agent",
        ("Chromium",),
        lambda case: "user-agent" in case.unsafe_names,
        "drops the User-Agent that a script sets, and so does not ask for it",
    ),
    _Row(
        "accept-bytes",
        ("Firefox",),
        lambda case: any(not value.isascii() for value in case.values("accept")),
        "asks first where Accept holds bytes outside ASCII",
    ),
    _Row(
        "content-type-parameters",
        ("Firefox",),
        lambda case: (
            "content-type" not in case.unsafe_names
            and any(";;" in value.replace(" ", "") or "; =" in value for value in case.values("content-type"))
        ),
        "refuses to read a type with odd parameters, and asks first",
    ),
    _Row(
        "range-case",
        ("WebKit",),
        lambda case: (
            "range" in case.unsafe_names
            and any(
                fetch.is_cors_safelisted_request_header("range", value.lower()) and not value.startswith("bytes")
                for value in case.values("range")
            )
        ),
        "takes bytes in Range in any case, and does not ask for it",
    ),
    _Row(
        "header-twice",
        ("Firefox",),
        _twice,
        "names a header twice in Access-Control-Request-Headers when a script sets it twice",
    ),
    _Row(
        "safelist-joined",
        ("Chromium", "WebKit"),
        _safe_line_by_line_only,
        "join lines of one name before they look whether its value needs permission, and so ask first",
    ),
    _Row(
        "safelist-sum",
        ("Firefox",),
        lambda case: any("1024" in cause.sentence for each in case.verdict.preflights for cause in each.why),
        "never adds up the lengths of headers that need no permission, and so does not ask for them",
    ),
    _Row(
        "redirect-preflighted",
        ("Firefox", "WebKit"),
        _is_redirected_after_preflight,
        "ask first before every later hop to another origin once they have asked, even for a plain GET",
    ),
    _Row(
        "redirect-first-names",
        ("WebKit",),
        _is_redirected_after_preflight,
        "asks before later hops for the header names of the first request, those that a redirect dropped too",
    ),
    _Row(
        "redirect-preflight-origin",
        ("Firefox",),
        _asks_with_null,
        "puts the page's origin into the preflight after a redirect through strangers, and null into the request only: "
        "the last server has to allow both",
    ),
    _Row(
        "password-prompt",
        ("Chromium", "Firefox"),
        _wants_a_password,
        "ask the user for a password, and keep the script waiting, where the standard hands it the 401; answer fetch() "
        "without WWW-Authenticate: Basic",
    ),
    _Row(
        "preflight-kept-after-failure",
        ("Chromium", "WebKit"),
        lambda case: (
            case.verdict.outcome == "blocked"
            and bool(case.verdict.preflights)
            and case.verdict.reason.step == "response"
        ),
        "remember the preflight even though the answer after it failed; wait it out, or close the browser, before you "
        "test a change",
    ),
)


def differences(case: Case) -> tuple[Difference, ...]:
    """Return what engines would do otherwise in this case."""
    return tuple(Difference(row.code, row.engines, row.sentence) for row in _TABLE if row.matters(case))


def memories(preflight: Exchange) -> tuple[Memory, ...]:
    """Return how long each engine remembers the answer to a preflight that permits a request."""
    seconds, why = _asked_for(preflight.response_lines(MAX_AGE))
    wildcard = any("*" in fetch.split_list(joined(preflight, name) or "") for name in (ALLOW_METHODS, ALLOW_HEADERS))
    kept = []
    for engine, cap in MAX_AGE_CAPS.items():
        if engine == "firefox" and why == _MALFORMED:
            kept.append(Memory(engine, 0, f"not at all: {why}"))
        elif engine == "firefox" and wildcard:
            kept.append(Memory(engine, 0, "not at all what * permits; it remembers names only"))
        elif seconds > cap:
            sentence = f"{_duration(cap)}, which is its most; the answer asks for {_duration(seconds)}"
            kept.append(Memory(engine, cap, sentence))
        else:
            reason = f": {why}" if why else ""
            kept.append(Memory(engine, seconds, f"{_duration(seconds) if seconds else 'not at all'}{reason}"))
    return tuple(kept)


_MALFORMED = "Access-Control-Max-Age is not one number"


def _asked_for(lines: tuple[str, ...]) -> tuple[int, str]:
    """Return the seconds that the answer asks for, and a reason where that is no plain number."""
    if not lines:
        return _DEFAULT_SECONDS, "there is no Access-Control-Max-Age"
    value = fetch.extract_max_age(lines)
    if value is not None:
        return value, ""
    if len(lines) == 1 and re.fullmatch("-[0-9]+", lines[0]):
        return 0, "Access-Control-Max-Age is negative"
    return _DEFAULT_SECONDS, _MALFORMED


def _duration(seconds: int) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds} s ({seconds // length} {unit})"
    return f"{seconds} s"
