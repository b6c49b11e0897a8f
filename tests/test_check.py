"""``corswsgi check``: its diagnoses, each against a server that fails in that way, and its words, in golden files.

``CORSWSGI_GOLDEN=write`` writes the golden files again; read them before you keep them.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import itertools
import json
import logging
import os
import re
import shlex
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme
from misbehaving import HANG, Asked, Server, dripping, says, without_end
from scripted_site import PAGE

from corswsgi import CORSMiddleware, Policy
from corswsgi.applications import import_app
from corswsgi.browser import ENGINES, Browser, Exchange
from corswsgi.checker import check_command, engines, render
from corswsgi.checker.check import check
from corswsgi.checker.curl import curl_command, shell_quote
from corswsgi.checker.evidence import Question
from corswsgi.checker.findings import Severity
from corswsgi.checker.granting import split_headers
from corswsgi.checker.limit import Limit
from corswsgi.checker.preflight import judge_preflight
from corswsgi.checker.render.terminal import print_lines
from corswsgi.checker.report import Report
from corswsgi.checker.rules.network import diagnose_no_answer
from corswsgi.checker.target import Target, open_target, parse_target_url
from corswsgi.errors import UsageError

GOLDEN = Path(__file__).parent / "golden" / "check"

ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
EXPOSED = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"

#: A page of this machine, so that browsers ask plain http: servers for it, without a word on local networks.
LOCAL = "http://localhost:3000"

SHARED = ((ORIGIN, LOCAL), ("Vary", "Origin"))
TRUSTED = (*SHARED, (CREDENTIALS, "true"))
PERMITTED = (*SHARED, (METHODS, "PUT"), (HEADERS, "x-api-key"), (MAX_AGE, "600"))


# Running it


def command(*arguments: str) -> tuple[int, str]:
    """Run the command and return its exit status and what it printed."""
    parser = argparse.ArgumentParser(prog="corswsgi check")
    check_command.add_arguments(parser)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = check_command.run(parser.parse_args(arguments))
    return status, out.getvalue()


def said(text: str) -> str:
    """Return text with its line breaks and indents undone, to look for sentences in it."""
    return " ".join(text.split())


def assert_golden(name: str, text: str, port: int = 0) -> None:
    """Hold a text against its golden file."""
    text = re.sub(r"corswsgi-[0-9a-f]{12}", "corswsgi-TOKEN", text)
    text = text.replace(f":{port}", ":PORT") if port else text
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("CORSWSGI_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def app_saying(
    answer: Callable[[Mapping[str, Any]], tuple[str, list[tuple[str, str]]]], body: bytes = b"{}"
) -> Callable[..., list[bytes]]:
    """Return a WSGI application that answers with a status and headers."""

    def app(environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        status, headers = answer(environ)
        start_response(status, headers)
        return [body]

    return app


def plain(status: str = "200 OK", *headers: tuple[str, str]) -> Callable[..., list[bytes]]:
    """Return a WSGI application that answers everything alike."""
    return app_saying(lambda environ: (status, list(headers)))


def split(preflight: tuple[Any, ...], answer: tuple[Any, ...]) -> Callable[..., list[bytes]]:
    """Return a WSGI application that answers preflights and all else, each alike."""
    return app_saying(
        lambda environ: (lambda status, *headers: (status, list(headers)))(
            *(preflight if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ else answer)
        )
    )


def ask(site: Any, url: str = "http://127.0.0.1:8000/items", origin: str = LOCAL, **question: Any) -> Report:
    """Check a WSGI application."""
    return check(Target(site, parse_target_url(url)), Question(origin, **question), token="0123456789ab")


def codes(report: Report) -> set[str]:
    return {str(finding.code) for finding in report.findings}


# The diagnoses, each on a server of its own


def put_answered(status: str, *headers: tuple[str, str]) -> Callable[[Asked], bytes]:
    """Answer preflights so, and everything else as it should be."""
    return lambda asked: says(status, headers) if asked.is_preflight else says("200 OK", SHARED, b"{}")


PREFLIGHTS: dict[str, tuple[Callable[[Asked], Any], str, str]] = {
    "preflight-301-slash": (
        put_answered("301 Moved Permanently", ("Location", "/items/")),
        "preflight-redirect-slash",
        "to the same address with a slash at the end",
    ),
    "preflight-302-login": (
        put_answered("302 Found", ("Location", "/login?next=/items"), *SHARED),
        "preflight-redirect-login",
        "looks like a login page",
    ),
    "preflight-307-host": (
        put_answered("307 Temporary Redirect", ("Location", "https://www.api.example/items")),
        "preflight-redirect-host",
        "to another host",
    ),
    "preflight-308-https": (
        put_answered("308 Permanent Redirect", ("Location", "https://127.0.0.1/items")),
        "preflight-redirect-https",
        "over https:",
    ),
    "preflight-401": (
        put_answered("401 Unauthorized", ("WWW-Authenticate", "Basic")),
        "preflight-unauthorized",
        "browsers never send cookies or passwords with a preflight",
    ),
    "preflight-403": (put_answered("403 Forbidden"), "preflight-forbidden", "do not allow this origin"),
    "preflight-404": (
        put_answered("404 Not Found", *SHARED),
        "preflight-not-found",
        "there is nothing here for OPTIONS",
    ),
    "preflight-405": (
        put_answered("405 Method Not Allowed", ("Allow", "GET, PUT")),
        "preflight-method-not-allowed",
        'its Allow header lists "GET, PUT"',
    ),
    "preflight-501": (put_answered("501 Not Implemented"), "preflight-not-implemented", "does not know the method"),
    "preflight-500": (
        put_answered("500 Internal Server Error", *PERMITTED),
        "preflight-server-error",
        "this is not a CORS problem",
    ),
    "preflight-503": (
        put_answered("503 Service Unavailable"),
        "preflight-server-error",
        "or a proxy in front of it, failed",
    ),
    "preflight-429": (put_answered("429 Too Many Requests"), "preflight-refused", "refuses the preflight"),
    "preflight-304": (
        put_answered("304 Not Modified", *PERMITTED),
        "preflight-status",
        "only with a status from 200 to 299",
    ),
    "preflight-two-origins": (
        put_answered("204 No Content", (ORIGIN, LOCAL), *PERMITTED),
        "allow-origin-several-lines",
        "is sent 2 times",
    ),
    "preflight-no-answer": (
        lambda asked: HANG if asked.is_preflight else says("200 OK", SHARED),
        "preflight-no-answer",
        "There was no response to the preflight: the server did not respond in time",
    ),
}


@pytest.mark.parametrize("name", PREFLIGHTS)
def test_each_failure_of_a_preflight_has_its_own_diagnosis(name: str) -> None:
    answer, code, sentence = PREFLIGHTS[name]
    with Server(answer) as server:
        arguments = ["-X", "PUT", "-H", "X-Api-Key: 1", "--timeout", "0.5"]
        status, text = command(f"{server.url}/items", "--origin", LOCAL, *arguments)
    assert status == (3 if name == "preflight-no-answer" else 1)
    assert f"[{code}]" in said(text)
    assert sentence in said(text)
    assert_golden(name, text, server.port)


ANSWERS: dict[str, tuple[Callable[[Asked], Any], str, int, str]] = {
    "answer-500": (
        lambda asked: says("500 Internal Server Error", [("Server", "nginx")]),
        "server-error-hidden",
        1,
        'the Server header says "nginx"',
    ),
    "answer-502": (
        lambda asked: says("502 Bad Gateway"),
        "proxy-error-hidden",
        1,
        "an error of the server, or of a proxy",
    ),
    "answer-401": (lambda asked: says("401 Unauthorized"), "auth-error-hidden", 1, "requires a login"),
    "answer-404": (lambda asked: says("404 Not Found"), "not-found-hidden", 1, "nothing at this address"),
    "answer-400": (lambda asked: says("400 Bad Request"), "client-error-hidden", 1, "refused the request"),
    "answer-404-readable": (lambda asked: says("404 Not Found", SHARED), "error-readable", 0, "the script can read"),
    "answer-redirect": (
        lambda asked: says("302 Found", [("Location", "http://127.0.0.2/elsewhere")]),
        "redirect-hidden",
        1,
        "without the CORS headers that browsers require on redirects too",
    ),
    "answer-two-origins": (
        lambda asked: says("200 OK", [(ORIGIN, "*"), (ORIGIN, LOCAL)]),
        "allow-origin-several-lines",
        1,
        "is sent 2 times",
    ),
    "answer-closed": (lambda asked: b"", "closed-without-answer", 3, "closed the connection without a response"),
    "answer-garbage": (lambda asked: b"SSH-2.0-OpenSSH_9.2\r\n", "not-http", 3, "is not HTTP"),
    "answer-hangs": (lambda asked: HANG, "timeout", 3, "did not respond in time"),
    "answer-terminal": (
        lambda asked: says("200 \x1b[31mOK", [(ORIGIN, "\x1b]0;evil\x07" + "x" * 300), ("X-\xe4", "[red]")]),
        "allow-origin-invalid",
        1,
        "it is not an origin",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_failure_of_the_answer_has_its_own_diagnosis(name: str) -> None:
    answer, code, expected, sentence = ANSWERS[name]
    with Server(answer) as server:
        status, text = command(f"{server.url}/items", "--origin", LOCAL, "--timeout", "0.5")
    assert status == expected
    assert f"[{code}]" in said(text)
    assert sentence in said(text)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert_golden(name, text, server.port)


def test_that_only_the_preflight_is_dropped_is_said() -> None:
    def site(environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        assert environ["REQUEST_METHOD"] != "OPTIONS"
        start_response("200 OK", [])
        return []

    report = ask(site, method="PUT")
    assert not report.answered
    assert codes(report) == {"preflight-no-answer", "only-preflight-unanswered"}
    assert report.fix.steps[-1] == "let OPTIONS requests through to the part of the server that answers preflights"


def test_nothing_listens() -> None:
    with Server(lambda asked: b"") as server:
        pass
    status, text = command(f"{server.url}/items", "--origin", LOCAL)
    assert status == 3
    assert "[connection-refused]" in text
    assert_golden("nothing-listens", text, server.port)


def test_headers_that_come_byte_by_byte_over_tls(self_signed: tuple[ssl.SSLContext, trustme.CA]) -> None:
    with Server(lambda asked: dripping(b"HTTP/1.1 200 OK\r\nX-A: "), self_signed[0]) as server:
        status, text = command(server.url, "--origin", LOCAL, "--timeout", "0.5", "--insecure")
    assert status == 3
    assert "[timeout]" in text


def test_plain_http_where_tls_was_wanted() -> None:
    with Server(lambda asked: says("200 OK")) as server:
        status, text = command(server.url.replace("http:", "https:"), "--origin", LOCAL, "--timeout", "2")
    assert status == 3
    assert "[tls]" in text


def test_a_body_without_end_is_read_up_to_a_bound() -> None:
    head = f"HTTP/1.1 200 OK\r\n{ORIGIN}: *\r\nContent-Type: text/plain\r\n\r\n".encode()
    with Server(lambda asked: without_end(head)) as server:
        status, text = command(server.url, "--origin", LOCAL, "--json")
    assert status == 0
    report = json.loads(text)
    assert [note["code"] for note in report["notes"]] == ["body-truncated"]
    assert all(len(sent["exchange"]["response_body"]) <= 2000 for sent in report["requests"])


def test_headers_without_end_are_no_http() -> None:
    with Server(lambda asked: without_end(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n" * 1000)) as server:
        status, text = command(server.url, "--origin", LOCAL, "--timeout", "2")
    assert status == 3
    assert "[not-http]" in text


def test_what_does_not_parse_reaches_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("urllib3"), "propagate", True)
    log = logging.StreamHandler(io.StringIO())  # as the command line has one
    monkeypatch.setattr(logging.getLogger(), "handlers", [log])
    answer = b"HTTP/1.1 200 OK\r\nA\x1b[31m\r\nContent-Length: 0\r\n\r\n"
    with Server(lambda asked: answer) as server:
        status, _ = command(server.url, "--origin", LOCAL)
    assert status == 1
    assert log.stream.getvalue() == ""


@pytest.mark.parametrize("head", [b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nX-A: "])
def test_headers_that_come_byte_by_byte_are_waited_for_no_longer_than_said(head: bytes) -> None:
    with Server(lambda asked: dripping(head)) as server:
        status, text = command(server.url, "--origin", LOCAL, "--timeout", "0.5")
    assert status == 3
    assert "[timeout]" in text


@pytest.fixture(scope="module")
def self_signed() -> tuple[ssl.SSLContext, trustme.CA]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, authority


def test_a_certificate_that_nobody_knows(self_signed: tuple[ssl.SSLContext, trustme.CA]) -> None:
    with Server(lambda asked: says("200 OK", SHARED), self_signed[0]) as server:
        status, text = command(f"{server.url}/items", "--origin", LOCAL)
    assert status == 3
    assert "[certificate]" in text
    assert_golden("certificate", re.sub(r"\((self-signed|unable to get)[^)]*\)", "(WHY)", text), server.port)


def test_insecure_takes_any_certificate_without_a_warning(
    self_signed: tuple[ssl.SSLContext, trustme.CA], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A bundle in the environment must not switch verification on again.
    self_signed[1].cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(Path(ssl.get_default_verify_paths().cafile or tmp_path / "other.pem")))
    with Server(lambda asked: says("200 OK", SHARED), self_signed[0]) as server:
        status, text = command(f"{server.url}/items", "--origin", LOCAL, "--insecure", "-v")
    assert status == 0
    assert "curl --include --insecure https://" in text
    assert len(server.asked) == 5


def test_a_certificate_authority_of_the_environment_counts(
    self_signed: tuple[ssl.SSLContext, trustme.CA], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    self_signed[1].cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with Server(lambda asked: says("200 OK", SHARED), self_signed[0]) as server:
        assert command(server.url, "--origin", LOCAL)[0] == 0


# The verdict, in words


GOLDEN_REPORTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "allowed": (
        CORSMiddleware(plain("200 OK", ("Content-Type", "application/json")), Policy([LOCAL], max_age=None)),
        {},
    ),
    "allowed-preflighted": (
        CORSMiddleware(plain("200 OK", ("ETag", '"1"')), Policy([LOCAL], allow_methods="PUT", max_age=86400)),
        {"method": "PUT", "send": True, "body": '{"a": 1}', "headers": (("Content-Type", "text/plain"),)},
    ),
    "allowed-not-sent": (
        CORSMiddleware(plain(), Policy([LOCAL], allow_methods=["PUT"])),
        {"method": "PUT", "body": "x"},
    ),
    "allowed-but-unsafe": (
        app_saying(
            lambda environ: (
                "200 OK",
                [(ORIGIN, environ.get("HTTP_ORIGIN", "-")), (CREDENTIALS, "true"), (METHODS, "PUT")],
            )
        ),
        {"origin": PAGE, "method": "PUT", "credentials": "include", "url": "https://api.example.com/items"},
    ),
    "blocked-in-safari-mixed-content": (plain("200 OK", (ORIGIN, "*")), {"origin": PAGE}),
    "blocked-no-headers": (plain(), {}),
    "blocked-header-not-permitted": (
        split(("204 No Content", (METHODS, "POST"), *SHARED), ("200 OK", *SHARED)),
        {"method": "put", "headers": (("X-Api-Key", "1"), ("Authorization", "Bearer x")), "send": True},
    ),
    "blocked-wildcard-with-credentials": (
        plain("200 OK", (ORIGIN, "*"), (CREDENTIALS, "true"), (HEADERS, "*")),
        {"credentials": "include", "headers": (("X-Api-Key", "1"),)},
    ),
    "allowed-authorization-by-wildcard": (
        plain("200 OK", (ORIGIN, "*"), (HEADERS, "*")),
        {"headers": (("Authorization", "Bearer x"),)},
    ),
    "blocked-answer-without-headers": (
        split(("204 No Content", *PERMITTED), ("200 OK",)),
        {"headers": (("X-Api-Key", "1"),)},
    ),
    "cookies-across-sites": (
        plain("200 OK", *TRUSTED, ("Set-Cookie", "session=secret; HttpOnly")),
        {"credentials": "include"},
    ),
    "cookies-of-one-site": (
        plain("200 OK", *TRUSTED, ("Set-Cookie", "session=secret; HttpOnly"), ("Set-Cookie", "old=; Max-Age=0")),
        {"credentials": "include", "url": "http://localhost:8000/items"},
    ),
    "same-origin": (plain(), {"origin": "http://127.0.0.1:8000"}),
    "mixed-content": (plain(), {"origin": PAGE, "url": "http://api.other.example/"}),
    "app-raises": (lambda environ, start_response: 1 / 0, {}),
}


@pytest.mark.parametrize("name", GOLDEN_REPORTS)
def test_the_report_is_in_these_words(name: str) -> None:
    site, question = GOLDEN_REPORTS[name]
    report = ask(site, **question)
    assert_golden(name, render.as_text(report))
    assert_golden(f"{name}-verbose", render.as_text(report, verbose=True))


# Cookies

ALL_THREE = ["Chrome", "Firefox", "Safari"]
ONE_SITE = "serve the page and the API from one site"
OTHER_API, API_OF_SITE = "https://api.other.example/items", "https://api.example.com/items"


@pytest.mark.parametrize(
    ("line", "url", "origin", "lost", "sentence", "steps"),
    [
        ("a=1", API_OF_SITE, PAGE, [], "", []),
        ("a=; Max-Age=0", API_OF_SITE, PAGE, [], "", []),
        ("a=1; SameSite=Lax; Path=/x", OTHER_API, PAGE, ALL_THREE, "it has SameSite=Lax",
         ["send Set-Cookie: a=...; Path=/x; SameSite=None; Secure", ONE_SITE]),
        ("a=1", OTHER_API, PAGE, ["Chrome", "Safari"], "it has no SameSite",
         ["send Set-Cookie: a=...; SameSite=None; Secure", ONE_SITE]),
        ("a=1; SameSite=None", OTHER_API, PAGE, ALL_THREE, "SameSite=None needs Secure",
         ["send Set-Cookie: a=...; SameSite=None; Secure", ONE_SITE]),
        ("a=1; SameSite=None; Secure", OTHER_API, PAGE, ["Safari"], "blocks cookies of third parties", [ONE_SITE]),
        ("a=1", "http://api.other.example/", "http://app.example.com", ["Chrome", "Safari"], "it has no SameSite",
         ["serve the URL over https: and send Set-Cookie: a=...; SameSite=None; Secure", ONE_SITE]),
        ("a=1", "http://127.0.0.1:8000/", LOCAL, ["Chrome", "Safari"], "it has no SameSite",
         ["fetch from the host of the page, localhost"]),
        ("a=1", API_OF_SITE, "http://app.example.com", ["Chrome"], "it has no SameSite",
         ["serve the page over https:", "serve both the page and the API over https:"]),
        ("a=1; SameSite=None; Secure", OTHER_API, "null", ["Safari"], "third part", ["serve the page from an origin"]),
        ("a=1; SameSite=None", API_OF_SITE, PAGE, ["Chrome", "Firefox"], "SameSite=None needs Secure",
         ["send Set-Cookie: a=...; SameSite=Lax, because the page and the server are on one site"]),
        ("a=1; secure", "http://localhost:8000/", LOCAL, ["Safari"], "it has Secure, but http://localhost:8000 is not",
         ["remove Secure as long as the address is http: (send Set-Cookie: a=...)"]),
        ("a=1; Domain=other.example", API_OF_SITE, PAGE, ALL_THREE, "no browser stores the cookie \"a\": its Domain is",
         ["remove Domain, or write api.example.com or a parent domain of it"]),
        ("__Host-a=1", API_OF_SITE, PAGE, ALL_THREE, "needs Secure and Path=/", ["give the cookie the attributes"]),
        ("a=1; Partitioned", API_OF_SITE, PAGE, ALL_THREE, "Partitioned needs", ["add Secure to Partitioned"]),
        ("a" * 5000 + "=1", API_OF_SITE, PAGE, ALL_THREE, "have 5001 bytes", ["store large data on the server"]),
        ("a\x01=1", API_OF_SITE, PAGE, ALL_THREE, "control character", ["write the cookie as name"]),
        ("=secret", API_OF_SITE, PAGE, ["Firefox"], "a cookie without a name is not stored", ["write the cookie as"]),
        ("secret\x7f", API_OF_SITE, PAGE, ALL_THREE, "a cookie without a name", ["write the cookie as"]),
    ],
)  # fmt: skip
def test_what_becomes_of_a_cookie(
    line: str, url: str, origin: str, lost: list[str], sentence: str, steps: list[str]
) -> None:
    site = plain("200 OK", (ORIGIN, origin), (CREDENTIALS, "true"), ("Vary", "Origin"), ("Set-Cookie", line))
    report = ask(site, url, origin, credentials="include")
    (answer,) = report.cookies
    assert [fate.browser for fate in answer.fates if fate.outcome == "refused"] == lost
    found = [each for each in report.findings if "cookie" in each.code and each.code != "no-cookies-given"]
    assert all(each.severity is Severity.MEDIUM for each in found)
    assert [sentence in each.sentence for each in found if each.code != "cookies-of-third-party"] == [True] * bool(lost)
    told = [step for step in report.fix.steps if "null" not in step]
    assert [want in step for want, step in zip(steps, told, strict=True)] == [True] * len(steps)
    assert "secret" not in f"{report.cookies} {found}"


def test_a_cookie_is_told_in_the_engines_that_were_asked_about() -> None:
    site = plain("200 OK", *TRUSTED, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=1; Domain=x"))
    report = ask(site, credentials="include", engines=("firefox",))
    assert [[fate.outcome for fate in each.fates] for each in report.cookies] == [["partitioned"], ["refused"]]
    assert [note for note in report.notes if note.code == "cookie-refused"] == []
    told = render.as_dict(report)["cookies"][1]
    assert told["name"] == "b"
    assert told["fates"][0]["rule"] == "domain"


def test_without_credentials_no_cookie_is_told() -> None:
    assert ask(plain("200 OK", *SHARED, ("Set-Cookie", "a=1"))).cookies == ()


def test_a_redirect_from_another_site_costs_cookies_in_safari() -> None:
    def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        if environ["HTTP_HOST"].startswith("127"):
            return "302 Found", [("Location", "http://localhost:8000/x"), *TRUSTED]
        return "200 OK", [(ORIGIN, "null"), (CREDENTIALS, "true"), ("Set-Cookie", "a=1")]

    report = ask(app_saying(answer), credentials="include")
    (answered,) = report.cookies
    assert [fate.outcome for fate in answered.fates] == ["kept", "kept", "refused"]
    assert "fetch the URL directly: the redirect" in str(report.fix.steps)


def test_so_many_cookies_are_told_at_most() -> None:
    site = plain("200 OK", *TRUSTED, *(("Set-Cookie", f"a{number}=1") for number in range(80)))
    assert len(ask(site, credentials="include").cookies) == 50


def test_a_redirect_to_a_third_party_in_words() -> None:
    site = app_saying(
        lambda environ: (
            ("302 Found", [("Location", "http://127.0.0.3/x"), *SHARED])
            if environ["HTTP_HOST"] == "127.0.0.1:8000"
            else ("200 OK", [*SHARED])
        )
    )
    report = ask(site)
    assert report.outcome == "blocked"
    assert "origin-null-after-redirect" in codes(report)
    assert "fetch http://127.0.0.3/x directly" in report.fix.steps[1]
    assert "change http://127.0.0.3, where the redirect leads" in report.fix.steps[0]
    assert_golden("blocked-redirect-null", render.as_text(report))


@pytest.mark.parametrize(
    ("status", "method", "body", "code"),
    [
        ("301 Moved Permanently", "POST", "a=b", "redirect-lost-body"),
        ("302 Found", "POST", "a=b", "redirect-lost-body"),
        ("303 See Other", "PUT", "a=b", "redirect-lost-body"),
        ("302 Found", "POST", None, "redirect-turned-into-get"),
        ("303 See Other", "DELETE", None, "redirect-turned-into-get"),
        ("301 Moved Permanently", "PUT", "a=b", None),
        ("302 Found", "GET", None, None),
        ("303 See Other", "HEAD", None, None),
        ("307 Temporary Redirect", "POST", "a=b", None),
        ("308 Permanent Redirect", "POST", "a=b", None),
    ],
)
def test_a_request_that_a_redirect_turned_into_a_get(
    status: str, method: str, body: str | None, code: str | None
) -> None:
    permitted = [*SHARED, ("Access-Control-Allow-Methods", "PUT,DELETE")]

    def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        if environ["REQUEST_METHOD"] == "OPTIONS" or environ["PATH_INFO"] != "/items":
            return "200 OK", permitted
        return status, [("Location", "/items/"), *permitted]

    report = ask(app_saying(answer), method=method, body=body, send=True)
    found = [finding for finding in report.findings if finding.code.startswith("redirect-")]
    assert [finding.code for finding in found] == ([code] if code else [])
    for finding in found:
        assert finding.sentence.startswith(f"the redirect ({status[:3]}) turned the {method} into a GET")
        assert finding.sentence.endswith(", and its body of 3 bytes was lost") == (body is not None)
        assert "fetch http://127.0.0.1:8000/items/ directly, or redirect with 307 or 308" in finding.fix
    assert report.outcome == "allowed"


def test_an_own_origin_that_redirects_away_is_not_of_one_origin() -> None:
    site = app_saying(
        lambda environ: (
            ("302 Found", [("Location", "http://127.0.0.3/x")])
            if environ["HTTP_HOST"] == "127.0.0.1:8000"
            else ("200 OK", [])
        )
    )
    report = ask(site, origin="http://127.0.0.1:8000")
    assert (report.outcome, report.same_origin) == ("blocked", False)


# What is sent, and what is not


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "QUERY"])
def test_what_may_change_something_is_sent_only_when_asked(method: str) -> None:
    asked: list[str] = []

    def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        asked.append(environ["REQUEST_METHOD"])
        return "200 OK", [(ORIGIN, "*"), (METHODS, "*")]

    report = ask(app_saying(answer), method=method)
    assert method not in asked
    assert (report.outcome, report.certain) == ("allowed", False)
    assert "not-sent" in codes(report)
    report = ask(app_saying(answer), method=method, send=True)
    assert asked.count(method) == 1
    assert report.certain


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "get"])
def test_what_changes_nothing_is_sent(method: str) -> None:
    report = ask(plain("200 OK", (ORIGIN, "*"), (METHODS, "*")), method=method)
    assert (report.outcome, report.certain, report.method) == ("allowed", True, method.upper())


def test_a_post_without_preflight_is_judged_by_a_get() -> None:
    report = ask(plain(), method="POST", body="a=1")
    assert (report.outcome, report.certain, report.reason.code) == ("blocked", False, "allow-origin-missing")
    assert report.actual is not None
    assert report.actual.stands_in
    assert report.actual.exchange.method == "GET"


def test_a_preflight_that_permits_and_a_get_that_cannot_be_read() -> None:
    report = ask(split(("204 No Content", *PERMITTED), ("200 OK",)), method="PUT")
    assert report.outcome == "allowed"
    assert {"stand-in-blocked", "headers-missing-on-answer"} <= codes(report)
    assert not any(finding.is_failure for finding in report.findings)


def test_an_address_that_takes_no_get_says_nothing() -> None:
    report = ask(split(("204 No Content", *PERMITTED), ("405 Method Not Allowed",)), method="PUT")
    assert report.outcome == "allowed"
    assert report.actual is not None
    assert report.actual.finding is None


def test_an_own_post_is_not_sent_and_nothing_else_is() -> None:
    report = ask(plain(), origin="http://127.0.0.1:8000", method="POST")
    assert (report.outcome, report.requests, report.actual) == ("allowed", (), None)
    assert "in its place" not in render.as_text(report)


def test_progress_is_told_before_each_request() -> None:
    told: list[str] = []
    target = Target(plain("200 OK", (ORIGIN, "*")), parse_target_url("http://127.0.0.1:8000/"))
    check(target, Question(LOCAL, method="POST"), progress=told.append)
    assert told == [
        "requesting http://127.0.0.1:8000/ as a page of http://localhost:3000",
        "sending a GET instead",
        "requesting it without an Origin",
        "requesting it as a page of an unknown origin",
        "requesting an address that should not exist",
    ]


def test_the_probes_carry_what_the_script_sets() -> None:
    keys: list[tuple[str, str | None]] = []

    def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        keys.append((environ["REQUEST_METHOD"], environ.get("HTTP_X_API_KEY")))
        return "200 OK", [(ORIGIN, "*"), (HEADERS, "*")]

    ask(app_saying(answer), method="HEAD", headers=(("X-Api-Key", "1"), ("Range", "bytes=0-")))
    assert {key for method, key in keys if method != "OPTIONS"} == {"1"}
    assert "GET" not in {method for method, _ in keys}


def test_the_address_that_should_not_exist_is_beside_the_url() -> None:
    report = ask(plain(), url="http://127.0.0.1:8000/api/items?page=1#x")
    assert report.error_path is not None
    assert report.error_path.url == "http://127.0.0.1:8000/api/corswsgi-0123456789ab"


# Errors, caches, safety


def by_path(environ: Mapping[str, Any], *headers: tuple[str, str]) -> tuple[str, list[tuple[str, str]]]:
    return ("200 OK", list(headers)) if environ["PATH_INFO"] == "/items" else ("404 Not Found", [])


def test_errors_without_cors_headers_are_found() -> None:
    report = ask(app_saying(lambda environ: by_path(environ, (ORIGIN, "*"))))
    assert report.outcome == "allowed"
    assert "error-without-cors" in codes(report)
    assert report.error_path is not None
    assert "errors cannot be read" in report.error_path.sentence


def test_a_path_that_answers_everything_tells_nothing_about_errors() -> None:
    report = ask(plain("200 OK", (ORIGIN, "*")))
    assert report.error_path is not None
    assert "shows nothing about errors" in report.error_path.sentence
    assert codes(report) == set()


def test_an_error_path_that_raises() -> None:
    def site(environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        assert environ["PATH_INFO"] == "/items", "no such page"
        start_response("200 OK", [(ORIGIN, "*")])
        return [b""]

    report = ask(site)
    assert report.error_path is not None
    assert "no response: the application raised AssertionError" in report.error_path.sentence
    assert report.outcome == "allowed"


def by_origin(allowed: set[str | None], *headers: tuple[str, str], vary: set[str | None]) -> Callable[..., list[bytes]]:
    """Return an application that names the origins that it allows, and says Vary to some."""

    def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        origin = environ.get("HTTP_ORIGIN")
        known = {PAGE: "page", LOCAL: "page", None: None}.get(origin, "stranger")
        lines = [*headers]
        if known in allowed:
            lines.append((ORIGIN, origin or "none"))
        if known in vary:
            lines.append(("vary", "Accept-Encoding, ORIGIN"))
        return "200 OK", lines

    return app_saying(answer)


ALL = {None, "page", "stranger"}


@pytest.mark.parametrize(
    ("site", "code", "outcome"),
    [
        (by_origin({"page"}, vary=ALL), None, "allowed"),
        (by_origin({"page"}, vary=set()), "vary-missing", "allowed-but-unsafe"),
        (by_origin({"page"}, vary={None}), "vary-missing", "allowed-but-unsafe"),
        (by_origin({"page"}, vary={"page"}), "vary-missing-without-cors", "allowed"),
        (by_origin({"page"}, ("Cache-Control", "No-Store"), vary=set()), "vary-missing-not-stored", "allowed"),
        (
            by_origin({"page"}, ("Cache-Control", "a, private"), vary=set()),
            "vary-missing-not-stored",
            "allowed",
        ),
        (by_origin({"page"}, ("Cache-Control", "public"), vary=set()), "vary-missing", "allowed-but-unsafe"),
        (by_origin({"page"}, ("Vary", "*"), vary=set()), None, "allowed"),
        (plain("200 OK", (ORIGIN, "*")), None, "allowed"),
        (plain("200 OK", (ORIGIN, "*"), ("Vary", "Origin")), "vary-needless", "allowed"),
        (plain("200 OK", (ORIGIN, LOCAL)), None, "allowed"),
        (plain("200 OK", (ORIGIN, LOCAL), ("Vary", "Origin")), None, "allowed"),
        (plain("200 OK", ("Vary", "Origin")), None, "blocked"),
    ],
)
def test_whether_vary_is_right(site: Any, code: str | None, outcome: str) -> None:
    report = ask(site)
    assert {each for each in codes(report) if each.startswith("vary")} == ({code} if code else set())
    assert report.outcome == outcome


def test_who_lacks_vary_is_said() -> None:
    report = ask(by_origin({"page"}, vary={"stranger"}))
    assert report.caching is not None
    assert report.caching.missing == ("a request without an Origin", "your page")
    assert "the response to a request without an Origin and your page has no Vary" in report.caching.sentence


def reflecting(*headers: tuple[str, str], only: str = "") -> Callable[..., list[bytes]]:
    """Return an application that sends every Origin back, or only those that hold a text."""

    def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        origin = environ.get("HTTP_ORIGIN")
        shared = [(ORIGIN, origin)] if origin and (only in origin or origin == LOCAL) else []
        return "200 OK", [*shared, ("Vary", "Origin"), *headers]

    return app_saying(answer)


@pytest.mark.parametrize(
    ("site", "question", "found", "outcome"),
    [
        (reflecting(), {}, {"any-origin-reflected"}, "allowed"),
        (reflecting((CREDENTIALS, "true")), {}, {"any-origin-with-credentials", "null-origin"}, "allowed-but-unsafe"),
        (reflecting((CREDENTIALS, "true"), only="null"), {}, {"null-origin"}, "allowed-but-unsafe"),
        (reflecting((CREDENTIALS, "true"), only="null"), {"origin": "null"}, {"null-origin"}, "allowed-but-unsafe"),
        (reflecting((CREDENTIALS, "true"), only="no one"), {}, set(), "allowed"),
        (
            reflecting((CREDENTIALS, "true"), (METHODS, "PUT"), only="stranger"),
            {"method": "PUT"},
            {"any-origin-with-credentials", "any-origin-may-send", "not-sent"},
            "allowed-but-unsafe",
        ),
        (
            reflecting((CREDENTIALS, "true"), (METHODS, "PUT"), only="no one"),
            {"method": "PUT"},
            {"not-sent"},
            "allowed",
        ),
        (
            reflecting((CREDENTIALS, "true"), only="app."),
            {"origin": "http://app.example.com", "url": "https://api.example.com/"},
            {"insecure-origin-with-credentials"},
            "allowed-but-unsafe",
        ),
        (
            reflecting((CREDENTIALS, "true"), only="https:"),
            {"origin": "https://stranger.example", "url": "https://api.example.com/"},
            {"any-origin-with-credentials"},
            "allowed-but-unsafe",
        ),
        (plain("200 OK", (ORIGIN, "*"), (CREDENTIALS, "true")), {}, {"wildcard-with-credentials"}, "allowed"),
    ],
)
def test_what_is_unsafe(site: Any, question: dict[str, Any], found: set[str], outcome: str) -> None:
    report = ask(site, **question)
    assert (codes(report), report.outcome) == (found, outcome)


@pytest.mark.parametrize(
    ("pattern", "question", "found", "asked"),
    [
        (r"https://app\.example\.com", {"credentials": "include"}, {"origin-suffix"}, 4),
        (r"https://.*example\.com\Z", {"credentials": "include"}, {"origin-prefix"}, 4),
        (r"https://app.example\.com\Z", {"credentials": "include"}, {"origin-dot"}, 4),
        (r"https?://app\.example\.com\Z", {"credentials": "include"}, {"origin-http"}, 4),
        (r"https://app\.example\.com\Z", {"credentials": "include"}, set(), 4),
        (r".*", {"credentials": "include"}, {"any-origin-with-credentials", "null-origin"}, 4),
        (r"https://app\.example\.com", {}, set(), 0),
        (r"https://other\.example\.com", {"credentials": "include"}, {"allow-origin-other"}, 0),
    ],
)
def test_an_origin_that_resembles_the_allowed_one(
    pattern: str, question: dict[str, Any], found: set[str], asked: int
) -> None:
    def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        origin = environ.get("HTTP_ORIGIN", "")
        allowed = origin if re.match(pattern, origin) else "https://shop.example.com"
        return "200 OK", [(ORIGIN, allowed), (CREDENTIALS, "true"), ("Vary", "Origin")]

    report = ask(app_saying(answer), "https://api.example.com/", PAGE, **question)
    told = {finding for finding in report.findings if finding.code != "no-cookies-given"}
    assert {finding.code for finding in told} == found
    assert all("corswsgi audit" in finding.fix for finding in told if finding.code.startswith("origin-"))
    assert len([sent for sent in report.requests if sent.purpose == "resembling"]) == asked
    assert report.outcome == ("blocked" if "other" in pattern else "allowed-but-unsafe" if found else "allowed")


def test_if_time_is_up_no_more_origins_are_tried_that_resemble_the_allowed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        origin = environ.get("HTTP_ORIGIN", "")
        if origin.endswith(".evil.example"):
            monkeypatch.setattr(Limit, "is_over", is_over)
        return "200 OK", [
            (ORIGIN, origin if origin.startswith(PAGE) else PAGE),
            (CREDENTIALS, "true"),
            ("Vary", "Origin"),
        ]

    def is_over(limit: Limit) -> bool:
        limit._is_reached = True
        return True

    report = ask(app_saying(answer), "https://api.example.com/", PAGE, credentials="include")
    assert len([sent for sent in report.requests if sent.purpose == "resembling"]) == 1
    assert report.cut_short
    assert "origin-suffix" in codes(report)


def test_what_is_unsafe_is_told_of_a_blocked_request_too() -> None:
    report = ask(reflecting((CREDENTIALS, "true")), method="PUT")
    assert report.outcome == "blocked"
    assert "Unsafe Any website" in said(render.as_text(report))


# The headers, one by one


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("$http_origin", "allow-origin-variable"),
        ("%{HTTP_ORIGIN}e", "allow-origin-variable"),
        (f'"{LOCAL}"', "allow-origin-quoted"),
        (f"{LOCAL}, {PAGE}", "allow-origin-list"),
        (f"{LOCAL} {PAGE}", "allow-origin-list"),
        ("http://*", "allow-origin-pattern"),
        ("http://LOCALHOST:3000", "allow-origin-case"),
        (f"{LOCAL}/", "allow-origin-slash"),
        (f"{LOCAL}/app", "allow-origin-slash"),
        ("https://localhost:3000", "allow-origin-scheme"),
        ("http://localhost:8080", "allow-origin-port"),
        ("http://localhost", "allow-origin-port"),
        (PAGE, "allow-origin-other"),
        ("null", "allow-origin-null"),
        ("", "allow-origin-empty"),
    ],
)
def test_what_is_wrong_with_an_allowed_origin(value: str, code: str) -> None:
    report = ask(plain("200 OK", (ORIGIN, value)))
    assert codes(report) == {code}
    assert report.cause == report.findings[0].sentence


@pytest.mark.parametrize("value", ["True", "TRUE"])
def test_true_is_written_in_lower_case(value: str) -> None:
    assert "allow-credentials-case" in codes(ask(plain("200 OK", *SHARED, (CREDENTIALS, value)), credentials="include"))


@pytest.mark.parametrize("value", ["yes", "false", "1"])
def test_another_word_than_true_is_told_with_its_value(value: str) -> None:
    report = ask(plain("200 OK", *SHARED, (CREDENTIALS, value)), credentials="include")
    assert codes(report) == {"no-cookies-given", "allow-credentials-invalid"}
    assert report.reason.code == "allow-credentials-invalid"
    assert report.cause == f'{CREDENTIALS} is "{value}", and browsers accept only true'


LISTS = (None, "", "*", "put", "PUT, x-api-key", "POST", "PUT x", "x-api-key, Authorization", "*, authorization")


@pytest.mark.parametrize("credentials", ["omit", "include"])
@pytest.mark.parametrize("status", ["200 OK", "302 Found", "500 Oops"])
@pytest.mark.parametrize("allowed", [None, "*", LOCAL, PAGE])
def test_the_rows_of_a_preflight_agree_with_the_browser(allowed: str | None, status: str, credentials: str) -> None:
    """All rows pass if and only if the browser would go on."""
    requests: list[dict[str, Any]] = [
        {"method": "PUT"},
        {"method": "GET", "headers": [("X-Api-Key", "1")]},
        {"method": "PUT", "headers": [("Authorization", "1"), ("X-Api-Key", "1")]},
        {"method": "POST", "body": iter([b"x"])},
    ]
    outcomes = set()
    # No list makes up for another status, so that a few are enough there.
    lists = LISTS if status == "200 OK" else LISTS[::4]
    for methods, names, trusted in itertools.product(lists, lists, (None, "true", "True")):
        lines = ((ORIGIN, allowed), (METHODS, methods), (HEADERS, names), (CREDENTIALS, trusted))
        site = plain(status, *((name, value) for name, value in lines if value is not None))
        for request in requests:
            verdict = Browser(site, LOCAL).fetch(
                "http://127.0.0.1:8000/", send=False, credentials=credentials, **request
            )
            judged = judge_preflight(verdict.preflights[0], credentials == "include")
            assert judged.passed == (verdict.outcome == "unsent"), (lines, request, judged.rows)
            outcomes.add(judged.passed)
    assert outcomes == {False, True} or status != "200 OK" or allowed != LOCAL


def test_why_a_row_failed_is_said() -> None:
    rows = {
        ("204 No Content", (METHODS, "patch")): "PATCH is another method",
        ("204 No Content", (METHODS, "GET")): "does not list PATCH",
        ("204 No Content", (METHODS, "GET PATCH")): "separate names with commas",
    }
    for answer, sentence in rows.items():
        report = ask(split((*answer, *SHARED), ("200 OK",)), method="PATCH")
        assert any(sentence in row.sentence for row in report.preflights[0].rows), sentence


# How long it is remembered


def exchange(*headers: tuple[str, str], **fields: Any) -> Exchange:
    """Return an exchange with these response headers."""
    return Exchange("OPTIONS", "http://127.0.0.1:8000/", (), None, 204, response_headers=headers, **fields)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], (5, 5, 5)),
        ([(MAX_AGE, "0")], (0, 0, 0)),
        ([(MAX_AGE, "-1")], (0, 0, 0)),
        ([(MAX_AGE, "60")], (60, 60, 60)),
        ([(MAX_AGE, "600")], (600, 600, 600)),
        ([(MAX_AGE, "7201")], (7200, 7201, 600)),
        ([(MAX_AGE, "99999999999")], (7200, 86400, 600)),
        ([(MAX_AGE, "600.5")], (5, 0, 5)),
        ([(MAX_AGE, "600"), (MAX_AGE, "600")], (5, 0, 5)),
        ([(MAX_AGE, "600"), (METHODS, "GET, *")], (600, 0, 600)),
        ([(MAX_AGE, "600"), (HEADERS, "*")], (600, 0, 600)),
    ],
)
def test_how_long_each_engine_remembers(headers: list[tuple[str, str]], seconds: tuple[int, ...]) -> None:
    memories = engines.memories(exchange(*headers))
    assert tuple(memory.seconds for memory in memories) == seconds
    assert [memory.engine for memory in memories] == ["chromium", "firefox", "webkit"]


def test_how_long_in_words() -> None:
    assert [memory.sentence for memory in engines.memories(exchange((MAX_AGE, "86400")))] == [
        "7200 s (2 h), its maximum; the answer asks for 86400 s (24 h)",
        "86400 s (24 h)",
        "600 s (10 min), its maximum; the answer asks for 86400 s (24 h)",
    ]
    assert engines.memories(exchange((MAX_AGE, "-1")))[0].sentence == "not at all: Access-Control-Max-Age is negative"
    assert engines.memories(exchange((MAX_AGE, "59")))[0].sentence == "59 s"


# Where engines differ


def moved_to_third(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    permits = [(ORIGIN, "*"), (HEADERS, "x-api-key")]
    first = environ["HTTP_HOST"] == "127.0.0.1:8000" and environ["REQUEST_METHOD"] != "OPTIONS"
    return ("302 Found", [("Location", "http://127.0.0.3/x"), *permits]) if first else ("200 OK", permits)


def moved_within(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    permits = [(ORIGIN, "*"), (HEADERS, "x-api-key")]
    first = environ["PATH_INFO"] == "/items" and environ["REQUEST_METHOD"] != "OPTIONS"
    return ("302 Found", [("Location", "/else"), *permits]) if first else ("200 OK", permits)


PERMITS_ALL = plain("200 OK", (ORIGIN, "*"), (HEADERS, "*, authorization"))
KEY = ("X-Api-Key", "1")
TYPE_TWICE = (("Content-Type", "text/plain"),) * 2


@pytest.mark.parametrize(
    ("site", "headers", "found"),
    [
        (PERMITS_ALL, (), set()),
        (PERMITS_ALL, (("Authorization", "x"),), set()),
        (plain("200 OK", (ORIGIN, "*"), (HEADERS, "*")), (("Authorization", "x"),), {"wildcard-covers-authorization"}),
        (plain("200 OK", (ORIGIN, "*"), (HEADERS, "x")), (("Authorization", "x"),), set()),
        (PERMITS_ALL, (("DPR", "2"),), {"client-hints"}),
        (PERMITS_ALL, (("Save-Data", "on"),), {"client-hints"}),
        (PERMITS_ALL, (("User-Agent", "x"),), {"user-agent"}),
        (PERMITS_ALL, (("Accept", "a\xe4"),), {"accept-bytes", "headers-in-utf-8"}),
        (PERMITS_ALL, (("Content-Type", "text/plain;;; =, /"),), {"content-type-parameters"}),
        (PERMITS_ALL, (("Content-Type", "text/plain; charset=utf-8"),), set()),
        (PERMITS_ALL, (("Range", "Bytes=0-5"),), {"range-case", "range-rewritten"}),
        (PERMITS_ALL, (("Range", "bytes=-5"),), set()),
        (PERMITS_ALL, (KEY, KEY), {"header-twice"}),
        (PERMITS_ALL, TYPE_TWICE, {"last-line-only", "safelist-joined"}),
        (PERMITS_ALL, (("Accept", "a"), ("Accept", "b")), set()),
        (PERMITS_ALL, tuple(("Accept", "a" * 128) for _ in range(9)), {"safelist-joined", "safelist-sum"}),
        (app_saying(moved_to_third), (KEY,), {"redirect-preflight-origin"}),
        (app_saying(moved_within), (KEY,), set()),
        (app_saying(moved_to_third), (), set()),
        (split(("204 No Content", *PERMITTED), ("200 OK",)), (KEY,), {"kept-after-failure"}),
    ],
)
def test_where_engines_differ(site: Any, headers: tuple[tuple[str, str], ...], found: set[str]) -> None:
    assert {each.code for each in ask(site, headers=headers).differences} == found


def wanting(challenge: str) -> Callable[..., list[bytes]]:
    return plain("401 Unauthorized", *TRUSTED, ("WWW-Authenticate", challenge))


@pytest.mark.parametrize(
    ("site", "question", "found"),
    [
        (wanting('Basic realm="x"'), {"credentials": "include"}, {"password-prompt"}),
        (wanting('Basic realm="x"'), {"credentials": "omit"}, set()),
        (wanting("Bearer"), {"credentials": "include"}, set()),
        (
            wanting('Basic realm="x"'),
            {"credentials": "include", "origin": "http://127.0.0.1:8000"},
            {"password-prompt"},
        ),
        (plain("403 Forbidden", *TRUSTED), {"credentials": "include"}, set()),
    ],
)
def test_where_engines_ask_the_user(site: Any, question: dict[str, str], found: set[str]) -> None:
    assert {each.code for each in ask(site, **question).differences} == found


# By browser

WITH_PASSWORD = wanting('Basic realm="x"')
LISTS_NOTHING = plain("200 OK", (ORIGIN, "*"))


@pytest.mark.parametrize(
    ("site", "question", "where"),
    [
        (LISTS_NOTHING, {}, "ALLOWED in Chrome, Firefox and Safari: a page of http://localhost:3000 may read"),
        (LISTS_NOTHING, {"engines": ("firefox",)}, "ALLOWED in Firefox: "),
        (LISTS_NOTHING, {"method": "PUT"}, "BLOCKED in all three: a page of http://localhost:3000 may not send PUT"),
        (LISTS_NOTHING, {"method": "PUT", "engines": ("webkit", "firefox")}, "BLOCKED in Safari and Firefox: "),
        (LISTS_NOTHING, {"headers": (("DPR", "2"),)}, "BLOCKED in Firefox and Safari, allowed in Chrome: "),
        (LISTS_NOTHING, {"headers": (("Range", "Bytes=0-5"),)}, "BLOCKED in Chrome and Firefox, allowed in Safari: "),
        (LISTS_NOTHING, {"headers": (("Accept", "\xe4"),)}, "BLOCKED in Firefox, allowed in Chrome and Safari: "),
        (WITH_PASSWORD, {"credentials": "include"}, "BLOCKED in Chrome and Firefox, allowed in Safari: "),
        (
            plain("200 OK", (ORIGIN, LOCAL), (CREDENTIALS, "true")),
            {"origin": LOCAL, "url": "http://192.168.1.20:8000/", "credentials": "include"},
            "ALLOWED in Chrome, Firefox and Safari: a page of http://localhost:3000 may read the response to GET http://192",
        ),
    ],
)
def test_the_headline_says_in_which_browsers(site: Any, question: dict[str, Any], where: str) -> None:
    report = ask(site, **question)
    assert said(render.as_text(report)).startswith(where)
    assert [each.engine for each in report.engines] == list(question.get("engines", ENGINES))


def test_what_blocks_is_told_in_full_with_its_fix() -> None:
    text = said(render.as_text(ask(WITH_PASSWORD, credentials="include")))
    assert "the browser asks the user for a password, and the script waits" in text
    assert "Fix Respond without WWW-Authenticate: Basic or Digest" in text
    text = said(render.as_text(ask(LISTS_NOTHING, headers=(("Accept", "\xe4"),))))
    assert 'allow_headers=["accept"]' in text


def test_the_engines_of_the_command() -> None:
    def run(*arguments: str) -> tuple[int, Any]:
        with Server(lambda asked: says("200 OK", [(ORIGIN, "*")])) as server:
            status, text = command(server.url, "--origin", LOCAL, "-H", "DPR: 2", "--json", *arguments)
        return status, [(each["engine"], each["outcome"]) for each in json.loads(text)["engines"]]

    told = [("chromium", "allowed"), ("firefox", "blocked"), ("webkit", "blocked")]
    assert run() == (1, told)
    assert run("--expect", "blocked") == (1, told)
    assert run("--engine", "chromium") == (0, told[:1])
    assert [each.departures for each in ask(LISTS_NOTHING, headers=(("DPR", "2"),)).engines[:2]] == [
        ("client-hints",),
        (),
    ]
    assert run("--engine", "webkit", "--engine", "firefox", "--engine", "webkit", "--expect", "blocked") == (
        0,
        [told[2], told[1]],
    )


def test_no_preflight_that_was_answered_differs_from_nothing() -> None:
    def site(environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        raise OSError("gone")

    assert ask(site, headers=(("Authorization", "x"),)).differences == ()


# The fix


FIXABLE: list[dict[str, Any]] = [
    {},
    {"credentials": "include"},
    {"method": "PUT"},
    {"method": "patch", "headers": (KEY,)},
    {"method": "DELETE", "headers": (("Authorization", "x"), ("Content-Type", "application/json"))},
    {"method": "PUT", "headers": (KEY,), "credentials": "include"},
    {"origin": "null"},
    {"origin": "http://app.example.com", "url": "https://api.example.com/", "credentials": "include"},
    {"origin": "capacitor://localhost", "method": "PUT"},
]


@pytest.mark.parametrize("question", FIXABLE)
def test_the_policy_that_is_advised_allows_the_request(question: dict[str, Any]) -> None:
    question = {"send": True, **question}
    blocked = ask(plain(), **question)
    assert blocked.outcome == "blocked"
    policy = eval("\n".join(blocked.fix.policy), {"Policy": Policy})
    allowed = ask(CORSMiddleware(plain(), policy), **question)
    assert allowed.outcome == ("allowed-but-unsafe" if "http://app." in question.get("origin", "") else "allowed")


@pytest.mark.parametrize("question", FIXABLE)
def test_the_headers_that_are_advised_allow_the_request(question: dict[str, Any]) -> None:
    question = {"send": True, **question}
    fix = ask(plain(), **question).fix
    preflight, answer = (
        tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
        for lines in (fix.preflight_lines, fix.response_lines)
    )
    assert (
        ask(split(("204 No Content", *preflight), ("200 OK", *answer)), **question).reason.code == "cors-check-passed"
    )


def test_nothing_is_advised_where_nothing_is_wrong() -> None:
    fix = ask(CORSMiddleware(plain(), Policy([LOCAL]))).fix
    assert (fix.steps, fix.policy, fix.preflight_lines, fix.response_lines) == ((), (), (), ())


def test_null_with_credentials_is_never_advised() -> None:
    fix = ask(plain(), origin="null", credentials="include").fix
    assert (fix.policy, fix.response_lines) == ((), ())
    assert "serve the page from an origin of its own" in fix.steps[-1]


@pytest.mark.parametrize(
    ("site", "question", "step"),
    [
        (plain(), {"url": "http://127.0.0.1:22/"}, "run the server at another port"),
        (plain(), {"origin": PAGE, "url": "http://api.example/"}, "serve the URL over https:"),
        (plain("302 Found", ("Location", "/again"), *SHARED), {}, "fetch the last address"),
        (plain("302 Found", ("Location", "https://"), *SHARED), {}, "correct the Location header"),
        (plain("302 Found", ("Location", "ftp://x/"), *SHARED), {}, "must lead to http: or https:"),
        (
            plain("302 Found", ("Location", "http://u:p@127.0.0.1/"), *SHARED),
            {},
            "remove the user name and the password",
        ),
    ],
)
def test_where_no_header_would_help(site: Any, question: dict[str, Any], step: str) -> None:
    report = ask(site, **question)
    assert report.outcome == "blocked"
    assert [step in each for each in report.fix.steps] == [True]
    assert report.fix.policy == ()
    assert step in said(render.as_text(report)).lower() or step[0].upper() + step[1:] in said(render.as_text(report))


def test_a_response_header_on_a_request_is_named() -> None:
    report = ask(plain(), headers=((ORIGIN, "*"), KEY))
    assert "response-header-in-request" in codes(report)
    assert f"remove {ORIGIN} from the script" in report.fix.steps[0]
    assert report.fix.policy[2] == '    allow_headers=["x-api-key"],'
    assert report.fix.preflight_lines[1] == f"{HEADERS}: x-api-key"


def test_only_a_response_header_on_a_request() -> None:
    report = ask(plain(), headers=((ORIGIN, "*"),))
    assert not any("allow_headers" in line for line in report.fix.policy)
    assert not any(line.startswith(HEADERS) for line in report.fix.preflight_lines)


@pytest.mark.parametrize(
    ("question", "is_found"),
    [
        ({"body": ' {"a": 1}'}, True),
        ({"body": "[1]"}, True),
        ({"body": "a=1"}, False),
        ({"body": b"{}"}, False),
        ({"body": "{}", "headers": (("content-type", "application/json"),)}, False),
    ],
)
def test_json_that_goes_as_text_is_named(question: dict[str, Any], is_found: bool) -> None:
    assert ("json-as-text" in codes(ask(plain(), method="POST", **question))) == is_found


# Why there is no answer


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            "SSLError: ... CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1)",
            "certificate",
        ),
        ("SSLError: hostname '127.0.0.1' doesn't match 'a'", "certificate"),
        ("ProxyError: Cannot connect to proxy", "proxy"),
        ("ConnectionError: NameResolutionError: Failed to resolve 'a.invalid'", "name-unknown"),
        ("ConnectTimeout: timed out", "timeout"),
        (
            "ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
            "closed-without-answer",
        ),
        ("the application raised ValueError: x", "app-raised"),
        ("something new \x1b[0m", "no-answer"),
    ],
)
def test_why_there_is_no_answer(error: str, code: str) -> None:
    finding = diagnose_no_answer(error)
    assert finding.code == code
    assert finding.fix
    assert finding.sentence.isprintable()


def test_what_a_certificate_fails_for_is_said() -> None:
    sentence = diagnose_no_answer("CERTIFICATE_VERIFY_FAILED] verify failed: certificate has expired (_ssl").sentence
    assert "(certificate has expired)" in sentence
    assert "(not for this host)" in diagnose_no_answer("CertificateError").sentence


@pytest.mark.parametrize(
    ("location", "code"),
    [
        (None, "preflight-redirect"),
        ("https://", "preflight-redirect"),
        ("/items", "preflight-redirect"),
        ("/v2/items", "preflight-redirect"),
        ("http://127.0.0.1:8000/items/", "preflight-redirect-slash"),
        ("https://127.0.0.1:8000/items", "preflight-redirect-https"),
        ("http://api.example/items", "preflight-redirect-host"),
        ("https://sso.example/authorize", "preflight-redirect-login"),
    ],
)
def test_where_a_preflight_is_redirected(location: str | None, code: str) -> None:
    headers = () if location is None else (("Location", location),)
    report = ask(split(("302 Found", *headers), ("200 OK",)), method="PUT")
    assert report.preflights[0].finding is not None
    assert report.preflights[0].finding.code == code


def test_a_slash_too_many() -> None:
    report = ask(
        split(("301 Moved", ("Location", "/items")), ("200 OK",)), url="http://127.0.0.1:8000/items/", method="PUT"
    )
    assert "without the slash at the end" in report.findings[0].sentence


# What scripts read


@pytest.mark.parametrize("credentials", ["omit", "include"])
@pytest.mark.parametrize("exposed", [None, "ETag", "*", "a b", "set-cookie"])
def test_what_a_script_reads_of_a_stand_in_is_what_the_browser_lets_it(exposed: str | None, credentials: str) -> None:
    lines = [*TRUSTED, ("ETag", "1"), ("Set-Cookie", "a=1"), ("Content-Type", "text/plain"), ("X-A", "1")]
    lines += [(EXPOSED, exposed)] if exposed else []
    verdict = Browser(plain("200 OK", *lines), LOCAL).fetch("http://127.0.0.1:8000/", credentials=credentials)
    assert verdict.response is not None
    readable, hidden = split_headers(verdict.exchanges[0], credentials == "include")
    assert sorted((name.lower(), value) for name, value in readable) == sorted(verdict.response.headers)
    assert hidden == verdict.hidden


def test_headers_that_could_be_opened_are_named() -> None:
    text = said(
        render.as_text(ask(plain("200 OK", *SHARED, ("X-Total", "3"), ("Date", "now"), ("X-Total", "4"))), verbose=True)
    )
    assert "Headers it cannot: X-Total; to expose them, send Access-Control-Expose-Headers: X-Total" in text


# curl


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        (b"plain", "plain"),
        (b"it's", """'it'"'"'s'"""),
        (b"a b", "'a b'"),
        (b"$(rm -rf /)", "'$(rm -rf /)'"),
        (b"\x1b[0m", r"$'\033[0m'"),
        (b"a\n'\\", r"$'a\012\'\\'"),
        ("é".encode(), r"$'\303\251'"),
    ],
)
def test_what_a_shell_sees_is_what_was_meant(text: bytes, quoted: str) -> None:
    assert shell_quote(text) == quoted
    done = subprocess.run(["bash", "-c", f"printf %s {quoted}"], capture_output=True, check=True)
    assert done.stdout == text


def sent(**fields: Any) -> Exchange:
    values: dict[str, Any] = {"method": "GET", "url": "http://a.example/", "request_headers": (), "request_body": None}
    return Exchange(**(values | fields))


@pytest.mark.parametrize(
    ("exchange", "options", "command_line"),
    [
        (sent(), {}, "curl --include http://a.example/"),
        (sent(method="HEAD"), {}, "curl --head http://a.example/"),
        (sent(url="http://a.example/?a=[1]"), {"insecure": True}, "curl --include --insecure --globoff 'http://a.example/?a=[1]'"),
        (sent(request_headers=(("Accept", "*/*"), ("Host", "a.example"), ("X-A", ""), ("X-B", "it's"))), {},
         """curl --include http://a.example/ -H 'X-A;' -H 'X-B: it'"'"'s'"""),
        (sent(request_headers=(("Host", "b.example"),)), {}, "curl --include http://a.example/ -H 'Host: b.example'"),
        (sent(request_headers=(("Accept-Encoding", "gzip"),)), {}, "curl --include http://a.example/ --compressed"),
        (sent(request_headers=(("Accept-Encoding", "identity"),)), {}, "curl --include http://a.example/"),
        (sent(method="PUT", request_body=b"@x"), {}, "curl --include -X PUT http://a.example/ --data-raw @x"),
        (sent(method="PUT", request_body=b"\0"), {}, "curl --include -X PUT http://a.example/ --data-binary @body"),
        (sent(method="PUT", request_body=b"x"), {"body_file": "a b"},
         "curl --include -X PUT http://a.example/ --data-binary '@a b'"),
    ],
)  # fmt: skip
def test_the_command_that_repeats_a_request(exchange: Exchange, options: dict[str, Any], command_line: str) -> None:
    assert curl_command(exchange, **options) == command_line
    assert shlex.split(command_line)


