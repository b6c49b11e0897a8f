"""Serialized origins, origin patterns, and the matcher over many of them; what they may do is decided elsewhere."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Self

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.fetch import DEFAULT_PORTS

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

#: The option that origins come from; a Problem names it.
OPTION = "allow_origins"

#: HTML, "serialization of an origin": what an opaque origin is written as.
OPAQUE = "null"

#: Pages of these schemes have an opaque origin, or another page's: no browser writes an origin with one of them.
_OPAQUE_SCHEMES = ("about", "blob", "data", "file", "javascript")

_MAX_HOST = 253
_MAX_ORIGIN = 64 + len("://") + _MAX_HOST + len(".:65535")

# fetch#origin-header: serialized-origin = serialized-scheme "://" serialized-host [ ":" serialized-port ]
# A label may hold "_", and a host may end in a dot: browsers do send both, though that grammar is narrower.
_SCHEME = r"[a-z][a-z0-9+.-]{0,63}"
_LABEL = r"[a-z0-9_-]{1,63}"
_DOMAIN = rf"(?:{_LABEL}\.)*{_LABEL}\.?"
_SERIALIZED_ORIGIN = re.compile(rf"({_SCHEME})://(\[[0-9a-f:]+\]|{_DOMAIN})(?::([1-9][0-9]{{0,4}}))?")

# url#concept-host-parser: a host whose last label is a number is an IPv4 address or an error.
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?", re.DOTALL)
_OCTET = r"(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")


class Origin(NamedTuple):
    """A tuple origin. ``port`` is ``""`` where the scheme's own port is meant, as browsers never write that one out."""

    scheme: str
    host: str
    port: str


def parse_origin(text: str) -> Origin | None:
    """Return the parts of a well-formed serialized origin, or ``None`` for everything else, ``null`` among it.

    Nothing is folded, trimmed or corrected: what a browser would have written differently is not well-formed
    (fetch#origin-header).
    """
    match = _SERIALIZED_ORIGIN.fullmatch(text) if len(text) <= _MAX_ORIGIN else None
    if match is None:
        return None
    scheme, host, port = match.groups("")
    if scheme in _OPAQUE_SCHEMES:
        return None
    if port and (int(port) > 65535 or port == DEFAULT_PORTS.get(scheme)):
        return None
    if host[0] == "[":
        return Origin(scheme, host, port) if host == serialize_ipv6(host[1:-1]) else None
    if len(host.removesuffix(".")) > _MAX_HOST:
        return None
    if _ENDS_IN_NUMBER.fullmatch(host) and not _IPV4.fullmatch(host):
        return None
    return Origin(scheme, host, port)


def is_this_machine(host: str) -> bool:
    """Tell whether a serialized host is loopback: ``localhost``, a name below it, 127.0.0.0/8 or ``[::1]``."""
    name = host.removesuffix(".")
    return (
        name == "localhost"
        or name.endswith(".localhost")
        or host == "[::1]"
        or (_IPV4.fullmatch(host) is not None and host.startswith("127."))
    )


def serialize_ipv6(text: str) -> str | None:
    """Return an IPv6 address in brackets as browsers write it (url#concept-ipv6-serializer), or ``None`` if it is none.

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


def serialize_ipv4(text: str) -> str | None:
    """Return the four decimal numbers that browsers make of ``0177.1`` (url#concept-ipv4-parser), or ``None``."""
    parts = text.removesuffix(".").split(".")
    numbers = []
    for part in parts:
        digits = part.lower()
        base = 16 if digits.startswith("0x") else 8 if len(digits) > 1 and digits.startswith("0") else 10
        digits = digits[2:] or "0" if base == 16 else digits
        if not re.fullmatch({16: "[0-9a-f]+", 8: "[0-7]+", 10: "[0-9]+"}[base], digits):
            return None
        numbers.append(int(digits, base))
    if len(numbers) > 4 or max(numbers[:-1], default=0) > 255 or numbers[-1] >= 256 ** (5 - len(numbers)):
        return None
    address = numbers[-1] + sum(number << 8 * (3 - place) for place, number in enumerate(numbers[:-1]))
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def to_a_labels(host: str) -> str | None:
    """Return a non-ASCII host in A-labels (``faß.de`` is ``xn--fa-hia.de``); ``None`` where that takes the full tables.

    UTS 46, non-transitional, for plain letters and digits written from left to right; the ``idna`` codec of the
    standard library would give ``fass.de``.
    """
    from unicodedata import normalize  # read only where a host is not ASCII

    labels = [normalize("NFKC", label.lower()).lower() for label in host.split(".")]
    # lower() and NFKC make a final sigma of letters that UTS 46 maps to the other one.
    if ".".join(labels).count("ς") != host.count("ς"):
        return None
    if not all(re.fullmatch("[a-z0-9_-]", each) or _is_plain(each) for label in labels for each in label):
        return None
    return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in labels)


