"""The store contract, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts import Capability, StoreContract
from reviewcore.testing.contracts.store.scene import OpenAgain
from tests.integration.postgres import Server


def _migrate(url: str) -> None:
    store = SqlStore(url)
    store.migrate()
    store.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrating takes longer than most of the tests, so it is done once and copied."""
    path = tmp_path_factory.mktemp("sqlite") / "market.db"
    _migrate(f"sqlite:///{path}")
    return path


class TestSqliteStore(StoreContract):
    capabilities = frozenset({Capability.DURABLE, Capability.SHARED})

    @pytest.fixture
    def url(self, migrated: Path, tmp_path: Path) -> str:
        return f"sqlite:///{shutil.copy(migrated, tmp_path)}"

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
    def url(self, postgres: Server) -> Iterator[str]:
        url = postgres.create_database(template=postgres.template("migrated", _migrate))
        yield url
        postgres.drop_database(url)

    @pytest.fixture
    def store(self, clock: ManualClock, rules: MarketRules, url: str) -> Iterator[SqlStore]:
        store = SqlStore(url, rules=rules, clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def open_again(self, clock: ManualClock, rules: MarketRules, url: str) -> OpenAgain:
        return lambda: SqlStore(url, rules=rules, clock=clock)
