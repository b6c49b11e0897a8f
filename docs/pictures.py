"""Makes the pictures of the README: ``python docs/pictures.py`` (extras ``test`` and ``check``, and Chromium).

The playground is seen by a real browser. What ``corswsgi check`` prints is run, and drawn by rich.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
from pathlib import Path
from typing import Any

from playwright import sync_api
from rich.console import Console
from rich.text import Text

from corswsgi import CORSMiddleware, Policy
from corswsgi.browser.urls import parse_url
from corswsgi.checker.check import check
from corswsgi.checker.evidence import Question
from corswsgi.checker.render.screen import screen
from corswsgi.checker.render.terminal import STYLES
from corswsgi.checker.target import Target
from corswsgi.demo.servers import Demo

IMAGES = Path(__file__).parent / "images"
COMMAND = "corswsgi check https://api.example.com/items/7 --origin https://app.example.com -X PUT"
WIDTH = 92  # columns


def application(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b"{}"]


def draw_check(target: Path) -> None:
    """Draw what the command prints about a policy that lists the origin, and not the method."""
    app = CORSMiddleware(application, Policy("https://app.example.com", allow_headers=["Content-Type"]))
    url = parse_url("https://api.example.com/items/7")
    report = check(Target(app, url), Question("https://app.example.com", method="PUT"))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(Text(f"$ {COMMAND}", "bold"))
    for line in screen(report):
        for number, text in enumerate(line.wrapped(WIDTH)):
            lead = line.lead if number == 0 else " " * len(line.lead)
            styles = STYLES.get(line.lead_style, ""), STYLES.get(line.style, "")
            console.print(Text.assemble((lead, styles[0]), (text, styles[1])), soft_wrap=True)
    svg = console.export_svg(title="corswsgi check")
    # The font is the reader's own, not one from elsewhere.
    target.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), "utf-8")


def photograph_playground(target: Path, chromium: str) -> None:
    """Take a picture of the playground after a request that was blocked."""
    with Demo() as demo, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(demo.page_url)
        page.locator("#policy-status[data-good]").wait_for()
        page.locator("#example").select_option("method")
        page.locator("#send").click()
        page.locator("#verdict:not(:empty)").wait_for()
        page.locator("#prediction-verdict:not(:empty)").wait_for()
        page.locator("#send").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('#verdict').scrollIntoView({block: 'center'})")
        page.screenshot(path=target, type="jpeg", quality=55)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the pictures of the README.")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the program; default: chromium")
    options = parser.parse_args()
    draw_check(IMAGES / "check.svg")
    photograph_playground(IMAGES / "playground.jpg", options.chromium)


if __name__ == "__main__":
    main()
