"""A headless Chromium for tests: started on a URL without a driver, kept from looking outside, and ended."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engines.opening import CHROMIUM_FLAGS, folders, started


@contextlib.contextmanager
def opened(browser: str, url: str) -> Iterator[Path]:
    """Open ``url`` in a fresh browser; give the file that holds what the browser complains of."""
    with tempfile.TemporaryDirectory(prefix="corswsgi-chromium-", ignore_cleanup_errors=True) as home:
        complaints = Path(home, "complaints.txt")
        command = [browser, *CHROMIUM_FLAGS, f"--user-data-dir={home}/profile", url]
        with started(command, os.environ | folders(Path(home)), complaints):
            yield complaints
