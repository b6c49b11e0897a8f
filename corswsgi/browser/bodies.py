"""The bodies that ``fetch()`` accepts, with the bytes and the ``Content-Type`` of each."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus


@dataclass(frozen=True, slots=True)
class URLSearchParams:
    """A form as a body: ``application/x-www-form-urlencoded`` (url#urlsearchparams).

    :ivar pairs: names and values.
    """

    pairs: Sequence[tuple[str, str]]

    def serialize(self) -> bytes:
        """Return the bytes of the body (url#concept-urlencoded-serializer)."""
        text = "&".join(f"{_urlencoded(name)}={_urlencoded(value)}" for name, value in self.pairs)
        return text.encode("ascii")


@dataclass(frozen=True, slots=True)
class FormData:
    """A form as a body: ``multipart/form-data`` (xhr#formdata).

    :ivar entries: names with their values; a file is ``(filename, bytes, content type)``.
    """

    entries: Sequence[tuple[str, str | tuple[str, bytes, str]]]

    def serialize(self, boundary: str) -> bytes:
        """Return the bytes of the body (html#multipart-form-data)."""
        parts = []
        for name, value in self.entries:
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_in_quotes(name)}"'
            if isinstance(value, str):
                content = _crlf(value).encode()
            else:
                filename, content, content_type = value
                head += f'; filename="{_in_quotes(filename)}"\r\nContent-Type: {content_type}'
            parts.append(f"{head}\r\n\r\n".encode() + content + b"\r\n")
        return b"".join([*parts, f"--{boundary}--\r\n".encode()])


BodyInit = bytes | bytearray | memoryview | str | URLSearchParams | FormData | Iterable[bytes]


@dataclass(slots=True)
class Body:
    """fetch#concept-body.

    :ivar source: the bytes; ``None`` for a stream, which can be read only once.
    """

    source: bytes | None
    stream: Iterable[bytes] = ()

    def read(self) -> bytes:
        """Return all bytes."""
        return b"".join(self.stream) if self.source is None else self.source


def extract_body(init: BodyInit) -> tuple[Body, str]:
    """Return a body and its Content-Type, or an empty string for none (fetch#concept-bodyinit-extract)."""
    match init:
        case bytes() | bytearray() | memoryview():
            return Body(bytes(init)), ""
        case str():
            return Body(init.encode()), "text/plain;charset=UTF-8"
        case URLSearchParams():
            return Body(init.serialize()), "application/x-www-form-urlencoded;charset=UTF-8"
        case FormData():
            boundary = f"----corswsgiFormBoundary{secrets.token_hex(8)}"
            return Body(init.serialize(boundary)), f"multipart/form-data; boundary={boundary}"
        case _:
            return Body(None, init), ""


def _urlencoded(text: str) -> str:
    # url#application-x-www-form-urlencoded-percent-encode-set contains "~", but not "*".
    return quote_plus(text, safe="*").replace("~", "%7E")


def _crlf(text: str) -> str:
    return "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _in_quotes(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
