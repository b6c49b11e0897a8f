"""The rules of the client's side, B1 to B39, each in tests that carry its id; ``test_browser`` has the rest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_site import (
    API,
    CREDENTIALS,
    EXPOSED,
    HEADERS,
    MAX_AGE,
    METHODS,
    ORIGIN,
    PAGE,
    PUBLIC,
    SHARED,
    THIRD,
    TRUSTED,
    Clock,
    Pairs,
    Says,
    Site,
    fetch,
    moved,
)

from corswsgi import fetch as standard
from corswsgi.browser import MAX_AGE_CAPS, Browser, FormData, NoteCode, URLSearchParams
from corswsgi.browser.network import NetworkReply
from corswsgi.browser.redirects import location_url
from corswsgi.browser.referrer import check_policy, determine_referrer
from corswsgi.browser.request import Request
from corswsgi.browser.urls import parse_origin, parse_url

API_ROOT = f"{API}/"
OWN = f"{PAGE}/"

#: A preflight that permits everything, without credentials.
PERMITS = Says(204, ((ORIGIN, PAGE), (METHODS, "*"), (HEADERS, "*, authorization")))


def code(verdict: Any) -> str:
    return str(verdict.reason.code)


def made(url: str, **options: Any) -> Request:
    """Return a plain GET from the page."""
    plain: dict[str, Any] = {"referrer": None, "referrer_policy": "origin", "header_list": [], "credentials": "omit"}
    options = plain | {"method": "GET", "mode": "cors", "redirect": "follow", "origin": parse_origin(PAGE)} | options
    return Request(url_list=[parse_url(url)], **options)


def asks_permission(url: str = API, **options: Any) -> bool:
    """Tell whether a request is preflighted."""
    site = Site(preflight=PERMITS)
    verdict = fetch(site, url, **options)
    assert verdict.allowed, verdict.reason.sentence
    return site.asked[0].is_preflight


# Request


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "https://"}, "does not parse"),
        ({"url": "http://a:99999/"}, "does not parse"),
        ({"url": "https://user@api.other.example/"}, "user name or a password"),
        ({"url": "https://:secret@api.other.example/"}, "user name or a password"),
        ({"method": "GE T"}, "not a valid (method )?name"),
        ({"method": ""}, "not a valid (method )?name"),
        ({"method": "trace"}, "no script may send"),
        ({"method": "CoNNect"}, "no script may send"),
        ({"method": "TRACK"}, "no script may send"),
        ({"body": b""}, "refuses a body with the method GET"),
        ({"method": "head", "body": "x"}, "refuses a body with the method HEAD"),
        ({"mode": "no-cors", "method": "PUT"}, "which allows GET, HEAD and POST only"),
        ({"mode": "no-cors", "method": "patch"}, "which allows GET, HEAD and POST only"),
        ({"mode": "navigate"}, "refuses mode"),
        ({"credentials": "yes"}, "refuses credentials"),
        ({"redirect": "never"}, "refuses redirect"),
        ({"mode": "no-cors", "method": "POST", "body": iter([b"x"])}, "stream"),
    ],
)
def test_B1_what_fetch_refuses_is_a_type_error_and_nothing_is_sent(options: dict[str, Any], message: str) -> None:
    site = Site()
    with pytest.raises(TypeError, match=message):
        fetch(site, **options)
    assert site.asked == []


@pytest.mark.parametrize(
    ("method", "sent"), [("get", "GET"), ("Put", "PUT"), ("delete", "DELETE"), ("patch", "patch"), ("Query", "Query")]
)
def test_B1_methods_are_normalized(method: str, sent: str) -> None:
    site = Site(preflight=PERMITS)
    assert fetch(site, method=method).allowed
    assert site.last.method == sent


def test_B1_defaults_are_cors_same_origin_and_follow() -> None:
    site = Site({API_ROOT: moved(f"{API}/2"), f"{API}/2": Says()})
    verdict = fetch(site, cookies={"a": "1"})
    assert (verdict.response.type, verdict.response.url) == ("cors", f"{API}/2")
    assert [asked.headers["sec-fetch-mode"] for asked in site.asked] == ["cors", "cors"]
    assert "cookie" not in site.last.headers
    assert fetch(site, OWN, cookies={"a": "1"}).exchanges[0].request_lines("Cookie") == ("a=1",)


def test_B1_a_stream_sets_the_preflight_flag() -> None:
    assert asks_permission(method="POST", body=iter([b"x"]))
    assert not asks_permission(method="POST", body=b"x")


def test_B1_no_cors_may_have_safelisted_methods_and_bodies() -> None:
    site = Site()
    assert fetch(site, mode="no-cors", method="post", body="x").outcome == "opaque"
    assert site.last.body == b"x"


@pytest.mark.parametrize("value", ["1", " 1", "\t1\t", "\r\n1\r\n", "\n 1 \n"])
def test_B2_white_space_around_a_value_is_stripped(value: str) -> None:
    site = Site(preflight=PERMITS)
    fetch(site, headers=[("X-A", value)])
    assert site.last.headers["x-a"] == "1"


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-A", "1\r\nX-B: 2"), ("X-A", "1\n2"), ("X-A", "a\0b"), ("X A", "1"), ("", "1"), ("X-A", "\u0100"), ("é", "1")],
)
def test_B2_what_is_no_header_is_a_type_error(name: str, value: str) -> None:
    site = Site()
    with pytest.raises(TypeError, match="refuses"):
        fetch(site, headers=[(name, value)])
    with pytest.raises(TypeError, match="both str"):
        fetch(site, headers=[("X-A", 1)])
    with pytest.raises(TypeError, match="both str"):
        fetch(site, headers=[(1, "X-A")])
    assert site.asked == []


@pytest.mark.parametrize("name", ["Cookie", "ORIGIN", "host", "Sec-Anything", "Proxy-X", "Referer", "Content-Length"])
def test_B2_forbidden_headers_are_dropped_with_a_note(name: str) -> None:
    site = Site()
    verdict = fetch(site, headers=[(name, "evil")])
    assert verdict.allowed
    assert "evil" not in site.last.headers.values()
    assert [note.code for note in verdict.notes] == [NoteCode.HEADER_DROPPED]
    assert name in str(verdict.notes[0])


@pytest.mark.parametrize(
    ("value", "dropped"),
    [
        ("TRACE", True),
        ("get, track", True),
        ("connect", True),
        ('"a, trace', False),
        ('"a", TRACE', True),
        ('"a, \\", trace", x', False),
        ("PUT", False),
        ("TRACES", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("name", ["X-HTTP-Method", "x-http-method-override", "X-Method-Override"])
def test_B2_method_overrides_to_forbidden_methods_are_dropped(name: str, value: str, dropped: bool) -> None:
    site = Site(preflight=PERMITS)
    assert fetch(site, headers={name: value}).allowed
    assert (name.lower() not in site.last.headers) == dropped
    assert standard.is_forbidden_request_header("X-Other", "TRACE") is False


def test_B2_no_cors_keeps_safelisted_headers_only() -> None:
    site = Site()
    given = [
        ("Accept", "a" * 100),
        ("Accept", "b" * 28),  # with ", " between them, 130
        ("Accept-Language", "de"),
        ("Content-Language", "de_AT"),
        ("Content-Type", "application/json"),
        ("Range", "bytes=0-5"),
        ("X-A", "1"),
    ]
    verdict = fetch(site, mode="no-cors", headers=given)
    assert (site.last.headers["accept"], site.last.headers["accept-language"]) == ("a" * 100, "de")
    assert not {"content-language", "content-type", "range", "x-a"} & site.last.headers.keys()
    assert len(verdict.notes) == 5
    fetch(site, mode="no-cors", headers=[("Accept", "a" * 100), ("Accept", "b" * 26), ("Content-Type", "text/plain")])
    assert site.last.headers["accept"] == "a" * 100 + "," + "b" * 26
    assert site.last.headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    ("body", "content_type", "sent"),
    [
        ("grüß", "text/plain;charset=UTF-8", "grüß".encode()),
        (b"\xff", None, b"\xff"),
        (bytearray(b"ab"), None, b"ab"),
        (memoryview(b"ab"), None, b"ab"),
        (
            URLSearchParams([("a b", "1&~*"), ("é", "")]),
            "application/x-www-form-urlencoded;charset=UTF-8",
            b"a+b=1%26%7E*&%C3%A9=",
        ),
    ],
)
def test_B3_bodies_bring_their_content_type(body: Any, content_type: str | None, sent: bytes) -> None:
    site = Site()
    assert fetch(site, method="POST", body=body).allowed
    assert (site.last.headers.get("content-type"), site.last.body) == (content_type, sent)
    assert site.last.headers["content-length"] == str(len(sent))


def test_B3_multipart_names_its_boundary() -> None:
    site = Site()
    form = FormData([('na"me', "one\ntwo\r\n"), ("file", ("a\n.txt", b"\r\n\xff", "text/plain"))])
    assert fetch(site, method="POST", body=form).allowed
    assert site.methods == ["POST"]
    found = re.fullmatch("multipart/form-data; boundary=([-0-9A-Za-z]+)", site.last.headers["content-type"])
    assert found is not None
    assert site.last.body == (
        b'--%(b)b\r\nContent-Disposition: form-data; name="na%%22me"\r\n\r\none\r\ntwo\r\n\r\n'
        b'--%(b)b\r\nContent-Disposition: form-data; name="file"; filename="a%%0A.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n\r\n\xff\r\n--%(b)b--\r\n"
    ) % {b"b": found[1].encode()}


def test_B3_a_content_type_of_the_script_wins() -> None:
    site = Site(preflight=PERMITS)
    fetch(site, method="POST", body="{}", headers={"content-type": "application/json"})
    assert site.last.headers["content-type"] == "application/json"
    assert [
        cause.name for cause in fetch(site, method="POST", body="{}", headers={"content-type": "a/b"}).exchanges[0].why
    ] == ["content-type"]


def test_B4_accept_and_accept_language_are_appended_unless_set() -> None:
    site = Site()
    fetch(site)
    assert (site.last.headers["accept"], site.last.headers["accept-language"]) == ("*/*", "en")
    fetch(site, headers={"ACCEPT": "text/css", "Accept-Language": "de"})
    assert (site.last.headers["accept"], site.last.headers["accept-language"]) == ("text/css", "de")


def test_B4_they_count_toward_1024_bytes() -> None:
    # eight lines of 127 make 1016; Accept: */* and Accept-Language: en make 1021; three bytes more are the most.
    eight = [("Content-Language", "a" * 127)] * 8
    assert not asks_permission(headers=[*eight, ("Content-Type", "")][:8])
    assert not asks_permission(headers=[*eight, ("Content-Language", "abc")])
    assert asks_permission(headers=[*eight, ("Content-Language", "abcd")])


# Safelists


@pytest.mark.parametrize(
    ("method", "needed"),
    [("GET", False), ("HEAD", False), ("POST", False), ("PUT", True), ("OPTIONS", True), ("QUERY", True)],
)
def test_B5_three_methods_need_no_permission(method: str, needed: bool) -> None:
    assert asks_permission(method=method) is needed


@pytest.mark.parametrize(
    ("name", "value", "needed"),
    [
        ("Accept", "a" * 128, False),
        ("Accept", "a" * 129, True),
        ("Accept", "text/html,*/*;q=0.8", False),
        ("ACCEPT", "text/html (comment)", True),
        ("Accept-Language", "de-AT, en;q=0.5, *", False),
        ("Accept-Language", "de_AT", True),
        ("Content-Language", "de.AT", False),
        ("Content-Language", "dé", True),
        ("Content-Type", "text/plain", False),
        ("Content-Type", "TEXT/plain; charset=utf-8", False),
        ("Content-Type", "multipart/form-data; boundary=x", False),
        ("Content-Type", "application/x-www-form-urlencoded", False),
        ("Content-Type", "application/json", True),
        ("Content-Type", 'text/plain; a="b"', True),
        ("Content-Type", "application/json, text/plain", True),
        ("Content-Type", "text/plain, application/json", True),
        ("Range", "bytes=0-", False),
        ("Range", "bytes=5-5", False),
        ("Range", "bytes=0-499", False),
        ("Range", "bytes=-500", True),
        ("Range", "bytes=5-4", True),
        ("Range", "Bytes=0-4", True),
        ("Range", "bytes= 0-4", True),
        ("Range", "bytes=0-1,3-4", True),
        ("X-Api-Key", "1", True),
        ("Authorization", "Bearer x", True),
    ],
)
def test_B6_safelisted_headers(name: str, value: str, needed: bool) -> None:
    assert asks_permission(headers=[(name, value)]) is needed


UNSAFE_BYTES = {*range(0x20), *b'"():<>?@[\\]{}\x7f'} - {0x09}


@pytest.mark.parametrize("byte", [byte for byte in range(256) if byte not in (0, 10, 13)])
def test_B7_unsafe_bytes(byte: int) -> None:
    value = f"a{chr(byte)}b"
    assert standard.is_cors_safelisted_request_header("Accept", value) is (byte not in UNSAFE_BYTES)


@pytest.mark.parametrize(("value", "needed"), [("a,b/c;d=\xff\te", False), ("a\x01b", True), ("a{b", True)])
def test_B7_unsafe_bytes_need_permission(value: str, needed: bool) -> None:
    assert asks_permission(headers={"Accept": value}) is needed


def test_B8_unsafe_names_are_asked_for_in_lower_case_once_and_sorted() -> None:
    site = Site(preflight=PERMITS)
    fetch(site, headers=[("X-B", "1"), ("x-a", "1"), ("X-b", "2"), ("Accept", "a/b"), ("Content-Type", "a/b")])
    assert site.asked[0].headers["access-control-request-headers"] == "content-type,x-a,x-b"


def test_B8_too_many_safe_bytes_make_all_of_them_unsafe() -> None:
    site = Site(preflight=PERMITS)
    lines = [("Accept", "a" * 128)] * 8
    verdict = fetch(site, headers=[*lines, ("X-A", "1")])
    assert site.asked[0].headers["access-control-request-headers"] == "accept,accept-language,x-a"
    assert "more than 1024 bytes" in str(verdict.exchanges[0].why[0])
    assert fetch(Site(), headers=[*lines[:7]]).preflights == ()


@given(st.lists(st.tuples(st.sampled_from(["accept", "Content-Language", "X-A"]), st.integers(0, 140)), max_size=16))
def test_B8_agrees_with_a_naive_reading(pairs: list[tuple[str, int]]) -> None:
    headers = [(name, "a" * length) for name, length in pairs]
    unsafe = {name.lower() for name, length in pairs if name == "X-A" or length > 128}
    safe = [(name.lower(), length) for name, length in pairs if name != "X-A" and length <= 128]
    if sum(length for _, length in safe) > 1024:
        unsafe |= {name for name, _ in safe}
    assert standard.cors_unsafe_request_header_names(headers) == sorted(unsafe)


# Main fetch


def test_B9_own_origin_is_basic_and_a_strangers_is_cors() -> None:
    assert fetch(Site(), f"{PAGE}/x", method="PUT", headers={"X-A": "1"}).response.type == "basic"
    assert fetch(Site(), "/relative", method="PUT").response.url == f"{PAGE}/relative"
    assert fetch(Site()).response.type == "cors"


@pytest.mark.parametrize(
    "url", ["http://app.example.com", "https://app.example.com:8443", "https://www.app.example.com"]
)
def test_B9_another_scheme_port_or_host_is_another_origin(url: str) -> None:
    verdict = fetch(Site(says=Says(headers=())), url)
    assert code(verdict) == ("mixed-content" if url.startswith("http:") else "allow-origin-missing")


@pytest.mark.parametrize(
    ("url", "body", "content_type"),
    [
        ("data:,a%20b", b"a b", "text/plain;charset=US-ASCII"),
        ("data:text/html;charset=x,%ff#f", b"\xff", "text/html;charset=x"),
        ("data:;charset=x,a", b"a", "text/plain;charset=x"),
        ("data:text/plain;base64,aGk", b"hi", "text/plain"),
        ("data:text/plain;BASE64,aGk%3D", b"hi", "text/plain"),
        ("data:nonsense;base64,YQ==", b"a", "text/plain;charset=US-ASCII"),
        ("data:/html,a", b"a", "text/plain;charset=US-ASCII"),
        ("data:%20,a", b"a", "text/plain;charset=US-ASCII"),
        ("data: text/html ;base64,Y%20Q%3D%3D", b"a", "text/html"),
    ],
)
def test_B9_data_urls_are_basic(url: str, body: bytes, content_type: str) -> None:
    site = Site()
    verdict = fetch(site, url, mode="same-origin")
    assert (code(verdict), verdict.response.type, verdict.response.body) == ("data-url", "basic", body)
    assert verdict.response.status == 200
    assert verdict.response.get("Content-Type") == content_type
    assert site.asked == []


@pytest.mark.parametrize("url", ["data:text/plain", "data:;base64,a", "data:;base64,YQ=", "data:;base64,YWJj----"])
def test_B9_what_is_no_data_url(url: str) -> None:
    assert code(fetch(Site(), url)) == "data-url-invalid"


def test_B9_mode_same_origin_ends_at_another_origin() -> None:
    assert fetch(Site(), OWN, mode="same-origin").allowed
    site = Site()
    assert code(fetch(site, mode="same-origin")) == "mode-same-origin"
    assert site.asked == []
    assert code(fetch(Site({OWN: moved(API), API_ROOT: Says()}), OWN, mode="same-origin")) == "mode-same-origin"


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [("follow", "no-cors"), ("error", "no-cors-redirect-mode"), ("manual", "no-cors-redirect-mode")],
)
def test_B9_no_cors_goes_with_follow_only(redirect: str, expected: str) -> None:
    assert code(fetch(Site(), mode="no-cors", redirect=redirect)) == expected
    assert fetch(Site(), OWN, mode="no-cors", redirect=redirect).response.type == "basic"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://localhost/",
        "ftp://localhost:22/",
        "blob:null/x",
        "capacitor://localhost/",
        "about:blank",
        "ws://localhost/",
    ],
)
@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_B9_other_schemes_are_refused(url: str, mode: str) -> None:
    site = Site()
    assert code(fetch(site, url, "http://page.example", mode=mode)) == "scheme-not-http"
    assert site.asked == []


def test_B9_from_a_trustworthy_page_they_may_be_mixed_content_first() -> None:
    for url, expected in [
        ("about:blank", "scheme-not-http"),
        ("about:srcdoc", "scheme-not-http"),
        ("about:config", "mixed-content"),
        ("file:///x", "scheme-not-http"),
        ("ftp://other.example/", "mixed-content"),
        (f"blob:{PAGE}/x", "scheme-not-http"),
    ]:
        assert code(fetch(Site(), url)) == expected


def test_B9_a_failed_preflighted_request_clears_its_cache_entries() -> None:
    answers = {f"{API}/good": Says(), f"{API}/bad": Says(headers=())}
    site = Site(answers, Says(204, (*SHARED, (METHODS, "PUT"))))
    browser = Browser(site, PAGE)
    for url in (f"{API}/good", f"{API}/good", f"{API}/bad", f"{API}/bad"):
        browser.fetch(url, method="PUT")
    assert site.methods == ["OPTIONS", "PUT", "PUT", "OPTIONS", "PUT", "OPTIONS", "PUT"]


def test_B10_tainting_stays_when_a_redirect_comes_home() -> None:
    home = {API_ROOT: moved(OWN, headers=SHARED), OWN: Says(headers=())}
    verdict = fetch(Site(home))
    assert code(verdict) == "allow-origin-missing"
    home[OWN] = Says(headers=((ORIGIN, "null"),))
    verdict = fetch(Site(home))
    assert (verdict.allowed, verdict.response.type) == (True, "cors")
    assert (
        fetch(Site({f"{PAGE}/a": moved(OWN, headers=()), OWN: Says(headers=())}), f"{PAGE}/a").response.type == "basic"
    )


# Preflight


def test_B11_a_preflight_is_sent_for_what_the_cache_does_not_permit() -> None:
    site = Site(preflight=Says(204, (*SHARED, (METHODS, "PUT"), (HEADERS, "x-a"))))
    browser = Browser(site, PAGE)
    assert browser.fetch(API, method="PUT", headers={"X-A": "1"}).allowed
    cached = browser.fetch(API, method="PUT", headers={"X-A": "1"})
    assert [note.code for note in cached.notes] == [NoteCode.PREFLIGHT_CACHED]
    assert browser.fetch(API, headers={"X-A": "1"}).preflights == ()
    assert site.methods == ["OPTIONS", "PUT", "PUT", "GET"]
    for options, missing in [
        ({"method": "PUT", "headers": {"X-A": "1", "X-B": "1"}}, ("header", "x-b")),
        ({"method": "DELETE", "headers": {"X-A": "1"}}, ("method", "DELETE")),
    ]:
        browser = Browser(site, PAGE)
        browser.fetch(API, method="PUT", headers={"X-A": "1"})
        (preflight,) = browser.fetch(API, **options).preflights
        assert [(cause.kind, cause.name) for cause in preflight.why] == [missing]


def test_B11_says_why() -> None:
    site = Site(preflight=PERMITS)
    verdict = fetch(
        site, method="PUT", body=iter([b""]), headers=[("X-A", "1"), ("Accept", "a" * 129), ("X-Empty", "")]
    )
    assert [str(cause) for cause in verdict.preflights[0].why] == [
        "the body is a stream",
        "the method PUT is not among GET, HEAD and POST, which need no permission",
        "the header accept has a value of 129 bytes; up to 128 need no permission",
        'the header x-a with the value "1" is not on the list of those that need no permission',
        'the header x-empty with the value "" is not on the list of those that need no permission',
    ]
    assert verdict.exchanges[1].why == ()
    (cause,) = fetch(site, headers={"Accept": "(".ljust(128)[:127] + "x"}).preflights[0].why
    assert "on the list" in str(cause), "128 bytes are not too many"


def test_B12_the_preflight_itself() -> None:
    site = Site(
        preflight=Says(204, (*TRUSTED, (METHODS, "PUT"), (HEADERS, "authorization, x-a"))), says=Says(headers=TRUSTED)
    )
    headers = [("X-A", "1"), ("Authorization", "Bearer x"), ("Accept", "a/b")]
    verdict = fetch(
        site, f"{API}/x?y#z", method="PUT", headers=headers, body=b"..", credentials="include", cookies={"s": "1"}
    )
    assert verdict.allowed
    preflight = site.asked[0]
    assert (preflight.method, preflight.url, preflight.body) == ("OPTIONS", f"{API}/x?y", b"")
    assert preflight.headers["accept"] == "*/*"
    assert preflight.headers["access-control-request-method"] == "PUT"
    assert preflight.headers["access-control-request-headers"] == "authorization,x-a"
    assert preflight.headers["origin"] == PAGE
    assert preflight.headers["referer"] == OWN
    assert preflight.headers["sec-fetch-mode"] == "cors"
    assert not {"cookie", "authorization", "accept-language", "x-a", "content-length"} & preflight.headers.keys()
    assert {"cookie", "authorization"} <= site.last.headers.keys()


def test_B12_no_request_headers_line_without_unsafe_headers() -> None:
    site = Site(preflight=PERMITS)
    fetch(site, method="PUT")
    assert "access-control-request-headers" not in site.asked[0].headers


def test_B12_set_cookie_of_a_preflight_is_ignored() -> None:
    preflight = Says(204, (*TRUSTED, (METHODS, "PUT"), ("Set-Cookie", "a=1")))
    site = Site(Says(headers=TRUSTED), preflight)
    assert fetch(site, method="PUT", credentials="include").allowed
    assert "cookie" not in site.last.headers


OK = "cors-check-passed"
CREDENTIALED = {"credentials": "include"}
ONE_HEADER: dict[str, Any] = {"method": "GET", "headers": {"x-a": "1"}}
TWO_HEADERS = {"method": "GET", "headers": {"x-a": "1", "x-b": "1"}}
WITH_AUTHORIZATION = {"method": "GET", "headers": {"authorization": "x", "a": "1"}}


def grants(methods: str | None = "PUT", headers: str | None = None, who: Pairs = SHARED, status: int = 204) -> Says:
    lists = [(METHODS, methods), (HEADERS, headers)]
    return Says(status, (*who, *((name, value) for name, value in lists if value is not None)))


#: Options beside ``method="PUT"``, the answer to the preflight, and what decides.
PREFLIGHTS: list[tuple[dict[str, Any], Says, str]] = [
    # 1: the CORS check comes first, then the status
    ({}, grants(who=(), status=404), "allow-origin-missing"),
    ({}, grants(who=((ORIGIN, THIRD),)), "allow-origin-mismatch"),
    (CREDENTIALED, grants(), "allow-credentials-missing"),
    (CREDENTIALED, grants(who=PUBLIC), "allow-origin-wildcard-with-credentials"),
    ({}, grants(status=404), "preflight-status"),
    ({}, grants(status=199), "preflight-status"),
    ({}, grants(status=300), "preflight-status"),
    ({}, grants(who=(*SHARED, ("Location", "/x")), status=302), "preflight-redirect"),
    ({}, grants(status=301), "preflight-redirect"),
    ({}, grants(status=200), OK),
    ({}, grants(who=PUBLIC, status=299), OK),
    # 2: both lists have to parse, the methods first
    ({}, grants("PUT DELETE"), "allow-methods-invalid"),
    ({}, grants("PUT", "a;b"), "allow-headers-invalid"),
    ({}, grants("PUT;", "a;b"), "allow-methods-invalid"),
    # 3: a stream needs no list of methods
    ({"method": "POST", "body": "stream"}, grants(None), OK),
    ({"body": "stream"}, grants(None), OK),
    ({"body": "stream"}, grants("POST"), "method-not-allowed"),
    # 4: the method
    ({}, grants(None), "method-not-allowed"),
    ({}, grants("GET, DELETE"), "method-not-allowed"),
    ({"method": "patch"}, grants("PATCH"), "method-not-allowed"),
    ({}, grants("*"), OK),
    (CREDENTIALED, grants("*", who=TRUSTED), "allow-methods-wildcard-with-credentials"),
    (CREDENTIALED, grants("PUT", who=TRUSTED), OK),
    (ONE_HEADER | {"method": "POST"}, grants(None, "X-A"), OK),
    (ONE_HEADER | {"method": "PUT"}, grants(None), "method-not-allowed"),
    # 5: Authorization
    (WITH_AUTHORIZATION, grants(None, "*"), "authorization-not-listed"),
    (WITH_AUTHORIZATION, grants(None), "authorization-not-listed"),
    (WITH_AUTHORIZATION, grants(None, "*,AUTHORIZATION"), OK),
    (WITH_AUTHORIZATION | CREDENTIALED, grants(None, "*", TRUSTED), "authorization-not-listed"),
    # 6: every other header
    (TWO_HEADERS, grants(None, "x-a"), "header-not-allowed"),
    (ONE_HEADER, grants(None), "header-not-allowed"),
    (ONE_HEADER, grants(None, "X-A"), OK),
    (ONE_HEADER, grants(None, "*"), OK),
    (ONE_HEADER | CREDENTIALED, grants(None, "*", TRUSTED), "allow-headers-wildcard-with-credentials"),
    (ONE_HEADER | CREDENTIALED, grants(None, "*, x-a", TRUSTED), OK),
]


@pytest.mark.parametrize(("options", "preflight", "expected"), PREFLIGHTS)
def test_B13_the_preflight_is_checked_in_this_order(options: dict[str, Any], preflight: Says, expected: str) -> None:
    if options.get("body") == "stream":
        options = options | {"body": iter([b"x"])}
    verdict = fetch(Site(Says(headers=TRUSTED), preflight), **{"method": "PUT"} | options)
    assert code(verdict) == expected
    assert verdict.allowed is (expected == OK)
    assert [exchange.is_preflight for exchange in verdict.exchanges] == [True] + [False] * verdict.allowed
    if not verdict.allowed:
        assert (verdict.reason.step, verdict.response, verdict.hidden) == ("preflight", None, ())


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ([], 5),
        (["60"], 60),
        ([" 60\t"], 60),
        (["007"], 7),
        (["0"], 0),
        (["-1"], 5),
        (["1.5"], 5),
        (["ten"], 5),
        ([""], 5),
        (["60, 60"], 5),
        (["60", "60"], 5),
        (["\u0666"], 5),
        (["9" * 5000], 7200),
        (["7201"], 7200),
        (["0000000007199"], 7199),
    ],
)
def test_B13_how_long_a_permission_lasts(lines: list[str], seconds: int) -> None:
    clock = Clock()
    site = Site(preflight=Says(204, (*SHARED, (METHODS, "PUT"), *((MAX_AGE, line) for line in lines))))
    browser = Browser(site, PAGE, clock=clock)
    preflights = []
    for later in (0, seconds - 0.5, seconds):
        clock.now = 1000 + max(later, 0)
        preflights.append(len(browser.fetch(API, method="PUT").preflights))
    assert preflights == [1, 0 if seconds else 1, 1]


@pytest.mark.parametrize(("engine", "cap"), [("webkit", 600), ("chromium", 7200), ("firefox", 86400)])
def test_B13_engines_cap_max_age(engine: str, cap: int) -> None:
    clock = Clock()
    site = Site(preflight=Says(204, (*SHARED, (METHODS, "PUT"), (MAX_AGE, "999999"))))
    browser = Browser(site, PAGE, clock=clock, max_age_cap=MAX_AGE_CAPS[engine])
    for later in (0, cap - 1, cap):
        clock.now = 1000 + later
        browser.fetch(API, method="PUT")
    assert site.methods == ["OPTIONS", "PUT", "PUT", "OPTIONS", "PUT"]


def test_B13_max_age_is_stripped_like_any_value() -> None:
    assert [standard.extract_max_age([line]) for line in (" 60\t", "6 0")] == [60, None]


def test_B13_a_new_preflight_updates_matching_entries() -> None:
    clock = Clock()
    site = Site(preflight=Says(204, (*SHARED, (METHODS, "PUT"), (HEADERS, "x-a, x-b"), (MAX_AGE, "10"))))
    browser = Browser(site, PAGE, clock=clock)
    browser.fetch(API, method="PUT", headers={"x-a": "1"})
    site.preflight = Says(204, (*SHARED, (METHODS, "PUT"), (HEADERS, "x-a, x-c"), (MAX_AGE, "100")))
    browser.fetch(API, method="PUT", headers={"x-a": "1", "x-c": "1"})
    clock.now += 50
    assert browser.fetch(API, method="PUT", headers={"x-a": "1", "x-c": "1"}).preflights == ()
    assert len(browser.fetch(API, method="PUT", headers={"x-b": "1"}).preflights) == 1


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ([], None),
        ([""], []),
        (["PUT,,DELETE"], ["PUT", "DELETE"]),
        ([" PUT ,\tDELETE\t"], ["PUT", "DELETE"]),
        (["PUT", "DELETE"], ["PUT", "DELETE"]),
        (["*"], ["*"]),
        ([",", ""], []),
        (["PUT DELETE"], ValueError),
        (["PUT;X"], ValueError),
        (["PUT", "a b"], ValueError),
        (["PUT, \xa0"], ValueError),
        (['"PUT"'], ValueError),
        (["["], ValueError),
    ],
)
def test_B14_extracting_header_list_values(lines: list[str], values: Any) -> None:
    if values is ValueError:
        with pytest.raises(ValueError, match=r".*"):
            standard.extract_header_list_values(lines)
    else:
        assert standard.extract_header_list_values(lines) == values


@pytest.mark.parametrize(
    ("lines", "allowed"),
    [(["PUT,,DELETE"], True), (["DELETE", "PUT"], True), ([""], False), (["PUT DELETE"], False), (["PUT", "@"], False)],
)
def test_B14_as_a_preflight_sees_it(lines: list[str], allowed: bool) -> None:
    site = Site(preflight=Says(204, (*SHARED, *((METHODS, line) for line in lines))))
    assert fetch(site, method="PUT").allowed is allowed


def cached(first: dict[str, Any], second: dict[str, Any], preflight: Says) -> bool:
    """Tell whether the permission for one request serves another."""
    browser = Browser(Site(Says(headers=TRUSTED), preflight), PAGE)
    one, two = (browser.fetch(options.get("url", API), **without_url(options)) for options in (first, second))
    assert len(one.preflights) == 1
    return two.preflights == ()


def without_url(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "url"}


GRANTS = Says(204, (*TRUSTED, (METHODS, "PUT, DELETE"), (HEADERS, "x-a, X-B, authorization")))
PUT: dict[str, Any] = {"method": "PUT"}


@pytest.mark.parametrize(
    ("first", "second", "serves"),
    [
        (PUT, PUT, True),
        (PUT, {"method": "DELETE"}, True),
        (PUT, {"method": "PATCH"}, False),
        (PUT, PUT | {"headers": {"X-A": "1", "x-b": "2"}}, True),
        (PUT, PUT | {"headers": {"X-C": "1"}}, False),
        (PUT, {"headers": {"Authorization": "1"}}, True),
        (PUT | {"url": f"{API}/?a"}, PUT | {"url": f"{API}/?b"}, False),
        (PUT | {"url": f"{API}/a"}, PUT | {"url": f"{API}/b"}, False),
        (PUT | {"credentials": "include"}, PUT | {"credentials": "include"}, True),
        (PUT | {"credentials": "include"}, PUT | {"credentials": "omit"}, True),
        (PUT | {"credentials": "omit"}, PUT | {"credentials": "include"}, False),
        (PUT | {"credentials": "same-origin"}, PUT | {"credentials": "omit"}, True),
    ],
)
def test_B15_which_requests_an_entry_serves(first: dict[str, Any], second: dict[str, Any], serves: bool) -> None:
    assert cached(first, second, GRANTS) is serves


@pytest.mark.parametrize(
    ("second", "serves"),
    [
        ({"method": "DELETE"}, True),
        ({"headers": {"x-any": "1"}}, True),
        ({"headers": {"authorization": "1"}}, False),
        ({"method": "PUT", "credentials": "include"}, False),
    ],
)
def test_B15_wildcard_entries(second: dict[str, Any], serves: bool) -> None:
    assert cached(PUT, second, Says(204, (*TRUSTED, (METHODS, "*"), (HEADERS, "*")))) is serves


def test_B15_a_wildcard_entry_is_renewed_by_a_name() -> None:
    clock = Clock()
    site = Site(preflight=Says(204, (*SHARED, (METHODS, "*"), (HEADERS, "x-a"), (MAX_AGE, "10"))))
    browser = Browser(site, PAGE, clock=clock)
    browser.fetch(API, method="PUT")
    site.preflight = Says(204, (*SHARED, (METHODS, "PUT"), (HEADERS, "x-b"), (MAX_AGE, "100")))
    browser.fetch(API, method="PUT", headers={"x-b": "1"})
    clock.now += 50
    assert browser.fetch(API, method="DELETE").preflights == ()


def test_B15_the_origin_counts() -> None:
    answers = {API_ROOT: Says(headers=PUBLIC), None: moved(API, 307, PUBLIC)}
    browser = Browser(Site(answers, Says(204, (*PUBLIC, (METHODS, "*")))), PAGE)
    assert len(browser.fetch(API, method="PUT").preflights) == 1
    # by way of a third origin, the same URL is asked by the origin null
    assert [exchange.url for exchange in browser.fetch(THIRD, method="PUT").preflights] == [f"{THIRD}/", API_ROOT]
    assert browser.fetch(THIRD, method="PUT").preflights == ()


def test_B15_max_age_0_never_serves() -> None:
    assert not cached(PUT, PUT, Says(204, (*TRUSTED, (METHODS, "*"), (MAX_AGE, "0"))))
    assert cached(PUT, PUT, Says(204, (*TRUSTED, (METHODS, "*"), (MAX_AGE, "1"))))


def test_B16_a_wildcard_under_include_is_not_kept() -> None:
    preflight = Says(204, (*TRUSTED, (METHODS, "PUT, *"), (HEADERS, "x-a, *")))
    include = PUT | {"credentials": "include"}
    assert cached(include, include, preflight)
    assert cached(include, include | {"headers": {"x-a": "1"}}, preflight)
    assert not cached(include, {"method": "DELETE"}, preflight)
    assert not cached(include, {"headers": {"x-other": "1"}}, preflight)
    literal = {"headers": {"*": "1"}, "credentials": "include"}
    assert not cached(literal, literal, preflight), "the literal name costs a preflight each time"


# CORS check

CHECKS: list[tuple[str, Pairs, str]] = [
    ("omit", (), "allow-origin-missing"),
    ("omit", PUBLIC, "cors-check-passed"),
    ("omit", SHARED, "cors-check-passed"),
    ("same-origin", PUBLIC, "cors-check-passed"),
    ("omit", ((ORIGIN, f" {PAGE}\t"),), "cors-check-passed"),
    ("omit", ((ORIGIN, f"{PAGE}/"),), "allow-origin-mismatch"),
    ("omit", ((ORIGIN, PAGE.upper()),), "allow-origin-mismatch"),
    ("omit", ((ORIGIN, f"{PAGE}:443"),), "allow-origin-mismatch"),
    ("omit", ((ORIGIN, "null"),), "allow-origin-mismatch"),
    ("omit", ((ORIGIN, ""),), "allow-origin-mismatch"),
    ("omit", ((ORIGIN, "* "), (CREDENTIALS, "true")), "cors-check-passed"),
    ("omit", ((ORIGIN, PAGE), (ORIGIN, PAGE)), "allow-origin-multiple"),
    ("omit", ((ORIGIN, "*"), (ORIGIN, "*")), "allow-origin-multiple"),
    ("omit", ((ORIGIN, f"{PAGE}, {THIRD}"),), "allow-origin-multiple"),
    ("include", (), "allow-origin-missing"),
    ("include", PUBLIC, "allow-origin-wildcard-with-credentials"),
    ("include", (*PUBLIC, (CREDENTIALS, "true")), "allow-origin-wildcard-with-credentials"),
    ("include", SHARED, "allow-credentials-missing"),
    ("include", (*SHARED, (CREDENTIALS, "True")), "allow-credentials-invalid"),
    ("include", (*SHARED, (CREDENTIALS, "true"), (CREDENTIALS, "true")), "allow-credentials-invalid"),
    ("include", TRUSTED, "cors-check-passed"),
]


@pytest.mark.parametrize(("credentials", "headers", "expected"), CHECKS)
def test_B17_the_cors_check(credentials: str, headers: Pairs, expected: str) -> None:
    verdict = fetch(Site(Says(headers=headers)), credentials=credentials)
    assert code(verdict) == expected
    assert verdict.reason.anchor == "fetch#cors-check"
    assert verdict.allowed is (expected == "cors-check-passed")
    if not verdict.allowed:
        name, needed = (CREDENTIALS, "true") if "credentials-" in expected[:18] else (ORIGIN, PAGE)
        assert name in verdict.reason.sentence
        assert f'"{needed}"' in verdict.reason.sentence, "what was expected"
        for each, value in headers:
            assert each != name or value.strip() in verdict.reason.sentence, "what came"


@pytest.mark.parametrize("status", [200, 204, 304, 404, 500])
def test_B17_applies_to_every_status(status: int) -> None:
    assert fetch(Site(Says(status))).response.status == status
    assert code(fetch(Site(Says(status, ())))) == "allow-origin-missing"


def test_B17_applies_to_redirects_before_they_are_followed() -> None:
    site = Site({API_ROOT: moved(THIRD, headers=()), None: Says(headers=PUBLIC)})
    verdict = fetch(site)
    assert (code(verdict), verdict.reason.step, len(site.asked)) == ("allow-origin-missing", "redirect", 1)
    assert verdict.hidden == (("Location", THIRD),)


def test_B17_null_is_a_value() -> None:
    null = Says(headers=((ORIGIN, "null"),))
    assert fetch(Site(null), origin="null").allowed
    assert not fetch(Site(null)).allowed
    assert fetch(Site(Says(headers=((ORIGIN, "NULL"),))), origin="null").reason.code == "allow-origin-mismatch"


# Response

MANY: Pairs = (
    ("X-B", "1"),
    ("Set-Cookie", "a=b"),
    ("set-cookie2", "c"),
    ("Content-Type", "text/plain"),
    ("x-b", "2"),
    ("Authorization", "yes"),
    ("Cache-Control", "no-store"),
    ("Content-Language", "de"),
    ("Content-Length", "2"),
    ("Expires", "0"),
    ("Last-Modified", "never"),
    ("Pragma", "x"),
)
SAFE = ["cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"]


def readable(says: Says, **options: Any) -> list[str]:
    verdict = fetch(Site(says), **options)
    return [name for name, _ in verdict.response.headers]


def test_B18_basic_responses_hide_cookies_only() -> None:
    verdict = fetch(Site(Says(headers=MANY)), OWN)
    assert [name for name, _ in verdict.response.headers] == ["authorization", *SAFE, "x-b"]
    assert verdict.response.get("X-B") == "1, 2"
    assert verdict.hidden == (("Set-Cookie", "a=b"), ("set-cookie2", "c"))


def test_B18_cors_responses_show_safelisted_and_exposed_headers() -> None:
    assert readable(Says(headers=(*SHARED, *MANY))) == SAFE
    assert readable(Says(headers=(*SHARED, *MANY, (EXPOSED, "X-B, set-cookie")))) == [*SAFE, "x-b"]


def test_B18_opaque_responses_show_nothing() -> None:
    verdict = fetch(Site(Says(404, MANY)), mode="no-cors", credentials="include")
    assert (verdict.outcome, verdict.allowed, verdict.hidden) == ("opaque", False, MANY)
    response = verdict.response
    assert (response.type, response.status, response.headers, response.body, response.url) == (
        "opaque",
        0,
        (),
        None,
        "",
    )
    assert not response.redirected


@pytest.mark.parametrize(
    ("origin", "url", "policy", "expected"),
    [
        (PAGE, API, "same-origin", "resource-policy"),
        (PAGE, API, "same-site", "resource-policy"),
        (PAGE, API, "cross-origin", "no-cors"),
        (PAGE, API, "Same-Origin", "no-cors"),
        (PAGE, API, "same-origin, same-site", "no-cors"),
        (PAGE, "https://api.example.com", "same-origin", "resource-policy"),
        (PAGE, "https://api.example.com", "same-site", "no-cors"),
        ("http://app.example.com", "https://api.example.com", "same-site", "resource-policy"),
        ("http://app.example.com", "http://api.example.com", "same-site", "no-cors"),
        ("null", API, "same-origin", "resource-policy"),
        ("null", "http://localhost/", "same-site", "resource-policy"),
    ],
)
def test_B18_the_resource_policy_check(origin: str, url: str, policy: str, expected: str) -> None:
    says = Says(headers=(("Cross-Origin-Resource-Policy", policy),))
    assert code(fetch(Site(says), url, origin, mode="no-cors")) == expected


def test_B18_the_resource_policy_is_for_no_cors_and_redirects_there_too() -> None:
    policy = ("Cross-Origin-Resource-Policy", "same-origin")
    assert fetch(Site(Says(headers=(*SHARED, policy)))).allowed
    own = {OWN: moved(API, headers=()), API_ROOT: Says(headers=(policy,))}
    assert code(fetch(Site(own), OWN, mode="no-cors")) == "resource-policy"


def test_B18_an_opaque_redirect_shows_nothing() -> None:
    verdict = fetch(Site({API_ROOT: moved(THIRD)}), redirect="manual")
    assert (verdict.outcome, verdict.allowed, code(verdict)) == ("opaqueredirect", False, "manual-redirect")
    response = verdict.response
    assert (response.type, response.status, response.headers, response.body) == ("opaqueredirect", 0, (), None)
    assert ("Location", THIRD) in verdict.hidden


@pytest.mark.parametrize(
    ("lines", "credentials", "more"),
    [
        (["*"], "omit", ["access-control-allow-credentials", ORIGIN.lower(), EXPOSED.lower(), "authorization", "x-b"]),
        (["*"], "include", []),
        (["x-B,*"], "include", ["x-b"]),
        (["Authorization"], "include", ["authorization"]),
        (["X-B", "Authorization"], "omit", ["authorization", "x-b"]),
        (["x-b;"], "omit", []),
        (["x b"], "omit", []),
        (["*, x b"], "omit", []),
        ([""], "omit", []),
        ([], "omit", []),
    ],
)
def test_B19_exposed_headers(lines: list[str], credentials: str, more: list[str]) -> None:
    headers = (*TRUSTED, *MANY, *((EXPOSED, line) for line in lines))
    assert readable(Says(headers=headers), credentials=credentials) == sorted([*SAFE, *more])


def test_B19_a_list_that_does_not_parse_is_noted() -> None:
    (note,) = fetch(Site(Says(headers=(*SHARED, (EXPOSED, "x b"))))).notes
    assert note.code == NoteCode.EXPOSE_HEADERS_INVALID
    assert str(note).startswith('Access-Control-Expose-Headers is "x b" and exposes nothing')


@pytest.mark.parametrize("status", [101, 103, 204, 205, 304])
def test_B20_statuses_without_a_body(status: int) -> None:
    assert fetch(Site(Says(status))).response.body is None
    assert fetch(Site(Says(status + 100 if status < 200 else 206))).response.body == b"OK"


def test_B20_head_has_no_body_and_a_network_error_no_response() -> None:
    assert fetch(Site(), method="HEAD").response.body is None
    blocked = fetch(Site(Says(headers=())))
    assert (blocked.outcome, blocked.response) == ("blocked", None)
    assert blocked.exchanges[0].response_body == b"OK", "what came is told, though no script learns it"


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("redirect", "expected"),
    [("follow", "cors-check-passed"), ("error", "redirect-mode-error"), ("manual", "manual-redirect")],
)
def test_B21_redirect_modes(redirect: str, status: int, expected: str) -> None:
    site = Site({API_ROOT: moved(f"{API}/2", status), f"{API}/2": Says()})
    verdict = fetch(site, redirect=redirect)
    assert code(verdict) == expected
    assert len(site.asked) == 1 + (redirect == "follow")
    assert fetch(Site(), redirect=redirect).allowed, "no redirect, no difference"


def test_B21_the_sentence_says_whereto() -> None:
    for says, where in [(moved("/2"), 'to "/2"'), (Says(302), "without Location")]:
        verdict = fetch(Site(says), redirect="error")
        assert verdict.reason.sentence == (
            f'the answer is a redirect (302) {where}, and redirect mode "error" allows none'
        )


def test_B21_the_cors_check_comes_before_the_redirect_mode() -> None:
    for redirect in ("error", "manual"):
        assert code(fetch(Site({API_ROOT: moved("/", headers=())}), redirect=redirect)) == "allow-origin-missing"


@pytest.mark.parametrize("status", [300, 304, 305, 306, 399])
def test_B21_other_statuses_are_no_redirects(status: int) -> None:
    assert fetch(Site({API_ROOT: moved("/2", status)}), redirect="error").response.status == status


def test_B22_without_a_location_the_redirect_is_the_response() -> None:
    assert fetch(Site(Says(302))).response.status == 302


@pytest.mark.parametrize("lines", [["https://"], ["http://a:99999/"], ["/2", "/2"], ["/2", "/3"]])
def test_B22_a_location_that_does_not_parse_or_several(lines: list[str]) -> None:
    verdict = fetch(Site(Says(302, (*SHARED, *(("Location", line) for line in lines)))))
    assert (code(verdict), verdict.reason.step) == ("location-invalid", "redirect")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/2", f"{API}/2"),
        ("2", f"{API}/a/2"),
        ("?q", f"{API}/a/1?q"),
        (f"{API}/gr\xc3\xbc\xc3\x9f", f"{API}/gr%C3%BC%C3%9F"),
        (f"{API}/gr\xfc", f"{API}/gr%C3%BC"),
    ],
)
def test_B22_locations_are_resolved(location: str, url: str) -> None:
    site = Site({f"{API}/a/1": moved(location), None: Says()})
    assert fetch(site, f"{API}/a/1").response.url == url


@pytest.mark.parametrize(("location", "final"), [("/2", "#old"), ("/2#new", "#new"), ("/2#", "#")])
def test_B22_the_fragment_is_kept_unless_there_is_a_new_one(location: str, final: str) -> None:
    # Of a fragment nothing is sent or shown.
    request = made(f"{API}/1#old")
    url = location_url(request, NetworkReply(302, "", (("Location", location),), b""))
    assert url is not None
    assert url.href == f"{API}/2{final}"
    without = location_url(made(f"{API}/1"), NetworkReply(302, "", (("Location", "/2"),), b""))
    assert without is not None
    assert without.href == f"{API}/2"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("data:,x", "location-not-http"),
        ("ftp://localhost/", "location-not-http"),
        ("about:blank", "location-not-http"),
        (f"{API}/2", "cors-check-passed"),
    ],
)
def test_B23_redirects_lead_to_http_only(where: str, expected: str) -> None:
    assert code(fetch(Site({API_ROOT: moved(where), f"{API}/2": Says()}))) == expected


@pytest.mark.parametrize(("hops", "expected"), [(20, "cors-check-passed"), (21, "too-many-redirects")])
def test_B24_twenty_redirects_are_the_most(hops: int, expected: str) -> None:
    chain: dict[str | None, Says] = {f"{API}/{number}": moved(f"{API}/{number + 1}") for number in range(hops)}
    site = Site(chain | {f"{API}/{hops}": Says()})
    assert code(fetch(site, f"{API}/0")) == expected
    assert len(site.asked) == 21


@pytest.mark.parametrize(
    ("start", "location", "mode", "expected"),
    [
        (OWN, "https://user@api.other.example/", "cors", "location-credentials"),
        (OWN, "https://:pw@api.other.example/", "cors", "location-credentials"),
        (OWN, "https://user@app.example.com/2", "cors", "same-origin"),
        (OWN, "https://user@api.other.example/", "no-cors", "no-cors"),
    ],
)
def test_B25_cors_requests_are_not_led_to_foreign_urls_with_passwords(
    start: str, location: str, mode: str, expected: str
) -> None:
    site = Site({start: moved(location), None: Says()})
    assert code(fetch(site, start, mode=mode)) == expected


def test_B26_tainted_requests_are_led_to_no_url_with_a_password() -> None:
    assert code(fetch(Site({API_ROOT: moved("https://user@app.example.com/"), None: Says()}))) == "location-credentials"
    null = Says(headers=((ORIGIN, "null"),))
    assert fetch(Site({API_ROOT: moved(OWN), None: null})).allowed


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, "redirect-of-stream"),
        (302, "redirect-of-stream"),
        (303, "cors-check-passed"),
        (307, "redirect-of-stream"),
        (308, "redirect-of-stream"),
    ],
)
def test_B27_a_stream_is_not_sent_twice(status: int, expected: str) -> None:
    site = Site({API_ROOT: moved(f"{API}/2", status), f"{API}/2": Says()}, PERMITS)
    assert code(fetch(site, method="POST", body=iter([b"a", b"b"]))) == expected
    assert site.asked[1].body == b"ab"
    site = Site({API_ROOT: moved(f"{API}/2", status), f"{API}/2": Says()}, PERMITS)
    assert fetch(site, method="POST", body=b"ab").allowed


REWRITTEN = {
    (301, "POST"): "GET",
    (302, "POST"): "GET",
    (303, "POST"): "GET",
    (303, "PUT"): "GET",
    (303, "DELETE"): "GET",
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_B28_methods_after_a_redirect(status: int, method: str) -> None:
    site = Site({API_ROOT: moved("/2", status), f"{API}/2": Says()}, PERMITS)
    headers = {f"Content-{name}": "x" for name in ("Encoding", "Language", "Location", "Type")} | {"X-A": "1"}
    body = {} if method in ("GET", "HEAD") else {"body": b"ab"}
    assert fetch(site, method=method, headers=headers, **body).allowed
    expected = REWRITTEN.get((status, method), method)
    kept = expected == method
    last = site.last
    assert (last.method, last.body) == (expected, b"ab" if kept and body else b"")
    assert [name in last.headers for name in map(str.lower, headers)] == [kept] * 4 + [True]
    assert ("content-length" in last.headers) is bool(kept and body)


@pytest.mark.parametrize(
    ("start", "where", "kept"),
    [
        (OWN, f"{PAGE}/2", True),
        (OWN, API_ROOT, False),
        (API_ROOT, f"{API}/2", True),
        (API_ROOT, f"{THIRD}/", False),
        (API_ROOT, "https://api.other.example:8443/", False),
    ],
)
def test_B29_authorization_is_dropped_across_origins(start: str, where: str, kept: bool) -> None:
    public = Says(204, (*PUBLIC, (HEADERS, "*, authorization")))
    site = Site({start: moved(where, headers=PUBLIC), None: Says(headers=PUBLIC)}, public)
    assert fetch(site, start, headers={"Authorization": "x", "X-A": "1"}).allowed
    assert ("authorization" in site.last.headers, "x-a" in site.last.headers) == (kept, True)


def test_B30_a_new_url_needs_a_new_preflight() -> None:
    site = Site({API_ROOT: moved(f"{API}/2", 307), f"{API}/2": Says()}, PERMITS)
    verdict = fetch(site, method="PUT")
    assert [(asked.method, asked.url) for asked in site.asked] == [
        ("OPTIONS", API_ROOT),
        ("PUT", API_ROOT),
        ("OPTIONS", f"{API}/2"),
        ("PUT", f"{API}/2"),
    ]
    assert (verdict.response.redirected, verdict.response.url) == (True, f"{API}/2")


def test_B30_no_preflight_where_the_redirect_left_nothing_to_ask_for() -> None:
    site = Site({API_ROOT: moved(f"{API}/2", 303), f"{API}/2": Says()}, PERMITS)
    assert fetch(site, method="PUT").allowed
    assert site.methods == ["OPTIONS", "PUT", "GET"]


@pytest.mark.parametrize(
    ("lines", "referer"),
    [
        (["no-referrer"], None),
        (["unsafe-url, no-referrer"], None),
        (["no-referrer", "origin"], OWN),
        (["no-referrer, unknown"], None),
        (["unknown"], OWN),
        ([""], OWN),
        (["unsafe-url"], f"{PAGE}/page?q"),
    ],
)
def test_B30_the_referrer_policy_of_a_redirect_counts(lines: list[str], referer: str | None) -> None:
    own = f"{PAGE}/start"
    policy = [("Referrer-Policy", line) for line in lines]
    site = Site({own: moved(API, headers=policy), API_ROOT: Says()})
    assert fetch(site, own, page=f"{PAGE}/page?q").allowed
    assert site.asked[0].headers["referer"] == f"{PAGE}/page?q"
    assert site.last.headers.get("referer") == referer


def test_B31_the_sentence_says_whereto() -> None:
    for says, where in [(moved("/2"), 'to "/2"'), (Says(302), "without Location")]:
        verdict = fetch(Site(preflight=says), method="PUT")
        assert f"with status 302, a redirect {where}; browsers do not follow it" in verdict.reason.sentence


def test_B31_a_redirected_preflight_fails_and_a_redirect_after_a_preflight_is_followed() -> None:
    site = Site(Says(), {API_ROOT: moved("/2"), f"{API}/2": PERMITS})
    assert code(fetch(site, method="PUT")) == "preflight-redirect"
    assert len(site.asked) == 1
    site = Site({API_ROOT: moved("/2"), f"{API}/2": Says()}, PERMITS)
    assert fetch(site, method="PUT").allowed


@pytest.mark.parametrize(
    ("urls", "origin"),
    [
        ([OWN, API_ROOT], PAGE),
        ([API_ROOT, f"{API}/2"], PAGE),
        ([API_ROOT, OWN], "null"),
        ([API_ROOT, f"{THIRD}/"], "null"),
        ([API_ROOT, "https://www.other.example/"], "null"),
        ([OWN, API_ROOT, OWN], "null"),
        ([OWN, f"{PAGE}/2", API_ROOT, f"{API}/2"], PAGE),
        ([API_ROOT, f"{THIRD}/", f"{THIRD}/2"], "null"),
    ],
)
def test_B32_tainted_origins(urls: list[str], origin: str) -> None:
    hops = [moved(url, headers=PUBLIC) for url in urls[1:]]
    site = Site([*hops, Says(headers=((ORIGIN, origin),))])
    verdict = fetch(site, urls[0])
    assert verdict.allowed, verdict.reason.sentence
    assert [asked.url for asked in site.asked] == urls
    assert site.last.headers["origin"] == origin


def test_B32_the_sentence_says_why_null() -> None:
    verdict = fetch(Site({API_ROOT: moved(THIRD), None: Says()}))
    assert "redirect led from one foreign origin to another" in verdict.reason.sentence


# Credentials


@pytest.mark.parametrize(
    ("url", "credentials", "sent"),
    [
        (OWN, "omit", False),
        (OWN, "same-origin", True),
        (OWN, "include", True),
        (API, "omit", False),
        (API, "same-origin", False),
        (API, "include", True),
    ],
)
def test_B33_when_cookies_go_along(url: str, credentials: str, sent: bool) -> None:
    site = Site(Says(headers=(*TRUSTED, ("Set-Cookie", "b=2; SameSite=None; Secure"))))
    browser = Browser(site, PAGE, cookies={"a": "1"})
    for _ in range(2):
        assert browser.fetch(url, credentials=credentials, headers={"Accept": "a/b"}).allowed
    assert [asked.headers.get("cookie") for asked in site.asked] == (["a=1", "a=1; b=2"] if sent else [None, None])


def test_B33_an_authorization_of_the_script_goes_along_anyway() -> None:
    site = Site(preflight=PERMITS)
    assert fetch(site, credentials="omit", headers={"Authorization": "x"}).allowed
    assert site.last.headers["authorization"] == "x"


def test_B33_cookies_are_kept_though_the_response_is_blocked() -> None:
    site = Site(Says(headers=(("Set-Cookie", "a=1; SameSite=None; Secure"),)))
    browser = Browser(site, PAGE)
    for _ in range(2):
        assert not browser.fetch(API, credentials="include").allowed
    assert site.last.headers["cookie"] == "a=1"


def test_B33_a_redirect_to_another_origin_leaves_same_origin_cookies_behind() -> None:
    site = Site({OWN: moved(API), API_ROOT: Says()})
    assert fetch(site, OWN, cookies={"a": "1"}).allowed
    assert ["cookie" in asked.headers for asked in site.asked] == [True, False]


def test_B33_401_asks_nobody() -> None:
    site = Site(Says(401, (*TRUSTED, ("WWW-Authenticate", "Basic"))))
    assert fetch(site, credentials="include").response.status == 401
    assert len(site.asked) == 1


# Origin

POLICIES = [
    "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin",
    "strict-origin-when-cross-origin", "unsafe-url",
]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "method", "mode", "expected"),
    [
        (API, "GET", "cors", PAGE),
        (API, "POST", "cors", PAGE),
        (OWN, "GET", "cors", None),
        (OWN, "HEAD", "cors", None),
        (OWN, "POST", "cors", PAGE),
        (OWN, "PUT", "same-origin", PAGE),
        (API, "GET", "no-cors", None),
        (API, "POST", "no-cors", PAGE),
    ],
)
def test_B34_who_gets_an_origin(url: str, method: str, mode: str, expected: str | None) -> None:
    site = Site()
    fetch(site, url, method=method, mode=mode)
    assert site.last.headers.get("origin") == expected


@pytest.mark.parametrize("policy", POLICIES)
def test_B34_the_referrer_policy_matters_outside_mode_cors_only(policy: str) -> None:
    downgrade = policy in ("no-referrer-when-downgrade", "strict-origin", "strict-origin-when-cross-origin")
    nothing = policy == "no-referrer"
    for url, mode, null in [
        (API, "cors", False),
        (OWN, "cors", False),
        (OWN, "same-origin", nothing),
        (API, "no-cors", nothing or policy == "same-origin"),
        ("http://localhost/", "no-cors", nothing or downgrade or policy == "same-origin"),
    ]:
        site = Site()
        fetch(site, url, method="POST", mode=mode, referrer_policy=policy)
        assert site.last.headers["origin"] == ("null" if null else PAGE), (url, mode)


def test_B34_a_plain_page_withholds_nothing_on_a_downgrade() -> None:
    site = Site()
    fetch(site, "http://other.example/", "http://app.example.com", method="POST", mode="no-cors")
    assert site.last.headers["origin"] == "http://app.example.com"


# Referer

WHOLE, BARE = f"{PAGE}/dir/page?q=1", f"{PAGE}/"
#: By policy: on the same origin, across origins, from https to plain http.
REFERERS = {
    "no-referrer": (None, None, None),
    "no-referrer-when-downgrade": (WHOLE, WHOLE, None),
    "same-origin": (WHOLE, None, None),
    "origin": (BARE, BARE, BARE),
    "strict-origin": (BARE, BARE, None),
    "origin-when-cross-origin": (WHOLE, BARE, BARE),
    "strict-origin-when-cross-origin": (WHOLE, BARE, None),
    "unsafe-url": (WHOLE, WHOLE, WHOLE),
    "": (WHOLE, BARE, None),
}


@pytest.mark.parametrize("policy", list(REFERERS))
def test_B35_referer_under_every_policy(policy: str) -> None:
    seen = []
    for url, mode in [(OWN, "cors"), (API, "cors")]:
        site = Site()
        fetch(site, url, page="https://user:pw@app.example.com/dir/page?q=1#f", referrer_policy=policy, mode=mode)
        seen.append(site.last.headers.get("referer"))
    assert tuple(seen) == REFERERS[policy][:2]


@pytest.mark.parametrize("policy", list(REFERERS))
def test_B35_downgrades(policy: str) -> None:
    """A page of https never gets as far as plain http, except on this machine, which is trustworthy."""
    for target, column in [("http://api.other.example/", 2), ("http://127.0.0.1/", 1), ("http://x.localhost/", 1)]:
        request = made(target, referrer=parse_url(f"{WHOLE}#f"), referrer_policy=check_policy(policy))
        assert determine_referrer(request) == REFERERS[policy][column]


def test_B35_opaque_and_local_pages_have_none() -> None:
    for origin, page in [("null", f"{PAGE}/x"), ("null", None), (PAGE, f"blob:{PAGE}/1234"), (PAGE, "about:blank")]:
        site = Site()
        fetch(site, origin=origin, page=page, referrer_policy="unsafe-url")
        assert "referer" not in site.last.headers


@pytest.mark.parametrize(("length", "whole"), [(4096, True), (4097, False)])
def test_B35_a_long_referrer_is_cut_to_the_origin(length: int, whole: bool) -> None:
    page = f"{PAGE}/".ljust(length, "a")
    site = Site()
    fetch(site, OWN, page=page)
    assert site.last.headers["referer"] == (page if whole else OWN)


def test_B35_each_hop_starts_from_what_the_last_one_showed() -> None:
    back = {f"{PAGE}/start": moved(API), API_ROOT: moved(f"{PAGE}/end"), f"{PAGE}/end": Says(headers=PUBLIC)}
    site = Site(back)
    assert fetch(site, f"{PAGE}/start", page=WHOLE).allowed
    assert [asked.headers["referer"] for asked in site.asked] == [WHOLE, BARE, BARE]


# Order and the rest


def order(**options: Any) -> list[str]:
    verdict = fetch(Site(Says(headers=TRUSTED), GRANTS), **options)
    return [name for name, _ in verdict.exchanges[-1].request_headers]


def test_B36_the_order_of_headers() -> None:
    sec = ["Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site"]
    assert order(
        method="PUT",
        body=b"ab",
        headers=[("x-a", "1"), ("If-None-Match", "x"), ("Authorization", "x")][::2],
        credentials="include",
        cookies={"a": "1"},
    ) == [
        "x-a", "Authorization", "Accept", "Accept-Language", "Content-Length", "Referer", "Origin", *sec, "User-Agent",
        "Accept-Encoding", "Connection", "Host", "Cookie",
    ]  # fmt: skip
    assert order(url=OWN, headers={"Range": "bytes=0-", "If-Range": "x"}) == [
        "Range", "If-Range", "Accept", "Accept-Language", "Referer", *sec, "User-Agent", "Pragma", "Cache-Control",
        "Accept-Encoding", "Connection", "Host",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("POST", None, "0"), ("PUT", None, "0"), ("DELETE", None, None), ("GET", None, None), ("DELETE", b"ab", "2")],
)
def test_B36_content_length(method: str, body: bytes | None, length: str | None) -> None:
    site = Site()
    assert fetch(site, OWN, method=method, body=body).allowed
    assert site.last.headers.get("content-length") == length


def test_B36_ranges_conditions_and_what_the_script_sets_itself() -> None:
    site = Site()
    fetch(site, OWN, headers={"Range": "bytes=0-"})
    assert site.last.headers["accept-encoding"] == "identity"
    assert "pragma" not in site.last.headers
    fetch(site, OWN, headers={"If-Match": "x", "Cache-Control": "max-age=0", "User-Agent": "me"})
    assert site.last.headers["accept-encoding"] == "gzip, deflate"
    assert (site.last.headers["pragma"], site.last.headers["cache-control"]) == ("no-cache", "max-age=0")
    assert site.last.headers["user-agent"] == "me"


@pytest.mark.parametrize(
    ("origin", "urls", "site_header"),
    [
        (PAGE, [OWN], "same-origin"),
        (PAGE, ["https://api.example.com/"], "same-site"),
        (PAGE, ["https://app.example.com:8443/"], "same-site"),
        (PAGE, [API_ROOT], "cross-site"),
        (PAGE, [OWN, "https://api.example.com/"], "same-site"),
        (PAGE, ["https://api.example.com/", OWN], "same-site"),
        (PAGE, [API_ROOT, OWN], "cross-site"),
        (PAGE, ["https://api.example.com/", API_ROOT], "cross-site"),
        ("http://app.example.com", ["https://api.example.com/"], "cross-site"),
        ("https://a.github.io", ["https://b.github.io/"], "cross-site"),
        ("https://a.co.uk", ["https://b.co.uk/"], "cross-site"),
        ("https://localhost", ["https://localhost:8443/"], "same-site"),
        ("https://10.0.0.1", ["https://10.0.0.1:8443/"], "same-site"),
        ("https://10.0.0.1", ["https://20.0.0.1/"], "cross-site"),
        ("https://www.example.com.", ["https://example.com./"], "same-site"),
        ("https://www.example.com", ["https://example.com./"], "cross-site"),
        ("null", [API_ROOT], "cross-site"),
    ],
)
def test_B37_sec_fetch_site(origin: str, urls: list[str], site_header: str) -> None:
    hops = [moved(url, headers=PUBLIC) for url in urls[1:]]
    site = Site([*hops, Says(headers=PUBLIC)])
    assert fetch(site, urls[0], origin).allowed
    assert (site.last.headers["sec-fetch-site"], site.last.headers["sec-fetch-dest"]) == (site_header, "empty")
    assert "sec-fetch-user" not in site.last.headers


@pytest.mark.parametrize(("mode", "url"), [("cors", API), ("no-cors", API), ("same-origin", OWN)])
def test_B37_sec_fetch_mode(mode: str, url: str) -> None:
    site = Site()
    fetch(site, url, mode=mode)
    assert site.last.headers["sec-fetch-mode"] == mode


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://other.example/", False),
        ("http://127.0.0.1/", True),
        ("http://localhost./", True),
        ("http://[::1]/", True),
        (API, True),
    ],
)
def test_B37_only_to_trustworthy_urls_and_on_preflights_too(url: str, sent: bool) -> None:
    site = Site(Says(headers=PUBLIC), Says(204, (*PUBLIC, (METHODS, "*"))))
    assert fetch(site, url, "http://page.example", method="PUT").allowed
    assert ["sec-fetch-site" in asked.headers for asked in site.asked] == [sent, sent]


@pytest.mark.parametrize(
    ("origin", "url", "blocked"),
    [
        (PAGE, "http://other.example/", True),
        (PAGE, "http://10.0.0.1/", True),
        (PAGE, "http://127.8.9.1/", False),
        (PAGE, "http://[::1]:8000/", False),
        (PAGE, "http://x.localhost/", False),
        (PAGE, "http://notlocalhost/", True),
        (PAGE, API, False),
        ("http://localhost:3000", "http://other.example/", True),
        ("http://app.example.com", "http://other.example/", False),
        ("null", "http://other.example/", False),
        ("capacitor://localhost", "http://other.example/", True),
        ("capacitor://app", "http://other.example/", False),
    ],
)
def test_B38_mixed_content(origin: str, url: str, blocked: bool) -> None:
    site = Site(Says(headers=PUBLIC))
    verdict = fetch(site, url, origin)
    assert code(verdict) == ("mixed-content" if blocked else "cors-check-passed")
    assert len(site.asked) == (not blocked)


def test_B38_mixed_content_after_a_redirect() -> None:
    verdict = fetch(Site({API_ROOT: moved("http://other.example/")}))
    assert (code(verdict), len(verdict.exchanges)) == ("mixed-content", 1)


@pytest.mark.parametrize("port", [0, 1, 22, 25, 80, 443, 6000, 6667, 8000, 8080, 10080])
def test_B38_bad_ports(port: int) -> None:
    site = Site(Says(headers=PUBLIC))
    verdict = fetch(site, f"https://api.other.example:{port}/")
    bad = port in (0, 1, 22, 25, 6000, 6667, 10080)
    assert code(verdict) == ("bad-port" if bad else "cors-check-passed")
    assert len(site.asked) == (not bad)


@pytest.mark.parametrize(
    ("origin", "url", "noted"),
    [
        (PAGE, "http://localhost:8000/", True),
        (PAGE, "http://127.0.0.1/", True),
        (PAGE, "https://192.168.1.1/", True),
        (PAGE, "https://[fe80::1]/", True),
        (PAGE, "https://printer.local/", True),
        (PAGE, "https://printer.local./", True),
        (PAGE, "https://93.184.216.34/", False),
        (PAGE, API, False),
        ("https://192.168.1.1", "http://localhost/", True),
        ("https://192.168.1.1", "https://10.0.0.1/", False),
        ("http://localhost:3000", "http://localhost:8000/", False),
        ("http://localhost:3000", API, False),
        ("null", "http://localhost/", False),
    ],
)
def test_B39_local_network_access_is_noted_not_enforced(origin: str, url: str, noted: bool) -> None:
    verdict = fetch(Site(Says(headers=PUBLIC)), url, origin)
    assert verdict.allowed
    assert [note.code for note in verdict.notes] == [NoteCode.LOCAL_NETWORK_ACCESS] * noted


def test_every_rule_has_a_test() -> None:
    named = {int(match[1]) for name in globals() if (match := re.match("test_B([0-9]+)_", name))}
    assert named == set(range(1, 40))
