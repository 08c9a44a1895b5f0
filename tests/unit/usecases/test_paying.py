from __future__ import annotations

from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import PayerOutcome, SandboxBank
from reviewcore.domain.errors import (
    EntityNotFound,
    InvalidTransition,
    NothingToPay,
    NotYourTrack,
    ProcessorRefused,
    ProcessorUnavailable,
)
from reviewcore.domain.ids import AttemptId
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import AttemptStatus, PaymentStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.ports.processor import (
    Done,
    Outcome,
    RefundOrder,
    RefundView,
    SessionState,
    SessionView,
)
from reviewcore.testing.faults import Fault, FaultyPayments
from reviewcore.usecases import (
    ConfirmPayment,
    ExpireCheckout,
    OpenCheckout,
    confirm_payment,
    expire_checkout,
    open_checkout,
)
from reviewcore.usecases.steps.paying import follow_session, lock_bill
from tests.unit.usecases.market import World


@pytest.fixture
def world() -> World:
    return World()


class OddBank(FaultyPayments):
    """The sandbox bank, telling sessions with *changes*: what it never does by itself."""

    def __init__(self, inner: SandboxBank, **changes: Any) -> None:
        super().__init__(inner)
        self._changes = changes

    def _odd(self, told: Outcome[SessionView]) -> Outcome[SessionView]:
        return Done(attrs.evolve(told.view, **self._changes)) if isinstance(told, Done) else told

    def session(self, session_id: str, /) -> Outcome[SessionView]:
        return self._odd(super().session(session_id))

    def expire_session(self, session_id: str, /) -> Outcome[SessionView]:
        return self._odd(super().expire_session(session_id))

    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        return Done(RefundView(external_id="re_1", refund_id=order.refund_id, amount=order.amount))


# ── opening ──────────────────────────────────────────────────────────────────────────────────


def test_opening_again_returns_the_open_session(world: World) -> None:
    track = world.checked_out(world.a_track())

    first, second = world.open_session(track), world.open_session(track)

    assert first == second
    assert first.status is AttemptStatus.OPEN
    assert first.url is not None
    assert world.payment(track).stripe_session_id == first.session_id


def test_there_is_nothing_to_pay_before_check_out(world: World) -> None:
    with pytest.raises(NothingToPay):
        world.open_session(world.a_track())


def test_nobody_pays_for_anothers_track(world: World) -> None:
    track = world.checked_out(world.a_track())

    with pytest.raises(NotYourTrack):
        world.drive(open_checkout, OpenCheckout(track_id=track.id, artist_id=world.an_artist().id))


def test_a_paid_track_is_not_paid_again(world: World) -> None:
    with pytest.raises(InvalidTransition):
        world.open_session(world.a_queued_track())


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(world: World, fault: Fault) -> None:
    line = FaultyPayments(world.bank, [fault])
    world.reach_bank_through(payments=line)
    track = world.checked_out(world.a_track())

    with pytest.raises(ProcessorUnavailable):
        world.open_session(track)
    assert [one.status for one in world.attempts(track)] == [AttemptStatus.INTENDED]
    attempt = world.open_session(track)

    orders = [call.arguments for call in line.calls if call.method == "open_checkout"]
    assert len(orders) == 2
    assert orders[0] == orders[1]
    assert [one.id for one in world.attempts(track)] == [attempt.id]
    world.pay(attempt)
    world.settle()
    assert world.track(track).status is TrackStatus.QUEUED


def test_the_worker_resumes_what_was_lost(world: World) -> None:
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    track = world.checked_out(world.a_track())
    with pytest.raises(ProcessorUnavailable):
        world.open_session(track)

    world.work()

    assert [one.status for one in world.attempts(track)] == [AttemptStatus.OPEN]


