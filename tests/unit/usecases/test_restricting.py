from __future__ import annotations

from collections.abc import Callable

import pytest

from reviewcore.domain.errors import InvalidText, NotRestricted, OwnCase, ReasonRequired
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.payouts import PayoutMethod, PayoutStatus
from reviewcore.domain.reviewers import RestrictionCause, ReviewerProfile
from reviewcore.domain.reviews import EndReason
from reviewcore.usecases import (
    RestrictReviewer,
    UnrestrictReviewer,
    restrict_reviewer,
    unrestrict_reviewer,
)
from tests.unit.usecases.market import ADMIN, World


@pytest.fixture
def world() -> World:
    return World(minimum_payout_cents=50)


def restrict(
    world: World, reviewer_id: ReviewerId, *, admin: UserId = ADMIN, reason: str = "spam"
) -> ReviewerProfile:
    return world.do(
        restrict_reviewer,
        RestrictReviewer(reviewer_id=reviewer_id, admin_id=admin, reason=reason),
    )


def unrestrict(
    world: World, reviewer_id: ReviewerId, *, admin: UserId = ADMIN, reason: str = "sorry"
) -> ReviewerProfile:
    return world.do(
        unrestrict_reviewer,
        UnrestrictReviewer(reviewer_id=reviewer_id, admin_id=admin, reason=reason),
    )


def test_restriction_ends_active_reviews_and_opens_their_slots(world: World) -> None:
    reviewer = world.a_reviewer()
    tracks = [world.a_queued_track() for _ in range(3)]
    reviews = [world.assign(track)[0] for track in tracks]
    world.beat(reviews[0])

    barred = restrict(world, reviewer.id)

    assert (barred.is_restricted, barred.restriction_cause) == (True, RestrictionCause.ADMIN)
    assert barred.active_count == 0
    assert {world.review(one).end_reason for one in reviews} == {EndReason.RESTRICTED}
    assert {world.track(track).assign_at for track in tracks} == {world.clock()}
    assert barred == world.reviewer(reviewer)


def test_restriction_never_blocks_withdrawing(world: World) -> None:
    reviewer = world.a_reviewer()
    world.deliver(world.assign(world.a_queued_track())[0])
    restrict(world, reviewer.id)

    payout = world.withdraw(reviewer, method=PayoutMethod.PAYPAL, destination="rev@paypal.example")

    assert (payout.status, payout.amount) == (PayoutStatus.PENDING, 50)


def test_restricting_again_changes_nothing_but_the_reason(world: World) -> None:
    reviewer = world.a_reviewer()
    restrict(world, reviewer.id)

    again = restrict(world, reviewer.id, reason="worse")

    assert (again.is_restricted, again.restriction_reason) == (True, "worse")


def test_an_unrestricted_reviewer_is_assigned_again(world: World) -> None:
    reviewer = world.a_reviewer()
    restrict(world, reviewer.id)
    track = world.a_queued_track()
    world.work()

    free = unrestrict(world, reviewer.id)
    world.work()

    assert not free.is_restricted
    assert [one.reviewer_id for one in world.reviews(track)] == [reviewer.id]


def test_who_is_not_restricted_cannot_be_unrestricted(world: World) -> None:
    with pytest.raises(NotRestricted):
        unrestrict(world, world.a_reviewer().id)


@pytest.mark.parametrize("act", [restrict, unrestrict])
def test_it_takes_a_reason_and_somebody_else(
    world: World, act: Callable[..., ReviewerProfile]
) -> None:
    user, second = world.a_user("eve@example.com"), world.a_user("eve+2@example.com")
    reviewer = world.a_reviewer(user)
    if act is unrestrict:
        restrict(world, reviewer.id)

    for reason, refusal in ((" ", ReasonRequired), ("x" * 1001, InvalidText)):
        with pytest.raises(refusal):
            act(world, reviewer.id, reason=reason)
    for admin in (user, second):
        with pytest.raises(OwnCase):
            act(world, reviewer.id, admin=admin.id)
