"""Runs the cases in one engine: a watchdog finds a case that hangs, and the others run without it."""

from __future__ import annotations

import dataclasses
import queue
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeGuard

from .opening import Engine, Instance
from .predicting import Result, Told, normalized
from .servers import Site

#: Seconds without a report from the page after which it counts as hanging.
WATCHDOG = 60.0

#: The same if the engine may be asking the user for something, which counts as a result.
PATIENCE = 15.0

#: How often an engine is restarted after it hung or crashed.
MOST_RESTARTS = 3

_POLL = 0.25


@dataclass(frozen=True)
class Failure:
    """What went wrong with an engine.

    :ivar cases: the numbers of the cases that were running; none before, after or between cases.
    :ivar what: ``"hangs"``, or how it ended.
    :ivar log: the end of the engine's output.
    """

    cases: tuple[int, ...]
    what: str
    log: str


@dataclass
class Findings:
    """The results of the cases in an engine.

    :ivar results: by the number of the case.
    """

    results: dict[int, Result] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def run_engine(site: Site, engine: Engine, numbers: Iterable[int], watchdog: float = WATCHDOG) -> Findings:
    """Run cases in an engine; after one that hangs or crashes, run the rest in a fresh instance."""
    findings = Findings()
    # The user's answer about the local network is a setting of the whole browser.
    for is_denied in (False, True):
        group = [number for number in numbers if (site.cases[number].local_network is False) is is_denied]
        if group:
            _run_group(site, engine, group, findings, watchdog)
    return findings


def _run_group(site: Site, engine: Engine, numbers: Iterable[int], findings: Findings, watchdog: float) -> None:
    remaining = sorted(numbers, key=lambda number: (site.cases[number].may_prompt, number))
    for _ in range(MOST_RESTARTS + 1):
        failure = _run_once(site, engine, remaining, findings, watchdog)
        if failure is not None:
            findings.failures.append(failure)
        failed = () if failure is None else failure.cases
        remaining = [each for each in remaining if each not in findings.results and each not in failed]
        if not remaining or (failure is not None and not failed):
            break


def _run_once(site: Site, engine: Engine, numbers: list[int], findings: Findings, watchdog: float) -> Failure | None:
    run = site.new_run(numbers)
    under_way: set[int] = set()
    left = set(numbers)
    try:
        is_allowed = all(site.cases[number].local_network is not False for number in numbers)
        world = dataclasses.replace(site.outside, is_local_network_allowed=is_allowed) if site.outside else None
        with engine.opened(site.start_address(run), world) as instance:
            deadline = time.monotonic() + watchdog
            while True:
                event = _next_event(site, run)
                if event is not None:
                    deadline = time.monotonic() + watchdog
                    if event.get("done") and not left:
                        return None
                    _take(site, run, event, under_way, left, findings)
                elif instance.has_ended:
                    return _failed(site, under_way, f"ended with status {instance.process.returncode}", instance)
                elif _is_asking(site, under_way) and time.monotonic() > deadline - watchdog + min(PATIENCE, watchdog):
                    (number,) = under_way
                    findings.results[number] = _result(site, run, number, [{"outcome": "no answer"}])
                    return None
                elif time.monotonic() > deadline:
                    return _failed(site, under_way, "hangs", instance)
    except OSError as error:  # the engine does not start
        return Failure((), f"does not start: {error}", "")


def _is_asking(site: Site, under_way: set[int]) -> bool:
    return len(under_way) == 1 and all(site.cases[number].may_prompt for number in under_way)


def _result(site: Site, run: str, number: int, told: list[Told]) -> Result:
    return normalized(Result(told, site.seen(run, number)), run)


def _next_event(site: Site, run: str) -> dict[str, object] | None:
    try:
        of, event = site.events.get(timeout=_POLL)
    except queue.Empty:
        return None
    return event if of == run and isinstance(event, dict) else None


def _take(
    site: Site, run: str, event: dict[str, object], under_way: set[int], left: set[int], findings: Findings
) -> None:
    number, begun, told = event.get("number"), event.get("begin"), event.get("told")
    if isinstance(number, int) and number in left and _is_told(told):
        findings.results[number] = _result(site, run, number, told)
        left.discard(number)
        under_way.discard(number)
    if isinstance(begun, int) and begun in left:
        under_way.add(begun)


def _is_told(told: object) -> TypeGuard[list[Told]]:
    return isinstance(told, list) and all(isinstance(each, dict) and "outcome" in each for each in told)


def _failed(site: Site, under_way: set[int], what: str, instance: Instance) -> Failure:
    # Slow cases run concurrently, so that a fast one is what hangs, if one is running.
    fast = {number for number in under_way if not site.cases[number].is_slow}
    return Failure(tuple(sorted(fast or under_way)), what, instance.complaints())
