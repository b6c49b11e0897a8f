"""Paths of requests as expressions: which rule covers one, and which of them servers read in different ways."""

from __future__ import annotations

from corswsgi.export.expressions import literal

#: Expressions, each for the beginning of a request target as it was sent, not decoded; match them without regard to
#: case. Servers read a target that matches in different ways. It has an empty, "." or ".." segment, a backslash or a
#: NUL (:class:`corswsgi.routes.Routes`), encoded or not; "%2f", which may or may not separate segments; or a fragment.
UNCLEAR = (
    r"[^?]*(?://|\\|%5c|%2f|%00|#)",
    r"[^?]*/(?:\.|%2e)(?:\.|%2e)?(?:[/?]|\z)",
    r"[^/]",
)


def covered(path: bytes) -> str:
    """Return the expression, for the beginning of a decoded path in bytes, of ``path`` and all below it."""
    return rf"{literal(path)}(?:/|\z)"
