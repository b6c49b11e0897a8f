"""The request in pasted text; tells the headers that the script set from those that the browser added."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corswsgi import fetch
from corswsgi.browser.urls import parse_url
from corswsgi.checker.findings import shown
from corswsgi.checker.masking import is_secret
from corswsgi.errors import UsageError, quote

Header = tuple[str, str]

#: Headers that browsers add, in addition to those that no script may set.
_BY_BROWSER = frozenset(
    "accept-language if-modified-since if-none-match priority save-data upgrade-insecure-requests user-agent "
    "x-client-data".split()
)

#: Headers that "Disable cache" in the developer tools adds, and a reload too.
_BY_DISABLED_CACHE = frozenset({("cache-control", "no-cache"), ("cache-control", "max-age=0"), ("pragma", "no-cache")})

#: The modes of requests that are not CORS requests (fetch#concept-request-mode).
_OTHER_MODES = frozenset({"navigate", "no-cors", "same-origin", "websocket"})


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the text; what was not is empty.

    :ivar origin: of the page.
    :ivar headers: those that the script set.
    :ivar cookies: names and values, for the host of the URL only.
    :ivar credentials: of the ``fetch()``, if known.
    :ivar lacks: what the command line must add: ``"URL"``, ``"--origin"``, ``"--method"``.
    :ivar told: sentences on where values were taken from, and what was assumed.
    """

    url: str = ""
    origin: str = ""
    method: str = ""
    headers: tuple[Header, ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    credentials: str = ""
    lacks: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def found_in_request(url: str, method: str, headers: Sequence[Header], cookies: str, body: bytes | None) -> Found:
    """Return the script's part of a request, without the browser's.

    :param headers: as they were sent, as far as known.
    :param cookies: those that are not in the headers, written as in ``Cookie``.
    """
    sent = {name.lower(): value for name, value in headers}
    told: list[str] = []
    origin = sent.get("origin", "")
    if not origin:
        origin = origin_of(sent.get("referer", ""))
        told += ["the origin of the page was taken from Referer"] if origin else []
    cookies = "; ".join(filter(None, [sent.get("cookie", ""), cookies]))
    mode = sent.get("sec-fetch-mode", "")
    if mode in _OTHER_MODES:
        told.append(f"the browser sent it in mode {mode}; here it is sent as by fetch(), in mode cors")
    asked_for = sent.get("access-control-request-method", "")
    if method == "OPTIONS" and asked_for:
        told.append("this is a preflight; the question is about the request that it was sent for")
        return Found(url, origin, asked_for, _asked_headers(sent), told=(*told, *_invented(_asked_headers(sent))))
    by_script = tuple(header for header in headers if not _is_by_browser(*header))
    dropped = {name for name, value in headers if (name.lower(), value) in _BY_DISABLED_CACHE and value == "no-cache"}
    if dropped:
        names = " and ".join(sorted(dropped))
        told.append(f'{names}: left out; "Disable cache" in the developer tools adds it; give -H if a script does')
    return Found(url, origin, method, by_script, parse_cookies(cookies), body, told=tuple(told))


def parse_cookies(line: str) -> tuple[tuple[str, str], ...]:
    """Return the names and values of the cookies in a ``Cookie`` header."""
    pairs = (pair.strip().partition("=") for pair in line.split(";") if "=" in pair)
    return tuple((name, value) for name, _, value in pairs)


def origin_of(text: str) -> str:
    """Return the origin of an address, or an empty string if it is not that of a page on the web."""
    try:
        url = parse_url(text)
    except ValueError:
        return ""
    return url.origin.serialized if url.is_http else ""


def check_header(option: str, name: str, value: str) -> Header:
    """Return a header without the white space around its value.

    :raises UsageError: if the name or the value is not valid.
    """
    # Browsers also show the pseudo-headers of HTTP/2, which begin with a colon.
    if not fetch.is_token(name.removeprefix(":")):
        # The message shows no more of it: a secret may follow.
        first = re.split(r"[^\w-]", name)[0]
        raise UsageError(f"{option}: the header that begins with {quote(first)} is not written as 'Name: value'")
    if any(character in value for character in "\r\n\0"):
        raise UsageError(f"{option}: the header {quote(name)} has a line break or a NUL; remove it")
    return name, value.strip(" \t")


def refuse_forbidden(name: str, value: str) -> None:
    """Refuse a header that browsers drop if a script sets it.

    :raises UsageError: if it is such a header.
    """
    if fetch.is_forbidden_request_header(name, value):
        raise UsageError(
            f"no script may set {name}: browsers drop it and send their own if they need it; leave it out "
            "(fetch#forbidden-request-header)"
        )


def without_secrets(found: Found) -> Found:
    """Return what was found, for another host: without cookies, and with made-up values for secrets."""
    secret = [name for name, _ in found.headers if is_secret(name)]
    headers = tuple((name, "1" if name in secret else value) for name, value in found.headers)
    sentences = ["cookies were left out, because they were for another host"] if found.cookies else []
    if secret:
        sentences.append(f"the value of {shown(', '.join(secret))} was left out, because it was for another host")
    return replace(found, headers=headers, cookies=(), told=(*found.told, *sentences))


def with_values(names: Sequence[str]) -> tuple[Header, ...]:
    """Return headers of these names, each with a value that makes the browser ask first."""
    return tuple((name, "application/json" if name.lower() == "content-type" else "1") for name in names)


def _asked_headers(sent: dict[str, str]) -> tuple[Header, ...]:
    names = fetch.split_list(sent.get("access-control-request-headers", ""))
    return with_values([name for name in names if fetch.is_token(name)])


def _invented(headers: Sequence[Header]) -> tuple[str, ...]:
    names = shown(", ".join(name for name, _ in headers))
    return (f"a preflight does not show the values of headers; they were made up for {names}",) if names else ()


def _is_by_browser(name: str, value: str) -> bool:
    lower = name.lower()
    return (
        lower.startswith(":")
        or lower in _BY_BROWSER
        or (lower, value) in {*_BY_DISABLED_CACHE, ("accept", "*/*")}
        or fetch.is_forbidden_request_header(name, value)
    )
