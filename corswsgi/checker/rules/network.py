"""Why there was no response, and what no header can change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corswsgi.browser.urls import parse_origin
from corswsgi.checker.findings import Finding, Kind, shown
from corswsgi.checker.gatherer import is_mixed_content
from corswsgi.checker.kinds import network as kinds
from corswsgi.checker.observations import Observations

_LOG = "look at the log of the server"

#: Patterns of error messages, and what each means.
_NO_ANSWERS: tuple[tuple[str, Kind, str, str], ...] = (
    (
        r"^out of time:",
        kinds.OUT_OF_TIME,
        "{error}",
        "allow more time with --max-time",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|CertificateError|doesn't match",
        kinds.CERTIFICATE,
        "the TLS certificate of the server cannot be trusted ({detail}), and browsers refuse to talk to it",
        "use a certificate that browsers trust; for a test server, --insecure accepts any certificate",
    ),
    (
        r"SSLError|SSLEOFError|SSL:",
        kinds.TLS,
        "a TLS connection could not be established; perhaps the server uses http: at this port, not https:",
        "check the scheme and the port of the URL",
    ),
    (
        r"ProxyError",
        kinds.PROXY,
        "the proxy named in the environment does not respond",
        "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
    ),
    (
        r"NameResolutionError|getaddrinfo|Name or service not known|nodename nor servname|Failed to resolve",
        kinds.NAME_UNKNOWN,
        "the host name of the server cannot be resolved",
        "check the host name",
    ),
    (
        r"ConnectTimeout|ReadTimeout|timed out",
        kinds.TIMEOUT,
        "the server did not respond in time",
        "find out why the server does not respond; --timeout sets how long the command waits",
    ),
    (
        r"Connection refused|actively refused",
        kinds.CONNECTION_REFUSED,
        "no server listens at that address and port",
        "start the server, or check the host and the port",
    ),
    (
        r"BadStatusLine|InvalidHeader|LineTooLong|HeaderParsingError|got more than|UnknownProtocol|InvalidChunk",
        kinds.NOT_HTTP,
        "the server's response is not HTTP",
        "check the port: another service may listen there",
    ),
    (
        r"RemoteDisconnected|ConnectionReset|Connection reset|Broken pipe|IncompleteRead|Connection aborted",
        kinds.CLOSED,
        "the server closed the connection without a response",
        _LOG,
    ),
    (r"the application ", kinds.APP_RAISED, "{error}", "fix the application"),
)


def diagnose_no_answer(error: str) -> Finding:
    """Return why there was no response.

    :param error: the error of the exchange.
    """
    for pattern, kind, sentence, fix in _NO_ANSWERS:
        if re.search(pattern, error):
            detail = re.search(r"verify failed: ([^(]*[^( ])", error)
            said = sentence.format(detail=shown(detail[1]) if detail else "not for this host", error=shown(error))
            return kind.finding(said, fix)
    return kinds.NO_ANSWER.finding(shown(error), _LOG)


def mixed_content(seen: Observations) -> Iterator[Finding]:
    """Yield that pages of that origin cannot send requests to the URL at all."""
    if is_mixed_content(parse_origin(seen.origin), seen.url):
        sentence = (
            f"pages of {seen.origin} cannot fetch plain http: at all (mixed content), except from this machine; the "
            "other findings show only how the server compares origins"
        )
        yield kinds.MIXED_CONTENT.finding(sentence, "serve it over https:", seen=[seen.bare])
