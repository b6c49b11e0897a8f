"""``check`` and ``audit`` for CI: several URLs, files of cases, the table, JUnit XML, and what faulty ones get."""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import os
import re
import runpy
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from misbehaving import Asked as Request
from misbehaving import Server, says
from test_check import command, said, usage_error

from corswsgi import CORSMiddleware, Policy, cli
from corswsgi.checker import audit_command, check_command, several
from corswsgi.checker.arguments import seconds_for_each
from corswsgi.checker.cases import Case, read_cases
from corswsgi.checker.junit import as_junit, junit_file
from corswsgi.checker.questions import Asked, questions
from corswsgi.checker.results import FAILED, NO_ANSWER, OK, Result, print_summary, summary
from corswsgi.errors import UsageError
from corswsgi.settings.reading import LARGEST

EXAMPLES = Path(__file__).parents[1] / "examples"

APP = "https://app.example.com"
EVIL = "https://evil.example"
API = "https://api.example.com"
SECRET = "s3cr3t-s3cr3t"


def hello(environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError("no database")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


site = CORSMiddleware(
    hello,
    {
        "/items": Policy(allow_origins=[APP, "http://localhost:3000"], allow_methods=["PUT"], allow_credentials=True),
        "/open": Policy(allow_origins="*"),
    },
    readable_errors=False,
)
HERE = ("--app", "test_cases:site")


def written(folder: Path, text: str) -> str:
    file = folder / "cases.toml"
    file.write_text(text, "utf-8")
    return str(file)


def options_of(module: Any, *arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(arguments)


def asked(*arguments: str) -> list[Asked]:
    return questions(options_of(check_command, *arguments))


def audit(*arguments: str) -> tuple[int, str]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = audit_command.run(options_of(audit_command, *arguments))
    return status, out.getvalue()


# What a file says

FILE = f"""
[defaults]
origin = "{APP}"
credentials = "include"
headers = {{ X-A = "1", X-B = "2" }}

[[case]]
name = "our page reads the items"
url = "{API}/items"

[[case]]
url = "{API}/items/7"
origin = "{EVIL}"
method = "DELETE"
credentials = "omit"
expect = "blocked"
send = true

[case.headers]
x-b = "3"
X-C = " 4 "
"""


def test_what_a_file_says(tmp_path: Path) -> None:
    first, second = asked("--cases", written(tmp_path, FILE))
    assert (first.name, first.url, first.expect) == ("our page reads the items", f"{API}/items", "allowed")
    assert (first.question.origin, first.question.method, first.question.credentials) == (APP, "GET", "include")
    assert first.question.headers == (("X-A", "1"), ("X-B", "2"))
    assert not first.question.send
    assert (second.name, second.url, second.expect) == ("", f"{API}/items/7", "blocked")
    assert (second.question.origin, second.question.method, second.question.credentials) == (EVIL, "DELETE", "omit")
    assert second.question.headers == (("X-A", "1"), ("x-b", "3"), ("X-C", "4"))
    assert second.question.send
    assert first.told == second.told == ()


def test_the_command_line_comes_first(tmp_path: Path) -> None:
    text = f'[[case]]\nurl = "{API}/"\nexpect = "blocked"\nheaders = {{ X-A = "1" }}\n'
    page = "https://staging.example.com"
    arguments = ["--origin", page, "-H", f"x-a: {SECRET}", "-X", "PUT", "--credentials", "omit", "--expect", "allowed"]
    (only,) = asked("--cases", written(tmp_path, text), *arguments, "--engine", "firefox")
    assert (only.question.origin, only.question.method, only.question.credentials) == (page, "PUT", "omit")
    assert (only.question.headers, only.question.engines) == ((("x-a", SECRET),), ("firefox",))
    assert only.expect == "allowed"


@pytest.mark.parametrize(
    ("case", "option", "is_sent"),
    [
        ("", [], False),
        ("", ["--send"], True),
        ("send = true", [], True),
        ("send = false", ["--send"], False),
    ],
)
def test_what_may_change_something_is_sent_if_it_is_said_so(
    case: str, option: list[str], is_sent: bool, tmp_path: Path
) -> None:
    text = f'[[case]]\nurl = "{API}/"\norigin = "{APP}"\nmethod = "PUT"\n{case}\n'
    (only,) = asked("--cases", written(tmp_path, text), *option)
    assert only.question.is_sent is is_sent


@pytest.mark.parametrize(
    ("cookies", "case", "credentials"),
    [
        ([], "", "same-origin"),
        (["--cookie", "a=1"], "", "include"),
        (["--cookie", "a=1"], 'credentials = "omit"', "omit"),
    ],
)
def test_credentials_of_a_case(cookies: list[str], case: str, credentials: str, tmp_path: Path) -> None:
    text = f'[[case]]\nurl = "{API}/"\norigin = "{APP}"\n{case}\n'
    (only,) = asked("--cases", written(tmp_path, text), *cookies)
    assert only.question.credentials == credentials


def test_what_an_audit_takes_of_a_file(tmp_path: Path) -> None:
    text = f'[defaults]\nfail-on = "high"\n[[case]]\nurl = "{API}/"\norigin = "{APP}"\nfail-on = "low"\n'
    assert read_cases(written(tmp_path, text), "audit") == [Case("", f"{API}/", APP, fail_on="low")]


# What a faulty one gets

FAULTY = f"""orign = 1
[default]
[defaults]
credentials = "included"
send = "yes"
headers = {{ Origin = "x" }}

[[case]]
name = "a"
url = "api.example.com/items"
methods = "PUT"

[[case]]
name = "a"
url = 5
origin = "{APP}/"
method = "TRACE"
headers = ["Authorization: {SECRET}"]
fail-on = "high"
data = 1

[[case]]
name = "b\\nc"
url = "{API}/?token={SECRET}x y"
origin = "*"
method = "G T"
expect = "block"
send = 1
[case.headers]
Cookie = "a={SECRET}"
"X Y" = "1"
X-A = 5
x-b = "1"
X-B = "2"
X-Token = "{SECRET}€"

[[case]]
url = "https://u:{SECRET}@api.example.com/"
expect = 1979-05-27
"""

FAULTS = """
1: "orign" is unknown here; use [defaults], and [[case]] for each case
2: "default" is unknown here; did you mean "defaults"?
4: credentials: "included" is not one of "omit", "same-origin", "include"; did you mean "include"?
5: send: this is a string; write true or false, such as send = true
6: headers: no script may set Origin: browsers drop it and send their own if they need it; leave it out (fetch#forbidden-request-header)
8: origin is missing; add it, such as origin = "https://app.example.com"
10: url: the URL "api.example.com/items" has no scheme; did you mean "https://api.example.com/items"?
11: "methods" is unknown here; did you mean "method"?
14: name: the case on line 9 has the name "a" too; choose another
15: url: this is a number; write a string, such as url = "https://api.example.com/items"
16: origin: the origin 'https://app.example.com/' is not written as browsers write it; did you mean "https://app.example.com"?
17: method: fetch() refuses the method "TRACE": no script may send CONNECT, TRACE or TRACK
18: headers: this is an array; write a table of strings, such as headers = { X-Api-Key = "1" }
19: fail-on is for corswsgi audit; corswsgi check takes name, url, origin, method, headers, credentials, expect, send
20: "data" is unknown here; the keys are name, url, origin, method, headers, credentials, expect, send
23: name: "b\\nc" is not a name; write one line of 1 to 200 characters
25: origin: the origin "*" is not that of a page; name one, such as "https://app.example.com"
26: method: fetch() refuses the method "G T": it is not a valid method name
27: expect: "block" is not one of "allowed", "blocked"; did you mean "blocked"?
28: send: this is a number; write true or false, such as send = true
30: headers: no script may set Cookie: browsers drop it and send their own if they need it; leave it out (fetch#forbidden-request-header)
31: headers: fetch() refuses the header name "X Y": it is not a valid name
32: headers: the value of "X-A" is a number; write a string
34: headers: X-B is given twice; names are the same in upper and lower case
35: headers: fetch() refuses the value of X-Token, "***": it contains characters above U+00FF
37: origin is missing; add it, such as origin = "https://app.example.com"
38: url: the URL of api.example.com has a user name or a password, which fetch() refuses; send them in an Authorization header
39: expect: this is a date or a time; write a string, such as expect = "blocked"
"""  # noqa: E501  # the lines as they are printed


def faults_of(name: str, command: str = "check", **options: Any) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read_cases(name, command, **options)
    assert all(each.isprintable() for each in caught.value.args)
    return [each.removeprefix(name).removeprefix(":") for each in caught.value.args]


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    assert faults_of(written(tmp_path, FAULTY)) == FAULTS.strip().splitlines()


def test_the_command_tells_each_in_a_line_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, FAULTY)
    assert cli.main(["check", "--cases", file]) == 2
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [f"corswsgi check: {file}:{line}" for line in FAULTS.strip().splitlines()]
    assert (printed.out, SECRET in printed.err) == ("", False)


def test_secrets_are_told_to_those_who_ask_for_them(tmp_path: Path) -> None:
    text = f'[[case]]\nurl = "?token={SECRET}"\norigin = "{APP}"\nheaders = {{ X-Token = "{SECRET}€" }}\n'
    assert SECRET not in "".join(faults_of(written(tmp_path, text)))
    assert all(SECRET in fault for fault in faults_of(written(tmp_path, text), show_secrets=True))


def test_what_an_audit_does_not_take(tmp_path: Path) -> None:
    text = f'[[case]]\nurl = "{APP}/x"\norigin = "{APP}"\n[[case]]\nmethod = "PUT"\nfail_on = "low"\nfail-on = "bad"\n'
    file = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        audit("--cases", file, *HERE)
    assert [each.removeprefix(f"{file}:") for each in caught.value.args] == [
        f"2: {APP} is the origin of the URL itself, and its pages need no permission; give another origin",
        '4: origin is missing; add it, such as origin = "https://app.example.com"',
        "5: method is for corswsgi check; corswsgi audit takes name, url, origin, fail-on",
        '6: "fail_on" is unknown here; did you mean "fail-on"?',
        '7: fail-on: "bad" is not one of "info", "low", "medium", "high"',
    ]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["1: there is no case; begin each with a line [[case]], in double brackets"]),
        ("\n[case]\n", ["2: there is no case; begin each with a line [[case]], in double brackets"]),
        ("case = []", ["1: there is no case; begin each with a line [[case]], in double brackets"]),
        ("case = [1]", ["1: there is no case; begin each with a line [[case]], in double brackets"]),
        ("[[cases]]", ['1: "cases" is unknown here; did you mean "case"?']),
        (
            "defaults = 1\n",
            [
                "1: defaults: this is a number; write a table: [defaults]",
                "1: there is no case; begin each with a line [[case]], in double brackets",
            ],
        ),
        (
            'case = 1\n[defaults]\nname = "a"\n',
            [
                "1: there is no case; begin each with a line [[case]], in double brackets",
                "3: name belongs in each case, and cannot be a default",
            ],
        ),
        ("[[case]]\nurl = ", ["2: this is not TOML: Invalid value."]),
        ("[[case]]\nurl = 'a'\nurl = 'b'", ["3: this is not TOML: Cannot overwrite a value."]),
    ],
)
def test_what_is_no_file_of_cases(text: str, faults: list[str], tmp_path: Path) -> None:
    assert faults_of(written(tmp_path, text)) == faults


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, " it cannot be read: No such file or directory."),
        (Path.mkdir, " it is a directory, not a file."),
        (
            lambda path: path.write_bytes(b"\n\n[[case]]\nurl = '\xff'"),
            "4: the byte 0xFF is not UTF-8; save the file as UTF-8.",
        ),
        (
            lambda path: path.write_bytes(b"#" * (LARGEST + 1)),
            f" it is larger than {LARGEST} bytes, which no file of cases needs.",
        ),
    ],
)
def test_what_cannot_be_read(make: Callable[[Path], object], told: str, tmp_path: Path) -> None:
    make(tmp_path / "cases.toml")
    assert faults_of(str(tmp_path / "cases.toml")) == [told]


