"""What ``explain`` says; what it says is true is held against the protocol itself."""

import re

import pytest
import webob

from corswsgi import CORSMiddleware, Policy, explain
from corswsgi.browser import Browser

APP = "https://app.example.com"
MANY = Policy(
    [APP, "https://*.b.example:*", re.compile(r"https://pr-\d+\.c\.example")],
    allow_methods=["PUT"],
    allow_headers=["x-api-key"],
    expose_headers=["X-Total"],
)
ANY = Policy("*", allow_methods="*", allow_headers=["*"], expose_headers="*", max_age=None)
ECHO = Policy(APP, allow_methods="*", allow_headers="*", allow_credentials=True)
ENFORCED = Policy([APP, "https://b.example"], enforce=True)
ASKED = Policy(lambda origin, request: request.headers.get("X-Tenant") == "a")
TENANT = webob.Request.blank("/", headers={"X-Tenant": "a"})

#: A policy, what is asked, and what each line of the answer must hold, in order.
ROWS = {
    "no origin": (MANY, {}, ["fetch#cors-request", "carries Vary: Origin"]),
    "no origin, any": (
        ANY,
        {},
        ["does not apply", "carries Access-Control-Allow-Origin: * and Access-Control-Expose-Headers: *"],
    ),
    "allowed": (
        MANY,
        {"origin": APP},
        [
            "without a preflight",
            "is allowed: it is listed",
            f"Access-Control-Allow-Origin: {APP}",
            "Readable",
            "include",
        ],
    ),
    "allowed by a pattern": (
        MANY,
        {"origin": "https://x.b.example:1"},
        ["without", '"https://*.b.example:*" in allow_origins matches', "carries", "Readable", "include"],
    ),
    "allowed by an expression": (
        MANY,
        {"origin": "https://pr-7.c.example"},
        ["without", "c\\\\.example", "carries", "headers and X-Total", "include"],
    ),
    "allowed with credentials": (
        ECHO,
        {"origin": APP},
        ["without", "listed", "Access-Control-Allow-Credentials: true", "Readable"],
    ),
    "another scheme": (
        MANY,
        {"origin": "http://app.example.com"},
        [
            "without",
            f'refused: it is not in allow_origins (add it there if its pages may read); "{APP}" is, but browsers tell',
            "carries Vary",
            "Blocked: there is an answer, but the browser keeps it from the script",
            "CORS is not access control; enforce=True",
        ],
    ),
    "another port": (MANY, {"origin": f"{APP}:8443"}, ["without", f'"{APP}" is', "carries", "Blocked", "enforce"]),
    "with www": (
        MANY,
        {"origin": "https://www.app.example.com"},
        ["without", f'"{APP}" is', "carries", "Blocked", "enforce"],
    ),
    "a stranger": (
        MANY,
        {"origin": "https://evil.example"},
        [
            "without",
            "is refused: it is not in allow_origins; add it there if its pages may read (fetch#cors-check)",
            "carries",
            "Blocked",
            "enforce",
        ],
    ),
    "null": (MANY, {"origin": "null"}, ["without", "sandboxed", "carries", "Blocked", "enforce"]),
    "malformed": (MANY, {"origin": f"{APP}/"}, ["without", "as browsers write it", "carries", "Blocked", "enforce"]),
    "enforced": (ENFORCED, {"origin": "https://evil.example"}, ["without", "refused", "answered 403 before"]),
    "a method that needs asking": (
        MANY,
        {"origin": APP, "method": "put", "request_headers": {"X-Api-Key": "1", "Accept": "*/*"}},
        [
            "asks first, with a preflight, because of the method PUT and the header x-api-key",
            "allowed",
            "answered 204 No Content: methods PUT; headers x-api-key; kept for 600 s",
            "carries",
            "Readable",
            "include",
        ],
    ),
    "a method that is not listed": (
        MANY,
        {"origin": APP, "method": "patch"},
        ["the method patch", "allowed", "methods PUT", 'the method patch is not listed; add "patch" to allow_methods'],
    ),
    "headers that are not listed": (
        MANY,
        {"origin": APP, "request_headers": ["X-B", "x-a"]},
        ["the header x-a and the header x-b", "allowed", "204", 'add "x-a" to allow_headers', 'add "x-b"'],
    ),
    "one name": (MANY, {"origin": APP, "request_headers": "X-B"}, ["the header x-b", "allowed", "204", 'add "x-b"']),
    "pairs": (
        MANY,
        {"origin": APP, "request_headers": [("Content-Type", "text/plain")]},
        ["without", "allowed", "carries", "Readable", "include"],
    ),
    "authorization beside the wildcard": (
        ANY,
        {"origin": APP, "method": "X", "request_headers": ["Authorization", "x-a"]},
        ["the method X", 'allow_origins is "*"', "kept for 5 s", '"authorization", which "*" does not'],
    ),
    "the wildcard": (
        ANY,
        {"origin": "https://x/", "method": "X", "request_headers": ["x-a"]},
        ["asks first", "allowed", "methods *; headers *", "carries", "body and all headers", "include"],
    ),
    "a refused origin that asks first": (
        MANY,
        {"origin": "https://evil.example", "method": "PUT"},
        ["asks first", "refused", "answered 403 Forbidden, without CORS headers"],
    ),
    "a preflight": (
        ECHO,
        {
            "origin": APP,
            "method": "OPTIONS",
            "request_headers": {
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "x-a,authorization",
            },
        },
        ["the application never sees it", "allowed", "methods PUT; headers x-a;", 'add "authorization"'],
    ),
    "a preflight for a safelisted method": (
        MANY,
        {"origin": APP, "method": "OPTIONS", "request_headers": {"Access-Control-Request-Method": "GET"}},
        ["fetch#cors-preflight-request", "allowed", "204"],
    ),
    "a malformed preflight": (
        ECHO,
        {"origin": APP, "method": "OPTIONS", "request_headers": {"Access-Control-Request-Method": "a b"}},
        [
            "preflight",
            "allowed",
            "403 Forbidden, without CORS headers: Access-Control-Request-Method is not one method",
        ],
    ),
    "nothing listed": (
        Policy(APP),
        {"origin": APP, "method": "PUT"},
        [
            "asks",
            "allowed",
            ": no methods besides GET, HEAD and POST; no header that needs permission;",
            "Blocked",
        ],
    ),
    "another case of a method that is listed": (
        Policy(APP, allow_methods=["PATCH"]),
        {"origin": APP, "method": "patch"},
        [
            "the method patch",
            "allowed",
            "methods PATCH",
            "Blocked: the method patch is not listed, but PATCH is, and methods are case-sensitive; "
            'the script should use "PATCH" (fetch#cors-preflight-fetch).',
        ],
    ),
    "HEAD": (
        MANY,
        {"origin": APP, "method": "head"},
        ["without", "listed", "carries", "can read status and the safelisted headers and X-Total", "include"],
    ),
    "with credentials": (
        MANY,
        {"origin": APP, "credentials": True},
        [
            "without",
            "listed",
            "carries",
            'Blocked: the request says credentials: "include", and the answer does not allow them; '
            "set allow_credentials to True (fetch#cors-protocol-and-credentials).",
        ],
    ),
    "with credentials, any": (
        ANY,
        {"origin": APP, "credentials": True},
        [
            "without",
            "allowed",
            "carries",
            'name the origin in allow_origins in place of "*", and set allow_credentials to True',
        ],
    ),
    "with credentials, and with a preflight that lacks more": (
        MANY,
        {"origin": APP, "credentials": True, "method": "DELETE", "request_headers": ["X-B"]},
        [
            "asks first",
            "allowed",
            "204",
            "the preflight does not allow them; set allow_credentials to True",
            "the method DELETE is not listed",
            "the header x-b is not listed",
        ],
    ),
    "with credentials, which the policy allows": (
        ECHO,
        {"origin": APP, "credentials": True, "method": "PUT"},
        ["asks first", "listed", "methods PUT", "carries", "Readable"],
    ),
    "with credentials, of a stranger": (
        MANY,
        {"origin": "https://evil.example", "credentials": True},
        ["without", "refused", "carries", "Blocked: there is an answer", "enforce"],
    ),
    "without credentials": (
        MANY,
        {"origin": APP, "credentials": False},
        ["without", "listed", "carries", "Readable"],
    ),
    "OPTIONS by a script": (MANY, {"origin": APP, "method": "OPTIONS"}, ["asks first", "allowed", "204", "Blocked"]),
    "a forbidden method": (MANY, {"origin": APP, "method": "trace"}, ['fetch() itself refuses the method "trace"']),
    "what is no method": (MANY, {"origin": APP, "method": "PO ST"}, ["fetch() itself refuses the method"]),
    "a forbidden header": (
        MANY,
        {"origin": APP, "request_headers": {"Cookie": "a=b"}},
        ["drops Cookie", "without", "allowed", "carries", "Readable", "include"],
    ),
    "a callable that says yes": (
        ASKED,
        {"origin": APP, "request": TENANT},
        ["without", "the callable in allow_origins allows it", "carries", "Readable", "include"],
    ),
    "a callable that says no": (
        ASKED,
        {"origin": APP, "request": webob.Request.blank("/")},
        ["without", "the callable in allow_origins refuses it", "carries Vary", "Blocked", "enforce"],
    ),
}


