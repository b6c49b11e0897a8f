"""The responses of a proxy and of the application behind it, side by side."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi.checker.findings import shown
from corswsgi.checker.parts import BehindAnswer, Change
from corswsgi.checker.render.terminal import Line
from corswsgi.checker.report import Report

_CHANGES: dict[Change, str] = {
    "same": "the same",
    "added": "added by the proxy",
    "removed": "removed by the proxy",
    "doubled": "doubled by the proxy",
    "extended": "extended by the proxy",
    "changed": "changed by the proxy",
}


def behind(report: Report) -> Iterator[Line]:
    """Yield each request that the application was sent too, and compare the responses header by header."""
    for answer in report.behind:
        yield Line(shown(f"{answer.what}, {answer.method} {answer.url}", 1000))
        yield from _compared(answer)
    if report.behind:
        yield Line(
            "The application was sent what a proxy sends: the Host of the URL, X-Forwarded-Proto and X-Forwarded-Host."
        )


def _compared(answer: BehindAnswer) -> Iterator[Line]:
    if answer.withheld:
        names = ", ".join(map(shown, answer.withheld))
        yield Line(f"{names}, because it is another host; --behind-secrets sends them", lead="  not sent there: ")
    change: Change = "same" if answer.front_status == answer.behind_status else "changed"
    yield _side_by_side("status", change, str(answer.front_status), str(answer.behind_status or "no response"))
    for row in answer.rows:
        front, behind = (" and ".join(map(shown, lines)) for lines in (row.front, row.behind))
        yield _side_by_side(row.header, row.change, front, behind)


def _side_by_side(name: str, change: Change, front: str, behind: str) -> Line:
    """Return one line about a header, or about the status: the value of the proxy and that of the application."""
    values = {
        "same": f"{front}",
        "added": f"{front}; the application does not send it",
        "removed": f"the application sends {behind}",
    }
    value = values.get(change, f"{front}; the application sends {behind}")
    style = "not-needed" if change == "same" else "failed"
    return Line(f"{name}: {value}", lead=f"  {_CHANGES[change].ljust(21)} ", lead_style=style)
