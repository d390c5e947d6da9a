"""`python -m core`: everything the pages do, from a terminal."""

import sys

from core.cli import main

if __name__ == "__main__":
    sys.exit(main())
