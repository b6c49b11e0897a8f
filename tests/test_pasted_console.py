"""``corswsgi check --console``: what is found in the messages that browsers print, as they print them.

Those of Chromium and WebKit were printed by them, except what a page of this machine cannot provoke; those of Firefox
are in its ``security.properties``. The last tests ask the browsers of this machine.
"""

# ruff: noqa: E501, RUF001 - a message stands on one line, in quotation marks as a browser prints it.

from __future__ import annotations

import dataclasses
import io
import json
import re
import sys
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import machine
import pytest
from engines.opening import ENGINES
from misbehaving import Asked, Server, says
from test_check import command, said, usage_error

from corswsgi.checker.console import read_console
from corswsgi.checker.console_messages import BARE, MESSAGES, normalized
from corswsgi.errors import UsageError

APP = "https://app.example.com"
API = "https://api.example.com/items"

CHROMIUM = f"Access to fetch at '{API}' from origin '{APP}' has been blocked by CORS policy: "
PREFLIGHT = f"{CHROMIUM}Response to preflight request doesn't pass access control check: "
FIREFOX = (
    f"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {API}. (Reason: "
)
WEBKIT = f"[Error] Fetch API cannot load {API} due to access control checks."

JSON = (("Content-Type", "application/json"),)
GET = "GET is assumed"
WHY = "the message does not say why the browser sent a preflight"
VALUE = "the value of x-api-key is made up"

