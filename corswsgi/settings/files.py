"""Policies from TOML and INI files. A file is read as a whole or not at all; each fault has its line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from corswsgi.errors import Fault, PolicyError, Problem, nearest, quote
from corswsgi.policy import OPTIONS
from corswsgi.settings.declared import Policies, policies_of
from corswsgi.settings.ini import read_ini
from corswsgi.settings.lines import SECTION, Lines
from corswsgi.settings.reading import Path, refuse, text_of
from corswsgi.settings.toml import read_toml

#: Names of sections that look as if they were meant to hold a policy.
_MISNAMED = re.compile(rf"{SECTION}(?:wsgi)?(?:[^\w-].*)?", re.IGNORECASE | re.DOTALL)

#: The function that reads the sections of a file with this suffix.
_FORMATS: dict[str, Callable[[str, Lines], Mapping[str, Any]]] = {".toml": read_toml, ".ini": read_ini}


def read_file(path: Path) -> Policies:
    """Return the policy of a TOML or INI file, or its policies by path, as ``CORSMiddleware`` and the mixin take them.

    :param path: of a regular file of UTF-8, at most 1 MiB, whose name ends in ``.toml`` or ``.ini``.
    :raises PolicyError: with every fault, each with the file and the line.
    """
    policies, _ = read_with_places(path)
    return policies


def read_with_places(path: Path) -> tuple[Policies, Lines]:
    """Return what :func:`read_file` does, and the lines, which say where each option is written."""
    name = os.fspath(path)
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in _FORMATS:
        refuse(name, f"the name of a settings file ends in {' or '.join(_FORMATS)}")
    lines = Lines(name, text_of(name, "no policy"))
    return policies_in(lines, suffix), lines


def policies_in(lines: Lines, suffix: str) -> Policies:
    """Return the policies in the text of a file.

    :raises PolicyError: as :func:`read_file` does.
    """
    sections = _FORMATS[suffix](lines.text, lines)
    problems = [*lines.problems, *_strays(sections, lines)]
    try:
        policies = policies_of(_section(sections, lines), lines.place)
    except PolicyError as error:
        problems += error.problems
    if problems:
        raise PolicyError(sorted(problems, key=lines.number_of))
    return policies


def _section(sections: Mapping[str, Any], lines: Lines) -> Mapping[str, Any]:
    """Return the options and rules of the policy."""
    if SECTION not in sections:
        message = f"there is no section [{SECTION}]"
        if alike := nearest(SECTION, sections, cutoff=0.6):
            message += f", but there is {quote(alike)}; rename it"
        raise PolicyError([Problem(Fault.SECTION_MISSING, "", None, message, place=lines.name)])
    section = sections[SECTION]
    if not isinstance(section, Mapping):
        message = f"{quote(SECTION)} is not a table of options; write [{SECTION}], and the options below it"
        raise PolicyError([Problem(Fault.WRONG_TYPE, "", section, message, place=lines.place((), None))])
    return section


def _strays(sections: Mapping[str, Any], lines: Lines) -> list[Problem]:
    """Return the problems of options and sections that were meant to be in the section of the policy."""
    strays = []
    for name, value in sections.items():
        if name in OPTIONS:
            message = f"{quote(name)} is outside of [{SECTION}]; move it there"
        elif name.startswith("/") or (name != SECTION and _MISNAMED.fullmatch(name)):
            message = f"{quote(name)} is not a section of a policy; {lines.naming}"
        else:
            continue
        strays.append(Problem(Fault.SECTION_UNKNOWN, "", value, message, place=lines.of_section(name)))
    return strays
