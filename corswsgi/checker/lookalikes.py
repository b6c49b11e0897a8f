r"""Finds origins that a regular expression lets through by mistake.

An expression does not say which origin was meant, so texts are generated that it matches. In them an unescaped dot is
read as a dot, and ``.*`` as nothing or as one character: ``https://.*example.com`` is meant for
``https://example.com``, and lets ``https://evilexample.com`` through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from re import _constants, _parser  # type: ignore[attr-defined]  # the only thing that reads expressions as Python does
from typing import Any, NamedTuple

from corswsgi.browser.urls import parse_origin, registrable_domain
from corswsgi.checker.findings import Kind
from corswsgi.checker.kinds.origins import ORIGIN_DOT, ORIGIN_HTTP, ORIGIN_PREFIX, ORIGIN_SUFFIX
from corswsgi.checker.kinds.policy import PATTERN_WIDE
from corswsgi.checker.strangers import Reach, derive

#: The most texts that are generated from an expression, and their greatest length.
_MOST_TEXTS = 32
_LONGEST_TEXT = 300

#: An origin that no expression is written for (rfc2606#section-2).
_UNRELATED = "https://evil.example"

#: Stands for an unescaped dot.
_DOT = "\0"

_FIXES = {
    ORIGIN_SUFFIX: "end the expression after the host and the port that you mean",
    ORIGIN_PREFIX: r"write \. before the name if you mean subdomains, or :// if you do not",
    ORIGIN_DOT: r"write \. for a dot; a dot alone matches any character",
    ORIGIN_HTTP: "begin with https://, without a question mark",
    PATTERN_WIDE: "write the hosts that you mean into the expression",
}


class Lookalike(NamedTuple):
    """An origin that an expression matches by mistake.

    :ivar meant: the origin that the expression was probably written for; empty if it matches any origin.
    """

    value: str
    meant: str
    kind: Kind
    reach: Reach

    @property
    def fix(self) -> str:
        """What to change in the expression."""
        return _FIXES[self.kind]


def lookalikes_of(expression: re.Pattern[str]) -> Iterator[Lookalike]:
    """Yield the foreign origins that an expression matches, each once; only one if it matches any origin."""
    if expression.fullmatch(_UNRELATED):
        yield Lookalike(_UNRELATED, "", PATTERN_WIDE, Reach.ANYONE)
        return
    found = {each.value: each for text in _texts_of(expression) for each in _tried(expression, text)}
    yield from found.values()


def _tried(expression: re.Pattern[str], text: str) -> Iterator[Lookalike]:
    meant = text.replace(_DOT, ".")
    own = _domain_of(meant)
    if own is None or not expression.fullmatch(meant):
        return
    for index in (index for index, character in enumerate(text) if character == _DOT):
        value = f"{text[:index]}x{text[index + 1 :]}".replace(_DOT, ".")
        if _domain_of(value) not in (None, own) and expression.fullmatch(value):
            yield Lookalike(value, meant, ORIGIN_DOT, Reach.ANYONE)
    for stranger in derive(meant):
        is_told = stranger.kind in _FIXES and stranger.reach in (Reach.ANYONE, Reach.NETWORK)
        if is_told and expression.fullmatch(stranger.value):
            yield Lookalike(stranger.value, meant, stranger.kind, stranger.reach)


def _domain_of(origin: str) -> str | None:
    """Return the registrable domain of an origin, or ``None`` if the text has none or is not an origin."""
    try:
        return registrable_domain(parse_origin(origin))
    except ValueError:
        return None


def _texts_of(expression: re.Pattern[str]) -> list[str]:
    """Return texts that an expression is likely to match."""
    texts = _texts(_parser.parse(expression.pattern, expression.flags))
    return sorted(texts, key=lambda text: not text.startswith("https:"))


def _texts(tokens: Any) -> list[str]:
    texts = [""]
    for operation, argument in tokens:
        pieces = _pieces(operation, argument)
        texts = [f"{text}{piece}" for text, piece in product(texts, pieces) if len(text) + len(piece) <= _LONGEST_TEXT]
        del texts[_MOST_TEXTS:]
    return texts


def _pieces(operation: Any, argument: Any) -> list[str]:
    """Return texts that one token of an expression matches; an empty one for a token such as ``^``."""
    match operation:
        case _constants.LITERAL:
            return [chr(argument)]
        case _constants.ANY:
            return [_DOT]
        case _constants.IN:
            return [_member(argument)]
        case _constants.BRANCH:
            return [text for branch in argument[1] for text in _texts(branch)]
        case _constants.SUBPATTERN:
            return _texts(argument[-1])
        case _constants.ATOMIC_GROUP:
            return _texts(argument)
        case _constants.MAX_REPEAT | _constants.MIN_REPEAT | _constants.POSSESSIVE_REPEAT:
            least, most, repeated = argument
            counts = dict.fromkeys((least, min(max(least, 1), most)))
            bodies = [text.replace(_DOT, "a") for text in _texts(repeated)]
            return [body * count for count in counts for body in bodies if len(body) * count <= _LONGEST_TEXT]
        case _constants.NOT_LITERAL:
            return ["a" if argument != ord("a") else "b"]
    return [""]


#: A character for each category that can begin a set.
_MEMBERS = {_constants.CATEGORY_DIGIT: "1", _constants.CATEGORY_WORD: "a", _constants.CATEGORY_NOT_SPACE: "a"}


def _member(members: Any) -> str:
    """Return a character of a set such as ``[a-z0-9]``."""
    operation, argument = members[0]
    match operation:
        case _constants.LITERAL:
            return chr(argument)
        case _constants.RANGE:
            return chr(argument[0])
        case _constants.CATEGORY:
            return _MEMBERS.get(argument, "a")
    return "a"  # for a negated set such as [^.]
