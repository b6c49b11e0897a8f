"""Notes behind a login, with Bottle: ``waitress-serve --listen=127.0.0.1:8000 bottle_app:app``."""

from pathlib import Path

from bottle import Bottle, HTTPResponse, request, response

from corswsgi import CORSMiddleware

SECRET, notes = "take-another", ["Water the plants"]
bottle = Bottle()


@bottle.hook("before_request")
def check_login():  # preflights carry no cookies, and never come here
    if request.path != "/login" and request.get_cookie("user", secret=SECRET) is None:
        raise HTTPResponse({"error": "Unauthorized"}, 401)


@bottle.post("/login")
def log_in():
    response.set_cookie("user", "ada", secret=SECRET, samesite="None", secure=True)  # else pages of others send none
    return {"user": "ada"}


@bottle.get("/notes")
def show_notes():
    response.headers.update({"X-Total-Count": str(len(notes)), "Vary": "Cookie"})
    return {"notes": notes}


@bottle.put("/notes/<place:int>")
def change_note(place):
    notes[place] = request.json["text"]  # Bottle makes a 500 of an IndexError, and an allowed page can read it
    return {"notes": notes}


app = CORSMiddleware.from_file(bottle, Path(__file__).with_name("cors.toml"))
