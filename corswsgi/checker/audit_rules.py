"""What an audit makes of the answers: one rule for each kind of fault, as functions of what was observed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from corswsgi import fetch
from corswsgi.browser import MAX_AGE_CAPS, Exchange
from corswsgi.browser.urls import URL, parse_origin
from corswsgi.checker.audit_wire import Answer, is_mixed_content
from corswsgi.checker.findings import Finding, Kind, Severity, shown
from corswsgi.checker.kinds.allow_origin import ALLOW_ORIGIN_INVALID, ALLOW_ORIGIN_TWICE, DUPLICATE_HEADER
from corswsgi.checker.kinds.caches import (
    VARY_MISSING,
    VARY_MISSING_NOT_STORED,
    VARY_MISSING_WITHOUT_CORS,
    VARY_NEEDLESS,
    VARY_OVERWRITTEN,
)
from corswsgi.checker.kinds.credentials import ALLOW_CREDENTIALS_INVALID, WILDCARD_CREDENTIALS
from corswsgi.checker.kinds.errors import ERROR_WITHOUT_CORS, ORIGIN_BREAKS_SERVER
from corswsgi.checker.kinds.network import MIXED_CONTENT
from corswsgi.checker.kinds.origins import (
    ANY_ORIGIN,
    ANY_ORIGIN_CREDENTIALS,
    ANY_ORIGIN_MAY_SEND,
    ANY_ORIGIN_REFLECTED,
    NULL_ORIGIN,
    ORIGIN_CASE,
    ORIGIN_DOT,
    ORIGIN_EMBEDDED,
    ORIGIN_HTTP,
    ORIGIN_PORT,
    ORIGIN_PREFIX,
    ORIGIN_SPECIAL_CHARACTER,
    ORIGIN_SUBDOMAIN,
    ORIGIN_SUFFIX,
    ORIGIN_TRAILING,
)
from corswsgi.checker.kinds.permissions import (
    ANY_HEADER,
    ANY_METHOD,
    HEADER_FORBIDDEN,
    MAX_AGE_ABOVE_CAPS,
    MAX_AGE_INVALID,
    METHOD_FORBIDDEN,
    METHOD_SUBSTRING,
    METHODS_WIDE,
    PRIVATE_NETWORK,
)
from corswsgi.checker.kinds.redirects import REDIRECT
from corswsgi.checker.kinds.request import ORIGIN_NOT_ALLOWED
from corswsgi.checker.strangers import IMPLIED_BY, SEVERITIES, Likeness, Reach, Stranger

#: Nobody needs them: a server that permits them permits all.
INVENTED_METHOD = "CORSWSGI"
INVENTED_HEADER = "X-Corswsgi-Audit"

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
_ALLOW_METHODS = "Access-Control-Allow-Methods"
_ALLOW_HEADERS = "Access-Control-Allow-Headers"
_ALLOW_PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"
_EXPOSE_HEADERS = "Access-Control-Expose-Headers"
_MAX_AGE = "Access-Control-Max-Age"

#: What a cached answer must not be wrong about.
_DECISIVE = (_ALLOW_ORIGIN, _ALLOW_CREDENTIALS, _EXPOSE_HEADERS)

_SINGLE_VALUED = (_ALLOW_CREDENTIALS, _MAX_AGE)

#: rfc9110#section-15.1: what caches keep without being told; 206 wants a cache that knows ranges.
_KEPT_STATUSES = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})

_LONGEST_METHOD = 40

_ENGINES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}


@dataclass(frozen=True, slots=True)
class Pair:
    """The answers to one origin, without and with credentials."""

    omit: Answer
    include: Answer


@dataclass(frozen=True, slots=True)
class Sighting:
    """The answers to a stranger, without and with credentials."""

    stranger: Stranger
    omit: Answer
    include: Answer

    @property
    def sent(self) -> bool:
        """Whether browsers ever send such an Origin."""
        return self.stranger.origin is not None


@dataclass(frozen=True, slots=True)
class Observations:
    """Every answer of an audit.

    :ivar bare: to a GET without an Origin.
    :ivar own: to GETs from the origin that is meant.
    :ivar unrelated: to GETs from a stranger that nobody can have meant to allow.
    :ivar sightings: to GETs from all strangers, as far as there was time, the unrelated one first.
    :ivar put: to a preflight of the origin that is meant, for PUT; the next three for other things.
    :ivar fragment: for a part of the name of a method.
    :ivar sending: to a preflight of the unrelated stranger, with credentials.
    :ivar options: to an OPTIONS without an Origin.
    :ivar private: to a preflight that asks for a private network.
    """

    url: URL
    origin: str
    bare: Exchange
    own: Pair
    unrelated: Sighting
    sightings: tuple[Sighting, ...]
    put: Answer
    invented_method: Answer
    fragment: Answer
    invented_header: Answer
    sending: Answer
    options: Exchange
    private: Exchange
    private_unrelated: Exchange

    @property
    def plain_answers(self) -> tuple[Exchange, ...]:
        """The answers to GETs that are as they would be to any page: without an Origin, to it, to a stranger."""
        pairs = (self.own, self.unrelated)
        return (self.bare, *(answer.exchange for pair in pairs for answer in (pair.omit, pair.include)))

    @property
    def preflights(self) -> tuple[Exchange, ...]:
        """The answers to preflights of the origin that is meant."""
        answers = (self.put, self.invented_header, self.invented_method, self.fragment)
        return tuple(answer.exchange for answer in answers)


Rule = Callable[[Observations], Iterable[Finding]]


def judge(seen: Observations) -> tuple[Finding, ...]:
    """Return what is wrong, the worst first."""
    found = [finding for rule in _RULES for finding in rule(seen)]
    return tuple(sorted(found, key=lambda finding: -finding.severity))


def method_to_ask_for(preflight: Exchange) -> str:
    """Return a method that needs permission, and that a preflight's answer lists where it lists any."""
    needing = [name for name in _names(preflight, _ALLOW_METHODS) if name in ("PUT", "DELETE", "PATCH")]
    return needing[0] if needing else "PUT"


