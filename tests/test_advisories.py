"""What went wrong in other CORS layers: a test for each fault, named after it, on both front ends where it applies."""

from __future__ import annotations

import itertools
import re
import stat
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import naive
import pytest
from front_ends import App, Ask, Pairs, Quiet, Reply, exchange, replies
from hypothesis import given, settings
from hypothesis import strategies as st

import corswsgi
from corswsgi import CORSMiddleware, CORSRequestHandler, CORSRequestHandlerMixin, Policy, PolicyError
from corswsgi.listening import LOOPBACK_NAMES, only_known_hosts
from corswsgi.protocol import rules_of

ADVISORIES = """
    CVE-2020-25032 CVE-2019-18978
    CVE-2024-1681
    CVE-2024-6221
    CVE-2024-6839
    CVE-2024-6844
    CVE-2024-6866
    CVE-2026-37737 flask-cors#209
    CVE-2026-25478
    CVE-2018-20744 CVE-2023-49803 CVE-2026-54290 CVE-2024-25124 GHSA-972r-f3fv-whm3
    rs/cors#197
    GHSA-mh55-gqvf-xfwm
    GHSA-vhxv-fg4m-p2w8 GHSA-v84h-653v-4pq9
    jub0bs/cors#14
    CVE-2019-25211
    CVE-2024-27302 CVE-2023-28109 CVE-2022-1996
    CVE-2019-9580
    GHSA-q7jf-gf43-6x6p
    CVE-2020-5397
    CVE-2017-20146
    CVE-2025-66414
    CVE-2024-27456
    wsgicors-fnmatch
    wsgicors-twice flask-cors#215 express/cors#145
    starlette#3516 rs/cors#10
    oslo.middleware
    flask-cors-substring
    starlette#1116 falcon#713 bottle#664
""".split()

APP, SHOP, STRANGER = "https://app.example.com", "https://shop.example.com", "https://stranger.example"
ANY, STATIC, DYNAMIC = Policy("*"), Policy(APP, allow_credentials=True), Policy([APP, SHOP], allow_credentials=True)
ECHO = Policy([APP, SHOP], allow_credentials=True, allow_methods="*", allow_headers="*")
LOOSE, STRICT = Policy("*", expose_headers=["X-Loose"]), Policy("*", expose_headers=["X-Strict"])
PREFLIGHT = [("Access-Control-Request-Method", "PUT")]

every_policy = pytest.mark.parametrize("policy", [ANY, STATIC, DYNAMIC, ECHO], ids=["any", "static", "dynamic", "echo"])


def test_every_advisory_has_a_test() -> None:
    names = [name for name, value in globals().items() if name.startswith("test_") and callable(value)]
    assert [id for id in ADVISORIES if not any(f"_{re.sub('[^A-Za-z0-9]', '_', id)}_" in name for name in names)] == []


def allows(ask: Ask, policy: Policy, origin: str) -> bool:
    """Tell whether an origin is allowed, after checking that all that comes back agrees."""
    actual = ask(policy, headers=[("Origin", origin)])
    preflight = ask(policy, "OPTIONS", headers=[("Origin", origin), *PREFLIGHT])
    allowed = actual.all("Access-Control-Allow-Origin")
    assert allowed == preflight.all("Access-Control-Allow-Origin")
    assert allowed in ([], [origin])
    assert preflight.status == (204 if allowed else 403)
    return bool(allowed)


def governed_by(ask: Ask, rules: Any, path: str) -> list[str]:
    return ask(rules, path=path, headers=[("Origin", APP)]).all("Access-Control-Expose-Headers")


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "/api/../admin",
        "/api/%2e%2e/admin",
        "/api/%2E%2E/admin",
        "/api/.%2e/admin",
        "/api/..%2fadmin",
        "/api/./../admin",
        "/api/x/../../admin",
        "/api/..",
        "/api/..\\admin",
        "/api/%2e%2e%5cadmin",
        "/api//../admin",
        "/api/%00/../admin",
    ],
)
def test_CVE_2020_25032_CVE_2019_18978_dot_segments_never_get_a_policy(ask: Ask, path: str) -> None:
    for rules in ({"/api": LOOSE, "/admin": STRICT}, {"/api": LOOSE, "/": STRICT}):
        assert ask(rules, path=path, headers=[("Origin", APP)]).cors == [("Vary", "Origin")]
        assert governed_by(ask, rules, "/api/admin") == ["X-Loose"]


