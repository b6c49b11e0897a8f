"""docs/tutorial.rst, held to its word: what it says of each step is so in each browser, and in a real one."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import machine
import pytest
from engines.opening import CHROMIUM_FLAGS
from front_ends import Quiet
from on_waitress import running_waitress
from playwright import sync_api
from test_docs import blocks_of

from corswsgi import Policy
from corswsgi.testing import Page, assert_allowed, assert_blocked, open_browser

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "examples" / "tutorial"
PAGE = "http://localhost:8000"
API = "http://localhost:8001"
JSON = {"Content-Type": "application/json"}


def step(number: int) -> Any:
    """Return the Flask application of a step, started again."""
    specification = importlib.util.spec_from_file_location(f"step{number}", TUTORIAL / f"step{number}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.app


def add(page: Page, **init: Any) -> Any:
    headers = JSON | init.pop("headers", {})
    return page.fetch(f"{API}/notes", method="POST", headers=headers, body='{"text": "Buy bread"}', **init)


def test_step_1_is_blocked_though_it_is_answered() -> None:
    verdict = assert_blocked(step(1), f"{API}/notes", origin=PAGE, reason="allow-origin-missing")
    assert verdict.exchanges[-1].status == 200


def test_step_2_can_be_read_and_added_to() -> None:
    page = open_browser(step(2), origin=PAGE)
    assert page.fetch(f"{API}/notes").allowed
    verdict = add(page)
    assert verdict.allowed
    assert [each.method for each in verdict.exchanges] == ["OPTIONS", "POST"]


def test_step_2_without_its_line_about_headers() -> None:
    app = step(2)
    app.wsgi_app.policy = Policy(allow_origins=[PAGE])
    assert add(open_browser(app, origin=PAGE)).reason.code == "header-not-allowed"


def test_step_3_knows_its_users_by_cookies() -> None:
    page = open_browser(step(3), origin=PAGE)
    verdict = page.fetch(f"{API}/notes", credentials="include")
    assert (verdict.allowed, verdict.response and verdict.response.status) == (True, 401)
    page.fetch(f"{API}/login", method="POST", headers=JSON, body='{"user": "ada"}', credentials="include")
    verdict = add(page, credentials="include")
    assert verdict.response is not None
    assert verdict.response.status == 201
    assert page.fetch(f"{API}/notes").response.status == 401  # type: ignore[union-attr] # without cookies it fails here


@pytest.mark.parametrize("missing", [False, True])
def test_step_4_knows_its_users_by_tokens(missing: bool) -> None:
    app = step(4)
    if missing:
        app.wsgi_app.policy = Policy(allow_origins=[PAGE], allow_headers=["Content-Type"])
    page = open_browser(app, origin=PAGE)
    answer = page.fetch(f"{API}/login", method="POST", headers=JSON, body='{"user": "ada"}').response
    assert answer is not None
    token = json.loads(answer.body or b"")["token"]
    verdict = add(page, headers={"Authorization": f"Bearer {token}"})
    assert verdict.allowed is not missing
    assert verdict.reason.code == ("authorization-not-listed" if missing else "cors-check-passed")


def test_the_test_that_it_shows_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (each for each in blocks_of(ROOT / "docs" / "tutorial.rst") if each.language == "python")
    monkeypatch.syspath_prepend(TUTORIAL)
    namespace: dict[str, Any] = {}
    exec(compile(block.text, str(block), "exec"), namespace)
    tests: list[Callable[[], object]] = [each for name, each in namespace.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


# In a real browser


@contextmanager
def serving(directory: Path) -> Iterator[int]:
    class Handler(Quiet, SimpleHTTPRequestHandler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=directory)) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


#: By step: what is pressed, and what the page then shows.
PRESSED = {
    (1, ""): [("Read", "TypeError: Failed to fetch")],
    (2, ""): [("Read", '200 {"notes":["Water the plants"]}'), ("Add a note", "201 ")],
    (3, "?cookies"): [("Read", "401 "), ("Log in", "200 "), ("Add a note", "201 "), ("Read", '200 {"notes":["Buy')],
    (4, "?token"): [("Read", "401 "), ("Log in", "200 "), ("Add a note", "201 "), ("Read", '200 {"notes":["Buy')],
}


@pytest.mark.once
def test_in_chromium_the_page_shows_what_the_tutorial_says(tmp_path: Path) -> None:
    executable = machine.find("chromium")
    source = (TUTORIAL / "page" / "index.html").read_text("utf-8")
    with serving(tmp_path) as page_port, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_FLAGS))
        for (number, query), presses in PRESSED.items():
            app = step(number)
            if number > 1:  # the ports of a test are free ones
                app.wsgi_app.policy = app.wsgi_app.policy.__replace__(allow_origins=[f"http://localhost:{page_port}"])
            with running_waitress(app) as api_port:
                (tmp_path / "index.html").write_text(source.replace("8001", str(api_port)), "utf-8")
                page = browser.new_context().new_page()
                page.goto(f"http://localhost:{page_port}/{query}")
                for button, shown in presses:
                    page.get_by_role("button", name=button, exact=True).click()
                    sync_api.expect(page.locator("#result")).to_contain_text(shown)
        browser.close()


def test_step_4_is_open_to_no_other_page() -> None:
    for number in (2, 3, 4):
        assert_blocked(step(number), f"{API}/notes", origin="https://other.example")
        assert_allowed(step(number), f"{API}/notes", origin=PAGE)
