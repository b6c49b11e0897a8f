"""How lists and what came are put into sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corswsgi.browser import Exchange
from corswsgi.checker.findings import shown


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence lists them."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def status_told(exchange: Exchange, what: str) -> str:
    """Return with which status a request was answered, as the beginning of a sentence.

    :param what: the request, in words.
    """
    return f"{what} was answered {shown(f'{exchange.status} {exchange.status_text}'.strip())}"


def capitalized(sentence: str) -> str:
    """Return a sentence as it begins after a full stop; a URL or a name in another case keeps its letters."""
    return sentence[:1].upper() + sentence[1:] if re.match(r"[a-z]+[ ,']", sentence) else sentence
