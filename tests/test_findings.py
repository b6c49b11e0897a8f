"""The table of findings: every kind is declared once, has a page, and is found somewhere."""

import ast
import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from corswsgi import checker, cli
from corswsgi.checker.console_messages import MESSAGES
from corswsgi.checker.findings import Concern, Kind, Severity
from corswsgi.checker.kinds import KINDS, SUBJECTS
from corswsgi.checker.render.messages import messages_as_rst
from corswsgi.checker.render.pages import as_rst

ROOM = Path(checker.__file__).parent
TABLE = ROOM / "kinds"


def declared() -> dict[str, Kind]:
    """Return the kinds by the name of their constant."""
    return {
        name: value for subject in SUBJECTS.values() for name, value in vars(subject).items() if isinstance(value, Kind)
    }


def names_in(path: Path) -> Iterator[str]:
    """Yield the names that a module uses, except those that it only imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def test_codes_are_unique_and_lower_case() -> None:
    subjects = [[each for each in vars(subject).values() if isinstance(each, Kind)] for subject in SUBJECTS.values()]
    kinds = [kind for subject in subjects for kind in subject]
    assert len({kind.code for kind in kinds}) == len(kinds) == len(declared()) == len(KINDS)
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", code) for code in KINDS)


def test_every_subject_is_in_the_table() -> None:
    assert {path.stem for path in TABLE.glob("*.py")} == {
        "__init__",
        *(subject.__name__.rpartition(".")[2] for subject in SUBJECTS.values()),
    }


def test_every_kind_is_found_somewhere_and_nothing_else_is() -> None:
    rules = [path for path in ROOM.rglob("*.py") if path.parent != TABLE]
    used = {name for path in rules for name in names_in(path)}
    assert set(declared()) - used == set()
    # Findings are made by their kinds, and kinds by the table.
    for path in rules:
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert path.name == "findings.py" or calls.isdisjoint({"Finding", "Kind"}), path.name


@pytest.mark.parametrize("code", KINDS)
def test_a_kind_has_a_page(code: str) -> None:
    kind = KINDS[code]
    assert isinstance(kind.severity, Severity)
    assert isinstance(kind.concerns, Concern)
    assert not kind.title.endswith(".")
    for paragraph in (kind.means, kind.arises, kind.elsewhere, kind.policy or "."):
        assert paragraph.endswith("."), paragraph
        assert paragraph.count("``") % 2 == 0, paragraph
        assert paragraph.isascii()


# The pages


PAGE = Path(__file__).parent.parent / "docs" / "findings.rst"


def test_the_page_in_the_documentation_is_generated_from_the_table() -> None:
    text = as_rst()
    if os.environ.get("CORSWSGI_GOLDEN") == "write":
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text
    assert all(f"\n{code}\n{'~' * len(code)}\n" in text for code in KINDS)


MESSAGES_PAGE = PAGE.with_name("messages.rst")


def test_the_page_of_messages_is_generated_from_their_table() -> None:
    text = messages_as_rst()
    if os.environ.get("CORSWSGI_GOLDEN") == "write":
        MESSAGES_PAGE.write_text(text, "utf-8")
    assert MESSAGES_PAGE.read_text("utf-8") == text
    for message in MESSAGES:
        words = re.sub(r"\{[a-z]+\}", "...", message.template).removesuffix(")")
        assert f"``{words}``" in text
        assert f"finding-{message.finding.code}>" in text


def printed(*arguments: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert cli.main(["finding", *arguments]) == 0
    return out.getvalue()


@pytest.mark.parametrize("code", KINDS)
def test_a_finding_has_its_page_in_the_terminal(code: str) -> None:
    text = printed(code)
    assert text.startswith(f"{str(KINDS[code].severity).upper()}  {code}\n")
    assert max(map(len, text.splitlines())) <= 100
    assert "``" not in text
    assert printed(f"[{code}]") == text
    assert ("No policy helps here." in text) is (not KINDS[code].policy)


def test_a_fault_of_a_policy_is_said_to_be_one() -> None:
    text = printed("origin-trailing-slash")
    assert text.startswith("FAULT  origin-trailing-slash\nA policy with this fault is refused with a PolicyError")


def test_without_a_code_all_are_listed() -> None:
    text = printed()
    assert all(f"  {code} " in text for code in KINDS)
    assert all(f"{title}\n" in text for title in SUBJECTS)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("vary-mising", 'there is no finding "vary-mising"; the nearest are vary-missing'),
        ("VARY_NEEDLESSS", 'there is no finding "VARY_NEEDLESSS"; the nearest'),
        ("tlss", 'there is no finding "tlss"; the nearest is tls\n'),
        ("", 'there is no finding ""; corswsgi finding lists all codes\n'),
        ("zzz\x1b", 'there is no finding "zzz\\u001b"; corswsgi finding lists all codes\n'),
    ],
)
def test_of_an_unknown_code_the_nearest_are_named(code: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["finding", code]) == 2
    assert capsys.readouterr().err.startswith(f"corswsgi finding: {message}")
