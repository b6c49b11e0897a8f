"""Cookies as each engine keeps and sends them: one row for each rule of rfc6265bis, by its section.

``tests/engines`` asks the engines the like; here is also what needs https: and real names.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from scripted_site import PAGE, THIRD, TRUSTED, Clock, Says, Site, moved

from corswsgi.browser import ENGINES, Browser, Departure, NoteCode
from corswsgi.browser.cookies import Cookie, CookieStore, Errand
from corswsgi.browser.engines import PROFILES
from corswsgi.browser.set_cookie import Refused
from corswsgi.browser.urls import parse_origin, parse_url

#: Of the page's own site, and on the local machine.
API = "https://api.example.com"
LOCAL_PAGE, LOCAL = "http://localhost:3000", "http://localhost:8000"

OLD = "Thu, 01 Jan 1970 00:00:00 GMT"
LATE = "Fri, 31 Dec 9999 23:59:59 GMT"


@dataclasses.dataclass(frozen=True)
class Row:
    """What one or more ``Set-Cookie`` come to.

    :ivar section: of rfc6265bis.
    :ivar sent: the ``Cookie`` of the next request, by the standard.
    :ivar but: the same in engines that depart.
    :ivar page: from which both are asked.
    :ivar again: the address that is asked then; by default the same.
    :ivar later: seconds between them.
    :ivar home: a page on which the cookie is set, in place of ``page``.
    :ivar given: the browser's own cookies.
    """

    section: str
    lines: str | Sequence[str]
    sent: str | None
    but: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    url: str = f"{API}/dir/x"
    page: str = PAGE
    again: str = ""
    later: float = 0
    home: str = ""
    given: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def result(self, engine: str) -> tuple[str | None, set[Departure]]:
        """Return the ``Cookie`` that is sent in an engine, and the departures from the standard."""
        clock = Clock()
        lines = [self.lines] if isinstance(self.lines, str) else self.lines
        site = Site(Says(headers=(*TRUSTED, *(("Set-Cookie", line) for line in lines))))
        first = Browser(site, self.home or self.page, engine=engine, clock=clock, cookies=self.given)
        then = Browser(site, self.page, engine=engine, clock=clock, cookies=first.cookies)
        departures = {*first.fetch(self.url, credentials="include", mode="no-cors").departures}
        clock.now += self.later
        departures |= {*then.fetch(self.again or self.url, credentials="include", mode="no-cors").departures}
        return site.last.headers.get("cookie"), departures


def local(section: str, line: str, sent: str | None, but: Mapping[str, str | None], **more: Any) -> Row:
    return Row(section, line, sent, but, url=LOCAL, page=LOCAL_PAGE, **more)


def all_three(sent: str | None) -> dict[str, str | None]:
    return dict.fromkeys(ENGINES, sent)


def prefixed(line: str, **but: str | None) -> Row:
    """A name with a prefix that promises what is not there; WebKitGTK does not look."""
    return Row("5.4", line, None, {"webkit": line.partition(";")[0], **but})


SYNTAX = [
    Row("5.6", "a=1", "a=1"),
    Row("5.6", " a = 1 ; HttpOnly", "a=1"),
    Row("5.6", "a=1=2", "a=1=2"),
    Row("5.6", "a=", "a="),
    Row("5.6", 'a="1 2"', 'a="1 2"'),
    Row("5.6", "=1", "1", {"firefox": None}),
    Row("5.6", "a", "a", {"firefox": "a="}),
    Row("5.6", ("a", "b"), "b", {"firefox": "a=; b="}),
    Row("5.6", "", None, {"webkit": ""}),
    Row("5.6", "=; Path=/", None, {"webkit": ""}),
    Row("5.6", ("", "a=1"), "a=1"),
    Row("5.6", "a=1\x012", None, {"webkit": "a=1"}),
    Row("5.6", "a\x02=1; Secure", None, {"webkit": "a"}),
    Row("5.6", "a=1; Path=/dir; b=\x7f", None, {"webkit": "a=1"}),
    Row("5.6", "a=1;\tPath=/other", None),
    Row("5.6", "a=1\t; Path=/other", None, {"webkit": "a=1"}),
    Row("5.6", "a=1\t2", "a=1\t2", {"chromium": None, "webkit": "a=1"}),
    Row("5.6", "a=x\xe9y", "a=x\xe9y", {"firefox": "a=x\xef\xbf\xbdy", "webkit": "a=x"}),
    Row("5.6", "a=x\xc3\xa9y", "a=x\xc3\xa9y", {"webkit": "a=x"}),
    Row("5.6", "a=" + "x" * 4095, "a=" + "x" * 4095),
    Row("5.6", "a=" + "x" * 4096, None, {"webkit": "a=" + "x" * 4096}),
    Row("5.6", "a=1; Path=/other; Path=/" + "p" * 1023, None),
    Row("5.6", "a=1; Path=/dir; Path=/" + "p" * 1024, "a=1", {"webkit": None}),
]

TIMES = [
    Row("5.6.2", "a=1; Max-Age=10", "a=1", later=9),
    Row("5.6.2", "a=1; Max-Age=10", None, later=10),
    Row("5.6.2", "a=1; Max-Age=0", None),
    Row("5.6.2", "a=1; Max-Age=-1", None),
    Row("5.6.2", "a=1; Max-Age=soon", "a=1"),
    Row("5.6.2", "a=1; Max-Age=" + "9" * 1000, "a=1"),
    Row("5.6.2", "a=1; Max-Age=+0", "a=1", {"chromium": None, "webkit": None}),
    Row("5.6.2", "a=1; Max-Age=", "a=1", {"webkit": None}),
    Row("5.6.2", "a=1; Max-Age=-", "a=1", {"firefox": None}),
    Row("5.6.2", "a=1; Max-Age=0; Max-Age=x", None, {"chromium": "a=1", "firefox": "a=1"}),
    Row("5.6.2", "a=1; Max-Age=0; Max-Age=9", "a=1"),
    Row("5.6.1", f"a=1; Expires={OLD}; Expires=x", None, all_three("a=1")),
    Row("5.7", f"a=1; Expires={OLD}; Max-Age=10", "a=1"),
    Row("5.7", f"a=1; Max-Age=10; Expires={OLD}", "a=1", {"webkit": None}),
    Row("5.7", ("a=1", f"a=; Expires={OLD}"), None),
    Row("5.7", ("a=1; Path=/dir", "a=2; Path=/; Max-Age=0"), "a=1"),
    Row("5.5", "a=1; Max-Age=99999999", "a=1", later=400 * 86400 - 1),
    Row("5.5", "a=1; Max-Age=99999999", None, later=400 * 86400),
    Row("5.5", f"a=1; Expires={LATE}", None, later=400 * 86400),
    *(
        Row("5.1.1", f"a=1; Expires={date}", None if deletes else "a=1")
        for date, deletes in (
            (OLD, True),
            (LATE, False),
            ("Thursday, 01-Jan-70 00:00:00 GMT", True),
            ("Thu Jan  1 00:00:00 1970", True),
            ("Thu, 01 Jan 1970 00:00:00 -0000", True),
            ("Thu, 01 Jan 69 00:00:00 GMT", False),
            ("Thu, 32 Jan 1970 00:00:00 GMT", False),
            ("Thu, 01 Jan 1970 00:61:00 GMT", False),
            ("Thu, 01 1970 00:00:00 GMT", False),
            ("Thu, 31 Dec 10000 23:59:59 GMT", False),
            ("tomorrow", False),
            ("", False),
        )
    ),
    Row("5.1.1", "a=1; Expires=1970 January 1 00:00:00", None, {"webkit": "a=1"}),
    Row("5.1.1", "a=1; Expires=Mon, 01 Jan 1600 00:00:01 GMT", "a=1", all_three(None)),
    *(
        Row("5.1.1", f"a=1; Expires={date}", "a=1", {"firefox": None})
        for date in ("30 Feb 1970 00:00:00", "1 Jan 1970 24:00:00", "1 Jan 1970 00:00", "1 Jan 1970")
    ),
    Row("5.1.1", "a=1; Expires=31 Dec 9999 24:00:00", "a=1"),
]  # fmt: skip

HOSTS_AND_PATHS = [
    Row("5.8.3", "a=1", None, again=THIRD),
    Row("5.8.3", "a=1", None, again="https://b.api.example.com/dir/"),
    Row("5.8.3", "a=1", "a=1", again=f"{API}:8443/dir/"),
    Row("5.6.3", "a=1; Domain=example.com", "a=1", again="https://www.example.com/dir/"),
    Row("5.6.3", "a=1; Domain=.example.com", "a=1", again="https://example.com/dir/"),
    Row("5.6.3", "a=1; Domain=EXAMPLE.com", "a=1", {"webkit": None}),
    Row("5.6.3", "a=1; Domain=API.example.com", "a=1", again="https://b.api.example.com/dir/"),
    Row("5.6.3", "a=1; Domain=", None, again="https://b.api.example.com/dir/"),
    Row("5.6.3", "a=1; Domain=.", "a=1", all_three(None)),
    Row("5.7", "a=1; Domain=www.example.com", None),
    Row("5.7", "a=1; Domain=ample.com", None),
    Row("5.7", "a=1; Domain=example.com.", None),
    Row("5.7", "a=1; Domain=com", None),
    Row("5.7", "a=1; Domain=github.io", None, url="https://me.github.io", page="https://me.github.io"),
    Row("5.7", "a=1; Domain=localhost", "a=1", {"webkit": None}, url=LOCAL, page=LOCAL_PAGE),
    Row("5.1.3", "a=1; Domain=127.0.0.1", "a=1", url="http://127.0.0.1", page="http://127.0.0.1"),
    Row("5.1.3", "a=1; Domain=0.0.1", None, {"webkit": "a=1"}, url="http://127.0.0.1", page="http://127.0.0.1"),
    Row("5.1.4", "a=1", "a=1", again=f"{API}/dir/y/z"),
    Row("5.1.4", "a=1", "a=1", again=f"{API}/dir"),
    Row("5.1.4", "a=1", None, again=f"{API}/directory"),
    Row("5.1.4", "a=1", None, again=f"{API}/"),
    Row("5.1.4", "a=1; Path=/", "a=1", again=f"{API}/"),
    Row("5.6.4", "a=1; Path=relative", "a=1"),
    Row("5.6.4", "a=1; Path=relative", None, again=f"{API}/"),
    Row("5.6.4", "a=1; Path=/other; Path=", "a=1"),
    Row("5.1.4", "a=1; Path=/deep", None),
    Row("5.1.4", "a=1; Path=/deep", "a=1", again=f"{API}/deep/x"),
    Row("5.1.4", "a=1; Path=/deep", None, again=f"{API}/DEEP"),
    Row("5.1.4", "a=1; Path=/deep/", None, again=f"{API}/deep"),
    Row("5.1.4", "a=1", "a=1", url=f"{API}/x", again=f"{API}/y"),
    Row("5.8.3", ("a=1; Path=/", "b=2; Path=/dir", "c=3; Path=/"), "b=2; a=1; c=3"),
    Row("5.7", ("a=1", "b=2", "a=3"), "a=3; b=2", {"chromium": "b=2; a=3"}),
    Row("5.7", ("a=1", "b=2", "a=1"), "a=1; b=2"),
    Row("5.8.3", ("a=1", "b=2; Domain=api.example.com"), "a=1; b=2", {"webkit": "b=2; a=1"}),
    Row("5.8.3", ("a=1; Domain=example.com", "b=2; Domain=api.example.com"), "a=1; b=2", {"webkit": "b=2; a=1"}),
    Row("given", "a=2", "b=1; a=2", given={"a": "1", "b": "1"}),
    Row("given", "a=; Max-Age=0", "b=1", given={"a": "1", "b": "1"}),
    Row("given", "a=2", "a=1", given={"a": "1"}, again=THIRD),
    Row("given", "c=2; Domain=com", "a=1", given={"a": "1"}),
]

PLAIN_PAGE, PLAIN = "http://app.example.com", "http://api.example.com/"

SECURE = [
    Row("5.7", "a=1; Secure", "a=1"),
    Row("5.7", "a=1; Secure=no", None, url=PLAIN, page=PLAIN_PAGE),
    Row("5.8.3", "a=1; Secure; Path=/", None, home=PAGE, page=PLAIN_PAGE, again=PLAIN),
    Row("5.8.3", "a=1; Path=/", "a=1", home=PAGE, page=PLAIN_PAGE, again=PLAIN),
    local("5.7", "a=1; Secure", "a=1", {"webkit": None}),
    local("5.7", "__Secure-a=1; Secure", "__Secure-a=1", {"webkit": None}),
    prefixed("__Secure-a=1"),
    prefixed("__secure-a=1"),
    prefixed("__Host-a=1; Secure"),
    prefixed("__Host-a=1; Path=/"),
    prefixed("__Host-a=1; Secure; Path=/; Domain=example.com"),
    prefixed("__Http-a=1; Secure"),
    prefixed("__Host-Http-a=1; Secure; Path=/"),
    prefixed("__Host-Http-a=1; Secure; HttpOnly"),
    Row("5.4", "__Host-a=1; Secure; Path=/", "__Host-a=1"),
    Row("5.4", "__Host-Http-a=1; Secure; HttpOnly; Path=/", "__Host-Http-a=1"),
    Row("5.4", "_Secure-a=1", "_Secure-a=1"),
    Row("5.7", "=__Secure-a", None, {"webkit": "__Secure-a"}),
    Row("5.7", "__host-a", None, {"webkit": "__host-a"}),
]

STRANGER = "https://www.other.example"


def abroad(line: str, sent: str | None, but: Mapping[str, str | None], **more: Any) -> Row:
    """Set by the API, and sent to it, from a page of another site."""
    return Row("5.6.7.1", line, sent, but, page=STRANGER, **more)


NONE = "a=1; SameSite=None; Secure"
CHIPS = f"{NONE}; Partitioned"

SITES = [
    Row("5.6.7.1", "a=1; SameSite=Strict", "a=1"),
    Row("5.6.7.1", "a=1; SameSite=lax", "a=1", page=API),
    Row("5.7", "a=1; SameSite=None", None, {"webkit": "a=1"}),
    Row("5.7", NONE, "a=1"),
    abroad("a=1; SameSite=Strict", None, {}),
    abroad("a=1; SameSite=LAX", None, {}),
    abroad("a=1", None, {"firefox": "a=1"}),
    abroad("a=1; SameSite=x", None, {"firefox": "a=1"}),
    abroad("a=1; SameSite=Strict; SameSite=x", None, {"firefox": "a=1"}),
    abroad("a=1; SameSite=None", None, {}),
    abroad(NONE, "a=1", {"webkit": None}),
    abroad(CHIPS, "a=1", {"webkit": None}),
    # Set on the API's own page, and sent from a stranger's
    abroad("a=1; SameSite=Strict", None, {}, home=API),
    abroad("a=1; SameSite=Lax", None, {}, home=API),
    abroad("a=1", None, {}, home=API),
    abroad(NONE, "a=1", {"firefox": None, "webkit": None}, home=API),
    abroad(CHIPS, None, {}, home=API),
    # Set on one stranger's page, and sent from another's
    abroad(NONE, "a=1", {"firefox": None, "webkit": None}, home=THIRD),
    abroad(CHIPS, None, {}, home=THIRD),
    Row("partitioned-cookies", "a=1; Partitioned", None, {"webkit": "a=1"}),
    # Sites: ports do not count; schemes, addresses and names do
    Row("5.2", "a=1; SameSite=Strict", "a=1", {}, url=LOCAL, page=LOCAL_PAGE),
    Row("5.2", "a=1; SameSite=Strict", None, {"firefox": "a=1", "webkit": "a=1"}, page=PLAIN_PAGE),
    Row("5.2", "a=1", None, {"firefox": "a=1", "webkit": "a=1"}, page=PLAIN_PAGE),
    Row("5.2", "a=1; SameSite=None; Secure", "a=1", page=PLAIN_PAGE),
    Row("5.2", "a=1; SameSite=Strict", None, {}, url="http://127.0.0.1:8000", page=LOCAL_PAGE),
    Row("5.2", "a=1; SameSite=Strict", None, {}, url="https://b.github.io", page="https://a.github.io"),
    Row("5.2", "a=1; SameSite=Strict", None, {}, url="http://a.localhost", page=LOCAL_PAGE),
    Row("5.2", "a=1; SameSite=Lax", None, {}, url=API, page="null"),
    Row("5.2", NONE, "a=1", {"webkit": None}, url=API, page="null"),
]

#: What is about cookies.
OF_COOKIES = {each for each in Departure if each.name.startswith("COOKIE")}

#: These take more than a row.
TESTED_BELOW = {Departure.COOKIE_AFTER_REDIRECT, Departure.COOKIE_OVERLAY_PATH}

ROWS = [*SYNTAX, *TIMES, *HOSTS_AND_PATHS, *SECURE, *SITES]


@pytest.mark.parametrize("engine", PROFILES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.section} {str(row.lines)[:60]!a}")
def test_what_is_sent_after_a_set_cookie(row: Row, engine: str) -> None:
    sent, departures = row.result(engine)
    assert sent == row.but.get(engine, row.sent)
    if engine in row.but:
        assert departures & OF_COOKIES, "and it is known why"


def test_every_departure_is_seen() -> None:
    for engine in ENGINES:
        shown = set().union(*(row.result(engine)[1] for row in ROWS if engine in row.but))
        assert OF_COOKIES & PROFILES[engine].departures - TESTED_BELOW == shown & OF_COOKIES


def test_the_rows_depart_only_where_an_engine_does() -> None:
    """No row's exception is what the standard does anyway."""
    assert [row for row in ROWS if row.sent in row.but.values()] == []
    assert all(set(row.but) <= set(ENGINES) for row in ROWS)


