"""The laws of tracks and slots, asked in SQL; the promises are those of `domain.laws.slots`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import (
    ColumnElement,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
)

from reviewcore.adapters.sql import tables
from reviewcore.adapters.sql.audit.checks import Check, compared, told
from reviewcore.adapters.sql.audit.words import (
    ZERO,
    holds_slot,
    is_active,
    is_one_of,
    is_open,
    is_shut,
    or_zero,
    word,
)
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.laws import slots as laws
from reviewcore.domain.laws.law import Law
from reviewcore.domain.reviews import EndReason
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.tracks import LIVE, TrackStatus

_tracks, _slots, _reviews = tables.tracks, tables.slots, tables.reviews
_queue, _flags = tables.review_queue, tables.flags
_payments, _disputes = tables.payments, tables.disputes

_is_paid = _tracks.c.paid_at.is_not(None)


def _by_track(table: Table, *conditions: ColumnElement[bool], name: str) -> Subquery:
    """Count the rows of a table that each track has, as `track_id` and `times`."""
    return (
        select(table.c.track_id, func.count().label("times"))
        .where(*conditions)
        .group_by(table.c.track_id)
        .subquery(name)
    )


def _queue_mirrors_active() -> tuple[Check, ...]:
    same = _queue.c.id == _reviews.c.id
    idle = select(_queue.c.id).where(not_(exists().where(same, is_active(_reviews))))
    unqueued = select(_reviews.c.id).where(is_active(_reviews), not_(exists().where(same)))
    return (
        told(idle, "is queued and no active review"),
        told(unqueued, "is active and not queued"),
        compared(
            _reviews.c.id,
            _reviews.join(_queue, and_(same, is_active(_reviews))),
            reviewer_id=(_queue.c.reviewer_id, _reviews.c.reviewer_id),
            expires_at=(_queue.c.expires_at, _reviews.c.expires_at),
        ),
    )


def _one_holder_a_slot() -> tuple[Check, ...]:
    place = (_reviews.c.track_id, _reviews.c.slot_number)
    before = func.lag(_reviews.c.id).over(partition_by=place, order_by=_reviews.c.id)
    holders = (
        select(before.label("before"), _reviews.c.id).where(holds_slot(_reviews)).subquery("held")
    )
    crowded = select(holders.c.before, holders.c.id).where(holders.c.before.is_not(None))
    is_free = exists().where(
        _slots.c.track_id == _reviews.c.track_id,
        _slots.c.number == _reviews.c.slot_number,
        _slots.c.refunded_at.is_(None),
    )
    homeless = select(_reviews.c.id).where(holds_slot(_reviews), not_(is_free))
    made = _by_track(_slots, name="made")
    bought = _tracks.c.reviews_requested
    return (
        told(crowded, "two hold one slot", ids=2),
        told(homeless, "holds a slot that is refunded or does not exist"),
        compared(
            _tracks.c.id,
            _tracks.outerjoin(made, made.c.track_id == _tracks.c.id),
            slots=(case((_is_paid, or_zero(made.c.times)), else_=bought), bought),
        ),
    )


def _tracks_count_right() -> tuple[Check, ...]:
    counted = _by_track(_reviews, _reviews.c.counts_toward_completion, name="counted")
    refunded = _by_track(_slots, _slots.c.refunded_at.is_not(None), name="refunded")
    since = _tracks.c.source_updated_at
    reported = (
        select(_reviews.c.track_id, func.count().label("times"))
        .select_from(_reviews.join(_tracks))
        .where(
            is_one_of(_reviews.c.end_reason, EndReason.UNPLAYABLE),
            _reviews.c.ended_at.is_not(None),
            or_(since.is_(None), _reviews.c.ended_at > since),
        )
        .group_by(_reviews.c.track_id)
        .subquery("reported")
    )
    source = _tracks
    for sums in (counted, refunded, reported):
        source = source.outerjoin(sums, sums.c.track_id == _tracks.c.id)  # type: ignore[assignment]  # a table, then joins
    reviews, slots = or_zero(counted.c.times), or_zero(refunded.c.times)
    return (
        compared(
            _tracks.c.id,
            source,
            reviews_completed=(_tracks.c.reviews_completed, reviews),
            slots_refunded=(_tracks.c.slots_refunded, slots),
            unplayable_reports=(_tracks.c.unplayable_reports, or_zero(reported.c.times)),
            is_completed=(
                is_one_of(_tracks.c.status, TrackStatus.COMPLETED),
                _tracks.c.completed_at.is_not(None),
            ),
            status=(_tracks.c.status, _status_of(reviews, slots)),
        ),
    )


def _status_of(counted: ColumnElement[int], refunded: ColumnElement[int]) -> ColumnElement[str]:
    """Tell the status of a track from its slots, as `tracks.status_of` does; as it is if unpaid."""
    requested = _tracks.c.reviews_requested
    return case(
        (not_(_is_paid), _tracks.c.status),
        (refunded == requested, word(TrackStatus.CANCELLED)),
        (
            and_(counted > ZERO, counted + refunded == requested),
            word(TrackStatus.COMPLETED),
        ),
        (counted > ZERO, word(TrackStatus.IN_PROGRESS)),
        else_=word(TrackStatus.QUEUED),
    )


def _flags_are_mirrored() -> tuple[Check, ...]:
    source = _reviews.outerjoin(_flags, _flags.c.review_id == _reviews.c.id)
    status = func.coalesce(_flags.c.status, word(""))
    blamed = is_one_of(status, FlagStatus.OPEN, FlagStatus.UPHELD)
    counts = (
        select(_reviews.c.id)
        .select_from(_reviews.join(_flags, _flags.c.review_id == _reviews.c.id))
        .where(blamed, _reviews.c.counts_toward_completion)
    )
    return (
        compared(
            _reviews.c.id,
            source,
            flag_status=(_reviews.c.flag_status, _flags.c.status),
            was_flagged=(_reviews.c.was_flagged, blamed),
        ),
        told(counts, "counts though its flag is open or upheld"),
    )


def _closed_tracks_have_no_open_slot() -> tuple[Check, ...]:
    rows = (
        select(_tracks.c.id, _slots.c.number)
        .select_from(_tracks.join(_slots))
        .where(is_shut(_tracks), is_open(_slots, may_be_held=True))
    )
    return (told(rows, "slot {} is open though nobody will fill it"),)


def _open_slots_are_sought_for() -> tuple[Check, ...]:
    disputed = select(_tracks.c.id).where(
        _tracks.c.dispute_status.is_not(None), _tracks.c.assign_at.is_not(None)
    )
    own = _slots.c.track_id == _tracks.c.id
    has_open = exists().where(own, is_open(_slots, may_be_held=False))
    has_free = exists().where(own, is_open(_slots, may_be_held=True))
    in_vain = select(_tracks.c.id).where(
        _tracks.c.assign_at.is_not(None),
        or_(not_(has_open), and_(is_shut(_tracks), not_(has_free))),
    )
    forgotten = select(_tracks.c.id).where(
        is_one_of(_tracks.c.status, *LIVE),
        _tracks.c.closed_at.is_(None),
        _tracks.c.dispute_status.is_(None),
        _tracks.c.unplayable_reports < bindparam("unplayable_reports_max"),
        _tracks.c.assign_at.is_(None),
        has_open,
    )
    return (
        told(disputed, "somebody looks for reviewers in a dispute"),
        told(in_vain, "somebody looks for reviewers of no slot"),
        told(forgotten, "nobody looks for reviewers", given=_reports_max),
    )


def _reports_max(rules: MarketRules) -> dict[str, object]:
    return {"unplayable_reports_max": rules.unplayable_reports_max}


def _disputes_are_mirrored() -> tuple[Check, ...]:
    applied = and_(
        _payments.c.track_id == _disputes.c.track_id,
        _payments.c.applied_attempt_id == _disputes.c.attempt_id,
    )
    has = {
        status: func.count().filter(is_one_of(_disputes.c.status, status)) > ZERO
        for status in (DisputeStatus.LOST, DisputeStatus.OPEN)
    }
    standing = (
        select(
            _disputes.c.track_id,
            case(*((held, word(status)) for status, held in has.items()), else_=null()).label(
                "status"
            ),
        )
        .select_from(_disputes.join(_payments, applied))
        .group_by(_disputes.c.track_id)
        .subquery("standing")
    )
    source = _tracks.outerjoin(standing, standing.c.track_id == _tracks.c.id)
    lost = (
        select(_tracks.c.id)
        .select_from(source)
        .where(
            exists().where(_slots.c.track_id == _tracks.c.id, _slots.c.is_lost),
            standing.c.status.is_distinct_from(word(DisputeStatus.LOST)),
        )
    )
    is_decided = not_(is_one_of(_disputes.c.status, DisputeStatus.OPEN))
    return (
        compared(
            _tracks.c.id,
            source,
            dispute_status=(_tracks.c.dispute_status, standing.c.status),
        ),
        told(lost, "lost a slot without a lost dispute"),
        compared(
            _disputes.c.id,
            _disputes,
            is_closed=(_disputes.c.closed_at.is_not(None), is_decided),
        ),
    )


def _tracks_are_reviewed_once() -> tuple[Check, ...]:
    times = func.count()
    rows = (
        select(_reviews.c.track_id, _reviews.c.reviewer_id, times)
        .group_by(_reviews.c.track_id, _reviews.c.reviewer_id)
        .having(times > literal_column("1"))
    )
    return (told(rows, "reviewed {} times", ids=2),)


CHECKS: Mapping[Law, tuple[Check, ...]] = MappingProxyType(
    {
        laws.queue_mirrors_active: _queue_mirrors_active(),
        laws.one_holder_a_slot: _one_holder_a_slot(),
        laws.tracks_count_right: _tracks_count_right(),
        laws.flags_are_mirrored: _flags_are_mirrored(),
        laws.closed_tracks_have_no_open_slot: _closed_tracks_have_no_open_slot(),
        laws.open_slots_are_sought_for: _open_slots_are_sought_for(),
        laws.disputes_are_mirrored: _disputes_are_mirrored(),
        laws.tracks_are_reviewed_once: _tracks_are_reviewed_once(),
    }
)
"""The laws of tracks and slots, each with what is asked for it."""
