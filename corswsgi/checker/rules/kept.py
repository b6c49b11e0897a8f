"""What a cache in front of the server stores, compared with what the server itself sends."""

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
    """Return the responses to no Origin, to the page and to a stranger, each with the response past the cache."""
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
    """Return the server's own response to the same request, if there is one."""
    asked = [probes[each] for each in purposes if each in probes]
    return next((each for each in asked if is_past(each, came)), None)


def on_caches(everyone: Sequence[Asked], with_credentials: bool) -> Iterator[Finding]:
    """Yield what a cache does; nothing if there is no sign of one.

    :param everyone: of :func:`everyone_asked`.
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
            f"a cache responded ({', '.join(told)}), also to a query parameter that nobody uses and to Cache-Control: "
            "no-cache: what the server itself sends is not known"
        )
        fix = "ask the server behind the cache with --behind URL, or clear the cache and run the command again"
        yield kinds.CACHE_NOT_PASSED.finding(sentence, fix, seen=[page.exchange])
    elif told:
        sentence = f"a cache responded ({', '.join(told)}); past it, the server sends the same CORS headers"
        yield kinds.CACHE_ANSWERED.finding(sentence, seen=[page.exchange])


def _on_page(asked: Asked, everyone: Sequence[Asked], with_credentials: bool) -> Finding | None:
    came, fresh, origin = asked.exchange, asked.judged, asked.origin or ""
    answered = f"a cache responded ({', '.join(signs(came))})" if signs(came) else _seems(came)
    now, then = _allowed(fresh), _allowed(came)
    seen = [came, fresh]
    if shares(came, origin, with_credentials):
        if shares(fresh, origin, with_credentials):
            return None
        sentence = (
            f"{answered} with {then}; past it, the server sends {now}: once the response expires from the cache, the "
            "page can no longer read it"
        )
        return kinds.KEPT_THOUGH_REFUSED.finding(sentence, "let the server itself send the headers", seen=seen)
    if not shares(fresh, origin, with_credentials):
        return None
    if joined(came, ALLOW_ORIGIN) is None:
        sentence = f"{answered} with a stored response without CORS headers; past it, the server sends {now}"
        return kinds.KEPT_WITHOUT_CORS.finding(sentence, _fix(asked, everyone), seen=seen)
    sentence = f"{answered} with a stored response for another origin, {then}; past it, the server sends {now}"
    return kinds.KEPT_FOR_ANOTHER_ORIGIN.finding(sentence, _fix(asked, everyone), seen=seen)


def _seems(came: Exchange) -> str:
    """Return that a cache seems to have responded that does not say so; Via names what is in between."""
    via = joined(came, "Via")
    return f"a cache seems to have responded (Via: {shown(via)})" if via else "a cache seems to have responded"


def _mixed(asked: Asked, everyone: Sequence[Asked]) -> Finding:
    came, fresh = asked.exchange, asked.judged
    sentence = (
        f"a cache ({', '.join(signs(came))}) sends {asked.who} a response with {_allowed(came)}, and the server itself "
        f"sends {_allowed(fresh)}: the cache mixes up the responses to different origins"
    )
    return kinds.CACHE_MIXES_ORIGINS.finding(sentence, _fix(asked, everyone), seen=[came, fresh])


def _fix(asked: Asked, everyone: Sequence[Asked]) -> str:
    """Return what to do, which depends on whether the server already sends Vary: Origin."""
    fresh = [each.fresh for each in everyone if each.fresh is not None]
    if all(map(varies, (asked.exchange, *fresh))):
        return (
            "the server sends Vary: Origin, but the cache ignores it: make Origin part of the cache's key, or do not "
            "let the cache store responses from this URL (Cache-Control: private); then clear the cache"
        )
    return (
        "send Vary: Origin with every response from this URL, also to requests without an Origin, and then clear the "
        "cache"
    )


def _allowed(exchange: Exchange) -> str:
    names = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
    lines = [f"{name}: {shown(value)}" for name in names if (value := joined(exchange, name)) is not None]
    return " and ".join(lines) if lines else "no CORS headers"
