"""Reads the cookies of a logged-in visitor from the command line and from jars; ``visitor`` decides which are sent."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from corswsgi.browser.urls import URL, is_public_suffix, parse_url
from corswsgi.errors import UsageError, quote

GOOD_COOKIE = "--cookie 'sid=1234'"
_GOOD_LINE = "api.example.com<TAB>FALSE<TAB>/<TAB>TRUE<TAB>0<TAB>sid<TAB>1234"

#: The most bytes that a jar may have; browsers keep a few thousand cookies of at most 4 KiB.
_LONGEST_JAR = 4 * 1024 * 1024

#: With this, curl and browser extensions mark a cookie that scripts cannot read; such a line is not a comment.
_HTTP_ONLY = "#HttpOnly_"

_FIELDS = ("domain", "subdomains", "path", "secure", "expires", "name", "value")
_BOOLEANS = {"TRUE": True, "FALSE": False}

_ATTRIBUTES = frozenset("domain expires httponly max-age partitioned path priority samesite secure".split())

#: Browsers refuse cookies with these characters (rfc6265bis#section-5.7).
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class GivenCookie:
    """A cookie that a visitor has; its SameSite is not known.

    :ivar domain: in lower case, without a leading dot.
    :ivar host_only: whether it belongs to this host only, and not to its subdomains.
    :ivar secure: ``None`` if that is not known either.
    :ivar expired: whether it has expired, so that it is never sent.
    """

    name: str
    value: str
    domain: str
    host_only: bool = True
    path: str = "/"
    secure: bool | None = None
    expired: bool = False

    def is_for(self, host: str) -> bool:
        """Tell whether it belongs to a host (rfc6265bis#section-5.1.3)."""
        return host == self.domain or (not self.host_only and host.endswith(f".{self.domain}"))


def parse_cookie_option(text: str) -> tuple[tuple[str, str], ...]:
    """Return the names and values in ``NAME=VALUE``, or in several of these separated by ``;``.

    :raises ValueError: if the text is something else; the message does not show it, because it may be a secret.
    """
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError(f"it has a control character, which no cookie can have; a good one: {GOOD_COOKIE}")
    line = re.sub(r"^\s*cookie:\s*", "", text, flags=re.IGNORECASE)
    pairs = []
    for number, part in enumerate(filter(None, map(str.strip, line.split(";"))), 1):
        name, equals, value = part.partition("=")
        if name.strip().lower() in _ATTRIBUTES:
            raise ValueError(
                f"{name.strip()} is an attribute of Set-Cookie, which requests do not send; leave it out, as in "
                f"{GOOD_COOKIE}"
            )
        if not equals or not name.strip():
            raise ValueError(
                f"its part {number} is not NAME=VALUE; a good one: {GOOD_COOKIE}; for a file of cookies, use "
                "--cookie-jar"
            )
        pairs.append((name.strip(), value.strip()))
    if not pairs:
        raise ValueError(f"it is empty; a good one: {GOOD_COOKIE}")
    return tuple(pairs)


def cookies_for(url: URL, pairs: tuple[tuple[str, str], ...]) -> tuple[GivenCookie, ...]:
    """Return cookies that belong to the host of a URL only."""
    return tuple(GivenCookie(name, value, url.host) for name, value in pairs)


def read_jar(file_name: str) -> tuple[GivenCookie, ...]:
    """Return the cookies of a file in Netscape's format, as curl and browser extensions write it.

    :raises UsageError: if it cannot be read, or a line is wrong; the message does not show the line.
    """
    try:
        with open(file_name, "rb") as file:
            text = file.read(_LONGEST_JAR + 1).decode("latin-1")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no file can have this name"
        raise UsageError(f"--cookie-jar {quote(file_name)}: {why}") from error
    if len(text) > _LONGEST_JAR:
        kib = _LONGEST_JAR // 1024
        raise UsageError(f"--cookie-jar {quote(file_name)}: it is larger than {kib} KiB; name a file of cookies")
    return tuple(_lines(file_name, text))


def _lines(file_name: str, text: str) -> Iterator[GivenCookie]:
    now = time.time()
    # Not splitlines(), which also splits at characters that are no line breaks here.
    for number, line in enumerate(text.removeprefix("\xef\xbb\xbf").split("\n"), 1):
        line = line.removesuffix("\r").removeprefix(_HTTP_ONLY)
        if not line.strip() or line.startswith("#"):
            continue
        try:
            yield _cookie(line, now)
        except ValueError as error:
            raise UsageError(
                f"--cookie-jar {quote(file_name)}, line {number}: {error}; a good line, with tabs between its seven "
                f"fields: {_GOOD_LINE}"
            ) from None


def _cookie(line: str, now: float) -> GivenCookie:
    fields = line.split("\t")
    if len(fields) == len(_FIELDS) - 1:  # an empty value, as for curl: editors drop tabs at the end of a line
        fields.append("")
    if len(fields) != len(_FIELDS):
        count = len(fields)
        raise ValueError(f"it has {count} field{'s' * (count != 1)} separated by tabs, but a cookie has seven")
    domain, subdomains, path, secure, expires, name, value = fields
    for field, said in (("subdomains", subdomains), ("secure", secure)):
        if said.upper() not in _BOOLEANS:
            raise ValueError(f"field {_FIELDS.index(field) + 1} ({field}) is neither TRUE nor FALSE")
    if not path.startswith("/"):
        raise ValueError("field 3 (path) does not begin with /")
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]*)?", expires):
        raise ValueError("field 5 (expires) is not a number of seconds since 1970, or 0 for a cookie of the session")
    if _CONTROL.search(name + value) or ";" in name + value:
        raise ValueError("its name or value has a control character or ;, which no cookie can have")
    try:
        url = parse_url(f"https://{domain.removeprefix('.')}/")
    except ValueError:
        raise ValueError("field 1 (domain) is not the name of a host") from None
    if url.href != f"https://{url.host}/":
        raise ValueError("field 1 (domain) is not the name of a host")
    host_only = not _BOOLEANS[subdomains.upper()] or url.origin.is_ip or is_public_suffix(url.host)
    expired = float(expires) != 0 and float(expires) <= now
    return GivenCookie(name, value, url.host, host_only, path, _BOOLEANS[secure.upper()], expired)
