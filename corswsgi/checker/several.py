"""Asks one question or several, prints the results, and returns the exit status; ``check`` and ``audit`` share this."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from corswsgi.checker.arguments import seconds_for_each
from corswsgi.checker.junit import junit_file
from corswsgi.checker.results import Result, print_summary

Question = TypeVar("Question")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    :ivar member: the report as an object of JSON.
    :ivar show: prints the report as text.
    :ivar is_notable: whether the report says more than its row in the table of several.
    """

    result: Result
    member: dict[str, Any]
    show: Callable[[], object]
    is_notable: bool


def ask_all(
    options: argparse.Namespace, asked: Sequence[Question], ask: Callable[[Question, float], Answer], suite: str
) -> int:
    """Ask all questions, print the results, and return the worst exit status.

    :param ask: called with a question, and the seconds that it may take.
    :param suite: the command that is run, such as ``"corswsgi check"``.
    :raises UsageError: if the file of ``--junit`` cannot be written; before anything is asked, if possible.
    """
    with junit_file(options.junit, suite) as write:
        answers: list[Answer] = []
        is_first = True
        for question, seconds in zip(asked, seconds_for_each(options), strict=False):
            started = time.monotonic()
            answer = ask(question, seconds)
            result = replace(answer.result, seconds=time.monotonic() - started)
            is_late = not seconds
            if is_late:
                result = replace(result, sentence="there was no time left for it; give more with --max-time")
            answers.append(replace(answer, result=result))
            if not (options.json or is_late) and (options.cases is None or answer.is_notable):
                sys.stdout.write("" if is_first else "\n\n")
                answer.show()
                is_first = False
        _print_all(options, answers)
        write([answer.result for answer in answers])
    return max(answer.result.status for answer in answers)


def _print_all(options: argparse.Namespace, answers: Sequence[Answer]) -> None:
    """Print the JSON, or the table if there are several answers."""
    are_several = len(answers) > 1 or options.cases is not None or options.har is not None
    if options.json:
        members = [
            {
                "name": answer.result.name,
                "exit_status": answer.result.status,
                "seconds": round(answer.result.seconds, 3),
                **answer.member,
            }
            for answer in answers
        ]
        print(json.dumps(members if are_several else answers[0].member, indent=2))
    elif are_several:
        print_summary([answer.result for answer in answers], sys.stdout)
