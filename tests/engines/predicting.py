"""Predicts each case with ``corswsgi.browser``, on the same servers that the engines ask."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from corswsgi.browser import Browser, Code, Departure, FormData, URLSearchParams, Verdict
from corswsgi.browser.blocking import block_local_network, block_mixed_content
from corswsgi.browser.cookies import CookieStore
from corswsgi.browser.engines import profile_named
from corswsgi.browser.request import Request
from corswsgi.browser.request_headers import append_fetch_metadata_headers, append_origin_header
from corswsgi.browser.urls import parse_origin, parse_url
from corswsgi.browser.verdict import NetworkError

from .case import FAR_HOSTS, SOCKET, WAYS, Case, Fetch
from .servers import Seen, Site

Told = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """The result of a case.

    :ivar told: for each fetch, what the script was told.
    :ivar seen: what the servers saw, in order.
    :ivar departures: the departures from the standard, which only predictions know.
    """

    told: list[Told]
    seen: list[Seen]
    departures: frozenset[Departure] = field(default=frozenset(), compare=False)

    @property
    def preflights(self) -> list[Seen]:
        return [each for each in self.seen if each["preflight"]]

    @property
    def requests(self) -> list[Seen]:
        """What the servers saw, without the preflights."""
        return [each for each in self.seen if not each["preflight"]]


class Predictor:
    """Runs cases in ``corswsgi.browser``, each in a fresh browser, on a clock that does not wait.

    :ivar engine: the engine whose profile the browser has.
    """

    def __init__(self, site: Site, engine: str = "standard") -> None:
        self.engine = engine
        self._site = site
        self._run = site.new_run()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = site.authority
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Loopback())

    def close(self) -> None:
        self._session.close()

    def predict(self, number: int) -> Result:
        """Return the result of a case in the engine."""
        return _Prediction(self._site, self._session, self._run, number, self.engine).result()


class _Prediction:
    def __init__(self, site: Site, session: requests.Session, run: str, number: int, engine: str) -> None:
        self._site, self._session, self._run, self._number, self._engine = site, session, run, number, engine
        self._case = site.cases[number]
        self._now = 0.0
        self._departures: set[Departure] = set()
        self._browsers: dict[tuple[str, str, bool], Browser] = {}
        self._cookies = CookieStore({}, lambda: self._now)

    def result(self) -> Result:
        adapter = self._session.get_adapter("http://")
        assert isinstance(adapter, _Loopback)
        # Our front ends send Vary, so that a cache changes nothing; a scripted server may not send it.
        has_cache = self._case.uses_http_cache and self._case.policy is None
        adapter.cache = HTTPCache() if has_cache else None
        self._cache = adapter.cache
        told = [self._told(fetch) for fetch in self._case.fetches]
        seen = self._site.seen(self._run, self._number)
        return normalized(Result(told, seen, frozenset(self._departures)), self._run)

    def _told(self, fetch: Fetch) -> Told:
        self._now += fetch.after
        address = self._site.address(self._run, self._number, fetch)
        if self._cache is not None:
            self._cache.mode, self._cache.partition = fetch.cache, self._partition(fetch)
        if fetch.navigate:
            request = requests.Request("GET", address).prepare()
            self._session.get_adapter("http://").send(request, verify=self._site.authority).close()
            return {"outcome": "navigated"}
        if fetch.way == SOCKET:
            return self._socket(address, fetch)
        try:
            verdict = self._browser(self._case, fetch).fetch(
                address,
                method=fetch.method,
                headers=fetch.headers,
                body=_body(fetch.body),
                mode=fetch.mode,
                credentials=fetch.credentials,
                redirect=fetch.redirect,
                cache=fetch.cache,
                initiator=WAYS.get(fetch.way, "fetch"),
            )
        except TypeError:
            return {"outcome": "blocked"}
        self._departures.update(verdict.departures)
        return _told_of(fetch.way, verdict)

    def _socket(self, address: str, fetch: Fetch) -> Told:
        """Send the handshake of a WebSocket (websockets#concept-websocket-establish); CORS does not apply."""
        request = Request(
            method="GET",
            url_list=[parse_url(address)],
            header_list=[],
            origin=parse_origin(self._site.origin_of(self._case.front_end, fetch.page)),
            referrer=None,
            referrer_policy="",
            mode="websocket",
            credentials="include",
            redirect="error",
            profile=profile_named(self._engine),
        )
        try:
            block_mixed_content(request)
            block_local_network(request, self._case.local_network)
        except NetworkError:
            self._departures.update(request.departed)
            return {"outcome": "refused"}
        headers = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        append_origin_header(headers, request, is_preflight=False)
        append_fetch_metadata_headers(headers, request, is_preflight=False)
        self._departures.update(request.departed)
        prepared = requests.Request("GET", address, headers=dict(headers)).prepare()
        with self._session.get_adapter("http://").send(prepared, verify=self._site.authority) as response:
            return {"outcome": "open" if response.status_code == 101 else "refused"}

    def _partition(self, fetch: Fetch) -> str:
        """Return the part of the HTTP cache that a fetch to another origin uses."""
        has_credentials = bool(fetch.navigate) or fetch.credentials == "include"
        for departure, applies in (
            (Departure.FRAMES_CACHED_APART, fetch.navigate == "frame"),
            (Departure.CREDENTIALS_CACHED_APART, has_credentials),
        ):
            if applies and departure in profile_named(self._engine).departures:
                self._departures.add(departure)
                return departure.id
        return ""

    def _browser(self, case: Case, fetch: Fetch) -> Browser:
        is_worker = fetch.way in ("worker", "service-worker")
        key = (fetch.page, fetch.referrer_policy, is_worker)
        if key not in self._browsers:
            self._browsers[key] = Browser(
                self._session,
                self._site.origin_of(case.front_end, fetch.page),
                engine=self._engine,
                page=self._page(case, fetch, is_worker),
                referrer_policy=fetch.referrer_policy,
                local_network=case.local_network,
                clock=lambda: self._now,
                cookies=self._cookies,
            )
        return self._browsers[key]

    def _page(self, case: Case, fetch: Fetch, is_worker: bool) -> str | None:
        if is_worker:
            return self._site.worker_address(case.front_end, fetch.page)
        return None if fetch.page == "data" else self._site.page_address(case.front_end, fetch.page)


def _told_of(way: str, verdict: Verdict) -> Told:
    """Return what a page is told, even if it does not use ``fetch()``."""
    told = told_by(verdict)
    if WAYS.get(way, "fetch") == "fetch":
        return told
    # Elements show only successful answers. An image could show others, but our servers send no image then.
    is_fine = bool(verdict.exchanges) and verdict.exchanges[-1].status in range(200, 300)
    if told["outcome"] == "blocked" or not is_fine:
        return {"outcome": "blocked"}
    if way == "font":
        return {"outcome": "loaded"}
    if way == "events":
        return {"outcome": "readable", "body": told["body"].removeprefix("data: ").strip()}
    return {"outcome": told["outcome"]}


def told_by(verdict: Verdict) -> Told:
    """Return what a script gets by a verdict, in the form in which pages report it."""
    response = verdict.response
    if verdict.reason.code == Code.PASSWORD_PROMPT:
        return {"outcome": "no answer"}
    if response is None:
        return {"outcome": verdict.outcome}
    return {
        "outcome": verdict.outcome,
        "type": response.type,
        "status": response.status,
        "statusText": response.status_text,
        "redirected": response.redirected,
        "url": response.url,
        "headers": {name: value for name, value in response.headers if name != "date"},
        "body": (response.body or b"").decode("utf-8", "replace"),
    }


def normalized(result: Result, run: str) -> Result:
    """Return a result without what differs in every run: the name of the run, and the boundaries of forms."""
    text = json.dumps([result.told, result.seen]).replace(f"/{run}/", "/run/")
    for boundary in set(re.findall(r'boundary=([^"\\;, ]+)', text)):
        text = text.replace(boundary, "BOUNDARY")
    told, seen = json.loads(text)
    for each in seen:
        if "BOUNDARY" in each["headers"].get("content-type", ""):
            each["headers"].pop("content-length", None)  # boundaries are of different lengths
    return Result(told, seen, result.departures)


def _body(body: Any) -> Any:
    if not isinstance(body, Mapping):
        return body
    if "bytes" in body:
        return body["bytes"].encode()
    if "params" in body:
        return URLSearchParams([(name, value) for name, value in body["params"]])
    return FormData([(name, value) for name, value in body["form"]])


class HTTPCache:
    """The part of a browser's HTTP cache that the cases need (rfc9111): fresh answers to GET, by address and ``Vary``.

    Not modelled: revalidation. An answer that is not fresh is requested again, which gives a script the same.

    :ivar mode: the cache mode of the current fetch.
    :ivar partition: the part of the cache that it uses.
    """

    def __init__(self) -> None:
        self.mode = "default"
        self.partition = ""
        self._stored: dict[tuple[str, str], list[tuple[Mapping[str, str | None], tuple[Any, ...]]]] = {}

    def find(self, request: requests.PreparedRequest) -> tuple[Any, ...] | None:
        """Return a cached answer to this request."""
        if request.method != "GET" or self.mode != "default":
            return None
        stored = self._stored.get((self.partition, str(request.url)), ())
        return next((kept for varied, kept in stored if varied == _varied(varied, request)), None)

    def keep(self, request: requests.PreparedRequest, kept: tuple[Any, ...]) -> None:
        """Cache an answer, if it may be cached."""
        headers = kept[1]
        vary = [name.strip().lower() for name in headers.get("Vary", "").split(",") if name.strip()]
        if request.method != "GET" or "*" in vary or not re.search(r"max-age=[1-9]", headers.get("Cache-Control", "")):
            return
        self._stored.setdefault((self.partition, str(request.url)), []).insert(0, (_varied(vary, request), kept))


def _varied(names: Any, request: requests.PreparedRequest) -> dict[str, str | None]:
    return {name: request.headers.get(name) for name in names}


#: The hosts of this machine, and those that the proxy of the engines leads here.
_NEAR = ("localhost", "127.0.0.1", *FAR_HOSTS.values())


class _Loopback(HTTPAdapter):
    """Sends everything to loopback without a look-up, as browsers do with ``*.localhost``."""

    cache: HTTPCache | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        address = str(request.url)
        kept = self.cache.find(request) if self.cache else None
        if kept is None:
            parts = urlsplit(address)
            if parts.hostname is None or not parts.hostname.rstrip(".").endswith(_NEAR):
                raise requests.ConnectionError(f"{parts.hostname} is not on this machine")
            sent = request.copy()
            sent.headers.setdefault("Host", parts.netloc)
            sent.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{parts.port or 80}"))
            response = super().send(sent, *args, **{**kwargs, "stream": True})
            if self.cache is None:
                return response
            kept = (response.status_code, response.raw.headers, response.reason, response.raw.read())
            self.cache.keep(request, kept)
        status, headers, reason, body = kept
        made = requests.Response()
        made.status_code, made.reason = status, reason
        made.raw = urllib3.HTTPResponse(io.BytesIO(body), headers, status, reason=reason, preload_content=False)
        return made
