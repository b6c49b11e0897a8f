"""The families of cases about cookies: what ``Set-Cookie`` says, who sends it, and what the next request carries.

The cookies of a case stay in the folder of its resources, so that they do not affect other cases. A cookie that needs
``Path=/`` is deleted at the end. All pages have their own windows: in a frame they would be third parties.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from .case import Case, Fetch, Says

_SHARED = (("Access-Control-Allow-Origin", "{O}"), ("Access-Control-Allow-Credentials", "true"))
_GET = Says(headers=_SHARED)

#: A page and a server: "page" and "api" are on localhost, "sub-page" on a.localhost, "deep-api" on b.a.localhost.
_OWN, _SAME_SITE, _CROSS_SITE = ("page", "page"), ("sub-page", "deep-api"), ("page", "address-api")

_PAST, _FUTURE = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2100 23:59:59 GMT"


def _sets(*lines: str) -> Says:
    return Says(headers=(*_SHARED, *(("Set-Cookie", line) for line in lines)))


def _asks(page: str, to: str, **fetch: object) -> Fetch:
    return Fetch(page=page, to=to, credentials="include", window=True, **fetch)  # type: ignore[arg-type]  # its own


def _kept(name: str, *lines: str, page: str = "page", to: str = "api", then: tuple[Fetch, ...] = ()) -> Case:
    """Return a case of a response that sets cookies, and then a request to the same host, or other fetches."""
    fetches = (_asks(page, f"{to}/set"), *(then or (_asks(page, f"{to}/get"),)))
    return Case(name, "B33", fetches, {"set": _sets(*lines), "get": _GET, "getter": _GET})


def _everywhere(name: str, *lines: str, page: str = "page", to: str = "api") -> Case:
    """Return a case of cookies that need ``Path=/``."""
    gone = []
    for line in lines:
        cookie, _, attributes = line.partition("=1")
        gone.append(f"{cookie}={attributes}; Max-Age=0")
    fetches = (_asks(page, f"{to}/set"), _asks(page, f"{to}/get"), _asks(page, f"{to}/delete"))
    return Case(name, "B33", fetches, {"set": _sets(*lines), "get": _GET, "delete": _sets(*gone)})


def cookie_syntax() -> Iterator[Case]:
    lines = {
        "plain": "a=1", "spaces": " a = 1 ; Secure-not", "tabs": "\ta\t=\t1\t", "inner-space": "a=1 2",
        "equals": "a=1=2", "empty-value": "a=", "nameless": "=1", "no-equals": "a", "empty": "", "semicolon": ";",
        "only-equals": "=", "quoted": 'a="1 2"', "quote-open": 'a="1', "comma": "a=1,b=2", "brackets": "a[0]=(1)<2>",
        "latin-1": "a=\xe9", "utf-8": "a=\xc3\xa9", "latin-1-name": "\xe9=1", "control-1": "a=1\x012",
        "control-1f": "a=1\x1f", "delete": "a=\x7f", "tab-inside": "a=1\t2", "control-in-name": "a\x02b=1",
        "control-in-attribute": "a=1; b\x02=1", "attribute-case": "a=1; PATH={path}/other",
        "attribute-spaces": "a=1 ;  Path = {path}/other ", "space-name": "a b=1", "at-most-4096": "a=" + "x" * 4095,
        "above-4096": "a=" + "x" * 4096, "name-4096": "n" * 4095 + "=1", "name-above-4096": "n" * 4096 + "=1",
        "nameless-4096": "=" + "x" * 4096, "nameless-above": "=" + "x" * 4097,
        "path-at-most-1024": "a=1; Path={path}/get; Path=/" + "p" * 1023, "httponly": "a=1; HttpOnly",
        "path-above-1024": "a=1; Path={path}/get; Path=/" + "p" * 1024,
        "unknown": "a=1; Priority=High; Version=1; x", "nameless-prefix": "=__Secure-a=1",
        "nameless-host-prefix": "__Host-a", "dollar": "$Version=1", "comma-before": ",a=1", "encoded": "a=%20%3B",
        "latin-1-inside": "a=x\xe9y", "utf-8-inside": "a=x\xc3\xa9y", "tab-after": "a=1\t; Path={path}/other",
        "tab-before": "a=1;\tPath={path}/other", "value-tabs": "a=\t1", "del-in-name": "a\x7f=1",
        "control-late": "a=1; Path={path}/other; b=\x02", "space-only": " = ",
    }  # fmt: skip
    for name, line in lines.items():
        yield _kept(name, line)
    yield _kept("nameless-twice", "=1", "2", "a=3")
    yield _kept("empty-beside", "", "a=3")


def cookie_paths() -> Iterator[Case]:
    paths = {
        "default": "", "folder": "Path={path}", "folder-slash": "Path={path}/", "exact": "Path={path}/get",
        "exact-slash": "Path={path}/get/", "prefix": "Path={path}/ge", "case": "Path={path}/GET",
        "relative": "Path=get", "empty": "Path=", "no-value": "Path",
        "last-wins": "Path={path}/other; Path={path}/get", "last-is-bad": "Path={path}/other; Path=x",
        "last-is-empty": "Path={path}/other; Path=", "quoted": 'Path="{path}/get"', "encoded": "Path={path}/%67et",
        "query": "Path={path}/get?x",
    }  # fmt: skip
    for name, path in paths.items():
        then = (_asks("page", "api/get"), _asks("page", "api/getter"))
        yield _kept(name, f"a=1; {path}", then=then)
    yield _kept(
        "order", "short=1; Path={path}", "long=2; Path={path}/get", "next=3; Path={path}", "same=4; Path={path}"
    )
    yield _kept("same-name", "a=1; Path={path}", "a=2; Path={path}/get")
    yield _kept("replaced", "a=1", "b=2", "a=3")
    yield _kept("replaced-alike", "a=1", "b=2", "a=1")
    yield _kept("replaced-with-attributes", "a=1; Path={path}; HttpOnly", "a=2; Path={path}; SameSite=Strict")
    yield _kept("name-case", "a=1", "A=2")


def cookie_domains() -> Iterator[Case]:
    """From a page on the same host, so that everything is same-site, to the hosts above, below and next to it."""
    names = (
        "a.localhost", ".a.localhost", "A.LOCALHOST", "b.a.localhost", "localhost", ".localhost", "evil-a.localhost",
        "c.a.localhost", "", ".", "..a.localhost", "a.localhost.", "example.com", "127.0.0.1", "a.localhost:80",
        "com",
    )  # fmt: skip
    for domain in names:
        then = tuple(_asks(*each) for each in (
            ("sub-page", "sub-api/get"), ("deep-page", "deep-api/get"), ("evil-page", "evil-api/get"),
            ("page", "api/get"),
        ))  # fmt: skip
        for page, to in (("sub-page", "sub-api"), ("deep-page", "deep-api")):
            yield _kept(f"{to}-{domain or 'empty'}", f"a=1; Domain={domain}", page=page, to=to, then=then)
    for page, to in (("page", "api"), ("address-page", "address-api")):
        then = tuple(_asks(*each) for each in ((page, f"{to}/get"), ("sub-page", "sub-api/get"), ("page", "api/get")))
        for domain in ("localhost", ".localhost", "127.0.0.1", ".127.0.0.1", "0.0.1", "localhost.", "a.localhost"):
            yield _kept(f"{to}-{domain}", f"a=1; Domain={domain}", page=page, to=to, then=then)
        yield _kept(f"{to}-without", "a=1", page=page, to=to, then=then)
    then = (_asks("deep-page", "deep-api/get"),)
    for name, lines in {
        "host-only-beside-domain": ("a=1", "a=2; Domain=b.a.localhost"),
        "two-domains": ("a=1; Domain=a.localhost", "a=2; Domain=b.a.localhost"),
        "last-wins": ("a=1; Domain=example.com; Domain=a.localhost",),
        "last-is-foreign": ("a=1; Domain=a.localhost; Domain=example.com",),
        "last-is-empty": ("a=1; Domain=example.com; Domain=",),
    }.items():
        yield _kept(name, *lines, page="deep-page", to="deep-api", then=then)


def cookie_times() -> Iterator[Case]:
    dates = {
        "past": _PAST, "future": _FUTURE, "rfc850": "Thursday, 01-Jan-70 00:00:00 GMT",
        "asctime": "Thu Jan  1 00:00:00 1970", "dashes": "Thu, 01-Jan-1970 00:00:00 GMT",
        "without-day": "01 Jan 1970 00:00:00 GMT", "iso": "1970-01-01T00:00:00Z", "number": "0", "word": "tomorrow",
        "empty": "", "year-69": "Thu, 01 Jan 69 00:00:00 GMT", "year-70": "Thu, 01 Jan 70 00:00:00 GMT",
        "before-1970": "Thu, 01 Jan 1931 00:00:00 GMT", "year-1601": "Mon, 01 Jan 1601 00:00:01 GMT",
        "year-1600": "Mon, 01 Jan 1600 00:00:01 GMT", "february-30": "Thu, 30 Feb 1970 00:00:00 GMT",
        "day-32": "Thu, 32 Jan 1970 00:00:00 GMT", "hour-24": "Thu, 01 Jan 1970 24:00:00 GMT",
        "short-time": "Thu, 01 Jan 1970 0:0:0 GMT", "no-seconds": "Thu, 01 Jan 1970 00:00 GMT",
        "no-time": "Thu, 01 Jan 1970", "zone": "Thu, 01 Jan 1970 00:00:00 -0500",
        "month-case": "thu, 01 JAN 1970 00:00:00 gmt", "full-month": "Thu, 01 January 1970 00:00:00 GMT",
        "other-order": "1970 Jan 1 00:00:00", "quoted": f'"{_PAST}"', "far": "Fri, 31 Dec 9999 23:59:59 GMT",
        "five-digit-year": "Fri, 31 Dec 10000 23:59:59 GMT", "no-month": "01 1970 00:00:00",
    }  # fmt: skip
    for name, date in dates.items():
        yield _kept(f"expires-{name}", f"a=1; Expires={date}")
    ages = {
        "0": "0", "-1": "-1", "10": "10", "+10": "+10", "+0": "+0", "fraction": "0.5", "010": "010", "word": "x",
        "empty": "", "minus": "-", "huge": "9" * 20, "huge-minus": "-" + "9" * 20, "spaces": " 0 ", "0x": "0x",
        "exponent": "0e3", "quoted": '"0"', "-0": "-0", "00": "00",
    }  # fmt: skip
    for name, age in ages.items():
        yield _kept(f"max-age-{name}", f"a=1; Max-Age={age}")
    yield _kept("max-age-wins", f"a=1; Max-Age=10; Expires={_PAST}")
    yield _kept("max-age-wins-before", f"a=1; Expires={_FUTURE}; Max-Age=0")
    yield _kept("bad-max-age-beside-expires", f"a=1; Max-Age=x; Expires={_PAST}")
    yield _kept("last-max-age-wins", "a=1; Max-Age=0; Max-Age=10")
    yield _kept("last-max-age-is-bad", "a=1; Max-Age=0; Max-Age=x")
    yield _kept("last-expires-wins", f"a=1; Expires={_PAST}; Expires={_FUTURE}")
    yield _kept("last-expires-is-bad", f"a=1; Expires={_PAST}; Expires=x")
    yield _kept("deleted", "a=1", "a=; Max-Age=0")
    yield _kept("deleted-elsewhere", "a=1", "a=; Max-Age=0; Path={path}/get")
    for seconds, after in ((1, 3), (60, 1)):
        yield _kept(
            f"max-age-{seconds}-after-{after}", f"a=1; Max-Age={seconds}", then=(_asks("page", "api/get", after=after),)
        )


def cookies_that_are_secure() -> Iterator[Case]:
    """Over http: on this machine; https: is in another family."""
    for page, to in (("page", "api"), ("address-page", "address-api"), ("sub-page", "sub-api")):
        for name, line in {
            "plain": "a=1; Secure", "value": "a=1; Secure=false", "none": "a=1; Secure; SameSite=None",
            "lax": "a=1; Secure; SameSite=Lax", "secure-prefix": "__Secure-a=1; Secure",
            "secure-prefix-plain": "__Secure-a=1", "prefix-case": "__secure-a=1",
            "prefix-case-secure": "__SECURE-a=1; Secure", "host-prefix-path": "__Host-a=1; Secure",
            "host-prefix-plain": "__Host-a=1", "not-a-prefix": "_Secure-a=1", "prefix-alone": "__Secure-=1",
            "host-prefix-case": "__hOST-a=1; Path={path}", "http-prefix": "__Http-a=1",
            "host-http-prefix": "__Host-Http-a=1", "http-prefix-secure": "__Http-a=1; Secure",
            "http-prefix-whole": "__Http-a=1; Secure; HttpOnly",
            "host-http-prefix-path": "__Host-Http-a=1; Secure; HttpOnly",
        }.items():  # fmt: skip
            yield _kept(f"{to}-{name}", line, page=page, to=to)
        yield _everywhere(f"{to}-host-prefix", "__Host-a=1; Secure; Path=/", page=page, to=to)
        yield _everywhere(f"{to}-host-prefix-lower", "__host-a=1; Secure; Path=/", page=page, to=to)
        yield _everywhere(f"{to}-host-prefix-insecure", "__Host-a=1; Path=/", page=page, to=to)
        yield _everywhere(f"{to}-host-http-prefix-whole", "__Host-Http-a=1; Secure; HttpOnly; Path=/", page=page, to=to)
        yield _kept(f"{to}-secure-then-plain", "a=1; Secure", "a=2", page=page, to=to)
        yield _kept(f"{to}-plain-then-secure", "a=1", "a=2; Secure", page=page, to=to)
    domain = "__Host-a=1; Secure; Path=/; Domain=a.localhost"
    yield _everywhere("host-prefix-with-domain", domain, page="sub-page", to="sub-api")


#: Cookies with all kinds of attributes about other sites.
_SAME_SITE_LINES = {
    "absent": "a=1", "strict": "a=1; SameSite=Strict", "lax": "a=1; SameSite=Lax", "none": "a=1; SameSite=None",
    "none-secure": "a=1; SameSite=None; Secure", "case": "a=1; samesite=STRICT", "unknown": "a=1; SameSite=x",
    "empty": "a=1; SameSite", "none-case": "a=1; SameSite=nOnE; Secure", "unknown-secure": "a=1; SameSite=x; Secure",
    "absent-secure": "a=1; Secure", "last-wins": "a=1; SameSite=Strict; SameSite=None; Secure",
    "last-is-unknown": "a=1; SameSite=Strict; SameSite=x", "partitioned": "a=1; SameSite=None; Secure; Partitioned",
    "partitioned-plain": "a=1; Partitioned", "partitioned-lax": "a=1; Secure; SameSite=Lax; Partitioned",
}  # fmt: skip

#: A page, a server, and the page of that server's own site.
_PAGES = {
    "same-origin": ("page", "page", "page"),
    "other-port": ("page", "api", "api"),
    "same-site": ("sub-page", "deep-api", "deep-page"),
    "address": ("page", "address-api", "address-page"),
    "from-address": ("address-page", "api", "page"),
    "sibling-names": ("sub-page", "evil-api", "evil-page"),
    "above": ("sub-page", "api", "page"),
    "below": ("page", "sub-api", "sub-page"),
    "same-site-above": ("deep-page", "sub-api", "sub-page"),
}


def cookies_of_sites() -> Iterator[Case]:
    """Set and sent from a page, which may be of another site, and from a page of the server's own site."""
    for (where, (page, to, home)), (name, line) in itertools.product(_PAGES.items(), _SAME_SITE_LINES.items()):
        abroad, at_home = _asks(page, f"{to}/get"), _asks(home, f"{to}/get")
        yield _kept(f"{where}-{name}-abroad", line, page=page, to=to, then=(abroad, at_home))
        yield _kept(f"{where}-{name}-at-home", line, page=home, to=to, then=(at_home, abroad))
    for (where, (page, to, home)), method in itertools.product(_PAGES.items(), ("POST", "HEAD")):
        then = (_asks(page, f"{to}/get", method=method, mode="no-cors"), _asks(page, f"{to}/get", method=method))
        yield _kept(f"{where}-{method}", *_lines_by_name(), page=home, to=to, then=then)


