"""Kinds of finding about preflights without a response, or with a status that is not from 200 to 299."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE = Concern.PAGE

_BEFORE_ALL = (
    "Wrap the whole application in ``CORSMiddleware``: it answers preflights before the application sees them. For "
    "``http.server``, use ``CORSRequestHandlerMixin``."
)
_BEFORE = "Answer OPTIONS requests that have ``Access-Control-Request-Method`` with 204 and the CORS headers"
_DIRECT = "Fetch the address that the redirect leads to"
_NO_REDIRECTS = "Browsers do not follow a redirect of a preflight, and do not send the request."
_NOT_SENT = "The browser does not send the request."

PREFLIGHT_REDIRECT_SLASH = Kind(
    "preflight-redirect-slash",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected to add or remove a slash at the end of the address",
    _NO_REDIRECTS,
    "The framework redirects an address that lacks the slash at its end, or has one too many.",
    _BEFORE_ALL,
    f"{_DIRECT}: end it with or without a slash, as the server expects.",
)

PREFLIGHT_REDIRECT_HTTPS = Kind(
    "preflight-redirect-https",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected to https:",
    _NO_REDIRECTS,
    "The server redirects all requests from ``http:`` to ``https:``.",
    "",
    "Fetch the ``https:`` address.",
)

PREFLIGHT_REDIRECT_LOGIN = Kind(
    "preflight-redirect-login",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected to a login page",
    f"{_NO_REDIRECTS} A preflight never carries cookies, so logging in does not help.",
    "Authentication is checked before CORS, and redirects requests without a session to the login page.",
    _BEFORE_ALL,
    f"{_BEFORE}, before authentication is checked.",
)

PREFLIGHT_REDIRECT_HOST = Kind(
    "preflight-redirect-host",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected to another host",
    _NO_REDIRECTS,
    "The server has moved, or redirects ``example.com`` to ``www.example.com``.",
    "",
    f"{_DIRECT}.",
)

PREFLIGHT_REDIRECT = Kind(
    "preflight-redirect",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected",
    _NO_REDIRECTS,
    "The server redirects every request to this address, regardless of its method.",
    _BEFORE_ALL,
    f"{_DIRECT}, or answer preflights before anything redirects.",
)

PREFLIGHT_UNAUTHORIZED = Kind(
    "preflight-unauthorized",
    Severity.HIGH,
    _PAGE,
    "The server requires a login for the preflight",
    "Browsers never send cookies or passwords with a preflight, so it always fails.",
    "Authentication is checked before CORS.",
    _BEFORE_ALL,
    f"{_BEFORE}, before authentication is checked.",
)

PREFLIGHT_FORBIDDEN = Kind(
    "preflight-forbidden",
    Severity.HIGH,
    _PAGE,
    "The server forbids the preflight",
    _NOT_SENT,
    "The server's CORS settings do not allow the origin, or something in front of them (authentication, CSRF "
    "protection, a firewall) rejects OPTIONS.",
    f'Allow the origin: ``Policy(allow_origins=["https://app.example.com"])``. {_BEFORE_ALL}',
    f"Allow the origin in the server's CORS settings. {_BEFORE}, before access is checked.",
)

PREFLIGHT_NOT_FOUND = Kind(
    "preflight-not-found",
    Severity.HIGH,
    _PAGE,
    "There is nothing at the address for OPTIONS",
    _NOT_SENT,
    "The address is wrong, or the route exists for other methods only.",
    _BEFORE_ALL,
    f"Check the address. {_BEFORE}, before the route is looked up.",
)

PREFLIGHT_METHOD_NOT_ALLOWED = Kind(
    "preflight-method-not-allowed",
    Severity.HIGH,
    _PAGE,
    "The server does not accept OPTIONS at the address",
    f"A preflight is an OPTIONS request. {_NOT_SENT}",
    "The route lists its methods, and OPTIONS is not one of them.",
    _BEFORE_ALL,
    f"{_BEFORE}, before the method is checked.",
)

PREFLIGHT_NOT_IMPLEMENTED = Kind(
    "preflight-not-implemented",
    Severity.HIGH,
    _PAGE,
    "The server does not know the method OPTIONS",
    f"A preflight is an OPTIONS request. {_NOT_SENT}",
    "A handler of Python's ``http.server`` has no method ``do_OPTIONS``.",
    "``class Handler(CORSRequestHandlerMixin, BaseHTTPRequestHandler)`` answers preflights.",
    f"{_BEFORE}.",
)

PREFLIGHT_SERVER_ERROR = Kind(
    "preflight-server-error",
    Severity.HIGH,
    _PAGE,
    "The server failed on the preflight",
    "This is not a CORS problem: the server, or a proxy in front of it, failed.",
    "The application raises an exception on OPTIONS, or is down.",
    _BEFORE_ALL,
    "Find the error in the logs of the server and of the proxy.",
)

PREFLIGHT_REFUSED = Kind(
    "preflight-refused",
    Severity.HIGH,
    _PAGE,
    "The server refuses the preflight",
    _NOT_SENT,
    "The server, or something in front of it, considers the preflight invalid, or one request too many.",
    _BEFORE_ALL,
    f"{_BEFORE}, before anything else checks the request.",
)

PREFLIGHT_STATUS = Kind(
    "preflight-status",
    Severity.HIGH,
    _PAGE,
    "The status of the response to the preflight is not from 200 to 299",
    "A preflight passes only with such a status.",
    "The server redirects, refuses or does not know OPTIONS requests, or responds with an unusual status such as 304.",
    "A policy answers preflights with 204: ``Policy(..., preflight_status=204)`` is the default.",
    "Answer preflights with status 204.",
)

PREFLIGHT_NO_ANSWER = Kind(
    "preflight-no-answer",
    Severity.HIGH,
    _PAGE,
    "There was no response to the preflight",
    f"{_NOT_SENT} Scripts learn only that the request failed.",
    "The server could not be reached, or closed the connection.",
    "",
    "Check the host name, the port and the certificate, and whether a firewall blocks OPTIONS.",
)

ONLY_PREFLIGHT_UNANSWERED = Kind(
    "only-preflight-unanswered",
    Severity.HIGH,
    _PAGE,
    "Only the preflight gets no response",
    "The server responds to a GET of the same URL, so something drops OPTIONS only.",
    "A firewall, a proxy or a CDN passes some methods only, or the server waits for a body that never arrives.",
    "No policy of the application helps if OPTIONS never reaches it.",
    "Let OPTIONS requests through to the part of the server that answers preflights.",
)
