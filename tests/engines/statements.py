"""The rules that the matrix decides, the server's side (A) and the browser's (B), each with what shows it both ways.

A rule is observable if a page can show it. Those that no page can are listed with the reason. A test holds every
case of the table against this list, and demands that each rule is seen decided in two ways at least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .predicting import Result

#: What is looked at: anything about a result that differs between cases which a rule decides differently.
Aspect = Callable[[Result], object]


def outcome(result: Result) -> object:
    """What the last fetch came to."""
    return result.told[-1]["outcome"]


def preflighted(result: Result) -> object:
    """Whether there was a preflight."""
    return bool(result.preflights)


def preflight_count(result: Result) -> object:
    return len(result.preflights)


def arrived(result: Result) -> object:
    """Whether a request that is no preflight reached the server."""
    return bool(result.requests)


def origin_sent(result: Result) -> object:
    """Whether the last request carried no Origin, null, or an origin."""
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
    """Which headers of the script's own arrived."""
    return tuple(name for name in _last(result) if name.startswith("x-"))


def _last(result: Result) -> dict[str, Any]:
    headers: dict[str, Any] = result.requests[-1]["headers"] if result.requests else {}
    return headers


@dataclass(frozen=True)
class Statement:
    """A rule that pages can observe.

    :ivar anchor: where the Fetch Standard says so, unless another specification is named.
    :ivar aspect: what differs between cases that it decides differently.
    """

    sentence: str
    anchor: str
    aspect: Aspect = outcome


