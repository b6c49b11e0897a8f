"""What is written for a server: a configuration, and the files that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from corswsgi.export.place import Place
from corswsgi.export.statements import Site

_NONE: Mapping[str, str] = MappingProxyType({})


class Configuration(NamedTuple):
    """What is written.

    :ivar text: the configuration.
    :ivar beside: other files that it needs, by what their names add to the name of the configuration.
    """

    text: str
    beside: Mapping[str, str] = _NONE


class Server(NamedTuple):
    """A server that a configuration can be written for.

    :ivar title: its name, as its makers write it.
    :ivar versions: for which the configuration is meant, as in "1.18 and later".
    :ivar write: returns the configuration. Its last argument is the file that the configuration will be in; empty if
        that is not known.
    """

    title: str
    versions: str
    write: Callable[[Site, Place, str], Configuration]
