"""The first screen of a check: the verdict, its cause, the fix, and then the requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corswsgi.browser import ENGINES, Exchange, NoteCode
from corswsgi.checker.findings import Concern, Finding, Severity, shown
from corswsgi.checker.forms import FORMS
from corswsgi.checker.granting import ALLOW_ORIGIN
from corswsgi.checker.kinds import KINDS
from corswsgi.checker.kinds.request import NOT_SENT
from corswsgi.checker.parts import Preflight, Row
from corswsgi.checker.render.behind import behind
from corswsgi.checker.render.terminal import Line
from corswsgi.checker.report import Report
from corswsgi.checker.words import capitalized, listed
from corswsgi.export import SERVERS

_VERDICTS = {"allowed": "ALLOWED", "blocked": "BLOCKED", "allowed-but-unsafe": "ALLOWED BUT UNSAFE"}

#: Notes about what browsers do to the request or the response, regardless of what the server permits.
_NOTES = frozenset({NoteCode.HEADER_DROPPED, NoteCode.LOCAL_NETWORK_ACCESS, NoteCode.BODY_BROKEN})

_INDENT = " " * 8


def screen(report: Report) -> Iterator[Line]:
    """Yield the first screen."""
    yield Line(f"{_where(report)}: {shown_sentence(report.headline)}.", report.outcome)
    unsafe = [finding for finding in report.findings if finding.is_unsafe]
    for finding in unsafe:
        yield Line(told(finding), lead=_lead("Unsafe"), lead_style="unsafe")
    if report.outcome == "blocked":
        yield Line(_cause(report), lead=_lead("Cause"), lead_style="heading")
    for finding in _others(report):
        yield Line(told(finding), lead=_lead("Also"), lead_style=str(finding.severity))
    yield from _reservations(report)
    yield from _section("Fix", _fix(report))
    yield from _section("Asked", _asked(report))
    yield from _section("Behind", behind(report))


def in_place(report: Report) -> Iterator[Line]:
    """Yield the lines to paste into the configuration of a server or the code of an application."""
    yield Line("")
    yield from (Line(line, "code", verbatim=True) for line in report.fix.form_lines)


def more(report: Report) -> Iterator[Line]:
    """Yield how to see more."""
    rest = "headers, caches, errors, curl commands" if report.requests else "the step that decided"
    codes = any(is_on_screen(report, finding) for finding in report.findings)
    explained = "; corswsgi finding CODE explains a [CODE]" if codes else ""
    yield Line("")
    yield Line(f"-v: {rest}{explained}", "faint")


def is_on_screen(report: Report, finding: Finding) -> bool:
    """Tell whether the first screen shows a finding."""
    if finding.is_unsafe or finding.severity > Severity.INFO:
        return True
    return finding.concerns in (Concern.ASKER, Concern.PAGE) and finding.code != NOT_SENT.code


def _lead(label: str) -> str:
    return label.ljust(len(_INDENT))


def _section(label: str, lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines with a label in front of the first one, and an empty line before."""
    for number, line in enumerate(lines):
        if number == 0:
            yield Line("")
        lead, style = (_lead(label), "heading") if number == 0 else (_INDENT, line.lead_style)
        yield Line(line.text, line.style, lead + line.lead, style, line.verbatim)


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


def _cause(report: Report) -> str:
    codes = [finding.code for finding in report.findings if finding.sentence == report.cause]
    if report.answered and report.reason.code in KINDS:
        codes.append(str(report.reason.code))
    return f"{capitalized(shown_sentence(report.cause or report.reason.sentence))}." + (
        f" [{codes[0]}]" if codes else ""
    )


def _others(report: Report) -> Iterator[Finding]:
    for finding in report.findings:
        if finding.severity > Severity.INFO and not finding.is_unsafe and finding.sentence != report.cause:
            yield finding


def _reservations(report: Report) -> Iterator[Line]:
    """Yield what was assumed, and why the verdict may be incomplete."""
    notes = [shown_sentence(sentence) for sentence in report.assumed]
    if not report.certain:
        notes.append(f"not certain: the {report.method} itself was not sent (add --send)")
    if report.cut_short:
        notes.append(f"some requests were not sent: {report.cut_short}")
    if any(each.code == "wildcard-covers-authorization" for each in report.differences):
        notes.append("browsers are more lenient here than the standard; -v shows how")
    notes += [shown_sentence(note.sentence) for note in report.notes if note.code in _NOTES]
    for note in notes:
        yield Line(f"{capitalized(note)}.", lead=_lead("Note"))
    for finding in report.findings:
        if finding.severity is Severity.INFO and is_on_screen(report, finding):
            yield Line(told(finding), lead=_lead("Note"))


