"""Finds the URL, the origin, the method and the header in a message of a browser's console, within any other text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from corswsgi import fetch
from corswsgi.checker.console_messages import (
    BARE,
    BROWSERS,
    ENVELOPES,
    MESSAGES,
    OF_PREFLIGHTS,
    WITH_CREDENTIALS,
    Message,
    normalized,
)
from corswsgi.checker.findings import Kind
from corswsgi.checker.kinds.permissions import METHOD_NOT_ALLOWED
from corswsgi.checker.pasted import Found, with_values
from corswsgi.errors import UsageError

#: In characters.
LONGEST = 64 * 1024

_GOOD = (
    "an example: Access to fetch at 'https://api.example.com/items' from origin 'https://app.example.com' has been "
    "blocked by CORS policy: ..."
)

#: How the console shows failed requests: "PUT https://...", and "XHRPUT https://..." in Firefox.
_METHOD = r"(?<![A-Za-z])(?:XHR ?)?(DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) ?"

#: Methods that need no preflight, and the empty string for an unknown one.
_ASKED_AT_ONCE = ("", "GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class _Read:
    """What a text says.

    :ivar message: the message in it; ``None`` if its reason is not in the table.
    :ivar parts: the values of the parts of its template, by their names.
    """

    browser: str
    message: Message | None
    parts: Mapping[str, str]
    text: str

    @property
    def kind(self) -> Kind | None:
        return self.message.finding if self.message else None

    @property
    def url(self) -> str:
        """The URL that the script fetched, before any redirect; empty if the console shortened it."""
        url = self.parts.get("first") or self.parts.get("url", "")
        return "" if "\u2026" in url or "..." in url else url

    @property
    def method(self) -> str:
        named = self.parts.get("method", "")
        if named:
            return named if fetch.is_token(named) and not fetch.is_forbidden_method(named) else ""
        shown = re.search(_METHOD + re.escape(self.url), self.text) if self.url else None
        return shown[1] if shown else ""

    @property
    def header(self) -> str:
        named = self.parts.get("header", "")
        return named if fetch.is_token(named) and not fetch.is_forbidden_request_header_name(named) else ""


def read_console(text: str, given: Set[str]) -> Found:
    """Return the request of the first message about CORS in a text.

    :param given: names of the other options; nothing has to be assumed for them.
    :raises UsageError: if there is no such message.
    """
    if len(text) > LONGEST:
        raise UsageError(f"--console: the text is longer than {LONGEST // 1024} KiB; paste one message; {_GOOD}")
    read = _read(normalized(text))
    cause = read.message.cause if read.message else "its reason is not one that this command knows"
    told = [f"the message is from {read.browser}: {cause}"]
    method, headers = read.method, with_values([read.header] if read.header else [])
    is_of_preflight = "preflight" in read.parts or read.kind in OF_PREFLIGHTS
    lacks = ("--method",) if read.kind is METHOD_NOT_ALLOWED and not method else ()
    if headers:
        told.append(f"the value of {read.header} is made up, because the message does not include it")
    elif is_of_preflight and method in _ASKED_AT_ONCE and not lacks and given.isdisjoint({"method", "headers"}):
        method, headers = method or "POST", with_values(["Content-Type"])
        told.append(
            "the message does not say why the browser sent a preflight: Content-Type: application/json is assumed "
            "(change it with -X and -H)"
        )
    if not (method or lacks or "method" in given):
        told.append("the message does not include the method: GET is assumed (change it with -X)")
    credentials = "include" if read.kind in WITH_CREDENTIALS else "same-origin"
    if credentials == "same-origin" and "credentials" not in given:
        told.append(
            "the message does not include the credentials mode: same-origin is assumed (change it with --credentials)"
        )
    origin = read.parts.get("origin", "")
    if origin == "null" and "origin" not in given:
        told.append("Origin null means a sandboxed page, a file, or a redirect (change it with --origin)")
    return Found(read.url, origin, method, headers, credentials=credentials, lacks=lacks, told=tuple(told))


def _read(text: str) -> _Read:
    """Find the first message in a normalized text."""
    found = [(match.start(), engine, match) for engine, each in ENVELOPES.items() if (match := each.search(text))]
    if not found:
        row, match = _first(text, MESSAGES)
        if row is None:
            raise UsageError(f"--console: the text contains no CORS message of a browser; {_GOOD}")
        return _Read(BROWSERS[row.engine], row, _groups(match), text)
    _, engine, envelope = min(found, key=lambda each: each[:2])
    rows = [row for row in MESSAGES if row.engine == engine]
    # WebKit prints the reason on a line of its own; the others print it right after the envelope.
    row, match = _first(text, rows) if engine == "webkit" else _first(text, rows, envelope.end())
    if row is None and engine == "webkit" and BARE.pattern.search(text):
        row = BARE
    return _Read(BROWSERS[engine], row, {**_groups(envelope), **_groups(match)}, text)


def _first(
    text: str, rows: Iterable[Message], position: int | None = None
) -> tuple[Message | None, re.Match[str] | None]:
    """Return the message that comes first in a text, or the one at a position."""
    if position is None:
        found = [(row, match) for row in rows if (match := row.pattern.search(text))]
    else:
        found = [(row, match) for row in rows if (match := row.pattern.match(text, position))]
    return min(found, key=lambda each: each[1].start()) if found else (None, None)


def _groups(match: re.Match[str] | None) -> dict[str, str]:
    return {} if match is None else {name: value for name, value in match.groupdict().items() if value}
