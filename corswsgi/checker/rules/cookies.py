"""Which browsers store the cookies of a response and send them with the page's requests, and what to change if not.

Findings show names and attributes of cookies, never their values.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from corswsgi.browser import Exchange
from corswsgi.browser.cookies import CookieStore, Errand
from corswsgi.browser.departures import OF_LIBSOUP, Departure
from corswsgi.browser.engines import PROFILES
from corswsgi.browser.set_cookie import Refused, Rule
from corswsgi.browser.urls import (
    URL,
    Origin,
    is_potentially_trustworthy_origin,
    parse_origin,
    parse_url,
    same_site,
    schemelessly_same_site,
)
from corswsgi.checker.findings import Finding, shown
from corswsgi.checker.kinds import cookies as kinds
from corswsgi.checker.parts import CookieAnswer, CookieFate
from corswsgi.checker.words import listed

#: Rules about the cookie itself, on any page.
_ALWAYS = frozenset({Rule.MALFORMED, Rule.TOO_LARGE, Rule.PREFIX, Rule.DOMAIN, Rule.PARTITIONED_WITHOUT_SECURE})

_MOST_COOKIES = 50


def judge(origin: str, ways: Iterable[Sequence[Exchange]], engines: Sequence[str]) -> tuple[CookieAnswer, ...]:
    """Return what each browser does with the cookies of the responses to a page's requests, with the first 50 of them.

    :param origin: of the page, serialized.
    :param ways: the exchanges of each request, redirects included, without preflights.
    """
    page = parse_origin(origin)
    answers = (answer for exchanges in ways for answer in _on_the_way(page, exchanges, engines))
    return tuple(itertools.islice(answers, _MOST_COOKIES))


def findings(origin: str, answers: Iterable[CookieAnswer]) -> Iterator[Finding]:
    """Yield what is wrong with each cookie, and once for all of them that a browser blocks third-party cookies."""
    blocking: dict[str, list[str]] = {}
    for answer in answers:
        if answer.finding is not None:
            yield answer.finding
        url = parse_url(answer.url)
        if not same_site(parse_origin(origin), url.origin):
            fix = one_site(parse_origin(origin), url)
            blocking.setdefault(fix, []).extend(each.browser for each in answer.fates if each.rule == Rule.THIRD_PARTY)
    for fix, browsers in blocking.items():
        if browsers:
            names = listed(list(dict.fromkeys(browsers)))
            sentence = f"the server is on another site than the page: its cookies are not stored or sent by {names}"
            yield kinds.COOKIES_OF_THIRD_PARTY.finding(sentence, fix)


def _on_the_way(page: Origin, exchanges: Sequence[Exchange], engines: Sequence[str]) -> Iterator[CookieAnswer]:
    urls: list[URL] = []
    for exchange in exchanges:
        urls.append(parse_url(exchange.url))
        for line in exchange.response_lines("Set-Cookie"):
            yield _answer(line, page, tuple(urls), engines)


def _answer(line: str, page: Origin, urls: Sequence[URL], engines: Sequence[str]) -> CookieAnswer:
    pair, *attributes = line.split(";")
    name, equals, _ = pair.partition("=")
    fates = tuple(_fate(engine, line, page, urls) for engine in engines)
    known = tuple(shown(each.strip()) for each in attributes)
    answer = CookieAnswer(shown(name.strip()) if equals else "", known, urls[-1].without_fragment, fates)
    lost = [fate for fate in fates if fate.outcome == "refused"]
    if not lost:
        return answer
    return CookieAnswer(answer.name, answer.attributes, answer.url, fates, _finding(answer, lost, page, urls[-1]))


def _fate(engine: str, line: str, page: Origin, urls: Sequence[URL]) -> CookieFate:
    profile = PROFILES[engine]
    departures = profile.departures - OF_LIBSOUP
    errand = Errand(page, urls, departures.__contains__)
    try:
        cookie = CookieStore({}, lambda: 0.0).store(line, errand)
    except Refused as error:
        refusal = error.refusal
        return CookieFate(engine, profile.browser, "refused", refusal.rule, refusal.anchor, refusal.sentence)
    if cookie is None:
        return CookieFate(engine, profile.browser, "deleted", "", "", "it has expired")
    if cookie.partition:
        sentence = "for this page only" if page.is_opaque else f"for pages of {cookie.partition} only"
        anchor = Departure.COOKIES_PARTITIONED.anchor
        return CookieFate(engine, profile.browser, "partitioned", Rule.PARTITION, anchor, sentence)
    return CookieFate(engine, profile.browser, "kept", "", "", f"for {cookie.path} and below")


# Words


def _finding(answer: CookieAnswer, lost: Sequence[CookieFate], page: Origin, url: URL) -> Finding:
    shown_name = f'the cookie "{answer.name}"' if answer.name else "a cookie without a name"
    why: dict[str, list[str]] = {}
    for fate in lost:
        why.setdefault(f"{fate.sentence} ({fate.anchor})", []).append(fate.browser)
    fix = "; ".join(_fixes(answer, {fate.rule for fate in lost}, page, url))
    if len(lost) == len(answer.fates) and len(why) == 1:
        sentence = f"no browser stores {shown_name}: {next(iter(why))}"
        return kinds.COOKIE_REFUSED.finding(sentence, fix)
    reasons = "; ".join(f"{listed(names)}: {sentence}" for sentence, names in why.items())
    kind = kinds.COOKIE_REFUSED if len(lost) == len(answer.fates) else kinds.COOKIE_KEPT_BY_SOME
    browsers = listed([fate.browser for fate in lost])
    return kind.finding(f"{shown_name} is not stored by {browsers}: {reasons}", fix)


def _fixes(answer: CookieAnswer, rules: set[str], page: Origin, url: URL) -> Iterator[str]:
    """Yield what to do; each helps all browsers that refuse the cookie for that reason."""
    if always := rules & _ALWAYS:
        yield from (_CORRECTIONS[Rule(rule)].format(host=url.host) for rule in sorted(always))
    elif not same_site(page, url.origin):
        yield from _across_sites(answer, rules, page, url)
    elif Rule.THIRD_PARTY in rules:
        yield "fetch the URL directly: the redirect to it comes from another site"
    elif Rule.NONE_WITHOUT_SECURE in rules:
        yield f"send {_line(answer, 'SameSite=Lax')}, because the page and the server are on one site"
    else:
        yield f"remove Secure as long as the address is http: (send {_line(answer)}), or serve it over https:"


_CORRECTIONS = {
    Rule.MALFORMED: "write the cookie as name=value, in printable ASCII",
    Rule.TOO_LARGE: "store large data on the server, and only a key to it in the cookie",
    Rule.PREFIX: "give the cookie the attributes that the prefix of its name requires, or another name",
    Rule.DOMAIN: "remove Domain, or write {host} or a parent domain of it that is not a public suffix",
    Rule.PARTITIONED_WITHOUT_SECURE: "add Secure to Partitioned",
}


def _across_sites(answer: CookieAnswer, rules: set[str], page: Origin, url: URL) -> Iterator[str]:
    helps_alone = page.is_opaque or _are_local(page, url) or schemelessly_same_site(page, url.origin)
    if helps_alone or not rules - {Rule.THIRD_PARTY}:
        yield one_site(page, url)
        return
    how = f"send {_line(answer, 'SameSite=None', 'Secure')}"
    yield how if url.scheme == "https" else f"serve the URL over https: and {how}"


def one_site(page: Origin, url: URL) -> str:
    if page.is_opaque:
        return "serve the page from an origin of its own: a sandboxed page belongs to no site"
    if schemelessly_same_site(page, url.origin):
        return "serve both the page and the API over https:; for Chrome, http: and https: are two sites"
    if _are_local(page, url):
        return f"fetch from the host of the page, {page.host}, so that both are on one site; the port may differ"
    return (
        "serve the page and the API from one site, such as app.example.com and api.example.com; Safari blocks all "
        "other cookies"
    )


def _are_local(page: Origin, url: URL) -> bool:
    local = map(is_potentially_trustworthy_origin, (page, url.origin))
    return page.scheme == url.scheme == "http" and all(local)


def _line(answer: CookieAnswer, *more: str) -> str:
    """Return the ``Set-Cookie`` header to send."""
    replaced = ("samesite", "secure")
    kept = [each for each in answer.attributes if each.partition("=")[0].strip().lower() not in replaced]
    return f"Set-Cookie: {'; '.join([f'{answer.name}=...', *kept, *more])}"
