"""A WSGI application behind waitress, on loopback and a free port, in a thread, stopped by its own handle."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import waitress.server
from waitress import wasyncore

#: Seconds to wait for the thread to end.
PATIENCE = 10


@contextmanager
def running_waitress(app: Any, **options: Any) -> Iterator[int]:
    """Serve ``app``; yield the port.

    :param options: those of :func:`waitress.server.create_server`.
    """
    sockets: dict[int, Any] = {}
    arguments: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "threads": 2} | options
    server: Any = waitress.server.create_server(app, map=sockets, **arguments)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.trigger.pull_trigger(partial(wasyncore.close_all, sockets))  # in the thread of the server
        thread.join(PATIENCE)
        server.task_dispatcher.shutdown()
        assert not thread.is_alive()