def _is_plain(character: str) -> bool:
    """Tell whether UTS 46 takes a non-ASCII character as it is, and in any place of a label."""
    import unicodedata

    return (
        not character.isascii()
        and unicodedata.category(character) in ("Ll", "Lo", "Lm", "Nd")
        and unicodedata.bidirectional(character) in ("L", "EN")
        and unicodedata.normalize("NFKC", character) == character
        and (character.casefold() == character or character in "ßς")
        and "FILLER" not in unicodedata.name(character, "")
    )


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
    def parse(cls, text: str) -> Self:
        """Return the pattern that ``text`` stands for.

        :raises PolicyError: with every fault of ``text``, and what it should have been where that can be known.
        """
        pattern = cls._parse_well_formed(text)
        if pattern is None or not _is_acceptable(text):
            raise PolicyError(_problems(text))
        return pattern

    @classmethod
    def _parse_well_formed(cls, text: str) -> Self | None:
        plain = text.removesuffix(":*")
        any_port = plain != text
        scheme, separator, authority = plain.partition("://*.")
        subdomains = bool(separator)
        origin = parse_origin(f"{scheme}://{authority}") if subdomains else parse_origin(plain)
        if origin is None or (any_port and origin.port):
            return None
        # The shortest name that could match has one label of one character, and a dot, before the rest.
        if subdomains and (_is_ip(origin.host) or len(origin.host.removesuffix(".")) > _MAX_HOST - 2):
            return None
        return cls(origin.scheme, origin.host, "*" if any_port else origin.port, subdomains)

    def __str__(self) -> str:
        wildcard = "*." if self.subdomains else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{wildcard}{self.host}{port}"

    @property
    def has_wildcard(self) -> bool:
        """Whether it stands for more than one origin."""
        return self.subdomains or self.port == "*"

    @property
    def is_insecure(self) -> bool:
        """Whether someone on the network path can speak as such an origin: ``http`` from another machine."""
        return self.scheme == "http" and not is_this_machine(self.host)

    @property
    def covers_public_suffix(self) -> bool:
        """Whether strangers can register names that match, as below ``github.io``, ``com`` or ``amazonaws.com``."""
        name = self.host.removesuffix(".")
        return self.subdomains and (name in _above_public_suffixes() or _is_public_suffix(name))


