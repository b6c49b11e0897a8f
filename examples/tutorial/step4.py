"""Notes of each user, who is known by a token in the header Authorization."""

from secrets import token_urlsafe

from flask import Flask, abort, request

from corswsgi import CORSMiddleware

app = Flask(__name__)
users = {}  # by token
notes = {}  # by user


@app.post("/login")
def log_in():
    token = token_urlsafe()
    users[token] = request.get_json()["user"]
    return {"token": token}


@app.get("/notes")
def list_notes():
    return {"notes": notes_of_user()}


@app.post("/notes")
def add_note():
    notes_of_user().append(request.get_json()["text"])
    return {"notes": notes_of_user()}, 201


def notes_of_user():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return notes.setdefault(users.get(token) or abort(401), [])


app.wsgi_app = CORSMiddleware(
    app.wsgi_app,
    allow_origins=["http://localhost:8000"],
    allow_headers=["Content-Type", "Authorization"],
)
