"""What a use case does when another was faster between its look and its lock.

The real races run on the databases. Here the other one acts at exactly the worst moment: while the
processor is being asked, or from within a look that is then already stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import PayeeOutcome
from reviewcore.domain.errors import Busy
from reviewcore.domain.ids import ReviewerId
from reviewcore.domain.payments import AttemptStatus
from reviewcore.domain.reviews import Review, ReviewQueue
from reviewcore.domain.rules import Tier
from reviewcore.domain.tracks import TrackStatus
from reviewcore.ports.processor import AccountOrder, Done
from reviewcore.testing import builders as make
from reviewcore.testing.faults import Call, Fault, FaultyPayments, FaultyPayouts
from reviewcore.usecases import (
    AssignReviewers,
    ConfirmPayment,
    ConnectPayoutAccount,
    EraseUser,
    ExpireAssignments,
    RestrictReviewer,
    assign_reviewers,
    confirm_payment,
    connect_payout_account,
    erase_user,
    expire_assignments,
    restrict_reviewer,
)
from reviewcore.usecases.end_grants import EndGrants, end_grants
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    return World()


class Stale:
    """Something of a transaction whose looks named in *looks* tell what was true before."""

    def __init__(self, fresh: Any, **looks: Any) -> None:
        self._fresh = fresh
        self._looks = looks

    def __getattr__(self, name: str) -> Any:
        return self._looks.get(name) or getattr(self._fresh, name)


def test_two_who_ask_about_one_session_apply_its_money_once(world: World) -> None:
    track = world.checked_out(world.a_track())
    attempt = world.open_session(track)
    world.pay(attempt)
    asked: list[Call] = []

    def another_is_faster(call: Call) -> Fault:
        asked.append(call)
        if len(asked) == 1:
            world.reach_bank_through()
            assert attempt.session_id is not None
            world.app.drive(confirm_payment, ConfirmPayment(session_id=attempt.session_id))
        return Fault.NONE

    world.reach_bank_through(payments=FaultyPayments(world.bank, another_is_faster))
    settled = world.confirm(attempt)

    assert settled.status is AttemptStatus.PAID
    assert world.track(track).status is TrackStatus.QUEUED
    assert len(world.postings("PAYMENT_APPLIED")) == 1


def test_an_opening_that_another_finished_keeps_what_he_learnt(world: World) -> None:
    track = world.checked_out(world.a_track())
    asked: list[Call] = []

    def another_is_faster(call: Call) -> Fault:
        asked.append(call)
        if len(asked) == 1:
            world.reach_bank_through()
            world.pay(world.open_session(track))
            world.work()
        return Fault.NONE

    world.reach_bank_through(payments=FaultyPayments(world.bank, another_is_faster))
    settled = world.open_session(track)

    assert settled.status is AttemptStatus.PAID
    assert len(world.attempts(track)) == 1


def test_a_review_that_was_delivered_before_the_sweep_got_its_lock_is_left_alone(
    world: World,
) -> None:
    world.a_reviewer()
    both = [world.assign(world.a_queued_track())[0] for _ in range(2)]
    delivered, overdue = sorted(both, key=lambda review: review.id)
    rows = world.look(lambda tx: tx.queue.of_reviewer(overdue.reviewer_id))
    world.deliver(delivered)
    world.clock.set(max(review.expires_at for review in both))

    def were_due(now: datetime, *, limit: int) -> Sequence[ReviewQueue]:
        return rows

    with world.app.store.begin() as tx:
        late: Any = Stale(tx, queue=Stale(tx.queue, expired=were_due))
        ended = expire_assignments(late, ExpireAssignments())
    world.check()

    assert [review.id for review in ended] == [overdue.id]
    assert world.review(delivered).counts_toward_completion


def test_a_review_that_got_a_new_deadline_before_the_sweep_got_its_lock_goes_on(
    world: World,
) -> None:
    world.a_reviewer()
    [review] = world.assign(world.a_queued_track())
    row = world.look(lambda tx: tx.queue.of_reviewer(review.reviewer_id))[0]
    world.clock.set(review.expires_at - timedelta(microseconds=1))

    def was_due(now: datetime, *, limit: int) -> Sequence[ReviewQueue]:
        return [row]

    with world.app.store.begin() as tx:
        late: Any = Stale(tx, queue=Stale(tx.queue, expired=was_due))
        ended = expire_assignments(late, ExpireAssignments())
    world.check()

    assert not ended
    assert world.review(review) == review


def test_a_grant_that_was_renewed_or_ended_before_the_sweep_got_its_lock_is_left_alone(
    world: World,
) -> None:
    renewed, plain = world.a_reviewer(tier=Tier.PRO), world.a_reviewer()

    def was_over(now: datetime, *, limit: int) -> Sequence[ReviewerId]:
        return [renewed.id, plain.id]

    with world.app.store.begin() as tx:
        late: Any = Stale(tx, reviewers=Stale(tx.reviewers, with_grant_over=was_over))
        ended = end_grants(late, EndGrants())
    world.check()

    assert ended == ()
    assert world.reviewer(renewed).tier is Tier.PRO


def test_a_reviewer_who_got_work_in_between_is_restricted_on_the_second_try(world: World) -> None:
    reviewer = world.a_reviewer()
    [review] = world.assign(world.a_queued_track())

    def saw_nothing(reviewer_id: ReviewerId) -> Sequence[Review]:
        return []

    command = RestrictReviewer(reviewer_id=reviewer.id, admin_id=ADMIN, reason="spam")
    with world.app.store.begin() as tx:
        early: Any = Stale(tx, reviews=Stale(tx.reviews, active_of=saw_nothing))
        with pytest.raises(Busy):
            restrict_reviewer(early, command)
    world.do(restrict_reviewer, command)

    assert not world.review(review).is_active


@pytest.mark.parametrize("change", ["leaves", "takes another"])
def test_what_was_asked_about_an_account_says_nothing_once_its_holder_has_changed(
    world: World, change: str
) -> None:
    reviewer = world.a_reviewer()
    connect = ConnectPayoutAccount(reviewer_id=reviewer.id)
    account_id = world.drive(connect_payout_account, connect).reviewer.stripe_account_id
    assert account_id is not None
    world.bank.play_payee(account_id, PayeeOutcome.COMPLETE)

    def he_is_faster(call: Call) -> Fault:
        world.reach_bank_through()
        if change == "leaves":
            world.do(erase_user, EraseUser(user_id=reviewer.user_id))
            return Fault.NONE
        order = AccountOrder(reviewer_id=reviewer.id, country="DE", key="another")
        another = world.bank.open_account(order)
        assert isinstance(another, Done)
        account_id = another.view.account_id
        world.drive(connect_payout_account, attrs.evolve(connect, account_id=account_id))
        return Fault.NONE

    world.reach_bank_through(payouts=FaultyPayouts(world.bank, he_is_faster))
    told = world.drive(connect_payout_account, connect)

    assert told.reviewer.stripe_account_id != account_id
    assert not told.reviewer.payout_account_ready


def test_a_search_that_meets_thousands_who_cannot_stops_and_looks_again_soon() -> None:
    world = World(reviewer_account_age_hours=24)
    track = world.a_free_track()
    with world.app.store.begin() as tx:
        for _ in range(5_400):
            user = make.a_user(email_verified=None, is_reviewer=True)
            tx.users.add(user)
            tx.reviewers.add(make.a_reviewer(user_id=user.id))

    told = world.app.perform(assign_reviewers, AssignReviewers(track_id=track.id))

    again = world.track(track).assign_at
    assert (told.assigned, told.still_open) == ((), 1)
    assert again is not None
    assert again > world.clock()
