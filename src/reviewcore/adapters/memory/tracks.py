"""Tracks and slots in memory."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Hashable, Iterator, Sequence
from datetime import datetime
from itertools import islice, takewhile

import attrs

from reviewcore.adapters.memory.rows import Rows, due
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.ids import ArtistId, TrackId
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track, TrackStatus


class MemoryTracks(Rows[Track, TrackId]):
    """Tracks."""

    def page(
        self,
        *,
        artist_id: ArtistId | None,
        status: TrackStatus | None,
        after: str | None,
        limit: int,
    ) -> Sequence[Track]:
        return self._page(after=after, limit=limit, artist_id=artist_id, status=status)

    def waiting(self, now: datetime, *, limit: int) -> Sequence[TrackId]:
        tracks = (self._table.rows[key] for key in due(self._table, "waiting", now))
        ranked = ((track.rank, track.paid_at, track.id) for track in tracks)
        return [track_id for _, _, track_id in heapq.nsmallest(limit, ranked)]

    def wake(self, genres: Collection[str] | None, *, now: datetime, limit: int) -> int:
        self._work.require_writable()
        groups: Collection[Hashable] = (None,) if genres is None else frozenset(genres)
        asleep = {key for group in groups for key in islice(self._asleep(group, now), limit)}
        woken = heapq.nsmallest(limit, asleep)
        for key in woken:
            self._work.update(self._table, attrs.evolve(self._table.rows[key], assign_at=now))
        return len(woken)

    def overdue(self, paid_before: datetime, *, limit: int) -> Sequence[TrackId]:
        ranked = self._table.indexes["open"].ranked()
        late = (key for _, key in takewhile(lambda place: place[0] < paid_before, ranked))
        return heapq.nsmallest(limit, late)

    def used_promo(self, artist_id: ArtistId, code: str) -> bool:
        tracks = self._table.of("promo", (artist_id, code))
        return any(track.status is not TrackStatus.CANCELLED for track in tracks)

    def _asleep(self, genre: Hashable, now: datetime) -> Iterator[TrackId]:
        """Iterate over the tracks of a genre whose `assign_at` is still to come."""
        ranked = self._table.indexes["waiting"].ranked_from(now, genre)
        return (key for at, key in ranked if at > now)


class MemorySlots:
    """Slots of tracks."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.slots

    def of_track(self, track_id: TrackId) -> Sequence[Slot]:
        return self._table.of("track", track_id)

    def add(self, *slots: Slot) -> None:
        for slot in slots:
            self._work.add(self._table, slot)

    def update(self, *slots: Slot) -> None:
        for slot in slots:
            self._work.update(self._table, slot)

    def remove_all(self, track_id: TrackId) -> None:
        self._work.require_writable()
        for slot in self.of_track(track_id):
            self._work.put(self._table, (slot.track_id, slot.number), None)

    def all(self) -> Iterator[Slot]:
        rows = self._table.rows
        return iter([rows[key] for key in sorted(rows)])
