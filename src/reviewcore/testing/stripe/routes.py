"""Which endpoint answers which method and path, and what it accepts."""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

from reviewcore.testing.stripe import (
    accounts,
    checkout,
    links,
    payments,
    refunds,
    reports,
    transfers,
)
from reviewcore.testing.stripe.params import Shape, fields
from reviewcore.testing.stripe.requests import Request
from reviewcore.testing.stripe.world import Json, World

NOTHING = fields({})
READ = reports.RETRIEVE


@attrs.frozen
class Route:
    """One endpoint; `{}` in its path stands for an id."""

    method: str
    path: str
    shape: Shape
    act: Callable[[World, Request], Json]
    pattern: re.Pattern[str] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        pattern = re.compile(self.path.replace("{}", "([^/]+)"))
        object.__setattr__(self, "pattern", pattern)


ROUTES = (
    Route("POST", "/v1/checkout/sessions", checkout.CREATE, checkout.create),
    Route("GET", "/v1/checkout/sessions", checkout.LIST, checkout.find),
    Route("GET", "/v1/checkout/sessions/{}", READ, checkout.retrieve),
    Route("POST", "/v1/checkout/sessions/{}/expire", READ, checkout.expire),
    Route("GET", "/v1/payment_intents", payments.LIST_INTENTS, payments.find_intents),
    Route("GET", "/v1/payment_intents/{}", READ, payments.retrieve_intent),
    Route("GET", "/v1/charges", payments.LIST_CHARGES, payments.find_charges),
    Route("GET", "/v1/charges/{}", READ, payments.retrieve_charge),
    Route("POST", "/v1/refunds", refunds.CREATE, refunds.create),
    Route("GET", "/v1/refunds", refunds.LIST, refunds.find),
    Route("GET", "/v1/refunds/{}", READ, refunds.retrieve),
    Route("POST", "/v1/refunds/{}", refunds.UPDATE, refunds.update),
    Route("POST", "/v1/transfers", transfers.CREATE, transfers.create),
    Route("GET", "/v1/transfers", transfers.LIST, transfers.find),
    Route("GET", "/v1/transfers/{}", READ, transfers.retrieve),
    Route("POST", "/v1/transfers/{}", transfers.UPDATE, transfers.update),
    Route("POST", "/v1/transfers/{}/reversals", transfers.REVERSE, transfers.create_reversal),
    Route("GET", "/v1/transfers/{}/reversals", transfers.LIST_REVERSALS, transfers.find_reversals),
    Route("GET", "/v1/transfers/{}/reversals/{}", READ, transfers.retrieve_reversal),
    Route("POST", "/v1/accounts", accounts.CREATE, accounts.create),
    Route("GET", "/v1/accounts", accounts.LIST, accounts.find),
    Route("GET", "/v1/account", READ, accounts.retrieve_own),
    Route("GET", "/v1/accounts/{}", READ, accounts.retrieve),
    Route("POST", "/v1/accounts/{}", accounts.UPDATE, accounts.update),
    Route(
        "GET", "/v1/accounts/{}/external_accounts", transfers.LIST_REVERSALS, accounts.find_external
    ),
    Route("POST", "/v1/accounts/{}/login_links", links.CREATE_LOGIN, links.create_login),
    Route("POST", "/v1/account_links", links.CREATE, links.create),
    Route("GET", "/v1/balance", READ, reports.balance),
    Route(
        "GET",
        "/v1/balance_transactions",
        reports.LIST_TRANSACTIONS,
        reports.finder("balance_transaction", "currency", "source", "type"),
    ),
    Route("GET", "/v1/balance_transactions/{}", READ, reports.retriever("balance_transaction")),
    Route("GET", "/v1/events", reports.LIST_EVENTS, reports.find_events),
    Route("GET", "/v1/events/{}", READ, reports.retrieve_event),
    Route(
        "GET",
        "/v1/disputes",
        reports.LIST_DISPUTES,
        reports.finder("dispute", "charge", "payment_intent"),
    ),
    Route("GET", "/v1/disputes/{}", READ, reports.retriever("dispute", param="dispute")),
    Route(
        "GET",
        "/v1/payouts",
        reports.LIST_PAYOUTS,
        reports.finder("payout", "destination", "status"),
    ),
    Route("GET", "/v1/payouts/{}", READ, reports.retriever("payout", param="payout")),
)


def route_of(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Find the endpoint of a request, and the ids in its path."""
    for route in ROUTES:
        if route.method == method and (found := route.pattern.fullmatch(path)) is not None:
            return route, found.groups()
    return None
