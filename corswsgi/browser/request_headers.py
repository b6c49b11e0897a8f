"""The headers that a request sends: those of the script, and those that the browser adds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from corswsgi import fetch
from corswsgi.browser.departures import Departure
from corswsgi.browser.request import Request
from corswsgi.browser.urls import (
    URL,
    Origin,
    address_space,
    is_potentially_trustworthy_url,
    same_origin,
    same_site,
    schemelessly_same_site,
    strip_for_referrer,
)
from corswsgi.browser.verdict import Header

USER_AGENT = "Mozilla/5.0 (compatible; corswsgi)"

#: fetch#concept-http-network-or-cache-fetch: these disable the HTTP cache.
CONDITIONAL_HEADERS = ("If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "If-Match", "If-Range")

#: What Chromium accepts as one range, with white space and empty elements around it.
_ONE_RANGE = re.compile(r"[ \t]*bytes[ \t]*=[ \t,]*([0-9]{0,19})[ \t]*-[ \t]*([0-9]{0,19})[ \t,]*", re.IGNORECASE)

#: Chromium rejects numbers in Range from here on.
_RANGE_LIMIT = 2**63 - 1

#: Headers that are not lists; Firefox sends only their last line.
_SINGLE_HEADERS = ("authorization", "content-type", "from", "if-modified-since", "if-unmodified-since", "max-forwards")

#: Referrer policies that show more than the default policy to other sites.
_LAX_POLICIES = frozenset({"no-referrer-when-downgrade", "unsafe-url"})

#: Referrer policies that withhold Origin on a downgrade, except with CORS (fetch#append-a-request-origin-header).
_WITHHELD_ON_DOWNGRADE = frozenset({"no-referrer-when-downgrade", "strict-origin", "strict-origin-when-cross-origin"})


def headers_to_send(request: Request, body: bytes | None, streamed: bool, is_preflight: bool) -> list[Header]:
    """Return all header lines except ``Cookie``, in order (fetch#http-network-or-cache-fetch)."""
    headers = _script_headers(request)
    _append_content_length(headers, request, body)
    if request.referrer is not None:
        headers.append(("Referer", _referer(request, request.referrer)))
    append_origin_header(headers, request, is_preflight)
    append_fetch_metadata_headers(headers, request, is_preflight)
    _append_per_http(headers, request, streamed)
    return headers


def _referer(request: Request, referrer: URL) -> str:
    origin = strip_for_referrer(referrer, origin_only=True) or ""
    is_lax = request.referrer_policy in _LAX_POLICIES and not same_site(referrer.origin, request.current_url.origin)
    is_shown_less = is_lax and origin != referrer.href and request.departs(Departure.LAX_REFERRER_POLICY)
    return origin if is_shown_less else referrer.href


def _append_content_length(headers: list[Header], request: Request, body: bytes | None) -> None:
    if body is not None:
        headers.append(("Content-Length", str(len(body))))
    elif request.body is None and request.method in ("POST", "PUT"):
        headers.append(("Content-Length", "0"))


def _script_headers(request: Request) -> list[Header]:
    """Return the headers of the script as the engine sends them."""
    headers = [(name, _sent_value(request, name.lower(), value)) for name, value in request.header_list]
    for lower in _SINGLE_HEADERS:
        lines = [header for header in headers if header[0].lower() == lower]
        if len(lines) > 1 and request.departs(Departure.LAST_LINE_ONLY):
            headers = [header for header in headers if header not in lines] + lines[-1:]
    of_body = [header for header in request.first_headers if header[0].lower() in fetch.REQUEST_BODY_HEADERS]
    are_back = of_body and request.tainting == "cors" and request.turned_into_get_before
    return headers + of_body if are_back and request.departs(Departure.REDIRECT_BODY_HEADERS_BACK) else headers


def _sent_value(request: Request, lower: str, value: str) -> str:
    if lower == "range" and request.method == "GET":
        rewritten = _single_range(value)
        return rewritten if rewritten != value and request.departs(Departure.RANGE_REWRITTEN) else value
    if not value.isascii() and request.departs(Departure.HEADERS_IN_UTF_8):
        return value.encode().decode("latin-1")
    return value


def _single_range(value: str) -> str:
    """Return a Range of one range as Chromium writes it; any other is returned unchanged."""
    match = _ONE_RANGE.fullmatch(value)
    if match is None or match[1] == match[2] == "":
        return value
    first, last = (int(bound) if bound else None for bound in match.groups())
    is_suffix_of_nothing = first is None and last == 0
    is_backwards = first is not None and last is not None and last < first
    if is_suffix_of_nothing or is_backwards or max(first or 0, last or 0) >= _RANGE_LIMIT:
        return value
    return f"bytes={'' if first is None else first}-{'' if last is None else last}"


def append_origin_header(headers: list[Header], request: Request, is_preflight: bool) -> None:
    """fetch#append-a-request-origin-header"""
    value = request.preflight_origin if is_preflight else request.serialized_origin
    if request.tainting != "cors" and request.mode != "websocket":
        is_shown = _keeps_origin(request) or _shows_opaque_origin(request) or _shows_origin_at_home(request)
        if request.method in ("GET", "HEAD") and not is_shown:
            return
        is_withheld = request.mode != "cors" and _is_origin_withheld(request)
        if is_withheld and not request.departs(Departure.ORIGIN_DESPITE_POLICY):
            value = "null"
        is_crossing = value != "null" and request.has_crossed_origins
        if is_crossing and request.departs(Departure.REDIRECT_NO_CORS_ORIGIN):
            value = "null"
    headers.append(("Origin", value))


def _keeps_origin(request: Request) -> bool:
    """Tell whether Origin is kept after a redirect that turned the request into a GET."""
    since = request.url_list[request.turned_into_get_at - 2 :]
    was_sent = request.turned_into_get_at and all(same_origin(url.origin, since[0].origin) for url in since)
    return bool(was_sent) and request.departs(Departure.REDIRECT_KEEPS_ORIGIN)


def _shows_opaque_origin(request: Request) -> bool:
    is_asked_for = request.origin.is_opaque and request.mode == "no-cors" and request.includes_credentials
    if not is_asked_for or request.turned_into_get_at:
        return False
    if request.has_crossed_origins and request.departs(Departure.OPAQUE_ORIGIN_UNTIL_REDIRECT):
        return False
    return request.departs(Departure.OPAQUE_ORIGIN)


def _shows_origin_at_home(request: Request) -> bool:
    is_cors_element = request.mode == "cors" and request.destination
    return bool(is_cors_element) and request.departs(Departure.ORIGIN_OF_ELEMENTS)


def _is_origin_withheld(request: Request) -> bool:
    policy, url = request.referrer_policy, request.current_url
    if policy in _WITHHELD_ON_DOWNGRADE:
        return request.origin.scheme == "https" and url.scheme != "https"
    return policy == "no-referrer" or (policy == "same-origin" and not same_origin(request.origin, url.origin))


def append_fetch_metadata_headers(headers: list[Header], request: Request, is_preflight: bool) -> None:
    """fetch-metadata#fetch-integration; ``Sec-Fetch-User`` is for navigations."""
    if not is_potentially_trustworthy_url(request.current_url):
        if is_preflight and request.departs(Departure.PREFLIGHT_MODE):
            headers.append(("Sec-Fetch-Mode", "cors"))
        return
    if (
        not is_preflight
        and request.mode == "cors"
        and request.has_just_crossed_origins
        and request.departs(Departure.REDIRECT_NO_METADATA)
    ):
        return
    if request.mode == "websocket" and request.departs(Departure.WEBSOCKET_NO_METADATA):
        return
    is_named = request.mode == "websocket" and request.departs(Departure.WEBSOCKET_DESTINATION)
    headers.append(("Sec-Fetch-Dest", "websocket" if is_named else request.destination or "empty"))
    headers.append(("Sec-Fetch-Mode", request.mode))
    headers.append(("Sec-Fetch-Site", _sec_fetch_site(request, is_preflight)))


def _sec_fetch_site(request: Request, is_preflight: bool) -> str:
    """fetch-metadata#sec-fetch-site-header"""
    farthest = _farthest_site(request.origin, request.url_list)
    if not request.is_redirected:
        is_local = farthest == "cross-site" and _differ_in_scheme_here(request.origin, request.current_url)
        return "same-site" if is_local and request.departs(Departure.LOCAL_SCHEMES_SAME_SITE) else farthest
    if not is_preflight:
        return "cross-site" if farthest == "same-site" and request.departs(Departure.REDIRECT_CROSS_SITE) else farthest
    last = _farthest_site(request.origin, request.url_list[-1:])
    if last != farthest and request.departs(Departure.REDIRECT_PREFLIGHT_SITE):
        return last
    if request.has_tainted_origin and request.departs(Departure.REDIRECT_PREFLIGHT_CROSS_SITE):
        return "cross-site"
    return farthest


def _differ_in_scheme_here(origin: Origin, url: URL) -> bool:
    """Tell whether a page and a server on this machine belong to the same site except for their schemes."""
    is_here = address_space(origin) == address_space(url.origin) == "loopback"
    return is_here and schemelessly_same_site(origin, url.origin)


def _farthest_site(origin: Origin, urls: Iterable[URL]) -> str:
    site = "same-origin"
    for url in urls:
        if same_origin(url.origin, origin):
            continue
        if not same_site(url.origin, origin):
            return "cross-site"
        site = "same-site"
    return site


def _append_per_http(headers: list[Header], request: Request, streamed: bool) -> None:
    names = {name.lower() for name, _ in headers}
    more = [("User-Agent", USER_AGENT)]
    if request.cache == "no-cache":
        more.append(("Cache-Control", "max-age=0"))
    if request.cache in ("no-store", "reload") or any(name.lower() in names for name in CONDITIONAL_HEADERS):
        more += [("Pragma", "no-cache"), ("Cache-Control", "no-cache")]
    is_reset = "range" in names and request.mode == "cors" and request.has_just_crossed_origins
    if "range" in names and not (is_reset and request.departs(Departure.REDIRECT_ENCODING)):
        more.append(("Accept-Encoding", "identity"))
    else:
        more.append(("Accept-Encoding", "gzip, deflate"))
    more += [("Connection", "keep-alive"), ("Host", request.current_url.netloc)]
    if streamed:
        more.append(("Transfer-Encoding", "chunked"))
    headers += [header for header in more if header[0].lower() not in names]
