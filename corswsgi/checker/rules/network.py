"""Why no answer came, and what no header can change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corswsgi.browser.urls import parse_origin
from corswsgi.checker.findings import Finding, Kind, shown
from corswsgi.checker.gatherer import is_mixed_content
from corswsgi.checker.kinds import network as kinds
from corswsgi.checker.observations import Observations

_LOG = "look at the log of the server"

#: What a failed request says of itself, and what that means.
_NO_ANSWERS: tuple[tuple[str, Kind, str, str], ...] = (
    (
        r"^out of time:",
        kinds.OUT_OF_TIME,
        "{error}",
        "--max-time allows more",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|CertificateError|doesn't match",
        kinds.CERTIFICATE,
        "the TLS certificate of the server cannot be trusted ({detail}), and browsers refuse to talk to it",
        "use a certificate that browsers trust; for a test server, --insecure takes any",
    ),
    (
        r"SSLError|SSLEOFError|SSL:",
        kinds.TLS,
        "no TLS connection could be made; perhaps the server speaks http: at this port, not https:",
        "check the scheme and the port of the URL",
    ),
    (
        r"ProxyError",
        kinds.PROXY,
        "the proxy that the environment names does not answer",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    (
        r"NameResolutionError|getaddrinfo|Name or service not known|nodename nor servname|Failed to resolve",
        kinds.NAME_UNKNOWN,
        "the host name of the server is not known",
        "check the host name",
    ),
    (
        r"ConnectTimeout|ReadTimeout|timed out",
        kinds.TIMEOUT,
        "the server gave no answer within the time given",
        "look at what keeps the server from answering; --timeout waits longer",
    ),
    (
        r"Connection refused|actively refused",
        kinds.CONNECTION_REFUSED,
        "nothing listens at that address and port",
        "start the server, or check the host and the port",
    ),
    (
        r"BadStatusLine|InvalidHeader|LineTooLong|HeaderParsingError|got more than|UnknownProtocol|InvalidChunk",
        kinds.NOT_HTTP,
        "what the server sent is not HTTP",
        "check the port: another service may listen there",
    ),
    (
        r"RemoteDisconnected|ConnectionReset|Connection reset|Broken pipe|IncompleteRead|Connection aborted",
        kinds.CLOSED,
        "the server closed the connection without an answer",
        _LOG,
    ),
    (r"the application ", kinds.APP_RAISED, "{error}", "correct the application"),
)


def diagnose_no_answer(error: str) -> Finding:
    """Return why no answer came.

    :param error: what the exchange says.
    """
    for pattern, kind, sentence, fix in _NO_ANSWERS:
        if re.search(pattern, error):
            detail = re.search(r"verify failed: ([^(]*[^( ])", error)
            said = sentence.format(detail=shown(detail[1]) if detail else "not for this host", error=shown(error))
            return kind.finding(said, fix)
    return kinds.NO_ANSWER.finding(shown(error), _LOG)


def mixed_content(seen: Observations) -> Iterator[Finding]:
    """Yield that no page of that origin can ask at all."""
    if is_mixed_content(parse_origin(seen.origin), seen.url):
        sentence = (
            f"pages of {seen.origin} cannot fetch plain http at all (mixed content), unless from this machine; what "
            "follows is how the server compares"
        )
        yield kinds.MIXED_CONTENT.finding(sentence, "serve it over https:", seen=[seen.bare])
