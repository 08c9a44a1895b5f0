"""Refunds that the processor cannot make, and what an administrator pays instead."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.errors import (
    CannotLeave,
    EntityNotFound,
    InvalidText,
    InvalidTransition,
    OwnCase,
    ReasonRequired,
    TooEarlyToResolve,
    TrackDisputed,
)
from reviewcore.domain.ids import RefundId, UserId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.payments import CheckoutAttempt, PaymentStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.domain.tracks import Track
from reviewcore.ports.processor import DisputeView, RefundOrder, RefundState, RefundView
from reviewcore.ports.store import Transaction
from reviewcore.testing.faults import Call, Fault, FaultyPayments
from reviewcore.usecases import (
    EraseUser,
    SendRefund,
    SettleRefund,
    erase_user,
    send_refund,
    settle_refund,
)
from reviewcore.usecases.steps.disputes import follow_dispute
from reviewcore.usecases.steps.refunds import follow_refund
from tests.unit.usecases.market import ADMIN, World

R = RefundStatus
OPEN, WON, LOST = DisputeStatus.OPEN, DisputeStatus.WON, DisputeStatus.LOST
TAKEN, FAILED = RefundState.TAKEN, RefundState.FAILED

Scene = Callable[[World], tuple[Track, Refund]]


@pytest.fixture
def world() -> World:
    return World()


# ── scenes: 495 cents that their payer has not got ───────────────────────────────────────────


def owed(world: World) -> tuple[Track, Refund]:
    """Nothing was sent yet."""
    track = world.a_queued_track()
    world.cancel(track)
    return track, now(world, track)


def refused(world: World) -> tuple[Track, Refund]:
    """The processor refused for good."""
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))
    return track, send(world, refund)


def returned(world: World) -> tuple[Track, Refund]:
    """The payer's bank returned it."""
    track, refund = owed(world)
    made = send(world, refund).external_id
    assert made is not None
    world.bank.fail_refund(made)
    return track, hear(world, refund, FAILED, made)


def absent(world: World) -> tuple[Track, Refund]:
    """It was sent, its answer lost, and it is never found."""
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE]))
    send(world, refund)
    world.wait(hours=23)
    send(world, refund)
    world.wait(hours=24)
    return track, send(world, refund)


UNMADE: list[Scene] = [refused, returned, absent]
each_unmade = pytest.mark.parametrize("scene", UNMADE)


def now(world: World, track: Track) -> Refund:
    [refund] = world.refunds(track)
    return refund


def send(world: World, refund: Refund) -> Refund:
    return world.drive(send_refund, SendRefund(refund_id=refund.id))


def settle(world: World, refund: Refund, *, key: str | None = None, **changes: object) -> Refund:
    told = {"admin_id": ADMIN, "reference": "SEPA 7", "reason": "his card expired"}
    command = SettleRefund(refund_id=refund.id, **(told | changes))  # type: ignore[arg-type]  # fits
    return world.do(settle_refund, command, key=key)


def hear(world: World, refund: Refund, state: RefundState, external_id: str) -> Refund:
    """Hear from the processor what became of a refund of its own."""

    def heard(tx: Transaction, view: RefundView) -> Refund:
        return follow_refund(tx, refund, view)

    view = RefundView(
        external_id=external_id, refund_id=refund.id, amount=refund.amount, state=state
    )
    return world.do(heard, view)


def made_after_all(world: World, refund: Refund) -> str:
    """The processor makes it, long after it was asked to."""
    [attempt] = [one for one in world.bank.paid() if one.attempt_id == refund.attempt_id]
    order = RefundOrder(
        refund_id=refund.id,
        payment_id=attempt.payment_id,
        amount=refund.amount,
        currency=refund.currency,
        key=refund.key,
    )
    return world.bank.refund(order).view.external_id  # type: ignore[union-attr]  # it is done


def dispute(world: World, track: Track, status: DisputeStatus) -> None:
    """Hear that all that was paid is disputed, or what came of it."""
    [attempt] = world.attempts(track)

    def heard(tx: Transaction, paid: CheckoutAttempt) -> None:
        view = DisputeView(
            external_id="dp_1",
            attempt_id=paid.id,
            amount=Cents(495),
            fee=ZERO,
            currency="usd",
            status=status,
        )
        follow_dispute(tx, paid, view)

    world.do(heard, attempt)


# ── the way out ──────────────────────────────────────────────────────────────────────────────


