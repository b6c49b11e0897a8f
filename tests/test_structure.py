"""The house as it stands: which room imports which, and what is installed."""

import ast
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import corswsgi

ROOT = Path(__file__).parent.parent
PACKAGE = Path(corswsgi.__file__).parent

#: An arrow reads "imports"; docs/design.rst shows the same picture. None runs back, and there is no circle.
ARROWS: dict[str, set[str]] = {
    "fetch": set(),
    "errors": set(),
    "refusals": {"errors"},
    "listening": {"errors"},
    "files": set(),
    "public_suffixes": set(),
    "origins": {"fetch"},
    "corrections": {"origins", "fetch", "errors"},
    "dangers": {"origins", "public_suffixes", "fetch", "errors"},
    "options": {"corrections", "dangers", "origins", "fetch", "errors"},
    "foreign_options": {"options", "errors"},
    "policy": {"foreign_options", "options", "dangers", "origins", "errors"},
    "headers": {"fetch"},
    "permissions": {"policy", "options", "headers", "fetch", "errors"},
    "protocol": {"permissions", "policy", "options", "origins", "headers", "errors"},
    "explanation": {"protocol", "policy", "options", "origins", "fetch", "errors"},
    "routes": {"policy", "errors"},
    "settings": {"routes", "policy", "foreign_options", "options", "errors"},
    "applications": {"asgi", "errors"},
    "sources": {"applications", "middleware", "settings", "policy", "refusals", "errors"},
    "explaining": {
        *("sources", "applications", "explanation", "protocol", "routes", "policy", "headers", "fetch", "errors"),
    },
    "asking": set(),
    "asgi": set(),
    "middleware": {
        *("protocol", "routes", "policy", "options", "headers", "asking", "asgi", "refusals", "settings", "errors"),
    },
    "django": {
        *("protocol", "routes", "policy", "options", "headers", "asking", "refusals", "settings", "errors"),
    },
    "paste": {"middleware", "settings", "errors"},
    "handler": {"protocol", "routes", "policy", "headers", "asking", "refusals", "files", "listening", "errors"},
    "export": {"protocol", "routes", "policy", "origins", "headers", "settings", "fetch", "errors"},
    "serve": {"handler", "settings", "routes", "policy", "listening", "fetch", "errors"},
    "browser": {"fetch", "asgi"},
    "checker": {
        *("browser", "sources", "applications", "settings", "policy", "options", "origins", "public_suffixes"),
        *("export", "routes", "fetch", "errors"),
    },
    "testing": {"checker", "browser"},
    "demo": {"middleware", "handler", "explanation", "policy", "listening", "errors", "browser", "checker"},
    "cli": {"serve", "explaining", "demo", "checker", "export", "errors"},
    "__main__": {"cli"},
    "__init__": {"middleware", "handler", "explanation", "policy", "errors"},
}

#: Whose imports of others than the standard library are held against this list; no other room has any.
OUTSIDE: dict[str, set[str]] = {
    "public_suffixes": {"publicsuffixlist"},
    "options": {"webob"},
    "protocol": {"webob"},
    "explanation": {"webob"},
    "explaining": {"webob"},
    "asking": {"webob"},
    "middleware": {"webob"},
    "django": {"asgiref", "django"},
    "browser": {"ada_url", "publicsuffixlist", "requests", "urllib3"},
    "checker": {"requests", "rich", "urllib3"},
    "testing": {"pytest"},
    "demo": {"requests", "webob", "waitress"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            if node.module == "corswsgi":
                yield from (f"corswsgi.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_room_imports_what_its_arrows_do_not_show(path: Path) -> None:
    room = room_of(path)
    inside, outside = set(), set()
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "corswsgi":
            inside.add(rest.partition(".")[0])
        elif top not in sys.stdlib_module_names and top not in ("_typeshed", "__future__"):
            outside.add(top)
    assert inside - {room} <= ARROWS[room]
    assert outside <= OUTSIDE.get(room, set())


def test_the_arrows_have_no_circle() -> None:
    settled: set[str] = set()
    while len(settled) < len(ARROWS):
        free = {room for room, arrows in ARROWS.items() if room not in settled and arrows <= settled}
        assert free, f"a circle among {set(ARROWS) - settled}"
        settled |= free


def test_every_room_is_on_the_list() -> None:
    assert {room_of(path) for path in modules()} == set(ARROWS)


def test_the_picture_in_the_documentation_is_this_one() -> None:
    text = (ROOT / "docs" / "design.rst").read_text("utf-8")
    shown = {}
    for line in text.splitlines():
        room, arrow, rest = line.partition("->")
        if arrow:
            names = rest.split("  ")[0].split("+")[0].replace("(nothing)", "")
            shown[room.strip().rstrip("/")] = {name.strip().rstrip("/") for name in names.split(",") if name.strip()}
    assert shown == ARROWS


def test_the_public_face_is_small() -> None:
    assert sorted(corswsgi.__all__) == [
        "CORSMiddleware",
        "CORSRequestHandler",
        "CORSRequestHandlerMixin",
        "Policy",
        "PolicyError",
        "explain",
    ]


def test_the_tests_run_against_the_installed_package() -> None:
    assert PACKAGE != ROOT / "corswsgi", (
        "install the package (pip install '.[test]'), and run pytest, not python -m pytest"
    )
    assert importlib.metadata.version("corswsgi") == "1.0.0"


def test_the_installed_package_holds_what_the_source_holds() -> None:
    source = {
        path.relative_to(ROOT / "corswsgi")
        for path in (ROOT / "corswsgi").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    installed = {
        path.relative_to(PACKAGE) for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert installed == source
    assert Path("py.typed") in installed


def test_the_bare_install_needs_webob_and_publicsuffixlist_only() -> None:
    needed = [line for line in importlib.metadata.requires("corswsgi") or [] if "extra ==" not in line]
    assert sorted(line.partition(">")[0].strip() for line in needed) == ["publicsuffixlist", "webob"]


def test_importing_the_package_warns_of_nothing() -> None:
    code = "import corswsgi; print(corswsgi.Policy('*'))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("Policy(allow_origins='*')\n", "")


def test_importing_the_package_loads_nothing_that_takes_long() -> None:
    heavy = (
        *("publicsuffixlist", "waitress", "requests", "ada_url"),
        *("argparse", "configparser", "dataclasses", "difflib", "inspect", "tomllib"),
    )
    code = f"import sys, corswsgi; print([name for name in {heavy} if name in sys.modules])"
    # Coverage, if it is measured, would load some of these by itself.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == "[]"
