"""A policy that somebody types, as JSON: its faults, what the library warns of, and its text; nothing is kept here."""

from __future__ import annotations

import contextlib
import contextvars
import json
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from corswsgi.checker.forms import FORMS, written
from corswsgi.demo.policy_text import ini_of, source_of, toml_of
from corswsgi.errors import PolicyError, Problem, UsageError, quote
from corswsgi.policy import Policy

#: Bytes of JSON that a policy may have.
MAX_POLICY = 16 * 1024

#: Faults that are told at once; after they are fixed, the rest are told.
MAX_PROBLEMS = 20

_overheard: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("overheard", default=None)


class BadRequest(Exception):
    """What came is not what the page's own script sends, or more than is taken; the message is a sentence."""


def judge(options: object) -> tuple[dict[str, Any], Policy | None]:
    """Return what to tell of the options of a policy, for JSON, and the policy itself if it has no fault.

    What is told: ``problems``, and how many ``more`` there are; ``warnings``, sentences; and without a problem
    ``texts``, the policy in each language.

    :raises BadRequest: if they are no JSON object, or a very long one.
    """
    if not isinstance(options, Mapping):
        raise BadRequest("a policy is a JSON object")
    if len(json.dumps(options)) > MAX_POLICY:
        raise BadRequest(f"this policy is longer than {MAX_POLICY} bytes, which is more than the playground takes")
    with _overhear() as warnings:
        try:
            policy = Policy.from_options(options)
        except PolicyError as error:
            told = [_told(problem) for problem in error.problems[:MAX_PROBLEMS]]
            return {"problems": told, "more": len(error.problems) - len(told), "warnings": warnings}, None
    texts = {
        "python": f"from corswsgi import Policy\n\npolicy = {source_of(policy)}",
        "toml": toml_of(policy),
        "ini": ini_of(policy),
        **{name: _in_form(name, policy) for name in FORMS},
    }
    return {"problems": [], "more": 0, "warnings": warnings, "texts": texts}, policy


def _in_form(name: str, policy: Policy) -> str:
    """Return a policy as what is put into a server or a framework, or why that cannot be."""
    try:
        return written(name, policy)
    except (PolicyError, UsageError) as error:
        return "".join(f"# {line}\n" for line in str(error).splitlines())


@contextlib.contextmanager
def warnings_to_the_page() -> Iterator[None]:
    """Have the page told what the library logs of policies that are typed there, in place of the log: each key typed
    would be a line there."""
    logger = logging.getLogger("corswsgi")
    logger.addFilter(_keep_for_the_page)
    try:
        yield
    finally:
        logger.removeFilter(_keep_for_the_page)


@contextlib.contextmanager
def _overhear() -> Iterator[list[str]]:
    overheard: list[str] = []
    token = _overheard.set(overheard)
    try:
        yield overheard
    finally:
        _overheard.reset(token)


def _keep_for_the_page(record: logging.LogRecord) -> bool:
    overheard = _overheard.get()
    if overheard is None:
        return True
    overheard.append(record.getMessage())
    return False


def _told(problem: Problem) -> dict[str, Any]:
    message, suggestion = problem.message, problem.suggestion
    if isinstance(suggestion, re.Pattern):  # what the form cannot hold
        message, suggestion = f"{message}, in Python: {quote(suggestion)}", None
    return {
        "code": problem.code,
        "option": problem.option,
        "value": problem.value,
        "message": message,
        "suggestion": suggestion,
    }
