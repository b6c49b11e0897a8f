"""Names below which anyone can register a name, from the Public Suffix List, which is read when first needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


def is_open_to_strangers(name: str) -> bool:
    """Tell whether anyone can get a name below this one, as below ``github.io``, ``com`` or ``amazonaws.com``."""
    return name in _above_suffixes() or _suffix_list().publicsuffix(name, accept_unknown=False) == name


def suffixes_named_in(text: str) -> Iterator[str]:
    """Yield each public suffix if all its labels occur in ``text``, in any order."""
    words = set(re.findall("[a-z0-9-]+", text))
    names = (rule.removeprefix("*.") for rule in _rules())
    return (name for name in names if words.issuperset(name.split(".")))


@cache
def _suffix_list() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # reads a large file: only if a policy needs it

    return PublicSuffixList()


@cache
def _rules() -> tuple[str, ...]:
    """Return the rules of the list, such as ``com`` and ``*.ck``, without exceptions such as ``!www.ck``."""
    from publicsuffixlist import PSLFILE, encode_idn

    with open(PSLFILE, encoding="utf-8") as lines:
        rules = [line.partition("//")[0].strip() for line in lines]
    return tuple(rule if rule.isascii() else encode_idn(rule) for rule in rules if rule and not rule.startswith("!"))


@cache
def _above_suffixes() -> frozenset[str]:
    """Return all names below which the list has a public suffix, as ``amazonaws.com`` has ``s3.amazonaws.com``."""
    above: set[str] = set()
    for rule in _rules():
        labels = rule.split(".")
        above.update(".".join(labels[start:]) for start in range(1, len(labels)))
    return frozenset(above)
