"""A report as text for a person, and as JSON for a program; what comes from servers is shown escaped, and cut."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from corswsgi.browser import ENGINES, Exchange
from corswsgi.checker.findings import Finding, Severity, shown
from corswsgi.checker.masking import MASK
from corswsgi.checker.report import Actual, CacheAnswer, Change, Report, Row, Sent
from corswsgi.checker.words import capitalized, listed

WIDTH = 100

#: The most of a body that is shown, in bytes.
_LONGEST_BODY = 2000

_SPECIFICATIONS = {
    "fetch": "https://fetch.spec.whatwg.org/",
    "mixed-content": "https://w3c.github.io/webappsec-mixed-content/",
}

_STEPS = {
    "fetch#cors-check": "the CORS check",
    "fetch#cors-preflight-fetch": "the check of what the preflight permits",
    "fetch#http-fetch": "HTTP fetch",
    "fetch#http-network-fetch": "HTTP-network fetch",
    "fetch#http-network-or-cache-fetch": "HTTP-network-or-cache fetch",
    "fetch#http-redirect-fetch": "HTTP-redirect fetch",
    "fetch#main-fetch": "main fetch",
    "fetch#port-blocking": "port blocking",
    "mixed-content#should-block-fetch": "the block on mixed content",
}

#: What the CORS check is of.
_OF = {"preflight": " of the answer to the preflight", "redirect": " of a redirect", "response": " of the answer"}

_VERDICTS = {"allowed": "ALLOWED", "blocked": "BLOCKED", "allowed-but-unsafe": "ALLOWED BUT UNSAFE"}

#: Headers that come with most answers and that scripts have no use for.
_OF_NO_USE = frozenset(
    "alt-svc age connection content-encoding date keep-alive nel report-to server set-cookie set-cookie2 "
    "strict-transport-security transfer-encoding vary via x-powered-by".split()
)

#: What the styles mean to a terminal; the names are rich's.
STYLES = {
    "allowed": "bold green",
    "blocked": "bold red",
    "allowed-but-unsafe": "bold yellow",
    "passed": "green",
    "failed": "bold red",
    "not-needed": "dim",
    "high": "bold red",
    "unsafe": "bold yellow",
    "medium": "yellow",
    "low": "yellow",
    "info": "cyan",
    "heading": "bold",
    "code": "cyan",
    "faint": "dim",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, or a line that must not be broken.

    :ivar lead: what stands before the text, and keeps the lines after the first one indented.
    :ivar lead_style: the style of the lead, of those in :data:`STYLES`.
    :ivar verbatim: whether it is to be copied, and so not to be broken.
    """

    text: str
    style: str = ""
    lead: str = ""
    lead_style: str = ""
    verbatim: bool = False

    def wrapped(self, width: int) -> list[str]:
        """Return the lines of the text, without the lead."""
        room = max(width - len(self.lead), 20)
        if self.verbatim or not self.text:
            return [self.text]
        return textwrap.wrap(self.text, room, break_long_words=False, break_on_hyphens=False)


def as_text(report: Report, width: int = WIDTH) -> str:
    """Return a report for a person, without colours."""
    lines = []
    for line in paragraphs(report):
        first, *rest = line.wrapped(width)
        lines.append(f"{line.lead}{first}".rstrip())
        lines += [" " * len(line.lead) + each for each in rest]
    return "".join(f"{line}\n" for line in lines)


def as_json(report: Report) -> str:
    """Return a report for a program: its fields, as they are; of bodies, the beginning."""
    return json.dumps(as_dict(report), indent=2) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """Return a report for a program, before it is JSON."""
    return {field.name: _plain(getattr(report, field.name)) for field in dataclasses.fields(report)}


def _plain(value: Any) -> Any:
    """Return a value of a report as JSON has it."""
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


def paragraphs(report: Report) -> Iterator[Line]:
    """Yield a report for a person."""
    yield from _verdict(report)
    for heading, section in _SECTIONS:
        lines = list(section(report))
        if lines:
            yield Line("")
            yield Line(heading, "heading")
            yield from lines


# The sections