def test_lines_of_inline_tables(tmp_path: Path) -> None:
    text = f"case = [\n{{ url = '{API}', origin = '{APP}' }},\n{{ url = 'nowhere', origin = '{APP}' }},\n]\n"
    (fault,) = faults_of(written(tmp_path, text))
    assert fault.startswith("3: url: ")


GOOD_CASE = '[[case]]\nurl = "{url}/open"\norigin = "http://localhost:3000"\n'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-X", "TRACE"], 'fetch() refuses the method "TRACE": no script may send CONNECT, TRACE or TRACK'),
        (["--origin", "app.example.com"], 'the origin "app.example.com" has no scheme; did you mean'),
        (["--behind", "x"], '--behind: the URL "x" is relative'),
    ],
)
def test_a_fault_of_an_option_is_none_of_the_file(arguments: list[str], message: str, tmp_path: Path) -> None:
    text = f'[[case]]\nurl = "{API}/"\norigin = "{APP}"\n' * 2
    with pytest.raises(UsageError) as caught:
        asked("--cases", written(tmp_path, text), *arguments)
    (told,) = caught.value.args
    assert told.startswith(message)


def test_a_fault_of_an_option_of_an_audit_is_none_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r'^the origin "app\.example\.com" has no scheme; did you mean'):
        audit("--cases", written(tmp_path, f'[[case]]\nurl = "{API}/"\n' * 2), "--origin", "app.example.com")


