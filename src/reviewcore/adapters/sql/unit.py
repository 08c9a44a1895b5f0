"""A unit of work: what a transaction has read, what it holds, and what it has yet to write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeVar

from reviewcore.adapters.sql.changes import Change
from reviewcore.adapters.sql.conflicts import exists_already
from reviewcore.adapters.sql.copies import COPIED_TO
from reviewcore.adapters.sql.dialects import Question, Row
from reviewcore.adapters.sql.flush import Link, send
from reviewcore.adapters.sql.maps import EVENTS
from reviewcore.adapters.sql.rows import Key, RowMap
from reviewcore.adapters.sql.statements import Op

E = TypeVar("E")


class Unit:
    """The reads and collected writes of one transaction.

    *failure* is the first error that the database answered: nothing may be committed after it, as
    PostgreSQL would answer a COMMIT with a silent rollback.
    """

    def __init__(self, link: Link, *, writable: bool) -> None:
        self.link = link
        self.dialect = link.dialect
        self.writable = writable
        self.failure: Exception | None = None
        self._read: defaultdict[RowMap[Any], dict[Key, Any]] = defaultdict(dict)
        self._held: set[tuple[RowMap[Any], Key]] = set()
        self._pending: dict[RowMap[Any], dict[Key, Change]] = {}
        self._touched: set[str] = set()

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def rows(self, question: Question, **given: object) -> list[Row]:
        """Answer *question*, after the pending writes that it must see."""
        if self._touched and not self._touched.isdisjoint(question.tables):
            self.flush()
        plan = question.plan(self.dialect)
        try:
            return self.link.fetch(plan.sql, plan.arguments(self.dialect, given))
        except Exception as error:
            self.failure = self.failure or error
            raise

    def stream(self, question: Question, **given: object) -> Iterator[Row]:
        """Answer *question* like `rows`, a batch in memory at a time."""
        if self._touched and not self._touched.isdisjoint(question.tables):
            self.flush()
        plan = question.plan(self.dialect)
        try:
            yield from self.link.stream(plan.sql, plan.arguments(self.dialect, given))
        except Exception as error:
            self.failure = self.failure or error
            raise

    def entities(self, rows: RowMap[E], question: Question, **given: object) -> list[E]:
        """Return the entities that *question* selects, and remember them."""
        return [self.keep(rows, row) for row in self.rows(question, **given)]

    def entity(self, rows: RowMap[E], question: Question, **given: object) -> E | None:
        """Return the only entity that *question* selects, or None."""
        found = self.entities(rows, question, **given)
        return found[0] if found else None

    def locked(self, rows: RowMap[E], question: Question, **given: object) -> list[E]:
        """Return the entities that *question* locks: they stay as they are until the end."""
        self.require_writable()
        return [self.hold(rows, entity) for entity in self.entities(rows, question, **given)]

    def hold(self, rows: RowMap[E], entity: E) -> E:
        """Note that the row of an entity is locked."""
        self._held.add((rows, rows.key_of(entity)))
        return entity

    def keep(self, rows: RowMap[E], row: Row) -> E:
        """Make the entity of a row and remember it, so that an update sends what changed."""
        entity = rows.load(self.dialect, row)
        if self.writable:
            self.remember(rows, entity)
        return entity

    def remember(self, rows: RowMap[E], entity: E) -> None:
        """Know what a row holds."""
        self._read[rows][rows.key_of(entity)] = entity

    def pending(self, rows: RowMap[Any], key: Key) -> Change | None:
        """Return what is yet to be done to a row."""
        return self._pending.get(rows, {}).get(key)

    def held(self, rows: RowMap[E], key: Key) -> E | None:
        """Return the entity if its row is locked and so cannot have changed, else None."""
        if (rows, key) not in self._held:
            return None
        change = self.pending(rows, key)
        held: E | None = self._read[rows].get(key) if change is None else change.after
        return held

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def require_writable(self) -> None:
        """Raise RuntimeError in a snapshot: it neither writes nor locks."""
        if not self.writable:
            raise RuntimeError("a snapshot (store.read) neither writes nor locks: use store.begin")

    def add(self, rows: RowMap[E], *entities: E) -> None:
        """Collect new rows. Raises AlreadyExists when the block has such a row already."""
        for entity in entities:
            key = rows.key_of(entity)
            known = self.pending(rows, key)
            if known is not None and known.after is not None:
                raise exists_already(rows)
            self._collect(rows, key, Change(Op.INSERT, None, entity))

    def add_new(self, rows: RowMap[E], *entities: E) -> None:
        """Collect rows of which those that exist are left alone."""
        for entity in entities:
            self._collect(rows, rows.key_of(entity), Change(Op.INSERT_NEW, None, entity))

    def update(self, rows: RowMap[E], *entities: E) -> None:
        """Collect the next values of rows."""
        for entity in entities:
            key = rows.key_of(entity)
            self._collect(rows, key, Change(Op.UPDATE, self._read[rows].get(key), entity))

    def remove(self, rows: RowMap[E], key: Key, *, op: Op = Op.DELETE) -> None:
        """Collect the removal of a row."""
        self._collect(rows, key, Change(op, self._read[rows].get(key), None))

    def _collect(self, rows: RowMap[Any], key: Key, change: Change) -> None:
        self.require_writable()
        changes = self._pending.setdefault(rows, {})
        earlier = changes.get(key)
        merged = change if earlier is None else earlier.then(change)
        if merged is None:
            del changes[key]
        else:
            changes[key] = merged
            self._touched.update((rows.name, COPIED_TO.get(rows.name, rows.name)))

    def run(self, question: Question, **given: object) -> int:
        """Run a statement that writes at once, after all that is pending; count its rows."""
        self.require_writable()
        self.flush()
        plan = question.plan(self.dialect)
        try:
            return self.link.change(plan.sql, plan.arguments(self.dialect, given))
        except Exception as error:
            self.failure = self.failure or error
            raise

    def forget(self, rows: RowMap[Any]) -> None:
        """Know nothing about the rows of a table any more: a statement changed some of them."""
        self._read.pop(rows, None)
        self._held = {held for held in self._held if held[0] is not rows}

    def flush(self, *, is_last: bool = False) -> None:
        """Send what is pending; with the transaction's COMMIT, maybe, if it *is_last*."""
        if not self._touched:
            return
        changes, self._pending = self._pending, {}
        self._touched = set()
        try:
            send(changes, self.link, held=self._held, is_last=is_last)
        except Exception as error:
            self.failure = self.failure or error
            raise
        for rows, changed in changes.items():
            if rows is EVENTS:
                # Their numbers were given by the database.
                continue
            for key, change in changed.items():
                self._note(rows, key, change)

    def _note(self, rows: RowMap[Any], key: Key, change: Change) -> None:
        """Know a row as it was just written; writing has locked it."""
        if change.after is None:
            self._read[rows].pop(key, None)
            self._held.discard((rows, key))
        elif change.op is not Op.INSERT_NEW:
            self._read[rows][key] = change.after
            self._held.add((rows, key))