@pytest.mark.parametrize(("policy", "asked", "expected"), ROWS.values(), ids=list(ROWS))
def test_explain_says_each_step_and_its_rule(policy, asked, expected):
    lines = explain(policy, **asked).splitlines()
    assert len(lines) == len(expected), lines
    for line, part in zip(lines, expected, strict=True):
        assert part in line
        assert line.endswith(".")


def test_what_is_no_policy_is_not_explained():
    with pytest.raises(TypeError, match="not a Policy"):
        explain({"/": MANY}, origin=APP)


def test_a_policy_with_a_callable_needs_the_request():
    with pytest.raises(ValueError, match="request"):
        explain(ASKED, origin=APP)
    assert "no Origin header" in explain(ASKED)


@pytest.mark.parametrize("policy", [MANY, ANY, ECHO, ENFORCED, Policy(APP)])
@pytest.mark.parametrize("origin", [APP, "https://evil.example", "null", f"{APP}/", None])
def test_what_is_explained_of_a_response_is_what_is_sent(ask, policy, origin):
    reply = ask(policy, headers=[] if origin is None else [("Origin", origin)])
    told = explain(policy, origin=origin)
    assert ("answered 403" in told) == (reply.status == 403)
    allowed = reply.all("Access-Control-Allow-Origin")
    assert all(f"Access-Control-Allow-Origin: {value}" in told for value in allowed)
    assert ("Readable" in told) == (origin is not None and allowed in ([origin], ["*"]))


