from __future__ import annotations

from collections.abc import Callable

import pytest

from reviewcore.domain.payments import PaymentStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.reviews import Review
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.usecases import RestrictReviewer, restrict_reviewer
from tests.unit.usecases.disputing import (
    FEE,
    LOST,
    applied,
    ask,
    dispute,
    lose,
    lost_slots,
    spent,
    states,
    win,
)
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    return World()


def in_every_state(world: World) -> tuple[Track, Review, Review, Review]:
    """A disputed track: a review counts, one is active, one is flagged, two slots are open."""
    world.reviewers(3)
    track = world.a_queued_track()
    counted, active, flagged = world.assign(track)
    world.deliver(counted)
    flagged = world.deliver(flagged)
    world.flag(flagged)
    return track, counted, active, flagged


def skip(world: World, review: Review) -> None:
    world.skip(review)


def report(world: World, review: Review) -> None:
    world.report(review)


def expire(world: World, review: Review) -> None:
    assert world.review(review).is_active
    world.wait(hours=48)
    world.work()


def restrict(world: World, review: Review) -> None:
    world.do(
        restrict_reviewer,
        RestrictReviewer(reviewer_id=review.reviewer_id, admin_id=ADMIN, reason="spam"),
    )


GIVE_UPS = pytest.mark.parametrize("give_up", [skip, report, expire, restrict])


# ── lost ─────────────────────────────────────────────────────────────────────────────────────


def test_a_track_that_nobody_heard_is_cancelled_and_nothing_goes_back(world: World) -> None:
    track = world.a_queued_track()
    external_id = dispute(world, applied(world, track))

    lost = lose(world, external_id)
    again = ask(world, external_id)

    assert lost == again
    ended = world.track(track)
    assert (ended.status, ended.dispute_status) == (TrackStatus.CANCELLED, LOST)
    assert (lost_slots(world, track), ended.slots_refunded) == (5, 5)
    assert world.refunds(track) == []
    assert world.payment(track).status is PaymentStatus.COMPLETED
    assert spent(world, track) == 495
    assert len(world.events("SlotLost")) == 5
    assert len(world.events("DisputeLost", "TrackCancelled")) == 2
    world.settle()
    assert world.balances() == {"processor": 44 + FEE, "fees": -44 - FEE}


def test_open_slots_end_and_all_others_run_on(world: World) -> None:
    track, counted, active, flagged = in_every_state(world)
    external_id = dispute(world, applied(world, track))
    assert states(world, track).count(SlotState.OPEN) == 3

    lose(world, external_id)

    found = states(world, track)
    assert found.count(SlotState.REFUNDED) == lost_slots(world, track) == 2
    assert found[counted.slot_number - 1] is SlotState.COUNTED
    assert found[active.slot_number - 1] is SlotState.ACTIVE
    assert found[flagged.slot_number - 1] is SlotState.HELD
    assert world.balance(f"deferred:{track.id}") == 2 * 99
    assert world.track(track).status is TrackStatus.IN_PROGRESS


@pytest.mark.parametrize("is_upheld", [False, True])
def test_a_held_slot_waits_for_its_flag_and_then_counts_or_is_lost(
    world: World, is_upheld: bool
) -> None:
    track, _, active, flagged = in_every_state(world)
    lose(world, dispute(world, applied(world, track)))
    world.deliver(active)

    judge = world.uphold if is_upheld else world.dismiss
    judge(world.flag_of(flagged))
    world.settle()

    assert lost_slots(world, track) == (3 if is_upheld else 2)
    assert world.review(flagged).counts_toward_completion is not is_upheld
    assert world.track(track).status is TrackStatus.COMPLETED
    assert world.refunds(track) == []
    assert world.balance(f"deferred:{track.id}") == 0


def test_a_flagged_review_counts_again_though_its_replacement_gave_up_after_the_loss(
    world: World,
) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    [flagged] = [world.deliver(review) for review in world.assign(track)]
    world.flag(flagged)
    world.a_reviewer()
    [replacement] = world.assign(track)
    lose(world, dispute(world, applied(world, track)))
    world.skip(replacement)
    assert states(world, track)[flagged.slot_number - 1] is SlotState.HELD

    world.dismiss(world.flag_of(flagged))

    assert world.review(flagged).counts_toward_completion
    assert world.track(track).status is TrackStatus.COMPLETED


def test_a_track_that_lost_its_dispute_can_still_be_cancelled_for_nothing(world: World) -> None:
    world.reviewers(2)
    track = world.a_queued_track()
    world.assign(track)
    lose(world, dispute(world, applied(world, track)))

    assert world.cancel(track).refunded_cents == 0

    assert lost_slots(world, track) == 5
    assert world.track(track).status is TrackStatus.CANCELLED


