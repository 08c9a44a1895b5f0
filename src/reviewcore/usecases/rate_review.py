"""Rate a review of one's track."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ArtistId, ReviewId
from reviewcore.domain.reviews import Review
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class RateReview:
    """The artist's verdict on one review of his track: 1 (poor) to 5 (excellent).

    *reason* is required for 1 and 2.
    """

    review_id: ReviewId
    artist_id: ArtistId
    rating: int
    reason: str = ""


def rate_review(tx: Transaction, command: RateReview) -> Review:
    """Record the rating, and move the reviewer's average and tier with it; changeable.

    Raises EntityNotFound, NotYourTrack, ReviewNotCompleted, ReviewDisowned, OutOfRange,
    ReasonRequired, InvalidText.
    """
    track, review, reviewer = tx.reviews.lock(command.review_id)

    track.require_owner(command.artist_id)
    rated = review.rate(command.rating, reason=command.reason)
    judged, moved = reviewer.rerate(
        before=review.artist_rating, after=command.rating, rules=tx.rules, at=tx.now
    )

    tx.reviews.update(rated)
    tx.reviewers.update(judged)

    tx.events.add(events.ReviewRated(review_id=rated.id, rating=command.rating), *moved)
    return rated
