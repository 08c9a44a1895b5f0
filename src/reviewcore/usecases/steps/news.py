"""What follows from what the processor tells of a thing, if it is one of the market's.

A processor's account may serve others as well: what bears no id of ours is none of our business.
"""

from __future__ import annotations

from reviewcore.domain import events
from reviewcore.domain.ids import AttemptId, PayoutId, RefundId
from reviewcore.domain.webhooks import StripeWebhookEvent, Subject
from reviewcore.ports.processor import DisputeView, RefundView, SessionView, TransferView
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.disputes import follow_dispute
from reviewcore.usecases.steps.paying import follow_session, lock_bill
from reviewcore.usecases.steps.payouts import follow_transfer
from reviewcore.usecases.steps.refunds import follow_refund


def record_session(tx: Transaction, view: SessionView) -> None:
    """Follow a checkout session. Raises EntityNotFound for an attempt that is not here."""
    if view.attempt_id:
        attempt = tx.attempts.get(AttemptId(view.attempt_id))
        follow_session(tx, lock_bill(tx, attempt), view)


def record_refund(tx: Transaction, view: RefundView) -> None:
    """Follow a refund. Raises EntityNotFound for a refund that is not here."""
    if view.refund_id:
        follow_refund(tx, tx.refunds.get(RefundId(view.refund_id)), view)


def record_dispute(tx: Transaction, view: DisputeView) -> None:
    """Follow a dispute. Raises EntityNotFound for an attempt that is not here."""
    if view.attempt_id:
        follow_dispute(tx, tx.attempts.get(AttemptId(view.attempt_id)), view)


def record_transfer(tx: Transaction, view: TransferView) -> None:
    """Follow a transfer. Raises EntityNotFound, InvalidTransition."""
    if view.payout_id:
        follow_transfer(tx, tx.payouts.get(PayoutId(view.payout_id)), view)


def record_account(tx: Transaction, *, event: StripeWebhookEvent, ready: bool) -> None:
    """Record whether the account of an event can be paid, and what else befell it."""
    assert event.account_id is not None, "such an event names its account"
    user_id = tx.identities.holder(event.account_id)
    holder = tx.reviewers.of_user(user_id) if user_id is not None else None
    if holder is None or holder.stripe_account_id != event.account_id:
        # Not ours, or one that its holder has left for another.
        return
    reviewer = tx.reviewers.lock(holder.id)
    if reviewer.payout_account_ready is not ready:
        reviewer = reviewer.mark_account(ready=ready)
        tx.events.add(events.PayoutAccountChanged(reviewer_id=reviewer.id, ready=ready))
    if event.subject is Subject.DESTINATION:
        # As of when it happened: the delay protects the balance from whoever changed it then.
        reviewer = reviewer.change_destination(event.created_at)
        tx.events.add(events.PayoutDestinationChanged(reviewer_id=reviewer.id))
    if event.subject is Subject.BANK_PAYOUT:
        tx.events.add(events.BankPayoutFailed(reviewer_id=reviewer.id))
    tx.reviewers.update(reviewer)
