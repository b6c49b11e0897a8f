"""Masks secrets in everything that is printed, because reports end up in logs."""

from __future__ import annotations

import dataclasses
import enum
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import quote_plus, unquote_plus

from corswsgi.errors import quote

MASK = "***"

T = TypeVar("T")
Header = tuple[str, str]

#: A header, a parameter or a member of JSON is secret if its name has one of these words...
_WORDS = frozenset("auth bearer cookie cookie2 csrf jwt key otp pass pwd sid sig xsrf".split())

#: ... or one of these parts, even inside a word; or if it is the name that OAuth uses.
_PARTS = ("apikey", "authorization", "passphrase", "passwd", "password", "secret", "session", "signature", "token")
_NAME = "code"

#: The words before the secret in Authorization and similar headers that name its kind: IANA's list of authentication
#: schemes, and others in use.
_SCHEMES = frozenset(
    "basic bearer concealed digest dpop gnap hoba mutual negotiate oauth privatetoken scram-sha-1 scram-sha-256 vapid "
    "apikey aws4-hmac-sha256 hawk jwt ntlm token".split()
)

#: Shorter secrets are masked in their own place and in quotation marks, but not in other text with the same letters.
_SHORTEST_ECHO = 8

#: rfc3986#section-3.2.1: the text between the slashes and the last "@" of the authority.
_USERINFO = re.compile(r"""(?<=//)[^\s/?#"']*@""")

#: ``name=value`` in a query, in a fragment, or in a form.
_PARAMETER = re.compile(r"""(?<![^?&;#\s"'])([\w.\-\[\]%]+)=(["']?)([^&;#\s"'<>]+)""", re.ASCII)

_MEMBER = re.compile(r'("([\w.\- ]+)"\s*:\s*")((?:[^"\\]|\\.)+)', re.ASCII)

#: rfc9110#section-5: a header line.
_LINE = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): (.+)", re.DOTALL)

#: The fields of the parts of a report that hold headers.
_HEADER_FIELDS = frozenset({"headers", "hidden", "request_headers", "response_headers"})


def is_secret(name: str) -> bool:
    """Tell whether a name looks like that of a key, a token or a password."""
    words = re.split("[^a-z0-9]+", re.sub("(?<=[a-z0-9])(?=[A-Z])", "-", name).lower())
    joined = "".join(words)
    return not _WORDS.isdisjoint(words) or joined == _NAME or any(part in joined for part in _PARTS)


def mask_header(name: str, value: str) -> str:
    """Return the value of a header with its secret masked; what shows its kind stays."""
    lower = name.lower()
    if lower == "cookie":
        return "; ".join(map(_mask_pair, value.split("; ")))
    if lower in ("set-cookie", "set-cookie2"):
        pair, semicolon, attributes = value.partition(";")
        return f"{_mask_pair(pair)}{semicolon}{attributes}"
    if not (value and is_secret(name)):
        return _mask_text(value)
    scheme, _, rest = value.partition(" ")
    return f"{scheme} {MASK}" if rest and scheme.lower() in _SCHEMES else MASK


def _mask_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return MASK if pair else ""
    return f"{name}={MASK}" if value else pair


def _mask_text(text: str) -> str:
    """Return a text with everything masked that looks like a secret in its addresses, forms and JSON."""
    text = _USERINFO.sub(f"{MASK}@", text)
    text = _PARAMETER.sub(lambda found: f"{found[1]}={found[2]}{MASK}" if is_secret(found[1]) else found[0], text)
    return _MEMBER.sub(lambda found: f"{found[1]}{MASK}" if is_secret(found[2]) else found[0], text)


def as_it_is(value: T) -> T:
    """Mask nothing."""
    return value


class Mask:
    """Masks secrets in texts, and in reports with everything in them.

    A server may send back what it got, for example in an error message. So the secrets in the URL and in the headers
    given here are masked everywhere.
    """

    def __init__(self, url: str = "", headers: Iterable[Header] = ()) -> None:
        self._quoted: dict[str, str] = {}
        echoes = set(_secrets_in(url))
        for name, value in headers:
            masked = mask_header(name, value)
            self._quoted[quote(value)] = json.dumps(masked)
            # The scheme before the mask is not secret.
            echoes |= {value.removeprefix(masked.removesuffix(MASK))} if is_secret(name) else set(_secrets_in(value))
        forms = {form for echo in echoes if len(echo) >= _SHORTEST_ECHO for form in _forms(echo)}
        self._echoes = sorted(forms, key=len, reverse=True)

    def __call__(self, value: T) -> T:
        """Return a text, a report, or any part of them, with its secrets masked."""
        masked: Any = value
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            masked = self._text(value)
        elif isinstance(value, bytes):
            masked = self._text(value.decode("latin-1")).encode("latin-1")
        elif isinstance(value, tuple):
            masked = tuple(map(self, value))
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
            masked = dataclasses.replace(value, **{name: self._field(name, each) for name, each in fields.items()})
        return masked  # type: ignore[no-any-return]  # of the type of the value, by construction

    def _field(self, name: str, value: Any) -> Any:
        if name not in _HEADER_FIELDS:
            return self(value)
        return tuple((header, self._without_echoes(mask_header(header, each))) for header, each in value)

    def _text(self, text: str) -> str:
        line = _LINE.fullmatch(text)
        masked = f"{line[1]}: {mask_header(line[1], line[2])}" if line else _mask_text(text)
        return self._without_echoes(masked)

    def _without_echoes(self, text: str) -> str:
        for quoted, masked in self._quoted.items():
            text = text.replace(quoted, masked)
        for echo in self._echoes:
            text = _without_beginning(echo, text.replace(echo, MASK))
        return text


def _secrets_in(text: str) -> Iterator[str]:
    """Yield the secrets in a text: user names with passwords, passwords, and secret parameters."""
    for userinfo in _USERINFO.findall(text):
        yield userinfo.removesuffix("@")
        yield userinfo.removesuffix("@").partition(":")[2]
    for name, _, value in _PARAMETER.findall(text):
        if is_secret(name):
            yield value


def _forms(secret: str) -> set[str]:
    """Return the forms of a secret in texts: plain, in a URL, in JSON, and with control characters escaped."""
    plain = {secret, unquote_plus(secret), quote_plus(secret)}
    return {form for each in plain for form in (each, json.dumps(each)[1:-1], each.encode("unicode_escape").decode())}


def _without_beginning(secret: str, text: str) -> str:
    """Return a text without the beginning of a secret that was cut off, as three dots show."""
    start = text.find(secret[:_SHORTEST_ECHO])
    while start >= 0:
        same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(secret, text[start:], strict=False))
        end = start + len(list(same))
        if text.startswith("...", end):
            text = f"{text[:start]}{MASK}{text[end:]}"
        start = text.find(secret[:_SHORTEST_ECHO], start + 1)
    return text
