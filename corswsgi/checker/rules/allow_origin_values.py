"""Why a value of Access-Control-Allow-Origin does not allow the page: a table of mistakes, each with its fix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from corswsgi.browser import Exchange
from corswsgi.browser.urls import Origin, parse_origin, parse_url
from corswsgi.checker.findings import Kind, shown
from corswsgi.checker.granted import parts_of
from corswsgi.checker.kinds import allow_origin as kinds
from corswsgi.checker.server_words import NGINX, in_words, words_of
from corswsgi.errors import quote

#: The fix for a header that is sent twice.
ONE_PART = "let only one part of the server add CORS headers"
_ECHO = "send the origin of the request, if it is on a list of allowed origins, and send Vary: Origin"
_ALLOW = "allow the origin of the page"


class Explanation(NamedTuple):
    """What a wrong value is, why it is not the origin of the page, and what to change."""

    kind: Kind
    why: str
    fix: str


# The cases: each takes the value and the page's origin, and returns None if the value is none of its own.


def _empty(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    if value:
        return None
    why = "it is empty: the server looked the origin up, and found no value"
    return Explanation(
        kinds.ALLOW_ORIGIN_EMPTY, why, f"add {origin} to the server's list, and do not send the header to other origins"
    )


#: What programs write for a missing value, and which programs do.
_NO_VALUES = {
    "(null)": "Apache writes (null) for a variable that is not set: SetEnvIf did not match this origin",
    "none": "Python writes that for a missing value: the setting is not set",
    "undefined": "JavaScript writes that for a missing value: the setting is not set",
    "nan": "JavaScript writes that for a missing number: the setting is not set",
    "[object object]": "JavaScript writes that for an object: the setting is not a string",
    "nil": "Ruby and Go write that for a missing value: the setting is not set",
    "<nil>": "Go writes that for a missing value: the setting is not set",
    "true": "it is a Boolean, not an origin: some libraries accept true for any origin, but this one sends it",
    "false": "it is a Boolean, not an origin: some libraries accept false for no origin, but this one sends it",
}


def _unset(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    why = _NO_VALUES.get(value.lower())
    if why is None:
        return None
    fix = f"set it to {origin}, if you want to allow it, and do not send the header to other origins"
    if value == "(null)":
        fix = (
            f"make SetEnvIf Origin match {origin}, and write env=NAME after Header always set, so that other origins "
            "do not get the header"
        )
    return Explanation(kinds.ALLOW_ORIGIN_UNSET, why, fix)


def _null(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    if value != "null":
        return None
    why = "null is the origin of sandboxed frames and of files only"
    fix = f"send {origin}, if you want to allow it; never send null, and do not send the header to other origins"
    return Explanation(kinds.ALLOW_ORIGIN_NULL, why, fix)


#: How configurations write a variable, and which server does.
_VARIABLES = (
    (r"%\{[^}]*\}", "it is the name of a variable as Apache writes it"),
    (r"%\[[^\]]*\]?", "it is the name of a variable as HAProxy writes it"),
    (r"\{\{.*|<%.*|#\{.*", "it is a placeholder of a template"),
    (r"\$http_\w+|\$(cors|allow|origin)\w*", "it is the name of a variable as nginx writes it"),
    (r"\$\{?[A-Za-z_].*|[@_]{2}\w+[@_]{2}", "it is the name of a variable"),
    (r"\{[\w.>:-]+\}", "it is the name of a variable as Caddy writes it"),
    (r"(be)?req\.http\.[\w-]+", "it is the name of a variable as Varnish writes it"),
    (r"(process\.env|os\.environ|ENV|settings|config|req(uest)?\.headers?)\b.*", "it is code"),
    (r"<[\w .-]+>|\[?your[-_ ].*", "it is a placeholder from a manual"),
)


def _variable(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    for pattern, what in _VARIABLES:
        if re.match(f"(https?://)?({pattern})", value, re.IGNORECASE) and not value.startswith("^"):
            why = f"{what}, and the server did not replace it with a value"
            fix = in_words(exchange, f"put a real origin there, or {_ECHO}", "origin")
            return Explanation(kinds.ALLOW_ORIGIN_VARIABLE, why, fix)
    return None


#: What may stand around a value by mistake.
QUOTES = "\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"


def _quoted(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    if value.strip(QUOTES) == value:
        return None
    why = "it is in quotation marks, which browsers treat as part of it"
    return Explanation(kinds.ALLOW_ORIGIN_QUOTED, why, "remove the quotation marks")


def _is_originlike(part: str) -> bool:
    return part == "*" or "://" in part


def _is_hostlike(part: str) -> bool:
    return _is_originlike(part) or "." in part or part.startswith("localhost")


def _extra(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    parts = parts_of(value)
    origins = [part for part in parts if _is_originlike(part)]
    if len(origins) != 1 or value == origins[0] or value[0] in "[(" or "\\" in value:
        return None
    rest = " ".join(value.replace(origins[0], " ", 1).split())
    if ":" in rest and not rest.strip(":").isspace() and "access-control" in rest.lower():
        why = "the value contains the name of the header"
    else:
        why = f"besides the origin it contains {quote(rest)}, which browsers treat as part of it"
    fix = f"send {shown(origins[0])} alone"
    if origins[0] not in ("*", origin):
        fix = f"send one origin alone, and {_ALLOW}"
    if rest == "always" and words_of(exchange) in (None, NGINX):
        fix += ": in nginx, put always outside of the quotation marks"
    return Explanation(kinds.ALLOW_ORIGIN_EXTRA, why, fix)


def _listed(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    parts = parts_of(value)
    if (len(parts) < 2 and value[0] != "[") or "\\" in value or not any(map(_is_hostlike, parts)):
        return None
    if max(Counter(parts).values()) == len(parts) > 1:
        times = "twice" if len(parts) == 2 else f"{len(parts)} times"
        why = f"it is the same value {times}: two parts of the server add it, and something joins the values"
        return Explanation(kinds.ALLOW_ORIGIN_TWICE, why, in_words(exchange, ONE_PART, "twice"))
    separator = re.search(r"[,;|]", value)
    by = quote(separator[0]) if separator else "spaces"
    if "*" in parts:
        why = f"it is a list (separated by {by}), and browsers accept only one origin, or * alone"
        fix = f"send * alone if everyone may read; otherwise {_ECHO}; if two parts of the server add values, {ONE_PART}"
        return Explanation(kinds.ALLOW_ORIGIN_LIST, why, fix)
    there = origin in parts
    whether = "is on it" if there else "is not on it"
    why = f"it is a list (separated by {by}), and browsers accept only one origin; the page's origin {whether}"
    fix = in_words(exchange, _ECHO if there else f"put {origin} on the list; {_ECHO}", "origin")
    return Explanation(kinds.ALLOW_ORIGIN_LIST, why, fix)


def _pattern(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    is_regex = re.search(r"^\^|\$$|\\[.wd]|\.[*+]|\(.*\|.*\)|\[[a-z0-9]-", value) is not None
    if "*" not in value and not is_regex:
        return None
    what = "it is a regular expression" if is_regex else "it is a pattern"
    why = f"{what}, and browsers accept only one origin, or * alone"
    fix = "match the pattern on the server; send the origin of the request if it matches, and send Vary: Origin"
    return Explanation(kinds.ALLOW_ORIGIN_PATTERN, why, fix)


def _other_characters(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    if value.isascii():
        return None
    text = value.encode("latin-1", "replace").decode("utf-8", "replace")
    if _origin_meant(text) == origin:
        why = "browsers write host names in ASCII"
    else:
        why = "it contains characters that are not ASCII, perhaps invisible ones"
    return Explanation(kinds.ALLOW_ORIGIN_UNICODE, why, f"write {origin}")


def _otherwise_written(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    """The page's origin, but not as browsers write it."""
    if _origin_meant(value) != origin:
        return None
    if value.lower() == origin:
        kind, why = kinds.ALLOW_ORIGIN_CASE, "it is not in lower case, and browsers compare every character"
    elif re.match(r"\w+://[^/?#]*:[0-9]+([/?#]|$)", value) and not re.search(r":[0-9]+$", origin):
        kind, why = kinds.ALLOW_ORIGIN_DEFAULT_PORT, "browsers leave the default port out"
    else:
        kind, why = kinds.ALLOW_ORIGIN_SLASH, "an origin ends after the host and the port, without a slash or a path"
    return Explanation(kind, why, f"write {origin}")


