"""What a script gets of a response: all of it, a part or nothing, and the reason."""

from __future__ import annotations

from typing import Literal

from corswsgi import fetch
from corswsgi.browser.checks import readable_headers
from corswsgi.browser.departures import Departure
from corswsgi.browser.fetch_params import FetchParams, verdict_of
from corswsgi.browser.network import NetworkReply
from corswsgi.browser.request import Request
from corswsgi.browser.urls import same_origin
from corswsgi.browser.verdict import (
    Code,
    Headers,
    NoteCode,
    Reason,
    Response,
    Verdict,
    get,
    quote,
    sort_and_combine,
)


def fetch_response_handover(params: FetchParams, reply: NetworkReply) -> Verdict:
    """Filter a response by the tainting of its request (the end of fetch#main-fetch, fetch#fetch-finale)."""
    request = params.request
    if reply.truncated:
        params.note(NoteCode.BODY_TRUNCATED, f"only the first {len(reply.body)} bytes of the body were read")
    if reply.broken:
        params.note(NoteCode.BODY_BROKEN, f"the body broke off: {reply.broken}")
    if request.redirect == "manual" and reply.status in fetch.REDIRECT_STATUSES:
        sentence = f'redirect mode "manual" hides a redirect from scripts; this one has status {reply.status}'
        reason = Reason(Code.MANUAL_REDIRECT, "fetch#concept-filtered-response-opaque-redirect", sentence, "redirect")
        url = request.current_url.without_fragment
        response = Response(0, "", (), None, url, False, "opaqueredirect")
        return verdict_of(params, "opaqueredirect", reason, response, reply.headers)
    if _is_back_at_home(request):
        return _readable(params, "basic", reply)
    if request.tainting == "opaque":
        sentence = 'mode "no-cors" sends the request, but hides the response from scripts'
        reason = Reason(Code.NO_CORS, "fetch#concept-filtered-response-opaque", sentence)
        return verdict_of(params, "opaque", reason, Response(0, "", (), None, "", False, "opaque"), reply.headers)
    return _readable(params, request.tainting, reply)


def _is_back_at_home(request: Request) -> bool:
    """Tell whether a redirect brought an opaque script back to the page's own origin, and the engine then shows it."""
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
    return verdict_of(params, "readable", _why_readable(request, reply.headers), response, hidden)


def _why_readable(request: Request, headers: Headers) -> Reason:
    if request.current_url.scheme == "data":
        return Reason(Code.DATA_URL, "fetch#data-url-processor", "a data: URL needs no permission")
    if request.tainting == "basic":
        sentence = f"{request.current_url.without_fragment} is on the page's own origin and needs no permission"
        return Reason(Code.SAME_ORIGIN, "fetch#main-fetch", sentence)
    sentence = f"Access-Control-Allow-Origin is {quote(get(headers, 'Access-Control-Allow-Origin') or '')}"
    if request.includes_credentials:
        sentence += ' and Access-Control-Allow-Credentials is "true"'
    return Reason(
        Code.CORS_CHECK_PASSED, "fetch#cors-check", f"{sentence}, which is what {request.serialized_origin} needs"
    )
