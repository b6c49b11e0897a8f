"""A case of the matrix as plain data: who answers, what is fetched from which page, and which rules it tests."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Pairs = Sequence[tuple[str, str]]

#: Who answers: our two front ends, each with a policy, and a server that gives the answers of the case.
WSGI, HTTP_SERVER, SCRIPTED = "wsgi", "http.server", "scripted"
OURS = (WSGI, HTTP_SERVER)
FRONT_ENDS = (*OURS, SCRIPTED)

#: Each front end listens on three ports: one for the page, and two for other origins on the same host.
SERVERS = ("page", "api", "third")

#: Each port has several host names, and so several origins: ``page`` is on localhost, ``sub-page`` on a.localhost.
HOSTS = {
    "": "localhost",
    "address-": "127.0.0.1",
    "sub-": "a.localhost",
    "deep-": "b.a.localhost",
    "evil-": "evil-a.localhost",
    "idn-": "xn--fa-hia.localhost",
    "underscore-": "a_b.localhost",
    "dot-": "localhost.",
}

#: Hosts that browsers take for hosts outside this machine. Only scripted servers have them.
FAR_HOSTS = {
    "app-": "app.example.com",
    "sibling-": "api.example.com",
    "apex-": "example.com",
    "other-": "www.other.example",
    "user-": "user1.github.io",
    "neighbour-": "user2.github.io",
    "public-": "public.example.com",
    "public-address-": "203.0.113.7",
    "private-address-": "192.168.77.7",
    "private-name-": "printer.local",
}

#: The only one of them whose address space Chromium knows. Behind a proxy it knows none, and does not ask the user.
PUBLIC_HOST = FAR_HOSTS["public-"]

#: The prefix of the names of https: origins, which are of scripted servers too: ``tls-app-page``.
TLS = "tls-"

#: The names of all origins.
ORIGINS = tuple(
    scheme + prefix + server for scheme in ("", TLS) for prefix in (*HOSTS, *FAR_HOSTS) for server in SERVERS
)

#: The names of the origins of our own front ends.
OUR_ORIGINS = tuple(prefix + server for prefix in HOSTS for server in SERVERS)

#: Pages with an opaque origin: a sandboxed frame, and a frame of a ``data:`` URL.
OPAQUE_PAGES = ("sandbox", "data")

#: Opens a WebSocket. ``Browser`` does not do so, because CORS does not apply.
SOCKET = "socket"

#: The ways of a page to send a request without ``fetch()``, and the initiator of ``Browser`` for each.
WAYS = {
    "image": "image",
    "script": "script",
    "module": "script",
    "font": "font",
    "events": "event-source",
    "worker": "fetch",
    "service-worker": "fetch",
    SOCKET: "",
}


@dataclass(frozen=True)
class Says:
    """What a server answers; behind a policy, what the application answers, which never sees preflights.

    In header values and bodies, ``{page}``, ``{sub-page}`` and so on stand for origins, ``{page-port}`` for a port,
    ``{O}`` for the ``Origin`` of the request, and ``{path}`` for the folder of the requested resource.

    :ivar to: where a redirect leads: an origin and a resource of the same case, as ``"third/second"``.
    :ivar preflight: how a scripted server answers preflights, as ``(status, headers)``; by default like other requests.
    """

    status: int = 200
    headers: Pairs = ()
    body: str | bytes = "OK"
    to: str = ""
    preflight: tuple[int, Pairs] | None = None


@dataclass(frozen=True)
class Fetch:
    """What a script does: a call of ``fetch()``.

    :ivar to: an origin and, after a slash, a resource of the case; by default the resource ``first``.
    :ivar query: what follows the ``?`` in the address.
    :ivar url: the whole address, instead of ``to``; origins are written in it as in headers.
    :ivar page: on which page the script runs: one of the origins, or of :data:`OPAQUE_PAGES`.
    :ivar way: what the page does instead of ``fetch()``: one of :data:`WAYS`. An element gets the attribute that means
        this ``mode`` and these ``credentials``.
    :ivar body: text, or a mapping with one of ``bytes`` (text), ``params`` or ``form`` (pairs).
    :ivar cache: the cache mode.
    :ivar after: seconds to wait first.
    :ivar navigate: ``"window"`` or ``"frame"``: opens one at that address, instead of a script's fetch.
    :ivar window: whether the page has its own window, so that it is the first party; otherwise it is in a frame.
    """

    to: str = "api"
    page: str = "page"
    way: str = ""
    method: str = "GET"
    headers: Pairs = ()
    body: Any = None
    mode: str = "cors"
    credentials: str = "same-origin"
    redirect: str = "follow"
    referrer_policy: str = ""
    cache: str = "default"
    query: str = ""
    url: str = ""
    after: float = 0.0
    navigate: str = ""
    window: bool = False


@dataclass(frozen=True)
class Case:
    """One case: what is fetched, in order, and who answers.

    :ivar name: unique in its family.
    :ivar rules: the statements of :mod:`.statements` that it tests, as ``"A14 B17"``.
    :ivar says: by name of the resource.
    :ivar policy: options of :class:`corswsgi.Policy`; ``None`` for a scripted server. Origins are written in them as in
        headers; ``{"regex": "..."}`` and ``{"callable": [...]}`` stand for a regular expression and for a callable
        that knows these origins.
    :ivar local_network: whether the user lets public pages into the local network; ``None`` if no page of the case
        asks, because it is not on :data:`PUBLIC_HOST`.
    :ivar may_prompt: whether an engine may ask the user for something, and so wait for ever.
    """

    name: str
    rules: str
    fetches: tuple[Fetch, ...] = (Fetch(),)
    says: Mapping[str, Says] = field(default_factory=lambda: {"first": Says()})
    policy: Mapping[str, Any] | None = None
    family: str = ""
    front_end: str = SCRIPTED
    may_prompt: bool = False
    local_network: bool | None = None

    @property
    def id(self) -> str:
        """The name that is unique in the whole table."""
        return f"{self.family}/{self.name}/{self.front_end}"

    @property
    def statements(self) -> tuple[str, ...]:
        return tuple(self.rules.split())

    @property
    def uses_http_cache(self) -> bool:
        """Whether the browser's HTTP cache may keep a response: one has a max-age, or is a permanent redirect."""
        return any(
            name.lower() == "cache-control" and "max-age=" in value
            for says in self.says.values()
            for name, value in says.headers
        ) or (len(self.fetches) > 1 and any(says.status in (301, 308) for says in self.says.values()))

    @property
    def is_slow(self) -> bool:
        """Whether it waits: such cases run concurrently."""
        return any(fetch.after for fetch in self.fetches)


