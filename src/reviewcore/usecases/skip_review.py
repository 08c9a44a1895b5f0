"""Give an assignment back."""

from __future__ import annotations

import attrs

from reviewcore.domain.errors import DailySkipLimitReached
from reviewcore.domain.ids import ReviewerId, ReviewId
from reviewcore.domain.reviews import EndReason, Review
from reviewcore.domain.texts import day_start
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.reviews import end_review
from reviewcore.usecases.steps.slots import free_slot


@attrs.frozen(kw_only=True)
class SkipReview:
    """The reviewer would rather not review this track."""

    review_id: ReviewId
    reviewer_id: ReviewerId


def skip_review(tx: Transaction, command: SkipReview) -> Review:
    """End the assignment; the slot opens again. A limited number each UTC day.

    Raises EntityNotFound, NotYourReview, ReviewerRestricted, AssignmentExpired, ReviewNotActive,
    DailySkipLimitReached.
    """
    # A closed or lost track's slot ends, which takes the artist's lock before the others.
    artist = tx.artists.lock(tx.reviews.get(command.review_id).artist_id)
    track, review, reviewer = tx.reviews.lock(command.review_id)
    review.require_reviewer(command.reviewer_id)
    reviewer.require_working()
    review.require_active(tx.now)
    skipped = tx.reviews.count_ended(reviewer.id, EndReason.SKIP, since=day_start(tx.now))
    if skipped >= tx.rules.skips_per_day_max:
        raise DailySkipLimitReached(maximum=tx.rules.skips_per_day_max)

    ended, _ = end_review(tx, review, reviewer, EndReason.SKIP)
    free_slot(tx, track, artist, review.slot_number)
    return ended
