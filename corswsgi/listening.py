"""What every server that a command starts needs: its port, and the host names that it answers to.

A server on loopback answers to the names of this machine only. Otherwise a page could point a host name of its own at
this machine, and have the same origin as the server (DNS rebinding); no policy applies then.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from corswsgi.errors import UsageError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    _Handler = BaseHTTPRequestHandler
else:
    _Handler = object

#: The names of this machine in every browser.
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

_MESSAGE = "This server does not answer to that host name"


def port(text: str) -> int:
    """Parse a TCP port, for :mod:`argparse`; 0 means any free port."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise _argument_error(f"{text!r} is not a port; a port is a number from 0 to 65535")
    return int(text)


def port_error(error: OSError, port: int, flag: str) -> UsageError:
    """Return the error of a port that cannot be listened on.

    :param flag: the option that chooses another port.
    """
    why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be listened on: {error.strerror}"
    return UsageError(f"port {port} {why}; choose another with {flag}")


def host_name(text: str) -> str:
    """Parse a host name without a port, for :mod:`argparse`; it is returned in lower case."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\]", text):
        raise _argument_error(f"{text!r} is not a host name; leave out the scheme, the port and the path")
    return text.lower()


def _argument_error(message: str) -> Exception:
    from argparse import ArgumentTypeError  # takes long to load, and only commands have arguments

    return ArgumentTypeError(message)


def is_known_host(host: str, names: Iterable[str]) -> bool:
    """Tell whether the value of ``Host``, without its port, is one of ``names``, which are in lower case.

    With ``localhost``, the names below it are known too: browsers resolve them to this machine, and to no other.
    """
    name = re.sub(":[0-9]*$", "", host).lower()
    return name in names or (name.endswith(".localhost") and "localhost" in names)


def only_known_hosts(app: WSGIApplication, names: Iterable[str]) -> WSGIApplication:
    """Return ``app``, answering 421 to requests for other hosts than ``names``."""
    known = frozenset(names)

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if is_known_host(environ.get("HTTP_HOST", ""), known):
            return app(environ, start_response)
        body = f"{_MESSAGE}.\n".encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("421 Misdirected Request", headers)
        return [body]

    return guarded


class KnownHostsMixin(_Handler):
    """For request handlers of ``http.server``: answers 421 to requests for hosts that are not in :attr:`hosts`."""

    #: Host names in lower case, without ports; ``None`` answers to all.
    hosts: frozenset[str] | None = None

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        hosts = self.headers.get_all("Host", [""])
        if self.hosts is None or (len(hosts) == 1 and is_known_host(hosts[0], self.hosts)):
            return True
        self.send_error(HTTPStatus.MISDIRECTED_REQUEST, _MESSAGE)
        return False
