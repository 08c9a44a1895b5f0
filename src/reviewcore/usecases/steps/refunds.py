"""What becomes of a refund by the processor's word or by a verdict, whoever asked for it."""

from __future__ import annotations

from typing import NamedTuple

from reviewcore.domain import events, ledger
from reviewcore.domain.payments import CheckoutAttempt, Payment, Refund, RefundStatus
from reviewcore.ports.processor import RefundState, RefundView
from reviewcore.ports.store import Transaction


class Owed(NamedTuple):
    """A refund and the payment that it belongs to, locked in the order of locks."""

    payment: Payment
    refund: Refund


def lock_refund(tx: Transaction, refund: Refund) -> Owed:
    """Lock payment and refund; *refund* may be stale."""
    payment = tx.payments.lock(refund.payment_id)
    return Owed(payment, tx.refunds.lock(refund.id))


def follow_refund(tx: Transaction, refund: Refund, view: RefundView) -> Refund:
    """Record what the processor says of a refund: taken, failed, or returned after all.

    Locks payment and refund; *refund* may be stale. Repeats and any order are harmless.
    """
    owed = lock_refund(tx, refund)
    status = owed.refund.status
    if view.state is RefundState.TAKEN:
        return owed.refund if owed.refund.is_final else _complete(tx, owed, view)
    if status is RefundStatus.COMPLETED and view.external_id == owed.refund.external_id:
        return _come_back(tx, owed)
    if status is RefundStatus.PROCESSING:
        return fail_refund(tx, owed.refund, "failed")
    # It came back before, or what failed is an attempt before the one that was taken.
    return owed.refund


def fail_refund(tx: Transaction, refund: Refund, reason: str) -> Refund:
    """Record that the processor refused for good. Needs the lock of the refund."""
    # The money stays in `refunding`, where a person sees that it is owed.
    failed = refund.fail(reason, tx.now)
    tx.refunds.update(failed)
    tx.events.add(events.RefundFailed(refund_id=failed.id))
    return failed


def drop_refund(tx: Transaction, owed: Owed) -> Refund:
    """Give a refund up that was not sent: a lost dispute paid it. Needs the locks of both."""
    dropped = owed.refund.drop(tx.now)
    tx.refunds.update(dropped)
    if dropped.currency == owed.payment.currency:
        tx.ledger.add(ledger.refund_dropped(dropped))
    tx.events.add(events.RefundDropped(refund_id=dropped.id))
    return dropped


def lock_unsent(tx: Transaction, attempt: CheckoutAttempt) -> list[Refund]:
    """Lock the refunds of an attempt that are still to be sent. Needs the payment's lock."""
    seen = [one.id for one in tx.refunds.of_payment(attempt.payment_id) if not one.is_final]
    return [
        refund
        for refund in tx.refunds.lock_many(seen)
        if refund.attempt_id == attempt.id and refund.status is RefundStatus.PENDING
    ]


def _complete(tx: Transaction, owed: Owed, view: RefundView) -> Refund:
    payment, refund = owed
    # Refused for now, as we thought; the processor knows better.
    sent = refund.send(tx.now) if refund.status is RefundStatus.PENDING else refund
    done = sent.complete(view.external_id, tx.now)

    tx.refunds.update(done)
    if done.attempt_id == payment.applied_attempt_id:
        tx.payments.update(payment.refund(done.amount))
    if done.currency == payment.currency:
        tx.ledger.add(ledger.refund_completed(done))

    tx.events.add(events.RefundCompleted(refund_id=done.id))
    return done


def _come_back(tx: Transaction, owed: Owed) -> Refund:
    payment, refund = owed
    back = refund.come_back(tx.now)

    tx.refunds.update(back)
    if back.attempt_id == payment.applied_attempt_id:
        tx.payments.update(payment.take_back(back.amount))
    if back.currency == payment.currency:
        tx.ledger.add(ledger.refund_returned(back))

    tx.events.add(events.RefundReturned(refund_id=back.id))
    return back
