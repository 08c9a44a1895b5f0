"""Reviews: one reviewer's hearing of one track, from assignment to the artist's verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain.errors import (
    AlreadyFlagged,
    AssignmentExpired,
    FlagWindowOver,
    HeartbeatStale,
    InvalidTransition,
    ListenedTooLittle,
    NotYourReview,
    ReasonRequired,
    ReviewDisowned,
    ReviewNotActive,
    ReviewNotCompleted,
    TooMany,
)
from reviewcore.domain.evolving import evolve
from reviewcore.domain.feedback import (
    MOMENT_MAX_SECONDS,
    NOTE_MAX,
    TIMESTAMPS_MAX,
    Feedback,
)
from reviewcore.domain.flags import FlagReason, FlagStatus
from reviewcore.domain.ids import ArtistId, ReviewerId, ReviewId, TrackId
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.slots import Slot, SlotState
from reviewcore.domain.texts import require_range, require_text
from reviewcore.domain.tracks import Track

RATING_MAX = 5
RATING_NEEDS_REASON = 2
MILLISECOND = timedelta(milliseconds=1)


class ReviewStatus(StrEnum):
    """Where a review stands."""

    ASSIGNED = "ASSIGNED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    SKIPPED = "SKIPPED"


class EndReason(StrEnum):
    """Why an assignment ended without a review."""

    TIMEOUT = "TIMEOUT"
    RESTRICTED = "RESTRICTED"
    CANCELLED = "CANCELLED"
    SKIP = "SKIP"
    UNPLAYABLE = "UNPLAYABLE"


# ASSIGNED     the slot is his until the deadline; he has not begun to listen.
# IN_PROGRESS  he listens: heartbeats add to what he heard. A new link sends it back to ASSIGNED.
# COMPLETED    delivered and paid, final. Whether it counts is `counts_toward_completion`.
# EXPIRED      the market ended it: deadline, restriction, cancelled track. Final.
# SKIPPED      he ended it: skipped, or could not play the track. Final.
# While ASSIGNED or IN_PROGRESS exactly one queue row exists, with the id of its review (law 3).
NEXT: Mapping[ReviewStatus, frozenset[ReviewStatus]] = MappingProxyType(
    {
        ReviewStatus.ASSIGNED: frozenset(
            {ReviewStatus.IN_PROGRESS, ReviewStatus.EXPIRED, ReviewStatus.SKIPPED}
        ),
        ReviewStatus.IN_PROGRESS: frozenset(
            {
                ReviewStatus.ASSIGNED,
                ReviewStatus.COMPLETED,
                ReviewStatus.EXPIRED,
                ReviewStatus.SKIPPED,
            }
        ),
        ReviewStatus.COMPLETED: frozenset(),
        ReviewStatus.EXPIRED: frozenset(),
        ReviewStatus.SKIPPED: frozenset(),
    }
)

ACTIVE = frozenset({ReviewStatus.ASSIGNED, ReviewStatus.IN_PROGRESS})

ENDS_AS: Mapping[EndReason, ReviewStatus] = MappingProxyType(
    {
        EndReason.TIMEOUT: ReviewStatus.EXPIRED,
        EndReason.RESTRICTED: ReviewStatus.EXPIRED,
        EndReason.CANCELLED: ReviewStatus.EXPIRED,
        EndReason.SKIP: ReviewStatus.SKIPPED,
        EndReason.UNPLAYABLE: ReviewStatus.SKIPPED,
    }
)


@attrs.frozen(kw_only=True)
class Review:
    """One reviewer's hearing of one track; there is one per (track, reviewer), for ever.

    *listen_duration* is in whole seconds, *listen_carry_ms* the milliseconds beyond them.
    *offered_amount* and *slot_price* are the slot's, *expires_at* its queue row's,
    *minimum_listen_seconds* what the track's length asks: frozen here because every command that
    must judge them holds this row anyway.
    """

    id: ReviewId
    track_id: TrackId
    artist_id: ArtistId
    reviewer_id: ReviewerId
    slot_number: int
    status: ReviewStatus
    offered_amount: Cents
    slot_price: Cents
    minimum_listen_seconds: int
    assigned_at: datetime
    expires_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    listen_duration: int = 0
    listen_carry_ms: int = 0
    last_heartbeat: datetime | None = None
    paid_amount: Cents | None = None
    counts_toward_completion: bool = False
    share_id: str | None = None
    artist_rating: int | None = None
    rating_reason: str | None = None
    is_gem: bool = False
    was_flagged: bool = False
    flag_reason: FlagReason | None = None
    flag_status: FlagStatus | None = None
    feedback: Feedback | None = None

    @property
    def is_active(self) -> bool:
        """Whether the reviewer still has it before him."""
        return self.status in ACTIVE

    @property
    def holds_slot(self) -> bool:
        """Whether its slot is taken: it is active or counts."""
        return self.is_active or self.counts_toward_completion

    @property
    def is_shareable(self) -> bool:
        """Whether its shared page may be shown."""
        return self.share_id is not None and self.flag_status in {None, FlagStatus.DISMISSED}

    @property
    def heard_enough(self) -> bool:
        """Whether enough of the track was heard to deliver."""
        return self.listen_duration >= self.minimum_listen_seconds

    # ── the reviewer's side ──────────────────────────────────────────────────────────────────

    def require_reviewer(self, reviewer_id: ReviewerId) -> None:
        """Raise NotYourReview unless it is his."""
        if self.reviewer_id != reviewer_id:
            raise NotYourReview(review_id=self.id)

    def require_active(self, at: datetime) -> None:
        """Raise AssignmentExpired from the deadline on, ReviewNotActive when it has ended."""
        if self.is_active and at >= self.expires_at:
            raise AssignmentExpired(expired_at=self.expires_at)
        if self.end_reason is EndReason.TIMEOUT:
            raise AssignmentExpired(expired_at=self.expires_at)
        if not self.is_active:
            raise ReviewNotActive(status=self.status)

    def beat(self, *, newest: datetime | None, rules: MarketRules, at: datetime) -> Self:
        """Credit the time since *newest*, his newest heartbeat on any review; the first starts.

        At most `heartbeat_credit_max_seconds`, never less than nothing.
        """
        self.require_active(at)
        most = rules.heartbeat_credit_max_seconds * 1000
        passed = (at - newest) // MILLISECOND if newest is not None else 0
        heard = self.listen_carry_ms + min(max(passed, 0), most)
        return evolve(
            self,
            status=ReviewStatus.IN_PROGRESS,
            started_at=self.started_at or at,
            last_heartbeat=max(at, self.last_heartbeat or at),
            listen_duration=self.listen_duration + heard // 1000,
            listen_carry_ms=heard % 1000,
        )

    def restart(self, *, minimum_listen_seconds: int, rules: MarketRules, at: datetime) -> Self:
        """Start over with the track's new link: nothing heard, a new deadline."""
        assert self.is_active, "only an active review starts over"
        return evolve(
            self,
            status=ReviewStatus.ASSIGNED,
            started_at=None,
            last_heartbeat=None,
            listen_duration=0,
            listen_carry_ms=0,
            minimum_listen_seconds=minimum_listen_seconds,
            expires_at=at + timedelta(hours=rules.assignment_ttl_hours),
        )

    def complete(
        self, feedback: Feedback, *, share_id: str, rules: MarketRules, at: datetime
    ) -> Self:
        """Deliver *feedback* and be paid what the slot offered.

        Raises AssignmentExpired, ReviewNotActive, ListenedTooLittle, HeartbeatStale and what
        `Feedback.require_substance` raises.
        """
        self.require_active(at)
        self._require(ReviewStatus.COMPLETED)
        if not self.heard_enough:
            raise ListenedTooLittle(
                listened_seconds=self.listen_duration, minimum_seconds=self.minimum_listen_seconds
            )
        freshness = timedelta(seconds=rules.heartbeat_freshness_seconds)
        if self.last_heartbeat is None or at - self.last_heartbeat > freshness:
            raise HeartbeatStale(maximum_seconds=rules.heartbeat_freshness_seconds)
        feedback.require_substance(rules)
        return evolve(
            self,
            status=ReviewStatus.COMPLETED,
            ended_at=at,
            paid_amount=self.offered_amount,
            counts_toward_completion=True,
            share_id=share_id,
            feedback=feedback,
        )

    def end(self, reason: EndReason, at: datetime) -> Self:
        """End without a review. Raises ReviewNotActive."""
        if not self.is_active:
            raise ReviewNotActive(status=self.status)
        return evolve(self, status=ENDS_AS[reason], ended_at=at, end_reason=reason)

    # ── the artist's side ────────────────────────────────────────────────────────────────────

    def require_judgeable(self) -> None:
        """Raise unless it is delivered and was not disowned by an upheld flag."""
        if self.status is not ReviewStatus.COMPLETED:
            raise ReviewNotCompleted(status=self.status)
        if self.flag_status is FlagStatus.UPHELD:
            raise ReviewDisowned

    def rate(self, rating: int, *, reason: str) -> Self:
        """Be rated 1 (poor) to 5 (excellent), changeably; 1 and 2 need a reason.

        Raises OutOfRange, ReasonRequired, InvalidText, ReviewNotCompleted, ReviewDisowned.
        """
        self.require_judgeable()
        require_range("rating", rating, 1, RATING_MAX)
        if rating <= RATING_NEEDS_REASON and not reason.strip():
            raise ReasonRequired
        told = require_text("reason", reason, longest=1000) if reason.strip() else None
        return evolve(self, artist_rating=rating, rating_reason=told)

    def gem(self, *, is_gem: bool) -> Self:
        """Be marked as a gem, or not. Raises ReviewNotCompleted, ReviewDisowned."""
        self.require_judgeable()
        return evolve(self, is_gem=is_gem)

    def can_be_flagged(self, at: datetime, *, rules: MarketRules) -> bool:
        """Whether its artist may yet flag it: it was delivered, and lately."""
        if self.status is not ReviewStatus.COMPLETED or self.flag_status is not None:
            return False
        return at <= self._flaggable_until(rules)

    def flag(self, reason: FlagReason, *, rules: MarketRules, at: datetime) -> Self:
        """Cease to count until judged.

        Raises ReviewNotCompleted, AlreadyFlagged, FlagWindowOver.
        """
        if self.status is not ReviewStatus.COMPLETED:
            raise ReviewNotCompleted(status=self.status)
        if self.flag_status is not None:
            raise AlreadyFlagged
        closes = self._flaggable_until(rules)
        if at > closes:
            raise FlagWindowOver(ended_at=closes)
        return evolve(
            self,
            was_flagged=True,
            flag_reason=reason,
            flag_status=FlagStatus.OPEN,
            counts_toward_completion=False,
        )

    def uphold(self) -> Self:
        """Be disowned: the flag was right."""
        return evolve(self, flag_status=FlagStatus.UPHELD, is_gem=False)

    def clear(self, *, counts: bool) -> Self:
        """Be cleared: the flag was wrong; it counts again if its slot is still to be had."""
        return evolve(
            self,
            was_flagged=False,
            flag_reason=None,
            flag_status=FlagStatus.DISMISSED,
            counts_toward_completion=counts,
        )

    def _flaggable_until(self, rules: MarketRules) -> datetime:
        assert self.ended_at is not None, "a completed review has ended"
        return self.ended_at + timedelta(days=rules.flag_window_days)

    def _require(self, wanted: ReviewStatus) -> None:
        if wanted not in NEXT[self.status]:
            # Nothing was heard yet, which is what the caller can act on.
            raise ListenedTooLittle(
                listened_seconds=self.listen_duration, minimum_seconds=self.minimum_listen_seconds
            )


