"""The rest of a check, with ``-v``: the step, preflight, response, cookies, errors, caches, and all requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from corswsgi.browser import Exchange
from corswsgi.checker.findings import Finding, shown
from corswsgi.checker.masking import MASK
from corswsgi.checker.parts import Actual, CacheAnswer
from corswsgi.checker.render.screen import is_on_screen, row_line, shown_sentence, told
from corswsgi.checker.render.terminal import Line
from corswsgi.checker.report import Report
from corswsgi.checker.words import capitalized, listed

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

#: The response that the CORS check is about.
_OF = {
    "preflight": " of the response to the preflight",
    "redirect": " of a redirect",
    "response": " of the response",
}

#: Headers that most responses have, and that are of no use to scripts.
_OF_NO_USE = frozenset(
    "alt-svc age connection content-encoding date keep-alive nel report-to server set-cookie set-cookie2 "
    "strict-transport-security transfer-encoding vary via x-powered-by".split()
)


def details(report: Report) -> Iterator[Line]:
    """Yield what the first screen leaves out."""
    for heading, section in _SECTIONS:
        lines = list(section(report))
        if lines:
            yield Line("")
            yield Line(heading, "heading")
            yield from lines


# The sections


def _step(report: Report) -> Iterator[Line]:
    reason = report.reason
    of = _OF[reason.step] if reason.anchor == "fetch#cors-check" else ""
    said = (
        shown_sentence(reason.sentence)
        if report.answered
        else "a network error; scripts learn only that the request failed"
    )
    yield _sentence(f"{capitalized(_STEPS[reason.anchor])}{of}: {said}.")
    specification, _, fragment = reason.anchor.partition("#")
    yield Line(f"{_SPECIFICATIONS[specification]}#{fragment}", "faint", "  ", verbatim=True)


def _asking_first(report: Report) -> Iterator[Line]:
    if report.same_origin:
        yield _sentence("No: the page and the URL have the same origin, so CORS does not apply.")
    elif report.causes:
        yield _sentence(
            "Yes: before the request, the browser asks the server for permission with an OPTIONS request, the "
            "preflight, which carries no cookies. It does so because"
        )
        for cause in report.causes:
            yield Line(shown_sentence(cause.sentence), lead="  - ")
    elif report.requests:
        yield _sentence(
            "No: nothing about this request needs permission. It is sent at once, and only the headers of the response "
            "decide whether the script can read it."
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
            yield row_line(row)
        yield from _diagnosis(report, preflight.finding)


def _diagnosis(report: Report, finding: Finding | None) -> Iterator[Line]:
    if finding is not None and not is_on_screen(report, finding):
        yield Line(told(finding), lead="  Diagnosis: ", lead_style=str(finding.severity))


def _actual(report: Report) -> Iterator[Line]:
    actual = report.actual
    if actual is None:
        if report.preflights and report.outcome == "blocked":
            yield _sentence("The browser does not send the request, because the preflight did not pass.")
        return
    exchange = actual.exchange
    what = f"{exchange.method} {exchange.url}"
    if actual.stands_in:
        yield _sentence(f"Not sent; {shown_sentence(what)} was sent instead.")
    if exchange.status is None:
        yield _sentence(f"{shown_sentence(what)} got no response.")
    else:
        status = shown(f"{exchange.status} {exchange.status_text}".strip())
        can = "the script can read it" if actual.readable else "the script cannot read it, not even its status"
        yield _sentence(f"{shown_sentence(what)} was answered {status}: {can}.")
        yield from _headers(actual, report.same_origin)
    yield from _diagnosis(report, actual.finding)


def _headers(actual: Actual, same_origin: bool) -> Iterator[Line]:
    if not actual.readable:
        return
    readable = ", ".join(shown(name) for name, _ in actual.headers) or "none"
    yield Line(readable, lead="  Headers it can read: ")
    useful = list(dict.fromkeys(shown(name) for name, _ in actual.hidden if _is_of_use(name)))
    if useful and not same_origin:
        names = ", ".join(useful)
        yield Line(
            f"{names}; to expose them, send Access-Control-Expose-Headers: {names}", lead="  Headers it cannot: "
        )


def _is_of_use(name: str) -> bool:
    return name.lower() not in _OF_NO_USE and not name.lower().startswith("access-control-")


def _cookies(report: Report) -> Iterator[Line]:
    yield from _carried(report)
    for answer in report.cookies:
        name = shown_sentence(answer.name) or "(no name)"
        for fate_told in dict.fromkeys((fate.outcome, fate.sentence, fate.anchor) for fate in answer.fates):
            same = [each.browser for each in answer.fates if (each.outcome, each.sentence, each.anchor) == fate_told]
            outcome, sentence, anchor = fate_told
            rule = f" [{anchor}]" if outcome == "refused" else ""
            verb = _FATES[outcome][len(same) > 1]
            yield Line(f"{listed(same)} {verb} {shown_sentence(sentence)}.{rule}", lead=f"  {name}: ")


def _carried(report: Report) -> Iterator[Line]:
    for carried in report.carried:
        for fate_told in dict.fromkeys((fate.sent, fate.sentence) for fate in carried.fates):
            same = [each.browser for each in carried.fates if (each.sent, each.sentence) == fate_told]
            sent, sentence = fate_told
            verb = _SENDING[sent][len(same) > 1]
            why = f"{',' if sent else ':'} {shown_sentence(sentence)}" if sentence else ""
            yield Line(f"{listed(same)} {verb}{why}.", lead=f"  {carried.name or '(no name)'}: ")


#: Whether one browser sends a cookie that was given, and whether several do.
_SENDING = {True: ("sends it", "send it"), False: ("does not send it", "do not send it")}

#: What one browser does with a cookie of the response, and what several do.
_FATES = {
    "kept": ("stores it and sends it", "store it and send it"),
    "partitioned": ("stores it and sends it", "store it and send it"),
    "refused": ("does not store it:", "do not store it:"),
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
    yield _sentence("The same URL, requested by:")
    width = max(len(answer.who) for answer in report.caching.answers)
    for answer in report.caching.answers:
        yield Line(_cors_of(answer), lead=f"  - {answer.who.ljust(width)}  ")
    if report.caching.finding is None:
        yield _sentence(f"{capitalized(shown_sentence(report.caching.sentence))}.")
    yield from _diagnosis(report, report.caching.finding)


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


def _memory(report: Report) -> Iterator[Line]:
    names = {"chromium": "Chromium (Chrome, Edge)", "firefox": "Firefox", "webkit": "WebKit (Safari)"}
    for memory in report.memories:
        yield Line(shown_sentence(memory.sentence), lead=f"  {names[memory.engine].ljust(24)}")


def _knowing(report: Report) -> Iterator[Line]:
    parts = (*report.preflights, report.actual, report.caching)
    diagnoses = [part.finding for part in parts if part is not None]
    for finding in report.findings:
        if not is_on_screen(report, finding) and finding not in diagnoses:
            yield Line(told(finding), lead=f"  {finding.severity}: ", lead_style=str(finding.severity))
    for note in report.notes:
        yield Line(f"{shown_sentence(note.sentence)}. [{note.code}]", lead="  note: ", lead_style="info")
    for difference in report.differences:
        yield Line(
            f"{listed(difference.engines)}: {difference.sentence} [{difference.code}]",
            lead="  engines: ",
            lead_style="info",
        )


_PURPOSES = {
    "without-origin": "without an Origin, as from the server's own pages",
    "with-origin": "with the Origin of your page",
    "stranger": "as a page of an unknown origin",
    "null": "as a sandboxed page",
    "behind": "the same, to the application behind the proxy",
    "past-cache": "past the cache, by a query parameter that nobody uses",
    "no-cache": "past the cache, by Cache-Control: no-cache",
    "stranger-past-cache": "past the cache, as a page of an unknown origin",
    "without-origin-past-cache": "past the cache, without an Origin",
    "stranger-preflight": "the preflight of a page of an unknown origin",
    "resembling": "as a page of an origin that resembles yours",
    "error-path": "an address that should not exist",
}


def _requests(report: Report) -> Iterator[Line]:
    if report.app and report.requests:
        yield _sentence(f"These went to {shown(report.app)} in this process; to use curl, serve it at that address.")
    if any(MASK in sent.curl for sent in report.requests):
        yield _sentence(
            f"{MASK} replaces secrets, which should not be in logs; corswsgi check --show-secrets shows them."
        )
    for sent in report.requests:
        purpose = _PURPOSES.get(sent.purpose) or ("the preflight" if sent.exchange.is_preflight else "the request")
        yield Line(f"{purpose}: {_outcome_of(sent.exchange)}", "faint", "  # ")
        yield Line(sent.curl, "code", "  ", verbatim=True)


def _outcome_of(exchange: Exchange) -> str:
    if exchange.status is None:
        return "no response"
    return shown(f"{exchange.status} {exchange.status_text}".strip())


_SECTIONS: tuple[tuple[str, Callable[[Report], Iterator[Line]]], ...] = (
    ("The step that decided", _step),
    ("Does the browser ask first?", _asking_first),
    ("The preflight", _preflights),
    ("The response", _actual),
    ("Cookies", _cookies),
    ("Errors", _errors),
    ("Caches", _caches),
    ("How long browsers remember the permission", _memory),
    ("Worth knowing", _knowing),
    ("The requests, for curl", _requests),
)


def _sentence(text: str) -> Line:
    return Line(text, lead="  ")
