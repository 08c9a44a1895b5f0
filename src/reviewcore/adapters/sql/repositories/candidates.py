"""The search for reviewers: bounded reads of an index, then locks on the few that were found.

For each genre and tier (and, for newcomers, each number of ratings) an index of `reviewer_genres`
holds the reviewers in the order of `matching.standing`. The best of each such range are merged,
and the best of all are read, locked and judged again, because the index was read before the lock.
However many are eligible, a range is read no further than the number asked for, besides those who
had the track or are excluded.
"""

from __future__ import annotations

from collections.abc import Collection
from string import Template
from typing import NamedTuple

from sqlalchemy import select, text

from reviewcore.adapters.sql import maps
from reviewcore.adapters.sql.dialects import ByDialect, Query
from reviewcore.adapters.sql.repositories.base import among, locking
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.ids import ReviewerId
from reviewcore.domain.matching import Search, standing
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import MarketRules, Tier

ROUNDS_MAX = 5
"""Each round of `find` reads twice as many as the one before; then others hold nearly everybody."""

ANY_LOAD = 2**31 - 1
NO_LOAD = 0

_BEST_FIRST = "active_count, rating DESC, gem_count DESC, last_assigned_at, reviewer_id"

# The conditions of one range. `LIMIT` stands inside, so the index is read no further.
_RANGE = f"""
    FROM reviewer_genres AS one
    WHERE one.genre_id = genre.value AND one.tier = tier.name AND one.active_count < tier.load
      AND $available AND $ratings AND $others
    ORDER BY {_BEST_FIRST} LIMIT CAST(:limit AS integer)
"""
_TIERS = """(
    SELECT 'NORMAL' AS name, CAST(:normal_load AS integer) AS load
    UNION ALL SELECT 'PRO', CAST(:pro_load AS integer)
) AS tier"""
_FREE = """NOT EXISTS (
    SELECT 1 FROM reviews
    WHERE reviews.track_id = :track_id AND reviews.reviewer_id = one.reviewer_id
)"""
_OF_AGE = """EXISTS (
    SELECT 1 FROM reviewer_profiles JOIN users ON users.id = reviewer_profiles.user_id
    WHERE reviewer_profiles.id = one.reviewer_id
      AND users.email_verified IS NOT NULL AND users.created_at <= $before
)"""
_NOT_EXCLUDED = "one.reviewer_id NOT IN (SELECT value FROM json_each(:exclude))"

_POSTGRESQL = Template(f"""
SELECT reviewer_id FROM (
    SELECT DISTINCT {_BEST_FIRST.replace(" DESC", "")}
    FROM unnest(CAST(:genres AS text[])) AS genre (value)
    CROSS JOIN {_TIERS}
    $counts
    CROSS JOIN LATERAL (SELECT one.* {_RANGE}) AS best
) AS found
ORDER BY {_BEST_FIRST} LIMIT CAST(:limit AS integer)
""")  # noqa: S608 - made of constants

# SQLite has no LATERAL: the range is an IN of its primary key, and CROSS JOIN keeps the order.
_SQLITE = Template(f"""
SELECT DISTINCT best.reviewer_id, active_count, rating, gem_count, last_assigned_at
FROM json_each(:genres) AS genre
CROSS JOIN {_TIERS}
$counts
CROSS JOIN reviewer_genres AS best
WHERE best.genre_id = genre.value AND best.reviewer_id IN (SELECT one.reviewer_id {_RANGE})
ORDER BY {_BEST_FIRST} LIMIT CAST(:limit AS integer)
""")  # noqa: S608 - made of constants

_TABLES = frozenset({"reviewer_genres", "reviews", "reviewer_profiles", "users"})


class _Kind(NamedTuple):
    """Which rows are looked for: the index of those, and whether everybody's past counts."""

    available: str
    ratings: bool
    is_survey: bool
    is_of_age: bool = False


