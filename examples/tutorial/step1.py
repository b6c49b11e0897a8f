"""Notes over HTTP, without CORS: ``flask --app step1 run --port 8001``."""

from flask import Flask, request

app = Flask(__name__)
notes = ["Water the plants"]


@app.get("/notes")
def list_notes():
    return {"notes": notes}


@app.post("/notes")
def add_note():
    notes.append(request.get_json()["text"])
    return {"notes": notes}, 201
