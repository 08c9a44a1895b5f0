"""Tracks and their slots."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, exists, literal_column, select, text, update

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.among import among
from reviewcore.adapters.sql.dialects import Query, values_of
from reviewcore.adapters.sql.repositories.base import (
    LIMIT,
    ByKey,
    Pages,
    SqlRepository,
    every_pair,
    following_pair,
)
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.ids import ArtistId, TrackId
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track, TrackStatus

_tracks, _track_genres, _slots = tables.tracks, tables.track_genres, tables.slots

_TRACKS = ByKey(maps.TRACKS)
_PAGES = Pages(maps.TRACKS, "artist_id", "status")
_IN_RANK = (_tracks.c.queue_rank, _tracks.c.paid_at, _tracks.c.id)
_WAITING = Query(
    select(_tracks.c.id)
    .where(_tracks.c.assign_at.is_not(None), _tracks.c.assign_at <= bindparam("now"))
    .order_by(*_IN_RANK)
    .limit(LIMIT)
)
_OVERDUE = Query(
    select(_tracks.c.id)
    .where(
        # As text, because a partial index serves only a condition that is known when planning.
        text("status IN ('QUEUED', 'IN_PROGRESS') AND closed_at IS NULL"),
        text("(dispute_status IS NULL OR dispute_status <> 'OPEN')"),
        _tracks.c.paid_at < bindparam("paid_before"),
    )
    .order_by(_tracks.c.id)
    .limit(LIMIT)
)
_PROMO_CODES = Query(
    select(_tracks.c.promo_code)
    .distinct()
    .where(
        _tracks.c.artist_id == bindparam("artist_id"),
        _tracks.c.promo_code.is_not(None),
        _tracks.c.status != literal_column(f"'{TrackStatus.CANCELLED}'"),
    )
)


def _waking(asleep: Select[tuple[str]]) -> Query:
    """Make the statement that wakes some of those asleep, the first in rank first.

    Rows that others hold are skipped: the caller may hold rows that come after tracks in the order
    of locks, and whoever holds a track looks at its slots himself.
    """
    chosen = (
        asleep.where(_tracks.c.assign_at.is_not(None), _tracks.c.assign_at > bindparam("now"))
        .order_by(*_IN_RANK)
        .limit(LIMIT)
        .with_for_update(key_share=True, skip_locked=True, of=_tracks)
    )
    return Query(update(_tracks).values(assign_at=bindparam("now")).where(_tracks.c.id.in_(chosen)))


_WAKE_ALL = _waking(select(_tracks.c.id))
_WAKE_GENRES = _waking(
    select(_tracks.c.id).where(
        exists(
            select(literal_column("1")).where(
                _track_genres.c.track_id == _tracks.c.id,
                among(_track_genres.c.genre_id, "genres"),
            )
        )
    )
)

_OF_TRACK = Query(
    select(*maps.SLOTS.selected)
    .where(_slots.c.track_id == bindparam("track_id"))
    .order_by(_slots.c.number)
)
_REMOVE_ALL = Query(delete(_slots).where(_slots.c.track_id == bindparam("track_id")))
_NEXT_SLOTS = following_pair(maps.SLOTS)


class SqlTracks(SqlRepository[Track, TrackId]):
    """Tracks."""

    _keyed = _TRACKS

    def page(
        self,
        *,
        artist_id: ArtistId | None,
        status: TrackStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[Track]:
        return _PAGES.get(self._unit, after=after, limit=limit, artist_id=artist_id, status=status)

    def waiting(self, now: datetime, *, limit: int) -> Sequence[TrackId]:
        return values_of(self._unit.rows(_WAITING, now=now, limit=limit))

    def wake(self, genres: Collection[str] | None, *, now: datetime, limit: int) -> int:
        if genres is None:
            woken = self._unit.run(_WAKE_ALL, now=now, limit=limit)
        else:
            woken = self._unit.run(_WAKE_GENRES, genres=genres, now=now, limit=limit)
        self._unit.forget(maps.TRACKS)
        return woken

    def overdue(self, paid_before: datetime, *, limit: int) -> Sequence[TrackId]:
        return values_of(self._unit.rows(_OVERDUE, paid_before=paid_before, limit=limit))

    def used_promo(self, artist_id: ArtistId, code: str) -> bool:
        # Compared here: databases do not fold letters as Python does.
        used = values_of(self._unit.rows(_PROMO_CODES, artist_id=artist_id))
        return code.casefold() in {one.casefold() for one in used}


class SqlSlots:
    """Slots of tracks."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of_track(self, track_id: TrackId) -> Sequence[Slot]:
        return self._unit.entities(maps.SLOTS, _OF_TRACK, track_id=track_id)

    def add(self, *slots: Slot) -> None:
        self._unit.add(maps.SLOTS, *slots)

    def update(self, *slots: Slot) -> None:
        self._unit.update(maps.SLOTS, *slots)

    def remove_all(self, track_id: TrackId) -> None:
        # At once: the rows need not have been read, so there is nothing to collect.
        self._unit.run(_REMOVE_ALL, track_id=track_id)
        self._unit.forget(maps.SLOTS)

    def all(self) -> Iterator[Slot]:
        return every_pair(self._unit, maps.SLOTS, _NEXT_SLOTS)
