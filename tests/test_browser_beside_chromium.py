"""``corswsgi.browser`` beside a real Chromium: the same fetches of the same servers, and what the script was told."""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import chromium
import machine
import pytest
import requests

from corswsgi.browser import Browser

pytestmark = pytest.mark.once

#: Seconds without a word from the page after which it counts as hanging.
WATCHDOG = 60

SCRIPT = """<script type="module">
for (const {id, url, init} of await (await fetch("/cases")).json()) {
  let told;
  try {
    const answer = await fetch(url, {...init, cache: "no-store"});
    const outcome = answer.type.startsWith("opaque") ? answer.type : "readable";
    told = [outcome, answer.status, [...answer.headers.keys()].sort()];
  } catch (error) {
    told = [error instanceof TypeError ? "blocked" : String(error), null, null];
  }
  await fetch("/told", {method: "POST", body: JSON.stringify({id, told})});
}
</script>"""

Answer = tuple[int, Sequence[tuple[str, str]]]


@dataclass
class Init:
    """What ``fetch`` takes."""

    method: str = "GET"
    headers: Sequence[tuple[str, str]] = ()
    body: str | None = None
    mode: str = "cors"
    credentials: str = "same-origin"
    redirect: str = "follow"


@dataclass
class Case:
    """A fetch: what the server answers, and to a preflight if that differs; ``url`` instead, where nothing is scripted.

    In header values ``{O}`` is the request's Origin, ``{page}``, ``{api}`` and ``{third}`` are the servers' origins.
    """

    answer: Answer = (200, ())
    preflight: Answer | None = None
    init: Init = field(default_factory=Init)
    server: str = "api"
    url: str = ""


ALLOW = "Access-Control-Allow-Origin"
ECHO, ANY, TRUE = (ALLOW, "{O}"), (ALLOW, "*"), ("Access-Control-Allow-Credentials", "true")
#: A credentials mode, and headers that let the page read under it.
MODES = {"omit": [ANY], "include": [ECHO, TRUE]}
ALL = [("Access-Control-Allow-Methods", "*"), ("Access-Control-Allow-Headers", "*")]


def listing(name: str, value: str | None) -> list[tuple[str, str]]:
    return [] if value is None else [(f"Access-Control-{name}", value)]


def cors_checks() -> Iterator[Case]:
    values = ["null", "{page}/", "{page}, {page}", "", " {page} ", "http://LOCALHOST"]
    answers = [[], [ECHO], [ANY], [ECHO, ECHO], [ANY, ECHO], [ECHO, TRUE], [ANY, TRUE], [ECHO, TRUE, TRUE]]
    answers += [[ECHO, ("Access-Control-Allow-Credentials", "True")], *([(ALLOW, value)] for value in values)]
    for headers, credentials, status in itertools.product(answers, ("omit", "same-origin", "include"), (200, 404, 500)):
        yield Case((status, headers), init=Init(credentials=credentials))


def exposed_headers() -> Iterator[Case]:
    sent = [("X-A", "1"), ("X-B", "2"), ("Set-Cookie", "a=b"), ("Last-Modified", "x"), ("ETag", "e")]
    for value, credentials in itertools.product(("X-A", "x-a, X-B", "*", "X-A;", "Set-Cookie", "", "X-A,,X-B"), MODES):
        headers = [*MODES[credentials], *sent, ("Access-Control-Expose-Headers", value)]
        yield Case((200, headers), init=Init(credentials=credentials))


def methods() -> Iterator[Case]:
    asked = ("PUT", "put", "DELETE", "PATCH", "patch", "Custom", "HEAD", "POST")
    listed = (None, "PUT", "PUT, DELETE", "*", "put", "PATCH", "Custom", "PUT DELETE", "PUT;x", "", ",PUT")
    for method, value, credentials in itertools.product(asked, listed, MODES):
        headers = [*MODES[credentials], *listing("Allow-Methods", value)]
        yield Case((200, MODES[credentials]), (204, headers), Init(method, credentials=credentials))


def request_headers() -> Iterator[Case]:
    asked = [
        ("X-A", "1"), ("Content-Type", "application/json"), ("Content-Type", "TEXT/PLAIN;charset=utf-8"),
        ("Content-Type", "text/plain, x/y"), ("Accept", "x("), ("Accept", "a" * 128), ("Accept", "a" * 129),
        ("Accept-Language", "de_AT"), ("Content-Language", "x"), ("Range", "bytes=0-5"), ("Range", "bytes=-5"),
        ("Cookie", "a"), ("Origin", "x"), ("X-HTTP-Method-Override", "TRACE"),
    ]  # fmt: skip
    listed = (None, "x-a", "X-A", "content-type", "*", "x-a content-type", "x-a,,accept,accept-language,range")
    for header, value, credentials in itertools.product(asked, listed, MODES):
        headers = [*MODES[credentials], *listing("Allow-Headers", value)]
        yield Case((200, MODES[credentials]), (204, headers), Init(headers=[header], credentials=credentials))


def preflight_statuses() -> Iterator[Case]:
    for status in (200, 201, 204, 299, 301, 302, 304, 400, 401, 403, 404, 405, 500):
        yield Case((200, [ANY]), (status, [ANY, *ALL, ("Location", "{api}/")]), Init("PUT"))


