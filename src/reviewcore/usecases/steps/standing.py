"""How a track stands while what paid for it is disputed, and once that is decided."""

from __future__ import annotations

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import DisputeStatus, standing_of
from reviewcore.domain.payments import Payment
from reviewcore.domain.refunds import RefundReason
from reviewcore.domain.reviews import slot_states
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.matching import open_slots
from reviewcore.usecases.steps.slots import refund_slots


def mirror_disputes(
    tx: Transaction, track: Track, artist: ArtistProfile, payment: Payment
) -> Track:
    """Have the track stand as the disputes of its applied payment do; a repeat changes nothing.

    Needs the locks of artist, track and payment.
    """
    disputes = tx.disputes.of_payment(payment.id)
    standing = standing_of(disputes, attempt_id=payment.applied_attempt_id)
    if standing is track.dispute_status:
        return track
    if standing is DisputeStatus.LOST:
        return _lose(tx, track, artist)
    stood = track.dispute() if standing is DisputeStatus.OPEN else _resume(tx, track)
    tx.tracks.update(stood)
    return stood


def _resume(tx: Transaction, track: Track) -> Track:
    won = track.win_dispute()
    return won.seek(tx.now, rules=tx.rules) if open_slots(tx, won) else won


def _lose(tx: Transaction, track: Track, artist: ArtistProfile) -> Track:
    lost = track.lose_dispute()
    tx.tracks.update(lost)

    slots = tx.slots.of_track(track.id)
    states = slot_states(slots, tx.reviews.of_track(track.id), is_closed=True)
    unfilled = [slot for slot in slots if states[slot.number] is SlotState.OPEN]
    return refund_slots(tx, lost, artist, unfilled, reason=RefundReason.SLOT).track
