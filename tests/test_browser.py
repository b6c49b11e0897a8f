"""The browser apart from the rules of CORS: its targets and their faults, cookies, verdicts, and what it refuses."""

from __future__ import annotations

import ast
import dataclasses
import gzip
import itertools
import sys
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.validate import validator

import pytest
import requests
from scripted_site import (
    API,
    HEADERS,
    METHODS,
    ORIGIN,
    PAGE,
    PUBLIC,
    SHARED,
    THIRD,
    TRUSTED,
    Pairs,
    Says,
    Site,
    fetch,
)

import corswsgi
import corswsgi.browser
from corswsgi.browser import ENGINES, Browser, Code, Exchange, NoteCode, Reason, Response, Verdict

PACKAGE = Path(corswsgi.browser.__file__).parent

Start = Callable[..., Callable[[bytes], object]]


# Elements


@pytest.mark.parametrize(
    ("initiator", "accept", "destination"),
    [
        ("fetch", "*/*", "empty"),
        ("image", "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "image"),
        ("script", "*/*", "script"),
        ("font", "*/*", "font"),
        ("event-source", "text/event-stream", "empty"),
    ],
)
def test_what_each_initiator_adds(initiator: str, accept: str, destination: str) -> None:
    site = Site()
    assert Browser(site, PAGE).fetch(API, initiator=initiator).outcome == "readable"
    assert (site.last.headers["accept"], site.last.headers["sec-fetch-dest"]) == (accept, destination)


def test_an_unknown_initiator_is_refused_with_the_list() -> None:
    with pytest.raises(TypeError, match='initiator "img"; it may be "fetch", "image", "script"'):
        Browser(Site(), PAGE).fetch(API, initiator="img")


def test_a_script_of_another_origin_is_opaque_without_crossorigin() -> None:
    options = {"initiator": "script", "mode": "no-cors", "credentials": "include"}
    for engine in ("standard", *ENGINES):
        assert Browser(Site(), PAGE, engine=engine).fetch(API, **options).outcome == "opaque"


# The room


def test_the_browser_imports_the_tables_of_the_standard_and_nothing_of_the_servers_side() -> None:
    inside = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                inside |= {alias.name for alias in node.names if alias.name.startswith("corswsgi")}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("corswsgi"):
                assert node.module is not None
                names = (
                    [f"corswsgi.{alias.name}" for alias in node.names] if node.module == "corswsgi" else [node.module]
                )
                inside |= set(names)
    assert {name for name in inside if not name.startswith("corswsgi.browser")} == {"corswsgi.asgi", "corswsgi.fetch"}


def test_without_ada_url_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ada_url", None)
    with pytest.raises(
        ImportError, match=r'^corswsgi.browser needs ada-url; .*: python -m pip install "corswsgi\[check\]"$'
    ):
        Browser(Site(), "null")


# What a Browser refuses


@pytest.mark.parametrize(
    "origin",
    [
        PAGE,
        "null",
        "http://localhost:3000",
        "https://app.example.com:8443",
        "http://[::1]:8000",
        "http://127.0.0.1",
        "https://xn--fa-hia.de",
        "https://app.example.com.",
        "https://a_b.example",
        "chrome-extension://abcdefgh",
        "capacitor://localhost",
        "ionic://localhost:8080",
    ],
)
def test_origins(origin: str) -> None:
    assert Browser(Site(), origin).origin == origin
    site = Site(Says(headers=((ORIGIN, origin),)))
    assert fetch(site, "https://localhost/", origin).allowed
    assert site.last.headers["origin"] == origin


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        ("https://app.example.com/", 'did you mean "https://app.example.com"'),
        ("https://App.Example.com", 'did you mean "https://app.example.com"'),
        ("https://app.example.com:443", 'did you mean "https://app.example.com"'),
        ("https://user@app.example.com/x?y#z", 'did you mean "https://app.example.com"'),
        ("https://faß.de", 'did you mean "https://xn--fa-hia.de"'),
        ("http://0x7f.1", 'did you mean "http://127.0.0.1"'),
        ("http://[0:0::1]", r'did you mean "http://\[::1\]"'),
        ("app.example.com", "is not an origin"),
        ("", "is not an origin"),
        ("*", "is not an origin"),
        ("NULL", "is not an origin"),
        ("https://\ud800", "is not an origin"),
        ("file:///x", 'browsers send "null"'),
        ("data:,x", 'browsers send "null"'),
        ("blob:https://app.example.com/x", 'browsers send "null"'),
        ("capacitor://localhost/", 'browsers send "null"'),
    ],
)
def test_what_is_no_origin(origin: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        Browser(Site(), origin)


@pytest.mark.parametrize("page", ["not a page", "https://", f"{THIRD}/", "http://app.example.com/"])
def test_a_page_is_of_its_origin(page: str) -> None:
    with pytest.raises(
        ValueError, match=r"is not a URL; a page has one like|has the origin .*; give a page of the origin"
    ):
        Browser(Site(), PAGE, page=page)


@pytest.mark.parametrize(
    ("origin", "page", "hint"),
    [
        ("null", None, " (a page with an opaque origin has no address, so that the URL must be absolute)"),
        ("null", f"{API}/sandboxed", ""),
        (PAGE, None, ""),
        (PAGE, f"{PAGE}/page", ""),
    ],
)
def test_why_a_url_does_not_parse_is_said_if_the_page_is_why(origin: str, page: str | None, hint: str) -> None:
    site = Site()
    with pytest.raises(TypeError) as caught:
        fetch(site, "https://", origin, page=page)
    assert str(caught.value) == f'fetch() refuses the URL "https://": it does not parse{hint}'
    assert site.asked == []


def test_relative_urls_are_of_the_page() -> None:
    site = Site()
    assert fetch(site, "x?y", page=f"{PAGE}/dir/page").response.url == f"{PAGE}/dir/x?y"
    assert fetch(Site(Says(headers=PUBLIC)), "/x", "null", page=f"{API}/sandboxed").response.url == f"{API}/x"


def test_unknown_policies_and_targets() -> None:
    with pytest.raises(ValueError, match=r"'never' is not a referrer policy; choose one of no-referrer,"):
        Browser(Site(), PAGE, referrer_policy="never")
    with pytest.raises(TypeError, match=r"a target is a WSGI application or a requests.Session, not 42"):
        Browser(42, PAGE)


# Verdicts


def test_verdicts_are_values() -> None:
    def verdict() -> Verdict:
        return fetch(Site(preflight=Says(204, (*SHARED, (METHODS, "PUT")))), method="PUT")

    assert verdict() == verdict()
    assert len({verdict(), verdict()}) == 1
    seen = [verdict(), verdict().reason, verdict().response, verdict().exchanges[0], verdict().exchanges[0].why[0]]
    for value in [*seen, *fetch(Site(), headers={"Cookie": "x"}).notes]:
        assert dataclasses.is_dataclass(value)
        for field in dataclasses.fields(value):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(value, field.name, None)
            assert not isinstance(getattr(value, field.name), list | dict | set)


def test_codes_are_stable_strings() -> None:
    assert Code.ALLOW_ORIGIN_MISSING == "allow-origin-missing"
    for codes in (Code, NoteCode):
        assert len({str(code) for code in codes}) == len(codes.__members__)
        assert all(str(code) == str(code).lower().replace("_", "-") for code in codes)


def test_reasons_of_what_is_readable() -> None:
    trusted = fetch(Site(Says(headers=TRUSTED)), credentials="include")
    assert str(trusted.reason) == (
        'Access-Control-Allow-Origin is "https://app.example.com" and Access-Control-Allow-Credentials is "true", '
        "which is what https://app.example.com needs"
    )
    public = fetch(Site(Says(headers=PUBLIC)))
    assert str(public.reason) == 'Access-Control-Allow-Origin is "*", which is what https://app.example.com needs'
    assert str(fetch(Site(), PAGE).reason) == (
        "https://app.example.com/ is on the page's own origin and needs no permission"
    )


def test_reasons_read_as_sentences() -> None:
    verdict = fetch(Site(Says(404, ((ORIGIN, THIRD),))))
    assert str(verdict.reason) == (
        'Access-Control-Allow-Origin is "https://third.example", but must be "https://app.example.com" or "*"; '
        "the request to https://api.other.example/ was answered with status 404"
    )
    assert verdict.reason == Reason(Code.ALLOW_ORIGIN_MISMATCH, "fetch#cors-check", str(verdict.reason), "response")
    assert str(fetch(Site(), method="PUT").reason) == (
        'Access-Control-Allow-Origin is missing, but must be "https://app.example.com" or "*"; '
        "the preflight for https://api.other.example/ was answered with status 403"
    )
    assert "\n" not in fetch(Site(Says(headers=((ORIGIN, "x\ty" * 500),)))).reason.sentence


@pytest.mark.parametrize(
    ("preflight", "sentence"),
    [
        (((METHODS, "DELETE"),), 'Access-Control-Allow-Methods is "DELETE", but must list "PUT"'),
        (((METHODS, "put"),), '... is "put", but must list "PUT"; methods are case-sensitive'),
        ((), 'Access-Control-Allow-Methods is missing, but must list "PUT"'),
        (((METHODS, "PUT"),), 'Access-Control-Allow-Headers is missing, but must list "x-a"'),
        (((METHODS, "PUT @"),), 'is "PUT @", but must be a list with commas; "PUT @" is not one name'),
    ],
)
def test_reasons_name_what_came_and_what_was_needed(preflight: Pairs, sentence: str) -> None:
    verdict = fetch(Site(preflight=Says(204, (*SHARED, *preflight))), method="PUT", headers={"X-A": "1"})
    assert verdict.reason.sentence.endswith(sentence.removeprefix("..."))


def test_responses_and_exchanges_are_easy_to_ask() -> None:
    verdict = fetch(Site(Says(299, (*SHARED, ("Content-Type", "a"), ("content-type", "b")))))
    assert verdict.response.ok
    assert (verdict.response.get("CONTENT-TYPE"), verdict.response.get("X-A")) == ("a, b", None)
    (exchange,) = verdict.exchanges
    assert exchange.response_lines("content-TYPE") == ("a", "b")
    assert exchange.request_lines("Host") == ("api.other.example",)
    assert not any(fetch(Site(Says(status))).response.ok for status in (199, 300, 404))
    assert not verdict.response.redirected
    assert (verdict.response.status_text, exchange.status_text) == ("Said", "Said")


def test_unsent_requests_are_preflighted_only() -> None:
    site = Site(preflight=Says(204, (*SHARED, (METHODS, "PUT"))))
    verdict = fetch(site, method="PUT", send=False)
    assert (verdict.outcome, verdict.allowed, verdict.reason.code) == ("unsent", False, "not-asked-to-send")
    assert (verdict.response, site.methods) == (None, ["OPTIONS"])
    refused = fetch(site, method="DELETE", send=False)
    assert (refused.outcome, refused.reason.code) == ("blocked", "method-not-allowed")
    assert fetch(site, send=False).exchanges == ()


def test_unsent_requests_leave_what_was_permitted_in_the_cache() -> None:
    site = Site(preflight=Says(204, (*SHARED, (METHODS, "PUT"))))
    browser = Browser(site, PAGE)
    browser.fetch(API, method="PUT", send=False)
    assert browser.fetch(API, method="PUT").preflights == ()


# WSGI


def wsgi(run: Callable[[Start], Any]) -> Callable[..., Any]:
    return lambda environ, start_response: run(start_response)


OK: Pairs = (*SHARED, ("Content-Type", "text/plain"))


def test_the_environ() -> None:
    seen = []

    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", list(OK))
        return []

    assert fetch(
        validator(app), f"{PAGE}:8443/a%2Fb/gr%C3%BC?q=%20#f", f"{PAGE}:8443", method="POST", body=b"ab",
        headers=[("X-A", "1"), ("x-a", "2"), ("Content-Type", "a/b"), ("Content-Type", "c/d")],
    ).allowed  # fmt: skip
    (environ,) = seen
    assert type(environ) is dict
    expected = {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/a/b/gr\xc3\xbc", "QUERY_STRING": "q=%20",
        "SERVER_NAME": "app.example.com", "SERVER_PORT": "8443", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https", "HTTP_HOST": "app.example.com:8443", "HTTP_X_A": "1,2",
        "CONTENT_TYPE": "a/b,c/d", "CONTENT_LENGTH": "2", "HTTP_ORIGIN": f"{PAGE}:8443",
    }  # fmt: skip
    assert {key: environ[key] for key in expected} == expected
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & environ.keys()
    for url, port in [("http://localhost/", "80"), ("https://localhost/", "443")]:
        fetch(validator(app), url, PAGE)
        assert seen[-1]["SERVER_PORT"] == port


def test_header_lines_stay_apart() -> None:
    lines = [*OK, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Space", "  a ")]
    (exchange,) = fetch(Site(Says(headers=lines))).exchanges
    assert exchange.response_headers == (*lines[:-1], ("X-Space", "a"))


def test_a_streamed_body_has_no_length() -> None:
    site = Site(preflight=Says(204, SHARED))
    verdict = fetch(site, method="POST", body=(piece for piece in (b"a", b"b")))
    assert (site.last.body, verdict.exchanges[-1].request_body) == (b"ab", b"ab")
    assert site.last.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in site.last.headers


def late(start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", list(OK))
    yield b""
    yield b"ab"


def written(start_response: Start) -> list[bytes]:
    write = start_response("200 OK", list(OK))
    write(b"a")
    return [b"b"]


def replaced(start_response: Start) -> list[bytes]:
    start_response("200 OK", [])
    try:
        raise ValueError("once more")
    except ValueError:
        start_response("503 Later", list(OK), sys.exc_info())
    return [b"ab"]


@pytest.mark.parametrize(("run", "status"), [(late, 200), (written, 200), (replaced, 503)])
def test_all_ways_of_answering(run: Callable[[Start], Any], status: int) -> None:
    response = fetch(wsgi(run)).response
    assert (response.status, response.body, response.complete) == (status, b"ab", True)


def raises(start_response: Start) -> list[bytes]:
    raise ValueError("on\npurpose")


def raises_plainly(start_response: Start) -> list[bytes]:
    start_response("200 OK", list(OK))
    raise ValueError


def raises_late(start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", list(OK))
    yield b""
    raise ValueError("late")


def never_starts(start_response: Start) -> list[bytes]:
    return []


def sends_first(start_response: Start) -> list[bytes]:
    return [b"a"]


def starts_twice(start_response: Start) -> list[bytes]:
    start_response("200 OK", list(OK))
    start_response("200 OK", list(OK))
    return []


def has_no_status(start_response: Start) -> list[bytes]:
    start_response("OK", list(OK))
    return []


@pytest.mark.parametrize(
    ("run", "error"),
    [
        (raises, "the application raised ValueError: on purpose"),
        (raises_plainly, "the application raised ValueError"),
        (raises_late, "the application raised ValueError: late"),
        (never_starts, "the application did not call start_response"),
        (sends_first, "AssertionError: the application sent a body before"),
        (starts_twice, "AssertionError: start_response was called a second time"),
        (has_no_status, "the application gave the status 'OK', which does not begin with three digits"),
    ],
)
def test_what_is_no_answer(run: Callable[[Start], Any], error: str) -> None:
    verdict = fetch(wsgi(run))
    assert (verdict.outcome, verdict.reason.code, verdict.hidden) == ("blocked", "no-answer", ())
    assert error in verdict.reason.sentence
    (exchange,) = verdict.exchanges
    assert (exchange.status, exchange.response_headers) == (None, ())
    assert error in exchange.error


def test_a_preflight_without_an_answer() -> None:
    verdict = fetch(wsgi(raises), method="PUT")
    assert (verdict.reason.code, verdict.reason.step) == ("no-answer", "preflight")
    assert verdict.reason.sentence.startswith("OPTIONS https://api.other.example/ got no answer: ")


def breaks_off(start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", list(OK))
    yield b"ab"
    raise ValueError("half way")


def replaced_too_late(start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", list(OK))
    yield b"ab"
    try:
        raise ValueError("half way")
    except ValueError:
        start_response("500 Oh", [], sys.exc_info())


@pytest.mark.parametrize("run", [breaks_off, replaced_too_late])
def test_a_body_that_breaks_off_leaves_a_response(run: Callable[[Start], Any]) -> None:
    verdict = fetch(wsgi(run))
    assert (verdict.allowed, verdict.response.body, verdict.response.complete) == (True, b"ab", False)
    assert [note.code for note in verdict.notes] == [NoteCode.BODY_BROKEN]
    assert verdict.exchanges[0].error == "the application raised ValueError: half way"


class Closing:
    """An iterable that says whether it was closed."""

    def __init__(self, pieces: Any) -> None:
        self.pieces, self.closed = iter(pieces), 0

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        self.closed += 1


def endless() -> Iterator[bytes]:
    return itertools.repeat(b"x" * 1000)


def faulty() -> Iterator[bytes]:
    yield b""
    raise ValueError


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("pieces", [lambda: [b"ab"], endless, faulty])
def test_iterables_are_closed_once(pieces: Callable[[], Any], method: str) -> None:
    iterable = Closing(pieces())

    def app(environ: Any, start_response: Start) -> Any:
        start_response("200 OK", list(OK))
        return iterable

    fetch(app, method=method, max_body=5000)
    assert iterable.closed == 1


BOUNDS = [
    (5000, 4999, 4999), (5000, 5000, 5000), (5000, 5001, 5000), (5000, 50_000, 5000), (0, 1, 0),
    (None, 1024 * 1024, 1024 * 1024), (None, 1024 * 1024 + 1, 1024 * 1024),
]  # fmt: skip


@pytest.mark.parametrize(
    ("coding", "bound", "size", "read"),
    [
        *(("identity", *bounds) for bounds in [*BOUNDS, (1, 0, 0), (1, 1, 1), (1, 2, 1)]),
        *(("gzip", *bounds) for bounds in BOUNDS),
    ],
)
@pytest.mark.parametrize("over", ["wsgi", "network"])
def test_bodies_are_read_up_to_a_bound(
    over: str, coding: str, bound: int | None, size: int, read: int, request: pytest.FixtureRequest
) -> None:
    body = gzip.compress(b"x" * size) if coding == "gzip" else b"x" * size
    target: Any = Site(Says(headers=(*SHARED, ("Content-Encoding", coding)), body=body))
    options: dict[str, Any] = {} if bound is None else {"max_body": bound}
    url = API
    if over == "network":
        target = request.getfixturevalue("session")
        url = request.getfixturevalue("serve")(http(f"Content-Encoding: {coding}", body=body)).url
    verdict = fetch(target, url, **options)
    assert (verdict.response.body, verdict.response.complete) == (b"x" * read, read == size)
    notes = [note for note in verdict.notes if note.code != NoteCode.LOCAL_NETWORK_ACCESS]
    assert [note.code for note in notes] == [NoteCode.BODY_TRUNCATED] * (read < size)
    assert read == size or f"only the first {read} bytes" in notes[0].sentence
    assert len(verdict.exchanges[0].response_body) == read


# Content codings


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"hello", mtime=0)),
        ("X-GZIP", gzip.compress(b"hello", mtime=0)),
        ("deflate", zlib.compress(b"hello")),
        ("deflate, gzip", gzip.compress(zlib.compress(b"hello"), mtime=0)),
        ("unknown", b"hello"),
        ("identity", b"hello"),
        ("", b"hello"),
    ],
)
def test_content_codings_are_undone(coding: str, body: bytes) -> None:
    response = fetch(Site(Says(headers=(*SHARED, ("Content-Encoding", coding)), body=body))).response
    assert (response.body, response.complete) == (b"hello", True)


def test_a_bomb_is_defused_and_a_wrong_coding_told() -> None:
    says = Says(headers=(*SHARED, ("Content-Encoding", "gzip")), body=gzip.compress(b"\0" * 10**6))
    response = fetch(Site(says), max_body=5000).response
    assert (len(response.body), response.complete) == (5000, False)
    wrong = fetch(Site(dataclasses.replace(says, body=b"plain")))
    assert (wrong.allowed, wrong.response.body, wrong.response.complete) == (True, b"plain", False)
    assert "Content-Encoding is wrong" in str(wrong.notes[0])
    many = fetch(Site(Says(headers=(*SHARED, ("Content-Encoding", "gzip," * 6)))))
    assert "it names 6 codings" in str(many.notes[0])
    assert fetch(Site(dataclasses.replace(says, body=b"")), method="HEAD").response.complete


# The preflight cache


@pytest.mark.parametrize("listed", ["X-API-KEY", "x-api-key", "X-Api-Key"])
@pytest.mark.parametrize("first", ["X-API-KEY", "x-api-key"])
@pytest.mark.parametrize("later", ["X-API-KEY", "x-api-key"])
def test_header_names_are_remembered_in_any_case(listed: str, first: str, later: str) -> None:
    site = Site(preflight=Says(204, (*SHARED, (HEADERS, listed))))
    browser = Browser(site, PAGE)
    assert browser.fetch(API, headers={first: "1"}).allowed
    assert browser.fetch(API, headers={later: "2"}).allowed
    assert site.methods == ["OPTIONS", "GET", "GET"]


def test_authorization_is_remembered_beside_a_wildcard_in_any_case() -> None:
    site = Site(preflight=Says(204, (*SHARED, (HEADERS, "*, AUTHORIZATION"))))
    browser = Browser(site, PAGE)
    for _ in range(2):
        assert browser.fetch(API, headers={"Authorization": "x"}).allowed
    assert site.methods == ["OPTIONS", "GET", "GET"]


def test_methods_are_remembered_as_they_are_written() -> None:
    site = Site(preflight=Says(204, (*SHARED, (METHODS, "patch, PATCH"))))
    browser = Browser(site, PAGE)
    for method in ("patch", "PATCH"):
        assert browser.fetch(API, method=method).allowed
    assert site.methods == ["OPTIONS", "patch", "PATCH"]
    site.preflight = Says(204, (*SHARED, (METHODS, "patch")))
    browser = Browser(site, PAGE)
    assert browser.fetch(API, method="patch").allowed
    assert browser.fetch(API, method="PATCH").reason.code == Code.METHOD_NOT_ALLOWED


# requests


class Recorder(ThreadingHTTPServer):
    """Answers on loopback; ``answer`` writes what it likes to each connection."""

    daemon_threads = True

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.seen: list[tuple[str, str, Pairs, bytes]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                self.close_connection = True
                if self.raw_requestline and self.parse_request():
                    body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                    if self.headers.get("Transfer-Encoding"):
                        body = b"".join(iter(self.rfile.readline, b"0\r\n"))
                    recorder.seen.append((self.command, self.path, tuple(self.headers.items()), body))
                    answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The client hangs up on purpose."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def serve() -> Iterator[Callable[[bytes | Callable[[BaseHTTPRequestHandler], None]], Recorder]]:
    """Start a server that sends these bytes, or what a function sends, to every request."""
    running: list[tuple[Recorder, Thread]] = []

    def start(answer: bytes | Callable[[BaseHTTPRequestHandler], None]) -> Recorder:
        server = Recorder(answer if callable(answer) else lambda handler: handler.wfile.write(answer) and None)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def session() -> Iterator[Any]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def http(*lines: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", "Connection: close", "Access-Control-Allow-Origin: *", *lines, "", ""]
    return "\r\n".join(head).encode() + body


def test_a_session_sends_exactly_the_headers_of_the_browser(serve: Any, session: Any) -> None:
    server = serve(http("Set-Cookie: theirs=1", "X-A: 1", "x-a: 2", "Content-Length: 2", body=b"OK"))
    session.headers["X-Session"] = "leak"
    session.cookies.set("session", "leak")
    session.auth = ("user", "leak")
    session.hooks["response"].append(lambda *args, **kwargs: pytest.fail("a hook ran"))
    verdict = fetch(
        session, f"{server.url}/a%2Fb?c#d", body=b"ab", method="POST", headers=[("Accept", "a/b"), ("Accept", "c/d")]
    )
    assert verdict.allowed
    (exchange,) = verdict.exchanges
    ((method, path, headers, body),) = server.seen
    assert (method, path, body) == ("POST", "/a%2Fb?c", b"ab")
    joined = [("Accept", "a/b, c/d"), *exchange.request_headers[2:]]
    assert list(headers) == joined
    assert exchange.response_lines("X-A") == ("1", "2")
    assert (exchange.status, exchange.status_text) == (200, "OK")
    assert session.cookies.get_dict() == {"session": "leak"}, "and it learns none"


@pytest.mark.parametrize("method", ["patch", "Query", "PUT"])
def test_a_session_keeps_the_case_of_methods(serve: Any, session: Any, method: str) -> None:
    server = serve(http("Access-Control-Allow-Methods: *", "Content-Length: 0"))
    assert fetch(session, server.url, method=method).allowed
    assert [seen[0] for seen in server.seen] == ["OPTIONS", method]


def test_a_session_does_not_follow_redirects_by_itself(serve: Any, session: Any) -> None:
    server = serve(http("Location: /2", "Content-Length: 99999999", body=b"x", status="302 Found"))
    verdict = fetch(session, server.url, redirect="manual")
    assert (verdict.outcome, len(server.seen)) == ("opaqueredirect", 1)
    assert fetch(session, server.url).reason.code == "too-many-redirects"


def test_a_session_sends_streams_in_chunks(serve: Any, session: Any) -> None:
    server = serve(http("Content-Length: 0"))
    assert fetch(session, server.url, method="POST", body=iter([b"ab", b"c"])).allowed
    assert server.seen[-1][3] == b"3\r\nabc\r\n"


def test_a_session_undoes_codings_and_unfolds_lines(serve: Any, session: Any) -> None:
    body = gzip.compress(b"hello", mtime=0)
    head = http("Content-Encoding: gzip", f"Content-Length: {len(body)}", "Cache-Control: a,", "\t b", body=body)
    verdict = fetch(session, serve(head).url)
    assert (verdict.response.body, verdict.response.get("cache-control")) == (b"hello", "a, b")


def test_a_session_reads_chunked_bodies(serve: Any, session: Any) -> None:
    server = serve(http("Transfer-Encoding: chunked", body=b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"))
    assert fetch(session, server.url).response.body == b"abc"


def test_a_session_stops_at_the_bound(serve: Any, session: Any) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(http())
        for piece in endless():
            handler.wfile.write(piece)

    response = fetch(session, serve(pour).url, max_body=5000).response
    assert (len(response.body), response.complete) == (5000, False)


def test_a_session_tells_what_broke_a_body(serve: Any, session: Any) -> None:
    verdict = fetch(session, serve(http("Content-Length: 10", body=b"abc")).url)
    assert (verdict.allowed, verdict.response.body, verdict.response.complete) == (True, b"abc", False)
    assert "IncompleteRead" in verdict.exchanges[0].error


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 nonsense\r\n\r\n"])
def test_no_answer_over_the_network(serve: Any, session: Any, answer: bytes) -> None:
    verdict = fetch(session, serve(answer).url)
    assert (verdict.reason.code, verdict.response) == ("no-answer", None)
    assert "ConnectionError" in verdict.reason.sentence
    assert "\n" not in verdict.reason.sentence


def test_a_server_that_hangs_and_one_that_is_not_there(serve: Any, session: Any) -> None:
    from threading import Event

    over = Event()
    server = serve(lambda handler: over.wait(30) and None)
    try:
        verdict = fetch(session, server.url, timeout=0.05)
    finally:
        over.set()
    assert verdict.reason.code == "no-answer"
    assert "timed out: no answer came within 0.05 s" in verdict.reason.sentence
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as gone:
        port = gone.server_port
    assert "ConnectionError" in fetch(session, f"http://127.0.0.1:{port}").reason.sentence


def test_an_exchange_can_be_made_by_hand() -> None:
    exchange = Exchange("GET", API, (), None)
    assert (exchange.status, exchange.is_preflight, exchange.why, exchange.error) == (None, False, (), "")
    assert Response(200, "OK", (), b"", API, False, "cors").complete
