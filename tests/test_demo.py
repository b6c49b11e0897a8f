"""The demo without a browser: what its servers answer over sockets, what they refuse, and how they start and stop."""

from __future__ import annotations

import argparse
import contextlib
import errno
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from front_ends import Pairs, Reply

from corswsgi import Policy
from corswsgi.demo import command
from corswsgi.demo.api import MAX_BODY, application, demo_policy
from corswsgi.demo.playground import why
from corswsgi.demo.policy_text import source_of
from corswsgi.demo.recorder import (
    CUT,
    MAX_EXCHANGES,
    MAX_HEADERS,
    MAX_LENGTH,
    MAX_MESSAGE,
    MAX_REQUESTS,
    Exchange,
    Recorder,
)
from corswsgi.demo.reference import ReferenceHandler, ReferenceServer
from corswsgi.demo.servers import Demo, _origin
from corswsgi.demo.visits import Visits
from corswsgi.errors import UsageError

JSON = ("Content-Type", "application/json")
TOKEN = ("Authorization", "Bearer demo-token")
NEEDS_TOKEN = {"error": "send Authorization: Bearer demo-token"}
FILES = sorted(
    each.name for each in resources.files("corswsgi.demo").iterdir() if each.name.endswith((".html", ".css", ".js"))
)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with Demo() as demo:
        yield demo


@pytest.fixture(params=["middleware", "handler"])
def api(request: pytest.FixtureRequest, demo: Demo) -> str:
    """The URL of each front end in turn."""
    url: str = demo.api_url if request.param == "middleware" else demo.handler_url
    return url


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def ask(url: str, method: str, target: str, headers: Pairs = (), body: bytes | None = None) -> Reply:
    """Send a request with these headers; Host and the Content-Length of a body are added where they are missing."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(url), timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        given = dict(headers)
        length = {} if body is None or "Content-Length" in given else {"Content-Length": str(len(body))}
        for name, value in [*({"Host": url.removeprefix("http://")} | length | given).items()]:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Reply(response.status, response.getheaders(), response.read())


def allowed(demo: Demo) -> list[tuple[str, str]]:
    """What the demo's policy puts on every response that is no answer to a preflight."""
    return [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Origin", demo.page_url),
        ("Access-Control-Expose-Headers", "X-Request-Cost"),
    ]


# --- What the API answers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "value"),
    [
        ("GET", "/status", [], None, 200, {"status": "OK"}),
        ("POST", "/orders", [JSON], b'{"item": "tea"}', 201, {"ordered": {"item": "tea"}}),
        ("POST", "/orders", [JSON], b"{item", 400, {"error": "the body is not JSON"}),
        ("POST", "/orders", [JSON], b"\xff", 400, {"error": "the body is not JSON"}),
        ("PUT", "/orders/7", [JSON], b'{"cups": 3}', 200, {"saved": True}),
        ("DELETE", "/orders/7", [], None, 200, {"deleted": True}),
        ("GET", "/key", [("X-Api-Key", "k-123")], None, 200, {"key": "k-123"}),
        ("GET", "/cost", [], None, 200, {"rows": 3}),
        ("POST", "/session", [], b"", 200, {"signed_in": "ada"}),
        ("GET", "/session", [("Cookie", "other=1; corswsgi-demo=ada")], None, 200, {"cookie": "ada"}),
        ("GET", "/session", [], None, 200, {"cookie": None}),
        ("GET", "/account", [TOKEN], None, 200, {"account": "ada"}),
        ("GET", "/account", [("Authorization", "Bearer other")], None, 401, NEEDS_TOKEN),
        ("GET", "/account", [("Authorization", "Basic demo-token")], None, 401, NEEDS_TOKEN),
        ("GET", "/nothing", [], None, 404, {"error": "nothing is at this path"}),
        ("PATCH", "/orders/7", [], None, 405, {"error": "this path answers DELETE, PUT"}),
        ("OPTIONS", "/status", [], None, 405, {"error": "this path answers GET"}),
        (
            "POST",
            "/orders",
            [JSON],
            b" " * (MAX_BODY + 1),
            413,
            {"error": f"the body is larger than {MAX_BODY} bytes; send a smaller one"},
        ),
    ],
)
def test_both_front_ends_give_the_same_answer(
    demo: Demo, api: str, method: str, path: str, headers: Pairs, body: bytes | None, status: int, value: object
) -> None:
    reply = ask(api, method, path, [("Origin", demo.page_url), *headers], body)
    assert (reply.status, json.loads(reply.body)) == (status, value)
    assert reply.all("Content-Type") == ["application/json"]
    assert reply.all("Content-Length") == [str(len(reply.body))]
    assert reply.cors == allowed(demo)


