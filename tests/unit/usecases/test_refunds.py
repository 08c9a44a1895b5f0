from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.ids import RefundId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.payments import CheckoutAttempt, PaymentStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.tracks import Track
from reviewcore.ports.processor import (
    Declined,
    DisputeView,
    Done,
    Outcome,
    RefundOrder,
    RefundState,
    RefundView,
)
from reviewcore.ports.store import Transaction
from reviewcore.testing.faults import Call, Fault, FaultyPayments
from reviewcore.usecases import SendRefund, send_refund
from reviewcore.usecases.steps.disputes import follow_dispute
from reviewcore.usecases.steps.refunds import follow_refund
from tests.unit.usecases.market import World

OPEN, WON, LOST = DisputeStatus.OPEN, DisputeStatus.WON, DisputeStatus.LOST
TAKEN, FAILED = RefundState.TAKEN, RefundState.FAILED


@pytest.fixture
def world() -> World:
    return World()


def owed(world: World) -> tuple[Track, Refund]:
    """A cancelled track whose 495 cents are on their way back."""
    track = world.a_queued_track()
    world.cancel(track)
    return track, world.refunds(track)[0]


def send(world: World, refund: Refund) -> Refund:
    return world.drive(send_refund, SendRefund(refund_id=refund.id))


def test_a_refund_is_sent_once_however_often_it_is_driven(world: World) -> None:
    track, refund = owed(world)

    first, second = send(world, refund), send(world, refund)

    assert first == second
    assert first.status is RefundStatus.COMPLETED
    assert first.external_id == world.bank.refunded()[0].external_id
    assert (world.payment(track).status, world.payment(track).refunded_amount) == (
        PaymentStatus.REFUNDED,
        495,
    )
    assert len(world.bank.refunded()) == 1


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER])
def test_an_unclear_refund_is_sent_again_with_the_same_key(world: World, fault: Fault) -> None:
    track, refund = owed(world)
    line = FaultyPayments(world.bank, [fault])
    world.reach_bank_through(payments=line)

    unclear = send(world, refund)
    settled = send(world, refund)

    assert unclear.status is RefundStatus.PROCESSING
    assert settled.status is RefundStatus.COMPLETED
    assert line.calls[0] == line.calls[1]
    assert [one.amount for one in world.bank.refunded()] == [495]
    assert world.payment(track).refunded_amount == 495
    assert len(world.postings("REFUND_COMPLETED")) == 1


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER])
def test_an_unclear_refund_whose_key_is_old_is_looked_for(world: World, fault: Fault) -> None:
    _, refund = owed(world)
    line = FaultyPayments(world.bank, [fault])
    world.reach_bank_through(payments=line)
    send(world, refund)

    world.wait(hours=23)
    looked = send(world, refund)

    assert [call.method for call in line.calls] == ["refund", "find_refund"]
    assert looked.status is (
        RefundStatus.COMPLETED if fault is Fault.LOST_AFTER else RefundStatus.PROCESSING
    )


def test_a_look_up_that_is_declined_says_nothing_of_the_refund(world: World) -> None:
    _, refund = owed(world)
    world.reach_bank_through(
        payments=FaultyPayments(world.bank, [Fault.LOST_AFTER, Fault.DECLINED])
    )
    send(world, refund)
    world.wait(hours=23)

    assert send(world, refund).status is RefundStatus.PROCESSING
    assert send(world, refund).status is RefundStatus.COMPLETED


def test_a_refused_refund_stays_in_the_books_as_owed(world: World) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))

    refused = send(world, refund)

    assert (refused.status, refused.failure_reason) == (RefundStatus.FAILED, "injected")
    assert send(world, refund) == refused
    assert world.balance(f"refunding:{refund.id}") == 495
    assert world.payment(track).status is PaymentStatus.COMPLETED
    assert len(world.events("RefundFailed")) == 1


