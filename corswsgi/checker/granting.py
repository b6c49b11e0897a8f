"""Tells from the headers of an answer whether pages of an origin may read it."""

from __future__ import annotations

from corswsgi import fetch
from corswsgi.browser import Exchange

Headers = tuple[tuple[str, str], ...]

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"


def joined(exchange: Exchange, name: str) -> str | None:
    """Return a response header with its lines joined, as browsers join them; ``None`` for no line."""
    lines = exchange.response_lines(name)
    return ", ".join(lines) if lines else None


def joined_request(exchange: Exchange, name: str) -> str:
    """Return a request header with its lines joined; empty for no line."""
    return ", ".join(exchange.request_lines(name))


def listed_names(exchange: Exchange, header: str) -> list[str]:
    """Return the names that a response header lists; none if it is not a list of names."""
    try:
        return fetch.extract_header_list_values(exchange.response_lines(header)) or []
    except ValueError:
        return []


def shares(exchange: Exchange, origin: str, with_credentials: bool) -> bool:
    """Tell whether pages of an origin may read an answer (fetch#cors-check)."""
    allowed = joined(exchange, ALLOW_ORIGIN)
    if with_credentials:
        return allowed == origin and joined(exchange, ALLOW_CREDENTIALS) == "true"
    return allowed in ("*", origin)


def split_headers(exchange: Exchange, with_credentials: bool) -> tuple[Headers, Headers]:
    """Return the headers that a script of another origin can read if the answer is shared, and the others.

    fetch#concept-filtered-response-cors
    """
    listed = listed_names(exchange, EXPOSE_HEADERS)
    exposed = {name.lower() for name in listed} | fetch.CORS_SAFELISTED_RESPONSE_HEADERS
    every = "*" in listed and not with_credentials
    readable: list[tuple[str, str]] = []
    hidden: list[tuple[str, str]] = []
    for name, value in exchange.response_headers:
        lower = name.lower()
        is_open = (every or lower in exposed) and lower not in fetch.FORBIDDEN_RESPONSE_HEADERS
        (readable if is_open else hidden).append((name, value))
    return tuple(readable), tuple(hidden)
