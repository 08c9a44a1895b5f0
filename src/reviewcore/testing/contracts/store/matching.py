"""The search for reviewers, and what is known of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reviewcore.domain.ids import GenreId
from reviewcore.domain.matching import History, Search, standing
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import MarketRules, Tier
from reviewcore.domain.tracks import Track
from reviewcore.ports.store import Store
from reviewcore.testing.builders import an_id
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures

HOUSE = GenreId("house")
JAZZ = GenreId("jazz")


def search(track: Track, **changes: Any) -> Search:
    """Look for reviewers of house music."""
    return Search(**({"track_id": track.id, "genres": frozenset({HOUSE})} | changes))


def find(store: Store, wanted: Search, *, limit: int = 10) -> list[ReviewerProfile]:
    """Search in a block that writes, as an assigner does."""
    with store.begin() as tx:
        return list(tx.reviewers.candidates(wanted, limit=limit))


class MatchingContract(StoreFixtures):
    """Candidates, surveys and histories."""

    def test_a_reviewer_with_a_genre_in_common_is_a_candidate(
        self, store: Store, scene: Scene
    ) -> None:
        track, reviewer = scene.track(), scene.reviewer()

        assert find(store, search(track)) == [reviewer]
        assert find(store, search(track, genres=frozenset({HOUSE, JAZZ}))) == [reviewer]
        with store.read() as tx:
            assert list(tx.reviewers.candidates(search(track), limit=10)) == [reviewer]

    @pytest.mark.parametrize(
        "changes",
        [
            {"genres": (JAZZ,)},
            {"genres": ()},
            {"completed_onboarding": False},
            {"is_restricted": True},
            {"active_count": 3},
            {"active_count": 5, "tier": Tier.PRO},
        ],
        ids=str,
    )
    def test_who_cannot_review_is_no_candidate(
        self, store: Store, scene: Scene, changes: dict[str, Any]
    ) -> None:
        track = scene.track()
        scene.reviewer(**changes)

        assert find(store, search(track)) == []

    def test_the_load_limit_follows_the_tier(
        self, store: Store, scene: Scene, rules: MarketRules
    ) -> None:
        track = scene.track()
        expected = [
            scene.reviewer(tier=tier, active_count=rules.active_assignments_max(tier) - 1)
            for tier in (Tier.NORMAL, Tier.PRO)
        ]

        assert find(store, search(track)) == expected

    def test_who_had_the_track_before_is_no_candidate_however_it_ended(
        self, store: Store, scene: Scene
    ) -> None:
        track, other = scene.track(), scene.track()
        for number, status in enumerate(ReviewStatus, 1):
            scene.review(track, status=status, slot_number=number)
        fresh = scene.reviewer()
        scene.review(other, fresh)

        assert find(store, search(track)) == [fresh]

    def test_the_search_narrows_by_tier_ratings_and_exclusion(
        self, store: Store, scene: Scene
    ) -> None:
        track = scene.track()
        newcomer = scene.reviewer(rating_count=9, rating_sum=18)
        known = scene.reviewer(rating_count=10, rating_sum=50)
        pro = scene.reviewer(rating_count=60, rating_sum=300, tier=Tier.PRO, gem_count=3)

        assert find(store, search(track)) == [pro, known, newcomer]
        assert find(store, search(track, tier=Tier.PRO)) == [pro]
        assert find(store, search(track, ratings_below=10)) == [newcomer]
        assert find(store, search(track, exclude=frozenset({pro.id}))) == [known, newcomer]

    def test_the_search_narrows_by_age_and_verified_address(
        self, store: Store, scene: Scene, clock: ManualClock
    ) -> None:
        track, now = scene.track(), clock()
        old = scene.user(created_at=now - timedelta(hours=2), email_verified=now)
        young = scene.user(created_at=now - timedelta(hours=1), email_verified=now)
        unverified = scene.user(created_at=now - timedelta(hours=2), email_verified=None)
        known, *_ = [scene.reviewer(user_id=one.id) for one in (old, young, unverified)]

        found = find(store, search(track, account_before=now - timedelta(hours=2)))

        assert found == [known]

    def test_candidates_come_best_first(self, store: Store, scene: Scene) -> None:
        track = scene.track()
        hour = timedelta(hours=1)
        ranked: list[dict[str, Any]] = [
            {"rating_count": 3, "rating_sum": 14, "active_count": 0},
            {"rating_count": 2, "rating_sum": 9, "gem_count": 2},
            {"rating_count": 2, "rating_sum": 9, "gem_count": 1, "last_assigned_at": None},
            {"rating_count": 2, "rating_sum": 9, "gem_count": 1, "last_assigned_at": START - hour},
            {"rating_count": 2, "rating_sum": 9, "gem_count": 1, "last_assigned_at": START},
            {"rating_count": 2, "rating_sum": 9, "gem_count": 1, "last_assigned_at": START},
            {},
            {"rating_count": 1, "rating_sum": 5, "active_count": 1},
        ]
        # The last is made first, so that ids settle nothing but the tie of the two equals.
        expected = sorted((scene.reviewer(**one) for one in reversed(ranked)), key=standing)
        assert [one.gem_count for one in expected] == [0, 2, 1, 1, 1, 1, 0, 0]

        assert find(store, search(track)) == expected
        assert find(store, search(track), limit=3) == expected[:3]

    def test_a_limit_is_filled_although_the_best_had_the_track(
        self, store: Store, scene: Scene
    ) -> None:
        track = scene.track()
        for number in range(1, 4):
            best = scene.reviewer(rating_count=4, rating_sum=20)
            scene.review(track, best, slot_number=number)
        others = [scene.reviewer(), scene.reviewer()]

        assert find(store, search(track), limit=2) == others

    def test_a_survey_shows_the_ineligible_too(self, store: Store, scene: Scene) -> None:
        track = scene.track()
        restricted = scene.reviewer(is_restricted=True)
        loaded = scene.reviewer(active_count=3)
        reviewed = scene.reviewer(gem_count=1)
        scene.review(track, reviewed)
        raw = scene.reviewer(completed_onboarding=False)
        scene.reviewer(genres=(JAZZ,))

        with store.read() as tx:
            assert list(tx.reviewers.survey(search(track), limit=10)) == [
                reviewed,
                restricted,
                raw,
                loaded,
            ]
            assert list(tx.reviewers.survey(search(track), limit=2)) == [reviewed, restricted]

    def test_a_survey_shows_whom_the_search_describes(
        self, store: Store, scene: Scene, clock: ManualClock
    ) -> None:
        track, long_ago = scene.track(), clock() - timedelta(days=9000)
        newcomer = scene.reviewer(rating_count=9, rating_sum=18)
        pro = scene.reviewer(rating_count=60, rating_sum=300, tier=Tier.PRO, gem_count=3)

        def survey(**changes: Any) -> list[ReviewerProfile]:
            with store.read() as tx:
                return list(tx.reviewers.survey(search(track, **changes), limit=10))

        assert survey(tier=Tier.PRO) == [pro]
        assert survey(ratings_below=10) == [newcomer]
        assert survey(exclude=frozenset({pro.id})) == [newcomer]
        # Whether an account is old enough is asked of those who were found.
        assert survey(account_before=long_ago) == [pro, newcomer]

    def test_a_history_tells_of_the_user(self, store: Store, scene: Scene) -> None:
        track = scene.track()
        user = scene.user(email_verified=None, created_at=START - timedelta(hours=3))
        one, other = scene.reviewer(user_id=user.id), scene.reviewer()

        with store.read() as tx:
            told = tx.reviewers.histories(
                [one.id, other.id, an_id("reviewer")], track=track, since=START
            )

        assert set(told) == {one.id, other.id}
        assert told[one.id] == History(
            email_verified=False,
            account_created_at=START - timedelta(hours=3),
            reviewed_before=False,
            pair_reviews=0,
        )
        assert told[other.id].email_verified

    def test_a_history_counts_reviews_for_the_artist(self, store: Store, scene: Scene) -> None:
        reviewer, artist = scene.reviewer(), scene.artist()
        track = scene.track(artist_id=artist.id)
        since = START - timedelta(days=30)
        for status in ReviewStatus:
            scene.review(scene.track(artist_id=artist.id), reviewer, status=status)
        for assigned_at in (since, since - timedelta(microseconds=1)):
            scene.review(scene.track(artist_id=artist.id), reviewer, assigned_at=assigned_at)
        scene.review(scene.track(), reviewer)

        with store.read() as tx:
            told = tx.reviewers.histories([reviewer.id], track=track, since=since)[reviewer.id]

        # Assigned, in progress, completed, and the one at the very start of the window.
        assert told.pair_reviews == 4
        assert not told.reviewed_before

    def test_a_history_knows_who_had_the_track(self, store: Store, scene: Scene) -> None:
        track, reviewer = scene.track(), scene.reviewer()
        scene.review(track, reviewer, status=ReviewStatus.EXPIRED)

        with store.read() as tx:
            told = tx.reviewers.histories([reviewer.id], track=track, since=START)

        assert told[reviewer.id].reviewed_before
