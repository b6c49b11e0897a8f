"""Who may read: which origins a server allows."""

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

# In a check


def given_away(evidence: Evidence) -> Iterator[Finding]:
    """Yield what the responses to strangers, and to the page's own origin, give away."""
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
            yield replace(finding, fix=f"{finding.fix}; corswsgi audit tries more origins")
    null = own if page == "null" else evidence.probes.get("null")
    if null is not None and shares(null, "null", with_credentials=True):
        sentence = (
            'the origin "null" is allowed: any website can create a sandboxed frame, which has that origin, and read '
            "the response with the user's cookies"
        )
        yield kinds.NULL_ORIGIN.finding(sentence, _COMPARISONS[kinds.NULL_ORIGIN][1], seen=[null])
    if own is not None and is_insecure(page) and url.scheme == "https" and shares(own, page, with_credentials=True):
        sentence = (
            f"{page} is not https:, so anyone on the network can insert a script that reads with the user's cookies"
        )
        yield kinds.INSECURE_ORIGIN_WITH_CREDENTIALS.finding(sentence, "serve the page over https:", seen=[own])


# In an audit


def any_origin(seen: Observations) -> Iterator[Finding]:
    """Yield that every origin is allowed."""
    stranger, value = seen.unrelated, seen.unrelated.stranger.value
    if stranger.include.allowed:
        fix = f"{_WHOLE}: {policy_in_a_line(seen.origin, True)}"
        yield _read_by_any(value, stranger.include.exchange, fix)
    elif stranger.omit.allowed and stranger.omit.exchange.response_lines(ALLOW_ORIGIN) == ("*",):
        sentence = (
            f"any website can read the response, without cookies: {ALLOW_ORIGIN} is *. That is right for public data, "
            "but wrong if the data is protected only by being in a private network"
        )
        fix = f"if this is not intended: {policy_in_a_line(seen.origin, False)}"
        yield kinds.ANY_ORIGIN.finding(sentence, fix, seen=[stranger.omit.exchange])
    elif stranger.omit.allowed:
        yield _reflected(value, stranger.omit.exchange, policy_in_a_line(seen.origin, False))


def any_origin_may_send(seen: Observations) -> Iterator[Finding]:
    """Yield that preflights from every origin are granted, although not every origin may read."""
    if seen.sending.allowed and not seen.unrelated.include.allowed:
        yield _sent_by_any(seen.sending.exchange)


def strangers(seen: Observations) -> Iterator[Finding]:
    """Yield strangers that get more than the unrelated one, by kind, without those that others imply."""
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
        f"any website (tried: {value}) can read the response with the user's cookies: the server sends back any Origin"
    )
    return kinds.ANY_ORIGIN_CREDENTIALS.finding(sentence, fix, seen=[exchange])


def _reflected(value: str, exchange: Exchange, otherwise: str) -> Finding:
    sentence = (
        f"any website (tried: {value}) can read the response, without cookies: the server sends back any Origin. If "
        "credentials are ever turned on, any website can read with the user's cookies"
    )
    fix = f"if everyone may read, send *, which never allows credentials; if not: {otherwise}"
    return kinds.ANY_ORIGIN_REFLECTED.finding(sentence, fix, seen=[exchange])


def _sent_by_any(preflight: Exchange) -> Finding:
    method, value = (joined_request(preflight, name) for name in ("Access-Control-Request-Method", "Origin"))
    sentence = (
        f"any website (tried: {value}) can send {method} with the user's cookies, and so change data as the user: the "
        "server grants preflights from any Origin"
    )
    fix = "use one list of origins for preflights and for all other requests"
    return kinds.ANY_ORIGIN_MAY_SEND.finding(sentence, fix, seen=[preflight])


# Origins that resemble the one that is meant

#: What the server does wrong if it allows such a stranger, and what to do.
_COMPARISONS = {
    kinds.NULL_ORIGIN: (
        "any website can create a sandboxed frame, which has that origin",
        "never allow null; serve the page from an origin of its own",
    ),
    kinds.ORIGIN_SUFFIX: (
        "the server compares only the beginning of the Origin",
        "compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    kinds.ORIGIN_PREFIX: (
        "the server compares only the end of the Origin",
        'compare the whole Origin; if you allow subdomains, require "://" or a dot before the domain',
    ),
    kinds.ORIGIN_DOT: (
        "a dot in a regular expression matches any character",
        "write \\. in a regular expression, or compare the whole Origin as a string",
    ),
    kinds.ORIGIN_SPECIAL_CHARACTER: (
        "the server treats a special character as the end of the host",
        "compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    kinds.ORIGIN_HTTP: (
        "the server does not compare the scheme, or allows plain http:",
        "allow https: origins only",
    ),
    kinds.ORIGIN_PORT: (
        "the server does not compare the port, or allows any port",
        "compare the whole Origin with its port, unless you want to allow every port of the host",
    ),
    kinds.ORIGIN_SUBDOMAIN: (
        "the server allows subdomains",
        "list the hosts that need access, unless you want to allow every subdomain and nobody can take one over",
    ),
    kinds.ORIGIN_CASE: (
        "the server ignores upper and lower case",
        "compare every character: browsers always send the scheme and the host in lower case",
    ),
    kinds.ORIGIN_TRAILING: (
        "the server ignores the text after an allowed Origin",
        "compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    kinds.ORIGIN_EMBEDDED: (
        "the server searches for an allowed name inside the Origin, or its wildcard matches more than the host",
        "compare the whole Origin; let a wildcard match labels of the host only, and no slash",
    ),
}

#: Who can have such a page, and what follows from it; "{}" is how the page can read.
_CONSEQUENCES = {
    Reach.ANYONE: "anyone can create a page with that origin, and it can read the response {}",
    Reach.NETWORK: "anyone who controls the network can serve a page with that origin, and it can read the response {}",
    Reach.SITE: "anyone who controls another host or port of the site can read the response {}",
    Reach.PATTERN: "anyone who controls such a host or port can read the response {}",
    Reach.NOBODY: "nobody can register that name today; it shows how the server compares",
    Reach.UNSENT: "no browser sends such an Origin; it shows how the server compares, and other values may pass too",
    Reach.HARMLESS: "no browser sends such an Origin, so this is harmless; it shows how the server compares",
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
