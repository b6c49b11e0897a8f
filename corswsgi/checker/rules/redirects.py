"""What is wrong with redirects: of preflights, which browsers do not follow, and of the request itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.browser.urls import parse_url
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, Kind
from corswsgi.checker.granting import (
    joined,
)
from corswsgi.checker.kinds import redirects as kinds
from corswsgi.checker.kinds.preflights import (
    PREFLIGHT_REDIRECT,
    PREFLIGHT_REDIRECT_HOST,
    PREFLIGHT_REDIRECT_HTTPS,
    PREFLIGHT_REDIRECT_LOGIN,
    PREFLIGHT_REDIRECT_SLASH,
)
from corswsgi.checker.observations import Observations
from corswsgi.checker.words import status_told
from corswsgi.errors import quote

ANSWER_BEFORE = "answer OPTIONS requests that carry Access-Control-Request-Method before"

_LOGIN = re.compile(r"log-?in|sign-?in|auth|sso|saml|oauth|account", re.IGNORECASE)


def diagnose_redirect(preflight: Exchange) -> Finding:
    """Return where a preflight is redirected to; browsers do not follow."""
    kind, where, fix = redirect_to(preflight)
    sentence = f"{status_told(preflight, 'the preflight')}, a redirect {where}; browsers do not follow one there"
    return kind.finding(sentence, fix, seen=[preflight])


def redirect_to(exchange: Exchange) -> tuple[Kind, str, str]:
    """Return what kind of redirect it is, where it leads in words, and what to do."""
    location = joined(exchange, "Location")
    source = parse_url(exchange.url)
    use = f"call {quote(location)} in the first place"
    try:
        target = parse_url(location or "", source)
    except ValueError:
        target = source
    if location is None or target == source:
        nowhere = "without a Location" if location is None else f"to {quote(location)}"
        return PREFLIGHT_REDIRECT, nowhere, f"{ANSWER_BEFORE} anything redirects"
    use = f"call {target.href} in the first place"
    if _LOGIN.search(target.href) and not _LOGIN.search(source.href):
        where = f"to {quote(location)}, which looks like a login page"
        return PREFLIGHT_REDIRECT_LOGIN, where, f"{ANSWER_BEFORE} authentication redirects"
    if (
        target.netloc == source.netloc
        and f"{target.path}/" != f"{source.path}/"
        and (target.path.rstrip("/") == source.path.rstrip("/"))
    ):
        which = "with a slash at the end" if target.path.endswith("/") else "without the slash at the end"
        return PREFLIGHT_REDIRECT_SLASH, f"to the same address {which}", use
    if (source.scheme, target.scheme) == ("http", "https") and target.host == source.host:
        return PREFLIGHT_REDIRECT_HTTPS, "to the same address over https:", use
    if target.host != source.host:
        return PREFLIGHT_REDIRECT_HOST, f"to another host, {quote(location)}", use
    return PREFLIGHT_REDIRECT, f"to {quote(location)}", f"{use}, or {ANSWER_BEFORE} anything redirects"


def on_redirects(evidence: Evidence) -> Iterator[Finding]:
    """Yield what redirects made of the request: after most of them browsers say GET (fetch#http-redirect-fetch)."""
    asked = [exchange for exchange in evidence.main if not exchange.is_preflight]
    for before, after in pairwise(asked):
        if before.method == after.method or before.status not in fetch.REDIRECT_STATUSES:
            continue
        sentence = f"the redirect ({before.status}) turned the {before.method} into a {after.method}"
        fix = f"call {after.url} in the first place, or answer with 307 or 308: browsers then repeat method and body"
        if before.request_body and not after.request_body:
            sentence += f", and its body of {len(before.request_body)} bytes was lost"
            yield kinds.REDIRECT_LOST_BODY.finding(sentence, fix)
        else:
            yield kinds.REDIRECT_TO_GET.finding(sentence, fix)


def redirect(seen: Observations) -> Iterator[Finding]:
    """Yield that what the URL leads to was not audited."""
    location = seen.bare.response_lines("Location")
    if seen.bare.status in fetch.REDIRECT_STATUSES and location:
        sentence = f"the URL only leads elsewhere, to {quote(', '.join(location))}; what is there was not audited"
        yield kinds.REDIRECT.finding(sentence, "audit the URL that it leads to", seen=[seen.bare])
