"""Every example, started as its first line says, asked over a socket, and stopped with Ctrl-C."""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from front_ends import Pairs, Reply, replies

EXAMPLES = Path(__file__).parents[1] / "examples"
FRAMEWORKS = ["flask_app.py", "django_app.py", "django_middleware.py", "pyramid_app.py", "wsgi_app.py"]
NAMES = ["http_server.py", *FRAMEWORKS]

#: Seconds after which a test is lost; no test depends on how long anything takes.
LOST = 60

PAGE = ("Origin", "https://page.example")


class Example(NamedTuple):
    """An example that runs."""

    process: subprocess.Popen[str]
    lines: list[str]
    port: int


def start(name: str, errors: Path) -> Example:
    """Start an example on a free port; its last line says which."""
    # A program that was started with SIGINT ignored leaves it so to those that it starts.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with errors.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, EXAMPLES / name, "0"], stdout=subprocess.PIPE, stderr=stderr, text=True
            )
    finally:
        signal.signal(signal.SIGINT, ours)
    watchdog = threading.Timer(LOST, process.kill)
    watchdog.start()
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if port := re.search(r"[0-9]+$", lines[-1]):
            watchdog.cancel()
            return Example(process, lines, int(port[0]))
    watchdog.cancel()
    stop(process)
    raise AssertionError(f"{name} said {lines} and {errors.read_text()}")


def stop(process: subprocess.Popen[str]) -> int:
    """Press Ctrl-C, and return the exit status."""
    assert process.stdout is not None
    with process.stdout:
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(LOST)
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The ports of all examples, which run meanwhile."""
    errors = tmp_path_factory.mktemp("examples")
    running: dict[str, Example] = {}
    try:
        for name in NAMES:
            running[name] = start(name, errors / name)
        yield {name: example.port for name, example in running.items()}
    finally:
        for example in running.values():
            stop(example.process)


def send(port: int, data: bytes, *, more: bool = False) -> bytes:
    """Return all that a server sends on a connection until it closes it.

    :param more: keep our side open, as a client does that might send more.
    """
    with closing(socket.create_connection(("127.0.0.1", port), LOST)) as connection:
        connection.sendall(data)
        if not more:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def ask(port: int, method: str, path: str = "/", headers: Pairs = (), body: bytes = b"", *, more: bool = True) -> Reply:
    """Return the one response to one request. No header is added to those that are given, except ``Host``."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{name}: {value}" for name, value in headers)]
    sent = send(port, "\r\n".join([*lines, "", ""]).encode("latin-1") + body, more=more)
    assert len(re.findall(rb"^HTTP/1\.[01] ", sent, re.MULTILINE)) == 1
    (reply,) = replies(sent, [method])
    return reply


def preflight(port: int, path: str, origin: str, method: str, headers: str | None = None) -> Reply:
    names = [] if headers is None else [("Access-Control-Request-Headers", headers)]
    return ask(port, "OPTIONS", path, [("Origin", origin), ("Access-Control-Request-Method", method), *names])


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_framework_examples_are_short(name: str) -> None:
    assert len((EXAMPLES / name).read_text().splitlines()) <= 40


def test_every_example_is_tested() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir() if path.is_file()) == sorted(
        # README.rst has no code; the others are tested in test_testing.py, test_docs.py and test_cases.py.
        [*NAMES, "README.rst", "client_requests.py", "cases.toml", "pytest.ini", "test_cors.py"]
    )


