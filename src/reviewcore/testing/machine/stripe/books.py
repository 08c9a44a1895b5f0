"""The Stripe server's own books, in the words in which the machine compares them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from reviewcore.adapters.sandbox import Paid, Refunded, Transferred
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.money import ZERO, Cents
from reviewcore.ports.processor import DisputeView, RefundState
from reviewcore.testing.stripe import StripeServer
from reviewcore.testing.stripe.checkout import NOUN
from reviewcore.testing.stripe.world import Json

ENDED: Mapping[str, DisputeStatus] = MappingProxyType(
    {"won": DisputeStatus.WON, "lost": DisputeStatus.LOST}
)


class StripeBooks:
    """Reads what happened at a *server* past the adapter; what was *lent* is no one's income."""

    def __init__(self, server: StripeServer, *, lent: Cents) -> None:
        self._server = server
        self._lent = lent

    def paid(self) -> tuple[Paid, ...]:
        """List what was paid."""
        fees = {one["source"]: one["fee"] for one in self._server.objects("balance_transaction")}
        charges = {
            one["payment_intent"]: one for one in self._server.objects("charge") if one["paid"]
        }
        return tuple(
            _paid(session, charge, fee=fees[charge["id"]])
            for session in self._server.objects(NOUN)
            if session["payment_status"] == "paid"
            for charge in (charges[session["payment_intent"]],)
        )

    def refunded(self) -> tuple[Refunded, ...]:
        """List refunds as they stand."""
        return tuple(
            Refunded(
                external_id=one["id"],
                refund_id=one["metadata"].get("refund_id", ""),
                payment_id=one["payment_intent"],
                amount=Cents(one["amount"]),
                currency=one["currency"],
                made_at=_at(one["created"]),
                state=RefundState.FAILED if one["status"] == "failed" else RefundState.TAKEN,
            )
            for one in self._server.objects("refund")
        )

    def transferred(self) -> tuple[Transferred, ...]:
        """List what went out to payees, with what came back of it."""
        return tuple(
            Transferred(
                external_id=one["id"],
                payout_id=one["metadata"].get("payout_id", ""),
                account_id=one["destination"],
                amount=Cents(one["amount"]),
                currency=one["currency"],
                made_at=_at(one["created"]),
                reversed_amount=Cents(one["amount_reversed"]),
            )
            for one in self._server.objects("transfer")
        )

    def disputed(self) -> tuple[DisputeView, ...]:
        """List disputes as they stand."""
        disputes = self._server.objects("dispute")
        if not disputes:
            return ()
        intents = {one["id"]: one for one in self._server.objects("payment_intent")}
        return tuple(_disputed(one, intents[one["payment_intent"]]) for one in disputes)

    def balance(self, currency: str, /) -> Cents:
        """Tell what the market has, settled or not, besides what was lent."""
        held = self._server.balance(currency=currency.lower())
        return Cents(held.available + held.pending - self._lent)


def _paid(session: Json, charge: Json, *, fee: int) -> Paid:
    return Paid(
        session_id=session["id"],
        attempt_id=session["metadata"].get("attempt_id", ""),
        track_id=session["metadata"].get("track_id", ""),
        payment_id=session["payment_intent"],
        amount=Cents(charge["amount"]),
        fee=Cents(fee),
        currency=charge["currency"],
        paid_at=_at(charge["created"]),
    )


def _disputed(dispute: Json, intent: Json) -> DisputeView:
    withdrawn = dispute["balance_transactions"][0]
    status = ENDED.get(dispute["status"], DisputeStatus.OPEN)
    is_won = status is DisputeStatus.WON
    return DisputeView(
        external_id=dispute["id"],
        attempt_id=intent["metadata"].get("attempt_id", ""),
        amount=Cents(dispute["amount"]),
        fee=Cents(withdrawn["fee"]),
        currency=dispute["currency"],
        status=status,
        # Whoever wins gets the fee back as well.
        reinstated=Cents(-withdrawn["net"]) if is_won else ZERO,
    )


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
