"""Flags: an artist's claim that a review is worthless, and its due process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import FlagJudged
from reviewcore.domain.ids import FlagId, ReviewerId, ReviewId, TrackId


class FlagReason(StrEnum):
    """What is wrong with a review."""

    LOW_EFFORT = "low_effort"
    SPAM = "spam"
    OFFENSIVE = "offensive"
    IRRELEVANT = "irrelevant"


class FlagStatus(StrEnum):
    """Where a flag stands."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"


# OPEN       raised by the artist: the review does not count, its slot is open, its pay is held.
# UPHELD     an administrator agreed: the pay was taken back. Final.
# DISMISSED  an administrator disagreed, or nobody judged it in time: what it changed is restored,
#            save a slot that was taken or refunded meanwhile. Final.
NEXT: Mapping[FlagStatus, frozenset[FlagStatus]] = MappingProxyType(
    {
        FlagStatus.OPEN: frozenset({FlagStatus.UPHELD, FlagStatus.DISMISSED}),
        FlagStatus.UPHELD: frozenset(),
        FlagStatus.DISMISSED: frozenset(),
    }
)


@attrs.frozen(kw_only=True)
class Flag:
    """One claim about one review; there is at most one a review, for ever."""

    id: FlagId
    review_id: ReviewId
    track_id: TrackId
    reviewer_id: ReviewerId
    flag_reason: FlagReason
    status: FlagStatus
    created_at: datetime
    judged_at: datetime | None = None
    judged_by: str | None = None
    judge_reason: str | None = None

    def uphold(self, *, by: str, reason: str, at: datetime) -> Self:
        """Agree with the artist. Raises FlagJudged."""
        return self._judge(FlagStatus.UPHELD, by=by, reason=reason, at=at)

    def dismiss(self, *, by: str, reason: str, at: datetime) -> Self:
        """Disagree with the artist. Raises FlagJudged."""
        return self._judge(FlagStatus.DISMISSED, by=by, reason=reason, at=at)

    def _judge(self, status: FlagStatus, *, by: str, reason: str, at: datetime) -> Self:
        if status not in NEXT[self.status]:
            raise FlagJudged(status=self.status)
        return attrs.evolve(self, status=status, judged_by=by, judge_reason=reason, judged_at=at)
