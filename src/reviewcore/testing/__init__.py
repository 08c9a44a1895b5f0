"""Published tools for tests of reviewcore and of what is built on it.

`builders` and `clock` need nothing but reviewcore; `contracts` needs pytest.
"""

from reviewcore.testing.clock import ManualClock

__all__ = ["ManualClock"]
