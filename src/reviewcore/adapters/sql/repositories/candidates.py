"""The search for reviewers: bounded reads of an index, then locks on the few that were found.

For each genre and tier (and, for newcomers, each number of ratings) an index of `reviewer_genres`
holds the reviewers in the order of `matching.standing`. The best of each such range are merged,
and the best of all are read, locked and judged again, because the index was read before the lock.
However many are eligible, a range is read no further than the number asked for, besides those who
had the track or are excluded. Accounts that are not verified or too young are not read at all:
they are kept apart from those that a sweep (`come_of_age`) has found old enough. Accounts that it
has yet to find are few; they are read as well, so no answer depends on the sweep.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from string import Template
from typing import NamedTuple

from sqlalchemy import TextClause, select, text

from reviewcore.adapters.sql import maps
from reviewcore.adapters.sql.among import among
from reviewcore.adapters.sql.dialects import ByDialect, Query
from reviewcore.adapters.sql.repositories.base import locking
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.ids import ReviewerId
from reviewcore.domain.matching import Search, standing
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import MarketRules, Tier

ROUNDS_MAX = 5
"""Each round of `find` reads twice as many as the one before; then others hold nearly everybody."""

ANY_LOAD = 2**31 - 1
NO_LOAD = 0
ANY_AGE = datetime.max.replace(tzinfo=UTC)

_BEST_FIRST = "active_count, rating DESC, gem_count DESC, last_assigned_at, reviewer_id"
_SORTED = _BEST_FIRST.replace("active_count", "active_count + 0")
"""The same order, which no index has: a range so ordered is found by its conditions alone."""

# One range. `LIMIT` stands inside, so the index is read no further.
_RANGE = Template("""SELECT * FROM (
    SELECT $selected FROM reviewer_genres AS one
    WHERE one.genre_id = genre.value AND one.tier = tier.name AND one.active_count < tier.load
      AND $rows AND $ratings AND NOT $is_excluded AND $who
    ORDER BY $order LIMIT CAST(:limit AS integer)
) AS shelf""")
_TIERS = """(
    SELECT 'NORMAL' AS name, CAST(:normal_load AS integer) AS load
    UNION ALL SELECT 'PRO', CAST(:pro_load AS integer)
) AS tier"""
_FREE = """one.account_since <= $before AND NOT EXISTS (
    SELECT 1 FROM reviews
    WHERE reviews.track_id = :track_id AND reviews.reviewer_id = one.reviewer_id
)"""

_POSTGRESQL = Template(f"""
SELECT reviewer_id FROM (
    SELECT DISTINCT {_BEST_FIRST.replace(" DESC", "")}
    FROM unnest(CAST(:genres AS text[])) AS genre (value)
    CROSS JOIN {_TIERS}
    $counts
    CROSS JOIN LATERAL ($ranges) AS best
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
WHERE best.genre_id = genre.value AND best.reviewer_id IN ($ranges)
ORDER BY {_BEST_FIRST} LIMIT CAST(:limit AS integer)
""")  # noqa: S608 - made of constants


class _Words(NamedTuple):
    """How a database asks: the whole question, and what stands in it."""

    whole: Template
    selected: str
    is_excluded: str
    before: str
    counts: str


_POSTGRESQL_WORDS = _Words(
    whole=_POSTGRESQL,
    selected="one.*",
    is_excluded="one.reviewer_id = ANY (CAST(:exclude AS text[]))",
    before="CAST(:before AS timestamptz)",
    counts="CROSS JOIN unnest(CAST(:ratings AS integer[])) AS ratings (value)",
)
_SQLITE_WORDS = _Words(
    whole=_SQLITE,
    selected="one.reviewer_id",
    is_excluded="one.reviewer_id IN (SELECT value FROM json_each(:exclude))",
    before=":before",
    counts="CROSS JOIN json_each(:ratings) AS ratings",
)


class _Shelf(NamedTuple):
    """Rows that one index holds, and in which order they are read."""

    rows: str
    order: str = _BEST_FIRST


_READY = _Shelf("one.available AND one.of_age")
_OTHERS = _Shelf("NOT (one.available AND one.of_age)")

# Who has come of age since the last sweep: few, so they are all read and sorted. In the order of
# an index those who are still too young, however many, would be read with them.
_COMING = _Shelf("one.available AND NOT one.of_age", order=_SORTED)


class _Kind(NamedTuple):
    """What is looked for: on which shelves, by number of ratings or not, and who of them."""

    shelves: tuple[_Shelf, ...]
    by_ratings: bool
    who: str


def _search(kind: _Kind) -> ByDialect:
    return ByDialect(
        postgresql=_asked(kind, _POSTGRESQL_WORDS),
        sqlite=_asked(kind, _SQLITE_WORDS),
        tables=frozenset({"reviewer_genres", "reviews"}),
    )


def _asked(kind: _Kind, words: _Words) -> TextClause:
    ranges = [
        _RANGE.substitute(
            selected=words.selected,
            rows=shelf.rows,
            ratings="one.rating_count = ratings.value" if kind.by_ratings else "1 = 1",
            who=kind.who.replace("$before", words.before),
            is_excluded=words.is_excluded,
            order=shelf.order,
        )
        for shelf in kind.shelves
    ]
    counts = words.counts if kind.by_ratings else ""
    return text(words.whole.substitute(ranges=" UNION ALL ".join(ranges), counts=counts))


_CANDIDATES = {
    by_ratings: _search(_Kind((_READY, _COMING), by_ratings, _FREE)) for by_ratings in (False, True)
}
_SURVEYS = {
    by_ratings: [_search(_Kind((shelf,), by_ratings, "1 = 1")) for shelf in (_READY, _OTHERS)]
    for by_ratings in (False, True)
}

_some = select(*maps.REVIEWERS.selected).where(among(maps.REVIEWERS.table.c.id, "ids"))
_GET = Query(_some)
_LOCK_FREE = locking(_some.order_by(maps.REVIEWERS.table.c.id), skip_locked=True)


def find(unit: Unit, search: Search, *, rules: MarketRules, limit: int) -> list[ReviewerProfile]:
    """Return those who may be assigned, best first; locked and fresh in a write transaction.

    Reads more, a bounded number of times, when others hold those who were found.
    """
    loads = {tier: rules.active_assignments_max(tier) for tier in Tier}
    query = _CANDIDATES[search.ratings_below is not None]
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
        "before": search.account_before or ANY_AGE,
        "normal_load": loads[Tier.NORMAL] if wanted[Tier.NORMAL] else NO_LOAD,
        "pro_load": loads[Tier.PRO] if wanted[Tier.PRO] else NO_LOAD,
    }
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
