"""What a request needs permission for, and the checks of responses; a failed check raises NetworkError."""

from __future__ import annotations

import re
from typing import NamedTuple

from corswsgi import fetch
from corswsgi.browser.departures import Departs, Departure
from corswsgi.browser.preflight_cache import DEFAULT_MAX_AGE
from corswsgi.browser.request import Request
from corswsgi.browser.safelisting import why_unsafe
from corswsgi.browser.urls import (
    same_origin,
    schemelessly_same_site,
)
from corswsgi.browser.verdict import Cause, Code, Headers, NetworkError, Step, get, lines_of, quote

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"

_ANY = "*"


# What needs permission


def preflight_causes(request: Request) -> list[Cause]:
    """Return everything about a request that a preflight has to ask for (fetch#main-fetch, fetch#http-fetch)."""
    causes = []
    if request.use_cors_preflight:
        causes.append(Cause("body", request.method, "the body is a stream"))
    if request.method not in fetch.CORS_SAFELISTED_METHODS:
        sentence = f"the method {request.method} is not among GET, HEAD and POST, which need no permission"
        causes.append(Cause("method", request.method, sentence))
    for name in dict.fromkeys(request.unsafe_header_names):
        values = lines_of(request.header_list, name)
        causes.append(Cause("header", name, why_unsafe(name, values, request.departs)))
    has_asked = request.has_needed_preflight or request.first_unsafe_names
    if not causes and request.is_redirected and has_asked and request.departs(Departure.REDIRECT_PREFLIGHTED):
        sentence = "the first request needed permission or had headers that do; this engine asks again after a redirect"
        causes.append(Cause("redirect", request.method, sentence))
    return causes


# The CORS check


def cors_check(request: Request, headers: Headers, status: int, step: Step) -> None:
    """Check that the server shares a response with the page's origin (fetch#cors-check).

    :param status: for the sentence only; the check passes with any status.
    :raises NetworkError: if it does not.
    """
    _cors_check(request, headers, status, step, request.includes_credentials)


def check_as_with_credentials(request: Request, headers: Headers, status: int) -> NetworkError | None:
    """Return why an engine that checks a redirect as if credentials were included refuses it, or ``None``."""
    began_at_home = request.credentials == "same-origin" and same_origin(request.url_list[0].origin, request.origin)
    try:
        _cors_check(request, headers, status, "redirect", began_at_home)
    except NetworkError as error:
        return error if request.departs(Departure.REDIRECT_CHECKED_WITH_CREDENTIALS) else None
    return None


def _cors_check(request: Request, headers: Headers, status: int, step: Step, with_credentials: bool) -> None:
    origin = get(headers, ALLOW_ORIGIN)
    expected = request.preflight_origin if step == "preflight" else request.serialized_origin
    if origin == _ANY and not with_credentials:
        return
    if origin != expected:
        code, sentence = _wrong_allow_origin(request, expected, with_credentials, lines_of(headers, ALLOW_ORIGIN))
        raise NetworkError(code, "fetch#cors-check", f"{sentence}; {_context(request, status, step)}", step)
    if not with_credentials:
        return
    credentials = get(headers, ALLOW_CREDENTIALS)
    if credentials == "true":
        return
    if credentials is None:
        code, came = Code.ALLOW_CREDENTIALS_MISSING, "is missing"
    else:
        code, came = Code.ALLOW_CREDENTIALS_INVALID, f"is {quote(credentials)}"
    sentence = f'{ALLOW_CREDENTIALS} {came}, but must be "true" for a request with credentials'
    raise NetworkError(code, "fetch#cors-check", f"{sentence}; {_context(request, status, step)}", step)


