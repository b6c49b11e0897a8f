"""The floor: CORS headers written by hand for one policy, and nothing else.

Each layer answers byte for byte as corswsgi does under the policy of :mod:`benchmarks.cells`; a test holds the two
together. They are as quick as such closures can be made without harm: the headers are constants, and the
application's own list is left as it is. What an application says of ``Vary`` or ``Access-Control-*`` is not looked
at, and nothing is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

EXPOSE = ("Access-Control-Expose-Headers", "X-Total-Count")
VARY = ("Vary", "Origin")
PREFLIGHT = [
    ("Access-Control-Allow-Methods", "PUT,PATCH,DELETE"),
    ("Access-Control-Allow-Headers", "Content-Type,X-Api-Key"),
    ("Access-Control-Max-Age", "600"),
]
REASON = b"Cross-origin request refused: the policy does not allow this origin.\n"
REFUSED = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(REASON)))]


def any_origin(app: Application) -> Application:
    """Put the headers for ``*`` on every response."""
    cors = [("Access-Control-Allow-Origin", "*"), EXPOSE]
    preflight = [("Access-Control-Allow-Origin", "*"), *PREFLIGHT]

    def layer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ORIGIN" in environ
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            start_response("204 No Content", list(preflight))
            return []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + cors, exc_info)

        return app(environ, start)

    return layer


def one_origin(app: Application) -> Application:
    """Put the headers for one origin on every response."""
    allowed = "https://app.example.com"
    cors = [("Access-Control-Allow-Origin", allowed), EXPOSE]
    preflight = [("Access-Control-Allow-Origin", allowed), *PREFLIGHT]

    def layer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ORIGIN" in environ
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            if environ["HTTP_ORIGIN"] == allowed:
                start_response("204 No Content", list(preflight))
                return []
            start_response("403 Forbidden", list(REFUSED))
            return [REASON]

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + cors, exc_info)

        return app(environ, start)

    return layer


def several_origins(app: Application) -> Application:
    """Look the origin up in a dictionary that holds the headers for each."""
    origins = ["https://app.example.com", "https://shop.example.com", "https://admin.example.com"]
    cors = {origin: [("Access-Control-Allow-Origin", origin), EXPOSE, VARY] for origin in origins}
    preflights = {origin: [("Access-Control-Allow-Origin", origin), *PREFLIGHT, VARY] for origin in origins}
    otherwise = [VARY]
    refused = [*REFUSED, VARY]

    def layer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        origin: Any = environ.get("HTTP_ORIGIN")
        if (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and origin is not None
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            if origin in preflights:
                start_response("204 No Content", list(preflights[origin]))
                return []
            start_response("403 Forbidden", list(refused))
            return [REASON]
        added = cors.get(origin, otherwise)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + added, exc_info)

        return app(environ, start)

    return layer


def subdomains(app: Application) -> Application:
    """Compare the two ends of the origin, which is enough for what browsers send."""
    otherwise = [VARY]
    refused = [*REFUSED, VARY]

    def layer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        is_allowed = origin is not None and origin.startswith("https://") and origin.endswith(".example.com")
        if (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and origin is not None
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            if is_allowed:
                start_response("204 No Content", [("Access-Control-Allow-Origin", origin), *PREFLIGHT, VARY])
                return []
            start_response("403 Forbidden", list(refused))
            return [REASON]
        added = [("Access-Control-Allow-Origin", origin), EXPOSE, VARY] if is_allowed else otherwise

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + added, exc_info)

        return app(environ, start)

    return layer


#: By kind of policy.
LAYERS = {"any": any_origin, "static": one_origin, "dynamic": several_origins, "pattern": subdomains}
