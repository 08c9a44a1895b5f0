"""The statements that write, each compiled once for its shape and kept.

A shape says everything about a write but its values: what is done, to which table, in which
columns, by which columns the row is found, and to how many rows. A flush of a use case has the
same shapes every time, so its SQL is made once in the life of a process.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Integer,
    Table,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.dml import Delete, Insert, Update

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.dialects import SQLITE, Dialect, compiled

KEPT_SHAPES_MAX = 1000
"""More shapes than the use cases have; without a bound, odd row counts would fill the memory."""

ONE: ColumnElement[Any] = literal_column("1")
ZERO: ColumnElement[Any] = literal_column("0")


class Op(StrEnum):
    """What a write does. FORGET may find nothing; INSERT_NEW leaves alone what exists."""

    DELETE = "DELETE"
    FORGET = "FORGET"
    UPDATE = "UPDATE"
    INSERT = "INSERT"
    INSERT_NEW = "INSERT_NEW"


UNSURE = frozenset({Op.FORGET, Op.INSERT_NEW})
"""What may touch any number of rows."""

MISSED = "touched more or fewer rows than they were to"


class Shape(NamedTuple):
    """A write without its values: *columns* are set, rows are found by *where*."""

    op: Op
    table: str
    columns: tuple[str, ...]
    where: tuple[str, ...] = ()
    rows: int = 1


class Write(NamedTuple):
    """A shape with its values, row by row, each row its columns and then its where.

    *expected* is how many rows it must touch; None when any number will do.
    """

    shape: Shape
    values: list[Any]
    expected: int | None


class Ready(NamedTuple):
    """SQL, and how to put values laid end to end into the order of its placeholders."""

    sql: str
    arrange: Callable[[Sequence[Any]], Sequence[Any]]


@lru_cache(maxsize=KEPT_SHAPES_MAX)
def together(shapes: tuple[Shape, ...], dialect: Dialect) -> Ready:
    """Make one statement that does several writes, all of them or none.

    PostgreSQL only. All parts see the database as it was before the statement: none may touch a
    row that another touches, or take a unique key that another frees. It fails, saying MISSED, when
    they touch other numbers of rows than `numbers_of` tells, which come after the values.
    """
    parts = [
        _statement(shape, f"w{number}", dialect).returning(ONE).cte(f"part_{number}")
        for number, shape in enumerate(shapes)
    ]
    names = [name for number, shape in enumerate(shapes) for name in _names(shape, f"w{number}")]
    sure = [
        (shape, part) for shape, part in zip(shapes, parts, strict=True) if shape.op not in UNSURE
    ]
    if not sure:
        return _ready(select(ONE).add_cte(*parts), names, dialect)
    counts = [select(func.count()).select_from(part).scalar_subquery() for _, part in sure]
    is_right = array(counts) == cast(bindparam("numbers"), ARRAY(BigInteger))
    told = ", ".join(f"{shape.op} of {shape.table}" for shape, _ in sure)
    # Nothing in plain SQL raises an error of one's own; what is no number tells why.
    number = case((is_right, literal_column("'1'")), else_=literal_column(f"'{told} {MISSED}'"))
    return _ready(select(cast(number, Integer)).add_cte(*parts), [*names, "numbers"], dialect)


def numbers_of(writes: Sequence[Write]) -> list[str]:
    """Tell how many rows each write must touch, as one value; none if any number will do."""
    told = ",".join([str(write.expected) for write in writes if write.shape.op not in UNSURE])
    return [f"{{{told}}}"] if told else []


@lru_cache(maxsize=KEPT_SHAPES_MAX)
def alone(shape: Shape, dialect: Dialect) -> Ready:
    """Make a statement that does one write."""
    return _ready(_statement(shape, "w", dialect), _names(shape, "w"), dialect)


def _ready(statement: Any, names: list[str], dialect: Dialect) -> Ready:
    plan = compiled(statement, dialect)
    place = {name: position for position, name in enumerate(names)}
    order = [place[name] for name in plan.names]
    if len(order) == 1:
        (only,) = order
        return Ready(plan.sql, lambda values: (values[only],))
    return Ready(plan.sql, operator.itemgetter(*order))


def _names(shape: Shape, prefix: str) -> list[str]:
    columns = (*shape.columns, *(f"where_{name}" for name in shape.where))
    return [f"{prefix}_{row}_{name}" for row in range(shape.rows) for name in columns]


def _statement(shape: Shape, prefix: str, dialect: Dialect) -> Insert | Update | Delete:
    table = tables.metadata.tables[shape.table]

    def bind(name: str, *, row: int = 0, where: str = "") -> BindParameter[Any]:
        return bindparam(f"{prefix}_{row}_{where}{name}", type_=table.c[name].type)

    found = [table.c[name] == bind(name, where="where_") for name in shape.where]
    rows: list[dict[str, Any]] = [
        {name: bind(name, row=row) for name in shape.columns} for row in range(shape.rows)
    ]
    match shape.op:
        case Op.DELETE | Op.FORGET:
            return delete(table).where(*found)
        case Op.UPDATE:
            return update(table).values(rows[0]).where(*found)
        case Op.INSERT if table is tables.events:
            return insert(table).values([{**row, "sequence": _next(row)} for row in rows])
        case Op.INSERT:
            return insert(table).values(rows)
        case Op.INSERT_NEW:
            return _insert_new(table, rows, dialect)


def _insert_new(table: Table, rows: list[dict[str, Any]], dialect: Dialect) -> Insert:
    keys = [column.name for column in table.primary_key]
    if dialect is SQLITE:
        return sqlite.insert(table).values(rows).on_conflict_do_nothing(index_elements=keys)
    return postgresql.insert(table).values(rows).on_conflict_do_nothing(index_elements=keys)


def _next(row: dict[str, BindParameter[Any]]) -> ColumnElement[int]:
    """Tell the number of an event: so many (`sequence`) after the newest of its aggregate."""
    earlier = tables.events.alias("earlier")
    newest = (
        select(func.coalesce(func.max(earlier.c.sequence), ZERO))
        .where(earlier.c.aggregate == row["aggregate"])
        .scalar_subquery()
    )
    return newest + row["sequence"]
