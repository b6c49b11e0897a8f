"""The cookies of a logged-in visitor: which of those given each browser sends, and why not the others.

What a jar does not say is assumed so that the cookie is sent: SameSite=None, which needs Secure, and in a browser that
partitions cookies by the site of the page, the partition of this page.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from corswsgi.browser.cookies import Cookie, CookieStore, Errand, is_inside
from corswsgi.browser.departures import Departure
from corswsgi.browser.engines import PROFILES
from corswsgi.browser.set_cookie import Rule
from corswsgi.browser.urls import URL, is_potentially_trustworthy_url, parse_origin, parse_url, same_site
from corswsgi.checker.findings import Finding, Severity, shown
from corswsgi.checker.jar import GivenCookie
from corswsgi.checker.kinds.visitor import (
    COOKIE_NOT_SENT,
    COOKIES_NOT_INCLUDED,
    COOKIES_OF_OTHER_HOSTS,
    COOKIES_TAKEN_AS_NONE,
    NO_COOKIES_GIVEN,
)
from corswsgi.checker.parts import CarriedCookie, CarriedFate
from corswsgi.checker.rules.cookies import one_site
from corswsgi.checker.words import listed

#: The most names that a sentence lists.
_MOST_NAMES = 5


def store_for(given: Iterable[GivenCookie], origin: str, url: URL, engine: str) -> CookieStore:
    """Return the cookie store of a browser whose visitor has these cookies.

    :param origin: of the page, serialized.
    :param url: the first URL that the page requests.
    """
    store = CookieStore({}, time.monotonic)
    for each in given:
        if not each.expired:
            where = url if each.is_for(url.host) else parse_url(f"{url.scheme}://{each.domain}/")
            store.add(_kept(each, _errand(origin, where, engine)), where.origin)
    return store


def cookie_line(store: CookieStore, origin: str, url: URL, engine: str) -> str | None:
    """Return the value of ``Cookie`` in the request of a page for a URL; ``None`` for no such header."""
    return store.header_for(_errand(origin, url, engine))


def sent_anyway(given: Iterable[GivenCookie], url: URL) -> dict[str, str]:
    """Return the cookies for a URL without regard to SameSite, as an audit sends them."""
    is_safe = is_potentially_trustworthy_url(url)
    here = [each for each in given if each.is_for(url.host) and is_inside(url.path, each.path)]
    return {each.name: each.value for each in here if not each.expired and (is_safe or not each.secure)}


def carried(given: Iterable[GivenCookie], origin: str, url: URL, engines: Sequence[str]) -> tuple[CarriedCookie, ...]:
    """Return what each browser does with the cookies for the host of a URL, without their values."""
    return tuple(
        CarriedCookie(shown(each.name), each.domain, tuple(_fate(each, origin, url, engine) for engine in engines))
        for each in given
        if each.is_for(url.host)
    )


def includes_cookies(origin: str, url: URL, credentials: str) -> bool:
    """Tell whether a request of a page may have cookies (fetch#concept-request-credentials-mode)."""
    return credentials == "include" or (credentials == "same-origin" and url.origin.serialized == origin)


def findings(
    given: Sequence[GivenCookie],
    answers: Sequence[CarriedCookie],
    origin: str,
    url: URL,
    credentials: str,
    turned_away: str = "",
) -> Iterator[Finding]:
    """Yield the findings about the cookies of the page's visitor.

    :param answers: what each browser does with those for the host of the URL.
    :param turned_away: the browser whose request was answered like a stranger's; empty if there is none.
    """
    if not includes_cookies(origin, url, credentials):
        if given:
            sentence = f"no cookies were sent: credentials are {credentials}"
            yield COOKIES_NOT_INCLUDED.finding(sentence, "give --credentials include if the script says so")
    elif not given:
        if credentials == "include":
            sentence = "no cookies were sent: this is what visitors get who are not logged in"
            fix = "give --cookie 'NAME=VALUE' or --cookie-jar FILE to ask as a logged-in visitor"
            yield NO_COOKIES_GIVEN.finding(sentence, fix)
    elif not answers:
        domains = list(dict.fromkeys(each.domain for each in given))
        of = ", ".join(domains[:_MOST_NAMES]) + (", ..." if len(domains) > _MOST_NAMES else "")
        sentence = f"no cookies were sent: none of the given cookies is for {url.host}; they are for {of}"
        fix = f"save the cookies of {url.host}, as curl -c does after a login there, or give --cookie 'NAME=VALUE'"
        yield COOKIES_OF_OTHER_HOSTS.finding(sentence, fix)
    else:
        yield from _on_sending(answers, origin, url, turned_away)


def _on_sending(answers: Sequence[CarriedCookie], origin: str, url: URL, turned_away: str) -> Iterator[Finding]:
    """Yield what was assumed about the cookies that are sent, and for each reason which are not, in which browsers."""
    names = sent_names(answers)
    if names and not same_site(parse_origin(origin), url.origin):
        sentence = (
            f"{_numbered(names)} {_IS[len(names) > 1]} assumed to be set with SameSite=None; Secure: the given cookies "
            "do not say, and a page of another site sends no other cookies"
        )
        yield COOKIES_TAKEN_AS_NONE.finding(sentence)
    withheld: dict[tuple[str, str], dict[str, list[str]]] = {}
    for answer in answers:
        for fate in answer.fates:
            if not fate.sent:
                named = withheld.setdefault((fate.rule, fate.sentence), {})
                named.setdefault(fate.browser, []).append(answer.name)
    for (rule, sentence), named in withheld.items():
        names = list(dict.fromkeys(name for each in named.values() for name in each))
        some = f"{_numbered(names)} {_IS[len(names) > 1]} not sent by {listed(list(named))}"
        severity = Severity.HIGH if turned_away in named else None
        yield COOKIE_NOT_SENT.finding(f"{some}: {sentence}", _fix(rule, origin, url), severity=severity)


def sent_names(answers: Sequence[CarriedCookie]) -> list[str]:
    """Return the names of the cookies that some browser sends."""
    return list(dict.fromkeys(each.name for each in answers if any(fate.sent for fate in each.fates)))


def _errand(origin: str, url: URL, engine: str) -> Errand:
    return Errand(parse_origin(origin), (url,), PROFILES[engine].departures.__contains__)


def _kept(given: GivenCookie, errand: Errand) -> Cookie:
    secure = errand.is_secure if given.secure is None else given.secure
    is_apart = errand.is_cross_site and errand.departs(Departure.COOKIES_PARTITIONED)
    return Cookie(
        name=given.name,
        value=given.value,
        domain=given.domain,
        host_only=given.host_only,
        path=given.path,
        secure=secure,
        same_site="none" if secure else "default",
        partition=errand.first_party if is_apart else "",
        expires=None,
        number=0,
    )


def _fate(given: GivenCookie, origin: str, url: URL, engine: str) -> CarriedFate:
    browser = PROFILES[engine].browser
    if given.expired:
        return CarriedFate(engine, browser, False, _EXPIRED, "it has expired")
    errand = _errand(origin, url, engine)
    cookie = _kept(given, errand)
    refusal = CookieStore({}, time.monotonic).why_withheld(cookie, errand)
    if refusal is None:
        sentence = f"if it was set on a page of {cookie.partition}" if cookie.partition else ""
        return CarriedFate(engine, browser, True, Rule.PARTITION if cookie.partition else "", sentence)
    if refusal.rule == Rule.SAME_SITE:
        sentence = (
            "page and server are of two sites, and the cookie lacks Secure, which SameSite=None needs; so it counts as "
            "SameSite=Lax"
        )
        return CarriedFate(engine, browser, False, refusal.rule, sentence)
    return CarriedFate(engine, browser, False, refusal.rule, refusal.sentence)


_EXPIRED = "expired"
_IS = ("is", "are")


# Words


def _numbered(names: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    if len(quoted) > _MOST_NAMES:
        return f"{', '.join(quoted[:_MOST_NAMES])} and {len(quoted) - _MOST_NAMES} more cookies"
    return f"the cookie{'s' * (len(quoted) > 1)} {listed(quoted)}"


def _fix(rule: str, origin: str, url: URL) -> str:
    page = parse_origin(origin)
    match rule:
        case Rule.PATH:
            return "set the cookie with Path=/ if it is meant for this address"
        case Rule.SECURE:
            return "serve the URL over https:"
        case "expired":
            return "log in again, and save the cookies again"
        case Rule.SAME_SITE if url.scheme == "https":
            return "set the cookie with SameSite=None; Secure"
        case Rule.SAME_SITE if not same_site(page, url.origin):
            return f"serve the URL over https: and set the cookie with SameSite=None; Secure; or {one_site(page, url)}"
    return one_site(page, url)
