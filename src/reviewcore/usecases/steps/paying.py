"""What follows from the processor's word about a checkout session, whoever asked for it."""

from __future__ import annotations

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import RefundId
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment
from reviewcore.domain.refunds import Refund, RefundReason, RefundStatus
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.ports.processor import SessionState, SessionView
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.standing import mirror_disputes


@attrs.frozen(kw_only=True)
class Bill:
    """An attempt with all that its money touches, locked in the order of locks."""

    artist: ArtistProfile
    track: Track
    payment: Payment
    attempt: CheckoutAttempt


def lock_bill(tx: Transaction, attempt: CheckoutAttempt) -> Bill:
    """Lock artist, track, payment and attempt; *attempt* may be stale."""
    artist = tx.artists.lock(tx.tracks.get(attempt.track_id).artist_id)
    track = tx.tracks.lock(attempt.track_id)
    payment = tx.payments.lock(attempt.payment_id)
    return Bill(artist=artist, track=track, payment=payment, attempt=tx.attempts.lock(attempt.id))


def follow_session(tx: Transaction, bill: Bill, view: SessionView) -> CheckoutAttempt:
    """Record what the processor says of a session: paid, ended, or still open.

    Money is applied once, and only when it is all of the price for a track that waits for it;
    other money goes back in full. Repeats and any order are harmless.
    """
    attempt = bill.attempt
    if attempt.status is AttemptStatus.PAID:
        return attempt if view.fee is None else learn_fee(tx, bill, view.fee)
    if attempt.status is AttemptStatus.INTENDED:
        attempt = attempt.open(session_id=view.session_id, url=view.url, expires_at=view.expires_at)
        bill = attrs.evolve(bill, attempt=attempt, payment=bill.payment.session(view.session_id))
        tx.payments.update(bill.payment)
        tx.events.add(events.CheckoutOpened(payment_id=attempt.payment_id, attempt_id=attempt.id))
    match view.state:
        case SessionState.PAID:
            return _take_money(tx, bill, view)
        case SessionState.EXPIRED:
            return end_attempt(tx, bill, AttemptStatus.EXPIRED, reason="expired")
        case SessionState.FAILED:
            return end_attempt(tx, bill, AttemptStatus.FAILED, reason="declined")
        case SessionState.OPEN | SessionState.PROCESSING:  # pragma: no branch - one of five states
            waiting = attempt.look_again(tx.now) if attempt.is_pending else attempt
            tx.attempts.update(waiting)
            return waiting


def end_attempt(
    tx: Transaction, bill: Bill, status: AttemptStatus, *, reason: str
) -> CheckoutAttempt:
    """End an attempt unpaid, EXPIRED or FAILED; the payment may be tried again."""
    if not bill.attempt.is_pending:
        return bill.attempt
    ended = bill.attempt.end(status, tx.now, reason=reason)

    tx.attempts.update(ended)
    # The end of a session that was given up says nothing of the payment: it was asked for anew.
    # One that was not is the only one that is wanted: another is not made while it can be paid.
    if not ended.unwanted:
        tx.payments.update(bill.payment.fail())

    tx.events.add(
        events.CheckoutEnded(payment_id=ended.payment_id, attempt_id=ended.id, status=status)
    )
    return ended


def drop_attempts(tx: Transaction, payment: Payment) -> None:
    """Have the worker expire every session of a payment that can still be paid.

    Needs the lock of the payment.
    """
    pending = [one for one in tx.attempts.of_payment(payment.id) if one.is_pending]
    tx.attempts.update(*(one.drop(tx.now) for one in pending if not one.unwanted))


def cancel_unpaid(tx: Transaction, track: Track) -> Track:
    """End a track before any money was applied; what comes later goes back in full.

    Needs the lock of the track.
    """
    cancelled = track.cancel_unpaid()
    payment = tx.payments.lock_of_track(track.id)
    if payment is not None:
        tx.payments.update(payment.fail())
        drop_attempts(tx, payment)
    tx.tracks.update(cancelled)
    tx.events.add(events.TrackCancelled(track_id=track.id))
    return cancelled


