"""Kinds of finding about Access-Control-Allow-Credentials."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_POLICY = '``Policy(allow_origins=["https://app.example.com"], allow_credentials=True)``.'

ALLOW_CREDENTIALS_MISSING = Kind(
    "allow-credentials-missing",
    Severity.HIGH,
    Concern.PAGE,
    "There is no Access-Control-Allow-Credentials",
    "The origin is allowed, but not with cookies: the script gets no answer to a request that carries them.",
    "The page fetches with ``credentials: 'include'``, and the server was set up for requests without.",
    _POLICY,
    "If cookies are needed, send ``Access-Control-Allow-Credentials: true`` beside the origin that asks. If they are "
    "not, fetch without ``credentials: 'include'``.",
)

WILDCARD_CREDENTIALS = Kind(
    "wildcard-with-credentials",
    Severity.LOW,
    Concern.PAGE,
    "Access-Control-Allow-Origin is * beside Access-Control-Allow-Credentials: true",
    "With credentials ``*`` does not count, so that no page can read the answer to a request that carries cookies. "
    "Without them, the second header does nothing.",
    "``*`` was there first, and credentials were switched on later.",
    f"Name the origins: {_POLICY} A policy refuses ``*`` with credentials.",
    "If all may read and no cookies are needed, leave Access-Control-Allow-Credentials out, and fetch without "
    "``credentials: 'include'``. Otherwise send the origin that asks, if it is on a list, and ``Vary: Origin``.",
)

ALLOW_CREDENTIALS_CASE = Kind(
    "allow-credentials-case",
    Severity.HIGH,
    Concern.PAGE,
    'Access-Control-Allow-Credentials is "true" in other letters',
    "Browsers know only ``true`` in lower case; anything else is a no.",
    "A truth value of a programming language was written out: ``True``.",
    _POLICY,
    "Send ``Access-Control-Allow-Credentials: true``.",
)

ALLOW_CREDENTIALS_INVALID = Kind(
    "allow-credentials-invalid",
    Severity.INFO,
    Concern.PAGE,
    'Access-Control-Allow-Credentials is something else than "true"',
    "Only ``true`` means anything; ``false`` or ``1`` is the same as no header.",
    "A truth value of the configuration is sent as it stands.",
    f"{_POLICY} Without ``allow_credentials`` the header is not sent.",
    "Send ``true``, or do not send the header.",
)

WILDCARD_LIST_CREDENTIALS = Kind(
    "wildcard-list-with-credentials",
    Severity.HIGH,
    Concern.PAGE,
    "* in Access-Control-Allow-Methods or -Headers does not count with credentials",
    "For a request with credentials ``*`` is the name of a method or a header, and no longer stands for all.",
    "``*`` was enough until the script sent cookies.",
    'Name them: ``Policy(..., allow_methods=["PUT"], allow_headers=["X-Api-Key"], allow_credentials=True)``.',
    "List the methods and the headers by name.",
)
