"""What a server already grants, also by headers that are wrong: a fix adds to it and takes nothing away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.browser.urls import parse_origin
from corswsgi.checker.granting import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
)

#: The largest ``max_age`` that a policy accepts.
_LONGEST_MAX_AGE = 86400


@dataclass(frozen=True, slots=True)
class Granted:
    """What the answers to a page's requests grant.

    :ivar any_origin: whether ``*`` is allowed.
    :ivar origins: the allowed origins, without the page's.
    :ivar credentials: whether an origin other than ``*`` may read with credentials.
    :ivar methods: as listed, with ``*``.
    :ivar headers: as listed, with ``*``.
    :ivar exposed: as listed, with ``*``.
    :ivar max_age: in seconds.
    """

    any_origin: bool = False
    origins: tuple[str, ...] = ()
    credentials: bool = False
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: int | None = None


NOTHING = Granted()


def granted_by(exchanges: Iterable[Exchange], page: str) -> Granted:
    """Return what all answers to a page grant together."""
    exchanges = list(exchanges)
    values = [value for exchange in exchanges for value in exchange.response_lines(ALLOW_ORIGIN)]
    parts = [part for value in values for part in parts_of(value)]
    credentialed = [
        exchange
        for exchange in exchanges
        if exchange.response_lines(ALLOW_CREDENTIALS) == ("true",) and exchange.response_lines(ALLOW_ORIGIN) != ("*",)
    ]
    seconds = [fetch.extract_max_age(exchange.response_lines(MAX_AGE)) for exchange in exchanges]
    return Granted(
        any_origin=bool(values) and set(values) == {"*"},
        origins=tuple(dict.fromkeys(part for part in parts if _is_other_origin(part, page))),
        credentials=any(exchange.response_lines(ALLOW_ORIGIN) for exchange in credentialed),
        methods=_names(exchanges, ALLOW_METHODS),
        headers=_names(exchanges, ALLOW_HEADERS),
        exposed=_names(exchanges, EXPOSE_HEADERS),
        max_age=next((min(each, _LONGEST_MAX_AGE) for each in seconds if each is not None), None),
    )


def parts_of(value: str) -> list[str]:
    """Return the parts of a value between separators; it may also be a list in JSON or Python."""
    return [part.strip("[]()\"'") for part in re.split(r"[\s,;|]+", value) if part.strip("[]()\"'")]


def _is_other_origin(part: str, page: str) -> bool:
    try:
        origin = parse_origin(part)
    except ValueError:
        return False
    # A dot at the end is a slip, a star is a pattern, and null must not be allowed.
    return part not in (page, f"{page}.") and not origin.is_opaque and "*" not in part


def _names(exchanges: Iterable[Exchange], header: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for exchange in exchanges for name in names_in(exchange, header)))


def names_in(exchange: Exchange, header: str) -> list[str]:
    """Return the names that a header lists, even if other characters than commas separate them.

    Parts that cannot be names, such as variables, are left out.
    """
    parts = [part for line in exchange.response_lines(header) for part in re.split(r"[\s,;|\[\]()\"']+", line)]
    return list(dict.fromkeys(part for part in parts if re.fullmatch(r"\w[\w-]*|\*", part) and fetch.is_token(part)))


def with_methods(names: Sequence[str], method: str, with_credentials: bool) -> list[str]:
    """Return a list of methods with one more, and without those that grant nothing.

    Methods that browsers write in upper case are written so.
    """
    known = [name.upper() if name.upper() in fetch.NORMALIZED_METHODS else name for name in names]
    kept = [name for name in known if not fetch.is_forbidden_method(name) and not (name == "*" and with_credentials)]
    needs = method not in kept and method not in fetch.CORS_SAFELISTED_METHODS and "*" not in kept
    return list(dict.fromkeys([*kept, *([method] if needs else [])]))


def with_headers(names: Sequence[str], needed: Sequence[str], with_credentials: bool) -> list[str]:
    """Return a list of request headers with some more, and without those that grant nothing."""
    kept = [name for name in names if _is_grantable(name) and not (name == "*" and with_credentials)]
    lower = {name.lower() for name in kept}
    covered = "*" in lower
    return kept + [
        name
        for name in needed
        if _is_grantable(name)
        and name.lower() not in lower
        and not (covered and name.lower() != fetch.CORS_NON_WILDCARD_REQUEST_HEADER)
    ]


def _is_grantable(name: str) -> bool:
    """Tell whether a page can set a header, and should be allowed to."""
    return not fetch.is_forbidden_request_header_name(name) and not name.lower().startswith("access-control-")
