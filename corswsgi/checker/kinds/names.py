"""Kinds of finding about the names of headers."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

MISSPELLED_HEADER = Kind(
    "misspelled-header",
    Severity.HIGH,
    Concern.PAGE,
    "A CORS header is misspelled",
    "Browsers do not know a header of that name, and ignore it.",
    "There is an ``s`` too many or too few, or a part of the name is missing: ``Access-Control-Allow-Origins``, "
    "``Allow-Origin``.",
    "``CORSMiddleware`` writes the names itself.",
    "Write the name as in the standard: ``Access-Control-Allow-Origin``, ``-Credentials``, ``-Methods`` and "
    "``-Headers``, ``Access-Control-Expose-Headers``, ``Access-Control-Max-Age``.",
)
