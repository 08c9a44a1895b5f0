"""Say what became of a payout that the processor does not tell of."""

from __future__ import annotations

from enum import StrEnum

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.ids import PayoutId, UserId
from reviewcore.domain.payouts import Payout, PayoutStatus
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.flags import require_no_stake, require_reason
from reviewcore.usecases.steps.payouts import give_back


class PayoutTruth(StrEnum):
    """What a person found out: the money left, or it surely did not."""

    FOUND = "found"
    ABSENT = "absent"


@attrs.frozen(kw_only=True)
class ResolvePayout:
    """An administrator looked at the processor himself and says why he is sure.

    *external_id* is the transfer that was found, if he knows it.
    """

    payout_id: PayoutId
    admin_id: UserId
    truth: PayoutTruth
    reason: str
    external_id: str | None = None


def resolve_payout(tx: Transaction, command: ResolvePayout) -> Payout:
    """Complete a payout that was found, or give the money of an absent one back.

    Absence counts only after two look-ups in vain, at least 24 h after the last sending. Raises
    EntityNotFound, OwnCase, ReasonRequired, InvalidText, InvalidTransition, TooEarlyToResolve.
    """
    stale = tx.payouts.get(command.payout_id)
    reviewer = tx.reviewers.get(stale.reviewer_id)
    reason = require_reason(command.reason)
    require_no_stake(tx, command.admin_id, reviewer.user_id)
    tx.reviewers.lock(stale.reviewer_id)
    payout = tx.payouts.lock(stale.id)

    tx.events.add(
        events.AdminActed(
            subject=f"payout:{payout.id}", act=f"resolve_payout_{command.truth}", reason=reason
        )
    )
    if command.truth is PayoutTruth.ABSENT:
        payout.require_resolvable(tx.now)
        return give_back(tx, payout, "absent")
    return _complete(tx, payout, command.external_id)


def _complete(tx: Transaction, payout: Payout, external_id: str | None) -> Payout:
    if payout.status is not PayoutStatus.PROCESSING:
        raise InvalidTransition(
            entity="Payout", status=payout.status, wanted=PayoutStatus.COMPLETED
        )
    found = payout.complete(external_id, tx.now)
    tx.payouts.update(found)
    tx.ledger.add(ledger.payout_completed(found))
    tx.events.add(events.PayoutCompleted(payout_id=found.id))
    return found