#: For each message: method, headers and credentials of the question, and what is told beside the cause.
SAMPLES: dict[str, tuple[str, tuple[tuple[str, str], ...], str, str]] = {
    f"{CHROMIUM}No 'Access-Control-Allow-Origin' header is present on the requested resource.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}The 'Access-Control-Allow-Origin' header has a value 'http://other.example' that is not equal to the supplied origin. Have the server send the header with a valid value.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}The 'Access-Control-Allow-Origin' header contains multiple values 'http://a.example, http://a.example', but only one is allowed. Have the server send the header with a valid value.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}The 'Access-Control-Allow-Origin' header contains the invalid value 'localhost'. Have the server send the header with a valid value.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'.": (
        "",
        (),
        "include",
        GET,
    ),
    f"{CHROMIUM}The value of the 'Access-Control-Allow-Credentials' header in the response is '' which must be 'true' when the request's credentials mode is 'include'.": (
        "",
        (),
        "include",
        GET,
    ),
    f"{CHROMIUM}The value of the 'Access-Control-Allow-Credentials' header in the response is 'yes' which must be 'true' when the request's credentials mode is 'include'.": (
        "",
        (),
        "include",
        GET,
    ),
    f"{PREFLIGHT}It does not have HTTP ok status.": ("POST", JSON, "same-origin", WHY),
    f"{PREFLIGHT}Redirect is not allowed for a preflight request.": ("POST", JSON, "same-origin", WHY),
    f"{PREFLIGHT}No 'Access-Control-Allow-Origin' header is present on the requested resource.": (
        "POST",
        JSON,
        "same-origin",
        WHY,
    ),
    f"{CHROMIUM}Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.": (
        "PUT",
        (),
        "same-origin",
        "",
    ),
    f"{CHROMIUM}Request header field x-api-key is not allowed by Access-Control-Allow-Headers in preflight response.": (
        "",
        (("x-api-key", "1"),),
        "same-origin",
        VALUE,
    ),
    f"{CHROMIUM}Request header field content-type is not allowed by Access-Control-Allow-Headers in preflight response.": (
        "",
        (("content-type", "application/json"),),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}Cannot parse Access-Control-Allow-Methods response header field in preflight response.": (
        "POST",
        JSON,
        "same-origin",
        WHY,
    ),
    f"{CHROMIUM}Cannot parse Access-Control-Allow-Headers response header field in preflight response.": (
        "POST",
        JSON,
        "same-origin",
        WHY,
    ),
    f"{CHROMIUM}Redirect location '' contains a username and password, which is disallowed for cross-origin requests.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}Cross origin requests are only supported for protocol schemes: chrome, data, http, https.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}Cross origin requests are not allowed by request mode.": ("", (), "same-origin", GET),
    f"{CHROMIUM}The response is invalid.": ("", (), "same-origin", GET),
    f"{CHROMIUM}The request client is not a secure context and the resource is in more-private address space `private`.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}Request had a target IP address space of `local` yet the resource is in address space `private`.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}Request had no target IP address space, yet the resource is in address space `local`.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{PREFLIGHT}No 'Access-Control-Allow-Private-Network' header was present in the preflight response for this private network request targeting the `local` address space.": (
        "POST",
        JSON,
        "same-origin",
        WHY,
    ),
    f"{PREFLIGHT}The 'Access-Control-Allow-Private-Network' header in the preflight response for this private network request targeting the `local` address space had a value of 'x',  not 'true'.": (
        "POST",
        JSON,
        "same-origin",
        WHY,
    ),
    f"{CHROMIUM}No 'Private-Network-Access-Id' header was present in the preflight response for this private network request targeting the `local` address space.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}No 'Private-Network-Access-Name' header was present in the preflight response for this private network request targeting the `local` address space.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{CHROMIUM}Unable to ask for permission to access the `local` IP address space.": ("", (), "same-origin", GET),
    f"{CHROMIUM}Permission was denied for this request to access the `local` address space.": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{FIREFOX}CORS disabled).": ("", (), "same-origin", GET),
    f"{FIREFOX}CORS request did not succeed). Status code: (null).": ("", (), "same-origin", GET),
    f"{FIREFOX}CORS header ‘Origin’ cannot be added).": ("", (), "same-origin", GET),
    f"{FIREFOX}CORS request external redirect not allowed).": ("POST", JSON, "same-origin", WHY),
    f"{FIREFOX}CORS request not http).": ("", (), "same-origin", GET),
    f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200.": ("", (), "same-origin", GET),
    f"{FIREFOX}Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed).": ("", (), "same-origin", GET),
    f"{FIREFOX}CORS header ‘Access-Control-Allow-Origin’ does not match ‘http://other.example’).": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"{FIREFOX.replace(API, f'‘{API}’')}Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’).": (
        "",
        (),
        "include",
        GET,
    ),
    f"{FIREFOX}Did not find method in CORS header ‘Access-Control-Allow-Methods’).": ("", (), "same-origin", ""),
    f"XHRPATCH {API}\n{FIREFOX}Did not find method in CORS header ‘Access-Control-Allow-Methods’).": (
        "PATCH",
        (),
        "same-origin",
        "",
    ),
    f"{FIREFOX}expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’).": ("", (), "include", GET),
    f"{FIREFOX}CORS preflight response did not succeed). Status code: 404.": ("POST", JSON, "same-origin", WHY),
    f"{FIREFOX}CORS preflight channel did not succeed).": ("POST", JSON, "same-origin", WHY),
    f"{FIREFOX}invalid token ‘a b’ in CORS header ‘Access-Control-Allow-Methods’).": ("POST", JSON, "same-origin", WHY),
    f"{FIREFOX}invalid token ‘a b’ in CORS header ‘Access-Control-Allow-Headers’).": ("POST", JSON, "same-origin", WHY),
    f"{FIREFOX}header ‘x-api-key’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight response).": (
        "",
        (("x-api-key", "1"),),
        "same-origin",
        VALUE,
    ),
    f"{FIREFOX}missing token ‘x-api-key’ in CORS header ‘Access-Control-Allow-Headers’ from CORS preflight channel).": (
        "",
        (("x-api-key", "1"),),
        "same-origin",
        VALUE,
    ),
    f"Cross-Origin Request Warning: The Same Origin Policy will disallow reading the remote resource at {API} soon. (Reason: When the `Access-Control-Allow-Headers` is `*`, the `Authorization` header is not covered. To include the `Authorization` header, it must be explicitly listed in CORS header `Access-Control-Allow-Headers`).": (
        "",
        (("Authorization", "1"),),
        "same-origin",
        GET,
    ),
    f"[Error] Origin {APP} is not allowed by Access-Control-Allow-Origin. Status code: 200\n{WEBKIT}": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"[Error] Access-Control-Allow-Origin cannot contain more than one origin.\n{WEBKIT}": ("", (), "same-origin", GET),
    f"[Error] Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.\n{WEBKIT}": (
        "",
        (),
        "include",
        GET,
    ),
    f'[Error] Credentials flag is true, but Access-Control-Allow-Credentials is not "true".\n{WEBKIT}': (
        "",
        (),
        "include",
        GET,
    ),
    f"[Error] Preflight response is not successful. Status code: 404\n{WEBKIT}": ("POST", JSON, "same-origin", WHY),
    f"[Error] Method PUT is not allowed by Access-Control-Allow-Methods.\n{WEBKIT}": ("PUT", (), "same-origin", ""),
    f"[Error] Request header field X-Api-Key is not allowed by Access-Control-Allow-Headers.\n{WEBKIT}": (
        "",
        (("X-Api-Key", "1"),),
        "same-origin",
        GET,
    ),
    f"[Error] Header Access-Control-Allow-Methods has an invalid value: P U T\n{WEBKIT}": (
        "POST",
        JSON,
        "same-origin",
        WHY,
    ),
    f"[Error] Header Access-Control-Allow-Headers has an invalid value: x a\n{WEBKIT}": (
        "POST",
        JSON,
        "same-origin",
        WHY,
    ),
    f"[Error] Cross-origin redirection to http://u:p@a.example/ denied by Cross-Origin Resource Sharing policy: redirection URL http://u:p@a.example/ has credentials\n{WEBKIT}": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"[Error] Cross-origin redirection to foo:bar denied by Cross-Origin Resource Sharing policy: not allowed to follow a cross-origin CORS redirection with non CORS scheme\n{WEBKIT}": (
        "",
        (),
        "same-origin",
        GET,
    ),
    f"[Error] Cross origin requests are only supported for HTTP.\n{WEBKIT}": ("", (), "same-origin", GET),
    WEBKIT: ("", (), "same-origin", GET),
}


