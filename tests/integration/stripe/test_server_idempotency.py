"""An idempotency key repeats the first answer for 24 hours, whatever it was."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stripe

from reviewcore.testing import ManualClock
from reviewcore.testing.stripe import Fate, Fault, StripeServer
from tests.integration.stripe.merchant import client_of, new_account, order, payee, transfer_to

KEY: stripe.RequestOptions = {"idempotency_key": "withdrawal-1"}


def test_the_same_request_is_answered_from_memory(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    first = client.v1.transfers.create(transfer_to(account), KEY)

    again = client.v1.transfers.create(transfer_to(account), KEY)

    assert first.last_response is not None
    assert again.last_response is not None
    headers = again.last_response.headers
    assert again.to_dict() == first.to_dict()
    assert headers["Idempotent-Replayed"] == "true"
    assert headers["Original-Request"] == first.last_response.request_id
    assert headers["Request-Id"] != first.last_response.request_id
    assert server.calls[-1].fate is Fate.REPLAYED
    assert server.executed("withdrawal-1") == server.effects().transfers == 1


def test_the_first_answer_is_repeated_even_when_things_have_changed(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    first = client.v1.checkout.sessions.create(order(), KEY)
    server.pay(first.id)

    assert client.v1.checkout.sessions.create(order(), KEY).status == "open"


@pytest.mark.parametrize("other", [{"amount": 501}, {"description": "another"}])
def test_another_request_under_the_key_is_an_error(
    server: StripeServer, client: stripe.StripeClient, other: dict[str, Any]
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    client.v1.transfers.create(transfer_to(account), KEY)

    with pytest.raises(stripe.IdempotencyError) as refusal:
        client.v1.transfers.create(transfer_to(account, **other), KEY)

    assert refusal.value.http_status == 400
    assert server.effects().transfers == 1


def test_another_path_under_the_key_is_an_error(client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(order(), KEY)

    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.expire(session.id, None, KEY)


def test_another_account_has_keys_of_its_own(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    ours = client.v1.checkout.sessions.create(order(), KEY)

    theirs = client.v1.checkout.sessions.create(order(), {**KEY, "stripe_account": account})

    assert theirs.id != ours.id


def test_a_refusal_is_repeated_until_a_new_key(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.transfers.create(transfer_to(account), KEY)
        assert refusal.value.code == "balance_insufficient"
        server.set_balance(1_000)

    client.v1.transfers.create(transfer_to(account), {"idempotency_key": "withdrawal-1:a2"})

    assert [call.fate for call in server.calls[-3:]] == ["EXECUTED", "REPLAYED", "EXECUTED"]
    assert server.effects().transfers == 1


def test_a_500_is_repeated_though_the_transfer_was_made(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    server.plan(Fault.SERVER_ERROR, "/v1/transfers")

    for _ in range(3):
        with pytest.raises(stripe.APIError) as failure:
            client.v1.transfers.create(transfer_to(account), KEY)
        assert failure.value.http_status == 500

    assert failure.value.headers is not None
    assert failure.value.headers["Idempotent-Replayed"] == "true"
    assert server.effects().transfers == 1


def test_a_key_is_forgotten_after_24_hours(
    server: StripeServer, client: stripe.StripeClient, clock: ManualClock
) -> None:
    account = payee(server, client)
    server.set_balance(2_000)
    first = client.v1.transfers.create(transfer_to(account), KEY)

    clock.advance(hours=23, minutes=59)
    kept = client.v1.transfers.create(transfer_to(account), KEY)
    clock.advance(minutes=1)
    new = client.v1.transfers.create(transfer_to(account, amount=7), KEY)

    assert kept.id == first.id
    assert new.id != first.id
    assert server.effects().transfers == 2


def test_bad_parameters_leave_the_key_free(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(order(colour="red"), KEY)

    assert client.v1.checkout.sessions.create(order(), KEY).status == "open"


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.LOCK_TIMEOUT, Fault.UNAVAILABLE])
def test_what_was_never_executed_leaves_the_key_free(
    server: StripeServer, client: stripe.StripeClient, fault: Fault
) -> None:
    server.plan(fault, "/v1/checkout/sessions")
    with pytest.raises(stripe.StripeError):
        client.v1.checkout.sessions.create(order(), KEY)

    session = client.v1.checkout.sessions.create(order(amount=900), KEY)

    assert session.amount_total == 900
    assert server.executed("withdrawal-1") == 1


def test_a_wrong_key_of_the_api_leaves_the_key_free(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    with (
        client_of(server.url, api_key="sk_live_1") as stranger,
        pytest.raises(stripe.AuthenticationError),
    ):
        stranger.v1.checkout.sessions.create(order(), KEY)

    assert client.v1.checkout.sessions.create(order(), KEY).status == "open"


def test_a_key_whose_request_is_at_work_is_in_use(server: StripeServer) -> None:
    server.plan(Fault.SLOW, "/v1/checkout/sessions", seconds=0.5)
    made: list[str] = []

    def work() -> None:
        with client_of(server.url) as other:
            made.append(other.v1.checkout.sessions.create(order(), KEY).id)

    working = threading.Thread(target=work)
    working.start()
    while not server.keys_in_use():
        pass
    with client_of(server.url) as client:
        with pytest.raises(stripe.APIError) as refusal:
            client.v1.checkout.sessions.create(order(), KEY)
        working.join()
        again = client.v1.checkout.sessions.create(order(), KEY)

    assert refusal.value.http_status == 409
    assert refusal.value.error is not None
    assert refusal.value.error.code == "idempotency_key_in_use"
    assert [again.id] == made


def test_a_key_longer_than_255_characters_is_refused(client: stripe.StripeClient) -> None:
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "k" * 255})

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(order(), {"idempotency_key": "k" * 256})


def test_a_key_on_a_read_means_nothing(server: StripeServer, client: stripe.StripeClient) -> None:
    account = new_account(client)
    client.v1.accounts.retrieve(account, None, KEY)
    server.onboard(account)

    assert client.v1.accounts.retrieve(account, None, KEY).payouts_enabled
