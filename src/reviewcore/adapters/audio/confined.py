"""Become another program, with little memory and not much time; run by path.

Its arguments: bytes, seconds of the processor, and the program with its own. Done here and not
between fork and exec, where in a process of many threads nothing is safe.
"""

from __future__ import annotations

import os
import resource
import sys

if __name__ == "__main__":
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606 - no shell is wanted
