"""docs/migrating.rst, held to its word: its examples decide as the library they come from, and no option is missing."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import itertools
import re
import warnings
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import corsheaders.conf
import falcon
import flask
import flask_cors.core
import pytest
import wsgicors
from amounts import TIMES
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path as url_path
from django_site import configure
from docutils import nodes
from docutils.core import publish_doctree

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.browser import Browser
from corswsgi.errors import Fault
from corswsgi.settings import read_django, read_environment, read_file, read_flask, read_mapping

with warnings.catch_warnings():
    # oslo's own imports: some of what they pull in announces the end of something, on this Python or that.
    warnings.simplefilter("ignore", DeprecationWarning)
    import oslo_middleware.base
    import oslo_middleware.cors

PAGE = (Path(__file__).parents[1] / "docs" / "migrating.rst").read_text("utf-8")
DOCUMENT = publish_doctree(PAGE, settings_overrides={"halt_level": 2, "report_level": 2, "syntax_highlight": "none"})
LIBRARIES = ["flask-cors", "django-cors-headers", "wsgicors", "oslo.middleware", "Starlette", "falcon"]

APP, SHOP, STRANGER = "https://app.example.com", "https://shop.example.com", "https://stranger.example"
SUB, STAGING = "https://a.example.org", "https://x.staging.example.com"


def section(title: str) -> nodes.section:
    (found,) = (each for each in DOCUMENT.findall(nodes.section) if each[0].astext() == title)
    return found


def pairs_of(library: str) -> list[tuple[str, str]]:
    """Return the examples of a section: what was there before, and what is there after."""
    blocks = [block.astext() for block in section(library).findall(nodes.literal_block) if "python" in block["classes"]]
    return list(zip(blocks[::2], blocks[1::2], strict=True))


# --- The applications of the examples ---------------------------------------------------------------

BODY = ("Content-Type", "text/plain"), ("X-Total", "7"), ("X-Secret", "s")
METHODS = ("GET", "POST", "PUT", "DELETE")
PATHS = ("/api/items", "/public", "/other")


def plain(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [*BODY])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"OK"]


def of_flask(code: str) -> Any:
    app = flask.Flask(__name__)
    app.add_url_rule("/<path:path>", view_func=lambda path: ("OK", dict(BODY)), methods=METHODS)
    exec(code, {"app": app})
    return app


def of_django(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(code, names)
    configure()
    options = {name: value for name, value in names.items() if name.isupper()}
    module = ModuleType("urls")
    module.urlpatterns = [url_path("<path:path>", lambda request, path: HttpResponse("OK", headers=dict(BODY)))]  # type: ignore[attr-defined]  # a module of a test
    is_ours = "CORSWSGI" in options
    all_settings = {
        "ROOT_URLCONF": module,
        "ALLOWED_HOSTS": ["*"],
        "MIDDLEWARE": [] if is_ours else ["corsheaders.middleware.CorsMiddleware"],
    }

    def in_django(environ: dict[str, Any], start_response: Any) -> Any:
        with override_settings(**all_settings, **options):
            return get_wsgi_application()(environ, start_response)

    return CORSMiddleware(in_django, read_django(SimpleNamespace(**options))) if is_ours else in_django


def of_wsgi(code: str) -> Any:
    names: dict[str, Any] = {"app": plain}
    exec(code, names)
    return names["application"]


def of_starlette(code: str) -> Any:
    pytest.importorskip("starlette.middleware.cors", reason="starlette is not installed; it is in the extra test")
    if "starlette" not in code:
        return of_wsgi(code)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(name.lower().encode(), value.encode()) for name, value in BODY]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else b"OK"})

    names: dict[str, Any] = {"app": app}
    exec(code, names)
    return as_wsgi(names["application"])


def as_wsgi(app: Any) -> Any:
    """Return an ASGI application that never waits, as a WSGI application."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        messages: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        headers = [
            (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode())
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        ]
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        running = app({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
        with contextlib.suppress(StopIteration):
            running.send(None)
            raise AssertionError("it waits")
        start, *bodies = messages
        start_response(f"{start['status']} Status", [(k.decode(), v.decode()) for k, v in start["headers"]])
        return [body["body"] for body in bodies]

    return application


class Resource:
    def on_get(self, request: falcon.Request, response: falcon.Response, path: str) -> None:
        response.text = "OK"
        response.set_headers(dict(BODY))

    on_head = on_post = on_put = on_delete = on_get


def of_falcon(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(code, names)
    names["app"].add_route("/{path:path}", Resource())
    return names.get("application", names["app"])


BUILD: dict[str, Callable[[str], Any]] = {
    "flask-cors": of_flask,
    "django-cors-headers": of_django,
    "wsgicors": of_wsgi,
    "oslo.middleware": of_wsgi,
    "Starlette": of_starlette,
    "falcon": of_falcon,
}


# --- What a browser decides -------------------------------------------------------------------------


class Asked(NamedTuple):
    """A request of a script."""

    origin: str
    method: str
    headers: tuple[tuple[str, str], ...]
    credentials: str
    path: str


HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("Content-Type", "application/json"),),
    (("X-Api-Key", "1"),),
    (("Authorization", "Bearer a"),),
)
ORIGINS = (APP, SHOP, SUB, STAGING, f"{STAGING}.evil.example", STRANGER, "http://app.example.com", "null")
#: All combinations; in a quick run every 7th, which meets every value of each, because 7 divides none of the sizes.
GRID = [
    Asked(*each)
    for each in itertools.product(ORIGINS, ("GET", "HEAD", *METHODS[1:]), HEADERS, ("omit", "include"), PATHS)
][:: 7 if TIMES == 1 else 1]


def decided(app: Any, asked: Asked) -> tuple[str, Any]:
    """Return the outcome, and what a script can read."""
    verdict = Browser(app, origin=asked.origin).fetch(
        f"https://api.example.net{asked.path}",
        method=asked.method,
        headers=asked.headers,
        credentials=asked.credentials,
    )
    response = verdict.response
    return verdict.outcome, response and (response.status, dict(response.headers).get("x-total"), response.body)


#: What differs, and the page says so: by library and example, tells of a request whether it does.
SAID: dict[tuple[str, int], Callable[[Asked], bool]] = {
    ("flask-cors", 0): lambda asked: asked.origin == f"{STAGING}.evil.example",
}

EXAMPLES = [(library, number) for library in LIBRARIES for number in range(len(pairs_of(library)))]


def test_every_library_has_examples() -> None:
    assert {library for library, _ in EXAMPLES} == set(LIBRARIES)
    assert set(SAID) <= set(EXAMPLES)


@pytest.mark.parametrize(("library", "number"), EXAMPLES)
def test_before_and_after_a_browser_decides_the_same(library: str, number: int) -> None:
    before, after = (BUILD[library](code) for code in pairs_of(library)[number])
    differs: Callable[[Asked], bool] = SAID.get((library, number), lambda asked: False)
    found = [(asked, decided(before, asked), decided(after, asked)) for asked in GRID]
    assert [each for each in found if each[1] != each[2] and not differs(each[0])] == []
    said = [(theirs[0], ours[0]) for asked, theirs, ours in found if differs(asked) and theirs != ours]
    assert set(said) == ({("readable", "blocked")} if (library, number) in SAID else set())
    assert {outcome for _, (outcome, _), _ in found} == {"readable", "blocked"}


# --- No option is missing ---------------------------------------------------------------------------


def options_of_flask_cors() -> set[str]:
    return {*flask_cors.core.CONFIG_OPTIONS, *flask_cors.core.DEFAULT_OPTIONS}


def options_of_django_cors_headers() -> set[str]:
    return set(re.findall(r"\bCORS_[A-Z_]+\b", inspect.getsource(corsheaders.conf))) | {"check_request_enabled"}


def options_of_wsgicors() -> set[str]:
    return set(re.findall(r"\b(?:kw|cfg)\.get\(\"(\w+)\"", inspect.getsource(wsgicors)))


def options_of_oslo() -> set[str]:
    base = inspect.getsource(oslo_middleware.base)
    options = {option.name for option in oslo_middleware.cors.OPTS}
    return options | set(re.findall(r"'(oslo_config_\w+)'", base)) | {"add_origin()"}


def options_of_starlette() -> set[str]:
    cors = pytest.importorskip("starlette.middleware.cors", reason="starlette is not installed")
    return {*inspect.signature(cors.CORSMiddleware).parameters} - {"app"}


def options_of_falcon() -> set[str]:
    return {*inspect.signature(falcon.CORSMiddleware).parameters} | {
        name for name in inspect.signature(falcon.App).parameters if "cors" in name
    }


OPTIONS: dict[str, Callable[[], set[str]]] = {
    "flask-cors": options_of_flask_cors,
    "django-cors-headers": options_of_django_cors_headers,
    "wsgicors": options_of_wsgicors,
    "oslo.middleware": options_of_oslo,
    "Starlette": options_of_starlette,
    "falcon": options_of_falcon,
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_option_is_on_the_page(library: str) -> None:
    (table,) = section(library).findall(nodes.table)
    _, *rows = table.findall(nodes.row)
    told = {literal.astext() for row in rows for literal in row[0].findall(nodes.literal)}
    options = OPTIONS[library]()
    assert len(options) >= 4
    assert options - told == set()


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_option_of_another_name_is_a_fault_of_its_own(library: str) -> None:
    values = {"policy": "free", "check_request_enabled": None, "add_origin()": None}
    for name in OPTIONS[library]():
        if name in values or name in Policy.from_options({"allow_origins": "*"}).as_dict():
            continue
        with pytest.raises(PolicyError) as caught:
            Policy.from_options({"allow_origins": "*", name: 1})
        assert caught.value.problems[0].code in (Fault.FOREIGN_OPTION, Fault.NO_PRIVATE_NETWORK), name


def test_what_the_page_prints() -> None:
    runner: Any = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(PAGE, {}, "migrating.rst", None, 0))
    assert (runner.failures, runner.tries) == (0, 2)


# --- Options under their old names ------------------------------------------------------------------


def faults_of(read: Callable[..., object], *arguments: Any, **options: Any) -> list[tuple[str, Any]]:
    """Return each option that is a fault of another library, with the suggestion; no other fault may be there."""
    with pytest.raises(PolicyError) as caught:
        read(*arguments, **options)
    assert {problem.code for problem in caught.value.problems} == {Fault.FOREIGN_OPTION}
    return [(problem.option, problem.suggestion) for problem in caught.value.problems]


def as_options(suggestions: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return what the suggestions say together."""
    return {name: value for _, suggestion in suggestions if suggestion for name, value in suggestion.items()}


A, B = "https://a.example", "https://b.example"
PATTERN = re.compile(r"https://\w+\.example")

#: An option, its value, and what is suggested in its place.
TRANSLATED: list[tuple[str, Any, Any]] = [
    ("origins", "*", {"allow_origins": "*"}),
    ("origins", A, {"allow_origins": [A]}),
    ("origins", f"{A}, {B}", {"allow_origins": [A, B]}),
    ("origins", [A, "https://*.b.example"], {"allow_origins": [A, "https://*.b.example"]}),
    ("origins", {B, A}, {"allow_origins": [A, B]}),
    ("origins", PATTERN, {"allow_origins": [PATTERN]}),
    ("origins", [A, PATTERN.pattern], {"allow_origins": [A, PATTERN]}),
    ("origins", r"https://[a-z]{1,3}\.example", {"allow_origins": [re.compile(r"https://[a-z]{1,3}\.example")]}),
    ("origins", [A, ".*"], {"allow_origins": "*"}),
    ("origins", "https://(", "allow_origins"),
    ("origins", 7, "allow_origins"),
    ("origins", [], "allow_origins"),
    ("methods", ["PUT", "GET"], {"allow_methods": ["PUT", "GET"]}),
    ("methods", "GET, PUT", {"allow_methods": ["GET", "PUT"]}),
    ("supports_credentials", False, {"allow_credentials": False}),
    ("supports_credentials", "false", {"allow_credentials": False}),
    ("supports_credentials", "perhaps", "allow_credentials"),
    ("send_wildcard", True, None),
    ("vary_header", False, None),
    ("always_send", True, None),
    ("automatic_options", True, None),
    ("intercept_exceptions", True, None),
    ("intercept_exceptions", False, {"readable_errors": False}),
    ("CORS_MAX_AGE", timedelta(hours=1), {"max_age": timedelta(hours=1)}),
    ("CORS_MAX_AGE", "60", {"max_age": 60}),
    ("CORS_ORIGINS", A, {"allow_origins": [A]}),
    ("CORS_ALLOW_HEADERS", ("x-a", "x-b"), {"allow_headers": ["x-a", "x-b"]}),
    ("CORS_ALLOW_CREDENTIALS", True, {"allow_credentials": True}),
    ("CORS_ALLOW_ORIGINS", A, {"allow_origins": [A]}),
    ("CORS_ALLOWED_ORIGINS", [A], {"allow_origins": [A]}),
    ("allowed_origins", [A], {"allow_origins": [A]}),
    ("CORS_ORIGIN_WHITELIST", (A, B), {"allow_origins": [A, B]}),
    ("CORS_ALLOW_ALL_ORIGINS", True, {"allow_origins": "*"}),
    ("CORS_ORIGIN_ALLOW_ALL", False, None),
    ("CORS_ALLOWED_ORIGIN_REGEXES", [PATTERN.pattern], {"allow_origins": [PATTERN]}),
    ("CORS_ORIGIN_REGEX_WHITELIST", [PATTERN], {"allow_origins": [PATTERN]}),
    ("CORS_PREFLIGHT_MAX_AGE", 0, {"max_age": None}),
    ("CORS_URLS_REGEX", r"^/api/.*$", {"/api": {}}),
    ("CORS_URLS_REGEX", re.compile("^.*$"), None),
    ("CORS_URLS_REGEX", r"^/(a|b)/.*$", None),
    ("resources", r"/*", None),
    ("resources", "*", None),
    ("resources", ["/a/*", "/b"], {"/a": {}, "/b": {}}),
    (
        "resources",
        {r"/api/*": {"origins": A, "max_age": "60", "vary_header": True}, "/b/.*": {"supports_credentials": True}},
        {"/api": {"allow_origins": [A], "max_age": 60}, "/b": {"allow_credentials": True}},
    ),
    ("resources", {"api/*": {"origins": A}}, None),
    ("origin", "copy", {"allow_origins": "*"}),
    ("origin", f"{A} https://*.b.example", {"allow_origins": [A, "https://*.b.example"]}),
    ("headers", "*", {"allow_headers": "*"}),
    ("credentials", "true", {"allow_credentials": True}),
    ("maxage", "60", {"max_age": 60}),
    ("maxage", "", "max_age"),
    ("policy", "free", None),
    ("matchstrategy", "verbmatch", None),
    ("allowed_origin", f"{A},{B}", {"allow_origins": [A, B]}),
    ("oslo_config_project", "x", None),
    ("allow_origin_regex", PATTERN.pattern, {"allow_origins": [PATTERN]}),
    ("cors_enable", True, {"allow_origins": "*"}),
]


@pytest.mark.parametrize(("name", "value", "suggestion"), TRANSLATED)
def test_an_option_of_another_library_says_what_it_is_here(name: str, value: object, suggestion: object) -> None:
    given = {"allow_methods": "PUT", name: value}
    with pytest.raises(PolicyError) as caught:
        Policy.from_options(given)
    problem = caught.value.problems[0]
    assert (problem.code, problem.option, problem.value) == (Fault.FOREIGN_OPTION, name, value)
    assert problem.suggestion == suggestion
    assert any(library in problem.message for library in LIBRARIES)


def test_what_was_meant_is_judged_as_well() -> None:
    with pytest.raises(PolicyError) as caught:
        CORSMiddleware(plain, origins=["a.example"], CORS_ALLOWED_ORIGINS=[B], supports_credentials=True, max_age=-1)
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [
        ("foreign-option", "origins"),
        ("foreign-option", "CORS_ALLOWED_ORIGINS"),
        ("foreign-option", "supports_credentials"),
        ("origin-scheme-missing", "allow_origins"),
        ("max-age-negative", "max_age"),
    ]


def test_origins_that_cannot_be_translated_are_not_missing() -> None:
    assert faults_of(CORSMiddleware, plain, origins="https://(", supports_credentials=True) == [
        ("origins", "allow_origins"),
        ("supports_credentials", {"allow_credentials": True}),
    ]
    assert faults_of(CORSMiddleware, plain, resources={"/a/*": {"origins": A}}) == [
        ("resources", {"/a": {"allow_origins": [A]}})
    ]


def test_origins_that_are_given_nowhere_are_missing() -> None:
    given: dict[str, Any] = {"maxage": "", "vary_header": True, "credentials": "true"}
    for name, value in given.items():
        with pytest.raises(PolicyError) as caught:
            CORSMiddleware(plain, **{name: value})
        assert [problem.code for problem in caught.value.problems] == [Fault.FOREIGN_OPTION, Fault.MISSING_OPTION]


def test_the_suggestions_make_the_policy() -> None:
    suggestions = faults_of(
        CORSMiddleware, plain, origins=[A, PATTERN.pattern], methods=["PUT"], supports_credentials=True, max_age=60
    )
    policy = Policy.from_options({**as_options(suggestions), "max_age": 60})
    assert policy == Policy([A, PATTERN], allow_methods=["PUT"], allow_credentials=True, max_age=60)


def test_names_with_the_prefix_of_a_policy_of_wsgicors() -> None:
    given = {"cors.policy": "free, closed", "cors.free_origin": "copy", "cors.free_expose_headers": "x-a, x-b"}
    assert faults_of(read_mapping, given) == [
        ("policy", None),
        ("free_origin", {"allow_origins": "*"}),
        ("free_expose_headers", {"expose_headers": ["x-a", "x-b"]}),
    ]
    with pytest.raises(PolicyError) as caught:
        read_mapping({**given, "cors.other_origin": "copy", "cors.free_zebra": "x"})
    assert [problem.code for problem in caught.value.problems][-2:] == [Fault.UNKNOWN_OPTION, Fault.UNKNOWN_OPTION]


def told(read: Callable[..., object], *arguments: Any) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read(*arguments)
    return str(caught.value).splitlines()


def test_settings_of_all_kinds_say_it_with_its_place(tmp_path: Path) -> None:
    said = f'this is an option of flask-cors; did you mean allow_origins=["{A}", "re:{PATTERN.pattern}"]?'.replace(
        "\\", "\\\\"
    )
    toml, ini = tmp_path / "cors.toml", tmp_path / "cors.ini"
    toml.write_text(f"[cors]\norigins = ['{A}', '{PATTERN.pattern}']\n")
    ini.write_text(f"[cors]\norigins = {A} {PATTERN.pattern}\n")
    text = f"{A} {PATTERN.pattern}"
    assert told(read_file, toml) == [f"{toml}:2: origins: {said}"]
    assert told(read_file, ini) == [f"{ini}:2: origins: {said}"]
    assert told(read_mapping, {"cors.origins": text}) == [f"cors.origins: origins: {said}"]
    assert told(read_environment, {"CORSWSGI_ORIGINS": text}) == [f"CORSWSGI_ORIGINS: origins: {said}"]
    assert told(read_flask, {"CORSWSGI_ORIGINS": text}) == [f"CORSWSGI_ORIGINS: origins: {said}"]
    assert told(read_django, SimpleNamespace(CORSWSGI={"origins": [A, PATTERN]})) == [
        f'CORSWSGI["origins"]: origins: {said}'
    ]


def test_resources_of_settings_are_no_path(tmp_path: Path) -> None:
    toml = tmp_path / "cors.toml"
    toml.write_text(f"""[cors.resources]\n"/api/*" = {{origins = "{A}"}}\n""")
    (said,) = told(read_file, toml)
    assert said.startswith(f"{toml}:1: resources: this is an option of flask-cors; ")
    assert said.endswith(f"""; did you mean "/api": {{"allow_origins": ["{A}"]}}?""")


def test_rules_inherit_origins_under_another_name() -> None:
    settings = SimpleNamespace(CORSWSGI={"origins": A, "/public": {"max_age": 5}})
    assert faults_of(read_django, settings) == [("origins", {"allow_origins": [A]})]


SETTINGS: Mapping[str, Any] = {"CORS_ALLOWED_ORIGINS": [A], "CORS_MAX_AGE": 60, "CORS_OF_MINE": 1, "CORS_": 2}


def test_settings_of_the_frameworks_libraries_would_do_nothing() -> None:
    expected = [("CORS_ALLOWED_ORIGINS", {"allow_origins": [A]}), ("CORS_MAX_AGE", {"max_age": 60})]
    for ours in (
        {},
        {"CORSWSGI": Policy(A)},
        {"CORSWSGI": {"allow_origins": A}},
        {"CORSWSGI": {"/a": {"allow_origins": A}}},
    ):
        assert faults_of(read_flask, {**SETTINGS, **ours}) == expected
        assert faults_of(read_django, SimpleNamespace(**SETTINGS, **ours)) == expected
    assert faults_of(read_flask, {**SETTINGS, "CORSWSGI_ALLOW_ORIGINS": A}) == expected
    assert told(read_flask, SETTINGS)[0] == (
        f'CORS_ALLOWED_ORIGINS: this is an option of django-cors-headers; did you mean allow_origins=["{A}"]?'
    )
    assert read_flask({"CORS_OF_MINE": 1, "CORSWSGI_ALLOW_ORIGINS": A}) == Policy(A)


def test_the_environment_belongs_to_other_programs_too() -> None:
    theirs = {"CORS_ALLOWED_ORIGINS": f"{A},{B}", "PATH": "/bin"}
    assert faults_of(read_environment, theirs) == [("CORS_ALLOWED_ORIGINS", {"allow_origins": [A, B]})]
    assert read_environment({**theirs, "CORSWSGI_ALLOW_ORIGINS": A}) == Policy(A)


def test_names_beside_a_policy() -> None:
    assert faults_of(CORSMiddleware, plain, Policy(A), vary_header=True) == [("vary_header", None)]
