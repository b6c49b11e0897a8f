"""Notes that pages of one origin can read and add to."""

from flask import Flask, request

from corswsgi import CORSMiddleware

app = Flask(__name__)
notes = ["Water the plants"]


@app.get("/notes")
def list_notes():
    return {"notes": notes}


@app.post("/notes")
def add_note():
    notes.append(request.get_json()["text"])
    return {"notes": notes}, 201


app.wsgi_app = CORSMiddleware(
    app.wsgi_app,
    allow_origins=["http://localhost:8000"],
    allow_headers=["Content-Type"],
)
