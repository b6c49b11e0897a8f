"""Every text that a user can meet is listed in ``tests/golden/messages``, and reads as a sentence.

The lists are read from the source, so that no message can be forgotten: every string of two words or more is on them,
in the order of the source. To write them again: ``CORSWSGI_GOLDEN=write python -m pytest tests/test_messages.py``; then
read what changed as a user would. Does it say what is wrong, with the value, and what to do?

``{name}`` stands for a value that is put in, and ``{}`` for one without a name. What comes from a table is listed on
the page that is written from the table: findings in ``docs/findings.rst``, messages of browsers in
``docs/messages.rst``, what each engine does in ``docs/browsers.rst``.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "corswsgi"
LISTS = Path(__file__).parent / "golden" / "messages"

#: Modules whose texts are listed on a page of the documentation, each of them as a whole.
TABLES = ("browser/departures.py", "checker/kinds/", "checker/console_messages.py")

MODULES = [
    path for path in sorted(PACKAGE.rglob("*.py")) if not path.relative_to(PACKAGE).as_posix().startswith(TABLES)
]

#: What takes a string that no user reads: regular expressions, types, and what a string is compared with.
UNREAD_CALLS = {
    *("compile", "match", "fullmatch", "search", "split", "sub", "findall", "cast", "TypeVar"),
    *("startswith", "endswith", "removeprefix", "removesuffix", "filterwarnings"),
}

#: A string that is a piece of a regular expression, and not words.
EXPRESSION = re.compile(r"\(\?|\[\^|\\[AknQsz]|\]\*")

#: A string that is configuration of a server, and not a comment in it; of the modules that write such files.
CONFIGURATION = re.compile(
    r"^ *(?:[a-z]+[-_][a-z_-]+|acl|backend|bind|default|expression|frontend|geo|header|import|listen|location|map"
    r"|method|mode|option|proxy|respond|reverse_proxy|root|route|server|timeout|tune\.[a-z]+|vars) |^ ssl "
    r"|^ *</?[A-Z]|^ *(?:Allow|Document|Header|Listen|Proxy|Require|Rewrite|SetEnv|SSLProxy)\w* "
    r"|\\|\$[a-z]|%[{[]|reqenv\(|req_novary|var\(|req\.|http\.vars|-m [a-z]|str\(|^!?[{] | [{(]+$|^\)|\.lowerAscii"
)


def template(node: ast.expr) -> str:
    """Return a text as the source has it, with {name} for what is put in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(template, parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return template(left) + template(right)
    return f"{{{name_of(node)}}}"


def name_of(node: ast.expr) -> str:
    match node:
        case ast.FormattedValue(value=value) | ast.Call(args=[value], keywords=[]):
            return name_of(value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
    return ""


def is_text(node: ast.AST, code: re.Pattern[str]) -> TypeGuard[ast.expr]:
    """Tell whether this is a string of two words or more, one of them written out.

    :param code: finds what is no text.
    """
    if not isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp)):
        return False
    written = re.sub(r"\{\w*\}", "X", template(node))
    return bool(re.search(r"[A-Za-z]{2}.*\s\S|\S\s.*[A-Za-z]{2}", written)) and not code.search(written)


def unread(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that nobody reads as text: docstrings, annotations, expressions, lists of names."""
    match node:
        case ast.Module() | ast.ClassDef() | ast.FunctionDef():
            yield from (
                each for each in node.body if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
            )
            yield from filter(None, [getattr(node, "returns", None)])
        case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation) if annotation:
            yield annotation
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="split") as names):
            yield names
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=args) if called in UNREAD_CALLS:
            yield from args


def texts(node: ast.AST, code: re.Pattern[str]) -> Iterator[str]:
    """Yield each text of a module that somebody may read, in the order of the source."""
    skipped = list(unread(node))
    if node in skipped:
        return
    if is_text(node, code):
        yield template(node)
    for child in ast.iter_child_nodes(node):
        if child in skipped:
            continue
        inside = texts(child, code)
        if is_text(node, code) and not isinstance(child, ast.FormattedValue):  # a piece of the text above
            inside = (each for each in inside if each not in template(node))
        yield from inside


@cache
def listed() -> dict[str, str]:
    """Return the lists: the texts of the modules of each package, and of those beside the packages."""
    lists: dict[str, str] = {}
    for path in MODULES:
        module = path.relative_to(PACKAGE)
        room = module.parts[0] if len(module.parts) > 1 else "core"
        code = CONFIGURATION if path.name.startswith("for_") else EXPRESSION
        found = dict.fromkeys(texts(ast.parse(path.read_text("utf-8")), code))
        if found:
            lines = "".join("\n    ".join(map(str.rstrip, each.splitlines())) + "\n" for each in found)
            lists[room] = lists.get(room, "") + f"\n## {module.as_posix()}\n\n{lines}"
    return {room: text.lstrip() for room, text in lists.items()}


@pytest.mark.parametrize("room", listed())
def test_every_message_is_listed(room: str) -> None:
    path = LISTS / f"{room}.txt"
    if os.environ.get("CORSWSGI_GOLDEN") == "write":
        path.write_text(listed()[room], "utf-8")
    assert listed()[room] == path.read_text("utf-8")


def test_no_list_is_left_over() -> None:
    assert {path.stem for path in LISTS.iterdir()} == set(listed())


#: Where the message stands among the arguments of what is raised, or put into a report.
MESSAGES = {
    **dict.fromkeys(("AttributeError", "ImportError", "RuntimeError", "TypeError", "ValueError"), 0),
    **dict.fromkeys(("ArgumentTypeError", "BadRequest", "BudgetExceeded", "NoAnswer", "UsageError", "_error"), 0),
    **dict.fromkeys(("Refused", "_refuse", "_bad_redirect"), 1),
    **dict.fromkeys(("NetworkError", "Reason"), 2),
    "Problem": 3,
    "finding": 0,
}

#: A message follows the name of a command or an option: it begins like the middle of a sentence, or with a name.
BEGINNING = re.compile(
    r"[a-z0-9{\"'*-]|(?:Access-Control|Cross-Origin|Apache|Caddy|HAProxy|Location|Partitioned|Private"
    r" Network|SameSite|Vary)\b"
)


def messages(tree: ast.AST) -> Iterator[str]:
    """Yield each message of a module, also one that was given a name before; not what other functions make."""
    for function in (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Module))):
        named: dict[str, list[ast.expr]] = {}
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    named.setdefault(name, []).append(value)
                case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=args):
                    if called in MESSAGES and len(args) > MESSAGES[called]:
                        message = args[MESSAGES[called]]
                        for each in named.get(message.id, []) if isinstance(message, ast.Name) else [message]:
                            yield from map(template, either(each))


def either(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield from either(body)
            yield from either(orelse)
        case ast.Constant() | ast.JoinedStr() | ast.BinOp():
            yield node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_message_reads_as_a_sentence_on_one_line(path: Path) -> None:
    for each in messages(ast.parse(path.read_text("utf-8"))):
        assert "\n" not in each, each
        assert "  " not in each, each
        if not re.search("[a-z]", re.sub(r"--[a-z]+|\{\w*\}", "", each)):
            continue  # made of others
        assert len(each.split()) > 2, f"{each}: that is no sentence"
        assert BEGINNING.match(each), f"{each}: it follows a name and a colon, and begins in lower case"
        assert not each.removesuffix("...").endswith((".", "!", ",", ";", " ")), (
            f"{each}: who shows it writes the full stop"
        )
