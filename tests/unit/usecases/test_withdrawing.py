from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from reviewcore.adapters.sandbox import PayeeOutcome
from reviewcore.domain.errors import (
    BelowMinimumPayout,
    DestinationRequired,
    EmailNotVerified,
    InsufficientBalance,
    InvalidText,
    InvalidTransition,
    NotOnboarded,
    OwnCase,
    PayoutAccountNotReady,
    PayoutAccountTooNew,
    ProcessorRefused,
    ProcessorUnavailable,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import Payout, PayoutMethod, PayoutStatus
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.rules import Package, PackageType
from reviewcore.testing.faults import Call, Fault, FaultyPayouts
from reviewcore.usecases import (
    ConnectPayoutAccount,
    ExplainBalance,
    OpenPayoutDashboard,
    SendPayout,
    SettlePayout,
    SignUp,
    connect_payout_account,
    explain_balance,
    open_payout_dashboard,
    send_payout,
    settle_payout,
    sign_up,
)
from reviewcore.usecases.explain_balance import Balance
from tests.unit.usecases.market import ADMIN, PASSWORD, World

PAYPAL: dict[str, Any] = {
    "method": PayoutMethod.PAYPAL,
    "destination": "rev@paypal.example",
}
DEAR = Package(reviews=5, price_cents=Cents(5000), pro_min=0, priority=0)


@pytest.fixture
def world() -> World:
    """A market in which one review of 600 cents makes a withdrawal, and two make two."""
    return World(
        rate_normal_cents=600,
        rate_pro_cents=600,
        minimum_payout_cents=500,
        packages=MappingProxyType(dict.fromkeys(PackageType, DEAR)),
    )


def earn(world: World, reviews: int = 1) -> tuple[ReviewerProfile, list[Review]]:
    """A reviewer who has delivered that many reviews."""
    reviewer = world.a_reviewer()
    done = [world.deliver(world.assign(world.a_queued_track())[0]) for _ in range(reviews)]
    return world.reviewer(reviewer), done


def told(world: World, reviewer: ReviewerProfile) -> Balance:
    return world.app.ask(explain_balance, ExplainBalance(reviewer_id=reviewer.id))


def send(world: World, payout: Payout) -> Payout:
    return world.drive(send_payout, SendPayout(payout_id=payout.id))


def settle(world: World, payout: Payout, *, admin: UserId = ADMIN, reference: str = "r") -> Payout:
    return world.do(
        settle_payout, SettlePayout(payout_id=payout.id, admin_id=admin, reference=reference)
    )


def payable(world: World) -> ReviewerProfile:
    """A reviewer with 600 cents and an account that may be paid."""
    reviewer, _ = earn(world)
    world.connect(reviewer)
    world.wait(days=7)
    return world.reviewer(reviewer)


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def test_all_that_was_earned_is_reserved_at_once(world: World) -> None:
    reviewer, _ = earn(world)

    payout = world.withdraw(reviewer, **PAYPAL)

    assert (payout.amount, payout.status, payout.destination) == (
        600,
        PayoutStatus.PENDING,
        "rev@paypal.example",
    )
    assert world.reviewer(reviewer).pending_balance == 0
    assert world.reviewer(reviewer).total_earnings == 600
    assert world.balance(f"in_transit:{payout.id}") == 600


def test_the_balance_is_withdrawn_once(world: World) -> None:
    reviewer, _ = earn(world)
    world.withdraw(reviewer, **PAYPAL)

    with pytest.raises(BelowMinimumPayout):
        world.withdraw(reviewer, **PAYPAL)
    with pytest.raises(InsufficientBalance):
        world.withdraw(reviewer, 600, **PAYPAL)


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (499, BelowMinimumPayout),
        (0, BelowMinimumPayout),
        (-600, BelowMinimumPayout),
        (601, InsufficientBalance),
    ],
)
def test_an_amount_out_of_bounds_is_refused(
    world: World, amount: int, refusal: type[Exception]
) -> None:
    reviewer, _ = earn(world)

    with pytest.raises(refusal):
        world.withdraw(reviewer, amount, **PAYPAL)


def test_a_part_can_be_withdrawn(world: World) -> None:
    reviewer, _ = earn(world)

    world.withdraw(reviewer, 500, **PAYPAL)

    assert world.reviewer(reviewer).pending_balance == 100


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"method": PayoutMethod.PAYPAL}, DestinationRequired),
        ({"method": PayoutMethod.MANUAL, "destination": " "}, DestinationRequired),
        ({"method": PayoutMethod.PAYPAL, "destination": "a\nb@c"}, InvalidText),
        ({"method": PayoutMethod.STRIPE_CONNECT}, PayoutAccountNotReady),
    ],
)
def test_a_place_to_pay_to_is_needed(
    world: World, how: dict[str, Any], refusal: type[Exception]
) -> None:
    reviewer, _ = earn(world)

    with pytest.raises(refusal):
        world.withdraw(reviewer, **how)


