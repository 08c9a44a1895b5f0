"""Refunds: money back to the payer, never more than he paid; transfers stay as they are."""

from __future__ import annotations

from reviewcore.testing.stripe.errors import missing, refused
from reviewcore.testing.stripe.lists import listed, page
from reviewcore.testing.stripe.money import book
from reviewcore.testing.stripe.params import choice, fields, integer, items, metadata, text, when
from reviewcore.testing.stripe.requests import Request
from reviewcore.testing.stripe.world import Json, World

CREATE = fields(
    {
        "amount": integer(least=1),
        "charge": text(),
        "expand": items(text()),
        "metadata": metadata(),
        "payment_intent": text(),
        "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
    }
)
LIST = listed(charge=text(), created=when(), payment_intent=text())
UPDATE = fields({"expand": items(text()), "metadata": metadata()})


def create(world: World, request: Request) -> Json:
    """Give back *amount*, or the rest, of a charge."""
    charge = _charge(world, request)
    rest = charge["amount"] - charge["amount_refunded"]
    amount = request.params.get("amount", rest)
    if charge["refunded"]:
        raise refused(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if _is_charged_back(world, charge):
        raise refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if amount > rest:
        raise refused(
            f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge "
            f"(${rest / 100:.2f})",
            param="amount",
        )
    refund = blank_refund(world, "re", charge=charge, amount=amount)
    refund.update(metadata=request.params.get("metadata", {}), reason=request.params.get("reason"))
    world.keep(refund, account=request.account)
    _give_back(world, charge, refund)
    if world.refund_status:
        _begin_as(world, refund, world.refund_status.popleft())
    return refund


def retrieve(world: World, request: Request) -> Json:
    """Read a refund."""
    return world.get("refund", request.ids[0], account=request.account)


def update(world: World, request: Request) -> Json:
    """Change a refund's metadata."""
    refund = retrieve(world, request)
    merged = refund["metadata"] | request.params.get("metadata", {})
    previous = world.change(refund, metadata=merged)
    world.emit("refund.updated", refund, previous=previous)
    return refund


def find(world: World, request: Request) -> Json:
    """List refunds, of a charge or payment intent if one is named."""
    found = [
        refund
        for refund in request.recent(world, "refund")
        if request.matches(refund, "charge", "payment_intent")
    ]
    return page(found, request.params, url=request.path)


def succeed(world: World, refund: Json) -> None:
    """Let a pending refund reach the payer."""
    previous = world.change(refund, status="succeeded")
    refund.pop("pending_reason", None)
    world.emit("refund.updated", refund, previous=previous)
    world.emit("charge.refund.updated", refund, previous=previous)


def fail(world: World, refund: Json, *, reason: str) -> None:
    """Let a refund come back, even after it succeeded: the money returns to the balance."""
    charge = world.get("charge", refund["charge"])
    booked = book(
        world,
        account=world.owner(refund["id"]),
        kind="refund_failure",
        amount=refund["amount"],
        currency=refund["currency"],
        source=refund["id"],
    )
    refund.pop("pending_reason", None)
    previous = world.change(
        refund,
        status="failed",
        failure_reason=reason,
        failure_balance_transaction=booked["id"],
    )
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    world.emit("refund.failed", refund)
    world.emit("refund.updated", refund, previous=previous)
    world.emit("charge.refund.updated", refund, previous=previous)


def _begin_as(world: World, refund: Json, status: str) -> None:
    if status == "pending":
        refund.update(status="pending", pending_reason="processing")
    if status == "failed":
        fail(world, refund, reason="unknown")


def _is_charged_back(world: World, charge: Json) -> bool:
    # `disputed` stays true for ever; what was won is ours again, to be given back or not.
    return any(
        dispute["charge"] == charge["id"] and dispute["status"] != "won"
        for dispute in world.everywhere("dispute")
    )


def _charge(world: World, request: Request) -> Json:
    params, account = request.params, request.account
    named = [name for name in ("charge", "payment_intent") if name in params]
    if len(named) != 1:
        raise refused("One of the following params should be provided: payment_intent or charge.")
    if named == ["charge"]:
        id = params["charge"]
    else:
        intent = world.get(
            "payment_intent", params["payment_intent"], account=account, param="payment_intent"
        )
        id = intent["latest_charge"]
    charge = world.find(id) if id else None
    if id and (charge is None or world.owner(id) != account):
        raise missing("charge", id, param="charge", status=404)
    if charge is None or charge["status"] != "succeeded":
        raise refused("This PaymentIntent does not have a successful charge to refund.")
    return charge


def blank_refund(world: World, prefix: str, *, charge: Json, amount: int) -> Json:
    """Make a refund that succeeded, not booked yet."""
    return {
        "id": world.new_id(prefix),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference_status": "pending", "type": "refund"},
            "type": "card",
        },
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def _give_back(world: World, charge: Json, refund: Json) -> None:
    booked = book(
        world,
        account=world.owner(charge["id"]),
        kind="refund",
        amount=-refund["amount"],
        currency=refund["currency"],
        source=refund["id"],
    )
    refund["balance_transaction"] = booked["id"]
    refunded = charge["amount_refunded"] + refund["amount"]
    previous = world.change(charge, amount_refunded=refunded, refunded=refunded == charge["amount"])
    world.emit("refund.created", refund)
    world.emit("charge.refunded", charge, previous=previous)
