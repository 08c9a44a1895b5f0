"""How an assignment ends without a review, whoever ends it."""

from __future__ import annotations

from reviewcore.domain import events
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import EndReason, Review
from reviewcore.ports.store import Transaction


def end_review(
    tx: Transaction, review: Review, reviewer: ReviewerProfile, reason: EndReason
) -> tuple[Review, ReviewerProfile]:
    """End an active review: its queue row goes, its reviewer is freer. The caller frees the slot.

    Needs the locks of track, review and reviewer.
    """
    ended = review.end(reason, tx.now)
    freer = reviewer.release()

    tx.reviews.update(ended)
    tx.queue.remove(review.id)
    tx.reviewers.update(freer)
    tx.events.add(
        events.ReviewEnded(
            review_id=review.id,
            track_id=review.track_id,
            reviewer_id=review.reviewer_id,
            reason=reason,
        )
    )
    return ended, freer
