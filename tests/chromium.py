"""A headless Chromium for tests: found, started on a URL without a driver, kept from looking outside, and ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")

_FLAGS = (
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
    # Nothing listens there. Chromium itself takes loopback addresses past a proxy.
    "--proxy-server=127.0.0.1:9",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


def find() -> str:
    """Return the path of the browser: that of ``CORSWSGI_CHROMIUM``, or the first on PATH.

    Without one the test is skipped, or fails where ``CORSWSGI_REQUIRE`` names ``chromium``.
    """
    named = os.environ.get("CORSWSGI_CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else _NAMES)), None)
    if found is not None:
        return found
    reason = f"{named or ' or '.join(_NAMES)} is not there; CORSWSGI_CHROMIUM may say where a Chromium is"
    if "chromium" in os.environ.get("CORSWSGI_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


@contextlib.contextmanager
def opened(browser: str, url: str) -> Iterator[Path]:
    """Open ``url`` in a fresh browser; give the file that holds what the browser complains of."""
    with tempfile.TemporaryDirectory(prefix="corswsgi-chromium-", ignore_cleanup_errors=True) as home:
        complaints = Path(home, "complaints.txt")
        folders = dict.fromkeys(["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"], home)
        with complaints.open("wb") as stream:
            process = subprocess.Popen(
                [browser, *_FLAGS, f"--user-data-dir={home}/profile", url],
                env=os.environ | folders,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,  # a process group of its own, so that none of its children is left behind
            )
        try:
            yield complaints
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
