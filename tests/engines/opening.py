"""Browser engines of this machine, opened on a page without a driver: fresh, kept from looking outside, and ended."""

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

from .elsewhere import NOWHERE, PUBLIC_HOST, SECURE_HOSTS, Network

#: Where nothing listens; browsers that ask a proxy for anything but loopback get no further.
_NOWHERE = NOWHERE.proxy

#: Seconds that a program has to say its version, or on which display it is.
_PATIENCE = 30


@dataclass(frozen=True)
class Instance:
    """An engine that was started.

    :ivar log: what it complains of, in bytes of any encoding.
    """

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def complaints(self, most: int = 2000) -> str:
        """Return the end of what it complained of."""
        return self.log.read_text("utf-8", "replace")[-most:]


@dataclass(frozen=True)
class Engine:
    """How an engine is started.

    :ivar name: as ``CORSWSGI_REQUIRE`` has it.
    :ivar needs: the names of :data:`machine.PROGRAMS` without which it does not run; the first is its own.
    :ivar command: the arguments that open an address, given the program, a folder of its own, the address, and what
        there is beside this machine.
    :ivar environment: what it wants to know beside its folders.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    command: Callable[[str, Path, str, Network], list[str]]
    environment: Mapping[str, str]

    def why_absent(self) -> str:
        """Return a sentence that says which program is not there; empty where all are."""
        return "; ".join(machine.why_absent(name) for name in self.needs if machine.locate(name) is None)

    @property
    def is_demanded(self) -> bool:
        """Whether the environment demands the engine, or what it needs."""
        return not machine.demanded().isdisjoint(self.needs)

    def version(self) -> str:
        """Return what the engine calls itself.

        :raises OSError: if it does not say.
        """
        program = str(machine.locate(self.needs[0]))
        with self._surroundings() as environment:
            try:
                done = subprocess.run(
                    [program, "--version"], env=environment, capture_output=True, timeout=_PATIENCE, check=True
                )
            except subprocess.SubprocessError as error:
                raise OSError(f"{self.name} does not say its version: {error}") from error
        lines = done.stdout.decode("utf-8", "replace").split("\n")
        return " ".join(lines[0].split()).partition(" built on ")[0]

    @contextlib.contextmanager
    def opened(self, address: str, network: Network = NOWHERE) -> Iterator[Instance]:
        """Open ``address`` in a fresh instance, which is ended with all its children in the end."""
        program = str(machine.locate(self.needs[0]))
        with self._surroundings() as environment, _folder() as home:
            log = home / "complaints.txt"
            command = self.command(program, home, address, network)
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
    """Run a program in a process group of its own, and kill the whole group in the end."""
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
    """Return the environment that gives a program a home of its own."""
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
    """Start an X server without a screen, and give the name of its display.

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
            number = stream.readline().strip()  # empty where the program has ended
        timer.cancel()
        if not number:
            raise OSError(f"{program} gives no display")
        yield f":{number}"
    finally:
        timer.cancel()
        process.terminate()
        process.wait()


# Chromium

_RESOLVING = "--host-resolver-rules=MAP * ~NOTFOUND" + "".join(
    f", EXCLUDE {host}" for host in ("localhost", "*.localhost", "localhost.", "127.0.0.1")
)

CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # containers often run as root, where it cannot work; it opens pages of these tests only
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
    # Frames of pages that nobody sees have their timers slowed down.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    # Chromium itself takes loopback addresses past a proxy.
    f"--proxy-server={_NOWHERE}",
    _RESOLVING,
)


def _chromium(program: str, home: Path, address: str, network: Network) -> list[str]:
    # The last of two flags counts.
    more = [f"--proxy-server={network.proxy}"]
    if network.certificate:
        more.append(f"--ignore-certificate-errors-spki-list={network.key_hash}")
    if network.public:
        # Past the proxy, behind which no address space is known.
        more.append(f"--proxy-bypass-list={PUBLIC_HOST}")
        rules = "".join(f", MAP {place} 127.0.0.1:{port}" for place, port in network.public.items())
        more.append(_RESOLVING.replace("MAP *", f"{rules.removeprefix(', ')}, MAP *"))
        spaces = ",".join(f"127.0.0.1:{port}=public" for port in network.public.values())
        more.append(f"--ip-address-space-overrides={spaces}")
    answer = 1 if network.is_local_network_allowed else 2
    settings = dict.fromkeys(("local_network_access", "local_network", "loopback_network"), answer)
    preferences = home / "profile" / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(json.dumps({"profile": {"default_content_setting_values": settings}}))
    return [program, *CHROMIUM_FLAGS, *more, f"--user-data-dir={home}/profile", address]


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
    "network.proxy.no_proxies_on": "localhost, .localhost, 127.0.0.1",
    "network.proxy.type": 1,
    "network.trr.mode": 5,
    # Where one WebSocket was refused, the next would wait for up to a minute.
    "network.websocket.delay-failed-reconnects": False,
    "services.settings.server": f"http://{_NOWHERE}",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.unified": False,
}


def _firefox(program: str, home: Path, address: str, network: Network) -> list[str]:
    profile = home / "profile"
    profile.mkdir()
    host, _, port = network.proxy.partition(":")
    proxies: dict[str, bool | int | str] = {
        f"network.proxy.{kind}{end}": value
        for kind in ("http", "ssl")
        for end, value in (("", host), ("_port", int(port)))
    }
    preferences = _FIREFOX_PREFERENCES | proxies
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines))
    if network.certificate:
        places = [f"{host}:{port}" for host in ("localhost", "127.0.0.1") for port in network.secure_ports]
        places += [f"{host}:443" for host in SECURE_HOSTS]
        exceptions = [f"{place}:\tOID.2.16.840.1.101.3.4.2.1\t{network.fingerprint}\t\n" for place in places]
        (profile / "cert_override.txt").write_text("".join(exceptions))
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
    # It cannot work as root, nor in most containers; it opens pages of these tests only.
    "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
}


def _webkit(program: str, home: Path, address: str, network: Network) -> list[str]:
    ignored = [f"--ignore-host={host}" for host in ("localhost", "*.localhost", "localhost.", "127.0.0.1")]
    return [
        program,
        f"--proxy=http://{network.proxy}",
        *ignored,
        *(["--ignore-tls-errors"] if network.certificate else []),
        "--javascript-can-open-windows-automatically=true",
        address,
    ]


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("chromium", "Chromium", ("chromium",), _chromium, {}),
        Engine("firefox", "Firefox", ("firefox",), _firefox, {"MOZ_CRASHREPORTER_DISABLE": "1"}),
        Engine("webkit", "WebKit", ("webkit", "xvfb"), _webkit, _WEBKIT_ENVIRONMENT),
    )
}
