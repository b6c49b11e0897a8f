"""The server side of CORS as pure functions of strings: no I/O, no WSGI, no WebOb, and nothing of what browsers decide.

A :class:`~corswsgi.policy.Policy` is compiled once to :class:`Rules`, in which all that can be known beforehand
is known. Front ends ask the rules three things: whether they allow an origin, what answers a preflight, and
which headers go on any other response.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, cast

from corswsgi import fetch
from corswsgi.errors import quote
from corswsgi.origins import OPAQUE, parse_origin
from corswsgi.policy import ANY, OriginPredicate, Policy

if TYPE_CHECKING:
    import re

    from webob import Request

Header = tuple[str, str]
Headers = tuple[Header, ...]

#: The most that is read of Access-Control-Request-Headers where it has to be echoed: bytes, and names.
MAX_ECHO_BYTES = 16 * 1024
MAX_ECHO_NAMES = 256
#: The same of Access-Control-Request-Method, in characters.
MAX_ECHO_METHOD = 256


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

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_PLAIN_TEXT = "text/plain; charset=utf-8"


def rules_of(policy: Policy) -> Rules:
    """Return the compiled form of a policy; it is worked out once and kept with the policy."""
    if not policy.compiled:
        policy.compiled.append(Rules(policy))
    rules: Rules = policy.compiled[0]
    return rules


class Rules:
    """A policy, compiled.

    Of three kinds (fetch#cors-protocol-and-http-caches): *any* and *static*, one exact origin, put the same
    headers on every response, whoever asks, so that caches need to keep it only once; *dynamic*, all else,
    looks at the origin and says so in ``Vary``.

    :ivar exact: the origins that are allowed, where no pattern allows others; ``None`` elsewhere.
    :ivar allows: tells whether an origin is allowed; ``None`` where every one is, or where :attr:`predicate` is set.
    :ivar predicate: the callable of a policy that has one, or ``None``; :meth:`asks` asks it.
    :ivar granted: gives the headers of a response to an origin that is allowed, in a list of its own; ``None`` where
        they are :attr:`otherwise` too.
    :ivar otherwise: the headers of every other response; ``Vary`` is the last of them.
    :ivar preflight_status: the status line of the answer to a preflight that is granted.
    :ivar preflight_granted: gives its headers, for an origin that is allowed, in a list of its own; ``None`` where
        they depend on more than the origin, so that :meth:`preflight` must be asked.
    :ivar refused_preflight: what answers a preflight from an origin that is not allowed.
    :ivar enforce: whether a request from an origin that is not allowed is refused.
    :ivar refusal: what answers such a request.
    """

    __slots__ = (
        "_echo_authorization",
        "_echo_headers",
        "_echo_method",
        "_preflight",
        "_refused",
        "allows",
        "enforce",
        "exact",
        "granted",
        "otherwise",
        "predicate",
        "preflight_granted",
        "preflight_status",
        "refusal",
        "refused_preflight",
    )

    def __init__(self, policy: Policy) -> None:
        self.enforce = policy.enforce
        self.predicate: OriginPredicate | None = policy.allow_origins if callable(policy.allow_origins) else None
        self.allows, constant = _membership(policy)
        self.exact = policy.matcher.exact if policy.matcher is not None and policy.matcher.is_exact else None
        vary = _list("Vary", _unique(policy.vary if constant else ("Origin", *policy.vary)), ", ")
        credentials = (("Access-Control-Allow-Credentials", "true"),) if policy.allow_credentials else ()
        beside_origin: Headers = (
            *credentials,
            *_list("Access-Control-Expose-Headers", _unique(policy.expose_headers)),
            *vary,
        )
        self.otherwise: Headers = ((_ALLOW_ORIGIN, constant), *beside_origin) if constant else vary
        self.granted = None if constant else _with_origin(beside_origin)

        # fetch#cors-protocol-and-credentials: with credentials "*" is the literal name of a method or header,
        # so what is asked for has to be echoed. Elsewhere the whole list is sent, not an echo: the browser
        # compares, says precisely what is missing, and its cache serves every later request.
        self._echo_method = policy.allow_credentials and ANY in policy.allow_methods
        self._echo_headers = policy.allow_credentials and ANY in policy.allow_headers
        self._echo_authorization = fetch.CORS_NON_WILDCARD_REQUEST_HEADER in _allowed_headers(policy)
        age = () if policy.max_age is None else (("Access-Control-Max-Age", str(policy.max_age)),)
        self.preflight_status = f"{policy.preflight_status} {_phrase(policy.preflight_status)}"
        self._preflight: Headers = (
            *credentials,
            *(() if self._echo_method else _list("Access-Control-Allow-Methods", _allowed_methods(policy))),
            *(() if self._echo_headers else _list("Access-Control-Allow-Headers", _allowed_headers(policy))),
            *age,
            # rfc9110#section-8.6: no Content-Length with 204; other statuses get one, and a type (PEP 3333).
            *(() if policy.preflight_status == 204 else (("Content-Type", _PLAIN_TEXT), ("Content-Length", "0"))),
            *(() if constant else vary),
        )
        self.preflight_granted = None
        if not (self._echo_method or self._echo_headers):
            self.preflight_granted = _with_origin(self._preflight, constant)
        self._refused = {reason: _refuse(reason, () if constant else vary) for reason in _REASONS}
        self.refused_preflight = self._refused[ORIGIN_REFUSED]
        # Whether enforce refuses may depend on more than Vary names, so that no cache may keep it.
        self.refusal = _refuse(ORIGIN_REFUSED, (("Cache-Control", "no-store"), *vary))

    def permits(self, origin: str) -> bool:
        """Tell whether an origin is allowed, where no callable decides."""
        return self.allows is None or self.allows(origin)

    def asks(self, origin: str, request: Callable[[], Request]) -> bool:
        """Ask the policy's callable about an origin. Malformed ones and ``null`` are refused without asking.

        :param request: makes the request that the callable gets; called only where it is needed.
        :raises TypeError: if the answer is neither ``True`` nor ``False``: a coroutine or a match object would
            pass for consent.
        """
        assert self.predicate is not None
        if parse_origin(origin) is None:
            return False
        made = request()
        if not is_readable(made):
            return False
        answer = self.predicate(origin, made)
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
            return self.refused_preflight
        if self.preflight_granted is not None:
            return Answer(self.preflight_status, tuple(self.preflight_granted(origin)))
        echo: Headers = ()
        if self._echo_method:
            # fetch#http-new-header-syntax: Access-Control-Request-Method = method, which is one token.
            if len(method) > MAX_ECHO_METHOD or not fetch.is_token(method):
                return self._refused[METHOD_REFUSED]
            echo = (("Access-Control-Allow-Methods", method),)
        if self._echo_headers and headers is not None:
            names = self._echoed_names(headers)
            if names is None:
                return self._refused[HEADERS_REFUSED]
            echo += _list("Access-Control-Allow-Headers", names)
        return Answer(self.preflight_status, ((_ALLOW_ORIGIN, origin), *echo, *self._preflight))

    def _echoed_names(self, value: str) -> list[str] | None:
        """Return the names to allow out of those asked for, or ``None`` where they are malformed or out of bounds."""
        if len(value) > MAX_ECHO_BYTES:
            return None
        names = list(dict.fromkeys(name.lower() for name in fetch.split_list(value)))
        if len(names) > MAX_ECHO_NAMES or not all(map(fetch.is_token, names)):
            return None
        if self._echo_authorization:
            return names
        return [name for name in names if name != fetch.CORS_NON_WILDCARD_REQUEST_HEADER]

    def response_headers(self, origin: str | None, allowed: bool) -> Headers:
        """Return the CORS headers of a response that is no answer to a preflight; ``Vary`` is the last of them.

        :param origin: the value of the request's ``Origin``, or ``None`` where it has none.
        :param allowed: whether the policy allows it; ``False`` without one.
        """
        if allowed and origin is not None and self.granted is not None:
            return tuple(self.granted(origin))
        return self.otherwise


#: Names of response headers, as applications write them, in which no policy has a word. Where a response has no
#: others, ``headers + added`` is what :func:`decorate` gives.
ORDINARY_HEADERS = frozenset(
    written
    for name in (
        "Accept-Ranges Age Allow Alt-Svc Cache-Control Connection Content-Disposition Content-Encoding "
        "Content-Language Content-Length Content-Location Content-Range Content-Security-Policy Content-Type "
        "Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy Date ETag Etag Expires Keep-Alive Last-Modified Link "
        "Location Permissions-Policy Pragma Referrer-Policy Retry-After Server Server-Timing Set-Cookie "
        "Strict-Transport-Security Transfer-Encoding Via WWW-Authenticate X-Content-Type-Options X-Frame-Options "
        "X-Powered-By X-Request-ID X-Request-Id X-XSS-Protection"
    ).split()
    for written in map(sys.intern, (name, name.lower()))
)


def decorate(headers: Iterable[Header], added: list[Header]) -> list[Header]:
    """Return a fresh list of response headers in which the policy has the last word.

    Every ``Access-Control-*`` header of the application is dropped, ``added`` comes after all others, and where it
    holds ``Vary``, as its last header, that is merged with the application's ``Vary`` lines to one.
    """
    given = headers if isinstance(headers, list) else list(headers)
    for header in given:
        if header[0] not in ORDINARY_HEADERS and header[0][:1] in "AaVv":
            return _settle(given, added)
    return given + added


def _settle(given: list[Header], added: list[Header]) -> list[Header]:
    kept = [header for header in given if not header[0].lower().startswith("access-control-")]
    if not added or added[-1][0] != "Vary":
        return kept + added
    lines = [value for name, value in kept if name.lower() == "vary"]
    kept = [header for header in kept if header[0].lower() != "vary"]
    return [*kept, *added[:-1], ("Vary", merge_vary(lines, added[-1][1]))]


def merge_vary(lines: Iterable[str], names: str) -> str:
    """Return one ``Vary`` that says what ``lines`` say, and ``names``; ``*`` covers all (rfc9110#section-12.5.5)."""
    present = _unique(name for line in lines for name in fetch.split_list(line))
    return ", ".join(present if ANY in present else _unique([*present, *fetch.split_list(names)]))


def is_readable(request: Request) -> bool:
    """Tell whether a callable can read path and query: where they are not UTF-8, WebOb raises."""
    try:
        return request.path is not None and request.GET is not None
    except UnicodeDecodeError:
        return False


def is_same_origin(origin: str, host: str | None, sec_fetch_site: str | None) -> bool:
    """Tell whether a request comes from the server's own origin, or from nobody's page.

    :param origin: the value of ``Origin``.
    :param host: the value of ``Host``; compared where the browser did not send ``Sec-Fetch-Site``. The scheme
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
    # A port that goes without saying in the origin is what it is in front of the application, or behind.
    return host.lower() in (parts.host, f"{parts.host}:80", f"{parts.host}:443")


def _membership(policy: Policy) -> tuple[Callable[[str], bool] | None, str | None]:
    """Return what tells whether an origin is allowed, and Access-Control-Allow-Origin where that is constant."""
    matcher = policy.matcher
    if matcher is None:
        return None, None if callable(policy.allow_origins) else ANY
    if not matcher.is_exact:
        return matcher.__contains__, None
    only = next(iter(matcher.exact)) if len(matcher.exact) == 1 else OPAQUE
    return matcher.exact.__contains__, None if only == OPAQUE else only


def _with_origin(beside: Headers, constant: str | None = None) -> Callable[[str], list[Header]]:
    """Return what gives Access-Control-Allow-Origin and the headers ``beside``, in a new list each time."""
    if constant is not None:
        whole = [(_ALLOW_ORIGIN, constant), *beside]
        return lambda _: [*whole]
    return lambda origin: [(_ALLOW_ORIGIN, origin), *beside]


def _allowed_methods(policy: Policy) -> Iterable[str]:
    return (ANY,) if ANY in policy.allow_methods else dict.fromkeys(policy.allow_methods)


def _allowed_headers(policy: Policy) -> Iterable[str]:
    names = _unique(policy.allow_headers)
    if ANY not in names:
        return names
    # fetch#cors-non-wildcard-request-header-name: "*" covers every other name; only this one need stand beside it.
    return (ANY, *(name for name in map(str.lower, names) if name == fetch.CORS_NON_WILDCARD_REQUEST_HEADER))


def _list(header: str, names: Iterable[str], comma: str = ",") -> Headers:
    """Return the header that lists ``names``, and no header for no names."""
    value = comma.join(names)
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


def explain(
    policy: Policy,
    *,
    origin: str | None = None,
    method: str = "GET",
    request_headers: Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[str] = (),
    request: Request | None = None,
    credentials: bool | None = None,
) -> str:
    """Say in words what a request gets, what the browser makes of it, and which rule decides; a line for each step.

    :param origin: the value of ``Origin``, or ``None`` for a request without one.
    :param method: the method of the request; a preflight is ``OPTIONS`` with ``Access-Control-Request-Method``
        among the headers.
    :param request_headers: what a script sets: names with values, or bare names, which are taken to need permission.
    :param request: what a callable in ``allow_origins`` is asked with; needed for such a policy only.
    :param credentials: whether the script says ``credentials: "include"``. ``None``: what is said holds where it does
        not, and where the answer would be another one with it, a last line says so.
    :raises TypeError: if ``policy`` is not a Policy.
    :raises ValueError: if the policy holds a callable, the request has an origin, and ``request`` is not given.
    """
    if not isinstance(policy, Policy):
        raise TypeError(f"{quote(policy)} is not a Policy; of a mapping, give the policy of one path")
    fields = _fields(request_headers)
    asked = {name.lower(): value or "" for name, value in fields}
    lines: list[str] = []
    if origin is None:
        lines.append("The request has no Origin header, so that CORS has no part in it (fetch#cors-request).")
        lines.append(_describe_response(rules_of(policy), None, False))
    elif method == "OPTIONS" and "access-control-request-method" in asked:
        lines.append("This is a preflight; the application never sees it (fetch#cors-preflight-request).")
        names = asked.get("access-control-request-headers")
        asked_method = asked["access-control-request-method"]
        lines += _explain_preflight(policy, origin, asked_method, names, request, credentials)
    else:
        lines += _explain_fetch(policy, origin, fetch.normalize_method(method), fields, request, credentials)
    return "\n".join(lines)


def _explain_fetch(
    policy: Policy,
    origin: str,
    method: str,
    fields: list[tuple[str, str | None]],
    request: Request | None,
    credentials: bool | None,
) -> Iterator[str]:
    """Yield what happens when a script calls ``fetch()``."""
    if fetch.is_forbidden_method(method) or not fetch.is_token(method):
        yield f"fetch() itself refuses the method {quote(method)} (fetch#dom-request)."
        return
    dropped = [name for name, value in fields if fetch.is_forbidden_request_header(name, value or "")]
    if dropped:
        yield f"The browser drops {', '.join(dropped)}: no script may set it (fetch#forbidden-request-header)."
    sent = [(name, value) for name, value in fields if name not in dropped]
    unknown = {name.lower() for name, value in sent if value is None}
    unsafe = fetch.cors_unsafe_request_header_names((name, value) for name, value in sent if value is not None)
    names = sorted(unknown.union(unsafe))
    reasons = [*([] if method in fetch.CORS_SAFELISTED_METHODS else [f"the method {method}"])]
    reasons += [f"the header {name}" for name in names]
    if reasons:
        yield f"The browser asks first, with a preflight, because of {_and(reasons)} (fetch#cors-preflight-fetch)."
        asked_for = ",".join(names) or None
        passed = yield from _explain_preflight(policy, origin, method, asked_for, request, credentials)
        if not passed:
            return
    else:
        yield "The browser sends the request without a preflight: method and headers are safelisted."
        yield _explain_origin(policy, origin, request)
    rules = rules_of(policy)
    allowed = _allows(rules, origin, request)
    if not allowed and rules.enforce:
        yield "Blocked: unless it comes from the server's own pages, it is answered 403 before the application sees it."
        return
    yield _describe_response(rules, origin, allowed)
    if not allowed:
        yield "Blocked: there is an answer, but the browser keeps it from the script (fetch#cors-check)."
        yield "CORS is no access control; enforce=True would refuse the request before the application sees it."
        return
    if credentials and not policy.allow_credentials:
        yield _credentials_blocked(policy, "the answer")
        return
    exposed = policy.expose_headers
    readable = "all headers" if ANY in exposed else _and(["the safelisted headers", *exposed])
    whole = "status" if method == "HEAD" else "status, body"  # the answer to HEAD has no body
    yield f"Readable: the script can read {whole} and {readable} (fetch#cors-safelisted-response-header-name)."
    if credentials is None and not policy.allow_credentials:
        yield (
            'With credentials: "include" it would be blocked: allow_credentials is False '
            "(fetch#cors-protocol-and-credentials)."
        )


def _explain_preflight(
    policy: Policy, origin: str, method: str, names: str | None, request: Request | None, credentials: bool | None
) -> Generator[str, None, bool]:
    """Yield what a preflight is answered and what the browser makes of it; return whether it lets the request go."""
    yield _explain_origin(policy, origin, request)
    rules = rules_of(policy)
    answer = rules.preflight(origin, _allows(rules, origin, request), method, names)
    if answer.refusal:
        yield f"Blocked: the preflight is answered {answer.status}, without CORS headers: {answer.refusal}."
        return False
    headers = dict(answer.headers)
    methods = fetch.split_list(headers.get("Access-Control-Allow-Methods", ""))
    listed = fetch.split_list(headers.get("Access-Control-Allow-Headers", "").lower())
    age = headers.get("Access-Control-Max-Age")
    yield (
        f"The preflight is answered {answer.status}: "
        f"{f'methods {_and(methods)}' if methods else 'no method beside GET, HEAD and POST'}; "
        f"{f'headers {_and(listed)}' if listed else 'no header that needs permission'}; kept for {age or '5'} s."
    )
    # fetch#cors-preflight-fetch step 7: the CORS check comes first. All that is amiss is told, to be mended at once.
    refused = bool(credentials) and not policy.allow_credentials
    if refused:
        yield _credentials_blocked(policy, "the preflight")
    # fetch#cors-preflight-fetch steps 7.5 to 7.7; "*" is answered without credentials only.
    missing = []
    if method not in methods and method not in fetch.CORS_SAFELISTED_METHODS and ANY not in methods:
        missing.append(_missing_method(method, methods))
    for name in fetch.split_list((names or "").lower()):
        if name not in listed and (ANY not in listed or name == fetch.CORS_NON_WILDCARD_REQUEST_HEADER):
            beside = ', which "*" does not cover,' if ANY in policy.allow_headers else ""
            missing.append(f'the header {name} is not listed; add "{name}"{beside} to allow_headers')
    for reason in missing:
        yield f"Blocked: {reason} (fetch#cors-preflight-fetch)."
    return not (missing or refused)


def _credentials_blocked(policy: Policy, what: str) -> str:
    """Return that ``what`` does not allow credentials, and how it would; the origin is allowed."""
    name = 'name the origin in allow_origins in place of "*", and ' if policy.allows_any_origin else ""
    return (
        f'Blocked: the request says credentials: "include", and {what} does not allow them; '
        f"{name}set allow_credentials to True (fetch#cors-protocol-and-credentials)."
    )


def _missing_method(method: str, listed: Sequence[str]) -> str:
    """Return what to do about a method that is not listed."""
    meant = method.upper()
    if meant in listed:
        return (
            f"the method {method} is not listed, but {meant} is, and methods are case-sensitive; "
            f'the script should say "{meant}"'
        )
    return f'the method {method} is not listed; add "{method}" to allow_methods'


def _explain_origin(policy: Policy, origin: str, request: Request | None) -> str:
    shown = quote(origin)
    if _allows(rules_of(policy), origin, request):
        return f"The origin {shown} is allowed: {_grounds(policy, origin)}."
    matcher = policy.matcher
    if origin == OPAQUE:
        reason = '"null" is the origin of sandboxed and local pages, and is allowed only where it is listed'
    elif parse_origin(origin) is None:
        reason = "it is not an origin as browsers write it, and such values are compared with nothing"
    elif matcher is None:
        reason = "the callable of allow_origins says no"
    else:
        near = [other for other in _neighbours(origin) if other in matcher]
        mend = "add it there if its pages may read"
        hint = f" ({mend}); {quote(near[0])} is, and browsers tell the two apart" if near else f"; {mend}"
        reason = f"it is not in allow_origins{hint}"
    return f"The origin {shown} is refused: {reason} (fetch#cors-check)."


def _grounds(policy: Policy, origin: str) -> str:
    """Return what in the policy allows an origin."""
    if policy.matcher is None:
        return 'allow_origins is "*"' if policy.allows_any_origin else "the callable of allow_origins says so"
    if origin in policy.matcher.exact:
        return "it is listed in allow_origins"
    entries = cast("tuple[str | re.Pattern[str], ...]", policy.allow_origins)
    entry = next(entry for entry in entries if origin in (Policy(entry).matcher or ()))
    return f"{quote(getattr(entry, 'pattern', entry))} in allow_origins matches it"


def _neighbours(origin: str) -> Iterator[str]:
    """Yield origins that people mistake for this one: another scheme, another port, with or without ``www``."""
    parts = parse_origin(origin)
    assert parts is not None
    host = parts.host
    for scheme in ("https", "http"):
        for name in (host, host.removeprefix("www."), f"www.{host}"):
            yield from (f"{scheme}://{name}{port}" for port in ("", f":{parts.port}") if port != ":")


def _describe_response(rules: Rules, origin: str | None, allowed: bool) -> str:
    headers = [f"{name}: {value}" for name, value in rules.response_headers(origin, allowed)]
    return f"The application answers, and its response carries {_and(headers)} (fetch#cors-protocol-and-http-caches)."


def _allows(rules: Rules, origin: str, request: Request | None) -> bool:
    if rules.predicate is None:
        return rules.permits(origin)
    if request is None:
        raise ValueError("a callable decides on origins; give explain() the request that it is to be asked with")
    return rules.asks(origin, lambda: request)


def _fields(
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[str],
) -> list[tuple[str, str | None]]:
    entries = headers.items() if isinstance(headers, Mapping) else [headers] if isinstance(headers, str) else headers
    return [(entry, None) if isinstance(entry, str) else entry for entry in entries]


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
