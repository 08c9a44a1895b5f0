"""Ask for one's earnings."""

from __future__ import annotations

import attrs

from reviewcore.domain import events, ledger
from reviewcore.domain.ids import PayoutId, ReviewerId
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import (
    Payout,
    PayoutMethod,
    PayoutStatus,
    require_amount,
    require_destination,
    withdrawable,
)
from reviewcore.domain.users import destination_mark
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class Withdraw:
    """A reviewer wants *amount* cents (None: all that can be withdrawn)."""

    reviewer_id: ReviewerId
    method: PayoutMethod
    amount: Cents | None = None
    destination: str | None = None


def withdraw(tx: Transaction, command: Withdraw) -> Payout:
    """Reserve the amount at once; the money moves afterwards.

    Restriction never stands in the way. Raises EntityNotFound, NotOnboarded, EmailNotVerified,
    BelowMinimumPayout, InsufficientBalance, PayoutAccountNotReady, PayoutAccountTooNew,
    DestinationRequired, InvalidText.
    """
    reviewer = tx.reviewers.lock(command.reviewer_id)
    reviewer.require_onboarded()
    tx.users.get(reviewer.user_id).require_verified()
    held = tx.reviews.held_pay(reviewer.id, earned_after=tx.rules.hold_begins(tx.now))

    available = withdrawable(reviewer, held=held)
    amount = require_amount(command.amount, available=available, rules=tx.rules)
    destination = require_destination(
        reviewer, command.method, command.destination, rules=tx.rules, at=tx.now
    )
    payout_id = PayoutId(tx.new_id())
    payout = Payout(
        id=payout_id,
        reviewer_id=reviewer.id,
        amount=amount,
        currency=tx.rules.currency,
        method=command.method,
        destination=destination,
        status=PayoutStatus.PENDING,
        key=f"wd:{payout_id}:a1",
        created_at=tx.now,
        next_attempt_at=tx.now if command.method is PayoutMethod.STRIPE_CONNECT else None,
    )

    tx.payouts.add(payout)
    tx.reviewers.update(reviewer.reserve(amount))
    tx.ledger.add(ledger.payout_requested(payout))
    if not payout.is_automatic:
        tx.identities.add(destination_mark(reviewer.user_id, destination))

    tx.events.add(
        events.PayoutRequested(payout_id=payout.id, reviewer_id=reviewer.id, amount=amount)
    )
    return payout
