"""What is wrong with a string that is neither an origin nor a pattern, and what was probably meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from corswsgi.errors import Fault, Problem, quote
from corswsgi.fetch import DEFAULT_PORTS
from corswsgi.origins import (
    ENDS_IN_NUMBER,
    MAX_HOST,
    OPAQUE,
    OPAQUE_SCHEMES,
    SCHEME,
    OriginPattern,
    is_invalid_a_label,
    is_this_machine,
    serialize_ipv6,
    split_port,
)

#: A kind of fault, and the clause that explains it.
_Complaint = tuple[Fault, str]

#: What an entry of ``allow_origins`` should have been; ``None`` if that cannot be known.
Correction = str | list[str] | re.Pattern[str] | None

#: Where the next origin begins in a string that holds several: two Python strings without a comma between them.
_NEXT_ORIGIN = re.compile("(?<=.)(?=(?:https?|wss?|capacitor|ionic|(?:chrome|moz|safari-web)-extension)://)")

#: The origins of all extensions of a browser. Their hosts are keys, which have no subdomains.
_EXTENSIONS = {
    "chrome-extension": "chrome-extension://[a-p]{32}",
    "moz-extension": "moz-extension://[0-9a-f-]{36}",
    "safari-web-extension": "safari-web-extension://[0-9a-f-]{36}",
}


def problems_of(option: str, text: str) -> list[Problem]:
    """Return every fault of a string that is neither an origin nor a pattern, each with the whole corrected value."""
    complaints, corrected = _diagnose(text)
    return [
        Problem(fault, option, text, f"{quote(text)} is not an origin as browsers write it: {clause}", corrected)
        for fault, clause in complaints
    ]


def _diagnose(text: str) -> tuple[list[_Complaint], Correction]:
    """Return what is wrong with ``text``, and its correction, which has no fault itself."""
    stripped = text.strip()
    if not stripped:
        return [(Fault.ORIGIN_EMPTY, "it is empty")], None
    if stripped == "*":
        return [(Fault.ORIGIN_WHITESPACE, "it has white space around it")], stripped
    if match := re.match(f"({'|'.join(OPAQUE_SCHEMES)}):", stripped, re.IGNORECASE):
        return [
            (
                Fault.ORIGIN_OPAQUE,
                f'no origin starts with {match[0].lower()}; most such pages have an opaque origin, written "null"',
            )
        ], None
    if re.search(r"[\s,;]", stripped):
        return [(Fault.ORIGIN_LIST, "give each origin as a string of its own, in a list")], _correct_list(stripped)
    complaints = [] if stripped == text else [(Fault.ORIGIN_WHITESPACE, "it has white space around it")]
    if stripped.lower() == OPAQUE:
        if stripped != OPAQUE:
            complaints.append((Fault.ORIGIN_NULL_CASE, '"null" is written in lower case'))
        return complaints, OPAQUE
    parts = _NEXT_ORIGIN.split(stripped)
    if len(parts) > 1 and all(map(_is_acceptable, parts)):
        complaints.append((Fault.ORIGIN_LIST, "it is several origins in a row; a comma between two strings is missing"))
        return complaints, parts
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
    is_plain = is_plain and _is_acceptable(corrected)
    return complaints + more, corrected if is_plain else None


def _correct_list(text: str) -> list[str] | None:
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    if len({"://" in part for part in parts}) != 1:  # more likely a stray space in one origin than a list
        return None
    corrected = []
    for part in parts:
        fixed = part if _is_acceptable(part) else _diagnose(part)[1]
        if not isinstance(fixed, str):
            return None
        corrected.append(fixed)
    return corrected


def _add_scheme(text: str) -> tuple[str, bool]:
    """Return ``text`` with the scheme that is probably missing, and whether a host was clearly meant."""
    bare = text.removeprefix("//")
    host = re.split("[:/]", bare.removeprefix("*."))[0].lower()
    is_local = is_this_machine(host)
    # Pages on this machine are mostly served over http, all others over https. A word alone may mean anything.
    return f"{'http' if is_local else 'https'}://{bare}", is_local or bool(re.search("[.:]", bare))


def _is_acceptable(entry: Correction) -> bool:
    if isinstance(entry, str):
        return entry == OPAQUE or OriginPattern.parse(entry) is not None
    return entry is not None


def _diagnose_url(text: str) -> tuple[list[_Complaint], str | re.Pattern[str] | None]:
    scheme, _, rest = text.partition("://")
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    tail = rest[len(authority) :]
    _, at, authority = authority.rpartition("@")
    host, port = split_port(authority)
    complaints: list[_Complaint] = []
    if "*" in scheme:
        complaints.append((Fault.ORIGIN_WILDCARD, "a scheme has no wildcard; list an origin for each scheme"))
    elif not re.fullmatch(SCHEME, scheme, re.IGNORECASE | re.ASCII):
        complaints.append((Fault.ORIGIN_SCHEME_INVALID, f"{quote(scheme)} is not a scheme"))
    if at:
        complaints.append((Fault.ORIGIN_USERINFO, "an origin has no user name and no password"))
    if re.search("[A-Z]", scheme + host):
        complaints.append((Fault.ORIGIN_UPPER_CASE, "scheme and host are written in lower case"))
    scheme = scheme.lower()
    if "*" in host.removeprefix("*."):
        complaints.append(
            (
                Fault.ORIGIN_WILDCARD,
                'in a host, "*" can only stand for whole labels at the start, as in "*.example.com"; '
                "for anything else, use a regular expression",
            )
        )
        complaints += _complain_of_tail(tail)
        return complaints, _expression(scheme, host.lower(), port)
    host_complaints, fixed_host = _correct_host(host)
    port_complaints, fixed_port = _correct_port(scheme, port)
    complaints += [*host_complaints, *port_complaints, *_complain_of_tail(tail)]
    if fixed_host is None or fixed_port is None:
        return complaints, None
    return complaints, f"{scheme}://{fixed_host}{fixed_port}"


def _expression(scheme: str, host: str, port: str) -> str | re.Pattern[str] | None:
    """Return the pattern or regular expression that an origin with wildcards inside its host was meant to be."""
    host = re.sub(r"\*+", "*", host)
    if _is_acceptable(f"{scheme}://{host}{port}"):
        return f"{scheme}://{host}{port}"
    if host == "*":
        return re.compile(_EXTENSIONS[scheme]) if scheme in _EXTENSIONS else None
    *_, domain = host.rpartition("*")
    # At least two labels must be fixed: "https://example.*" and "https://pr-*.com" would let strangers in.
    if not re.fullmatch(r"[a-z0-9-]*(?:\.[a-z0-9-]+){2,}", domain) or not re.fullmatch("[a-z0-9.*-]+", host):
        return None
    if not re.fullmatch(SCHEME, scheme) or _correct_port(scheme, port) != ([], port):
        return None
    labels = "[a-z0-9-]+".join(map(re.escape, host.split("*")))
    numbers = "(?::[0-9]+)?" if port == ":*" else port
    return re.compile(f"{re.escape(scheme)}://{labels}{numbers}".replace(r"\-", "-"))


def _correct_host(host: str) -> tuple[list[_Complaint], str | None]:
    wildcard = "*." if host.startswith("*.") else ""
    host = host.removeprefix("*.")
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
    elif ENDS_IN_NUMBER.fullmatch(host):
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
    if max(map(len, labels)) > 63 or len(host.removesuffix(".")) + wildcard_length > MAX_HOST:
        yield Fault.ORIGIN_HOST_TOO_LONG, "a host has at most 253 characters, and each label at most 63"
    if any(map(is_invalid_a_label, labels)):
        yield Fault.ORIGIN_PUNYCODE_INVALID, 'a label that starts with "xn--" is not valid Punycode'


def _correct_port(scheme: str, port: str) -> tuple[list[_Complaint], str | None]:
    """Return the faults of ``port``, which is empty or starts with a colon, and the corrected port in the same form."""
    digits = port.removeprefix(":")
    if port in ("", ":*"):
        return [], port
    if not digits:
        return [(Fault.ORIGIN_PORT_INVALID, "there is no port after the colon")], ""
    number = digits.lstrip("0")
    if not re.fullmatch("[0-9]+", digits) or not number or len(number) > 5 or int(number) > 65535:
        return [(Fault.ORIGIN_PORT_INVALID, 'a port is a number from 1 to 65535, or "*" for any')], None
    complaints: list[_Complaint] = []
    if number != digits:
        complaints.append((Fault.ORIGIN_PORT_INVALID, "a port has no leading zeros"))
    if number == DEFAULT_PORTS.get(scheme):
        complaints.append((Fault.ORIGIN_PORT_DEFAULT, f"browsers leave out port {number}, the default of {scheme}"))
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


def serialize_ipv4(text: str) -> str | None:
    """Return the four decimal numbers that browsers make of ``0177.1`` (url#concept-ipv4-parser), or ``None``."""
    parts = text.removesuffix(".").split(".")
    numbers = []
    for part in parts:
        digits = part.lower()
        base = 16 if digits.startswith("0x") else 8 if len(digits) > 1 and digits.startswith("0") else 10
        digits = digits[2:] or "0" if base == 16 else digits
        if len(digits.lstrip("0")) > 12:  # 2**32 has as many in base 8; Python reads no number of thousands of digits
            return None
        if not re.fullmatch({16: "[0-9a-f]+", 8: "[0-7]+", 10: "[0-9]+"}[base], digits):
            return None
        numbers.append(int(digits, base))
    if len(numbers) > 4 or max(numbers[:-1], default=0) > 255 or numbers[-1] >= 256 ** (5 - len(numbers)):
        return None
    address = numbers[-1] + sum(number << 8 * (3 - place) for place, number in enumerate(numbers[:-1]))
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def to_a_labels(host: str) -> str | None:
    """Return a non-ASCII host in A-labels (``faß.de`` is ``xn--fa-hia.de``); ``None`` if that takes the full tables.

    UTS 46, non-transitional, for plain letters and digits written from left to right; the ``idna`` codec of the
    standard library would give ``fass.de``.
    """
    labels = [unicodedata.normalize("NFKC", label.lower()).lower() for label in host.split(".")]
    # lower() and NFKC turn some letters into a final sigma that UTS 46 maps to an ordinary sigma.
    if ".".join(labels).count("ς") != host.count("ς"):
        return None
    if not all(re.fullmatch("[a-z0-9_-]", each) or _is_plain(each) for label in labels for each in label):
        return None
    return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in labels)


def _is_plain(character: str) -> bool:
    """Tell whether UTS 46 leaves a non-ASCII character unchanged, and allows it anywhere in a label."""
    return (
        not character.isascii()
        and unicodedata.category(character) in ("Ll", "Lo", "Lm", "Nd")
        and unicodedata.bidirectional(character) in ("L", "EN")
        and unicodedata.normalize("NFKC", character) == character
        and (character.casefold() == character or character in "ßς")
        and "FILLER" not in unicodedata.name(character, "")
    )
