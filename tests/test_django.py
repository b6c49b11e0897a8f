"""CORSMiddleware in Django's MIDDLEWARE, beside what Django itself answers; and the system checks."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django_site import MIDDLEWARE, ask_client, configure, exchange_asgi
from front_ends import Pairs, Reply

from corswsgi import Policy, PolicyError, middleware
from corswsgi.django import CORSMiddleware

APP = "https://app.example.com"
SHOP = "https://shop.example"
STRANGER = "https://stranger.example"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"

Test = TypeVar("Test", bound=Callable[..., None])

configure()


def raises(error: Exception) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


async def parts() -> AsyncIterator[bytes]:
    yield b"o"
    yield b"k"


async def async_view(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts())


def with_session(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"visit {request.session.get('visits', 0)}")


urlpatterns = [
    path("ok", lambda request: HttpResponse("ok", headers={"Access-Control-Allow-Origin": "https://own.example"})),
    path("slash/", lambda request: HttpResponse("ok")),
    path("404", raises(Http404())),
    path("403", raises(PermissionDenied())),
    path("400", raises(SuspiciousOperation())),
    path("500", raises(ValueError("boom"))),
    path("stream", lambda request: StreamingHttpResponse(iter([b"o", b"k"]))),
    path("async-stream", async_view),
    path("file", lambda request: FileResponse(Path(__file__).open("rb"))),  # noqa: SIM115  # the response closes it
    path("long", lambda request: HttpResponse("a" * 1000)),
    path("session", with_session),
    path("exempt", csrf_exempt(raises(PermissionDenied()))),
]


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    # What Django sets up at the start of each test run by its own runner.
    with override_settings(
        ROOT_URLCONF=sys.modules[__name__],
        CORSWSGI={"allow_origins": [APP, SHOP]},
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    ):
        yield


def by_client(path: str, origin: str = APP, method: str = "get", headers: Pairs = (), **more: Any) -> Reply:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    response = getattr(client, method)(path, headers={"Origin": origin, **dict(headers)}, **more)
    body = b"".join(response)
    response.close()
    return Reply(response.status_code, list(response.items()), body)


def by_asgi(path: str, origin: str = APP) -> Reply:
    return exchange_asgi(ASGIHandler(), "GET", path, [("Origin", origin)])


def under(**options: Any) -> Callable[[Test], Test]:
    """Run a test under these settings."""
    return cast("Callable[[Test], Test]", override_settings(**options))


DOORS = pytest.mark.parametrize("door", [by_client, by_asgi])


@DOORS
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("/ok", 200), ("/404", 404), ("/unknown", 404), ("/403", 403), ("/400", 400), ("/500", 500)),
        *(("/stream", 200), ("/async-stream", 200), ("/file", 200)),
    ],
)
def test_every_response_of_django_is_readable(door: Any, path: str, status: int) -> None:
    reply = door(path)
    assert reply.status == status
    assert reply.cors == [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]
    assert path not in ("/stream", "/async-stream") or reply.body == b"ok"
    assert path != "/file" or reply.body == Path(__file__).read_bytes()
    assert door(path, STRANGER).cors == [("Vary", "Origin")]


@under(MIDDLEWARE=[MIDDLEWARE, "django.middleware.common.CommonMiddleware"])
@DOORS
def test_the_redirect_of_append_slash_is_readable(door: Any) -> None:
    reply = door("/slash")
    assert (reply.status, reply.all("Location")) == (301, ["/slash/"])
    assert reply.cors == [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]


@under(MIDDLEWARE=[MIDDLEWARE, "django.middleware.common.CommonMiddleware"])
def test_a_preflight_comes_before_append_slash() -> None:
    assert by_client("/slash", method="options", headers=[("Access-Control-Request-Method", "PUT")]).status == 204


@under(ALLOWED_HOSTS=["other.example"], MIDDLEWARE=[MIDDLEWARE, "django.middleware.common.CommonMiddleware"])
def test_a_host_that_is_not_allowed_gets_a_readable_400() -> None:
    reply = by_client("/ok")
    assert (reply.status, reply.all("Access-Control-Allow-Origin")) == (400, [APP])


@pytest.mark.parametrize("order", [1, -1])
def test_gzip_and_the_policy_both_say_vary(order: int) -> None:
    with override_settings(MIDDLEWARE=[MIDDLEWARE, "django.middleware.gzip.GZipMiddleware"][::order]):
        reply = by_client("/long", headers=[("Accept-Encoding", "gzip")])
    assert reply.all("Content-Encoding") == ["gzip"]
    assert sorted(", ".join(reply.all("Vary")).split(", ")) == ["Accept-Encoding", "Origin"]


@under(MIDDLEWARE=[MIDDLEWARE, "django.contrib.sessions.middleware.SessionMiddleware"])
@DOORS
def test_the_session_and_the_policy_both_say_vary(door: Any) -> None:
    reply = door("/session")
    assert reply.body == b"visit 0"
    assert reply.all("Vary") == ["Cookie, Origin"]


@pytest.mark.parametrize(
    ("path", "origin", "trusted", "told"),
    [
        ("/ok", APP, [], True),
        ("/ok", APP, [SHOP, "https://*.example.org"], True),
        ("/ok", APP, [APP], False),  # refused because there is no token
        ("/ok", APP, ["https://*.example.com"], False),
        ("/ok", STRANGER, [], False),
        ("/exempt", APP, [], False),
    ],
)
def test_csrf_trusted_origins_are_named_where_they_block(
    path: str, origin: str, trusted: list[str], told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with override_settings(MIDDLEWARE=[MIDDLEWARE, CSRF], CSRF_TRUSTED_ORIGINS=trusted):
        reply = by_client(path, origin, "post")
    assert reply.status == 403
    assert reply.all("Access-Control-Allow-Origin") == ([origin] if origin == APP else [])
    lines = [record.getMessage() for record in caplog.records if record.name == "corswsgi"]
    assert [line for line in lines if "CSRF_TRUSTED_ORIGINS" in line] == lines
    assert bool(lines) is told


@under(CSRF_TRUSTED_ORIGINS=[])
def test_without_csrf_protection_nothing_is_said_of_it(caplog: pytest.LogCaptureFixture) -> None:
    def from_a_function(get_response: Any) -> Any:
        return get_response

    sys.modules[__name__].from_a_function = from_a_function  # type: ignore[attr-defined]  # to be found by name
    with override_settings(MIDDLEWARE=[MIDDLEWARE, f"{__name__}.from_a_function"]):
        assert by_client("/403", method="post").status == 403
    assert "CSRF" not in caplog.text


@under(MIDDLEWARE=[MIDDLEWARE, CSRF])
def test_with_a_token_a_trusted_origin_passes(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["csrftoken"] = "a" * 32
    with override_settings(CSRF_TRUSTED_ORIGINS=[APP]):
        response = client.post("/403", headers={"Origin": APP, "X-CSRFToken": "a" * 32})
    assert response.status_code == 403, "of the view"
    assert "CSRF_TRUSTED_ORIGINS" not in caplog.text


def test_refusals_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "corswsgi")
    client = Client()
    for _ in range(2):
        client.get("/ok", headers={"Origin": STRANGER})
        client.get("/ok", headers={"Origin": "http://testserver", "Host": "testserver"})
        client.options("/ok", headers={"Origin": APP, "Access-Control-Request-Method": "PUT"})
    lines = [record.getMessage() for record in caplog.records if record.name == "corswsgi"]
    assert len(lines) == 2
    assert lines[0].startswith(f'refused origin "{STRANGER}" on "GET" "/ok": ')
    assert lines[1].startswith(f'refused origin "{APP}" on "OPTIONS" "/ok": ')


def read_only(origin: str, request: Any) -> bool:
    return bool(request.method == "GET" and request.path == "/ok" and request.GET == {"q": "1"})


def ask_it_by(door: str, path: str) -> Any:
    client = {"sync": Client, "async": AsyncClient}[door]()
    response = client.get(path, headers={"Origin": APP})
    if door == "async":
        with asyncio.Runner() as runner:
            response = runner.run(response)
    return response.headers.get("Access-Control-Allow-Origin")


BOTH = pytest.mark.parametrize("door", ["sync", "async"])


@BOTH
@pytest.mark.parametrize("setting", [{"allow_origins": read_only}, {"/": {"allow_origins": read_only}, "/none": None}])
def test_a_callable_gets_a_request_of_webob(door: str, setting: Any) -> None:
    with override_settings(CORSWSGI=setting):
        assert ask_it_by(door, "/ok?q=1") == APP
        assert ask_it_by(door, "/ok?q=2") is None


@pytest.mark.parametrize("path", ["/%80", "/%ff%fe", "/%c3%28"])
def test_a_callable_gets_the_path_by_which_django_routes(path: str) -> None:
    seen: list[str] = []

    def choose(request: Any) -> None:
        seen.append(request.path_info)

    with override_settings(ROOT_URLCONF="django_site"):
        assert ask_client(choose, "GET", path, [("Origin", APP)]).cors == []
    assert [text.lower() for text in seen] == [path.replace("%28", "(")]


@BOTH
def test_a_callable_chooses_the_policy(door: str) -> None:
    with override_settings(CORSWSGI=lambda request: Policy(allow_origins="*") if request.path == "/404" else None):
        assert ask_it_by(door, "/404") == "*"
        assert ask_it_by(door, "/ok") == "https://own.example"


def test_what_a_callable_returns_is_a_policy() -> None:
    with override_settings(CORSWSGI=lambda request: "*"), pytest.raises(TypeError, match=r"returned \"\*\"; it must"):
        ask_it_by("sync", "/ok")


def test_expressions_are_taken_as_they_are() -> None:
    with override_settings(CORSWSGI={"allow_origins": [re.compile(r"https://app\.example\.(com|org)")]}):
        assert ask_it_by("sync", "/ok") == APP


@BOTH
def test_a_setting_that_a_test_overrides_is_in_force_at_once(door: str) -> None:
    client = Client()
    assert client.get("/404", headers={"Origin": APP}).headers["Access-Control-Allow-Origin"] == APP
    with override_settings(CORSWSGI=Policy(allow_origins="*"), DEBUG=False):
        assert client.get("/404", headers={"Origin": APP}).headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/404", headers={"Origin": APP}).headers["Access-Control-Allow-Origin"] == APP


def test_a_faulty_setting_stops_the_site_at_its_start() -> None:
    with override_settings(CORSWSGI={"allow_origins": APP + "/", "max_age": -1}), pytest.raises(PolicyError) as caught:
        Client().get("/ok")
    assert [problem.code for problem in caught.value.problems] == ["origin-trailing-slash", "max-age-negative"]


# System checks. They run in this process; what registers them is django.setup().


def messages(**more: Any) -> list[tuple[str, str]]:
    from corswsgi.django.checks import check_place, check_policy

    with override_settings(**more):
        return [(found.id, str(found)) for check in (check_policy, check_place) for found in check(None)]


@pytest.mark.parametrize(
    ("setting", "ids"),
    [
        ({"allow_origins": APP}, []),
        ({}, ["missing-option"]),
        (7, ["wrong-type"]),
        ({"allow_origins": APP + "/", "max_age": -1}, ["origin-trailing-slash", "max-age-negative"]),
        ({"/api/": {"allow_origins": "*"}}, ["route-path"]),
        (lambda: None, ["wrong-type"]),
    ],
)
def test_every_fault_is_an_error_of_the_checks(setting: Any, ids: list[str]) -> None:
    assert [id for id, _ in messages(CORSWSGI=setting)] == [f"corswsgi.{each}" for each in ids]


@pytest.mark.parametrize(
    ("before", "more", "warned"),
    [
        ([], {}, 0),
        (["django.middleware.security.SecurityMiddleware"], {"SECURE_SSL_REDIRECT": False}, 0),
        (["django.middleware.security.SecurityMiddleware"], {"SECURE_SSL_REDIRECT": True}, 1),
        (["django.middleware.gzip.GZipMiddleware", "django.contrib.sessions.middleware.SessionMiddleware"], {}, 0),
        (["django.middleware.common.CommonMiddleware", "whitenoise.middleware.WhiteNoiseMiddleware"], {}, 2),
        (["django.contrib.auth.middleware.LoginRequiredMiddleware"], {}, 1),
        (["django.middleware.cache.FetchFromCacheMiddleware"], {}, 1),
        (["there.is.no.such.Middleware"], {}, 1),
    ],
)
def test_what_stands_before_the_middleware_is_warned_of(before: list[str], more: Any, warned: int) -> None:
    found = messages(MIDDLEWARE=[*before, MIDDLEWARE], **more)
    assert [id for id, _ in found] == ["corswsgi.middleware-order"] * warned
    assert all(name in text for name, (_, text) in zip(before, found, strict=False))


def test_a_missing_middleware_is_warned_of() -> None:
    assert [id for id, _ in messages(MIDDLEWARE=[CSRF, "no.such.Middleware"])] == ["corswsgi.middleware-missing"]


@pytest.mark.parametrize("wrong", ["corswsgi.CORSMiddleware", "corswsgi.django", "corswsgi.django.CorsMiddleware"])
def test_a_wrong_name_of_the_middleware_is_corrected(wrong: str) -> None:
    ((id, text),) = messages(MIDDLEWARE=[CSRF, wrong])
    assert id == "corswsgi.middleware-missing"
    assert f'"{wrong}" in MIDDLEWARE is no middleware of Django' in text
    assert 'Write "corswsgi.django.CORSMiddleware" in its place.' in text


def test_the_wsgi_middleware_in_MIDDLEWARE_says_what_is_meant() -> None:
    wrong = override_settings(MIDDLEWARE=["corswsgi.CORSMiddleware"])
    with wrong, pytest.raises(PolicyError, match=r'"corswsgi\.django\.CORSMiddleware" in MIDDLEWARE'):
        WSGIHandler()
    with pytest.raises(PolicyError, match="write the policy as CORSWSGI in the settings of Django"):
        middleware.CORSMiddleware(WSGIHandler())


@pytest.mark.parametrize("missing", ["django", "asgiref"])
def test_without_django_the_import_says_how_to_install_it(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; import corswsgi.django"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == (
        'ImportError: corswsgi.django needs Django; install it with: python -m pip install "corswsgi[django]"'
    )


def test_a_subclass_is_found() -> None:
    sys.modules[__name__].Own = type("Own", (CORSMiddleware,), {})  # type: ignore[attr-defined]  # to be found by name
    own = f"{__name__}.Own"
    assert messages(MIDDLEWARE=[own]) == []
    assert [id for id, _ in messages(MIDDLEWARE=[CSRF, own])] == ["corswsgi.middleware-order"]


SITE = """
import sys
from django.conf import settings
settings.configure(
    ROOT_URLCONF=__name__, INSTALLED_APPS=["corswsgi.django", "django.contrib.staticfiles"], DEBUG=True,
    MIDDLEWARE=["corswsgi.django.CORSMiddleware"{more}], STATIC_URL="/static/",
    STATIC_ROOT={root!r}, STATICFILES_DIRS={folders!r}, CORSWSGI={cors!r},
    WHITENOISE_USE_FINDERS=False, ALLOWED_HOSTS=["*"],
)
urlpatterns = []
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""