@pytest.mark.parametrize("module", [check_command, audit_command])
def test_nothing_is_sent_if_anything_is_faulty(module: Any, tmp_path: Path) -> None:
    with Server(lambda request: says("200 OK")) as server:
        file = written(tmp_path, GOOD_CASE.format(url=server.url) + '[[case]]\norigin = "x"\n')
        for arguments in (
            ["--cases", file],
            [f"{server.url}/open", "nowhere", "ftp://a.example/", "--origin", APP],
            [f"{server.url}/open", "--origin", APP, "--junit", str(tmp_path / "no" / "junit.xml")],
        ):
            with pytest.raises(UsageError):
                module.run(options_of(module, *arguments))
    assert server.asked == []


def test_every_url_that_cannot_be_asked_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("check", "audit"):
        assert cli.main([name, f"nowhere?token={SECRET}", API, "ftp://a.example/", "--origin", APP]) == 2
        assert capsys.readouterr().err.splitlines() == [
            f'corswsgi {name}: the URL "nowhere?token=***" is relative; an absolute one looks like '
            '"https://api.example.com/items"',
            f'corswsgi {name}: the URL "ftp://a.example/" has the scheme "ftp"; give one with http: or https:',
        ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([API, "--cases", "x"], "--cases FILE contains the URLs; leave the others out, or put them into the file"),
        (
            ["--data", "x", "--cases", "x"],
            "--data is the body of one request and does not go with --cases; leave it out",
        ),
        (["--entry", "1", "--cases", "x"], "--entry is the number of an entry in the file of --har; give --har too"),
        (["a", "b", "--curl", f"curl {API}"], "pasted text goes with one URL only; give one, or none"),
        (["--har", "x", "--cases", "x"], "argument --cases: not allowed with argument --har"),
    ],
)
def test_what_does_not_go_together(arguments: list[str], message: str) -> None:
    assert usage_error(*arguments).endswith(message)


