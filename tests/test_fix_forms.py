"""The fix in the words of one server or framework: pasted where it belongs, it fixes what was asked."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import chromium
import machine
import pytest
from caching.servers import running
from cors_tables import Given
from exporting.behind import Application
from exporting.fronts import FRONTS
from on_waitress import running_waitress
from test_exported_servers import SCRIPTS, page_of_another_origin

from corswsgi import Policy, cli
from corswsgi.browser import Exchange
from corswsgi.checker.forms import FORMS, named_by, written
from corswsgi.errors import UsageError
from corswsgi.export import SERVERS, Place, nginx

APP = "https://app.example.com"
MISTAKEN = [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", f"{APP}/")]


def answered(*headers: tuple[str, str]) -> Exchange:
    return Exchange("GET", "http://a.example/", (), None, 200, "OK", headers, b"")


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ([("Server", "nginx/1.22.1")], "nginx"),
        ([("Server", "Caddy")], "caddy"),
        ([("Server", "Werkzeug/3.0.1 Python/3.11.7")], "flask"),
        ([("Server", "gunicorn")], "wsgi"),
        ([("Server", "waitress")], "wsgi"),
        ([("Server", "WSGIServer/0.2 CPython/3.11.7")], "wsgi"),
        ([("Server", "SimpleHTTP/0.6 Python/3.11.7")], "http.server"),
        ([("Server", "BaseHTTP/0.6 Python/3.11.7")], "http.server"),
        ([("Via", "1.1 Caddy")], "caddy"),
        ([("Server", "gunicorn"), ("Via", "1.1 Caddy")], "wsgi"),
        ([("Server", "Varnish")], ""),
        ([("Server", "something/1.0")], ""),
        ([], ""),
    ],
)
def test_the_server_is_known_by_what_it_says(headers: list[tuple[str, str]], name: str) -> None:
    assert named_by(answered(*headers)) == name


def test_each_server_that_is_exported_for_has_its_form() -> None:
    assert [*FORMS] == [*SERVERS, "flask", "django", "pyramid", "wsgi", "http.server"]


OPTIONS: dict[str, Any] = {
    "allow_origins": (APP,),
    "allow_methods": ("PUT",),
    "allow_headers": ("X-Key",),
    "max_age": None,
}


@pytest.mark.parametrize("name", ["flask", "django", "pyramid", "wsgi", "http.server"])
def test_the_lines_of_a_framework_hold_the_policy(name: str) -> None:
    names: dict[str, Any] = {
        "app": _Anything(),
        "config": _Anything(),
        "application": _application,
        "MIDDLEWARE": ["a"],
    }
    names["Handler"] = type("Handler", (), {})
    exec(written(name, Policy(**OPTIONS)), names)  # it is ours
    policy = Policy(**OPTIONS)
    if name == "django":
        assert names["MIDDLEWARE"] == ["corswsgi.django.CORSMiddleware", "a"]
        assert Policy.from_options(names["CORSWSGI"]) == policy
    else:
        assert (names["CORSHandler"].cors if name == "http.server" else names["policy"]) == policy


class _Anything:
    """An application, and what makes one."""

    def __init__(self) -> None:
        self.wsgi_app = _application

    def make_wsgi_app(self) -> Any:
        return _application


def _application(environ: object, start_response: object) -> list[bytes]:
    raise NotImplementedError("nobody asks it")


# Asked, pasted, and asked again

WSGI = f"""
def application(environ, start_response):
    start_response("200 OK", {MISTAKEN!r})
    return [b"told"]
"""
FLASK = f"""
from flask import Flask
app = Flask(__name__)
@app.route("/", methods=["GET", "PUT"])
def told():
    return "told", dict({MISTAKEN!r})
