"""Kinds of finding about caches: the Vary header."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_POLICY = "A policy that names several origins, or a pattern, sends ``Vary: Origin`` with every answer by itself."
_ELSEWHERE = (
    "Send ``Vary: Origin`` with every answer of this URL: to allowed origins, to others, and without an Origin. A CDN "
    "may need a setting of its own, such as a cache key that holds ``Origin``."
)
_ARISES = "CORS headers are computed from the ``Origin``, and ``Vary`` is sent with some answers only, or with none."

VARY_MISSING = Kind(
    "vary-missing",
    Severity.LOW,
    Concern.USERS,
    "The answer depends on the Origin, and a cache is not told",
    "A cache that keeps the answer to one site hands it to another, which then cannot read it, or can although it "
    "should not.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

VARY_MISSING_WITHOUT_CORS = Kind(
    "vary-missing-without-cors",
    Severity.LOW,
    Concern.PAGE,
    "An answer without CORS headers may be kept and handed to a page",
    "A cache that keeps the answer to a request without an Origin, such as one of the site's own pages, hands it to a "
    "page of another origin, which then cannot read it: a failure that comes and goes.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

VARY_MISSING_NOT_STORED = Kind(
    "vary-missing-not-stored",
    Severity.INFO,
    Concern.SERVER,
    "The answer depends on the Origin, and only Cache-Control keeps caches from mixing it up",
    "As long as it says ``no-store`` or ``private``, no shared cache keeps the answer. If that changes, one site's "
    "answer is handed to another.",
    _ARISES,
    _POLICY,
    _ELSEWHERE,
)

VARY_OVERWRITTEN = Kind(
    "vary-overwritten",
    Severity.LOW,
    Concern.USERS,
    "What adds the CORS headers throws away what Vary said",
    "Caches mix up answers that differ in language, encoding or login, since nothing says that they differ.",
    "The header ``Vary`` is set where it should be added to.",
    "``CORSMiddleware`` adds to ``Vary`` and keeps what is there.",
    "Add ``Origin`` to what ``Vary`` says already, over all of its lines.",
)

VARY_NEEDLESS = Kind(
    "vary-needless",
    Severity.INFO,
    Concern.SERVER,
    "Vary: Origin beside *, though the answer is the same for all",
    "Caches keep one copy for each site, and answer from the cache less often.",
    "``Vary: Origin`` is sent regardless of the list of origins.",
    '``Policy(allow_origins="*")`` sends no ``Vary``.',
    "Leave ``Origin`` out of ``Vary`` where the answer is ``*`` for everyone.",
)
