"""Links that send an account's owner to Stripe: to onboarding, and to the dashboard."""

from __future__ import annotations

import secrets

from reviewcore.testing.stripe.accounts import require_access
from reviewcore.testing.stripe.errors import refused
from reviewcore.testing.stripe.params import choice, fields, items, text
from reviewcore.testing.stripe.requests import Request
from reviewcore.testing.stripe.world import Json, Link, World

LINK_SECONDS = 5 * 60
COLLECTION = fields(
    {
        "fields": choice("currently_due", "eventually_due"),
        "future_requirements": choice("include", "omit"),
    }
)
CREATE = fields(
    {
        "account": text(),
        "collection_options": COLLECTION,
        "expand": items(text()),
        "refresh_url": text(),
        "return_url": text(),
        "type": choice("account_onboarding", "account_update"),
    },
    required=("account", "type"),
)
CREATE_LOGIN = fields({"expand": items(text())})


def create(world: World, request: Request) -> Json:
    """Make a link to onboarding that dies in minutes."""
    params = request.params
    account = require_access(world, params["account"])
    if "return_url" not in params or "refresh_url" not in params:
        raise refused("You must provide both a `return_url` and a `refresh_url`.")
    if params["type"] == "account_update" and not account["details_submitted"]:
        raise refused("account_update links need an account that completed onboarding.")
    token = secrets.token_urlsafe(16)
    world.links[token] = Link(
        account=account["id"],
        expires_at=world.now() + LINK_SECONDS,
        return_url=params["return_url"],
        refresh_url=params["refresh_url"],
    )
    return {
        "object": "account_link",
        "created": world.now(),
        "expires_at": world.links[token].expires_at,
        "url": f"{world.url}/setup/e/{account['id']}/{token}",
    }


def create_login(world: World, request: Request) -> Json:
    """Make a link to the dashboard of an account that completed onboarding."""
    account = require_access(world, request.ids[0])
    if account["type"] != "express":
        raise refused("Cannot create a login link for an account without an Express Dashboard.")
    if not account["details_submitted"]:
        raise refused(
            "Cannot create a login link for an account that has not completed onboarding."
        )
    token = secrets.token_urlsafe(16)
    world.logins[token] = account["id"]
    return {
        "object": "login_link",
        "created": world.now(),
        "url": f"{world.url}/express/{account['id']}/{token}",
    }