@pytest.mark.parametrize("name", NAMES)
def test_port_8000_of_loopback_is_the_default(name: str) -> None:
    # The address is told in place of being bound: the port may be taken on the machine that runs this.
    program = (
        "import runpy, socketserver, sys\n"
        "socketserver.TCPServer.server_bind = lambda server: sys.exit(print(server.server_address))\n"
        "path, sys.argv = sys.argv[1], sys.argv[1:]\n"
        "runpy.run_path(path, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, EXAMPLES / name], capture_output=True, text=True, timeout=LOST, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["('127.0.0.1', 8000)"], done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_says_where_it_serves_and_ends_cleanly_on_ctrl_c(name: str, tmp_path: Path) -> None:
    process, lines, port = start(name, tmp_path / "errors")
    assert send(port, b"GET /nowhere HTTP/1.0\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.0 ")
    assert stop(process) == 0
    assert "Traceback" not in (tmp_path / "errors").read_text()
    expected = {"http_server.py": ["Starting server", f"Hosting server on port {port}"]}
    assert lines == expected.get(name, [f"Serving on http://127.0.0.1:{port}"])


# The reference example.


@pytest.fixture
def port(ports: dict[str, int]) -> int:
    """The port of the reference example."""
    return ports["http_server.py"]


def load() -> ModuleType:
    """Return the reference example as a module."""
    spec = importlib.util.spec_from_file_location("http_server_example", EXAMPLES / "http_server.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = load()
MAX_BODY: int = reference.MAX_BODY


def is_error(reply: Reply, status: int) -> str:
    """Check that a response is an error that the page can read, in JSON, and return its sentence."""
    assert reply.status == status
    assert reply.cors == [("Access-Control-Allow-Origin", "*")]
    assert reply.all("Content-Type") == ["application/json"]
    told = json.loads(reply.body)
    assert list(told) == ["error"]
    return str(told["error"])


OK = b'{"status": "OK"}'


def test_get(port: int) -> None:
    reply = ask(port, "GET", headers=[PAGE])
    assert (reply.status, reply.body) == (200, OK)
    assert reply.all("Content-Type") == ["application/json"]
    assert reply.cors == [("Access-Control-Allow-Origin", "*")]


@pytest.mark.parametrize("length", ["13", "0" * 5000 + "13", " 13 \t"])
def test_post(port: int, length: str) -> None:
    headers = [PAGE, ("Content-Type", "application/json"), ("x-api-key", "k"), ("Content-Length", length)]
    reply = ask(port, "POST", headers=headers, body=b'{"name": "A"}')
    assert (reply.status, reply.body) == (200, OK)
    assert reply.cors == [("Access-Control-Allow-Origin", "*")]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"\xc3\xa9"', b" 1.5e3 ", b'{"a": {"b": [true, "NaN"]}}'])
def test_post_of_any_json(port: int, body: bytes) -> None:
    assert ask(port, "POST", headers=[("Content-Length", str(len(body)))], body=body).status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
@pytest.mark.parametrize("names", [None, "x-api-key", "content-type,x-api-key", "x-other"])
def test_preflight(port: int, method: str, names: str | None) -> None:
    reply = preflight(port, "/", PAGE[1], method, names)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.cors == [
        ("Access-Control-Allow-Headers", "x-api-key,Content-Type"),
        ("Access-Control-Allow-Methods", "GET,POST,OPTIONS"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Max-Age", "600"),
    ]


LENGTH_NEEDED = "The body needs a Content-Length"
LENGTH_BAD = "Content-Length is not one number"
TOO_LARGE = f"The body is longer than {MAX_BODY} bytes"
TOO_SHORT = "The body is shorter than its Content-Length"
NOT_JSON = "The body is not JSON"

CHUNKS = b'd\r\n{"name": "A"}\r\n0\r\n\r\n'

LENGTHS: dict[str, tuple[Pairs, bytes, int, str]] = {
    "none": ([], b"{}", 411, LENGTH_NEEDED),
    "chunked": ([("Transfer-Encoding", "chunked")], CHUNKS, 411, LENGTH_NEEDED),
    "chunked and a length": ([("Content-Length", "2"), ("Transfer-Encoding", "chunked")], CHUNKS, 411, LENGTH_NEEDED),
    "two that differ": ([("Content-Length", "2"), ("Content-Length", "3")], b"{} ", 400, LENGTH_BAD),
    "two that agree": ([("Content-Length", "2"), ("Content-Length", "2")], b"{}", 400, LENGTH_BAD),
    "too large, by one": ([("Content-Length", str(MAX_BODY + 1))], b"", 413, TOO_LARGE),
    "too large for int()": ([("Content-Length", "9" * 5000)], b"", 413, TOO_LARGE),
    **{
        repr(length): ([("Content-Length", length)], b"{}", 400, LENGTH_BAD)
        for length in ["", "two", "+2", "-2", "-0", "2_0", "0x2", "2.0", "2e0", "2, 2", "2 2", "\xb2", "2\r\n 0", "2;"]
    },
}


@pytest.mark.parametrize("case", LENGTHS.values(), ids=LENGTHS)
def test_content_length_that_is_refused(port: int, case: tuple[Pairs, bytes, int, str]) -> None:
    headers, body, status, sentence = case
    assert is_error(ask(port, "POST", headers=[PAGE, *headers], body=body), status) == sentence


BODIES = {
    "empty": b"",
    "broken off": b'{"name": ',
    "two values": b"{} {}",
    "a form": b"name=A",
    "invalid UTF-8": b'"\xff"',
    "UTF-16": '{"name": "A"}'.encode("utf-16"),
    "NaN": b"NaN",
    "Infinity": b"[1, Infinity]",
    "-Infinity": b'{"low": -Infinity}',
    "nested deep": b"[" * 100_000,
    "nested deep, and whole": b"[" * 100_000 + b"]" * 100_000,
    "a number too long for int()": b"9" * 5000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_body_that_is_not_json(port: int, body: bytes) -> None:
    reply = ask(port, "POST", headers=[PAGE, ("Content-Length", str(len(body)))], body=body)
    assert is_error(reply, 400) == NOT_JSON


def test_body_that_breaks_off(port: int) -> None:
    # What came is JSON by itself, and must not pass for the whole.
    reply = ask(port, "POST", headers=[PAGE, ("Content-Length", "20")], body=b"123", more=False)
    assert is_error(reply, 400) == TOO_SHORT


def test_largest_body_is_taken_and_a_larger_one_answered_though_it_is_sent_whole(port: int) -> None:
    for size, status in [(MAX_BODY, 200), (MAX_BODY + 1, 413), (8 * MAX_BODY, 413)]:
        body = b'"' + b"a" * (size - 2) + b'"'
        assert ask(port, "POST", headers=[PAGE, ("Content-Length", str(size))], body=body).status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "get", "OPTIONS"])
def test_other_methods_are_left_to_the_library(port: int, method: str) -> None:
    assert is_error(ask(port, method, headers=[PAGE]), 501) == f"Unsupported method ({method!r})"


def test_answer_to_head_has_no_body(port: int) -> None:
    reply = ask(port, "HEAD", headers=[PAGE])
    assert (reply.status, reply.body, reply.cors) == (501, b"", [("Access-Control-Allow-Origin", "*")])


@pytest.mark.parametrize(
    ("lines", "status"),
    [(f"GET /{'a' * 70000} HTTP/1.1\r\n", 414), (f"GET / HTTP/1.1\r\n{'X-Name: 1' * 9000}\r\n", 431)],
    ids=["request line too long", "header too long"],
)
def test_errors_before_the_request_is_read_are_answered_likewise(port: int, lines: str, status: int) -> None:
    (reply,) = replies(send(port, f"{lines}\r\n".encode()), ["GET"])
    assert is_error(reply, status)


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
KEEP = ("Connection", "keep-alive")

UNREAD: dict[str, tuple[str, Pairs, int]] = {
    "GET with a body": ("GET", [("Content-Length", str(len(SMUGGLED)))], 200),
    "preflight with a body": (
        "OPTIONS",
        [("Access-Control-Request-Method", "POST"), ("Content-Length", str(len(SMUGGLED)))],
        204,
    ),
    "no length": ("POST", [], 411),
    "chunked": ("POST", [("Transfer-Encoding", "chunked")], 411),
    "bad length": ("POST", [("Content-Length", "+0")], 400),
    "two lengths": ("POST", [("Content-Length", "0"), ("Content-Length", str(len(SMUGGLED)))], 400),
    "too large": ("POST", [("Content-Length", str(MAX_BODY + 1))], 413),
    "unknown method": ("PUT", [("Content-Length", str(len(SMUGGLED)))], 501),
    "no body at all": ("GET", [], 200),
}


@pytest.mark.parametrize("case", UNREAD.values(), ids=UNREAD)
def test_what_is_left_unread_is_not_the_next_request(port: int, case: tuple[str, Pairs, int]) -> None:
    method, headers, status = case
    # ask() checks that there is one response, and that the connection is closed after it.
    assert ask(port, method, headers=[PAGE, KEEP, *headers], body=SMUGGLED).status == status


@contextmanager
def in_this_process() -> Iterator[int]:
    """Run the reference example in a thread; yield its port."""
    with reference.Server(("127.0.0.1", 0), reference.Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_a_body_that_does_not_come_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference.Handler, "timeout", 0.05)
    with in_this_process() as port:
        sent = send(port, b"POST / HTTP/1.1\r\nOrigin: https://a.example\r\nContent-Length: 9\r\n\r\n123", more=True)
    assert sent.startswith(b"HTTP/1.0 408 ")
    assert b"\r\nAccess-Control-Allow-Origin: *\r\n" in sent
    assert sent.endswith(b'{"error": "The body is shorter than its Content-Length"}')


@pytest.mark.parametrize("start", [b"", b"POST / HTTP/1.1\r\n"])
def test_silent_client_is_given_up(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < reference.Handler.timeout <= 60
    monkeypatch.setattr(reference.Handler, "timeout", 0.05)
    with in_this_process() as port:
        assert send(port, start, more=True) == b""


def test_client_that_sends_a_byte_now_and_then_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < reference.MAX_SECONDS <= 600
    monkeypatch.setattr(reference, "MAX_SECONDS", 0.2)
    is_answered = threading.Event()
    with in_this_process() as port, closing(socket.create_connection(("127.0.0.1", port), LOST)) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nContent-Length: {MAX_BODY}\r\n\r\n".encode())

        def trickle() -> None:
            while not is_answered.wait(0.01):
                try:
                    connection.sendall(b" ")
                except OSError:  # the server has closed the connection
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            sent = connection.recv(65536)
        finally:
            is_answered.set()
            thread.join()
    assert sent.startswith(b"HTTP/1.0 400 ")


def test_port_in_use_is_one_line(port: int) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "http_server.py", str(port)],
        capture_output=True,
        text=True,
        timeout=LOST,
        check=False,
    )
    assert done.returncode == 2
    assert re.fullmatch(rf"Cannot listen on port {port}: .*\n", done.stderr)


# The frameworks: what an allowed origin gets, what others get, and a preflight.

APP = "https://app.example.com"
STRANGER = "https://stranger.example"


def as_json(reply: Reply) -> object:
    assert reply.status == 200
    return json.loads(reply.body)


def test_flask(ports: dict[str, int]) -> None:
    port = ports["flask_app.py"]
    for origin in [APP, "http://localhost:5173"]:
        granted = [
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", "X-Total-Count"),
            ("Vary", "Origin"),
        ]
        reply = ask(port, "GET", "/notes", [("Origin", origin)])
        assert as_json(reply) == {"notes": ["Water the plants"]}
        assert reply.all("X-Total-Count") == ["1"]
        assert reply.cors == granted
        assert preflight(port, "/notes/0", origin, "PUT", "content-type").cors == [
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Headers", "Content-Type"),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Max-Age", "600"),
            ("Vary", "Origin"),
        ]
        body = b'{"text": "Water the plants"}'
        headers = [("Origin", origin), ("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        assert as_json(ask(port, "PUT", "/notes/0", headers, body)) == {"notes": ["Water the plants"]}
        failed = ask(port, "PUT", "/notes/9", headers, body)
        assert (failed.status, failed.cors) == (500, granted)
    assert ask(port, "GET", "/notes", [("Origin", STRANGER)]).cors == [("Vary", "Origin")]
    assert preflight(port, "/notes/0", STRANGER, "PUT").status == 403


@pytest.mark.parametrize("name", ["django_app.py", "django_middleware.py"])
def test_django(ports: dict[str, int], name: str) -> None:
    port = ports[name]
    granted = [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Origin", APP),
    ]
    # One exact origin is the same on every response, for everyone; the browser of any other compares, and refuses.
    for origin in [APP, STRANGER]:
        reply = ask(port, "PATCH", "/api/account", [("Origin", origin)])
        assert as_json(reply) == {"name": "Ada", "method": "PATCH"}
        assert reply.cors == granted
        reply = ask(port, "GET", "/feed", [("Origin", origin)])
        assert as_json(reply) == {"items": ["Spring sale"]}
        assert reply.cors == [("Access-Control-Allow-Origin", "*")]
        assert ask(port, "GET", "/", [("Origin", origin)]).cors == []
    reply = preflight(port, "/api/account", APP, "DELETE", "x-csrftoken")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.cors == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "Content-Type,X-CSRFToken"),
        ("Access-Control-Allow-Methods", "PATCH,DELETE"),
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Max-Age", "600"),
    ]
    assert preflight(port, "/api/account", STRANGER, "DELETE").status == 403
    assert preflight(port, "/", APP, "DELETE").cors == []


