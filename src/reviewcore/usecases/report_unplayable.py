"""Say that a track cannot be played."""

from __future__ import annotations

import attrs

from reviewcore.domain.errors import DailyReportLimitReached
from reviewcore.domain.ids import ReviewerId, ReviewId
from reviewcore.domain.reviews import EndReason, Review
from reviewcore.domain.texts import day_start
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.reviews import end_review
from reviewcore.usecases.steps.slots import free_slot


@attrs.frozen(kw_only=True)
class ReportUnplayable:
    """The reviewer cannot play the track."""

    review_id: ReviewId
    reviewer_id: ReviewerId


def report_unplayable(tx: Transaction, command: ReportUnplayable) -> Review:
    """End the assignment and tell the artist once; after some reports the track waits for a link.

    A limited number each UTC day, not counted as skips. Raises EntityNotFound, NotYourReview,
    ReviewerRestricted, AssignmentExpired, ReviewNotActive, DailyReportLimitReached.
    """
    artist = tx.artists.lock(tx.reviews.get(command.review_id).artist_id)
    track, review, reviewer = tx.reviews.lock(command.review_id)
    review.require_reviewer(command.reviewer_id)
    reviewer.require_working()
    review.require_active(tx.now)
    told = tx.reviews.count_ended(reviewer.id, EndReason.UNPLAYABLE, since=day_start(tx.now))
    if told >= tx.rules.unplayable_per_day_max:
        raise DailyReportLimitReached(maximum=tx.rules.unplayable_per_day_max)

    reported, story = track.report_unplayable(tx.now)

    tx.tracks.update(reported)
    ended, _ = end_review(tx, review, reviewer, EndReason.UNPLAYABLE)
    free_slot(tx, reported, artist, review.slot_number)

    tx.events.add(*story)
    return ended
