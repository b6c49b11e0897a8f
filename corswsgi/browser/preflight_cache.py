"""The CORS-preflight cache (fetch#cors-preflight-cache); one browser is one tab and has no partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from corswsgi import fetch
from corswsgi.browser.departures import Departure
from corswsgi.browser.request import Request

#: fetch#cors-preflight-fetch: the seconds if Access-Control-Max-Age is missing or invalid.
DEFAULT_MAX_AGE = 5

_WILDCARD = "*"

#: The most names of one preflight that are kept, because each new name is compared with all others.
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
        if not self.is_of(request) or (request.includes_credentials and not self.credentials):
            return False
        is_apart = self.credentials != request.includes_credentials
        return not (is_apart and request.departs(Departure.CREDENTIALS_KEPT_APART))

    def is_of(self, request: Request) -> bool:
        """Tell whether the entry has the origin and URL of the request."""
        return self.url == request.current_url.href and self.origin == request.preflight_origin


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
        names = {method} if request.includes_credentials else {method, _WILDCARD}
        return [entry for entry in self._matches(request) if entry.method in names]

    def header_name_matches(self, name: str, request: Request) -> list[CacheEntry]:
        """fetch#concept-cache-match-header"""
        matches = self._header_entries(name, request)
        if matches or request.includes_credentials or name.lower() != fetch.CORS_NON_WILDCARD_REQUEST_HEADER:
            return matches
        wildcards = [entry for entry in self._matches(request) if entry.header_name == _WILDCARD]
        return wildcards if wildcards and request.departs(Departure.KEPT_WILDCARD_COVERS_AUTHORIZATION) else []

    def _header_entries(self, name: str, request: Request) -> list[CacheEntry]:
        names = {name.lower()}
        if name.lower() != fetch.CORS_NON_WILDCARD_REQUEST_HEADER and not request.includes_credentials:
            names.add(_WILDCARD)
        return [entry for entry in self._matches(request) if entry.header_name in names]

    def permits_something(self, request: Request) -> bool:
        """Tell whether any entry matches the request."""
        return bool(self._matches(request))

    def update(self, request: Request, methods: Iterable[str], header_names: Iterable[str], max_age: int) -> None:
        """Keep what a preflight permitted: the last four steps of fetch#cors-preflight-fetch.

        An entry that exists already lasts for ``max_age`` from now, as in all engines.
        """
        if _keeps_nothing(request):
            return
        expires = self._clock() + min(max_age, self.max_age_cap)
        for method in islice(methods, _MOST_NAMES):
            self._keep(request, self.method_matches(method, request), method, None, expires)
        for name in islice(header_names, _MOST_NAMES):
            self._keep(request, self._header_entries(name, request), None, name.lower(), expires)

    def forget_what_does_not_suffice(self, request: Request) -> None:
        """Forget earlier preflights, in an engine that remembers only the last one."""
        self._clear(request, Departure.LAST_ANSWER_ONLY, True)

    def clear(self, request: Request) -> None:
        """fetch#concept-cache-clear, unless the engine keeps its entries after a failure."""
        self._clear(request, Departure.KEPT_AFTER_FAILURE, False)

    def _clear(self, request: Request, departure: Departure, if_departing: bool) -> None:
        kept = [entry for entry in self._entries if not entry.is_of(request)]
        if len(kept) < len(self._entries) and request.departs(departure) is if_departing:
            self._entries = kept

    def _keep(
        self, request: Request, matches: list[CacheEntry], method: str | None, header_name: str | None, expires: float
    ) -> None:
        for entry in matches:
            entry.expires = expires
        if matches or (_WILDCARD in (method, header_name) and not _keeps_wildcard(request)):
            return
        origin, url = request.preflight_origin, request.current_url.href
        self._entries.append(CacheEntry(origin, url, request.includes_credentials, method, header_name, expires))

    def _matches(self, request: Request) -> list[CacheEntry]:
        now = self._clock()
        self._entries = [entry for entry in self._entries if now < entry.expires]
        return [entry for entry in self._entries if entry.matches(request)]


def _keeps_nothing(request: Request) -> bool:
    if request.origin.is_opaque:
        return request.departs(Departure.NULL_NOT_KEPT)
    return request.preflight_origin == "null" and request.departs(Departure.REDIRECT_NULL_NOT_KEPT)


def _keeps_wildcard(request: Request) -> bool:
    # With credentials "*" is a literal name. The standard keeps it as an entry that later passes for the
    # wildcard; we keep none, which costs a preflight and permits nothing that the server did not.
    if request.includes_credentials:
        return request.departs(Departure.WILDCARD_KEPT_WITH_CREDENTIALS)
    return not request.departs(Departure.WILDCARD_NOT_KEPT)
