"""Take a track back before anybody has listened."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import ArtistId, TrackId, UserId
from reviewcore.domain.money import ZERO
from reviewcore.domain.refunds import RefundReason
from reviewcore.domain.reviews import EndReason, ReviewStatus
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake, require_reason
from reviewcore.usecases.steps.paying import cancel_unpaid
from reviewcore.usecases.steps.reviews import end_review
from reviewcore.usecases.steps.slots import TrackGivenUp, refund_slots


@attrs.frozen(kw_only=True)
class CancelTrack:
    """The artist, or an administrator with a reason, takes a track back.

    Exactly one of *artist_id* and *admin_id* is given.
    """

    track_id: TrackId
    artist_id: ArtistId | None = None
    admin_id: UserId | None = None
    reason: str = ""


def cancel_track(tx: Transaction, command: CancelTrack) -> TrackGivenUp:
    """End its assignments and start the whole price on its way back, or the credit or code.

    Money that arrives later is refunded when it does. Raises EntityNotFound, NotYourTrack,
    InvalidTransition, TrackDisputed, TrackHasReviews, ReasonRequired, InvalidText, OwnCase.
    """
    artist = tx.artists.lock(tx.tracks.get(command.track_id).artist_id)
    track = tx.tracks.lock(command.track_id)
    _require_right(tx, track, artist, command)
    track.require_undisputed()
    reviews = tx.reviews.lock_of_track(track.id)
    states = [review.status for review in reviews]
    track.require_untouched(
        in_progress=states.count(ReviewStatus.IN_PROGRESS),
        ever_completed=states.count(ReviewStatus.COMPLETED),
    )
    if track.status is TrackStatus.PENDING_PAYMENT:
        return TrackGivenUp(track=cancel_unpaid(tx, track), refunded_cents=ZERO)

    active = [review for review in reviews if review.is_active]
    reviewers = tx.reviewers.lock_many({review.reviewer_id for review in active})
    by_id = {reviewer.id: reviewer for reviewer in reviewers}
    for review in active:
        end_review(tx, review, by_id[review.reviewer_id], EndReason.CANCELLED)
    slots = [slot for slot in tx.slots.of_track(track.id) if not slot.is_refunded]
    given = refund_slots(tx, track, artist, slots, reason=RefundReason.CANCELLED)
    return TrackGivenUp(track=given.track, refunded_cents=given.refunded)


def _require_right(
    tx: Transaction, track: Track, artist: ArtistProfile, command: CancelTrack
) -> None:
    assert (command.artist_id is None) != (command.admin_id is None), "one of them acts"
    if command.artist_id is not None:
        track.require_owner(command.artist_id)
        return
    assert command.admin_id is not None
    reason = require_reason(command.reason)
    require_no_stake(tx, command.admin_id, artist.user_id)
    tx.events.add(events.AdminActed(subject=f"track:{track.id}", act="cancel_track", reason=reason))
