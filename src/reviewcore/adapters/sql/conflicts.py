"""What the databases refuse, as the refusals that the market names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.maps import MAPS
from reviewcore.adapters.sql.rows import RowMap
from reviewcore.domain.errors import AlreadyExists, Busy, ReviewcoreError
from reviewcore.ports.constraints import UNIQUES

Refusal = Callable[[], ReviewcoreError]


def exists_already(rows: RowMap[Any]) -> ReviewcoreError:
    """Make the conflict of two rows with one primary key."""
    return AlreadyExists(entity=rows.entity.__name__, fields=rows.key)


def _primary(rows: RowMap[Any]) -> Refusal:
    return lambda: exists_already(rows)


REFUSALS: Mapping[str, Refusal] = {
    # Two writers of one aggregate: the second must count anew.
    "uq_events_sequence": Busy,
    **{unique.name: unique.conflict for unique in UNIQUES},
    **{f"pk_{rows.name}": _primary(rows) for rows in MAPS},
}
"""The refusal behind every unique index and primary key, by its name."""


def _columns_of_indexes() -> dict[str, str]:
    """Tell the name of every unique index by what SQLite calls it: its columns."""
    told = {}
    for table in tables.metadata.sorted_tables:
        named = {str(index.name): list(index.columns) for index in table.indexes if index.unique}
        named[f"pk_{table.name}"] = list(table.primary_key)
        for name, columns in named.items():
            told[", ".join(f"{table.name}.{column.name}" for column in columns)] = name
    return told


BY_COLUMNS: Mapping[str, str] = _columns_of_indexes()
"""The names of unique indexes by ``table.column, table.column``."""


def refusal_of(index: str | None) -> ReviewcoreError | None:
    """Tell the refusal behind a violated index; None for one that only a bug of ours violates."""
    made = REFUSALS.get(index or "")
    return made() if made is not None else None