def test_two_workers_send_one_refund_once(world: World) -> None:
    _, refund = owed(world)
    entered: list[Call] = []

    def another_worker_is_faster(call: Call) -> Fault:
        entered.append(call)
        if len(entered) == 1:
            world.reach_bank_through()
            world.app.drive(send_refund, SendRefund(refund_id=refund.id))
        return Fault.NONE

    world.reach_bank_through(payments=FaultyPayments(world.bank, another_worker_is_faster))
    settled = send(world, refund)

    assert settled.status is RefundStatus.COMPLETED
    assert len(world.bank.refunded()) == 1
    assert len(world.events("RefundCompleted")) == 1


def test_the_worker_sends_what_is_owed(world: World) -> None:
    track, _ = owed(world)

    world.settle()

    assert world.payment(track).status is PaymentStatus.REFUNDED
    assert world.balances() == {"processor": 44, "fees": -44}


def test_the_worker_tries_again_after_a_pause(world: World) -> None:
    track, _ = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))

    world.work()
    assert world.refunds(track)[0].status is RefundStatus.PROCESSING
    world.wait(minutes=2)
    world.settle()

    assert world.refunds(track)[0].status is RefundStatus.COMPLETED
    assert len(world.bank.refunded()) == 1


# ── refused for now ──────────────────────────────────────────────────────────────────────────


class PoorBank(FaultyPayments):
    """A bank whose refunds are *answer* while there are *times* left, and then as ever."""

    def __init__(self, world: World, answer: Declined | RefundState, *, times: int = 1) -> None:
        super().__init__(world.bank)
        self._answer, self._times = answer, times

    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        self._times -= 1
        if self._times < 0:
            return super().refund(order)
        if isinstance(self._answer, Declined):
            return self._answer
        view = RefundView(
            external_id="re_odd",
            refund_id=order.refund_id,
            amount=order.amount,
            state=self._answer,
        )
        return Done(view)


BROKE = Declined("balance_insufficient", is_passing=True)


def test_a_refund_that_is_refused_for_now_waits_and_goes_out_under_a_new_key(world: World) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=PoorBank(world, BROKE, times=2))

    parked = send(world, refund)
    world.work()
    assert world.refunds(track) == [parked]
    world.wait(minutes=1)
    world.work()
    [again] = world.refunds(track)
    world.wait(minutes=2)
    world.settle()

    assert (parked.status, parked.failure_reason) == (
        RefundStatus.PENDING,
        "balance_insufficient",
    )
    assert len({refund.key, parked.key, again.key}) == 3
    assert world.refunds(track)[0].status is RefundStatus.COMPLETED
    assert [event.payload["code"] for event in world.events("RefundParked")] == [BROKE.code] * 2
    assert len(world.bank.refunded()) == 1


def test_two_workers_that_are_refused_for_now_park_once(world: World) -> None:
    _, refund = owed(world)
    poor = PoorBank(world, BROKE, times=2)
    entered: list[RefundOrder] = []

    class Slow(PoorBank):
        def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
            entered.append(order)
            world.reach_bank_through(payments=poor)
            world.app.drive(send_refund, SendRefund(refund_id=RefundId(order.refund_id)))
            return poor.refund(order)

    world.reach_bank_through(payments=Slow(world, BROKE))
    parked = send(world, refund)

    assert len(entered) == 1
    assert (parked.status, parked.number) == (RefundStatus.PENDING, 2)
    assert len(world.events("RefundParked")) == 1


def test_a_refund_that_failed_at_once_stays_in_the_books_as_owed(world: World) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=PoorBank(world, FAILED))

    failed = send(world, refund)

    assert (failed.status, failed.external_id) == (RefundStatus.RETURNED, "re_odd")
    assert world.balance(f"refunding:{refund.id}") == 495
    assert world.payment(track).refunded_amount == 0
    assert len(world.events("RefundReturned")) == 1


# ── what the processor tells of a refund ─────────────────────────────────────────────────────


