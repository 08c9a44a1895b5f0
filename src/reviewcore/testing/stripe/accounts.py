"""Connected accounts: opened by the platform, completed or refused by their owner."""

from __future__ import annotations

from typing import Any

from reviewcore.testing.stripe.errors import Refusal, invalid, refused
from reviewcore.testing.stripe.lists import listed, page
from reviewcore.testing.stripe.params import (
    Shape,
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
from reviewcore.testing.stripe.world import Json, World

WANTED = ("individual.verification.document", "external_account", "tos_acceptance.date")
"""What an account still owes before it can be paid."""

CAPABILITY = fields({"requested": flag()})
CONTROLLER = fields(
    {
        "fees": fields({"payer": choice("account", "application")}),
        "losses": fields({"payments": choice("application", "stripe")}),
        "requirement_collection": choice("application", "stripe"),
        "stripe_dashboard": fields({"type": choice("express", "full", "none")}),
    }
)
SCHEDULE = fields(
    {
        "delay_days": integer(),
        "interval": choice("daily", "manual", "monthly", "weekly"),
        "weekly_anchor": text(),
        "monthly_anchor": integer(least=1, most=31),
    }
)
CHANGEABLE: dict[str, Shape] = {
    "business_profile": fields(
        {"mcc": text(), "name": text(), "product_description": text(), "url": text()}
    ),
    "business_type": choice("company", "government_entity", "individual", "non_profit"),
    "capabilities": fields({"card_payments": CAPABILITY, "transfers": CAPABILITY}),
    "email": text(),
    "expand": items(text()),
    "metadata": metadata(),
    "settings": fields({"payouts": fields({"schedule": SCHEDULE})}),
    "tos_acceptance": fields({"service_agreement": choice("full", "recipient")}),
}
CREATE = fields(
    {
        **CHANGEABLE,
        "controller": CONTROLLER,
        "country": text(longest=2),
        "default_currency": currency(),
        "type": choice("custom", "express", "standard"),
    }
)
UPDATE = fields(CHANGEABLE)
LIST = listed(created=when())
RETRIEVE = fields({"expand": items(text())})


def create(world: World, request: Request) -> Json:
    """Open an account that cannot be paid yet."""
    params = request.params
    if "type" in params and "controller" in params:
        raise invalid("You may not specify both `type` and `controller`.", param="type")
    if params.get("capabilities", {}).get("card_payments", {}).get("requested") and not (
        params["capabilities"].get("transfers", {}).get("requested")
    ):
        raise refused("You cannot request any capability other than transfers alone.")
    account = _account(world, params)
    world.keep(account, account=world.platform)
    return account


def retrieve(world: World, request: Request) -> Json:
    """Read an account; what the platform does not know it may not see."""
    return _connected(world, request.ids[0])


def retrieve_own(world: World, request: Request) -> Json:
    """Read the account that acts."""
    return world.get("account", request.account)


def update(world: World, request: Request) -> Json:
    """Change what the platform may change; capabilities asked for stay inactive until earned."""
    account, params = retrieve(world, request), request.params
    changes: dict[str, Any] = {
        name: params[name] for name in ("business_type", "email") if name in params
    }
    if "metadata" in params:
        changes["metadata"] = account["metadata"] | params["metadata"]
    capabilities = dict.fromkeys(_requested(params), "inactive") | account["capabilities"]
    schedule = _schedule(params, account["settings"]["payouts"]["schedule"])
    payouts = account["settings"]["payouts"] | {"schedule": schedule}
    settings = account["settings"] | {"payouts": payouts}
    previous = world.change(account, capabilities=capabilities, settings=settings, **changes)
    world.emit("account.updated", account, previous=previous)
    return account


def find(world: World, request: Request) -> Json:
    """List connected accounts."""
    found = [made for made in request.recent(world, "account") if made["id"] != world.platform]
    return page(found, request.params, url=request.path)


def find_external(world: World, request: Request) -> Json:
    """List the bank accounts of a connected account."""
    account = retrieve(world, request)
    return page(account["external_accounts"]["data"][::-1], request.params, url=request.path)


def require_access(world: World, id: str) -> Json:
    """Find the connected account that a platform may act for. Raises Refusal."""
    return _connected(world, id)


def platform_account(world: World) -> Json:
    """Make the platform's own account, which can do everything from the start."""
    account = _account(world, {"type": "standard", "country": "US"})
    account.update(
        id=world.platform,
        charges_enabled=True,
        details_submitted=True,
        payouts_enabled=True,
        capabilities={"card_payments": "active", "transfers": "active"},
        requirements=requirements(),
    )
    return account


def requirements(*, due: tuple[str, ...] = (), disabled_reason: str | None = None) -> Json:
    """Say what an account still owes, and why it is held back."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": disabled_reason,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due),
        "pending_verification": [],
    }


def _connected(world: World, id: str) -> Json:
    account = world.find(id)
    if account is None or account["object"] != "account" or id in world.deauthorized:
        raise Refusal(
            status=403,
            code="account_invalid",
            message="The provided key does not have access to account "
            f"'{id}' (or that account does not exist). Application access may have been revoked.",
        )
    return account


def _requested(params: dict[str, Any]) -> list[str]:
    capabilities = params.get("capabilities", {})
    return [name for name, wish in capabilities.items() if wish.get("requested")]


def _schedule(params: dict[str, Any], default: Json) -> Json:
    given: Json = params.get("settings", {}).get("payouts", {}).get("schedule", {})
    return default | given


def _controller(params: dict[str, Any]) -> tuple[str, Json]:
    given = params.get("controller", {})
    dashboard = given.get("stripe_dashboard", {}).get("type", "full")
    # Accounts made by their controller have a type too, read off their dashboard.
    named = {"express": "express", "full": "standard", "none": "custom"}[dashboard]
    made_as = params.get("type", named)
    express = made_as == "express"
    return made_as, {
        "fees": {"payer": given.get("fees", {}).get("payer", "account")},
        "is_controller": True,
        "losses": {
            "payments": given.get("losses", {}).get(
                "payments", "application" if express else "stripe"
            )
        },
        "requirement_collection": given.get("requirement_collection", "stripe"),
        "stripe_dashboard": {
            "type": {"express": "express", "standard": "full", "custom": "none"}[made_as]
        },
        "type": "application",
    }


def _account(world: World, params: dict[str, Any]) -> Json:
    id = world.new_id("acct", letters=16)
    made_as, controller = _controller(params)
    if "controller" not in params and "type" in params:
        controller["fees"]["payer"] = "account" if made_as == "standard" else "application_express"
    return {
        "id": id,
        "object": "account",
        "business_profile": _profile(params.get("business_profile", {})),
        "business_type": params.get("business_type"),
        "capabilities": dict.fromkeys(_requested(params), "inactive"),
        "charges_enabled": False,
        "controller": controller,
        "country": params.get("country", "US"),
        "created": world.now(),
        "default_currency": params.get("default_currency", "usd"),
        "details_submitted": False,
        "email": params.get("email"),
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{id}/external_accounts",
        },
        "future_requirements": requirements(),
        "metadata": params.get("metadata", {}),
        "payouts_enabled": False,
        "requirements": requirements(due=WANTED, disabled_reason="requirements.past_due"),
        "settings": _settings(params),
        "tos_acceptance": {
            "date": None,
            "ip": None,
            "user_agent": None,
            **params.get("tos_acceptance", {}),
        },
        "type": made_as,
    }


def _profile(given: Json) -> Json:
    blank = ("mcc", "name", "product_description", "support_address", "support_email")
    more = ("support_phone", "support_url", "url")
    return dict.fromkeys((*blank, *more)) | given


def _settings(params: dict[str, Any]) -> Json:
    statement = {
        "statement_descriptor": None,
        "statement_descriptor_kana": None,
        "statement_descriptor_kanji": None,
    }
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "payments": statement,
        "payouts": {
            "debit_negative_balances": True,
            "schedule": _schedule(params, {"delay_days": 2, "interval": "daily"}),
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }
