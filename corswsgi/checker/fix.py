"""What to change: a Policy as text (nothing of the server's side is imported), and the lines of headers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corswsgi import fetch
from corswsgi.browser.urls import is_potentially_trustworthy_origin, parse_origin
from corswsgi.checker.granted import NOTHING, Granted, with_headers, with_methods
from corswsgi.checker.granting import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
)
from corswsgi.checker.report import Fix


@dataclass(frozen=True, slots=True)
class Wish:
    """What a server has to permit.

    :ivar header_names: the request headers that need permission, in lower case.
    :ivar granted: what the server already permits, which the fix keeps.
    """

    origin: str
    method: str
    header_names: tuple[str, ...]
    with_credentials: bool
    granted: Granted = NOTHING

    @property
    def needs_preflight(self) -> bool:
        return bool(self.header_names) or self.method not in fetch.CORS_SAFELISTED_METHODS

    @property
    def for_all(self) -> bool:
        """Whether Access-Control-Allow-Origin may stay ``*``."""
        return self.granted.any_origin and not self.with_credentials

    @property
    def credentials(self) -> bool:
        """Whether to allow credentials: for this request, or for others that are already permitted."""
        return self.with_credentials or (self.granted.credentials and not self.for_all and self.origin != "null")

    @property
    def methods(self) -> list[str]:
        return with_methods(self.granted.methods, self.method, self.credentials)

    @property
    def headers(self) -> list[str]:
        return with_headers(self.granted.headers, self.header_names, self.credentials)

    @property
    def exposed(self) -> list[str]:
        """The response headers that are already exposed, without those that browsers hide from scripts anyway."""
        hidden = {*fetch.FORBIDDEN_RESPONSE_HEADERS, *(["*"] if self.credentials else [])}
        names = (name for name in self.granted.exposed if not fetch.is_forbidden_request_header_name(name))
        return [name for name in names if name.lower() not in hidden]


#: The default of a policy, in seconds.
_DEFAULT_MAX_AGE = 600

#: What to do if no CORS header helps, by the code of the reason.
_BEYOND_SERVERS: dict[str, str] = {
    "bad-port": "run the server at another port; browsers block this one",
    "mixed-content": "serve the URL over https:; no header lets a page on https: fetch a plain http: address",
    "too-many-redirects": "fetch the last address of the redirects directly",
    "location-invalid": "correct the Location header of the redirect",
    "location-not-http": "correct the Location header of the redirect: it must lead to http: or https:",
    "password-prompt": "respond without WWW-Authenticate: Basic or Digest; send Bearer, or leave the header out",
    "location-credentials": "remove the user name and the password from the Location header of the redirect",
}


def fix_beyond_servers(reason_code: str) -> Fix | None:
    """Return the fix if no CORS header helps; ``None`` if one does."""
    step = _BEYOND_SERVERS.get(reason_code)
    return None if step is None else Fix((step,))


def fix_for(wish: Wish, steps: Iterable[str]) -> Fix:
    """Return what to change so that a browser allows the request, and nothing more."""
    if wish.origin == "null" and wish.with_credentials:
        step = (
            'any site can create a page whose origin is "null", so never allow it with credentials; serve the page '
            "from an origin of its own, or send no credentials"
        )
        return Fix((*steps, step))
    options = policy_options(wish)
    return Fix(
        tuple(steps), policy_source(options), preflight_lines(wish), response_lines(wish), tuple(options.items())
    )


#: What fits on a terminal of 80 columns, with a margin.
_LONGEST_LINE = 68


def policy_options(wish: Wish) -> dict[str, Any]:
    """Return the options of a policy that permits the request, and everything that is already permitted."""
    origins = [origin for origin in wish.granted.origins if not (wish.credentials and is_insecure(origin))]
    options: dict[str, Any] = {"allow_origins": "*" if wish.for_all else (*origins, wish.origin)}
    methods = [name for name in wish.methods if name not in {*fetch.CORS_SAFELISTED_METHODS, "OPTIONS"}]
    lists = (("allow_methods", methods), ("allow_headers", wish.headers), ("expose_headers", wish.exposed))
    options.update((option, tuple(_simplest(option, names))) for option, names in lists if names)
    if wish.credentials:
        options["allow_credentials"] = True
    if wish.granted.max_age not in (None, _DEFAULT_MAX_AGE):
        options["max_age"] = wish.granted.max_age
    if wish.credentials and is_insecure(wish.origin):
        options["dangerously_allow"] = ("insecure-origins",)
    return options


def policy_source(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a Policy in Python, on one line if it fits."""
    arguments = [f"{name}={python_value(value)}" for name, value in options.items()]
    line = f"Policy({', '.join(arguments)})"
    if len(line) <= _LONGEST_LINE:
        return (line,)
    return ("Policy(", *(f"    {argument}," for argument in arguments), ")")


def python_value(value: object) -> str:
    """Return Python for a string, a number, a Boolean, ``None`` or a tuple of strings."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(json.dumps, value))}]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _simplest(option: str, names: Sequence[str]) -> list[str]:
    """Return ``*`` without the names that it covers; it never covers Authorization."""
    if "*" not in names:
        return list(names)
    beside = [name for name in names if name.lower() == fetch.CORS_NON_WILDCARD_REQUEST_HEADER]
    return ["*", *(beside if option == "allow_headers" else [])]


def preflight_lines(wish: Wish) -> tuple[str, ...]:
    """Return the headers of a response to the preflight that permits the request; none if it needs no preflight."""
    if not wish.needs_preflight:
        return ()
    lines = list(_origin_lines(wish))
    for header, names in ((ALLOW_METHODS, wish.methods), (ALLOW_HEADERS, wish.headers)):
        if names:
            lines.append(f"{header}: {', '.join(names)}")
    lines.append(f"{MAX_AGE}: {_DEFAULT_MAX_AGE if wish.granted.max_age is None else wish.granted.max_age}")
    return (*lines, *_vary_line(wish))


def response_lines(wish: Wish) -> tuple[str, ...]:
    """Return the headers that every other response needs, including errors."""
    exposed = [f"{EXPOSE_HEADERS}: {', '.join(wish.exposed)}"] if wish.exposed else []
    return (*_origin_lines(wish), *exposed, *_vary_line(wish))


def _origin_lines(wish: Wish) -> Iterator[str]:
    yield f"{ALLOW_ORIGIN}: {'*' if wish.for_all else wish.origin}"
    if wish.credentials:
        yield f"{ALLOW_CREDENTIALS}: true"


def _vary_line(wish: Wish) -> list[str]:
    return [] if wish.for_all else ["Vary: Origin"]


def is_insecure(origin: str) -> bool:
    """Tell whether anyone on the network can change the pages of an origin: ``http:``, and not on this machine."""
    parsed = parse_origin(origin)
    return parsed.scheme == "http" and not is_potentially_trustworthy_origin(parsed)


def policy_in_a_line(origin: str, credentials: bool) -> str:
    """Return a policy that allows one origin, as Python."""
    more = ", allow_credentials=True" if credentials else ""
    return f'Policy(allow_origins=["{origin}"]{more})'
