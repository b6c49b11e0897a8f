"""Notes behind a login, with Pyramid: ``waitress-serve --listen=127.0.0.1:8000 pyramid_app:app``."""

from pathlib import Path

from pyramid.authentication import AuthTktCookieHelper
from pyramid.config import Configurator
from pyramid.response import Response

from corswsgi import CORSMiddleware

notes = ["Water the plants"]
cookies = AuthTktCookieHelper("take-another", secure=True, samesite="None")  # else pages of other sites send none


class Security:
    def permits(self, request, context, permission):  # preflights carry no cookies, and never come here
        return cookies.identify(request) is not None


def log_in(request):
    request.response.headerlist.extend(cookies.remember(request, "ada"))
    return {"user": "ada"}


def show_notes(request):
    if request.method == "PUT":
        notes[int(request.matchdict["place"])] = request.json_body["text"]  # an IndexError becomes a readable 500
    request.response.headers.update({"X-Total-Count": str(len(notes)), "Vary": "Cookie"})
    return {"notes": notes}


with Configurator(security_policy=Security()) as config:
    for name, pattern in {"login": "/login", "notes": "/notes", "note": "/notes/{place}"}.items():
        config.add_route(name, pattern)
    config.add_view(log_in, route_name="login", request_method="POST", renderer="json")
    config.add_view(show_notes, route_name="notes", request_method="GET", permission="read", renderer="json")
    config.add_view(show_notes, route_name="note", request_method="PUT", permission="change", renderer="json")
    config.add_notfound_view(lambda error, _: Response(json_body={"error": error.title}, status=error.status))
    config.add_forbidden_view(lambda error, _: Response(json_body={"error": error.title}, status=error.status))
    app = CORSMiddleware.from_file(config.make_wsgi_app(), Path(__file__).with_name("cors.toml"))