def manage(tmp_path: Path, cors: object, more: str = "") -> Path:
    static = tmp_path / "files"
    static.mkdir()
    (static / "data.json").write_text("{}")
    site = tmp_path / "manage.py"
    root, folders = (str(static), []) if more else (None, [str(static)])
    site.write_text(SITE.format(root=root, folders=folders, cors=cors, more=more))
    return site


@pytest.mark.once
@pytest.mark.parametrize(("cors", "status"), [({"allow_origins": APP}, 0), ({"allow_origins": APP + "/"}, 1)])
def test_manage_check(tmp_path: Path, cors: object, status: int) -> None:
    command = [sys.executable, str(manage(tmp_path, cors)), "check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert ("(corswsgi.origin-trailing-slash)" in done.stderr) == bool(status)


@pytest.mark.once
@pytest.mark.parametrize("served_by", ["whitenoise", "staticfiles"])
def test_runserver_with_static_files(tmp_path: Path, served_by: str) -> None:
    """Whitenoise stands in MIDDLEWARE, behind the policy; runserver's own static files never reach MIDDLEWARE."""
    from test_examples import stop

    more = ', "whitenoise.middleware.WhiteNoiseMiddleware"' if served_by == "whitenoise" else ""
    static = ["--nostatic"] if more else []
    site = manage(tmp_path, {"allow_origins": APP}, more)
    command = [sys.executable, "-u", str(site), "runserver", "127.0.0.1:0", "--noreload", *static]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            port = next(found[1] for line in process.stdout if (found := re.search(r"127\.0\.0\.1:([0-9]+)/", line)))
            request = urllib.request.Request(f"http://127.0.0.1:{port}/static/data.json", headers={"Origin": APP})
            with urllib.request.urlopen(request) as response:
                assert response.read() == b"{}"
                assert response.headers.get("Access-Control-Allow-Origin") == (APP if more else None)
        finally:
            stop(process)
