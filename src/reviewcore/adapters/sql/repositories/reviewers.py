"""Reviewer profiles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, func, literal_column, select, text, true, update

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.among import among
from reviewcore.adapters.sql.context import Context
from reviewcore.adapters.sql.dialects import Query, values_of
from reviewcore.adapters.sql.repositories import candidates
from reviewcore.adapters.sql.repositories.base import (
    LIMIT,
    ByKey,
    Pages,
    SqlRepository,
)
from reviewcore.adapters.sql.rows import decoded
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.ids import ReviewerId, UserId
from reviewcore.domain.matching import History, Search
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.tracks import Track

_reviewers, _users, _reviews = tables.reviewer_profiles, tables.users, tables.reviews
_copies = tables.reviewer_genres

_REVIEWERS = ByKey(maps.REVIEWERS)
_OF_USER = _REVIEWERS.by("user_id")
_PAGES = Pages(maps.REVIEWERS, "is_restricted")
_GRANT_OVER = Query(
    select(_reviewers.c.id)
    .where(_reviewers.c.granted_until.is_not(None), _reviewers.c.granted_until <= bindparam("now"))
    .order_by(_reviewers.c.id)
    .limit(LIMIT)
)
_is_coming = text("NOT of_age"), _copies.c.account_since <= bindparam("account_before")
# Who changes copies holds their reviewer; who is held by another waits for the next sweep.
_coming = (
    select(_reviewers.c.id)
    .where(
        _reviewers.c.id.in_(
            select(_copies.c.reviewer_id)
            .where(*_is_coming)
            .order_by(_copies.c.account_since)
            .limit(LIMIT)
        )
    )
    .with_for_update(key_share=True, skip_locked=True)
)
_COME_OF_AGE = Query(
    update(_copies).values(of_age=true()).where(_copies.c.reviewer_id.in_(_coming), *_is_coming)
)
_HISTORIES = Query(
    select(
        _reviewers.c.id,
        _users.c.email_verified.is_not(None),
        _users.c.created_at,
        exists(
            select(literal_column("1")).where(
                _reviews.c.track_id == bindparam("track_id"),
                _reviews.c.reviewer_id == _reviewers.c.id,
            )
        ),
        select(func.count())
        .where(
            _reviews.c.reviewer_id == _reviewers.c.id,
            _reviews.c.artist_id == bindparam("artist_id"),
            _reviews.c.assigned_at >= bindparam("since"),
            text("reviews.status IN ('ASSIGNED', 'IN_PROGRESS', 'COMPLETED')"),
        )
        .select_from(_reviews)
        .correlate(_reviewers)
        .scalar_subquery(),
    )
    .select_from(_reviewers.join(_users, _users.c.id == _reviewers.c.user_id))
    .where(among(_reviewers.c.id, "reviewers"))
    .order_by(_reviewers.c.id)
)


class SqlReviewers(SqlRepository[ReviewerProfile, ReviewerId]):
    """Reviewer profiles and the search for one."""

    _keyed = _REVIEWERS

    def __init__(self, unit: Unit, context: Context) -> None:
        super().__init__(unit)
        self._context = context

    def of_user(self, user_id: UserId) -> ReviewerProfile | None:
        return self._unit.entity(maps.REVIEWERS, _OF_USER, user_id=user_id)

    def candidates(self, search: Search, *, limit: int) -> Sequence[ReviewerProfile]:
        return candidates.find(self._unit, search, rules=self._context.rules, limit=limit)

    def survey(self, search: Search, *, limit: int) -> Sequence[ReviewerProfile]:
        return candidates.survey(self._unit, search, limit=limit)

    def histories(
        self, reviewer_ids: Collection[ReviewerId], *, track: Track, since: datetime
    ) -> Mapping[ReviewerId, History]:
        rows = self._unit.rows(
            _HISTORIES,
            reviewers=set(reviewer_ids),
            track_id=track.id,
            artist_id=track.artist_id,
            since=since,
        )
        return {
            reviewer_id: History(
                email_verified=bool(is_verified),
                account_created_at=decoded(self._unit.dialect, datetime, created_at),
                reviewed_before=bool(reviewed_before),
                pair_reviews=pair_reviews,
            )
            for reviewer_id, is_verified, created_at, reviewed_before, pair_reviews in rows
        }

    def come_of_age(self, account_before: datetime, *, limit: int) -> int:
        return self._unit.run(_COME_OF_AGE, account_before=account_before, limit=limit)

    def with_grant_over(self, now: datetime, *, limit: int) -> Sequence[ReviewerId]:
        return values_of(self._unit.rows(_GRANT_OVER, now=now, limit=limit))

    def page(
        self, *, is_restricted: bool | None, after: str | None, limit: int
    ) -> Sequence[ReviewerProfile]:
        return _PAGES.get(self._unit, after=after, limit=limit, is_restricted=is_restricted)