@each_unmade
def test_what_the_processor_cannot_make_is_settled_by_hand(world: World, scene: Scene) -> None:
    track, refund = scene(world)
    assert world.balance(f"refunding:{refund.id}") == 495

    settled = settle(world, refund, reference=" SEPA 7 ")

    assert (settled.status, settled.reference) == (R.SETTLED, "SEPA 7")
    assert settled.ended_at == world.clock()
    assert (settled.next_attempt_at, settled.leased_until) == (None, None)
    assert world.balance(f"refunding:{refund.id}") == 0
    assert world.postings("REFUND_SETTLED") == [{f"refunding:{refund.id}": -495, "bank": 495}]
    payment = world.payment(track)
    assert (payment.status, payment.refunded_amount) == (PaymentStatus.REFUNDED, 495)
    assert world.look(lambda tx: tx.refunds.unsettled(after=None, limit=9)) == []
    world.settle()
    assert send(world, refund) == settled


def test_it_is_told_who_did_it_and_why_and_the_artist_hears_the_reference(world: World) -> None:
    _, refund = refused(world)
    world.work()
    before = len(world.mail.letters)

    settle(world, refund)
    world.work()

    acted = world.events("AdminActed")[-1]
    assert (acted.aggregate, acted.actor) == (f"refund:{refund.id}", ADMIN)
    assert acted.payload["act"] == "settle_refund"
    assert acted.payload["reason"] == "his card expired"
    [letter] = world.mail.letters[before:]
    assert letter.subject == "Your refund of 4.95 USD was paid another way"
    assert "“First Light”" in letter.text
    assert "SEPA 7" in letter.text.splitlines()


def test_it_is_settled_once_under_one_key_and_once_by_two_administrators(world: World) -> None:
    _, refund = refused(world)

    first, again = settle(world, refund, key="k"), settle(world, refund, key="k")
    with pytest.raises(InvalidTransition) as told:
        settle(world, refund, admin_id=UserId("another"), reference="SEPA 8")

    assert first == again
    assert (told.value.status, told.value.wanted) == (R.SETTLED, R.SETTLED)
    assert world.balance("bank") == 495
    assert len(world.events("RefundSettled")) == 1


@pytest.mark.parametrize("scene", [refused, returned])
def test_an_artist_may_leave_once_his_refund_is_settled(world: World, scene: Scene) -> None:
    track, refund = scene(world)
    artist = world.look(lambda tx: tx.artists.get(track.artist_id))
    leave = EraseUser(user_id=artist.user_id)

    with pytest.raises(CannotLeave) as bound:
        world.do(erase_user, leave)
    settle(world, refund)
    erased = world.do(erase_user, leave)

    assert bound.value.refunds == (refund.id,)
    assert erased.erased_at == world.clock()
    assert hear(world, refund, TAKEN, "re_late").status is R.DOUBLED
    assert world.do(erase_user, leave) == erased


def test_money_that_was_never_applied_is_settled_beside_the_payment(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.cancel(track)
    world.pay(attempt)
    world.confirm(attempt)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))
    refund = send(world, now(world, track))

    settle(world, refund)

    assert world.payment(track).status is PaymentStatus.FAILED
    assert world.balance("bank") == 495


def test_another_currency_is_settled_without_the_books(world: World) -> None:
    track, refund = refused(world)
    foreign = attrs.evolve(
        refund, id=RefundId("rf-eur"), currency="eur", amount=Cents(7), external_id=None
    )
    world.do(lambda tx, one: tx.refunds.add(one), foreign)
    paid = attrs.evolve(world.payment(track), applied_attempt_id=None)
    world.app.perform(lambda tx, one: tx.payments.update(one), paid)
    before = world.balances()

    assert settle(world, foreign).status is R.SETTLED
    assert hear(world, foreign, TAKEN, "re_eur").status is R.DOUBLED
    assert hear(world, foreign, FAILED, "re_eur").status is R.SETTLED

    assert world.balances() == before


# ── refused while money can still move ───────────────────────────────────────────────────────


def test_what_is_still_to_be_sent_is_not_settled(world: World) -> None:
    _, refund = owed(world)

    with pytest.raises(InvalidTransition) as told:
        settle(world, refund)

    assert (told.value.status, told.value.wanted) == (R.PENDING, R.SETTLED)


def test_what_was_taken_is_not_settled(world: World) -> None:
    _, refund = owed(world)
    send(world, refund)

    with pytest.raises(InvalidTransition):
        settle(world, refund)
    assert world.balance("bank") == 0


def test_what_has_no_answer_is_settled_after_two_looks_and_a_day_no_sooner(world: World) -> None:
    track, refund = owed(world)
    sent_at = world.clock()
    world.reach_bank_through(
        payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE, Fault.LOST_BEFORE])
    )
    send(world, refund)
    world.wait(hours=23)
    unanswered = send(world, refund)
    send(world, refund)
    world.wait(hours=24)

    with pytest.raises(TooEarlyToResolve) as one_look:
        settle(world, refund)
    assert unanswered.look_ups == 0, "an answer that is lost is no look-up"
    assert now(world, track).look_ups == 1
    send(world, refund)
    world.clock.advance(seconds=-1)
    with pytest.raises(TooEarlyToResolve) as early:
        settle(world, refund)
    world.clock.advance(seconds=1)

    assert one_look.value.resolvable_at == early.value.resolvable_at == world.clock()
    assert (world.clock() - sent_at).total_seconds() == 47 * 3600
    assert settle(world, refund).status is R.SETTLED


