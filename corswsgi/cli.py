"""The command ``corswsgi``: its subcommands, and how their errors are told; what they do is done elsewhere."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import NoReturn, Protocol

from corswsgi import explaining, serve
from corswsgi.checker import audit_command, check_command, finding_command, lint_command
from corswsgi.demo import command as demo
from corswsgi.errors import PolicyError, UsageError
from corswsgi.export import command as export_command


class _Command(Protocol):
    """The module of a subcommand."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None: ...

    def run(self, options: argparse.Namespace, /) -> int: ...


#: Each with its module, and what it does.
COMMANDS: dict[str, tuple[_Command, str]] = {
    "demo": (demo, "start a page and two APIs on three origins of this machine, to see CORS at work in a browser"),
    "check": (check_command, "tell whether a browser would let a page read a URL, and if not, why not"),
    "audit": (audit_command, "tell what pages of hostile origins would get from a URL"),
    "lint": (lint_command, "tell the faults of a policy, and what could be better"),
    "finding": (finding_command, "tell what a finding of check, audit or lint means, and how to fix it"),
    "explain": (explaining, "tell what a policy answers to a request, and why"),
    "export": (export_command, "write a policy as configuration of nginx, Apache, Caddy or HAProxy"),
    "serve": (serve, "serve the files of a directory to pages of the origins that you name"),
}

_USAGE_ERROR = 2
_INTERRUPTED, _BROKEN_PIPE = 130, 141  # as shells have them


class _Parser(argparse.ArgumentParser):
    """Tells an error in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(_USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help\n")


def _named(unknown: Sequence[str]) -> str:
    """Return the names of unknown options; other words are counted, as they may be the rest of a secret."""
    names = [each.partition("=")[0] for each in unknown if each.startswith("-")]
    others = len(unknown) - len(names)
    hint = f"{others} word{'s' * (others > 1)} too many (write a value that holds spaces in quotation marks)"
    return " ".join([*names, *([hint] if others else [])])


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what a command line says; exit, with one line, if it says something that there is not."""
    parser = _Parser(
        prog="corswsgi",
        description="CORS for WSGI applications and http.server.",
        epilog="'corswsgi COMMAND --help' tells the options of a command, with an example. "
        "Example: corswsgi check https://api.example.com/items --origin https://app.example.com",
    )
    parser.add_argument("--version", action="version", version=f"corswsgi {metadata.version('corswsgi')}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, (command, summary) in COMMANDS.items():
        description = f"{summary[0].upper()}{summary[1:]}."
        subparser = subparsers.add_parser(name, help=summary, description=description)
        subparser.set_defaults(error=subparser.error)
        command.add_arguments(subparser)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        options.error(f"unrecognized arguments: {_named(unknown)}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status, 2 for what cannot be done as it was asked."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on, as after "| head"; what the interpreter writes at its end must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE


def _run(arguments: Sequence[str] | None) -> int:
    options = parse(arguments)
    logging.basicConfig(format="%(message)s", level=logging.INFO)
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
