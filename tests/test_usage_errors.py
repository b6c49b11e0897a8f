"""What a command or a loader says if it cannot do what it was asked: every message is listed, and says a thing."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).parent / "golden" / "usage_errors.txt"


def template(node: ast.expr) -> str:
    """Return a message as the source has it, with ... for what is put in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(part.value if isinstance(part, ast.Constant) else "..." for part in parts)  # type: ignore[misc]  # of an f-string they are str
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return template(left) + template(right)
    return "..."


def messages() -> Iterator[str]:
    """Yield what each ``UsageError`` of the package says, with its module; those made of a variable are left out."""
    for path in sorted((ROOT / "corswsgi").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="UsageError"), args=[ast.expr() as first, *_]):
                    if set(text := template(first)) - set(". "):
                        yield f"{path.relative_to(ROOT / 'corswsgi').as_posix()}: {text}"


def test_every_message_is_listed() -> None:
    """To write the list again: ``CORSWSGI_GOLDEN=write``; then read what changed as a user would."""
    found = "".join(f"{each}\n" for each in sorted(set(messages())))
    if os.environ.get("CORSWSGI_GOLDEN") == "write":
        LIST.write_text(found, "utf-8")
    assert found == LIST.read_text("utf-8")


def test_every_message_reads_as_a_sentence_in_one_line() -> None:
    for each in messages():
        text = each.partition(": ")[2]
        assert "\n" not in text, each
        assert not text.endswith((".", "!")) or text.endswith("..."), each
        assert len(text.split()) >= 2, each
