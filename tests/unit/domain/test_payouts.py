from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import attrs
import pytest

from reviewcore.domain.errors import (
    BelowMinimumPayout,
    DestinationRequired,
    InsufficientBalance,
    InvalidText,
    InvalidTransition,
    PayoutAccountNotReady,
    PayoutAccountTooNew,
    TooEarlyToResolve,
)
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import (
    NEXT,
    Payout,
    PayoutMethod,
    PayoutStatus,
    require_amount,
    require_destination,
    withdrawable,
)
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import MarketRules
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

RULES = MarketRules()
LATER = START + timedelta(minutes=5)
PENDING, PROCESSING, COMPLETED, FAILED = PayoutStatus
S = PayoutStatus

VERBS: dict[str, tuple[Callable[[Payout], Payout], dict[S, S]]] = {
    "send": (
        lambda it: it.send(LATER),
        {PENDING: PROCESSING, PROCESSING: PROCESSING},
    ),
    "complete": (
        lambda it: it.complete("tr_1", LATER),
        {PENDING: COMPLETED, PROCESSING: COMPLETED},
    ),
    "fail": (lambda it: it.fail("closed", LATER), {PENDING: FAILED, PROCESSING: FAILED}),
}


@pytest.mark.parametrize(("verb", "status"), list(product(VERBS, PayoutStatus)))
def test_a_payout_moves_as_the_table_says(verb: str, status: PayoutStatus) -> None:
    act, allowed = VERBS[verb]
    payout = make.a_payout(status=status)

    if status in allowed:
        assert act(payout).status is allowed[status]
    else:
        with pytest.raises(InvalidTransition) as refusal:
            act(payout)
        assert (refusal.value.entity, refusal.value.status) == ("Payout", status)


@pytest.mark.parametrize(("method", "status"), list(product(PayoutMethod, PayoutStatus)))
def test_an_administrator_settles_what_waits_and_is_not_automatic(
    method: PayoutMethod, status: PayoutStatus
) -> None:
    payout = attrs.evolve(make.a_payout(status=status), method=method)

    if status is PENDING and method is not PayoutMethod.STRIPE_CONNECT:
        settled = payout.settle(" ref 7 ", LATER)
        assert (settled.status, settled.reference) == (COMPLETED, "ref 7")
        assert settled.processed_at == LATER
    else:
        with pytest.raises(InvalidTransition):
            payout.settle("ref 7", LATER)


@pytest.mark.parametrize("reference", ["", "  ", "x" * 201, "a\nb"])
def test_a_settled_payout_needs_a_reference(reference: str) -> None:
    with pytest.raises(InvalidText):
        make.a_payout(method=PayoutMethod.PAYPAL).settle(reference, LATER)


def test_every_status_has_its_row_and_two_are_final() -> None:
    assert set(NEXT) == set(PayoutStatus)
    assert {status for status in S if make.a_payout(status=status).is_final} == {
        COMPLETED,
        FAILED,
    }


def test_a_transfer_is_sent_again_with_its_key_and_a_longer_pause() -> None:
    payout = make.a_payout()

    once = payout.send(START)
    twice = once.send(LATER)

    assert (twice.attempts, twice.sent_at, twice.key) == (2, START, payout.key)
    assert twice.next_attempt_at == LATER + timedelta(seconds=4)


def test_a_transfer_that_is_looked_for_stays_under_way() -> None:
    payout = make.a_payout(status=PROCESSING)

    looked = payout.look_up(LATER)

    assert (looked.status, looked.look_ups, looked.attempts) == (PROCESSING, 0, 1)
    assert looked.next_attempt_at == LATER + timedelta(seconds=2**11)
    assert looked.miss().look_ups == 1
    assert looked.miss().look_up(LATER).next_attempt_at == LATER + timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "found_as", "is_by"),
    [
        (PayoutStatus.COMPLETED, "tr_1", True),
        (PayoutStatus.COMPLETED, None, True),
        (PayoutStatus.COMPLETED, "tr_2", False),
        (PayoutStatus.PROCESSING, None, False),
    ],
)
def test_a_payout_has_left_by_its_transfer_or_by_one_that_a_person_found(
    status: PayoutStatus, found_as: str | None, is_by: bool
) -> None:
    payout: Payout = make.a_payout(status=PROCESSING)

    assert attrs.evolve(payout, status=status, external_id=found_as).is_by("tr_1") is is_by


def test_a_payout_that_is_refused_for_now_goes_out_under_a_new_key() -> None:
    sent = make.a_payout(id="po", status=PROCESSING, leased_until=LATER).miss()

    parked = sent.park("no money", LATER)
    again = parked.send(LATER).park("no money", LATER)

    assert (parked.status, parked.number, parked.key) == (PENDING, 2, "wd:po:a2")
    assert (parked.sent_at, parked.look_ups, parked.leased_until) == (None, 0, None)
    assert parked.failure_reason == "no money"
    assert parked.next_attempt_at == LATER + timedelta(minutes=1)
    assert (again.number, again.key) == (3, "wd:po:a3")
    assert again.next_attempt_at == LATER + timedelta(minutes=2)


@pytest.mark.parametrize("look_ups", [0, 1, 2, 3])
@pytest.mark.parametrize("early", [timedelta(0), timedelta(microseconds=1)])
def test_only_two_look_ups_and_a_day_after_the_last_sending_leave_it_to_a_person(
    look_ups: int, early: timedelta
) -> None:
    payout = make.a_payout(status=PROCESSING, sent_at=START, look_ups=look_ups)
    resolvable_at = START + timedelta(hours=23 + 24)

    if look_ups >= 2 and not early:
        payout.require_resolvable(resolvable_at - early)
    else:
        with pytest.raises(TooEarlyToResolve) as refusal:
            payout.require_resolvable(resolvable_at - early)
        assert refusal.value.resolvable_at == resolvable_at


