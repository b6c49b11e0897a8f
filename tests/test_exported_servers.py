"""Exported configurations on the real servers: they answer as the middleware does, with anything behind them."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import chromium
import machine
import pytest
from caching.servers import free_ports
from cors_tables import APP, STRANGER, TABLES, Given, Pairs, asks, origin
from exporting import page
from exporting.behind import Application, cors_of
from exporting.fronts import FRONTS, LARGEST_BODY, Front
from exporting.tables import PATHS, asking, before_an_application, before_files
from front_ends import Quiet
from on_waitress import running_waitress

from corswsgi import Policy
from corswsgi.export.servers import SERVERS
from corswsgi.export.statements import site_of
from corswsgi.protocol import rules_of

once = [pytest.mark.once, pytest.mark.timeout(240)]


@pytest.fixture(params=[pytest.param(name, marks=once) for name in SERVERS], scope="module")
def front(request: pytest.FixtureRequest) -> Front:
    """Each server in turn."""
    front = FRONTS[request.param]
    front.program()
    return front


def test_what_cannot_be_said_is_callables_and_echoes_only() -> None:
    unsaid = {table.id for table in TABLES} - PATHS.keys()
    assert all("callable" in name or name.startswith("echo-") for name in unsaid)


@pytest.mark.parametrize("has_cors", [False, True], ids=["without", "own"])
def test_the_tables_in_front_of_an_application(front: Front, has_cors: bool) -> None:
    count, differences = before_an_application(front, has_cors)
    assert differences[:10] == [], len(differences)
    assert count > 3000


def test_the_tables_in_front_of_files(front: Front, tmp_path: Path) -> None:
    if not front.has_files:
        pytest.skip(f"{SERVERS[front.name].title} serves no files")
    count, differences = before_files(front, tmp_path)
    assert differences[:10] == [], len(differences)
    assert count > 3000


KINDS = {
    "any": Policy("*", expose_headers=["X-A"]),
    "static": Policy(APP, allow_credentials=True),
    "dynamic": Policy([APP, "https://*.example.org"], expose_headers=["X-A"], allow_timing=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_the_server_itself_can_be_read(front: Front, kind: str) -> None:
    (nowhere,) = free_ports(1)
    application = Application()
    granted = cors_of(granted_headers(KINDS[kind]))
    with running_waitress(application) as behind, asking(front, KINDS[kind], behind=behind) as client:
        reply = client.ask("POST", "/", origin(APP), b"x" * (LARGEST_BODY + 1))
        assert (reply.status, cors_of(reply.headers)) == (front.too_large, granted)
    assert "POST" not in [method for method, _ in application.seen]
    with asking(front, KINDS[kind], behind=nowhere) as client:
        reply = client.ask("GET", "/", origin(APP))
        assert (reply.status, cors_of(reply.headers)) == (front.unreachable, granted)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_can_read_that_the_application_took_too_long(front: Front, kind: str) -> None:
    # It takes connections, and answers none.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        behind = silent.getsockname()[1]
        with asking(front, KINDS[kind], behind=behind, edits=[front.hurried]) as client:
            reply = client.ask("GET", "/", origin(APP))
    assert (reply.status, cors_of(reply.headers)) == (front.too_late, cors_of(granted_headers(KINDS[kind])))


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("nginx", (r"location / \{", "location / { proxy_intercept_errors on; error_page 500 /nowhere;")),
        ("apache", ("ProxyPreserveHost On", "ProxyErrorOverride On")),
    ],
)
def test_an_error_page_of_the_server_carries_the_headers_too(name: str, edit: tuple[str, str]) -> None:
    application = Application()
    application.otherwise = Given("500 Internal Server Error", (("Content-Length", "2"), ("X-Mine", "1")))
    with (
        running_waitress(application) as behind,
        asking(FRONTS[name], KINDS["static"], behind=behind, edits=[edit]) as client,
    ):
        reply = client.ask("GET", "/", origin(APP))
    assert (reply.status, reply.body == Given().body) == (500, False)
    assert cors_of(reply.headers) == cors_of(granted_headers(KINDS["static"]))


@pytest.mark.once
def test_a_location_of_nginx_with_a_header_of_its_own_loses_those_of_the_policy_unless_it_repeats_them() -> None:
    policy = KINDS["dynamic"]
    own = "location / {\n        add_header X-Mine 1 always;"
    repeated = "".join(
        f"add_header {name} {variable} always;"
        for name, variable in [
            ("Access-Control-Allow-Origin", "$cors_allow_origin"),
            ("Access-Control-Expose-Headers", "$cors_expose_headers"),
            ("Timing-Allow-Origin", "$cors_timing_allow_origin"),
            ("Vary", "$cors_vary"),
        ]
    )
    with running_waitress(Application()) as behind:
        for edit, told in [(own, ()), (f"{own}{repeated}", granted_headers(policy))]:
            with asking(FRONTS["nginx"], policy, behind=behind, edits=[(r"location / \{", edit)]) as client:
                reply = client.ask("GET", "/", origin(APP))
                assert (cors_of(reply.headers), reply.all("x-mine")) == (cors_of(told), ["1"])


def granted_headers(policy: Policy) -> Pairs:
    grant = rules_of(policy).grant(APP)
    assert grant is not None
    return tuple(grant.headers)


def test_ten_thousand_origins(front: Front) -> None:
    known = [f"https://customer-{number}.example" for number in range(10_000)]
    with running_waitress(Application()) as behind, asking(front, Policy(known), behind=behind) as client:
        for who in (known[0], known[4999], known[-1]):
            reply = client.ask("OPTIONS", "/", asks(who, "PUT"))
            assert (reply.status, reply.all("access-control-allow-origin")) == (204, [who])
        for who in (STRANGER, "https://customer-10000.example", known[0].upper(), f"{known[0]}.evil.example"):
            assert client.ask("OPTIONS", "/", asks(who, "PUT")).status == 403


NAMES = ("X-!#$&'*+.^_`|~", "%ci", "x%%", "'", "$host", "`id`", "X-A")


def test_names_of_any_characters_are_answered_as_they_are(front: Front) -> None:
    policy = Policy(APP, allow_headers=NAMES, allow_methods=NAMES, expose_headers=NAMES)
    (said,) = site_of(policy, SERVERS[front.name].title).statements
    with running_waitress(Application()) as behind, asking(front, {"/a'b": policy}, behind=behind) as client:
        reply = client.ask("OPTIONS", "/a'b", asks(APP, "PUT"))
        assert cors_of(reply.headers) == cors_of([*said.granted.headers, ("Vary", said.granted.vary)])
        reply = client.ask("GET", "/a'b", origin(APP))
        assert cors_of(reply.headers) == cors_of([*said.allowed.headers, ("Vary", said.allowed.vary)])


def test_what_no_rule_governs_passes_untouched(front: Front) -> None:
    application = Application()
    application.answers["/theirs"] = Given(headers=(("Content-Length", "2"), ("Access-Control-Allow-Origin", STRANGER)))
    sites: dict[str, Policy | None] = {"/ours": Policy(APP, allow_timing=True)}
    with running_waitress(application) as behind, asking(front, sites, behind=behind) as client:
        reply = client.ask("GET", "/theirs", origin(STRANGER))
        assert cors_of(reply.headers) == cors_of([("Access-Control-Allow-Origin", STRANGER)])
        application.seen.clear()
        client.ask("OPTIONS", "/theirs", asks(STRANGER, "PUT"))
        assert application.seen == [("OPTIONS", "/theirs")]


# In Chromium

SCRIPTS = """<!doctype html><script>
const asks = ASKS;
const results = [];
(async () => {
  for (const [path, options] of asks) {
    try {
      const response = await fetch("http://127.0.0.1:PORT" + path, options);
      results.push([response.status, response.headers.get("X-Total")]);
    } catch (error) { results.push(null); }
  }
  await fetch("/results", {method: "POST", body: JSON.stringify(results)});
})();
</script>"""
#: What scripts ask, and what they are told: the status and a header, or nothing.
ASKED: list[tuple[str, dict[str, Any], list[Any] | None]] = [
    ("/api/read", {}, [200, "7"]),
    ("/api/write", {"method": "PUT", "headers": {"X-Key": "1"}}, [200, "7"]),
    ("/api/write", {"method": "DELETE"}, None),
    ("/api/write", {"method": "PUT", "headers": {"X-Other": "1"}}, None),
    ("/api/read", {"credentials": "include"}, [200, "7"]),
    ("/api/error", {}, [500, "7"]),
    ("/api/large", {"method": "POST", "body": "x" * (LARGEST_BODY + 1)}, [413, None]),
    ("/open/read", {"method": "PATCH", "headers": {"X-Anything": "1"}}, [200, None]),
    ("/open/read", {"credentials": "include"}, None),
    ("/others/read", {}, None),
    ("/others/write", {"method": "PUT"}, None),
    ("/nobodys", {}, None),
]


@contextmanager
def page_of_another_origin() -> Iterator[tuple[ThreadingHTTPServer, queue.Queue[Any]]]:
    """Serve the attribute ``html`` of a server; give the server, and what the page reports."""
    reports: queue.Queue[Any] = queue.Queue()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.server.html.encode()  # type: ignore[attr-defined]  # set by the test
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server, reports
        finally:
            server.shutdown()
            thread.join()


def test_chromium_reads_what_the_policy_lets_it_read(front: Front) -> None:
    browser = machine.find("chromium")
    application = Application(has_cors=True)
    application.otherwise = Given(headers=(("Content-Length", "2"), ("X-Total", "7")))
    application.answers["/api/error"] = Given("500 Internal Server Error", application.otherwise.headers)
    with page_of_another_origin() as (server, reports), running_waitress(application) as behind:
        here = f"http://127.0.0.1:{server.server_port}"
        shared: dict[str, Any] = {"allow_methods": "PUT", "allow_headers": "X-Key", "expose_headers": "X-Total"}
        sites: dict[str, Policy | None] = {
            "/api": Policy([here, APP], allow_credentials=True, **shared),
            "/open": Policy("*", allow_methods="*", allow_headers="*"),
            "/others": Policy([APP, STRANGER], **shared),
            "/": Policy(APP),
        }
        with front.standing(sites, behind=behind) as port:
            wanted = [[path, options] for path, options, _ in ASKED]
            server.html = SCRIPTS.replace("ASKS", json.dumps(wanted)).replace("PORT", str(port))  # type: ignore[attr-defined]  # read above
            with chromium.opened(browser, f"{here}/"):
                told = [[front.too_large, None] if told == [413, None] else told for _, _, told in ASKED]
                assert reports.get(timeout=60) == told


# The page on servers


def test_the_page_is_about_every_server() -> None:
    text = page.DOCUMENT.read_text("utf-8").partition(page.BEGIN)[2].partition(page.END)[0]
    for name, server in SERVERS.items():
        assert f"\n{server.title}\n{'~' * len(server.title)}\n" in text
        assert all(f"\n- {limit}\n" in text for limit in FRONTS[name].limits)