def fragment_of_a_method(preflight: Exchange) -> str:
    """Return a part of the name of a method that a preflight's answer lists; no method that a browser knows."""
    listed = _names(preflight, _ALLOW_METHODS)
    fragments = [name[1:] for name in listed if 2 < len(name) <= _LONGEST_METHOD and name[1:] not in listed]
    strange = [name for name in fragments if name.upper() not in fetch.NORMALIZED_METHODS | fetch.FORBIDDEN_METHODS]
    return strange[0] if strange else "ET"


# Who may read


def _any_origin(seen: Observations) -> Iterator[Finding]:
    stranger = seen.unrelated
    value = stranger.stranger.value
    if stranger.include.allowed:
        sentence = (
            f"Every website can read, with the cookies of whoever visits it, what this URL answers: the server takes "
            f"any Origin, such as {value}, for an allowed one"
        )
        fix = f"Compare the whole Origin with a list: {_policy(seen.origin, True)}"
        yield _finding(ANY_ORIGIN_CREDENTIALS, Severity.HIGH, sentence, [stranger.include.exchange], fix)
    elif stranger.omit.allowed and stranger.omit.exchange.response_lines(_ALLOW_ORIGIN) == ("*",):
        sentence = (
            "Every website can read what this URL answers, but without cookies: it gets what anybody gets with curl. "
            "That is right for public data, and wrong where only the network keeps others out"
        )
        fix = f"Where it is not meant: {_policy(seen.origin, False)}"
        yield _finding(ANY_ORIGIN, Severity.INFO, sentence, [stranger.omit.exchange], fix)
    elif stranger.omit.allowed:
        sentence = (
            f"Every website can read what this URL answers, without cookies: whatever Origin comes, such as {value}, "
            "is sent back as allowed. If credentials are ever switched on, every website reads with them too"
        )
        fix = f'Where all may read, send "*", which can never go with credentials; else {_policy(seen.origin, False)}'
        yield _finding(ANY_ORIGIN_REFLECTED, Severity.LOW, sentence, [stranger.omit.exchange], fix)


