"""Rows: every field of every entity has its column, and comes back on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.dialects import POSTGRESQL, SQLITE, Dialect, instant_text
from reviewcore.adapters.sql.maps import EVENTS, IDEMPOTENCY, MAPS, REVIEWS, EntryHead
from reviewcore.adapters.sql.rows import RowMap
from reviewcore.domain.events import EventRecord
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.ledger import Entry
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.ports.constraints import UNIQUES
from reviewcore.ports.store import IdempotencyRecord
from reviewcore.testing.builders import a_review
from reviewcore.testing.clock import START

EVENT = EventRecord(
    id="event-1",  # type: ignore[arg-type]  # a plain id
    aggregate="track:1",
    sequence=3,
    type="TrackQueued",
    payload={"track_id": "1", "credits": 2, "until": None},
    actor="SYSTEM",
    at=START,
    rules_version="v",
    failure="no answer",
)
RECORD = IdempotencyRecord(actor="a", use_case="u", key="k", digest="d", created_at=START)


each_dialect = pytest.mark.parametrize("dialect", [POSTGRESQL, SQLITE], ids=str)


def _fields(kind: type[Any]) -> set[str]:
    return {field.name for field in attrs.fields(kind)}


@pytest.mark.parametrize("rows", MAPS, ids=lambda rows: rows.name)
def test_every_field_has_its_column_and_every_column_its_field(rows: RowMap[Any]) -> None:
    expected = _fields(rows.entity)
    if rows.entity is Review:
        expected = (expected - {"feedback"}) | _fields(Feedback)
    own = {"queue_rank"} if rows.name == "tracks" else set()

    assert set(rows.table.c.keys()) == expected | own == set(rows.columns)


def test_an_entry_is_kept_whole() -> None:
    assert _fields(EntryHead) | {"postings"} == _fields(Entry)


def test_every_table_is_mapped_but_the_copies() -> None:
    mapped = {rows.name for rows in MAPS}

    assert set(tables.metadata.tables) - mapped == {"reviewer_genres", "track_genres"}


def test_every_unique_key_of_the_model_has_its_index() -> None:
    names = {str(index.name) for index in tables.UNIQUE_INDEXES}

    assert names == {unique.name for unique in UNIQUES}
    assert all(index.unique for index in tables.UNIQUE_INDEXES)


@pytest.mark.parametrize(
    ("rows", "entity"),
    [
        (EVENTS, EVENT),
        (IDEMPOTENCY, RECORD),
        *((REVIEWS, a_review(status=status)) for status in ReviewStatus),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_sqlite_is_told_is_loaded_again(rows: RowMap[Any], entity: Any) -> None:
    told = rows.encode(SQLITE, rows.spread(entity))

    assert rows.load(SQLITE, tuple(told)) == entity


@each_dialect
def test_a_naive_time_is_refused_by_name(dialect: Dialect) -> None:
    naive = attrs.evolve(RECORD, created_at=START.replace(tzinfo=None))

    with pytest.raises(ValueError, match="created_at is a naive time"):
        IDEMPOTENCY.encode(dialect, IDEMPOTENCY.spread(naive))
    with pytest.raises(ValueError, match="now is a naive time"):
        dialect.encode("now", START.replace(tzinfo=None))


def test_times_as_text_sort_as_times_do() -> None:
    early = datetime.min.replace(tzinfo=START.tzinfo)
    times = [early, START, START.replace(microsecond=1), START.replace(year=9999)]

    told = [instant_text("at", at) for at in times]

    assert told == sorted(told)
    assert len(set(map(len, told))) == 1
