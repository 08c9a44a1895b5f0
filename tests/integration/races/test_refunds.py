"""Refunds that end by hand while the processor, a bank and the payer are at them, too."""

from __future__ import annotations

from functools import partial

import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.ids import AttemptId, UserId
from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.payments import PaymentStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.ports.processor import DisputeView, Done, RefundOrder, RefundView
from reviewcore.ports.store import Transaction
from reviewcore.testing.faults import Fault, FaultyPayments
from reviewcore.usecases import (
    CancelTrack,
    EraseUser,
    SendRefund,
    SettleRefund,
    cancel_track,
    erase_user,
    send_refund,
    settle_refund,
)
from reviewcore.usecases.steps.disputes import follow_dispute
from reviewcore.usecases.steps.refunds import follow_refund
from tests.integration.races.world import Act, World, race, refusals, rounds, successes

EVERYWHERE = pytest.mark.parametrize(
    "make_world", ["memory", "sqlite", "postgresql"], indirect=True
)
JITTER_SECONDS = 0.01


def owed(world: World) -> Refund:
    """The refund of a cancelled track, not sent yet."""
    track = world.track()
    cancel = CancelTrack(track_id=track.id, artist_id=track.artist_id)
    world.app.perform(cancel_track, cancel)
    with world.store.read() as tx:
        [refund] = [one for one in tx.refunds.all() if one.track_id == track.id]
    return refund


def send(world: World, refund: Refund, *faults: Fault) -> Refund:
    """Send it over a line that has these *faults* first."""
    line = FaultyPayments(world.bank, faults)
    return send_refund(world.store, line, SendRefund(refund_id=refund.id))


def absent(world: World) -> Refund:
    """A refund of which the processor has never told, and which was looked for twice."""
    refund = send(world, owed(world), Fault.LOST_BEFORE)
    world.clock.advance(hours=23)
    send(world, refund)
    world.clock.advance(hours=24)
    return send(world, refund)


def made_after_all(world: World, refund: Refund) -> RefundView:
    """Have the bank make it, long after it was asked to."""
    [paid] = [one for one in world.bank.paid() if one.attempt_id == refund.attempt_id]
    made = world.bank.refund(
        RefundOrder(
            refund_id=refund.id,
            payment_id=paid.payment_id,
            amount=refund.amount,
            currency=refund.currency,
            key=refund.key,
        )
    )
    assert isinstance(made, Done)
    return made.view


def seen_at(world: World, external_id: str) -> RefundView:
    told = world.bank.refund_view(external_id)
    assert isinstance(told, Done)
    return told.view


def hear(tx: Transaction, told: tuple[Refund, RefundView]) -> Refund:
    return follow_refund(tx, *told)


def settling(world: World, refund: Refund, admin: str = "the-admin") -> Act:
    """One administrator settles it with a reference of his own."""
    command = SettleRefund(
        refund_id=refund.id, admin_id=UserId(admin), reference=f"by {admin}", reason="a race"
    )
    return partial(world.app.perform, settle_refund, command)


def now(world: World, refund: Refund) -> Refund:
    with world.store.read() as tx:
        return tx.refunds.get(refund.id)


def booked(world: World, refund: Refund) -> list[EntryKind]:
    with world.store.read() as tx:
        return sorted(one.kind for one in tx.ledger.all() if one.cause == refund.id)


@EVERYWHERE
def test_of_many_administrators_one_settles(world: World) -> None:
    for _ in range(rounds(2)):
        refund = send(world, owed(world), Fault.DECLINED)

        with world.told("20 administrators who settle one refund"):
            answers = race([settling(world, refund, f"admin-{one}") for one in range(20)])

        [settled] = successes(answers)
        assert refusals(answers) == {"InvalidTransition": 19}
        assert now(world, refund) == settled
        assert booked(world, refund).count(EntryKind.REFUND_SETTLED) == 1
        with world.store.read() as tx:
            payment = tx.payments.get(refund.payment_id)
        assert (payment.status, payment.refunded_amount) == (PaymentStatus.REFUNDED, refund.amount)
    world.settle()


