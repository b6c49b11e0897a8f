"""README.rst and the pages that say what it leaves out, held to their word: code runs, tables are the code's.

What they say servers do, they do.
"""

from __future__ import annotations

import argparse
import configparser
import doctest
import inspect
import json
import logging
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import gunicorn.http.wsgi
import pytest
import webob
from docutils import nodes
from docutils.core import publish_doctree
from front_ends import App, Ask, Quiet, ask_wsgi, exchange

import corswsgi
from corswsgi import CORSMiddleware, CORSRequestHandlerMixin, Policy, PolicyError, explain, fetch, serve
from corswsgi import settings as settings_room
from corswsgi.checker import audit_command, check_command
from corswsgi.checker.console import read_console
from corswsgi.demo import command as demo
from corswsgi.settings import read_file

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.rst").read_text(encoding="utf-8")

APP = "https://app.example.com"
STRANGER = "https://stranger.example"

FRAMEWORKS = ["Flask", "Django", "Pyramid", "Plain WSGI"]
#: The sections of the README with Python code that is not a doctest, and how many blocks each has.
CODE = {**dict.fromkeys(FRAMEWORKS, 1), "http.server": 1, "A realistic policy": 1, "Errors and the log": 1}

#: What docutils does not know, and Sphinx does.
OF_SPHINX = re.compile(r"^\.\. (?:auto\w+|currentmodule)::.*\n(?: +.*\n)*|:(?:doc|ref|class):(?=`)", re.MULTILINE)


def read(text: str) -> nodes.document:
    """Return the document tree; warnings of docutils are errors."""
    return publish_doctree(text, settings_overrides={"halt_level": 2, "report_level": 2, "syntax_highlight": "none"})


def text_of(page: str) -> str:
    """Return a page of the documentation, without what is of Sphinx alone."""
    return OF_SPHINX.sub("", (ROOT / "docs" / f"{page}.rst").read_text("utf-8"))


DOCUMENT = read(README)
PAGES = {
    name: read(text_of(name)) for name in ("policy", "checking", "testing", "serving", "settings", "errors", "limits")
}


def section(title: str, document: nodes.document = DOCUMENT) -> nodes.section:
    (found,) = (each for each in document.findall(nodes.section) if each[0].astext() == title)
    return found


def blocks(node: nodes.Node, language: str) -> list[str]:
    """Return the code blocks of a language."""
    return [block.astext() for block in node.findall(nodes.literal_block) if language in block["classes"]]


def table(title: str, document: nodes.document) -> tuple[list[str], list[list[nodes.entry]]]:
    """Return the head of a table, and its rows."""
    (found,) = (each for each in document.findall(nodes.table) if each[0].astext() == title)
    head, *rows = ([*row.children] for row in found.findall(nodes.row))
    return [entry.astext() for entry in head], rows


def literals(entry: nodes.entry) -> list[str]:
    return [literal.astext() for literal in entry.findall(nodes.literal)]


@pytest.mark.parametrize("name", ["README.rst", "CHANGES.rst"])
def test_is_restructured_text(name: str) -> None:
    read((ROOT / name).read_text(encoding="utf-8"))


def test_files_that_are_named_are_there() -> None:
    named = set(re.findall(r"``((?:tests|examples|docs)/[^`]*)``", README))
    named |= set(re.findall(r"^\.\. image:: (.*)$", README, re.MULTILINE))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_is_short_and_its_pictures_are_small() -> None:
    assert README.count("\n") <= 250
    pictures = re.findall(r"^\.\. image:: (.*)$", README, re.MULTILINE)
    assert len(pictures) == 2
    assert sum((ROOT / path).stat().st_size for path in pictures) < 200_000


def test_changes_name_the_version() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    changes = read((ROOT / "CHANGES.rst").read_text(encoding="utf-8"))
    newest = next(each for each in changes.findall(nodes.section) if each[0].astext() != "Changes")
    assert newest[0].astext().split()[0] == setup["metadata"]["version"]


# Python


def test_all_python_is_run_by_a_test_below() -> None:
    found = {each[0].astext(): len(code) for each in DOCUMENT.findall(nodes.section) if (code := _own_blocks(each))}
    assert found == CODE
    assert sum(found.values()) == README.count(".. code-block:: python")


