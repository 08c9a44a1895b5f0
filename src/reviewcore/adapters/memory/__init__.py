"""A real store in memory: for the quickstart and for tests."""

from reviewcore.adapters.memory.store import MemoryStore

__all__ = ["MemoryStore"]
