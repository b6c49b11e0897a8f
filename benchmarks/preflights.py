"""How many preflights a real Chromium sends for twelve different requests to one API, counted at the server."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from benchmarks import ROOT, program
from benchmarks.contenders import BODY, TYPE, application, version_of
from benchmarks.floor import Application
from benchmarks.report import NONE, Table

JSON = {"Content-Type": "application/json"}
KEY = {"X-Api-Key": "k-123"}
TOKEN = {"Authorization": "Bearer t-123"}
#: What a page asks of an API, one after the other: a method, and headers beside those that browsers send by themselves.
REQUESTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("GET", {}),
    ("GET", TOKEN),
    ("GET", TOKEN | {"X-Edition": "draft"}),
    ("GET", KEY),
    ("POST", JSON),
    ("POST", JSON | TOKEN),
    ("POST", JSON | TOKEN | {"Idempotency-Key": "i-1"}),
    ("PUT", JSON | TOKEN),
    ("PUT", JSON | TOKEN | {"X-Edition": "draft"}),
    ("PATCH", JSON | TOKEN),
    ("DELETE", TOKEN),
    ("DELETE", TOKEN | {"X-Request-Id": "r-1"}),
)
METHODS = ["PUT", "PATCH", "DELETE"]
HEADERS = sorted({name for _, headers in REQUESTS for name in headers})
#: Where to: all to one URL, or in turn to each of three.
URLS = {"one URL": ("/api/items",), "three URLs": ("/api/items", "/api/items/7", "/api/orders")}
#: Seconds until the browser must have done.
PATIENCE = 60

PAGE = """<!doctype html><script type="module">
const told = [];
for (const {api, requests} of await (await fetch("/plan")).json())
  for (const {url, init} of requests)
    try { told.push((await fetch(api + url, init)).status) } catch (error) { told.push(`${api}${url}: ${error}`) }
await fetch("/done", {method: "POST", body: JSON.stringify(told)});
</script>"""


class Counter:
    """Counts the preflights that reach an application, and all requests."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.preflights = self.requests = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            self.preflights += 1
        else:
            self.requests += 1
        # What is left unread when the connection ends, the browser takes for a failure.
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
        return self._app(environ, start_response)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application on a free port of this machine; give its origin."""
    server = make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def in_corswsgi(page: str) -> Application:
    from corswsgi import CORSMiddleware

    return CORSMiddleware(application, allow_origins=page, allow_methods=METHODS, allow_headers=HEADERS)


def _in_flask_cors(**options: Any) -> Application:
    import flask
    import flask_cors

    app = flask.Flask("benchmarks")

    @app.route("/api/<path:rest>", methods=["GET", "POST", *METHODS])
    def items(rest: str) -> flask.Response:
        return flask.Response(BODY, mimetype=TYPE)

    flask_cors.CORS(app, **options)
    return app


def in_flask_cors(page: str) -> Application:
    # It refuses methods that are not listed even where browsers need no listing.
    return _in_flask_cors(origins=[page], methods=["GET", "POST", *METHODS], allow_headers=HEADERS, max_age=600)


def in_flask_cors_by_default(page: str) -> Application:
    return _in_flask_cors()


LAYERS = {
    "corswsgi": in_corswsgi,
    "flask-cors, the same policy": in_flask_cors,
    "flask-cors, its defaults": in_flask_cors_by_default,
}


def _plan(api: str, urls: tuple[str, ...]) -> dict[str, Any]:
    """Return the requests to one API, for the page."""
    return {
        "api": api,
        "requests": [
            {
                "url": urls[number % len(urls)],
                "init": {"method": method, "headers": headers} | ({"body": "{}"} if "Content-Type" in headers else {}),
            }
            for number, (method, headers) in enumerate(REQUESTS)
        ],
    }


def count(browser: str, layers: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return the number of preflights by layer and by :data:`URLS`.

    :raises RuntimeError: if the browser does not come to an end, or if the page was refused anything.
    """
    tests = str(ROOT / "tests")
    if tests not in sys.path:
        sys.path.append(tests)
    import chromium  # the tests know how to start one

    plan: list[dict[str, Any]] = []
    done: queue.Queue[list[Any]] = queue.Queue()

    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body, kind = PAGE.encode(), "text/html; charset=utf-8"
        if environ["PATH_INFO"] == "/plan":
            body, kind = json.dumps(plan).encode(), TYPE
        elif environ["PATH_INFO"] == "/done":
            done.put(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
            body = b""
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    counters: dict[tuple[str, str], Counter] = {}
    with ExitStack() as stack:
        origin = stack.enter_context(serving(page))
        for layer in layers:
            for where, urls in URLS.items():
                counters[layer, where] = Counter(LAYERS[layer](origin))
                plan.append(_plan(stack.enter_context(serving(counters[layer, where])), urls))
        with chromium.opened(browser, f"{origin}/") as complaints:
            try:
                told = done.get(timeout=PATIENCE)
            except queue.Empty:
                raise RuntimeError(f"the browser hangs:\n{complaints.read_text(errors='replace')[-2000:]}") from None
    if told != [200] * len(REQUESTS) * len(plan) or any(each.requests != len(REQUESTS) for each in counters.values()):
        raise RuntimeError(f"the page was refused something: {[each for each in told if each != 200]}")
    return {layer: {where: counters[layer, where].preflights for where in URLS} for layer in layers}


def run(quick: bool) -> list[Table]:
    table = Table(
        "Preflights for twelve requests",
        ["layer", *URLS],
        notes=[
            "This table shows the preflights that reach the server when a page of another origin in Chromium sends "
            "these requests, one after the other: "
            + "; ".join(f"{method} {' '.join(headers)}".strip() for method, headers in REQUESTS)
            + ". They all go to one URL, or in turn to three. The policy lists all these methods and headers. corswsgi "
            "answers every preflight with the complete lists. flask-cors answers with the requested headers that are "
            "on its list, so browsers have to ask again for others. Its defaults allow all origins and headers, and do "
            "not say how long to remember that. No request here is conditional or has the cache mode no-store, because "
            "for these Chromium always asks again."
        ],
    )
    browser = program("chromium", "chromium-browser", "google-chrome")
    if browser is None:
        table.rows.append(["chromium is not installed", *[NONE] * len(URLS)])
        return [table]
    present = [layer for layer in LAYERS if "flask" not in layer or version_of("flask-cors")]
    print("chromium", file=sys.stderr)
    counted = count(browser, present)
    for layer in LAYERS:
        if layer in counted:
            table.rows.append([layer, *map(str, counted[layer].values())])
        else:
            table.rows.append([f"{layer}: not installed", *[NONE] * len(URLS)])
    return [table]
