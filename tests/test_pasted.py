"""``corswsgi check`` with what people paste: the lines of "Copy as cURL", and what is asked of them.

The lines are as Chrome, Firefox and Safari write them on systems with a POSIX shell.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from misbehaving import Asked, Server, says
from test_check import command, said, usage_error

from corswsgi.checker.curl_line import read_curl_line
from corswsgi.checker.pasted import Found, origin_of
from corswsgi.errors import UsageError

APP = "https://app.example.com"
API = "https://api.example.com/items"

FROM_REFERER = "the origin of the page was taken from Referer"
NO_CORS = "the browser sent it in mode no-cors; here it is sent as by fetch(), in mode cors"

CHROME = r"""curl 'https://api.example.com/items/7?a=1' \
  -X 'PUT' \
  -H 'accept: application/json, text/plain, */*' \
  -H 'accept-language: en-US,en;q=0.9' \
  -H 'authorization: Bearer abc.def' \
  -H 'content-type: application/json' \
  -b 'sid=1234; theme=dark' \
  -H 'origin: https://app.example.com' \
  -H 'priority: u=1, i' \
  -H 'referer: https://app.example.com/' \
  -H 'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"' \
  -H 'sec-fetch-mode: cors' \
  -H 'sec-fetch-site: same-site' \
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \
  --data-raw $'{"text":"it\'s \u0021"}' \
  --insecure
"""
FIREFOX = r"""curl 'https://api.example.com/items' --compressed -X POST -H 'User-Agent: Mozilla/5.0' -H 'Accept: */*' \
 -H 'Accept-Encoding: gzip, deflate, br, zstd' -H 'Referer: https://app.example.com/' -H 'X-Trace: 5' \
 -H 'Origin: https://app.example.com' -H 'Connection: keep-alive' -H 'Cookie: sid=1234' -H 'Sec-Fetch-Mode: cors' \
 -H 'Pragma: no-cache' -H 'Cache-Control: no-cache' --data-binary $'a\xe9\u00e9\n'"""
SAFARI = r"""curl 'https://api.example.com/items' \
-X 'GET' \
-H 'Accept: application/json' \
-H 'Referer: https://app.example.com/cart?x' \
-H 'X-Name: \' \
-H $'X-Text: \ud83d\ude00'"""


# Lines that browsers write


def test_a_line_of_chrome() -> None:
    assert read_curl_line(CHROME) == Found(
        "https://api.example.com/items/7?a=1",
        APP,
        "PUT",
        (
            ("accept", "application/json, text/plain, */*"),
            ("authorization", "Bearer abc.def"),
            ("content-type", "application/json"),
        ),
        (("sid", "1234"), ("theme", "dark")),
        b'{"text":"it\'s !"}',
        told=("--insecure was left out; give it to corswsgi to accept any certificate",),
    )


def test_a_line_of_firefox() -> None:
    found = read_curl_line(FIREFOX)
    assert (found.url, found.origin, found.method) == (API, APP, "POST")
    assert (found.headers, found.cookies) == ((("X-Trace", "5"),), (("sid", "1234"),))
    assert found.body == b"a\xe9\xc3\xa9\n"
    assert found.told == (
        'Cache-Control and Pragma: left out; "Disable cache" in the developer tools adds it; give -H if a script does',
    )


def test_a_line_of_safari() -> None:
    found = read_curl_line(SAFARI)
    assert (found.url, found.origin, found.method, found.body) == (API, APP, "GET", None)
    assert found.headers == (
        ("Accept", "application/json"),
        ("X-Name", "\\"),
        ("X-Text", "\U0001f600".encode().decode("latin-1")),
    )
    assert found.told == ("the origin of the page was taken from Referer",)


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        (b"a b", "'a b'"),
        (b"a\\b", "'a\\b'"),
        (b'a"b$`\\c\\d', '"a\\"b\\$\\`\\\\c\\d"'),
        (b"ab", '"a\\\nb"'),
        (b"a'b", "a\\'b"),
        (b"abc", "a'b'\"c\""),
        (b"", "''"),
        (b"\a\b\x1b\x1b\f\n\r\t\v", "$'\\a\\b\\e\\E\\f\\n\\r\\t\\v'"),
        (b"\\'\"?", "$'\\\\\\'\\\"\\?'"),
        (b"\x41\xff", "$'\\x41\\xff'"),
        (b"\x41\x00\xff", "$'\\101\\0\\777'"),
        ("é€".encode(), "$'\\u00e9\\u20AC'"),
        ("\U0001f600".encode(), "$'\\U0001f600'"),
        ("\U0001f600".encode(), "$'\\uD83D\\uDE00'"),
        ("\ufffd".encode(), "$'\\ud83d'"),
        ("\ufffd".encode(), "$'\\Uffffffff'"),
        (b"\\q", "$'\\q'"),
    ],
)
def test_the_quoting_of_shells(word: bytes, quoted: str) -> None:
    assert read_curl_line(f"curl {API} --data-raw {quoted}").body == word