def _any_origin_may_send(seen: Observations) -> Iterator[Finding]:
    if not seen.sending.allowed or seen.unrelated.include.allowed:
        return
    exchange = seen.sending.exchange
    method = exchange.request_lines("Access-Control-Request-Method")[0]
    sentence = (
        f"Every website can send {method} with the cookies of whoever visits it: preflights are granted to any Origin. "
        "It cannot read the answer, but what the request changes is changed"
    )
    fix = "Decide about preflights by the same list of origins as about all other requests"
    yield _finding(ANY_ORIGIN_MAY_SEND, Severity.HIGH, sentence, [exchange], fix)


#: What the acceptance of a stranger says about the comparison, and what cures it.
_COMPARISONS = {
    NULL_ORIGIN: (
        'the server allows "null", which is the origin of sandboxed frames on any website',
        'Never allow "null"',
    ),
    ORIGIN_SUFFIX: (
        "the server looks only at how the Origin begins",
        "Compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    ORIGIN_PREFIX: (
        "the server looks only at how the Origin ends",
        'Compare the whole Origin; where subdomains are meant, what stands before them must be "://" or a dot',
    ),
    ORIGIN_DOT: (
        "a dot in a regular expression stands for any character",
        "Write \\. in a regular expression, or compare the whole Origin as a string",
    ),
    ORIGIN_SPECIAL_CHARACTER: (
        "the server takes a character that hosts may hold for the end of the host",
        "Compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    ORIGIN_HTTP: (
        "the server does not compare the scheme, or allows plain http",
        "Allow origins on https only",
    ),
    ORIGIN_PORT: (
        "the server does not compare the port, or allows any",
        "Compare the whole Origin with its port, unless every port of the host is meant",
    ),
    ORIGIN_SUBDOMAIN: (
        "the server allows subdomains",
        "List the hosts that need it, unless every subdomain is meant and none can fall into other hands",
    ),
    ORIGIN_CASE: (
        "the server takes upper and lower case for the same",
        "Compare byte for byte: browsers always send scheme and host in lower case",
    ),
    ORIGIN_TRAILING: (
        "the server does not look at what follows the Origin that it knows",
        "Compare the whole Origin; end a regular expression with \\Z (re.fullmatch)",
    ),
    ORIGIN_EMBEDDED: (
        "the server searches for what it knows, or matches a wildcard across the parts of the Origin",
        "Compare the whole Origin; a wildcard may stand for labels of the host only, not for what holds a slash",
    ),
}

#: Who can have such a page, and what comes of it; "{}" is how the page can read.
_CONSEQUENCES = {
    Reach.ANYONE: "Anybody can have a page of that origin, and it can read what this URL answers {}",
    Reach.NETWORK: "Who controls the network can make a page of that origin, and it can read what this URL answers {}",
    Reach.SITE: "Who controls another host or port of the site can read what this URL answers {}",
    Reach.PATTERN: "If that is not meant: who controls such a host or port can read what this URL answers {}",
    Reach.NOBODY: "Nobody can have that name today; it shows how the comparison is made",
    Reach.UNSENT: "No browser sends such an Origin; it shows how the comparison is made, and that others may slip by",
    Reach.HARMLESS: "No browser sends such an Origin, and the host would be the same; it shows what is compared",
}


def _strangers(seen: Observations) -> Iterator[Finding]:
    """Report strangers that get more than the unrelated one, by kind, but for what others imply."""
    excess = (sighting for sighting in seen.sightings[1:] if _excess(sighting, seen.unrelated))
    taken = {sighting.stranger.likeness: sighting for sighting in excess}
    standing = _not_implied(taken, by=taken)
    telling = _not_implied(taken, by=standing)
    for kind in _COMPARISONS:
        if sightings := [taken[likeness] for likeness in telling if taken[likeness].stranger.kind is kind]:
            yield _about_strangers(kind, sightings)


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
    values = " and ".join(sighting.stranger.value for sighting in sightings)
    mode = "with the user's cookies" if _is_credentialed(worst) else "without cookies"
    consequence = _CONSEQUENCES[worst.stranger.reach].format(mode)
    sentence = f"{values} {'is' if len(sightings) == 1 else 'are'} allowed: {comparison}. {consequence}"
    exchanges = [(sighting.include if _is_credentialed(sighting) else sighting.omit).exchange for sighting in sightings]
    return _finding(kind, _weight(worst), sentence, exchanges, fix)


