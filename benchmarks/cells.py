"""The cells that are measured: five requests to three kinds of policy, and to a pattern."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

APP = "https://app.example.com"
ORIGINS = (APP, "https://shop.example.com", "https://admin.example.com")
PATTERN = "https://*.example.com"
STRANGER = "https://stranger.invalid"

METHODS = ("PUT", "PATCH", "DELETE")
HEADERS = ("Content-Type", "X-Api-Key")
EXPOSED = "X-Total-Count"
MAX_AGE = 600

#: By kind of policy, its ``allow_origins``. A pattern makes a dynamic policy too, one that cannot only look up.
ALLOW_ORIGINS: Mapping[str, Any] = {"any": "*", "static": APP, "dynamic": list(ORIGINS), "pattern": PATTERN}
KINDS = tuple(ALLOW_ORIGINS)


def options(kind: str) -> dict[str, Any]:
    """Return the options of the policy of a kind, as corswsgi takes them."""
    return {
        "allow_origins": ALLOW_ORIGINS[kind],
        "allow_methods": METHODS,
        "allow_headers": HEADERS,
        "expose_headers": EXPOSED,
        "max_age": MAX_AGE,
    }


class Ask(NamedTuple):
    """A request.

    :ivar origin: the value of ``Origin``, or ``None`` for a request without one.
    """

    name: str
    origin: str | None
    is_preflight: bool

    @property
    def is_allowed(self) -> bool:
        """Whether the policies that list origins allow this one."""
        return self.origin == APP


ASKS = (
    Ask("no Origin", None, False),
    Ask("allowed", APP, False),
    Ask("refused", STRANGER, False),
    Ask("preflight allowed", APP, True),
    Ask("preflight refused", STRANGER, True),
)


class Cell(NamedTuple):
    """A request under a kind of policy."""

    kind: str
    ask: Ask

    @property
    def exists(self) -> bool:
        """Whether there is such a thing: a policy that allows every origin refuses none."""
        return self.kind != "any" or self.ask.origin != STRANGER

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.ask.name}"


CELLS = tuple(Cell(kind, ask) for kind in KINDS for ask in ASKS)


def environ_of(ask: Ask) -> dict[str, Any]:
    """Return what waitress gives an application for a request that Chromium sends."""
    environ: dict[str, Any] = {
        "REMOTE_ADDR": "203.0.113.7",
        "REMOTE_HOST": "203.0.113.7",
        "REMOTE_PORT": "50814",
        "REQUEST_METHOD": "OPTIONS" if ask.is_preflight else "GET",
        "REQUEST_URI": "/api/items?page=2",
        "SERVER_PORT": "8080",
        "SERVER_NAME": "waitress.invalid",
        "SERVER_SOFTWARE": "waitress",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/api/items",
        "QUERY_STRING": "page=2",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input": io.BytesIO(),
        "wsgi.file_wrapper": None,
        "wsgi.input_terminated": True,
        "HTTP_HOST": "api.example.org",
        "HTTP_CONNECTION": "keep-alive",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd",
        "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.9",
    }
    if ask.origin is not None:
        environ |= {
            "HTTP_ORIGIN": ask.origin,
            "HTTP_REFERER": f"{ask.origin}/",
            "HTTP_SEC_FETCH_SITE": "cross-site",
            "HTTP_SEC_FETCH_MODE": "cors",
            "HTTP_SEC_FETCH_DEST": "empty",
        }
    if ask.is_preflight:
        environ |= {
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
            "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type,x-api-key",
        }
    return environ