def test_a_track_that_lost_its_dispute_can_still_be_closed_for_nothing(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    [review] = world.assign(track)
    lose(world, dispute(world, applied(world, track)))

    assert world.close(track).refunded_cents == 0
    world.skip(review)

    assert lost_slots(world, track) == 5
    assert world.refunds(track) == []


# ── a slot opens while it is open ────────────────────────────────────────────────────────────


@GIVE_UPS
def test_a_slot_that_opens_once_a_dispute_is_lost_is_lost_too(
    world: World, give_up: Callable[[World, Review], None]
) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    [review] = world.assign(track)
    lose(world, dispute(world, applied(world, track)))
    assert lost_slots(world, track) == 4

    give_up(world, review)
    world.settle()

    assert lost_slots(world, track) == 5
    assert world.track(track).status is TrackStatus.CANCELLED
    assert spent(world, track) == 495
    assert world.refunds(track) == []


@GIVE_UPS
def test_a_slot_that_opens_while_a_dispute_is_open_waits_for_the_verdict(
    world: World, give_up: Callable[[World, Review], None]
) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    [review] = world.assign(track)
    external_id = dispute(world, applied(world, track))

    give_up(world, review)
    assert states(world, track) == [SlotState.OPEN] * 5
    win(world, external_id)

    assert world.track(track).assign_at == world.clock()


# ── completed and closed tracks ──────────────────────────────────────────────────────────────


def completed(world: World) -> tuple[Track, list[Review]]:
    world.reviewers(5)
    track = world.a_queued_track()
    return track, [world.deliver(review) for review in world.assign(track)]


def test_a_completed_track_stays_so_when_its_payment_is_lost(world: World) -> None:
    track, _ = completed(world)

    lose(world, dispute(world, applied(world, track)))
    world.settle()

    assert world.track(track).status is TrackStatus.COMPLETED
    assert (lost_slots(world, track), world.track(track).dispute_status) == (0, LOST)


@pytest.mark.parametrize("is_upheld", [False, True])
def test_a_flag_after_the_loss_holds_the_slot(world: World, is_upheld: bool) -> None:
    track, reviews = completed(world)
    lose(world, dispute(world, applied(world, track)))

    flag = world.flag(reviews[0])
    assert states(world, track)[reviews[0].slot_number - 1] is SlotState.HELD
    assert world.track(track).assign_at is None
    judge = world.uphold if is_upheld else world.dismiss
    judge(flag)

    assert world.track(track).status is TrackStatus.COMPLETED
    assert lost_slots(world, track) == int(is_upheld)
    assert world.balance(f"deferred:{track.id}") == 0


@pytest.mark.parametrize("is_upheld", [False, True])
def test_a_flag_during_a_dispute_opens_the_slot_for_whoever_comes_after_it(
    world: World, is_upheld: bool
) -> None:
    track, reviews = completed(world)
    external_id = dispute(world, applied(world, track))

    flag = world.flag(reviews[0])
    assert states(world, track)[reviews[0].slot_number - 1] is SlotState.OPEN
    judge = world.uphold if is_upheld else world.dismiss
    judge(flag)
    assert world.track(track).assign_at is None
    win(world, external_id)

    assert (world.track(track).assign_at is not None) == is_upheld


def closed_and_disputed(world: World) -> tuple[Track, Review, str]:
    """A closed track whose last review is active, and whose four refunds are disputed unsent."""
    world.reviewers(1)
    track = world.a_queued_track()
    [review] = world.assign(track)
    world.close(track)
    return track, review, dispute(world, applied(world, track))


def test_a_slot_of_a_closed_track_is_refunded_as_ever_but_its_refund_waits(world: World) -> None:
    track, review, external_id = closed_and_disputed(world)

    world.skip(review)
    world.settle()

    assert world.track(track).status is TrackStatus.CANCELLED
    assert [one.status for one in world.refunds(track)] == [RefundStatus.PENDING] * 2
    assert world.bank.refunded() == ()
    win(world, external_id)
    world.settle()
    assert world.payment(track).status is PaymentStatus.REFUNDED


def test_unsent_refunds_of_a_closed_track_are_dropped_with_a_lost_dispute(world: World) -> None:
    track, review, external_id = closed_and_disputed(world)
    world.work()

    lose(world, external_id)
    world.skip(review)
    world.settle()

    [refund] = world.refunds(track)
    assert (refund.status, refund.amount) == (RefundStatus.DROPPED, 4 * 99)
    assert lost_slots(world, track) == 1
    assert spent(world, track) == 99
    assert world.payment(track).refunded_amount == 0
    assert world.balances() == {"processor": 44 + FEE, "fees": -44 - FEE}
    assert len(world.events("RefundDropped")) == 1
