from __future__ import annotations

from collections.abc import Callable
from itertools import product

import attrs
import pytest

from reviewcore.domain.disputes import NEXT, Dispute, DisputeStatus, standing_of
from reviewcore.domain.errors import InvalidTransition
from reviewcore.domain.ids import AttemptId
from reviewcore.domain.money import Cents
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

OPEN, WON, LOST = DisputeStatus.OPEN, DisputeStatus.WON, DisputeStatus.LOST
VERBS: dict[DisputeStatus, Callable[[Dispute], Dispute]] = {
    WON: lambda it: it.win(Cents(495), START),
    LOST: lambda it: it.lose(START),
}


@pytest.mark.parametrize(("status", "wanted"), list(product(DisputeStatus, VERBS)))
def test_a_dispute_is_decided_once(status: DisputeStatus, wanted: DisputeStatus) -> None:
    dispute = make.a_dispute(status=status)

    if wanted in NEXT[status]:
        decided = VERBS[wanted](dispute)
        assert (decided.status, decided.closed_at, decided.is_open) == (wanted, START, False)
    else:
        with pytest.raises(InvalidTransition) as refusal:
            VERBS[wanted](dispute)
        told = {"entity": "Dispute", "status": status, "wanted": wanted}
        assert refusal.value.extras == told


def test_what_was_won_at_once_is_back_at_once() -> None:
    assert make.a_dispute().win(Cents(495), START).reinstated_amount == 495


def test_an_inquiry_takes_amount_and_fee_later_and_once() -> None:
    inquiry = make.a_dispute(amount=0, fee=0)

    dispute = inquiry.take(amount=Cents(495), fee=Cents(1500))

    assert (inquiry.is_inquiry, dispute.is_inquiry) == (True, False)
    assert dispute == attrs.evolve(inquiry, amount=Cents(495), fee=Cents(1500))
    assert not make.a_dispute(amount=0, fee=1).is_inquiry
    with pytest.raises(AssertionError):
        dispute.take(amount=Cents(495), fee=Cents(0))


def test_what_was_won_may_come_back_later_and_once() -> None:
    won = make.a_dispute(status=WON, reinstated_amount=0)

    paid = won.reinstate(Cents(495))

    assert (won.awaits_money, paid.awaits_money) == (True, False)
    assert paid.reinstated_amount == 495
    assert not make.a_dispute(status=LOST).awaits_money
    with pytest.raises(AssertionError):
        paid.reinstate(Cents(495))


@pytest.mark.parametrize(
    ("statuses", "standing"),
    [
        ((), None),
        ((WON,), None),
        ((OPEN,), OPEN),
        ((WON, OPEN), OPEN),
        ((OPEN, LOST, WON), LOST),
    ],
)
def test_one_lost_dispute_outweighs_the_others(
    statuses: tuple[DisputeStatus, ...], standing: DisputeStatus | None
) -> None:
    disputes = [make.a_dispute(attempt_id="co", status=status) for status in statuses]
    others = [make.a_dispute(status=status) for status in DisputeStatus]

    assert standing_of([*disputes, *others], attempt_id=AttemptId("co")) is standing
    assert standing_of(disputes, attempt_id=None) is None