def test_head_is_a_get_without_body(api: str) -> None:
    reply = ask(api, "HEAD", "/status")
    assert (reply.status, reply.all("Content-Length"), reply.body) == (200, ["16"], b"")


def test_an_exposed_and_a_hidden_header(api: str) -> None:
    reply = ask(api, "GET", "/cost")
    assert (reply.all("X-Request-Cost"), reply.all("X-Internal-Node")) == (["3"], ["rack-7"])


def test_the_cookie_is_short_lived_and_kept_from_scripts(api: str) -> None:
    (cookie,) = ask(api, "POST", "/session", body=b"").all("Set-Cookie")
    assert cookie == "corswsgi-demo=ada; Path=/; Max-Age=300; HttpOnly; SameSite=Lax"


def test_a_crash_is_readable_and_logged(demo: Demo, api: str, caplog: pytest.LogCaptureFixture) -> None:
    reply = ask(api, "GET", "/crash", [("Origin", demo.page_url)])
    assert (reply.status, reply.cors) == (500, allowed(demo))
    (record,) = (each for each in caplog.records if each.name == "corswsgi")
    assert record.exc_info is not None
    assert record.exc_info[0] is RuntimeError


@pytest.mark.parametrize(
    ("method", "headers"),
    [("PUT", "content-type"), ("POST", "content-type"), ("DELETE", None), ("GET", "x-debug"), ("GET", "authorization")],
)
def test_a_preflight_is_answered_with_the_whole_policy(demo: Demo, api: str, method: str, headers: str | None) -> None:
    asked = [("Origin", demo.page_url), ("Access-Control-Request-Method", method)]
    asked += [("Access-Control-Request-Headers", headers)] if headers else []
    reply = ask(api, "OPTIONS", "/orders/7", asked)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.cors == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "Authorization,Content-Type,X-Api-Key"),
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Allow-Origin", demo.page_url),
        ("Access-Control-Max-Age", "600"),
    ]


@pytest.mark.parametrize("origin", ["stranger", "null"])
def test_an_origin_that_is_not_allowed(demo: Demo, api: str, origin: str) -> None:
    sender = demo.stranger_url if origin == "stranger" else origin
    preflight = ask(api, "OPTIONS", "/orders", [("Origin", sender), ("Access-Control-Request-Method", "POST")])
    assert (preflight.status, preflight.cors) == (403, [])
    # The policy has one origin, so that its headers are constant; what they name is not the stranger.
    reply = ask(api, "GET", "/status", [("Origin", sender)])
    assert (reply.status, reply.cors) == (200, allowed(demo))


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ([("Content-Length", "some")], 400, "the Content-Length is not a number"),
        ([("Content-Length", "-1")], 400, "the Content-Length is not a number"),
        ([("Content-Length", "²")], 400, "the Content-Length is not a number"),
        ([("Content-Length", "9" * 5000)], 413, f"the body is larger than {MAX_BODY} bytes; send a smaller one"),
        ([("Transfer-Encoding", "chunked")], 411, "send a Content-Length instead of Transfer-Encoding"),
    ],
)
def test_the_handler_refuses_bodies_of_unknown_length(demo: Demo, headers: Pairs, status: int, error: str) -> None:
    reply = ask(demo.handler_url, "POST", "/orders", [("Origin", demo.page_url), *headers])
    assert (reply.status, json.loads(reply.body), reply.cors) == (status, {"error": error}, allowed(demo))
    assert reply.all("Connection") == ["close"]


