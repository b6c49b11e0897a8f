"""What a cache in front of the server keeps, beside what the server itself answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from corswsgi.browser import Exchange
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, shown
from corswsgi.checker.granting import ALLOW_CREDENTIALS, ALLOW_ORIGIN, EXPOSE_HEADERS, joined, shares
from corswsgi.checker.kept import is_past, signs
from corswsgi.checker.kinds import kept as kinds
from corswsgi.checker.report import Purpose
from corswsgi.checker.rules.caches import Asked, decisive, varies
from corswsgi.checker.strangers import stranger_to


def everyone_asked(evidence: Evidence) -> tuple[Asked, ...]:
    """Return what came without an Origin, for the page and for a stranger, beside what came past the cache."""
    own, probes, origin = evidence.own, evidence.probes, evidence.question.origin
    if own is None or "stranger" not in probes:
        return ()
    bare, other = probes["without-origin"], probes["stranger"]
    stranger = stranger_to(evidence.target.url, origin)
    return (
        Asked("a request without an Origin", None, bare, _fresh(probes, bare, "without-origin-past-cache")),
        Asked("your page", origin, own, _fresh(probes, own, "past-cache", "no-cache")),
        Asked("a stranger's page", stranger, other, _fresh(probes, other, "stranger-past-cache")),
    )


def _fresh(probes: Mapping[Purpose, Exchange], came: Exchange, *purposes: Purpose) -> Exchange | None:
    """Return the server's own answer to the same question, if one came."""
    asked = [probes[each] for each in purposes if each in probes]
    return next((each for each in asked if is_past(each, came)), None)


def on_caches(everyone: Sequence[Asked], with_credentials: bool) -> Iterator[Finding]:
    """Yield what is to be known of a cache, which is nothing if none shows.

    :param everyone: what came without an Origin, for the page and for a stranger; or nothing.
    """
    if not everyone:
        return
    _, page, _ = everyone
    told = signs(page.exchange)
    differing = [each for each in everyone if decisive(each.judged) != decisive(each.exchange)]
    mixed = [_mixed(each, everyone) for each in differing if signs(each.exchange)][-1:]
    on_page = _on_page(page, everyone, with_credentials) if page in differing else None
    if on_page is not None or mixed:
        yield from [on_page] if on_page is not None else mixed
    elif told and page.fresh is None:
        sentence = (
            f"a cache answered ({', '.join(told)}), and again with a query parameter that nobody uses and with "
            "Cache-Control: no-cache: what the server itself would answer is not known"
        )
        fix = "ask the server behind the cache with --behind URL, or empty the cache and ask again"
        yield kinds.CACHE_NOT_PASSED.finding(sentence, fix, seen=[page.exchange])
    elif told:
        sentence = f"a cache answered ({', '.join(told)}); past it, the server sends the same CORS headers"
        yield kinds.CACHE_ANSWERED.finding(sentence, seen=[page.exchange])


def _on_page(asked: Asked, everyone: Sequence[Asked], with_credentials: bool) -> Finding | None:
    came, fresh, origin = asked.exchange, asked.judged, asked.origin or ""
    answered = f"a cache answered ({', '.join(signs(came))})" if signs(came) else _seems(came)
    now, then = _allowed(fresh), _allowed(came)
    seen = [came, fresh]
    if shares(came, origin, with_credentials):
        if shares(fresh, origin, with_credentials):
            return None
        sentence = (
            f"{answered} with {then}; past it, the server sends {now}: once the cache forgets its answer, the page may "
            "not read this any more"
        )
        return kinds.KEPT_THOUGH_REFUSED.finding(sentence, "let the server itself send the headers", seen=seen)
    if not shares(fresh, origin, with_credentials):
        return None
    if joined(came, ALLOW_ORIGIN) is None:
        sentence = f"{answered} with what it keeps, which has no CORS headers; past it, the server sends {now}"
        return kinds.KEPT_WITHOUT_CORS.finding(sentence, _fix(asked, everyone), seen=seen)
    sentence = f"{answered} with what it keeps for another origin, {then}; past it, the server sends {now}"
    return kinds.KEPT_FOR_ANOTHER_ORIGIN.finding(sentence, _fix(asked, everyone), seen=seen)


def _seems(came: Exchange) -> str:
    """Return that a cache answered which does not say so; Via tells of what stands in between, caches or not."""
    via = joined(came, "Via")
    return f"a cache seems to have answered (Via: {shown(via)})" if via else "a cache seems to have answered"


def _mixed(asked: Asked, everyone: Sequence[Asked]) -> Finding:
    came, fresh = asked.exchange, asked.judged
    sentence = (
        f"a cache ({', '.join(signs(came))}) hands {asked.who} an answer with {_allowed(came)}, where the server "
        f"itself sends {_allowed(fresh)}: it mixes up the answers to different origins"
    )
    return kinds.CACHE_MIXES_ORIGINS.finding(sentence, _fix(asked, everyone), seen=[came, fresh])


def _fix(asked: Asked, everyone: Sequence[Asked]) -> str:
    """Return what to do, which depends on whether the server says Vary: Origin already."""
    fresh = [each.fresh for each in everyone if each.fresh is not None]
    if all(map(varies, (asked.exchange, *fresh))):
        return (
            "the server says Vary: Origin, and the cache does not mind it: make Origin a part of the cache's key, or "
            "keep the answers of this URL out of the cache (Cache-Control: private); then empty the cache"
        )
    return (
        "send Vary: Origin with every answer of this URL, also to requests without an Origin, and then empty the cache "
        "of what it keeps"
    )


def _allowed(exchange: Exchange) -> str:
    names = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
    lines = [f"{name}: {shown(value)}" for name in names if (value := joined(exchange, name)) is not None]
    return " and ".join(lines) if lines else "no CORS headers"