def test_an_audit_needs_an_origin_and_one_source_of_urls() -> None:
    with pytest.raises(
        UsageError, match=r"^--origin is missing, the origin of the pages that are meant to read it; an example"
    ):
        audit(API)
    with pytest.raises(UsageError, match=r"^--cases FILE contains the URLs; "):
        audit(API, "--cases", "x")


# Asking several

SEVERAL = f"""
[defaults]
origin = "{APP}"

[[case]]
name = "our page reads items, für alle"
url = "{API}/items?token={SECRET}"
credentials = "include"

[[case]]
url = "{API}/items"
method = "PUT"

[[case]]
url = "{API}/items"
method = "PUT"
headers = {{ Authorization = "Bearer {SECRET}" }}

[[case]]
name = "strangers stay out"
url = "{API}/items"
origin = "{EVIL}"
expect = "blocked"

[[case]]
name = "it does not answer"
url = "{API}/broken"
"""

TABLE = f"""
ok           allowed            our page reads items, für alle
ok           allowed, not sent  PUT {API}/items as a page of
                                {APP}
FAILED       blocked            PUT {API}/items as a page of
                                {APP}
                                expected allowed: the server answers the preflight, but there is no
                                Access-Control-Allow-Headers that permits authorization
ok           blocked            strangers stay out
NO RESPONSE  no response        it does not answer
                                REASON

5 asked: 3 ok, 1 FAILED, 1 NO RESPONSE.
"""


