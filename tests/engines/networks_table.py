"""The cases outside CORS: WebSockets, Private Network Access, mixed content and the local network."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from .case import SOCKET, Case, Fetch, Pairs, Says

_ANY = ("Access-Control-Allow-Origin", "*")
_METHODS = ("Access-Control-Allow-Methods", "PUT")


def websockets() -> Iterator[Case]:
    """Handshakes of WebSockets, to which browsers do not apply CORS, and ``enforce``."""
    policies: dict[str, dict[str, Any]] = {
        "allowed": {"allow_origins": ["{page}", "{third}"]},
        "not-allowed": {"allow_origins": "{sub-api}"},
        "enforced-allowed": {"allow_origins": ["{page}", "{third}", "{sub-page}"], "enforce": True},
        "enforced-any": {"allow_origins": "*", "enforce": True},
        "enforced-not-allowed": {"allow_origins": "{sub-api}", "enforce": True},
    }
    for (name, policy), page, to in itertools.product(
        policies.items(), ("page", "third", "sub-page", "sandbox", "data"), ("api", "page", "address-page")
    ):
        yield Case(f"{name}-{page}-to-{to}", "A1 A28", (Fetch(way=SOCKET, page=page, to=to),), policy=policy)
    for page in ("page", "sandbox"):
        yield Case(f"without-policy-{page}", "A28", (Fetch(way=SOCKET, page=page),))


def private_network() -> Iterator[Case]:
    """The header of Private Network Access, which no browser asks for or reads."""
    header = "Access-Control-Allow-Private-Network"
    answers: dict[str, Pairs] = {"none": (), "true": ((header, "true"),), "false": ((header, "false"),)}
    for (name, more), method, to in itertools.product(answers.items(), ("GET", "PUT"), ("api", "address-api")):
        says = Says(headers=(_ANY, *more), preflight=(204, (_ANY, _METHODS, *more)))
        yield Case(f"{name}-{method}-to-{to}", "B11 B13", (Fetch(method=method, to=to),), {"first": says})


def mixed_content() -> Iterator[Case]:
    """From pages with and without TLS, local and public, to servers with and without TLS, by name and by address."""
    pages = ("page", "sub-page", "address-page", "tls-page", "public-page", "tls-public-page")
    targets = (
        "api", "sub-api", "address-api", "tls-api", "tls-address-api",
        "sibling-api", "tls-sibling-api", "public-address-api", "private-address-api", "private-name-api",
    )  # fmt: skip
    says = {"first": Says(headers=(_ANY, _METHODS))}
    ways: dict[str, dict[str, Any]] = {
        "get": {},
        "put": {"method": "PUT"},
        "no-cors": {"mode": "no-cors"},
        "socket": {"way": SOCKET},
    }
    for page, to in itertools.product(pages, targets):
        if page == "public-page" and to.startswith("private"):
            continue  # behind a proxy, Chromium knows no addresses, and so does not block these
        for name, fetch in ways.items():
            yield Case(
                f"{page}-to-{to}-{name}", "B34 B35 B37", (Fetch(page=page, to=to, **fetch),), says, local_network=True
            )


def local_network() -> Iterator[Case]:
    """From public pages into the local network, with and without the user's consent."""
    says = {"first": Says(headers=(_ANY, _METHODS))}
    ways: dict[str, dict[str, Any]] = {"get": {}, "put": {"method": "PUT"}, "no-cors": {"mode": "no-cors"}}
    for is_allowed, page, to in itertools.product(
        (True, False),
        ("public-page", "tls-public-page", "page", "tls-page"),
        ("api", "address-api", "tls-api", "tls-sibling-api"),
    ):
        for name, fetch in ways.items():
            name = f"{'allowed' if is_allowed else 'denied'}-{page}-to-{to}-{name}"
            yield Case(name, "B13 B17", (Fetch(page=page, to=to, **fetch),), says, local_network=is_allowed)


FAMILIES = {
    "local-network": local_network,
    "mixed-content": mixed_content,
    "websockets": websockets,
    "private-network": private_network,
}
