"""Every field of what a step of money makes: its row, and the order that goes to the processor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import PayeeOutcome
from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.errors import ProcessorUnavailable
from reviewcore.domain.flags import Flag, FlagReason, FlagStatus
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutReversal, PayoutStatus
from reviewcore.domain.refunds import Refund, RefundReason, RefundStatus
from reviewcore.domain.webhooks import Subject
from reviewcore.ports.processor import (
    AccountOrder,
    CheckoutOrder,
    Done,
    RefundOrder,
    ReversalOrder,
    TransferOrder,
)
from reviewcore.testing.faults import Fault, FaultyPayments, FaultyPayouts
from reviewcore.usecases import (
    ConnectPayoutAccount,
    ExpireAssignments,
    OpenCheckout,
    OpenPayoutDashboard,
    PayoutTruth,
    SendPayout,
    SettlePayout,
    connect_payout_account,
    expire_assignments,
    open_checkout,
    open_payout_dashboard,
    send_payout,
    settle_payout,
)
from tests.unit.usecases.disputing import follow, view_of
from tests.unit.usecases.market import ADMIN, World
from tests.unit.usecases.test_processor_events import (
    an_event,
    hear,
    paid_out,
    payable,
    resolve,
    unclear,
)
from tests.unit.usecases.test_refunds import FAILED, owed, send
from tests.unit.usecases.test_refunds import told as heard_of_refund

NEVER_ANSWERS = [Fault.LOST_BEFORE] * 9


@pytest.fixture
def world() -> World:
    """A market in which one review makes a withdrawal."""
    return World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50, currency="eur")


def asked(line: FaultyPayments | FaultyPayouts) -> list[tuple[Any, ...]]:
    """What was called, and with what."""
    return [(call.method, *call.arguments) for call in line.calls]


# ── money in ─────────────────────────────────────────────────────────────────────────────────


def test_a_bill_that_waits_for_its_money(world: World) -> None:
    track = world.checked_out(world.a_track())

    payment = world.payment(track)

    assert payment == Payment(
        id=payment.id,
        track_id=track.id,
        amount=Cents(495),
        currency="eur",
        status=PaymentStatus.PENDING,
        created_at=world.clock(),
    )


def test_the_bill_of_a_free_track_is_paid(world: World) -> None:
    track = world.a_free_track()

    payment = world.payment(track)

    assert (payment.amount, payment.status) == (0, PaymentStatus.COMPLETED)
    assert payment.completed_at == world.clock()


def test_an_attempt_is_kept_before_the_processor_is_asked(world: World) -> None:
    track = world.checked_out(world.a_track(title="Dawn"))
    payment, now = world.payment(track), world.clock()
    line = FaultyPayments(world.bank, NEVER_ANSWERS)
    world.reach_bank_through(payments=line)
    command = OpenCheckout(track_id=track.id, artist_id=track.artist_id, return_url="/back")

    with pytest.raises(ProcessorUnavailable):
        world.drive(open_checkout, command)

    [attempt] = world.attempts(track)
    assert attempt == CheckoutAttempt(
        id=attempt.id,
        payment_id=payment.id,
        track_id=track.id,
        number=1,
        key=f"co:{payment.id}:a1",
        title="Dawn",
        amount=Cents(495),
        currency="eur",
        return_url="/back",
        status=AttemptStatus.INTENDED,
        created_at=now,
        sent_at=now,
        next_attempt_at=attempt.next_attempt_at,
    )
    assert attempt.next_attempt_at is not None
    assert attempt.next_attempt_at > now
    order = CheckoutOrder(
        attempt_id=attempt.id,
        track_id=track.id,
        title="Dawn",
        amount=Cents(495),
        currency="eur",
        key=f"co:{payment.id}:a1",
        success_url="/back?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=f"/back?attempt_id={attempt.id}",
    )
    assert asked(line) == [("open_checkout", order)]


def test_an_attempt_that_is_resumed_keeps_its_first_sending(world: World) -> None:
    track = world.checked_out(world.a_track())
    line = FaultyPayments(world.bank, [Fault.LOST_BEFORE] * 2)
    world.reach_bank_through(payments=line)
    sent = []
    for _ in range(2):
        with pytest.raises(ProcessorUnavailable):
            world.open_session(track)
        sent.append(world.attempts(track)[0])
        world.wait(hours=1)

    first, again = sent
    assert again.sent_at == first.sent_at
    assert first.next_attempt_at is not None
    assert again.next_attempt_at == first.next_attempt_at + timedelta(hours=1)


def test_an_open_session_is_kept_as_the_processor_tells_it(world: World) -> None:
    track = world.checked_out(world.a_track())

    attempt = world.open_session(track)

    told = world.bank.find_session(attempt.id)
    assert isinstance(told, Done)
    view = told.view
    assert view is not None
    assert (attempt.session_id, attempt.url, attempt.expires_at) == (
        view.session_id,
        view.url,
        view.expires_at,
    )
    assert world.payment(track).stripe_session_id == view.session_id
    assert (attempt.status, attempt.looks) == (AttemptStatus.OPEN, 1)


def test_money_that_was_applied(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)
    world.wait(hours=1)
    world.confirm(attempt)

    payment, [paid] = world.payment(track), world.attempts(track)
    assert (paid.status, paid.ended_at, paid.fee) == (AttemptStatus.PAID, world.clock(), 44)
    assert paid.external_payment_id == world.bank.paid()[0].payment_id
    assert (payment.stripe_payment_id, payment.completed_at, payment.fee) == (
        paid.external_payment_id,
        world.clock(),
        44,
    )


def test_a_session_that_ended_says_when(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.wait(days=2)

    ended = world.confirm(attempt)

    assert (ended.status, ended.ended_at) == (AttemptStatus.EXPIRED, world.clock())


# ── money back ───────────────────────────────────────────────────────────────────────────────


def a_new_refund(world: World, refund: Refund, attempt: CheckoutAttempt, **told: Any) -> Refund:
    """What is owed from now on and was not sent."""
    fields: dict[str, Any] = {
        "id": refund.id,
        "attempt_id": attempt.id,
        "payment_id": attempt.payment_id,
        "track_id": attempt.track_id,
        "amount": Cents(495),
        "currency": "eur",
        "status": RefundStatus.PENDING,
        "key": f"rf:{refund.id}:a1",
        "created_at": world.clock(),
        "next_attempt_at": world.clock(),
    }
    return Refund(**(fields | told))


def test_a_refund_of_a_cancelled_track(world: World) -> None:
    track, refund = owed(world)

    [attempt] = world.attempts(track)
    assert refund == a_new_refund(world, refund, attempt, reason=RefundReason.CANCELLED)


def test_a_refund_of_slots_that_nobody_filled(world: World) -> None:
    track = world.a_queued_track()
    world.close(track)

    [attempt], [refund] = world.attempts(track), world.refunds(track)
    assert refund == a_new_refund(world, refund, attempt, reason=RefundReason.CLOSED)


@pytest.mark.parametrize("how", ["skip", "report", "expire"])
def test_a_refund_of_a_slot_that_was_freed_too_late(world: World, how: str) -> None:
    world.a_reviewer()
    track = world.a_queued_track()
    [review] = world.assign(track)
    world.close(track)
    world.wait(hours=1 if how != "expire" else 48)
    ways: dict[str, Callable[[], object]] = {
        "skip": lambda: world.skip(review),
        "report": lambda: world.report(review),
        "expire": lambda: world.do(expire_assignments, ExpireAssignments()),
    }
    ways[how]()

    [attempt], [_, refund] = world.attempts(track), world.refunds(track)
    reason = RefundReason.SLOT
    assert refund == a_new_refund(world, refund, attempt, reason=reason, amount=Cents(99))


def test_a_refund_of_money_that_no_track_can_use(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.cancel(track)
    world.pay(attempt)
    world.wait(hours=1)
    world.confirm(attempt)

    [refund] = world.refunds(track)
    assert refund == a_new_refund(world, refund, attempt, reason=RefundReason.UNAPPLIED)


def test_a_refund_is_ordered_and_later_looked_for(world: World) -> None:
    track, refund = owed(world)
    [attempt] = world.attempts(track)
    line = FaultyPayments(world.bank, NEVER_ANSWERS)
    world.reach_bank_through(payments=line)

    send(world, refund)
    world.wait(hours=23)
    send(world, refund)

    order = RefundOrder(
        refund_id=refund.id,
        payment_id=str(attempt.external_payment_id),
        amount=Cents(495),
        currency="eur",
        key=f"rf:{refund.id}:a1",
    )
    assert asked(line) == [
        ("refund", order),
        ("find_refund", refund.id, attempt.external_payment_id),
    ]


def test_a_refund_that_was_made_and_came_back_says_when(world: World) -> None:
    _, refund = owed(world)

    made, made_at = send(world, refund), world.clock()
    world.wait(days=1)
    back = heard_of_refund(world, refund, FAILED)

    assert (made.status, made.ended_at) == (RefundStatus.COMPLETED, made_at)
    assert (back.status, back.ended_at) == (RefundStatus.RETURNED, world.clock())


def test_a_refund_that_was_refused_says_when_and_why(world: World) -> None:
    _, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))

    failed = send(world, refund)

    assert (failed.status, failed.failure_reason, failed.ended_at) == (
        RefundStatus.FAILED,
        "injected",
        world.clock(),
    )


# ── disputes and flags ───────────────────────────────────────────────────────────────────────


def test_a_dispute(world: World) -> None:
    [attempt] = world.attempts(world.a_queued_track())

    dispute = follow(world, view_of(attempt))

    assert dispute == Dispute(
        id=dispute.id,
        external_id="dp_odd",
        attempt_id=attempt.id,
        payment_id=attempt.payment_id,
        track_id=attempt.track_id,
        amount=Cents(495),
        fee=Cents(1500),
        currency="usd",
        status=DisputeStatus.OPEN,
        opened_at=world.clock(),
    )


def test_a_flag(world: World) -> None:
    world.a_reviewer()
    review = world.deliver(world.assign(world.a_queued_track())[0])

    flag = world.flag(review)

    assert flag == Flag(
        id=flag.id,
        review_id=review.id,
        track_id=review.track_id,
        reviewer_id=review.reviewer_id,
        flag_reason=FlagReason.SPAM,
        status=FlagStatus.OPEN,
        created_at=world.clock(),
    )


# ── money out ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", PayoutMethod)
def test_a_payout(world: World, method: PayoutMethod) -> None:
    reviewer = payable(world)
    by_hand = method is not PayoutMethod.STRIPE_CONNECT
    place = "me@paypal.example" if by_hand else reviewer.stripe_account_id

    payout = world.withdraw(reviewer, 60, method=method, destination=place if by_hand else None)

    assert place is not None
    assert payout == Payout(
        id=payout.id,
        reviewer_id=reviewer.id,
        amount=Cents(60),
        currency="eur",
        method=method,
        destination=place,
        status=PayoutStatus.PENDING,
        key=f"wd:{payout.id}:a1",
        created_at=world.clock(),
        next_attempt_at=None if by_hand else world.clock(),
    )
    holders = world.all(lambda tx: tx.identities.of_user(reviewer.user_id))
    assert any(one.value.endswith(place) for one in holders)


def test_a_payout_is_ordered_and_later_looked_for(world: World) -> None:
    reviewer = payable(world)
    payout = world.withdraw(reviewer)
    line = FaultyPayouts(world.bank, NEVER_ANSWERS)
    world.reach_bank_through(payouts=line)

    world.drive(send_payout, SendPayout(payout_id=payout.id))
    world.wait(hours=23)
    world.drive(send_payout, SendPayout(payout_id=payout.id))

    order = TransferOrder(
        payout_id=payout.id,
        account_id=str(reviewer.stripe_account_id),
        amount=Cents(90),
        currency="eur",
        key=f"wd:{payout.id}:a1",
    )
    assert asked(line) == [("transfer", order), ("find_transfer", payout.id)]


def test_a_payout_that_ended_says_when(world: World) -> None:
    sent = paid_out(world)
    world.deliver(world.assign(world.a_queued_track())[0])
    reviewer = world.look(lambda tx: tx.reviewers.get(sent.reviewer_id))
    place = "me@paypal.example"
    by_hand = world.withdraw(reviewer, method=PayoutMethod.PAYPAL, destination=place)
    command = SettlePayout(payout_id=by_hand.id, admin_id=ADMIN, reference=" PP-7 ")

    settled = world.do(settle_payout, command)

    assert sent.processed_at is not None
    assert settled == attrs.evolve(
        by_hand,
        status=PayoutStatus.COMPLETED,
        reference="PP-7",
        processed_at=world.clock(),
    )


def test_a_payout_that_failed_says_when_and_why(world: World) -> None:
    payout = world.withdraw(payable(world))
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.DECLINED]))

    failed = world.drive(send_payout, SendPayout(payout_id=payout.id))

    assert failed == world.payout(payout)
    assert (failed.status, failed.failure_reason, failed.processed_at) == (
        PayoutStatus.FAILED,
        "injected",
        world.clock(),
    )


def test_a_payout_that_a_person_found_says_which_transfer_it_was(world: World) -> None:
    payout = unclear(world)

    found = resolve(world, payout, PayoutTruth.FOUND, external_id="tr_1")

    assert (found.external_id, found.processed_at) == ("tr_1", world.clock())


def test_a_reversal(world: World) -> None:
    payout = paid_out(world)
    assert payout.external_id is not None
    world.wait(hours=1)
    world.bank.reverse(
        ReversalOrder(reversal_id="r", external_id=payout.external_id, amount=Cents(30), key="rv")
    )
    hear(world, an_event(world, Subject.TRANSFER, payout.external_id))

    [reversal] = world.all(lambda tx: tx.reversals.all())
    assert reversal == PayoutReversal(
        id=reversal.id,
        payout_id=payout.id,
        reviewer_id=payout.reviewer_id,
        external_id=reversal.external_id,
        amount=Cents(30),
        at=world.clock(),
    )
    assert reversal.external_id in str(world.bank.transfer_view(payout.external_id))


def test_an_account_is_opened_and_shown(world: World) -> None:
    reviewer, now = world.a_reviewer(), world.clock()
    line = FaultyPayouts(world.bank)
    world.reach_bank_through(payouts=line)
    command = ConnectPayoutAccount(reviewer_id=reviewer.id, return_url="/back")

    connected = world.drive(connect_payout_account, command).reviewer
    account_id = connected.stripe_account_id
    world.bank.play_payee(str(account_id), PayeeOutcome.COMPLETE)
    world.wait(hours=1)
    again = world.drive(connect_payout_account, command).reviewer
    world.drive(open_payout_dashboard, OpenPayoutDashboard(reviewer_id=reviewer.id))

    order = AccountOrder(reviewer_id=reviewer.id, country="DE", key=f"account:{reviewer.id}")
    assert asked(line) == [
        ("open_account", order),
        ("account", account_id),
        ("account_link", account_id, "/back"),
        ("account", account_id),
        ("account_link", account_id, "/back"),
        ("dashboard_link", account_id),
    ]
    assert (connected.stripe_connected_at, connected.payout_account_changed_at) == (now, now)
    assert again == world.reviewer(reviewer)
    assert again.payout_account_ready
