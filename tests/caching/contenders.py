"""What stands behind the caches: one application, in our layer and in those of others, under several policies."""

from __future__ import annotations

import gzip
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flask
import flask_cors
import webob
import wsgicors

from caching.orders import A, B
from corswsgi import CORSMiddleware, Policy

BODY = b"The same for everybody who may read it.\n" * 8
COMPRESSED = gzip.compress(BODY, mtime=0)

#: The entity tags of what is not compressed, and of what is.
ETAGS = {False: '"1"', True: '"1-gzip"'}

_serial = itertools.count(1)


def answer(environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status, headers and body of every page; ``/<any>/<seconds>/<any>`` says how long it may be kept.

    ``X-Served`` is another number each time, which tells an answer that comes from a cache.
    """
    compressed = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    etag = ETAGS[compressed]
    headers = [
        ("Cache-Control", f"public, max-age={environ['PATH_INFO'].split('/')[2]}"),
        ("ETag", etag),
        ("Vary", "Accept-Encoding"),
        ("X-Served", str(next(_serial))),
    ]
    # rfc9110#section-13.1.2: a weak comparison. Varnish weakens the tag of what it decompresses.
    if etag in environ.get("HTTP_IF_NONE_MATCH", "").replace("W/", ""):
        return "304 Not Modified", headers, b""
    body = COMPRESSED if compressed else BODY
    headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    if compressed:
        headers.append(("Content-Encoding", "gzip"))
    return "200 OK", headers, body


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer as a WSGI application of no framework."""
    status, headers, body = answer(environ)
    start_response(status, headers)
    return [body] if environ["REQUEST_METHOD"] != "HEAD" else []


@dataclass(frozen=True)
class Contender:
    """An application in a layer, under a policy.

    :ivar layer: whose.
    :ivar policy: how it is configured, in words or as it is written.
    :ivar app: the WSGI application.
    :ivar credentials: whether pages ask with credentials, as they would where the policy is about them.
    """

    layer: str
    policy: str
    app: Any
    credentials: bool = False

    def __str__(self) -> str:
        return f"{self.layer}: {self.policy}"


def _ours(policy: str, **options: Any) -> Contender:
    options = {"expose_headers": ["X-Served"], **options}
    return Contender("corswsgi", policy, CORSMiddleware(application, **options), "allow_credentials" in options)


def _chosen() -> Contender:
    drafts = Policy(allow_origins=[A], expose_headers=["X-Served"], vary=["X-Edition"])
    others = Policy(allow_origins="*", vary=["X-Edition"])

    def choose(request: webob.Request) -> Policy:
        return drafts if request.headers.get("X-Edition") == "draft" else others

    return Contender(
        "corswsgi", "static or any, chosen by a header, which vary names", CORSMiddleware(application, choose)
    )


def _allows(origin: str, request: webob.Request) -> bool:
    return origin in (A, B) and (origin == A or request.headers.get("X-Edition") != "draft")


OURS = (
    _ours("any", allow_origins="*"),
    _ours("any, all headers exposed", allow_origins="*", expose_headers="*"),
    _ours("static", allow_origins=[A]),
    _ours("static, with credentials", allow_origins=[A], allow_credentials=True),
    _ours("static, enforced", allow_origins=[A], enforce=True),
    _ours("dynamic: two origins", allow_origins=[A, B]),
    _ours("dynamic: a subdomain pattern", allow_origins="https://*.example.com"),
    _ours("dynamic: two origins, with credentials", allow_origins=[A, B], allow_credentials=True),
    _ours("dynamic: null", allow_origins="null"),
    _ours("dynamic, enforced", allow_origins=[A, B], enforce=True),
    _ours("dynamic: a callable, and what it looks at in vary", allow_origins=_allows, vary=["X-Edition"]),
    _chosen(),
)


def _flask_cors(policy: str, **options: Any) -> Contender:
    app = flask.Flask("behind_a_cache")

    @app.route("/<path:rest>")
    def view(rest: str) -> flask.Response:
        status, headers, body = answer(flask.request.environ)
        return flask.Response(body, status, headers)

    flask_cors.CORS(app, expose_headers=["X-Served"], **options)
    return Contender("flask-cors", policy, app, "supports_credentials" in options)


def _wsgicors(policy: str, **options: str) -> Contender:
    app = wsgicors.CORS(application, expose_headers="X-Served", **options)
    return Contender("wsgicors", policy, app, "credentials" in options)


PEERS = (
    _flask_cors("the defaults"),
    _flask_cors("send_wildcard=True", send_wildcard=True),
    _flask_cors("supports_credentials=True", supports_credentials=True),
    _flask_cors("origins=[A]", origins=[A]),
    _flask_cors("origins=[A, B]", origins=[A, B]),
    _flask_cors("origins=[A, B], vary_header=False", origins=[A, B], vary_header=False),
    _flask_cors("origins=[A, B], supports_credentials=True", origins=[A, B], supports_credentials=True),
    _flask_cors(r'origins=r"https://\w+\.example\.com"', origins=r"https://\w+\.example\.com"),
    _wsgicors('origin="*"', origin="*"),
    _wsgicors('origin="copy"', origin="copy"),
    _wsgicors('origin="A"', origin=A),
    _wsgicors('origin="A B"', origin=f"{A} {B}"),
    _wsgicors('origin="A B", credentials="true"', origin=f"{A} {B}", credentials="true"),
    _wsgicors('origin="https://*.example.com"', origin="https://*.example.com"),
)


def _echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    origin = environ.get("HTTP_ORIGIN")

    def start(status: str, headers: list[tuple[str, str]]) -> Any:
        allow = [("Access-Control-Allow-Origin", origin)] if origin in (A, B) else []
        return start_response(status, [*headers, *allow])

    return application(environ, start)


#: What everybody writes first. It shows that the test can fail.
BY_HAND = (Contender("by hand", "Origin echoed if it is A or B, no Vary", _echo),)

#: More names in ``Vary`` than nginx reads.
MANY_NAMES = (
    _ours("dynamic: many names in vary", allow_origins=[A, B], vary=[f"X-Edition-{n:02}" for n in range(10)]),
)

CONTENDERS = (*OURS, *PEERS, *BY_HAND, *MANY_NAMES)


class Site:
    """A WSGI application in which ``/<number>/…`` is a contender, and that counts what reaches it.

    :ivar requests: how many requests of each method and path came through.
    :ivar conditional: how many of them had If-None-Match, by path.
    """

    def __init__(self, contenders: tuple[Contender, ...] = CONTENDERS) -> None:
        self.contenders = contenders
        self.requests: Counter[tuple[str, str]] = Counter()
        self.conditional: Counter[str] = Counter()
        self._lock = threading.Lock()

    def path(self, contender: Contender, seconds: int, name: object) -> str:
        """Return the path of a page of a contender that may be kept for some seconds."""
        return f"/{self.contenders.index(contender)}/{seconds}/{name}"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        with self._lock:
            self.requests[environ["REQUEST_METHOD"], path] += 1
            self.conditional[path] += "HTTP_IF_NONE_MATCH" in environ
        number = path.split("/")[1]
        if not number.isdecimal():
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        return self.contenders[int(number)].app(environ, start_response)