def _wrong_allow_origin(
    request: Request, origin: str, with_credentials: bool, lines: tuple[str, ...]
) -> tuple[Code, str]:
    expected = quote(origin)
    if not with_credentials:
        expected += ' or "*"'
    if origin != request.origin.serialized:
        expected += " (the origin is null because a redirect led from one foreign origin to another)"
    if not lines:
        return Code.ALLOW_ORIGIN_MISSING, f"{ALLOW_ORIGIN} is missing, but must be {expected}"
    value = ", ".join(lines)
    if len(lines) > 1:
        came = f"came in {len(lines)} lines, which browsers join to {quote(value)}"
        return Code.ALLOW_ORIGIN_MULTIPLE, f"{ALLOW_ORIGIN} {came}, but must be one line with {expected}"
    if value == _ANY:
        sentence = f'{ALLOW_ORIGIN} is "*", but must be {expected}, because "*" does not count with credentials'
        return Code.ALLOW_ORIGIN_WILDCARD, sentence
    code = Code.ALLOW_ORIGIN_MULTIPLE if "," in value else Code.ALLOW_ORIGIN_MISMATCH
    return code, f"{ALLOW_ORIGIN} is {quote(value)}, but must be {expected}"


def _context(request: Request, status: int, step: Step) -> str:
    what = "preflight for" if step == "preflight" else "request to"
    return f"the {what} {request.current_url.without_fragment} was answered with status {status}"


# The preflight


class Permission(NamedTuple):
    """What a preflight permits, as it goes into the cache."""

    methods: list[str]
    header_names: list[str]
    max_age: int


def read_permission(request: Request, headers: Headers, status: int) -> Permission:
    """Return what the answer to a preflight permits (fetch#cors-preflight-fetch, from step 7).

    :raises NetworkError: if the answer permits nothing to the origin of the request.
    """
    try:
        cors_check(request, headers, status, "preflight")
    except NetworkError:
        is_at_home = same_origin(request.origin, request.current_url.origin)
        if not (is_at_home and request.departs(Departure.REDIRECT_PREFLIGHT_AT_HOME)):
            raise
    _check_status(headers, status)
    methods = _extract(headers, ALLOW_METHODS, Code.ALLOW_METHODS_INVALID)
    names = _extract(headers, ALLOW_HEADERS, Code.ALLOW_HEADERS_INVALID)
    if methods is None and request.use_cors_preflight:
        methods = [request.method]
    return Permission(methods or [], names or [], max_age(lines_of(headers, MAX_AGE), request.departs))


def check_permission(request: Request, permission: Permission, headers: Headers) -> None:
    """Check that a preflight permits the request (fetch#cors-preflight-fetch, up to step 14).

    :raises NetworkError: if it does not.
    """
    _check_method(request, permission.methods, get(headers, ALLOW_METHODS))
    _check_headers(request, permission.header_names, get(headers, ALLOW_HEADERS))


def max_age(lines: tuple[str, ...], departs: Departs) -> int:
    """Return the seconds for which a preflight is to be remembered (fetch#cors-preflight-fetch), before any cap."""
    value = ", ".join(lines).strip(fetch.OWS)
    if re.fullmatch("-[0-9]+", value) and departs(Departure.NEGATIVE_MAX_AGE):
        return 0
    seconds = fetch.extract_max_age(lines)
    if seconds is None:
        return 0 if value and departs(Departure.MALFORMED_MAX_AGE) else DEFAULT_MAX_AGE
    is_huge = len(value) > 18 and int(value.lstrip("0")[:20] or "0") >= 2**63
    return DEFAULT_MAX_AGE if is_huge and departs(Departure.HUGE_MAX_AGE) else seconds


def _refuse(code: Code, sentence: str) -> NetworkError:
    return NetworkError(code, "fetch#cors-preflight-fetch", sentence, "preflight")


def _check_status(headers: Headers, status: int) -> None:
    if 200 <= status <= 299:
        return
    if status in fetch.REDIRECT_STATUSES:
        sentence = f"the preflight was answered with status {status}, a redirect {where_to(headers)}"
        raise _refuse(Code.PREFLIGHT_REDIRECT, f"{sentence}; browsers do not follow it")
    sentence = f"the preflight was answered with status {status}, but a status from 200 to 299 is needed"
    raise _refuse(Code.PREFLIGHT_STATUS, sentence)


def _extract(headers: Headers, name: str, code: Code) -> list[str] | None:
    try:
        return fetch.extract_header_list_values(lines_of(headers, name))
    except ValueError as error:
        value = quote(get(headers, name) or "")
        sentence = f"{name} is {value}, but must be a list with commas; {quote(str(error))} is not one name"
        raise _refuse(code, sentence) from None


