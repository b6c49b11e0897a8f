"""What is behind a failure, and what to change: diagnoses of statuses, headers and errors, and the lines of the fix.

The lines of a ``Policy`` are text: nothing of the server's side is imported here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.browser.urls import is_potentially_trustworthy_origin, parse_origin, parse_url
from corswsgi.checker.allow_origin import diagnose_allow_origin
from corswsgi.checker.findings import Finding, Kind, shown
from corswsgi.checker.granting import ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, MAX_AGE, joined
from corswsgi.checker.kinds.errors import (
    AUTH_ERROR_HIDDEN,
    CLIENT_ERROR_HIDDEN,
    ERROR_READABLE,
    NOT_FOUND_HIDDEN,
    PROXY_ERROR_HIDDEN,
    SERVER_ERROR_HIDDEN,
)
from corswsgi.checker.kinds.network import (
    APP_RAISED,
    CERTIFICATE,
    CLOSED,
    CONNECTION_REFUSED,
    NAME_UNKNOWN,
    NO_ANSWER,
    NOT_HTTP,
    OUT_OF_TIME,
    PROXY,
    TIMEOUT,
    TLS,
)
from corswsgi.checker.kinds.preflights import (
    PREFLIGHT_FORBIDDEN,
    PREFLIGHT_METHOD_NOT_ALLOWED,
    PREFLIGHT_NO_ANSWER,
    PREFLIGHT_NOT_FOUND,
    PREFLIGHT_NOT_IMPLEMENTED,
    PREFLIGHT_REDIRECT,
    PREFLIGHT_REDIRECT_HOST,
    PREFLIGHT_REDIRECT_HTTPS,
    PREFLIGHT_REDIRECT_LOGIN,
    PREFLIGHT_REDIRECT_SLASH,
    PREFLIGHT_REFUSED,
    PREFLIGHT_SERVER_ERROR,
    PREFLIGHT_STATUS,
    PREFLIGHT_UNAUTHORIZED,
)
from corswsgi.checker.kinds.redirects import REDIRECT_HIDDEN
from corswsgi.checker.report import Fix
from corswsgi.errors import quote

# The preflight's status

_ANSWER_BEFORE = "answer OPTIONS requests that carry Access-Control-Request-Method before"

_PREFLIGHT_STATUSES: dict[int, tuple[Kind, str, str]] = {
    401: (
        PREFLIGHT_UNAUTHORIZED,
        "the server wants a login for the preflight, but browsers never send cookies or passwords with one",
        f"{_ANSWER_BEFORE} authentication is checked",
    ),
    403: (
        PREFLIGHT_FORBIDDEN,
        "the server forbids the preflight: its CORS settings do not know this origin, or something before it "
        "(authentication, CSRF protection, a firewall) turns OPTIONS away",
        f"allow the origin in the server's CORS settings; {_ANSWER_BEFORE} access is checked",
    ),
    404: (
        PREFLIGHT_NOT_FOUND,
        "nothing answers OPTIONS at this address: it is wrong, or the route exists for other methods only",
        f"check the address; {_ANSWER_BEFORE} the route is looked up",
    ),
    405: (
        PREFLIGHT_METHOD_NOT_ALLOWED,
        "the server does not take OPTIONS at this address, and a preflight is an OPTIONS request",
        f"{_ANSWER_BEFORE} the method is checked",
    ),
    501: (
        PREFLIGHT_NOT_IMPLEMENTED,
        "the server does not know the method OPTIONS at all, and a preflight is an OPTIONS request",
        "teach the server OPTIONS; for Python's http.server that is CORSRequestHandlerMixin, or a method do_OPTIONS",
    ),
}


def diagnose_preflight(preflight: Exchange) -> Finding | None:
    """Return what is behind a preflight's status, or behind there being none; nothing for one from 200 to 299."""
    status = preflight.status
    if status is None:
        cause = diagnose_no_answer(preflight.error)
        sentence = f"the preflight got no answer: {cause.sentence}"
        return PREFLIGHT_NO_ANSWER.finding(sentence, cause.fix)
    if 200 <= status <= 299:
        return None
    if status in fetch.REDIRECT_STATUSES:
        return _diagnose_redirect(preflight)
    if status in _PREFLIGHT_STATUSES:
        kind, sentence, fix = _PREFLIGHT_STATUSES[status]
    elif status >= 500:
        kind = PREFLIGHT_SERVER_ERROR
        sentence = "the server, or a proxy before it, failed at the preflight; CORS is not what is wrong"
        fix = "find the error in the logs of the server and of the proxy"
    elif status >= 400:
        kind = PREFLIGHT_REFUSED
        sentence = "the server, or something before it, refuses the preflight"
        fix = f"{_ANSWER_BEFORE} anything else looks at the request"
    else:
        kind = PREFLIGHT_STATUS
        sentence = "only a status from 200 to 299 lets a preflight pass"
        fix = "answer preflights with status 204"
    allow = joined(preflight, "Allow")
    hint = f" (its Allow header lists {quote(allow)})" if status == 405 and allow is not None else ""
    return kind.finding(f"{_came(preflight, 'the preflight')}: {sentence}{hint}", fix, seen=[preflight])


