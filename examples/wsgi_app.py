"""A WSGI application on WebOb alone, behind a bearer token: ``python examples/wsgi_app.py [PORT]``."""

import sys
from contextlib import suppress
from wsgiref.simple_server import make_server

from webob import Response
from webob.dec import wsgify
from webob.exc import HTTPUnauthorized

from corswsgi import CORSMiddleware, Policy


@wsgify
def report(request):
    # CORS decides which pages may read the response. Who may ask is decided here.
    if request.authorization != ("Bearer", "a-secret"):
        raise HTTPUnauthorized(www_authenticate="Bearer")
    return Response(json_body={"visitors": 42}, headers={"X-Request-ID": "7"})


application = CORSMiddleware(
    report,
    Policy(
        allow_origins=["https://app.example.com", "https://*.app.example.com"],
        allow_headers=["Authorization"],  # by name: "*" does not cover this one
        expose_headers=["X-Request-ID"],
        max_age=3600,  # seconds for which a browser need not ask again
        enforce=True,  # pages of other origins get 403, and report() is not even called
    ),
)

if __name__ == "__main__":
    with make_server("127.0.0.1", int((sys.argv[1:] or [8000])[0]), application) as server, suppress(KeyboardInterrupt):
        print(f"Serving on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
