"""The cookies of one browser: which ones it keeps, for which pages, and which ones a request carries (rfc6265bis).

Not modelled: top-level navigations, which also carry cookies with ``SameSite=Lax``; scripts that read and write
``document.cookie``; and the user's settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from corswsgi.browser.departures import Departs, Departure
from corswsgi.browser.set_cookie import Refusal, Refused, Rule, SetCookie, parse_set_cookie
from corswsgi.browser.urls import (
    URL,
    Origin,
    is_potentially_trustworthy_url,
    is_public_suffix,
    registrable_domain,
    same_site,
    schemelessly_same_site,
)

#: rfc6265bis#section-6.1 sets no upper limits; these are Chromium's, for each site and for all sites.
_MOST_OF_SITE = 180
_MOST = 3000


@dataclass(frozen=True, slots=True)
class Errand:
    """A request as cookies see it.

    :ivar page: the origin of the page that sends it, which is the first party.
    :ivar url_list: all addresses of the request; each redirect added one.
    :ivar departs: tells whether the engine departs from the standard, and records that it did.
    """

    page: Origin
    url_list: Sequence[URL]
    departs: Departs

    @property
    def url(self) -> URL:
        return self.url_list[-1]

    @property
    def is_cross_site(self) -> bool:
        """Whether the page and the address belong to different sites (rfc6265bis#section-5.2)."""
        return not self._is_of_site(self.url)

    @property
    def has_crossed_sites(self) -> bool:
        """Whether any address of the request belongs to another site than the page."""
        return not all(map(self._is_of_site, self.url_list))

    def _is_of_site(self, url: URL) -> bool:
        if same_site(self.page, url.origin):
            return True
        is_alike = schemelessly_same_site(self.page, url.origin)
        return is_alike and self.departs(Departure.COOKIE_SITE_SCHEMELESS)

    @property
    def is_secure(self) -> bool:
        """Whether cookies with ``Secure`` may be set and sent (rfc6265bis#section-5.7); on loopback they may."""
        if self.url.scheme == "https":
            return True
        return is_potentially_trustworthy_url(self.url) and not self.departs(Departure.COOKIE_SECURE_LOOPBACK)

    @property
    def first_party(self) -> str:
        """The site of the page, which names a partition of the store."""
        return f"{self.page.scheme}://{_site(self.page)}"

    def refused_as_third_party(self) -> Refusal | None:
        if not self.has_crossed_sites or not self.departs(Departure.COOKIES_BLOCKED):
            return None
        sentence = "the browser blocks cookies of third parties, and the page and the server belong to different sites"
        return Refusal(Rule.THIRD_PARTY, sentence)


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that is kept.

    :ivar host_only: whether it belongs to this host only, and not to the hosts below it too.
    :ivar partition: the only first party under which it is sent; empty if it is sent under all.
    :ivar expires: on the browser's clock; ``None`` if it lasts as long as the browser.
    :ivar number: larger for a cookie that was created later.
    """

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    same_site: str
    partition: str
    expires: float | None
    number: int

    @property
    def key(self) -> tuple[str, str, bool, str, str]:
        return self.name, self.domain, self.host_only, self.path, self.partition


class CookieStore:
    """The cookies that a browser keeps; their number is limited.

    :ivar given: names and values that are sent to every host, until one sets or deletes them for itself.
    """

    def __init__(self, given: Mapping[str, str], clock: Callable[[], float]) -> None:
        self.given = dict(given)
        self._clock = clock
        self._sites: dict[str, dict[tuple[str, str, bool, str, str], Cookie]] = {}
        self._taken_over: set[tuple[str, str]] = set()
        self._number = 0

    # Sending

    def header_for(self, errand: Errand) -> str | None:
        """Return the value of ``Cookie``, or ``None`` for none (rfc6265bis#section-5.8.3)."""
        host = errand.url.host
        pairs = [f"{name}={value}" for name, value in self.given.items() if (host, name) not in self._taken_over]
        sent = [each for each in self._of(errand.url) if self.why_withheld(each, errand) is None]
        pairs += [f"{each.name}={each.value}" if each.name else each.value for each in _ordered(sent, errand)]
        return "; ".join(filter(None, pairs)) if pairs else None

    def why_withheld(self, cookie: Cookie, errand: Errand) -> Refusal | None:
        """Return why a request does not carry a cookie of its host, or ``None`` if it does."""
        if not is_inside(errand.url.path, cookie.path):
            return Refusal(Rule.PATH, f"it is for {cookie.path} only")
        if cookie.secure and not errand.is_secure:
            return Refusal(Rule.SECURE, "it has Secure, but the address is not https:")
        if cookie.partition and cookie.partition != errand.first_party:
            return Refusal(Rule.PARTITION, f"it is for pages of {cookie.partition} only")
        return (
            errand.refused_as_third_party()
            or _refused_across_sites(cookie.same_site, errand)
            or _refused_after_redirect(cookie.same_site, errand)
            or _refused_by_partition(cookie, errand)
        )

    def _of(self, url: URL) -> Iterator[Cookie]:
        now = self._clock()
        for cookie in self._sites.get(_site(url.origin), {}).values():
            is_for = url.host == cookie.domain or (not cookie.host_only and url.host.endswith(f".{cookie.domain}"))
            if is_for and (cookie.expires is None or cookie.expires > now):
                yield cookie

    # Keeping

    def add(self, cookie: Cookie, host: Origin) -> None:
        """Keep a cookie that the browser already had, without checking it.

        :param host: the origin of one of its hosts.
        """
        self._sites.setdefault(_site(host), {})[cookie.key] = replace(cookie, number=self._number)
        self._number += 1

    def store(self, line: str, errand: Errand) -> Cookie | None:
        """Keep the cookie of one ``Set-Cookie`` (rfc6265bis#section-5.7); return ``None`` if it deletes a cookie.

        :raises Refused: if it is not kept.
        """
        said = parse_set_cookie(line, errand.departs)
        domain = _domain(said, errand)
        self._check(said, errand)
        is_partitioned = said.partitioned or (errand.is_cross_site and errand.departs(Departure.COOKIES_PARTITIONED))
        cookie = Cookie(
            name=said.name,
            value=said.value,
            domain=domain or errand.url.host,
            host_only=not domain,
            path=_default_path(errand.url) if said.path is None else said.path,
            secure=said.secure,
            same_site=said.same_site,
            partition=errand.first_party if is_partitioned else "",
            expires=None if said.seconds is None else self._clock() + said.seconds,
            number=self._number,
        )
        self._number += 1
        site = _site(errand.url.origin)
        self._check_overlay(cookie, site, errand)
        if cookie.name in self.given and len(self._taken_over) < _MOST:
            self._taken_over.add((errand.url.host, cookie.name))
        if said.seconds is not None and said.seconds <= 0:
            self._sites.get(site, {}).pop(cookie.key, None)
            return None
        return self._keep(cookie, site, errand)

    def _check(self, said: SetCookie, errand: Errand) -> None:
        """Refuse a cookie that this server may not set, or not for this page."""
        if said.secure and not errand.is_secure:
            raise Refused(Rule.SECURE, f"it has Secure, but {errand.url.origin.serialized} is not https:")
        refusal = errand.refused_as_third_party() or _refused_across_sites(said.same_site, errand)
        if refusal is not None:
            raise Refused(refusal.rule, refusal.sentence)

    def _check_overlay(self, cookie: Cookie, site: str, errand: Errand) -> None:
        """rfc6265bis#section-5.7: a response over http: may not overlay secure cookies."""
        for other in self._sites.get(site, {}).values():
            related = _is_below(cookie.domain, other.domain) or _is_below(other.domain, cookie.domain)
            is_hidden = other.name == cookie.name and related and is_inside(cookie.path, other.path)
            if not (is_hidden and other.secure) or cookie.secure or errand.is_secure:
                continue
            if cookie.path == other.path or not errand.departs(Departure.COOKIE_OVERLAY_PATH):
                raise Refused(Rule.OVERLAY, "there is already a cookie with this name and Secure")

    def _keep(self, cookie: Cookie, site: str, errand: Errand) -> Cookie:
        kept = self._sites.setdefault(site, {})
        old = kept.get(cookie.key)
        if old is None:
            if len(kept) == _MOST_OF_SITE:
                del kept[next(iter(kept))]
            elif sum(map(len, self._sites.values())) == _MOST:
                del self._sites[next(iter(self._sites))]
        elif old.value == cookie.value or not errand.departs(Departure.COOKIE_RENEWED):
            cookie = replace(cookie, number=old.number)
        kept[cookie.key] = cookie
        return cookie


# The rules


def _refused_across_sites(same_site: str, errand: Errand) -> Refusal | None:
    """rfc6265bis#section-5.6.7.1: for requests other than navigations, Lax is as strict as Strict."""
    if same_site == "none" or not errand.is_cross_site:
        return None
    if same_site == "default":
        if errand.departs(Departure.COOKIE_DEFAULT_NONE):
            return None
        what = "it has no SameSite, which counts as Lax"
    else:
        what = f"it has SameSite={same_site.capitalize()}"
    return Refusal(Rule.SAME_SITE, f"{what}, and the page and the server belong to different sites")


def _refused_after_redirect(same_site: str, errand: Errand) -> Refusal | None:
    is_about_sites = same_site in ("strict", "lax")
    if not (is_about_sites and errand.has_crossed_sites and errand.departs(Departure.COOKIE_AFTER_REDIRECT)):
        return None
    sentence = f"it has SameSite={same_site.capitalize()}, and another site redirected the request"
    return Refusal(Rule.REDIRECT, sentence)


def _refused_by_partition(cookie: Cookie, errand: Errand) -> Refusal | None:
    if cookie.partition or not errand.is_cross_site or not errand.departs(Departure.COOKIES_PARTITIONED):
        return None
    sentence = "the browser keeps separate cookies of third parties for the pages of each site"
    return Refusal(Rule.THIRD_PARTY, sentence)


def _domain(said: SetCookie, errand: Errand) -> str:
    """Return the domain of a cookie; empty if it belongs to its host only (rfc6265bis#section-5.1.3, 5.7).

    :raises Refused: if the host may not set cookies for it.
    """
    if said.domain is None:
        return ""
    host, domain = errand.url.host, said.domain.lower()
    is_suffix = host.endswith(f".{domain}") and (
        not errand.url.origin.is_ip or errand.departs(Departure.COOKIE_DOMAIN_OF_ADDRESS)
    )
    if host != domain and not is_suffix:
        raise Refused(Rule.DOMAIN, f"its Domain is neither {host} nor a domain above it")
    if host != domain and domain != said.domain and errand.departs(Departure.COOKIE_DOMAIN_CASE):
        raise Refused(Rule.DOMAIN, "its Domain contains capitals")
    if errand.url.origin.is_ip or not is_public_suffix(domain):
        return domain
    if host == domain and not errand.departs(Departure.COOKIE_DOMAIN_SUFFIX):
        return ""
    raise Refused(Rule.DOMAIN, f"its Domain, {domain}, is a public suffix, below which anyone can register a name")


def _ordered(cookies: Sequence[Cookie], errand: Errand) -> list[Cookie]:
    """rfc6265bis#section-5.8.3: longer paths first, then cookies that were created earlier."""
    by_age = sorted(cookies, key=lambda each: each.number)
    by_domain = sorted(by_age, key=lambda each: (-len(each.domain), each.host_only))
    if by_domain != by_age and errand.departs(Departure.COOKIE_DOMAIN_ORDER):
        by_age = by_domain
    return sorted(by_age, key=lambda each: -len(each.path))


def is_inside(path: str, folder: str) -> bool:
    """Tell whether the path of a request matches that of a cookie (rfc6265bis#section-5.1.4)."""
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")


def _default_path(url: URL) -> str:
    """rfc6265bis#section-5.1.4"""
    return url.path.rpartition("/")[0] or "/"


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _site(origin: Origin) -> str:
    """Return the name of an origin's site without its scheme."""
    return registrable_domain(origin) or origin.host
