"""The pages in docs/, held to their word: code compiles and runs, settings are read, commands print what is shown.

Python code is compiled; examples with ``>>>`` are run. Settings in TOML and INI are read. In a ``console`` block, what
follows a command that begins with ``$ corswsgi`` is what it prints, run beside the examples; in ``shell`` blocks
commands are shown without what they print, and have to be commands that there are.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from corswsgi import cli
from corswsgi.checker.cases import read_cases
from corswsgi.settings import read_file

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.rst"))

BLOCK = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<language>\S+)\n(?P<options>(?:(?P=indent) +:.*\n)*)\n"
    r"(?P<text>(?:(?:(?P=indent)   .*)?\n)+)",
    re.MULTILINE,
)

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


@dataclass(frozen=True)
class Block:
    """A block of code, and where it stands."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8") + "\n"
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(page.name, line, match["language"], textwrap.dedent(match["text"]).strip("\n") + "\n")


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def of(*languages: str) -> pytest.MarkDecorator:
    found = [block for block in BLOCKS if block.language in languages]
    return pytest.mark.parametrize("block", found, ids=str)


def test_every_block_is_found_and_of_a_kind_that_is_tested() -> None:
    directives = sum(page.read_text("utf-8").count(".. code-block::") for page in PAGES)
    assert directives == len(BLOCKS)
    # Of the last ones, nothing is claimed but how they look.
    known = {
        "python",
        "toml",
        "ini",
        "console",
        "shell",
        "http",
        "nginx",
        "apache",
        "javascript",
        "html",
        "text",
        "yaml",
    }
    assert {block.language for block in BLOCKS} <= known | {"vcl", "haproxy", "caddy"}


@of("python")
def test_python_code_compiles_and_its_examples_run(block: Block) -> None:
    if ">>>" not in block.text:
        compile(block.text, str(block), "exec", dont_inherit=True)
        return
    test = doctest.DocTestParser().get_doctest(block.text, {}, str(block), None, 0)
    told: list[str] = []
    results = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=told.append)
    assert results.attempted
    assert not results.failed, "".join(told)


@of("toml", "ini")
def test_settings_are_read(block: Block, tmp_path: Path) -> None:
    if "[[case]]" in block.text:
        path = tmp_path / "cases.toml"
        path.write_text(block.text, "utf-8")
        assert read_cases(str(path), "audit" if "fail-on" in block.text else "check")
        return
    if not re.search(r"^\[cors[\].]", block.text, re.MULTILINE):
        return  # a file of another program
    path = tmp_path / f"cors.{block.language}"
    path.write_text(block.text, "utf-8")
    read_file(path)


def words_of(command: str) -> list[str]:
    return shlex.split(command, comments=True)


@of("shell")
def test_the_commands_are_those_of_corswsgi(block: Block) -> None:
    for line in block.text.replace("\\\n", "").splitlines():
        for command in line.split(" && "):
            words = words_of(command)
            if not words or words[0] != "corswsgi" or "|" in words or "$" in command:
                continue
            cli.parse(words[1:])  # exits if there is something that it does not know


@of("yaml")
def test_the_commands_of_pipelines_are_those_of_corswsgi(block: Block) -> None:
    for command in re.findall(r"^ *- (?:run: )?corswsgi (.*)", block.text, re.MULTILINE):
        cli.parse(words_of(command))


@of("console")
def test_the_commands_print_what_is_shown(
    block: Block, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT / "examples")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    commands = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not commands.pop(0), "a console block begins with a command"
    for each in commands:
        command, _, expected = each.replace("\\\n", "").partition("\n")
        words = words_of(command)
        assert words[0] == "corswsgi", "what a test cannot run belongs into a shell block"
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
            cli.main(words[1:])
        got = printed.getvalue() + capsys.readouterr().err
        assert doctest.OutputChecker().check_output(expected, got, OPTIONS), got


def test_the_help_of_every_command_is_in_the_documentation_with_its_exit_status_and_an_example() -> None:
    page = (ROOT / "docs" / "command-line.rst").read_text("utf-8")
    for name in cli.COMMANDS:
        assert f".. command-help:: {name}\n" in page
        with contextlib.redirect_stdout(io.StringIO()) as printed, pytest.raises(SystemExit):
            cli.main([name, "--help"])
        told = " ".join(printed.getvalue().split())
        assert "Exit status: " in told
        _, _, example = told.partition(f"Example: corswsgi {name}")
        cli.parse([name, *words_of(example)])  # exits if there is something that it does not know
