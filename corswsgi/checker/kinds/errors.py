"""Kinds of finding about responses that are errors, and about headers that only some responses have."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE = Concern.PAGE

_MEANS = (
    "The browser reports a CORS error only because the response has no CORS headers. The real error is another one, "
    "and the script sees neither its status nor its message."
)
_POLICY = (
    "``CORSMiddleware`` adds the headers to the application's errors too. It answers an exception with a 500 that "
    "allowed pages can read."
)
_ELSEWHERE = (
    "Find the error first. Then send the CORS headers with errors too: in nginx, ``add_header`` needs ``always``; in "
    "Apache, use ``Header always set``."
)

SERVER_ERROR_HIDDEN = Kind(
    "server-error-hidden",
    Severity.HIGH,
    _PAGE,
    "The server failed, and its error has no CORS headers",
    _MEANS,
    "The application raised an exception, and the part that answers exceptions does not add CORS headers.",
    _POLICY,
    _ELSEWHERE,
)

PROXY_ERROR_HIDDEN = Kind(
    "proxy-error-hidden",
    Severity.HIGH,
    _PAGE,
    "A proxy could not get a response, and its error has no CORS headers",
    _MEANS,
    "The application behind the proxy is down, overloaded or slow, and the proxy responds itself with 502, 503 or 504.",
    "A policy of the application does not reach the responses of the proxy: use the fix elsewhere.",
    _ELSEWHERE,
)

AUTH_ERROR_HIDDEN = Kind(
    "auth-error-hidden",
    Severity.HIGH,
    _PAGE,
    "The server requires a login or forbids the request, and its response has no CORS headers",
    _MEANS,
    "Access is checked before CORS headers are added: by a proxy, a firewall, or an outer middleware.",
    "Wrap the whole application in ``CORSMiddleware``, outside of the part that checks access.",
    _ELSEWHERE,
)

NOT_FOUND_HIDDEN = Kind(
    "not-found-hidden",
    Severity.HIGH,
    _PAGE,
    "There is nothing at the address, and the 404 has no CORS headers",
    _MEANS,
    "The address is misspelled or incomplete, and CORS headers are added at known addresses only.",
    "Wrap the whole application in ``CORSMiddleware``, so that a 404 gets the headers too.",
    _ELSEWHERE,
)

CLIENT_ERROR_HIDDEN = Kind(
    "client-error-hidden",
    Severity.HIGH,
    _PAGE,
    "The server refuses the request, and its response has no CORS headers",
    _MEANS,
    "The request is incomplete, too large or too frequent, and CORS headers are added to successful responses only.",
    _POLICY,
    _ELSEWHERE,
)

ERROR_READABLE = Kind(
    "error-readable",
    Severity.INFO,
    _PAGE,
    "The response is an error that the script can read",
    "This is not a CORS problem: the script sees the status and the message.",
    "The server refused the request, or failed.",
    "",
    "Look for the error in the response, or in the log of the server.",
)

HEADERS_MISSING_ON_ANSWER = Kind(
    "headers-missing-on-answer",
    Severity.HIGH,
    _PAGE,
    "The response to the preflight has CORS headers, and the response to the request has none",
    "The browser sends the request, and then keeps the response from the script. Both responses need the headers.",
    "CORS headers are added to responses to OPTIONS only.",
    "Wrap the application in ``CORSMiddleware``: every response gets the headers.",
    "Send ``Access-Control-Allow-Origin`` with every response, and ``Access-Control-Allow-Credentials`` too if the "
    "script sends cookies.",
)

ERROR_WITHOUT_CORS = Kind(
    "error-without-cors",
    Severity.LOW,
    _PAGE,
    "Errors are sent without CORS headers",
    "When something goes wrong, the script sees neither the status nor the message, and the console blames CORS.",
    "CORS headers are added to successful responses only, or another part of the server sends the errors.",
    _POLICY,
    _ELSEWHERE,
)

ORIGIN_BREAKS_SERVER = Kind(
    "origin-breaks-server",
    Severity.LOW,
    Concern.SERVER,
    "The server fails on an unexpected Origin",
    "Anyone can make the server fail with a request header, and each failure fills the log.",
    "The server parses the ``Origin``, and does not handle a value that it cannot parse.",
    "A policy compares origins as strings, and no value makes it raise an exception.",
    "Compare the ``Origin`` as a string, and treat a value that does not match as not allowed.",
)
