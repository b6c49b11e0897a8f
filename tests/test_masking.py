"""What ``check`` and ``audit`` print is fit for the logs of others: secrets are masked, unless they are asked for."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from misbehaving import Asked, Server, says

from corswsgi.checker import check_command
from corswsgi.checker.check import check
from corswsgi.checker.evidence import Question
from corswsgi.checker.masking import Mask, as_it_is, is_secret, mask_header
from corswsgi.checker.target import Target, parse_target_url
from corswsgi.cli import main
from corswsgi.testing import assert_allowed

PAGE = "http://localhost:3000"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "Set-Cookie2", "X-Api-Key", "x-api-key",
        "X-Auth-Token", "X-CSRF-Token", "X-Amz-Security-Token", "X-Amz-Signature", "X-Hub-Signature-256", "API_KEY",
        "Ocp-Apim-Subscription-Key", "X-Client-Secret", "X-Session-Id", "X-Auth", "access_token", "id_token", "apikey",
        "accessToken", "apiKey", "clientSecret", "token", "sig", "key", "password", "passwd", "pwd", "pass", "code",
        "jwt", "sessionid", "sid", "csrf", "otp", "authtoken", "X-Goog-Signature", "user[password]", "access%5Ftoken",
        "Private-Token",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "Accept", "Content-Type", "Origin", "Referer", "Vary", "Access-Control-Allow-Credentials", "WWW-Authenticate",
        "Access-Control-Allow-Headers", "Access-Control-Request-Headers", "allow_credentials", "allow_headers", "page",
        "author", "keyword", "monkey", "state", "country_code", "X-Request-Id", "Proxy-Authenticate", "q", "",
    ],
)  # fmt: skip
def test_names_of_nothing_secret(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("Authorization", "Bearer abc.def", "Bearer ***"),
        ("Authorization", "basic dTpw", "basic ***"),
        ("Authorization", 'Digest username="u", response="r"', "Digest ***"),
        ("Authorization", "dTpw", "***"),
        ("Authorization", "my secret", "***"),
        ("Authorization", "Bearer", "***"),
        ("Authorization", "", ""),
        ("Proxy-Authorization", "Basic dTpw", "Basic ***"),
        ("X-Api-Key", "1", "***"),
        ("X-Access-Token", "Token abc", "Token ***"),
        ("Cookie", "session=abc; theme=dark", "session=***; theme=***"),
        ("Cookie", "session=a=b=", "session=***"),
        ("Cookie", "abc", "***"),
        ("Cookie", "session=", "session="),
        ("Cookie", "", ""),
        ("Set-Cookie", "session=abc; Path=/; HttpOnly", "session=***; Path=/; HttpOnly"),
        ("Set-Cookie2", "session=abc; Path=/", "session=***; Path=/"),
        ("Set-Cookie", "session=; Max-Age=0", "session=; Max-Age=0"),
        ("Location", "https://u:p@a.example/x?y=1&token=abc#z", "https://***@a.example/x?y=1&token=***#z"),
        ("Location", "/x#access_token=abc&expires=9", "/x#access_token=***&expires=9"),
        ("Link", '<https://a.example/?sig=abc>; rel="next"', '<https://a.example/?sig=***>; rel="next"'),
        ("Cache-Control", "max-age=60", "max-age=60"),
        ("Vary", "Cookie, Authorization", "Cookie, Authorization"),
    ],
)
def test_a_header_tells_of_what_kind_its_secret_is(name: str, value: str, masked: str) -> None:
    assert mask_header(name, value) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET https://a.example/?a=1&api_key=abc", "GET https://a.example/?a=1&api_key=***"),
        ("with url: /x?token=abc (Caused by y)", "with url: /x?token=*** (Caused by y)"),
        ("to https://user:p@ss@a.example/ it leads", "to https://***@a.example/ it leads"),
        ("to https://user@a.example/@b", "to https://***@a.example/@b"),
        ("https://a.example/@user", "https://a.example/@user"),
        ("Cookie: a=b; c=d", "Cookie: a=***; c=***"),
        ("X-Auth-Token: abc", "X-Auth-Token: ***"),
        ("Vary: Origin", "Vary: Origin"),
        ("user=me&password=abc", "user=me&password=***"),
        ('{"user": "me", "password" : "a\\"b", "n": 1}', '{"user": "me", "password" : "***", "n": 1}'),
        ('{"access_token":"abc', '{"access_token":"***'),
        ("the token is not masked in prose", "the token is not masked in prose"),
        ("Policy(allow_credentials=True)", "Policy(allow_credentials=True)"),
        ("    allow_credentials=True,", "    allow_credentials=True,"),
        ("", ""),
    ],
)
def test_texts_are_masked_where_they_show_addresses_forms_and_headers(text: str, masked: str) -> None:
    assert Mask()(text) == masked
    assert Mask()(text.encode()) == masked.encode()
    assert as_it_is(text) == text


LONG = "eyJhbGciOiJIUzI1NiJ9." + "0123456789abcdef" * 20


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("an echo of s3cr3t-value here", "an echo of *** here"),
        ('the value "k3y" is not on the list', 'the value "***" is not on the list'),
        ("k3y is too short to be masked everywhere", "k3y is too short to be masked everywhere"),
        (f'the value "Bearer {LONG[:192]}... is not', 'the value "Bearer ***" is not'),
        (f"X-Echo: {LONG[:150]}... and {LONG}", "X-Echo: ***... and ***"),
        (f"what begins alike, {LONG[:30]}x, is another", f"what begins alike, {LONG[:30]}x, is another"),
        ("of the URL: hunter2+hunter2, hunter2 hunter2, hunter2%2Bhunter2", "of the URL: ***, ***, ***"),
        ("p\\xe4ssw\\xf6rd, p\\u00e4ssw\\u00f6rd, p\xe4ssw\xf6rd, p%C3%A4ssw%C3%B6rd", "***, ***, ***, ***"),
        ("harmless is no secret", "harmless is no secret"),
        ("but that of a parameter is: abcdefghi", "but that of a parameter is: ***"),
    ],
)
def test_what_was_asked_with_is_masked_wherever_it_comes_back(text: str, masked: str) -> None:
    headers = [
        ("X-Api-Key", "s3cr3t-value"),
        ("X-Short-Key", "k3y"),
        ("Authorization", f"Bearer {LONG}"),
        ("X-Password", "p\xe4ssw\xf6rd"),
        ("X-Other", "harmless"),
        ("X-Address", "https://a.example/?sig=abcdefghi"),
    ]
    assert Mask("https://u:pw@a.example/?token=hunter2+hunter2&page=harmless", headers)(text) == masked


def test_passwords_of_the_address_are_masked_wherever_they_come_back() -> None:
    assert Mask("https://user:correcthorse@a.example/")("correcthorse, user:correcthorse") == "***, ***"


# The commands


#: What is secret, each in one place.
SECRETS = {
    "header": "hdr-0123456789",
    "key": "key-0123456789",
    "parameter": "prm-0123456789",
    "cookie": "cke-0123456789",
    "body": "bdy-0123456789",
    "response header": "rsp-0123456789",
    "userinfo": "usr-0123456789",
    "member": "mbr-0123456789",
    "redirect": "rdr-0123456789",
}


def echoing(asked: Asked) -> bytes:
    """Answer with all that came, and with secrets of its own."""
    echo = f"{asked.path} {asked.headers.get('authorization')} {asked.headers.get('x-api-key')}"
    headers = [
        ("Access-Control-Allow-Origin", asked.origin or "*"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "authorization, x-api-key, content-type"),
        ("Access-Control-Expose-Headers", "X-Echo, X-Auth-Token"),
        ("Set-Cookie", f"session={SECRETS['cookie']}; Path=/"),
        ("X-Auth-Token", SECRETS["response header"]),
        ("X-Echo", echo),
        ("Vary", echo),
    ]
    body = json.dumps({"access_token": SECRETS["member"], "echo": echo}).encode()
    if asked.path.startswith("/moved") or asked.is_preflight:
        return says(f"200 {echo}", headers, body)
    target = f"http://user:{SECRETS['userinfo']}@127.0.0.1/" if "/userinfo" in asked.path else "/moved"
    return says("302 Found", [*headers, ("Location", f"{target}?code={SECRETS['redirect']}")], body)


COMMANDS: dict[str, Callable[[str], list[str]]] = {
    "check": lambda url: [
        "check", f"{url}/moved/x?token={SECRETS['parameter']}", "-H", f"Authorization: Bearer {SECRETS['header']}",
        "-H", f"X-Api-Key: {SECRETS['key']}", "--credentials", "include",
        "--data", f"name=me&password={SECRETS['body']}", "--send",
    ],
    "check, redirected": lambda url: [
        "check", f"{url}/x?token={SECRETS['parameter']}", "-H", f"Authorization: Bearer {SECRETS['header']}",
        "--credentials", "include",
    ],
    "check, refused": lambda url: ["check", f"{url}/userinfo?token={SECRETS['parameter']}"],
    "audit": lambda url: ["audit", f"{url}/userinfo?token={SECRETS['parameter']}"],
    "audit of what answers": lambda url: ["audit", f"{url}/moved?token={SECRETS['parameter']}"],
}  # fmt: skip

#: What --show-secrets shows.
SHOWN = {
    "check": {"header", "key", "parameter", "cookie", "body", "response header", "member"},
    "check, redirected": {"header", "parameter", "cookie", "response header", "member", "redirect"},
    "check, refused": {"parameter", "cookie", "userinfo", "redirect", "response header", "member"},
    "audit": {"parameter", "redirect", "userinfo"},
    "audit of what answers": {"parameter"},
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(arguments: list[str], form: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return all that a command prints: to a file, as JSON, or to a terminal."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.delenv("NO_COLOR", raising=False)
    streams = [Terminal() if form == "terminal" else io.StringIO() for _ in range(2)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        main([*arguments, "--origin", PAGE, *(["--json"] if form == "json" else [])])
    return "".join(stream.getvalue() for stream in streams)


@pytest.mark.parametrize("form", ["text", "json", "terminal"])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_secret_is_printed(name: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(echoing) as server:
        text = printed([*COMMANDS[name](server.url), "-v"], form, monkeypatch)
    assert {kind for kind, secret in SECRETS.items() if secret[4:] in text} == set()
    assert "***" in text


def test_no_secret_is_in_what_is_said_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    @contextlib.contextmanager
    def progress(stream: Any, total: int | None = None) -> Iterator[Callable[[str], object]]:
        yield told.append

    monkeypatch.setattr(check_command, "progress", progress)
    with Server(echoing) as server:
        printed(COMMANDS["check"](server.url), "text", monkeypatch)
    assert told[0] == f"requesting {server.url}/moved/x?token=*** as a page of {PAGE} ..."


@pytest.mark.parametrize("name", COMMANDS)
def test_secrets_are_shown_to_whoever_asks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(echoing) as server:
        form = "text" if name.startswith("audit") else "json"
        text = printed([*COMMANDS[name](server.url), "-v", "--show-secrets"], form, monkeypatch)
    assert {kind for kind, secret in SECRETS.items() if secret in text} == SHOWN[name]
    assert "***" not in text


def test_what_is_printed_still_tells_of_what_kind_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(echoing) as server:
        text = printed([*COMMANDS["check"](server.url), "-v"], "text", monkeypatch)
    for part in (
        "-H 'Authorization: Bearer ***'",
        "-H 'X-Api-Key: ***'",
        "/moved/x?token=***'",
        "--data-raw 'name=me&password=***'",
        'the header authorization with the value "Bearer ***" is not on the list',
        "*** replaces secrets, which should not be in logs; corswsgi check --show-secrets shows them.",
    ):
        assert part in text, part


def test_a_report_itself_keeps_what_it_holds() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Set-Cookie", "session=abc"), ("X-Key", environ["HTTP_X_API_KEY"])])
        return [b'{"token": "abc"}']

    target = Target(app, parse_target_url("http://127.0.0.1:8000/?token=abc"))
    report = check(target, Question("http://127.0.0.1:8000", headers=(("X-Api-Key", "s3cr3t"),)))
    (sent,) = report.requests
    assert ("X-Api-Key", "s3cr3t") in sent.exchange.request_headers
    assert sent.exchange.response_lines("Set-Cookie") == ("session=abc",)
    assert "s3cr3t" in sent.curl
    masked = Mask()(report)
    assert masked.requests[0].exchange.url == "http://127.0.0.1:8000/?token=***"
    assert masked.requests[0].exchange.response_body == b'{"token": "***"}'
    assert masked.requests[0].exchange.response_lines("X-Key") == ("***",)
    assert masked.outcome == report.outcome
    assert type(masked.reason.code) is type(report.reason.code)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "https//a.example/?token=s3cr3t", "--origin", PAGE],
        ["check", "https://user:s3cr3t@a.example/", "--origin", PAGE],
        ["check", "https://user:s3cr3t@a.example:99999/", "--origin", PAGE],
        ["check", "https://a.example/", "--origin", "https://user:s3cr3t@b.example"],
        ["check", "https://a.example/", "--origin", PAGE, "-H", "Authorization Bearer s3cr3t"],
        ["check", "https://a.example/", "--origin", PAGE, "-H", "s3cr3t0123"],
        ["check", "https://a.example/", "--origin", PAGE, "-H", "X-Api-Key: s3cr3t\n"],
        ["check", "https://a.example/", "--origin", PAGE, "-H", "X-Api-Key: s3cr3t\u20ac"],
        ["check", "https://a.example/", "--origin", PAGE, "-H", "Cookie: a=s3cr3t"],
        ["check", "https://a.example/", "--origin", PAGE, "-H", "Authorization:", "Bearer", "s3cr3t"],
        ["check", "https://a.example/", "--origin", PAGE, "--tokn=s3cr3t"],
        ["audit", "https//a.example/?token=s3cr3t", "--origin", PAGE],
        ["audit", "https://user:s3cr3t@a.example/", "--origin", PAGE],
        ["audit", "https://a.example/?token=s3cr3t", "--origin", "https://a.example"],
        ["audit", "https://a.example/", "--origin", PAGE, "--key", "s3cr3t"],
    ],
)
def test_no_secret_is_in_an_error_message(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status: object = main(arguments)
    except SystemExit as error:
        status = error.code
    errors = capsys.readouterr().err
    assert status == 2
    assert len(errors.splitlines()) == 1
    assert "s3cr3t" not in errors


@pytest.mark.parametrize("command", ["check", "audit"])
def test_no_secret_is_in_what_is_said_of_no_answer(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(lambda asked: b"") as server:
        pass
    assert main([command, f"{server.url}/?token=s3cr3t", "--origin", PAGE]) == 3
    printed = capsys.readouterr()
    assert "s3cr3t" not in printed.out + printed.err
    assert "token=***" in printed.out + printed.err


def test_no_secret_of_a_proxy_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:s3cr3t@127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://user:s3cr3t@127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    assert main(["check", "http://a.example/", "--origin", "http://b.example", "--json"]) == 3
    printed = capsys.readouterr()
    assert "proxy" in printed.out
    assert "s3cr3t" not in printed.out + printed.err


def test_no_secret_is_in_the_message_of_a_test_that_fails() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    with pytest.raises(AssertionError) as caught:
        assert_allowed(app, "/?token=s3cr3t", origin=PAGE, headers={"Authorization": "Bearer s3cr3t"})
    assert "s3cr3t" not in str(caught.value)
    assert 'the header authorization with the value "Bearer ***"' in " ".join(str(caught.value).split())
