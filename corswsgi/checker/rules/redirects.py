"""What is wrong with redirects: of preflights, which browsers do not follow, and of the request itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.browser.urls import URL, parse_url
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, Kind, Severity
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
from corswsgi.checker.server_words import NGINX, in_words, words_of
from corswsgi.checker.words import status_told
from corswsgi.errors import quote

ANSWER_BEFORE = "answer OPTIONS requests that have Access-Control-Request-Method before"

_LOGIN = re.compile(
    r"log[-_]?(in|on)\b|sign[-_]?in\b|\b(auth|oauth2?|openid(-connect)?|sso|saml2?|cas|adfs|idp|accounts?)\b|"
    r"authori[sz]e|authenticat",
    re.IGNORECASE,
)


class Way(NamedTuple):
    """Where a redirect leads.

    :ivar kind: the kind of finding if a preflight is redirected there.
    :ivar where: in words.
    :ivar address: the URL; empty if there is none, or if it is the same URL again.
    """

    kind: Kind
    where: str
    address: str

    @property
    def is_login(self) -> bool:
        return self.kind is PREFLIGHT_REDIRECT_LOGIN


def diagnose_redirect(preflight: Exchange) -> Finding:
    """Return where a preflight is redirected to, which browsers do not follow."""
    way = way_of(preflight)
    sentence = f"{status_told(preflight, 'the preflight')}, a redirect {way.where}, which browsers do not follow"
    fix = f"{ANSWER_BEFORE} {'authentication' if way.is_login else 'anything'} redirects"
    if way.is_login:
        fix = in_words(preflight, fix, "preflight")
    elif way.address:
        call = f"fetch {way.address} directly"
        fix = f"{call}, or {fix}" if way.kind is PREFLIGHT_REDIRECT else call
    return way.kind.finding(sentence, fix, seen=[preflight])


def way_of(exchange: Exchange) -> Way:
    """Return where a redirect leads."""
    location = joined(exchange, "Location")
    source = parse_url(exchange.url)
    try:
        target = parse_url(location or "", source)
    except ValueError:
        return Way(PREFLIGHT_REDIRECT, f"to {quote(location)}", "")
    if location is None or target == source:
        return Way(PREFLIGHT_REDIRECT, "without a Location" if location is None else f"to {quote(location)}", "")
    kind, where = PREFLIGHT_REDIRECT, f"to {quote(location)}"
    if _looks_like_login(target) and not _looks_like_login(source):
        kind, where = PREFLIGHT_REDIRECT_LOGIN, f"to {quote(location)}, which looks like a login page"
    elif target.netloc == source.netloc and target.path != source.path and _alike(target.path, source.path):
        which = "with a slash at the end" if target.path.endswith("/") else "without the slash at the end"
        kind, where = PREFLIGHT_REDIRECT_SLASH, f"to the same address {which}"
    elif (source.scheme, target.scheme) == ("http", "https") and target.host == source.host:
        kind, where = PREFLIGHT_REDIRECT_HTTPS, "to the same address over https:"
    elif target.host != source.host:
        kind, where = PREFLIGHT_REDIRECT_HOST, f"to another host, {quote(location)}"
    return Way(kind, where, target.href)


def _looks_like_login(url: URL) -> bool:
    return _LOGIN.search(url.netloc + url.path) is not None


def _alike(path: str, other: str) -> bool:
    return path.rstrip("/") == other.rstrip("/")


def hidden_redirect(exchange: Exchange) -> Finding:
    """Return where a request is redirected to by a response without CORS headers."""
    way = way_of(exchange)
    if way.is_login:
        return _to_login(exchange, f"{way.where}, and the redirect has no CORS headers")
    sentence = (
        f"{status_told(exchange, 'the request')}, a redirect {way.where}, without the CORS headers that browsers "
        "require on redirects too"
    )
    fix = "send the CORS headers with redirects too"
    if words_of(exchange) is not NGINX:  # there add_header reaches redirects without always
        fix = in_words(exchange, fix, "errors")
    if way.address:
        fix = f"fetch {way.address} directly, or {fix}"
    return kinds.REDIRECT_HIDDEN.finding(sentence, fix, seen=[exchange])


def null_after_redirect(exchange: Exchange) -> Finding:
    """Return that the browser no longer says which page asked."""
    sentence = "a server of another origin redirects to a third origin, so the browser sends Origin: null"
    fix = f"fetch {exchange.url} directly, or let the redirect stay within its origin; do not allow null"
    return kinds.ORIGIN_NULL_AFTER_REDIRECT.finding(sentence, fix, seen=[exchange])


def diagnose_login(evidence: Evidence, readable: bool) -> Finding | None:
    """Return that the request was redirected to a login page by a redirect that the browser followed."""
    for exchange in evidence.main:
        if exchange.is_preflight or exchange.status not in fetch.REDIRECT_STATUSES or exchange is evidence.actual:
            continue
        way = way_of(exchange)
        if way.is_login:
            result = "the script gets that page instead of the data" if readable else "the script cannot read it"
            finding = _to_login(exchange, f"{way.where}: {result}")
            return replace(finding, severity=Severity.MEDIUM) if readable else finding
    return None


def _to_login(exchange: Exchange, where: str) -> Finding:
    sentence = f"{status_told(exchange, 'the request')}, a redirect {where}; it had no session that the server accepts"
    fix = (
        "log in first, and fetch with credentials: 'include' if the session is in a cookie; on the server, if a script "
        "is not logged in, respond with 401 and the CORS headers instead of a redirect"
    )
    return kinds.REDIRECT_LOGIN.finding(sentence, fix, seen=[exchange])


def on_redirects(evidence: Evidence) -> Iterator[Finding]:
    """Yield how redirects changed the request: after most of them browsers send a GET (fetch#http-redirect-fetch)."""
    if evidence.deciding.outcome == "readable" and (login := diagnose_login(evidence, readable=True)):
        yield login
    asked = [exchange for exchange in evidence.main if not exchange.is_preflight]
    for before, after in pairwise(asked):
        if before.method == after.method or before.status not in fetch.REDIRECT_STATUSES:
            continue
        sentence = f"the redirect ({before.status}) turned the {before.method} into a {after.method}"
        fix = f"fetch {after.url} directly, or redirect with 307 or 308, which keep the method and the body"
        if before.request_body and not after.request_body:
            sentence += f", and its body of {len(before.request_body)} bytes was lost"
            yield kinds.REDIRECT_LOST_BODY.finding(sentence, fix)
        else:
            yield kinds.REDIRECT_TO_GET.finding(sentence, fix)


def redirect(seen: Observations) -> Iterator[Finding]:
    """Yield that the URL only redirects, and that the target of the redirect was not audited."""
    location = seen.bare.response_lines("Location")
    if seen.bare.status in fetch.REDIRECT_STATUSES and location:
        sentence = f"the URL only redirects to {quote(', '.join(location))}, which was not audited"
        yield kinds.REDIRECT.finding(sentence, "audit that URL", seen=[seen.bare])
