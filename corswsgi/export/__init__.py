"""The same policy as configuration of the servers that stand in front; one module writes for each."""

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
    :raises PolicyError: if the mapping has faults, or nginx cannot say what an option means.
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
    """Return the configuration of HAProxy; of the same arguments.

    :param place: it names an application behind, because HAProxy serves no files.
    :raises PolicyError: if the mapping has faults, or HAProxy cannot say what an option means.
    :raises UsageError: if the place has faults, or if there are so many origins that HAProxy reads them from a file of
        their own: :func:`configuration` returns both files.
    """
    written = configuration("haproxy", policies, place)
    if written.beside:
        raise UsageError('HAProxy reads as many origins from a file: take configuration("haproxy", ..., file)')
    return written.text
