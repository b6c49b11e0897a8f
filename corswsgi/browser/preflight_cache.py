"""The CORS-preflight cache (fetch#cors-preflight-cache); one browser is one tab and has no partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from corswsgi import fetch
from corswsgi.browser.request import Request

#: The longest time, in seconds, for which each engine keeps an entry, whatever Access-Control-Max-Age says.
MAX_AGE_CAPS = {"chromium": 7200, "firefox": 86400, "webkit": 600}

#: fetch#cors-preflight-fetch: where Access-Control-Max-Age is absent or invalid.
DEFAULT_MAX_AGE = 5

_WILDCARD = "*"

#: Of the names that one preflight permits, no more are kept: each is compared with all others.
_MOST_NAMES = 256


@dataclass(slots=True)
class CacheEntry:
    """fetch#cache-entry; exactly one of ``method`` and ``header_name`` is set, the latter in lower case."""

    origin: str
    url: str
    credentials: bool
    method: str | None
    header_name: str | None
    expires: float

    def matches(self, request: Request) -> bool:
        """fetch#concept-cache-match"""
        return self.is_of(request) and (self.credentials or not request.includes_credentials)

    def is_of(self, request: Request) -> bool:
        """Tell whether origin and URL are those of the request."""
        return self.origin == request.serialized_origin and self.url == request.current_url.href


class PreflightCache:
    """What preflights have permitted.

    :ivar max_age_cap: the longest time, in seconds, for which an entry is kept.
    """

    def __init__(self, clock: Callable[[], float], max_age_cap: int) -> None:
        self.max_age_cap = max_age_cap
        self._clock = clock
        self._entries: list[CacheEntry] = []

    def method_matches(self, method: str, request: Request) -> list[CacheEntry]:
        """fetch#concept-cache-match-method"""
        return [entry for entry in self._matches(request) if entry.method in (method, _WILDCARD)]

    def header_name_matches(self, name: str, request: Request) -> list[CacheEntry]:
        """fetch#concept-cache-match-header"""
        lower = name.lower()
        names = {lower} if lower == fetch.CORS_NON_WILDCARD_REQUEST_HEADER else {lower, _WILDCARD}
        return [entry for entry in self._matches(request) if entry.header_name in names]

    def update(self, request: Request, methods: Iterable[str], header_names: Iterable[str], max_age: int) -> None:
        """Keep what a preflight permitted: the last four steps of fetch#cors-preflight-fetch.

        An entry that is there already lasts for ``max_age`` from now, as in all engines.
        """
        expires = self._clock() + min(max_age, self.max_age_cap)
        for method in islice(methods, _MOST_NAMES):
            self._keep(request, self.method_matches(method, request), method, None, expires)
        for name in islice(header_names, _MOST_NAMES):
            self._keep(request, self.header_name_matches(name, request), None, name.lower(), expires)

    def clear(self, request: Request) -> None:
        """fetch#concept-cache-clear"""
        self._entries = [entry for entry in self._entries if not entry.is_of(request)]

    def _keep(
        self, request: Request, matches: list[CacheEntry], method: str | None, header_name: str | None, expires: float
    ) -> None:
        for entry in matches:
            entry.expires = expires
        # With credentials "*" is a literal name. The standard keeps it as an entry that later passes for the
        # wildcard; we keep none, which costs a preflight and permits nothing that the server did not.
        if matches or (_WILDCARD in (method, header_name) and request.includes_credentials):
            return
        origin, url = request.serialized_origin, request.current_url.href
        self._entries.append(CacheEntry(origin, url, request.includes_credentials, method, header_name, expires))

    def _matches(self, request: Request) -> list[CacheEntry]:
        now = self._clock()
        self._entries = [entry for entry in self._entries if now < entry.expires]
        return [entry for entry in self._entries if entry.matches(request)]
