"""CORSMiddleware: which policy governs, how it is replaced, readable errors, enforcement, and the log of refusals."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from wsgiref.util import setup_testing_defaults

import falcon.testing
import pytest
import webob
from front_ends import App, Pairs, Reply, ask_wsgi

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.refusals import is_logged

APP, SHOP, STRANGER = "https://app.example.com", "https://shop.example.com", "https://stranger.example"
DYNAMIC = Policy([APP, SHOP])
ENFORCING = Policy([APP, SHOP], enforce=True)
OUTER, INNER, DEEP = (Policy("*", expose_headers=[name]) for name in ("X-Outer", "X-Inner", "X-Deep"))
ALLOW = [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]

Ask = Callable[..., Reply]


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"OK"]


def environ_of(path: str = "/", script_name: str = "", **more: Any) -> dict[str, Any]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    return environ | {"SCRIPT_NAME": script_name, "PATH_INFO": path, "QUERY_STRING": ""} | more


def run(app: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status, headers and body of what ``app`` answers; the last ``start_response`` counts."""
    started: list[Any] = []

    def start_response(*args: Any) -> Callable[[bytes], object]:
        started[:] = args[:2]
        return lambda data: None

    body = b"".join(app(environ, start_response))
    return started[0], started[1], body


def exposed(policies: Any, path: str, script_name: str = "") -> str | None:
    """Return what tells the policies of these tests apart, or ``None`` where none governs."""
    _, headers, _ = run(CORSMiddleware(hello, policies), environ_of(path, script_name, HTTP_ORIGIN=APP))
    return dict(headers).get("Access-Control-Expose-Headers")


# Policies by path


RULES = {"/api": OUTER, "/api/v1": INNER, "/api/v1/open/wide": DEEP, "/api/secret": None, "/caf\u00e9": DEEP}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api", "X-Outer"),
        ("/api/", "X-Outer"),
        ("/api/users", "X-Outer"),
        ("/api/users/", "X-Outer"),
        ("/apis", None),
        ("/ap", None),
        ("/", None),
        ("/API", None),
        ("/Api/users", None),
        ("/other/api", None),
        ("/api/v1", "X-Inner"),
        ("/api/v1/users", "X-Inner"),
        ("/api/v10", "X-Outer"),
        ("/api/v1/open", "X-Inner"),
        ("/api/v1/open/wide", "X-Deep"),
        ("/api/v1/open/wide/deep/er", "X-Deep"),
        ("/api/v1/open/wider", "X-Inner"),
        ("/api/secret", None),
        ("/api/secret/door", None),
        ("/api/secrets", "X-Outer"),
        ("/api/.", None),
        ("/api/./users", None),
        ("/api/../admin", None),
        ("/other/../api", None),
        ("/api/..", None),
        ("/api/...", "X-Outer"),
        ("/api/.well-known", "X-Outer"),
        ("/api/a..b", "X-Outer"),
        ("//api", None),
        ("/api//users", None),
        ("/api//", None),
        ("/api\\users", None),
        ("/api/..\\admin", None),
        ("/api/\0", None),
        ("/api/a+b", "X-Outer"),
        ("/api/%2e%2e/admin", "X-Outer"),  # what remains after decoding is text
        ("/caf\xc3\xa9", "X-Deep"),  # UTF-8, as WSGI gives it
        ("/caf\xe9", None),
        ("/cafe\xcc\x81", None),
        ("", None),
        ("api", None),
        ("*", None),
        ("http://127.0.0.1/api", None),
    ],
)
def test_a_rule_governs_its_path_and_whole_segments_below(path: str, name: str | None) -> None:
    assert exposed(RULES, path) == name


@pytest.mark.parametrize("path", ["/api/%2e%2e/x", "/api/%2E./x", "/api/.%2e", "/%2e/api", "/api%2f%2fx", "/api%5c.."])
def test_paths_are_judged_as_the_server_decodes_them(path: str) -> None:
    assert ask_wsgi({"/api": OUTER}, path=path, headers=[("Origin", APP)]).cors == [("Vary", "Origin")]


@pytest.mark.parametrize(
    ("script_name", "path", "name"),
    [
        ("/api", "/v1", "X-Inner"),
        ("/api", "", "X-Outer"),
        ("/api/v1", "/open/wide", "X-Deep"),
        ("/mounted", "/api", None),
        ("/api/", "/v1", None),
        ("/api/..", "/admin", None),
    ],
)
def test_script_name_counts(script_name: str, path: str, name: str | None) -> None:
    assert exposed(RULES, path, script_name) == name


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_rules_is_of_no_account(order: int) -> None:
    rules = dict([("/", OUTER), ("/a", INNER), ("/a/b", DEEP)][::order])
    paths = ["/", "/x", "/a", "/a/x", "/a/b", "/a/b/x"]
    assert [exposed(rules, path) for path in paths] == ["X-Outer"] * 2 + ["X-Inner"] * 2 + ["X-Deep"] * 2


@pytest.mark.parametrize("path", ["x", "/..", "//", "/a//b", "\\", "/a\0"])
def test_the_rule_of_the_root_governs_an_ambiguous_path_only_if_there_is_no_other(path: str) -> None:
    assert exposed({"/": OUTER}, path) == "X-Outer"
    assert exposed({"/": OUTER, "/a": OUTER}, path) == "X-Outer"
    assert exposed({"/": OUTER, "/a": INNER}, path) is None


@pytest.mark.parametrize("policies", [{}, {"/other": OUTER}, {"/": None}, lambda request: None])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_without_a_policy_all_passes_untouched(policies: Any, method: str) -> None:
    own = [
        ("Content-Type", "text/plain"),
        ("Access-Control-Allow-Origin", "own"),
        ("Vary", "Cookie"),
        ("Vary", "Accept"),
    ]
    app = App("202 Accepted", own)
    headers = [("Origin", STRANGER), ("Access-Control-Request-Method", "PUT")]
    assert ask_wsgi(policies, method, "/api", headers, app) == Reply(202, own, b"OK")
    assert app.seen == [(method, "/api")]


