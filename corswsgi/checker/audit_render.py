"""How an audit is told: lines for a person, or JSON; nothing is worked out here."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from corswsgi.checker.audit import AuditReport
from corswsgi.checker.findings import Evidence, Finding, Severity
from corswsgi.checker.observations import Pair, Sighting
from corswsgi.checker.words import capitalized

_WIDTH = 100
_INDENT = "    "

_STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "red", Severity.LOW: "yellow", Severity.INFO: "cyan"}

#: What a page gets; and what an Origin comes to that no page has.
_READS, _PASSES, _NOTHING = "can read", "accepted", "-"


class Line(NamedTuple):
    """One line of text, and how it looks on a terminal."""

    text: str
    style: str = ""


def render(report: AuditReport) -> Iterator[Line]:
    """Yield the lines of a report."""
    yield Line(f"Audit of {report.url}", "bold")
    yield Line(f"for pages of {report.origin}: {summary(report)} ({report.requests} requests)")
    if report.cut_short:
        yield Line(f"Not everything was asked: {report.cut_short}.", "bold yellow")
    yield Line(_cookies(report))
    yield Line("")
    yield from _table(report)
    for finding in report.findings:
        yield Line("")
        yield from _finding(finding)


def render_json(report: AuditReport) -> str:
    """Return a report as JSON, in ASCII."""
    return json.dumps(as_dict(report), indent=2)


def as_dict(report: AuditReport) -> dict[str, Any]:
    """Return a report for a program."""
    return {
        "url": report.url,
        "origin": report.origin,
        "requests": report.requests,
        "cookies": list(report.cookies),
        "cut_short": report.cut_short,
        "worst": None if report.worst is None else str(report.worst),
        "own": _reads(report.own),
        "strangers": [_stranger(sighting) for sighting in report.sightings],
        "findings": [_as_dict(finding) for finding in report.findings],
    }


def summary(report: AuditReport) -> str:
    """Return how many findings there are of each severity."""
    if not report.findings:
        return "nothing was found"
    counts = Counter(finding.severity for finding in report.findings)
    return ", ".join(f"{counts[severity]} {severity}" for severity in reversed(Severity) if counts[severity])


def _cookies(report: AuditReport) -> str:
    if not report.cookies:
        return "No cookies of a visitor were sent: --cookie or --cookie-jar asks as one who is logged in."
    return f"Asked as a visitor who is logged in: with credentials went the cookies {', '.join(report.cookies)}."


def _table(report: AuditReport) -> Iterator[Line]:
    rows = [
        ("Who asks", "Origin", "without cookies", "with cookies"),
        ("the origin itself", report.origin, *_cells(report.own, _READS)),
        *(_row(sighting) for sighting in report.sightings),
    ]
    unreal = {sighting.stranger.value for sighting in report.sightings if not sighting.sent}
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        text += "  (no browser sends it)" if row[1] in unreal else ""
        yield Line(text.rstrip(), "bold" if row is rows[0] else "")


def _row(sighting: Sighting) -> tuple[str, ...]:
    yes = _READS if sighting.sent else _PASSES
    return (sighting.stranger.likeness, sighting.stranger.value, *_cells(sighting, yes))


def _cells(reads: Pair | Sighting, yes: str) -> list[str]:
    return [yes if answer.allowed else _NOTHING for answer in (reads.omit, reads.include)]


def _finding(finding: Finding) -> Iterator[Line]:
    yield Line(f"{str(finding.severity).upper()}  {finding.code}", _STYLES[finding.severity])
    yield from _wrapped(f"{capitalized(finding.sentence)}.")
    for evidence in finding.evidence:
        yield from (Line(f"{_INDENT}{text}", "dim") for text in _exchange(evidence))
    yield from _wrapped(f"Fix: {capitalized(finding.fix)}.")


def _exchange(evidence: Evidence) -> Iterator[str]:
    yield from (f"> {line}" for line in evidence.request)
    yield from (f"< {line}" for line in evidence.response)


def _wrapped(text: str) -> Iterator[Line]:
    lines = textwrap.wrap(text, _WIDTH - len(_INDENT), break_long_words=False, break_on_hyphens=False)
    yield from (Line(_INDENT + line) for line in lines)


def _reads(reads: Pair | Sighting) -> dict[str, bool]:
    return {"without_credentials": reads.omit.allowed, "with_credentials": reads.include.allowed}


def _stranger(sighting: Sighting) -> dict[str, Any]:
    stranger = sighting.stranger
    return {
        "kind": stranger.likeness,
        "origin": stranger.value,
        "sent_by_browsers": sighting.sent,
        **_reads(sighting),
    }


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "concerns": finding.concerns,
        "sentence": finding.sentence,
        "evidence": [{"request": each.request, "response": each.response} for each in finding.evidence],
        "fix": finding.fix,
    }
