"""Everything unsettled beside the processor: repaired, or listed for a person."""

from __future__ import annotations

import attrs
import pytest

from reviewcore.adapters.sandbox import PayerOutcome
from reviewcore.domain.errors import ProcessorUnavailable
from reviewcore.domain.ids import RefundId
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.webhooks import KEPT_FOR
from reviewcore.ports.processor import Done, Outcome, SessionView
from reviewcore.testing.faults import Fault, FaultyPayments, FaultyPayouts, FaultyWebhooks
from reviewcore.usecases import (
    ReceiveEvent,
    Reconcile,
    Reconciliation,
    SendPayout,
    SendRefund,
    Sweep,
    receive_event,
    reconcile,
    send_payout,
    send_refund,
)
from reviewcore.worker import Worker
from tests.unit.usecases.market import World
from tests.unit.usecases.test_processor_events import payable


@pytest.fixture
def world() -> World:
    """A market in which one review makes a withdrawal."""
    return World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50)


def look(world: World, *only: Sweep) -> Reconciliation:
    return world.drive(reconcile, Reconcile(only=frozenset(only or Sweep)))


def told(world: World, *only: Sweep) -> list[str]:
    return [f"{one.kind}: {one.told}" for one in look(world, *only).findings]


def opened(world: World) -> CheckoutAttempt:
    attempt = world.open_session(world.checked_out(world.a_track()))
    assert attempt.session_id is not None
    return attempt


def test_a_market_without_anything_unsettled_has_nothing_to_reconcile(world: World) -> None:
    payable(world)

    assert look(world) == Reconciliation(checked=0, repaired=0, findings=())


def test_a_session_that_was_paid_while_nobody_looked_is_applied(world: World) -> None:
    attempt = opened(world)
    world.pay(attempt)

    first, again = look(world), look(world)

    assert (first.checked, first.repaired, first.findings) == (1, 1, ())
    assert again.checked == 0
    assert world.look(lambda tx: tx.tracks.get(attempt.track_id)).status is TrackStatus.QUEUED


def test_an_open_session_is_looked_at_and_left(world: World) -> None:
    opened(world)

    assert look(world) == Reconciliation(checked=1, repaired=0, findings=())


def test_a_session_whose_opening_was_lost_is_found(world: World) -> None:
    track = world.checked_out(world.a_track())
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    with pytest.raises(ProcessorUnavailable):
        world.open_session(track)

    assert look(world).repaired == 1
    assert world.attempts(track)[0].status is AttemptStatus.OPEN


def test_a_session_that_was_never_opened_is_left_to_the_worker(world: World) -> None:
    track = world.checked_out(world.a_track())
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE]))
    with pytest.raises(ProcessorUnavailable):
        world.open_session(track)

    assert look(world) == Reconciliation(checked=1, repaired=0, findings=())


class SlowToCount(FaultyPayments):
    """Knows no fee until it is asked for a second time."""

    asked = 0

    def session(self, session_id: str, /) -> Outcome[SessionView]:
        told = super().session(session_id)
        assert isinstance(told, Done)
        return Done(attrs.evolve(told.view, fee=None))

    def fee(self, payment_id: str, /) -> Outcome[Cents | None]:
        self.asked += 1
        return super().fee(payment_id) if self.asked > 1 else Done(None)


def test_what_the_processor_kept_is_booked_once_it_tells(world: World) -> None:
    attempt = opened(world)
    world.pay(attempt)
    world.reach_bank_through(payments=SlowToCount(world.bank))
    world.confirm(attempt)
    assert world.balance("fees") == 0

    first, second, third = look(world), look(world), look(world)

    assert [one.repaired for one in (first, second, third)] == [0, 1, 0]
    assert world.balance("fees") == -44
    assert [one.checked for one in (first, second, third)] == [1, 1, 0]


def test_an_open_dispute_follows_its_verdict(world: World) -> None:
    track = world.a_queued_track()
    payment = world.payment(track).stripe_payment_id
    assert payment is not None
    dispute_id = world.bank.open_dispute(payment)
    world.hear_bank()
    world.work()

    assert look(world, Sweep.DISPUTES) == Reconciliation(checked=1, repaired=0, findings=())
    world.bank.win_dispute(dispute_id)

    assert look(world, Sweep.DISPUTES).repaired == 1
    assert look(world, Sweep.DISPUTES).checked == 0


def test_a_refund_and_a_payout_whose_answers_were_lost_are_found(world: World) -> None:
    track = world.a_queued_track()
    world.cancel(track)
    refund = world.refunds(track)[0]
    payout = world.withdraw(payable(world))
    world.reach_bank_through(
        payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]),
        payouts=FaultyPayouts(world.bank, [Fault.LOST_AFTER]),
    )
    world.drive(send_refund, SendRefund(refund_id=refund.id))
    world.drive(send_payout, SendPayout(payout_id=payout.id))

    assert look(world).repaired == 2

    assert world.refunds(track)[0].status is RefundStatus.COMPLETED
    assert world.payout(payout).status is PayoutStatus.COMPLETED
    world.settle()


def lost(world: World) -> tuple[RefundId, Payout]:
    track = world.a_queued_track()
    world.cancel(track)
    refund = world.refunds(track)[0]
    payout = world.withdraw(payable(world))
    world.reach_bank_through(
        payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE]),
        payouts=FaultyPayouts(world.bank, [Fault.LOST_BEFORE]),
    )
    world.drive(send_refund, SendRefund(refund_id=refund.id))
    world.drive(send_payout, SendPayout(payout_id=payout.id))
    return refund.id, payout


