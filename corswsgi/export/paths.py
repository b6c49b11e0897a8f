"""Paths of requests as expressions: which rule covers one, and which of them servers read in different ways."""

from __future__ import annotations

from corswsgi.export.expressions import literal

#: Expressions, each for the beginning of a request target as it was sent, not decoded. One that matches is read in
#: different ways: with an empty, "." or ".." segment, a backslash or a NUL (:class:`corswsgi.routes.Routes`), however
#: they are written; with a slash that is written "%2f", which may or may not divide segments; or with a fragment.
#: Letters are to be compared without regard to case.
UNCLEAR = (
    r"[^?]*(?://|\\|%5c|%2f|%00|#)",
    r"[^?]*/(?:\.|%2e)(?:\.|%2e)?(?:[/?]|\z)",
    r"[^/]",
)


def covered(path: bytes) -> str:
    """Return the expression, for the beginning of a decoded path in bytes, of ``path`` and all below it."""
    return rf"{literal(path)}(?:/|\z)"
