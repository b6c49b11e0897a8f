"""Policy: who may do what across origins, declared once, validated whole, immutable; the answers are not made here."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

from corswsgi import fetch
from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.origins import OPAQUE, OriginMatcher, OriginPattern, parse_origin

if TYPE_CHECKING:
    from webob import Request

#: What ``allow_origins`` may be where the list is not known beforehand: asked about each well-formed origin.
OriginPredicate = Callable[[str, "Request"], bool]

#: ``"*"``, one name, or several.
Names = str | Iterable[str]

ANY = "*"
#: Seconds; the most that any engine keeps the answer to a preflight.
LONGEST_MAX_AGE = 86400

#: Origins that nobody lists: a credentialed regular expression that matches one of them matches about anything.
_STRANGERS = (
    "https://stranger.invalid",
    "https://stranger.com",
    "https://stranger.github.io",
    "https://a.b.c.invalid:8443",
    "http://stranger.invalid",
    "x-stranger://invalid",
)

_DANGERS = ("insecure-origins", "public-suffixes")

_logger = logging.getLogger("corswsgi")


class Policy:
    """What pages of other origins may do.

    :param allow_origins: ``"*"`` for every origin; or an origin, or an iterable of origins, as browsers write
        them: ``https://app.example.com``, ``https://*.example.com`` for one or more labels before,
        ``http://localhost:*`` for any port, ``"null"`` for sandboxed pages, a compiled :class:`re.Pattern` that
        must match the whole origin; or a callable ``(origin: str, request: webob.Request) -> bool``. Patterns,
        expressions and callables never see ``null`` or anything malformed.
    :param allow_methods: methods beside GET, HEAD and POST, which need no listing; ``"*"`` for all. Names keep
        their case, but for the six that browsers write in upper case (fetch#concept-method-normalize).
    :param allow_headers: request headers that scripts may set; ``"*"`` for all but ``Authorization``, which is
        listed beside it (fetch#cors-non-wildcard-request-header-name).
    :param allow_credentials: whether cookies, client certificates and stored passwords may go along
        (fetch#http-access-control-allow-credentials). Not with ``allow_origins="*"``.
    :param expose_headers: response headers that scripts may read beyond the safelisted ones; ``"*"``, without
        credentials, for all.
    :param max_age: how long browsers may keep the answer to a preflight: seconds, 0 to 86400, or a whole
        :class:`~datetime.timedelta`; ``None`` sends nothing, which browsers take for 5 s
        (fetch#http-access-control-max-age).
    :param enforce: refuse requests from origins that are not allowed (403) before the application sees them.
        Requests from the server's own origin always pass.
    :param preflight_status: the status of a successful preflight, 200 to 299.
    :param vary: names of request headers that a callable looks at beside ``Origin``; they join ``Vary``.
    :param dangerously_allow: ``"insecure-origins"`` permits ``http://`` origins off this machine with credentials,
        ``"public-suffixes"`` permits patterns such as ``https://*.github.io`` with credentials.
    :raises PolicyError: with every fault at once. Python's own :class:`TypeError` for an unknown option.
    """

    allow_origins: str | tuple[str | re.Pattern[str], ...] | OriginPredicate
    allow_methods: str | tuple[str, ...]
    allow_headers: str | tuple[str, ...]
    allow_credentials: bool
    expose_headers: str | tuple[str, ...]
    max_age: int | None
    enforce: bool
    preflight_status: int
    vary: tuple[str, ...]
    dangerously_allow: tuple[str, ...]
    #: The origins, ready to be asked; ``None`` where a callable decides, or where every origin is allowed.
    matcher: OriginMatcher | None
    #: Room for what :mod:`corswsgi.protocol` works out once for a policy; no part of the value.
    compiled: list[Any]

    # Not a dataclass: what that module loads takes longer than all of this package.
    __slots__ = (
        "allow_credentials",
        "allow_headers",
        "allow_methods",
        "allow_origins",
        "compiled",
        "dangerously_allow",
        "enforce",
        "expose_headers",
        "matcher",
        "max_age",
        "preflight_status",
        "vary",
    )

    def __init__(
        self,
        allow_origins: str | Iterable[str | re.Pattern[str]] | re.Pattern[str] | OriginPredicate,
        *,
        allow_methods: Names = (),
        allow_headers: Names = (),
        allow_credentials: bool = False,
        expose_headers: Names = (),
        max_age: int | timedelta | None = 600,
        enforce: bool = False,
        preflight_status: int = 204,
        vary: Names = (),
        dangerously_allow: Names = (),
    ) -> None:
        declared = {
            "allow_origins": allow_origins,
            "allow_methods": allow_methods,
            "allow_headers": allow_headers,
            "allow_credentials": allow_credentials,
            "expose_headers": expose_headers,
            "max_age": max_age,
            "enforce": enforce,
            "preflight_status": preflight_status,
            "vary": vary,
            "dangerously_allow": dangerously_allow,
        }
        problems: list[Problem] = []
        options, matcher = _check(declared, problems)
        if problems:
            raise PolicyError(problems)
        for name, value in (options | {"matcher": matcher, "compiled": []}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_options(cls, options: Mapping[str, Any], beside: Iterable[str] = ()) -> Self:
        """Return the policy of a mapping from option names to values, as keyword arguments and settings files give it.

        :param beside: names that the caller knows beside those of a policy; one of them may be what an unknown
            name meant.
        :raises PolicyError: with every fault; an unknown name is one, and the nearest known name its suggestion.
        """
        known = {name: value for name, value in options.items() if name in OPTIONS}
        problems = [unknown_option(name, value, beside) for name, value in options.items() if name not in OPTIONS]
        if "allow_origins" not in known:
            problems.append(
                Problem(Fault.MISSING_OPTION, "allow_origins", None, "a policy must say which origins it allows")
            )
        if problems:
            _check(known, problems)
            raise PolicyError(problems)
        return cls(**known)

    def as_dict(self) -> dict[str, Any]:
        """Return every option with its value: ``Policy(**policy.as_dict()) == policy``."""
        return {name: getattr(self, name) for name in OPTIONS}

    @property
    def allows_any_origin(self) -> bool:
        """Whether every origin is allowed, malformed ones too."""
        return self.allow_origins == ANY or (isinstance(self.allow_origins, tuple) and ANY in self.allow_origins)

    def __replace__(self, /, **changes: Any) -> Self:
        """Return a policy that differs in these options; what ``copy.replace`` of Python 3.13 calls."""
        return self.from_options(self.as_dict() | changes)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"a policy cannot be changed; make another: Policy(**policy.as_dict() | {{{name!r}: ...}})"
        )

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a policy cannot be changed")

    def __eq__(self, other: object) -> bool:
        return self.as_dict() == other.as_dict() if isinstance(other, Policy) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.as_dict().values()))

    def __repr__(self) -> str:
        options = self.as_dict()
        changed = [f"{name}={_source(value)}" for name, value in options.items() if value != OPTIONS[name]]
        return f"Policy({', '.join(changed)})"

    def __reduce__(self) -> tuple[Callable[[Mapping[str, Any]], Policy], tuple[dict[str, Any]]]:
        return Policy.from_options, (self.as_dict(),)


#: Every option and its default; ``allow_origins`` has none. Loaders of all kinds read this table.
OPTIONS: dict[str, Any] = {"allow_origins": None, **cast("dict[str, Any]", Policy.__init__.__kwdefaults__)}


def unknown_option(name: str, value: object, beside: Iterable[str]) -> Problem:
    """Return the Problem of an option that does not exist; the nearest that does is its suggestion."""
    plain = name.lower().replace("-", "_")
    if "private_network" in plain:
        return Problem(
            Fault.NO_PRIVATE_NETWORK,
            name,
            value,
            "Private Network Access never came into force; its successor, Local Network Access, asks the user "
            "and reads no header",
        )
    return Problem(
        Fault.UNKNOWN_OPTION, name, value, "there is no such option", _nearest(plain, [*OPTIONS, *beside], cutoff=0.6)
    )


def _nearest(name: str, known: Iterable[str], cutoff: float) -> str | None:
    from difflib import get_close_matches  # read only where there is something to correct

    return next(iter(get_close_matches(name, list(known), n=1, cutoff=cutoff)), None)


def _check(declared: Mapping[str, Any], problems: list[Problem]) -> tuple[dict[str, Any], OriginMatcher | None]:
    """Return the options as a Policy holds them, and their matcher; add what is wrong with them to ``problems``."""
    rest: list[Problem] = []
    options: dict[str, Any] = {
        name: check(name, declared[name], rest) for name, check in _CHECKS.items() if name in declared
    }
    credentials = options.get("allow_credentials", False)
    matcher = None
    if "allow_origins" in declared:
        dangers = options.get("dangerously_allow", ())
        options["allow_origins"], matcher = _check_origins(declared["allow_origins"], credentials, dangers, problems)
    problems += rest
    if credentials and ANY in options.get("expose_headers", ()):
        message = 'with credentials browsers take "*" for the name of a header; list those that may be read'
        problems.append(
            Problem(Fault.EXPOSE_ANY_WITH_CREDENTIALS, "expose_headers", declared["expose_headers"], message)
        )
    return options, matcher


# What follows checks one option each: it returns the value as a Policy holds it, and adds what is wrong with it
# to the problems.


def _check_origins(
    value: Any, credentials: bool, dangers: tuple[str, ...], problems: list[Problem]
) -> tuple[Any, OriginMatcher | None]:
    if callable(value) and not isinstance(value, type):  # a class may be an enumeration of origins
        problems += complain_of_callable("allow_origins", value, "origin", "request")
        return value, None
    entries = _entries("allow_origins", value, problems)
    if entries == ():
        problems.append(
            Problem(Fault.NO_ORIGINS, "allow_origins", value, "a policy that allows no origin does nothing")
        )
    exact: list[str] = []
    patterns: list[OriginPattern] = []
    regexes: list[re.Pattern[str]] = []
    for entry in entries or ():
        if isinstance(entry, str):
            try:
                _sort_in(entry, exact, patterns)
            except PolicyError as error:
                problems += error.problems
                # What was meant is judged as well, so that the correction of one fault does not lead to the next.
                meant = error.problems[0].suggestion
                for each in meant if isinstance(meant, list) else [meant]:
                    if credentials and isinstance(each, str):
                        _sort_in(each, exact, patterns)
        elif not isinstance(entry, re.Pattern):
            message = f"{quote(entry)} is neither a string nor a compiled regular expression"
            problems.append(Problem(Fault.WRONG_TYPE, "allow_origins", entry, message))
        elif isinstance(entry.pattern, bytes):
            message = "the expression is of bytes; origins are str"
            problems.append(Problem(Fault.ORIGIN_REGEX_BYTES, "allow_origins", entry, message))
        else:
            regexes.append(entry)
    if credentials:
        problems += _complain_of_credentials(exact, patterns, regexes, dangers)
    stored = ANY if entries == (ANY,) else entries
    return stored, None if ANY in exact else OriginMatcher(exact, patterns, regexes)


def _sort_in(entry: str, exact: list[str], patterns: list[OriginPattern]) -> None:
    """Add an entry to the exact origins or to the patterns; raise PolicyError if it is neither."""
    if entry in (ANY, OPAQUE) or (parse_origin(entry) and "xn--" not in entry):
        exact.append(entry)  # the plain case makes no object: there may be a million of these
        return
    pattern = OriginPattern.parse(entry)
    if pattern.has_wildcard:
        patterns.append(pattern)
    else:
        exact.append(entry)


def complain_of_callable(option: str, value: Callable[..., object], *arguments: str) -> Iterator[Problem]:
    """Yield what keeps a callable from being asked; what it will answer is not known before.

    :param arguments: the names of what it is called with.
    """
    import inspect  # takes long to load, and most policies hold no callable

    try:
        inspect.signature(value).bind(*arguments)
    except TypeError:
        message = f"{quote(value)} cannot be called with {' and '.join(arguments)}"
        yield Problem(Fault.WRONG_TYPE, option, value, message)
    except ValueError:  # written in C, without a signature
        pass
    if inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(type(value).__call__):
        message = f"{quote(value)} is a coroutine function, which answers too late"
        yield Problem(Fault.WRONG_TYPE, option, value, message)


def _complain_of_credentials(
    exact: list[str], patterns: list[OriginPattern], regexes: list[re.Pattern[str]], dangers: tuple[str, ...]
) -> Iterator[Problem]:
    """Yield what must not be allowed to send credentials, unless ``dangerously_allow`` names it."""
    if ANY in exact:
        message = "with credentials every site could act as its visitors; list the origins that may"
        yield Problem(Fault.ANY_ORIGIN_WITH_CREDENTIALS, "allow_origins", ANY, message)
    if OPAQUE in exact:
        message = 'any site can make a page whose origin is "null"; with credentials it could act as its visitors'
        yield Problem(Fault.NULL_WITH_CREDENTIALS, "allow_origins", OPAQUE, message)
    for regex in regexes:
        if any(map(regex.fullmatch, _STRANGERS)):
            message = f"{quote(regex.pattern)} matches any stranger; with credentials it could act as its visitors"
            yield Problem(Fault.REGEX_WITH_CREDENTIALS, "allow_origins", regex, message)
    http = [OriginPattern.parse(origin) for origin in exact if origin.startswith("http://")] + patterns
    for pattern in http if "insecure-origins" not in dangers else ():
        if pattern.is_insecure:
            text = str(pattern)
            message = f"with credentials, anyone on the network path of {quote(text)} could act as its visitors"
            port = "" if pattern.port == fetch.DEFAULT_PORTS["https"] else pattern.port
            secure = str(pattern._replace(scheme="https", port=port))
            yield Problem(Fault.INSECURE_ORIGIN_WITH_CREDENTIALS, "allow_origins", text, message, secure)
    for pattern in patterns if "public-suffixes" not in dangers else ():
        if pattern.covers_public_suffix:
            text = str(pattern)
            message = f"anyone can get a name that {quote(text)} matches; with credentials it could act as its visitors"
            yield Problem(Fault.PUBLIC_SUFFIX_WITH_CREDENTIALS, "allow_origins", text, message)


def _check_methods(option: str, value: Any, problems: list[Problem]) -> str | tuple[str, ...]:
    names = tuple(map(fetch.normalize_method, _check_tokens(option, value, problems, Fault.METHOD_INVALID, "a method")))
    for name in names:
        if fetch.is_forbidden_method(name):
            problems.append(
                Problem(Fault.METHOD_FORBIDDEN, option, name, f"browsers never send {quote(name)} for a script")
            )
        elif name != "PATCH" == name.upper() and "PATCH" not in names:
            # fetch#concept-method-normalize: browsers send "patch" as it is, and it is another method than PATCH.
            _logger.warning("allow_methods: %s is not PATCH; methods are case-sensitive", quote(name))
    return ANY if names == (ANY,) else names


def _check_request_headers(option: str, value: Any, problems: list[Problem]) -> str | tuple[str, ...]:
    names = _check_tokens(option, value, problems, Fault.HEADER_INVALID, "a header name")
    for name in names:
        if fetch.is_forbidden_request_header_name(name):
            message = f"browsers let no script set {quote(name)}"
            problems.append(Problem(Fault.REQUEST_HEADER_FORBIDDEN, option, name, message))
        elif name.lower().startswith("access-control-"):
            message = f"{quote(name)} is a header of responses"
            problems.append(Problem(Fault.REQUEST_HEADER_OF_RESPONSES, option, name, message))
    return ANY if names == (ANY,) else names


def _check_response_headers(option: str, value: Any, problems: list[Problem]) -> str | tuple[str, ...]:
    names = _check_tokens(option, value, problems, Fault.HEADER_INVALID, "a header name")
    for name in names:
        lower = name.lower()
        if lower in fetch.FORBIDDEN_RESPONSE_HEADERS:
            message = f"browsers let no script read {quote(name)}"
            problems.append(Problem(Fault.RESPONSE_HEADER_FORBIDDEN, option, name, message))
        elif lower == "origin" or lower.startswith("access-control-request-"):
            message = f"{quote(name)} is a header of requests"
            problems.append(Problem(Fault.RESPONSE_HEADER_OF_REQUESTS, option, name, message))
    return ANY if names == (ANY,) else names


def _check_vary(option: str, value: Any, problems: list[Problem]) -> tuple[str, ...]:
    names = _check_tokens(option, value, problems, Fault.HEADER_INVALID, "a header name")
    if ANY in names:
        problems.append(
            Problem(Fault.VARY_ANY, option, ANY, '"*" keeps every cache from storing the answer; list the headers')
        )
    return names


def _check_dangers(option: str, value: Any, problems: list[Problem]) -> tuple[str, ...]:
    names = _check_tokens(option, value, problems, Fault.DANGER_UNKNOWN, "a danger")
    for name in names:
        if name not in _DANGERS:
            message = f"{quote(name)} is none of {', '.join(map(quote, _DANGERS))}"
            problems.append(Problem(Fault.DANGER_UNKNOWN, option, name, message, _nearest(name, _DANGERS, cutoff=0.4)))
    return names


def check_flag(option: str, value: Any, problems: list[Problem]) -> bool:
    """Return whether an option is on, or was meant to be; add a problem if it is neither ``True`` nor ``False``."""
    if isinstance(value, bool):
        return value
    meant = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    problems.append(Problem(Fault.WRONG_TYPE, option, value, f"{quote(value)} is neither True nor False", meant))
    return meant is True


def _check_max_age(option: str, value: Any, problems: list[Problem]) -> int | None:
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
        problems.append(
            Problem(
                Fault.MAX_AGE_NEGATIVE, option, value, "a negative age is invalid; 0 keeps browsers from caching", 0
            )
        )
    elif seconds > LONGEST_MAX_AGE:
        message = f"no browser keeps an answer for more than {LONGEST_MAX_AGE} s, a day"
        problems.append(Problem(Fault.MAX_AGE_TOO_LONG, option, value, message, LONGEST_MAX_AGE))
    elif isinstance(value, float) or seconds != int(seconds):
        problems.append(
            Problem(Fault.MAX_AGE_FRACTION, option, value, "the header holds whole seconds, as an int", int(seconds))
        )
    else:
        return int(seconds)
    return 0


def _check_status(option: str, value: Any, problems: list[Problem]) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        problems.append(Problem(Fault.WRONG_TYPE, option, value, f"{quote(value)} is no status code", 204))
    elif not 200 <= value <= 299:
        message = f"browsers take {value} for a refusal; an ok status is 200 to 299"
        problems.append(Problem(Fault.PREFLIGHT_STATUS_RANGE, option, value, message, 204))
    else:
        return int(value)
    return 204


_CHECKS: dict[str, Callable[[str, Any, list[Problem]], object]] = {
    "allow_methods": _check_methods,
    "allow_headers": _check_request_headers,
    "allow_credentials": check_flag,
    "expose_headers": _check_response_headers,
    "max_age": _check_max_age,
    "enforce": check_flag,
    "preflight_status": _check_status,
    "vary": _check_vary,
    "dangerously_allow": _check_dangers,
}


def _entries(option: str, value: Any, problems: list[Problem]) -> tuple[Any, ...] | None:
    """Return the members of a list, a string being a list of one; ``None``, and a problem, where it is no list."""
    if isinstance(value, re.Pattern):
        return (value,)
    if isinstance(value, str):
        return (_plain(value),)
    if isinstance(value, (bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        problems.append(
            Problem(Fault.WRONG_TYPE, option, value, f"{quote(value)} is neither a string nor a list of strings")
        )
        return None
    # A set has no order of its own, and answers should not change from one start to the next.
    return tuple(map(_plain, sorted(value, key=str) if isinstance(value, (set, frozenset)) else value))


def _plain(entry: Any) -> Any:
    """Return a member of an enumeration of strings as the string that it is, whose ``repr`` is its source."""
    return str.__str__(entry) if isinstance(entry, str) else entry


def _check_tokens(option: str, value: Any, problems: list[Problem], fault: Fault, what: str) -> tuple[str, ...]:
    """Return the names among the entries; add a problem for every entry that is none."""
    names = []
    for entry in _entries(option, value, problems) or ():
        if not isinstance(entry, str):
            problems.append(Problem(Fault.WRONG_TYPE, option, entry, f"{quote(entry)} is not a string"))
        elif fetch.is_token(entry):
            names.append(entry)
        elif len(parts := re.split(r"[\s,;|]+", entry.strip(" \t,;|"))) > 1 and all(map(fetch.is_token, parts)):
            message = f"{quote(entry)} is several names in one string"
            problems.append(Problem(Fault.NAME_LIST, option, entry, message, _if_faultless(option, parts)))
        else:
            trimmed = entry.strip(" \t\r\n,;:")
            suggestion = _if_faultless(option, trimmed) if fetch.is_token(trimmed) else None
            problems.append(Problem(fault, option, entry, f"{quote(entry)} is not {what}", suggestion))
    return tuple(names)


def _if_faultless(option: str, suggestion: object) -> object:
    """Return the suggestion, or ``None`` if it were a fault of another kind."""
    faults: list[Problem] = []
    _CHECKS[option](option, suggestion, faults)
    return None if faults else suggestion


def _source(value: object) -> str:
    """Return ``value`` as Python source, which for long expressions is more than ``repr`` gives."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_source, value))}]"
    if isinstance(value, re.Pattern):
        flags = value.flags & ~re.UNICODE
        return f"re.compile({value.pattern!r}{f', {re.RegexFlag(flags)!r}' if flags else ''})"
    return repr(value)
