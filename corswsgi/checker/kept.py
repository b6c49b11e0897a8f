"""Tells whether a cache answered instead of the server, and how to get past it."""

from __future__ import annotations

import re

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.browser.urls import URL, parse_url
from corswsgi.checker.findings import shown
from corswsgi.checker.granting import ALLOW_ORIGIN, joined

#: A parameter of no application: a cache with the query in its key has no answer for it, and replaces none.
_PARAMETER = "corswsgi-past-cache"

#: Headers in which caches report themselves; for nginx the configuration chooses the name.
_STATUSES = (
    "CF-Cache-Status",
    "X-Cache",
    "X-Cache-Status",
    "X-Drupal-Cache",
    "X-LiteSpeed-Cache",
    "X-Nginx-Cache",
    "X-Proxy-Cache",
    "X-Rack-Cache",
    "X-Vercel-Cache",
)
_KEPT = re.compile("hit|stale|fresh|updating|revalidated", re.IGNORECASE)

#: rfc9211#section-2.1: a parameter of a cache in Cache-Status.
_HIT = re.compile(r";\s*hit\s*(?:;|,|=\s*\?1|$)", re.IGNORECASE)


def signs(exchange: Exchange) -> tuple[str, ...]:
    """Return the headers that say that a cache answered; none if the server did, or if nothing says so."""
    told = []
    for name in _STATUSES:
        for line in exchange.response_lines(name):
            # Squid and CloudFront name themselves: HIT from cache.example.com.
            if any(_KEPT.search(part.partition(" from ")[0]) for part in line.split(",")):
                told.append(f"{name}: {shown(line)}")
    told += [f"Cache-Status: {shown(line)}" for line in exchange.response_lines("Cache-Status") if _HIT.search(line)]
    # Varnish gives the number of the request, and for a hit also that of the request it was fetched for.
    told += [f"X-Varnish: {line}" for line in exchange.response_lines("X-Varnish") if re.fullmatch(r"\d+ \d+", line)]
    told += [f"Age: {line}" for line in exchange.response_lines("Age") if re.fullmatch("0*[1-9][0-9]*", line)]
    return tuple(told)


def may_be_kept(exchange: Exchange) -> bool:
    """Tell whether a cache without such headers may have answered, with an answer for another origin or for none."""
    if exchange.method not in ("GET", "HEAD") or not 200 <= (exchange.status or 0) < 300:
        return False
    directives = {each.partition("=")[0].lower() for each in fetch.split_list(joined(exchange, "Cache-Control") or "")}
    allowed = joined(exchange, ALLOW_ORIGIN)
    is_for_another = allowed is None or ("://" in allowed and " " not in allowed)
    return is_for_another and directives.isdisjoint({"no-store", "private"})


def past_cache(url: URL, token: str) -> URL:
    """Return an address of the same resource for which no cache with the query in its key has an answer."""
    address = url.without_fragment
    separator = "?" if "?" not in address else "" if address.endswith("?") else "&"
    return parse_url(f"{address}{separator}{_PARAMETER}={token}")


def is_past(fresh: Exchange, came: Exchange) -> bool:
    """Tell whether the server itself gave an answer, and its status is of the same class."""
    return fresh.status is not None and not signs(fresh) and fresh.status // 100 == (came.status or 0) // 100