def test_a_refused_session_ends_and_another_attempt_has_another_key(world: World) -> None:
    line = FaultyPayments(world.bank, [Fault.DECLINED])
    world.reach_bank_through(payments=line)
    track = world.checked_out(world.a_track())

    with pytest.raises(ProcessorRefused) as refusal:
        world.open_session(track)
    assert world.payment(track).status is PaymentStatus.FAILED
    world.open_session(track)

    first, second = world.attempts(track)
    assert refusal.value.code == "injected"
    assert (first.status, first.failure_reason) == (AttemptStatus.FAILED, "injected")
    assert (second.status, second.number) == (AttemptStatus.OPEN, 2)
    assert first.key != second.key
    assert world.payment(track).status is PaymentStatus.PENDING


# ── hearing of the money ─────────────────────────────────────────────────────────────────────


def test_money_is_applied_once_however_often_it_is_asked_about(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)

    for _ in range(3):
        world.confirm(attempt)
        world.work()

    assert world.track(track).status is TrackStatus.QUEUED
    assert len(world.postings("PAYMENT_APPLIED")) == 1
    assert len(world.events("TrackQueued")) == 1
    artist = world.look(lambda tx: tx.artists.get(track.artist_id))
    assert (artist.total_tracks, artist.total_spent) == (1, 495)
    payment = world.payment(track)
    assert (payment.status, payment.applied_attempt_id, payment.fee) == (
        PaymentStatus.COMPLETED,
        attempt.id,
        44,
    )


def test_the_worker_hears_of_money_that_nobody_told(world: World) -> None:
    track = world.checked_out(world.a_track())
    world.pay(world.open_session(track))

    world.settle()

    assert world.track(track).status is TrackStatus.QUEUED


def test_an_open_session_stays_open(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)

    asked = world.confirm(attempt)

    assert asked.status is AttemptStatus.OPEN
    assert asked.looks > attempt.looks
    assert world.track(track).status is TrackStatus.PENDING_PAYMENT


def test_late_settling_money_is_waited_for(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.reach_bank_through(payments=OddBank(world.bank, state=SessionState.PROCESSING))

    assert world.confirm(attempt).status is AttemptStatus.OPEN

    world.reach_bank_through()
    world.pay(attempt)
    assert world.confirm(attempt).status is AttemptStatus.PAID


@pytest.mark.parametrize(
    ("played", "status", "reason"),
    [
        (PayerOutcome.DECLINE, AttemptStatus.FAILED, "declined"),
        (PayerOutcome.ABANDON, AttemptStatus.EXPIRED, "expired"),
    ],
)
def test_a_session_that_ended_unpaid_may_be_followed_by_another(
    world: World, played: PayerOutcome, status: AttemptStatus, reason: str
) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    assert attempt.session_id is not None
    world.bank.play_payer(attempt.session_id, played)

    ended = world.confirm(attempt)

    assert (ended.status, ended.failure_reason) == (status, reason)
    assert world.payment(track).status is PaymentStatus.FAILED
    assert world.confirm(attempt) == ended
    second = world.open_session(track)
    world.pay(second)
    world.confirm(second)
    assert world.payment(track).status is PaymentStatus.COMPLETED


def test_a_second_session_that_fails_as_well_fails_the_payment_again(world: World) -> None:
    track = world.checked_out(world.a_track())
    for _ in range(2):
        attempt = world.open_session(track)
        assert world.payment(track).status is PaymentStatus.PENDING
        world.bank.play_payer(str(attempt.session_id), PayerOutcome.DECLINE)
        world.confirm(attempt)

        assert world.payment(track).status is PaymentStatus.FAILED


def test_a_session_that_fails_does_so_whatever_becomes_of_one_given_up_before(
    world: World,
) -> None:
    track = world.checked_out(world.a_track())
    given_up = world.open_session(track)
    world.checked_out(track)
    wanted = world.open_session(track)
    world.bank.play_payer(str(wanted.session_id), PayerOutcome.DECLINE)

    world.confirm(wanted)

    assert world.payment(track).status is PaymentStatus.FAILED
    again = world.open_session(track)
    world.bank.play_payer(str(given_up.session_id), PayerOutcome.ABANDON)
    world.confirm(given_up)
    assert world.payment(track).status is PaymentStatus.PENDING
    assert again.number == 3


def test_a_session_expires_after_a_day(world: World) -> None:
    track = world.checked_out(world.a_track())
    world.open_session(track)

    world.wait(hours=24)
    world.work()

    assert [one.status for one in world.attempts(track)] == [AttemptStatus.EXPIRED]


def test_an_expired_session_is_noticed_when_it_expires(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    for _ in range(20):
        attempt = world.confirm(attempt)

    assert attempt.next_attempt_at is not None
    assert attempt.expires_at is not None
    assert attempt.next_attempt_at <= attempt.expires_at
    world.wait(hours=23, minutes=59)
    attempt = world.confirm(attempt)
    assert attempt.next_attempt_at == attempt.expires_at


def test_an_unknown_session_is_not_found(world: World) -> None:
    with pytest.raises(EntityNotFound):
        world.drive(confirm_payment, ConfirmPayment(session_id="cs_nobody"))


def test_an_unclear_answer_changes_nothing(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)

    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    with pytest.raises(ProcessorUnavailable):
        world.confirm(attempt)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))
    with pytest.raises(ProcessorRefused):
        world.confirm(attempt)

    assert world.track(track).status is TrackStatus.PENDING_PAYMENT
    world.settle()
    assert world.track(track).status is TrackStatus.QUEUED


