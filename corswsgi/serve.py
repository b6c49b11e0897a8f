"""``corswsgi serve``: a directory over HTTP under a policy; otherwise like ``python -m http.server``."""

from __future__ import annotations

import argparse
import contextlib
import errno
import ipaddress
import signal
import socket
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from corswsgi import fetch
from corswsgi.errors import UsageError, quote
from corswsgi.handler import CORSRequestHandler
from corswsgi.listening import LOOPBACK_NAMES, host_name, port, port_error
from corswsgi.policy import Policy
from corswsgi.routes import PolicyByPath
from corswsgi.settings import follow

#: Headers that belong to one response, or to a connection, in lower case; --header does not take them.
_HEADERS_OF_THE_SERVER = frozenset(
    """
    accept-ranges connection content-encoding content-length content-range content-type date etag keep-alive
    last-modified location server trailer transfer-encoding upgrade vary
    """.split()
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        "Exit status: 0 after Ctrl-C; 2 if it cannot start as asked. "
        "Example: corswsgi serve build --allow-origin http://localhost:3000"
    )
    directory = parser.add_mutually_exclusive_group()
    directory.add_argument(
        "directory", nargs="?", metavar="DIRECTORY", help="what to serve; default: the current directory"
    )
    directory.add_argument(
        "-d",
        "--directory",
        dest="directory_option",
        metavar="DIRECTORY",
        help="the same, as http.server takes it",
    )
    parser.add_argument("--port", type=port, default=8000, help="the port; default: 8000; 0 for any free port")
    parser.add_argument(
        "--bind",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the address to listen on; default: 127.0.0.1, this machine only",
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--config",
        metavar="FILE",
        help="a TOML or INI file with the policy, or with policies by path; changes take effect without a restart",
    )
    who.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help='the origin of pages that may read the files: "https://app.example.com", "http://localhost:*", or "*" for '
        "all; may be given several times; by default, no other origin may read them",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        type=host_name,
        default=[],
        metavar="NAME",
        help="a host name to answer to; may be given several times; on a loopback address, the server also answers to "
        "the names of this machine, and to no others, so that nobody can point a name of theirs at it; on any other "
        "address, it answers to all names, or only to those given here",
    )
    parser.add_argument(
        "--header",
        action="append",
        type=_header,
        default=[],
        metavar='"NAME: VALUE"',
        help='a header to add to every response, such as "Cross-Origin-Opener-Policy: same-origin"; '
        "may be given several times",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted or terminated."""
    # A shell may start background jobs with SIGINT ignored, and the first process in a container ignores SIGTERM.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with make_server(options) as server:
        print(_announcement(options, server), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


def make_server(options: argparse.Namespace) -> ThreadingHTTPServer:
    """Return the server, listening.

    :raises UsageError: if the directory does not exist, or the address cannot be listened on.
    :raises PolicyError: if an origin is not one, or the settings file has faults.
    """
    directory = _directory(options)
    if not Path(directory).is_dir():
        raise UsageError(f"{quote(directory)} is not a directory; name one that exists")
    try:
        family, *_, address = socket.getaddrinfo(
            options.bind, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--bind {quote(options.bind)}: {getattr(error, 'strerror', 'not a host name')}") from error

    policies = _policies(options)

    class Server(ThreadingHTTPServer):
        address_family = family

    class Handler(CORSRequestHandler):
        cors = policies
        extra_headers = tuple(options.header)
        hosts = _known_hosts(options, str(address[0]))

    try:
        return Server((str(address[0]), options.port), partial(Handler, directory=directory))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(
                f"--bind {quote(options.bind)}: not an address of this machine; leave it out, or give one that is"
            ) from error
        raise port_error(error, options.port, "--port") from error


def _policies(options: argparse.Namespace) -> Policy | PolicyByPath | dict[str, Policy | None]:
    if options.config is not None:
        return follow(options.config)
    if not options.allow_origin:
        return {}
    # Scripts need these to read files in parts (fetch#cors-safelisted-request-header covers only simple ranges).
    return Policy(
        options.allow_origin,
        allow_headers=["If-Range", "Range"],
        expose_headers=["Accept-Ranges", "Content-Range"],
    )


def _directory(options: argparse.Namespace) -> str:
    return options.directory or options.directory_option or "."


def _header(text: str) -> tuple[str, str]:
    """Parse ``NAME: VALUE``, a header of all responses."""
    name, colon, value = text.partition(":")
    value = value.strip(" \t")
    lower = name.lower()
    if not (colon and value):
        fault = 'has no value; write it as "NAME: VALUE"'
    elif not fetch.is_token(name):
        fault = f"{quote(name)} is not a header name; it has letters, digits and hyphens, and no space before the colon"
    elif not all(character == "\t" or " " <= character <= "~" for character in value):
        fault = "the value has characters that are not printable ASCII; remove or encode them"
    elif lower.startswith("access-control-"):
        fault = f"the policy sets {name}; leave it out, and use --allow-origin"
    elif lower in _HEADERS_OF_THE_SERVER:
        fault = f"the server sets {name} for each response; leave it out"
    else:
        return name, value
    raise argparse.ArgumentTypeError(f"{quote(text)}: {fault}")


def _known_hosts(options: argparse.Namespace, address: str) -> frozenset[str] | None:
    """Return the names to answer to. ``None`` answers to all, because the names that others use are unknown."""
    told = frozenset(options.allow_host)
    if ipaddress.ip_address(address).is_loopback:
        return told | LOOPBACK_NAMES | {options.bind.lower(), address, f"[{address}]"}
    return told or None


def _announcement(options: argparse.Namespace, server: ThreadingHTTPServer) -> str:
    host = f"[{options.bind}]" if ":" in options.bind else options.bind
    who = ", ".join(options.allow_origin) or "no other origin (see --allow-origin)"
    if "*" in options.allow_origin:
        who = "any origin"
    if options.config is not None:
        who = f"the origins that {quote(options.config)} names"
    where = f"http://{host}:{server.server_port}/"
    return f"Serving {quote(_directory(options))} on {where} (Ctrl-C stops); readable by pages of {who}"
