"""Notes behind a login, with Flask: ``waitress-serve --listen=127.0.0.1:8000 flask_app:app``."""

from pathlib import Path

from flask import Blueprint, Flask, abort, request, session
from werkzeug.exceptions import HTTPException

from corswsgi import CORSMiddleware

api, notes = Blueprint("api", __name__), ["Water the plants"]


@api.before_request
def check_login():  # preflights carry no cookies, and never come here
    if request.endpoint == "api.log_in":
        session["user"] = "ada"
    elif "user" not in session:  # Flask puts "Cookie" into Vary, because the session was read
        abort(401)


@api.put("/notes/<int:place>")
def change_note(place):
    notes[place] = request.get_json()["text"]  # an IndexError becomes a 500, which an allowed page can read too
    return {"notes": notes}


@api.get("/notes.txt")
def stream_notes():
    return (f"{note}\n" for note in notes)


api.add_url_rule("/login", "log_in", lambda: {"user": "ada"}, methods=["POST"])
api.add_url_rule("/notes", "list", lambda: ({"notes": notes}, {"X-Total-Count": str(len(notes))}))

app = Flask(__name__)  # pages of other sites send only cookies that are SameSite=None and Secure
app.config.update(SECRET_KEY="take-another", SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=True)
app.register_blueprint(api)
app.register_error_handler(HTTPException, lambda error: ({"error": error.name}, error.code))
app.wsgi_app = CORSMiddleware.from_file(app.wsgi_app, Path(__file__).with_name("cors.toml"))
