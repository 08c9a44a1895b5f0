"""What can only be read: balance, balance transactions, events, disputes, payouts."""

from __future__ import annotations

from collections.abc import Callable

from reviewcore.testing.stripe.errors import missing
from reviewcore.testing.stripe.lists import listed, page
from reviewcore.testing.stripe.money import sums
from reviewcore.testing.stripe.params import currency, fields, flag, items, text, when
from reviewcore.testing.stripe.requests import Request
from reviewcore.testing.stripe.world import DAY_SECONDS, Json, World

HORIZON_SECONDS = 30 * DAY_SECONDS
"""Events are kept 30 days."""

RETRIEVE = fields({"expand": items(text())})
LIST_TRANSACTIONS = listed(
    created=when(), currency=currency(), payout=text(), source=text(), type=text()
)
LIST_EVENTS = listed(created=when(), delivery_success=flag(), type=text(), types=items(text()))
LIST_DISPUTES = listed(charge=text(), created=when(), payment_intent=text())
LIST_PAYOUTS = listed(arrival_date=when(), created=when(), destination=text(), status=text())

Read = Callable[[World, Request], Json]


def balance(world: World, request: Request) -> Json:
    """Add the balance up, by currency."""
    return {
        "object": "balance",
        "available": _amounts(world, request.account, "available"),
        "livemode": False,
        "pending": _amounts(world, request.account, "pending"),
    }


def retriever(noun: str, *, param: str = "id") -> Read:
    """Make the endpoint that reads one object of a kind."""

    def retrieve(world: World, request: Request) -> Json:
        return world.get(noun, request.ids[0], account=request.account, param=param)

    return retrieve


def finder(noun: str, *names: str) -> Read:
    """Make the endpoint that lists a kind, filtered by these fields."""

    def find(world: World, request: Request) -> Json:
        found = [made for made in request.recent(world, noun) if request.matches(made, *names)]
        return page(found, request.params, url=request.path)

    return find


def retrieve_event(world: World, request: Request) -> Json:
    """Read an event of the last 30 days."""
    event = world.get("event", request.ids[0], account=request.account)
    if event["created"] <= world.now() - HORIZON_SECONDS:
        raise missing("event", event["id"])
    return event


def find_events(world: World, request: Request) -> Json:
    """List the events of the last 30 days."""
    params = request.params
    types = {params["type"]} if "type" in params else set(params.get("types", ()))
    found = [
        event
        for event in request.recent(world, "event")
        if event["created"] > world.now() - HORIZON_SECONDS
        and (not types or event["type"] in types)
        and params.get("delivery_success", not event["pending_webhooks"])
        is (not event["pending_webhooks"])
    ]
    return page(found, params, url=request.path)


def _amounts(world: World, account: str, status: str) -> list[Json]:
    found = {"usd": 0} | sums(world, account=account, status=status)
    return [
        {"amount": amount, "currency": money, "source_types": {"card": amount}}
        for money, amount in sorted(found.items())
    ]
