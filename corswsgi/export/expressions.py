"""Regular expressions for origins and paths that mean the same to PCRE and RE2; each is for a whole text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

from corswsgi.fetch import DEFAULT_PORTS
from corswsgi.origins import DOMAIN, IPV4, LABEL, MAX_HOST, OPAQUE_SCHEMES, SCHEME, OriginPattern

_PLAIN = re.compile(r"[A-Za-z0-9/_]")
_LARGEST_PORT = 65535
#: The deepest nesting of groups; PCRE and RE2 take more.
_DEEPEST = 200
_PORT = "(?::[0-9]+)?"


class Exclusion(NamedTuple):
    """What an origin must not be: it matches ``never`` and, if that is given, does not match ``unless``."""

    never: str
    unless: str = ""


#: Every well-formed serialized origin matches this (fetch#origin-header, :func:`corswsgi.origins.parse_origin`), and
#: none of the exclusions below. They do not notice an IPv6 address that browsers would write differently.
WELL_FORMED = rf"{SCHEME}://(?:\[[0-9a-f:]+\]|{DOMAIN})(?::[1-9][0-9]{{0,4}})?"
ILL_FORMED = (
    Exclusion(f"(?:{'|'.join(OPAQUE_SCHEMES)})://.*"),
    *(Exclusion(f"{scheme}://.*:{port}") for scheme, port in DEFAULT_PORTS.items()),
    Exclusion(".*:(?:6553[6-9]|655[4-9][0-9]|65[6-9][0-9][0-9]|6[6-9][0-9][0-9][0-9]|[7-9][0-9][0-9][0-9][0-9])"),
    Exclusion(rf"[^:]+://[a-z0-9_.-]{{{MAX_HOST}}}(?:[a-z0-9_-]|\.[a-z0-9_.-]).*"),
    Exclusion(
        rf"[^:]+://(?:[^:\[]*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?{_PORT}",
        rf"[^:]+://{IPV4.pattern}{_PORT}",
    ),
)
#: An origin that anyone on the network path can impersonate (:func:`corswsgi.origins.is_insecure`).
INSECURE = Exclusion(
    "http://.*",
    rf"http://(?:(?:[^:]*\.)?localhost\.?|127\.[0-9.]+|\[::1\]){_PORT}",
)


def literal(text: str | bytes) -> str:
    """Return an expression that matches exactly these bytes.

    :param text: as bytes, or with one character for each byte.
    """
    data = text.encode("latin-1") if isinstance(text, str) else text
    return "".join(chr(byte) if _PLAIN.fullmatch(chr(byte)) else f"\\x{byte:02x}" for byte in data)


def one_of(characters: Iterable[str]) -> str:
    """Return an expression for one of these ASCII characters, of which there is at least one."""
    codes = sorted(set(map(ord, characters)))
    if len(codes) == 1:
        return literal(chr(codes[0]))
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][-1] + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    return f"[{''.join(map(_run, runs))}]"


def _run(codes: list[int]) -> str:
    first, last = literal(chr(codes[0])), literal(chr(codes[-1]))
    return first if len(codes) == 1 else f"{first}-{last}"


def characters(text: str) -> str:
    """Return an expression that matches exactly this text, for servers that match characters, not bytes (RE2)."""
    return "".join(literal(each) if each.isascii() else f"\\x{{{ord(each):x}}}" for each in text)


def any_of(texts: Iterable[str]) -> str:
    """Return an expression for one of these ASCII texts, in which common beginnings are shared.

    The time to match depends on the length of the matched text, not on the number of texts.
    """
    return _sharing(sorted(set(texts)), _DEEPEST)


def _sharing(texts: list[str], depth: int) -> str:
    """Return :func:`any_of` of sorted texts, with groups nested to this depth at most."""
    if len(texts) == 1:
        return literal(texts[0])
    if depth == 0:
        return f"(?:{'|'.join(map(literal, texts))})"
    shared = sum(
        1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(texts[0], texts[-1], strict=False))
    )
    rests = [text[shared:] for text in texts]
    branches = [
        _sharing(list(group), depth - 1)
        for initial, group in itertools.groupby(rests, lambda rest: rest[:1])
        if initial
    ]
    may_end = "" if rests[0] else "?"
    return f"{literal(texts[0][:shared])}(?:{'|'.join(branches)}){may_end}"


def of_pattern(pattern: OriginPattern, *, lookahead: bool = True) -> str:
    """Return the expression of a pattern of ``allow_origins``.

    :param lookahead: whether the server supports lookahead. Without it, hosts that are too long match as well.
    """
    scheme, host = literal(pattern.scheme), literal(pattern.host)
    port = f":{pattern.port}" if pattern.port else ""
    if pattern.port == "*":
        default = int(DEFAULT_PORTS.get(pattern.scheme, "0"))
        port = f"(?::(?:{'|'.join(_decimals(default))}))?"
    if not pattern.subdomains:
        return f"{scheme}://{host}{port}"
    longest = MAX_HOST + pattern.host.endswith(".")
    guard = rf"(?=[^:]{{1,{longest}}}(?::|\z))" if lookahead else ""
    return rf"{scheme}://{guard}(?:{LABEL}\.)+{host}{port}"


def guarded(expression: str, exclusions: Iterable[Exclusion]) -> str:
    """Return an expression that also checks the form of origins, for servers that support lookahead."""
    return rf"(?={WELL_FORMED}\z){''.join(map(_lookahead, exclusions))}(?:{expression})"


def _lookahead(exclusion: Exclusion) -> str:
    never = rf"(?!(?:{exclusion.never})\z)"
    return rf"(?:(?={exclusion.unless}\z)|{never})" if exclusion.unless else never


def _decimals(excluded: int) -> list[str]:
    """Return expressions for all port numbers except 0 and one other."""
    below = _range(1, excluded - 1) if excluded else []
    return [*below, *_range(excluded + 1, _LARGEST_PORT)]


def _range(low: int, high: int) -> list[str]:
    """Return expressions for the decimal numbers from ``low`` to ``high``."""
    found = []
    while low <= high:
        # The largest block of numbers from here that differ only in their last digits.
        zeros = 0
        while low % 10 ** (zeros + 1) == 0 and low + 10 ** (zeros + 1) - 1 <= high:
            zeros += 1
        block = 10**zeros
        digit = low // block % 10
        last = min(9, digit + (high + 1 - low) // block - 1)
        head = str(low // block // 10) if low // block >= 10 else ""
        found.append(f"{head}{_digits(digit, last)}{'[0-9]' * zeros}")
        low += (last - digit + 1) * block
    return found


def _digits(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"
