"""Balance transactions: the only way money moves here, and what a balance is the sum of."""

from __future__ import annotations

from collections import defaultdict

from reviewcore.testing.stripe.world import Json, World

CATEGORIES = {
    "payment": "charge",
    "adjustment": "dispute",
    "payment_refund": "refund",
    "payment_reversal": "refund",
    "transfer_refund": "transfer_reversal",
}
"""The reporting category of a type, where it is not the type itself."""


def book(
    world: World,
    *,
    account: str,
    kind: str,
    amount: int,
    currency: str,
    source: str | None,
    fee: int = 0,
    settle_seconds: int = 0,
) -> Json:
    """Move *amount* minor units, less *fee*, into (or out of) the balance of *account*.

    The money is available after *settle_seconds*.
    """
    transaction = world.keep(
        {
            "id": world.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": world.now() + settle_seconds,
            "balance_type": "payments",
            "created": world.now(),
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": _details(fee, currency),
            "net": amount - fee,
            "reporting_category": CATEGORIES.get(kind, kind),
            "source": source,
            "status": "pending" if settle_seconds > 0 else "available",
            "type": kind,
        },
        account=account,
    )
    if settle_seconds > 0:
        world.later(transaction["available_on"], lambda: transaction.update(status="available"))
    return transaction


def sums(world: World, *, account: str, status: str) -> dict[str, int]:
    """Add up the net of one status by currency."""
    found: dict[str, int] = defaultdict(int)
    for transaction in world.all("balance_transaction", account=account):
        if transaction["status"] == status:
            found[transaction["currency"]] += transaction["net"]
    return dict(found)


def available(world: World, *, account: str, currency: str) -> int:
    """Tell what *account* can spend now, in minor units."""
    return sums(world, account=account, status="available").get(currency, 0)


def _details(fee: int, currency: str) -> list[Json]:
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
