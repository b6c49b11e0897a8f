"""What ``http.server`` serves: the views of ``served.py`` as a handler with the mixin, under the same ``cors.toml``."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import served
from served import ENDLESS, ETAG, OWN, PIECE, PIECES, TEXT, WIDE, Failure

from corswsgi import CORSRequestHandlerMixin
from corswsgi.settings import follow


class Handler(CORSRequestHandlerMixin, BaseHTTPRequestHandler):
    """Answers by path, as ``served.app`` does."""

    protocol_version = "HTTP/1.1"
    cors = follow(served.HERE / "cors.toml")

    def do_GET(self) -> None:
        views = {
            "/repeated": self.repeat,
            "/wide": self.widen,
            "/unchanged": self.unchanged,
            "/pieces": self.in_pieces,
            "/file": self.as_file,
            "/raises": self.raise_at_once,
            "/starts": self.raise_after_start,
            "/later": self.raise_after_first_byte,
            "/within": self.raise_within_length,
            "/endless": self.never_end,
        }
        views.get(self.path, self.see)()

    do_HEAD = do_POST = do_PUT = do_OPTIONS = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass

    def begin(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def see(self) -> None:
        lines = {name: ", ".join(self.headers.get_all(name, [])) for name in self.headers}
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {
                f"HTTP_{name.upper().replace('-', '_')}": value for name, value in lines.items() if len(value) < 1000
            },
            "size": len(str(self.headers)),
            "read": len(self.rfile.read(int(self.headers.get("Content-Length", 0)))),
        }
        body = json.dumps(seen).encode()
        self.begin(200, ("Content-Type", "application/json"), ("Content-Length", str(len(body))), served.pid())
        if self.command != "HEAD":
            self.wfile.write(body)

    def repeat(self) -> None:
        self.begin(200, TEXT, ("Content-Length", "2"), *OWN)
        self.wfile.write(b"OK")

    def widen(self) -> None:
        self.begin(200, TEXT, ("Content-Length", "2"), *WIDE)
        self.wfile.write(b"OK")

    def unchanged(self) -> None:
        self.begin(304, ETAG)

    def chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%X\r\n%s\r\n" % (len(piece), piece))

    def in_pieces(self) -> None:
        if self.request_version == "HTTP/1.0":
            self.begin(200, TEXT)
            self.wfile.write(PIECE * PIECES)
            self.close_connection = True
            return
        self.begin(200, TEXT, ("Transfer-Encoding", "chunked"))
        for _ in range(PIECES):
            self.chunk(PIECE)
        self.chunk(b"")

    def as_file(self) -> None:
        content = (served.HERE / "page.txt").read_bytes()
        self.begin(200, TEXT, ("Content-Length", str(len(content))), ("X-Wrapper", "no"))
        self.wfile.write(content)

    def raise_at_once(self) -> None:
        raise Failure("before the status")

    def raise_after_start(self) -> None:
        self.send_response(200)
        raise Failure("before end_headers")

    def raise_after_first_byte(self) -> None:
        self.begin(200, TEXT, ("Transfer-Encoding", "chunked"))
        self.chunk(PIECE)
        raise Failure("after the first byte")

    def raise_within_length(self) -> None:
        self.begin(200, TEXT, ("Content-Length", str(2 * len(PIECE))))
        self.wfile.write(PIECE)
        raise Failure("after the first byte")

    def never_end(self) -> None:
        self.begin(200, TEXT, ("Transfer-Encoding", "chunked"))
        try:
            for _ in range(ENDLESS):
                self.chunk(PIECE * 64)
        finally:
            (served.HERE / "made" / "closed").touch()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
