"""Misconfigured servers, a table: what each is asked, what comes of it, why, and what has to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Pairs = Sequence[tuple[str, str]]
Answer = tuple[str, Pairs]

#: The page, the server that it asks, and a third; a test that runs them over sockets puts other origins in their place.
PAGE = "https://app.example.com"
API = "https://api.example.net"
THIRD = "https://login.example.org"

ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
EXPOSED = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"

INCLUDE: Mapping[str, Any] = {"credentials": "include"}
PUT: Mapping[str, Any] = {"method": "PUT"}
KEY: Mapping[str, Any] = {"headers": (("X-Api-Key", "1"),)}

SHARED: Pairs = ((ORIGIN, PAGE), ("Vary", "Origin"))
TRUSTED: Pairs = (*SHARED, (CREDENTIALS, "true"))


@dataclass(frozen=True)
class Asked:
    """A request: the host that it went to, and what matters to these servers."""

    method: str
    host: str
    path: str
    origin: str
    is_preflight: bool


Server = Callable[[Asked], Answer]


@dataclass(frozen=True)
class Row:
    """A misconfigured server, the question that it is asked, and what is to be said.

    :ivar code: of the finding that tells why.
    :ivar cause: a part of its sentence.
    :ivar fix: a part of the fix.
    :ivar audit: the code of what an audit finds; empty if it is not audited.
    :ivar body: of every answer.
    """

    server: Server
    code: str
    cause: str
    fix: str
    outcome: str = "blocked"
    question: Mapping[str, Any] = field(default_factory=dict)
    audit: str = ""
    body: bytes = b"{}"


def always(*headers: tuple[str, str], status: str = "200 OK") -> Server:
    """Answer everything alike."""
    return lambda asked: (status, headers)


def value(text: str, *more: tuple[str, str]) -> Server:
    """Say so in Access-Control-Allow-Origin, to everyone."""
    return always((ORIGIN, text), *more)


def preflight(*headers: tuple[str, str], status: str = "204 No Content", then: Answer = ("200 OK", SHARED)) -> Server:
    """Answer preflights so, and everything else as it should be."""
    return lambda asked: (status, headers) if asked.is_preflight else then


def permitting(*headers: tuple[str, str]) -> Server:
    """Answer preflights of the page with further headers."""
    return preflight(*SHARED, *headers)


def failing(status: str, *headers: tuple[str, str], shared: Pairs = SHARED) -> Server:
    """Answer requests with an error that lacks the headers; preflights have them."""
    return lambda asked: ("204 No Content", shared) if asked.is_preflight else (status, headers)


def beside(server: str, shared: Pairs = SHARED) -> Server:
    """Answer /items as it should be, and everything else with an error without headers."""
    return lambda asked: (
        ("200 OK", (*shared, ("Server", server)))
        if asked.path == "/items"
        else ("404 Not Found", (("Server", server),))
    )


def moved(location: str, first: Pairs = (), then: Answer = ("200 OK", SHARED), status: str = "302 Found") -> Server:
    """Redirect /items of the API; everything else is answered otherwise."""
    here = API.partition("//")[2]
    return lambda asked: (
        (status, (*first, ("Location", location))) if (asked.host, asked.path) == (here, "/items") else then
    )


VALUES: dict[str, Row] = {
    # Placeholders that nothing replaced
    "$http_origin in Apache": Row(
        value("$http_origin", ("Server", "Apache/2.4.62")),
        "allow-origin-variable",
        "a variable as nginx writes it",
        "SetEnvIf Origin",
        audit="allow-origin-invalid",
    ),
    "$http_origin in Caddy": Row(
        value("$http_origin", ("Server", "Caddy")),
        "allow-origin-variable",
        "nginx",
        "{http.request.header.Origin}",
    ),
    "${ALLOWED_ORIGIN}": Row(value("${ALLOWED_ORIGIN}"), "allow-origin-variable", "variable", "list"),
    "%{HTTP_ORIGIN}e in nginx": Row(
        value("%{HTTP_ORIGIN}e", ("Server", "nginx/1.26")),
        "allow-origin-variable",
        "a variable as Apache writes it",
        "map $http_origin",
        audit="allow-origin-invalid",
    ),
    "%[src]": Row(value("%[src]"), "allow-origin-variable", "as HAProxy writes it", "list of allowed origins"),
    "%[capture.req.hdr(0)]": Row(
        value("%[capture.req.hdr(0)]", ("Server", "HAProxy")), "allow-origin-variable", "HAProxy", "var(txn.origin)"
    ),
    "{origin}": Row(
        value("{origin}", ("Server", "Caddy")),
        "allow-origin-variable",
        "Caddy",
        "{http.request.header.Origin}",
        audit="allow-origin-invalid",
    ),
    "{http.header.origin}": Row(
        value("{http.header.origin}", ("Server", "Caddy")),
        "allow-origin-variable",
        "Caddy",
        "{http.request.header.Origin}",
    ),
    "{>Origin}": Row(value("{>Origin}"), "allow-origin-variable", "Caddy", "list of allowed origins"),
    "{{ origin }}": Row(value("{{ cors_origin }}"), "allow-origin-variable", "template", "list of allowed origins"),
    "<your-origin>": Row(value("<your-origin>"), "allow-origin-variable", "place", "list of allowed origins"),
    "req.http.Origin": Row(
        value("req.http.Origin", ("X-Varnish", "3")),
        "allow-origin-variable",
        "as Varnish writes it",
        "= req.http.Origin",
        audit="allow-origin-invalid",
    ),
    # No value
    "(null)": Row(
        value("(null)", ("Server", "Apache")),
        "allow-origin-unset",
        "Apache writes (null)",
        "env=",
        audit="allow-origin-invalid",
    ),
    "None": Row(value("None"), "allow-origin-unset", "missing value", PAGE),
    "undefined": Row(value("undefined"), "allow-origin-unset", "missing value", PAGE),
    "true": Row(value("true"), "allow-origin-unset", "Boolean", PAGE),
    "an empty value": Row(
        value(""),
        "allow-origin-empty",
        "it is empty",
        "do not send the header to other origins",
        audit="allow-origin-invalid",
    ),
    "null": Row(value("null"), "allow-origin-null", "sandboxed", "never send null"),
    # The right origin in another form
    "without a scheme": Row(
        value("app.example.com"),
        "allow-origin-no-scheme",
        "without a scheme",
        f"write {PAGE}",
        audit="allow-origin-invalid",
    ),
    "without a scheme, two slashes": Row(
        value("//app.example.com"), "allow-origin-no-scheme", "scheme", f"write {PAGE}"
    ),
    "another host without a scheme": Row(
        value("www.example.com"), "allow-origin-no-scheme", "scheme", "allow the origin"
    ),
    "localhost:3000": Row(
        value("localhost:3000"),
        "allow-origin-no-scheme",
        "scheme",
        "write http://localhost:3000",
        question={"origin": "http://localhost:3000"},
    ),
    ":443": Row(
        value(f"{PAGE}:443"),
        "allow-origin-default-port",
        "leave the default port out",
        f"write {PAGE}",
        audit="allow-origin-invalid",
    ),
    ":80": Row(
        value("http://localhost:80"),
        "allow-origin-default-port",
        "default port",
        "write http://localhost",
        question={"origin": "http://localhost"},
    ),
    "a slash": Row(
        value(f"{PAGE}/"), "allow-origin-slash", "without a slash", f"write {PAGE}", audit="allow-origin-invalid"
    ),
    "a path": Row(value(f"{PAGE}/app/"), "allow-origin-slash", "or a path", f"write {PAGE}"),
    "a query": Row(value(f"{PAGE}?x"), "allow-origin-slash", "ends after the host", f"write {PAGE}"),
    "upper case": Row(
        value("https://App.Example.com"),
        "allow-origin-case",
        "not in lower case",
        f"write {PAGE}",
        audit="allow-origin-invalid",
    ),
    "a Unicode host": Row(
        value("https://b\u00fccher.example".encode().decode("latin-1")),
        "allow-origin-unicode",
        "in ASCII",
        "write https://xn--bcher-kva.example",
        question={"origin": "https://xn--bcher-kva.example"},
    ),
    "an invisible character": Row(
        value(f"\u200b{PAGE}".encode().decode("latin-1")), "allow-origin-unicode", "not ASCII", f"write {PAGE}"
    ),
    "double quotation marks": Row(
        value(f'"{PAGE}"'), "allow-origin-quoted", "quotation marks", "quotation marks", audit="allow-origin-invalid"
    ),
    "a quoted star": Row(value("'*'"), "allow-origin-quoted", "quotation marks", "quotation marks"),
    "always in the value": Row(
        value(f"{PAGE} always", ("Server", "nginx")),
        "allow-origin-extra",
        '"always"',
        "outside of the quotation marks",
    ),
    "a semicolon": Row(value(f"{PAGE};"), "allow-origin-extra", '";"', f"send {PAGE} alone"),
    "its own name": Row(
        value(f"{ORIGIN}: *"), "allow-origin-extra", "name of the header", "send * alone", audit="allow-origin-invalid"
    ),
    # Lists
    "a list with commas": Row(
        value(f"{PAGE}, https://shop.example.com"),
        "allow-origin-list",
        "is on it",
        "Vary: Origin",
        audit="allow-origin-invalid",
    ),
    "a list with semicolons": Row(
        value(f"https://shop.example.com;{PAGE}"),
        "allow-origin-list",
        'separated by ";"',
        "Vary: Origin",
    ),
    "a list with spaces": Row(
        value("https://shop.example.com https://www.example.com"),
        "allow-origin-list",
        "is not on it",
        f"put {PAGE} on the list",
    ),
    "a list with bars": Row(
        value(f"{PAGE}|https://shop.example.com"), "allow-origin-list", 'separated by "|"', "Vary: Origin"
    ),
    "a list of JSON": Row(
        value(f'["{PAGE}", "https://shop.example.com"]'),
        "allow-origin-list",
        "is on it",
        "Vary: Origin",
        audit="allow-origin-invalid",
    ),
    "a list of Python": Row(value(f"['{PAGE}']"), "allow-origin-list", "is on it", "Vary: Origin"),
    "a star and an origin": Row(value(f"*, {PAGE}"), "allow-origin-list", "list", "* alone"),
    "the same origin twice in one line": Row(
        value(f"{PAGE}, {PAGE}"), "allow-origin-several-lines", "twice", "only one part"
    ),
    "the same origin in two lines": Row(
        always((ORIGIN, PAGE), (ORIGIN, PAGE)),
        "allow-origin-several-lines",
        "is sent 2 times",
        "only one part",
        audit="allow-origin-several-lines",
    ),
    "two lines in Apache": Row(
        always((ORIGIN, PAGE), (ORIGIN, PAGE), ("Server", "Apache/2.4.62 (Debian)")),
        "allow-origin-several-lines",
        "is sent 2 times",
        "Header set and Header always set",
        audit="allow-origin-several-lines",
    ),
    "two lines in nginx": Row(
        always((ORIGIN, "*"), (ORIGIN, PAGE), ("Server", "nginx")),
        "allow-origin-several-lines",
        "is sent 2 times",
        f"proxy_hide_header {ORIGIN}",
        audit="allow-origin-several-lines",
    ),
    # Patterns
    "https://*.example.com": Row(
        value("https://*.example.com"),
        "allow-origin-pattern",
        "it is a pattern",
        "match the pattern on the server",
        audit="allow-origin-invalid",
    ),
    "*.example.com": Row(
        value("*.example.com"), "allow-origin-pattern", "it is a pattern", "match", audit="allow-origin-invalid"
    ),
    "http://localhost:*": Row(
        value("http://localhost:*"),
        "allow-origin-pattern",
        "it is a pattern",
        "match",
        question={"origin": "http://localhost:3000"},
    ),
    "a regular expression": Row(
        value(r"^https://(app|shop)\.example\.com$"),
        "allow-origin-pattern",
        "regular expression",
        "match",
        audit="allow-origin-invalid",
    ),
    # Other origins
    "http for https": Row(value("http://app.example.com"), "allow-origin-scheme", "another scheme", "allow the origin"),
    "another port": Row(
        value("http://localhost:3000"),
        "allow-origin-port",
        "another port",
        "allow",
        question={"origin": "http://localhost:5173"},
    ),
    "127.0.0.1 for localhost": Row(
        value("http://127.0.0.1:3000"),
        "allow-origin-other",
        "this machine",
        "allow",
        question={"origin": "http://localhost:3000"},
    ),
    "www": Row(
        value("https://www.example.com"),
        "allow-origin-other",
        "www",
        "allow",
        question={"origin": "https://example.com"},
    ),
    "a dot at the end": Row(value(f"{PAGE}."), "allow-origin-other", "dot at the end", f"write {PAGE}"),
    "another origin": Row(
        value("https://shop.example.com"), "allow-origin-other", "another origin", "allow the origin"
    ),
    "all": Row(value("all"), "allow-origin-invalid", "not an origin", "send"),
    "nothing": Row(always(), "allow-origin-missing", "no Access-Control-Allow-Origin", ORIGIN),
}

CREDENTIALED: dict[str, Row] = {
    "True": Row(
        always(*SHARED, (CREDENTIALS, "True")),
        "allow-credentials-case",
        "lower case",
        "true",
        question=INCLUDE,
        audit="allow-credentials-invalid",
    ),
    "1": Row(
        always(*SHARED, (CREDENTIALS, "1")),
        "allow-credentials-invalid",
        "only true",
        "true",
        question=INCLUDE,
        audit="allow-credentials-invalid",
    ),
    "yes": Row(always(*SHARED, (CREDENTIALS, "yes")), "allow-credentials-invalid", '"yes"', "true", question=INCLUDE),
    "a quoted true": Row(
        always(*SHARED, (CREDENTIALS, '"true"')),
        "allow-credentials-invalid",
        "only true",
        "quotation marks",
        question=INCLUDE,
    ),
    "false": Row(
        always(*SHARED, (CREDENTIALS, "false")), "allow-credentials-invalid", '"false"', "true", question=INCLUDE
    ),
    "true twice": Row(
        always(*TRUSTED, (CREDENTIALS, "true")),
        "duplicate-header",
        "2 times",
        "only one part",
        question=INCLUDE,
        audit="duplicate-header",
    ),
    "true and a space": Row(always(*SHARED, (CREDENTIALS, "true ")), "", "", "", outcome="allowed", question=INCLUDE),
    "nothing about credentials": Row(
        always(*SHARED),
        "allow-credentials-missing",
        f"no {CREDENTIALS}",
        f"{CREDENTIALS}: true",
        question=INCLUDE,
    ),
    "a star": Row(
        always((ORIGIN, "*")),
        "wildcard-with-credentials",
        "does not allow requests with credentials",
        "the origin of the request",
        question=INCLUDE,
    ),
    "a star and true": Row(
        always((ORIGIN, "*"), (CREDENTIALS, "true")),
        "wildcard-with-credentials",
        "does not allow requests with credentials",
        "the origin of the request",
        question=INCLUDE,
        audit="wildcard-with-credentials",
    ),
    "a star for methods": Row(
        preflight(*TRUSTED, (METHODS, "*")),
        "wildcard-list-with-credentials",
        "a method of that name",
        f"{METHODS}: PUT",
        question={**PUT, **INCLUDE},
    ),
    "a star for headers": Row(
        preflight(*TRUSTED, (HEADERS, "*")),
        "wildcard-list-with-credentials",
        "a header of that name",
        f"{HEADERS}: x-api-key",
        question={**KEY, **INCLUDE},
    ),
    "null with credentials": Row(
        lambda asked: (
            "200 OK",
            ((ORIGIN, asked.origin or "null"), (CREDENTIALS, "true"), ("Vary", "Origin"))
            if asked.origin in ("", "null")
            else (("Vary", "Origin"),),
        ),
        "null-origin",
        "any website can create",
        "never allow null",
        outcome="allowed-but-unsafe",
        question={"origin": "null", **INCLUDE},
    ),
    "null constantly with credentials": Row(
        always((ORIGIN, "null"), (CREDENTIALS, "true")),
        "null-origin",
        "any website",
        "never allow null",
        outcome="allowed-but-unsafe",
        question={"origin": "null", **INCLUDE},
    ),
}

LISTS: dict[str, Row] = {
    "a method that is not listed": Row(
        permitting((METHODS, "GET, POST, DELETE")),
        "method-not-allowed",
        'is "GET, POST, DELETE", without PUT',
        f"{METHODS}: GET, POST, DELETE, PUT",
        question=PUT,
    ),
    "no methods": Row(permitting(), "method-not-allowed", f"no {METHODS}", f"{METHODS}: PUT", question=PUT),
    "methods with semicolons": Row(
        permitting((METHODS, "GET; PUT; DELETE")),
        "list-invalid",
        'separated by ";"',
        f"{METHODS}: GET, PUT, DELETE",
        question=PUT,
    ),
    "methods with spaces": Row(
        permitting((METHODS, "GET PUT")),
        "list-invalid",
        "separated by spaces",
        f"{METHODS}: GET, PUT",
        question=PUT,
    ),
    "methods in JSON": Row(
        permitting((METHODS, '["GET", "PUT"]')),
        "list-invalid",
        '"[\\"GET\\""',
        f"{METHODS}: GET, PUT",
        question=PUT,
    ),
    "methods in lower case": Row(
        permitting((METHODS, "get, put")),
        "method-listed-in-other-case",
        "case-sensitive",
        f"{METHODS}: GET, PUT",
        question=PUT,
    ),
    "a variable for methods": Row(
        permitting((METHODS, "$http_access_control_request_method")),
        "method-not-allowed",
        "without PUT",
        METHODS,
        question=PUT,
    ),
    "a header that is not listed": Row(
        permitting((HEADERS, "Content-Type, Authorization")),
        "header-not-allowed",
        "without x-api-key",
        f"{HEADERS}: Content-Type, Authorization, x-api-key",
        question=KEY,
    ),
    "no headers": Row(permitting(), "header-not-allowed", f"no {HEADERS}", f"{HEADERS}: x-api-key", question=KEY),
    "headers with semicolons": Row(
        permitting((HEADERS, "Content-Type; X-Api-Key")),
        "list-invalid",
        'separated by ";"',
        f"{HEADERS}: Content-Type, X-Api-Key",
        question=KEY,
    ),
    "headers with spaces": Row(
        permitting((HEADERS, "Content-Type X-Api-Key")),
        "list-invalid",
        "spaces",
        f"{HEADERS}: Content-Type, X-Api-Key",
        question=KEY,
    ),
    "headers in quotation marks": Row(
        permitting((HEADERS, '"Content-Type, X-Api-Key"')),
        "list-invalid",
        "quotation",
        f"{HEADERS}: Content-Type, X-Api-Key",
        question=KEY,
    ),
    "JSON needs Content-Type": Row(
        permitting((METHODS, "POST"), (HEADERS, "X-Requested-With")),
        "header-not-allowed",
        "without content-type",
        f"{HEADERS}: X-Requested-With, content-type",
        question={"method": "POST", "headers": (("Content-Type", "application/json"),), "body": "{}"},
    ),
    "10m": Row(
        permitting((METHODS, "PUT"), (MAX_AGE, "10m")),
        "max-age-invalid",
        '"10m"',
        "digits",
        outcome="allowed",
        question=PUT,
        audit="max-age-invalid",
    ),
    # Names
    "Access-Control-Allow-Origins": Row(
        always((f"{ORIGIN}s", PAGE)), "misspelled-header", f"{ORIGIN}s", ORIGIN, audit="misspelled-header"
    ),
    "Access-Control-Allowed-Origin": Row(
        always(("Access-Control-Allowed-Origin", "*")),
        "misspelled-header",
        "browsers ignore",
        ORIGIN,
        audit="misspelled-header",
    ),
    "Allow-Origin": Row(always(("Allow-Origin", "*")), "misspelled-header", "Allow-Origin", ORIGIN),
    "Access-Control-Allow-Method": Row(
        permitting(("Access-Control-Allow-Method", "PUT")),
        "misspelled-header",
        "Access-Control-Allow-Method",
        METHODS,
        question=PUT,
        audit="misspelled-header",
    ),
    "Allow-Header": Row(
        permitting(("Allow-Header", "X-Api-Key")),
        "misspelled-header",
        "Allow-Header",
        HEADERS,
        question=KEY,
        audit="misspelled-header",
    ),
    "Access-Control-Request-Headers": Row(
        permitting(("Access-Control-Request-Headers", "X-Api-Key")),
        "misspelled-header",
        "a request header",
        HEADERS,
        question=KEY,
    ),
    "Access-Control-Allow-Credential": Row(
        always(*SHARED, ("Access-Control-Allow-Credential", "true")),
        "misspelled-header",
        "Credential",
        CREDENTIALS,
        question=INCLUDE,
    ),
    "Access-Control-Exposed-Headers": Row(
        always(*SHARED, ("Access-Control-Exposed-Headers", "X-Total")),
        "misspelled-header",
        "Exposed",
        EXPOSED,
        outcome="allowed",
    ),
}

ERRORS: dict[str, Row] = {
    "nginx 502": Row(failing("502 Bad Gateway", ("Server", "nginx/1.26.0")), "proxy-error-hidden", "error", "always;"),
    "nginx 404": Row(
        failing("404 Not Found", ("Server", "nginx")), "not-found-hidden", "nothing at this address", "add_header"
    ),
    "openresty 500": Row(failing("500 Oops", ("Server", "openresty/1.25")), "server-error-hidden", "failed", "always;"),
    "Apache 401": Row(
        failing("401 Unauthorized", ("Server", "Apache")), "auth-error-hidden", "login", "Header always set"
    ),
    "Apache 503": Row(
        failing("503 Busy", ("Server", "Apache/2.4")), "proxy-error-hidden", "proxy", "Header always set"
    ),
    "Caddy 502": Row(failing("502 Bad Gateway", ("Server", "Caddy")), "proxy-error-hidden", "proxy", "without defer"),
    "Varnish 503": Row(
        failing("503 Backend fetch failed", ("Server", "Varnish")), "proxy-error-hidden", "proxy", "vcl_synth"
    ),
    "HAProxy 503": Row(
        failing("503 Service Unavailable"),
        "proxy-error-hidden",
        "proxy",
        "http-after-response",
        body=b"<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n",
    ),
    "405": Row(failing("405 Method Not Allowed"), "client-error-hidden", "method", "error first"),
    "413": Row(
        failing("413 Request Entity Too Large", ("Server", "nginx")),
        "client-error-hidden",
        "too large",
        "client_max_body_size",
        question={"method": "POST", "body": "a=1", "send": True},
    ),
    "429": Row(failing("429 Too Many Requests"), "client-error-hidden", "too many", "error first"),
    "nginx, only errors": Row(beside("nginx/1.26"), "error-without-cors", "404", "always;", outcome="allowed"),
    "Apache, only errors": Row(beside("Apache"), "error-without-cors", "404", "Header always set", outcome="allowed"),
    "a preflight with headers, an answer without": Row(
        lambda asked: (
            ("204 No Content", (*SHARED, (METHODS, "PUT"), (HEADERS, "x-api-key")))
            if asked.is_preflight
            else ("200 OK", ())
        ),
        "headers-missing-on-answer",
        "but the response to the request has none",
        "with every response",
        question=KEY,
    ),
    "a preflight with a login": Row(
        preflight(("Server", "nginx"), status="401 Unauthorized"),
        "preflight-unauthorized",
        "login",
        "$request_method = OPTIONS",
        question=PUT,
    ),
    "a preflight that Apache does not take": Row(
        preflight(("Server", "Apache"), status="405 Method Not Allowed"),
        "preflight-method-not-allowed",
        "OPTIONS",
        "RewriteCond",
        question=PUT,
    ),
    "a preflight that is redirected to a slash": Row(
        preflight(("Location", "/items/"), status="301 Moved Permanently"),
        "preflight-redirect-slash",
        "slash",
        f"{API}/items/",
        question=PUT,
    ),
    "a preflight that is redirected to a login": Row(
        preflight(("Location", "/accounts/login/?next=/items"), status="302 Found"),
        "preflight-redirect-login",
        "login page",
        "before authentication",
        question=PUT,
    ),
}

REDIRECTS: dict[str, Row] = {
    "a slash": Row(
        moved("/items/", status="301 Moved Permanently"), "redirect-hidden", "slash at the end", f"{API}/items/"
    ),
    "a login": Row(moved("/login?next=/items"), "redirect-login", "login page", "401"),
    "a login elsewhere": Row(
        moved(f"{THIRD}/authorize", SHARED, ("200 OK", ())), "redirect-login", "login page", "401"
    ),
    "a login that can be read": Row(
        moved("/login?next=/items", SHARED), "redirect-login", "gets that page", "401", outcome="allowed"
    ),
    "a third origin": Row(
        moved("https://files.example.org/items", SHARED),
        "origin-null-after-redirect",
        "Origin: null",
        "do not allow null",
    ),
    "nginx redirects": Row(
        moved("/new", (("Server", "nginx"),)), "redirect-hidden", "redirect", "send the CORS headers with redirects too"
    ),
    "the same address again": Row(
        moved("/items"), "redirect-hidden", 'a redirect to "/items"', "send the CORS headers with redirects too"
    ),
    "Apache redirects": Row(
        moved("/new", (("Server", "Apache"),), status="301 Moved Permanently"),
        "redirect-hidden",
        "redirect",
        "Header always set",
    ),
}

TABLE: dict[str, Row] = {
    f"{family}: {name}": row
    for family, rows in {
        "value": VALUES,
        "credentials": CREDENTIALED,
        "lists": LISTS,
        "errors": ERRORS,
        "redirects": REDIRECTS,
    }.items()
    for name, row in rows.items()
}


def application(row: Row) -> Any:
    """Return the server as a WSGI application."""

    def app(environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        asked = Asked(
            environ["REQUEST_METHOD"],
            environ["HTTP_HOST"],
            environ["PATH_INFO"],
            environ.get("HTTP_ORIGIN", ""),
            environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ,
        )
        status, headers = row.server(asked)
        start_response(status, [*headers])
        return [b"" if status.startswith("204") else row.body]

    return app