def _verdict(report: Report) -> Iterator[Line]:
    yield Line(f"{shown_sentence(report.headline)}.", "heading", f"{_where(report)}: ", report.outcome, verbatim=True)
    if report.outcome == "allowed-but-unsafe":
        for finding in report.findings:
            if finding.is_unsafe:
                yield Line(_told(finding), lead="  Unsafe: ", lead_style="unsafe")
    if report.cause:
        yield Line(f"{shown_sentence(report.cause)}.", lead="  Cause: ")
    for sentence in report.assumed:
        yield Line(f"{shown_sentence(sentence)}.", lead="  Note:  ")
    if not report.certain:
        yield Line(f"not certain: the {report.method} itself was not sent (add --send).", lead="  Note:  ")
    if report.cut_short:
        yield Line(f"not everything was asked: {report.cut_short}.", lead="  Note:  ")
    if any(each.code == "wildcard-covers-authorization" for each in report.differences):
        yield Line("browsers are more lenient here than the standard; see Worth knowing.", lead="  Note:  ")
    reason = report.reason
    of = _OF[reason.step] if reason.anchor == "fetch#cors-check" else ""
    said = shown_sentence(reason.sentence) if report.answered else "a network error, of which scripts learn nothing"
    yield Line(f"{_STEPS[reason.anchor]}{of}: {said}.", lead="  Step:  ")
    specification, _, fragment = reason.anchor.partition("#")
    yield Line(f"{_SPECIFICATIONS[specification]}#{fragment}", "faint", "         ", verbatim=True)


def _where(report: Report) -> str:
    """Return the word for the outcome, and in which browsers it is so."""
    word = _VERDICTS[report.outcome]
    if not report.answered:
        return word
    same = [each.browser for each in report.engines if each.outcome == report.outcome]
    others = [each.browser for each in report.engines if each.outcome != report.outcome]
    if report.outcome == "blocked" and len(same) == len(ENGINES):
        return f"{word} in all three"
    return f"{word} in {listed(same)}" + (f", allowed in {listed(others)}" if others else "")


def _asking_first(report: Report) -> Iterator[Line]:
    if report.same_origin:
        yield _sentence("No: the page and the URL are of one origin, and CORS has no part in it.")
    elif report.causes:
        yield _sentence(
            "Yes: before the request, the browser asks the server for permission with an OPTIONS request of its own, "
            "the preflight, which carries no cookies. It does so because"
        )
        for cause in report.causes:
            yield Line(shown_sentence(cause.sentence), lead="  - ")
    elif report.requests:
        yield _sentence(
            "No: nothing about this request needs permission. It is sent at once, and only the answer decides whether "
            "the script can read it."
        )
    else:
        yield _sentence("Nothing is sent at all.")


def _preflights(report: Report) -> Iterator[Line]:
    for preflight in report.preflights:
        yield _sentence(shown_sentence(f"OPTIONS {preflight.exchange.url}"))
        asks = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
        for name in asks:
            for value in preflight.exchange.request_lines(name):
                yield Line(f"asked: {name}: {shown(value)}", "faint", "  ")
        for row in preflight.rows:
            yield from _row(row)
        yield from _diagnosis(preflight.finding)


def _row(row: Row) -> Iterator[Line]:
    value = " and ".join(map(shown, row.values)) if row.values else "missing"
    if row.result == "not-needed":
        value = "not looked at"
    lead = {"passed": "  passed  ", "failed": "  FAILED  ", "not-needed": "  -       "}[row.result]
    needed = f"; needed: {shown(row.needed)}" if row.result == "failed" else ""
    text = f"{row.header}: {value}{needed} ({shown_sentence(row.sentence)})"
    yield Line(text, lead=lead, lead_style=row.result)


def _diagnosis(finding: Finding | None) -> Iterator[Line]:
    if finding is not None:
        yield Line(_told(finding), lead="  Diagnosis: ", lead_style=str(finding.severity))


def _told(finding: Finding) -> str:
    # What is more than information has its fix among what to change.
    fix = f" To do: {shown_sentence(finding.fix)}." if finding.fix and finding.severity is Severity.INFO else ""
    return f"{capitalized(shown_sentence(finding.sentence))}.{fix} [{finding.code}]"


def _actual(report: Report) -> Iterator[Line]:
    actual = report.actual
    if actual is None:
        if report.preflights and report.outcome == "blocked":
            yield _sentence("The browser does not send the request, since the preflight did not pass.")
        return
    exchange = actual.exchange
    what = f"{exchange.method} {exchange.url}"
    if actual.stands_in:
        yield _sentence(f"Not sent; in its place, {shown_sentence(what)} was asked.")
    if exchange.status is None:
        yield _sentence(f"{shown_sentence(what)} got no answer.")
    else:
        status = shown(f"{exchange.status} {exchange.status_text}".strip())
        can = "the script can read it" if actual.readable else "the script cannot read it, not even its status"
        yield _sentence(f"{shown_sentence(what)} was answered {status}: {can}.")
        yield from _headers(actual, report.same_origin)
    yield from _diagnosis(actual.finding)


def _headers(actual: Actual, same_origin: bool) -> Iterator[Line]:
    if not actual.readable:
        return
    readable = ", ".join(shown(name) for name, _ in actual.headers) or "none"
    yield Line(readable, lead="  Headers it can read: ")
    useful = list(dict.fromkeys(shown(name) for name, _ in actual.hidden if _is_of_use(name)))
    if useful and not same_origin:
        names = ", ".join(useful)
        yield Line(f"{names}; to open them, send Access-Control-Expose-Headers: {names}", lead="  Headers it cannot: ")


