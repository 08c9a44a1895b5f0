"""The store in a database: PostgreSQL for a market, SQLite for one machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, exc, make_url

from reviewcore.adapters.sql import schema
from reviewcore.adapters.sql.context import Context
from reviewcore.adapters.sql.flush import Link
from reviewcore.adapters.sql.repositories.genres import TreeCache
from reviewcore.adapters.sql.transaction import SqlTransaction
from reviewcore.domain.errors import StoreUnavailable
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.rules import MarketRules
from reviewcore.sources import Clock, Ids, TimeIds, Tokens, secret_token, system_clock

POOL_SIZE = 10

_IDS = TimeIds()


class Doors(Protocol):
    """How transactions are opened on one kind of database."""

    @property
    def engine(self) -> Engine: ...

    def write(self) -> contextlib.AbstractContextManager[Link]: ...

    def read(self) -> contextlib.AbstractContextManager[Link]: ...

    def glance(self) -> Link | None:
        """Return what answers questions outside any transaction; None where it gains nothing."""
        ...

    def close(self) -> None: ...


class SqlStore:
    """The market in PostgreSQL (``postgresql+psycopg://…``) or SQLite (``sqlite:///file.db``).

    *pool_size* is the number of connections, and so of transactions at a time; a thread that needs
    another waits. Raises ValueError for another kind of URL.
    """

    def __init__(
        self,
        url: str,
        *,
        rules: MarketRules | None = None,
        clock: Clock = system_clock,
        ids: Ids | None = None,
        tokens: Tokens = secret_token,
        pool_size: int = POOL_SIZE,
    ) -> None:
        self._rules = rules if rules is not None else MarketRules()
        self._clock = clock
        self._ids = ids if ids is not None else TimeIds(clock)
        self._tokens = tokens
        self._doors = self._open(make_url(url), pool_size=pool_size)
        self._cache = TreeCache()
        self._thread = threading.local()

    @property
    def rules(self) -> MarketRules:
        return self._rules

    def now(self) -> datetime:
        return self._clock()

    @contextlib.contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[SqlTransaction]:
        if getattr(self._thread, "is_writing", False):
            raise RuntimeError("this thread has a transaction open; pass it on, do not nest")
        self._thread.is_writing = True
        try:
            with self._doors.write() as link:
                tx = SqlTransaction(link, self._context(actor), self._cache, writable=True)
                yield tx
                tx.finish()
            tx.committed()
        finally:
            self._thread.is_writing = False

    @contextlib.contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        with self._doors.read() as link:
            yield SqlTransaction(link, self._context(SYSTEM), self._cache, writable=False)

    def glance(self) -> contextlib.AbstractContextManager[SqlTransaction]:
        link = self._doors.glance()
        if link is None:
            return self.read()
        tx = SqlTransaction(link, self._context(SYSTEM), self._cache, writable=False)
        return contextlib.nullcontext(tx)

    @classmethod
    @contextlib.contextmanager
    def join(
        cls,
        connection: Connection,
        *,
        rules: MarketRules,
        clock: Clock = system_clock,
        ids: Ids = _IDS,
        tokens: Tokens = secret_token,
        actor: str = SYSTEM,
    ) -> Iterator[SqlTransaction]:
        """Work within a transaction of the host's, on its own connection.

        A savepoint surrounds the block: an exception undoes the block and leaves the host's
        transaction usable. What was collected is sent at the block's end; the host commits. Nothing
        is tried again here: on Busy the host runs its whole transaction again.
        """
        link = _joined(connection)
        context = Context(now=clock(), rules=rules, actor=actor, new_id=ids, new_token=tokens)
        with connection.begin_nested():
            tx = SqlTransaction(link, context, TreeCache(), writable=True)
            yield tx
            tx.finish()

    def migrate(self) -> None:
        with _reachable():
            schema.upgrade(self._doors.engine)

    def check_ready(self) -> None:
        with _reachable():
            schema.require_newest(self._doors.engine)

    def close(self) -> None:
        self._doors.close()

    def _open(self, url: URL, *, pool_size: int) -> Doors:
        return _doors(url, pool_size=pool_size)

    def _context(self, actor: str) -> Context:
        return Context(
            now=self._clock(),
            rules=self._rules,
            actor=actor,
            new_id=self._ids,
            new_token=self._tokens,
        )


def _doors(url: URL, *, pool_size: int) -> Doors:
    # Neither driver need be installed for the other.
    match url.drivername:
        case "postgresql+psycopg":
            from reviewcore.adapters.sql.postgres import PostgresDoors  # noqa: PLC0415 - needs its driver

            return PostgresDoors(url, pool_size=pool_size)
        case "sqlite" | "sqlite+pysqlite":
            from reviewcore.adapters.sql.sqlite import SqliteDoors  # noqa: PLC0415 - needs its driver

            return SqliteDoors(url, pool_size=pool_size)
        case other:
            raise ValueError(
                f"no store for {other}: use postgresql+psycopg://… or sqlite:///file.db"
            )


def _joined(connection: Connection) -> Link:
    match connection.dialect.name, connection.dialect.driver:
        case "postgresql", "psycopg":
            from reviewcore.adapters.sql import postgres  # noqa: PLC0415 - needs its driver

            return postgres.PostgresLink(postgres.raw(connection.connection.dbapi_connection))
        case "sqlite", "pysqlite":
            from reviewcore.adapters.sql import sqlite  # noqa: PLC0415 - needs its driver

            link = sqlite.SqliteLink(sqlite.raw(connection.connection.dbapi_connection))
            if not sqlite.raw(connection.connection.dbapi_connection).in_transaction:
                # The sqlite3 module begins a transaction before a write only: our savepoint would
                # be the outermost, and its end a commit.
                link.command("BEGIN IMMEDIATE")
            return link
        case told:
            raise ValueError(f"no store joins a connection of {told}")


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (exc.OperationalError, exc.TimeoutError) as error:
        raise StoreUnavailable from error