@pytest.mark.parametrize("space", [" ", " \t ", "\n", " \\\n", " \\\r\n  "])
def test_what_stands_between_words(space: str) -> None:
    assert read_curl_line(f"{space}curl{space}{API}{space}-X{space}PUT{space}") == Found(API, method="PUT")


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("", Found(API, method="GET")),
        ("-I", Found(API, method="HEAD")),
        ("-X DELETE --head", Found(API, method="DELETE")),
        ("-XPATCH", Found(API, method="PATCH")),
        ("-HX-A:1", Found(API, method="GET", headers=(("X-A", "1"),))),
        ("-H 'X-A;' -H 'X-B:' -H ':authority: api'", Found(API, method="GET", headers=(("X-A", ""),))),
        ("-A me --referer https://app.example.com/x", Found(API, APP, "GET", told=(FROM_REFERER,))),
        ("-e about:blank", Found(API, method="GET")),
        ("-d a=1 --data b=2 --data-raw @c", Found(API, method="POST", body=b"a=1&b=2&@c")),
        ("-X GET --data-raw ''", Found(API, method="GET", body=b"")),
        ("-b 'a=1;b=2; c'", Found(API, method="GET", cookies=(("a", "1"), ("b", "2")))),
        ("-H 'Cache-Control: max-age=0' -H 'X-HTTP-Method: TRACE'", Found(API, method="GET")),
        (
            "-H 'Sec-Fetch-Mode: no-cors'",
            Found(API, method="GET", told=(NO_CORS,)),
        ),
        (
            "-X OPTIONS -H 'Origin: null' -H 'Access-Control-Request-Method: PUT' "
            "-H 'Access-Control-Request-Headers: content-type,x-a'",
            Found(
                API,
                "null",
                "PUT",
                (("content-type", "application/json"), ("x-a", "1")),
                told=(
                    "this is a preflight; the question is about the request that it was sent for",
                    "a preflight does not show the values of headers; they were made up for content-type, x-a",
                ),
            ),
        ),
        (
            "-X OPTIONS -H 'Access-Control-Request-Method: PUT'",
            Found(
                API,
                method="PUT",
                told=("this is a preflight; the question is about the request that it was sent for",),
            ),
        ),
    ],
)  # fmt: skip
def test_what_options_mean(rest: str, found: Found) -> None:
    assert read_curl_line(f"curl {API} {rest}") == found


