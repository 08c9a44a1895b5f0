"""What every adapter of `Payments` keeps of disputes."""

from __future__ import annotations

from typing import Literal

import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.ports.processor import Declined, Done, Payments, SessionView
from reviewcore.testing.contracts.base import Capability, optional
from reviewcore.testing.contracts.processor.orders import PRICE, done, fresh, refund_order
from reviewcore.testing.contracts.processor.sides import Cardholder, PaymentsSide


class DisputePromises(PaymentsSide):
    """Disputes: told as they stand, and no refund goes the same way twice."""

    @optional(Capability.DISPUTES)
    def test_an_open_dispute_says_what_left_the_balance(
        self, payments: Payments, cardholder: Cardholder, paid: SessionView, payment_id: str
    ) -> None:
        external_id = cardholder(payment_id, "dispute")

        dispute = done(payments.dispute(external_id))

        assert (dispute.external_id, dispute.attempt_id) == (external_id, paid.attempt_id)
        assert dispute.status is DisputeStatus.OPEN
        assert (dispute.amount, dispute.currency) == (PRICE, "usd")
        assert dispute.fee >= 0
        assert dispute.reinstated == 0

    @optional(Capability.DISPUTES)
    def test_a_dispute_that_was_won_says_what_came_back(
        self, payments: Payments, cardholder: Cardholder, payment_id: str
    ) -> None:
        external_id = cardholder(payment_id, "dispute")

        assert cardholder(payment_id, "win") == external_id

        won = done(payments.dispute(external_id))
        assert won.status is DisputeStatus.WON
        assert won.amount == PRICE
        assert PRICE <= won.reinstated <= PRICE + won.fee

    @optional(Capability.DISPUTES)
    def test_a_dispute_that_was_lost_brings_nothing_back(
        self, payments: Payments, cardholder: Cardholder, payment_id: str
    ) -> None:
        external_id = cardholder(payment_id, "dispute")

        assert cardholder(payment_id, "lose") == external_id

        lost = done(payments.dispute(external_id))
        assert lost.status is DisputeStatus.LOST
        assert (lost.amount, lost.reinstated) == (PRICE, 0)

    def test_an_unknown_dispute_is_not_found(self, payments: Payments) -> None:
        assert payments.dispute(fresh("dp")) == Declined("not_found")

    @optional(Capability.DISPUTES)
    def test_what_is_disputed_is_not_refunded_for_now(
        self, payments: Payments, cardholder: Cardholder, payment_id: str
    ) -> None:
        cardholder(payment_id, "dispute")
        order = refund_order(payment_id, amount=self.part)

        answer = payments.refund(order)

        assert isinstance(answer, Declined)
        assert answer.is_passing
        assert payments.find_refund(order.refund_id, payment_id) == Done(None)

    @optional(Capability.DISPUTES)
    @pytest.mark.parametrize(("verdict", "refunded"), [("win", Done), ("lose", Declined)])
    def test_after_the_verdict_only_our_own_money_is_refunded(
        self,
        payments: Payments,
        cardholder: Cardholder,
        payment_id: str,
        verdict: Literal["win", "lose"],
        refunded: type[object],
    ) -> None:
        cardholder(payment_id, "dispute")
        cardholder(payment_id, verdict)

        assert isinstance(payments.refund(refund_order(payment_id, amount=self.part)), refunded)
