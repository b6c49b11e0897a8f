"""PEP 3333, statements C1 to C12 of the rules: the middleware changes headers, and nothing else that servers notice."""

from __future__ import annotations

import gc
import http.client
import io
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import FileWrapper, is_hop_by_hop, setup_testing_defaults
from wsgiref.validate import validator

import pytest
from front_ends import App, ask_wsgi
from on_waitress import running_waitress

from corswsgi import CORSMiddleware, Policy

APP, SHOP, STRANGER = "https://app.example.com", "https://shop.example.com", "https://stranger.example"
DYNAMIC = Policy([APP, SHOP])
POLICIES = {
    "any": Policy("*", expose_headers="*"),
    "static": Policy(APP, allow_credentials=True, expose_headers=["X-Total"]),
    "dynamic": DYNAMIC,
    "echo": Policy([APP, SHOP], allow_credentials=True, allow_methods="*", allow_headers="*"),
    "callable": Policy(lambda origin, request: origin == APP, enforce=True),
    "by path": {"/": DYNAMIC},
    "by callable": lambda request: DYNAMIC,
    "none": lambda request: None,
}
TEXT = [("Content-Type", "text/plain")]
FOR_APP = [("Access-Control-Allow-Origin", APP), ("Vary", "Origin")]
PREFLIGHT = {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}

Headers = list[tuple[str, str]]
WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Any]

every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)


