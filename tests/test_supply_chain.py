"""What is published: the wheel and the sdist hold the sources and nothing else, and anyone can build the same bytes."""

from __future__ import annotations

import base64
import configparser
import contextlib
import csv
import gzip
import hashlib
import http.client
import importlib.metadata
import io
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from email.parser import BytesParser
from pathlib import Path
from typing import NamedTuple

import machine
import oldest
import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent

PACKAGE = "corswsgi"
STEM = "corswsgi-1.0.0"

#: Beside the package, the sdist holds all of these.
FOLDERS = ("benchmarks", "build_backend", "docs", "examples", "tests")
FILES = (
    "CHANGES.rst",
    "CONTRIBUTING.rst",
    "LICENSE",
    "MANIFEST.in",
    "README.rst",
    "SECURITY.rst",
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
)

#: What is in the repository for those who work on it, and is not published.
NOT_PUBLISHED = {".ci/run", ".gitignore"}

#: What setuptools makes.
GENERATED = {
    "PKG-INFO",
    *(
        f"{PACKAGE}.egg-info/{name}"
        for name in (
            "PKG-INFO",
            "SOURCES.txt",
            "dependency_links.txt",
            "entry_points.txt",
            "requires.txt",
            "top_level.txt",
        )
    ),
}
DIST_INFO = {
    f"{STEM}.dist-info/{name}"
    for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "top_level.txt")
}

#: 1980-01-01, which archives say where SOURCE_DATE_EPOCH does not.
EARLIEST = 315532800

#: Seconds that a build, an installation or an answer may take before it is given up.
PATIENCE = 60

#: What a frontend does (PEP 517): the backend that pyproject.toml names is called in the directory of the sources.
CALL = """
import importlib, sys
sys.path[:0] = {path!r}
getattr(importlib.import_module({backend!r}), {hook!r})({target!r})
"""


class Builder(NamedTuple):
    """Somebody who builds.

    :ivar umask: under which it builds.
    :ivar mode: of the files of its checkout.
    :ivar modified: when they were modified, in seconds since 1970.
    :ivar environ: what else is in its environment.
    """

    umask: int
    mode: int
    modified: int
    environ: dict[str, str]


