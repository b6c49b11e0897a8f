"""The floor with the guarantees that corswsgi gives: hand-written WSGI middlewares, each an ordinary class.

Each answers byte for byte as corswsgi does under the policy of :mod:`benchmarks.cells`, for anything that the
application says or raises; a test holds the two together. The guarantees, beside the right headers:

- ``Access-Control-*`` headers of the application are replaced, and its ``Vary`` lines are merged with the layer's;
- an exception of the application, on a request from an allowed origin, is logged and answered 500 with CORS headers;
- if the level INFO is enabled, what is refused is logged once for each origin and reason, within a bound: an origin
  that is not allowed, and a method or a header that a preflight asks for and that is not listed;
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

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
HEADERS = frozenset({"content-type", "x-api-key"})

logger = logging.getLogger("benchmarks.guarded")


class Guarded:
    """What the layers share; each kind of them says what an origin is granted.

    :ivar app: the wrapped application.
    :ivar otherwise: what is added to a response to an origin that is not allowed, or to no origin.
    :ivar vary: what is added to the answer to a preflight.
    """

    otherwise: Headers
    vary: Headers

    def __init__(self, app: Application) -> None:
        self.app = app
        self.told: set[tuple[str, str]] = set()

    def granted(self, origin: str) -> Headers | None:
        """Return what is added to a response to an origin, ``Access-Control-Allow-Origin`` first, if it is allowed."""
        raise NotImplementedError  # each kind of policy has its own

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        origin = environ.get("HTTP_ORIGIN")
        granted = None if origin is None else self.granted(origin)
        if origin is not None:
            if environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
                return self.answer_preflight(environ, start_response, granted)
            if granted is None and logger.isEnabledFor(logging.INFO):
                self.tell_origin(environ)
        added = self.otherwise if granted is None else granted
        begun: list[str] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            begun.append(status)
            return start_response(status, merged(headers, added), exc_info)

        try:
            return self.app(environ, start)
        except Exception:
            if granted is None or wants_exceptions(environ):
                raise
            return readable_error(environ, start, begun)

    def answer_preflight(
        self, environ: Environ, start_response: Callable[..., Any], granted: Headers | None
    ) -> Iterable[bytes]:
        if granted is None:
            if logger.isEnabledFor(logging.INFO):
                self.tell_origin(environ)
            start_response("403 Forbidden", [*REFUSED, *self.vary])
            return [REASON]
        if logger.isEnabledFor(logging.INFO) and (names := unlisted(environ)):
            self.tell(environ, f"not listed: {', '.join(names)}")
        start_response("204 No Content", [granted[0], *PREFLIGHT, *self.vary])
        return []

    def tell_origin(self, environ: Environ) -> None:
        """Log an origin that is not allowed, unless the request is of the server's own page."""
        if environ.get("HTTP_SEC_FETCH_SITE") != "same-origin":
            self.tell(environ, "the origin is not allowed")

    def tell(self, environ: Environ, reason: str) -> None:
        """Log a refusal, unless it was logged before."""
        key = (environ["HTTP_ORIGIN"][:400], reason[:400])
        if key not in self.told and len(self.told) < 1024:
            self.told.add(key)
            request = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
            logger.info("refused origin %a on %a %a: %a", key[0], *request, key[1])


class AnyOrigin(Guarded):
    """Puts the headers for ``*`` on every response."""

    def __init__(self, app: Application) -> None:
        super().__init__(app)
        self.otherwise = [("Access-Control-Allow-Origin", "*"), EXPOSE]
        self.vary = []

    def granted(self, origin: str) -> Headers | None:
        return self.otherwise


class OneOrigin(Guarded):
    """Puts the headers for one origin on every response."""

    def __init__(self, app: Application, allowed: str = "https://app.example.com") -> None:
        super().__init__(app)
        self.allowed = allowed
        self.otherwise = [("Access-Control-Allow-Origin", allowed), EXPOSE]
        self.vary = []

    def granted(self, origin: str) -> Headers | None:
        return self.otherwise if origin == self.allowed else None


class SeveralOrigins(Guarded):
    """Puts the headers for an origin on the responses to it, and ``Vary`` on all."""

    def __init__(
        self,
        app: Application,
        origins: Iterable[str] = ("https://app.example.com", "https://shop.example.com", "https://admin.example.com"),
    ) -> None:
        super().__init__(app)
        self.origins = frozenset(origins)
        self.otherwise = self.vary = [VARY]

    def granted(self, origin: str) -> Headers | None:
        return [("Access-Control-Allow-Origin", origin), EXPOSE, VARY] if origin in self.origins else None


class Subdomains(Guarded):
    """The same for all that a regular expression matches."""

    def __init__(self, app: Application, pattern: str = r"https://([a-z0-9_-]{1,63}\.)+example\.com") -> None:
        super().__init__(app)
        self.pattern = re.compile(pattern)
        self.otherwise = self.vary = [VARY]

    def granted(self, origin: str) -> Headers | None:
        return [("Access-Control-Allow-Origin", origin), EXPOSE, VARY] if self.pattern.fullmatch(origin) else None


def merged(headers: Headers, added: Headers) -> Headers:
    """Return the headers of a response: the application's, but those for CORS, and ``added``, with one ``Vary``."""
    kept = [header for header in headers if not header[0].lower().startswith("access-control-")]
    if VARY not in added:
        return kept + added
    lines = [value for name, value in kept if name.lower() == "vary"]
    if not lines:
        return kept + added
    names: dict[str, str] = {}
    for name in ",".join(lines).split(","):
        names.setdefault(name.strip().lower(), name.strip())
    names.pop("", None)
    if "*" not in names:
        names.setdefault("origin", "Origin")
    kept = [header for header in kept + added if header[0].lower() != "vary"]
    return [*kept, ("Vary", ", ".join(names.values()))]


def unlisted(environ: Environ) -> list[str]:
    """Return the method and the headers that a preflight asks for and that are not listed."""
    method = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
    names = [name.strip() for name in environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "").lower().split(",")]
    return [*([] if method in METHODS else [method]), *(name for name in names if name and name not in HEADERS)]


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
LAYERS = {"any": AnyOrigin, "static": OneOrigin, "dynamic": SeveralOrigins, "pattern": Subdomains}
