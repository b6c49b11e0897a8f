"""Fixes in the words of well-known servers: which server responded, and how it is configured."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corswsgi.browser import Exchange
from corswsgi.checker.granting import ALLOW_ORIGIN, joined


@dataclass(frozen=True, slots=True)
class Words:
    """How to configure one server.

    :ivar origin: how to send the origin of the request, if it is on a list.
    :ivar errors: how to send headers with errors too.
    :ivar preflight: how to answer a preflight before anything else.
    :ivar twice: how to send a header only once.
    :ivar too_large: how to accept larger bodies.
    """

    name: str
    origin: str
    errors: str
    preflight: str
    twice: str
    too_large: str = ""


NGINX = Words(
    "nginx",
    origin=f"in nginx, put the list into map $http_origin $allowed_origin {{ ... }}, and send its result with "
    f"add_header {ALLOW_ORIGIN} $allowed_origin always;",
    errors=f"in nginx, use add_header {ALLOW_ORIGIN} ... always; (without always, errors do not get it), in each "
    "location that has an add_header of its own",
    preflight="in nginx, use if ($request_method = OPTIONS) { add_header ...; return 204; }, with all CORS headers",
    twice=f"in nginx, proxy_hide_header {ALLOW_ORIGIN}; drops what the application sends",
    too_large="in nginx, client_max_body_size sets the limit",
)

APACHE = Words(
    "Apache",
    origin='in Apache, match the list with SetEnvIf Origin "^https://app\\.example\\.com$" CORS=$0, and send the match '
    f"with Header always set {ALLOW_ORIGIN} %{{CORS}}e env=CORS",
    errors="in Apache, use Header always set and no Header set, which applies to successful responses only",
    preflight="in Apache, use RewriteCond %{REQUEST_METHOD} =OPTIONS and RewriteRule ^ - [R=204,L] in the virtual host "
    "with Header always set",
    twice="in Apache, Header set and Header always set fill two lists, and both are sent: use Header always set alone, "
    f"and drop what the application sends with Header onsuccess unset {ALLOW_ORIGIN}",
    too_large="in Apache, LimitRequestBody sets the limit, except for requests that it passes on (ProxyPass)",
)

CADDY = Words(
    "Caddy",
    origin=f"in Caddy, use @allowed header Origin https://app.example.com for the list, and header @allowed "
    f"{ALLOW_ORIGIN} {{http.request.header.Origin}} to send the match",
    errors="in Caddy, use header @allowed in the site, without defer, which also applies to Caddy's own errors; "
    "header_down applies only to responses of the application",
    preflight="in Caddy, use @preflight method OPTIONS, with header @preflight ..., and "
    "route { respond @preflight 204 } also around basicauth and reverse_proxy, because a route runs in the order that "
    "it has in the file",
    twice=f"in Caddy, header_down -{ALLOW_ORIGIN} in reverse_proxy drops what the application sends",
    too_large="in Caddy, max_size in request_body sets the limit",
)

HAPROXY = Words(
    "HAProxy",
    origin="in HAProxy, use http-request set-var(txn.origin) req.hdr(Origin), and http-after-response set-header "
    f"{ALLOW_ORIGIN} %[var(txn.origin)] if the variable is on a list",
    errors="in HAProxy, use http-after-response set-header, because http-response skips the errors of HAProxy itself",
    preflight="in HAProxy, use http-request return status 204 hdr ... if METH_OPTIONS, before any auth or deny",
    twice="in HAProxy, use http-after-response set-header, which replaces what the application sends, not add-header",
)

VARNISH = Words(
    "Varnish",
    origin=f"in Varnish, use set resp.http.{ALLOW_ORIGIN} = req.http.Origin; without quotation marks, in "
    "vcl_deliver, if the origin is on a list",
    errors="in Varnish, set the headers in vcl_deliver, and also in vcl_synth, because what synth() answers does not "
    "pass vcl_deliver",
    preflight='in Varnish, use if (req.method == "OPTIONS") { return (synth(204)); } in vcl_recv, and set the headers '
    "in vcl_synth",
    twice=f"in Varnish, use set resp.http.{ALLOW_ORIGIN} in vcl_deliver, which replaces what the application sends",
)

#: Patterns for the Server header.
_BY_NAME = (
    (r"nginx|openresty|tengine", NGINX),
    (r"apache|httpd", APACHE),
    (r"caddy", CADDY),
    (r"haproxy", HAPROXY),
    (r"varnish", VARNISH),
)

#: HAProxy does not send a Server header; its error pages contain these lines.
_PAGE_OF_HAPROXY = re.compile(
    rb"\A\s*<html><body><h1>[45][0-9][0-9] .*</h1>\n(No server is available|The server didn't|The server returned|"
    rb"Request forbidden|Your browser|You need|An internal server error|Access is denied)"
)


def words_of(exchange: Exchange) -> Words | None:
    """Return the words of the server that responded; ``None`` if it is none of these, or does not say which it is."""
    server = joined(exchange, "Server") or ""
    if not server and joined(exchange, "X-Varnish") is not None:
        return VARNISH
    if not server and _PAGE_OF_HAPROXY.match(exchange.response_body or b""):
        return HAPROXY
    return next((words for pattern, words in _BY_NAME if re.search(pattern, server, re.IGNORECASE)), None)


def in_words(exchange: Exchange, fix: str, of: str) -> str:
    """Return a fix, and how to do it on the server that responded.

    :param of: the name of a field of :class:`Words`.
    """
    words = words_of(exchange)
    said = getattr(words, of) if words is not None else ""
    return f"{fix}: {said}" if said else fix
