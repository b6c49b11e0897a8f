"""Why a preflight failed, by the status of its response."""

from __future__ import annotations

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.checker.findings import Finding, Kind
from corswsgi.checker.granting import (
    joined,
)
from corswsgi.checker.kinds import preflights as kinds
from corswsgi.checker.rules.network import diagnose_no_answer
from corswsgi.checker.rules.redirects import ANSWER_BEFORE, diagnose_redirect
from corswsgi.checker.server_words import in_words
from corswsgi.checker.words import status_told
from corswsgi.errors import quote

_PREFLIGHT_STATUSES: dict[int, tuple[Kind, str, str]] = {
    401: (
        kinds.PREFLIGHT_UNAUTHORIZED,
        "the server requires a login for the preflight, but browsers never send cookies or passwords with a preflight",
        f"{ANSWER_BEFORE} authentication is checked",
    ),
    403: (
        kinds.PREFLIGHT_FORBIDDEN,
        "the server forbids the preflight: its CORS settings do not allow this origin, or something in front of it "
        "(authentication, CSRF protection, a firewall) rejects OPTIONS",
        f"allow the origin in the server's CORS settings; {ANSWER_BEFORE} access is checked",
    ),
    404: (
        kinds.PREFLIGHT_NOT_FOUND,
        "there is nothing here for OPTIONS: the address is wrong, or the route exists for other methods only",
        f"check the address; {ANSWER_BEFORE} the route is looked up",
    ),
    405: (
        kinds.PREFLIGHT_METHOD_NOT_ALLOWED,
        "the server does not accept OPTIONS at this address, and a preflight is an OPTIONS request",
        f"{ANSWER_BEFORE} the method is checked",
    ),
    501: (
        kinds.PREFLIGHT_NOT_IMPLEMENTED,
        "the server does not know the method OPTIONS at all, and a preflight is an OPTIONS request",
        "let the server answer OPTIONS; for Python's http.server, use CORSRequestHandlerMixin, or write do_OPTIONS",
    ),
}


def diagnose_preflight(preflight: Exchange) -> Finding | None:
    """Return why a preflight failed; ``None`` for a status from 200 to 299."""
    status = preflight.status
    if status is None:
        cause = diagnose_no_answer(preflight.error)
        sentence = f"there was no response to the preflight: {cause.sentence}"
        return kinds.PREFLIGHT_NO_ANSWER.finding(sentence, cause.fix)
    if 200 <= status <= 299:
        return None
    if status in fetch.REDIRECT_STATUSES:
        return diagnose_redirect(preflight)
    if status in _PREFLIGHT_STATUSES:
        kind, sentence, fix = _PREFLIGHT_STATUSES[status]
        fix = in_words(preflight, fix, "preflight")
    elif status >= 500:
        kind = kinds.PREFLIGHT_SERVER_ERROR
        sentence = "the server, or a proxy in front of it, failed on the preflight; this is not a CORS problem"
        fix = "find the error in the logs of the server and of the proxy"
    elif status >= 400:
        kind = kinds.PREFLIGHT_REFUSED
        sentence = "the server, or something in front of it, refuses the preflight"
        fix = f"{ANSWER_BEFORE} anything else checks the request"
    else:
        kind = kinds.PREFLIGHT_STATUS
        sentence = "a preflight passes only with a status from 200 to 299"
        fix = "answer preflights with status 204"
    allow = joined(preflight, "Allow")
    hint = f" (its Allow header lists {quote(allow)})" if status == 405 and allow is not None else ""
    return kind.finding(f"{status_told(preflight, 'the preflight')}: {sentence}{hint}", fix, seen=[preflight])
