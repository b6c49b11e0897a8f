"""docs/asgi.rst, held to its word: under ASGI the policy still decides, and Starlette does what the page says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import a2wsgi
import pytest
import webob
from asgiref.wsgi import WsgiToAsgi
from django_site import exchange_asgi
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from test_docs import BLOCKS

from corswsgi import CORSMiddleware

APP, STRANGER = "https://app.example.com", "https://stranger.example"
PREFLIGHT = ("Access-Control-Request-Method", "PUT")


def shown() -> dict[str, Any]:
    """Return the names that the code of the page defines."""
    (block,) = (each for each in BLOCKS if each.page == "asgi.rst" and each.language == "python")
    names: dict[str, Any] = {"__name__": __name__}
    exec(block.text, names)
    return names


@pytest.mark.parametrize("adapt", [None, WsgiToAsgi], ids=["a2wsgi", "asgiref"])
def test_a_wsgi_application_keeps_its_policy_under_asgi(adapt: Callable[[Any], Any] | None) -> None:
    names = shown()
    adapted = adapt(names["app"]) if adapt else names["asgi_app"]
    for origin, status in ((APP, 204), (STRANGER, 403)):
        reply = exchange_asgi(adapted, "OPTIONS", "/notes", [("Origin", origin), PREFLIGHT])
        assert reply.status == status
        assert reply.all("Access-Control-Allow-Methods") == (["PUT"] if status == 204 else [])
    reply = exchange_asgi(adapted, "GET", "/notes", [("Origin", APP)])
    assert (reply.status, reply.all("Access-Control-Allow-Origin")) == (404, [APP])


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Hello")


async def failing(request: Request) -> PlainTextResponse:
    raise LookupError("no such thing")


ROUTES = [Route("/", hello), Route("/failing", failing)]


def test_an_asgi_application_has_a_policy_under_wsgi() -> None:
    adapted: Any = a2wsgi.ASGIMiddleware(Starlette(routes=ROUTES))  # type: ignore[arg-type]
    request = webob.Request.blank("/", headers={"Origin": APP})
    response = request.get_response(CORSMiddleware(adapted, allow_origins=[APP]))
    assert (response.body, response.headers["Access-Control-Allow-Origin"]) == (b"Hello", APP)


def test_starlette_leaves_errors_unreadable_unless_its_middleware_is_outside() -> None:
    inside = Starlette(routes=ROUTES, middleware=[Middleware(StarletteCORSMiddleware, allow_origins=[APP])])
    outside = StarletteCORSMiddleware(Starlette(routes=ROUTES), allow_origins=[APP])
    replies = [exchange_asgi(_quiet(app), "GET", "/failing", [("Origin", APP)]) for app in (inside, outside)]
    assert [reply.status for reply in replies] == [500, 500]
    assert [reply.all("Access-Control-Allow-Origin") for reply in replies] == [[], [APP]]


def _quiet(app: Any) -> Any:
    """Return an application without the exception that Starlette raises again after it has answered."""

    async def quiet(scope: Any, receive: Any, send: Any) -> None:
        with contextlib.suppress(LookupError):
            await app(scope, receive, send)

    return quiet


def test_starlette_allows_everyone_with_credentials() -> None:
    everyone = StarletteCORSMiddleware(Starlette(routes=ROUTES), allow_origins=["*"], allow_credentials=True)
    reply = exchange_asgi(everyone, "GET", "/", [("Origin", STRANGER)])
    assert reply.all("Access-Control-Allow-Origin") == [STRANGER]
