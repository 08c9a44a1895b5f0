"""Published tools for tests of reviewcore and of what is built on it.

`builders` and `clock` need nothing but reviewcore; `contracts` needs pytest, `simulate` Hypothesis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviewcore.testing.clock import ManualClock

if TYPE_CHECKING:
    from reviewcore.testing.simulator import simulate

__all__ = ["ManualClock", "simulate"]


def __getattr__(name: str) -> Any:
    """Import the simulator when it is first asked for: it brings the whole market with it."""
    if name == "simulate":
        # Imported here so that whoever wants a clock alone does not wait.
        from reviewcore.testing.simulator import simulate  # noqa: PLC0415 - see above

        return simulate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
