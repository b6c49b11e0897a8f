"""Settings: policies from files, mappings, environment variables and frameworks, and the place of each fault."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.errors import Fault
from corswsgi.settings import read_django, read_environment, read_file, read_flask, read_mapping
from corswsgi.settings.reading import LARGEST

A, B = "https://a.example", "https://b.example"


def written(directory: Path, text: str, suffix: str = ".toml") -> Path:
    file = directory / f"cors{suffix}"
    file.write_text(text, "utf-8")
    return file


def faults_of(read: Callable[..., object], *arguments: Any) -> list[str]:
    """Return what is said of each fault."""
    with pytest.raises(PolicyError) as caught:
        read(*arguments)
    return str(caught.value).splitlines()


def faults_in(directory: Path, text: str, suffix: str = ".toml") -> list[str]:
    file = written(directory, text, suffix)
    return [line.replace(str(file), file.name) for line in faults_of(read_file, file)]


# --- What texts mean, the same in each kind of settings ---------------------------------------------

Reader = Callable[[str, str], Any]


def by_toml(tmp_path: Path) -> Reader:
    return lambda name, text: read_file(written(tmp_path, f"[cors]\nallow_origins = '*'\n{name} = '''{text}'''\n"))


def by_ini(tmp_path: Path) -> Reader:
    def read(name: str, text: str) -> Any:
        indented = text.replace("%", "%%").replace("\n", "\n  ")
        return read_file(written(tmp_path, f"[cors]\n{name} = {indented}\n{star(name, ' = *')}", ".ini"))

    return read


def star(name: str, value: str) -> str:
    return "" if name == "allow_origins" else f"allow_origins{value}\n"


def by_mapping(tmp_path: Path) -> Reader:
    return lambda name, text: read_mapping({"cors.allow_origins": "*", f"cors.{name}": text, "pyramid.x": "1"})


def by_environment(tmp_path: Path) -> Reader:
    return lambda name, text: read_environment({"CORSWSGI_ALLOW_ORIGINS": "*", f"CORSWSGI_{name.upper()}": text})


def by_flask(tmp_path: Path) -> Reader:
    return lambda name, text: read_flask({"CORSWSGI_ALLOW_ORIGINS": "*", f"CORSWSGI_{name.upper()}": text, "X": 1})


def by_django(tmp_path: Path) -> Reader:
    return lambda name, text: read_django(SimpleNamespace(CORSWSGI={"allow_origins": "*", name: text}))


READERS = [by_toml, by_ini, by_mapping, by_environment, by_flask, by_django]
TEXTS = [
    ("allow_methods", "PUT,DELETE", ("PUT", "DELETE")),
    ("allow_methods", " PUT DELETE\t, PATCH\n QUERY,\n", ("PUT", "DELETE", "PATCH", "QUERY")),
    ("allow_methods", "*", "*"),
    ("allow_headers", "* Authorization", ("*", "Authorization")),
    ("expose_headers", "", ()),
    ("vary", "Cookie", ("Cookie",)),
    ("dangerously_allow", "insecure-origins public-suffixes", ("insecure-origins", "public-suffixes")),
    *[("enforce", text, True) for text in ("true", "yes", "on", "1", "True", " YES ")],
    *[("allow_timing", text, False) for text in ("false", "no", "off", "0", "Off")],
    ("max_age", "none", None),
    ("max_age", "None", None),
    ("max_age", "0", 0),
    ("max_age", "10 minutes", 600),
    ("max_age", "90s", 90),
    ("max_age", "2 h", 7200),
    ("max_age", "1 day", 86400),
    ("preflight_status", "200", 200),
]


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(("name", "text", "value"), TEXTS)
def test_texts_mean_the_same_everywhere(
    kind: Callable[[Path], Reader], name: str, text: str, value: object, tmp_path: Path
) -> None:
    if kind is by_toml:
        text = text.strip() if name != "allow_methods" else text
    assert getattr(kind(tmp_path)(name, text), name) == value


ORIGINS = [
    (f"{A}, {B}", (A, B)),
    (f"{A} {B}", (A, B)),
    (f"{A},{B},", (A, B)),
    (f"\n{A}\n{B}\n", (A, B)),
    (r"re:https://pr-[0-9]{1,3}\.example", (re.compile(r"https://pr-[0-9]{1,3}\.example"),)),
    (rf"re:https://(a|b)\.example,{A}", (re.compile(r"https://(a|b)\.example"), A)),
    (rf"{A}, re:https://[a,b]\.example, {B}", (A, re.compile(r"https://[a,b]\.example"), B)),
    (r"re:https://x[^]/,]+\,\.example null", (re.compile(r"https://x[^]/,]+\,\.example"), "null")),
    ("re://a.example", ("re://a.example",)),
    ("*", "*"),
]


@pytest.mark.parametrize(("text", "value"), ORIGINS)
def test_origins_in_a_text(text: str, value: object) -> None:
    policy = read_environment({"CORSWSGI_ALLOW_ORIGINS": text})
    assert isinstance(policy, Policy)
    assert policy.allow_origins == value


def test_origins_in_a_list_may_be_expressions_and_objects() -> None:
    compiled = re.compile("https://c")
    policy = read_flask({"CORSWSGI": {"allow_origins": [A, "re:https://b[0-9]", compiled]}})
    assert policy == Policy([A, re.compile("https://b[0-9]"), compiled])
    assert read_flask({"CORSWSGI": {"allow_origins": {B, "re:https://c", A}}}) == Policy([A, B, compiled])


WRONG_TEXTS = [
    ("enforce", "maybe", '"maybe" is neither true nor false.'),
    ("enforce", "", '"" is neither true nor false.'),
    ("max_age", "ten", '"ten" is not a duration; write seconds, or "10 minutes", or "none".'),
    ("max_age", "1.5", '"1.5" is not a duration; write seconds, or "10 minutes", or "none".'),
    ("max_age", "5 fortnights", '"5 fortnights" is not a duration; write seconds, or "10 minutes", or "none".'),
    ("max_age", "9" * 19, f'"{"9" * 19}" is not a duration; write seconds, or "10 minutes", or "none".'),
    ("max_age", "-1", "a negative age is invalid; 0 keeps browsers from caching; did you mean 0?"),
    ("max_age", "2 days", "no browser keeps an answer for more than 86400 s (a day); did you mean 86400?"),
    ("preflight_status", "2oo", '"2oo" is not a number.'),
    ("preflight_status", "404", "browsers treat 404 as a refusal; an ok status is 200 to 299; did you mean 204?"),
    ("allow_methods", "TRACE", 'browsers never send "TRACE" for a script; leave it out.'),
    ("allow_orgins", A, 'there is no such option; did you mean "allow_origins"?'),
]
PLACES: Mapping[Callable[[Path], Reader], str] = {
    by_mapping: "cors.{}",
    by_environment: "CORSWSGI_{}",
    by_flask: "CORSWSGI_{}",
    by_django: 'CORSWSGI["{}"]',
}


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize(("name", "text", "said"), WRONG_TEXTS)
def test_faults_name_their_place(
    kind: Callable[[Path], Reader], name: str, text: str, said: str, tmp_path: Path
) -> None:
    upper = PLACES[kind].startswith("CORSWSGI_")
    place = PLACES[kind].format(name.upper() if upper else name)
    assert faults_of(kind(tmp_path), name, text) == [f"{place}: {name}: {said}"]


EXPRESSIONS = [
    ("re:", '"re:" is not a regular expression: it is empty.'),
    ("re:(", '"re:(" is not a regular expression: missing ), unterminated subpattern at position 0.'),
    ("re:a{99999999999999999999}", '"re:a{99999999999999999999}" is not a regular expression: '
     "the repetition number is too large."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), EXPRESSIONS)
def test_expressions_that_are_none(text: str, said: str) -> None:
    assert faults_of(read_environment, {"CORSWSGI_ALLOW_ORIGINS": text}) == [
        f"CORSWSGI_ALLOW_ORIGINS: allow_origins: {said}"
    ]
    # What else is wrong is told as well.
    others = faults_of(read_environment, {"CORSWSGI_ALLOW_ORIGINS": f"{text} {A}/"})
    assert [each.split(" ")[2] for each in others] == [f'"{text}"', f'"{A}/"']


def test_nothing_declared() -> None:
    missing = "allow_origins: a policy must say which origins it allows; list them."
    assert faults_of(read_environment, {}) == [f"CORSWSGI_ALLOW_ORIGINS: {missing}"]
    assert faults_of(read_mapping, {"x": "y"}) == [f"cors.allow_origins: {missing}"]
    assert faults_of(read_flask, {"X": "y"}) == [f"CORSWSGI_ALLOW_ORIGINS: {missing}"]
    assert faults_of(read_django, SimpleNamespace()) == [f'CORSWSGI["allow_origins"]: {missing}']


def test_the_environment_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_CORS_ALLOW_ORIGINS", A)
    assert read_environment(prefix="SHOP_CORS_") == Policy(A)


# --- Rules by path ----------------------------------------------------------------------------------

SHARED = Policy(A, max_age=60)
RULES = {"/": SHARED, "/public": Policy("*", max_age=60), "/internal": None}
TOML = f"""
[cors]
allow_origins = ["{A}"]
max_age = 60
"/internal" = "none"

