"""What every adapter of `Payments` keeps of checkout sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import attrs
import pytest

from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Declined, Done, Payments, SessionState, SessionView, Unknown
from reviewcore.testing.contracts.processor.orders import (
    PRICE,
    at_once,
    checkout_order,
    done,
    fresh,
)
from reviewcore.testing.contracts.processor.sides import Payer, PaymentsSide


class CheckoutPromises(PaymentsSide):
    """Sessions: opened once, told as they stand, closed for good."""

    def test_an_opened_checkout_can_be_paid_and_says_so(self, payments: Payments) -> None:
        order = checkout_order()

        opened = done(payments.open_checkout(order))

        assert opened.session_id
        assert opened.attempt_id == order.attempt_id
        assert opened.url.startswith("http")
        assert opened.state is SessionState.OPEN
        assert (opened.amount, opened.currency) == (order.amount, order.currency)
        assert (opened.payment_id, opened.fee) == (None, None)

    def test_a_session_ends_some_time(self, payments: Payments) -> None:
        opened = done(payments.open_checkout(checkout_order()))

        assert opened.expires_at.utcoffset() == timedelta(0)
        assert opened.expires_at > datetime(2020, 1, 1, tzinfo=UTC)

    def test_the_same_key_opens_one_session(self, payments: Payments) -> None:
        order = checkout_order()

        first = done(payments.open_checkout(order))
        again = done(payments.open_checkout(order))

        assert again == first

    def test_the_same_key_still_names_its_session_once_paid(
        self, payments: Payments, payer: Payer
    ) -> None:
        order = checkout_order()
        first = done(payments.open_checkout(order))
        payer(first.session_id, "pay")

        again = done(payments.open_checkout(order))

        assert again.session_id == first.session_id

    def test_a_key_is_not_for_another_checkout(self, payments: Payments) -> None:
        order = checkout_order()
        done(payments.open_checkout(order))

        answer = payments.open_checkout(attrs.evolve(order, amount=Cents(1)))

        assert isinstance(answer, Unknown)

    def test_one_key_at_once_opens_one_session(self, payments: Payments) -> None:
        order = checkout_order()

        opened = at_once(lambda: payments.open_checkout(order))

        assert len({view.session_id for view in opened}) == 1

    def test_other_keys_open_other_sessions(self, payments: Payments) -> None:
        first = done(payments.open_checkout(checkout_order()))
        second = done(payments.open_checkout(checkout_order()))

        assert first.session_id != second.session_id

    def test_a_session_is_told_as_it_was_opened(self, payments: Payments) -> None:
        opened = done(payments.open_checkout(checkout_order()))

        assert done(payments.session(opened.session_id)) == opened

    def test_an_unknown_session_is_not_found(self, payments: Payments) -> None:
        assert payments.session(fresh("cs")) == Declined("not_found")

    def test_a_paid_session_says_what_was_paid(self, paid: SessionView) -> None:
        assert paid.state is SessionState.PAID
        assert (paid.amount, paid.currency) == (PRICE, "usd")
        assert paid.payment_id
        assert paid.fee is None or 0 <= paid.fee < PRICE

    @pytest.mark.parametrize(
        ("outcome", "state"),
        [("decline", SessionState.FAILED), ("abandon", SessionState.EXPIRED)],
    )
    def test_an_unpaid_end_is_told_and_has_no_payment(
        self,
        payments: Payments,
        payer: Payer,
        outcome: Literal["decline", "abandon"],
        state: SessionState,
    ) -> None:
        opened = done(payments.open_checkout(checkout_order()))

        payer(opened.session_id, outcome)

        ended = done(payments.session(opened.session_id))
        assert ended.state is state
        assert (ended.payment_id, ended.fee) == (None, None)

    def test_a_session_is_found_by_our_id_as_it_stands(
        self, payments: Payments, paid: SessionView
    ) -> None:
        assert done(payments.find_session(paid.attempt_id)) == paid

    def test_a_session_that_never_was_is_surely_none(self, payments: Payments) -> None:
        assert payments.find_session(fresh("attempt")) == Done(None)

    def test_a_key_used_before_opens_no_other_session(self, payments: Payments) -> None:
        order = checkout_order()
        done(payments.open_checkout(order))
        other = attrs.evolve(order, attempt_id=fresh("attempt"))

        assert isinstance(payments.open_checkout(other), Unknown)

        assert payments.find_session(other.attempt_id) == Done(None)

    def test_an_open_session_is_closed(self, payments: Payments) -> None:
        opened = done(payments.open_checkout(checkout_order()))

        closed = done(payments.expire_session(opened.session_id))

        # Nobody can pay there any more, so the address may be forgotten.
        assert closed == attrs.evolve(opened, state=SessionState.EXPIRED, url=closed.url)
        assert done(payments.session(opened.session_id)) == closed

    def test_closing_again_tells_it_as_it_is(self, payments: Payments) -> None:
        opened = done(payments.open_checkout(checkout_order()))
        closed = done(payments.expire_session(opened.session_id))

        assert done(payments.expire_session(opened.session_id)) == closed

    def test_closing_a_paid_session_leaves_it_paid(
        self, payments: Payments, paid: SessionView
    ) -> None:
        assert done(payments.expire_session(paid.session_id)) == paid

    def test_closing_an_unknown_session_is_declined(self, payments: Payments) -> None:
        assert isinstance(payments.expire_session(fresh("cs")), Declined)

    def test_the_fee_of_a_payment_is_told_once_it_is_known(
        self, payments: Payments, paid: SessionView, payment_id: str
    ) -> None:
        fee = done(payments.fee(payment_id))

        assert fee is None or 0 <= fee < PRICE
        assert paid.fee in (None, fee)

    def test_an_unknown_payment_has_no_fee(self, payments: Payments) -> None:
        assert payments.fee(fresh("pi")) == Declined("not_found")