# Redirects


@pytest.mark.parametrize(
    ("engine", "sent"), [("standard", "b=2; c=3"), ("chromium", "b=2; c=3"), ("firefox", "c=3"), ("webkit", None)]
)
def test_a_redirect_from_another_site(engine: str, sent: str | None) -> None:
    """To the page's own site: Firefox sends no Lax cookie then, and WebKit none at all."""
    lines = [("Set-Cookie", line) for line in ("b=2; SameSite=Lax", "c=3; SameSite=None; Secure")]
    setting = Says(headers=(*TRUSTED, *lines))
    site = Site({f"{API}/set": setting, f"{THIRD}/": moved(f"{API}/end", headers=TRUSTED), f"{API}/end": Says()})
    browser = Browser(site, PAGE, engine=engine)
    for url in (f"{API}/set", THIRD):
        browser.fetch(url, credentials="include")
    assert site.last.url == f"{API}/end"
    assert site.last.headers.get("cookie") == sent


# What a page learns


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "a=secret; Domain=com",
            'the cookie "a" is not kept: its Domain, com, is a public suffix, below which anyone can register a name',
        ),
        (
            "a=secret; Domain=example",
            'the cookie "a" is not kept: its Domain is neither api.example.com nor a domain above it',
        ),
        ("secret\x01", "a cookie without a name is not kept: it contains the control character 0x01"),
        ("a=1; SameSite=None", 'the cookie "a" is not kept: SameSite=None needs Secure (rfc6265bis#section-5.7)'),
    ],
)
def test_a_cookie_that_is_not_kept_is_told(line: str, sentence: str) -> None:
    site = Site(Says(headers=(*TRUSTED, ("Set-Cookie", line), ("Set-Cookie", "kept=1"))))
    verdict = Browser(site, PAGE).fetch(API, credentials="include")
    (note,) = verdict.notes
    assert note.code == NoteCode.COOKIE_REFUSED
    assert note.sentence.startswith(sentence)
    assert "secret" not in note.sentence


