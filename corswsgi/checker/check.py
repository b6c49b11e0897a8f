"""Checks one request, and puts its report together; :mod:`corswsgi.checker.evidence` sends the requests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace

from corswsgi import fetch
from corswsgi.browser import Departure, NoteCode, Verdict
from corswsgi.browser.engines import PROFILES
from corswsgi.checker import conclusion, engines, visitor
from corswsgi.checker.evidence import Evidence, Progress, Question, gather
from corswsgi.checker.findings import Finding, Severity
from corswsgi.checker.granting import (
    shares,
    split_headers,
)
from corswsgi.checker.parts import Actual, BehindAnswer, CarriedCookie, CookieAnswer, ErrorPath, Preflight
from corswsgi.checker.preflight import judge_preflight
from corswsgi.checker.report import EngineVerdict, Outcome, Purpose, Report, Sent
from corswsgi.checker.rules import behind as proxies
from corswsgi.checker.rules import caches, cookies, errors, names, origins, permissions, redirects, request
from corswsgi.checker.rules.kept import everyone_asked, on_caches
from corswsgi.checker.rules.network import diagnose_no_answer
from corswsgi.checker.target import Target


def check(
    target: Target, question: Question, *, token: str | None = None, progress: Progress = lambda sentence: None
) -> Report:
    """Check whether a browser would let a page read a response, and find out why not.

    :param token: part of an address that should not exist; random by default.
    :param progress: called before each request, with a sentence about it.
    :raises UsageError: if ``fetch()`` refuses the request; nothing is sent then.
    """
    return report(gather(target, question, token or secrets.token_hex(6), progress))


# From here on, nothing is sent


def report(evidence: Evidence) -> Report:
    """Put the report together."""
    target, question, deciding = evidence.target, evidence.question, evidence.deciding
    verdict = evidence.verdict
    covers = Departure.WILDCARD_COVERS_AUTHORIZATION in verdict.departures
    of_proxy = proxies.beside(evidence)
    judged = (judge_preflight(each, question.with_credentials, covers) for each in verdict.preflights)
    preflights = tuple(_explained_preflight(each, evidence, of_proxy) for each in judged)
    error_path, everyone = _error_path(evidence), everyone_asked(evidence)
    compared, of_caches = caches.compare(everyone), tuple(on_caches(everyone, question.with_credentials))
    carried = _carried(evidence)
    of_visitor = tuple(
        visitor.findings(
            question.cookies, carried, question.origin, target.url, question.credentials, _turned_away(evidence)
        )
    )
    actual = _explained(_actual(evidence), evidence, (*of_caches, *of_visitor), of_proxy)
    answered = _cookies(evidence)
    findings = (
        *(part.finding for part in (*preflights, actual) if part is not None and part.finding is not None),
        *request.mistakes(question),
        *request.on_sending(evidence, actual),
        *redirects.on_redirects(evidence),
        *(finding for each in verdict.preflights for finding in permissions.invalid_max_age(each)),
        *origins.given_away(evidence),
        *_not_told(of_caches, of_proxy, (*preflights, actual)),
        *([compared.finding] if compared is not None and compared.finding is not None else ()),
        *errors.on_errors(evidence, error_path),
        *(each for each in of_visitor if actual is None or each != actual.finding),
        *cookies.findings(question.origin, answered),
    )
    findings = (*findings, *names.on_names(evidence, findings))
    outcome = _outcome(deciding, findings)
    asked = (cause.name for each in verdict.preflights for cause in each.why if cause.kind == "header")
    unsafe_names = tuple(sorted({*fetch.cors_unsafe_request_header_names(question.headers), *asked}))
    passed = next((each for each in preflights if each.passed), None)
    return Report(
        url=target.address,
        origin=question.origin,
        method=question.sent_method,
        headers=question.headers,
        credentials=question.credentials,
        app=target.app,
        outcome=outcome,
        answered=evidence.is_answered,
        certain=verdict.outcome != "unsent",
        cut_short=evidence.limit.cut_short,
        headline=conclusion.headline(evidence, outcome),
        cause=conclusion.cause(evidence, preflights, actual),
        engines=tuple(
            EngineVerdict(
                engine=engine,
                browser=PROFILES[engine].browser,
                outcome=_outcome(each, findings),
                reason=each.reason,
                departures=tuple(departure.id for departure in each.departures),
            )
            for engine, each in evidence.engines.items()
        ),
        reason=deciding.reason,
        same_origin=evidence.same_origin,
        causes=tuple(dict.fromkeys(cause for each in verdict.preflights for cause in each.why)),
        preflights=preflights,
        actual=actual,
        carried=carried,
        cookies=answered,
        error_path=error_path,
        caching=compared,
        behind=of_proxy,
        memories=engines.memories(passed.exchange) if passed else (),
        differences=engines.differences(evidence.engines),
        findings=findings,
        # A cookie that is not kept is a finding.
        notes=tuple(note for note in deciding.notes if not (answered and note.code == NoteCode.COOKIE_REFUSED)),
        fix=conclusion.fix(evidence, outcome, findings, unsafe_names),
        requests=tuple(_sent(evidence)),
    )


def _outcome(deciding: Verdict, findings: tuple[Finding, ...]) -> Outcome:
    if deciding.outcome not in ("readable", "unsent"):
        return "blocked"
    return "allowed-but-unsafe" if any(each.is_unsafe for each in findings) else "allowed"


def _actual(evidence: Evidence) -> Actual | None:
    question, deciding = evidence.question, evidence.deciding
    if evidence.actual is not None:
        return Actual(
            exchange=evidence.actual,
            stands_in=evidence.stand_in is not None,
            readable=deciding.outcome == "readable",
            headers=deciding.response.headers if deciding.response else (),
            hidden=deciding.hidden,
            finding=errors.on_answer(evidence, evidence.actual, deciding.outcome == "readable"),
        )
    if "with-origin" not in evidence.probes:
        return None
    exchange = evidence.probes["with-origin"]
    is_readable = shares(exchange, question.origin, question.with_credentials)
    readable, hidden = split_headers(exchange, question.with_credentials)
    finding = None
    if (exchange.status or 0) < 400:  # an address that supports no GET may refuse it
        finding = errors.on_answer(evidence, exchange, is_readable)
    if finding is not None and deciding.outcome == "unsent" and finding.is_failure:
        finding = replace(finding, severity=Severity.MEDIUM)
    return Actual(exchange, True, is_readable, readable if is_readable else (), hidden, finding)


def _turned_away(evidence: Evidence) -> str:
    """Return the browser whose request a login may have turned away; empty if none was."""
    return PROFILES[evidence.lead].browser if evidence.own and evidence.own.status in (401, 403) else ""


def _explained(
    actual: Actual | None, evidence: Evidence, known: Sequence[Finding], of_proxy: Sequence[BehindAnswer]
) -> Actual | None:
    """Return the response with one of these findings, or one about the proxy, if that explains the failure."""
    if actual is None or actual.readable or actual.exchange is not evidence.own:
        return actual
    behind = [each.finding for each in of_proxy if each.what == "the request"]
    explaining = [each for each in (*known, *behind) if each is not None and each.is_failure]
    return replace(actual, finding=explaining[0]) if explaining else actual


def _explained_preflight(preflight: Preflight, evidence: Evidence, of_proxy: Sequence[BehindAnswer]) -> Preflight:
    """Return a preflight with the finding about the proxy, if that explains its failure."""
    for (front, _), answer in zip(evidence.behind, of_proxy, strict=True):
        if front is preflight.exchange and answer.finding is not None and answer.finding.is_failure:
            return replace(preflight, finding=answer.finding)
    return preflight


def _not_told(
    of_caches: Sequence[Finding], of_proxy: Sequence[BehindAnswer], parts: Sequence[Preflight | Actual | None]
) -> Iterator[Finding]:
    """Yield the findings about caches and the proxy that are not those of a preflight or of the response."""
    told = [part.finding for part in parts if part is not None]
    for finding in (*of_caches, *(each.finding for each in of_proxy)):
        if finding is not None and finding not in told:
            yield finding


def _cookies(evidence: Evidence) -> tuple[CookieAnswer, ...]:
    if not evidence.question.with_credentials:
        return ()
    verdicts = filter(None, (evidence.verdict, evidence.stand_in))
    ways = ([each for each in verdict.exchanges if not each.is_preflight] for verdict in verdicts)
    return cookies.judge(evidence.question.origin, ways, evidence.question.engines)


def _carried(evidence: Evidence) -> tuple[CarriedCookie, ...]:
    question, url = evidence.question, evidence.target.url
    if not visitor.includes_cookies(question.origin, url, question.credentials):
        return ()
    return visitor.carried(question.cookies, question.origin, url, question.engines)


def _error_path(evidence: Evidence) -> ErrorPath | None:
    exchange = evidence.probes.get("error-path")
    if exchange is None:
        return None
    readable = shares(exchange, evidence.question.origin, evidence.question.with_credentials)
    if exchange.status is None:
        sentence = f"no response: {diagnose_no_answer(exchange.error).sentence}"
    elif exchange.status < 400:
        sentence = "this is not an error, so it shows nothing about errors"
    elif readable:
        sentence = "errors can be read too: the script sees the status and the message"
    else:
        sentence = (
            "errors cannot be read: the script sees neither the status nor the message, only that the request failed"
        )
    return ErrorPath(exchange.url, exchange.status, readable, sentence)


def _sent(evidence: Evidence) -> Iterator[Sent]:
    main: Purpose = "main"
    resembling: Purpose = "resembling"
    behind: Purpose = "behind"
    probes = (
        *evidence.probes.items(),
        *((resembling, each.include.exchange) for each in evidence.resembling),
        *((behind, exchange) for _, exchange in evidence.behind),
    )
    for purpose, exchange in (*((main, exchange) for exchange in evidence.main), *probes):
        body_file = evidence.question.body_file if exchange.request_body is not None else ""
        yield Sent(purpose, exchange, evidence.target.insecure, body_file)
