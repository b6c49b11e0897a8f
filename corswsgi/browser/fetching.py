"""The algorithms of the Fetch Standard, from main fetch down to the network, under the names they have there.

A network error is a :class:`~corswsgi.browser.verdict.NetworkError`, raised where the standard returns one.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import unquote_to_bytes

from corswsgi import fetch
from corswsgi.browser.checks import (
    block_bad_port,
    block_local_network,
    block_mixed_content,
    check_as_with_credentials,
    check_permission,
    cors_check,
    cross_origin_resource_policy_check,
    local_network_access,
    preflight_causes,
    read_permission,
    readable_headers,
)
from corswsgi.browser.cookies import CookieStore, Errand
from corswsgi.browser.engines import Departure
from corswsgi.browser.network import Network, NetworkReply, NoAnswer
from corswsgi.browser.preflight_cache import PreflightCache
from corswsgi.browser.redirects import location_url, redirect
from corswsgi.browser.referrer import determine_referrer
from corswsgi.browser.request import Request
from corswsgi.browser.request_headers import CONDITIONAL_HEADERS, headers_to_send
from corswsgi.browser.set_cookie import Refused
from corswsgi.browser.urls import URL, parse_url, same_origin, schemelessly_same_site
from corswsgi.browser.verdict import (
    Cause,
    Code,
    Exchange,
    Headers,
    NetworkError,
    Note,
    NoteCode,
    Outcome,
    Reason,
    Response,
    Step,
    Verdict,
    get,
    lines_of,
    quote,
    sort_and_combine,
)

#: fetch#fetching, html#the-eventsource-interface: what is accepted, by initiator.
_ACCEPT = {"image": "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "event-source": "text/event-stream"}

#: Sent as Accept-Language; browsers send what the user has set.
ACCEPT_LANGUAGE = "en"

#: rfc9110#section-11.6.1: challenges for which a browser asks the user.
_PROMPTING = re.compile("(basic|digest)( |$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UserAgent:
    """What a browser keeps from one fetch to the next, and how it reaches servers."""

    network: Network
    cookies: CookieStore
    preflight_cache: PreflightCache
    local_network: bool | None = None


@dataclass(slots=True)
class FetchParams:
    """fetch#fetch-params: one fetch under way, and what is told of it afterwards.

    :ivar send: whether the request itself is sent, not just its preflight.
    """

    agent: UserAgent
    request: Request
    send: bool = True
    exchanges: list[Exchange] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def note(self, code: NoteCode, sentence: str) -> None:
        if sentence:
            self.notes.append(Note(code, sentence))


class NotSent(Exception):
    """Nothing stands in the way of the request, and sending it was not asked for."""


def run_fetch(params: FetchParams) -> Verdict:
    """Fetch, and return what the script gets and why (fetch#concept-fetch)."""
    request = params.request
    # fetch#fetching: both count when the safelisted headers are summed up.
    for name, value in (("Accept", _ACCEPT.get(request.initiator, "*/*")), ("Accept-Language", ACCEPT_LANGUAGE)):
        if get(request.header_list, name) is None:
            request.header_list.append((name, value))
    request.first_headers, request.first_unsafe_names = tuple(request.header_list), request.unsafe_header_names
    try:
        reply = main_fetch(params)
    except NetworkError as error:
        return _verdict(params, "blocked", error.reason, None, _headers_that_arrived(params))
    except NotSent:
        reason = Reason(
            Code.NOT_ASKED_TO_SEND, "fetch#http-fetch", "nothing stands in the way of sending it", "request"
        )
        return _verdict(params, "unsent", reason, None, ())
    return fetch_response_handover(params, reply)


# Main fetch


def main_fetch(params: FetchParams) -> NetworkReply:
    """fetch#main-fetch, up to the filtering of the response.

    Not modelled: upgrading to https (HSTS, Content Security Policy), and what a Content Security Policy blocks.
    """
    request = params.request
    url = request.current_url
    block_bad_port(url)
    block_mixed_content(request)
    params.note(NoteCode.LOCAL_NETWORK_ACCESS, local_network_access(request.origin, url))
    block_local_network(request, params.agent.local_network)
    referrer = determine_referrer(request)
    request.referrer = parse_url(referrer) if referrer else None
    if not request.is_redirected:
        request.first_referrer = request.referrer
    if url.scheme == "data" or (same_origin(url.origin, request.origin) and request.tainting == "basic"):
        request.tainting = "basic"
        return scheme_fetch(params)
    if request.mode == "same-origin":
        sentence = f'mode "same-origin" does not go to {url.href}, another origin than {request.origin.serialized}'
        raise NetworkError(Code.MODE_SAME_ORIGIN, "fetch#main-fetch", sentence, "request")
    if request.mode == "no-cors":
        if request.redirect != "follow":
            sentence = f'mode "no-cors" across origins goes with redirect "follow" only, not with "{request.redirect}"'
            raise NetworkError(Code.NO_CORS_REDIRECT_MODE, "fetch#main-fetch", sentence, "request")
        request.tainting = "opaque"
        return scheme_fetch(params)
    if not url.is_http:
        raise _not_http(url)
    request.tainting = "cors"
    if not preflight_causes(request):
        return http_fetch(params)
    try:
        return http_fetch(params, make_cors_preflight=True)
    except NetworkError as error:
        is_redirect_error = error.reason.code is Code.REDIRECT_MODE_ERROR
        if not (is_redirect_error and request.departs(Departure.KEPT_AFTER_REDIRECT_ERROR)):
            params.agent.preflight_cache.clear(request)
        raise


def scheme_fetch(params: FetchParams) -> NetworkReply:
    """fetch#scheme-fetch; of the schemes that need no network only ``data`` is modelled."""
    url = params.request.current_url
    if url.scheme == "data":
        return _data_url_reply(params.request)
    if not url.is_http:
        raise _not_http(url)
    return http_fetch(params)


def _data_url_reply(request: Request) -> NetworkReply:
    reply = data_url_processor(request.current_url)
    if not request.departs(Departure.DATA_URL_LENGTH):
        return reply
    return replace(reply, headers=(*reply.headers, ("Content-Length", str(len(reply.body)))))


def _not_http(url: URL) -> NetworkError:
    sentence = f"{quote(url.href)} is neither http: nor https:"
    return NetworkError(Code.SCHEME_NOT_HTTP, "fetch#main-fetch", sentence, "request")


def data_url_processor(url: URL) -> NetworkReply:
    """fetch#data-url-processor"""
    media_type, comma, data = url.without_fragment.removeprefix("data:").partition(",")
    body = unquote_to_bytes(data)
    media_type = media_type.strip()
    is_base64 = re.fullmatch("(.*); *base64", media_type, re.IGNORECASE)
    try:
        if not comma:
            raise ValueError("it has no comma")
        if is_base64:
            media_type = is_base64[1].strip()
            body = _forgiving_base64_decode(body)
    except ValueError as error:
        sentence = f"the data: URL is not one: {error}"
        raise NetworkError(Code.DATA_URL_INVALID, "fetch#data-url-processor", sentence, "request") from None
    if media_type.startswith(";"):
        media_type = f"text/plain{media_type}"
    kind, slash, _ = media_type.partition(";")[0].partition("/")
    content_type = media_type if kind and slash else "text/plain;charset=US-ASCII"
    return NetworkReply(200, "OK", (("Content-Type", content_type),), body)


def _forgiving_base64_decode(data: bytes) -> bytes:
    """infra#forgiving-base64-decode"""
    data = bytes(byte for byte in data if byte not in b"\t\n\f\r ")
    if len(data) % 4 == 0:
        data = re.sub(b"==?$", b"", data)
    if len(data) % 4 == 1 or b"=" in data:
        raise binascii.Error("its base64 does not decode")
    return base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)