def _is_of_use(name: str) -> bool:
    return name.lower() not in _OF_NO_USE and not name.lower().startswith("access-control-")


def _cookies(report: Report) -> Iterator[Line]:
    yield from _carried(report)
    for answer in report.cookies:
        name = shown_sentence(answer.name) or "(no name)"
        for told in dict.fromkeys((fate.outcome, fate.sentence, fate.anchor) for fate in answer.fates):
            same = [each.browser for each in answer.fates if (each.outcome, each.sentence, each.anchor) == told]
            outcome, sentence, anchor = told
            rule = f" [{anchor}]" if outcome == "refused" else ""
            verb = _FATES[outcome][len(same) > 1]
            yield Line(f"{listed(same)} {verb} {shown_sentence(sentence)}.{rule}", lead=f"  {name}: ")


def _carried(report: Report) -> Iterator[Line]:
    for carried in report.carried:
        for told in dict.fromkeys((fate.sent, fate.sentence) for fate in carried.fates):
            same = [each.browser for each in carried.fates if (each.sent, each.sentence) == told]
            sent, sentence = told
            verb = _SENDING[sent][len(same) > 1]
            why = f"{',' if sent else ':'} {shown_sentence(sentence)}" if sentence else ""
            yield Line(f"{listed(same)} {verb}{why}.", lead=f"  {carried.name or '(no name)'}: ")


#: Whether one browser sends a cookie that was given, and whether several do.
_SENDING = {True: ("sends it along", "send it along"), False: ("does not send it", "do not send it")}

#: What one browser does with a cookie of the answer, and what several do.
_FATES = {
    "kept": ("keeps it and sends it back,", "keep it and send it back,"),
    "partitioned": ("keeps it and sends it back,", "keep it and send it back,"),
    "refused": ("does not keep it:", "do not keep it:"),
    "deleted": ("deletes it:", "delete it:"),
}


def _errors(report: Report) -> Iterator[Line]:
    path = report.error_path
    if path is not None:
        status = "" if path.status is None else f" was answered {path.status}"
        yield _sentence(f"{shown_sentence(path.url)}{status}: {shown_sentence(path.sentence)}.")


def _caches(report: Report) -> Iterator[Line]:
    if report.caching is None:
        return
    yield _sentence("The same URL, asked by:")
    width = max(len(answer.who) for answer in report.caching.answers)
    for answer in report.caching.answers:
        yield Line(_cors_of(answer), lead=f"  - {answer.who.ljust(width)}  ")
    if report.caching.finding is None:
        yield _sentence(f"{capitalized(shown_sentence(report.caching.sentence))}.")
    yield from _diagnosis(report.caching.finding)


def _cors_of(answer: CacheAnswer) -> str:
    parts = [f"status {answer.status}"]
    for name, value in (
        ("Access-Control-Allow-Origin", answer.allow_origin),
        ("Access-Control-Allow-Credentials", answer.allow_credentials),
        ("Vary", answer.vary),
        ("Cache-Control", answer.cache_control),
    ):
        if value is not None:
            parts.append(f"{name}: {shown(value)}")
    parts += map(shown, answer.kept)
    if answer.allow_origin is None:
        parts.insert(1, "no Access-Control-Allow-Origin")
    return "; ".join(parts)


def _behind(report: Report) -> Iterator[Line]:
    if report.behind:
        yield _sentence(
            "The application was asked as a proxy asks it: with the Host that the proxy was asked with, with "
            "X-Forwarded-Proto and X-Forwarded-Host."
        )
    for answer in report.behind:
        yield _sentence(shown_sentence(f"{answer.what}, {answer.method} {answer.url}"))
        if answer.withheld:
            names = ", ".join(map(shown, answer.withheld))
            yield Line(f"{names}, as it is another host; --behind-secrets sends them", lead="  not sent there: ")
        change: Change = "same" if answer.front_status == answer.behind_status else "changed"
        yield _side_by_side("status", change, str(answer.front_status), str(answer.behind_status or "no answer"))
        for row in answer.rows:
            front, behind = (" and ".join(map(shown, lines)) for lines in (row.front, row.behind))
            yield _side_by_side(row.header, row.change, front, behind)
        yield from _diagnosis(answer.finding)


def _side_by_side(name: str, change: Change, front: str, behind: str) -> Line:
    """Return one line on a header, or on the status: what the proxy answers, and what the application does."""
    values = {
        "same": f"{front}",
        "added": f"{front}; the application sends none",
        "removed": f"the application sends {behind}",
    }
    value = values.get(change, f"{front}; the application sends {behind}")
    style = "not-needed" if change == "same" else "failed"
    return Line(f"{name}: {value}", lead=f"  {_CHANGES[change].ljust(21)} ", lead_style=style)


