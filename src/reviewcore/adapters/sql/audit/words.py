"""What the queries of several laws say, in SQL, by the names that the domain has for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Text,
    and_,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from reviewcore.adapters.sql import tables
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.reviews import ACTIVE, ReviewStatus

# Constants stand in the text of a query: the planner knows them then, and partial indexes fit.
ZERO = literal_column("0", BigInteger())
YES = literal_column("(1 = 1)", Boolean())
NO = literal_column("(1 = 0)", Boolean())


def word(told: str) -> ColumnElement[str]:
    """Write a word of ours into a query."""
    assert "'" not in told, "a word of ours needs no quoting"
    return literal_column(f"'{told}'", Text())


def is_one_of(column: ColumnElement[str], *words: StrEnum) -> ColumnElement[bool]:
    """Tell whether a column holds one of *words*."""
    return column.in_([word(one) for one in sorted(words)])


def total(amounts: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Add up what *conditions* hold of: PostgreSQL's sums of whole numbers are decimals."""
    added = func.sum(amounts)
    return cast(added.filter(*conditions) if conditions else added, BigInteger)


def or_zero(amount: ColumnElement[Any]) -> ColumnElement[int]:
    """Take nothing for 0."""
    return func.coalesce(amount, ZERO)


def in_accounts_of(account: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Tell whether an account is one of those named ``prefix:id``; a range, for the index."""
    # ";" comes after ":".
    return and_(account >= word(f"{prefix}:"), account < word(f"{prefix};"))


# ── reviews and slots, as `Review` and `slot_states` have them ───────────────────────────────


def is_completed(review: FromClause) -> ColumnElement[bool]:
    """Tell whether it is delivered."""
    return is_one_of(review.c.status, ReviewStatus.COMPLETED)


def is_active(review: FromClause) -> ColumnElement[bool]:
    """Tell whether the reviewer still has it before him."""
    return is_one_of(review.c.status, *ACTIVE)


def holds_slot(review: FromClause) -> ColumnElement[bool]:
    """Tell whether its slot is taken."""
    return or_(is_active(review), review.c.counts_toward_completion)


def is_shut(track: FromClause) -> ColumnElement[bool]:
    """Tell whether a slot that opens is given up, for good."""
    lost = is_one_of(func.coalesce(track.c.dispute_status, word("")), DisputeStatus.LOST)
    return or_(track.c.closed_at.is_not(None), lost)


def is_open(slot: FromClause, *, may_be_held: bool) -> ColumnElement[bool]:
    """Tell whether a slot is open; on a track that is shut an open flag holds it, too."""
    review = tables.reviews.alias("holder")
    holds = holds_slot(review)
    if may_be_held:
        holds = or_(holds, is_one_of(review.c.flag_status, FlagStatus.OPEN))
    is_held = exists().where(
        review.c.track_id == slot.c.track_id, review.c.slot_number == slot.c.number, holds
    )
    return and_(slot.c.refunded_at.is_(None), ~is_held)


def is_counted(slot: FromClause) -> ColumnElement[bool]:
    """Tell whether a slot's holder counts: the last one, should there be several."""
    counted = tables.reviews.alias("counted")
    later = tables.reviews.alias("later")
    is_followed = exists().where(
        later.c.track_id == counted.c.track_id,
        later.c.slot_number == counted.c.slot_number,
        is_active(later),
        later.c.id > counted.c.id,
    )
    # A subquery of its own: the planner joins it, and need not search for each slot.
    holders = (
        select(counted.c.track_id, counted.c.slot_number)
        .where(counted.c.counts_toward_completion, ~is_active(counted), ~is_followed)
        .subquery("counted_slots")
    )
    return exists().where(
        holders.c.track_id == slot.c.track_id, holders.c.slot_number == slot.c.number
    )
