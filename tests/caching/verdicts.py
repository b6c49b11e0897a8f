"""Whether a cache hands anyone an answer that a browser would judge otherwise than the application's own."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from caching.contenders import ETAGS, Contender, Site
from caching.orders import Step, parse
from corswsgi.browser import Browser

Headers = tuple[tuple[str, str], ...]

#: What the application says of itself, and what caches leave as it is.
_TOLD = frozenset({"cache-control", "content-type", "x-served", "etag"})

#: They are another each time and decide nothing; with them gone, equal answers are judged only once.
_VOLATILE = frozenset(
    {"date", "age", "x-varnish", "x-served", "via", "server", "connection", "accept-ranges", "expires"}
)

#: rfc9111#section-3.2: what a 304 does not change in a stored response.
_KEPT = frozenset({"content-encoding", "content-type", "content-range", "content-length", "connection"})


class Answer(NamedTuple):
    """A response as it came over the wire."""

    status: int
    headers: Headers
    body: bytes

    def get(self, name: str) -> str:
        """Return the value of a header, its lines joined; empty without any."""
        return ", ".join(value for each, value in self.headers if each.lower() == name)

    def updated(self, not_modified: Answer) -> Answer:
        """Return this stored response as a 304 freshens it (rfc9111#section-4.3.4)."""
        newer = [pair for pair in not_modified.headers if pair[0].lower() not in _KEPT]
        names = {name.lower() for name, _ in newer}
        return self._replace(headers=(*(pair for pair in self.headers if pair[0].lower() not in names), *newer))


class Decision(NamedTuple):
    """What a requester gets out of an answer.

    :ivar outcome: ``"readable"`` or ``"blocked"``.
    :ivar status: of the response; 0 where it is blocked.
    :ivar headers: the names of those headers of the application's that can be read, in lower case.
    :ivar body: as it is read; ``None`` where it is blocked.
    """

    outcome: str
    status: int = 0
    headers: frozenset[str] = frozenset()
    body: bytes | None = None

    @property
    def word(self) -> str:
        """``blocked``, ``readable``, or that it is compressed for somebody who did not ask for that."""
        return "compressed, unasked" if (self.body or b"").startswith(b"\x1f\x8b") else self.outcome

    def __str__(self) -> str:
        return f"{self.word} {self.status} {sorted(self.headers)}" if self.status else self.word


class Mistake(NamedTuple):
    """An answer that a requester got from a cache, and that it would have judged otherwise without.

    :ivar steps: all requests for the page so far; the last of them got the answer.
    :ivar cached: what is decided about the answer of the cache.
    :ivar uncached: what is decided about the application's own.
    """

    steps: tuple[Step, ...]
    cached: Decision
    uncached: Decision

    @property
    def order(self) -> str:
        """The requests up to this one, as an order is written."""
        return " ".join(map(str, self.steps))

    def __str__(self) -> str:
        return f"{self.order}: the last gets {self.cached}; without the cache {self.uncached}"


@dataclass
class Tally:
    """What came of some orders.

    :ivar answers: how many answers were judged.
    :ivar hits: how many of them had been another request's before.
    :ivar unchanged: how many of them were a 304.
    :ivar mistakes: those that were judged otherwise than the application's own.
    """

    answers: int = 0
    hits: int = 0
    unchanged: int = 0
    mistakes: list[Mistake] = field(default_factory=list)


class Client:
    """Asks one server over one connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        """Send a request with just these headers, and ``Host``; return the answer."""
        try:
            response = self._sent(method, path, headers)
        except ConnectionError:
            # It was idle for too long: Varnish closes a connection after five seconds.
            self._connection.close()
            response = self._sent(method, path, headers)
        body = response.read()
        return Answer(response.status, tuple(response.getheaders()), body)

    def _sent(self, method: str, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        self._connection.request(method, path, headers=headers)
        return self._connection.getresponse()

    def take(self, step: Step, path: str, etag: str | None = None) -> Answer:
        """Send the request of a step; ``etag`` is that of what the requester has."""
        return self.ask(step.method, path, headers_of(step, etag))


def headers_of(step: Step, etag: str | None = None) -> dict[str, str]:
    """Return the request headers of a step."""
    # http.client would add an Accept-Encoding of its own.
    headers = {"Accept-Encoding": "gzip" if "gzip" in step.flags else "identity"}
    if step.origin is not None:
        headers["Origin"] = step.origin
    if "draft" in step.flags:
        headers["X-Edition"] = "draft"
    if etag is not None:
        headers["If-None-Match"] = etag
    return headers


def decide(step: Step, answer: Answer, credentials: bool) -> Decision:
    """Return what the requester of a step gets out of an answer; of pages, a browser is asked (fetch#cors-check).

    :param credentials: whether the page asks with credentials.
    """
    gone = _VOLATILE if "gzip" in step.flags else _VOLATILE | {"content-encoding"}
    headers = tuple(pair for pair in answer.headers if pair[0].lower() not in gone)
    served = (("X-Served", "0"),) if answer.get("x-served") else ()
    return _decide(step.origin, step.method, credentials, Answer(answer.status, (*headers, *served), answer.body))


@lru_cache(4096)
def _decide(origin: str | None, method: str, credentials: bool, answer: Answer) -> Decision:
    def replayed(environ: Any, start_response: Any) -> list[bytes]:
        start_response(f"{answer.status} {http.client.responses[answer.status]}", list(answer.headers))
        return [answer.body]

    # Without an Origin asks, among others, a page of the site's own; it may read everything.
    browser = Browser(replayed, origin="http://localhost" if origin is None else origin)
    verdict = browser.fetch("http://localhost/", method=method, credentials="include" if credentials else "omit")
    if verdict.response is None:
        return Decision(verdict.outcome)
    names = frozenset(name for name, _ in verdict.response.headers)
    return Decision(verdict.outcome, verdict.response.status, names & _TOLD, verdict.response.body)


class Bench:
    """A cache in front of a site, and what the site answers without it.

    :param site: the application.
    :param direct: the port of the application itself.
    :param port: the port of the cache.
    """

    def __init__(self, site: Site, direct: int, port: int) -> None:
        self.site = site
        self.direct = Client(direct)
        self.cache = Client(port)
        self._uncached: dict[tuple[Contender, Step], Answer] = {}
        self._names = itertools.count(1)
        self._prefix = str(port)

    def close(self) -> None:
        """Close the connections."""
        self.direct.close()
        self.cache.close()

    def fresh(self, contender: Contender, seconds: int = 60) -> str:
        """Return the path of a page that no cache has seen yet."""
        return self.site.path(contender, seconds, f"{self._prefix}-{next(self._names)}")

    def uncached(self, contender: Contender, step: Step) -> Answer:
        """Return what the application itself answers to the request of a step, to one who has nothing yet."""
        key = contender, step.without("known")
        if key not in self._uncached:
            self._uncached[key] = self.direct.take(key[1], self.site.path(contender, 60, "direct"))
        return self._uncached[key]

    def tally(self, contender: Contender, orders: Iterable[str]) -> Tally:
        """Ask a contender in every order, each at a fresh page, and each twice; judge all answers."""
        tally = Tally()
        for order in orders:
            run = Run(self, contender, order, tally)
            run.ask()
            run.ask()
        return tally


class Run:
    """An order under way, at a page of its own.

    :param tally: what comes of it is added there.
    :param seconds: how long caches may keep the page.
    """

    def __init__(self, bench: Bench, contender: Contender, order: str, tally: Tally, seconds: int = 60) -> None:
        self.path = bench.fresh(contender, seconds)
        self._bench = bench
        self._contender = contender
        self._tally = tally
        self._steps = parse(order)
        self._asked: list[Step] = []
        self._served: set[str] = set()
        self._stored: list[tuple[Step, Answer]] = []

    def ask(self) -> None:
        """Ask from the first step to the last."""
        for step in self._steps:
            self._take(step)

    def _take(self, step: Step) -> None:
        uncached = self._bench.uncached(self._contender, step)
        etag = self._etag(step) if "known" in step.flags else None
        answer = self._bench.cache.take(step, self.path, etag)
        self._asked.append(step)
        self._tally.answers += 1
        self._tally.unchanged += answer.status == 304
        if serial := answer.get("x-served"):
            self._tally.hits += serial in self._served
            self._served.add(serial)
        expected = decide(step, uncached, self._contender.credentials)
        for whole in self._whole(step, uncached, answer):
            decision = decide(step, whole, self._contender.credentials)
            if decision != expected:
                self._tally.mistakes.append(Mistake(tuple(self._asked), decision, expected))
                break
        if answer.status == 200 and step.method == "GET":
            self._stored.append((step, answer))

    def _etag(self, step: Step) -> str:
        """Return the entity tag of what the requester has: the newest that it got here, or the application's."""
        for earlier, answer in reversed(self._stored):
            if earlier.who == step.who and ("gzip" in earlier.flags) == ("gzip" in step.flags):
                return answer.get("etag")
        return ETAGS["gzip" in step.flags]

    def _whole(self, step: Step, uncached: Answer, answer: Answer) -> Iterator[Answer]:
        """Yield what a page may get out of an answer: of a 304, every stored response that it freshens.

        One browser keeps one response for several pages, and revalidates it where ``Vary`` tells them apart.
        """
        if answer.status != 304:
            yield answer
            return
        alike = [each for earlier, each in self._stored if _chosen_by(earlier) == _chosen_by(step)]
        for stored in (uncached, *alike):
            found = stored.updated(answer)
            yield found if step.method == "GET" else found._replace(body=b"")


def _chosen_by(step: Step) -> frozenset[str]:
    """Return the flags that a representation is chosen by; one ``ETag`` is never that of two."""
    return step.flags & {"gzip", "draft"}
