"""Why a page cannot read a response: errors first. And errors that are sent without CORS headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, Kind, Severity, shown
from corswsgi.checker.granting import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
    joined,
    joined_request,
    shares,
)
from corswsgi.checker.kinds import errors as kinds
from corswsgi.checker.kinds.request import ORIGIN_NOT_ALLOWED
from corswsgi.checker.observations import Observations
from corswsgi.checker.parts import ErrorPath
from corswsgi.checker.rules.allow_origin import diagnose_allow_origin, diagnose_missing
from corswsgi.checker.rules.names import diagnose_names
from corswsgi.checker.rules.network import diagnose_no_answer
from corswsgi.checker.rules.redirects import diagnose_login, hidden_redirect, null_after_redirect
from corswsgi.checker.server_words import in_words
from corswsgi.checker.words import status_told
from corswsgi.errors import quote

_HIDDEN_STATUSES: dict[int, tuple[Kind, str]] = {
    401: (kinds.AUTH_ERROR_HIDDEN, "the server requires a login"),
    403: (kinds.AUTH_ERROR_HIDDEN, "the server forbids the request"),
    404: (kinds.NOT_FOUND_HIDDEN, "there is nothing at this address"),
    405: (kinds.CLIENT_ERROR_HIDDEN, "the server does not accept the method of the request at this address"),
    413: (kinds.CLIENT_ERROR_HIDDEN, "the body of the request is too large for the server"),
    429: (kinds.CLIENT_ERROR_HIDDEN, "the server got too many requests from this client"),
    502: (kinds.PROXY_ERROR_HIDDEN, "a proxy got no valid response from the server behind it"),
    503: (kinds.PROXY_ERROR_HIDDEN, "the server, or a proxy in front of it, is overloaded or down"),
    504: (kinds.PROXY_ERROR_HIDDEN, "the server behind a proxy did not respond in time"),
}

_ERRORS_TOO = "send the CORS headers with errors too"


def on_answer(evidence: Evidence, exchange: Exchange, readable: bool) -> Finding | None:
    """Return what is wrong with a response, as precisely as it can be told."""
    if exchange.status is None:
        return _no_answer(evidence, exchange)
    finding = _diagnose_actual(evidence, exchange, readable)
    on_preflight = any(each.response_lines(ALLOW_ORIGIN) for each in evidence.verdict.preflights)
    if finding is None and on_preflight and not exchange.response_lines(ALLOW_ORIGIN):
        sentence = "the response to the preflight has CORS headers, but the response to the request has none"
        return kinds.HEADERS_MISSING_ON_ANSWER.finding(sentence, "send the CORS headers with every response")
    if finding is None and not readable:
        return diagnose_missing(exchange, evidence.question.origin, "read its responses")
    return finding


def _no_answer(evidence: Evidence, exchange: Exchange) -> Finding:
    finding = diagnose_no_answer(exchange.error)
    asked = [each for each in evidence.main if not each.is_preflight]
    if exchange in asked[1:]:
        sentence = (
            f"the redirect leads to {shown(exchange.url)}, and there was no response from there: {finding.sentence}"
        )
        return replace(finding, sentence=sentence)
    return finding


def _diagnose_actual(evidence: Evidence, exchange: Exchange, readable: bool) -> Finding | None:
    """Return what is wrong with the response to the request itself; ``None`` if nothing is, or it has no headers."""
    status = exchange.status or 0
    page, with_credentials = evidence.question.origin, evidence.question.with_credentials
    origin = joined_request(exchange, "Origin") or page
    wrong = diagnose_allow_origin(exchange, origin, with_credentials)
    if readable:
        if status >= 400:
            told = (
                f"{status_told(exchange, 'the request')}: an error that the script can read, so CORS is not the problem"
            )
            return kinds.ERROR_READABLE.finding(told)
        return wrong if wrong is not None and not wrong.is_failure else None
    lacking = [name for name in (ALLOW_ORIGIN, ALLOW_CREDENTIALS) if not exchange.response_lines(name)]
    finding = diagnose_names(exchange, lacking) or diagnose_login(evidence, readable)
    if finding is not None:
        return finding
    if status >= 400 and ALLOW_ORIGIN in lacking:
        return _diagnose_hidden_error(exchange)
    if origin == "null" != page:
        return null_after_redirect(exchange)
    if status in fetch.REDIRECT_STATUSES and ALLOW_ORIGIN in lacking:
        return hidden_redirect(exchange)
    return wrong


def _diagnose_hidden_error(exchange: Exchange) -> Finding:
    status = exchange.status or 0
    server = joined(exchange, "Server")
    by = f" (the Server header says {quote(server)})" if server else ""
    if status in _HIDDEN_STATUSES:
        kind, what = _HIDDEN_STATUSES[status]
    elif status >= 500:
        kind, what = kinds.SERVER_ERROR_HIDDEN, "the server failed"
    else:
        kind, what = kinds.CLIENT_ERROR_HIDDEN, "the server refused the request"
    sentence = (
        f"{status_told(exchange, 'the request')}{by}: {what}. That is an error of the server, or of a proxy in front "
        "of it; the browser reports a CORS error only because the response has no CORS headers"
    )
    first = in_words(exchange, "find the error first", "too_large") if status == 413 else "find the error first"
    return kind.finding(sentence, f"{first}; then {in_words(exchange, _ERRORS_TOO, 'errors')}", seen=[exchange])


def on_errors(evidence: Evidence, error_path: ErrorPath | None) -> Iterator[Finding]:
    """Yield that errors cannot be read, although other responses can."""
    own, question = evidence.own, evidence.question
    if error_path is None or error_path.readable or (error_path.status or 0) < 400:
        return
    if own is not None and shares(own, question.origin, question.with_credentials):
        sentence = f"the page can read other responses, but an error ({error_path.status}) is sent without CORS headers"
        exchange = evidence.probes["error-path"]
        fix = in_words(exchange, _ERRORS_TOO, "errors")
        yield kinds.ERROR_WITHOUT_CORS.finding(sentence, fix, seen=[exchange])


def own_origin(seen: Observations) -> Iterator[Finding]:
    """Yield why the origin that is meant cannot read either, so that the audit shows little."""
    answer = seen.own.omit
    if answer.allowed or seen.own.include.allowed:
        return
    status = answer.exchange.status
    if status is not None and status >= 400 and not answer.exchange.response_lines(ALLOW_ORIGIN):
        sentence = (
            f"the response is an error ({status}) without CORS headers: pages of {seen.origin} see a CORS error "
            "instead, and this audit shows little of how the server compares origins"
        )
        fix = f"{in_words(answer.exchange, _ERRORS_TOO, 'errors')}; then audit a URL that responds without an error"
        yield kinds.ERROR_WITHOUT_CORS.finding(sentence, fix, seen=[answer.exchange], severity=Severity.INFO)
    else:
        sentence = (
            f"pages of {seen.origin} cannot read the response either: {shown(str(answer.reason), 1000)}. The server "
            "refuses similar origins together with this one, so this audit shows little"
        )
        fix = "audit with an origin that the server allows; corswsgi check shows what has to change to allow this one"
        yield ORIGIN_NOT_ALLOWED.finding(sentence, fix, seen=[answer.exchange])


def breaks_server(seen: Observations) -> Iterator[Finding]:
    """Yield that the server fails on an unexpected Origin."""
    if _is_broken(seen.own.omit.exchange):
        return
    broken = [each.omit.exchange for each in seen.sightings if _is_broken(each.omit.exchange)]
    if broken:
        values = ", ".join(exchange.request_lines("Origin")[0] for exchange in broken)
        sentence = f"the server fails on an unexpected Origin: {values}"
        fix = "compare the Origin as a string, and treat a value that does not match as not allowed"
        yield kinds.ORIGIN_BREAKS_SERVER.finding(sentence, fix, seen=broken)


def _is_broken(exchange: Exchange) -> bool:
    return exchange.status is None or exchange.status >= 500