def _lines_by_name() -> list[str]:
    return [line.replace("a=1", f"{name}=1") for name, line in _SAME_SITE_LINES.items()]


def cookies_of_third_parties() -> Iterator[Case]:
    """Set under one first party and sent under the same, under another, and without one: partitions and blocking."""
    third = "address-api"
    lines = ("plain=1", "none=1; SameSite=None; Secure", "chips=1; SameSite=None; Secure; Partitioned")
    pages = ("page", "sub-page", "evil-page", "address-page")
    for setter in pages:
        yield _kept(
            f"set-from-{setter}",
            *lines,
            page=setter,
            to=third,
            then=tuple(_asks(page, f"{third}/get") for page in pages),
        )
    for page in ("page", "sub-page"):
        replaced = (_asks(page, f"{third}/again"), _asks(page, f"{third}/get"), _asks("address-page", f"{third}/get"))
        case = _kept(f"replaced-from-{page}", *lines, page="address-page", to=third, then=replaced)
        again = _sets(*(line.replace("=1", "=2", 1) for line in lines))
        yield Case(case.name, case.rules, case.fetches, {**case.says, "again": again})
        gone = (_asks(page, f"{third}/again"), _asks(page, f"{third}/get"), _asks("address-page", f"{third}/get"))
        deleting = _sets(*(f"{line.replace('=1', '=', 1)}; Max-Age=0" for line in lines))
        yield Case(f"deleted-from-{page}", case.rules, (case.fetches[0], *gone), {**case.says, "again": deleting})


