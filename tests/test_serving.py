"""The same behind every server: CORS is right regardless of the server, and docs/servers.rst says what.

What is asked is in ``serving/``; here is how it is run, and held against the page.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import page
from serving.rows import ROWS, A, Row, expect, granted_preflight
from serving.servers import SERVERS, Server, Site, require, running
from serving.wire import Connection, request

DOCS = Path(__file__).parent.parent / "docs"

OUTCOMES, VERSIONS = page.written()


@pytest.fixture(scope="module", params=SERVERS, ids=str)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The site behind one server; only one runs at a time."""
    server: Server = request.param
    require(server)
    with running(server) as site:
        yield site


@pytest.mark.once
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_cors_is_right_and_the_page_says_what_the_server_does(site: Site, row: Row) -> None:
    found = row.ask(site)
    if site.version == VERSIONS[site.server.name]:
        assert found == OUTCOMES[row.title][site.server.name], "run python -m tests.serving --write"


@pytest.mark.once
def test_auto_chunked_of_uwsgi_puts_chunks_on_a_204() -> None:
    """Why docs/deploying.rst warns of it: no response 204 has a body (rfc9112#section-6.1)."""
    plain = next(each for each in SERVERS if each.name == "uWSGI http")
    require(plain)
    server = dataclasses.replace(plain, command=f"{plain.command} --http-keepalive --http-auto-chunked")
    with running(server) as site, Connection(site.port) as connection:
        connection.send(request("OPTIONS", "/", [("Origin", A), ("Access-Control-Request-Method", "PUT")]))
        reply = connection.reply()
        assert reply is not None
        expect(reply, granted_preflight(A), 204)
        assert reply.all("transfer-encoding") == ["chunked"]
        with_200 = site.ask("OPTIONS", "/okay", A, ("Access-Control-Request-Method", "PUT"))
        expect(with_200, granted_preflight(A), 200)
        assert with_200.all("transfer-encoding") == []


def test_the_page_is_about_every_row_and_every_server() -> None:
    assert list(OUTCOMES) == [row.title for row in ROWS]
    assert list(VERSIONS) == [server.name for server in SERVERS]
    for row in ROWS:
        assert OUTCOMES[row.title].keys() == VERSIONS.keys(), row.title
    text = page.DOCUMENT.read_text("utf-8")
    assert [row.title for row in ROWS if f"\n\n{row.holds}\n\n- " not in text] == []


def test_each_row_has_a_title_of_its_own() -> None:
    assert len({row.title for row in ROWS}) == len({str(row) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("server", [each for each in SERVERS if not each.command.startswith("python ")], ids=str)
def test_the_page_about_deploying_shows_the_command_that_is_tested(server: Server) -> None:
    text = (DOCS / "deploying.rst").read_text("utf-8")
    if server.is_apache:
        conf = (Path(page.__file__).parent / "site" / "apache.conf").read_text("utf-8")
        lines = [line for line in conf.splitlines() if line.startswith("WSGI") and "{home}/wsgi" not in line]
        assert len(lines) == 4
    else:
        lines = [server.command]
    for line in lines:
        shown = line.format(port=8000, home="/srv/site")
        assert f"\n   {shown}\n" in text, shown
