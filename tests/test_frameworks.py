"""The applications of examples/frameworks: one API in five frameworks, started as the README says, over sockets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from front_ends import Pairs, Reply

from corswsgi.browser import Browser

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "frameworks"

APP, LOCAL, STRANGER = "https://app.example.com", "http://localhost:5173", "https://stranger.example"

#: Seconds after which a test is lost; no test depends on how long anything takes.
LOST = 60


class Framework(NamedTuple):
    """What a framework answers in its own way.

    :ivar anonymous: the status without a cookie.
    :ivar other_method: the status of a method that a path has no view for.
    :ivar vary: what its answer without a cookie varies by, beside the origin.
    """

    anonymous: int = 401
    other_method: int = 405
    vary: tuple[str, ...] = ()


FRAMEWORKS = {
    "flask_app": Framework(vary=("cookie",)),
    "pyramid_app": Framework(anonymous=403, other_method=404),
    "bottle_app": Framework(),
    "falcon_app": Framework(vary=("cookie", "accept")),
    "webob_app": Framework(vary=("cookie",)),
}


class Site(NamedTuple):
    """An example that runs."""

    name: str
    port: int

    def ask(self, method: str, path: str, headers: Pairs = (), body: str | None = None) -> Reply:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LOST)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return Reply(response.status, response.getheaders(), response.read())
        finally:
            connection.close()


@contextmanager
def started(command: list[str], log: Path, pattern: str) -> Iterator[int]:
    """Start a program that writes its port to the log; stop it in the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=EXAMPLES, stdout=output, stderr=subprocess.STDOUT)
    watchdog = threading.Timer(LOST, process.kill)
    watchdog.start()
    try:
        while not (found := re.search(pattern, log.read_text("utf-8"))):
            assert process.poll() is None, log.read_text("utf-8")
            time.sleep(0.05)
        watchdog.cancel()
        yield int(found[1])
    finally:
        watchdog.cancel()
        process.terminate()
        try:
            process.wait(LOST)
        finally:
            process.kill()
            process.wait()


def script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.fixture(scope="module", params=list(FRAMEWORKS))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    command = [script("waitress-serve"), "--listen=127.0.0.1:0", f"{request.param}:app"]
    log = tmp_path_factory.mktemp("frameworks") / "log"
    with started(command, log, r"Serving on http://127\.0\.0\.1:([0-9]+)") as port:
        yield Site(request.param, port)


def check_granted(reply: Reply, origin: str, *, vary: set[str]) -> None:
    """Check that a page of ``origin`` can read a response, and what it varies by, in one line or in several."""
    cors = [pair for pair in reply.cors if pair[0].lower() != "vary"]
    assert cors == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", "X-Total-Count"),
    ]
    assert sorted(varying(reply)) == sorted(vary)


def varying(reply: Reply) -> list[str]:
    return [name.strip().lower() for value in reply.all("Vary") for name in value.split(",")]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_application_has_at_most_40_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 40
    assert path.stem in FRAMEWORKS


def test_the_readme_says_how_to_start_them() -> None:
    text = (EXAMPLES / "README.rst").read_text("utf-8")
    assert "waitress-serve --listen=127.0.0.1:8000 flask_app:app" in text
    for name in FRAMEWORKS:
        source = (EXAMPLES / f"{name}.py").read_text("utf-8")
        assert f"``waitress-serve --listen=127.0.0.1:8000 {name}:app``." in source.splitlines()[0]


@pytest.mark.once
@pytest.mark.parametrize("path", ["/notes", "/notes/0", "/login", "/nowhere"])
@pytest.mark.parametrize("origin", [APP, LOCAL])
def test_preflights_reach_neither_routing_nor_authentication(site: Site, path: str, origin: str) -> None:
    asked = [("Origin", origin), ("Access-Control-Request-Method", "PUT")]
    reply = site.ask("OPTIONS", path, [*asked, ("Access-Control-Request-Headers", "content-type")])
    assert (reply.status, reply.body) == (204, b"")
    assert reply.cors == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "Content-Type"),
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Max-Age", "600"),
        ("Vary", "Origin"),
    ]
    refused = site.ask("OPTIONS", path, [("Origin", STRANGER), ("Access-Control-Request-Method", "PUT")])
    assert (refused.status, refused.cors) == (403, [("Vary", "Origin")])


