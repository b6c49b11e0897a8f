"""INI files: their content, and the line of each option, which ``configparser`` does not report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import (
    ConfigParser,
    DuplicateOptionError,
    DuplicateSectionError,
    InterpolationError,
    MissingSectionHeaderError,
    ParsingError,
)
from typing import Any

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.settings.lines import SECTION, Lines

_HEADER = re.compile(r"\s*\[(.+)\]")


class _Parser(ConfigParser):
    """Notes the line of each option, in the order of the file."""

    def __init__(self) -> None:
        super().__init__(default_section="")  # no section has this name, so [DEFAULT] is an ordinary section
        self.starts: list[int] = []
        self._line = 0

    def read_lines(self, lines: list[str]) -> None:
        self.read_file(self._counted(lines))

    def _counted(self, lines: list[str]) -> Iterator[str]:
        for self._line, line in enumerate(lines, 1):
            yield line

    def optionxform(self, optionstr: str) -> str:
        """Return the name of an option as it is written. ``configparser`` calls this when it reads the option."""
        self.starts.append(self._line)
        return optionstr


def read_ini(text: str, lines: Lines) -> dict[str, Any]:
    """Return the sections of an INI file, those of paths within that of the policy, and note the lines of its keys.

    :raises PolicyError: if it is not an INI file.
    """
    parser = _Parser()
    try:
        parser.read_lines(text.split("\n"))
    except DuplicateOptionError as error:
        place = f"{lines.name}:{error.lineno}"
        message = f"it is given twice in {quote(error.section)}; keep one of them"
        problem = Problem(Fault.GIVEN_TWICE, error.option, None, message, place=place)
        raise PolicyError([problem]) from None
    except DuplicateSectionError as error:
        place = f"{lines.name}:{error.lineno}"
        message = f"there are two sections {quote(error.section)}; make one of them"
        raise PolicyError([Problem(Fault.GIVEN_TWICE, "", None, message, place=place)]) from None
    except MissingSectionHeaderError as error:
        message = f"this line is before the first section; write [{SECTION}] above it"
        raise lines.syntax_error(message, error.lineno) from None
    except ParsingError as error:
        message = "this is neither a section nor an option with a value; write name = value"
        raise lines.syntax_error(message, *(number for number, _ in error.errors)) from None
    lines.naming = f"these are written [{SECTION}] and [{SECTION}:/path]"
    _note_lines(parser, text, lines)
    return _sections(parser, lines)


def _note_lines(parser: _Parser, text: str, lines: Lines) -> None:
    headers: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if (match := _HEADER.match(line)) and match[1] in parser:
            headers.setdefault(match[1], number)
    options = [(section, option) for section in parser.sections() for option in parser.options(section)]
    # Each ends where the next begins.
    begins = sorted({*headers.values(), *parser.starts, text.count("\n") + 2})
    lasts = dict(zip(begins, (after - 1 for after in begins[1:]), strict=False))
    for section, number in headers.items():
        lines.spans.setdefault(_keys_of(section), (number, number))
    for (section, option), number in zip(options, parser.starts, strict=True):
        lines.spans[*_keys_of(section), option] = (number, lasts[number])


def _keys_of(section: str) -> tuple[str, ...]:
    name, colon, path = section.partition(":")
    return (SECTION, path.strip()) if colon and name.strip() == SECTION else (section,)


def _sections(parser: _Parser, lines: Lines) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for section in parser.sections():
        name, *paths = _keys_of(section)
        declared = sections.setdefault(name, {})
        if name != SECTION:
            continue  # a section of another program
        options = {option: _value(parser, section, option, lines) for option in parser.options(section)}
        for key, value in {paths[0]: options}.items() if paths else options.items():
            if key in declared:
                place, message = lines.place((key,), None), "the rule of this path is given twice; keep one of them"
                lines.problems.append(Problem(Fault.GIVEN_TWICE, key, None, message, place=place))
            declared[key] = value
    return sections


def _value(parser: _Parser, section: str, option: str, lines: Lines) -> str:
    try:
        return parser.get(section, option)
    except InterpolationError:
        raw = parser.get(section, option, raw=True)
        message = f'{quote(raw)} cannot be read; write "%" as "%%" in an INI file'
        place = lines.place((*_keys_of(section)[1:], option), None)
        lines.problems.append(Problem(Fault.FILE_SYNTAX, option, raw, message, place=place))
        return ""
