"""The money table, row by row, from the use case to the postings."""

from __future__ import annotations

import pytest

from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviews import Review
from reviewcore.domain.tracks import Track
from reviewcore.testing.faults import Fault, FaultyPayouts
from reviewcore.usecases import SendPayout, SettlePayout, send_payout, settle_payout
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    return World(minimum_payout_cents=50)


def paid_review(world: World) -> tuple[Track, Review]:
    world.a_reviewer()
    track = world.a_queued_track()
    return track, world.deliver(world.assign(track)[0])


def free_review(world: World) -> tuple[Track, Review]:
    world.a_reviewer()
    track = world.a_free_track()
    return track, world.deliver(world.assign(track)[0])


def test_payment_applied_and_fee_known(world: World) -> None:
    track = world.a_queued_track()

    assert world.postings("PAYMENT_APPLIED") == [{"processor": -495, f"deferred:{track.id}": 495}]
    assert world.postings("FEE_KNOWN") == [{"fees": -44, "processor": 44}]


def test_money_that_cannot_be_applied(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.cancel(track)
    world.pay(attempt)

    world.work()

    [refund] = world.refunds(track)
    assert world.postings("PAYMENT_NOT_APPLIED") == [
        {"processor": -495, f"unapplied:{attempt.id}": 495}
    ]
    assert world.postings("FEE_KNOWN") == [{"fees": -44, "processor": 44}]
    assert world.postings("REFUND_INTENDED") == [
        {f"unapplied:{attempt.id}": -495, f"refunding:{refund.id}": 495}
    ]
    assert world.postings("REFUND_COMPLETED") == [
        {f"refunding:{refund.id}": -495, "processor": 495}
    ]


def test_review_completed(world: World) -> None:
    track, review = paid_review(world)

    assert world.postings("REVIEW_COMPLETED") == [
        {f"deferred:{track.id}": -99, f"payable:{review.reviewer_id}": 50, "revenue": 49}
    ]


def test_review_of_a_free_track_completed(world: World) -> None:
    _, review = free_review(world)

    assert world.postings("REVIEW_COMPLETED") == [
        {"promotion": -50, f"payable:{review.reviewer_id}": 50}
    ]


def test_flag_opens_the_slot(world: World) -> None:
    track, review = paid_review(world)

    world.flag(review)

    assert world.postings("FLAG_OPENED") == [
        {"revenue": -49, "losses": -50, f"deferred:{track.id}": 99}
    ]


def test_flag_opens_the_slot_of_a_free_track(world: World) -> None:
    _, review = free_review(world)

    world.flag(review)

    assert world.postings("FLAG_OPENED") == [{"losses": -50, "promotion": 50}]


@pytest.mark.parametrize("deliver", [paid_review, free_review])
def test_flag_upheld(world: World, deliver: object) -> None:
    _, review = paid_review(world) if deliver is paid_review else free_review(world)

    world.uphold(world.flag(review))

    assert world.postings("FLAG_UPHELD") == [{f"payable:{review.reviewer_id}": -50, "losses": 50}]


def test_flag_dismissed_and_counting_again(world: World) -> None:
    track, review = paid_review(world)

    world.dismiss(world.flag(review))

    assert world.postings("FLAG_DISMISSED") == [
        {"revenue": 49, "losses": 50, f"deferred:{track.id}": -99}
    ]


def test_flag_of_a_free_track_dismissed_and_counting_again(world: World) -> None:
    _, review = free_review(world)

    world.dismiss(world.flag(review))

    assert world.postings("FLAG_DISMISSED") == [{"losses": 50, "promotion": -50}]


def test_flag_dismissed_and_not_counting(world: World) -> None:
    track, review = paid_review(world)
    flag = world.flag(review)
    world.reviewers(5)
    world.assign(track)

    world.dismiss(flag)

    assert world.postings("FLAG_DISMISSED") == []
    assert world.balance("losses") == -50


def test_refund_intended_and_done(world: World) -> None:
    track, _ = paid_review(world)

    world.close(track)
    world.work()

    [refund] = world.refunds(track)
    assert world.postings("REFUND_INTENDED") == [
        {f"deferred:{track.id}": -396, f"refunding:{refund.id}": 396}
    ]
    assert world.postings("REFUND_COMPLETED") == [
        {f"refunding:{refund.id}": -396, "processor": 396}
    ]


def test_free_slots_are_refunded_without_an_entry(world: World) -> None:
    world.close(world.a_free_track())

    assert world.balances() == {}
    assert world.postings("REFUND_INTENDED") == []


def test_withdraw_and_done(world: World) -> None:
    _, review = paid_review(world)
    reviewer = world.connect(world.reviewer_of(review))
    world.wait(days=7)

    payout = world.withdraw(reviewer)
    world.work()

    assert world.postings("PAYOUT_REQUESTED") == [
        {f"payable:{reviewer.id}": -50, f"in_transit:{payout.id}": 50}
    ]
    assert world.postings("PAYOUT_COMPLETED") == [{f"in_transit:{payout.id}": -50, "processor": 50}]


@pytest.mark.parametrize("method", [PayoutMethod.PAYPAL, PayoutMethod.MANUAL])
def test_withdraw_and_done_by_hand(world: World, method: PayoutMethod) -> None:
    _, review = paid_review(world)
    payout = world.withdraw(
        world.reviewer_of(review), method=method, destination="rev@paypal.example"
    )

    world.do(settle_payout, SettlePayout(payout_id=payout.id, admin_id=ADMIN, reference="r"))

    assert world.postings("PAYOUT_COMPLETED") == [{f"in_transit:{payout.id}": -50, "bank": 50}]


def test_withdraw_and_refused(world: World) -> None:
    _, review = paid_review(world)
    reviewer = world.connect(world.reviewer_of(review))
    world.wait(days=7)
    payout = world.withdraw(reviewer)
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.DECLINED]))

    world.drive(send_payout, SendPayout(payout_id=payout.id))

    assert world.postings("PAYOUT_FAILED") == [
        {f"in_transit:{payout.id}": -50, f"payable:{reviewer.id}": 50}
    ]


def test_a_cancelled_unpaid_track_and_a_failed_attempt_leave_no_entry(world: World) -> None:
    track = world.checked_out(world.a_track())
    world.open_session(track)
    world.cancel(track)

    world.settle()

    assert world.balances() == {}
