"""Who may read: which origins a server takes for allowed ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from corswsgi.browser import Exchange
from corswsgi.checker.evidence import Evidence
from corswsgi.checker.findings import Finding, Kind, Severity
from corswsgi.checker.fix import is_insecure, policy_in_a_line
from corswsgi.checker.granting import ALLOW_ORIGIN, joined, joined_request, shares
from corswsgi.checker.kinds import origins as kinds
from corswsgi.checker.observations import Observations, Sighting
from corswsgi.checker.preflight import judge_preflight
from corswsgi.checker.rules.kept import everyone_asked
from corswsgi.checker.strangers import IMPLIED_BY, SEVERITIES, Likeness, Reach
from corswsgi.checker.words import listed

_WHOLE = "compare the whole Origin with a list"

# What a check asks


def given_away(evidence: Evidence) -> Iterator[Finding]:
    """Yield what the answers to strangers, and to the page's own origin, give away."""
    url, page, own = evidence.target.url, evidence.question.origin, evidence.own
    preflight = evidence.probes.get("stranger-preflight")
    # A cache must not hide what the server tells strangers.
    stranger = next((each.judged for each in everyone_asked(evidence)[2:]), None)
    if stranger is not None:
        value = joined_request(stranger, "Origin")
        if shares(stranger, value, with_credentials=True):
            yield _read_by_any(value, stranger, _WHOLE)
        elif joined(stranger, ALLOW_ORIGIN) == value:
            yield _reflected(value, stranger, _WHOLE)
    if preflight is not None and judge_preflight(preflight, with_credentials=True).passed:
        yield _sent_by_any(preflight)
    if stranger is not None and not shares(stranger, joined_request(stranger, "Origin"), with_credentials=True):
        for finding in _about_those_taken(each for each in evidence.resembling if _is_credentialed(each)):
            yield replace(finding, fix=f"{finding.fix}; corswsgi audit shows what others get")
    null = own if page == "null" else evidence.probes.get("null")
    if null is not None and shares(null, "null", with_credentials=True):
        sentence = (
            'the origin "null" is allowed: it is that of sandboxed frames, which any website can make, and these can '
            "read the answer with the user's cookies"
        )
        yield kinds.NULL_ORIGIN.finding(sentence, _COMPARISONS[kinds.NULL_ORIGIN][1], seen=[null])
    if own is not None and is_insecure(page) and url.scheme == "https" and shares(own, page, with_credentials=True):
        sentence = f"{page} is not https:, so that anyone on the way can put a script into it that reads with cookies"
        yield kinds.INSECURE_ORIGIN_WITH_CREDENTIALS.finding(sentence, "serve the page over https:", seen=[own])


# What an audit asks


def any_origin(seen: Observations) -> Iterator[Finding]:
    """Yield that every origin is allowed."""
    stranger, value = seen.unrelated, seen.unrelated.stranger.value
    if stranger.include.allowed:
        fix = f"{_WHOLE}: {policy_in_a_line(seen.origin, True)}"
        yield _read_by_any(value, stranger.include.exchange, fix)
    elif stranger.omit.allowed and stranger.omit.exchange.response_lines(ALLOW_ORIGIN) == ("*",):
        sentence = (
            f"any website can read the answer, without cookies: {ALLOW_ORIGIN} is *. That is right for public data, "
            "and wrong if only the network keeps others out"
        )
        fix = f"if it is not meant: {policy_in_a_line(seen.origin, False)}"
        yield kinds.ANY_ORIGIN.finding(sentence, fix, seen=[stranger.omit.exchange])
    elif stranger.omit.allowed:
        yield _reflected(value, stranger.omit.exchange, policy_in_a_line(seen.origin, False))


def any_origin_may_send(seen: Observations) -> Iterator[Finding]:
    """Yield that preflights are granted to every origin, although not every one may read."""
    if seen.sending.allowed and not seen.unrelated.include.allowed:
        yield _sent_by_any(seen.sending.exchange)


def strangers(seen: Observations) -> Iterator[Finding]:
    """Report strangers that get more than the unrelated one, by kind, except those that others imply."""
    yield from _about_those_taken(each for each in seen.sightings[1:] if _excess(each, seen.unrelated))


def _about_those_taken(sightings: Iterable[Sighting]) -> Iterator[Finding]:
    taken = {sighting.stranger.likeness: sighting for sighting in sightings}
    standing = _not_implied(taken, by=taken)
    telling = _not_implied(taken, by=standing)
    for kind in _COMPARISONS:
        if alike := [taken[likeness] for likeness in telling if taken[likeness].stranger.kind is kind]:
            yield _about_strangers(kind, alike)


# Every origin


def _read_by_any(value: str, exchange: Exchange, fix: str) -> Finding:
    sentence = (
        f"any website (tried: {value}) can read the answer with the user's cookies: the server sends back any "
        "Origin it gets"
    )
    return kinds.ANY_ORIGIN_CREDENTIALS.finding(sentence, fix, seen=[exchange])


