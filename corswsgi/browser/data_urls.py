"""The processor of data: URLs, the only scheme besides http: and https: that is modelled; it needs no network."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from corswsgi.browser.network import NetworkReply
from corswsgi.browser.urls import URL
from corswsgi.browser.verdict import Code, NetworkError


def data_url_processor(url: URL) -> NetworkReply:
    """fetch#data-url-processor"""
    media_type, comma, data = url.without_fragment.removeprefix("data:").partition(",")
    body = unquote_to_bytes(data)
    media_type = media_type.strip()
    is_base64 = re.fullmatch("(.*); *base64", media_type, re.IGNORECASE)
    try:
        if not comma:
            raise ValueError("it has no comma")
        if is_base64:
            media_type = is_base64[1].strip()
            body = _forgiving_base64_decode(body)
    except ValueError as error:
        sentence = f"the data: URL is invalid: {error}"
        raise NetworkError(Code.DATA_URL_INVALID, "fetch#data-url-processor", sentence, "request") from None
    if media_type.startswith(";"):
        media_type = f"text/plain{media_type}"
    kind, slash, _ = media_type.partition(";")[0].partition("/")
    content_type = media_type if kind and slash else "text/plain;charset=US-ASCII"
    return NetworkReply(200, "OK", (("Content-Type", content_type),), body)


def _forgiving_base64_decode(data: bytes) -> bytes:
    """infra#forgiving-base64-decode"""
    data = bytes(byte for byte in data if byte not in b"\t\n\f\r ")
    if len(data) % 4 == 0:
        data = re.sub(b"==?$", b"", data)
    if len(data) % 4 == 1 or b"=" in data:
        raise binascii.Error("its base64 is invalid")
    return base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)
