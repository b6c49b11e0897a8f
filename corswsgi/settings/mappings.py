"""Policies from mappings: environment variables, and the settings of Pyramid, Paste, Flask and Django."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.foreign_options import SETTINGS as FOREIGN_SETTINGS
from corswsgi.policy import OPTIONS, Policy
from corswsgi.settings.declared import Keys, Policies, policies_of

#: The setting of Flask and Django that holds a whole policy; with an underscore, the prefix of single options.
SETTING = "CORSWSGI"


def read_mapping(mapping: Mapping[str, Any], prefix: str = "cors.") -> Policies:
    """Return what a flat mapping holds under a prefix, as Pyramid's and Paste's settings do.

    ``cors.allow_origins`` is an option, ``cors./public.allow_origins`` one of a path, and ``cors./internal = none`` a
    path without a policy.

    :param prefix: how the names begin; other names are ignored.
    :raises PolicyError: with every fault, each with its name.
    """
    return read_names(mapping, prefix)


def read_names(mapping: Mapping[str, Any], prefix: str, beside: Iterable[str] = ()) -> Policies:
    """Return what :func:`read_mapping` does.

    :param beside: other names that the caller accepts, to suggest in place of an unknown name.
    """
    declared: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    for name, value in mapping.items():
        if not name.startswith(prefix):
            continue
        path, dot, option = name.removeprefix(prefix).rpartition(".")
        if path.startswith("/") and dot:
            rules.setdefault(path, {})[option] = value
        else:
            declared[name.removeprefix(prefix)] = value
    message = "the rule of this path is given twice; keep one of them"
    problems = [
        Problem(Fault.GIVEN_TWICE, path, declared[path], message, place=prefix + path)
        for path in rules
        if path in declared
    ]
    return _together(declared | rules, lambda keys, _: prefix + ".".join(keys), problems, beside)


def read_environment(environ: Mapping[str, str] | None = None, prefix: str = f"{SETTING}_") -> Policies:
    """Return the policy of environment variables, such as ``CORSWSGI_ALLOW_ORIGINS``.

    :param environ: the variables; by default those of this process.
    :param prefix: how their names begin; other variables are ignored.
    :raises PolicyError: with every fault, each with the name of its variable.
    """
    environ = os.environ if environ is None else environ
    # The environment is shared: variables of another CORS library are reported only if there are none of ours.
    is_ours = any(name.startswith(prefix) for name in environ)
    return _of_names(environ, prefix, {} if is_ours else _foreign(environ))


def read_flask(config: Mapping[str, Any]) -> Policies:
    """Return what ``app.config`` of Flask holds: ``CORSWSGI_ALLOW_ORIGINS`` and so on, or all in ``CORSWSGI``.

    :raises PolicyError: with every fault, each with its name.
    """
    if SETTING not in config:
        return _of_names(config, f"{SETTING}_", _foreign(config))
    message = f"the policy is given as {SETTING} and as single options; leave one of them out"
    problems = [
        Problem(Fault.GIVEN_TWICE, name.removeprefix(f"{SETTING}_").lower(), config[name], message, place=name)
        for name in config
        if name.startswith(f"{SETTING}_")
    ]
    return _of_object(config[SETTING], problems, _foreign(config))


def read_django(settings: object) -> Policies:
    """Return what ``CORSWSGI`` of Django's settings holds: a policy, its options, or paths.

    :param settings: ``django.conf.settings``.
    :raises PolicyError: with every fault, each with its place.
    """
    foreign = {name: getattr(settings, name) for name in FOREIGN_SETTINGS if hasattr(settings, name)}
    problems = []
    for option in OPTIONS:
        name = f"{SETTING}_{option.upper()}"  # as in Flask; here it would do nothing
        if hasattr(settings, name):
            message = f"in Django, the options are in the setting {SETTING}; write {SETTING} = {{{quote(option)}: ...}}"
            problems.append(Problem(Fault.UNKNOWN_OPTION, option, getattr(settings, name), message, place=name))
    return _of_object(getattr(settings, SETTING, {}), problems, foreign)


def _foreign(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of flask-cors and django-cors-headers, which have no effect here and are reported."""
    return {name: mapping[name] for name in FOREIGN_SETTINGS if name in mapping}


def _of_names(mapping: Mapping[str, Any], prefix: str, foreign: Mapping[str, Any]) -> Policies:
    declared = {name.removeprefix(prefix).lower(): value for name, value in mapping.items() if name.startswith(prefix)}
    return policies_of(
        {**declared, **foreign}, lambda keys, _: keys[-1] if keys[-1] in foreign else prefix + keys[-1].upper()
    )


def _of_object(value: object, problems: list[Problem], foreign: Mapping[str, Any]) -> Policies:
    declared = {"/": value} if isinstance(value, Policy) else value
    if not isinstance(declared, Mapping):
        message = (
            f"{quote(value)} is neither a policy, nor its options, nor a mapping from paths to policies; "
            f'write {SETTING} = {{"allow_origins": [...]}}'
        )
        raise PolicyError([*problems, Problem(Fault.WRONG_TYPE, "", value, message, place=SETTING)])

    def place(keys: Keys, _: object) -> str:
        if keys and keys[0] in foreign:
            return keys[0]
        return SETTING + "".join(f"[{quote(key)}]" for key in keys)

    policies = _together({**declared, **foreign}, place, problems)
    return value if isinstance(value, Policy) else policies


def _together(declared: Mapping[Any, Any], place: Any, problems: list[Problem], beside: Iterable[str] = ()) -> Policies:
    """Return the policies; if there are problems already, raise them together with those of the policies."""
    try:
        policies = policies_of(declared, place, beside)
    except PolicyError as error:
        problems = [*problems, *error.problems]
    if problems:
        raise PolicyError(problems)
    return policies
