"""Policy: what pages of other origins may do. It is declared once, validated as a whole, and immutable."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NoReturn, Self, cast

from corswsgi import options
from corswsgi.dangers import INSECURE_ORIGINS, complain_of_credentials
from corswsgi.errors import Fault, PolicyError, Problem, nearest
from corswsgi.options import ANY, Option, OriginPredicate
from corswsgi.origins import OriginMatcher, OriginPattern

#: ``"*"``, one name, or several.
Names = str | Iterable[str]

#: The value of an option that was not given, although it has no default.
_MISSING = object()


class Policy:
    """What pages of other origins may do.

    :param allow_origins: ``"*"`` for every origin; or an origin, or an iterable of origins, as browsers write
        them: ``https://app.example.com``, ``https://*.example.com`` for one or more labels before,
        ``http://localhost:*`` for any port, ``"null"`` for sandboxed pages, a compiled :class:`re.Pattern` that
        must match the whole origin; or a callable ``(origin: str, request: webob.Request) -> bool``. Patterns,
        expressions and callables never see ``null`` or anything malformed. With credentials, an expression allows
        no ``http://`` origin of another machine, unless ``dangerously_allow`` names ``"insecure-origins"``.
        Required (fetch#http-access-control-allow-origin). Faults: ``missing-option``, ``no-origins``, ``origin-...``
        and, with credentials, ``...-with-credentials``.
    :param allow_methods: methods other than GET, HEAD and POST, which need no listing; ``"*"`` for all. Names keep
        their case, except the six that browsers write in upper case (fetch#concept-method-normalize). Default:
        no others. Faults: ``names-in-one-string``, ``method-invalid``, ``method-forbidden``.
    :param allow_headers: request headers that scripts may set; ``"*"`` for all but ``Authorization``, which is
        listed as well (fetch#cors-non-wildcard-request-header-name). Default: only the safelisted ones. Faults:
        ``names-in-one-string``, ``header-invalid``, ``request-header-forbidden``, ``request-header-of-responses``.
    :param allow_credentials: whether browsers may send cookies, client certificates and stored passwords along
        (fetch#http-access-control-allow-credentials). Not with ``allow_origins="*"``. Default: no.
    :param expose_headers: response headers that scripts may read beyond the safelisted ones; ``"*"``, without
        credentials, for all (fetch#http-access-control-expose-headers). Default: no others. Faults:
        ``names-in-one-string``, ``header-invalid``, ``response-header-forbidden``, ``response-header-of-requests``,
        ``expose-any-with-credentials``.
    :param max_age: how long browsers may keep the answer to a preflight: seconds, 0 to 86400, or a whole
        :class:`~datetime.timedelta`; ``None`` sends nothing, and browsers then use 5 s
        (fetch#http-access-control-max-age). Default: 600 s. Faults: ``max-age-negative``, ``max-age-too-long``,
        ``max-age-fraction``.
    :param enforce: refuse requests from origins that are not allowed (403) before the application sees them.
        Requests from the server's own origin always pass. Default: no.
    :param allow_timing: whether scripts may read how long the parts of a request took, with ``Timing-Allow-Origin``
        (resource-timing#sec-timing-allow-origin). The origins are those that may read the response. Default: no.
    :param preflight_status: the status of a successful preflight, 200 to 299 (fetch#ok-status). Default: 204.
        Fault: ``preflight-status-range``.
    :param vary: names of request headers, other than ``Origin``, that a callable looks at; they join ``Vary``
        (fetch#cors-protocol-and-http-caches). Default: none. Faults: ``names-in-one-string``, ``header-invalid``,
        ``vary-any``.
    :param dangerously_allow: ``"insecure-origins"`` permits ``http://`` origins off this machine with credentials,
        ``"public-suffixes"`` permits patterns such as ``https://*.github.io`` with credentials. Default: neither.
        Faults: ``names-in-one-string``, ``danger-unknown``.
    :raises PolicyError: with every fault at once. Every option has ``wrong-type`` too.
    :raises TypeError: for an unknown option, as any Python call does.
    """

    # Every option with its check; the defaults are in __init__. Not a dataclass: it would have one type for what is
    # given and for what is kept, and its module takes longer to load than this whole package.
    allow_origins = Option(options.origins)
    allow_methods = Option(options.methods)
    allow_headers = Option(options.request_headers)
    allow_credentials = Option(options.flag)
    expose_headers = Option(options.response_headers)
    max_age = Option(options.max_age)
    enforce = Option(options.flag)
    allow_timing = Option(options.flag)
    preflight_status = Option(options.ok_status)
    vary = Option(options.varying_headers)
    dangerously_allow = Option(options.dangers)

    #: The value of each option, by its name.
    kept: Mapping[str, Any]
    #: The origins, ready to be asked; ``None`` if a callable decides, or if every origin is allowed.
    matcher: OriginMatcher | None
    #: Where :mod:`corswsgi.protocol` keeps the compiled form of the policy; not part of its value.
    compiled: list[Any]

    __slots__ = ("compiled", "kept", "matcher")

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
        allow_timing: bool = False,
        preflight_status: int = 204,
        vary: Names = (),
        dangerously_allow: Names = (),
    ) -> None:
        given = locals()
        problems: list[Problem] = []
        kept = _checked({name: given[name] for name in OPTIONS}, problems)
        if problems:
            raise PolicyError(problems)
        self._keep(kept)

    def _keep(self, kept: dict[str, Any]) -> None:
        object.__setattr__(self, "kept", MappingProxyType(kept))
        object.__setattr__(self, "matcher", _matcher(self))
        object.__setattr__(self, "compiled", [])

    @classmethod
    def from_options(cls, given: Mapping[str, Any], beside: Iterable[str] = ()) -> Self:
        """Return the policy of a mapping from option names to values, as keyword arguments and settings files give it.

        :param beside: other names that the caller accepts, to suggest in place of an unknown name.
        :raises PolicyError: with every fault. An unknown name is one too, with the name that was meant as suggestion.
        """
        problems = [unknown_option(name, value, beside, given) for name, value in given.items() if name not in OPTIONS]
        known = {name: value for name, value in given.items() if name in OPTIONS}
        if not problems and "allow_origins" in known:
            return cls(**known)
        if problems:
            from corswsgi.foreign_options import meant_by  # imported only if there is something to correct

            # The suggestion is checked as well, so that correcting one fault does not lead to the next.
            known = {name: value for name, value in meant_by(problems).items() if name in OPTIONS} | known
        _checked(OPTIONS | known, problems)
        raise PolicyError(problems)

    def as_dict(self) -> dict[str, Any]:
        """Return every option with its value: ``Policy(**policy.as_dict()) == policy``."""
        return dict(self.kept)

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
        raise AttributeError("a policy cannot be changed; make another")

    def __eq__(self, other: object) -> bool:
        return self.kept == other.kept if isinstance(other, Policy) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.kept.values()))

    def __repr__(self) -> str:
        changed = [f"{name}={_source(value)}" for name, value in self.kept.items() if value != OPTIONS[name]]
        return f"Policy({', '.join(changed)})"

    def __reduce__(self) -> tuple[Callable[[Mapping[str, Any]], Policy], tuple[dict[str, Any]]]:
        return Policy.from_options, (self.as_dict(),)


#: Every option and its default; ``allow_origins`` has none. Loaders of all kinds read this table.
OPTIONS: dict[str, Any] = {
    name: cast("dict[str, Any]", Policy.__init__.__kwdefaults__).get(name, _MISSING)
    for name, option in vars(Policy).items()
    if isinstance(option, Option)
}


def unknown_option(name: str, value: object, beside: Iterable[str], given: Mapping[str, Any]) -> Problem:
    """Return the Problem of an option that does not exist.

    Its suggestion is the nearest option that does; or, for an option of another library, what to write here instead.

    :param beside: other names that the caller accepts.
    :param given: all options that were given.
    """
    plain = name.lower().replace("-", "_")
    if "private_network" in plain:
        message = (
            "Private Network Access never came into force; its successor, Local Network Access, asks the user "
            "and reads no header; leave it out"
        )
        return Problem(Fault.NO_PRIVATE_NETWORK, name, value, message)
    known = [*OPTIONS, *beside]
    from corswsgi.foreign_options import foreign_option  # imported only if there is something to correct

    if problem := foreign_option(name, value, given, OPTIONS):
        return problem
    shortened = [each for each in known if set(plain.split("_")) <= set(each.split("_"))]
    # With a cutoff below 0.7, "resources" would suggest "enforce".
    suggestion = shortened[0] if len(shortened) == 1 else nearest(plain, known, cutoff=0.7)
    message = "there is no such option" if suggestion else "there is no such option; leave it out"
    return Problem(Fault.UNKNOWN_OPTION, name, value, message, suggestion)


def _checked(given: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Return the options as a policy keeps them; add their problems, in the order of the options, to ``problems``."""
    kept: dict[str, Any] = {}
    found: dict[str, list[Problem]] = {}
    for name, value in given.items():
        found[name] = []
        if value is _MISSING:
            message = "a policy must say which origins it allows; list them"
            problems.append(Problem(Fault.MISSING_OPTION, name, None, message))
        else:
            kept[name] = getattr(Policy, name).check(name, value, found[name])
    if kept["allow_credentials"]:
        _complain_of_credentials(kept, given, found)
    problems += [problem for each in found.values() for problem in each]
    return kept


def _complain_of_credentials(
    kept: Mapping[str, Any], given: Mapping[str, Any], found: dict[str, list[Problem]]
) -> None:
    """Add a problem for each value that is dangerous or useless with credentials."""
    origins = kept.get("allow_origins", ())
    if not callable(origins):
        # The suggestion is checked as well, so that correcting one fault does not lead to the next.
        suggestions = [problem.suggestion for problem in found["allow_origins"]]
        entries = [entry for each in (origins, *suggestions) for entry in _as_list(each)]
        strings = dict.fromkeys(entry for entry in entries if isinstance(entry, str))
        regexes = dict.fromkeys(
            entry for entry in entries if isinstance(entry, re.Pattern) and isinstance(entry.pattern, str)
        )
        dangers = kept["dangerously_allow"]
        found["allow_origins"] += complain_of_credentials(strings, regexes, dangers, "allow_origins")
    if ANY in kept["expose_headers"]:
        message = 'with credentials, browsers read "*" as the name of a header; list the headers that scripts may read'
        found["expose_headers"].append(
            Problem(Fault.EXPOSE_ANY_WITH_CREDENTIALS, "expose_headers", given["expose_headers"], message)
        )


def _as_list(value: object) -> Iterable[object]:
    return value if isinstance(value, (list, tuple)) else (value,)


def _matcher(policy: Policy) -> OriginMatcher | None:
    """Return the matcher over the origins of a policy that has no fault, or ``None`` if there is nothing to match."""
    entries = policy.allow_origins
    if callable(entries) or policy.allows_any_origin:
        return None
    strings = [entry for entry in entries if isinstance(entry, str)]
    return OriginMatcher(
        [entry for entry in strings if "*" not in entry],
        filter(None, map(OriginPattern.parse, (entry for entry in strings if "*" in entry))),
        [entry for entry in entries if isinstance(entry, re.Pattern)],
        secure_regexes=policy.allow_credentials and INSECURE_ORIGINS not in policy.dangerously_allow,
    )


def _source(value: object) -> str:
    """Return ``value`` as Python source; ``repr`` cuts long regular expressions."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_source, value))}]"
    if isinstance(value, re.Pattern):
        flags = value.flags & ~re.UNICODE
        return f"re.compile({value.pattern!r}{f', {re.RegexFlag(flags)!r}' if flags else ''})"
    return repr(value)


def _closed() -> Policy:
    policy = Policy.__new__(Policy)
    policy._keep(OPTIONS | {"allow_origins": (), "enforce": True})
    return policy


#: Governs a request if it is unclear which policy does: it allows nobody, and enforces that. ``Policy()`` cannot make
#: it, because a policy without origins is most likely a mistake.
CLOSED = _closed()
