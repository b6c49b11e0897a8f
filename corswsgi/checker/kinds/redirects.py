"""Kinds of finding about redirects of the request itself; those of preflights are among the preflights."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_REPEAT = "Fetch the last address directly, or redirect with 307 or 308, which keep the method and the body."

REDIRECT_HIDDEN = Kind(
    "redirect-hidden",
    Severity.HIGH,
    Concern.PAGE,
    "A redirect has no CORS headers",
    "Each response on the way needs CORS headers, redirects too. Without them the browser stops there.",
    "The redirect comes from something in front of the part that adds CORS headers: a proxy, a router, or a login.",
    "Wrap the whole application in ``CORSMiddleware``, so that redirects get the headers too.",
    "Fetch the address that the redirect leads to, or send the CORS headers with redirects too.",
)

REDIRECT_LOGIN = Kind(
    "redirect-login",
    Severity.HIGH,
    Concern.PAGE,
    "The request is redirected to a login page",
    "A script cannot log in by following a redirect: it gets the login page or, if there are no CORS headers on the "
    "way, only a CORS error.",
    "The request carried no valid session or token, and the server treats it like a visit to one of its pages.",
    "",
    "If a script is not logged in, respond with 401 and the CORS headers instead of a redirect. In the page, log in "
    "first, and fetch with ``credentials: 'include'`` if the session is in a cookie.",
)

ORIGIN_NULL_AFTER_REDIRECT = Kind(
    "origin-null-after-redirect",
    Severity.HIGH,
    Concern.PAGE,
    "After a redirect the browser sends Origin: null",
    "If a server of another origin redirects to a third origin, the browser no longer says which page made the "
    "request, and the last server does not allow ``null``.",
    "An API on one host redirects to another host, such as a file store.",
    "",
    "Fetch the last address directly, or let the redirect stay within its origin. Do not allow ``null``: any site can "
    "create a page with that origin.",
)

REDIRECT_TO_GET = Kind(
    "redirect-turned-into-get",
    Severity.MEDIUM,
    Concern.PAGE,
    "A redirect turned the request into a GET",
    "The server that the redirect leads to gets a different request from the one the script made.",
    "After 301 or 302 browsers repeat a POST as a GET, and after 303 any method but HEAD.",
    "",
    _REPEAT,
)

REDIRECT_LOST_BODY = Kind(
    "redirect-lost-body",
    Severity.MEDIUM,
    Concern.PAGE,
    "A redirect lost the body of the request",
    "The server that the redirect leads to gets a GET without the data that the script sent.",
    "After 301 or 302 browsers repeat a POST as a GET without its body, and after 303 any method but HEAD.",
    "",
    _REPEAT,
)

REDIRECT = Kind(
    "redirect",
    Severity.INFO,
    Concern.ASKER,
    "The URL only redirects",
    "The address that the redirect leads to was not audited.",
    "The address lacks a slash at its end, or has moved.",
    "",
    "Audit the address that the redirect leads to.",
)
