"""Reads archives of browsers' developer tools (HAR 1.2), and finds the cross-origin requests that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from corswsgi.browser import Exchange
from corswsgi.checker.findings import shown
from corswsgi.checker.granting import shares
from corswsgi.checker.pasted import Found, Header, check_header, found_in_request, origin_of
from corswsgi.errors import UsageError

#: The most bytes that an archive may have.
LONGEST = 64 * 1024 * 1024

#: The most requests that are asked about.
MOST = 20

_GOOD = 'a HAR file begins with {"log": {"version": "1.2", "entries": [ ...'

#: The values of Sec-Fetch-Mode, and Chrome's resource types, of requests with a CORS check.
_CORS_MODES = frozenset({"cors", "fetch", "xhr", "preflight"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One request of an archive.

    :ivar number: as --entry counts, from 1.
    :ivar mode: the mode of the request, or Chrome's resource type; empty if the archive has neither.
    :ivar found: with an origin, if the archive has one.
    :ivar answer: status and headers; no status if there was no answer.
    """

    number: int
    mode: str
    found: Found
    answer: Exchange


def read_har(data: bytes, number: int | None, origin: str) -> list[Found]:
    """Return the failed cross-origin requests, each once, or the one that has a number.

    :param data: the content of the file.
    :param number: of an entry, from 1.
    :param origin: of the page, for all requests; if empty, it is read from the archive.
    :raises UsageError: if the file is not an archive, or has no such request.
    """
    log = _member(_parsed(data), "", "log", dict)
    values = _member(log, "log", "entries", list)
    titles = _titles(log)
    if number is not None:
        if not 1 <= number <= len(values):
            raise UsageError(f"--entry {number}: no such entry; the archive has the entries 1 to {len(values)}")
        return [_told(_entry(values, number, titles, origin), len(values))]
    entries = [_entry(values, each + 1, titles, origin) for each in range(len(values))]
    failed = [entry for entry in entries if _has_failed(entry)]
    if not failed:
        raise UsageError(
            f"--har: none of the {len(values)} entries is a failed cross-origin request; "
            "--entry N asks about one of them, by its number from 1"
        )
    different = list(_different(failed))
    # Requests without an origin are left out if there are others: they cannot be asked about.
    asked = ([entry for entry in different if entry.found.origin] or different)[:MOST]
    found = [_told(entry, len(values)) for entry in asked]
    if left_out := len(different) - len(asked):
        more = "more failed request was" if left_out == 1 else "more failed requests were"
        sentence = f"{left_out} {more} left out; --entry N asks about one of them"
        found[-1] = replace(found[-1], told=(*found[-1].told, sentence))
    return found


def _told(entry: _Entry, count: int) -> Found:
    where = (
        f"this is entry {entry.number} of {count} in the archive: {shown(f'{entry.answer.method} {entry.found.url}')}"
    )
    return replace(entry.found, told=(where, *entry.found.told))


# Selecting
def _has_failed(entry: _Entry) -> bool:
    """Tell whether a cross-origin request got no answer, or one that browsers hide from the page."""
    url, found = origin_of(entry.found.url), entry.found
    if not url or url == found.origin or entry.mode not in (*_CORS_MODES, ""):
        return False
    if entry.answer.status is None:
        return True
    # An answer from the cache says nothing about CORS.
    is_known = entry.mode and entry.mode != "preflight" and entry.answer.status != 304
    return bool(is_known) and not shares(entry.answer, found.origin, with_credentials=bool(found.cookies))


def _different(entries: list[_Entry]) -> Iterator[_Entry]:
    """Yield each question once, and a preflight only if its request is not in the archive."""
    sent = {(each.found.url, each.found.method) for each in entries if each.mode != "preflight"}
    seen = set()
    for entry in entries:
        found = entry.found
        if entry.mode == "preflight" and (found.url, found.method) in sent:
            continue
        key = (found.url, found.method, found.origin, tuple(name.lower() for name, _ in found.headers))
        if key not in seen:
            seen.add(key)
            yield entry


# Reading


