"""What the server side answers, and why, in words; ``protocol`` decides what it answers."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from corswsgi import fetch
from corswsgi.errors import quote
from corswsgi.options import ANY
from corswsgi.origins import OPAQUE, is_insecure, parse_origin
from corswsgi.policy import Policy
from corswsgi.protocol import Grant, is_preflight, rules_of

if TYPE_CHECKING:
    from webob import Request


def explain(
    policy: Policy,
    *,
    origin: str | None = None,
    method: str = "GET",
    request_headers: Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[str] = (),
    request: Request | None = None,
    credentials: bool | None = None,
) -> str:
    """Explain what a request gets, what the browser does with it, and which rule decides; a line for each step.

    :param origin: the value of ``Origin``, or ``None`` for a request without one.
    :param method: the method of the request; a preflight is ``OPTIONS`` with ``Access-Control-Request-Method``
        among the headers.
    :param request_headers: the headers that a script sets: names with values, or only names, which are assumed to need
        permission.
    :param request: the request to call a callable in ``allow_origins`` with; needed for such a policy only.
    :param credentials: whether the script says ``credentials: "include"``. ``None`` explains the request without it,
        and a last line says if it would be blocked with it.
    :returns: plain text.
    :raises TypeError: if ``policy`` is not a Policy.
    :raises ValueError: if ``allow_origins`` is a callable, the request has an origin, and ``request`` is not given.
    """
    if not isinstance(policy, Policy):
        raise TypeError(f"{quote(policy)} is not a Policy; from a mapping, pass the policy of one path")
    fields = _fields(request_headers)
    asked = {name.lower(): value or "" for name, value in fields}
    lines: list[str] = []
    if origin is None:
        lines.append("The request has no Origin header, so CORS does not apply (fetch#cors-request).")
        lines.append(_describe_response(policy, None))
    elif is_preflight(method, origin, asked.get("access-control-request-method")):
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
    grant = _grant(policy, origin, request)
    if grant is None and policy.enforce:
        yield "Blocked: unless it comes from the server's own pages, it is answered 403 before the application sees it."
        return
    yield _describe_response(policy, grant)
    if grant is None:
        yield "Blocked: there is an answer, but the browser keeps it from the script (fetch#cors-check)."
        yield "CORS is not access control; enforce=True would refuse the request before the application sees it."
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
    """Yield the answer to a preflight and what the browser does with it; return whether it sends the request."""
    yield _explain_origin(policy, origin, request)
    rules = rules_of(policy)
    answer = rules.preflight(origin, _grant(policy, origin, request), method, names)
    if answer.refusal:
        yield f"Blocked: the preflight is answered {answer.status}, without CORS headers: {answer.refusal}."
        return False
    headers = dict(answer.headers)
    methods = fetch.split_list(headers.get("Access-Control-Allow-Methods", ""))
    listed = fetch.split_list(headers.get("Access-Control-Allow-Headers", "").lower())
    age = headers.get("Access-Control-Max-Age")
    yield (
        f"The preflight is answered {answer.status}: "
        f"{f'methods {_and(methods)}' if methods else 'no methods besides GET, HEAD and POST'}; "
        f"{f'headers {_and(listed)}' if listed else 'no header that needs permission'}; kept for {age or '5'} s."
    )
    # fetch#cors-preflight-fetch step 7: the CORS check comes first. All faults are
    # reported, so that they can be fixed together.
    is_refused = bool(credentials) and not policy.allow_credentials
    if is_refused:
        yield _credentials_blocked(policy, "the preflight")
    unlisted = list(rules.unlisted(method, names))
    for reason in unlisted:
        yield f"Blocked: {reason} (fetch#cors-preflight-fetch)."
    return not (unlisted or is_refused)


def _credentials_blocked(policy: Policy, what: str) -> str:
    """Return that ``what`` does not allow credentials, and what to change; the origin is allowed."""
    name = 'name the origin in allow_origins in place of "*", and ' if policy.allows_any_origin else ""
    return (
        f'Blocked: the request says credentials: "include", and {what} does not allow them; '
        f"{name}set allow_credentials to True (fetch#cors-protocol-and-credentials)."
    )


def _explain_origin(policy: Policy, origin: str, request: Request | None) -> str:
    shown = quote(origin)
    if _grant(policy, origin, request) is not None:
        return f"The origin {shown} is allowed: {_grounds(policy, origin)}."
    matcher, parts = policy.matcher, parse_origin(origin)
    if origin == OPAQUE:
        reason = '"null" is the origin of sandboxed and local pages, and is allowed only if it is listed'
    elif parts is None:
        reason = "it is not an origin as browsers write it, and such values never match"
    elif matcher is None:
        reason = "the callable in allow_origins refuses it"
    elif is_insecure(parts.scheme, parts.host) and any(regex.fullmatch(origin) for regex in matcher.regexes):
        reason = (
            "only a regular expression matches it, and with credentials an expression allows no http:// origin of "
            'another machine; list it, and name "insecure-origins" in dangerously_allow'
        )
    else:
        near = [other for other in _neighbours(origin) if other in matcher]
        fix = "add it there if its pages may read"
        hint = f" ({fix}); {quote(near[0])} is, but browsers tell the two apart" if near else f"; {fix}"
        reason = f"it is not in allow_origins{hint}"
    return f"The origin {shown} is refused: {reason} (fetch#cors-check)."


def _grounds(policy: Policy, origin: str) -> str:
    """Return what in the policy allows an origin."""
    if policy.matcher is None:
        return 'allow_origins is "*"' if policy.allows_any_origin else "the callable in allow_origins allows it"
    if origin in policy.matcher.exact:
        return "it is listed in allow_origins"
    entries = cast("tuple[str | re.Pattern[str], ...]", policy.allow_origins)
    entry = next(entry for entry in entries if origin in (Policy(entry).matcher or ()))
    return f"{quote(getattr(entry, 'pattern', entry))} in allow_origins matches it"


def _neighbours(origin: str) -> Iterator[str]:
    """Yield origins that are easily confused with this one: another scheme or port, with or without ``www``."""
    parts = parse_origin(origin)
    assert parts is not None
    host = parts.host
    for scheme in ("https", "http"):
        for name in (host, host.removeprefix("www."), f"www.{host}"):
            yield from (f"{scheme}://{name}{port}" for port in ("", f":{parts.port}") if port != ":")


def _describe_response(policy: Policy, grant: Grant | None) -> str:
    headers = [f"{name}: {value}" for name, value in (grant.headers if grant else rules_of(policy).otherwise)]
    return f"The application answers, and its response carries {_and(headers)} (fetch#cors-protocol-and-http-caches)."


def _grant(policy: Policy, origin: str, request: Request | None) -> Grant | None:
    if request is None and callable(policy.allow_origins):
        raise ValueError("allow_origins is a callable; pass explain() the request to call it with")
    return rules_of(policy).grant(origin, lambda: cast("Request", request))


def _fields(
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[str],
) -> list[tuple[str, str | None]]:
    entries = headers.items() if isinstance(headers, Mapping) else [headers] if isinstance(headers, str) else headers
    return [(entry, None) if isinstance(entry, str) else entry for entry in entries]


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