def test_without_a_policy_exceptions_propagate() -> None:
    with pytest.raises(ZeroDivisionError):
        run(CORSMiddleware(failing(ZeroDivisionError()), {"/api": DYNAMIC}), environ_of("/", HTTP_ORIGIN=APP))


@pytest.mark.parametrize(
    ("rules", "suggestions"),
    [
        ({"api": OUTER}, ["/api"]),
        ({"/api/": OUTER}, ["/api"]),
        ({"/api/*": OUTER}, ["/api"]),
        ({"*": OUTER}, ["/"]),
        ({"": OUTER}, ["/"]),
        ({"/a?b": OUTER}, ["/a"]),
        ({"/a#b": OUTER}, ["/a"]),
        ({"/caf%C3%A9": OUTER}, ["/caf\u00e9"]),
        ({"/a//b": OUTER}, [None]),
        ({"/a/../b": OUTER}, [None]),
        ({"/a/.": OUTER}, [None]),
        ({"/a\\b": OUTER}, [None]),
        ({"/a\0": OUTER}, [None]),
        ({1: OUTER}, [None]),
        ({None: OUTER}, [None]),
        ({b"/api": OUTER}, [None]),
        ({"/\ud800": OUTER}, [None]),
        ({"/api": "*"}, [None]),
        ({"/api": {"allow_origins": "*"}}, [None]),
        ({"/api/": OUTER, "/b": OUTER, "c": 1}, ["/api", None, "/c"]),
    ],
)
def test_faulty_rules_are_reported_together(rules: Any, suggestions: list[str | None]) -> None:
    with pytest.raises(PolicyError) as caught:
        CORSMiddleware(hello, rules)
    assert [problem.suggestion for problem in caught.value.problems] == suggestions
    assert {problem.code for problem in caught.value.problems} <= {"route-path", "route-policy"}


# Policies by callable


def test_a_callable_chooses_by_the_request() -> None:
    seen: list[webob.Request] = []

    def choose(request: webob.Request) -> Policy | None:
        seen.append(request)
        return {"a.example": OUTER, "b.example": INNER}.get(request.host)

    middleware = CORSMiddleware(hello, choose)
    hosts = {"a.example": "X-Outer", "b.example": "X-Inner", "c.example": None}
    for host, name in hosts.items():
        environ = environ_of("/api", HTTP_HOST=host, HTTP_ORIGIN=APP, HTTP_X_TENANT="7")
        _, headers, _ = run(middleware, environ)
        assert dict(headers).get("Access-Control-Expose-Headers") == name
    assert all(isinstance(request, webob.Request) for request in seen)
    assert [request.url for request in seen] == [f"http://{host}/api" for host in hosts]
    assert {request.headers["X-Tenant"] for request in seen} == {"7"}


@pytest.mark.parametrize("answer", ["*", True, {}, {"/": OUTER}, [OUTER], Policy, 0])
def test_a_callable_that_returns_no_policy_is_a_type_error(answer: Any) -> None:
    middleware = CORSMiddleware(hello, lambda request: answer)
    with pytest.raises(TypeError, match="must return a Policy or None"):
        run(middleware, environ_of())


# The property


@pytest.mark.parametrize(
    "policy", [DYNAMIC, {"/api": OUTER}, lambda request: OUTER], ids=["policy", "paths", "callable"]
)
def test_policy_gives_back_what_was_set(policy: Any) -> None:
    middleware = CORSMiddleware(hello, policy)
    assert middleware.policy is policy
    other = CORSMiddleware(hello, Policy("*"))
    other.policy = policy
    assert other.policy is policy


def test_policy_of_options_is_a_policy() -> None:
    assert CORSMiddleware(hello, allow_origins=[APP, SHOP], max_age=7).policy == Policy([APP, SHOP], max_age=7)


@pytest.mark.parametrize("policy", [INNER, {"/": INNER}, lambda request: INNER], ids=["policy", "paths", "callable"])
@pytest.mark.parametrize("before", [OUTER, {"/": OUTER}, lambda request: OUTER], ids=["policy", "paths", "callable"])
def test_a_policy_that_is_set_takes_effect_at_once(before: Any, policy: Any) -> None:
    middleware = CORSMiddleware(hello, before)
    middleware.policy = policy
    _, headers, _ = run(middleware, environ_of())
    assert dict(headers)["Access-Control-Expose-Headers"] == "X-Inner"


@pytest.mark.parametrize("faulty", [None, "*", [APP], 1, {"api": OUTER}, {"/api": "*"}])
def test_a_faulty_policy_raises_and_changes_nothing(faulty: Any) -> None:
    middleware = CORSMiddleware(hello, OUTER)
    with pytest.raises(PolicyError):
        middleware.policy = faulty
    assert middleware.policy is OUTER
    _, headers, _ = run(middleware, environ_of())
    assert dict(headers)["Access-Control-Expose-Headers"] == "X-Outer"


def test_a_subclass_may_have_a_call_of_its_own() -> None:
    class Counting(CORSMiddleware):
        calls = 0

        def __call__(self, environ: Any, start_response: Any) -> Any:
            self.calls += 1
            return super().__call__(environ, start_response)

    middleware = Counting(hello, OUTER)
    for policy, exposed in ((OUTER, "X-Outer"), (INNER, "X-Inner")):
        middleware.policy = policy
        _, headers, _ = run(middleware, environ_of())
        assert dict(headers)["Access-Control-Expose-Headers"] == exposed
    assert middleware.calls == 2


