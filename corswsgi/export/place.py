"""Where a server runs: what it listens on, and what is behind it."""

from __future__ import annotations

import re
from typing import NamedTuple

from corswsgi.errors import UsageError, quote
from corswsgi.origins import parse_origin

_LISTEN = re.compile(r"(?:(?P<address>[0-9.]+|\[[0-9a-fA-F:.]+\]):)?(?P<port>[1-9][0-9]{0,4})")
#: Characters that have no special meaning in quotation marks for any server.
_DIRECTORY = re.compile(r"/[A-Za-z0-9/._+@,=~ -]*")


class Place(NamedTuple):
    """Where a server runs.

    :ivar upstream: the application behind, as ``http://127.0.0.1:8000``; empty if the server has files only.
    :ivar listen: a port, or an address and a port.
    :ivar root: the directory of the files, if there is no application.
    """

    upstream: str = ""
    listen: str = "80"
    root: str = "/var/www/html"

    @property
    def port(self) -> str:
        return self.listen.rpartition(":")[2]

    @property
    def address(self) -> str:
        """What ``listen`` says before the port, or nothing: every address of the machine."""
        return self.listen.rpartition(":")[0]

    @property
    def upstream_address(self) -> str:
        """The host and the port of the application."""
        origin = parse_origin(self.upstream)
        assert origin is not None, "checked before"
        return f"{origin.host}:{origin.port or {'http': '80', 'https': '443'}[origin.scheme]}"


def check(place: Place) -> None:
    """Check a place.

    :raises UsageError: with the option that has a fault.
    """
    if place.upstream:
        origin = parse_origin(place.upstream)
        if origin is None or origin.scheme not in ("http", "https"):
            raise UsageError(
                f"--upstream {quote(place.upstream)}: write the address of the application as "
                '"http://127.0.0.1:8000", in lower case, without a path and without a default port'
            )
    match = _LISTEN.fullmatch(place.listen)
    if match is None or int(match["port"]) > 65535:
        raise UsageError(f'--listen {quote(place.listen)}: write a port, or an address and a port: "127.0.0.1:8080"')
    if not _DIRECTORY.fullmatch(place.root):
        raise UsageError(
            f"--root {quote(place.root)}: write the whole path of a directory, of letters, digits and the characters "
            '"/._+@,=~ -"'
        )
