"""The cases of requests without ``fetch()``: elements, EventSource and workers; and of parts of files."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from typing import Any

from .case import Case, Fetch, Pairs, Says

_ANY = ("Access-Control-Allow-Origin", "*")
_ECHO = ("Access-Control-Allow-Origin", "{O}")
_TRUE = ("Access-Control-Allow-Credentials", "true")

#: A very small font that every engine accepts.
_FONT = base64.b64decode(
    "AAEAAAAKAIAAAwAgT1MvMkUgRP0AAAEoAAAAYGNtYXAADACUAAABkAAAADRnbHlmHfI4KgAAAcwAAAAwaGVhZC9kmrIAAACsAAAANmhoZWEFFgH2"
    "AAAA5AAAACRobXR4AlgAAAAAAYgAAAAGbG9jYQAYAAwAAAHEAAAABm1heHAABAAFAAABCAAAACBuYW1lyMHMfAAAAfwAAABOcG9zdAADAAAAAAJM"
    "AAAAIAABAAAAAQAA3/TO418PPPUAAwPoAAAAAOctK+8AAAAA5y0r7wAAAAAB9AH0AAAAAwACAAAAAAAAAAEAAAMg/zgAAAJYAAAAZAH0AAEAAAAA"
    "AAAAAAAAAAAAAAABAAEAAAACAAMAAQAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAwJYAZAABQAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAABAAAAAAAAAAAAAAAAPz8/PwAAAEEAQQMgAAAAAAMgAMgAAAAAAAAAAAAAAAAAAAAgAAACWAAAAAAAAAAAAAIAAAADAAAAFAADAAEAAAAU"
    "AAQAIAAAAAQABAABAAAAQf//AAAAQf///8AAAQAAAAAAAAAMABgAAAABAAAAAAH0AfQAAgAAMSEBAfT+DAH0AAABAAAAAAH0AfQAAgAAMSEBAfT+"
    "DAH0AAAAAAQANgABAAAAAAABAAEAAAABAAAAAAACAAcAAQADAAEECQABAAIACAADAAEECQACAA4ACk1SZWd1bGFyAE0AUgBlAGcAdQBsAGEAcgAA"
    "AAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

_IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><rect width="1" height="1"/></svg>'

#: The type and the content of an answer that each element accepts.
_CONTENT: dict[str, tuple[str, str | bytes]] = {
    "image": ("image/svg+xml", _IMAGE),
    "script": ("text/javascript", "legible()"),
    "module": ("text/javascript", "legible()"),
    "font": ("font/ttf", _FONT),
    "events": ("text/event-stream", "data: OK\n\n"),
}

#: How an element fetches, by its attribute crossorigin.
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "without": {"mode": "no-cors", "credentials": "include"},
    "anonymous": {"mode": "cors", "credentials": "same-origin"},
    "use-credentials": {"mode": "cors", "credentials": "include"},
}

#: The attributes that each way has. Module scripts, fonts and EventSource always use CORS.
_KNOWN = {
    "image": tuple(_ATTRIBUTES),
    "script": tuple(_ATTRIBUTES),
    "module": ("anonymous", "use-credentials"),
    "font": ("anonymous",),
    "events": ("anonymous", "use-credentials"),
}

_POLICIES: dict[str, dict[str, Any]] = {
    "public": {"allow_origins": "*"},
    "trusted": {"allow_origins": ["{page}", "{sub-page}"], "allow_credentials": True},
    "enforced": {"allow_origins": ["{sub-page}"], "enforce": True},
}

_ANSWERS: dict[str, Pairs] = {"none": (), "any": (_ANY,), "echo-true": (_ECHO, _TRUE)}


#: The two origins of a redirect.
_WAYS = (("api", "third"), ("page", "page"), ("page", "api"), ("api", "page"))


def embeds() -> Iterator[Case]:
    """Elements with and without ``crossorigin``, and EventSource."""
    for way, attributes in _KNOWN.items():
        content_type, body = _CONTENT[way]
        kind = ("Content-Type", content_type)
        says = {"first": Says(headers=(kind,), body=body)}
        for attribute, (name, policy), (page, to) in itertools.product(
            attributes, _POLICIES.items(), (("page", "api"), ("page", "page"), ("third", "api"), ("sandbox", "api"))
        ):
            fetch = Fetch(way=way, page=page, to=to, **_ATTRIBUTES[attribute])
            yield Case(f"{way}-{attribute}-{name}-{page}-to-{to}", "A1 A12 B17 B34", (fetch,), says, policy)
        for attribute, (name, headers) in itertools.product(attributes, _ANSWERS.items()):
            scripted = {"first": Says(headers=(kind, *headers), body=body)}
            fetch = Fetch(way=way, to="address-api", **_ATTRIBUTES[attribute])
            yield Case(f"{way}-{attribute}-answer-{name}", "B17 B34 B37", (fetch,), scripted)
        for attribute in attributes:
            # An earlier answer sets a cookie, which shows the requests with credentials.
            cookie = Says(headers=(kind, _ECHO, _TRUE, ("Set-Cookie", "matrix=1; SameSite=Lax")), body=body)
            setting = Fetch(to="api", mode="no-cors", credentials="include")
            fetch = Fetch(way=way, to="api", **_ATTRIBUTES[attribute])
            yield Case(f"{way}-{attribute}-cookie", "B33", (setting, fetch), {"first": cookie})
        for attribute, (name, headers), (to, then) in itertools.product(attributes, _ANSWERS.items(), _WAYS):
            second = Says(headers=(kind, *headers), body=body)
            moved = {"first": Says(302, headers, to=f"{then}/second"), "second": second}
            fetch = Fetch(way=way, to=to, **_ATTRIBUTES[attribute])
            yield Case(f"{way}-{attribute}-from-{to}-to-{then}-{name}", "B17 B22 B32", (fetch,), moved)


def workers() -> Iterator[Case]:
    """Fetches of workers, which have the origin of their page."""
    fetches: dict[str, dict[str, Any]] = {
        "get": {},
        "put": {"method": "PUT", "headers": (("X-A", "1"),)},
        "include": {"credentials": "include"},
        "no-cors": {"mode": "no-cors", "method": "POST"},
    }
    policies = {
        **_POLICIES,
        "listed": {"allow_origins": ["{page}"], "allow_methods": ["PUT"], "allow_headers": ["x-a"]},
    }
    for way, (page, to) in itertools.product(
        ("worker", "service-worker"), (("page", "api"), ("page", "page"), ("sub-page", "api"))
    ):
        for (name, policy), (what, fetch) in itertools.product(policies.items(), fetches.items()):
            case = (Fetch(way=way, page=page, to=to, **fetch),)
            yield Case(f"{way}-{page}-to-{to}-{name}-{what}", "A12 A26 B11 B17 B35", case, policy=policy)


def downloads() -> Iterator[Case]:
    """Downloads: requests for parts of files, and the headers of the answers that a script can read."""
    part: Pairs = (("Content-Range", "bytes 0-1/4"), ("Accept-Ranges", "bytes"))
    named = ("Content-Disposition", 'attachment; filename="report.txt"')
    for exposed, to, byte_range in itertools.product(
        ((), ("Content-Range", "Content-Disposition")), ("api", "page"), ("bytes=0-1", "bytes=-2", "bytes=0-1,3-3")
    ):
        name = f"part-{'exposed' if exposed else 'hidden'}-{to}-{byte_range}"
        fetch = Fetch(to=to, headers=(("Range", byte_range),))
        policy = {"allow_origins": "*", "expose_headers": exposed}
        yield Case(name, "A20 A23 B2 B11", (fetch,), {"first": Says(206, (*part, named), body="ab")}, policy)
        policy["allow_headers"] = ["range"]
        yield Case(f"{name}-listed", "A20 A23 B2", (fetch,), {"first": Says(206, (*part, named), body="ab")}, policy)
    for credentials in ("same-origin", "include"):
        says = {"first": Says(headers=(_ECHO, _TRUE, named), body="whole")}
        yield Case(f"whole-{credentials}", "B18", (Fetch(credentials=credentials),), says)


FAMILIES = {"embeds": embeds, "workers": workers, "downloads": downloads}
