"""``corswsgi lint`` and ``corswsgi explain``: faults and advice with their places, and what a policy answers where."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django.conf
import pytest
from django.core.handlers.wsgi import WSGIHandler

from corswsgi import CORSMiddleware, Policy, applications, cli
from corswsgi.checker.findings import Severity
from corswsgi.checker.kinds import KINDS
from corswsgi.checker.lookalikes import lookalikes_of
from corswsgi.checker.rules.policy import advise
from corswsgi.errors import UsageError
from corswsgi.settings import follow
from corswsgi.sources import source_of

APP = "https://app.example.com"


def told(policy: Policy) -> list[tuple[str, str, object]]:
    return [(each.finding.code, each.option, each.value) for each in advise(policy)]


def codes(policy: Policy) -> list[str]:
    return [code for code, _, _ in told(policy)]


# Advice


@pytest.mark.parametrize(
    "policy",
    [
        Policy(APP),
        Policy("*"),
        Policy([APP, "http://localhost:*"], allow_methods=["PUT", "QUERY"], allow_headers=["Content-Type"]),
        Policy([APP, "https://*.example.com"][:1], allow_credentials=True, expose_headers=["X-Total-Count"]),
        Policy(lambda origin, request: True, vary=["X-Edition"]),
        Policy(re.compile(r"https://pr-[0-9]+\.example\.com"), max_age=None),
        Policy(["https://a.example.com", "https://*.example.net", "https://*.b.example.net:*"][:2]),
    ],
)
def test_there_is_nothing_to_say_about_a_good_policy(policy: Policy) -> None:
    assert told(policy) == []


#: Entries of allow_origins, and those that are told as covered.
COVERED: dict[str, tuple[list[str], list[str]]] = {
    "twice": ([APP, APP], [APP]),
    "by everything": (["*", APP], [APP]),
    "by a pattern": ([APP, "https://*.example.com"], [APP]),
    "by a pattern of ports": (["http://localhost:3000", "http://localhost:*"], ["http://localhost:3000"]),
    "a pattern by a wider one": (["https://*.a.example.com", "https://*.example.com"], ["https://*.a.example.com"]),
    "a pattern by one of all ports": (["http://*.localhost", "http://*.localhost:*"], ["http://*.localhost"]),
    "another scheme": (["http://a.localhost", "https://*.localhost"], []),
    "another port": (["https://app.example.com:8443", "https://*.example.com"], []),
    "the host itself": (["https://example.com", "https://*.example.com"], []),
    "subdomains by one host": (["http://*.localhost", "http://localhost:*"], []),
}


@pytest.mark.parametrize(("entries", "covered"), COVERED.values(), ids=COVERED)
def test_an_origin_that_another_entry_covers(entries: list[str], covered: list[str]) -> None:
    policy = Policy(entries)
    assert [value for code, _, value in told(policy) if code == "origin-covered-by-another"] == covered
    for entry in covered:  # it really changes nothing
        rest = [each for index, each in enumerate(entries) if each != entry or index]
        example = entry.replace("*.", "x.").removesuffix(":*")
        assert example in (Policy(rest).matcher or [example])


def test_ten_thousand_origins_are_looked_up_and_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [f"https://h{number}.example.com" for number in range(10_000)]
    assert told(Policy(entries)) == []
    assert len(told(Policy([*entries, "https://*.example.com"]))) == 10_000


@pytest.mark.parametrize(
    ("entry", "code", "severity", "credentials"),
    [
        ("http://app.example.com", "insecure-origin-allowed", Severity.LOW, False),
        ("http://app.example.com", "insecure-origin-allowed", Severity.MEDIUM, True),
        ("https://*.github.io", "pattern-wider-than-needed", Severity.MEDIUM, False),
        ("https://*.github.io", "pattern-wider-than-needed", Severity.HIGH, True),
        ("https://app.example.com:*", "pattern-wider-than-needed", Severity.LOW, False),
        ("null", "null-origin", Severity.LOW, False),
    ],
)
def test_an_origin_that_lets_others_in(entry: str, code: str, severity: Severity, credentials: bool) -> None:
    policy = Policy(
        ["https://b.example", entry],
        allow_credentials=credentials,
        dangerously_allow=["insecure-origins", "public-suffixes"] if credentials else (),
    )
    (advice,) = advise(policy)
    assert (advice.finding.code, advice.finding.severity, advice.value) == (code, severity, entry)


#: An expression; what it is meant for, what it lets through, and the code. Each is tried with the policy itself.
LOOKALIKES: dict[str, list[tuple[str, str, str]]] = {
    r"https://.*example\.com": [("https://example.com", "https://evilexample.com", "origin-prefix")],
    r"https://example\.com.*": [("https://example.com", "https://example.com.evil.example", "origin-suffix")],
    r"https://www.example\.com": [("https://www.example.com", "https://wwwxexample.com", "origin-dot")],
    r"https?://example\.com": [("https://example.com", "http://example.com", "origin-http")],
    r"https://.*": [("https://a.b.example", "https://evil.example", "pattern-wider-than-needed")],
    r"https://[^.]+\.example\.com": [],
    r"https://(?:a|b)\.example\.com(?::[0-9]{1,5})?": [],
    r"https://\w+\.example\.com|https://example\.org": [],
    r"https://[^e]\S\d[\D]\.example\.com": [],
    r"(https)://[^.e]+\.example\.com": [],
    r"https://a.example\.(com|x)": [("https://a.example.com", "https://axexample.com", "origin-dot")],
    r"https://a.b\.example\.com": [],  # what the dot lets through is below the same domain
    r"(?>https)://(?=a)a++\.example\.com": [],
    r"capacitor://localhost": [],
    r"nothing that is an origin": [],
}


@pytest.mark.parametrize(("expression", "found"), LOOKALIKES.items(), ids=LOOKALIKES)
def test_an_expression_that_lets_lookalikes_through(expression: str, found: list[tuple[str, str, str]]) -> None:
    policy = Policy(re.compile(expression))
    assert policy.matcher is not None
    advice = list(advise(policy))
    assert [each.finding.code for each in advice] == [code for _, _, code in found]
    for each, (_, value, _) in zip(advice, found, strict=True):
        assert value in policy.matcher
        assert value in each.finding.sentence
        assert f're:{expression}"' in each.finding.sentence


def test_lookalikes_of_a_long_expression_are_bounded() -> None:
    assert list(lookalikes_of(re.compile(rf"https://(?:{'|'.join(f'h{n}' for n in range(500))})\.example\.com"))) == []
    assert list(lookalikes_of(re.compile(rf"https://a{{1000}}[b-z]{'(?:a|b)' * 50}\.example\.com"))) == []


def test_with_credentials_an_expression_allows_no_insecure_origin() -> None:
    policy = Policy(
        re.compile(r"https?://app\.example\.com"), allow_credentials=True, dangerously_allow=["insecure-origins"]
    )
    assert codes(policy) == ["origin-http"]
    assert next(advise(policy)).finding.severity is Severity.MEDIUM


NAMES: dict[str, tuple[dict[str, Any], list[tuple[str, str, object]]]] = {
    "methods": (
        {"allow_methods": ["GET", "OPTIONS", "patch", "PUT", "qUeRy"]},
        [
            ("name-needs-no-listing", "allow_methods", "GET"),
            ("name-needs-no-listing", "allow_methods", "OPTIONS"),
            ("method-listed-in-lower-case", "allow_methods", "patch"),
        ],
    ),
    "any method": ({"allow_methods": "*"}, [("any-method", "allow_methods", "*")]),
    "headers": (
        {"allow_headers": ["accept", "Content-Type"]},
        [("name-needs-no-listing", "allow_headers", "accept")],
    ),
    "any header": ({"allow_headers": ["*", "Authorization"]}, [("any-header", "allow_headers", "*")]),
    "exposed": (
        {"expose_headers": ["Content-Type", "ETag"]},
        [("name-needs-no-listing", "expose_headers", "Content-Type")],
    ),
    "any exposed": ({"expose_headers": "*"}, [("any-header-exposed", "expose_headers", "*")]),
    "vary": ({"vary": ["X-Edition"]}, [("vary-without-callable", "vary", "X-Edition")]),
    "max age": ({"max_age": 86400}, [("max-age-cut-short", "max_age", 86400)]),
}


@pytest.mark.parametrize(("options", "expected"), NAMES.values(), ids=NAMES)
def test_names_and_times(options: dict[str, Any], expected: list[tuple[str, str, object]]) -> None:
    assert told(Policy(APP, **options)) == expected


# The command


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    status = cli.main(arguments)
    printed = capsys.readouterr()
    return status, (printed.out + printed.err).splitlines()


def test_lint_of_a_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(f'[cors]\nallow_origins = "{APP}"\n', "utf-8")
    assert run(capsys, "lint", str(path)) == (0, [f"{path}: nothing to change."])


FILE = """\
[cors]
"/none" = "none"
allow_origins = [
    "https://app.example.com",
    're:https://.*example\\.org',
    "http://app.example.com",
]
allow_methods = ["patch"]

