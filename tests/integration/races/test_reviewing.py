"""Deadlines, heartbeats and judgements that meet."""

from __future__ import annotations

import itertools
from datetime import timedelta
from functools import partial

import attrs
import pytest

from reviewcore.domain.reviews import EndReason, Review, ReviewStatus
from reviewcore.domain.rules import PackageType
from reviewcore.usecases import (
    ExpireAssignments,
    GemReview,
    RateReview,
    RecordHeartbeat,
    SkipReview,
    UngemReview,
    expire_assignments,
    gem_review,
    rate_review,
    record_heartbeat,
    skip_review,
    ungem_review,
    withdraw,
)
from tests.integration.races.conftest import MakeWorld
from tests.integration.races.world import (
    RATE,
    RULES,
    World,
    race,
    refusals,
    rounds,
    successes,
)

EVERYWHERE = pytest.mark.parametrize(
    "make_world", ["memory", "sqlite", "postgresql"], indirect=True
)


@pytest.mark.parametrize("turn", range(rounds(2)))
def test_at_its_deadline_a_review_is_delivered_or_ends(world: World, turn: int) -> None:
    reviewers = world.reviewers(5)
    tracks = [world.track() for _ in range(4)]
    reviews = [one for track in tracks for one in world.give(track, reviewers)]
    deadline = reviews[0].expires_at
    world.clock.set(deadline - timedelta(seconds=1))
    world.listen(*reviews)

    with world.told("20 deliveries and 4 sweeps at the deadline"):
        answers = race(
            [
                *(partial(world.complete, review) for review in reviews),
                *[partial(world.app.perform, expire_assignments, ExpireAssignments())] * 4,
                partial(world.clock.set, deadline),
            ],
            jitter_seconds=0.03,
        )

    told = refusals(answers)
    assert set(told) <= {"AssignmentExpired"}
    world.app.perform(expire_assignments, ExpireAssignments())
    with world.store.read() as tx:
        now = [tx.reviews.get(review.id) for review in reviews]
    done = [one for one in now if one.status is ReviewStatus.COMPLETED]
    assert len(done) == 20 - told["AssignmentExpired"]
    assert all(one.ended_at is not None and one.ended_at < deadline for one in done)
    over = [one for one in now if one.status is ReviewStatus.EXPIRED]
    assert len(over) == told["AssignmentExpired"]
    assert {one.end_reason for one in over} <= {EndReason.TIMEOUT}
    world.settle()


@EVERYWHERE
def test_many_tabs_earn_no_more_listening_than_one(world: World) -> None:
    (reviewer,) = world.reviewers(1)
    reviews = [world.heard(world.track(), [reviewer])[0] for _ in range(4)]
    before = _heard(world, reviews)

    with world.told("20 tabs beat on 4 reviews"):
        for _ in range(rounds(5)):
            world.clock.advance(seconds=7)
            before += 7
            answers = race(
                [
                    partial(
                        world.app.perform,
                        record_heartbeat,
                        RecordHeartbeat(review_id=review.id, reviewer_id=reviewer.id),
                    )
                    for review in reviews
                ]
                * 5
            )
            assert refusals(answers) == {}
            assert _heard(world, reviews) == before
    world.settle()


def _heard(world: World, reviews: list[Review]) -> int:
    with world.store.read() as tx:
        return sum(tx.reviews.get(review.id).listen_duration for review in reviews)


@pytest.mark.parametrize("turn", range(rounds(1)))
def test_judgements_and_work_of_one_reviewer_lose_nothing(make_world: MakeWorld, turn: int) -> None:
    """Everything that adds to one profile at once, from tracks that share nothing else."""
    world = make_world(RULES)
    reviewer = world.payee(world.reviewers(1)[0])
    judged = [
        world.delivered(world.track(package=PackageType.PRO), [reviewer])[0] for _ in range(8)
    ]
    working = [world.heard(world.track(package=PackageType.PRO), [reviewer])[0] for _ in range(6)]
    skipped = [world.give(world.track(package=PackageType.PRO), [reviewer])[0] for _ in range(3)]

    with world.told("8 ratings, 4 gems, 2 flags, 6 deliveries, 3 skips, a withdrawal, of one"):
        answers = race(
            [
                *(partial(_rate, world, one, 5) for one in judged),
                *(partial(_gem, world, one) for one in judged[:4]),
                *(partial(world.flag, one) for one in judged[6:]),
                *(partial(world.complete, one) for one in working),
                *(
                    partial(
                        world.app.perform,
                        skip_review,
                        SkipReview(review_id=one.id, reviewer_id=reviewer.id),
                    )
                    for one in skipped
                ),
                partial(world.app.perform, withdraw, world.withdrawal(reviewer, 100)),
            ]
        )

    assert refusals(answers) == {}
    with world.store.read() as tx:
        now = tx.reviewers.get(reviewer.id)
    assert now.total_reviews == 14
    assert now.total_earnings == 14 * RATE
    assert now.pending_balance == 14 * RATE - 100
    assert (now.rating_sum, now.rating_count) == (40, 8)
    assert (now.gem_count, now.flag_count, now.active_count) == (4, 2, 0)
    world.settle()