def _breaks_server(seen: Observations) -> Iterator[Finding]:
    if _is_broken(seen.own.omit.exchange):
        return
    broken = [each.omit.exchange for each in seen.sightings if _is_broken(each.omit.exchange)]
    if broken:
        values = ", ".join(exchange.request_lines("Origin")[0] for exchange in broken)
        sentence = f"An Origin that it does not expect breaks the server: {values}"
        fix = "Compare the Origin as a string, and treat what does not match as not allowed; do not parse it"
        yield _finding(ORIGIN_BREAKS_SERVER, Severity.LOW, sentence, broken, fix)


def _is_broken(exchange: Exchange) -> bool:
    return exchange.status is None or exchange.status >= 500


# Headers that contradict one another, or mean nothing


def _wildcard_with_credentials(seen: Observations) -> Iterator[Finding]:
    for exchange in seen.plain_answers:
        if exchange.response_lines(_ALLOW_ORIGIN) == ("*",) and "true" in exchange.response_lines(_ALLOW_CREDENTIALS):
            sentence = (
                f'{_ALLOW_ORIGIN} is "*" and {_ALLOW_CREDENTIALS} "true": no browser lets a page read with credentials '
                "then, so the second header does nothing, or what was meant does not work"
            )
            fix = f"Leave {_ALLOW_CREDENTIALS} out where all may read; else {_policy(seen.origin, True)}"
            yield _finding(WILDCARD_CREDENTIALS, Severity.LOW, sentence, [exchange], fix)
            return


def _allow_origin_lines(seen: Observations) -> Iterator[Finding]:
    for exchange in (*seen.plain_answers, *seen.preflights):
        lines = exchange.response_lines(_ALLOW_ORIGIN)
        if len(lines) > 1:
            sentence = (
                f"{_ALLOW_ORIGIN} comes in {len(lines)} lines, which browsers join to {_quoted(', '.join(lines))}: "
                "that is no origin, and no page can read the answer"
            )
            fix = "Let one part of the server set it: the application or what stands before it, not both"
            yield _finding(ALLOW_ORIGIN_TWICE, Severity.LOW, sentence, [exchange], fix)
            return


def _other_duplicates(seen: Observations) -> Iterator[Finding]:
    for name in _SINGLE_VALUED:
        for exchange in (*seen.plain_answers, *seen.preflights):
            if len(lines := exchange.response_lines(name)) > 1:
                sentence = f"{name} comes in {len(lines)} lines, and counts as if it were not there"
                fix = "Let one part of the server set it: the application or what stands before it, not both"
                yield _finding(DUPLICATE_HEADER, Severity.LOW, sentence, [exchange], fix)
                break


def _allow_origin_invalid(seen: Observations) -> Iterator[Finding]:
    for exchange in seen.plain_answers:
        lines = exchange.response_lines(_ALLOW_ORIGIN)
        if len(lines) == 1 and not _can_match(lines[0]):
            sentence = f"{_ALLOW_ORIGIN} is {_quoted(lines[0])}, which no browser ever takes for a page's origin"
            fix = f'Send one origin, as browsers write it, such as "{seen.origin}", or "*"'
            yield _finding(ALLOW_ORIGIN_INVALID, Severity.LOW, sentence, [exchange], fix)
            return


def _can_match(value: str) -> bool:
    if value == "*":
        return True
    try:
        parse_origin(value)
    except ValueError:
        return False
    return True


def _allow_credentials_invalid(seen: Observations) -> Iterator[Finding]:
    for exchange in seen.plain_answers:
        lines = exchange.response_lines(_ALLOW_CREDENTIALS)
        if len(lines) == 1 and lines[0] != "true":
            sentence = f'{_ALLOW_CREDENTIALS} is {_quoted(lines[0])}; only "true" means anything'
            fix = 'Send "true", or nothing'
            yield _finding(ALLOW_CREDENTIALS_INVALID, Severity.INFO, sentence, [exchange], fix)
            return


