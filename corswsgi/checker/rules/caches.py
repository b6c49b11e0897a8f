"""Whether a cache could send the response to one site to another: what one URL sends to several origins, compared."""

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

#: The headers that must not differ in a cached response.
_DECISIVE = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)

#: rfc9110#section-15.1: what caches store by default; not 206, which only caches that support ranges store.
_KEPT_STATUSES = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})

_FIX = "send Vary: Origin with every response from this URL: to allowed origins, to others, and without an Origin"


class Asked(NamedTuple):
    """The response to one request for the URL.

    :ivar who: who made the request, in words.
    :ivar origin: the value of ``Origin``; ``None`` for no such header.
    :ivar fresh: the response to the same request past the cache; ``None`` if there is none.
    """

    who: str
    origin: str | None
    exchange: Exchange
    fresh: Exchange | None = None

    @property
    def judged(self) -> Exchange:
        """The response that shows what the server itself sends."""
        return self.fresh or self.exchange


def compare(asked: Iterable[Asked]) -> Caching | None:
    """Compare responses from the same URL; ``None`` if there are fewer than two."""
    answered = [each for each in asked if each.exchange.status is not None]
    if len(answered) < 2:
        return None
    past = [
        Asked(f"{each.who}, past the cache", each.origin, each.fresh)
        for each in answered
        if each.fresh and (signs(each.exchange) or decisive(each.exchange) != decisive(each.fresh))
    ]
    told = tuple(map(_told, [*answered, *past]))
    # What a cache stores does not show what the server sends.
    judged = [Asked(each.who, each.origin, each.judged) for each in answered]
    depends = _depend_on_who_asks(each.exchange for each in judged)
    missing = tuple(each.who for each in judged if not varies(each.exchange)) if depends else ()
    finding = _on_vary(judged, depends)
    if finding:
        sentence = finding.sentence
    elif any(signs(each.exchange) for each in judged):
        sentence = "a cache responded, so this does not show what the server itself sends to each origin"
    elif not any(value for each in judged for value in decisive(each.exchange)):
        sentence = "no response has CORS headers, so there is nothing for a cache to mix up"
    else:
        sentence = _SENTENCES[depends]
    return Caching(told, depends, missing, sentence, finding)


_SENTENCES = {
    True: "the CORS headers depend on the Origin, and Vary: Origin says so: caches keep the responses apart",
    False: "the CORS headers are the same for everyone, so a cache may send any of these responses to anyone",
}


def vary(seen: Observations) -> Iterator[Finding]:
    """Yield that Vary lacks Origin, or has it without need."""
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
    """Yield that the part that adds the CORS headers overwrote Vary."""
    own = seen.own.omit.exchange
    lost = _vary_names(seen.bare) - _vary_names(own)
    if own.status == seen.bare.status and lost - {"origin"} and "*" not in _vary_names(own):
        names = ", ".join(sorted(lost - {"origin"}))
        sentence = (
            f"Vary lists {shown(names)} if a request has no Origin, and not if it has one: the part that adds the CORS "
            "headers overwrites the application's Vary, and caches may mix up its responses"
        )
        fix = "add Origin to the existing Vary, which may have several lines"
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
    came = "no Vary: Origin" + (f" (only {quote(said)})" if said else "")
    to = listed([each.who for each in missing])
    sentence = f"the CORS headers depend on the Origin, but the response to {to} has {came}"
    severity = max(_staleness(each.exchange) for each in missing)
    if severity is Severity.INFO:
        kind, consequence = (
            kinds.VARY_MISSING_NOT_STORED,
            "only Cache-Control keeps caches from mixing responses up",
        )
    elif misleading:
        kind, consequence = kinds.VARY_MISSING, "a cache may store it for one site, and send it to another"
    else:
        kind = kinds.VARY_MISSING_WITHOUT_CORS
        consequence = "a cache may store it, and send it to a page, which then cannot read it"
    return kind.finding(f"{sentence}: {consequence}", _FIX, seen=[each.exchange for each in telling], severity=severity)


def _on_needless_vary(exchanges: Sequence[Exchange]) -> Finding | None:
    varying = [each for each in exchanges if varies(each)]
    if not varying or any(each.response_lines(ALLOW_ORIGIN) != ("*",) for each in exchanges):
        return None
    sentence = f"{ALLOW_ORIGIN} is * for everyone, so Vary: Origin only makes caches store more copies"
    return kinds.VARY_NEEDLESS.finding(
        sentence, f"remove Origin from Vary if {ALLOW_ORIGIN} is always *", seen=varying[:1]
    )


def _depend_on_who_asks(exchanges: Iterable[Exchange]) -> bool:
    return len({decisive(exchange) for exchange in exchanges if exchange.status is not None}) > 1


def decisive(exchange: Exchange) -> tuple[tuple[str, ...], ...]:
    """Return the headers that decide who may read what of a response."""
    return tuple(exchange.response_lines(name) for name in _DECISIVE)


def _vary_names(exchange: Exchange) -> set[str]:
    return {name.lower() for line in exchange.response_lines("Vary") for name in fetch.split_list(line)}


def varies(exchange: Exchange) -> bool:
    """Tell whether Vary tells caches to store one response for each origin."""
    return bool(_vary_names(exchange) & {"origin", "*"})


def _may_be_kept(exchange: Exchange) -> bool:
    return exchange.status in _KEPT_STATUSES or (exchange.status is not None and _staleness(exchange) > Severity.LOW)


def _staleness(exchange: Exchange) -> Severity:
    """Return how bad a wrong response from a cache is, by how likely caches are to store this one."""
    directives = {
        each.partition("=")[0].strip().lower(): each.partition("=")[2].strip()
        for line in exchange.response_lines("Cache-Control")
        for each in fetch.split_list(line)
    }
    if directives.keys() & {"no-store", "private"}:
        return Severity.INFO
    lasts = any(directives.get(name, "0").strip('"') not in ("", "0") for name in ("max-age", "s-maxage"))
    return Severity.MEDIUM if "public" in directives or lasts else Severity.LOW
