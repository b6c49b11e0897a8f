"""Kinds of finding about what browsers do with the cookies of an answer."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

COOKIE_REFUSED = Kind(
    "cookie-refused",
    Severity.MEDIUM,
    Concern.PAGE,
    "No browser keeps a cookie",
    "The cookie is neither kept nor sent back with the page's requests: a login is lost at once.",
    "An attribute is missing or contradicts another: ``SameSite=None`` without ``Secure``, a cookie across sites "
    "without ``SameSite=None``, a ``Domain`` of another host, a prefix whose promise is not kept.",
    "",
    "Across sites: ``Set-Cookie: session=...; SameSite=None; Secure`` over ``https:``. Better: serve page and API from "
    "one site, as ``app.example.com`` and ``api.example.com`` are.",
)

COOKIE_KEPT_BY_SOME = Kind(
    "cookie-kept-by-some",
    Severity.MEDIUM,
    Concern.PAGE,
    "Some browsers do not keep a cookie",
    "In these browsers the cookie is neither kept nor sent back with the page's requests.",
    "Browsers differ in their defaults for ``SameSite``, in ``Secure`` on this machine and in third-party cookies.",
    "",
    "Write the attributes that all browsers accept, and serve page and API from one site.",
)

COOKIES_OF_THIRD_PARTY = Kind(
    "cookies-of-third-party",
    Severity.MEDIUM,
    Concern.PAGE,
    "Page and server are of two sites, and some browsers send no cookies",
    "Safari keeps and sends no cookies to another site than the page's, regardless of their attributes.",
    "The page is on one registrable domain, the API on another.",
    "",
    "Serve both from one site, as ``app.example.com`` and ``api.example.com`` are; or send a token in a header.",
)
