"""``corswsgi explain``: which rule governs a path, what the policy answers to a request there, and why each header."""

from __future__ import annotations

import argparse
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import cast

from webob import Request

from corswsgi import fetch
from corswsgi.applications import describe
from corswsgi.errors import UsageError, printable, quote
from corswsgi.explanation import explain
from corswsgi.headers import Header
from corswsgi.policy import CLOSED, Policy
from corswsgi.protocol import Answer, Rules, is_preflight, rules_of
from corswsgi.routes import Routes
from corswsgi.sources import Source, source_of

_ASKED_METHOD = "access-control-request-method"
_ASKED_HEADERS = "access-control-request-headers"

#: Why a header is there, by its name.
_REASONS = {
    "Access-Control-Allow-Methods": "allow_methods; GET, HEAD and POST need no listing",
    "Access-Control-Allow-Headers": "allow_headers",
    "Access-Control-Allow-Credentials": "allow_credentials",
    "Access-Control-Expose-Headers": "expose_headers",
    "Access-Control-Max-Age": "max_age, in seconds",
    "Timing-Allow-Origin": "allow_timing",
    "Cache-Control": "whether the request is refused depends on more than a cache compares",
    "Content-Type": "required by PEP 3333",
    "Content-Length": "the length of the body, which the policy sets",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        "Exit status: 0, also if the request is refused; 2 if the policy has faults or cannot be read. "
        "Example: corswsgi explain cors.toml --path /api/items --origin https://app.example.com -X PUT"
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a settings file, in TOML or INI")
    parser.add_argument(
        "--app", metavar="MODULE:CALLABLE", help="use the policy of the middleware in this WSGI application"
    )
    parser.add_argument("--path", default="/", help="the path of the request; default: /")
    parser.add_argument("--origin", help="the origin of the page; without it, the request has no Origin header")
    parser.add_argument("-X", "--method", default="GET", help="the method of the request; default: GET")
    parser.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        dest="headers",
        metavar="'NAME[: VALUE]'",
        help="a header that the script sets; may be given several times",
    )
    parser.add_argument(
        "--credentials", action="store_true", help='the script calls fetch() with credentials: "include"'
    )


def run(options: argparse.Namespace) -> int:
    """Print the explanation.

    :raises PolicyError: with every fault of the policy.
    :raises UsageError: if there is no policy to look at, or if a callable decides.
    """
    print(*_told(source_of(options.file, options.app), options), sep="\n")
    return 0


def _told(source: Source, options: argparse.Namespace) -> Iterator[str]:
    path = options.path if options.path.startswith("/") else f"/{options.path}"
    policy = Routes(source.policies).policy_for(path.encode("utf-8", "surrogateescape").decode("latin-1"))
    yield _which_rule(source, path, policy)
    if policy is None:
        yield "Requests and responses pass through untouched, with any CORS headers that the application sets."
        return
    headers = [_header(text) for text in options.headers]
    request = Request.blank(urllib.parse.quote(path, errors="surrogateescape"), method=options.method)
    try:
        yield explain(
            policy,
            origin=options.origin,
            method=options.method,
            request_headers=cast("Iterable[tuple[str, str]]", headers),
            request=request,
            credentials=options.credentials or None,
        )
    except Exception as error:  # the callable of a policy can raise anything
        raise UsageError(f"the callable in allow_origins fails: {describe(error)}") from error
    yield from _header_by_header(policy, options.origin, request, headers)


def _which_rule(source: Source, path: str, policy: Policy | None) -> str:
    if policy is CLOSED:
        return (
            f"{quote(path)} is closed: servers read it in different ways, so it is unclear which rule governs it, and "
            "no other origin is allowed."
        )
    if source.is_one:
        return f"One policy governs every path ({printable(source.place('/', '', None))})."
    covering = [rule for rule in source.policies if f"{path}/".startswith(f"{rule.rstrip('/')}/")]
    if not covering:
        return f"No rule governs {quote(path)}."
    rule = max(covering, key=lambda each: each.rstrip("/").count("/"))
    where = printable(source.place(rule, "", None))
    none = ", which says that there is no policy" if policy is None else ""
    return f"The rule for {quote(rule)} governs {quote(path)} ({where}){none}."


def _header(text: str) -> tuple[str, str] | str:
    name, colon, value = text.partition(":")
    return (name, value.strip()) if colon else name


def _header_by_header(
    policy: Policy, origin: str | None, request: Request, headers: list[tuple[str, str] | str]
) -> Iterator[str]:
    rules = rules_of(policy)
    grant = None if origin is None else rules.grant(origin, lambda: request)
    asked = {each[0].lower(): each[1] for each in headers if not isinstance(each, str)}
    if origin is not None and is_preflight(request.method, origin, asked.get(_ASKED_METHOD)):
        answer = rules.preflight(origin, grant, asked[_ASKED_METHOD], asked.get(_ASKED_HEADERS))
        yield from _preflight(answer, policy, rules, is_allowed=grant is not None)
        return
    method = fetch.normalize_method(request.method)
    names = ",".join(sorted({each.lower() for each in _unsafe(headers)})) or None
    if origin is not None and (method not in fetch.CORS_SAFELISTED_METHODS or names):
        answer = rules.preflight(origin, grant, method, names)
        yield from _preflight(answer, policy, rules, is_allowed=grant is not None)
    yield ""
    if origin is not None and grant is None and policy.enforce:
        yield f"The request is answered {rules.refusal.status}, unless it comes from the server's own pages:"
        yield from _lines(rules.refusal.headers, policy, rules, is_allowed=False)
        return
    added = rules.otherwise if grant is None else grant.headers
    yield "The application's response gets:" if added else "The application's response gets no header from the policy."
    yield from _lines(added, policy, rules, is_allowed=grant is not None)


def _preflight(answer: Answer, policy: Policy, rules: Rules, *, is_allowed: bool) -> Iterator[str]:
    yield ""
    yield f"The preflight is answered {answer.status}:"
    yield from _lines(answer.headers, policy, rules, is_allowed=is_allowed)


def _unsafe(headers: list[tuple[str, str] | str]) -> list[str]:
    bare = [each for each in headers if isinstance(each, str)]
    return bare + fetch.cors_unsafe_request_header_names(each for each in headers if not isinstance(each, str))


def _lines(headers: Iterable[Header], policy: Policy, rules: Rules, *, is_allowed: bool) -> Iterator[str]:
    for name, value in headers:
        yield f"  {name}: {value}"
        yield f"      {_reason(name, policy, rules, is_allowed=is_allowed)}"


def _reason(name: str, policy: Policy, rules: Rules, *, is_allowed: bool) -> str:
    if name == "Access-Control-Allow-Origin":
        if policy.allows_any_origin:
            return 'allow_origins is "*"'
        return "the requesting origin is allowed" if is_allowed else "the only origin in allow_origins, sent to all"
    if name == "Vary":
        named = "; the names in vary are added" if policy.vary else ""
        if rules.everyone is not None or "Origin" not in dict(rules.otherwise).get("Vary", ""):
            return "the names in vary"
        return f"the response depends on the requesting origin, and caches must know that{named}"
    return _REASONS[name]
