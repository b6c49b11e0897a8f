"""Requests over the network: one clock for a whole exchange, interim responses, and what is not sent."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import requests
import trustme
from misbehaving import HANG, Asked, Server, dripping, says, without_end
from scripted_site import fetch

from corswsgi.browser import Code, NoteCode

pytestmark = [pytest.mark.once, pytest.mark.waiting]

#: A page of this machine, so that browsers ask plain http: servers for it.
PAGE = "http://localhost:3000"

#: Much less than a server drips, and enough for an answer that comes at once on a busy machine.
SECONDS = 0.5

SHARED = b"Access-Control-Allow-Origin: *\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + SHARED
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def certificates() -> tuple[ssl.SSLContext, trustme.CA]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, authority


@pytest.fixture
def session(certificates: tuple[ssl.SSLContext, trustme.CA], tmp_path: Any) -> Iterator[requests.Session]:
    """A session as anyone has one; it knows the certificates of the servers here."""
    certificates[1].cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(tmp_path / "ca.pem")
        yield session


@pytest.fixture(autouse=True)
def soon_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a thread that reads from a silent server end soon after it was given up."""
    monkeypatch.setattr("corswsgi.browser.connections._GRACE", 0.2)


def assert_that_nobody_is_left() -> None:
    """Wait until the threads of all exchanges have ended, for a while."""
    until = time.monotonic() + 10
    while any(thread.name == "corswsgi-exchange" for thread in threading.enumerate()):
        assert time.monotonic() < until, "a thread goes on"
        time.sleep(0.01)


# One clock


#: Responses whose headers do not come in time, though each read brings something.
NO_HEADERS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: HANG,
    "a status line in drops": lambda: dripping(b"HTTP/1.1 200 ", b"O", b"\r\n" + SHARED + EMPTY),
    "a header in drops": lambda: dripping(OK + b"X-A: ", b"a", b"\r\n" + EMPTY),
    "headers in drops": lambda: dripping(OK, b"\r", b"\n" + EMPTY),
    "100 in drops": lambda: dripping(b"", b"HTTP/1.1 100 Continue\r\n", b"\r\n" + OK + EMPTY),
}

#: Responses whose headers come at once, and whose bodies do not end in time: the server's, and what is kept.
NO_END: dict[str, tuple[Callable[[], Any], bytes]] = {
    "a body that hangs": (lambda: stalling(OK + b"Content-Length: 9\r\n\r\nabc"), b"abc"),
    "a body in drops": (lambda: dripping(OK + b"Content-Length: 203\r\n\r\nabc", b"d"), b"abcd"),
    "a body up to the end of the connection": (lambda: dripping(OK + b"\r\nabc", b"d"), b"abcd"),
    "no chunk": (lambda: stalling(CHUNKED), b""),
    "chunks in drops": (lambda: dripping(CHUNKED, b"1\r\na\r\n", b"0\r\n\r\n"), b"a"),
    "the size of a chunk in drops": (lambda: dripping(CHUNKED + b"3\r\nabc\r\n", b"0", b"\r\n\r\n"), b"abc"),
    "an extension in drops": (lambda: dripping(CHUNKED + b"3\r\nabc\r\n0;x=", b"y", b"\r\n\r\n"), b"abc"),
    "trailers in drops": (lambda: dripping(CHUNKED + b"3\r\nabc\r\n0\r\n", b"X-A: 1\r\n", b"\r\n"), b"abc"),
    "a trailer in drops": (lambda: dripping(CHUNKED + b"3\r\nabc\r\n0\r\nX-A: ", b"1", b"\r\n\r\n"), b"abc"),
    "trailers without end": (lambda: without_end(CHUNKED + b"3\r\nabc\r\n0\r\n", b"X-A: 1\r\n" * 1000), b"abc"),
}


#: What is asked over TLS too.
SECURE = ("a header in drops", "a body that hangs", "a trailer in drops", "trailers without end")


def stalling(head: bytes) -> Iterator[bytes]:
    return dripping(head, b"")


def with_and_without_tls(names: Iterable[str]) -> list[tuple[str, bool]]:
    return [(name, is_secure) for name in names for is_secure in ([False, True] if name in SECURE else [False])]


@pytest.mark.parametrize(("name", "is_secure"), with_and_without_tls(NO_HEADERS))
def test_headers_are_waited_for_no_longer_than_said(
    name: str, is_secure: bool, session: requests.Session, certificates: tuple[ssl.SSLContext, trustme.CA]
) -> None:
    with Server(lambda asked: NO_HEADERS[name](), certificates[0] if is_secure else None) as server:
        verdict = fetch(session, server.url, PAGE, timeout=SECONDS)
        assert_that_nobody_is_left()
    assert (verdict.reason.code, verdict.response) == (Code.NO_ANSWER, None)
    assert verdict.exchanges[0].error == "timed out: no answer came within 0.5 s"


