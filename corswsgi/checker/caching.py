"""Whether a cache could hand one site's answer to another: the same URL, asked by different origins, compared."""

from __future__ import annotations

from collections.abc import Iterable

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.checker.findings import Finding
from corswsgi.checker.granting import ALLOW_CREDENTIALS, ALLOW_ORIGIN, EXPOSE_HEADERS, joined
from corswsgi.checker.kinds.caches import (
    VARY_MISSING,
    VARY_MISSING_NOT_STORED,
    VARY_MISSING_WITHOUT_CORS,
    VARY_NEEDLESS,
)
from corswsgi.checker.report import CacheAnswer, Caching

_FIX = "send Vary: Origin with every answer of this URL, whether its request has an Origin or not"


def compare(asked: Iterable[tuple[str, str | None, Exchange]]) -> Caching | None:
    """Compare answers to the same URL; one answer, or none, cannot be compared.

    :param asked: who asked, what ``Origin`` said, and the exchange.
    """
    answered = [each for each in asked if each[2].status is not None]
    if len(answered) < 2:
        return None
    answers = tuple(_answer(*each) for each in answered)
    depends = len({_cors_headers(exchange) for _, _, exchange in answered}) > 1
    missing = tuple(answer.who for answer in answers if not _varies(answer)) if depends else ()
    finding = _finding(answers, depends, missing)
    if finding:
        sentence = finding.sentence
    elif not any(map(_cors_headers, (exchange for _, _, exchange in answered))):
        sentence = "no answer has CORS headers, so that there is nothing for a cache to mix up"
    else:
        sentence = _SENTENCES[depends]
    return Caching(answers, depends, missing, sentence, finding)


_SENTENCES = {
    True: "the CORS headers depend on who asks, and Vary: Origin says so: a cache keeps the answers apart",
    False: "the CORS headers are the same whoever asks, so that a cache may hand any of the answers to anyone",
}


def _answer(who: str, origin: str | None, exchange: Exchange) -> CacheAnswer:
    headers = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, "Vary", "Cache-Control")
    return CacheAnswer(who, origin, exchange.status, *(joined(exchange, name) for name in headers))


def _cors_headers(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    names = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
    return tuple((name, value) for name in names if (value := joined(exchange, name)) is not None)


def _varies(answer: CacheAnswer) -> bool:
    names = {name.lower() for name in fetch.split_list(answer.vary or "")}
    return "origin" in names or "*" in names


def _is_kept_by_caches(answer: CacheAnswer) -> bool:
    directives = {each.partition("=")[0].lower() for each in fetch.split_list(answer.cache_control or "")}
    return directives.isdisjoint({"no-store", "private"})


def _finding(answers: tuple[CacheAnswer, ...], depends: bool, missing: tuple[str, ...]) -> Finding | None:
    if not depends:
        if any(_varies(answer) for answer in answers) and {answer.allow_origin for answer in answers} == {"*"}:
            sentence = "the answers are the same whoever asks, and Vary: Origin makes caches keep one for each origin"
            return VARY_NEEDLESS.finding(sentence, "leave Origin out of Vary where the answer is *")
        return None
    if not missing:
        return None
    who = " and ".join(missing) if len(missing) < 3 else f"{', '.join(missing[:-1])} and {missing[-1]}"
    came = f"the CORS headers depend on who asks, but the answer to {who} has no Vary: Origin"
    lacking = [answer for answer in answers if answer.who in missing]
    if not any(map(_is_kept_by_caches, lacking)):
        sentence = f"{came}; only its Cache-Control keeps shared caches from mixing the answers up"
        return VARY_MISSING_NOT_STORED.finding(sentence, _FIX)
    if any(answer.allow_origin not in (None, "*") for answer in lacking):
        sentence = f"{came}: a shared cache, a CDN for instance, could hand one site's answer to another"
        return VARY_MISSING.finding(sentence, _FIX)
    sentence = f"{came}: a cache that keeps it hands it to your page too, which then may not read it"
    return VARY_MISSING_WITHOUT_CORS.finding(sentence, _FIX)
