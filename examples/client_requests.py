"""CORS and ``requests``: ``python examples/client_requests.py [URL [ORIGIN]]``, while ``corswsgi demo`` runs.

CORS is a rule of browsers. requests sends no ``Origin``, looks at no ``Access-Control-Allow-Origin``, and reads all.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import requests

from corswsgi.browser import Browser


def headers_of_a_page(page: str, url: str) -> dict[str, str]:
    """Return the Origin and Referer that a page's script would send with a cross-origin request.

    The referrer policy is strict-origin-when-cross-origin, which pages have unless they say otherwise: other origins
    learn the page's origin, with a slash, and those that https does not protect learn nothing from one that it does.
    """
    parts = urlsplit(page)
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme == "https" and urlsplit(url).scheme != "https":
        return {"Origin": origin}
    return {"Origin": origin, "Referer": f"{origin}/"}


def main(url: str = "http://localhost:8001/status", origin: str = "http://localhost:8000") -> None:
    with requests.Session() as session:
        plain = session.get(url, timeout=10)
        print(f"requests alone: {plain.status_code}, sent Origin: {plain.request.headers.get('Origin')}")

        disguised = session.get(url, headers=headers_of_a_page(f"{origin}/index.html", url), timeout=10)
        allowed = disguised.headers.get("Access-Control-Allow-Origin")
        print(f"requests as a page of {origin}: {disguised.status_code}, allowed to: {allowed}")

        # The answer is read in both cases. What a script could read of it is for a browser to say:
        for page in (origin, "https://stranger.example"):
            verdict = Browser(session, origin=page).fetch(url)
            print(f"a browser with a page of {page}: {verdict.outcome}. {verdict.reason.sentence}")


if __name__ == "__main__":
    main(*sys.argv[1:])
