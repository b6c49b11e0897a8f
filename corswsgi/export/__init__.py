"""The same policy as configuration for servers in front of the application; a module for each."""

from __future__ import annotations

from corswsgi.errors import UsageError
from corswsgi.export.place import Place
from corswsgi.export.servers import SERVERS, configuration
from corswsgi.export.statements import Policies

__all__ = ["SERVERS", "Place", "apache", "caddy", "configuration", "haproxy", "nginx"]


def nginx(policies: Policies, place: Place = Place()) -> str:  # noqa: B008  # it cannot be changed
    """Return the configuration of nginx.

    :param policies: a :class:`~corswsgi.policy.Policy`, or a mapping from paths to policies, as ``CORSMiddleware``
        takes them.
    :raises PolicyError: if the mapping has faults, or nginx cannot express an option.
    :raises UsageError: if the place has faults.
    """
    return configuration("nginx", policies, place).text


def caddy(policies: Policies, place: Place = Place()) -> str:  # noqa: B008  # it cannot be changed
    """Return the configuration of Caddy; see :func:`nginx`."""
    return configuration("caddy", policies, place).text


def apache(policies: Policies, place: Place = Place()) -> str:  # noqa: B008  # it cannot be changed
    """Return the configuration of Apache; see :func:`nginx`."""
    return configuration("apache", policies, place).text


def haproxy(policies: Policies, place: Place) -> str:
    """Return the configuration of HAProxy; see :func:`nginx`.

    :param place: with the address of an application, because HAProxy serves no files.
    :raises PolicyError: if the mapping has faults, or HAProxy cannot express an option.
    :raises UsageError: if the place has faults, or if there are so many origins that HAProxy needs a second file:
        :func:`configuration` returns both.
    """
    written = configuration("haproxy", policies, place)
    if written.beside:
        raise UsageError('HAProxy reads so many origins from a second file: use configuration("haproxy", ..., file)')
    return written.text
