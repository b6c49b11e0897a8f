"""What is exported, without a server: the statements, the expressions, the command, and nginx's configuration."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from amounts import examples
from cors_tables import MALFORMED_ORIGINS, ORIGINS
from exporting.behind import decoded
from hypothesis import given
from hypothesis import strategies as st
from test_differential import PAGES

from corswsgi import Policy, PolicyError, cli
from corswsgi.errors import Fault, UsageError
from corswsgi.export import SERVERS, Place, apache, caddy, configuration, nginx
from corswsgi.export.configuration import Configuration, Server
from corswsgi.export.expressions import ILL_FORMED, INSECURE, any_of, characters, guarded, literal, of_pattern, one_of
from corswsgi.export.paths import UNCLEAR, covered
from corswsgi.export.statements import ORIGIN, Said, Site, Statement, site_of
from corswsgi.export.translation import portable
from corswsgi.origins import OriginMatcher, OriginPattern
from corswsgi.policy import CLOSED
from corswsgi.routes import Routes

APP, SHOP = "https://app.example.com", "https://shop.example.com:8443"


def python(expression: str) -> re.Pattern[str]:
    """Return an expression as Python has it, which writes the end of a text in another way."""
    return re.compile(expression.replace(r"\z", r"\Z"))


# Expressions

SCHEMES = ("http", "https", "ws", "wss", "ftp", "capacitor", "file", "data", "x" * 64, "x" * 65, "1x")
HOSTS = (
    *(
        "example.com",
        "app.example.com",
        "a.b.example.com",
        "xn--fa-hia.example.com",
        "example.com.",
        "app.example.com.",
    ),
    *(
        "localhost",
        "a.localhost",
        "localhost.",
        "127.0.0.1",
        "127.1",
        "1.2.3.4",
        "1.2.3.256",
        "0x7f.1",
        "a.0x7f",
        "[::1]",
    ),
    *(
        "[2001:db8::1]",
        "evil-example.com",
        "example.com.evil.example",
        ".example.com",
        "a..example.com",
        "_a.example.com",
    ),
    *(f"{'a' * 63}.example.com", f"{'a' * 64}.example.com", f"{'a.' * 120}example.com", f"{'a.' * 121}example.com"),
    *(f"{'a.' * 122}example.com.", f"{'a.' * 121}xample.com", f"{'a.' * 121}xample.com.", f"{'a.' * 126}a", "a b", ""),
)
PORTS = (
    "",
    ":80",
    ":443",
    ":21",
    ":1",
    ":0",
    ":01",
    ":8443",
    ":65535",
    ":65536",
    ":99999",
    ":100000",
    ":",
    ":*",
    ":442",
)
URLS = st.builds("{}://{}{}".format, st.sampled_from(SCHEMES), st.sampled_from(HOSTS), st.sampled_from(PORTS))
KNOWN = st.sampled_from(
    [*PAGES, *MALFORMED_ORIGINS.values(), *(each for row in ORIGINS for each in row.allowed + row.refused)]
)
ANY_ORIGINS = URLS | KNOWN
PATTERNS = (
    *(
        "https://*.example.com",
        "https://*.example.com:*",
        "http://localhost:*",
        "http://*.example.com:8443",
        "ftp://a:*",
    ),
    *(
        "http://[::1]:*",
        "capacitor://localhost:*",
        "https://*.example.com.",
        "https://*.com:*",
        "wss://app.example.com:*",
    ),
)


@examples(1500)
@given(ANY_ORIGINS, st.sampled_from(PATTERNS))
def test_a_pattern_is_the_same_as_an_expression(origin: str, text: str) -> None:
    pattern = OriginPattern.parse(text)
    assert pattern is not None
    assert bool(python(of_pattern(pattern)).fullmatch(origin)) == (origin in OriginMatcher(patterns=[pattern]))


@pytest.mark.parametrize("text", PATTERNS)
def test_a_pattern_without_lookahead_differs_in_hosts_that_are_too_long_only(text: str) -> None:
    pattern = OriginPattern.parse(text)
    assert pattern is not None
    expression = of_pattern(pattern, lookahead=False)
    assert "(?=" not in expression
    for origin in PAGES:
        assert bool(python(expression).fullmatch(origin)) == (origin in OriginMatcher(patterns=[pattern]))


@pytest.mark.parametrize("scheme", ["http", "https", "x-a"])
def test_any_port_is_every_port_but_the_default(scheme: str) -> None:
    matcher = OriginMatcher(patterns=[OriginPattern(scheme, "a", "*", False)])
    asked = python(of_pattern(OriginPattern(scheme, "a", "*", False)))
    wrong = [
        port
        for port in (*range(1100), *range(1100, 65000, 97), *range(64900, 66000), 70000, 100000)
        if bool(asked.fullmatch(f"{scheme}://a:{port}")) != (f"{scheme}://a:{port}" in matcher)
    ]
    assert wrong == []


REGEXES = (
    *(r"https://(app|shop)\.example\.com", r"https://[a-z0-9-]+\.example\.com(:[0-9]{1,5})?", r".*", r"http.*", r""),
    *(
        r"^https://app\.example\.com$",
        r"\Ahttps://(?:a|\w+)\.b\Z",
        r"https://[^.]+\.example\.com",
        r"(?i)HTTPS://APP\..*",
    ),
    *(r"https?://(?P<name>a{2,3}|b{,2}|c{3}|d{1,})x{}", r"https://\x61pp\u002eexample\.com", r"[]a-z:/.]*?", r"[^]x]+"),
    *(
        r"https://app\.Example\.com|http://127\.0\.0\.1:8000",
        r"https://\S+",
        r"(?s)h.+",
        r"\D+\d*",
    ),
)


@examples(1500)
@given(ANY_ORIGINS, st.sampled_from(REGEXES), st.booleans())
def test_an_expression_of_python_is_the_same_in_all_dialects(origin: str, text: str, secure: bool) -> None:
    regex = re.compile(text)
    if "[0" in origin:  # that an IPv6 address is written otherwise than browsers do is not seen
        return
    exclusions = (*ILL_FORMED, INSECURE) if secure else ILL_FORMED
    expression = guarded(portable(regex), exclusions)
    matcher = OriginMatcher(regexes=[regex], secure_regexes=secure)
    assert bool(python(expression).fullmatch(origin)) == (origin in matcher)


PIECES = (
    "a",
    ".",
    r"\.",
    "[a-p]",
    r"[^\w]",
    r"\d",
    "x",
    "://",
    "(a|b)",
    "(?:ab|c.)",
    "|",
    "*",
    "+",
    "?",
    "{2}",
    "{1,3}",
    "{,2}",
    "*?",
)


@examples(600)
@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.text("abcx.-:/1", max_size=6),
    st.sampled_from([0, re.IGNORECASE, re.ASCII, re.DOTALL]),
)
def test_made_up_expressions_are_the_same_too(text: str, subject: str, flags: int) -> None:
    try:
        regex = re.compile(text, flags)
    except re.error:
        return
    try:
        expression = portable(regex)
    except ValueError:
        return
    assert bool(python(expression).fullmatch(subject)) == bool(regex.fullmatch(subject))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (r"(a)\1", r"\\1"),
        (r"https://(?=a).*", "(?="),
        (r"https://(?<!a).*", "(?<!"),
        (r"(?>a)b", "(?>"),
        (r"a++b", "a+"),
        (r"(?i:a)", "(?i"),
        (r"a\b.", r"\\b"),
        (r"(?P<x>a)(?P=x)", "(?P="),
        (r"a{251}", "a{251}"),
        (r"(a{2}){2}", "(a{2}){2}"),
        (r"((a{2})b){2}", "((a{2})b){2}"),
        (r"(?x) a", "re.VERBOSE"),
        (r"a(?#b)", "(?#"),
    ],
)
def test_what_other_dialects_read_otherwise_is_refused(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)):
        portable(re.compile(text))


def test_a_literal_is_a_literal_whatever_it_holds() -> None:
    data = bytes(range(256))
    assert literal(data).isascii()
    assert literal(data).isprintable()
    assert python(literal(data)).fullmatch(data.decode("latin-1"))
    assert one_of("x") == "x"
    assert one_of("cab.") == r"[\x2ea-c]"


@examples(300)
@given(st.sets(st.text("ab.:", max_size=5), min_size=1, max_size=12), st.text("ab.:", max_size=5))
def test_any_of_many_texts(texts: set[str], subject: str) -> None:
    assert bool(python(any_of(texts)).fullmatch(subject)) == (subject in texts)


def test_texts_that_begin_alike_share_their_beginning() -> None:
    assert any_of(["null", "https://b", "https://a"]) == r"(?:https\x3a//(?:a|b)|null)"
    assert any_of(["a", "ab"]) == "a(?:b)?"


def test_characters_are_code_points() -> None:
    assert characters("/\u00e9 \U0001f600") == r"/\x{e9}\x20\x{1f600}"


def test_texts_are_shared_in_so_many_groups_as_servers_take() -> None:
    texts = ["a" * length for length in range(1, 254)]
    expression = any_of(texts)
    assert expression.count("(?:") == 201
    assert all(python(expression).fullmatch(text) for text in texts)
    assert not python(expression).fullmatch("a" * 254)


# Paths

RULES = ("/", "/api", "/api/v2", "/é", '/a"b', "/a b;{$x}", "/a\nb")
TARGETS = (
    *(
        "/",
        "/api",
        "/api/",
        "/apis",
        "/api/v2/x",
        "/%61pi",
        "/api%2Fv2",
        "/api/./v2",
        "/api/%2e%2E/x",
        "/x//y",
        "/a%5cb",
    ),
    *(
        "/api?x=//",
        "/api/v2?/../",
        "/%C3%A9/x",
        "/a%22b",
        "/a%20b;%7B$x%7D/",
        "/a%0ab/c",
        "/api%0a",
        "/x%00y",
        "/api\\v2",
    ),
    *("/api/.", "/api/..", "/api/..x", "/.well-known/x", "/api/...", "/%252e%252e/", "/x#/../api", "//", "/api/v2//"),
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("rules", [("/api",), RULES, RULES[1:], ("/",)])
def test_a_path_leads_to_its_statement(target: str, rules: tuple[str, ...]) -> None:
    policies: dict[str, Policy | None] = {path: Policy("*", max_age=number) for number, path in enumerate(rules)}
    site = site_of(policies, "nginx")
    path = decoded(target)
    number = site.elsewhere
    for rule in reversed(site.rules):
        if python(covered(rule.path)).match(path):
            number = rule.statement
    is_unclear = any(python(f"(?i){each}").match(target) for each in UNCLEAR)
    found = Routes(policies).policy_for(path)
    if is_unclear:
        number = site.unclear
    expected = None if found is None else site_of(found, "nginx").statements[0] if found is not CLOSED else "closed"
    got = None if number is None else site.statements[number]
    if is_unclear and site.rules:
        assert got is not None
        assert got.origins == site_of({"/a": Policy("*")}, "x").statements[0].origins
    elif expected == "closed":
        pytest.fail("an unclear path is not seen")
    else:
        assert got == expected


# Statements


def statement(**options: object) -> Statement:
    (only,) = site_of(Policy.from_options(options), "nginx").statements
    return only


def test_a_dynamic_policy() -> None:
    said = statement(
        allow_origins=[SHOP, APP], allow_credentials=True, allow_headers="X-A", vary="X-B", allow_timing=True
    )
    assert said.origins.exact == (APP, SHOP)
    assert said.allowed == Said(
        (
            ("Access-Control-Allow-Origin", ORIGIN),
            ("Timing-Allow-Origin", ORIGIN),
            ("Access-Control-Allow-Credentials", "true"),
        ),
        "Origin, X-B",
    )
    assert said.otherwise == Said((), "Origin, X-B")
    assert said.granted.status == 204
    assert said.granted.headers == (
        ("Access-Control-Allow-Origin", ORIGIN),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "X-A"),
        ("Access-Control-Max-Age", "600"),
    )
    assert said.refused.status == 403
    assert said.refused.headers == ()
    assert said.enforced is None
    assert "Timing-Allow-Origin" in said.removed


def test_a_static_policy_and_any() -> None:
    said = statement(allow_origins=APP, enforce=True, preflight_status=200)
    assert said.allowed == said.otherwise == Said((("Access-Control-Allow-Origin", APP),), "")
    assert said.granted.status == 200
    assert said.enforced == Said(
        (("Cache-Control", "no-store"),),
        "",
        403,
        "Cross-origin request refused: the policy does not allow this origin.",
    )
    assert "Timing-Allow-Origin" not in said.removed
    said = statement(allow_origins="*")
    assert said.origins.everyone
    assert said.allowed == said.otherwise == Said((("Access-Control-Allow-Origin", "*"),), "")


def test_what_cannot_be_said_is_told_all_at_once() -> None:
    policies = {
        "/a": Policy(lambda origin, request: True),
        "/b": Policy([APP, re.compile(r"https://(?=a).*")]),
        "/c": Policy(APP, allow_credentials=True, allow_methods="*", allow_headers=["X-A", "*"]),
        "/d": None,
    }
    with pytest.raises(PolicyError) as caught:
        nginx(policies)
    problems = caught.value.problems
    assert [problem.option for problem in problems] == [
        "allow_origins",
        "allow_origins",
        "allow_methods",
        "allow_headers",
    ]
    assert {problem.code for problem in problems} == {Fault.SERVER_CANNOT}
    assert all("nginx" in problem.message and "CORSMiddleware" in problem.message for problem in problems)
    for path, problem in zip(("/a", "/b", "/c", "/c"), problems, strict=True):
        assert f'under "{path}"' in problem.message
    with pytest.raises(PolicyError) as caught:
        nginx(Policy(APP, allow_credentials=True, allow_methods="*", allow_headers="X-A"))
    assert [problem.option for problem in caught.value.problems] == ["allow_methods"]
    with pytest.raises(PolicyError) as caught:
        nginx(Policy(lambda origin, request: True))
    assert "under" not in caught.value.problems[0].message


def test_faults_of_a_mapping_are_told() -> None:
    with pytest.raises(PolicyError, match="slash"):
        nginx({"api": Policy("*")})


# Places


@pytest.mark.parametrize(
    ("place", "named"),
    [
        (Place(upstream="127.0.0.1:8000"), "--upstream"),
        (Place(upstream="http://127.0.0.1:8000/"), "--upstream"),
        (Place(upstream="capacitor://localhost"), "--upstream"),
        (Place(listen="0"), "--listen"),
        (Place(listen="65536"), "--listen"),
        (Place(listen="80; evil"), "--listen"),
        (Place(root="relative"), "--root"),
        (Place(root='/a"; evil'), "--root"),
    ],
)
def test_a_place_with_faults(place: Place, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        nginx(Policy("*"), place)


def test_a_place() -> None:
    place = Place("https://app.internal", "[::1]:8080")
    assert (place.address, place.port, place.upstream_address) == ("[::1]", "8080", "app.internal:443")
    assert Place("http://127.0.0.1:8000").upstream_address == "127.0.0.1:8000"
    assert (Place().address, Place().port) == ("", "80")


def test_an_unknown_server() -> None:
    with pytest.raises(UsageError, match=f"these are: {', '.join(SERVERS)}"):
        configuration("iis", Policy("*"), Place())


# The command

SETTINGS = """
[cors."/api"]
allow_origins = ["https://app.example.com", "https://*.example.org"]
allow_headers = ["X-$Odd"]
enforce = true
allow_timing = true

