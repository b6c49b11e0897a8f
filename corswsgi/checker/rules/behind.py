"""Who adds, removes, doubles or changes a header: a proxy and the application behind it, compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.checker.behind import withheld
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, Kind, shown
from corswsgi.checker.granting import ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, EXPOSE_HEADERS, shares
from corswsgi.checker.kinds import behind as kinds
from corswsgi.checker.parts import BehindAnswer, BehindRow, Change
from corswsgi.checker.preflight import judge_preflight
from corswsgi.checker.rules.network import diagnose_no_answer
from corswsgi.checker.words import status_told

#: Lists: their order, repetitions and number of lines mean nothing.
_LISTS = frozenset(map(str.lower, (ALLOW_HEADERS, ALLOW_METHODS, EXPOSE_HEADERS, "Vary")))

_KINDS: dict[Change, tuple[Kind, str, str]] = {
    "doubled": (
        kinds.PROXY_DOUBLES_HEADER,
        "the application sends {name}: {behind}, and the proxy makes it {front}",
        "let only one of the two send {name}: remove it from the proxy's configuration (in nginx, add_header) or from "
        "the application",
    ),
    "removed": (
        kinds.PROXY_REMOVES_HEADER,
        "the application sends {name}: {behind}, and the proxy removes it",
        "let the proxy pass {name} on: remove the line of its configuration that hides or unsets it",
    ),
    "changed": (
        kinds.PROXY_CHANGES_HEADER,
        "the application sends {name}: {behind}, and the proxy makes it {front}",
        "remove {name} from the proxy's configuration, or correct it there",
    ),
    "added": (
        kinds.PROXY_ADDS_HEADER,
        "the proxy adds {name}: {front}, and the application does not send it",
        "correct {name} in the proxy's configuration, not in the application",
    ),
}


def beside(evidence: Evidence) -> tuple[BehindAnswer, ...]:
    """Return the responses of the proxy and of the application, header by header."""
    return tuple(
        BehindAnswer(
            what="the preflight" if front.is_preflight else "the request",
            method=front.method,
            url=behind.url,
            front_status=front.status,
            behind_status=behind.status,
            withheld=withheld(front, behind),
            rows=tuple(_rows(front, behind)),
            finding=_finding(evidence, front, behind),
        )
        for front, behind in evidence.behind
    )


def _rows(front: Exchange, behind: Exchange) -> Iterator[BehindRow]:
    if behind.status is None:
        return
    names = {"vary": "Vary"}
    for name, _ in (*front.response_headers, *behind.response_headers):
        if name.lower().startswith("access-control-"):
            names.setdefault(name.lower(), name)
    for lower, name in sorted(names.items()):
        before, after = behind.response_lines(name), front.response_lines(name)
        if before or after:
            yield BehindRow(shown(name), after, before, _change(lower, before, after))


def _change(lower: str, before: Sequence[str], after: Sequence[str]) -> Change:
    """Return what the proxy did to a header."""
    said, arrived = (fetch.split_list(", ".join(lines)) for lines in (before, after))
    if lower in _LISTS:
        said, arrived = (sorted({each.lower() for each in items}) for items in (said, arrived))
    if said == arrived:
        return "same"
    if not before:
        return "added"
    if not after:
        return "removed"
    if Counter(said) < Counter(arrived):
        return "extended" if lower in _LISTS else "doubled"
    return "changed"


def _finding(evidence: Evidence, front: Exchange, behind: Exchange) -> Finding | None:
    seen = [front, behind]
    if behind.status is None:
        cause = diagnose_no_answer(behind.error)
        sentence = f"the application behind the proxy ({behind.url}) did not respond: {cause.sentence}"
        return kinds.BEHIND_NO_ANSWER.finding(sentence, cause.fix, seen=seen)
    lets_in, would = _lets_in(evidence, front), _lets_in(evidence, behind)
    if lets_in:
        sentence = "only the proxy allows the page: the application's own response would block it"
        return None if would else kinds.PROXY_LETS_IN.finding(sentence, seen=seen)
    rows = {row.header.lower(): row for row in _rows(front, behind)}
    origin = rows.pop(ALLOW_ORIGIN.lower(), None)
    if would and front.status != behind.status and not _is_ok(front):
        return _on_status(front, behind)
    for row in (*([origin] if origin else []), *(rows.values() if would else ())):
        found = _on_row(row, front, behind)
        if found is not None:
            return found
    sentence = "the application behind the proxy was sent the same request, and its response would block the page too"
    return kinds.PROXY_NOT_AT_FAULT.finding(sentence, seen=seen)


def _on_row(row: BehindRow, front: Exchange, behind: Exchange) -> Finding | None:
    if row.change not in _KINDS:
        return None
    kind, sentence, fix = _KINDS[row.change]
    sentence = sentence.format(name=row.header, front=_told(row.front), behind=_told(row.behind))
    return kind.finding(sentence, fix.format(name=row.header), seen=[front, behind])


def _told(lines: Sequence[str]) -> str:
    return " and ".join(shown(line) or '""' for line in lines)


def _on_status(front: Exchange, behind: Exchange) -> Finding:
    what = "the preflight" if front.is_preflight else "the request"
    sentence = (
        f"{status_told(front, what)} by the proxy itself; the application behind it responds with {behind.status}, and "
        "would allow the page"
    )
    fix = "let the proxy pass the request on to the application" + (", OPTIONS too" if front.is_preflight else "")
    return kinds.PROXY_ANSWERS_ITSELF.finding(sentence, fix, seen=[front, behind])


def _is_ok(exchange: Exchange) -> bool:
    return 200 <= (exchange.status or 0) < 300


def _lets_in(evidence: Evidence, exchange: Exchange) -> bool:
    question = evidence.question
    if exchange.is_preflight:
        return judge_preflight(exchange, question.with_credentials).passed
    return exchange.status is not None and shares(exchange, question.origin, question.with_credentials)