# Caches


def _vary(seen: Observations) -> Iterator[Finding]:
    everyone = [*seen.plain_answers, *(sighting.omit.exchange for sighting in seen.sightings)]
    if len({_decisive(exchange) for exchange in everyone if exchange.status is not None}) < 2:
        yield from _needless_vary(seen)
        return
    answers = [seen.bare, seen.own.omit.exchange, seen.unrelated.omit.exchange]
    missing = [exchange for exchange in answers if _may_be_kept(exchange) and not _varies(exchange)]
    if not missing:
        return
    misleading = [exchange for exchange in missing if _names_one_site(exchange)]
    kind = VARY_MISSING if misleading else VARY_MISSING_WITHOUT_CORS
    consequence = "hand the answer for one site to another" if misleading else "hand it to a page, which cannot read it"
    severity = max(map(_staleness, missing))
    if severity is Severity.INFO:
        kind = VARY_MISSING_NOT_STORED
    evidence = misleading or missing
    vary = ", ".join(evidence[0].response_lines("Vary"))
    came = f'Vary is {_quoted(vary)}, without "Origin"' if vary else 'there is no "Vary: Origin"'
    whom = " and ".join(dict.fromkeys(_asker(exchange) for exchange in evidence))
    sentence = (
        f"The answer depends on the Origin, and in the one to {whom} {came}: a cache that keeps it may {consequence}"
    )
    fix = "Send Vary: Origin with every answer: to allowed origins, to others, and without an Origin"
    yield _finding(kind, severity, sentence, evidence, fix)


def _names_one_site(exchange: Exchange) -> bool:
    return exchange.response_lines(_ALLOW_ORIGIN) not in ((), ("*",))


def _asker(exchange: Exchange) -> str:
    origins = exchange.request_lines("Origin")
    return origins[0] if origins else "a request without an Origin"


def _decisive(exchange: Exchange) -> tuple[tuple[str, ...], ...]:
    return tuple(exchange.response_lines(name) for name in _DECISIVE)


def _vary_names(exchange: Exchange) -> set[str]:
    return {name.lower() for line in exchange.response_lines("Vary") for name in fetch.split_list(line)}


def _varies(exchange: Exchange) -> bool:
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


def _needless_vary(seen: Observations) -> Iterator[Finding]:
    exchange = seen.own.omit.exchange
    if exchange.response_lines(_ALLOW_ORIGIN) == ("*",) and "origin" in _vary_names(exchange):
        sentence = f'{_ALLOW_ORIGIN} is "*" for all, and Vary: Origin makes caches keep one copy for each site'
        yield _finding(VARY_NEEDLESS, Severity.INFO, sentence, [exchange], 'Leave Origin out of Vary with "*"')


def _vary_overwritten(seen: Observations) -> Iterator[Finding]:
    own = seen.own.omit.exchange
    lost = _vary_names(seen.bare) - _vary_names(own)
    if own.status == seen.bare.status and lost - {"origin"} and "*" not in _vary_names(own):
        names = ", ".join(sorted(lost - {"origin"}))
        sentence = (
            f"Vary names {shown(names)} without an Origin and no longer with one: what adds the CORS headers throws "
            "away what the application said, and caches mix up its answers"
        )
        fix = "Add Origin to what Vary says already, over all of its lines"
        yield _finding(VARY_OVERWRITTEN, Severity.LOW, sentence, [seen.bare, own], fix)


# Preflights


def _any_method(seen: Observations) -> Iterator[Finding]:
    if seen.invented_method.allowed:
        sentence = f"Pages of {seen.origin} may send any method, even an invented one: {INVENTED_METHOD}"
        fix = 'List the methods that the URL takes; GET, HEAD and POST need no listing: allow_methods=["PUT"]'
        yield _finding(ANY_METHOD, Severity.INFO, sentence, [seen.invented_method.exchange], fix)


