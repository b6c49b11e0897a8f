"""The demo's page server: the page, its configuration, and what the other servers saw; the APIs are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import webob
from webob.exc import (
    HTTPForbidden,
    HTTPFound,
    HTTPNotFound,
    HTTPRequestEntityTooLarge,
    HTTPUnsupportedMediaType,
    WSGIHTTPException,
)

from corswsgi.demo.judging import BadRequest
from corswsgi.demo.playground import MAX_JSON, Playground, parse, why
from corswsgi.demo.policy_text import source_of
from corswsgi.demo.recorder import Recorder
from corswsgi.demo.visits import Visits, name_in
from corswsgi.policy import Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Called with each result that a page posts.
OnResult = Callable[[dict[str, Any]], None]

_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

#: The default of browsers, sent explicitly because the prediction relies on it.
_REFERRER_POLICY = "strict-origin-when-cross-origin"


class Origins(NamedTuple):
    """The origins of the demo.

    :ivar page: of the page; the policy allows it.
    :ivar stranger: of the same server under another name, to browsers another origin; the policy does not allow it.
    :ivar api: of the API behind CORSMiddleware.
    :ivar handler: of the API behind CORSRequestHandlerMixin.
    """

    page: str
    stranger: str
    api: str
    handler: str


def page_application(
    origins: Origins, policy: Policy, visits: Visits, recorder: Recorder, on_result: OnResult | None = None
) -> WSGIApplication:
    """Return the page server.

    :param policy: the policy of the walk-through.
    :param on_result: if given, the page posts each result as it gets it, for tests.
    """
    files = _files()
    security = _security_headers(origins)
    config = _config(origins, policy, on_result is not None)
    senders = {"page": origins.page, "stranger": origins.stranger, "sandbox": "null"}
    playground = Playground(visits, recorder, senders, (origins.api, origins.handler), _REFERRER_POLICY)
    asked_by_post = {
        "/playground/check": playground.check,
        "/playground/put": playground.put,
        "/playground/look": playground.look,
    }

    def respond(request: webob.Request) -> webob.Response:
        path = request.environ["PATH_INFO"]
        if request.method == "POST" and path in asked_by_post:
            return _answer(asked_by_post[path], _json_of_own_page(request, origins.page))
        if request.method == "POST" and path == "/results" and on_result is not None:
            on_result(dict(parse(_json_of_own_page(request, origins.page, most=None))))
            return webob.Response(status=204)
        if request.method not in ("GET", "HEAD"):
            return HTTPNotFound()
        if path == "/" and request.host_url != origins.page:
            return HTTPFound(location=origins.page)  # under any other name, the page would be the stranger
        if path in files:
            kind, content = files[path]
            return webob.Response(content, content_type=kind, charset="utf-8")
        if path == "/config.json":
            return webob.Response(json_body=config)
        if path == "/exchanges.json":
            exchanges = recorder.exchanges(name_in(request.query_string, "id"))
            return webob.Response(
                json_body={"exchanges": [each.as_dict() for each in exchanges], "why": why(policy, exchanges)}
            )
        return webob.Response(status=204) if path == "/favicon.ico" else HTTPNotFound()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = respond(webob.Request(environ))
        except WSGIHTTPException as error:
            response = error
        response.headers.update(security.items())
        return response(environ, start_response)

    return application


def _config(origins: Origins, policy: Policy, report: bool) -> dict[str, Any]:
    """Return the configuration of the page, for JSON."""
    return {
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
        "options": policy.as_dict(),
        "report": report,
    }


def _json_of_own_page(request: webob.Request, page: str, most: int | None = MAX_JSON) -> bytes:
    """Return the body of a POST from the page's own script.

    :param most: the most bytes that it may have.
    :raises WSGIHTTPException: if it comes from elsewhere, is too long, or is not declared as JSON.
    """
    if request.headers.get("Origin") != page:
        raise HTTPForbidden()
    if request.content_type != "application/json":
        raise HTTPUnsupportedMediaType()
    length = request.content_length or 0
    if most is not None and length > most:
        raise HTTPRequestEntityTooLarge()
    body: bytes = request.body_file_raw.read(length)  # request.body would write a long body to a file
    return body


def _answer(ask: Callable[[Mapping[str, Any]], dict[str, Any]], body: bytes) -> webob.Response:
    try:
        return webob.Response(json_body=ask(parse(body)))
    except BadRequest as error:
        return webob.Response(status=400, json_body={"error": str(error)})


def _security_headers(origins: Origins) -> dict[str, str]:
    """Return the headers that keep the page to its three servers, even if foreign code got into it."""
    sources = {
        "default-src": "'none'",
        # Named too, because in the sandboxed frame WebKit's 'self' matches nothing.
        "script-src": f"'self' {origins.page}",
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
        "Referrer-Policy": _REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
    }


def _files() -> dict[str, tuple[str, bytes]]:
    """Return the content type and the content of each file of the page, by path."""
    found = {}
    for each in resources.files(__package__).iterdir():
        kind = _KINDS.get(PurePath(each.name).suffix)
        if kind is not None:
            found["/" if each.name == "index.html" else f"/{each.name}"] = (kind, each.read_bytes())
    return found
