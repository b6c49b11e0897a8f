"""The result of each question, and the table of results if there are several."""

from __future__ import annotations

import importlib.util
import os
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TextIO

OK, FAILED, NO_ANSWER = 0, 1, 3

_WORDS = {OK: "ok", FAILED: "FAILED", NO_ANSWER: "NO RESPONSE"}

#: The styles of a terminal, by exit status; the names are rich's.
_STYLES = {OK: "green", FAILED: "bold red", NO_ANSWER: "bold yellow"}

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one question; without secrets.

    :ivar name: the name of the case, or the question itself; printable, and not empty.
    :ivar status: the exit status if this were the only question.
    :ivar verdict: in a few words, such as ``"blocked"`` or ``"2 high, 1 low"``.
    :ivar code: the code of what decided; stable.
    :ivar sentence: why it failed, or why there was no response; empty if it is as it should be.
    :ivar text: the whole report.
    :ivar seconds: how long it took.
    """

    name: str
    status: int
    verdict: str
    code: str = ""
    sentence: str = ""
    text: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A line of the table, with the style of its first word."""

    word: str
    rest: str
    style: str = ""


def print_summary(results: Sequence[Result], stream: TextIO) -> None:
    """Print the table: in colours on a terminal, unless ``NO_COLOR`` is set."""
    is_terminal = stream.isatty()
    width = min(shutil.get_terminal_size().columns, _WIDTH) if is_terminal else _WIDTH
    encoding = stream.encoding or "utf-8"
    # Names of cases may be in any script, which not every terminal can show.
    lines = [
        replace(line, rest=line.rest.encode(encoding, "backslashreplace").decode(encoding))
        for line in summary(results, width)
    ]
    if not is_terminal or os.environ.get("NO_COLOR") or importlib.util.find_spec("rich") is None:
        stream.writelines(f"{line.word}{line.rest}\n" for line in lines)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble((line.word, line.style), line.rest))


def summary(results: Sequence[Result], width: int) -> Iterator[SummaryLine]:
    """Yield the table: a line for each question, and below it the reason if it failed."""
    words = max(len(_WORDS[result.status]) for result in results)
    verdicts = max(len(result.verdict) for result in results)
    yield SummaryLine("", "")
    for result in results:
        word = f"{_WORDS[result.status].ljust(words)}  "
        lead = f"{result.verdict.ljust(verdicts)}  "
        indent = " " * (len(word) + len(lead))
        room = max(width - len(indent), 20)
        first, *more = _wrapped(result.name, room)
        yield SummaryLine(word, lead + first, _STYLES[result.status])
        for line in (*more, *_wrapped(result.sentence, room)):
            yield SummaryLine("", indent + line)
    yield SummaryLine("", "")
    counts = Counter(_WORDS[result.status] for result in results)
    told = ", ".join(f"{counts[word]} {word}" for word in _WORDS.values() if counts[word])
    yield SummaryLine("", f"{len(results)} asked: {told}.")


def different_names(results: Sequence[Result]) -> list[str]:
    """Return the names, numbered if they are repeated: consumers tell results apart by them."""
    seen: Counter[str] = Counter()
    names = []
    for result in results:
        seen[result.name] += 1
        count = seen[result.name]
        names.append(result.name if count == 1 else f"{result.name} ({count})")
    return names


def _wrapped(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
