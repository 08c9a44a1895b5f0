"""Fresh stores in databases, for runs beside memory. Needs the extra `sql`, or `postgres`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from reviewcore.adapters.sql import SqlStore
from reviewcore.adapters.sql.tables import metadata
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import Store
from reviewcore.sources import Clock, Ids, Tokens
from reviewcore.testing.machine.stores import StoreMaker


def sqlite(folder: Path) -> StoreMaker:
    """Make stores in SQLite, each in a file of its own in *folder*, gone when its run ends."""
    blank = folder / "blank.db"
    _migrate(f"sqlite:///{blank}")

    @contextmanager
    def make(*, rules: MarketRules, clock: Clock, ids: Ids, tokens: Tokens) -> Iterator[Store]:
        # Migrating takes longer than a whole run; copying a migrated file does not.
        path = folder / "market.db"
        shutil.copyfile(blank, path)
        store = SqlStore(f"sqlite:///{path}", rules=rules, clock=clock, ids=ids, tokens=tokens)
        try:
            yield store
        finally:
            store.close()
            for leftover in folder.glob("market.db*"):
                leftover.unlink()

    return make


def postgresql(url: str) -> StoreMaker:
    """Make stores in the PostgreSQL database at *url*, which each run empties: give it its own."""
    _migrate(url)
    engine = create_engine(url)
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)

    @contextmanager
    def make(*, rules: MarketRules, clock: Clock, ids: Ids, tokens: Tokens) -> Iterator[Store]:
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names}"))
        engine.dispose()
        store = SqlStore(url, rules=rules, clock=clock, ids=ids, tokens=tokens)
        try:
            yield store
        finally:
            store.close()

    return make


def _migrate(url: str) -> None:
    store = SqlStore(url)
    try:
        store.migrate()
    finally:
        store.close()