@EVERYWHERE
def test_a_refund_is_settled_while_workers_find_that_it_was_made(world: World) -> None:
    for _ in range(rounds(3)):
        refund = absent(world)
        view = made_after_all(world, refund)
        look = partial(send, world, refund)

        with world.told("a settlement among look-ups that find the refund"):
            answers = race([*[settling(world, refund)] * 2, *[look] * 4], jitter_seconds=0.005)

        ended = now(world, refund)
        by_hand = len(successes(answers[:2]))
        assert refusals(answers[2:]) == {}
        if by_hand:
            # Those who look up later than that leave it, or tell of it.
            world.app.perform(hear, (refund, view))
            ended = now(world, refund)
        assert ended.status is (RefundStatus.DOUBLED if by_hand else RefundStatus.COMPLETED)
        assert by_hand <= 1
    world.settle()


@EVERYWHERE
def test_a_refund_is_settled_while_the_processor_tells_that_it_was_made_and_came_back(
    world: World,
) -> None:
    for _ in range(rounds(3)):
        refund = absent(world)
        made = made_after_all(world, refund)
        world.bank.fail_refund(made.external_id)
        told = [(refund, made), (refund, seen_at(world, made.external_id))] * 3

        with world.told("a settlement among news of a refund, in any order"):
            news = [partial(world.app.perform, hear, one) for one in told]
            answers = race([*[settling(world, refund)] * 2, *news], jitter_seconds=JITTER_SECONDS)

        # The end of it was told for certain, whatever came first.
        world.app.perform(hear, told[1])
        by_hand = len(successes(answers[:2]))
        assert refusals(answers[2:]) == {}
        ended = now(world, refund)
        assert ended.status is (RefundStatus.SETTLED if by_hand else RefundStatus.RETURNED)
        assert by_hand <= 1
    world.settle()


@EVERYWHERE
def test_a_refund_is_settled_by_hand_or_by_a_lost_dispute_and_not_by_both(world: World) -> None:
    for _ in range(rounds(2)):
        refund = send(world, owed(world), Fault.DECLINED)
        [paid] = [one for one in world.bank.paid() if one.attempt_id == refund.attempt_id]
        external_id = world.bank.open_dispute(paid.payment_id)
        world.bank.lose_dispute(external_id)
        told = world.bank.dispute(external_id)
        assert isinstance(told, Done)

        def lose(tx: Transaction, view: DisputeView) -> None:
            follow_dispute(tx, tx.attempts.get(AttemptId(view.attempt_id)), view)

        with world.told("a settlement while the dispute is lost"):
            verdict = partial(world.app.perform, lose, told.view)
            answers = race(
                [*[settling(world, refund)] * 2, *[verdict] * 2], jitter_seconds=JITTER_SECONDS
            )

        assert told.view.status is DisputeStatus.LOST
        by_hand = len(successes(answers[:2]))
        ended = now(world, refund)
        assert ended.status is (RefundStatus.SETTLED if by_hand else RefundStatus.DROPPED)
        assert by_hand <= 1
        kinds = booked(world, refund)
        assert kinds.count(EntryKind.REFUND_SETTLED) == by_hand
        assert kinds.count(EntryKind.REFUND_DROPPED) == 1 - by_hand
    world.settle()


@EVERYWHERE
def test_an_artist_leaves_while_his_refund_is_settled(world: World) -> None:
    for _ in range(rounds(2)):
        refund = send(world, owed(world), Fault.DECLINED)
        with world.store.read() as tx:
            user_id = tx.artists.get(tx.tracks.get(refund.track_id).artist_id).user_id
        leave = partial(world.app.perform, erase_user, EraseUser(user_id=user_id))

        with world.told("an artist who leaves while his refund is settled"):
            answers = race([leave, *[settling(world, refund)] * 2, leave], jitter_seconds=0.005)

        assert len(successes(answers[1:3])) == 1
        assert set(refusals([answers[0], answers[3]])) <= {"CannotLeave"}
        assert leave().erased_at is not None
    world.settle()
