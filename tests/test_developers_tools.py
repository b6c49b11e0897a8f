"""Debuggers and test clients, the real ones: they get exceptions as they do without us, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import webob
import webtest
from flask import Flask
from on_waitress import running_waitress
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from corswsgi import CORSMiddleware
from corswsgi.middleware import wants_exceptions

APP, STRANGER = "https://app.example.com", "https://stranger.example"
PAGE = {"Origin": APP}


class Failure(Exception):
    """What the applications raise."""


def failing(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    raise Failure("of the application")


def started(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    raise Failure("of the application")


def flask_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config |= config

    @app.get("/")
    def fail() -> str:
        raise Failure("of the application")

    app.wsgi_app = CORSMiddleware(app.wsgi_app, allow_origins=[APP])  # type: ignore[method-assign]  # as Flask documents it
    return app


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What our log says, in levels; Flask has a log of its own."""
    return lambda: [record.levelname for record in caplog.records if record.name == "corswsgi"]


# --- Werkzeug's debugger ------------------------------------------------------------------------------


@pytest.mark.parametrize("evalex", [True, False])
@pytest.mark.parametrize("app", [failing, started])
def test_werkzeugs_debugger_shows_the_traceback(app: Any, evalex: bool, logged: Callable[[], list[str]]) -> None:
    debugged = DebuggedApplication(CORSMiddleware(app, allow_origins=[APP]), evalex=evalex, pin_security=False)
    request = webob.Request.blank("/", headers=PAGE)
    response = request.get_response(debugged)
    assert response.status_int == 500
    assert "Failure: of the application" in response.text
    assert "Werkzeug Debugger" in response.text
    assert logged() == []


def test_werkzeugs_debugger_with_flask_in_debug_mode() -> None:
    debugged = DebuggedApplication(flask_app(DEBUG=True), evalex=True, pin_security=False)
    response = webob.Request.blank("/", headers=PAGE).get_response(debugged)
    assert "Failure: of the application" in response.text


# --- Test clients -------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [{"TESTING": True}, {"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}])
@pytest.mark.parametrize("headers", [PAGE, {"Origin": STRANGER}, {}])
def test_flasks_client_sees_exceptions(
    config: dict[str, bool], headers: dict[str, str], logged: Callable[[], list[str]]
) -> None:
    client = flask_app(**config).test_client()
    with pytest.raises(Failure):
        client.get("/", headers=headers)
    with client, pytest.raises(Failure):  # which keeps the context
        client.get("/", headers=headers)
    assert logged() == []


def test_flasks_client_sees_them_through_other_layers() -> None:
    app = flask_app(TESTING=True)
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]  # as Flask documents it
    with pytest.raises(Failure):
        app.test_client().get("/", headers=PAGE)


def test_flasks_client_sees_an_answer_if_flask_gives_one() -> None:
    response = flask_app().test_client().get("/", headers=PAGE)
    assert response.status_code == 500
    assert response.headers["Access-Control-Allow-Origin"] == APP


def test_werkzeugs_client_sees_exceptions() -> None:
    with pytest.raises(Failure):
        Client(CORSMiddleware(failing, allow_origins=[APP])).get("/", headers=PAGE)


@pytest.mark.parametrize("app", [failing, started, flask_app(TESTING=True)])
def test_webtest_sees_exceptions(app: Any, logged: Callable[[], list[str]]) -> None:
    wrapped = app if isinstance(app, Flask) else CORSMiddleware(app, allow_origins=[APP])
    with pytest.raises(Failure):
        webtest.TestApp(wrapped).get("/", headers=PAGE)
    assert logged() == []


# --- Nobody else --------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [{"TESTING": True}, {"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}])
def test_pages_can_read_the_errors_of_a_server(config: dict[str, bool], logged: Callable[[], list[str]]) -> None:
    with running_waitress(flask_app(**config)) as port:
        request = webob.Request.blank(f"http://127.0.0.1:{port}/", headers=PAGE)
        response = request.send()
    assert response.status_int == 500
    assert response.headers["Access-Control-Allow-Origin"] == APP
    assert logged() == ["ERROR"]


@pytest.mark.parametrize(
    "sent",
    [
        {"User-Agent": "Werkzeug/3.1.9"},
        {"werkzeug.test": "1", "Paste.Throw-Errors": "1", "Werkzeug.Debug.Preserve-Context": "1"},
    ],
)
def test_a_client_cannot_pass_for_a_tool(sent: dict[str, str]) -> None:
    environ = webob.Request.blank("/", headers={**PAGE, **sent}).environ
    assert not wants_exceptions(environ)
