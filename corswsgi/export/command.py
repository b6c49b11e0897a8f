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
    """Declare what the command takes."""
    parser.epilog = (
        "Exit status: 0 if it is written; 2 if the policy has faults, cannot be read, or asks for what the server "
        "cannot do. Example: corswsgi export nginx cors.toml --upstream http://127.0.0.1:8000"
    )
    parser.add_argument("server", metavar="SERVER", help=f"one of: {', '.join(SERVERS)}")
    parser.add_argument("file", metavar="FILE", help="a TOML or INI file with the policy, or with policies by path")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it; by default it is printed")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument(
        "--upstream",
        metavar="URL",
        default=_DEFAULT.upstream,
        help='the application behind: "http://127.0.0.1:8000". Whatever it says about CORS itself is taken off, so '
        "that the policy has the last word. By default there is none, and the server has files",
    )
    parser.add_argument(
        "--listen", metavar="PORT", default=_DEFAULT.listen, help="a port, or ADDRESS:PORT; default: %(default)s"
    )
    parser.add_argument(
        "--root",
        metavar="DIRECTORY",
        default=_DEFAULT.root,
        help="where the files are, if there is no application; default: %(default)s",
    )


def run(options: argparse.Namespace) -> int:
    """Print or write the configuration; return the exit status."""
    place = Place(options.upstream, options.listen, options.root)
    if options.server not in SERVERS:  # told before what is wrong with a file
        configuration(options.server, {}, place)
    output = os.path.realpath(options.output) if options.output else ""
    written = configuration(options.server, read_file(options.file), place, output)
    if output:
        _write({output: written.text, **{output + end: text for end, text in written.beside.items()}}, options.force)
    elif written.beside:
        raise UsageError(f"{SERVERS[options.server].title} needs more files than one: name the first of them with -o")
    else:
        sys.stdout.write(written.text)
    return 0


def _write(texts: Mapping[str, str], force: bool) -> None:
    """Write files, each as a whole, and none of them if one cannot be written.

    :raises UsageError: if one is there and is not to be replaced, or cannot be written.
    """
    for name in texts:
        if os.path.isdir(name):
            raise UsageError(f"{quote(name)} is a directory; name a file")
        if not force and os.path.lexists(name):
            raise UsageError(f"{quote(name)} is there already; --force writes over it")
    with contextlib.ExitStack() as stack:
        drafts = {}
        for name, text in texts.items():
            try:
                drafts[name] = _draft(name, text)
            except OSError as error:
                raise UsageError(f"{quote(name)} cannot be written: {error.strerror}") from error
            stack.callback(Path(drafts[name]).unlink, missing_ok=True)
        # Those that the first of them names are there before it.
        for name in reversed([*texts]):
            _put(drafts[name], name, force)


def _draft(name: str, text: str) -> str:
    """Write a text beside the file that it is for; return where."""
    descriptor, draft = tempfile.mkstemp(prefix=".corswsgi-", dir=os.path.dirname(name))
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        # As any new file, and not for the owner alone: the server may be another user.
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(file.fileno(), 0o666 & ~mask)
    return draft


def _put(draft: str, name: str, force: bool) -> None:
    if force:
        os.replace(draft, name)
        return
    try:
        os.link(draft, name)  # fails where another program has made the file meanwhile
    except OSError as error:
        raise UsageError(f"{quote(name)} cannot be written: {error.strerror}") from error
