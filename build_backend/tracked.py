"""Which files to build from: those that git tracks, and nothing else."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

PACKAGE = "corswsgi"

#: The list of what an sdist holds. setuptools writes it elsewhere too, but PKG-INFO is beside it in an sdist alone.
LISTED = f"{PACKAGE}.egg-info/SOURCES.txt"

#: Folders that builds and Python leave behind: at the top of the tree, and anywhere.
LEFT_AT_THE_TOP = ("build", "dist", f"{PACKAGE}.egg-info")
LEFT_ANYWHERE = ("__pycache__",)


@contextlib.contextmanager
def copied() -> Iterator[None]:
    """Make a copy of the tracked files the current directory, so that no stale ``build/`` is there to be packed."""
    names = tracked()
    with tempfile.TemporaryDirectory() as directory:
        for name in names:
            target = Path(directory, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, target)
            shutil.copymode(name, target)
        with contextlib.chdir(directory):
            yield


def tracked() -> list[str]:
    """Return the files to build from, sorted, relative to the current directory.

    In a checkout, git says which; a tracked file that was deleted is left out. In an unpacked sdist, its own list says
    it. Where there is neither, as in an archive that a hosting site made of a commit, these are all files but those
    that builds leave behind; setup.cfg and MANIFEST.in choose among them.
    """
    if Path(".git").exists():
        names = _asked_of_git()
    elif Path("PKG-INFO").exists():
        names = Path(LISTED).read_text("utf-8").splitlines()
    else:
        names = list(_walked("."))
    return sorted(name for name in set(names) if Path(name).is_file())


def warn_of_others(folders: Iterable[str] = ()) -> None:
    """Name on stderr each file that is not tracked, but below one of these folders; or below any that has tracked ones.

    Hidden files, and those that builds and Python leave behind, are not named.
    """
    names = set(tracked())
    folders = set(folders) or {name.partition("/")[0] for name in names if "/" in name}
    for folder in sorted(folders):
        for name in sorted(set(_walked(folder)) - names):
            print(f"warning: left out, because it is not tracked (in a checkout, git add it): {name}", file=sys.stderr)


def _asked_of_git() -> list[str]:
    # In a hook of git, variables lead to the repository of that hook. And the tree may be somebody else's: pip runs its
    # code already.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    try:
        listed = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        # Not all files instead: what is published would depend on what else lies in the directory.
        raise SystemExit(
            f"error: {Path.cwd()} is a git checkout, but git cannot say which files it tracks ({error}); "
            "install git, or build from the sdist"
        ) from None
    return os.fsdecode(listed).split("\0")


def _walked(folder: str) -> Iterator[str]:
    """Yield the files below a folder, except hidden ones and those that builds and Python leave behind."""
    for directory, folders, files in os.walk(folder):
        leavings = (*LEFT_ANYWHERE, *(LEFT_AT_THE_TOP if directory == "." else ()))
        folders[:] = [name for name in folders if name not in leavings and not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield PurePosixPath(directory, name).as_posix()
