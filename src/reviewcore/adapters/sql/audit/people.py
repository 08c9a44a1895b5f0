"""The laws of people, asked in SQL; the promises are those of `domain.laws.people`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, func, literal_column, not_, select

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.among import among
from reviewcore.adapters.sql.audit.checks import Check, compared, told
from reviewcore.adapters.sql.audit.words import (
    ZERO,
    is_active,
    is_completed,
    is_one_of,
    or_zero,
    total,
    word,
)
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.laws import people as laws
from reviewcore.domain.laws.law import Law
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.tracks import TrackStatus

_artists, _reviewers = tables.artist_profiles, tables.reviewer_profiles
_tracks, _reviews, _flags = tables.tracks, tables.reviews, tables.flags


def _artists_count_right() -> tuple[Check, ...]:
    queued = (
        select(_tracks.c.artist_id, func.count().label("times"))
        .where(_tracks.c.paid_at.is_not(None))
        .group_by(_tracks.c.artist_id)
        .subquery("queued")
    )
    credits_left = _artists.c.free_review_credits
    return (
        compared(
            _artists.c.id,
            _artists.outerjoin(queued, queued.c.artist_id == _artists.c.id),
            total_tracks=(_artists.c.total_tracks, or_zero(queued.c.times)),
        ),
        told(select(_artists.c.id).where(credits_left < ZERO), "credits are below 0"),
    )


def _reviewers_count_right() -> tuple[Check, ...]:
    flag = func.coalesce(_reviews.c.flag_status, word(""))
    kept = and_(is_completed(_reviews), not_(is_one_of(flag, FlagStatus.UPHELD)))
    rating = _reviews.c.artist_rating
    sums: dict[str, ColumnElement[int]] = {
        "total_reviews": func.count().filter(kept),
        "rating_sum": total(rating, kept),
        "rating_count": func.count(rating).filter(kept),
        "gem_count": func.count().filter(kept, _reviews.c.is_gem),
        "active_count": func.count().filter(is_active(_reviews)),
    }
    record = (
        select(_reviews.c.reviewer_id, *(what.label(name) for name, what in sums.items()))
        .group_by(_reviews.c.reviewer_id)
        .subquery("record")
    )
    blames = (
        select(_flags.c.reviewer_id, func.count().label("flag_count"))
        .where(not_(is_one_of(_flags.c.status, FlagStatus.DISMISSED)))
        .group_by(_flags.c.reviewer_id)
        .subquery("blames")
    )
    source = _reviewers.outerjoin(record, record.c.reviewer_id == _reviewers.c.id).outerjoin(
        blames, blames.c.reviewer_id == _reviewers.c.id
    )
    found = {name: record.c[name] for name in sums} | {"flag_count": blames.c.flag_count}
    pairs = {name: (_reviewers.c[name], or_zero(again)) for name, again in found.items()}
    return (compared(_reviewers.c.id, source, **pairs),)


def _reviewers_are_fit() -> tuple[Check, ...]:
    his_own = (
        select(_reviews.c.id)
        .select_from(
            _reviews.join(_artists, _artists.c.id == _reviews.c.artist_id).join(
                _reviewers, _reviewers.c.id == _reviews.c.reviewer_id
            )
        )
        .where(_artists.c.user_id == _reviewers.c.user_id)
    )
    still_active = (
        select(_reviews.c.id)
        .select_from(_reviews.join(_reviewers, _reviewers.c.id == _reviews.c.reviewer_id))
        .where(is_active(_reviews), _reviewers.c.is_restricted)
    )
    return (
        told(his_own, "is a review of the reviewer's own track"),
        told(still_active, "is active though its reviewer is restricted"),
    )


def _promos_are_used_once() -> tuple[Check, ...]:
    times = func.count()
    rows = (
        select(_tracks.c.artist_id, _tracks.c.promo_code, times)
        .where(
            among(_tracks.c.promo_code, "promo_codes"),
            not_(is_one_of(_tracks.c.status, TrackStatus.CANCELLED)),
        )
        .group_by(_tracks.c.artist_id, _tracks.c.promo_code)
        .having(times > literal_column("1"))
    )
    return (told(rows, "{} {} times", given=_promo_codes),)


def _promo_codes(rules: MarketRules) -> dict[str, object]:
    return {"promo_codes": set(rules.promo_codes)}


CHECKS: Mapping[Law, tuple[Check, ...]] = MappingProxyType(
    {
        laws.artists_count_right: _artists_count_right(),
        laws.reviewers_count_right: _reviewers_count_right(),
        laws.reviewers_are_fit: _reviewers_are_fit(),
        laws.promos_are_used_once: _promos_are_used_once(),
    }
)
"""The laws of people, each with what is asked for it."""
