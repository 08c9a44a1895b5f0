"""Published tools for tests of reviewcore and of what is built on it.

`builders` and `ManualClock` need nothing but reviewcore; `contracts` needs pytest; `strategies`,
`MarketMachine` and `simulate` need Hypothesis.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from reviewcore.testing.clock import ManualClock

if TYPE_CHECKING:
    from reviewcore.testing.machine import MarketMachine, differential
    from reviewcore.testing.simulator import simulate

__all__ = ["ManualClock", "MarketMachine", "differential", "simulate"]

_LATE = {
    "MarketMachine": "reviewcore.testing.machine",
    "differential": "reviewcore.testing.machine",
    "simulate": "reviewcore.testing.simulator",
}
"""What brings the whole market with it: whoever wants a clock alone does not wait."""


def __getattr__(name: str) -> Any:
    """Import what is late when it is first asked for."""
    if name in _LATE:
        return getattr(importlib.import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
