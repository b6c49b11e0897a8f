"""Which entries of ``allow_origins`` must not be allowed to send credentials, and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import product

from corswsgi import fetch
from corswsgi.errors import Fault, Problem, quote
from corswsgi.origins import OPAQUE, OriginPattern, is_insecure, parse_origin
from corswsgi.public_suffixes import is_open_to_strangers, suffixes_named_in

#: What ``dangerously_allow`` may name.
INSECURE_ORIGINS = "insecure-origins"
PUBLIC_SUFFIXES = "public-suffixes"
DANGERS = (INSECURE_ORIGINS, PUBLIC_SUFFIXES)

_ACTS = "with credentials, such a site could act as its visitors"

#: Origins that no policy lists: a regular expression that matches one of them matches almost anything.
_STRANGERS = (
    "https://stranger.invalid",
    "https://stranger.com",
    "https://stranger.github.io",
    "https://a.b.c.invalid:8443",
    "http://stranger.invalid",
    "x-stranger://invalid",
)

#: Names that a stranger could register.
_NAMES = ("stranger", "a", "stranger-1", "a1b2c3", "x.stranger")

#: What may stand before and after a piece of an expression to make a host that it matches.
_BEFORE = ("", "a.", "www.", "stranger.", "stranger")
_AFTER = ("", ".1", ".1.1", ".1.1.1", ".com", ".example", ".local")
_PORTS = ("", ":3000", ":8080", ":8443")

#: How many pieces of an expression are tried.
_MOST_PIECES = 24


def complain_of_credentials(
    origins: Collection[str], regexes: Iterable[re.Pattern[str]], named: Collection[str], option: str
) -> Iterator[Problem]:
    """Yield a problem for each entry that must not send credentials.

    :param origins: serialized origins, patterns of them, ``null`` and ``*``.
    :param regexes: expressions, which are tried with likely origins. An insecure origin that no trial finds is refused
        when a request comes from it (:class:`~corswsgi.origins.OriginMatcher`).
    :param named: the dangers that the policy names in ``dangerously_allow``.
    """
    if "*" in origins:
        message = "with credentials, every site could act as its visitors; list the origins that may"
        yield Problem(Fault.ANY_ORIGIN_WITH_CREDENTIALS, option, "*", message)
    if OPAQUE in origins:
        message = f'any site can make a page with the origin "null"; {_ACTS}; remove it'
        yield Problem(Fault.NULL_WITH_CREDENTIALS, option, OPAQUE, message)
    # There may be a million exact origins, so those that cannot be dangerous are skipped without parsing.
    suspects = [origin for origin in origins if origin.startswith("http://") or "://*." in origin]
    patterns = [pattern for pattern in map(OriginPattern.parse, suspects) if pattern is not None]
    for regex in regexes:
        yield from _complain_of_regex(regex, named, option)
    if INSECURE_ORIGINS not in named:
        yield from (_insecure(pattern, option) for pattern in patterns if pattern.is_insecure)
    if PUBLIC_SUFFIXES not in named:
        for pattern in patterns:
            if pattern.subdomains and is_open_to_strangers(pattern.host.removesuffix(".")):
                text = str(pattern)
                message = (
                    f"anyone can register a name that {quote(text)} matches; {_ACTS}; list the names that "
                    f'are yours, or accept the risk with dangerously_allow="{PUBLIC_SUFFIXES}"'
                )
                yield Problem(Fault.PUBLIC_SUFFIX_WITH_CREDENTIALS, option, text, message)


def _insecure(pattern: OriginPattern, option: str) -> Problem:
    text = str(pattern)
    message = f"with credentials, anyone on the network path of {quote(text)} could act as its visitors"
    if _is_local(pattern.host):
        # Such a host cannot get a public certificate, so suggesting https would not help.
        message += f'; to accept the risk, set dangerously_allow="{INSECURE_ORIGINS}"'
        return Problem(Fault.INSECURE_ORIGIN_WITH_CREDENTIALS, option, text, message)
    port = "" if pattern.port == fetch.DEFAULT_PORTS["https"] else pattern.port
    secure = str(pattern._replace(scheme="https", port=port))
    return Problem(Fault.INSECURE_ORIGIN_WITH_CREDENTIALS, option, text, message, secure)


def _is_local(host: str) -> bool:
    """Tell whether a serialized host looks like one of a local network: a private address, or a bare or local name."""
    if host[0] == "[" or re.fullmatch("[0-9.]+", host):
        from ipaddress import ip_address  # takes time to load, and few policies need it

        return not ip_address(host.strip("[]")).is_global
    return "." not in host or host.endswith((".local", ".lan", ".home", ".internal", ".home.arpa"))


def _complain_of_regex(regex: re.Pattern[str], named: Collection[str], option: str) -> Iterator[Problem]:
    shown = quote(regex.pattern)
    if any(map(regex.fullmatch, _STRANGERS)):
        message = f"{shown} matches the origins of strangers; {_ACTS}; name the hosts that you mean in it"
        yield Problem(Fault.REGEX_WITH_CREDENTIALS, option, regex, message)
        return
    text = re.sub(r"\\(?=\W)", "", regex.pattern).lower()  # unescape "\." and "\-"
    if INSECURE_ORIGINS not in named and (origin := _first_match(regex, _insecure_origins(text))):
        message = (
            f"{shown} matches {quote(origin)}, and with credentials, anyone on the network path could act as its "
            f'visitors; write https:// into it, or accept the risk with dangerously_allow="{INSECURE_ORIGINS}"'
        )
        yield Problem(Fault.INSECURE_ORIGIN_WITH_CREDENTIALS, option, regex, message)
    if PUBLIC_SUFFIXES not in named and (origin := _first_match(regex, _strangers_below_suffixes(text))):
        message = (
            f"anyone can register the name of {quote(origin)}, which {shown} matches; {_ACTS}; write the "
            f'names that are yours into it, or accept the risk with dangerously_allow="{PUBLIC_SUFFIXES}"'
        )
        yield Problem(Fault.PUBLIC_SUFFIX_WITH_CREDENTIALS, option, regex, message)


def _first_match(regex: re.Pattern[str], origins: Iterable[str]) -> str | None:
    return next((origin for origin in origins if regex.fullmatch(origin) and parse_origin(origin)), None)


def _insecure_origins(text: str) -> Iterator[str]:
    """Yield ``http`` origins that are made of the hosts, and of pieces of hosts, in the text of an expression."""
    pieces = re.findall(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.sub("^\\^?https?", "", text))[:_MOST_PIECES]
    for before, piece, after, port in product(_BEFORE, dict.fromkeys(pieces), _AFTER, _PORTS):
        origin = parse_origin(f"http://{before}{piece}{after}{port}")
        if origin is not None and is_insecure(origin.scheme, origin.host):
            yield f"http://{before}{piece}{after}{port}"


def _strangers_below_suffixes(text: str) -> Iterator[str]:
    """Yield origins that anyone can register, below the public suffixes named in the text of an expression."""
    words = dict.fromkeys(re.findall("[a-z0-9]+(?:-[a-z0-9]+)*", text)[:_MOST_PIECES])
    resembling = [name for word in words for name in (f"stranger{word}", f"{word}stranger", f"{word}-stranger")]
    names = [*_NAMES, *resembling, *(f"stranger-{word}" for word in words)]
    for suffix, name, scheme, port in product(suffixes_named_in(text), names, ("https", "http"), _PORTS):
        yield f"{scheme}://{name}.{suffix}{port}"
