"""The playground without a browser: its form, policies typed, visits and their bounds, what is told of a request."""

from __future__ import annotations

import configparser
import contextlib
import http.client
import itertools
import json
import logging
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from front_ends import Reply
from hypothesis import example, given
from hypothesis import strategies as st

from corswsgi import Policy, PolicyError
from corswsgi.browser import Browser
from corswsgi.checker.forms import FORMS, written
from corswsgi.demo import judging
from corswsgi.demo.judging import MAX_POLICY, MAX_PROBLEMS, BadRequest, judge
from corswsgi.demo.playground import MAX_BODY, MAX_HEADERS, MAX_HEADERS_LENGTH, MAX_JSON, MAX_METHOD, MAX_URL, parse
from corswsgi.demo.policy_text import ini_of, source_of, toml_of
from corswsgi.demo.prediction import MISSING
from corswsgi.demo.servers import Demo
from corswsgi.demo.visits import MAX_AGE, MAX_VISITS, Visits, name_in
from corswsgi.policy import OPTIONS
from corswsgi.settings import read_file

JSON = ("Content-Type", "application/json")
FRONT_ENDS = ("middleware", "handler")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with Demo() as demo:
        yield demo


def ask(url: str, method: str, target: str, headers: list[tuple[str, str]], body: bytes | None = None) -> Reply:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    with contextlib.closing(connection):
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return Reply(response.status, response.getheaders(), response.read())


def post(demo: Demo, path: str, value: object) -> Any:
    """Post to the page's server as the page's script does; return what it answers."""
    reply = ask(demo.page_url, "POST", path, [("Origin", demo.page_url), JSON], json.dumps(value).encode())
    assert reply.all("Content-Type") == ["application/json"], reply
    assert reply.status in (200, 400)
    return json.loads(reply.body)


def request_to(url: str, **changed: Any) -> dict[str, Any]:
    """A request as the page's script tells it."""
    plain: dict[str, Any] = {"url": url, "method": "GET", "headers": [], "body": None}
    return plain | {"credentials": "same-origin", "mode": "cors", "redirect": "follow"} | changed


def url_of(demo: Demo, front_end: str) -> str:
    url: str = demo.api_url if front_end == "middleware" else demo.handler_url
    return url


def visit_under(demo: Demo, **options: Any) -> str:
    """Put a policy in force and return the name of the visit."""
    answer = post(demo, "/playground/put", {"policy": options, "request": request_to(f"{demo.api_url}/status")})
    assert answer["problems"] == []
    name: str = answer["visit"]
    return name


# --- The form --------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What stands in the page: every element, and the fields of the policy."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.fields: dict[str, list[tuple[str, dict[str, str | None]]]] = {}
        self._path: list[str | None] = []
        self.feed(resources.files("corswsgi.demo").joinpath("index.html").read_text("utf-8"))
        assert not self._path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        option = attributes.get("data-option") or next((each for each in reversed(self._path) if each), None)
        if option:
            self.fields.setdefault(option, []).append((tag, attributes))
        if tag not in ("meta", "link", "input"):
            self._path.append(attributes.get("data-option"))

    def handle_endtag(self, tag: str) -> None:
        self._path.pop()

    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.elements if "id" in attributes]


PAGE = Page()


def test_the_form_has_a_field_for_each_option_and_no_other() -> None:
    assert list(PAGE.fields) == list(OPTIONS)
    assert {attributes["data-kind"] for elements in PAGE.fields.values() for _, attributes in elements[:1]} == {
        "lines",
        "flag",
        "number",
        "choices",
    }


@pytest.mark.parametrize("option", OPTIONS)
def test_each_field_has_what_it_needs(option: str) -> None:
    elements = PAGE.fields[option]
    kind = elements[0][1]["data-kind"]
    controls = [attributes for tag, attributes in elements if tag in ("textarea", "input", "fieldset")]
    described = {f"{option}-hint", f"{option}-faults"}
    assert set((controls[0]["aria-describedby"] or "").split()) == described
    assert described <= set(PAGE.ids())
    if kind == "choices":
        assert [tag for tag, _ in elements].count("legend") == 1
        assert {attributes["name"] for attributes in controls[1:]} == {option}
    else:
        assert (len(controls), controls[0]["id"]) == (1, option)
        assert {"for": option} in [attributes for tag, attributes in elements if tag == "label"]
    # What the kind writes is what the option takes.
    default = OPTIONS[option]
    assert kind == {bool: "flag", int: "number"}.get(type(default), kind)


def test_the_dangers_are_those_there_are() -> None:
    offered = [attributes["value"] or "" for tag, attributes in PAGE.fields["dangerously_allow"] if tag == "input"]
    assert Policy("*", dangerously_allow=offered).dangerously_allow == tuple(offered)
    with pytest.raises(PolicyError) as caught:
        Policy("*", dangerously_allow=["x"])
    assert all(f'"{each}"' in str(caught.value) for each in offered)
    assert str(caught.value).count('"') == 2 + 2 * len(offered)


