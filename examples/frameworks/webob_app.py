"""Notes behind a login, with WebOb alone: ``waitress-serve --listen=127.0.0.1:8000 webob_app:app``."""

from pathlib import Path

from webob import Response
from webob.cookies import SignedCookieProfile
from webob.dec import wsgify
from webob.exc import HTTPMethodNotAllowed, HTTPNotFound, HTTPUnauthorized

from corswsgi import CORSMiddleware

notes = ["Water the plants"]
# Pages of other sites send only cookies that are SameSite=None and Secure.
cookies = SignedCookieProfile("take-another", "notes", "user", secure=True, samesite="None")


@wsgify
def api(request):
    match [request.method, *request.path_info.strip("/").split("/")]:
        case ["POST", "login"]:
            return cookies.set_cookies(Response(json_body={"user": "ada"}), "ada")
        case _ if cookies.bind(request).get_value() is None:  # preflights carry no cookies, and never come here
            raise HTTPUnauthorized(vary="Cookie")
        case ["GET", "notes"]:
            pass
        case ["PUT", "notes", place]:
            notes[int(place)] = request.json_body["text"]  # an IndexError becomes a 500, which allowed pages can read
        case [_, "notes"]:
            raise HTTPMethodNotAllowed(vary="Cookie")
        case _:
            raise HTTPNotFound(vary="Cookie")
    return Response(json_body={"notes": notes}, headers={"X-Total-Count": str(len(notes)), "Vary": "Cookie"})


app = CORSMiddleware.from_file(api, Path(__file__).with_name("cors.toml"))
