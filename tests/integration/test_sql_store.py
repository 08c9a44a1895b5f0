"""The store contract, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts import Capability, StoreContract
from reviewcore.testing.contracts.store.scene import OpenAgain
from tests.integration.markets import migrate


class TestSqliteStore(StoreContract):
    capabilities = frozenset({Capability.DURABLE, Capability.SHARED})

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        url = f"sqlite:///{tmp_path / 'market.db'}"
        migrate(url)
        return url

    @pytest.fixture
    def open_again(self, clock: ManualClock, rules: MarketRules, url: str) -> OpenAgain:
        return lambda: SqlStore(url, rules=rules, clock=clock)

    @pytest.fixture
    def store(self, clock: ManualClock, rules: MarketRules, url: str) -> Iterator[SqlStore]:
        store = SqlStore(url, rules=rules, clock=clock)
        yield store
        store.close()


class TestPostgresStore(StoreContract):
    capabilities = frozenset({Capability.DURABLE, Capability.SHARED, Capability.PARALLEL})

    @pytest.fixture
    def url(self, market_url: str) -> str:
        return market_url

    @pytest.fixture
    def store(self, clock: ManualClock, rules: MarketRules, url: str) -> Iterator[SqlStore]:
        store = SqlStore(url, rules=rules, clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def open_again(self, clock: ManualClock, rules: MarketRules, url: str) -> OpenAgain:
        return lambda: SqlStore(url, rules=rules, clock=clock)
