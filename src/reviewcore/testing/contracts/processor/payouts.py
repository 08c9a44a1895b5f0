"""What every adapter of `Payouts` keeps."""

from __future__ import annotations

from typing import Literal

import attrs
import pytest

from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Declined, Done, Payouts, Unknown
from reviewcore.testing.contracts.base import Capability, optional
from reviewcore.testing.contracts.processor.orders import (
    account_order,
    at_once,
    done,
    fresh,
    transfer_order,
)
from reviewcore.testing.contracts.processor.reversals import ReversalPromises
from reviewcore.testing.contracts.processor.sides import Payee


class PayoutsContract(ReversalPromises):
    """What every adapter of `Payouts` keeps; supply what `PayoutsSide` asks for.

    To be claimed: REVERSALS, when money of a transfer can be taken back (without them `reverse`
    declines); DASHBOARDS, when payees have a page to look at their account.
    """

    CONTRACT_VERSION = "1.0"

    def test_a_new_account_cannot_be_paid_yet(self, payouts: Payouts) -> None:
        opened = done(payouts.open_account(account_order()))

        assert opened.account_id
        assert not opened.ready
        assert done(payouts.account(opened.account_id)) == opened

    def test_the_same_key_opens_one_account(self, payouts: Payouts) -> None:
        order = account_order()

        first = done(payouts.open_account(order))
        again = done(payouts.open_account(order))

        assert again.account_id == first.account_id

    def test_one_key_at_once_opens_one_account(self, payouts: Payouts) -> None:
        order = account_order()

        opened = at_once(lambda: payouts.open_account(order))

        assert len({view.account_id for view in opened}) == 1

    def test_a_completed_account_is_ready(self, payouts: Payouts, account_id: str) -> None:
        assert done(payouts.account(account_id)).ready

    def test_a_refused_account_is_not_ready(self, payouts: Payouts, payee: Payee) -> None:
        opened = done(payouts.open_account(account_order()))

        payee(opened.account_id, "refuse")

        assert not done(payouts.account(opened.account_id)).ready

    def test_an_unknown_account_is_declined(self, payouts: Payouts) -> None:
        unknown = fresh("acct")

        assert isinstance(payouts.account(unknown), Declined)
        assert isinstance(payouts.account_link(unknown, return_url="http://a.test/"), Declined)
        assert isinstance(payouts.dashboard_link(unknown), Declined)
        assert isinstance(payouts.transfer(transfer_order(unknown)), Declined)

    def test_the_payee_gets_a_page_to_complete_the_account(self, payouts: Payouts) -> None:
        opened = done(payouts.open_account(account_order()))

        url = done(payouts.account_link(opened.account_id, return_url="http://a.test/back"))

        assert url.startswith("http")

    @optional(Capability.DASHBOARDS)
    def test_the_payee_gets_a_page_to_look_at_the_account(
        self, payouts: Payouts, account_id: str
    ) -> None:
        assert done(payouts.dashboard_link(account_id)).startswith("http")

    def test_a_transfer_says_what_was_paid(self, payouts: Payouts, account_id: str) -> None:
        order = transfer_order(account_id)

        paid = done(payouts.transfer(order))

        assert paid.external_id
        assert (paid.payout_id, paid.amount) == (order.payout_id, order.amount)

    def test_the_same_key_pays_once(self, payouts: Payouts, account_id: str) -> None:
        order = transfer_order(account_id)

        before = done(payouts.available("usd"))

        first = done(payouts.transfer(order))
        again = done(payouts.transfer(order))

        assert again == first
        assert done(payouts.available("usd")) == before - order.amount

    def test_one_key_at_once_pays_once(self, payouts: Payouts, account_id: str) -> None:
        order = transfer_order(account_id)
        before = done(payouts.available("usd"))

        paid = at_once(lambda: payouts.transfer(order))

        assert len(set(paid)) == 1
        assert done(payouts.available("usd")) == before - order.amount
        assert done(payouts.find_transfer(order.payout_id)) == paid[0]

    def test_a_key_is_not_for_another_transfer(self, payouts: Payouts, account_id: str) -> None:
        order = transfer_order(account_id)
        first = done(payouts.transfer(order))

        answer = payouts.transfer(attrs.evolve(order, amount=Cents(1)))

        assert isinstance(answer, Unknown)
        assert done(payouts.find_transfer(order.payout_id)) == first

    @pytest.mark.parametrize("outcome", [None, "refuse"])
    def test_an_account_that_is_not_ready_is_not_paid(
        self, payouts: Payouts, payee: Payee, outcome: Literal["refuse"] | None
    ) -> None:
        opened = done(payouts.open_account(account_order()))
        if outcome is not None:
            payee(opened.account_id, outcome)
        order = transfer_order(opened.account_id)

        assert isinstance(payouts.transfer(order), Declined)

        assert payouts.find_transfer(order.payout_id) == Done(None)

    def test_a_transfer_is_found_by_our_id(self, payouts: Payouts, account_id: str) -> None:
        done(payouts.transfer(transfer_order(account_id)))
        order = transfer_order(account_id)
        made = done(payouts.transfer(order))

        assert done(payouts.find_transfer(order.payout_id)) == made

    def test_a_transfer_that_never_was_is_not_found(self, payouts: Payouts) -> None:
        assert payouts.find_transfer(fresh("payout")) == Done(None)

    def test_a_transfer_is_told_by_the_id_of_the_processor(
        self, payouts: Payouts, account_id: str
    ) -> None:
        made = done(payouts.transfer(transfer_order(account_id)))

        assert done(payouts.transfer_view(made.external_id)) == made
        assert made.reversals == ()

    def test_an_unknown_transfer_is_not_found(self, payouts: Payouts) -> None:
        assert payouts.transfer_view(fresh("tr")) == Declined("not_found")

    def test_a_transfer_leaves_less_to_pay_out(self, payouts: Payouts, account_id: str) -> None:
        order = transfer_order(account_id)
        before = done(payouts.available("usd"))

        done(payouts.transfer(order))

        assert done(payouts.available("usd")) == before - order.amount

    def test_more_than_is_there_is_lent_or_declined_for_now(
        self, payouts: Payouts, account_id: str
    ) -> None:
        before = done(payouts.available("usd"))
        order = transfer_order(account_id, amount=Cents(max(before, 0) + 1))

        answer = payouts.transfer(order)

        after = done(payouts.available("usd"))
        if isinstance(answer, Done):
            assert after == before - order.amount
        else:
            assert isinstance(answer, Declined)
            assert answer.is_passing
            assert after == before
            assert payouts.find_transfer(order.payout_id) == Done(None)
