"""What a market does with the official client, in a line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe

from reviewcore.testing.stripe import StripeServer

KEY = "sk_test_of_the_market"


@contextmanager
def client_of(
    url: str, *, api_key: str = KEY, timeout: float = 10.0, retries: int = 0
) -> Iterator[stripe.StripeClient]:
    """Make a client whose connections are closed in the end, and that tells Stripe nothing."""
    stripe.enable_telemetry = False
    http = stripe.RequestsClient(timeout=timeout)
    yield stripe.StripeClient(
        api_key, base_addresses={"api": url}, max_network_retries=retries, http_client=http
    )
    http.close()  # type: ignore[no-untyped-call]  # the library leaves it untyped


def order(*, amount: int = 1_000, **more: Any) -> Any:
    """Write the parameters of a checkout session."""
    return {
        "mode": "payment",
        "success_url": "https://market.example/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://market.example/cart",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "usd",
                    "unit_amount": amount,
                    "product_data": {"name": "Five reviews"},
                },
            }
        ],
        **more,
    }


def paid_intent(server: StripeServer, client: stripe.StripeClient, *, amount: int = 1_000) -> str:
    """Open a session and pay it; return the id of the payment intent."""
    session = client.v1.checkout.sessions.create(order(amount=amount))
    intent: str = server.pay(session.id)["payment_intent"]
    return intent


def charge_of(client: stripe.StripeClient, intent: str) -> str:
    """Read the id of a payment's charge."""
    charge = client.v1.payment_intents.retrieve(intent).latest_charge
    assert isinstance(charge, str)
    return charge


def new_account(client: stripe.StripeClient) -> str:
    """Open an account that can receive transfers once it is complete."""
    return client.v1.accounts.create(
        {
            "type": "express",
            "country": "US",
            "capabilities": {"transfers": {"requested": True}},
        }
    ).id


def payee(server: StripeServer, client: stripe.StripeClient) -> str:
    """Open an account and complete it."""
    account = new_account(client)
    server.onboard(account)
    return account


def transfer_to(account: str, *, amount: int = 500, **more: Any) -> Any:
    """Write the parameters of a transfer."""
    return {"amount": amount, "currency": "usd", "destination": account, **more}