def _own_blocks(node: nodes.section) -> list[str]:
    """Return the Python blocks of a section, those of its subsections left out."""
    return [
        child.astext()
        for child in node.children
        if isinstance(child, nodes.literal_block) and "python" in child["classes"]
    ]


@pytest.mark.parametrize("name", [*FRAMEWORKS, "http.server"])
def test_five_lines(name: str) -> None:
    (code,) = blocks(section(name), "python")
    assert len([line for line in code.splitlines() if line]) <= 5


#: What a Django project makes of its settings.
AFTER = {
    "Django": """
from django.conf import settings
settings.configure(
    INSTALLED_APPS=INSTALLED_APPS, MIDDLEWARE=MIDDLEWARE, CORSWSGI=CORSWSGI, ROOT_URLCONF=(), ALLOWED_HOSTS=["*"]
)
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""
}

#: Asks an application, and prints the answers.
ASKING = """
import json, sys, webob
application = globals().get("application") or app
for method, headers in json.loads(sys.argv[1]):
    request = webob.Request.blank("/", method=method, headers=headers)
    response = request.get_response(application)
    cors = {name: value for name, value in response.headerlist if name.lower().startswith(("access-", "vary"))}
    print(json.dumps([response.status_int, cors]))
"""

QUESTIONS: list[tuple[str, dict[str, str]]] = [
    ("GET", {"Origin": APP}),
    ("GET", {"Origin": STRANGER}),
    ("OPTIONS", {"Origin": APP, "Access-Control-Request-Method": "POST"}),
    ("OPTIONS", {"Origin": STRANGER, "Access-Control-Request-Method": "POST"}),
]
#: The headers of each answer. There is one origin, so that it is named for everyone; the stranger's browser compares.
ANSWERS = [
    {"Access-Control-Allow-Origin": APP},
    {"Access-Control-Allow-Origin": APP},
    {"Access-Control-Allow-Origin": APP, "Access-Control-Max-Age": "600"},
    {},
]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_five_lines_of_a_framework(name: str) -> None:
    # In a process of its own: Django can be configured once in each.
    (code,) = blocks(section(name), "python")
    program = f"{code}\n{AFTER.get(name, '')}{ASKING}"
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(QUESTIONS)], stdout=subprocess.PIPE, text=True, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [headers for _, headers in answers] == ANSWERS
    assert [status for status, _ in answers[2:]] == [204, 403]


def test_five_lines_of_http_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("Hello")
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(section("http.server"), "python")
    names: dict[str, Any] = {}
    exec(code, names)
    with listening(type("Handler", (Quiet, names["Handler"]), {})) as port:
        answers = [ask_socket(port, method, headers) for method, headers in QUESTIONS]
    assert [{k: v for k, v in headers if k.startswith(("Access-", "Vary"))} for _, headers, _ in answers] == ANSWERS
    assert [(status, body) for status, _, body in answers[:3]] == [(200, b"Hello"), (200, b"Hello"), (204, b"")]
    assert answers[3][0] == 403


class listening:
    """A server of a handler in a thread, for a ``with``; gives its port."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> int:
        self._thread.start()
        return self._server.server_port

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def ask_socket(port: int, method: str, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, "/", headers=headers)
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()
    finally:
        connection.close()


def policies_of_a_part(place: int, **names: Any) -> Any:
    """Run one of the blocks of "One policy for each part", and return the policy of its middleware."""
    code = blocks(section("One policy for each part", PAGES["policy"]), "python")[place]
    names |= {"Policy": Policy, "CORSMiddleware": CORSMiddleware, "app": lambda environ, start_response: []}
    exec(code, names)
    return names["application"].policy


def test_mapping(ask: Ask) -> None:
    mapping = policies_of_a_part(0)
    granted = [("Access-Control-Allow-Credentials", "true"), ("Access-Control-Allow-Origin", APP)]
    expected = {
        "/api": granted,
        "/api/users": granted,
        "/api/public/x": [("Access-Control-Allow-Origin", "*")],
        "/api/internal/x": [],
        "/apis": [],
        "/": [],
    }
    assert {path: ask(mapping, path=path, headers=[("Origin", APP)]).cors for path in expected} == expected


def test_callable_that_chooses() -> None:
    choose = policies_of_a_part(1)
    partner = ("Origin", "https://partner.example")
    assert ask_wsgi(choose, headers=[partner]).cors == [("Access-Control-Allow-Origin", "*"), ("Vary", "X-Edition")]
    assert ask_wsgi(choose, headers=[partner, ("X-Edition", "draft")]).cors == [
        ("Access-Control-Allow-Origin", "https://partner.example"),
        ("Vary", "X-Edition"),
    ]


def test_callable_that_looks_origins_up() -> None:
    asked: list[str] = []

    class Customers(set[str]):
        def __contains__(self, origin: object) -> bool:
            asked.append(str(origin))
            return super().__contains__(origin)

    policy = policies_of_a_part(2, customers=Customers({APP}))
    origins = [APP, STRANGER, "null", f"{APP}/", APP.upper(), f"{APP}, {APP}"]
    allowed = [
        bool(ask_wsgi(policy, headers=[("Origin", each)]).all("Access-Control-Allow-Origin")) for each in origins
    ]
    assert allowed == [True, False, False, False, False, False]
    assert asked == [APP, STRANGER]


def test_policy_can_be_replaced() -> None:
    application = CORSMiddleware(lambda environ, start_response: [], allow_origins=APP)
    application.policy = Policy(allow_origins="*")
    with pytest.raises(PolicyError):
        application.policy = {"api": Policy(allow_origins=APP)}
    assert application.policy == Policy(allow_origins="*")


def test_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (toml,), (ini,) = (blocks(PAGES["settings"], language) for language in ("toml", "ini"))
    shared = {"allow_headers": ["Content-Type"], "max_age": 600}
    preview = re.compile(r"https://pr-[0-9]+\.example\.com")
    shown = {
        "/": Policy([APP, preview], **shared),
        "/internal": None,
        "/public": Policy("*", **shared),
    }
    monkeypatch.chdir(tmp_path)
    Path("cors.toml").write_text(toml, "utf-8")
    Path("cors.ini").write_text(ini, "utf-8")
    assert read_file("cors.toml") == read_file("cors.ini") == shown
    monkeypatch.setenv("CORSWSGI_ALLOW_ORIGINS", "https://a.example, https://b.example")
    for name in ("CORSWSGI_REQUIRE", "CORSWSGI_TIMES", "CORSWSGI_GOLDEN"):  # of these tests
        monkeypatch.delenv(name, raising=False)
    first, second = blocks(PAGES["settings"], "python")
    names: dict[str, Any] = {}
    exec(first, names)
    assert names["wrap"](lambda environ, start_response: []).policy.policies == shown
    exec(second, names)
    assert names["Handler"].cors.policies == shown
    both = {"/": Policy([APP]), "/public": Policy("*")}
    given: dict[str, Any] = {
        "path": "cors.toml",
        "app": SimpleNamespace(config={"CORSWSGI_ALLOW_ORIGINS": [APP]}),
        "settings": SimpleNamespace(CORSWSGI={"allow_origins": [APP], "/public": {"allow_origins": "*"}}),
    }
    read_from = {
        "read_file(path)": shown,
        "read_environment()": Policy(["https://a.example", "https://b.example"]),
        "read_flask(app.config)": Policy([APP]),
        "read_django(settings)": both,
        "read_mapping(settings)": both,
    }
    (functions,) = PAGES["settings"].findall(nodes.table)
    rows = [[*row.children] for row in functions.findall(nodes.row)][1:]
    assert [row[0].astext() for row in rows] == list(read_from)
    for call, expected in read_from.items():
        if call.startswith("read_mapping"):
            given["settings"] = {"cors.allow_origins": APP, "cors./public.allow_origins": "*"}
        assert eval(f"settings_room.{call}", {"settings_room": settings_room, **given}) == expected
    # What is shown of faults.
    faults = [line.strip() for line in text_of("settings").splitlines() if line.startswith("   cors.toml:")]
    Path("cors.toml").write_text("[cors]\nallow_origins = '*'\nallow_header = 1\nmax_age = 'ten minutes'\n", "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_file("cors.toml")
    assert str(caught.value).splitlines() == faults


@pytest.mark.parametrize("name", ["README", "policy", "checking"])
def test_doctests(name: str) -> None:
    text = README if name == "README" else text_of(name)
    test = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    assert len(test.examples) == text.count(">>>") > 0
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.REPORT_NDIFF)
    assert runner.run(test, out=report.append).failed == 0, "".join(report)


# The tables


def test_table_of_options() -> None:
    head, rows = table("Options", PAGES["policy"])
    assert head == ["option", "default", "meaning"]
    described = [(row[0].astext(), row[1].astext()) for row in rows]
    parameters = inspect.signature(Policy).parameters.values()
    assert described == [
        (each.name, "required" if each.default is inspect.Parameter.empty else repr(each.default))
        for each in parameters
    ]


def _entries() -> Iterator[tuple[str, list[str], list[str]]]:
    _, rows = table("Entries of allow_origins", PAGES["policy"])
    for entry, allowed, refused in rows:
        yield entry.astext(), literals(allowed), literals(refused)


@pytest.mark.parametrize(("entry", "allowed", "refused"), [pytest.param(*row, id=row[0]) for row in _entries()])
def test_table_of_entries(entry: str, allowed: list[str], refused: list[str], ask: Ask) -> None:
    assert allowed
    assert refused
    # Beside another origin, so that the answer depends on who asks.
    policy = Policy(allow_origins=[eval(entry, {"re": re}), "https://other.example"])
    granted = {
        origin: ask(policy, headers=[("Origin", origin)]).all("Access-Control-Allow-Origin")
        for origin in allowed + refused
    }
    assert granted == {origin: [origin] for origin in allowed} | {origin: [] for origin in refused}


# What the rows of the options say


def problems_of(**options: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as caught:
        Policy(**options)
    return [(str(problem.code), problem.option) for problem in caught.value.problems]


def test_options_mean_what_the_table_says() -> None:
    assert problems_of(allow_origins="*", allow_credentials=True) == [("any-origin-with-credentials", "allow_origins")]
    assert problems_of(allow_origins=APP, expose_headers="*", allow_credentials=True) == [
        ("expose-any-with-credentials", "expose_headers")
    ]
    assert Policy(APP, max_age=86400).max_age == 86400
    assert problems_of(allow_origins=APP, max_age=86401) == [("max-age-too-long", "max_age")]
    assert Policy(APP, preflight_status=299).preflight_status == 299
    assert problems_of(allow_origins=APP, preflight_status=300) == [("preflight-status-range", "preflight_status")]


def test_safelisted_response_headers_are_as_many_as_the_table_says() -> None:
    assert "content-type" in fetch.CORS_SAFELISTED_RESPONSE_HEADERS
    assert len(fetch.CORS_SAFELISTED_RESPONSE_HEADERS) == 1 + 6


def test_dangers_mean_what_the_table_says() -> None:
    dangers = {"insecure-origins": "http://app.example.com", "public-suffixes": "https://*.github.io"}
    for danger, entry in dangers.items():
        Policy(entry)
        Policy(entry, allow_credentials=True, dangerously_allow=danger)
        (other,) = dangers.keys() - {danger}
        assert len(problems_of(allow_origins=entry, allow_credentials=True, dangerously_allow=other)) == 1
    Policy("http://localhost:*", allow_credentials=True)


def test_preflight_means_what_the_table_says(ask: Ask) -> None:
    def answered(**options: Any) -> list[tuple[str, str]]:
        headers = [("Origin", APP), ("Access-Control-Request-Method", "GET")]
        return ask(Policy(APP, **options), "OPTIONS", headers=headers).cors

    origin = ("Access-Control-Allow-Origin", APP)
    age = ("Access-Control-Max-Age", "600")
    assert answered() == [origin, age]
    assert answered(allow_headers=["*", "Authorization"]) == [
        ("Access-Control-Allow-Headers", "*,authorization"),
        origin,
        age,
    ]
    assert answered(allow_methods="patch") == [("Access-Control-Allow-Methods", "patch"), origin, age]
    assert answered(max_age=0) == [origin, ("Access-Control-Max-Age", "0")]
    assert answered(max_age=None) == [origin]


def test_your_own_tests() -> None:
    (code,) = blocks(PAGES["testing"], "python")
    assert len([line for line in code.splitlines() if line]) <= 5
    names: dict[str, Any] = {}
    exec(code, names)
    names["application"] = CORSMiddleware(webob.Response(), allow_origins=[APP], allow_methods=["PUT"])
    names["test_only_our_page_may_change_items"]()
    names["application"] = CORSMiddleware(webob.Response(), allow_origins=[APP])
    with pytest.raises(AssertionError, match="may not send PUT"):
        names["test_only_our_page_may_change_items"]()


# The shell


def shell_lines() -> list[str]:
    documents = (DOCUMENT, PAGES["checking"], PAGES["serving"])
    return [line for each in documents for block in blocks(each, "shell") for line in block.splitlines()]


def test_two_commands() -> None:
    assert blocks(section("Two commands"), "shell") == [
        'python -m pip install ".[demo]" && corswsgi demo',
        "python -m pip install tox && tox",
    ]


def test_commands_install_what_the_readme_says() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert "demo" in setup["options.extras_require"]
    assert "corswsgi = corswsgi.cli:main" in setup["options.entry_points"]["console_scripts"]
    assert setup["options"]["python_requires"] == ">=3.11"
    requirements = setup["options"]["install_requires"].split()
    assert [re.split("[<>=]", requirement)[0] for requirement in requirements] == ["webob", "publicsuffixlist"]
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    assert {"py311", "py312", "py313"} <= set(re.split(r"[,\s]+", tox["tox"]["env_list"]))
    assert tox["tox"].getboolean("skip_missing_interpreters")


def parse(line: str) -> argparse.Namespace:
    """Return what a command line of ours means."""
    _, name, *arguments = shlex.split(line.rpartition("&& ")[2])
    commands: dict[str, ModuleType] = {"serve": serve, "demo": demo, "check": check_command, "audit": audit_command}
    parser = argparse.ArgumentParser(prog=name)
    commands[name].add_arguments(parser)
    return parser.parse_args(arguments)


def test_our_commands_take_what_is_shown() -> None:
    ours = list(dict.fromkeys(line for line in shell_lines() if "corswsgi " in line))
    assert len(ours) == 9
    shown = [parse(line) for line in ours]
    assert shown.pop(0).port == 8000
    console = read_console(shown.pop(0).console, frozenset())
    assert (console.url, console.origin) == ("https://api.example.com/", APP)
    assert (shown[0].method, shown[0].headers, shown[0].origin) == ("PUT", [("X-Api-Key", "1")], APP)
    assert shown[1].fail_on == "medium"
    del shown[0]
    assert (shown[1].bind, shown[1].port, shown[1].allow_origin) == ("127.0.0.1", 8000, [])
    assert (shown[2].directory_option, shown[2].port) == ("build", 9000)
    assert shown[2].allow_origin == [APP, "http://localhost:*"]
    assert shown.pop(3).config == "cors.toml"
    assert (shown[3].bind, shown[3].allow_host, shown[3].allow_origin) == ("0.0.0.0", ["files.example.com"], ["*"])
    assert (shown[4].directory, shown[4].allow_origin) == ("build", [])
    assert shown[4].header == [
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Embedder-Policy", "require-corp"),
    ]
    for options in shown[2:4]:
        Policy(options.allow_origin)


@pytest.mark.parametrize(
    ("arguments", "host", "status", "cors"),
    [
        ("", "localhost", 200, None),
        ("", "rebound.example", 421, None),
        ("--allow-host rebound.example", "rebound.example", 200, None),
        (f"--allow-origin {APP}", "127.0.0.1", 200, APP),
    ],
)
def test_serve(arguments: str, host: str, status: int, cors: str | None, tmp_path: Path) -> None:
    options = parse(f"corswsgi serve {tmp_path} --port 0 {arguments}")
    with serve.make_server(options) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            answer, headers, _ = ask_socket(server.server_port, "GET", {"Host": host, "Origin": APP})
        finally:
            server.shutdown()
            thread.join()
    assert answer == status
    assert dict(headers).get("Access-Control-Allow-Origin") == cors


# Why is it blocked?


def test_explain_takes_the_request_for_a_callable() -> None:
    policy = Policy(lambda origin, request: request.path == "/open")
    assert "Readable" in explain(policy, origin=APP, request=webob.Request.blank("/open"))
    assert "Readable" not in explain(policy, origin=APP, request=webob.Request.blank("/shut"))


# Errors


def failing(environ: Any, start_response: Any) -> list[bytes]:
    raise LookupError("no such thing")


def ask_failing(
    origin: str | None, options: dict[str, Any], environ: dict[str, Any]
) -> tuple[str, list[tuple[str, str]]]:
    """Ask an application that raises; return the status and the headers of the answer."""
    headers = {} if origin is None else {"Origin": origin}
    answers = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        answers.append((status, headers))
        return lambda data: None

    application = CORSMiddleware(failing, allow_origins=[APP], **options)
    b"".join(application(webob.Request.blank("/", environ, headers=headers).environ, start_response))
    (answer,) = answers
    return answer


def test_errors_are_readable(caplog: pytest.LogCaptureFixture) -> None:
    status, headers = ask_failing(APP, {}, {})
    assert status.startswith("500 ")
    assert ("Access-Control-Allow-Origin", APP) in headers
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError


@pytest.mark.parametrize(
    ("origin", "options", "environ"),
    [
        (APP, {"readable_errors": False}, {}),
        (APP, {}, {"paste.throw_errors": True}),
        (APP, {}, {"x-wsgiorg.throw_errors": True}),
        (APP, {}, {"werkzeug.debug.preserve_context": [].append}),
        (STRANGER, {}, {}),
        (None, {}, {}),
    ],
)
def test_other_errors_propagate(origin: str | None, options: dict[str, Any], environ: dict[str, Any]) -> None:
    with pytest.raises(LookupError):
        ask_failing(origin, options, environ)


def test_send_error_gets_the_headers() -> None:
    class Handler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
        cors = Policy(APP)

        def do_GET(self) -> None:
            self.send_error(404)

    sent = exchange(Handler, f"GET / HTTP/1.1\r\nOrigin: {APP}\r\n\r\n".encode())
    assert sent.startswith(b"HTTP/1.0 404 ")
    assert f"\r\nAccess-Control-Allow-Origin: {APP}\r\n".encode() in sent


def test_exceptions_behind_http_server_are_the_librarys() -> None:
    class Handler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
        cors = Policy(APP)

        def do_GET(self) -> None:
            raise LookupError("no such thing")

    with pytest.raises(LookupError):
        exchange(Handler, f"GET / HTTP/1.1\r\nOrigin: {APP}\r\n\r\n".encode())


def test_policy_has_the_last_word(ask: Ask) -> None:
    own = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "X"), ("Vary", "Accept")]
    app = App(headers=[*App.headers, *own])
    reply = ask(Policy([APP, STRANGER]), headers=[("Origin", APP)], app=app)
    assert reply.cors == [("Access-Control-Allow-Origin", APP), ("Vary", "Accept, Origin")]


