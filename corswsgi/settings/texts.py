"""How the text of a setting becomes the value of an option; the policy checks the value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from corswsgi.errors import Fault, Problem, printable, quote
from corswsgi.policy import OPTIONS

#: In place of a value that could not be read, and whose problem has been reported.
UNREAD = object()

#: ``None`` as text.
NONE = "none"

#: The prefix of a regular expression. "re://host" is an origin; no expression that matches an origin begins with "//".
_EXPRESSION = re.compile("re:(?!//)")

# An expression ends before white space or a comma, as no origin holds them; but {1,3} and [a,b] belong to it.
_ENTRY = re.compile(
    rf"{_EXPRESSION.pattern}(?:\\\S|\[\^?\]?(?:\\\S|[^\]\\\s]){{0,200}}\]|\{{[0-9]*,[0-9]*\}}|[^\s,])+|[^\s,]+",
    re.ASCII,
)

_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

_UNITS = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
}


def value_of(option: str, value: Any, problems: list[Problem]) -> Any:
    """Return the value of an option as :class:`~corswsgi.policy.Policy` takes it.

    Texts are parsed, and expressions in a list of origins are compiled; other values are returned unchanged.

    :param problems: the problem of each text that cannot be parsed is added to it.
    :returns: the value; ``UNREAD`` if nothing of it could be parsed.
    """
    if isinstance(value, str):
        try:
            value = _TEXTS[option](value)
        except ValueError as error:
            problems.append(Problem(Fault.WRONG_TYPE, option, value, str(error)))
            return UNREAD
    if option != "allow_origins" or not isinstance(value, (list, tuple, set, frozenset)):
        return value
    faults: list[Problem] = []
    # A set has no order of its own, and answers should not change from one start to the next.
    members = sorted(value, key=quote) if isinstance(value, (set, frozenset)) else value
    origins = [origin for entry in members if (origin := _origin(option, entry, faults)) is not UNREAD]
    problems += faults
    return UNREAD if faults and not origins else origins


def _origin(option: str, entry: Any, problems: list[Problem]) -> Any:
    """Return a member of a list of origins, compiled if it is an expression."""
    if not isinstance(entry, str) or not _EXPRESSION.match(entry):
        return entry
    source = entry.removeprefix("re:")
    try:
        if not source:
            raise ValueError("it is empty")
        return re.compile(source)
    except (ValueError, re.error, OverflowError, RecursionError, Warning) as error:  # warnings may be errors
        message = f"{quote(entry)} is not a regular expression: {printable(str(error))}"
        problems.append(Problem(Fault.ORIGIN_REGEX_INVALID, option, entry, message))
        return UNREAD


def _entries(text: str) -> list[str]:
    return _ENTRY.findall(text)


def flag_of(text: str) -> bool:
    """Parse a text such as ``true`` or ``off``.

    :raises ValueError: for any other text.
    """
    try:
        return _FLAGS[text.strip().lower()]
    except KeyError:
        raise ValueError(f"{quote(text)} is neither true nor false") from None


def _seconds(text: str) -> int | None:
    plain = text.strip().lower()
    if plain == NONE:
        return None
    # No more digits than int() reads quickly.
    match = re.fullmatch(r"([+-]?[0-9]{1,18})\s*([a-z]*)", plain)
    if match is None or match[2] not in _UNITS:
        raise ValueError(f'{quote(text)} is not a duration; write seconds, or "10 minutes", or "none"')
    return int(match[1]) * _UNITS[match[2]]


def _number(text: str) -> int:
    plain = text.strip()
    if not re.fullmatch("[0-9]{1,18}", plain):
        raise ValueError(f"{quote(text)} is not a number")
    return int(plain)


#: The parser of each option. Entries of lists are separated by commas, spaces or line breaks.
_TEXTS: dict[str, Callable[[str], Any]] = {
    "allow_origins": _entries,
    "allow_methods": _entries,
    "allow_headers": _entries,
    "allow_credentials": flag_of,
    "expose_headers": _entries,
    "max_age": _seconds,
    "enforce": flag_of,
    "allow_timing": flag_of,
    "preflight_status": _number,
    "vary": _entries,
    "dangerously_allow": _entries,
}
assert _TEXTS.keys() == OPTIONS.keys(), "an option that no settings can give"
