"""The servers in front, in ``docs/servers.rst``: written from what was run."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from caching.servers import PATIENCE

from corswsgi.export.servers import SERVERS
from exporting.fronts import FRONTS, Front
from exporting.tables import before_an_application, before_files, site_on

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "servers.rst"

#: Between these lines stands what is written.
BEGIN = ".. Servers in front; python -m tests.exporting --write"
END = ".. End of servers in front"


def render() -> Iterator[str]:
    """Run each server; yield the lines of the page.

    :raises SystemExit: if an answer is not what the table says.
    """
    for name, server in SERVERS.items():
        front = FRONTS[name]
        yield from ("", "", server.title, "~" * len(server.title), "")
        yield f"Written for {server.versions}. Run: {_version(front)}, under {len(site_on(front))} policies at once."
        yield ""
        for what, (count, differences) in _runs(front):
            if differences:
                raise SystemExit("\n".join(differences[:20]))
            yield f"- {what}: {count} requests, each answered as by the middleware."
        if front.limits:
            yield from ("", "Its limits:", "")
            yield from (f"- {limit}" for limit in front.limits)


def _runs(front: Front) -> Iterator[tuple[str, tuple[int, list[str]]]]:
    yield "In front of an application without CORS", before_an_application(front, False)
    yield "In front of an application with CORS of its own", before_an_application(front, True)
    if front.has_files:
        with tempfile.TemporaryDirectory() as root:
            yield "In front of files, half of which are not there", before_files(front, Path(root))


def _version(front: Front) -> str:
    done = subprocess.run(
        [front.program(), *front.version], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    found = re.search(r"[0-9]+\.[0-9]+[0-9.]*", done.stdout + done.stderr)
    assert found, done
    return f"{SERVERS[front.name].title} {found[0]}"


def write(lines: Iterator[str]) -> None:
    """Put the lines into the page."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}{chr(10).join(lines)}\n\n{END}{rest.partition(END)[2]}", "utf-8")
