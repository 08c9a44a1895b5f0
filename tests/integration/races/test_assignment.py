"""Many assigners at the same moment."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import attrs
import pytest

from reviewcore.domain.ids import TrackId
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.usecases import (
    AssignReviewers,
    PlanAssignment,
    assign_reviewers,
    plan_assignment,
)
from tests.integration.races.conftest import MakeWorld
from tests.integration.races.world import RULES, World, race, rounds, successes

ASSIGNERS = 8
TRACKS = 8
BUSY = attrs.evolve(RULES, active_assignments_max_normal=2, active_assignments_max_pro=3)


@pytest.mark.parametrize(("normal", "pro"), [(5, 1), (40, 10)], ids=["few", "many"])
@pytest.mark.parametrize("turn", range(rounds(1)))
def test_assigners_overload_nobody_and_leave_no_slot_that_could_be_filled(
    make_world: MakeWorld, turn: int, normal: int, pro: int
) -> None:
    world = make_world(BUSY)
    world.reviewers(normal)
    world.reviewers(pro, tier=Tier.PRO)
    tracks = [world.track(package=PackageType.STANDARD) for _ in range(TRACKS)]
    ids = [track.id for track in tracks]

    with world.told(f"{ASSIGNERS} assigners on {normal + pro} reviewers"):
        answers = race([partial(_assign_all, world, ids) for _ in range(ASSIGNERS)])
    assert len(successes(answers)) == ASSIGNERS

    _require_nobody_overloaded(world)
    world.app.run_pending()
    _require_nobody_overloaded(world)
    _require_nothing_could_be_filled(world, ids)
    if normal > TRACKS * 3:
        with world.store.read() as tx:
            assert Counter(one.track_id for one in tx.reviews.all()) == dict.fromkeys(ids, 5)
    world.settle()


@pytest.mark.parametrize("turn", range(rounds(1)))
def test_assigners_keep_up_with_reviewers_who_deliver_meanwhile(
    make_world: MakeWorld, turn: int
) -> None:
    world = make_world(BUSY)
    reviewers = world.reviewers(6)
    first = [world.track() for _ in range(2)]
    heard = [review for track in first for review in world.heard(track, reviewers[:5])]
    ids = [world.track().id for _ in range(4)]

    with world.told("4 assigners while 10 reviews are delivered"):
        race(
            [
                *[partial(_assign_all, world, ids)] * 4,
                *(partial(world.complete, review) for review in heard),
            ],
            jitter_seconds=0.01,
        )

    _require_nobody_overloaded(world)
    world.app.run_pending()
    _require_nobody_overloaded(world)
    _require_nothing_could_be_filled(world, ids)
    world.settle()


def _assign_all(world: World, ids: list[TrackId]) -> None:
    for track_id in random.sample(ids, len(ids)):
        world.app.perform(assign_reviewers, AssignReviewers(track_id=track_id))


def _require_nobody_overloaded(world: World) -> None:
    with world.store.read() as tx:
        active = Counter(one.reviewer_id for one in tx.reviews.all() if one.is_active)
        for reviewer in tx.reviewers.all():
            assert active[reviewer.id] <= world.store.rules.active_assignments_max(reviewer.tier)
    world.require_lawful()


def _require_nothing_could_be_filled(world: World, ids: list[TrackId]) -> None:
    for track_id in ids:
        plan = world.app.ask(plan_assignment, PlanAssignment(track_id=track_id))
        assert [one for one in plan.verdicts if one.accepted] == [], plan
