"""Checkout sessions as the merchant sees them: made, read, expired."""

from __future__ import annotations

from typing import Any

from reviewcore.testing.stripe.errors import invalid, refused
from reviewcore.testing.stripe.lists import listed, page
from reviewcore.testing.stripe.params import (
    choice,
    currency,
    fields,
    flag,
    integer,
    items,
    metadata,
    text,
    when,
)
from reviewcore.testing.stripe.requests import Request
from reviewcore.testing.stripe.world import DAY_SECONDS, Json, World

NOUN = "checkout.session"
EXPIRES_MIN_SECONDS = 30 * 60
AMOUNT_MIN = 50
"""Stripe's smallest charge in US dollars; taken for every currency here."""

PRODUCT = fields(
    {
        "name": text(),
        "description": text(),
        "images": items(text()),
        "metadata": metadata(),
        "tax_code": text(),
    },
    required=("name",),
)
PRICE = fields(
    {
        "currency": currency(),
        "unit_amount": integer(),
        "product_data": PRODUCT,
        "tax_behavior": choice("exclusive", "inclusive", "unspecified"),
    },
    required=("currency", "unit_amount", "product_data"),
)
LINE = fields(
    {"price_data": PRICE, "quantity": integer(least=1), "metadata": metadata()},
    required=("price_data", "quantity"),
)
INTENT = fields(
    {
        "description": text(),
        "metadata": metadata(),
        "receipt_email": text(),
        "statement_descriptor": text(longest=22),
        "statement_descriptor_suffix": text(longest=22),
        "transfer_group": text(),
    }
)
CREATE = fields(
    {
        "adaptive_pricing": fields({"enabled": flag()}),
        "automatic_tax": fields({"enabled": flag()}),
        "billing_address_collection": choice("auto", "required"),
        "cancel_url": text(),
        "client_reference_id": text(longest=200),
        "customer_creation": choice("always", "if_required"),
        "customer_email": text(),
        "expand": items(text()),
        "expires_at": integer(),
        "line_items": items(LINE),
        "locale": text(),
        "metadata": metadata(),
        "mode": choice("payment"),
        "payment_intent_data": INTENT,
        "payment_method_types": items(text()),
        "submit_type": choice("auto", "book", "donate", "pay"),
        "success_url": text(),
        "ui_mode": choice("hosted_page"),
    },
    required=("line_items", "mode", "success_url"),
)
LIST = listed(created=when(), payment_intent=text(), status=choice("open", "complete", "expired"))


def create(world: World, request: Request) -> Json:
    """Open a session."""
    params = request.params
    lines = [_line(world, line) for line in params["line_items"]]
    if len({line["currency"] for line in lines}) != 1:
        raise invalid("All line items must be of one currency.", param="line_items")
    total = sum(line["amount_total"] for line in lines)
    if total < AMOUNT_MIN:
        raise refused(
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
            code="amount_too_small",
        )
    id = world.new_id("cs_test", letters=58)
    session = _session(world, id, params, lines, total)
    world.notes[id] = {
        "line_items": _lines(id, lines),
        "payment_intent_data": params.get("payment_intent_data", {}),
    }
    world.keep(session, account=request.account)
    world.later(session["expires_at"], lambda: _end_open(world, session))
    return session


def retrieve(world: World, request: Request) -> Json:
    """Read a session."""
    return world.get(NOUN, request.ids[0], account=request.account, param="session")


def find(world: World, request: Request) -> Json:
    """List sessions."""
    params = request.params
    return page(
        [
            session
            for session in request.recent(world, NOUN)
            if params.get("status", session["status"]) == session["status"]
            and params.get("payment_intent", session["payment_intent"]) == session["payment_intent"]
        ],
        params,
        url=request.path,
    )


def expire(world: World, request: Request) -> Json:
    """Close an open session."""
    session = retrieve(world, request)
    if session["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`."
        )
    end(world, session)
    return session


def end(world: World, session: Json) -> None:
    """Let a session expire, and tell."""
    world.change(session, status="expired", url=None)
    world.emit("checkout.session.expired", session)


def _end_open(world: World, session: Json) -> None:
    if session["status"] == "open":
        end(world, session)


def _line(world: World, params: Json) -> Json:
    price = params["price_data"]
    amount = price["unit_amount"] * params["quantity"]
    return {
        "id": world.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": price["product_data"]["name"],
        "metadata": params.get("metadata", {}),
        "price": _price(world, price),
        "quantity": params["quantity"],
    }


def _price(world: World, params: Json) -> Json:
    return {
        "id": world.new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": 0,
        "currency": params["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": world.new_id("prod", letters=14),
        "recurring": None,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": params["unit_amount"],
        "unit_amount_decimal": str(params["unit_amount"]),
    }


def _expiry(world: World, params: Json) -> int:
    now = world.now()
    at: int = params.get("expires_at", now + DAY_SECONDS)
    if not now + EXPIRES_MIN_SECONDS <= at <= now + DAY_SECONDS:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )
    return at


def _session(world: World, id: str, params: Json, lines: list[Json], total: int) -> Json:
    email = params.get("customer_email")
    return {
        "id": id,
        "object": NOUN,
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", False)},
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "created": world.now(),
        "currency": lines[0]["currency"],
        "customer": None,
        "customer_creation": params.get("customer_creation", "if_required"),
        "customer_details": _customer(email) if email else None,
        "customer_email": email,
        "expires_at": _expiry(world, params),
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": params.get("payment_method_types", ["card"]),
        "payment_status": "unpaid",
        "status": "open",
        "submit_type": params.get("submit_type"),
        "success_url": params["success_url"],
        "ui_mode": "hosted_page",
        "url": f"{world.url}/c/pay/{id}",
        **_CONSTANT,
    }


def _lines(id: str, lines: list[Json]) -> Json:
    return {
        "object": "list",
        "data": lines,
        "has_more": False,
        "url": f"/v1/checkout/sessions/{id}/line_items",
    }


def _customer(email: str) -> Json:
    return {
        "address": None,
        "email": email,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


_CONSTANT: dict[str, Any] = {
    "after_expiration": None,
    "allow_promotion_codes": None,
    "consent": None,
    "consent_collection": None,
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": {
        "after_submit": None,
        "shipping_address": None,
        "submit": None,
        "terms_of_service_acceptance": None,
    },
    "discounts": [],
    "invoice": None,
    "invoice_creation": None,
    "phone_number_collection": {"enabled": False},
    "recovered_from": None,
    "saved_payment_method_options": None,
    "setup_intent": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "subscription": None,
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
}
