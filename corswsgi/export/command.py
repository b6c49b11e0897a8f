"""``corswsgi export``: the policy of a settings file as configuration of a server, printed or written to a file."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from corswsgi.errors import UsageError, quote
from corswsgi.export.place import Place
from corswsgi.export.servers import SERVERS, configuration
from corswsgi.settings import read_file

_DEFAULT = Place()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        "Exit status: 0 if it is written; 2 if the policy has faults, cannot be read, or needs what the server "
        "cannot do. Example: corswsgi export nginx cors.toml --upstream http://127.0.0.1:8000"
    )
    parser.add_argument("server", metavar="SERVER", help=f"the server: {', '.join(SERVERS)}")
    parser.add_argument("file", metavar="FILE", help="a TOML or INI file with the policy, or with policies by path")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the file to write; by default the configuration is printed"
    )
    parser.add_argument("--force", action="store_true", help="overwrite files that exist")
    parser.add_argument(
        "--upstream",
        metavar="URL",
        default=_DEFAULT.upstream,
        help='the application behind the server, such as "http://127.0.0.1:8000"; CORS headers of its own are removed; '
        "by default there is no application, and the server has files",
    )
    parser.add_argument(
        "--listen", metavar="PORT", default=_DEFAULT.listen, help="PORT or ADDRESS:PORT; default: %(default)s"
    )
    parser.add_argument(
        "--root",
        metavar="DIRECTORY",
        default=_DEFAULT.root,
        help="the directory of the files, if there is no application; default: %(default)s",
    )


def run(options: argparse.Namespace) -> int:
    """Print or write the configuration; return the exit status."""
    place = Place(options.upstream, options.listen, options.root)
    if options.server not in SERVERS:  # reported before faults of the file
        configuration(options.server, {}, place)
    output = os.path.realpath(options.output) if options.output else ""
    written = configuration(options.server, read_file(options.file), place, output)
    if output:
        _write({output: written.text, **{output + end: text for end, text in written.beside.items()}}, options.force)
    elif written.beside:
        raise UsageError(f"{SERVERS[options.server].title} needs more than one file; name the first with -o")
    else:
        sys.stdout.write(written.text)
    return 0


def _write(texts: Mapping[str, str], force: bool) -> None:
    """Write files, each as a whole, or none of them if one cannot be written.

    :raises UsageError: if one exists and is not to be replaced, or cannot be written.
    """
    for name in texts:
        if os.path.isdir(name):
            raise UsageError(f"{quote(name)} is a directory; name a file")
        if not force and os.path.lexists(name):
            raise UsageError(f"{quote(name)} exists already; --force overwrites it")
    with contextlib.ExitStack() as stack:
        drafts = {}
        for name, text in texts.items():
            try:
                drafts[name] = _draft(name, text)
            except OSError as error:
                raise UsageError(f"{quote(name)} cannot be written: {error.strerror}") from error
            stack.callback(Path(drafts[name]).unlink, missing_ok=True)
        # The first file refers to the others, so it comes last.
        for name in reversed([*texts]):
            _put(drafts[name], name, force)


def _draft(name: str, text: str) -> str:
    """Write a text to a temporary file in the directory of ``name``; return its path."""
    descriptor, draft = tempfile.mkstemp(prefix=".corswsgi-", dir=os.path.dirname(name))
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        # mkstemp lets only the owner read; the server may run as another user.
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(file.fileno(), 0o666 & ~mask)
    return draft


def _put(draft: str, name: str, force: bool) -> None:
    if force:
        os.replace(draft, name)
        return
    try:
        os.link(draft, name)  # fails if another program has created the file meanwhile
    except OSError as error:
        raise UsageError(f"{quote(name)} cannot be written: {error.strerror}") from error