def test_the_handler_keeps_connections(demo: Demo) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(demo.handler_url), timeout=30)
    with contextlib.closing(connection):
        for path, status in [("/status", 200), ("/nothing", 404), ("/status", 200)]:
            connection.request("GET", path)
            assert (connection.getresponse().read() != b"", connection.sock is not None) == (True, True), (path, status)


# --- Hosts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["page_url", "api_url", "handler_url"])
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", ""])
def test_a_foreign_host_name_is_refused(demo: Demo, server: str, host: str) -> None:
    reply = ask(getattr(demo, server), "GET", "/status?id=foreign", [("Host", host)])
    assert reply.status == 421
    assert demo.recorder.exchanges("foreign") == []


@pytest.mark.parametrize("server", ["page_url", "api_url", "handler_url"])
def test_each_server_is_bound_to_this_machine_only(demo: Demo, server: str) -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert ask(getattr(demo, server), "GET", "/favicon.ico", [("Host", host)]).status in (204, 404)
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        # Another address of the loopback net: a server bound to all addresses would answer there.
        other.connect(("127.0.0.2", port_of(getattr(demo, server))))


# --- The page --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [("html", "text/html"), ("css", "text/css"), ("js", "text/javascript")])
def test_the_files_of_the_page_are_served(demo: Demo, name: str, kind: str) -> None:
    for file in FILES:
        if file.endswith(name):
            reply = ask(demo.page_url, "GET", "/" if file == "index.html" else f"/{file}")
            assert (reply.status, reply.all("Content-Type")) == (200, [f"{kind}; charset=utf-8"]), file
            assert reply.body == resources.files("corswsgi.demo").joinpath(file).read_bytes()
            assert reply.cors == []


def test_the_page_is_kept_to_its_three_servers(demo: Demo) -> None:
    reply = ask(demo.page_url, "GET", "/")
    assert reply.all("Content-Security-Policy") == [
        f"default-src 'none'; script-src 'self' {demo.page_url}; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' {demo.api_url} {demo.handler_url}; frame-src 'self' {demo.stranger_url}; "
        f"frame-ancestors {demo.page_url}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    ]
    assert reply.all("X-Content-Type-Options") == ["nosniff"]


#: Origins that are shown, and that a policy may list: names that belong to nobody, and two hints.
SHOWN = r"https://(?:\*\.|App\.|app\.)?example\.(?:com|org)\b|https://\*\.github\.io</code>|<code>http://</code>"


def test_the_page_names_nothing_outside() -> None:
    assert len(FILES) == 20
    for file in FILES:
        text = resources.files("corswsgi.demo").joinpath(file).read_text("utf-8")
        shown = re.sub(SHOWN, "", text)
        assert re.findall(r"""[a-z]+://|["'(]//|@import|url\(""", shown) == [], file


def test_the_page_makes_no_markup_of_data() -> None:
    for file in FILES:
        text = resources.files("corswsgi.demo").joinpath(file).read_text("utf-8")
        assert re.findall(r"(?:inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|srcdoc", text) == [], file


def test_the_page_uses_only_files_of_its_own() -> None:
    reached = ["index.html", "stranger.html"]
    for file in reached:
        text = resources.files("corswsgi.demo").joinpath(file).read_text("utf-8")
        used = set(re.findall(r'(?:src|href)="([^"#][^"]*)"', text)) - {"data:,"}
        used |= {f"{name}.js" for name in re.findall(r'\bfrom "\./([a-z-]+)\.js";', text)}
        assert used <= set(FILES)
        reached += used - set(reached)
        assert "import(" not in text
    assert set(reached) == set(FILES)


def test_under_another_name_the_page_leads_to_its_own(demo: Demo) -> None:
    reply = ask(demo.page_url, "GET", "/", [("Host", demo.stranger_url.removeprefix("http://"))])
    assert (reply.status, reply.all("Location")) == (302, [demo.page_url])


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/favicon.ico", 204),
        ("GET", "/nothing", 404),
        ("GET", "/../api.py", 404),
        ("POST", "/", 404),
        ("POST", "/results", 404),
        ("HEAD", "/", 200),
    ],
)
def test_the_rest_of_the_page_server(demo: Demo, method: str, target: str, status: int) -> None:
    reply = ask(demo.page_url, method, target, [("Origin", demo.page_url)], b"{}" if method == "POST" else None)
    assert reply.status == status
    assert reply.all("Content-Security-Policy") != []


