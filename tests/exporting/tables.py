"""The tables of both front ends, asked of a server with an exported configuration: how many rows, and which differ."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cors_tables import OK, TABLES, Case, Table
from on_waitress import running_waitress

from corswsgi import Policy, PolicyError
from corswsgi.export.statements import Policies, site_of
from exporting.behind import Application, Client, cors_of
from exporting.fronts import Front


def _is_sayable(table: Table) -> bool:
    try:
        site_of(Policy(**table.options), "a server")
    except PolicyError:
        return False
    return True


#: The tables whose policy a server can say, each under a path of its own of one site.
SAYABLE = [table for table in TABLES if _is_sayable(table)]
PATHS = {table.id: f"/table-{number}" for number, table in enumerate(SAYABLE)}
SITE: dict[str, Policy | None] = {PATHS[table.id]: Policy(**table.options) for table in SAYABLE}


@contextlib.contextmanager
def asking(front: Front, policies: Policies, **place: Any) -> Iterator[Client]:
    """Run a server; give who asks it."""
    with front.standing(policies, **place) as port, contextlib.closing(Client(port)) as client:
        yield client


def site_on(front: Front) -> dict[str, Policy | None]:
    """Return what of :data:`SITE` the server can say."""
    return {path: policy for path, policy in SITE.items() if policy is not None and front.can_say(policy)}


def _rows(front: Front) -> Iterator[tuple[Table, int, Case]]:
    said = site_on(front)
    for table in (each for each in SAYABLE if PATHS[each.id] in said):
        for number, case in enumerate(table.cases):
            if not front.limit(case.method, case.headers) and not _is_beyond_expressions(table, case):
                yield table, number, case


def _is_beyond_expressions(table: Table, case: Case) -> bool:
    """Tell whether a regular expression is asked about an IPv6 address that no browser writes so."""
    value = table.options["allow_origins"]
    entries = value if isinstance(value, (list, tuple, set)) else [value]
    return any(isinstance(each, re.Pattern) for each in entries) and any("[0:0:" in each for _, each in case.headers)


def before_an_application(front: Front, has_cors: bool) -> tuple[int, list[str]]:
    """Return how many rows were asked, and the differences.

    :param has_cors: whether the application says something about CORS itself.
    """
    application = Application(has_cors)
    count, differences = 0, []
    with running_waitress(application) as behind, asking(front, site_on(front), behind=behind) as client:
        for table, number, case in _rows(front):
            count += 1
            path = f"{PATHS[table.id]}/{number}"
            application.answers[path] = case.given
            application.seen.clear()
            reply = client.ask(case.method, path, case.headers)
            wanted = case.status, cors_of(case.cors), [(case.method, path)] if case.passes else []
            got = reply.status, cors_of(reply.headers), application.seen[:]
            if got != wanted:
                differences.append(f"{table.id}: {case.id}: {got}, not {wanted}")
    return count, differences


def before_files(front: Front, root: Path) -> tuple[int, list[str]]:
    """Return the same of a server with files, one of which is there and one is not.

    :param root: an empty directory.
    """
    for path in PATHS.values():
        (root / path[1:]).mkdir()
        (root / path[1:] / "file.txt").write_text("a file")
    count, differences = 0, []
    with asking(front, site_on(front), root=root) as client:
        for table, _, case in _rows(front):
            if case.given != OK:
                continue
            for name, status in (("file.txt", 200), ("missing", 404)):
                count += 1
                reply = client.ask(case.method, f"{PATHS[table.id]}/{name}", case.headers)
                expected = {case.status}
                if case.passes:  # what files are not for, such as POST, is an error of the server's own
                    expected = {status} if case.method in ("GET", "HEAD") else {200, 404, 405}
                if reply.status not in expected or cors_of(reply.headers) != cors_of(case.cors):
                    differences.append(f"{table.id}: {case.id}: {name}: {reply}, not {expected} {case.cors}")
    return count, differences
