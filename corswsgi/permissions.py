"""The methods and headers that preflights are told, and what a preflight asks for that is not listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corswsgi import fetch
from corswsgi.errors import quote
from corswsgi.headers import Headers, header_of, unique
from corswsgi.options import ANY
from corswsgi.policy import Policy

#: The longest Access-Control-Request-Headers that is echoed: bytes, and names.
MAX_ECHO_BYTES = 16 * 1024
MAX_ECHO_NAMES = 256
#: The longest Access-Control-Request-Method that is echoed, in characters.
MAX_ECHO_METHOD = 256

METHOD_REFUSED = "Access-Control-Request-Method is not one method"
HEADERS_REFUSED = f"Access-Control-Request-Headers is not a list of at most {MAX_ECHO_NAMES} names"


class Permissions:
    """The methods and headers that a policy allows, and for how long browsers may remember that.

    With credentials, "*" is the literal name of a method or header (fetch#cors-protocol-and-credentials), so the names
    that a preflight asks for are echoed. Otherwise the whole list is sent: the browser compares, reports exactly what
    is missing, and its cache serves every later request.

    :ivar lines: the headers that the answer to every preflight has.
    :ivar are_echoed: whether it has others too, which depend on what the preflight asks for.
    """

    def __init__(self, policy: Policy) -> None:
        self._methods = tuple(_allowed_methods(policy))
        self._headers = tuple(_allowed_headers(policy))
        self._names = frozenset(map(str.lower, self._headers))
        self._echo_method = policy.allow_credentials and ANY in self._methods
        self._echo_headers = policy.allow_credentials and ANY in self._headers
        self.are_echoed = self._echo_method or self._echo_headers
        self.lines: Headers = (
            *(() if self._echo_method else header_of("Access-Control-Allow-Methods", self._methods)),
            *(() if self._echo_headers else header_of("Access-Control-Allow-Headers", self._headers)),
            *(() if policy.max_age is None else (("Access-Control-Max-Age", str(policy.max_age)),)),
        )

    def echo(self, method: str, headers: str | None) -> Headers:
        """Return the headers that echo what a preflight asks for; it gets :attr:`lines` as well.

        :param method: the value of Access-Control-Request-Method; several lines joined with commas.
        :param headers: the value of Access-Control-Request-Headers, likewise, or ``None``.
        :raises ValueError: with the reason, if they are malformed or out of bounds.
        """
        echoed: Headers = ()
        if self._echo_method:
            # fetch#http-new-header-syntax: Access-Control-Request-Method = method, which is one token.
            if len(method) > MAX_ECHO_METHOD or not fetch.is_token(method):
                raise ValueError(METHOD_REFUSED)
            echoed = (("Access-Control-Allow-Methods", method),)
        if self._echo_headers and headers is not None:
            names = _requested_names(headers)
            if names is None:
                raise ValueError(HEADERS_REFUSED)
            echoed += header_of("Access-Control-Allow-Headers", (name for name in names if self._allows_header(name)))
        return echoed

    def unlisted(self, method: str, headers: str | None) -> Iterator[str]:
        """Yield what the policy does not list of what a preflight asks for, and how to list it.

        For logs and explanations: it is the browser that compares (fetch#cors-preflight-fetch steps 7.5 to 7.7).

        :param method: the value of Access-Control-Request-Method, or a method that a script asks for.
        :param headers: the value of Access-Control-Request-Headers, or ``None``; ignored if malformed or out of
            bounds.
        """
        if method not in fetch.CORS_SAFELISTED_METHODS and method not in self._methods and ANY not in self._methods:
            shown, meant = quote(method), method.upper()
            if meant in self._methods:
                advice = f"but {meant} is, and methods are case-sensitive; the script should use {quote(meant)}"
                yield f"the method {_bare(shown)} is not listed, {advice}"
            else:
                yield f"the method {_bare(shown)} is not listed; add {shown} to allow_methods"
        for name in _requested_names(headers or "") or ():
            if not self._allows_header(name):
                shown = quote(name)
                beside = ', which "*" does not cover,' if ANY in self._headers else ""
                yield f"the header {_bare(shown)} is not listed; add {shown}{beside} to allow_headers"

    def _allows_header(self, name: str) -> bool:
        """Tell whether a request header, in lower case, is listed or covered by ``*``."""
        if name in self._names:
            return True
        # fetch#cors-non-wildcard-request-header-name
        return ANY in self._names and name != fetch.CORS_NON_WILDCARD_REQUEST_HEADER


def _allowed_methods(policy: Policy) -> Iterable[str]:
    return (ANY,) if ANY in policy.allow_methods else dict.fromkeys(policy.allow_methods)


def _allowed_headers(policy: Policy) -> Iterable[str]:
    names = unique(policy.allow_headers)
    if ANY not in names:
        return names
    # fetch#cors-non-wildcard-request-header-name: "*" covers every name but this one.
    return (ANY, *(name for name in map(str.lower, names) if name == fetch.CORS_NON_WILDCARD_REQUEST_HEADER))


def _requested_names(value: str) -> list[str] | None:
    """Return the names in Access-Control-Request-Headers, in lower case; ``None`` if malformed or out of bounds."""
    if len(value) > MAX_ECHO_BYTES:
        return None
    names = list(dict.fromkeys(name.lower() for name in fetch.split_list(value)))
    return names if len(names) <= MAX_ECHO_NAMES and all(map(fetch.is_token, names)) else None


def _bare(quoted: str) -> str:
    return quoted.strip('"')