def _reflected(value: str, exchange: Exchange, otherwise: str) -> Finding:
    sentence = (
        f"any website (tried: {value}) can read the answer, without cookies: the server sends back any Origin it "
        "gets, and if credentials are ever switched on, any website reads with them"
    )
    fix = f"if all may read, send *, which can never go with credentials; if not: {otherwise}"
    return kinds.ANY_ORIGIN_REFLECTED.finding(sentence, fix, seen=[exchange])


def _sent_by_any(preflight: Exchange) -> Finding:
    method, value = (joined_request(preflight, name) for name in ("Access-Control-Request-Method", "Origin"))
    sentence = (
        f"any website (tried: {value}) can send {method} with the user's cookies: preflights are granted to any "
        "Origin, and what the request changes is changed"
    )
    fix = "decide about preflights by the same list of origins as about all other requests"
    return kinds.ANY_ORIGIN_MAY_SEND.finding(sentence, fix, seen=[preflight])


# Origins that resemble the one that is meant

#: What the acceptance of a stranger says about the comparison, and what to do.
_COMPARISONS = {
    kinds.NULL_ORIGIN: (
        'the server allows "null", which is the origin of sandboxed frames on any website',
        "never allow null; serve the page from an origin of its own",
    ),
    kinds.ORIGIN_SUFFIX: (
        "the server looks only at how the Origin begins",
        "compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    kinds.ORIGIN_PREFIX: (
        "the server looks only at how the Origin ends",
        'compare the whole Origin; if subdomains are meant, what stands before them must be "://" or a dot',
    ),
    kinds.ORIGIN_DOT: (
        "a dot in a regular expression stands for any character",
        "write \\. in a regular expression, or compare the whole Origin as a string",
    ),
    kinds.ORIGIN_SPECIAL_CHARACTER: (
        "the server takes a character that hosts may hold for the end of the host",
        "compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    kinds.ORIGIN_HTTP: (
        "the server does not compare the scheme, or allows plain http",
        "allow origins on https only",
    ),
    kinds.ORIGIN_PORT: (
        "the server does not compare the port, or allows any",
        "compare the whole Origin with its port, unless every port of the host is meant",
    ),
    kinds.ORIGIN_SUBDOMAIN: (
        "the server allows subdomains",
        "list the hosts that need it, unless every subdomain is meant and none can fall into other hands",
    ),
    kinds.ORIGIN_CASE: (
        "the server takes upper and lower case for the same",
        "compare byte for byte: browsers always send scheme and host in lower case",
    ),
    kinds.ORIGIN_TRAILING: (
        "the server does not look at what follows the Origin that it knows",
        "compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    kinds.ORIGIN_EMBEDDED: (
        "the server searches for what it knows, or matches a wildcard across the parts of the Origin",
        "compare the whole Origin; a wildcard may stand for labels of the host only, not for what holds a slash",
    ),
}

#: Who can have such a page, and what comes of it; "{}" is how the page can read.
_CONSEQUENCES = {
    Reach.ANYONE: "anyone can have a page of that origin, and it can read the answer {}",
    Reach.NETWORK: "anyone who controls the network can make a page of that origin, and it can read the answer {}",
    Reach.SITE: "anyone who controls another host or port of the site can read the answer {}",
    Reach.PATTERN: "if that is not meant, anyone who controls such a host or port can read the answer {}",
    Reach.NOBODY: "nobody can have that name today; it shows how the comparison is made",
    Reach.UNSENT: "no browser sends such an Origin; it shows how the comparison is made, and that others may slip by",
    Reach.HARMLESS: "no browser sends such an Origin, and the host would be the same; it shows what is compared",
}


def _not_implied(likenesses: Iterable[Likeness], by: Iterable[Likeness]) -> list[Likeness]:
    return [each for each in likenesses if not IMPLIED_BY.get(each, set()).intersection(by)]


def _excess(sighting: Sighting, unrelated: Sighting) -> bool:
    if _is_credentialed(sighting):
        return not unrelated.include.allowed
    return sighting.omit.allowed and not unrelated.omit.allowed


def _is_credentialed(sighting: Sighting) -> bool:
    return sighting.include.allowed


def _weight(sighting: Sighting) -> Severity:
    credentialed, anonymous = SEVERITIES[sighting.stranger.reach]
    return credentialed if _is_credentialed(sighting) else anonymous


def _about_strangers(kind: Kind, sightings: list[Sighting]) -> Finding:
    comparison, fix = _COMPARISONS[kind]
    worst = max(sightings, key=_weight)
    values = listed([sighting.stranger.value.replace("null", '"null"') for sighting in sightings])
    mode = "with the user's cookies" if _is_credentialed(worst) else "without cookies"
    consequence = _CONSEQUENCES[worst.stranger.reach].format(mode)
    sentence = f"{values} {'is' if len(sightings) == 1 else 'are'} allowed: {comparison}; {consequence}"
    exchanges = [(sighting.include if _is_credentialed(sighting) else sighting.omit).exchange for sighting in sightings]
    return kind.finding(sentence, fix, seen=exchanges, severity=_weight(worst))
