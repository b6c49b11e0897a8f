"""Allowed, but unsafe: what a server gives to strangers beside the page that was asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from corswsgi.browser import Exchange
from corswsgi.browser.urls import URL
from corswsgi.checker.advice import is_insecure
from corswsgi.checker.findings import Finding
from corswsgi.checker.granting import ALLOW_ORIGIN, joined, shares
from corswsgi.checker.kinds.origins import (
    ANY_ORIGIN_CREDENTIALS,
    ANY_ORIGIN_MAY_SEND,
    ANY_ORIGIN_REFLECTED,
    INSECURE_ORIGIN_WITH_CREDENTIALS,
    NULL_ORIGIN,
)
from corswsgi.checker.preflight import joined_request, judge_preflight
from corswsgi.checker.report import Purpose

_LIST = "allow the origins that need it, by a list of exact names"


def findings(url: URL, origin: str, probes: Mapping[Purpose, Exchange], own: Exchange | None) -> Iterator[Finding]:
    """Yield what the answers to strangers, and to the page's own origin, give away."""
    stranger = probes.get("stranger")
    if stranger is not None:
        yield from _on_stranger(stranger, probes.get("stranger-preflight"))
    null = probes.get("null")
    if null is not None and shares(null, "null", with_credentials=True):
        sentence = (
            'the origin "null" may read the answer with the cookies of whoever visits it, and any site can make a page '
            "of that origin (a sandboxed frame)"
        )
        yield NULL_ORIGIN.finding(sentence, "never allow null with credentials")
    if own is not None and is_insecure(origin) and url.scheme == "https" and shares(own, origin, with_credentials=True):
        sentence = f"{origin} is not https:, so that anyone on the way can put a script into it that reads with cookies"
        yield INSECURE_ORIGIN_WITH_CREDENTIALS.finding(sentence, "serve the page over https:")


def _on_stranger(stranger: Exchange, preflight: Exchange | None) -> Iterator[Finding]:
    origin = joined_request(stranger, "Origin")
    if shares(stranger, origin, with_credentials=True):
        sentence = (
            f"any site at all (tried: {origin}) may read the answer with the cookies of whoever visits it, since the "
            "server sends back whatever Origin it gets"
        )
        yield ANY_ORIGIN_CREDENTIALS.finding(sentence, _LIST)
    elif joined(stranger, ALLOW_ORIGIN) == origin:
        sentence = (
            f"the server sends back whatever Origin it gets (tried: {origin}), without credentials: every site may "
            "read the answer, as if it were *"
        )
        yield ANY_ORIGIN_REFLECTED.finding(sentence, f"say * if all may read; otherwise {_LIST}")
    if preflight is not None and judge_preflight(preflight, with_credentials=True).passed:
        method = joined_request(preflight, "Access-Control-Request-Method")
        sentence = f"any site at all (tried: {origin}) may send this {method} with the cookies of whoever visits it"
        yield ANY_ORIGIN_MAY_SEND.finding(sentence, _LIST)