BUILDERS = {
    "usual": Builder(0o022, 0o644, 1_700_000_000, {"TZ": "UTC", "LC_ALL": "C"}),
    "private": Builder(0o077, 0o600, 1_000_000_000, {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"}),
    "shared": Builder(0o002, 0o664, 1_790_000_000, {"TZ": "America/Lima", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"}),
}


class Archives(NamedTuple):
    """What a builder built: the sdist out of its checkout, and the wheel out of that."""

    sdist: Path
    wheel: Path


def sources() -> set[str]:
    """Return what is to be published, except what is generated."""
    folders = [ROOT / name for name in (PACKAGE, *FOLDERS)]
    files = [path.relative_to(ROOT) for folder in folders for path in folder.rglob("*") if path.is_file()]
    passing = ("__pycache__", ".")
    kept = [path for path in files if not any(part.startswith(passing) for part in path.parts)]
    return {path.as_posix() for path in kept} | set(FILES)


def environment(**more: str) -> dict[str, str]:
    """Return an environment for a program that is not to be measured, and for which no date is set."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    mine.pop("SOURCE_DATE_EPOCH", None)
    return mine | more


def git(tree: Path, *arguments: str) -> str:
    """Run git in a directory, without the settings of the user who runs the tests; return what it printed."""
    mine = {name: value for name, value in environment().items() if not name.startswith("GIT_")}
    done = subprocess.run(
        [machine.find("git"), "-c", "safe.directory=*", *arguments],
        cwd=tree,
        env=mine | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return done.stdout


def copy_of_a_commit(directory: Path, builder: Builder) -> Path:
    """Copy the sources as a builder would have them; there is no git."""
    for name in sources() | {name for name in NOT_PUBLISHED if (ROOT / name).exists()}:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
        target.chmod(builder.mode)
        os.utime(target, (builder.modified, builder.modified))
    return directory


def checkout(directory: Path, builder: Builder) -> Path:
    """Copy the sources as a builder would have them, and track them."""
    tree = copy_of_a_commit(directory, builder)
    git(tree, "init", "--quiet")
    git(tree, "add", "--all", "--force")
    return tree


def unpacked(sdist: Path, directory: Path) -> Path:
    """Unpack an sdist into a directory; return where its files are."""
    with tarfile.open(sdist) as archive:
        archive.extractall(directory, filter="data")
    return directory / STEM


def call(
    hook: str, tree: Path, target: Path, builder: Builder, environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Call the backend that the sources name."""
    system = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["build-system"]
    path = [str(tree / each) for each in system.get("backend-path", ())]
    target.mkdir()
    code = CALL.format(path=path, backend=system["build-backend"], hook=hook, target=str(target))
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tree,
        umask=builder.umask,
        env=environment(**builder.environ, **environ),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def build(hook: str, tree: Path, target: Path, builder: Builder = BUILDERS["usual"], **environ: str) -> Path:
    """Build with the backend that the sources name; return the one archive that came of it."""
    done = call(hook, tree, target, builder, environ)
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,) = target.iterdir()
    return archive


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Archives]:
    """What each builder built."""
    archives = {}
    for name, builder in BUILDERS.items():
        home = tmp_path_factory.mktemp(name)
        sdist = build("build_sdist", checkout(home / "checkout", builder), home / "sdist", builder)
        archives[name] = Archives(sdist, build("build_wheel", unpacked(sdist, home), home / "wheel", builder))
    return archives


@pytest.fixture(scope="module")
def sdist(built: dict[str, Archives]) -> Iterator[tarfile.TarFile]:
    with tarfile.open(built["private"].sdist) as archive:
        yield archive


@pytest.fixture(scope="module")
def wheel(built: dict[str, Archives]) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(built["private"].wheel) as archive:
        yield archive


# What they hold


def test_the_wheel_holds_the_package_and_its_metadata(wheel: zipfile.ZipFile) -> None:
    package = {name for name in sources() if name.startswith(f"{PACKAGE}/")}
    assert sorted(wheel.namelist()) == sorted(package | DIST_INFO)


def test_the_sdist_holds_the_sources(sdist: tarfile.TarFile) -> None:
    files = [member.name.removeprefix(f"{STEM}/") for member in sdist if not member.isdir()]
    assert sorted(files) == sorted(sources() | GENERATED)
    assert {member.type for member in sdist} == {tarfile.REGTYPE, tarfile.DIRTYPE}, "no links, no devices"
    assert all(member.name == STEM or member.name.startswith(f"{STEM}/") for member in sdist)


def options(content: bytes) -> dict[str, dict[str, str]]:
    """Return the options of a setup.cfg, without the section that setuptools adds when it writes it again."""
    parser = configparser.RawConfigParser()
    parser.read_string(content.decode())
    return {section: dict(parser[section]) for section in parser.sections() if section != "egg_info"}


def test_what_the_archives_hold_is_what_the_sources_hold(sdist: tarfile.TarFile, wheel: zipfile.ZipFile) -> None:
    for name in sources():
        content = (ROOT / name).read_bytes()
        stream = sdist.extractfile(f"{STEM}/{name}")
        assert stream is not None
        packed = stream.read()
        if name == "setup.cfg":
            assert options(packed) == options(content)
        else:
            assert packed == content, name
        if name.startswith(f"{PACKAGE}/"):
            assert wheel.read(name) == content, name
    assert wheel.read(f"{STEM}.dist-info/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_every_file_of_the_repository_is_published_or_is_named_here() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("these are the sources of an sdist, and not a checkout")
    assert set(filter(None, git(ROOT, "ls-files", "-z").split("\0"))) - sources() == NOT_PUBLISHED


def test_the_record_of_the_wheel_has_every_file_and_its_hash(wheel: zipfile.ZipFile) -> None:
    record = wheel.read(f"{STEM}.dist-info/RECORD").decode()
    rows = {name: (digest, size) for name, digest, size in csv.reader(io.StringIO(record))}
    assert rows.pop(f"{STEM}.dist-info/RECORD") == ("", "")
    for info in wheel.infolist():
        if info.filename in rows:
            digest = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(info)).digest()).rstrip(b"=").decode()
            assert rows.pop(info.filename) == (f"sha256={digest}", str(info.file_size))
    assert rows == {}


def test_the_metadata(wheel: zipfile.ZipFile) -> None:
    metadata = BytesParser().parsebytes(wheel.read(f"{STEM}.dist-info/METADATA"))
    assert (metadata["Name"], metadata["Version"]) == (PACKAGE, STEM.partition("-")[2])
    assert (metadata["License"] or metadata["License-Expression"], metadata["License-File"]) == ("MIT", "LICENSE")
    bare = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(re.split("[<>=!~]", line)[0] for line in bare) == ["publicsuffixlist", "webob"]
    assert wheel.read(f"{STEM}.dist-info/WHEEL").decode().splitlines()[2:] == [
        "Root-Is-Purelib: true",
        "Tag: py3-none-any",
        "",
    ]


# What they do not hold

#: What builds left behind long ago.
LEAVINGS = {
    f"build/lib/{PACKAGE}/evil.py": "import this\n",
    f"{PACKAGE}.egg-info/SOURCES.txt": "docs/notes.rst\n",
}

#: That, and modules and documents that nobody has added. setuptools by itself would pack all of it.
LITTER = {
    **LEAVINGS,
    f"{PACKAGE}/scratch.py": "import this\n",
    f"{PACKAGE}/demo/scratch.html": "<!doctype html>\n",
    "docs/notes.rst": "Of mine\n",
    f"{PACKAGE}/__pycache__/scratch.cpython-311.pyc": "",
}


def litter(tree: Path, names: Iterable[str] = LITTER) -> None:
    """Leave in a directory what is not to be packed; what is there stays."""
    for name in names:
        if (tree / name).exists():  # the list of an sdist
            continue
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(LITTER[name], "utf-8")


def files_in(tree: Path) -> dict[Path, bytes]:
    """Return all files, but git's own and those that Python compiled."""
    passing = {".git", "__pycache__"}
    found = (path for path in tree.rglob("*") if path.is_file() and not passing & set(path.relative_to(tree).parts))
    return {path: path.read_bytes() for path in found}


Trees = dict[str, Callable[[Path], Path]]


@pytest.fixture(scope="module")
def trees(built: dict[str, Archives]) -> Trees:
    """Of each kind of directory that is built from: a function that makes one in a new directory."""
    return {
        "checkout": lambda directory: checkout(directory / "checkout", BUILDERS["usual"]),
        "sdist": lambda directory: unpacked(built["usual"].sdist, directory),
        "copy of a commit": lambda directory: copy_of_a_commit(directory / "copy", BUILDERS["usual"]),
    }


@pytest.mark.parametrize("kind", ["checkout", "sdist"])
def test_what_is_not_tracked_is_left_out_and_named(
    trees: Trees, built: dict[str, Archives], kind: str, tmp_path: Path
) -> None:
    tree = trees[kind](tmp_path)
    litter(tree)
    before = files_in(tree)
    for hook, usual in (("build_sdist", built["usual"].sdist), ("build_wheel", built["usual"].wheel)):
        target = tmp_path / hook
        done = call(hook, tree, target, BUILDERS["usual"], {})
        assert (target / usual.name).read_bytes() == usual.read_bytes()
        named = [f"{PACKAGE}/demo/scratch.html", f"{PACKAGE}/scratch.py"]
        if hook == "build_sdist":
            named.append("docs/notes.rst")  # which no wheel would hold anyway
        assert re.findall("^warning: left out, .*: (.*)$", done.stderr, re.MULTILINE) == named
    assert files_in(tree) == before, "a build leaves nothing behind"


def test_metadata_are_prepared_without_leaving_anything_behind(trees: Trees, tmp_path: Path) -> None:
    tree = trees["checkout"](tmp_path)
    before = files_in(tree)
    done = call("prepare_metadata_for_build_wheel", tree, tmp_path / "metadata", BUILDERS["usual"], {})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "metadata" / f"{STEM}.dist-info" / "METADATA").is_file()
    assert files_in(tree) == before


