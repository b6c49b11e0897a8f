"""The demo's API: its answers, the policy in front of it, and its WSGI form; it knows nothing of servers or ports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import webob

from corswsgi.demo.visits import OWN_PARAMETERS, name_in
from corswsgi.policy import Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: The demo's only cookie. Cookies ignore ports, so cookies of other programs on this machine arrive here too.
COOKIE = "corswsgi-demo"

#: The most bytes that the body of a request may have; more is answered with 413.
MAX_BODY = 64 * 1024


class Asked(NamedTuple):
    """The parts of a request that the API looks at.

    :ivar header: returns the value of a request header, or ``None``; names are the same in any case.
    :ivar elsewhere: the origin of the other server of this API, for redirects that cross origins.
    """

    method: str
    path: str
    query: str
    header: Callable[[str], str | None]
    body: bytes
    elsewhere: str


class Reply(NamedTuple):
    """A response; front ends add ``Content-Length``, and leave out the body if the method is HEAD."""

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


def json_reply(status: int, value: object, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """Return a response with ``value`` as JSON."""
    fixed = [
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Reply(status, [*fixed, *headers], json.dumps(value).encode("ascii"))


def too_large() -> Reply:
    """Return the answer to a body of more than :data:`MAX_BODY` bytes."""
    return json_reply(413, {"error": f"the body is larger than {MAX_BODY} bytes; send a smaller one"})


def answer(asked: Asked) -> Reply:
    """Return the API's answer to a request.

    :raises RuntimeError: on ``GET /crash``, which exists to show that.
    """
    for path, route in _ROUTES_OF_ANY_METHOD.items():
        if path.fullmatch(asked.path):
            return route(asked)
    methods = {known: route for (known, at), route in _ROUTES.items() if at == asked.path}
    if not methods:
        return json_reply(404, {"error": "nothing is at this path"})
    found = methods.get("GET" if asked.method == "HEAD" else asked.method)
    if found is None:
        allowed = ", ".join(sorted(methods))
        return json_reply(405, {"error": f"this path answers {allowed}"}, [("Allow", allowed)])
    return found(asked)


def application(elsewhere: str) -> WSGIApplication:
    """Return the API as a WSGI application.

    :param elsewhere: the origin of the other server of this API.
    """

    def api(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = webob.Request(environ)
        length = request.content_length or 0
        if length > MAX_BODY:
            reply = too_large()
        else:
            # Not WebOb's path, which is text: a path that is not UTF-8 must get a 404 too.
            path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
            body = request.body_file_raw.read(length)  # request.body would write a long body to a file
            reply = answer(Asked(request.method, path, query, request.headers.get, body, elsewhere))
        response = webob.Response(status=reply.status, headerlist=reply.headers, body=reply.body)
        return response(environ, start_response)

    return api


def _echo(asked: Asked) -> Reply:
    return json_reply(200, {"method": asked.method, "body": asked.body.decode("utf-8", "replace")})


def _redirect(asked: Asked) -> Reply:
    """Redirect to ``/echo``, here or on the demo's other server; only the parameters of the page are passed on."""
    _, _, status, place = asked.path.split("/")
    names = {name: value for name in OWN_PARAMETERS if (value := name_in(asked.query, name))}
    location = f"{asked.elsewhere if place == 'there' else ''}/echo?{urlencode(names)}"
    return json_reply(int(status), {"moved": location}, [("Location", location)])


def _status(asked: Asked) -> Reply:
    return json_reply(200, {"status": "OK"})


def _order(asked: Asked) -> Reply:
    try:
        order = json.loads(asked.body)
    except ValueError:
        return json_reply(400, {"error": "the body is not JSON"})
    return json_reply(201, {"ordered": order})


def _replace_order(asked: Asked) -> Reply:
    return json_reply(200, {"saved": True})


def _delete_order(asked: Asked) -> Reply:
    return json_reply(200, {"deleted": True})


def _key(asked: Asked) -> Reply:
    return json_reply(200, {"key": asked.header("X-Api-Key")})


def _cost(asked: Asked) -> Reply:
    return json_reply(200, {"rows": 3}, [("X-Request-Cost", "3"), ("X-Internal-Node", "rack-7")])


def _sign_in(asked: Asked) -> Reply:
    cookie = f"{COOKIE}=ada; Path=/; Max-Age=300; HttpOnly; SameSite=Lax"
    return json_reply(200, {"signed_in": "ada"}, [("Set-Cookie", cookie)])


def _session(asked: Asked) -> Reply:
    pairs = (pair.strip().partition("=") for pair in (asked.header("Cookie") or "").split(";"))
    return json_reply(200, {"cookie": next((value for name, _, value in pairs if name == COOKIE), None)})


def _account(asked: Asked) -> Reply:
    scheme, _, token = (asked.header("Authorization") or "").partition(" ")
    if scheme != "Bearer" or token != "demo-token":
        return json_reply(401, {"error": "send Authorization: Bearer demo-token"}, [("WWW-Authenticate", "Bearer")])
    return json_reply(200, {"account": "ada"})


def _crash(asked: Asked) -> Reply:
    raise RuntimeError("the demo raises this on GET /crash, to show how errors are answered")


_ROUTES_OF_ANY_METHOD: Mapping[re.Pattern[str], Callable[[Asked], Reply]] = {
    re.compile("/echo"): _echo,
    re.compile("/redirect/(301|302|303|307|308)/(here|there)"): _redirect,
}

_ROUTES: Mapping[tuple[str, str], Callable[[Asked], Reply]] = {
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