def test_what_can_be_used_has_a_name() -> None:
    labels = {attributes.get("for") for tag, attributes in PAGE.elements if tag == "label"}
    for tag, attributes in PAGE.elements:
        if tag in ("textarea", "select") or (tag == "input" and attributes.get("type") == "text"):
            assert attributes["id"] in labels, attributes
        assert "tabindex" not in attributes or attributes["tabindex"] in ("0", "-1"), attributes
        assert not any(name.startswith("on") for name in attributes), attributes
        if tag == "pre" and "tabindex" in attributes:  # a name counts only where there is a role
            assert attributes.get("role") == "group", attributes
            assert {"aria-label", "aria-labelledby"} & attributes.keys(), attributes


def test_what_is_pointed_to_is_there_once() -> None:
    ids = PAGE.ids()
    assert len(ids) == len(set(ids))
    for _, attributes in PAGE.elements:
        for name in ("for", "aria-describedby", "aria-labelledby", "list"):
            assert set((attributes.get(name) or "").split()) <= set(ids), attributes


# --- Judging what is typed -------------------------------------------------------------------------


def test_a_policy_without_a_fault_is_told_as_text() -> None:
    answer, policy = judge({"allow_origins": ["https://app.example.com"], "allow_credentials": True})
    assert policy == Policy(["https://app.example.com"], allow_credentials=True)
    assert answer == {
        "problems": [],
        "more": 0,
        "warnings": [],
        "texts": {
            **{name: written(name, policy) for name in FORMS},
            "python": "from corswsgi import Policy\n\n"
            'policy = Policy(\n    allow_origins=["https://app.example.com"],\n    allow_credentials=True,\n)',
            "toml": '[cors]\nallow_origins = ["https://app.example.com"]\nallow_credentials = true\n',
            "ini": "[cors]\nallow_origins =\n    https://app.example.com\nallow_credentials = true\n",
        },
    }


def test_the_page_offers_each_text_that_there_is() -> None:
    answer, _ = judge({"allow_origins": ["https://app.example.com"]})
    html = (resources.files("corswsgi.demo") / "index.html").read_text("utf-8")
    assert sorted(re.findall(r'name="language" value="([^"]*)"', html)) == sorted(answer["texts"])


def test_what_a_server_cannot_say_is_told_in_a_comment() -> None:
    answer, _ = judge({"allow_origins": ["https://a.example"], "allow_credentials": True, "allow_methods": "*"})
    assert "nginx cannot check them" in answer["texts"]["nginx"]
    assert all(line.startswith("# ") for line in answer["texts"]["nginx"].splitlines())
    assert "CORSMiddleware(application, policy)" in answer["texts"]["wsgi"]


def test_faults_are_told_in_the_words_of_the_policy() -> None:
    options: dict[str, Any] = {
        "allow_origins": ["https://App.example.com", "https://ok.example", "*"],
        "allow_methods": ["GET,PUT"],
        "allow_credentials": True,
        "max_age": -1,
        "allow_headrs": ["X"],
    }
    answer, policy = judge(options)
    with pytest.raises(PolicyError) as caught:
        Policy.from_options(options)
    assert policy is None
    assert [each["message"] for each in answer["problems"]] == [each.message for each in caught.value.problems]
    told = [(each["option"], each["code"], each["value"], each["suggestion"]) for each in answer["problems"]]
    assert told == [
        ("allow_headrs", "unknown-option", ["X"], "allow_headers"),
        ("allow_origins", "origin-upper-case", "https://App.example.com", "https://app.example.com"),
        ("allow_origins", "any-origin-with-credentials", "*", None),
        ("allow_methods", "names-in-one-string", "GET,PUT", ["GET", "PUT"]),
        ("max_age", "max-age-negative", -1, 0),
    ]
    assert "texts" not in answer


def test_what_the_form_cannot_hold_is_told_in_python() -> None:
    answer, _ = judge({"allow_origins": ["https://pr-*.example.com"]})
    (problem,) = answer["problems"]
    assert problem["message"].endswith(r", in Python: re.compile('https://pr-[a-z0-9-]+\\.example\\.com')")
    assert problem["suggestion"] is None


def test_of_many_faults_some_are_told() -> None:
    answer, _ = judge({"allow_origins": [f"{number}.example" for number in range(MAX_PROBLEMS + 7)]})
    assert (len(answer["problems"]), answer["more"]) == (MAX_PROBLEMS, 7)


def test_what_the_library_warns_of_is_told_on_the_page_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    options = {"allow_origins": "*", "allow_methods": ["patch"]}
    with judging.warnings_to_the_page():
        answer, policy = judge(options)
        assert caplog.messages == []
        logging.getLogger("corswsgi").warning("of something else")
    assert policy is not None
    assert answer["warnings"] == ['allow_methods: "patch" is not PATCH; methods are case-sensitive']
    assert caplog.messages == ["of something else"]
    judge(options)
    assert len(caplog.messages) == 2  # where there is no page, it is logged


@pytest.mark.parametrize(
    "origin",
    [
        "https://(a+)+.example.com",
        "re.compile('.*')",
        "lambda origin, request: True",
        "__import__('os').abort()",
        "^.*$",
    ],
)
def test_code_is_no_policy(origin: str) -> None:
    answer, policy = judge({"allow_origins": [origin]})
    assert policy is None
    assert {each["option"] for each in answer["problems"]} == {"allow_origins"}


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from(sorted(OPTIONS)) | st.text(max_size=20), VALUES, max_size=6))
def test_whatever_is_typed_is_judged(options: dict[str, Any]) -> None:
    answer, policy = judge(options)
    assert bool(answer["problems"]) == (policy is None) == ("texts" not in answer)
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("options", [None, [], "x", 3])
def test_a_policy_is_an_object(options: object) -> None:
    with pytest.raises(BadRequest, match=r"^the policy is not a JSON object$"):
        judge(options)