[cors."/public"]
allow_headers = "*"
max_age = "1 hour"

[cors."/same"]
"""


def test_advice_has_the_file_and_the_line_and_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(FILE, "utf-8")
    status, lines = run(capsys, "lint", str(path))
    assert status == 1
    assert [re.sub(r".*(:[0-9]+: \w+): .*(\[.*\])", r"\1 \2", line) for line in lines if line[0] != " "] == [
        ":5: low [origin-prefix]",
        ":6: low [insecure-origin-allowed]",
        ":8: low [method-listed-in-lower-case]",
        ":11: info [any-header]",
        ":12: info [max-age-cut-short]",
        ":14: info [rule-like-its-parent]",
    ]
    assert all(line.startswith("    ") and line.endswith(".") for line in lines[1::2])
    assert not caplog.records, "what is told as advice is not logged as well"


def test_faults_have_their_own_codes_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cors.ini"
    path.write_text("[cors]\nallow_origins = https://app.example.com/\nallow_header = X-A\n", "utf-8")
    status, lines = run(capsys, "lint", str(path))
    assert status == 2
    assert lines == [
        f'{path}:2: high: allow_origins: "https://app.example.com/" is not an origin as browsers write it: an origin '
        'does not end in a slash; did you mean "https://app.example.com"? [origin-trailing-slash]',
        f'{path}:3: high: allow_header: there is no such option; did you mean "allow_headers"? [unknown-option]',
    ]
    status, lines = run(capsys, "lint", str(tmp_path / "none.toml"))
    assert (status, lines[0].endswith("[file-unreadable]")) == (2, True)


def test_json_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(FILE, "utf-8")
    status, lines = run(capsys, "lint", "--json", str(path))
    findings = json.loads("\n".join(lines))
    assert status == 1
    assert [each["code"] in KINDS for each in findings] == [True] * 6
    assert findings[0]["place"] == f"{path}:5"
    assert findings[0]["severity"] == "low"
    path.write_text(f'[cors]\nallow_origins = "{APP}"\n', "utf-8")
    assert run(capsys, "lint", "--json", str(path)) == (0, ["[]"])


# The policy of an application


def application(environ: Any, start_response: Any) -> Any:
    raise AssertionError("it is looked at, and not called")


def closure(app: Any) -> Any:
    empty: Any

    def wrapper(environ: Any, start_response: Any) -> Any:
        return app(environ, start_response) if app else empty

    if app is None:
        empty = None
    return wrapper


class Server:
    """Keeps a method of an application."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.itself = self
        self.application = self

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)

    def method(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


WRAPPED = CORSMiddleware(application, Policy(APP, allow_methods="*"))
NOTHING = SimpleNamespace(app=None)


@pytest.mark.parametrize(
    "app", [WRAPPED, closure(WRAPPED), Server(WRAPPED), Server(WRAPPED).method, closure(Server(WRAPPED))]
)
def test_the_middleware_is_found_in_an_application(
    app: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(applications, "_import_module", lambda *names: SimpleNamespace(application=app))
    status, lines = run(capsys, "lint", "--app", "site:application")
    assert (status, lines[0].partition(" [")[0]) == (
        1,
        "site:application: info: allow_methods is *, so pages may send any method",
    )


def test_a_file_that_an_application_follows_is_looked_at_as_it_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(f'[cors]\nallow_origins = "{APP}"\n', "utf-8")
    app = CORSMiddleware(application, follow(path))
    monkeypatch.setattr(applications, "_import_module", lambda *names: SimpleNamespace(application=app))
    source = source_of(None, "site:application")
    assert (source.policies, source.is_one) == ({"/": Policy(APP)}, True)
    app.policy = {"/api": Policy("*")}
    assert source_of(None, "site:application").policies == {"/api": Policy("*")}


def test_the_setting_of_a_django_project_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = object.__new__(WSGIHandler)
    monkeypatch.setattr(applications, "_import_module", lambda *names: SimpleNamespace(application=handler))
    monkeypatch.setattr(django.conf, "settings", SimpleNamespace(CORSWSGI={"allow_origins": [APP]}))
    assert source_of(None, "site:application").policies == {"/": Policy([APP])}


REFUSED: dict[str, tuple[str | None, Any, str]] = {
    "neither": (None, None, "there is no policy to look at; name a settings file, or give --app module:callable"),
    "both": ("cors.toml", application, 'there are two policies to look at, "cors.toml" and --app "site:application"'),
    "none": (None, closure(None), "no CORSMiddleware was found in it"),
    "deep": (None, closure(Server(application)), "no CORSMiddleware was found in it"),
    "a callable": (None, CORSMiddleware(application, lambda request: None), "a callable chooses a policy"),
}


@pytest.mark.parametrize(("file", "app", "message"), REFUSED.values(), ids=REFUSED)
def test_an_application_without_a_policy_that_could_be_read(
    file: str | None, app: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applications, "_import_module", lambda *names: SimpleNamespace(application=app))
    with pytest.raises(UsageError, match=re.escape(message)):
        source_of(file, None if app is None else "site:application")


# explain

RULES = """\
[cors]
allow_origins = ["https://app.example.com"]
allow_methods = ["PUT"]
allow_headers = ["Content-Type"]

[cors."/api"]
allow_origins = ["https://app.example.com", "https://b.example"]
allow_credentials = true
allow_timing = true
expose_headers = ["ETag"]
enforce = true
preflight_status = 200

[cors."/public"]
allow_origins = "*"
vary = ["X-Edition"]

[cors."/any"]
allow_origins = ["https://app.example.com", "https://b.example"]
vary = ["X-Edition"]
"""


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "cors.toml"
    path.write_text(RULES, "utf-8")
    return str(path)


EXPLAINED: dict[str, tuple[list[str], list[str]]] = {
    "the rule, its place, and a preflight": (
        ["--path", "/api/x", "--origin", APP, "-X", "put", "-H", "content-type: application/json", "--credentials"],
        [
            'The rule for "/api" governs "/api/x" ({}:6).',
            "The preflight is answered 200 OK:",
            "  Access-Control-Allow-Credentials: true",
            "      allow_credentials",
            "  Content-Length: 0",
            "The application's response gets:",
            "  Timing-Allow-Origin: https://app.example.com",
            "  Access-Control-Expose-Headers: ETag",
            "      expose_headers",
            "      the response depends on the requesting origin, and caches must know that",
        ],
    ),
    "an enforced refusal": (
        ["--path", "/api", "--origin", "https://c.example"],
        [
            "The request is answered 403 Forbidden, unless it comes from the server's own pages:",
            "      whether the request is refused depends on more than a cache compares",
        ],
    ),
    "a preflight by itself": (
        ["--path", "api", "--origin", APP, "-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT"],
        ['The rule for "/api" governs "/api" ({}:6).', "The preflight is answered 200 OK:"],
    ),
    "everyone": (
        ["--path", "/public", "--origin", "https://c.example"],
        ['      allow_origins is "*"', "      the names in vary"],
    ),
    "one origin": (
        ["--origin", "https://c.example", "-H", "X-Own"],
        ["      the only origin in allow_origins, sent to all"],
    ),
    "more than Origin": (
        ["--path", "/any", "--origin", "https://c.example"],
        ["      the response depends on the requesting origin, and caches must know that; the names in vary are added"],
    ),
    "no page": (
        ["--path", "/any"],
        ["The request has no Origin header, so CORS does not apply (fetch#cors-request)."],
    ),
    "closed": (["--path", "/api/../x", "--origin", APP], ['"/api/../x" is closed: servers read it in different ways']),
}


@pytest.mark.parametrize(("arguments", "expected"), EXPLAINED.values(), ids=EXPLAINED)
def test_explain(arguments: list[str], expected: list[str], rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run(capsys, "explain", rules, *arguments)
    assert status == 0
    for line in expected:
        assert any(each.startswith(line.format(rules)) for each in lines), "\n".join(lines)
    assert ("The application's response gets:" in lines) == (
        "OPTIONS" not in arguments and "403" not in expected[0] and "closed" not in expected[0]
    )


def test_explain_where_no_rule_governs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(f'[cors]\n"/none" = "none"\n[cors."/api"]\nallow_origins = "{APP}"\n', "utf-8")
    untouched = "Requests and responses pass through untouched, with any CORS headers that the application sets."
    assert run(capsys, "explain", str(path))[1] == ['No rule governs "/".', untouched]
    said = f'The rule for "/none" governs "/none/x" ({path}:2), which says that there is no policy.'
    assert run(capsys, "explain", str(path), "--path", "/none/x")[1] == [said, untouched]


def test_explain_of_one_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cors.toml"
    path.write_text('[cors]\nallow_origins = ["https://a.example", "https://b.example"]\n', "utf-8")
    lines = run(capsys, "explain", str(path))[1]
    assert lines[0] == f"One policy governs every path ({path}:1)."
    path.write_text('[cors]\nallow_origins = "*"\n', "utf-8")
    assert run(capsys, "explain", str(path))[1][-2:] == [
        "  Access-Control-Allow-Origin: *",
        '      allow_origins is "*"',
    ]


@pytest.mark.parametrize("answer", [True, False, 17])
def test_explain_asks_the_callable_of_an_application(
    answer: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def decide(origin: str, request: Any) -> Any:
        asked.append(request.path)
        return answer

    app = CORSMiddleware(application, Policy(decide))
    monkeypatch.setattr(applications, "_import_module", lambda *names: SimpleNamespace(application=app))
    status, lines = run(capsys, "explain", "--app", "site:application", "--path", "/\u00e9", "--origin", APP)
    assert status == (2 if answer == 17 else 0)
    assert asked[0] == "/%C3%A9"
    assert ("fails" in lines[0]) == (answer == 17)
