"""HTTP-network-or-cache fetch and HTTP-network fetch: what is sent, with which cookies, and what comes back."""

from __future__ import annotations

import re
from dataclasses import replace

from corswsgi import fetch
from corswsgi.browser.cookies import Errand
from corswsgi.browser.departures import Departure
from corswsgi.browser.fetch_params import FetchParams
from corswsgi.browser.network import NetworkReply, NoAnswer
from corswsgi.browser.request import Request
from corswsgi.browser.request_headers import headers_to_send
from corswsgi.browser.set_cookie import Refused
from corswsgi.browser.verdict import (
    Cause,
    Code,
    Exchange,
    NetworkError,
    NoteCode,
    Step,
    lines_of,
    quote,
)

#: rfc9110#section-11.6.1: challenges that make a browser ask the user for a password.
_PROMPTING = re.compile("(basic|digest)( |$)", re.IGNORECASE)


class NotSent(Exception):
    """Nothing keeps the browser from sending the request, but the caller did not ask for that."""


def http_network_or_cache_fetch(
    params: FetchParams, request: Request, is_preflight: bool = False, why: tuple[Cause, ...] = ()
) -> NetworkReply:
    """fetch#http-network-or-cache-fetch, without a cache, authentication entries and password prompts."""
    if not (params.send or is_preflight):
        raise NotSent
    include_credentials = request.includes_credentials or (
        request.credentials == "same-origin" and request.tainting == "basic"
    )
    body = None if request.body is None else request.body.read()
    streamed = request.body is not None and request.body.source is None
    headers = headers_to_send(request, None if streamed else body, streamed, is_preflight)
    if include_credentials:
        cookies = params.agent.cookies.header_for(Errand(request.origin, request.url_list, request.departs))
        headers += [] if cookies is None else [("Cookie", cookies)]
    asked = Exchange(
        request.method, request.current_url.without_fragment, tuple(headers), body, is_preflight=is_preflight, why=why
    )
    return http_network_fetch(params, request, asked, include_credentials, streamed)


def http_network_fetch(
    params: FetchParams, request: Request, asked: Exchange, include_credentials: bool, streamed: bool
) -> NetworkReply:
    """fetch#http-network-fetch; cookies are kept before the CORS check."""
    url = request.current_url
    try:
        reply = params.agent.network(asked.method, url, list(asked.request_headers), asked.request_body, streamed)
    except NoAnswer as error:
        params.exchanges.append(replace(asked, error=str(error)))
        sentence = f"{asked.method} {asked.url} got no answer: {error}"
        step: Step = "preflight" if asked.is_preflight else "response"
        raise NetworkError(Code.NO_ANSWER, "fetch#http-network-fetch", sentence, step) from error
    params.exchanges.append(reply.answering(asked))
    if include_credentials:
        for line in lines_of(reply.headers, "Set-Cookie"):
            _store_cookie(params, request, line)
    if include_credentials and _asks_for_password(request, reply):
        sentence = (
            f"{asked.url} answers 401 with a challenge: the browser asks the user for a password, and the script waits"
        )
        raise NetworkError(Code.PASSWORD_PROMPT, "fetch#http-network-or-cache-fetch", sentence, "response")
    return reply


def _store_cookie(params: FetchParams, request: Request, line: str) -> None:
    """fetch#parse-and-store-response-set-cookie-headers"""
    try:
        params.agent.cookies.store(line, Errand(request.origin, request.url_list, request.departs))
    except Refused as error:
        name, equals, _ = line.partition(";")[0].partition("=")
        shown = f"the cookie {quote(name.strip())}" if equals else "a cookie without a name"
        sentence = f"{shown} is not kept: {error.refusal.sentence} ({error.refusal.anchor})"
        params.note(NoteCode.COOKIE_REFUSED, sentence)


def _asks_for_password(request: Request, reply: NetworkReply) -> bool:
    challenges = lines_of(reply.headers, "WWW-Authenticate") if reply.status == 401 else ()
    if any(map(_PROMPTING.match, challenges)):
        return request.departs(Departure.PASSWORD_PROMPT)
    anywhere = any(_PROMPTING.match(each) for line in challenges for each in fetch.split_list(line))
    return anywhere and request.departs(Departure.PASSWORD_PROMPT_ANYWHERE)