[cors."/open"]
allow_origins = "*"
"""


@pytest.fixture
def settings_file(tmp_path: Path) -> str:
    path = tmp_path / "cors.toml"
    path.write_text(SETTINGS)
    return str(path)


def test_the_command_prints(settings_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", "nginx", settings_file, "--upstream", "http://127.0.0.1:8000", "--listen", "8080"]) == 0
    printed = capsys.readouterr().out
    policies = {
        "/api": Policy([APP, "https://*.example.org"], allow_headers="X-$Odd", enforce=True, allow_timing=True),
        "/open": Policy("*"),
    }
    assert printed == nginx(policies, Place("http://127.0.0.1:8000", "8080"))


def test_the_command_writes_a_file_and_replaces_none(
    settings_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "cors.conf"
    assert cli.main(["export", "nginx", settings_file, "-o", str(output)]) == 0
    written = output.read_text()
    assert written.startswith("# CORS for nginx")
    assert output.stat().st_mode & 0o444 == 0o444
    output.write_text("mine")
    assert cli.main(["export", "nginx", settings_file, "-o", str(output)]) == 2
    assert output.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert cli.main(["export", "nginx", settings_file, "-o", str(output), "--force"]) == 0
    assert output.read_text() == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cors.conf", "cors.toml"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["iis", "FILE"], "nginx"),
        (["iis", "no-such-file.toml"], "nginx"),
        (["nginx", "no-such-file.toml"], "no-such-file.toml"),
        (["nginx", "FILE", "-o", "HOME"], "is a directory"),
        (["nginx", "FILE", "-o", "HOME", "--force"], "is a directory"),
        (["nginx", "FILE", "-o", "HOME/none/cors.conf"], "cannot be written"),
        (["nginx", "FILE", "--upstream", "nonsense"], "--upstream"),
    ],
)
def test_the_command_says_what_is_wrong(
    arguments: list[str], named: str, settings_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [each.replace("FILE", settings_file).replace("HOME", str(tmp_path)) for each in arguments]
    assert cli.main(["export", *given]) == 2
    captured = capsys.readouterr()
    assert named in captured.err
    assert captured.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cors.toml"]


def test_a_file_that_appears_meanwhile_is_not_replaced(
    settings_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "cors.conf"
    make = tempfile.mkstemp

    def slowly(**arguments: Any) -> tuple[int, str]:
        output.write_text("of another program")
        return make(**arguments)

    monkeypatch.setattr("tempfile.mkstemp", slowly)
    assert cli.main(["export", "nginx", settings_file, "-o", str(output)]) == 2
    assert output.read_text() == "of another program"
    assert "File exists" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cors.conf", "cors.toml"]


def test_files_beside_the_configuration(
    settings_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(site: Site, place: Place, file: str) -> Configuration:
        return Configuration(f"read {file}.map\n", {".map": "a b\n"})

    monkeypatch.setitem(SERVERS, "paired", Server("Paired", "1", write))
    output = tmp_path / "conf"
    assert cli.main(["export", "paired", settings_file]) == 2
    assert "Paired needs more than one file" in capsys.readouterr().err
    assert cli.main(["export", "paired", settings_file, "-o", str(output)]) == 0
    assert output.read_text() == f"read {output}.map\n"
    assert Path(f"{output}.map").read_text() == "a b\n"
    output.unlink()
    assert cli.main(["export", "paired", settings_file, "-o", str(output)]) == 2
    assert not output.exists()


# nginx


def test_nginx_sees_no_variable_in_a_name() -> None:
    text = nginx(Policy("*", allow_headers="X-$http_cookie"))
    assert '"X-${cors_dollar}http_cookie"' in text
    assert 'geo $cors_dollar { default "$"; }' in text


def test_nginx_gets_room_for_many_origins() -> None:
    text = nginx(Policy([f"https://host{number}.example" for number in range(10_000)]))
    assert "map_hash_max_size 65536;" in text
    assert "_hash_" not in nginx(Policy([APP, SHOP]))
    by_path = {f"/{number}": Policy([APP, f"https://host{number}.example"]) for number in range(40)}
    assert "variables_hash_max_size 2048;" in nginx(by_path)


def test_nginx_looks_up_each_list_of_origins_once() -> None:
    text = nginx({"/a": Policy([APP, SHOP]), "/b": Policy([APP, SHOP], max_age=1), "/c": Policy("*")})
    assert text.count(f'"{APP}"') == 1


def test_nginx_asks_an_application_by_https() -> None:
    text = nginx(Policy("*", preflight_status=200), Place("https://app.internal"))
    assert "proxy_ssl_server_name on;" in text
    assert 'if ($cors_status = 200) { return 200 ""; }' in text


TOKENS = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=12)
SEGMENTS = st.text(min_size=1, max_size=12).filter(
    lambda text: not set(text) & set("/\\\0*?#%") and text not in (".", "..")
)


@examples(200)
@given(st.lists(TOKENS, max_size=3), st.lists(TOKENS, max_size=3), st.lists(SEGMENTS, max_size=3))
def test_nothing_breaks_out_of_its_place_in_nginx(names: list[str], methods: list[str], segments: list[str]) -> None:
    try:
        policy = Policy([APP, SHOP], allow_headers=names, expose_headers=names, allow_methods=methods, vary=names)
        policies = {"/" + "/".join(segments): policy, "/other": None}
        text = nginx(policies)
    except PolicyError:
        return
    plain = nginx({"/path": Policy([APP, SHOP]), "/other": None})
    # Without what stands in quotation marks only what we write ourselves is left.
    assert words(text) <= words(plain) | {"geo", "$cors_dollar"} | {f"$cors_{name}" for name in VARIABLES}


VARIABLES = ("allow_headers", "expose_headers", "allow_methods")


def words(text: str) -> set[str]:
    lines = [line.strip("\t ") for line in text.splitlines()]
    lines = [line for line in lines if not line.startswith("#")]
    assert all(line.isprintable() for line in lines)
    return set(re.sub(r'"(?:[^"\\]|\\.)*"', "", "\n".join(lines)).split())


# Caddy


def test_caddy_stands_in_front_of_files_or_of_an_application() -> None:
    text = caddy(Policy("*"))
    assert 'root * "/var/www/html"' in text
    assert "http://:80 {" in text
    assert "bind" not in text
    text = caddy(Policy("*"), Place("http://127.0.0.1:8000", "[::1]:8080"))
    assert "http://:8080 {\n\tbind ::1\n" in text
    assert "reverse_proxy http://127.0.0.1:8000" in text


def test_caddy_asks_about_expressions_only_if_an_origin_is_well_formed() -> None:
    regex = re.compile(r"https?://a+")
    assert r'"~\A1,1,(?:' in caddy(Policy([APP, regex]))
    assert r'"~\A1,1,1,(?:' in caddy(Policy([APP, re.compile("https://a+")], allow_credentials=True))
    shared = caddy({"/a": Policy([APP, SHOP]), "/b": Policy([APP, SHOP], max_age=1)})
    assert shared.count(any_of([APP, SHOP])) == 1


def test_caddy_asks_about_hosts_that_are_too_long_if_a_pattern_would_allow_them() -> None:
    assert "{255}" in caddy(Policy(["https://*.example.com"]))
    assert "{255}" not in caddy(Policy([APP, SHOP]))


def test_caddy_tells_own_pages_from_others_only_if_it_must() -> None:
    assert "lowerAscii" in caddy(Policy([APP], enforce=True, allow_timing=True))
    assert "lowerAscii" not in caddy(Policy([APP]))


def test_caddy_cannot_tell_a_path_from_others_that_are_not_utf8() -> None:
    with pytest.raises(PolicyError) as caught:
        caddy({"/a\ufffd": Policy("*"), "/b": None})
    (problem,) = caught.value.problems
    assert (problem.code, problem.option) == (Fault.SERVER_CANNOT, "path")
    assert "UTF-8" in problem.message


@examples(200)
@given(st.lists(TOKENS, max_size=3), st.lists(TOKENS, max_size=3), st.lists(SEGMENTS, max_size=3))
def test_nothing_breaks_out_of_its_place_in_caddy(names: list[str], methods: list[str], segments: list[str]) -> None:
    try:
        policy = Policy([APP, SHOP], allow_headers=names, expose_headers=names, allow_methods=methods, vary=names)
        text = caddy({"/" + "/".join(segments): policy, "/other": None})
    except PolicyError:
        return
    plain = caddy({"/path": Policy([APP, SHOP]), "/other": None})
    left = {word for word in words(text) - words(plain) if not re.fullmatch(r"@cors_[0-9]_[0-9]", word)}
    assert left <= {f"Access-Control-{name}" for name in ("Allow-Methods", "Allow-Headers", "Expose-Headers")}
    # Caddy puts in a variable of its environment for {$NAME} everywhere.
    assert "{$" not in text
    assert not re.search(r"\{[a-z]+\.", re.sub(r"\{(?:cors_|http\.)[A-Za-z_.-]+\}", "", text))


# Apache


def test_apache_stands_in_front_of_files_or_of_an_application() -> None:
    text = apache(Policy("*"))
    assert 'DocumentRoot "/var/www/html"' in text
    assert "<VirtualHost *:80>" in text
    text = apache(Policy("*"), Place("https://app.internal", "[::1]:8080"))
    assert "<VirtualHost [::1]:8080>" in text
    assert "SSLProxyEngine On" in text
    assert "proxy_http ssl" in text
    assert "SSL" not in apache(Policy("*"), Place("http://127.0.0.1:8000"))


def test_apache_gets_many_origins_in_portions() -> None:
    text = apache(Policy([f"https://host{number}.example" for number in range(10_000)]))
    lines = [line for line in text.splitlines() if "SetEnvIf Origin" in line]
    assert 10 < len(lines) < 30
    assert max(map(len, lines)) < 32_000
    shared = apache({"/a": Policy([APP, SHOP]), "/b": Policy([APP, SHOP], max_age=1)})
    assert re.findall(r"SetEnvIf Origin .* (CORS_ORIGIN_[0-9]+)=1", shared) == ["CORS_ORIGIN_1"]


def test_apache_asks_about_expressions_and_own_pages() -> None:
    text = apache(Policy([APP, re.compile("https://a+")], allow_credentials=True, enforce=True))
    assert "localhost" in text
    assert "CORS_BY_NAME" in text
    text = apache(Policy([APP, re.compile("https://a+"), "https://*.example.org"]))
    assert "localhost" not in text
    assert "CORS_BY_NAME" not in text


def test_apache_reads_paths_as_they_are_sent() -> None:
    text = apache({"/jö n": Policy("*"), "/b": None}).replace("\\\\", "\\")
    (found,) = re.findall(r"=~ m'(\\A/\(\?:j.*)'\"", text)
    for target in ("/j%C3%b6%20n", "/j\xc3\xb6%20n/x", "/%6a%c3%B6%20n?x"):
        assert python(found).match(target)
    assert not python(found).match("/j%C3%b6%20nn")


def test_apache_answers_with_a_status_that_it_knows_only() -> None:
    with pytest.raises(PolicyError) as caught:
        apache({"/a": Policy("*", preflight_status=299), "/b": Policy("*", preflight_status=200)})
    (problem,) = caught.value.problems
    assert (problem.code, problem.option, problem.value) == (Fault.SERVER_CANNOT, "preflight_status", 299)
    assert "CORSMiddleware" in problem.message


def test_apache_sees_no_format_in_a_name() -> None:
    assert '"X-%%{a"' not in apache(Policy("*"))
    assert '"X-%%s"' in apache(Policy("*", allow_headers="X-%s"))


@examples(200)
@given(st.lists(TOKENS, max_size=3), st.lists(TOKENS, max_size=3), st.lists(SEGMENTS, max_size=3))
def test_nothing_breaks_out_of_its_place_in_apache(names: list[str], methods: list[str], segments: list[str]) -> None:
    try:
        policy = Policy([APP, SHOP], allow_headers=names, expose_headers=names, allow_methods=methods, vary=names)
        text = apache({"/" + "/".join(segments): policy, "/other": None})
    except PolicyError:
        return
    plain = apache({"/path": Policy([APP, SHOP]), "/other": None})
    left = {
        word
        for word in words(text) - words(plain)
        if not re.fullmatch(r"(?:env=)?CORS_(?:ORIGIN|[0-9])_[0-9](?:=1)?", word)
    }
    assert left <= {f"Access-Control-{name}" for name in ("Allow-Methods", "Allow-Headers", "Expose-Headers")}
    assert "${" not in text
    # What stands within an expression has no end of its own.
    for line in text.splitlines():
        if "SetEnvIfExpr" in line and "CORS_TARGET" in line:
            assert line.count("'") in (2, 4)