@attrs.frozen(kw_only=True)
class ReviewTimestamp:
    """A remark about one moment of the track: *seconds* from its start, a note of 1-240 letters."""

    review_id: ReviewId
    number: int
    seconds: int
    note: str


def remarks(review_id: ReviewId, told: Sequence[tuple[int, str]]) -> tuple[ReviewTimestamp, ...]:
    """Make the remarks of a review from (seconds, note); at most 30.

    Raises TooMany, OutOfRange, InvalidText.
    """
    if len(told) > TIMESTAMPS_MAX:
        raise TooMany(field="timestamps", minimum=0, maximum=TIMESTAMPS_MAX)
    return tuple(
        ReviewTimestamp(
            review_id=review_id,
            number=number,
            seconds=require_range("seconds", seconds, 0, MOMENT_MAX_SECONDS),
            note=require_text("note", note, longest=NOTE_MAX),
        )
        for number, (seconds, note) in enumerate(told, 1)
    )


@attrs.frozen(kw_only=True)
class ReviewQueue:
    """An assignment in a reviewer's queue; exists exactly while its review is active.

    Its *id* is that of its review.
    """

    id: ReviewId
    track_id: TrackId
    reviewer_id: ReviewerId
    priority: int
    assigned_at: datetime
    expires_at: datetime


