"""``corswsgi check --behind``: what a proxy made of the application's headers, and what goes to the application."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import machine
import pytest
from caching import servers
from misbehaving import HANG, Asked, Server, says
from test_check import CREDENTIALS, HEADERS, LOCAL, METHODS, ORIGIN, TRUSTED, command, said
from test_pasted import asked_with

from corswsgi import cli
from corswsgi.errors import UsageError

Pairs = Sequence[tuple[str, str]]
SECRET = "s3cr3t-s3cr3t"

SHARED = ((ORIGIN, LOCAL), ("Vary", "Origin"))


def answering(status: str = "200 OK", *headers: tuple[str, str]) -> Callable[[Asked], bytes]:
    return lambda asked: says(status, headers, b"{}")


def ask(
    front: Callable[[Asked], Any], behind: Callable[[Asked], Any], *options: str
) -> tuple[int, str, dict[str, Any], Server, Server]:
    with Server(front) as proxy, Server(behind) as app:
        line = [f"{proxy.url}/items?a=1", "--origin", LOCAL, "--behind", app.url, *options]
        status, text = command(*line, "-v")
        report = json.loads(command(*line, "--json")[1])
    return status, text, report, proxy, app


def changes(report: dict[str, Any], number: int = 0) -> dict[str, str]:
    return {row["header"].lower(): row["change"] for row in report["behind"][number]["rows"]}


def codes(report: dict[str, Any]) -> set[str]:
    return {each["code"] for each in report["findings"]}


#: What the proxy sends, what the application sends, the code, the words in the cause, and what became of which header.
CASES: dict[str, tuple[Pairs, Pairs, str, str, str]] = {
    "doubled": (
        ((ORIGIN, LOCAL), (ORIGIN, LOCAL)),
        ((ORIGIN, LOCAL),),
        "proxy-doubles-header",
        f"the application sends {ORIGIN}: {LOCAL}, and the proxy makes it {LOCAL} and {LOCAL}",
        "doubled",
    ),
    "doubled in one line": (
        ((ORIGIN, f"{LOCAL}, *"),),
        ((ORIGIN, LOCAL),),
        "proxy-doubles-header",
        f"and the proxy makes it {LOCAL}, *",
        "doubled",
    ),
    "removed": (
        (),
        SHARED,
        "proxy-removes-header",
        f"the application sends {ORIGIN}: {LOCAL}, and the proxy removes it",
        "removed",
    ),
    "changed": (
        ((ORIGIN, "https://example.com"),),
        SHARED,
        "proxy-changes-header",
        f"the application sends {ORIGIN}: {LOCAL}, and the proxy makes it https://example.com",
        "changed",
    ),
    "added": (
        ((ORIGIN, "https://example.com"),),
        (),
        "proxy-adds-header",
        f"the proxy adds {ORIGIN}: https://example.com, and the application does not send it",
        "added",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_proxy_does_is_the_cause(case: str) -> None:
    front, behind, code, words, change = CASES[case]
    status, text, report, _, _ = ask(answering("200 OK", *front), answering("200 OK", *behind))
    assert status == 1
    assert words in report["cause"]
    assert (code in codes(report), changes(report)[ORIGIN.lower()]) == (True, change)
    assert f"[{code}]" in text
    assert {"doubled": "doubled by the proxy", "removed": "removed by the proxy", "added": "added by the proxy"}.get(
        change, "changed by the proxy"
    ) in text
    assert any(ORIGIN in step for step in report["fix"]["steps"])


def test_a_preflight_that_the_proxy_answers_itself() -> None:
    permitted = (*SHARED, (METHODS, "PUT"), (HEADERS, "x-a"))

    def front(asked: Asked) -> bytes:
        return says("405 Method Not Allowed") if asked.is_preflight else says("200 OK", SHARED)

    def behind(asked: Asked) -> bytes:
        return says("204 No Content", permitted) if asked.is_preflight else says("200 OK", SHARED)

    _, text, report, _, app = ask(front, behind, "-X", "PUT", "-H", "X-A: 1")
    assert report["cause"].startswith("the preflight was answered 405 Method Not Allowed by the proxy itself; the app")
    assert "let the proxy pass the request on to the application, OPTIONS too" in report["fix"]["steps"]
    assert [each["what"] for each in report["behind"]] == ["the preflight", "the request"]
    preflight = next(asked for asked in app.asked if asked.is_preflight)
    assert preflight.path == "/items?a=1"
    assert preflight.headers["access-control-request-headers"] == "x-a"
    assert {asked.method for asked in app.asked} == {"OPTIONS", "GET"}
    assert "changed by the proxy  status: 405; the application sends 204" in text


def test_a_request_that_the_proxy_answers_itself() -> None:
    _, _, report, _, _ = ask(answering("502 Bad Gateway"), answering("200 OK", *SHARED))
    assert report["cause"].startswith("the request was answered 502 Bad Gateway by the proxy itself; the application")
    assert "let the proxy pass the request on to the application" in report["fix"]["steps"]


def test_other_headers_of_a_preflight() -> None:
    def front(asked: Asked) -> bytes:
        return says("204 No Content", (*SHARED, (METHODS, "GET"))) if asked.is_preflight else says("200 OK", SHARED)

    def behind(asked: Asked) -> bytes:
        return (
            says("204 No Content", (*SHARED, (METHODS, "GET, PUT"))) if asked.is_preflight else says("200 OK", SHARED)
        )

    _, _, report, _, _ = ask(front, behind, "-X", "PUT")
    assert report["cause"] == f"the application sends {METHODS}: GET, PUT, and the proxy makes it GET"


def test_the_application_is_at_fault() -> None:
    _, text, report, _, _ = ask(answering("200 OK", ("Vary", "Accept")), answering("200 OK", ("Vary", "Accept")))
    assert {"proxy-not-at-fault"} <= codes(report)
    assert changes(report) == {"vary": "same"}
    assert "the same              Vary: Accept" in text


def test_a_header_that_is_wrong_in_both_is_the_applications() -> None:
    wrong = ((ORIGIN, "https://example.com"),)
    _, _, report, _, _ = ask(answering("200 OK", *wrong), answering("200 OK", *wrong))
    assert "proxy-not-at-fault" in codes(report)
    assert "example.com" in report["cause"]


def test_the_proxy_lets_the_page_in() -> None:
    front = (*SHARED, ("Vary", "Accept-Encoding"))
    status, text, report, _, _ = ask(answering("200 OK", *front), answering("200 OK", ("Vary", "Origin")))
    assert (status, "proxy-lets-in" in codes(report)) == (0, True)
    assert changes(report) == {ORIGIN.lower(): "added", "vary": "extended"}
    assert "extended by the proxy Vary: Origin and Accept-Encoding; the application sends Origin" in said(text)


def test_if_both_let_the_page_in_nothing_is_found() -> None:
    _, text, report, _, _ = ask(answering("200 OK", *SHARED), answering("200 OK", *SHARED))
    assert not {code for code in codes(report) if code.startswith(("proxy-", "behind-"))}
    assert changes(report) == {ORIGIN.lower(): "same", "vary": "same"}
    assert "curl --include http://127.0.0.1:" in text


def test_an_application_that_does_not_answer() -> None:
    _, text, report, _, _ = ask(answering("200 OK"), lambda asked: b"", "--timeout", "5")
    assert "behind-no-answer" in codes(report)
    assert "status: 200; the application sends no response" in text


def test_what_the_application_is_asked() -> None:
    """As a proxy would: with the Host of the front; to the same path, or to the one that is given."""
    _, _, _, proxy, app = ask(answering("200 OK", *SHARED), answering("200 OK", *SHARED))
    (asked, _) = app.asked
    assert (asked.method, asked.path, asked.origin) == ("GET", "/items?a=1", LOCAL)
    host = f"127.0.0.1:{proxy.port}"
    assert asked.headers["host"] == host == asked.headers["x-forwarded-host"]
    assert asked.headers["x-forwarded-proto"] == "http"
    with Server(answering("200 OK", *SHARED)) as front, Server(answering("200 OK", *SHARED)) as behind:
        _, text = command(f"{front.url}/api/items", "--origin", LOCAL, "--behind", f"{behind.url}/items", "-v")
    assert [each.path for each in behind.asked] == ["/items"]
    assert f"-H 'Host: 127.0.0.1:{front.port}'" in text


@pytest.mark.parametrize(
    ("host", "more", "is_sent"),
    [("127.0.0.1", [], True), ("localhost", [], False), ("localhost", ["--behind-secrets"], True)],
)
def test_secrets_go_to_another_host_only_if_you_say_so(host: str, more: list[str], is_sent: bool) -> None:
    def app(asked: Asked) -> bytes:
        return says("200 OK", (*TRUSTED, (HEADERS, "authorization, x-api-key")))

    with Server(app) as front, Server(app) as behind:
        url = behind.url.replace("127.0.0.1", host)
        options = ["-H", f"Authorization: Bearer {SECRET}", "-H", f"X-Api-Key: {SECRET}", "--cookie", f"sid={SECRET}"]
        line = [front.url, "--origin", LOCAL, "--engine", "chromium", "--behind", url, *more, *options]
        _, text = command(*line)
    assert SECRET in "".join(asked_with(front, "cookie") + asked_with(front, "authorization"))
    assert asked_with(behind, "cookie") == ([f"sid={SECRET}"] if is_sent else [])
    assert set(asked_with(behind, "authorization")) == {f"Bearer {SECRET}" if is_sent else "withheld"}
    assert set(asked_with(behind, "x-api-key")) == {SECRET if is_sent else "withheld"}
    told = "not sent there: Authorization, X-Api-Key, Cookie, because it is another host; --behind-secrets sends them"
    assert (told in said(text)) != is_sent
    assert SECRET not in text


def test_a_request_that_changes_something_is_not_sent_twice() -> None:
    app = answering("200 OK", *TRUSTED, (METHODS, "PUT"))
    with Server(app) as front, Server(app) as behind:
        command(front.url, "--origin", LOCAL, "--behind", behind.url, "-X", "PUT", "--send")
    assert [asked.method for asked in front.asked].count("PUT") == 1
    assert [asked.method for asked in behind.asked] == ["OPTIONS", "GET"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--behind", "127.0.0.1:8000"], '--behind: the URL "127.0.0.1:8000" has no scheme; did you mean "http://127'),
        (
            ["--behind", "ftp://x/"],
            '--behind: the URL "ftp://x/" has the scheme "ftp"; give one with http: or https:',
        ),
        (["--behind-secrets"], "--behind-secrets is about the application of --behind; give --behind too"),
        (["--behind", "http://127.0.0.1:1/", "--app", "os:getcwd"], "leave out --behind or --app"),
    ],
)
def test_a_bad_line_sends_nothing(options: list[str], why: str) -> None:
    with Server(answering()) as server, pytest.raises(UsageError) as raised:
        command(server.url, "--origin", LOCAL, *options)
    assert why in str(raised.value)
    assert server.asked == []


def test_what_a_hostile_application_sends_is_escaped() -> None:
    _, text, _, _, _ = ask(
        answering("200 OK"), answering("200 OK", (ORIGIN, f"{LOCAL}\x1b[2J"), (CREDENTIALS, "\x9b1m"))
    )
    assert "\x1b" not in text
    assert "\x9b" not in text


@pytest.mark.once
def test_an_application_that_hangs_takes_the_time_of_one_answer() -> None:
    _, _, report, _, _ = ask(answering("200 OK"), lambda asked: HANG, "--timeout", "0.5")
    assert "behind-no-answer" in codes(report)


# nginx

_NGINX = """
daemon off;
{user}
worker_processes 1;
pid {home}/nginx.pid;
error_log stderr error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/client_body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /doubled {{ proxy_pass http://127.0.0.1:{behind}; add_header Access-Control-Allow-Origin *; }}
        location /removed {{ proxy_pass http://127.0.0.1:{behind}; proxy_hide_header Access-Control-Allow-Origin; }}
        location /refused {{ if ($request_method = OPTIONS) {{ return 405; }} proxy_pass http://127.0.0.1:{behind}; }}
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(behind: int) -> Iterator[int]:
    def configured(home: str, ports: list[int]) -> list[str]:
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        Path(home, "nginx.conf").write_text(_NGINX.format(home=home, user=user, port=ports[0], behind=behind))
        return [machine.find("nginx"), "-p", home, "-c", f"{home}/nginx.conf", "-e", "stderr"]

    with servers.running(configured, 1) as ports:
        yield ports[0]


@pytest.mark.once
def test_nginx_in_front(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(answering("200 OK", *SHARED, (METHODS, "PUT"))) as app, nginx(app.port) as port:
        for path, method, code in [
            ("doubled", "GET", "proxy-doubles-header"),
            ("removed", "GET", "proxy-removes-header"),
            ("refused", "PUT", "proxy-answers-itself"),
        ]:
            line = [f"http://127.0.0.1:{port}/{path}", "--origin", LOCAL, "-X", method, "--behind", app.url]
            assert cli.main(["check", *line]) == 1
            assert f"[{code}]" in capsys.readouterr().out, path
        assert cli.main(["check", f"http://127.0.0.1:{port}/", "--origin", LOCAL, "--behind", app.url]) == 0
        assert "by the proxy" not in capsys.readouterr().out