# HTTP fetch


def http_fetch(params: FetchParams, make_cors_preflight: bool = False) -> NetworkReply:
    """fetch#http-fetch"""
    request = params.request
    if make_cors_preflight:
        _preflight_if_not_cached(params)
    if request.refused_redirect is not None:
        raise request.refused_redirect
    reply = http_network_or_cache_fetch(params, request)
    is_redirect = reply.status in fetch.REDIRECT_STATUSES
    if request.tainting == "cors":
        cors_check(request, reply.headers, reply.status, "redirect" if is_redirect else "response")
        if is_redirect:
            request.refused_redirect = check_as_with_credentials(request, reply.headers, reply.status)
    if request.tainting == "opaque":
        cross_origin_resource_policy_check(request, reply.headers)
    if not is_redirect or request.redirect == "manual":
        return reply
    if request.redirect == "error":
        where = quote(get(reply.headers, "Location") or "nowhere")
        sentence = f'the answer is a redirect ({reply.status}) to {where}, and redirect mode "error" allows none'
        raise NetworkError(Code.REDIRECT_MODE_ERROR, "fetch#http-fetch", sentence, "redirect")
    return http_redirect_fetch(params, reply)


def _preflight_if_not_cached(params: FetchParams) -> None:
    request, cache = params.request, params.agent.preflight_cache
    causes = preflight_causes(request)
    request.has_needed_preflight = True
    missing = tuple(cause for cause in causes if not _is_cached(cause, request, cache))
    if missing:
        cache.forget_what_does_not_suffice(request)
    if missing or _passes_cache_by(request):
        cors_preflight_fetch(params, missing or tuple(causes))
    else:
        asked = ", ".join(dict.fromkeys(cause.name for cause in causes))
        params.note(NoteCode.PREFLIGHT_CACHED, f"an earlier preflight still permits {asked}; none was sent")


