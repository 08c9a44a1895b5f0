"""Tell where every cent of a balance comes from."""

from __future__ import annotations

import attrs

from reviewcore.domain import ledger
from reviewcore.domain.ids import ReviewerId
from reviewcore.domain.ledger import BalanceLine
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import withdrawable
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class ExplainBalance:
    """A reviewer, or somebody who helps him, asks about his balance."""

    reviewer_id: ReviewerId


@attrs.frozen(kw_only=True)
class Balance:
    """A reviewer's money in cents; the amounts of *entries* sum to *pending_balance*.

    *held* is pay under open flags or younger than the earning hold.
    """

    pending_balance: Cents
    withdrawable: Cents
    held: Cents
    entries: tuple[BalanceLine, ...]


def explain_balance(tx: Transaction, command: ExplainBalance) -> Balance:
    """List every posting behind the balance, oldest first, with its cause.

    Raises EntityNotFound.
    """
    reviewer = tx.reviewers.get(command.reviewer_id)
    held = tx.reviews.held_pay(reviewer.id, earned_after=tx.rules.hold_begins(tx.now))
    return Balance(
        pending_balance=reviewer.pending_balance,
        withdrawable=withdrawable(reviewer, held=held),
        held=held,
        entries=tuple(tx.ledger.lines(ledger.payable(reviewer.id))),
    )
