"""``python -m tests.exporting``: ask the servers in front, and print what docs/servers.rst says, or write it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from exporting import page

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        page.write(page.render())
    else:
        print(*page.render(), sep="\n")
