"""``docs/policy-errors.rst``: every kind of fault with an example; ``CORSWSGI_GOLDEN=write`` writes it again."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from policy_errors import SECTIONS, File

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.errors import Fault, Problem
from corswsgi.export import apache
from corswsgi.policy import OPTIONS

PAGE = Path(__file__).parent.parent / "docs" / "policy-errors.rst"

INTRODUCTION = """\
.. Written by tests/test_policy_errors.py.

What PolicyError says
=====================

A policy with a fault cannot be built. ``PolicyError`` names all faults of the policy at once, a line for each, with the
corrected value if it can be known. This page has an example of every kind of fault. Its heading is the ``code`` of the
:class:`~corswsgi.errors.Problem`: it stays the same from version to version, but messages may be reworded.
"""


def application(environ: object, start_response: object) -> list[bytes]:
    return []


def problems_of(example: str | File, folder: Path) -> tuple[Problem, ...]:
    """Return the problems of an example, as they stand in the folder of the user."""
    names = {"app": application, "CORSMiddleware": CORSMiddleware, "Policy": Policy, "apache": apache}
    try:
        if isinstance(example, File):
            (folder / example.name).write_text(example.text, "utf-8")
            CORSMiddleware.from_file(application, example.name)
        else:
            eval(example, names | {"re": re, "timedelta": timedelta})
    except PolicyError as error:
        return error.problems
    return ()


EXAMPLES = {fault: example for section in SECTIONS.values() for fault, example in section.items()}


def test_every_kind_of_fault_has_an_example() -> None:
    assert sum(map(len, SECTIONS.values())) == len(EXAMPLES)
    assert set(EXAMPLES) == set(Fault)


@pytest.mark.parametrize("fault", EXAMPLES)
def test_an_example_has_its_fault(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fault in [problem.code for problem in problems_of(EXAMPLES[fault], tmp_path)]


def test_the_docstring_names_the_faults_of_each_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parts = re.split(r":(?:param (\w+)|raises \w+):", Policy.__doc__ or "")
    named = {
        option: re.compile(
            "|".join(re.escape(code).replace(r"\.\.\.", ".+") for code in re.findall("``([a-z.-]+)``", text))
        )
        for option, text in zip(parts[1::2], parts[2::2], strict=True)
        if option
    }
    assert set(named) == set(OPTIONS)
    elsewhere = {Fault.WRONG_TYPE, Fault.SERVER_CANNOT, Fault.GIVEN_TWICE, Fault.UNKNOWN_OPTION}
    for example in EXAMPLES.values():
        for problem in problems_of(example, tmp_path):
            if problem.option in OPTIONS and problem.code not in elsewhere | {Fault.POLICY_AND_OPTIONS}:
                assert named[problem.option].fullmatch(problem.code), (problem.option, problem.code)


def test_the_page_says_what_the_examples_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n".join(page(tmp_path))
    if os.environ.get("CORSWSGI_GOLDEN") == "write":
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text


def page(folder: Path) -> Iterator[str]:
    yield INTRODUCTION
    for heading, examples in SECTIONS.items():
        yield f"\n{heading}\n{'-' * len(heading)}\n"
        for fault, example in examples.items():
            said = "\n".join(map(str, problems_of(example, folder)))
            yield f"{fault}\n{'~' * len(fault)}\n"
            yield shown(example)
            yield f".. code-block:: text\n\n{textwrap.indent(said, '   ')}\n"


def shown(example: str | File) -> str:
    if isinstance(example, File):
        return f".. code-block:: text\n   :caption: {example.name}\n\n{textwrap.indent(example.text, '   ')}\n"
    return f".. code-block:: python\n\n{textwrap.indent(example, '   ')}\n"
