"""Give money back to a payer."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.ids import RefundId
from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.ports.processor import (
    Declined,
    Done,
    Outcome,
    Payments,
    RefundOrder,
    RefundState,
    RefundView,
)
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.steps.refunds import (
    Owed,
    drop_refund,
    fail_refund,
    follow_refund,
    lock_refund,
    standing_at,
)


@attrs.frozen(kw_only=True)
class SendRefund:
    """An intended refund is to be carried out."""

    refund_id: RefundId


def send_refund(store: Store, payments: Payments, command: SendRefund) -> Refund:
    """Send the refund once, however often this runs; an unclear answer leaves it PROCESSING.

    While its key is fresh it is sent again with the same key, later only looked for. One that was
    never sent waits while what it gives back is disputed, and is dropped if that was lost; so is
    one that was looked for in vain. Raises EntityNotFound, and InvalidTransition when the processor
    has made it more than once.
    """
    with store.begin() as tx:
        owed = lock_refund(tx, tx.refunds.get(command.refund_id))
        sending = _prepare(tx, owed)
        if sending.status is not RefundStatus.PROCESSING:
            return sending
        attempt = tx.attempts.get(sending.attempt_id)
        fresh = owed.refund.key_is_fresh(tx.now)

    outcome = _send(payments, sending, attempt) if fresh else _look_up(payments, sending, attempt)

    with store.begin() as tx:
        return _settle(tx, lock_refund(tx, sending), sending, outcome, fresh=fresh)


def _settle(
    tx: Transaction,
    owed: Owed,
    sending: Refund,
    outcome: Outcome[RefundView] | Outcome[RefundView | None],
    *,
    fresh: bool,
) -> Refund:
    match outcome:
        case Done(RefundView(state=RefundState.TAKEN) as view):
            # Money has left: that is true whoever got here first, be it a person.
            return follow_refund(tx, owed.refund, view)
        case _ if owed.refund.is_final or owed.refund.key != sending.key:
            # Another worker got here first.
            return owed.refund
        # A declined look-up says nothing of the refund: only what was sent can be refused.
        case Declined() if fresh:
            return _refuse(tx, owed, outcome)
        case Done(view) if view is not None:
            return follow_refund(tx, owed.refund, view)
        case Done():
            return _miss(tx, owed)
        case _:
            # Unknown does not say that it did not happen.
            return owed.refund


def _miss(tx: Transaction, owed: Owed) -> Refund:
    """Count a look-up in vain: only a person, or a bank, may conclude from it."""
    missed = owed.refund.miss()
    if missed.is_absent(tx.now) and standing_at(tx, owed) is DisputeStatus.LOST:
        return drop_refund(tx, Owed(owed.payment, missed))
    tx.refunds.update(missed)
    return missed


def _prepare(tx: Transaction, owed: Owed) -> Refund:
    """Have the refund sent, unless it is at an end or a dispute is in its way."""
    if owed.refund.is_final:
        return owed.refund
    standing = standing_at(tx, owed) if owed.refund.status is RefundStatus.PENDING else None
    if standing is DisputeStatus.LOST:
        return drop_refund(tx, owed)
    waits = standing is DisputeStatus.OPEN
    ready = owed.refund.wait(tx.now) if waits else owed.refund.send(tx.now)
    tx.refunds.update(ready)
    return ready


def _refuse(tx: Transaction, owed: Owed, refusal: Declined) -> Refund:
    # What a dispute is in the way of waits for its verdict, whatever the processor calls that.
    if not refusal.is_passing and standing_at(tx, owed) is None:
        return fail_refund(tx, owed.refund, refusal.code)
    parked = owed.refund.park(refusal.code, tx.now)
    tx.refunds.update(parked)
    tx.events.add(events.RefundParked(refund_id=parked.id, code=refusal.code))
    return parked


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
