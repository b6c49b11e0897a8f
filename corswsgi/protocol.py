"""The server side of CORS as pure functions of strings: no I/O, no WSGI, no WebOb. What browsers decide is not here.

A :class:`~corswsgi.policy.Policy` is compiled once to :class:`Rules`, which hold everything that does not depend on
the request. Front ends ask the rules what an origin is granted, how to answer a preflight, and which headers any
other response gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from corswsgi.errors import quote
from corswsgi.headers import ALLOW_TIMING, Header, Headers, decorate, header_of, unique
from corswsgi.options import ANY, OriginPredicate
from corswsgi.origins import OPAQUE, parse_origin
from corswsgi.permissions import Permissions
from corswsgi.policy import CLOSED, Policy

if TYPE_CHECKING:
    from webob import Request

#: How many allowed origins the rules of a policy remember.
MAX_KNOWN = 1024

ORIGIN_REFUSED = "the policy does not allow this origin"
PATH_UNCLEAR = "servers may read this path in different ways, and it is not clear which policy governs it"

#: The most reasons that one line of the log gives for a preflight that fails.
_MAX_REASONS = 8

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_PLAIN_TEXT = "text/plain; charset=utf-8"


# Ordinary classes with slots, not named tuples: CPython reads their attributes faster.


class Answer:
    """A response that is sent without asking the application.

    :ivar status: the status line without the version, such as ``"204 No Content"``.
    :ivar refusal: one line that says why, for logs; empty if nothing is refused.
    """

    __slots__ = ("body", "headers", "refusal", "status")

    def __init__(self, status: str, headers: Headers, body: bytes = b"", refusal: str = "") -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.refusal = refusal


class Grant:
    """What an allowed origin gets. The lists are shared by many requests: copy them, do not pass them on.

    :ivar headers: the headers to add to a response of the application; ``Vary`` is the last of them.
    :ivar preflight: the headers of the answer to a preflight; ``None`` if they depend on what it asks for.
    """

    __slots__ = ("headers", "preflight")

    def __init__(self, headers: list[Header], preflight: list[Header] | None) -> None:
        self.headers = headers
        self.preflight = preflight


def rules_of(policy: Policy) -> Rules:
    """Return the compiled form of a policy; it is made once and kept with the policy."""
    if not policy.compiled:
        policy.compiled.append(Rules(policy))
    rules: Rules = policy.compiled[0]
    return rules


class Rules:
    """A policy, compiled.

    There are three kinds (fetch#cors-protocol-and-http-caches). *any* (``"*"``) and *static* (one exact origin) put the
    same headers on every response, so caches need to store it only once. *dynamic* (all others) looks the origin up,
    and says so in ``Vary``.

    :ivar predicate: the callable that decides on origins, or ``None``.
    :ivar everyone: what every origin is granted under *any*, else ``None``.
    :ivar known: what is granted to the origins that are remembered.
    :ivar is_complete: whether ``known`` holds every allowed origin.
    :ivar otherwise: the headers that are added to a response if the origin is not allowed, or if there is none;
        ``Vary`` is the last of them. Under *any* and *static*, every response gets these.
    :ivar granted_status: the status line of the answer to a preflight from an allowed origin.
    :ivar refused_preflight: the answer to a preflight from an origin that is not allowed.
    :ivar has_timing: whether the policy decides on ``Timing-Allow-Origin``.
    :ivar enforce: whether a request from an origin that is not allowed is refused, with :attr:`refusal`.
    """

    def __init__(self, policy: Policy) -> None:
        self._matcher = policy.matcher
        self.predicate: OriginPredicate | None = policy.allow_origins if callable(policy.allow_origins) else None
        self.has_timing = policy.allow_timing
        constant = _constant_origin(policy)
        self._vary = header_of("Vary", unique(policy.vary if constant else ("Origin", *policy.vary)), ", ")
        credentials = (("Access-Control-Allow-Credentials", "true"),) if policy.allow_credentials else ()
        self._beside_origin: Headers = (
            *credentials,
            *header_of("Access-Control-Expose-Headers", unique(policy.expose_headers)),
            *self._vary,
        )

        self._permissions = Permissions(policy)
        self.granted_status = f"{policy.preflight_status} {_phrase(policy.preflight_status)}"
        self._preflight: Headers = (
            *credentials,
            *self._permissions.lines,
            # rfc9110#section-8.6: no Content-Length with 204; other statuses get one, and a type (PEP 3333).
            *(() if policy.preflight_status == 204 else (("Content-Type", _PLAIN_TEXT), ("Content-Length", "0"))),
            *(() if constant else self._vary),
        )

        self.everyone = self.grant_of(ANY) if constant == ANY else None
        self.known: dict[str, Grant] = {}
        self.is_complete = False
        if self._matcher is not None and self._matcher.is_exact and len(self._matcher.exact) <= MAX_KNOWN:
            self.known.update((origin, self.grant_of(origin)) for origin in self._matcher.exact)
            self.is_complete = True
        self.otherwise: list[Header] = self.grant_of(constant).headers if constant else [*self._vary]

        self.enforce = policy.enforce
        reason = PATH_UNCLEAR if policy is CLOSED else ORIGIN_REFUSED
        self._refused_vary = () if constant else self._vary
        self.refused_preflight = _refuse(reason, self._refused_vary)
        # Whether enforce refuses can depend on more than Vary names, so no cache may store the refusal.
        self.refusal = _refuse(reason, (("Cache-Control", "no-store"), *self._vary))

    def grant(self, origin: str, request: Callable[[], Request] | None = None) -> Grant | None:
        """Return what an origin is granted, or ``None`` if it is not allowed.

        :param origin: the value of ``Origin``.
        :param request: makes the request for a callable in ``allow_origins``; called only if needed.
        :raises TypeError: if the callable returns anything but ``True``, ``False`` or ``None``.
        """
        if self.everyone is not None:
            return self.everyone
        grant = self.known.get(origin)
        if grant is not None:
            return grant
        if self.predicate is not None:
            return self.grant_of(origin) if self._asks(self.predicate, origin, request) else None
        if self._matcher is None or origin not in self._matcher:
            return None
        if len(self.known) >= MAX_KNOWN:
            self.known.clear()
        grant = self.known[origin] = self.grant_of(origin)
        return grant

    def preflight(self, origin: str, grant: Grant | None, method: str, headers: str | None) -> Answer:
        """Return the answer to a preflight (fetch#cors-preflight-request).

        :param grant: what ``origin`` is granted.
        :param method: the value of Access-Control-Request-Method; several lines joined with commas.
        :param headers: the value of Access-Control-Request-Headers, likewise, or ``None``.
        """
        if grant is None:
            return self.refused_preflight
        if grant.preflight is not None:
            return Answer(self.granted_status, tuple(grant.preflight))
        try:
            echo = self._permissions.echo(method, headers)
        except ValueError as error:
            return _refuse(str(error), self._refused_vary)
        return Answer(self.granted_status, ((_ALLOW_ORIGIN, origin), *echo, *self._preflight))

    def unlisted(self, method: str, headers: str | None) -> list[str]:
        """Return what the policy does not list of what a granted preflight asks for, and how to list it."""
        return list(self._permissions.unlisted(method, headers))

    def objection(self, origin: str, grant: Grant | None, method: str, headers: str | None) -> str:
        """Return why a browser will not send the request that a preflight asks for; empty if it will. For logs.

        The parameters are those of :meth:`preflight`.
        """
        refusal = self.preflight(origin, grant, method, headers).refusal
        if refusal:
            return refusal
        lacking = self.unlisted(method, headers)
        more = len(lacking) - _MAX_REASONS
        return "; ".join([*lacking[:_MAX_REASONS], *([f"and {more} more"] if more > 0 else [])])

    def refuses(self, origin: str, host: str | None, sec_fetch_site: str | None) -> Answer | None:
        """Return the answer to a request from an origin that is not allowed, if the policy enforces that.

        :returns: ``None`` for a request from the server's own pages, which always passes.
        """
        return None if is_same_origin(origin, host, sec_fetch_site) else self.refusal

    def decorate(self, headers: Iterable[Header], added: list[Header]) -> list[Header]:
        """Return a fresh list of response headers in which the policy has the last word.

        :param added: the headers of a grant, or :attr:`otherwise`.
        """
        return decorate(headers, added, self.has_timing)

    def grant_of(self, origin: str) -> Grant:
        """Return what an origin is granted, if it is already known to be allowed."""
        timing = [(ALLOW_TIMING, origin)] if self.has_timing else []
        allow = (_ALLOW_ORIGIN, origin)
        preflight = None if self._permissions.are_echoed else [allow, *self._preflight]
        return Grant([allow, *timing, *self._beside_origin], preflight)

    def _asks(self, predicate: OriginPredicate, origin: str, request: Callable[[], Request] | None) -> bool:
        """Call the callable with an origin. ``null`` and malformed origins are refused without a call."""
        if parse_origin(origin) is None:
            return False
        assert request is not None, "a callable is asked with the request"
        answer: object = predicate(origin, request())
        if answer is None:  # as from a function without return, or from dict.get
            return False
        if not isinstance(answer, bool):  # a coroutine or a match object would be true
            message = f"{quote(predicate)}, the callable in allow_origins, returned {quote(answer)}"
            raise TypeError(f"{message}; it must return True or False")
        return answer


def is_preflight(method: str, origin: str | None, requested_method: str | None) -> bool:
    """Tell whether a request is a preflight: ``OPTIONS`` with both headers, which may be empty.

    The rule is fetch#cors-preflight-request. The middleware repeats it in one line: a call would add 30 ns to the 200
    to 500 ns that the layer costs each request with an Origin.

    :param origin: the value of ``Origin``, or ``None``.
    :param requested_method: the value of Access-Control-Request-Method, or ``None``.
    """
    return method == "OPTIONS" and origin is not None and requested_method is not None


def is_same_origin(origin: str, host: str | None, sec_fetch_site: str | None) -> bool:
    """Tell whether a request comes from a page of the server's own origin, or from no page at all.

    :param origin: the value of ``Origin``.
    :param host: the value of ``Host``; compared if the browser did not send ``Sec-Fetch-Site``. The scheme
        is left out, because TLS may end in front of the application.
    :param sec_fetch_site: the value of ``Sec-Fetch-Site``, which no script can set
        (fetch-metadata#sec-fetch-site-header).
    """
    if sec_fetch_site is not None:
        return sec_fetch_site in ("same-origin", "none")
    parts = parse_origin(origin)
    if parts is None or parts.scheme not in ("http", "https"):
        return False
    if parts.port or host is None:
        return host == f"{parts.host}:{parts.port}"
    # An origin without a port has the default port, which Host may write out; behind TLS, that of either scheme.
    return host.lower() in (parts.host, f"{parts.host}:80", f"{parts.host}:443")


def _constant_origin(policy: Policy) -> str | None:
    """Return Access-Control-Allow-Origin if it is the same on every response, else ``None``."""
    if policy.allows_any_origin:
        return ANY
    if policy.matcher is None or not policy.matcher.is_exact or len(policy.matcher.exact) != 1:
        return None
    (only,) = policy.matcher.exact
    return None if only == OPAQUE else only


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "OK"


def _refuse(reason: str, headers: Headers) -> Answer:
    # The body names nothing that the policy allows.
    body = f"Cross-origin request refused: {reason}.\n".encode("ascii")
    return Answer(
        "403 Forbidden", (("Content-Type", _PLAIN_TEXT), ("Content-Length", str(len(body))), *headers), body, reason
    )
