"""Settings files that are followed: edited, broken, gone and fixed while requests run, in one process and several."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from front_ends import ask_http_server, ask_wsgi

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.settings import Followed, follow, following, read_file

A, B = "https://a.example", "https://b.example"


class Clock:
    """Stands still until it is moved; far ahead of the times of files, so that each was written long ago."""

    def __init__(self) -> None:
        self.seconds = time.time() + 1000

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "cors.toml"
    write(file, A)
    return file


@pytest.fixture
def followed(file: Path, clock: Clock) -> Followed:
    return Followed(file, clock, clock)


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """Return the errors logged since the last call."""

    def logged() -> list[str]:
        messages = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        caplog.clear()
        return messages

    with caplog.at_level(logging.INFO, "corswsgi"):
        yield logged


def write(file: Path, origin: str) -> None:
    """Replace a file as editors do, in one step."""
    whole = file.with_suffix(".new")
    whole.write_text(f"[cors]\nallow_origins = '{origin}'\n")
    whole.replace(file)


def test_a_changed_file_is_in_force_after_a_second(file: Path, clock: Clock, followed: Followed) -> None:
    assert followed.policies == followed.policy_for("/") == Policy(A)
    write(file, B)
    clock.seconds += 0.9
    assert followed.policy_for("/") == Policy(A)
    clock.seconds += 0.1
    assert followed.policy_for("//x") == Policy(B)  # one policy governs all paths
    assert followed.policies == Policy(B)
    file.write_text(f"[cors.'/a']\nallow_origins = '{A}'")
    clock.seconds += 1
    assert followed.policy_for("/b") is None
    assert followed.policy_for("/a/b") == Policy(A)


def test_it_is_looked_at_once_a_second(clock: Clock, followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def stat(path: str) -> os.stat_result:
        looks.append(path)
        return os.stat(path)

    monkeypatch.setattr(following, "os", SimpleNamespace(stat=stat))
    for _ in range(101):
        followed.policy_for("/")
        clock.seconds += 0.125
    assert len(looks) == 12


def replaced_by_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def link_to_nothing(file: Path) -> None:
    file.unlink()
    file.symlink_to("nothing")


BROKEN: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "faulty": (
        lambda file: file.write_text("[cors]\nallow_origins = '*'\nallow_credentials = true\nmax_age = -1\n"),
        [
            "cors.toml:2: allow_origins: with credentials, every site could act as its visitors; list the origins "
            "that may.",
            "cors.toml:4: max_age: a negative age is invalid; 0 keeps browsers from caching; did you mean 0?",
        ],
    ),
    "half written": (
        lambda file: file.write_text("[cors]\nallow_origins = ['https:"),
        ['cors.toml:2: this is not TOML: Expected "\'" (at end of document).'],
    ),
    "empty": (lambda file: file.write_text(""), ["cors.toml: there is no section [cors]."]),
    "gone": (Path.unlink, ["cors.toml: it cannot be read: No such file or directory."]),
    "directory": (replaced_by_directory, ["cors.toml: it is a directory, not a file."]),
    "link to nothing": (link_to_nothing, ["cors.toml: it cannot be read: No such file or directory."]),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_changes_nothing_and_is_told_once(
    kind: str, file: Path, clock: Clock, followed: Followed, errors: Callable[[], list[str]]
) -> None:
    spoil, faults = BROKEN[kind]
    spoil(file)
    for _ in range(5):
        clock.seconds += 1
        assert followed.policy_for("/") == Policy(A)
    (message,) = errors()
    first, *others = message.replace(f"{file.parent}{os.sep}", "").splitlines()
    assert first == '"cors.toml" is not in force; the last policy without faults stays:'
    if kind != "half written":  # the words of tomllib differ
        assert others == faults
    if file.is_dir():
        file.rmdir()
    write(file, B)
    clock.seconds += 1
    assert followed.policy_for("/") == Policy(B)
    assert errors() == []


def test_each_change_of_a_broken_file_is_told(
    file: Path, clock: Clock, followed: Followed, errors: Callable[[], list[str]]
) -> None:
    for text in ("x", "xx", "xxx"):
        file.write_text(text)
        clock.seconds += 1
        followed.policy_for("/")
    assert len(errors()) == 3


def test_a_link_that_changes_is_followed(tmp_path: Path, clock: Clock) -> None:
    """As Kubernetes replaces the files of a ConfigMap."""
    for name, origin in (("one", A), ("two", B)):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "cors.toml", origin)
    link = tmp_path / "data"
    link.symlink_to("one")
    followed = Followed(link / "cors.toml", clock, clock)
    other = tmp_path / "other"
    other.symlink_to("two")
    other.replace(link)
    clock.seconds += 1
    assert followed.policy_for("/") == Policy(B)


def test_the_directory_of_the_process_may_change(
    file: Path, clock: Clock, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    followed = Followed(file.name, clock, clock)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    write(file, B)
    clock.seconds += 1
    assert followed.policy_for("/") == Policy(B)


def test_a_file_in_the_middle_of_being_written_is_left_for_the_next_look(
    file: Path, clock: Clock, errors: Callable[[], list[str]]
) -> None:
    now = Clock()
    followed = Followed(file, clock, now)
    with file.open("w") as stream:
        stream.write("[cors]\nallow_origins = 'https:")
        stream.flush()
        now.seconds = file.stat().st_mtime + 0.2
        clock.seconds += 1
        assert followed.policy_for("/") == Policy(A)
        stream.write(f"{B[6:]}'\n")
    now.seconds = file.stat().st_mtime + 0.3
    clock.seconds += 0.9
    assert followed.policy_for("/") == Policy(A)
    clock.seconds += 0.1
    assert followed.policy_for("/") == Policy(B)
    assert errors() == []


@pytest.mark.parametrize("text", ["x", f"[cors]\nallow_origins = '{B}'"])
def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_look(
    text: str,
    file: Path,
    clock: Clock,
    followed: Followed,
    errors: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read_and_change(path: Any) -> Any:
        try:
            return read_file(path)
        finally:
            write(file, "https://c.example")

    file.write_text(text)
    monkeypatch.setattr(following, "read_file", read_and_change)
    clock.seconds += 1
    assert followed.policy_for("/") == Policy(A)
    monkeypatch.undo()
    clock.seconds += 1
    assert followed.policy_for("/") == Policy("https://c.example")
    assert errors() == []


def test_no_request_waits_for_one_that_reads(
    file: Path, clock: Clock, followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def read_slowly(path: Any) -> Any:
        reading.set()
        assert go_on.wait(30)
        return read_file(path)

    monkeypatch.setattr(following, "read_file", read_slowly)
    write(file, B)
    clock.seconds += 1
    thread = threading.Thread(target=followed.policy_for, args=["/"])
    thread.start()
    try:
        assert reading.wait(30)
        assert followed.policy_for("/") == Policy(A)
    finally:
        go_on.set()
        thread.join(30)
    assert followed.policy_for("/") == Policy(B)


def test_two_threads_that_see_the_second_pass_look_once(file: Path) -> None:
    times = iter([0.0, 1.0, 0.5])  # the other thread has looked between the last two
    followed = Followed(file, lambda: next(times), Clock())
    write(file, B)
    assert followed.policy_for("/") == Policy(A)


def test_what_reads_raises_as_the_file_is_at_first(file: Path) -> None:
    file.write_text("[cors]")
    with pytest.raises(PolicyError, match=r"cors\.toml:1: allow_origins: "):
        follow(file)


def test_no_file_has_such_a_name() -> None:
    with pytest.raises(PolicyError, match="a file name cannot contain NUL"):
        follow("a\0b.toml")


def test_its_name(file: Path) -> None:
    assert repr(follow(file)) == f'<Followed "{file}">'


# --- Under requests ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [ask_wsgi, ask_http_server])
def test_both_front_ends_follow(ask: Callable[..., Any], file: Path, clock: Clock, followed: Followed) -> None:
    def allowed() -> list[str]:
        values: list[str] = ask(followed, "GET", "/", [("Origin", B)]).all("Access-Control-Allow-Origin")
        return values

    assert allowed() == [A]
    write(file, B)
    clock.seconds += 1
    assert allowed() == [B]
    file.write_text("x")
    clock.seconds += 1
    assert allowed() == [B]


def wait_until(many: list[Any], number: int) -> None:
    """Wait until there are so many."""
    deadline = time.monotonic() + 30
    while len(many) < number:
        assert time.monotonic() < deadline
        time.sleep(0.0005)


def test_each_response_follows_one_policy_while_the_file_changes(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    texts = [
        f"[cors]\nallow_origins = '{A}'\nexpose_headers = 'x-a'\n",
        "[cors]\nallow_origins = '*'\nexpose_headers = 'x-b'\n",
        "[cors]\nallow_origins = [",
    ]
    wholes = [
        [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", name)]
        for origin, name in ((A, "x-a"), ("*", "x-b"))
    ]
    file.write_text(texts[0])
    middleware = CORSMiddleware(app, Followed(file, clock, clock))
    seen: list[list[tuple[str, str]]] = []
    told: list[str] = []
    monkeypatch.setattr(following._logger, "error", lambda text, *values: told.append(text))
    monkeypatch.setattr(following._logger, "info", lambda text, *values: told.append(text))
    is_over = threading.Event()

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        seen.append(headers)
        return lambda data: None

    def ask() -> None:
        while not is_over.is_set():
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": "", "HTTP_ORIGIN": A}
            middleware(environ, start_response)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(1, 10):
            whole = file.with_suffix(".new")
            whole.write_text(texts[turn % 3])
            whole.replace(file)
            clock.seconds += 1
            wait_until(told, turn)  # each change is told once
            wait_until(seen, len(seen) + 4)
    finally:
        is_over.set()
        for thread in threads:
            thread.join(30)
    assert [headers for headers in seen if headers not in wholes] == []
    assert all(whole in seen for whole in wholes)
    assert len(told) == 9


SERVED = """
import os, sys
from corswsgi import CORSMiddleware

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "0"), ("X-Pid", str(os.getpid()))])
    return [b""]

