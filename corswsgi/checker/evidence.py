"""Gathers what a check looks at: runs the request as a browser would, and sends other requests to find the cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from corswsgi import fetch
from corswsgi.browser import ENGINES, Browser, Code, Exchange, Verdict
from corswsgi.browser.urls import URL, parse_url
from corswsgi.checker import kept
from corswsgi.checker.behind import Behind, ask_behind
from corswsgi.checker.gatherer import Gatherer, Header, SafeMethod
from corswsgi.checker.granting import shares
from corswsgi.checker.jar import GivenCookie
from corswsgi.checker.limit import Limit
from corswsgi.checker.observations import Sighting
from corswsgi.checker.report import Purpose
from corswsgi.checker.strangers import Likeness, Reach, derive, stranger_to
from corswsgi.checker.target import Target
from corswsgi.checker.visitor import cookie_line, store_for
from corswsgi.errors import UsageError

Progress = Callable[[str], object]
Ask = Callable[..., Exchange]

#: Requests with other methods may change something, and are sent only with ``--send``.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: The origins that a careless comparison most often takes for the page's own.
_TELLING = frozenset({Likeness.SUFFIX, Likeness.PREFIX, Likeness.DOT, Likeness.HTTP})


@dataclass(frozen=True, slots=True)
class Question:
    """What to check.

    :ivar origin: the origin of the page, serialized.
    :ivar headers: the headers that the script sets.
    :ivar cookies: the cookies of the visitor; each is sent only to the hosts that it belongs to.
    :ivar body_file: the file with the body; empty for a body from the command line.
    :ivar send: whether to send a request that may change something.
    :ivar engines: the names of the engines to check.
    :ivar behind: where the application can be reached without its proxy.
    """

    origin: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str | bytes | None = None
    body_file: str = ""
    cookies: tuple[GivenCookie, ...] = ()
    credentials: str = "same-origin"
    referrer_policy: str = "strict-origin-when-cross-origin"
    send: bool = False
    engines: tuple[str, ...] = ENGINES
    behind: Behind | None = None

    @property
    def with_credentials(self) -> bool:
        """Whether the script sends cookies to other origins."""
        return self.credentials == "include"

    @property
    def sent_method(self) -> str:
        """The method as browsers send it."""
        return fetch.normalize_method(self.method)

    @property
    def is_sent(self) -> bool:
        """Whether the request itself is sent, not just its preflight."""
        return self.send or self.sent_method in SAFE_METHODS


@dataclass(slots=True)
class Evidence:
    """All requests of a check, with their responses.

    :ivar lead: the engine that the report is about: the first that blocks, or the first, if none does.
    :ivar verdict: the verdict of this engine about the request.
    :ivar stand_in: its verdict about a GET that was sent instead, if the request was not sent and needs no preflight.
    :ivar engines: the verdict of each engine, about the GET if that was sent instead.
    :ivar probes: the other requests, by their purpose.
    :ivar resembling: what similar origins can read with credentials, if the page itself can.
    :ivar behind: responses of the proxy, each with that of the application behind it.
    :ivar limit: the time for all requests; once it is reached, no more are sent.
    """

    target: Target
    question: Question
    limit: Limit
    lead: str
    verdict: Verdict
    stand_in: Verdict | None = None
    engines: dict[str, Verdict] = field(default_factory=dict)
    probes: dict[Purpose, Exchange] = field(default_factory=dict)
    resembling: tuple[Sighting, ...] = ()
    behind: tuple[tuple[Exchange, Exchange], ...] = ()

    def keep(self, purpose: Purpose, answer: Exchange) -> None:
        """Keep the response to a probe, unless there was no time for it."""
        if not self.limit.is_reached():
            self.probes[purpose] = answer

    @property
    def deciding(self) -> Verdict:
        """The verdict that counts."""
        return self.stand_in or self.verdict

    def cookie_for(self, url: URL) -> str | None:
        """Return the ``Cookie`` header of a request from the page to a URL; ``None`` for no such header."""
        question = self.question
        if not question.with_credentials:
            return None
        store = store_for(question.cookies, question.origin, self.target.url, self.lead)
        return cookie_line(store, question.origin, url, self.lead)

    @property
    def is_answered(self) -> bool:
        """Whether there is anything to judge."""
        return self.deciding.reason.code != Code.NO_ANSWER

    @property
    def main(self) -> tuple[Exchange, ...]:
        """The exchanges of the request, and of the GET that was sent instead."""
        return (*self.verdict.exchanges, *(self.stand_in.exchanges if self.stand_in else ()))

    @property
    def actual(self) -> Exchange | None:
        """The last response to the request itself, or to the GET that was sent instead."""
        return next((each for each in reversed(self.main) if not each.is_preflight), None)

    @property
    def own(self) -> Exchange | None:
        """The response of the URL itself to the page's origin, before any redirect was followed."""
        probe = self.probes.get("with-origin")
        return probe or next((each for each in self.main if not each.is_preflight), None)

    @property
    def same_origin(self) -> bool:
        """Whether all URLs have the page's own origin, so that CORS does not apply."""
        urls = [self.target.url, *(parse_url(each.url) for each in self.main)]
        return all(url.origin.serialized == self.question.origin for url in urls)


