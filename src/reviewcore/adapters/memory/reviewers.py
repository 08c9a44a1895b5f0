"""Reviewers in memory, and the search for one."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from reviewcore.adapters.memory.rows import Rows, due
from reviewcore.adapters.memory.table import Table
from reviewcore.adapters.memory.work import Work
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.matching import History, Search, standing
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.tracks import Track


class MemoryReviewers(Rows[ReviewerProfile, ReviewerId]):
    """Reviewer profiles and the search for one."""

    def __init__(
        self, work: Work, table: Table[ReviewerId, ReviewerProfile], rules: MarketRules
    ) -> None:
        super().__init__(work, table)
        self._users = work.tables.users
        self._reviews = work.tables.reviews
        self._rules = rules

    def of_user(self, user_id: UserId) -> ReviewerProfile | None:
        return self._table.holder("uq_reviewers_user", user_id)

    def candidates(self, search: Search, *, limit: int) -> Sequence[ReviewerProfile]:
        had_it = {review.reviewer_id for review in self._reviews.of("track", search.track_id)}
        able = (
            one
            for one in self._matching(search)
            if one.completed_onboarding
            and not one.is_restricted
            and one.active_count < self._rules.active_assignments_max(one.tier)
            and one.id not in had_it
            and self._is_of_age(one, search.account_before)
        )
        return heapq.nsmallest(limit, able, key=standing)

    def survey(self, search: Search, *, limit: int) -> Sequence[ReviewerProfile]:
        return heapq.nsmallest(limit, self._matching(search), key=standing)

    def histories(
        self, reviewer_ids: Collection[ReviewerId], *, track: Track, since: datetime
    ) -> Mapping[ReviewerId, History]:
        known = (self._table.rows.get(reviewer_id) for reviewer_id in reviewer_ids)
        return {
            one.id: self._history(one, track=track, since=since) for one in known if one is not None
        }

    def come_of_age(self, account_before: datetime, *, limit: int) -> int:
        return 0  # Searches here look at everybody.

    def with_grant_over(self, now: datetime, *, limit: int) -> Sequence[ReviewerId]:
        return heapq.nsmallest(limit, due(self._table, "grant", now))

    def page(
        self, *, is_restricted: bool | None, after: str | None, limit: int
    ) -> Sequence[ReviewerProfile]:
        return self._page(after=after, limit=limit, is_restricted=is_restricted)

    def _is_of_age(self, one: ReviewerProfile, account_before: datetime | None) -> bool:
        user = self._users.rows[one.user_id]
        return user.email_verified is not None and (
            account_before is None or user.created_at <= account_before
        )

    def _matching(self, search: Search) -> Iterator[ReviewerProfile]:
        """Iterate over those whom the search describes, eligible or not."""
        by_genre = self._table.indexes["genre"]
        found = {key for genre in search.genres for key in by_genre.keys(genre)}
        for key in found - search.exclude:
            one = self._table.rows[key]
            if search.tier is not None and one.tier is not search.tier:
                continue
            if search.ratings_below is None or one.rating_count < search.ratings_below:
                yield one

    def _history(self, one: ReviewerProfile, *, track: Track, since: datetime) -> History:
        user = self._users.rows[one.user_id]
        pairs = self._reviews.of("pair", (one.id, track.artist_id))
        before = self._reviews.holder("uq_reviews_track_reviewer", (track.id, one.id))
        return History(
            email_verified=user.email_verified is not None,
            account_created_at=user.created_at,
            reviewed_before=before is not None,
            pair_reviews=sum(
                review.assigned_at >= since
                and (review.is_active or review.status is ReviewStatus.COMPLETED)
                for review in pairs
            ),
        )
