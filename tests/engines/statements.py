"""The rules that the matrix tests, of the server (A) and of the browser (B), each with what shows its results.

A rule is observable if a page can show it. The others are listed with the reason. A test compares this list with the
cases of the table: the cases of a rule must show at least two different results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .predicting import Result

#: What a rule decides about: something in a result that differs between its cases.
Aspect = Callable[[Result], object]


def outcome(result: Result) -> object:
    """How the last fetch ended."""
    return result.told[-1]["outcome"]


def preflighted(result: Result) -> object:
    """Whether there was a preflight."""
    return bool(result.preflights)


def preflight_count(result: Result) -> object:
    return len(result.preflights)


def arrived(result: Result) -> object:
    """Whether a request other than a preflight reached the server."""
    return bool(result.requests)


def origin_sent(result: Result) -> object:
    """Whether the last request had no Origin, null, or an origin."""
    origin = _last(result).get("origin")
    return origin if origin in (None, "null") else "an origin"


def cookie_sent(result: Result) -> object:
    return "cookie" in _last(result)


def authorization_sent(result: Result) -> object:
    return "authorization" in _last(result)


def header_names(result: Result) -> object:
    """Which headers the script can read."""
    return tuple(sorted(result.told[-1].get("headers", ())))


def asked_names(result: Result) -> object:
    """Which names the preflights asked for."""
    return tuple(each["headers"].get("access-control-request-headers") for each in result.preflights)


def method_sent(result: Result) -> object:
    return result.requests[-1]["method"] if result.requests else None


def content_type_sent(result: Result) -> object:
    return _last(result).get("content-type")


def body_read(result: Result) -> object:
    return bool(result.told[-1].get("body"))


def response_type(result: Result) -> object:
    return result.told[-1].get("type")


def referer_sent(result: Result) -> object:
    referer = _last(result).get("referer")
    return referer and referer.endswith("/frame")


def site_sent(result: Result) -> object:
    return _last(result).get("sec-fetch-site")


def length_sent(result: Result) -> object:
    return _last(result).get("content-length")


def own_headers(result: Result) -> object:
    """Which of the script's own headers arrived."""
    return tuple(name for name in _last(result) if name.startswith("x-"))


def _last(result: Result) -> dict[str, Any]:
    headers: dict[str, Any] = result.requests[-1]["headers"] if result.requests else {}
    return headers


@dataclass(frozen=True)
class Statement:
    """A rule that pages can observe.

    :ivar anchor: where the rule is: in the Fetch Standard, unless another specification is named.
    :ivar aspect: what the rule decides about.
    """

    sentence: str
    anchor: str
    aspect: Aspect = outcome


