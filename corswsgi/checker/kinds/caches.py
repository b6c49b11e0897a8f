"""Kinds of finding about caches: the Vary header."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_POLICY = "A policy with several origins, or with a pattern, sends ``Vary: Origin`` with every response."
_ELSEWHERE = (
    "Send ``Vary: Origin`` with every response from this URL: to allowed origins, to other origins, and to requests "
    "without an ``Origin``. A CDN may need a setting of its own, such as a cache key that includes ``Origin``."
)
_ARISES = "The CORS headers depend on the ``Origin``, but ``Vary: Origin`` is sent with some responses only, or never."

VARY_MISSING = Kind(
    "vary-missing",
    Severity.LOW,
    Concern.USERS,
    "The response depends on the Origin, and caches are not told",
    "A cache may store the response to one site and send it to another. The other site then cannot read it, or can "
    "read it although it should not.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

VARY_MISSING_WITHOUT_CORS = Kind(
    "vary-missing-without-cors",
    Severity.LOW,
    Concern.PAGE,
    "A cache may send a response without CORS headers to a page",
    "A cache may store the response to a request without an ``Origin``, such as one from the site's own pages, and "
    "send it to a page of another origin. That page then cannot read it: a failure that comes and goes.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

VARY_MISSING_NOT_STORED = Kind(
    "vary-missing-not-stored",
    Severity.INFO,
    Concern.SERVER,
    "The response depends on the Origin, and only Cache-Control keeps caches from mixing responses up",
    "As long as ``Cache-Control`` says ``no-store`` or ``private``, no shared cache stores the response. If that "
    "changes, a cache may send the response to one site to another.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

VARY_OVERWRITTEN = Kind(
    "vary-overwritten",
    Severity.LOW,
    Concern.USERS,
    "The part that adds the CORS headers overwrites Vary",
    "Caches may mix up responses that differ in language, encoding or login, because ``Vary`` no longer says that "
    "they differ.",
    "The ``Vary`` header is replaced, instead of adding ``Origin`` to it.",
    "``CORSMiddleware`` adds to ``Vary`` and keeps what is there.",
    "Add ``Origin`` to the existing ``Vary``, which may have several lines.",
)

VARY_NEEDLESS = Kind(
    "vary-needless",
    Severity.INFO,
    Concern.SERVER,
    "Vary: Origin is sent with *, although the response is the same for all origins",
    "Caches store one copy for each site, and can answer fewer requests themselves.",
    "The server sends ``Vary: Origin`` even if it allows all origins.",
    '``Policy(allow_origins="*")`` sends no ``Vary``.',
    "Remove ``Origin`` from ``Vary`` if ``Access-Control-Allow-Origin`` is always ``*``.",
)
