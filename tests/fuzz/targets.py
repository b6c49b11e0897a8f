"""What a fuzzer calls: each target takes bytes, and raises where a property of the package does not hold of them.

Where an answer can be worked out in another way, it is: :mod:`naive` does so from the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import naive

from corswsgi import CORSMiddleware, Policy, PolicyError, fetch
from corswsgi.browser import ENGINES, Browser, Code, NoteCode
from corswsgi.checker.cases import KEYS, cases_in
from corswsgi.errors import Problem, UsageError
from corswsgi.origins import parse_origin
from corswsgi.policy import OPTIONS
from corswsgi.settings.files import policies_in
from corswsgi.settings.lines import Lines

Target = Callable[[bytes], None]

#: What stands between the fields of an input; one NUL alone may stand in a field.
SEPARATOR = b"\0\0"

PAGE, API = "https://app.example.com", "https://api.example.net"
SHOP = "https://shop.example.net:8443"

#: Whose pages have an opaque origin, or another page's.
OPAQUE_SCHEMES = ("about", "blob", "data", "file", "javascript")


def fields(data: bytes, number: int) -> list[str]:
    """Return so many fields, one character for each byte, as header values come; the last ones may be empty."""
    parts = data.split(SEPARATOR, number - 1)
    return [part.decode("latin-1") for part in [*parts, *[b""] * (number - len(parts))]]


# The server's side


def origin_patterns(data: bytes) -> None:
    """Entries of ``allow_origins``: refused with corrections that are accepted, or accepted and right."""
    declared, credentials, probe = [*data.split(SEPARATOR, 2), b"", b""][:3]
    text = declared.decode("utf-8", "surrogateescape")
    allow_credentials = bool(credentials)
    problems = problems_of(allow_origins=[text], allow_credentials=allow_credentials)
    for problem in problems:
        assert len(str(problem).splitlines()) == 1, problem
        assert problem.suggestion != text, problem
        if problem.suggestion is not None:
            assert problems_of(allow_origins=problem.suggestion) == (), problem
            # What credentials forbid of it is told beside it.
            again = problems_of(allow_origins=problem.suggestion, allow_credentials=allow_credentials)
            assert {each.code for each in again} <= {each.code for each in problems}, problem
    if problems:
        return
    policy = Policy([text], allow_credentials=allow_credentials)
    assert Policy(**policy.as_dict()) == policy
    assert eval(repr(policy)) == policy
    if text == "*":
        return
    assert text == "null" or naive.origin_of(text.replace("://*.", "://a.").removesuffix(":*")) is not None
    instance = text.replace("://*.", "://a.").removesuffix(":*")
    near = [instance, f"{instance}:8443", f"{instance}0", f"x{instance}", f"{instance}/", f"{instance}.evil.example"]
    near += [instance.replace("a.", "a.b.", 1), instance.replace("://a.", "://", 1), instance.upper(), "null"]
    assert policy.matcher is not None
    for origin in (*near, probe.decode("latin-1")):
        assert (origin in policy.matcher) == naive.allows({"allow_origins": [text]}, origin), (text, origin)


def problems_of(**options: Any) -> tuple[Problem, ...]:
    try:
        Policy(**options)
    except PolicyError as error:
        return error.problems
    return ()


#: Options of the policies that are asked.
POLICIES: Mapping[str, dict[str, Any]] = {
    "any": {"allow_origins": "*", "allow_methods": "*", "allow_headers": ["*", "Authorization"], "vary": "Cookie"},
    "static": {"allow_origins": PAGE, "expose_headers": ["X-A"], "max_age": None},
    "exact": {"allow_origins": [PAGE, SHOP, "null"], "allow_headers": ["X-A", "x-b"]},
    "patterns": {"allow_origins": ["https://*.example.com", "http://localhost:*", "https://*.example.org:*", SHOP]},
    "expressions": {"allow_origins": [re.compile(r"https://[a-z.]+\.example"), re.compile("[a-z]+://(a|b)(:1)?")]},
    "enforcing": {"allow_origins": [PAGE, "https://*.example.com:8443"], "enforce": True},
    "timing": {"allow_origins": [PAGE, SHOP], "allow_timing": True},
    "echo": {"allow_origins": [PAGE, SHOP], "allow_credentials": True, "allow_methods": "*", "allow_headers": "*"},
    "echo, static": {
        "allow_origins": PAGE,
        "allow_credentials": True,
        "allow_methods": ["PUT", "patch"],
        "allow_headers": ["*", "authorization"],
    },
}
_RESPONSE = [("Content-Type", "text/plain"), ("Content-Length", "0")]


class _Application:
    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = _RESPONSE

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", list(self.headers))
        return []


_APPLICATION = _Application()
_MIDDLEWARES = {name: CORSMiddleware(_APPLICATION, Policy(**options)) for name, options in POLICIES.items()}


def _asked(name: str, method: str, headers: Mapping[str, str]) -> tuple[str, list[tuple[str, str]]]:
    """Return status and headers of what a policy answers."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "api.example.net",
        "SERVER_PORT": "443",
        "HTTP_HOST": "api.example.net",
        "HTTP_SEC_FETCH_SITE": "cross-site",
        "wsgi.url_scheme": "https",
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    started: list[Any] = []
    _MIDDLEWARES[name](environ, lambda status, headers, exc_info=None: started.append((status, headers)))
    ((status, got),) = started
    for each, value in got:
        assert each.isascii(), got
        assert each.isprintable(), got
        assert value.isprintable() or _APPLICATION.headers is not _RESPONSE, got
    return status, got


