"""Rows about responses: what becomes of headers, bodies and exceptions, and of a client that hangs up."""

from __future__ import annotations

import socket
import struct
import time

from serving.rows import NOBODY, STRANGER, A, B, expect, granted, granted_preflight, in_words, row, whole
from serving.servers import Site
from serving.site.served import OWN, PIECE, PIECES, WIDE
from serving.wire import Connection, Reply, ask, request

#: What says how long a body is, and of which type.
_FRAMING = ("content-length", "content-type", "transfer-encoding")

#: Seconds for a server to notice that a client is gone.
_PATIENCE = 10


@row("A response to an origin that is allowed", "Each header of the policy is there once.")
def plain(site: Site) -> str:
    reply = site.ask("GET", "/", A)
    expect(reply, granted(A))
    expect(site.ask("GET", "/", STRANGER), NOBODY)
    expect(site.ask("GET", "/"), NOBODY)
    ours = ["content-type", "content-length", "x-pid", *(name for name, _ in _given(A))]
    added = [name for name, _ in reply.headers if name.lower() not in ours]
    kept = [name.lower() for name, _ in reply.headers if name.lower() in ours]
    order = "keeps the order" if kept == ours else "sorts them" if kept == sorted(kept) else "changes the order"
    return f"adds {in_words(added)}; {order}"


def _given(origin: str) -> list[tuple[str, str]]:
    """Return the headers of the policy in the order in which they are given to the server."""
    return [
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "X-Pid"),
        ("vary", "Origin"),
    ]


@row("A preflight", "Granted or refused, it never reaches the application.")
def preflight(site: Site) -> str:
    return _preflight(site, "/", 204)


@row("A preflight under ``preflight_status=200``", "Granted or refused, it never reaches the application.")
def preflight_200(site: Site) -> str:
    return _preflight(site, "/okay", 200)


def _preflight(site: Site, path: str, status: int) -> str:
    put = ("Access-Control-Request-Method", "PUT")
    expect(site.ask("OPTIONS", path, STRANGER, put), NOBODY, 403)
    with Connection(site.port) as connection:
        connection.send(request("OPTIONS", path, [("Origin", A), put]))
        return _without_body(connection, granted_preflight(A), status)


def _without_body(connection: Connection, lines: list[tuple[str, str]], status: int) -> str:
    """Assert that the response has no body; return what the server adds, and whether it keeps the connection open."""
    reply = connection.reply()
    assert reply is not None
    expect(reply, lines, status)
    assert not reply.body
    connection.send(request("GET", "/", [("Origin", B)]))
    after = connection.reply()  # a body would stand in front of it
    if after is not None:
        expect(after, granted(B))
    framing = [name for name, _ in reply.headers if name.lower() in _FRAMING and status != 200]
    open_or_closed = "closes the connection" if after is None else "keeps the connection open"
    return f"adds {in_words(framing)}; {open_or_closed}" if framing else f"adds nothing; {open_or_closed}"


@row("Repeated response headers", "``Set-Cookie`` stays in two lines, and ``Vary`` is one line.")
def repeated(site: Site) -> str:
    reply = site.ask("GET", "/repeated", A)
    expect(reply, granted(A, "Accept, Cookie, Origin"))
    assert reply.all("set-cookie") == [value for name, value in OWN if name == "Set-Cookie"]
    (vary,) = reply.all("vary")
    return f"keeps the lines apart; sends ``Vary: {vary}``"


@row("64 KiB of response headers", "The response has the policy's headers, or there is no response.")
def large_responses(site: Site) -> str:
    reply = ask(site.port, "GET", "/wide", [("Origin", A)])
    if reply is None:
        return "closes the connection without a response"
    if reply.status != 200:
        assert reply.cors == [], reply
        return f"answers {reply.status}"
    expect(reply, granted(A))
    assert len([name for name, _ in reply.headers if name.startswith("X-Wide-")]) == len(WIDE)
    return "sends them"


@row("HEAD", "The policy's headers are the same as for GET, and there is no body.")
def head(site: Site) -> str:
    with Connection(site.port) as connection:
        connection.send(request("HEAD", "/", [("Origin", A)]))
        reply = connection.reply("HEAD")
        assert reply is not None
        expect(reply, granted(A))
        connection.send(request("GET", "/", [("Origin", B)]))
        after = connection.reply()  # a body would stand in front of it
    if after is not None:
        expect(after, granted(B))
    return f"keeps {in_words(name for name in ('Content-Type', 'Content-Length') if reply.all(name.lower()))}"


@row("304 Not Modified", "It has the policy's headers, so that the browser's cache gets them, and no body.")
def unchanged(site: Site) -> str:
    with Connection(site.port) as connection:
        connection.send(request("GET", "/unchanged", [("Origin", A), ("If-None-Match", '"1"')]))
        return _without_body(connection, granted(A), 304)


