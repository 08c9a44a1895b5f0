from __future__ import annotations

import pytest

from reviewcore.adapters.sandbox import DISPUTE_FEE, MoreThanIsLeft, SandboxBank
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.errors import EntityNotFound, InvalidTransition
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Declined
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts.processor.orders import (
    checkout_order,
    done,
    refund_order,
)
from tests.unit.sandbox import balance, pay


@pytest.fixture
def bank() -> SandboxBank:
    return SandboxBank(clock=ManualClock())


@pytest.fixture
def payment_id(bank: SandboxBank) -> str:
    return pay(bank, checkout_order(amount=Cents(1000)))


def test_a_dispute_takes_its_amount_and_a_fee(bank: SandboxBank, payment_id: str) -> None:
    before = balance(bank)

    external_id = bank.open_dispute(payment_id, Cents(400))

    assert external_id.startswith("dp_")
    assert balance(bank) == before - 400 - DISPUTE_FEE
    assert DISPUTE_FEE == 1500


def test_a_dispute_that_was_won_gives_back_all_but_the_fee(
    bank: SandboxBank, payment_id: str
) -> None:
    before = balance(bank)
    external_id = bank.open_dispute(payment_id)

    bank.win_dispute(external_id)
    bank.win_dispute(external_id)

    assert balance(bank) == before - DISPUTE_FEE
    assert done(bank.dispute(external_id)).reinstated == 1000


def test_a_dispute_that_was_lost_gives_back_nothing(bank: SandboxBank, payment_id: str) -> None:
    before = balance(bank)
    external_id = bank.open_dispute(payment_id)

    bank.lose_dispute(external_id)
    bank.lose_dispute(external_id)

    assert balance(bank) == before - 1000 - DISPUTE_FEE


def test_a_verdict_is_final(bank: SandboxBank) -> None:
    won, lost = (bank.open_dispute(pay(bank)) for _ in range(2))
    bank.win_dispute(won)
    bank.lose_dispute(lost)

    with pytest.raises(InvalidTransition):
        bank.lose_dispute(won)
    with pytest.raises(InvalidTransition):
        bank.win_dispute(lost)

    assert [dispute.status for dispute in bank.disputed()] == [
        DisputeStatus.WON,
        DisputeStatus.LOST,
    ]


def test_an_open_dispute_is_not_opened_again(bank: SandboxBank, payment_id: str) -> None:
    first = bank.open_dispute(payment_id, Cents(400))

    assert bank.open_dispute(payment_id) == first

    assert [dispute.amount for dispute in bank.disputed()] == [400]


def test_no_more_is_disputed_than_the_payer_has_not_got_back(
    bank: SandboxBank, payment_id: str
) -> None:
    done(bank.refund(refund_order(payment_id, amount=Cents(300))))
    bank.lose_dispute(bank.open_dispute(payment_id, Cents(200)))

    with pytest.raises(MoreThanIsLeft, match="501 cents were asked for, and 500 are left"):
        bank.open_dispute(payment_id, Cents(501))
    rest = bank.open_dispute(payment_id)

    assert done(bank.dispute(rest)).amount == 500


def test_what_was_won_can_be_disputed_again(bank: SandboxBank, payment_id: str) -> None:
    first = bank.open_dispute(payment_id)
    bank.win_dispute(first)

    second = bank.open_dispute(payment_id)

    assert second != first
    assert done(bank.dispute(second)).amount == 1000


def test_nothing_cannot_be_disputed(bank: SandboxBank, payment_id: str) -> None:
    done(bank.refund(refund_order(payment_id, amount=Cents(1000))))

    with pytest.raises(MoreThanIsLeft):
        bank.open_dispute(payment_id)

    assert bank.disputed() == ()


def test_what_is_not_there_is_neither_disputed_nor_decided(bank: SandboxBank) -> None:
    for play in (bank.open_dispute, bank.win_dispute, bank.lose_dispute):
        with pytest.raises(EntityNotFound):
            play("unknown")


def test_a_disputed_payment_is_not_refunded_under_the_same_key_ever(
    bank: SandboxBank, payment_id: str
) -> None:
    order = refund_order(payment_id)
    external_id = bank.open_dispute(payment_id)
    first = bank.refund(order)
    bank.win_dispute(external_id)

    assert bank.refund(order) == first == Declined("charge_disputed", is_passing=True)


def test_a_part_that_was_lost_leaves_the_rest_to_be_refunded(
    bank: SandboxBank, payment_id: str
) -> None:
    bank.lose_dispute(bank.open_dispute(payment_id, Cents(400)))

    over = bank.refund(refund_order(payment_id, amount=Cents(601)))
    rest = bank.refund(refund_order(payment_id, amount=Cents(600)))

    assert over == Declined("over_refund")
    assert done(rest).amount == 600
