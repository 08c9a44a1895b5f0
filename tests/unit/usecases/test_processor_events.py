"""What the processor tells unasked: received once, handled once, in any order."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import PayeeOutcome
from reviewcore.domain.errors import (
    EntityNotFound,
    InvalidTransition,
    OwnCase,
    ProcessorRefused,
    ProcessorUnavailable,
    ReasonRequired,
    TooEarlyToResolve,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutStatus
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.webhooks import (
    TRIES_MAX,
    ProcessorEvent,
    StripeWebhookEvent,
    Subject,
)
from reviewcore.domain.webhooks import receive as told
from reviewcore.ports.processor import ReversalOrder, TransferOrder
from reviewcore.testing.contracts.processor.orders import account_order, transfer_order
from reviewcore.testing.faults import Call, Fault, FaultyPayments, FaultyPayouts
from reviewcore.usecases import (
    HandleEvent,
    PayoutTruth,
    ReceiveEvent,
    ResolvePayout,
    RetryEvent,
    handle_event,
    receive_event,
    resolve_payout,
    retry_event,
)
from reviewcore.worker import Worker
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    """A market in which one review makes a withdrawal."""
    return World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50)


def an_event(world: World, subject: Subject, object_id: str, **changes: Any) -> ProcessorEvent:
    told: dict[str, Any] = {
        "id": f"evt_{subject.lower()}_{object_id}",
        "type": f"some.{subject.lower()}",
        "subject": subject,
        "object_id": object_id,
        "created_at": world.clock(),
    }
    return ProcessorEvent(**(told | changes))


def receive(world: World, event: ProcessorEvent) -> StripeWebhookEvent:
    return world.do(receive_event, ReceiveEvent(event=event))


def handle(world: World, event: ProcessorEvent) -> StripeWebhookEvent:
    return world.drive(handle_event, HandleEvent(event_id=event.id))


def hear(world: World, event: ProcessorEvent) -> StripeWebhookEvent:
    receive(world, event)
    return handle(world, event)


def payable(world: World) -> ReviewerProfile:
    """A reviewer with 90 cents and an account that may be paid."""
    reviewer = world.a_reviewer()
    world.deliver(world.assign(world.a_queued_track())[0])
    world.connect(reviewer)
    world.wait(days=7)
    return world.reviewer(reviewer)


def paid_out(world: World) -> Payout:
    payout = world.withdraw(payable(world))
    world.work()
    done = world.payout(payout)
    assert done.status is PayoutStatus.COMPLETED
    return done


# ── the inbox ────────────────────────────────────────────────────────────────────────────────


def test_an_event_is_kept_once_and_waits_to_be_handled(world: World) -> None:
    event = an_event(world, Subject.CHECKOUT, "cs_1")

    first = receive(world, event)
    world.wait(minutes=1)
    again = receive(world, event)

    assert again == first
    assert (first.handled_at, first.next_attempt_at) == (None, first.received_at)


def test_an_event_that_asks_for_nothing_is_handled_when_it_comes(world: World) -> None:
    event = an_event(world, Subject.OTHER, "in_1")

    assert receive(world, event).is_handled
    assert handle(world, event).is_handled


def test_an_event_of_a_thing_that_is_not_there_waits_and_is_tried_again(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    event = an_event(world, Subject.CHECKOUT, "cs_unknown")
    receive(world, event)

    with pytest.raises(ProcessorRefused):
        handle(world, event)
    Worker(world.app).handle_events()

    waiting = world.look(lambda tx: tx.inbox.get(event.id))
    assert (waiting.attempts, waiting.failure) == (1, "ProcessorRefused")
    assert waiting.next_attempt_at == world.clock() + timedelta(seconds=2)
    assert world.look(lambda tx: tx.attempts.get(attempt.id)).status is AttemptStatus.OPEN


def test_an_event_that_fails_for_long_is_given_up_and_listed_until_a_person_retries_it(
    world: World,
) -> None:
    event = an_event(world, Subject.CHECKOUT, "cs_unknown")
    receive(world, event)
    for _ in range(TRIES_MAX):
        Worker(world.app).handle_events()
        world.wait(hours=1)

    given_up = world.look(lambda tx: tx.inbox.get(event.id))
    assert (given_up.attempts, given_up.next_attempt_at) == (TRIES_MAX, None)
    assert Worker(world.app).handle_events() == 0

    world.do(retry_event, RetryEvent(event_id=event.id, admin_id=ADMIN))

    assert Worker(world.app).handle_events() == 1
    assert world.events("AdminActed")[-1].payload["act"] == "retry_event"


def test_only_what_waits_is_retried(world: World) -> None:
    done = an_event(world, Subject.OTHER, "in_1")
    receive(world, done)
    world.a_user()
    world.work()

    for event_id in (done.id, "evt_nobody_knows", world.events()[0].id):
        with pytest.raises(EntityNotFound):
            world.do(retry_event, RetryEvent(event_id=event_id, admin_id=ADMIN))


def test_an_undelivered_event_of_ours_is_retried_as_well(world: World) -> None:
    world.a_user()
    event = world.events("UserSignedUp")[0]
    with world.app.store.begin() as tx:
        tx.events.mark_failed(event.id, failure="OSError", next_attempt_at=None)
    world.work()
    assert world.look(lambda tx: list(tx.events.all()))[0].delivered_at is None

    world.do(retry_event, RetryEvent(event_id=event.id, admin_id=ADMIN))
    world.work()

    assert world.events("UserSignedUp")[0].delivered_at is not None


def test_without_an_answer_an_event_is_left_as_it_is(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    assert attempt.session_id is not None
    world.pay(attempt)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    event = an_event(world, Subject.CHECKOUT, attempt.session_id)
    receive(world, event)

    with pytest.raises(ProcessorUnavailable):
        handle(world, event)

    assert not world.look(lambda tx: tx.inbox.get(event.id)).is_handled
    assert handle(world, event).is_handled
    assert world.track(track).status is TrackStatus.QUEUED


def test_two_workers_on_one_event_act_once(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    assert attempt.session_id is not None
    world.pay(attempt)
    event = an_event(world, Subject.CHECKOUT, attempt.session_id)
    receive(world, event)
    plain = world.app

    def meanwhile(_: Call) -> Fault:
        plain.drive(handle_event, HandleEvent(event_id=event.id))
        return Fault.NONE

    world.reach_bank_through(payments=FaultyPayments(world.bank, meanwhile))

    assert handle(world, event).is_handled
    assert len(world.postings("PAYMENT_APPLIED")) == 1


def test_an_event_that_asks_for_nothing_may_wait_as_well(world: World) -> None:
    event = an_event(world, Subject.OTHER, "in_1")
    with world.app.store.begin() as tx:
        tx.inbox.receive(attrs.evolve(told(event, world.clock()), handled_at=None))

    assert handle(world, event).is_handled


# ── what the events are about ────────────────────────────────────────────────────────────────


def test_a_paid_session_queues_its_track_once_however_often_it_is_told(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    assert attempt.session_id is not None
    world.pay(attempt)

    for number in range(3):
        hear(world, an_event(world, Subject.CHECKOUT, attempt.session_id, id=f"evt_{number}"))

    assert world.track(track).status is TrackStatus.QUEUED
    assert len(world.postings("PAYMENT_APPLIED")) == 1


def test_a_session_is_told_of_before_its_opening_was_recorded(world: World) -> None:
    track = world.checked_out(world.a_track())
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    with pytest.raises(ProcessorUnavailable):
        world.open_session(track)
    attempt = world.attempts(track)[0]
    session = world.bank.find_session(attempt.id).view  # type: ignore[union-attr]  # it was opened
    assert session is not None

    hear(world, an_event(world, Subject.CHECKOUT, session.session_id))

    assert world.attempts(track)[0].status is AttemptStatus.OPEN


def test_what_is_not_ours_is_handled_and_changes_nothing(world: World) -> None:
    class Strangers(FaultyPayments):
        def session(self, session_id: str, /) -> Any:
            return strip(super().session(session_id), "attempt_id")

        def refund_view(self, external_id: str, /) -> Any:
            return strip(super().refund_view(external_id), "refund_id")

        def dispute(self, external_id: str, /) -> Any:
            return strip(super().dispute(external_id), "attempt_id")

    class StrangersPayouts(FaultyPayouts):
        def transfer_view(self, external_id: str, /) -> Any:
            return strip(super().transfer_view(external_id), "payout_id")

    track = world.a_queued_track()
    attempt = world.attempts(track)[0]
    assert attempt.session_id is not None
    assert attempt.external_payment_id is not None
    world.cancel(track)
    world.work()
    dispute_id = world.bank.open_dispute(world_payment(world))
    transfer_id = paid_out(world).external_id
    assert transfer_id is not None
    before = len(world.events())
    world.reach_bank_through(payments=Strangers(world.bank), payouts=StrangersPayouts(world.bank))

    for subject, object_id in (
        (Subject.CHECKOUT, attempt.session_id),
        (Subject.REFUND, world.bank.refunded()[0].external_id),
        (Subject.DISPUTE, dispute_id),
        (Subject.TRANSFER, transfer_id),
    ):
        assert hear(world, an_event(world, subject, object_id)).is_handled

    assert len(world.events()) == before


def strip(outcome: Any, field: str) -> Any:
    return attrs.evolve(outcome, view=attrs.evolve(outcome.view, **{field: ""}))


def world_payment(world: World) -> str:
    """Another payment, which nobody here has given back."""
    attempt = world.attempts(world.a_queued_track())[0]
    assert attempt.external_payment_id is not None
    return attempt.external_payment_id


def test_a_refund_and_a_transfer_complete_when_the_answer_was_lost(world: World) -> None:
    track = world.a_queued_track()
    world.cancel(track)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.LOST_AFTER]))
    world.work()
    hear(world, an_event(world, Subject.REFUND, world.bank.refunded()[0].external_id))

    payout = world.withdraw(payable(world))
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.LOST_AFTER]))
    world.work()
    assert world.payout(payout).status is PayoutStatus.PROCESSING
    hear(world, an_event(world, Subject.TRANSFER, world.bank.transferred()[0].external_id))

    assert world.payout(payout).status is PayoutStatus.COMPLETED
    world.settle()


def test_each_reversal_is_booked_once(world: World) -> None:
    payout = paid_out(world)
    assert payout.external_id is not None
    for number, amount in enumerate((30, 60)):
        world.bank.reverse(
            ReversalOrder(
                reversal_id=f"r{number}",
                external_id=payout.external_id,
                amount=amount,  # type: ignore[arg-type]  # a few cents
                key=f"rv:{number}",
            )
        )
        for again in range(2):
            event_id = f"evt_{number}_{again}"
            hear(world, an_event(world, Subject.TRANSFER, payout.external_id, id=event_id))

    reviewer = world.look(lambda tx: tx.reviewers.get(payout.reviewer_id))
    assert world.payout(payout).reversed_amount == 90
    assert world.payout(payout).status is PayoutStatus.COMPLETED
    assert reviewer.pending_balance == 90
    assert [sum(one.values()) for one in world.postings("PAYOUT_REVERSED")] == [0, 0]


def test_an_account_that_is_refused_cannot_be_paid_until_it_is_completed_again(
    world: World,
) -> None:
    reviewer = payable(world)
    account_id = reviewer.stripe_account_id
    assert account_id is not None

    world.bank.play_payee(account_id, PayeeOutcome.REFUSE)
    hear(world, an_event(world, Subject.ACCOUNT, account_id, account_id=account_id))
    assert not world.reviewer(reviewer).payout_account_ready

    world.bank.play_payee(account_id, PayeeOutcome.COMPLETE)
    hear(world, an_event(world, Subject.ACCOUNT, account_id, account_id=account_id, id="evt_2"))
    assert world.reviewer(reviewer).payout_account_ready


def test_another_bank_account_starts_the_delay_again_as_of_when_it_changed(world: World) -> None:
    reviewer = payable(world)
    account_id = reviewer.stripe_account_id
    changed_at = world.clock() - timedelta(days=2)
    event = an_event(
        world, Subject.DESTINATION, "ba_1", account_id=account_id, created_at=changed_at
    )

    hear(world, event)

    assert world.reviewer(reviewer).payout_account_changed_at == changed_at


def test_a_failed_bank_payout_and_a_disconnected_account_are_recorded(world: World) -> None:
    reviewer = payable(world)
    account_id = reviewer.stripe_account_id

    hear(world, an_event(world, Subject.BANK_PAYOUT, "po_1", account_id=account_id))
    hear(world, an_event(world, Subject.DISCONNECTED, "ca_1", account_id=account_id))

    assert len(world.events("BankPayoutFailed")) == 1
    assert not world.reviewer(reviewer).payout_account_ready


def test_an_account_that_nobody_holds_is_nobodys_business(world: World) -> None:
    reviewer = payable(world)
    other = world.bank.open_account(account_order()).view.account_id  # type: ignore[union-attr]  # done

    assert hear(world, an_event(world, Subject.ACCOUNT, other, account_id=other)).is_handled
    assert world.reviewer(reviewer).payout_account_ready


def test_events_in_any_order_end_alike(world: World) -> None:
    ends = set()
    for order in permutations(range(3)):
        world = World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50)
        track = world.checked_out(world.a_track())
        attempt = world.open_session(track)
        assert attempt.session_id is not None
        world.pay(attempt)
        external = world.bank.paid()[0].payment_id
        dispute_id = world.bank.open_dispute(external)
        world.bank.win_dispute(dispute_id)
        told = [
            an_event(world, Subject.CHECKOUT, attempt.session_id),
            an_event(world, Subject.DISPUTE, dispute_id, id="evt_opened"),
            an_event(world, Subject.DISPUTE, dispute_id, id="evt_won"),
        ]
        for number in order:
            receive(world, told[number])
        for _ in order:
            Worker(world.app).handle_events()
            world.wait(hours=1)
        world.work()
        ends.add((world.track(track).status, tuple(sorted(world.balances().values()))))

    assert len(ends) == 1


# ── a person's word ──────────────────────────────────────────────────────────────────────────


def unclear(world: World) -> Payout:
    """A payout that was sent, and of which nobody knows whether it arrived."""
    payout = world.withdraw(payable(world))
    lost = [Fault.LOST_BEFORE] * 40
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, lost))
    for _ in range(30):
        world.work()
        world.wait(hours=1)
    world.reach_bank_through(payouts=world.bank)
    return world.payout(payout)


def resolve(world: World, payout: Payout, truth: PayoutTruth, **changes: Any) -> Payout:
    told = {"payout_id": payout.id, "admin_id": ADMIN, "truth": truth, "reason": "I looked"}
    return world.do(resolve_payout, ResolvePayout(**(told | changes)))


def test_an_absent_payout_is_given_back_after_two_looks_and_a_day(world: World) -> None:
    payout = unclear(world)
    assert payout.status is PayoutStatus.PROCESSING
    assert payout.look_ups == 0, "no look-up was answered"

    with pytest.raises(TooEarlyToResolve) as early:
        resolve(world, payout, PayoutTruth.ABSENT)
    for _ in range(20):
        world.wait(hours=1)
        world.work()
    assert world.clock() >= early.value.resolvable_at
    assert world.payout(payout).look_ups >= 2

    absent = resolve(world, payout, PayoutTruth.ABSENT)

    assert (absent.status, absent.failure_reason) == (PayoutStatus.FAILED, "absent")
    assert world.look(lambda tx: tx.reviewers.get(payout.reviewer_id)).pending_balance == 90


def test_a_found_payout_is_complete_with_or_without_the_transfers_id(world: World) -> None:
    payout = unclear(world)

    found = resolve(world, payout, PayoutTruth.FOUND)

    assert (found.status, found.external_id) == (PayoutStatus.COMPLETED, None)
    with pytest.raises(InvalidTransition):
        resolve(world, payout, PayoutTruth.FOUND, external_id="tr_1")


@pytest.mark.parametrize("truth", PayoutTruth)
def test_only_an_unclear_payout_is_resolved(world: World, truth: PayoutTruth) -> None:
    payout = paid_out(world)

    with pytest.raises(InvalidTransition):
        resolve(world, payout, truth)


def test_nobody_resolves_his_own_payout_or_without_a_reason(world: World) -> None:
    payout = unclear(world)
    reviewer = world.look(lambda tx: tx.reviewers.get(payout.reviewer_id))

    with pytest.raises(OwnCase):
        resolve(world, payout, PayoutTruth.FOUND, admin_id=UserId(reviewer.user_id))
    with pytest.raises(ReasonRequired):
        resolve(world, payout, PayoutTruth.FOUND, reason=" ")


def test_a_payout_that_failed_and_yet_was_transferred_is_for_a_person(world: World) -> None:
    payout = unclear(world)
    for _ in range(30):
        world.wait(hours=1)
        world.work()
    resolve(world, payout, PayoutTruth.ABSENT)
    reviewer = world.look(lambda tx: tx.reviewers.get(payout.reviewer_id))
    late = world.bank.transfer(order_of(payout, reviewer)).view  # type: ignore[union-attr]  # done
    event = an_event(world, Subject.TRANSFER, late.external_id)
    receive(world, event)

    with pytest.raises(InvalidTransition):
        handle(world, event)


def order_of(payout: Payout, reviewer: ReviewerProfile) -> TransferOrder:
    assert reviewer.stripe_account_id is not None
    return transfer_order(reviewer.stripe_account_id, payout_id=payout.id, amount=payout.amount)


# ── too little balance ───────────────────────────────────────────────────────────────────────


def test_a_payout_beyond_the_balance_waits_and_goes_out_under_a_new_key(world: World) -> None:
    reviewer = payable(world)
    payout = world.withdraw(reviewer)
    line = FaultyPayouts(world.bank, [Fault.SHORT])
    world.reach_bank_through(payouts=line)

    world.work()
    parked = world.payout(payout)
    world.wait(minutes=1)
    world.work()

    assert (parked.status, parked.failure_reason) == (
        PayoutStatus.PENDING,
        "balance_insufficient",
    )
    assert world.payout(payout).status is PayoutStatus.COMPLETED
    keys = [call.arguments[0].key for call in line.calls]  # type: ignore[attr-defined]  # orders
    assert keys == [f"wd:{payout.id}:a1", f"wd:{payout.id}:a2"]
    assert world.events("PayoutParked")
    assert len(world.bank.transferred()) == 1
    assert world.payout(payout).method is PayoutMethod.STRIPE_CONNECT
