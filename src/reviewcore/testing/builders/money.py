"""Payments, attempts to pay, refunds, disputes, payouts and reversals. Amounts are cents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.payments import (
    AttemptStatus,
    CheckoutAttempt,
    Payment,
    PaymentStatus,
    Refund,
    RefundReason,
    RefundStatus,
)
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutReversal, PayoutStatus
from reviewcore.testing.builders.fields import Fields, an_id
from reviewcore.testing.clock import START

SOON = START + timedelta(minutes=1)


def a_payment(*, status: PaymentStatus = PaymentStatus.PENDING, **changes: Any) -> Payment:
    """Make a payment of 495 cents; a completed or refunded one knows its session."""
    fields: Fields = {
        "id": an_id("payment"),
        "track_id": an_id("track"),
        "amount": 495,
        "currency": "usd",
        "status": status,
        "created_at": START,
    }
    if status in {PaymentStatus.COMPLETED, PaymentStatus.REFUNDED}:
        fields |= {
            "stripe_session_id": an_id("cs"),
            "stripe_payment_id": an_id("pi"),
            "completed_at": SOON,
        }
    if status is PaymentStatus.REFUNDED:
        fields["refunded_amount"] = changes.get("amount", 495)
    return Payment(**(fields | changes))


def an_attempt(
    *, status: AttemptStatus = AttemptStatus.INTENDED, **changes: Any
) -> CheckoutAttempt:
    """Make attempt 1 of a payment; one that is not at an end is due at `START`."""
    attempt_id = changes.get("id") or an_id("attempt")
    fields: Fields = {
        "id": attempt_id,
        "payment_id": an_id("payment"),
        "track_id": an_id("track"),
        "number": 1,
        "key": f"checkout-{attempt_id}",
        "title": "First Light",
        "amount": 495,
        "currency": "usd",
        "return_url": "https://market.example/tracks",
        "status": status,
        "created_at": START,
    }
    session: Fields = {
        "sent_at": START,
        "session_id": an_id("cs"),
        "url": "https://processor.example/pay",
        "expires_at": START + timedelta(hours=24),
    }
    match status:
        case AttemptStatus.INTENDED:
            told: Fields = {"next_attempt_at": START}
        case AttemptStatus.OPEN:
            told = session | {"next_attempt_at": START}
        case AttemptStatus.PAID:
            told = session | {"external_payment_id": an_id("pi"), "ended_at": SOON}
        case AttemptStatus.EXPIRED:
            told = session | {"ended_at": START + timedelta(hours=24)}
        case AttemptStatus.FAILED:
            told = session | {"ended_at": SOON, "failure_reason": "card_declined"}
    return CheckoutAttempt(**(fields | told | changes))


def a_refund(*, status: RefundStatus = RefundStatus.PENDING, **changes: Any) -> Refund:
    """Make a refund of 99 cents; one that is not at an end is due at `START`."""
    refund_id = changes.get("id") or an_id("refund")
    fields: Fields = {
        "id": refund_id,
        "attempt_id": an_id("attempt"),
        "payment_id": an_id("payment"),
        "track_id": an_id("track"),
        "amount": 99,
        "currency": "usd",
        "reason": RefundReason.CLOSED,
        "status": status,
        "key": f"refund-{refund_id}",
        "created_at": START,
    }
    match status:
        case RefundStatus.PENDING:
            told: Fields = {"next_attempt_at": START}
        case RefundStatus.PROCESSING:
            told = {"attempts": 1, "sent_at": START, "next_attempt_at": START}
        case RefundStatus.COMPLETED | RefundStatus.RETURNED:
            told = {"attempts": 1, "sent_at": START, "ended_at": SOON, "external_id": an_id("re")}
        case RefundStatus.FAILED:
            told = {"attempts": 1, "sent_at": START, "ended_at": SOON, "failure_reason": "expired"}
        case RefundStatus.DROPPED:
            told = {"ended_at": SOON}
    return Refund(**(fields | told | changes))


def a_dispute(*, status: DisputeStatus = DisputeStatus.OPEN, **changes: Any) -> Dispute:
    """Make a dispute of 495 cents with a fee of 1500; a won one gave the 495 back."""
    fields: Fields = {
        "id": an_id("dispute"),
        "external_id": an_id("dp"),
        "attempt_id": an_id("attempt"),
        "payment_id": an_id("payment"),
        "track_id": an_id("track"),
        "amount": 495,
        "fee": 1500,
        "currency": "usd",
        "status": status,
        "opened_at": START,
    }
    match status:
        case DisputeStatus.OPEN:
            told: Fields = {}
        case DisputeStatus.WON:
            told = {"closed_at": SOON, "reinstated_amount": changes.get("amount", 495)}
        case DisputeStatus.LOST:
            told = {"closed_at": SOON}
    return Dispute(**(fields | told | changes))


def a_payout(*, status: PayoutStatus = PayoutStatus.PENDING, **changes: Any) -> Payout:
    """Make a payout of 1000 cents by the processor; one that is not at an end is due at `START`."""
    payout_id = changes.get("id") or an_id("payout")
    fields: Fields = {
        "id": payout_id,
        "reviewer_id": an_id("reviewer"),
        "amount": 1000,
        "currency": "usd",
        "method": PayoutMethod.STRIPE_CONNECT,
        "destination": "acct_sample",
        "status": status,
        "key": f"payout-{payout_id}",
        "created_at": START,
    }
    sent: Fields = {"attempts": 1, "sent_at": START}
    match status:
        case PayoutStatus.PENDING:
            told: Fields = {"next_attempt_at": START}
        case PayoutStatus.PROCESSING:
            told = sent | {"next_attempt_at": START}
        case PayoutStatus.COMPLETED:
            told = sent | {"processed_at": SOON, "external_id": an_id("tr")}
        case PayoutStatus.FAILED:
            told = sent | {"processed_at": SOON, "failure_reason": "account_closed"}
    return Payout(**(fields | told | changes))


def a_reversal(**changes: Any) -> PayoutReversal:
    """Make a reversal of 400 cents."""
    fields: Fields = {
        "id": an_id("reversal"),
        "payout_id": an_id("payout"),
        "reviewer_id": an_id("reviewer"),
        "external_id": an_id("trr"),
        "amount": 400,
        "at": SOON,
    }
    return PayoutReversal(**(fields | changes))
