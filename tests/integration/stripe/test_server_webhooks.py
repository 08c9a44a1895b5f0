"""Webhooks are signed, come again until they are taken, and in any order a test likes."""

from __future__ import annotations

import json
import time

import pytest
import stripe

from reviewcore.testing import ManualClock
from reviewcore.testing.stripe import Refusal, StripeServer
from reviewcore.testing.stripe.server import ACCOUNT_SECRET, CONNECT_SECRET
from tests.integration.stripe.merchant import new_account, order, paid_intent, payee, transfer_to
from tests.integration.stripe.receiver import Receiver

PATIENCE_SECONDS = 10.0


def arrivals(receiver: Receiver, count: int) -> list[str]:
    """Wait for so many webhooks; return the ids of their events."""
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while len(receiver.arrived) < count and time.monotonic() < given_up_at:
        time.sleep(0.01)
    return [str(json.loads(arrived.body)["id"]) for arrived in receiver.arrived]


def expired(server: StripeServer, client: stripe.StripeClient, *, count: int = 1) -> list[str]:
    """Make so many events; return their ids, oldest first."""
    for _ in range(count):
        client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(order()).id)
    return [event["id"] for event in server.objects("event")]


def test_an_event_arrives_signed(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver
) -> None:
    server.webhooks.send_to(receiver.url)

    (made,) = expired(server, client)

    assert arrivals(receiver, 1) == [made]
    event = receiver.arrived[0].event(ACCOUNT_SECRET)
    assert event.type == "checkout.session.expired"
    assert event.data.object.status == "expired"
    assert (event.livemode, event.api_version) == (False, stripe.api_version)
    server.webhooks.wait()
    assert server.webhooks.undelivered() == ()


def test_another_secret_does_not_verify(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver
) -> None:
    server.webhooks.send_to(receiver.url)
    expired(server, client)
    arrivals(receiver, 1)

    with pytest.raises(stripe.SignatureVerificationError):
        receiver.arrived[0].event("whsec_of_somebody_else")


