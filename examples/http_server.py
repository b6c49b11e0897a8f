"""The server of every ``http.server`` tutorial, with CORS: ``python examples/http_server.py [PORT]``; Ctrl-C stops it.

A page of any origin may GET and POST JSON here, and send the header ``x-api-key``.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn

from corswsgi import CORSRequestHandlerMixin, Policy

MAX_BODY = 1024 * 1024  # bytes
MAX_SECONDS = 60  # for one request, from the first byte to the last


class Refused(Exception):
    """A request that is not answered: a status, and a sentence for the client."""


class Handler(CORSRequestHandlerMixin, BaseHTTPRequestHandler):
    # All of CORS is here: preflights are answered before a do_ method is chosen, and every response gets its headers.
    cors = Policy(
        allow_origins="*",
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["x-api-key", "Content-Type"],
    )

    timeout = 10  # seconds of silence, after which the library closes the connection

    def do_GET(self) -> None:
        self.send_json(HTTPStatus.OK, {"status": "OK"})

    def do_POST(self) -> None:
        try:
            self.read_json()  # what your program is about goes here
        except Refused as refused:
            self.send_error(*refused.args)
        else:
            self.send_json(HTTPStatus.OK, {"status": "OK"})

    def read_json(self) -> Any:
        """Return what the body says, or raise Refused."""
        lengths = self.headers.get_all("Content-Length", [])
        if not lengths or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "The body needs a Content-Length")
        # Not int() alone, which takes "+5" and "1_0" as well; and not one of two lengths, where a proxy took the other.
        digits = lengths[0].strip(" \t")
        if len(lengths) > 1 or not re.fullmatch("[0-9]+", digits):
            raise Refused(HTTPStatus.BAD_REQUEST, "Content-Length is not one number")
        digits = digits.lstrip("0") or "0"
        if len(digits) > len(str(MAX_BODY)) or int(digits) > MAX_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is longer than {MAX_BODY} bytes")
        # Never read() without a length: it would wait for the client to close the connection.
        try:
            body = self.rfile.read(int(digits))
        except TimeoutError:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT, "The body is shorter than its Content-Length") from None
        if len(body) < int(digits):
            raise Refused(HTTPStatus.BAD_REQUEST, "The body is shorter than its Content-Length")
        try:
            return json.loads(body.decode(), parse_constant=refuse_constant)
        except (ValueError, RecursionError):  # not UTF-8 is a ValueError too; a thousand brackets are a RecursionError
            raise Refused(HTTPStatus.BAD_REQUEST, "The body is not JSON") from None

    def send_json(self, status: int, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer in JSON, also where the library finds the error: 501 for a method without a ``do_`` method."""
        self.send_json(code, {"error": message or HTTPStatus(code).phrase})


class Server(ThreadingHTTPServer):
    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # A client that sends one byte now and then is never silent. From here on it has sent its last.
        timer = threading.Timer(MAX_SECONDS, shut_down, [request, socket.SHUT_RD])
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()

    def shutdown_request(self, request: Any) -> None:
        # A connection ends after one response, so that a body that was left unread is not taken for the next request.
        # Closed while the client still sends, it would be reset, and the response lost with it (rfc9112#section-9.6).
        shut_down(request, socket.SHUT_WR)
        with suppress(OSError):
            for _ in range(1024):
                if not request.recv(64 * 1024):
                    break
        self.close_request(request)


def shut_down(connection: socket.socket, how: int) -> None:
    with suppress(OSError):  # the client was faster
        connection.shutdown(how)


def refuse_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity; JSON has neither (rfc8259#section-6).
    raise ValueError(name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Answer GET and POST with JSON, to pages of any origin.")
    parser.add_argument("port", nargs="?", type=int, default=8000, help="default: %(default)s; 0 takes a free one")
    port = parser.parse_args().port
    print("Starting server", flush=True)
    try:
        server = Server(("127.0.0.1", port), Handler)
    except (OSError, OverflowError) as error:
        parser.exit(2, f"Cannot listen on port {port}: {error}\n")
    with server, suppress(KeyboardInterrupt):
        print(f"Hosting server on port {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
