"""``python -m corswsgi`` is the command ``corswsgi``."""

import sys

from corswsgi.cli import main

sys.exit(main())
