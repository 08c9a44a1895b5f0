"""Sending what a transaction has collected: at once where it can be, else one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, groupby
from typing import Any, Protocol

import attrs

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.changes import Change, Changes, frees_first, hands_over
from reviewcore.adapters.sql.copies import (
    COPIED_TO,
    COPY_ACCOUNTS,
    HOLD_REVIEWERS,
    copies_of,
    new_copies,
    other_accounts,
)
from reviewcore.adapters.sql.dialects import Dialect, Query, Row
from reviewcore.adapters.sql.maps import EVENTS
from reviewcore.adapters.sql.rows import Key, RowMap
from reviewcore.adapters.sql.statements import Op, Shape, Write, alone, numbers_of, together

WRITES_TOGETHER_MAX = 40
VALUES_TOGETHER_MAX = 2000
"""Beyond these a single statement costs more to plan than it saves in round trips."""

FK_ORDER = {table.name: place for place, table in enumerate(tables.metadata.sorted_tables)}
OP_ORDER = {Op.FORGET: 0, Op.DELETE: 0, Op.UPDATE: 1, Op.INSERT: 2, Op.INSERT_NEW: 2}
COPIES = frozenset(COPIED_TO.values())


Held = AbstractSet[tuple[RowMap[Any], Key]]
"""Rows that are locked, and so surely there."""

Run = Callable[[str, Sequence[Any]], int]
"""A link's way to run a statement that writes."""


class Link(Protocol):
    """A connection to a database, in a transaction."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def sends_together(self) -> bool:
        """Whether writes go in one statement, where they can."""
        ...

    def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Row]: ...

    def stream(self, sql: str, arguments: Sequence[Any]) -> Iterator[Row]: ...

    def change(self, sql: str, arguments: Sequence[Any]) -> int: ...

    def finish(self, sql: str, arguments: Sequence[Any]) -> int:
        """Do as `change` does; may commit with it, if it succeeds, where that saves a trip."""
        ...

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int: ...


def send(changes: Changes, link: Link, *, held: Held, is_last: bool) -> None:
    """Write *changes* to the database.

    On PostgreSQL in one statement, unless a unique key passes from one row to another or there is
    very much of it. Raises the named conflicts, and AssertionError when a row that was to be
    changed does not exist. What *is_last* in its transaction is committed along, where one
    statement is all and nobody but the database need judge it.
    """
    dialect = link.dialect
    apart = not link.sends_together or hands_over(changes)
    writes = _writes(changes, dialect, apart=apart)
    if not apart and (_are_many(writes) or _replace_copies(writes)):
        # Events are numbered differently then, so the writes are made anew.
        apart = True
        writes = _writes(changes, dialect, apart=True)
    if not writes:
        return
    others, new = other_accounts(changes), new_copies(changes)
    is_all = is_last and not (apart or others or new)
    if apart:
        _send_one_by_one(writes, link)
    elif len(writes) > 1:
        _send_together(writes, link.finish if is_all else link.change, dialect)
    else:
        is_sure = is_all and _is_sure(writes[0], changes, held)
        _send_alone(writes[0], link.finish if is_sure else link.change, dialect)
    _send_accounts(others, new, link)


def _send_accounts(others: set[str], new: set[str], link: Link) -> None:
    """Copy what the search asks of users, once all rows are there to copy from and to.

    Whoever gives a reviewer other genres holds him, whoever changes a user holds the user, and
    neither sees the other's rows before their commit. So the second takes hold of the reviewer
    as well: the later of the two copies, in a statement of its own, and sees both.
    """
    if others:
        link.fetch(*_asked(HOLD_REVIEWERS, link.dialect, others))
    if others or new:
        link.change(*_asked(COPY_ACCOUNTS, link.dialect, others | new))


def _asked(question: Query, dialect: Dialect, users: set[str]) -> tuple[str, list[Any]]:
    plan = question.plan(dialect)
    return plan.sql, plan.arguments(dialect, {"users": users})


def _are_many(writes: Sequence[Write]) -> bool:
    return (
        len(writes) > WRITES_TOGETHER_MAX
        or sum(len(write.values) for write in writes) > VALUES_TOGETHER_MAX
    )


def _replace_copies(writes: Sequence[Write]) -> bool:
    """Whether rows of a copy are deleted and made anew under the same keys."""
    return any(write.shape.op is Op.FORGET and write.shape.table in COPIES for write in writes)


def _send_together(writes: Sequence[Write], run: Run, dialect: Dialect) -> None:
    ready = together(tuple([write.shape for write in writes]), dialect)
    values = list(chain.from_iterable([write.values for write in writes]))
    run(ready.sql, ready.arrange(values + numbers_of(writes)))


def _send_alone(write: Write, run: Run, dialect: Dialect) -> None:
    """Write plainly what needs no company, such as a heartbeat: it costs the database less."""
    ready = alone(write.shape, dialect)
    _require(write, run(ready.sql, ready.arrange(write.values)))


def _is_sure(write: Write, changes: Changes, held: Held) -> bool:
    """Whether a write cannot but touch the rows it is to."""
    return write.expected is None or all(
        change.op is Op.INSERT or (rows, key) in held
        for rows, changed in changes.items()
        for key, change in changed.items()
    )


def _send_one_by_one(writes: Sequence[Write], link: Link) -> None:
    """Write deletions, updates, insertions, in that order, so that keys are free when taken."""
    ordered = sorted(writes, key=_place)
    for shape, group in groupby(ordered, key=lambda write: write.shape._replace(rows=1)):
        told = list(group)
        ready = alone(shape, link.dialect)
        width = len(shape.columns) + len(shape.where)
        rows = [
            ready.arrange(write.values[start : start + width])
            for write in told
            for start in range(0, len(write.values), width)
        ]
        touched = link.change_many(ready.sql, rows)
        expected = [write.expected for write in told]
        if None not in expected:
            total = sum(number for number in expected if number is not None)
            _require(told[0]._replace(expected=total), touched)


def _place(write: Write) -> tuple[int, int]:
    """Tell when a write's turn is: what refers to a row comes after it, and goes before it."""
    step, place = OP_ORDER[write.shape.op], FK_ORDER[write.shape.table]
    return step, place if step else -place