def test_the_base_may_be_called_by_name() -> None:
    class Outer(CORSMiddleware):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            return CORSMiddleware.__call__(self, environ, start_response)

    _, headers, _ = run(Outer(hello, OUTER), environ_of())
    assert dict(headers)["Access-Control-Expose-Headers"] == "X-Outer"


def test_a_middleware_looks_like_a_wsgi_application() -> None:
    """Falcon's test client tells WSGI from ASGI by that."""
    middleware = CORSMiddleware(hello, OUTER)
    for policy in (OUTER, {"/": OUTER}, lambda request: OUTER):
        middleware.policy = policy
        assert inspect.getfullargspec(middleware).args[-2:] == ["environ", "start_response"]
        assert list(inspect.signature(middleware).parameters) == ["environ", "start_response"]
    assert list(inspect.signature(CORSMiddleware).parameters) == ["app", "policy", "readable_errors", "options"]
    client = falcon.testing.TestClient(CORSMiddleware(falcon.App(), OUTER))
    assert client.simulate_get("/").status_code == 404


def test_a_middleware_shows_what_it_wraps() -> None:
    middleware = CORSMiddleware(hello, OUTER, readable_errors=False)
    assert middleware.app is hello
    assert middleware.readable_errors is False
    with pytest.raises(AttributeError):
        middleware.app = hello  # type: ignore[misc]
    assert repr(middleware) == f"<CORSMiddleware around {hello!r}>"


def test_a_middleware_in_a_class_is_no_method() -> None:
    class Site:
        app = CORSMiddleware(hello, OUTER)

    assert Site.app is Site().app
    assert Site.app.policy is OUTER


def test_another_policy_of_a_copy_is_not_that_of_the_original() -> None:
    middleware = CORSMiddleware(hello, OUTER)
    copied = copy.copy(middleware)
    copied.policy = INNER
    assert [exposed_by(each) for each in (middleware, copied)] == ["X-Outer", "X-Inner"]


def exposed_by(middleware: CORSMiddleware) -> str | None:
    _, headers, _ = run(middleware, environ_of())
    return dict(headers).get("Access-Control-Expose-Headers")


def test_a_middleware_is_freed_at_once() -> None:
    for policy in (OUTER, {"/": OUTER}, lambda request: OUTER):
        middleware = CORSMiddleware(hello, policy)
        left = weakref.ref(middleware)
        del middleware
        assert left() is None


def test_changing_a_mapping_after_it_was_set_changes_no_answer() -> None:
    rules: dict[str, Policy | None] = {"/": OUTER}
    middleware = CORSMiddleware(hello, rules)
    rules["/"] = INNER
    _, headers, _ = run(middleware, environ_of())
    assert dict(headers)["Access-Control-Expose-Headers"] == "X-Outer"


def test_a_request_under_way_keeps_the_policy_it_started_with() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        middleware.policy = Policy(SHOP, enforce=True)
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"OK"

    middleware = CORSMiddleware(app, DYNAMIC)
    _, headers, _ = run(middleware, environ_of(HTTP_ORIGIN=APP))
    assert sorted(headers)[:1] + sorted(headers)[2:] == ALLOW
    status, _, _ = run(middleware, environ_of(HTTP_ORIGIN=APP))
    assert status == "403 Forbidden"