def _take_money(tx: Transaction, bill: Bill, view: SessionView) -> CheckoutAttempt:
    paid = bill.attempt.pay(view.payment_id, tx.now)
    tx.attempts.update(paid)
    reason = _why_not_applied(bill, view)
    if reason is None:
        payment = _apply(tx, bill, paid)
    else:
        payment = _send_back(tx, bill, paid, view, reason=reason)
    if view.fee is None:
        return paid
    return learn_fee(tx, attrs.evolve(bill, attempt=paid, payment=payment), view.fee)


def learn_fee(tx: Transaction, bill: Bill, fee: Cents) -> CheckoutAttempt:
    """Book what the processor kept of a paid attempt, once; money that goes back costs it, too."""
    if bill.attempt.fee is not None:
        return bill.attempt
    known = bill.attempt.learn_fee(fee)
    tx.attempts.update(known)
    if bill.payment.applied_attempt_id == known.id:
        tx.payments.update(bill.payment.learn_fee(fee))
    if _is_in_the_books(tx, bill):
        tx.ledger.add(ledger.fee_known(known.id, fee))
        tx.events.add(events.FeeKnown(payment_id=bill.payment.id, fee=fee))
    return known


def _is_in_the_books(tx: Transaction, bill: Bill) -> bool:
    """Whether the money came in the books' currency: only such money is posted."""
    returned = [
        refund
        for refund in tx.refunds.of_payment(bill.payment.id)
        if refund.attempt_id == bill.attempt.id
    ]
    return all(refund.currency == bill.payment.currency for refund in returned)


def _why_not_applied(bill: Bill, view: SessionView) -> str | None:
    if bill.track.status is not TrackStatus.PENDING_PAYMENT:
        return "track_not_waiting"
    if view.currency != bill.payment.currency:
        return "wrong_currency"
    return None if view.amount == bill.payment.amount else "wrong_amount"


def _apply(tx: Transaction, bill: Bill, paid: CheckoutAttempt) -> Payment:
    payment = bill.payment.apply(paid, tx.now)
    queued = bill.track.queue(tx.now)
    artist = bill.artist.queue_track(payment.amount)

    tx.payments.update(payment)
    tx.tracks.update(queued)
    tx.artists.update(artist)
    tx.ledger.add(ledger.payment_applied(payment, paid))
    drop_attempts(tx, payment)

    tx.events.add(
        events.PaymentCompleted(payment_id=payment.id, track_id=queued.id, amount=payment.amount),
        events.TrackQueued(track_id=queued.id),
    )
    # A dispute may be heard of before the money that is disputed.
    mirror_disputes(tx, queued, artist, payment)
    return payment


def _send_back(
    tx: Transaction, bill: Bill, paid: CheckoutAttempt, view: SessionView, *, reason: str
) -> Payment:
    refund_id = RefundId(tx.new_id())
    refund = Refund(
        id=refund_id,
        attempt_id=paid.id,
        payment_id=paid.payment_id,
        track_id=paid.track_id,
        amount=view.amount,
        currency=view.currency,
        reason=RefundReason.UNAPPLIED,
        status=RefundStatus.PENDING,
        key=f"rf:{refund_id}:a1",
        created_at=tx.now,
        next_attempt_at=tx.now,
    )
    tx.refunds.add(refund)
    # Another currency has no place in books of one: the refund row is its only record.
    if view.currency == bill.payment.currency:
        tx.ledger.add(
            ledger.payment_not_applied(paid, view.amount),
            ledger.refund_intended(refund, applied=False),
        )
    tx.events.add(
        events.PaymentNotApplied(payment_id=paid.payment_id, attempt_id=paid.id, reason=reason),
        events.RefundIntended(refund_id=refund_id, payment_id=paid.payment_id, amount=view.amount),
    )
    return bill.payment
