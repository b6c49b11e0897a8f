"""Django's settings for all tests of one process, a view that answers what an App says, and two ways to ask it."""

from __future__ import annotations

import asyncio
import atexit
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.test.client import ClientHandler
from django.urls import re_path
from front_ends import App, Pairs, Reply, joined

MIDDLEWARE = "corswsgi.django.CORSMiddleware"
_APP = "front_ends.app"
#: No rule has a policy; as a setting, an empty mapping is a fault.
_NO_POLICY = {"/": None}


def configure() -> None:
    """Give Django the settings that all tests of this process start from; they change them by override_settings."""
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            INSTALLED_APPS=["corsheaders"],
            MIDDLEWARE=[MIDDLEWARE],
            ROOT_URLCONF=sys.modules[__name__],
            SECRET_KEY="of tests",
            LOGGING_CONFIG=None,
        )
        django.setup()


def _view(request: HttpRequest) -> HttpResponse:
    app: App = getattr(request, "scope", request.META)[_APP]
    # As it came: Django keeps the method in capitals.
    app.seen.append((getattr(request, "scope", {}).get("method", request.META["REQUEST_METHOD"]), request.path_info))
    code, _, phrase = app.status.partition(" ")
    response = HttpResponse(app.body if request.method != "HEAD" else b"", status=int(code), reason=phrase)
    del response["Content-Type"]
    for name, values in joined(app.headers).items():
        response[name] = ", ".join(values)
    return response


urlpatterns = [re_path("", _view)]


def ask_client(cors: Any, method: str = "GET", path: str = "/", headers: Pairs = (), app: App | None = None) -> Reply:
    """Ask the middleware through Django's test client."""
    configure()
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "HTTP_HOST": "127.0.0.1",
        _APP: app or App(),
    }
    for name, values in joined(headers).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = ",".join(values)
    with override_settings(CORSWSGI=cors or _NO_POLICY):
        client = Client()
        client.handler = ClientHandler(enforce_csrf_checks=True)
        response = client.request(**environ)
    return Reply(response.status_code, list(response.items()), b"".join(response))


def ask_asgi(cors: Any, method: str = "GET", path: str = "/", headers: Pairs = (), app: App | None = None) -> Reply:
    """Ask the middleware through Django's ASGI handler."""
    configure()
    with override_settings(CORSWSGI=cors or _NO_POLICY):
        return exchange_asgi(ASGIHandler(), method, path, headers, **{_APP: app or App()})


def exchange_asgi(handler: Any, method: str, path: str, headers: Pairs, **more: Any) -> Reply:
    """Return what an ASGI application answers."""
    raw, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
        "query_string": query.encode("latin-1"),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in [("Host", "127.0.0.1"), *headers]
        ],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 50000),
        **more,
    }
    return _runner().run(_exchange(handler, scope))


@cache
def _runner() -> asyncio.Runner:
    """Return one event loop for all requests: to make one takes longer than to answer."""
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return runner


async def _exchange(handler: Any, scope: dict[str, Any]) -> Reply:
    received = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return received.pop() if received else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await handler(scope, receive, send)
    pairs: Sequence[tuple[bytes, bytes]] = sent[0]["headers"]
    return Reply(
        sent[0]["status"],
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs],
        b"".join(message.get("body", b"") for message in sent[1:]),
    )
