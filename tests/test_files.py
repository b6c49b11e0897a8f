"""FileRequestHandler: whole files and ranges of them, byte for byte, with a policy and without."""

from __future__ import annotations

import os
import queue
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import machine
import pytest
from engines.opening import ENGINES
from front_ends import Pairs, Quiet, Reply, exchange, replies

from corswsgi import CORSRequestHandler, Policy
from corswsgi.files import FileRequestHandler

APP = "https://app.example.com"
CONTENT = b"0123456789"
MODIFIED = 1_000_000_000
DATE = formatdate(MODIFIED, usegmt=True)
EARLIER, LATER = (formatdate(MODIFIED + seconds, usegmt=True) for seconds in (-1, 1))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "bare").mkdir()
    for name, content in [("digits.txt", CONTENT), ("empty.txt", b""), ("folder/index.html", CONTENT)]:
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, (MODIFIED, MODIFIED + 0.75))
    return tmp_path


@contextmanager
def listening(handler: Any, server_class: type[ThreadingHTTPServer] = ThreadingHTTPServer) -> Iterator[int]:
    with server_class(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


class Files(Quiet, FileRequestHandler):
    protocol_version = "HTTP/1.1"


class GovernedFiles(Quiet, CORSRequestHandler):
    cors = Policy(APP)
    protocol_version = "HTTP/1.1"


def message(method: str, path: str, headers: Pairs) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def ask(site: Path, path: str, headers: Pairs = (), method: str = "GET", handler: Any = Files) -> Reply:
    (reply,) = replies(exchange(partial(handler, directory=str(site)), message(method, path, headers)), [method])
    return reply


def told(reply: Reply) -> tuple[int, bytes, str | None]:
    """Return the status, the body, and what ``Content-Range`` says; the length must be right."""
    assert reply.all("Content-Length") == [str(len(reply.body))]
    (ranges,) = reply.all("Content-Range") or [None]
    return reply.status, reply.body, ranges


WHOLE = (200, CONTENT, None)
UNSATISFIABLE = (416, b"", "bytes */10")

#: What a value of Range gets, of ten bytes.
RANGES = [
    ("bytes=0-", (206, CONTENT, "bytes 0-9/10")),
    ("bytes=0-0", (206, b"0", "bytes 0-0/10")),
    ("bytes=2-4", (206, b"234", "bytes 2-4/10")),
    ("bytes=9-", (206, b"9", "bytes 9-9/10")),
    ("bytes=7-99", (206, b"789", "bytes 7-9/10")),
    (f"bytes=7-{'9' * 30}", (206, b"789", "bytes 7-9/10")),
    ("bytes=-3", (206, b"789", "bytes 7-9/10")),
    ("bytes=-10", (206, CONTENT, "bytes 0-9/10")),
    ("bytes=-11", (206, CONTENT, "bytes 0-9/10")),
    ("BYTES=2-4", (206, b"234", "bytes 2-4/10")),
    ("bytes=002-004", (206, b"234", "bytes 2-4/10")),
    (" bytes=2-4\t", (206, b"234", "bytes 2-4/10")),
    ("bytes=10-", UNSATISFIABLE),
    ("bytes=10-12", UNSATISFIABLE),
    (f"bytes={'9' * 99}-", UNSATISFIABLE),
    ("bytes=-0", UNSATISFIABLE),
    # Malformed, or not one range of bytes: ignored.
    ("", WHOLE),
    ("bytes", WHOLE),
    ("bytes=", WHOLE),
    ("bytes=-", WHOLE),
    ("bytes=4-2", WHOLE),
    ("bytes=2", WHOLE),
    ("bytes=2-4-6", WHOLE),
    ("bytes=+2-4", WHOLE),
    ("bytes=2 - 4", WHOLE),
    ("bytes=x-4", WHOLE),
    ("bytes=\xb2-", WHOLE),
    ("bytes:2-4", WHOLE),
    ("bytes=0-1,4-5", WHOLE),
    ("lines=2-4", WHOLE),
    ("2-4", WHOLE),
    (f"bytes={'9' * 5000}-", WHOLE),
    (f"bytes=-{'9' * 5000}", WHOLE),
]


@pytest.mark.parametrize(("value", "expected"), RANGES)
@pytest.mark.parametrize("path", ["/digits.txt", "/folder/"])
def test_a_range_gets_its_bytes(site: Path, path: str, value: str, expected: Any) -> None:
    reply = ask(site, path, [("Range", value)])
    assert told(reply) == expected
    assert reply.all("Accept-Ranges") == ["bytes"]
    is_file = expected != UNSATISFIABLE
    assert reply.all("Last-Modified") == ([DATE] if is_file else [])
    kind = "text/html" if path == "/folder/" else "text/plain"
    assert reply.all("Content-Type") == ([kind] if is_file else [])


TWO_TO_FOUR = (206, b"234", "bytes 2-4/10")
PART = ("Range", "bytes=2-4")


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/digits.txt", [], WHOLE),
        ("/digits.txt?t=1#x", [PART], TWO_TO_FOUR),
        ("/folder/", [], WHOLE),
        # rfc9110#section-13.1.5: the range is for the file whose date this is, and for no other.
        ("/digits.txt", [PART, ("If-Range", DATE)], TWO_TO_FOUR),
        ("/digits.txt", [PART, ("If-Range", EARLIER)], WHOLE),
        ("/digits.txt", [PART, ("If-Range", LATER)], WHOLE),
        ("/digits.txt", [PART, ("If-Range", '"etag"')], WHOLE),
        ("/digits.txt", [PART, ("If-Range", f'W/"{DATE}"')], WHOLE),
        ("/digits.txt", [PART, ("If-Range", "")], WHOLE),
        ("/digits.txt", [("Range", "bytes=10-"), ("If-Range", EARLIER)], WHOLE),
        ("/digits.txt", [("If-Range", DATE)], WHOLE),
        # rfc9110#section-14.2: two lines are a list, and a list is several ranges.
        ("/digits.txt", [PART, ("Range", "bytes=5-6")], WHOLE),
        # An empty file has no bytes to choose from.
        ("/empty.txt", [], (200, b"", None)),
        ("/empty.txt", [("Range", "bytes=0-")], (200, b"", None)),
        ("/empty.txt", [("Range", "bytes=-1")], (200, b"", None)),
    ],
)
def test_which_files_and_conditions_give_a_range(site: Path, path: str, headers: Pairs, expected: Any) -> None:
    reply = ask(site, path, headers)
    assert told(reply) == expected
    assert reply.all("Accept-Ranges") == ["bytes"]


