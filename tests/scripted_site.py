"""Servers that say what a test tells them to, as a WSGI application that answers for every host, and remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corswsgi.browser import Browser, Verdict

Pairs = Sequence[tuple[str, str]]

#: The page, a stranger's API, and a further stranger.
PAGE = "https://app.example.com"
API = "https://api.other.example"
THIRD = "https://third.example"

ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
EXPOSED = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"

#: What a server says that lets the page, or everybody, read.
SHARED: Pairs = ((ORIGIN, PAGE),)
PUBLIC: Pairs = ((ORIGIN, "*"),)
TRUSTED: Pairs = ((ORIGIN, PAGE), (CREDENTIALS, "true"))


@dataclass(frozen=True)
class Says:
    """A response."""

    status: int = 200
    headers: Pairs = SHARED
    body: bytes = b"OK"


@dataclass(frozen=True)
class Asked:
    """A request as a server saw it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_preflight(self) -> bool:
        return self.method == "OPTIONS" and "access-control-request-method" in self.headers


@dataclass
class Site:
    """Answers every request alike, or one after the other from a list, or by URL; preflights likewise.

    Among URLs ``None`` stands for all others; one that nobody told it of is answered 404.
    """

    says: Says | Sequence[Says] | Mapping[str, Says] | Mapping[str | None, Says] = Says()
    preflight: Says | Sequence[Says] | Mapping[str | None, Says] = Says(403, ())
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key[:5] == "HTTP_"}
        for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if key in environ:
                headers[key.replace("_", "-").lower()] = environ[key]
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        url = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['PATH_INFO']}{query}"
        asked = Asked(environ["REQUEST_METHOD"], url, headers, environ["wsgi.input"].read())
        self.asked.append(asked)
        says = self.preflight if asked.is_preflight else self.says
        if isinstance(says, Mapping):
            by_url: Mapping[Any, Says] = says
            says = by_url.get(url) or by_url.get(None) or Says(404, ())
        elif isinstance(says, Sequence):
            says = says[sum(each.is_preflight == asked.is_preflight for each in self.asked) - 1]
        start_response(f"{says.status} Said", list(says.headers))
        return [says.body]

    @property
    def methods(self) -> list[str]:
        """The methods asked with, in order."""
        return [asked.method for asked in self.asked]

    @property
    def last(self) -> Asked:
        return self.asked[-1]


BROWSER_OPTIONS = {"engine", "page", "referrer_policy", "cookies", "clock", "max_age_cap", "max_body", "timeout"}


def fetch(target: Any, url: str = API, origin: str = PAGE, **options: Any) -> Verdict:
    """Fetch in a new browser; options are those of Browser and of its fetch."""
    for_browser = {name: options.pop(name) for name in BROWSER_OPTIONS & options.keys()}
    return Browser(target, origin, **for_browser).fetch(url, **options)


def moved(where: str, status: int = 302, headers: Pairs = SHARED) -> Says:
    """Return a redirect."""
    return Says(status, (*headers, ("Location", where)), b"")


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