application = CORSMiddleware.from_file(app, "cors.toml", reload=True)
"""


def answer(port: int) -> tuple[str | None, str | None]:
    """Return which process answered, and which origin it allows."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    response = connection.getresponse()
    connection.close()
    return response.getheader("X-Pid"), response.getheader("Access-Control-Allow-Origin")


def all_allow(port: int, origin: str) -> None:
    """Wait until both processes have answered under a policy that allows ``origin``, and none under another."""
    deadline = time.monotonic() + 30
    processes: dict[str | None, str | None] = {}
    while len(processes) < 2 or set(processes.values()) != {origin}:
        assert time.monotonic() < deadline, processes
        process, allowed = answer(port)
        processes[process] = allowed


def test_each_process_of_a_pre_forking_server_follows_by_itself(file: Path) -> None:
    (file.parent / "served.py").write_text(SERVED)
    command = [sys.executable, "-m", "gunicorn", "--preload", "-w", "2", "-b", "127.0.0.1:0", "served:application"]
    with (file.parent / "log").open("w+") as log:
        server = subprocess.Popen(command, cwd=file.parent, stderr=log)
        try:
            deadline = time.monotonic() + 30
            while "Listening at: http://127.0.0.1:" not in (told := (file.parent / "log").read_text()):
                assert time.monotonic() < deadline, told
                assert server.poll() is None, told
                time.sleep(0.02)
            port = int(told.partition("Listening at: http://127.0.0.1:")[2].split()[0])
            all_allow(port, A)
            write(file, B)
            all_allow(port, B)
            file.write_text("[cors]\nallow_origins = [")
            deadline = time.monotonic() + 30
            while (file.parent / "log").read_text().count("is not in force") < 2:
                assert time.monotonic() < deadline
                assert answer(port)[1] == B
            write(file, A)
            all_allow(port, A)
            assert (file.parent / "log").read_text().count("is not in force") == 2
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
