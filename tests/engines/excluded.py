"""The cases that an engine does not run, because what it does there cannot be predicted, each with the reason."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from .case import Case


@dataclass(frozen=True)
class Exclusion:
    """Cases that an engine does not run.

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
        "It waits for the body of a 205 as long as the connection is open, so that the script gets nothing.",
    ),
)


def why_excluded(engine: str, case: Case) -> str:
    """Return the reason why an engine does not run a case; empty if it does."""
    reasons = [each.reason for each in EXCLUSIONS if each.engine == engine and fnmatch.fnmatchcase(case.id, each.cases)]
    return " ".join(reasons)
