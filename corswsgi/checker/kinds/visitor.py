"""Kinds of finding about the cookies of the visitor of the page."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_ASK = (
    "Give ``--cookie 'NAME=VALUE'``, or ``--cookie-jar FILE`` with a file as ``curl -c`` writes it after a login. "
    "Their values are sent to the hosts that they are for only, and are never printed."
)

NO_COOKIES_GIVEN = Kind(
    "no-cookies-given",
    Severity.INFO,
    Concern.ASKER,
    "Cookies would go along, and none were given",
    "The verdict is that of visitors who are not logged in. A server may answer others differently, and with other "
    "headers.",
    "The script includes credentials, and the command was given no cookies.",
    "",
    _ASK,
)

COOKIES_NOT_INCLUDED = Kind(
    "cookies-not-included",
    Severity.INFO,
    Concern.ASKER,
    "Cookies were given, and the script includes none",
    "The cookies that were given were not sent, as no browser would send them.",
    "``--credentials`` is ``omit``, or it is ``same-origin`` and the URL is of another origin than the page.",
    "",
    "Give ``--credentials include``, if the script has ``credentials: 'include'`` or ``withCredentials = true``.",
)

COOKIES_OF_OTHER_HOSTS = Kind(
    "cookies-of-other-hosts",
    Severity.INFO,
    Concern.ASKER,
    "None of the cookies that were given is for this host",
    "No cookie was sent: the verdict is that of visitors who are not logged in.",
    "The file holds the cookies of another host: that of the page, for instance, and not that of the URL.",
    "",
    _ASK,
)

COOKIES_TAKEN_AS_NONE = Kind(
    "cookies-taken-as-samesite-none",
    Severity.INFO,
    Concern.ASKER,
    "The cookies that were given are taken to be set with SameSite=None",
    "If the server sets them with ``SameSite=Lax`` or ``Strict``, or says nothing of it, Chrome and Safari do not send "
    "them from a page of another site.",
    "A jar, a cURL line and a header hold no ``SameSite``.",
    "",
    "Look at the ``Set-Cookie`` of the login, or at the developer tools: across sites it needs ``SameSite=None; "
    "Secure``.",
)

COOKIE_NOT_SENT = Kind(
    "cookie-not-sent",
    Severity.MEDIUM,
    Concern.PAGE,
    "A cookie that was given is not sent by some browsers, or by none",
    "In these browsers the visitor is not logged in for this request.",
    "Page and server are of two sites, and the browser blocks the cookies of third parties (Safari), or the cookie has "
    "no ``Secure``, without which there is no ``SameSite=None``; or its ``Path`` or ``Secure`` does not fit the URL, "
    "or it has expired.",
    "",
    "Serve page and API from one site, as ``app.example.com`` and ``api.example.com`` are; or set the cookie with "
    "``SameSite=None; Secure``.",
)