@pytest.mark.parametrize("text", SAMPLES)
def test_what_is_found_in_a_message(text: str) -> None:
    method, headers, credentials, told = SAMPLES[text]
    found = read_console(text, frozenset())
    assert (found.url, found.method, found.headers, found.credentials) == (API, method, headers, credentials)
    assert found.origin == (APP if APP in text else "")
    assert (found.lacks == ("--method",)) == ("Did not find method" in text and not method)
    assert told in " ".join(found.told)


def test_every_row_of_the_table_has_a_sample() -> None:
    texts = [normalized(text) for text in SAMPLES]
    assert [row.template for row in (*MESSAGES, BARE) if not any(map(row.pattern.search, texts))] == []


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            f"{CHROMIUM}No 'Access-Control-Allow-Origin' header is present on the requested resource.",
            "Chrome or Edge: the response has no Access-Control-Allow-Origin",
        ),
        (f"{CHROMIUM}Something that is new.", "Chrome or Edge: its reason is not one that this command knows"),
        (
            f"{FIREFOX}CORS header 'Access-Control-Allow-Origin' missing).",
            "Firefox: the response has no Access-Control-Allow-Origin",
        ),
        (WEBKIT, "Safari: CORS does not let the page read the response"),
        (
            f"{WEBKIT}\n[Error] Origin {APP} is not allowed by Access-Control-Allow-Origin.",
            "Safari: Access-Control-Allow-Origin is not the origin of the page",
        ),
        (f"Fetch API cannot load {API}.", "Safari: its reason is not one that this command knows"),
        (
            "Method PUT is not allowed by Access-Control-Allow-Methods.",
            "Safari: Access-Control-Allow-Methods does not list the method",
        ),
    ],
)
def test_the_browser_and_the_cause_are_told(text: str, cause: str) -> None:
    assert read_console(text, frozenset()).told[0] == f"the message is from {cause}"


