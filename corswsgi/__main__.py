"""``python -m corswsgi`` is the command ``corswsgi``."""

import sys

from corswsgi.cli import main

if __name__ == "__main__":
    sys.exit(main())