def told(world: World, refund: Refund, state: RefundState, external_id: str = "") -> Refund:
    """Hear of a refund; by default of the bank's own."""

    def heard(tx: Transaction, view: RefundView) -> Refund:
        return follow_refund(tx, refund, view)

    known = external_id or world.bank.refunded()[0].external_id
    view = RefundView(external_id=known, refund_id=refund.id, amount=refund.amount, state=state)
    return world.do(heard, view)


def test_a_refund_that_came_back_is_owed_again(world: World) -> None:
    track, refund = owed(world)
    done = send(world, refund)
    assert done.external_id is not None
    world.bank.fail_refund(done.external_id)

    back = told(world, refund, FAILED)
    again = told(world, refund, FAILED)
    stale = told(world, refund, TAKEN)

    assert back == again == stale
    assert (back.status, back.failure_reason) == (RefundStatus.RETURNED, "returned")
    payment = world.payment(track)
    assert (payment.status, payment.refunded_amount) == (PaymentStatus.COMPLETED, 0)
    assert world.balance(f"refunding:{refund.id}") == 495
    assert len(world.postings("REFUND_RETURNED")) == 1
    assert len(world.events("RefundReturned")) == 1
    world.settle()


def test_an_unclear_refund_is_done_by_whoever_hears_of_it_first(world: World) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    unclear = send(world, refund)

    done = told(world, unclear, TAKEN)

    assert told(world, unclear, TAKEN) == done == send(world, refund)
    assert done.status is RefundStatus.COMPLETED
    assert world.payment(track).refunded_amount == 495
    assert len(world.postings("REFUND_COMPLETED")) == 1


def test_a_parked_refund_that_was_taken_after_all_is_done(world: World) -> None:
    _, refund = owed(world)
    world.reach_bank_through(payments=PoorBank(world, BROKE))
    parked = send(world, refund)

    done = told(world, parked, TAKEN, "re_late")

    assert (done.status, done.external_id) == (RefundStatus.COMPLETED, "re_late")


@pytest.mark.parametrize("is_parked", [False, True])
def test_the_failure_of_an_earlier_attempt_is_not_that_of_the_refund(
    world: World, is_parked: bool
) -> None:
    _, refund = owed(world)
    if is_parked:
        world.reach_bank_through(payments=PoorBank(world, BROKE))
    sent = send(world, refund)

    assert told(world, refund, FAILED, "re_before") == sent


def test_a_part_that_came_back_leaves_the_rest_refunded(world: World) -> None:
    world.reviewers(1)
    track = world.a_queued_track()
    [review] = world.assign(track)
    world.close(track)
    world.work()
    world.skip(review)
    world.work()
    assert world.payment(track).status is PaymentStatus.REFUNDED
    first, _ = world.refunds(track)
    assert first.external_id is not None
    world.bank.fail_refund(first.external_id)

    told(world, first, FAILED)

    payment = world.payment(track)
    assert (payment.status, payment.refunded_amount) == (PaymentStatus.COMPLETED, 99)


def test_unapplied_money_that_came_back_does_not_concern_the_payment(world: World) -> None:
    track, refund = never_applied(world)
    send(world, refund)

    back = told(world, refund, FAILED)

    assert back.status is RefundStatus.RETURNED
    assert world.payment(track).status is PaymentStatus.FAILED


def test_a_refund_in_another_currency_comes_and_goes_without_the_books(world: World) -> None:
    _, refund = never_applied(world)
    foreign = attrs.evolve(refund, id=RefundId("rf-eur"), currency="eur", amount=Cents(7))

    def add(tx: Transaction, one: Refund) -> None:
        tx.refunds.add(one.send(tx.now))

    world.do(add, foreign)
    before = world.balances()

    told(world, foreign, TAKEN, "re_eur")
    back = told(world, foreign, FAILED, "re_eur")

    assert back.status is RefundStatus.RETURNED
    assert world.balances() == before