@pytest.mark.parametrize(
    ("text", "url", "method"),
    [
        (f"app.js:3 {CHROMIUM}The response is invalid.\napp.js:3 PUT {API} net::ERR_FAILED 200 (OK)", API, "PUT"),
        (f"app.js:3\n  {CHROMIUM}The response is\n invalid.", API, ""),
        (f"{CHROMIUM}Method P(T is not allowed by Access-Control-Allow-Methods in preflight response.", API, ""),
        (f"{CHROMIUM}Method TRACE is not allowed by Access-Control-Allow-Methods in preflight response.", API, ""),
        (
            CHROMIUM.replace("' from", "' (redirected from 'http://first.example/it's') from"),
            "http://first.example/it's",
            "",
        ),
        (f"{CHROMIUM.replace('items', 'i…s')}The response is invalid.", "", ""),
        (f"{CHROMIUM.replace('items', 'i...s')}The response is invalid.", "", ""),
        ("Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.", "", "PUT"),
    ],
)
def test_where_url_and_method_stand(text: str, url: str, method: str) -> None:
    found = read_console(text, frozenset())
    assert (found.url, found.method) == (url, method)


def test_a_header_that_no_script_sets_is_not_asked_with() -> None:
    text = (
        f"{CHROMIUM}Request header field cookie is not allowed by Access-Control-Allow-Headers in preflight response."
    )
    assert read_console(text, frozenset({"headers"})).headers == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"method"}, ["the message does not include the credentials mode"]),
        ({"headers", "credentials"}, ["the message does not include the method"]),
        ({"method", "headers", "credentials"}, []),
    ],
)
def test_what_is_given_needs_no_assumption(given: set[str], told: list[str]) -> None:
    found = read_console(f"{PREFLIGHT}It does not have HTTP ok status.", given)
    assert (found.method, found.headers) == ("", ())
    assert [each[: len(start)] for each, start in zip(found.told[1:], told, strict=True)] == told


@pytest.mark.parametrize("given", [set(), {"origin"}])
def test_a_null_origin_may_be_that_of_another_page(given: set[str]) -> None:
    found = read_console(f"Origin null is not allowed by Access-Control-Allow-Origin.\n{WEBKIT}", given)
    assert found.origin == "null"
    assert ("Origin null means a sandboxed page" in found.told[-1]) == (not given)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the text contains no CORS message of a browser"),
        ("Uncaught TypeError: Failed to fetch", "the text contains no CORS message of a browser"),
        ("x" * 70_000, "the text is longer than 64 KiB; paste one message"),
    ],
)
def test_what_is_no_message_gets_one_line(text: str, why: str) -> None:
    message = usage_error("--console", text, "--origin", APP)
    assert message.startswith(f"--console: {why}; an example: Access to fetch at 'https://api.example.com/items' from ")


@pytest.mark.parametrize(
    "text", ["Access to " * 6_000, "Request header field " * 3_000, "Fetch API cannot load a" * 2_500]
)
def test_a_text_made_to_take_long_does_not(text: str) -> None:
    with pytest.raises(UsageError, match="no CORS message"):
        read_console(text, frozenset())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [f"{FIREFOX}CORS request not http)."],
            "the pasted text does not contain the origin of the page; add it, such as --origin ",
        ),
        (
            [f"Origin {APP} is not allowed by Access-Control-Allow-Origin."],
            "the pasted text does not contain the URL; add it",
        ),
        (
            [f"{FIREFOX}Did not find method in CORS header 'Access-Control-Allow-Methods').", "--origin", APP],
            "the pasted text does not contain the method; add it, such as --method PUT",
        ),
    ],
)
def test_what_lacks_is_asked_for(arguments: Sequence[str], message: str) -> None:
    assert usage_error("--console", *arguments).startswith(message)


# Asking