def test_who_is_not_onboarded_has_nothing_to_withdraw(world: World) -> None:
    with pytest.raises(NotOnboarded):
        world.withdraw(world.a_newcomer(), **PAYPAL)


def test_an_unproven_address_cannot_withdraw(world: World) -> None:
    user = world.drive(sign_up, SignUp(email="ada@example.com", password=PASSWORD))

    with pytest.raises(EmailNotVerified):
        world.withdraw(world.a_reviewer(user), **PAYPAL)


def test_an_account_is_paid_seven_days_after_it_was_changed(world: World) -> None:
    reviewer, _ = earn(world)
    world.connect(reviewer)
    world.wait(days=6, hours=23)

    with pytest.raises(PayoutAccountTooNew):
        world.withdraw(reviewer)
    world.wait(hours=1)

    assert world.withdraw(reviewer).destination == world.reviewer(reviewer).stripe_account_id


# ── what cannot be withdrawn ─────────────────────────────────────────────────────────────────


def test_pay_under_an_open_flag_is_held_until_the_verdict(world: World) -> None:
    reviewer, reviews = earn(world, 2)
    flag = world.flag(reviews[0])

    balance = told(world, reviewer)
    assert (balance.pending_balance, balance.held, balance.withdrawable) == (1200, 600, 600)
    with pytest.raises(InsufficientBalance) as refusal:
        world.withdraw(reviewer, 601, **PAYPAL)
    assert refusal.value.withdrawable_cents == 600
    world.withdraw(reviewer, **PAYPAL)
    assert told(world, reviewer).withdrawable == 0
    world.dismiss(flag)

    assert told(world, reviewer).withdrawable == 600


def test_pay_that_was_withdrawn_is_clawed_back_below_zero_as_a_debt(world: World) -> None:
    reviewer, reviews = earn(world)
    world.withdraw(reviewer, **PAYPAL)

    world.uphold(world.flag(reviews[0]))

    indebted = world.reviewer(reviewer)
    assert (indebted.pending_balance, indebted.total_earnings) == (-600, 0)
    assert told(world, reviewer).withdrawable == 0
    assert world.balance(f"payable:{reviewer.id}") == -600
    world.deliver(world.assign(world.a_queued_track())[0])
    assert world.reviewer(reviewer).pending_balance == 0


def test_young_pay_is_held_and_a_flagged_one_counted_once() -> None:
    world = World(earning_hold_days=3, minimum_payout_cents=50)
    reviewer, reviews = earn(world)
    assert told(world, reviewer).withdrawable == 0
    world.flag(reviews[0])
    assert told(world, reviewer).held == 50
    world.wait(days=3)
    assert told(world, reviewer).held == 50

    world.dismiss(world.flag_of(reviews[0]))

    assert told(world, reviewer).withdrawable == 50


def test_pay_is_withdrawn_once_it_was_held_for_as_long_as_the_rules_say() -> None:
    world = World(earning_hold_days=3, minimum_payout_cents=50)
    reviewer, [review] = earn(world)
    assert review.ended_at is not None

    world.clock.set(review.ended_at + timedelta(days=3) - timedelta(microseconds=1))
    with pytest.raises(InsufficientBalance) as refusal:
        world.withdraw(reviewer, 50, **PAYPAL)
    assert refusal.value.withdrawable_cents == 0
    world.clock.set(review.ended_at + timedelta(days=3))

    assert world.withdraw(reviewer, 50, **PAYPAL).amount == 50


def test_every_cent_of_a_balance_is_explained(world: World) -> None:
    reviewer, reviews = earn(world, 2)
    payout = world.withdraw(reviewer, 500, **PAYPAL)
    world.uphold(world.flag(reviews[1]))

    balance = told(world, reviewer)

    assert [(line.kind, line.cause, line.amount) for line in balance.entries] == [
        ("REVIEW_COMPLETED", reviews[0].id, 600),
        ("REVIEW_COMPLETED", reviews[1].id, 600),
        ("PAYOUT_REQUESTED", payout.id, -500),
        ("FLAG_UPHELD", reviews[1].id, -600),
    ]
    assert balance.pending_balance == 100


# ── settled by hand ──────────────────────────────────────────────────────────────────────────


