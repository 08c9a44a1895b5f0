"""What becomes of a slot that nobody fills: back to the worker, its price back, or lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.ids import RefundId
from reviewcore.domain.money import ZERO, Cents, total
from reviewcore.domain.payments import Payment
from reviewcore.domain.refunds import Refund, RefundReason, RefundStatus
from reviewcore.domain.reviews import slot_states
from reviewcore.domain.rules import FREE_CREDIT
from reviewcore.domain.slots import Slot, SlotState
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.ports.store import Transaction


class Given(NamedTuple):
    """A track and its artist after slots were given up, and the cents that go back."""

    track: Track
    artist: ArtistProfile
    refunded: Cents


@attrs.frozen(kw_only=True)
class TrackGivenUp:
    """A track that was cancelled or closed, and the cents that go back."""

    track: Track
    refunded_cents: Cents


def free_slot(tx: Transaction, track: Track, artist: ArtistProfile, number: int) -> Given:
    """Put slot *number*, which has just lost its review, back on the market.

    On a closed track it is refunded instead, and lost on one that was lost to its payer's bank,
    unless an open flag holds it. Needs the locks of artist and track.
    """
    if not track.is_shut:
        waiting = track.seek(tx.now, rules=tx.rules)
        tx.tracks.update(waiting)
        return Given(waiting, artist, ZERO)

    slots = tx.slots.of_track(track.id)
    states = slot_states(slots, tx.reviews.of_track(track.id), is_closed=True)
    freed = [slot for slot in slots if slot.number == number and states[number] is SlotState.OPEN]
    return refund_slots(tx, track, artist, freed, reason=RefundReason.SLOT)


def refund_slots(
    tx: Transaction,
    track: Track,
    artist: ArtistProfile,
    slots: Sequence[Slot],
    *,
    reason: RefundReason,
) -> Given:
    """Give *slots* up and start their price on its way back, as one refund.

    Needs the locks of artist and track. A free track that ends so gives its credit back. A lost
    dispute gave the payer his money already: such slots end and nothing goes back.
    """
    if not slots:
        return Given(track, artist, ZERO)
    if track.dispute_status is DisputeStatus.LOST:
        return Given(_lose_slots(tx, track, slots), artist, ZERO)
    amount = total([slot.price for slot in slots])
    poorer, story = track.refund_slots(len(slots), tx.now)

    tx.slots.update(*(slot.refund(tx.now) for slot in slots))
    tx.tracks.update(poorer)
    tx.events.add(
        *(
            events.SlotRefunded(track_id=track.id, number=slot.number, price=slot.price)
            for slot in slots
        ),
        *story,
    )
    if poorer.is_free:
        artist = give_back_promo(tx, poorer, artist)
    else:
        payment = tx.payments.of_track(track.id)
        assert payment is not None, "a track with priced slots has a payment"
        intend_refund(tx, payment, amount, reason=reason)
        artist = artist.take_back(amount)
        tx.artists.update(artist)
    return Given(poorer, artist, amount)


def _lose_slots(tx: Transaction, track: Track, slots: Sequence[Slot]) -> Track:
    fewer, story = track.refund_slots(len(slots), tx.now)

    tx.slots.update(*(slot.lose(tx.now) for slot in slots))
    tx.tracks.update(fewer)
    tx.ledger.add(*(ledger.slot_lost(slot) for slot in slots))
    tx.events.add(
        *(
            events.SlotLost(track_id=track.id, number=slot.number, price=slot.price)
            for slot in slots
        ),
        *story,
    )
    return fewer


def give_back_promo(tx: Transaction, track: Track, artist: ArtistProfile) -> ArtistProfile:
    """Give the credit of a free track back, once the track has ended without a review.

    A promo code is free again by the track's end alone: the once-per-artist rule ignores it.
    """
    if track.status is not TrackStatus.CANCELLED:
        return artist
    payment = tx.payments.lock_of_track(track.id)
    assert payment is not None, "a free track has a payment of 0"
    tx.payments.update(payment.refund(ZERO))
    if track.promo_code != FREE_CREDIT:
        return artist
    richer = artist.grant_credits(1)
    tx.artists.update(richer)
    tx.events.add(events.FreeCreditGranted(artist_id=artist.id, credits=1))
    return richer


def intend_refund(
    tx: Transaction, payment: Payment, amount: Cents, *, reason: RefundReason
) -> Refund:
    """Record that *amount* of the applied payment is to go back."""
    assert payment.applied_attempt_id is not None, "only what was applied can leave deferred"
    refund_id = RefundId(tx.new_id())
    refund = Refund(
        id=refund_id,
        attempt_id=payment.applied_attempt_id,
        payment_id=payment.id,
        track_id=payment.track_id,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        status=RefundStatus.PENDING,
        key=f"rf:{refund_id}:a1",
        created_at=tx.now,
        next_attempt_at=tx.now,
    )
    tx.refunds.add(refund)
    tx.ledger.add(ledger.refund_intended(refund, applied=True))
    tx.events.add(events.RefundIntended(refund_id=refund_id, payment_id=payment.id, amount=amount))
    return refund