def test_CVE_2024_6839_the_most_specific_path_wins(ask: Ask) -> None:
    rules = {"/a": STRICT, "/a-very-long-name": LOOSE, "/a/b": LOOSE, "/a/b/c": STRICT, "/a/b/hidden": None}
    for order in (rules, dict(reversed(rules.items()))):
        governed = {
            path: governed_by(ask, order, path) for path in ("/a", "/a/bb", "/a/b", "/a/b/c/d", "/a/b/hidden/x")
        }
        assert governed == {
            "/a": ["X-Strict"],
            "/a/bb": ["X-Strict"],
            "/a/b": ["X-Loose"],
            "/a/b/c/d": ["X-Strict"],
            "/a/b/hidden/x": [],
        }


def test_CVE_2024_6839_paths_are_no_expressions(ask: Ask) -> None:
    rules = {"/a.i": LOOSE, "/[ab]": LOOSE, "/(x|y)": LOOSE}
    assert [governed_by(ask, rules, path) for path in ("/a.i", "/api", "/b", "/x")] == [["X-Loose"], [], [], []]


def test_CVE_2024_6844_a_plus_is_no_space(ask: Ask) -> None:
    assert governed_by(ask, {"/a b": LOOSE}, "/a+b") == []
    assert governed_by(ask, {"/a b": LOOSE}, "/a%20b") == ["X-Loose"]
    assert governed_by(ask, {"/a+b": LOOSE}, "/a+b") == ["X-Loose"]
    assert governed_by(ask, {"/a+b": LOOSE}, "/a%20b") == []


@pytest.mark.parametrize("path", ["/API", "/Api", "/apI/x", "/%41pi"])
def test_CVE_2024_6866_paths_are_case_sensitive(ask: Ask, path: str) -> None:
    assert governed_by(ask, {"/api": LOOSE}, path) == []
    assert governed_by(ask, {"/api": LOOSE, "/": STRICT}, path) == ["X-Strict"]


# Logs


SERIAL = itertools.count()


@pytest.mark.parametrize("hostile", ["\r\n ERROR forged", "\x1b[2K", "\x85", "\xff", '" "'])
def test_CVE_2024_1681_what_clients_send_stays_on_one_line(
    ask: Ask, hostile: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "corswsgi")
    path = "/" + "".join(f"%{byte:02x}" for byte in hostile.encode("latin-1"))
    ask(DYNAMIC, "GET", path, [("Origin", f"https://{next(SERIAL)}.example{hostile}")])
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert record.getMessage().isascii()


# Origins


@pytest.mark.parametrize(
    "origin",
    [
        "https://trusted.com.evil.io",
        "https://eviltrusted.com",
        "https://trusted.com:8443",
        "https://evil.io/https://trusted.com",
        "https://trusted.com\n",
        "xhttps://trusted.com",
    ],
)
@pytest.mark.parametrize(
    "source", [r"https://trusted\.com", r"^https://trusted\.com", r"(?:https://trusted\.com|nobody)"]
)
def test_CVE_2026_37737_flask_cors_209_expressions_match_whole(ask: Ask, source: str, origin: str) -> None:
    policy = Policy(re.compile(source))
    assert allows(ask, policy, "https://trusted.com")
    assert not allows(ask, policy, origin.replace("\n", "\r\n "))
    assert rules_of(policy).grant(origin) is None


@pytest.mark.parametrize(
    ("pattern", "origin"),
    [
        ("https://example.com", "https://examplexcom"),
        ("https://example.com", "https://example-com"),
        ("https://*.example.com", "https://a.examplexcom"),
        ("https://*.example.com", "https://axexample.com"),
        ("https://*.example.com:*", "https://a.examplexcom:1"),
        ("http://localhost.test:*", "http://localhostxtest:1"),
    ],
)
def test_CVE_2026_25478_a_dot_is_a_dot(ask: Ask, pattern: str, origin: str) -> None:
    assert not allows(ask, Policy([pattern, SHOP]), origin)


def test_CVE_2018_20744_CVE_2023_49803_CVE_2026_54290_CVE_2024_25124_GHSA_972r_f3fv_whm3_no_credentials() -> None:
    for origins in ("*", ["*"], ["*", APP], "null", [APP, "null"], re.compile(".*"), [re.compile("https?://.*")]):
        assert Policy(origins)
        with pytest.raises(PolicyError):
            Policy(origins, allow_credentials=True)
    assert not Policy("*").allow_credentials
    with pytest.raises(PolicyError):
        CORSMiddleware(App)  # type: ignore[arg-type]  # no policy by default