def test_the_page_is_told_the_origins_and_the_policy(demo: Demo) -> None:
    config = json.loads(ask(demo.page_url, "GET", "/config.json").body)
    assert (config["page"], config["stranger"], config["report"]) == (demo.page_url, demo.stranger_url, False)
    assert {each["name"]: each["url"] for each in config["frontEnds"]} == {
        "middleware": demo.api_url,
        "handler": demo.handler_url,
    }
    assert eval(config["policy"], {"Policy": Policy}) == demo_policy(demo.page_url)


def test_results_are_taken_from_the_page_only_where_a_test_wants_them() -> None:
    results: list[dict[str, Any]] = []
    with Demo(on_result=results.append) as demo:
        config = json.loads(ask(demo.page_url, "GET", "/config.json").body)
        foreign = ask(demo.page_url, "POST", "/results", [("Origin", demo.stranger_url), JSON], b'{"event": "foreign"}')
        own = ask(demo.page_url, "POST", "/results", [("Origin", demo.page_url), JSON], b'{"event": "done"}')
    assert (config["report"], foreign.status, own.status) == (True, 403, 204)
    assert results == [{"event": "done"}]


@pytest.mark.parametrize(
    "policy",
    [
        demo_policy("http://localhost:8000"),
        Policy(allow_origins="*", max_age=0),
        Policy(allow_origins=["null"], enforce=True),
    ],
)
def test_the_source_that_is_shown_is_that_of_the_policy(policy: Policy) -> None:
    assert eval(source_of(policy), {"Policy": Policy}) == policy


# --- The recorder ----------------------------------------------------------------------------------


def test_both_front_ends_record_the_same(demo: Demo) -> None:
    seen = []
    for number, url in enumerate([demo.api_url, demo.handler_url]):
        origin, target = ("Origin", demo.page_url), f"/orders?id=same-{number}"
        asked = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type")]
        ask(url, "OPTIONS", target, [origin, *asked])
        cookie = ("Cookie", "session=secret; corswsgi-demo=ada")
        ask(url, "POST", target, [origin, cookie, JSON, ("x-api-key", "k"), ("Accept", "*/*")], b"{}")
        ask(url, "GET", target, [("Cookie", "session=secret")])
        seen.append(json.loads(ask(demo.page_url, "GET", f"/exchanges.json?id=same-{number}").body))
    assert seen[0] == seen[1]
    response = [
        ["Access-Control-Allow-Origin", demo.page_url],
        ["Access-Control-Allow-Credentials", "true"],
        ["Access-Control-Expose-Headers", "X-Request-Cost"],
        ["Content-Type", "application/json"],
    ]
    preflight, post, get = seen[0]["exchanges"]
    assert preflight == {
        "method": "OPTIONS",
        "path": "/orders",
        "preflight": True,
        "request": [["Origin", demo.page_url], *map(list, asked)],
        "status": "204 No Content",
        "response": [
            ["Access-Control-Allow-Origin", demo.page_url],
            ["Access-Control-Allow-Credentials", "true"],
            ["Access-Control-Allow-Methods", "PUT"],
            ["Access-Control-Allow-Headers", "Authorization,Content-Type,X-Api-Key"],
            ["Access-Control-Max-Age", "600"],
        ],
    }
    assert post == {
        "method": "POST",
        "path": "/orders",
        "preflight": False,
        "request": [
            ["Origin", demo.page_url],
            ["Content-Type", "application/json"],
            ["Cookie", "corswsgi-demo=ada"],
            ["X-Api-Key", "k"],
        ],
        "status": "201 Created",
        "response": response,
    }
    assert (get["request"], get["status"], get["response"]) == ([], "405 Method Not Allowed", response)


