"""Payouts of connected accounts to their banks."""

from __future__ import annotations

from reviewcore.testing.stripe.errors import insufficient, refused
from reviewcore.testing.stripe.money import available, book
from reviewcore.testing.stripe.world import Json, World


def pay(world: World, account: Json, *, amount: int, currency: str) -> Json:
    """Send *amount* minor units to the bank. Raises Refusal."""
    if not account["payouts_enabled"]:
        raise refused("Payouts of this account are not enabled.", code="payouts_not_allowed")
    if amount > available(world, account=account["id"], currency=currency):
        raise insufficient()
    payout = world.keep(_payout(world, account, amount, currency), account=account["id"])
    payout["balance_transaction"] = book(
        world,
        account=account["id"],
        kind="payout",
        amount=-amount,
        currency=currency,
        source=payout["id"],
    )["id"]
    world.emit("payout.created", payout)
    world.change(payout, status="paid")
    world.emit("payout.paid", payout)
    return payout


def fail(world: World, id: str, *, code: str) -> Json:
    """Let the money come back from the bank. Raises Refusal."""
    payout = world.get("payout", id)
    if payout["status"] == "failed":
        raise refused(f"Payout {id} is failed.")
    booked = book(
        world,
        account=world.owner(id),
        kind="payout_failure",
        amount=payout["amount"],
        currency=payout["currency"],
        source=id,
    )
    world.change(
        payout,
        failure_balance_transaction=booked["id"],
        failure_code=code,
        failure_message="The bank returned the payout.",
        status="failed",
    )
    world.emit("payout.failed", payout)
    return payout


def _payout(world: World, account: Json, amount: int, currency: str) -> Json:
    banks = account["external_accounts"]["data"]
    return {
        "id": world.new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": world.now(),
        "automatic": True,
        "balance_transaction": None,
        "created": world.now(),
        "currency": currency,
        "description": None,
        "destination": banks[0]["id"] if banks else None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }
