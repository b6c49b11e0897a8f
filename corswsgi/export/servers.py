"""The servers that a configuration can be written for, by the names that the command takes."""

from __future__ import annotations

from collections.abc import Mapping

from corswsgi.errors import UsageError, quote
from corswsgi.export import place as places
from corswsgi.export.configuration import Configuration, Server
from corswsgi.export.for_apache import APACHE
from corswsgi.export.for_caddy import CADDY
from corswsgi.export.for_haproxy import HAPROXY
from corswsgi.export.for_nginx import NGINX
from corswsgi.export.place import Place
from corswsgi.export.statements import Policies, site_of

SERVERS: Mapping[str, Server] = {
    "nginx": NGINX,
    "apache": APACHE,
    "caddy": CADDY,
    "haproxy": HAPROXY,
}


def configuration(server: str, policies: Policies, place: Place, file: str = "") -> Configuration:
    """Return the configuration of a server.

    :param server: a key of :data:`SERVERS`.
    :param file: where it will be; empty if that is not known.
    :raises PolicyError: if a mapping has faults, or the server cannot express an option.
    :raises UsageError: if there is no such server, or the place has faults.
    """
    if server not in SERVERS:
        raise UsageError(f"{quote(server)} is not a known server; these are: {', '.join(SERVERS)}")
    places.check(place)
    return SERVERS[server].write(site_of(policies, SERVERS[server].title), place, file)
