"""``python -m tests.engines``: see the package's docstring."""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]

# The package that is installed goes before the checkout, from which only the tests are taken; their common modules, as
# machine.py, are found as pytest finds them.
sys.path[:] = [each for each in sys.path if Path(each or ".").resolve() != _ROOT]
sys.path += [str(_ROOT), str(_ROOT / "tests")]

from .command import main  # noqa: E402  # only now is it settled which package is tested

if __name__ == "__main__":
    sys.exit(main())
