"""Kinds of finding about why no answer came."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE = Concern.PAGE

CERTIFICATE = Kind(
    "certificate",
    Severity.HIGH,
    _PAGE,
    "The TLS certificate cannot be trusted",
    "Browsers refuse to talk to the server, and scripts learn nothing but that it failed.",
    "The certificate has expired, is of another host, or is signed by nobody that browsers know.",
    "",
    "Use a certificate that browsers trust. For a test server, ``--insecure`` takes any.",
)

TLS = Kind(
    "tls",
    Severity.HIGH,
    _PAGE,
    "No TLS connection could be made",
    "Scripts learn nothing but that it failed.",
    "The server speaks plain ``http:`` at this port, or versions of TLS that browsers no longer use.",
    "",
    "Check the scheme and the port of the URL.",
)

NAME_UNKNOWN = Kind(
    "name-unknown",
    Severity.HIGH,
    _PAGE,
    "The host name is not known",
    "There is no address to connect to. Scripts learn nothing but that it failed.",
    "The name is misspelled, or known in another network only.",
    "",
    "Check the host name.",
)

CONNECTION_REFUSED = Kind(
    "connection-refused",
    Severity.HIGH,
    _PAGE,
    "Nothing listens at that address and port",
    "Scripts learn nothing but that it failed.",
    "The server is not running, listens at another port, or on another interface (127.0.0.1 is not [::1]).",
    "",
    "Start the server, or check the host and the port.",
)

TIMEOUT = Kind(
    "timeout",
    Severity.HIGH,
    _PAGE,
    "The server gave no answer within the time given",
    "A browser would wait longer, and scripts learn nothing but that it failed.",
    "The server is overloaded or hangs, or a firewall drops what it gets.",
    "",
    "Find out what keeps the server from answering; ``--timeout`` waits longer.",
)

OUT_OF_TIME = Kind(
    "out-of-time",
    Severity.HIGH,
    Concern.ASKER,
    "The time for everything was over",
    "Not everything was asked, so that there is no verdict.",
    "The server answers slowly.",
    "",
    "``--max-time`` allows more.",
)

CLOSED = Kind(
    "closed-without-answer",
    Severity.HIGH,
    _PAGE,
    "The server closed the connection without an answer",
    "Scripts learn nothing but that it failed.",
    "The server crashed, or refuses the connection by closing it.",
    "",
    "Look at the log of the server.",
)

NOT_HTTP = Kind(
    "not-http",
    Severity.HIGH,
    _PAGE,
    "What the server sent is not HTTP",
    "Scripts learn nothing but that it failed.",
    "Another service listens at that port, or the server speaks TLS there.",
    "",
    "Check the scheme and the port of the URL.",
)

APP_RAISED = Kind(
    "app-raised",
    Severity.HIGH,
    _PAGE,
    "The application raised an exception",
    "A server would answer 500 in its place.",
    "The application failed when it was called.",
    "``CORSMiddleware`` answers an exception with a 500 that allowed pages can read; the log holds its traceback.",
    "Correct the application.",
)

PROXY = Kind(
    "proxy",
    Severity.HIGH,
    Concern.ASKER,
    "The proxy that the environment names does not answer",
    "The server was not reached, so that there is no verdict.",
    "``HTTPS_PROXY`` or ``HTTP_PROXY`` names a proxy that is down or gone.",
    "",
    "Check ``HTTPS_PROXY`` and ``NO_PROXY``.",
)

NO_ANSWER = Kind(
    "no-answer",
    Severity.HIGH,
    _PAGE,
    "No answer came",
    "Scripts learn nothing but that it failed.",
    "The connection failed in a way that has no name here.",
    "",
    "Look at the log of the server.",
)

MIXED_CONTENT = Kind(
    "mixed-content",
    Severity.INFO,
    Concern.PAGE,
    "A page of https: cannot fetch plain http:",
    "Browsers block it before anything is sent, unless the server is on this machine; no header changes that.",
    "The page is served over ``https:`` and the server is not.",
    "",
    "Serve the URL over ``https:``.",
)