@each_unmade
def test_a_dispute_stands_in_the_way_until_it_is_won(world: World, scene: Scene) -> None:
    track, refund = scene(world)
    dispute(world, track, OPEN)

    with pytest.raises(TrackDisputed):
        settle(world, refund)
    dispute(world, track, WON)

    assert settle(world, refund).status is R.SETTLED


@each_unmade
def test_what_a_lost_dispute_paid_is_dropped_and_never_settled(world: World, scene: Scene) -> None:
    track, refund = scene(world)
    dispute(world, track, LOST)
    send(world, refund)

    dropped = now(world, track)

    assert dropped.status is R.DROPPED
    assert (world.balance("losses"), world.balance(f"refunding:{refund.id}")) == (0, 0)
    with pytest.raises(InvalidTransition):
        settle(world, refund)
    world.work()


def test_what_may_have_been_made_is_not_dropped_by_a_lost_dispute(world: World) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE]))
    send(world, refund)
    dispute(world, track, LOST)
    world.wait(hours=46)
    send(world, refund)

    unclear = send(world, refund)

    assert (unclear.status, unclear.look_ups) == (R.PROCESSING, 2)
    with pytest.raises(TooEarlyToResolve):
        settle(world, refund)
    world.wait(hours=1)
    assert send(world, refund).status is R.DROPPED


def test_what_comes_back_after_a_dispute_was_lost_is_dropped(world: World) -> None:
    track, refund = owed(world)
    made = send(world, refund).external_id
    assert made is not None
    dispute(world, track, LOST)
    world.bank.fail_refund(made)

    assert hear(world, refund, FAILED, made).status is R.DROPPED
    assert world.payment(track).refunded_amount == 0
    assert world.balance(f"refunding:{refund.id}") == 0


def test_only_a_stranger_to_it_settles_a_refund_and_says_why_and_how(world: World) -> None:
    track, refund = refused(world)
    artist = world.look(lambda tx: tx.artists.get(track.artist_id))

    with pytest.raises(OwnCase):
        settle(world, refund, admin_id=artist.user_id)
    with pytest.raises(ReasonRequired):
        settle(world, refund, reason=" ")
    for reference in (" ", "x" * 201, "a\nb", "a\x00"):
        with pytest.raises(InvalidText):
            settle(world, refund, reference=reference)
    with pytest.raises(EntityNotFound):
        settle(world, attrs.evolve(refund, id=RefundId("nothing")))
    assert now(world, track) == refund


# ── what the processor tells afterwards ──────────────────────────────────────────────────────


@pytest.mark.parametrize("scene", [refused, absent])
def test_a_settled_refund_that_is_made_after_all_is_paid_twice_and_told_once(
    world: World, scene: Scene
) -> None:
    track, refund = scene(world)
    settle(world, refund)
    made = made_after_all(world, refund)

    doubled = hear(world, refund, TAKEN, made)
    again = hear(world, refund, TAKEN, made)

    assert (doubled.status, doubled.duplicate_id) == (R.DOUBLED, made)
    assert doubled == again
    assert world.postings("REFUND_DOUBLED") == [{"losses": -495, "processor": 495}]
    assert len(world.events("RefundDoubled")) == 1
    assert world.payment(track).refunded_amount == 495
    with pytest.raises(InvalidTransition):
        settle(world, refund)
    world.settle()


def test_what_was_made_besides_and_comes_back_is_paid_once(world: World) -> None:
    _, refund = absent(world)
    settle(world, refund)
    made = made_after_all(world, refund)
    hear(world, refund, TAKEN, made)
    world.bank.fail_refund(made)

    single = hear(world, refund, FAILED, made)
    repeated = hear(world, refund, FAILED, made)
    stale = hear(world, refund, TAKEN, made)

    assert single == repeated == stale
    assert (single.status, single.reference) == (R.SETTLED, "SEPA 7")
    assert world.balance("losses") == 0
    assert len(world.events("RefundUndoubled")) == 1
    world.settle()


def test_what_was_made_besides_and_came_back_before_we_heard_is_paid_once(world: World) -> None:
    _, refund = absent(world)
    settle(world, refund)
    made = made_after_all(world, refund)
    world.bank.fail_refund(made)

    single = hear(world, refund, FAILED, made)

    assert (single.status, single.duplicate_id) == (R.SETTLED, made)
    assert hear(world, refund, TAKEN, made) == single, "an older answer"
    assert hear(world, refund, FAILED, "re_other") == single
    world.settle()


