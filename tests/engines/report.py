"""What one engine did in a run, and the lines of the terminal that say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from corswsgi.browser.departures import Departure

from .case import Case
from .comparing import Difference
from .excluded import why_excluded
from .running import Failure


@dataclass
class EngineReport:
    """What an engine did in the cases that it ran.

    :ivar agreed: the cases in which it did what its profile predicts.
    :ivar departing: those of them in which the profile predicts something other than the standard demands.
    :ivar differences: the cases in which it did something other than its profile predicts.
    :ivar excluded: the cases that it does not run; :mod:`.excluded` says why.
    :ivar unreachable: the cases on a page that it could not open, because it did not find the host.
    """

    engine: str
    version: str
    agreed: list[Case] = field(default_factory=list)
    departing: list[Difference] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    excluded: list[Case] = field(default_factory=list)
    unreachable: list[Case] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def occurring(self) -> Counter[Departure]:
        """In how many of the departing cases each departure plays a part."""
        return Counter(departure for each in self.departing for departure in each.observed.departures)

    @property
    def is_fine(self) -> bool:
        """Whether every case ran and ended as predicted."""
        return not (self.differences or self.failures)


def terminal(report: EngineReport, cases: Sequence[Case]) -> Iterator[str]:
    """Yield the lines that the terminal shows about an engine."""
    ran = len(report.agreed) + len(report.differences)
    yield (
        f"{report.version}: {ran} cases, {len(report.agreed)} as its profile predicts, {len(report.departing)} of them "
        f"other than the standard, {len(report.differences)} differ"
    )
    for difference in report.differences:
        yield from difference.lines()
    for case in report.excluded:
        yield f"  {case.id} not run: {why_excluded(report.engine, case)}"
    if report.unreachable:
        pages = sorted({fetch.page for case in report.unreachable for fetch in case.fetches})
        yield f"  {len(report.unreachable)} cases not run: it does not find the host of {', '.join(pages)}"
    for failure in report.failures:
        names = ", ".join(cases[number].id for number in failure.cases) or "before, after or between cases"
        yield f"  {report.engine} {failure.what}: {names}"
        yield from (f"    {line}" for line in failure.log.splitlines()[-20:])
