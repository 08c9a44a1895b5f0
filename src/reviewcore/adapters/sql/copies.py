"""The adapter's copies, made to search by: written in the flush of the row they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from sqlalchemy import Table, case, false, select, update

from reviewcore.adapters.sql import maps, tables
from reviewcore.adapters.sql.among import among
from reviewcore.adapters.sql.changes import Change, Changes
from reviewcore.adapters.sql.dialects import Dialect, Query
from reviewcore.adapters.sql.statements import Op, Shape, Write
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.tracks import Track
from reviewcore.domain.users import User

RATING_OF_NOBODY = 0.0
"""Where `matching.standing` puts a reviewer without ratings."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""Where `matching.standing` puts a reviewer who was never assigned anything: before all others."""

COPIED_TO = {
    "reviewer_profiles": "reviewer_genres",
    "users": "reviewer_genres",
    "tracks": "track_genres",
}

_copies, _reviewers, _users = tables.reviewer_genres, tables.reviewer_profiles, tables.users

HOLD_REVIEWERS = Query(
    select(_reviewers.c.id)
    .where(among(_reviewers.c.user_id, "users"))
    .order_by(_reviewers.c.id)
    .with_for_update(key_share=True)
)
COPY_ACCOUNTS = Query(
    update(_copies)
    .values(
        account_since=case((_users.c.email_verified.is_not(None), _users.c.created_at)),
        of_age=false(),
    )
    .where(
        _copies.c.reviewer_id == _reviewers.c.id,
        _reviewers.c.user_id == _users.c.id,
        among(_users.c.id, "users"),
    )
)


def copies_of(dialect: Dialect, change: Change) -> Iterator[Write]:
    """Yield the writes that make the copies of a row follow its change."""
    after = change.after
    if isinstance(after, ReviewerProfile):
        yield from _standing_of(dialect, change, after)
    elif isinstance(after, Track) and _has_other_genres(change):
        owner = {"track_id": after.id}
        yield from _genres_anew(dialect, tables.track_genres, owner, change, {})


def other_accounts(changes: Changes) -> set[str]:
    """Tell the users, maybe reviewers, who were verified or changed otherwise as an account."""
    changed = changes.get(maps.USERS, {})
    return {key for key, change in changed.items() if _is_other_account(change)}


def new_copies(changes: Changes) -> set[str]:
    """Tell the users of reviewers whose copies are made anew and do not know the account yet."""
    told = [change for change in changes.get(maps.REVIEWERS, {}).values() if change.after]
    return {change.after.user_id for change in told if _has_other_genres(change)}


def _is_other_account(change: Change) -> bool:
    """Whether his copies, if he is a reviewer, are out of date; a new user has none before."""
    if change.op is not Op.UPDATE:
        return False
    return change.before is None or _account_of(change.before) != _account_of(change.after)


def _account_of(user: User) -> tuple[bool, datetime]:
    return user.email_verified is not None, user.created_at


def _has_other_genres(change: Change) -> bool:
    return change.before is None or change.before.genres != change.after.genres


def _standing_of(dialect: Dialect, change: Change, after: ReviewerProfile) -> Iterator[Write]:
    standing = _standing(after)
    if _has_other_genres(change):
        owner = {"reviewer_id": after.id}
        yield from _genres_anew(dialect, tables.reviewer_genres, owner, change, standing)
        return
    was = _standing(change.before)
    changed = {name: value for name, value in standing.items() if value != was[name]}
    if changed and after.genres:
        values = [dialect.encode(name, value) for name, value in changed.items()]
        shape = Shape(Op.UPDATE, "reviewer_genres", tuple(changed), ("reviewer_id",))
        yield Write(shape, [*values, after.id], len(after.genres))


def _standing(reviewer: ReviewerProfile) -> dict[str, object]:
    """Tell what `matching.standing` compares and the search filters by."""
    rating = reviewer.average_rating
    return {
        "tier": reviewer.tier,
        "active_count": reviewer.active_count,
        "rating": RATING_OF_NOBODY if rating is None else rating,
        "rating_count": reviewer.rating_count,
        "gem_count": reviewer.gem_count,
        "last_assigned_at": reviewer.last_assigned_at or LONG_AGO,
        "available": reviewer.completed_onboarding and not reviewer.is_restricted,
    }


def _genres_anew(
    dialect: Dialect,
    table: Table,
    owner: Mapping[str, str],
    change: Change,
    shared: Mapping[str, object],
) -> Iterator[Write]:
    """Yield the deletion of an owner's old rows, unless he is new, and one row a genre."""
    if change.op is not Op.INSERT:
        yield Write(Shape(Op.FORGET, table.name, (), tuple(owner)), [*owner.values()], None)
    genres = change.after.genres
    if genres:
        told = [dialect.encode(name, value) for name, value in shared.items()]
        values = [value for genre in genres for value in (*owner.values(), genre, *told)]
        shape = Shape(Op.INSERT, table.name, (*owner, "genre_id", *shared), rows=len(genres))
        yield Write(shape, values, len(genres))
