"""The Flask and Django examples without a layer, with headers written by hand, with corswsgi and with another layer."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from benchmarks import ROOT
from benchmarks.cells import APP, ASKS, Ask, environ_of
from benchmarks.contenders import OURS, answer_to, version_of
from benchmarks.floor import Application

WITHOUT, BY_HAND = "without", "by hand"
ALLOWED = ASKS[1]


def flask_applications() -> dict[str, Application]:
    """Return the Flask example without and with corswsgi, and with flask-cors."""

    def without() -> Any:
        app = _example("flask_app").app
        app.wsgi_app = app.wsgi_app.app
        return app

    import flask_cors

    peer = without()
    flask_cors.CORS(
        peer,
        origins=[APP, r"http://localhost:\d+"],
        methods=["PUT"],
        allow_headers=["Content-Type"],
        supports_credentials=True,
        expose_headers=["X-Total-Count"],
    )
    ours, by_hand = _example("flask_app").app, without()
    by_hand.wsgi_app = _hard_coded(by_hand.wsgi_app, _added_headers(ours, without(), FRAMEWORKS["Flask"]))
    return {WITHOUT: without(), BY_HAND: by_hand, OURS: ours, "flask-cors": peer}


def django_applications() -> dict[str, Application]:
    """Return the Django example without and with corswsgi, and with django-cors-headers."""
    example = _example("django_app")
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    settings.CORS_ALLOWED_ORIGINS = [APP]
    settings.CORS_URLS_REGEX = "^/api/.*$"
    settings.CORS_ALLOW_METHODS = ["PATCH", "DELETE"]
    settings.CORS_ALLOW_HEADERS = ["content-type", "x-csrftoken"]
    settings.CORS_ALLOW_CREDENTIALS = True
    settings.MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware"]
    ours, without = example.application, example.application.app
    by_hand = _hard_coded(without, _added_headers(ours, without, FRAMEWORKS["Django"]))
    return {WITHOUT: without, BY_HAND: by_hand, OURS: ours, "django-cors-headers": WSGIHandler()}


def _hard_coded(app: Application, added: list[tuple[str, str]]) -> Application:
    """Put the same headers on every response."""

    def layer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + added, exc_info)

        return app(environ, start)

    return layer


def _added_headers(layered: Application, without: Application, framework: Framework) -> list[tuple[str, str]]:
    """Return the headers that a layer adds for an allowed origin."""
    answers = [answer_to(app, framework.environ(ALLOWED)) for app in (layered, without)]
    return [header for header in answers[0].headers if header not in answers[1].headers]


def _example(name: str) -> ModuleType:
    """Return an example as a program of its own has it, with an application of its own."""
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
    :ivar applications: makes the example without and with each layer; once in a process.
    """

    packages: Sequence[str]
    path: str
    applications: Callable[[], dict[str, Application]]

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
    "Flask": Framework(("flask-cors", "flask"), "/notes", flask_applications),
    "Django": Framework(("django-cors-headers", "django"), "/api/account", django_applications),
}
