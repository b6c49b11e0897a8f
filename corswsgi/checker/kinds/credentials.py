"""Kinds of finding about Access-Control-Allow-Credentials."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_POLICY = '``Policy(allow_origins=["https://app.example.com"], allow_credentials=True)``.'

ALLOW_CREDENTIALS_MISSING = Kind(
    "allow-credentials-missing",
    Severity.HIGH,
    Concern.PAGE,
    "There is no Access-Control-Allow-Credentials",
    "The server allows the origin, but not with credentials, so the script cannot read the response to a request with "
    "cookies.",
    "The page fetches with ``credentials: 'include'``, and the server was set up for requests without credentials.",
    _POLICY,
    "If cookies are needed, send ``Access-Control-Allow-Credentials: true`` together with the origin of the request. "
    "If they are not needed, fetch without ``credentials: 'include'``.",
)

WILDCARD_CREDENTIALS = Kind(
    "wildcard-with-credentials",
    Severity.LOW,
    Concern.PAGE,
    "Access-Control-Allow-Origin is * together with Access-Control-Allow-Credentials: true",
    "``*`` does not allow requests with credentials, so no page can read the response to a request with cookies. "
    "For requests without cookies, the second header does nothing.",
    "``*`` was there first, and credentials were turned on later.",
    f"List the origins: {_POLICY} A policy refuses ``*`` with credentials.",
    "If everyone may read and no cookies are needed, remove ``Access-Control-Allow-Credentials``, and fetch without "
    "``credentials: 'include'``. Otherwise send the origin of the request, if it is on a list, and ``Vary: Origin``.",
)

ALLOW_CREDENTIALS_CASE = Kind(
    "allow-credentials-case",
    Severity.HIGH,
    Concern.PAGE,
    'Access-Control-Allow-Credentials is "true", but not in lower case',
    "Browsers accept only ``true`` in lower case. Any other value allows nothing.",
    "A Boolean of a programming language was converted to text: ``True``.",
    _POLICY,
    "Send ``Access-Control-Allow-Credentials: true``.",
)

ALLOW_CREDENTIALS_INVALID = Kind(
    "allow-credentials-invalid",
    Severity.INFO,
    Concern.PAGE,
    'Access-Control-Allow-Credentials is not "true"',
    "Browsers accept only ``true``. ``false`` or ``1`` has the same effect as no header.",
    "A Boolean of the configuration is sent as the value of the header.",
    f"{_POLICY} Without ``allow_credentials``, a policy does not send the header.",
    "Send ``true``, or do not send the header.",
)

WILDCARD_LIST_CREDENTIALS = Kind(
    "wildcard-list-with-credentials",
    Severity.HIGH,
    Concern.PAGE,
    "* in Access-Control-Allow-Methods or -Headers does not allow requests with credentials",
    "For a request with credentials, ``*`` is just the name of a method or a header. It does not stand for all of "
    "them.",
    "``*`` was enough until the script began to send cookies.",
    'List the names: ``Policy(..., allow_methods=["PUT"], allow_headers=["X-Api-Key"], allow_credentials=True)``.',
    "List the methods and the headers by name.",
)