@pytest.mark.parametrize("any_origin", [False, True])
def test_CVE_2018_20744_nobody_gets_credentials_unasked(ask: Ask, any_origin: bool) -> None:
    policy = Policy("*") if any_origin else Policy([APP, SHOP])
    for method in ("GET", "OPTIONS"):
        reply = ask(policy, method, headers=[("Origin", APP), ("Cookie", "a=b"), *PREFLIGHT])
        assert reply.all("Access-Control-Allow-Credentials") == []


@pytest.mark.parametrize(
    "text",
    [
        "h*",
        "*.example.com",
        "https://*",
        "https://*.",
        "https://**.example.com",
        "https://*example.com",
        "https://a*.example.com",
        "https://a.*.example.com",
        "https://example.*",
        "http*://example.com",
        "*://example.com",
        "https://example.com*",
        "https://example.com:8*",
        "https://example.com:80**",
        "https://exam?le.com",
        "https://[ab].example.com",
    ],
)
def test_rs_cors_197_only_the_documented_patterns_parse(text: str) -> None:
    with pytest.raises(PolicyError):
        Policy([text, APP])


LABELS = st.sampled_from(["foo", "bar", "barfoo", "foobar", "com", "a"])
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
SCHEMES, PORTS = st.sampled_from(["https", "http"]), st.sampled_from(["", ":1", ":12"])
ORIGINS = st.builds("{}://{}{}".format, SCHEMES, HOSTS, PORTS)
PATTERNS = ORIGINS | st.builds(
    "{}://{}{}{}".format, SCHEMES, st.sampled_from(["", "*."]), HOSTS, st.sampled_from(["", ":1", ":*"])
)


@settings(max_examples=100, deadline=None, database=None)
@given(patterns=st.lists(PATTERNS, min_size=2, max_size=5), origins=st.lists(ORIGINS, min_size=20, max_size=20))
def test_GHSA_vhxv_fg4m_p2w8_GHSA_v84h_653v_4pq9_a_set_allows_the_union(
    patterns: list[str], origins: list[str]
) -> None:
    rules = rules_of(Policy(patterns))
    for origin in [*origins, *(pattern.replace("*.", "").replace(":*", "") for pattern in patterns)]:
        assert (rules.grant(origin) is not None) == any(naive.matches(pattern, origin) for pattern in patterns)


def test_GHSA_vhxv_fg4m_p2w8_two_patterns_allow_no_third_origin(ask: Ask) -> None:
    policy = Policy(["https://foo.com", "https://*.bar.com", "https://bar.com:*", "http://*.foo.com:8080"])
    for origin in (
        "https://barfoo.com",
        "https://a.foo.com",
        "http://bar.com",
        "https://a.bar.com:1",
        "http://a.foo.com",
        "https://a.foo.com:8080",
    ):
        assert not allows(ask, policy, origin)


@pytest.mark.parametrize(
    "origin", ["https://example.community", "https://example.co", "https://example.com.", "https://example.comm"]
)
@pytest.mark.parametrize("pattern", ["https://example.com", "https://example.com:*", "https://*.example.com"])
def test_CVE_2019_25211_a_wildcard_eats_no_character(ask: Ask, pattern: str, origin: str) -> None:
    for each in (origin, origin.replace("://", "://a.")):
        assert not allows(ask, Policy([pattern, SHOP]), each)


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com.evil.io",
        "https://evilexample.com",
        "https://evil.example.com",
        "https://evil-example.com",
        "https://example.com-evil.io",
        "https://example.co",
        "https://xample.com",
        "http://example.com",
        "https://example.com:444",
        "https://example.com:443",
        "https://example.com/",
        "https://example.com@evil.io",
        "https://evil.io@example.com",
        "https://evil.io?https://example.com",
        "https://evil.io#https://example.com",
        "https://example.com\\.evil.io",
        "https://EXAMPLE.com",
        "HTTPS://example.com",
        " https://example.com.",
        "https://example.com https://evil.io",
        "https://example.com,https://evil.io",
        "https://example.com%2eevil.io",
        "https://example.com\xa0",
        "https://example",
        "example.com",
        "https://",
        "",
    ],
)
@pytest.mark.parametrize("more", [[], [SHOP], ["https://*.shop.example:*"], [re.compile("https://shop[0-9]")]])
def test_CVE_2024_27302_CVE_2023_28109_CVE_2022_1996_variants_are_refused(
    ask: Ask, more: list[Any], origin: str
) -> None:
    policy = Policy(["https://example.com", *more])
    if not more:  # a static policy says the same to everybody; the browser compares
        reply = ask(policy, "OPTIONS", headers=[("Origin", origin), *PREFLIGHT])
        assert (reply.status, reply.cors) == (403, [])
    else:
        assert not allows(ask, policy, origin)


