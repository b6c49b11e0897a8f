"""Whether a cache answered in the place of the server, and how to ask past it."""

from __future__ import annotations

import re

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.browser.urls import URL, parse_url
from corswsgi.checker.findings import shown
from corswsgi.checker.granting import ALLOW_ORIGIN, joined

#: Nobody's parameter: a cache that has the query in its key has no answer for it, and none of its answers is replaced.
_PARAMETER = "corswsgi-past-cache"

#: What a cache says of itself in a word or two; nginx's name is whatever its configuration says.
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
    """Return the headers by which a cache says that it answered; none if the server did, or it does not tell."""
    told = []
    for name in _STATUSES:
        for line in exchange.response_lines(name):
            # Squid and CloudFront name themselves: HIT from cache.example.com.
            if any(_KEPT.search(part.partition(" from ")[0]) for part in line.split(",")):
                told.append(f"{name}: {shown(line)}")
    told += [f"Cache-Status: {shown(line)}" for line in exchange.response_lines("Cache-Status") if _HIT.search(line)]
    # Varnish names the request, and for a hit also the one that it was fetched for.
    told += [f"X-Varnish: {line}" for line in exchange.response_lines("X-Varnish") if re.fullmatch(r"\d+ \d+", line)]
    told += [f"Age: {line}" for line in exchange.response_lines("Age") if re.fullmatch("0*[1-9][0-9]*", line)]
    return tuple(told)


def may_be_kept(exchange: Exchange) -> bool:
    """Tell whether a cache that says nothing of itself may have answered, with what is for no origin or for another."""
    if exchange.method not in ("GET", "HEAD") or not 200 <= (exchange.status or 0) < 300:
        return False
    directives = {each.partition("=")[0].lower() for each in fetch.split_list(joined(exchange, "Cache-Control") or "")}
    allowed = joined(exchange, ALLOW_ORIGIN)
    is_for_another = allowed is None or ("://" in allowed and " " not in allowed)
    return is_for_another and directives.isdisjoint({"no-store", "private"})


def past_cache(url: URL, token: str) -> URL:
    """Return an address of the same resource for which no cache has an answer, if the query is in its key."""
    address = url.without_fragment
    separator = "?" if "?" not in address else "" if address.endswith("?") else "&"
    return parse_url(f"{address}{separator}{_PARAMETER}={token}")


def is_past(fresh: Exchange, came: Exchange) -> bool:
    """Tell whether an answer is the server's own, and to the same question."""
    return fresh.status is not None and not signs(fresh) and fresh.status // 100 == (came.status or 0) // 100