def cookies_after_redirects() -> Iterator[Case]:
    """Set and sent during redirects, within one site and across sites."""
    lines = ("absent=1", "lax=1; SameSite=Lax", "none=1; SameSite=None; Secure", "strict=1; SameSite=Strict")
    ways = (
        ("page", "api", "third"), ("page", "api", "address-api"), ("page", "address-api", "api"),
        ("page", "page", "address-api"), ("page", "address-api", "page"), ("sub-page", "deep-api", "sub-api"),
        ("sub-page", "evil-api", "deep-api"), ("page", "api", "page"),
    )  # fmt: skip
    for page, first, second in ways:
        says = {
            "set": _sets(*lines), "get": _GET,
            "way": Says(302, _SHARED, to=f"{second}/get"),
            "setting-way": Says(302, _sets(*lines).headers, to=f"{second}/get"),
            "way-to-set": Says(302, _SHARED, to=f"{second}/set"),
        }  # fmt: skip
        home = second.replace("api", "page").replace("third", "page")
        sent = (_asks(home, f"{second}/set"), _asks(page, f"{first}/way"))
        yield Case(f"sent-{page}-{first}-{second}", "B33", sent, says)
        kept = (_asks(page, f"{first}/setting-way"), _asks(first.replace("api", "page"), f"{first}/get"))
        yield Case(f"set-on-the-way-{page}-{first}-{second}", "B33", kept, says)
        at_end = (_asks(page, f"{first}/way-to-set"), _asks(home, f"{second}/get"))
        yield Case(f"set-at-the-end-{page}-{first}-{second}", "B33", at_end, says)