@pytest.mark.parametrize("kind", ["checkout", "sdist", "copy of a commit"])
def test_a_frontend_builds_the_same_wheel(trees: Trees, built: dict[str, Archives], kind: str, tmp_path: Path) -> None:
    """A frontend calls all hooks, in turn, in one directory: none may spoil what the next one looks at."""
    tree = trees[kind](tmp_path)
    litter(tree, LEAVINGS if kind == "copy of a commit" else LITTER)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", "--wheel-dir", str(tmp_path / "wheel"), "."],
        cwd=tree,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "wheel").iterdir()
    assert wheel.read_bytes() == built["usual"].wheel.read_bytes()


def test_a_copy_of_a_commit_gives_the_same_sdist(trees: Trees, built: dict[str, Archives], tmp_path: Path) -> None:
    tree = trees["copy of a commit"](tmp_path)
    litter(tree, LEAVINGS)
    assert build("build_sdist", tree, tmp_path / "sdist").read_bytes() == built["usual"].sdist.read_bytes()


def test_work_that_is_not_committed_is_built_as_it_is(trees: Trees, tmp_path: Path) -> None:
    tree = trees["checkout"](tmp_path)
    (tree / PACKAGE / "cli.py").write_text("changed = True\n", "utf-8")
    (tree / PACKAGE / "serve.py").unlink()
    (tree / PACKAGE / "added.py").write_text("added = True\n", "utf-8")
    git(tree, "add", f"{PACKAGE}/added.py")
    with zipfile.ZipFile(build("build_wheel", tree, tmp_path / "wheel")) as wheel:
        assert wheel.read(f"{PACKAGE}/cli.py") == b"changed = True\n"
        assert wheel.read(f"{PACKAGE}/added.py") == b"added = True\n"
        assert f"{PACKAGE}/serve.py" not in wheel.namelist()


