"""Reports as dictionaries for JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from corswsgi.checker.audit import AuditReport
from corswsgi.checker.findings import Severity
from corswsgi.checker.observations import Pair, Sighting
from corswsgi.checker.report import Report, Sent

#: Longer bodies are cut, in bytes.
_LONGEST_BODY = 2000


def as_dict(report: Report) -> dict[str, Any]:
    """Return a report of ``check``, with long bodies cut."""
    return {field.name: _plain(getattr(report, field.name)) for field in dataclasses.fields(report)}


def audit_as_dict(report: AuditReport) -> dict[str, Any]:
    """Return a report of ``audit``."""
    return {
        "url": report.url,
        "origin": report.origin,
        "requests": report.requests,
        "cookies": list(report.cookies),
        "cut_short": report.cut_short,
        "worst": None if report.worst is None else str(report.worst),
        "own": _reads(report.own),
        "strangers": [_stranger(sighting) for sighting in report.sightings],
        "findings": _plain(report.findings),
    }


def _plain(value: Any) -> Any:
    """Return a value of a report as a value of JSON."""
    if isinstance(value, Severity):
        return str(value)
    if isinstance(value, bytes):
        return value[:_LONGEST_BODY].decode("utf-8", "backslashreplace")
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Sent):
        return {"purpose": value.purpose, "exchange": _plain(value.exchange), "curl": value.curl}
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


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
