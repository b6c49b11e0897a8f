"""The demo's page server: the page, what it must know, and what the other servers saw; the APIs are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import webob
from webob.exc import HTTPForbidden, HTTPFound, HTTPNotFound

from corswsgi.demo.api import source_of
from corswsgi.demo.recorder import Exchange, Recorder, id_in
from corswsgi.policy import Policy
from corswsgi.protocol import explain

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Gets each result that a page posts.
OnResult = Callable[[dict[str, Any]], None]

_FILES = {
    "/": ("index.html", "text/html"),
    "/style.css": ("style.css", "text/css"),
    "/send.js": ("send.js", "text/javascript"),
    "/scenarios.js": ("scenarios.js", "text/javascript"),
    "/page.js": ("page.js", "text/javascript"),
    "/stranger.html": ("stranger.html", "text/html"),
    "/stranger.js": ("stranger.js", "text/javascript"),
}


class Origins(NamedTuple):
    """The origins of the demo.

    :ivar page: the page's; the policy allows it.
    :ivar stranger: the same server by another name, which to browsers is another origin; the policy does not allow it.
    :ivar api: that of CORSMiddleware.
    :ivar handler: that of CORSRequestHandlerMixin.
    """

    page: str
    stranger: str
    api: str
    handler: str


def page_application(
    origins: Origins, policy: Policy, recorder: Recorder, on_result: OnResult | None = None
) -> WSGIApplication:
    """Return the page server.

    :param on_result: if given, the page posts each result as it has it, for tests that cannot look at the screen.
    """
    files = {path: _read(name) for path, (name, _) in _FILES.items()}
    security = _security_headers(origins)
    config = {
        "page": origins.page,
        "stranger": origins.stranger,
        "frontEnds": [
            {"name": "middleware", "title": "CORSMiddleware", "server": "WSGI, on waitress", "url": origins.api},
            {
                "name": "handler",
                "title": "CORSRequestHandlerMixin",
                "server": "http.server, standard library",
                "url": origins.handler,
            },
        ],
        "policy": source_of(policy),
        "report": on_result is not None,
    }

    def respond(request: webob.Request) -> webob.Response:
        path = request.environ["PATH_INFO"]
        if path == "/results" and request.method == "POST" and on_result is not None:
            if request.headers.get("Origin") != origins.page:
                return HTTPForbidden()
            on_result(request.json_body)
            return webob.Response(status=204)
        if request.method not in ("GET", "HEAD"):
            return HTTPNotFound()
        if path == "/" and request.host_url != origins.page:
            return HTTPFound(location=origins.page)  # by any other name, the page would be the stranger
        if path in files:
            return webob.Response(files[path], content_type=_FILES[path][1], charset="utf-8")
        if path == "/config.json":
            return webob.Response(json_body=config)
        if path == "/exchanges.json":
            exchanges = recorder.exchanges(id_in(request.query_string))
            return webob.Response(
                json_body={"exchanges": [each.as_dict() for each in exchanges], "why": why(policy, exchanges)}
            )
        return webob.Response(status=204) if path == "/favicon.ico" else HTTPNotFound()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = respond(webob.Request(environ))
        response.headers.update(security.items())
        return response(environ, start_response)

    return application


def why(policy: Policy, exchanges: list[Exchange]) -> list[str]:
    """Return the sentences that explain what a script was told, from what the server saw of it."""
    if not exchanges:
        return []
    last = exchanges[-1]
    preflight = next((each for each in reversed(exchanges) if each.is_preflight and each.path == last.path), None)
    method, names = last.method, ""
    if preflight is not None:
        method = preflight.asked("Access-Control-Request-Method") or method
        names = preflight.asked("Access-Control-Request-Headers") or ""
    headers = [name for name in names.split(",") if name]
    return explain(policy, origin=last.asked("Origin"), method=method, request_headers=headers).splitlines()


def _security_headers(origins: Origins) -> dict[str, str]:
    """Return what keeps the page to its three servers, whatever might be in it."""
    sources = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' {origins.api} {origins.handler}",
        "frame-src": f"'self' {origins.stranger}",
        "frame-ancestors": origins.page,
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in sources.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _read(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()
