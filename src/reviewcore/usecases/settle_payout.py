"""Record that a payout was made by hand."""

from __future__ import annotations

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.ids import PayoutId, UserId
from reviewcore.domain.payouts import Payout
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake


@attrs.frozen(kw_only=True)
class SettlePayout:
    """An administrator has paid a `PAYPAL` or `MANUAL` payout; *reference* proves it."""

    payout_id: PayoutId
    admin_id: UserId
    reference: str


def settle_payout(tx: Transaction, command: SettlePayout) -> Payout:
    """Complete the payout. Raises EntityNotFound, InvalidTransition, InvalidText, OwnCase."""
    stale = tx.payouts.get(command.payout_id)
    reviewer = tx.reviewers.get(stale.reviewer_id)
    require_no_stake(tx, command.admin_id, reviewer.user_id)
    payout = tx.payouts.lock(command.payout_id)

    settled = payout.settle(command.reference, tx.now)

    tx.payouts.update(settled)
    tx.ledger.add(ledger.payout_completed(settled))

    tx.events.add(
        events.PayoutCompleted(payout_id=payout.id),
        events.AdminActed(
            subject=f"payout:{payout.id}", act="settle_payout", reason="paid by hand"
        ),
    )
    return settled