def test_the_url_may_be_an_option() -> None:
    assert read_curl_line(f"curl --url {API}").url == API


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "it does not begin with curl"),
        ("wget https://api.example.com", "it does not begin with curl"),
        ('curl ^"https://api.example.com^" ^', "this is the form for cmd, the command prompt of Windows"),
        ("curl", "it names no URL"),
        (f"curl {API} https://other.example", "it names two URLs; paste one command"),
        (f"curl {API} -o out", 'browsers do not write "-o"'),
        (f"curl {API} -ume:secret", 'browsers do not write "-u"'),
        (f"curl {API} --proxy=http://secret@proxy", 'browsers do not write "--proxy"'),
        (f"curl {API} -H", "-H at the end has no value"),
        (f"curl {API} -H 'Bearer secret'", 'the header that begins with "Bearer" has no colon'),
        (f"curl {API} -H '=secret'", 'the header that begins with "" has no colon'),
        (f"curl {API} -H ''", 'the header that begins with "" has no colon'),
        (f"curl {API} -b jar.txt", "-b names a file of cookies"),
        (f"curl {API} -d @body", "-d names a file for the body"),
        (f"curl {API}; rm x", "; outside quotation marks"),
        (f"curl $({API})", "$ outside quotation marks"),
        (f"curl {API} -H 'x", "the quotation that begins with ' has no end"),
        (f'curl {API} -H "x', 'the quotation that begins with " has no end'),
        (f"curl {API} -H $'x\\'", "the quotation that begins with $ has no end"),
        (f'curl {API} -H "x: $HOME"', "$ or ` in double quotes"),
        (f"curl {API} \\", "it ends with a backslash; paste all lines of it"),
    ],
)
def test_what_no_browser_writes(line: str, why: str) -> None:
    message = usage_error("--curl", line)
    assert message.startswith(f"--curl: {why}")
    assert message.endswith("a good line: curl 'https://api.example.com/items' -H 'Origin: https://app.example.com'")
    assert "secret" not in message


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Authorization Bearer secret: x", "the header that begins with \"Authorization\" is not"),
        ("X-A: secret\nX-B: 2", 'the header "X-A" has a line break or a NUL'),
    ],
)  # fmt: skip
def test_a_header_that_is_none(header: str, why: str) -> None:
    message = usage_error("--curl", f"curl {API} -H '{header}'")
    assert message.startswith("--curl: ")
    assert why in message
    assert "secret" not in message


def test_an_endless_line_ends() -> None:
    with pytest.raises(UsageError, match="quotation that begins"):
        read_curl_line(f"curl {API} $'" + "\\" * 200_001)


@pytest.mark.parametrize(
    ("address", "origin"),
    [("https://a.example:444/x", "https://a.example:444"), ("about:srcdoc", ""), ("x", ""), ("http://[", "")],
)
def test_the_origin_of_an_address(address: str, origin: str) -> None:
    assert origin_of(address) == origin


# What is asked


def pasting(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def answering(asked: Asked) -> bytes:
    origin = asked.origin or "*"
    return says(
        "200 OK",
        (
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Headers", "x-token"),
            ("Access-Control-Allow-Credentials", "true"),
        ),
    )


def line_for(server: Server, *more: str) -> str:
    return f"curl '{server.url}/x' -H 'Origin: http://localhost:3000' {' '.join(more)}"


def asked_with(server: Server, name: str) -> list[str]:
    """Return the values of a header in all that the server was asked."""
    return [value for asked in server.asked if (value := asked.headers.get(name)) is not None]


SECRET = "s3cr3t-s3cr3t"


def test_a_pasted_line_is_asked_with_its_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering) as server:
        pasting(monkeypatch, line_for(server, "-X PUT", f"-H 'X-Token: {SECRET}'", f"-b 'sid={SECRET}; a=1'"))
        status, text = command("--curl", "-", "--send", "--engine", "chromium")
    assert status == 0
    assert [asked.method for asked in server.asked][:2] == ["OPTIONS", "PUT"]
    assert set(asked_with(server, "cookie")) == {f"sid={SECRET}; a=1"}
    assert not any("cookie" in asked.headers for asked in server.asked if asked.is_preflight)
    assert "credentials: include is assumed, because it carried cookies; --credentials says otherwise." in said(text)
    assert SECRET not in text


def test_without_cookies_credentials_are_not_included() -> None:
    with Server(answering) as server:
        _, text = command("--curl", line_for(server), "--json", "--engine", "firefox")
    got = json.loads(text)
    assert got["credentials"] == "same-origin"
    assert got["assumed"] == [
        "credentials: same-origin is assumed, because it carried no cookies; --credentials says otherwise"
    ]


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ([], {"method": "PUT", "credentials": "include", "headers": [["X-A", "1"]]}),
        (["-X", "PATCH"], {"method": "PATCH"}),
        (["--data", "x"], {"method": "POST"}),
        (["--credentials", "omit"], {"credentials": "omit", "assumed": []}),
        (["-H", "x-a: 2", "-H", "X-B: 3"], {"headers": [["x-a", "2"], ["X-B", "3"]]}),
        (["--origin", "http://localhost:4000"], {"origin": "http://localhost:4000"}),
    ],
)
def test_options_come_before_what_was_pasted(options: Sequence[str], want: dict[str, Any]) -> None:
    with Server(answering) as server:
        line = line_for(server, "-X PUT", "-H 'X-A: 1'", "-b a=1")
        _, text = command("--curl", line, "--json", *options)
    got = json.loads(text)
    assert {name: got[name] for name in want} == want


