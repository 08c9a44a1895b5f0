"""Transfers from the platform to connected accounts, and their reversals."""

from __future__ import annotations

from typing import Any

from reviewcore.testing.stripe.errors import insufficient, missing, refused
from reviewcore.testing.stripe.lists import listed, page
from reviewcore.testing.stripe.money import available, book
from reviewcore.testing.stripe.params import (
    currency,
    fields,
    integer,
    items,
    metadata,
    text,
    when,
)
from reviewcore.testing.stripe.payments import blank_charge
from reviewcore.testing.stripe.refunds import blank_refund
from reviewcore.testing.stripe.requests import Request
from reviewcore.testing.stripe.world import Json, World

CREATE = fields(
    {
        "amount": integer(least=1),
        "currency": currency(),
        "description": text(),
        "destination": text(),
        "expand": items(text()),
        "metadata": metadata(),
        "source_transaction": text(),
        "transfer_group": text(),
    },
    required=("amount", "currency", "destination"),
)
LIST = listed(created=when(), destination=text(), transfer_group=text())
REVERSE = fields({"amount": integer(least=1), "expand": items(text()), "metadata": metadata()})
UPDATE = fields({"description": text(), "expand": items(text()), "metadata": metadata()})
LIST_REVERSALS = listed()


def create(world: World, request: Request) -> Json:
    """Pay a connected account from the available balance, or from one charge."""
    params = request.params
    destination = _destination(world, params["destination"])
    charge = _source(world, request)
    if charge is None and params["amount"] > available(
        world, account=request.account, currency=params["currency"]
    ):
        raise insufficient()
    transfer = world.keep(_transfer(world, params, charge), account=request.account)
    _book_out(world, transfer, charge)
    _book_in(world, transfer, account=destination["id"])
    world.emit("transfer.created", transfer)
    return transfer


def retrieve(world: World, request: Request) -> Json:
    """Read a transfer."""
    return world.get("transfer", request.ids[0], account=request.account, param="transfer")


def update(world: World, request: Request) -> Json:
    """Change a transfer's description and metadata."""
    transfer = retrieve(world, request)
    merged = transfer["metadata"] | request.params.get("metadata", {})
    description = request.params.get("description", transfer["description"])
    previous = world.change(transfer, metadata=merged, description=description)
    world.emit("transfer.updated", transfer, previous=previous)
    return transfer


def find(world: World, request: Request) -> Json:
    """List transfers, of a group or destination if one is named."""
    found = [
        transfer
        for transfer in request.recent(world, "transfer")
        if request.matches(transfer, "destination", "transfer_group")
    ]
    return page(found, request.params, url=request.path)


def create_reversal(world: World, request: Request) -> Json:
    """Take back *amount*, or the rest, of a transfer."""
    transfer = retrieve(world, request)
    rest = transfer["amount"] - transfer["amount_reversed"]
    amount = request.params.get("amount", rest)
    return reverse(world, transfer, amount=amount, metadata=request.params.get("metadata", {}))


def retrieve_reversal(world: World, request: Request) -> Json:
    """Read a reversal."""
    transfer = retrieve(world, request)
    for reversal in transfer["reversals"]["data"]:
        if reversal["id"] == request.ids[1]:
            found: Json = reversal
            return found
    raise missing("transfer_reversal", request.ids[1])


def find_reversals(world: World, request: Request) -> Json:
    """List the reversals of a transfer."""
    transfer = retrieve(world, request)
    return page(transfer["reversals"]["data"][::-1], request.params, url=request.path)


def reverse(world: World, transfer: Json, *, amount: int, metadata: dict[str, str]) -> Json:
    """Take *amount* back from the destination. Raises Refusal."""
    rest = transfer["amount"] - transfer["amount_reversed"]
    if rest == 0:
        raise refused(f"Transfer {transfer['id']} is already fully reversed.")
    if amount > rest:
        raise refused(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({rest})",
            param="amount",
        )
    held = available(world, account=transfer["destination"], currency=transfer["currency"])
    if amount > held:
        raise insufficient()
    reversal = _reversal(world, transfer, amount, metadata)
    world.keep(reversal, account=world.owner(transfer["id"]))
    transfer["reversals"]["data"].insert(0, reversal)
    _book_back(world, transfer, reversal)
    reversed_amount = transfer["amount_reversed"] + amount
    previous = world.change(
        transfer, amount_reversed=reversed_amount, reversed=reversed_amount == transfer["amount"]
    )
    world.emit("transfer.reversed", transfer, previous=previous)
    return reversal


