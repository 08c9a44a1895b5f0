"""Record that what the processor could not give back was paid another way."""

from __future__ import annotations

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.errors import TrackDisputed
from reviewcore.domain.ids import RefundId, UserId
from reviewcore.domain.refunds import Refund
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake, require_reason
from reviewcore.usecases.steps.refunds import lock_refund, standing_at


@attrs.frozen(kw_only=True)
class SettleRefund:
    """An administrator has paid a refund by hand; *reference* proves it, *reason* says why."""

    refund_id: RefundId
    admin_id: UserId
    reference: str
    reason: str


def settle_refund(tx: Transaction, command: SettleRefund) -> Refund:
    """End a refund that the processor refused, or gave back, or surely never made.

    The last counts only after two look-ups in vain, at least 24 h after the last sending. Raises
    EntityNotFound, OwnCase, ReasonRequired, InvalidText, InvalidTransition, TooEarlyToResolve, and
    TrackDisputed while a bank may give the payer the same money, or has.
    """
    stale = tx.refunds.get(command.refund_id)
    artist = tx.artists.get(tx.tracks.get(stale.track_id).artist_id)
    reason = require_reason(command.reason)
    require_no_stake(tx, command.admin_id, artist.user_id)
    owed = lock_refund(tx, stale)

    settled = owed.refund.settle(command.reference, tx.now)
    if standing_at(tx, owed) is not None:
        raise TrackDisputed

    tx.refunds.update(settled)
    if settled.attempt_id == owed.payment.applied_attempt_id:
        tx.payments.update(owed.payment.refund(settled.amount))
    if settled.currency == owed.payment.currency:
        tx.ledger.add(ledger.refund_settled(settled))

    tx.events.add(
        events.RefundSettled(refund_id=settled.id),
        events.AdminActed(subject=f"refund:{settled.id}", act="settle_refund", reason=reason),
    )
    return settled
