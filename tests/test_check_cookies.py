"""The cookies of a visitor who is logged in: what a jar may hold, which host gets which, and that none is printed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from misbehaving import Asked, Server, says
from test_check import LOCAL, ask, codes, command, said
from test_pasted import asked_with

from corswsgi import cli
from corswsgi.browser.urls import parse_url
from corswsgi.checker import visitor
from corswsgi.checker.jar import GivenCookie, cookies_for, parse_cookie_option, read_jar
from corswsgi.errors import UsageError

SECRET = "s3cr3t-s3cr3t"
OTHER = "0ther-s3cr3t"

#: A moment that does not come in the life of this code, and one that is gone.
NEVER, GONE = 99999999999, 1

#: A page of the very site of the servers of these tests, and one of another.
HOME = "http://127.0.0.1:3000"


def line(name: str, value: str, *, domain: str = "127.0.0.1", **more: Any) -> str:
    fields = {"subdomains": "FALSE", "path": "/", "secure": "FALSE", "expires": 0, **more}
    return "\t".join([domain, *map(str, fields.values()), name, value])


def jar(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "cookies.txt"
    path.write_text("".join(f"{each}\n" for each in lines), "utf-8")
    return str(path)


def welcoming(asked: Asked) -> bytes:
    """Let everyone in, and say what came in the cookie."""
    echo = asked.headers.get("cookie", "none")
    headers = (
        ("Access-Control-Allow-Origin", asked.origin or "*"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", "Origin"),
        ("X-Echo", echo),
    )
    return says("200 OK", headers, echo.encode())


def members_only(asked: Asked) -> bytes:
    """Answer those who are logged in with CORS headers, and others without, as many a login does."""
    return welcoming(asked) if "sid=" in asked.headers.get("cookie", "") else says("401 Unauthorized")


# The jar


def test_a_jar_as_curl_writes_it(tmp_path: Path) -> None:
    file_name = jar(
        tmp_path,
        "# Netscape HTTP Cookie File",
        "# https://curl.se/docs/http-cookies.html",
        "",
        line("sid", "1", domain="#HttpOnly_api.example.com", secure="TRUE"),
        line("all", "2=3", domain=".Example.com", subdomains="TRUE", path="/items", expires=NEVER),
        line("old", "3", domain="api.example.com", expires=GONE) + "\r",
        line("empty", "", domain="api.example.com").removesuffix("\t"),
        line("float", "4", domain="api.example.com", expires=f"{NEVER}.5"),
        line("suffix", "5", domain=".com", subdomains="TRUE"),
        line("address", "6", domain="127.0.0.1", subdomains="TRUE"),
    )
    assert read_jar(file_name) == (
        GivenCookie("sid", "1", "api.example.com", secure=True),
        GivenCookie("all", "2=3", "example.com", host_only=False, path="/items", secure=False),
        GivenCookie("old", "3", "api.example.com", secure=False, expired=True),
        GivenCookie("empty", "", "api.example.com", secure=False),
        GivenCookie("float", "4", "api.example.com", secure=False),
        GivenCookie("suffix", "5", "com", secure=False),
        GivenCookie("address", "6", "127.0.0.1", secure=False),
    )


@pytest.mark.parametrize(
    ("cookie", "hosts"),
    [
        (GivenCookie("a", "1", "example.com"), ["example.com"]),
        (GivenCookie("a", "1", "example.com", host_only=False), ["example.com", "api.example.com"]),
    ],
)
def test_the_hosts_that_a_cookie_is_for(cookie: GivenCookie, hosts: list[str]) -> None:
    asked = ["example.com", "api.example.com", "notexample.com", "com"]
    assert [host for host in asked if cookie.is_for(host)] == hosts


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (f"sid={SECRET}", "it has 1 field separated by tabs, but a cookie has seven"),
        (line("sid", SECRET).replace("\t", "    "), "it has 1 field "),
        (f"{line('sid', SECRET)}\tx", "it has 8 fields separated by tabs"),
        (line("sid", SECRET, subdomains="YES"), "field 2 (subdomains) is neither TRUE nor FALSE"),
        (line("sid", SECRET, secure="0"), "field 4 (secure) is neither TRUE nor FALSE"),
        (line("sid", SECRET, path="items"), "field 3 (path) does not begin with /"),
        (line("sid", SECRET, expires="soon"), "field 5 (expires) is not a number of seconds since 1970"),
        (line("sid", SECRET, domain="a b"), "field 1 (domain) is not the name of a host"),
        (line("sid", SECRET, domain="example.com/x"), "field 1 (domain) is not the name of a host"),
        (line("sid", SECRET, domain="#HttpOnly_"), "field 1 (domain) is not the name of a host"),
        (line("sid", f"{SECRET}\x1b[2J"), "its name or value has a control character or ;"),
        (line("sid", f"{SECRET}; admin=1"), "its name or value has a control character or ;"),
        (line("a;b", SECRET), "its name or value has a control character or ;"),
    ],
)
def test_a_broken_jar_is_told_with_its_line_and_nothing_is_sent(
    wrong: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file_name = jar(tmp_path, "# Netscape HTTP Cookie File", line("ok", "1"), wrong)
    with Server(welcoming) as server:
        assert cli.main(["check", server.url, "--origin", HOME, "--cookie-jar", file_name]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f'corswsgi check: --cookie-jar "{file_name}", line 3: {why}')
    assert "a good line, with tabs between its seven fields: api.example.com<TAB>FALSE<TAB>/" in err
    assert (out, err.count("\n"), SECRET in err, server.asked) == ("", 1, False, [])


def test_a_jar_that_cannot_be_read(tmp_path: Path) -> None:
    big = tmp_path / "big.txt"
    big.write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    for file_name, why in [
        (str(tmp_path / "none.txt"), "No such file or directory"),
        (str(tmp_path), "Is a directory"),
        (f"{tmp_path}/\0", "no file can have this name"),
        (str(big), "it is larger than 4096 KiB; name a file of cookies"),
    ]:
        with pytest.raises(UsageError, match=why):
            read_jar(file_name)


# The option


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("sid=1", [("sid", "1")]),
        (" sid = 1 ;b=2=3; ", [("sid", "1"), ("b", "2=3")]),
        ("Cookie: sid=1; b=", [("sid", "1"), ("b", "")]),
    ],
)
def test_cookies_on_the_command_line(text: str, pairs: list[tuple[str, str]]) -> None:
    assert list(parse_cookie_option(text)) == pairs


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            SECRET,
            "its part 1 is not NAME=VALUE; a good one: --cookie 'sid=1234'; for a file of cookies, use --cookie-jar",
        ),
        (f"a=1; {SECRET}", "its part 2 is not NAME=VALUE"),
        (f"={SECRET}", "its part 1 is not NAME=VALUE"),
        (f"sid={SECRET}; Path=/", "Path is an attribute of Set-Cookie, which requests do not send"),
        (f"sid={SECRET}; HttpOnly", "HttpOnly is an attribute of Set-Cookie"),
        (f"sid={SECRET}\r\nX: 1", "it has a control character"),
        ("", "it is empty; a good one: --cookie 'sid=1234'"),
        ("; ;", "it is empty"),
    ],
)
def test_a_bad_cookie_is_told_without_its_value(text: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(welcoming) as server, pytest.raises(SystemExit) as stopped:
        cli.main(["check", server.url, "--origin", HOME, "--cookie", text])
    out, err = capsys.readouterr()
    assert f"argument --cookie: {why}" in err
    assert (stopped.value.code, out, err.count("\n"), SECRET in err, server.asked) == (2, "", 1, False, [])


def test_options_and_what_was_pasted_are_one_mechanism(tmp_path: Path) -> None:
    file_name = jar(tmp_path, line("jar", "1"))
    with Server(welcoming) as server:
        pasted = f"curl '{server.url}/x' -H 'Origin: {HOME}' -b 'sid=old; b=2'"
        command("--curl", pasted, "--cookie", "sid=new", "--cookie", "c=3; d=4", "--cookie-jar", file_name)
    assert set(asked_with(server, "cookie")) == {"jar=1; sid=new; b=2; c=3; d=4"}


# Who gets them


def test_what_a_logged_in_visitor_gets(tmp_path: Path) -> None:
    file_name = jar(tmp_path, line("sid", SECRET, expires=NEVER), line("gone", OTHER, expires=GONE))
    with Server(members_only) as server:
        status, without = command(server.url, "--origin", HOME, "--credentials", "include")
        assert status == 1
        assert "No cookies were sent: this is what visitors get who are not logged in." in said(without)
        status, text = command(server.url, "--origin", HOME, "--cookie-jar", file_name, "-v")
    assert status == 0
    assert "credentials: include is assumed, because cookies were given; --credentials says otherwise." in said(text)
    assert "sid: Chrome, Firefox and Safari send it." in text
    assert "gone: Chrome, Firefox and Safari do not send it: it has expired." in text
    assert "[no-cookies-given]" not in text
    assert f"-H 'Cookie: sid={'*' * 3}'" in text
    assert set(asked_with(server, "cookie")) == {f"sid={SECRET}"}


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_no_value_is_printed_though_the_server_echoes_it(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file_name = jar(tmp_path, line("sid", SECRET), line("b", OTHER, path="/"))
    with Server(welcoming) as server:
        options = [server.url, "--origin", HOME, "--cookie-jar", file_name, "--cookie", "c=third-s3cr3t", "-v", *more]
        assert cli.main(["check", *options]) == 0
        out, err = capsys.readouterr()
        assert "s3cr3t" not in out + err
        assert cli.main(["check", *options, "--show-secrets"]) == 0
    assert f"sid={SECRET}; b={OTHER}; c=third-s3cr3t" in capsys.readouterr().out


def test_a_redirect_takes_each_host_its_own_cookies_only(tmp_path: Path) -> None:
    with Server(welcoming) as other:
        location = ("Location", other.url.replace("127.0.0.1", "localhost"))
        allowed = (("Access-Control-Allow-Origin", HOME), ("Access-Control-Allow-Credentials", "true"))
        with Server(lambda asked: says("302 Found", (*allowed, location))) as server:
            file_name = jar(
                tmp_path,
                line("here", SECRET),
                line("there", OTHER, domain="localhost", secure="TRUE"),
                line("elsewhere", "x", domain="example.com"),
            )
            _, text = command(server.url, "--origin", HOME, "--cookie-jar", file_name, "--cookie", "too=1", "--json")
    assert set(asked_with(server, "cookie")) == {f"here={SECRET}; too=1"}
    # Chrome takes loopback for secure, Safari blocks a third party's, and in Firefox the site of the page is another.
    assert set(asked_with(other, "cookie")) <= {f"there={OTHER}"}
    assert SECRET not in text
    assert OTHER not in text


def test_preflights_carry_none_and_the_other_questions_do() -> None:
    with Server(welcoming) as server:
        command(server.url, "--origin", HOME, "-X", "PUT", "--cookie", "sid=1")
    carrying = ["cookie" in asked.headers for asked in server.asked]
    assert carrying == [not asked.is_preflight for asked in server.asked]
    assert sum(carrying) >= 5


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--credentials", "omit", "--cookie", "sid=1"], "cookies-not-included"),
        (["--credentials", "same-origin", "--cookie", "sid=1"], "cookies-not-included"),
        (["--credentials", "include"], "no-cookies-given"),
    ],
)
def test_if_none_is_sent_it_says_so(options: list[str], code: str) -> None:
    with Server(welcoming) as server:
        _, text = command(server.url, "--origin", HOME, *options, "--json")
    (found,) = [each for each in json.loads(text)["findings"] if "cookies" in each["code"]]
    assert (found["code"], found["severity"], asked_with(server, "cookie")) == (code, "info", [])
    assert found["sentence"].startswith("no cookies were sent: ")


def test_a_jar_of_other_hosts_says_which(tmp_path: Path) -> None:
    hosts = [f"h{number}.example.com" for number in range(7)]
    file_name = jar(tmp_path, *(line("a", SECRET, domain=host) for host in hosts))
    with Server(welcoming) as server:
        _, text = command(server.url, "--origin", HOME, "--cookie-jar", file_name)
    assert f"none of the given cookies is for 127.0.0.1; they are for {', '.join(hosts[:5])}, ..." in said(text)
    assert asked_with(server, "cookie") == []


def test_an_empty_jar_is_like_none(tmp_path: Path) -> None:
    with Server(welcoming) as server:
        _, text = command(server.url, "--origin", HOME, "--cookie-jar", jar(tmp_path, "# none"))
    assert "[no-cookies-given]" in text


def test_within_one_origin_they_go_along_and_nothing_is_assumed() -> None:
    with Server(welcoming) as server:
        _, text = command(server.url, "--origin", server.url, "--cookie", "sid=1", "--json")
        _, without = command(server.url, "--origin", server.url, "--json")
    assert asked_with(server, "cookie") == ["sid=1"]
    assert json.loads(text)["assumed"] == []
    assert not any("cookies" in each["code"] for each in json.loads(without)["findings"])


def test_a_cookie_for_one_host_is_not_asked_of_two(tmp_path: Path) -> None:
    def entry(url: str) -> dict[str, Any]:
        request = {"method": "GET", "url": url, "headers": [{"name": "Origin", "value": HOME}], "cookies": []}
        return {"request": request, "response": {"status": 0, "headers": []}}

    path = tmp_path / "x.har"
    with Server(welcoming) as server:
        urls = [f"{server.url}/a", f"{server.url.replace('127.0.0.1', 'localhost')}/b"]
        path.write_text(json.dumps({"log": {"entries": [entry(url) for url in urls]}}))
        with pytest.raises(
            UsageError,
            match=r"--cookie is for one host, but the URLs name 127\.0\.0\.1 and localhost; ask them one by one",
        ):
            command("--har", str(path), "--cookie", "sid=1")
        assert server.asked == []
        command("--har", str(path), "--entry", "1", "--cookie", "sid=1")
        assert set(asked_with(server, "cookie")) == {"sid=1"}


# What browsers do with them

APP, API, FAR = "https://app.example.com", "https://api.example.com/items", "https://api.other.example/items"

#: Of another site than the pages here.
ACROSS = {FAR, "http://api.other.example/", "http://127.0.0.1:8000/"}


def given(url: str, **more: Any) -> tuple[GivenCookie, ...]:
    (cookie,) = cookies_for(parse_url(url), (("sid", "1"),))
    return (cookie if not more else GivenCookie(**{"name": "sid", "value": "1", "domain": cookie.domain, **more}),)


@pytest.mark.parametrize(
    ("origin", "url", "more", "sent", "why"),
    [
        (APP, API, {}, ["Chrome", "Firefox", "Safari"], ""),
        (APP, API, {"domain": "example.com", "host_only": False}, ["Chrome", "Firefox", "Safari"], ""),
        (APP, API, {"path": "/items"}, ["Chrome", "Firefox", "Safari"], ""),
        (APP, API, {"path": "/item"}, [], "it is for /item only"),
        (APP, API, {"expired": True}, [], "it has expired"),
        (APP, FAR, {}, ["Chrome", "Firefox"], "the browser blocks cookies of third parties"),
        (APP, FAR, {"secure": True}, ["Chrome", "Firefox"], "the browser blocks cookies of third parties"),
        (APP, FAR, {"secure": False}, ["Firefox"], "the cookie lacks Secure, which SameSite=None needs"),
        (LOCAL, "http://api.other.example/", {}, ["Firefox"], "the cookie lacks Secure, which SameSite=None needs"),
        (LOCAL, "http://localhost:8000/", {}, ["Chrome", "Firefox", "Safari"], ""),
        (LOCAL, "http://localhost:8000/", {"secure": True}, ["Chrome", "Firefox"], "the address is not https:"),
        (LOCAL, "http://127.0.0.1:8000/", {}, ["Chrome", "Firefox"], "the browser blocks cookies of third parties"),
        ("null", API, {}, ["Chrome", "Firefox"], "the browser blocks cookies of third parties"),
    ],
)
def test_what_each_browser_sends(origin: str, url: str, more: dict[str, Any], sent: list[str], why: str) -> None:
    seen: set[str] = set()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == parse_url(url).path and environ["REQUEST_METHOD"] == "GET":
            seen.add(environ.get("HTTP_COOKIE", "none"))
        allowed = [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        start_response("200 OK", allowed)
        return [b""]

    cookies = given(url, **more)
    report = ask(app, url, origin, credentials="include", cookies=cookies)
    (carried,) = report.carried
    assert [fate.browser for fate in carried.fates if fate.sent] == sent
    assert ("sid=1" in seen, "none" in seen) == (bool(sent), len(sent) < 3)
    found = [each for each in report.findings if each.code == "cookie-not-sent"]
    assert any(why in each.sentence for each in found) == bool(why)
    assert all(each.fix for each in found)
    is_across = url in ACROSS or origin == "null"
    assert ("cookies-taken-as-samesite-none" in codes(report)) == (bool(sent) and is_across)


def test_firefox_sends_what_was_set_on_a_page_of_this_site() -> None:
    (carried,) = visitor.carried(given(FAR), APP, parse_url(FAR), ["firefox"])
    assert carried.fates[0].sentence == "if it was set on a page of https://example.com"


@pytest.mark.parametrize(
    ("origin", "url", "more", "fix"),
    [
        (APP, API, {"path": "/x"}, "set the cookie with Path=/ if it is meant for this address"),
        (APP, API, {"expired": True}, "log in again, and save the cookies again"),
        (LOCAL, "http://localhost:8000/", {"secure": True}, "serve the URL over https:"),
        (APP, FAR, {"secure": False}, "set the cookie with SameSite=None; Secure"),
        (LOCAL, "http://api.other.example/", {}, "serve the URL over https: and set the cookie with SameSite=None"),
    ],
)
def test_the_fix_for_a_cookie_that_is_not_sent(origin: str, url: str, more: dict[str, Any], fix: str) -> None:
    cookies, parsed = given(url, **more), parse_url(url)
    answers = visitor.carried(cookies, origin, parsed, ["chromium", "webkit"])
    found = visitor.findings(cookies, answers, origin, parsed, "include")
    assert any(each.fix.startswith(fix) for each in found if each.code == "cookie-not-sent")


def test_many_names_are_counted() -> None:
    cookies = tuple(GivenCookie(f"c{number}", "1", "api.other.example") for number in range(7))
    parsed = parse_url(FAR)
    answers = visitor.carried(cookies, APP, parsed, ["webkit"])
    (found,) = visitor.findings(cookies, answers, APP, parsed, "include")
    assert found.sentence.startswith('"c0", "c1", "c2", "c3", "c4" and 2 more cookies are not sent by Safari: ')


def test_an_answer_renews_the_cookie_that_was_given() -> None:
    """As in a browser: what a redirect sets again is sent with the next request, and what was there before is not."""

    def app(asked: Asked) -> bytes:
        allowed = (("Access-Control-Allow-Origin", HOME), ("Access-Control-Allow-Credentials", "true"))
        if asked.path == "/":
            return says("302 Found", (*allowed, ("Location", "/next"), ("Set-Cookie", "sid=new; Path=/")))
        return says("200 OK", allowed)

    with Server(app) as server:
        command(server.url, "--origin", HOME, "--cookie", "sid=old", "--engine", "chromium")
    assert [asked.headers.get("cookie") for asked in server.asked][:2] == ["sid=old", "sid=new"]


def test_the_clock_of_the_jar_is_that_of_the_wall(tmp_path: Path) -> None:
    soon, before = int(time.time()) + 1000, int(time.time()) - 1000
    cookies = read_jar(jar(tmp_path, line("a", "1", expires=soon), line("b", "1", expires=before)))
    assert [each.expired for each in cookies] == [False, True]


def test_a_login_that_fails_since_a_browser_sends_no_cookie_is_told_so() -> None:
    with Server(members_only) as server:
        status, text = command(server.url, "--origin", LOCAL, "--cookie", "sid=1", "--json")
    report = json.loads(text)
    assert (status, [each["outcome"] for each in report["engines"]]) == (1, ["allowed", "allowed", "blocked"])
    assert report["cause"].startswith('the cookie "sid" is not sent by Safari: the browser blocks cookies of third')
    assert report["fix"]["steps"][0].startswith("fetch from the host of the page, localhost, so that both are")


# audit


def test_an_audit_asks_as_a_visitor_who_is_logged_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file_name = jar(
        tmp_path,
        line("sid", SECRET),
        line("far", OTHER, path="/far"),
        line("gone", OTHER, expires=GONE),
        line("else", OTHER, domain="example.com"),
    )
    with Server(members_only) as server:
        options = ["audit", server.url, "--origin", LOCAL]
        assert cli.main(options) == 0
        without = capsys.readouterr().out
        assert cli.main([*options, "--cookie-jar", file_name, "--cookie", "b=second-s3cr3t"]) == 0
        out, err = capsys.readouterr()
    assert "any-origin-with-credentials" not in without
    assert (
        "No cookies of a visitor were sent. To audit as a logged-in visitor, add --cookie or --cookie-jar." in without
    )
    assert "with the cookies sid, b." in out
    assert "HIGH  any-origin-with-credentials" in out
    assert "s3cr3t" not in out + err
    cookies = {asked.headers.get("cookie") for asked in server.asked}
    assert cookies == {None, "corswsgi-audit=1", f"sid={SECRET}; b=second-s3cr3t"}
    assert not any("cookie" in asked.headers for asked in server.asked if asked.is_preflight)


def test_an_audit_tells_programs_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(welcoming) as server:
        options = ["audit", server.url, "--origin", LOCAL, "--cookie", f"sid={SECRET}", "--json"]
        assert cli.main(options) == 0
    assert json.loads(capsys.readouterr().out)["cookies"] == ["sid"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--cookie-jar", "none.txt"], '--cookie-jar "none.txt": No such file or directory'),
        (
            ["http://localhost:8000/", "--cookie", "a=1"],
            "--cookie is for one host, but the URLs name 127.0.0.1 and localhost",
        ),
    ],
)
def test_an_audit_with_bad_cookies_sends_nothing(
    options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(welcoming) as server:
        assert cli.main(["audit", server.url, *options, "--origin", LOCAL]) == 2
    assert capsys.readouterr().err.startswith(f"corswsgi audit: {why}")
    assert server.asked == []


def test_a_secure_cookie_is_for_https_and_for_this_machine() -> None:
    cookies = (GivenCookie("a", "1", "api.example.com", secure=True), GivenCookie("b", "2", "127.0.0.1", secure=True))
    assert visitor.sent_anyway(cookies, parse_url("http://api.example.com/")) == {}
    assert visitor.sent_anyway(cookies, parse_url("https://api.example.com/")) == {"a": "1"}
    assert visitor.sent_anyway(cookies, parse_url("http://127.0.0.1/")) == {"b": "2"}
