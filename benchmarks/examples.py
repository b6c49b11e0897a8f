"""The Flask and Django examples without a layer, with headers written by hand, with corswsgi and with another layer."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from benchmarks import ROOT
from benchmarks.cells import APP, ASKS, Ask, environ_of
from benchmarks.contenders import OURS, version_of
from benchmarks.floor import Application

WITHOUT, BY_HAND = "without", "by hand"
ALLOWED = ASKS[1]
ALLOWED_BY_HAND = [("Access-Control-Allow-Origin", APP), ("Access-Control-Allow-Credentials", "true")]


def flask_application(which: str) -> Any:
    """Return the Flask example, with a layer or without."""
    app = _example("flask_app").app
    if which == OURS:
        return app
    app.wsgi_app = app.wsgi_app.app
    if which == BY_HAND:
        expose = ("Access-Control-Expose-Headers", "X-Total-Count")
        app.wsgi_app = _hard_coded(app.wsgi_app, [*ALLOWED_BY_HAND, expose, ("Vary", "Origin")])
    elif which == "flask-cors":
        import flask_cors

        flask_cors.CORS(
            app,
            origins=[APP, r"http://localhost:\d+"],
            methods=["PUT"],
            allow_headers=["Content-Type"],
            supports_credentials=True,
            expose_headers=["X-Total-Count"],
        )
    return app


def django_application(which: str) -> Any:
    """Return the Django example, with a layer or without."""
    ours = _example("django_app").application
    if which == OURS:
        return ours
    if which == BY_HAND:
        return _hard_coded(ours.app, ALLOWED_BY_HAND)
    if which == "django-cors-headers":
        from django.conf import settings
        from django.core.handlers.wsgi import WSGIHandler

        settings.CORS_ALLOWED_ORIGINS = [APP]
        settings.CORS_URLS_REGEX = "^/api/.*$"
        settings.CORS_ALLOW_METHODS = ["PATCH", "DELETE"]
        settings.CORS_ALLOW_HEADERS = ["content-type", "x-csrftoken"]
        settings.CORS_ALLOW_CREDENTIALS = True
        settings.MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware"]
        return WSGIHandler()
    return ours.app


def _hard_coded(app: Application, added: list[tuple[str, str]]) -> Application:
    """Put the same headers on every response."""

    def layer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + added, exc_info)

        return app(environ, start)

    return layer


def _example(name: str) -> ModuleType:
    """Return an example as a program of its own has it."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Framework(NamedTuple):
    """A framework that an example uses.

    :ivar packages: what has to be installed, the other layer first.
    :ivar path: what is asked for.
    :ivar application: makes the example with the layer of this name; once in a process, as settings of Django are
        those of a process.
    """

    packages: Sequence[str]
    path: str
    application: Callable[[str], Application]

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [name for name in self.packages if version_of(name) is None]

    @property
    def names(self) -> tuple[str, ...]:
        """What is measured."""
        return (WITHOUT, BY_HAND, OURS, self.packages[0])

    def environ(self, ask: Ask) -> dict[str, Any]:
        return environ_of(ask) | {
            "REQUEST_URI": self.path,
            "PATH_INFO": self.path,
            "QUERY_STRING": "",
            "HTTP_HOST": "localhost:8080",
        }

    def request(self, ask: Ask) -> bytes:
        """Return the same request as a browser writes it."""
        headers = {key[5:].replace("_", "-"): value for key, value in self.environ(ask).items() if key[:5] == "HTTP_"}
        lines = [f"GET {self.path} HTTP/1.1", *(f"{name.title()}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


FRAMEWORKS = {
    "Flask": Framework(("flask-cors", "flask"), "/notes", flask_application),
    "Django": Framework(("django-cors-headers", "django"), "/api/account", django_application),
}