@pytest.mark.parametrize("turn", range(rounds(1)))
def test_an_artist_who_cannot_make_up_his_mind_leaves_right_counts(world: World, turn: int) -> None:
    (reviewer,) = world.reviewers(1)
    reviews = [
        world.delivered(world.track(package=PackageType.PRO), [reviewer])[0] for _ in range(3)
    ]
    ratings = itertools.cycle((1, 3, 4, 5))

    with world.told("30 ratings, gems and un-gems of 3 reviews of one reviewer"):
        answers = race(
            [
                partial(act, world, review)
                for review in reviews
                for act in (_gem, _ungem, _gem, _ungem)
            ]
            + [partial(_rate, world, review, next(ratings)) for review in reviews * 6]
        )

    assert refusals(answers) == {}
    with world.store.read() as tx:
        now = tx.reviewers.get(reviewer.id)
        kept = [tx.reviews.get(review.id) for review in reviews]
    assert now.gem_count == sum(one.is_gem for one in kept)
    assert now.rating_sum == sum(one.artist_rating or 0 for one in kept)
    assert now.rating_count == 3
    world.settle()


@pytest.mark.parametrize("turn", range(rounds(1)))
def test_of_many_skips_as_many_succeed_as_a_day_allows(make_world: MakeWorld, turn: int) -> None:
    world = make_world(attrs.evolve(RULES, skips_per_day_max=3))
    (reviewer,) = world.reviewers(1)
    reviews = [world.give(world.track(package=PackageType.PRO), [reviewer])[0] for _ in range(8)]

    with world.told("8 skips where 3 are allowed"):
        answers = race(
            [
                partial(
                    world.app.perform,
                    skip_review,
                    SkipReview(review_id=one.id, reviewer_id=reviewer.id),
                )
                for one in reviews
            ]
        )

    assert len(successes(answers)) == 3
    assert refusals(answers) == {"DailySkipLimitReached": 5}
    world.settle()


@pytest.mark.parametrize("turn", range(rounds(1)))
def test_of_many_flags_as_many_succeed_as_a_track_allows(make_world: MakeWorld, turn: int) -> None:
    world = make_world(attrs.evolve(RULES, flags_per_track_max_percent=40))
    reviews = world.delivered(world.track(), world.reviewers(5))

    with world.told("5 flags where 2 are allowed"):
        answers = race([partial(world.flag, one) for one in reviews])

    assert len(successes(answers)) == 2
    assert refusals(answers) == {"TooManyFlags": 3}
    world.settle()


@pytest.mark.parametrize("turn", range(rounds(1)))
def test_of_25_flags_at_once_as_many_succeed_as_a_fifth_of_the_slots(
    make_world: MakeWorld, turn: int
) -> None:
    # Who counts the flags before he holds the track's lock counts too few of them.
    world = make_world(attrs.evolve(RULES, flags_per_track_max_percent=20))
    track = world.track(package=PackageType.DEEP_DIVE)
    reviews = world.delivered(track, world.reviewers(25))

    with world.told("25 flags where 5 are allowed"):
        answers = race([partial(world.flag, one) for one in reviews])

    assert len(successes(answers)) == 5
    assert refusals(answers) == {"TooManyFlags": 20}
    with world.store.read() as tx:
        assert len(tx.flags.of_track(track.id)) == 5
    world.settle()


def _rate(world: World, review: Review, rating: int) -> object:
    command = RateReview(
        review_id=review.id, artist_id=review.artist_id, rating=rating, reason="a race"
    )
    return world.app.perform(rate_review, command)


def _gem(world: World, review: Review) -> object:
    return world.app.perform(gem_review, GemReview(review_id=review.id, artist_id=review.artist_id))


def _ungem(world: World, review: Review) -> object:
    return world.app.perform(
        ungem_review, UngemReview(review_id=review.id, artist_id=review.artist_id)
    )
