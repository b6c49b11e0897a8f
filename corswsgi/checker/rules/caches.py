"""Whether a cache could hand one site's answer to another: the same URL, asked by different origins, compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.checker.findings import Finding, Severity, shown
from corswsgi.checker.granting import ALLOW_CREDENTIALS, ALLOW_ORIGIN, EXPOSE_HEADERS, joined
from corswsgi.checker.kept import signs
from corswsgi.checker.kinds import caches as kinds
from corswsgi.checker.observations import Observations
from corswsgi.checker.parts import CacheAnswer, Caching
from corswsgi.checker.words import listed
from corswsgi.errors import quote

#: What a cached answer must not be wrong about.
_DECISIVE = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)

#: rfc9110#section-15.1: what caches keep without being told; 206 wants a cache that knows ranges.
_KEPT_STATUSES = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})

_FIX = "send Vary: Origin with every answer of this URL: to allowed origins, to others, and without an Origin"


class Asked(NamedTuple):
    """The answer to one who asked.

    :ivar who: in words.
    :ivar origin: what ``Origin`` said; ``None`` for no such header.
    :ivar fresh: what came for the same question past the cache; ``None`` if that was not asked, or nothing came.
    """

    who: str
    origin: str | None
    exchange: Exchange
    fresh: Exchange | None = None

    @property
    def judged(self) -> Exchange:
        """What tells how the server itself answers."""
        return self.fresh or self.exchange


def compare(asked: Iterable[Asked]) -> Caching | None:
    """Compare answers to the same URL; one answer, or none, cannot be compared."""
    answered = [each for each in asked if each.exchange.status is not None]
    if len(answered) < 2:
        return None
    past = [
        Asked(f"{each.who}, past the cache", each.origin, each.fresh)
        for each in answered
        if each.fresh and (signs(each.exchange) or decisive(each.exchange) != decisive(each.fresh))
    ]
    told = tuple(map(_told, [*answered, *past]))
    # What a cache keeps does not tell how the server answers.
    judged = [Asked(each.who, each.origin, each.judged) for each in answered]
    depends = _depend_on_who_asks(each.exchange for each in judged)
    missing = tuple(each.who for each in judged if not varies(each.exchange)) if depends else ()
    finding = _on_vary(judged, depends)
    if finding:
        sentence = finding.sentence
    elif any(signs(each.exchange) for each in judged):
        sentence = "a cache answered, so that this tells nothing of what the server itself sends to each origin"
    elif not any(value for each in judged for value in decisive(each.exchange)):
        sentence = "no answer has CORS headers, so that there is nothing for a cache to mix up"
    else:
        sentence = _SENTENCES[depends]
    return Caching(told, depends, missing, sentence, finding)


_SENTENCES = {
    True: "the CORS headers depend on who asks, and Vary: Origin says so: a cache keeps the answers apart",
    False: "the CORS headers are the same for everyone, so that a cache may hand any of the answers to anyone",
}


def vary(seen: Observations) -> Iterator[Finding]:
    """Yield what caches are not told, or told without need."""
    asked = (
        Asked("a request without an Origin", None, seen.bare),
        Asked(seen.origin, seen.origin, seen.own.omit.exchange),
        Asked(seen.unrelated.stranger.value, seen.unrelated.stranger.value, seen.unrelated.omit.exchange),
    )
    everyone = [*seen.plain_answers, *(sighting.omit.exchange for sighting in seen.sightings)]
    finding = _on_vary(asked, _depend_on_who_asks(everyone))
    if finding is not None:
        yield finding


def vary_overwritten(seen: Observations) -> Iterator[Finding]:
    """Yield that what adds the CORS headers threw away what Vary said."""
    own = seen.own.omit.exchange
    lost = _vary_names(seen.bare) - _vary_names(own)
    if own.status == seen.bare.status and lost - {"origin"} and "*" not in _vary_names(own):
        names = ", ".join(sorted(lost - {"origin"}))
        sentence = (
            f"Vary names {shown(names)} without an Origin and no longer with one: what adds the CORS headers throws "
            "away what the application said, and caches mix up its answers"
        )
        fix = "add Origin to what Vary says already, over all of its lines"
        yield kinds.VARY_OVERWRITTEN.finding(sentence, fix, seen=[seen.bare, own])


def _told(asked: Asked) -> CacheAnswer:
    exchange = asked.exchange
    return CacheAnswer(
        who=asked.who,
        origin=asked.origin,
        status=exchange.status,
        allow_origin=joined(exchange, ALLOW_ORIGIN),
        allow_credentials=joined(exchange, ALLOW_CREDENTIALS),
        vary=joined(exchange, "Vary"),
        cache_control=joined(exchange, "Cache-Control"),
        kept=signs(exchange),
    )


def _on_vary(asked: Sequence[Asked], depends: bool) -> Finding | None:
    if not depends:
        return _on_needless_vary([each.exchange for each in asked])
    missing = [each for each in asked if _may_be_kept(each.exchange) and not varies(each.exchange)]
    if not missing:
        return None
    misleading = [each for each in missing if each.exchange.response_lines(ALLOW_ORIGIN) not in ((), ("*",))]
    telling = misleading or missing
    said = joined(telling[0].exchange, "Vary")
    came = f"Vary: {quote(said)}, without Origin" if said else "no Vary: Origin"
    sentence = (
        f"the CORS headers depend on who asks, but the answer to {listed([each.who for each in missing])} has {came}"
    )
    severity = max(_staleness(each.exchange) for each in missing)
    if severity is Severity.INFO:
        kind, consequence = kinds.VARY_MISSING_NOT_STORED, "only its Cache-Control keeps caches from mixing answers up"
    elif misleading:
        kind, consequence = kinds.VARY_MISSING, "a cache that keeps it may hand the answer for one site to another"
    else:
        kind = kinds.VARY_MISSING_WITHOUT_CORS
        consequence = "a cache that keeps it may hand it to a page, which then cannot read it"
    return kind.finding(f"{sentence}: {consequence}", _FIX, seen=[each.exchange for each in telling], severity=severity)


def _on_needless_vary(exchanges: Sequence[Exchange]) -> Finding | None:
    varying = [each for each in exchanges if varies(each)]
    if not varying or any(each.response_lines(ALLOW_ORIGIN) != ("*",) for each in exchanges):
        return None
    sentence = f"{ALLOW_ORIGIN} is * for everyone, and Vary: Origin makes caches keep one copy for each origin"
    return kinds.VARY_NEEDLESS.finding(sentence, "leave Origin out of Vary where the answer is *", seen=varying[:1])


def _depend_on_who_asks(exchanges: Iterable[Exchange]) -> bool:
    return len({decisive(exchange) for exchange in exchanges if exchange.status is not None}) > 1


def decisive(exchange: Exchange) -> tuple[tuple[str, ...], ...]:
    """Return what decides who may read what of an answer."""
    return tuple(exchange.response_lines(name) for name in _DECISIVE)


def _vary_names(exchange: Exchange) -> set[str]:
    return {name.lower() for line in exchange.response_lines("Vary") for name in fetch.split_list(line)}


def varies(exchange: Exchange) -> bool:
    """Tell whether caches are told to keep one answer for each origin."""
    return bool(_vary_names(exchange) & {"origin", "*"})


def _may_be_kept(exchange: Exchange) -> bool:
    return exchange.status in _KEPT_STATUSES or (exchange.status is not None and _staleness(exchange) > Severity.LOW)


def _staleness(exchange: Exchange) -> Severity:
    """Return what a wrong answer from a cache weighs, by whether one is likely to keep this answer."""
    directives = {
        each.partition("=")[0].strip().lower(): each.partition("=")[2].strip()
        for line in exchange.response_lines("Cache-Control")
        for each in fetch.split_list(line)
    }
    if directives.keys() & {"no-store", "private"}:
        return Severity.INFO
    lasts = any(directives.get(name, "0").strip('"') not in ("", "0") for name in ("max-age", "s-maxage"))
    return Severity.MEDIUM if "public" in directives or lasts else Severity.LOW
