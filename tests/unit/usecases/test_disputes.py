from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import attrs
import pytest

from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.errors import TrackDisputed
from reviewcore.domain.ids import SYSTEM, ArtistId
from reviewcore.domain.matching import Rejection
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.payments import CheckoutAttempt, PaymentStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.usecases import (
    CancelTrack,
    CloseTrack,
    PlanAssignment,
    cancel_track,
    close_track,
    plan_assignment,
)
from tests.unit.usecases.disputing import (
    FEE,
    LOST,
    OPEN,
    WON,
    applied,
    ask,
    dispute,
    follow,
    lose,
    lost_slots,
    spent,
    states,
    view_of,
    win,
)
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    return World()


def disputed(world: World) -> tuple[Track, str]:
    """A queued track of five open slots whose payer disputes all of it."""
    track = world.a_queued_track()
    return track, dispute(world, applied(world, track))


# ── while it is open ─────────────────────────────────────────────────────────────────────────


def test_a_dispute_takes_money_and_fee_from_the_balance_and_is_told_once(world: World) -> None:
    track, external_id = disputed(world)
    opened = ask(world, external_id)

    assert (opened.status, opened.amount, opened.fee) == (OPEN, 495, FEE)
    assert world.balance("losses") == -495
    assert world.balance("fees") == -44 - FEE
    assert world.balance(f"deferred:{track.id}") == 495
    assert len(world.events("DisputeOpened")) == 1
    assert spent(world, track) == 495
    world.settle()


def test_nobody_is_assigned_while_the_payment_is_disputed(world: World) -> None:
    reviewer = world.a_reviewer()
    track, _ = disputed(world)

    world.work()

    assert world.track(track).assign_at is None
    assert world.reviews(track) == []
    plan = world.app.ask(plan_assignment, PlanAssignment(track_id=track.id))
    assert plan.open_slots == 0
    assert [(line.reviewer_id, line.reason) for line in plan.verdicts] == [
        (reviewer.id, Rejection.TRACK_DISPUTED)
    ]


def test_a_disputed_track_is_neither_cancelled_nor_closed_by_anybody(world: World) -> None:
    track, _ = disputed(world)
    world.wait(days=60)

    for act in (
        CancelTrack(track_id=track.id, artist_id=track.artist_id),
        CancelTrack(track_id=track.id, admin_id=ADMIN, reason="stolen"),
    ):
        with pytest.raises(TrackDisputed):
            world.do(cancel_track, act)
    for close in (
        CloseTrack(track_id=track.id, artist_id=track.artist_id),
        CloseTrack(track_id=track.id, artist_id=ArtistId(SYSTEM)),
        CloseTrack(track_id=track.id, admin_id=ADMIN, reason="asked to"),
    ):
        with pytest.raises(TrackDisputed):
            world.do(close_track, close)

    assert world.events("TrackClosed", "TrackCancelled") == []
    acts = {event.payload["act"] for event in world.events("AdminActed")}
    assert acts.isdisjoint({"cancel_track", "close_track"})


@pytest.mark.parametrize("verdict", [win, lose])
def test_the_markets_close_waits_for_the_verdict(
    world: World, verdict: Callable[[World, str], Dispute]
) -> None:
    track, external_id = disputed(world)
    world.wait(days=29)
    world.work()
    assert world.track(track).is_live
    assert not world.look(lambda tx: tx.tracks.overdue(world.clock(), limit=9))

    verdict(world, external_id)
    world.settle()

    assert world.track(track).status is TrackStatus.CANCELLED
    assert (world.payment(track).status is PaymentStatus.REFUNDED) == (verdict is win)


def test_active_reviews_finish_and_are_paid_and_their_slots_open_unassigned(world: World) -> None:
    world.reviewers(2)
    track = world.a_queued_track()
    first, second = world.assign(track)
    external_id = dispute(world, applied(world, track))

    world.deliver(first)
    world.skip(second)
    world.a_reviewer()
    world.work()

    assert world.reviewer_of(first).pending_balance == 50
    assert states(world, track).count(SlotState.OPEN) == 4
    assert not any(one.is_active for one in world.reviews(track))
    win(world, external_id)
    world.work()
    assert sum(one.is_active for one in world.reviews(track)) == 1


def test_what_is_disputed_does_not_concern_a_track_that_others_paid_for(world: World) -> None:
    disputed(world)
    world.a_reviewer()
    other = world.a_queued_track()

    world.work()

    assert sum(review.is_active for review in world.reviews(other)) == 1


