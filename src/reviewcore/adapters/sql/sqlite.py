"""SQLite: one file, many readers, one writer at a time."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import URL, create_engine, event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection

from reviewcore.adapters.sql.conflicts import BY_COLUMNS, refusal_of
from reviewcore.adapters.sql.dialects import SQLITE, Row
from reviewcore.domain.errors import Busy, ReviewcoreError, StoreUnavailable

BUSY_TIMEOUT_MS = 10_000
UNIQUE = "UNIQUE constraint failed: "
PRIMARY_CODE = 0xFF
"""The bits of an extended result code that say what went wrong; the others say where."""

_OPERATIONAL: Mapping[int, Callable[[], ReviewcoreError | None]] = {
    sqlite3.SQLITE_BUSY: Busy,
    sqlite3.SQLITE_LOCKED: Busy,
    sqlite3.SQLITE_CANTOPEN: StoreUnavailable,
    sqlite3.SQLITE_IOERR: StoreUnavailable,
    sqlite3.SQLITE_FULL: StoreUnavailable,
}

# FULL: in WAL mode NORMAL may lose commits that were answered when the power fails, and the
# outside world (a payment processor, a mail) has acted on them by then.
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)


class SqliteLink:
    """A connection of the sqlite3 module in a transaction."""

    dialect = SQLITE
    sends_together = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        # A host's connection may make its own kinds of rows.
        self._cursor.row_factory = None

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        self._execute(sql, arguments)
        return self._cursor.fetchall()

    def stream(self, sql: str, arguments: Sequence[Any]) -> Iterator[Row]:
        """Yield the rows of a query while they are found; others may be run meanwhile."""
        link = SqliteLink(self._cursor.connection)
        with contextlib.closing(link._cursor) as cursor:
            link._execute(sql, arguments)
            yield from cursor

    def change(self, sql: str, arguments: Sequence[Any]) -> int:
        self._execute(sql, arguments)
        return self._cursor.rowcount

    def finish(self, sql: str, arguments: Sequence[Any]) -> int:
        return self.change(sql, arguments)

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        try:
            self._cursor.executemany(sql, rows)
        except sqlite3.Error as error:
            refusal = _refusal(error)
            if refusal is None:
                raise
            raise refusal from error
        return self._cursor.rowcount

    def command(self, sql: str) -> None:
        """Run a statement without parameters or rows, such as COMMIT."""
        self._execute(sql, ())

    def _execute(self, sql: str, arguments: Sequence[Any]) -> None:
        try:
            self._cursor.execute(sql, arguments)
        except sqlite3.Error as error:
            refusal = _refusal(error)
            if refusal is None:
                raise
            raise refusal from error


def _refusal(error: sqlite3.Error) -> ReviewcoreError | None:
    """Tell what the market calls an error of the driver; None when it is a bug of ours."""
    if isinstance(error, sqlite3.IntegrityError):
        # SQLite names the columns of a unique index, not the index.
        return refusal_of(BY_COLUMNS.get(str(error).removeprefix(UNIQUE)))
    if not isinstance(error, sqlite3.OperationalError):
        return None
    return _OPERATIONAL.get(error.sqlite_errorcode & PRIMARY_CODE, lambda: None)()


class SqliteDoors:
    """Opens transactions on connections of a pool."""

    dialect = SQLITE

    def __init__(self, url: URL, *, pool_size: int) -> None:
        if url.database in (None, "", ":memory:") or "mode=memory" in str(url.query):
            raise ValueError("a store in SQLite needs a file; for memory there is MemoryStore")
        self.engine = create_engine(
            url, isolation_level="AUTOCOMMIT", pool_size=pool_size, max_overflow=0
        )
        event.listen(self.engine, "connect", _prepare_connection)
        # SQLite lets one writer in and makes the others sleep and try again, unfairly: a lock in
        # the process cuts the slowest hundredth tenfold.
        self._writing = threading.Lock()

    @contextlib.contextmanager
    def write(self) -> Iterator[SqliteLink]:
        """Open a transaction that commits at the end and rolls back on an exception."""
        with self._writing, self._transaction("BEGIN IMMEDIATE") as link:
            yield link

    @contextlib.contextmanager
    def read(self) -> Iterator[SqliteLink]:
        """Open a snapshot; it begins with its first statement."""
        with self._transaction("BEGIN DEFERRED") as link:
            yield link

    def glance(self) -> None:
        """Do without: a snapshot of a file costs no trips."""

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[SqliteLink]:
        pooled = self._connect()
        try:
            link = SqliteLink(raw(pooled.dbapi_connection))
            link.command(begin)
            try:
                yield link
                link.command("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error, ReviewcoreError):
                    link.command("ROLLBACK")
                raise
        finally:
            pooled.close()

    def _connect(self) -> PoolProxiedConnection:
        try:
            return self.engine.raw_connection()
        except (exc.OperationalError, exc.TimeoutError, sqlite3.OperationalError) as error:
            raise StoreUnavailable from error


def raw(connection: DBAPIConnection | None) -> sqlite3.Connection:
    """Return the connection of the sqlite3 module that SQLAlchemy holds."""
    return cast("sqlite3.Connection", connection)


def _prepare_connection(connection: DBAPIConnection, _record: object) -> None:
    for pragma in PRAGMAS:
        raw(connection).execute(pragma)