@pytest.mark.parametrize("hook", ["build_sdist", "build_wheel"])
def test_a_checkout_without_git_is_refused_in_one_line(trees: Trees, hook: str, tmp_path: Path) -> None:
    done = call(hook, trees["checkout"](tmp_path), tmp_path / "target", BUILDERS["usual"], {"PATH": ""})
    assert done.returncode == 1
    assert re.fullmatch("error: .* is a git checkout, .*; install git, or build from the sdist\n", done.stderr)
    assert list((tmp_path / "target").iterdir()) == []


def test_the_repository_of_a_hook_is_not_asked(trees: Trees, built: dict[str, Archives], tmp_path: Path) -> None:
    """A hook of git that builds has variables that lead to the repository that it was called for."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    environ = {"GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": str(other / ".git" / "index")}
    wheel = build("build_wheel", trees["checkout"](tmp_path), tmp_path / "wheel", BUILDERS["usual"], **environ)
    assert wheel.read_bytes() == built["usual"].wheel.read_bytes()


# What they need


def test_each_requirement_has_a_lower_bound_which_tox_tries() -> None:
    """``tox -e oldest`` installs these, and no others."""
    required = importlib.metadata.requires(PACKAGE) or []
    bounds = {re.split("[<>=!~;]", line)[0].strip().lower(): re.search(r"[>=]=([0-9.]+)", line) for line in required}
    assert {name: bound and bound[1] for name, bound in bounds.items()} == oldest.constraints()
    system = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]
    assert system["requires"] == [f"setuptools>={oldest.constraints()['setuptools']}"]


# Modes


@pytest.mark.parametrize("builder", BUILDERS)
def test_everybody_may_read_and_nobody_else_may_write(built: dict[str, Archives], builder: str) -> None:
    with zipfile.ZipFile(built[builder].wheel) as wheel:
        assert {info.external_attr >> 16 for info in wheel.infolist()} == {stat.S_IFREG | 0o644}
    with tarfile.open(built[builder].sdist) as sdist:
        assert {(member.isdir(), member.mode) for member in sdist} == {(True, 0o755), (False, 0o644)}
        assert {(each.uid, each.gid, each.uname, each.gname) for each in sdist} == {(0, 0, "", "")}


# The same bytes


def test_everybody_builds_the_same_bytes(built: dict[str, Archives]) -> None:
    usual, *others = built.values()
    for other in others:
        assert other.sdist.name == usual.sdist.name == f"{STEM}.tar.gz"
        assert other.sdist.read_bytes() == usual.sdist.read_bytes()
        assert other.wheel.name == usual.wheel.name == f"{STEM}-py3-none-any.whl"
        assert other.wheel.read_bytes() == usual.wheel.read_bytes()


def test_a_wheel_out_of_a_checkout_is_that_of_the_sdist(built: dict[str, Archives], tmp_path: Path) -> None:
    builder = BUILDERS["shared"]
    wheel = build("build_wheel", checkout(tmp_path / "checkout", builder), tmp_path / "wheel", builder)
    assert wheel.read_bytes() == built["usual"].wheel.read_bytes()


def dates(archive: Path) -> set[object]:
    """Return all dates of an archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {info.date_time for info in wheel.infolist()}
    with gzip.open(archive) as stream:
        stream.peek(1)
        compressed = stream.mtime
    with tarfile.open(archive) as sdist:
        return {compressed, *(member.mtime for member in sdist)}