def test_what_an_engine_does_otherwise_is_told() -> None:
    site = Site(Says(headers=(*TRUSTED, ("Set-Cookie", "a=1"))))
    for engine, told in (("chromium", []), ("firefox", [Departure.COOKIES_PARTITIONED, Departure.COOKIE_DEFAULT_NONE])):
        verdict = Browser(site, STRANGER, engine=engine).fetch(API, credentials="include")
        assert [each for each in verdict.departures if "COOKIE" in each.name] == told


# Bounds


def errand(url: str = API, page: str = PAGE) -> Errand:
    return Errand(parse_origin(page), [parse_url(url)], lambda departure: False)


def test_a_site_has_so_many_cookies_at_most() -> None:
    store = CookieStore({}, Clock())
    for number in range(400):
        store.store(f"a{number}=1", errand())
    sent = str(store.header_for(errand())).split("; ")
    assert sent == [f"a{number}=1" for number in range(220, 400)]


def test_all_sites_have_so_many_cookies_at_most() -> None:
    store = CookieStore({"given": "1"}, Clock())
    sites = [errand(url, url) for url in (f"https://{number}.example" for number in range(5000))]
    for each in sites:
        store.store("a=1", each)
        store.store("given=2", each)
    sent = [store.header_for(each) for each in sites]
    # That a site set a given cookie for itself is remembered for so many, too.
    assert sent == [*[None] * 3000, *["given=1"] * 500, *["given=1; a=1; given=2"] * 1500]


def test_secure_cookies_are_left_alone() -> None:
    store = CookieStore({}, Clock())
    store.store("a=1; Secure; Path=/deep; Domain=example.com", errand("https://example.com/", "https://example.com"))
    insecure = errand("http://api.example.com/deep/", "http://app.example.com")
    for line in ("a=2", "a=2; Path=/deep", "a=2; Domain=example.com"):
        with pytest.raises(Refused, match="there is already a cookie with this name and Secure"):
            store.store(line, insecure)
    for line in ("b=2", "a=2; Path=/"):
        assert isinstance(store.store(line, insecure), Cookie)
    assert store.header_for(errand("https://example.com/deep/", "https://example.com")) == "a=1"
    # In WebKitGTK only where they are.
    departing = dataclasses.replace(insecure, departs=PROFILES["webkit"].departures.__contains__)
    with pytest.raises(Refused):
        store.store("a=2; Path=/deep", departing)
    assert isinstance(store.store("a=2; Path=/deep/x", departing), Cookie)
