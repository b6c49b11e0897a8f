"""Asks the application behind a proxy what the proxy was asked; what differs is told by :mod:`.rules.behind`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from corswsgi.browser import Exchange
from corswsgi.browser.network import Network, NoAnswer, network_for
from corswsgi.browser.urls import URL, is_as_private, parse_url
from corswsgi.checker.gatherer import WITHHELD
from corswsgi.checker.limit import Limit
from corswsgi.checker.masking import is_secret

#: What may be asked twice: the proxy has passed the request on already.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_MAX_BODY = 0

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Behind:
    """Where the application is without its proxy.

    :ivar url: with a path, the address of the very resource; without one, of a server with the same paths.
    :ivar with_secrets: whether cookies, Authorization and their like go there too, although it is another host.
    """

    url: URL
    with_secrets: bool = False

    def address_of(self, asked: URL) -> URL:
        """Return the address behind the proxy of what the proxy was asked for."""
        if self.url.path != "/" or self.url.query:
            return self.url
        return parse_url(f"{self.url.scheme}://{self.url.netloc}{asked.path}{asked.query}")

    def is_trusted(self, asked: URL) -> bool:
        """Tell whether what is for the host in front may go there."""
        return self.with_secrets or is_as_private(self.url, asked)


def ask_behind(
    site: Any, behind: Behind, fronts: Iterable[Exchange], limit: Limit
) -> Iterator[tuple[Exchange, Exchange]]:
    """Ask the application itself what its proxy was asked, as that would pass it on.

    :param fronts: exchanges with the proxy; what may change something is not asked a second time.
    :return: the exchanges with the proxy, each with that with the application, for as long as there is time.
    """
    send = network_for(site, max_body=_MAX_BODY, timeout=limit.seconds)
    for front in fronts:
        if front.method in _SAFE_METHODS and not limit.is_over():
            yield front, _ask(send, behind, front)


def _ask(send: Network, behind: Behind, front: Exchange) -> Exchange:
    url = parse_url(front.url)
    where = behind.address_of(url)
    headers = tuple(_passed_on(front.request_headers, url, is_trusted=behind.is_trusted(url)))
    address = where.without_fragment
    asked = Exchange(front.method, address, headers, None, is_preflight=front.is_preflight, why=front.why)
    try:
        return send(asked.method, where, list(headers), None, False).answering(asked)
    except NoAnswer as error:
        return replace(asked, error=str(error))


def withheld(front: Exchange, behind: Exchange) -> tuple[str, ...]:
    """Return the names of the headers that the application was not told as the proxy was."""
    return tuple(name for name, value in front.request_headers if (name, value) not in behind.request_headers)


def _passed_on(headers: tuple[Header, ...], url: URL, *, is_trusted: bool) -> Iterator[Header]:
    """Yield the headers that a proxy passes on: Host as it came, and what it adds itself."""
    for name, value in headers:
        if is_trusted or not is_secret(name):
            yield name, value
        elif name.lower() != "cookie":
            yield name, WITHHELD
    yield "X-Forwarded-Proto", url.scheme
    yield "X-Forwarded-Host", url.netloc
