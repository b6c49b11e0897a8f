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

#: What fixes a header that comes twice.
ONE_PART = "let only one part of the server add CORS headers"
_ECHO = "answer with the one origin that asks, if it is on a list of origins, and with Vary: Origin"
_ALLOW = "allow the origin that asks"


class Explanation(NamedTuple):
    """What a wrong value is, why no browser takes it for the page's origin, and what to change."""

    kind: Kind
    why: str
    fix: str


# The cases. Each is asked about the value and the page's origin, and says None if it is another one.


def _empty(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    if value:
        return None
    why = "it is empty: what the server looks up has no entry for this origin"
    return Explanation(
        kinds.ALLOW_ORIGIN_EMPTY, why, f"add {origin} to what the server allows, and send others no header at all"
    )


#: What programs write if there is no value, and who does.
_NO_VALUES = {
    "(null)": "Apache writes (null) for a variable that is not set: what sets it did not match this origin",
    "none": "Python writes that for no value: the setting is missing",
    "undefined": "JavaScript writes that for no value: the setting is missing",
    "nan": "JavaScript writes that for no value",
    "[object object]": "JavaScript writes that for an object that is no text: no value of a setting",
    "nil": "Ruby and Go write that for no value: the setting is missing",
    "<nil>": "Go writes that for no value: the setting is missing",
    "true": "that is a truth value, and no origin: some libraries take true for any origin, this one sends it",
    "false": "that is a truth value, and no origin: some libraries take false for nobody, this one sends it",
}


def _unset(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    why = _NO_VALUES.get(value.lower())
    if why is None:
        return None
    fix = f"set it to {origin}, if that is allowed, and send others no header at all"
    if value == "(null)":
        fix = (
            f"make SetEnvIf Origin match {origin}, and write env=NAME after Header always set, so that others get none"
        )
    return Explanation(kinds.ALLOW_ORIGIN_UNSET, why, fix)


def _null(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    if value != "null":
        return None
    why = "null is the origin of sandboxed frames and of files, and of no other page"
    fix = f"answer with {origin}, if it is on a list of origins, with no header to others, and never null"
    return Explanation(kinds.ALLOW_ORIGIN_NULL, why, fix)


#: How configurations write a variable, and whose way that is.
_VARIABLES = (
    (r"%\{[^}]*\}", "it is the way Apache writes a variable"),
    (r"%\[[^\]]*\]?", "it is the way HAProxy writes a variable"),
    (r"\{\{.*|<%.*|#\{.*", "it is a place in a template, which nothing filled"),
    (r"\$http_\w+|\$(cors|allow|origin)\w*", "it is the way nginx writes a variable"),
    (r"\$\{?[A-Za-z_].*|[@_]{2}\w+[@_]{2}", "it is the name of a variable"),
    (r"\{[\w.>:-]+\}", "it is the way Caddy writes a variable"),
    (r"(be)?req\.http\.[\w-]+", "it is the way Varnish writes a variable"),
    (r"(process\.env|os\.environ|ENV|settings|config|req(uest)?\.headers?)\b.*", "it is a piece of a program"),
    (r"<[\w .-]+>|\[?your[-_ ].*", "it is a place that is to be filled"),
)


def _variable(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    for pattern, what in _VARIABLES:
        if re.match(f"(https?://)?({pattern})", value, re.IGNORECASE) and not value.startswith("^"):
            why = f"{what}, and what sent it does not replace it"
            fix = in_words(exchange, f"put a real origin there, or {_ECHO}", "origin")
            return Explanation(kinds.ALLOW_ORIGIN_VARIABLE, why, fix)
    return None


#: What a value may be put in by mistake.
QUOTES = "\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"


def _quoted(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    if value.strip(QUOTES) == value:
        return None
    why = "it is in quotation marks, which browsers take for a part of it"
    return Explanation(kinds.ALLOW_ORIGIN_QUOTED, why, "take the quotation marks away")


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
        why = "the name of the header has come into its value"
    else:
        why = f"beside the origin it holds {quote(rest)}, which browsers take for a part of it"
    fix = f"send {shown(origins[0])} alone"
    if origins[0] not in ("*", origin):
        fix = f"send one origin alone, and {_ALLOW}"
    if rest == "always" and words_of(exchange) in (None, NGINX):
        fix += ": in nginx, always stands outside of the quotation marks"
    return Explanation(kinds.ALLOW_ORIGIN_EXTRA, why, fix)


def _listed(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    parts = parts_of(value)
    if (len(parts) < 2 and value[0] != "[") or "\\" in value or not any(map(_is_hostlike, parts)):
        return None
    if max(Counter(parts).values()) == len(parts) > 1:
        times = "twice" if len(parts) == 2 else f"{len(parts)} times"
        why = f"it is the same value {times}: two parts of the server add it, and something joins the two"
        return Explanation(kinds.ALLOW_ORIGIN_TWICE, why, in_words(exchange, ONE_PART, "twice"))
    separator = re.search(r"[,;|]", value)
    by = quote(separator[0]) if separator else "spaces"
    if "*" in parts:
        why = f"it is a list (separated by {by}), and browsers know one origin or a lone *"
        fix = f"send one value: * if all may read, and otherwise {_ECHO}; {ONE_PART}, if two of them add one each"
        return Explanation(kinds.ALLOW_ORIGIN_LIST, why, fix)
    there = origin in parts
    whether = "is on it" if there else "is not on it"
    why = f"it is a list (separated by {by}), and browsers know one origin only; the page's {whether}"
    fix = in_words(exchange, _ECHO if there else f"put {origin} on the list; {_ECHO}", "origin")
    return Explanation(kinds.ALLOW_ORIGIN_LIST, why, fix)


def _pattern(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    is_regex = re.search(r"^\^|\$$|\\[.wd]|\.[*+]|\(.*\|.*\)|\[[a-z0-9]-", value) is not None
    if "*" not in value and not is_regex:
        return None
    what = "it is a regular expression, and browsers know none" if is_regex else "browsers know no patterns"
    why = f"{what}: they take one origin or a lone *"
    fix = "match the pattern on the server, and answer with the origin that asks and with Vary: Origin"
    return Explanation(kinds.ALLOW_ORIGIN_PATTERN, why, fix)


def _other_characters(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    if value.isascii():
        return None
    text = value.encode("latin-1", "replace").decode("utf-8", "replace")
    if _origin_meant(text) == origin:
        why = "browsers write host names in ASCII"
    else:
        why = "it holds characters that are not ASCII, perhaps some that nobody sees"
    return Explanation(kinds.ALLOW_ORIGIN_UNICODE, why, f"write {origin}")


def _otherwise_written(value: str, origin: str, exchange: Exchange) -> Explanation | None:
    """The page's origin, but not as browsers write it."""
    if _origin_meant(value) != origin:
        return None
    if value.lower() == origin:
        kind, why = kinds.ALLOW_ORIGIN_CASE, "it differs in upper and lower case, and browsers compare every character"
    elif re.match(r"\w+://[^/?#]*:[0-9]+([/?#]|$)", value) and not re.search(r":[0-9]+$", origin):
        kind, why = kinds.ALLOW_ORIGIN_DEFAULT_PORT, "browsers leave the default port out"
    else:
        kind, why = kinds.ALLOW_ORIGIN_SLASH, "an origin ends after the host and the port: no slash and no path"
    return Explanation(kind, why, f"write {origin}")


def _origin_meant(value: str) -> str | None:
    """Return the origin of a URL, as browsers write it; ``None`` if it is no URL of a server."""
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
        why = "a sandboxed page has no origin of its own, and only * allows it"
        return Explanation(kinds.ALLOW_ORIGIN_OTHER, why, "serve the page from an origin of its own, and allow that")
    their_port, our_port = value.rpartition(theirs.host)[2], origin.rpartition(ours.host)[2]
    if theirs.host == ours.host and theirs.scheme == ours.scheme:
        why = "it is the same host with another port, and each port is an origin of its own"
        return Explanation(kinds.ALLOW_ORIGIN_PORT, why, fix)
    if theirs.host == ours.host and their_port == our_port:
        why = "it is the same host with another scheme, and http: and https: are different origins"
        return Explanation(kinds.ALLOW_ORIGIN_SCHEME, why, fix)
    if theirs.host.rstrip(".") == ours.host:
        why = "with the dot at the end it is another host"
        return Explanation(kinds.ALLOW_ORIGIN_OTHER, why, f"write {origin}")
    return Explanation(kinds.ALLOW_ORIGIN_OTHER, _why_other_host(theirs, ours), fix)


_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


def _why_other_host(theirs: Origin, ours: Origin) -> str:
    if {theirs.host, ours.host} <= _THIS_MACHINE:
        return "both mean the same machine, and browsers compare the names"
    if {theirs.host, ours.host} in ({ours.host, f"www.{ours.host}"}, {theirs.host, f"www.{theirs.host}"}):
        return "with and without www. are two hosts"
    if ours.host.endswith(f".{theirs.host}"):
        return "it is the domain above the page's, and the header covers no subdomains"
    return "the server allows another origin, or always answers with the same one"


def _no_origin(value: str, origin: str, exchange: Exchange) -> Explanation:
    why = "it is no origin, which is a scheme, a host and perhaps a port"
    return Explanation(kinds.ALLOW_ORIGIN_INVALID, why, f"send {origin}, or a lone * if all may read")


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
    """Return why a value, neither ``*`` nor the page's origin, does not allow the page."""
    return next(filter(None, (case(value, origin, exchange) for case in _CASES)))
