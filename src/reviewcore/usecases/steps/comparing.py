"""One unsettled thing beside the processor's word about it: repaired, left, or for a person."""

from __future__ import annotations

from datetime import datetime

import attrs

from reviewcore.domain.disputes import Dispute
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt
from reviewcore.domain.payouts import Payout, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.webhooks import StripeWebhookEvent
from reviewcore.ports.processor import (
    Declined,
    Done,
    EventPage,
    Outcome,
    Processor,
    SessionView,
    Unknown,
)
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.disputes import follow_dispute
from reviewcore.usecases.steps.paying import follow_session, learn_fee, lock_bill
from reviewcore.usecases.steps.payouts import follow_transfer
from reviewcore.usecases.steps.refunds import follow_refund


@attrs.frozen(kw_only=True)
class Finding:
    """Something that was repaired, or that waits for a person: *told* says what, without secrets.

    *kind* is checkout, dispute, refund, payout or event.
    """

    kind: str
    id: str
    told: str
    is_repaired: bool = False


def repaired(kind: str, thing: str, told: str) -> Finding:
    """Make the finding of something that is right now."""
    return Finding(kind=kind, id=thing, told=told, is_repaired=True)


def compare_attempt(store: Store, processor: Processor, attempt: CheckoutAttempt) -> Finding | None:
    """Learn whether a session was paid or ended, or what the processor kept of it."""
    if attempt.status is AttemptStatus.PAID:
        return _compare_fee(store, processor, attempt)
    outcome = _session_of(processor, attempt)
    match outcome:
        case Done(view) if view is not None:
            with store.begin() as tx:
                followed = follow_session(tx, lock_bill(tx, attempt), view)
            if followed.status is attempt.status:
                return None
            return repaired("checkout", attempt.id, f"is {followed.status}")
        case Done():
            # Not opened yet, and the worker will.
            return None
    return _unclear("checkout", attempt.id, outcome)


def _session_of(
    processor: Processor, attempt: CheckoutAttempt
) -> Outcome[SessionView] | Outcome[SessionView | None]:
    if attempt.session_id is not None:
        return processor.payments.session(attempt.session_id)
    return processor.payments.find_session(attempt.id)


def _compare_fee(store: Store, processor: Processor, attempt: CheckoutAttempt) -> Finding | None:
    assert attempt.external_payment_id is not None, "what was paid has an id there"
    outcome = processor.payments.fee(attempt.external_payment_id)
    if not isinstance(outcome, Done):
        return _unclear("checkout", attempt.id, outcome)
    if outcome.view is None:
        return None
    with store.begin() as tx:
        learn_fee(tx, lock_bill(tx, attempt), outcome.view)
    return repaired("checkout", attempt.id, "its fee is known")


def compare_dispute(store: Store, processor: Processor, dispute: Dispute) -> Finding | None:
    """Learn whether an open dispute was decided, or took more money."""
    outcome = processor.payments.dispute(dispute.external_id)
    if not isinstance(outcome, Done):
        return _unclear("dispute", dispute.id, outcome)
    with store.begin() as tx:
        followed = follow_dispute(tx, tx.attempts.get(dispute.attempt_id), outcome.view)
    if followed == dispute:
        return None
    return repaired("dispute", dispute.id, f"is {followed.status}")


def compare_refund(store: Store, processor: Processor, refund: Refund) -> Finding | None:
    """Learn whether a refund that was sent was taken; tell of those that failed."""
    if refund.status in {RefundStatus.FAILED, RefundStatus.RETURNED}:
        told = (
            f"is {refund.status} ({refund.failure_reason}): pay the money back another way, "
            "then settle it"
        )
        return Finding(kind="refund", id=refund.id, told=told)
    if refund.status is RefundStatus.PENDING:
        return _parked("refund", refund.id, refund.failure_reason)
    with store.read() as tx:
        payment_id = tx.attempts.get(refund.attempt_id).external_payment_id
    assert payment_id is not None, "only what was paid is refunded"
    outcome = processor.payments.find_refund(refund.id, payment_id)
    match outcome:
        case Done(view) if view is not None:
            with store.begin() as tx:
                followed = follow_refund(tx, tx.refunds.get(refund.id), view)
            return repaired("refund", refund.id, f"is {followed.status}")
        case Done():
            if refund.key_is_fresh(store.now()):
                return None
            told = "was sent more than 23 hours ago and is not found: look, then settle it"
            return Finding(kind="refund", id=refund.id, told=told)
    return _unclear("refund", refund.id, outcome)


def compare_payout(store: Store, processor: Processor, payout: Payout) -> Finding | None:
    """Learn whether a transfer that was sent has left; tell of what a person has to settle."""
    if not payout.is_automatic:
        return Finding(kind="payout", id=payout.id, told=f"waits to be paid by {payout.method}")
    if payout.status is PayoutStatus.PENDING:
        return _parked("payout", payout.id, payout.failure_reason)
    outcome = processor.payouts.find_transfer(payout.id)
    match outcome:
        case Done(view) if view is not None:
            with store.begin() as tx:
                follow_transfer(tx, tx.payouts.get(payout.id), view)
            return repaired("payout", payout.id, "has left")
        case Done():
            if payout.key_is_fresh(store.now()):
                return None
            told = "was sent more than 23 hours ago and is not found: look, then resolve it"
            return Finding(kind="payout", id=payout.id, told=told)
    return _unclear("payout", payout.id, outcome)


def look_at_event(_: Store, __: Processor, event: StripeWebhookEvent) -> Finding | None:
    """Tell of an event that cannot be handled."""
    if event.failure is None:
        return None
    when = "is tried again" if event.next_attempt_at is not None else "was given up"
    told = f"{event.type} failed {event.attempts} times ({event.failure}) and {when}"
    return Finding(kind="event", id=event.id, told=told)


def missed(
    processor: Processor, since: datetime, cursor: str | None
) -> tuple[EventPage | None, Finding | None]:
    """Ask for a page of events; without an answer, tell so instead."""
    outcome = processor.webhooks.since(since, cursor=cursor)
    if isinstance(outcome, Done):
        return outcome.view, None
    return None, _unclear("event", "all", outcome)


def _parked(kind: str, thing: str, reason: str | None) -> Finding | None:
    if reason is None:
        return None
    return Finding(kind=kind, id=thing, told=f"was refused for now ({reason}) and is sent again")


def _unclear(kind: str, thing: str, outcome: Declined | Unknown) -> Finding:
    word = outcome.code if isinstance(outcome, Declined) else outcome.reason
    return Finding(kind=kind, id=thing, told=f"the processor says nothing clear: {word}")
