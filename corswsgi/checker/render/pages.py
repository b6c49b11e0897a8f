"""The pages of the table of findings: one in a terminal, or all of them as ``docs/findings.rst``."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi.checker.findings import Concern, Kind
from corswsgi.checker.kinds import KINDS, SUBJECTS
from corswsgi.checker.render.terminal import Line

_CONCERNS = {
    Concern.PAGE: "the page that asks: its request fails, or gets something else than expected",
    Concern.USERS: "the people who use the server: others can read or do what only they may",
    Concern.SERVER: "the server: it says what no browser reads, or more than is needed",
    Concern.ASKER: "you: the command could not look at everything",
}

_NO_POLICY = "No policy helps here."

_INTRODUCTION = """\
Findings
========

.. This page is generated from corswsgi/checker/kinds. To write it again:
   CORSWSGI_GOLDEN=write python -m pytest tests/test_findings.py

What ``corswsgi check``, ``corswsgi audit`` and ``corswsgi lint`` can find. The codes are stable: they stand in
[brackets] after a sentence, and in the JSON of ``--json``. ``corswsgi finding CODE`` prints one of these entries.

A severity is ``high`` (it fails now, or anyone can read or do what only the user may), ``medium`` (that happens in some
browsers, or to someone with a foot in the door), ``low`` (it takes another fault as well) or ``info``. The one that is
given here is the usual one; what came may make it more or less. ``audit --fail-on SEVERITY`` exits with 1 if there is a
finding of at least that severity.
"""


def page(kind: Kind) -> Iterator[Line]:
    """Yield the page of a kind of finding."""
    yield Line(kind.code, "heading", lead=f"{str(kind.severity).upper()}  ", lead_style=str(kind.severity))
    yield Line(f"{_plain(kind.title)}.")
    for heading, text in _parts(kind):
        yield Line("")
        yield Line(heading, "heading")
        yield Line(_plain(text), lead="  ")


def contents() -> Iterator[Line]:
    """Yield all codes with their titles, by subject."""
    width = max(map(len, KINDS))
    for number, (title, subject) in enumerate(SUBJECTS.items()):
        if number:
            yield Line("")
        yield Line(title, "heading")
        for kind in _kinds_of(subject):
            yield Line(_plain(kind.title), lead=f"  {kind.code.ljust(width)}  ", lead_style="code")


def as_rst() -> str:
    """Return all pages, as ``docs/findings.rst``."""
    parts = [_INTRODUCTION]
    for title, subject in SUBJECTS.items():
        parts.append(f"\n\n{title}\n{'-' * len(title)}\n")
        parts += [_entry(kind) for kind in _kinds_of(subject)]
    return "".join(parts)


def _entry(kind: Kind) -> str:
    lines = [
        "",
        f".. _finding-{kind.code}:",
        "",
        kind.code,
        "~" * len(kind.code),
        "",
        f"**{_without_literals(kind.title)}**",
        "",
    ]
    lines += [f":Severity: {kind.severity}"]
    lines += [f":{heading}: {text}" for heading, text in _parts(kind)]
    return "".join(f"{line}\n" for line in lines)


def _parts(kind: Kind) -> Iterator[tuple[str, str]]:
    yield "Who is concerned", f"{_CONCERNS[kind.concerns].capitalize()}."
    yield "What it means", kind.means
    yield "How it happens", kind.arises
    yield "The fix in a policy", kind.policy or _NO_POLICY
    yield "The fix elsewhere", kind.elsewhere


def _kinds_of(subject: object) -> Iterator[Kind]:
    yield from (value for value in vars(subject).values() if isinstance(value, Kind))


def _plain(text: str) -> str:
    """Return reStructuredText as it is read in a terminal; literals are all that there is of it."""
    return text.replace("``", "")


def _without_literals(text: str) -> str:
    """Return a title for bold type, in which no star may stand."""
    return _plain(text).replace("*", "\\*")
