"""Reviews, the queue and the remarks about moments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select, text

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.dialects import Query
from reviewcore.adapters.sql.repositories.base import LIMIT, ByKey, SqlRepository, every, locking
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.ids import ReviewerId, ReviewId, TrackId
from reviewcore.domain.money import Cents
from reviewcore.domain.reviews import EndReason, Review, ReviewQueue, ReviewTimestamp
from reviewcore.ports.store import Bench

_reviews, _tracks, _reviewers = tables.reviews, tables.tracks, tables.reviewer_profiles

_REVIEWS = ByKey(maps.REVIEWS)
_OF_TRACK = _REVIEWS.by("track_id")
_LOCK_OF_TRACK = _REVIEWS.lock_by("track_id")
_OF_REVIEWER = _REVIEWS.by("reviewer_id")
_BY_SHARE_ID = _REVIEWS.by("share_id")

# PostgreSQL locks the row of each table in the order in which the tables are named here.
_BENCH = Query(
    select(*maps.TRACKS.selected, *maps.REVIEWS.selected, *maps.REVIEWERS.selected)
    .select_from(
        _tracks.join(_reviews, _reviews.c.track_id == _tracks.c.id).join(
            _reviewers, _reviewers.c.id == _reviews.c.reviewer_id
        )
    )
    .where(_reviews.c.id == bindparam("id"))
    .with_for_update(key_share=True, of=(_tracks, _reviews, _reviewers))
)
# As text, because a partial index serves only a condition that is known when planning.
_active = (
    select(*maps.REVIEWS.selected)
    .where(
        _reviews.c.reviewer_id == bindparam("reviewer_id"),
        text("status IN ('ASSIGNED', 'IN_PROGRESS')"),
    )
    .order_by(_reviews.c.id)
)
_ACTIVE = Query(_active)
_LOCK_ACTIVE = locking(_active)
_COUNT_ENDED = Query(
    select(func.count())
    .select_from(_reviews)
    .where(
        _reviews.c.reviewer_id == bindparam("reviewer_id"),
        _reviews.c.ended_at >= bindparam("since"),
        _reviews.c.end_reason == bindparam("reason"),
    )
)


def _pay(held: ColumnElement[bool]) -> Query:
    return Query(
        select(func.coalesce(func.sum(_reviews.c.paid_amount), literal_column("0"))).where(
            _reviews.c.reviewer_id == bindparam("reviewer_id"),
            _reviews.c.paid_amount.is_not(None),
            held,
        )
    )


_flagged = _reviews.c.flag_status == literal_column("'OPEN'")
# The pay of an upheld review was taken back, so nothing of it is left to be held.
_kept = func.coalesce(_reviews.c.flag_status, literal_column("''")) != literal_column("'UPHELD'")
_FLAGGED_PAY = _pay(_flagged)
_HELD_PAY = _pay(_flagged | ((_reviews.c.ended_at > bindparam("earned_after")) & _kept))

_QUEUE = ByKey(maps.QUEUE)
_QUEUE_OF_REVIEWER = _QUEUE.by("reviewer_id", order=("expires_at", "id"))
_EXPIRED = Query(
    select(*maps.QUEUE.selected)
    .where(tables.review_queue.c.expires_at <= bindparam("now"))
    .order_by(tables.review_queue.c.expires_at, tables.review_queue.c.id)
    .limit(LIMIT)
)
_TIMESTAMPS = Query(
    select(*maps.TIMESTAMPS.selected)
    .where(tables.review_timestamps.c.review_id == bindparam("review_id"))
    .order_by(tables.review_timestamps.c.number)
)


class SqlReviews:
    """Reviews."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._plain = _PlainReviews(unit)

    def get(self, review_id: ReviewId, /) -> Review:
        return self._plain.get(review_id)

    def find(self, review_id: ReviewId, /) -> Review | None:
        return self._plain.find(review_id)

    def lock(self, review_id: ReviewId, /) -> Bench:
        self._unit.require_writable()
        held = self._held(review_id)
        if held is not None:
            return held
        rows = self._unit.rows(_BENCH, id=review_id)
        if not rows:
            raise EntityNotFound(entity="Review", id=review_id)
        (row,) = rows
        first, second = maps.TRACKS.width, maps.TRACKS.width + maps.REVIEWS.width
        return Bench(
            track=self._unit.hold(maps.TRACKS, self._unit.keep(maps.TRACKS, row[:first])),
            review=self._unit.hold(maps.REVIEWS, self._unit.keep(maps.REVIEWS, row[first:second])),
            reviewer=self._unit.hold(maps.REVIEWERS, self._unit.keep(maps.REVIEWERS, row[second:])),
        )

    def _held(self, review_id: ReviewId) -> Bench | None:
        """Return the bench when all of it is locked already."""
        review = self._unit.held(maps.REVIEWS, review_id)
        if review is None:
            return None
        track = self._unit.held(maps.TRACKS, review.track_id)
        reviewer = self._unit.held(maps.REVIEWERS, review.reviewer_id)
        if track is None or reviewer is None:
            return None
        return Bench(track=track, review=review, reviewer=reviewer)

    def lock_active(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        return self._unit.locked(maps.REVIEWS, _LOCK_ACTIVE, reviewer_id=reviewer_id)

    def lock_of_track(self, track_id: TrackId) -> Sequence[Review]:
        return self._unit.locked(maps.REVIEWS, _LOCK_OF_TRACK, track_id=track_id)

    def add(self, *reviews: Review) -> None:
        self._unit.add(maps.REVIEWS, *reviews)

    def update(self, *reviews: Review) -> None:
        self._unit.update(maps.REVIEWS, *reviews)

    def of_track(self, track_id: TrackId) -> Sequence[Review]:
        return self._unit.entities(maps.REVIEWS, _OF_TRACK, track_id=track_id)

    def active_of(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        return self._unit.entities(maps.REVIEWS, _ACTIVE, reviewer_id=reviewer_id)

    def of_reviewer(self, reviewer_id: ReviewerId) -> Sequence[Review]:
        return self._unit.entities(maps.REVIEWS, _OF_REVIEWER, reviewer_id=reviewer_id)

    def by_share_id(self, share_id: str) -> Review | None:
        return self._unit.entity(maps.REVIEWS, _BY_SHARE_ID, share_id=share_id)

    def count_ended(self, reviewer_id: ReviewerId, reason: EndReason, *, since: datetime) -> int:
        ((count,),) = self._unit.rows(
            _COUNT_ENDED, reviewer_id=reviewer_id, reason=reason, since=since
        )
        return int(count)

    def held_pay(self, reviewer_id: ReviewerId, *, earned_after: datetime | None) -> Cents:
        if earned_after is None:
            rows = self._unit.rows(_FLAGGED_PAY, reviewer_id=reviewer_id)
        else:
            rows = self._unit.rows(_HELD_PAY, reviewer_id=reviewer_id, earned_after=earned_after)
        # A sum of big integers is a decimal number to PostgreSQL.
        return Cents(int(rows[0][0]))

    def all(self) -> Iterator[Review]:
        return self._plain.all()


class _PlainReviews(SqlRepository[Review, ReviewId]):
    _keyed = _REVIEWS


class SqlQueue:
    """Queue rows."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of_reviewer(self, reviewer_id: ReviewerId) -> Sequence[ReviewQueue]:
        return self._unit.entities(maps.QUEUE, _QUEUE_OF_REVIEWER, reviewer_id=reviewer_id)

    def expired(self, now: datetime, *, limit: int) -> Sequence[ReviewQueue]:
        return self._unit.entities(maps.QUEUE, _EXPIRED, now=now, limit=limit)

    def add(self, *rows: ReviewQueue) -> None:
        self._unit.add(maps.QUEUE, *rows)

    def update(self, *rows: ReviewQueue) -> None:
        self._unit.update(maps.QUEUE, *rows)

    def remove(self, *review_ids: ReviewId) -> None:
        for review_id in review_ids:
            self._unit.remove(maps.QUEUE, review_id)

    def all(self) -> Iterator[ReviewQueue]:
        return every(self._unit, maps.QUEUE, _QUEUE.next)


class SqlTimestamps:
    """Remarks about moments of a track."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of_review(self, review_id: ReviewId) -> Sequence[ReviewTimestamp]:
        return self._unit.entities(maps.TIMESTAMPS, _TIMESTAMPS, review_id=review_id)

    def add(self, *timestamps: ReviewTimestamp) -> None:
        self._unit.add(maps.TIMESTAMPS, *timestamps)
