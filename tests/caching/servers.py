"""The servers: waitress with the application, nginx and Varnish in front of it, each on a free port of this machine."""

from __future__ import annotations

import contextlib
import http.client
import os
import pwd
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Seconds that a server gets to start, or to stop.
PATIENCE = 20

#: How often a server is started, should another program take its port.
_ATTEMPTS = 3

#: A cache, and nothing else but its defaults; what stands in each of the locations below is beside them.
_NGINX = """
daemon off;
{user}
worker_processes 1;
pid {home}/nginx.pid;
error_log stderr error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/client_body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    {servers}
}}
"""

_NGINX_SERVER = """
    proxy_cache_path {home}/{name} keys_zone={name}:8m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_cache {name};
            {setting}
        }}
    }}
"""

#: What one more server of nginx says beside ``proxy_cache``. The first is nginx with a cache, and no more.
NGINX_SETTINGS = {
    "nginx": "",
    "nginx that revalidates": "proxy_cache_revalidate on;",
    "nginx that ignores Vary": "proxy_ignore_headers Vary;",
}


class NotStarted(Exception):
    """A server ended, or did not answer in time; its argument is what it printed."""


@contextlib.contextmanager
def nginx(program: str, behind: int) -> Iterator[dict[str, int]]:
    """Run nginx in front of a port; yield the port of each server of :data:`NGINX_SETTINGS`."""

    def command(home: str, ports: list[int]) -> list[str]:
        servers = [
            _NGINX_SERVER.format(home=home, name=f"cache{port}", port=port, behind=behind, setting=setting)
            for port, setting in zip(ports, NGINX_SETTINGS.values(), strict=True)
        ]
        # Its workers take another user only where it is started as root; then they could not enter the directory.
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        Path(home, "nginx.conf").write_text(_NGINX.format(home=home, user=user, servers="".join(servers)))
        return [program, "-p", home, "-c", f"{home}/nginx.conf", "-e", "stderr"]

    with running(command, len(NGINX_SETTINGS)) as ports:
        yield dict(zip(NGINX_SETTINGS, ports, strict=True))


#: What ``docs/caching.rst`` adds to the builtin VCL.
COLLECTING = """\
import std;

sub vcl_recv {
    std.collect(req.http.Origin);
}
"""


@contextlib.contextmanager
def varnish(program: str, behind: int, more: str = "") -> Iterator[dict[str, int]]:
    """Run Varnish, with its builtin VCL, in front of a port; yield its port.

    :param more: VCL that goes before the builtin.
    """

    def command(home: str, ports: list[int]) -> list[str]:
        backend = f'backend default {{ .host = "127.0.0.1"; .port = "{behind}"; }}'
        Path(home, "vcl").write_text(f"vcl 4.1;\n{backend}\n{more}")
        address = f"127.0.0.1:{ports[0]}"
        # Without a jail: as root it would change to a user who cannot enter the directory.
        return [program, "-F", "-j", "none", "-n", f"{home}/v", "-s", "malloc,32m", "-a", address, "-f", f"{home}/vcl"]

    with running(command, 1) as ports:
        yield {"Varnish": ports[0]}


def version(program: str) -> str:
    """Return the version that nginx or varnishd says of itself."""
    done = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=PATIENCE, check=True)
    found = re.search(r"(?:nginx/|varnish-)([0-9.]+)", done.stdout + done.stderr)
    assert found, f"{program} -V names no version"
    return found[1]


@contextlib.contextmanager
def running(command: Any, count: int) -> Iterator[list[int]]:
    """Run what ``command`` makes of a directory and of free ports; yield the ports when the first of them answers."""
    with contextlib.ExitStack() as stack:
        for attempt in range(1, _ATTEMPTS + 1):
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="corswsgi-cache-"))
            ports = free_ports(count)
            try:
                stack.enter_context(_process(command(home, ports), Path(home, "printed.txt"), ports[0]))
            except NotStarted:
                if attempt == _ATTEMPTS:
                    raise
            else:
                break
        yield ports


@contextlib.contextmanager
def _process(command: list[str], printed: Path, port: int) -> Iterator[None]:
    with printed.open("wb") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,  # a process group of its own, so that none of its children is left behind
        )
    try:
        if not _answers(process, port):
            raise NotStarted(f"{command[0]}: {printed.read_text('utf-8', 'replace')}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until a server answers a request in any way; tell whether it did."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("OPTIONS", "/started")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
        else:
            return True
        finally:
            connection.close()
    return False


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
