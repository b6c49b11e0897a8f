"""Translates a Python regular expression to one that means the same to PCRE and RE2, or says why it cannot."""

from __future__ import annotations

import re
from typing import NoReturn

from corswsgi.errors import quote
from corswsgi.export.expressions import one_of

#: The characters of well-formed origins. Expressions are matched against nothing else, so other characters that an atom
#: matches do not matter.
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789+-._:/[]"

_FLAGS = re.ASCII | re.DOTALL | re.IGNORECASE | re.MULTILINE | re.UNICODE
_OPENING_FLAGS = re.compile(r"\(\?[aimsu]+\)")
_GROUP = re.compile(r"\((?:\?:|\?P<\w+>|(?!\?))")
_ANCHOR = re.compile(r"\^|\$|\\A|\\Z")
#: One character: a set, an escape, or itself.
_ATOM = re.compile(
    r"\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[dDwWsSntrfva]|[^0-9A-Za-z])"
    r"|[^\\()|^$*+?\[]",
    re.DOTALL,
)
_REPEAT = re.compile(r"(?:([*+?])|\{([0-9]+)\}|\{([0-9]*),([0-9]*)\})(\+|\??)")
#: A character that no origin contains.
_NOTHING = r"\x00"
#: The largest count in a repetition: no origin is much longer, and RE2 has a limit of its own.
_MOST = 250


def portable(pattern: re.Pattern[str]) -> str:
    """Return an expression that matches, as a whole, the same well-formed origins.

    Only constructs that mean the same everywhere are accepted: characters, sets, groups, alternatives, repetitions and
    anchors. Python itself decides which characters an atom matches, so flags and classes keep their meaning.

    :raises ValueError: with the reason, if the expression holds anything else.
    """
    if others := pattern.flags & ~_FLAGS:
        raise ValueError(f"it has the flag {re.RegexFlag(others)!r}")
    return _Translation(pattern).alternatives()


class _Translation:
    """The walk through the text of an expression that Python has accepted."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._text = pattern.pattern
        self._flags = pattern.flags
        opening = _OPENING_FLAGS.match(self._text)
        self._at = opening.end() if opening else 0
        self._is_counting = False

    def alternatives(self) -> str:
        """Return the translation of the rest of the group or of the text."""
        branches = [self._branch()]
        while self._text.startswith("|", self._at):
            self._at += 1
            branches.append(self._branch())
        return "|".join(branches)

    def _branch(self) -> str:
        pieces = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            pieces.append(self._piece())
        return "".join(pieces)

    def _piece(self) -> str:
        start = self._at
        if anchor := self._take(_ANCHOR):
            # No origin has a line break, so "$" and MULTILINE make no difference here.
            return "^" if anchor[0] in ("^", r"\A") else "$"
        was_counting, self._is_counting = self._is_counting, False
        if self._take(_GROUP):
            piece = f"(?:{self.alternatives()})"
            self._at += 1  # the closing parenthesis; Python has checked that it is there
        elif atom := self._take(_ATOM):
            piece = self._characters(atom[0])
        else:
            self._refuse(start)
        piece += self._repetition(start)
        self._is_counting |= was_counting
        return piece

    def _repetition(self, start: int) -> str:
        repeat = self._take(_REPEAT)
        if repeat is None:
            return ""
        sign, exactly, least, most, greed = repeat.groups("")
        if greed == "+":  # possessive: without backtracking it may match less
            self._refuse(start)
        if sign:
            return sign
        low, high = (exactly or least or "0"), (exactly or most)
        # Nested counts could exceed the servers' own limits.
        if self._is_counting or int(low) > _MOST or int(high or "0") > _MOST:
            self._refuse(start)
        self._is_counting = True
        return f"{{{int(low)},{int(high) if high else ''}}}"

    def _characters(self, atom: str) -> str:
        """Return what stands for the characters of origins that an atom matches."""
        asked = re.compile(atom, self._flags)
        found = [character for character in ALPHABET if asked.fullmatch(character)]
        return one_of(found) if found else _NOTHING

    def _take(self, expected: re.Pattern[str]) -> re.Match[str] | None:
        match = expected.match(self._text, self._at)
        if match:
            self._at = match.end()
        return match

    def _refuse(self, start: int) -> NoReturn:
        raise ValueError(f"{quote(self._text[start : max(self._at, start + 4)])} in it means something else elsewhere")