def test_the_recorder_keeps_the_newest_ids() -> None:
    recorder = Recorder()
    for number in range(MAX_REQUESTS + 10):
        recorder.begin("GET", "/", f"id={number}", [])
    kept = [number for number in range(MAX_REQUESTS + 10) if recorder.exchanges(str(number))]
    assert kept == list(range(10, MAX_REQUESTS + 10))


def test_the_recorder_keeps_a_few_exchanges_of_an_id() -> None:
    recorder = Recorder()
    for number in range(MAX_EXCHANGES + 3):
        recorder.begin("GET", f"/{number}", "id=a", [])
    assert [each.path for each in recorder.exchanges("a")] == [f"/{number}" for number in range(MAX_EXCHANGES)]


def test_the_recorder_cuts_what_is_long() -> None:
    recorder = Recorder()
    long = "x" * (MAX_LENGTH + 1)
    headers = [(f"X-{number}-{long}", long) for number in range(MAX_HEADERS + 1)]
    recorder.begin(long, long, "id=a", headers).finish(long, headers)
    (kept,) = recorder.exchanges("a")
    whole = MAX_MESSAGE // (2 * MAX_LENGTH)
    rest = [("…", f"{MAX_HEADERS + 1 - whole} more, not recorded")]
    assert (kept.request[whole:], kept.response[whole:]) == (rest, rest)
    pairs = kept.request[:whole] + kept.response[:whole]
    texts = [kept.method, kept.path, kept.status, *(text for pair in pairs for text in pair)]
    assert {(len(text), text[-2:]) for text in texts} == {(MAX_LENGTH + len(CUT), CUT)}


def test_the_recorder_keeps_a_few_headers_and_says_what_it_leaves_out() -> None:
    headers = [(f"X-{number}", "1") for number in range(MAX_HEADERS + 2)]
    kept = Recorder().begin("GET", "/", "", headers)
    assert kept.request == [*headers[:MAX_HEADERS], ("…", "2 more, not recorded")]
    exact = [("X-A", "a" * MAX_LENGTH), *headers[: MAX_HEADERS - 1]]
    assert Recorder().begin("GET", "/", "", exact).request == exact  # nothing is marked where nothing is left out


def test_what_is_kept_of_a_message_is_bounded() -> None:
    headers = [("X", "1" * (MAX_LENGTH - 2)), *[("X", "1" * MAX_LENGTH)] * MAX_HEADERS]
    kept = Recorder().begin("GET", "/", "", headers).request
    assert MAX_MESSAGE < sum(len(text) for pair in kept for text in pair) < MAX_MESSAGE + 100
    assert kept[-2][1].endswith(CUT)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("id=a", "/x"),
        ("visit=b&id=a", "/x"),
        ("item=7&visit=b&id=a", "/x?item=7"),
        ("id=5&visit=mine&item=%20&visit=b&id=a", "/x?id=5&visit=mine&item=%20"),
        ("id=a&id=", "/x?id="),
        ("id&&item", "/x?id&&item"),
        ("", "/x"),
    ],
)
def test_the_query_is_told_without_what_the_page_has_put_there(query: str, shown: str) -> None:
    assert Recorder().begin("GET", "/x", query, []).path == shown


def test_a_path_is_told_as_people_write_it(demo: Demo, api: str) -> None:
    name = f"path-{port_of(api)}"
    ask(api, "GET", f"/%C3%A9ch%C3%B8/a%20b%ff?item=%C3%A9&id={name}")
    (seen,) = json.loads(ask(demo.page_url, "GET", f"/exchanges.json?id={name}").body)["exchanges"]
    assert seen["path"] == "/échø/a b\ufffd?item=%C3%A9"