class OriginMatcher:
    """The set of origins that any number of patterns and regular expressions allow.

    ``origin in matcher`` costs one look-up for exact origins, however many there are, and for subdomain
    patterns at most one more for each label of the host. The set is exactly the union of what its members
    allow.
    """

    __slots__ = ("_any_port", "_known", "_regexes", "_subdomains", "exact", "is_exact")

    #: How many origins at most are remembered.
    MAX_KNOWN = 1024

    def __init__(
        self,
        exact: Iterable[str] = (),
        patterns: Iterable[OriginPattern] = (),
        regexes: Iterable[re.Pattern[str]] = (),
    ) -> None:
        """Build the matcher.

        :param exact: well-formed serialized origins, and ``null``.
        :param patterns: the entries with a ``*`` in them.
        :param regexes: are asked last, about well-formed serialized origins only, and must match the whole of one.
        """
        self.exact = frozenset(exact)
        self._any_port: set[tuple[str, str]] = set()
        self._subdomains: dict[str, set[tuple[str, str]]] = {}
        for pattern in patterns:
            if pattern.subdomains:
                self._subdomains.setdefault(pattern.host, set()).add((pattern.scheme, pattern.port))
            else:
                self._any_port.add((pattern.scheme, pattern.host))
        self._regexes = tuple(regexes)
        #: Whether set membership in :attr:`exact` is the whole of it.
        self.is_exact = not (self._any_port or self._subdomains or self._regexes)
        # Origins that a pattern or a regular expression has allowed, so that each is taken apart only once.
        self._known: set[str] = set()

    def __contains__(self, origin: str) -> bool:
        if origin in self.exact or origin in self._known:
            return True
        if self.is_exact or len(origin) > _MAX_ORIGIN:
            return False
        # A stranger is recognised before it is known whether the origin is well-formed, which takes longer to find out.
        scheme, _, host = origin.partition("://")
        port = ""
        if ":" in host:
            host, port = _split_port(host)
            port = port.removeprefix(":")
        if self._is_covered(scheme, host, port):
            matched = parse_origin(origin) == (scheme, host, port)
        else:
            matched = bool(self._regexes) and self._is_regular(origin)
        if matched:
            if len(self._known) >= self.MAX_KNOWN:
                self._known.clear()
            self._known.add(origin)
        return matched

    def _is_covered(self, scheme: str, host: str, port: str) -> bool:
        """Tell whether a pattern allows what has these parts, if it is an origin at all."""
        if self._subdomains:
            dot = host.find(".") + 1
            while dot:
                rules = self._subdomains.get(host[dot:])
                if rules is not None and ((scheme, port) in rules or (scheme, "*") in rules):
                    return True
                dot = host.find(".", dot) + 1
        return bool(self._any_port) and (scheme, host) in self._any_port

    def _is_regular(self, origin: str) -> bool:
        return parse_origin(origin) is not None and any(regex.fullmatch(origin) for regex in self._regexes)


@cache
def _public_suffix_list() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # reads a large file: only where a policy needs it

    return PublicSuffixList()


def _is_public_suffix(name: str) -> bool:
    return _public_suffix_list().publicsuffix(name, accept_unknown=False) == name


@cache
def _above_public_suffixes() -> frozenset[str]:
    """Return all names below which the list has a public suffix, as ``amazonaws.com`` has ``s3.amazonaws.com``."""
    from publicsuffixlist import PSLFILE, encode_idn

    above: set[str] = set()
    with open(PSLFILE, encoding="utf-8") as lines:
        rules = [line.partition("//")[0].strip() for line in lines]
    for rule in rules:
        if rule and not rule.startswith("!"):
            labels = (rule if rule.isascii() else encode_idn(rule)).split(".")
            above.update(".".join(labels[start:]) for start in range(1, len(labels)))
    return frozenset(above)


def _is_ip(host: str) -> bool:
    return host[0] == "[" or _IPV4.fullmatch(host) is not None


def _is_invalid_a_label(label: str) -> bool:
    """Tell whether ``label`` is announced as Punycode and is none; no browser loads a page from such a host."""
    if not label.startswith("xn--"):
        return False
    try:
        return label[4:].encode("ascii").decode("punycode").isascii()
    except UnicodeError:
        return True


def _is_acceptable(text: str) -> bool:
    pattern = OriginPattern._parse_well_formed(text)
    return text == OPAQUE or (pattern is not None and not any(map(_is_invalid_a_label, pattern.host.split("."))))


#: A kind of fault, and the clause that explains it.
_Complaint = tuple[Fault, str]


def _problems(text: str) -> list[Problem]:
    """Return every fault of a string that is no origin and no pattern, each with the whole corrected value."""
    complaints, corrected = _diagnose(text)
    return [
        Problem(fault, OPTION, text, f"{quote(text)} is not an origin as browsers write it: {clause}", corrected)
        for fault, clause in complaints
    ]


