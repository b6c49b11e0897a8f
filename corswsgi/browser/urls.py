"""URLs, origins and sites as in browsers; ada, the URL parser of Node, does the parsing."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

HTTP_SCHEMES = frozenset({"http", "https"})

#: fetch#local-scheme
LOCAL_SCHEMES = frozenset({"about", "blob", "data"})

#: Pages of these schemes have an opaque origin or that of another page, even if the URL has a host
#: (url#concept-url-origin).
_OPAQUE_SCHEMES = LOCAL_SCHEMES | {"file", "javascript"}

#: local-network-access#ip-address-space, from the least private to the most.
ADDRESS_SPACES = ("public", "local", "loopback")

_LOCAL_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        "10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 198.18.0.0/15 fc00::/7 fe80::/10".split(),
    )
)

_ADA_MISSING = 'corswsgi.browser needs ada-url; install it with: python -m pip install "corswsgi[check]"'


@dataclass(frozen=True, slots=True)
class Origin:
    """An origin (html#concept-origin).

    :ivar serialized: the value of the header ``Origin``; ``"null"`` for an opaque origin.
    :ivar host: without the port; empty for an opaque origin.
    :ivar is_ip: whether the host is an address.
    """

    serialized: str
    scheme: str = ""
    host: str = ""
    is_ip: bool = False

    @property
    def is_opaque(self) -> bool:
        return self.serialized == "null"


OPAQUE = Origin("null")


@dataclass(frozen=True, slots=True)
class URL:
    """A parsed URL (url#concept-url).

    :ivar href: the whole, serialized.
    :ivar netloc: host and port; the port only if it is not the default.
    :ivar query: with its ``?``, or empty.
    :ivar fragment: without its ``#``; ``None`` if there is none.
    """

    href: str
    scheme: str
    netloc: str
    host: str
    port: str
    path: str
    query: str
    fragment: str | None
    includes_credentials: bool
    origin: Origin

    @property
    def is_http(self) -> bool:
        return self.scheme in HTTP_SCHEMES

    @property
    def without_fragment(self) -> str:
        return self.href.partition("#")[0]


def load_parser() -> Any:
    """Return ``ada_url.URL``.

    :raises ImportError: with the command that installs it.
    """
    try:
        from ada_url import URL as parser
    except ImportError as error:
        raise ImportError(_ADA_MISSING) from error
    return parser


def parse_url(text: str, base: URL | None = None) -> URL:
    """Parse a URL (url#concept-url-parser).

    :raises ValueError: if it does not parse; relative URLs without ``base`` do not.
    """
    parser = load_parser()
    parsed = parser(text, base.href) if base else parser(text)
    _, has_fragment, fragment = parsed.href.partition("#")
    scheme = parsed.protocol.removesuffix(":")
    return URL(
        href=parsed.href,
        scheme=scheme,
        netloc=parsed.host,
        host=parsed.hostname,
        port=parsed.port,
        path=parsed.pathname,
        query=parsed.search,
        fragment=fragment if has_fragment else None,
        includes_credentials=bool(parsed.username or parsed.password),
        origin=_origin_of(parsed),
    )


def _origin_of(parsed: Any) -> Origin:
    """Return a URL's origin (url#concept-url-origin): for ``blob:``, that of the page that created it."""
    if parsed.origin == "null":
        return OPAQUE
    owner = load_parser()(parsed.origin)
    return Origin(parsed.origin, owner.protocol.removesuffix(":"), owner.hostname, owner.host_type != 0)


def parse_origin(text: str) -> Origin:
    """Parse the serialization of an origin; ``"null"`` stands for an opaque one, such as that of a sandboxed page.

    Origins with schemes that the URL Standard does not know (``capacitor://localhost``) are returned unchanged.

    :raises ValueError: if browsers write it differently, with the value that they write.
    """
    if text == "null":
        return OPAQUE
    try:
        url = parse_url(text)
    except ValueError:
        raise ValueError(f'{text!r} is not an origin; one looks like "https://app.example.com"') from None
    if not url.origin.is_opaque and url.scheme != "blob":
        if text == url.origin.serialized:
            return url.origin
        raise ValueError(f'{text!r} is not written as browsers write it; did you mean "{url.origin.serialized}"?')
    if url.netloc and url.scheme not in _OPAQUE_SCHEMES and text == f"{url.scheme}://{url.netloc}":
        return Origin(text, url.scheme, url.host)
    raise ValueError(f'{text!r} has no origin of its own; browsers send "null" for its pages')


def same_origin(a: Origin, b: Origin) -> bool:
    """Tell whether two origins are the same (html#same-origin); an opaque one is never the same, not even as itself."""
    return a.serialized == b.serialized and not a.is_opaque


def is_as_private(url: URL, other: URL) -> bool:
    """Tell whether ``url`` may receive what is meant for ``other``: it has the same host and is no less secure."""
    return url.host == other.host and url.scheme in (other.scheme, "https")


def same_site(a: Origin, b: Origin) -> bool:
    """Tell whether two origins belong to the same site, with the same scheme (html#same-site)."""
    return a.scheme == b.scheme and schemelessly_same_site(a, b)


def schemelessly_same_site(a: Origin, b: Origin) -> bool:
    """Tell whether two origins belong to the same site, with any schemes (html#schemelessly-same-site)."""
    if a.is_opaque or b.is_opaque:
        return False
    return a.host == b.host or (registrable_domain(a) is not None and registrable_domain(a) == registrable_domain(b))


def registrable_domain(origin: Origin) -> str | None:
    """Return a public suffix and one label more; ``None`` for addresses and suffixes (url#host-registrable-domain)."""
    if origin.is_ip:
        return None
    name = origin.host.removesuffix(".")
    domain: str | None = _public_suffix_list().privatesuffix(name)
    return None if domain is None else domain + "." * origin.host.endswith(".")


def is_public_suffix(domain: str) -> bool:
    """Tell whether anyone can register names below a domain, as below ``github.io`` (url#host-public-suffix)."""
    return _public_suffix_list().privatesuffix(domain.removesuffix(".")) is None


@cache
def _public_suffix_list() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # reads a large file, so only if two hosts differ

    return PublicSuffixList()


def is_potentially_trustworthy_origin(origin: Origin) -> bool:
    """Tell whether nobody on the way can change the responses of an origin (secure-contexts#is-origin-trustworthy)."""
    return origin.scheme in ("https", "wss") or _is_loopback(origin.host, origin.is_ip)


def is_potentially_trustworthy_url(url: URL) -> bool:
    """Tell the same of a URL (secure-contexts#is-url-trustworthy)."""
    if url.scheme == "about":
        return url.path in ("blank", "srcdoc")
    return url.scheme in ("data", "file") or is_potentially_trustworthy_origin(url.origin)


def _is_loopback(host: str, is_ip: bool) -> bool:
    if is_ip:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    name = host.removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")


def address_space(origin: Origin) -> str:
    """Return the address space of an origin, judged by its name, which is not looked up; so most are public."""
    if _is_loopback(origin.host, origin.is_ip):
        return "loopback"
    if origin.is_ip:
        address = ipaddress.ip_address(origin.host.strip("[]"))
        return "local" if any(address in network for network in _LOCAL_NETWORKS) else "public"
    return "local" if origin.host.removesuffix(".").endswith(".local") else "public"


def strip_for_referrer(url: URL, origin_only: bool = False) -> str | None:
    """Return a URL as a Referer may show it, without userinfo and fragment; ``None`` for local schemes.

    referrer-policy#strip-url

    :param origin_only: leave path and query out too.
    """
    if url.scheme in LOCAL_SCHEMES:
        return None
    return f"{url.scheme}://{url.netloc}" + ("/" if origin_only else url.path + url.query)
