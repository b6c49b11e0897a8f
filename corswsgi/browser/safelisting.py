"""Which request headers need permission, by the standard and in the engines that depart from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from corswsgi import fetch
from corswsgi.browser.departures import Departs, Departure
from corswsgi.browser.verdict import Header, quote, sort_and_combine

_MAX_SAFELISTED_VALUE = 128
_MAX_SAFELISTED_SUM = 1024

#: The client hints that Chromium safelists, each with its valid values.
_CLIENT_HINTS = {
    **dict.fromkeys(("device-memory", "downlink", "dpr"), re.compile(r"[0-9]+(\.[0-9]+)?")),
    **dict.fromkeys(("rtt", "viewport-width", "width"), re.compile(r"[0-9]+")),
    "ect": re.compile("slow-2g|2g|3g|4g"),
    "intervention": re.compile(f".{{,{_MAX_SAFELISTED_VALUE}}}"),
    "save-data": re.compile("on", re.IGNORECASE),
}

#: Parameters of a media type that Firefox rejects: a comma, a byte outside ASCII, or a semicolon at the end.
_UNREADABLE_PARAMETERS = re.compile(r"[^;]*;(.*[,\x80-\xff].*|.*;[ \t]*)")


def is_safelisted(name: str, value: str, departs: Departs) -> bool:
    """Tell whether one line of a header needs no permission (fetch#cors-safelisted-request-header)."""
    lower = name.lower()
    if not fetch.is_cors_safelisted_request_header(name, value):
        return _is_safelisted_by_departure(lower, value, departs)
    match lower:
        case "accept":
            return value.isascii() or not departs(Departure.ACCEPT_BYTES)
        case "content-type":
            return not (_UNREADABLE_PARAMETERS.fullmatch(value) and departs(Departure.CONTENT_TYPE_PARAMETERS))
        case "range":
            return not _is_too_large(value, departs)
    return True


def _is_safelisted_by_departure(lower: str, value: str, departs: Departs) -> bool:
    if lower == "range":
        folded = value.lower()
        is_range = fetch.is_cors_safelisted_request_header(lower, folded)
        return is_range and departs(Departure.RANGE_CASE) and not _is_too_large(folded, departs)
    hint = _CLIENT_HINTS.get(lower)
    return hint is not None and hint.fullmatch(value) is not None and departs(Departure.CLIENT_HINTS)


def _is_too_large(value: str, departs: Departs) -> bool:
    # int() is safe: a safelisted value has at most 128 characters.
    largest = max(map(int, re.findall("[0-9]+", value)))
    return (largest >= 2**64 and departs(Departure.RANGE_64_BITS)) or (
        largest >= 2**63 - 1 and departs(Departure.RANGE_63_BITS)
    )


def unsafe_header_names(headers: Sequence[Header], departs: Departs) -> list[str]:
    """Return the names that a preflight asks for, in lower case and sorted (fetch#cors-unsafe-request-header-names)."""
    names = _unsafe_names(headers, departs)
    joined = sort_and_combine(headers)
    if len(joined) < len(headers) and (of_joined := _unsafe_names(joined, departs)) != sorted(set(names)):
        names = of_joined if departs(Departure.SAFELIST_JOINED) else names
    once = sorted(set(names))
    return names if len(once) < len(names) and departs(Departure.HEADER_TWICE) else once


def _unsafe_names(headers: Iterable[Header], departs: Departs) -> list[str]:
    """Return the unsafe names, each as often as the script sets it."""
    unsafe, safelisted, total = [], set(), 0
    for name, value in headers:
        if is_safelisted(name, value, departs):
            safelisted.add(name.lower())
            total += len(value)
        else:
            unsafe.append(name.lower())
    if total > _MAX_SAFELISTED_SUM and not departs(Departure.SAFELIST_SUM):
        unsafe += safelisted.difference(unsafe)
    return sorted(unsafe)


def why_unsafe(name: str, values: Sequence[str], departs: Departs) -> str:
    """Return a sentence that says why a preflight has to ask for a header, given the values of its lines."""
    for value in values:
        if is_safelisted(name, value, departs):
            continue
        if len(value) > _MAX_SAFELISTED_VALUE:
            return f"the header {name} has a value of {len(value)} bytes; up to 128 need no permission"
        return f"the header {name} with the value {quote(value)} is not on the list of those that need no permission"
    if not values:
        return f"the first request had the header {name}, and the browser asks for it after the redirect too"
    joined = ", ".join(values)
    if len(values) > 1 and not is_safelisted(name, joined, departs) and departs(Departure.SAFELIST_JOINED):
        return f"the header {name} is set {len(values)} times, and its joined value {quote(joined)} needs permission"
    return f"the header {name} needs permission because the safelisted headers have more than 1024 bytes together"