def test_pyramid(ports: dict[str, int]) -> None:
    port = ports["pyramid_app.py"]
    tea, books = "https://tea.example.com", "https://www.books.example.com"
    reply = ask(port, "GET", "/shops/tea", [("Origin", tea)])
    assert as_json(reply) == {"Assam": 7}
    assert reply.cors == [("Access-Control-Allow-Origin", tea)]
    reply = ask(port, "GET", "/shops/books", [("Origin", books)])
    assert as_json(reply) == {"Emma": 9}
    assert reply.cors == [("Access-Control-Allow-Origin", books), ("Vary", "Origin")]
    assert ask(port, "GET", "/shops/books", [("Origin", tea)]).cors == [("Vary", "Origin")]
    assert preflight(port, "/shops/tea", tea, "GET", "x-api-key").cors == [
        ("Access-Control-Allow-Headers", "X-API-Key"),
        ("Access-Control-Allow-Origin", tea),
        ("Access-Control-Max-Age", "600"),
    ]
    assert preflight(port, "/shops/tea", books, "GET").status == 403
    unknown = ask(port, "GET", "/shops/shoes", [("Origin", tea)])
    assert (unknown.status, unknown.cors) == (404, [])


def test_wsgi(ports: dict[str, int]) -> None:
    port = ports["wsgi_app.py"]
    token = ("Authorization", "Bearer a-secret")
    for origin in [APP, "https://beta.app.example.com"]:
        granted = [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", "X-Request-ID"),
            ("Vary", "Origin"),
        ]
        reply = ask(port, "GET", "/", [("Origin", origin), token])
        assert as_json(reply) == {"visitors": 42}
        assert reply.cors == granted
        reply = ask(port, "GET", "/", [("Origin", origin)])
        assert (reply.status, reply.cors) == (401, granted)
        assert preflight(port, "/", origin, "GET", "authorization").cors == [
            ("Access-Control-Allow-Headers", "Authorization"),
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Max-Age", "3600"),
            ("Vary", "Origin"),
        ]
    refused = ask(port, "GET", "/", [("Origin", STRANGER), token])
    assert (refused.status, refused.cors) == (403, [("Vary", "Origin")])
    assert b"visitors" not in refused.body
    assert preflight(port, "/", STRANGER, "GET", "authorization").status == 403
    assert as_json(ask(port, "GET", "/", [token])) == {"visitors": 42}
