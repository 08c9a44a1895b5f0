"""The store contract, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.store import StoreContract
from tests.integration.postgres import Server


def _migrate(url: str) -> None:
    store = SqlStore(url)
    store.migrate()
    store.close()


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, clock: ManualClock, rules: MarketRules, tmp_path: Path) -> Iterator[SqlStore]:
        store = SqlStore(f"sqlite:///{tmp_path / 'market.db'}", rules=rules, clock=clock)
        store.migrate()
        yield store
        store.close()


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def store(self, clock: ManualClock, rules: MarketRules, postgres: Server) -> Iterator[SqlStore]:
        url = postgres.create_database(template=postgres.template("migrated", _migrate))
        store = SqlStore(url, rules=rules, clock=clock)
        yield store
        store.close()
        postgres.drop_database(url)