OLD = Policy(APP, allow_credentials=True, expose_headers=["X-Old"], max_age=1, allow_headers=["x-old"])
NEW = Policy([APP, SHOP], expose_headers=["X-New"], max_age=2, allow_methods=["PUT"], preflight_status=200)
ASKED = [
    environ_of(HTTP_ORIGIN=APP),
    environ_of(),
    environ_of(HTTP_ORIGIN=APP, REQUEST_METHOD="OPTIONS", HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT"),
]
FORMS: list[Any] = [OLD, {"/": NEW}, lambda request: OLD, NEW, {"/": OLD}, lambda request: NEW]
SWAPS = [(FORMS[turn], FORMS[(turn + 3 * step + 1) % 6]) for step in range(2) for turn in range(6)]


def answers_of(middleware: CORSMiddleware) -> list[Any]:
    return [run(middleware, dict(environ)) for environ in ASKED]


def at_each_step(code: Callable[[], object], act: Callable[[], object]) -> None:
    """Run ``code``, and ``act`` before each of its bytecodes, as another thread might."""

    def trace(frame: Any, event: str, arg: object) -> Any:
        frame.f_trace_opcodes = True
        if event == "opcode":
            act()
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # CPython 3.12 looks for it where tracing starts
    sys.settrace(trace)
    try:
        code()
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(("old", "new"), SWAPS)
def test_while_the_policy_is_set_each_response_follows_one_of_them(old: Any, new: Any) -> None:
    middleware = CORSMiddleware(hello, old)
    seen: list[Any] = []
    at_each_step(lambda: setattr(middleware, "policy", new), lambda: seen.append(answers_of(middleware)))
    whole = [answers_of(CORSMiddleware(hello, policy)) for policy in (old, new)]
    order = [whole.index(answers) for answers in seen]
    assert order == sorted(order)
    assert order[0] == 0
    assert answers_of(middleware) == whole[1]


@pytest.mark.parametrize(("old", "new"), SWAPS)
@pytest.mark.parametrize("environ", ASKED, ids=["allowed", "without origin", "preflight"])
def test_a_response_during_which_the_policy_is_set_follows_one_of_them(
    environ: dict[str, Any], old: Any, new: Any
) -> None:
    steps: list[None] = []
    at_each_step(lambda: run(CORSMiddleware(hello, old), dict(environ)), lambda: steps.append(None))
    assert steps
    whole = [run(CORSMiddleware(hello, policy), dict(environ)) for policy in (old, new)]
    for place in range(0, len(steps), 1 + len(steps) // 200):
        middleware = CORSMiddleware(hello, old)
        countdown = iter(range(place))

        def swap_once(middleware: CORSMiddleware = middleware, countdown: Iterator[int] = countdown) -> None:
            if next(countdown, None) is None:
                middleware.policy = new

        answers: list[Any] = []
        at_each_step(lambda m=middleware, a=answers: a.append(run(m, dict(environ))), swap_once)
        assert answers[0] in whole


def test_while_threads_ask_each_response_follows_one_of_the_policies() -> None:
    whole = [answers_of(CORSMiddleware(hello, policy)) for policy in (OLD, NEW)]
    middleware = CORSMiddleware(hello, OLD)
    answers: list[Any] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            answers.extend((place, run(middleware, dict(environ))) for place, environ in enumerate(ASKED))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for turn in range(3000):
            middleware.policy = FORMS[turn % len(FORMS)]
    finally:
        is_over.set()
        for thread in threads:
            thread.join(10)
        sys.setswitchinterval(interval)
    assert [answer for place, answer in answers if answer not in (whole[0][place], whole[1][place])] == []
    assert {place for place, _ in answers} == {0, 1, 2}


# Options


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        ({}, [("missing-option", "allow_origins", None)]),
        (
            {"allow_origin": "*", "max_age": -1},
            [
                ("unknown-option", "allow_origin", "allow_origins"),
                ("missing-option", "allow_origins", None),
                ("max-age-negative", "max_age", 0),
            ],
        ),
        (
            {"allow_origins": f"{APP}/", "expose": "X-Total", "enforce": "true"},
            [
                ("unknown-option", "expose", "expose_headers"),
                ("origin-trailing-slash", "allow_origins", APP),
                ("wrong-type", "enforce", True),
            ],
        ),
        ({"allow_origins": "*", "readable_error": False}, [("unknown-option", "readable_error", "readable_errors")]),
        ({"allow_origins": "*", "Allow-Headers": "x-a"}, [("unknown-option", "Allow-Headers", "allow_headers")]),
        ({"allow_origins": "*", "zebra": 1}, [("unknown-option", "zebra", None)]),
        ({"allow_origins": "*", "resources": {}}, [("foreign-option", "resources", None)]),
        ({"origins": "*"}, [("foreign-option", "origins", {"allow_origins": "*"})]),
        ({"allow_origins": "*", "headers": "x-a"}, [("foreign-option", "headers", {"allow_headers": ["x-a"]})]),
        ({"policy": DYNAMIC, "origins": "*"}, [("foreign-option", "origins", {"allow_origins": "*"})]),
        ({"allow_origins": "*", "readable_errors": "no"}, [("wrong-type", "readable_errors", None)]),
        (
            {"allow_origins": "*", "readable_errors": None, "max_age": 1.5},
            [("wrong-type", "readable_errors", None), ("max-age-fraction", "max_age", 1)],
        ),
        ({"policy": DYNAMIC, "readable_errors": "no"}, [("wrong-type", "readable_errors", None)]),
        (
            {"policy": DYNAMIC, "max_age": 1, "enforce": True},
            [("policy-and-options", "max_age", None), ("policy-and-options", "enforce", None)],
        ),
        ({"policy": DYNAMIC, "allow_origins": "*"}, [("policy-and-options", "allow_origins", None)]),
        ({"policy": "*"}, [("wrong-type", "policy", None)]),
        ({"policy": [APP]}, [("wrong-type", "policy", None)]),
        ({"policy": 0}, [("wrong-type", "policy", None)]),
        ({"policy": True}, [("wrong-type", "policy", None)]),
    ],
)
def test_faulty_options_are_reported_together(options: dict[str, Any], problems: list[tuple[Any, ...]]) -> None:
    with pytest.raises(PolicyError) as caught:
        CORSMiddleware(hello, **options)
    found = [(problem.code, problem.option, problem.suggestion) for problem in caught.value.problems]
    assert sorted(found, key=str) == sorted(problems, key=str)


@pytest.mark.parametrize("name", ["allow_private_network", "allow_private_networks", "Allow-Private-Network"])
def test_private_network_access_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(PolicyError) as caught:
        CORSMiddleware(hello, **{"allow_origins": "*", name: True})
    (problem,) = caught.value.problems
    assert (problem.code, problem.option, problem.value) == ("no-private-network", name, True)
    for part in ("never came into force", "Local Network Access", "asks the user and reads no header"):
        assert part in problem.message


def test_a_policy_itself_has_pythons_own_signature() -> None:
    with pytest.raises(TypeError, match="allow_origin"):
        Policy(allow_origin="*")  # type: ignore[call-arg]  # the fault under test


# Readable errors


def failing(error: BaseException, *, started: bool = False, written: bool = False) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if started or written:
            write = start_response("200 OK", [("Content-Type", "text/plain"), ("X-Of", "app")])
            if written:
                write(b"half")
        raise error

    return app


