"""The cases that are not run in an engine, because what it does there cannot be acted out, each with the reason."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from .case import Case


@dataclass(frozen=True)
class Exclusion:
    """Cases that an engine is not asked.

    :ivar cases: their ids, as a glob.
    :ivar reason: a sentence.
    """

    engine: str
    cases: str
    reason: str


EXCLUSIONS = (
    Exclusion(
        "webkit",
        "statuses/205-from-page/http.server",
        "It waits for the body of a 205 for as long as the connection is open, so that the script is told nothing.",
    ),
)


def why_excluded(engine: str, case: Case) -> str:
    """Return the reason why a case is not run in an engine; empty where it is."""
    reasons = [each.reason for each in EXCLUSIONS if each.engine == engine and fnmatch.fnmatchcase(case.id, each.cases)]
    return " ".join(reasons)
