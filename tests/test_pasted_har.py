"""``corswsgi check --har``: which requests of an archive are asked about, and what a broken one gets.

The entries have the form of the archives of Chrome, Firefox and Safari, as far as it is read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from misbehaving import Asked, Server, says
from test_check import ask, command, plain, said, usage_error

from corswsgi.checker import check_command
from corswsgi.checker.har import read_har
from corswsgi.checker.pasted import Found
from corswsgi.checker.report import Report
from corswsgi.checker.target import Target
from corswsgi.errors import UsageError

APP = "https://app.example.com"
API = "https://api.example.com/items"
SECRET = "s3cr3t-s3cr3t"

Pairs = Sequence[tuple[str, str]]

ORIGIN = ("Origin", APP)
ALLOW = ("Access-Control-Allow-Origin", APP)
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")


def entry(
    method: str = "GET",
    url: str = API,
    asked: Pairs = (ORIGIN,),
    status: int = 0,
    answered: Pairs = (),
    request: Any = None,
    response: Any = None,
    **more: Any,
) -> dict[str, Any]:
    """Return an entry; without more, of a request that got no answer."""
    return {
        **more,
        "request": {"method": method, "url": url, "headers": pairs(asked), "cookies": [], **(request or {})},
        "response": {"status": status, "headers": pairs(answered), **(response or {})},
    }


def pairs(headers: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def archive(*entries: Any, **more: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries, **more}}).encode()


def found(*entries: Any, number: int | None = None, origin: str = "", **more: Any) -> list[Found]:
    return read_har(archive(*entries, **more), number, origin)


# What is in an entry


CHROME = entry(
    "PUT",
    asked=[("Referer", f"{APP}/"), ("User-Agent", "Mozilla/5.0"), ("Content-Type", "application/json")],
    request={"postData": {"mimeType": "application/json", "text": '{"é": 1}'}},
    response={"_error": "net::ERR_FAILED", "content": {"size": 0, "mimeType": "x-unknown"}},
    _resourceType="fetch",
    _initiator={"type": "script"},
    pageref="page_1",
)
FIREFOX = entry(
    asked=[ORIGIN, ("Cookie", "sid=1"), ("Sec-Fetch-Mode", "cors"), ("Accept", "*/*")],
    status=200,
    answered=[("access-control-allow-origin", "*")],
    request={"cookies": [{"name": "sid", "value": "1"}]},
    pageref="page_1",
)
SAFARI = entry("DELETE", asked=[("X-A", "1")], request={"cookies": [{"name": "a", "value": "1"}]}, pageref="page_1")


def test_an_entry_of_each_browser() -> None:
    assert found(CHROME, FIREFOX, SAFARI, pages=[{"id": "page_1", "title": f"{APP}/cart"}]) == [
        Found(
            API,
            APP,
            "PUT",
            (("Content-Type", "application/json"),),
            body='{"é": 1}'.encode(),
            told=(f"this is entry 1 of 3 in the archive: PUT {API}", "the origin of the page was taken from Referer"),
        ),
        Found(API, APP, "GET", cookies=(("sid", "1"),), told=(f"this is entry 2 of 3 in the archive: GET {API}",)),
        Found(
            API,
            APP,
            "DELETE",
            (("X-A", "1"),),
            (("a", "1"),),
            told=(
                f"this is entry 3 of 3 in the archive: DELETE {API}",
                "the origin of the page was taken from the title of the page",
            ),
        ),
    ]


@pytest.mark.parametrize(
    ("posted", "body"),
    [
        (None, None),
        ({}, None),
        ({"text": ""}, b""),
        ({"mimeType": "x"}, b""),
        ({"text": "a", "params": [{"name": "b", "value": "c"}]}, b"a"),
        ({"params": [{"name": "a b", "value": "c&d"}, {"name": "e"}]}, b"a+b=c%26d&e="),
        ({"text": "\ud800"}, b"?"),
    ],
)
def test_bodies(posted: Any, body: bytes | None) -> None:
    assert found(entry("POST", request={"postData": posted}))[0].body == body


# Which are asked about


@pytest.mark.parametrize(
    ("one", "is_asked"),
    [
        (entry(), True),
        (entry(status=-1), True),
        (entry(status=200, response={"_error": "net::ERR_FAILED"}), True),
        (entry(status=200), True),
        (entry(status=404), True),
        (entry(status=304), False),
        (entry(status=200, answered=[ALLOW]), False),
        (entry(status=200, answered=[("access-control-allow-origin", "*")]), False),
        (entry(status=200, answered=[ALLOW, ALLOW]), True),
        (entry(status=200, answered=[(ALLOW[0], f"{APP}\n{APP}")]), True),
        (entry(status=200, answered=[(ALLOW[0], "https://other.example")]), True),
        (entry(asked=[ORIGIN, ("Cookie", "a=1")], status=200, answered=[ALLOW]), True),
        (entry(asked=[ORIGIN, ("Cookie", "a=1")], status=200, answered=[ALLOW, CREDENTIALS]), False),
        (entry(url=f"{APP}/x"), False),
        (entry(url="data:,x"), False),
        (entry(url="not a url"), False),
        (entry(asked=[ORIGIN, ("Sec-Fetch-Mode", "navigate")]), False),
        (entry(asked=[("Referer", APP)], _resourceType="image"), False),
        (entry(asked=[("Referer", APP)], _resourceType="xhr", status=200), True),
        (entry(asked=[("Referer", APP)], status=200), False),
        (entry(asked=[("Referer", APP)]), True),
        (entry("OPTIONS", asked=[ORIGIN, ("Access-Control-Request-Method", "PUT")]), True),
        (entry("OPTIONS", asked=[ORIGIN, ("Access-Control-Request-Method", "PUT")], status=200), False),
        (entry("OPTIONS", asked=[ORIGIN], _resourceType="preflight"), True),
    ],
)
def test_which_requests_have_failed(one: dict[str, Any], is_asked: bool) -> None:
    if is_asked:
        assert len(found(one)) == 1
    else:
        with pytest.raises(UsageError, match="none of the 1 entries is a failed cross-origin request; --entry N"):
            found(one)


def test_one_of_a_number_is_asked_about_whether_it_failed_or_not() -> None:
    fine = entry(status=200, answered=[ALLOW])
    assert found(entry(), fine, number=2) == [
        Found(API, APP, "GET", told=(f"this is entry 2 of 2 in the archive: GET {API}",))
    ]


def test_a_preflight_is_asked_about_only_without_its_request() -> None:
    preflight = entry("OPTIONS", asked=[ORIGIN, ("Access-Control-Request-Method", "PUT")])
    assert [each.told[0][:20] for each in found(preflight, entry("PUT"))] == ["this is entry 2 of 2"]
    assert [each.method for each in found(preflight, entry("GET"))] == ["PUT", "GET"]


def test_the_same_is_asked_once() -> None:
    entries = [entry(), entry(), entry(asked=[ORIGIN, ("X-A", "1")]), entry("PUT"), entry(url=f"{API}?x")]
    assert len(found(*entries)) == 4


@pytest.mark.parametrize(
    ("count", "left_out"),
    [
        (20, f"this is entry 20 of 20 in the archive: GET {API}?19"),
        (21, "1 more failed request was left out; --entry N asks about one of them"),
        (23, "3 more failed requests were left out; --entry N asks about one of them"),
    ],
)
def test_no_more_than_twenty_are_asked_about(count: int, left_out: str) -> None:
    got = found(*(entry(url=f"{API}?{number}") for number in range(count)))
    assert (len(got), got[-1].told[-1]) == (20, left_out)


def test_the_origin_that_is_given_is_that_of_all() -> None:
    other = "https://other.example"
    got = found(entry(), entry(asked=[], url=f"{API}?2"), entry(url=f"{other}/x"), origin=other)
    assert [each.origin for each in got] == [other, other]


def test_what_has_no_origin_is_left_out_beside_others() -> None:
    got = found(entry(), entry(asked=[], url=f"{API}?2"))
    assert [each.origin for each in got] == [APP]
    assert got[0].told[-1] == "1 more failed request was left out; --entry N asks about one of them"
    assert [each.origin for each in found(entry(asked=[], url=f"{API}?2"))] == [""]


def test_an_endless_address_is_cut() -> None:
    (got,) = found(entry(url=f"{API}?{'x' * 10_000}"))
    assert len(got.told[0]) < 300


# Broken archives


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "line 1, column 1: this is not JSON; export it again"),
        (b'{"log":\n {,}}', "line 2, column 3: this is not JSON; export it again"),
        (b"\xff", "it is not UTF-8; save it as UTF-8"),
        (b"[" * 200_000, "it is nested too deeply"),
        (b"1" * 5000, "it has a number with too many digits"),
        (b"[]", "log is missing"),
        (b'{"log": []}', "log is not an object"),
        (b'{"log": {}}', "log.entries is missing"),
        (archive(7), "log.entries[0].request is missing"),
        (archive(entry(), {"request": {}}), "log.entries[1].response is missing"),
        (archive(entry(request={"url": 7})), "log.entries[0].request.url is not a string"),
        (archive(entry(request={"headers": {}})), "log.entries[0].request.headers is not a list"),
        (archive(entry(request={"headers": [7]})), "log.entries[0].request.headers[0].value is missing"),
        (archive(entry(response={"status": "0"})), "log.entries[0].response.status is not a whole number"),
        (archive(entry(request={"cookies": [{}]})), "log.entries[0].request.cookies.name is missing"),
        (archive(entry(request={"postData": 7})), "log.entries[0].request.postData is not an object"),
        (
            archive(entry(request={"postData": {"params": [7]}})),
            "log.entries[0].request.postData.params.name is missing",
        ),
        (archive(pages=[{}]), "log.pages[0].id is missing"),
    ],
)  # fmt: skip
def test_a_broken_archive_gets_one_line(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "x.har"
    path.write_bytes(data)
    message = usage_error("--har", str(path))
    assert message == f'--har: {why}; a HAR file begins with {{"log": {{"version": "1.2", "entries": [ ...'


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (("a b", SECRET), "the header that begins with \"a\" is not written as 'Name: value'"),
        (("X-A", f"{SECRET}\r"), 'the header "X-A" has a line break or a NUL; remove it'),
    ],
)
def test_a_header_that_is_none(header: tuple[str, str], why: str) -> None:
    with pytest.raises(UsageError) as caught:
        found(entry(asked=[header]))
    assert str(caught.value) == f"--har: log.entries[0].request: {why}"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert len(read_har(b"\xef\xbb\xbf" + archive(entry()), None, "")) == 1


def test_an_archive_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x.har"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert usage_error("--har", str(path)).startswith("--har: it is larger than 64 MiB; export fewer requests; ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--har", "there-is.none"], '--har "there-is.none": No such file or directory'),
        (["--entry", "1"], "--entry is the number of an entry in the file of --har; give --har too"),
    ],
)
def test_what_cannot_be_asked(arguments: Sequence[str], message: str) -> None:
    assert usage_error(*arguments) == message


@pytest.mark.parametrize("number", [0, -1, 3])
def test_a_number_that_no_entry_has(number: int) -> None:
    with pytest.raises(UsageError, match=f"--entry {number}: no such entry; the archive has the entries 1 to 2"):
        found(entry(), entry(), number=number)


# Asking


def answering(asked: Asked) -> bytes:
    return says("200 OK", [("Access-Control-Allow-Origin", "*")] if asked.path.startswith("/open") else [])


def har_of(path: Path, *entries: dict[str, Any]) -> str:
    (path / "x.har").write_bytes(archive(*entries))
    return str(path / "x.har")


@pytest.mark.parametrize(("paths", "status"), [(["/open", "/closed", "/open2"], 1), (["/open"], 0)])
def test_each_is_asked_and_the_worst_is_the_exit_status(paths: list[str], status: int, tmp_path: Path) -> None:
    page = ("Origin", "http://localhost:3000")
    with Server(answering) as server:
        file = har_of(tmp_path, *(entry(url=f"{server.url}{path}", asked=[page]) for path in paths))
        got, text = command("--har", file, "--engine", "chromium", "--max-time", "60")
    assert got == status
    for number, path in enumerate(paths, 1):
        assert f"Note This is entry {number} of {len(paths)} in the archive: GET {server.url}{path}." in said(text)


def test_in_json_they_are_a_list_and_secrets_are_masked(tmp_path: Path) -> None:
    asked = [("Origin", "http://localhost:3000"), ("Cookie", f"sid={SECRET}"), ("Authorization", f"Bearer {SECRET}")]
    with Server(answering) as server:
        file = har_of(
            tmp_path, *(entry(url=f"{server.url}/{number}?token={SECRET}", asked=asked) for number in range(2))
        )
        status, text = command("--har", file, "--json", "--engine", "firefox")
    assert status == 1
    assert [each["outcome"] for each in json.loads(text)] == ["blocked", "blocked"]
    assert SECRET not in text


def test_a_single_one_is_a_list_too(tmp_path: Path) -> None:
    with Server(answering) as server:
        file = har_of(tmp_path, entry(), entry(url=f"{server.url}/open", asked=[("Origin", "http://localhost:3000")]))
        status, text = command("--har", file, "--entry", "2", "--json")
    assert (status, len(json.loads(text))) == (0, 1)


@pytest.mark.parametrize("options", [[], ["--max-time", "60"]])
def test_the_time_for_everything_is_for_all_of_them(
    options: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    times: list[Any] = []

    def check(target: Target, *args: Any, **options: Any) -> Report:
        times.append(target.max_time)
        return ask(plain())

    monkeypatch.setattr(check_command, "check", check)
    command("--har", har_of(tmp_path, entry(), entry(url=f"{API}?2")), *options)
    if options:
        assert times[0] == 60 > times[1] > 0
    else:
        assert times == [100, 100]
