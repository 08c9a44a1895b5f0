"""PostgreSQL: connections from a pool, and statements on the driver's own cursor.

Statements go to psycopg without SQLAlchemy between: it compiled them once, and asking it again at
every call costs more than the database does (see statements.py).
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from sqlalchemy import URL, create_engine, event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection

from reviewcore.adapters.sql.conflicts import refusal_of
from reviewcore.adapters.sql.dialects import POSTGRESQL, Row
from reviewcore.adapters.sql.driving import (
    COMMIT,
    PREPARED_MAX,
    ByCursor,
    Directly,
    PlanLostError,
    way_of,
)
from reviewcore.adapters.sql.flush import Link
from reviewcore.adapters.sql.statements import MISSED
from reviewcore.domain.errors import Busy, ReviewcoreError, StoreUnavailable

BEGIN_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED"
BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
CONNECT_SECONDS_MAX = 10
STREAM_ROWS = 1000
FOR_STREAMS = "SET LOCAL work_mem = '64MB'; SET LOCAL cursor_tuple_fraction = 1"

R = TypeVar("R")

_BUSY = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    PlanLostError,
)


_streams = itertools.count()


class PostgresLink:
    """A psycopg connection in a transaction that somebody else begins and ends."""

    dialect = POSTGRESQL
    sends_together = True

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._way: ByCursor | Directly = ByCursor(connection)

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        return self._run(lambda: self._way.fetch(sql, arguments))

    def stream(self, sql: str, arguments: Sequence[Any]) -> Iterator[Row]:
        """Yield the rows of a query, some at a time from a cursor that the server keeps.

        For few questions about very much: sorts and hashes get more memory for the rest of the
        transaction, and a plan is chosen for all of its rows, not for the first.
        """
        name = f"stream_{next(_streams)}"
        try:
            # Before the cursor is made: this may begin the transaction, and on another connection.
            self.command(FOR_STREAMS)
            with psycopg.RawServerCursor(self._connection, name, row_factory=tuple_row) as cursor:
                cursor.itersize = STREAM_ROWS
                cursor.execute(sql.encode(), arguments or None, binary=True)
                yield from cursor
        except psycopg.Error as error:
            refusal = self._refusal(error)
            if refusal is None:
                raise
            raise refusal from error

    def change(self, sql: str, arguments: Sequence[Any]) -> int:
        return self._run(lambda: self._way.change(sql, arguments))

    def finish(self, sql: str, arguments: Sequence[Any]) -> int:
        return self.change(sql, arguments)

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        return self._run(lambda: self._way.change_many(sql, rows))

    def command(self, sql: str) -> None:
        """Run a statement without parameters or rows, such as SET."""
        self._run(lambda: self._way.command(sql))

    def _run(self, ask: Callable[[], R]) -> R:
        try:
            return ask()
        except psycopg.Error as error:
            refusal = self._refusal(error)
            if refusal is None:
                raise
            raise refusal from error

    def _refusal(self, error: psycopg.Error) -> ReviewcoreError | AssertionError | None:
        """Tell what the market calls an error of the driver; None when it is a bug of ours."""
        if isinstance(error, psycopg.errors.InvalidTextRepresentation) and MISSED in str(error):
            return AssertionError(str(error))
        if isinstance(error, psycopg.errors.UniqueViolation):
            return refusal_of(error.diag.constraint_name)
        if isinstance(error, _BUSY):
            return Busy()
        lost = isinstance(error, psycopg.OperationalError) and self._connection.closed
        return StoreUnavailable() if lost else None


class PooledLink(PostgresLink):
    """A connection of the pool in a transaction of our own.

    BEGIN goes with its first statement. If the connection was lost by then, as after a restart of
    the server, *renew* takes another and all is begun there: without BEGIN nothing has happened.
    """

    renew: Callable[[], tuple[psycopg.Connection[Any], Directly]] | None = None
    _way: Directly

    def __init__(self, connection: psycopg.Connection[Any], way: Directly) -> None:
        self._connection = connection
        self._way = way

    def begin(self, sql: str) -> None:
        """Begin a transaction with the next statement."""
        self._way.begin(sql)

    def end(self, sql: str) -> None:
        """Commit or roll back what has begun and is not over."""
        super()._run(lambda: self._way.end(sql))

    def finish(self, sql: str, arguments: Sequence[Any]) -> int:
        return self._run(lambda: self._way.finish(sql, arguments))

    def _run(self, ask: Callable[[], R]) -> R:
        owed = self._way.owed
        try:
            return super()._run(ask)
        except StoreUnavailable:
            if owed is None or self.renew is None:
                raise
        self._connection, self._way = self.renew()
        self._way.begin(owed)
        return super()._run(ask)


class PostgresDoors:
    """Opens transactions on connections of a pool."""

    dialect = POSTGRESQL

    def __init__(self, url: URL, *, pool_size: int, link: type[PooledLink] = PooledLink) -> None:
        self._link = link
        # Transactions are begun and ended by our own statements.
        self.engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            pool_size=pool_size,
            max_overflow=0,
            connect_args={"connect_timeout": CONNECT_SECONDS_MAX} if not _has_timeout(url) else {},
        )
        event.listen(self.engine, "connect", _prepare_connection)

    @contextlib.contextmanager
    def write(self) -> Iterator[PooledLink]:
        """Open a transaction that commits at the end and rolls back on an exception."""
        with self._transaction(BEGIN_WRITE) as link:
            yield link

    @contextlib.contextmanager
    def read(self) -> Iterator[PooledLink]:
        """Open a snapshot that PostgreSQL itself keeps from writing."""
        with self._transaction(BEGIN_READ) as link:
            yield link

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def glance(self) -> Link:
        """Return what answers each question by a statement outside any transaction."""
        return _Glance(self)

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[PooledLink]:
        pooled, link = self.connect()

        def renew() -> tuple[psycopg.Connection[Any], Directly]:
            nonlocal pooled
            pooled, _ = self.connect_anew(pooled)
            return _within(pooled)

        link.renew = renew
        try:
            link.begin(begin)
            yield link
            link.end(COMMIT)
        except BaseException:
            with contextlib.suppress(psycopg.Error, StoreUnavailable):
                link.end("ROLLBACK")
            raise
        finally:
            _give_back(pooled)

    def connect_anew(self, lost: PoolProxiedConnection) -> tuple[PoolProxiedConnection, PooledLink]:
        """Connect again after the server went away."""
        # A restart of the server leaves the whole pool dead, so it is not asked again.
        lost.invalidate()
        self.engine.dispose()
        return self.connect()

    def connect(self) -> tuple[PoolProxiedConnection, PooledLink]:
        """Take a connection out of the pool. Raises StoreUnavailable."""
        try:
            pooled = self.engine.raw_connection()
        except (psycopg.OperationalError, exc.OperationalError, exc.TimeoutError) as error:
            # None names the URL: they tell host and user, or the pool's size.
            raise StoreUnavailable from error
        return pooled, self._link(*_within(pooled))


class _Glance:
    """Questions each of which is a snapshot by itself, on whatever connection is free."""

    dialect = POSTGRESQL
    sends_together = True

    def __init__(self, doors: PostgresDoors) -> None:
        self._doors = doors

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        pooled, link = self._doors.connect()
        try:
            return link.fetch(sql, arguments)
        except Busy:
            return link.fetch(sql, arguments)
        except StoreUnavailable:
            # The server went away while nobody asked; a question can be asked again.
            pooled, link = self._doors.connect_anew(pooled)
            return link.fetch(sql, arguments)
        finally:
            _give_back(pooled)

    def stream(self, sql: str, arguments: Sequence[Any]) -> Iterator[Row]:
        raise NotImplementedError("a glance looks at little")

    def change(self, sql: str, arguments: Sequence[Any]) -> int:
        raise NotImplementedError("a glance only reads")

    def finish(self, sql: str, arguments: Sequence[Any]) -> int:
        raise NotImplementedError("a glance only reads")

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        raise NotImplementedError("a glance only reads")


def raw(connection: DBAPIConnection | None) -> psycopg.Connection[Any]:
    """Return the psycopg connection that SQLAlchemy holds."""
    return cast("psycopg.Connection[Any]", connection)


def _within(pooled: PoolProxiedConnection) -> tuple[psycopg.Connection[Any], Directly]:
    connection = raw(pooled.dbapi_connection)
    return connection, way_of(connection, pooled.info)


def _give_back(pooled: PoolProxiedConnection) -> None:
    if not pooled.is_valid:
        # It was lost, and the server still is.
        return
    if raw(pooled.dbapi_connection).pgconn.transaction_status == TransactionStatus.IDLE:
        pooled.close()
    else:
        # Lost, or its ROLLBACK failed: nobody may get it after us.
        pooled.invalidate()


def _has_timeout(url: URL) -> bool:
    return "connect_timeout" in url.query


def _prepare_connection(connection: DBAPIConnection, _record: object) -> None:
    session = raw(connection)
    session.prepared_max = PREPARED_MAX
    # Compiling a plan takes longer than our longest query: a search for newcomers took 100 ms of
    # compiling for 3 ms of work, because of what it might read if its ranges were full.
    session.execute("SET TIME ZONE 'UTC'; SET jit = off")
