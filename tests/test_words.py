"""The words of the repository are those of plain, contemporary technical English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: What people read: the documentation, the code with its comments and messages, the page of the demo.
READ = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for folder in (".", ".ci", "benchmarks", "build_backend", "corswsgi", "docs", "examples", "tests")
    for path in sorted((ROOT / folder).glob("*" if folder == "." else "**/*"))
    if path.suffix in (".rst", ".py", ".html", ".js", ".css", ".cfg", ".toml", ".ini")
    and "_build" not in path.parts
    and path != Path(__file__)
}

#: Words at which a reader stops, each with what says the same. The list is short: a word comes here after it was used.
BOOKISH = {
    r"whoever|whosoever|whom|whomever": "anyone who, who",
    r"whatever (?:an?|any|comes|else|is|it|stands|the)|wherever|whichever": "regardless of, anything that, everywhere",
    r"hence|thus|there(?:by|from|in|of|upon)|herein": "so, by that",
    r", of which": "which, whose",
    r"(?:is|are|be) due": "because of, must",
    r"fore(?:tell|tells|told)": "predict",
    r"heed|heeds|heeded": "look at, follow",
    r"amiss": "wrong",
    r"mend|mends|mended": "fix",
    r"lest|upon|albeit|whilst|amongst": "so that not, on, although, while, among",
    r"anew|afresh": "again",
    r"but for": "except, without",
    r"goes without saying": "a word for what it is",
    r"(?:its|their) (?:like|kin)": "similar",
    r"one's own": "custom, of your own",
    r"(?:come|comes|came) about": "happen",
    r"in vain": "without success",
    r"such as (?:are|have)": "those that",
}

#: Between two words of a phrase, in prose, in a comment or in a string of several lines.
GAP = r"""\\s[\\s"'#:f]*"""


def found(words: str) -> Iterator[str]:
    phrase = re.compile(rf"(?<![\w-])(?:{re.sub(' ', GAP, words)})\b", re.IGNORECASE)
    for name, text in READ.items():
        for match in phrase.finditer(text):
            yield f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {' '.join(match[0].split())}"


@pytest.mark.parametrize("words", BOOKISH)
def test_words_are_plain(words: str) -> None:
    assert not list(found(words)), f"say it in plain words: {BOOKISH[words]}"


def test_a_bookish_phrase_is_found_over_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READ, "page.rst", "Nothing is sent, but\nfor a preflight.")
    monkeypatch.setitem(
        READ, "module.py", '    "nothing is sent, but "\n    f"for {what}"\n    # all, but\n    # for one\n'
    )
    assert list(found("but for")) == ["page.rst:1: but for", 'module.py:1: but " f"for', "module.py:3: but # for"]