def gather(target: Target, question: Question, token: str, progress: Progress) -> Evidence:
    """Send all requests and return them with their responses.

    :param token: part of an address that should not exist.
    :param progress: called before each request, with a sentence about it.
    :raises UsageError: if ``fetch()`` refuses the request; nothing is sent then.
    """
    limit = Limit(target.timeout, target.max_time)
    gatherer = Gatherer(target.site, target.url, limit=limit, headers=question.headers)
    came: dict[str, tuple[Verdict, Verdict | None]] = {}
    progress(f"requesting {target.address} as a page of {question.origin}")
    is_own = target.url.origin.serialized == question.origin
    for engine in question.engines:
        cookies = store_for(question.cookies, question.origin, target.url, engine)
        browser = gatherer.browser(engine, question.origin, question.referrer_policy, cookies)
        verdict, stand_in = _fetch(browser, target, question), None
        if verdict.outcome == "unsent" and not verdict.preflights and not is_own:
            if not came:
                progress("sending a GET instead")
            stand_in = browser.fetch(target.address, headers=question.headers, credentials=question.credentials)
        came[engine] = (verdict, stand_in)
    deciding = {engine: stand_in or verdict for engine, (verdict, stand_in) in came.items()}
    blocking = [engine for engine, verdict in deciding.items() if verdict.outcome not in ("readable", "unsent")]
    lead = (blocking or question.engines)[0]
    evidence = Evidence(target, question, limit, lead, *came[lead], deciding)
    if is_own:
        return evidence
    if evidence.main and (evidence.is_answered or evidence.deciding.reason.step == "preflight"):
        _probe(evidence, gatherer, token, progress)
        _ask_behind(evidence, progress)
    return evidence


def _fetch(browser: Browser, target: Target, question: Question) -> Verdict:
    try:
        return browser.fetch(
            target.address,
            method=question.method,
            headers=question.headers,
            body=question.body,
            credentials=question.credentials,
            send=question.is_sent,
        )
    except TypeError as error:
        raise UsageError(str(error)) from error


