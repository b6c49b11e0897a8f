"""What every WSGI server serves: one view for each thing that servers treat differently, under ``cors.toml``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corswsgi import CORSMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HERE = Path(__file__).parent

TEXT = ("Content-Type", "text/plain; charset=utf-8")
#: What ``/pieces`` and others consist of.
PIECE = b"0123456789abcde\n" * 64
PIECES = 3
#: No machine sends that many unnoticed.
ENDLESS = 4096
ETAG = ("ETag", '"1"')
#: What a policy replaces, or merges.
OWN = [
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("Vary", "Accept"),
    ("Access-Control-Allow-Origin", "https://evil.example"),
    ("Vary", "Cookie"),
    ("Access-Control-Allow-Origin", "*"),
]
#: 64 KiB of response headers.
WIDE = [(f"X-Wide-{number}", "w" * 1000) for number in range(64)]


class Failure(Exception):
    """What the application raises."""


def pid() -> tuple[str, str]:
    return "X-Pid", str(os.getpid())  # asked for again: the process may have been forked since


def told(environ: WSGIEnvironment) -> bytes:
    """Return what the application sees of a request."""
    seen = {
        "method": environ["REQUEST_METHOD"],
        "path": environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
        "headers": {name: value for name, value in environ.items() if name.startswith("HTTP_") and len(value) < 1000},
        "size": sum(len(str(value)) for name, value in environ.items() if name.startswith("HTTP_")),
        "read": len(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))),
    }
    return json.dumps(seen).encode()


def see(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = told(environ)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body))), pid()])
    return [body] if environ["REQUEST_METHOD"] != "HEAD" else []


def repeat(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", "2"), *OWN])
    return [b"OK"]


def widen(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", "2"), *WIDE])
    return [b"OK"]


def unchanged(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("304 Not Modified", [ETAG])
    return []


def in_pieces(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [TEXT])
    for _ in range(PIECES):
        yield PIECE


def written(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    write = start_response("200 OK", [TEXT])
    for _ in range(PIECES - 1):
        write(PIECE)
    return [PIECE]


def as_file(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    path = HERE / "page.txt"
    wrapper: Any = environ.get("wsgi.file_wrapper")
    start_response(
        "200 OK", [TEXT, ("Content-Length", str(path.stat().st_size)), ("X-Wrapper", "yes" if wrapper else "no")]
    )
    file = path.open("rb")
    if wrapper is not None:
        return wrapper(file, 8192)  # type: ignore[no-any-return]  # each server has a class of its own
    return iter(lambda: file.read(8192), b"")


def raise_at_once(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise Failure("before start_response")


def raise_after_start(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", "2")])
    raise Failure("after start_response")


def raise_before_first_byte(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", str(len(PIECE)))])
    if environ:
        raise Failure("before the first byte")
    yield PIECE


def raise_after_first_byte(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [TEXT])
    yield PIECE
    raise Failure("after the first byte")


def raise_within_length(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [TEXT, ("Content-Length", str(2 * len(PIECE)))])
    yield PIECE
    raise Failure("after the first byte")


class Endless:
    """A body that leaves a file behind when the server closes it."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(ENDLESS):
            yield PIECE * 64

    def close(self) -> None:
        (HERE / "made" / "closed").touch()


def never_end(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [TEXT])
    return Endless()


View = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]

VIEWS: dict[str, View] = {
    "/repeated": repeat,
    "/wide": widen,
    "/unchanged": unchanged,
    "/pieces": in_pieces,
    "/written": written,
    "/file": as_file,
    "/raises": raise_at_once,
    "/starts": raise_after_start,
    "/first": raise_before_first_byte,
    "/later": raise_after_first_byte,
    "/within": raise_within_length,
    "/endless": never_end,
}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer by path; all other paths tell what the application sees."""
    return VIEWS.get(environ.get("PATH_INFO", ""), see)(environ, start_response)


application = CORSMiddleware.from_file(app, HERE / "cors.toml", reload=True)
