"""``python -m evogan`` is the command ``evogan``."""

import sys

from evogan.cli import main

if __name__ == "__main__":
    sys.exit(main())
