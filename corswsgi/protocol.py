"""The server side of CORS as pure functions of strings: no I/O, no WSGI, no WebOb, and nothing of what browsers decide.

A :class:`~corswsgi.policy.Policy` is compiled once to :class:`Rules`, in which all that can be known beforehand is known. Front ends
ask the rules three things: whether they allow an origin, what answers a preflight, and which headers go on any other response.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from corswsgi import fetch
from corswsgi.origins import OPAQUE, parse_origin
from corswsgi.policy import ANY, OriginPredicate, Policy

if TYPE_CHECKING:
    from webob import Request

Header = tuple[str, str]
Headers = tuple[Header, ...]

#: The most that is read of Access-Control-Request-Headers where it has to be echoed: bytes, and names.
MAX_ECHO_BYTES = 16 * 1024
MAX_ECHO_NAMES = 256


class Answer(NamedTuple):
    """A response that is given without the application.

    :ivar status: the status line without the version, such as ``"204 No Content"``.
    :ivar refusal: one line that says why, for logs; empty where nothing is refused.
    """

    status: str
    headers: Headers
    body: bytes = b""
    refusal: str = ""


ORIGIN_REFUSED = "the policy does not allow this origin"
METHOD_REFUSED = "Access-Control-Request-Method is not one method"
HEADERS_REFUSED = f"Access-Control-Request-Headers is no list of at most {MAX_ECHO_NAMES} names"
_REASONS = (ORIGIN_REFUSED, METHOD_REFUSED, HEADERS_REFUSED)

_PLAIN_TEXT = "text/plain; charset=utf-8"


def rules_of(policy: Policy) -> Rules:
    """Return the compiled form of a policy; it is worked out once and kept with the policy."""
    if not policy.compiled:
        policy.compiled.append(Rules(policy))
    rules: Rules = policy.compiled[0]
    return rules


class Rules:
    """A policy, compiled.

    Of three kinds (fetch#cors-protocol-and-http-caches): *any* and *static*, one exact origin, put the same headers on every
    response, whoever asks, so that caches need to keep it only once; *dynamic*, all else, looks at the origin and says so in ``Vary``.

    :ivar policy: what was compiled.
    :ivar allows: tells whether an origin is allowed; where :attr:`predicate` is set, :meth:`asks` does.
    :ivar predicate: the callable of a policy that has one, or ``None``.
    :ivar enforce: whether a request from an origin that is not allowed gets :attr:`refusal`.
    :ivar vary: the names that ``Vary`` must hold on every response.
    """

    __slots__ = (
        "_constant",
        "_constant_preflight",
        "_echo_headers",
        "_echo_method",
        "_for_allowed",
        "_preflight",
        "_preflight_status",
        "_refused",
        "allows",
        "enforce",
        "policy",
        "predicate",
        "refusal",
        "vary",
    )

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.enforce = policy.enforce
        self.predicate: OriginPredicate | None = policy.allow_origins if callable(policy.allow_origins) else None
        self.allows, constant = _membership(policy)
        self.vary = _unique(policy.vary if constant else ("Origin", *policy.vary))
        vary = (("Vary", ", ".join(self.vary)),) if self.vary else ()

        credentials = (("Access-Control-Allow-Credentials", "true"),) if policy.allow_credentials else ()
        self._for_allowed: Headers = credentials + _list(
            "Access-Control-Expose-Headers", _unique(policy.expose_headers)
        )
        self._constant: Headers | None = (
            (("Access-Control-Allow-Origin", constant), *self._for_allowed) if constant else None
        )

        # fetch#cors-protocol-and-credentials: with credentials "*" is the literal name of a method or header, so what is asked
        # for has to be echoed. Elsewhere the whole list is sent, not an echo: the browser compares, says precisely what is
        # missing, and its cache serves every later request.
        self._echo_method = policy.allow_credentials and ANY in policy.allow_methods
        self._echo_headers = policy.allow_credentials and ANY in policy.allow_headers
        age = () if policy.max_age is None else (("Access-Control-Max-Age", str(policy.max_age)),)
        self._preflight_status = f"{policy.preflight_status} {_phrase(policy.preflight_status)}"
        self._preflight: Headers = (
            *credentials,
            *(() if self._echo_method else _list("Access-Control-Allow-Methods", _allowed_methods(policy))),
            *(() if self._echo_headers else _list("Access-Control-Allow-Headers", _allowed_headers(policy))),
            *age,
            # rfc9110#section-8.6: no Content-Length with 204; all other statuses get one, and a type (PEP 3333's checker).
            *(() if policy.preflight_status == 204 else (("Content-Type", _PLAIN_TEXT), ("Content-Length", "0"))),
            *(() if constant else vary),
        )
        self._constant_preflight = None
        if constant and not (self._echo_method or self._echo_headers):
            self._constant_preflight = self._answer(constant)
        self._refused = {reason: _refuse(reason, () if constant else vary) for reason in _REASONS}
        # Whether enforce refuses may depend on more than Vary names, so that no cache may keep it.
        self.refusal = _refuse(ORIGIN_REFUSED, (("Cache-Control", "no-store"), *vary))

    def asks(self, origin: str, request: Callable[[], Request]) -> bool:
        """Ask the policy's callable about an origin. Malformed ones and ``null`` are refused without asking.

        :param request: makes the request that the callable gets; called only where it is needed.
        :raises TypeError: if the answer is neither ``True`` nor ``False``: a coroutine or a match object would pass for consent.
        """
        assert self.predicate is not None
        if parse_origin(origin) is None:
            return False
        answer = self.predicate(origin, request())
        if not isinstance(answer, bool):
            raise TypeError(f"the callable of allow_origins returned {answer!r}; it must return True or False")
        return answer

    def preflight(self, origin: str, allowed: bool, method: str, headers: str | None) -> Answer:
        """Return the answer to a preflight (fetch#cors-preflight-request).

        :param allowed: whether the policy allows ``origin``.
        :param method: the value of Access-Control-Request-Method; several lines joined with commas.
        :param headers: the value of Access-Control-Request-Headers, likewise, or ``None``.
        """
        if not allowed:
            return self._refused[ORIGIN_REFUSED]
        if self._constant_preflight is not None:
            return self._constant_preflight
        echo: Headers = ()
        if self._echo_method:
            # fetch#http-new-header-syntax: Access-Control-Request-Method = method, which is one token.
            if not fetch.is_token(method):
                return self._refused[METHOD_REFUSED]
            echo = (("Access-Control-Allow-Methods", method),)
        if self._echo_headers and headers is not None:
            names = self._echoed_names(headers)
            if names is None:
                return self._refused[HEADERS_REFUSED]
            echo += _list("Access-Control-Allow-Headers", names)
        return self._answer(origin, echo)

    def _answer(self, origin: str, echo: Headers = ()) -> Answer:
        return Answer(self._preflight_status, (("Access-Control-Allow-Origin", origin), *echo, *self._preflight))

    def _echoed_names(self, value: str) -> list[str] | None:
        """Return the names to be allowed out of those asked for, or ``None`` where the list is malformed or out of bounds."""
        if len(value) > MAX_ECHO_BYTES:
            return None
        names = list(dict.fromkeys(name.lower() for name in fetch.split_list(value)))
        if len(names) > MAX_ECHO_NAMES or not all(map(fetch.is_token, names)):
            return None
        covered = {name.lower() for name in self.policy.allow_headers}
        return [name for name in names if name != fetch.CORS_NON_WILDCARD_REQUEST_HEADER or name in covered]

    def response_headers(self, origin: str | None, allowed: bool) -> Headers:
        """Return the CORS headers of a response that is no answer to a preflight.

        :param origin: the value of the request's ``Origin``, or ``None`` where it has none.
        :param allowed: whether the policy allows it; ``False`` without one.
        """
        if self._constant is not None:
            return self._constant
        if origin is not None and allowed:
            return (("Access-Control-Allow-Origin", origin), *self._for_allowed)
        return ()


def decorate(headers: Iterable[Header], cors: Headers, vary: Sequence[str]) -> list[Header]:
    """Return a fresh list of response headers in which the policy has the last word.

    Every ``Access-Control-*`` header of the application is replaced by ``cors``, and ``vary`` is merged into its ``Vary`` lines.
    """
    given = headers if isinstance(headers, list) else list(headers)
    kept = [header for header in given if header[0][:1] not in "AaVv"]
    lines: list[str] = []
    if len(kept) != len(given):
        kept = []
        for header in given:
            name = header[0].lower()
            if name == "vary" and vary:
                lines.append(header[1])
            elif not name.startswith("access-control-"):
                kept.append(header)
    kept += cors
    if vary:
        kept.append(("Vary", merge_vary(lines, vary)))
    return kept


def merge_vary(lines: Sequence[str], names: Sequence[str]) -> str:
    """Return one value for ``Vary`` that says what all ``lines`` say, and names ``names``; ``*`` stays (rfc9110#section-12.5.5)."""
    present = [name for line in lines for name in fetch.split_list(line)]
    folded = {name.lower() for name in present}
    if ANY not in folded:
        present += [name for name in names if name.lower() not in folded]
    return ", ".join(present)


def is_same_origin(origin: str, host: str | None, sec_fetch_site: str | None) -> bool:
    """Tell whether a request comes from the server's own origin, or from nobody's page.

    :param origin: the value of ``Origin``.
    :param host: the value of ``Host``; compared where the browser did not send ``Sec-Fetch-Site``. The scheme is left out, because
        TLS may end in front of the application.
    :param sec_fetch_site: the value of ``Sec-Fetch-Site``, which no script can set (fetch-metadata#sec-fetch-site-header).
    """
    if sec_fetch_site is not None:
        return sec_fetch_site in ("same-origin", "none")
    parts = parse_origin(origin)
    if parts is None or parts.scheme not in ("http", "https"):
        return False
    return host == f"{parts.host}:{parts.port or fetch.DEFAULT_PORTS[parts.scheme]}" or (
        host == parts.host and not parts.port
    )


def _membership(policy: Policy) -> tuple[Callable[[str], bool], str | None]:
    """Return what tells whether an origin is allowed, and the value of Access-Control-Allow-Origin where that is constant."""
    matcher = policy.matcher
    if matcher is None:
        return (lambda _: True), None if callable(policy.allow_origins) else ANY
    if not matcher.is_exact:
        return matcher.__contains__, None
    only = next(iter(matcher.exact)) if len(matcher.exact) == 1 else OPAQUE
    return matcher.exact.__contains__, None if only == OPAQUE else only


def _allowed_methods(policy: Policy) -> Iterable[str]:
    return (ANY,) if ANY in policy.allow_methods else dict.fromkeys(policy.allow_methods)


def _allowed_headers(policy: Policy) -> Iterable[str]:
    names = _unique(policy.allow_headers)
    if ANY not in names:
        return names
    # fetch#cors-non-wildcard-request-header-name: "*" covers every other name, so that only this one need stand beside it.
    return (ANY, *(name for name in map(str.lower, names) if name == fetch.CORS_NON_WILDCARD_REQUEST_HEADER))


def _list(header: str, names: Iterable[str]) -> Headers:
    """Return the header that lists ``names``, and no header for no names."""
    value = ",".join(names)
    return ((header, value),) if value else ()


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names without those that came before, perhaps in another case."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.lower(), name)
    return tuple(seen.values())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "OK"


def _refuse(reason: str, headers: Headers) -> Answer:
    # What is sent names nothing that the policy would allow.
    body = f"Cross-origin request refused: {reason}.\n".encode("ascii")
    return Answer(
        "403 Forbidden", (("Content-Type", _PLAIN_TEXT), ("Content-Length", str(len(body))), *headers), body, reason
    )


def explain(policy: Policy) -> str:
    return ""
