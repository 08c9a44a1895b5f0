from __future__ import annotations

import pytest

from reviewcore.domain.errors import (
    NotYourTrack,
    OutOfRange,
    ReasonRequired,
    ReviewDisowned,
    ReviewNotCompleted,
)
from reviewcore.domain.ids import ArtistId
from reviewcore.domain.reviews import Review
from reviewcore.domain.rules import Tier
from reviewcore.usecases import (
    GemReview,
    RateReview,
    UngemReview,
    gem_review,
    rate_review,
    ungem_review,
)
from tests.unit.usecases.market import World


@pytest.fixture
def world() -> World:
    return World()


def delivered(world: World) -> Review:
    world.a_reviewer()
    return world.deliver(world.assign(world.a_queued_track())[0])


def rate(world: World, review: Review, rating: int, reason: str = "") -> Review:
    return world.do(
        rate_review,
        RateReview(review_id=review.id, artist_id=review.artist_id, rating=rating, reason=reason),
    )


def gem(world: World, review: Review) -> Review:
    return world.do(gem_review, GemReview(review_id=review.id, artist_id=review.artist_id))


def ungem(world: World, review: Review) -> Review:
    return world.do(ungem_review, UngemReview(review_id=review.id, artist_id=review.artist_id))


def test_a_rating_moves_the_mean_and_can_be_changed(world: World) -> None:
    review = delivered(world)

    rate(world, review, 2, "dull")
    rated = rate(world, review, 5)

    reviewer = world.reviewer_of(review)
    assert (rated.artist_rating, rated.rating_reason) == (5, None)
    assert (reviewer.rating_sum, reviewer.rating_count, reviewer.average_rating) == (5, 1, 5.0)
    assert [event.payload["rating"] for event in world.events("ReviewRated")] == [2, 5]


@pytest.mark.parametrize(
    ("rating", "refusal"), [(0, OutOfRange), (6, OutOfRange), (1, ReasonRequired)]
)
def test_a_rating_that_says_nothing_is_refused(
    world: World, rating: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        rate(world, delivered(world), rating)


def test_only_the_artist_judges_and_only_what_was_delivered(world: World) -> None:
    review = delivered(world)
    stranger = ArtistId("a-stranger")

    with pytest.raises(NotYourTrack):
        world.do(rate_review, RateReview(review_id=review.id, artist_id=stranger, rating=5))
    with pytest.raises(NotYourTrack):
        world.do(gem_review, GemReview(review_id=review.id, artist_id=stranger))
    with pytest.raises(NotYourTrack):
        world.do(ungem_review, UngemReview(review_id=review.id, artist_id=stranger))
    [active] = world.assign(world.a_queued_track())
    for act in (gem, ungem):
        with pytest.raises(ReviewNotCompleted):
            act(world, active)
    with pytest.raises(ReviewNotCompleted):
        rate(world, active, 5)


def test_a_gem_is_counted_once(world: World) -> None:
    review = delivered(world)

    gem(world, review)
    gem(world, review)

    assert world.review(review).is_gem
    assert world.reviewer_of(review).gem_count == 1
    assert len(world.events("ReviewGemmed")) == 1


def test_a_gem_is_taken_back_once(world: World) -> None:
    review = delivered(world)
    ungem(world, review)
    gem(world, review)

    ungem(world, review)
    ungem(world, review)

    assert world.reviewer_of(review).gem_count == 0
    assert len(world.events("ReviewUngemmed")) == 1


def test_a_tier_changes_with_gems_and_is_announced_once() -> None:
    world = World(pro_gems_min=1)
    review = delivered(world)

    gem(world, review)
    assert world.reviewer_of(review).tier is Tier.PRO
    ungem(world, review)
    assert world.reviewer_of(review).tier is Tier.NORMAL
    world.work()

    assert [event.payload["after"] for event in world.events("TierChanged")] == ["PRO", "NORMAL"]
    assert sum("tier" in letter.subject for letter in world.mail.letters) == 2


def test_a_tier_is_earned_with_the_last_review_and_lost_with_a_poor_rating() -> None:
    world = World(pro_reviews_min=2)
    world.a_reviewer()
    first, second = (world.assign(world.a_queued_track())[0] for _ in range(2))
    rate(world, world.deliver(first), 5)
    assert world.reviewer_of(first).tier is Tier.NORMAL

    done = world.deliver(second)
    assert world.reviewer_of(first).tier is Tier.PRO
    rate(world, done, 4)

    assert world.reviewer_of(first).tier is Tier.NORMAL


def test_a_granted_tier_stays_until_its_date_whatever_is_judged(world: World) -> None:
    world.a_reviewer(tier=Tier.PRO)
    review = world.deliver(world.assign(world.a_queued_track())[0])

    rate(world, review, 1, "dull")
    gem(world, review)
    ungem(world, review)
    world.uphold(world.flag(review))

    assert world.reviewer_of(review).tier is Tier.PRO
    assert len(world.events("TierChanged")) == 1


def test_a_disowned_review_leaves_the_mean_the_gems_and_the_tier() -> None:
    world = World(pro_gems_min=1)
    review = delivered(world)
    rate(world, review, 5)
    gem(world, review)

    world.uphold(world.flag(review))

    reviewer = world.reviewer_of(review)
    assert (reviewer.total_reviews, reviewer.rating_count, reviewer.gem_count) == (0, 0, 0)
    assert reviewer.tier is Tier.NORMAL
    with pytest.raises(ReviewDisowned):
        rate(world, review, 5)
    with pytest.raises(ReviewDisowned):
        gem(world, review)
    with pytest.raises(ReviewDisowned):
        ungem(world, review)


def test_a_review_under_an_open_flag_can_still_be_judged(world: World) -> None:
    review = delivered(world)
    flag = world.flag(review)

    rate(world, review, 4)
    gem(world, review)
    world.dismiss(flag)

    reviewer = world.reviewer_of(review)
    assert (reviewer.rating_sum, reviewer.gem_count, reviewer.total_reviews) == (4, 1, 1)
