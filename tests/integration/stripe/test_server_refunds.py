"""Refunds never exceed what was paid, can be slow, and can come back."""

from __future__ import annotations

import pytest
import stripe

from reviewcore.testing.stripe import Refusal, StripeServer
from tests.integration.stripe.merchant import charge_of, order, paid_intent, payee, transfer_to


def test_a_payment_is_given_back_in_parts(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    intent = paid_intent(server, client)
    part = client.v1.refunds.create(
        {"payment_intent": intent, "amount": 300, "metadata": {"refund": "r1"}}
    )

    rest = client.v1.refunds.create({"charge": charge_of(client, intent)})

    charge = client.v1.charges.retrieve(charge_of(client, intent))
    assert (part.amount, part.status, rest.amount) == (300, "succeeded", 700)
    assert part.metadata is not None
    assert part.metadata.to_dict() == {"refund": "r1"}
    assert (charge.amount_refunded, charge.refunded) == (1_000, True)
    assert server.effects().refunded == 1_000


def test_more_than_was_paid_is_refused(server: StripeServer, client: stripe.StripeClient) -> None:
    intent = paid_intent(server, client)
    client.v1.refunds.create({"payment_intent": intent, "amount": 600})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": intent, "amount": 401})

    assert (refusal.value.http_status, refusal.value.param) == (400, "amount")
    assert "greater than unrefunded amount" in str(refusal.value)


def test_what_was_given_back_is_not_given_back_again(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    intent = paid_intent(server, client)
    client.v1.refunds.create({"payment_intent": intent})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": intent, "amount": 1})

    assert refusal.value.code == "charge_already_refunded"


def test_a_disputed_charge_is_not_refunded(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    intent = paid_intent(server, client)
    server.open_dispute(intent)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": intent})

    assert refusal.value.code == "charge_disputed"


def test_what_was_won_back_can_be_refunded(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    intent = paid_intent(server, client)
    server.win_dispute(server.open_dispute(intent)["id"])

    assert client.v1.refunds.create({"payment_intent": intent}).status == "succeeded"


def test_a_refund_begins_in_a_state_that_exists(server: StripeServer) -> None:
    with pytest.raises(ValueError, match="lost"):
        server.begin_refunds_as("lost")


@pytest.mark.parametrize(
    "params", [{}, {"charge": "ch_1", "payment_intent": "pi_1"}, {"charge": "ch_1"}]
)
def test_a_refund_names_one_payment_that_exists(
    client: stripe.StripeClient, params: object
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create(params)  # type: ignore[arg-type]  # deliberately wrong


def test_a_payment_that_failed_is_not_refunded(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    server.decline(client.v1.checkout.sessions.create(order()).id)
    (intent,) = client.v1.payment_intents.list().data

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id})


def test_refunds_are_found_by_payment(server: StripeServer, client: stripe.StripeClient) -> None:
    intent, other = paid_intent(server, client), paid_intent(server, client)
    made = [client.v1.refunds.create({"payment_intent": intent, "amount": 1}) for _ in range(2)]
    client.v1.refunds.create({"payment_intent": other})

    by_intent = client.v1.refunds.list({"payment_intent": intent})
    by_charge = client.v1.refunds.list({"charge": charge_of(client, intent)})

    assert [refund.id for refund in by_intent.data] == [made[1].id, made[0].id]
    assert [refund.id for refund in by_charge.data] == [made[1].id, made[0].id]
    assert client.v1.refunds.retrieve(made[0].id).amount == 1


@pytest.mark.parametrize("status", ["pending", "succeeded"])
def test_a_refund_can_come_back(
    server: StripeServer, client: stripe.StripeClient, status: str
) -> None:
    intent = paid_intent(server, client)
    before = server.balance()
    server.begin_refunds_as(status)
    refund = client.v1.refunds.create({"payment_intent": intent})

    server.fail_refund(refund.id, reason="lost_or_stolen_card")

    failed = client.v1.refunds.retrieve(refund.id)
    charge = client.v1.charges.retrieve(charge_of(client, intent))
    assert refund.status == status
    assert (failed.status, failed.failure_reason) == ("failed", "lost_or_stolen_card")
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert sum_of(server) == before.available + before.pending
    assert server.effects().refunds == 0
    assert server.objects("event")[-3]["type"] == "refund.failed"
    with pytest.raises(Refusal):
        server.fail_refund(refund.id)


def test_a_pending_refund_settles(server: StripeServer, client: stripe.StripeClient) -> None:
    server.begin_refunds_as("pending")
    refund = client.v1.refunds.create({"payment_intent": paid_intent(server, client)})

    server.settle_refund(refund.id)

    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"
    with pytest.raises(Refusal):
        server.settle_refund(refund.id)


def test_a_refund_can_fail_at_once(server: StripeServer, client: stripe.StripeClient) -> None:
    server.begin_refunds_as("failed")

    refund = client.v1.refunds.create({"payment_intent": paid_intent(server, client)})

    assert refund.status == "failed"
    assert server.effects().refunded == 0


def test_a_refund_leaves_transfers_alone(server: StripeServer, client: stripe.StripeClient) -> None:
    intent = paid_intent(server, client)
    transfer = client.v1.transfers.create(
        transfer_to(payee(server, client), source_transaction=charge_of(client, intent))
    )

    client.v1.refunds.create({"payment_intent": intent})

    assert client.v1.transfers.retrieve(transfer.id).amount_reversed == 0


def test_metadata_of_a_refund_can_be_added_to(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    refund = client.v1.refunds.create(
        {"payment_intent": paid_intent(server, client), "metadata": {"a": "1"}}
    )

    changed = client.v1.refunds.update(refund.id, {"metadata": {"b": "2"}})

    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}


def sum_of(server: StripeServer) -> int:
    balance = server.balance()
    return balance.available + balance.pending
