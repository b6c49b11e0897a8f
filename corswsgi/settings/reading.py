"""The text of a file, read as a whole or not at all."""

from __future__ import annotations

import os
import stat
from typing import NoReturn

from corswsgi.errors import Fault, PolicyError, Problem

Path = str | os.PathLike[str]

#: The size of the largest file that is read, in bytes.
LARGEST = 1024 * 1024

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def text_of(name: str, needless: str) -> str:
    """Return the text of a regular UTF-8 file, all of one version.

    :param needless: what never needs a larger file, such as ``"no policy"``; for the message.
    :raises PolicyError: if it cannot be read.
    """
    try:
        # O_NONBLOCK: do not wait for the other end of a named pipe.
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except ValueError:
        refuse(name, "a file name cannot contain NUL")
    except OSError as error:
        refuse(name, f"it cannot be read: {error.strerror}")
    try:
        content = _content_of(name, descriptor, needless)
    except OSError as error:
        refuse(name, f"it cannot be read: {error.strerror}")
    finally:
        os.close(descriptor)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        refuse(f"{name}:{line}", f"the byte 0x{content[error.start]:02X} is not UTF-8; save the file as UTF-8")


def _content_of(name: str, descriptor: int, needless: str) -> bytes:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        refuse(name, f"it is {_KINDS[stat.S_IFMT(before.st_mode)]}, not a file")
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        refuse(name, f"it is larger than {LARGEST} bytes, which {needless} needs")
    if version_of(os.fstat(descriptor)) != version_of(before):
        refuse(name, "it changed while it was read; try again")
    return content


def version_of(status: os.stat_result) -> tuple[int, ...]:
    """Return a value that differs between two versions of a file."""
    return status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def refuse(place: str, message: str) -> NoReturn:
    """Raise the error of a file that is not read."""
    raise PolicyError([Problem(Fault.FILE_UNREADABLE, "", None, message, place=place)])
