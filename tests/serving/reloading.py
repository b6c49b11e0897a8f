"""The row about the settings file: it is edited, broken and fixed while clients ask without a pause."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from serving.rows import A, Lines, granted, row
from serving.servers import Site
from serving.wire import PATIENCE, ask

#: Seconds after which a change is in force, behind any server.
_IN_FORCE = 2.0

_CLIENTS = 3

#: What is put in place of the file, and the lines of every response under it.
_NEW = '[cors]\nallow_origins = "*"\nexpose_headers = ["X-Pid", "X-New"]\n'
_NEW_LINES: Lines = [("access-control-allow-origin", "*"), ("access-control-expose-headers", "X-Pid,X-New")]


class Answered(NamedTuple):
    """A response under load.

    :ivar asked: when the request was sent.
    :ivar pid: the process that answered.
    """

    asked: float
    pid: str
    lines: Lines


class _Load:
    """Clients that ask without a pause, each over a new connection for each request."""

    def __init__(self, site: Site) -> None:
        self.answered: list[Answered] = []
        self.failures: list[str] = []
        self._site = site
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(_CLIENTS)]

    def __enter__(self) -> _Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE)

    def _ask(self) -> None:
        while not self._is_over.is_set():
            asked = time.monotonic()
            try:
                reply = ask(self._site.port, "GET", "/", [("Origin", A)])
            except OSError as error:
                self.failures.append(repr(error))
                return
            if reply is None or reply.status != 200:
                self.failures.append(repr(reply))
                return
            self.answered.append(Answered(asked, reply.all("x-pid")[0], reply.cors))
            self._is_over.wait(0.002)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; fail if it does not in time."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert not self.failures, self.failures
            assert time.monotonic() < end, self._site.log[-3000:]
            time.sleep(0.02)

    def processes_with(self, lines: Lines, since: float) -> set[str]:
        """Return the processes that answered with these lines since a time."""
        return {each.pid for each in self.answered[:] if each.asked >= since and each.lines == lines}


def _replace(site: Site, text: str) -> None:
    """Replace the file in one step, as editors do."""
    whole = site.home / "cors.new"
    whole.write_text(text, "utf-8")
    whole.replace(site.policies)


def _break_off(site: Site) -> None:
    site.policies.write_text('[cors]\nallow_origins = ["https:', "utf-8")


def _misname(site: Site) -> None:
    _replace(site, "[cors]\nallow_origin = '*'\nmax_age = -1\n")


def _take_away(site: Site) -> None:
    site.policies.unlink()


def _lock(site: Site) -> None:
    """Make it unreadable: by its rights, or to root, who may read all, as a directory."""
    if os.geteuid() == 0 and not site.server.is_apache:
        site.policies.mkdir()
    else:
        site.policies.touch(0)


_FAULTS = (_break_off, _misname, _take_away, _lock)


@row(
    "The settings file is edited, broken and fixed under load",
    "Every process follows within two seconds, and no request fails or is answered under half a policy. A file that is "
    "half written, faulty, gone or unreadable leaves the last good policy, and each process logs one error.",
)
def reloaded(site: Site) -> str:
    old = site.policies.read_text("utf-8")
    wholes = {"old": granted(A), "new": _NEW_LINES}
    changes: list[tuple[float, str]] = [(0, "old")]
    processes = site.server.processes
    told = site.log.count("is not in force")
    with _Load(site) as load:

        def change(text: str, name: str) -> None:
            _replace(site, text)
            changed = time.monotonic()
            changes.append((changed, name))
            load.wait_for(lambda: len(load.processes_with(wholes[name], changed)) == processes)

        load.wait_for(lambda: len(load.processes_with(wholes["old"], 0)) == processes)
        change(_NEW, "new")
        for number, spoil in enumerate(_FAULTS, 1):
            spoil(site)
            expected = told + number * processes
            load.wait_for(lambda expected=expected: site.log.count("is not in force") >= expected)  # type: ignore[misc]  # a default
        if site.policies.is_dir():
            site.policies.rmdir()
        change(old, "old")
        end = time.monotonic() + _IN_FORCE
        load.wait_for(lambda: time.monotonic() > end)
    assert not load.failures, load.failures
    assert site.log.count("is not in force") == told + len(_FAULTS) * processes
    for each in load.answered:
        before = [name for at, name in changes if at + _IN_FORCE <= each.asked][-1:]
        since = [name for at, name in changes if at + _IN_FORCE > each.asked]
        assert each.lines in [wholes[name] for name in before + since], (each, changes)
    assert len(load.answered) > 100
    return f"{'one process follows' if processes == 1 else f'{processes} processes follow'}"
