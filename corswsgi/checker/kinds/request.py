"""Kinds of finding about the request itself, and about what the commands could not see."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

RESPONSE_HEADER_IN_REQUEST = Kind(
    "response-header-in-request",
    Severity.HIGH,
    Concern.PAGE,
    "The script sets a response header",
    "Headers such as ``Access-Control-Allow-Origin`` must come from the server. On a request they permit nothing, and "
    "they cause a preflight.",
    "Instructions for servers were followed in the script.",
    "",
    "Remove the header from the script.",
)

METHOD_CASE = Kind(
    "method-case",
    Severity.MEDIUM,
    Concern.PAGE,
    "The method is not in upper case",
    "Browsers convert only DELETE, GET, HEAD, OPTIONS, POST and PUT to upper case. They send ``patch`` as it is, and "
    "it is not the same method as ``PATCH``.",
    "The script says ``method: 'patch'``.",
    "",
    "Write the method in upper case in the script.",
)

JSON_AS_TEXT = Kind(
    "json-as-text",
    Severity.MEDIUM,
    Concern.PAGE,
    "JSON is sent as text/plain",
    "A server that relies on the ``Content-Type`` does not parse the body as JSON.",
    "``fetch()`` sends a string as ``text/plain``, unless the script sets ``Content-Type``.",
    'Permit the header that the script then sends: ``Policy(..., allow_headers=["Content-Type"])``.',
    "Set ``Content-Type: application/json`` in the script, and permit the header on the server.",
)

NOT_SENT = Kind(
    "not-sent",
    Severity.INFO,
    Concern.ASKER,
    "The request was not sent, because it may change something",
    "The verdict is based on the preflight, or on a GET that was sent instead.",
    "Unless told otherwise, ``check`` sends only GET, HEAD and OPTIONS.",
    "",
    "Add ``--send`` to send it.",
)

STAND_IN_BLOCKED = Kind(
    "stand-in-blocked",
    Severity.MEDIUM,
    Concern.ASKER,
    "The preflight permits the request, but the response to a GET cannot be read",
    "The request itself was not sent. If its response is like the response to the GET, the script cannot read it.",
    "CORS headers are sent with preflights only.",
    "Wrap the whole application in ``CORSMiddleware``: every response gets the headers.",
    "Add ``--send`` to see the response to the request itself. Send the CORS headers with every response.",
)

ORIGIN_NOT_ALLOWED = Kind(
    "origin-not-allowed",
    Severity.INFO,
    Concern.ASKER,
    "The server does not allow the origin that the audit was given",
    "The audit tries origins that resemble the given one. If the server refuses that one, it refuses them too, and the "
    "audit shows little.",
    "The origin given to the audit is not on the server's list.",
    'If it should be allowed: ``Policy(allow_origins=["https://app.example.com"])``.',
    "Audit with an origin that the server allows. ``corswsgi check`` shows what has to change to allow this one.",
)
