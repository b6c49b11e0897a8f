"""Allowed, but unsafe: what a server gives to strangers beside the page that was asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from corswsgi.browser import Exchange
from corswsgi.browser.urls import URL
from corswsgi.checker.advice import is_insecure
from corswsgi.checker.granting import ALLOW_ORIGIN, joined, shares
from corswsgi.checker.preflight import joined_request, judge_preflight
from corswsgi.checker.report import Code, Finding, Purpose

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
        yield Finding(Code.NULL_ORIGIN, "unsafe", sentence, "never allow null with credentials")
    if own is not None and is_insecure(origin) and url.scheme == "https" and shares(own, origin, with_credentials=True):
        sentence = f"{origin} is not https:, so that anyone on the way can put a script into it that reads with cookies"
        yield Finding(Code.INSECURE_ORIGIN_WITH_CREDENTIALS, "unsafe", sentence, "serve the page over https:")


def _on_stranger(stranger: Exchange, preflight: Exchange | None) -> Iterator[Finding]:
    origin = joined_request(stranger, "Origin")
    if shares(stranger, origin, with_credentials=True):
        sentence = (
            f"any site at all (tried: {origin}) may read the answer with the cookies of whoever visits it, since the "
            "server sends back whatever Origin it gets"
        )
        yield Finding(Code.ANY_ORIGIN_CREDENTIALS, "unsafe", sentence, _LIST)
    elif joined(stranger, ALLOW_ORIGIN) == origin:
        sentence = (
            f"the server sends back whatever Origin it gets (tried: {origin}), without credentials: every site may "
            "read the answer, as if it were *"
        )
        yield Finding(Code.ANY_ORIGIN_REFLECTED, "warning", sentence, f"say * if all may read; otherwise {_LIST}")
    if preflight is not None and judge_preflight(preflight, with_credentials=True).passed:
        method = joined_request(preflight, "Access-Control-Request-Method")
        sentence = f"any site at all (tried: {origin}) may send this {method} with the cookies of whoever visits it"
        yield Finding(Code.ANY_ORIGIN_MAY_SEND, "unsafe", sentence, _LIST)
