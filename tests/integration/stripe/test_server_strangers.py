"""Servers that others wrote agree with ours, where they do the same.

They run only when an environment variable names the address of one that is already up:

* `REVIEWCORE_STRIPE_STATEFUL_MOCK`: stripe-stateful-mock 0.0.16 (npm), for keys and refunds;
* `REVIEWCORE_EMULATE`: emulate 0.11.2 (npm) with its service `stripe` and one price, for sessions.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from reviewcore.testing.stripe import StripeServer
from tests.integration.stripe import http
from tests.integration.stripe.merchant import client_of, order, paid_intent

STATEFUL_MOCK = os.environ.get("REVIEWCORE_STRIPE_STATEFUL_MOCK", "")
EMULATE = os.environ.get("REVIEWCORE_EMULATE", "")

with_stateful_mock = pytest.mark.skipif(
    not STATEFUL_MOCK, reason="REVIEWCORE_STRIPE_STATEFUL_MOCK names no stripe-stateful-mock"
)
with_emulate = pytest.mark.skipif(
    not EMULATE, reason="REVIEWCORE_EMULATE names no emulate server for Stripe"
)

Client = stripe.StripeClient
Told = dict[str, Any]


@pytest.fixture
def stranger() -> Iterator[Client]:
    with client_of(STATEFUL_MOCK) as made:
        yield made


def refund(client: Client, charge: str, key: str, **params: Any) -> Told:
    """Refund, and tell what came of it without what differs each time."""
    asked: Any = {"charge": charge, **params}
    try:
        made = client.v1.refunds.create(asked, {"idempotency_key": key})
    except stripe.StripeError as error:
        body: Any = error.json_body
        told = body["error"]
        return {
            "class": type(error).__name__,
            "status": error.http_status,
            "message": _masked(str(told["message"]), charge),
            **{name: told.get(name) for name in ("code", "param", "type", "doc_url")},
        }
    assert made.last_response is not None
    headers = made.last_response.headers
    return {
        "class": "Refund",
        "amount": made.amount,
        "status": made.status,
        "replayed": headers.get("Idempotent-Replayed"),
        "named": "Original-Request" in headers,
    }


def story(client: Client, charge: str) -> list[Told]:
    """Refund a charge of 1,000 in every way that both servers know."""
    return [
        refund(client, charge, f"{charge}:1", amount=300),
        refund(client, charge, f"{charge}:1", amount=300),
        refund(client, charge, f"{charge}:1", amount=301),
        refund(client, charge, f"{charge}:2", amount=701),
        refund(client, charge, f"{charge}:2", amount=701),
        refund(client, charge, f"{charge}:3"),
        refund(client, charge, f"{charge}:4", amount=1),
        refund(client, charge, f"{charge}:5", amount=0),
    ]


def _masked(message: str, charge: str) -> str:
    # The stranger writes $7 where we, as Stripe does, write $7.00.
    return re.sub(r"\$(\d+)\.00", r"$\1", message.replace(charge, "CHARGE"))


@with_stateful_mock
def test_refunds_and_their_keys_are_like_a_strangers(
    server: StripeServer, client: Client, stranger: Client
) -> None:
    ours = story(client, str(_charge_of(client, paid_intent(server, client))))
    theirs = story(stranger, _charge_there(stranger))

    # An amount of nothing is refused by both, in other words.
    assert (ours[-1]["class"], ours[-1]["code"]) == (theirs[-1]["class"], theirs[-1]["code"])
    assert ours[:-1] == theirs[:-1]


@with_stateful_mock
@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.v1.charges.retrieve("ch_nothing"),
        lambda client: client.v1.refunds.retrieve("re_nothing"),
    ],
)
def test_what_is_missing_is_told_like_a_stranger_does(
    client: Client, stranger: Client, ask: Callable[[Client], object]
) -> None:
    told = []
    for asked in (client, stranger):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            ask(asked)
        error = refusal.value
        told.append((error.http_status, error.code, error.param, str(error.user_message)))

    (ours, theirs) = told
    assert ours[:2] == theirs[:2]
    assert ours[3].replace("'", "") == theirs[3].replace("'", "")


@with_emulate
def test_a_session_ends_like_a_strangers(server: StripeServer, client: Client) -> None:
    ours = client.v1.checkout.sessions.create(order())
    server.pay(ours.id)
    with client_of(EMULATE) as stranger:
        theirs = _session_there(stranger)
        http.post(f"{EMULATE}/checkout/{theirs}/complete")

        assert _end(client, ours.id) == _end(stranger, theirs)


@with_emulate
def test_a_session_expires_once_like_a_strangers(client: Client) -> None:
    ours = client.v1.checkout.sessions.create(order()).id
    with client_of(EMULATE) as stranger:
        theirs = _session_there(stranger)

        for _ in range(2):
            assert _expiry(client, ours) == _expiry(stranger, theirs)


def _charge_of(client: Client, intent: str) -> Any:
    return client.v1.payment_intents.retrieve(intent).latest_charge


def _charge_there(stranger: Client) -> str:
    params: Any = {"amount": 1_000, "currency": "usd", "source": "tok_visa"}
    return stranger.v1.charges.create(params).id


def _session_there(stranger: Client) -> str:
    (price, *_) = stranger.v1.prices.list().data
    return stranger.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://market.example/thanks",
            "line_items": [{"price": price.id, "quantity": 1}],
        }
    ).id


def _end(client: Client, id: str) -> tuple[object, ...]:
    session = client.v1.checkout.sessions.retrieve(id)
    return session.object, session.mode, session.status, session.payment_status


def _expiry(client: Client, id: str) -> tuple[object, ...]:
    try:
        return (client.v1.checkout.sessions.expire(id).status,)
    except stripe.InvalidRequestError as error:
        return error.http_status, type(error).__name__
