"""A flood of random origins against every kind of policy: each is judged, and none is kept."""

from __future__ import annotations

import gc
import logging
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from corswsgi import CORSMiddleware, Policy

APP, SHOP = "https://app.example.com", "https://shop.example.net:8443"
_PATTERNS = ["https://*.example.com", "http://localhost:*", "https://*.example.org:*"]
_DYNAMIC = Policy([APP, SHOP])


def _only_app(origin: str, request: Any) -> bool:
    return origin == APP


def _choose(request: Any) -> Policy:
    return _DYNAMIC


#: Every kind of policy, as a CORSMiddleware takes it. Each allows APP.
KINDS: Mapping[str, Any] = {
    "any": Policy("*"),
    "static": Policy(APP),
    "exact": _DYNAMIC,
    "exact with credentials": Policy([APP, SHOP], allow_credentials=True),
    "exact by the thousand": Policy([APP, *(f"https://host{number}.example" for number in range(1000))]),
    "null beside another": Policy(["null", APP]),
    "subdomains": Policy("https://*.example.com"),
    "any port": Policy([APP, "http://localhost:*"]),
    "subdomains of any port": Policy("https://*.example.com:*"),
    "patterns": Policy(_PATTERNS),
    "expression": Policy(re.compile(r"https://[0-9a-f]+\.example\.com")),
    "all forms": Policy([SHOP, "null", *_PATTERNS, re.compile("https://pr-[0-9]+\\.example")]),
    "callable": Policy(_only_app),
    "enforcing": Policy([APP, SHOP], enforce=True),
    "by path": {"/": _DYNAMIC, "/open": Policy("*")},
    "chosen by a callable": _choose,
}

#: How many objects a flood may leave: the layer remembers some 1024 refusals, and what as many origins are granted that
#: patterns allow, which takes half a dozen objects each.
MOST_KEPT = 8 * 1024

#: What a random origin is made of; most are well-formed, and some are allowed.
_SHAPES = (
    "https://{0:x}.example",
    "https://{0:x}.example.com",
    "https://{0:x}.{1}.example.com:8443",
    "http://localhost:{1}",
    "https://{0:x}.example.com.evil.example",
    "capacitor://{0:x}",
    "https://{0:x}.example.com/",
    "{0:x}",
    "https://pr-{0}.example",
    "https://x{0}.example.org:{1}",
)


def origins(number: int, seed: int) -> Iterator[str]:
    """Yield random origins, hardly one of them twice; the same for the same seed."""
    bits = random.Random(seed).getrandbits
    shapes = len(_SHAPES)
    for place in range(number):
        digits = bits(60)
        yield _SHAPES[place % shapes].format(digits, digits % 70000)


class Counted:
    """A WSGI server's side of a flood: it counts what is allowed, and refuses to be surprised."""

    def __init__(self, policy: Any) -> None:
        self._middleware = CORSMiddleware(self._app, policy)
        self._asked = ""
        self.allowed = 0

    def _app(self, environ: dict[str, Any], start_response: Any) -> tuple[bytes, ...]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ()

    def ask(self, origin: str) -> None:
        self._asked = origin
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "HTTP_HOST": "api.example",
            "SERVER_NAME": "api.example",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "HTTP_ORIGIN": origin,
        }
        self._middleware(environ, self._start_response)

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
        for name, value in headers:
            if name == "Access-Control-Allow-Origin":
                assert value in (self._asked, APP, "*"), (value, self._asked)
                self.allowed += value == self._asked
        return lambda data: None


class _Discarding(logging.Handler):
    """Formats each message, as a real handler would, and keeps none."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        assert message.isprintable(), message


@contextmanager
def logging_refusals() -> Iterator[None]:
    """Let the layer log each refusal, to a handler that keeps nothing."""
    logger, handler = logging.getLogger("corswsgi"), _Discarding()
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = propagate
        logger.setLevel(level)
        logger.removeHandler(handler)


def kept_of_a_flood(kind: str, number: int, seed: int = 1) -> tuple[int, int]:
    """Ask with ``number`` random origins, and return how many objects are there more than before; and were allowed.

    What is kept up to a bound is filled before counting starts, as far as so many can fill it.
    """
    server = Counted(KINDS[kind])
    for origin in origins(3000, seed + 1):
        server.ask(origin)
    server.allowed = 0
    gc.freeze()  # what is there already is not looked at again, and not counted
    try:
        gc.collect()  # empties the interpreter's own free lists
        before = sys.getallocatedblocks()
        for origin in origins(number, seed):
            server.ask(origin)
        del origin
        gc.collect()
        return sys.getallocatedblocks() - before, server.allowed
    finally:
        gc.unfreeze()