@pytest.mark.parametrize("origin", [STRANGER, "null", "", "nonsense"])
def test_CVE_2019_9580_a_refused_origin_gets_no_header(ask: Ask, origin: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert ask(DYNAMIC, method, headers=[("Origin", origin), *PREFLIGHT]).cors == [("Vary", "Origin")]


@pytest.mark.parametrize(
    "origin", ["https://b.example", "https://a.b.example", "https://x.y.b.example", "https://a-b.b.example"]
)
def test_wsgicors_fnmatch_a_star_stands_for_labels(ask: Ask, origin: str) -> None:
    policy = Policy(["https://*.b.example", SHOP])
    assert allows(ask, policy, origin) == (origin != "https://b.example")
    for hostile in ("https://evil.com/.b.example", "https://evil.com?.b.example", "https://evil.com#.b.example"):
        assert not allows(ask, policy, hostile)
    for hostile in (
        "https://evil.com:1.b.example",
        "https://.b.example",
        "https://a..b.example",
        "https://a@.b.example",
    ):
        assert not allows(ask, policy, hostile)


@every_policy
@pytest.mark.parametrize("origin", ["https://evil.io", "*", "null", "x\r\n Set-Cookie: a=b", "https://a, *", APP + "/"])
def test_CVE_2017_20146_only_a_matched_origin_is_emitted(ask: Ask, policy: Policy, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        reply = ask(policy, method, headers=[("Origin", origin), *PREFLIGHT])
        expected = {ANY: [["*"]], STATIC: [[APP], []]}.get(policy, [[]])
        assert reply.all("Access-Control-Allow-Origin") in expected
        assert reply.all("Set-Cookie") == []


# Preflights


@every_policy
def test_CVE_2024_6221_private_network_access_is_never_allowed(ask: Ask, policy: Policy) -> None:
    for name in ("Private-Network", "Local-Network"):
        headers = [("Origin", APP), *PREFLIGHT, (f"Access-Control-Request-{name}", "true")]
        own = [(f"Access-Control-Allow-{name}", "true"), ("Content-Length", "2"), ("Content-Type", "text/plain")]
        for method in ("OPTIONS", "GET"):
            reply = ask(policy, method, headers=headers, app=App(headers=own))
            assert "network" not in str(reply.headers).lower()
            assert reply.cors == ask(policy, method, headers=headers[:-1]).cors


@every_policy
@pytest.mark.parametrize("origin", [APP, STRANGER, "null", ""])
@pytest.mark.parametrize("more", [[], [("Authorization", "Basic eDp5")], [("Cookie", "a=b")]])
def test_CVE_2020_5397_the_application_never_sees_a_preflight(
    ask: Ask, policy: Policy, origin: str, more: Pairs
) -> None:
    app = App()
    ask(policy, "OPTIONS", "/private", [("Origin", origin), *PREFLIGHT, *more], app)
    assert app.seen == []


@pytest.mark.parametrize("asked", ["ET", "DEL", "ELETE", "GET,DELETE", "delete", "P", "DELETEX"])
def test_flask_cors_substring_of_a_method_is_another_method(ask: Ask, asked: str) -> None:
    headers = [("Origin", APP), ("Access-Control-Request-Method", asked)]
    for credentials in (False, True):
        policy = Policy([APP, SHOP], allow_methods=["DELETE"], allow_credentials=credentials)
        reply = ask(policy, "OPTIONS", headers=headers)
        assert reply.all("Access-Control-Allow-Methods") == ["DELETE"]
    echoed = ask(ECHO, "OPTIONS", headers=headers)
    assert echoed.all("Access-Control-Allow-Methods") == ([asked] if "," not in asked else [])


@pytest.mark.parametrize("element", [",", ", ", "a,", "x-a\t,", ",\t ", "x" * 99 + ","])
def test_GHSA_mh55_gqvf_xfwm_a_long_list_of_headers_is_bounded(ask: Ask, element: str) -> None:
    names = [("Access-Control-Request-Headers", element * (60_000 // len(element)))]
    for policy, status in ((ECHO, 403), (DYNAMIC, 204), (ANY, 204)):
        reply = ask(policy, "OPTIONS", headers=[("Origin", APP), *PREFLIGHT, *names])
        assert reply.status == status
        assert len(str(reply.headers)) + len(reply.body) < 1000


@every_policy
@pytest.mark.parametrize(
    "origin", [APP, "," * 1_000_000, "https://" + "a." * 500_000 + "com"], ids=["app", "commas", "host"]
)
@pytest.mark.parametrize("element", [",", "a,", "x" * 1_000_000], ids=["commas", "names", "name"])
def test_GHSA_mh55_gqvf_xfwm_a_megabyte_takes_no_memory(policy: Policy, origin: str, element: str) -> None:
    environ = environ_of(origin) | {
        "REQUEST_METHOD": "OPTIONS",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": element * (1_000_000 // len(element)),
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": element * (1_000_000 // len(element)),
    }
    middleware = CORSMiddleware(raising, policy)
    tracemalloc.start()
    try:
        list(middleware(environ, lambda status, headers: None))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000


# Responses


@every_policy
def test_jub0bs_cors_14_what_is_done_to_one_response_changes_no_other(ask: Ask, policy: Policy) -> None:
    for method, origin in itertools.product(("GET", "OPTIONS"), (APP, STRANGER)):
        got = []
        for _ in range(2):
            reply = ask(policy, method, headers=[("Origin", origin), *PREFLIGHT])
            got.append(list(reply.headers))
            assert isinstance(reply.headers, list)
            reply.headers[:] = [("Access-Control-Allow-Origin", "https://evil.example")]
        assert got[0] == got[1]


@every_policy
def test_GHSA_q7jf_gf43_6x6p_request_headers_choose_no_response_headers(ask: Ask, policy: Policy) -> None:
    hostile = [("Vary", "X-Evil, *"), ("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "X-Evil")]
    for method in ("GET", "OPTIONS"):
        headers = [("Origin", APP), *PREFLIGHT]
        assert ask(policy, method, headers=[*headers, *hostile]) == ask(policy, method, headers=headers)


@every_policy
@pytest.mark.parametrize("origin", [APP, STRANGER, None])
def test_wsgicors_twice_flask_cors_215_express_cors_145_one_line_of_each(
    ask: Ask, policy: Policy, origin: str | None
) -> None:
    names = ("Access-Control-Allow-Origin", "access-control-allow-origin", "ACCESS-CONTROL-ALLOW-CREDENTIALS")
    own = [(name, value) for name in names for value in ("*", "https://own.example")]
    headers = [] if origin is None else [("Origin", origin)]
    app = App(headers=[*own, ("Content-Type", "text/plain"), ("Content-Length", "2"), *own])
    assert ask(policy, headers=headers, app=app).cors == ask(policy, headers=headers).cors
    assert len(ask(policy, headers=headers, app=app).all("Access-Control-Allow-Origin")) <= 1


@pytest.mark.parametrize(
    ("own", "merged"),
    [
        (["Accept-Encoding"], {"accept-encoding", "origin"}),
        (["Accept-Encoding, Cookie"], {"accept-encoding", "cookie", "origin"}),
        (["Accept-Encoding", "Cookie"], {"accept-encoding", "cookie", "origin"}),
        (["Cookie", "origin", "Accept"], {"cookie", "origin", "accept"}),
        (["ORIGIN"], {"origin"}),
        (["X-Origin"], {"x-origin", "origin"}),
        (["*"], {"*"}),
        (["Cookie", "*"], {"cookie", "*"}),
        ([""], {"origin"}),
    ],
)
@pytest.mark.parametrize("origin", [APP, STRANGER, None])
@pytest.mark.parametrize("spelling", ["Vary", "vary", "VARY"])
def test_oslo_middleware_vary_is_merged(
    ask: Ask, spelling: str, origin: str | None, own: list[str], merged: set[str]
) -> None:
    lines = [(spelling, value) for value in own]
    app = App(headers=[("Content-Type", "text/plain"), ("Content-Length", "2"), *lines])
    reply = ask(DYNAMIC, headers=[] if origin is None else [("Origin", origin)], app=app)
    names = [name.strip().lower() for line in reply.all("Vary") for name in line.split(",")]
    assert set(names) - {""} == merged
    assert names.count("origin") == ("origin" in merged)


class Cache:
    """Gives a stored response to every request that agrees in what its ``Vary`` names (rfc9111#section-4.1)."""

    def __init__(self, fetch: Callable[[dict[str, str]], Reply]) -> None:
        self._fetch = fetch
        self._stored: list[tuple[dict[str, str], Reply]] = []

    def get(self, headers: dict[str, str]) -> Reply:
        for asked, reply in self._stored:
            names = {name.strip().lower() for line in reply.all("Vary") for name in line.split(",")}
            if "*" not in names and all(asked.get(name) == headers.get(name) for name in names - {""}):
                return reply
        self._stored.append((headers, self._fetch(headers)))
        return self._stored[-1][1]


@pytest.mark.parametrize("app", [App(), App("304 Not Modified", [("ETag", '"1"')], b"")], ids=["200", "304"])
@pytest.mark.parametrize(
    "policy",
    [
        ANY,
        STATIC,
        DYNAMIC,
        Policy("https://*.example.com"),
        Policy("null"),
        Policy(["null", APP]),
        Policy(re.compile("https://app.*")),
        Policy(lambda origin, request: origin == APP),
        {"/": DYNAMIC},
    ],
)
def test_starlette_3516_rs_cors_10_a_cache_hands_nobody_anothers_answer(ask: Ask, policy: Any, app: App) -> None:
    def fetch(headers: dict[str, str]) -> Reply:
        return ask(policy, headers=[(name.title(), value) for name, value in headers.items()], app=app)

    requests = [{}, *({"origin": origin} for origin in (APP, SHOP, STRANGER, "null"))]
    direct = [fetch(headers) for headers in requests]
    for order in itertools.permutations(range(len(requests))):
        cache = Cache(lambda headers: direct[requests.index(headers)])
        assert [cache.get(requests[place]).cors for place in order] == [direct[place].cors for place in order]


@pytest.mark.parametrize("policy", [ANY, STATIC, DYNAMIC, ECHO])
def test_starlette_1116_falcon_713_bottle_664_a_500_is_readable(
    policy: Policy, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[Any] = []
    list(CORSMiddleware(raising, policy)(environ_of(APP), lambda *args: started.append(args)))
    ((status, headers),) = started
    assert status == "500 Internal Server Error"
    assert dict(headers)["Access-Control-Allow-Origin"] == ("*" if policy is ANY else APP)
    assert len(caplog.records) == 1
    sent = exchange(handler_of(policy), f"GET / HTTP/1.1\r\nOrigin: {APP}\r\n\r\n".encode())
    (reply,) = replies(sent, ["GET"])
    assert reply.status == 500
    assert reply.cors == sorted(pair for pair in headers if pair[0][0] in "AV")


# Servers and packages


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("LOCALHOST", 200),
        ("evil.example:8000", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1:8000.evil.example", 421),
        ("0.0.0.0", 421),
        ("", 421),
    ],
)
def test_CVE_2025_66414_unknown_host_names_are_refused(host: str, status: int, tmp_path: Path) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return []

    started: list[Any] = []
    environ = environ_of(APP) | {"HTTP_HOST": host}
    list(only_known_hosts(app, LOOPBACK_NAMES)(environ, lambda *args: started.append(args[0][:3])))
    assert started == [str(status)]

    class Handler(Quiet, CORSRequestHandler):
        cors = ANY
        hosts = LOOPBACK_NAMES

        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(tmp_path))

    (reply,) = replies(exchange(Handler, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()), ["GET"])
    assert reply.status == status


def test_CVE_2024_27456_no_file_of_the_package_is_writable_by_everybody() -> None:
    folder = Path(corswsgi.__file__).parent
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*")) if path.name != "__pycache__"}
    assert len(modes) > 10
    assert [path for path, mode in modes.items() if mode & stat.S_IWOTH] == []


def environ_of(origin: str) -> dict[str, Any]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    return environ | {"HTTP_ORIGIN": origin}


def raising(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    raise LookupError


def handler_of(policy: Policy) -> type[Any]:
    attributes = {"cors": policy, "do_GET": lambda self: self.send_error(500)}
    return type("Handler", (CORSRequestHandlerMixin, Quiet, BaseHTTPRequestHandler), attributes)
