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
from psycopg.generators import execute, fetch_many
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import tuple_row

from reviewcore.adapters.sql.dialects import Row

PREPARED_MAX = 200
"""Plans that a connection keeps: as many as the queries and the common shapes of flushes."""

COMMIT = "COMMIT"

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
    """Statements on a connection that nobody but us uses, prepared under names of our own.

    BEGIN waits for the first statement, and COMMIT may go with the last: a trip less each. *owed*
    is the BEGIN that waits, if one does.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._encoding = connection.info.encoding
        self._known: OrderedDict[str, _Statement] = OrderedDict()
        self._made = 0
        self.owed: str | None = None

    def begin(self, sql: str) -> None:
        """Begin a transaction with the next statement."""
        self.owed = sql

    def end(self, sql: str) -> None:
        """End the transaction, unless it has not begun or was committed with its last statement."""
        has_begun, self.owed = self.owed is None, None
        if has_begun and self._pgconn.transaction_status != TransactionStatus.IDLE:
            self._command(sql)

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]:
        """Run a statement and return its rows."""
        parameters = self._written(arguments)
        if parameters is None:
            return self._by_cursor().fetch(sql, arguments)
        reader, result = self._run(sql, parameters)
        return reader.load_rows(0, result.ntuples, tuple)

    def change(self, sql: str, arguments: Sequence[Any]) -> int:
        """Run a statement and tell how many rows it touched."""
        return self._change(sql, arguments, end=None)

    def finish(self, sql: str, arguments: Sequence[Any]) -> int:
        """Do as `change` does, and commit if it succeeds.

        Not if BEGIN still waits: whoever loses the connection may begin anew, and could not know
        whether all of it had been committed.
        """
        return self._change(sql, arguments, end=COMMIT if self.owed is None else None)

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement with each of *rows* and tell how many rows they touched."""
        return self._by_cursor().change_many(sql, rows)

    def command(self, sql: str) -> None:
        """Run a statement without parameters or rows."""
        self._begin()
        self._command(sql)

    def _change(self, sql: str, arguments: Sequence[Any], *, end: str | None) -> int:
        parameters = self._written(arguments)
        if parameters is None:
            return self._by_cursor().change(sql, arguments)
        _, result = self._run(sql, parameters, end=end)
        return result.command_tuples or 0

    def _by_cursor(self) -> ByCursor:
        self._begin()
        return ByCursor(self._connection)

    def _begin(self) -> None:
        """Send the BEGIN that waits by itself, before what cannot take it along."""
        if self.owed is not None:
            sql, self.owed = self.owed, None
            self._command(sql)

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

    def _run(
        self, sql: str, parameters: list[bytes | None], *, end: str | None = None
    ) -> tuple[abc.Transformer, PGresult]:
        known = self._known.get(sql)
        if known is not None:
            self._known.move_to_end(sql)
            try:
                result = self._ask(known.name, parameters, end)
            except _LOST as error:
                self._known.clear()
                raise PlanLostError(str(error)) from error
            known.reader.set_pgresult(result, set_loaders=False)
            return known.reader, result
        known = self._prepared(sql)
        result = self._ask(known.name, parameters, end)
        known.reader.set_pgresult(result, set_loaders=True, format=Format.BINARY)
        self._known[sql] = known
        return known.reader, result

    def _prepared(self, sql: str) -> _Statement:
        if len(self._known) >= PREPARED_MAX:
            oldest = next(iter(self._known))
            self._command(f"DEALLOCATE {self._known[oldest].name.decode()}")
            del self._known[oldest]
        self._made += 1
        name = b"ours_%d" % self._made
        self._pgconn.send_prepare(name, sql.encode(self._encoding))
        self._answer()
        return _Statement(name, Transformer(self._connection))

    # ── on the wire ──────────────────────────────────────────────────────────────────────────

    def _command(self, sql: str) -> None:
        self._pgconn.send_query(sql.encode())
        self._answer()

    def _ask(self, name: bytes, parameters: list[bytes | None], end: str | None) -> PGresult:
        """Run a prepared statement, after the BEGIN that waits and before *end*, in one trip.

        What follows a failure is not run, so *end* only ends what has succeeded.
        """
        if self.owed is None and end is None:
            self._pgconn.send_query_prepared(name, parameters, None, Format.BINARY)
            return self._answer()
        begin, self.owed = self.owed, None
        try:
            self._pgconn.enter_pipeline_mode()
            if begin is not None:
                self._pgconn.send_query_params(begin.encode(), None)
            self._pgconn.send_query_prepared(name, parameters, None, Format.BINARY)
            if end is not None:
                self._pgconn.send_query_params(end.encode(), None)
            self._pgconn.pipeline_sync()
            results = self._answers()
            self._pgconn.exit_pipeline_mode()
        except BaseException:
            # Lost, or interrupted by Ctrl-C: what is still to come would answer others' questions.
            self._connection.close()
            raise
        for result in results:
            self._require(result)
        return results[0 if begin is None else 1]

    def _answers(self) -> list[PGresult]:
        """Wait for the results of all that was sent since the pipeline was entered.

        By the driver's own loops: asked for one by one, each result would let other threads in.
        """
        told: list[PGresult] = []
        more: list[PGresult] = self._connection.wait(execute(self._pgconn))
        while more:
            told += more
            if more[-1].status == ExecStatus.PIPELINE_SYNC:
                return told
            more = self._connection.wait(fetch_many(self._pgconn))
        raise psycopg.OperationalError("the connection is lost")

    def _answer(self) -> PGresult:
        """Wait for the result of what was sent; like a cursor, so that Ctrl-C gets through."""
        results: list[PGresult] = self._connection.wait(execute(self._pgconn))
        for result in results:
            self._require(result)
        return results[-1]

    def _require(self, result: PGresult) -> None:
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result, encoding=self._encoding)


def way_of(connection: psycopg.Connection[Any], kept: dict[Any, Any]) -> Directly:
    """Return the way of a connection of our own, from what is *kept* for as long as it lives."""
    way = kept.get(Directly)
    if way is None:
        way = kept[Directly] = Directly(connection)
    told: Directly = way
    # Whoever had it before may have been interrupted before he began.
    told.owed = None
    return told
