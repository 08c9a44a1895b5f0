from __future__ import annotations

import pytest

from reviewcore.domain.payments import PaymentStatus, Refund, RefundStatus
from reviewcore.domain.tracks import Track
from reviewcore.testing.faults import Call, Fault, FaultyPayments
from reviewcore.usecases import SendRefund, send_refund
from tests.unit.usecases.market import World


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