def _probe(evidence: Evidence, gatherer: Gatherer, token: str, progress: Progress) -> None:
    """Request the same URL as others would, for as long as there is time.

    If even the preflight got no response, one request is enough.
    """
    target, question = evidence.target, evidence.question
    method: SafeMethod = "HEAD" if question.method == "HEAD" else "GET"

    def ask(origin: str | None, url: URL = target.url, *more: Header) -> Exchange:
        cookie = evidence.cookie_for(url)
        return gatherer.plain(method, origin, url, *more, *([] if cookie is None else [("Cookie", cookie)]))

    progress("requesting it without an Origin")
    evidence.keep("without-origin", ask(None))
    if not evidence.is_answered:
        return
    if evidence.own is None or evidence.own.method != method:
        progress("requesting it with the Origin")
        evidence.keep("with-origin", ask(question.origin))
    stranger = stranger_to(target.url, question.origin)
    progress("requesting it as a page of an unknown origin")
    evidence.keep("stranger", ask(stranger))
    if question.origin != "null":
        evidence.keep("null", ask("null"))
    if evidence.verdict.preflights:
        answer = gatherer.preflight(stranger, question.method, question.headers, "include", evidence.lead)
        evidence.keep("stranger-preflight", answer.exchange)
    _ask_past_cache(evidence, ask, token, progress)
    progress("requesting an address that should not exist")
    evidence.keep("error-path", ask(question.origin, _missing_neighbour(target.url, token)))
    if question.with_credentials and evidence.deciding.outcome in ("readable", "unsent"):
        progress("requesting it as pages of origins that resemble the allowed one")
        evidence.resembling = tuple(_resembling(evidence, gatherer))


def _ask_past_cache(evidence: Evidence, ask: Ask, token: str, progress: Progress) -> None:
    """Repeat, past the cache, the requests that a cache answered, or may have answered.

    A query parameter that nobody uses is tried first: what the cache then stores, nobody else gets. Cache-Control:
    no-cache makes some caches replace a stored response, so it is tried last, and only for the page itself.
    """
    url, question, own = evidence.target.url, evidence.question, evidence.own
    stranger, bare = evidence.probes.get("stranger"), evidence.probes.get("without-origin")
    if own is None:
        return
    is_shared = shares(own, question.origin, question.with_credentials)
    if kept.signs(own) or (kept.may_be_kept(own) and not is_shared):
        progress("requesting it past the cache")
        fresh = ask(question.origin, kept.past_cache(url, f"{token}-1"))
        evidence.keep("past-cache", fresh)
        if kept.signs(own) and not kept.is_past(fresh, own):
            evidence.keep("no-cache", ask(question.origin, url, ("Cache-Control", "no-cache")))
    if stranger is not None and kept.signs(stranger):
        fresh = ask(stranger_to(url, question.origin), kept.past_cache(url, f"{token}-2"))
        evidence.keep("stranger-past-cache", fresh)
    if bare is not None and kept.signs(bare):
        evidence.keep("without-origin-past-cache", ask(None, kept.past_cache(url, f"{token}-3")))


def _ask_behind(evidence: Evidence, progress: Progress) -> None:
    """Send the application itself what its proxy was sent."""
    behind, target = evidence.question.behind, evidence.target
    if behind is not None:
        progress(f"sending the same to {behind.url.origin.serialized}")
        preflights = [each for each in evidence.verdict.preflights if each.url == target.address]
        fronts = filter(None, (*preflights[:1], evidence.own))
        evidence.behind = tuple(ask_behind(target.site, behind, fronts, evidence.limit))


def _resembling(evidence: Evidence, gatherer: Gatherer) -> Iterator[Sighting]:
    """Yield the responses to origins that a careless comparison takes for the page's; an audit tries more of them."""
    line = evidence.cookie_for(evidence.target.url) or ""
    pairs = (pair.partition("=") for pair in line.split("; ") if pair)
    cookies = {name: value for name, _, value in pairs}
    for stranger in derive(evidence.question.origin, evidence.target.url.origin.serialized):
        if stranger.likeness in _TELLING and stranger.reach in (Reach.ANYONE, Reach.NETWORK):
            answer = gatherer.actual(stranger.value, "include", cookies)
            if evidence.limit.is_reached():
                return
            yield Sighting(stranger, answer, answer)


def _missing_neighbour(url: URL, token: str) -> URL:
    """Return an address next to the URL at which there should be nothing."""
    directory = url.path.rpartition("/")[0]
    return parse_url(f"{url.scheme}://{url.netloc}{directory}/corswsgi-{token}")
