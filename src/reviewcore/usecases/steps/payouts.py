"""What follows from the processor's word about a transfer, whoever asked for it."""

from __future__ import annotations

from reviewcore.domain import events, ledger
from reviewcore.domain.ids import ReversalId
from reviewcore.domain.payouts import Payout, PayoutReversal
from reviewcore.ports.processor import TransferView
from reviewcore.ports.store import Transaction


def follow_transfer(tx: Transaction, stale: Payout, view: TransferView) -> Payout:
    """Complete the payout, once, and book what came back of it, each reversal once.

    Raises InvalidTransition when the payout ended otherwise: was given back, or completed by
    another transfer. A person must look at that.
    """
    reviewer = tx.reviewers.lock(stale.reviewer_id)
    payout = tx.payouts.lock(stale.id)
    if not payout.is_by(view.external_id):
        payout = payout.complete(view.external_id, tx.now)
        tx.ledger.add(ledger.payout_completed(payout))
        tx.events.add(events.PayoutCompleted(payout_id=payout.id))

    booked = {one.external_id for one in tx.reversals.of_payout(payout.id)}
    for told in view.reversals:
        if told.external_id in booked:
            continue
        reversal = PayoutReversal(
            id=ReversalId(tx.new_id()),
            payout_id=payout.id,
            reviewer_id=reviewer.id,
            external_id=told.external_id,
            amount=told.amount,
            at=tx.now,
        )
        payout = payout.reverse(told.amount)
        reviewer = reviewer.restore(told.amount)
        tx.reversals.add(reversal)
        tx.ledger.add(ledger.payout_reversed(reversal))
        tx.events.add(events.PayoutReversed(payout_id=payout.id, amount=told.amount))
    tx.payouts.update(payout)
    tx.reviewers.update(reviewer)
    return payout


def give_back(tx: Transaction, stale: Payout, reason: str) -> Payout:
    """End a payout that surely did not leave; its amount is the reviewer's again.

    Raises InvalidTransition.
    """
    reviewer = tx.reviewers.lock(stale.reviewer_id)
    failed = tx.payouts.lock(stale.id).fail(reason, tx.now)
    tx.payouts.update(failed)
    tx.reviewers.update(reviewer.restore(failed.amount))
    tx.ledger.add(ledger.payout_failed(failed))
    tx.events.add(events.PayoutFailed(payout_id=failed.id))
    return failed
