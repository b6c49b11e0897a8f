"""The client side of the Fetch Standard: whether a browser would let a page read a response, and if not, why.

Built from the standard alone; of this package it imports :mod:`corswsgi.fetch` only, so that one misunderstanding
cannot fool both sides. Needs ada-url, which parses URLs as browsers do, and for the network requests.
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
    """One tab of a browser with one page, whose scripts fetch.

    :ivar cookies: those that it keeps.

    It keeps cookies and a preflight cache from one fetch to the next. Not modelled: the HTTP cache (a 304 can only
    answer a script's own conditional request, and is taken as it comes), service workers, Content Security Policy,
    HSTS, stored passwords, and all that only navigations do. Local Network Access is noted, and enforced only
    if ``local_network`` says what the user answers; host names are not looked up.
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

        :param target: a WSGI application, which then is every host there is; or a :class:`requests.Session`, whose
            TLS and proxy settings hold, and nothing else of it.
        :param origin: the page's, as browsers write it, or ``"null"`` for a sandboxed page.
        :param engine: ``"standard"``, or an engine whose departures from the standard are acted out: ``"chromium"``,
            ``"firefox"`` or ``"webkit"``. :mod:`corswsgi.browser.engines` lists them.
        :param page: the page's address, for ``Referer`` and relative URLs; by default the root of the origin.
        :param referrer_policy: the page's; the empty string is the default.
        :param local_network: whether the user lets public pages into the local network, if the engine asks. By default
            nobody is asked and nothing is refused, because a server on loopback often stands in for a public one; what
            would be asked is noted.
        :param cookies: names and values that are sent to every host of the target when credentials are, beside what
            ``Set-Cookie`` left; or :attr:`cookies` of another browser, to share them with its page.
        :param clock: seconds, for the preflight cache and cookies.
        :param max_age_cap: the longest time, in seconds, for which a preflight is remembered; by default the engine's,
            see :data:`MAX_AGE_CAPS`, and for the standard, which sets none, that of Chromium.
        :param max_body: the most that is read of a response's body, in bytes.
        :param timeout: for each answer and its whole body, from the look-up of the host's name to the last byte, in
            seconds, or a function that returns them; for a session only.
        :param tape: shared with browsers of other engines, so that what one of them was answered is not asked again.
        :raises ValueError: if the origin or the page is not one (with the corrected value), or there is no such engine
            or policy.
        :raises TypeError: if the target is neither.
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
        """Fetch as a script of the page would with ``fetch(url, {...})``, and say what the script gets and why.

        :param url: absolute, or relative to the page.
        :param headers: what the script sets, in order; what no script may set is dropped, with a note.
        :param body: bytes, a ``str``, :class:`URLSearchParams`, :class:`FormData`; any other iterable of bytes is a
            stream, read once.
        :param mode: ``"cors"``, ``"no-cors"`` or ``"same-origin"``.
        :param credentials: ``"omit"``, ``"same-origin"`` or ``"include"``.
        :param redirect: ``"follow"``, ``"error"`` or ``"manual"``.
        :param cache: the cache mode: ``"default"``, ``"no-store"``, ``"reload"``, ``"no-cache"``, ``"force-cache"`` or
            ``"only-if-cached"``. There is no HTTP cache here; the mode adds request headers, and some engines then send
            a preflight that others remember.
        :param initiator: what fetches: ``"fetch"``, ``"image"``, ``"script"``, ``"font"`` or ``"event-source"``. It
            decides ``Sec-Fetch-Dest`` and ``Accept``. An element without ``crossorigin`` fetches in the mode
            ``"no-cors"`` with credentials ``"include"``, one with it in the mode ``"cors"``. What the verdict calls
            readable or opaque, such an element shows.
        :param send: if false, only the preflight is sent, if any is needed; the outcome is ``"unsent"`` where
            nothing would keep the browser from sending the request.
        :raises TypeError: where ``fetch()`` throws one before it sends anything (fetch#dom-request).
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
        raise ValueError(f"{page!r} is not the address of a page") from None
    if not origin.is_opaque and url.origin.serialized not in (origin.serialized, "null"):
        raise ValueError(f"{page!r} is of the origin {url.origin.serialized}, not of {origin.serialized}")
    return url
