"""The contenders: the same application without and with each layer, with the nearest policy that the layer can express.

Frameworks bring an application of their own, which answers the same; their layer is compared with that.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import types
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from benchmarks.cells import APP, EXPOSED, HEADERS, MAX_AGE, METHODS, ORIGINS, Cell, environ_of, options
from benchmarks.floor import LAYERS, Application

BODY = b'{"items": [{"id": 1, "name": "tea"}, {"id": 2, "name": "milk"}]}'
TYPE = "application/json"


def fresh(function: Any) -> Any:
    """Return a copy of a function with code of its own.

    CPython 3.11 and later adapts the code of a function to what passes through it. Contenders that take turns in one
    process must not spoil that for each other: each has its own copy of all that they would otherwise share.
    """
    copy = types.FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def fresh_module(name: str) -> Any:
    """Return a copy of a module whose functions and classes all have code of their own; see :func:`fresh`."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer every request alike."""
    start_response("200 OK", [("Content-Type", TYPE), ("Content-Length", str(len(BODY)))])
    return [BODY]


def nothing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Do not even answer: what is left is the cost of asking."""
    return ()


class Pair(NamedTuple):
    """An application without and with the layer."""

    bare: Application
    layered: Application


class Contender(NamedTuple):
    """A layer.

    :ivar packages: what has to be installed, the layer's own first.
    :ivar make: makes the pair for a kind of policy, or ``None`` where the layer has no such policy. Only the pair that
        was made last is in force, where a framework keeps its settings in one place.
    """

    name: str
    packages: Sequence[str]
    make: Callable[[str], Pair | None]

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [name for name in self.packages if version_of(name) is None]


def version_of(package: str) -> str | None:
    """Return the version of an installed package, or ``None``."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def bare() -> Application:
    app: Application = fresh(application)
    return app


def by_hand(kind: str) -> Pair:
    return Pair(bare(), LAYERS[kind](bare()))


def by_hand_guarded(kind: str) -> Pair:
    return Pair(bare(), fresh_module("benchmarks.guarded").LAYERS[kind](bare()))


def under_middleware(*args: Any, **options: Any) -> Application:
    """Return the application in a ``CORSMiddleware`` with these arguments, and with code of its own."""
    app: Application = fresh_module("corswsgi.middleware").CORSMiddleware(bare(), *args, **options)
    return app


def corswsgi(kind: str) -> Pair:
    return Pair(bare(), under_middleware(**options(kind)))


def wsgicors(kind: str) -> Pair:
    import wsgicors

    # Patterns are those of fnmatch there.
    origin = {"any": "*", "static": APP, "dynamic": " ".join(ORIGINS), "pattern": "https://*.example.com"}[kind]
    layered = wsgicors.CORS(
        bare(),
        origin=origin,
        methods=",".join(METHODS),
        headers=", ".join(HEADERS),
        expose_headers=EXPOSED,
        maxage=str(MAX_AGE),
    )
    return Pair(bare(), layered)


def oslo(kind: str) -> Pair | None:
    if kind == "pattern":
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what it imports
        from oslo_middleware.cors import CORS
    layered = CORS.factory(
        {},
        allowed_origin={"any": "*", "static": APP, "dynamic": ",".join(ORIGINS)}[kind],
        allow_credentials="false",
        allow_methods=",".join(METHODS),
        allow_headers=",".join(HEADERS),
        expose_headers=EXPOSED,
        max_age=str(MAX_AGE),
    )(bare())
    return Pair(bare(), layered)


def flask_cors(kind: str) -> Pair:
    import flask
    import flask_cors

    def make() -> Any:
        app = flask.Flask("benchmarks")

        @app.route("/api/items", methods=["GET", "POST", *METHODS])
        def items() -> flask.Response:
            return flask.Response(BODY, mimetype=TYPE)

        return app

    layered = make()
    flask_cors.CORS(
        layered,
        origins={"any": "*", "static": APP, "dynamic": list(ORIGINS), "pattern": r"https://.*\.example\.com$"}[kind],
        methods=list(METHODS),
        allow_headers=list(HEADERS),
        expose_headers=EXPOSED,
        max_age=MAX_AGE,
        send_wildcard=kind == "any",
    )
    return Pair(make(), layered)


