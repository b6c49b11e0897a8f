"""The rows: what is asked of each server. A row fails if CORS is not right, and returns what the server itself did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from serving.servers import Site
from serving.wire import Reply

A, B, STRANGER = "https://a.example", "https://b.example", "https://stranger.example"

#: Lines of a response in which the policy has the last word, as :attr:`Reply.cors` has them.
Lines = list[tuple[str, str]]

NOBODY: Lines = [("vary", "Origin")]

GRANTED_PREFLIGHT = {
    "access-control-allow-credentials": "true",
    "access-control-allow-headers": "X-Token",
    "access-control-allow-methods": "PUT",
    "access-control-max-age": "600",
    "vary": "Origin",
}


@dataclass(frozen=True)
class Row:
    """What is asked.

    :ivar title: the same in ``docs/servers.rst``.
    :ivar holds: what is right behind every server, in words.
    :ivar ask: asks it, asserts what must hold, and returns what the server did, in words without times or ports.
    """

    title: str
    holds: str
    ask: Callable[[Site], str]

    def __str__(self) -> str:
        return self.ask.__name__.replace("_", "-")


ROWS: list[Row] = []


def row(title: str, holds: str) -> Callable[[Callable[[Site], str]], Callable[[Site], str]]:
    """Put a function among the rows."""

    def add(function: Callable[[Site], str]) -> Callable[[Site], str]:
        ROWS.append(Row(title, holds, function))
        return function

    return add


def granted(origin: str, vary: str = "Origin") -> Lines:
    """Return the lines of a response to an origin that is allowed."""
    return [
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-origin", origin),
        ("access-control-expose-headers", "X-Pid"),
        ("vary", vary),
    ]


def granted_preflight(origin: str, **other: str) -> Lines:
    """Return the lines of the answer to a preflight that is granted."""
    lines = GRANTED_PREFLIGHT | {name.replace("_", "-"): value for name, value in other.items()}
    return sorted({**lines, "access-control-allow-origin": origin}.items())


def due(origin: str | None) -> Lines:
    """Return the lines of a response to what the application took for the origin."""
    return granted(origin) if origin in (A, B) else NOBODY


def expect(reply: Reply, lines: Lines, status: int | None = 200) -> None:
    """Assert the status and the lines in which the policy has the last word: these, and each once."""
    assert reply.cors == lines, reply
    assert status in (None, reply.status), reply


def seen(reply: Reply) -> Any:
    """Return what the application saw of the request."""
    return json.loads(reply.body)


def judged(reply: Reply | None) -> str:
    """Assert that the lines fit what the application saw; return what became of the request, in words.

    What the server refuses by itself has no lines, because nothing of ours was asked.
    """
    if reply is None:
        return "closes the connection without a response"
    if reply.version == "HTTP/0.9":
        return "answers in HTTP/0.9, which has no headers"
    if reply.status != 200:
        assert reply.cors in ([], NOBODY), reply
        return f"answers {reply.status}"
    origin = seen(reply)["headers"].get("HTTP_ORIGIN")
    expect(reply, due(origin))
    return f"hands over {literal(origin)}" if origin is not None else "hands over none"


def whole(reply: Reply, body: bytes) -> str:
    """Assert that the body came whole; return how its end was told."""
    assert reply.body == body, len(reply.body)
    ends = {"length": "``Content-Length``", "chunks": "chunks", "close": "the end of the connection"}
    return ends[reply.end]


def literal(text: str) -> str:
    """Return text as a literal of reStructuredText, on one line."""
    return f"``{text.encode('unicode_escape').decode()}``"


def in_words(names: Iterable[str]) -> str:
    """Return a list of names of headers."""
    return ", ".join(f"``{name}``" for name in names) or "none"