# ── won ──────────────────────────────────────────────────────────────────────────────────────


def test_a_won_dispute_gives_the_money_back_and_the_track_goes_on(world: World) -> None:
    track, external_id = disputed(world)
    world.a_reviewer()

    won = win(world, external_id)
    again = ask(world, external_id)

    assert won == again
    assert (won.status, won.reinstated_amount, won.closed_at) == (WON, 495, world.clock())
    assert world.balance("losses") == 0
    assert world.track(track).dispute_status is None
    assert world.track(track).assign_at == world.clock()
    world.settle()
    assert len(world.reviews(track)) == 1
    assert len(world.events("DisputeWon")) == 1


def test_a_full_track_seeks_nobody_when_its_dispute_is_won(world: World) -> None:
    world.reviewers(5)
    track = world.a_queued_track()
    world.assign(track)
    external_id = dispute(world, applied(world, track))

    win(world, external_id)

    assert world.track(track).assign_at is None


def test_a_part_that_was_disputed_may_come_back_in_part_or_with_its_fee(world: World) -> None:
    track = world.a_queued_track()
    part = attrs.evolve(view_of(applied(world, track)), amount=Cents(100))
    follow(world, part)

    follow(world, attrs.evolve(part, status=WON, reinstated=Cents(60)))
    whole = attrs.evolve(part, external_id="dp_other")
    follow(world, whole)
    follow(world, attrs.evolve(whole, status=WON, reinstated=Cents(100 + FEE)))

    assert world.balance("losses") == -40
    assert world.balance("fees") == -44 - FEE


def test_an_inquiry_stops_the_track_before_any_money_is_taken(world: World) -> None:
    track = world.a_queued_track()
    inquiry = attrs.evolve(view_of(applied(world, track)), amount=ZERO, fee=ZERO)

    follow(world, inquiry)
    follow(world, inquiry)
    assert world.postings("DISPUTE_OPENED") == []
    assert world.track(track).dispute_status is OPEN
    follow(world, view_of(applied(world, track)))
    follow(world, view_of(applied(world, track)))

    assert world.balance("losses") == -495
    assert [event.payload["amount"] for event in world.events("DisputeOpened")] == [0, 495]


def test_an_inquiry_that_comes_to_nothing_moves_nothing(world: World) -> None:
    track = world.a_queued_track()
    inquiry = attrs.evolve(view_of(applied(world, track)), amount=ZERO, fee=ZERO)
    before = world.balances()

    follow(world, inquiry)
    follow(world, attrs.evolve(inquiry, status=WON))

    assert world.balances() == before
    assert world.track(track).dispute_status is None


def test_money_that_comes_back_after_the_verdict_is_accounted_once(world: World) -> None:
    attempt = applied(world, world.a_queued_track())
    follow(world, view_of(attempt))

    follow(world, attrs.evolve(view_of(attempt, WON), reinstated=ZERO))
    assert world.balance("losses") == -495
    for _ in range(2):
        follow(world, view_of(attempt, WON))

    assert world.balance("losses") == 0
    assert [event.payload["reinstated"] for event in world.events("DisputeWon")] == [0, 495]


# ── money that no track could use ────────────────────────────────────────────────────────────


def paid_twice(world: World) -> tuple[Track, CheckoutAttempt]:
    """A queued track, and the other attempt, whose money is to go back."""
    track = world.checked_out(world.a_track())
    first = world.open_session(track)
    world.checked_out(track)
    second = world.open_session(track)
    world.pay(second)
    world.confirm(second)
    world.pay(first)
    return track, world.confirm(first)


def test_a_dispute_of_unapplied_money_leaves_the_track_alone(world: World) -> None:
    world.a_reviewer()
    track, unapplied = paid_twice(world)

    external_id = dispute(world, unapplied)
    world.work()
    assert world.track(track).dispute_status is None
    assert len(world.reviews(track)) == 1
    assert [one.status for one in world.refunds(track)] == [RefundStatus.PENDING]
    lose(world, external_id)
    world.settle()

    assert [one.status for one in world.refunds(track)] == [RefundStatus.DROPPED]
    assert lost_slots(world, track) == 0
    assert world.balance("losses") == 0
    assert world.balance(f"unapplied:{unapplied.id}") == 0


