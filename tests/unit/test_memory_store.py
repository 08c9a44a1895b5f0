from __future__ import annotations

import pytest

from reviewcore.adapters.memory import MemoryStore
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.store import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, clock: ManualClock, rules: MarketRules) -> Store:
        return MemoryStore(rules=rules, clock=clock)
