"""Orders with ids and keys that no test used before, and how their answers are read."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import attrs

from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    AccountOrder,
    CheckoutOrder,
    Done,
    Outcome,
    RefundOrder,
    ReversalOrder,
    TransferOrder,
    Unknown,
)

V = TypeVar("V")

THREADS = 20
PRICE = Cents(1995)


def fresh(prefix: str) -> str:
    """Make an id that no test used before."""
    return f"{prefix}-{secrets.token_hex(8)}"


def checkout_order(**changes: Any) -> CheckoutOrder:
    """Order a checkout of $19.95 with new ids and a new key."""
    order = CheckoutOrder(
        attempt_id=fresh("attempt"),
        track_id=fresh("track"),
        title="5 reviews of “Tide & Time”",
        amount=PRICE,
        currency="usd",
        key=fresh("key"),
        success_url="http://127.0.0.1:8000/checkout/return?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="http://127.0.0.1:8000/checkout/return?cancelled=1",
    )
    return attrs.evolve(order, **changes)


def refund_order(payment_id: str, **changes: Any) -> RefundOrder:
    """Order $5.00 of a payment back with a new id and a new key."""
    order = RefundOrder(
        refund_id=fresh("refund"),
        payment_id=payment_id,
        amount=Cents(500),
        currency="usd",
        key=fresh("key"),
    )
    return attrs.evolve(order, **changes)


def account_order(**changes: Any) -> AccountOrder:
    """Order an account for a new reviewer with a new key."""
    order = AccountOrder(reviewer_id=fresh("reviewer"), country="US", key=fresh("key"))
    return attrs.evolve(order, **changes)


def transfer_order(account_id: str, **changes: Any) -> TransferOrder:
    """Order a transfer of $12.50 with a new id and a new key."""
    order = TransferOrder(
        payout_id=fresh("payout"),
        account_id=account_id,
        amount=Cents(1250),
        currency="usd",
        key=fresh("key"),
    )
    return attrs.evolve(order, **changes)


def reversal_order(external_id: str, **changes: Any) -> ReversalOrder:
    """Order $5.00 of a transfer back with a new id and a new key."""
    order = ReversalOrder(
        reversal_id=fresh("reversal"), external_id=external_id, amount=Cents(500), key=fresh("key")
    )
    return attrs.evolve(order, **changes)


def done(answer: Outcome[V]) -> V:
    """Return what was done; anything else fails the test."""
    assert isinstance(answer, Done), f"expected Done, got {answer}"
    return answer.view


def at_once(call: Callable[[], Outcome[V]]) -> list[V]:
    """Make one call from many threads; return what was done. Nobody may be declined."""
    start = threading.Barrier(THREADS)

    def together() -> Outcome[V]:
        start.wait()
        return call()

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [asked.result() for asked in [pool.submit(together) for _ in range(THREADS)]]
    # A processor may answer a key that is in use with "try again", which is Unknown.
    assert all(isinstance(answer, Done | Unknown) for answer in answers)
    return [answer.view for answer in answers if isinstance(answer, Done)]