def asked_about(server: Server, text: str, *options: str) -> dict[str, Any]:
    text = text.replace(API, f"{server.url}/items").replace(APP, "http://localhost:3000")
    got: dict[str, Any] = json.loads(command("--console", text, "--json", *options)[1])
    return got


def closed(asked: Asked) -> bytes:
    return says("404 Not Found")


def test_a_message_is_asked_about() -> None:
    with Server(closed) as server:
        got = asked_about(
            server, f"{CHROMIUM}Method PUT is not allowed by Access-Control-Allow-Methods in preflight response."
        )
    assert (got["url"], got["method"], got["origin"]) == (f"{server.url}/items", "PUT", "http://localhost:3000")
    assert (got["outcome"], got["reason"]["code"]) == ("blocked", "allow-origin-missing")
    assert server.asked[0].is_preflight


def test_options_complete_it() -> None:
    with Server(closed) as server:
        text = f"{FIREFOX}Did not find method in CORS header 'Access-Control-Allow-Methods')."
        got = asked_about(server, text, "--origin", "http://localhost:4000", "-X", "PATCH", "--credentials", "include")
    assert (got["method"], got["origin"], got["credentials"]) == ("PATCH", "http://localhost:4000", "include")
    assert got["assumed"] == ["the message is from Firefox: Access-Control-Allow-Methods does not list the method"]


def test_it_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(closed) as server:
        text = f"{CHROMIUM}The response is invalid.".replace(API, server.url).replace(APP, "http://localhost:3000")
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        status, printed = command("--console", "-")
    assert status == 1
    assert "Note The message is from Chrome or Edge: there was no valid response." in said(printed)


# The browsers of this machine

ORIGIN = "Access-Control-Allow-Origin"
ANY = (ORIGIN, "*")
PAGE = (ORIGIN, "PAGE")
OTHER = (ORIGIN, "http://other.example")
INCLUDE = {"credentials": "include"}
PUT = {"method": "PUT"}
KEY = {"headers": {"X-Api-Key": "1"}}

Response = tuple[str, Sequence[tuple[str, str]]]

#: What a page fetches, the answer to all that it asks, and the causes that Chromium's and WebKit's messages name.
PROVOKED: dict[str, tuple[dict[str, Any], Response, str, str]] = {
    "missing": ({}, ("200 OK", []), "has no Access-Control-Allow-Origin", "is not the origin"),
    "other": ({}, ("200 OK", [OTHER]), "is not the origin", "is not the origin"),
    "invalid": ({}, ("200 OK", [(ORIGIN, "localhost")]), "is not the origin", "is not the origin"),
    "two": ({}, ("200 OK", [PAGE, PAGE]), "more than one value", "more than one value"),
    "wildcard": (INCLUDE, ("200 OK", [ANY]), "is *, which", "is *, which"),
    "no-credentials": (INCLUDE, ("200 OK", [PAGE]), 'is not "true"', 'is not "true"'),
    "preflight-missing": (PUT, ("200 OK", []), "has no Access-Control-Allow-Origin", "is not the origin"),
    "status": (PUT, ("404 Not Found", [ANY]), "not from 200 to 299", "not from 200 to 299"),
    "redirect": (PUT, ("302 Found", [ANY, ("Location", "/x")]), "redirected", "not from 200 to 299"),
    "method": (PUT, ("200 OK", [ANY]), "does not list the method", "does not list the method"),
    "header": (KEY, ("200 OK", [ANY]), "does not list a header", "does not list a header"),
    "methods": (
        PUT,
        ("200 OK", [ANY, ("Access-Control-Allow-Methods", "P U T")]),
        "not a list of methods",
        "not a list of methods",
    ),
    "headers": (
        KEY,
        ("200 OK", [ANY, ("Access-Control-Allow-Headers", "x a")]),
        "not a list of header names",
        "not a list of header names",
    ),
    "userinfo": ({}, ("302 Found", [ANY, ("Location", "http://u:p@localhost:9/")]), "a user name", "a user name"),
    "scheme": (
        {},
        ("302 Found", [ANY, ("Location", "foo:bar")]),
        "is not an http: or https: URL",
        "is not an http: or https: URL",
    ),
}

