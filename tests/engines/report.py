"""What a run found, in words: for the terminal, and as ``docs/browsers.rst``."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .case import Case
from .comparing import Difference
from .known import KNOWN, Known, explaining
from .opening import ENGINES
from .running import Failure
from .statements import STATEMENTS, UNOBSERVABLE


@dataclass
class EngineReport:
    """What an engine made of the cases it ran.

    :ivar agreed: the cases of which it made what the standard demands.
    :ivar unreachable: cases on a page that the engine could not open, because it does not find the host.
    """

    engine: str
    version: str
    agreed: list[Case] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    unreachable: list[Case] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def unexplained(self) -> list[Difference]:
        return [each for each in self.differences if not explaining(each)]

    @property
    def occurring(self) -> Counter[str]:
        """How often each known difference occurred, by its id."""
        return Counter(known.id for each in self.differences for known in explaining(each))

    @property
    def is_fine(self) -> bool:
        """Whether everything ran, and nothing was found that is not known."""
        return not (self.unexplained or self.failures)


def terminal(report: EngineReport, cases: Sequence[Case], is_whole: bool) -> Iterator[str]:
    """Yield the lines that tell a person what an engine did.

    :param is_whole: whether all cases were run, so that what is known and did not occur is worth telling.
    """
    ran = len(report.agreed) + len(report.differences)
    known = len(report.differences) - len(report.unexplained)
    yield (
        f"{report.version}: {ran} cases, {len(report.agreed)} agree with the standard, {known} differ as known, "
        f"{len(report.unexplained)} differ"
    )
    for difference in report.unexplained:
        yield from difference.lines()
    if report.unreachable:
        pages = sorted({fetch.page for case in report.unreachable for fetch in case.fetches})
        yield f"  {len(report.unreachable)} cases not run: it does not find the host of {', '.join(pages)}"
    for failure in report.failures:
        names = ", ".join(cases[number].id for number in failure.cases) or "before, after or between cases"
        yield f"  {report.engine} {failure.what}: {names}"
        yield from (f"    {line}" for line in failure.log.splitlines()[-20:])
    for known_difference in KNOWN if is_whole else ():
        if report.engine in known_difference.engines and known_difference.id not in report.occurring:
            yield f"  {known_difference.id} did not occur: is it mended?"


# docs/browsers.rst


def document(reports: Sequence[EngineReport], cases: Sequence[Case], date: str) -> str:
    """Return the text of ``docs/browsers.rst``."""
    parts = [
        _HEAD.format(count=len(cases), rules=len(STATEMENTS)),
        _table(
            ["engine", "version", "cases", "agree", "script notices", "server only"],
            map(_summary, reports),
            [10, 26, 6, 6, 14, 11],
        ),
        f"Run on {date}.",
        _title("Agreement by family", "-"),
        _FAMILIES,
        _table(["family", *(ENGINES[each.engine].title for each in reports)], _families(reports), [20, 16, 16, 16]),
        *_not_run(reports),
        _title("Where engines differ", "-"),
        _DIFFERENCES,
        *(part for known in KNOWN for part in _known(known, reports)),
        _title("Rules that no page can show", "-"),
        "\n".join(f"{rule}\n    {_upper(plain(reason))}." for rule, reason in UNOBSERVABLE.items()),
    ]
    return "\n\n".join(parts) + "\n"


_HEAD = """\
CORS in browsers
================

.. This file is written by ``python -m tests.engines --write``.

{count} cases are run in real browsers, over CORSMiddleware behind waitress, over CORSRequestHandlerMixin behind
``http.server``, and over servers that say what our policies never would. Together they decide {rules} rules of CORS,
each in two ways at least. What the standard demands of each case is worked out by ``corswsgi.browser`` on the very same
servers. Compared is what the script is told (outcome, status, readable headers, body), and what the servers see (which
preflights and requests, with Origin, Cookie, Referer, Sec-Fetch-Site and all other headers that matter to CORS).

A case agrees if all of this does. Where one differs, the script may notice, or only the server, as with a preflight
more or another Referer. Each case that differs is explained by what is listed below."""

_FAMILIES = "How many cases agree, of how many."

_DIFFERENCES = """\
Each with the rule, what the engines do, in how many cases it was seen, and what the author of a policy should do.
Engines that are not named do what the standard says. ``corswsgi check`` mentions those that matter to the request that
it is asked about."""


def _summary(report: EngineReport) -> list[str]:
    ran = len(report.agreed) + len(report.differences)
    told = sum(difference.is_told for difference in report.differences)
    numbers = (ran, len(report.agreed), told, len(report.differences) - told)
    return [ENGINES[report.engine].title, report.version, *map(str, numbers)]


def _families(reports: Sequence[EngineReport]) -> Iterator[list[str]]:
    agreed = [Counter(case.family for case in report.agreed) for report in reports]
    ran = [agreed[at] + Counter(each.case.family for each in report.differences) for at, report in enumerate(reports)]
    for name in dict.fromkeys(name for counter in ran for name in counter):
        yield [name, *(f"{ours[name]} of {all_[name]}" for ours, all_ in zip(agreed, ran, strict=True))]


def _not_run(reports: Iterable[EngineReport]) -> Iterator[str]:
    for report in reports:
        if report.unreachable:
            title = ENGINES[report.engine].title
            yield f"{title} did not run {_cases(len(report.unreachable))} on pages whose host it did not find."


def _known(known: Known, reports: Sequence[EngineReport]) -> Iterator[str]:
    yield _title(known.id, "~")
    yield f"`{known.anchor} <{_address(known.anchor)}>`__ (rule {known.rule})"
    yield _wrapped(f"The standard: {plain(known.standard)}")
    counts: Mapping[str, int] = {report.engine: report.occurring[known.id] for report in reports}
    lines = []
    for name, what in known.engines.items():
        seen = f" Seen in {_cases(counts[name])}." if name in counts else ""
        lines.append(_wrapped(f"* {ENGINES[name].title} {plain(what)}{seen}", indent="  "))
    yield "\n".join(lines)
    yield _wrapped(f"**What to do:** {plain(known.advice)}")


def _cases(count: int) -> str:
    return f"{count} case{'s' * (count != 1)}"


def _address(anchor: str) -> str:
    pages = {
        "fetch-metadata": "https://w3c.github.io/webappsec-fetch-metadata/",
        "referrer-policy": "https://w3c.github.io/webappsec-referrer-policy/",
    }
    page, hash_, name = anchor.partition("#")
    return f"{pages[page]}#{name}" if hash_ else f"https://fetch.spec.whatwg.org/#{anchor}"


def plain(text: str) -> str:
    """Return text in which no character is markup."""
    return re.sub(r"([*`|\\]|_\b)", r"\\\1", text)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _title(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}"


def _table(head: list[str], rows: Iterable[list[str]], widths: list[int]) -> str:
    widths = widths[: len(head)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
