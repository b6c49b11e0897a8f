"""Programs that measure corswsgi beside headers written by hand and beside other layers; ``python -m benchmarks``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

#: The checkout.
ROOT = Path(__file__).parent.parent


def prefer_installed() -> None:
    """Let ``import corswsgi`` find an installed package before the checkout, which comes last on ``sys.path``."""
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT.resolve()]
    sys.path.append(str(ROOT))


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a program that is to find the modules that are found here, and to load no others."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return own | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | changes


def program(*names: str) -> str | None:
    """Return the path of the first program that is there, or ``None``."""
    return next(filter(None, map(shutil.which, names)), None)