@pytest.mark.parametrize(("name", "is_secure"), with_and_without_tls(NO_END))
def test_what_came_of_a_body_before_time_was_up_is_kept(
    name: str, is_secure: bool, session: requests.Session, certificates: tuple[ssl.SSLContext, trustme.CA]
) -> None:
    answer, begins = NO_END[name]
    with Server(lambda asked: answer(), certificates[0] if is_secure else None) as server:
        verdict = fetch(session, server.url, PAGE, timeout=SECONDS)
        assert_that_nobody_is_left()
    assert verdict.allowed
    assert verdict.response is not None
    assert verdict.response.body is not None
    assert verdict.response.body.startswith(begins)
    assert not verdict.response.complete
    (note,) = (note for note in verdict.notes if note.code != NoteCode.LOCAL_NETWORK_ACCESS)
    assert note.code == NoteCode.BODY_BROKEN
    assert note.sentence == "the body broke off: timed out: the rest did not come within 0.5 s"
    assert verdict.exchanges[0].response_body == verdict.response.body


def test_a_tls_handshake_has_the_same_clock(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        verdict = fetch(session, url, PAGE, timeout=SECONDS)
        assert_that_nobody_is_left()
    assert "timed out: no answer came" in verdict.exchanges[0].error


def test_a_server_that_takes_no_body_has_the_same_clock(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        verdict = fetch(session, url, PAGE, method="POST", body=b"x" * 20_000_000, timeout=SECONDS)
        assert_that_nobody_is_left()
    assert "timed out: no answer came" in verdict.exchanges[0].error


def test_the_look_up_of_a_name_has_the_same_clock(session: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def look_up(*args: Any, **options: Any) -> Any:
        over.wait(10)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        verdict = fetch(session, "http://a.example/", "http://b.example", timeout=SECONDS)
    finally:
        over.set()
    assert "timed out: no answer came" in verdict.exchanges[0].error
    assert_that_nobody_is_left()


def test_who_looks_a_name_up_for_too_long_connects_to_nobody(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, look_up = threading.Event(), socket.getaddrinfo

    def look_up_slowly(*args: Any, **options: Any) -> Any:
        over.wait(10)
        return look_up(*args, **options)

    with Server(lambda asked: OK + EMPTY) as server:
        monkeypatch.setattr(socket, "getaddrinfo", look_up_slowly)
        verdict = fetch(session, server.url, PAGE, timeout=SECONDS)
        over.set()
        assert_that_nobody_is_left()
    assert "timed out: no answer came" in verdict.exchanges[0].error
    assert server.asked == []


def test_it_works_in_any_thread(session: requests.Session) -> None:
    verdicts: list[Any] = []
    with Server(lambda asked: NO_END["trailers in drops"][0]()) as server:
        threads = [
            threading.Thread(target=lambda: verdicts.append(fetch(session, server.url, PAGE, timeout=SECONDS)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert [verdict.response.complete for verdict in verdicts] == [False] * 4


# Proxies


def test_a_proxy_has_the_same_clock(session: requests.Session) -> None:
    with Server(lambda asked: NO_HEADERS["a header in drops"]()) as proxy:
        session.proxies = {"http": proxy.url}
        verdict = fetch(session, "http://a.example/x", "http://b.example", timeout=SECONDS)
        assert_that_nobody_is_left()
    assert proxy.asked[0].path == "http://a.example/x"
    assert "timed out: no answer came" in verdict.exchanges[0].error


@pytest.mark.parametrize("answer", ["HTTP/1.1 200 OK\r\nX-A: ", "HTTP/1.1 200 OK\r\n\r\n"])
def test_a_tunnel_through_a_proxy_has_the_same_clock(session: requests.Session, answer: str) -> None:
    """A proxy whose answer to CONNECT drips, and one whose tunnel does."""
    with Server(lambda asked: dripping(answer.encode())) as proxy:
        session.proxies = {"https": proxy.url}
        verdict = fetch(session, "https://a.example/x", "https://b.example", timeout=SECONDS)
        assert_that_nobody_is_left()
    assert (proxy.asked[0].method, proxy.asked[0].path) == ("CONNECT", "a.example:443")
    assert verdict.reason.code == Code.NO_ANSWER


def test_a_proxy_of_the_session_is_asked(session: requests.Session) -> None:
    with Server(lambda asked: says("200 OK", [("Access-Control-Allow-Origin", "*")], b"by proxy")) as proxy:
        session.proxies = {"http": proxy.url.replace("//", "//user:word@")}
        verdict = fetch(session, "http://a.example/x", "http://b.example", timeout=10)
    assert verdict.response is not None
    assert verdict.response.body == b"by proxy"
    assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")


# Interim responses


@pytest.mark.parametrize(
    ("statuses", "is_answer"),
    [
        ([100], True),
        ([102], True),
        ([103], True),
        ([101], True),
        ([199], True),
        ([103, 103, 100, 102, 103], True),
        ([103] * 20, True),
        ([103] * 21, False),
        ([100] * 21, False),
    ],
)
def test_an_interim_response_is_not_the_answer(statuses: list[int], is_answer: bool, session: requests.Session) -> None:
    early = b"".join(b"HTTP/1.1 %d Wait\r\nLink: </x>\r\nX-Early: 1\r\n\r\n" % status for status in statuses)
    with Server(lambda asked: early + OK + b"Content-Length: 2\r\n\r\nOK") as server:
        verdict = fetch(session, server.url, PAGE, timeout=10)
    assert verdict.allowed is is_answer
    if is_answer:
        assert (verdict.response.status, verdict.response.body) == (200, b"OK")
        assert verdict.exchanges[0].response_lines("X-Early") == ()
    else:
        assert "got more than 20 interim responses" in verdict.exchanges[0].error


def test_an_interim_response_alone_is_no_answer(session: requests.Session) -> None:
    with Server(lambda asked: b"HTTP/1.1 103 Early Hints\r\n" + SHARED + b"\r\n") as server:
        verdict = fetch(session, server.url, PAGE, timeout=10)
    assert (verdict.reason.code, verdict.response) == (Code.NO_ANSWER, None)


# Long headers


@pytest.mark.parametrize(("size", "is_answer"), [(60_000, True), (240_000, True), (280_000, False)])
def test_headers_are_as_long_as_browsers_take_them(size: int, is_answer: bool, session: requests.Session) -> None:
    lines = b"X-A: %s\r\n" % (b"a" * 9991) * (size // 10_000)
    with Server(lambda asked: OK + lines + b"\r\n" + b"x" * 300_000) as server:
        verdict = fetch(session, server.url, PAGE, timeout=10)
    assert verdict.allowed is is_answer
    if is_answer:
        assert len(verdict.response.body) == 300_000
    else:
        assert "got more than 262144 bytes of headers" in verdict.exchanges[0].error


def test_folded_lines_are_one(session: requests.Session) -> None:
    folded = b"X-A: a\r\n b \r\n\t\r\n  c\r\nX-B:\r\n d\r\nX-C: e \t \r\n"
    with Server(lambda asked: OK + b"Access-Control-Expose-Headers: *\r\n" + folded + EMPTY) as server:
        response = fetch(session, server.url, PAGE, timeout=10).response
    assert [response.get(name) for name in ("X-A", "X-B", "X-C")] == ["a b  c", "d", "e"]


# What is sent


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("POST", None, "0"),
        ("PUT", None, "0"),
        ("PATCH", None, None),
        ("patch", None, None),
        ("DELETE", None, None),
        ("QUERY", None, None),
        ("GET", None, None),
        ("OPTIONS", None, None),
        ("PATCH", b"ab", "2"),
        ("PATCH", b"", "0"),
    ],
)
def test_who_says_that_there_is_no_body(
    method: str, body: bytes | None, length: str | None, session: requests.Session
) -> None:
    """fetch#concept-http-network-or-cache-fetch: POST and PUT, and any method with an empty body."""
    permitted = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "*")]
    with Server(lambda asked: says("200 OK", permitted)) as server:
        verdict = fetch(session, server.url, PAGE, method=method, body=body, timeout=10)
    assert verdict.allowed
    asked = server.asked[-1]
    assert (asked.method, asked.headers.get("content-length")) == (method, length)
    assert verdict.exchanges[-1].request_lines("Content-Length") == (() if length is None else (length,))


# Sessions and adapters


def test_each_request_has_a_connection_of_its_own(session: requests.Session) -> None:
    """Else a server that closes connections unannounced, or serves one at a time, would look as if it was silent."""
    ports = itertools.count()
    kept = says("200 OK", [("Access-Control-Allow-Origin", "*")]).replace(b"Connection: close\r\n", b"")
    with Server(lambda asked: (next(ports), kept)[1]) as server:
        for _ in range(3):
            assert fetch(session, server.url, PAGE, timeout=10).allowed
    assert next(ports) == 3


@pytest.mark.parametrize("name", ["localhost", "app.localhost", "a.b.localhost"])
def test_names_below_localhost_are_this_machine_whatever_a_resolver_says(
    name: str, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    look_up = socket.getaddrinfo

    def only_localhost(host: str, *args: Any, **options: Any) -> Any:
        looked_up.append(host)
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", only_localhost)
    asked: list[str] = []

    def answer(got: Asked) -> bytes:
        asked.append(got.headers["host"])
        return says("200 OK", [("Access-Control-Allow-Origin", "*")])

    with Server(answer) as server:
        port = server.url.rstrip("/").rpartition(":")[2]
        assert fetch(session, f"http://{name}:{port}/", PAGE, timeout=10).allowed
    assert not [host for host in looked_up if host.endswith(".localhost")]
    assert asked == [f"{name}:{port}"]


def test_the_adapters_of_a_session_are_asked_and_left_as_they_are() -> None:
    class Adapter(requests.adapters.HTTPAdapter):
        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__(pool_block=True)

        def send(self, request: Any, *args: Any, **options: Any) -> Any:
            request.headers["X-Adapter"] = self.name
            return super().send(request, *args, **options)

    with Server(lambda asked: OK + EMPTY) as server, requests.Session() as session:
        session.trust_env = False
        session.mount(server.url, Adapter("mine"))
        before = {name: vars(adapter).copy() for name, adapter in session.adapters.items()}
        for _ in range(2):
            assert fetch(session, server.url, PAGE, timeout=10).allowed
        assert before == {name: vars(adapter) for name, adapter in session.adapters.items()}
    assert [asked.headers["x-adapter"] for asked in server.asked] == ["mine", "mine"]


def test_the_tls_settings_of_an_adapter_hold(
    certificates: tuple[ssl.SSLContext, trustme.CA], session: requests.Session, tmp_path: Any
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    session.verify = str(tmp_path / "other.pem")
    context = ssl.create_default_context()
    certificates[1].configure_trust(context)

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options, ssl_context=context)

    with Server(lambda asked: OK + EMPTY, certificates[0]) as server:
        assert "CERTIFICATE_VERIFY_FAILED" in fetch(session, server.url, PAGE, timeout=10).exchanges[0].error
        session.mount("https://", Adapter())
        assert fetch(session, server.url, PAGE, timeout=10).allowed


class Double(requests.adapters.BaseAdapter):
    """An adapter without a network, as libraries for tests mount them."""

    def __init__(self, answer: Callable[[], Any], headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self._answer = answer
        self._headers = {"Access-Control-Allow-Origin": "*", **(headers or {})}

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        import io

        from urllib3 import HTTPResponse

        response = requests.Response()
        response.status_code, response.request = 200, request
        response.raw = HTTPResponse(io.BytesIO(self._answer()), self._headers, 200, preload_content=False)
        return response

    def close(self) -> None:
        pass


class Stop(BaseException):
    """As test libraries raise to fail a test: no Exception."""


def test_an_adapter_of_another_kind_is_used_as_it_is() -> None:
    over = threading.Event()

    def stop() -> bytes:
        raise Stop

    with requests.Session() as session:
        session.mount("https://answers.example", Double(lambda: b"OK"))
        session.mount("https://hangs.example", Double(lambda: b"late" if over.wait(10) else b""))
        session.mount("https://stops.example", Double(stop))
        assert fetch(session, "https://answers.example/").response.body == b"OK"
        verdict = fetch(session, "https://hangs.example/", timeout=SECONDS)
        over.set()
        assert "timed out: no answer came" in verdict.exchanges[0].error
        with pytest.raises(Stop):
            fetch(session, "https://stops.example/")
        assert_that_nobody_is_left()


def test_lines_that_come_folded_from_an_adapter_are_one() -> None:
    """As from an older urllib3."""
    headers = {"X-A": "a \r\n b", "X-B": "a\n\tb\r\n", "Access-Control-Expose-Headers": "*"}
    with requests.Session() as session:
        session.mount("https://answers.example", Double(lambda: b"", headers))
        response = fetch(session, "https://answers.example/").response
    assert (response.get("X-A"), response.get("X-B")) == ("a b", "a b")


def test_a_body_that_nobody_wants_is_not_waited_for(session: requests.Session) -> None:
    """As of an address that streams events."""
    with Server(lambda asked: stalling(OK + b"Content-Type: text/event-stream\r\n\r\n")) as server:
        verdict = fetch(session, server.url, PAGE, max_body=0, timeout=10)
        assert_that_nobody_is_left()
    assert (verdict.response.body, verdict.response.complete) == (b"", False)
    assert [note.code for note in verdict.notes] == [NoteCode.BODY_TRUNCATED]
