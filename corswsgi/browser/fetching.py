"""The algorithms of the Fetch Standard, from main fetch down to the preflight, under their names in the standard.

A network error is a :class:`~corswsgi.browser.verdict.NetworkError`, raised if the standard returns one.
"""

from __future__ import annotations

from dataclasses import replace

from corswsgi import fetch
from corswsgi.browser.blocking import block_bad_port, block_local_network, block_mixed_content, local_network_access
from corswsgi.browser.checks import (
    check_as_with_credentials,
    check_permission,
    cors_check,
    cross_origin_resource_policy_check,
    preflight_causes,
    read_permission,
    where_to,
)
from corswsgi.browser.data_urls import data_url_processor
from corswsgi.browser.departures import Departure
from corswsgi.browser.fetch_params import FetchParams, verdict_of
from corswsgi.browser.handover import fetch_response_handover
from corswsgi.browser.http_network import NotSent, http_network_or_cache_fetch
from corswsgi.browser.network import NetworkReply
from corswsgi.browser.preflight_cache import PreflightCache
from corswsgi.browser.redirects import location_url, redirect
from corswsgi.browser.referrer import determine_referrer
from corswsgi.browser.request import Request
from corswsgi.browser.request_headers import CONDITIONAL_HEADERS
from corswsgi.browser.urls import URL, parse_url, same_origin, schemelessly_same_site
from corswsgi.browser.verdict import (
    Cause,
    Code,
    Headers,
    NetworkError,
    NoteCode,
    Reason,
    Verdict,
    get,
    quote,
)

#: fetch#fetching, html#the-eventsource-interface: the value of Accept, by initiator.
_ACCEPT = {"image": "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "event-source": "text/event-stream"}

#: The value of Accept-Language; browsers send the user's languages.
ACCEPT_LANGUAGE = "en"


def run_fetch(params: FetchParams) -> Verdict:
    """Fetch, and return what the script gets and why (fetch#concept-fetch)."""
    request = params.request
    # fetch#fetching: both count towards the sum of the safelisted headers.
    for name, value in (("Accept", _ACCEPT.get(request.initiator, "*/*")), ("Accept-Language", ACCEPT_LANGUAGE)):
        if get(request.header_list, name) is None:
            request.header_list.append((name, value))
    request.first_headers, request.first_unsafe_names = tuple(request.header_list), request.unsafe_header_names
    try:
        reply = main_fetch(params)
    except NetworkError as error:
        return verdict_of(params, "blocked", error.reason, None, _headers_that_arrived(params))
    except NotSent:
        reason = Reason(
            Code.NOT_ASKED_TO_SEND, "fetch#http-fetch", "nothing keeps the browser from sending the request", "request"
        )
        return verdict_of(params, "unsent", reason, None, ())
    return fetch_response_handover(params, reply)


def _headers_that_arrived(params: FetchParams) -> Headers:
    """Return the headers of the response to the request itself, if it came before the fetch failed."""
    last = params.exchanges[-1] if params.exchanges else None
    return () if last is None or last.is_preflight else last.response_headers


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
        sentence = (
            f'mode "same-origin" does not allow {url.href}, which is not of the origin {request.origin.serialized}'
        )
        raise NetworkError(Code.MODE_SAME_ORIGIN, "fetch#main-fetch", sentence, "request")
    if request.mode == "no-cors":
        if request.redirect != "follow":
            sentence = f'mode "no-cors" across origins needs redirect mode "follow", not "{request.redirect}"'
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
        where = where_to(reply.headers)
        sentence = f'the answer is a redirect ({reply.status}) {where}, and redirect mode "error" allows none'
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
        params.note(
            NoteCode.PREFLIGHT_CACHED, f"an earlier preflight still permits {asked}, so that no new one was sent"
        )


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
        credentials="same-origin",  # the default of a request; sends none to other origins
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
    # The request, not the preflight, because its credentials mode counts.
    permission = read_permission(request, reply.headers, reply.status)
    try:
        check_permission(request, permission, reply.headers)
    except NetworkError:
        if request.departs(Departure.KEPT_THOUGH_REFUSED):
            params.agent.preflight_cache.update(request, *permission)
        raise
    params.agent.preflight_cache.update(request, *permission)
