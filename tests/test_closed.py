"""Where it cannot be told which policy governs, nobody is allowed; where the author said None, all passes untouched."""

from __future__ import annotations

from typing import Any

import pytest
import webob
from cors_tables import APP, SHOP, STRANGER
from front_ends import App, Ask, ask_wsgi

from corswsgi import CORSMiddleware, Policy
from corswsgi.policy import CLOSED

#: An application that lets everybody read, with credentials: what a closed path must not let through.
REFLECTING = (
    ("Content-Type", "text/plain"),
    ("Access-Control-Allow-Origin", APP),
    ("access-control-allow-credentials", "true"),
    ("Vary", "Cookie"),
)

#: Paths that servers read differently: Pyramid's traversal, shift_path_info and others come to another path than we do.
UNCLEAR = [
    "/api/transfer/..",
    "/x/../api/transfer",
    "/x%2f..%2fapi/transfer",
    "/api/./transfer",
    "/api//transfer",
    "/account//",
    "/api%2f%2ftransfer",
    "/api\\transfer",
    "/api%5ctransfer",
    "/api/%00",
]

MAPPINGS: dict[str, Any] = {
    "two policies": {"/": Policy([APP], enforce=True), "/public": Policy("*")},
    "a policy, and nothing elsewhere": {"/api": Policy("*")},
    "a policy, and None": {"/": Policy([APP], allow_credentials=True), "/api/webhook": None},
}


@pytest.mark.parametrize("rules", MAPPINGS.values(), ids=MAPPINGS)
@pytest.mark.parametrize("path", UNCLEAR)
def test_nobody_is_allowed(ask: Ask, path: str, rules: Any) -> None:
    for origin in (APP, STRANGER, "null"):
        for method, headers in [
            ("POST", [("Origin", origin), ("Sec-Fetch-Site", "cross-site")]),
            ("GET", [("Origin", origin)]),
            ("OPTIONS", [("Origin", origin), ("Access-Control-Request-Method", "PUT")]),
        ]:
            app = App(headers=REFLECTING)
            reply = ask(rules, method, path, headers, app)
            assert (reply.status, reply.cors, app.seen) == (403, [("Vary", "Origin")], [])
            assert b"different ways" in reply.body
            assert b"example" not in reply.body


@pytest.mark.parametrize("rules", MAPPINGS.values(), ids=MAPPINGS)
@pytest.mark.parametrize("path", UNCLEAR)
def test_the_servers_own_pages_pass_without_the_applications_own_headers(ask: Ask, path: str, rules: Any) -> None:
    for headers in ([], [("Origin", "http://127.0.0.1")], [("Origin", STRANGER), ("Sec-Fetch-Site", "same-origin")]):
        app = App(headers=REFLECTING)
        reply = ask(rules, "GET", path, headers, app)
        assert (reply.status, reply.cors) == (200, [("Vary", "Cookie, Origin")])
        assert len(app.seen) == 1


@pytest.mark.parametrize("path", UNCLEAR)
def test_where_no_reading_leads_elsewhere_the_policy_governs(ask: Ask, path: str) -> None:
    for rules in ({"/": Policy(APP)}, {"/": Policy(APP), "/api": Policy(APP)}):
        assert ask(rules, "GET", path, [("Origin", APP)]).cors == [("Access-Control-Allow-Origin", APP)]
    enforced = {"/": Policy([APP], enforce=True)}
    app = App()
    assert ask(enforced, "POST", path, [("Origin", STRANGER), ("Sec-Fetch-Site", "cross-site")], app).status == 403
    assert app.seen == []


@pytest.mark.parametrize("path", UNCLEAR)
def test_where_no_rule_has_a_policy_all_passes_untouched(ask: Ask, path: str) -> None:
    for rules in ({}, {"/": None}):
        reply = ask(rules, "GET", path, [("Origin", APP)], App(headers=REFLECTING))
        assert sorted(reply.headers) == sorted(REFLECTING)


@pytest.mark.parametrize("path", ["/account?%ff", "/account?x=%ff", "/acc%ffount", "/%80", "/a?%c3%28"])
def test_a_callable_that_chooses_is_asked_whatever_the_client_sends(path: str) -> None:
    asked: list[str] = []

    def choose(request: webob.Request) -> Policy:
        asked.append(f"{request.path}{request.path_info}{request.url}{request.GET}{request.params}")
        return Policy([SHOP], enforce=True)

    app = App(headers=REFLECTING)
    reply = ask_wsgi(choose, "POST", path, [("Origin", STRANGER), ("Sec-Fetch-Site", "cross-site")], app)
    assert (reply.status, app.seen, len(asked)) == (403, [], 1)
    reply = ask_wsgi(choose, "GET", path, [], App(headers=REFLECTING))
    assert reply.cors == [("Access-Control-Allow-Origin", SHOP), ("Vary", "Cookie")]


@pytest.mark.parametrize("key", ["PATH_INFO", "QUERY_STRING", "SCRIPT_NAME"])
def test_what_no_server_should_send_can_be_read_too(key: str) -> None:
    seen: list[str] = []
    middleware = CORSMiddleware(
        lambda environ, start_response: [], lambda request: seen.append(f"{request.path}{request.GET}")
    )
    middleware({**webob.Request.blank("/").environ, key: "\u20ac\ud800"}, lambda *started: lambda data: None)
    assert len(seen) == 1


def test_what_is_closed_is_a_policy_that_allows_nobody() -> None:
    assert CLOSED.matcher is not None
    assert APP not in CLOSED.matcher
    assert CLOSED.enforce is True
    assert repr(CLOSED) == "Policy(allow_origins=[], enforce=True)"
