"""Lines for a terminal: no wider than it, and in colours unless NO_COLOR is set."""

from __future__ import annotations

import importlib.util
import os
import shutil
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

#: Wider lines are hard to read.
WIDTH = 100

#: The styles as rich writes them.
STYLES = {
    "allowed": "bold green",
    "blocked": "bold red",
    "allowed-but-unsafe": "bold yellow",
    "passed": "green",
    "failed": "bold red",
    "not-needed": "dim",
    "high": "bold red",
    "unsafe": "bold yellow",
    "medium": "yellow",
    "low": "yellow",
    "info": "cyan",
    "heading": "bold",
    "code": "cyan",
    "faint": "dim",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, or a line that must not be broken.

    :ivar style: the style of the text, a key of :data:`STYLES`.
    :ivar lead: stands before the text; the lines after the first one are indented as far.
    :ivar lead_style: the style of the lead.
    :ivar verbatim: whether people copy it, so that it must not be broken.
    """

    text: str
    style: str = ""
    lead: str = ""
    lead_style: str = ""
    verbatim: bool = False

    def wrapped(self, width: int) -> list[str]:
        """Return the lines of the text, without the lead."""
        room = max(width - len(self.lead), 20)
        if self.verbatim or not self.text:
            return [self.text]
        return textwrap.wrap(self.text, room, break_long_words=False, break_on_hyphens=False)


def text_of(lines: Iterable[Line], width: int = WIDTH) -> str:
    """Return lines without colours."""
    written = []
    for line in lines:
        first, *rest = line.wrapped(width)
        written.append(f"{line.lead}{first}".rstrip())
        written += [" " * len(line.lead) + each for each in rest]
    return "".join(f"{each}\n" for each in written)


def width_of(stream: TextIO) -> int:
    """Return the width of lines for a stream: that of the terminal, but not wider than is easy to read."""
    if not stream.isatty():
        return WIDTH
    return min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)


def print_lines(lines: Iterable[Line], stream: TextIO) -> None:
    """Print lines: in colours on a terminal that has any, unless ``NO_COLOR`` is set (https://no-color.org)."""
    width = width_of(stream)
    if not has_colours(stream):
        stream.write(text_of(lines, width))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for line in lines:
        for number, text in enumerate(line.wrapped(width)):
            lead = line.lead if number == 0 else " " * len(line.lead)
            # Text, not a string, so that what servers send is never read as markup.
            console.print(Text.assemble((lead, _style(line.lead_style)), (text, _style(line.style))))


def has_colours(stream: TextIO) -> bool:
    """Tell whether colours and progress bars are possible and wanted."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and importlib.util.find_spec("rich") is not None


@contextmanager
def progress(stream: TextIO, total: int | None = None) -> Iterator[Callable[[str], object]]:
    """Show progress on a terminal, and nowhere else; yield a function to call before each request, with a sentence.

    :param total: how many requests there will be; ``None`` if that is not known.
    """
    if not has_colours(stream):
        yield lambda sentence: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TaskProgressColumn, TextColumn
    from rich.text import Text

    columns = (SpinnerColumn(), TextColumn("{task.description}"), *([TaskProgressColumn()] if total else []))
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda sentence: bar.update(task, advance=1, description=Text(sentence).markup)


def _style(name: str) -> str:
    return STYLES.get(name, "")
