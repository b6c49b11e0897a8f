"""The origins that a careless comparison takes for a given one; what a server makes of them is asked elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

from corswsgi.browser.urls import Origin, parse_origin, registrable_domain
from corswsgi.checker.findings import Code, Severity

_PORTS = ("8443", "8444", "8445")


@unique
class Reach(StrEnum):
    """Who can have a page of an origin."""

    ANYONE = "anyone"  # who registers the name, or makes a page sandboxed
    NETWORK = "network"  # who sits between the user and the site
    SITE = "site"  # who has another host or port of the same site
    PATTERN = "pattern"  # the same, where it may well be meant
    NOBODY = "nobody"  # today no name like that can be had
    UNSENT = "unsent"  # no browser sends such a value
    HARMLESS = "harmless"  # nor would it be another's if one did


#: What it weighs that such a page can read: with credentials, and without. Without them nobody reads what curl
#: would not get too, except from inside a network.
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
class Kind(StrEnum):
    """How a stranger is made from the origin that is meant; the values are words for people."""

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


#: What is wrong where a server takes such a stranger for an origin that it allows.
CODES = {
    Kind.UNRELATED: Code.ANY_ORIGIN_CREDENTIALS,
    Kind.NULL: Code.NULL_ORIGIN,
    Kind.SUFFIX: Code.ORIGIN_SUFFIX,
    Kind.SUFFIX_NO_DOT: Code.ORIGIN_SUFFIX,
    Kind.LONGER_PORT: Code.ORIGIN_SUFFIX,
    Kind.PREFIX: Code.ORIGIN_PREFIX,
    Kind.PREFIX_OF_HOST: Code.ORIGIN_PREFIX,
    Kind.DOT: Code.ORIGIN_DOT,
    Kind.DOT_OF_DOMAIN: Code.ORIGIN_DOT,
    Kind.UNDERSCORE: Code.ORIGIN_SPECIAL_CHARACTER,
    Kind.BACKQUOTE: Code.ORIGIN_SPECIAL_CHARACTER,
    Kind.HTTP: Code.ORIGIN_HTTP,
    Kind.PORT: Code.ORIGIN_PORT,
    Kind.SUBDOMAIN: Code.ORIGIN_SUBDOMAIN,
    Kind.SIBLING: Code.ORIGIN_SUBDOMAIN,
    Kind.CASE: Code.ORIGIN_CASE,
    Kind.TRAILING: Code.ORIGIN_TRAILING,
    Kind.EMBEDDED: Code.ORIGIN_EMBEDDED,
}

#: Whose acceptance says nothing more where one of these is accepted too.
IMPLIED_BY = {
    Kind.PREFIX_OF_HOST: {Kind.SIBLING},
    Kind.DOT: {Kind.PREFIX},
    Kind.UNDERSCORE: {Kind.SUFFIX},
    Kind.BACKQUOTE: {Kind.SUFFIX},
    Kind.HTTP: {Kind.PREFIX},
    Kind.PORT: {Kind.SUFFIX_NO_DOT},
    Kind.SUBDOMAIN: {Kind.PREFIX, Kind.PREFIX_OF_HOST},
    Kind.SIBLING: {Kind.PREFIX},
    Kind.TRAILING: {Kind.SUFFIX, Kind.SUFFIX_NO_DOT, Kind.LONGER_PORT, Kind.UNDERSCORE, Kind.BACKQUOTE},
    Kind.EMBEDDED: {Kind.PREFIX, Kind.PREFIX_OF_HOST},
}

#: These no browser sends; they show how the comparison is made.
_NEVER_SENT = {Kind.CASE, Kind.TRAILING, Kind.EMBEDDED}

_FIXED_REACH = {
    Kind.UNRELATED: Reach.ANYONE,
    Kind.NULL: Reach.ANYONE,
    Kind.HTTP: Reach.NETWORK,
    Kind.LONGER_PORT: Reach.SITE,
    Kind.PORT: Reach.PATTERN,
    Kind.SUBDOMAIN: Reach.PATTERN,
    Kind.SIBLING: Reach.PATTERN,
    Kind.CASE: Reach.HARMLESS,
    Kind.TRAILING: Reach.UNSENT,
    Kind.EMBEDDED: Reach.UNSENT,
}


@dataclass(frozen=True, slots=True)
class Stranger:
    """An origin that is not the one which is meant.

    :ivar value: what is sent as ``Origin``.
    :ivar origin: parsed, or ``None`` where no browser ever sends the value.
    """

    kind: Kind
    value: str
    reach: Reach
    origin: Origin | None

    @property
    def code(self) -> Code:
        """What is wrong if it is taken for an origin that is allowed."""
        return CODES[self.kind]


def derive(origin: str, server: str = "") -> tuple[Stranger, ...]:
    """Return the strangers, the unrelated one first.

    What a URL parser refuses for this origin, such as a subdomain of an address, is left out.

    :param origin: serialized, or ``"null"``.
    :param server: the origin of what is audited, which is no stranger to itself.
    """
    own = parse_origin(origin)
    known = {origin, server}
    strangers: dict[str, Stranger] = {}
    for kind, value in _values(origin, own, known):
        parsed = _parsed(value)
        if value not in known | strangers.keys() and (parsed is None) == (kind in _NEVER_SENT):
            strangers[value] = Stranger(kind, value, _reach(kind, parsed, own), parsed)
    return tuple(strangers.values())


def _values(origin: str, own: Origin, known: set[str]) -> Iterator[tuple[Kind, str]]:
    # rfc2606#section-2: nobody's names.
    names = itertools.chain(["evil.example"], (f"hostile{number}.example" for number in itertools.count(1)))
    evil = next(name for name in names if not any(name in each for each in known))
    yield Kind.UNRELATED, f"https://{evil}"
    yield Kind.NULL, "null"
    if own.is_opaque:
        return
    scheme, _, netloc = origin.partition("://")
    host, port = own.host, netloc[len(own.host) :]
    domain = registrable_domain(own) or host
    subdomains = host[: len(host) - len(domain)]
    yield Kind.SUFFIX, f"{scheme}://{host}.{evil}{port}"
    yield Kind.SUFFIX_NO_DOT, f"{scheme}://{host}{evil}{port}"
    if port:
        yield Kind.LONGER_PORT, f"{origin}0"
    yield Kind.PREFIX, f"{scheme}://evil{domain}{port}"
    yield Kind.PREFIX_OF_HOST, f"{scheme}://evil{host}{port}"
    yield Kind.DOT, f"{scheme}://{subdomains[:-1]}x{domain}{port}" if subdomains else origin
    yield Kind.DOT_OF_DOMAIN, f"{scheme}://{subdomains}{domain.replace('.', 'x', 1)}{port}"
    yield Kind.UNDERSCORE, f"{scheme}://{host}_.{evil}{port}"
    yield Kind.BACKQUOTE, f"{scheme}://{host}`.{evil}{port}"
    if scheme == "https":
        yield Kind.HTTP, f"http://{netloc}"
    ports = (f"{scheme}://{host}:{number}" for number in _PORTS)
    yield Kind.PORT, next(value for value in ports if value not in known)
    yield Kind.SUBDOMAIN, f"{scheme}://evil.{netloc}"
    yield Kind.SIBLING, f"{scheme}://evil.{domain}{port}"
    yield Kind.CASE, origin.upper()
    yield Kind.TRAILING, f"{origin}/.{evil}"
    yield Kind.EMBEDDED, f"{scheme}://{evil}/.{netloc}"


def _parsed(value: str) -> Origin | None:
    try:
        return parse_origin(value)
    except ValueError:
        return None


def _reach(kind: Kind, stranger: Origin | None, own: Origin) -> Reach:
    if kind in _FIXED_REACH:
        return _FIXED_REACH[kind]
    domain = None if stranger is None else registrable_domain(stranger)
    # Under a suffix of one label ("com") nobody can have the name, though the comparison is as careless.
    if domain is None or (kind is Kind.DOT_OF_DOMAIN and (registrable_domain(own) or "").count(".") == 1):
        return Reach.NOBODY
    return Reach.SITE if domain == registrable_domain(own) else Reach.ANYONE
