"""Policies that every server can say, requests, and what is behind: made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cors_tables import MALFORMED_ORIGINS, OK, Given
from front_ends import Pairs
from hypothesis import strategies as st
from test_differential import APP, OPTIONS, PAGES

from corswsgi import Policy

PATHS = ("/", "/api", "/api/v2", "/api/v2/users", "/\xe9", '/a"b', "/a b;{$x}", "/a\nb", "/A", "/~user", "/a.b")
SEGMENTS = (
    *(
        "",
        "/",
        "/x",
        "/x/",
        "s",
        "/.",
        "/..",
        "/../api",
        "/%2e%2E/api",
        "//x",
        "/%2fapi",
        "%2Fv2",
        "/..x",
        "/...",
        "?x",
    ),
    *("?//", "/%5cx", "/x%00", "%0a", "%0A/x", "/%252e%252e/x", "/x?/../", "/%61"),
)
TARGETS = (
    *("", "/api", "/%61pi", "/api/v2", "/api/v2/users", "/%C3%A9", "/a%22b", '/a"b', "/a%20b;%7B$x%7D", "/a%0Ab", "/A"),
    *("/~user", "/a.b", "/aXb", "/other"),
)
#: What the application says. An application with CORS of its own says each thing once, as on untouched paths a server
#: may pass on one line of it only.
GIVENS = (
    *(OK, Given("404 Not Found"), Given("500 Internal Server Error"), Given("304 Not Modified", (), b"")),
    Given(headers=(*OK.headers, ("Vary", "Accept-Encoding"), ("vary", "Cookie"))),
    Given(headers=(*OK.headers, ("Vary", "*"))),
    Given(
        headers=(
            *OK.headers,
            ("Access-Control-Allow-Origin", APP),
            ("access-control-allow-credentials", "true"),
            ("Access-Control-Expose-Headers", "X-Mine"),
            ("Timing-Allow-Origin", "*"),
            ("Vary", "Origin"),
        )
    ),
)


def sayable(options: dict[str, Any]) -> Policy:
    """Return the policy of some options, without callables and echoes."""
    options = dict(options)
    if callable(options["allow_origins"]):
        options["allow_origins"] = [APP, "https://*.example.com"]
    if options.get("allow_credentials"):
        for name in ("allow_methods", "allow_headers"):
            listed = options.get(name, ())
            if "*" in ((listed,) if isinstance(listed, str) else listed):
                options[name] = ["PUT"] if name == "allow_methods" else ["x-a", "Authorization"]
    return Policy(**options)


POLICIES = OPTIONS.map(sayable)
SITES = POLICIES | st.dictionaries(st.sampled_from(PATHS), POLICIES | st.none(), min_size=1, max_size=7)


@dataclass(frozen=True)
class Asking:
    """A request, as it is sent, and what the application answers if it sees it."""

    method: str
    target: str
    headers: Pairs
    given: Given


def _asking(method: str, target: str, headers: dict[str, str | None], given: Given) -> Asking:
    return Asking(
        method,
        target if target.startswith("/") else f"/{target}",
        tuple((key, value) for key, value in headers.items() if value is not None),
        given,
    )


ASKINGS = st.builds(
    _asking,
    st.sampled_from(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "OPTIONS", "OPTIONS")),
    st.builds("{}{}".format, st.sampled_from(TARGETS), st.sampled_from(SEGMENTS)),
    st.fixed_dictionaries(
        {"Origin": st.sampled_from((*PAGES, APP, APP, *MALFORMED_ORIGINS.values())) | st.none()},
        optional={
            "Access-Control-Request-Method": st.sampled_from(("PUT", "GET", "put", "Chicken", "a b")),
            "Access-Control-Request-Headers": st.sampled_from(("x-a", "x-a,x-b", "authorization", "")),
            "Sec-Fetch-Site": st.sampled_from(("same-origin", "none", "same-site", "cross-site", "SAME-ORIGIN")),
        },
    ),
    st.sampled_from(GIVENS),
)
