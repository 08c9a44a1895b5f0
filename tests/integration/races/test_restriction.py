"""Reviewers who are restricted while they, and those who restrict them, are at work elsewhere."""

from __future__ import annotations

from functools import partial

import attrs
import pytest

from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.testing.builders import a_reviewer
from reviewcore.usecases import (
    RecordHeartbeat,
    RestrictReviewer,
    UnrestrictReviewer,
    record_heartbeat,
    restrict_reviewer,
    unrestrict_reviewer,
)
from tests.integration.races.conftest import MakeWorld
from tests.integration.races.world import RULES, World, race, rounds, successes

PEOPLE = 6
SLOTS = 5
STRICT = attrs.evolve(RULES, flags_max=0)


@pytest.mark.parametrize("turn", range(rounds(2)))
def test_people_who_flag_each_other_while_they_deliver_all_get_an_answer(
    make_world: MakeWorld, turn: int
) -> None:
    world = make_world(STRICT)
    reviewers, delivered = _ring(world)
    active = _active(world)

    with world.told(f"{PEOPLE} people restrict each other while they deliver"):
        answers = race(
            [
                *(partial(world.flag, review) for review in delivered),
                *(partial(world.complete, review) for review in active),
            ],
            jitter_seconds=0.005,
        )

    for answer in answers[: len(delivered)]:
        assert not isinstance(answer, ReviewcoreError), answer
    kinds = {type(one).__name__ for one in answers[len(delivered) :]}
    assert kinds <= {"Review", "ReviewerRestricted", "AssignmentExpired", "ReviewNotActive"}
    with world.store.read() as tx:
        for reviewer in reviewers:
            assert tx.reviewers.get(reviewer.id).is_restricted
            assert not tx.reviews.active_of(reviewer.id)
    world.settle()


def test_a_reviewer_is_restricted_and_freed_while_he_listens_and_delivers(world: World) -> None:
    reviewers, _ = _ring(world)
    (admin,) = world.users(1)
    target = reviewers[0]
    mine = [one for one in _active(world) if one.reviewer_id == target.id]
    bar = RestrictReviewer(reviewer_id=target.id, admin_id=admin.id, reason="a race")
    free = UnrestrictReviewer(reviewer_id=target.id, admin_id=admin.id, reason="a race")

    with world.told("restrict, unrestrict, listen and deliver"):
        answers = race(
            [
                *[partial(world.app.perform, restrict_reviewer, bar)] * 3,
                *[partial(world.app.perform, unrestrict_reviewer, free)] * 3,
                *(partial(world.complete, review) for review in mine),
                *(
                    partial(
                        world.app.perform,
                        record_heartbeat,
                        RecordHeartbeat(review_id=one.id, reviewer_id=target.id),
                    )
                    for one in mine
                ),
            ],
            jitter_seconds=0.01,
        )

    assert successes(answers[:3])
    with world.store.read() as tx:
        paid = [
            one
            for one in tx.reviews.all()
            if one.reviewer_id == target.id and one.status is ReviewStatus.COMPLETED
        ]
        assert tx.reviewers.get(target.id).total_reviews == len(paid)
    world.settle()


def _ring(world: World) -> tuple[list[ReviewerProfile], list[Review]]:
    """Make people who are artists and reviewers of each other: each has delivered one review to
    the one before him and has one before him of every other's track.
    """
    users = world.users(PEOPLE)
    artists = [world.artist(user) for user in users]
    with world.store.begin() as tx:
        reviewers = [a_reviewer(user_id=user.id) for user in users]
        tx.reviewers.add(*reviewers)
    tracks = [world.track(artist) for artist in artists]
    delivered = []
    for number, track in enumerate(tracks):
        others = [reviewers[(number + step) % PEOPLE] for step in range(1, SLOTS + 1)]
        heard = world.heard(track, others)
        delivered.append(world.complete(heard[0]))
    return reviewers, delivered


def _active(world: World) -> list[Review]:
    with world.store.read() as tx:
        return [one for one in tx.reviews.all() if one.is_active]