def _diagnose(text: str) -> tuple[list[_Complaint], str | list[str] | None]:
    """Return what is wrong with ``text``, and what would be right; where that is given, it is acceptable itself."""
    stripped = text.strip()
    if not stripped:
        return [(Fault.ORIGIN_EMPTY, "it is empty")], None
    if stripped == "*":
        return [(Fault.ORIGIN_WHITESPACE, "it has white space around it")], stripped
    if match := re.match(f"({'|'.join(_OPAQUE_SCHEMES)}):", stripped, re.IGNORECASE):
        return [
            (
                Fault.ORIGIN_OPAQUE,
                f'no origin starts with {match[0].lower()}; most such pages have an opaque origin, written "null"',
            )
        ], None
    if re.search(r"[\s,;]", stripped):
        return [(Fault.ORIGIN_LIST, "each origin stands in a string of its own, in a list")], _correct_list(stripped)
    complaints = [] if stripped == text else [(Fault.ORIGIN_WHITESPACE, "it has white space around it")]
    if text == OPAQUE:
        return [(Fault.ORIGIN_OPAQUE, "it is what many pages have in common, and no pattern")], None
    if stripped.lower() == OPAQUE:
        if stripped != OPAQUE:
            complaints.append((Fault.ORIGIN_NULL_CASE, '"null" is written in lower case'))
        return complaints, OPAQUE
    is_plain = True
    if match := re.fullmatch("(https?|wss?)[:/]+((?:https?|wss?)://.+)", stripped, re.IGNORECASE):
        complaints.append((Fault.ORIGIN_MALFORMED, "it has two schemes"))
        stripped = match[2]
    elif match := re.fullmatch("(https?|wss?)[:/]+(.+)", stripped, re.IGNORECASE) if "://" not in stripped else None:
        complaints.append((Fault.ORIGIN_MALFORMED, 'a scheme is followed by "://"'))
        stripped = f"{match[1]}://{match[2]}"
    elif "://" not in stripped:
        complaints.append((Fault.ORIGIN_SCHEME_MISSING, "it has no scheme"))
        stripped, is_plain = _add_scheme(stripped)
    if _is_acceptable(stripped):
        return complaints, stripped if is_plain else None
    more, corrected = _diagnose_url(stripped)
    is_plain = is_plain and corrected is not None and _is_acceptable(corrected)
    return complaints + more, corrected if is_plain else None


def _correct_list(text: str) -> list[str] | None:
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    if len({"://" in part for part in parts}) != 1:  # a stray space in one origin, more likely than a list
        return None
    corrected = []
    for part in parts:
        fixed = part if _is_acceptable(part) else _diagnose(part)[1]
        if not isinstance(fixed, str):
            return None
        corrected.append(fixed)
    return corrected


def _add_scheme(text: str) -> tuple[str, bool]:
    """Return ``text`` with the scheme that it most likely lacks, and whether it is plain that a host was meant."""
    bare = text.removeprefix("//")
    host = re.split("[:/]", bare.removeprefix("*."))[0].lower()
    is_local = is_this_machine(host)
    # Pages on this machine are mostly served over http, all others over https. A word alone may mean anything.
    return f"{'http' if is_local else 'https'}://{bare}", is_local or bool(re.search("[.:]", bare))


def _diagnose_url(text: str) -> tuple[list[_Complaint], str | None]:
    scheme, _, rest = text.partition("://")
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    tail = rest[len(authority) :]
    _, at, authority = authority.rpartition("@")
    host, port = _split_port(authority)
    complaints: list[_Complaint] = []
    if "*" in scheme:
        complaints.append((Fault.ORIGIN_WILDCARD, "a scheme has no wildcard; list an origin for each scheme"))
    elif not re.fullmatch(_SCHEME, scheme, re.IGNORECASE | re.ASCII):
        complaints.append((Fault.ORIGIN_SCHEME_INVALID, f"{quote(scheme)} is not a scheme"))
    if at:
        complaints.append((Fault.ORIGIN_USERINFO, "an origin has no user name and no password"))
    if re.search("[A-Z]", scheme + host):
        complaints.append((Fault.ORIGIN_UPPER_CASE, "scheme and host are written in lower case"))
    scheme = scheme.lower()
    host_complaints, fixed_host = _correct_host(host)
    port_complaints, fixed_port = _correct_port(scheme, port)
    complaints += [*host_complaints, *port_complaints, *_complain_of_tail(tail)]
    if fixed_host is None or fixed_port is None:
        return complaints, None
    return complaints, f"{scheme}://{fixed_host}{fixed_port}"


def _split_port(authority: str) -> tuple[str, str]:
    """Return the host, and the port with its colon; without brackets an IPv6 address is split before its end."""
    end = authority.rfind("]") + 1
    colon = authority.rfind(":", end)
    return (authority, "") if colon < 0 else (authority[:colon], authority[colon:])


