"""What a run found, in words: for the terminal, and as ``docs/browsers.rst``."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from corswsgi.browser.departures import Departure
from corswsgi.browser.engines import PROFILES

from .case import Case
from .comparing import Difference
from .excluded import why_excluded
from .opening import ENGINES
from .running import Failure
from .statements import STATEMENTS, UNOBSERVABLE


@dataclass
class EngineReport:
    """What an engine made of the cases it ran.

    :ivar agreed: the cases of which it made what its profile predicts.
    :ivar departing: of these, the cases of which the profile predicts something else than the standard demands.
    :ivar differences: the cases of which it made something else than its profile predicts.
    :ivar excluded: the cases that it was not asked; :mod:`.excluded` says why.
    :ivar unreachable: cases on a page that the engine could not open, because it does not find the host.
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
        """In how many of the departing cases each departure played a part."""
        return Counter(departure for each in self.departing for departure in each.observed.departures)

    @property
    def is_fine(self) -> bool:
        """Whether everything ran, and came to what was predicted."""
        return not (self.differences or self.failures)


def terminal(report: EngineReport, cases: Sequence[Case]) -> Iterator[str]:
    """Yield the lines that tell a person what an engine did."""
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


# docs/browsers.rst


def document(reports: Sequence[EngineReport], cases: Sequence[Case], date: str) -> str:
    """Return the text of ``docs/browsers.rst``."""
    parts = [
        _HEAD.format(count=len(cases), rules=len(STATEMENTS)),
        _table(
            ["engine", "version", "cases", "standard", "script notices", "server only"],
            map(_summary, reports),
        ),
        f"Run on {date}.",
        _title("Cases by family", "-"),
        _FAMILIES,
        _table(["family", *(ENGINES[each.engine].title for each in reports)], _families(reports)),
        *_not_run(reports),
        _title("Where engines depart from the standard", "-"),
        _DEPARTURES,
        *(part for departure in Departure for part in _departure(departure, reports)),
        _title("Beside CORS", "-"),
        _BESIDE,
        _title("Rules that no page can show", "-"),
        "\n".join(f"{rule}\n    {_upper(plain(reason))}." for rule, reason in UNOBSERVABLE.items()),
    ]
    return "\n\n".join(parts) + "\n"


_HEAD = """\
CORS in browsers
================

.. This file is written by ``python -m tests.engines --write``.

{count} cases are run in real browsers, against CORSMiddleware behind waitress, against CORSRequestHandlerMixin behind
``http.server``, and against servers that say what our policies never would. Together they decide {rules} rules of CORS,
each in at least two ways.

``corswsgi.browser`` predicts what each engine does: ``Browser(..., engine="firefox")`` acts out what Firefox does
otherwise than the standard. The prediction covers what the script is told (outcome, status, readable headers, body)
and what the servers see (which preflights and requests, with Origin, Cookie, Referer, Sec-Fetch-Site and all other
headers that matter to CORS). This page is written only if every engine did in every case what its profile predicts.

The column "standard" counts the cases that end as the standard demands. In the others an engine departs from it: then
the script notices, or only the server does, because of one more preflight or another Referer."""

_BESIDE = """\
**WebSocket.** Browsers do not apply CORS to it: a handshake always has ``Origin``, and any page may open a socket to
any server, with the user's cookies. ``enforce=True`` refuses handshakes of strangers with 403, before the application
sees them; without it they reach the application, which has to look at ``Origin`` itself.

**Elements.** An ``<img>`` or ``<script>`` without ``crossorigin`` loads from anywhere, with cookies and without
``Origin``; the page can show it and cannot read it. With ``crossorigin`` (``anonymous``: without cookies,
``use-credentials``: with them) it loads only if the policy allows the page. Module scripts, fonts and ``EventSource``
always need permission, except for fonts in WebKit. ``enforce=True`` refuses a request only if it has an ``Origin``, so
that it does not keep images out; ``Cross-Origin-Resource-Policy`` does.

**Workers.** What a worker or a service worker fetches has the origin of its page, and ``Referer`` shows the worker.

**Local networks.** Chromium asks its user before a public page reaches this machine or a private address; the cases run
with both answers. A public page without ``https:`` is refused. Firefox and WebKit are run as they are set up here, and
ask nobody.

**Private Network Access.** No engine asks with ``Access-Control-Request-Private-Network``, and
``Access-Control-Allow-Private-Network`` changes nothing, whatever it says."""