def _wide_methods(seen: Observations) -> Iterator[Finding]:
    listed = _names(seen.put.exchange, _ALLOW_METHODS)
    taken = _names(seen.options, "Allow")
    wide = [name for name in listed if name not in {*taken, *fetch.CORS_SAFELISTED_METHODS, "OPTIONS", "*"}]
    wide = [name for name in wide if not fetch.is_forbidden_method(name)]
    if taken and wide and not seen.invented_method.allowed:
        sentence = (
            f"{_ALLOW_METHODS} permits {shown(', '.join(wide))}, which this URL does not take: its Allow is "
            f"{_quoted(', '.join(seen.options.response_lines('Allow')))}"
        )
        exchanges = [seen.put.exchange, seen.options]
        yield _finding(METHODS_WIDE, Severity.INFO, sentence, exchanges, "Permit the methods that the URL takes")


def _forbidden_methods(seen: Observations) -> Iterator[Finding]:
    listed = [name for name in _names(seen.put.exchange, _ALLOW_METHODS) if fetch.is_forbidden_method(name)]
    if listed:
        names = shown(", ".join(listed))
        sentence = f"{_ALLOW_METHODS} permits {names}, which no page can send in any browser"
        yield _finding(METHOD_FORBIDDEN, Severity.INFO, sentence, [seen.put.exchange], f"Take {names} off")


def _method_substring(seen: Observations) -> Iterator[Finding]:
    exchange = seen.fragment.exchange
    invented = seen.invented_method.exchange
    method = exchange.request_lines("Access-Control-Request-Method")[0]
    granted = _names(exchange, _ALLOW_METHODS)
    if granted and not {method, "*"} & set(granted) and not _names(invented, _ALLOW_METHODS):
        sentence = (
            f"A preflight for {shown(method)} is granted, and one for {INVENTED_METHOD} is not: the server looks for "
            "the method inside the text of its list. Browsers compare again, and refuse"
        )
        fix = "Send the whole list, and let the browser compare; or compare whole names"
        yield _finding(METHOD_SUBSTRING, Severity.INFO, sentence, [exchange, invented], fix)


def _any_header(seen: Observations) -> Iterator[Finding]:
    if seen.invented_header.allowed:
        sentence = (
            f"Pages of {seen.origin} may set any request header, even an invented one: {INVENTED_HEADER}. Where that "
            'is by "*", browsers take it for Authorization too, whatever the standard says'
        )
        fix = 'List the headers that the application reads: allow_headers=["Content-Type"]'
        yield _finding(ANY_HEADER, Severity.INFO, sentence, [seen.invented_header.exchange], fix)


def _forbidden_headers(seen: Observations) -> Iterator[Finding]:
    exchange = seen.invented_header.exchange
    names = [*_names(exchange, _ALLOW_HEADERS), *_names(seen.put.exchange, _ALLOW_HEADERS)]
    listed = sorted({name.lower() for name in names if fetch.is_forbidden_request_header_name(name)})
    if listed:
        sentence = f"{_ALLOW_HEADERS} permits {shown(', '.join(listed))}, which no page can set in any browser"
        fix = f"Take {shown(', '.join(listed))} off"
        evidence = [each for each in (seen.put.exchange, exchange) if _names(each, _ALLOW_HEADERS)]
        yield _finding(HEADER_FORBIDDEN, Severity.INFO, sentence, evidence, fix)


def _private_network(seen: Observations) -> Iterator[Finding]:
    granted = {True: "any website", False: f"pages of {seen.origin}"}
    for anyone, exchange in ((True, seen.private_unrelated), (False, seen.private)):
        if "true" in exchange.response_lines(_ALLOW_PRIVATE_NETWORK):
            sentence = (
                f"{_ALLOW_PRIVATE_NETWORK} invites {granted[anyone]} into a private network. It never came into force: "
                "browsers ask the user instead"
            )
            severity = Severity.LOW if anyone else Severity.INFO
            yield _finding(PRIVATE_NETWORK, severity, sentence, [exchange], "Do not send it")
            return


