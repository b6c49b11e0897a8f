"""Tables of results, for a terminal and for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

#: In place of a value that does not exist; a note under the table says why.
NONE = "n/a"


@dataclass
class Table:
    """Results of one kind.

    :ivar rows: a cell for each column.
    :ivar notes: paragraphs that say what was measured and how, and why something is missing.
    :ivar goals: by goal, whether it is met; ``None`` where it could not be measured.
    :ivar times: the seconds that the rows were made of, round by round, by what took them.
    """

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    goals: list[tuple[str, bool | None]] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)

    def render(self) -> str:
        """Return the table in reStructuredText, which reads well on a terminal too."""
        lines = [self.title, "-" * len(self.title), ""]
        for note in self.notes:
            lines += [note, ""]
        lines += [*grid([self.columns, *self.rows]), ""]
        for goal, met in self.goals:
            lines.append(f"- {goal}: {verdict(met)}")
        return "\n".join([*lines, ""] if self.goals else lines)


def verdict(met: bool | None) -> str:
    """Return what stands beside a goal."""
    return "not measured" if met is None else "**met**" if met else "**missed**"


def grid(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Return the lines of a table; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return [rule, lines[0], rule, *lines[1:], rule]


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence has them."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
