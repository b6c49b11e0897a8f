"""``corswsgi demo``: its arguments, and how it runs until it is stopped; the servers are in ``servers``."""

from __future__ import annotations

import argparse
import logging
import signal
import threading

from corswsgi.demo.servers import Demo
from corswsgi.listening import port

_STOPPED_BY = (signal.SIGINT, signal.SIGTERM)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        "Exit status: 0 after Ctrl-C; 2 if a port is taken, or waitress is not installed. "
        "Example: corswsgi demo --port 3000"
    )
    for flag, default, what in (
        ("--port", 8000, "the page"),
        ("--api-port", 8001, "the API behind CORSMiddleware"),
        ("--handler-port", 8002, "the API behind CORSRequestHandlerMixin"),
    ):
        parser.add_argument(
            flag,
            type=port,
            default=default,
            metavar="PORT",
            help=f"port of {what} (default: {default}); 0 for a free one",
        )


def run(options: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C or SIGTERM, and return the exit status.

    :raises UsageError: if a port is taken, or waitress is not installed.
    """
    logger = logging.getLogger("corswsgi")
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _STOPPED_BY}
    logger.addFilter(_leave_traceback_out)
    try:
        with Demo(options.port, options.api_port, options.handler_port) as demo:
            print(_announcement(demo), flush=True)
            while not stop.is_set():
                stop.wait(1)  # with a limit, because on Windows nothing interrupts a wait without one
    finally:
        logger.removeFilter(_leave_traceback_out)
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _announcement(demo: Demo) -> str:
    return (
        f"Open {demo.page_url} in a browser.\n"
        f"  It sends requests to {demo.api_url} (an API behind CORSMiddleware, on waitress)\n"
        f"  and to {demo.handler_url} (the same API behind CORSRequestHandlerMixin, on http.server).\n"
        "Ctrl-C stops all three."
    )


def _leave_traceback_out(record: logging.LogRecord) -> bool:
    """Shorten a record with an exception to one line: the page makes the API raise on purpose."""
    if record.exc_info and record.exc_info[1] is not None:
        record.msg = f"{record.getMessage()}: {record.exc_info[1]!r}"
        record.args = record.exc_info = None
    return True
