"""The requests beside the one that is checked: the same URL without an Origin, for a stranger, and an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from corswsgi.browser import Browser, Exchange
from corswsgi.browser.network import NoAnswer, network_for
from corswsgi.browser.urls import URL, parse_url
from corswsgi.checker.limit import Limit
from corswsgi.checker.target import Target

Header = tuple[str, str]

#: The most that is read of a body, in bytes: only the headers count, and so no body is waited for.
MAX_BODY = 0

#: Sites that have nothing to do with any server; the second is for where the first one's page asks.
_STRANGERS = ("stranger.example", "other-stranger.example")


def stranger_to(url: URL, origin: str) -> str:
    """Return an origin that the server cannot know, of the URL's scheme: https: pages may not ask plain http: ones."""
    strangers = (f"{url.scheme}://{host}" for host in _STRANGERS)
    return next(stranger for stranger in strangers if stranger != origin)


class Probes:
    """Sends requests that differ from each other in ``Origin`` alone, as a browser would but for asking first.

    :param headers: what the script sets; it goes along, so that the answers are those that the script would get.
    :param cookie_for: returns what ``Cookie`` says in a request for a URL: what a visitor is told who is logged in.
    """

    def __init__(
        self,
        target: Target,
        method: str,
        headers: Iterable[Header],
        limit: Limit,
        cookie_for: Callable[[URL], str | None] = lambda url: None,
    ) -> None:
        self._target = target
        self._limit = limit
        self._method = "HEAD" if method == "HEAD" else "GET"
        self._headers = tuple(headers)
        self._cookie_for = cookie_for
        self._send = network_for(target.site, max_body=MAX_BODY, timeout=limit.seconds)

    @property
    def method(self) -> str:
        """What they are sent with: nothing that changes anything."""
        return self._method

    def ask(self, origin: str | None, url: URL | None = None, *more: Header) -> Exchange:
        """Send a request and return what came.

        :param origin: what ``Origin`` says; ``None`` for no such header.
        :param url: another one than the target's.
        :param more: headers beside those of the script.
        """
        url = url or self._target.url
        asked = Exchange(self._method, url.href, (*more, *self._lines(origin, url)), None)
        try:
            reply = self._send(asked.method, url, list(asked.request_headers), None, False)
        except NoAnswer as error:
            return replace(asked, error=str(error))
        return reply.answering(asked)

    def _lines(self, origin: str | None, url: URL) -> tuple[Header, ...]:
        names = {name.lower() for name, _ in self._headers}
        lines = [
            ("Accept", "*/*"),
            ("Accept-Language", "en"),
            *((name, value) for name, value in (("Origin", origin or ""),) if origin),
            ("User-Agent", "Mozilla/5.0 (compatible; corswsgi)"),
            ("Accept-Encoding", "identity" if "range" in names else "gzip, deflate"),
            ("Connection", "keep-alive"),
            ("Host", url.netloc),
            *(("Cookie", value) for value in (self._cookie_for(url),) if value is not None),
        ]
        return (*self._headers, *(line for line in lines if line[0].lower() not in names))

    def preflight(self, origin: str, method: str, engine: str) -> Exchange:
        """Ask whether pages of an origin may send a request with credentials, one that needs a preflight.

        :param engine: in which it needs one.
        :return: the preflight; the request itself is not sent.
        """
        site, timeout = self._target.site, self._limit.seconds
        browser = Browser(site, origin, engine=engine, max_body=MAX_BODY, timeout=timeout)
        url = self._target.address
        verdict = browser.fetch(url, method=method, headers=self._headers, credentials="include", send=False)
        return verdict.preflights[0]


def missing_neighbour(url: URL, token: str) -> URL:
    """Return an address beside the URL at which there should be nothing."""
    directory = url.path.rpartition("/")[0]
    return parse_url(f"{url.scheme}://{url.netloc}{directory}/corswsgi-{token}")