class Server:
    """As much of a WSGI server as tells whether headers are out."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.sent = b""

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        else:
            assert not self.headers
        self.status, self.headers = status, headers
        return self.write

    def write(self, data: bytes) -> None:
        self.sent += data

    def run(self, app: Any, environ: dict[str, Any]) -> Server:
        for chunk in app(environ, self.start_response):
            self.write(chunk)
        return self


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("policy", [DYNAMIC, Policy("*"), Policy(APP), {"/": DYNAMIC}, lambda request: DYNAMIC])
def test_an_exception_is_readable_by_an_allowed_origin(
    policy: Any, started: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = CORSMiddleware(failing(ZeroDivisionError("on purpose"), started=started), policy)
    server = Server().run(app, environ_of("/x\r\ny", HTTP_ORIGIN=APP))
    assert server.status == "500 Internal Server Error"
    assert dict(server.headers)["Access-Control-Allow-Origin"] in (APP, "*")
    assert "X-Of" not in dict(server.headers)
    assert b"on purpose" not in server.sent
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("corswsgi", "ERROR")
    assert "\n" not in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)
    assert record.exc_info[2] is not None


def test_webob_as_the_caller_gets_the_readable_error_and_not_the_exception() -> None:
    app = CORSMiddleware(failing(ZeroDivisionError()), DYNAMIC)
    response = webob.Request.blank("/", headers={"Origin": APP}).get_response(app)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (500, APP)


def test_after_output_the_server_raises_the_exception_again(caplog: pytest.LogCaptureFixture) -> None:
    error = ZeroDivisionError()
    server = Server()
    with pytest.raises(ZeroDivisionError) as caught:
        server.run(CORSMiddleware(failing(error, written=True), DYNAMIC), environ_of(HTTP_ORIGIN=APP))
    assert caught.value is error
    assert (server.status, server.sent) == ("200 OK", b"half")
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize(
    ("more", "options"),
    [
        ({"HTTP_ORIGIN": STRANGER}, {}),
        ({"HTTP_ORIGIN": "null"}, {}),
        ({}, {}),
        ({"HTTP_ORIGIN": STRANGER, "HTTP_SEC_FETCH_SITE": "same-origin"}, {}),
        ({"HTTP_ORIGIN": APP, "paste.throw_errors": True}, {}),
        ({"HTTP_ORIGIN": APP, "x-wsgiorg.throw_errors": True}, {}),
        ({"HTTP_ORIGIN": APP, "werkzeug.debug.preserve_context": [].append}, {}),
        ({"HTTP_ORIGIN": APP}, {"readable_errors": False}),
    ],
)
def test_other_exceptions_propagate_and_are_not_logged(
    more: dict[str, Any], options: dict[str, bool], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("ERROR", "corswsgi")
    error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError) as caught:
        Server().run(CORSMiddleware(failing(error), DYNAMIC, **options), environ_of(**more))
    assert caught.value is error
    assert caplog.records == []


@pytest.mark.parametrize("name", ["paste.throw_errors", "x-wsgiorg.throw_errors", "werkzeug.debug.preserve_context"])
def test_throw_errors_that_is_false_throws_none(name: str, caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(failing(ZeroDivisionError()), DYNAMIC)
    assert Server().run(app, environ_of(HTTP_ORIGIN=APP, **{name: False})).status == "500 Internal Server Error"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_of_the_application_propagates(error: type[BaseException]) -> None:
    with pytest.raises(error):
        Server().run(CORSMiddleware(failing(error()), DYNAMIC), environ_of(HTTP_ORIGIN=APP))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_a_readable_error_has_a_body_unless_the_request_is_head(method: str, caplog: pytest.LogCaptureFixture) -> None:
    app = CORSMiddleware(failing(ZeroDivisionError()), DYNAMIC)
    server = Server().run(app, environ_of(HTTP_ORIGIN=APP, REQUEST_METHOD=method))
    assert bool(server.sent) == (method != "HEAD")
    assert [pair for pair in sorted(server.headers) if pair in ALLOW] == ALLOW


def test_a_readable_error_has_what_the_policy_exposes(caplog: pytest.LogCaptureFixture) -> None:
    policy = Policy([APP, SHOP], allow_credentials=True, expose_headers=["X-Total"], vary=["Cookie"])
    server = Server().run(CORSMiddleware(failing(ZeroDivisionError()), policy), environ_of(HTTP_ORIGIN=APP))
    assert [pair for pair in sorted(server.headers) if pair[0][0] in "AV"] == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Expose-Headers", "X-Total"),
        ("Vary", "Origin, Cookie"),
    ]


# The application's headers

TIMING = ("Timing-Allow-Origin", APP)


@pytest.mark.parametrize(
    ("name", "is_kept", "is_kept_with_timing"),
    [
        ("X-Total-Count", True, True),
        ("x-total-count", True, True),
        ("", True, True),
        ("A", True, True),
        ("Access-Control", True, True),
        ("Access-Controls-Allow-Origin", True, True),
        ("X-Access-Control-Allow-Origin", True, True),
        ("Varying", True, True),
        ("Variant-Vary", True, True),
        ("Timing-Allow-Origins", True, True),
        ("Timing-Allow-Origin", True, False),
        ("tIMING-allow-origin", True, False),
        ("Access-Control-Allow-Origin", False, False),
        ("access-control-allow-origin", False, False),
        ("aCCESS-CONTROL-", False, False),
        ("Access-Control-Made-Up", False, False),
    ],
)
@pytest.mark.parametrize("beside", [[], [("Vary", "Cookie")], [("vary", "Cookie"), ("VARY", "origin")]], ids=len)
def test_the_policy_has_the_last_word_in_these_headers_only(
    name: str, is_kept: bool, is_kept_with_timing: bool, beside: list[tuple[str, str]]
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [(name, "own"), ("Content-Type", "text/plain"), *beside])
        return [b"OK"]

    vary = {0: "Origin", 1: "Cookie, Origin", 2: "Cookie, origin"}[len(beside)]
    allow = ("Access-Control-Allow-Origin", APP)
    for has_timing, stays in [(False, is_kept), (True, is_kept_with_timing)]:
        middleware = CORSMiddleware(app, Policy([APP, SHOP], allow_timing=has_timing))
        _, headers, _ = run(middleware, environ_of(HTTP_ORIGIN=APP))
        own = [(name, "own")] if stays else []
        times = [TIMING] if has_timing else []
        assert headers == [*own, ("Content-Type", "text/plain"), allow, *times, ("Vary", vary)]


def test_a_policy_without_vary_leaves_that_of_the_application_as_it_is() -> None:
    own = [("Vary", "Cookie"), ("Access-Control-Max-Age", "5"), ("vary", "Accept,, Cookie")]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", own)
        return [b"OK"]

    _, headers, _ = run(CORSMiddleware(app, Policy("*")), environ_of(HTTP_ORIGIN=APP))
    assert headers == [own[0], own[2], ("Access-Control-Allow-Origin", "*")]


# Enforcement


def enforced(host: str, **more: str) -> str:
    """Return ``"app"`` or ``"403"``, as it is answered under a policy that enforces."""
    called = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        called.append(environ)
        return hello(environ, start_response)

    status, _, _ = run(CORSMiddleware(app, ENFORCING), environ_of(HTTP_HOST=host, **more))
    assert bool(called) == (status == "200 OK")
    return "app" if called else status[:3]


@pytest.mark.parametrize(
    ("origin", "host", "site", "who"),
    [
        (APP, "api.example.com", "same-site", "app"),
        (APP, "api.example.com", None, "app"),
        (STRANGER, "api.example.com", None, "403"),
        (STRANGER, "api.example.com", "same-origin", "app"),
        (STRANGER, "api.example.com", "none", "app"),
        (STRANGER, "api.example.com", "same-site", "403"),
        (STRANGER, "api.example.com", "cross-site", "403"),
        (STRANGER, "api.example.com", "", "403"),
        (STRANGER, "api.example.com", "Same-Origin", "403"),
        (STRANGER, "api.example.com", "same-origin, same-origin", "403"),
        (STRANGER, "stranger.example", "cross-site", "403"),
        (STRANGER, "stranger.example", "same-site", "403"),
        (STRANGER, "stranger.example", None, "app"),
        (STRANGER, "stranger.example:443", None, "app"),
        (STRANGER, "stranger.example:80", None, "app"),
        (STRANGER, "stranger.example:8443", None, "403"),
        ("http://stranger.example", "stranger.example", None, "app"),
        ("http://stranger.example", "stranger.example:80", None, "app"),
        ("http://stranger.example", "STRANGER.example:443", None, "app"),
        ("https://stranger.example:8443", "stranger.example:8443", None, "app"),
        ("https://stranger.example:8443", "stranger.example", None, "403"),
        ("https://stranger.example:8443", "stranger.example:84430", None, "403"),
        ("http://localhost:8000", "localhost:8000", None, "app"),
        ("http://localhost:8000", "localhost:8001", None, "403"),
        ("http://[::1]:8000", "[::1]:8000", None, "app"),
        ("http://[::1]", "[::1]:80", None, "app"),
        ("http://[::1]", "[::1]:8000", None, "403"),
        ("https://evil.stranger.example", "stranger.example", None, "403"),
        ("https://stranger.example.evil", "stranger.example", None, "403"),
        ("x-app://stranger.example", "stranger.example", None, "403"),
        ("https://stranger.example/", "stranger.example", None, "403"),
        ("null", "null", None, "403"),
        ("null", "api.example.com", None, "403"),
        ("null", "api.example.com", "same-origin", "app"),
        ("null", "api.example.com", "cross-site", "403"),
        ("", "", None, "403"),
        ("", "api.example.com", None, "403"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_enforce_refuses_what_is_neither_allowed_nor_same_origin(
    method: str, origin: str, host: str, site: str | None, who: str
) -> None:
    more = {"HTTP_ORIGIN": origin, "REQUEST_METHOD": method}
    assert enforced(host, **more | ({} if site is None else {"HTTP_SEC_FETCH_SITE": site})) == who


@pytest.mark.parametrize("site", [None, "cross-site", "same-origin"])
def test_enforce_passes_requests_without_origin(site: str | None) -> None:
    assert enforced("api.example.com", **({} if site is None else {"HTTP_SEC_FETCH_SITE": site})) == "app"


def test_enforce_needs_no_host() -> None:
    environ = environ_of(HTTP_ORIGIN=STRANGER)
    del environ["HTTP_HOST"]
    assert run(CORSMiddleware(hello, ENFORCING), environ)[0] == "403 Forbidden"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("policy", [ENFORCING, Policy(APP, enforce=True)], ids=["dynamic", "static"])
def test_the_answer_of_enforce(method: str, policy: Policy) -> None:
    app = App()
    reply = ask_wsgi(policy, method, headers=[("Origin", STRANGER)], app=app)
    assert (reply.status, app.seen) == (403, [])
    assert reply.cors == ([("Vary", "Origin")] if policy is ENFORCING else [])
    assert reply.all("Cache-Control") == ["no-store"]
    assert reply.all("Content-Type") == ["text/plain; charset=utf-8"]
    assert bool(reply.body) == (method != "HEAD")
    assert APP.encode() not in reply.body


@pytest.mark.parametrize(("origin", "status"), [(APP, 204), (STRANGER, 403)])
@pytest.mark.parametrize("policy", [DYNAMIC, ENFORCING])
def test_enforce_changes_nothing_about_preflights(policy: Policy, origin: str, status: int) -> None:
    headers = [("Origin", origin), ("Access-Control-Request-Method", "PUT"), ("Sec-Fetch-Site", "same-origin")]
    assert ask_wsgi(policy, "OPTIONS", headers=headers) == ask_wsgi(DYNAMIC, "OPTIONS", headers=headers)
    assert ask_wsgi(policy, "OPTIONS", headers=headers).status == status


def test_under_any_policy_enforce_refuses_nobody() -> None:
    assert ask_wsgi(Policy("*", enforce=True), "POST", headers=[("Origin", "\0malformed")]).status == 200


def test_without_enforce_a_refused_origin_reaches_the_application() -> None:
    reply = ask_wsgi(DYNAMIC, "POST", headers=[("Origin", STRANGER)])
    assert (reply.status, reply.body, reply.cors) == (200, b"OK", [("Vary", "Origin")])


# The log of refusals


PREFLIGHT = [("Access-Control-Request-Method", "PUT")]


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert {(record.name, record.levelname) for record in caplog.records} <= {("corswsgi", "INFO")}
    messages = [record.getMessage() for record in caplog.records]
    assert all(message.isprintable() and message.isascii() for message in messages)
    return messages


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "corswsgi")
    return caplog


def asking(policy: Any = DYNAMIC) -> Callable[..., None]:
    middleware = CORSMiddleware(hello, policy)

    def ask(origin: str, method: str = "GET", path: str = "/", headers: Pairs = ()) -> None:
        names = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers}
        run(middleware, environ_of(path, HTTP_ORIGIN=origin, REQUEST_METHOD=method, **names))

    return ask


def test_a_refusal_is_logged_once_for_each_origin_and_reason(log: pytest.LogCaptureFixture) -> None:
    ask = asking(Policy([APP, SHOP], allow_credentials=True, allow_methods="*", allow_headers="*"))
    for _ in range(3):
        ask(STRANGER, "POST", "/first")
        ask(STRANGER, "OPTIONS", "/second", PREFLIGHT)
        ask("null")
        ask(APP, "OPTIONS", "/third", [("Access-Control-Request-Method", "P T")])
        ask(APP, "OPTIONS", "/fourth", [*PREFLIGHT, ("Access-Control-Request-Headers", "a b")])
        ask(APP)
    assert [message.split(": ")[0] for message in refusals(log)] == [
        f'refused origin "{STRANGER}" on "POST" "/first"',
        'refused origin "null" on "GET" "/"',
        f'refused origin "{APP}" on "OPTIONS" "/third"',
        f'refused origin "{APP}" on "OPTIONS" "/fourth"',
    ]


def test_what_enforce_refuses_is_logged(log: pytest.LogCaptureFixture) -> None:
    asking(ENFORCING)(STRANGER, "DELETE", "/x")
    assert refusals(log) == [f'refused origin "{STRANGER}" on "DELETE" "/x": the policy does not allow this origin']


def test_same_origin_requests_are_not_logged(log: pytest.LogCaptureFixture) -> None:
    for policy in (DYNAMIC, ENFORCING):
        ask = asking(policy)
        ask("http://127.0.0.1", "POST")
        ask(STRANGER, "POST", "/", [("Sec-Fetch-Site", "same-origin")])
        ask("null", "POST", "/", [("Sec-Fetch-Site", "none")])
    assert refusals(log) == []


@pytest.mark.parametrize(
    "text", ["https://x.example\r\nERROR forged", "\x1b[2J", "\x85\u2028", "\0", "\x7f", '"', "\xff" * 100_000]
)
def test_a_refusal_takes_one_short_line_whatever_is_sent(text: str, log: pytest.LogCaptureFixture) -> None:
    asking()(text, text, f"/{text}")
    (message,) = refusals(log)
    assert len(message) < 1000


def test_the_log_forgets_the_oldest(log: pytest.LogCaptureFixture) -> None:
    ask = asking()
    for number in (*range(3000), 2999, 0):
        ask(f"https://{number}.example")
    messages = refusals(log)
    assert len(messages) == 3001
    assert messages[-1].startswith('refused origin "https://0.example"')


def test_the_memory_of_the_log_is_bounded(log: pytest.LogCaptureFixture) -> None:
    middleware = CORSMiddleware(hello, DYNAMIC)
    for number in range(3000):
        run(middleware, environ_of(HTTP_ORIGIN=f"https://{number}.example/" + "x" * 10_000))
    kept = middleware._refusals._seen
    assert 0 < len(kept) < 2000
    assert max(len(origin) for _, origin in kept) < 1000


def test_a_logger_that_is_switched_off_remembers_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", "corswsgi")
    middleware = CORSMiddleware(hello, DYNAMIC)
    run(middleware, environ_of(HTTP_ORIGIN=STRANGER))
    assert middleware._refusals._seen == {}
    caplog.set_level("INFO", "corswsgi")
    run(middleware, environ_of(HTTP_ORIGIN=STRANGER))
    assert len(refusals(caplog)) == 1


def test_a_refusal_at_the_same_time_in_two_threads_is_logged_once(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_are_about_to_log = threading.Barrier(2)
    first_two = iter(range(2))

    def wait_and_tell(level: int) -> bool:
        if next(first_two, None) is not None:
            with suppress(threading.BrokenBarrierError):  # where a lock already keeps them apart
                both_are_about_to_log.wait(1)
        return is_logged(level)

    monkeypatch.setattr("corswsgi.refusals.is_logged", wait_and_tell)
    ask = asking()
    threads = [threading.Thread(target=ask, args=[STRANGER]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(refusals(log)) == 1
    assert next(first_two, None) is None, "both threads came to the log"


# Callables in allow_origins


def test_a_predicate_is_asked_with_origin_and_request() -> None:
    asked: list[tuple[str, webob.Request]] = []

    def allow(origin: str, request: webob.Request) -> bool:
        asked.append((origin, request))
        return request.headers["X-Tenant"] == "7"

    for tenant, cors in [("7", ALLOW), ("8", ALLOW[1:])]:
        headers = [("Origin", APP), ("X-Tenant", tenant), ("Host", "api.example.com")]
        assert ask_wsgi(Policy(allow), "PUT", "/a%20b?c=d", headers).cors == cors
    assert [(origin, request.method, request.path, request.query_string) for origin, request in asked] == [
        (APP, "PUT", "/a%20b", "c=d"),
    ] * 2
    assert all(isinstance(request, webob.Request) for _, request in asked)
    assert {request.url for _, request in asked} == {"http://api.example.com/a%20b?c=d"}


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "*",
        "NULL",
        f"{APP}/",
        f"{APP}:443",
        f"{APP}, {SHOP}",
        "HTTPS://app.example.com",
        "a b",
        "\xff",
        "x" * 9999,
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_predicate_is_asked_about_well_formed_origins_only(method: str, origin: str) -> None:
    def allow(origin: str, request: webob.Request) -> bool:
        raise AssertionError(f"asked about {origin!r}")

    reply = ask_wsgi(Policy(allow, enforce=True), method, headers=[("Origin", origin), *PREFLIGHT])
    assert (reply.status, reply.cors) == (403, [("Vary", "Origin")])


def test_a_predicate_is_not_asked_without_an_origin() -> None:
    def allow(origin: str, request: webob.Request) -> bool:
        raise AssertionError("asked")

    assert ask_wsgi(Policy(allow)).cors == [("Vary", "Origin")]


@pytest.mark.parametrize("answer", [1, 0, "yes", "", [], object()])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_predicate_that_answers_neither_true_nor_false_is_a_type_error(method: str, answer: Any) -> None:
    def is_customer(origin: str, request: webob.Request) -> Any:
        return answer

    with pytest.raises(TypeError, match=r"is_customer .*, the callable in allow_origins, returned .*; it must return"):
        ask_wsgi(Policy(is_customer), method, headers=[("Origin", APP), *PREFLIGHT])


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("OPTIONS", 403)])
def test_a_predicate_that_falls_off_its_end_refuses(method: str, status: int) -> None:
    reply = ask_wsgi(Policy(lambda origin, request: None), method, headers=[("Origin", APP), *PREFLIGHT])
    assert (reply.status, reply.cors) == (status, [("Vary", "Origin")])


def test_what_a_predicate_raises_propagates() -> None:
    def allow(origin: str, request: webob.Request) -> bool:
        raise LookupError(origin)

    with pytest.raises(LookupError):
        ask_wsgi(Policy(allow), headers=[("Origin", APP)])


def test_a_predicate_governs_preflights_errors_and_vary(caplog: pytest.LogCaptureFixture) -> None:
    policy = Policy(lambda origin, request: origin == APP, vary=["X-Tenant"], allow_methods=["PUT"])
    reply = ask_wsgi(policy, "OPTIONS", headers=[("Origin", APP), *PREFLIGHT])
    assert reply.cors == [
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Max-Age", "600"),
        ("Vary", "Origin, X-Tenant"),
    ]
    server = Server().run(CORSMiddleware(failing(ZeroDivisionError()), policy), environ_of(HTTP_ORIGIN=APP))
    assert dict(server.headers)["Access-Control-Allow-Origin"] == APP


# What is told before the first request


def faults_of(*arguments: Any, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as caught:
        CORSMiddleware(hello, *arguments, **options)
    return [(problem.code, problem.option) for problem in caught.value.problems]


async def choose_later(request: webob.Request) -> Policy:
    return DYNAMIC


@pytest.mark.parametrize(
    ("policy", "options", "faults"),
    [
        (
            {"api": 1},
            {"readable_errors": "x"},
            [("wrong-type", "readable_errors"), ("route-policy", "api"), ("route-path", "api")],
        ),
        (3, {"max_age": 3}, [("policy-and-options", "max_age"), ("wrong-type", "policy")]),
        (DYNAMIC, {"allow_orgins": 1}, [("unknown-option", "allow_orgins")]),
        (DYNAMIC, {"readable_errors": 1}, [("wrong-type", "readable_errors")]),
        (choose_later, {}, [("wrong-type", "policy")]),
        (lambda: None, {}, [("wrong-type", "policy")]),
        ("*", {}, [("wrong-type", "policy")]),
    ],
)
def test_every_fault_of_the_arguments_is_told(policy: Any, options: Any, faults: list[tuple[str, str]]) -> None:
    assert faults_of(policy, **options) == faults


def test_what_is_no_application_is_told() -> None:
    with pytest.raises(TypeError, match="first argument"):
        CORSMiddleware(Policy("*"), DYNAMIC)  # type: ignore[arg-type]  # on purpose
    assert faults_of(hello) == [("wrong-type", "policy")], "an application in the place of the policy"


# What is no WSGI application


async def asgi_function(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application."""


