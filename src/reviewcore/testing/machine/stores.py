"""Fresh, empty stores for one run of the machine each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from reviewcore.adapters.memory import MemoryStore
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.sources import Clock, Ids, Tokens


class StoreMaker(Protocol):
    """Makes a migrated store without rows, to be used within the block and then forgotten."""

    def __call__(
        self, *, rules: MarketRules, clock: Clock, ids: Ids, tokens: Tokens
    ) -> AbstractContextManager[Store]:
        """Make the store."""
        ...


@contextmanager
def memory(*, rules: MarketRules, clock: Clock, ids: Ids, tokens: Tokens) -> Iterator[Store]:
    """Make a store in memory."""
    yield MemoryStore(rules=rules, clock=clock, ids=ids, tokens=tokens)
