"""What is exported for a server: a configuration, and the files that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from corswsgi.export.place import Place
from corswsgi.export.statements import Site

_NONE: Mapping[str, str] = MappingProxyType({})


class Configuration(NamedTuple):
    """The exported texts.

    :ivar text: the configuration.
    :ivar beside: other files that it needs, by the suffix that their names add to that of the configuration.
    """

    text: str
    beside: Mapping[str, str] = _NONE


class Server(NamedTuple):
    """A server that a configuration can be written for.

    :ivar title: its name, as its makers write it.
    :ivar versions: the versions that the configuration works with, such as "1.18 and later".
    :ivar write: returns the configuration. Its last argument is the path of the configuration file; empty if
        it is not known.
    """

    title: str
    versions: str
    write: Callable[[Site, Place, str], Configuration]
