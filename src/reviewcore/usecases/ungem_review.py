"""Take a gem back."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ArtistId, ReviewId
from reviewcore.domain.reviews import Review
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class UngemReview:
    """The artist changed his mind about a gem."""

    review_id: ReviewId
    artist_id: ArtistId


def ungem_review(tx: Transaction, command: UngemReview) -> Review:
    """Unmark the review; a repeat changes nothing.

    Raises EntityNotFound, NotYourTrack, ReviewNotCompleted, ReviewDisowned.
    """
    track, review, reviewer = tx.reviews.lock(command.review_id)

    track.require_owner(command.artist_id)
    plain = review.gem(is_gem=False)
    if not review.is_gem:
        return review
    judged, moved = reviewer.regem(-1, rules=tx.rules, at=tx.now)

    tx.reviews.update(plain)
    tx.reviewers.update(judged)

    tx.events.add(events.ReviewUngemmed(review_id=plain.id), *moved)
    return plain
