"""What is done about a reviewer while something else of his is not committed yet."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import attrs
import pytest

from reviewcore.domain.errors import (
    AlreadyOnboarded,
    EntityNotFound,
    NotOnboarded,
    NotRestricted,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.reviewers import RestrictionCause, ReviewerProfile
from reviewcore.domain.rules import Tier
from reviewcore.domain.users import stripe_mark
from reviewcore.domain.webhooks import StripeWebhookEvent, Subject
from reviewcore.ports.store import Transaction
from reviewcore.testing.builders import a_webhook_event
from reviewcore.usecases import (
    AnswerQuiz,
    ConnectPayoutAccount,
    EndGrants,
    EraseUser,
    FinishOnboarding,
    GrantFreeCredit,
    GrantTier,
    HandleEvent,
    RetryEvent,
    UnrestrictReviewer,
    answer_quiz,
    connect_payout_account,
    end_grants,
    erase_user,
    finish_onboarding,
    grant_free_credit,
    grant_tier,
    handle_event,
    retry_event,
    unrestrict_reviewer,
)
from reviewcore.usecases.steps.news import record_account
from tests.integration.races.overlap import Overlap
from tests.integration.races.world import World

ADMIN = UserId("the-admin")
RIGHT = {0: 1, 1: 0, 2: 2, 3: 1}
WRONG = dict.fromkeys(range(4), 0)


@pytest.fixture
def world(overlap: Overlap) -> World:
    return overlap.world


@pytest.fixture
def reviewer(world: World) -> ReviewerProfile:
    (reviewer,) = world.reviewers(1)
    return reviewer


def now(world: World, stale: ReviewerProfile) -> ReviewerProfile:
    with world.store.read() as tx:
        return tx.reviewers.get(stale.id)


def told(world: World, kind: str, about: str) -> int:
    with world.store.read() as tx:
        return sum(one.type == kind for one in tx.events.about(about))


# ── the way to work ──────────────────────────────────────────────────────────────────────────


def test_the_best_score_is_kept(overlap: Overlap) -> None:
    (newcomer,) = overlap.world.reviewers(1, onboarding_quiz_passed=False)
    answers = AnswerQuiz(reviewer_id=newcomer.id, answers=RIGHT)

    overlap.behind(
        lambda tx: answer_quiz(tx, answers),
        partial(overlap.world.app.perform, answer_quiz, attrs.evolve(answers, answers=WRONG)),
    )

    best = now(overlap.world, newcomer)
    assert (best.onboarding_quiz_score, best.onboarding_quiz_passed) == (4, True)


def test_onboarding_is_finished_once(overlap: Overlap) -> None:
    (ready,) = overlap.world.reviewers(1, completed_onboarding=False)
    finish = FinishOnboarding(reviewer_id=ready.id)

    answer = overlap.behind(
        lambda tx: finish_onboarding(tx, finish),
        partial(overlap.world.app.perform, finish_onboarding, finish),
    )

    assert isinstance(answer, AlreadyOnboarded)


def test_a_restriction_is_lifted_once(overlap: Overlap) -> None:
    (barred,) = overlap.world.reviewers(1, restriction_cause=RestrictionCause.ADMIN)
    free = UnrestrictReviewer(reviewer_id=barred.id, admin_id=ADMIN, reason="a mistake")

    answer = overlap.behind(
        lambda tx: unrestrict_reviewer(tx, free),
        partial(overlap.world.app.perform, unrestrict_reviewer, free),
    )

    assert isinstance(answer, NotRestricted)


# ── grants ───────────────────────────────────────────────────────────────────────────────────


def granting(world: World, reviewer: ReviewerProfile, *, days: int) -> GrantTier:
    return GrantTier(
        reviewer_id=reviewer.id,
        admin_id=ADMIN,
        tier=Tier.PRO,
        until=world.store.now() + timedelta(days=days),
        reason="famous",
    )


def test_a_tier_that_is_granted_twice_changes_once(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    grant = granting(overlap.world, reviewer, days=3)

    overlap.behind(
        lambda tx: grant_tier(tx, grant),
        partial(overlap.world.app.perform, grant_tier, attrs.evolve(grant, reason="again")),
    )

    assert told(overlap.world, "TierChanged", f"reviewer:{reviewer.id}") == 1


def test_a_grant_that_is_being_renewed_does_not_end(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    world.app.perform(grant_tier, granting(world, reviewer, days=3))
    world.clock.advance(hours=72)

    ended = overlap.behind(
        lambda tx: grant_tier(tx, granting(world, reviewer, days=3)),
        partial(world.app.perform, end_grants, EndGrants()),
    )

    assert reviewer.id not in {one.id for one in ended}
    assert now(world, reviewer).tier is Tier.PRO


def test_credits_that_are_granted_at_once_add_up(overlap: Overlap) -> None:
    artist = overlap.world.artist()
    grant = GrantFreeCredit(artist_id=artist.id, admin_id=ADMIN, credits=2, reason="sorry")

    richer = overlap.behind(
        lambda tx: grant_free_credit(tx, grant),
        partial(overlap.world.app.perform, grant_free_credit, grant),
    )

    assert richer.free_review_credits == artist.free_review_credits + 4


# ── accounts, and what the processor tells ───────────────────────────────────────────────────


def test_nobody_who_is_leaving_gets_an_account(overlap: Overlap, reviewer: ReviewerProfile) -> None:
    leave = EraseUser(user_id=reviewer.user_id)
    connect = ConnectPayoutAccount(reviewer_id=reviewer.id)

    answer = overlap.behind(
        lambda tx: erase_user(tx, leave),
        partial(overlap.world.app.drive, connect_payout_account, connect),
    )

    assert isinstance(answer, NotOnboarded)
    assert now(overlap.world, reviewer).stripe_account_id is None


def paid(world: World, reviewer: ReviewerProfile, *, ready: bool) -> None:
    """Let him have an account that is known to be his."""
    account_id = world.payee(reviewer).stripe_account_id
    assert account_id is not None
    with world.store.begin() as tx:
        tx.reviewers.update(tx.reviewers.lock(reviewer.id).mark_account(ready=ready))
        tx.identities.add(stripe_mark(reviewer.user_id, account_id))


def told_of(world: World, reviewer: ReviewerProfile, subject: Subject) -> StripeWebhookEvent:
    """An event about his account, in the inbox."""
    account_id = now(world, reviewer).stripe_account_id
    event = a_webhook_event(
        subject=subject, type="account.updated", object_id=account_id, account_id=account_id
    )
    with world.store.begin() as tx:
        tx.inbox.add(event)
    return event


def record(tx: Transaction, event: StripeWebhookEvent) -> None:
    """Do with an event what the worker does."""
    waiting = tx.inbox.lock(event.id)
    record_account(tx, event=waiting, ready=True)
    tx.inbox.update(waiting.handle(tx.now))


def test_an_event_that_is_being_handled_is_not_handled_again(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    paid(world, reviewer, ready=True)
    event = told_of(world, reviewer, Subject.BANK_PAYOUT)

    answer = overlap.behind(
        lambda tx: record(tx, event),
        partial(world.app.drive, handle_event, HandleEvent(event_id=event.id)),
    )

    assert answer.is_handled
    assert told(world, "BankPayoutFailed", f"reviewer:{reviewer.id}") == 1


def test_an_event_that_is_being_handled_is_not_tried_again(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    paid(world, reviewer, ready=True)
    event = told_of(world, reviewer, Subject.BANK_PAYOUT)

    answer = overlap.behind(
        lambda tx: record(tx, event),
        partial(world.app.perform, retry_event, RetryEvent(event_id=event.id, admin_id=ADMIN)),
    )

    assert isinstance(answer, EntityNotFound)


def test_of_two_events_that_tell_the_same_one_is_news(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    paid(world, reviewer, ready=False)
    first, second = [told_of(world, reviewer, Subject.ACCOUNT) for _ in range(2)]

    overlap.behind(
        lambda tx: record(tx, first),
        partial(world.app.drive, handle_event, HandleEvent(event_id=second.id)),
    )

    assert told(world, "PayoutAccountChanged", f"reviewer:{reviewer.id}") == 1
