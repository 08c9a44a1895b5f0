"""The sandbox bank's books: one SQLite database that threads and processes share."""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from reviewcore.adapters.sandbox.schema import STEPS, VERSION
from reviewcore.domain.errors import ProcessorUnavailable

APPLICATION_ID = 0x52436273
"""Written into the file's header, so that the market's own database is never taken for books."""

BUSY_SECONDS = 30.0
BUSY_PAUSE_SECONDS = 0.01

Row = sqlite3.Row
Sheet = sqlite3.Connection
"""An open transaction on the books."""


class NotSandboxBooks(Exception):
    """The file is not the books of a sandbox bank of this version or an older one."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} does not hold the books of this version's sandbox bank")


class Books:
    """The database at *path*, or in memory for `:memory:`, with one transaction at a time.

    Books of an older version are brought to this one. Raises NotSandboxBooks for a file that holds
    something else, ProcessorUnavailable for one that cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        with _translated():
            self._connection = _opened(str(path))
        # Python 3.13 warns of a connection that was merely dropped; a bank in memory may be.
        self._closed = weakref.finalize(self, self._connection.close)

    @contextmanager
    def writing(self) -> Iterator[Sheet]:
        """Hold the only writing transaction of all processes; keeps all or nothing.

        Raises ProcessorUnavailable.
        """
        with self._lock, _translated(), _transaction(self._connection, "BEGIN IMMEDIATE"):
            yield self._connection

    @contextmanager
    def reading(self) -> Iterator[Sheet]:
        """Hold one consistent view. Raises ProcessorUnavailable."""
        with self._lock, _translated(), _transaction(self._connection, "BEGIN"):
            yield self._connection

    def close(self) -> None:
        """Give the file back; harmless when repeated."""
        with self._lock:
            self._closed()


def insert(sheet: Sheet, table: str, **columns: Any) -> None:
    """Write one row; names of tables and columns are ours, values are bound."""
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    sheet.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - no foreign text in it
        tuple(columns.values()),
    )


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        # A plain SQLITE_ERROR is a mistake in our own SQL; the others are a locked file, a full
        # disk, a folder that went away: what a bank out of reach looks like.
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise
        raise ProcessorUnavailable from error


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        with _transaction(connection, "BEGIN IMMEDIATE"):
            _prepare(connection, path)
        _use_wal(connection)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.DatabaseError) and (
            error.sqlite_errorcode == sqlite3.SQLITE_NOTADB
        ):
            raise NotSandboxBooks(path) from error
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    version = 0
    if _pragma(connection, "application_id") == APPLICATION_ID:
        version = _pragma(connection, "user_version")
        if not 1 <= version <= VERSION:
            raise NotSandboxBooks(path)
    else:
        with closing(connection.execute("SELECT count(*) FROM sqlite_master")) as counted:
            if counted.fetchone()[0]:
                raise NotSandboxBooks(path)
    if version == VERSION:
        return
    for step in STEPS[version:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _use_wal(connection: sqlite3.Connection) -> None:
    # The switch needs the file alone for a moment, and SQLite does not wait for that by itself:
    # it fails at once when another process opens the books at the same time.
    given_up_at = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > given_up_at:
                raise
        time.sleep(BUSY_PAUSE_SECONDS)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    with closing(connection.execute(f"PRAGMA {name}")) as answer:
        value: int = answer.fetchone()[0]
    return value
