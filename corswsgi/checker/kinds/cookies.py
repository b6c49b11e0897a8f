"""Kinds of finding about what browsers do with the cookies that a response sets."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

COOKIE_REFUSED = Kind(
    "cookie-refused",
    Severity.MEDIUM,
    Concern.PAGE,
    "No browser stores a cookie",
    "Browsers neither store the cookie nor send it with the page's requests. A login is lost at once.",
    "An attribute is missing or contradicts another: ``SameSite=None`` without ``Secure``, a cookie across sites "
    "without ``SameSite=None``, a ``Domain`` of another host, or a name whose prefix (such as ``__Host-``) requires "
    "other attributes.",
    "",
    "Across sites, send ``Set-Cookie: session=...; SameSite=None; Secure`` over ``https:``. Better: serve the page and "
    "the API from one site, such as ``app.example.com`` and ``api.example.com``.",
)

COOKIE_KEPT_BY_SOME = Kind(
    "cookie-kept-by-some",
    Severity.MEDIUM,
    Concern.PAGE,
    "Some browsers do not store a cookie",
    "These browsers neither store the cookie nor send it with the page's requests.",
    "Browsers differ in their default for ``SameSite``, in how they treat ``Secure`` on this machine, and in whether "
    "they block third-party cookies.",
    "",
    "Use attributes that all browsers accept, and serve the page and the API from one site.",
)

COOKIES_OF_THIRD_PARTY = Kind(
    "cookies-of-third-party",
    Severity.MEDIUM,
    Concern.PAGE,
    "The page and the server are on different sites, and some browsers send no cookies",
    "Safari neither stores nor sends cookies of another site than the page's, whatever their attributes are.",
    "The page is on one registrable domain, and the API is on another.",
    "",
    "Serve both from one site, such as ``app.example.com`` and ``api.example.com``, or send a token in a header.",
)
