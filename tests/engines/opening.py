"""Starts and ends browser engines without a driver: with a fresh profile, and without access to the internet."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import machine

from . import outside
from .outside import Outside

#: A proxy for everything except loopback that does not exist, so that browsers reach nothing else.
_NOWHERE = "127.0.0.1:9"

#: Seconds that a program has to print its version or its display.
_PATIENCE = 30


@dataclass(frozen=True)
class Instance:
    """An engine that was started.

    :ivar log: the file with its output, in any encoding.
    """

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def complaints(self, most: int = 2000) -> str:
        """Return the end of its output."""
        return self.log.read_text("utf-8", "replace")[-most:]


@dataclass(frozen=True)
class Engine:
    """How an engine is started.

    :ivar name: its name in ``CORSWSGI_REQUIRE``.
    :ivar needs: the names in :data:`machine.PROGRAMS` that it needs; the first is the engine itself.
    :ivar command: returns the command that opens an address, given the program, a fresh folder and the address.
    :ivar environment: its environment variables besides those for folders.
    :ivar seeing: returns a command with access to an :class:`Outside`, given the command, the folder and the latter.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    command: Callable[[str, Path, str], list[str]]
    environment: Mapping[str, str]
    seeing: Callable[[list[str], Path, Outside], list[str]] = lambda command, home, outside: command

    def why_absent(self) -> str:
        """Return a sentence that says which program is missing; empty if none is."""
        return "; ".join(machine.why_absent(name) for name in self.needs if machine.locate(name) is None)

    @property
    def is_demanded(self) -> bool:
        """Whether ``CORSWSGI_REQUIRE`` names the engine or a program that it needs."""
        return not machine.demanded().isdisjoint(self.needs)

    def version(self) -> str:
        """Return the name and version that the engine prints.

        :raises OSError: if it prints none.
        """
        program = str(machine.locate(self.needs[0]))
        with self._surroundings() as environment:
            try:
                done = subprocess.run(
                    [program, "--version"], env=environment, capture_output=True, timeout=_PATIENCE, check=True
                )
            except subprocess.SubprocessError as error:
                raise OSError(f"{self.name} does not print its version: {error}") from error
        lines = done.stdout.decode("utf-8", "replace").split("\n")
        return " ".join(lines[0].split()).partition(" built on ")[0]

    @contextlib.contextmanager
    def opened(self, address: str, outside: Outside | None = None) -> Iterator[Instance]:
        """Open ``address`` in a fresh instance; kill it with all its children at the end.

        :param outside: what it can reach outside loopback; by default nothing.
        """
        program = str(machine.locate(self.needs[0]))
        with self._surroundings() as environment, _folder() as home:
            log = home / "complaints.txt"
            command = self.command(program, home, address)
            if outside is not None:
                command = self.seeing(command, home, outside)
            with started(command, environment | folders(home), log) as process:
                yield Instance(process, log)

    @contextlib.contextmanager
    def _surroundings(self) -> Iterator[dict[str, str]]:
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= self.environment
        if "xvfb" not in self.needs:
            yield environment
            return
        with _display() as display:
            yield environment | {"DISPLAY": display}


@contextlib.contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in its own process group, and kill the whole group at the end."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def folders(home: Path) -> dict[str, str]:
    """Return the environment variables that give a program its own home folder."""
    names = (
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR",
        "TMPDIR",
    )
    return dict.fromkeys(names, str(home))


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="corswsgi-engine-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _display() -> Iterator[str]:
    """Start an X server without a screen, and yield the name of its display.

    :raises OSError: if it does not start.
    """
    read, write = os.pipe()
    program = str(machine.locate("xvfb"))
    process = subprocess.Popen(
        [program, "-displayfd", str(write), "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    timer = threading.Timer(_PATIENCE, process.kill)
    timer.start()
    try:
        with os.fdopen(read) as stream:
            number = stream.readline().strip()  # empty if the program has ended
        timer.cancel()
        if not number:
            raise OSError(f"{program} did not start a display")
        yield f":{number}"
    finally:
        timer.cancel()
        process.terminate()
        process.wait()


# Chromium

CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # it does not work as root, as in many containers; only pages of these tests are opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--disable-popup-blocking",
    # Otherwise timers are slowed down in pages that are not visible.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    # Chromium itself does not use a proxy for loopback addresses.
    f"--proxy-server={_NOWHERE}",
    "--host-resolver-rules=MAP * ~NOTFOUND"
    + "".join(f", EXCLUDE {host}" for host in ("localhost", "*.localhost", "localhost.", "127.0.0.1")),
)


#: The default of Chrome; Chromium from Debian blocks the cookies of third parties.
_CHROMIUM_PREFERENCES = {"profile": {"cookie_controls_mode": 0}}


def _chromium(program: str, home: Path, address: str) -> list[str]:
    preferences = home / "profile" / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(json.dumps(_CHROMIUM_PREFERENCES))
    return [program, *CHROMIUM_FLAGS, f"--user-data-dir={home}/profile", address]


# Firefox

_FIREFOX_PREFERENCES: dict[str, bool | int | str] = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.disable_open_during_load": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "network.lna.enabled": False,
    "network.lna.blocking": False,
    "network.predictor.enabled": False,
    "network.prefetch-next": False,
    "network.proxy.http": _NOWHERE.partition(":")[0],
    "network.proxy.http_port": int(_NOWHERE.partition(":")[2]),
    "network.proxy.no_proxies_on": "localhost, .localhost, 127.0.0.1",
    "network.proxy.ssl": _NOWHERE.partition(":")[0],
    "network.proxy.ssl_port": int(_NOWHERE.partition(":")[2]),
    "network.proxy.type": 1,
    "network.trr.mode": 5,
    # Otherwise a WebSocket waits for up to a minute after another one was refused.
    "network.websocket.delay-failed-reconnects": False,
    "services.settings.server": f"http://{_NOWHERE}",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.unified": False,
}


def _firefox(program: str, home: Path, address: str) -> list[str]:
    profile = home / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _FIREFOX_PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    return [program, "--headless", "--no-remote", "--profile", str(profile), address]


# WebKit

_WEBKIT_ENVIRONMENT = {
    "GDK_BACKEND": "x11",
    "GSETTINGS_BACKEND": "memory",
    "GIO_USE_VFS": "local",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "NO_AT_BRIDGE": "1",
    "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
    "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
    # It does not work as root, nor in most containers; only pages of these tests are opened.
    "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
}


def _webkit(program: str, home: Path, address: str) -> list[str]:
    ignored = [f"--ignore-host={host}" for host in ("localhost", "*.localhost", "localhost.", "127.0.0.1")]
    return [
        program,
        f"--proxy=http://{_NOWHERE}",
        *ignored,
        "--enable-itp",
        "--javascript-can-open-windows-automatically=true",
        address,
    ]


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("chromium", "Chromium", ("chromium",), _chromium, {}, outside.chromium),
        Engine("firefox", "Firefox", ("firefox",), _firefox, {"MOZ_CRASHREPORTER_DISABLE": "1"}, outside.firefox),
        Engine("webkit", "WebKit", ("webkit", "xvfb"), _webkit, _WEBKIT_ENVIRONMENT, outside.webkit),
    )
}