def test_an_administrator_settles_with_a_reference(world: World) -> None:
    reviewer, _ = earn(world)
    payout = world.withdraw(reviewer, **PAYPAL)
    world.work()
    assert world.payout(payout).status is PayoutStatus.PENDING

    settled = settle(world, payout, reference=" PP-7 ")

    assert (settled.status, settled.reference) == (PayoutStatus.COMPLETED, "PP-7")
    assert world.balance("bank") == 600
    with pytest.raises(InvalidTransition):
        settle(world, payout)
    world.settle()
    assert [letter.subject for letter in world.mail.letters if "payout" in letter.subject] == [
        "Your payout of 6.00 USD is on its way"
    ]


@pytest.mark.parametrize("reference", ["", "x" * 201])
def test_a_reference_is_needed(world: World, reference: str) -> None:
    reviewer, _ = earn(world)
    payout = world.withdraw(reviewer, **PAYPAL)

    with pytest.raises(InvalidText):
        settle(world, payout, reference=reference)


def test_nobody_settles_his_own_payout(world: World) -> None:
    user = world.a_user("eve@example.com")
    second = world.a_user("eve+admin@example.com")
    reviewer = world.a_reviewer(user)
    world.deliver(world.assign(world.a_queued_track())[0])
    payout = world.withdraw(reviewer, **PAYPAL)

    for admin in (user, second):
        with pytest.raises(OwnCase):
            settle(world, payout, admin=admin.id)


def test_what_the_processor_sends_is_not_settled_by_hand_and_the_other_not_sent(
    world: World,
) -> None:
    automatic = world.withdraw(payable(world))
    world.deliver(world.assign(world.a_queued_track())[0])
    manual = world.withdraw(
        world.reviewer(world.look(lambda tx: next(tx.reviewers.all()))), **PAYPAL
    )

    with pytest.raises(InvalidTransition):
        settle(world, automatic)

    assert send(world, manual) == manual
    assert world.bank.transferred() == ()


# ── sent by the processor ────────────────────────────────────────────────────────────────────


def test_a_payout_is_sent_once_however_often_it_is_driven(world: World) -> None:
    payout = world.withdraw(payable(world))

    first, second = send(world, payout), send(world, payout)
    world.settle()

    assert first == second
    assert first.status is PayoutStatus.COMPLETED
    [transfer] = world.bank.transferred()
    assert (transfer.payout_id, transfer.amount, transfer.external_id) == (
        payout.id,
        600,
        first.external_id,
    )
    assert len(world.postings("PAYOUT_COMPLETED")) == 1


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER])
def test_an_unclear_payout_is_sent_again_with_the_same_key(world: World, fault: Fault) -> None:
    payout = world.withdraw(payable(world))
    line = FaultyPayouts(world.bank, [fault])
    world.reach_bank_through(payouts=line)

    unclear = send(world, payout)
    assert unclear.status is PayoutStatus.PROCESSING
    assert world.balance(f"in_transit:{payout.id}") == 600
    settled = send(world, payout)

    assert settled.status is PayoutStatus.COMPLETED
    assert line.calls[0] == line.calls[1]
    assert [transfer.amount for transfer in world.bank.transferred()] == [600]
    assert len(world.events("PayoutSent")) == 1


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER])
def test_an_unclear_payout_whose_key_is_old_is_looked_for(world: World, fault: Fault) -> None:
    payout = world.withdraw(payable(world))
    line = FaultyPayouts(world.bank, [fault])
    world.reach_bank_through(payouts=line)
    send(world, payout)

    world.wait(hours=23)
    looked = send(world, payout)

    assert [call.method for call in line.calls] == ["transfer", "find_transfer"]
    if fault is Fault.LOST_AFTER:
        assert looked.status is PayoutStatus.COMPLETED
        assert looked.look_ups == 0
    else:
        assert (looked.look_ups, looked.attempts) == (1, 1)
        assert looked.status is PayoutStatus.PROCESSING
        assert world.balance(f"in_transit:{payout.id}") == 600


def test_a_look_up_that_is_declined_gives_nothing_back(world: World) -> None:
    payout = world.withdraw(payable(world))
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.LOST_AFTER, Fault.DECLINED]))
    send(world, payout)
    world.wait(hours=23)

    assert send(world, payout).status is PayoutStatus.PROCESSING
    assert send(world, payout).status is PayoutStatus.COMPLETED


def test_a_refused_payout_restores_the_balance(world: World) -> None:
    reviewer = payable(world)
    payout = world.withdraw(reviewer)
    assert reviewer.stripe_account_id is not None
    world.bank.play_payee(reviewer.stripe_account_id, PayeeOutcome.REFUSE)

    refused = send(world, payout)
    world.settle()

    assert (refused.status, refused.failure_reason) == (PayoutStatus.FAILED, "account_not_ready")
    assert world.reviewer(reviewer).pending_balance == 600
    assert world.balance(f"in_transit:{payout.id}") == 0
    assert send(world, payout) == refused
    assert any("failed" in letter.subject for letter in world.mail.letters)
    second = world.withdraw(reviewer)
    assert second.key != payout.key


