"""The conclusion of a check, in words: the headline, the cause, and what to change."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi.browser import Exchange
from corswsgi.browser.urls import parse_url
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, Severity
from corswsgi.checker.fix import Wish, fix_beyond_servers, fix_for
from corswsgi.checker.granted import granted_by
from corswsgi.checker.kinds.cookies import COOKIE_KEPT_BY_SOME, COOKIE_REFUSED, COOKIES_OF_THIRD_PARTY
from corswsgi.checker.kinds.redirects import REDIRECT_LOGIN
from corswsgi.checker.kinds.visitor import COOKIE_NOT_SENT
from corswsgi.checker.parts import Actual, Preflight
from corswsgi.checker.report import Fix, Outcome


def headline(evidence: Evidence, outcome: Outcome) -> str:
    """Return the verdict in one line, without the word for the outcome."""
    origin = evidence.question.origin
    page = "a sandboxed page (origin null)" if origin == "null" else f"a page of {origin}"
    what = f"{evidence.question.sent_method} {evidence.target.address}"
    step = evidence.deciding.reason.step
    if not evidence.is_answered:
        return f"there was no response to {'the preflight for ' if step == 'preflight' else ''}{what}"
    if outcome == "blocked":
        return f"{page} may not {'send' if step in ('request', 'preflight') else 'read the response to'} {what}"
    return f"{page} may {'send' if evidence.deciding.outcome == 'unsent' else 'read the response to'} {what}"


def cause(evidence: Evidence, preflights: tuple[Preflight, ...], actual: Actual | None) -> str:
    """Return why a request is blocked, more precisely than the step of the standard; empty if nothing is known."""
    reason = evidence.deciding.reason
    if evidence.deciding.outcome != "blocked":
        return ""
    behind = [each.finding for each in preflights if not each.passed]
    if reason.step != "preflight" and actual is not None:
        behind = [actual.finding]
    for finding in behind:
        if finding is not None and finding.is_failure:
            return finding.sentence
    return ""


#: Findings that no CORS header fixes.
_ABOUT_COOKIES = frozenset(
    kind.code for kind in (COOKIE_REFUSED, COOKIE_KEPT_BY_SOME, COOKIES_OF_THIRD_PARTY, COOKIE_NOT_SENT)
)


def fix(evidence: Evidence, outcome: Outcome, findings: tuple[Finding, ...], unsafe_names: tuple[str, ...]) -> Fix:
    """Return what to change; an empty fix if nothing has to change."""
    beyond = fix_beyond_servers(evidence.deciding.reason.code)
    if beyond is not None:
        return beyond
    steps = tuple(dict.fromkeys(each.fix for each in findings if each.fix and each.severity > Severity.INFO))
    if outcome != "blocked" and all(each.code in _ABOUT_COOKIES for each in findings if each.fix in steps):
        return Fix(steps)
    permitted = outcome != "blocked"
    unanswered = evidence.own is not None and evidence.own.status is None
    if not evidence.is_answered or (permitted and (unanswered or not steps)):
        return Fix(steps)
    if not permitted:
        steps = (*_steps_about_redirects(evidence, findings), *steps)
    question = evidence.question
    answers = [each for each in (*evidence.main, evidence.own) if each is not None and _is_from(each, evidence)]
    granted = granted_by(answers, question.origin)
    wish = Wish(question.origin, question.sent_method, unsafe_names, question.with_credentials, granted)
    return fix_for(wish, steps)


def _is_from(exchange: Exchange, evidence: Evidence) -> bool:
    """Tell whether a response is from the last server of the redirects, which is the one that has to change."""
    return parse_url(exchange.url).origin == parse_url(evidence.main[-1].url).origin


def _steps_about_redirects(evidence: Evidence, findings: tuple[Finding, ...]) -> Iterator[str]:
    last = evidence.main[-1]
    origin = parse_url(last.url).origin
    if any(each.is_failure and each.code == REDIRECT_LOGIN.code for each in findings):
        return
    if origin != evidence.target.url.origin:
        yield f"change {origin.serialized}, where the redirect leads: that server has to send the headers"
