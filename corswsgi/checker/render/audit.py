"""A report of ``audit`` as text: the findings, each with its fix, and then which origins can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from corswsgi.checker.audit import AuditReport
from corswsgi.checker.findings import Evidence, Finding, Severity
from corswsgi.checker.observations import Pair, Sighting
from corswsgi.checker.render.terminal import WIDTH, Line
from corswsgi.checker.words import capitalized

_INDENT = "    "

#: What a page of an origin can do; an Origin that no browser sends is only accepted or not.
_READS, _PASSES, _NOTHING = "can read", "accepted", "-"


def audit_paragraphs(report: AuditReport, *, verbose: bool = False, width: int = WIDTH) -> Iterator[Line]:
    """Yield a report of ``audit``.

    :param verbose: whether to show the requests and responses of each finding.
    :param width: of the lines; if the table is wider, its first column is left out.
    """
    yield Line(f"Audit of {report.url}", "heading")
    yield Line(f"for pages of {report.origin}: {summary(report)} ({report.requests} requests)")
    if report.cut_short:
        yield Line(f"Some requests were not sent: {report.cut_short}.", "unsafe")
    yield Line(_cookies(report))
    for finding in report.findings:
        yield Line("")
        yield from _finding(finding, verbose)
    yield Line("")
    yield from _table(report, width)
    if report.findings and not verbose:
        yield Line("")
        yield Line("-v: the requests and responses of each finding; corswsgi finding CODE: more about it", "faint")


def summary(report: AuditReport) -> str:
    """Return how many findings there are of each severity."""
    if not report.findings:
        return "nothing was found"
    counts = Counter(finding.severity for finding in report.findings)
    return ", ".join(f"{counts[severity]} {severity}" for severity in reversed(Severity) if counts[severity])


def _cookies(report: AuditReport) -> str:
    if not report.cookies:
        return "No cookies of a visitor were sent. To audit as a logged-in visitor, add --cookie or --cookie-jar."
    return f"Audited as a logged-in visitor, with the cookies {', '.join(report.cookies)}."


def _finding(finding: Finding, verbose: bool) -> Iterator[Line]:
    yield Line(f"{str(finding.severity).upper()}  {finding.code}", str(finding.severity))
    yield Line(f"{capitalized(finding.sentence)}.", lead=_INDENT)
    if verbose:
        for evidence in finding.evidence:
            yield from (Line(text, "faint", _INDENT, verbatim=True) for text in _exchange(evidence))
    yield Line(f"{capitalized(finding.fix)}.", lead=f"{_INDENT}Fix: ", lead_style="heading")


def _exchange(evidence: Evidence) -> Iterator[str]:
    yield from (f"> {line}" for line in evidence.request)
    yield from (f"< {line}" for line in evidence.response)


def _table(report: AuditReport, width: int) -> Iterator[Line]:
    rows = [
        ("Kind", "Origin", "without cookies", "with cookies"),
        ("the origin itself", report.origin, *_cells(report.own, _READS)),
        *(_row(sighting) for sighting in report.sightings),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * len(widths) > width:
        rows, widths = [("", *row[1:]) for row in rows], [0, *widths[1:]]
    for row in rows:
        text = "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True) if size)
        yield Line(text.rstrip(), "heading" if row is rows[0] else "", verbatim=True)
    if any(not sighting.sent for sighting in report.sightings):
        yield Line("* No browser sends such an Origin; it shows how the server compares.", "faint")


def _row(sighting: Sighting) -> tuple[str, ...]:
    yes, mark = (_READS, "") if sighting.sent else (_PASSES, " *")
    return (sighting.stranger.likeness, sighting.stranger.value + mark, *_cells(sighting, yes))


def _cells(reads: Pair | Sighting, yes: str) -> list[str]:
    return [yes if answer.allowed else _NOTHING for answer in (reads.omit, reads.include)]
