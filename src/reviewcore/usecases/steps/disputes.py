"""What follows from the processor's word about a dispute, whoever asked for it."""

from __future__ import annotations

from reviewcore.domain import events, ledger
from reviewcore.domain.disputes import Dispute, DisputeStatus, standing_of
from reviewcore.domain.ids import DisputeId
from reviewcore.domain.ledger import Draft
from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.ports.processor import DisputeView
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.paying import Bill, lock_bill
from reviewcore.usecases.steps.refunds import Owed, drop_refund, lock_unmade
from reviewcore.usecases.steps.standing import mirror_disputes


def follow_dispute(tx: Transaction, attempt: CheckoutAttempt, view: DisputeView) -> Dispute:
    """Record what the processor says of a dispute of *attempt*: open, won or lost.

    Locks artist, track, payment, attempt and the refunds that it holds up or drops; *attempt* may
    be stale. What left the balance, what came back and the verdict are each accounted once; a
    verdict is final. Repeats and any order are harmless.
    """
    bill = lock_bill(tx, attempt)
    dispute = _record(tx, bill, view)
    if view.status is DisputeStatus.WON:
        dispute = _win(tx, bill, dispute, view)
    elif view.status is DisputeStatus.LOST and dispute.is_open:
        dispute = _lose(tx, bill, dispute)
    mirror_disputes(tx, bill.track, bill.artist, bill.payment)
    return dispute


def _record(tx: Transaction, bill: Bill, view: DisputeView) -> Dispute:
    dispute = tx.disputes.by_external_id(view.external_id)
    if dispute is None:
        dispute = _begin(tx, bill, view)
        tx.disputes.add(dispute)
    elif dispute.is_inquiry and (view.amount or view.fee):
        dispute = dispute.take(amount=view.amount, fee=view.fee)
        tx.disputes.update(dispute)
    else:
        return dispute
    _post(tx, bill, dispute, ledger.dispute_opened(dispute))
    tx.events.add(
        events.DisputeOpened(
            dispute_id=dispute.id,
            payment_id=dispute.payment_id,
            track_id=dispute.track_id,
            amount=dispute.amount,
        )
    )
    return dispute


def _begin(tx: Transaction, bill: Bill, view: DisputeView) -> Dispute:
    return Dispute(
        id=DisputeId(tx.new_id()),
        external_id=view.external_id,
        attempt_id=bill.attempt.id,
        payment_id=bill.payment.id,
        track_id=bill.track.id,
        amount=view.amount,
        fee=view.fee,
        currency=view.currency,
        status=DisputeStatus.OPEN,
        opened_at=tx.now,
    )


def _win(tx: Transaction, bill: Bill, dispute: Dispute, view: DisputeView) -> Dispute:
    if dispute.is_open:
        won = dispute.win(view.reinstated, tx.now)
    elif dispute.awaits_money and view.reinstated:
        won = dispute.reinstate(view.reinstated)
    else:
        return dispute
    tx.disputes.update(won)
    _post(tx, bill, won, ledger.dispute_won(won))
    tx.events.add(events.DisputeWon(dispute_id=won.id, reinstated=won.reinstated_amount))
    if standing_of(tx.disputes.of_payment(bill.payment.id), attempt_id=won.attempt_id) is None:
        waiting = [one for one in lock_unmade(tx, bill.attempt) if not one.is_final]
        tx.refunds.update(*(one.go_on(tx.now) for one in waiting))
    return won


def _lose(tx: Transaction, bill: Bill, dispute: Dispute) -> Dispute:
    lost = dispute.lose(tx.now)
    tx.disputes.update(lost)
    tx.events.add(events.DisputeLost(dispute_id=lost.id))
    for refund in lock_unmade(tx, bill.attempt):
        drop_refund(tx, Owed(bill.payment, refund))
    return lost


def _post(tx: Transaction, bill: Bill, dispute: Dispute, draft: Draft) -> None:
    # Another currency has no place in books of one: the dispute's row is its only record.
    if dispute.currency == bill.payment.currency:
        tx.ledger.add(draft)
