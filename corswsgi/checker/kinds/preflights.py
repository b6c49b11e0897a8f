"""Kinds of finding about preflights that are not answered, or not with a status from 200 to 299."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE = Concern.PAGE

_BEFORE_ALL = (
    "Wrap the whole application in ``CORSMiddleware``: it answers preflights before the application sees them. For "
    "``http.server`` that is ``CORSRequestHandlerMixin``."
)
_BEFORE = "Answer OPTIONS requests that carry ``Access-Control-Request-Method`` with 204 and the CORS headers"
_DIRECT = "Fetch the address that the redirect leads to"
_NO_REDIRECTS = "Browsers follow no redirect of a preflight: the request is not sent."

PREFLIGHT_REDIRECT_SLASH = Kind(
    "preflight-redirect-slash",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected to the address with a slash, or without",
    _NO_REDIRECTS,
    "The framework corrects the slash at the end of an address by a redirect.",
    _BEFORE_ALL,
    f"{_DIRECT}: write the slash as the server wants it.",
)

PREFLIGHT_REDIRECT_HTTPS = Kind(
    "preflight-redirect-https",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected to https:",
    _NO_REDIRECTS,
    "The server sends everything that comes over ``http:`` to ``https:``.",
    "",
    "Fetch the ``https:`` address.",
)

PREFLIGHT_REDIRECT_LOGIN = Kind(
    "preflight-redirect-login",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected to a login page",
    f"{_NO_REDIRECTS} A preflight never carries cookies, so that no login would help.",
    "Authentication is checked before CORS, and sends what has no session to the login.",
    _BEFORE_ALL,
    f"{_BEFORE}, before authentication is checked.",
)

PREFLIGHT_REDIRECT_HOST = Kind(
    "preflight-redirect-host",
    Severity.HIGH,
    _PAGE,
    "The preflight is redirected to another host",
    _NO_REDIRECTS,
    "The server has moved, or sends ``example.com`` to ``www.example.com``.",
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
    "The server wants a login for the preflight",
    "Browsers never send cookies or passwords with a preflight, so that it can never pass.",
    "Authentication is checked before CORS.",
    _BEFORE_ALL,
    f"{_BEFORE}, before authentication is checked.",
)

PREFLIGHT_FORBIDDEN = Kind(
    "preflight-forbidden",
    Severity.HIGH,
    _PAGE,
    "The server forbids the preflight",
    "The request is not sent.",
    "The server's CORS settings do not know the origin, or something before them (authentication, CSRF protection, a "
    "firewall) turns OPTIONS away.",
    f'Allow the origin: ``Policy(allow_origins=["https://app.example.com"])``. {_BEFORE_ALL}',
    f"Allow the origin in the server's CORS settings. {_BEFORE}, before access is checked.",
)

PREFLIGHT_NOT_FOUND = Kind(
    "preflight-not-found",
    Severity.HIGH,
    _PAGE,
    "Nothing answers OPTIONS at the address",
    "The request is not sent.",
    "The address is wrong, or the route exists for other methods only.",
    _BEFORE_ALL,
    f"Check the address. {_BEFORE}, before the route is looked up.",
)

PREFLIGHT_METHOD_NOT_ALLOWED = Kind(
    "preflight-method-not-allowed",
    Severity.HIGH,
    _PAGE,
    "The server does not take OPTIONS at the address",
    "A preflight is an OPTIONS request; the request itself is not sent.",
    "The route lists its methods, and OPTIONS is not among them.",
    _BEFORE_ALL,
    f"{_BEFORE}, before the method is checked.",
)

PREFLIGHT_NOT_IMPLEMENTED = Kind(
    "preflight-not-implemented",
    Severity.HIGH,
    _PAGE,
    "The server does not know the method OPTIONS",
    "A preflight is an OPTIONS request; the request itself is not sent.",
    "A handler of Python's ``http.server`` has no method ``do_OPTIONS``.",
    "``class Handler(CORSRequestHandlerMixin, BaseHTTPRequestHandler)`` answers preflights.",
    f"{_BEFORE}.",
)

PREFLIGHT_SERVER_ERROR = Kind(
    "preflight-server-error",
    Severity.HIGH,
    _PAGE,
    "The server failed at the preflight",
    "CORS is not what is wrong: the server, or a proxy before it, failed.",
    "The application raises an exception on OPTIONS, or is down.",
    _BEFORE_ALL,
    "Find the error in the logs of the server and of the proxy.",
)

PREFLIGHT_REFUSED = Kind(
    "preflight-refused",
    Severity.HIGH,
    _PAGE,
    "The server refuses the preflight",
    "The request is not sent.",
    "The server, or something before it, takes the preflight for a bad or too frequent request.",
    _BEFORE_ALL,
    f"{_BEFORE}, before anything else looks at the request.",
)

PREFLIGHT_STATUS = Kind(
    "preflight-status",
    Severity.HIGH,
    _PAGE,
    "The preflight was not answered with a status from 200 to 299",
    "Only such a status lets a preflight pass.",
    "The server answers OPTIONS in a way of its own, such as 304.",
    "A policy answers preflights with 204: ``Policy(..., preflight_status=204)`` is the default.",
    "Answer preflights with status 204.",
)

PREFLIGHT_NO_ANSWER = Kind(
    "preflight-no-answer",
    Severity.HIGH,
    _PAGE,
    "The preflight got no answer",
    "The request is not sent, and scripts learn nothing but that it failed.",
    "The server was not reached, or closed the connection.",
    "",
    "The cause is one of those of the network: a name, a port, a certificate, a firewall.",
)

ONLY_PREFLIGHT_UNANSWERED = Kind(
    "only-preflight-unanswered",
    Severity.HIGH,
    _PAGE,
    "Only the preflight gets no answer",
    "A GET of the same URL is answered: something drops just OPTIONS.",
    "A firewall, a proxy or a CDN lets only some methods through, or the server hangs on a body that never comes.",
    "No policy of the application helps if OPTIONS never reaches it.",
    "Let OPTIONS requests through to what answers preflights.",
)