def with_reason(text: str) -> str:
    """Return a table without what is said of the case that gets no answer."""
    return re.sub(r"(it does not answer\n)(?: {32}.*\n)+", rf"\1{' ' * 32}REASON\n", text)


def test_a_table_closes_what_is_told_and_the_worst_is_the_exit_status(tmp_path: Path) -> None:
    status, text = command("--cases", written(tmp_path, SEVERAL), *HERE)
    assert status == 3
    assert with_reason(text).endswith(TABLE)
    assert "RuntimeError" in text
    # What is as it should be is a line of the table and no more.
    assert [line for line in text.splitlines() if line.startswith(("BLOCKED", "ALLOWED"))] == [
        f"BLOCKED in all three: a page of {APP} may not send PUT",
        f"BLOCKED: there was no response to GET {API}/broken.",
    ]
    assert SECRET not in text


@pytest.mark.parametrize(("expect", "status"), [("allowed", 0), ("blocked", 1)])
def test_exit_statuses(expect: str, status: int, tmp_path: Path) -> None:
    text = f'[[case]]\nurl = "{API}/open"\norigin = "{APP}"\nexpect = "{expect}"\n'
    got, table = command("--cases", written(tmp_path, text), *HERE)
    assert got == status
    assert table.endswith(f"1 asked: 1 {'FAILED' if status else 'ok'}.\n")
    assert ("expected blocked: Access-Control-Allow-Origin is" in table) is bool(status)


def test_several_urls_are_told_in_full() -> None:
    status, text = command(f"{API}/open", f"{API}/items", *HERE, "--origin", EVIL)
    assert status == 1
    assert f"may read the response to GET\n{API}/open." in text
    assert f"\n\n\nBLOCKED in all three: a page of {EVIL} may not read the response to GET\n{API}/items." in text
    assert "\n2 asked: 1 ok, 1 FAILED.\n" in text


def test_one_url_has_no_table_and_is_no_list() -> None:
    assert " asked: " not in command(f"{API}/open", *HERE, "--origin", EVIL)[1]
    assert json.loads(command(f"{API}/open", *HERE, "--origin", EVIL, "--json")[1])["outcome"] == "allowed"


def test_in_json_several_are_a_list(tmp_path: Path) -> None:
    status, text = command("--cases", written(tmp_path, SEVERAL), *HERE, "--json")
    reports = json.loads(text)
    assert status == 3
    assert [each["exit_status"] for each in reports] == [0, 0, 1, 0, 3]
    assert [each["outcome"] for each in reports[:4]] == ["allowed", "allowed", "blocked", "blocked"]
    assert reports[3]["name"] == "strangers stay out"
    assert all(0 < each["seconds"] < 60 for each in reports)
    assert SECRET not in text


def test_several_are_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        f'[defaults]\norigin = "{APP}"\nfail-on = "medium"\n'
        f'[[case]]\nname = "open"\nurl = "{API}/open"\nfail-on = "info"\n'
        f'[[case]]\nurl = "{API}/open?token={SECRET}"\n'
        f'[[case]]\nname = "items"\nurl = "{API}/items"\n'
        f'[[case]]\nname = "broken"\nurl = "{API}/broken"\n'
    )
    file = written(tmp_path, text)
    status, told = audit("--cases", file, *HERE)
    assert status == 3
    lines = told.splitlines()
    assert [line for line in lines if line.startswith("Audit of")] == [
        f"Audit of {API}/open",
        f"Audit of {API}/open?token=***",
    ]
    assert [line.split()[:3] for line in lines if line.startswith(("ok", "FAILED"))] == [
        ["FAILED", "1", "info"],
        ["ok", "1", "info"],
        ["ok", "nothing", "was"],
    ]
    assert lines[-1] == "4 asked: 2 ok, 1 FAILED, 1 NO RESPONSE."
    assert SECRET not in told + capsys.readouterr().err
    status, told = audit("--cases", file, *HERE, "--json")
    members = json.loads(told)
    assert [each["exit_status"] for each in members] == [1, 0, 0, 3]
    assert [each["name"] for each in members] == ["open", f"{API}/open?token=*** for pages of {APP}", "items", "broken"]
    assert [len(each["findings"]) for each in members[:3]] == [1, 1, 0]
    assert "RuntimeError" in members[3]["error"]


