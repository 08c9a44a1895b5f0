"""The two databases, and Core statements compiled once for each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import attrs
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import Dialect as Compiler
from sqlalchemy.sql import ClauseElement, visitors
from sqlalchemy.sql.compiler import SQLCompiler

Row = tuple[Any, ...]
Coder = Callable[[Any], Any]


def utc(name: str, at: datetime) -> datetime:
    """Return *at* in UTC. Raises ValueError, naming what it was for, when it is naive."""
    if at.tzinfo is None:
        raise ValueError(f"{name} is a naive time: {at!r}")
    return at.astimezone(UTC)


def instant_text(name: str, at: datetime) -> str:
    """Tell a time as text of fixed width that sorts as the times do. Raises ValueError if naive."""
    return utc(name, at).isoformat(timespec="microseconds")


@attrs.frozen(eq=False)
class Dialect:
    """A database: how statements are compiled for it and which values its driver takes.

    *number*, *truth* and *several* make a number, a yes or no and a collection of ids fit for its
    driver.
    """

    name: str
    compiler: Compiler
    number: Coder
    truth: Coder
    several: Coder

    def encode(self, name: str, value: object) -> object:
        """Tell a parameter of a statement as the driver takes it."""
        match value:
            case None:
                return None
            case str():
                # Of a member of a StrEnum this makes the plain text that drivers want.
                return str(value)
            case bool():
                return self.truth(value)
            case int() | float():
                return self.number(value)
            case datetime():
                return instant_text(name, value)
        return self.several(value)

    def __repr__(self) -> str:
        return self.name


# PostgreSQL gets every parameter as text of no type and reads it by the cast in the statement.
# Numbers sent as numbers would be int2, int4 or int8 by their size, and each combination of
# these would be prepared as a statement of its own.
POSTGRESQL = Dialect(
    name="postgresql",
    compiler=PGDialect_psycopg(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]  # untyped there
    number=str,
    truth=lambda told: "t" if told else "f",
    several=sorted,
)

SQLITE = Dialect(
    name="sqlite",
    compiler=SQLiteDialect_pysqlite(),
    number=lambda told: told,
    truth=int,
    several=lambda told: json.dumps(sorted(told)),
)

DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in (POSTGRESQL, SQLITE)}


class Plan(NamedTuple):
    """A compiled statement, its parameters in order, and the values that are its own."""

    sql: str
    names: tuple[str, ...]
    own: Mapping[str, Any]

    def arguments(self, dialect: Dialect, given: Mapping[str, object]) -> list[object]:
        """Tell *given* in the order of the placeholders."""
        return [
            dialect.encode(name, given[name]) if name in given else self.own[name]
            for name in self.names
        ]


def compiled(statement: ClauseElement, dialect: Dialect) -> Plan:
    """Compile a Core statement; costs a millisecond, so the result is to be kept."""
    told = statement.compile(dialect=dialect.compiler)
    assert isinstance(told, SQLCompiler)
    # What has no value of its own must be given: a forgotten parameter is not NULL but a bug.
    own = {name: value for name, value in told.params.items() if value is not None}
    return Plan(str(told), tuple(told.positiontup or ()), own)


class Query:
    """A Core statement that is built once, at import, and compiled once a dialect.

    *tables* are the names of those it reads: pending writes to them go first.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement
        self.tables = frozenset(
            element.name for element in visitors.iterate(statement) if isinstance(element, Table)
        )
        self._plans: dict[Dialect, Plan] = {}

    def plan(self, dialect: Dialect) -> Plan:
        """Return it as compiled for *dialect*."""
        plan = self._plans.get(dialect)
        if plan is None:
            # Two threads may both compile it the first time; the results are equal.
            plan = self._plans[dialect] = compiled(self.statement, dialect)
        return plan


class ByDialect:
    """Two statements for one question, where the databases have no common way to ask it.

    *tables* names those that a statement of plain text reads.
    """

    def __init__(
        self,
        *,
        postgresql: ClauseElement,
        sqlite: ClauseElement,
        tables: frozenset[str] = frozenset(),
    ) -> None:
        self._queries = {POSTGRESQL: Query(postgresql), SQLITE: Query(sqlite)}
        self.tables = tables.union(*(query.tables for query in self._queries.values()))

    def plan(self, dialect: Dialect) -> Plan:
        """Return the one for *dialect*."""
        return self._queries[dialect].plan(dialect)


Question = Query | ByDialect


def values_of(rows: Sequence[Row]) -> list[Any]:
    """Tell the only column of *rows*."""
    return [value for (value,) in rows]