def _is_cached(cause: Cause, request: Request, cache: PreflightCache) -> bool:
    if cause.kind == "redirect":
        return cache.permits_something(request)
    match_in_cache = cache.header_name_matches if cause.kind == "header" else cache.method_matches
    return bool(match_in_cache(cause.name, request))


def _passes_cache_by(request: Request) -> bool:
    is_conditional = any(get(request.header_list, name) is not None for name in CONDITIONAL_HEADERS)
    match "no-store" if request.cache == "default" and is_conditional else request.cache:
        case "no-store" | "reload":
            return request.departs(Departure.ASKED_AGAIN_UNCACHED)
        case "no-cache":
            return request.departs(Departure.ASKED_AGAIN_NO_CACHE)
    return False


# HTTP-redirect fetch


def http_redirect_fetch(params: FetchParams, reply: NetworkReply) -> NetworkReply:
    """fetch#http-redirect-fetch"""
    location = location_url(params.request, reply)
    if location is None:
        return reply
    redirect(params.request, reply, location)
    return main_fetch(params)


# HTTP-network-or-cache fetch


def http_network_or_cache_fetch(
    params: FetchParams, request: Request, is_preflight: bool = False, why: tuple[Cause, ...] = ()
) -> NetworkReply:
    """fetch#http-network-or-cache-fetch, without a cache; there are no authentication entries, and 401 asks nobody."""
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
    """fetch#http-network-fetch: cookies are kept before anybody asks whether the response may be read."""
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


# CORS-preflight fetch


def cors_preflight_fetch(params: FetchParams, why: tuple[Cause, ...]) -> None:
    """fetch#cors-preflight-fetch

    :raises NetworkError: if the answer does not permit the request.
    """
    request = params.request
    preflight = Request(
        method="OPTIONS",
        url_list=list(request.url_list),
        header_list=[("Accept", "*/*"), ("Access-Control-Request-Method", request.method)],
        origin=request.origin,
        referrer=request.referrer,
        referrer_policy=request.referrer_policy,
        mode="cors",
        credentials="same-origin",  # a request's default; on another origin that sends none
        redirect="follow",
        initiator=request.initiator,
        tainting="cors",
        profile=request.profile,
        departed=request.departed,
    )
    is_other = request.first_referrer != request.referrer
    is_within_site = schemelessly_same_site(request.origin, request.current_url.origin)
    if is_other and is_within_site and request.departs(Departure.REDIRECT_PREFLIGHT_REFERER):
        preflight.referrer = request.first_referrer
    if names := request.unsafe_header_names:
        preflight.header_list.append(("Access-Control-Request-Headers", ",".join(names)))
    reply = http_network_or_cache_fetch(params, preflight, is_preflight=True, why=why)
    # With the request, not with the preflight: its credentials mode is the one that counts.
    permission = read_permission(request, reply.headers, reply.status)
    try:
        check_permission(request, permission, reply.headers)
    except NetworkError:
        if request.departs(Departure.KEPT_THOUGH_REFUSED):
            params.agent.preflight_cache.update(request, *permission)
        raise
    params.agent.preflight_cache.update(request, *permission)


