"""Reviews, their queue, remarks and flags, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice, takewhile

from reviewcore.adapters.memory.rows import Rows, due
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.flags import Flag, FlagStatus
from reviewcore.domain.ids import FlagId, ReviewerId, ReviewId, TrackId
from reviewcore.domain.money import Cents
from reviewcore.domain.reviews import EndReason, Review, ReviewQueue, ReviewTimestamp
from reviewcore.ports.store import Bench


class MemoryReviews:
    """Reviews."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.reviews

    def get(self, review_id: ReviewId, /) -> Review:
        review = self.find(review_id)
        if review is None:
            raise EntityNotFound(entity="Review", id=review_id)
        return review

    def find(self, review_id: ReviewId, /) -> Review | None:
        return self._table.rows.get(review_id)

    def lock(self, review_id: ReviewId, /) -> Bench:
        self._work.require_writable()
        review = self.get(review_id)
        tables = self._work.tables
        return Bench(
            track=tables.tracks.rows[review.track_id],
            review=review,
            reviewer=tables.reviewers.rows[review.reviewer_id],
        )

    def lock_active(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        self._work.require_writable()
        return self.active_of(reviewer_id)

    def lock_of_track(self, track_id: TrackId) -> Sequence[Review]:
        self._work.require_writable()
        return self.of_track(track_id)

    def add(self, *reviews: Review) -> None:
        for review in reviews:
            self._work.add(self._table, review)

    def update(self, *reviews: Review) -> None:
        for review in reviews:
            self._work.update(self._table, review)

    def of_track(self, track_id: TrackId) -> Sequence[Review]:
        return self._table.of("track", track_id)

    def active_of(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        return self._table.of("active", reviewer_id)

    def of_reviewer(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        return self._table.of("reviewer", reviewer_id)

    def by_share_id(self, share_id: str) -> Review | None:
        return self._table.holder("uq_reviews_share_id", share_id)

    def count_ended(self, reviewer_id: ReviewerId, reason: EndReason, *, since: datetime) -> int:
        ended = self._table.indexes["ended"].ranked_from(since, (reviewer_id, reason))
        return sum(1 for _ in ended)

    def held_pay(self, reviewer_id: ReviewerId, *, earned_after: datetime | None) -> Cents:
        held = {review.id: review for review in self._table.of("flagged", reviewer_id)}
        if earned_after is not None:
            young = self._table.indexes["earned"].ranked_from(earned_after, reviewer_id)
            held |= {key: self._table.rows[key] for at, key in young if at > earned_after}
        return Cents(sum(review.paid_amount or 0 for review in held.values()))

    def all(self) -> Iterator[Review]:
        rows = self._table.rows
        return iter([rows[key] for key in sorted(rows)])


class MemoryQueue:
    """Queue rows."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.queue

    def of_reviewer(self, reviewer_id: ReviewerId) -> Sequence[ReviewQueue]:
        return self._table.of("reviewer", reviewer_id)

    def expired(self, now: datetime, *, limit: int) -> Sequence[ReviewQueue]:
        return [self._table.rows[key] for key in islice(due(self._table, "deadline", now), limit)]

    def add(self, *rows: ReviewQueue) -> None:
        for row in rows:
            self._work.add(self._table, row)

    def update(self, *rows: ReviewQueue) -> None:
        for row in rows:
            self._work.update(self._table, row)

    def remove(self, *review_ids: ReviewId) -> None:
        for review_id in review_ids:
            self._work.put(self._table, review_id, None)

    def all(self) -> Iterator[ReviewQueue]:
        rows = self._table.rows
        return iter([rows[key] for key in sorted(rows)])


class MemoryTimestamps:
    """Remarks about moments of a track."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._table = work.tables.timestamps

    def of_review(self, review_id: ReviewId) -> Sequence[ReviewTimestamp]:
        return self._table.of("review", review_id)

    def add(self, *timestamps: ReviewTimestamp) -> None:
        for timestamp in timestamps:
            self._work.add(self._table, timestamp)


class MemoryFlags(Rows[Flag, FlagId]):
    """Flags."""

    def of_review(self, review_id: ReviewId) -> Flag | None:
        return self._table.holder("uq_flags_review", review_id)

    def of_track(self, track_id: TrackId) -> Sequence[Flag]:
        return self._table.of("track", track_id)

    def lapsed(self, created_before: datetime, *, limit: int) -> Sequence[FlagId]:
        ranked = self._table.indexes["open"].ranked()
        old = takewhile(lambda place: place[0] < created_before, ranked)
        return [key for _, key in islice(old, limit)]

    def page(self, *, status: FlagStatus | None, after: str | None, limit: int) -> Sequence[Flag]:
        return self._page(after=after, limit=limit, status=status)
