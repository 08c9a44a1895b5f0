"""Two ways to have psycopg run a statement: by its cursor, and without one.

A cursor finds out anew at every call how each parameter is written and each column read, which
takes longer than all else that we and the driver do for a statement. On connections of our own it
is found out once for each statement. A host's connection is used as its host would.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import abc
from psycopg.adapt import Transformer
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult
from psycopg.rows import tuple_row

from reviewcore.adapters.sql.dialects import Row

PREPARED_MAX = 200
"""Plans that a connection keeps: as many as the queries and the common shapes of flushes."""


_LOST = (
    psycopg.errors.InvalidSqlStatementName,
    # "cached plan must not change result type"
    psycopg.errors.FeatureNotSupported,
)


class ByCursor:
    """Statements on a cursor."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        # Placeholders are PostgreSQL's own ($1), so the driver has nothing to rewrite.
        self._cursor = psycopg.RawCursor(connection, row_factory=tuple_row)

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        """Run a statement and return its rows."""
        self._cursor.execute(sql.encode(), arguments or None, prepare=True, binary=True)
        return self._cursor.fetchall()

    def change(self, sql: str, arguments: Sequence[Any]) -> int:
        """Run a statement and tell how many rows it touched."""
        self._cursor.execute(sql.encode(), arguments or None, prepare=True, binary=True)
        return self._cursor.rowcount

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement with each of *rows* and tell how many rows they touched."""
        self._cursor.executemany(sql.encode(), rows)
        return self._cursor.rowcount

    def command(self, sql: str) -> None:
        """Run a statement without parameters or rows."""
        self._cursor.execute(sql.encode(), prepare=False)


class PlanLostError(psycopg.OperationalError):
    """A prepared statement serves no more: what it reads was changed, or it was deallocated.

    The driver deallocates all there are after DDL on its connection. Nothing has happened, and the
    same transaction may be begun again.
    """


class _Statement(NamedTuple):
    """A prepared statement and what reads its rows."""

    name: bytes
    reader: abc.Transformer


class Directly:
    """Statements on a connection that nobody but us uses, prepared under names of our own."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._encoding = connection.info.encoding
        self._known: OrderedDict[str, _Statement] = OrderedDict()
        self._made = 0

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        """Run a statement and return its rows."""
        parameters = self._written(arguments)
        if parameters is None:
            return ByCursor(self._connection).fetch(sql, arguments)
        reader, result = self._run(sql, parameters)
        return reader.load_rows(0, result.ntuples, tuple)

    def change(self, sql: str, arguments: Sequence[Any]) -> int:
        """Run a statement and tell how many rows it touched."""
        parameters = self._written(arguments)
        if parameters is None:
            return ByCursor(self._connection).change(sql, arguments)
        _, result = self._run(sql, parameters)
        return result.command_tuples or 0

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement with each of *rows* and tell how many rows they touched."""
        return ByCursor(self._connection).change_many(sql, rows)

    def command(self, sql: str) -> None:
        """Run a statement without parameters or rows."""
        self._pgconn.send_query(sql.encode())
        self._answer()

    def _written(self, arguments: Sequence[Any]) -> list[bytes | None] | None:
        """Write parameters as texts; None when one of them is several, which a cursor can write."""
        told: list[bytes | None] = []
        for argument in arguments:
            if argument is None:
                told.append(None)
            elif type(argument) is str:
                told.append(argument.encode(self._encoding))
            else:
                return None
        if b"\0" in b"".join([one for one in told if one]):
            # The protocol would end the text there.
            raise psycopg.DataError("PostgreSQL text holds no NUL")
        return told

    def _run(self, sql: str, parameters: list[bytes | None]) -> tuple[abc.Transformer, PGresult]:
        known = self._known.get(sql)
        if known is not None:
            self._known.move_to_end(sql)
            self._pgconn.send_query_prepared(known.name, parameters, None, Format.BINARY)
            try:
                result = self._answer()
            except _LOST as error:
                self._known.clear()
                raise PlanLostError(str(error)) from error
            known.reader.set_pgresult(result, set_loaders=False)
            return known.reader, result
        known = self._prepared(sql)
        self._pgconn.send_query_prepared(known.name, parameters, None, Format.BINARY)
        result = self._answer()
        known.reader.set_pgresult(result, set_loaders=True, format=Format.BINARY)
        self._known[sql] = known
        return known.reader, result

    def _prepared(self, sql: str) -> _Statement:
        if len(self._known) >= PREPARED_MAX:
            oldest = next(iter(self._known))
            self.command(f"DEALLOCATE {self._known[oldest].name.decode()}")
            del self._known[oldest]
        self._made += 1
        name = b"ours_%d" % self._made
        self._pgconn.send_prepare(name, sql.encode(self._encoding))
        self._answer()
        return _Statement(name, Transformer(self._connection))

    def _answer(self) -> PGresult:
        """Wait for the result of what was sent; like a cursor, so that Ctrl-C gets through."""
        results: list[PGresult] = self._connection.wait(execute(self._pgconn))
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result, encoding=self._encoding)
        return results[-1]


def way_of(connection: psycopg.Connection[Any], kept: dict[Any, Any]) -> Directly:
    """Return the way of a connection of our own, from what is *kept* for as long as it lives."""
    way = kept.get(Directly)
    if way is None:
        way = kept[Directly] = Directly(connection)
    told: Directly = way
    return told
