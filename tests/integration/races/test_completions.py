"""Reviewers who deliver at the same moment."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.tracks import TrackStatus
from reviewcore.usecases import GrantTier, grant_tier
from tests.integration.races.world import (
    PACKAGES,
    RATE,
    World,
    race,
    refusals,
    rounds,
    successes,
)

EVERYWHERE = pytest.mark.parametrize(
    "make_world", ["memory", "sqlite", "postgresql"], indirect=True
)
COPIES = 50


@EVERYWHERE
@pytest.mark.parametrize("package", [PackageType.STARTER, PackageType.DEEP_DIVE], ids=str)
def test_a_track_completes_when_its_last_reviewers_deliver_at_once(
    world: World, package: PackageType
) -> None:
    size = PACKAGES[package].reviews
    reviewers = world.reviewers(size)
    tracks = [world.track(package=package) for _ in range(rounds(8 if size == 5 else 2))]
    heard = [world.heard(track, reviewers) for track in tracks]

    with world.told(f"{size} deliver on one track, {len(tracks)} tracks"):
        for reviews in heard:
            answers = race([partial(world.complete, one) for one in reviews])
            assert refusals(answers) == {}

    for track in tracks:
        done = world.get_track(track.id)
        assert done.status is TrackStatus.COMPLETED
        assert done.reviews_completed == size
    with world.store.read() as tx:
        for reviewer in tx.reviewers.all():
            assert reviewer.total_reviews == len(tracks)
            assert reviewer.pending_balance == RATE * len(tracks)
    world.settle()


def test_all_reviewers_of_several_tracks_deliver_at_once(world: World) -> None:
    reviewers = world.reviewers(5)
    tracks = [world.track() for _ in range(6)]
    heard = [review for track in tracks for review in world.heard(track, reviewers)]

    with world.told("5 reviewers deliver on 6 tracks, all at once"):
        answers = race([partial(world.complete, one) for one in heard])

    assert refusals(answers) == {}
    assert {world.get_track(track.id).status for track in tracks} == {TrackStatus.COMPLETED}
    with world.store.read() as tx:
        assert [one.pending_balance for one in tx.reviewers.all()] == [RATE * 6] * 5
    world.settle()


@EVERYWHERE
def test_a_review_that_is_delivered_fifty_times_is_paid_once(world: World) -> None:
    for _ in range(rounds(2)):
        (reviewer,) = world.reviewers(1)
        (review,) = world.heard(world.track(), [reviewer])

        with world.told(f"{COPIES} deliveries of one review"):
            answers = race([partial(world.complete, review)] * COPIES)

        assert len(successes(answers)) == 1
        assert refusals(answers) == {"ReviewNotActive": COPIES - 1}
        with world.store.read() as tx:
            paid = tx.reviewers.get(reviewer.id)
        assert (paid.total_earnings, paid.total_reviews, paid.active_count) == (RATE, 1, 0)
    world.settle()


@EVERYWHERE
def test_a_delivery_that_is_repeated_with_its_key_has_one_answer(world: World) -> None:
    (reviewer,) = world.reviewers(1)
    (review,) = world.heard(world.track(), [reviewer])

    with world.told("20 deliveries with one key"):
        answers = race([partial(world.complete, review, key="once")] * 20)

    assert refusals(answers) == {}
    assert set(answers) == {answers[0]}
    assert answers[0].status is ReviewStatus.COMPLETED
    world.settle()


def test_pay_is_the_slots_even_when_the_tier_changes_meanwhile(world: World) -> None:
    reviewers = world.reviewers(5)
    tracks = [world.track() for _ in range(rounds(2))]
    (admin,) = world.users(1)

    with world.told("deliveries while the reviewers become PRO"):
        for track in tracks:
            reviews = world.heard(track, reviewers)
            grants = [
                GrantTier(
                    reviewer_id=one.id,
                    admin_id=admin.id,
                    tier=Tier.PRO,
                    until=world.clock() + timedelta(days=1),
                    reason="a race",
                )
                for one in reviewers
            ]
            answers = race(
                [partial(world.complete, one) for one in reviews]
                + [partial(world.app.perform, grant_tier, one) for one in grants]
            )
            assert refusals(answers) == {}

    with world.store.read() as tx:
        assert {one.paid_amount for one in tx.reviews.all()} == {RATE}
        assert {one.pending_balance for one in tx.reviewers.all()} == {RATE * len(tracks)}
        assert {one.tier for one in tx.reviewers.all()} == {Tier.PRO}
    world.settle()