class Started:
    """A server's start_response that keeps what it was called with, and its ``write``."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.written: list[bytes] = []
        self.write = self.written.append

    def __call__(self, *args: Any) -> Callable[[bytes], object]:
        self.calls.append(args)
        return self.write

    @property
    def headers(self) -> Headers:
        headers: Headers = self.calls[-1][1]
        return headers


def environ_of(origin: str | None = APP, **more: Any) -> dict[str, Any]:
    environ: dict[str, Any] = {"QUERY_STRING": ""}
    setup_testing_defaults(environ)
    return environ | ({} if origin is None else {"HTTP_ORIGIN": origin}) | more


def answering(body: Iterable[bytes], headers: Headers = TEXT) -> WSGIApp:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        return body

    return app


class Closing:
    """An iterable that counts how often it is closed."""

    def __init__(self, chunks: Iterable[bytes] = (b"a", b"b")) -> None:
        self.chunks = chunks
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        self.closed += 1


# C1


@every_policy
@pytest.mark.parametrize("origin", [APP, STRANGER, None])
@pytest.mark.parametrize(
    "body",
    [[b"a", b"b"], (b"a",), Closing(), FileWrapper(io.BytesIO(b"a")), (chunk for chunk in (b"a", b"b")), {b"a": 1}],
    ids=lambda body: type(body).__name__,
)
def test_C1_the_iterable_is_returned_itself(policy: Any, origin: str | None, body: Any) -> None:
    environ = environ_of(origin, HTTP_SEC_FETCH_SITE="same-origin")
    assert CORSMiddleware(answering(body), policy)(environ, Started()) is body


def test_C1_file_wrapper_is_the_servers_own() -> None:
    class ServerFile(FileWrapper):
        pass

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        start_response("200 OK", TEXT)
        return environ["wsgi.file_wrapper"](io.BytesIO(b"content"))

    body = CORSMiddleware(app, DYNAMIC)(environ_of(APP, **{"wsgi.file_wrapper": ServerFile}), Started())
    assert type(body) is ServerFile


def test_C1_a_generator_is_left_unstarted() -> None:
    steps = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        steps.append("called")
        start_response("200 OK", TEXT)
        yield b"a"

    body = CORSMiddleware(app, DYNAMIC)(environ_of(), started := Started())
    assert (steps, started.calls) == ([], [])
    assert list(body) == [b"a"]
    assert sorted(started.headers) == sorted(TEXT + FOR_APP)


# C2


def test_C2_what_is_written_goes_out_at_once_and_the_rest_is_not_drained() -> None:
    sent: list[bytes] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        write = start_response("200 OK", TEXT)
        write(b"1")
        write(b"2")
        assert sent == [b"1", b"2"]
        return iter([b"3"])

    body = CORSMiddleware(app, DYNAMIC)(environ_of(), lambda status, headers: sent.append)
    assert sent == [b"1", b"2"]
    assert list(body) == [b"3"]


def test_C2_exc_info_reaches_the_server_and_is_not_raised_again() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        try:
            raise LookupError
        except LookupError:
            start_response("503 Service Unavailable", TEXT, sys.exc_info())
        return [b"later"]

    started = Started()
    assert CORSMiddleware(app, DYNAMIC)(environ_of(), started) == [b"later"]
    (status, headers, exc_info) = started.calls[0]
    assert (status, exc_info[0], sorted(headers)) == ("503 Service Unavailable", LookupError, sorted(TEXT + FOR_APP))


# C3


def test_C3_start_response_may_be_called_on_the_first_iteration() -> None:
    class Lazy:
        def __init__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> None:
            self.start_response = start_response
            self.chunks = [b"a", b"b"]

        def __iter__(self) -> Lazy:
            return self

        def __next__(self) -> bytes:
            if len(self.chunks) == 2:
                self.start_response("200 OK", TEXT)
            if not self.chunks:
                raise StopIteration
            return self.chunks.pop(0)

    body = CORSMiddleware(Lazy, DYNAMIC)(environ_of(), started := Started())
    assert type(body) is Lazy
    assert started.calls == []
    assert list(body) == [b"a", b"b"]
    assert len(started.calls) == 1
    assert sorted(started.headers) == sorted(TEXT + FOR_APP)


# C4


@pytest.mark.parametrize("given", [(), (None,)], ids=["absent", "None"])
def test_C4_without_exc_info_the_server_gets_two_arguments(given: tuple[None, ...]) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", TEXT, *given)
        return []

    CORSMiddleware(app, DYNAMIC)(environ_of(), started := Started())
    assert [len(call) for call in started.calls] == [2]


def test_C4_with_exc_info_the_server_gets_three_arguments() -> None:
    given = (ValueError, ValueError("x"), None)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("500 Internal Server Error", TEXT, exc_info=given)
        return []

    CORSMiddleware(app, DYNAMIC)(environ_of(), started := Started())
    assert [call[2] for call in started.calls] == [given]


@every_policy
def test_C4_write_is_the_servers_own_and_not_called(policy: Any) -> None:
    writes = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        writes.append(start_response("200 OK", TEXT))
        return [b"body"]

    CORSMiddleware(app, policy)(environ_of(), started := Started())
    assert [write is started.write for write in writes] == [True]
    assert started.written == []


# C5


def test_C5_a_second_call_is_decorated_on_its_own_headers() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [*TEXT, ("Vary", "Cookie"), ("X-First", "1")])
        try:
            raise LookupError
        except LookupError:
            start_response("500 Internal Server Error", [*TEXT, ("Vary", "Accept")], sys.exc_info())
        return []

    CORSMiddleware(app, DYNAMIC)(environ_of(), started := Started())
    allow = ("Access-Control-Allow-Origin", APP)
    assert [sorted(call[1]) for call in started.calls] == [
        sorted([*TEXT, allow, ("Vary", "Cookie, Origin"), ("X-First", "1")]),
        sorted([*TEXT, allow, ("Vary", "Accept, Origin")]),
    ]


def _reraising(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
    try:
        if exc_info:
            raise exc_info[1].with_traceback(exc_info[2])
    finally:
        exc_info = None
    return lambda data: None


class Failure(Exception):
    pass


def _failing_late(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", TEXT)
    try:
        raise Failure
    except Failure as failure:
        environ["test.failure"] = weakref.ref(failure)
        start_response("500 Internal Server Error", TEXT, sys.exc_info())
    return []


def _raising_late(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", TEXT)
    failure = Failure()
    environ["test.failure"] = weakref.ref(failure)
    try:
        raise failure
    finally:
        del failure


@pytest.mark.parametrize("app", [_failing_late, _raising_late])
@pytest.mark.parametrize("origin", [APP, STRANGER, None])
def test_C5_what_start_response_raises_propagates(app: WSGIApp, origin: str | None) -> None:
    with pytest.raises(Failure):
        CORSMiddleware(app, DYNAMIC)(environ_of(origin), _reraising)


@pytest.mark.parametrize("app", [_failing_late, _raising_late])
@pytest.mark.parametrize("server", [_reraising, Started()], ids=["raises again", "accepts"])
def test_C5_no_circle_keeps_the_exception_alive(app: WSGIApp, server: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL", "corswsgi")  # the log would hold it, too
    environ = environ_of()
    gc.collect()
    gc.disable()
    try:
        with suppress(Failure):
            CORSMiddleware(app, DYNAMIC)(environ, server)
        if isinstance(server, Started):
            server.calls.clear()
        assert environ["test.failure"]() is None
    finally:
        gc.enable()


# C6


@every_policy
@pytest.mark.parametrize("more", [{}, PREFLIGHT, {"test.fail": True}], ids=["actual", "preflight", "error"])
@pytest.mark.parametrize("origin", [APP, STRANGER, None])
def test_C6_the_server_may_change_the_list_it_gets(policy: Any, more: dict[str, Any], origin: str | None) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if "test.fail" in environ and "HTTP_ORIGIN" in environ and environ["HTTP_ORIGIN"] != STRANGER:
            raise Failure
        start_response("200 OK", [("Content-Type", "text/plain"), ("Vary", "Cookie")])
        return []

    middleware = CORSMiddleware(app, policy)
    answers = []
    for _ in range(2):
        started = Started()
        try:
            middleware(environ_of(origin, **more), started)
        except Failure:  # what no policy governs is not made readable
            return
        headers = started.headers
        assert type(headers) is list
        assert {type(pair) for pair in headers} == {tuple}
        assert {len(pair) for pair in headers} == {2}
        answers.append(list(headers))
        headers.clear()
        headers.append(("Access-Control-Allow-Origin", "https://evil.example"))
    assert answers[0] == answers[1]


@every_policy
def test_C6_the_applications_list_is_not_changed(policy: Any) -> None:
    own = [*TEXT, ("Vary", "Cookie"), ("Access-Control-Allow-Origin", "*")]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", own)
        return []

    CORSMiddleware(app, policy)(environ_of(), Started())
    assert own == [*TEXT, ("Vary", "Cookie"), ("Access-Control-Allow-Origin", "*")]


# C7


@every_policy
@pytest.mark.parametrize("more", [{}, PREFLIGHT], ids=["actual", "preflight"])
@pytest.mark.parametrize(
    "hostile", ["x\r\nSet-Cookie: a=b", "https://a.example\r\n .evil.example", "\0", "\xe9", "", "a, b", "Status"]
)
def test_C7_headers_hold_nothing_that_servers_refuse(policy: Any, more: dict[str, Any], hostile: str) -> None:
    for origin in (APP, hostile):
        asked = {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": hostile, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": hostile}
        environ = environ_of(origin, **more | (asked if more else {}))
        CORSMiddleware(answering([]), policy)(environ, started := Started())
        for name, value in started.headers:
            assert type(name) is type(value) is str
            assert value.isascii()
            assert value.isprintable()
            assert name.replace("-", "").isalnum()
            assert name[-1] not in "-_"
            assert name.lower() != "status"
            assert not is_hop_by_hop(name)


# C8


@every_policy
def test_C8_the_application_may_change_the_environ(policy: Any) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        if environ.pop("test.hostile", None):
            environ |= PREFLIGHT | {
                "HTTP_ORIGIN": STRANGER,
                "PATH_INFO": "//",
                "SCRIPT_NAME": "/elsewhere",
                "HTTP_SEC_FETCH_SITE": "cross-site",
            }
        start_response("200 OK", TEXT)
        yield b"OK"

    def headers(**more: Any) -> Headers:
        list(CORSMiddleware(app, policy)(environ_of(**more), started := Started()))
        return started.headers

    assert headers(**{"test.hostile": True}) == headers()


@every_policy
def test_C8_the_environ_stays_as_it_was(policy: Any) -> None:
    seen = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        seen.append((environ, {name for name in environ if not name.startswith("webob.")}, type(environ)))
        start_response("200 OK", TEXT)
        return []

    environ = environ_of()
    names = set(environ)
    CORSMiddleware(app, policy)(environ, Started())
    assert [(each is environ, keys, kind) for each, keys, kind in seen] == [(True, names, dict)]


# C9


class Unreadable:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"wsgi.input.{name} was asked for")


@pytest.mark.parametrize("policy", [policy for name, policy in POLICIES.items() if name != "none"])
def test_C9_a_preflight_is_answered_without_body_and_application(policy: Any) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        raise AssertionError("the application was called")

    body = CORSMiddleware(app, policy)(
        environ_of(APP, **PREFLIGHT, **{"wsgi.input": Unreadable()}), started := Started()
    )
    assert body == []
    assert [call[0] for call in started.calls] == ["204 No Content"]
    assert {"content-type", "content-length"}.isdisjoint(name.lower() for name, _ in started.headers)


# C10


@every_policy
@pytest.mark.parametrize("origin", [APP, SHOP, STRANGER, "null", "", f"{APP},{SHOP}", None])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "PREFLIGHT", "PATCH"])
def test_C10_the_checker_is_content_on_both_sides(policy: Any, origin: str | None, method: str) -> None:
    headers = [] if origin is None else [("Origin", origin)]
    if method == "PREFLIGHT":
        method = "OPTIONS"
        headers += [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "x-a,x-b")]
    for app in (App(), App("204 No Content", (), b""), App("304 Not Modified", [("ETag", '"1"')], b"")):
        reply = ask_wsgi(policy, method, "/a/b?c=d", headers, app)
        assert reply.status in (int(app.status[:3]), 204, 403)


@pytest.mark.parametrize("policy", [DYNAMIC, POLICIES["static"]])
def test_C10_a_refused_preflight_has_type_and_length(policy: Policy) -> None:
    reply = ask_wsgi(policy, "OPTIONS", headers=[("Origin", STRANGER), ("Access-Control-Request-Method", "PUT")])
    assert reply.status == 403
    assert reply.all("Content-Type") == ["text/plain; charset=utf-8"]
    assert reply.all("Content-Length") == [str(len(reply.body))]


@pytest.mark.parametrize("starts", [False, True])
def test_C10_an_app_that_raises_is_answered_as_the_checker_wants(starts: bool) -> None:
    @validator
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if starts:
            start_response("200 OK", [("Content-Type", "text/plain")])
        raise Failure

    expected: list[Any] = [("500 Internal Server Error", None)]
    if starts:  # PEP 3333: a second call comes with the exception, a first one need not
        expected = [("200 OK", None), ("500 Internal Server Error", Failure)]

    for method in ("GET", "HEAD", "POST"):
        statuses: list[Any] = []

        def start_response(status: str, headers: Headers, exc_info: Any = None, seen: Any = statuses) -> Any:
            seen.append((status, exc_info and exc_info[0]))
            return lambda data: None

        body = validator(CORSMiddleware(app, DYNAMIC))(environ_of(REQUEST_METHOD=method), start_response)
        content = b"".join(body)
        body.close()  # type: ignore[attr-defined]  # the checker's iterable has it
        assert statuses == expected
        assert bool(content) == (method != "HEAD")


# C11


@every_policy
def test_C11_close_is_called_once_and_by_the_server_alone(policy: Any) -> None:
    body = Closing()
    returned: Any = CORSMiddleware(answering(body), policy)(environ_of(), Started())
    assert list(returned) == [b"a", b"b"]
    assert body.closed == 0
    returned.close()
    assert body.closed == 1


def test_C11_close_is_reached_after_an_error_in_the_body() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"a"
        raise Failure

    body = Closing(chunks())
    returned: Any = CORSMiddleware(answering(body), DYNAMIC)(environ_of(), Started())
    with pytest.raises(Failure), closing(returned):
        list(returned)
    assert body.closed == 1


@every_policy
def test_C11_length_type_and_order_of_the_applications_headers_stay(policy: Any) -> None:
    own = [("X-B", "1"), ("Content-Length", "7"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), *TEXT, ("Age", "0")]
    CORSMiddleware(answering([], own), policy)(environ_of(), started := Started())
    assert [pair for pair in started.headers if pair in own] == own


# C12


def test_C12_nothing_of_a_request_is_kept_on_the_middleware() -> None:
    middleware = CORSMiddleware(answering([]), DYNAMIC)
    before = dict(vars(middleware))
    for origin in (APP, SHOP, None):
        middleware(environ_of(origin), Started())
        middleware(environ_of(origin, **PREFLIGHT), Started())
    assert vars(middleware) == before


def test_C12_requests_at_the_same_time_each_get_their_own_answer() -> None:
    origins = [APP, SHOP, STRANGER, None] * 2
    everyone_is_inside = threading.Barrier(len(origins))

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        everyone_is_inside.wait(10)
        start_response("200 OK", TEXT)
        return []

    middleware = CORSMiddleware(app, DYNAMIC)
    answers: dict[int, Headers] = {}

    def ask(place: int) -> None:
        middleware(environ_of(origins[place]), started := Started())
        answers[place] = started.headers

    threads = [threading.Thread(target=ask, args=[place]) for place in range(len(origins))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    allowed = [dict(answers[place]).get("Access-Control-Allow-Origin") for place in range(len(origins))]
    assert allowed == [APP, SHOP, None, None] * 2


def test_every_statement_has_a_test() -> None:
    tested = {name.split("_")[1] for name in globals() if name.startswith("test_C")}
    assert tested == {f"C{number}" for number in range(1, 13)}


# Real servers


def site(path: Path) -> WSGIApp:
    """An application that answers in each of the ways that PEP 3333 knows."""

    def ok(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [*TEXT, ("Content-Length", "2"), ("Vary", "Cookie")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"OK"]

    def post(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("201 Created", [*TEXT, ("Content-Length", str(len(body)))])
        return [body]

    def empty(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    def cached(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("304 Not Modified", [("ETag", '"1"')])
        return []

    def streamed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield from (b"one ", b"", b"two ", b"three")

    def written(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", TEXT)
        write(b"one ")
        write(b"two ")
        return [b"three"]

    def file(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        start_response("200 OK", TEXT)
        return environ["wsgi.file_wrapper"](path.open("rb"))

    def replaced(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [*TEXT, ("Vary", "Cookie")])
        try:
            raise Failure
        except Failure:
            start_response("503 Service Unavailable", [*TEXT, ("Content-Length", "5")], sys.exc_info())
        return [b"later"]

    def raises(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise Failure("on purpose")

    def raises_late(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        raise Failure("on purpose")

    pages = {f"/{page.__name__}": page for page in (ok, post, empty, cached, streamed, written, file, replaced)}
    pages |= {"/raises": raises, "/raises_late": raises_late}
    return lambda environ, start_response: pages[environ["PATH_INFO"]](environ, start_response)


@contextmanager
def running_wsgiref(app: WSGIApp) -> Iterator[int]:
    class Handler(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with make_server("127.0.0.1", 0, app, handler_class=Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


@pytest.fixture(scope="module", params=[running_waitress, running_wsgiref], ids=["waitress", "wsgiref"])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    path = tmp_path_factory.mktemp("site") / "file.txt"
    path.write_bytes(b"from a file " * 10_000)
    with request.param(CORSMiddleware(site(path), DYNAMIC)) as port:
        yield port


VARY = [("vary", "Origin")]
ALLOW = [("access-control-allow-origin", APP), *VARY]
OK = [("access-control-allow-origin", APP), ("vary", "Cookie, Origin")]
REQUESTS = [
    ("GET", "/ok", APP, 200, b"OK", OK),
    ("GET", "/ok", STRANGER, 200, b"OK", [("vary", "Cookie, Origin")]),
    ("GET", "/ok", None, 200, b"OK", [("vary", "Cookie, Origin")]),
    ("HEAD", "/ok", APP, 200, b"", OK),
    ("OPTIONS", "/ok", APP, 200, b"OK", OK),
    ("POST", "/post", APP, 201, b"sent", ALLOW),
    ("GET", "/empty", APP, 204, b"", ALLOW),
    ("GET", "/cached", APP, 304, b"", ALLOW),
    ("GET", "/cached", None, 304, b"", VARY),
    ("GET", "/streamed", APP, 200, b"one two three", ALLOW),
    ("GET", "/written", APP, 200, b"one two three", ALLOW),
    ("GET", "/file", APP, 200, b"from a file " * 10_000, ALLOW),
    ("GET", "/replaced", APP, 503, b"later", ALLOW),
    ("GET", "/raises", APP, 500, None, ALLOW),
    ("GET", "/raises_late", APP, 500, None, ALLOW),
    ("HEAD", "/raises", APP, 500, b"", ALLOW),
    ("GET", "/raises", STRANGER, 500, None, []),
    ("GET", "/raises", None, 500, None, []),
]


def asked(port: int, method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes, Headers]:
    """Return status, body, and what a policy is answerable for."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, b"sent" if method == "POST" else None, headers)
        response = connection.getresponse()
        names = sorted((name.lower(), value) for name, value in response.getheaders())
        cors = [pair for pair in names if pair[0] == "vary" or pair[0].startswith("access-control-")]
        return response.status, response.read(), cors


@pytest.mark.parametrize(("method", "path", "origin", "status", "body", "cors"), REQUESTS)
def test_a_real_server_sends_the_answer(
    port: int, method: str, path: str, origin: str | None, status: int, body: bytes | None, cors: Headers
) -> None:
    got = asked(port, method, path, {} if origin is None else {"Origin": origin})
    assert (got[0], got[2]) == (status, cors)
    assert got[1] == body if body is not None else got[1]


def test_a_real_server_sends_the_answer_to_a_preflight(port: int) -> None:
    preflight = {"Access-Control-Request-Method": "PUT", "Origin": APP}
    cors = [("access-control-allow-origin", APP), ("access-control-max-age", "600"), *VARY]
    assert asked(port, "OPTIONS", "/raises", preflight) == (204, b"", cors)
    status, body, cors = asked(port, "OPTIONS", "/raises", preflight | {"Origin": STRANGER})
    assert (status, cors) == (403, VARY)
    assert body.startswith(b"Cross-origin request refused")