def test_a_request_to_the_own_origin_needs_no_assumption() -> None:
    with Server(answering) as server:
        _, text = command("--curl", f"curl {server.url}/ -H 'Origin: {server.url}'", "--json")
    got = json.loads(text)
    assert (got["same_origin"], got["assumed"]) == (True, [])


def test_secrets_go_to_the_host_that_they_were_for_and_to_no_other() -> None:
    with Server(answering) as server:
        line = (
            f"curl 'https://api.example.com/' -H 'Origin: http://localhost:3000' -H 'X-Token: {SECRET}' -b 'a={SECRET}'"
        )
        _, text = command(f"{server.url}/y", "--curl", line, "--json")
    assert json.loads(text)["assumed"] == [
        "cookies were left out, because they were for another host",
        "the value of X-Token was left out, because it was for another host",
        "credentials: same-origin is assumed, because it carried no cookies; --credentials says otherwise",
    ]
    assert (asked_with(server, "cookie"), set(asked_with(server, "x-token"))) == ([], {"1"})


def test_another_path_of_the_same_host_gets_them() -> None:
    with Server(answering) as server:
        command(f"{server.url}/y", "--curl", line_for(server, "-b a=1"))
    assert asked_with(server, "cookie")


def test_another_host_without_secrets_changes_nothing() -> None:
    with Server(answering) as server:
        line = "curl 'https://api.example.com/' -H 'Origin: http://localhost:3000' -H 'X-A: 1'"
        _, text = command(f"{server.url}/y", "--curl", line, "--json")
    assert len(json.loads(text)["assumed"]) == 1


def test_a_redirect_takes_no_cookies_to_another_host() -> None:
    with Server(answering) as other:

        def moving(asked: Asked) -> bytes:
            location = ("Location", other.url.replace("127.0.0.1", "localhost"))
            allowed = (
                ("Access-Control-Allow-Origin", "http://localhost:3000"),
                ("Access-Control-Allow-Credentials", "true"),
            )
            return says("302 Found", (*allowed, location))

        with Server(moving) as server:
            command("--curl", line_for(server, f"-b a={SECRET}"))
    assert asked_with(server, "cookie")
    assert other.asked
    assert asked_with(other, "cookie") == []


def test_not_even_firefox_takes_authorization_to_another_host() -> None:
    allowed = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "authorization"))

    def moving_to(location: str) -> bytes:
        return says("302 Found", (*allowed, ("Location", location)))

    def at_home(asked: Asked) -> bytes:
        return moving_to("/end") if asked.path == "/start" and not asked.is_preflight else says("200 OK", allowed)

    with Server(at_home) as other:

        def start(asked: Asked) -> bytes:
            to = f"http://localhost:{other.port}/start"
            return says("200 OK", allowed) if asked.is_preflight else moving_to(to)

        with Server(start) as server:
            command("--curl", line_for(server, f"-H 'Authorization: Bearer {SECRET}'"), "--engine", "firefox")
    assert set(asked_with(server, "authorization")) == {f"Bearer {SECRET}"}
    assert asked_with(other, "authorization") == ["withheld"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"curl {API} --insecure", ("--insecure was left out; give it to corswsgi to accept any certificate",)),
        ("curl http://localhost:8000/ -k", ()),
    ],
)
def test_certificates_are_verified_unless_the_command_is_told_not_to(line: str, told: Sequence[str]) -> None:
    assert read_curl_line(line).told == told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the URL that the script fetches is missing; a good line: corswsgi check https://"),
        ([API], "--origin, the origin of the page, is missing; a good line: corswsgi check https://"),
        (
            ["--curl", f"curl {API}"],
            "the pasted text does not contain the origin of the page; add it, such as --origin https://app.example.com",
        ),
        (["--curl", "x" * 1_100_000], "--curl: more than 1024 KiB of text; paste one request"),
        (["--curl", "curl ftp://a.example/ -H 'Origin: null'"], 'the URL "ftp://a.example/" has the scheme "ftp"'),
        (["--curl", f"curl {API} -H 'Origin: x'"], "the origin "),
    ],
)
def test_what_cannot_be_asked(arguments: Sequence[str], message: str) -> None:
    assert usage_error(*arguments).startswith(message)