def _origin_meant(value: str) -> str | None:
    """Return the origin of a URL, as browsers write it; ``None`` if it is not the URL of a server."""
    try:
        url = parse_url(value)
    except ValueError:
        return None
    return None if url.origin.is_opaque else url.origin.serialized


def _without_scheme(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    host = origin.partition("://")[2]
    bare = value.removeprefix("//").rstrip("/")
    if "://" in value or not (bare.lower() == host or re.fullmatch(r"(localhost|[\w-]+(\.[\w-]+)+)(:[0-9]+)?", bare)):
        return None
    why = "it is a host without a scheme, and an origin begins with one"
    fix = f"write {origin}" if bare.lower() == host else f"{_ALLOW}, with its scheme: {origin}"
    return Explanation(kinds.ALLOW_ORIGIN_NO_SCHEME, why, fix)


def _another(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    try:
        theirs, ours = parse_origin(value), parse_origin(origin)
    except ValueError:
        return None
    fix = f"{_ALLOW}, {origin}: {_ECHO}"
    if ours.is_opaque:
        why = "a sandboxed page has no origin of its own, and only * allows it without credentials"
        return Explanation(kinds.ALLOW_ORIGIN_OTHER, why, "serve the page from an origin of its own, and allow it")
    their_port, our_port = value.rpartition(theirs.host)[2], origin.rpartition(ours.host)[2]
    if theirs.host == ours.host and theirs.scheme == ours.scheme:
        why = "it is the same host with another port, and each port is a separate origin"
        return Explanation(kinds.ALLOW_ORIGIN_PORT, why, fix)
    if theirs.host == ours.host and their_port == our_port:
        why = "it is the same host with another scheme, and http: and https: are different origins"
        return Explanation(kinds.ALLOW_ORIGIN_SCHEME, why, fix)
    if theirs.host.rstrip(".") == ours.host:
        why = "with a dot at the end it is another host"
        return Explanation(kinds.ALLOW_ORIGIN_OTHER, why, f"write {origin}")
    return Explanation(kinds.ALLOW_ORIGIN_OTHER, _why_other_host(theirs, ours), fix)


_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


def _why_other_host(theirs: Origin, ours: Origin) -> str:
    if {theirs.host, ours.host} <= _THIS_MACHINE:
        return "both names mean this machine, but browsers compare the names"
    if {theirs.host, ours.host} in ({ours.host, f"www.{ours.host}"}, {theirs.host, f"www.{theirs.host}"}):
        return "the names with and without www. are two hosts"
    if ours.host.endswith(f".{theirs.host}"):
        return "it is the parent domain of the page's host, and the header does not cover subdomains"
    return "the server allows another origin, or sends the same one to everyone"


def _no_origin(value: str, origin: str, exchange: Exchange) -> Explanation:
    why = "it is not an origin, which is a scheme, a host and perhaps a port"
    return Explanation(kinds.ALLOW_ORIGIN_INVALID, why, f"send {origin}, or * alone if everyone may read")


_CASES: tuple[Callable[[str, str, Exchange], Explanation | None], ...] = (
    _empty,
    _unset,
    _null,
    _variable,
    _quoted,
    _extra,
    _listed,
    _pattern,
    _other_characters,
    _otherwise_written,
    _without_scheme,
    _another,
    _no_origin,
)


def explain_allow_origin(value: str, origin: str, exchange: Exchange) -> Explanation:
    """Return why a value that is neither ``*`` nor the page's origin does not allow the page."""
    return next(filter(None, (case(value, origin, exchange) for case in _CASES)))
