"""The cases of the matrix, by family. A family is a generator of cases; a new case is one more line of data."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from corswsgi.browser import referrer

from . import cookies_table, embeds_table, networks_table
from .case import HOSTS, OPAQUE_PAGES, Case, Fetch, Pairs, Says, checked, on_each_front_end
from .servers import MISSING_METHOD

Family = Callable[[], Iterator[Case]]

#: Each family by its name.
FAMILIES: dict[str, Family] = {**embeds_table.FAMILIES, **networks_table.FAMILIES}


def family(make: Family) -> Family:
    """Register a family under its name."""
    FAMILIES[make.__name__.replace("_", "-")] = make
    return make


def table() -> list[Case]:
    """Return all cases, on each of their front ends."""
    return [
        each
        for name, make in FAMILIES.items()
        for case in make()
        for each in on_each_front_end(checked(dataclasses.replace(case, family=name)))
    ]


# Words for data

CREDENTIALS = "Access-Control-Allow-Credentials"
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
EXPOSED = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"

ANY = ("Access-Control-Allow-Origin", "*")
ECHO = ("Access-Control-Allow-Origin", "{O}")
TRUE = (CREDENTIALS, "true")

#: Allows everything to all origins without credentials.
PUBLIC: Pairs = (ANY, (METHODS, "*"), (HEADERS, "*"))

#: By credentials mode: the headers that let a script read the answer.
MODES: dict[str, Pairs] = {"omit": (ANY,), "include": (ECHO, TRUE)}

INCLUDE = {"credentials": "include"}


def one(name: str, rules: str, says: Says | None = None, policy: Mapping[str, Any] | None = None, **fetch: Any) -> Case:
    """Return a case of one fetch; the defaults are those of :class:`Fetch`."""
    return Case(name, rules, (Fetch(**fetch),), {"first": says or Says(headers=(ANY,))}, policy)


def app(*headers: tuple[str, str], status: int = 200) -> Says:
    """Return the answer of an application behind a policy."""
    return Says(status, headers)


def scripted(*headers: tuple[str, str], status: int = 200, preflight: tuple[int, Pairs] | None = None) -> Says:
    """Return the answer of a scripted server, also to preflights unless ``preflight`` is given."""
    return Says(status, headers, preflight=preflight)


PAGES = tuple(f"{prefix}page" for prefix in HOSTS)


# Origins


@family
def origins() -> Iterator[Case]:
    policies: dict[str, tuple[str, Any]] = {
        "any": ("A12 A31", "*"),
        "static": ("A7 A9 A11 A31 B17", "{page}"),
        "static-sub": ("A7 A31", "{sub-page}"),
        "exact": ("A7 A9 A11 B17", ["{page}", "{idn-page}", "{underscore-page}", "{dot-page}", "{address-page}"]),
        "null": ("A12", ["{page}", "null"]),
        "null-only": ("A12", "null"),
        "subdomains": ("A13", "http://*.a.localhost:{page-port}"),
        "subdomains-and-others": ("A13", ["http://*.a.localhost:{page-port}", "{address-page}"]),
        "any-port": ("A13", "http://localhost:*"),
        "subdomains-any-port": ("A13", "http://*.localhost:*"),
        "regex": ("A13 A12", [{"regex": "http://(localhost|a[.]localhost):{page-port}"}]),
        "callable": ("A13 A12", {"callable": ["{page}", "{sub-page}"]}),
    }
    for name, (rules, allowed) in policies.items():
        policy = {"allow_origins": allowed, "allow_methods": ["PUT"]}
        for page in (*PAGES, "third", *OPAQUE_PAGES):
            yield one(f"{name}-from-{page}", rules, app(), policy, page=page)
        for page in ("page", "sub-page", "third", "sandbox"):
            yield one(f"{name}-from-{page}-put", f"{rules} A26", app(), policy, page=page, method="PUT")
    for page in ("page", "sub-page", *OPAQUE_PAGES):
        policy = {"allow_origins": ["{page}", "{address-page}"], "allow_credentials": True}
        yield one(f"credentials-from-{page}", "A12 A7", app(), policy, page=page, **INCLUDE)
    for page, method in itertools.product(("page", "third"), ("GET", "POST")):
        policy = {"allow_origins": "{page}"}
        yield one(f"arrives-{page}-{method}", "A28", app(), policy, page=page, method=method)
    for page, to, method in itertools.product(("page", "third"), ("page", "api"), ("GET", "POST", "PUT")):
        policy = {"allow_origins": "{sub-page}", "enforce": True}
        yield one(f"enforced-{page}-{method}-to-{to}", "A1 A26", app(), policy, page=page, to=to, method=method)


@family
def cors_check() -> Iterator[Case]:
    values = {
        "null": "null", "slash": "{page}/", "two-in-one": "{page}, {page}", "empty": "", "space": " {page} ",
        "upper-case": "HTTP://LOCALHOST:{page-port}", "page": "{page}", "api": "{api}", "without-port": "http://localhost",
        "two-with-space": "{page} {api}", "wildcard-host": "http://*:{page-port}",
    }  # fmt: skip
    answers: dict[str, Pairs] = {
        "none": (), "echo": (ECHO,), "any": (ANY,), "echo-twice": (ECHO, ECHO), "any-twice": (ANY, ANY),
        "any-and-echo": (ANY, ECHO), "echo-true": (ECHO, TRUE), "any-true": (ANY, TRUE),
        "echo-true-twice": (ECHO, TRUE, TRUE),
        **{f"echo-{value}": (ECHO, (CREDENTIALS, value)) for value in ("True", "TRUE", "false", "1", "true, true")},
        **{f"value-{name}": (("Access-Control-Allow-Origin", value),) for name, value in values.items()},
    }  # fmt: skip
    for (name, headers), credentials in itertools.product(answers.items(), ("omit", "same-origin", "include")):
        yield one(f"{name}-{credentials}", "A14 A15 A16 B17", scripted(*headers), credentials=credentials)
    for page, (name, headers) in itertools.product(("sandbox", "data"), answers.items()):
        if name in ("none", "echo", "any", "value-null", "value-page"):
            yield one(f"{name}-from-{page}", "A12 A14 B17", scripted(*headers), page=page)
    for name, headers in answers.items():
        if name in ("none", "echo", "any", "echo-twice", "echo-true", "any-true", "echo-True"):
            says = scripted(ECHO, TRUE, preflight=(204, (*headers, (METHODS, "PUT"))))
            for credentials in MODES:
                yield one(
                    f"preflight-{name}-{credentials}", "A15 A16 B13 B17", says, method="PUT", credentials=credentials
                )
    for name, headers in {
        "own": ((ANY), TRUE),
        "twice": (ANY, ANY),
        "other": (("Access-Control-Allow-Origin", "{api}"),),
    }.items():
        for page in ("page", "third"):
            policy = {"allow_origins": ["{page}", "{sub-page}"]}
            yield one(f"app-says-{name}-from-{page}", "A14 A15", app(*headers), policy, page=page)


# Methods and headers

ASKED_METHODS = ("GET", "HEAD", "POST", "PUT", "put", "DELETE", "PATCH", "patch", "OPTIONS", "Custom")


@family
def methods() -> Iterator[Case]:
    listed: dict[str, Any] = {"none": (), "put": ["PUT"], "several": ["PUT", "PATCH", "Custom", "OPTIONS"], "any": "*"}
    for (name, value), method in itertools.product(listed.items(), ASKED_METHODS):
        policy = {"allow_origins": "*", "allow_methods": value}
        yield one(f"{name}-{method}", "A2 A17 A18 A29 B5 B11", app(), policy, method=method)
    for (name, value), method in itertools.product(listed.items(), ("POST", "PUT", "patch", "Custom")):
        policy = {"allow_origins": ["{page}", "{sub-page}"], "allow_methods": value, "allow_credentials": True}
        yield one(f"{name}-{method}-include", "A3 A16 A18", app(), policy, method=method, **INCLUDE)
    answers = ("", "PUT", "PUT, DELETE", "*", "put", "PUT DELETE", "PUT;x", ",PUT,,DELETE,", "PUT,*", '"PUT"')
    for value, method, credentials in itertools.product(answers, ("PUT", "patch", "HEAD"), MODES):
        says = scripted(*MODES[credentials], preflight=(204, (*MODES[credentials], (METHODS, value))))
        name = f"answer-{value or 'empty'}-{method}-{credentials}"
        yield one(name, "A16 A18 B5 B13 B14", says, method=method, credentials=credentials)
    two_lines = (204, (ANY, (METHODS, "PUT"), (METHODS, "DELETE")))
    for method in ("PUT", "DELETE", "PATCH"):
        yield one(f"two-lines-{method}", "B13 B14", scripted(ANY, preflight=two_lines), method=method)
    policy = {"allow_origins": "*"}
    for method, to in itertools.product(("OPTIONS", "POST", "PUT", "HEAD", "DELETE"), ("page", "api")):
        yield one(f"own-origin-{method}-{to}", "A1 A2 A29", app(), policy, method=method, to=to)


#: Headers that a script sets, close to the limits of each rule of the safelist.
VALUES: dict[str, Pairs] = {
    "custom": (("X-A", "1"),),
    "custom-upper-case": (("X-A", "1"), ("X-B", "2")),
    "authorization": (("Authorization", "Bearer x"),),
    "accept-128": (("Accept", "a" * 128),),
    "accept-129": (("Accept", "a" * 129),),
    **{f"accept-byte-{ord(byte):02x}": (("Accept", f"a{byte}b"),) for byte in "\t\"():<>?@[\\]{}\x7f\x01,/;= é"},
    "accept-language": (("Accept-Language", "de-AT, en;q=0.5, *"),),
    "accept-language-128": (("Accept-Language", "a" * 128),),
    "accept-language-129": (("Accept-Language", "a" * 129),),
    "accept-language-underscore": (("Accept-Language", "de_AT"),),
    "accept-language-slash": (("Accept-Language", "de/AT"),),
    "content-language": (("Content-Language", "de-AT"),),
    "content-language-plus": (("Content-Language", "de+AT"),),
    "content-language-129": (("Content-Language", "a" * 129),),
    "content-type-plain": (("Content-Type", "text/plain"),),
    "content-type-upper-case": (("Content-Type", "TEXT/PLAIN;charset=utf-8"),),
    "content-type-form": (("Content-Type", "application/x-www-form-urlencoded"),),
    "content-type-multipart": (("Content-Type", "multipart/form-data; boundary=x"),),
    "content-type-json": (("Content-Type", "application/json"),),
    "content-type-two": (("Content-Type", "text/plain, application/json"),),
    "content-type-none": (("Content-Type", "plain"),),
    "content-type-empty": (("Content-Type", ""),),
    "content-type-quoted": (("Content-Type", 'text/plain; charset="utf-8"'),),
    "content-type-128": (("Content-Type", "text/plain;" + "a" * 117),),
    "content-type-129": (("Content-Type", "text/plain;" + "a" * 118),),
    "content-type-odd": (("Content-Type", "text/plain;;; =, /"),),
    "content-type-space": (("Content-Type", "text/plain ; charset=utf-8"),),
    **{
        f"range-{name}": (("Range", value),)
        for name, value in {
            "simple": "bytes=0-5", "open": "bytes=0-", "suffix": "bytes=-5", "two": "bytes=0-1,3-4",
            "backwards": "bytes=5-0", "equal": "bytes=5-5", "spaces": "bytes= 0-5", "upper-case": "Bytes=0-5",
            "other": "lines=0-5", "space-after": "bytes=0-5 6", "zeros": "bytes=00-05", "empty-element": "bytes=0-5,",
            "upper-case-suffix": "BYTES=-5", "63-bits": f"bytes=0-{2**63 - 1}", "64-bits": f"bytes={2**64}-",
        }.items()
    },
    "range-twice": (("Range", "bytes=0-1"),) * 2,
    **{
        f"content-type-parameters-{number}": (("Content-Type", f"text/plain;{parameters}"),)
        for number, parameters in enumerate(
            ("", ";", "; ;", "a=b;", ";a=b", "a;b", "a,", "a=b, c", " =b", "=", "/", "a b", "a=é", "charset=")
        )
    },
    "type-twice-differing": (("Content-Type", "application/json"), ("Content-Type", "text/plain")),
    "authorization-twice": (("Authorization", "Bearer x"), ("Authorization", "Bearer y")),
    "accept-twice-long": (("Accept", "a" * 100), ("Accept", "b" * 100)),
    "custom-byte-e9": (("X-A", "é"),),
    "sum-1024": (("Accept", "a" * 128),) * 7 + (("Accept-Language", "b" * 128),),
    "sum-1025": (("Accept", "a" * 128),) * 7 + (("Accept-Language", "b" * 128), ("Content-Language", "c")),
    "sum-of-each-name": tuple((name, "a" * 128) for name in ("Accept", "Accept-Language", "Content-Language")),
    "type-twice": (("Content-Type", "text/plain"), ("Content-Type", "text/plain")),
    "accept-twice": (("Accept", "a"), ("Accept", "b")),
    "custom-twice": (("X-A", "1"), ("x-a", "2")),
    "unsafe-and-safe": (("X-B", "1"), ("Accept", "x"), ("X-A", "2"), ("Content-Type", "application/json")),
    **{
        f"hint-{name.lower()}-{value}": ((name, value),)
        for name, value in (
            ("DPR", "2"), ("DPR", "2.5"), ("DPR", "2."), ("DPR", "x"), ("Device-Memory", "0.5"), ("Downlink", "1.5"),
            ("Width", "100"), ("Width", "1.5"), ("Viewport-Width", "100"), ("RTT", "100"), ("RTT", "-1"),
            ("ECT", "slow-2g"), ("ECT", "4G"), ("Save-Data", "on"), ("Save-Data", "ON"), ("Save-Data", "off"),
            ("Intervention", "x"), ("Sec-CH-DPR", "2"),
        )
    },
    "user-agent": (("User-Agent", "mine"),),
    "cache-control": (("Cache-Control", "max-age=0"),),
    "x-requested-with": (("X-Requested-With", "XMLHttpRequest"),),
    **{
        f"forbidden-{name.lower()}": ((name, value), ("X-A", "1"))
        for name, value in {
            "Cookie": "a=b", "Origin": "http://x", "Host": "x", "Referer": "http://x/", "Sec-A": "1", "Proxy-A": "1",
            "X-HTTP-Method-Override": "TRACE", "X-Method-Override": "PUT, connect", "X-HTTP-Method": "GET",
            "Access-Control-Request-Method": "PUT", "DNT": "1", "Date": "x", "TE": "trailers",
        }.items()
    },
}  # fmt: skip


@family
def headers() -> Iterator[Case]:
    rules = "A4 A20 A21 B2 B4 B6 B7 B8 B11"
    for name, value in VALUES.items():
        yield one(f"{name}-refused", rules, scripted(ANY, preflight=(204, (ANY,))), headers=value)
        everything = (204, (ANY, (HEADERS, "*, authorization")))
        yield one(f"{name}-allowed", rules, scripted(ANY, preflight=everything), headers=value)
    listed: dict[str, Any] = {
        "none": (), "x-a": ["X-A"], "type": ["content-type"], "any": "*",
        "any-and-authorization": ["*", "Authorization"],
    }  # fmt: skip
    asked = (
        "custom",
        "custom-upper-case",
        "content-type-json",
        "authorization",
        "accept-128",
        "accept-129",
        "range-suffix",
    )
    for (name, value), script in itertools.product(listed.items(), asked):
        policy = {"allow_origins": "*", "allow_headers": value}
        yield one(f"{name}-{script}", "A4 A20 A21 B13", app(), policy, headers=VALUES[script])
        policy = {"allow_origins": ["{page}", "{sub-page}"], "allow_headers": value, "allow_credentials": True}
        yield one(f"{name}-{script}-include", "A4 A16 A20", app(), policy, headers=VALUES[script], **INCLUDE)
    answers = ("", "x-a", "X-A", "*", "x-a content-type", "x-a,,content-type", "x-a;", "*,x-a", "content-type")
    for value, script, credentials in itertools.product(
        answers, ("custom", "content-type-json", "authorization"), MODES
    ):
        says = scripted(*MODES[credentials], preflight=(204, (*MODES[credentials], (HEADERS, value))))
        name = f"answer-{value or 'empty'}-{script}-{credentials}"
        yield one(name, "A16 A20 B13 B14", says, headers=VALUES[script], credentials=credentials)
    both = scripted(ANY, preflight=(204, (ANY, (HEADERS, "x-a"), (HEADERS, "x-b"))))
    yield one("two-lines", "B13 B14", both, headers=VALUES["custom-upper-case"])


@family
def bodies() -> Iterator[Case]:
    kinds: dict[str, Any] = {
        "text": "x", "bytes": {"bytes": "x"}, "params": {"params": [["a", "b c*~é"]]}, "form": {"form": [["a", "b"]]},
        "none": None,
    }  # fmt: skip
    policy = {"allow_origins": "*", "allow_methods": ["PUT"]}
    for (name, body), method, to in itertools.product(kinds.items(), ("POST", "PUT"), ("api", "page")):
        yield one(f"{name}-{method}-{to}", "B3 B36 A21", app(), policy, body=body, method=method, to=to)
    json_type = (("Content-Type", "application/json"),)
    for name, allowed in {"listed": ["content-type"], "unlisted": ()}.items():
        policy = {"allow_origins": "*", "allow_headers": allowed}
        yield one(f"json-{name}", "A21 B3", app(), policy, body="{}", method="POST", headers=json_type)


@family
def refused_by_fetch() -> Iterator[Case]:
    for method in ("TRACE", "trace", "CONNECT", "TRACK", "A B", "", "GÄT", "PUT"):
        yield one(f"method-{method or 'empty'}", "B1", scripted(*PUBLIC), method=method)
    for name, url in {
        "unparsable": "http://[",
        "user": "http://u@localhost:{api-port}/",
        "other": "ftp://localhost/",
    }.items():
        yield one(f"url-{name}", "B1 B9", url=url)
    for method in ("GET", "HEAD", "POST"):
        yield one(f"body-{method}", "B1", scripted(*PUBLIC), method=method, body="x")
    for name, header in {
        "line-break": ("X-A", "1\n2"),
        "nul": ("X-A", "\0"),
        "space": ("X A", "1"),
        "wide": ("X-A", "✓"),
        "trimmed": ("X-A", " \t1\n"),
    }.items():
        yield one(f"header-{name}", "B1 B2", scripted(*PUBLIC), headers=(header,))
    for name, url in {
        "data": "data:text/plain,x",
        "data-base64": "data:;base64,eA==",
        "data-bad": "data:x",
        "about": "about:blank",
    }.items():
        yield one(f"url-{name}", "B9", url=url)
    for port in ("25", "6000", "6667", "10080"):
        yield one(f"port-{port}", "B38", url=f"http://localhost:{port}/")
    yield one("port-fine", "B38", scripted(ANY))


# Responses


@family
def exposed() -> Iterator[Case]:
    sent = (("X-A", "1"), ("X-B", "2"), ("X-A", "3"), ("Set-Cookie", "a=b; Path=/never"), ("Last-Modified", "x"),
            ("ETag", '"e"'), ("Cache-Control", "no-cache"), ("Content-Language", "de"), ("Expires", "0"),
            ("Pragma", "x"), ("Server-Timing", "x"))  # fmt: skip
    listed: dict[str, Any] = {"none": (), "one": ["X-A"], "two": ["x-b", "ETag"], "any": "*", "unknown": ["X-C"]}
    for (name, value), to in itertools.product(listed.items(), ("api", "page")):
        policy = {"allow_origins": "{page}", "expose_headers": value}
        yield one(f"{name}-{to}", "A23 A31 B18 B19", app(*sent), policy, to=to)
    for name in ("none", "one", "two"):
        policy = {"allow_origins": ["{page}", "{api}"], "expose_headers": listed[name], "allow_credentials": True}
        yield one(f"{name}-include", "A16 A23 B18", app(*sent), policy, **INCLUDE)
    values = ("x-a, X-B", "*", "X-A;", "Set-Cookie", "", "X-A,,X-B", "*, X-A", "X-A X-B", '"X-A"')
    for value, credentials in itertools.product(values, MODES):
        says = scripted(*MODES[credentials], *sent, (EXPOSED, value))
        name = f"answer-{value or 'empty'}-{credentials}"
        yield one(name, "A16 A23 B14 B18 B19", says, credentials=credentials)
    for credentials in MODES:
        says = scripted(*MODES[credentials], *sent, (EXPOSED, "X-A"), (EXPOSED, "X-B"))
        yield one(f"two-lines-{credentials}", "A23 B14", says, credentials=credentials)


@family
def statuses() -> Iterator[Case]:
    for status, page in itertools.product(
        (200, 201, 204, 205, 299, 400, 401, 403, 404, 418, 500, 503), ("page", "third")
    ):
        policy = {"allow_origins": ["{page}", "{sub-page}"]}
        yield one(f"{status}-from-{page}", "A27 B18 B20", app(status=status), policy, page=page)
    for status in (304, 405, 599, 300):
        yield one(f"{status}", "A27 B20", app(status=status), {"allow_origins": "*"})
    for method, to in itertools.product(("HEAD", "GET"), ("api", "page")):
        yield one(f"{method}-{to}", "A29 B20", app(), {"allow_origins": "*"}, method=method, to=to)
    for page, credentials in itertools.product(("page", "third"), MODES):
        policy = {"allow_origins": ["{page}", "{sub-page}"], "allow_credentials": True, "allow_methods": "*"}
        fetch = {"page": page, "method": MISSING_METHOD, "credentials": credentials}
        yield one(f"missing-method-from-{page}-{credentials}", "A36 A27", app(), policy, **fetch)
    answered = (200, 201, 202, 204, 226, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 500, 501)
    for status in answered:
        moved = (("Location", "{api}/"),) if 300 <= status < 400 else ()
        says = scripted(ANY, preflight=(status, (*PUBLIC, *moved)))
        yield one(f"preflight-{status}", "A25 B12 B13 B31", says, method="PUT")
    for status in (200, 204, 299):
        policy = {"allow_origins": "*", "allow_methods": "*", "preflight_status": status}
        yield one(f"preflight-status-{status}", "A25", app(), policy, method="PUT")


@family
def duplicates() -> Iterator[Case]:
    twice: dict[str, Pairs] = {
        "origin": (ECHO, ECHO, TRUE), "origin-any": (ANY, ANY),
        "origin-differing": (ECHO, ("Access-Control-Allow-Origin", "{api}")),
        "credentials": (ECHO, TRUE, TRUE), "methods": (ECHO, TRUE, (METHODS, "PUT"), (METHODS, "PUT")),
        "headers": (ECHO, TRUE, (HEADERS, "x-a"), (HEADERS, "x-a")),
        "max-age": (ECHO, TRUE, (MAX_AGE, "5"), (MAX_AGE, "5")),
    }  # fmt: skip
    for (name, headers), credentials in itertools.product(twice.items(), ("omit", "include")):
        rules = "A14 A15 B13 B14 B17"
        yield one(f"{name}-{credentials}", rules, scripted(*headers), credentials=credentials)
        preflight = (204, (*headers, (METHODS, "PUT"), (HEADERS, "x-a")))
        says = scripted(ECHO, TRUE, preflight=preflight)
        fetch = {"method": "PUT", "headers": (("X-A", "1"),), "credentials": credentials}
        yield one(f"preflight-{name}-{credentials}", rules, says, **fetch)
        policy = {"allow_origins": ["{page}", "{sub-page}"], "allow_credentials": True}
        yield one(f"app-{name}-{credentials}", "A14 A15", app(*headers), policy, credentials=credentials)


@family
def wildcards() -> Iterator[Case]:
    """* in each of the four headers, with and without credentials."""
    for credentials in ("omit", "same-origin", "include"):
        mode = {"credentials": credentials}
        yield one(f"origin-{credentials}", "A16 B17", scripted(ANY, TRUE), **mode)
        says = scripted(ECHO, TRUE, preflight=(204, (ECHO, TRUE, (METHODS, "*"))))
        yield one(f"methods-{credentials}", "A16 B13", says, method="PUT", **mode)
        yield one(f"methods-named-{credentials}", "A16 B13", says, method="*", **mode)
        says = scripted(ECHO, TRUE, preflight=(204, (ECHO, TRUE, (HEADERS, "*"))))
        yield one(f"headers-{credentials}", "A16 B13", says, headers=(("X-A", "1"),), **mode)
        yield one(f"headers-named-{credentials}", "A16 B13", says, headers=(("*", "1"),), **mode)
        yield one(f"headers-authorization-{credentials}", "A20 B13", says, headers=VALUES["authorization"], **mode)
        says = scripted(ECHO, TRUE, ("X-A", "1"), (EXPOSED, "*"))
        yield one(f"exposed-{credentials}", "A16 A23 B19", says, **mode)
        says = scripted(ECHO, TRUE, ("X-A", "1"), ("*", "2"), (EXPOSED, "*"))
        yield one(f"exposed-named-{credentials}", "A16 A23 B19", says, **mode)
        policy = {
            "allow_origins": ["{page}", "{sub-page}"],
            "allow_credentials": True,
            "allow_methods": "*",
            "allow_headers": "*",
        }
        yield one(
            f"policy-{credentials}", "A3 A4 A16 A20", app(), policy, method="Custom", headers=(("X-A", "1"),), **mode
        )
        policy = {"allow_origins": "*", "allow_methods": "*", "allow_headers": "*", "expose_headers": "*"}
        yield one(
            f"public-{credentials}",
            "A16 A20 A23 B17",
            app(("X-A", "1")),
            policy,
            method="PUT",
            headers=(("X-A", "1"),),
            **mode,
        )


# Remembered preflights


def twice(name: str, rules: str, says: Says, policy: Mapping[str, Any] | None = None, **second: Any) -> Case:
    """Return a case of two PUTs with X-A, the second changed by ``second``."""
    first = Fetch(method="PUT", headers=(("X-A", "1"),))
    return Case(name, rules, (first, dataclasses.replace(first, **second)), {"first": says}, policy)


@family
def preflight_cache() -> Iterator[Case]:
    for seconds, after in ((60, 0), (0, 0), (1, 2.5), (4, 0), (None, 0), (None, 6.5)):
        policy = {"allow_origins": "{page}", "allow_methods": ["PUT"], "allow_headers": ["x-a"], "max_age": seconds}
        yield twice(f"policy-{seconds}-after-{after}", "A24 B13 B15", app(), policy, after=after)
    allowed = (METHODS, "PUT, DELETE"), (HEADERS, "x-a, x-b")
    values: dict[str, Pairs] = {
        "none": (), "60": ((MAX_AGE, "60"),), "0": ((MAX_AGE, "0"),), "1": ((MAX_AGE, "1"),), "-1": ((MAX_AGE, "-1"),),
        "word": ((MAX_AGE, "x"),), "float": ((MAX_AGE, "60.5"),), "twice": ((MAX_AGE, "60"), (MAX_AGE, "60")),
        "two": ((MAX_AGE, "60, 60"),), "empty": ((MAX_AGE, ""),), "plus": ((MAX_AGE, "+60"),),
        "space": ((MAX_AGE, " 60 "),),
        "zeros": ((MAX_AGE, "0060"),), "huge": ((MAX_AGE, "99999999999999999999"),), "unit": ((MAX_AGE, "60s"),),
        "quoted": ((MAX_AGE, '"60"'),), "hex": ((MAX_AGE, "0x3c"),),
    }  # fmt: skip
    for name, headers in values.items():
        says = scripted(ANY, preflight=(204, (ANY, *allowed, *headers)))
        yield twice(f"max-age-{name}", "A24 B13 B15", says)
    for name in ("none", "1", "60", "word", "twice", "huge", "float"):
        says = scripted(ANY, preflight=(204, (ANY, *allowed, *values[name])))
        yield twice(f"max-age-{name}-later", "A24 B13", says, after=6.5)
    for seconds in ("2147483647", "2147483648", "9223372036854775807", "9223372036854775808"):
        says = scripted(ANY, preflight=(204, (ANY, *allowed, (MAX_AGE, seconds))))
        yield twice(f"max-age-{seconds}-later", "A24 B13", says, after=6.5)
    kept = scripted(ECHO, TRUE, preflight=(204, (ECHO, TRUE, *allowed, (MAX_AGE, "60"))))
    second: dict[str, dict[str, Any]] = {
        "same": {}, "other-query": {"query": "x"},
        "other-listed-method": {"method": "DELETE"}, "unlisted-method": {"method": "PATCH"},
        "method-in-other-case": {"method": "patch"}, "post": {"method": "POST"},
        "other-listed-header": {"headers": (("X-B", "1"),)}, "unlisted-header": {"headers": (("X-C", "1"),)},
        "header-in-other-case": {"headers": (("x-A", "2"),)}, "safelisted": {"method": "GET", "headers": ()},
        "include": INCLUDE, "other-host": {"to": "address-api"},
        "other-page": {"page": "third"}, "from-sandbox": {"page": "sandbox"},
        "no-store": {"cache": "no-store"}, "reload": {"cache": "reload"}, "no-cache": {"cache": "no-cache"},
    }  # fmt: skip
    for name, options in second.items():
        yield twice(f"then-{name}", "A32 B11 B15", kept, **options)
    for name, credentials in itertools.product(("same", "include-first"), ("same-origin", "include")):
        case = twice(f"{name}-{credentials}", "B15", kept, credentials=credentials)
        if name == "include-first":
            case = dataclasses.replace(case, fetches=(dataclasses.replace(case.fetches[0], **INCLUDE), case.fetches[1]))
        yield case
    public = scripted(ANY, preflight=(204, (ANY, (METHODS, "*"), (HEADERS, "*"), (MAX_AGE, "60"))))
    for name in ("same", "other-listed-method", "other-listed-header", "unlisted-header", "other-query"):
        yield twice(f"wildcard-then-{name}", "B15", public, **second[name])
    yield twice("wildcard-then-authorization", "A20 B15", public, headers=VALUES["authorization"])
    star = scripted(
        ECHO, TRUE, preflight=(204, (ECHO, TRUE, (METHODS, "PUT, *"), (HEADERS, "x-a, *"), (MAX_AGE, "60")))
    )
    for name, then in {"listed": {}, "method": {"method": "DELETE"}, "header": {"headers": (("X-B", "1"),)}}.items():
        with_credentials = Fetch(method="PUT", headers=(("X-A", "1"),), **INCLUDE)
        for mode in ("include", "omit"):
            then_fetch = dataclasses.replace(with_credentials, **{**then, "credentials": mode})
            rules = "B16" if mode == "include" else "B15"
            yield Case(f"starred-then-{name}-{mode}", rules, (with_credentials, then_fetch), {"first": star})
    # If the first request fails after its preflight, the standard forgets the preflight.
    for name, says in {
        "failure": scripted(preflight=kept.preflight),
        "success": scripted(ANY, preflight=kept.preflight),
    }.items():
        yield twice(f"after-{name}", "B9 B11 B15", says)
    policy = {"allow_origins": ["{page}", "{third}"], "allow_methods": ["PUT"], "allow_headers": ["x-a"], "max_age": 60}
    for page in ("page", "third", "sub-page"):
        yield twice(f"policy-then-from-{page}", "A32 B15", app(), policy, page=page)
    for name, options in {"post": {"method": "POST"}, "query": {"query": "y"}}.items():
        yield twice(f"policy-then-{name}", "A24 B15", app(), policy, **options)


# Redirects


def redirected(
    name: str, rules: str, hops: Sequence[str], policy: Any = None, says: Pairs = (), status: int = 302, **fetch: Any
) -> Case:
    """Return a case of redirects from the first of these origins to the last; each sends the headers ``says``."""
    resources = ["first", *(f"hop{number}" for number in range(1, len(hops)))]
    told: dict[str, Says] = {resources[-1]: Says(headers=says)}
    for here, there, server in zip(resources, resources[1:], hops[1:], strict=False):
        told[here] = Says(status, says, to=f"{server}/{there}", preflight=(204, says))
    told[resources[-1]] = Says(headers=says, preflight=(204, says))
    return Case(name, rules, (Fetch(to=hops[0], **fetch),), told, policy)


REDIRECTS = (301, 302, 303, 307, 308)


@family
def redirects() -> Iterator[Case]:
    everything = {
        "allow_origins": "*",
        "allow_methods": ["PUT", "PATCH"],
        "allow_headers": ["x-a", "authorization", "content-type"],
    }
    ways = {
        "own-to-own": ("page", "page"), "own-to-other": ("page", "api"), "other-to-same-other": ("api", "api"),
        "other-to-own": ("api", "page"), "other-to-third": ("api", "third"), "other-own-other": ("api", "page", "api"),
        "own-to-other-site": ("page", "address-api"),
    }  # fmt: skip
    for (way, hops), status, method in itertools.product(ways.items(), REDIRECTS, ("GET", "POST", "PUT")):
        body = None if method == "GET" else "x"
        rules = "A27 B10 B22 B28 B30 B31 B32"
        yield redirected(f"{way}-{status}-{method}", rules, hops, everything, status=status, method=method, body=body)
    for (way, hops), origin in itertools.product(ways.items(), ("{page}", "null", "{page}-echo", "{page}+null")):
        allowed: Any = {
            "{page}": "{page}",
            "null": "null",
            "{page}-echo": ["{page}", "{sub-page}"],
            "{page}+null": ["{page}", "null"],
        }[origin]
        policy = {"allow_origins": allowed, "allow_methods": ["PUT"]}
        name = origin.strip("{").replace("}", "")
        yield redirected(f"{way}-allowing-{name}", "A12 A27 B32", hops, policy)
        yield redirected(f"{way}-allowing-{name}-put", "A12 B30 B32", hops, policy, method="PUT")
    for (way, hops), headers in itertools.product(ways.items(), ("authorization", "custom")):
        name = f"{way}-{headers}"
        yield redirected(name, "B29 B30 B31", hops, everything, headers=VALUES[headers])
        yield redirected(
            f"{name}-307-put", "B29 B30 B31", hops, everything, status=307, method="PUT", headers=VALUES[headers]
        )
    for (way, hops), credentials in itertools.product(ways.items(), ("omit", "same-origin", "include")):
        policy = {"allow_origins": ["{page}", "{sub-page}"], "allow_credentials": True}
        yield redirected(f"{way}-trusted-{credentials}", "A16 B32 B33", hops, policy, credentials=credentials)
        says = (ECHO,)
        yield redirected(f"{way}-echo-{credentials}", "A16 B32 B17", hops, says=says, credentials=credentials)
    yield from _long_redirects(everything)
    for mode, (way, hops) in itertools.product(("error", "manual", "follow"), ways.items()):
        yield redirected(f"{way}-mode-{mode}", "B21", hops, everything, redirect=mode)
    for mode in ("error", "manual", "follow"):
        yield redirected(
            f"disallowed-mode-{mode}", "B21 A27", ("api", "api"), {"allow_origins": "{third}"}, redirect=mode
        )
    for count in (20, 21):
        yield redirected(f"{count}-times", "B24", ("api",) * (count + 1), everything)
    locations: dict[str, tuple[str, Pairs]] = {
        "none": ("B22", ()), "two-lines": ("B22", (("Location", "{api}/"), ("Location", "{api}/"))),
        "unparsable": ("B22", (("Location", "http://["),)), "data": ("B23", (("Location", "data:text/plain,x"),)),
        "about": ("B23", (("Location", "about:blank"),)), "ftp": ("B23", (("Location", "ftp://localhost/"),)),
        "user-other": ("B25 B26", (("Location", "http://u:p@localhost:{third-port}/warm"),)),
        "user-own": ("B26", (("Location", "http://u:p@localhost:{page-port}/warm"),)),
        "plain": ("B22 B23 B25 B26", (("Location", "{third}/warm"),)),
        "plain-own": ("B26", (("Location", "{page}/warm"),)),
    }  # fmt: skip
    for (name, (rules, location)), server in itertools.product(locations.items(), ("api", "page")):
        yield one(f"location-{name}-{server}", rules, scripted(ANY, *location, status=302), to=server)
    for status, page in itertools.product(REDIRECTS, ("sandbox", "third")):
        yield redirected(f"from-{page}-{status}", "A12 A27 B32", ("api", "third"), everything, status=status, page=page)
    # The second server refuses the preflight after a redirect.
    refusing = {
        "first": Says(307, PUBLIC, to="third/second", preflight=(204, PUBLIC)),
        "second": scripted(ANY, preflight=(204, (ANY,))),
    }
    for name, fetch in {
        "put": {"method": "PUT"},
        "header": {"headers": VALUES["custom"]},
        "post": {"method": "POST"},
    }.items():
        yield Case(f"second-refuses-{name}", "B30 B13", (Fetch(**fetch),), refusing)
    typed = Fetch(method="PUT", body="x", headers=VALUES["content-type-json"] + VALUES["custom"])
    says = {"first": Says(303, PUBLIC, to="third/second"), "second": Says(headers=PUBLIC)}
    yield Case("see-other-drops-type", "B28 B30", (typed,), says)


#: Two redirects: at the second one, an engine may restore what the first one removed.
LONG_WAYS = {
    "own-own-other": ("page", "page", "api"), "own-other-own": ("page", "api", "page"),
    "own-other-other": ("page", "api", "api"), "own-other-third": ("page", "api", "third"),
    "other-own-third": ("api", "page", "third"), "other-other-third": ("api", "api", "third"),
    "other-third-other": ("api", "third", "api"), "other-third-third": ("api", "third", "third"),
}  # fmt: skip


def _long_redirects(policy: Mapping[str, Any]) -> Iterator[Case]:
    trusted = {"allow_origins": ["{page}", "{sub-page}"], "allow_credentials": True, "allow_methods": ["PUT"]}
    for way, hops in LONG_WAYS.items():
        rules = "B10 B28 B29 B30 B32"
        for status, method in ((302, "GET"), (302, "POST"), (303, "PUT"), (307, "POST"), (307, "PUT")):
            body = None if method == "GET" else "x"
            yield redirected(f"{way}-{status}-{method}", rules, hops, policy, status=status, method=method, body=body)
        for headers, status in itertools.product(("authorization", "custom", "content-type-json"), (302, 307)):
            fetch = {"method": "POST", "body": "{}", "headers": VALUES[headers]}
            yield redirected(f"{way}-{headers}-{status}-POST", rules, hops, policy, status=status, **fetch)
        language = (("Content-Language", "de"), *VALUES["content-type-plain"])
        yield redirected(f"{way}-language", rules, hops, policy, method="POST", body="x", headers=language)
        for credentials, method in itertools.product(("omit", "same-origin", "include"), ("GET", "PUT")):
            fetch = {"method": method, "credentials": credentials, "status": 307}
            yield redirected(f"{way}-trusted-{credentials}-{method}", "A16 B32 B33", hops, trusted, **fetch)
            says = (ECHO, (METHODS, "PUT"))
            yield redirected(f"{way}-echo-{credentials}-{method}", "A16 B17 B32", hops, says=says, **fetch)
        for status in (302, 307):
            fetch = {"method": "POST", "mode": "no-cors", "status": status}
            yield redirected(f"{way}-no-cors-{status}", "B28 B34", hops, {"allow_origins": "*"}, **fetch)


# Departures of engines that the families above do not show


@family
def departures() -> Iterator[Case]:
    everything = {"allow_origins": "*", "allow_methods": ["DELETE"], "allow_headers": ["x-a", "range", "content-type"]}
    ways = {"own-to-own": ("page", "page"), "own-to-other": ("page", "api"), "other-to-third": ("api", "third")}
    for (way, hops), status in itertools.product(ways.items(), (302, 303, 307)):
        yield redirected(f"delete-{way}-{status}", "B28", hops, everything, status=status, method="DELETE", body="x")
    for way, hops in ways.items():
        yield redirected(f"range-{way}", "B36", hops, everything, headers=VALUES["range-simple"])
    # One redirect turns the request into a GET, and the other keeps its method.
    longer = {way: LONG_WAYS[way] for way in ("own-own-other", "own-other-third", "other-third-third")}
    for (way, hops), statuses, mode in itertools.product(longer.items(), ((303, 307), (307, 303)), ("cors", "no-cors")):
        headers = (("Content-Language", "de"), *VALUES["content-type-plain"])
        case = redirected(f"{way}-{statuses[0]}-{statuses[1]}-{mode}", "B28", hops, says=(ANY,), method="POST",
                          body="x", mode=mode, headers=headers)  # fmt: skip
        says = dict(case.says)
        for name, status in zip(("first", "hop1"), statuses, strict=True):
            says[name] = dataclasses.replace(says[name], status=status)
        yield dataclasses.replace(case, says=says)
    for page, mode, method in itertools.product(("sandbox", "data"), ("cors", "no-cors"), ("GET", "HEAD", "POST")):
        name = f"opaque-{page}-{mode}-{method}"
        yield redirected(
            name, "B34", ("api", "third"), says=(ECHO, TRUE), page=page, mode=mode, method=method, **INCLUDE
        )
    policies = ("unsafe-url", "no-referrer-when-downgrade")
    for policy, hops in itertools.product(policies, (("sub-api",), ("sub-api", "api"), ("api", "sub-api"))):
        yield redirected(f"{policy}-{'-to-'.join(hops)}", "B35", hops, everything, referrer_policy=policy)
    # A redirect leads a request with a preflight back to the page's own origin.
    listed: Pairs = ((METHODS, "PUT"), (HEADERS, "x-a"))
    for name, headers in {"unshared": listed, "shared": (ECHO, *listed), "unlisted": ()}.items():
        first = Says(307, (ECHO,), to="page/second", preflight=(204, (ECHO, *listed)))
        second = Says(headers=(ECHO,), preflight=(204, headers))
        for fetch in (Fetch(method="PUT"), Fetch(headers=VALUES["custom"])):
            yield Case(f"home-{name}-{fetch.method}", "B13 B30", (fetch,), {"first": first, "second": second})


@family
def remembered() -> Iterator[Case]:
    """Preflights that engines remember differently from the standard."""
    answer: Pairs = (ECHO, (METHODS, "PUT"), (HEADERS, "x-a, if-none-match, cache-control"), (MAX_AGE, "60"))
    kept = scripted(ECHO, preflight=(204, answer))
    custom, other = VALUES["custom"], (("X-B", "1"),)
    for page in ("sandbox", "data"):
        put = Fetch(method="PUT", page=page)
        yield Case(f"twice-from-{page}", "B15", (put, put), {"first": kept})
    for way, to in {"tainted": "third/hop", "untainted": "api/hop"}.items():
        put = Fetch(method="PUT")
        says = {"first": Says(307, (ECHO,), to=to, preflight=(204, answer)), "hop": kept}
        yield Case(f"twice-{way}", "B15 B32", (put, put), says)
    sequences: dict[str, Sequence[dict[str, Any]]] = {
        "refused-header": ({"headers": other}, {"headers": custom}),
        "refused-method": ({"method": "PATCH"}, {}),
        "permitted-refused-permitted": ({"headers": custom}, {"headers": other}, {"headers": custom}),
        "conditional": ({"headers": (("If-None-Match", '"x"'),)},) * 2,
        "cache-control": ({"headers": (("Cache-Control", "no-cache"),)},) * 2,
    }
    for name, sequence in sequences.items():
        fetches = tuple(Fetch(**{"method": "PUT", **each}) for each in sequence)
        yield Case(name, "B11 B15", fetches, {"first": kept})
    for mode in ("error", "manual"):
        put = Fetch(method="PUT", redirect=mode)
        says = {"first": Says(302, (ECHO,), to="api/hop", preflight=(204, answer)), "hop": kept}
        yield Case(f"redirect-{mode}", "B9 B21", (put, put), says)


# Other modes, Fetch Metadata and cookies


@family
def other_modes() -> Iterator[Case]:
    for mode, page, to in itertools.product(("no-cors", "same-origin", "cors"), ("page", "sandbox"), ("page", "api")):
        policy = {"allow_origins": "{third}"}
        for method in ("GET", "POST", "PUT"):
            yield one(
                f"{mode}-{method}-{page}-to-{to}",
                "A28 B1 B9 B18 B34",
                app(),
                policy,
                mode=mode,
                page=page,
                to=to,
                method=method,
            )
    for resource_policy, to in itertools.product(
        ("same-origin", "same-site", "cross-origin", ""), ("page", "api", "address-api")
    ):
        says = scripted(("Cross-Origin-Resource-Policy", resource_policy))
        yield one(f"resource-policy-{resource_policy or 'empty'}-{to}", "B18", says, mode="no-cors", to=to)
    for redirect, to in itertools.product(("error", "manual"), ("page", "api")):
        yield one(f"no-cors-redirect-{redirect}-{to}", "B9", mode="no-cors", redirect=redirect, to=to)
    for name in (
        "custom",
        "content-type-json",
        "content-type-plain",
        "accept-128",
        "accept-129",
        "range-simple",
        "accept-language",
    ):
        yield one(f"no-cors-{name}", "B2", mode="no-cors", headers=VALUES[name])
    for mode, hops in itertools.product(
        ("no-cors", "same-origin"), (("page", "page"), ("page", "api"), ("api", "page"), ("api", "third"))
    ):
        policy = {"allow_origins": "*"}
        yield redirected(f"{mode}-{'-to-'.join(hops)}", "B9 B10 B22", hops, policy, mode=mode)
    sent = (
        ("cors", "GET", "api"), ("cors", "GET", "page"), ("cors", "POST", "api"), ("cors", "PUT", "api"),
        ("no-cors", "POST", "api"), ("same-origin", "POST", "page"),
    )  # fmt: skip
    for policy_name in sorted(referrer.POLICIES):
        for mode, method, to in sent:
            fetch = {"mode": mode, "method": method, "to": to, "referrer_policy": policy_name}
            policy = {"allow_origins": "{page}", "allow_methods": ["PUT"]}
            yield one(f"referrer-{policy_name}-{mode}-{method}-{to}", "B34 B35", app(), policy, **fetch)
    for value in ("no-referrer", "unsafe-url", "origin"):
        says = {"first": Says(302, (("Referrer-Policy", value),), to="third/second"), "second": Says()}
        yield Case(f"referrer-redirect-{value}", "B30 B35", (Fetch(),), says, {"allow_origins": "*"})


@family
def fetch_metadata() -> Iterator[Case]:
    for page, to in itertools.product(
        ("page", "sub-page", "address-page", "sandbox", "data"), ("page", "api", "address-api", "sub-api")
    ):
        yield one(f"{page}-to-{to}", "B37 B35", app(), {"allow_origins": "*"}, page=page, to=to)
    for hops in (
        ("api", "page"),
        ("page", "api"),
        ("address-api", "page"),
        ("api", "address-api"),
        ("address-api", "api"),
        ("page", "page"),
    ):
        yield redirected(f"redirect-{'-to-'.join(hops)}", "B37 B32", hops, {"allow_origins": "*"})


@family
def cookies() -> Iterator[Case]:
    trusted = {"allow_origins": ["{page}", "{sub-page}"], "allow_credentials": True, "allow_methods": ["PUT"]}
    policies: dict[str, Any] = {
        "trusted": trusted,
        "public": {"allow_origins": "*", "allow_methods": ["PUT"]},
        "refused": {"allow_origins": "{third}"},
    }
    setting = Says(headers=(("Set-Cookie", "matrix=1"),))
    for (name, policy), to, setter, getter in itertools.product(
        policies.items(), ("api", "page"), ("omit", "same-origin", "include"), ("omit", "same-origin", "include")
    ):
        fetches = (Fetch(to=f"{to}/set", credentials=setter), Fetch(to=f"{to}/get", credentials=getter))
        yield Case(
            f"{name}-{to}-set-{setter}-get-{getter}", "A33 B33", fetches, {"set": setting, "get": Says()}, policy
        )
    for mode, method in itertools.product(("no-cors", "cors"), ("POST", "PUT", "GET")):
        fetches = (
            Fetch(to="api/set", mode="no-cors", **INCLUDE),
            Fetch(to="api/get", mode=mode, method=method, **INCLUDE),
        )
        yield Case(f"opaque-then-{mode}-{method}", "B12 B33", fetches, {"set": setting, "get": Says()}, trusted)
    for hops in (("page", "api"), ("api", "page"), ("api", "api"), ("api", "third")):
        case = redirected(f"redirect-{'-to-'.join(hops)}", "B33", hops, trusted, **INCLUDE)
        says = {**case.says, "set": setting}
        yield dataclasses.replace(case, fetches=(Fetch(to="api/set", **INCLUDE), *case.fetches), says=says)
    challenge = ("WWW-Authenticate", 'Basic realm="x"')
    for credentials in ("omit", "same-origin"):
        yield one(f"401-{credentials}", "A27 B33", app(challenge, status=401), trusted, credentials=credentials)
    for name in ("Bearer", "Negotiate"):
        says = scripted(ECHO, TRUE, ("WWW-Authenticate", name), status=401)
        yield one(f"401-include-{name}", "A27 B33", says, **INCLUDE)
    several = ("WWW-Authenticate", 'Bearer, Basic realm="x"')
    # An engine that asks the user cannot be made to stop, and is restarted after each of these.
    for name, says, fetch in (
        ("401-include", scripted(ECHO, TRUE, challenge, status=401), INCLUDE),
        ("401-include-several", scripted(ECHO, TRUE, several, status=401), INCLUDE),
        ("401-include-unshared", scripted(challenge, status=401), INCLUDE),
        ("401-own-origin", scripted(("WWW-Authenticate", 'Digest realm="x", nonce="y"'), status=401), {"to": "page"}),
    ):
        yield dataclasses.replace(one(name, "A27 B33", says, **fetch), may_prompt=True)


# The HTTP cache

CACHEABLE: Pairs = (("Cache-Control", "max-age=600"),)


@family
def http_cache() -> Iterator[Case]:
    """A page, another page and a navigation, in every order: what one leaves in the cache must not harm the next.

    For our front ends the prediction has no cache: with the right ``Vary``, no script notices one.
    """
    policies: dict[str, tuple[str, Any]] = {
        "any": ("A31", {"allow_origins": "*"}),
        "static": ("A31", {"allow_origins": "{page}"}),
        "dynamic": ("A30", {"allow_origins": ["{page}", "{third}"]}),
        "dynamic-one-refused": ("A30", {"allow_origins": ["{page}", "{sub-page}"]}),
        "pattern": ("A30", {"allow_origins": "http://localhost:*"}),
        "callable": ("A30", {"allow_origins": {"callable": ["{page}", "{third}"]}}),
        "trusted": ("A30", {"allow_origins": ["{page}", "{third}"], "allow_credentials": True}),
    }
    visits = {"page": Fetch(), "third": Fetch(page="third"), "visit": Fetch(navigate="window")}
    for (name, (rules, policy)), order in itertools.product(policies.items(), itertools.permutations(visits)):
        says = {"first": app(*CACHEABLE, ("X-A", "1"))}
        credentials = "include" if name == "trusted" else "same-origin"
        fetches = tuple(dataclasses.replace(visits[each], credentials=credentials) for each in order)
        # Both pages ask once more at the end, which shows what the cache contains then.
        fetches += tuple(dataclasses.replace(visits[each], credentials=credentials) for each in ("page", "third"))
        yield Case(f"{name}-{'-'.join(order)}", rules, fetches, says, policy)
    visits["frame"] = Fetch(navigate="frame")
    for (name, (rules, policy)), order in itertools.product(
        policies.items(), (("frame", "page", "third"), ("page", "frame", "third"))
    ):
        if name in ("any", "static", "dynamic"):
            yield Case(
                f"{name}-{'-'.join(order)}",
                rules,
                tuple(visits[each] for each in order),
                {"first": app(*CACHEABLE)},
                policy,
            )
    # Scripted servers show that the cases above can fail: without Vary, one answer harms the next.
    vary = {"without-vary": (), "with-vary": (("Vary", "Origin"),)}
    for (name, header), visit, credentials in itertools.product(vary.items(), ("visit", "frame"), MODES):
        for order in itertools.permutations(("page", "third", visit)):
            fetches = tuple(dataclasses.replace(visits[each], credentials=credentials) for each in order)
            says = {"first": scripted(ECHO, TRUE, *CACHEABLE, *header)}
            yield Case(f"{name}-{'-'.join(order)}-{credentials}", "A30", fetches, says)
    for (name, (rules, policy)), mode in itertools.product(policies.items(), ("no-cache", "reload")):
        if name in ("any", "static", "dynamic"):
            says = {"first": app(*CACHEABLE, ("ETag", '"x"'))}
            again = dataclasses.replace(visits["third"], cache=mode)
            yield Case(f"{name}-{mode}", rules, (visits["page"], again, visits["page"]), says, policy)
    for name, (rules, policy) in policies.items():
        if name in ("any", "static", "dynamic"):
            says = {"first": app(("Cache-Control", "max-age=600"), ("Vary", "Accept-Encoding"))}
            yield Case(f"{name}-merged-vary", rules, (visits["page"], visits["third"], visits["page"]), says, policy)


# Families of other modules

for _each in cookies_table.FAMILIES:
    family(_each)