# ── while what it gives back is disputed ─────────────────────────────────────────────────────


def never_applied(world: World) -> tuple[Track, Refund]:
    """A track cancelled before its money came; the money is to go back."""
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.cancel(track)
    world.pay(attempt)
    world.confirm(attempt)
    return track, world.refunds(track)[0]


def hear(world: World, track: Track, status: DisputeStatus) -> None:
    """Hear that all that was paid is disputed, or what came of it."""
    [attempt] = world.attempts(track)

    def heard(tx: Transaction, paid: CheckoutAttempt) -> None:
        follow_dispute(
            tx,
            paid,
            DisputeView(
                external_id="dp_1",
                attempt_id=paid.id,
                amount=Cents(495),
                fee=ZERO,
                currency="usd",
                status=status,
            ),
        )

    world.do(heard, attempt)


def test_an_unsent_refund_waits_for_the_verdict_and_then_goes_out_at_once(world: World) -> None:
    track, refund = owed(world)
    hear(world, track, OPEN)

    waiting = send(world, refund)
    world.work()

    assert waiting.status is RefundStatus.PENDING
    assert waiting.next_attempt_at == world.clock() + timedelta(hours=1)
    assert world.bank.refunded() == ()
    hear(world, track, WON)
    world.work()
    assert world.refunds(track)[0].status is RefundStatus.COMPLETED


@pytest.mark.parametrize("scene", [owed, never_applied])
def test_an_unsent_refund_is_dropped_when_the_dispute_is_lost(
    world: World, scene: Callable[[World], tuple[Track, Refund]]
) -> None:
    track, refund = scene(world)

    hear(world, track, OPEN)
    hear(world, track, LOST)

    [dropped] = world.refunds(track)
    assert (dropped.status, dropped.next_attempt_at) == (RefundStatus.DROPPED, None)
    assert send(world, refund) == dropped
    assert world.balance("losses") == 0
    assert len(world.events("RefundDropped")) == 1
    assert world.payment(track).refunded_amount == 0


def test_a_refund_in_another_currency_is_dropped_without_the_books(world: World) -> None:
    track, refund = never_applied(world)
    foreign = attrs.evolve(refund, id=RefundId("rf-eur"), currency="eur", amount=Cents(7))
    world.do(lambda tx, one: tx.refunds.add(one), foreign)

    hear(world, track, LOST)

    assert [one.status for one in world.refunds(track)] == [RefundStatus.DROPPED] * 2
    assert world.balance("losses") == 0


def test_a_refund_that_was_sent_is_followed_whatever_is_disputed(world: World) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    send(world, refund)

    hear(world, track, OPEN)
    hear(world, track, LOST)
    settled = send(world, refund)

    assert settled.status is RefundStatus.COMPLETED
    assert world.payment(track).status is PaymentStatus.REFUNDED
    assert world.balance("losses") == -495


@pytest.mark.parametrize(
    ("verdict", "status"), [(WON, RefundStatus.COMPLETED), (LOST, RefundStatus.DROPPED)]
)
def test_a_refund_that_a_dispute_had_refused_waits_for_the_verdict(
    world: World, verdict: DisputeStatus, status: RefundStatus
) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE]))
    send(world, refund)
    hear(world, track, OPEN)
    world.reach_bank_through(payments=PoorBank(world, Declined("charge_disputed")))

    refused = send(world, refund)
    assert (refused.status, refused.number) == (RefundStatus.PENDING, 2)
    hear(world, track, verdict)
    world.work()

    assert world.refunds(track)[0].status is status


def test_a_refund_that_is_refused_after_the_loss_is_dropped_next(world: World) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE]))
    send(world, refund)
    hear(world, track, LOST)
    world.reach_bank_through(payments=PoorBank(world, Declined("over_refund")))

    assert send(world, refund).status is RefundStatus.PENDING
    assert send(world, refund).status is RefundStatus.DROPPED
    assert len(world.events("RefundFailed")) == 0
