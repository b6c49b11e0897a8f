"""Where a redirect leads, whether it may be followed, and how it changes the request (fetch#http-redirect-fetch)."""

from __future__ import annotations

from corswsgi import fetch
from corswsgi.browser.departures import Departure
from corswsgi.browser.network import NetworkReply
from corswsgi.browser.referrer import set_referrer_policy_on_redirect
from corswsgi.browser.request import Request
from corswsgi.browser.urls import URL, parse_url, same_origin
from corswsgi.browser.verdict import Code, NetworkError, lines_of, quote

_MOST_REDIRECTS = 20


def redirect(request: Request, reply: NetworkReply, location: URL) -> None:
    """Turn a request into the one that follows a redirect.

    :raises NetworkError: if the redirect may not be followed.
    """
    _check_redirect(request, reply, location)
    request.redirect_count += 1
    method = request.method
    if (reply.status in (301, 302) and method == "POST") or (reply.status == 303 and method not in ("GET", "HEAD")):
        request.method, request.body = "GET", None
        request.turned_into_get_at = len(request.url_list) + 1
        request.delete_headers(fetch.REQUEST_BODY_HEADERS)
    else:
        _turn_into_get_by_departure(request, location)
        _bring_body_headers_back(request, reply)
    _delete_authorization(request, location)
    request.url_list.append(location)
    set_referrer_policy_on_redirect(request, lines_of(reply.headers, "Referrer-Policy"))


def _turn_into_get_by_departure(request: Request, location: URL) -> None:
    is_crossing = not same_origin(request.current_url.origin, location.origin)
    if request.method == "DELETE" and is_crossing and request.departs(Departure.REDIRECT_DELETE):
        request.method, request.body = "GET", None


def _bring_body_headers_back(request: Request, reply: NetworkReply) -> None:
    """Restore the headers that an earlier redirect deleted with the body, as some engines do."""
    dropped = [header for header in request.first_headers if header[0].lower() in fetch.REQUEST_BODY_HEADERS]
    if not (request.turned_into_get_at and dropped):
        return
    is_307 = reply.status in (307, 308)
    if request.departs(Departure.REDIRECT_307_BODY_HEADERS_BACK):
        request.delete_headers(fetch.REQUEST_BODY_HEADERS)
        request.header_list += dropped if is_307 else []
        return
    # REDIRECT_307_CONTENT_TYPE_BACK does not apply if that earlier redirect led away from the page's own origin.
    before, after = request.url_list[request.turned_into_get_at - 2 : request.turned_into_get_at]
    has_left = same_origin(before.origin, request.origin) and not same_origin(after.origin, request.origin)
    may_be_back = is_307 and request.mode == "no-cors" and not has_left
    if may_be_back and request.departs(Departure.REDIRECT_307_CONTENT_TYPE_BACK):
        request.delete_headers({"content-type"})
        request.header_list += [header for header in dropped if header[0].lower() == "content-type"]


def _delete_authorization(request: Request, location: URL) -> None:
    name = fetch.CORS_NON_WILDCARD_REQUEST_HEADER
    first = [header for header in request.first_headers if header[0].lower() == name]
    if not same_origin(request.current_url.origin, location.origin):
        request.delete_headers({name})
    elif first and first[0] not in request.header_list and request.departs(Departure.REDIRECT_AUTHORIZATION_BACK):
        request.header_list += first


def location_url(request: Request, reply: NetworkReply) -> URL | None:
    """Return where a redirect leads (fetch#concept-response-location-url)."""
    lines = lines_of(reply.headers, "Location")
    if not lines:
        return None
    if len(lines) > 1:
        sentence = f"the redirect has {len(lines)} Location lines: {quote(', '.join(lines))}"
        raise _bad_redirect(Code.LOCATION_INVALID, sentence)
    try:
        url = parse_url(_decoded(lines[0]), request.current_url)
    except ValueError:
        raise _bad_redirect(Code.LOCATION_INVALID, f"Location is {quote(lines[0])}, which is not a valid URL") from None
    fragment = request.current_url.fragment
    return parse_url(f"{url.href}#{fragment}") if url.fragment is None and fragment is not None else url


def _decoded(value: str) -> str:
    """Return a Location as text, decoded as UTF-8 if it is valid UTF-8, as in all engines."""
    try:
        return value.encode("latin-1").decode()
    except ValueError:
        return value


def _check_redirect(request: Request, reply: NetworkReply, location: URL) -> None:
    shown = quote(location.href)
    if not location.is_http:
        raise _bad_redirect(Code.LOCATION_NOT_HTTP, f"the redirect leads to {shown}, which is neither http: nor https:")
    if request.redirect_count == _MOST_REDIRECTS:
        raise _bad_redirect(
            Code.TOO_MANY_REDIRECTS, f"the redirect to {shown} comes after {_MOST_REDIRECTS} others, which is the limit"
        )
    across = request.tainting == "cors" or not same_origin(request.origin, location.origin)
    is_refused = location.includes_credentials and request.mode == "cors"
    if is_refused and (across or request.departs(Departure.REDIRECT_USER_NAME)):
        sentence = f"the redirect leads to {shown}, but a CORS request may not go to a URL with a user name or password"
        raise _bad_redirect(Code.LOCATION_CREDENTIALS, sentence)
    if reply.status != 303 and request.body is not None and request.body.source is None:
        sentence = f"the redirect ({reply.status}) needs the body again, but the body is a stream that has been read"
        raise _bad_redirect(Code.REDIRECT_OF_STREAM, sentence)


def _bad_redirect(code: Code, sentence: str) -> NetworkError:
    return NetworkError(code, "fetch#http-redirect-fetch", sentence, "redirect")