# The command line


def usage_error(*arguments: str) -> str:
    """Return the line that the command ends with, at an exit status of 2."""
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        with pytest.raises((UsageError, SystemExit)) as caught:
            command(*arguments)
        if isinstance(caught.value, UsageError):
            print(caught.value, file=sys.stderr)
        else:
            assert isinstance(caught.value, SystemExit)
            assert caught.value.code == 2
    line = errors.getvalue().splitlines()[-1]
    assert line.isprintable()
    return line


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "is relative"),
        ("/items", "is relative"),
        ("items", "is relative"),
        ("//api.example/x", 'did you mean "https://api.example/x"?'),
        ("api.example/x", 'did you mean "https://api.example/x"?'),
        ("localhost:8000/x", 'did you mean "http://localhost:8000/x"?'),
        ("localhost", 'did you mean "http://localhost"?'),
        ("127.0.0.1:8000", 'did you mean "http://127.0.0.1:8000"?'),
        ("api:8000/x", 'did you mean "https://api:8000/x"?'),
        ("api:x/", 'has the scheme "api"'),
        ("a b.example/", "is relative"),
        ("ftp://api.example/", 'has the scheme "ftp"'),
        ("mailto:a@b.example", 'has the scheme "mailto"'),
        ("data:,x", 'has the scheme "data"'),
        ("https://", 'does not parse; an absolute one looks like "https://api.example.com/items"'),
        ("https://[::1/", "does not parse; an absolute one looks like"),
        ("https://a.example:99999/", 'the port "99999" is not a number from 0 to 65535'),
        ("http://localhost:80a", 'the port "80a" is not a number from 0 to 65535'),
        ("https://u:p@a.example/", "has a user name or a password"),
        ("https://a\x1b[31m.example/", "does not parse"),
    ],
)
def test_a_url_that_is_none_gets_one_line(url: str, message: str) -> None:
    assert message in usage_error(url, "--origin", PAGE)


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ("*", "is not that of a page"),
        ("", "is not an origin"),
        ("NULL", "is not an origin"),
        ("app", "is not an origin"),
        ("app.example.com", 'did you mean "https://app.example.com"?'),
        ("localhost:3000", 'did you mean "http://localhost:3000"?'),
        ("https://app.example.com/", 'did you mean "https://app.example.com"?'),
        ("https://App.example.com:443", 'did you mean "https://app.example.com"?'),
        ("file:///index.html", 'browsers send "null"'),
        ("https://a\x1b[31m", "is not an origin"),
    ],
)
def test_an_origin_that_is_none_gets_the_corrected_one(origin: str, message: str) -> None:
    assert message in usage_error("https://api.example/", "--origin", origin)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-H", "X-A"], "a header is written 'Name: value', and the one that begins \"X-A\" has no colon"),
        (["-H", "12"], "a header is written 'Name: value', and this one has no colon"),
        (["-H", "X-A: 1\r\nX-B: 2"], 'the header "X-A" contains a line break'),
        (["-H", "X-A: 1\0"], "contains a line break or NUL"),
        (["-H", "Cookie: a=1"], "no script may set Cookie: browsers drop it"),
        (["-H", "Sec-Fetch-Site: none"], "no script may set Sec-Fetch-Site"),
        (["-H", "X-HTTP-Method-Override: TRACE"], "no script may set X-HTTP-Method-Override"),
        (["-H", "X A: 1"], "the header name"),
        (["-H", "X-A: \u20ac"], "it contains characters above U+00FF"),
        (["-X", "TRACE"], "no script may send CONNECT, TRACE or TRACK"),
        (["-X", "GE T"], "it is not a valid method name"),
        (["-X", "GET", "--data", "x"], "refuses a body with the method GET"),
        (["--data", "@/nowhere/at/all"], "No such file"),
        (["--timeout", "0"], "is not a number of seconds"),
        (["--timeout", "soon"], "is not a number of seconds"),
        (["--timeout", "nan"], "is not a number of seconds"),
        (["--timeout", "3601"], 'argument --timeout: "3601" is not a number of seconds above 0 and up to 3600'),
        (["--max-time", "0"], 'argument --max-time: "0" is not a number of seconds above 0 and up to 86400'),
        (["--max-time", "-1"], 'argument --max-time: "-1" is not a number of seconds above 0 and up to 86400'),
        (["--max-time", "soon"], "is not a number of seconds"),
        (["--max-time", "inf"], "is not a number of seconds"),
        (["--max-time", "86401"], "is not a number of seconds"),
        (["--credentials", "yes"], "invalid choice"),
        (["--referrer-policy", "never"], "invalid choice"),
        (["--app", "nowhere"], "as module:callable"),
        (["--app", "no where:app"], "as module:callable"),
        (["--app", "nowhere.at.all:app"], "there is no module nowhere"),
        (["--app", "json:nothing"], "json has no nothing"),
        (["--app", "json:nothing.at.all"], "json has no nothing.at.all"),
        (["--app", "string:digits"], "it is a str; name the WSGI application"),
        (
            ["--app", "asyncio:sleep"],
            "it is an ASGI application, but --app takes WSGI applications only",
        ),
    ],
)
def test_what_cannot_be_asked_gets_one_line(arguments: list[str], message: str) -> None:
    assert message in usage_error("http://127.0.0.1:8000/", "--origin", LOCAL, *arguments)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import no_such_module_at_all", "importing it fails: ModuleNotFoundError"),
        ("raise SystemExit", "importing it fails: SystemExit"),
        ("raise ValueError('a\\n\\x1b[0m')", r"importing it fails: ValueError: a \u001b[0m"),
        ("def", "importing it fails: SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "broken_application.py").write_text(source, "utf-8")
    assert message in usage_error("http://a.example/", "--origin", LOCAL, "--app", "broken_application:app")
    sys.modules.pop("broken_application", None)


def test_an_application_of_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    source = """
def application(environ, start_response):
    start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
    return [environ["wsgi.input"].read()]
"""
    (tmp_path / "small_application.py").write_text(source, "utf-8")
    (tmp_path / "body.bin").write_bytes(b"\0\xff")
    arguments = ["--app", "small_application:application", "--data", "@body.bin", "--send", "-v"]
    status, text = command("http://a.example/", "--origin", "http://b.example", *arguments)
    assert status == 0
    assert "These went to small_application:application in this process" in text
    assert "--data-binary @body.bin" in text
    assert import_app("small_application:application") is import_app("small_application:application")
    sys.modules.pop("small_application")


def test_what_is_opened_is_described() -> None:
    app = "wsgiref.simple_server:demo_app"
    target = open_target(app, "HTTP://A.example:80/x#y", insecure=True, timeout=2, max_time=3)
    assert (target.address, target.app, target.insecure) == ("http://a.example/x", app, True)
    assert (target.timeout, target.max_time) == (2, 3)


@pytest.mark.parametrize(
    ("options", "times"),
    [([], (10, 100)), (["--timeout", "2.5"], (2.5, 25)), (["--timeout", "20", "--max-time", "7"], (20, 7))],
)
def test_how_long_everything_may_take(
    options: list[str], times: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    targets: list[Target] = []

    def check(target: Target, *args: Any, **options: Any) -> Report:
        targets.append(target)
        return ask(plain())

    monkeypatch.setattr(check_command, "check", check)
    command("http://127.0.0.1:8000/", "--origin", LOCAL, *options)
    assert [(target.timeout, target.max_time) for target in targets] == [times]


@pytest.mark.parametrize(
    ("expect", "site", "status"),
    [
        (None, "allowed", 0),
        (None, "blocked", 1),
        ("allowed", "allowed", 0),
        ("allowed", "blocked", 1),
        ("blocked", "allowed", 1),
        ("blocked", "blocked", 0),
        ("allowed", "allowed-but-unsafe", 0),
        ("blocked", "gone", 3),
    ],
)
def test_the_exit_status(expect: str | None, site: str, status: int) -> None:
    sites: dict[str, Any] = {
        "allowed": plain("200 OK", (ORIGIN, "*")),
        "blocked": plain(),
        "allowed-but-unsafe": reflecting((CREDENTIALS, "true")),
        "gone": None,
    }
    assert check_command.exit_status(ask(sites[site] or (lambda *_: 1 / 0)), expect) == status


def test_a_body_makes_a_post() -> None:
    with Server(lambda asked: says("200 OK", SHARED)) as server:
        status, text = command(server.url, "--origin", LOCAL, "--data", "a=1", "--send", "-v")
    assert status == 0
    assert server.asked[0].method == "POST"
    assert "--data-raw a=1" in text


def test_json_is_the_report() -> None:
    with Server(lambda asked: says("200 OK", SHARED, b"\xff{}")) as server:
        status, text = command(server.url, "--origin", LOCAL, "--json")
    assert status == 0
    got = json.loads(text)
    assert set(got) == {field.name for field in dataclasses.fields(Report)}
    assert (got["outcome"], got["reason"]["code"]) == ("allowed", "cors-check-passed")
    assert set(got["requests"][0]) == {"purpose", "exchange", "curl"}
    assert got["requests"][0]["exchange"]["response_body"] == "\\xff{}"
    assert got["requests"][0]["curl"].startswith(f"curl --include {server.url}")
    assert text.isascii()


# The terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(report: Report, monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    print_lines(render.paragraphs(report), stream)
    return stream.getvalue()


def test_a_terminal_gets_colours_and_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    report = ask(plain("200 OK", (ORIGIN, "[red]x[/red]")))
    text = printed(report, monkeypatch, COLUMNS="200")
    assert "\x1b[1;31mBLOCKED in all three: " in text
    assert re.sub(r"\x1b\[[0-9;]*m", "", text).split() == render.as_text(report).split()


def test_a_narrow_terminal_gets_narrow_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", printed(ask(plain()), monkeypatch, COLUMNS="60"))
    sentences = [line for line in text.splitlines() if not re.search(r"curl|https?://|BLOCKED", line)]
    assert max(map(len, sentences)) <= 60


def test_what_is_only_good_to_know_is_told_with_v() -> None:
    report = ask(plain("200 OK", (ORIGIN, "*"), ("Vary", "Origin")))
    assert "[vary-needless]" not in render.as_text(report)
    assert "Diagnosis: Access-Control-Allow-Origin is * for everyone" in said(render.as_text(report, verbose=True))


def test_a_preflight_without_an_answer_is_told_in_full() -> None:
    def app(environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            raise RuntimeError
        start_response("200 OK", [*SHARED])
        return [b""]

    text = said(render.as_text(ask(app, method="PUT"), verbose=True))
    assert "The browser does not send the request, because the preflight did not pass." in text


ONE_MISSING: dict[str, tuple[Any, dict[str, Any]]] = {
    "Access-Control-Allow-Origin": (plain(), {}),
    "Access-Control-Allow-Credentials": (plain("200 OK", *SHARED), {"credentials": "include"}),
    "Access-Control-Allow-Methods": (split(("204 No Content", *SHARED), ("200 OK", *SHARED)), {"method": "PUT"}),
    "Access-Control-Allow-Headers": (
        split(("204 No Content", *SHARED, (METHODS, "PUT")), ("200 OK", *SHARED)),
        {"method": "PUT", "headers": (("X-Api-Key", "1"),)},
    ),
}


@pytest.mark.parametrize("name", ONE_MISSING)
def test_one_missing_header_fits_on_one_screen(name: str) -> None:
    site, question = ONE_MISSING[name]
    report = ask(site, "https://api.example.com/items", LOCAL, **question)
    assert report.outcome == "blocked"
    lines = render.as_text(report, width=80).splitlines()
    assert len(lines) < 24  # and the prompt
    assert max(map(len, lines)) <= 80
    words = [line.strip() for line in lines]
    cause, fix, asked = (
        next(i for i, line in enumerate(lines) if line.startswith(x)) for x in ("Cause", "Fix", "Asked")
    )
    assert 0 < cause < fix < asked
    assert any(line.startswith(f"{name}: ") for line in words[fix:asked])
    assert re.search(r"\[[a-z-]+\]", " ".join(words[cause:fix]))


def test_no_color_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    report = ask(plain())
    assert printed(report, monkeypatch, NO_COLOR="1") == render.as_text(report)


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    errors = Terminal()
    with contextlib.redirect_stderr(errors), Server(lambda asked: says("200 OK", SHARED)) as server:
        status, text = command(server.url, "--origin", LOCAL)
    assert status == 0
    assert "requesting an address that should not exist" in errors.getvalue()
    assert "requesting" not in text


@pytest.mark.parametrize(("module", "arguments"), [("ada_url", []), ("requests", [])])
def test_a_missing_package_is_named_with_the_command(
    module: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with contextlib.redirect_stderr(Terminal()), pytest.raises(UsageError) as caught:
        command("http://127.0.0.1:1/", "--origin", LOCAL, *arguments)
    assert str(caught.value).endswith('install it with: python -m pip install "corswsgi[check]"')
    assert "\n" not in str(caught.value)


def test_what_fetch_itself_refuses_is_told_in_one_line() -> None:
    target = Target(lambda environ, start_response: [], parse_target_url("https://api.example.com/"))
    with pytest.raises(UsageError, match="GET") as caught:
        check(target, Question("https://app.example.com", body="{}"))
    assert "\n" not in str(caught.value)
