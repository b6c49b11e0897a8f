"""The lines of a settings file on which each option is written."""

from __future__ import annotations

import re

from corswsgi.errors import Fault, PolicyError, Problem
from corswsgi.settings.declared import Keys

#: The section of a policy; the names of the sections of paths begin with it.
SECTION = "cors"

#: The entries of a list on a line: bare, or in quotes, where they may hold spaces and commas.
_WORDS = re.compile(r"[^\s,\"'=]+")
_QUOTED = re.compile(r"(?<=\")[^\"]+(?=\")|(?<=')[^']+(?=')")


class Lines:
    """The lines of a file, and the lines of each of its values, by keys that start with the name of the section.

    :ivar name: the name of the file.
    :ivar text: its whole text.
    :ivar naming: how sections of a policy are written in this kind of file, for messages.
    :ivar spans: the first and the last line of each key, from 1.
    :ivar problems: faults that do not keep the rest of the file from being read.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.naming = ""
        self.spans: dict[Keys, tuple[int, int]] = {(): (1, 1)}
        self.problems: list[Problem] = []
        self._lines = text.split("\n")
        self._indexes: dict[tuple[int, int], dict[str, int]] = {}

    def place(self, keys: Keys, value: object) -> str:
        """Return the file and line of an option or a rule, or of the entry of its list that holds ``value``."""
        return f"{self.name}:{self.line_of((SECTION, *keys), value)}"

    def of_option(self, path: str, option: str, value: object) -> str:
        """Return the file and line of an option of a path's policy, which it may inherit; without one, of its rule."""
        candidates = ((path, option), (option,), (path,))
        keys = next((keys for keys in candidates if (SECTION, *keys) in self.spans), ())
        return self.place(keys, value)

    def of_section(self, name: str) -> str:
        """Return the file and line of a section."""
        return f"{self.name}:{self.line_of((name,))}"

    def line_of(self, keys: Keys, value: object = None) -> int:
        """Return the line of the value with these keys, or of the entry of a list that holds ``value``.

        For a value that is missing, it is the line of its section.
        """
        while keys not in self.spans:
            keys = keys[:-1]
        first, last = span = self.spans[keys]
        if isinstance(value, re.Pattern):
            value = f"re:{value.pattern}"
        if isinstance(value, str) and last > first:
            first = self._index_of(span).get(value, first)
        return first

    def number_of(self, problem: Problem) -> int:
        """Return the line of a problem, or 0 if it concerns the whole file."""
        numbers = re.findall("^:([0-9]+)", problem.place.removeprefix(self.name))
        return int(numbers[0]) if numbers else 0

    def syntax_error(self, message: str, *numbers: int) -> PolicyError:
        """Return the error of a file with wrong syntax, with a problem for each line."""
        places = [f"{self.name}:{number}" for number in numbers] or [self.name]
        return PolicyError(Problem(Fault.FILE_SYNTAX, "", None, message, place=place) for place in places)

    def _index_of(self, span: tuple[int, int]) -> dict[str, int]:
        """Return the first line of each entry between these lines; cached, because each entry may have a fault."""
        if span not in self._indexes:
            index: dict[str, int] = {}
            for number in range(span[0], span[1] + 1):
                line = self._lines[number - 1]
                if not line.lstrip().startswith(("#", ";")):
                    for entry in (*_WORDS.findall(line), *_QUOTED.findall(line)):
                        index.setdefault(entry, number)
            self._indexes[span] = index
        return self._indexes[span]
