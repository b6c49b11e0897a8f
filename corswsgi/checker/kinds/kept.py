"""Kinds of finding about the responses that a cache in front of the server stores."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_POLICY = "A policy with several origins, or with a pattern, sends ``Vary: Origin`` with every response."
_ARISES = (
    "A cache, such as a CDN, nginx with ``proxy_cache``, or Varnish, stores one response for the URL: the response to "
    "the first request. Either the server does not send ``Vary: Origin`` with all of its responses, or the cache "
    "ignores it. Cloudflare ignores it, and so does CloudFront unless ``Origin`` is in its cache policy."
)
_ELSEWHERE = (
    "Send ``Vary: Origin`` with every response from this URL, also to requests without an ``Origin``, and clear the "
    "cache. If the cache ignores ``Vary``, make ``Origin`` part of its key (nginx: ``proxy_cache_key`` with "
    "``$http_origin``), send ``Access-Control-Allow-Origin: *`` if everyone may read, or do not cache the URL."
)

KEPT_WITHOUT_CORS = Kind(
    "kept-without-cors",
    Severity.HIGH,
    Concern.PAGE,
    "A cache stores a response without CORS headers",
    "The server would let the page read its response, but the cache sends a stored response to a request without an "
    "``Origin``. The page cannot read it until it expires from the cache.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

KEPT_FOR_ANOTHER_ORIGIN = Kind(
    "kept-for-another-origin",
    Severity.HIGH,
    Concern.PAGE,
    "A cache stores the response to another origin",
    "The server would let the page read its response, but the cache sends a stored response with the CORS headers for "
    "another site.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

CACHE_MIXES_ORIGINS = Kind(
    "cache-mixes-origins",
    Severity.MEDIUM,
    Concern.PAGE,
    "A cache sends the response to one origin to another",
    "The cache stores the headers for the site that asks first, so whether a page is allowed or blocked is a matter of "
    "chance.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

KEPT_THOUGH_REFUSED = Kind(
    "kept-though-refused",
    Severity.MEDIUM,
    Concern.PAGE,
    "A cache stores CORS headers that the server does not send",
    "The page can read the stored response. Once it expires from the cache, the page is blocked.",
    "The server's settings have changed since, or the part that adds the headers is in front of the cache and handles "
    "only some of the requests.",
    "",
    "Let the server send the headers, and clear the cache.",
)

CACHE_ANSWERED = Kind(
    "cache-answered",
    Severity.INFO,
    Concern.ASKER,
    "A cache responded, with the same headers as the server",
    "The cache did not cause what was found.",
    "The URL was requested again with a query parameter that nobody uses, so that no cache has a stored response.",
    "",
    "Nothing to do now. After a change on the server, clear the cache, or wait until the response expires.",
)

CACHE_NOT_PASSED = Kind(
    "cache-not-passed",
    Severity.INFO,
    Concern.ASKER,
    "A cache responded, and it could not be bypassed",
    "The findings are about a response that a cache has stored. The server itself may respond differently.",
    "The cache ignores both the query and ``Cache-Control: no-cache``, or the server's response to these requests is "
    "not comparable with its response to the URL itself.",
    "",
    "Ask the server behind the cache with ``--behind URL``, or clear the cache and run the command again.",
)