STATEMENTS = {
    "A1": Statement("a request with Origin may come from the server's own page", "cors-request"),
    "A2": Statement("an OPTIONS request is a preflight only if it asks", "cors-preflight-request", preflighted),
    "A3": Statement("the requested method is echoed if a policy combines * with credentials", "http-new-header-syntax"),
    "A4": Statement("the requested header names are one list", "http-new-header-syntax", asked_names),
    "A7": Statement("origins are compared byte for byte", "origin-header"),
    "A9": Statement("hosts are compared as A-labels", "serialized-domain"),
    "A11": Statement("hosts with _ and with a trailing dot are origins of their own", "serialized-domain"),
    "A12": Statement("null is allowed only by * or by name", "serializing-a-request-origin"),
    "A13": Statement("a pattern matches the parsed parts of an origin as a whole", "cors-check"),
    "A14": Statement("Access-Control-Allow-Origin is one line with one value", "http-access-control-allow-origin"),
    "A15": Statement("Access-Control-Allow-Credentials is true or missing", "http-access-control-allow-credentials"),
    "A16": Statement("* is a wildcard only without credentials", "cors-protocol-and-credentials"),
    "A17": Statement("GET, HEAD and POST need not be listed", "http-access-control-allow-methods"),
    "A18": Statement("methods are case-sensitive: patch is not PATCH", "concept-method-normalize"),
    "A20": Statement(
        "* in Access-Control-Allow-Headers does not cover Authorization", "http-access-control-allow-headers"
    ),
    "A21": Statement("a safelisted name needs permission for an unsafe value", "cors-unsafe-request-header-names"),
    "A23": Statement(
        "scripts can read safelisted and exposed headers", "http-access-control-expose-headers", header_names
    ),
    "A24": Statement(
        "a preflight is remembered for Access-Control-Max-Age", "http-access-control-max-age", preflight_count
    ),
    "A25": Statement("a preflight succeeds with a status from 200 to 299", "http-responses"),
    "A26": Statement(
        "a preflight from an origin that is not allowed is answered without CORS headers", "http-responses"
    ),
    "A27": Statement("responses of every status get the same CORS headers", "http-responses"),
    "A28": Statement(
        "a request that is not allowed reaches the application, but its response does not reach the script",
        "http-responses",
    ),
    "A29": Statement("HEAD and plain OPTIONS get the same CORS headers as GET", "cors-safelisted-method"),
    "A30": Statement(
        "a dynamic policy sends Vary: Origin, whether the origin is allowed or not", "cors-protocol-and-http-caches"
    ),
    "A31": Statement("a response that is the same for all origins needs no Vary", "cors-protocol-and-http-caches"),
    "A32": Statement(
        "remembered preflights are kept apart by origin, with or without Vary", "cors-preflight-cache", preflight_count
    ),
    "A33": Statement(
        "cookies do not decide whether a response can be read, only Origin does", "cors-protocol-and-http-caches"
    ),
    "A36": Statement("errors that http.server itself sends get CORS headers too", "http-responses"),
    "B1": Statement("fetch() refuses bad URLs, methods and bodies", "dom-request"),
    "B2": Statement("headers that no script may set are dropped", "concept-headers-append", own_headers),
    "B3": Statement("a body sets its Content-Type", "bodyinit-unions", content_type_sent),
    "B4": Statement("Accept and Accept-Language count towards the limit of 1024 bytes", "fetching", preflighted),
    "B5": Statement("GET, HEAD and POST are safelisted", "cors-safelisted-method", preflighted),
    "B6": Statement(
        "some headers are safelisted, depending on their values", "cors-safelisted-request-header", preflighted
    ),
    "B7": Statement("some bytes in header values are unsafe", "cors-unsafe-request-header-byte", preflighted),
    "B8": Statement(
        "a preflight asks for each unsafe name once, in sorted order", "cors-unsafe-request-header-names", asked_names
    ),
    "B9": Statement("main fetch decides by URL and mode, in a fixed order", "main-fetch"),
    "B10": Statement(
        "a response stays tainted after the first other origin", "concept-request-response-tainting", response_type
    ),
    "B11": Statement("a request that is not permitted yet is preflighted", "http-fetch", preflight_count),
    "B12": Statement("a preflight follows no redirect", "cors-preflight-fetch"),
    "B13": Statement("the answer to a preflight permits the request or does not", "cors-preflight-fetch"),
    "B14": Statement("lists are parsed by their grammar", "extract-header-list-values"),
    "B15": Statement(
        "remembered preflights match by origin, URL, credentials and name", "cors-preflight-cache", preflight_count
    ),
    "B16": Statement("* with credentials is not remembered as a wildcard", "cors-preflight-cache"),
    "B17": Statement("the CORS check decides whether a script may read a response", "cors-check"),
    "B18": Statement("a response is filtered by its tainting", "concept-filtered-response-cors", response_type),
    "B19": Statement("* exposes all headers without credentials", "main-fetch", header_names),
    "B20": Statement("HEAD and some statuses have no body", "main-fetch", body_read),
    "B21": Statement("redirect modes error and manual do not follow a redirect", "http-fetch"),
    "B22": Statement("a redirect leads to its Location", "http-redirect-fetch"),
    "B23": Statement("a redirect leads to http: or https:", "http-redirect-fetch"),
    "B24": Statement("at most twenty redirects are followed", "http-redirect-fetch"),
    "B25": Statement("a redirect to another origin holds no user name", "http-redirect-fetch"),
    "B26": Statement("a redirect after the first other origin holds no user name either", "http-redirect-fetch"),
    "B28": Statement("301, 302 and 303 turn methods into GET", "http-redirect-fetch", method_sent),
    "B29": Statement("a redirect to another origin drops Authorization", "http-redirect-fetch", authorization_sent),
    "B30": Statement("after a redirect, permission is asked for again", "http-redirect-fetch", preflight_count),
    "B31": Statement("a redirect after a preflight is followed", "http-redirect-fetch"),
    "B32": Statement(
        "Origin is null after a redirect from one foreign origin to another",
        "concept-request-tainted-origin",
        origin_sent,
    ),
    "B33": Statement("credentials are sent as their mode says", "http-network-or-cache-fetch", cookie_sent),
    "B34": Statement("Origin is sent, is null, or is missing", "append-a-request-origin-header", origin_sent),
    "B35": Statement(
        "Referer follows the referrer policy", "referrer-policy#determine-requests-referrer", referer_sent
    ),
    "B36": Statement("POST and PUT without a body have Content-Length: 0", "http-network-or-cache-fetch", length_sent),
    "B37": Statement(
        "Sec-Fetch-Site compares the page with every address on the way",
        "fetch-metadata#sec-fetch-site-header",
        site_sent,
    ),
    "B38": Statement("some ports are blocked", "port-blocking"),
}

#: The rules that no page can show, each with the reason.
UNOBSERVABLE = {
    "A5": "a browser sends one Origin line, and one line of each header with which a preflight asks",
    "A6": "scripts cannot send line breaks in header values, because fetch() refuses them",
    "A8": "a faulty policy raises an error when it is created, before any browser asks",
    "A10": "an IPv6 origin needs IPv6 on loopback, which not every machine has",
    "A19": "a faulty policy raises an error when it is created; rule B1 says what fetch() does with such methods",
    "A22": "a faulty policy raises an error when it is created; rule B2 says what fetch() does with such headers",
    "A34": "no engine sends or reads the headers of Private Network Access",
    "A35": "reports are not sent by fetch(), and no script learns what happens to them",
    "B27": "engines send a stream over HTTP/2 only, or treat it as text",
    "B39": "the standard itself does not ask the user; what Chromium does is the departure local-network-access",
}
