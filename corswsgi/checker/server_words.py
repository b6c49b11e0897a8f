"""How well-known servers say what a fix asks for: which one answered, and its own words for CORS headers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corswsgi.browser import Exchange
from corswsgi.checker.granting import ALLOW_ORIGIN, joined


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in the words of one server.

    :ivar origin: how to send the origin that asked, if it is on a list.
    :ivar errors: how to send headers with errors too.
    :ivar preflight: how to answer a preflight before anything else.
    :ivar twice: how to send a header once.
    """

    name: str
    origin: str
    errors: str
    preflight: str
    twice: str
    too_large: str = ""


NGINX = Words(
    "nginx",
    origin=f"in nginx, map $http_origin $allowed_origin {{ ... }} is the list, and add_header {ALLOW_ORIGIN} "
    "$allowed_origin always; sends what it holds",
    errors=f"in nginx, add_header {ALLOW_ORIGIN} ... always; (without always, nginx leaves it out of errors), in each "
    "location that has an add_header of its own",
    preflight="in nginx, if ($request_method = OPTIONS) { add_header ...; return 204; } with all CORS headers inside",
    twice=f"in nginx, proxy_hide_header {ALLOW_ORIGIN}; drops what the application sends",
    too_large="client_max_body_size is how much nginx takes",
)

APACHE = Words(
    "Apache",
    origin='in Apache, SetEnvIf Origin "^https://app\\.example\\.com$" CORS=$0 is the list, and Header always set '
    f"{ALLOW_ORIGIN} %{{CORS}}e env=CORS sends what matched, and nothing to others",
    errors="in Apache, Header always set in place of Header set (not beside it), which reaches successes only",
    preflight="in Apache, RewriteCond %{REQUEST_METHOD} =OPTIONS and RewriteRule ^ - [R=204,L] in the virtual host, "
    "with Header always set",
    twice="in Apache, Header set and Header always set fill two lists, and both are sent: use Header always set alone, "
    f"and Header onsuccess unset {ALLOW_ORIGIN} for what the application sends",
    too_large="LimitRequestBody is how much Apache takes, except of requests that it passes on (ProxyPass)",
)

CADDY = Words(
    "Caddy",
    origin=f"in Caddy, @allowed header Origin https://app.example.com is the list, and header @allowed {ALLOW_ORIGIN} "
    "{http.request.header.Origin} sends what matched",
    errors="in Caddy, header @allowed in the site, without defer, reaches its own errors too; header_down reaches only "
    "what the application answers",
    preflight="in Caddy, @preflight method OPTIONS, with header @preflight ..., and route { respond @preflight 204 } "
    "around basicauth and reverse_proxy too, because what stands first in a route is done first",
    twice=f"in Caddy, header_down -{ALLOW_ORIGIN} in reverse_proxy drops what the application sends",
    too_large="request_body max_size is how much Caddy takes",
)

HAPROXY = Words(
    "HAProxy",
    origin="in HAProxy, http-request set-var(txn.origin) req.hdr(Origin), and http-after-response set-header "
    f"{ALLOW_ORIGIN} %[var(txn.origin)] if the variable is on a list",
    errors="in HAProxy, http-after-response set-header, because http-response does not reach what it answers itself",
    preflight="in HAProxy, http-request return status 204 hdr ... if METH_OPTIONS, before http-request auth or deny",
    twice="in HAProxy, http-after-response set-header replaces what the application sends; add-header doubles it",
)

VARNISH = Words(
    "Varnish",
    origin=f"in Varnish, set resp.http.{ALLOW_ORIGIN} = req.http.Origin; without quotation marks, in vcl_deliver, if "
    "it is on a list",
    errors="in Varnish, set the headers in vcl_deliver, which no answer of synth() passes, and in vcl_synth too",
    preflight='in Varnish, if (req.method == "OPTIONS") { return (synth(204)); } in vcl_recv; the headers in vcl_synth',
    twice=f"in Varnish, set resp.http.{ALLOW_ORIGIN} in vcl_deliver replaces what the application sends",
)

#: What tells a server: its Server header, or its own error page.
_BY_NAME = (
    (r"nginx|openresty|tengine", NGINX),
    (r"apache|httpd", APACHE),
    (r"caddy", CADDY),
    (r"haproxy", HAPROXY),
    (r"varnish", VARNISH),
)

#: HAProxy names itself nowhere; these lines are in its error pages.
_PAGE_OF_HAPROXY = re.compile(
    rb"\A\s*<html><body><h1>[45][0-9][0-9] .*</h1>\n(No server is available|The server didn't|The server returned|"
    rb"Request forbidden|Your browser|You need|An internal server error|Access is denied)"
)


def words_of(exchange: Exchange) -> Words | None:
    """Return the words of the server that answered; ``None`` if it is none of these, or does not tell."""
    server = joined(exchange, "Server") or ""
    if not server and joined(exchange, "X-Varnish") is not None:
        return VARNISH
    if not server and _PAGE_OF_HAPROXY.match(exchange.response_body or b""):
        return HAPROXY
    return next((words for pattern, words in _BY_NAME if re.search(pattern, server, re.IGNORECASE)), None)


def in_words(exchange: Exchange, fix: str, of: str) -> str:
    """Return a fix, and how the server that answered says it.

    :param of: the name of a field of :class:`Words`.
    """
    words = words_of(exchange)
    said = getattr(words, of) if words is not None else ""
    return f"{fix}: {said}" if said else fix