def assign(
    review_id: ReviewId,
    *,
    track: Track,
    slot: Slot,
    reviewer_id: ReviewerId,
    rules: MarketRules,
    at: datetime,
) -> tuple[Review, ReviewQueue]:
    """Give *slot* to a reviewer until the deadline, at the slot's pay."""
    if not track.is_live:
        raise InvalidTransition(entity="Track", status=track.status, wanted="ASSIGNED")
    review = Review(
        id=review_id,
        track_id=track.id,
        artist_id=track.artist_id,
        reviewer_id=reviewer_id,
        slot_number=slot.number,
        status=ReviewStatus.ASSIGNED,
        offered_amount=slot.rate,
        slot_price=slot.price,
        minimum_listen_seconds=rules.minimum_listen(track.duration),
        assigned_at=at,
        expires_at=at + timedelta(hours=rules.assignment_ttl_hours),
    )
    return review, queue_row(review, priority=track.priority)


def queue_row(review: Review, *, priority: int) -> ReviewQueue:
    """Make the queue row of an active review."""
    return ReviewQueue(
        id=review.id,
        track_id=review.track_id,
        reviewer_id=review.reviewer_id,
        priority=priority,
        assigned_at=review.assigned_at,
        expires_at=review.expires_at,
    )


def slot_states(
    slots: Iterable[Slot], reviews: Iterable[Review], *, is_closed: bool
) -> dict[int, SlotState]:
    """Tell where each slot of a queued track stands, by number (law 6).

    A slot whose review's flag is open is held on a track that is closed, or lost to its payer's
    bank (*is_closed*), and open on another.
    """
    states: dict[int, SlotState] = {}
    for review in reviews:
        if review.is_active:
            states[review.slot_number] = SlotState.ACTIVE
        elif review.counts_toward_completion:
            states[review.slot_number] = SlotState.COUNTED
        elif is_closed and review.flag_status is FlagStatus.OPEN:
            states.setdefault(review.slot_number, SlotState.HELD)
    return {
        slot.number: SlotState.REFUNDED
        if slot.is_refunded
        else states.get(slot.number, SlotState.OPEN)
        for slot in slots
    }
