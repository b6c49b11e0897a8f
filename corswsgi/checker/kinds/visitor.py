"""Kinds of finding about the cookies of a page's visitor."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_ASK = (
    "Add ``--cookie 'NAME=VALUE'``, or ``--cookie-jar FILE`` with a file that ``curl -c`` wrote after a login. The "
    "values are sent only to the hosts that they belong to, and are never printed."
)

NO_COOKIES_GIVEN = Kind(
    "no-cookies-given",
    Severity.INFO,
    Concern.ASKER,
    "The script includes cookies, but the command was given none",
    "The verdict is for visitors who are not logged in. A server may respond differently to others, with other "
    "headers.",
    "The script includes credentials, and the command was run without ``--cookie`` or ``--cookie-jar``.",
    "",
    _ASK,
)

COOKIES_NOT_INCLUDED = Kind(
    "cookies-not-included",
    Severity.INFO,
    Concern.ASKER,
    "The command was given cookies, but the script includes none",
    "The cookies were not sent, because no browser would send them.",
    "``--credentials`` is ``omit``, or it is ``same-origin`` and the URL has another origin than the page.",
    "",
    "Add ``--credentials include`` if the script has ``credentials: 'include'`` or ``withCredentials = true``.",
)

COOKIES_OF_OTHER_HOSTS = Kind(
    "cookies-of-other-hosts",
    Severity.INFO,
    Concern.ASKER,
    "None of the given cookies is for this host",
    "No cookie was sent, so the verdict is for visitors who are not logged in.",
    "The file contains the cookies of another host, such as the host of the page instead of the host of the URL.",
    "",
    _ASK,
)

COOKIES_TAKEN_AS_NONE = Kind(
    "cookies-taken-as-samesite-none",
    Severity.INFO,
    Concern.ASKER,
    "The given cookies are assumed to have SameSite=None",
    "If the server sets them with ``SameSite=Lax`` or ``Strict``, or without ``SameSite``, Chrome and Safari do not "
    "send them from a page of another site.",
    "A cookie jar, a cURL command and a ``Cookie`` header do not contain ``SameSite``.",
    "",
    "Check the ``Set-Cookie`` header of the login, or the developer tools: across sites it needs ``SameSite=None; "
    "Secure``.",
)

COOKIE_NOT_SENT = Kind(
    "cookie-not-sent",
    Severity.MEDIUM,
    Concern.PAGE,
    "A given cookie is not sent by some browsers, or by none",
    "In these browsers the visitor is not logged in for this request.",
    "The page and the server are on different sites, and the browser blocks third-party cookies (Safari) or requires "
    "``SameSite=None; Secure``. Or the cookie has expired, or its ``Path`` or ``Secure`` does not match the URL.",
    "",
    "Serve the page and the API from one site, such as ``app.example.com`` and ``api.example.com``; or set the cookie "
    "with ``SameSite=None; Secure``.",
)
