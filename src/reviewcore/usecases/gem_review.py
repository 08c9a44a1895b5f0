"""Mark a review as a gem."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ArtistId, ReviewId
from reviewcore.domain.reviews import Review
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class GemReview:
    """The artist found a review of his track outstanding."""

    review_id: ReviewId
    artist_id: ArtistId


def gem_review(tx: Transaction, command: GemReview) -> Review:
    """Mark the review; a repeat changes nothing.

    Raises EntityNotFound, NotYourTrack, ReviewNotCompleted, ReviewDisowned.
    """
    track, review, reviewer = tx.reviews.lock(command.review_id)

    track.require_owner(command.artist_id)
    gemmed = review.gem(is_gem=True)
    if review.is_gem:
        return review
    judged, moved = reviewer.regem(1, rules=tx.rules, at=tx.now)

    tx.reviews.update(gemmed)
    tx.reviewers.update(judged)

    tx.events.add(events.ReviewGemmed(review_id=gemmed.id), *moved)
    return gemmed