STATEMENTS = {
    "A1": Statement("a request with Origin may be of the server's own page", "cors-request"),
    "A2": Statement("an OPTIONS request is a preflight only if it asks", "cors-preflight-request", preflighted),
    "A3": Statement("the requested method is echoed where * meets credentials", "http-new-header-syntax"),
    "A4": Statement("requested header names come as one list", "http-new-header-syntax", asked_names),
    "A7": Statement("origins are compared byte for byte", "origin-header"),
    "A9": Statement("a host is compared as its A-label", "serialized-domain"),
    "A11": Statement("hosts with _ and with a last dot are origins of their own", "serialized-domain"),
    "A12": Statement("null is allowed by * or by name only", "serializing-a-request-origin"),
    "A13": Statement("a pattern matches the parsed parts of an origin as a whole", "cors-check"),
    "A14": Statement("Access-Control-Allow-Origin is one line with one value", "http-access-control-allow-origin"),
    "A15": Statement("Access-Control-Allow-Credentials is true or nothing", "http-access-control-allow-credentials"),
    "A16": Statement("* counts without credentials only", "cors-protocol-and-credentials"),
    "A17": Statement("GET, HEAD and POST need not be listed", "http-access-control-allow-methods"),
    "A18": Statement("methods are compared in their case; patch is not PATCH", "concept-method-normalize"),
    "A20": Statement(
        "* in Access-Control-Allow-Headers does not cover Authorization", "http-access-control-allow-headers"
    ),
    "A21": Statement("a safelisted name needs permission for an unsafe value", "cors-unsafe-request-header-names"),
    "A23": Statement("scripts read safelisted and exposed headers", "http-access-control-expose-headers", header_names),
    "A24": Statement("a preflight is kept for Access-Control-Max-Age", "http-access-control-max-age", preflight_count),
    "A25": Statement("a preflight succeeds with a status from 200 to 299", "http-responses"),
    "A26": Statement("a disallowed origin's preflight is answered without CORS headers", "http-responses"),
    "A27": Statement("responses of any status are shared alike", "http-responses"),
    "A28": Statement("a disallowed request reaches the application, its answer not the script", "http-responses"),
    "A29": Statement("HEAD and plain OPTIONS are decorated like GET", "cors-safelisted-method"),
    "A30": Statement("a dynamic policy varies by Origin, allowed or not", "cors-protocol-and-http-caches"),
    "A31": Statement("an answer that is the same for all needs no Vary", "cors-protocol-and-http-caches"),
    "A32": Statement(
        "kept preflights are told apart by origin, whatever Vary says", "cors-preflight-cache", preflight_count
    ),
    "A33": Statement("cookies do not decide, only Origin does", "cors-protocol-and-http-caches"),
    "A36": Statement("errors that http.server sends by itself are shared, too", "http-responses"),
    "B1": Statement("fetch() refuses bad URLs, methods and bodies", "dom-request"),
    "B2": Statement("what no script may set is dropped", "concept-headers-append", own_headers),
    "B3": Statement("a body brings its Content-Type along", "bodyinit-unions", content_type_sent),
    "B4": Statement("Accept and Accept-Language count in the sum of 1024", "fetching", preflighted),
    "B5": Statement("GET, HEAD and POST are safelisted", "cors-safelisted-method", preflighted),
    "B6": Statement("some headers are safelisted with some values", "cors-safelisted-request-header", preflighted),
    "B7": Statement("some bytes are unsafe", "cors-unsafe-request-header-byte", preflighted),
    "B8": Statement("unsafe names are asked for sorted, once each", "cors-unsafe-request-header-names", asked_names),
    "B9": Statement("main fetch decides by URL and mode, in order", "main-fetch"),
    "B10": Statement(
        "a response stays tainted after the first other origin", "concept-request-response-tainting", response_type
    ),
    "B11": Statement("what is not permitted yet is preflighted", "http-fetch", preflight_count),
    "B12": Statement("a preflight follows no redirect", "cors-preflight-fetch"),
    "B13": Statement("the answer to a preflight permits the request or does not", "cors-preflight-fetch"),
    "B14": Statement("lists are parsed by their grammar", "extract-header-list-values"),
    "B15": Statement(
        "kept preflights match by origin, URL, credentials and name", "cors-preflight-cache", preflight_count
    ),
    "B16": Statement("* under credentials is not kept as a wildcard", "cors-preflight-cache"),
    "B17": Statement("the CORS check", "cors-check"),
    "B18": Statement("a response is filtered by its tainting", "concept-filtered-response-cors", response_type),
    "B19": Statement("* exposes all headers without credentials", "main-fetch", header_names),
    "B20": Statement("HEAD and some statuses have no body", "main-fetch", body_read),
    "B21": Statement("redirect modes error and manual", "http-fetch"),
    "B22": Statement("a redirect leads to its Location", "http-redirect-fetch"),
    "B23": Statement("a redirect leads to http: or https:", "http-redirect-fetch"),
    "B24": Statement("twenty redirects are followed, no more", "http-redirect-fetch"),
    "B25": Statement("a redirect to another origin holds no user name", "http-redirect-fetch"),
    "B26": Statement("nor does one after the first other origin", "http-redirect-fetch"),
    "B28": Statement("301, 302 and 303 turn methods into GET", "http-redirect-fetch", method_sent),
    "B29": Statement("a redirect to another origin drops Authorization", "http-redirect-fetch", authorization_sent),
    "B30": Statement("after a redirect permission is asked anew", "http-redirect-fetch", preflight_count),
    "B31": Statement("a redirect after a preflight is followed", "http-redirect-fetch"),
    "B32": Statement(
        "an origin is null after a redirect through strangers", "concept-request-tainted-origin", origin_sent
    ),
    "B33": Statement("credentials go along as their mode says", "http-network-or-cache-fetch", cookie_sent),
    "B34": Statement("Origin is sent, null, or not", "append-a-request-origin-header", origin_sent),
    "B35": Statement(
        "Referer follows the referrer policy", "referrer-policy#determine-requests-referrer", referer_sent
    ),
    "B36": Statement("POST and PUT without a body say Content-Length: 0", "http-network-or-cache-fetch", length_sent),
    "B37": Statement(
        "Sec-Fetch-Site says how far a request has come", "fetch-metadata#sec-fetch-site-header", site_sent
    ),
    "B38": Statement("some ports are blocked", "port-blocking"),
}

#: Rules that no page can show, and why.
UNOBSERVABLE = {
    "A5": "a browser sends one Origin line, and one line for each header that a preflight asks with",
    "A6": "fetch() refuses line breaks in what a script sets, so that there is nothing raw to echo",
    "A8": "faults of a policy are raised when it is made, before any browser asks",
    "A10": "an IPv6 origin needs a machine with IPv6 on loopback, which not every machine has",
    "A19": "faults of a policy are raised when it is made; what fetch() does with such methods is rule B1",
    "A22": "faults of a policy are raised when it is made; what fetch() does with such headers is rule B2",
    "A34": "no engine sends or reads the headers of Private Network Access",
    "A35": "reports are not sent by fetch(), and no script learns what became of them",
    "B27": "engines send a stream over HTTP/2 only, or take it for text",
    "B39": "the standard itself asks nobody; what Chromium does is the departure local-network-access",
}
