"""Where a fuzzer starts: inputs made of the tests' tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import cors_tables
from cors_tables import AGES, ASKED, EXPOSED, HEADERS, MALFORMED_ORIGINS, METHODS, ORIGINS, TABLES, VARY_LINES

from corswsgi import Policy
from corswsgi.demo.policy_text import ini_of, toml_of

#: Inputs that once violated a property, below the name of their target; a test runs them all.
FINDINGS = Path(__file__).parent / "findings"


def seeds_of(target: str) -> list[bytes]:
    """Return the inputs that a target starts from, findings of old among them; each once."""
    found = [path.read_bytes() for path in sorted((FINDINGS / target).glob("*"))]
    return list(dict.fromkeys([*_SEEDS[target](), *found]))


def _joined(*parts: str) -> bytes:
    return b"\0\0".join(part.encode("utf-8", "surrogateescape") for part in parts)


def _entries(value: Any) -> Iterator[str]:
    listed = [value] if isinstance(value, str) else value if isinstance(value, Iterable) else ()
    return (entry for entry in listed if isinstance(entry, str))


def _origins() -> Iterator[str]:
    for row in ORIGINS:
        yield from row.allowed
        yield from row.refused
    yield from MALFORMED_ORIGINS.values()
    yield from ("https://[::ffff:7f00:1]", "http://[1::]", "https://1.2.3.4", "https://0x7f.1", "x+-.://_-.a.")


def _origin_patterns() -> Iterator[bytes]:
    entries = [entry for row in ORIGINS for entry in list(_entries(row.value))[:5]]
    for text in (
        *entries,
        *_origins(),
        "HTTPS://me@Example.com:443/a?b#c",
        "https://fa\xdf.de",
        "a.example, b.example",
    ):
        yield _joined(text)
        yield _joined(text, "1", cors_tables.APP)


def _request_header_lists() -> Iterator[bytes]:
    for method, *lines in ASKED.values():
        yield _joined(method, ",".join(lines))
    yield _joined("PUT", ",".join(f"x-{number}" for number in range(257)))
    yield _joined("PUT", "," * 16385)


def _response_header_lists() -> Iterator[bytes]:
    for given in (*cors_tables.GIVENS.values(), cors_tables.MEDDLER):
        yield "\n".join(f"{name}: {value}" for name, value in given.headers).encode("latin-1")
    for lines, _ in VARY_LINES.values():
        yield "\n".join(f"Vary: {line}" for line in lines).encode("latin-1")


def _settings() -> Iterator[bytes]:
    for table in TABLES:
        if not callable(table.options["allow_origins"]):
            yield _joined(*(part for name, value in table.options.items() for part in (name, _written(value))))
    for name, row in (
        *(("allow_methods", row) for row in METHODS),
        *(("allow_headers", row) for row in HEADERS),
        *(("expose_headers", row) for row in EXPOSED),
        *(("max_age", row) for row in AGES),
    ):
        yield _joined("allow_origins", cors_tables.APP, name, _written(row.value), "enforce", "!T")
    yield _joined(
        "allow_origins", "https://*.github.io", "allow_credentials", "!T", "dangerously_allow", "public-suffixes"
    )
    yield _joined("allow_origin", "*", "max-age", "#-1", "allow_private_network", "!T", "preflight_status", "#301")


def _settings_files() -> Iterator[bytes]:
    policies = (Policy("*", max_age=None), Policy(["https://a.example", "null"], allow_methods=["PUT", "#", "%"]))
    for policy in policies:
        yield toml_of(policy).encode()
        yield ini_of(policy).encode()
    for text in (
        "[cors]\nallow_origins = [\n  'https://a.example/', # no\n  're:(',\n]\nmax_age = '10 minutes'\n[cors.'/a']\n",
        '[cors."/public"]\nallow_origins = """\n*\n"""\n[[x]]\na = {b = [1, "]"]}\n',
        "cors.allow_origins = 're:https://[a,b]{1,2}'\ncors.'/a'.allow_credentials = 'on'\n",
        "cors = {allow_origins = '*', allow_credentials = true, '/b' = {vary = 7}}",
        "max_age = 1\n[CORS]\nallow_orgins = 1\n['cors:/a']\n",
        "[cors]\nallow_origins:\n  *\n\n  https://a.example\n; no\n/a = none\n[cors:/a]\nenforce = maybe\n",
        "[DEFAULT]\nx = 1\n[cors]\nallow_origins = re:https://a\\d %(x)s %%\n[cors:/a]\nx = 1\n",
        "[cors]\nallow_origins = *\nallow_origins = *\n[cors]\nwhat\n",
    ):
        yield text.encode()


def _case_files() -> Iterator[bytes]:
    case = f"[[case]]\nurl = 'https://api.example.net/items'\norigin = '{cors_tables.APP}'\n"
    for text in (
        case,
        case + "method = 'put'\nheaders = { X-A = '1', 'x-a' = '2', Cookie = 'a' }\n",
        case + "expect = 'blocked'\nsend = true\ncredentials = 'include'\nname = 'a'\n",
        case + "[case.headers]\nX-HTTP-Method-Override = 'TRACE'\nAccept = \"\\u0000\"\n",
        case + "name = 'a'\n" + case + "name = 'a'\n",
        case + "fail-on = 'low'\n",
        "[defaults]\norigin = 'null'\nurl = 'http://localhost:6667/'\n[[case]]\n[[case]]\nmethod = 'a b'\n",
        "case = [\n{ url = 'https://a.example', origin = '*' },\n]\n",
        "cases = 1\n[[defaults]]\n",
        "[case]\nurl = '//a.example'\norigin = 'a.example:443/'\n",
        "[[case]]\nurl = 'https://u:p@a.example/'\norigin = 'https://A.example'\nmethod = 1979-05-27\n",
        "[[case]]\nurl = '''\nhttps://a.example\n'''\norigin = \"https://\\u00e4.example\"\n",
    ):
        yield text.encode()


def _written(value: Any) -> str:
    """Return a value of an option as ``targets.option_value`` reads it."""
    if value is None or isinstance(value, bool):
        return f"!{str(value)[0]}"
    if isinstance(value, (int, float)):
        return f"#{value}"
    if isinstance(value, timedelta):
        return "@"
    if isinstance(value, re.Pattern):
        return "~"
    return value if isinstance(value, str) else "[" + "|".join(map(_written, list(value)[:8]))


def _header_list_values() -> Iterator[bytes]:
    values = (
        "text/plain; charset=utf-8",
        "a/b, c",
        "de-AT,en;q=0.5",
        "bytes=0-5",
        "bytes=5-",
        "x-a, ,X-B",
        "PUT DELETE",
    )
    for name in ("accept", "range", "x-http-method-override", "Sec-A", "cookie"):
        for value in (*values, "trace", "TRACK,a"):
            yield _joined(name, value, "600")
    yield _joined("a", "a" * 129, "0" * 12)
    yield _joined("a", "a" * 128, "99999999999")


def _locations() -> Iterator[bytes]:
    for text in (
        *(
            "/",
            "//x",
            "../a?b#c",
            "https://api.example.net/x",
            "https://app.example.com/",
            "https://u:p@third.example/",
        ),
        *(
            "http://third.example/",
            "data:text/plain,a",
            "https://third.example:25/",
            "\xc3\xa9",
            "\xe9",
            "",
            "https://[",
        ),
        *("javascript:1", "blob:https://a.example/1", "https://\xc3\x9f.example/", "https://127.1/%zz", "\\\\a\\b"),
    ):
        yield text.encode("latin-1")


def _cookies() -> Iterator[bytes]:
    for text in (
        *(
            "a=b",
            "a=b; Path=/a; Secure; HttpOnly; SameSite=None",
            "a=; Max-Age=0",
            "a=b; max-age=1",
            "given=2; Max-Age=-1",
        ),
        *(
            "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=b; expires=Wed, 21 Oct 2099 07:28:00 +0500",
            "=b",
            "a",
            ";;",
        ),
        *("a=b; Max-Age=1e5", "a=b; SameSite=Lax; Path=b", "a=b=c; Expires=0", "a=b; Expires=Thu, 99 Abc 1 99:99:99"),
    ):
        yield text.encode("latin-1")


def _urls() -> Iterator[bytes]:
    for text in (
        "/a",
        "https://api.example.net/",
        "http://localhost:1/",
        "data:text/html;base64,YQ==",
        "data:,a",
        "x:y",
    ):
        for origin in ("https://app.example.com", "null", "capacitor://localhost", "http://[::1]:80", "file:///"):
            yield _joined(text, origin)


_SEEDS: Mapping[str, Any] = {
    "origin-patterns": _origin_patterns,
    "origin-values": lambda: [origin.encode("latin-1") for origin in _origins()],
    "request-header-lists": _request_header_lists,
    "response-header-lists": _response_header_lists,
    "settings": _settings,
    "settings-files": _settings_files,
    "case-files": _case_files,
    "header-list-values": _header_list_values,
    "locations": _locations,
    "cookies": _cookies,
    "urls": _urls,
}
