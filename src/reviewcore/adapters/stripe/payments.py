"""Money in through Stripe: hosted checkout pages, refunds, disputes."""

from __future__ import annotations

from datetime import timedelta

from stripe.params.checkout import SessionCreateParams

from reviewcore.adapters.stripe.desk import PAGE, Desk, Json, expanded
from reviewcore.adapters.stripe.health import StripeHealth
from reviewcore.adapters.stripe.settings import StripeSettings
from reviewcore.adapters.stripe.views import (
    ATTEMPT,
    REFUND,
    TRACK,
    dispute_view,
    payment_fee,
    refund_view,
    session_view,
)
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    CheckoutOrder,
    Declined,
    DisputeView,
    Done,
    Outcome,
    RefundOrder,
    RefundState,
    RefundView,
    SessionState,
    SessionView,
)
from reviewcore.sources import Clock, system_clock

LOOK_BACK = timedelta(days=7)
"""How old a session may be that is found by our id: Stripe cannot search for it.

Its id is known from the answer that opened it, so only one is looked for whose answer was lost. It
lives 24 h, and nobody was ever given its address.
"""

NAME_MAX = 250
"""How long the name of what is bought may be."""

BOOKED = "payment_intent.latest_charge.balance_transaction"
ALREADY_REFUNDED = Declined("charge_already_refunded")
NOT_FOUND = Declined("not_found")


class StripePayments(Desk):
    """The port Payments at Stripe; threads may share it.

    Prices are made with each session, and are asked for in the order's currency only: what the
    payer is charged must be what the order says.
    """

    def __init__(
        self,
        settings: StripeSettings,
        *,
        health: StripeHealth | None = None,
        clock: Clock = system_clock,
    ) -> None:
        super().__init__(settings, health=health)
        self._clock = clock

    def open_checkout(self, order: CheckoutOrder, /) -> Outcome[SessionView]:
        return self._run(
            lambda: session_view(
                self._told(
                    self._stripe.checkout.sessions.create(
                        _session_params(order), {"idempotency_key": order.key}
                    )
                )
            )
        )

    def session(self, session_id: str, /) -> Outcome[SessionView]:
        return self._run(lambda: self._session(session_id))

    def find_session(self, attempt_id: str, /) -> Outcome[SessionView | None]:
        return self._run(lambda: self._find_session(attempt_id))

    def expire_session(self, session_id: str, /) -> Outcome[SessionView]:
        expired = self._run(
            lambda: session_view(self._told(self._stripe.checkout.sessions.expire(session_id)))
        )
        if not isinstance(expired, Declined) or expired == NOT_FOUND:
            return expired
        # Only an open session can be closed, and the refusal has no code that would say so.
        standing = self.session(session_id)
        if isinstance(standing, Done) and standing.view.state is SessionState.OPEN:
            return expired
        return standing

    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        refunded = self._run(
            lambda: refund_view(
                self._told(
                    self._stripe.refunds.create(
                        {
                            "payment_intent": order.payment_id,
                            "amount": order.amount,
                            "metadata": {REFUND: order.refund_id},
                        },
                        {"idempotency_key": order.key},
                    )
                )
            )
        )
        if refunded != ALREADY_REFUNDED:
            return refunded
        # Perhaps by this very refund, under a key that Stripe has forgotten meanwhile.
        found = self.find_refund(order.refund_id, order.payment_id)
        if not isinstance(found, Done):
            return found
        if found.view is None or found.view.state is RefundState.FAILED:
            return refunded
        return Done(found.view)

    def find_refund(self, refund_id: str, payment_id: str, /) -> Outcome[RefundView | None]:
        return self._run(lambda: self._find_refund(refund_id, payment_id))

    def refund_view(self, external_id: str, /) -> Outcome[RefundView]:
        return self._run(
            lambda: refund_view(self._told(self._stripe.refunds.retrieve(external_id)))
        )

    def fee(self, payment_id: str, /) -> Outcome[Cents | None]:
        return self._run(
            lambda: payment_fee(
                self._told(
                    self._stripe.payment_intents.retrieve(
                        payment_id, {"expand": [BOOKED.removeprefix("payment_intent.")]}
                    )
                )
            )
        )

    def dispute(self, external_id: str, /) -> Outcome[DisputeView]:
        return self._run(
            lambda: dispute_view(
                self._told(
                    self._stripe.disputes.retrieve(external_id, {"expand": ["payment_intent"]})
                )
            )
        )

    def _session(self, session_id: str) -> SessionView:
        return session_view(
            self._told(self._stripe.checkout.sessions.retrieve(session_id, {"expand": [BOOKED]}))
        )

    def _find_session(self, attempt_id: str) -> SessionView | None:
        since = int((self._clock() - LOOK_BACK).timestamp())
        listed = self._stripe.checkout.sessions.list({"created": {"gte": since}, "limit": PAGE})
        for told in self._each(listed):
            if _metadata(told).get(ATTEMPT) == attempt_id:
                # Listing every payment as well would cost more than asking for this one.
                return self._session(told["id"])
        return None

    def _find_refund(self, refund_id: str, payment_id: str) -> RefundView | None:
        listed = self._stripe.refunds.list({"payment_intent": payment_id, "limit": PAGE})
        found = [
            refund_view(told)
            for told in self._each(listed)
            if _metadata(told).get(REFUND) == refund_id
        ]
        taken = [view for view in found if view.state is RefundState.TAKEN]
        return next(iter([*taken, *found]), None)


def _metadata(told: Json) -> Json:
    return expanded(told["metadata"]) or {}


def _session_params(order: CheckoutOrder) -> SessionCreateParams:
    # Made of the order alone: a resent key must come with the very same parameters. A time when
    # the session ends would differ each time, so it is Stripe's own, 24 h.
    ours = {ATTEMPT: order.attempt_id, TRACK: order.track_id}
    return {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency,
                    "unit_amount": order.amount,
                    "product_data": {"name": order.title[:NAME_MAX]},
                },
            }
        ],
        "client_reference_id": order.attempt_id,
        "metadata": ours,
        # A dispute names its payment, not its session.
        "payment_intent_data": {"metadata": ours, "transfer_group": order.attempt_id},
        "adaptive_pricing": {"enabled": False},
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
    }
