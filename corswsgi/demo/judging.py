"""Judges a policy typed into the page: its faults, the library's warnings, and its text; nothing is kept here."""

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

#: The most bytes of JSON that a policy may have.
MAX_POLICY = 16 * 1024

#: The most faults that are returned at once.
MAX_PROBLEMS = 20

_collected: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("collected", default=None)


class BadRequest(Exception):
    """The page's own script would not send this, or it is too long; the message is a sentence."""


def judge(options: object) -> tuple[dict[str, Any], Policy | None]:
    """Return the judgement of a policy's options, for JSON, and the policy itself if it has no fault.

    The judgement holds ``problems``, and how many ``more`` there are; ``warnings``, sentences; and if there is no
    problem, ``texts``: the policy in each language.

    :raises BadRequest: if the options are not a JSON object, or too long.
    """
    if not isinstance(options, Mapping):
        raise BadRequest("the policy is not a JSON object")
    if len(json.dumps(options)) > MAX_POLICY:
        raise BadRequest(f"this policy is longer than {MAX_POLICY} bytes, the most that the playground takes")
    with _collect() as warnings:
        try:
            policy = Policy.from_options(options)
        except PolicyError as error:
            shown = [_as_json(problem) for problem in error.problems[:MAX_PROBLEMS]]
            return {"problems": shown, "more": len(error.problems) - len(shown), "warnings": warnings}, None
    texts = {
        "python": f"from corswsgi import Policy\n\npolicy = {source_of(policy)}",
        "toml": toml_of(policy),
        "ini": ini_of(policy),
        **{name: _in_form(name, policy) for name in FORMS},
    }
    return {"problems": [], "more": 0, "warnings": warnings, "texts": texts}, policy


def _in_form(name: str, policy: Policy) -> str:
    """Return a policy as configuration or code of a server or framework, or a comment that says why it cannot be."""
    try:
        return written(name, policy)
    except (PolicyError, UsageError) as error:
        return "".join(f"# {line}\n" for line in str(error).splitlines())


@contextlib.contextmanager
def warnings_to_the_page() -> Iterator[None]:
    """Send the library's warnings about policies typed into the page to the page, and not to the log.

    In the log, each key press would be a line.
    """
    logger = logging.getLogger("corswsgi")
    logger.addFilter(_keep_for_the_page)
    try:
        yield
    finally:
        logger.removeFilter(_keep_for_the_page)


@contextlib.contextmanager
def _collect() -> Iterator[list[str]]:
    collected: list[str] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)


def _keep_for_the_page(record: logging.LogRecord) -> bool:
    collected = _collected.get()
    if collected is None:
        return True
    collected.append(record.getMessage())
    return False


def _as_json(problem: Problem) -> dict[str, Any]:
    message, suggestion = problem.message, problem.suggestion
    if isinstance(suggestion, re.Pattern):  # the form cannot hold one
        message, suggestion = f"{message}, in Python: {quote(suggestion)}", None
    return {
        "code": problem.code,
        "option": problem.option,
        "value": problem.value,
        "message": message,
        "suggestion": suggestion,
    }
