"""The payer's part, and his bank's: pay, decline, pay later, dispute; refunds that fail."""

from __future__ import annotations

from reviewcore.testing.stripe import disputes, payments, refunds
from reviewcore.testing.stripe.checkout import NOUN
from reviewcore.testing.stripe.errors import refused
from reviewcore.testing.stripe.played import Played
from reviewcore.testing.stripe.world import Json, World, snapshot

REFUND_STATUSES = frozenset({"pending", "failed", "succeeded"})


class Payers(Played):
    """What becomes of sessions, charges and refunds outside the API."""

    def pay(
        self, session_id: str, *, amount: int | None = None, currency: str | None = None
    ) -> Json:
        """Pay an open session by card; return it.

        *amount* (minor units) and *currency* make it another payment than was asked for. Raises
        Refusal unless the session is open.
        """
        with self._playing() as world:
            session = _open_session(world, session_id)
            intent = _adjusted(world, session, amount, currency)
            payments.succeed(world, intent)
            _complete(world, session, intent, payment_status="paid")
            return snapshot(session)

    def decline(self, session_id: str, *, decline_code: str = "generic_decline") -> Json:
        """Try to pay with a card that is declined; the session stays open. Raises Refusal."""
        with self._playing() as world:
            session = _open_session(world, session_id)
            payments.fail(world, payments.open_intent(world, session), decline_code=decline_code)
            return snapshot(session)

    def pay_later(
        self, session_id: str, *, amount: int | None = None, currency: str | None = None
    ) -> Json:
        """Complete an open session by a method that takes days: it is complete and unpaid.

        `settle_payment` or `fail_payment` ends it. Raises Refusal unless the session is open.
        """
        with self._playing() as world:
            session = _open_session(world, session_id)
            intent = _adjusted(world, session, amount, currency)
            world.change(intent, status="processing")
            world.emit("payment_intent.processing", intent)
            _complete(world, session, intent, payment_status="unpaid")
            return snapshot(session)

    def settle_payment(self, session_id: str) -> Json:
        """Let a payment that was on its way arrive. Raises Refusal."""
        with self._playing() as world:
            session, intent = _on_its_way(world, session_id)
            payments.succeed(world, intent)
            world.change(session, payment_status="paid")
            world.emit("checkout.session.async_payment_succeeded", session)
            return snapshot(session)

    def fail_payment(self, session_id: str) -> Json:
        """Let a payment that was on its way fail. Raises Refusal."""
        with self._playing() as world:
            session, intent = _on_its_way(world, session_id)
            payments.fail(world, intent, decline_code="generic_decline")
            world.emit("checkout.session.async_payment_failed", session)
            return snapshot(session)

    def begin_refunds_as(self, *statuses: str) -> None:
        """Begin the next refunds as `pending`, `failed` or `succeeded`, one after the other.

        Raises ValueError for any other word.
        """
        for status in statuses:
            if status not in REFUND_STATUSES:
                raise ValueError(f"no refund is {status}")
        with self._playing() as world:
            world.refund_status.extend(statuses)

    def settle_refund(self, refund_id: str) -> Json:
        """Let a pending refund succeed. Raises Refusal."""
        with self._playing() as world:
            refund = world.get("refund", refund_id)
            if refund["status"] != "pending":
                raise refused(f"Refund {refund_id} is {refund['status']}.")
            refunds.succeed(world, refund)
            return snapshot(refund)

    def fail_refund(self, refund_id: str, *, reason: str = "expired_or_canceled_card") -> Json:
        """Let a refund fail, also one that had succeeded: its money comes back. Raises Refusal."""
        with self._playing() as world:
            refund = world.get("refund", refund_id)
            if refund["status"] == "failed":
                raise refused(f"Refund {refund_id} is failed.")
            refunds.fail(world, refund, reason=reason)
            return snapshot(refund)

    def open_dispute(
        self, charge_id: str, *, amount: int | None = None, reason: str = "fraudulent"
    ) -> Json:
        """Dispute *amount* (minor units), or all, of a charge or payment intent. Raises Refusal."""
        with self._playing() as world:
            return snapshot(disputes.open_dispute(world, charge_id, amount=amount, reason=reason))

    def win_dispute(self, dispute_id: str) -> Json:
        """Decide for the merchant: amount and fee come back. Raises Refusal."""
        with self._playing() as world:
            return snapshot(disputes.win(world, dispute_id))

    def lose_dispute(self, dispute_id: str) -> Json:
        """Decide for the payer: amount and fee stay away. Raises Refusal."""
        with self._playing() as world:
            return snapshot(disputes.lose(world, dispute_id))


def _open_session(world: World, session_id: str) -> Json:
    session = world.get(NOUN, session_id)
    if session["status"] != "open":
        raise refused(f"The session is {session['status']}.")
    return session


def _adjusted(world: World, session: Json, amount: int | None, currency: str | None) -> Json:
    if amount is not None:
        session.update(amount_subtotal=amount, amount_total=amount)
    if currency is not None:
        session["currency"] = currency
    intent = payments.open_intent(world, session)
    intent.update(amount=session["amount_total"], currency=session["currency"])
    return intent


def _complete(world: World, session: Json, intent: Json, *, payment_status: str) -> None:
    world.change(
        session,
        payment_intent=intent["id"],
        payment_status=payment_status,
        status="complete",
        url=None,
    )
    world.emit("checkout.session.completed", session)


def _on_its_way(world: World, session_id: str) -> tuple[Json, Json]:
    session = world.get(NOUN, session_id)
    intent = world.find(session["payment_intent"] or "")
    if intent is None or intent["status"] != "processing":
        raise refused("No payment of this session is on its way.")
    return session, intent
