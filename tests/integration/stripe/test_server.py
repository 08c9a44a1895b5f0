"""The server speaks HTTP as Stripe does: keys, forms, headers, lists and refusals."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from reviewcore.testing import ManualClock
from reviewcore.testing.stripe import Fate, StripeServer
from tests.integration.stripe import http
from tests.integration.stripe.merchant import (
    KEY,
    client_of,
    new_account,
    order,
    paid_intent,
    payee,
    transfer_to,
)

AUTHORIZED = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("key", ["sk_live_1", "pk_test_1", "whatever"])
def test_a_key_that_is_not_for_tests_is_refused(server: StripeServer, key: str) -> None:
    with (
        client_of(server.url, api_key=key) as stranger,
        pytest.raises(stripe.AuthenticationError) as refusal,
    ):
        stranger.v1.balance.retrieve()

    assert refusal.value.http_status == 401


def test_a_restricted_key_is_as_good(server: StripeServer) -> None:
    with client_of(server.url, api_key="rk_test_1") as restricted:
        assert restricted.v1.balance.retrieve().livemode is False


def test_a_request_without_a_key_is_refused(server: StripeServer) -> None:
    answer = http.get(f"{server.url}/v1/balance")

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_every_answer_names_itself_and_the_version_that_was_asked_for(
    server: StripeServer,
) -> None:
    asked = http.get(
        f"{server.url}/v1/balance", headers={**AUTHORIZED, "Stripe-Version": "2026-01-01.x"}
    )
    unasked = http.get(f"{server.url}/v1/nothing", headers=AUTHORIZED)

    assert asked.headers["Stripe-Version"] == "2026-01-01.x"
    assert unasked.headers["Stripe-Version"] == stripe.api_version
    assert asked.headers["Request-Id"] != unasked.headers["Request-Id"]
    assert asked.headers["Content-Type"] == "application/json"


def test_an_unknown_path_is_told_as_json(server: StripeServer, client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.raw_request("get", "/v1/nothing")

    assert refusal.value.http_status == 404
    assert server.calls[-1].fate is Fate.REFUSED


@pytest.mark.parametrize("id", ["tr_nothing", "tr-with-hyphens", "~"])
def test_any_id_is_looked_for(client: stripe.StripeClient, id: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.transfers.retrieve(id)

    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"payment_intent_data": {"colour": "red"}}, "parameter_unknown", None),
        ({"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ({"success_url": ""}, "parameter_invalid_empty", "success_url"),
        ({"mode": "gift"}, None, "mode"),
        ({"metadata": {"a": "x" * 501}}, None, "metadata[a]"),
        ({"client_reference_id": "x" * 201}, "parameter_invalid_string_length", None),
        ({"adaptive_pricing": {"enabled": "maybe"}}, None, "adaptive_pricing[enabled]"),
        ({"expires_at": 1}, None, "expires_at"),
    ],
)
def test_bad_parameters_are_refused_by_name(
    client: stripe.StripeClient, more: dict[str, Any], code: str | None, param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.create(order(**more))

    assert refusal.value.http_status == 400
    assert refusal.value.code == code
    assert param is None or refusal.value.param == param


def test_a_missing_parameter_is_named(client: stripe.StripeClient) -> None:
    asked = order()
    del asked["line_items"]

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.create(asked)

    assert (refusal.value.code, refusal.value.param) == ("parameter_missing", "line_items")


def test_brackets_of_any_kind_are_read(server: StripeServer) -> None:
    form = {
        "mode": "payment",
        "success_url": "https://market.example",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "700",
        "line_items[0][price_data][product_data][name]": "Reviews",
        "line_items[0][quantity]": "2",
        "metadata[0]": "numbers are names too",
        "metadata[7]": "seven",
        "expand[]": "line_items",
    }

    answer = http.post(f"{server.url}/v1/checkout/sessions", data=form, headers=AUTHORIZED)

    assert answer.json()["amount_total"] == 1_400
    assert answer.json()["metadata"] == {"0": "numbers are names too", "7": "seven"}
    assert answer.json()["line_items"]["data"][0]["quantity"] == 2


@pytest.mark.parametrize("form", ["a[b=1", "[a]=1", "a=1&a[b]=2", "a" + "[b]" * 11 + "=1"])
def test_brackets_that_make_no_sense_are_refused(server: StripeServer, form: str) -> None:
    answer = http.post(f"{server.url}/v1/refunds", content=form, headers=AUTHORIZED)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_lists_come_newest_first_a_page_at_a_time(client: stripe.StripeClient) -> None:
    made = [client.v1.checkout.sessions.create(order()).id for _ in range(5)]

    first = client.v1.checkout.sessions.list({"limit": 2})
    second = client.v1.checkout.sessions.list({"limit": 2, "starting_after": first.data[-1].id})
    back = client.v1.checkout.sessions.list({"limit": 2, "ending_before": made[0]})
    whole = client.v1.checkout.sessions.list({"limit": 2}).auto_paging_iter()

    assert [session.id for session in first.data] == [made[4], made[3]]
    assert first.has_more
    assert [session.id for session in second.data] == [made[2], made[1]]
    assert [session.id for session in back.data] == [made[2], made[1]]
    assert [session.id for session in whole] == made[::-1]


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 101}, {"starting_after": "tr_1"}, {"ending_before": "tr_1"}],
)
def test_a_page_that_cannot_be_is_refused(client: stripe.StripeClient, params: object) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.list(params)  # type: ignore[arg-type]  # deliberately wrong


def test_lists_can_be_cut_by_time(
    server: StripeServer, client: stripe.StripeClient, clock: ManualClock
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    early = client.v1.transfers.create(transfer_to(account, amount=1))
    clock.advance(hours=1)
    late = client.v1.transfers.create(transfer_to(account, amount=2))

    after = client.v1.transfers.list({"created": {"gt": early.created}})
    exactly = client.v1.transfers.list({"created": early.created})

    assert [transfer.id for transfer in after.data] == [late.id]
    assert [transfer.id for transfer in exactly.data] == [early.id]


def test_objects_of_an_account_are_seen_by_that_account_alone(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    account = payee(server, client)
    server.set_balance(1_000)
    transfer = client.v1.transfers.create(transfer_to(account))
    payment = str(transfer.destination_payment)

    theirs = client.v1.charges.retrieve(payment, None, {"stripe_account": account})
    with pytest.raises(stripe.InvalidRequestError) as ours:
        client.v1.charges.retrieve(payment)
    balance = client.v1.balance.retrieve(None, {"stripe_account": account})

    assert theirs.source_transfer == transfer.id
    assert ours.value.code == "resource_missing"
    assert balance.available[0].amount == 500


def test_an_account_of_somebody_else_cannot_be_acted_for(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError) as refusal:
        client.v1.balance.retrieve(None, {"stripe_account": "acct_stranger"})

    assert refusal.value.error is not None
    assert refusal.value.error.code == "account_invalid"


def test_the_platform_has_an_account_of_its_own(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    connected = new_account(client)

    assert client.v1.accounts.retrieve_current().id == server.platform
    assert [account.id for account in client.v1.accounts.list().data] == [connected]


def test_objects_take_the_place_of_their_ids_on_request(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    paid_intent(server, client)

    listed = client.v1.checkout.sessions.list(
        {"expand": ["data.payment_intent.latest_charge", "data.line_items"]}
    )

    assert listed.data[0].line_items is not None
    assert listed.data[0].payment_intent.latest_charge.paid  # type: ignore[union-attr] # expanded


@pytest.mark.parametrize("path", ["colour", "mode", "payment_intent.a.b.c.d", "metadata.x"])
def test_what_is_no_object_is_not_expanded(client: stripe.StripeClient, path: str) -> None:
    session = client.v1.checkout.sessions.create(order())

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.retrieve(session.id, {"expand": [path]})


def test_calls_are_written_down(server: StripeServer, client: stripe.StripeClient) -> None:
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "k1"})

    (call,) = server.calls
    assert (call.method, call.path, call.status) == ("POST", "/v1/checkout/sessions", 200)
    assert (call.fate, call.idempotency_key, call.fault) == (Fate.EXECUTED, "k1", None)
    assert call.params["line_items"][0]["quantity"] == "1"