def test_a_dropped_refund_that_is_made_after_all_is_paid_twice(world: World) -> None:
    track, refund = absent(world)
    dispute(world, track, LOST)
    send(world, refund)
    made = made_after_all(world, refund)

    doubled = hear(world, refund, TAKEN, made)
    assert (doubled.status, doubled.reference) == (R.DOUBLED, None)
    assert world.balance("losses") == -495
    assert world.payment(track).refunded_amount == 0
    world.bank.fail_refund(made)

    assert hear(world, refund, FAILED, made).status is R.DROPPED
    assert world.balance("losses") == 0


def test_of_yet_another_refund_only_a_person_can_make_sense(world: World) -> None:
    _, refund = refused(world)
    settle(world, refund)
    hear(world, refund, TAKEN, "re_1")

    with pytest.raises(InvalidTransition):
        hear(world, refund, TAKEN, "re_2")
    hear(world, refund, FAILED, "re_1")
    with pytest.raises(InvalidTransition):
        hear(world, refund, TAKEN, "re_2")


@pytest.mark.parametrize("scene", [owed, returned])
def test_a_second_refund_of_one_is_for_a_person(world: World, scene: Scene) -> None:
    _, refund = scene(world)
    before = send(world, refund)

    with pytest.raises(InvalidTransition) as told:
        hear(world, refund, TAKEN, "re_other")

    assert told.value.extras == {
        "entity": "Refund",
        "status": before.status,
        "wanted": R.COMPLETED,
    }


def test_a_settled_refund_that_had_come_back_does_so_once(world: World) -> None:
    _, refund = returned(world)
    settled = settle(world, refund)
    assert settled.external_id is not None

    assert hear(world, refund, FAILED, settled.external_id) == settled
    assert hear(world, refund, TAKEN, settled.external_id) == settled
    world.settle()


def test_a_refused_refund_that_was_made_all_the_same_is_done(world: World) -> None:
    track, refund = refused(world)
    made = made_after_all(world, refund)

    done = hear(world, refund, TAKEN, made)

    assert (done.status, done.external_id) == (R.COMPLETED, made)
    assert world.payment(track).status is PaymentStatus.REFUNDED
    with pytest.raises(InvalidTransition):
        settle(world, refund)
    world.settle()


@pytest.mark.parametrize("fault", [Fault.DECLINED, Fault.LOST_BEFORE])
def test_a_refund_that_is_heard_of_only_at_its_end_has_come_back(
    world: World, fault: Fault
) -> None:
    track, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [fault]))
    send(world, refund)
    made = made_after_all(world, refund)
    world.bank.fail_refund(made)

    back = hear(world, refund, FAILED, made)

    assert (back.status, back.external_id) == (R.RETURNED, made)
    assert hear(world, refund, TAKEN, made) == back, "an older answer"
    assert world.balance(f"refunding:{refund.id}") == 495
    assert world.payment(track).status is PaymentStatus.COMPLETED
    world.settle()


# ── at the same time ─────────────────────────────────────────────────────────────────────────


def meanwhile(world: World, fault: Fault, act: Callable[[], object]) -> None:
    """While the next call is under way, *act*; then the call has its *fault*."""
    calls: list[Call] = []

    def entered(call: Call) -> Fault:
        calls.append(call)
        if len(calls) == 1:
            act()
            return fault
        return Fault.NONE

    world.reach_bank_through(payments=FaultyPayments(world.bank, entered))


def test_a_look_up_that_finds_what_was_settled_meanwhile_tells_of_it(world: World) -> None:
    _, refund = absent(world)

    def race() -> None:
        settle(world, refund)
        made_after_all(world, refund)

    meanwhile(world, Fault.NONE, race)

    assert send(world, refund).status is R.DOUBLED
    world.settle()


def test_a_look_up_in_vain_leaves_what_was_settled_meanwhile(world: World) -> None:
    _, refund = absent(world)
    meanwhile(world, Fault.NONE, lambda: settle(world, refund))

    ended = send(world, refund)

    assert (ended.status, ended.look_ups) == (R.SETTLED, 2)


def test_a_slow_answer_to_what_another_worker_saw_refused_is_believed(world: World) -> None:
    _, refund = owed(world)

    def another() -> None:
        world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))
        failed = world.app.drive(send_refund, SendRefund(refund_id=refund.id))
        assert failed.status is R.FAILED

    meanwhile(world, Fault.NONE, another)

    assert send(world, refund).status is R.COMPLETED
    world.settle()