@pytest.mark.parametrize(
    ("ranges", "otherwise"),
    [
        ([], WHOLE),
        ([PART], TWO_TO_FOUR),
        ([PART, ("If-Range", DATE)], TWO_TO_FOUR),
        ([("Range", "bytes=10-")], UNSATISFIABLE),
    ],
)
@pytest.mark.parametrize(
    ("headers", "has_it"),
    [
        ([("If-Modified-Since", DATE)], True),
        ([("If-Modified-Since", LATER)], True),
        ([("If-Modified-Since", EARLIER)], False),
        ([("If-Modified-Since", "yesterday")], False),
        ([("If-Modified-Since", "Sun, 09 Sep 99999 01:46:40 GMT")], False),
        ([("If-Modified-Since", "")], False),
        ([("If-Modified-Since", LATER), ("If-None-Match", '"etag"')], False),
    ],
)
def test_what_the_client_has_is_not_sent_again(
    site: Path, ranges: list[tuple[str, str]], otherwise: Any, headers: list[tuple[str, str]], has_it: bool
) -> None:
    reply = ask(site, "/digits.txt", [*ranges, *headers])
    if has_it:
        assert (reply.status, reply.body, reply.all("Content-Length")) == (304, b"", [])
    else:
        assert told(reply) == otherwise


