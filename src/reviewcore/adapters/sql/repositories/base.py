"""What the repositories share: statements by key, by column and by page, built once."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, select, tuple_

from reviewcore.adapters.sql.among import among
from reviewcore.adapters.sql.dialects import Query
from reviewcore.adapters.sql.rows import RowMap
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.errors import EntityNotFound

E = TypeVar("E")
K = TypeVar("K", bound=str)

BATCH = 500
"""Rows that `all` holds in memory at a time."""

LIMIT: BindParameter[int] = bindparam("limit")


def locking(statement: Select[Any], *, skip_locked: bool = False) -> Query:
    """Make a query that locks what it selects; SQLite's one writer holds everything anyway.

    FOR NO KEY UPDATE: locks exclude each other as with FOR UPDATE, but rows that refer to the
    locked one may still be added by others, so that adding a review does not wait, out of the
    order of locks, for whoever holds the artist.
    """
    return Query(statement.with_for_update(key_share=True, skip_locked=skip_locked))


def pages(statement: Select[Any], id_column: ColumnElement[str]) -> Select[Any]:
    """Take one page of *statement* in order of id."""
    return statement.where(id_column > bindparam("after")).order_by(id_column).limit(LIMIT)


class Pages:
    """Pages of a table for every choice of filters: a statement each, so that indexes serve it."""

    def __init__(self, rows: RowMap[Any], *filters: str) -> None:
        self._queries: Mapping[frozenset[str], Query] = {
            frozenset(chosen): self._query(rows, chosen)
            for size in range(len(filters) + 1)
            for chosen in itertools.combinations(filters, size)
        }
        self._rows = rows

    @staticmethod
    def _query(rows: RowMap[Any], chosen: Sequence[str]) -> Query:
        conditions = [rows.table.c[name] == bindparam(name) for name in chosen]
        return Query(pages(select(*rows.selected).where(*conditions), rows.table.c.id))

    def get(self, unit: Unit, *, after: str | None, limit: int, **filters: object) -> list[Any]:
        """Return a page of those who fit the filters that are not None."""
        chosen = {name: value for name, value in filters.items() if value is not None}
        query = self._queries[frozenset(chosen)]
        return unit.entities(self._rows, query, after=after or "", limit=limit, **chosen)


class ByKey(Generic[E]):
    """The statements of a table whose rows are found by id."""

    def __init__(self, rows: RowMap[E]) -> None:
        self.rows = rows
        ids = rows.table.c.id
        every = select(*rows.selected)
        one = every.where(ids == bindparam("id"))
        self.get = Query(one)
        self.lock = locking(one)
        self.lock_many = locking(every.where(among(ids, "ids")).order_by(ids))
        self.next = Query(pages(every, ids))

    def by(self, *columns: str, order: Sequence[str] = ("id",)) -> Query:
        """Make the query for rows with these values."""
        return Query(self.select_by(*columns, order=order))

    def lock_by(self, *columns: str) -> Query:
        """Make the query that locks rows with these values, in order of id."""
        return locking(self.select_by(*columns))

    def select_by(self, *columns: str, order: Sequence[str] = ("id",)) -> Select[Any]:
        """Make the statement that selects rows with these values."""
        table = self.rows.table
        conditions = [table.c[name] == bindparam(name) for name in columns]
        return (
            select(*self.rows.selected)
            .where(*conditions)
            .order_by(*(table.c[name] for name in order))
        )


class SqlRepository(Generic[E, K]):
    """Entities with an id."""

    _keyed: ByKey[E]

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def get(self, key: K, /) -> E:
        return self._require(key, self.find(key))

    def find(self, key: K, /) -> E | None:
        rows = self._keyed.rows
        change = self._unit.pending(rows, key)
        if change is not None:
            found: E | None = change.after
            return found
        held = self._unit.held(rows, key)
        return held if held is not None else self._unit.entity(rows, self._keyed.get, id=key)

    def lock(self, key: K, /) -> E:
        rows = self._keyed.rows
        self._unit.require_writable()
        held = self._unit.held(rows, key)
        if held is not None:
            return held
        found = self._unit.locked(rows, self._keyed.lock, id=key)
        return self._require(key, found[0] if found else None)

    def lock_many(self, keys: Collection[K], /) -> Sequence[E]:
        return self._unit.locked(self._keyed.rows, self._keyed.lock_many, ids=set(keys))

    def add(self, *entities: E) -> None:
        self._unit.add(self._keyed.rows, *entities)

    def update(self, *entities: E) -> None:
        self._unit.update(self._keyed.rows, *entities)

    def all(self) -> Iterator[E]:
        return every(self._unit, self._keyed.rows, self._keyed.next)

    def _require(self, key: K, found: E | None) -> E:
        if found is None:
            raise EntityNotFound(entity=self._keyed.rows.entity.__name__, id=key)
        return found


def every(unit: Unit, rows: RowMap[E], following: Query) -> Iterator[E]:
    """Iterate over all rows by id, a batch in memory at a time."""
    after = ""
    while batch := unit.rows(following, after=after, limit=BATCH):
        for row in batch:
            yield rows.load(unit.dialect, row)
        after = batch[-1][rows.columns.index("id")]


def following_pair(rows: RowMap[Any]) -> Query:
    """Make the query for the batch of rows after a key of an id and a number."""
    first, second = (rows.table.c[name] for name in rows.key)
    after = tuple_(bindparam("first", type_=first.type), bindparam("second", type_=second.type))
    return Query(
        select(*rows.selected)
        .where(tuple_(first, second) > after)
        .order_by(first, second)
        .limit(LIMIT)
    )


def every_pair(unit: Unit, rows: RowMap[E], following: Query) -> Iterator[E]:
    """Iterate over all rows by an id and a number, a batch in memory at a time."""
    first, second = "", 0
    while batch := unit.rows(following, first=first, second=second, limit=BATCH):
        for row in batch:
            yield rows.load(unit.dialect, row)
        first, second = (batch[-1][rows.columns.index(name)] for name in rows.key)