_CHANGES: dict[Change, str] = {
    "same": "the same",
    "added": "added by the proxy",
    "removed": "removed by the proxy",
    "doubled": "doubled by the proxy",
    "extended": "extended by the proxy",
    "changed": "changed by the proxy",
}


def _memory(report: Report) -> Iterator[Line]:
    names = {"chromium": "Chromium (Chrome, Edge)", "firefox": "Firefox", "webkit": "WebKit (Safari)"}
    for memory in report.memories:
        yield Line(shown_sentence(memory.sentence), lead=f"  {names[memory.engine].ljust(24)}")


def _knowing(report: Report) -> Iterator[Line]:
    parts = (*report.preflights, report.actual, *report.cookies, report.caching)
    told = [part.finding for part in parts if part is not None]
    for finding in report.findings:
        if finding not in told and not (report.outcome == "allowed-but-unsafe" and finding.is_unsafe):
            label = "unsafe" if finding.is_unsafe else str(finding.severity)
            yield Line(_told(finding), lead=f"  {label}: ", lead_style=label)
    for note in report.notes:
        yield Line(f"{shown_sentence(note.sentence)}. [{note.code}]", lead="  note: ", lead_style="info")
    for difference in report.differences:
        yield Line(
            f"{listed(difference.engines)}: {difference.sentence} [{difference.code}]",
            lead="  engines: ",
            lead_style="info",
        )


def _fix(report: Report) -> Iterator[Line]:
    fix = report.fix
    for number, step in enumerate(fix.steps, 1):
        yield Line(f"{capitalized(shown_sentence(step))}.", lead=f"  {number}. ")
    yield from _code("On a server with corswsgi, for CORSMiddleware or CORSRequestHandlerMixin:", fix.policy)
    yield from _code("On any other, these headers in the answer to preflights, with status 204:", fix.preflight_lines)
    where = "And these in every other answer" if fix.preflight_lines else "On any other, these headers in every answer"
    yield from _code(f"{where}, errors too:", fix.response_lines)


def _code(intro: str, lines: Iterable[str]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number == 0:
            yield _sentence(intro)
        yield Line(shown_sentence(line), "code", "      ", verbatim=True)


_PURPOSES = {
    "without-origin": "without an Origin, as the server's own pages ask",
    "with-origin": "with the Origin of your page",
    "stranger": "as a page that the server cannot know",
    "null": "as a sandboxed page",
    "behind": "the same, to the application behind the proxy",
    "past-cache": "past the cache, by a query parameter that nobody uses",
    "no-cache": "past the cache, by Cache-Control: no-cache",
    "stranger-past-cache": "past the cache, as a page that the server cannot know",
    "without-origin-past-cache": "past the cache, without an Origin",
    "stranger-preflight": "the preflight of a page that the server cannot know",
    "resembling": "as a page of an origin that resembles yours",
    "error-path": "an address that should not exist",
}


def _requests(report: Report) -> Iterator[Line]:
    if report.app and report.requests:
        yield _sentence(f"They went to {shown(report.app)} in this process; for curl, serve it at that address.")
    if any(MASK in sent.curl for sent in report.requests):
        yield _sentence(f"{MASK} stands for what should be in no log; corswsgi check --show-secrets shows it.")
    for sent in report.requests:
        purpose = _PURPOSES.get(sent.purpose) or ("the preflight" if sent.exchange.is_preflight else "the request")
        yield Line(f"{purpose}: {_outcome_of(sent.exchange)}", "faint", "  # ")
        yield Line(sent.curl, "code", "  ", verbatim=True)


def _outcome_of(exchange: Exchange) -> str:
    if exchange.status is None:
        return "no answer"
    return shown(f"{exchange.status} {exchange.status_text}".strip())


_SECTIONS: tuple[tuple[str, Callable[[Report], Iterator[Line]]], ...] = (
    ("Does the browser ask first?", _asking_first),
    ("The preflight", _preflights),
    ("The answer", _actual),
    ("Cookies", _cookies),
    ("Errors", _errors),
    ("Caches", _caches),
    ("Behind the proxy", _behind),
    ("How long the permission is remembered", _memory),
    ("Worth knowing", _knowing),
    ("What to change", _fix),
    ("The requests, for curl", _requests),
)


# Words


def _sentence(text: str) -> Line:
    return Line(text, lead="  ")


def shown_sentence(text: str) -> str:
    """Return a sentence in printable ASCII; it is not cut, its parts have been."""
    return "".join(char if " " <= char <= "~" else char.encode("unicode_escape").decode() for char in text)
