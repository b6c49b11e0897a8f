"""A Pyramid API of several shops, each with a front end of its own: ``python examples/pyramid_app.py [PORT]``."""

import sys
from contextlib import suppress
from wsgiref.simple_server import make_server

from pyramid.config import Configurator

from corswsgi import CORSMiddleware, Policy

PRICES = {"tea": {"Assam": 7}, "books": {"Emma": 9}}
POLICIES = {
    "tea": Policy(allow_origins="https://tea.example.com", allow_headers="X-API-Key"),
    "books": Policy(allow_origins=["https://books.example.com", "https://*.books.example.com"]),
}


def show_prices(request):
    return PRICES[request.matchdict["shop"]]


def choose(request):
    """Return the policy of the shop in the path of a webob.Request, or None for other paths."""
    _, _, shop = request.path_info.partition("/shops/")
    return POLICIES.get(shop)


with Configurator() as config:
    config.add_route("prices", "/shops/{shop:tea|books}")
    config.add_view(show_prices, route_name="prices", renderer="json")
    app = CORSMiddleware(config.make_wsgi_app(), choose)

if __name__ == "__main__":
    with make_server("127.0.0.1", int((sys.argv[1:] or [8000])[0]), app) as server, suppress(KeyboardInterrupt):
        print(f"Serving on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