def _came(exchange: Exchange, what: str) -> str:
    return f"{what} was answered {shown(f'{exchange.status} {exchange.status_text}'.strip())}"


_LOGIN = re.compile(r"log-?in|sign-?in|auth|sso|saml|oauth|account", re.IGNORECASE)


def _diagnose_redirect(preflight: Exchange) -> Finding:
    kind, where, fix = _redirect_to(preflight)
    sentence = f"{_came(preflight, 'the preflight')}, a redirect {where}; browsers do not follow one there"
    return kind.finding(sentence, fix, seen=[preflight])


def _redirect_to(exchange: Exchange) -> tuple[Kind, str, str]:
    """Return what kind of redirect it is, where it leads in words, and what to do."""
    location = joined(exchange, "Location")
    source = parse_url(exchange.url)
    use = f"call {quote(location)} in the first place"
    try:
        target = parse_url(location or "", source)
    except ValueError:
        target = source
    if location is None or target == source:
        nowhere = "without a Location" if location is None else f"to {quote(location)}"
        return PREFLIGHT_REDIRECT, nowhere, f"{_ANSWER_BEFORE} anything redirects"
    use = f"call {target.href} in the first place"
    if _LOGIN.search(target.href) and not _LOGIN.search(source.href):
        where = f"to {quote(location)}, which looks like a login page"
        return PREFLIGHT_REDIRECT_LOGIN, where, f"{_ANSWER_BEFORE} authentication redirects"
    if (
        target.netloc == source.netloc
        and f"{target.path}/" != f"{source.path}/"
        and (target.path.rstrip("/") == source.path.rstrip("/"))
    ):
        which = "with a slash at the end" if target.path.endswith("/") else "without the slash at the end"
        return PREFLIGHT_REDIRECT_SLASH, f"to the same address {which}", use
    if (source.scheme, target.scheme) == ("http", "https") and target.host == source.host:
        return PREFLIGHT_REDIRECT_HTTPS, "to the same address over https:", use
    if target.host != source.host:
        return PREFLIGHT_REDIRECT_HOST, f"to another host, {quote(location)}", use
    return PREFLIGHT_REDIRECT, f"to {quote(location)}", f"{use}, or {_ANSWER_BEFORE} anything redirects"


# The response itself

_HIDDEN_STATUSES: dict[int, tuple[Kind, str]] = {
    401: (AUTH_ERROR_HIDDEN, "the server wants a login"),
    403: (AUTH_ERROR_HIDDEN, "the server forbids the request"),
    404: (NOT_FOUND_HIDDEN, "there is nothing at this address"),
    502: (PROXY_ERROR_HIDDEN, "a proxy got no proper answer from the server behind it"),
    503: (PROXY_ERROR_HIDDEN, "the server, or a proxy before it, is overloaded or down"),
    504: (PROXY_ERROR_HIDDEN, "a proxy waited too long for the server behind it"),
}


