"""Kinds of finding about a proxy in front of the application: who adds, removes, doubles or changes a header."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_ONE_PLACE = (
    "Let only one of the two send CORS headers. If the application uses ``CORSMiddleware``, remove all "
    "``Access-Control-*`` headers from the proxy's configuration."
)

PROXY_DOUBLES_HEADER = Kind(
    "proxy-doubles-header",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy adds a header that the application already sends",
    "Browsers refuse a response with two values of ``Access-Control-Allow-Origin``, even if both are the same.",
    "CORS is set up twice: in the application, and in the proxy (``add_header`` in nginx, ``Header add`` in Apache, "
    "``header`` in Caddy, ``http-response add-header`` in HAProxy).",
    _ONE_PLACE,
    "Remove the header from the proxy's configuration or from the application. In nginx, ``proxy_hide_header "
    "Access-Control-Allow-Origin`` drops the one that the application sends.",
)

PROXY_REMOVES_HEADER = Kind(
    "proxy-removes-header",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy removes a header that the application sends",
    "The application allows the page, but the header does not reach the browser.",
    "The proxy hides the header (``proxy_hide_header`` in nginx, ``Header unset`` in Apache, ``http-response "
    "del-header`` in HAProxy), or sends a response of its own instead of the application's.",
    _ONE_PLACE,
    "Remove the line that removes the header, or let the proxy send the header with all of its responses.",
)

PROXY_CHANGES_HEADER = Kind(
    "proxy-changes-header",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy changes a header that the application sends",
    "The application's value would allow the page; the value that the proxy sends does not.",
    "The proxy sets the header itself and overwrites what the application sends.",
    _ONE_PLACE,
    "Remove the header from the proxy's configuration, or correct its value there.",
)

PROXY_ADDS_HEADER = Kind(
    "proxy-adds-header",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy adds the header with the wrong value",
    "The value comes from the proxy, so no change in the application corrects it.",
    "CORS is set up in the proxy, and the application does not send the header.",
    "Remove all ``Access-Control-*`` headers from the proxy's configuration, and let ``CORSMiddleware`` send them.",
    "Correct the value in the proxy's configuration.",
)

PROXY_ANSWERS_ITSELF = Kind(
    "proxy-answers-itself",
    Severity.HIGH,
    Concern.PAGE,
    "The proxy responds instead of the application",
    "The application would allow the page, but the response that arrives was made by the proxy.",
    "The proxy does not pass ``OPTIONS`` on, requires a login, redirects, or cannot reach the application.",
    "Let the proxy pass all requests on, ``OPTIONS`` too. ``CORSMiddleware`` answers preflights.",
    "Let the proxy pass the request on, or let it send the CORS headers with its own responses too.",
)

PROXY_NOT_AT_FAULT = Kind(
    "proxy-not-at-fault",
    Severity.INFO,
    Concern.ASKER,
    "The application behind the proxy would be blocked too",
    "The proxy is not the only cause: the application has to change too.",
    "The application was sent the same request without the proxy, and its own response does not allow the page.",
    "",
    "Change the application, or let the proxy send all of the headers.",
)

PROXY_LETS_IN = Kind(
    "proxy-lets-in",
    Severity.INFO,
    Concern.ASKER,
    "Only the proxy allows the page",
    "A page that reaches the application without the proxy is blocked.",
    "The headers come from the proxy. The application's own response does not allow the page.",
    "",
    "Nothing to do, if the proxy is meant to send the headers.",
)

BEHIND_NO_ANSWER = Kind(
    "behind-no-answer",
    Severity.INFO,
    Concern.ASKER,
    "The application behind the proxy did not respond",
    "It is not known which of the two adds or removes a header.",
    "The address given to ``--behind`` is wrong, or cannot be reached from this machine.",
    "",
    "Check the address, or run the command on the machine of the proxy.",
)
