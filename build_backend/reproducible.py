"""The build backend: setuptools, given what git tracks, and archives that hold nothing of the machine that made them.

Changes that are not committed are built in, but a new file has to be added first (``git add``); a warning names those
that were left out. setuptools would take what it finds: files that nobody added, and modules of an old ``build/``.

setuptools writes who built, when, and with which umask into its archives. Here these are the same for everybody, so
that anyone can build what was published from the same sources and compare the bytes. The contents are left as they are.
"""

from __future__ import annotations

import gzip
import os
import stat
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import build_editable, prepare_metadata_for_build_editable
from tracked import PACKAGE, copied, warn_of_others

# Without get_requires_for_build_…: setuptools adds nothing to what pyproject.toml requires, and in an unpacked sdist it
# would write over the list of what the sdist holds.
__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

#: 1980-01-01, the earliest date that a wheel can have, in seconds since 1970.
_EARLIEST = 315532800


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Build the source distribution into a directory; return its name (PEP 517)."""
    target = Path(sdist_directory).resolve()
    warn_of_others()
    with copied():
        name: str = build_meta.build_sdist(str(target), config_settings)
    _rewrite(target / name, _copy_tar)
    return name


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build the wheel into a directory; return its name (PEP 517)."""
    target = Path(wheel_directory).resolve()
    metadata = None if metadata_directory is None else str(Path(metadata_directory).resolve())
    warn_of_others([PACKAGE])
    with copied():
        name: str = build_meta.build_wheel(str(target), config_settings, metadata)
    _rewrite(target / name, _copy_zip)
    return name


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """Write the metadata of the wheel into a directory; return its name (PEP 517)."""
    target = Path(metadata_directory).resolve()
    with copied():
        name: str = build_meta.prepare_metadata_for_build_wheel(str(target), config_settings)
    return name


def _seconds() -> int:
    """Return the time of all files: what ``SOURCE_DATE_EPOCH`` says, or the earliest there can be."""
    return max(_EARLIEST, int(os.environ.get("SOURCE_DATE_EPOCH", _EARLIEST)))


def _mode(mode: int) -> int:
    """Return what everybody may do with a file, of what its owner may: read, and execute, but not write."""
    return 0o755 if mode & stat.S_IXUSR else 0o644


def _rewrite(archive: Path, copy: Any) -> None:
    rewritten = archive.with_name(f"{archive.name}.rewritten")
    copy(archive, rewritten)
    rewritten.replace(archive)


def _copy_tar(archive: Path, rewritten: Path) -> None:
    with (
        tarfile.open(archive) as source,
        rewritten.open("wb") as stream,
        gzip.GzipFile("", "wb", fileobj=stream, mtime=_seconds()) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as target,
    ):
        for member in sorted(source, key=lambda member: member.name):
            info = tarfile.TarInfo(member.name)
            info.type, info.size = member.type, member.size
            info.mode, info.mtime = _mode(member.mode), _seconds()
            target.addfile(info, source.extractfile(member))


def _copy_zip(archive: Path, rewritten: Path) -> None:
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            info = zipfile.ZipInfo(member.filename, time.gmtime(_seconds())[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, where external_attr has the mode
            info.external_attr = (stat.S_IFREG | _mode(member.external_attr >> 16)) << 16
            target.writestr(info, source.read(member))
