"""One fetch in progress: the request, the browser that sends it, and what the verdict will say."""

from __future__ import annotations

from dataclasses import dataclass, field

from corswsgi.browser.cookies import CookieStore
from corswsgi.browser.departures import Departure
from corswsgi.browser.network import Network
from corswsgi.browser.preflight_cache import PreflightCache
from corswsgi.browser.request import Request
from corswsgi.browser.verdict import Exchange, Headers, Note, NoteCode, Outcome, Reason, Response, Verdict


@dataclass(frozen=True, slots=True)
class UserAgent:
    """What a browser keeps from one fetch to the next, and its network."""

    network: Network
    cookies: CookieStore
    preflight_cache: PreflightCache
    local_network: bool | None = None


@dataclass(slots=True)
class FetchParams:
    """fetch#fetch-params: one fetch in progress, and what the verdict will say.

    :ivar send: whether the request itself is sent, and not just its preflight.
    """

    agent: UserAgent
    request: Request
    send: bool = True
    exchanges: list[Exchange] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def note(self, code: NoteCode, sentence: str) -> None:
        if sentence:
            self.notes.append(Note(code, sentence))


def verdict_of(
    params: FetchParams, outcome: Outcome, reason: Reason, response: Response | None, hidden: Headers
) -> Verdict:
    """Return the verdict, with all exchanges and notes of the fetch."""
    departed = tuple(each for each in Departure if each in params.request.departed)
    return Verdict(outcome, reason, response, hidden, tuple(params.exchanges), tuple(params.notes), departed)
