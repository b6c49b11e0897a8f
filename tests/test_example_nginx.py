"""examples/nginx: the configuration that stands there is what is exported, and nginx does what the page expects."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import machine
import pytest
import requests
from caching.servers import free_ports

from corswsgi import cli
from corswsgi.browser import ENGINES, Browser

EXAMPLE = Path(__file__).parents[1] / "examples" / "nginx"

#: Seconds until everything listens.
PATIENCE = 20


def test_the_configuration_is_what_is_exported(tmp_path: Path) -> None:
    where = ["--upstream", "http://127.0.0.1:8001", "--listen", "127.0.0.1:8080"]
    assert cli.main(["export", "nginx", str(EXAMPLE / "cors.toml"), *where, "-o", str(tmp_path / "cors.conf")]) == 0
    assert (tmp_path / "cors.conf").read_text("utf-8") == (EXAMPLE / "cors.conf").read_text("utf-8")


@pytest.fixture
def ports() -> Iterator[list[int]]:
    """Run the example; give the ports of the page, of nginx and of the application."""
    nginx, ports = machine.find("nginx"), free_ports(3)
    command = [sys.executable, str(EXAMPLE / "run.py"), "--nginx", nginx, "--ports", *map(str, ports)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        for port in ports:
            wait_for(port, process)
        yield ports
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert b"Traceback" not in errors, errors.decode()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nothing listens on port {port}")


@pytest.mark.once
@pytest.mark.parametrize("engine", ENGINES)
def test_the_page_reads_what_nginx_and_the_application_say(engine: str, ports: list[int]) -> None:
    page_port, nginx_port, _ = ports
    api = f"http://localhost:{nginx_port}/notes"
    with requests.Session() as session:
        page = session.get(f"http://localhost:{page_port}/", timeout=10)
        assert "Notes behind nginx" in page.text
        browser = Browser(session, f"http://localhost:{page_port}", engine=engine)
        json = {"Content-Type": "application/json"}
        read = browser.fetch(api, credentials="include")
        change = browser.fetch(
            f"{api}/0", method="PUT", headers=json, body='{"text": "Buy bread"}', credentials="include"
        )
        large = browser.fetch(f"{api}/0", method="PUT", headers=json, body="x" * 2**21, credentials="include")
        stranger = Browser(session, "https://evil.example", engine=engine).fetch(api, credentials="include")
    answers = [each.response for each in (read, change, large)]
    assert [each.status if each else None for each in answers] == [200, 200, 413]
    assert answers[0] is not None
    assert ("x-total-count", "1") in answers[0].headers
    assert not stranger.allowed