#: A page and a server, by the difference between their sites.
_FAR_PAIRS = {
    "one-site": ("tls-app-page", "tls-sibling-api"),
    "below": ("tls-apex-page", "tls-sibling-api"),
    "above": ("tls-app-page", "tls-apex-api"),
    "two-sites": ("tls-app-page", "tls-other-api"),
    "two-users": ("tls-user-page", "tls-neighbour-api"),
    "two-schemes": ("app-page", "tls-sibling-api"),
    "plain-one-site": ("app-page", "sibling-api"),
    "plain-two-sites": ("app-page", "other-api"),
    "local-one-site": ("tls-page", "tls-api"),
    "local-two-schemes": ("page", "tls-api"),
    "local-two-sites": ("tls-page", "tls-address-api"),
    "from-local": ("page", "tls-sibling-api"),
}

_FAR_LINES = {
    **{name: line for name, line in _SAME_SITE_LINES.items() if name in (
        "absent", "strict", "lax", "none", "none-secure", "absent-secure", "partitioned",
    )},
    "secure-prefix": "__Secure-a=1; Secure", "secure-prefix-plain": "__Secure-a=1", "domain": "a=1; Domain=example.com",
    "domain-suffix": "a=1; Domain=github.io", "domain-com": "a=1; Domain=com",
    "http-prefix": "__Http-a=1; Secure; HttpOnly",
}  # fmt: skip


