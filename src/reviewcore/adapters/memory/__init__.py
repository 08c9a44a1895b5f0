"""A real store in memory: for the quickstart, tests and the simulator."""

from reviewcore.adapters.memory.store import MemoryStore

__all__ = ["MemoryStore"]