def where_to(headers: Headers) -> str:
    """Return where a redirect leads, for use in a sentence."""
    location = get(headers, "Location")
    return "without Location" if location is None else f"to {quote(location)}"


def _came(name: str, value: str | None) -> str:
    return f"{name} is missing" if value is None else f"{name} is {quote(value)}"


def _check_method(request: Request, methods: list[str], value: str | None) -> None:
    method = request.method
    if method in methods or method in fetch.CORS_SAFELISTED_METHODS:
        return
    if _ANY in methods:
        if not request.includes_credentials:
            return
        sentence = f'{_came(ALLOW_METHODS, value)}, but must list {quote(method)}; "*" does not count with credentials'
        raise _refuse(Code.METHOD_WILDCARD, sentence)
    hint = "; methods are case-sensitive" if method.upper() in map(str.upper, methods) else ""
    sentence = f"{_came(ALLOW_METHODS, value)}, but must list {quote(method)}{hint}"
    raise _refuse(Code.METHOD_NOT_ALLOWED, sentence)


def _check_headers(request: Request, names: list[str], value: str | None) -> None:
    allowed = {name.lower() for name in names}
    authorization = fetch.CORS_NON_WILDCARD_REQUEST_HEADER
    came = _came(ALLOW_HEADERS, value)
    is_any_allowed = _ANY in allowed and not request.includes_credentials
    is_unlisted = lines_of(request.header_list, authorization) and authorization not in allowed
    if is_unlisted and not (is_any_allowed and request.departs(Departure.WILDCARD_COVERS_AUTHORIZATION)):
        hint = '; "*" does not cover it' if _ANY in allowed else ""
        raise _refuse(Code.AUTHORIZATION_NOT_LISTED, f'{came}, but must list "{authorization}"{hint}')
    for name in request.unsafe_header_names:
        if name in allowed or is_any_allowed:
            continue
        if _ANY in allowed:
            sentence = f'{came}, but must list {quote(name)}; "*" does not count with credentials'
            raise _refuse(Code.HEADER_WILDCARD, sentence)
        raise _refuse(Code.HEADER_NOT_ALLOWED, f"{came}, but must list {quote(name)}")


# The response


def cross_origin_resource_policy_check(request: Request, headers: Headers) -> None:
    """Check that a page may load an opaque response (fetch#cross-origin-resource-policy-check).

    The page has no embedder policy.

    :raises NetworkError: if it may not.
    """
    policy = get(headers, "Cross-Origin-Resource-Policy")
    page, server = request.origin, request.current_url.origin
    match policy:
        case "same-origin":
            fine = same_origin(page, server)
        case "same-site":
            fine = schemelessly_same_site(page, server) and (page.scheme == "https" or server.scheme != "https")
        case _:
            fine = True
    if not fine:
        came = f'Cross-Origin-Resource-Policy is "{policy}"'
        sentence = f"{came}, but {page.serialized} is not {policy} with {server.serialized}"
        raise NetworkError(Code.RESOURCE_POLICY, "fetch#cross-origin-resource-policy-header", sentence, "response")


def readable_headers(request: Request, headers: Headers) -> tuple[Headers, str]:
    """Return the headers that a script may read, line by line, and what is wrong with the list that exposes them.

    fetch#concept-filtered-response-basic, fetch#concept-filtered-response-cors
    """
    open_to_scripts = tuple(pair for pair in headers if pair[0].lower() not in fetch.FORBIDDEN_RESPONSE_HEADERS)
    if request.tainting == "basic":
        return open_to_scripts, ""
    wrong = ""
    try:
        exposed = fetch.extract_header_list_values(lines_of(headers, EXPOSE_HEADERS)) or []
    except ValueError as error:
        exposed = []
        value = quote(get(headers, EXPOSE_HEADERS) or "")
        wrong = f"{EXPOSE_HEADERS} is {value} and exposes nothing, because {quote(str(error))} is not one name"
    if _ANY in exposed and not request.includes_credentials:
        return open_to_scripts, wrong
    readable = fetch.CORS_SAFELISTED_RESPONSE_HEADERS | {name.lower() for name in exposed}
    return tuple(pair for pair in open_to_scripts if pair[0].lower() in readable), wrong
