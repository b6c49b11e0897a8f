"""Kinds of finding about answers that are errors, and about headers that only some answers have."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE = Concern.PAGE

_MEANS = (
    "The browser calls it a CORS error only because the answer came without CORS headers. The error is another one, "
    "and the script sees neither its status nor its message."
)
_POLICY = (
    "``CORSMiddleware`` adds the headers to errors of the application too, and answers an exception with a 500 that "
    "allowed pages can read."
)
_ELSEWHERE = (
    "Find the error first. Then send the CORS headers with errors too: in nginx, ``add_header`` needs ``always``; in "
    "Apache, ``Header always set``."
)

SERVER_ERROR_HIDDEN = Kind(
    "server-error-hidden",
    Severity.HIGH,
    _PAGE,
    "The server failed, and its error has no CORS headers",
    _MEANS,
    "The application raised an exception, and what answers it does not add CORS headers.",
    _POLICY,
    _ELSEWHERE,
)

PROXY_ERROR_HIDDEN = Kind(
    "proxy-error-hidden",
    Severity.HIGH,
    _PAGE,
    "A proxy got no proper answer, and its error has no CORS headers",
    _MEANS,
    "The application behind the proxy is down, overloaded or slow: 502, 503 or 504. The proxy answers by itself.",
    "No policy of the application reaches the answers of the proxy: see the fix elsewhere.",
    _ELSEWHERE,
)

AUTH_ERROR_HIDDEN = Kind(
    "auth-error-hidden",
    Severity.HIGH,
    _PAGE,
    "The server wants a login or forbids the request, and its answer has no CORS headers",
    _MEANS,
    "Access is checked before CORS headers are added: by a proxy, a firewall, or an outer middleware.",
    "Wrap the whole application in ``CORSMiddleware``, outside of what checks access.",
    _ELSEWHERE,
)

NOT_FOUND_HIDDEN = Kind(
    "not-found-hidden",
    Severity.HIGH,
    _PAGE,
    "There is nothing at the address, and the 404 has no CORS headers",
    _MEANS,
    "The address is misspelled, or lacks a part; CORS headers are added to known addresses only.",
    "Wrap the whole application in ``CORSMiddleware``, so that a 404 gets the headers too.",
    _ELSEWHERE,
)

CLIENT_ERROR_HIDDEN = Kind(
    "client-error-hidden",
    Severity.HIGH,
    _PAGE,
    "The server refuses the request, and its answer has no CORS headers",
    _MEANS,
    "The request lacks something, or is too large or too frequent; CORS headers are added to successes only.",
    _POLICY,
    _ELSEWHERE,
)

ERROR_READABLE = Kind(
    "error-readable",
    Severity.INFO,
    _PAGE,
    "The answer is an error that the script can read",
    "CORS is not what is wrong: the script sees the status and the message.",
    "The server refused the request, or failed.",
    "",
    "Find the error in the answer, or in the log of the server.",
)

HEADERS_MISSING_ON_ANSWER = Kind(
    "headers-missing-on-answer",
    Severity.HIGH,
    _PAGE,
    "The preflight has CORS headers, and the answer has none",
    "The browser sends the request, and then keeps its answer from the script: both need the headers.",
    "CORS headers are added for OPTIONS only.",
    "Wrap the application in ``CORSMiddleware``: every answer gets the headers.",
    "Send Access-Control-Allow-Origin, and Access-Control-Allow-Credentials if cookies go along, with every answer.",
)

ERROR_WITHOUT_CORS = Kind(
    "error-without-cors",
    Severity.LOW,
    _PAGE,
    "Errors come without CORS headers",
    "When something goes wrong, the script sees neither status nor message, and the console blames CORS.",
    "CORS headers are added to successes only, or errors are answered by another part of the server.",
    _POLICY,
    _ELSEWHERE,
)

ORIGIN_BREAKS_SERVER = Kind(
    "origin-breaks-server",
    Severity.LOW,
    Concern.SERVER,
    "An Origin that it does not expect breaks the server",
    "Anyone can make the server fail with a request header, and each failure fills the log.",
    "The ``Origin`` is parsed, and what does not parse is not handled.",
    "A policy compares origins and never raises on one.",
    "Compare the Origin as a string, and treat what does not match as not allowed.",
)
