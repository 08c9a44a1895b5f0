"""Each unsettled thing beside the processor's word about it: what is said of it, word for word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.webhooks import StripeWebhookEvent, Subject
from reviewcore.domain.webhooks import receive as receive_at
from reviewcore.testing.faults import Fault, FaultyPayments, FaultyPayouts, FaultyWebhooks
from reviewcore.usecases.reconcile import BATCH, Reconcile, Sweep, reconcile
from reviewcore.usecases.steps import comparing
from reviewcore.usecases.steps.comparing import Finding, repaired
from tests.unit.usecases.disputing import applied
from tests.unit.usecases.market import World
from tests.unit.usecases.test_processor_events import an_event, payable, unclear
from tests.unit.usecases.test_reconciling import SlowToCount, opened
from tests.unit.usecases.test_refunds import owed, send

LOST, DECLINED = "the request was lost", "injected"


@pytest.fixture
def world() -> World:
    """A market in which one review makes a withdrawal."""
    return World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50)


def said(world: World, compare: Any, thing: Any) -> Finding | None:
    found: Finding | None = compare(world.app.store, world.app.processor, thing)
    world.check()
    return found


def unanswered(world: World, fault: Fault) -> None:
    """From now on no question is answered."""
    world.reach_bank_through(
        payments=FaultyPayments(world.bank, [fault] * 9),
        payouts=FaultyPayouts(world.bank, [fault] * 9),
    )


def for_a_person(kind: str, thing: str, told: str) -> Finding:
    return Finding(kind=kind, id=thing, told=told, is_repaired=False)


# ── checkouts ────────────────────────────────────────────────────────────────────────────────


def test_a_session(world: World) -> None:
    attempt = opened(world)
    assert said(world, comparing.compare_attempt, attempt) is None

    world.pay(attempt)

    told = said(world, comparing.compare_attempt, attempt)
    assert told == repaired("checkout", attempt.id, "is PAID")
    assert told is not None
    assert told.is_repaired


def paid_without_fee(world: World) -> CheckoutAttempt:
    """A paid attempt of which the processor has not told the fee, and will when it is asked."""
    attempt = opened(world)
    world.pay(attempt)
    slow = SlowToCount(world.bank)
    slow.asked = 1
    world.reach_bank_through(payments=slow)
    return world.confirm(attempt)


def test_a_fee(world: World) -> None:
    attempt = paid_without_fee(world)

    told = said(world, comparing.compare_attempt, attempt)

    assert told == repaired("checkout", attempt.id, "its fee is known")
    known = world.look(lambda tx: tx.attempts.get(attempt.id))
    assert known.fee == world.look(lambda tx: tx.payments.get(attempt.payment_id)).fee == 44


@pytest.mark.parametrize(("fault", "word"), [(Fault.LOST_BEFORE, LOST), (Fault.DECLINED, DECLINED)])
@pytest.mark.parametrize("is_paid", [False, True])
def test_a_checkout_without_an_answer(world: World, fault: Fault, word: str, is_paid: bool) -> None:
    attempt = paid_without_fee(world) if is_paid else opened(world)
    unanswered(world, fault)

    told = said(world, comparing.compare_attempt, attempt)

    assert told == for_a_person("checkout", attempt.id, f"the processor says nothing clear: {word}")


# ── disputes ─────────────────────────────────────────────────────────────────────────────────


def test_a_dispute(world: World) -> None:
    attempt = applied(world, world.a_queued_track())
    external_id = world.bank.open_dispute(str(attempt.external_payment_id))
    world.hear_bank()
    world.work()
    [dispute] = world.all(lambda tx: tx.disputes.all())
    assert said(world, comparing.compare_dispute, dispute) is None

    world.bank.lose_dispute(external_id)

    told = said(world, comparing.compare_dispute, dispute)
    assert told == repaired("dispute", dispute.id, "is LOST")
    unanswered(world, Fault.LOST_BEFORE)
    assert said(world, comparing.compare_dispute, dispute) == for_a_person(
        "dispute", dispute.id, f"the processor says nothing clear: {LOST}"
    )


# ── refunds and payouts ──────────────────────────────────────────────────────────────────────


def test_a_refund_whose_answer_was_lost(world: World) -> None:
    _, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    sent = send(world, refund)

    told = said(world, comparing.compare_refund, sent)

    assert told == repaired("refund", refund.id, "is COMPLETED")


def test_a_refund_that_is_not_found(world: World) -> None:
    _, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_BEFORE]))
    sent = send(world, refund)
    assert said(world, comparing.compare_refund, sent) is None

    world.wait(hours=23)

    told = said(world, comparing.compare_refund, sent)
    assert told is not None
    assert (told.kind, told.id, told.is_repaired) == ("refund", refund.id, False)
    assert told.told.startswith("was sent more than 23 hours ago and is not found: ")
    unanswered(world, Fault.DECLINED)
    assert said(world, comparing.compare_refund, sent) == for_a_person(
        "refund", refund.id, f"the processor says nothing clear: {DECLINED}"
    )


@pytest.mark.parametrize(
    ("fault", "begins"),
    [
        (Fault.DECLINED, "is FAILED (injected): pay the money back another way"),
        (Fault.SHORT, "was refused for now (balance_insufficient) and is sent again"),
    ],
)
def test_a_refund_that_was_refused(world: World, fault: Fault, begins: str) -> None:
    _, refund = owed(world)
    assert said(world, comparing.compare_refund, refund) is None
    world.reach_bank_through(payments=FaultyPayments(world.bank, [fault]))
    refused = send(world, refund)

    told = said(world, comparing.compare_refund, refused)

    assert told is not None
    assert (told.kind, told.id, told.is_repaired) == ("refund", refund.id, False)
    assert told.told.startswith(begins)


def test_a_payout_that_is_not_found_and_then_is(world: World) -> None:
    payout = unclear(world)
    assert said(world, comparing.compare_payout, payout) == for_a_person(
        "payout",
        payout.id,
        "was sent more than 23 hours ago and is not found: look, then resolve it",
    )
    unanswered(world, Fault.LOST_BEFORE)
    assert said(world, comparing.compare_payout, payout) == for_a_person(
        "payout", payout.id, f"the processor says nothing clear: {LOST}"
    )


def test_a_payout_that_waits(world: World) -> None:
    reviewer = payable(world)
    by_hand = world.withdraw(reviewer, 50, method=PayoutMethod.MANUAL, destination="IBAN 1")
    world.deliver(world.assign(world.a_queued_track())[0])
    world.withdraw(reviewer)
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.SHORT]))
    world.work()
    [parked] = [one for one in world.all(lambda tx: tx.payouts.all()) if one.is_automatic]

    assert said(world, comparing.compare_payout, by_hand) == for_a_person(
        "payout", by_hand.id, "waits to be paid by MANUAL"
    )
    assert said(world, comparing.compare_payout, parked) == for_a_person(
        "payout", parked.id, "was refused for now (balance_insufficient) and is sent again"
    )


def test_a_payout_whose_answer_was_lost(world: World) -> None:
    payout = world.withdraw(payable(world))
    assert said(world, comparing.compare_payout, payout) is None
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.LOST_AFTER]))
    world.work()
    sent = world.payout(payout)

    told = said(world, comparing.compare_payout, sent)

    assert told == repaired("payout", payout.id, "has left")


# ── events ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("is_given_up", "end"), [(False, "is tried again"), (True, "was given up")]
)
def test_an_event_that_cannot_be_handled(world: World, is_given_up: bool, end: str) -> None:
    event = receive_at(an_event(world, Subject.CHECKOUT, "cs_1"), world.clock())
    assert said(world, comparing.look_at_event, event) is None

    failed = attrs.evolve(event, attempts=3, failure="EntityNotFound")
    if is_given_up:
        failed = attrs.evolve(failed, next_attempt_at=None)

    assert said(world, comparing.look_at_event, failed) == for_a_person(
        "event", event.id, f"some.checkout failed 3 times (EntityNotFound) and {end}"
    )


def test_what_was_missed_is_asked_for_from_a_day_before_the_newest_event(world: World) -> None:
    line = FaultyWebhooks(world.bank)
    world.hear_bank(line)
    world.a_queued_track()
    sweep = Reconcile(only=frozenset({Sweep.MISSED}))

    world.drive(reconcile, sweep)
    newest = world.look(lambda tx: tx.inbox.newest())
    world.wait(days=2)
    world.drive(reconcile, sweep)
    world.wait(days=40)
    world.drive(reconcile, sweep)

    assert newest is not None
    asked = [(call.method, *call.arguments) for call in line.calls]
    assert asked == [
        ("since", newest - timedelta(days=30), None),
        ("since", newest - timedelta(days=1), None),
        ("since", world.clock() - timedelta(days=30), None),
    ]


def test_events_that_nobody_tells_of(world: World) -> None:
    world.hear_bank(FaultyWebhooks(world.bank, [Fault.LOST_BEFORE]))

    told = world.drive(reconcile, Reconcile(only=frozenset({Sweep.MISSED})))

    assert told.findings == (
        for_a_person("event", "all", f"the processor says nothing clear: {LOST}"),
    )


def test_more_than_a_batch_is_looked_at(world: World) -> None:
    def failed(number: int) -> StripeWebhookEvent:
        told = an_event(world, Subject.CHECKOUT, "cs_1", id=f"evt_{number:04d}")
        return attrs.evolve(receive_at(told, world.clock()), failure="Busy")

    with world.app.store.begin() as tx:
        for number in range(BATCH + 1):
            tx.inbox.receive(failed(number))

    told = world.drive(reconcile, Reconcile(only=frozenset({Sweep.EVENTS})))

    assert told.checked == len({one.id for one in told.findings}) == BATCH + 1
    assert told.repaired == 0
