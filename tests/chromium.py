"""A headless Chromium for tests: started on a URL without a driver, kept from looking outside, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
