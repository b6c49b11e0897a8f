"""Notes of each user, who is known by a session cookie."""

from flask import Flask, abort, request, session

from corswsgi import CORSMiddleware

app = Flask(__name__)
app.secret_key = "for this tutorial only"
notes = {}


@app.post("/login")
def log_in():
    session["user"] = request.get_json()["user"]
    return {"user": session["user"]}


@app.get("/notes")
def list_notes():
    return {"notes": notes_of_user()}


@app.post("/notes")
def add_note():
    notes_of_user().append(request.get_json()["text"])
    return {"notes": notes_of_user()}, 201


def notes_of_user():
    return notes.setdefault(session.get("user") or abort(401), [])


app.wsgi_app = CORSMiddleware(
    app.wsgi_app,
    allow_origins=["http://localhost:8000"],
    allow_headers=["Content-Type"],
    allow_credentials=True,
)