SCRIPT = """<!doctype html><script>(async () => {
for (const [name, init] of Object.entries(CASES)) {
  console.log(`BEGIN ${name}.`);
  try { await fetch(`http://localhost:PORT/${name}`, init) } catch { await new Promise(then => setTimeout(then, 50)) }
}
console.log("BEGIN end.");
await new Promise(then => setTimeout(then, 500));
await fetch("/done");
})()</script>"""

CONSOLE_ON = {
    "chromium": ["--enable-logging=stderr", "--v=0"],
    "webkit": ["--enable-write-console-messages-to-stdout=true"],
}


def printed_by(name: str) -> tuple[str, dict[str, str], int]:
    """Return the origin of a page that provokes messages, what its console shows for each case, and the API's port."""
    engine, done = ENGINES[name], threading.Event()
    for each in engine.needs:
        machine.find(each)
    fetches = json.dumps({case: init for case, (init, *_) in PROVOKED.items()})

    def answer(asked: Asked) -> bytes:
        status, headers = PROVOKED[asked.path.strip("/")][1]
        return says(status, [(header, value.replace("PAGE", str(asked.origin))) for header, value in headers])

    def page(asked: Asked) -> bytes:
        if asked.path == "/done":
            done.set()
        script = SCRIPT.replace("CASES", fetches).replace("PORT", str(api.port))
        return says("200 OK", [("Content-Type", "text/html")], script.encode())

    def command_with_console(program: str, home: Path, address: str) -> list[str]:
        *start, last = engine.command(program, home, address)
        return [*start, *CONSOLE_ON[name], last]

    with Server(answer) as api, Server(page) as site:
        origin = f"http://localhost:{site.port}"
        with dataclasses.replace(engine, command=command_with_console).opened(f"{origin}/") as instance:
            assert done.wait(90), instance.complaints()
            log = instance.log.read_text("utf-8", "replace")
    parts = re.split(r"BEGIN ([a-z-]+)\.", log)
    return origin, dict(zip(parts[1::2], parts[2::2], strict=True)), api.port


@pytest.mark.once
@pytest.mark.parametrize("name", ["chromium", "webkit"])
def test_what_an_engine_prints_is_recognized(name: str) -> None:
    origin, printed, port = printed_by(name)
    wrong = {}
    for case, (init, _, *causes) in PROVOKED.items():
        found = read_console(printed[case], frozenset({"headers"}))
        cause = causes[name == "webkit"]
        asked = (found.url, found.origin or origin, found.method or "GET", found.credentials)
        method = init.get("method", "GET") if case == "method" else "GET"
        want = (f"http://localhost:{port}/{case}", origin, method, init.get("credentials", "same-origin"))
        if cause not in found.told[0] or asked != want or bool(found.headers) != (case == "header"):
            wrong[case] = (found, want, printed[case])
    assert wrong == {}


@pytest.mark.once
def test_what_firefox_may_print_is_recognized() -> None:
    program = Path(machine.find("firefox")).resolve()
    folders = [program.parent, Path("/usr/lib", program.name)]
    archive = next((folder / "omni.ja" for folder in folders if (folder / "omni.ja").exists()), None)
    if archive is None:
        machine.lacking("firefox", f"{program}: its omni.ja, which holds its messages, is not there")
    with zipfile.ZipFile(archive) as file:
        name = next(each for each in file.namelist() if each.endswith("/security/security.properties"))
        lines = file.read(name).decode("utf-8").splitlines()
    templates = [line.partition("=")[2] for line in lines if line.startswith("CORS")]
    texts = [line.replace("%1$S", API).replace("%2$S", "X-A") for line in templates]
    assert len(texts) >= 16
    unknown = "the message is from Firefox: its reason is not one that this command knows"
    assert [text for text in texts if read_console(text, frozenset()).told[0] == unknown] == []
    assert {read_console(text, frozenset()).url for text in texts} == {API}
