"""``corswsgi serve``: a directory over HTTP, as ``python -m http.server`` does it, under a policy."""

from __future__ import annotations

import argparse
import contextlib
import errno
import ipaddress
import socket
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from corswsgi.errors import UsageError, quote
from corswsgi.handler import CORSRequestHandler
from corswsgi.listening import LOOPBACK_NAMES, host_name, port, port_error
from corswsgi.policy import Policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("directory", nargs="?", default=".", metavar="DIRECTORY", help="default: the current one")
    parser.add_argument("--port", type=port, default=8000, help="default: 8000; 0 for any that is free")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS", help="default: 127.0.0.1, this machine only")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help='whose pages may read the files: "https://app.example.com", "http://localhost:*", or "*" for all; '
        "may be given several times; by default, no other origin's may",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        type=host_name,
        default=[],
        metavar="NAME",
        help="a host name to answer to, beside those of this machine; may be given several times; a server that is "
        "bound to this machine answers to no other, so that no foreign name can be pointed at it",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    with make_server(options) as server:
        print(_announcement(options, server), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


def make_server(options: argparse.Namespace) -> ThreadingHTTPServer:
    """Return the server, listening.

    :raises UsageError: if the directory is not there, or the address cannot be listened on.
    :raises PolicyError: if an origin is not one.
    """
    directory = Path(options.directory)
    if not directory.is_dir():
        raise UsageError(f"{quote(options.directory)} is not a directory")
    try:
        family, *_, address = socket.getaddrinfo(
            options.bind, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--bind {quote(options.bind)}: {getattr(error, 'strerror', 'not a host name')}") from error

    class Server(ThreadingHTTPServer):
        address_family = family

    class Handler(CORSRequestHandler):
        cors = Policy(options.allow_origin) if options.allow_origin else {}
        hosts = _known_hosts(options, str(address[0]))

    try:
        return Server((str(address[0]), options.port), partial(Handler, directory=str(directory)))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"--bind {quote(options.bind)}: not an address of this machine") from error
        raise port_error(error, options.port, "--port") from error


def _known_hosts(options: argparse.Namespace, address: str) -> frozenset[str] | None:
    """Return the names to answer to, or ``None`` for all: what other machines call this one is not known here."""
    told = frozenset(options.allow_host)
    if ipaddress.ip_address(address).is_loopback:
        return told | LOOPBACK_NAMES | {options.bind.lower(), address, f"[{address}]"}
    return told or None


def _announcement(options: argparse.Namespace, server: ThreadingHTTPServer) -> str:
    host = f"[{options.bind}]" if ":" in options.bind else options.bind
    who = ", ".join(options.allow_origin) or "no other origin (see --allow-origin)"
    where = f"http://{host}:{server.server_port}/"
    return f"Serving {quote(options.directory)} on {where} (Ctrl-C stops); readable by pages of {who}"
