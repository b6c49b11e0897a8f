"""The differences between what an engine did and what was predicted, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .case import Case
from .predicting import Result


@dataclass(frozen=True)
class Difference:
    """A case in which an engine did something other than predicted.

    :ivar parts: what differs: the ``outcome`` of a fetch; parts of what the script was told, such as ``told status``;
        or what the servers saw: ``exchanges`` if other requests arrived, otherwise a header, such as ``sent origin``,
        or ``sent body``.
    """

    engine: str
    case: Case
    predicted: Result
    observed: Result
    parts: frozenset[str]

    @property
    def is_told(self) -> bool:
        """Whether the script notices the difference."""
        return any(part == "outcome" or part.startswith("told ") for part in self.parts)

    def lines(self) -> Iterator[str]:
        """Yield lines that describe the difference."""
        yield f"{self.engine}: {self.case.id} ({', '.join(sorted(self.parts))})"
        for number, (ours, theirs) in enumerate(zip(self.predicted.told, self.observed.told, strict=False), 1):
            if ours != theirs:
                # If the outcome differs, so does everything else.
                every = sorted(ours.keys() | theirs.keys())
                for key in every if ours["outcome"] == theirs["outcome"] else ["outcome"]:
                    if ours.get(key) != theirs.get(key):
                        yield f"    fetch {number}, {key}: predicted {ours.get(key)!r}, engine {theirs.get(key)!r}"
        if any(part == "exchanges" or part.startswith("sent ") for part in self.parts):
            yield from (f"    predicted: {_on_a_line(each)}" for each in self.predicted.seen)
            yield from (f"    engine:    {_on_a_line(each)}" for each in self.observed.seen)


def compare(engine: str, case: Case, predicted: Result, observed: Result) -> Difference | None:
    """Return the difference, or ``None``."""
    parts = set(_told_parts(predicted, observed))
    # A browser may decide which answers it caches and for how long, but not what a script is told.
    if not case.uses_http_cache:
        parts |= set(_seen_parts(predicted, observed))
    return Difference(engine, case, predicted, observed, frozenset(parts)) if parts else None


def _told_parts(predicted: Result, observed: Result) -> Iterator[str]:
    if len(predicted.told) != len(observed.told):
        yield "outcome"
    for ours, theirs in zip(predicted.told, observed.told, strict=False):
        if ours.get("outcome") != theirs.get("outcome"):
            yield "outcome"
            continue
        yield from (f"told {key}" for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))


def _seen_parts(predicted: Result, observed: Result) -> Iterator[str]:
    if [_what(each) for each in predicted.seen] != [_what(each) for each in observed.seen]:
        yield "exchanges"
        return
    for ours, theirs in zip(predicted.seen, observed.seen, strict=True):
        if ours["body"] != theirs["body"]:
            yield "sent body"
        names = ours["headers"].keys() | theirs["headers"].keys()
        yield from (f"sent {name}" for name in names if ours["headers"].get(name) != theirs["headers"].get(name))


def _what(seen: dict[str, Any]) -> tuple[Any, ...]:
    return seen["to"], seen["method"], seen["preflight"], seen.get("reached")


def _on_a_line(seen: dict[str, Any]) -> str:
    headers = "; ".join(f"{name}: {value}" for name, value in seen["headers"].items())
    return f"{seen['method']} {seen['to']}  {headers}"
