"""Repeats the requests to a proxy at the application behind it; :mod:`.rules.behind` compares the answers."""

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

#: The methods that may be repeated: the proxy has already passed the request on.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_MAX_BODY = 0

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Behind:
    """The address of the application behind its proxy.

    :ivar url: with a path, the address of the resource itself; without one, of a server with the same paths.
    :ivar with_secrets: whether cookies, Authorization and similar headers are sent there, even if the host differs.
    """

    url: URL
    with_secrets: bool = False

    def address_of(self, asked: URL) -> URL:
        """Return the address behind the proxy for a URL of the proxy."""
        if self.url.path != "/" or self.url.query:
            return self.url
        return parse_url(f"{self.url.scheme}://{self.url.netloc}{asked.path}{asked.query}")

    def is_trusted(self, asked: URL) -> bool:
        """Tell whether secrets for the host in front may be sent there."""
        return self.with_secrets or is_as_private(self.url, asked)


def ask_behind(
    site: Any, behind: Behind, fronts: Iterable[Exchange], limit: Limit
) -> Iterator[tuple[Exchange, Exchange]]:
    """Send the application the requests that its proxy got, as the proxy would pass them on.

    :param fronts: exchanges with the proxy; those that may change something are not repeated.
    :return: the exchanges with the proxy, each with its repetition, until the time is over.
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
    """Return the names of the headers that the proxy got and the application did not, or not with the same value."""
    return tuple(name for name, value in front.request_headers if (name, value) not in behind.request_headers)


def _passed_on(headers: tuple[Header, ...], url: URL, *, is_trusted: bool) -> Iterator[Header]:
    """Yield the headers that a proxy passes on, with Host unchanged, and those that it adds."""
    for name, value in headers:
        if is_trusted or not is_secret(name):
            yield name, value
        elif name.lower() != "cookie":
            yield name, WITHHELD
    yield "X-Forwarded-Proto", url.scheme
    yield "X-Forwarded-Host", url.netloc