# What the script gets


def fetch_response_handover(params: FetchParams, reply: NetworkReply) -> Verdict:
    """Filter a response as its tainting wants (the end of fetch#main-fetch, fetch#fetch-finale)."""
    request = params.request
    if reply.truncated:
        params.note(NoteCode.BODY_TRUNCATED, f"the body was read up to {len(reply.body)} bytes only")
    if reply.broken:
        params.note(NoteCode.BODY_BROKEN, f"the body broke off: {reply.broken}")
    if request.redirect == "manual" and reply.status in fetch.REDIRECT_STATUSES:
        sentence = f'redirect mode "manual" shows scripts nothing of a redirect, this one of status {reply.status}'
        reason = Reason(Code.MANUAL_REDIRECT, "fetch#concept-filtered-response-opaque-redirect", sentence, "redirect")
        url = request.current_url.without_fragment
        response = Response(0, "", (), None, url, False, "opaqueredirect")
        return _verdict(params, "opaqueredirect", reason, response, reply.headers)
    if _is_back_at_home(request):
        return _readable(params, "basic", reply)
    if request.tainting == "opaque":
        sentence = 'mode "no-cors" sends the request and shows scripts nothing of the response'
        reason = Reason(Code.NO_CORS, "fetch#concept-filtered-response-opaque", sentence)
        return _verdict(params, "opaque", reason, Response(0, "", (), None, "", False, "opaque"), reply.headers)
    return _readable(params, request.tainting, reply)


def _is_back_at_home(request: Request) -> bool:
    """Tell whether a redirect brought an opaque script back to the page's own origin, where engines differ."""
    is_opaque_script = request.tainting == "opaque" and request.initiator == "script"
    is_back = is_opaque_script and same_origin(request.current_url.origin, request.origin)
    return is_back and request.departs(Departure.SCRIPT_BACK_AT_HOME)


def _readable(params: FetchParams, tainting: Literal["basic", "cors"], reply: NetworkReply) -> Verdict:
    request = params.request
    readable, wrong = readable_headers(request, reply.headers)
    params.note(NoteCode.EXPOSE_HEADERS_INVALID, wrong)
    has_body = request.method != "HEAD" and reply.status not in fetch.NULL_BODY_STATUSES
    response = Response(
        status=reply.status,
        status_text=reply.status_text,
        headers=sort_and_combine(readable),
        body=reply.body if has_body else None,
        url=request.current_url.without_fragment,
        redirected=len(request.url_list) > 1,
        type=tainting,
        complete=not (reply.truncated or reply.broken),
    )
    hidden = tuple(header for header in reply.headers if header not in readable)
    return _verdict(params, "readable", _why_readable(request, reply.headers), response, hidden)


def _why_readable(request: Request, headers: Headers) -> Reason:
    if request.current_url.scheme == "data":
        return Reason(Code.DATA_URL, "fetch#data-url-processor", "a data: URL needs nobody's permission")
    if request.tainting == "basic":
        sentence = f"{request.current_url.without_fragment} is on the page's own origin and needs no permission"
        return Reason(Code.SAME_ORIGIN, "fetch#main-fetch", sentence)
    sentence = f"Access-Control-Allow-Origin is {quote(get(headers, 'Access-Control-Allow-Origin') or '')}"
    if request.includes_credentials:
        sentence += ' and Access-Control-Allow-Credentials is "true"'
    return Reason(Code.CORS_CHECK_PASSED, "fetch#cors-check", f"{sentence}, as {request.serialized_origin} needs it")


def _headers_that_arrived(params: FetchParams) -> Headers:
    """Return the headers of the response asked for, where one came before the fetch failed."""
    last = params.exchanges[-1] if params.exchanges else None
    return () if last is None or last.is_preflight else last.response_headers


def _verdict(
    params: FetchParams, outcome: Outcome, reason: Reason, response: Response | None, hidden: Headers
) -> Verdict:
    departed = tuple(each for each in Departure if each in params.request.departed)
    return Verdict(outcome, reason, response, hidden, tuple(params.exchanges), tuple(params.notes), departed)
