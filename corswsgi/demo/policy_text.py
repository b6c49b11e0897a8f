"""A policy as text, to copy: Python, TOML and INI; ``settings`` reads TOML and INI.

A policy without callables and regular expressions holds origins and tokens only: ASCII without white space.
"""

from __future__ import annotations

import json
from typing import Any

from corswsgi.policy import OPTIONS, Policy

#: The name of the table in TOML, and of the section in INI, that holds a policy.
SECTION = "cors"

#: Stands for ``None`` in TOML and INI, which have no such value.
NONE = "none"


def source_of(policy: Policy) -> str:
    """Return ``policy`` as Python source, one option per line; it evaluates to an equal policy."""
    lines = [f"    {name}={_python(value)},\n" for name, value in _changed(policy)]
    return f"Policy(\n{''.join(lines)})"


def toml_of(policy: Policy) -> str:
    """Return ``policy`` as a TOML table: arrays of strings, booleans, numbers; ``max_age=None`` is ``"none"``."""
    return "".join([f"[{SECTION}]\n", *(f"{name} = {_toml(value)}\n" for name, value in _changed(policy))])


def ini_of(policy: Policy) -> str:
    """Return ``policy`` as a section of an INI file, for a ``configparser`` that interpolates, as it does by default.

    Each entry of a list has a line of its own. If one begins with ``#``, which would make its line a comment, all
    entries are on one line with commas between.
    """
    return "".join([f"[{SECTION}]\n", *(f"{name} ={_ini(value)}\n" for name, value in _changed(policy))])


def _changed(policy: Policy) -> list[tuple[str, Any]]:
    """Return the names and values of the options that are not at their default."""
    return [(name, value) for name, value in policy.as_dict().items() if value != OPTIONS[name]]


def _python(value: object) -> str:
    """Return Python source for a string, a number, a truth value, ``None`` or a tuple of strings."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_python, value))}]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        entries = [_toml(entry) for entry in value]
        return (
            "".join(["[\n", *(f"    {entry},\n" for entry in entries), "]"]) if len(entries) > 1 else f"[{entries[0]}]"
        )
    return json.dumps(NONE if value is None else value)


def _ini(value: object) -> str:
    if not isinstance(value, tuple):
        return f" {_escaped(value if isinstance(value, str) else NONE if value is None else json.dumps(value))}"
    entries = [_escaped(entry) for entry in value]
    if any(entry.startswith("#") for entry in entries):
        return f" {', '.join(entries)}"
    return "".join(f"\n    {entry}" for entry in entries)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
