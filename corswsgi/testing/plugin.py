"""The pytest plugin with the fixture ``cors_browser``; pytest finds it by its entry point."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from corswsgi.testing import Page


@pytest.fixture
def cors_browser() -> Callable[..., Page]:
    """``cors_browser(app, origin="https://app.example.com")`` opens a page; its ``fetch(url, ...)`` returns a Verdict.

    The page is open in the three browsers, or in those that ``engine=`` names.
    """
    from corswsgi.testing import open_browser

    return open_browser
