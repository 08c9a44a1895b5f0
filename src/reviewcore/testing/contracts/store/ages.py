"""The search for reviewers whose accounts grow older, are verified, and change meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain.ids import GenreId
from reviewcore.domain.matching import Search, standing
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import MarketRules, Tier
from reviewcore.domain.tracks import Track
from reviewcore.domain.users import User
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing.builders import a_reviewer, a_user
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.matching import find, search
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures

HOUR = timedelta(hours=1)
TURNS = 60
SEARCHES = 4
SOME_GENRES = tuple(map(GenreId, ("house", "techno", "jazz", "deep-house")))


def aged(scene: Scene, hours: int, **changes: Any) -> ReviewerProfile:
    """Add a reviewer whose account is so old."""
    user = scene.user(created_at=START - hours * HOUR, **changes)
    return scene.reviewer(user_id=user.id)


def verify(store: Store, reviewer: ReviewerProfile, at: datetime | None) -> None:
    """Let his address be verified, or not."""
    with store.begin() as tx:
        user = tx.users.lock(reviewer.user_id)
        tx.users.update(attrs.evolve(user, email_verified=at))


def naively(
    tx: Transaction, wanted: Search, *, rules: MarketRules, limit: int
) -> list[ReviewerProfile]:
    """Search as the port describes it: by a look at everybody."""
    had_it = {review.reviewer_id for review in tx.reviews.of_track(wanted.track_id)}
    found = []
    for one in tx.reviewers.all():
        user = tx.users.get(one.user_id)
        if (
            one.completed_onboarding
            and not one.is_restricted
            and user.email_verified is not None
            and (wanted.account_before is None or user.created_at <= wanted.account_before)
            and not wanted.genres.isdisjoint(one.genres)
            and wanted.tier in {None, one.tier}
            and (wanted.ratings_below is None or one.rating_count < wanted.ratings_below)
            and one.active_count < rules.active_assignments_max(one.tier)
            and one.id not in had_it | wanted.exclude
        ):
            found.append(one)
    return sorted(found, key=standing)[:limit]


class AgesContract(StoreFixtures):
    """Candidates by the age of their accounts and by verified addresses."""

    def test_an_age_is_judged_by_the_search_whatever_was_marked(
        self, store: Store, scene: Scene
    ) -> None:
        track = scene.track()
        days, hours, minutes = [aged(scene, age) for age in (48, 4, 0)]

        def searches() -> list[list[ReviewerProfile]]:
            ages = (100, 48, 47, 4, 3, 0)
            return [find(store, search(track, account_before=START - age * HOUR)) for age in ages]

        expected = [[], [days], [days], [days, hours], [days, hours], [days, hours, minutes]]
        assert searches() == expected
        for age in (24, 2, 48, 0):
            with store.begin() as tx:
                tx.reviewers.come_of_age(START - age * HOUR, limit=100)
            assert searches() == expected

    def test_marking_comes_to_an_end(self, store: Store, scene: Scene) -> None:
        ages = (30, 40, 50, 3)
        for age in ages:
            aged(scene, age)

        for _ in ages:
            with store.begin() as tx:
                tx.reviewers.come_of_age(START - 24 * HOUR, limit=1)

        with store.begin() as tx:
            assert tx.reviewers.come_of_age(START - 24 * HOUR, limit=1) == 0

    def test_only_who_is_verified_is_a_candidate_from_that_block_on(
        self, store: Store, scene: Scene
    ) -> None:
        track, reviewer = scene.track(), aged(scene, 48, email_verified=None)
        wanted = search(track, account_before=START - 24 * HOUR)
        assert find(store, wanted) == find(store, search(track)) == []

        verify(store, reviewer, START)
        assert find(store, wanted) == find(store, search(track)) == [reviewer]
        with store.begin() as tx:
            tx.reviewers.come_of_age(START - 24 * HOUR, limit=100)
        assert find(store, wanted) == [reviewer]

        verify(store, reviewer, None)
        assert find(store, wanted) == find(store, search(track)) == []

    def test_a_block_finds_whom_it_has_just_verified_or_added(
        self, store: Store, scene: Scene
    ) -> None:
        track, reviewer = scene.track(), aged(scene, 48, email_verified=None)
        user = a_user(created_at=START - 48 * HOUR)
        other = a_reviewer(user_id=user.id)

        with store.begin() as tx:
            found = tx.users.lock(reviewer.user_id)
            tx.users.update(attrs.evolve(found, email_verified=START))
            tx.users.add(user)
            tx.reviewers.add(other)

            told = tx.reviewers.candidates(
                search(track, account_before=START - 48 * HOUR), limit=10
            )

        assert list(told) == sorted([reviewer, other], key=standing)

    def test_whoever_changes_genres_keeps_his_age(self, store: Store, scene: Scene) -> None:
        track = scene.track()
        old, young = aged(scene, 48), aged(scene, 2)
        for one in (old, young):
            with store.begin() as tx:
                fresh = tx.reviewers.lock(one.id)
                tx.reviewers.update(attrs.evolve(fresh, genres=SOME_GENRES[2:]))
        wanted = search(track, genres=frozenset(SOME_GENRES[2:]), account_before=START - 24 * HOUR)

        assert [one.id for one in find(store, wanted)] == [old.id]

    @pytest.mark.parametrize("seed", range(3))
    def test_a_search_equals_a_look_at_everybody(
        self, store: Store, scene: Scene, rules: MarketRules, seed: int
    ) -> None:
        crowd = Crowd(store, scene, random.Random(seed))
        tracks = [scene.track() for _ in range(2)]
        for _ in range(TURNS):
            crowd.turn()
            for _ in range(SEARCHES):
                wanted, limit = crowd.search(tracks), crowd.chance.choice([1, 3, 50])

                with store.begin() as tx:
                    found = list(tx.reviewers.candidates(wanted, limit=limit))
                    expected = naively(tx, wanted, rules=rules, limit=limit)

                assert found == expected


class Crowd:
    """Reviewers to whom everything happens that a search asks about."""

    def __init__(self, store: Store, scene: Scene, chance: random.Random) -> None:
        self.chance = chance
        self._store = store
        self._scene = scene
        self._pairs: list[tuple[User, ReviewerProfile]] = []
        self._turns: tuple[Callable[[Transaction], None], ...] = (
            self._join,
            self._join,
            self._change_account,
            self._change_profile,
            self._change_genres,
            self._come_of_age,
        )

    def turn(self) -> None:
        """Let a few things happen in one block, and then perhaps a review begin."""
        with self._store.begin() as tx:
            self._join(tx)
            for act in self.chance.sample(self._turns, k=self.chance.randint(1, 3)):
                act(tx)

    def search(self, tracks: list[Track]) -> Search:
        """Look for something; now and then for somebody who had the track."""
        track = self.chance.choice(tracks)
        if self.chance.random() < 0.1:
            self._scene.review(track, self.chance.choice(self._pairs)[1], slot_number=1)
            tracks[tracks.index(track)] = self._scene.track()
        genres = self.chance.sample(SOME_GENRES, k=self.chance.randint(1, 3))
        excluded = self.chance.sample(self._pairs, k=min(2, len(self._pairs)))
        return Search(
            track_id=track.id,
            genres=frozenset(genres),
            tier=self.chance.choice([None, None, *Tier]),
            ratings_below=self.chance.choice([None, None, 10]),
            account_before=self.chance.choice([None, self._instant(), self._instant()]),
            exclude=frozenset(reviewer.id for _, reviewer in excluded),
        )

    def _instant(self) -> datetime:
        return START - self.chance.randint(0, 4) * HOUR

    def _join(self, tx: Transaction) -> None:
        user = a_user(
            created_at=self._instant(), email_verified=self.chance.choice([START, START, None])
        )
        reviewer = a_reviewer(user_id=user.id, **self._profile(), genres=self._genres())
        tx.users.add(user)
        tx.reviewers.add(reviewer)
        self._pairs.append((user, reviewer))

    def _change_account(self, tx: Transaction) -> None:
        user = tx.users.lock(self.chance.choice(self._pairs)[0].id)
        verified = self.chance.choice([START, None])
        tx.users.update(attrs.evolve(user, email_verified=verified))

    def _change_profile(self, tx: Transaction) -> None:
        reviewer = tx.reviewers.lock(self.chance.choice(self._pairs)[1].id)
        tx.reviewers.update(attrs.evolve(reviewer, **self._profile()))

    def _change_genres(self, tx: Transaction) -> None:
        reviewer = tx.reviewers.lock(self.chance.choice(self._pairs)[1].id)
        tx.reviewers.update(attrs.evolve(reviewer, genres=self._genres()))

    def _come_of_age(self, tx: Transaction) -> None:
        tx.reviewers.come_of_age(self._instant(), limit=self.chance.choice([2, 100]))

    def _genres(self) -> tuple[GenreId, ...]:
        return tuple(self.chance.sample(SOME_GENRES, k=self.chance.randint(0, 3)))

    def _profile(self) -> dict[str, Any]:
        ratings = self.chance.choice([0, 3, 12])
        return {
            "tier": self.chance.choice(list(Tier)),
            "active_count": self.chance.randint(0, 4),
            "rating_count": ratings,
            "rating_sum": ratings * self.chance.randint(1, 5),
            "gem_count": self.chance.randint(0, 2),
            "last_assigned_at": self.chance.choice([None, self._instant()]),
            "completed_onboarding": self.chance.random() < 0.9,
            "is_restricted": self.chance.random() < 0.1,
        }
