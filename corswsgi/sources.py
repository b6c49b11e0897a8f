"""The policies that a command looks at, from a settings file or an application, and where each value is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from logging import LogRecord
from typing import Any

from corswsgi.applications import import_app, within
from corswsgi.errors import UsageError, quote
from corswsgi.middleware import CORSMiddleware
from corswsgi.policy import Policy
from corswsgi.refusals import logger
from corswsgi.settings import Followed, read_django
from corswsgi.settings.files import read_with_places


@dataclass(frozen=True, slots=True)
class Source:
    """Policies by path, and where each of their values is written.

    :ivar name: of the file or the application.
    :ivar policies: ``"/"`` is the rule for the whole site.
    :ivar place: returns the file and line of a value, or the name of the application. Arguments: a path, the name of an
        option (empty for the rule itself), and the value.
    :ivar is_one: whether there is one policy for everything, without a rule for a path.
    """

    name: str
    policies: Mapping[str, Policy | None]
    place: Callable[[str, str, object], str]
    is_one: bool


def source_of(file: str | None, app: str | None) -> Source:
    """Return the policies of a settings file, or those that the middleware in an application has.

    :param file: TOML or INI.
    :param app: ``module:callable``, in place of a file.
    :raises PolicyError: with every fault of the file.
    :raises UsageError: if neither or both are given, or if there is no policy in the application that could be read.
    """
    if app is None:
        if file is None:
            raise UsageError("there is no policy to look at; name a settings file, or give --app module:callable")
        with _without_warnings():
            policies, lines = read_with_places(file)
        return _source(file, policies, lines.of_option)
    if file is not None:
        raise UsageError(
            f"there are two policies to look at, {quote(file)} and --app {quote(app)}; leave one of them out"
        )
    return _source(app, _policy_in(import_app(app), app), lambda path, option, value: app)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep warnings out of the log that the command gives as advice."""
    logger.addFilter(_no_record)
    try:
        yield
    finally:
        logger.removeFilter(_no_record)


def _no_record(record: LogRecord) -> bool:
    return False


def _source(name: str, policies: Any, place: Callable[[str, str, object], str]) -> Source:
    if isinstance(policies, Policy):
        return Source(name, {"/": policies}, place, True)
    return Source(name, policies, place, False)


def _policy_in(app: Any, name: str) -> Any:
    """Return the policies of the first middleware in an application."""
    for each in within(app):
        if isinstance(each, CORSMiddleware):
            return _readable(each.policy, name)
        if type(each).__module__.startswith("django.core.handlers"):
            return read_django(sys.modules["django.conf"].settings)
    raise UsageError(
        f"--app {quote(name)}: no CORSMiddleware was found in it; name the middleware itself, "
        f"such as {os.path.splitext(name.partition(':')[0])[0]}:app.wsgi_app"
    )


def _readable(policy: Any, name: str) -> Any:
    if isinstance(policy, Followed):
        return policy.policies
    if isinstance(policy, (Policy, Mapping)):
        return policy
    raise UsageError(
        f"--app {quote(name)}: a callable chooses a policy for each request; look at each of them in a settings file"
    )
