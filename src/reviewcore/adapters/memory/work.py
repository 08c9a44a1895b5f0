"""A unit of work in memory: what it changed, so that it can be judged or undone as a whole."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from reviewcore.adapters.memory.table import Table
from reviewcore.adapters.memory.tables import Tables
from reviewcore.domain.errors import AlreadyExists, ReviewcoreError
from reviewcore.domain.rules import MarketRules
from reviewcore.sources import Ids

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Change(NamedTuple):
    """A row of *kind* under *key* before and after a block; None where there is none."""

    kind: type
    key: Any
    before: Any
    after: Any


class Work:
    """Changes tables and remembers what was there before.

    Tables are changed at once, so that the indexes answer for what the block has written; nobody
    else looks before the block has ended, because the store lets one in at a time.
    """

    def __init__(
        self,
        tables: Tables,
        *,
        actor: str,
        now: datetime,
        rules: MarketRules,
        new_id: Ids,
        is_writable: bool,
    ) -> None:
        self.tables = tables
        self.actor = actor
        self.now = now
        self.rules = rules
        self.new_id = new_id
        self.is_writable = is_writable
        # What was there before each write, in order; a row may be written several times.
        self._written: list[tuple[Table[Any, Any], Any, Any]] = []
        self._refused: list[ReviewcoreError] = []

    def add(self, table: Table[K, V], row: V) -> None:
        """Add a new row; that its key is taken surfaces with the other conflicts."""
        key = table.key_of(row)
        if key in table.rows:
            self.require_writable()
            self._refused.append(AlreadyExists(entity=table.kind.__name__, fields=("id",)))
            return
        self.put(table, key, table.in_utc(row))

    def update(self, table: Table[K, V], row: V) -> None:
        """Replace a row by its next value."""
        key = table.key_of(row)
        assert key in table.rows, f"there is no {table.kind.__name__} {key!r} to update"
        self.put(table, key, table.in_utc(row))

    def put(self, table: Table[K, V], key: K, row: V | None) -> None:
        """Have *row* under *key*, or nothing (None)."""
        if not self.is_writable:
            self.require_writable()
        before = table.rows.get(key)
        self._written.append((table, key, before))
        table.put(key, before, row)

    def require_writable(self) -> None:
        """Raise RuntimeError in a snapshot, and after the block has ended."""
        if not self.is_writable:
            raise RuntimeError("this transaction reads: write, lock and lease in store.begin()")

    def changes(self) -> Iterator[Change]:
        """Tell what became of every row, in the order in which they were first written."""
        first: dict[tuple[Table[Any, Any], Any], Any] = {}
        for table, key, before in self._written:
            first.setdefault((table, key), before)
        for (table, key), before in first.items():
            after = table.rows.get(key)
            if after is not before:
                yield Change(table.kind, key, before, after)

    def check(self) -> None:
        """Raise the conflict of the first key that is taken twice."""
        for refusal in self._refused:
            raise refusal
        for holders in self.tables.holders:
            if holders.rivals:
                raise holders.unique.conflict()

    def end(self, *, is_kept: bool) -> None:
        """Keep what was changed if it may be, or put everything back. Raises as `check` does."""
        try:
            if is_kept:
                self.check()
        except BaseException:
            is_kept = False
            raise
        finally:
            if not is_kept:
                self._undo()
            self.is_writable = False

    def _undo(self) -> None:
        """Put everything back as it was."""
        for table, key, row in reversed(self._written):
            table.put(key, table.rows.get(key), row)
