"""What a law is asked with: a query whose rows are violations, and how a row is told.

A check is written for the whole market at once, by joins and aggregates, so that it reads each
table a few times and keeps nothing but sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    exists,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.audit.words import NO, YES, is_one_of
from reviewcore.adapters.sql.dialects import Dialect, Query, Row
from reviewcore.adapters.sql.rows import decoded
from reviewcore.adapters.sql.tables.columns import INSTANT
from reviewcore.domain.laws.law import Breach, breach, compare
from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.rules import MarketRules

Given = Callable[[MarketRules], dict[str, object]]
Tell = Callable[[Row], Iterator[Breach]]


@attrs.frozen(eq=False)
class Check:
    """A query each of whose rows breaks a law.

    *kinds* are what its columns have to be made of what the driver gives, *given* the parameters
    that come from the market's rules.
    """

    query: Query
    kinds: tuple[type | None, ...]
    tell: Tell
    given: Given

    def breaches(self, dialect: Dialect, row: Row) -> Iterator[Breach]:
        """Tell what a row says is wrong."""
        return self.tell(
            tuple(
                value if kind is None or value is None else decoded(dialect, kind, value)
                for kind, value in zip(self.kinds, row, strict=True)
            )
        )


def _nothing(_: MarketRules) -> dict[str, object]:
    return {}


def _check(
    statement: Select[Any] | CompoundSelect[*tuple[Any, ...]],
    tell: Tell,
    *,
    given: Given = _nothing,
) -> Check:
    kinds = tuple(_kind_of(column) for column in statement.selected_columns)
    return Check(Query(statement), kinds, tell, given)


def _kind_of(column: ColumnElement[Any]) -> type | None:
    if isinstance(column.type, Boolean):
        return bool
    return datetime if column.type is INSTANT else None


def told(
    statement: Select[Any],
    words: str | Callable[..., str],
    *,
    ids: int = 1,
    given: Given = _nothing,
) -> Check:
    """Make the check whose rows are *ids* ids, and then what *words* has to be filled in with."""
    fill = words.format if isinstance(words, str) else words

    def tell(row: Row) -> Iterator[Breach]:
        yield breach(*row[:ids], told=fill(*row[ids:]))

    return _check(statement, tell, given=given)


def compared(
    thing: ColumnElement[str],
    source: FromClause,
    /,
    **pairs: tuple[ColumnElement[Any], ColumnElement[Any]],
) -> Check:
    """Make the check that what is stored of a thing is what is recomputed, name by name."""
    columns = [column for pair in pairs.values() for column in pair]
    labelled = [column.label(f"c{place}") for place, column in enumerate(columns)]
    differ = or_(*(stored.is_distinct_from(again) for stored, again in pairs.values()))
    return _check(select(thing, *labelled).select_from(source).where(differ), _comparing(*pairs))


def booked(
    name: str,
    kind: EntryKind,
    expected: ColumnElement[bool],
    source: FromClause,
    *,
    thing: ColumnElement[str],
) -> Check:
    """Make the check that an entry of a kind is there for those things of which it is expected.

    Two halves, because each is a join of sets; asked of every row, it would be a search each.
    """
    is_there = exists().where(_entries.c.cause == thing, is_one_of(_entries.c.kind, kind))
    missing = select(thing, YES.label("c0"), NO.label("c1")).select_from(source)
    surplus = select(thing, NO.label("c0"), YES.label("c1")).select_from(source)
    both = union_all(
        missing.where(expected, not_(is_there)), surplus.where(not_(expected), is_there)
    )
    return _check(both, _comparing(name))


_entries = tables.ledger_entries


def _comparing(*names: str) -> Tell:
    def tell(row: Row) -> Iterator[Breach]:
        thing, *values = row
        pairs = zip(values[::2], values[1::2], strict=True)
        yield from compare(thing, **dict(zip(names, pairs, strict=True)))

    return tell
