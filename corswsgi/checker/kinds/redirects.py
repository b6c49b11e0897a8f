"""Kinds of finding about redirects of the request itself; those of preflights are among the preflights."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

REDIRECT_HIDDEN = Kind(
    "redirect-hidden",
    Severity.HIGH,
    Concern.PAGE,
    "A redirect without CORS headers",
    "Each answer on the way needs CORS headers, redirects too; without them the browser stops there.",
    "The redirect is made before the part of the server that adds CORS headers: by a proxy, a router, or a login.",
    "Wrap the whole application in ``CORSMiddleware``, so that redirects get the headers too.",
    "Fetch the address that the redirect leads to, or send the CORS headers with redirects too.",
)

REDIRECT_LOGIN = Kind(
    "redirect-login",
    Severity.HIGH,
    Concern.PAGE,
    "The request is redirected to a login page",
    "A script cannot log in by following a redirect: it gets the login page, or, without CORS headers on the way, "
    "nothing but a CORS error.",
    "The request carried no valid session or token, and the server answers like to a visitor of its pages.",
    "",
    "Answer requests of scripts that are not logged in with 401 and CORS headers, not with a redirect. In the page, "
    "log in first, and fetch with ``credentials: 'include'`` if cookies carry the session.",
)

ORIGIN_NULL_AFTER_REDIRECT = Kind(
    "origin-null-after-redirect",
    Severity.HIGH,
    Concern.PAGE,
    "After a redirect the browser says Origin: null",
    "When another origin than the page's redirects to a third one, the browser no longer says which page asked, and "
    "the last server does not allow ``null``.",
    "An API on one host redirects to another host, such as a store of files.",
    "",
    "Fetch the last address directly, or let the redirect stay within its origin. Do not allow ``null``: any site can "
    "make a page of that origin.",
)

REDIRECT_TO_GET = Kind(
    "redirect-turned-into-get",
    Severity.MEDIUM,
    Concern.PAGE,
    "A redirect turned the request into a GET",
    "The server behind the redirect is asked for something else than the script wanted.",
    "After 301 or 302 browsers repeat a POST as a GET, and after 303 any method.",
    "",
    "Fetch the last address directly, or redirect with 307 or 308, which keep the method and the body.",
)

REDIRECT_LOST_BODY = Kind(
    "redirect-lost-body",
    Severity.MEDIUM,
    Concern.PAGE,
    "A redirect lost the body of the request",
    "The server behind the redirect gets a GET without what the script sent.",
    "After 301 or 302 browsers repeat a POST as a GET without its body, and after 303 any method.",
    "",
    "Fetch the last address directly, or redirect with 307 or 308, which keep the method and the body.",
)

REDIRECT = Kind(
    "redirect",
    Severity.INFO,
    Concern.ASKER,
    "The URL only leads elsewhere",
    "What the redirect leads to was not audited.",
    "The address lacks a slash, or has moved.",
    "",
    "Audit the address that it leads to.",
)
