"""End assignments whose deadline has come."""

from __future__ import annotations

import attrs

from reviewcore.domain.reviews import EndReason, Review
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.reviews import end_review
from reviewcore.usecases.steps.slots import free_slot


@attrs.frozen(kw_only=True)
class ExpireAssignments:
    """The worker looks at the deadlines; at most *limit* assignments end in one go."""

    limit: int = 20


def expire_assignments(tx: Transaction, command: ExpireAssignments) -> tuple[Review, ...]:
    """End what is overdue; each slot opens again, or ends too where none is filled any more."""
    due = tx.queue.expired(tx.now, limit=command.limit)
    seen = [tx.reviews.get(row.id) for row in due]
    tx.artists.lock_many({review.artist_id for review in seen})
    tx.tracks.lock_many({review.track_id for review in seen})

    ended = []
    for stale in sorted(seen, key=lambda review: review.id):
        track, review, reviewer = tx.reviews.lock(stale.id)
        # Completed, skipped or given a new deadline while we waited for the lock.
        if not review.is_active or tx.now < review.expires_at:
            continue
        over, _ = end_review(tx, review, reviewer, EndReason.TIMEOUT)
        free_slot(tx, track, tx.artists.get(track.artist_id), review.slot_number)
        ended.append(over)
    return tuple(ended)
