"""Kinds of finding about what a cache in front of the server keeps."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_POLICY = "A policy that names several origins, or a pattern, sends ``Vary: Origin`` with every answer by itself."
_ARISES = (
    "A cache, such as a CDN, nginx with ``proxy_cache``, or Varnish, keeps one answer for the URL: that to the request "
    "which came first. The server does not say ``Vary: Origin`` with all of its answers, or the cache ignores it, as "
    "Cloudflare does, and CloudFront unless ``Origin`` is in its cache policy."
)
_ELSEWHERE = (
    "Send ``Vary: Origin`` with every answer of this URL, also to requests without an ``Origin``, and empty the cache. "
    "If the cache ignores ``Vary``: make ``Origin`` a part of its key (nginx: ``proxy_cache_key`` with "
    "``$http_origin``), send ``Access-Control-Allow-Origin: *`` if all may read, or keep the URL out of the cache."
)

KEPT_WITHOUT_CORS = Kind(
    "kept-without-cors",
    Severity.HIGH,
    Concern.PAGE,
    "A cache keeps an answer without CORS headers",
    "The server would let the page read its answer, and the cache hands out another, which was made for a request "
    "without an ``Origin``: the page cannot read it until the cache forgets it.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

KEPT_FOR_ANOTHER_ORIGIN = Kind(
    "kept-for-another-origin",
    Severity.HIGH,
    Concern.PAGE,
    "A cache keeps the answer to another origin",
    "The server would let the page read its answer, and the cache hands out one whose CORS headers are for another "
    "site.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

CACHE_MIXES_ORIGINS = Kind(
    "cache-mixes-origins",
    Severity.MEDIUM,
    Concern.PAGE,
    "A cache hands the answer to one origin to another",
    "Which site's headers are kept depends on who asked first: a page is let in or kept out by chance.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

KEPT_THOUGH_REFUSED = Kind(
    "kept-though-refused",
    Severity.MEDIUM,
    Concern.PAGE,
    "A cache keeps CORS headers that the server does not send",
    "The page can read what the cache keeps. Once the cache forgets it, the page is blocked.",
    "The settings of the server were changed since, or what sends the headers stands before the cache for some "
    "requests only.",
    "",
    "Let the server send the headers, and empty the cache.",
)

CACHE_ANSWERED = Kind(
    "cache-answered",
    Severity.INFO,
    Concern.ASKER,
    "A cache answered, with the headers that the server sends",
    "The cache is not to blame for what was found.",
    "The URL was asked again with a query parameter that nobody uses, for which no cache has an answer.",
    "",
    "Nothing. After a change on the server, empty the cache, or wait until it forgets.",
)

CACHE_NOT_PASSED = Kind(
    "cache-not-passed",
    Severity.INFO,
    Concern.ASKER,
    "A cache answered, and there is no way past it",
    "What was found is about an answer that a cache keeps. The server itself may answer otherwise.",
    "The cache leaves the query out of its key, and ignores ``Cache-Control: no-cache``; or the server answers neither "
    "as it answers the URL itself.",
    "",
    "Ask the server behind the cache with ``--behind URL``, or empty the cache and ask again.",
)
