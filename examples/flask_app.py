"""A Flask API that one front end calls with cookies: ``python examples/flask_app.py [PORT]``."""

import sys
from contextlib import suppress
from wsgiref.simple_server import make_server

from flask import Flask, request

from corswsgi import CORSMiddleware

app = Flask(__name__)
notes = ["Water the plants"]


@app.get("/notes")
def list_notes():
    return {"notes": notes}, {"X-Total-Count": str(len(notes))}


@app.put("/notes/<int:place>")
def change_note(place):
    notes[place] = request.get_json()["text"]  # an IndexError becomes a 500, which an allowed page can read too
    return {"notes": notes}


app.wsgi_app = CORSMiddleware(
    app.wsgi_app,
    allow_origins=["https://app.example.com", "http://localhost:*"],  # the second for developers, on any port
    allow_methods=["PUT"],  # GET, HEAD and POST need no listing
    allow_headers=["Content-Type"],  # for application/json
    allow_credentials=True,
    expose_headers=["X-Total-Count"],
)

if __name__ == "__main__":
    with make_server("127.0.0.1", int((sys.argv[1:] or [8000])[0]), app) as server, suppress(KeyboardInterrupt):
        print(f"Serving on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
