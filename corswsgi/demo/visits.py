"""Visits: the policy that each visitor of the playground has put in force, and the API behind it; bounded both ways."""

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

#: How many visits are kept, and for how many seconds after their policy was last set. The oldest goes first.
MAX_VISITS = 64
MAX_AGE = 3600.0

#: The parameters of a query that lead to the record of a request, and to a visit.
OWN_PARAMETERS = ("visit", "id")

_NAME = re.compile("[0-9A-Za-z_-]{1,64}")


class Visit(NamedTuple):
    """What a visitor has put in force.

    :ivar api: the WSGI application under ``policy``.
    :ivar since: when, by the clock of the visits.
    """

    policy: Policy
    api: WSGIApplication
    since: float


class Visits:
    """The visits under way. A name is given out once, and cannot be guessed: it is all that leads to a visit."""

    def __init__(self, api: WSGIApplication, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without visits.

        :param api: the application that every policy is put in front of.
        :param clock: seconds.
        """
        self._api = api
        self._clock = clock
        self._visits: dict[str, Visit] = {}  # the one whose policy was set last is last
        self._lock = threading.Lock()

    def put(self, name: str, policy: Policy) -> str:
        """Put a policy in force; return the name of the visit, which is a new one if ``name`` is not under way."""
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
        """Return a visit, or ``None`` if it never was or has ended."""
        with self._lock:
            self._forget()
            return self._visits.get(name)

    def _forget(self) -> None:
        """Drop the visits that are too old, so that nothing is kept longer than said."""
        oldest = self._clock() - MAX_AGE
        for name in [name for name, visit in self._visits.items() if visit.since < oldest]:
            del self._visits[name]


def name_in(query: str, parameter: str) -> str:
    """Return a parameter in the query of a URL, or an empty string if it is no name of a visit or a request.

    The last one counts, which is the page's: a person may have typed another of that name before it.
    """
    value = parse_qs(query).get(parameter, [""])[-1]
    return value if _NAME.fullmatch(value) else ""


def without_names(query: str) -> str:
    """Return a query without what :func:`name_in` finds there, which the page has put into it."""
    pairs = query.split("&")
    for parameter in OWN_PARAMETERS:
        own = [
            place for place, pair in enumerate(pairs) if pair.startswith(f"{parameter}=") and name_in(pair, parameter)
        ]
        if own:
            del pairs[own[-1]]
    return "&".join(pairs)
