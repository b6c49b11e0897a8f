"""Kinds of finding about the names of headers."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

MISSPELLED_HEADER = Kind(
    "misspelled-header",
    Severity.HIGH,
    Concern.PAGE,
    "A CORS header is misspelled",
    "No browser knows a header of that name, and what it says counts as if it were not there.",
    "An ``s`` too many or too few, or a part of the name left out: ``Access-Control-Allow-Origins``, ``Allow-Origin``.",
    "``CORSMiddleware`` writes the names itself.",
    "Write the name as the standard does: ``Access-Control-Allow-Origin``, ``-Credentials``, ``-Methods`` and "
    "``-Headers``, ``Access-Control-Expose-Headers``, ``Access-Control-Max-Age``.",
)
