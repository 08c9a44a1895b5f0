"""Transfers need available money and an account that can be paid; they can be reversed."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from reviewcore.testing import ManualClock
from reviewcore.testing.stripe import Refusal, StripeServer
from tests.integration.stripe.merchant import (
    charge_of,
    new_account,
    order,
    paid_intent,
    payee,
    transfer_to,
)


def test_a_transfer_moves_available_money(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)

    transfer = client.v1.transfers.create(
        transfer_to(account, transfer_group="wd:1", metadata={"payout": "p1"}, description="May")
    )

    assert (transfer.amount, transfer.currency, transfer.destination) == (500, "usd", account)
    assert (transfer.reversed, transfer.amount_reversed) == (False, 0)
    assert (transfer.transfer_group, transfer.metadata.to_dict()) == ("wd:1", {"payout": "p1"})
    assert server.balance().available == 500
    assert server.balance(account_id=account).available == 500


def test_pending_money_cannot_be_transferred_yet(
    server: StripeServer, client: stripe.StripeClient, clock: ManualClock
) -> None:
    account = payee(server, client)
    paid_intent(server, client)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.transfers.create(transfer_to(account))

    clock.advance(days=2)
    client.v1.transfers.create(transfer_to(account))

    assert refusal.value.code == "balance_insufficient"
    assert server.effects().transfers == 1


def test_another_currency_does_not_help(server: StripeServer, client: stripe.StripeClient) -> None:
    account = payee(server, client)
    server.set_balance(1_000, currency="eur")

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.transfers.create(transfer_to(account))

    assert refusal.value.code == "balance_insufficient"


def test_an_account_that_does_not_exist_cannot_be_paid(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    server.set_balance(1_000)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.transfers.create(transfer_to("acct_nobody"))

    assert (refusal.value.http_status, refusal.value.code) == (400, "resource_missing")


@pytest.mark.parametrize("how", ["never onboarded", "being verified", "disabled"])
def test_an_account_that_is_not_active_cannot_be_paid(
    server: StripeServer, client: stripe.StripeClient, how: str
) -> None:
    account = new_account(client)
    server.set_balance(1_000)
    if how == "being verified":
        server.submit_details(account)
    if how == "disabled":
        server.onboard(account)
        server.disable(account)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.transfers.create(transfer_to(account))

    assert refusal.value.code == "insufficient_capabilities_for_transfer"


def test_transfers_are_found_by_group_and_destination(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    one, two = payee(server, client), payee(server, client)
    server.set_balance(1_000)
    for account, group in [(one, "wd:1"), (one, "wd:2"), (two, "wd:1")]:
        client.v1.transfers.create(transfer_to(account, amount=10, transfer_group=group))

    def found(params: Any) -> list[Any]:
        return [made.destination for made in client.v1.transfers.list(params).data]

    assert found({"transfer_group": "wd:1"}) == [two, one]
    assert found({"destination": one}) == [one, one]
    assert found({"transfer_group": "wd:3"}) == []
    assert server.effects().transfers_by_group == {"wd:1": 2, "wd:2": 1}


def test_a_transfer_from_a_charge_needs_no_available_money(
    server: StripeServer, client: stripe.StripeClient, clock: ManualClock
) -> None:
    account = payee(server, client)
    session = client.v1.checkout.sessions.create(
        order(payment_intent_data={"transfer_group": "track-1"})
    )
    intent = server.pay(session.id)["payment_intent"]
    charge = charge_of(client, intent)

    transfer = client.v1.transfers.create(
        transfer_to(account, amount=600, source_transaction=charge)
    )

    assert transfer.transfer_group == "track-1"
    assert server.balance(account_id=account).pending == 600
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create(transfer_to(account, amount=401, source_transaction=charge))
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create(
            transfer_to(account, amount=1, source_transaction=charge, currency="eur")
        )
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create(transfer_to(account, source_transaction="ch_nothing"))
    clock.advance(days=2)
    assert server.balance(account_id=account).available == 600


def test_a_transfer_is_reversed_in_parts(server: StripeServer, client: stripe.StripeClient) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    transfer = client.v1.transfers.create(transfer_to(account))

    part = client.v1.transfers.reversals.create(
        transfer.id, {"amount": 200, "metadata": {"why": "dispute"}}
    )
    rest = client.v1.transfers.reversals.create(transfer.id)

    now = client.v1.transfers.retrieve(transfer.id)
    assert (part.amount, rest.amount) == (200, 300)
    assert (now.amount_reversed, now.reversed) == (500, True)
    assert [reversal.id for reversal in now.reversals.data] == [rest.id, part.id]
    assert [found.id for found in client.v1.transfers.reversals.list(transfer.id).data] == [
        rest.id,
        part.id,
    ]
    assert client.v1.transfers.reversals.retrieve(transfer.id, part.id).amount == 200
    assert server.balance().available == 1_000
    assert server.balance(account_id=account).available == 0
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 1})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.retrieve(transfer.id, "trr_nothing")


def test_a_reversal_needs_the_money_to_be_there(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    transfer = client.v1.transfers.create(transfer_to(account))
    server.pay_out(account, amount=400)

    with pytest.raises(stripe.InvalidRequestError) as short:
        client.v1.transfers.reversals.create(transfer.id)
    with pytest.raises(stripe.InvalidRequestError) as over:
        client.v1.transfers.reversals.create(transfer.id, {"amount": 501})
    client.v1.transfers.reversals.create(transfer.id, {"amount": 100})

    assert short.value.code == "balance_insufficient"
    assert over.value.param == "amount"


def test_a_person_can_reverse_a_transfer(server: StripeServer, client: stripe.StripeClient) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    transfer = client.v1.transfers.create(transfer_to(account))

    server.reverse_transfer(transfer.id, amount=100)
    server.reverse_transfer(transfer.id)

    event = server.objects("event")[-1]
    assert event["type"] == "transfer.reversed"
    assert event["request"] == {"id": None, "idempotency_key": None}
    assert server.effects().reversed == 500
    with pytest.raises(Refusal):
        server.reverse_transfer(transfer.id)


def test_metadata_of_a_transfer_can_be_added_to(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    transfer = client.v1.transfers.create(transfer_to(account, metadata={"a": "1"}))

    changed = client.v1.transfers.update(transfer.id, {"metadata": {"b": "2"}})

    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}


def test_a_payout_of_a_connected_account_can_fail_after_it_was_paid(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    client.v1.transfers.create(transfer_to(account))
    payout = server.pay_out(account, amount=500)

    server.fail_payout(payout["id"], code="account_closed")

    theirs: stripe.RequestOptions = {"stripe_account": account}
    failed = client.v1.payouts.retrieve(payout["id"], None, theirs)
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert server.balance(account_id=account).available == 500
    assert client.v1.payouts.list().data == []
    assert len(client.v1.payouts.list({"status": "failed"}, theirs).data) == 1
    event = server.objects("event", account_id=account)[-1]
    assert (event["type"], event["account"]) == ("payout.failed", account)
    with pytest.raises(Refusal):
        server.fail_payout(payout["id"])
    with pytest.raises(Refusal):
        server.pay_out(account, amount=501)
    server.disable(account)
    with pytest.raises(Refusal):
        server.pay_out(account, amount=1)