def _search(kind: _Kind) -> ByDialect:
    shared = {
        "available": kind.available,
        "ratings": "one.rating_count = ratings.value" if kind.ratings else "1 = 1",
    }
    free = "1 = 1" if kind.is_survey else _FREE
    of_age = Template(_OF_AGE if kind.is_of_age else "1 = 1")
    postgresql = _POSTGRESQL.substitute(
        shared,
        others=f"one.reviewer_id <> ALL (CAST(:exclude AS text[])) AND {free}"
        f" AND {of_age.substitute(before='CAST(:before AS timestamptz)')}",
        counts="CROSS JOIN unnest(CAST(:ratings AS integer[])) AS ratings (value)"
        if kind.ratings
        else "",
    )
    sqlite = _SQLITE.substitute(
        shared,
        others=f"{_NOT_EXCLUDED} AND {free} AND {of_age.substitute(before=':before')}",
        counts="CROSS JOIN json_each(:ratings) AS ratings" if kind.ratings else "",
    )
    return ByDialect(postgresql=text(postgresql), sqlite=text(sqlite), tables=_TABLES)


_CANDIDATES = {
    (ratings, of_age): _search(
        _Kind("one.available", ratings=ratings, is_survey=False, is_of_age=of_age)
    )
    for ratings in (False, True)
    for of_age in (False, True)
}
_SURVEYS = {
    ratings: [
        _search(_Kind(available, ratings=ratings, is_survey=True))
        for available in ("one.available", "NOT one.available")
    ]
    for ratings in (False, True)
}

_some = select(*maps.REVIEWERS.selected).where(among(maps.REVIEWERS.table.c.id, "ids"))
_GET = Query(_some)
_LOCK_FREE = locking(_some.order_by(maps.REVIEWERS.table.c.id), skip_locked=True)


def find(unit: Unit, search: Search, *, rules: MarketRules, limit: int) -> list[ReviewerProfile]:
    """Return those who may be assigned, best first; locked and fresh in a write transaction.

    Reads more, a bounded number of times, when others hold those who were found.
    """
    loads = {tier: rules.active_assignments_max(tier) for tier in Tier}
    query = _CANDIDATES[search.ratings_below is not None, search.account_before is not None]
    seen = set(search.exclude)
    found: list[ReviewerProfile] = []
    window = limit
    for _ in range(ROUNDS_MAX):
        ids = _best(unit, query, search, loads=loads, exclude=seen, limit=window)
        read = unit.locked if unit.writable else unit.entities
        rows = read(maps.REVIEWERS, _LOCK_FREE if unit.writable else _GET, ids=ids)
        found += [one for one in rows if _is_able(one, search, loads)]
        if len(found) >= limit or len(ids) < window:
            break
        seen.update(ids)
        window *= 2
    return sorted(found, key=standing)[:limit]


def survey(unit: Unit, search: Search, *, limit: int) -> list[ReviewerProfile]:
    """Return those whom the search describes, eligible or not, best first."""
    loads = dict.fromkeys(Tier, ANY_LOAD)
    ids = [
        reviewer_id
        for query in _SURVEYS[search.ratings_below is not None]
        for reviewer_id in _best(
            unit, query, search, loads=loads, exclude=search.exclude, limit=limit
        )
    ]
    return sorted(unit.entities(maps.REVIEWERS, _GET, ids=ids), key=standing)[:limit]


def _best(
    unit: Unit,
    query: ByDialect,
    search: Search,
    *,
    loads: dict[Tier, int],
    exclude: Collection[ReviewerId],
    limit: int,
) -> list[ReviewerId]:
    wanted = {tier: search.tier in {None, tier} for tier in Tier}
    given: dict[str, object] = {
        "genres": search.genres,
        "track_id": search.track_id,
        "exclude": exclude,
        "limit": limit,
        "normal_load": loads[Tier.NORMAL] if wanted[Tier.NORMAL] else NO_LOAD,
        "pro_load": loads[Tier.PRO] if wanted[Tier.PRO] else NO_LOAD,
    }
    if search.account_before is not None:
        given["before"] = search.account_before
    if search.ratings_below is not None:
        given["ratings"] = range(search.ratings_below)
    return [row[0] for row in unit.rows(query, **given)]


def _is_able(one: ReviewerProfile, search: Search, loads: dict[Tier, int]) -> bool:
    """Judge a fresh row again: it may have changed since the index was read."""
    return (
        one.completed_onboarding
        and not one.is_restricted
        and one.active_count < loads[one.tier]
        and search.tier in {None, one.tier}
        and (search.ratings_below is None or one.rating_count < search.ratings_below)
        and not search.genres.isdisjoint(one.genres)
    )
