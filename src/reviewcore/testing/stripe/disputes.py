"""Disputes: a payer's bank takes amount and fee back, and decides later."""

from __future__ import annotations

from reviewcore.testing.stripe.errors import refused
from reviewcore.testing.stripe.money import book
from reviewcore.testing.stripe.world import DAY_SECONDS, Json, World, snapshot

FEE = 1_500
EVIDENCE_SECONDS = 7 * DAY_SECONDS
WORDS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def open_dispute(world: World, id: str, *, amount: int | None, reason: str) -> Json:
    """Take *amount* (all of it by default) and a fee from the balance. Raises Refusal."""
    charge = _charge(world, id)
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise refused(f"Charge {charge['id']} cannot be disputed.")
    taken = charge["amount"] if amount is None else amount
    dispute = world.keep(_dispute(world, charge, taken, reason), account=world.owner(charge["id"]))
    previous = world.change(charge, disputed=True)
    world.emit("charge.updated", charge, previous=previous)
    _book(world, dispute, amount=-taken, fee=FEE)
    world.emit("charge.dispute.created", dispute)
    world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def win(world: World, id: str) -> Json:
    """Give amount and fee back. Raises Refusal."""
    dispute = _close(world, id, status="won")
    _book(world, dispute, amount=dispute["amount"], fee=-FEE)
    world.emit("charge.dispute.closed", dispute)
    world.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def lose(world: World, id: str) -> Json:
    """Keep it as it is, for good. Raises Refusal."""
    dispute = _close(world, id, status="lost")
    world.emit("charge.dispute.closed", dispute)
    return dispute


def _close(world: World, id: str, *, status: str) -> Json:
    dispute = world.get("dispute", id)
    if dispute["status"] in ("won", "lost"):
        raise refused(f"Dispute {id} is {dispute['status']}.")
    world.change(dispute, status=status, is_charge_refundable=False)
    return dispute


def _charge(world: World, id: str) -> Json:
    found = world.find(id)
    if found is not None and found["object"] == "payment_intent":
        return world.get("charge", found["latest_charge"] or "")
    return world.get("charge", id)


def _book(world: World, dispute: Json, *, amount: int, fee: int) -> None:
    booked = book(
        world,
        account=world.owner(dispute["id"]),
        kind="adjustment",
        amount=amount,
        currency=dispute["currency"],
        source=dispute["id"],
        fee=fee,
    )
    dispute["balance_transactions"].append(snapshot(booked))


def _dispute(world: World, charge: Json, amount: int, reason: str) -> Json:
    return {
        "id": world.new_id("dp"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(WORDS), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": world.now() + EVIDENCE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
