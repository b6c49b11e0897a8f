"""The world outside this machine, simulated for browsers: host names that a proxy leads here, and certificates."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: CONNECT (rfc9110#section-9.3.6), or a request with a whole URL, which WebKit sends for WebSockets too.
_ASKED = re.compile(r"([A-Z]+) (?:(?:http|ws)://)?([^/ :]+):([0-9]+)")

_MOST_HEAD = 64 * 1024


@dataclass(frozen=True)
class Outside:
    """What an engine can reach outside loopback.

    :ivar proxy: the address of the proxy, as ``host:port``.
    :ivar certificate: the certificate of all https: servers, in DER.
    :ivar hosts: ``host:port`` of each of them.
    :ivar public_host: a host that an engine reaches without the proxy, and takes for a public one.
    :ivar public: the port of this machine that serves each ``host:port`` of this host, and nothing else.
    :ivar is_local_network_allowed: the user's answer if a public page asks to reach the local network.
    """

    proxy: str
    certificate: bytes
    hosts: tuple[str, ...]
    public_host: str
    public: Mapping[str, int]
    is_local_network_allowed: bool = True

    @property
    def spki(self) -> str:
        """The digest of the certificate's key, in the form for Chromium."""
        key = x509.load_der_x509_certificate(self.certificate).public_key()
        info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return ssl.DER_cert_to_PEM_cert(hashlib.sha256(info).digest()).splitlines()[1]

    @property
    def fingerprint(self) -> str:
        """The digest of the certificate, in the form for Firefox."""
        return hashlib.sha256(self.certificate).digest().hex(":").upper()


class Certificates:
    """A certificate authority, and one certificate for all https: servers."""

    def __init__(self, hosts: Collection[str]) -> None:
        self.authority = trustme.CA()
        leaf = self.authority.issue_cert(*hosts)
        self.leaf = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(self._context)

    def guarded(self, listening: socket.socket) -> socket.socket:
        """Return a TLS socket; the handshake of each connection happens at its first read, in its own thread."""
        return self._context.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)


@contextlib.contextmanager
def proxy(hosts: Collection[str]) -> Iterator[str]:
    """Run a proxy that leads these hosts to the same ports on loopback, and yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_accept, args=(listening, frozenset(hosts)))
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)  # wakes the thread up
            thread.join()


def _accept(listening: socket.socket, hosts: frozenset[str]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_lead, args=(connection, hosts), daemon=True).start()


def _lead(browser: socket.socket, hosts: frozenset[str]) -> None:
    with browser, contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            more = browser.recv(4096)
            if not more or len(head) > _MOST_HEAD:
                return
            head += more
        asked = _ASKED.match(head.decode("latin-1"))
        if asked is None or asked[2] not in hosts:
            browser.sendall(b"HTTP/1.1 502 Nowhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", int(asked[3]))) as server:
            if asked[1] == "CONNECT":
                browser.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                server.sendall(head)
            back = threading.Thread(target=_pump, args=(server, browser), daemon=True)
            back.start()
            _pump(browser, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


# What each engine needs to use it


#: Content settings of Chromium: older versions have the first, newer ones the others.
_LOCAL_NETWORK_SETTINGS = ("local_network_access", "local_network", "loopback_network")
_ALLOW, _BLOCK = 1, 2


def chromium(command: list[str], home: Path, outside: Outside) -> list[str]:
    """Return the command with the proxy, the trusted key and the public host; write the user's answer to the profile.

    Behind a proxy Chromium knows no address spaces, so that it reaches the public host without one.
    """
    preferences = home / "profile" / "Default" / "Preferences"
    chosen = json.loads(preferences.read_text())
    answer = _ALLOW if outside.is_local_network_allowed else _BLOCK
    chosen["profile"]["default_content_setting_values"] = dict.fromkeys(_LOCAL_NETWORK_SETTINGS, answer)
    preferences.write_text(json.dumps(chosen))
    rules = "".join(f"MAP {place} 127.0.0.1:{port}, " for place, port in outside.public.items())
    spaces = ",".join(f"127.0.0.1:{port}=public" for port in outside.public.values())
    kept = [
        each.replace("--host-resolver-rules=", f"--host-resolver-rules={rules}")
        for each in command
        if not each.startswith("--proxy-server=")
    ]
    told = (
        f"--proxy-server={outside.proxy}",
        f"--proxy-bypass-list={outside.public_host}",
        f"--ip-address-space-overrides={spaces}",
        f"--ignore-certificate-errors-spki-list={outside.spki}",
    )
    return [kept[0], *told, *kept[1:]]


def firefox(command: list[str], home: Path, outside: Outside) -> list[str]:
    """Write to the profile that the user has accepted the certificate for each host."""
    port = int(outside.proxy.partition(":")[2])
    profile = home / "profile"
    with (profile / "user.js").open("a") as preferences:
        for name in ("http_port", "ssl_port"):
            preferences.write(f"\nuser_pref({json.dumps(f'network.proxy.{name}')}, {port});\n")
    lines = [f"{host}:\tOID.2.16.840.1.101.3.4.2.1\t{outside.fingerprint}\t\n" for host in outside.hosts]
    (profile / "cert_override.txt").write_text("".join(lines))
    return command


def webkit(command: list[str], home: Path, outside: Outside) -> list[str]:
    """Return the command with the proxy and without a check of certificates, because WebKit has no finer option."""
    kept = [each for each in command if not each.startswith("--proxy=")]
    return [kept[0], f"--proxy=http://{outside.proxy}", "--ignore-tls-errors", *kept[1:]]
