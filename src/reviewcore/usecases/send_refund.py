"""Give money back to a payer."""

from __future__ import annotations

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.ids import RefundId
from reviewcore.domain.payments import CheckoutAttempt, Refund
from reviewcore.ports.processor import (
    Declined,
    Done,
    Outcome,
    Payments,
    RefundOrder,
    RefundView,
)
from reviewcore.ports.store import Store, Transaction


@attrs.frozen(kw_only=True)
class SendRefund:
    """An intended refund is to be carried out."""

    refund_id: RefundId


def send_refund(store: Store, payments: Payments, command: SendRefund) -> Refund:
    """Send the refund once, however often this runs; an unclear answer leaves it PROCESSING.

    While its key is fresh it is sent again with the same key, later only looked for. Raises
    EntityNotFound.
    """
    with store.begin() as tx:
        refund = tx.refunds.lock(command.refund_id)
        if refund.is_final:
            return refund
        attempt = tx.attempts.get(refund.attempt_id)
        sending = refund.send(tx.now)
        tx.refunds.update(sending)
        fresh = refund.key_is_fresh(tx.now)

    outcome = _send(payments, sending, attempt) if fresh else _look_up(payments, sending, attempt)

    with store.begin() as tx:
        payment = tx.payments.lock(sending.payment_id)
        refund = tx.refunds.lock(sending.id)
        if refund.is_final:
            # Another worker got here first.
            return refund
        match outcome:
            # A declined look-up says nothing of the refund: only what was sent can be refused.
            case Declined(code) if fresh:
                return _fail(tx, refund, code)
            case Done(view) if view is not None:
                done = refund.complete(view.external_id, tx.now)
            case _:
                # Unknown, or not found (yet): neither says that it did not happen.
                return refund
        tx.refunds.update(done)
        if done.attempt_id == payment.applied_attempt_id:
            tx.payments.update(payment.refund(done.amount))
        if done.currency == payment.currency:
            tx.ledger.add(ledger.refund_completed(done))
        tx.events.add(events.RefundCompleted(refund_id=done.id))
    return done


def _send(payments: Payments, refund: Refund, attempt: CheckoutAttempt) -> Outcome[RefundView]:
    assert attempt.external_payment_id is not None, "only what was paid is refunded"
    return payments.refund(
        RefundOrder(
            refund_id=refund.id,
            payment_id=attempt.external_payment_id,
            amount=refund.amount,
            currency=refund.currency,
            key=refund.key,
        )
    )


def _look_up(
    payments: Payments, refund: Refund, attempt: CheckoutAttempt
) -> Outcome[RefundView | None]:
    assert attempt.external_payment_id is not None, "only what was paid is refunded"
    return payments.find_refund(refund.id, attempt.external_payment_id)


def _fail(tx: Transaction, refund: Refund, code: str) -> Refund:
    # The money stays in `refunding`, where a person sees that it is owed.
    failed = refund.fail(code, tx.now)
    tx.refunds.update(failed)
    tx.events.add(events.RefundFailed(refund_id=failed.id))
    return failed
