"""Tables and grammar of the Fetch Standard: tokens, safelists, forbidden names.

Header values are ``str`` with one character for each byte (ISO 8859-1), as in WSGI and ``http.server``.
Anchors such as ``fetch#cors-safelisted-method`` stand for ``https://fetch.spec.whatwg.org/#cors-safelisted-method``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: fetch#cors-safelisted-method: these never need a listing.
CORS_SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})

#: fetch#concept-method-normalize: browsers write these, and no others, in upper case.
NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})

#: fetch#forbidden-method, in upper case.
FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})

#: fetch#forbidden-request-header: the names, in lower case; the prefixes are below.
FORBIDDEN_REQUEST_HEADERS = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
FORBIDDEN_REQUEST_HEADER_PREFIXES = ("proxy-", "sec-")

#: fetch#forbidden-response-header-name: no script ever reads these.
FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})

#: fetch#cors-safelisted-response-header-name: readable without Access-Control-Expose-Headers.
CORS_SAFELISTED_RESPONSE_HEADERS = frozenset(
    {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    }
)

#: fetch#cors-non-wildcard-request-header-name: ``*`` does not cover this one.
CORS_NON_WILDCARD_REQUEST_HEADER = "authorization"

#: url#default-port of the special schemes.
DEFAULT_PORTS = {"ftp": "21", "http": "80", "https": "443", "ws": "80", "wss": "443"}

#: fetch#port-blocking: no request goes to these.
BAD_PORTS = frozenset(
    int(port)
    for port in """
    0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123
    135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993
    995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
    """.split()
)

#: fetch#forbidden-request-header: dropped if their value names a forbidden method.
METHOD_OVERRIDE_HEADERS = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})

#: fetch#no-cors-safelisted-request-header-name: all that a script may set in mode ``no-cors``.
NO_CORS_SAFELISTED_REQUEST_HEADERS = frozenset({"accept", "accept-language", "content-language", "content-type"})

#: fetch#request-body-header-name: deleted if a redirect drops the body.
REQUEST_BODY_HEADERS = frozenset({"content-encoding", "content-language", "content-location", "content-type"})

#: fetch#null-body-status and fetch#redirect-status.
NULL_BODY_STATUSES = frozenset({101, 103, 204, 205, 304})
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

#: rfc9110#section-5.6.2: token = 1*tchar
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

#: rfc9110#section-5.6.3: OWS = *( SP / HTAB )
OWS = " \t"

#: fetch#cors-unsafe-request-header-byte, DEL and the delimiters; and all below 0x20 but HTAB.
_UNSAFE_BYTE = re.compile(r"""[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]""")

#: fetch#cors-safelisted-request-header, accept-language and content-language: the bytes that may stand there.
_LANGUAGE_VALUE = re.compile(r"[0-9A-Za-z *,\-.;=]*")

#: fetch#simple-range-header-value: one range with a start; no white space, ``bytes`` in lower case.
_SIMPLE_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")

#: mimesniff#parse-a-mime-type, the essence only: type "/" subtype, with white space around it and before ";".
_MIME_ESSENCE = re.compile(rf"[ \t\r\n]*({_TOKEN.pattern}/{_TOKEN.pattern})[ \t\r\n]*(?:;.*)?", re.DOTALL)

_SAFELISTED_CONTENT_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})

_MAX_SAFELISTED_VALUE = 128
_MAX_SAFELISTED_SUM = 1024


def is_token(text: str) -> bool:
    """Tell whether ``text`` is one token, as methods and header names must be (rfc9110#section-5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def normalize_method(method: str) -> str:
    """Return ``method`` as browsers send it: six names in upper case (fetch#concept-method-normalize)."""
    upper = method.upper()
    return upper if upper in NORMALIZED_METHODS else method


def is_forbidden_method(method: str) -> bool:
    """Tell whether ``fetch()`` refuses the method, regardless of case (fetch#forbidden-method)."""
    return method.upper() in FORBIDDEN_METHODS


def is_forbidden_request_header_name(name: str) -> bool:
    """Tell whether browsers drop a header of this name when a script sets it (fetch#forbidden-request-header)."""
    lower = name.lower()
    return lower in FORBIDDEN_REQUEST_HEADERS or lower.startswith(FORBIDDEN_REQUEST_HEADER_PREFIXES)


def is_forbidden_request_header(name: str, value: str) -> bool:
    """Tell whether browsers drop this header when a script sets it (fetch#forbidden-request-header)."""
    if is_forbidden_request_header_name(name):
        return True
    return name.lower() in METHOD_OVERRIDE_HEADERS and any(map(is_forbidden_method, _split_outside_quotes(value)))


def extract_header_list_values(lines: Iterable[str]) -> list[str] | None:
    """Return the elements of all lines of a header that is a list of tokens; ``None`` if there is no line.

    For ``Access-Control-Allow-Methods``, ``-Allow-Headers`` and ``-Expose-Headers`` (fetch#extract-header-list-values).

    :raises ValueError: with the first element that is not a token; the standard calls that failure.
    """
    values: list[str] | None = None
    for line in lines:
        elements = split_list(line)
        for element in elements:
            if not is_token(element):
                raise ValueError(element)
        values = [*(values or ()), *elements]
    return values


def extract_max_age(lines: Iterable[str]) -> int | None:
    """Return the seconds in ``Access-Control-Max-Age``; ``None`` for no line, several, or anything but digits.

    fetch#http-access-control-max-age: delta-seconds = 1*DIGIT (rfc9111#section-1.2.2).
    """
    values = [line.strip(OWS) for line in lines]
    if len(values) != 1 or not (values[0].isascii() and values[0].isdigit()):
        return None
    digits = values[0].lstrip("0") or "0"
    # rfc9111#section-1.2.2: a larger number may be treated as 2**31.
    return min(int(digits), 2**31) if len(digits) <= 10 else 2**31


def split_list(value: str) -> list[str]:
    """Return the elements of a comma-separated field value, trimmed and without empty ones.

    rfc9110#section-5.6.1.2 asks recipients to ignore empty elements. The caller checks what an element may be.
    """
    return [element for part in value.split(",") if (element := part.strip(OWS))]


def is_cors_safelisted_request_header(name: str, value: str) -> bool:
    """Tell whether a script may send this header without a preflight (fetch#cors-safelisted-request-header)."""
    if len(value) > _MAX_SAFELISTED_VALUE:
        return False
    match name.lower():
        case "accept":
            return _UNSAFE_BYTE.search(value) is None
        case "accept-language" | "content-language":
            return _LANGUAGE_VALUE.fullmatch(value) is not None
        case "content-type":
            essence = _MIME_ESSENCE.fullmatch(value)
            return (
                _UNSAFE_BYTE.search(value) is None
                and essence is not None
                and essence[1].lower() in _SAFELISTED_CONTENT_TYPES
            )
        case "range":
            bounds = _SIMPLE_RANGE.fullmatch(value)
            return bounds is not None and (not bounds[2] or int(bounds[1]) <= int(bounds[2]))
        case _:
            return False


def cors_unsafe_request_header_names(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names a preflight asks for: lower case, each once, sorted (fetch#cors-unsafe-request-header-names).

    :param headers: what the request carries, as pairs of name and value.
    """
    unsafe: set[str] = set()
    safelisted: set[str] = set()
    total = 0
    for name, value in headers:
        if is_cors_safelisted_request_header(name, value):
            safelisted.add(name.lower())
            total += len(value)
        else:
            unsafe.add(name.lower())
    if total > _MAX_SAFELISTED_SUM:
        unsafe |= safelisted
    return sorted(unsafe)


def _split_outside_quotes(value: str) -> list[str]:
    """Return the parts between commas outside of quoted strings (fetch#header-value-get-decode-and-split)."""
    parts: list[str] = re.findall(r'(?:"(?:\\.|[^"\\])*(?:"|\\?\Z)|[^",])+', value, re.DOTALL)
    return [part.strip(OWS) for part in parts]
