"""What to change: the lines of a Policy, as text (nothing of the server's side is imported), and those of headers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from corswsgi import fetch
from corswsgi.browser.urls import is_potentially_trustworthy_origin, parse_origin
from corswsgi.checker.granting import ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, MAX_AGE
from corswsgi.checker.report import Fix


@dataclass(frozen=True, slots=True)
class Wish:
    """What a server would have to permit.

    :ivar header_names: those that need permission, in lower case.
    """

    origin: str
    method: str
    header_names: tuple[str, ...]
    with_credentials: bool

    @property
    def needs_preflight(self) -> bool:
        return bool(self.header_names) or self.method not in fetch.CORS_SAFELISTED_METHODS

    @property
    def grantable_names(self) -> tuple[str, ...]:
        """The header names without those of responses, which no server should permit."""
        return tuple(name for name in self.header_names if not name.startswith("access-control-"))


#: No server can permit these, whatever it sends: by the code of the reason, what to do instead.
_BEYOND_SERVERS: dict[str, str] = {
    "bad-port": "run the server at another port; browsers ask none of their list of blocked ports",
    "mixed-content": "serve the URL over https:; no header lets a secure page fetch from a plain http: address",
    "too-many-redirects": "call the last address of the redirects in the first place",
    "location-invalid": "correct the Location header of the redirect",
    "location-not-http": "correct the Location header of the redirect: it must lead to http: or https:",
    "password-prompt": "answer fetch() without WWW-Authenticate: Basic or Digest; say Bearer, or nothing at all",
    "location-credentials": "take user name and password out of the Location of the redirect",
}


def fix_beyond_servers(reason_code: str) -> Fix | None:
    """Return the fix where no CORS header would help."""
    step = _BEYOND_SERVERS.get(reason_code)
    return None if step is None else Fix((step,))


def fix_for(wish: Wish, steps: Iterable[str]) -> Fix:
    """Return what to change so that a browser would allow the request, and nothing more."""
    if wish.origin == "null" and wish.with_credentials:
        step = (
            'any site can make a page whose origin is "null", so none should be allowed with credentials; serve the '
            "page from an origin of its own, or send no credentials"
        )
        return Fix((*steps, step))
    return Fix(tuple(steps), policy_lines(wish), preflight_lines(wish), response_lines(wish))


#: What fits on a terminal of 80 columns, beside the margin.
_LONGEST_LINE = 68


def policy_lines(wish: Wish) -> tuple[str, ...]:
    """Return the Policy that permits the request, in Python."""
    options = [("allow_origins", _python_list([wish.origin]))]
    if wish.method not in fetch.CORS_SAFELISTED_METHODS:
        options.append(("allow_methods", _python_list([wish.method])))
    if wish.grantable_names:
        options.append(("allow_headers", _python_list(wish.grantable_names)))
    if wish.with_credentials:
        options.append(("allow_credentials", "True"))
    if wish.with_credentials and is_insecure(wish.origin):
        options.append(("dangerously_allow", _python_list(["insecure-origins"])))
    line = f"Policy({', '.join(f'{name}={value}' for name, value in options)})"
    if len(line) <= _LONGEST_LINE:
        return (line,)
    return ("Policy(", *(f"    {name}={value}," for name, value in options), ")")


def _python_list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(json.dumps, names))}]"


def preflight_lines(wish: Wish) -> tuple[str, ...]:
    """Return the headers of an answer to the preflight that permits the request; none where none is needed."""
    if not wish.needs_preflight:
        return ()
    lines = [f"{ALLOW_ORIGIN}: {wish.origin}"]
    if wish.with_credentials:
        lines.append(f"{ALLOW_CREDENTIALS}: true")
    if wish.method not in fetch.CORS_SAFELISTED_METHODS:
        lines.append(f"{ALLOW_METHODS}: {wish.method}")
    if wish.grantable_names:
        lines.append(f"{ALLOW_HEADERS}: {', '.join(wish.grantable_names)}")
    return (*lines, f"{MAX_AGE}: 600", "Vary: Origin")


def response_lines(wish: Wish) -> tuple[str, ...]:
    """Return the headers that every other answer needs, errors too."""
    lines = [f"{ALLOW_ORIGIN}: {wish.origin}"]
    if wish.with_credentials:
        lines.append(f"{ALLOW_CREDENTIALS}: true")
    return (*lines, "Vary: Origin")


def is_insecure(origin: str) -> bool:
    """Tell whether anyone on the way can change the pages of an origin: ``http:``, and not on this machine."""
    parsed = parse_origin(origin)
    return parsed.scheme == "http" and not is_potentially_trustworthy_origin(parsed)


def policy_in_a_line(origin: str, credentials: bool) -> str:
    """Return the policy that would be right on a server of ours."""
    more = ", allow_credentials=True" if credentials else ""
    return f'Policy(allow_origins=["{origin}"]{more})'
