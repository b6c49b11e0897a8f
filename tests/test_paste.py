"""PasteDeploy: a filter of an INI file, its faults, and the example under ``pserve``."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from front_ends import Pairs, Reply
from paste.deploy import loadapp

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.paste import filter_app_factory, filter_factory
from corswsgi.settings import Followed

EXAMPLE = Path(__file__).parents[1] / "examples" / "pyramid_paste"

A, B = "https://a.example", "https://b.example"

#: Seconds after which a test is lost; no test depends on how long anything takes.
LOST = 60


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    raise NotImplementedError


def wrapped(**keys: Any) -> CORSMiddleware:
    return filter_factory({}, **keys)(app)


def test_options_of_a_filter() -> None:
    middleware = wrapped(allow_origins=f"{A}\n  {B}", allow_credentials="true", max_age="10 minutes")
    assert middleware.policy == Policy([A, B], allow_credentials=True)
    assert middleware.app is app
    assert middleware.readable_errors is True
    assert wrapped(allow_origins="*", readable_errors="off").readable_errors is False
    assert wrapped(allow_origins="*", readable_errors=False).readable_errors is False


def test_paths_of_a_filter() -> None:
    keys = {"allow_origins": A, "/public.allow_origins": "*", "/internal": "none"}
    assert wrapped(**keys).policy == {"/": Policy(A), "/public": Policy("*"), "/internal": None}


def test_both_factories_make_the_same() -> None:
    middleware = filter_app_factory(app, {"here": "/nowhere"}, allow_origins=A)
    assert (middleware.app, middleware.policy) == (app, Policy(A))


def test_a_settings_file_beside_the_ini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cors.toml").write_text(f'[cors]\nallow_origins = "{A}"\n')
    here = {"here": str(tmp_path), "__file__": str(tmp_path / "app.ini")}
    assert filter_factory(here, config="cors.toml")(app).policy == Policy(A)
    assert filter_factory(here, config="cors.toml", reload="false")(app).policy == Policy(A)
    assert filter_factory({}, config=str(tmp_path / "cors.toml"))(app).policy == Policy(A)
    followed = filter_factory(here, config="cors.toml", reload="true")(app).policy
    assert isinstance(followed, Followed)
    assert followed.policies == Policy(A)
    monkeypatch.chdir(tmp_path)
    assert filter_factory({}, config="cors.toml")(app).policy == Policy(A)


FAULTS: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["app.ini, key allow_origins: allow_origins: a policy must say which origins it allows; list them."]),
    (
        {"allow_origins": "a.example", "max_age": "soon", "/b.alow_headers": "x", "readable_errors": "maybe"},
        [
            'app.ini, key readable_errors: readable_errors: "maybe" is neither true nor false.',
            'app.ini, key max_age: max_age: "soon" is not a duration; write seconds, or "10 minutes", or "none".',
            'app.ini, key allow_origins: allow_origins: "a.example" is not an origin as browsers write it: it has no '
            'scheme; did you mean "https://a.example"?',
            'app.ini, key /b.alow_headers: alow_headers: there is no such option; did you mean "allow_headers"?',
        ],
    ),
    (
        {"allow_origins": A, "readable_error": "1", "reload": "true"},
        [
            "app.ini, key reload: reload: only a settings file can be reloaded; name it with config.",
            'app.ini, key readable_error: readable_error: there is no such option; did you mean "readable_errors"?',
        ],
    ),
    (
        {"policy": "free", "free_origin": "copy"},
        [
            "app.ini, key policy: policy: this is an option of wsgicors; here several policies are a mapping from "
            "paths, or a callable that chooses one.",
            'app.ini, key free_origin: free_origin: this is an option of wsgicors; did you mean allow_origins="*"?',
        ],
    ),
    (
        {"config": "cors.toml", "allow_origins": A, "reload": "perhaps"},
        [
            'app.ini, key reload: reload: "perhaps" is neither true nor false.',
            "app.ini, key allow_origins: allow_origins: a policy is given by config or by options, not by both; "
            "leave one of them out.",
            'cors.toml:2: allow_origin: there is no such option; did you mean "allow_origins"?',
            "cors.toml:1: allow_origins: a policy must say which origins it allows; list them.",
        ],
    ),
    ({"config": "no.toml"}, ["app.ini, key config: no.toml: it cannot be read: No such file or directory."]),
]


@pytest.mark.parametrize(("keys", "said"), FAULTS)
def test_every_fault_is_told_with_its_key(keys: dict[str, str], said: list[str], tmp_path: Path) -> None:
    (tmp_path / "cors.toml").write_text(f'[cors]\nallow_origin = "{A}"\n')
    with pytest.raises(PolicyError) as caught:
        filter_factory({"here": str(tmp_path), "__file__": str(tmp_path / "app.ini")}, **keys)
    lines = str(caught.value).replace(f"{tmp_path}{os.sep}", "").splitlines()
    assert sorted(lines) == sorted(said)


def test_faults_without_an_ini() -> None:
    with pytest.raises(PolicyError, match=r"^key allow_origins: allow_origins: a policy must say"):
        filter_factory({})


INI = f"""
[pipeline:main]
pipeline = cors app

[filter:cors]
paste.filter_factory = corswsgi.paste:filter_factory
allow_origins = {A}
    re:https://pr-[0-9]+\\.example
/public.allow_origins = *