@pytest.mark.parametrize(("second", "status"), [(39, 200), (40, 304)])
def test_a_date_without_a_zone_is_in_utc(site: Path, second: int, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("TZ", "EST5")
            time.tzset()
            reply = ask(site, "/digits.txt", [("If-Modified-Since", f"Sun Sep  9 01:46:{second} 2001")])
    finally:
        time.tzset()
    assert reply.status == status


@pytest.mark.parametrize("headers", [[], [PART], [("Range", "bytes=10-")]])
def test_to_head_a_range_means_nothing(site: Path, headers: Pairs) -> None:
    reply = ask(site, "/digits.txt", headers, "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert (reply.all("Content-Length"), reply.all("Accept-Ranges")) == (["10"], ["bytes"])
    assert reply.all("Content-Range") == []


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/folder", 301, ["/folder/"]),
        ("/bare/", 200, []),
        ("/absent", 404, []),
        ("/digits.txt/", 404, []),
        ("/%00", 404, []),
        ("/%ed%a0%80", 404, []),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_no_file_has_no_ranges(site: Path, method: str, path: str, status: int, location: list[str]) -> None:
    reply = ask(site, path, [PART], method)
    assert (reply.status, reply.all("Location"), reply.all("Accept-Ranges")) == (status, location, [])


def test_the_names_of_an_index_are_those_of_the_class(site: Path) -> None:
    (site / "bare" / "start.txt").write_bytes(CONTENT)

    class Own(Files):
        index_pages = ("start.txt",)

    assert told(ask(site, "/bare/", [PART], handler=Own)) == TWO_TO_FOUR


@pytest.mark.parametrize(
    ("headers", "status"),
    [([], 200), ([PART], 206), ([("Range", "bytes=10-")], 416), ([("If-Modified-Since", DATE)], 304)],
)
def test_a_policy_and_headers_of_ones_own_are_on_all_of_them(site: Path, headers: Pairs, status: int) -> None:
    class Isolated(GovernedFiles):
        extra_headers = (("Cross-Origin-Opener-Policy", "same-origin"), ("Link", "<a>"), ("Link", "<b>"))

    reply = ask(site, "/digits.txt", [("Origin", APP), *headers], handler=Isolated)
    assert (reply.status, reply.all("Access-Control-Allow-Origin")) == (status, [APP])
    assert (reply.all("Cross-Origin-Opener-Policy"), reply.all("Link")) == (["same-origin"], ["<a>", "<b>"])


def test_an_interim_response_has_no_headers_of_ones_own(site: Path) -> None:
    class Isolated(Files):
        extra_headers = (("X-One", "1"),)

    asked = message("GET", "/digits.txt", [("Expect", "100-continue")])
    interim, final = exchange(partial(Isolated, directory=str(site)), asked).split(b"\r\n\r\n", 1)
    assert interim == b"HTTP/1.1 100 Continue"
    assert b"X-One: 1" in final


def test_requests_on_one_connection_do_not_mix(site: Path) -> None:
    asked = [[PART], [], [("Range", "bytes=10-")], [("If-Modified-Since", DATE)], [("Range", "bytes=-1")]]
    received = b"".join(message("GET", "/digits.txt", headers) for headers in asked)
    got = replies(exchange(partial(Files, directory=str(site)), received), ["GET"] * len(asked))
    assert [(reply.status, reply.body) for reply in got] == [
        (206, b"234"),
        (200, CONTENT),
        (416, b""),
        (304, b""),
        (206, b"9"),
    ]


# Files that change while they are sent


def after_the_head(site: Path, content: bytes, logged: list[str]) -> type[FileRequestHandler]:
    """Return a handler under which the file has another content as soon as its headers are sent."""

    class Changing(FileRequestHandler):
        protocol_version = "HTTP/1.1"

        def end_headers(self) -> None:
            super().end_headers()
            (site / "digits.txt").write_bytes(content)

        def log_error(self, format: str, *args: Any) -> None:
            logged.append(format % args)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Changing


@pytest.mark.parametrize(
    ("headers", "content", "body", "is_cut"),
    [
        ([], b"abc", b"abc", True),
        ([PART], b"abc", b"c", True),
        ([PART], b"", b"", True),
        ([PART], b"abcde", b"cde", False),
        ([], b"abcdefghij and more", b"abcdefghij", False),
        ([PART], b"abcdefghij and more", b"cde", False),
    ],
)
def test_a_file_that_changes_is_never_longer_than_was_said_and_ends_the_connection_if_shorter(
    site: Path, headers: Pairs, content: bytes, body: bytes, is_cut: bool
) -> None:
    logged: list[str] = []
    handler = partial(after_the_head(site, content, logged), directory=str(site))
    sent = exchange(handler, message("GET", "/digits.txt", headers) + message("HEAD", "/empty.txt", []))
    head, _, rest = sent.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % (3 if headers else 10) in head
    assert rest.startswith(body)
    assert (rest == body) == is_cut, "another answer on a connection whose last one was cut would be read as its rest"
    assert logged == (["/digits.txt became shorter while it was sent"] if is_cut else [])


# Clients that are gone


def test_a_client_that_hangs_up_is_no_error(site: Path) -> None:
    size = 64 * 1024 * 1024
    with open(site / "video.bin", "wb") as file:
        file.truncate(size)
    faults: list[object] = []
    ended = threading.Event()

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            faults.append(client_address)

        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            ended.set()

    with listening(partial(Files, directory=str(site)), Server) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(message("GET", "/video.bin", [("Range", "bytes=1-")]))
            assert connection.recv(1024).startswith(b"HTTP/1.1 206 ")
            # Close with a reset, as a browser does that has no use for what is still under way.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert ended.wait(10)
    assert faults == []


def test_what_goes_wrong_before_a_file_is_sent_closes_it(site: Path) -> None:
    opened: list[Any] = []

    class Failing(Files):
        def guess_type(self, path: Any) -> str:
            raise LookupError

        def _send_head_of(self, file: Any) -> None:
            opened.append(file)
            super()._send_head_of(file)

    with pytest.raises(LookupError):
        exchange(partial(Failing, directory=str(site)), message("GET", "/digits.txt", []))
    assert [file.closed for file in opened] == [True]


# Browsers

PLAYER = """<!doctype html><title>player</title><audio crossorigin preload="metadata" src="{url}"></audio>
<script>
const audio = document.querySelector("audio");
const tell = what => fetch("/told?" + what);
audio.onerror = () => tell("error=" + audio.error.message);
audio.onloadedmetadata = () => {{ tell("duration=" + audio.duration); audio.currentTime = 1000; }};
audio.onseeked = () => tell("time=" + audio.currentTime);
</script>"""


def silence(seconds: int) -> bytes:
    """Return the header of a WAV file that is all zeros otherwise: 44100 samples of 4 bytes a second."""
    size = seconds * 44100 * 4
    form = (b"WAVE", b"fmt ", 16, 1, 2, 44100, 44100 * 4, 4, 16)
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, *form, b"data", size)


@pytest.mark.once
@pytest.mark.parametrize("name", ["chromium", "firefox"])
def test_browsers_seek_in_a_recording_of_another_origin(site: Path, name: str) -> None:
    engine = ENGINES[name]
    for program in engine.needs:
        machine.find(program)
    seconds = 1200  # far more than a browser loads ahead
    with open(site / "silence.wav", "wb") as file:
        file.write(silence(seconds))
        file.truncate(44 + seconds * 44100 * 4)
    told: queue.Queue[str] = queue.Queue()
    answered: list[tuple[str | None, int]] = []

    class Page(Quiet, FileRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/told?"):
                told.put(self.path.partition("?")[2])
            super().do_GET()

    class Recordings(Quiet, CORSRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            answered.append((self.headers.get("Range"), int(code)))

    with listening(partial(Page, directory=str(site))) as page:
        Recordings.cors = Policy(f"http://127.0.0.1:{page}")
        with listening(partial(Recordings, directory=str(site))) as port:
            (site / "player.html").write_text(PLAYER.format(url=f"http://127.0.0.1:{port}/silence.wav"))
            with engine.opened(f"http://127.0.0.1:{page}/player.html"):
                assert [told.get(timeout=60) for _ in range(2)] == ["duration=1200", "time=1000"]
    assert answered[0] == ("bytes=0-", 206)
    assert any(value not in (None, "bytes=0-") and code == 206 for value, code in answered), answered
