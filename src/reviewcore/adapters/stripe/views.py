"""Checkout sessions, refunds and disputes, from Stripe's words to ours."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reviewcore.adapters.stripe.desk import Json, at, expanded
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    DisputeView,
    RefundState,
    RefundView,
    SessionState,
    SessionView,
)

ATTEMPT = "attempt_id"
TRACK = "track_id"
REFUND = "refund_id"
"""Under which names our ids stand in metadata."""

BY_PAYMENT_INTENT: Mapping[str, SessionState] = MappingProxyType(
    {
        "processing": SessionState.PROCESSING,
        # What had been on its way for days came back: the intent waits for another method, but
        # the session that could ask for one is over.
        "requires_payment_method": SessionState.FAILED,
        "canceled": SessionState.FAILED,
    }
)
"""How a session stands that is complete and unpaid; anything else is on its way, too."""

REFUND_FAILED = frozenset({"failed", "canceled"})

DISPUTE_STATUSES: Mapping[str, DisputeStatus] = MappingProxyType(
    {
        "won": DisputeStatus.WON,
        "lost": DisputeStatus.LOST,
        # An inquiry that never became a dispute, and one that was headed off: no money left, or
        # none that stays away.
        "warning_closed": DisputeStatus.WON,
        "prevented": DisputeStatus.WON,
    }
)
"""How a dispute ended; every other status, inquiries and appeals too, is not decided."""


def session_view(told: Json) -> SessionView:
    """Read a session; what it says of the payment needs its payment intent expanded."""
    state = session_state(told)
    intent = expanded(told["payment_intent"])
    amount, currency = told["amount_total"], told["currency"]
    payment_id, fee = None, None
    if state is SessionState.PAID:
        assert intent is not None, "a session is asked for with its payment"
        # What was received is the truth, whatever the session had asked for.
        amount, currency, payment_id = intent["amount_received"], intent["currency"], intent["id"]
        fee = payment_fee(intent)
    return SessionView(
        session_id=told["id"],
        attempt_id=told["metadata"].get(ATTEMPT, ""),
        # Gone once nobody can pay any more.
        url=told["url"] or "",
        state=state,
        amount=Cents(amount),
        currency=currency,
        expires_at=at(told["expires_at"]),
        payment_id=payment_id,
        fee=fee,
    )


def session_state(told: Json) -> SessionState:
    """Tell how a session stands."""
    if told["status"] != "complete":
        return SessionState.EXPIRED if told["status"] == "expired" else SessionState.OPEN
    if told["payment_status"] == "paid":
        return SessionState.PAID
    if told["payment_status"] == "no_payment_required":
        # We never ask for nothing; should a session be free after all, nobody paid for it.
        return SessionState.FAILED
    intent = expanded(told["payment_intent"]) or {}
    return BY_PAYMENT_INTENT.get(intent.get("status", ""), SessionState.PROCESSING)


def payment_fee(intent: Json) -> Cents | None:
    """Tell what Stripe kept of a payment; None while it is not booked.

    None for ever where the payment was booked in another currency: the fee is then in that one.
    """
    charge = expanded(intent["latest_charge"])
    booked = expanded(charge["balance_transaction"]) if charge is not None else None
    if booked is None or booked["currency"] != intent["currency"]:
        return None
    return Cents(booked["fee"])


def refund_view(told: Json) -> RefundView:
    """Read a refund."""
    failed = told["status"] in REFUND_FAILED
    return RefundView(
        external_id=told["id"],
        refund_id=(told["metadata"] or {}).get(REFUND, ""),
        amount=Cents(told["amount"]),
        state=RefundState.FAILED if failed else RefundState.TAKEN,
    )


def dispute_view(told: Json) -> DisputeView:
    """Read a dispute; its amounts are what was really booked, in the currency of the books."""
    intent = expanded(told["payment_intent"]) or {}
    booked = told["balance_transactions"]
    left = [one for one in booked if one["net"] < 0]
    # What is given back is amount and fee together, where the fee comes back at all.
    back = sum(one["net"] for one in booked if one["net"] > 0)
    return DisputeView(
        external_id=told["id"],
        attempt_id=intent.get("metadata", {}).get(ATTEMPT, ""),
        amount=Cents(-sum(one["amount"] for one in left)),
        fee=Cents(sum(one["fee"] for one in left)),
        currency=booked[0]["currency"] if booked else told["currency"],
        status=DISPUTE_STATUSES.get(told["status"], DisputeStatus.OPEN),
        reinstated=Cents(back),
    )
