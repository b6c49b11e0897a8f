"""Rows about requests: what servers make of lines, names, sizes and paths before the application sees them."""

from __future__ import annotations

from serving.rows import (
    NOBODY,
    STRANGER,
    A,
    B,
    due,
    expect,
    granted,
    granted_preflight,
    judged,
    literal,
    row,
    seen,
)
from serving.servers import Site
from serving.wire import Connection, Reply, ask_raw, request

PUT = ("Access-Control-Request-Method", "PUT")

#: The lines of every response under ``/any``.
ANYBODY = [("access-control-allow-origin", "*"), ("access-control-expose-headers", "X-Pid")]

#: Seconds that a server gets to say 100 Continue.
_INTERIM = 1.0


@row("``Origin`` twice", "Two lines are never an allowed origin, unless the server hands over only one of them.")
def origin_twice(site: Site) -> str:
    data = request("GET", "/", [("Origin", A), ("Origin", STRANGER)])
    return judged(ask_raw(site.port, data))


@row("``Access-Control-Request-Headers`` twice", "The requested names are echoed, in one line.")
def requested_headers_twice(site: Site) -> str:
    names = ("x-one", "x-two")
    more = [("Access-Control-Request-Headers", name) for name in names]
    reply = site.ask("OPTIONS", "/echo", A, PUT, *more)
    (echoed,) = reply.all("access-control-allow-headers")
    expect(reply, granted_preflight(A, access_control_allow_headers=echoed), 204)
    kept = [name for name in names if name in echoed.split(",")]
    assert kept, echoed
    return "joins them" if len(kept) == 2 else f"keeps the {'first' if kept == ['x-one'] else 'last'} only"


@row("A folded ``Origin``", "A value on two lines is never an allowed origin.")
def folded_origin(site: Site) -> str:
    data = request("GET", "/", [("Origin", f"{A}\r\n .evil.example")])
    return judged(ask_raw(site.port, data))


@row("A folded header next to ``Origin``", "The allowed origin may read the response of the application.")
def folded_header(site: Site) -> str:
    data = request("GET", "/", [("Origin", A), ("X-Folded", "one\r\n two")])
    reply = ask_raw(site.port, data)
    outcome = judged(reply)
    if reply is None or reply.status != 200:
        return outcome
    expect(reply, granted(A))
    value = seen(reply)["headers"].get("HTTP_X_FOLDED")
    return f"hands over {literal(value)}" if value else "drops it"


@row("White space before the colon: ``Origin :``", "It is refused, or handed over unchanged.")
def space_before_colon(site: Site) -> str:
    data = request("GET", "/").replace(b"\r\n\r\n", f"\r\nOrigin : {A}\r\n\r\n".encode())
    return judged(ask_raw(site.port, data))


@row("``ORIGIN`` in capitals", "Header names are case-insensitive.")
def origin_in_capitals(site: Site) -> str:
    reply = site.ask("GET", "/", None, ("ORIGIN", A))
    expect(reply, granted(A))
    return judged(reply)


@row(
    "``Access_Control_Request_Method``, with underscores",
    "The request is a preflight only if the server treats it as ``Access-Control-Request-Method``.",
)
def underscores(site: Site) -> str:
    data = request("OPTIONS", "/", [("Origin", A), ("Access_Control_Request_Method", "PUT")])
    reply = ask_raw(site.port, data, "OPTIONS")
    if reply is not None and reply.status == 204:
        expect(reply, granted_preflight(A), 204)
        return "takes it for that"
    outcome = judged(reply)
    return "tells them apart" if reply is not None and reply.status == 200 else outcome


@row("An empty ``Origin``", "It is never an allowed origin.")
def empty_origin(site: Site) -> str:
    reply = site.ask("GET", "/", "")
    expect(reply, NOBODY)
    return "hands over an empty one" if "HTTP_ORIGIN" in seen(reply)["headers"] else "drops it"


