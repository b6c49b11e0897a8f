"""The command ``corswsgi``: its subcommands, and how it reports errors; each subcommand has its own module."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import NoReturn, Protocol

from corswsgi import explaining, serve
from corswsgi.checker import audit_command, check_command, finding_command, lint_command
from corswsgi.demo import command as demo
from corswsgi.errors import PolicyError, UsageError, nearest, quote
from corswsgi.export import command as export_command


class _Command(Protocol):
    """The module of a subcommand."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None: ...

    def run(self, options: argparse.Namespace, /) -> int: ...


#: Each subcommand with its module and summary.
COMMANDS: dict[str, tuple[_Command, str]] = {
    "demo": (demo, "start a page and two APIs on three local origins, to see CORS at work in a browser"),
    "check": (check_command, "say whether a browser would let a page read a URL, and if not, why"),
    "audit": (audit_command, "show what pages of hostile origins would get from a URL"),
    "lint": (lint_command, "list the faults of a policy, and what could be better"),
    "finding": (finding_command, "explain a finding of check, audit or lint, and how to fix it"),
    "explain": (explaining, "explain what a policy answers to a request, and why"),
    "export": (export_command, "write a policy as configuration for nginx, Apache, Caddy or HAProxy"),
    "serve": (serve, "serve the files of a directory to pages of the origins that you name"),
}

#: These show the log of refusals. The others provoke refusals themselves, and tell of them in their reports.
_SERVING = ("demo", "serve")

_USAGE_ERROR = 2
#: How alike two names must be for one to be taken for a slip of the other; from 0 to 1.
_ALIKE = 0.6
_INTERRUPTED, _BROKEN_PIPE = 130, 141  # the statuses that shells report for SIGINT and SIGPIPE


class _Parser(argparse.ArgumentParser):
    """Tells an error in one line."""

    def error(self, message: str) -> NoReturn:
        stop = "" if message.endswith("?") else ";"
        self.exit(_USAGE_ERROR, f"{self.prog}: {message}{stop} see {self.prog} --help\n")


def _why_unknown(unknown: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """Say what is wrong with words that a command does not know.

    Options are named; other words are counted, as they may be the rest of a secret.
    """
    names = [each.partition("=")[0] for each in unknown if each.startswith("-")]
    if not names:
        words = f"{len(unknown)} word{'s' * (len(unknown) > 1)}"
        return f"{words} too many (put quotation marks around a value with spaces)"
    known = re.findall(r"--[a-z][a-z-]+", parser.format_help())
    return ", ".join(f"there is no option {_with_nearest(name, known)}" for name in names)


def _with_nearest(name: str, known: Iterable[str]) -> str:
    """Quote a name, with the known one that was most likely meant."""
    near = nearest(name, known, _ALIKE)
    return f"{quote(name)}, did you mean {quote(near)}?" if near else quote(name)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse a command line; if it has an error, exit with a message of one line."""
    parser = _Parser(
        prog="corswsgi",
        description="CORS for WSGI applications and http.server.",
        epilog="Run 'corswsgi COMMAND --help' for the options of a command, with an example. "
        "Example: corswsgi check https://api.example.com/items --origin https://app.example.com",
    )
    parser.add_argument("--version", action="version", version=f"corswsgi {metadata.version('corswsgi')}")
    subparsers = parser.add_subparsers(metavar="COMMAND", dest="command")
    for name, (command, summary) in COMMANDS.items():
        description = f"{summary[0].upper()}{summary[1:]}."
        subparser = subparsers.add_parser(name, help=summary, description=description)
        subparser.set_defaults(parser=subparser)
        command.add_arguments(subparser)
    words = sys.argv[1:] if arguments is None else arguments
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        parser.error(f"there is no command {_with_nearest(words[0], COMMANDS)}")
    options, unknown = parser.parse_known_args(words)
    if unknown:
        told_by = options.parser if options.command else parser
        told_by.error(_why_unknown(unknown, told_by))
    if options.command is None:
        parser.error(f"name a command: {', '.join(COMMANDS)}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status, which is 2 if a command cannot be run as asked."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader is gone, as after "| head". The interpreter flushes stdout at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE


def _run(arguments: Sequence[str] | None) -> int:
    options = parse(arguments)
    is_serving = options.command in _SERVING
    logging.basicConfig(format="%(message)s", level=logging.INFO if is_serving else logging.WARNING)
    command, _ = COMMANDS[options.command]
    try:
        return command.run(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except PolicyError as error:
        messages = [str(problem) for problem in error.problems]
    except UsageError as error:
        messages = list(error.args)
    print(*(f"corswsgi {options.command}: {message}" for message in messages), sep="\n", file=sys.stderr)
    return _USAGE_ERROR