def diagnose_actual(exchange: Exchange, readable: bool, origin: str, with_credentials: bool) -> Finding | None:
    """Return what is behind the response to the request itself, where there is more to say than the check said."""
    status = exchange.status
    if status is None:
        return diagnose_no_answer(exchange.error)
    came = _came(exchange, "the request")
    wrong = diagnose_allow_origin(exchange, origin, with_credentials)
    if readable:
        if status >= 400:
            return ERROR_READABLE.finding(f"{came}: an error, but one that the script can read")
        return wrong if wrong is not None and not wrong.is_failure else None
    if wrong is not None:
        return wrong
    if joined(exchange, ALLOW_ORIGIN) is not None:
        return None
    if status >= 400:
        return _diagnose_hidden_error(exchange, came)
    if status in fetch.REDIRECT_STATUSES:
        _, where, fix = _redirect_to(exchange)
        sentence = f"{came}, a redirect {where}, without the CORS headers that browsers want on redirects too"
        return REDIRECT_HIDDEN.finding(sentence, fix)
    return None


def _diagnose_hidden_error(exchange: Exchange, came: str) -> Finding:
    status = exchange.status or 0
    server = joined(exchange, "Server")
    by = f" (the Server header says {quote(server)})" if server else ""
    if status in _HIDDEN_STATUSES:
        kind, what = _HIDDEN_STATUSES[status]
    elif status >= 500:
        kind, what = SERVER_ERROR_HIDDEN, "the server failed"
    else:
        kind, what = CLIENT_ERROR_HIDDEN, "the server refuses the request"
    sentence = (
        f"{came}{by}: {what}. That is an error of the server, or of a proxy before it; the browser calls it a CORS "
        "error only because it came without CORS headers"
    )
    fix = "look for the error first; then send the CORS headers with errors too"
    return kind.finding(sentence, fix, seen=[exchange])


# No answer

_LOG = "look at the log of the server"

