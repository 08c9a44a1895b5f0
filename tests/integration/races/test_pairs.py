"""Everything that can be done to a track, against everything else, at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import combinations_with_replacement
from typing import Any

import attrs
import pytest

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.flags import Flag
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.tracks import Track
from reviewcore.domain.users import User
from reviewcore.testing.clock import ManualClock
from reviewcore.usecases import (
    AssignReviewers,
    CancelTrack,
    CloseTrack,
    DismissFlag,
    RestrictReviewer,
    SkipReview,
    UpholdFlag,
    assign_reviewers,
    cancel_track,
    close_track,
    dismiss_flag,
    restrict_reviewer,
    skip_review,
    uphold_flag,
)
from tests.integration.races.conftest import fresh_database
from tests.integration.races.world import RULES, World, race, rounds, successes

JITTER_SECONDS = 0.02


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One market for all pairs: each pair has tracks of its own."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("pairs")
        url = stack.enter_context(fresh_database(request, request.param, folder=folder))
        clock = ManualClock()
        store = SqlStore(url, rules=RULES, clock=clock)
        stack.callback(store.close)
        bank = SandboxBank(clock=clock)
        stack.callback(bank.close)
        yield World.on(store, name=request.param, clock=clock, bank=bank)


@attrs.frozen(kw_only=True)
class Stage:
    """A track with all that can happen to it, and the verbs that make it happen."""

    world: World
    admin: User
    track: Track

    def assign(self) -> object:
        return self._do(assign_reviewers, AssignReviewers(track_id=self.track.id))

    def cancel(self) -> object:
        command = CancelTrack(track_id=self.track.id, artist_id=self.track.artist_id)
        return self._do(cancel_track, command)

    def close(self) -> object:
        command = CloseTrack(track_id=self.track.id, admin_id=self.admin.id, reason="a race")
        return self._do(close_track, command)

    def _do(self, usecase: Callable[..., Any], command: object) -> object:
        return self.world.app.perform(usecase, command)

    def _dismiss(self, flag: Flag) -> object:
        command = DismissFlag(flag_id=flag.id, admin_id=self.admin.id, reason="a race")
        return self._do(dismiss_flag, command)

    def _uphold(self, flag: Flag) -> object:
        command = UpholdFlag(flag_id=flag.id, admin_id=self.admin.id, reason="a race")
        return self._do(uphold_flag, command)

    def _restrict(self, reviewer: ReviewerProfile) -> object:
        command = RestrictReviewer(reviewer_id=reviewer.id, admin_id=self.admin.id, reason="a race")
        return self._do(restrict_reviewer, command)

    def _skip(self, review: Review) -> object:
        command = SkipReview(review_id=review.id, reviewer_id=review.reviewer_id)
        return self._do(skip_review, command)


@attrs.frozen(kw_only=True)
class Young(Stage):
    """A track with one assignment that nobody has listened to: it can still be cancelled.

    To be judged the review must be delivered first, so most verbs are several steps.
    """

    reviewer: ReviewerProfile
    review: Review

    @classmethod
    def set(cls, world: World, admin: User) -> Young:
        track = world.track()
        (reviewer,) = world.reviewers(1)
        (review,) = world.give(track, [reviewer])
        return cls(world=world, admin=admin, track=track, reviewer=reviewer, review=review)

    def complete(self) -> object:
        self.world.listen(self.review)
        return self.world.complete(self.review)

    def flag(self) -> object:
        self.complete()
        return self.world.flag(self.review)

    def dismiss(self) -> object:
        self.complete()
        return self._dismiss(self.world.flag(self.review))

    def uphold(self) -> object:
        self.complete()
        return self._uphold(self.world.flag(self.review))

    def restrict(self) -> object:
        return self._restrict(self.reviewer)

    def skip(self) -> object:
        return self._skip(self.review)


@attrs.frozen(kw_only=True)
class Grown(Stage):
    """A track of five slots: 1 delivered, 2 flagged and open again, 3 flagged and being replaced,
    4 being reviewed, 5 open.
    """

    plain: Review
    flags: tuple[Flag, Flag]
    replacement: Review
    worker: ReviewerProfile

    @classmethod
    def set(cls, world: World, admin: User) -> Grown:
        track = world.track()
        people = world.reviewers(5)
        plain, second, third = world.delivered(track, people[:3])
        flags = (world.flag(second), world.flag(third))
        (replacement,) = world.heard(track, [people[3]], first_slot=3)
        world.heard(track, [people[4]], first_slot=4)
        return cls(
            world=world,
            admin=admin,
            track=track,
            plain=plain,
            flags=flags,
            replacement=replacement,
            worker=people[3],
        )

    def complete(self) -> object:
        return self.world.complete(self.replacement)

    def flag(self) -> object:
        return self.world.flag(self.plain)

    def dismiss(self) -> object:
        return _first_of(
            [lambda: self._dismiss(self.flags[0]), lambda: self._dismiss(self.flags[1])]
        )

    def uphold(self) -> object:
        return _first_of([lambda: self._uphold(self.flags[0]), lambda: self._uphold(self.flags[1])])

    def restrict(self) -> object:
        return self._restrict(self.worker)

    def skip(self) -> object:
        return self._skip(self.replacement)


def _first_of(acts: list[Callable[[], object]]) -> object:
    """Do all, whatever is refused; answer for the first."""
    answers = []
    for act in acts:
        try:
            answers.append(act())
        except ReviewcoreError as refusal:
            answers.append(refusal)
    if isinstance(answers[0], ReviewcoreError):
        raise answers[0]
    return answers[0]


VERBS = ("assign", "cancel", "close", "complete", "dismiss", "flag", "restrict", "skip", "uphold")
PAIRS = list(combinations_with_replacement(VERBS, 2))

# Pairs of which one at most can succeed.
RIVALS = {
    Young: {
        ("cancel", "cancel"),
        ("cancel", "complete"),
        ("close", "close"),
        ("complete", "complete"),
        ("complete", "skip"),
        ("skip", "skip"),
    },
    Grown: {
        ("close", "close"),
        ("complete", "complete"),
        ("complete", "skip"),
        ("dismiss", "dismiss"),
        ("dismiss", "uphold"),
        ("flag", "flag"),
        ("skip", "skip"),
        ("uphold", "uphold"),
    },
}


@pytest.mark.parametrize("kind", [Young, Grown], ids=["young", "grown"])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_two_at_once_keep_the_laws(
    world: World, kind: type[Young | Grown], pair: tuple[str, str]
) -> None:
    (admin,) = world.users(1)
    world.reviewers(1)
    stages = [kind.set(world, admin) for _ in range(rounds(1))]

    with world.told(f"pairs of verbs on a {kind.__name__.lower()} track"):
        for stage in stages:
            acts = [getattr(stage, verb) for verb in pair] * 2
            answers = race(acts, jitter_seconds=JITTER_SECONDS if kind is Young else 0.0)
            if pair in RIVALS[kind]:
                assert len(successes(answers)) <= 1, answers


def test_after_all_pairs_everything_settles(world: World) -> None:
    world.settle()