def test_a_refusal_names_the_payout_and_where_it_stands() -> None:
    done = make.a_payout(status=COMPLETED)

    for act in (
        lambda: done.require_resolvable(LATER),
        lambda: done.settle("ref-1", LATER),
        lambda: done.complete("tr_1", LATER),
    ):
        with pytest.raises(InvalidTransition) as refusal:
            act()
        assert (refusal.value.entity, refusal.value.status) == ("Payout", COMPLETED)
        assert refusal.value.wanted == COMPLETED


def test_a_reference_that_cannot_be_is_named() -> None:
    by_hand = make.a_payout(method=PayoutMethod.MANUAL, destination="sam@example.com")

    assert by_hand.settle("r" * 200, LATER).reference == "r" * 200
    for wrong in ("", "r" * 201):
        with pytest.raises(InvalidText) as refusal:
            by_hand.settle(wrong, LATER)
        assert refusal.value.field == "reference"


def test_a_payout_that_ended_is_left_alone() -> None:
    done = make.a_payout(status=PROCESSING).complete("tr_1", LATER)
    refused = make.a_payout(status=PROCESSING).fail("closed", LATER)

    assert (done.external_id, done.processed_at, done.next_attempt_at) == ("tr_1", LATER, None)
    assert (refused.failure_reason, refused.next_attempt_at) == ("closed", None)
    assert refused.processed_at == LATER


def test_no_more_comes_back_than_had_left() -> None:
    done = make.a_payout(amount=100, status=COMPLETED)

    back = done.reverse(Cents(60)).reverse(Cents(40))

    assert back.reversed_amount == 100
    with pytest.raises(AssertionError):
        back.reverse(Cents(1))


# ── how much, and where to ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("balance", "held", "expected"), [(1000, 0, 1000), (1000, 50, 950), (50, 100, 0), (-50, 0, 0)]
)
def test_what_is_held_cannot_be_withdrawn(balance: int, held: int, expected: int) -> None:
    reviewer = make.a_reviewer(pending_balance=balance)

    assert withdrawable(reviewer, held=Cents(held)) == expected


def test_all_that_is_available_is_withdrawn_unless_said_otherwise() -> None:
    assert require_amount(None, available=Cents(1234), rules=RULES) == 1234
    assert require_amount(Cents(1000), available=Cents(1234), rules=RULES) == 1000
    assert require_amount(Cents(1234), available=Cents(1234), rules=RULES) == 1234


@pytest.mark.parametrize("amount", [None, 999, 0, -1000])
def test_less_than_the_minimum_is_refused(amount: int | None) -> None:
    wanted = None if amount is None else Cents(amount)

    with pytest.raises(BelowMinimumPayout) as refusal:
        require_amount(wanted, available=Cents(999), rules=RULES)

    assert refusal.value.minimum_cents == 1000


def test_more_than_is_available_is_refused() -> None:
    with pytest.raises(InsufficientBalance) as refusal:
        require_amount(Cents(1001), available=Cents(1000), rules=RULES)

    assert refusal.value.withdrawable_cents == 1000


def connected(**changes: object) -> ReviewerProfile:
    return make.a_reviewer(
        **{
            "stripe_account_id": "acct_1",
            "payout_account_changed_at": START,
            "payout_account_ready": True,
            **changes,
        }
    )


def destination_at(reviewer: ReviewerProfile, days: float) -> str:
    return require_destination(
        reviewer,
        PayoutMethod.STRIPE_CONNECT,
        None,
        rules=RULES,
        at=START + timedelta(days=days),
    )


def test_a_ready_account_is_paid_to_from_the_seventh_day_on() -> None:
    with pytest.raises(PayoutAccountTooNew) as refusal:
        destination_at(connected(), 6.99)

    assert destination_at(connected(), 7) == "acct_1"
    assert refusal.value.payable_at == START + timedelta(days=7)


@pytest.mark.parametrize(
    "changes",
    [
        {"payout_account_ready": False},
        {"stripe_account_id": None, "payout_account_ready": False},
    ],
)
def test_an_account_that_cannot_be_paid_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(PayoutAccountNotReady):
        destination_at(connected(**changes), 8)


@pytest.mark.parametrize("method", [PayoutMethod.PAYPAL, PayoutMethod.MANUAL])
def test_other_methods_go_to_a_destination(method: PayoutMethod) -> None:
    told = require_destination(make.a_reviewer(), method, " a@b.example ", rules=RULES, at=START)

    assert told == "a@b.example"


@pytest.mark.parametrize("method", [PayoutMethod.PAYPAL, PayoutMethod.MANUAL])
@pytest.mark.parametrize("destination", [None, "", "  "])
def test_other_methods_need_a_destination(method: PayoutMethod, destination: str | None) -> None:
    with pytest.raises(DestinationRequired) as refusal:
        require_destination(make.a_reviewer(), method, destination, rules=RULES, at=START)

    assert refusal.value.method == method


@pytest.mark.parametrize("destination", ["ab", "x" * 255, "a@b\nc"])
def test_a_destination_is_one_line_of_3_to_254_characters(destination: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        require_destination(
            make.a_reviewer(), PayoutMethod.PAYPAL, destination, rules=RULES, at=START
        )
    assert refusal.value.field == "destination"


@pytest.mark.parametrize("destination", ["a@b", "x" * 254])
def test_the_shortest_and_the_longest_destination_serve(destination: str) -> None:
    told = require_destination(
        make.a_reviewer(), PayoutMethod.PAYPAL, destination, rules=RULES, at=START
    )

    assert told == destination