def test_two_workers_send_one_payout_once(world: World) -> None:
    payout = world.withdraw(payable(world))
    entered: list[Call] = []

    def another_worker_is_faster(call: Call) -> Fault:
        entered.append(call)
        if len(entered) == 1:
            world.reach_bank_through()
            world.app.drive(send_payout, SendPayout(payout_id=payout.id))
        return Fault.NONE

    world.reach_bank_through(payouts=FaultyPayouts(world.bank, another_worker_is_faster))
    settled = send(world, payout)

    assert settled.status is PayoutStatus.COMPLETED
    assert len(world.bank.transferred()) == 1
    assert len(world.events("PayoutCompleted")) == 1


def test_the_worker_sends_and_tries_again_after_a_pause(world: World) -> None:
    payout = world.withdraw(payable(world))
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.LOST_AFTER]))

    world.work()
    assert world.payout(payout).status is PayoutStatus.PROCESSING
    world.wait(minutes=2)
    world.settle()

    assert world.payout(payout).status is PayoutStatus.COMPLETED
    assert len(world.bank.transferred()) == 1


# ── the account ──────────────────────────────────────────────────────────────────────────────


def connect(world: World, reviewer: ReviewerProfile, account_id: str | None = None) -> str:
    return world.drive(
        connect_payout_account,
        ConnectPayoutAccount(reviewer_id=reviewer.id, account_id=account_id),
    ).url


def test_an_account_is_opened_once_and_its_state_learnt(world: World) -> None:
    reviewer = world.a_reviewer()

    first = connect(world, reviewer)
    account_id = world.reviewer(reviewer).stripe_account_id
    second = connect(world, reviewer)

    assert account_id is not None
    assert account_id in first
    assert account_id in second
    assert not world.reviewer(reviewer).payout_account_ready
    world.bank.play_payee(account_id, PayeeOutcome.COMPLETE)
    connect(world, reviewer)
    assert world.reviewer(reviewer).payout_account_ready
    assert world.reviewer(reviewer).stripe_account_id == account_id
    assert len(world.events("PayoutAccountConnected")) == 1
    assert [event.payload["ready"] for event in world.events("PayoutAccountChanged")] == [True]


def test_only_who_is_onboarded_connects(world: World) -> None:
    with pytest.raises(NotOnboarded):
        connect(world, world.a_newcomer())


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [(Fault.LOST_AFTER, ProcessorUnavailable), (Fault.DECLINED, ProcessorRefused)],
)
@pytest.mark.parametrize("calls_before", [0, 1, 2])
def test_an_interrupted_connection_is_resumed_with_the_same_account(
    world: World, fault: Fault, refusal: type[Exception], calls_before: int
) -> None:
    reviewer = world.a_reviewer()
    world.reach_bank_through(
        payouts=FaultyPayouts(world.bank, [Fault.NONE] * calls_before + [fault])
    )

    with pytest.raises(refusal):
        connect(world, reviewer)
    url = connect(world, reviewer)

    assert (world.reviewer(reviewer).stripe_account_id or "none") in url
    assert len(world.events("PayoutAccountConnected")) == 1


def test_an_account_that_the_processor_does_not_know_is_not_connected(world: World) -> None:
    reviewer = world.a_reviewer()

    with pytest.raises(ProcessorRefused):
        connect(world, reviewer, "acct_mistyped")

    assert world.reviewer(reviewer).stripe_account_id is None
    assert world.look(lambda tx: tx.identities.holder("acct_mistyped")) is None


# ── looking at the account ───────────────────────────────────────────────────────────────────


def test_a_reviewer_sees_his_account_at_the_processor(world: World) -> None:
    reviewer = payable(world)
    command = OpenPayoutDashboard(reviewer_id=reviewer.id)

    shown = world.drive(open_payout_dashboard, command)

    assert shown.url.startswith("http")
    assert shown.url not in repr(shown)
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.LOST_BEFORE]))
    with pytest.raises(ProcessorUnavailable):
        world.drive(open_payout_dashboard, command)


def test_without_an_account_there_is_nothing_to_see(world: World) -> None:
    reviewer, _ = earn(world)

    with pytest.raises(PayoutAccountNotReady):
        world.drive(open_payout_dashboard, OpenPayoutDashboard(reviewer_id=reviewer.id))
