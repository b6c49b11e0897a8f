"""The browser against our own server's side: both sides were built apart, and what one grants the other must find.

What a policy means is worked out here once more, from the rules and naively, by :func:`decides`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from front_ends import Quiet
from hypothesis import given
from hypothesis import strategies as st
from scripted_site import PAGE, Clock

from corswsgi import CORSMiddleware, CORSRequestHandler, CORSRequestHandlerMixin, Policy
from corswsgi.browser import Browser, NoteCode

SHOP = "https://shop.example.com"
STRANGER = "https://stranger.example"
LOCAL = "http://localhost:3000"
ORIGINS = (PAGE, SHOP, STRANGER, LOCAL, "null")
ALL = frozenset(ORIGINS)

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "patch", "PATCH")
HEADERS: tuple[Mapping[str, str], ...] = (
    {},
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/json"},
    {"X-Api-Key": "1", "X-Other": "2"},
    {"X-Api-Key": "1"},
    {"Authorization": "Bearer x"},
    {"Authorization": "Bearer x", "X-Api-Key": "1"},
)
CREDENTIALS = ("omit", "include")

#: What the application says of its own.
ANSWER = (
    ("Content-Type", "text/plain"),
    ("Content-Length", "2"),
    ("X-One", "1"),
    ("X-Two", "2"),
    ("Set-Cookie", "a=b"),
)


@dataclass(frozen=True)
class Case:
    """A policy, and what it means in plain sets.

    :ivar allows: the origins among ORIGINS that it allows.
    :ivar constant: what it says to everybody, allowed or not.
    """

    options: Mapping[str, Any]
    allows: frozenset[str]
    constant: str | None = None
    methods: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    exposes: frozenset[str] = frozenset()
    credentials: bool = field(default=False)

    @property
    def policy(self) -> Policy:
        return Policy(**self.options)


def case(allows: set[str] | frozenset[str], constant: str | None = None, **options: Any) -> Case:
    names = {
        option: frozenset(map(fold, options.get(f"allow_{option}", ())))
        for option, fold in [("methods", str), ("headers", str.lower)]
    }
    exposes = frozenset(map(str.lower, options.get("expose_headers", ())))
    credentials = options.get("allow_credentials", False)
    return Case(options, frozenset(allows), constant, **names, exposes=exposes, credentials=credentials)


CASES = {
    "any": case(ALL, "*", allow_origins="*"),
    "any-all": case(ALL, "*", allow_origins="*", allow_methods="*", allow_headers="*", expose_headers="*"),
    "any-authorization": case(ALL, "*", allow_origins="*", allow_headers=["*", "Authorization"], allow_methods=["PUT"]),
    "one": case({PAGE}, PAGE, allow_origins=PAGE, allow_methods=["PUT", "PATCH"], allow_headers=["X-Api-Key"]),
    "one-trusted": case(
        {PAGE}, PAGE, allow_origins=PAGE, allow_credentials=True, allow_methods=["DELETE"], expose_headers=["X-One"]
    ),
    "two": case(
        {PAGE, SHOP}, allow_origins=[PAGE, SHOP], allow_headers=["x-api-key", "content-type"], allow_methods=["patch"]
    ),
    "subdomains-trusted": case(
        {PAGE, SHOP},
        allow_origins="https://*.example.com",
        allow_credentials=True,
        allow_methods="*",
        allow_headers="*",
        expose_headers=["x-two", "X-One"],
    ),
    "trusted-authorization": case(
        {PAGE, LOCAL},
        allow_origins=[PAGE, "http://localhost:*"],
        allow_credentials=True,
        allow_methods=["PUT"],
        allow_headers=["*", "authorization"],
    ),
    "null": case({"null"}, allow_origins="null", allow_headers=["x-api-key", "x-other"], expose_headers="*"),
    "regex": case({SHOP}, allow_origins=re.compile(r"https://s[a-z]+\.example\.com"), allow_methods="*"),
    "callable": case({STRANGER}, allow_origins=lambda origin, request: origin == STRANGER, allow_methods=["PUT"]),
    "enforced": case({PAGE, LOCAL}, allow_origins=[PAGE, LOCAL], enforce=True, allow_methods=["PUT"]),
    "status-200": case({PAGE, SHOP}, allow_origins=[PAGE, SHOP], preflight_status=200, allow_methods=["DELETE"]),
}


def decides(case: Case, origin: str, method: str, headers: Mapping[str, str], credentials: str) -> str:
    """Return the code of what decides, from the rules alone: B11, B13 and B17 against A14 to A31."""
    include = credentials == "include"
    unsafe = {name.lower() for name, value in headers.items() if value != "text/plain"}

    def check(said: str | None) -> str:
        if said is None:
            return "allow-origin-missing"
        if said == "*":
            return "allow-origin-wildcard-with-credentials" if include else ""
        if said != origin:
            return "allow-origin-mismatch"
        return "allow-credentials-missing" if include and not case.credentials else ""

    allowed = origin in case.allows
    if method not in ("GET", "HEAD", "POST") or unsafe:
        if problem := check((case.constant or origin) if allowed else None):
            return problem
        if not {method, "*"} & (case.methods | {"GET", "HEAD", "POST"}):
            return "method-not-allowed"
        if "authorization" in unsafe - case.headers:
            return "authorization-not-listed"
        if "*" not in case.headers and unsafe - case.headers:
            return "header-not-allowed"
    return check(case.constant or (origin if allowed else None)) or "cors-check-passed"


def readable_names(case: Case, include: bool) -> set[str]:
    """Return what a script can read of ANSWER (B18, B19)."""
    names = {"content-type", "content-length"}
    exposed = {"x-one", "x-two"} if "*" in case.exposes and not include else case.exposes & {"x-one", "x-two"}
    return names | exposed


# The front ends


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", list(ANSWER))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"OK"]


def answer(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    for name, value in ANSWER:
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(b"OK")


@dataclass
class FrontEnd:
    """Something to fetch from: what a Browser takes as target, and where it answers."""

    target: Any
    url: str


Serve = Callable[[Any], FrontEnd]


def wsgi_front_end(cors: Any) -> FrontEnd:
    return FrontEnd(CORSMiddleware(application, cors), "http://127.0.0.1:8000/")


@pytest.fixture
def listen() -> Iterator[Callable[[type[BaseHTTPRequestHandler]], FrontEnd]]:
    """Start servers of http.server, to be asked over the network, and stop them."""
    with requests.Session() as session:
        session.trust_env = False
        running: list[tuple[ThreadingHTTPServer, Thread]] = []

        def start(handler: type[BaseHTTPRequestHandler]) -> FrontEnd:
            server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
            server.daemon_threads = True
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            running.append((server, thread))
            return FrontEnd(session, f"http://127.0.0.1:{server.server_port}/")

        yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def handler_for(cors: Any) -> type[BaseHTTPRequestHandler]:
    methods = dict.fromkeys([f"do_{method}" for method in (*METHODS, "OPTIONS")], answer)
    bases = (CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler)
    kept_alive = {"protocol_version": "HTTP/1.1", "disable_nagle_algorithm": True}
    return type("Handler", bases, {"cors": cors, **kept_alive, **methods})


@pytest.fixture(params=["wsgi", "http.server"])
def serve(request: pytest.FixtureRequest) -> Serve:
    """Each front end in turn: ``serve(policy)``."""
    if request.param == "wsgi":
        return wsgi_front_end
    listen = request.getfixturevalue("listen")
    return lambda cors: listen(handler_for(cors))


# The verdicts


@pytest.mark.parametrize("name", CASES)
def test_every_verdict_is_what_the_policy_means(name: str) -> None:
    case = CASES[name]
    front_end = wsgi_front_end(case.policy)
    for row in product(ORIGINS, METHODS, HEADERS, CREDENTIALS):
        assert_agrees(case, front_end, *row)


@pytest.mark.parametrize("name", CASES)
def test_http_server_agrees_over_the_network(name: str, listen: Any) -> None:
    case = CASES[name]
    front_end = listen(handler_for(case.policy))
    rows = list(product(ORIGINS, METHODS, HEADERS, CREDENTIALS))
    for row in rows[:: len(rows) // 70 - 1 | 1]:  # an odd step, so that every value of each column comes up
        assert_agrees(case, front_end, *row)


def assert_agrees(
    case: Case, front_end: FrontEnd, origin: str, method: str, headers: Mapping[str, str], credentials: str
) -> None:
    row = (origin, method, dict(headers), credentials)
    browser = Browser(front_end.target, origin)
    verdict = browser.fetch(front_end.url, method=method, headers=headers, credentials=credentials)
    assert verdict.reason.code == decides(case, *row), (row, verdict.reason.sentence)
    assert verdict.allowed is (verdict.reason.code == "cors-check-passed")
    if verdict.allowed:
        names = {name for name, _ in verdict.response.headers if not name.startswith(("access-control-", "vary"))}
        assert names - {"server", "date"} == readable_names(case, credentials == "include"), row
        assert verdict.response.body == (None if method == "HEAD" else b"OK")


@given(
    allow_origins=st.lists(st.sampled_from(ORIGINS[:4]), min_size=1, unique=True),
    allow_methods=st.lists(st.sampled_from([*METHODS, "*"]), unique=True),
    allow_headers=st.lists(
        st.sampled_from(["x-API-key", "X-Other", "Authorization", "Content-Type", "*"]), unique=True
    ),
    allow_credentials=st.booleans(),
    origin=st.sampled_from(ORIGINS),
    method=st.sampled_from(METHODS),
    headers=st.sampled_from(HEADERS),
    credentials=st.sampled_from(CREDENTIALS),
)
def test_any_policy_means_to_the_browser_what_it_says(
    allow_origins: list[str],
    origin: str,
    method: str,
    headers: Mapping[str, str],
    credentials: str,
    **options: Any,
) -> None:
    constant = allow_origins[0] if len(allow_origins) == 1 else None
    made = case(set(allow_origins), constant, allow_origins=allow_origins, **options)
    assert_agrees(made, wsgi_front_end(made.policy), origin, method, headers, credentials)


# What a policy does beside granting


@pytest.mark.parametrize("origin", [PAGE, STRANGER])
def test_enforce_keeps_strangers_from_the_application(serve: Serve, origin: str) -> None:
    front_end = serve(Policy([PAGE, SHOP], enforce=True))
    verdict = Browser(front_end.target, origin).fetch(front_end.url, method="POST")
    assert verdict.allowed is (origin == PAGE)
    assert verdict.exchanges[-1].status == (200 if origin == PAGE else 403)


def test_enforce_lets_the_own_origin_pass(serve: Serve) -> None:
    front_end = serve(Policy([PAGE, SHOP], enforce=True))
    verdict = Browser(front_end.target, front_end.url.rstrip("/")).fetch("/", method="POST")
    assert (verdict.reason.code, verdict.response.status) == ("same-origin", 200)
    assert verdict.exchanges[0].request_lines("Origin") == (front_end.url.rstrip("/"),)


@pytest.mark.parametrize(("origin", "code"), [(PAGE, "cors-check-passed"), (STRANGER, "no-answer")])
def test_a_crash_is_readable_by_those_who_may_read(origin: str, code: str) -> None:
    def crash(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("on purpose")

    verdict = Browser(CORSMiddleware(crash, Policy([PAGE, SHOP])), origin).fetch("https://api.example.net/")
    assert verdict.reason.code == code
    assert (verdict.response.status if verdict.response else None) == (500 if origin == PAGE else None)


def test_errors_of_http_server_are_readable(listen: Any, tmp_path: Path) -> None:
    class Files(Quiet, CORSRequestHandler):
        cors = Policy([PAGE, SHOP])

        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(tmp_path))

    (tmp_path / "here").write_text("OK")
    (tmp_path / "dir").mkdir()
    front_end = listen(Files)
    browser = Browser(front_end.target, PAGE)
    for path, status in [("here", 200), ("missing", 404), ("dir", 200)]:
        verdict = browser.fetch(f"{front_end.url}{path}")
        assert (verdict.allowed, verdict.response.status) == (True, status), path
    assert verdict.response.redirected, "a directory redirects to its slash, readably"
    assert Browser(front_end.target, STRANGER).fetch(f"{front_end.url}missing").reason.code == "allow-origin-missing"


def test_a_redirect_is_followed_where_every_hop_allows_it() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/start":
            start_response("307 Temporary Redirect", [("Location", "https://other.example.net/end")])
        else:
            start_response("200 OK", list(ANSWER))
        return [b""]

    for policy, code in [
        (Policy("*", allow_methods=["PUT"]), "cors-check-passed"),
        (Policy([PAGE, SHOP], allow_methods=["PUT"]), "allow-origin-missing"),
        (Policy([PAGE, "null"], allow_methods=["PUT"]), "cors-check-passed"),
        (Policy(PAGE, allow_methods=["PUT"]), "allow-origin-missing"),
    ]:
        verdict = Browser(CORSMiddleware(app, policy), PAGE).fetch("https://api.example.net/start", method="PUT")
        assert verdict.reason.code == code, policy
        origins = [line for exchange in verdict.exchanges for line in exchange.request_lines("Origin")]
        assert origins[:3] == [PAGE, PAGE, "null"], "the second origin is asked by nobody"


@pytest.mark.parametrize(("max_age", "seconds"), [(600, 600), (0, 0), (None, 5), (86400, 7200)])
def test_preflights_are_remembered_for_as_long_as_the_policy_says(
    serve: Serve, max_age: int | None, seconds: int
) -> None:
    clock = Clock()
    front_end = serve(Policy(PAGE, allow_methods=["PUT"], max_age=max_age))
    browser = Browser(front_end.target, PAGE, clock=clock, timeout=5)
    preflights = []
    for now in (0, seconds - 1, seconds):
        clock.now = 1000.0 + max(now, 0)
        preflights.append(len(browser.fetch(front_end.url, method="PUT").preflights))
    assert preflights == [1, int(seconds == 0), 1]


def test_one_preflight_serves_all_that_the_policy_allows(serve: Serve) -> None:
    front_end = serve(Policy([PAGE, SHOP], allow_methods=["PUT", "DELETE"], allow_headers=["x-a", "authorization"]))
    browser = Browser(front_end.target, PAGE)
    assert len(browser.fetch(front_end.url, method="PUT").preflights) == 1
    later = browser.fetch(front_end.url, method="DELETE", headers={"Authorization": "x", "X-A": "1"})
    assert (later.allowed, later.preflights) == (True, ())
    assert NoteCode.PREFLIGHT_CACHED in [note.code for note in later.notes]


def test_routes_grant_by_path() -> None:
    app = CORSMiddleware(application, {"/api": Policy([PAGE, SHOP]), "/public": Policy("*"), "/": None})
    codes = {
        path: Browser(app, STRANGER).fetch(f"https://api.example.net{path}").reason.code
        for path in ("/api", "/api/x", "/public/x", "/elsewhere", "/publicity")
    }
    assert codes == {
        "/api": "allow-origin-missing",
        "/api/x": "allow-origin-missing",
        "/public/x": "cors-check-passed",
        "/elsewhere": "allow-origin-missing",
        "/publicity": "allow-origin-missing",
    }


def test_no_cors_reads_nothing_whatever_the_policy(serve: Serve) -> None:
    for policy in (Policy("*"), Policy([PAGE, SHOP])):
        front_end = serve(policy)
        verdict = Browser(front_end.target, STRANGER).fetch(front_end.url, mode="no-cors")
        assert (verdict.outcome, verdict.allowed, verdict.response.headers) == ("opaque", False, ())


def test_a_stream_is_permitted_without_any_list(serve: Serve) -> None:
    front_end = serve(Policy([PAGE, SHOP]))
    # the application does not read its body, which http.server would take for the next request
    verdict = Browser(front_end.target, PAGE).fetch(front_end.url, method="POST", body=iter([b""]), send=False)
    assert (verdict.outcome, len(verdict.preflights)) == ("unsent", 1)