def on_each_front_end(case: Case) -> list[Case]:
    """Return a case for each of its front ends: both of ours if it has a policy, otherwise the scripted one."""
    if case.policy is None:
        return [dataclasses.replace(case, front_end=SCRIPTED)]
    return [dataclasses.replace(case, front_end=each) for each in OURS]


def fill(text: str, names: Mapping[str, str]) -> str:
    """Return ``text`` with the names in braces replaced; other braces are left unchanged."""
    return re.sub(r"\{([A-Za-z-]+)\}", lambda match: names.get(match[1], match[0]), text)


def load(path: Path) -> list[Case]:
    """Return the cases of a TOML file, on each front end.

    :raises ValueError: with the name of the file and what is wrong in it.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("case", [])
        if not tables:
            raise ValueError("the file has no [[case]]; add at least one")
        return [case for table in tables for case in on_each_front_end(_case(table))]
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _case(table: Mapping[str, Any]) -> Case:
    given = dict(table)
    fetches = given.pop("fetch", [{}])
    says = given.pop("says", {})
    if not isinstance(fetches, list):
        fetches = [fetches]
    if says.keys() & {each.name for each in dataclasses.fields(Says)}:
        says = {"first": says}
    case = Case(
        name=given.pop("name"),
        rules=given.pop("rules", ""),
        fetches=tuple(Fetch(**_with_pairs(each)) for each in fetches),
        says={name: Says(**_with_pairs(each)) for name, each in says.items()} or {"first": Says()},
        policy=given.pop("policy", None),
        family=given.pop("family", "added"),
    )
    if given:
        raise ValueError(f"a case has no key {', '.join(sorted(given))}")
    return checked(case)


def checked(case: Case) -> Case:
    """Return a case unchanged.

    :raises ValueError: if it names an origin, a page or a resource that does not exist.
    """
    origins = ORIGINS if case.policy is None else OUR_ORIGINS
    for fetch in case.fetches:
        server, _, resource = fetch.to.partition("/")
        _known(case, "origin", [server], origins)
        _known(case, "page", [fetch.page], (*origins, *OPAQUE_PAGES))
        _known(case, "resource", [resource or "first"], case.says)
        _known(case, "way", [fetch.way], ("", *WAYS))
    for says in case.says.values():
        if says.to:
            server, _, resource = says.to.partition("/")
            _known(case, "origin", [server], origins)
            _known(case, "resource", [resource or "first"], case.says)
    return case


def _known(case: Case, what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{case.name}: there is no {what} {name!r}; choose one of {', '.join(known)}")


def _with_pairs(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table whose headers are pairs, even if they were given as a mapping."""
    given = dict(table)
    headers = given.get("headers")
    if isinstance(headers, Mapping):
        given["headers"] = tuple(headers.items())
    elif headers is not None:
        given["headers"] = tuple((name, value) for name, value in headers)
    if preflight := given.get("preflight"):
        status, headers = preflight
        given["preflight"] = (status, tuple(headers.items() if isinstance(headers, Mapping) else headers))
    return given
