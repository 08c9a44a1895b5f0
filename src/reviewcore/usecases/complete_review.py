"""Deliver a review and be paid for it."""

from __future__ import annotations

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.errors import OwnTrack
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.ids import ReviewerId, ReviewId
from reviewcore.domain.reviews import Review, remarks
from reviewcore.ports.store import Transaction

SHARE_ID_LENGTH = 8


@attrs.frozen(kw_only=True)
class Remark:
    """A remark about the moment *seconds* from the start of the track."""

    seconds: int
    note: str


@attrs.frozen(kw_only=True)
class CompleteReview:
    """The reviewer hands in the form, with at most 30 remarks about single moments."""

    review_id: ReviewId
    reviewer_id: ReviewerId
    feedback: Feedback
    timestamps: tuple[Remark, ...] = ()


def complete_review(tx: Transaction, command: CompleteReview) -> Review:
    """Pay the slot's rate, count the review and give it a public id; exactly once.

    Raises EntityNotFound, NotYourReview, ReviewerRestricted, OwnTrack, AssignmentExpired,
    ReviewNotActive, ListenedTooLittle, HeartbeatStale, FeedbackTooThin, OutOfRange, InvalidText,
    TooMany.
    """
    track, review, reviewer = tx.reviews.lock(command.review_id)
    review.require_reviewer(command.reviewer_id)
    reviewer.require_working()
    # Who shares a payout account with the artist may have become known after the assignment.
    if reviewer.user_id in tx.identities.kin_of_artist(track.artist_id):
        raise OwnTrack

    share_id = tx.new_token()[:SHARE_ID_LENGTH]
    done = review.complete(command.feedback, share_id=share_id, rules=tx.rules, at=tx.now)
    timestamps = remarks(done.id, [(one.seconds, one.note) for one in command.timestamps])
    further, story = track.count(tx.now)
    paid, moved = reviewer.earn(done.offered_amount, rules=tx.rules, at=tx.now)

    tx.reviews.update(done)
    tx.timestamps.add(*timestamps)
    tx.queue.remove(done.id)
    tx.tracks.update(further)
    tx.reviewers.update(paid)
    tx.ledger.add(ledger.review_completed(done, is_free=track.is_free))

    tx.events.add(
        events.ReviewCompleted(
            review_id=done.id,
            track_id=track.id,
            reviewer_id=reviewer.id,
            paid_amount=done.offered_amount,
        ),
        *story,
        *moved,
    )
    return done
