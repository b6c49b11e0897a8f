"""What is behind an answer that a page cannot read, errors first; and errors that come without CORS headers."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, Kind, Severity, shown
from corswsgi.checker.granting import (
    ALLOW_ORIGIN,
    joined,
    joined_request,
    shares,
)
from corswsgi.checker.kinds import errors as kinds
from corswsgi.checker.kinds.redirects import ORIGIN_NULL_AFTER_REDIRECT, REDIRECT_HIDDEN
from corswsgi.checker.kinds.request import ORIGIN_NOT_ALLOWED
from corswsgi.checker.observations import Observations
from corswsgi.checker.parts import ErrorPath
from corswsgi.checker.rules.allow_origin import diagnose_allow_origin, diagnose_missing
from corswsgi.checker.rules.network import diagnose_no_answer
from corswsgi.checker.rules.redirects import redirect_to
from corswsgi.checker.words import status_told
from corswsgi.errors import quote

_HIDDEN_STATUSES: dict[int, tuple[Kind, str]] = {
    401: (kinds.AUTH_ERROR_HIDDEN, "the server wants a login"),
    403: (kinds.AUTH_ERROR_HIDDEN, "the server forbids the request"),
    404: (kinds.NOT_FOUND_HIDDEN, "there is nothing at this address"),
    502: (kinds.PROXY_ERROR_HIDDEN, "a proxy got no proper answer from the server behind it"),
    503: (kinds.PROXY_ERROR_HIDDEN, "the server, or a proxy before it, is overloaded or down"),
    504: (kinds.PROXY_ERROR_HIDDEN, "a proxy waited too long for the server behind it"),
}


def on_answer(evidence: Evidence, exchange: Exchange, readable: bool) -> Finding | None:
    """Return what is behind an answer, where there is more to say than the check said."""
    origin = joined_request(exchange, "Origin") or evidence.question.origin
    if not readable and origin == "null" != evidence.question.origin:
        sentence = "a redirect led from another origin than the page's to a third, so the browser says Origin: null"
        fix = f"call {exchange.url} in the first place, or let the redirect stay within its origin; do not allow null"
        return ORIGIN_NULL_AFTER_REDIRECT.finding(sentence, fix)
    finding = _diagnose_actual(exchange, readable, origin, evidence.question.with_credentials)
    on_preflight = any(each.response_lines(ALLOW_ORIGIN) for each in evidence.verdict.preflights)
    if finding is None and on_preflight and not exchange.response_lines(ALLOW_ORIGIN):
        sentence = "the preflight was answered with CORS headers, and the request itself without: both need them"
        return kinds.HEADERS_MISSING_ON_ANSWER.finding(sentence, "send the CORS headers with every answer")
    if finding is None and not readable:
        return diagnose_missing(exchange, origin, evidence.question.with_credentials)
    return finding


def _diagnose_actual(exchange: Exchange, readable: bool, origin: str, with_credentials: bool) -> Finding | None:
    """Return what is behind the response to the request itself, where there is more to say than the check said."""
    status = exchange.status
    if status is None:
        return diagnose_no_answer(exchange.error)
    came = status_told(exchange, "the request")
    wrong = diagnose_allow_origin(exchange, origin, with_credentials)
    if readable:
        if status >= 400:
            return kinds.ERROR_READABLE.finding(f"{came}: an error, but one that the script can read")
        return wrong if wrong is not None and not wrong.is_failure else None
    if wrong is not None:
        return wrong
    if joined(exchange, ALLOW_ORIGIN) is not None:
        return diagnose_missing(exchange, origin, with_credentials)
    if status >= 400:
        return _diagnose_hidden_error(exchange, came)
    if status in fetch.REDIRECT_STATUSES:
        _, where, fix = redirect_to(exchange)
        sentence = f"{came}, a redirect {where}, without the CORS headers that browsers want on redirects too"
        return REDIRECT_HIDDEN.finding(sentence, fix)
    return None


def _diagnose_hidden_error(exchange: Exchange, came: str) -> Finding:
    status = exchange.status or 0
    server = joined(exchange, "Server")
    by = f" (the Server header says {quote(server)})" if server else ""
    if status in _HIDDEN_STATUSES:
        kind, what = _HIDDEN_STATUSES[status]
    elif status >= 500:
        kind, what = kinds.SERVER_ERROR_HIDDEN, "the server failed"
    else:
        kind, what = kinds.CLIENT_ERROR_HIDDEN, "the server refuses the request"
    sentence = (
        f"{came}{by}: {what}. That is an error of the server, or of a proxy before it; the browser calls it a CORS "
        "error only because it came without CORS headers"
    )
    fix = "look for the error first; then send the CORS headers with errors too"
    return kind.finding(sentence, fix, seen=[exchange])


def on_errors(evidence: Evidence, error_path: ErrorPath | None) -> Iterator[Finding]:
    """Yield that errors cannot be read, although other answers can."""
    own, question = evidence.own, evidence.question
    if error_path is None or error_path.readable or (error_path.status or 0) < 400:
        return
    if own is not None and shares(own, question.origin, question.with_credentials):
        sentence = f"answers can be read, but an error ({error_path.status}) comes without CORS headers"
        yield kinds.ERROR_WITHOUT_CORS.finding(sentence, "send the CORS headers with errors too")


def own_origin(seen: Observations) -> Iterator[Finding]:
    """Yield why the origin that is meant cannot read either, so that an audit sees little."""
    answer = seen.own.omit
    if answer.allowed or seen.own.include.allowed:
        return
    status = answer.exchange.status
    if status is not None and status >= 400 and not answer.exchange.response_lines(ALLOW_ORIGIN):
        sentence = (
            f"the answer is an error, {status}, without CORS headers: pages of {seen.origin} see a failure of CORS in "
            "place of the error, and this audit sees little of the comparison"
        )
        fix = "add the CORS headers to errors too; audit a URL that answers"
        yield kinds.ERROR_WITHOUT_CORS.finding(sentence, fix, seen=[answer.exchange], severity=Severity.INFO)
    else:
        sentence = (
            f"pages of {seen.origin} cannot read the answer either: {shown(str(answer.reason), 1000)}. What resembles "
            "that origin is refused with it, so that this audit says little"
        )
        fix = "audit with an origin that the server allows; corswsgi check says what this one would need"
        yield ORIGIN_NOT_ALLOWED.finding(sentence, fix, seen=[answer.exchange])


def breaks_server(seen: Observations) -> Iterator[Finding]:
    """Yield that an Origin makes the server fail."""
    if _is_broken(seen.own.omit.exchange):
        return
    broken = [each.omit.exchange for each in seen.sightings if _is_broken(each.omit.exchange)]
    if broken:
        values = ", ".join(exchange.request_lines("Origin")[0] for exchange in broken)
        sentence = f"an Origin that it does not expect breaks the server: {values}"
        fix = "compare the Origin as a string, and treat what does not match as not allowed; do not parse it"
        yield kinds.ORIGIN_BREAKS_SERVER.finding(sentence, fix, seen=broken)


def _is_broken(exchange: Exchange) -> bool:
    return exchange.status is None or exchange.status >= 500