"""
PYRAMID = f"""
from pyramid.config import Configurator
from pyramid.response import Response
config = Configurator()
config.add_route("told", "/")
config.add_view(lambda request: Response(b"told", headerlist={MISTAKEN!r}), route_name="told")
app = config.make_wsgi_app()
"""


@pytest.mark.filterwarnings("ignore:pkg_resources is deprecated")  # Pyramid imports it
@pytest.mark.filterwarnings("ignore:Deprecated call to .pkg_resources:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "source", "variable"),
    [("wsgi", WSGI, "application"), ("flask", FLASK, "app"), ("pyramid", PYRAMID, "app")],
)
def test_an_application_is_fixed_by_what_was_printed(
    name: str,
    source: str,
    variable: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name != "wsgi":
        pytest.importorskip(name)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / f"mistaken_{name}.py").write_text(source)
    asked = ["--origin", APP, "-X", "PUT", "-H", "X-Key: 1", "--send", "https://api.example.net/"]
    assert cli.main(["check", "--app", f"mistaken_{name}:{variable}", "--fix", name, *asked]) == 1
    pasted = pasteable(capsys.readouterr().out)
    (tmp_path / f"fixed_{name}.py").write_text(f"{source}\n{pasted}")
    assert cli.main(["check", "--app", f"fixed_{name}:{variable}", *asked]) == 0


def pasteable(printed: str) -> str:
    """Return what stands below the report."""
    return printed.partition("\n-v: ")[2].partition("\n\n")[2]


def test_the_server_that_answered_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    asked = ["--origin", APP, "https://api.example.net/"]
    for module, server, told in (
        ("by_gunicorn", "gunicorn", "application = CORSMiddleware(application, policy)"),
        ("by_nginx", "nginx/1.22.1", "--fix nginx prints the whole configuration for nginx."),
        ("by_nobody", "x", "With corswsgi, for CORSMiddleware or CORSRequestHandlerMixin:"),
    ):
        (tmp_path / f"{module}.py").write_text(WSGI.replace("[('Content", f"[('Server', '{server}'), ('Content"))
        assert cli.main(["check", "--app", f"{module}:application", *asked]) == 1
        assert told in capsys.readouterr().out
    assert cli.main(["check", "--app", "by_nginx:application", *asked, "-v"]) == 1
    assert "\n\n# CORS for nginx" in capsys.readouterr().out


def test_what_a_server_cannot_say_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "by_anyone.py").write_text(WSGI)
    monkeypatch.setitem(SERVERS, "nginx", SERVERS["nginx"]._replace(write=_too_much))
    assert (
        cli.main(["check", "--app", "by_anyone:application", "--origin", APP, "--fix", "nginx", "https://a.example/"])
        == 1
    )
    assert "too much." in capsys.readouterr().out.lower()
    (tmp_path / "by_nginx_itself.py").write_text(WSGI.replace("[('Content", "[('Server', 'nginx'), ('Content"))
    assert cli.main(["check", "--app", "by_nginx_itself:application", "--origin", APP, "https://a.example/"]) == 1
    assert "too much" not in capsys.readouterr().out.lower()
    with pytest.raises(UsageError, match="corswsgi export haproxy -o FILE"):
        written("haproxy", Policy([f"https://a{number}.example" for number in range(300)]))


def _too_much(*arguments: object) -> Any:
    raise UsageError("too much")


def test_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "in_json.py").write_text(WSGI)
    arguments = ["--app", "in_json:application", "--origin", APP, "--fix", "nginx", "--json", "https://a.example/"]
    assert cli.main(["check", *arguments]) == 1
    fix = json.loads(capsys.readouterr().out)["fix"]
    assert fix["options"] == [["allow_origins", [APP]]]
    assert fix["form"] == "nginx"
    assert "add_header Access-Control-Allow-Origin $cors_allow_origin always;" in "\n".join(fix["form_lines"])


# On real servers

#: As they are often written: without a preflight, and for an origin with a slash.
MISCONFIGURED = {
    "nginx": """
        server {
            listen 127.0.0.1:PORT;
            location / { add_header Access-Control-Allow-Origin PAGE/; proxy_pass http://127.0.0.1:BEHIND; }
        }
    """,
    "caddy": """
        (cors) {
        \theader Access-Control-Allow-Origin PAGE/
        }
        http://:PORT {
        \troute {
        \t\timport cors
        \t\treverse_proxy http://127.0.0.1:BEHIND
        \t}
        }
    """,
    "apache": """
        Listen 127.0.0.1:PORT
        <VirtualHost *:PORT>
            Header set Access-Control-Allow-Origin PAGE/
            ProxyPass / http://127.0.0.1:BEHIND/
        </VirtualHost>
    """,
    "haproxy": """
        frontend all
            bind 127.0.0.1:PORT
            timeout client 9s
            http-response set-header Access-Control-Allow-Origin PAGE/
            default_backend application
        backend application
            timeout connect 9s
            timeout server 9s
            server application 127.0.0.1:BEHIND
    """,
}


@contextmanager
def standing(name: str, text: Callable[[int], str]) -> Iterator[int]:
    """Run a server with a configuration; give its port."""
    front = FRONTS[name]
    program = front.program()

    def command(home: str, ports: list[int]) -> list[str]:
        file = Path(home, "site")
        file.write_text(text(ports[0]))
        return front.command(program, Path(home), file)

    with running(command, 1) as ports:
        yield ports[0]


@pytest.mark.once
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", MISCONFIGURED)
def test_a_misconfigured_server_is_fixed_by_what_was_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    application = Application()
    application.otherwise = Given(headers=(("Content-Length", "2"),))
    with running_waitress(application) as behind:
        asked = ["--origin", "http://localhost:1234", "-X", "PUT", "-H", "X-Key: 1", "--send"]
        pasted, was = printed_for(name, "http://localhost:1234", behind, asked, capsys)
        with standing(name, lambda port: pasted.replace(str(was), str(port))) as port:
            assert cli.main(["check", *asked, f"http://127.0.0.1:{port}/"]) == 0


def printed_for(
    name: str, page: str, behind: int, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> tuple[str, int]:
    """Return what is printed for a misconfigured server, and the port that it stood at."""
    text = textwrap.dedent(MISCONFIGURED[name]).replace("BEHIND", str(behind)).replace("PAGE", page)
    with standing(name, lambda port: text.replace("PORT", str(port))) as port:
        with_application = ["--behind", f"http://127.0.0.1:{behind}"]
        assert cli.main(["check", *asked, *with_application, "--fix", name, f"http://127.0.0.1:{port}/"]) == 1
        return pasteable(capsys.readouterr().out), port


@pytest.mark.once
@pytest.mark.timeout(120)
def test_in_chromium(capsys: pytest.CaptureFixture[str]) -> None:
    browser = machine.find("chromium")
    application = Application()
    application.otherwise = Given(headers=(("Content-Length", "2"), ("X-Total", "7")))
    with page_of_another_origin() as (server, reports), running_waitress(application) as behind:
        page = f"http://127.0.0.1:{server.server_port}"
        wanted = [["/", {"method": "PUT", "headers": {"X-Key": "1"}}]]
        scripts = SCRIPTS.replace("ASKS", json.dumps(wanted))
        asked = ["--origin", page, "-X", "PUT", "-H", "X-Key: 1", "--send"]
        text = MISCONFIGURED["nginx"].replace("BEHIND", str(behind)).replace("PAGE", page)
        with standing("nginx", lambda port: text.replace("PORT", str(port))) as port:
            server.html = scripts.replace("PORT", str(port))  # type: ignore[attr-defined]  # what the page is
            with chromium.opened(browser, f"{page}/"):
                assert reports.get(timeout=60) == [None]
        pasted, was = printed_for("nginx", page, behind, asked, capsys)
        assert pasted == nginx_for(page, behind, was)
        with standing("nginx", lambda port: pasted.replace(str(was), str(port))) as port:
            server.html = scripts.replace("PORT", str(port))  # type: ignore[attr-defined]  # what the page is
            with chromium.opened(browser, f"{page}/"):
                assert reports.get(timeout=60) == [[200, None]]


def nginx_for(page: str, behind: int, port: int) -> str:
    policy = Policy([page], allow_methods=["PUT"], allow_headers=["x-key"])
    return nginx(policy, Place(f"http://127.0.0.1:{behind}", str(port)))
