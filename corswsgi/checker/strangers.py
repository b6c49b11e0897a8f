"""Derives from an origin those that a careless comparison takes for it; asking a server about them is not done here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

from corswsgi.browser.urls import URL, Origin, parse_origin, registrable_domain
from corswsgi.checker.findings import Kind, Severity
from corswsgi.checker.kinds.origins import (
    ANY_ORIGIN_CREDENTIALS,
    NULL_ORIGIN,
    ORIGIN_CASE,
    ORIGIN_DOT,
    ORIGIN_EMBEDDED,
    ORIGIN_HTTP,
    ORIGIN_PORT,
    ORIGIN_PREFIX,
    ORIGIN_SPECIAL_CHARACTER,
    ORIGIN_SUBDOMAIN,
    ORIGIN_SUFFIX,
    ORIGIN_TRAILING,
)

#: Sites that have nothing to do with any server; the second is used if the page is one of the first.
_UNRELATED = ("stranger.example", "other-stranger.example")

_PORTS = ("8443", "8444", "8445")


@unique
class Reach(StrEnum):
    """Who can have a page of an origin."""

    ANYONE = "anyone"  # anyone who registers the name, or makes a sandboxed page
    NETWORK = "network"  # anyone between the user and the site
    SITE = "site"  # the owner of another host or port of the same site
    PATTERN = "pattern"  # the same, but access is probably intended
    NOBODY = "nobody"  # nobody: no such name can be registered today
    UNSENT = "unsent"  # no browser sends such a value
    HARMLESS = "harmless"  # no browser sends such a value, and it would be the same origin


#: The severity if such a page can read: with credentials, and without. Without credentials a page reads only what
#: curl would get too, except from inside a network.
SEVERITIES = {
    Reach.ANYONE: (Severity.HIGH, Severity.LOW),
    Reach.NETWORK: (Severity.MEDIUM, Severity.INFO),
    Reach.SITE: (Severity.MEDIUM, Severity.INFO),
    Reach.PATTERN: (Severity.LOW, Severity.INFO),
    Reach.NOBODY: (Severity.LOW, Severity.INFO),
    Reach.UNSENT: (Severity.LOW, Severity.INFO),
    Reach.HARMLESS: (Severity.INFO, Severity.INFO),
}


@unique
class Likeness(StrEnum):
    """How a stranger is derived from the right origin; the values are words for people."""

    UNRELATED = "unrelated"
    NULL = "null"
    SUFFIX = "suffix"
    SUFFIX_NO_DOT = "suffix, no dot"
    LONGER_PORT = "longer port"
    PREFIX = "prefix"
    PREFIX_OF_HOST = "prefix of the host"
    DOT = "dot swapped"
    DOT_OF_DOMAIN = "last dot swapped"
    UNDERSCORE = "underscore"
    BACKQUOTE = "backquote"
    HTTP = "http for https"
    PORT = "other port"
    SUBDOMAIN = "subdomain"
    SIBLING = "sibling"
    CASE = "upper case"
    TRAILING = "trailing garbage"
    EMBEDDED = "embedded"


#: The kind of finding if a server takes such a stranger for an allowed origin.
KINDS = {
    Likeness.UNRELATED: ANY_ORIGIN_CREDENTIALS,
    Likeness.NULL: NULL_ORIGIN,
    Likeness.SUFFIX: ORIGIN_SUFFIX,
    Likeness.SUFFIX_NO_DOT: ORIGIN_SUFFIX,
    Likeness.LONGER_PORT: ORIGIN_SUFFIX,
    Likeness.PREFIX: ORIGIN_PREFIX,
    Likeness.PREFIX_OF_HOST: ORIGIN_PREFIX,
    Likeness.DOT: ORIGIN_DOT,
    Likeness.DOT_OF_DOMAIN: ORIGIN_DOT,
    Likeness.UNDERSCORE: ORIGIN_SPECIAL_CHARACTER,
    Likeness.BACKQUOTE: ORIGIN_SPECIAL_CHARACTER,
    Likeness.HTTP: ORIGIN_HTTP,
    Likeness.PORT: ORIGIN_PORT,
    Likeness.SUBDOMAIN: ORIGIN_SUBDOMAIN,
    Likeness.SIBLING: ORIGIN_SUBDOMAIN,
    Likeness.CASE: ORIGIN_CASE,
    Likeness.TRAILING: ORIGIN_TRAILING,
    Likeness.EMBEDDED: ORIGIN_EMBEDDED,
}

#: A likeness says nothing more if one of these is accepted too.
IMPLIED_BY = {
    Likeness.LONGER_PORT: {Likeness.PORT},
    Likeness.PREFIX_OF_HOST: {Likeness.SIBLING},
    Likeness.DOT: {Likeness.PREFIX},
    Likeness.UNDERSCORE: {Likeness.SUFFIX},
    Likeness.BACKQUOTE: {Likeness.SUFFIX},
    Likeness.HTTP: {Likeness.PREFIX},
    Likeness.PORT: {Likeness.SUFFIX_NO_DOT},
    Likeness.SUBDOMAIN: {Likeness.PREFIX, Likeness.PREFIX_OF_HOST},
    Likeness.SIBLING: {Likeness.PREFIX},
    Likeness.TRAILING: {
        Likeness.SUFFIX,
        Likeness.SUFFIX_NO_DOT,
        Likeness.LONGER_PORT,
        Likeness.UNDERSCORE,
        Likeness.BACKQUOTE,
    },
    Likeness.EMBEDDED: {Likeness.PREFIX, Likeness.PREFIX_OF_HOST},
}

#: No browser sends these; they show how the server compares.
_NEVER_SENT = {Likeness.CASE, Likeness.TRAILING, Likeness.EMBEDDED}

_FIXED_REACH = {
    Likeness.UNRELATED: Reach.ANYONE,
    Likeness.NULL: Reach.ANYONE,
    Likeness.HTTP: Reach.NETWORK,
    Likeness.LONGER_PORT: Reach.SITE,
    Likeness.PORT: Reach.PATTERN,
    Likeness.SUBDOMAIN: Reach.PATTERN,
    Likeness.SIBLING: Reach.PATTERN,
    Likeness.CASE: Reach.HARMLESS,
    Likeness.TRAILING: Reach.UNSENT,
    Likeness.EMBEDDED: Reach.UNSENT,
}


@dataclass(frozen=True, slots=True)
class Stranger:
    """An origin that resembles the right one.

    :ivar value: sent as ``Origin``.
    :ivar origin: parsed, or ``None`` if no browser ever sends the value.
    """

    likeness: Likeness
    value: str
    reach: Reach
    origin: Origin | None

    @property
    def kind(self) -> Kind:
        """The kind of finding if it is taken for an allowed origin."""
        return KINDS[self.likeness]


def stranger_to(url: URL, origin: str) -> str:
    """Return an origin that the server cannot know, with the scheme of the URL to avoid mixed content."""
    strangers = (f"{url.scheme}://{host}" for host in _UNRELATED)
    return next(stranger for stranger in strangers if stranger != origin)


def derive(origin: str, server: str = "") -> tuple[Stranger, ...]:
    """Return the strangers, the unrelated one first.

    Values that a URL parser refuses, such as a subdomain of an IP address, are left out.

    :param origin: serialized, or ``"null"``.
    :param server: the origin of the audited server, which is not a stranger to itself.
    """
    own = parse_origin(origin)
    known = {origin, server}
    strangers: dict[str, Stranger] = {}
    for likeness, value in _values(origin, own, known):
        parsed = _parsed(value)
        if value not in known | strangers.keys() and (parsed is None) == (likeness in _NEVER_SENT):
            strangers[value] = Stranger(likeness, value, _reach(likeness, parsed, own), parsed)
    return tuple(strangers.values())


def _values(origin: str, own: Origin, known: set[str]) -> Iterator[tuple[Likeness, str]]:
    # rfc2606#section-2: names that nobody can register.
    names = itertools.chain(["evil.example"], (f"hostile{number}.example" for number in itertools.count(1)))
    evil = next(name for name in names if not any(name in each for each in known))
    yield Likeness.UNRELATED, f"https://{evil}"
    yield Likeness.NULL, "null"
    if own.is_opaque:
        return
    scheme, _, netloc = origin.partition("://")
    host, port = own.host, netloc[len(own.host) :]
    domain = registrable_domain(own) or host
    subdomains = host[: len(host) - len(domain)]
    yield Likeness.SUFFIX, f"{scheme}://{host}.{evil}{port}"
    yield Likeness.SUFFIX_NO_DOT, f"{scheme}://{host}{evil}{port}"
    if port:
        yield Likeness.LONGER_PORT, f"{origin}0"
    yield Likeness.PREFIX, f"{scheme}://evil{domain}{port}"
    yield Likeness.PREFIX_OF_HOST, f"{scheme}://evil{host}{port}"
    yield Likeness.DOT, f"{scheme}://{subdomains[:-1]}x{domain}{port}" if subdomains else origin
    yield Likeness.DOT_OF_DOMAIN, f"{scheme}://{subdomains}{domain.replace('.', 'x', 1)}{port}"
    yield Likeness.UNDERSCORE, f"{scheme}://{host}_.{evil}{port}"
    yield Likeness.BACKQUOTE, f"{scheme}://{host}`.{evil}{port}"
    if scheme == "https":
        yield Likeness.HTTP, f"http://{netloc}"
    ports = (f"{scheme}://{host}:{number}" for number in _PORTS)
    yield Likeness.PORT, next(value for value in ports if value not in known)
    yield Likeness.SUBDOMAIN, f"{scheme}://evil.{netloc}"
    yield Likeness.SIBLING, f"{scheme}://evil.{domain}{port}"
    yield Likeness.CASE, origin.upper()
    yield Likeness.TRAILING, f"{origin}/.{evil}"
    yield Likeness.EMBEDDED, f"{scheme}://{evil}/.{netloc}"


def _parsed(value: str) -> Origin | None:
    try:
        return parse_origin(value)
    except ValueError:
        return None


def _reach(likeness: Likeness, stranger: Origin | None, own: Origin) -> Reach:
    if likeness in _FIXED_REACH:
        return _FIXED_REACH[likeness]
    domain = None if stranger is None else registrable_domain(stranger)
    # Under a suffix of one label ("com") nobody can register the name, but the comparison is just as careless.
    if domain is None or (likeness is Likeness.DOT_OF_DOMAIN and (registrable_domain(own) or "").count(".") == 1):
        return Reach.NOBODY
    return Reach.SITE if domain == registrable_domain(own) else Reach.ANYONE