# ── money that no track can use ──────────────────────────────────────────────────────────────


def test_a_second_payment_goes_back_in_full(world: World) -> None:
    track = world.checked_out(world.a_track())
    first = world.open_session(track)
    world.checked_out(track)
    second = world.open_session(track)
    world.pay(first)
    world.pay(second)

    world.confirm(second)
    world.settle()

    assert world.payment(track).applied_attempt_id == second.id
    [refund] = world.refunds(track)
    assert (refund.attempt_id, refund.amount, refund.status) == (
        first.id,
        495,
        RefundStatus.COMPLETED,
    )
    assert world.payment(track).refunded_amount == 0
    assert [event.payload["reason"] for event in world.events("PaymentNotApplied")] == [
        "track_not_waiting"
    ]
    assert world.balance(f"deferred:{track.id}") == 495


def test_money_for_a_cancelled_track_goes_back_in_full(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.cancel(track)
    world.pay(attempt)

    world.settle()

    assert world.track(track).status is TrackStatus.CANCELLED
    assert [refund.amount for refund in world.bank.refunded()] == [495]
    assert world.payment(track).status is PaymentStatus.FAILED
    assert world.balances() == {"processor": 44, "fees": -44}


def test_a_cancelled_track_leaves_no_session_that_could_be_paid(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)

    world.cancel(track)
    world.work()

    assert attempt.session_id is not None
    page = world.bank.view_checkout(attempt.session_id)
    assert page is not None
    assert page.state is SessionState.EXPIRED
    assert [one.status for one in world.attempts(track)] == [AttemptStatus.EXPIRED]


def test_another_amount_goes_back_in_full(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)
    world.reach_bank_through(payments=OddBank(world.bank, amount=Cents(494)))

    world.confirm(attempt)
    world.work()

    assert world.track(track).status is TrackStatus.PENDING_PAYMENT
    [refund] = world.refunds(track)
    assert (refund.amount, refund.status) == (494, RefundStatus.COMPLETED)
    assert world.events("PaymentNotApplied")[0].payload["reason"] == "wrong_amount"
    assert world.postings("PAYMENT_NOT_APPLIED") == [
        {"processor": -494, f"unapplied:{attempt.id}": 494}
    ]
    assert world.balance(f"unapplied:{attempt.id}") == 0


def test_another_currency_goes_back_in_full_and_is_recorded_but_not_posted(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)
    world.reach_bank_through(payments=OddBank(world.bank, currency="eur"))

    world.confirm(attempt)
    world.work()

    [refund] = world.refunds(track)
    assert (refund.amount, refund.currency, refund.status) == (495, "eur", RefundStatus.COMPLETED)
    assert world.events("PaymentNotApplied")[0].payload["reason"] == "wrong_currency"
    assert world.balances() == {}


def test_a_fee_that_is_not_known_yet_is_not_booked(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)
    world.reach_bank_through(payments=OddBank(world.bank, fee=None))

    world.confirm(attempt)

    assert world.payment(track).fee is None
    assert world.postings("FEE_KNOWN") == []


def test_a_fee_that_becomes_known_later_is_booked_once(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)
    world.reach_bank_through(payments=OddBank(world.bank, fee=None))
    world.confirm(attempt)
    assert attempt.session_id is not None
    found = world.bank.session(attempt.session_id)
    assert isinstance(found, Done)

    for view in (attrs.evolve(found.view, fee=None), found.view, found.view):
        with world.app.store.begin() as tx:
            told = follow_session(tx, lock_bill(tx, tx.attempts.get(attempt.id)), view)

    assert told.fee == found.view.fee == world.payment(track).fee
    assert world.postings("FEE_KNOWN") == [{"fees": -44, "processor": 44}]


def test_money_that_goes_back_without_a_known_fee_books_none(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.cancel(track)
    world.pay(attempt)
    world.reach_bank_through(payments=OddBank(world.bank, fee=None))

    world.work()

    assert world.balances() == {}


# ── giving a session up ──────────────────────────────────────────────────────────────────────


def dropped_before_it_opened(world: World, fault: Fault) -> AttemptId:
    """An attempt whose opening was lost, for a track that was cancelled meanwhile."""
    world.reach_bank_through(payments=FaultyPayments(world.bank, [fault]))
    track = world.checked_out(world.a_track())
    with pytest.raises(ProcessorUnavailable):
        world.open_session(track)
    world.cancel(track)
    return world.attempts(track)[0].id


def test_a_session_that_opened_unheard_is_found_and_expired(world: World) -> None:
    attempt_id = dropped_before_it_opened(world, Fault.LOST_AFTER)

    world.work()

    attempt = world.look(lambda tx: tx.attempts.get(attempt_id))
    assert attempt.status is AttemptStatus.EXPIRED
    assert attempt.session_id is not None


def test_a_session_that_never_opened_is_waited_for_until_it_cannot_any_more(world: World) -> None:
    attempt_id = dropped_before_it_opened(world, Fault.LOST_BEFORE)

    world.work()
    early = world.look(lambda tx: tx.attempts.get(attempt_id))
    world.wait(hours=24)
    world.work()
    late = world.look(lambda tx: tx.attempts.get(attempt_id))

    assert early.status is AttemptStatus.INTENDED
    assert (late.status, late.failure_reason) == (AttemptStatus.EXPIRED, "never_opened")


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [(Fault.LOST_AFTER, ProcessorUnavailable), (Fault.DECLINED, ProcessorRefused)],
)
def test_a_session_whose_end_is_unclear_is_ended_later(
    world: World, fault: Fault, refusal: type[Exception]
) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.cancel(track)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [fault]))

    with pytest.raises(refusal):
        world.drive(expire_checkout, ExpireCheckout(attempt_id=attempt.id))
    assert world.attempts(track)[0].status is AttemptStatus.OPEN
    ended = world.drive(expire_checkout, ExpireCheckout(attempt_id=attempt.id))

    assert ended.status is AttemptStatus.EXPIRED
    assert world.drive(expire_checkout, ExpireCheckout(attempt_id=attempt.id)) == ended


def test_money_that_came_before_the_session_was_given_up_is_used_if_the_track_waits(
    world: World,
) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.checked_out(track)
    world.pay(attempt)

    told = world.drive(expire_checkout, ExpireCheckout(attempt_id=attempt.id))

    assert told.status is AttemptStatus.PAID
    assert world.track(track).status is TrackStatus.QUEUED


def test_an_old_session_is_given_up_when_the_newer_is_paid(world: World) -> None:
    track = world.checked_out(world.a_track())
    world.open_session(track)
    world.checked_out(track)
    second = world.open_session(track)
    world.pay(second)

    world.settle()

    assert [one.status for one in world.attempts(track)] == [
        AttemptStatus.EXPIRED,
        AttemptStatus.PAID,
    ]
