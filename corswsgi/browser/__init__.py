"""The client side of the Fetch Standard: whether a browser would let a page read a response, and if not, why.

It follows the standard and imports nothing of the server side, so that one misunderstanding cannot affect both sides.
It needs ada-url, which parses URLs as browsers do, and requests for the network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from corswsgi.browser.bodies import BodyInit, FormData, URLSearchParams
from corswsgi.browser.cookies import CookieStore
from corswsgi.browser.departures import Departure
from corswsgi.browser.engines import ENGINES, MAX_AGE_CAPS, profile_named
from corswsgi.browser.fetch_params import FetchParams, UserAgent
from corswsgi.browser.fetching import run_fetch
from corswsgi.browser.network import network_for
from corswsgi.browser.preflight_cache import PreflightCache
from corswsgi.browser.referrer import check_policy
from corswsgi.browser.request import new_request
from corswsgi.browser.tape import Tape
from corswsgi.browser.urls import URL, Origin, load_parser, parse_origin, parse_url
from corswsgi.browser.verdict import (
    Cause,
    Code,
    Exchange,
    Note,
    NoteCode,
    Reason,
    Response,
    Verdict,
)

__all__ = [
    "ENGINES",
    "MAX_AGE_CAPS",
    "Browser",
    "Cause",
    "Code",
    "Departure",
    "Exchange",
    "FormData",
    "Note",
    "NoteCode",
    "Reason",
    "Response",
    "Tape",
    "URLSearchParams",
    "Verdict",
]


class Browser:
    """One tab of a browser, with one page whose scripts call ``fetch()``.

    :ivar cookies: the cookies that it keeps.

    It keeps cookies and a preflight cache from one fetch to the next. Not modelled: the HTTP cache (a 304 can only
    answer a conditional request of the script, which gets it unchanged), service workers, Content Security Policy,
    HSTS, stored passwords, and everything that only navigations do. Local Network Access is only noted, unless
    ``local_network`` says what the user answers; host names are not looked up.
    """

    def __init__(
        self,
        target: Any,
        origin: str,
        *,
        engine: str = "standard",
        page: str | None = None,
        referrer_policy: str = "strict-origin-when-cross-origin",
        local_network: bool | None = None,
        cookies: Mapping[str, str] | CookieStore | None = None,
        clock: Callable[[], float] = time.monotonic,
        max_age_cap: int | None = None,
        max_body: int = 1024 * 1024,
        timeout: float | Callable[[], float] = 10.0,
        tape: Tape | None = None,
    ) -> None:
        """Open a page.

        :param target: a WSGI application, which answers for every host; or a :class:`requests.Session`; only its
            settings for TLS and proxies are used.
        :param origin: the origin of the page, as browsers write it, or ``"null"`` for a sandboxed page.
        :param engine: ``"standard"``, or an engine that departs from the standard: ``"chromium"``, ``"firefox"`` or
            ``"webkit"``.
        :param page: the address of the page, for ``Referer`` and relative URLs; by default the root of the origin.
        :param referrer_policy: the referrer policy of the page; the empty string is the default policy.
        :param local_network: whether the user lets public pages into the local network, if the engine asks. By default
            nothing is refused, because a server on loopback often stands in for a public one; there is only a note.
        :param cookies: names and values that are sent to every host together with the cookies of ``Set-Cookie``, if
            credentials are included; or :attr:`cookies` of another browser, to share them with its page.
        :param clock: returns seconds, for the preflight cache and cookies.
        :param max_age_cap: the longest time, in seconds, for which a preflight is remembered; by default the engine's,
            see :data:`MAX_AGE_CAPS`, and for the standard, which sets none, that of Chromium.
        :param max_body: how many bytes of a response's body are read at most.
        :param timeout: seconds for each response, from the look-up of the host's name to the last byte of the body, or
            a function that returns them; only for a session.
        :param tape: share one with browsers of other engines, so that the same request is sent only once.
        :raises ValueError: if the origin or the page is invalid (with the corrected value if possible), or there is no
            such engine or policy.
        :raises TypeError: if the target is neither an application nor a session.
        :raises ImportError: if ada-url is not installed.
        """
        load_parser()
        self._profile = profile_named(engine)
        self._origin = parse_origin(origin)
        self._page = _parse_page(page, self._origin)
        self._referrer_policy = check_policy(referrer_policy)
        self.cookies = cookies if isinstance(cookies, CookieStore) else CookieStore(cookies or {}, clock)
        network = network_for(target, max_body=max_body, timeout=timeout)
        self._agent = UserAgent(
            network if tape is None else tape.before(network),
            self.cookies,
            PreflightCache(clock, self._profile.max_age_cap if max_age_cap is None else max_age_cap),
            local_network,
        )

    @property
    def origin(self) -> str:
        """The page's origin, serialized."""
        return self._origin.serialized

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
        body: BodyInit | None = None,
        mode: str = "cors",
        credentials: str = "same-origin",
        redirect: str = "follow",
        cache: str = "default",
        initiator: str = "fetch",
        send: bool = True,
    ) -> Verdict:
        """Fetch a URL as a script of the page does with ``fetch(url, {...})``, and say what the script gets and why.

        :param url: absolute, or relative to the page.
        :param headers: the headers that the script sets, in order; a header that no script may set is dropped, with a
            note.
        :param body: bytes, a ``str``, :class:`URLSearchParams` or :class:`FormData`; any other iterable of bytes is a
            stream, which is read once.
        :param mode: ``"cors"``, ``"no-cors"`` or ``"same-origin"``.
        :param credentials: ``"omit"``, ``"same-origin"`` or ``"include"``.
        :param redirect: ``"follow"``, ``"error"`` or ``"manual"``.
        :param cache: the cache mode: ``"default"``, ``"no-store"``, ``"reload"``, ``"no-cache"``, ``"force-cache"`` or
            ``"only-if-cached"``. There is no HTTP cache here, but the mode adds request headers, and in some modes some
            engines do not use remembered preflights.
        :param initiator: what makes the request: ``"fetch"``, ``"image"``, ``"script"``, ``"font"`` or
            ``"event-source"``. It decides ``Sec-Fetch-Dest`` and ``Accept``. An element without ``crossorigin`` uses
            the mode ``"no-cors"`` with credentials ``"include"``, and an element with it the mode ``"cors"``. Elements
            show responses that the verdict calls readable or opaque.
        :param send: if false, only the preflight is sent, if one is needed; the outcome is ``"unsent"`` if nothing
            keeps the browser from sending the request.
        :raises TypeError: if ``fetch()`` throws one before it sends anything (fetch#dom-request).
        """
        notes: list[Note] = []
        request = new_request(
            url,
            base=self._page,
            origin=self._origin,
            referrer=self._page,
            referrer_policy=self._referrer_policy,
            method=method,
            headers=headers,
            body=body,
            mode=mode,
            credentials=credentials,
            redirect=redirect,
            cache=cache,
            initiator=initiator,
            profile=self._profile,
            notes=notes,
        )
        return run_fetch(FetchParams(self._agent, request, send=send, notes=notes))


def _parse_page(page: str | None, origin: Origin) -> URL | None:
    if page is None:
        return None if origin.is_opaque else parse_url(f"{origin.serialized}/")
    try:
        url = parse_url(page)
    except ValueError:
        raise ValueError(f'{page!r} is not a URL; a page has one like "https://app.example.com/page"') from None
    if not origin.is_opaque and url.origin.serialized not in (origin.serialized, "null"):
        raise ValueError(
            f"the page {page!r} has the origin {url.origin.serialized}; give a page of the origin {origin.serialized}"
        )
    return url