def test_a_policy_is_bounded() -> None:
    def padded(length: int) -> dict[str, Any]:
        options = {"allow_origins": "*", "x": ""}
        return options | {"x": "a" * (length - len(json.dumps(options)))}

    assert judge(padded(MAX_POLICY))[1] is None
    with pytest.raises(BadRequest, match="longer than 16384 bytes"):
        judge(padded(MAX_POLICY + 1))


# --- Text ------------------------------------------------------------------------------------------

TOKENS = st.text(st.sampled_from("!#$%&'*+-.^_`|~aZ0"), min_size=1, max_size=8)
LABELS = st.text("abc0", min_size=1, max_size=8).map(lambda text: f"a{text}")
ORIGINS = st.builds(
    lambda scheme, wild, host, port: f"{scheme}://{wild}{host}.example{port}",
    st.sampled_from(["https", "http", "chrome-extension", "x+y.z-1"]),
    st.sampled_from(["", "*."]),
    LABELS,
    st.sampled_from(["", ":*", ":8443"]),
) | st.sampled_from(["null", "http://[::1]", "http://localhost:*", "https://a_b.example."])


def names(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.just("*") | st.lists(strategy, max_size=4)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that can be typed."""
    options = {
        "allow_origins": draw(st.just("*") | st.lists(ORIGINS, min_size=1, max_size=4)),
        "allow_methods": draw(names(TOKENS)),
        "allow_headers": draw(names(TOKENS)),
        "allow_credentials": draw(st.booleans()),
        "expose_headers": draw(names(TOKENS)),
        "max_age": draw(st.none() | st.integers(0, 86400)),
        "enforce": draw(st.booleans()),
        "preflight_status": draw(st.integers(200, 299)),
        "vary": draw(st.lists(TOKENS.filter(lambda name: name != "*"), max_size=3)),
        "dangerously_allow": draw(st.lists(st.sampled_from(["insecure-origins", "public-suffixes"]), max_size=2)),
    }
    try:
        return Policy(**options)
    except PolicyError:
        changed = {"allow_credentials": False, "allow_methods": [], "expose_headers": [], "allow_headers": []}
        return Policy(**(options | changed))


@given(policies())
def test_the_python_text_evaluates_to_the_policy(policy: Policy) -> None:
    assert eval(source_of(policy), {"Policy": Policy}) == policy


@given(policies())
def test_the_toml_text_holds_the_policy(policy: Policy) -> None:
    read = tomllib.loads(toml_of(policy))
    assert list(read) == ["cors"]
    options = read["cors"]
    if options.get("max_age") == "none":
        options["max_age"] = None
    assert Policy(**options) == policy


@given(policies())
def test_the_ini_text_holds_the_policy(policy: Policy) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(ini_of(policy))
    assert parser.sections() == ["cors"]
    assert Policy(**{name: option_of(name, text) for name, text in parser["cors"].items()}) == policy


def option_of(name: str, text: str) -> Any:
    """Read an option of an INI file as ``settings`` does: lists by line or comma, truth values, numbers."""
    if name in ("allow_credentials", "enforce"):
        return {"true": True, "false": False}[text]
    if name in ("max_age", "preflight_status"):
        return None if text == "none" else int(text)
    return [entry.strip() for line in text.splitlines() for entry in line.split(",") if entry.strip()]


@pytest.fixture(scope="module")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "cors"


@pytest.mark.parametrize(("suffix", "text_of"), [(".toml", toml_of), (".ini", ini_of)])
@given(policy=policies())
@example(policy=Policy(["re://a.example", "https://a.example"], allow_methods=["%", "#"]))
def test_what_is_copied_is_read_back(
    settings_file: Path, suffix: str, text_of: Callable[[Policy], str], policy: Policy
) -> None:
    file = settings_file.with_suffix(suffix)
    file.write_text(text_of(policy), "utf-8")
    assert read_file(file) == policy


def test_entries_that_look_like_comments_survive() -> None:
    policy = Policy("*", allow_methods=["PUT", "#PUT", "%(x)s".replace("(x)", "")], max_age=None)
    assert ini_of(policy) == "[cors]\nallow_origins = *\nallow_methods = PUT, #PUT, %%s\nmax_age = none\n"
    assert toml_of(policy).splitlines()[2:6] == ["allow_methods = [", '    "PUT",', '    "#PUT",', '    "%s",']


# --- Visits ----------------------------------------------------------------------------------------

ONE, OTHER = Policy("*"), Policy(["https://app.example.com"])


def app(environ: Any, start_response: Any) -> Any:
    raise AssertionError("nobody asks it")


def test_a_visit_keeps_its_name_and_the_last_policy() -> None:
    visits = Visits(app, Clock())
    name = visits.put("", ONE)
    first = visits.get(name)
    assert visits.put(name, OTHER) == name
    second = visits.get(name)
    assert visits.put(name, Policy(**OTHER.as_dict())) == name
    third = visits.get(name)
    assert first
    assert second
    assert third
    assert (first.policy, second.policy, third.policy) == (ONE, OTHER, OTHER)
    assert second.api is third.api is not first.api  # what it has logged, it does not log again


def test_names_are_not_chosen_by_visitors() -> None:
    visits = Visits(app, Clock())
    names = {visits.put("mine", ONE), visits.put("mine", ONE), visits.put("None", ONE)}
    assert (len(names), visits.get("mine")) == (3, None)
    assert all(len(name) >= 22 and name_in(f"visit={name}", "visit") == name for name in names)  # 128 bits


def test_visits_are_bounded_and_the_oldest_goes_first() -> None:
    visits = Visits(app, Clock())
    begun = [visits.put("", ONE) for _ in range(MAX_VISITS)]
    visits.put(begun[0], OTHER)  # now the second is the oldest
    visits.put("", ONE)
    assert [name for name in begun if visits.get(name) is None] == [begun[1]]


def test_visits_end() -> None:
    clock = Clock()
    visits = Visits(app, clock)
    early, late = visits.put("", ONE), visits.put("", ONE)
    clock.now += MAX_AGE
    assert visits.get(early) is not None  # just yet
    visits.put(late, OTHER)
    clock.now += 1
    assert visits.get(early) is None
    assert visits.get(late) is not None
    assert visits.put(early, ONE) != early  # a name that has ended does not come back
    clock.now += 2 * MAX_AGE
    visits.get("")
    assert visits._visits == {}


def test_the_last_of_several_names_counts() -> None:
    assert name_in("visit=mine&id=5&visit=real&id=x", "visit") == "real"
    assert name_in("visit=real&visit=a%20b", "visit") == ""


@pytest.mark.parametrize("query", ["", "visit", "visit=", "visit=a%20b", "visit=%ff", "visit=" + "a" * 65, "id=a"])
def test_what_is_no_name_leads_nowhere(query: str) -> None:
    assert name_in(query, "visit") == ""


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_each_visit_has_its_own_policy(demo: Demo, front_end: str) -> None:
    first = visit_under(demo, allow_origins=["https://first.example"], max_age=1)
    second = visit_under(demo, allow_origins="*", max_age=2)
    api = url_of(demo, front_end)

    def allowed(query: str) -> list[str]:
        return ask(api, "GET", f"/status{query}", [("Origin", "null")]).all("Access-Control-Allow-Origin")

    assert allowed(f"?visit={first}") == ["https://first.example"]
    assert allowed(f"?id=a&visit={second}") == ["*"]
    assert allowed("") == allowed("?visit=nobody") == [demo.page_url]
    for name, age in ((first, "1"), (second, "2")):
        asked = [("Origin", "https://first.example"), ("Access-Control-Request-Method", "PUT")]
        reply = ask(api, "OPTIONS", f"/status?visit={name}", asked)
        assert (reply.status, reply.all("Access-Control-Max-Age")) == (204, [age])


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_kept_connection_takes_no_policy_along(demo: Demo, front_end: str) -> None:
    name = visit_under(demo, allow_origins="*")
    connection = http.client.HTTPConnection(url_of(demo, front_end).removeprefix("http://"), timeout=30)
    with contextlib.closing(connection):
        for target, allowed in [(f"/status?visit={name}", "*"), ("/status", demo.page_url)]:
            connection.request("GET", target, headers={"Origin": "null"})
            response = connection.getresponse()
            response.read()
            assert response.getheader("Access-Control-Allow-Origin") == allowed


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_what_is_typed_in_a_query_leads_to_no_other_visit(demo: Demo, front_end: str) -> None:
    own = visit_under(demo, allow_origins=["https://own.example"])
    other = visit_under(demo, allow_origins=["https://other.example"])
    name = f"typed-{front_end}"
    path = f"/status?visit={other}&id=5"
    reply = ask(url_of(demo, front_end), "GET", f"{path}&visit={own}&id={name}", [])
    assert reply.all("Access-Control-Allow-Origin") == ["https://own.example"]
    request = request_to(f"{url_of(demo, front_end)}{path}")
    told = post(demo, "/playground/look", {"visit": own, "id": name, "sender": "page", "request": request})
    (seen,) = told["exchanges"]
    assert (seen["path"], seen["status"]) == (path, "200 OK")
    assert told["prediction"]["saw"] == ["GET 200"]  # it found its own record, too


def test_a_visit_that_ended_is_told_and_begins_anew() -> None:
    clock = Clock()
    with Demo(clock=clock) as demo:
        name = visit_under(demo, allow_origins="*")
        request = request_to(f"{demo.api_url}/status")
        clock.now += MAX_AGE + 1
        asked = {"visit": name, "id": "a", "sender": "page", "request": request}
        assert post(demo, "/playground/look", asked) == {"ended": True}
        reply = ask(demo.api_url, "GET", f"/status?visit={name}", [])
        assert reply.all("Access-Control-Allow-Origin") == [demo.page_url]
        renewed = post(demo, "/playground/put", {"visit": name, "policy": {"allow_origins": "*"}, "request": request})
        assert renewed["visit"] != name


def test_a_faulty_policy_leaves_the_one_in_force(demo: Demo) -> None:
    name = visit_under(demo, allow_origins="*")
    request = request_to(f"{demo.api_url}/status")
    answer = post(demo, "/playground/put", {"visit": name, "policy": {"allow_origins": []}, "request": request})
    assert (answer["problems"][0]["code"], "visit" in answer) == ("no-origins", False)
    assert ask(demo.api_url, "GET", f"/status?visit={name}", []).all("Access-Control-Allow-Origin") == ["*"]


# --- Who may ask, and how much ---------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/playground/check", "/playground/put", "/playground/look", "/results"])
def test_only_the_page_itself_may_ask(path: str) -> None:
    heard: list[Any] = []
    with Demo(on_result=heard.append) as demo:
        own = ("Origin", demo.page_url)
        for origin in (demo.stranger_url, "null", "https://evil.example", demo.page_url.upper()):
            assert ask(demo.page_url, "POST", path, [("Origin", origin), JSON], b"{}").status == 403
        assert ask(demo.page_url, "POST", path, [JSON], b"{}").status == 403
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            assert ask(demo.page_url, "POST", path, [own, ("Content-Type", kind)], b"{}").status == 415
        assert ask(demo.page_url, "GET", path, [own]).status == 404
        preflight = [("Origin", demo.stranger_url), ("Access-Control-Request-Method", "POST")]
        reply = ask(demo.page_url, "OPTIONS", path, preflight)
        assert (reply.status, reply.cors) == (404, [])
    assert heard == []


@pytest.mark.parametrize("path", ["/playground/check", "/playground/put", "/playground/look"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 9000,
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"policy": "\\ud800"}',
        b"9" * 5000,
        b"[]",
        b"null",
    ],
)
def test_what_is_no_json_object_is_refused(demo: Demo, path: str, body: bytes) -> None:
    reply = ask(demo.page_url, "POST", path, [("Origin", demo.page_url), JSON], body)
    assert reply.status == 400
    error = json.loads(reply.body)["error"]
    assert "half of a character" in error if b"ud800" in body else error.startswith("the body is not ")


def test_bodies_are_bounded(demo: Demo) -> None:
    def status(url: str, length: int) -> int:
        body = b'{"policy": {"allow_origins": "*"}}'.ljust(length)
        return ask(url, "POST", "/playground/check", [("Origin", demo.page_url), JSON], body).status

    assert status(demo.page_url, MAX_JSON) == 200
    assert status(demo.page_url, MAX_JSON + 1) == 413


def test_a_body_that_no_application_would_read_is_not_taken_in(demo: Demo) -> None:
    for url in (demo.page_url, demo.api_url):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        with contextlib.closing(connection):
            connection.putrequest("POST", "/status")
            connection.putheader("Content-Length", str(2 * 2**20))
            connection.endheaders(b"{")
            assert connection.getresponse().status == 413  # without waiting for the rest


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"url": "https://evil.example/"}, "the request must go to one of the demo's own servers"),
        ({"url": "/status"}, "the request must go to one of the demo's own servers"),
        ({"url": "{api}.evil.example/"}, "the request must go to one of the demo's own servers"),
        ({"url": "{api}@evil.example/"}, "the request must go to one of the demo's own servers"),
        ({"url": "{page}/"}, "the request must go to one of the demo's own servers"),
        ({"url": "{api}/#x"}, "the request must go to one of the demo's own servers"),
        ({"url": 3}, "url is not a string"),
        ({"url": "{api}/" + "a" * MAX_URL}, "url is longer than 2000 characters, the most that is allowed here"),
        ({"method": None}, "method is not a string"),
        ({"method": "a" * (MAX_METHOD + 1)}, "method is longer than 100 characters, the most that is allowed here"),
        ({"headers": None}, "the headers must be a list of at most 32"),
        ({"headers": [["a", "b"]] * (MAX_HEADERS + 1)}, "the headers must be a list of at most 32"),
        ({"headers": [["a"]]}, "each header must be a list of a name and a value"),
        ({"headers": [["a", 1]]}, "each header must be a list of a name and a value"),
        ({"headers": ["ab"]}, "each header must be a list of a name and a value"),
        (
            {"headers": [["a", "b" * MAX_HEADERS_LENGTH]]},
            "the headers are longer than 8192 characters, the most that is allowed here",
        ),
        ({"body": 3}, "body is not a string"),
        ({"body": "a" * (MAX_BODY + 1)}, "body is longer than 16384 characters, the most that is allowed here"),
        ({"credentials": "always"}, "credentials must be one of same-origin, include, omit"),
        ({"mode": "navigate"}, "mode must be one of cors, no-cors, same-origin"),
        ({"redirect": ""}, "redirect must be one of follow, error, manual"),
    ],
)
def test_a_request_is_bounded(demo: Demo, changed: dict[str, Any], error: str) -> None:
    request = request_to(f"{demo.api_url}/status") | changed
    if isinstance(request["url"], str):
        request["url"] = request["url"].replace("{api}", demo.api_url).replace("{page}", demo.page_url)
    policy = {"allow_origins": "*"}
    assert post(demo, "/playground/put", {"policy": policy, "request": request}) == {"error": error}
    asked = {"visit": visit_under(demo, **policy), "id": "a", "sender": "page", "request": request}
    assert post(demo, "/playground/look", asked) == {"error": error}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"request": None}, "the request is missing"),
        ({"sender": "somebody"}, "sender must be one of page, stranger, sandbox"),
        ({"visit": None}, "visit is not a string"),
        ({"id": ["a"]}, "id is not a string"),
    ],
)
def test_what_is_asked_is_complete(demo: Demo, changed: dict[str, Any], error: str) -> None:
    visit = visit_under(demo, allow_origins="*")
    asked = {"visit": visit, "id": "a", "sender": "page", "request": request_to(f"{demo.api_url}/status")}
    assert post(demo, "/playground/look", asked | changed) == {"error": error}


@given(VALUES)
def test_whatever_is_posted_is_parsed_or_refused(value: Any) -> None:
    body = json.dumps(value).encode()
    if isinstance(value, dict):
        assert parse(body) == value
    else:
        with pytest.raises(BadRequest):
            parse(body)


# --- What is told of a request ---------------------------------------------------------------------


def look(
    demo: Demo, visit: str, front_end: str = "middleware", path: str = "/status", sender: str = "page", **changed: Any
) -> Any:
    request = request_to(f"{url_of(demo, front_end)}{path}", **changed)
    return post(demo, "/playground/look", {"visit": visit, "id": "none", "sender": sender, "request": request})


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_the_exchanges_are_told_whole(demo: Demo, front_end: str) -> None:
    name = visit_under(demo, allow_origins="*")
    sent = [("Origin", demo.page_url), ("X-One", "1"), ("Accept", "text/x"), ("Cookie", "other=1; corswsgi-demo=ada")]
    target = f"/cost?visit={name}&id=whole-{front_end}"
    ask(url_of(demo, front_end), "GET", target, sent)
    request = request_to(f"{url_of(demo, front_end)}/cost")
    told = post(
        demo, "/playground/look", {"visit": name, "id": f"whole-{front_end}", "sender": "page", "request": request}
    )
    (exchange,) = told["exchanges"]
    assert (exchange["method"], exchange["path"], exchange["status"]) == ("GET", "/cost", "200 OK")
    wanted = [*sent[:3], ("Cookie", "corswsgi-demo=ada"), ("Host", url_of(demo, front_end).removeprefix("http://"))]
    assert [list(each) for each in wanted if list(each) not in exchange["request"]] == []
    response = dict(exchange["response"])
    assert (response["Access-Control-Allow-Origin"], response["X-Internal-Node"]) == ("*", "rack-7")
    assert response["Cache-Control"] == "no-store"


def test_a_cookie_of_another_program_is_not_told(demo: Demo) -> None:
    name = visit_under(demo, allow_origins="*")
    ask(demo.api_url, "GET", f"/cost?visit={name}&id=cookie", [("Cookie", "other=secret")])
    request = request_to(f"{demo.api_url}/cost")
    told = post(demo, "/playground/look", {"visit": name, "id": "cookie", "sender": "page", "request": request})
    assert "secret" not in json.dumps(told)


def test_the_sentences_are_those_of_explain_on_the_request(demo: Demo) -> None:
    name = visit_under(demo, allow_origins=[demo.page_url], allow_headers=["X-One"])
    told = look(demo, name, method="PUT", headers=[["X-One", "1"], ["X-Two", "2"]])
    assert "the method PUT" in told["why"][0]
    assert told["why"][-1].startswith("Blocked: ")
    stranger = look(demo, name, sender="stranger")
    assert demo.stranger_url in " ".join(stranger["why"])
    assert '"null"' in " ".join(look(demo, name, sender="sandbox")["why"])


@pytest.mark.parametrize("mode", ["no-cors", "same-origin"])
def test_modes_without_cors_have_a_sentence_of_their_own(demo: Demo, mode: str) -> None:
    (sentence,) = look(demo, visit_under(demo, allow_origins="*"), mode=mode)["why"]
    assert f'mode "{mode}"' in sentence


def test_after_a_redirect_it_is_told_again(demo: Demo) -> None:
    name = visit_under(demo, allow_origins=[demo.page_url])
    for url, path in ((demo.api_url, "/redirect/302/there"), (demo.handler_url, "/echo")):
        origin = demo.page_url if url == demo.api_url else "null"
        ask(url, "GET", f"{path}?visit={name}&id=moved", [("Origin", origin)])
    request = request_to(f"{demo.api_url}/redirect/302/there")
    told = post(demo, "/playground/look", {"visit": name, "id": "moved", "sender": "page", "request": request})
    place = demo.handler_url.removeprefix("http://")
    (at,) = (number for number, each in enumerate(told["why"]) if f"redirected to {place}/echo" in each)
    # The redirect is the reason, and to list null would be the wrong advice.
    assert not any('"null" is refused' in each for each in told["why"])
    tainted = [number for number, each in enumerate(told["why"]) if "Do not allow null for that" in each]
    assert tainted == [at + 1]
    assert told["why"][-2].startswith("Blocked: ")
    asked = {"visit": name, "id": "moved", "sender": "sandbox", "request": request}
    sandboxed = post(demo, "/playground/look", asked)["why"]
    assert '"null" is refused' in sandboxed[-4]  # null it was from the beginning
    assert not any("Do not allow null for that" in each for each in sandboxed)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize(
    ("redirect", "last"),
    [
        ("follow", "Readable: "),
        ("error", 'Blocked: the answer is a redirect, and redirect: "error"'),
        ("manual", 'The answer is a redirect, and with redirect: "manual" the script cannot read anything'),
    ],
)
def test_each_redirect_mode_is_told(demo: Demo, front_end: str, redirect: str, last: str) -> None:
    policy = {"allow_origins": [demo.page_url], "allow_headers": ["X-One"]}
    name, number = visit_under(demo, **policy), f"mode-{front_end}-{redirect}"
    url = f"{url_of(demo, front_end)}/redirect/307/here"
    origin = ("Origin", demo.page_url)
    ask(
        url_of(demo, front_end),
        "OPTIONS",
        f"/redirect/307/here?visit={name}&id={number}",
        [origin, ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x-one")],
    )
    ask(url_of(demo, front_end), "GET", f"/redirect/307/here?visit={name}&id={number}", [origin])
    if redirect == "follow":
        ask(url_of(demo, front_end), "GET", f"/echo?visit={name}&id={number}", [origin])
    request = request_to(url, redirect=redirect, headers=[["X-One", "1"]])
    asked = {"visit": name, "id": number, "sender": "page", "request": request}
    sentences = post(demo, "/playground/look", asked)["why"]
    assert sentences[-1].startswith(last)
    assert sum(each.startswith("Readable: ") for each in sentences) == (redirect == "follow")
    # What the policy refuses is refused before the mode counts.
    asked = asked | {"sender": "stranger"}
    sentences = post(demo, "/playground/look", asked)["why"]
    assert any(each.startswith("Blocked: the preflight is answered 403") for each in sentences)
    plain = asked | {"request": request_to(url, redirect=redirect)}
    assert any(each.startswith("Blocked: there is an answer") for each in post(demo, "/playground/look", plain)["why"])


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"allow_origins": "*"}, 'name the origin in allow_origins in place of "*", and set allow_credentials to True'),
        ({"allow_origins": ["{page}"]}, "does not allow them; set allow_credentials to True"),
    ],
)
def test_credentials_that_the_policy_does_not_allow_are_told(demo: Demo, options: dict[str, Any], advice: str) -> None:
    if options["allow_origins"] != "*":
        options = {"allow_origins": [demo.page_url]}
    name = visit_under(demo, **options)
    told = look(demo, name, credentials="include")
    assert told["prediction"]["outcome"] == "blocked"
    assert told["why"][-1].startswith("Blocked: ")
    assert advice in told["why"][-1]
    assert "With credentials" not in " ".join(told["why"])
    for credentials in ("same-origin", "omit"):
        assert look(demo, name, credentials=credentials)["why"][-1].startswith("Readable: ")
    named = visit_under(demo, allow_origins=[demo.page_url], allow_credentials=True)
    assert look(demo, named, credentials="include")["why"][-1].startswith("Readable: ")


def test_a_crash_that_the_policy_hides_is_told(demo: Demo) -> None:
    name = visit_under(demo, allow_origins=[demo.page_url])
    origin = ("Origin", demo.stranger_url)
    for api, raised in ((demo.api_url, True), (demo.handler_url, False)):
        ask(api, "GET", f"/crash?visit={name}&id=crash-{raised}", [origin])
        request = request_to(f"{api}/crash")
        asked = {"visit": name, "id": f"crash-{raised}", "sender": "stranger", "request": request}
        told = post(demo, "/playground/look", asked)
        assert [each["status"] for each in told["exchanges"]] == ["500 Internal Server Error"]
        assert any(each.startswith("The application raised") for each in told["why"]) == raised
        assert any(each.startswith("The application answers") for each in told["why"]) != raised
        assert told["prediction"]["saw"] == ["GET 500"]


STEPS_OF_POLICIES: dict[str, dict[str, Any]] = {
    "everybody": {"allow_origins": "*", "allow_methods": "*", "allow_headers": "*"},
    "the page": {"allow_origins": ["{page}"]},
    "the page, with credentials": {
        "allow_origins": ["{page}"],
        "allow_methods": ["PUT", "PATCH"],
        "allow_headers": ["X-One"],
        "allow_credentials": True,
    },
    "the page and null": {"allow_origins": ["{page}", "null"], "allow_headers": ["X-One"]},
    "another page, enforced": {"allow_origins": ["https://app.example.com"], "enforce": True},
}
STEPS_OF_REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("/status", {}),
    ("/status", {"method": "HEAD", "headers": [["X-One", "1"]]}),
    ("/orders/7?item=1", {"method": "put"}),
    ("/echo", {"method": "patch", "headers": [["X-One", "1"], ["Authorization", "a"]]}),
    ("/crash", {}),
    ("/redirect/302/here", {"method": "PUT", "headers": [["X-One", "1"]]}),
    ("/redirect/307/there", {"headers": [["X-One", "1"]]}),
    ("/redirect/303/there", {"redirect": "error"}),
    ("/redirect/308/here", {"redirect": "manual"}),
]


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("policy", STEPS_OF_POLICIES)
def test_the_steps_end_as_the_request_does(demo: Demo, front_end: str, policy: str) -> None:
    """The browser in Python stands for the page's, and knows nothing of the steps."""
    options = json.loads(json.dumps(STEPS_OF_POLICIES[policy]).replace("{page}", demo.page_url))
    visit = visit_under(demo, **options)
    senders = {"page": demo.page_url, "stranger": demo.stranger_url, "sandbox": "null"}
    numbers = itertools.count()
    for (path, changed), sender, credentials in itertools.product(STEPS_OF_REQUESTS, senders, ("include", "omit")):
        request = request_to(f"{url_of(demo, front_end)}{path}", credentials=credentials, **changed)
        name = f"steps-{front_end}-{list(STEPS_OF_POLICIES).index(policy)}-{next(numbers)}"
        url = f"{request['url']}{'&' if '?' in path else '?'}visit={visit}&id={name}"
        asked = {key: value for key, value in request.items() if key != "url"}
        with requests.Session() as session:
            session.trust_env = False
            verdict = Browser(session, senders[sender]).fetch(url, **asked)
        told = post(demo, "/playground/look", {"visit": visit, "id": name, "sender": sender, "request": request})
        where = (request, sender, told["why"])
        assert told["prediction"]["outcome"] == verdict.outcome, where
        assert any(each.startswith("Readable: ") for each in told["why"]) == (verdict.outcome == "readable"), where
        assert any(each.startswith("Blocked: ") for each in told["why"]) == (verdict.outcome == "blocked"), where


# --- The prediction --------------------------------------------------------------------------------


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize(
    ("path", "changed", "outcome", "status", "saw"),
    [
        ("/status", {}, "readable", 200, ["GET 200"]),
        ("/status?x=1", {}, "readable", 200, ["GET 200"]),
        ("/orders/7", {"method": "PUT"}, "readable", 200, ["OPTIONS 204", "PUT 200"]),
        ("/orders/7", {"method": "DELETE"}, "blocked", None, ["OPTIONS 204"]),
        ("/status", {"credentials": "include"}, "blocked", None, ["GET 200"]),
        ("/status", {"sender": "stranger"}, "blocked", None, ["GET 200"]),
        ("/status", {"sender": "sandbox"}, "blocked", None, ["GET 200"]),
        ("/status", {"mode": "no-cors"}, "opaque", 0, ["GET 200"]),
        ("/status", {"mode": "same-origin"}, "blocked", None, []),
        ("/redirect/301/here", {"method": "POST", "body": "x"}, "readable", 200, ["POST 301", "GET 200"]),
        ("/redirect/308/there", {"method": "POST", "body": "x"}, "blocked", None, ["POST 308", "POST 200"]),
        ("/redirect/307/here", {"redirect": "manual"}, "opaqueredirect", 0, ["GET 307"]),
        ("/redirect/307/here", {"redirect": "error"}, "blocked", None, ["GET 307"]),
        ("/status", {"method": "GET", "body": "x"}, "refused", None, []),
        ("/status", {"method": "TRACE"}, "refused", None, []),
        ("/status", {"headers": [["a b", "c"]]}, "refused", None, []),
    ],
)
def test_the_prediction(
    demo: Demo, front_end: str, path: str, changed: dict[str, Any], outcome: str, status: int | None, saw: list[str]
) -> None:
    name = visit_under(demo, allow_origins=[demo.page_url], allow_methods=["PUT"])
    told = look(demo, name, front_end, path, **changed)
    prediction = told["prediction"]
    assert (prediction["outcome"], prediction["status"], prediction["saw"]) == (outcome, status, saw)
    assert prediction["sentence"]
    assert name not in prediction["sentence"]
    assert prediction["anchor"].startswith("fetch#")
    if outcome == "readable":
        assert prediction["headers"] == ["cache-control", "content-length", "content-type"]
    assert told["exchanges"] == []  # the record of the real request is its own


def test_where_engines_are_known_to_differ_it_is_told(demo: Demo) -> None:
    name = visit_under(demo, allow_origins=[demo.page_url], allow_headers=["*"])
    told = look(demo, name, headers=[["Authorization", "Bearer demo-token"]])["prediction"]
    assert told["outcome"] == "blocked"
    assert any(
        "Chromium, Firefox, WebKit: * in Access-Control-Allow-Headers covers Authorization" in each
        for each in told["differences"]
    )
    assert look(demo, name)["prediction"]["differences"] == []


@pytest.mark.parametrize("missing", ["requests", "ada_url"])
def test_without_the_browser_in_python_it_is_said_how_to_install_it(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    name = visit_under(demo, allow_origins="*")
    monkeypatch.setitem(sys.modules, missing, None)
    told = look(demo, name)
    assert told["prediction"] == {"missing": MISSING}
    assert 'python -m pip install "corswsgi[check]"' in MISSING
    assert told["why"] != []


# --- The API's paths for the playground ------------------------------------------------------------


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_an_echo_of_any_method(demo: Demo, front_end: str, method: str) -> None:
    reply = ask(url_of(demo, front_end), method, "/echo", [], "ä<".encode())
    assert (reply.status, json.loads(reply.body)) == (200, {"method": method, "body": "ä<"})


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["here", "there"])
def test_a_redirect(demo: Demo, front_end: str, status: int, place: str) -> None:
    other = url_of(demo, FRONT_ENDS[1 - FRONT_ENDS.index(front_end)])
    query = "?to=https://evil.example&id=a&visit=b&x=%0d%0a"
    reply = ask(url_of(demo, front_end), "PUT", f"/redirect/{status}/{place}{query}", [])
    assert reply.status == status
    (location,) = reply.all("Location")
    here = url_of(demo, front_end)
    assert urljoin(here, location) == f"{here if place == 'here' else other}/echo?visit=b&id=a"


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize(
    "path", ["/redirect/304/here", "/redirect/302/https:", "/redirect/302", "/redirect/302/here/x"]
)
def test_no_other_redirect(demo: Demo, front_end: str, path: str) -> None:
    reply = ask(url_of(demo, front_end), "GET", path, [])
    assert (reply.status, reply.all("Location")) == (404, [])