@pytest.mark.parametrize("policy", [MANY, ANY, ECHO, ENFORCED, Policy(APP)])
@pytest.mark.parametrize("origin", [APP, "https://evil.example", "null"])
def test_what_is_explained_of_a_preflight_is_what_is_sent(ask, policy, origin):
    reply = ask(policy, "OPTIONS", headers=[("Origin", origin), ("Access-Control-Request-Method", "PUT")])
    told = explain(policy, origin=origin, method="PUT")
    assert f"answered {reply.status} " in told
    listed = reply.all("Access-Control-Allow-Methods")
    assert ("Readable" in told) == (reply.status == 204 and listed in (["PUT"], ["*"]))


@pytest.mark.parametrize("policy", [MANY, ANY, ECHO, ENFORCED, Policy(APP), Policy(APP, allow_methods=["PATCH"])])
@pytest.mark.parametrize("origin", [APP, "https://evil.example"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "patch"])
@pytest.mark.parametrize("credentials", [False, True])
def test_what_is_explained_of_credentials_is_what_a_browser_does(policy, origin, method, credentials):
    asked = []

    def app(environ, start_response):
        asked.append(environ["REQUEST_METHOD"])
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return [b""]

    told = explain(policy, origin=origin, method=method, credentials=credentials)
    browser = Browser(CORSMiddleware(app, policy), origin)
    verdict = browser.fetch("https://api.example/", method=method, credentials="include" if credentials else "omit")
    assert ("Readable: " in told) == verdict.allowed
    assert ("Blocked: " in told) == (not verdict.allowed)
    assert ("The application answers" in told) == (asked == [method])
    assert "With credentials" not in told  # that is known


def test_any_origin_beside_another_is_no_callable():
    told = explain(Policy(["*", "https://app.example.com"]), origin="https://other.example")
    assert 'The origin "https://other.example" is allowed: allow_origins is "*".' in told.splitlines()


def test_an_insecure_origin_that_only_an_expression_matches_is_explained():
    policy = Policy(re.compile("https?://[b-y]{4}"), allow_credentials=True)
    told = explain(policy, origin="http://bbbb")
    assert "only a regular expression matches it, and with credentials an expression allows no http:// origin" in told
    assert '"insecure-origins" in dangerously_allow' in told
