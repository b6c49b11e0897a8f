"""Kinds of finding about a proxy in front of the application: who adds, removes, doubles or changes a header."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_ONE_PLACE = (
    "Let one of the two send CORS headers. With ``CORSMiddleware`` in the application, take all ``Access-Control-*`` "
    "out of the proxy's configuration."
)

PROXY_DOUBLES_HEADER = Kind(
    "proxy-doubles-header",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy adds a header that the application sends already",
    "Browsers take two values of ``Access-Control-Allow-Origin`` for a no, even if they are the same.",
    "CORS is set up twice: in the application, and in the proxy (``add_header`` in nginx, ``Header add`` in Apache, "
    "``header`` in Caddy, ``http-response add-header`` in HAProxy).",
    _ONE_PLACE,
    "Take the header out of the proxy's configuration, or out of the application; nginx can hide the application's "
    "with ``proxy_hide_header Access-Control-Allow-Origin``.",
)

PROXY_REMOVES_HEADER = Kind(
    "proxy-removes-header",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy removes a header that the application sends",
    "The application lets the page in, and the browser never learns of it.",
    "The proxy hides the header (``proxy_hide_header`` in nginx, ``Header unset`` in Apache, ``http-response "
    "del-header`` in HAProxy), or answers with something else than what the application says.",
    _ONE_PLACE,
    "Take out what removes the header, or let the proxy send it for all of its answers.",
)

PROXY_CHANGES_HEADER = Kind(
    "proxy-changes-header",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy changes a header that the application sends",
    "The application's value would let the page in; the one that arrives does not.",
    "The proxy sets the header itself, regardless of what the application sends.",
    _ONE_PLACE,
    "Take the header out of the proxy's configuration, or correct its value there.",
)

PROXY_ADDS_HEADER = Kind(
    "proxy-adds-header",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy adds the header with the wrong value",
    "The value is the proxy's: it stays the same when the application changes.",
    "CORS is set up in the proxy, and the application sends no such header.",
    "Take all ``Access-Control-*`` out of the proxy's configuration, and let ``CORSMiddleware`` send them.",
    "Correct the value in the proxy's configuration.",
)

PROXY_ANSWERS_ITSELF = Kind(
    "proxy-answers-itself",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy answers in the place of the application",
    "The application would let the page in, but what arrives is an answer of the proxy.",
    "The proxy does not pass ``OPTIONS`` on, wants a login itself, redirects, or cannot reach the application.",
    "Let the proxy pass on everything, ``OPTIONS`` too; ``CORSMiddleware`` answers preflights.",
    "Let the proxy pass the request on, or send the CORS headers with its own answers too.",
)

PROXY_NOT_AT_FAULT = Kind(
    "proxy-not-at-fault",
    Severity.INFO,
    Concern.ASKER,
    "The application behind the proxy would be blocked too",
    "What is to be changed is in the application; the proxy alone does not keep the page out.",
    "The application was asked the same without the proxy, and its own answer does not let the page in.",
    "",
    "Change the application, or let the proxy send all of the headers.",
)

PROXY_LETS_IN = Kind(
    "proxy-lets-in",
    Severity.INFO,
    Concern.ASKER,
    "It is the proxy that lets the page in",
    "Anyone who reaches the application in another way is told something else.",
    "The headers come from the proxy, and the application's own answer would be blocked.",
    "",
    "Nothing, if that is what is meant.",
)

BEHIND_NO_ANSWER = Kind(
    "behind-no-answer",
    Severity.INFO,
    Concern.ASKER,
    "The application behind the proxy did not answer",
    "Who adds or removes a header is not known.",
    "The address of ``--behind`` is wrong, or it cannot be reached from this machine.",
    "",
    "Check the address; run the command where the proxy runs.",
)