_FAMILIES = "How many cases end as the standard demands, of how many."

_DEPARTURES = """\
For each departure: the rule, what the engines do and in which version this was measured, in how many of the cases that
end otherwise it plays a part, and what the author of a policy or of a script should do. Engines that are not named
follow the standard. ``corswsgi check`` mentions the departures that matter to the request that it is asked about."""


def _summary(report: EngineReport) -> list[str]:
    ran, told = len(report.agreed), sum(each.is_told for each in report.departing)
    numbers = (ran, ran - len(report.departing), told, len(report.departing) - told)
    return [ENGINES[report.engine].title, report.version, *map(str, numbers)]


def _families(reports: Sequence[EngineReport]) -> Iterator[list[str]]:
    ran = [Counter(case.family for case in report.agreed) for report in reports]
    departing = [Counter(each.case.family for each in report.departing) for report in reports]
    for name in dict.fromkeys(name for counter in ran for name in counter):
        yield [
            name,
            *(f"{all_[name] - others[name]} of {all_[name]}" for all_, others in zip(ran, departing, strict=True)),
        ]


def _not_run(reports: Iterable[EngineReport]) -> Iterator[str]:
    for report in reports:
        title = ENGINES[report.engine].title
        if report.unreachable:
            yield f"{title} did not run {_cases(len(report.unreachable))} on pages whose host it did not find."
        if report.excluded:
            reasons = " ".join(dict.fromkeys(why_excluded(report.engine, case) for case in report.excluded))
            yield _wrapped(f"{title} was not asked {_cases(len(report.excluded))}. {plain(reasons)}")


def _departure(departure: Departure, reports: Sequence[EngineReport]) -> Iterator[str]:
    yield _title(departure.id, "~")
    yield f"`{departure.anchor} <{_address(departure.anchor)}>`__"
    yield _wrapped(f"The standard: {plain(departure.standard)}")
    versions = [f"{PROFILES[name].title} ({version})" for name, version in departure.measured.items()]
    yield _wrapped(f"{_listed(versions)}: {plain(departure.does)} {_seen(departure, reports)}")
    yield _wrapped(f"**What to do:** {plain(departure.advice)}")


def _seen(departure: Departure, reports: Sequence[EngineReport]) -> str:
    counts = {
        ENGINES[report.engine].title: report.occurring[departure]
        for report in reports
        if report.engine in departure.measured
    }
    if not any(counts.values()):
        return "No case shows it: measured by hand."
    return f"Seen in {_listed([f'{_cases(count)} in {title}' for title, count in counts.items()])}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _cases(count: int) -> str:
    return f"{count} case{'s' * (count != 1)}"


def _address(anchor: str) -> str:
    page, _, name = anchor.partition("#")
    return f"{_PAGES[page]}#{name}"


_PAGES = {
    "css-fonts": "https://drafts.csswg.org/css-fonts/",
    "fetch": "https://fetch.spec.whatwg.org/",
    "fetch-metadata": "https://w3c.github.io/webappsec-fetch-metadata/",
    "html": "https://html.spec.whatwg.org/multipage/",
    "local-network-access": "https://wicg.github.io/local-network-access/",
    "mixed-content": "https://w3c.github.io/webappsec-mixed-content/",
    "partitioned-cookies": "https://datatracker.ietf.org/doc/html/draft-cutler-httpbis-partitioned-cookies",
    "referrer-policy": "https://w3c.github.io/webappsec-referrer-policy/",
    "rfc6265bis": "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis",
}


def plain(text: str) -> str:
    """Return text in which no character is markup."""
    return re.sub(r"([*`|\\]|_\b)", r"\\\1", text)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _title(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    table = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
