"""Databases without constraints, in which laws can be broken as no schema would let them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from reviewcore.adapters.sql import SqlStore
from tests.integration.postgres import Server

POSTGRES_GUARDS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname)
FROM pg_constraint WHERE contype IN ('c', 'f', 'u') AND connamespace = 'public'::regnamespace
UNION ALL
SELECT format('DROP INDEX %s', indexrelid::regclass)
FROM pg_index WHERE indisunique AND NOT indisprimary AND indrelid::regclass::text !~ '^pg_'
UNION ALL
SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
FROM pg_trigger WHERE NOT tgisinternal
"""
SQLITE_GUARDS = """
SELECT 'DROP ' || type || ' "' || name || '"' FROM sqlite_master
WHERE type = 'trigger' OR (type = 'index' AND sql LIKE 'CREATE UNIQUE%')
"""


def drop_guards(url: str) -> None:
    """Leave nothing in a database that refuses a row."""
    engine = create_engine(url)
    guards = SQLITE_GUARDS if engine.dialect.name == "sqlite" else POSTGRES_GUARDS
    with engine.begin() as connection:
        for statement in connection.execute(text(guards)).scalars().all():
            connection.execute(text(statement))
    engine.dispose()


def migrate(url: str) -> None:
    """Make the tables."""
    store = SqlStore(url)
    store.migrate()
    store.close()


def prepare(url: str) -> None:
    """Make tables that refuse nothing."""
    migrate(url)
    drop_guards(url)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lawless(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of an empty market without constraints."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('lawless') / 'market.db'}"
        prepare(url)
        yield url
        return
    postgres: Server = request.getfixturevalue("postgres")
    url = postgres.create_database(template=postgres.template("lawless", prepare))
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="module")
def engine(lawless: str) -> Iterator[Engine]:
    """A way to the lawless market."""
    engine = create_engine(lawless)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction is rolled back."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        yield connection
        connection.rollback()