[cors."/public"]
allow_origins = "*"

[other]
allow_origins = "of somebody else"
"""
INI = f"""
[DEFAULT]
here = /srv
[cors]
allow_origins: {A}
max_age = 60
/internal = none
[cors:/public]
allow_origins = *
[app:main]
use = egg:shop
"""


def test_rules_inherit_what_they_do_not_say(tmp_path: Path) -> None:
    options = {"allow_origins": A, "max_age": 60}
    assert read_file(written(tmp_path, TOML)) == RULES
    assert read_file(written(tmp_path, f"\ufeff{TOML}")) == RULES
    assert read_file(written(tmp_path, TOML.replace("\n", "\r\n"))) == RULES
    assert read_file(written(tmp_path, INI, ".INI")) == RULES
    flat = {"cors.allow_origins": A, "cors.max_age": "60", "cors./internal": "none", "cors./public.allow_origins": "*"}
    assert read_mapping(flat) == RULES
    assert read_mapping({name[5:]: value for name, value in flat.items()}, prefix="") == RULES
    nested = options | {"/internal": None, "/public": {"allow_origins": "*"}}
    assert read_django(SimpleNamespace(CORSWSGI=nested)) == RULES
    assert read_flask({"CORSWSGI": nested | {"/public": RULES["/public"]}}) == RULES


def test_options_without_origins_are_only_inherited(tmp_path: Path) -> None:
    text = "[cors]\nmax_age = 5\n[cors.'/a']\nallow_origins = '*'\n[cors.'/b']\nallow_origins = '*'\nmax_age = 7\n"
    assert read_file(written(tmp_path, text)) == {"/a": Policy("*", max_age=5), "/b": Policy("*", max_age=7)}
    text = "[cors:/a]\nallow_origins = *"
    assert read_file(written(tmp_path, text, ".ini")) == {"/a": Policy("*")}


def test_a_rule_for_the_root_stands_in_place_of_the_options() -> None:
    assert read_django(SimpleNamespace(CORSWSGI={"allow_origins": A, "/": {"max_age": 5}})) == {
        "/": Policy(A, max_age=5)
    }


def test_frameworks_take_objects() -> None:
    def allow(origin: str, request: object) -> bool:
        return True

    policy = Policy(allow)
    assert read_django(SimpleNamespace(CORSWSGI=policy)) is policy
    assert read_django(SimpleNamespace(CORSWSGI={"allow_origins": allow})) == policy
    app = Flask(__name__)
    app.config.from_mapping(CORSWSGI_ALLOW_ORIGINS=re.compile("https://a"), CORSWSGI_ENFORCE=True)
    assert read_flask(app.config) == Policy(re.compile("https://a"), enforce=True)


FAULTY_OBJECTS: list[tuple[Any, list[str]]] = [
    (
        "*",
        [
            'CORSWSGI: "*" is neither a policy, nor its options, nor a mapping from paths to policies; '
            'write CORSWSGI = {"allow_origins": [...]}.'
        ],
    ),
    (
        {"allow_origins": "*", 1: 2},
        ["CORSWSGI[\"1\"]: 1: 1 is not the name of an option; leave it out."],
    ),
    (
        {"allow_origins": "*", "/a": 7, "b": {}},
        [
            'CORSWSGI["b"]: b: a path must start with a slash; did you mean "/b"?',
            'CORSWSGI["/a"]: /a: 7 is neither the options of a policy nor "none".',
        ],
    ),
    (
        {"allow_origins": "*", "/a": "some", "/b/*": None, "/c": {"/d": {}}},
        [
            'CORSWSGI["/b/*"]: /b/*: a path has no wildcard; a rule governs its path and everything below it. To '
            "choose in another way, give a callable in place of the mapping: def choose(request): return policy; "
            'did you mean "/b"?',
            'CORSWSGI["/a"]: /a: "some" is neither the options of a policy nor "none".',
            'CORSWSGI["/c"]["/d"]: /d: there is no such option; leave it out.',
        ],
    ),
    (
        {"allow_origins": "*", "max_age": -1, "/a": {"allow_credentials": True}, "/b": {}},
        [
            'CORSWSGI["max_age"]: max_age: a negative age is invalid; 0 keeps browsers from caching; did you mean 0?',
            'CORSWSGI["allow_origins"] (for "/a"): allow_origins: with credentials, every site could act as its '
            "visitors; list the origins that may.",
        ],
    ),
    (
        {"max_age": 5, "/a": {}, "/b": {"allow_origins": []}},
        [
            'CORSWSGI["/a"]["allow_origins"]: allow_origins: a policy must say which origins it allows; list them.',
            'CORSWSGI["/b"]["allow_origins"]: allow_origins: a policy that allows no origin does nothing; '
            "list those that may read.",
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("value", "said"), FAULTY_OBJECTS)
def test_faults_of_objects(value: object, said: list[str]) -> None:
    assert faults_of(read_django, SimpleNamespace(CORSWSGI=value)) == said


def test_single_names_in_the_settings_of_django() -> None:
    told = (
        "CORSWSGI_MAX_AGE: max_age: in Django, the options are in the setting CORSWSGI; "
        'write CORSWSGI = {"max_age": ...}.'
    )
    assert faults_of(
        read_django, SimpleNamespace(CORSWSGI_MAX_AGE=5, CORSWSGI_FILE="cors.toml", CORSWSGI=Policy("*"))
    ) == [told]
    missing = 'CORSWSGI["allow_origins"]: allow_origins: a policy must say which origins it allows; list them.'
    assert faults_of(read_django, SimpleNamespace(CORSWSGI_MAX_AGE=5)) == [told, missing]


def test_what_is_given_twice() -> None:
    config = {"CORSWSGI": {"allow_origins": f"{A}/"}, "CORSWSGI_MAX_AGE": 5}
    assert faults_of(read_flask, config) == [
        "CORSWSGI_MAX_AGE: max_age: the policy is given as CORSWSGI and as single options; leave one of them out.",
        f'CORSWSGI["allow_origins"]: allow_origins: "{A}/" is not an origin as browsers write it: an origin does not '
        f'end in a slash; did you mean "{A}"?',
    ]
    assert faults_of(read_flask, config | {"CORSWSGI": Policy("*")}) == [
        "CORSWSGI_MAX_AGE: max_age: the policy is given as CORSWSGI and as single options; leave one of them out."
    ]
    flat = {"cors.allow_origins": "*", "cors./a": "none", "cors./b": "none", "cors./a.max_age": "5"}
    assert faults_of(read_mapping, flat) == ["cors./a: /a: the rule of this path is given twice; keep one of them."]


# --- Faults in files, with their lines --------------------------------------------------------------

MISSING = "allow_origins: a policy must say which origins it allows; list them."
SLASH = f'"{A}/" is not an origin as browsers write it: an origin does not end in a slash; did you mean "{A}"?'
NAMING = "these are written [cors] and"
FAULTY_TOML: Mapping[str, list[str]] = {
    "": ["cors.toml: there is no section [cors]."],
    "[crs]\nx = 1\n[core]": ['cors.toml: there is no section [cors], but there is "crs"; rename it.'],
    "[other]\n\n[cors]\nmax_age = 5\n": [f"cors.toml:3: {MISSING}"],
    f"# [cors]\n[cors]\nallow_origins = [\n  '{B}', # {A}/x\n  '{A}/',\n]\n": [f"cors.toml:5: allow_origins: {SLASH}"],
    f'[cors]\nallow_origins = "{B}"\nallow_orgins = 1\nmax_age = "x"\n"/a".vary = "*"\n': [
        'cors.toml:3: allow_orgins: there is no such option; did you mean "allow_origins"?',
        'cors.toml:4: max_age: "x" is not a duration; write seconds, or "10 minutes", or "none".',
        'cors.toml:5: vary: "*" keeps every cache from storing the answer; list the headers.',
    ],
    'x = """\n[cors]\n""""\n[a]\nb = \'\'\'\n"\'\'\'\nc = [{ d = 1, e = ["]"] },\n]\ncors.max_age = 7\n[cors]\n': [
        f"cors.toml:10: {MISSING}"
    ],
    f'x = "]\\""\ny = \'[\'\ncors.allow_origins = """\n{B}\n{A}/\n"""': [f"cors.toml:5: allow_origins: {SLASH}"],
    "cors = { max_age = 5, '/a' = { vary = 1 } }": [
        f"cors.toml:1: {MISSING}",
        "cors.toml:1: vary: 1 is neither a string nor a list of strings.",
    ],
    "cors = 1": ['cors.toml:1: "cors" is not a table of options; write [cors], and the options below it.'],
    "\n[[cors]]\nallow_origins = '*'": [
        'cors.toml:2: "cors" is not a table of options; write [cors], and the options below it.'
    ],
    "max_age = 5\n[cors]\nallow_origins = '*'": ['cors.toml:1: "max_age" is outside of [cors]; move it there.'],
    "[CORS]\nallow_origins = '*'\n": [
        "cors.toml: there is no section [cors].",
        f'cors.toml:1: "CORS" is not a section of a policy; {NAMING} [cors."/path"].',
    ],
    "[cors]\nallow_origins = '*'\n['cors:/a']\n['/b']\n[cors-proxy]\n": [
        f'cors.toml:3: "cors:/a" is not a section of a policy; {NAMING} [cors."/path"].',
        f'cors.toml:4: "/b" is not a section of a policy; {NAMING} [cors."/path"].',
    ],
    "[cors]\nallow_origins = '*'\n[cors.'/a']\n\n[cors.'b/']\nallow_origins = '*'\n": [
        'cors.toml:5: b/: a path must start with a slash; did you mean "/b"?'
    ],
    "[cors]\nallow_origins = '*'\nallow_origins = '*'\n": ["cors.toml:3: this is not TOML: Cannot overwrite a value."],
    "[cors.'/a']\n[cors.'/a']\n": [
        "cors.toml:2: this is not TOML: Cannot declare ('cors', '/a') twice."
    ],
    "[cors]\nallow_origins = [": ["cors.toml:2: this is not TOML: Invalid value."],
    f"[cors]\nmax_age = {'9' * 5000}\n": [
        "cors.toml: this is not TOML: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 "
        "digits; use sys.set_int_max_str_digits() to increase the limit."
    ],
    f"[cors]\nvary = {'[' * 20000}": ["cors.toml: its values are nested too deeply."],
    '[cors]\nallow_origins = [\n"null",\n"https://\\u0061.example/"\n]': [f"cors.toml:2: allow_origins: {SLASH}"],
    "[cors]\nallow_origins = '*'\nallow_methods = [\n'PUT',\n 'GET, DELETE',\n]": [
        'cors.toml:5: allow_methods: "GET, DELETE" is several names in one string; did you mean ["GET", "DELETE"]?'
    ],
    "[cors]\nallow_origins = ['re:(',\n'''re:https://x[''', '*']": [
        'cors.toml:2: allow_origins: "re:(" is not a regular expression: missing ), unterminated subpattern at '
        "position 0.",
        'cors.toml:3: allow_origins: "re:https://x[" is not a regular expression: unterminated character set at '
        "position 9.",
    ],
}  # fmt: skip
FAULTY_INI: Mapping[str, list[str]] = {
    "": ["cors.ini: there is no section [cors]."],
    "x = 1\n[cors]": ["cors.ini:1: this line is before the first section; write [cors] above it."],
    "[cors]\nwhat is this\nx = 1\n[\n": [
        "cors.ini:2: this is neither a section nor an option with a value; write name = value.",
        "cors.ini:4: this is neither a section nor an option with a value; write name = value.",
    ],
    "[cors]\nmax_age = 5\n\n[x]\n[cors]\n": ['cors.ini:5: there are two sections "cors"; make one of them.'],
    "[cors]\nmax_age = 5\nmax_age = 6": ['cors.ini:3: max_age: it is given twice in "cors"; keep one of them.'],
    f"[a]\nb = 1\n[cors]\nallow_origins = {B}\n# {A}/\n\n  {A}/\nallow_orgins = 1\n[cors:/a]\nmax_age = x\n": [
        f"cors.ini:7: allow_origins: {SLASH}",
        'cors.ini:8: allow_orgins: there is no such option; did you mean "allow_origins"?',
        'cors.ini:10: max_age: "x" is not a duration; write seconds, or "10 minutes", or "none".',
    ],
    "[cors:/a]\nallow_origins = *\n[cors : /a]\nallow_origins = *\n": [
        "cors.ini:1: /a: the rule of this path is given twice; keep one of them."
    ],
    "[cors:/a]\nallow_origins = *\n[cors]\n/a = none": [
        "cors.ini:4: /a: the rule of this path is given twice; keep one of them."
    ],
    "[cors:a]\nallow_origins = *": ['cors.ini:1: a: a path must start with a slash; did you mean "/a"?'],
    "[corswsgi]\nallow_origins = *": [
        'cors.ini: there is no section [cors], but there is "corswsgi"; rename it.',
        f'cors.ini:1: "corswsgi" is not a section of a policy; {NAMING} [cors:/path].',
    ],
    "[cors]\nallow_origins = *\nallow_methods = %s\n[cors:/b]\n vary = %(x)s": [
        'cors.ini:3: allow_methods: "%s" cannot be read; write "%" as "%%" in an INI file.',
        'cors.ini:5: vary: "%(x)s" cannot be read; write "%" as "%%" in an INI file.',
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", FAULTY_TOML)
def test_faults_in_toml(text: str, tmp_path: Path) -> None:
    assert faults_in(tmp_path, text) == FAULTY_TOML[text]


@pytest.mark.parametrize("text", FAULTY_INI)
def test_faults_in_ini(text: str, tmp_path: Path) -> None:
    assert faults_in(tmp_path, text, ".ini") == FAULTY_INI[text]


def test_the_line_of_an_expression_is_told(tmp_path: Path) -> None:
    text = "[cors]\nallow_credentials = true\nallow_origins = [\n'https://a.example',\n're:https://.*',\n]\n"
    (said,) = faults_in(tmp_path, text)
    assert said.startswith("cors.toml:5: allow_origins: ")


# --- What is no settings file -----------------------------------------------------------------------


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def make_huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 30)


NO_FILES: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, ": it cannot be read: No such file or directory."),
    "directory": (Path.mkdir, ": it is a directory, not a file."),
    "pipe": (os.mkfifo, ": it is a named pipe, not a file."),
    "socket": (make_socket, ": it cannot be read: No such device or address."),
    "device": (lambda path: path.symlink_to("/dev/zero"), ": it is a device, not a file."),
    "unreadable": (lambda path: path.symlink_to("/proc/self/mem"), ": it cannot be read: Input/output error."),
    "loop": (lambda path: path.symlink_to(path), ": it cannot be read: Too many levels of symbolic links."),
    "dangling": (lambda path: path.symlink_to("nothing"), ": it cannot be read: No such file or directory."),
    "gigabyte": (make_huge, f": it is larger than {LARGEST} bytes, which no policy needs."),
    "bytes": (
        lambda path: path.write_bytes(b"[cors]\n\n\xff"),
        ":3: the byte 0xFF is not UTF-8; save the file as UTF-8.",
    ),
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_settings_file(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, said = NO_FILES[kind]
    monkeypatch.chdir(tmp_path)  # the path of a socket is bounded
    make(Path("cors.toml"))
    with pytest.raises(PolicyError) as caught:
        read_file("cors.toml")
    assert str(caught.value) == f"cors.toml{said}"
    assert [problem.code for problem in caught.value.problems] == [Fault.FILE_UNREADABLE]


def test_names_of_files(tmp_path: Path) -> None:
    (said,) = faults_of(read_file, tmp_path / "cors.yaml")
    assert said.endswith("cors.yaml: the name of a settings file ends in .toml or .ini.")
    assert faults_of(read_file, "a\0b.toml") == [r'"a\u0000b.toml": a file name cannot contain NUL.']


def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, TOML)
    fstat = os.fstat
    seen = []

    def changing(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        seen.append(status)
        file.write_text(TOML * len(seen))
        return status

    monkeypatch.setattr(os, "fstat", changing)
    (said,) = faults_of(read_file, file)
    assert said.endswith("cors.toml: it changed while it was read; try again.")


def test_the_largest_file(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, TOML + "#" * (LARGEST - len(TOML)))) == RULES
    (said,) = faults_in(tmp_path, TOML + "#" * (LARGEST + 1 - len(TOML)))
    assert said.endswith("which no policy needs.")


def test_the_middleware_reads_a_file(tmp_path: Path) -> None:
    file = written(tmp_path, TOML)
    middleware = CORSMiddleware.from_file(lambda environ, start_response: [], file, readable_errors=False)
    assert middleware.policy == RULES
    assert not middleware.readable_errors
