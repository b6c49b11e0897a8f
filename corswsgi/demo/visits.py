"""Visits: the policy that each visitor of the playground has applied, and the API behind it, for a limited time."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

from corswsgi.middleware import CORSMiddleware
from corswsgi.policy import Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: How many visits are kept, and for how many seconds after their policy was last set. The oldest are dropped first.
MAX_VISITS = 64
MAX_AGE = 3600.0

#: The parameters that the page adds to a query: the names of a visit, and of the record of a request.
OWN_PARAMETERS = ("visit", "id")

_NAME = re.compile("[0-9A-Za-z_-]{1,64}")


class Visit(NamedTuple):
    """The policy that a visitor has applied.

    :ivar api: the API behind ``policy``.
    :ivar since: when the policy was set, by the clock of the visits.
    """

    policy: Policy
    api: WSGIApplication
    since: float


class Visits:
    """The current visits, by their names. A name is used once, and cannot be guessed: nothing else protects a visit."""

    def __init__(self, api: WSGIApplication, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without visits.

        :param api: the application that every policy is put in front of.
        :param clock: returns seconds.
        """
        self._api = api
        self._clock = clock
        self._visits: dict[str, Visit] = {}  # in the order in which their policies were set
        self._lock = threading.Lock()

    def put(self, name: str, policy: Policy) -> str:
        """Set the policy of a visit, and return its name: a new one if there is no visit called ``name``."""
        with self._lock:
            self._forget()
            before = self._visits.pop(name, None)
            if before is None:
                name = secrets.token_urlsafe(16)
            # The same policy keeps its middleware, which remembers what it has logged.
            api = before.api if before and before.policy == policy else CORSMiddleware(self._api, policy)
            self._visits[name] = Visit(policy, api, self._clock())
            if len(self._visits) > MAX_VISITS:
                del self._visits[next(iter(self._visits))]
        return name

    def get(self, name: str) -> Visit | None:
        """Return a visit, or ``None`` if there is none of this name, or it has ended."""
        with self._lock:
            self._forget()
            return self._visits.get(name)

    def _forget(self) -> None:
        """Drop the visits that are too old."""
        oldest = self._clock() - MAX_AGE
        for name in [name for name, visit in self._visits.items() if visit.since < oldest]:
            del self._visits[name]


def name_in(query: str, parameter: str) -> str:
    """Return a parameter in the query of a URL, or an empty string if its value cannot name a visit or a request.

    The last one counts, because the page adds its own at the end: the visitor may have typed one of the same name.
    """
    value = parse_qs(query).get(parameter, [""])[-1]
    return value if _NAME.fullmatch(value) else ""


def without_names(query: str) -> str:
    """Return a query without the parameters that the page has added, those that :func:`name_in` finds."""
    pairs = query.split("&")
    for parameter in OWN_PARAMETERS:
        own = [
            place for place, pair in enumerate(pairs) if pair.startswith(f"{parameter}=") and name_in(pair, parameter)
        ]
        if own:
            del pairs[own[-1]]
    return "&".join(pairs)
