"""The configuration of HAProxy, without HAProxy: it says what the policy says, and nothing breaks out of its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from amounts import examples
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import Policy, PolicyError, cli
from corswsgi.errors import UsageError
from corswsgi.export import Place, configuration, haproxy
from corswsgi.export.statements import site_of

APP, SHOP = "https://app.example.com", "https://shop.example.com:8443"
PLACE = Place("http://127.0.0.1:8000", "8080")


#: One piece of a word: in strong quotes, escaped, or as it is (section 2.2 of HAProxy's manual).
PIECE = re.compile(r"'([^']*)'|\\(.)|([^\s'\\\"#])")


def words(line: str) -> list[str]:
    """Return the words of a line as HAProxy reads them."""
    found, at, is_open = [], 0, False
    while at < len(line) and line[at] != "#":
        if line[at] == " ":
            at, is_open = at + 1, False
            continue
        piece = PIECE.match(line, at)
        assert piece, f"what is this: {line[at:]}"
        if not is_open:
            found.append("")
        found[-1] += "".join(filter(None, piece.groups()))
        at, is_open = piece.end(), True
    return found


def test_it_says_where_everything_is() -> None:
    text = haproxy(Policy("*"), PLACE)
    assert "    bind *:8080\n" in text
    assert "    server application 127.0.0.1:8000\n" in text
    text = haproxy(Policy("*"), Place("https://app.internal", "[::1]:80"))
    assert "    bind [::1]:80\n" in text
    assert "server application app.internal:443 ssl verify required ca-file @system-ca sni str(app.internal)\n" in text


def test_a_site_without_a_policy_passes_untouched() -> None:
    text = haproxy({"/": None}, PLACE)
    assert "http-after-response" not in text
    assert "http-request return" not in text


def test_it_has_no_files() -> None:
    with pytest.raises(UsageError, match="--upstream"):
        haproxy(Policy("*"), Place())


MANY = [f"https://customer-{number}.example" for number in range(201)]


def test_many_origins_are_looked_up_in_a_file() -> None:
    assert configuration("haproxy", Policy(MANY[1:]), PLACE).beside == {}
    written = configuration("haproxy", {"/": Policy(APP), "/api": Policy(MANY)}, PLACE, "/etc/haproxy/cors.cfg")
    assert "map_str(/etc/haproxy/cors.cfg.map)" in written.text
    assert MANY[0] not in written.text
    ((end, text),) = written.beside.items()
    assert end == ".map"
    (number,) = {line.partition("|")[0] for line in text.splitlines()}
    assert sorted(text.splitlines()) == sorted(f"{number}|{origin} allowed" for origin in MANY)
    assert f"str({number}) if !{{ var(txn.cors_rule) -m found }} {{ var(txn.cors_path)" in written.text


def test_a_file_of_origins_needs_a_name_that_can_be_read() -> None:
    with pytest.raises(UsageError, match="--output"):
        configuration("haproxy", Policy(MANY), PLACE, "/etc/a b)/cors.cfg")
    with pytest.raises(UsageError, match="configuration"):
        haproxy(Policy(MANY), PLACE)


def test_the_command_writes_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "cors.toml"
    settings.write_text(f"[cors]\nallow_origins = {MANY}\n")
    arguments = ["export", "haproxy", str(settings), "--upstream", PLACE.upstream]
    assert cli.main(arguments) == 2
    assert "-o" in capsys.readouterr().err
    output = tmp_path / "cors.cfg"
    assert cli.main([*arguments, "-o", str(output)]) == 0
    assert f"map_str({output}.map)" in output.read_text()
    assert len(Path(f"{output}.map").read_text().splitlines()) == len(MANY)


def test_long_headers_get_room() -> None:
    assert "global" not in haproxy(Policy("*", allow_headers=["X-A"]), PLACE)
    text = haproxy(Policy("*", allow_headers=[f"X-{number:050}" for number in range(100)]), PLACE)
    (room,) = re.findall(r"tune.maxrewrite ([0-9]+)", text)
    (buffer,) = re.findall(r"tune.bufsize ([0-9]+)", text)
    assert 53 * 100 < int(room) <= int(buffer) // 4


def test_no_line_has_more_words_than_haproxy_takes() -> None:
    by_path = {f"/{number}": Policy([*MANY[:100], f"https://{number}.example"]) for number in range(100)}
    text = haproxy({**by_path, "/open": Policy("*")}, PLACE)
    assert max(len(words(line)) for line in text.splitlines()) <= 64


def test_an_expression_is_asked_of_well_formed_origins_only() -> None:
    expression = re.compile(r"https://[a-z]+\.example\.com")
    text = haproxy(Policy([expression], allow_credentials=True), PLACE)
    (line,) = [line for line in text.splitlines() if r"example\x2ecom" in line]
    assert " cors_secure " in line
    text = haproxy(Policy([expression]), PLACE)
    (line,) = [line for line in text.splitlines() if r"example\x2ecom" in line]
    assert " cors_well_formed " in line


def test_a_pattern_is_an_expression_for_the_whole_origin() -> None:
    text = haproxy(Policy("https://*.example.com"), PLACE)
    (expression,) = re.findall(r"str\(allowed\) if .* -m reg '(.*)' }", text)
    assert re.fullmatch(expression.replace(r"\z", r"\Z"), "https://a.example.com")
    assert not re.match(expression.replace(r"\z", r"\Z"), "https://a.example.com.evil.example")


def test_an_error_names_the_server() -> None:
    with pytest.raises(PolicyError, match="HAProxy cannot call"):
        haproxy(Policy(lambda origin, request: True), PLACE)


TOKENS = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=12)
SEGMENTS = st.text(min_size=1, max_size=12).filter(
    lambda text: not set(text) & set("/\\\0*?#%") and text not in (".", "..")
)


def shape_of(line: str, said: set[str]) -> str:
    """Return what a line does, without the values that come from a policy; those are to be what the policy says."""
    read = words(line)
    if read[:1] == ["http-after-response"] and read[1] in ("set-header", "add-header"):
        assert read[3].replace("%%", "%") in said or read[3] == "%[var(txn.cors_origin)]"
        assert "%" not in read[3].replace("%%", "").replace("%[var(txn.cors_origin)]", "")
        return f"{read[1]} {' '.join(read[4:-2])}"
    if "var(txn.cors_path)" in read:
        assert re.fullmatch(r"\\A\(\?:(?:[A-Za-z0-9/_]|\\x[0-9a-f]{2})*\(\?:/\|\\z\)\)", read[-2])
        return " ".join(read[:-2])
    return " ".join(read)


@examples(200)
@given(st.lists(TOKENS, max_size=3), st.lists(TOKENS, max_size=3), st.lists(SEGMENTS, min_size=1, max_size=3))
def test_nothing_breaks_out_of_its_place(names: list[str], methods: list[str], segments: list[str]) -> None:
    try:
        policy = Policy(
            [APP, SHOP], allow_headers=names, expose_headers=names, allow_methods=methods, vary=[*names, "c"]
        )
        policies = {"/" + "/".join(segments): policy, "/other": None}
        text = haproxy(policies, PLACE)
    except PolicyError:
        return
    situations = [
        said
        for statement in site_of(policies, "HAProxy").statements
        for said in (statement.granted, statement.refused, statement.allowed, statement.otherwise, statement.enforced)
        if said
    ]
    said = {value for each in situations for _, value in each.headers} | {each.vary for each in situations}
    plain = haproxy(
        {"/path": Policy([APP, SHOP], allow_headers="a", expose_headers="b", vary="c"), "/other": None}, PLACE
    )
    known = {shape_of(line, {"a", "b", "600", "no-store", "Origin", "Origin, c"}) for line in plain.splitlines()}
    assert {shape_of(line, said) for line in text.splitlines()} <= known
