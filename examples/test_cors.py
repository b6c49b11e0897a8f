"""The tests of ``cases.toml`` in pytest, without a server: ``pytest examples/test_cors.py``."""

import pytest
from flask_app import app

from corswsgi.testing import assert_allowed, assert_blocked

OURS = "https://app.example.com"


@pytest.mark.parametrize("origin", [OURS, "http://localhost:5173"])
def test_our_pages_read_the_notes(origin):
    assert_allowed(app, "/notes", origin=origin, credentials="include")


def test_our_page_changes_a_note():
    json = {"Content-Type": "application/json"}
    body = '{"text": "Feed the cat"}'
    assert_allowed(app, "/notes/0", origin=OURS, method="PUT", headers=json, body=body, credentials="include")


def test_other_pages_read_nothing():
    assert_blocked(app, "/notes", origin="https://evil.example", credentials="include")
