"""What every adapter of `Payouts` keeps of transfers that come back."""

from __future__ import annotations

import attrs
import pytest

from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Declined, Payouts, TransferView, Unknown
from reviewcore.testing.contracts.base import Capability, optional
from reviewcore.testing.contracts.processor.orders import (
    at_once,
    done,
    fresh,
    reversal_order,
    transfer_order,
)
from reviewcore.testing.contracts.processor.sides import PayoutsSide


class ReversalPromises(PayoutsSide):
    """Reversals: taken once a key, never more than was sent, and told with their transfer."""

    @pytest.fixture
    def sent(self, payouts: Payouts, account_id: str) -> TransferView:
        """A transfer of $12.50 that was made."""
        return done(payouts.transfer(transfer_order(account_id)))

    @optional(Capability.REVERSALS)
    def test_a_reversal_says_what_came_back(self, payouts: Payouts, sent: TransferView) -> None:
        order = reversal_order(sent.external_id)
        before = done(payouts.available("usd"))

        back = done(payouts.reverse(order))

        assert back.external_id
        assert back.amount == order.amount
        assert done(payouts.available("usd")) == before + order.amount

    @optional(Capability.REVERSALS)
    def test_a_transfer_tells_all_that_came_back(
        self, payouts: Payouts, sent: TransferView
    ) -> None:
        amounts = (Cents(300), Cents(300), Cents(sent.amount - 600))

        back = [
            done(payouts.reverse(reversal_order(sent.external_id, amount=amount)))
            for amount in amounts
        ]

        told = done(payouts.transfer_view(sent.external_id))
        assert len({reversal.external_id for reversal in back}) == len(amounts)
        assert set(told.reversals) == set(back)
        assert attrs.evolve(told, reversals=()) == sent
        assert done(payouts.find_transfer(sent.payout_id)) == told

    @optional(Capability.REVERSALS)
    def test_the_same_key_takes_money_back_once(self, payouts: Payouts, sent: TransferView) -> None:
        order = reversal_order(sent.external_id)

        first = done(payouts.reverse(order))
        again = done(payouts.reverse(order))

        assert again == first
        assert done(payouts.transfer_view(sent.external_id)).reversals == (first,)

    @optional(Capability.REVERSALS)
    def test_one_key_at_once_takes_money_back_once(
        self, payouts: Payouts, sent: TransferView
    ) -> None:
        order = reversal_order(sent.external_id)

        back = at_once(lambda: payouts.reverse(order))

        assert len(set(back)) == 1
        assert done(payouts.transfer_view(sent.external_id)).reversals == (back[0],)

    @optional(Capability.REVERSALS)
    def test_a_key_is_not_for_another_reversal(self, payouts: Payouts, sent: TransferView) -> None:
        order = reversal_order(sent.external_id)
        first = done(payouts.reverse(order))

        answer = payouts.reverse(attrs.evolve(order, amount=Cents(1)))

        assert isinstance(answer, Unknown)
        assert done(payouts.transfer_view(sent.external_id)).reversals == (first,)

    @optional(Capability.REVERSALS)
    def test_no_more_comes_back_than_was_sent(self, payouts: Payouts, sent: TransferView) -> None:
        first = reversal_order(sent.external_id, amount=Cents(sent.amount - 1))
        back = done(payouts.reverse(first))

        answer = payouts.reverse(reversal_order(sent.external_id, amount=Cents(2)))

        assert isinstance(answer, Declined)
        assert done(payouts.transfer_view(sent.external_id)).reversals == (back,)

    def test_nothing_comes_back_of_an_unknown_transfer(self, payouts: Payouts) -> None:
        assert isinstance(payouts.reverse(reversal_order(fresh("tr"))), Declined)