def _destination(world: World, id: str) -> Json:
    account = world.find(id)
    if account is None or account["object"] != "account" or id in world.deauthorized:
        raise missing("destination", id, param="destination", status=400)
    if account["capabilities"].get("transfers") != "active":
        raise refused(
            "Your destination account needs to have at least one of the following capabilities "
            "enabled: transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def _source(world: World, request: Request) -> Json | None:
    params = request.params
    if "source_transaction" not in params:
        return None
    id = params["source_transaction"]
    charge = world.find(id)
    if charge is None or charge["object"] != "charge" or world.owner(id) != request.account:
        raise missing("charge", id, param="source_transaction", status=400)
    if charge["currency"] != params["currency"]:
        raise refused(
            f"The currency of source_transaction's balance transaction ({charge['currency']}) "
            f"must be the same as the transfer currency ({params['currency']})",
            param="source_transaction",
        )
    spent = sum(
        transfer["amount"] - transfer["amount_reversed"]
        for transfer in world.all("transfer", account=request.account)
        if transfer["source_transaction"] == id
    )
    if charge["status"] != "succeeded" or spent + params["amount"] > charge["amount"]:
        raise refused(
            "Cannot create transfers with total amount greater than the source_transaction "
            f"amount ({charge['amount']})",
            param="amount",
        )
    return charge


def _transfer(world: World, params: dict[str, Any], charge: Json | None) -> Json:
    id = world.new_id("tr")
    # A transfer inherits its charge's group, and a charge without one is given a group.
    inherited = None if charge is None else charge["transfer_group"] or f"group_{charge['id']}"
    return {
        "id": id,
        "object": "transfer",
        "amount": params["amount"],
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": world.now(),
        "currency": params["currency"],
        "description": params.get("description"),
        "destination": params["destination"],
        "destination_payment": None,
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "reversals": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/transfers/{id}/reversals",
        },
        "reversed": False,
        "source_transaction": params.get("source_transaction"),
        "source_type": "card",
        "transfer_group": params.get("transfer_group", inherited),
    }


def _book_out(world: World, transfer: Json, charge: Json | None) -> None:
    # Money of a charge that has not settled leaves when it does.
    settled_at = world.now()
    if charge is not None:
        settled_at = world.get("balance_transaction", charge["balance_transaction"])["available_on"]
    booked = book(
        world,
        account=world.owner(transfer["id"]),
        kind="transfer",
        amount=-transfer["amount"],
        currency=transfer["currency"],
        source=transfer["id"],
        settle_seconds=max(0, settled_at - world.now()),
    )
    transfer["balance_transaction"] = booked["id"]


def _book_in(world: World, transfer: Json, *, account: str) -> None:
    payment = blank_charge(world, "py", amount=transfer["amount"], currency=transfer["currency"])
    payment["source_transfer"] = transfer["id"]
    transfer["destination_payment"] = world.keep(payment, account=account)["id"]
    out = world.get("balance_transaction", transfer["balance_transaction"])
    booked = book(
        world,
        account=account,
        kind="payment",
        amount=transfer["amount"],
        currency=transfer["currency"],
        source=payment["id"],
        settle_seconds=out["available_on"] - world.now(),
    )
    payment["balance_transaction"] = booked["id"]


def _reversal(world: World, transfer: Json, amount: int, metadata: dict[str, str]) -> Json:
    return {
        "id": world.new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": world.now(),
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": metadata,
        "source_refund": None,
        "transfer": transfer["id"],
    }


def _book_back(world: World, transfer: Json, reversal: Json) -> None:
    amount, money = reversal["amount"], reversal["currency"]
    payment = world.get("charge", transfer["destination_payment"])
    taken = blank_refund(world, "pyr", charge=payment, amount=amount)
    world.keep(taken, account=transfer["destination"])
    taken["source_transfer_reversal"] = reversal["id"]
    payment["amount_refunded"] += amount
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    reversal["destination_payment_refund"] = taken["id"]
    taken["balance_transaction"] = book(
        world,
        account=transfer["destination"],
        kind="payment_refund",
        amount=-amount,
        currency=money,
        source=taken["id"],
    )["id"]
    reversal["balance_transaction"] = book(
        world,
        account=world.owner(transfer["id"]),
        kind="transfer_refund",
        amount=amount,
        currency=money,
        source=reversal["id"],
    )["id"]
