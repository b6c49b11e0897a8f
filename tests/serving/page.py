"""The tables in ``docs/servers.rst``: written from what the servers did, and read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

# The modules of rows put them into the table, in the order of the page.
import serving.answered
import serving.asked
import serving.reloading  # noqa: F401  # for its row
from serving.rows import ROWS

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "servers.rst"

#: Between these lines stands what is written.
BEGIN = ".. Results; python -m tests.serving --write"
END = ".. End of results"

#: What each server did, by the title of the row and the name of the server.
Found = Mapping[str, Mapping[str, str]]

_CELL = re.compile(r"- ([\w ,.-]+): (.+)")


def render(found: Found, versions: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "Asked were"
    yield ""
    for name, version in versions.items():
        yield f"- {name}: {version}"
    for each in ROWS:
        yield from ("", "", each.title, "~" * len(each.title), "", each.holds, "")
        for outcome, names in _grouped(found[each.title]).items():
            yield f"- {', '.join(names)}: {outcome}"


def _grouped(outcomes: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the servers for each thing that was done."""
    grouped: dict[str, list[str]] = {}
    for name, outcome in outcomes.items():
        grouped.setdefault(outcome, []).append(name)
    return grouped


def write(text: str) -> None:
    """Put the text into the page."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(f"{BEGIN}\n")
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")


def written() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Return what the page says: what each server did, and the version of each."""
    lines = DOCUMENT.read_text("utf-8").partition(f"{BEGIN}\n")[2].partition(END)[0].splitlines()
    found: dict[str, dict[str, str]] = {"": {}}
    title = ""
    for before, line in zip(["", *lines], lines, strict=False):
        if line and not line.strip("~"):
            title = before
            found[title] = {}
        elif cell := _CELL.fullmatch(line):
            found[title] |= dict.fromkeys(cell[1].split(", "), cell[2])
    return found, found.pop("")