def test_a_crash_that_is_left_to_the_server_is_recorded(demo: Demo) -> None:
    reply = ask(demo.api_url, "GET", "/crash?id=left", [("Origin", demo.stranger_url)])
    (seen,) = demo.recorder.exchanges("left")
    assert (reply.status, reply.cors) == (500, [])
    assert (seen.status, seen.response, seen.raised) == ("500 Internal Server Error", [], True)
    ask(demo.api_url, "GET", "/crash?id=kept", [("Origin", demo.page_url)])
    (seen,) = demo.recorder.exchanges("kept")
    assert (seen.status, seen.raised) == ("500 Internal Server Error", False)
    assert dict(seen.response)["Access-Control-Allow-Origin"] == demo.page_url


@pytest.mark.parametrize("query", ["", "id", "id=", "id=a%20b", "id=%ff", "id=" + "a" * 65, "name=a"])
def test_what_has_no_proper_id_is_not_kept(demo: Demo, query: str) -> None:
    recorder = Recorder()
    recorder.begin("GET", "/", query, [])
    assert all(recorder.exchanges(name) == [] for name in ("", "a", "a b", "a" * 65))
    reply = ask(demo.page_url, "GET", f"/exchanges.json?{query}")
    assert json.loads(reply.body) == {"exchanges": [], "why": []}


# --- Why -------------------------------------------------------------------------------------------


def test_why_tells_of_the_request_that_the_script_meant() -> None:
    policy = demo_policy("http://localhost:8000")
    origin = ("Origin", "http://localhost:8000")

    def preflight(method: str, *headers: str) -> Exchange:
        asked = [origin, ("Access-Control-Request-Method", method)]
        return Exchange("OPTIONS", "/", asked + [("Access-Control-Request-Headers", each) for each in headers])

    cases: list[tuple[list[Exchange], str]] = [
        ([preflight("DELETE")], "DELETE"),
        ([preflight("GET", "x-debug,x-api-key")], "x-debug"),
        ([preflight("PUT"), Exchange("PUT", "/", [origin])], "PUT"),
        ([Exchange("GET", "/", [("Origin", "null")])], "null"),
    ]
    for exchanges, word in cases:
        assert word in " ".join(why(policy, exchanges)), exchanges
    assert why(policy, []) == []
    # A preflight of another path says nothing of this one.
    other = Exchange("OPTIONS", "/other", [origin, ("Access-Control-Request-Method", "DELETE")])
    get = Exchange("GET", "/", [origin])
    assert why(policy, [other, get]) == why(policy, [get])


# --- Starting and stopping -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "flag"), [("page_port", "--port"), ("api_port", "--api-port"), ("handler_port", "--handler-port")]
)
def test_a_busy_port_is_named_with_its_flag(place: str, flag: str) -> None:
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as busy, free_ports(2) as free:
        port = busy.getsockname()[1]
        rest = [name for name in ("page_port", "api_port", "handler_port") if name != place]
        ports = {place: port} | dict(zip(rest, free, strict=True))
        with pytest.raises(UsageError, match=f"^port {port} is in use; choose another with {flag}$"), Demo(**ports):
            pass
        assert set(threading.enumerate()) <= before
        for each in free:
            socket.create_server(("127.0.0.1", each)).close()  # nothing is half started


@contextlib.contextmanager
def free_ports(count: int) -> Iterator[list[int]]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        ports = [each.getsockname()[1] for each in sockets]
    yield ports


def test_another_program_on_the_ipv6_address_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # Browsers try [::1] for localhost; the page would be another program's.
    asked: list[Any] = []

    def connect(address: Any, timeout: float) -> socket.socket:
        asked.append(address)
        return socket.socket()

    monkeypatch.setattr("corswsgi.demo.servers.socket.create_connection", connect)
    with free_ports(1) as (port,):
        with pytest.raises(UsageError, match=f"^port {port} is in use; choose another with --port$"), Demo(port):
            pass
        assert asked == [("::1", port)]


def test_a_port_that_may_not_be_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: Any) -> socket.socket:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("corswsgi.demo.servers.socket.create_server", refuse)
    message = "port 80 cannot be listened on: Permission denied; choose another with --port"
    with pytest.raises(UsageError, match=f"^{message}$"), Demo(80):
        pass