def test_no_archive_says_when_it_was_made(built: dict[str, Archives]) -> None:
    assert dates(built["usual"].sdist) == {EARLIEST}
    assert dates(built["usual"].wheel) == {(1980, 1, 1, 0, 0, 0)}


def test_source_date_epoch_is_the_date_of_all_files(tmp_path: Path) -> None:
    builder = BUILDERS["usual"]
    tree = checkout(tmp_path / "checkout", builder)
    sdist = build("build_sdist", tree, tmp_path / "sdist", builder, SOURCE_DATE_EPOCH="1600000000")
    assert dates(sdist) == {1600000000}
    wheel = build("build_wheel", tree, tmp_path / "wheel", builder, SOURCE_DATE_EPOCH="0")
    assert dates(wheel) == {(1980, 1, 1, 0, 0, 0)}, "a wheel cannot say anything earlier"


# Without the checkout


@pytest.fixture(scope="module")
def installed(built: dict[str, Archives], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory into which pip installed the wheel, without looking for anything elsewhere."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    arguments = [*pip, "--target", str(target), str(built["private"].wheel)]
    done = subprocess.run(arguments, env=environment(), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def started(installed: Path, directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start Python on what was installed and what is in a directory, and on nothing of the checkout."""
    return subprocess.Popen(
        [sys.executable, "-P", *arguments],
        cwd=directory,
        env=environment(PYTHONPATH=os.pathsep.join([str(installed), str(directory)])),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(installed: Path, directory: Path, *arguments: str) -> tuple[int, str]:
    """Run Python on what was installed; return its status, and what it printed."""
    with started(installed, directory, *arguments) as process:
        try:
            printed, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    return process.returncode, printed


def test_pip_installs_the_package_and_the_command(installed: Path, tmp_path: Path) -> None:
    assert finished(installed, tmp_path, "-c", "import corswsgi; print(corswsgi.__file__)") == (
        0,
        f"{installed / PACKAGE / '__init__.py'}\n",
    )
    assert os.access(installed / "bin" / PACKAGE, os.X_OK)


def served(origin: str, path: str) -> str:
    """Return what a server answers, with 200."""
    connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, path
        return answer.read().decode()


def test_the_demo_runs_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    ports = [text for flag in ("--port", "--api-port", "--handler-port") for text in (flag, "0")]
    process = started(installed, tmp_path, "-m", PACKAGE, "demo", *ports)
    with process:
        try:
            assert process.stdout is not None
            opened = re.search(r"http://localhost:\d+", process.stdout.readline())
            assert opened, process.stderr and process.stderr.read()
            page = served(opened[0], "/")
            for name in re.findall(r'(?:src|href)="(/?[a-z-]+\.(?:js|css))"', page):
                assert served(opened[0], f"/{name.lstrip('/')}") == (ROOT / PACKAGE / "demo" / name).read_text("utf-8")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0


def test_check_runs_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "site_of_mine.py").write_text(
        "from wsgiref.simple_server import demo_app\n"
        "from corswsgi import CORSMiddleware\n"
        'app = CORSMiddleware(demo_app, allow_origins=["https://app.example.com"])\n'
    )
    check = ("-m", PACKAGE, "check", "https://api.example.com/", "--app", "site_of_mine:app", "--origin")
    assert finished(installed, tmp_path, *check, "https://app.example.com")[0] == 0
    assert finished(installed, tmp_path, *check, "https://evil.example")[0] == 1