def test_an_event_names_the_request_that_caused_it(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    transfer = client.v1.transfers.create(transfer_to(account), {"idempotency_key": "wd:1:a1"})

    (event,) = client.v1.events.list({"type": "transfer.created"}).data

    assert transfer.last_response is not None
    assert event.request is not None
    assert event.request.id == transfer.last_response.request_id
    assert event.request.idempotency_key == "wd:1:a1"


def test_events_of_connected_accounts_go_to_their_own_endpoint(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver
) -> None:
    server.webhooks.send_to(receiver.url, endpoint="connect")
    account = new_account(client)
    expired(server, client)

    server.onboard(account)
    arrivals(receiver, 2)

    events = [arrived.event(CONNECT_SECRET) for arrived in receiver.arrived]
    assert {event.type for event in events} == {
        "account.external_account.created",
        "account.updated",
    }
    assert {event.account for event in events} == {account}


def test_two_secrets_sign_while_they_are_rotated(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    (event,) = expired(server, client)

    server.webhooks.rotate("whsec_new")
    both = server.webhooks.signed(event)
    server.webhooks.retire()
    new = server.webhooks.signed(event)

    assert both.header.count("v1=") == 2
    assert verifies(both.body, both.header, ACCOUNT_SECRET)
    assert verifies(both.body, both.header, "whsec_new")
    assert verifies(new.body, new.header, "whsec_new")
    assert not verifies(new.body, new.header, ACCOUNT_SECRET)


def test_the_junk_signature_verifies_nothing(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    (event,) = expired(server, client)
    signed = server.webhooks.signed(event)

    kept = [part for part in signed.header.split(",") if not part.startswith("v1=")]

    assert any(part.startswith("v0=") for part in kept)
    assert not verifies(signed.body, ",".join(kept), ACCOUNT_SECRET)


def test_a_signature_can_be_of_any_age(server: StripeServer, client: stripe.StripeClient) -> None:
    (event,) = expired(server, client)
    now = int(time.time())

    fresh = server.webhooks.signed(event, at=now)
    old = server.webhooks.signed(event, at=now - 301)

    assert verifies(fresh.body, fresh.header, ACCOUNT_SECRET, tolerance=300)
    assert not verifies(old.body, old.header, ACCOUNT_SECRET, tolerance=300)


def verifies(body: bytes, header: str, secret: str, *, tolerance: int | None = None) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance))
    except stripe.SignatureVerificationError:
        return False


def test_what_was_not_taken_comes_again_later_with_a_new_signature(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver, clock: ManualClock
) -> None:
    receiver.statuses = [500, 302]
    server.webhooks.send_to(receiver.url)
    (event,) = expired(server, client)
    arrivals(receiver, 1)
    server.webhooks.wait()
    for _ in range(2):
        clock.advance(seconds=60)
        server.webhooks.wait()

    assert arrivals(receiver, 3) == [event] * 3
    assert len({arrived.signature for arrived in receiver.arrived}) == 3
    assert len({arrived.body for arrived in receiver.arrived}) == 1
    assert client.v1.events.retrieve(event).pending_webhooks == 0


def test_nobody_there_is_no_answer_either(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver
) -> None:
    server.webhooks.hold()
    server.webhooks.send_to("http://127.0.0.1:1/nobody")
    (event,) = expired(server, client)

    assert server.webhooks.deliver(event) == [0]
    server.webhooks.send_to(receiver.url)
    assert server.webhooks.deliver(event) == [200]


def test_stripe_gives_up_after_three_days(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver, clock: ManualClock
) -> None:
    server.webhooks.hold()
    server.webhooks.send_to(receiver.url)
    receiver.statuses = [500, 500]
    (event,) = expired(server, client)
    server.webhooks.deliver(event)

    clock.advance(days=3, seconds=1)
    server.webhooks.deliver(event)

    assert server.webhooks.undelivered() == ()
    (lost,) = client.v1.events.list({"delivery_success": False}).data
    assert lost.id == event


def test_events_on_hold_are_delivered_in_any_order_and_twice(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver
) -> None:
    server.webhooks.hold()
    server.webhooks.send_to(receiver.url)
    first, second, third = expired(server, client, count=3)
    assert [waiting.event_id for waiting in server.webhooks.undelivered()] == [
        first,
        second,
        third,
    ]

    server.webhooks.deliver(third)
    server.webhooks.deliver(first, times=2)
    server.webhooks.deliver(third)
    server.webhooks.release()

    assert arrivals(receiver, 5) == [third, first, first, third, second]


def test_a_dropped_event_is_only_found_by_asking(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver
) -> None:
    server.webhooks.hold()
    server.webhooks.send_to(receiver.url)
    dropped, kept = expired(server, client, count=2)

    server.webhooks.drop(dropped)
    server.webhooks.release()

    assert arrivals(receiver, 1) == [kept]
    server.webhooks.wait()
    (lost,) = client.v1.events.list({"delivery_success": False}).data
    (found,) = client.v1.events.list({"delivery_success": True}).data
    assert (lost.id, found.id) == (dropped, kept)


def test_a_delayed_event_waits_for_its_time(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver, clock: ManualClock
) -> None:
    server.webhooks.hold()
    server.webhooks.send_to(receiver.url)
    late, early = expired(server, client, count=2)

    server.webhooks.delay(late, seconds=600)
    server.webhooks.release()

    assert arrivals(receiver, 1) == [early]
    clock.advance(minutes=10)
    assert arrivals(receiver, 2) == [early, late]


def test_a_corrupted_event_does_not_verify(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver
) -> None:
    server.webhooks.hold()
    server.webhooks.send_to(receiver.url)
    (event,) = expired(server, client)

    server.webhooks.corrupt(event)

    assert json.loads(receiver.arrived[0].body)["id"] == event
    with pytest.raises(stripe.SignatureVerificationError):
        receiver.arrived[0].event(ACCOUNT_SECRET)
    assert [waiting.event_id for waiting in server.webhooks.undelivered()] == [event]


def test_what_no_endpoint_wanted_cannot_be_delivered(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    (event,) = expired(server, client)

    with pytest.raises(Refusal):
        server.webhooks.deliver(event)


def test_waiting_for_what_is_on_hold_ends(
    server: StripeServer, client: stripe.StripeClient, receiver: Receiver
) -> None:
    server.webhooks.hold()
    server.webhooks.send_to(receiver.url)
    expired(server, client)

    with pytest.raises(TimeoutError):
        server.webhooks.wait(seconds=0.1)


def test_events_are_found_by_type_and_time_for_thirty_days(
    server: StripeServer, client: stripe.StripeClient, clock: ManualClock
) -> None:
    paid_intent(server, client)
    server.open_dispute(server.objects("charge")[0]["id"])
    clock.advance(days=1)
    (old, *_) = server.objects("event")

    types = ["charge.succeeded", "charge.dispute.created"]
    found = client.v1.events.list({"types": types})
    assert [event.type for event in found.data] == types[::-1]
    assert client.v1.events.list({"created": {"gt": old["created"]}}).data == []
    assert client.v1.events.retrieve(old["id"]).type == "payment_intent.created"

    clock.advance(days=29)
    assert client.v1.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.retrieve(old["id"])
