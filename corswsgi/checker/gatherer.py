"""Sends the requests of ``check`` and ``audit``, within a budget and until a deadline.

:mod:`corswsgi.checker.rules` judges the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from corswsgi.browser import Browser, Code, Exchange, Reason, Tape, Verdict
from corswsgi.browser.checks import check_permission, cors_check, read_permission
from corswsgi.browser.cookies import CookieStore
from corswsgi.browser.fetching import ACCEPT_LANGUAGE
from corswsgi.browser.network import Network, NetworkReply, NoAnswer, network_for
from corswsgi.browser.request import Request
from corswsgi.browser.request_headers import USER_AGENT
from corswsgi.browser.urls import (
    URL,
    Origin,
    is_as_private,
    is_potentially_trustworthy_origin,
    is_potentially_trustworthy_url,
    parse_origin,
)
from corswsgi.browser.verdict import NetworkError
from corswsgi.checker.limit import Limit

#: The most requests that are sent, not counting those of the browsers that play a page.
MOST_REQUESTS = 60

#: Sent with a stranger's credentials, for servers that look for any cookie; it belongs to no session.
COOKIES: Mapping[str, str] = MappingProxyType({"corswsgi-audit": "1"})

#: Replaces the value of Authorization for other hosts: the server still sees that there is one.
WITHHELD = "withheld"

#: The most bytes of a body to read if only the headers count: none, so as not to wait for it.
_NO_BODY = 0

#: The most bytes to read of the body that a page asks for.
_MAX_BODY = 64 * 1024

Header = tuple[str, str]
Credentials = Literal["omit", "include"]
SafeMethod = Literal["GET", "HEAD", "OPTIONS"]


class BudgetExceeded(RuntimeError):
    """The most requests were sent; no more are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one request.

    :ivar allowed: whether a page of the origin can read the response; for a preflight, whether it may send the request.
    :ivar reason: what decided that.
    """

    exchange: Exchange
    allowed: bool
    reason: Reason


class Gatherer:
    """Sends requests to one server, as browsers send them, and also as no browser does.

    A :class:`~corswsgi.browser.Browser` judges the answers. It cannot play a page that no browser opens, nor a page on
    https that fetches plain http (mixed content): those requests are sent directly, and judged by the browser's checks.
    """

    def __init__(
        self,
        site: Any,
        url: URL,
        *,
        limit: Limit,
        headers: Iterable[Header] = (),
        cookies: Mapping[str, str] = COOKIES,
        most_requests: int = MOST_REQUESTS,
        on_request: Callable[[], object] = lambda: None,
    ) -> None:
        """Store the settings; nothing is sent yet.

        :param site: a WSGI application or a ``requests.Session``.
        :param limit: the time; once it is over, nothing is sent, and everything looks unanswered.
        :param headers: those that the script sets; :meth:`plain` sends them too.
        :param cookies: sent with credentials, unless a call gives others.
        :param on_request: called before each request.
        """
        self._site = site
        self._cookies = cookies
        self._url = url
        self._limit = limit
        self._headers = tuple(headers)
        self._most_requests = most_requests
        self.sent = 0
        self._on_request = on_request
        self._network = network_for(site, max_body=_NO_BODY, timeout=limit.seconds)
        self._tape = _WithholdingTape(url)

    def browser(self, engine: str, origin: str, referrer_policy: str, cookies: CookieStore) -> Browser:
        """Return a browser without a limit on its requests; a request that several of them send alike is sent once."""
        return Browser(
            self._site,
            origin,
            engine=engine,
            referrer_policy=referrer_policy,
            cookies=cookies,
            max_body=_MAX_BODY,
            timeout=self._limit.seconds,
            tape=self._tape,
        )

    def plain(self, method: SafeMethod, origin: str | None = None, url: URL | None = None, *more: Header) -> Exchange:
        """Request the URL as a page would, but without a preflight.

        :param origin: the value of ``Origin``; ``None`` for no such header, as for anything but a page.
        :param url: a URL to request instead.
        :param more: headers in addition to those of the script.
        """
        lines = [("Origin", origin)] if origin is not None else []
        return self._send(method, [*lines, *more], url, self._headers)

    def actual(self, origin: str, credentials: Credentials, cookies: Mapping[str, str] | None = None) -> Answer:
        """Send GET as a page of an origin; a redirect is not followed, but judged like any answer.

        :param cookies: sent with credentials, instead of the default ones.
        """
        cookies = self._cookies if cookies is None else cookies
        if self._plays(origin):
            self._spend()
            browser = self._stranger(origin, cookies=cookies)
            verdict = browser.fetch(self._url.href, credentials=credentials, redirect="manual")
            return _answer(verdict, "readable", "opaqueredirect")
        line = "; ".join(f"{name}={value}" for name, value in cookies.items())
        exchange = self._send(
            "GET", [("Origin", origin), *([("Cookie", line)] if line and credentials == "include" else [])]
        )
        return _judged(exchange, self._request(origin, "GET", (), credentials))

    def preflight(
        self,
        origin: str,
        method: str,
        headers: Iterable[Header] = (),
        credentials: Credentials = "omit",
        engine: str = "standard",
    ) -> Answer:
        """Send the preflight of a page of an origin, but not the request that it is for.

        :param engine: the engine that decides whether the request needs permission; by default, the standard does.
        """
        headers = list(headers)
        if self._plays(origin):
            self._spend()
            verdict = self._stranger(origin, engine).fetch(
                self._url.href, method=method, headers=headers, credentials=credentials, send=False
            )
            return _answer(verdict, "unsent")
        request = self._request(origin, method, headers, credentials)
        names = ",".join(request.unsafe_header_names)
        lines = [("Access-Control-Request-Method", method), ("Origin", origin)]
        lines += [("Access-Control-Request-Headers", names)] if names else []
        return _judged(replace(self._send("OPTIONS", lines), is_preflight=True), request)

    def private_network(self, origin: str) -> Exchange:
        """Ask whether a page on a more public network may send requests, as Private Network Access once did."""
        lines = [("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Private-Network", "true")]
        return self._send("OPTIONS", [*lines, ("Origin", origin)])

    def _plays(self, origin: str) -> bool:
        try:
            page = parse_origin(origin)
        except ValueError:
            return False
        return not is_mixed_content(page, self._url)

    def _stranger(self, origin: str, engine: str = "standard", cookies: Mapping[str, str] = COOKIES) -> Browser:
        """Return a new browser, which remembers no preflight and no cookie of an answer."""
        return Browser(
            self._site, origin, engine=engine, cookies=dict(cookies), timeout=self._limit.seconds, max_body=_NO_BODY
        )

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
            raise BudgetExceeded(f"{self._most_requests} requests were sent, and that is the most")
        self.sent += 1
        self._on_request()

    def _send(
        self,
        method: SafeMethod,
        lines: Iterable[Header],
        url: URL | None = None,
        of_script: tuple[Header, ...] = (),
    ) -> Exchange:
        self._spend()
        url = url or self._url
        names = {name.lower() for name, _ in of_script}
        of_browser = [
            ("Accept", "*/*"),
            ("Accept-Language", ACCEPT_LANGUAGE),
            *lines,
            ("User-Agent", USER_AGENT),
            ("Accept-Encoding", "identity" if "range" in names else "gzip, deflate"),
            ("Connection", "keep-alive"),
            ("Host", url.netloc),
        ]
        headers = [*of_script, *(line for line in of_browser if line[0].lower() not in names)]
        asked = Exchange(method, url.without_fragment, tuple(headers), None)
        try:
            reply = self._network(method, url, headers, None, False)
        except NoAnswer as error:
            return replace(asked, error=str(error))
        return reply.answering(asked)


class _WithholdingTape(Tape):
    """A tape for browsers that follow redirects anywhere; it withholds the value of Authorization from other hosts.

    Firefox sends Authorization to another host that redirects to itself
    (:attr:`~corswsgi.browser.departures.Departure.REDIRECT_AUTHORIZATION_BACK`). The recorded exchange shows that, but
    the server gets another value.
    """

    def __init__(self, url: URL) -> None:
        super().__init__()
        self._url = url

    def before(self, network: Network) -> Network:
        """Return a network for one more browser; see :meth:`Tape.before`."""

        def withhold(method: str, url: URL, headers: list[Header], body: bytes | None, streamed: bool) -> NetworkReply:
            if not is_as_private(url, self._url):
                headers = [(name, WITHHELD if name.lower() == "authorization" else value) for name, value in headers]
            return network(method, url, headers, body, streamed)

        return super().before(withhold)


def is_mixed_content(page: Origin, url: URL) -> bool:
    """Tell whether browsers block a URL because the page is secure and the URL is not."""
    return is_potentially_trustworthy_origin(page) and not is_potentially_trustworthy_url(url)


def _answer(verdict: Verdict, *allowed: str) -> Answer:
    return Answer(verdict.exchanges[-1], verdict.outcome in allowed, verdict.reason)


def _judged(exchange: Exchange, request: Request) -> Answer:
    """Judge the answer to a request that no browser would send, as a browser would."""
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