def _fix(report: Report) -> Iterator[Line]:
    fix = report.fix
    for number, step in enumerate(fix.steps, 1):
        yield Line(f"{capitalized(shown_sentence(step))}.", lead=f"{number}. " if len(fix.steps) > 1 else "")
    if fix.is_asked and fix.form_lines:
        yield Line(f"Below, for {FORMS[fix.form].title}.")
        return
    is_long = fix.form in SERVERS  # a whole configuration
    if fix.form_lines and not is_long:
        yield from _code(f"With corswsgi, for {FORMS[fix.form].title}:", fix.form_lines)
    else:
        yield from _code("With corswsgi, for CORSMiddleware or CORSRequestHandlerMixin:", fix.policy)
    if fix.form_lines and is_long:
        yield Line(f"--fix {fix.form} prints the whole configuration for {FORMS[fix.form].title}.")
    lacking = _lacking_on_preflight(report)
    if lacking is not None:
        lines = [line for line in fix.preflight_lines if line.partition(":")[0] in lacking]
        yield from _code("On any other server, add to the response to preflights:", lines)
        return
    yield from _code("On any other server, in the response to preflights, with status 204:", fix.preflight_lines)
    where = "And in every other response" if fix.preflight_lines else "On any other server, in every response"
    yield from _code(f"{where}, including errors:", fix.response_lines)


def _lacking_on_preflight(report: Report) -> set[str] | None:
    """Return the missing headers if the response to a preflight lacks nothing else; ``None`` if more has to change."""
    failed = {row.header for preflight in report.preflights for row in preflight.rows if row.result == "failed"}
    is_readable = report.actual is not None and report.actual.readable
    return failed if failed and is_readable and failed.isdisjoint({"status", ALLOW_ORIGIN}) else None


def _code(intro: str, lines: Iterable[str]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number == 0:
            yield Line(intro)
        yield Line(shown_sentence(line), "code", "    ", verbatim=True)


def _asked(report: Report) -> Iterator[Line]:
    main = [sent.exchange for sent in report.requests if sent.purpose == "main"]
    for exchange in main:
        preflight = next((each for each in report.preflights if each.exchange == exchange), None)
        yield Line(f"{shown(exchange.method)} {shown(exchange.url)}{' (preflight)' if exchange.is_preflight else ''}")
        yield Line(_came(report, exchange, preflight), lead="  ")
        for row in preflight.rows if preflight is not None else ():
            if row.result == "failed":
                yield row_line(row)
    if not main:
        yield Line("Nothing: the browser sends no request at all.")


def _came(report: Report, exchange: Exchange, preflight: Preflight | None) -> str:
    """Return the result of one request, in a few words."""
    if exchange.status is None:
        return "no response"
    status = shown(f"{exchange.status} {exchange.status_text}".strip())
    if exchange.is_preflight:
        return f"{status}; the preflight {'passed' if preflight is not None and preflight.passed else 'did not pass'}"
    actual = report.actual
    if actual is None or actual.exchange != exchange:
        return status
    instead = " (sent instead)" if actual.stands_in else ""
    return f"{status}{instead}; the script {'can' if actual.readable else 'cannot'} read it"


def row_line(row: Row) -> Line:
    """Return one check of the response to a preflight."""
    value = " and ".join(map(shown, row.values)) if row.values else "missing"
    if row.result == "not-needed":
        value = "not needed"
    lead = {"passed": "  passed  ", "failed": "  FAILED  ", "not-needed": "  -       "}[row.result]
    needed = f"; needed: {shown(row.needed)}" if row.result == "failed" else ""
    text = f"{row.header}: {value}{needed} ({shown_sentence(row.sentence)})"
    return Line(text, lead=lead, lead_style=row.result)


def told(finding: Finding) -> str:
    """Return a finding as a sentence, with its code."""
    # The fix of a worse finding is in the section "Fix".
    fix = f" To do: {shown_sentence(finding.fix)}." if finding.fix and finding.severity is Severity.INFO else ""
    return f"{capitalized(shown_sentence(finding.sentence))}.{fix} [{finding.code}]"


def shown_sentence(text: str) -> str:
    """Return a sentence in printable ASCII, not cut: its parts have been cut already."""
    return "".join(char if " " <= char <= "~" else char.encode("unicode_escape").decode() for char in text)
