"""``docs/browsers.rst``: what a run of all cases measured, between words that are written here and in other modules."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from corswsgi.browser.departures import Departure
from corswsgi.browser.engines import PROFILES

from .case import Case
from .excluded import why_excluded
from .opening import ENGINES
from .report import EngineReport
from .statements import STATEMENTS, UNOBSERVABLE


@dataclass(frozen=True)
class Measured:
    """The parts of the page that only a run of all cases can tell.

    :ivar count: how many cases there are.
    :ivar engines: the table of engines.
    :ivar families: the table of families.
    :ivar not_run: paragraphs about the cases that an engine did not run.
    :ivar seen: in how many cases a departure was seen, by its id, as a sentence.
    """

    count: int
    date: str
    engines: str
    families: str
    not_run: Sequence[str]
    seen: Mapping[str, str]


def document(reports: Sequence[EngineReport], cases: Sequence[Case], date: str) -> str:
    """Return the text of the page after a run of all cases."""
    titles = [ENGINES[each.engine].title for each in reports]
    measured = Measured(
        count=len(cases),
        date=date,
        engines=_table(
            ["engine", "version", "cases", "standard", "script notices", "server only"], map(_summary, reports)
        ),
        families=_table(["family", *titles], _families(reports)),
        not_run=tuple(_not_run(reports)),
        seen={departure.id: _seen(departure, reports) for departure in Departure},
    )
    return _page(measured)


def reworded(page: str) -> str:
    """Return a page with its measurements and the current words.

    :raises ValueError: if it lacks a measurement.
    """
    measured = _read(page)
    if missing := [departure.id for departure in Departure if departure.id not in measured.seen]:
        raise ValueError(f"the page does not say in how many cases {missing[0]} was seen; run all cases with --write")
    return _page(measured)


def _read(page: str) -> Measured:
    blocks = page.strip().split("\n\n")
    tables = [number for number, block in enumerate(blocks) if block.startswith("==")]
    count = re.search("^([0-9]+) cases", page, re.MULTILINE)
    date = re.search(r"^Run on (.*)\.$", page, re.MULTILINE)
    if len(tables) != 2 or count is None or date is None:
        raise ValueError("the page is not one that --write has written")
    title = blocks.index(_title(_TITLE_OF_DEPARTURES, "-"))
    seen, departure = {}, ""
    for block in blocks[title:]:
        departure = block.partition("\n")[0] if block.endswith("~~~") else departure
        if sentence := _SEEN.search(" ".join(block.split())):
            seen[departure] = sentence[0]
    return Measured(
        count=int(count[1]),
        date=date[1],
        engines=blocks[tables[0]],
        families=blocks[tables[1]],
        not_run=blocks[tables[1] + 1 : title],
        seen=seen,
    )


def _page(measured: Measured) -> str:
    parts = [
        _HEAD.format(count=measured.count, rules=len(STATEMENTS)),
        measured.engines,
        f"Run on {measured.date}.",
        _title("Cases by family", "-"),
        "How many cases of each family end as the standard demands.",
        measured.families,
        *measured.not_run,
        _title(_TITLE_OF_DEPARTURES, "-"),
        _DEPARTURES,
        *(part for departure in Departure for part in _departure(departure, measured.seen[departure.id])),
        _title("Outside CORS", "-"),
        _OUTSIDE,
        _title("Rules that no page can show", "-"),
        "\n".join(f"{rule}\n    {_upper(plain(reason))}." for rule, reason in UNOBSERVABLE.items()),
    ]
    return "\n\n".join(parts) + "\n"


_HEAD = """\
CORS in browsers
================

.. This file is written by ``python -m tests.engines --write``, and its words alone by ``--words``.

{count} cases are run in real browsers, against CORSMiddleware behind waitress, against CORSRequestHandlerMixin behind
``http.server``, and against servers that give answers which no policy gives. Together they test {rules} rules of CORS,
each with at least two different results.

``corswsgi.browser`` predicts what each engine does: ``Browser(..., engine="firefox")`` departs from the standard where
Firefox does. The prediction covers what the script gets (outcome, status, readable headers, body) and what the servers
see (which preflights and requests, with Origin, Cookie, Referer, Sec-Fetch-Site and all other headers that matter to
CORS). This page is written only if every engine does in every case what its profile predicts.

The column "standard" counts the cases that end as the standard demands. In the other cases the engine departs from it.
Either the script notices, or only the server does, for example because of one more preflight or a different Referer."""

_TITLE_OF_DEPARTURES = "Where engines depart from the standard"

_DEPARTURES = """\
For each departure, this section says what the standard demands, what the engines do, in which version this was
measured and in how many cases it was seen, and what the author of a policy or of a script should do. Engines that are
not named follow the standard. ``corswsgi check`` mentions the departures that matter to the request that it checks."""

_OUTSIDE = """\
**WebSocket.** Browsers do not apply CORS to WebSockets: a handshake always has ``Origin``, and any page may open a
socket to any server, with the user's cookies. ``enforce=True`` refuses a handshake with 403 if the policy does not
allow its origin, before the application sees it. Without ``enforce``, every handshake reaches the application, which
has to check ``Origin`` itself.

**Elements.** An ``<img>`` or ``<script>`` without ``crossorigin`` loads from any origin, with cookies and without
``Origin``. The page can show it, but not read it. With ``crossorigin`` (``anonymous``: without cookies,
``use-credentials``: with them) it loads only if the policy allows the page. Module scripts, fonts and ``EventSource``
always need permission, except for fonts in WebKit. ``enforce=True`` refuses a request only if it has an ``Origin``, so
that it does not keep images out; ``Cross-Origin-Resource-Policy`` does.

**Workers.** Requests of a worker or a service worker have the origin of its page, and the address of the worker's
script as ``Referer``.

**Local networks.** Chromium asks the user before a public page reaches this machine or a private address. The cases
run with both answers. A public page without ``https:`` is refused. Firefox and WebKit, as the cases start them, do not
ask.

**Private Network Access.** No engine sends ``Access-Control-Request-Private-Network``, and
``Access-Control-Allow-Private-Network`` has no effect, with any value."""


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
            yield _wrapped(f"{title} did not run {_cases(len(report.excluded))}. {plain(reasons)}")


def _seen(departure: Departure, reports: Sequence[EngineReport]) -> str:
    counts = {
        ENGINES[report.engine].title: report.occurring[departure]
        for report in reports
        if report.engine in departure.measured
    }
    if not any(counts.values()):
        return "No case shows it: measured by hand."
    return f"Seen in {_listed([f'{_cases(count)} in {title}' for title, count in counts.items()])}."


#: What :func:`_seen` returns, at the end of a paragraph.
_SEEN = re.compile(r"(Seen in [0-9]+ cases? in [^.]+|No case shows it: measured by hand)\.$")


def _departure(departure: Departure, seen: str) -> Iterator[str]:
    yield _title(departure.id, "~")
    yield f"`{departure.anchor} <{_address(departure.anchor)}>`__"
    yield _wrapped(f"The standard: {plain(departure.standard)}")
    versions = [f"{PROFILES[name].title} ({version})" for name, version in departure.measured.items()]
    yield _wrapped(f"{_listed(versions)}: {plain(departure.does)} {seen}")
    yield _wrapped(f"**What to do:** {plain(departure.advice)}")


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


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


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