def cookies_far_away() -> Iterator[Case]:
    """Over https:, and on hosts whose names are on the Public Suffix List."""
    for (where, (page, to)), (name, line) in itertools.product(_FAR_PAIRS.items(), _FAR_LINES.items()):
        home = to.replace("api", "page")
        then = (_asks(page, f"{to}/get"), _asks(home, f"{to}/get"))
        yield _kept(f"{where}-{name}-abroad", line, page=page, to=to, then=then)
        yield _kept(f"{where}-{name}-at-home", line, page=home, to=to, then=then)
    for name, line in {
        "host-prefix": "__Host-a=1; Secure; Path=/",
        "host-prefix-plain": "__Host-a=1; Path=/",
        "host-prefix-domain": "__Host-a=1; Secure; Path=/; Domain=example.com",
    }.items():
        yield _everywhere(name, line, page="tls-app-page", to="tls-sibling-api")
    for where, name in itertools.product(("", "sibling-"), ("same", "below", "both", "deleted")):
        first = "a=1; Secure; Path={path}"
        second = {"same": "a=2", "below": "a=2; Path={path}/get", "both": "a=2; Secure", "deleted": "a=2; Max-Age=0"}[
            name
        ]
        secure, plain = (f"tls-{where}page", f"tls-{where}api"), (f"{where}page", f"{where}api")
        fetches = (
            _asks(secure[0], f"{secure[1]}/set"), _asks(plain[0], f"{plain[1]}/again"),
            _asks(plain[0], f"{plain[1]}/get"), _asks(secure[0], f"{secure[1]}/get"),
        )  # fmt: skip
        says = {"set": _sets(first), "again": _sets(second), "get": _GET}
        yield Case(f"over-secure-{where or 'local-'}{name}", "B33", fetches, says)


FAMILIES = (
    cookies_far_away,
    cookie_syntax,
    cookie_paths,
    cookie_domains,
    cookie_times,
    cookies_that_are_secure,
    cookies_of_sites,
    cookies_of_third_parties,
    cookies_after_redirects,
)
