"""Options of other CORS libraries, and what they are here; imported only if there is something to correct."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from corswsgi.errors import Fault, Problem, quote
from corswsgi.options import ANY, is_acceptable

#: Our options with the values that an option of another library stands for; empty if there are none, or unknown.
Meant = dict[str, Any]

#: Characters that make a path or an origin a regular expression.
_OF_EXPRESSIONS = re.compile(r"[\\()\[\]{}^$|+?*]")


class Foreign(NamedTuple):
    """An option of another library.

    :ivar libraries: the names of the libraries that have it.
    :ivar ours: the name of our option; empty if none is needed.
    :ivar note: what else the message says.
    :ivar translate: returns our options for a value.
    """

    libraries: str
    ours: str = ""
    note: str = ""
    translate: Callable[[Any], Meant] = lambda value: {}


def foreign_option(name: str, value: object, given: Mapping[str, Any], known: Iterable[str]) -> Problem | None:
    """Return the Problem of an option that is another library's, or ``None`` if it is not.

    Its suggestion is what to write instead: options with their values, or paths with their options; or only the name of
    an option, if the value cannot be translated.

    :param given: all options that were given, among them this one.
    :param known: the names of our options.
    """
    foreign = _found(name, given, known)
    if foreign is None:
        return None
    try:
        meant = foreign.translate(value)
    except (
        Exception
    ):  # a value of any kind, such as a member that cannot be compared; its own name is said nevertheless
        meant = {}
    message = f"this is an option of {foreign.libraries}"
    if foreign.note:
        message += f"; {foreign.note}"
    return Problem(Fault.FOREIGN_OPTION, name, value, message, meant or foreign.ours or None)


def meant_by(problems: Iterable[Problem]) -> Meant:
    """Return our options with the values that options of other libraries gave them."""
    meant: Meant = {}
    for problem in problems:
        suggestion = problem.suggestion
        if problem.code is not Fault.FOREIGN_OPTION:
            continue
        if suggestion == "allow_origins" or (isinstance(suggestion, dict) and any(key[0] == "/" for key in suggestion)):
            # The origins are given, but unknown. A callable stands for them, because its origins are not checked.
            meant.setdefault("allow_origins", lambda origin, request: False)
        elif isinstance(suggestion, dict):
            for name, value in suggestion.items():
                before = meant.get(name)
                meant[name] = before + value if isinstance(before, list) and isinstance(value, list) else value
    return meant


def is_foreign(name: str) -> bool:
    """Tell whether an option of this name is another library's."""
    return _plain(name) in _NAMES


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").removeprefix("cors_")


def _found(name: str, given: Mapping[str, Any], known: Iterable[str]) -> Foreign | None:
    plain = _plain(name)
    if plain in _NAMES:
        return _NAMES[plain]
    if plain in known and name.lower().startswith("cors_"):
        return _renamed("flask-cors and django-cors-headers", plain)
    # wsgicors: policy = "free", free_origin = "copy"
    policies = given.get("policy")
    for policy in policies.split(",") if isinstance(policies, str) else ():
        part = name.removeprefix(f"{policy.strip()}_")
        if part != name and (part in _NAMES or part in known):
            return _NAMES.get(part) or _renamed("wsgicors", part)
    return None


def _renamed(libraries: str, ours: str) -> Foreign:
    """Return an option that is ours, with a prefix before its name."""
    return Foreign(libraries, ours, translate=lambda value: _same(ours, value))


# How values are translated.


def _entries(value: Any) -> list[Any]:
    """Return the members of a list, or the parts of a text between commas and spaces."""
    if isinstance(value, str):
        # A comma may belong to an expression; a space cannot, because no origin has one.
        return re.split(r"\s+" if re.search(r"[\\()\[\]{}^$]", value) else r"[\s,]+", value.strip(" \t\r\n,"))
    if isinstance(value, re.Pattern):
        return [value]
    return sorted(value, key=quote) if isinstance(value, (set, frozenset)) else list(value)


def _compiled(value: Any) -> Any:
    return value if isinstance(value, re.Pattern) else re.compile(value)


def _origin(entry: Any) -> Any:
    """Return an origin; if flask-cors would treat it as an expression, and it is not one of our patterns, compiled."""
    if not isinstance(entry, str) or is_acceptable(entry) or not _OF_EXPRESSIONS.search(entry):
        return entry
    return re.compile(entry)


def _origins(value: Any) -> Meant:
    entries = [_origin(entry) for entry in _entries(value)]
    if ANY in entries or ".*" in [entry.pattern for entry in entries if isinstance(entry, re.Pattern)]:
        return {"allow_origins": ANY}
    return {"allow_origins": entries} if entries else {}


def _expressions(value: Any) -> Meant:
    return {"allow_origins": [_compiled(entry) for entry in _entries(value)]}


def _origins_of_wsgicors(value: Any) -> Meant:
    entries = _entries(value)
    return {"allow_origins": ANY if ANY in entries or "copy" in entries else entries}


def _every_origin(value: Any) -> Meant:
    return {"allow_origins": ANY} if _flag(value) else {}


def _flag(value: Any) -> bool:
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}[value.strip().lower()]
    return bool(value)


def _credentials(value: Any) -> Meant:
    return {"allow_credentials": _flag(value)}


def _names(option: str, value: Any) -> Meant:
    names = _entries(value)
    return {option: ANY if names == [ANY] else names}


def _seconds(value: Any) -> Meant:
    if isinstance(value, timedelta):
        return {"max_age": value}
    return {"max_age": int(value) or None}  # these libraries send nothing for 0