#: What a failed request says of itself, and what that means.
_NO_ANSWERS: tuple[tuple[str, Kind, str, str], ...] = (
    (
        r"^out of time:",
        OUT_OF_TIME,
        "{error}",
        "--max-time allows more",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|CertificateError|doesn't match",
        CERTIFICATE,
        "the TLS certificate of the server cannot be trusted ({detail}), and browsers refuse to talk to it",
        "use a certificate that browsers trust; for a test server, --insecure takes any",
    ),
    (
        r"SSLError|SSLEOFError|SSL:",
        TLS,
        "no TLS connection came about; perhaps the server speaks http: at this port, not https:",
        "check the scheme and the port of the URL",
    ),
    (
        r"ProxyError",
        PROXY,
        "the proxy that the environment names does not answer",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    (
        r"NameResolutionError|getaddrinfo|Name or service not known|nodename nor servname|Failed to resolve",
        NAME_UNKNOWN,
        "the host name of the server is not known",
        "check the host name",
    ),
    (
        r"ConnectTimeout|ReadTimeout|timed out",
        TIMEOUT,
        "the server gave no answer within the time given",
        "look at what keeps the server from answering; --timeout waits longer",
    ),
    (
        r"Connection refused|actively refused",
        CONNECTION_REFUSED,
        "nothing listens at that address and port",
        "start the server, or check the host and the port",
    ),
    (
        r"BadStatusLine|InvalidHeader|LineTooLong|HeaderParsingError|got more than|UnknownProtocol|InvalidChunk",
        NOT_HTTP,
        "what the server sent is not HTTP",
        "check the port: another service may listen there",
    ),
    (
        r"RemoteDisconnected|ConnectionReset|Connection reset|Broken pipe|IncompleteRead|Connection aborted",
        CLOSED,
        "the server closed the connection without an answer",
        _LOG,
    ),
    (r"the application ", APP_RAISED, "{error}", "correct the application"),
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
    return NO_ANSWER.finding(shown(error), _LOG)


# The fix


@dataclass(frozen=True, slots=True)
class Wish:
    """What a server would have to permit.

    :ivar header_names: those that need permission, in lower case.
    """

    origin: str
    method: str
    header_names: tuple[str, ...]
    with_credentials: bool

    @property
    def needs_preflight(self) -> bool:
        return bool(self.header_names) or self.method not in fetch.CORS_SAFELISTED_METHODS

    @property
    def grantable_names(self) -> tuple[str, ...]:
        """The header names without those of responses, which no server should permit."""
        return tuple(name for name in self.header_names if not name.startswith("access-control-"))


#: No server can permit these, whatever it sends: by the code of the reason, what to do instead.
_BEYOND_SERVERS: dict[str, str] = {
    "bad-port": "run the server at another port; browsers ask none of their list of blocked ports",
    "mixed-content": "serve the URL over https:; no header lets a secure page fetch from a plain http: address",
    "too-many-redirects": "call the last address of the redirects in the first place",
    "location-invalid": "correct the Location header of the redirect",
    "location-not-http": "correct the Location header of the redirect: it must lead to http: or https:",
    "password-prompt": "answer fetch() without WWW-Authenticate: Basic or Digest; say Bearer, or nothing at all",
    "location-credentials": "take user name and password out of the Location of the redirect",
}


def fix_beyond_servers(reason_code: str) -> Fix | None:
    """Return the fix where no CORS header would help."""
    step = _BEYOND_SERVERS.get(reason_code)
    return None if step is None else Fix((step,))


def fix_for(wish: Wish, steps: Iterable[str]) -> Fix:
    """Return what to change so that a browser would allow the request, and nothing more."""
    if wish.origin == "null" and wish.with_credentials:
        step = (
            'any site can make a page whose origin is "null", so none should be allowed with credentials; serve the '
            "page from an origin of its own, or send no credentials"
        )
        return Fix((*steps, step))
    return Fix(tuple(steps), policy_lines(wish), preflight_lines(wish), response_lines(wish))


def policy_lines(wish: Wish) -> tuple[str, ...]:
    """Return the Policy that permits the request, in Python."""
    options = [("allow_origins", _python_list([wish.origin]))]
    if wish.method not in fetch.CORS_SAFELISTED_METHODS:
        options.append(("allow_methods", _python_list([wish.method])))
    if wish.grantable_names:
        options.append(("allow_headers", _python_list(wish.grantable_names)))
    if wish.with_credentials:
        options.append(("allow_credentials", "True"))
    if wish.with_credentials and is_insecure(wish.origin):
        options.append(("dangerously_allow", _python_list(["insecure-origins"])))
    return ("Policy(", *(f"    {name}={value}," for name, value in options), ")")


def _python_list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(json.dumps, names))}]"


def preflight_lines(wish: Wish) -> tuple[str, ...]:
    """Return the headers of an answer to the preflight that permits the request; none where none is needed."""
    if not wish.needs_preflight:
        return ()
    lines = [f"{ALLOW_ORIGIN}: {wish.origin}"]
    if wish.with_credentials:
        lines.append(f"{ALLOW_CREDENTIALS}: true")
    if wish.method not in fetch.CORS_SAFELISTED_METHODS:
        lines.append(f"{ALLOW_METHODS}: {wish.method}")
    if wish.grantable_names:
        lines.append(f"{ALLOW_HEADERS}: {', '.join(wish.grantable_names)}")
    return (*lines, f"{MAX_AGE}: 600", "Vary: Origin")


def response_lines(wish: Wish) -> tuple[str, ...]:
    """Return the headers that every other answer needs, errors too."""
    lines = [f"{ALLOW_ORIGIN}: {wish.origin}"]
    if wish.with_credentials:
        lines.append(f"{ALLOW_CREDENTIALS}: true")
    return (*lines, "Vary: Origin")


def is_insecure(origin: str) -> bool:
    """Tell whether anyone on the way can change the pages of an origin: ``http:``, and not on this machine."""
    parsed = parse_origin(origin)
    return parsed.scheme == "http" and not is_potentially_trustworthy_origin(parsed)
