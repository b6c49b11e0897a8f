"""The response headers in which a policy has the last word, and how they are put on; what it says is not known here."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from corswsgi import fetch

Header = tuple[str, str]
Headers = tuple[Header, ...]

ALLOW_TIMING = "Timing-Allow-Origin"

#: Names of response headers, as applications write them, in which no policy has a word. If a response has no
#: others, ``headers + added`` is what :func:`decorate` gives.
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

#: The response headers, in lower case, in which a policy has the last word: those with this prefix, which are
#: replaced, and these, of which ``Vary`` is merged, and the other is replaced by a policy with ``allow_timing``.
_RULED_PREFIX = "access-control-"
_RULED = frozenset({"vary", ALLOW_TIMING.lower()})


def is_ruled(name: str) -> bool:
    """Tell whether a policy may have the last word in a response header."""
    lower = name.lower()
    return lower in _RULED or lower.startswith(_RULED_PREFIX)


def decorate(headers: Iterable[Header], added: list[Header], has_timing: bool) -> list[Header]:
    """Return a fresh list of response headers in which the policy has the last word.

    Every header of the application that the policy replaces is dropped, ``added`` comes after all others, and if
    it holds ``Vary``, as its last header, that is merged with the application's ``Vary`` lines to one.

    :param has_timing: whether the policy decides on ``Timing-Allow-Origin``.
    """
    given = headers if isinstance(headers, list) else list(headers)
    if not any(is_ruled(name) for name, _ in given):
        return given + added
    replaced = (_RULED_PREFIX, ALLOW_TIMING.lower()) if has_timing else (_RULED_PREFIX,)
    kept = [header for header in given if not header[0].lower().startswith(replaced)]
    if not added or added[-1][0] != "Vary":
        return kept + added
    lines = [value for name, value in kept if name.lower() == "vary"]
    kept = [header for header in kept if header[0].lower() != "vary"]
    return [*kept, *added[:-1], ("Vary", merge_vary(lines, added[-1][1]))]


def merge_vary(lines: Iterable[str], names: str) -> str:
    """Return one ``Vary`` that says what ``lines`` say, and ``names``; ``*`` covers all (rfc9110#section-12.5.5)."""
    present = unique(name for line in lines for name in fetch.split_list(line))
    return ", ".join(present if "*" in present else unique([*present, *fetch.split_list(names)]))


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names without those that came before, perhaps in another case."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.lower(), name)
    return tuple(seen.values())


def header_of(header: str, names: Iterable[str], comma: str = ",") -> Headers:
    """Return the header that lists ``names``, and no header for no names."""
    value = comma.join(names)
    return ((header, value),) if value else ()
