"""Kinds of finding about why there was no response."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE = Concern.PAGE

_ONLY_FAILED = "Scripts learn only that the request failed."

CERTIFICATE = Kind(
    "certificate",
    Severity.HIGH,
    _PAGE,
    "The TLS certificate cannot be trusted",
    f"Browsers refuse to connect to the server. {_ONLY_FAILED}",
    "The certificate has expired, belongs to another host, or is not signed by an authority that browsers trust.",
    "",
    "Use a certificate that browsers trust. For a test server, ``--insecure`` accepts any certificate.",
)

TLS = Kind(
    "tls",
    Severity.HIGH,
    _PAGE,
    "A TLS connection could not be established",
    _ONLY_FAILED,
    "The server uses plain ``http:`` at this port, or versions of TLS that browsers no longer support.",
    "",
    "Check the scheme and the port of the URL.",
)

NAME_UNKNOWN = Kind(
    "name-unknown",
    Severity.HIGH,
    _PAGE,
    "The host name cannot be resolved",
    f"There is no address to connect to. {_ONLY_FAILED}",
    "The name is misspelled, or is known in another network only.",
    "",
    "Check the host name.",
)

CONNECTION_REFUSED = Kind(
    "connection-refused",
    Severity.HIGH,
    _PAGE,
    "No server listens at that address and port",
    _ONLY_FAILED,
    "The server is not running, or listens at another port or on another interface (127.0.0.1 is not [::1]).",
    "",
    "Start the server, or check the host and the port.",
)

TIMEOUT = Kind(
    "timeout",
    Severity.HIGH,
    _PAGE,
    "The server did not respond in time",
    f"A browser would wait longer. {_ONLY_FAILED}",
    "The server is overloaded or hangs, or a firewall drops the request.",
    "",
    "Find out why the server does not respond. ``--timeout`` sets how long the command waits.",
)

OUT_OF_TIME = Kind(
    "out-of-time",
    Severity.HIGH,
    Concern.ASKER,
    "The time for all requests ran out",
    "Some requests were not sent, so there is no verdict.",
    "The server responds slowly.",
    "",
    "Allow more time with ``--max-time``.",
)

CLOSED = Kind(
    "closed-without-answer",
    Severity.HIGH,
    _PAGE,
    "The server closed the connection without a response",
    _ONLY_FAILED,
    "The server crashed, or refuses the connection by closing it.",
    "",
    "Look at the log of the server.",
)

NOT_HTTP = Kind(
    "not-http",
    Severity.HIGH,
    _PAGE,
    "The server's response is not HTTP",
    _ONLY_FAILED,
    "Another service listens at that port, or the server uses TLS there.",
    "",
    "Check the scheme and the port of the URL.",
)

APP_RAISED = Kind(
    "app-raised",
    Severity.HIGH,
    _PAGE,
    "The application raised an exception",
    "A server would respond with status 500.",
    "The application failed when it was called.",
    "``CORSMiddleware`` answers an exception with a 500 that allowed pages can read, and logs the traceback.",
    "Fix the application.",
)

PROXY = Kind(
    "proxy",
    Severity.HIGH,
    Concern.ASKER,
    "The proxy named in the environment does not respond",
    "The server was not reached, so there is no verdict.",
    "``HTTPS_PROXY`` or ``HTTP_PROXY`` names a proxy that is down or no longer exists.",
    "",
    "Check ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``.",
)

NO_ANSWER = Kind(
    "no-answer",
    Severity.HIGH,
    _PAGE,
    "There was no response",
    _ONLY_FAILED,
    "The connection failed for a reason that has no finding of its own.",
    "",
    "Look at the log of the server.",
)

MIXED_CONTENT = Kind(
    "mixed-content",
    Severity.INFO,
    Concern.PAGE,
    "A page served over https: cannot fetch plain http:",
    "Browsers block the request before it is sent, unless the server is on this machine. No header changes that.",
    "The page is served over ``https:`` and the server is not.",
    "",
    "Serve the URL over ``https:``.",
)
