"""Empty markets: migrated once, then copied on SQLite, and on PostgreSQL used again."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.errors import StoreNotMigrated
from tests.integration.postgres import Server

# Whoever was left connected may hold locks on what is to be deleted.
LEAVE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# As a replica does: keys that point at rows, and triggers that keep them, are not asked.
EMPTY = """
DO $$
DECLARE place regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR place IN
        SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname <> 'reviewcore_version' AND pg_relation_size(oid) > 0
    LOOP
        EXECUTE format('DELETE FROM %s', place);
    END LOOP;
END $$
"""


def migrate(url: str) -> None:
    """Make the tables, where they are not there yet.

    Migrating takes longer than most tests, so a new file of SQLite is a copy of the first one.
    """
    where = make_url(url)
    if where.get_backend_name() == "sqlite":
        path = Path(where.database or "")
        if not path.exists():
            shutil.copy(_first(), path)
        return
    store = SqlStore(url)
    try:
        store.check_ready()
    except StoreNotMigrated:
        store.migrate()
    finally:
        store.close()


@functools.cache
def _first() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="reviewcore-first-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = SqlStore(f"sqlite:///{folder / 'market.db'}")
    store.migrate()
    store.close()
    return folder / "market.db"


def copy_market(server: Server) -> str:
    """Make a migrated database for a test that changes more than rows; return its URL."""
    return server.create_database(template=server.template("migrated", migrate))


class Markets:
    """Migrated databases of PostgreSQL that are lent to one test after the other.

    To copy a database and to drop it costs a quarter of a second of work and a checkpoint; to
    delete the few rows that a test leaves, a tenth of that.
    """

    def __init__(self, server: Server, *, hasty: bool) -> None:
        """*hasty* ones do not wait for the disk when they commit."""
        self._server = server
        self._hasty = hasty
        self._free: list[str] = []

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Have an empty market until the block ends; one whose block fails is not lent again."""
        url = self._free.pop() if self._free else self._make()
        yield url
        self._empty(url)
        self._free.append(url)

    def _make(self) -> str:
        url = copy_market(self._server)
        if self._hasty:
            name = sql.Identifier(make_url(url).database or "")
            with self._server.connect() as connection:
                connection.execute(
                    sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name)
                )
        return url

    def _empty(self, url: str) -> None:
        where = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(LEAVE)
            connection.execute(EMPTY)
