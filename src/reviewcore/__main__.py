"""``python -m reviewcore`` is the command line."""

import sys

from reviewcore.entrypoints.cli import main

sys.exit(main())
