"""Serialized origins, origin patterns, and the matcher over many of them; :mod:`corswsgi.corrections` finds faults."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple, Self

from corswsgi.fetch import DEFAULT_PORTS

#: HTML, "serialization of an origin": how an opaque origin is written.
OPAQUE = "null"

#: Pages with these schemes have an opaque origin or that of another page; no browser sends an origin with them.
OPAQUE_SCHEMES = ("about", "blob", "data", "file", "javascript")

#: The most characters of a host, without a dot at its end.
MAX_HOST = 253
_MAX_ORIGIN = 64 + len("://") + MAX_HOST + len(".:65535")

# fetch#origin-header: serialized-origin = serialized-scheme "://" serialized-host [ ":" serialized-port ]
# A label may hold "_", and a host may end in a dot: browsers send both, although that grammar forbids them.
SCHEME = r"[a-z][a-z0-9+.-]{0,63}"
LABEL = r"[a-z0-9_-]{1,63}"
DOMAIN = rf"(?:{LABEL}\.)*{LABEL}\.?"
_SERIALIZED_ORIGIN = re.compile(rf"({SCHEME})://(\[[0-9a-f:]+\]|{DOMAIN})(?::([1-9][0-9]{{0,4}}))?")

# url#concept-host-parser: a host whose last label is a number is an IPv4 address or an error.
ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?", re.DOTALL)
_OCTET = r"(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")


class Origin(NamedTuple):
    """A tuple origin. ``port`` is ``""`` for the default port of the scheme, which browsers never write out."""

    scheme: str
    host: str
    port: str


def parse_origin(text: str) -> Origin | None:
    """Return the parts of a well-formed serialized origin, or ``None`` for everything else, including ``null``.

    Nothing is normalised: a text that a browser would write differently is not well-formed (fetch#origin-header).
    """
    match = _SERIALIZED_ORIGIN.fullmatch(text) if len(text) <= _MAX_ORIGIN else None
    if match is None:
        return None
    scheme, host, port = match.groups("")
    if scheme in OPAQUE_SCHEMES:
        return None
    if port and (int(port) > 65535 or port == DEFAULT_PORTS.get(scheme)):
        return None
    if host[0] == "[":
        return Origin(scheme, host, port) if host == serialize_ipv6(host[1:-1]) else None
    if len(host.removesuffix(".")) > MAX_HOST:
        return None
    if ENDS_IN_NUMBER.fullmatch(host) and not IPV4.fullmatch(host):
        return None
    return Origin(scheme, host, port)


def is_this_machine(host: str) -> bool:
    """Tell whether a serialized host is loopback: ``localhost``, a name below it, 127.0.0.0/8 or ``[::1]``."""
    name = host.removesuffix(".")
    return (
        name == "localhost"
        or name.endswith(".localhost")
        or host == "[::1]"
        or (IPV4.fullmatch(host) is not None and host.startswith("127."))
    )


def is_insecure(scheme: str, host: str) -> bool:
    """Tell whether anyone on the network path can speak as an origin: ``http`` from another machine."""
    return scheme == "http" and not is_this_machine(host)


def serialize_ipv6(text: str) -> str | None:
    """Return an IPv6 address as browsers write it, in brackets (url#concept-ipv6-serializer); ``None`` for other text.

    Written out here because ``str(ipaddress.IPv6Address)`` gives a dotted tail to mapped addresses from Python 3.13 on.
    """
    try:
        if "%" in text:  # a zone, which no origin has
            return None
        number = int(ipaddress.IPv6Address(text))
    except ValueError:
        return None
    pieces = [f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)]
    # The first of the longest runs of two or more zeros becomes "::".
    runs = sorted(
        (-length, start)
        for start in range(8)
        for length in range(2, 9 - start)
        if pieces[start : start + length] == ["0"] * length
    )
    if not runs:
        return f"[{':'.join(pieces)}]"
    length, start = -runs[0][0], runs[0][1]
    return f"[{':'.join(pieces[:start])}::{':'.join(pieces[start + length :])}]"


class OriginPattern(NamedTuple):
    """One entry of ``allow_origins`` that is a string: an exact origin, or a pattern with ``*`` in its two places.

    :ivar host: the serialized host; for ``https://*.example.com`` what follows ``*.``.
    :ivar port: ``""`` for the scheme's own port, ``"*"`` for any port.
    :ivar subdomains: whether one or more labels must stand before ``host``.
    """

    scheme: str
    host: str
    port: str
    subdomains: bool

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the pattern that ``text`` stands for, or ``None``; :mod:`corswsgi.corrections` says what is wrong."""
        plain = text.removesuffix(":*")
        any_port = plain != text
        scheme, separator, authority = plain.partition("://*.")
        subdomains = bool(separator)
        origin = parse_origin(f"{scheme}://{authority}") if subdomains else parse_origin(plain)
        if origin is None or (any_port and origin.port):
            return None
        # The shortest name that could match has one label of one character, and a dot, before the rest.
        if subdomains and (_is_ip(origin.host) or len(origin.host.removesuffix(".")) > MAX_HOST - 2):
            return None
        if "xn--" in text and any(map(is_invalid_a_label, origin.host.split("."))):
            return None
        return cls(origin.scheme, origin.host, "*" if any_port else origin.port, subdomains)

    def __str__(self) -> str:
        wildcard = "*." if self.subdomains else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{wildcard}{self.host}{port}"

    @property
    def is_insecure(self) -> bool:
        """Whether anyone on the network path can speak as such an origin."""
        return is_insecure(self.scheme, self.host)


class OriginMatcher:
    """The set of origins that any number of patterns and regular expressions allow.

    ``origin in matcher`` costs one look-up for exact origins, however many there are, and for subdomain
    patterns at most one more for each label of the host. The set is exactly the union of what its members
    allow.
    """

    __slots__ = ("_any_port", "_subdomains", "exact", "is_exact", "regexes", "secure_regexes")

    def __init__(
        self,
        exact: Iterable[str] = (),
        patterns: Iterable[OriginPattern] = (),
        regexes: Iterable[re.Pattern[str]] = (),
        *,
        secure_regexes: bool = False,
    ) -> None:
        """Build the matcher.

        :param exact: well-formed serialized origins, and ``null``.
        :param patterns: the entries with a ``*`` in them.
        :param regexes: matched last, against well-formed serialized origins only; each must match a whole origin.
        :param secure_regexes: whether expressions never allow an insecure origin, because the author of the policy may
            not have noticed that they match one.
        """
        self.exact = frozenset(exact)
        self._any_port: set[tuple[str, str]] = set()
        self._subdomains: dict[str, set[tuple[str, str]]] = {}
        for pattern in patterns:
            if pattern.subdomains:
                self._subdomains.setdefault(pattern.host, set()).add((pattern.scheme, pattern.port))
            else:
                self._any_port.add((pattern.scheme, pattern.host))
        self.regexes = tuple(regexes)
        self.secure_regexes = secure_regexes
        #: Whether :attr:`exact` holds every allowed origin.
        self.is_exact = not (self._any_port or self._subdomains or self.regexes)

    def __contains__(self, origin: str) -> bool:
        if origin in self.exact:
            return True
        if self.is_exact or len(origin) > _MAX_ORIGIN:
            return False
        # Parsing takes longer than these look-ups, so most strangers are refused before it.
        scheme, _, host = origin.partition("://")
        port = ""
        if ":" in host:
            host, port = split_port(host)
            port = port.removeprefix(":")
        if self._is_covered(scheme, host, port):
            return parse_origin(origin) == (scheme, host, port)
        return bool(self.regexes) and self._is_regular(origin)

    @property
    def patterns(self) -> list[OriginPattern]:
        """The entries with a ``*`` in them, each once, sorted."""
        ports = [OriginPattern(scheme, host, "*", False) for scheme, host in self._any_port]
        below = [
            OriginPattern(scheme, host, port, True)
            for host, rules in self._subdomains.items()
            for scheme, port in rules
        ]
        return sorted([*ports, *below])

    def _is_covered(self, scheme: str, host: str, port: str) -> bool:
        """Tell whether a pattern allows an origin with these parts; they may still be malformed."""
        if self._subdomains:
            dot = host.find(".") + 1
            while dot:
                rules = self._subdomains.get(host[dot:])
                if rules is not None and ((scheme, port) in rules or (scheme, "*") in rules):
                    return True
                dot = host.find(".", dot) + 1
        return bool(self._any_port) and (scheme, host) in self._any_port

    def _is_regular(self, origin: str) -> bool:
        parts = parse_origin(origin)
        if parts is None or (self.secure_regexes and is_insecure(parts.scheme, parts.host)):
            return False
        return any(regex.fullmatch(origin) for regex in self.regexes)


def split_port(authority: str) -> tuple[str, str]:
    """Return the host, and the port with its colon. An IPv6 address without brackets is split at its last colon."""
    end = authority.rfind("]") + 1
    colon = authority.rfind(":", end)
    return (authority, "") if colon < 0 else (authority[:colon], authority[colon:])


def is_invalid_a_label(label: str) -> bool:
    """Tell whether ``label`` starts with ``xn--`` but is not Punycode; no browser loads a page from such a host."""
    if not label.startswith("xn--"):
        return False
    try:
        return label[4:].encode("ascii").decode("punycode").isascii()
    except UnicodeError:
        return True


def _is_ip(host: str) -> bool:
    return host[0] == "[" or IPV4.fullmatch(host) is not None
