"""Refunds that the processor cannot make, by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from reviewcore.domain.errors import InvalidText, InvalidTransition, TooEarlyToResolve
from reviewcore.domain.refunds import OWED, Refund, RefundStatus
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

LATER = START + timedelta(minutes=5)
LATE = START + timedelta(days=3)

R = RefundStatus


def looked_for(refund: Refund) -> Refund:
    """Have it looked for in vain as often as it takes to be called absent."""
    return refund.miss().miss()


def test_a_settled_refund_says_how_and_when_and_is_nobodys_work_any_more() -> None:
    refund = looked_for(make.a_refund(status=R.PROCESSING, sent_at=START, leased_until=LATE))

    settled = refund.settle(" transfer 7 ", LATE)

    assert (settled.reference, settled.ended_at) == ("transfer 7", LATE)
    assert (settled.next_attempt_at, settled.leased_until) == (None, None)
    assert settled.is_final
    assert settled.is_paid_back
    assert settled.external_id is None


@pytest.mark.parametrize("end", [lambda it, at: it.settle("x", at), lambda it, at: it.drop(at)])
@pytest.mark.parametrize(("looks", "hours"), [(1, 99), (2, 46), (0, 0)])
def test_what_may_have_been_made_is_not_ended_otherwise(
    looks: int, hours: int, end: Callable[[Refund, datetime], Refund]
) -> None:
    sent = make.a_refund(status=R.PROCESSING, sent_at=START, look_ups=looks)
    at = START + timedelta(hours=hours)

    with pytest.raises(TooEarlyToResolve) as told:
        end(sent, at)

    assert told.value.resolvable_at == START + timedelta(hours=47)
    assert not sent.is_absent(at)
    assert looked_for(sent).is_absent(START + timedelta(hours=47))


def test_look_ups_are_those_of_a_key() -> None:
    sent = looked_for(make.a_refund(status=R.PROCESSING))

    assert sent.park("balance_insufficient", LATER).look_ups == 0


def test_a_doubled_refund_is_what_it_was_once_the_other_came_back() -> None:
    settled, dropped = make.a_refund(status=R.SETTLED), make.a_refund(status=R.DROPPED)

    for refund in (settled, dropped):
        doubled = refund.double("re_2")
        assert (doubled.status, doubled.duplicate_id) == (R.DOUBLED, "re_2")
        assert doubled.knows("re_2")
        single = doubled.undouble()
        assert single.status is refund.status
        assert single.knows("re_2"), "for an older answer may come yet"
        with pytest.raises(InvalidTransition) as refusal:
            single.double("re_3")
        told = {"entity": "Refund", "status": single.status, "wanted": R.DOUBLED}
        assert refusal.value.extras == told


@pytest.mark.parametrize("status", [status for status in R if status is not R.DOUBLED])
def test_only_a_doubled_refund_is_undoubled(status: R) -> None:
    with pytest.raises(InvalidTransition) as refusal:
        make.a_refund(status=status).undouble()

    before = R.SETTLED if status is R.SETTLED else R.DROPPED
    assert refusal.value.extras == {"entity": "Refund", "status": status, "wanted": before}


def test_what_is_doubled_is_ended_by_nobody() -> None:
    doubled = make.a_refund(status=R.DOUBLED)

    with pytest.raises(InvalidTransition):
        doubled.settle("x", LATE)
    with pytest.raises(InvalidTransition):
        doubled.drop(LATE)


def test_a_refund_is_paid_back_by_the_processor_or_by_hand() -> None:
    paid = {status for status in R if make.a_refund(status=status).is_paid_back}

    assert paid == {R.COMPLETED, R.SETTLED, R.DOUBLED}
    assert not make.a_refund(status=R.DOUBLED, reference=None).is_paid_back
    assert R.COMPLETED not in OWED
    assert {R.PENDING, R.PROCESSING, R.FAILED, R.RETURNED} == OWED


@pytest.mark.parametrize("reference", [" ", "x" * 201, "a\nb"])
def test_the_proof_of_a_settled_refund_is_one_line_of_1_to_200_characters(reference: str) -> None:
    refund = looked_for(make.a_refund(status=R.PROCESSING, sent_at=START))

    with pytest.raises(InvalidText) as refusal:
        refund.settle(reference, LATE)

    assert refusal.value.field == "reference"
    assert refund.settle("x" * 200, LATE).reference == "x" * 200
