"""Open a page at the processor where the artist can pay."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import NothingToPay, ProcessorRefused, ProcessorUnavailable
from reviewcore.domain.ids import ArtistId, AttemptId, TrackId
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment
from reviewcore.domain.tracks import Track
from reviewcore.ports.processor import (
    CheckoutOrder,
    Declined,
    Done,
    Outcome,
    Payments,
    SessionView,
    Unknown,
)
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.steps.paying import end_attempt, follow_session, lock_bill


@attrs.frozen(kw_only=True)
class OpenCheckout:
    """The artist goes to pay; the processor sends him back to *return_url*."""

    track_id: TrackId
    artist_id: ArtistId
    return_url: str = "/checkout/return"


def open_checkout(store: Store, payments: Payments, command: OpenCheckout) -> CheckoutAttempt:
    """Return the open session, or open one: the attempt is committed before the call.

    Run again after any interruption it resumes with the same key. Raises EntityNotFound,
    NotYourTrack, InvalidTransition, NothingToPay, ProcessorRefused, ProcessorUnavailable.
    """
    with store.begin(actor=command.artist_id) as tx:
        attempt = _intend(tx, command)
        if attempt.status is AttemptStatus.OPEN:
            return attempt

    outcome = payments.open_checkout(_order(attempt))

    with store.begin(actor=command.artist_id) as tx:
        settled = _settle(tx, attempt, outcome)
    match outcome:
        case Declined(code):
            raise ProcessorRefused(code=code)
        case Unknown():
            raise ProcessorUnavailable
        case Done():  # pragma: no branch - an outcome is one of the three
            return settled


def _intend(tx: Transaction, command: OpenCheckout) -> CheckoutAttempt:
    track = tx.tracks.lock(command.track_id)
    track.require_owner(command.artist_id)
    track.require_payable()
    payment = tx.payments.lock_of_track(track.id)
    if payment is None:
        raise NothingToPay
    attempts = tx.attempts.of_payment(payment.id)
    wanted = [one for one in attempts if one.is_pending and not one.unwanted]
    if wanted and wanted[-1].status is AttemptStatus.OPEN:
        return wanted[-1]
    if wanted:
        attempt = wanted[-1].send(tx.now)
        tx.attempts.update(attempt)
        return attempt
    return _new_attempt(tx, track, payment, number=len(attempts) + 1, command=command)


def _new_attempt(
    tx: Transaction, track: Track, payment: Payment, *, number: int, command: OpenCheckout
) -> CheckoutAttempt:
    attempt_id = AttemptId(tx.new_id())
    attempt = CheckoutAttempt(
        id=attempt_id,
        payment_id=payment.id,
        track_id=track.id,
        number=number,
        key=f"co:{payment.id}:a{number}",
        title=track.title,
        amount=payment.amount,
        currency=payment.currency,
        return_url=command.return_url,
        status=AttemptStatus.INTENDED,
        created_at=tx.now,
    ).send(tx.now)
    tx.attempts.add(attempt)
    tx.payments.update(payment.reprice(payment.amount))
    tx.events.add(events.CheckoutStarted(payment_id=payment.id, attempt_id=attempt_id))
    return attempt


def _order(attempt: CheckoutAttempt) -> CheckoutOrder:
    return CheckoutOrder(
        attempt_id=attempt.id,
        track_id=attempt.track_id,
        title=attempt.title,
        amount=attempt.amount,
        currency=attempt.currency,
        key=attempt.key,
        # The processor puts the session's id into the first; the second is used as it is.
        success_url=f"{attempt.return_url}?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{attempt.return_url}?attempt_id={attempt.id}",
    )


def _settle(
    tx: Transaction, attempt: CheckoutAttempt, outcome: Outcome[SessionView]
) -> CheckoutAttempt:
    bill = lock_bill(tx, attempt)
    match outcome:
        case Done(view):
            return follow_session(tx, bill, view)
        case Declined(code):
            return end_attempt(tx, bill, AttemptStatus.FAILED, reason=code)
        case Unknown():  # pragma: no branch - an outcome is one of the three
            return bill.attempt
