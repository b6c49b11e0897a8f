"""What ``corswsgi check`` says of caches: scripted ones, and nginx and Varnish with a server that forgets ``Vary``."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import machine
import pytest
from caching import servers
from on_waitress import running_waitress
from test_check import CREDENTIALS, LOCAL, ORIGIN, ask, codes, command, said

from corswsgi.browser import Exchange
from corswsgi.browser.urls import parse_url
from corswsgi.checker import kept, limit, render
from corswsgi.checker.behind import Behind
from corswsgi.checker.check import check
from corswsgi.checker.evidence import Question
from corswsgi.checker.report import Report
from corswsgi.checker.rules.caches import Asked
from corswsgi.checker.target import Target, parse_target_url

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Answer = tuple[str, Headers]

URL = "http://127.0.0.1:8000/items"
OTHER = "http://localhost:4000"


def forgetful(environ: Environ) -> Answer:
    """Allow two origins, and say nothing of Vary."""
    origin = environ.get("HTTP_ORIGIN")
    return "200 OK", [(ORIGIN, origin)] if origin in (LOCAL, OTHER) else []


def careful(environ: Environ) -> Answer:
    status, headers = forgetful(environ)
    return status, [*headers, ("Vary", "Origin")]


def reflecting(environ: Environ) -> Answer:
    return "200 OK", [(ORIGIN, environ.get("HTTP_ORIGIN", "*")), (CREDENTIALS, "true")]


@dataclass
class Cache:
    """Keeps one answer for each key, in front of a server, and ignores Vary.

    :ivar first: who asked before anybody looked: an origin, or ``None`` for a request without one.
    :ivar key: what tells requests apart.
    :ivar sign: what it adds to what it kept.
    """

    server: Callable[[Environ], Answer]
    first: tuple[str | None, ...] = ()
    key: Callable[[Environ], Any] = lambda environ: (environ["PATH_INFO"], environ["QUERY_STRING"])
    sign: tuple[tuple[str, str], ...] = (("X-Cache", "HIT"), ("Age", "37"))
    minds_no_cache: bool = False
    answers: dict[Any, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for origin in self.first:
            environ = {"PATH_INFO": "/items", "QUERY_STRING": "", **({} if origin is None else {"HTTP_ORIGIN": origin})}
            self.answers[self.key(environ)] = self.server(environ)

    def __call__(self, environ: Environ, start_response: Any) -> list[bytes]:
        self.asked.append(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}".rstrip("?"))
        key = self.key(environ)
        if key in self.answers and not (self.minds_no_cache and environ.get("HTTP_CACHE_CONTROL") == "no-cache"):
            status, headers = self.answers[key]
            start_response(status, [*headers, *self.sign])
        else:
            self.answers[key] = self.server(environ)
            start_response(*self.answers[key])
        return [b"{}"]


def found(report: Report, code: str) -> Any:
    (each,) = [each for each in report.findings if each.code == code]
    return each


def path_only(environ: Environ) -> Any:
    return environ["PATH_INFO"]


def test_a_kept_answer_without_headers_is_told_as_the_cause() -> None:
    report = ask(Cache(forgetful, first=(None,)), URL)
    assert report.outcome == "blocked"
    assert report.cause == (
        "a cache responded (X-Cache: HIT, Age: 37) with a stored response without CORS headers; past it, the server "
        f"sends {ORIGIN}: {LOCAL}"
    )
    assert found(report, "kept-without-cors").fix.startswith("send Vary: Origin with every response from this URL")
    assert report.actual is not None
    assert report.actual.finding == found(report, "kept-without-cors")
    assert report.caching is not None
    assert "nothing for a cache to mix up" not in report.caching.sentence
    assert [(each.who, each.allow_origin, bool(each.kept)) for each in report.caching.answers] == [
        ("a request without an Origin", None, True),
        ("your page", None, True),
        ("a stranger's page", None, True),
        ("a request without an Origin, past the cache", None, False),
        ("your page, past the cache", LOCAL, False),
        ("a stranger's page, past the cache", None, False),
    ]
    assert {"vary-missing", "vary-missing-without-cors"} & codes(report)


def test_a_kept_answer_for_another_origin() -> None:
    report = ask(Cache(forgetful, first=(OTHER,)), URL)
    assert report.cause == (
        f"a cache responded (X-Cache: HIT, Age: 37) with a stored response for another origin, {ORIGIN}: {OTHER}; "
        f"past it, the server sends {ORIGIN}: {LOCAL}"
    )
    assert found(report, "kept-for-another-origin").evidence


def test_a_cache_that_ignores_vary_has_another_fix() -> None:
    report = ask(Cache(careful, first=(OTHER,)), URL)
    fix = found(report, "kept-for-another-origin").fix
    assert "the server sends Vary: Origin, but the cache ignores it: make Origin part of the cache's key" in fix
    assert fix in report.fix.steps


def test_a_cache_that_says_nothing_of_itself_is_found_out() -> None:
    report = ask(Cache(forgetful, first=(None,), sign=()), URL)
    assert report.cause.startswith("a cache seems to have responded with a stored response without CORS headers; past")
    report = ask(Cache(forgetful, first=(OTHER,), sign=(("Via", "1.1 edge"),)), URL)
    assert report.cause.startswith("a cache seems to have responded (Via: 1.1 edge) with a stored response for another")


def test_what_the_page_leaves_in_the_cache_is_handed_to_strangers() -> None:
    report = ask(Cache(forgetful), URL)
    assert (report.outcome, "vary-missing" in codes(report)) == ("allowed-but-unsafe", True)
    assert found(report, "cache-mixes-origins").sentence == (
        f"a cache (X-Cache: HIT, Age: 37) sends a stranger's page a response with {ORIGIN}: {LOCAL}, and the server "
        "itself sends no CORS headers: the cache mixes up the responses to different origins"
    )


def test_a_cache_does_not_hide_that_a_server_lets_anyone_in() -> None:
    report = ask(Cache(reflecting), URL, credentials="include")
    assert (report.outcome, "any-origin-with-credentials" in codes(report)) == ("allowed-but-unsafe", True)


def test_what_the_server_does_not_send_any_more() -> None:
    cache = Cache(forgetful, first=(LOCAL,))
    cache.server = lambda environ: ("200 OK", [])
    report = ask(cache, URL)
    assert report.outcome == "allowed"
    sentence = found(report, "kept-though-refused").sentence
    assert f"with {ORIGIN}: {LOCAL}; past it, the server sends no CORS headers: once the response expires" in sentence


def test_a_cache_that_keeps_what_the_server_sends_is_not_to_blame() -> None:
    cache = Cache(lambda environ: ("200 OK", [(ORIGIN, "*")]), first=(None,))
    report = ask(cache, URL)
    assert report.outcome == "allowed"
    assert found(report, "cache-answered").sentence.endswith("past it, the server sends the same CORS headers")
    blocked = ask(Cache(lambda environ: ("200 OK", []), first=(None,)), URL)
    assert (blocked.outcome, "cache-answered" in codes(blocked)) == ("blocked", True)
    assert blocked.caching is not None
    assert blocked.caching.sentence == "no response has CORS headers, so there is nothing for a cache to mix up"


def test_two_answers_that_both_keep_the_page_out_are_told_as_a_mix_up() -> None:
    cache = Cache(lambda environ: ("200 OK", [(ORIGIN, "https://a.example")]), first=(None,))
    cache.server = lambda environ: ("200 OK", [(ORIGIN, "https://b.example")])
    report = ask(cache, URL)
    assert report.outcome == "blocked"
    assert "cache-mixes-origins" in codes(report)
    assert report.cause != found(report, "cache-mixes-origins").sentence


def test_a_cache_without_the_query_in_its_key_is_passed_by_no_cache() -> None:
    cache = Cache(forgetful, first=(None,), key=path_only, minds_no_cache=True)
    report = ask(cache, URL)
    assert found(report, "kept-without-cors")
    purposes = [each.purpose for each in report.requests]
    assert ("past-cache" in purposes, "no-cache" in purposes) == (True, True)
    (sent,) = [each for each in report.requests if each.purpose == "no-cache"]
    assert (sent.exchange.url, sent.exchange.request_lines("Cache-Control")) == (URL, ("no-cache",))


def test_a_cache_that_cannot_be_passed_is_told() -> None:
    report = ask(Cache(forgetful, first=(None,), key=path_only), URL)
    assert "what the server itself sends is not known" in found(report, "cache-not-passed").sentence
    assert report.caching is not None
    assert report.caching.sentence == (
        "a cache responded, so this does not show what the server itself sends to each origin"
    )


def test_an_answer_of_another_kind_is_not_compared() -> None:
    """A server that refuses parameters that it does not know is asked with no-cache."""

    def strict(environ: Environ) -> Answer:
        return ("400 Bad Request", []) if environ["QUERY_STRING"] else forgetful(environ)

    report = ask(Cache(strict, first=(None,), minds_no_cache=True), URL)
    assert found(report, "kept-without-cors")
    assert "cache-not-passed" in codes(ask(Cache(strict, first=(None,)), URL))


def test_nothing_is_kept_for_others_and_no_address_is_asked_twice() -> None:
    cache = Cache(forgetful, first=(None,))
    before = dict(cache.answers)
    ask(cache, f"{URL}?")
    ask(cache, f"{URL}?a=1")
    assert {key: cache.answers[key] for key in before} == before
    past = [each for each in cache.asked if "corswsgi-past-cache=" in each]
    assert len(set(past)) == len(past) > 3
    assert all("?corswsgi-past-cache=" in each or "?a=1&corswsgi-past-cache=" in each for each in past)


@pytest.mark.parametrize(
    "answer",
    [
        ("200 OK", [(ORIGIN, LOCAL)]),
        ("200 OK", [("Cache-Control", "private")]),
        ("200 OK", [("Cache-Control", "no-store")]),
        ("404 Not Found", []),
        ("200 OK", [(ORIGIN, "*"), (ORIGIN, LOCAL)]),
    ],
)
def test_if_no_cache_can_have_answered_none_is_passed(answer: Answer) -> None:
    report = ask(Cache(lambda environ: answer, sign=()), URL)
    assert not [each for each in report.requests if "cache" in each.purpose]


@pytest.mark.parametrize(
    ("header", "is_kept"),
    [
        ("Age: 1", True),
        ("Age: 0", False),
        ("Age: x", False),
        ("X-Cache: HIT", True),
        ("X-Cache: Hit from cloudfront", True),
        ("X-Cache: RefreshHit from cloudfront", True),
        ("X-Cache: Miss from cloudfront", False),
        ("X-Cache: MISS from hit.example.com", False),
        ("X-Cache: HIT, MISS", True),
        ("X-Cache: MISS, MISS", False),
        ("X-Cache: TCP_HIT from a1.deploy.example (E)", True),
        ("CF-Cache-Status: HIT", True),
        ("CF-Cache-Status: STALE", True),
        ("CF-Cache-Status: DYNAMIC", False),
        ("X-Cache-Status: UPDATING", True),
        ("X-Cache-Status: EXPIRED", False),
        ("X-Proxy-Cache: REVALIDATED", True),
        ("X-Proxy-Cache: BYPASS", False),
        ("X-Rack-Cache: fresh", True),
        ("X-Rack-Cache: miss, store", False),
        ("X-Varnish: 32770 3", True),
        ("X-Varnish: 32770", False),
        ("Cache-Status: ExampleCache; hit; ttl=376", True),
        ("Cache-Status: OriginCache; hit", True),
        ("Cache-Status: OriginCache; hit=?0; fwd=miss", False),
        ("Cache-Status: OriginCache; fwd=miss, Edge; hit", True),
        ("Via: 1.1 varnish", False),
        ("X-Cache: HI\x1bT hit", True),
    ],
)
def test_how_caches_say_that_they_answered(header: str, is_kept: bool) -> None:
    name, _, value = header.partition(": ")
    told = kept.signs(Exchange("GET", URL, (), None, status=200, response_headers=((name.lower(), value),)))
    assert [each.isprintable() for each in told] == [True] * is_kept


def test_head_is_asked_past_the_cache_too() -> None:
    assert found(ask(Cache(forgetful, first=(None,)), URL, method="HEAD"), "kept-without-cors")


def test_a_pair_without_another_answer_is_judged_by_what_came() -> None:
    came = Exchange("GET", URL, (), None, status=200)
    assert Asked("your page", LOCAL, came).judged is came
    assert kept.past_cache(parse_url(f"{URL}#part"), "1").href == f"{URL}?corswsgi-past-cache=1"


#: So many requests are sent if there is time.
TOTAL = {"GET": 10, "PUT": 13}


class Hourglass:
    """A clock that stands still, and then tells that all is over."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._is_over = is_over

    def monotonic(self) -> float:
        return 1000.0 if self._is_over() else 0.0


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("answers", range(1, 14))
def test_without_time_less_is_asked_and_nothing_breaks(
    answers: int, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock runs out after so many answers."""
    cache = Cache(forgetful, first=(None,), key=path_only)
    monkeypatch.setattr(limit, "time", Hourglass(lambda: len(cache.asked) >= answers))
    url = parse_target_url(URL)
    behind = Behind(parse_target_url("http://127.0.0.1:9000/"))
    report = check(Target(cache, url, max_time=1), Question(LOCAL, method, behind=behind), token="0123456789ab")
    assert len(cache.asked) <= answers
    assert (report.cut_short == "") == (len(cache.asked) < answers or answers == TOTAL[method])
    assert render.as_text(report)


def test_a_cache_that_keeps_other_headers_that_let_the_page_read() -> None:
    cache = Cache(lambda environ: ("200 OK", [(ORIGIN, "*")]), first=(None,))
    cache.server = forgetful
    report = ask(cache, URL)
    assert report.outcome != "blocked"
    assert "cache-mixes-origins" in codes(report)


# nginx and Varnish


class Site:
    """Allows one origin of several, without Vary, and may be cached for a minute."""

    def __call__(self, environ: Environ, start_response: Any) -> list[bytes]:
        status, headers = (careful if environ["PATH_INFO"] == "/careful" else forgetful)(environ)
        start_response(status, [*headers, ("Cache-Control", "public, max-age=60"), ("Content-Length", "2")])
        return [b"{}"]


@contextmanager
def cached(name: str) -> Iterator[int]:
    with ExitStack() as stack:
        behind = stack.enter_context(running_waitress(Site()))
        if name == "Varnish":
            yield stack.enter_context(servers.varnish(machine.find("varnish"), behind))["Varnish"]
        else:
            yield stack.enter_context(servers.nginx(machine.find("nginx"), behind))[name]


def visit(port: int, path: str, **headers: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    connection.getresponse().read()
    connection.close()


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "answered"),
    [("Varnish", "A cache responded (X-Varnish: "), ("nginx", "A cache seems to have responded with a stored")],
)
def test_real_caches(name: str, answered: str) -> None:
    with cached(name) as port:
        url = f"http://127.0.0.1:{port}"
        # As a browser's request: nginx and Varnish know that waitress compresses nothing.
        visit(port, "/a", **{"Accept-Encoding": "gzip, deflate"})
        status, text = command(f"{url}/a", "--origin", LOCAL)
        assert (status, "[kept-without-cors]" in text, answered in said(text)) == (1, True, True), text
        visit(port, "/b", Origin=OTHER, **{"Accept-Encoding": "gzip, deflate"})
        status, text = command(f"{url}/b", "--origin", LOCAL)
        assert (status, "[kept-for-another-origin]" in text) == (1, True), text
        status, text = command(f"{url}/careful", "--origin", LOCAL)
        assert (status, "[kept-" in text, "[cache-mixes" in text) == (0, False, False), text


@pytest.mark.once
def test_nginx_that_ignores_vary() -> None:
    with cached("nginx that ignores Vary") as port:
        visit(port, "/careful", Origin=OTHER)
        _, text = command(f"http://127.0.0.1:{port}/careful", "--origin", LOCAL)
    assert "[kept-for-another-origin]" in text
    assert "make Origin part of the cache's key" in said(text)