@row("Bytes beyond ASCII, a tab and a NUL in ``Origin``", "It is never an allowed origin, and never sent back.")
def strange_bytes(site: Site) -> str:
    outcomes = []
    for name, odd in (("0xE9", "\xe9"), ("tab", "\t"), ("NUL", "\0")):
        reply = ask_raw(site.port, request("GET", "/", [("Origin", f"{A}{odd}x")]))
        outcome = judged(reply)
        if reply is not None:
            assert reply.cors in ([], NOBODY), reply
            if reply.status == 200:
                value = seen(reply)["headers"].get("HTTP_ORIGIN")
                outcome = "handed over" if value == f"{A}{odd}x" else f"handed over as {literal(str(value))}"
        outcomes.append(f"{name}: {outcome}")
    return "; ".join(outcomes)


@row("Methods in lower case: ``get``, ``options``", "It is a preflight only if the application gets it as ``OPTIONS``.")
def lower_case(site: Site) -> str:
    outcomes = []
    for method in ("get", "options"):
        reply = ask_raw(site.port, request(method, "/", [("Origin", A), PUT]), method)
        if reply is None:
            outcome = "no response"
        elif reply.status == 200:
            expect(reply, granted(A))
            outcome = f"hands over ``{seen(reply)['method']}``"
        elif reply.status == 204:
            expect(reply, granted_preflight(A), 204)
            outcome = "hands over ``OPTIONS``"
        else:
            assert reply.cors in ([], granted(A)), reply
            outcome = f"answers {reply.status}"
        outcomes.append(outcome)
    return outcomes[0] if outcomes[0] == outcomes[1] else "; ".join(outcomes)


@row(
    "Paths that can be read in two ways",
    "The path that the application gets decides. If it is still ambiguous, it is closed.",
)
def unclear_paths(site: Site) -> str:
    """``/any`` is open to all, ``/`` to two origins."""
    outcomes = []
    for target in ("/x/../any", "/x/%2e%2e/any", "//any", "/x//any", "/x%2Fany"):
        reply = ask_raw(site.port, request("GET", target, [("Origin", STRANGER)]))
        if reply is None or reply.status not in (200, 403):
            assert reply is None or reply.cors in ([], NOBODY), reply
            outcome = "no response" if reply is None else str(reply.status)
        elif reply.status == 403:
            expect(reply, NOBODY, 403)
            outcome = "as it is"
        else:
            path = seen(reply)["path"]
            expect(reply, ANYBODY if path == "/any" else NOBODY)
            outcome = f"as ``{path}``" if path != target else "as it is"
        outcomes.append(f"``{target}`` {outcome}")
    return "; ".join(outcomes)


@row("64 KiB of request headers", "If it reaches the application, it is answered like any other request.")
def large_requests(site: Site) -> str:
    outcomes = []
    many = [(f"X-Wide-{number}", "w" * 1000) for number in range(64)]
    for name, headers in (("in one line", [("X-Wide", "w" * 65536)]), ("in 64 lines", many)):
        reply = ask_raw(site.port, request("GET", "/", [*headers, ("Origin", A)]))
        if reply is not None and reply.status == 200:
            expect(reply, granted(A))
            assert seen(reply)["size"] > 64000
            outcome = "served"
        else:
            assert reply is None or reply.cors in ([], NOBODY), reply
            outcome = "connection closed without a response" if reply is None else f"{reply.status}"
        outcomes.append(f"{name}: {outcome}")
    return "; ".join(outcomes)


@row("An invalid request line", "The server refuses it, and no origin is allowed anything.")
def no_request(site: Site) -> str:
    reply = ask_raw(site.port, b"nonsense\r\n\r\n")
    return judged(reply)


@row("HTTP/1.0, without ``Host``", "It is answered like HTTP/1.1. ``enforce`` refuses strangers here too.")
def http_1_0(site: Site) -> str:
    for path, origin, status in (
        ("/", A, 200),
        ("/", STRANGER, 200),
        ("/enforced", A, 200),
        ("/enforced", STRANGER, 403),
    ):
        reply = ask_raw(site.port, request("GET", path, [("Origin", origin)], version="1.0", host=None))
        assert reply is not None
        expect(reply, due(origin), status)
    preflight = ask_raw(site.port, request("OPTIONS", "/", [("Origin", B), PUT], version="1.0", host=None), "OPTIONS")
    assert preflight is not None
    expect(preflight, granted_preflight(B), 204)
    return f"answers in {preflight.version}"


