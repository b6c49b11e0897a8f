"""Exported configurations on the real servers: they answer as the middleware does, whatever is behind them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from caching.servers import free_ports
from cors_tables import APP, OK, TABLES, Case, Pairs, Table, origin
from exporting.behind import Application, Client, cors_of
from exporting.fronts import FRONTS, LARGEST_BODY, Front
from on_waitress import running_waitress

from corswsgi import Policy, PolicyError
from corswsgi.export.servers import SERVERS
from corswsgi.export.statements import site_of
from corswsgi.protocol import rules_of

pytestmark = [pytest.mark.once, pytest.mark.timeout(240)]


def is_expressible(table: Table) -> bool:
    try:
        site_of(Policy(**table.options), "a server")
    except PolicyError:
        return False
    return True


SAYABLE = [table for table in TABLES if is_expressible(table)]
PATHS = {table.id: f"/table-{number}" for number, table in enumerate(SAYABLE)}
SITE: dict[str, Policy | None] = {PATHS[table.id]: Policy(**table.options) for table in SAYABLE}


@pytest.fixture(params=list(SERVERS), scope="module")
def front(request: pytest.FixtureRequest) -> Front:
    """Each server in turn."""
    front = FRONTS[request.param]
    front.program()
    return front


def test_what_cannot_be_said_is_callables_and_echoes_only() -> None:
    unsaid = {table.id for table in TABLES} - PATHS.keys()
    assert all("callable" in name or name.startswith("echo-") for name in unsaid)


@pytest.mark.parametrize("has_cors", [False, True], ids=["without", "own"])
def test_the_tables_in_front_of_an_application(front: Front, has_cors: bool) -> None:
    application = Application(has_cors)
    differences = []
    count = 0
    with running_waitress(application) as behind, front.standing(SITE, behind=behind) as port:
        client = Client(port)
        for table in SAYABLE:
            for number, case in enumerate(table.cases):
                if front.limit(case.method, case.headers) or is_beyond_expressions(table, case):
                    continue
                count += 1
                path = f"{PATHS[table.id]}/{number}"
                application.answers[path] = case.given
                application.seen.clear()
                reply = client.ask(case.method, path, case.headers)
                wanted = case.status, cors_of(case.cors), [(case.method, path)] if case.passes else []
                got = reply.status, cors_of(reply.headers), application.seen[:]
                if got != wanted:
                    differences.append(f"{table.id}: {case.id}: {got}, not {wanted}")
        client.close()
    assert differences[:10] == [], len(differences)
    assert count > 3000


def is_beyond_expressions(table: Table, case: Case) -> bool:
    """Tell whether a regular expression is asked about an IPv6 address that no browser writes so."""
    has_expression = any(isinstance(each, re.Pattern) for each in _listed(table.options["allow_origins"]))
    return has_expression and any("[0:0:" in value for _, value in case.headers)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple, set)) else [value]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("files")
    for path in PATHS.values():
        (root / path[1:]).mkdir()
        (root / path[1:] / "file.txt").write_text("a file")
    return root


def test_the_tables_in_front_of_files(front: Front, files: Path) -> None:
    differences = []
    count = 0
    with front.standing(SITE, root=files) as port:
        client = Client(port)
        for table in SAYABLE:
            for case in table.cases:
                if case.given != OK or front.limit(case.method, case.headers) or is_beyond_expressions(table, case):
                    continue
                for name, status in (("file.txt", 200), ("missing", 404)):
                    count += 1
                    reply = client.ask(case.method, f"{PATHS[table.id]}/{name}", case.headers)
                    # What files are not for (POST, PUT) is an error of the server's own.
                    expected = (
                        {case.status}
                        if not case.passes
                        else {status}
                        if case.method in ("GET", "HEAD")
                        else {404, 405, 200}
                    )
                    if reply.status not in expected or cors_of(reply.headers) != cors_of(case.cors):
                        differences.append(f"{table.id}: {case.id}: {name}: {reply}, not {expected} {case.cors}")
        client.close()
    assert differences[:10] == [], len(differences)
    assert count > 3000


KINDS = {
    "any": Policy("*", expose_headers=["X-A"]),
    "static": Policy(APP, allow_credentials=True),
    "dynamic": Policy([APP, "https://*.example.org"], expose_headers=["X-A"], allow_timing=True),
}


@contextlib.contextmanager
def asking(front: Front, policies: Any, **place: Any) -> Iterator[Client]:
    with front.standing(policies, **place) as port, contextlib.closing(Client(port)) as client:
        yield client


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_the_server_itself_can_be_read(front: Front, kind: str) -> None:
    (nowhere,) = free_ports(1)
    application = Application()
    granted = cors_of(granted_headers(KINDS[kind]))
    with running_waitress(application) as behind, asking(front, KINDS[kind], behind=behind) as client:
        reply = client.ask("POST", "/", origin(APP), b"x" * (LARGEST_BODY + 1))
        assert (reply.status, cors_of(reply.headers)) == (413, granted)
    assert application.seen in ([], [("OPTIONS", "/started")])
    with asking(front, KINDS[kind], behind=nowhere) as client:
        reply = client.ask("GET", "/", origin(APP))
        assert reply.status in (502, 503)
        assert cors_of(reply.headers) == granted


def granted_headers(policy: Policy) -> Pairs:
    grant = rules_of(policy).grant(APP)
    assert grant is not None
    return tuple(grant.headers)
