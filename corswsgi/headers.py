"""The response headers that a policy rules, and how they are merged with those of an application."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from corswsgi import fetch

Header = tuple[str, str]
Headers = tuple[Header, ...]

ALLOW_TIMING = "Timing-Allow-Origin"

#: Names of response headers, as applications write them, that no policy rules. If a response has no others,
#: :func:`decorate` returns ``headers + added``.
ORDINARY_HEADERS = frozenset(
    written
    for name in (
        "Accept-Ranges Age Allow Alt-Svc Cache-Control Connection Content-Disposition Content-Encoding "
        "Content-Language Content-Length Content-Location Content-Range Content-Security-Policy Content-Type "
        "Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy Date ETag Etag Expires Keep-Alive Last-Modified Link "
        "Location Permissions-Policy Pragma Referrer-Policy Retry-After Server Server-Timing Set-Cookie "
        "Strict-Transport-Security Transfer-Encoding Via WWW-Authenticate X-Content-Type-Options X-Frame-Options "
        "X-Powered-By X-Request-ID X-Request-Id X-XSS-Protection"
    ).split()
    for written in map(sys.intern, (name, name.lower()))
)

#: The response headers, in lower case, that a policy rules. Those with this prefix are replaced, ``Vary`` is merged,
#: and ``Timing-Allow-Origin`` is replaced by a policy with ``allow_timing``.
_RULED_PREFIX = "access-control-"
_TIMING = ALLOW_TIMING.lower()
_RULED = frozenset({"vary", _TIMING})

#: The initials of these names. One letter is quick to compare, so a custom header of an application, such as
#: ``X-Total-Count``, costs next to nothing.
RULED_INITIALS = frozenset(letter for name in (_RULED_PREFIX, *_RULED) for letter in (name[0], name[0].upper()))


def is_ruled(name: str) -> bool:
    """Tell whether a policy may rule a response header."""
    lower = name.lower()
    return lower in _RULED or lower.startswith(_RULED_PREFIX)


def decorate(headers: Iterable[Header], added: list[Header], has_timing: bool) -> list[Header]:
    """Return a fresh list of response headers in which the policy has the last word.

    The application's headers that the policy replaces are dropped, and ``added`` comes after the others. If the last of
    ``added`` is ``Vary``, it is merged with the application's ``Vary`` lines into one.

    :param has_timing: whether the policy decides on ``Timing-Allow-Origin``.
    """
    merges = bool(added) and added[-1][0] == "Vary"
    kept: list[Header] = []
    lines: list[str] = []
    for header in headers:
        name = header[0].lower()
        if name == "vary" and merges:
            lines.append(header[1])
        elif not (name.startswith(_RULED_PREFIX) or (has_timing and name == _TIMING)):
            kept.append(header)
    if not lines:
        return kept + added
    return [*kept, *added[:-1], ("Vary", merge_vary(lines, added[-1][1]))]


def merge_vary(lines: Iterable[str], names: str) -> str:
    """Return one ``Vary`` with the names in ``lines`` and ``names``; ``*`` covers all (rfc9110#section-12.5.5)."""
    present = unique(fetch.split_list(",".join(lines)))
    return ", ".join(present if "*" in present else unique((*present, *fetch.split_list(names))))


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names without repetitions; the first spelling of a name is kept, regardless of case."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.lower(), name)
    return tuple(seen.values())


def header_of(header: str, names: Iterable[str], comma: str = ",") -> Headers:
    """Return the header that lists ``names``, or no header if there are no names."""
    value = comma.join(names)
    return ((header, value),) if value else ()
