"""``corswsgi.testing``, as users use it, and the example that puts ``requests`` beside a browser."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from corswsgi import CORSMiddleware, Policy
from corswsgi.demo.servers import Demo
from corswsgi.testing import assert_allowed, assert_blocked, assert_readable_headers

APP = "https://app.example.com"
EVIL = "https://evil.example"
EXAMPLE = Path(__file__).parent.parent / "examples" / "client_requests.py"


def inner(environ, start_response):
    headers = [("Content-Type", "text/plain"), ("X-Total", "3"), ("X-Secret", "4")]
    if environ.get("HTTP_COOKIE"):
        headers.append(("X-Cookie", environ["HTTP_COOKIE"]))
    start_response("200 OK", headers)
    return [environ["PATH_INFO"].encode(), environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]


application = CORSMiddleware(
    inner,
    Policy(
        [APP, "https://other.example"],
        allow_methods=["PUT"],
        allow_headers=["X-Key"],
        allow_credentials=True,
        expose_headers=["X-Total", "X-Cookie"],
    ),
)


def test_what_is_allowed_returns_the_verdict():
    verdict = assert_allowed(
        application, "/a", origin=APP, method="PUT", headers={"X-Key": "1"}, body="x", credentials="include",
        cookies={"a": "b"},
    )  # fmt: skip
    assert verdict.response.body == b"/ax"
    assert verdict.response.get("X-Cookie") == "a=b"
    assert len(verdict.preflights) == 1
    assert assert_allowed(application, "https://api.example/b", origin=APP).response.body == b"/b"


def test_what_is_blocked_returns_the_verdict():
    assert assert_blocked(application, "/", origin=EVIL).reason.code == "allow-origin-missing"
    assert_blocked(application, "/", origin=APP, method="DELETE", reason="method-not-allowed")


def test_readable_headers():
    assert_readable_headers(application, "/", ["x-total", "Content-Type"], origin=APP)
    assert_readable_headers(application, "/", "X-Total", origin=APP)


@pytest.mark.parametrize(
    ("assertion", "arguments", "message"),
    [
        (assert_allowed, {"origin": EVIL}, f"a page of {EVIL} cannot read the response, but should\n\nBLOCKED"),
        (
            assert_allowed,
            {"origin": APP, "method": "PUT", "headers": [("X-Other", "1")]},
            f"a page of {APP} cannot read the response, but should\n\nBLOCKED",
        ),
        (assert_blocked, {"origin": APP}, f"a page of {APP} should be blocked, but is not (readable)\n\nALLOWED"),
        (
            assert_blocked,
            {"origin": EVIL, "mode": "no-cors"},
            f"a page of {EVIL} should be blocked, but is not (opaque)",
        ),
        (
            assert_blocked,
            {"origin": EVIL, "reason": "method-not-allowed"},
            f"a page of {EVIL} is blocked because of allow-origin-missing, not method-not-allowed\n\nBLOCKED",
        ),
        (
            assert_readable_headers,
            {"origin": APP, "names": ["X-Total", "X-Secret", "X-None"]},
            f"a page of {APP} cannot read headers that it should: X-Secret (hidden), X-None (not sent)\n\nALLOWED",
        ),
        (
            assert_readable_headers,
            {"origin": EVIL, "names": []},
            f"a page of {EVIL} cannot read the response, but should",
        ),
        (
            assert_allowed,
            {"origin": APP, "headers": {"DPR": "2"}},
            f"a page of {APP} cannot read the response in Firefox and Safari, but should\n\n"
            "BLOCKED in Firefox and Safari, allowed in Chrome: ",
        ),
        (
            assert_blocked,
            {"origin": APP, "headers": {"DPR": "2"}},
            f"a page of {APP} should be blocked, but is not (readable) in Chrome\n\n"
            "BLOCKED in Firefox and Safari, allowed in Chrome: ",
        ),
        (
            assert_readable_headers,
            {"origin": APP, "names": ["X-None"], "engine": "webkit"},
            f"a page of {APP} cannot read headers that it should: X-None (not sent)\n\nALLOWED in Safari: ",
        ),
    ],
)
def test_a_failure_says_what_check_would(assertion, arguments, message):
    with pytest.raises(AssertionError) as caught:
        assertion(application, "/", **arguments)
    told = str(caught.value)
    assert told.startswith(message)
    assert "curl" in told


def test_engines_that_are_asked_about():
    hint = {"DPR": "2"}
    assert assert_allowed(application, "/", origin=APP, engine="chromium", headers=hint).preflights == ()
    blocked = assert_blocked(application, "/", origin=APP, engine=["firefox", "webkit"], headers=hint)
    assert blocked.reason.code == "header-not-allowed"
    with pytest.raises(ValueError, match="there is no engine 'netscape'; choose one of standard, chromium"):
        assert_allowed(application, "/", origin=APP, engine="netscape")


def test_the_application_sees_once_what_all_engines_send_alike():
    asked = []

    def app(environ, start_response):
        asked.append(environ["REQUEST_METHOD"])
        return application(environ, start_response)

    assert_allowed(app, "/", origin=APP, method="PUT", body="x")
    assert asked == ["OPTIONS", "PUT"]


def test_what_fetch_refuses_is_a_type_error():
    with pytest.raises(TypeError, match="TRACE"):
        assert_allowed(application, "/", origin=APP, method="TRACE")


def test_the_fixture_opens_a_browser(cors_browser):
    browser = cors_browser(application, origin=APP)
    first, second = (browser.fetch("https://localhost/", method="PUT") for _ in range(2))
    assert first.allowed
    assert len(first.preflights) == 1
    assert second.preflights == (), "the same browser remembers"


def by_wildcard(environ, start_response):
    """Allows Authorization by "*", which the standard does not, but all engines do."""
    headers = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*")]
    start_response("200 OK", [("Content-Type", "text/plain"), *headers])
    return [b"OK"]


def test_the_fixture_asks_the_engines_that_are_named(cors_browser):
    asked = {"headers": {"Authorization": "Bearer 1"}}
    page = cors_browser(by_wildcard, origin=APP)
    assert page.origin == APP
    assert page.fetch("https://localhost/", **asked).allowed
    assert list(page.fetch_in_each("https://localhost/", **asked)) == ["chromium", "firefox", "webkit"]
    strict = cors_browser(by_wildcard, origin=APP, engine="standard").fetch("https://localhost/", **asked)
    assert strict.reason.code == "authorization-not-listed"
    assert "(blocked" not in str(strict.reason)


def test_if_only_some_browsers_block_the_reason_says_which(cors_browser):
    # A client hint, which needs no permission in Chromium.
    verdict = cors_browser(application, origin=APP).fetch("https://localhost/", headers={"DPR": "2"})
    assert not verdict.allowed
    assert str(verdict.reason).endswith(" (blocked in Firefox and Safari)")
    with pytest.raises(AssertionError, match=f"a page of {APP} cannot read the response in Firefox and Safari"):
        assert_allowed(application, "/", origin=APP, headers={"DPR": "2"})


def failing(environ, start_response):
    if environ["PATH_INFO"] == "/late":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", "*")])
        return raising()
    start_response(environ["PATH_INFO"][1:].replace("-", " "), [("Content-Type", "text/plain")])
    return [b"no"]


def raising():
    yield b"so far"
    raise LookupError("too late")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/404-No", None, ""),
        ("/404-No", 404, ""),
        ("/404-No", 200, "its status is 404, not 200"),
        ("/500-No", None, "its status is 500; pass status=500 if this is expected"),
        ("/503-No", None, "its status is 503"),
        ("/503-No", 503, ""),
        ("/503-No", 500, "its status is 503, not 500"),
        ("/late", None, "the application raised LookupError: too late"),
        ("/late", 200, "the application raised LookupError: too late"),
    ],
)
def test_an_application_that_fails_has_not_answered(path, status, message):
    app = CORSMiddleware(failing, allow_origins=[APP, EVIL])
    if not message:
        assert assert_allowed(app, path, origin=APP, status=status).allowed
        assert assert_readable_headers(app, path, "Content-Type", origin=APP, status=status)
        return
    for assertion, more in ((assert_allowed, ()), (assert_readable_headers, (["Content-Type"],))):
        with pytest.raises(AssertionError, match=f"a page of {APP} can read the response, but {re.escape(message)}"):
            assertion(app, path, *more, origin=APP, status=status)


def test_an_application_that_raises_is_no_success_because_its_error_is_readable():
    def broken(environ, start_response):
        raise ZeroDivisionError

    with pytest.raises(AssertionError, match="but its status is 500"):
        assert_allowed(CORSMiddleware(broken, allow_origins=[APP]), "/", origin=APP)


async def asgi(scope, receive, send):
    """An ASGI application."""


def test_an_asgi_application_is_refused():
    with pytest.raises(TypeError, match=r"is an ASGI application, but a target is a WSGI application .* a2wsgi"):
        assert_allowed(asgi, "/", origin=APP)


def test_a_user_has_the_fixture_without_an_import(tmp_path):
    (tmp_path / "test_users.py").write_text(
        "def test_it(cors_browser):\n"
        "    def app(environ, start_response):\n"
        "        start_response('200 OK', [('Access-Control-Allow-Origin', '*')])\n"
        "        return [b'']\n"
        "    assert cors_browser(app, origin='https://a.example').fetch('https://b.example/').allowed\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_user_whose_warnings_are_errors_can_import_the_package(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (tmp_path / "test_users.py").write_text("import corswsgi\n\n\ndef test_it():\n    assert corswsgi.Policy('*')\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1].startswith("1 passed in "), done.stdout + done.stderr


def test_the_example_shows_that_requests_enforces_nothing():
    with Demo() as demo:
        done = subprocess.run(
            [sys.executable, str(EXAMPLE), f"{demo.api_url}/status", demo.page_url],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    alone, as_page, allowed, blocked = done.stdout.splitlines()
    assert alone == "requests alone: 200, sent Origin: None"
    assert as_page == f"requests as a page of {demo.page_url}: 200, allowed to: {demo.page_url}"
    assert allowed.startswith(f"a browser with a page of {demo.page_url}: readable. ")
    assert blocked.startswith("a browser with a page of https://stranger.example: blocked. ")


@pytest.mark.parametrize(
    ("page", "url", "headers"),
    [
        (
            "https://a.example/b?c",
            "https://d.example/",
            {"Origin": "https://a.example", "Referer": "https://a.example/"},
        ),
        ("https://a.example/b", "http://d.example/", {"Origin": "https://a.example"}),
        (
            "http://a.example:1/",
            "http://d.example/",
            {"Origin": "http://a.example:1", "Referer": "http://a.example:1/"},
        ),
    ],
)
def test_the_example_sends_what_a_page_would(page, url, headers):
    namespace: dict[str, Any] = {"__name__": "example"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(EXAMPLE.read_text("utf-8"), str(EXAMPLE), "exec"), namespace)
    assert namespace["headers_of_a_page"](page, url) == headers
