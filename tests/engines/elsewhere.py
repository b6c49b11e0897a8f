"""Servers that are not on this machine, as browsers see it: a proxy plays them; and TLS, which it and others speak."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: By name of the origin: hosts to which there is no way but through the proxy, on the default port.
ELSEWHERE = {
    "far-page": "http://page.corswsgi.test",
    "far-api": "http://api.corswsgi.test",
    "far-secure-page": "https://page.corswsgi.test",
    "far-secure-api": "https://api.corswsgi.test",
    "far-address": "http://203.0.113.7",
    "private-address": "http://192.168.77.7",
    "private-name": "http://printer.local",
}

_HOSTS = frozenset(origin.partition("://")[2] for origin in ELSEWHERE.values())

#: The host of the pages.
PUBLIC_HOST = "page.corswsgi.test"

#: Those that speak TLS.
SECURE_HOSTS = tuple(origin.removeprefix("https://") for origin in ELSEWHERE.values() if origin.startswith("https:"))


@dataclass(frozen=True)
class Network:
    """What an engine has to know to reach everything.

    :ivar proxy: for all that is not on this machine, as host and port.
    :ivar certificate: of the servers that speak TLS, in PEM.
    :ivar secure_ports: where these are, on this machine.
    :ivar public: by host and port, the port of this machine at which a public server is played.
    :ivar is_local_network_allowed: what the user says to pages that want into the local network.
    """

    proxy: str
    certificate: str = ""
    secure_ports: tuple[int, ...] = ()
    public: Mapping[str, int] = field(default_factory=dict)
    is_local_network_allowed: bool = True

    @property
    def key_hash(self) -> str:
        """The SHA-256 of the certificate's key, in base64."""
        key = self._parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(key).digest()).decode()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, in hexadecimal with colons."""
        return hashlib.sha256(self._parsed.public_bytes(Encoding.DER)).digest().hex(":").upper()

    @property
    def _parsed(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.encode())


#: There is nothing but this machine, and nothing listens where the proxy would be.
NOWHERE = Network("127.0.0.1:9")


class Identity:
    """The certificate of all servers that speak TLS, and who vouches for it.

    :ivar context: with which they speak it.
    """

    def __init__(self) -> None:
        self._authority = trustme.CA()
        issued = self._authority.issue_cert("localhost", "127.0.0.1", *SECURE_HOSTS)
        self.certificate = issued.cert_chain_pems[0].bytes().decode()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(self.context)

    def trusting(self) -> ssl.SSLContext:
        """Return a context that trusts the authority."""
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context

    def secured(self, listening: socket.socket) -> ssl.SSLSocket:
        """Return a listening socket whose connections speak TLS."""
        return self.context.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)


class Tunneling:
    """Before BaseHTTPRequestHandler: a proxy that lets nobody out, but plays the servers that are elsewhere."""

    context: ssl.SSLContext

    # A mixin: what mypy misses below is of BaseHTTPRequestHandler.
    def do_CONNECT(self: Any) -> None:
        host, _, port = self.path.rpartition(":")
        if host not in _HOSTS:
            self.send_error(502)
            return
        self.send_response_only(200)
        self.end_headers()
        if port == "80":  # for a WebSocket
            return
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def finish(self: Any) -> None:
        super().finish()  # type: ignore[misc]  # of BaseHTTPRequestHandler
        self.connection.close()
