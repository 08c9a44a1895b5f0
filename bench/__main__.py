"""Run the benchmark: ``python -m bench`` (``QUICK=1`` for a minute or two)."""

from __future__ import annotations

import sys

from bench.suite import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