def test_an_origin_on_the_default_port_has_no_port() -> None:
    class Listening:
        def getsockname(self) -> tuple[str, int]:
            return "127.0.0.1", 80

    assert _origin("localhost", Listening()) == "http://localhost"  # type: ignore[arg-type]  # stands for a socket


def test_without_waitress_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "waitress", None)
    with pytest.raises(UsageError) as caught, Demo():
        pass
    assert str(caught.value) == 'waitress is not installed; install it with: python -m pip install "corswsgi[demo]"'


def test_stopping_ends_every_thread_and_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReferenceHandler, "timeout", None)  # so that none ends by itself
    before = set(threading.enumerate())
    demo = Demo().__enter__()
    stopping = threading.Thread(target=demo.__exit__, args=[None, None, None])
    urls = [demo.page_url, demo.api_url, demo.handler_url]
    with contextlib.ExitStack() as clients:
        for url in urls:
            for sent in (b"", b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", port_of(url))))
                client.sendall(sent)
            # Connections are accepted in turn, so that the answer to this one shows that those before it were.
            assert ask(url, "GET", "/favicon.ico").status in (204, 404)
        stopping.start()
        stopping.join(timeout=60)
        has_stopped = not stopping.is_alive()
    stopping.join()  # at the latest now that no client is left
    assert has_stopped
    assert set(threading.enumerate()) <= before
    for url in urls:
        socket.create_server(("127.0.0.1", port_of(url))).close()


def reference_server(listening: socket.socket) -> ReferenceServer:
    policy = demo_policy("http://localhost:8000")
    return ReferenceServer(listening, policy, Visits(application("")), Recorder(), "")


@pytest.mark.parametrize(
    ("error", "reported"),
    [(BrokenPipeError(), ""), (TimeoutError(), ""), (ValueError("a fault"), "ValueError: a fault")],
)
def test_a_connection_that_breaks_is_not_reported(
    error: Exception, reported: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    with reference_server(listening) as server:
        try:
            raise error
        except type(error):
            server.handle_error(listening, ("127.0.0.1", 50000))
    complaints = capsys.readouterr().err
    assert (reported in complaints, complaints == "") == (True, reported == "")


# --- The command -----------------------------------------------------------------------------------


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_arguments(parser)
    return parser.parse_args(arguments)


def test_the_ports_by_default() -> None:
    assert vars(parse()) == {"port": 8000, "api_port": 8001, "handler_port": 8002}


@pytest.mark.parametrize("port", ["-1", "65536", "http", "80.0", "²", ""])
def test_what_is_no_port_is_refused(port: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="is not a port; a port is a number from 0 to 65535"):
        parse(f"--port={port}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_runs_until_it_is_told_to_stop(number: signal.Signals) -> None:
    arguments = [sys.executable, "-m", "corswsgi", "demo", "--port=0", "--api-port=0", "--handler-port=0"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4)]
            page, api, handler = re.findall(r"http://localhost:\d+", "".join(lines))
            assert lines[0] == f"Open {page} in a browser.\n"
            assert lines[-1] == "Ctrl-C stops all three.\n"
            assert ask(page, "GET", "/").status == 200
            for url in (api, handler):
                assert ask(url, "GET", "/crash", [("Origin", page)]).status == 500
                assert ask(url, "GET", "/status", [("Origin", "https://evil.example")]).status == 200
            process.send_signal(number)
            rest, complaints = process.communicate(timeout=60)
        except BaseException:
            process.kill()
            raise
    assert (process.returncode, rest) == (0, "")
    crash = "RuntimeError('the demo raises this on GET /crash, to show how errors are answered')"
    refusal = 'refused origin "https://evil.example" on "GET" "/status": the policy does not allow this origin'
    assert complaints.splitlines() == [
        f'the application raised on "GET" "/crash": {crash}',
        refusal,
        f'the handler raised on "GET" "/crash": {crash}',
        refusal,
    ]


def test_the_command_reports_a_busy_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        arguments = [sys.executable, "-m", "corswsgi", "demo", "--port=0", f"--api-port={port}", "--handler-port=0"]
        ran = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    message = f"corswsgi demo: port {port} is in use; choose another with --api-port\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", message)
