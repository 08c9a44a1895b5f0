"""Say that one is listening."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ReviewerId, ReviewId
from reviewcore.domain.reviews import Review
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class RecordHeartbeat:
    """The reviewer's player reports, about every ten seconds, that the track is playing."""

    review_id: ReviewId
    reviewer_id: ReviewerId


def record_heartbeat(tx: Transaction, command: RecordHeartbeat) -> Review:
    """Credit the server's time since his newest heartbeat on any review; the first starts it.

    Locks all his active reviews and nothing else, so that two tabs earn no more than one. Raises
    EntityNotFound, NotYourReview, AssignmentExpired, ReviewNotActive.
    """
    active = {review.id: review for review in tx.reviews.lock_active(command.reviewer_id)}
    review = active.get(command.review_id) or tx.reviews.get(command.review_id)
    review.require_reviewer(command.reviewer_id)

    beats = [one.last_heartbeat for one in active.values() if one.last_heartbeat is not None]
    heard = review.beat(newest=max(beats, default=None), rules=tx.rules, at=tx.now)

    tx.reviews.update(heard)

    if heard.status is not review.status:
        tx.events.add(events.ReviewStarted(review_id=review.id))
    return heard