def _parsed(data: bytes) -> object:
    if len(data) > LONGEST:
        raise _error(f"it is larger than {LONGEST // 1024 // 1024} MiB; export fewer requests")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _error("it is not UTF-8; save it as UTF-8") from None
    except RecursionError:
        raise _error("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _error(f"line {error.lineno}, column {error.colno}: this is not JSON; export it again") from None
    except ValueError:
        raise _error("it has a number with too many digits") from None


def _titles(log: dict[str, Any]) -> dict[str, str]:
    """Return the titles of the pages by their ids; in Chrome's archives a title is the address of the page."""
    pages = _member(log, "log", "pages", list, [])
    return {
        _member(page, f"log.pages[{number}]", "id", str): _member(page, f"log.pages[{number}]", "title", str, "")
        for number, page in enumerate(pages)
    }


def _entry(values: list[Any], number: int, titles: dict[str, str], origin: str) -> _Entry:
    path = f"log.entries[{number - 1}]"
    request = _member(values[number - 1], path, "request", dict)
    response = _member(values[number - 1], path, "response", dict)
    url = _member(request, f"{path}.request", "url", str)
    method = _member(request, f"{path}.request", "method", str)
    headers = [check_header(f"--har: {path}.request", *header) for header in _headers(request, f"{path}.request")]
    body = _body(request, f"{path}.request")
    sent = {name.lower(): value for name, value in headers}
    found = found_in_request(url, method, headers, "" if "cookie" in sent else _cookies(request, path), body)
    if not found.origin:
        title = titles.get(_member(values[number - 1], path, "pageref", str, ""), "")
        told = ("the origin of the page was taken from the title of the page",) if origin_of(title) else ()
        found = replace(found, origin=origin_of(title), told=(*found.told, *told))
    mode = _member(values[number - 1], path, "_resourceType", str, "")
    mode = sent.get("sec-fetch-mode", "") or ("cors" if "origin" in sent and mode != "preflight" else mode)
    if method == "OPTIONS" and "access-control-request-method" in sent:
        mode = "preflight"
    status = _member(response, f"{path}.response", "status", int)
    failed = status <= 0 or bool(response.get("_error"))
    answer = Exchange(
        method,
        url,
        (),
        None,
        None if failed else status,
        response_headers=tuple(_headers(response, f"{path}.response")),
    )
    return _Entry(number, mode, replace(found, origin=origin or found.origin), answer)


def _headers(part: dict[str, Any], path: str) -> Iterator[Header]:
    for number, header in enumerate(_member(part, path, "headers", list)):
        where = f"{path}.headers[{number}]"
        # Chrome puts all lines of a header into one value.
        for value in _member(header, where, "value", str).split("\n"):
            yield _member(header, where, "name", str), value


def _cookies(request: dict[str, Any], path: str) -> str:
    cookies = _member(request, f"{path}.request", "cookies", list, [])
    pairs = [
        (
            _member(cookie, f"{path}.request.cookies", "name", str),
            _member(cookie, f"{path}.request.cookies", "value", str),
        )
        for cookie in cookies
    ]
    return check_header(f"--har: {path}.request.cookies", "Cookie", "; ".join(map("=".join, pairs)))[1]


def _body(request: dict[str, Any], path: str) -> bytes | None:
    posted = _member(request, path, "postData", dict, {})
    if not posted:
        return None
    text = _member(posted, f"{path}.postData", "text", str, "")
    parameters = _member(posted, f"{path}.postData", "params", list, [])
    if text or not parameters:
        return text.encode("utf-8", "replace")
    where = f"{path}.postData.params"
    return urlencode(
        [(_member(each, where, "name", str), _member(each, where, "value", str, "")) for each in parameters]
    ).encode()


def _member(value: object, path: str, name: str, kind: type[T], default: T | None = None) -> T:
    """Return a member of an object, or ``default`` if there is none, or it is null."""
    member = value.get(name) if isinstance(value, dict) else None
    if member is None and default is not None and isinstance(value, dict):
        return default
    if not isinstance(member, kind):
        where = f"{path}.{name}".removeprefix(".")
        raise _error(f"{where} is {'missing' if member is None else 'not ' + _KINDS[kind]}")
    return member


_KINDS: dict[type, str] = {dict: "an object", list: "a list", str: "a string", int: "a whole number"}


def _error(why: str) -> UsageError:
    return UsageError(f"--har: {why}; {_GOOD}")
