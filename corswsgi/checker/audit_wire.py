"""The requests of an audit, each sent within a budget; what the answers mean is for :mod:`corswsgi.checker.audit`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from corswsgi.browser import Browser, Code, Exchange, Reason, Verdict
from corswsgi.browser.checks import check_permission, cors_check, read_permission
from corswsgi.browser.fetching import ACCEPT_LANGUAGE
from corswsgi.browser.network import NoAnswer, network_for
from corswsgi.browser.request import Request
from corswsgi.browser.request_headers import USER_AGENT
from corswsgi.browser.urls import (
    URL,
    Origin,
    is_potentially_trustworthy_origin,
    is_potentially_trustworthy_url,
    parse_origin,
)
from corswsgi.browser.verdict import NetworkError
from corswsgi.checker.limit import Limit

#: The most requests that an audit ever sends.
MOST_REQUESTS = 60

#: Goes along with credentials, so that a server that looks for cookies meets one; it is no session of anybody's.
COOKIE = ("corswsgi-audit", "1")

#: What is read of a body, in bytes: none is looked at, and so none is waited for.
_MAX_BODY = 0

Header = tuple[str, str]
Credentials = Literal["omit", "include"]


class BudgetExceeded(RuntimeError):
    """An audit would send more than it may; nothing more is sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request led to.

    :ivar allowed: whether a page of the origin can read the response; of a preflight, whether it may send the request.
    :ivar reason: what decided.
    """

    exchange: Exchange
    allowed: bool
    reason: Reason


class Wire:
    """Sends requests to one URL, as pages of this and that origin, one request for each call.

    A :class:`~corswsgi.browser.Browser` judges. It plays no page that browsers have not, and no page on https that
    fetches plain http (mixed content): those requests are sent as they are and put through the browser's own checks.
    """

    def __init__(
        self,
        site: Any,
        url: URL,
        *,
        limit: Limit,
        most_requests: int = MOST_REQUESTS,
        on_request: Callable[[], object] = lambda: None,
    ) -> None:
        """Send nothing yet.

        :param site: a WSGI application or a ``requests.Session``.
        :param limit: the time; once it is reached, nothing is sent, and everything looks unanswered.
        :param on_request: called before each request.
        """
        self._site = site
        self._url = url
        self._limit = limit
        self._most_requests = most_requests
        self.sent = 0
        self._on_request = on_request
        self._network = network_for(site, max_body=_MAX_BODY, timeout=limit.seconds)

    def plain(self, method: Literal["GET", "OPTIONS"]) -> Exchange:
        """Ask without an Origin, as anything but a page does."""
        return self._send(method, [])

    def actual(self, origin: str, credentials: Credentials) -> Answer:
        """GET as a page of an origin; a redirect is not followed, but judged like any answer."""
        if self._plays(origin):
            self._spend()
            verdict = self._browser(origin).fetch(self._url.href, credentials=credentials, redirect="manual")
            return _answer(verdict, "readable", "opaqueredirect")
        exchange = self._send("GET", [("Origin", origin)], credentials)
        return _judged(exchange, self._request(origin, "GET", (), credentials))

    def preflight(
        self, origin: str, method: str, headers: Iterable[Header] = (), credentials: Credentials = "omit"
    ) -> Answer:
        """Ask for permission as a page of an origin does; what it would then send is not sent."""
        headers = list(headers)
        if self._plays(origin):
            self._spend()
            verdict = self._browser(origin).fetch(
                self._url.href, method=method, headers=headers, credentials=credentials, send=False
            )
            return _answer(verdict, "unsent")
        request = self._request(origin, method, headers, credentials)
        names = ",".join(request.unsafe_header_names)
        lines = [("Access-Control-Request-Method", method), ("Origin", origin)]
        lines += [("Access-Control-Request-Headers", names)] if names else []
        return _judged(replace(self._send("OPTIONS", lines), is_preflight=True), request)

    def private_network(self, origin: str) -> Exchange:
        """Ask whether a page on a more public network may come in, as Private Network Access did for a while."""
        lines = [("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Private-Network", "true")]
        return self._send("OPTIONS", [*lines, ("Origin", origin)])

    def _plays(self, origin: str) -> bool:
        try:
            page = parse_origin(origin)
        except ValueError:
            return False
        return not is_mixed_content(page, self._url)

    def _browser(self, origin: str) -> Browser:
        """Return a new browser, which remembers no preflight and no cookie."""
        return Browser(self._site, origin, cookies=dict([COOKIE]), timeout=self._limit.seconds, max_body=_MAX_BODY)

    def _request(self, origin: str, method: str, headers: Iterable[Header], credentials: Credentials) -> Request:
        return Request(
            method=method,
            url_list=[self._url],
            header_list=list(headers),
            origin=Origin(origin),
            referrer=None,
            referrer_policy="",
            mode="cors",
            credentials=credentials,
            redirect="manual",
            tainting="cors",
        )

    def _spend(self) -> None:
        if self._limit.is_over():
            return
        if self.sent >= self._most_requests:
            raise BudgetExceeded(f"{self._most_requests} requests were sent, and no more may be")
        self.sent += 1
        self._on_request()

    def _send(self, method: str, lines: list[Header], credentials: Credentials = "omit") -> Exchange:
        self._spend()
        headers = [
            ("Accept", "*/*"),
            ("Accept-Language", ACCEPT_LANGUAGE),
            *lines,
            ("User-Agent", USER_AGENT),
            ("Accept-Encoding", "gzip, deflate"),
            ("Connection", "keep-alive"),
            ("Host", self._url.netloc),
        ]
        if credentials == "include":
            headers.append(("Cookie", "=".join(COOKIE)))
        asked = Exchange(method, self._url.without_fragment, tuple(headers), None)
        try:
            reply = self._network(method, self._url, headers, None, False)
        except NoAnswer as error:
            return replace(asked, error=str(error))
        return reply.answering(asked)


def is_mixed_content(page: Origin, url: URL) -> bool:
    """Tell whether browsers keep a page from a URL because only the page came by a safe way."""
    return is_potentially_trustworthy_origin(page) and not is_potentially_trustworthy_url(url)


def _answer(verdict: Verdict, *allowed: str) -> Answer:
    return Answer(verdict.exchanges[-1], verdict.outcome in allowed, verdict.reason)


def _judged(exchange: Exchange, request: Request) -> Answer:
    """Judge what no browser would have sent as a browser would judge it."""
    if exchange.status is None:
        return Answer(exchange, False, Reason(Code.NO_ANSWER, "fetch#http-network-fetch", exchange.error))
    try:
        if exchange.is_preflight:
            permission = read_permission(request, exchange.response_headers, exchange.status)
            check_permission(request, permission, exchange.response_headers)
        else:
            cors_check(request, exchange.response_headers, exchange.status, "response")
    except NetworkError as error:
        return Answer(exchange, False, error.reason)
    return Answer(exchange, True, Reason(Code.CORS_CHECK_PASSED, "fetch#cors-check", "it is allowed"))
