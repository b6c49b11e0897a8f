"""What a browser refuses before it sends anything: bad ports, mixed content, requests to the local network."""

from __future__ import annotations

from corswsgi import fetch
from corswsgi.browser.departures import Departure
from corswsgi.browser.request import Request
from corswsgi.browser.urls import (
    ADDRESS_SPACES,
    URL,
    Origin,
    address_space,
    is_potentially_trustworthy_origin,
    is_potentially_trustworthy_url,
)
from corswsgi.browser.verdict import Code, NetworkError


def block_bad_port(url: URL) -> None:
    """Refuse ports of other services (fetch#block-bad-port).

    :raises NetworkError: if the port is one.
    """
    if url.is_http and url.port and int(url.port) in fetch.BAD_PORTS:
        sentence = f"browsers send no requests to port {url.port}, which belongs to another service: {url.href}"
        raise NetworkError(Code.BAD_PORT, "fetch#port-blocking", sentence, "request")


def block_mixed_content(request: Request) -> None:
    """Refuse an http: URL to a page that nobody can have tampered with (mixed-content#should-block-fetch).

    :raises NetworkError: if it is refused.
    """
    origin, url = request.origin, request.current_url
    if not is_potentially_trustworthy_origin(origin):
        return
    if is_potentially_trustworthy_url(url):
        is_plain = url.scheme == "http" and origin.scheme == "https"
        if not (is_plain and request.departs(Departure.MIXED_CONTENT_ON_LOOPBACK)):
            return
        why = "which is not https:"
    else:
        if _may_mix(request):
            return
        why = "which is neither https: nor on this machine"
    sentence = f"a page of {origin.serialized} may not fetch {url.href}, {why}"
    raise NetworkError(Code.MIXED_CONTENT, "mixed-content#should-block-fetch", sentence, "request")


def _may_mix(request: Request) -> bool:
    """Tell whether an engine allows an http: URL that is mixed content by the standard."""
    origin, url = request.origin, request.current_url
    if url.scheme != "http":
        return False
    if origin.scheme == "http" and request.departs(Departure.MIXED_CONTENT_OF_LOCAL_PAGES):
        return True
    return address_space(url.origin) == "local" and request.departs(Departure.MIXED_CONTENT_OF_LOCAL_NETWORK)


def local_network_access(origin: Origin, url: URL) -> str:
    """Return a sentence if a request goes to a more private network than its page; otherwise an empty string.

    local-network-access#check. Host names are not looked up.
    """
    source, target = address_space(origin), address_space(url.origin)
    if origin.is_opaque or ADDRESS_SPACES.index(target) <= ADDRESS_SPACES.index(source):
        return ""
    return (
        f"{url.origin.serialized} is {target} and the page {origin.serialized} is {source}: browsers with Local "
        "Network Access ask the user first, and only in secure contexts; no header can answer for the user"
    )


def block_local_network(request: Request, is_allowed: bool | None) -> None:
    """Refuse a request to a more private network if the engine asks the user, who does not agree.

    local-network-access#check

    :param is_allowed: whether the user agrees; ``None`` to refuse nothing.
    :raises NetworkError: if it is refused.
    """
    origin, url = request.origin, request.current_url
    is_secure = is_potentially_trustworthy_origin(origin)
    if is_allowed is None or (is_allowed and is_secure) or not local_network_access(origin, url):
        return
    if request.departs(Departure.LOCAL_NETWORK_ACCESS):
        why = "the user did not agree" if is_secure else "only an https: page may ask the user"
        sentence = f"{url.href} is {address_space(url.origin)} and the page is {address_space(origin)}: {why}"
        raise NetworkError(Code.LOCAL_NETWORK_DENIED, "local-network-access#check", sentence, "request")