# Refusing, not only hiding


@pytest.mark.parametrize(
    ("enforce", "headers", "status"),
    [
        (False, [("Origin", STRANGER)], 200),
        (True, [("Origin", STRANGER)], 403),
        (True, [("Origin", APP)], 200),
        (True, [("Origin", "http://127.0.0.1")], 200),  # the server's own
        (True, [], 200),
    ],
)
def test_enforce(enforce: bool, headers: list[tuple[str, str]], status: int, ask: Ask) -> None:
    app = App()
    assert ask(Policy([APP], enforce=enforce), "POST", headers=headers, app=app).status == status
    assert bool(app.seen) == (status == 200)


# The log


def test_log(caplog: pytest.LogCaptureFixture) -> None:
    application = CORSMiddleware(webob.Response(), allow_origins=[APP])

    def ask_from(origin: str) -> None:
        webob.Request.blank("/api/users", headers={"Origin": origin}).get_response(application)

    with caplog.at_level(logging.INFO, "corswsgi"):
        for _ in range(3):
            ask_from("https://evil.example")
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("corswsgi", "INFO")
        shown = next(section("The log", PAGES["errors"]).findall(nodes.literal_block)).astext()
        refused, unlisted = shown.splitlines()
        assert record.getMessage() == refused
        asking = {"Origin": APP, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-api-key"}
        assert (
            webob.Request.blank("/api/users", method="OPTIONS", headers=asking).get_response(application).status_int
            == 204
        )
        assert caplog.records.pop().getMessage() == unlisted
        for number in range(1022):  # besides the two above
            ask_from(f"https://evil.example:{number}")
        ask_from("https://evil.example")
        assert len(caplog.records) == 1023
        ask_from("one too many\r\n")
        ask_from("https://evil.example")
    assert len(caplog.records) == 1025
    assert all(record.getMessage().isprintable() for record in caplog.records)


# What it does not do


def test_limits_are_those_tested_below() -> None:
    (limits,) = PAGES["limits"].findall(nodes.bullet_list)
    beginnings = [
        "CORS is",
        "The application's",
        "An exception",
        "If no",
        "A request",
        "There is",
        "It is",
        "The mixin",
    ]
    assert [" ".join(limit.astext().split()[:2]) for limit in limits] == beginnings


def test_not_access_control(ask: Ask) -> None:
    app = App()
    assert ask(Policy(APP), "POST", headers=[("Origin", STRANGER)], app=app).body == b"OK"
    assert app.seen == [("POST", "/")]


def test_gunicorn_sends_the_headers_of_both_calls() -> None:
    def application(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        raise LookupError("too late")

    environ = webob.Request.blank("/", headers={"Origin": APP}).environ
    request = SimpleNamespace(method="GET", version=(1, 1), headers=[])
    server = gunicorn.http.wsgi.Response(request, None, None)
    CORSMiddleware(application, allow_origins=[APP])(environ, server.start_response)
    assert [name for name, _ in server.headers].count("Access-Control-Allow-Origin") == 2
    with pytest.raises(LookupError):
        CORSMiddleware(application, allow_origins=[APP], readable_errors=False)(environ, lambda status, headers: None)


def test_exceptions_of_generators_are_the_servers() -> None:
    def application(environ: Any, start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"so far"
        raise LookupError("too late")

    returned = []

    def kept(environ: Any, start_response: Callable[..., Any]) -> Iterator[bytes]:
        returned.append(application(environ, start_response))
        return returned[0]

    environ = webob.Request.blank("/", headers={"Origin": APP}).environ
    iterable = CORSMiddleware(kept, allow_origins=[APP])(environ, lambda status, headers: None)
    assert iterable is returned[0]
    assert next(iter(iterable)) == b"so far"
    with pytest.raises(LookupError):
        next(iter(iterable))


OWN = ("Access-Control-Allow-Origin", "https://own.example")


def test_what_no_policy_governs_passes_untouched(ask: Ask) -> None:
    reply = ask({"/api": Policy(APP)}, path="/other", headers=[("Origin", APP)], app=App(headers=[*App.headers, OWN]))
    assert reply.cors == [OWN]


@pytest.mark.parametrize("path", ["/api/./x", "/api/../x", "/api//x", "/api/\\x", "/api/%00"])
def test_where_it_cannot_be_told_which_policy_governs_nobody_is_allowed(path: str, ask: Ask) -> None:
    app = App(headers=[*App.headers, OWN])
    rules = {"/api": Policy(APP), "/api/public": Policy("*")}
    for headers, method in [
        ([("Origin", APP)], "GET"),
        ([("Origin", APP), ("Access-Control-Request-Method", "PUT")], "OPTIONS"),
    ]:
        reply = ask(rules, method, path, headers, app)
        assert (reply.status, reply.cors) == (403, [("Vary", "Origin")])
    assert app.seen == []
    assert ask(rules, path=path, app=app).cors == [("Vary", "Origin")]
    assert len(app.seen) == 1, "a request without an Origin is no page's"
    assert ask({"/": Policy(APP)}, path=path, headers=[("Origin", APP)]).cors == [
        ("Access-Control-Allow-Origin", APP)
    ], "one policy for all governs these paths too"


def test_http_0_9_has_no_headers() -> None:
    class Handler(CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler):
        cors = Policy("*")

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"Hello")

    assert exchange(Handler, b"GET /\r\n") == b"Hello"


def test_private_network_is_refused_with_the_reason() -> None:
    with pytest.raises(PolicyError, match="never came into force"):
        CORSMiddleware(failing, allow_origins=APP, allow_private_network=True)


def test_there_is_nothing_for_asgi() -> None:
    assert not [name for name in corswsgi.__all__ if "asgi" in name.lower()]
