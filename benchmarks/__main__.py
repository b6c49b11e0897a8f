"""``python -m benchmarks``."""

import sys

from benchmarks import prefer_installed

prefer_installed()

from benchmarks.command import main  # noqa: E402  # only now is it settled which corswsgi is measured

sys.exit(main())