@functools.cache
def _django_handlers() -> Pair:
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    def items(request: HttpRequest) -> HttpResponse:
        return HttpResponse(BODY, content_type=TYPE, headers={"Content-Length": str(len(BODY))})

    urls = types.ModuleType("urls")
    urls.urlpatterns = [path("api/items", items)]  # type: ignore[attr-defined]  # what Django looks for
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=urls,
        INSTALLED_APPS=["corsheaders"],
        MIDDLEWARE=[],
        LOGGING_CONFIG=None,
        CORS_ALLOW_METHODS=METHODS,
        CORS_ALLOW_HEADERS=HEADERS,
        CORS_EXPOSE_HEADERS=[EXPOSED],
        CORS_PREFLIGHT_MAX_AGE=MAX_AGE,
    )
    django.setup()
    bare = WSGIHandler()
    settings.MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware"]
    return Pair(bare, WSGIHandler())


def django_cors_headers(kind: str) -> Pair:
    pair = _django_handlers()
    from django.conf import settings

    settings.CORS_ALLOW_ALL_ORIGINS = kind == "any"
    settings.CORS_ALLOWED_ORIGINS = {"static": [APP], "dynamic": list(ORIGINS)}.get(kind, [])
    settings.CORS_ALLOWED_ORIGIN_REGEXES = [r"^https://.*\.example\.com$"] if kind == "pattern" else []
    return pair


def falcon(kind: str) -> Pair | None:
    if kind == "pattern":
        return None
    import falcon

    class Items:
        def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
            response.data = BODY
            response.content_type = TYPE

        on_put = on_patch = on_delete = on_get

    def make(*middleware: Any) -> Any:
        # What this layer adds is little beside falcon itself, which therefore needs code of its own in both.
        own = {name: fresh(each) for name, each in vars(falcon.App).items() if isinstance(each, types.FunctionType)}
        app = type("App", (falcon.App,), own)(middleware=list(middleware))
        app.add_route("/api/items", Items())
        return app

    # It has no option for methods, headers and age: the first are those of the resource, the second an echo.
    origins = {"any": "*", "static": APP, "dynamic": list(ORIGINS)}[kind]
    return Pair(make(), make(falcon.CORSMiddleware(allow_origins=origins, expose_headers=EXPOSED)))


FLOOR, GUARDED, OURS = "floor", "guarded", "corswsgi"
#: Other layers.
PEERS = (
    Contender("wsgicors", ("wsgicors",), wsgicors),
    Contender("oslo.middleware", ("oslo.middleware",), oslo),
    Contender("flask-cors", ("flask-cors", "flask"), flask_cors),
    Contender("django-cors-headers", ("django-cors-headers", "django"), django_cors_headers),
    Contender("falcon", ("falcon",), falcon),
)
CONTENDERS = (
    Contender(FLOOR, (), by_hand),
    Contender(GUARDED, (), by_hand_guarded),
    Contender(OURS, (), corswsgi),
    *PEERS,
)

#: Those that come with an application of their own.
FRAMEWORKS = ("flask-cors", "django-cors-headers", "falcon")


class Answer(NamedTuple):
    """What an application answers."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def answer_of(app: Application, cell: Cell) -> Answer:
    """Ask an application the request of a cell."""
    return answer_to(app, environ_of(cell.ask))


def answer_to(app: Application, environ: dict[str, Any]) -> Answer:
    """Ask an application."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [(status, headers)]
        return lambda data: None

    iterable = app(environ, start_response)
    try:
        body = b"".join(iterable)
    finally:
        if hasattr(iterable, "close"):
            iterable.close()
    ((status, headers),) = started
    return Answer(status, list(headers), body)
