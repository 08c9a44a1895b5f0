"""Flags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, text

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.dialects import Query, values_of
from reviewcore.adapters.sql.repositories.base import LIMIT, ByKey, Pages, SqlRepository
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.ids import FlagId, ReviewId, TrackId

_FLAGS = ByKey(maps.FLAGS)
_OF_REVIEW = _FLAGS.by("review_id")
_OF_TRACK = _FLAGS.by("track_id")
_PAGES = Pages(maps.FLAGS, "status")
_LAPSED = Query(
    select(tables.flags.c.id)
    # As text, because a partial index serves only a condition that is known when planning.
    .where(text("status = 'OPEN'"), tables.flags.c.created_at < bindparam("created_before"))
    .order_by(tables.flags.c.created_at, tables.flags.c.id)
    .limit(LIMIT)
)


class SqlFlags(SqlRepository[Flag, FlagId]):
    """Flags."""

    _keyed = _FLAGS

    def of_review(self, review_id: ReviewId) -> Flag | None:
        return self._unit.entity(maps.FLAGS, _OF_REVIEW, review_id=review_id)

    def of_track(self, track_id: TrackId) -> Sequence[Flag]:
        return self._unit.entities(maps.FLAGS, _OF_TRACK, track_id=track_id)

    def lapsed(self, created_before: datetime, *, limit: int) -> Sequence[FlagId]:
        return values_of(self._unit.rows(_LAPSED, created_before=created_before, limit=limit))

    def page(self, *, status: FlagStatus | None, after: str | None, limit: int) -> Sequence[Flag]:
        return _PAGES.get(self._unit, after=after, limit=limit, status=status)