def _correct_host(host: str) -> tuple[list[_Complaint], str | None]:
    wildcard = "*." if host.startswith("*.") else ""
    host = host.removeprefix("*.")
    if "*" in host:
        return [
            (
                Fault.ORIGIN_WILDCARD,
                'in a host "*" may only stand for whole labels at its beginning, as in "*.example.com"',
            )
        ], None
    complaints: list[_Complaint] = []
    if not host.isascii():
        a_labels = to_a_labels(host)
        complaints.append(
            (Fault.ORIGIN_HOST_NON_ASCII, "browsers write non-ASCII hosts in their ASCII form (A-labels)")
        )
        if a_labels is None:
            return complaints, None
        host = a_labels
    host = host.lower()
    if host.startswith("[") or ":" in host:
        serialized = serialize_ipv6(host[1:].removesuffix("]") if host.startswith("[") else host)
        if serialized != host:
            complaints.append(
                (Fault.ORIGIN_IPV6, "browsers write IPv6 addresses in brackets, compressed, and without a zone")
            )
        host = serialized or ""
    elif _ENDS_IN_NUMBER.fullmatch(host):
        serialized = serialize_ipv4(host)
        if serialized != host:
            complaints.append((Fault.ORIGIN_IPV4, "browsers write IPv4 addresses as four decimal numbers"))
        host = serialized or ""
    else:
        complaints += _complain_of_domain(host, len(wildcard))
        return complaints, wildcard + host
    if wildcard:
        complaints.append((Fault.ORIGIN_WILDCARD, "an IP address has no subdomains"))
        return complaints, None
    return complaints, host or None


def _complain_of_domain(host: str, wildcard_length: int) -> Iterator[_Complaint]:
    labels = host.removesuffix(".").split(".")
    if not re.fullmatch(r"[a-z0-9_.-]*", host):
        yield Fault.ORIGIN_HOST_INVALID, "a host is made of letters, digits, hyphens, underscores and dots"
    elif "" in labels:
        yield Fault.ORIGIN_HOST_INVALID, "the host, or a label of it, is empty"
    if max(map(len, labels)) > 63 or len(host.removesuffix(".")) + wildcard_length > _MAX_HOST:
        yield Fault.ORIGIN_HOST_TOO_LONG, "a host has at most 253 characters, and each label at most 63"
    if any(map(_is_invalid_a_label, labels)):
        yield Fault.ORIGIN_PUNYCODE_INVALID, 'a label that starts with "xn--" is not valid Punycode'


def _correct_port(scheme: str, port: str) -> tuple[list[_Complaint], str | None]:
    """Return the faults of ``port``, which is empty or starts with a colon, and the corrected port in the same form."""
    digits = port.removeprefix(":")
    if port in ("", ":*"):
        return [], port
    if not digits:
        return [(Fault.ORIGIN_PORT_INVALID, "a colon is followed by a port")], ""
    number = digits.lstrip("0")
    if not re.fullmatch("[0-9]+", digits) or not number or len(number) > 5 or int(number) > 65535:
        return [(Fault.ORIGIN_PORT_INVALID, 'a port is a number from 1 to 65535, or "*" for any')], None
    complaints: list[_Complaint] = []
    if number != digits:
        complaints.append((Fault.ORIGIN_PORT_INVALID, "a port has no leading zeros"))
    if number == DEFAULT_PORTS.get(scheme):
        complaints.append(
            (Fault.ORIGIN_PORT_DEFAULT, f"browsers leave out port {number}, which {scheme} has by itself")
        )
        return complaints, ""
    return complaints, f":{number}"


def _complain_of_tail(tail: str) -> Iterator[_Complaint]:
    path = re.split("[?#]", tail)[0]
    if path == "/":
        yield Fault.ORIGIN_TRAILING_SLASH, "an origin does not end in a slash"
    elif path:
        yield Fault.ORIGIN_PATH, "an origin has no path"
    if "?" in tail.partition("#")[0]:
        yield Fault.ORIGIN_QUERY, "an origin has no query"
    if "#" in tail:
        yield Fault.ORIGIN_FRAGMENT, "an origin has no fragment"
