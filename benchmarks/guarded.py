"""The floor with the guarantees that corswsgi gives, written by hand as plainly as one can.

Each layer answers byte for byte as corswsgi does under the policy of :mod:`benchmarks.cells`, whatever the application
says or raises; a test holds the two together. The guarantees, beside the right headers:

- ``Access-Control-*`` headers of the application are replaced, and its ``Vary`` lines are merged with the layer's;
- an exception of the application, on a request from an allowed origin, is logged and answered 500 with CORS headers;
- a refused origin is logged once, if the level INFO is enabled, within a bound;
- an origin that only looks like a subdomain is refused.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from webob.exc import HTTPInternalServerError

from benchmarks.floor import EXPOSE, PREFLIGHT, REASON, REFUSED, VARY, Application

Environ = dict[str, Any]
Headers = list[tuple[str, str]]

logger = logging.getLogger("benchmarks.guarded")


def any_origin(app: Application) -> Application:
    """Put the headers for ``*`` on every response."""
    cors = [("Access-Control-Allow-Origin", "*"), EXPOSE]
    preflight = [("Access-Control-Allow-Origin", "*"), *PREFLIGHT]

    def layer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_cors = "HTTP_ORIGIN" in environ
        if is_cors and is_preflight(environ):
            start_response("204 No Content", list(preflight))
            return []
        begun: list[str] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            begun.append(status)
            return start_response(status, replaced(headers) + cors, exc_info)

        if not is_cors:
            return app(environ, start)
        try:
            return app(environ, start)
        except Exception:
            if wants_exceptions(environ):
                raise
            return readable_error(environ, start, begun)

    return layer


def one_origin(app: Application) -> Application:
    """Put the headers for one origin on every response."""
    allowed = "https://app.example.com"
    cors = [("Access-Control-Allow-Origin", allowed), EXPOSE]
    preflight = [("Access-Control-Allow-Origin", allowed), *PREFLIGHT]
    told: set[str] = set()

    def layer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        is_allowed = origin == allowed
        if origin is not None and is_preflight(environ):
            if is_allowed:
                start_response("204 No Content", list(preflight))
                return []
            tell_refusal(told, environ)
            start_response("403 Forbidden", list(REFUSED))
            return [REASON]
        begun: list[str] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            begun.append(status)
            return start_response(status, replaced(headers) + cors, exc_info)

        if not is_allowed:
            if origin is not None:
                tell_refusal(told, environ)
            return app(environ, start)
        try:
            return app(environ, start)
        except Exception:
            if wants_exceptions(environ):
                raise
            return readable_error(environ, start, begun)

    return layer


def several_origins(app: Application) -> Application:
    """Look the origin up among several."""
    origins = {"https://app.example.com", "https://shop.example.com", "https://admin.example.com"}
    return varying(app, lambda origin: origin in origins)


def subdomains(app: Application) -> Application:
    """Match the origin with a regular expression."""
    pattern = re.compile(r"https://([a-z0-9_-]{1,63}\.)+example\.com")
    return varying(app, lambda origin: pattern.fullmatch(origin) is not None)


def varying(app: Application, allows: Callable[[str], bool]) -> Application:
    """Put the headers for the origin that asks on every response to it, and ``Vary`` on all."""
    refused = [*REFUSED, VARY]
    told: set[str] = set()

    def layer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        origin: Any = environ.get("HTTP_ORIGIN")
        is_allowed = origin is not None and allows(origin)
        if origin is not None and is_preflight(environ):
            if is_allowed:
                start_response("204 No Content", [("Access-Control-Allow-Origin", origin), *PREFLIGHT, VARY])
                return []
            tell_refusal(told, environ)
            start_response("403 Forbidden", list(refused))
            return [REASON]
        cors: Headers = [("Access-Control-Allow-Origin", origin), EXPOSE] if is_allowed else []
        begun: list[str] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            begun.append(status)
            return start_response(status, with_vary(replaced(headers), cors), exc_info)

        if not is_allowed:
            if origin is not None:
                tell_refusal(told, environ)
            return app(environ, start)
        try:
            return app(environ, start)
        except Exception:
            if wants_exceptions(environ):
                raise
            return readable_error(environ, start, begun)

    return layer


def is_preflight(environ: Environ) -> bool:
    """Tell whether a request that has an ``Origin`` is a preflight."""
    return environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ


def replaced(headers: Headers) -> Headers:
    """Return the headers of an application without those for CORS."""
    return [header for header in headers if not header[0].lower().startswith("access-control-")]


def with_vary(headers: Headers, cors: Headers) -> Headers:
    """Return both, and at the end one ``Vary`` with the names that are there and ``Origin``."""
    lines = [value for name, value in headers if name.lower() == "vary"]
    if not lines:
        return [*headers, *cors, VARY]
    names: dict[str, str] = {}
    for name in ",".join(lines).split(","):
        names.setdefault(name.strip().lower(), name.strip())
    names.pop("", None)
    if "*" not in names:
        names.setdefault("origin", "Origin")
    kept = [header for header in headers if header[0].lower() != "vary"]
    return [*kept, *cors, ("Vary", ", ".join(names.values()))]


def tell_refusal(told: set[str], environ: Environ) -> None:
    """Log a refused origin, unless it was logged before or is the server's own page."""
    if not logger.isEnabledFor(logging.INFO):
        return
    origin = environ["HTTP_ORIGIN"]
    if origin in told or environ.get("HTTP_SEC_FETCH_SITE") == "same-origin":
        return
    if len(told) < 1024:
        told.add(origin)
        logger.info("refused origin %a on %a %a", origin, environ["REQUEST_METHOD"], environ["PATH_INFO"])


def wants_exceptions(environ: Environ) -> bool:
    """Tell whether a debugger around the application asks for its exceptions."""
    return bool(environ.get("paste.throw_errors") or environ.get("x-wsgiorg.throw_errors"))


def readable_error(environ: Environ, start: Callable[..., Any], begun: list[str]) -> Iterable[bytes]:
    """Log the exception that is being handled, and answer it."""
    logger.exception("the application raised on %a %a", environ["REQUEST_METHOD"], environ["PATH_INFO"])
    response = HTTPInternalServerError()
    if not begun:
        return response(environ, start)
    return response(environ, lambda status, headers, _=None: start(status, headers, sys.exc_info()))


#: By kind of policy.
LAYERS = {"any": any_origin, "static": one_origin, "dynamic": several_origins, "pattern": subdomains}