class AsgiObject:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """An ASGI application."""

    async def method(self, scope: Any, receive: Any, send: Any) -> None:
        """An ASGI application."""


async def async_generator(environ: Any, start_response: Any) -> Any:
    yield b""


@pytest.mark.parametrize(
    "app",
    [
        asgi_function,
        AsgiObject(),
        AsgiObject().method,
        functools.partial(asgi_function),
        async_generator,
        lambda scope, receive, send: None,
        type("Endpoint", (), {"__init__": lambda self, scope, receive, send: None}),
    ],
)
def test_an_asgi_application_is_refused_with_what_to_use(app: Any) -> None:
    with pytest.raises(TypeError) as caught:
        CORSMiddleware(app, allow_origins="*")
    told = str(caught.value)
    assert "is an ASGI application" in told
    assert 'for Django is "corswsgi.django.CORSMiddleware"' in told
    assert "a2wsgi: CORSMiddleware(ASGIMiddleware(app), ...)" in told


class WsgiObject:
    def __call__(self, environ: Any, start_response: Any, extra: Any = None) -> list[bytes]:
        return []


class WsgiClass:
    def __init__(self, environ: Any, start_response: Any) -> None:
        pass

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


@pytest.mark.parametrize(
    "app",
    [hello, WsgiObject(), WsgiObject().__call__, WsgiClass, functools.partial(hello), lambda *args: [], len,
     webob.Response(), CORSMiddleware(hello, OUTER), lambda environ, start_response, a=1, b=2: []],
)  # fmt: skip
def test_a_wsgi_application_of_any_kind_is_wrapped(app: Any) -> None:
    assert CORSMiddleware(app, OUTER).app is app


@pytest.mark.parametrize("app", [None, "app", 7])
def test_what_cannot_be_called_is_refused(app: Any) -> None:
    with pytest.raises(TypeError, match=r"must be a WSGI application, not "):
        CORSMiddleware(app, OUTER)
