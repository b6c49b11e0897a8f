"""Notes behind a login, with Falcon: ``waitress-serve --listen=127.0.0.1:8000 falcon_app:app``."""

import secrets
from pathlib import Path

import falcon

from corswsgi import CORSMiddleware

notes, sessions = ["Water the plants"], set()


class CheckLogin:
    def process_request(self, request, response):  # preflights carry no cookies, and never come here
        response.append_header("Vary", "Cookie")
        if request.path != "/login" and request.cookies.get("session") not in sessions:
            raise falcon.HTTPUnauthorized


class Notes:
    def on_post_login(self, request, response):
        sessions.add(session := secrets.token_hex())
        response.set_cookie("session", session, same_site="None", secure=True)  # else pages of other sites send none
        response.media = {"user": "ada"}

    def on_get(self, request, response):
        response.set_header("X-Total-Count", str(len(notes)))
        response.media = {"notes": notes}

    def on_put_one(self, request, response, place):
        notes[place] = request.media["text"]  # Falcon makes a 500 of an IndexError, and an allowed page can read it
        response.media = {"notes": notes}


api = falcon.App(middleware=CheckLogin())
api.add_route("/login", Notes(), suffix="login")
api.add_route("/notes", Notes())
api.add_route("/notes/{place:int}", Notes(), suffix="one")
app = CORSMiddleware.from_file(api, Path(__file__).with_name("cors.toml"))
