"""The check of each option of a policy: it returns the value to keep, and adds a problem for each fault."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from corswsgi import fetch
from corswsgi.dangers import DANGERS
from corswsgi.errors import Fault, Problem, nearest, quote
from corswsgi.origins import OPAQUE, OriginPattern, parse_origin

if TYPE_CHECKING:
    from webob import Request

#: A callable for ``allow_origins``, if the list is not known beforehand; it is called for each well-formed origin.
OriginPredicate = Callable[[str, "Request"], bool]

#: What a policy keeps of ``allow_origins``.
Origins = str | tuple[str | re.Pattern[str], ...] | OriginPredicate

ANY = "*"
#: Seconds; no browser keeps the answer to a preflight longer.
LONGEST_MAX_AGE = 86400

_logger = logging.getLogger("corswsgi")

Kept = TypeVar("Kept")

#: Checks the value of an option: returns what a policy keeps, and adds its faults to the problems.
Check = Callable[[str, Any, list[Problem]], Kept]


class Option(Generic[Kept]):
    """A descriptor for an option of a policy: its check, and the name that its value is kept under.

    Read from a policy, it is the value that the policy keeps; read from the class, it is this object.
    """

    def __init__(self, check: Check[Kept]) -> None:
        self.check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, policy: None, owner: type) -> Self: ...
    @overload
    def __get__(self, policy: Any, owner: type) -> Kept: ...
    def __get__(self, policy: Any, owner: type) -> Self | Kept:
        if policy is None:
            return self
        kept: Kept = policy.kept[self.name]
        return kept


def origins(option: str, value: Any, problems: list[Problem]) -> Origins:
    """Check ``allow_origins``."""
    if callable(value) and not isinstance(value, type):  # a class may be an enumeration of origins
        problems += complain_of_callable(option, value, "origin", "request")
        predicate: OriginPredicate = value
        return predicate
    entries = _entries(option, value, problems)
    if entries == ():
        problems.append(
            Problem(
                Fault.NO_ORIGINS, option, value, "a policy that allows no origin does nothing; list those that may read"
            )
        )
    for entry in entries or ():
        if isinstance(entry, str):
            if not is_acceptable(entry):
                from corswsgi.corrections import problems_of  # imported only if there is something to correct

                problems += problems_of(option, entry)
        elif not isinstance(entry, re.Pattern):
            message = f"{quote(entry)} is neither a string nor a compiled regular expression; write it as a string"
            problems.append(Problem(Fault.WRONG_TYPE, option, entry, message))
        elif isinstance(entry.pattern, bytes):
            message = "the expression is made of bytes; make it of a str, as origins are"
            problems.append(Problem(Fault.ORIGIN_REGEX_BYTES, option, entry, message))
    return ANY if entries == (ANY,) else entries or ()


def is_acceptable(entry: str) -> bool:
    """Tell whether a string may stand in ``allow_origins``."""
    if entry in (ANY, OPAQUE) or (parse_origin(entry) and "xn--" not in entry):
        return True  # the common case makes no pattern object: there may be a million entries
    return OriginPattern.parse(entry) is not None


def complain_of_callable(option: str, value: Callable[..., object], *arguments: str) -> Iterator[Problem]:
    """Yield a problem if a callable cannot be called as needed.

    :param arguments: the names of its arguments.
    """
    import inspect  # takes long to load, and most policies hold no callable

    try:
        inspect.signature(value).bind(*arguments)
    except TypeError:
        message = f"{quote(value)} cannot be called with {' and '.join(arguments)}; give it just these parameters"
        yield Problem(Fault.WRONG_TYPE, option, value, message)
    except ValueError:  # written in C, without a signature
        pass
    if inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(type(value).__call__):
        message = f"{quote(value)} is a coroutine function, and nothing awaits it; write it with def"
        yield Problem(Fault.WRONG_TYPE, option, value, message)


def methods(option: str, value: Any, problems: list[Problem]) -> str | tuple[str, ...]:
    """Check ``allow_methods``."""
    names = tuple(map(fetch.normalize_method, _tokens(option, value, problems, Fault.METHOD_INVALID, methods)))
    for name in names:
        if fetch.is_forbidden_method(name):
            message = f"browsers never send {quote(name)} for a script; leave it out"
            problems.append(Problem(Fault.METHOD_FORBIDDEN, option, name, message))
        elif name != "PATCH" == name.upper() and "PATCH" not in names:
            # fetch#concept-method-normalize: browsers send "patch" as it is, which is not the method PATCH.
            _logger.warning("allow_methods: %s is not PATCH; methods are case-sensitive", quote(name))
    return ANY if names == (ANY,) else names


def request_headers(option: str, value: Any, problems: list[Problem]) -> str | tuple[str, ...]:
    """Check ``allow_headers``."""
    names = _tokens(option, value, problems, Fault.HEADER_INVALID, request_headers)
    for name in names:
        if fetch.is_forbidden_request_header_name(name):
            message = f"browsers do not let scripts set {quote(name)}; leave it out"
            problems.append(Problem(Fault.REQUEST_HEADER_FORBIDDEN, option, name, message))
        elif name.lower().startswith("access-control-"):
            message = f"{quote(name)} is a header of responses; leave it out"
            problems.append(Problem(Fault.REQUEST_HEADER_OF_RESPONSES, option, name, message))
    return ANY if names == (ANY,) else names


def response_headers(option: str, value: Any, problems: list[Problem]) -> str | tuple[str, ...]:
    """Check ``expose_headers``."""
    names = _tokens(option, value, problems, Fault.HEADER_INVALID, response_headers)
    for name in names:
        lower = name.lower()
        if lower in fetch.FORBIDDEN_RESPONSE_HEADERS:
            message = f"browsers do not let scripts read {quote(name)}; leave it out"
            problems.append(Problem(Fault.RESPONSE_HEADER_FORBIDDEN, option, name, message))
        elif lower == "origin" or lower.startswith("access-control-request-"):
            message = f"{quote(name)} is a header of requests; leave it out"
            problems.append(Problem(Fault.RESPONSE_HEADER_OF_REQUESTS, option, name, message))
    return ANY if names == (ANY,) else names


def varying_headers(option: str, value: Any, problems: list[Problem]) -> tuple[str, ...]:
    """Check ``vary``."""
    names = _tokens(option, value, problems, Fault.HEADER_INVALID, varying_headers)
    if ANY in names:
        message = '"*" keeps every cache from storing the answer; list the headers'
        problems.append(Problem(Fault.VARY_ANY, option, ANY, message))
    return names


def dangers(option: str, value: Any, problems: list[Problem]) -> tuple[str, ...]:
    """Check ``dangerously_allow``."""
    names = _tokens(option, value, problems, Fault.DANGER_UNKNOWN, dangers)
    for name in names:
        if name not in DANGERS:
            message = f"{quote(name)} is not one of {', '.join(map(quote, DANGERS))}"
            problems.append(Problem(Fault.DANGER_UNKNOWN, option, name, message, nearest(name, DANGERS, cutoff=0.4)))
    return names


def flag(option: str, value: Any, problems: list[Problem]) -> bool:
    """Check a boolean option. ``"true"`` is a fault, but other options are checked as if it were ``True``."""
    if isinstance(value, bool):
        return value
    shown = quote(value)
    meant = {"true": True, "1": True, "false": False, "0": False}.get(shown.strip('"').lower())
    problems.append(Problem(Fault.WRONG_TYPE, option, value, f"{shown} is neither True nor False", meant))
    return meant is True


def max_age(option: str, value: Any, problems: list[Problem]) -> int | None:
    """Check ``max_age``."""
    if value is None:
        return None
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, str) and re.fullmatch("[0-9]+", seconds, re.ASCII):
        digits = seconds.lstrip("0") or "0"
        meant = min(int(digits), LONGEST_MAX_AGE) if len(digits) < 10 else LONGEST_MAX_AGE
        problems.append(Problem(Fault.WRONG_TYPE, option, value, "seconds are a number, not a string", meant))
    elif isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds != seconds:  # not a number
        message = f"{quote(value)} is neither seconds, nor a timedelta, nor None"
        problems.append(Problem(Fault.WRONG_TYPE, option, value, message))
    elif seconds < 0:
        message = "a negative age is invalid; 0 keeps browsers from caching"
        problems.append(Problem(Fault.MAX_AGE_NEGATIVE, option, value, message, 0))
    elif seconds > LONGEST_MAX_AGE:
        message = f"no browser keeps an answer for more than {LONGEST_MAX_AGE} s (a day)"
        problems.append(Problem(Fault.MAX_AGE_TOO_LONG, option, value, message, LONGEST_MAX_AGE))
    elif isinstance(value, float) or seconds != int(seconds):
        message = "the header holds whole seconds; give an int"
        problems.append(Problem(Fault.MAX_AGE_FRACTION, option, value, message, int(seconds)))
    else:
        return int(seconds)
    return 0


def ok_status(option: str, value: Any, problems: list[Problem]) -> int:
    """Check ``preflight_status``."""
    if isinstance(value, bool) or not isinstance(value, int):
        problems.append(Problem(Fault.WRONG_TYPE, option, value, f"{quote(value)} is no status code", 204))
    elif not 200 <= value <= 299:
        message = f"browsers treat {quote(value)} as a refusal; an ok status is 200 to 299"
        problems.append(Problem(Fault.PREFLIGHT_STATUS_RANGE, option, value, message, 204))
    else:
        return int(value)
    return 204


def _entries(option: str, value: Any, problems: list[Problem]) -> tuple[Any, ...] | None:
    """Return the members of a list; a string is a list of one. ``None``, and a problem, if it is not a list."""
    if isinstance(value, re.Pattern):
        return (value,)
    if isinstance(value, str):
        return (_plain(value),)
    if isinstance(value, (bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        message = f"{quote(value)} is neither a string nor a list of strings"
        problems.append(Problem(Fault.WRONG_TYPE, option, value, message))
        return None
    # A set has no order of its own, and answers should not change from one start to the next.
    return tuple(map(_plain, sorted(value, key=_sort_key) if isinstance(value, (set, frozenset)) else value))


def _sort_key(entry: object) -> str:
    return entry if isinstance(entry, str) else quote(entry)


def _plain(entry: Any) -> Any:
    """Return a member of a string enumeration as a plain string, because its ``repr`` must be Python source."""
    return str.__str__(entry) if isinstance(entry, str) else entry


#: What a string that is not a token should have been.
_KINDS = {
    Fault.METHOD_INVALID: "a method",
    Fault.HEADER_INVALID: "a header name",
    Fault.DANGER_UNKNOWN: "a danger",
}


def _tokens(option: str, value: Any, problems: list[Problem], fault: Fault, check: Check[object]) -> tuple[str, ...]:
    """Return the entries that are names; add a problem for every other entry.

    :param check: the check of the option, which a suggestion must pass.
    """
    names = []
    for entry in _entries(option, value, problems) or ():
        if not isinstance(entry, str):
            problems.append(
                Problem(Fault.WRONG_TYPE, option, entry, f"{quote(entry)} is not a string; write the name as one")
            )
        elif fetch.is_token(entry):
            names.append(entry)
        elif len(parts := re.split(r"[\s,;|]+", entry.strip(" \t,;|"))) > 1 and all(map(fetch.is_token, parts)):
            message = f"{quote(entry)} is several names in one string"
            problems.append(Problem(Fault.NAME_LIST, option, entry, message, _if_faultless(parts, option, check)))
        else:
            trimmed = entry.strip(" \t\r\n,;:")
            suggestion = _if_faultless(trimmed, option, check) if fetch.is_token(trimmed) else None
            problems.append(Problem(fault, option, entry, f"{quote(entry)} is not {_KINDS[fault]}", suggestion))
    return tuple(names)


def _if_faultless(suggestion: object, option: str, check: Check[object]) -> object:
    """Return the suggestion, or ``None`` if it would itself be a fault."""
    faults: list[Problem] = []
    check(option, suggestion, faults)
    return None if faults else suggestion