def test_an_audit_of_what_is_right_is_a_line(tmp_path: Path) -> None:
    text = f'[[case]]\norigin = "{APP}"\n[[case]]\norigin = "http://localhost:3000"\nurl = "{API}/items"\n'
    status, told = audit("--cases", written(tmp_path, text), *HERE, "--fail-on", "high")
    assert status == 0
    assert told.splitlines()[-1] == "2 asked: 2 ok."


def test_an_audit_that_had_no_time_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(10**6))
    monkeypatch.setattr("corswsgi.checker.limit.time.monotonic", lambda: next(times))
    status, told = audit(f"{API}/open", f"{API}/items", *HERE, "--origin", APP, "--timeout", "9", "--max-time", "40")
    assert status == 3
    assert "were over; --max-time allows more" in told


def test_the_time_for_everything_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 7.0, 7.0, 12.0, 12.0, 13.0])
    monkeypatch.setattr("corswsgi.checker.arguments.time.monotonic", lambda: next(now))
    left = seconds_for_each(options_of(check_command, "--max-time", "10"))
    assert [next(left) for _ in range(3)] == [10, 3, 0]


@pytest.mark.parametrize("ask", [command, audit])
def test_what_is_asked_too_late_is_not_sent(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first question takes all of the time.
    monkeypatch.setattr(several, "seconds_for_each", lambda options: iter([10.0, 0.0, 0.0]))
    with Server(lambda request: says("200 OK", [("Access-Control-Allow-Origin", "*")])) as server:
        urls = [f"{server.url}/first", f"{server.url}/second", f"{server.url}/third"]
        status, text = ask(*urls, "--origin", "http://localhost:3000", "--max-time", "10")
    assert status == 3
    assert not {"/second", "/third"} & {request.path for request in server.asked}
    assert said(text).count("there was no time left for it; give more with --max-time") == 2
    assert f"{server.url}/second" not in text.partition("\nok ")[0]
    assert text.splitlines()[-1] == "3 asked: 1 ok, 2 NO RESPONSE."


def test_a_verdict_of_some_engines_names_them() -> None:
    status, text = command("http://localhost:8000/open", "http://localhost:8000/items", *HERE, "--origin", APP)
    assert status == 1
    assert "\nFAILED  blocked in Safari  GET http://localhost:8000/open as a page of" in text


# The table


def result(name: str = "a", status: int = OK, verdict: str = "allowed", **more: Any) -> Result:
    return Result(name, status, verdict, **more)


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


@pytest.mark.parametrize(("no_color", "has_rich"), [("", True), ("1", True), ("", False)])
def test_a_terminal_gets_colours_if_it_can_and_wants_to(
    no_color: str, has_rich: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_rich:
        monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal()
    print_summary([result("für [bold]alle[/]"), result(status=FAILED, sentence="why " * 20)], terminal)
    text = terminal.shown()
    assert ("\x1b[" in text) is (has_rich and not no_color)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "ok      allowed  für [bold]alle[/]" in plain
    assert max(map(len, plain.splitlines())) <= 60


def test_what_an_encoding_lacks_is_escaped() -> None:
    terminal = Terminal("ascii")
    print_summary([result("für alle")], terminal)
    assert "f\\xfcr alle" in terminal.shown()


def test_a_long_word_is_not_broken() -> None:
    url = f"{API}/{'x' * 200}"
    assert f"ok  allowed  {url}" in [line.word + line.rest for line in summary([result(url)], 80)]


# JUnit XML


def cases_in(document: bytes) -> list[ElementTree.Element]:
    """Return the test cases, having held the document against the schema junit-10.xsd of Jenkins."""
    root = ElementTree.fromstring(document)
    (suite,) = root
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert set(root.attrib) == {"name", "tests", "failures", "errors", "time"}
    assert set(suite.attrib) == {*root.attrib, "skipped"}
    assert re.fullmatch(r"[0-9]+\.[0-9]{3}", suite.attrib["time"])
    tests = list(suite)
    for test in tests:
        assert (test.tag, set(test.attrib)) == ("testcase", {"classname", "name", "time"})
        (child,) = test
        assert child.tag in ("failure", "error", "system-out")
        assert set(child.attrib) == (set() if child.tag == "system-out" else {"message", "type"})
    for element in (root, suite):
        assert int(element.attrib["tests"]) == len(tests)
        assert int(element.attrib["failures"]) == len(suite.findall("*/failure"))
        assert int(element.attrib["errors"]) == len(suite.findall("*/error"))
    # Consumers tell tests apart by class and name.
    assert len({(test.attrib["classname"], test.attrib["name"]) for test in tests}) == len(tests)
    return tests


def test_junit_of_cases(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    status, text = command("--cases", written(tmp_path, SEVERAL), *HERE, "--junit", str(junit), "-v")
    assert status == 3
    tests = cases_in(junit.read_bytes())
    put = f"PUT {API}/items as a page of {APP}"
    names = ["our page reads items, für alle", put, f"{put} (2)", "strangers stay out", "it does not answer"]
    assert [test.attrib["name"] for test in tests] == names
    assert [test[0].tag for test in tests] == ["system-out", "system-out", "failure", "system-out", "error"]
    assert {test.attrib["classname"] for test in tests} == {"corswsgi.check"}
    assert tests[2][0].attrib == {
        "message": "expected allowed: the server answers the preflight, but there is no "
        "Access-Control-Allow-Headers that permits authorization",
        "type": "header-not-allowed",
    }
    told = str(tests[2][0].text)
    assert told.startswith("BLOCKED in all three: ")
    assert told in text
    assert tests[4][0].attrib["type"] == "app-raised"
    assert SECRET not in junit.read_text("utf-8")


def test_junit_shows_secrets_to_those_who_ask_for_them(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    command("--cases", written(tmp_path, SEVERAL), *HERE, "--junit", str(junit), "--show-secrets")
    assert SECRET in junit.read_text("utf-8")


def test_junit_of_an_audit(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    arguments = [f"{API}/open", f"{API}/items", f"{API}/broken", *HERE, "--origin", APP, "--fail-on", "info"]
    status, text = audit(*arguments, "--junit", str(junit), "-v")
    assert status == 3
    tests = cases_in(junit.read_bytes())
    assert [test[0].tag for test in tests] == ["failure", "system-out", "error"]
    assert tests[0].attrib["classname"] == "corswsgi.audit"
    assert tests[0].attrib["name"] == f"{API}/open for pages of {APP}"
    assert tests[0][0].attrib["type"] == "any-origin"
    assert tests[0][0].attrib["message"].startswith("info: ")
    assert str(tests[0][0].text) in text
    assert tests[2][0].attrib["type"] == "app-raised"


def test_an_archive_is_asked_about_in_the_same_way(tmp_path: Path) -> None:
    page = [{"name": "Origin", "value": EVIL}]
    entries = [
        {
            "request": {"method": "GET", "url": f"{API}/{path}", "headers": page},
            "response": {"status": 0, "headers": []},
        }
        for path in ("open", "items")
    ]
    (tmp_path / "x.har").write_text(json.dumps({"log": {"entries": entries}}))
    junit = tmp_path / "junit.xml"
    status, text = command("--har", str(tmp_path / "x.har"), *HERE, "--junit", str(junit))
    assert status == 1
    assert text.endswith("\n2 asked: 1 ok, 1 FAILED.\n")
    assert [test[0].tag for test in cases_in(junit.read_bytes())] == ["system-out", "failure"]


def test_junit_of_one_url_and_of_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(10**6))
    monkeypatch.setattr("corswsgi.checker.limit.time.monotonic", lambda: next(times))
    junit = tmp_path / "junit.xml"
    arguments = [f"{API}/open", *HERE, "--origin", APP, "--junit", str(junit), "--timeout", "5", "--max-time", "5"]
    assert command(*arguments)[0] == 3
    (test,) = cases_in(junit.read_bytes())
    assert test[0].tag == "error"
    assert "s for everything were over; --max-time allows more" in test[0].attrib["message"]
    assert test[0].attrib["type"] == "out-of-time"


HOSTILE = "\0\x1b[31m\r\n\t]]>&<\"'\x7f\x85\x9b\ud800\ufffe\uffff\U0001f600"


def test_what_a_hostile_server_sends_is_no_markup() -> None:
    results = [
        result(HOSTILE, FAILED, sentence=HOSTILE, code=HOSTILE, text=HOSTILE),
        result("b", NO_ANSWER, text=HOSTILE),
    ]
    document = as_junit(results, "corswsgi check")
    (failure,), (error,) = cases_in(document)
    harmless = "\\x00\\x1b[31m\\r\n\t]]>&<\"'\\x7f\x85\\x9b\\ud800\\ufffe\\uffff\U0001f600"
    assert failure.text == error.text == harmless
    assert failure.attrib == {"message": harmless, "type": harmless}
    assert b"\x1b" not in document


@pytest.mark.once
def test_a_hostile_answer_in_junit(tmp_path: Path) -> None:
    def answer(request: Request) -> bytes:
        return says("200 \x1b]0;x\x07", [("Access-Control-Allow-Origin", "\x1b[2J<x>]]>\xff\x80")], b"\0\xff]]>")

    junit = tmp_path / "junit.xml"
    with Server(answer) as server:
        urls = [f"{server.url}/a", f"{server.url}/b"]
        status, _ = command(*urls, "--origin", "http://localhost:3000", "--junit", str(junit), "--engine", "chromium")
    assert status == 1
    assert [test[0].tag for test in cases_in(junit.read_bytes())] == ["failure", "failure"]
    assert not set(junit.read_bytes()) & {0, 0x1B, 7, 0x80}


# Writing it


def test_the_file_replaces_an_older_one_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), junit_file(str(file), "s") as write:
        raise ZeroDivisionError
    assert file.read_text() == "old"
    with junit_file(str(file), "s") as write:
        assert file.read_text() == "old"
        write([result()])
        assert len(cases_in(file.read_bytes())) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["junit.xml"]


def test_others_may_read_the_file_and_links_stay(tmp_path: Path) -> None:
    (tmp_path / "link.xml").symlink_to(tmp_path / "real.xml")
    umask = os.umask(0o022)
    try:
        with junit_file(str(tmp_path / "link.xml"), "s") as write:
            write([result()])
    finally:
        os.umask(umask)
    assert (tmp_path / "link.xml").is_symlink()
    assert stat.S_IMODE((tmp_path / "real.xml").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is a directory or a device; name a file, such as cors.xml"),
        (".", "it is a directory or a device; name a file, such as cors.xml"),
        ("/dev/null", "it is a directory or a device; name a file, such as cors.xml"),
        ("none/junit.xml", "it cannot be written: No such file or directory; name another file"),
        ("file/junit.xml", "it cannot be written: Not a directory; name another file"),
        ("loop", "it cannot be written: Too many levels of symbolic links; name another file"),
        ("a\0b", "it cannot be written: no file can have this name; name another file"),
        ("guarded", "you may not write to it; name another file"),
    ],
)
def test_where_it_cannot_be_written(name: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("guarded").touch()
    Path("loop").symlink_to("loop")
    access = os.access  # which says yes to root
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("guarded") and access(path, mode))
    with pytest.raises(UsageError) as caught:
        command(API, *HERE, "--origin", APP, "--junit", name)
    assert str(caught.value) == f"--junit {json.dumps(name)}: {why}"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "guarded", "loop"]


def test_a_disk_that_is_full_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(*names: Sequence[str]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(UsageError, match=r": it cannot be written: No space left on device; name another file$"):
        command(f"{API}/open", *HERE, "--origin", APP, "--junit", str(tmp_path / "junit.xml"))
    assert list(tmp_path.iterdir()) == []


# The example of the documentation


def test_the_example_in_pytest_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    example = runpy.run_path(str(EXAMPLES / "test_cors.py"))
    tests = [name for name in example if name.startswith("test_")]
    assert len(tests) == 3
    for name in tests:
        pages = [mark.args[1] for mark in getattr(example[name], "pytestmark", [])]
        for arguments in itertools.product(*pages):
            example[name](*arguments)
    sys.modules.pop("flask_app")