def test_unapplied_money_goes_back_once_its_dispute_is_won(world: World) -> None:
    track, unapplied = paid_twice(world)
    external_id = dispute(world, unapplied)
    world.work()

    win(world, external_id)
    world.settle()

    assert [one.status for one in world.refunds(track)] == [RefundStatus.COMPLETED]
    assert world.payment(track).refunded_amount == 0


def test_a_dispute_of_the_applied_money_does_not_hold_up_the_other_refund(world: World) -> None:
    track, _ = paid_twice(world)
    [used] = [one for one in world.attempts(track) if one.number == 2]

    lose(world, dispute(world, used))
    world.settle()

    assert [one.status for one in world.refunds(track)] == [RefundStatus.COMPLETED]
    assert world.track(track).status is TrackStatus.CANCELLED


def test_another_currency_is_recorded_and_not_posted(world: World) -> None:
    track = world.a_queued_track()
    before = world.balances()
    foreign = attrs.evolve(view_of(applied(world, track)), currency="eur")

    follow(world, foreign)
    assert world.track(track).dispute_status is OPEN
    won = follow(world, attrs.evolve(foreign, status=WON, reinstated=Cents(495)))

    assert (won.currency, won.reinstated_amount) == ("eur", 495)
    assert world.balances() == before


# ── order ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", [WON, LOST])
def test_every_order_of_arrival_comes_to_the_same(end: DisputeStatus) -> None:
    outcomes = []
    for order in sorted(set(permutations([OPEN, OPEN, end, end]))):
        world = World()
        world.reviewers(1)
        track = world.a_queued_track()
        world.assign(track)

        told = [follow(world, view_of(applied(world, track), status)) for status in order]

        names = [event.type for event in world.events("DisputeOpened", "DisputeWon", "DisputeLost")]
        ended = world.track(track)
        # Told as won at once, it never stopped looking for reviewers.
        seeks = ended.assign_at is not None
        outcomes.append((told[-1], names, world.balances(), ended.status, seeks))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert len(outcomes[0][1]) == 2


def test_a_verdict_is_final(world: World) -> None:
    attempt = applied(world, world.a_queued_track())

    lost = follow(world, view_of(attempt, LOST))

    assert follow(world, view_of(attempt, WON)) == lost
    assert follow(world, view_of(attempt, OPEN)) == lost
    assert world.events("DisputeWon") == []


@pytest.mark.parametrize(
    ("first", "second", "standing"),
    [(WON, WON, None), (WON, LOST, LOST), (LOST, WON, LOST), (LOST, LOST, LOST)],
)
def test_of_two_disputes_at_once_both_must_be_won(
    world: World, first: DisputeStatus, second: DisputeStatus, standing: DisputeStatus | None
) -> None:
    track = world.a_queued_track()
    one = attrs.evolve(view_of(applied(world, track)), amount=Cents(200))
    other = attrs.evolve(one, external_id="dp_other", amount=Cents(295))
    follow(world, one)
    follow(world, other)

    follow(world, attrs.evolve(one, status=first))
    assert world.track(track).dispute_status is (LOST if first is LOST else OPEN)
    follow(world, attrs.evolve(other, status=second))

    assert world.track(track).dispute_status is standing
    assert lost_slots(world, track) == (0 if standing is None else 5)


def test_a_won_dispute_does_not_free_refunds_that_another_holds_up(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    world.assign(track)
    world.close(track)
    one = attrs.evolve(view_of(applied(world, track)), amount=Cents(200))
    other = attrs.evolve(one, external_id="dp_other", amount=Cents(295))
    follow(world, one)
    follow(world, other)
    world.work()
    waits = world.refunds(track)

    follow(world, attrs.evolve(one, status=WON))

    assert world.refunds(track) == waits
    follow(world, attrs.evolve(other, status=WON))
    assert [refund.next_attempt_at for refund in world.refunds(track)] == [world.clock()]


@pytest.mark.parametrize(
    ("verdict", "status"), [(None, TrackStatus.QUEUED), (LOST, TrackStatus.CANCELLED)]
)
def test_a_dispute_may_be_heard_of_before_the_money(
    world: World, verdict: DisputeStatus | None, status: TrackStatus
) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)
    follow(world, view_of(attempt))
    assert world.track(track).dispute_status is None
    if verdict is not None:
        follow(world, view_of(attempt, verdict))

    world.confirm(attempt)

    queued = world.track(track)
    assert (queued.status, queued.assign_at) == (status, None)
    assert queued.dispute_status is (verdict or OPEN)
    assert spent(world, track) == 495
