"""``audit``: what pages of hostile origins can read and send at a URL.

The rules are in :mod:`corswsgi.checker.rules`, the text is in :mod:`corswsgi.checker.render.audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corswsgi.browser.blocking import block_bad_port
from corswsgi.browser.urls import URL
from corswsgi.browser.verdict import NetworkError
from corswsgi.checker.findings import Finding, Severity
from corswsgi.checker.gatherer import COOKIES, MOST_REQUESTS, Gatherer
from corswsgi.checker.limit import Limit
from corswsgi.checker.observations import (
    INVENTED_HEADER,
    INVENTED_METHOD,
    Observations,
    Pair,
    Sighting,
    fragment_of_a_method,
    method_to_ask_for,
)
from corswsgi.checker.rules import (
    allow_origin,
    caches,
    credentials,
    errors,
    names,
    network,
    origins,
    permissions,
    redirects,
)
from corswsgi.checker.strangers import Stranger, derive
from corswsgi.checker.target import parse_page_origin, parse_target_url
from corswsgi.errors import UsageError

#: The requests other than those as a stranger: without an Origin, as the origin itself twice, and the preflights.
_OTHERS = 11

#: Seconds for each answer.
_DEFAULT_TIMEOUT = 10.0


class Unanswered(Exception):
    """The server does not respond at all; the message says why, on one line."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The report of an audit.

    :ivar requests: how many requests were sent.
    :ivar cookies: the names of the visitor's cookies that were sent with credentials.
    :ivar cut_short: why some requests were not sent; empty if all were.
    :ivar own: the responses to the origin that is meant to read.
    :ivar sightings: the responses to each stranger.
    :ivar findings: the worst first.
    """

    url: str
    origin: str
    requests: int
    own: Pair
    sightings: tuple[Sighting, ...]
    findings: tuple[Finding, ...]
    cut_short: str = ""
    cookies: tuple[str, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; ``None`` if there is none."""
        return max((finding.severity for finding in self.findings), default=None)


Rule = Callable[[Observations], Iterable[Finding]]

_RULES: tuple[Rule, ...] = (
    network.mixed_content,
    redirects.redirect,
    errors.own_origin,
    origins.any_origin,
    origins.any_origin_may_send,
    origins.strangers,
    errors.breaks_server,
    credentials.wildcard_with_credentials,
    allow_origin.allow_origin_lines,
    allow_origin.allow_origin_invalid,
    credentials.allow_credentials_invalid,
    allow_origin.other_duplicates,
    caches.vary,
    caches.vary_overwritten,
    permissions.any_method,
    permissions.wide_methods,
    permissions.forbidden_methods,
    permissions.method_substring,
    permissions.any_header,
    permissions.forbidden_headers,
    permissions.private_network,
    permissions.max_age,
    names.misspelled_names,
)


def requests_needed(url: str, origin: str) -> int:
    """Return how many requests an audit sends.

    :raises UsageError: if it cannot be done: see :func:`audit`.
    """
    target, page = _checked(url, origin)
    return _OTHERS + 2 * len(derive(page, target.origin.serialized))


def audit(
    site: Any,
    url: str,
    origin: str,
    *,
    limit: Limit | None = None,
    cookies: Mapping[str, str] = COOKIES,
    most_requests: int = MOST_REQUESTS,
    on_request: Callable[[], object] = lambda: None,
) -> AuditReport:
    """Send requests as the origin that is meant, and as hostile ones that resemble it; report what each can read.

    Only GET and OPTIONS are sent.

    :param site: a WSGI application or a ``requests.Session``.
    :param url: absolute.
    :param origin: the origin of the pages that are meant to read it, serialized.
    :param limit: the time for each response and for all; by default 10 seconds for each.
    :param cookies: the cookies of a visitor; by default one that belongs to nobody's session.
    :param most_requests: how many requests may be sent.
    :param on_request: called before each request.
    :raises UsageError: if the URL or the origin is not valid, or browsers would not send such a request.
    :raises Unanswered: if the server does not respond, without an Origin or to that of the page, or not in time.
    :raises BudgetExceeded: if more requests are needed than may be sent.
    """
    target, page = _checked(url, origin)
    limit = limit or Limit(_DEFAULT_TIMEOUT)
    gatherer = Gatherer(site, target, limit=limit, cookies=cookies, most_requests=most_requests, on_request=on_request)
    seen = _observe(gatherer, target, page, limit)
    return AuditReport(target.href, page, gatherer.sent, seen.own, seen.sightings, _judge(seen), limit.cut_short)


def _checked(url: str, origin: str) -> tuple[URL, str]:
    target, page = parse_target_url(url), parse_page_origin(origin)
    if page == target.origin.serialized:
        raise UsageError(
            f"{page} is the origin of the URL itself, and its pages need no permission; give another origin"
        )
    try:
        block_bad_port(target)
    except NetworkError as error:
        raise UsageError(str(error)) from None
    return target, page


def _observe(gatherer: Gatherer, url: URL, origin: str, limit: Limit) -> Observations:
    """Send all requests, for as long as there is time; later ones are not sent, and seem to have no response."""
    bare = gatherer.plain("GET")
    if bare.status is None:
        raise Unanswered(bare.error)
    own = Pair(gatherer.actual(origin, "omit"), gatherer.actual(origin, "include"))
    if own.omit.exchange.status is None or limit.is_reached():
        raise Unanswered(own.omit.exchange.error or own.include.exchange.error)
    strangers = derive(origin, url.origin.serialized)
    sightings = tuple(_see(gatherer, strangers, limit))
    evil = strangers[0].value
    put = gatherer.preflight(origin, "PUT", credentials="include")
    return Observations(
        url=url,
        origin=origin,
        bare=bare,
        own=own,
        # If the time ran out before the first stranger, the preflight was not sent either, and grants nothing.
        unrelated=sightings[0] if sightings else Sighting(strangers[0], put, put),
        sightings=sightings,
        put=put,
        invented_method=gatherer.preflight(origin, INVENTED_METHOD),
        fragment=gatherer.preflight(origin, fragment_of_a_method(put.exchange)),
        invented_header=gatherer.preflight(origin, "GET", [(INVENTED_HEADER, "1")]),
        sending=gatherer.preflight(evil, method_to_ask_for(put.exchange), credentials="include"),
        options=gatherer.plain("OPTIONS"),
        private=gatherer.private_network(origin),
        private_unrelated=gatherer.private_network(evil),
    )


def _see(gatherer: Gatherer, strangers: Iterable[Stranger], limit: Limit) -> Iterator[Sighting]:
    """Yield the responses to strangers, without and with credentials, for as long as there is time."""
    for stranger in strangers:
        sighting = Sighting(
            stranger, gatherer.actual(stranger.value, "omit"), gatherer.actual(stranger.value, "include")
        )
        if limit.is_reached():
            return
        yield sighting


def _judge(seen: Observations) -> tuple[Finding, ...]:
    """Return the findings, the worst first."""
    found = [finding for rule in _RULES for finding in rule(seen)]
    return tuple(sorted(found, key=lambda finding: -finding.severity))