[app:app]
use = call:test_paste_app:main
"""


def test_a_pipeline_of_paste_deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_paste_app.py").write_text("def main(global_conf):\n    return lambda environ, respond: []\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "app.ini").write_text(INI)
    policy = loadapp(f"config:{tmp_path / 'app.ini'}").policy
    assert policy == {"/": Policy([A, re.compile(r"https://pr-[0-9]+\.example")]), "/public": Policy("*")}


# --- The example --------------------------------------------------------------------------------------

SHOP = "https://shop.example.com"


class Pserve(NamedTuple):
    """The example as it runs.

    :ivar directory: a copy of it, whose files may change.
    """

    directory: Path
    port: int
    log: Path

    def ask(self, method: str, path: str, headers: Pairs = (), body: str = "") -> Reply:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LOST)
        try:
            connection.request(method, path, body or None, dict(headers))
            response = connection.getresponse()
            return Reply(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def write(self, text: str) -> None:
        (self.directory / "cors.toml").write_text(text, "utf-8")

    def wait(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + LOST
        while not is_so():
            assert time.monotonic() < end, self.log.read_text("utf-8")
            time.sleep(0.1)


def start(directory: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start what the README says."""
    with log.open("wb") as stderr:
        return subprocess.Popen(
            [Path(sys.executable).with_name("pserve"), "development.ini"],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": "."},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    directory = tmp_path / "pyramid_paste"
    shutil.copytree(EXAMPLE, directory, ignore=shutil.ignore_patterns("__pycache__"))
    ini = directory / "development.ini"
    text = ini.read_text("utf-8")
    assert "listen = 127.0.0.1:6543" in text
    ini.write_text(text.replace("127.0.0.1:6543", "127.0.0.1:0"), "utf-8")
    return directory


@pytest.fixture
def pserve(copied: Path, tmp_path: Path) -> Iterator[Pserve]:
    log = tmp_path / "log"
    process = start(copied, log)
    watchdog = threading.Timer(LOST, process.kill)
    watchdog.start()
    try:
        while not (found := re.search(r"Serving on http://127\.0\.0\.1:([0-9]+)", log.read_text("utf-8"))):
            assert process.poll() is None, log.read_text("utf-8")
            time.sleep(0.05)
        watchdog.cancel()
        yield Pserve(copied, int(found[1]), log)
    finally:
        watchdog.cancel()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(LOST)
        finally:
            process.kill()
            process.wait()


@pytest.mark.once
def test_the_example_under_pserve(pserve: Pserve) -> None:
    page = ("Origin", SHOP)
    granted = [("Access-Control-Allow-Credentials", "true"), ("Access-Control-Allow-Origin", SHOP), ("Vary", "Origin")]
    timed = sorted([*granted, ("Timing-Allow-Origin", SHOP)])
    reply = pserve.ask("GET", "/prices", [page])
    assert (reply.status, json.loads(reply.body), reply.cors) == (200, {"tea": 7, "coffee": 9}, timed)

    # The preflight reaches neither the login nor the routes.
    for path in ("/prices/tea", "/login", "/nowhere"):
        asked = [page, ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type")]
        reply = pserve.ask("OPTIONS", path, asked)
        assert (reply.status, reply.all("Access-Control-Allow-Methods")) == (204, ["PUT"])

    change = [page, ("Content-Type", "application/json")]
    forbidden = pserve.ask("PUT", "/prices/tea", change, '{"price": 5}')
    assert (forbidden.status, forbidden.body, forbidden.cors) == (403, b'{"error": "Forbidden"}', timed)
    missing = pserve.ask("GET", "/nowhere", [page])
    assert (missing.status, missing.body, missing.cors) == (404, b'{"error": "Not Found"}', granted)

    logged_in = pserve.ask("POST", "/login", [page])
    assert (logged_in.status, logged_in.cors) == (200, granted)
    change.append(("Cookie", logged_in.all("Set-Cookie")[0].partition(";")[0]))
    changed = pserve.ask("PUT", "/prices/tea", change, '{"price": 5}')
    assert (changed.status, json.loads(changed.body)["tea"], changed.cors) == (200, 5, timed)
    failed = pserve.ask("PUT", "/prices/tea", change, "{}")
    assert (failed.status, failed.cors) == (500, timed)
    assert pserve.ask("GET", "/prices", [("Origin", A)]).cors == [("Vary", "Origin")]

    # The file is followed, and a broken one changes nothing.
    pserve.write(f'[cors]\nallow_origins = "{A}"\n')
    pserve.wait(lambda: pserve.ask("GET", "/prices", [page]).all("Access-Control-Allow-Origin") == [A])
    pserve.write(f'[cors]\nallow_origin = "{B}"\n')
    pserve.wait(lambda: bool(pserve.ask("GET", "/prices")) and "is not in force" in pserve.log.read_text("utf-8"))
    assert pserve.ask("GET", "/prices", [page]).all("Access-Control-Allow-Origin") == [A]


@pytest.mark.once
def test_pserve_ends_with_every_fault_of_the_ini(copied: Path, tmp_path: Path) -> None:
    ini = copied / "development.ini"
    ini.write_text(ini.read_text("utf-8").replace("config = cors.toml\n", "max_age = soon\norigins = *\n"), "utf-8")
    process = start(copied, tmp_path / "log")
    try:
        assert process.wait(LOST) != 0
    finally:
        process.kill()
        process.wait()
    said = (tmp_path / "log").read_text("utf-8")
    for key in ("reload", "max_age", "origins"):
        assert f"{ini}, key {key}: {key}: " in said
