"""The servers: how each is started on a free port of this machine, stopped by its own handle, and what it needs."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import machine
import publicsuffixlist
import webob

import corswsgi
from serving.wire import Reply, ask

SOURCE = Path(__file__).parent / "site"

#: Seconds that a server gets to start, or to stop.
_PATIENCE = 20

#: How often a server is started, should another program take its port.
_ATTEMPTS = 3

#: Where Debian and others have the modules of Apache.
_APACHE_MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")


@dataclass(frozen=True)
class Server:
    """A server, and how it is started.

    :ivar command: as ``docs/deploying.rst`` shows it.
    :ivar modules: what it needs of :data:`machine.MODULES`; none for what comes otherwise.
    :ivar processes: how many processes answer.
    :ivar wsgi: whether it serves the middleware, and not the mixin.
    """

    name: str
    command: str
    modules: tuple[str, ...] = ()
    processes: int = 1
    wsgi: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def is_apache(self) -> bool:
        return self.command.startswith("apache2")


_GUNICORN = "gunicorn --workers=2 --bind=127.0.0.1:{port} served:application"
_UWSGI = "uwsgi --master --processes=2 --die-on-term --need-app --wsgi=served"

SERVERS = (
    Server("waitress", "waitress-serve --listen=127.0.0.1:{port} served:application", ("waitress",)),
    Server("gunicorn sync", f"{_GUNICORN} --preload", ("gunicorn",), 2),
    Server("gunicorn gthread", f"{_GUNICORN} --worker-class=gthread --threads=4", ("gunicorn",), 2),
    Server("gunicorn gevent", f"{_GUNICORN} --worker-class=gevent", ("gunicorn", "gevent"), 2),
    Server("uWSGI http-socket", f"{_UWSGI} --http-socket=127.0.0.1:{{port}}", ("pyuwsgi",), 2),
    Server("uWSGI http", f"{_UWSGI} --http=127.0.0.1:{{port}}", ("pyuwsgi",), 2),
    Server("Apache mod_wsgi", "apache2 -f {home}/apache.conf -DFOREGROUND", processes=2),
    Server("cheroot", "cheroot --bind=127.0.0.1:{port} served:application", ("cheroot",)),
    Server("wsgiref", "python on_wsgiref.py {port}"),
    Server("http.server", "python handler.py {port}", wsgi=False),
)


@dataclass(frozen=True)
class Site:
    """A server that runs.

    :ivar home: the directory from which it serves.
    """

    server: Server
    port: int
    home: Path

    @property
    def log(self) -> str:
        """What the server and the application wrote."""
        return (self.home / "log").read_text("utf-8", "replace")

    @property
    def policies(self) -> Path:
        """The settings file that the server follows."""
        return self.home / "cors.toml"

    def ask(
        self, method: str, target: str, origin: str | None = None, *more: tuple[str, str], body: bytes = b""
    ) -> Reply:
        """Return the response to one request on a connection of its own; there must be one."""
        headers = [("Origin", origin), *more] if origin is not None else more
        reply = ask(self.port, method, target, headers)
        assert reply is not None, f"{self.server} closed the connection without a response"
        return reply

    @property
    def version(self) -> str:
        """The name and the version of the server."""
        server = self.server
        if server.is_apache:
            found = re.search(r"Apache/([0-9.]+).* mod_wsgi/([0-9.]+)", self.log)
            assert found, self.log
            return f"Apache {found[1]} with mod_wsgi {found[2]}"
        if not server.modules:
            return f"{server.name} of Python {platform.python_version()}"
        name = {"pyuwsgi": "uWSGI"}
        return " with ".join(f"{name.get(each, each)} {importlib.metadata.version(each)}" for each in server.modules)


def require(server: Server) -> None:
    """Skip the test if the server is not here, or fail it where it is demanded."""
    for module in server.modules:
        machine.need_module(module)
    if server.is_apache:
        machine.find("apache")
        if _apache_modules() is None:
            machine.lacking("apache", f"mod_wsgi: there is no mod_wsgi.so in {' or '.join(_APACHE_MODULES)}")


def is_here(server: Server) -> bool:
    """Tell whether the server is on this machine."""
    if server.is_apache:
        return machine.locate("apache") is not None and _apache_modules() is not None
    return all(map(machine.has_module, server.modules))


@contextlib.contextmanager
def running(server: Server) -> Iterator[Site]:
    """Serve a copy of the site; yield it when it answers."""
    with contextlib.ExitStack() as stack:
        for attempt in range(1, _ATTEMPTS + 1):
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="corswsgi-serving-")))
            site = Site(server, _free_port(), home)
            _furnish(site)
            try:
                stack.enter_context(_process(site))
            except OSError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                break
        yield site


def _furnish(site: Site) -> None:
    shutil.copytree(SOURCE, site.home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (site.home / "page.txt").write_bytes(b"0123456789abcde\n" * 12800)
    (site.home / "made").mkdir()
    if site.server.is_apache:
        _furnish_apache(site)


def _furnish_apache(site: Site) -> None:
    """Write its configuration, and put beside the site what its Python needs; it is that of the distribution."""
    for package in (corswsgi, webob, publicsuffixlist):
        source = Path(str(package.__file__)).parent
        shutil.copytree(source, site.home / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    user = ""
    if os.geteuid() == 0:  # its processes take another user then, who must get in
        user = "User nobody\nGroup nogroup"
        site.home.chmod(0o755)
        (site.home / "made").chmod(0o777)
    conf = (SOURCE / "apache.conf").read_text("utf-8")
    text = conf.format(port=site.port, home=site.home, user=user, modules=_apache_modules())
    (site.home / "apache.conf").write_text(text, "utf-8")


def _apache_modules() -> str | None:
    return next((each for each in _APACHE_MODULES if os.path.exists(f"{each}/mod_wsgi.so")), None)


def _command(site: Site) -> list[str]:
    program, *rest = shlex.split(site.server.command.format(port=site.port, home=site.home))
    if program == "python":
        return [sys.executable, *rest]
    if site.server.is_apache:
        return [machine.find("apache"), *rest]
    return [os.path.join(sysconfig.get_path("scripts"), program), *rest]


@contextlib.contextmanager
def _process(site: Site) -> Iterator[None]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTHON"))}
    with (site.home / "log").open("wb") as stream:
        process = subprocess.Popen(
            _command(site),
            cwd=site.home,
            env=environ | {"PYTHONPATH": str(site.home), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,  # a process group of its own, so that none of its children is left behind
        )
    try:
        _wait_for_answer(process, site)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for_answer(process: subprocess.Popen[bytes], site: Site) -> None:
    """Wait until the site is served, by all the processes that there should be."""
    end = time.monotonic() + _PATIENCE
    processes: set[str] = set()
    while len(processes) < site.server.processes:
        if process.poll() is not None or time.monotonic() > end:
            raise OSError(f"{site.server} does not answer:\n{site.log}")
        with contextlib.suppress(ConnectionError, TimeoutError):
            reply = ask(site.port, "GET", "/")
            if reply is not None and reply.status == 200:
                processes.update(reply.all("x-pid"))
                continue
        time.sleep(0.02)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
