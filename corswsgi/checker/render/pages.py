"""The pages about kinds of finding: one for a terminal, or all of them as ``docs/findings.rst``."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi.checker.findings import Concern, Kind
from corswsgi.checker.kinds import KINDS, SUBJECTS
from corswsgi.checker.render.terminal import Line

_CONCERNS = {
    Concern.PAGE: "the page: its request fails, or does not do what it should",
    Concern.USERS: "the users of the server: others can read or do what only they may",
    Concern.SERVER: "the server: it sends something needless, or permits more than necessary",
    Concern.ASKER: "you, who run the command: it could not check everything",
}

_NO_POLICY = "No policy helps here."

_INTRODUCTION = """\
Findings
========

.. This page is generated from corswsgi/checker/kinds. To write it again:
   CORSWSGI_GOLDEN=write python -m pytest tests/test_findings.py

This page lists everything that ``corswsgi check``, ``corswsgi audit`` and ``corswsgi lint`` can find. Each finding has
a stable code, which the commands and ``--json`` print. ``corswsgi finding CODE`` prints one of these entries.

Each finding has a severity:

- ``high``: it fails now, or anyone can read or do what only the user may.
- ``medium``: it fails in some browsers, or an attacker has to control something else first, such as the network.
- ``low``: it does harm only together with another fault.
- ``info``: it is good to know.

This page gives the usual severity. In a particular case it may be higher or lower. ``audit --fail-on SEVERITY`` exits
with 1 if there is a finding of at least that severity.
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
    yield "Who is affected", f"{_CONCERNS[kind.concerns].capitalize()}."
    yield "What it means", kind.means
    yield "Possible causes", kind.arises
    yield "The fix in a policy", kind.policy or _NO_POLICY
    yield "The fix elsewhere", kind.elsewhere


def _kinds_of(subject: object) -> Iterator[Kind]:
    yield from (value for value in vars(subject).values() if isinstance(value, Kind))


def _plain(text: str) -> str:
    """Return reStructuredText as plain text for a terminal; literals are its only markup."""
    return text.replace("``", "")


def _without_literals(text: str) -> str:
    """Return a title for bold type, in which a star has to be escaped."""
    return _plain(text).replace("*", "\\*")