def redirects() -> Iterator[Case]:
    granted: tuple[list[tuple[str, str]], ...] = ([ANY], [ECHO], [(ALLOW, "{page}")], [])
    for status, method, third, headers in itertools.product(
        (301, 302, 303, 307, 308), ("GET", "POST", "PUT"), ("page", "api", "third"), granted
    ):
        location = ("Location", f"{{{third}}}/?" + urlencode({"answer": json.dumps((200, [*headers, *ALL]))}))
        init = Init(method, body=None if method == "GET" else "x")
        yield Case((status, [ANY, *ALL, location]), init=init)
        if headers == [ECHO]:
            yield Case((status, [location]), init=init, server="page")
    for mode in ("error", "manual"):
        yield Case((302, [ANY, ("Location", "{third}/")]), init=Init(redirect=mode))
    for target in ("data:text/plain,x", "http://u:p@localhost:1/"):
        yield Case((302, [ANY, ("Location", target)]))
    yield Case((302, [ANY]))


def other_modes() -> Iterator[Case]:
    for mode, policy in itertools.product(
        ("no-cors", "same-origin"), (None, "same-origin", "same-site", "cross-origin")
    ):
        headers = [] if policy is None else [("Cross-Origin-Resource-Policy", policy)]
        yield Case((200, headers), init=Init(mode=mode))
        yield Case((200, headers), init=Init(mode=mode), server="page")
    yield Case(init=Init(mode="no-cors", redirect="manual"))
    yield Case(init=Init("PUT", mode="no-cors"))
    yield Case((200, [ANY]), init=Init("TRACE"))
    yield Case((200, [ANY]), init=Init(body="x"))
    yield from (Case(url=url) for url in ("data:text/plain,x", "http://u:p@localhost:2/", "http://localhost:1/"))


FAMILIES = (
    cors_checks, exposed_headers, methods, request_headers, preflight_statuses, redirects, other_modes,
)  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers what the query says; on the page's origin also the page, its cases, and what it is told."""

    protocol_version = "HTTP/1.1"
    servers: Mapping[str, str]
    cases: bytes
    told: queue.Queue[dict[str, Any]]

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        script = {name: json.loads(values[0]) for name, values in parse_qs(parts.query).items()}
        is_preflight = self.command == "OPTIONS" and "Access-Control-Request-Method" in self.headers
        if parts.path == "/page":
            self.send(200, [("Content-Type", "text/html")], SCRIPT.encode())
        elif parts.path == "/cases":
            self.send(200, [], self.cases)
        elif parts.path == "/told":
            self.told.put(json.loads(body))
            self.send(204, [], b"")
        else:
            name = "preflight" if is_preflight and "preflight" in script else "answer"
            status, headers = script.get(name, (404, []))
            self.send(status, headers, b"x")

    def send(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        names = {"O": self.headers.get("Origin", ""), **self.servers}
        self.send_response(status)
        for name, value in headers:
            for key, meant in names.items():
                value = value.replace(f"{{{key}}}", meant)
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status not in (204, 304) and self.command != "HEAD":
            self.wfile.write(body)


@contextlib.contextmanager
def served() -> Iterator[type[Handler]]:
    """Start three servers, and give the handler class that they share."""
    handler: Any = type("ScriptedHandler", (Handler,), {"told": queue.Queue(), "cases": b"[]"})
    with contextlib.ExitStack() as running:
        servers = [running.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler)) for _ in range(3)]
        origins = [f"http://localhost:{server.server_port}" for server in servers]
        handler.servers = dict(zip(("page", "api", "third"), origins, strict=True))
        for server in servers:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            running.callback(thread.join)
            running.callback(server.shutdown)
        yield handler


def address(case: Case, number: int, servers: Mapping[str, str]) -> str:
    if case.url:
        return case.url
    script = {"answer": case.answer} if case.preflight is None else {"answer": case.answer, "preflight": case.preflight}
    return (
        f"{servers[case.server]}/?{urlencode({name: json.dumps(value) for name, value in script.items()})}&n={number}"
    )


def told_by_ours(origin: str, url: str, init: Init) -> list[Any]:
    """Return what our browser tells a script, in the form of the page's report."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            verdict = Browser(session, origin).fetch(url, **asdict(init))
        except TypeError:
            return ["blocked", None, None]
    if verdict.response is None:
        return [verdict.outcome, None, None]
    return [verdict.outcome, verdict.response.status, sorted(name for name, _ in verdict.response.headers)]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_our_browser_tells_a_script_what_chromium_tells_it(family: Any) -> None:
    browser = machine.find("chromium")
    cases = list(family())
    with served() as handler:
        urls = [address(case, number, handler.servers) for number, case in enumerate(cases)]
        asked = [{"id": number, "url": urls[number], "init": asdict(case.init)} for number, case in enumerate(cases)]
        handler.cases = json.dumps(asked).encode()
        chromium_told: dict[int, Any] = {}
        with chromium.opened(browser, f"{handler.servers['page']}/page") as complaints:
            while len(chromium_told) < len(cases):
                try:
                    report = handler.told.get(timeout=WATCHDOG)
                except queue.Empty:
                    pytest.fail(
                        f"{asked[len(chromium_told)]} hangs; {complaints.read_text('utf-8', 'replace')[-2000:]}"
                    )
                chromium_told[report["id"]] = report["told"]
        ours = {n: told_by_ours(handler.servers["page"], urls[n], case.init) for n, case in enumerate(cases)}
    differing = [
        (asked[number], chromium_told[number], ours[number]) for number in ours if ours[number] != chromium_told[number]
    ]
    assert differing == []
    assert len({json.dumps(told) for told in ours.values()}) > 1, "a family decides both ways"
