"""How lists and responses are put into sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corswsgi.browser import Exchange
from corswsgi.checker.findings import shown


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def status_told(exchange: Exchange, what: str) -> str:
    """Return the beginning of a sentence that says with which status a request was answered.

    :param what: the request, in words.
    """
    return f"{what} was answered {shown(f'{exchange.status} {exchange.status_text}'.strip())}"


def capitalized(sentence: str) -> str:
    """Return a sentence with a capital at its beginning, unless it begins with a URL or a name."""
    return sentence[:1].upper() + sentence[1:] if re.match(r"[a-z]+[ ,']", sentence) else sentence
