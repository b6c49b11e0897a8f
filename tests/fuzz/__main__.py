"""``python -m tests.fuzz``, from the root of the checkout."""

import sys
from pathlib import Path

# The tests import each other by their bare names.
sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.runner import main

sys.exit(main())
