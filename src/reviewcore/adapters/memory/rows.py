"""What the repositories in memory have in common."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import Any, Generic, TypeVar

import attrs

from reviewcore.adapters.memory.table import Table
from reviewcore.adapters.memory.tables import page_of
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.errors import EntityNotFound

E = TypeVar("E")
K = TypeVar("K", bound=Hashable)


def purge(work: Work, table: Table[Any, Any], index: str, *, before: datetime, limit: int) -> int:
    """Forget the first rows of a ranked index, *limit* at most, that rank *before* a time."""
    work.require_writable()
    ranked = takewhile(lambda place: place[0] < before, table.indexes[index].ranked())
    old = [key for _, key in islice(ranked, limit)]
    for key in old:
        work.put(table, key, None)
    return len(old)


class Rows(Generic[E, K]):
    """A repository of entities with an id. Locks are held as it is: blocks go one at a time."""

    def __init__(self, work: Work, table: Table[K, E]) -> None:
        self._work = work
        self._table = table

    def get(self, key: K, /) -> E:
        row = self._table.rows.get(key)
        if row is None:
            raise EntityNotFound(entity=self._table.kind.__name__, id=str(key))
        return row

    def find(self, key: K, /) -> E | None:
        return self._table.rows.get(key)

    def lock(self, key: K, /) -> E:
        # Nothing to do here, but PostgreSQL refuses locks in a snapshot, so we do as well.
        self._work.require_writable()
        return self.get(key)

    def lock_many(self, keys: Collection[K], /) -> Sequence[E]:
        self._work.require_writable()
        rows = self._table.rows
        return [rows[key] for key in sorted(set(keys), key=str) if key in rows]

    def add(self, *entities: E) -> None:
        for entity in entities:
            self._work.add(self._table, entity)

    def update(self, *entities: E) -> None:
        for entity in entities:
            self._work.update(self._table, entity)

    def all(self) -> Iterator[E]:
        rows: dict[Any, E] = self._table.rows
        # A list of its own: the caller may write while he iterates.
        return iter([rows[key] for key in sorted(rows)])

    def _page(self, *, after: str | None, limit: int, **filters: Hashable) -> Sequence[E]:
        given = {name: value for name, value in filters.items() if value is not None}
        values = tuple(given.values())
        group = values[0] if len(values) == 1 else values or None
        keys = self._table.indexes[page_of(*given)].keys_after(after, group)
        return [self._table.rows[key] for key in islice(keys, limit)]


def due(table: Table[K, Any], index: str, now: datetime, group: Hashable = None) -> Iterator[K]:
    """Iterate over the keys whose rank, a time, has come, earliest first."""
    ranked = table.indexes[index].ranked(group)
    return (key for _, key in takewhile(lambda place: place[0] <= now, ranked))


class Leased(Rows[E, K]):
    """A repository whose rows workers take for a while."""

    def lease(self, now: datetime, *, until: datetime, limit: int) -> Sequence[E]:
        self._work.require_writable()
        taken = list(islice(due(self._table, "ready", now), limit))
        for key in taken:
            row: Any = self._table.rows[key]
            self._work.update(self._table, attrs.evolve(row, leased_until=until))
        return self.lock_many(taken)


class Unsettled(Rows[E, K]):
    """A repository of things some of which are not settled."""

    def unsettled(self, *, after: str | None, limit: int) -> Sequence[E]:
        keys = self._table.indexes["unsettled"].keys_after(after)
        return [self._table.rows[key] for key in islice(keys, limit)]
