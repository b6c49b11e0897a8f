"""Demo: three servers on three ports of this machine, started and stopped together; their answers are elsewhere."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

from corswsgi.demo.api import application, demo_policy
from corswsgi.demo.judging import warnings_to_the_page
from corswsgi.demo.page import OnResult, Origins, page_application
from corswsgi.demo.recorder import Recorder, recorded
from corswsgi.demo.reference import ReferenceServer
from corswsgi.demo.visits import Visits, name_in
from corswsgi.errors import UsageError
from corswsgi.listening import LOOPBACK_NAMES, only_known_hosts, port_error
from corswsgi.middleware import CORSMiddleware

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOOPBACK = "127.0.0.1"

#: The most bytes of a body that waitress reads; the applications refuse shorter ones.
_MAX_BODY = 1024 * 1024


class Demo:
    """The demo, running in threads from ``__enter__`` to ``__exit__``.

    :ivar page_url: the page to open; its origin is the one that the policy allows.
    :ivar stranger_url: the same server by its address, an origin that the policy does not allow.
    :ivar api_url: the API behind CORSMiddleware.
    :ivar handler_url: the API behind CORSRequestHandlerMixin.
    """

    page_url: str
    stranger_url: str
    api_url: str
    handler_url: str

    def __init__(
        self,
        page_port: int = 0,
        api_port: int = 0,
        handler_port: int = 0,
        on_result: OnResult | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Store the ports; 0 stands for any free port.

        :param on_result: if given, called with each result of the page.
        :param clock: returns seconds, for the age of visits to the playground.
        """
        self.recorder = Recorder()
        self._ports = {"--port": page_port, "--api-port": api_port, "--handler-port": handler_port}
        self._on_result = on_result
        self._clock = clock
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Start all three servers, or none.

        :raises UsageError: if a port is taken, or waitress is not installed.
        """
        waitress = _import_waitress()
        with contextlib.ExitStack() as starting:
            page, api, handler = (starting.enter_context(_listen(port, flag)) for flag, port in self._ports.items())
            urls = (_origin("localhost", each) for each in (page, api, handler))
            self.page_url, self.api_url, self.handler_url = urls
            self.stranger_url = _origin(_LOOPBACK, page)
            policy = demo_policy(self.page_url)
            origins = Origins(self.page_url, self.stranger_url, self.api_url, self.handler_url)
            middleware = application(self.handler_url)
            visits = Visits(middleware, self._clock)
            apps = {
                page: page_application(origins, policy, visits, self.recorder, self._on_result),
                api: recorded(_by_visit(visits, CORSMiddleware(middleware, policy)), self.recorder),
            }
            starting.enter_context(warnings_to_the_page())
            for sock, app in apps.items():
                starting.enter_context(_WaitressThread(waitress, only_known_hosts(app, LOOPBACK_NAMES), sock))
            server = ReferenceServer(handler, policy, visits, self.recorder, self.api_url)
            starting.enter_context(_ReferenceThread(server))
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._running.close()


def _by_visit(visits: Visits, otherwise: WSGIApplication) -> WSGIApplication:
    """Return an application that passes each request to that of the visit in its query, or else to ``otherwise``."""

    def chosen(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        visit = visits.get(name_in(environ.get("QUERY_STRING", ""), "visit"))
        return (visit.api if visit else otherwise)(environ, start_response)

    return chosen


class _WaitressThread:
    """A waitress server in a thread of its own."""

    def __init__(self, waitress: ModuleType, app: WSGIApplication, listening: socket.socket) -> None:
        self._server: Any = waitress.create_server(
            app,
            sockets=[listening],
            threads=8,
            ident="",
            clear_untrusted_proxy_headers=True,
            max_request_body_size=_MAX_BODY,
        )
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._server.task_dispatcher.shutdown()
        # In the server's own thread: its loop ends when all sockets are closed.
        self._server.trigger.pull_trigger(self._close_all)
        self._thread.join()

    def _close_all(self) -> None:
        self._server.asyncore.close_all(self._server._map)


class _ReferenceThread:
    """The reference server in a thread of its own."""

    def __init__(self, server: ReferenceServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=[0.05])

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _import_waitress() -> ModuleType:
    try:
        import waitress
    except ImportError as error:
        install = 'python -m pip install "corswsgi[demo]"'
        raise UsageError(f"waitress is not installed; install it with: {install}") from error
    return waitress


def _listen(port: int, flag: str) -> socket.socket:
    """Return a socket that listens on ``port``, for this machine only."""
    try:
        listening = socket.create_server((_LOOPBACK, port))
    except OSError as error:
        raise port_error(error, port, flag) from error
    if _is_answered_on_ipv6(listening.getsockname()[1]):
        listening.close()
        raise port_error(OSError(errno.EADDRINUSE, ""), port, flag)
    return listening


def _origin(host: str, listening: socket.socket) -> str:
    """Return the origin of the server on a socket, as browsers write it."""
    port = listening.getsockname()[1]
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"


def _is_answered_on_ipv6(port: int) -> bool:
    """Tell whether another program answers on ``[::1]``, because browsers look there for ``localhost`` too."""
    with contextlib.suppress(OSError), socket.create_connection(("::1", port), timeout=1):
        return True
    return False
