"""Payments, attempts to pay, refunds, disputes, payouts and reversals. Amounts are cents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundReason, RefundStatus
from reviewcore.testing.builders.fields import Fields, after, an_id, begun, built
from reviewcore.testing.clock import START

MINUTE = timedelta(minutes=1)
SOON = START + MINUTE


def a_payment(*, status: PaymentStatus = PaymentStatus.PENDING, **changes: Any) -> Payment:
    """Make a payment of 495 cents; a completed or refunded one knows its attempt and session.

    With ``amount=0`` it is that of a free track: nobody paid. Raises Inconsistent.
    """
    created = begun(changes, "completed_at")
    amount = changes.get("amount", 495)
    fields: Fields = {
        "id": an_id("payment"),
        "track_id": an_id("track"),
        "amount": amount,
        "currency": "usd",
        "status": status,
        "created_at": created,
    }
    if status in {PaymentStatus.COMPLETED, PaymentStatus.REFUNDED}:
        fields["completed_at"] = created + MINUTE
        if amount:
            fields |= {
                "stripe_session_id": an_id("cs"),
                "stripe_payment_id": an_id("pi"),
                "applied_attempt_id": an_id("attempt"),
            }
    if status is PaymentStatus.REFUNDED:
        fields["refunded_amount"] = amount
    return built(Payment, fields, changes)


def an_attempt(*, status: AttemptStatus | None = None, **changes: Any) -> CheckoutAttempt:
    """Make attempt 1 of a payment; one that is not at an end is due at `START`.

    It is INTENDED, or OPEN when it is asked to have a session. Raises Inconsistent.
    """
    if status is None:
        has_session = changes.get("session_id") is not None
        status = AttemptStatus.OPEN if has_session else AttemptStatus.INTENDED
    created = begun(changes, "sent_at", "ended_at")
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
        "created_at": created,
    }
    sent = after(created, changes, "ended_at")
    session: Fields = {
        "sent_at": sent,
        "session_id": an_id("cs"),
        "url": "https://processor.example/pay",
        "expires_at": sent + timedelta(hours=24),
    }
    match status:
        case AttemptStatus.INTENDED:
            told: Fields = {"next_attempt_at": START}
        case AttemptStatus.OPEN:
            told = session | {"next_attempt_at": START}
        case AttemptStatus.PAID:
            told = session | {"external_payment_id": an_id("pi"), "ended_at": sent + MINUTE}
        case AttemptStatus.EXPIRED:
            told = session | {"ended_at": session["expires_at"]}
        case AttemptStatus.FAILED:
            told = session | {"ended_at": sent + MINUTE, "failure_reason": "card_declined"}
    return built(CheckoutAttempt, fields | told, changes)


def a_refund(*, status: RefundStatus = RefundStatus.PENDING, **changes: Any) -> Refund:
    """Make a refund of 99 cents; one that is not at an end is due at `START`.

    What was settled, dropped or doubled was never taken; one that came back before has an
    *external_id*. A doubled one was settled. Raises Inconsistent.
    """
    created = begun(changes, "sent_at", "ended_at")
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
        "created_at": created,
    }
    sent = after(created, changes, "ended_at")
    taken: Fields = {"attempts": 1, "sent_at": sent, "ended_at": sent + MINUTE}
    match status:
        case RefundStatus.PENDING:
            told: Fields = {"next_attempt_at": START}
        case RefundStatus.PROCESSING:
            told = {"attempts": 1, "sent_at": sent, "next_attempt_at": START}
        case RefundStatus.COMPLETED:
            told = taken | {"external_id": an_id("re")}
        case RefundStatus.RETURNED:
            told = taken | {"external_id": an_id("re"), "failure_reason": "returned"}
        case RefundStatus.FAILED:
            told = taken | {"failure_reason": "expired"}
        case RefundStatus.DROPPED:
            told = {"ended_at": sent + MINUTE}
        case RefundStatus.SETTLED:
            told = taken | {"failure_reason": "expired", "reference": "transfer 1"}
        case RefundStatus.DOUBLED:
            told = taken | {"reference": "transfer 1", "duplicate_id": an_id("re")}
    return built(Refund, fields | told, changes)


def a_dispute(*, status: DisputeStatus = DisputeStatus.OPEN, **changes: Any) -> Dispute:
    """Make a dispute of 495 cents with a fee of 1500; a won one gave the amount back.

    With ``amount=0, fee=0`` it is a mere inquiry. Raises Inconsistent.
    """
    opened = begun(changes, "closed_at", at="opened_at")
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
        "opened_at": opened,
    }
    match status:
        case DisputeStatus.OPEN:
            told: Fields = {}
        case DisputeStatus.WON:
            won = changes.get("amount", 495)
            told = {"closed_at": opened + MINUTE, "reinstated_amount": won}
        case DisputeStatus.LOST:
            told = {"closed_at": opened + MINUTE}
    return built(Dispute, fields | told, changes)


def a_payout(*, status: PayoutStatus | None = None, **changes: Any) -> Payout:
    """Make a payout of 1000 cents by the processor; one that is not at an end is due at `START`.

    It is PENDING, or COMPLETED when some of it is to have come back. By another *method* an
    administrator pays it: it is never sent, and has a reference once it is COMPLETED. Raises
    Inconsistent.
    """
    if status is None:
        status = PayoutStatus.COMPLETED if changes.get("reversed_amount") else PayoutStatus.PENDING
    created = begun(changes, "sent_at", "processed_at")
    payout_id = changes.get("id") or an_id("payout")
    method = changes.get("method", PayoutMethod.STRIPE_CONNECT)
    is_automatic = method is PayoutMethod.STRIPE_CONNECT
    fields: Fields = {
        "id": payout_id,
        "reviewer_id": an_id("reviewer"),
        "amount": 1000,
        "currency": "usd",
        "method": method,
        "destination": "acct_sample" if is_automatic else "sam@example.com",
        "status": status,
        "key": f"payout-{payout_id}",
        "created_at": created,
    }
    at = after(created, changes, "processed_at")
    sent: Fields = {"attempts": 1, "sent_at": at} if is_automatic else {}
    match status:
        case PayoutStatus.PENDING:
            told: Fields = {"next_attempt_at": START if is_automatic else None}
        case PayoutStatus.PROCESSING:
            told = sent | {"next_attempt_at": START}
        case PayoutStatus.COMPLETED:
            proof = {"external_id": an_id("tr")} if is_automatic else {"reference": "transfer 1"}
            told = sent | {"processed_at": at + MINUTE} | proof
        case PayoutStatus.FAILED:
            told = sent | {"processed_at": at + MINUTE, "failure_reason": "account_closed"}
    return built(Payout, fields | told, changes)


def a_reversal(**changes: Any) -> PayoutReversal:
    """Make a reversal of 400 cents. Raises Inconsistent."""
    fields: Fields = {
        "id": an_id("reversal"),
        "payout_id": an_id("payout"),
        "reviewer_id": an_id("reviewer"),
        "external_id": an_id("trr"),
        "amount": 400,
        "at": SOON,
    }
    return built(PayoutReversal, fields, changes)
