"""Kinds of finding about the request that was asked about, and about how far the commands could see."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

RESPONSE_HEADER_IN_REQUEST = Kind(
    "response-header-in-request",
    Severity.HIGH,
    Concern.PAGE,
    "The script sets a header of responses",
    "Access-Control-Allow-Origin and similar headers have to come from the server. On a request they permit nothing, "
    "and make a preflight necessary.",
    "Advice for servers was followed in the script.",
    "",
    "Take the header out of the script.",
)

METHOD_CASE = Kind(
    "method-case",
    Severity.MEDIUM,
    Concern.PAGE,
    "The method is not in upper case",
    "Browsers write only DELETE, GET, HEAD, OPTIONS, POST and PUT in upper case by themselves. ``patch`` is sent as it "
    "is, and is another method than ``PATCH``.",
    "The script says ``method: 'patch'``.",
    "",
    "Write the method in upper case in the script.",
)

JSON_AS_TEXT = Kind(
    "json-as-text",
    Severity.MEDIUM,
    Concern.PAGE,
    "JSON is sent as text/plain",
    "A server that goes by the Content-Type does not take the body for JSON.",
    "``fetch()`` names a string ``text/plain``, unless the script sets Content-Type.",
    'The header then needs permission: ``Policy(..., allow_headers=["Content-Type"])``.',
    "Set ``Content-Type: application/json`` in the script, and permit the header.",
)

NOT_SENT = Kind(
    "not-sent",
    Severity.INFO,
    Concern.ASKER,
    "The request was not sent, since it may change something",
    "The verdict rests on the preflight, or on a GET in its place.",
    "``check`` sends only GET, HEAD and OPTIONS by itself.",
    "",
    "Add ``--send`` to send it.",
)

STAND_IN_BLOCKED = Kind(
    "stand-in-blocked",
    Severity.MEDIUM,
    Concern.ASKER,
    "The preflight permits the request, but the answer to a GET cannot be read",
    "The request itself was not sent. If its answer is like that to a GET, the script cannot read it.",
    "CORS headers are sent with preflights only.",
    "Wrap the whole application in ``CORSMiddleware``: every answer gets the headers.",
    "Add ``--send`` to see what the request itself gets; send the CORS headers with every answer.",
)

ORIGIN_NOT_ALLOWED = Kind(
    "origin-not-allowed",
    Severity.INFO,
    Concern.ASKER,
    "The origin that is meant is not allowed either",
    "What resembles a refused origin is refused with it, so that the audit says little.",
    "The audit names an origin that is not on the server's list.",
    'If it should be: ``Policy(allow_origins=["https://app.example.com"])``.',
    "Audit with an origin that the server allows; ``corswsgi check`` says what this one would need.",
)