@pytest.mark.once
def test_cookies_errors_and_vary(site: Site) -> None:
    framework = FRAMEWORKS[site.name]
    page = ("Origin", APP)
    cookie_too = {"origin", "cookie"}
    anonymous = site.ask("GET", "/notes", [page])
    assert anonymous.status == framework.anonymous
    check_granted(anonymous, APP, vary={"origin", *framework.vary})

    logged_in = site.ask("POST", "/login", [page])
    assert logged_in.status == 200
    assert {"origin"} <= set(varying(logged_in))
    cookie = logged_in.all("Set-Cookie")[0]
    assert "samesite=none" in cookie.lower()
    assert "secure" in cookie.lower()
    user = ("Cookie", cookie.partition(";")[0])

    notes = site.ask("GET", "/notes", [page, user])
    assert (notes.status, json.loads(notes.body)) == (200, {"notes": ["Water the plants"]})
    check_granted(notes, APP, vary=cookie_too)
    assert varying(site.ask("GET", "/notes", [("Origin", STRANGER), user])).count("origin") == 1
    assert site.ask("GET", "/notes", [("Origin", STRANGER), user]).all("Access-Control-Allow-Origin") == []

    change = [page, user, ("Content-Type", "application/json")]
    changed = site.ask("PUT", "/notes/0", change, '{"text": "Water the plants"}')
    assert (changed.status, json.loads(changed.body)) == (200, {"notes": ["Water the plants"]})

    for status, reply in [
        (500, site.ask("PUT", "/notes/9", change, '{"text": "?"}')),
        (404, site.ask("GET", "/nowhere", [page, user])),
        (framework.other_method, site.ask("DELETE", "/notes", [page, user])),
    ]:
        assert reply.status == status
        assert reply.all("Access-Control-Allow-Origin") == [APP]
        assert varying(reply).count("origin") == 1
        assert reply.body


@pytest.mark.once
def test_a_browser_keeps_the_cookie_and_sends_it(site: Site) -> None:
    with requests.Session() as session:
        browser = Browser(session, origin=LOCAL)
        url = f"http://localhost:{site.port}"
        login = browser.fetch(f"{url}/login", method="POST", credentials="include")
        assert login.allowed, login.reason.sentence
        verdict = browser.fetch(f"{url}/notes", credentials="include")
        assert verdict.allowed, verdict.reason.sentence
        assert verdict.response is not None
        assert verdict.response.status == 200
        assert dict(verdict.response.headers)["x-total-count"] == "1"
        changed = browser.fetch(
            f"{url}/notes/0",
            credentials="include",
            method="PUT",
            headers={"Content-Type": "application/json"},
            body='{"text": "Water the plants"}',
        )
        assert changed.allowed, changed.reason.sentence
        assert len(changed.preflights) == 1
        assert changed.response is not None
        assert json.loads(changed.response.body or b"") == {"notes": ["Water the plants"]}


def logged_in(site: Site) -> list[tuple[str, str]]:
    """Return the headers of a page's requests with the cookie of the login."""
    reply = site.ask("POST", "/login", [("Origin", APP)])
    return [("Origin", APP), ("Cookie", reply.all("Set-Cookie")[0].partition(";")[0])]


def check_flask(site: Site) -> None:
    """Check what Flask makes of its own errors, and what it streams."""
    page = logged_in(site)
    for method, path, status, error in [
        ("GET", "/nowhere", 404, "Not Found"),
        ("DELETE", "/notes", 405, "Method Not Allowed"),
    ]:
        reply = site.ask(method, path, page)
        assert (reply.status, json.loads(reply.body)) == (status, {"error": error})
        check_granted(reply, APP, vary={"origin"})  # no view of the blueprint has read the session
    streamed = site.ask("GET", "/notes.txt", page)
    assert (streamed.status, streamed.body) == (200, b"Water the plants\n")
    check_granted(streamed, APP, vary={"origin", "cookie"})
    asked = [("Origin", APP), ("Access-Control-Request-Method", "PUT")]
    assert site.ask("OPTIONS", "/notes/0", asked).status == 204


@pytest.mark.once
def test_flask_in_debug_mode_and_without(tmp_path: Path) -> None:
    command = [script("flask"), "--app", "flask_app", "run", "--port=0", "--no-reload"]
    for more in ([], ["--debug"]):
        with started([*command, *more], tmp_path / "log", r"Running on http://127\.0\.0\.1:([0-9]+)") as port:
            site = Site("flask_app", port)
            check_flask(site)
            reply = site.ask(
                "PUT", "/notes/9", [*logged_in(site), ("Content-Type", "application/json")], '{"text": ""}'
            )
        assert reply.status == 500
        # The debugger stands in front of all, and shows its own page, which is for the developer.
        assert (b"Werkzeug Debugger" in reply.body) == bool(more)
        assert (b"IndexError" in reply.body) == bool(more)
        assert reply.all("Access-Control-Allow-Origin") == ([] if more else [APP])
