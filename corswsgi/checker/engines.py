"""How Chromium, Firefox and WebKit differ from the standard for a request, and how long each remembers a preflight."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corswsgi import fetch
from corswsgi.browser import Departure, Exchange, Verdict
from corswsgi.browser.checks import max_age
from corswsgi.browser.engines import ENGINES, PROFILES
from corswsgi.checker.granting import ALLOW_HEADERS, ALLOW_METHODS, MAX_AGE, joined
from corswsgi.checker.report import Difference, Memory

#: Departures that matter to later requests only; :func:`memories` covers them.
_ABOUT_MEMORY = frozenset(
    {
        Departure.NEGATIVE_MAX_AGE,
        Departure.MALFORMED_MAX_AGE,
        Departure.HUGE_MAX_AGE,
        Departure.WILDCARD_NOT_KEPT,
        Departure.NULL_NOT_KEPT,
        Departure.REDIRECT_NULL_NOT_KEPT,
        Departure.LAST_ANSWER_ONLY,
        Departure.KEPT_THOUGH_REFUSED,
    }
)


def differences(verdicts: Mapping[str, Verdict]) -> tuple[Difference, ...]:
    """Return how engines differed from the standard in what they permit.

    Departures about ``Sec-Fetch-*`` and ``Referer`` are left out: they decide nothing in CORS.

    :param verdicts: by engine.
    """
    found = []
    for departure in Departure:
        engines = [name for name, verdict in verdicts.items() if departure in _that_matter(verdict)]
        is_cors = departure.anchor.partition("#")[0] in ("fetch", "mixed-content")
        if engines and is_cors:
            titles = tuple(PROFILES[name].title for name in engines)
            found.append(Difference(departure.id, titles, f"{departure.does} {departure.advice}"))
    return tuple(found)


def _that_matter(verdict: Verdict) -> set[Departure]:
    # What remains of a refused preflight does not help this request.
    useless = {Departure.KEPT_AFTER_FAILURE} if verdict.reason.step == "preflight" else set()
    return set(verdict.departures) - _ABOUT_MEMORY - useless


def memories(preflight: Exchange) -> tuple[Memory, ...]:
    """Return how long each engine remembers the answer to a preflight that permits a request."""
    lines = preflight.response_lines(MAX_AGE)
    wildcard = any("*" in fetch.split_list(joined(preflight, name) or "") for name in (ALLOW_METHODS, ALLOW_HEADERS))
    kept = []
    for engine in ENGINES:
        profile = PROFILES[engine]
        seconds = max_age(lines, profile.departures.__contains__)
        reason = _why(lines)
        if wildcard and seconds and Departure.WILDCARD_NOT_KEPT in profile.departures:
            kept.append(Memory(engine, 0, "not at all for what * permits; it remembers names only"))
        elif seconds > profile.max_age_cap:
            sentence = f"{_duration(profile.max_age_cap)}, its maximum; the answer asks for {_duration(seconds)}"
            kept.append(Memory(engine, profile.max_age_cap, sentence))
        else:
            kept.append(Memory(engine, seconds, f"{_duration(seconds) if seconds else 'not at all'}{reason}"))
    return tuple(kept)


def _why(lines: tuple[str, ...]) -> str:
    """Return why the time of an answer is not what it asks for; empty if it asks with a plain number."""
    if not lines:
        return ": there is no Access-Control-Max-Age"
    if len(lines) == 1 and re.fullmatch("-[0-9]+", lines[0].strip()):
        return ": Access-Control-Max-Age is negative"
    if fetch.extract_max_age(lines) is None:
        return ": Access-Control-Max-Age is not one number"
    return ""


def _duration(seconds: int) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds} s ({seconds // length} {unit})"
    return f"{seconds} s"
