"""What becomes of a refund by the processor's word or by a verdict, whoever asked for it."""

from __future__ import annotations

from typing import NamedTuple

from reviewcore.domain import events, ledger
from reviewcore.domain.disputes import DisputeStatus, standing_of
from reviewcore.domain.payments import CheckoutAttempt, Payment
from reviewcore.domain.refunds import OWED, Refund, RefundStatus
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

    Locks payment and refund; *refund* may be stale. Repeats and any order are harmless. Raises
    InvalidTransition when the processor made it more than once; a person must look at that.
    """
    owed = lock_refund(tx, refund)
    if view.state is RefundState.TAKEN:
        # What came back is not taken again: that answer is older than the one we know.
        known = owed.refund.knows(view.external_id)
        return owed.refund if known else _take(tx, owed, view).refund
    match owed.refund.status:
        case RefundStatus.COMPLETED if view.external_id == owed.refund.external_id:
            return _come_back(tx, owed)
        case RefundStatus.DOUBLED if view.external_id == owed.refund.duplicate_id:
            return _undouble(tx, owed)
        case RefundStatus.PROCESSING | RefundStatus.FAILED:
            # Taken and given back, though we hear only the end of it.
            return _come_back(tx, _take(tx, owed, view))
        case RefundStatus.SETTLED | RefundStatus.DROPPED if _is_news(owed.refund, view):
            return _undouble(tx, _double(tx, owed, view))
        case _:
            # It came back before, or what failed is an attempt before the one that was taken.
            return owed.refund


def standing_at(tx: Transaction, owed: Owed) -> DisputeStatus | None:
    """Tell how the money stands that a refund gives back. Needs the lock of the payment."""
    disputes = tx.disputes.of_payment(owed.payment.id)
    return standing_of(disputes, attempt_id=owed.refund.attempt_id)


def fail_refund(tx: Transaction, refund: Refund, reason: str) -> Refund:
    """Record that the processor refused for good. Needs the lock of the refund."""
    # The money stays in `refunding`, where a person sees that it is owed.
    failed = refund.fail(reason, tx.now)
    tx.refunds.update(failed)
    tx.events.add(events.RefundFailed(refund_id=failed.id))
    return failed


def drop_refund(tx: Transaction, owed: Owed) -> Refund:
    """Give a refund up that was not made: a lost dispute paid it. Needs the locks of both."""
    dropped = owed.refund.drop(tx.now)
    tx.refunds.update(dropped)
    if dropped.currency == owed.payment.currency:
        tx.ledger.add(ledger.refund_dropped(dropped))
    tx.events.add(events.RefundDropped(refund_id=dropped.id))
    return dropped


def lock_unmade(tx: Transaction, attempt: CheckoutAttempt) -> list[Refund]:
    """Lock the refunds of an attempt that are owed, and not under way.

    Needs the payment's lock.
    """
    seen = [one.id for one in tx.refunds.of_payment(attempt.payment_id) if one.status in OWED]
    return [
        refund
        for refund in tx.refunds.lock_many(seen)
        if refund.attempt_id == attempt.id
        and refund.status in OWED
        and refund.status is not RefundStatus.PROCESSING
    ]


def _take(tx: Transaction, owed: Owed, view: RefundView) -> Owed:
    """Record that the processor made it, though it had ended otherwise, or was thought refused.

    Raises InvalidTransition for another than the one that was taken, or that came back.
    """
    if owed.refund.status in {RefundStatus.SETTLED, RefundStatus.DROPPED, RefundStatus.DOUBLED}:
        return _double(tx, owed, view)
    return _complete(tx, owed, view)


def _complete(tx: Transaction, owed: Owed, view: RefundView) -> Owed:
    payment, refund = owed
    # Refused for now, as we thought; the processor knows better.
    sent = refund.send(tx.now) if refund.status is RefundStatus.PENDING else refund
    done = sent.complete(view.external_id, tx.now)

    tx.refunds.update(done)
    if done.attempt_id == payment.applied_attempt_id:
        payment = payment.refund(done.amount)
        tx.payments.update(payment)
    if done.currency == payment.currency:
        tx.ledger.add(ledger.refund_completed(done))

    tx.events.add(events.RefundCompleted(refund_id=done.id))
    return Owed(payment, done)


def _come_back(tx: Transaction, owed: Owed) -> Refund:
    payment, refund = owed
    back = refund.come_back(tx.now)

    tx.refunds.update(back)
    if back.attempt_id == payment.applied_attempt_id:
        payment = payment.take_back(back.amount)
        tx.payments.update(payment)
    if back.currency == payment.currency:
        tx.ledger.add(ledger.refund_returned(back))

    tx.events.add(events.RefundReturned(refund_id=back.id))
    again = Owed(payment, back)
    # Where the payer has it from his bank by now, nobody owes it to him.
    return drop_refund(tx, again) if standing_at(tx, again) is DisputeStatus.LOST else back


def _is_news(refund: Refund, view: RefundView) -> bool:
    return refund.duplicate_id is None and not refund.knows(view.external_id)


def _double(tx: Transaction, owed: Owed, view: RefundView) -> Owed:
    doubled = owed.refund.double(view.external_id)
    tx.refunds.update(doubled)
    if doubled.currency == owed.payment.currency:
        tx.ledger.add(ledger.refund_doubled(doubled))
    tx.events.add(events.RefundDoubled(refund_id=doubled.id))
    return Owed(owed.payment, doubled)


def _undouble(tx: Transaction, owed: Owed) -> Refund:
    single = owed.refund.undouble()
    tx.refunds.update(single)
    if single.currency == owed.payment.currency:
        tx.ledger.add(ledger.refund_undoubled(single))
    tx.events.add(events.RefundUndoubled(refund_id=single.id))
    return single
