"""Settle what a track costs: a price to pay, a free credit or a promo code."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import CreditAndCode, PromoCodeUsed, UnknownPromoCode
from reviewcore.domain.ids import ArtistId, PaymentId, TrackId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.payments import Payment, PaymentStatus
from reviewcore.domain.rules import FREE_CREDIT, PackageType
from reviewcore.domain.slots import Slot, free_slots, paid_slots
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.paying import drop_attempts


@attrs.frozen(kw_only=True)
class CheckOut:
    """The artist wants his track reviewed: for money, for a free credit, or for a promo code."""

    track_id: TrackId
    artist_id: ArtistId
    use_free_credit: bool = False
    promo_code: str | None = None


def check_out(tx: Transaction, command: CheckOut) -> Track:
    """Make the slots and freeze price and rates; a free track is queued at once.

    Checking out again replaces the slots and gives an open session up. Raises EntityNotFound,
    NotYourTrack, InvalidTransition, EmailNotVerified, CreditAndCode, NoFreeCredit,
    UnknownPromoCode, PromoCodeUsed.
    """
    artist = tx.artists.lock(command.artist_id)
    track = tx.tracks.lock(command.track_id)
    track.require_owner(artist.id)
    track.require_payable()
    # A first track may have come before the proof of its artist's address (`get_feedback`).
    tx.users.get(artist.user_id).require_verified()
    payment = tx.payments.lock_of_track(track.id)

    if payment is not None:
        drop_attempts(tx, payment)
    if command.use_free_credit or command.promo_code is not None:
        return _queue_free(tx, command, artist, track, payment)

    package = tx.rules.packages[track.package_type]
    slots = paid_slots(track.id, package, rules=tx.rules)
    priced = track.price_at(
        package.price_cents, reviews=package.reviews, priority=package.priority, rules=tx.rules
    )
    _freeze(tx, priced, slots)
    _bill(tx, payment, priced)
    return priced


def _queue_free(
    tx: Transaction,
    command: CheckOut,
    artist: ArtistProfile,
    track: Track,
    payment: Payment | None,
) -> Track:
    promo, count = _promo(tx, command, artist)
    if promo == FREE_CREDIT:
        artist = artist.use_credit()
    priority = tx.rules.packages[PackageType.STARTER].priority
    priced = track.price_at(ZERO, reviews=count, priority=priority, rules=tx.rules)
    queued = priced.make_free(promo).queue(tx.now)

    _freeze(tx, queued, free_slots(track.id, count, rules=tx.rules))
    tx.payments.update(_bill(tx, payment, queued).waive(tx.now))
    tx.artists.update(artist.queue_track(ZERO))
    tx.events.add(events.TrackQueued(track_id=track.id))
    return queued


def _promo(tx: Transaction, command: CheckOut, artist: ArtistProfile) -> tuple[str, int]:
    if command.promo_code is None:
        return FREE_CREDIT, tx.rules.free_credit_reviews
    if command.use_free_credit:
        raise CreditAndCode
    wanted = command.promo_code.strip().casefold()
    for code, reviews in tx.rules.promo_codes.items():
        if code.casefold() == wanted:
            if tx.tracks.used_promo(artist.id, code):
                raise PromoCodeUsed
            return code, reviews
    raise UnknownPromoCode


def _freeze(tx: Transaction, track: Track, slots: tuple[Slot, ...]) -> None:
    tx.slots.remove_all(track.id)
    tx.slots.add(*slots)
    tx.tracks.update(track)
    tx.events.add(
        events.TrackCheckedOut(track_id=track.id, slots=len(slots), price=Cents(track.price))
    )


def _bill(tx: Transaction, payment: Payment | None, track: Track) -> Payment:
    if payment is not None:
        repriced = payment.reprice(track.price)
        tx.payments.update(repriced)
        return repriced
    fresh = Payment(
        id=PaymentId(tx.new_id()),
        track_id=track.id,
        amount=track.price,
        currency=tx.rules.currency,
        status=PaymentStatus.PENDING,
        created_at=tx.now,
    )
    tx.payments.add(fresh)
    return fresh
