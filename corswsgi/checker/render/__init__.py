"""Reports as text and as JSON. Nothing is decided here, and what servers sent is escaped and cut."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi.checker.render.details import details
from corswsgi.checker.render.program import as_dict
from corswsgi.checker.render.screen import in_place, more, screen
from corswsgi.checker.render.terminal import WIDTH, Line, text_of
from corswsgi.checker.report import Report
from corswsgi.export import SERVERS

__all__ = ["as_dict", "as_text", "paragraphs"]


def paragraphs(report: Report, *, verbose: bool = False) -> Iterator[Line]:
    """Yield a report of ``check`` for a person: the verdict and the fix, and everything else if ``verbose``."""
    yield from screen(report)
    yield from details(report) if verbose else more(report)
    if report.fix.is_asked or (verbose and report.fix.form in SERVERS):
        yield from in_place(report)


def as_text(report: Report, *, verbose: bool = False, width: int = WIDTH) -> str:
    """Return a report of ``check`` for a person, without colours."""
    return text_of(paragraphs(report, verbose=verbose), width)