def _cors(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(
        pair for pair in headers if pair[0].lower().startswith(("access-control-", "vary", "timing-allow-origin"))
    )


def _hold_against_the_rules(headers: dict[str, str]) -> None:
    for name, options in POLICIES.items():
        for method in ("GET", "OPTIONS"):
            expected = naive.sent(options, method, headers)
            status, got = _asked(name, method, headers)
            assert int(status[:3]) == (expected.status or 200), (name, method, headers)
            assert _cors(got) == expected.lines, (name, method, headers)


def origin_values(data: bytes) -> None:
    """Values of ``Origin``: parsed, and answered by each kind of policy, as the rules say."""
    origin = data.decode("latin-1")
    parts, expected = parse_origin(origin), naive.origin_of(origin)
    assert (parts and tuple(parts)) == (expected and (expected.scheme, expected.host, expected.port)), origin
    _hold_against_the_rules({"origin": origin})
    _hold_against_the_rules({"origin": origin, "access-control-request-method": "PUT"})


def request_header_lists(data: bytes) -> None:
    """Values of ``Access-Control-Request-Method`` and ``-Headers``: echoed, listed or refused as the rules say."""
    method, names = fields(data, 2)
    asked = {"origin": PAGE, "access-control-request-method": method, "access-control-request-headers": names}
    _hold_against_the_rules(asked)
    _hold_against_the_rules({"origin": PAGE, "access-control-request-method": method})


def response_header_lists(data: bytes) -> None:
    """Headers of an application: ``Access-Control-*`` replaced, ``Vary`` merged, all others left alone."""
    lines = [line.partition(":") for line in data.decode("latin-1").split("\n")]
    headers = [(name, value.strip(" \t\r")) for name, colon, value in lines if colon and naive.is_token(name)]
    _APPLICATION.headers = headers
    try:
        for name, options in POLICIES.items():
            for origin in (PAGE, "https://evil.example"):
                expected = naive.sent(options, "GET", {"origin": origin})
                if expected.status is None:
                    _, got = _asked(name, "GET", {"origin": origin})
                    assert sorted(got) == naive.decorated(headers, expected.lines, expected.times), (name, headers)
    finally:
        _APPLICATION.headers = _RESPONSE


_EXPRESSIONS = (
    re.compile(r"https://.*\.example\.com"),
    re.compile(b"a"),
    re.compile(".*"),
    re.compile("(?i)https://a"),
)


def settings(data: bytes) -> None:
    """Options from a mapping: a policy that works, or every fault with a correction that is none."""
    parts = [part.decode("utf-8", "surrogateescape") for part in data.split(SEPARATOR)][:12]
    options = {name: option_value(value) for name, value in zip(parts[::2], parts[1::2], strict=False)}
    try:
        policy = Policy.from_options(options)
    except PolicyError as error:
        for problem in error.problems:
            assert len(str(problem).splitlines()) == 1, problem
            if problem.option in OPTIONS and problem.code != "unknown-option" and problem.suggestion is not None:
                # The correction of one entry of a list is a value of the option by itself.
                again = problems_of(**{"allow_origins": PAGE} | {problem.option: problem.suggestion})
                assert again == (), (problem, again)
        return
    assert Policy(**policy.as_dict()) == policy
    assert hash(Policy.from_options(policy.as_dict())) == hash(policy)
    assert eval(repr(policy), {"re": re, "Policy": Policy}) == policy
    started: list[Any] = []
    middleware = CORSMiddleware(_APPLICATION, policy)
    for method in ("GET", "OPTIONS"):
        environ = {"REQUEST_METHOD": method, "HTTP_ORIGIN": PAGE, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
        middleware(environ, lambda status, headers, exc_info=None: started.extend(headers))
    assert all(value.isascii() and value.isprintable() for pair in started for value in pair), started


def settings_files(data: bytes) -> None:
    """Texts of settings files: policies, or every fault on one line, with a place that there is."""
    text = data.decode("utf-8", "replace")
    for suffix in (".toml", ".ini"):
        try:
            policies = policies_in(Lines(f"cors{suffix}", text), suffix)
        except PolicyError as error:
            for problem in error.problems:
                assert len(str(problem).splitlines()) == 1, problem
                place = re.fullmatch(rf"cors\{suffix}(?::([0-9]+)(?: \(for .*\))?)?", problem.place, re.DOTALL)
                assert place, problem
                assert 1 <= int(place[1] or 1) <= text.count("\n") + 1, problem
            continue
        assert "cors" in text
        for path, policy in ({"/": policies} if isinstance(policies, Policy) else policies).items():
            assert path.startswith("/")
            assert policy is None or Policy(**policy.as_dict()) == policy


def case_files(data: bytes) -> None:
    """Texts of files of cases: cases that can be asked, or every fault on one line, with a line that there is."""
    text = data.decode("utf-8", "replace")
    for command in KEYS:
        try:
            cases = cases_in(text, "cases.toml", command)
        except UsageError as error:
            for fault in error.args:
                place = re.match(r"cases\.toml(?::([0-9]+))?: ", fault)
                assert place, fault
                assert fault.isprintable(), fault
                assert 1 <= int(place[1] or 1) <= text.count("\n") + 1, fault
            continue
        assert cases
        for case in cases:
            verdict = Browser(_APPLICATION, case.origin).fetch(
                case.url,
                method=case.method or "GET",
                headers=case.headers,
                credentials=case.credentials or "same-origin",
                send=False,
            )
            assert not [note for note in verdict.notes if note.code == NoteCode.HEADER_DROPPED], case


def option_value(text: str) -> Any:
    """Return the value that a text stands for, by its first character."""
    kind, rest = text[:1], text[1:]
    match kind:
        case "[":
            return [option_value(part) for part in rest.split("|")][:8]
        case "#":
            try:
                return float(rest) if "." in rest or "n" in rest else int(rest[:12])
            except ValueError:
                return rest
        case "!":
            return {"T": True, "F": False, "N": None}.get(rest, rest.encode("utf-8", "surrogateescape"))
        case "~":
            return _EXPRESSIONS[len(rest) % len(_EXPRESSIONS)]
        case "@":
            return timedelta(seconds=len(rest) * 1000, milliseconds=500 * (rest[:1] == "m"))
        case _:
            return text


# The browser's side


def header_list_values(data: bytes) -> None:
    """Lists of names in responses, and what is safelisted of a request, as the rules say."""
    name, value, age = fields(data, 3)
    lines = value.split("\n")
    expected = [element for line in lines for element in naive.elements(line)]
    try:
        assert fetch.extract_header_list_values(lines) == expected
        assert all(map(naive.is_token, expected))
    except ValueError:
        assert not all(map(naive.is_token, expected))
    assert fetch.is_token(name) == naive.is_token(name)
    if '"' not in value:
        assert fetch.is_forbidden_request_header(name, value) == naive.is_dropped(name, value)
    for each in (name, "accept", "Accept-Language", "content-language", "Content-Type", "range"):
        safe = fetch.is_cors_safelisted_request_header(each, value)
        assert safe == naive.is_safelisted(each.lower(), value), (each, value)
    headers = [(name, value), ("accept", value), ("accept-language", value), ("content-type", age), ("Range", age)]
    assert fetch.cors_unsafe_request_header_names(headers) == naive.unsafe_names(headers)
    seconds = fetch.extract_max_age([age])
    digits = age.strip(" \t")
    is_valid = digits != "" and all(each in naive.DIGITS for each in digits)
    assert seconds == (min(int(digits[-4000:]), 2**31) if is_valid and len(digits) < 4000 else seconds)
    assert (seconds is not None) == is_valid


class _Server:
    """Answers the first request as it is told to, and all others plainly; keeps what came."""

    def __init__(self, status: str, headers: list[tuple[str, str]]) -> None:
        self._status, self._headers = status, headers
        self.asked: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.asked.append(environ)
        shared = [("Access-Control-Allow-Origin", "*"), ("Content-Type", "text/plain")]
        if len(self.asked) == 1:
            start_response(self._status, [*shared, *self._headers])
        else:
            start_response("200 OK", shared)
        return []


def locations(data: bytes) -> None:
    """Values of ``Location``: followed over HTTP, or refused with a reason; never anything else."""
    server = _Server("302 Found", [("Location", data.decode("latin-1"))])
    verdict = Browser(server, PAGE).fetch(f"{API}/a/b?c#d")
    assert verdict.outcome in ("readable", "blocked"), verdict
    assert len(verdict.exchanges) == len(server.asked) <= 2, verdict
    for exchange in verdict.exchanges:
        assert re.match("https?://[^/@]+/", exchange.url), exchange
        assert "#" not in exchange.url, exchange
        assert all(value.isprintable() for _, value in exchange.request_headers), exchange
    if len(server.asked) == 2:
        assert verdict.reason.code in (Code.CORS_CHECK_PASSED, Code.SAME_ORIGIN), verdict
        # fetch#concept-request-tainted-origin
        stays = verdict.exchanges[1].url.startswith(f"{API}/")
        assert server.asked[1]["HTTP_ORIGIN"] == (PAGE if stays else "null"), verdict
    else:
        assert verdict.reason.code.value.startswith(("location-", "bad-port", "mixed-content")), verdict


def cookies(data: bytes) -> None:
    """Values of ``Set-Cookie``: in every engine, what comes back is what was set, on one line.

    Firefox makes other bytes UTF-8, and WebKit cuts where they begin.
    """
    text = data.decode("latin-1")
    name, _, value = (part.strip(" \t") for part in text.partition(";")[0].partition("="))
    pairs = {f"{name}={value}", f"{name}{value}", f"{name}="}
    for engine in ("standard", *ENGINES):
        server = _Server("200 OK", [("Set-Cookie", text)])
        browser = Browser(server, API, engine=engine, cookies={"given": "1"})
        verdicts = [browser.fetch(f"{API}/a/b", credentials="include") for _ in range(2)]
        first, second = (environ.get("HTTP_COOKIE") for environ in server.asked)
        assert first == "given=1"
        own = None if second in (None, "given=1") else str(second).removeprefix("given=1; ")
        assert own is None or not re.search("[\0-\x08\n-\x1f;]", own), (engine, text, second)
        if own in pairs or own is None:
            continue
        is_cut = engine == "webkit" and re.match(r"[^=]*=?", own)[0].rstrip("=") in text  # type: ignore[index]  # always
        is_replaced = engine == "firefox" and "\xef\xbf\xbd" in own
        assert is_cut or is_replaced, (engine, text, second)
        assert not verdicts[0].notes, (engine, text, second)


def urls(data: bytes) -> None:
    """What a script gives to fetch(), and a page's origin: a verdict, or the error that is declared."""
    url, origin = fields(data, 2)
    server = _Server("200 OK", [])
    try:
        browser = Browser(server, origin)
    except ValueError:
        browser = Browser(server, PAGE)
    try:
        verdict = browser.fetch(url)
    except TypeError:
        assert server.asked == []
        return
    assert len(verdict.exchanges) == len(server.asked)
    for environ in server.asked:
        sent = environ.get("HTTP_ORIGIN", "null")
        assert sent in ("null", browser.origin), sent
        scheme, _, host = sent.partition("://")
        # Hosts of schemes that the URL Standard does not know may hold almost anything.
        assert sent == "null" or (scheme not in OPAQUE_SCHEMES and re.fullmatch("[!-~]+", host)), sent
        assert not set(host) & set("/@?#"), sent


TARGETS: Mapping[str, Target] = {
    target.__name__.replace("_", "-"): target
    for target in (
        *(origin_patterns, origin_values, request_header_lists, response_header_lists),
        *(settings, settings_files, case_files),
        *(header_list_values, locations, cookies, urls),
    )
}
