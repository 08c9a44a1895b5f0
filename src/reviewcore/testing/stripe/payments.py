"""Payment intents and charges: how a payment is born, succeeds, fails, and is read."""

from __future__ import annotations

from reviewcore.testing.stripe.lists import listed, page
from reviewcore.testing.stripe.money import book
from reviewcore.testing.stripe.params import fields, items, text, when
from reviewcore.testing.stripe.requests import Request
from reviewcore.testing.stripe.world import Json, World, snapshot

RETRIEVE = fields({"expand": items(text())})
LIST_INTENTS = listed(created=when())
LIST_CHARGES = listed(created=when(), payment_intent=text(), transfer_group=text())
CHARGE_MESSAGE = "Your card was declined."


def retrieve_intent(world: World, request: Request) -> Json:
    """Read a payment intent."""
    return world.get("payment_intent", request.ids[0], account=request.account, param="intent")


def find_intents(world: World, request: Request) -> Json:
    """List payment intents."""
    return page(request.recent(world, "payment_intent"), request.params, url=request.path)


def retrieve_charge(world: World, request: Request) -> Json:
    """Read a charge."""
    return world.get("charge", request.ids[0], account=request.account)


def find_charges(world: World, request: Request) -> Json:
    """List charges."""
    found = [
        charge
        for charge in request.recent(world, "charge")
        if request.matches(charge, "payment_intent", "transfer_group")
    ]
    return page(found, request.params, url=request.path)


def open_intent(world: World, session: Json) -> Json:
    """Return the session's payment intent; the first attempt to pay makes it."""
    notes = world.notes[session["id"]]
    if "payment_intent" in notes:
        return world.get("payment_intent", notes["payment_intent"])
    intent = world.keep(_intent(world, session), account=world.owner(session["id"]))
    notes["payment_intent"] = intent["id"]
    world.emit("payment_intent.created", intent)
    return intent


def succeed(world: World, intent: Json) -> Json:
    """Charge the payer: money arrives, less the fee, and is available once it has settled."""
    account = world.owner(intent["id"])
    charge = world.keep(_charge(world, intent, status="succeeded"), account=account)
    booked = book(
        world,
        account=account,
        kind="charge",
        amount=charge["amount"],
        currency=charge["currency"],
        source=charge["id"],
        fee=world.fee(charge["amount"]),
        settle_seconds=world.settle_seconds,
    )
    charge["balance_transaction"] = booked["id"]
    intent.update(
        amount_received=charge["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        status="succeeded",
    )
    world.emit("charge.succeeded", charge)
    world.emit("payment_intent.succeeded", intent)
    return charge


def fail(world: World, intent: Json, *, decline_code: str) -> Json:
    """Record an attempt that the payer's bank declined."""
    charge = _charge(world, intent, status="failed")
    charge.update(failure_code="card_declined", failure_message=CHARGE_MESSAGE)
    charge["outcome"].update(
        network_status="declined_by_network",
        reason=decline_code,
        seller_message="The bank did not return any further details with this decline.",
        type="issuer_declined",
    )
    world.keep(charge, account=world.owner(intent["id"]))
    intent.update(
        last_payment_error={
            "charge": charge["id"],
            "code": "card_declined",
            "decline_code": decline_code,
            "doc_url": "https://stripe.com/docs/error-codes/card-declined",
            "message": CHARGE_MESSAGE,
            "type": "card_error",
        },
        latest_charge=charge["id"],
        status="requires_payment_method",
    )
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)
    return charge


def _intent(world: World, session: Json) -> Json:
    wishes = world.notes[session["id"]]["payment_intent_data"]
    id = world.new_id("pi")
    return snapshot(_BLANK_INTENT) | {
        "id": id,
        "amount": session["amount_total"],
        # With it a browser could confirm the payment: to be kept as close as a key.
        "client_secret": f"{id}_{world.new_id('secret')}",
        "created": world.now(),
        "currency": session["currency"],
        "description": wishes.get("description"),
        "metadata": wishes.get("metadata", {}),
        "payment_method_types": session["payment_method_types"],
        "receipt_email": wishes.get("receipt_email"),
        "statement_descriptor": wishes.get("statement_descriptor"),
        "statement_descriptor_suffix": wishes.get("statement_descriptor_suffix"),
        "transfer_group": wishes.get("transfer_group"),
    }


def _charge(world: World, intent: Json, *, status: str) -> Json:
    return blank_charge(world, "ch", amount=intent["amount"], currency=intent["currency"]) | {
        "amount_captured": intent["amount"] if status == "succeeded" else 0,
        "captured": status == "succeeded",
        "description": intent["description"],
        "metadata": dict(intent["metadata"]),
        "paid": status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": world.new_id("pm"),
        "payment_method_details": {"card": dict(_CARD), "type": "card"},
        "receipt_email": intent["receipt_email"],
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_group": intent["transfer_group"],
    }


def blank_charge(world: World, prefix: str, *, amount: int, currency: str) -> Json:
    """Make a charge that succeeded and says nothing of a payer."""
    return snapshot(_BLANK_CHARGE) | {
        "id": world.new_id(prefix),
        "amount": amount,
        "amount_captured": amount,
        "created": world.now(),
        "currency": currency,
    }


_CARD: Json = {
    "brand": "visa",
    "checks": None,
    "country": "US",
    "exp_month": 12,
    "exp_year": 2034,
    "fingerprint": None,
    "funding": "credit",
    "installments": None,
    "last4": "4242",
    "mandate": None,
    "network": "visa",
    "three_d_secure": None,
    "wallet": None,
}
_BLANK_INTENT: Json = {
    "object": "payment_intent",
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "application": None,
    "application_fee_amount": None,
    "automatic_payment_methods": None,
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "automatic_async",
    "confirmation_method": "automatic",
    "customer": None,
    "last_payment_error": None,
    "latest_charge": None,
    "livemode": False,
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_options": {},
    "processing": None,
    "review": None,
    "setup_future_usage": None,
    "shipping": None,
    "status": "requires_payment_method",
    "transfer_data": None,
}
_BLANK_CHARGE: Json = {
    "object": "charge",
    "amount_refunded": 0,
    "application": None,
    "application_fee": None,
    "application_fee_amount": None,
    "balance_transaction": None,
    "billing_details": {
        "address": None,
        "email": None,
        "name": None,
        "phone": None,
        "tax_id": None,
    },
    "calculated_statement_descriptor": None,
    "captured": True,
    "customer": None,
    "description": None,
    "disputed": False,
    "failure_balance_transaction": None,
    "failure_code": None,
    "failure_message": None,
    "fraud_details": {},
    "livemode": False,
    "metadata": {},
    "on_behalf_of": None,
    "outcome": {
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    },
    "paid": True,
    "payment_intent": None,
    "payment_method": None,
    "payment_method_details": None,
    "receipt_email": None,
    "receipt_number": None,
    "receipt_url": None,
    "refunded": False,
    "review": None,
    "shipping": None,
    "source_transfer": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "succeeded",
    "transfer_data": None,
    "transfer_group": None,
}
