"""The demo's API: what it answers, the policy before it, and its WSGI form; nothing here knows of servers or ports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import webob

from corswsgi.policy import OPTIONS, Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: The one cookie of the demo. Cookies know no ports, so that those of other programs on this machine arrive here too.
COOKIE = "corswsgi-demo"

#: Bytes of a request's body; more is answered 413.
MAX_BODY = 64 * 1024


Lookup = Callable[[str], str | None]


class Reply(NamedTuple):
    """A response; front ends add ``Content-Length``, and leave the body out where the method is HEAD."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def demo_policy(page_origin: str) -> Policy:
    """Return the policy of both front ends; ``page_origin`` is the only origin that it allows."""
    return Policy(
        allow_origins=[page_origin],
        allow_methods=["PUT"],
        allow_headers=["Authorization", "Content-Type", "X-Api-Key"],
        allow_credentials=True,
        expose_headers=["X-Request-Cost"],
    )


def source_of(policy: Policy) -> str:
    """Return ``policy`` as Python source, an option on each line."""
    changed = {name: value for name, value in policy.as_dict().items() if value != OPTIONS[name]}
    lines = [f"    {name}={_literal(value)},\n" for name, value in changed.items()]
    return f"Policy(\n{''.join(lines)})"


def _literal(value: object) -> str:
    """Return Python source for a string, a number, a truth value or a tuple of strings, with double quotes."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def json_reply(status: int, value: object, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """Return a response that holds ``value`` as JSON."""
    fixed = [
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Reply(status, [*fixed, *headers], json.dumps(value).encode("ascii"))


def too_large() -> Reply:
    """Return the answer to a body of more than :data:`MAX_BODY` bytes."""
    return json_reply(413, {"error": f"the body is larger than {MAX_BODY} bytes"})


def answer(method: str, path: str, header: Lookup, body: bytes) -> Reply:
    """Return the API's answer to a request.

    :param header: gives the value of a request header, whatever the case of its name, or ``None``.
    :raises RuntimeError: on ``GET /crash``, which is what that is for.
    """
    methods = {known: route for (known, at), route in _ROUTES.items() if at == path}
    if not methods:
        return json_reply(404, {"error": "there is nothing at this path"})
    route = methods.get("GET" if method == "HEAD" else method)
    if route is None:
        allowed = ", ".join(sorted(methods))
        return json_reply(405, {"error": f"this path answers {allowed}"}, [("Allow", allowed)])
    return route(header, body)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The API as a WSGI application."""
    request = webob.Request(environ)
    if (request.content_length or 0) > MAX_BODY:
        reply = too_large()
    else:
        # WebOb's path is text; one that is no UTF-8 must be not found, as any other.
        reply = answer(request.method, environ["PATH_INFO"], request.headers.get, request.body)
    response = webob.Response(status=reply.status, headerlist=reply.headers, body=reply.body)
    return response(environ, start_response)


# What follows answers one method at one path each.


def _status(header: Lookup, body: bytes) -> Reply:
    return json_reply(200, {"status": "OK"})


def _order(header: Lookup, body: bytes) -> Reply:
    try:
        order = json.loads(body)
    except ValueError:
        return json_reply(400, {"error": "the body is not JSON"})
    return json_reply(201, {"ordered": order})


def _replace_order(header: Lookup, body: bytes) -> Reply:
    return json_reply(200, {"saved": True})


def _delete_order(header: Lookup, body: bytes) -> Reply:
    return json_reply(200, {"deleted": True})


def _key(header: Lookup, body: bytes) -> Reply:
    return json_reply(200, {"key": header("X-Api-Key")})


def _cost(header: Lookup, body: bytes) -> Reply:
    return json_reply(200, {"rows": 3}, [("X-Request-Cost", "3"), ("X-Internal-Node", "rack-7")])


def _sign_in(header: Lookup, body: bytes) -> Reply:
    cookie = f"{COOKIE}=ada; Path=/; Max-Age=300; HttpOnly; SameSite=Lax"
    return json_reply(200, {"signed_in": "ada"}, [("Set-Cookie", cookie)])


def _session(header: Lookup, body: bytes) -> Reply:
    pairs = (pair.strip().partition("=") for pair in (header("Cookie") or "").split(";"))
    return json_reply(200, {"cookie": next((value for name, _, value in pairs if name == COOKIE), None)})


def _account(header: Lookup, body: bytes) -> Reply:
    scheme, _, token = (header("Authorization") or "").partition(" ")
    if scheme != "Bearer" or token != "demo-token":
        return json_reply(401, {"error": "a token is needed"}, [("WWW-Authenticate", "Bearer")])
    return json_reply(200, {"account": "ada"})


def _crash(header: Lookup, body: bytes) -> Reply:
    raise RuntimeError("the demo's API crashes when it is asked to")


_ROUTES: Mapping[tuple[str, str], Callable[[Lookup, bytes], Reply]] = {
    ("GET", "/status"): _status,
    ("POST", "/orders"): _order,
    ("PUT", "/orders/7"): _replace_order,
    ("DELETE", "/orders/7"): _delete_order,
    ("GET", "/key"): _key,
    ("GET", "/cost"): _cost,
    ("POST", "/session"): _sign_in,
    ("GET", "/session"): _session,
    ("GET", "/account"): _account,
    ("GET", "/crash"): _crash,
}
