"""``check`` and ``audit`` on misconfigured servers: verdict, reason and fix; the verdict is Chromium's too."""

from __future__ import annotations

from typing import Any

import pytest
from misconfigured import API, PAGE, TABLE, application

from corswsgi.checker.audit import audit
from corswsgi.checker.check import check
from corswsgi.checker.evidence import Question
from corswsgi.checker.findings import Severity
from corswsgi.checker.report import Report
from corswsgi.checker.target import Target, parse_target_url


def asked(site: Any, question: Any = None, url: str = f"{API}/items") -> Report:
    """Check a site as a page of the table's origin."""
    return check(
        Target(site, parse_target_url(url)), Question(**{"origin": PAGE, **(question or {})}), token="0123456789ab"
    )


def fix_of(report: Report) -> str:
    """Return all that the report says of what to change."""
    fix = report.fix
    return "\n".join((*fix.steps, *fix.policy, *fix.preflight_lines, *fix.response_lines))


@pytest.mark.parametrize("name", TABLE)
def test_the_reason_and_the_fix_are_those_of_the_misconfiguration(name: str) -> None:
    row = TABLE[name]
    report = asked(application(row), row.question)
    found = {finding.code: finding for finding in report.findings}
    assert report.outcome == row.outcome
    if not row.code:
        assert all(finding.severity == Severity.INFO for finding in report.findings)
        return
    finding = found[row.code]
    assert row.cause in finding.sentence
    assert row.fix in f"{finding.fix}\n{fix_of(report)}"
    if row.outcome == "blocked":
        assert report.cause == finding.sentence


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.audit])
def test_an_audit_finds_it_too(name: str) -> None:
    row = TABLE[name]
    findings = {each.code: each for each in audit(application(row), f"{API}/items", PAGE).findings}
    assert row.audit in findings
    assert findings[row.audit].fix
