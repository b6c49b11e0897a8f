"""Writes the ``curl`` command that repeats a request, quoted for a POSIX shell."""

from __future__ import annotations

import re
import shlex

from corswsgi.browser import Exchange
from corswsgi.browser.urls import parse_url

#: The headers that curl sends by itself, as a browser would.
_BY_CURL = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})

_PLAIN = re.compile(rb"[\x20-\x7e]*")

_LONGEST_BODY = 2000


def curl_command(exchange: Exchange, *, insecure: bool = False, body_file: str = "") -> str:
    """Return the command that repeats a request.

    :param body_file: the file that the body was read from; empty for a body from the command line.
    """
    parts = ["curl", *_method_options(exchange)]
    if insecure:
        parts.append("--insecure")
    if re.search(r"[\[\]{}]", exchange.url):
        parts.append("--globoff")
    parts.append(shell_quote(exchange.url.encode()))
    for name, value in exchange.request_headers:
        if _is_given(exchange, name, value) and (name, value) != ("Accept", "*/*"):
            parts += ["-H", shell_quote((f"{name}: {value}" if value else f"{name};").encode("latin-1"))]
    if exchange.request_lines("Accept-Encoding") not in ((), ("identity",)):
        parts.append("--compressed")
    return " ".join(parts + _body_options(exchange.request_body, body_file))


def _is_given(exchange: Exchange, name: str, value: str) -> bool:
    """Tell whether curl needs an option for a header; for Host only if it is not that of the URL."""
    if name.lower() == "host":
        return value != parse_url(exchange.url).netloc
    return name.lower() not in _BY_CURL


def _method_options(exchange: Exchange) -> list[str]:
    match exchange.method:
        case "GET":
            return ["--include"]
        case "HEAD":
            return ["--head"]
        case method:
            return ["--include", "-X", shell_quote(method.encode())]


def _body_options(body: bytes | None, body_file: str) -> list[str]:
    if body is None:
        return []
    if body_file:
        return ["--data-binary", shell_quote(f"@{body_file}".encode())]
    if len(body) > _LONGEST_BODY or b"\0" in body:
        return ["--data-binary", "@body"]
    return ["--data-raw", shell_quote(body)]


def shell_quote(text: bytes) -> str:
    """Quote for a shell; the result is printable ASCII."""
    if _PLAIN.fullmatch(text):
        return shlex.quote(text.decode("ascii"))
    # $'...' is in POSIX.1-2024, and was in bash, zsh and ksh before; octal, because \x may swallow the next digits.
    quoted = "".join(
        f"\\{chr(byte)}" if chr(byte) in "\\'" else chr(byte) if 0x20 <= byte <= 0x7E else f"\\{byte:03o}"
        for byte in text
    )
    return f"$'{quoted}'"
