"""What every adapter of `Payments` keeps of refunds."""

from __future__ import annotations

import attrs

from reviewcore.domain.money import Cents
from reviewcore.ports.processor import (
    Declined,
    Done,
    Payments,
    RefundOrder,
    RefundState,
    Unknown,
)
from reviewcore.testing.contracts.base import Capability, optional
from reviewcore.testing.contracts.processor.orders import (
    PRICE,
    at_once,
    done,
    fresh,
    refund_order,
)
from reviewcore.testing.contracts.processor.sides import PayersBank, PaymentsSide


class RefundPromises(PaymentsSide):
    """Refunds: given once, never more than was paid, and they may fail after all."""

    def order(self, payment_id: str) -> RefundOrder:
        """Order a part of the payment back, or all where no part can be given."""
        return refund_order(payment_id, amount=self.part)

    def require_given(self, payments: Payments, payment_id: str, given: Cents) -> None:
        """See that so much went back and no more: the rest can be given, and then nothing."""
        rest = Cents(PRICE - given)
        if rest:
            done(payments.refund(refund_order(payment_id, amount=rest)))
        # A cent shows what was given twice; more than that, what was given in part.
        for more in (Cents(1), Cents(100)) if rest else (PRICE,):
            answer = payments.refund(refund_order(payment_id, amount=more))
            assert isinstance(answer, Declined)

    def test_a_refund_says_what_went_back(self, payments: Payments, payment_id: str) -> None:
        order = self.order(payment_id)

        refunded = done(payments.refund(order))

        assert refunded.external_id
        assert (refunded.refund_id, refunded.amount) == (order.refund_id, order.amount)

    def test_the_same_key_gives_money_back_once(self, payments: Payments, payment_id: str) -> None:
        order = self.order(payment_id)

        first = done(payments.refund(order))
        again = done(payments.refund(order))

        assert again == first
        self.require_given(payments, payment_id, order.amount)

    def test_one_key_at_once_gives_money_back_once(
        self, payments: Payments, payment_id: str
    ) -> None:
        order = self.order(payment_id)

        refunded = at_once(lambda: payments.refund(order))

        assert len(set(refunded)) == 1
        self.require_given(payments, payment_id, order.amount)

    def test_a_key_is_not_for_another_refund(self, payments: Payments, payment_id: str) -> None:
        order = self.order(payment_id)
        first = done(payments.refund(order))

        answer = payments.refund(attrs.evolve(order, amount=Cents(1)))

        assert isinstance(answer, Unknown)
        assert done(payments.find_refund(order.refund_id, payment_id)) == first

    def test_a_part_is_given_back_or_declined_for_good(
        self, payments: Payments, payment_id: str
    ) -> None:
        order = refund_order(payment_id, amount=Cents(500))

        answer = payments.refund(order)

        if isinstance(answer, Done):
            assert answer.view.amount == order.amount
            return
        assert isinstance(answer, Declined)
        assert not answer.is_passing
        assert payments.find_refund(order.refund_id, payment_id) == Done(None)
        done(payments.refund(refund_order(payment_id, amount=PRICE)))

    def test_more_than_was_paid_is_declined(self, payments: Payments, payment_id: str) -> None:
        over = refund_order(payment_id, amount=Cents(PRICE + 1))

        assert isinstance(payments.refund(over), Declined)

        assert payments.find_refund(over.refund_id, payment_id) == Done(None)
        done(payments.refund(refund_order(payment_id, amount=PRICE)))

    @optional(Capability.PARTIAL_REFUNDS)
    def test_no_more_goes_back_in_parts_than_was_paid(
        self, payments: Payments, payment_id: str
    ) -> None:
        done(payments.refund(refund_order(payment_id, amount=Cents(PRICE - 1))))
        over = refund_order(payment_id, amount=Cents(2))

        assert isinstance(payments.refund(over), Declined)

        assert payments.find_refund(over.refund_id, payment_id) == Done(None)
        done(payments.refund(refund_order(payment_id, amount=Cents(1))))

    @optional(Capability.PARTIAL_REFUNDS)
    def test_each_part_is_found_by_our_id(self, payments: Payments, payment_id: str) -> None:
        orders = [refund_order(payment_id, amount=Cents(amount)) for amount in (300, 300, 400)]
        made = [done(payments.refund(order)) for order in orders]

        assert len({one.external_id for one in made}) == len(made)
        assert [done(payments.find_refund(order.refund_id, payment_id)) for order in orders] == made

    def test_an_unknown_payment_is_not_refunded(self, payments: Payments) -> None:
        assert isinstance(payments.refund(refund_order(fresh("pi"))), Declined)

    def test_a_refund_is_found_by_our_id(self, payments: Payments, payment_id: str) -> None:
        order = self.order(payment_id)
        made = done(payments.refund(order))

        assert done(payments.find_refund(order.refund_id, payment_id)) == made

    def test_a_refund_that_never_was_is_surely_none(
        self, payments: Payments, payment_id: str
    ) -> None:
        done(payments.refund(self.order(payment_id)))

        assert payments.find_refund(fresh("refund"), payment_id) == Done(None)

    def test_a_refund_is_told_by_the_id_of_the_processor(
        self, payments: Payments, payment_id: str
    ) -> None:
        made = done(payments.refund(self.order(payment_id)))

        assert done(payments.refund_view(made.external_id)) == made
        assert made.state is RefundState.TAKEN

    def test_an_unknown_refund_is_not_found(self, payments: Payments) -> None:
        assert payments.refund_view(fresh("re")) == Declined("not_found")

    @optional(Capability.LATE_FAILURES)
    def test_a_refund_that_failed_after_all_says_so(
        self, payments: Payments, payers_bank: PayersBank, payment_id: str
    ) -> None:
        made = done(payments.refund(self.order(payment_id)))

        payers_bank(made.external_id)

        failed = attrs.evolve(made, state=RefundState.FAILED)
        assert done(payments.refund_view(made.external_id)) == failed
        assert done(payments.find_refund(made.refund_id, payment_id)) == failed

    @optional(Capability.LATE_FAILURES)
    def test_what_failed_can_be_given_back_under_a_new_key(
        self, payments: Payments, payers_bank: PayersBank, payment_id: str
    ) -> None:
        order = refund_order(payment_id, amount=PRICE)
        failed = done(payments.refund(order))
        payers_bank(failed.external_id)

        made = done(payments.refund(attrs.evolve(order, key=fresh("key"))))

        assert made.external_id != failed.external_id
        assert made.state is RefundState.TAKEN
        assert done(payments.find_refund(order.refund_id, payment_id)) == made
