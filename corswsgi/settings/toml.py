"""TOML files: their content, and the line of each key, which ``tomllib`` does not report."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from corswsgi.settings.declared import Keys
from corswsgi.settings.lines import SECTION, Lines

# First what can contain brackets, equals signs and line breaks: strings. A multi-line string may end in up to five
# quotes.
_TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?'{3,5}'''
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[\[\]{}=\n]|[^"'#\[\]{}=\n]+""",
    re.DOTALL,
)


def read_toml(text: str, lines: Lines) -> dict[str, Any]:
    """Return what a TOML file holds, and note the lines of its keys.

    :raises PolicyError: if it is not TOML.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise lines.syntax_error("its values are nested too deeply") from None
    except ValueError as error:  # of tomllib, or of an int of thousands of digits
        message, _, where = str(error).partition(" (at ")
        numbers = [int(number) for number in re.findall("^line ([0-9]+)", where)]
        if where.startswith("end of document"):
            numbers = [text.rstrip().count("\n") + 1]
        raise lines.syntax_error(f"this is not TOML: {message}", *numbers) from None
    lines.naming = f"""these are written [{SECTION}] and [{SECTION}."/path"]"""
    _note_lines(text, lines)
    return document


def _note_lines(text: str, lines: Lines) -> None:
    """Note the lines of the keys of a valid TOML document."""
    table: Keys = ()
    arrays: dict[Keys, int] = {}
    key = ""
    is_value = False
    depth = 0
    line = first = 1
    for token in [*_TOKEN.findall(text), "\n"]:
        depth += (token in ("[", "{")) - (token in ("]", "}"))
        if token == "\n" and depth == 0:
            if key.strip():
                keys = _keys_of(key.strip().strip("[]"))
                if not is_value:
                    table = _numbered(keys, arrays, is_next=key.strip().startswith("[["))
                _note(lines, table + keys if is_value else table, (first, line))
            key, is_value, first = "", False, line + 1
        elif token == "=" and depth == 0:
            is_value = True
        elif not is_value and token[0] != "#":
            key += token
        line += token.count("\n")


def _numbered(keys: Keys, arrays: dict[Keys, int], *, is_next: bool) -> Keys:
    """Return the keys of a table with the number of each that is one of an array, such as ``("case", "0", "headers")``.

    :param arrays: the number of the last table of each array.
    :param is_next: whether the keys begin a table of an array: ``[[case]]``.
    """
    numbered: Keys = ()
    for length, key in enumerate(keys, 1):
        numbered = (*numbered, key)
        if is_next and length == len(keys):
            arrays[numbered] = arrays.get(numbered, -1) + 1
        if numbered in arrays:
            numbered = (*numbered, str(arrays[numbered]))
    return numbered


def _note(lines: Lines, keys: Keys, span: tuple[int, int]) -> None:
    for length in range(1, len(keys) + 1):
        lines.spans.setdefault(keys[:length], span)


def _keys_of(text: str) -> Keys:
    """Return the parts of a dotted key."""
    keys: list[str] = []
    value: Any = tomllib.loads(f"{text} = 0")
    while value:
        ((key, value),) = value.items()
        keys.append(key)
    return tuple(keys)