@row(
    "``Expect: 100-continue``",
    "100 Continue has none of our headers, the response has them all; what ``enforce`` refuses is refused.",
)
def expectation(site: Site) -> str:
    outcomes = []
    for path, origin, status in (("/", A, 200), ("/enforced", STRANGER, 403)):
        with Connection(site.port) as connection:
            headers = [("Origin", origin), ("Expect", "100-continue"), ("Content-Length", "5")]
            connection.send(request("POST", path, headers))
            if not connection.wait(_INTERIM):
                outcomes.append("says nothing")
                connection.send(b"hello")
                reply = connection.reply()
            else:
                reply = _after_continue(connection)
                outcomes.append("says 100" if reply is not None and reply.interim else "answers without 100")
        assert reply is not None
        expect(reply, due(origin), status)
        assert [interim.cors for interim in reply.interim] in ([], [[]])
        if status == 200:
            assert seen(reply)["read"] == 5
    return f"to a request that the application reads, {outcomes[0]}; to one that is refused, {outcomes[1]}"


def _after_continue(connection: Connection) -> Reply | None:
    connection.send(b"hello")
    return connection.reply()


@row("A preflight with a body", "No response is for an origin in the body.")
def preflight_with_body(site: Site) -> str:
    body = request("GET", "/", [("Origin", STRANGER), ("X-Smuggled", "yes")])
    chunked = [("Transfer-Encoding", "chunked")]
    whole = request("OPTIONS", "/", [("Origin", A), PUT], body)
    in_chunks = request("OPTIONS", "/", [("Origin", A), PUT, *chunked]) + b"%X\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    outcomes = [_goes_on(site, data) for data in (whole, in_chunks)]
    return outcomes[0] if outcomes[0] == outcomes[1] else f"{outcomes[0]}; in chunks, {outcomes[1]}"


def _goes_on(site: Site, data: bytes) -> str:
    """Send a preflight, and then the request of another origin; return whether the connection serves both."""
    with Connection(site.port) as connection:
        connection.send(data)
        first = connection.reply("OPTIONS")
        if first is not None and first.status != 204:
            return judged(first)
        assert first is not None
        expect(first, granted_preflight(A), 204)
        connection.send(request("GET", "/", [("Origin", B)]))
        second = connection.reply()
    if second is None:
        return "closes the connection"
    if second.status == 400:
        assert second.cors == [], second
        return "takes it for a request, which it refuses"
    expect(second, granted(B))
    assert "HTTP_X_SMUGGLED" not in seen(second)["headers"]
    return "reads the body, and goes on"


@row("One connection, many origins", "Each response is for the origin of its own request.")
def alternating_origins(site: Site) -> str:
    connections = 1
    connection = Connection(site.port)
    try:
        for origin in (A, B, STRANGER, None, A, "preflight", STRANGER, None, B, A) * 3:
            while True:
                if origin == "preflight":
                    method, lines, status = "OPTIONS", granted_preflight(B), 204
                    connection.send(request("OPTIONS", "/", [("Origin", B), PUT]))
                else:
                    method, lines, status = "GET", due(origin), 200
                    connection.send(request("GET", "/", [("Origin", origin)] if origin else []))
                reply = connection.reply(method)
                if reply is not None:
                    break
                connection.close()
                connection = Connection(site.port)
                connections += 1
            expect(reply, lines, status)
    finally:
        connection.close()
    if connections == 1:
        return "keeps it open"
    return "closes it after each response" if connections == 30 else f"closes it {connections - 1} times in 30"


@row("Four requests at once on one connection", "Responses come in order, each for its own origin.")
def pipelined(site: Site) -> str:
    asked = [A, STRANGER, B, None]
    with Connection(site.port) as connection:
        connection.send(b"".join(request("GET", "/", [("Origin", origin)] if origin else []) for origin in asked))
        answered = 0
        for origin in asked:
            reply = connection.reply()
            if reply is None:
                break
            expect(reply, due(origin))
            answered += 1
    assert answered
    return "answers all" if answered == len(asked) else f"answers {answered}, and closes the connection"