def _same(option: str, value: Any) -> Meant:
    """Return one of our options with a value in the form of another library."""
    if option == "allow_origins":
        return _origins(value)
    if option == "allow_credentials":
        return _credentials(value)
    if option == "max_age":
        return _seconds(value)
    return _names(option, value)


def _intercept(value: Any) -> Meant:
    return {} if _flag(value) else {"readable_errors": False}


def _path(pattern: Any) -> str:
    """Return the path of the rule that an expression stands for.

    :raises ValueError: if no path does.
    """
    text = pattern.pattern if isinstance(pattern, re.Pattern) else str(pattern)
    plain = re.sub(r"/?(?:\(\.\*\)|\.\*|\.\+|\*)?$", "", text.removeprefix("^").removesuffix("$"))
    if _OF_EXPRESSIONS.search(plain) or not (plain == "" or plain.startswith("/")):
        raise ValueError(text)
    return plain or "/"


def _resources(value: Any) -> Meant:
    rules = value if isinstance(value, Mapping) else {path: {} for path in _entries(value)}
    meant = {_path(pattern): _translated(options) for pattern, options in rules.items()}
    return {} if meant == {"/": {}} else meant


def _translated(options: Mapping[str, Any]) -> Meant:
    """Return the options of flask-cors for a path as ours."""
    translated: Meant = {}
    for name, value in options.items():
        foreign = _NAMES.get(_plain(name))
        translated |= _same(name, value) if foreign is None else foreign.translate(value)
    return translated


# The table.

_FLASK, _DJANGO, _WSGICORS = "flask-cors", "django-cors-headers", "wsgicors"
_OF_PATHS = (
    "here each path has a policy of its own, CORSMiddleware(app, {path: Policy(...)}), which governs the path and "
    "everything below it"
)
_WHOLE = "here an expression must match the whole origin"
_ONE_OF_OTHERS = "here several policies are a mapping from paths, or a callable that chooses one"
_OF_CONFIG = "here a settings file is named with config in PasteDeploy, and with CORSMiddleware.from_file in Python"

#: By name, in lower case, without the prefix "CORS_". Options with the same name and meaning as ours are left out.
_NAMES: dict[str, Foreign] = {
    "origins": Foreign(_FLASK, "allow_origins", translate=_origins),
    "methods": Foreign(f"{_FLASK} and {_WSGICORS}", "allow_methods", translate=lambda v: _names("allow_methods", v)),
    "supports_credentials": Foreign(_FLASK, "allow_credentials", translate=_credentials),
    "resources": Foreign(_FLASK, note=_OF_PATHS, translate=_resources),
    "send_wildcard": Foreign(_FLASK, note='here allow_origins="*" always sends "*", so leave it out'),
    "vary_header": Foreign(
        _FLASK, note="here Vary: Origin is sent if, and only if, answers depend on the origin, so leave it out"
    ),
    "always_send": Foreign(
        _FLASK, note="here what is the same for every origin is sent on every response, so leave it out"
    ),
    "automatic_options": Foreign(
        _FLASK, note="here preflights are always answered before the application, so leave it out"
    ),
    "intercept_exceptions": Foreign(
        _FLASK,
        note="here errors are readable unless CORSMiddleware gets readable_errors=False",
        translate=_intercept,
    ),
    "allowed_origins": Foreign(_DJANGO, "allow_origins", translate=_origins),
    "origin_whitelist": Foreign(_DJANGO, "allow_origins", translate=_origins),
    "allow_all_origins": Foreign(
        _DJANGO, note='here every origin is written allow_origins="*", without credentials', translate=_every_origin
    ),
    "origin_allow_all": Foreign(
        _DJANGO, note='here every origin is written allow_origins="*", without credentials', translate=_every_origin
    ),
    "allowed_origin_regexes": Foreign(_DJANGO, "allow_origins", _WHOLE, _expressions),
    "origin_regex_whitelist": Foreign(_DJANGO, "allow_origins", _WHOLE, _expressions),
    "preflight_max_age": Foreign(_DJANGO, "max_age", translate=_seconds),
    "urls_regex": Foreign(_DJANGO, note=_OF_PATHS, translate=_resources),
    "origin": Foreign(_WSGICORS, "allow_origins", translate=_origins_of_wsgicors),
    "headers": Foreign(_WSGICORS, "allow_headers", translate=lambda v: _names("allow_headers", v)),
    "credentials": Foreign(_WSGICORS, "allow_credentials", translate=_credentials),
    "maxage": Foreign(_WSGICORS, "max_age", translate=_seconds),
    "policy": Foreign(_WSGICORS, note=_ONE_OF_OTHERS),
    "matchstrategy": Foreign(_WSGICORS, note=_ONE_OF_OTHERS),
    "allowed_origin": Foreign("oslo.middleware", "allow_origins", translate=_origins),
    "oslo_config_project": Foreign("oslo.middleware", note=_OF_CONFIG),
    "oslo_config_file": Foreign("oslo.middleware", note=_OF_CONFIG),
    "oslo_config_program": Foreign("oslo.middleware", note=_OF_CONFIG),
    "allow_origin_regex": Foreign("Starlette", "allow_origins", translate=_expressions),
    "enable": Foreign(  # cors_enable
        "falcon", note='there it allows every origin; here that is allow_origins="*"', translate=_every_origin
    ),
}

#: The settings of flask-cors and django-cors-headers, which no other library of these frameworks reads.
SETTINGS = tuple(
    f"CORS_{name.upper()}"
    for name in (
        *(name for name, foreign in _NAMES.items() if foreign.libraries.startswith((_FLASK, _DJANGO))),
        *("allow_headers", "allow_methods", "allow_credentials", "expose_headers", "max_age", "allow_private_network"),
    )
)
