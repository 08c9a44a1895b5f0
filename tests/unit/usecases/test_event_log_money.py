"""What the log tells of money: every word of every event, and who brought it about."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from reviewcore.adapters.sandbox import PayeeOutcome, PayerOutcome
from reviewcore.domain.errors import ProcessorRefused
from reviewcore.domain.events import (
    AdminActed,
    BalanceForfeited,
    BankPayoutFailed,
    CheckoutEnded,
    CheckoutOpened,
    CheckoutStarted,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Event,
    FeeKnown,
    PaymentCompleted,
    PaymentNotApplied,
    PayoutAccountChanged,
    PayoutAccountConnected,
    PayoutCompleted,
    PayoutDestinationChanged,
    PayoutFailed,
    PayoutParked,
    PayoutRequested,
    PayoutReversed,
    PayoutSent,
    RefundCompleted,
    RefundDropped,
    RefundFailed,
    RefundIntended,
    RefundParked,
    RefundReturned,
    TrackQueued,
    UserErased,
)
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.money import Cents
from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.webhooks import Subject
from reviewcore.ports.processor import ReversalOrder
from reviewcore.testing.faults import Fault, FaultyPayments, FaultyPayouts
from reviewcore.usecases import (
    ConfirmPayment,
    ConnectPayoutAccount,
    EraseUser,
    PayoutTruth,
    RetryEvent,
    SettlePayout,
    confirm_payment,
    connect_payout_account,
    erase_user,
    retry_event,
    settle_payout,
)
from tests.unit.usecases.disputing import LOST, WON, follow, view_of
from tests.unit.usecases.market import ADMIN, World
from tests.unit.usecases.telling import told
from tests.unit.usecases.test_processor_events import (
    an_event,
    handle,
    payable,
    receive,
    resolve,
    unclear,
)
from tests.unit.usecases.test_refunds import FAILED, owed, send
from tests.unit.usecases.test_refunds import told as heard_of_refund
from tests.unit.usecases.test_withdrawing import send as send_out


@pytest.fixture
def world() -> World:
    """A market in which one review makes a withdrawal."""
    return World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50)


def opened(world: World) -> CheckoutAttempt:
    return world.open_session(world.checked_out(world.a_track()))


# ── money in ─────────────────────────────────────────────────────────────────────────────────


def test_opening_a_session(world: World) -> None:
    track = world.checked_out(world.a_track())

    events = told(world, lambda: world.open_session(track), by=track.artist_id)

    [attempt] = world.attempts(track)
    of: dict[str, Any] = {"payment_id": attempt.payment_id, "attempt_id": attempt.id}
    assert events == [CheckoutStarted(**of), CheckoutOpened(**of)]


def test_a_session_that_the_processor_refuses(world: World) -> None:
    track = world.checked_out(world.a_track())
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))

    def refused() -> None:
        with pytest.raises(ProcessorRefused):
            world.open_session(track)

    events = told(world, refused, by=track.artist_id)

    [attempt] = world.attempts(track)
    of: dict[str, Any] = {"payment_id": attempt.payment_id, "attempt_id": attempt.id}
    assert events == [CheckoutStarted(**of), CheckoutEnded(**of, status="FAILED")]


@pytest.mark.parametrize(
    ("played", "status"), [(PayerOutcome.DECLINE, "FAILED"), (PayerOutcome.ABANDON, "EXPIRED")]
)
def test_a_session_that_ends_unpaid(world: World, played: PayerOutcome, status: str) -> None:
    attempt = opened(world)
    world.bank.play_payer(str(attempt.session_id), played)

    events = told(world, lambda: world.confirm(attempt))

    assert events == [
        CheckoutEnded(payment_id=attempt.payment_id, attempt_id=attempt.id, status=status)
    ]


@pytest.mark.parametrize("by", [SYSTEM, "the-artist"])
def test_money_that_is_applied(world: World, by: str) -> None:
    attempt = opened(world)
    world.pay(attempt)
    command = ConfirmPayment(session_id=str(attempt.session_id), actor=by)

    events = told(world, lambda: world.drive(confirm_payment, command), by=by)

    assert events == [
        PaymentCompleted(
            payment_id=attempt.payment_id, track_id=attempt.track_id, amount=Cents(495)
        ),
        TrackQueued(track_id=attempt.track_id),
        FeeKnown(payment_id=attempt.payment_id, fee=Cents(44)),
    ]


def test_money_that_comes_too_late(world: World) -> None:
    attempt = opened(world)
    track = world.cancel(world.look(lambda tx: tx.tracks.get(attempt.track_id))).track
    world.pay(attempt)

    events = told(world, lambda: world.confirm(attempt))

    [refund] = world.refunds(track)
    assert events == [
        PaymentNotApplied(
            payment_id=attempt.payment_id, attempt_id=attempt.id, reason="track_not_waiting"
        ),
        RefundIntended(refund_id=refund.id, payment_id=attempt.payment_id, amount=Cents(495)),
        FeeKnown(payment_id=attempt.payment_id, fee=Cents(44)),
    ]


# ── money back ───────────────────────────────────────────────────────────────────────────────


def test_a_refund_that_is_made_and_comes_back(world: World) -> None:
    _, refund = owed(world)

    sending = told(world, lambda: send(world, refund))
    returning = told(world, lambda: heard_of_refund(world, refund, FAILED))

    assert sending == [RefundCompleted(refund_id=refund.id)]
    assert returning == [RefundReturned(refund_id=refund.id)]


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        (Fault.DECLINED, lambda of: RefundFailed(refund_id=of)),
        (Fault.SHORT, lambda of: RefundParked(refund_id=of, code="balance_insufficient")),
    ],
)
def test_a_refund_that_is_refused(
    world: World, fault: Fault, event: Callable[[str], Event]
) -> None:
    _, refund = owed(world)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [fault]))

    assert told(world, lambda: send(world, refund)) == [event(refund.id)]


# ── disputes ─────────────────────────────────────────────────────────────────────────────────


def test_a_dispute_that_is_won(world: World) -> None:
    track = world.a_queued_track()
    [attempt] = world.attempts(track)
    opening = told(world, lambda: follow(world, view_of(attempt)))

    winning = told(world, lambda: follow(world, view_of(attempt, WON)))

    [dispute] = world.all(lambda tx: tx.disputes.all())
    assert opening == [
        DisputeOpened(
            dispute_id=dispute.id,
            payment_id=attempt.payment_id,
            track_id=track.id,
            amount=Cents(495),
        )
    ]
    assert winning == [DisputeWon(dispute_id=dispute.id, reinstated=Cents(495))]


def test_a_dispute_that_is_lost_and_the_refund_that_it_drops(world: World) -> None:
    track, refund = owed(world)
    [attempt] = world.attempts(track)
    follow(world, view_of(attempt))

    losing = told(world, lambda: follow(world, view_of(attempt, LOST)))

    [dispute] = world.all(lambda tx: tx.disputes.all())
    assert losing == [DisputeLost(dispute_id=dispute.id), RefundDropped(refund_id=refund.id)]


# ── payout accounts ──────────────────────────────────────────────────────────────────────────


def test_connecting_an_account_and_completing_it(world: World) -> None:
    reviewer = world.a_reviewer()
    command = ConnectPayoutAccount(reviewer_id=reviewer.id)

    def connect() -> object:
        return world.drive(connect_payout_account, command)

    opening = told(world, connect, by=reviewer.id)
    account_id = world.reviewer(reviewer).stripe_account_id
    assert account_id is not None
    world.bank.play_payee(account_id, PayeeOutcome.COMPLETE)
    completing = told(world, connect, by=reviewer.id)
    again = told(world, connect)

    assert opening == [PayoutAccountConnected(reviewer_id=reviewer.id)]
    assert completing == [PayoutAccountChanged(reviewer_id=reviewer.id, ready=True)]
    assert again == []


def test_what_the_processor_tells_of_an_account(world: World) -> None:
    reviewer = payable(world)
    account_id = reviewer.stripe_account_id

    def hears(subject: Subject) -> list[Event]:
        event = an_event(world, subject, "x", account_id=account_id)
        receive(world, event)
        return told(world, lambda: handle(world, event))

    of: dict[str, Any] = {"reviewer_id": reviewer.id}
    assert hears(Subject.ACCOUNT) == []
    assert hears(Subject.DESTINATION) == [PayoutDestinationChanged(**of)]
    assert hears(Subject.BANK_PAYOUT) == [BankPayoutFailed(**of)]
    assert hears(Subject.DISCONNECTED) == [PayoutAccountChanged(**of, ready=False)]


# ── money out ────────────────────────────────────────────────────────────────────────────────


def test_a_payout_from_the_wish_to_its_reversal(world: World) -> None:
    reviewer = payable(world)

    asking = told(world, lambda: world.withdraw(reviewer), by=reviewer.id)
    [payout] = world.all(lambda tx: tx.payouts.all())
    sending = told(world, lambda: send_out(world, payout))
    transfer_id = world.payout(payout).external_id
    assert transfer_id is not None
    world.bank.reverse(
        ReversalOrder(reversal_id="r", external_id=transfer_id, amount=Cents(30), key="rv")
    )
    event = an_event(world, Subject.TRANSFER, transfer_id)
    receive(world, event)
    reversing = told(world, lambda: handle(world, event))

    assert asking == [
        PayoutRequested(payout_id=payout.id, reviewer_id=reviewer.id, amount=Cents(90))
    ]
    assert sending == [PayoutSent(payout_id=payout.id), PayoutCompleted(payout_id=payout.id)]
    assert reversing == [PayoutReversed(payout_id=payout.id, amount=Cents(30))]


def test_a_payout_that_is_refused_for_now_and_then_for_good(world: World) -> None:
    payout = world.withdraw(payable(world))
    line = FaultyPayouts(world.bank, [Fault.SHORT, Fault.DECLINED])
    world.reach_bank_through(payouts=line)

    parking = told(world, lambda: send_out(world, payout))
    failing = told(world, lambda: send_out(world, payout))

    sent = PayoutSent(payout_id=payout.id)
    assert parking == [sent, PayoutParked(payout_id=payout.id, code="balance_insufficient")]
    assert failing == [sent, PayoutFailed(payout_id=payout.id)]


def test_a_payout_by_hand(world: World) -> None:
    reviewer = payable(world)
    payout = world.withdraw(reviewer, method=PayoutMethod.MANUAL, destination="IBAN 1")
    command = SettlePayout(payout_id=payout.id, admin_id=ADMIN, reference="R-1")

    events = told(world, lambda: world.do(settle_payout, command), by=ADMIN)

    assert events == [
        PayoutCompleted(payout_id=payout.id),
        AdminActed(subject=f"payout:{payout.id}", act="settle_payout", reason="paid by hand"),
    ]


@pytest.mark.parametrize(
    ("truth", "act", "kind"),
    [
        (PayoutTruth.FOUND, "resolve_payout_found", PayoutCompleted),
        (PayoutTruth.ABSENT, "resolve_payout_absent", PayoutFailed),
    ],
)
def test_a_payout_of_which_a_person_finds_the_truth(
    world: World, truth: PayoutTruth, act: str, kind: type[PayoutCompleted | PayoutFailed]
) -> None:
    payout = unclear(world)
    for _ in range(20):
        world.wait(hours=1)
        world.work()

    events = told(world, lambda: resolve(world, payout, truth), by=ADMIN)

    assert events == [
        AdminActed(subject=f"payout:{payout.id}", act=act, reason="I looked"),
        kind(payout_id=payout.id),
    ]


def test_a_balance_that_is_given_up(world: World) -> None:
    reviewer = payable(world)
    # Until then his review may be flagged, and he may not leave.
    world.wait(seconds=1)
    command = EraseUser(user_id=reviewer.user_id, forfeit_balance=True)

    events = told(world, lambda: world.do(erase_user, command), by=reviewer.user_id)

    assert events == [
        BalanceForfeited(reviewer_id=reviewer.id, amount=Cents(90)),
        UserErased(user_id=reviewer.user_id),
    ]


# ── what administrators try again ────────────────────────────────────────────────────────────


def test_trying_an_event_again(world: World) -> None:
    theirs = an_event(world, Subject.CHECKOUT, "cs_unknown")
    receive(world, theirs)
    world.a_user()
    ours = world.events()[0]

    for event_id in (theirs.id, ours.id):
        command = RetryEvent(event_id=event_id, admin_id=ADMIN)
        events = told(world, partial(world.do, retry_event, command), by=ADMIN)

        assert events == [
            AdminActed(subject=f"event:{event_id}", act="retry_event", reason="tried again")
        ]