def _require(write: Write, touched: int) -> None:
    if write.expected is not None and touched != write.expected:
        raise AssertionError(f"{write.shape.op} of {write.shape.table} touched {touched} rows")


def _writes(changes: Changes, dialect: Dialect, *, apart: bool) -> list[Write]:
    told: list[Write] = []
    for rows, changed in changes.items():
        for op in (Op.INSERT, Op.INSERT_NEW):
            added = [change.after for change in changed.values() if change.op is op]
            if added:
                told.append(_insertion(op, rows, added, dialect=dialect, apart=apart))
        updates = [change for change in changed.values() if change.op is Op.UPDATE]
        for change in sorted(updates, key=frees_first(rows)) if apart else updates:
            told.extend(_replacement(rows, change, dialect))
        for key, change in changed.items():
            if change.after is None:
                told.append(_deletion(rows, key, change, dialect))
            else:
                told.extend(copies_of(dialect, change))
    return told


def _insertion(
    op: Op, rows: RowMap[Any], added: list[Any], *, dialect: Dialect, apart: bool
) -> Write:
    numbers: Counter[str] = Counter()
    values: list[Any] = []
    for entity in added:
        told = entity
        if rows is EVENTS:
            # Within one statement the earlier of these events cannot be seen, so they are counted.
            numbers[entity.aggregate] += 1
            told = attrs.evolve(entity, sequence=1 if apart else numbers[entity.aggregate])
        values += rows.encode(dialect, rows.spread(told))
    expected = len(added) if op is Op.INSERT else None
    return Write(Shape(op, rows.name, rows.columns, rows=len(added)), values, expected)


def _replacement(rows: RowMap[Any], change: Change, dialect: Dialect) -> Iterator[Write]:
    after = rows.spread(change.after)
    if change.before is None:
        places = [place for place, name in enumerate(rows.columns) if name not in rows.key]
    else:
        places = rows.changed(rows.spread(change.before), after)
    if places:
        columns = tuple([rows.columns[place] for place in places])
        values = rows.encode_some(dialect, after, places) + rows.encode_key(dialect, after)
        yield Write(Shape(Op.UPDATE, rows.name, columns, rows.key), values, 1)


def _deletion(rows: RowMap[Any], key: Any, change: Change, dialect: Dialect) -> Write:
    told = key if isinstance(key, tuple) else (key,)
    found = [dialect.encode(name, part) for name, part in zip(rows.key, told, strict=True)]
    expected = None if change.op is Op.FORGET else 1
    return Write(Shape(change.op, rows.name, (), rows.key), found, expected)