def test_what_is_not_found_waits_while_its_key_is_fresh_and_is_then_listed(world: World) -> None:
    lost(world)

    assert told(world) == []
    world.wait(hours=23)

    assert [one.split(":")[0] for one in told(world)] == ["refund", "payout"]
    assert all("not found" in one for one in told(world))


def test_what_is_parked_or_to_be_paid_by_hand_is_listed(world: World) -> None:
    track = world.a_queued_track()
    world.cancel(track)
    refund = world.refunds(track)[0]
    payout = world.withdraw(payable(world))
    world.withdraw(payable(world), method=PayoutMethod.PAYPAL, destination="a@paypal.example")
    fresh = told(world)
    world.reach_bank_through(
        payments=FaultyPayments(world.bank, [Fault.SHORT]),
        payouts=FaultyPayouts(world.bank, [Fault.SHORT]),
    )
    world.drive(send_refund, SendRefund(refund_id=refund.id))
    world.drive(send_payout, SendPayout(payout_id=payout.id))

    assert fresh == ["payout: waits to be paid by PAYPAL"]
    assert told(world) == [
        "refund: was refused for now (balance_insufficient) and is sent again",
        "payout: was refused for now (balance_insufficient) and is sent again",
        "payout: waits to be paid by PAYPAL",
    ]


def test_a_refund_that_failed_is_for_a_person(world: World) -> None:
    track = world.a_queued_track()
    world.cancel(track)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))
    world.work()

    assert told(world) == [
        "refund: is FAILED (injected): pay the money back another way, then settle it"
    ]


def test_without_an_answer_each_thing_is_listed_and_none_is_changed(world: World) -> None:
    attempt = opened(world)
    paid = world.a_queued_track()
    payment = world.payment(paid).stripe_payment_id
    assert payment is not None
    world.hear_bank()
    world.bank.open_dispute(payment)
    world.work()
    lost(world)
    world.bank.play_payer(str(attempt.session_id), PayerOutcome.PAY)
    world.hear_bank(FaultyWebhooks(world.bank, [Fault.LOST_BEFORE] * 9))
    world.reach_bank_through(
        payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE] * 9),
        payouts=FaultyPayouts(world.bank, [Fault.DECLINED] * 9),
    )

    kinds = [one.split(":")[0] for one in told(world)]

    assert kinds == ["event", "checkout", "dispute", "refund", "payout"]
    assert "the processor says nothing clear: injected" in told(world)[-1]


def test_a_fee_that_nobody_tells_is_listed(world: World) -> None:
    attempt = opened(world)
    world.pay(attempt)
    world.reach_bank_through(payments=SlowToCount(world.bank))
    world.confirm(attempt)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE]))

    assert told(world) == ["checkout: the processor says nothing clear: the request was lost"]


# ── events ───────────────────────────────────────────────────────────────────────────────────


def test_events_that_were_missed_are_kept_once_and_handled_by_the_worker(world: World) -> None:
    track = world.a_queued_track()
    world.hear_bank()

    first, again = look(world, Sweep.MISSED), look(world, Sweep.MISSED)
    Worker(world.app).handle_events()

    assert (first.checked, first.repaired) == (1, 1)
    assert (again.checked, again.repaired) == (0, 0)
    assert world.look(lambda tx: tx.inbox.page(is_handled=False, after=None, limit=9)) == []
    assert world.track(track).status is TrackStatus.QUEUED


def test_an_event_that_was_dropped_is_found_though_a_newer_one_came(world: World) -> None:
    first, second = opened(world), opened(world)
    world.hear_bank()
    world.pay(first)
    world.wait(hours=23)
    world.pay(second)
    page = world.bank.since(world.clock() - KEPT_FOR)
    assert isinstance(page, Done)
    world.do(receive_event, ReceiveEvent(event=page.view.events[-1]))

    assert look(world, Sweep.MISSED).repaired == 1


def test_many_missed_events_come_page_by_page(world: World) -> None:
    world.hear_bank()
    attempts = [opened(world) for _ in range(103)]
    for attempt in attempts:
        world.pay(attempt)

    assert look(world, Sweep.MISSED).repaired == 103


def test_handled_events_are_forgotten_after_30_days_and_not_asked_for_again(world: World) -> None:
    world.a_queued_track()
    world.hear_bank()
    world.work()
    worker = Worker(world.app)

    world.clock.advance(seconds=KEPT_FOR.total_seconds() + 1)
    worker.forget()

    assert world.look(lambda tx: tx.inbox.page(is_handled=None, after=None, limit=9)) == []
    assert look(world, Sweep.MISSED).checked == 0


def test_an_event_that_fails_is_listed_with_what_becomes_of_it(world: World) -> None:
    attempt = opened(world)
    world.pay(attempt)
    world.hear_bank()
    look(world, Sweep.MISSED)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE] * 99))
    assert told(world, Sweep.EVENTS) == []

    Worker(world.app).handle_events()

    assert told(world, Sweep.EVENTS) == [
        "event: checkout.session.completed failed 1 times (ProcessorUnavailable) and is tried again"
    ]


def test_a_worker_that_stays_reconciles_when_it_begins_and_every_hour(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = opened(world)
    world.withdraw(payable(world), method=PayoutMethod.MANUAL, destination="IBAN 1")
    world.pay(attempt)
    worker = Worker(world.app)

    assert worker.reconcile() == 1
    assert "waits to be paid by MANUAL" in caplog.text
    assert worker.reconcile() == 0
    world.pay(opened(world))
    world.wait(hours=1)
    assert worker.reconcile() == 1