def _max_age(seen: Observations) -> Iterator[Finding]:
    for exchange in seen.preflights:
        lines = exchange.response_lines(_MAX_AGE)
        if len(lines) != 1:
            continue
        seconds = fetch.extract_max_age(lines)
        if seconds is None:
            sentence = f"{_MAX_AGE} is {_quoted(lines[0])}, not a number of seconds, and counts as 5"
            yield _finding(MAX_AGE_INVALID, Severity.INFO, sentence, [exchange], "Send digits only, such as 600")
        elif seconds > max(MAX_AGE_CAPS.values()):
            caps = ", ".join(f"{_ENGINES[engine]} {cap}" for engine, cap in sorted(MAX_AGE_CAPS.items()))
            sentence = (
                f"{_MAX_AGE} is {_quoted(lines[0])}; no browser keeps the answer so long. Seconds at most: {caps}"
            )
            fix = "Send 86400 at most; 600 is the most that all of them keep, and soon follows a change of policy"
            yield _finding(MAX_AGE_ABOVE_CAPS, Severity.INFO, sentence, [exchange], fix)
        return


# How far the audit could see


def _own_origin(seen: Observations) -> Iterator[Finding]:
    answer = seen.own.omit
    if answer.allowed or seen.own.include.allowed:
        return
    status = answer.exchange.status
    if status is not None and status >= 400 and not answer.exchange.response_lines(_ALLOW_ORIGIN):
        sentence = (
            f"The answer is an error, {status}, without CORS headers: pages of {seen.origin} see a failure of CORS in "
            "place of the error, and this audit sees little of the comparison"
        )
        fix = "Add the CORS headers to errors too; audit a URL that answers"
        yield _finding(ERROR_WITHOUT_CORS, Severity.INFO, sentence, [answer.exchange], fix)
    else:
        sentence = (
            f"Pages of {seen.origin} cannot read the answer either: {shown(str(answer.reason), 1000)}. What resembles "
            "that origin is refused with it, so that this audit says little"
        )
        fix = "Audit with an origin that the server allows; corswsgi check says what this one would need"
        yield _finding(ORIGIN_NOT_ALLOWED, Severity.INFO, sentence, [answer.exchange], fix)


def _redirect(seen: Observations) -> Iterator[Finding]:
    location = seen.bare.response_lines("Location")
    if seen.bare.status in fetch.REDIRECT_STATUSES and location:
        sentence = f"The URL only leads elsewhere, to {_quoted(', '.join(location))}; what is there was not audited"
        yield _finding(REDIRECT, Severity.INFO, sentence, [seen.bare], "Audit the URL that it leads to")


def _mixed_content(seen: Observations) -> Iterator[Finding]:
    if is_mixed_content(parse_origin(seen.origin), seen.url):
        sentence = (
            f"Pages of {seen.origin} cannot fetch plain http at all (mixed content), unless from this machine; what "
            "follows is how the server compares"
        )
        yield _finding(MIXED_CONTENT, Severity.INFO, sentence, [seen.bare], "Serve it over https")


_RULES: tuple[Rule, ...] = (
    _mixed_content,
    _redirect,
    _own_origin,
    _any_origin,
    _any_origin_may_send,
    _strangers,
    _breaks_server,
    _wildcard_with_credentials,
    _allow_origin_lines,
    _allow_origin_invalid,
    _allow_credentials_invalid,
    _other_duplicates,
    _vary,
    _vary_overwritten,
    _any_method,
    _wide_methods,
    _forbidden_methods,
    _method_substring,
    _any_header,
    _forbidden_headers,
    _private_network,
    _max_age,
)


# Words


def _finding(kind: Kind, severity: Severity, sentence: str, exchanges: Iterable[Exchange], fix: str) -> Finding:
    return kind.finding(sentence, fix, seen=exchanges, severity=severity)


def _policy(origin: str, credentials: bool) -> str:
    """Return the policy that would be right on a server of ours."""
    more = ", allow_credentials=True" if credentials else ""
    return f'Policy(allow_origins=["{origin}"]{more})'


def _quoted(text: str) -> str:
    return f'"{shown(text)}"'


def _names(exchange: Exchange, header: str) -> list[str]:
    """Return the names that a response header lists, none where it is no list of names."""
    try:
        return fetch.extract_header_list_values(exchange.response_lines(header)) or []
    except ValueError:
        return []
