"""The host names that a server on loopback answers to, against DNS rebinding; nothing is known here of origins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    _Handler = BaseHTTPRequestHandler
else:
    _Handler = object

#: The names that this machine has for itself in every browser.
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

_MESSAGE = "This server does not answer to that host name"


def is_known_host(host: str, names: Iterable[str]) -> bool:
    """Tell whether the value of ``Host``, its port left out, is one of ``names``, which are in lower case."""
    return re.sub(":[0-9]*$", "", host).lower() in names


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
