"""``corswsgi.testing``, as users use it, and the example that puts ``requests`` beside a browser."""

import contextlib
import io
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
        (assert_allowed, {"origin": EVIL}, f"a page of {EVIL} should read it, and cannot\n\nBLOCKED"),
        (
            assert_allowed,
            {"origin": APP, "method": "PUT", "headers": [("X-Other", "1")]},
            f"a page of {APP} should read it, and cannot\n\nBLOCKED",
        ),
        (assert_blocked, {"origin": APP}, f"a page of {APP} should be blocked, and is not (readable)\n\nALLOWED"),
        (
            assert_blocked,
            {"origin": EVIL, "mode": "no-cors"},
            f"a page of {EVIL} should be blocked, and is not (opaque)",
        ),
        (
            assert_blocked,
            {"origin": EVIL, "reason": "method-not-allowed"},
            f"a page of {EVIL} is blocked, but because of allow-origin-missing, not method-not-allowed\n\nBLOCKED",
        ),
        (
            assert_readable_headers,
            {"origin": APP, "names": ["X-Total", "X-Secret", "X-None"]},
            f"a page of {APP} should read headers that it cannot: X-Secret (hidden), X-None (not sent)\n\nALLOWED",
        ),
        (assert_readable_headers, {"origin": EVIL, "names": []}, f"a page of {EVIL} should read it"),
        (
            assert_allowed,
            {"origin": APP, "headers": {"DPR": "2"}},
            f"a page of {APP} should read it, and cannot in Firefox and Safari\n\n"
            "BLOCKED in Firefox and Safari, allowed in Chrome: ",
        ),
        (
            assert_blocked,
            {"origin": APP, "headers": {"DPR": "2"}},
            f"a page of {APP} should be blocked, and is not (readable) in Chrome\n\n"
            "BLOCKED in Firefox and Safari, allowed in Chrome: ",
        ),
        (
            assert_readable_headers,
            {"origin": APP, "names": ["X-None"], "engine": "webkit"},
            f"a page of {APP} should read headers that it cannot: X-None (not sent)\n\nALLOWED in Safari: ",
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
    with pytest.raises(ValueError, match="engine='netscape' is none that is known; there are standard, chromium"):
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
