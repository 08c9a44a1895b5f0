"""Forgetting old rows in bounded batches, so that nobody waits long for whoever forgets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, bindparam, delete, func, literal_column, select, text
from sqlalchemy.sql.elements import ColumnElement

from reviewcore.adapters.sql.dialects import ByDialect
from reviewcore.adapters.sql.repositories.base import LIMIT


def purging(table: Table, since: str, *conditions: str) -> ByDialect:
    """Make the statement that forgets at most *limit* rows whose time *since* is before another.

    The oldest first; on PostgreSQL rows that others hold are left for the next time. *conditions*
    are text, because a partial index serves only what is known when planning.
    """
    stale = table.alias("stale")
    chosen: Select[Any] = (
        select(literal_column("1"))
        .select_from(stale)
        .where(stale.c[since] < bindparam("before"), *(text(condition) for condition in conditions))
        .order_by(stale.c[since])
        .limit(LIMIT)
    )

    def rows(name: str) -> Any:
        return chosen.with_only_columns(literal_column(f"stale.{name}"), maintain_column_froms=True)

    def place(name: str) -> ColumnElement[Any]:
        return literal_column(f"{table.name}.{name}")

    # As an array, for a plan may ask a plain subquery again, and lock and forget other rows then.
    taken = func.array(rows("ctid").with_for_update(skip_locked=True).scalar_subquery())
    return ByDialect(
        postgresql=delete(table).where(place("ctid") == func.any(taken)),
        sqlite=delete(table).where(place("rowid").in_(rows("rowid"))),
    )
