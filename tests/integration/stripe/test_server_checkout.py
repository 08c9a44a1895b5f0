"""Checkout sessions: opened, paid, declined, paid late, expired; money arrives less a fee."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from reviewcore.testing import ManualClock
from reviewcore.testing.stripe import Refusal, StripeServer
from tests.integration.stripe.merchant import charge_of, order, paid_intent, payee

DEEP = ["payment_intent.latest_charge.balance_transaction"]


def types_of(server: StripeServer) -> list[str]:
    return [event["type"] for event in server.objects("event")]


def test_a_session_repeats_what_it_was_opened_with(
    client: stripe.StripeClient, clock: ManualClock
) -> None:
    expires_at = int(clock().timestamp()) + 3_600

    session = client.v1.checkout.sessions.create(
        order(
            amount=995,
            client_reference_id="attempt-1",
            customer_email="artist@market.example",
            expires_at=expires_at,
            metadata={"track": "t1"},
        )
    )

    assert (session.amount_total, session.currency) == (995, "usd")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.client_reference_id, session.expires_at) == ("attempt-1", expires_at)
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"track": "t1"}
    assert session.payment_intent is None
    assert session.url is not None


def test_a_paid_session_leads_to_money_less_the_fee(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(
        order(
            amount=10_000,
            payment_intent_data={"transfer_group": "track-1", "metadata": {"attempt": "a1"}},
        )
    )

    server.pay(session.id)
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": DEEP})

    charge = paid.payment_intent.latest_charge
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (charge.transfer_group, charge.metadata.to_dict()) == ("track-1", {"attempt": "a1"})
    assert charge.balance_transaction.fee == 320
    assert charge.balance_transaction.net == 9_680
    assert charge.balance_transaction.status == "pending"
    assert types_of(server) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_money_is_available_once_it_has_settled(
    server: StripeServer, client: stripe.StripeClient, clock: ManualClock
) -> None:
    paid_intent(server, client)
    before = server.balance()

    clock.advance(days=2)

    assert (before.available, before.pending) == (0, 941)
    assert client.v1.balance.retrieve().available[0].amount == 941
    (booked,) = client.v1.balance_transactions.list({"type": "charge"}).data
    assert client.v1.balance_transactions.retrieve(booked.id).status == "available"


def test_a_declined_card_leaves_the_session_open(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())

    server.decline(session.id, decline_code="insufficient_funds")
    (intent,) = client.v1.payment_intents.list().data
    server.pay(session.id)

    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == "insufficient_funds"
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    charges = client.v1.charges.list({"payment_intent": intent.id}).data
    assert [charge.paid for charge in charges] == [True, False]
    assert "payment_intent.payment_failed" in types_of(server)


def test_a_late_payment_completes_unpaid_and_then_arrives(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())

    server.pay_later(session.id)
    waiting: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    server.settle_payment(session.id)
    arrived = client.v1.checkout.sessions.retrieve(session.id)

    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.payment_intent.status == "processing"
    assert arrived.payment_status == "paid"
    assert types_of(server)[-1] == "checkout.session.async_payment_succeeded"


def test_a_late_payment_can_fail(server: StripeServer, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order())
    server.pay_later(session.id)

    server.fail_payment(session.id)

    failed = client.v1.checkout.sessions.retrieve(session.id)
    assert (failed.status, failed.payment_status) == ("complete", "unpaid")
    assert types_of(server)[-1] == "checkout.session.async_payment_failed"
    with pytest.raises(Refusal):
        server.settle_payment(session.id)


@pytest.mark.parametrize("play", ["pay", "pay_later"])
def test_a_payment_can_be_another_than_was_asked_for(
    server: StripeServer, client: stripe.StripeClient, play: str
) -> None:
    session = client.v1.checkout.sessions.create(order(amount=1_000))

    getattr(server, play)(session.id, amount=900, currency="eur")

    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (paid.amount_total, paid.currency) == (900, "eur")
    assert (paid.payment_intent.amount, paid.payment_intent.currency) == (900, "eur")


def test_an_open_session_can_be_expired_once(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    session = client.v1.checkout.sessions.create(order())

    expired = client.v1.checkout.sessions.expire(session.id)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.expire(session.id)

    assert expired.status == "expired"
    assert refusal.value.http_status == 400
    assert types_of(server) == ["checkout.session.expired"]


def test_a_session_expires_by_itself(
    server: StripeServer, client: stripe.StripeClient, clock: ManualClock
) -> None:
    session = client.v1.checkout.sessions.create(order())

    clock.advance(hours=24)

    assert client.v1.checkout.sessions.list({"status": "open"}).data == []
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    with pytest.raises(Refusal):
        server.pay(session.id)


@pytest.mark.parametrize(("ahead", "fine"), [(1_799, False), (1_800, True), (86_401, False)])
def test_a_session_lives_from_half_an_hour_to_a_day(
    client: stripe.StripeClient, clock: ManualClock, ahead: int, fine: bool
) -> None:
    asked = order(expires_at=int(clock().timestamp()) + ahead)

    if fine:
        client.v1.checkout.sessions.create(asked)
    else:
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.checkout.sessions.create(asked)


def test_an_amount_can_be_too_small(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.create(order(amount=49))

    assert refusal.value.code == "amount_too_small"


def test_lines_are_of_one_currency(client: stripe.StripeClient) -> None:
    asked = order()
    (line,) = asked["line_items"]
    price = line["price_data"] | {"currency": "eur"}
    asked["line_items"].append(line | {"price_data": price})

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(asked)


def test_the_sessions_of_a_payment_are_found(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    paid_intent(server, client)
    intent = paid_intent(server, client)

    (found,) = client.v1.checkout.sessions.list({"payment_intent": intent}).data

    assert found.payment_intent == intent


def test_a_dispute_takes_amount_and_fee_and_a_win_brings_them_back(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    intent = paid_intent(server, client, amount=5_000)
    before = server.balance()

    dispute = server.open_dispute(intent)
    disputed = client.v1.charges.retrieve(charge_of(client, intent)).disputed
    during = server.balance()
    server.win_dispute(dispute["id"])

    assert disputed
    assert during.available == before.available - 6_500
    assert server.balance() == before
    assert client.v1.disputes.retrieve(dispute["id"]).status == "won"
    assert types_of(server)[-4:] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]


def test_a_lost_dispute_keeps_the_money(server: StripeServer, client: stripe.StripeClient) -> None:
    intent = paid_intent(server, client, amount=5_000)
    dispute = server.open_dispute(charge_of(client, intent), amount=2_000)

    server.lose_dispute(dispute["id"])

    (found,) = client.v1.disputes.list({"payment_intent": intent}).data
    assert (found.status, found.amount) == ("lost", 2_000)
    assert server.balance().available == -3_500
    for again in (server.win_dispute, server.lose_dispute):
        with pytest.raises(Refusal):
            again(dispute["id"])
    with pytest.raises(Refusal):
        server.open_dispute(intent)


def test_the_books_do_not_lie(server: StripeServer, client: stripe.StripeClient) -> None:
    intent = paid_intent(server, client)
    payee(server, client)
    server.check()

    with server._playing() as world:
        charge = world.get("charge", charge_of_kept(server, intent))
        charge["amount_refunded"] = 7
    with pytest.raises(AssertionError, match="7 of 1000 went back, 0 did"):
        server.check()

    with server._playing():
        charge["amount_refunded"] = 0


def charge_of_kept(server: StripeServer, intent: str) -> str:
    (kept,) = [made for made in server.objects("payment_intent") if made["id"] == intent]
    return str(kept["latest_charge"])
