"""Pay a reviewer through the processor."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import PayoutId
from reviewcore.domain.payouts import Payout
from reviewcore.ports.processor import (
    Declined,
    Done,
    Outcome,
    Payouts,
    TransferOrder,
    TransferView,
)
from reviewcore.ports.store import Store, Transaction
from reviewcore.usecases.steps.payouts import follow_transfer, give_back


@attrs.frozen(kw_only=True)
class SendPayout:
    """A reserved payout is to be carried out."""

    payout_id: PayoutId


def send_payout(store: Store, payouts: Payouts, command: SendPayout) -> Payout:
    """Send the money once, however often this runs; an unclear answer leaves it PROCESSING.

    While its key is fresh the transfer is sent again with the same key, later only looked for.
    A refusal gives the amount back, or parks the payout if it passes: then a new key is sent.
    Payouts by hand are left alone. Raises EntityNotFound.
    """
    with store.begin() as tx:
        payout = tx.payouts.lock(command.payout_id)
        if payout.is_final or not payout.is_automatic:
            return payout
        fresh = payout.key_is_fresh(tx.now)
        sending = payout.send(tx.now) if fresh else payout.look_up(tx.now)
        tx.payouts.update(sending)
        if sending.status is not payout.status:
            tx.events.add(events.PayoutSent(payout_id=payout.id))

    outcome = payouts.transfer(_order(sending)) if fresh else payouts.find_transfer(sending.id)

    with store.begin() as tx:
        return _settle(tx, sending, outcome, fresh=fresh)


def _order(payout: Payout) -> TransferOrder:
    return TransferOrder(
        payout_id=payout.id,
        account_id=payout.destination,
        amount=payout.amount,
        currency=payout.currency,
        key=payout.key,
    )


def _settle(
    tx: Transaction,
    sending: Payout,
    outcome: Outcome[TransferView] | Outcome[TransferView | None],
    *,
    fresh: bool,
) -> Payout:
    tx.reviewers.lock(sending.reviewer_id)
    payout = tx.payouts.lock(sending.id)
    if payout.is_final:
        # Another worker got here first.
        return payout
    match outcome:
        case Done(view) if view is not None:
            return follow_transfer(tx, payout, view)
        # A declined look-up says nothing of the transfer: only what was sent can be refused.
        case Declined(code, is_passing) if fresh and payout.key == sending.key:
            return _park(tx, payout, code) if is_passing else give_back(tx, payout, code)
        case Done() if payout.key == sending.key:
            # Not found (yet): only a person may conclude from it that it did not happen. An answer
            # that is lost is no such look-up.
            missed = payout.miss()
            tx.payouts.update(missed)
            return missed
        case _:
            return payout


def _park(tx: Transaction, payout: Payout, code: str) -> Payout:
    parked = payout.park(code, tx.now)
    tx.payouts.update(parked)
    tx.events.add(events.PayoutParked(payout_id=payout.id, code=code))
    return parked
