from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import attrs
import pytest

from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.errors import TrackDisputed
from reviewcore.domain.ids import SYSTEM, ArtistId, AttemptId
from reviewcore.domain.matching import Rejection
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.payments import CheckoutAttempt, PaymentStatus, RefundStatus
from reviewcore.domain.reviews import Review, slot_states
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.ports.processor import DisputeView, Done
from reviewcore.ports.store import Transaction
from reviewcore.usecases import (
    CancelTrack,
    CloseTrack,
    PlanAssignment,
    RestrictReviewer,
    cancel_track,
    close_track,
    plan_assignment,
    restrict_reviewer,
)
from reviewcore.usecases.steps.disputes import follow_dispute
from tests.unit.usecases.market import ADMIN, World

OPEN, WON, LOST = DisputeStatus.OPEN, DisputeStatus.WON, DisputeStatus.LOST
FEE = 1500


@pytest.fixture
def world() -> World:
    return World()


def follow(world: World, view: DisputeView) -> Dispute:
    """Hear of a dispute."""

    def heard(tx: Transaction, told: DisputeView) -> Dispute:
        return follow_dispute(tx, tx.attempts.get(AttemptId(told.attempt_id)), told)

    return world.do(heard, view)


def ask(world: World, external_id: str) -> Dispute:
    """Hear how the bank's dispute stands now."""
    told = world.bank.dispute(external_id)
    assert isinstance(told, Done)
    return follow(world, told.view)


def dispute(world: World, attempt: CheckoutAttempt, amount: int | None = None) -> str:
    """The payer disputes what he paid, and the market hears of it; returns the bank's id."""
    assert attempt.external_payment_id is not None
    wanted = None if amount is None else Cents(amount)
    external_id = world.bank.open_dispute(attempt.external_payment_id, wanted)
    ask(world, external_id)
    return external_id


def win(world: World, external_id: str) -> Dispute:
    world.bank.win_dispute(external_id)
    return ask(world, external_id)


def lose(world: World, external_id: str) -> Dispute:
    world.bank.lose_dispute(external_id)
    return ask(world, external_id)


def view_of(attempt: CheckoutAttempt, status: DisputeStatus = OPEN) -> DisputeView:
    """A view that no bank of ours would tell in this order; all of a won one came back."""
    return DisputeView(
        external_id="dp_odd",
        attempt_id=attempt.id,
        amount=Cents(495),
        fee=Cents(FEE),
        currency="usd",
        status=status,
        reinstated=Cents(495) if status is WON else ZERO,
    )


def applied(world: World, track: Track) -> CheckoutAttempt:
    return world.attempts(track)[-1]


def disputed(world: World) -> tuple[Track, str]:
    """A queued track of five open slots whose payer disputes all of it."""
    track = world.a_queued_track()
    return track, dispute(world, applied(world, track))


def states(world: World, track: Track) -> list[SlotState]:
    shut = world.track(track).is_shut
    found = slot_states(world.slots(track), world.reviews(track), is_closed=shut)
    return [found[number] for number in sorted(found)]


def lost_slots(world: World, track: Track) -> int:
    return sum(slot.is_lost for slot in world.slots(track))


def spent(world: World, track: Track) -> int:
    return world.look(lambda tx: tx.artists.get(track.artist_id)).total_spent


def in_every_state(world: World) -> tuple[Track, Review, Review, Review]:
    """A disputed track: a review counts, one is active, one is flagged, two slots are open."""
    world.reviewers(3)
    track = world.a_queued_track()
    counted, active, flagged = world.assign(track)
    world.deliver(counted)
    flagged = world.deliver(flagged)
    world.flag(flagged)
    return track, counted, active, flagged


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


# ── lost ─────────────────────────────────────────────────────────────────────────────────────


def test_a_track_that_nobody_heard_is_cancelled_and_nothing_goes_back(world: World) -> None:
    track, external_id = disputed(world)

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


@pytest.mark.parametrize("give_up", [skip, report, expire, restrict])
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


@pytest.mark.parametrize("give_up", [skip, report, expire, restrict])
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


# ── completed, closed and free tracks ────────────────────────────────────────────────────────


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