@row("A generator, without a length", "The body is complete, after the policy's headers.")
def generated(site: Site) -> str:
    return _both_versions(site, "/pieces")


@row("A body sent with ``write``", "The body is complete, after the policy's headers.")
def written(site: Site) -> str:
    if not site.server.wsgi:
        return "has no ``write``"
    return _both_versions(site, "/written")


def _both_versions(site: Site, path: str) -> str:
    ends = []
    for version in ("1.1", "1.0"):
        reply = ask(site.port, "GET", path, [("Origin", A)], version=version)
        assert reply is not None
        expect(reply, granted(A))
        ends.append(whole(reply, PIECE * PIECES))
    return f"ends it by {ends[0]}; to HTTP/1.0, by {ends[1]}" if ends[0] != ends[1] else f"ends it by {ends[0]}"


@row("A file sent with ``wsgi.file_wrapper``", "The middleware passes the server's own wrapper back to the server.")
def file(site: Site) -> str:
    reply = site.ask("GET", "/file", A)
    expect(reply, granted(A))
    end = whole(reply, (site.home / "page.txt").read_bytes())
    assert reply.end == "length"
    wrapper = "has a wrapper" if reply.all("x-wrapper") == ["yes"] else "has none"
    return f"{wrapper}; ends it by {end}"


@row(
    "An exception before ``start_response``",
    "An allowed origin can read the 500. Others get the server's own 500.",
)
def raised_at_once(site: Site) -> str:
    ours = ask(site.port, "GET", "/raises", [("Origin", A)])
    if site.server.wsgi:
        assert ours is not None
        expect(ours, granted(A), 500)
    return f"to others, {_servers_own(ask(site.port, 'GET', '/raises', [('Origin', STRANGER)]))}"


@row(
    "An exception after ``start_response``",
    "``start_response`` is called again with the exception, as PEP 3333 has it; an allowed origin can read the 500 if "
    "the server sends the headers of this call only.",
)
def raised_after_start(site: Site) -> str:
    reply = ask(site.port, "GET", "/starts", [("Origin", A)])
    others = _servers_own(ask(site.port, "GET", "/starts", [("Origin", STRANGER)]))
    if reply is None or not site.server.wsgi:
        return f"{'no response' if reply is None else _servers_own(reply)}; to others, {others}"
    assert reply.status == 500
    if reply.cors == granted(A):
        return f"the page can read it; to others, {others}"
    assert reply.cors == sorted(2 * granted(A)), reply
    return f"sends the headers of both calls, which no page can read; to others, {others}"


@row(
    "An exception before the first byte of a generator",
    "The server answers it, and never names another origin.",
)
def raised_before_first_byte(site: Site) -> str:
    if not site.server.wsgi:
        return "has no generators"
    return _servers_own(ask(site.port, "GET", "/first", [("Origin", A)]))


def _servers_own(reply: Reply | None) -> str:
    """Return what the server answered by itself, in words; no line of a policy is there twice, or for another."""
    if reply is None:
        return "closes the connection without a response"
    assert reply.cors in ([], NOBODY, granted(A)), reply
    policy = {0: "without CORS headers", 1: "without CORS headers", 4: "with the policy's headers"}[len(reply.cors)]
    body = "" if reply.end != "cut" else ", without their body"
    return f"answers {reply.status} {policy}{body}"


@row("An exception after the first byte", "The policy's headers have been sent, each once.")
def raised_after_first_byte(site: Site) -> str:
    outcomes = []
    for name, path in (("without a length", "/later"), ("with one", "/within")):
        reply = site.ask("GET", path, A)
        expect(reply, granted(A))
        assert PIECE.startswith(reply.body[: len(PIECE)])
        outcome = {
            "cut": "cuts it off",
            "close": "closes the connection, which is how it ends any",
            "chunks": "ends it as if it were whole",
        }[reply.end]
        outcomes.append(f"{name}, {outcome}")
    return "; ".join(outcomes)


@row("A client that disconnects during the response", "The body is closed, and the server answers the next request.")
def gone(site: Site) -> str:
    closed = site.home / "made" / "closed"
    closed.unlink(missing_ok=True)
    hang_up = struct.pack("ii", 1, 0)
    with socket.create_connection(("127.0.0.1", site.port), _PATIENCE) as client:
        client.sendall(request("GET", "/endless", [("Origin", A)]))
        assert client.recv(12).startswith(b"HTTP/1.")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hang_up)
    end = time.monotonic() + _PATIENCE
    while not closed.exists():
        assert time.monotonic() < end, "the body was not closed"
        time.sleep(0.01)
    for origin in (B, STRANGER, A, B):
        expect(site.ask("GET", "/", origin), granted(origin) if origin != STRANGER else NOBODY)
    return "closes the body"
