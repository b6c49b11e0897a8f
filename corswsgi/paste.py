"""PasteDeploy: ``use = egg:corswsgi`` in a filter of an INI file; ``settings`` reads its keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from corswsgi.errors import Fault, PolicyError, Problem
from corswsgi.middleware import CORSMiddleware
from corswsgi.settings import Followed, follow, read_file
from corswsgi.settings.declared import Policies
from corswsgi.settings.mappings import read_names
from corswsgi.settings.texts import flag_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: The keys of a filter that are not options of a policy.
_OWN_KEYS = ("config", "reload", "readable_errors")


def filter_factory(global_conf: Mapping[str, Any], **local_conf: Any) -> Callable[[WSGIApplication], CORSMiddleware]:
    """Return a function that wraps an application; the entry point ``paste.filter_factory`` of PasteDeploy.

    :param global_conf: what PasteDeploy passes on about the INI file; ``here`` is its directory.
    :param local_conf: the keys of the filter: options, such as ``allow_origins`` and ``/public.allow_origins``; or
        ``config``, a settings file, and ``reload``, whether to follow its changes. With both, ``readable_errors``.
    :raises PolicyError: with every fault, each with the INI file and its key, or with the settings file and its line.
    """
    declared = {key: value for key, value in local_conf.items() if key not in _OWN_KEYS}
    problems: list[Problem] = []
    reload = _flag(local_conf, "reload", False, problems)
    readable_errors = _flag(local_conf, "readable_errors", True, problems)
    problems += _complain_of_keys(local_conf, declared)
    policies: Policies | Followed | None = None
    try:
        if "config" not in local_conf:
            policies = read_names(declared, "", _OWN_KEYS)
    except PolicyError as error:
        problems += error.problems
    ini = global_conf.get("__file__")
    problems = [problem._replace(place=_place(ini, problem.place)) for problem in problems]
    try:
        if "config" in local_conf:
            file = os.path.join(global_conf.get("here", ""), local_conf["config"])
            policies = follow(file) if reload else read_file(file)
    except PolicyError as error:
        problems += (_named_in(ini, problem) for problem in error.problems)
    if problems:
        raise PolicyError(problems)
    return lambda app: CORSMiddleware(app, policies, readable_errors=readable_errors)


def filter_app_factory(app: WSGIApplication, global_conf: Mapping[str, Any], **local_conf: Any) -> CORSMiddleware:
    """Return a wrapped application; the entry point ``paste.filter_app_factory`` of PasteDeploy.

    :raises PolicyError: as :func:`filter_factory` does.
    """
    return filter_factory(global_conf, **local_conf)(app)


def _flag(local_conf: Mapping[str, Any], key: str, default: bool, problems: list[Problem]) -> bool:
    value = local_conf.get(key, default)
    try:
        return flag_of(str(value))
    except ValueError as error:
        problems.append(Problem(Fault.WRONG_TYPE, key, value, str(error), place=key))
        return default


def _complain_of_keys(local_conf: Mapping[str, Any], declared: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of keys that exclude or need each other."""
    if "config" in local_conf:
        message = "a policy is given by config or by options, not by both; leave one of them out"
        return [Problem(Fault.POLICY_AND_OPTIONS, key, value, message, place=key) for key, value in declared.items()]
    if "reload" in local_conf:
        message = "only a settings file can be reloaded; name it with config"
        return [Problem(Fault.MISSING_OPTION, "reload", local_conf["reload"], message, place="reload")]
    return []


def _place(ini: str | None, key: str) -> str:
    return f"{ini}, key {key}" if ini else f"key {key}"


def _named_in(ini: str | None, problem: Problem) -> Problem:
    """Return a problem of the settings file; if the file cannot be read, with the key that names it."""
    if problem.code is not Fault.FILE_UNREADABLE:
        return problem
    return problem._replace(place=f"{_place(ini, 'config')}: {problem.place}")
