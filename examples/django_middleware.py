"""A Django site whose API is for one origin, its feed for all: ``python examples/django_middleware.py [PORT]``."""

import sys
from contextlib import suppress
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    INSTALLED_APPS=["corswsgi.django"],  # for the checks of manage.py check
    MIDDLEWARE=["corswsgi.django.CORSMiddleware"],  # first, before all others
    CORSWSGI={
        "/api": {  # governs /api and all below it, but not /apis
            "allow_origins": "https://app.example.com",
            "allow_methods": ["PATCH", "DELETE"],
            "allow_headers": ["Content-Type", "X-CSRFToken"],  # the second is what CsrfViewMiddleware reads
            "allow_credentials": True,
        },
        "/feed": {"allow_origins": "*"},
    },  # all other paths have no policy, and no page of another origin reads them
)

urlpatterns = [
    path("api/account", lambda request: JsonResponse({"name": "Ada", "method": request.method})),
    path("feed", lambda request: JsonResponse({"items": ["Spring sale"]})),
    path("", lambda request: HttpResponse("This page is nobody else's business.")),
]

application = get_wsgi_application()  # or get_asgi_application(): the middleware adapts

if __name__ == "__main__":
    with make_server("127.0.0.1", int((sys.argv[1:] or [8000])[0]), application) as server, suppress(KeyboardInterrupt):
        print(f"Serving on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
