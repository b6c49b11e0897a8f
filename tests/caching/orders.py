"""Who asks, in which order, and how: data. An order is a line; to try another, add it to ``ORDERS``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

A = "https://a.example.com"
B = "https://b.example.com"

#: The name of a requester, and its origin. ``none`` sends no ``Origin``: an image, a program, a page of the site's own.
REQUESTERS = {
    "A": A,
    "B": B,
    "stranger": "https://evil.example",
    "sandbox": "null",
    "none": None,
}

#: What may stand behind a requester, after a colon.
#:
#: ``head``: asks with HEAD, not GET. ``gzip``: accepts compressed answers. ``known``: has the answer already, and asks
#: with If-None-Match whether it has changed. ``draft``: sends ``X-Edition: draft``, by which one policy is chosen.
FLAGS = ("head", "gzip", "known", "draft")


@dataclass(frozen=True)
class Step:
    """One request of an order.

    :ivar who: a key of :data:`REQUESTERS`.
    :ivar flags: some of :data:`FLAGS`.
    """

    who: str
    flags: frozenset[str] = frozenset()

    @property
    def origin(self) -> str | None:
        """The value of ``Origin``, or ``None`` for a request without one."""
        return REQUESTERS[self.who]

    @property
    def method(self) -> str:
        """``GET`` or ``HEAD``."""
        return "HEAD" if "head" in self.flags else "GET"

    def without(self, flag: str) -> Step:
        """Return the same request without a flag."""
        return Step(self.who, self.flags - {flag})

    def __str__(self) -> str:
        return ":".join([self.who, *(flag for flag in FLAGS if flag in self.flags)])


def parse(order: str) -> list[Step]:
    """Return the steps of an order, as ``"A B:head stranger:gzip none:gzip:known"``.

    :raises ValueError: if a requester or a flag is not on the lists.
    """
    steps = []
    for word in order.split():
        who, *flags = word.split(":")
        if who not in REQUESTERS or not set(flags) <= set(FLAGS):
            raise ValueError(f"{word!r} is no step: a requester of {[*REQUESTERS]}, and flags of {[*FLAGS]}")
        steps.append(Step(who, frozenset(flags)))
    return steps


_FOUR = ("A", "B", "stranger", "none")

#: How the four requests of a permutation are made: the flags of each place.
_MANNERS = (
    ("", "", "", ""),
    (":head", "", ":head", ""),
    ("", ":head", "", ":head"),
    (":gzip", "", ":gzip", ""),
    ("", ":gzip", "", ":gzip"),
    (":known", "", ":known", ""),
    ("", ":known", "", ":known"),
    (":head:gzip", ":gzip:known", ":gzip", ":known"),
)


def _generated() -> Iterator[str]:
    """Yield every pair, with repetition, and every permutation in every manner."""
    for pair in itertools.product(_FOUR, repeat=2):
        yield " ".join(pair)
    for manner in _MANNERS:
        for four in itertools.permutations(_FOUR):
            yield " ".join(who + flags for who, flags in zip(four, manner, strict=True))


#: Each is asked of a URL that no cache has seen yet, and then once more, from its first step to its last.
ORDERS = (
    *_generated(),
    # with repetition
    "A A B B stranger stranger none none",
    "none none stranger stranger B B A A",
    "A stranger A none A B A",
    "stranger none stranger A stranger B stranger",
    "none A none B none stranger none",
    "B none:gzip B:gzip none A:gzip stranger A",
    # HEAD first, GET later, and the other way round
    "none:head A stranger:head A:head B none",
    "A:head A B:head B none:head none stranger:head stranger",
    "A A:head none none:head stranger stranger:head",
    # revalidation by clients: of what they have, of what a cache has not got yet, in another's place
    "A A:known B B:known none none:known stranger stranger:known",
    "stranger:known A:known none:known B:known",
    "A:known stranger A none:known stranger:known B A:known",
    "none none:known A:known B:known stranger:known",
    "A:gzip A:gzip:known A:known B:gzip:known none:gzip:known stranger:known",
    "A:head:known A A:head:known none:head:known none",
    # pages without an origin of their own
    "sandbox A none sandbox stranger B",
    "A sandbox B sandbox:gzip none sandbox:known",
    # another header that a policy is chosen by
    "A A:draft none none:draft stranger stranger:draft B B:draft",
    "none:draft A:draft none A stranger:draft B:draft stranger B",
    "B:draft:gzip B:gzip A:draft:known A:known stranger:draft:head stranger:head",
    # compressed for those who asked for it, and for no others
    "A:gzip A",
    "A A:gzip",
    "A:gzip none",
    "none:gzip A stranger B",
    "none A:gzip",
    "stranger:gzip B none:gzip A A:gzip B:gzip",
)
