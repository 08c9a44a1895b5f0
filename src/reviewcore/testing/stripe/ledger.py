"""What tests count: effects by kind and group, and whether the books are right."""

from __future__ import annotations

from collections import Counter, defaultdict

import attrs

from reviewcore.testing.stripe.calls import Call, Fate
from reviewcore.testing.stripe.checkout import NOUN
from reviewcore.testing.stripe.money import sums
from reviewcore.testing.stripe.played import Played
from reviewcore.testing.stripe.world import Json, World, snapshot


@attrs.frozen(kw_only=True)
class Effects:
    """How often money moved, and how much of it in minor units; failed refunds do not count."""

    sessions_paid: int
    paid: int
    refunds: int
    refunded: int
    transfers: int
    transferred: int
    reversed: int
    transfers_by_group: dict[str, int]


@attrs.frozen(kw_only=True)
class Balance:
    """What an account has of one currency, in minor units."""

    available: int
    pending: int


class Ledger(Played):
    """Looks, and changes nothing."""

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every request of the API so far, in order."""
        with self._world.lock:
            return tuple(self._api.calls)

    def executed(self, key: str) -> int:
        """Count how often requests with this idempotency key ran."""
        return sum(
            call.idempotency_key == key and call.fate is Fate.EXECUTED for call in self.calls
        )

    def keys_in_use(self) -> tuple[str, ...]:
        """List the idempotency keys whose request is at work."""
        with self._world.lock:
            return self._api.keys.in_use()

    def effects(self) -> Effects:
        """Add up what happened to the platform's money, in all currencies."""
        paid = [made for made in self.objects(NOUN) if made["payment_status"] == "paid"]
        refunds = [made for made in self.objects("refund") if made["status"] != "failed"]
        transfers = self.objects("transfer")
        return Effects(
            sessions_paid=len(paid),
            paid=sum(session["amount_total"] for session in paid),
            refunds=len(refunds),
            refunded=sum(refund["amount"] for refund in refunds),
            transfers=len(transfers),
            transferred=sum(transfer["amount"] for transfer in transfers),
            reversed=sum(transfer["amount_reversed"] for transfer in transfers),
            transfers_by_group=dict(
                Counter(made["transfer_group"] for made in transfers if made["transfer_group"])
            ),
        )

    def objects(self, noun: str, *, account_id: str | None = None) -> list[Json]:
        """Copy the objects of a kind (`transfer`, `refund`, `checkout.session`, `event` …).

        They are the platform's unless an account is named, and in the order of creation.
        """
        with self._playing() as world:
            account = world.platform if account_id is None else account_id
            return [snapshot(made) for made in world.all(noun, account=account)]

    def balance(self, *, currency: str = "usd", account_id: str | None = None) -> Balance:
        """Tell a balance, the platform's unless an account is named."""
        with self._playing() as world:
            account = world.platform if account_id is None else account_id
            return Balance(
                available=sums(world, account=account, status="available").get(currency, 0),
                pending=sums(world, account=account, status="pending").get(currency, 0),
            )

    def check(self) -> None:
        """Raise AssertionError unless every object is booked once, and every balance adds up."""
        with self._playing() as world:
            wrong = [*_booked(world), *_given_back(world), *_balanced(world)]
        assert not wrong, "\n".join(wrong)


def _booked(world: World) -> list[str]:
    """Compare what each object moved with what was booked for it."""
    moved: dict[str, int] = defaultdict(int)
    for transaction in world.everywhere("balance_transaction"):
        if transaction["source"] is not None:
            moved[transaction["source"]] += transaction["amount"]
    expected = {
        made["id"]: sign * made["amount"]
        for noun, sign in SIGNS.items()
        for made in world.everywhere(noun)
        if made.get("status") not in UNDONE
    }
    return [
        f"{id}: booked {moved.get(id, 0)}, expected {expected.get(id, 0)}"
        for id in sorted({*moved, *expected})
        if moved.get(id, 0) != expected.get(id, 0)
    ]


def _given_back(world: World) -> list[str]:
    """Compare what charges and transfers say was given back with what was."""
    back: dict[str, int] = defaultdict(int)
    for refund in world.everywhere("refund"):
        if refund["status"] != "failed":
            back[refund["charge"]] += refund["amount"]
    for reversal in world.everywhere("transfer_reversal"):
        back[reversal["transfer"]] += reversal["amount"]
    fields = {"charge": "amount_refunded", "transfer": "amount_reversed"}
    return [
        f"{made['id']}: {made[field]} of {made['amount']} went back, {back.get(made['id'], 0)} did"
        for noun, field in fields.items()
        for made in world.everywhere(noun)
        if made[field] != back.get(made["id"], 0) or made[field] > made["amount"]
    ]


def _balanced(world: World) -> list[str]:
    """Add every transaction up by itself, and compare with the balances."""
    nets: dict[tuple[str, str], int] = defaultdict(int)
    wrong = []
    for transaction in world.everywhere("balance_transaction"):
        fees = sum(detail["amount"] for detail in transaction["fee_details"])
        nets[world.owner(transaction["id"]), transaction["currency"]] += transaction["net"]
        if transaction["net"] != transaction["amount"] - transaction["fee"] or (
            fees != transaction["fee"]
        ):
            wrong.append(f"{transaction['id']}: amount, fee and net do not fit")
    for (account, currency), net in nets.items():
        told = sum(
            sums(world, account=account, status=status).get(currency, 0)
            for status in ("available", "pending")
        )
        if told != net:
            wrong.append(f"{account}: has {told} {currency}, transactions add up to {net}")
    return wrong


SIGNS = {
    "charge": 1,
    "refund": -1,
    "transfer": -1,
    "transfer_reversal": 1,
    "dispute": -1,
    "payout": -1,
}
"""Which way money goes when such an object is made."""

UNDONE = frozenset({"failed", "won"})
"""States in which nothing moved, or all of it came back."""
