"""Tracks: what artists want to hear about, and how far the hearing has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import attrs

from reviewcore.domain import events
from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.errors import (
    InvalidTransition,
    NotYourTrack,
    TooEarlyToClose,
    TooMany,
    TrackClosed,
    TrackDisputed,
    TrackHasReviews,
)
from reviewcore.domain.evolving import evolve
from reviewcore.domain.ids import ArtistId, GenreId, TrackId
from reviewcore.domain.links import SourceType
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules, PackageType
from reviewcore.domain.texts import require_line, require_range, require_text


class TrackStatus(StrEnum):
    """How far a track has come."""

    PENDING_PAYMENT = "PENDING_PAYMENT"
    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


# PENDING_PAYMENT  submitted; no money was applied. Left by payment, a free credit or code, cancel.
# QUEUED           paid for, no review counts. Reviewers may be at work.
# IN_PROGRESS      a review counts, and a slot is neither counted nor refunded.
# COMPLETED        every slot is counted or refunded, and one counts. A flag steps it back.
# CANCELLED        final: every slot was refunded, or the artist cancelled before it was paid.
# After payment the status is a function of the slots alone: `status_of`, applied by `_settle`.
NEXT: Mapping[TrackStatus, frozenset[TrackStatus]] = MappingProxyType(
    {
        TrackStatus.PENDING_PAYMENT: frozenset({TrackStatus.QUEUED, TrackStatus.CANCELLED}),
        TrackStatus.QUEUED: frozenset(
            {TrackStatus.IN_PROGRESS, TrackStatus.COMPLETED, TrackStatus.CANCELLED}
        ),
        TrackStatus.IN_PROGRESS: frozenset({TrackStatus.QUEUED, TrackStatus.COMPLETED}),
        TrackStatus.COMPLETED: frozenset({TrackStatus.QUEUED, TrackStatus.IN_PROGRESS}),
        TrackStatus.CANCELLED: frozenset(),
    }
)

LIVE = frozenset({TrackStatus.QUEUED, TrackStatus.IN_PROGRESS})
"""Paid for and not at an end."""

TRACK_GENRES_MAX = 3
TITLE_MAX = 200
DURATION_MAX_SECONDS = 6 * 3600


def status_of(*, requested: int, counted: int, refunded: int) -> TrackStatus:
    """Tell the status of a paid track from its slots."""
    if refunded == requested:
        return TrackStatus.CANCELLED
    if counted and counted + refunded == requested:
        return TrackStatus.COMPLETED
    return TrackStatus.IN_PROGRESS if counted else TrackStatus.QUEUED


@attrs.frozen(kw_only=True)
class Track:
    """One piece of music up for review.

    *price* is in cents, *duration* in seconds (None: unknown). *reviews_completed* and
    *slots_refunded* equal what they count (law 4). *assign_at* is when the worker should next look
    for reviewers, None when no slot is open to them. *dispute_status* is that of a dispute of its
    applied payment, OPEN or LOST, None without one and once it is won.
    """

    id: TrackId
    artist_id: ArtistId
    source_url: str
    source_type: SourceType
    title: str
    status: TrackStatus
    package_type: PackageType
    genres: tuple[GenreId, ...]
    price: Cents
    priority: int
    reviews_requested: int
    reviews_completed: int = 0
    slots_refunded: int = 0
    promo_code: str | None = None
    duration: int | None = None
    feedback_focus: str | None = None
    created_at: datetime
    rules_version: str
    paid_at: datetime | None = None
    completed_at: datetime | None = None
    closed_at: datetime | None = None
    source_updated_at: datetime | None = None
    link_issue_notified_at: datetime | None = None
    half_notified_at: datetime | None = None
    completion_notified_at: datetime | None = None
    unplayable_reports: int = 0
    dispute_status: DisputeStatus | None = None
    assign_at: datetime | None = None

    @property
    def is_free(self) -> bool:
        """Whether a credit or code paid for it."""
        return self.promo_code is not None

    @property
    def is_live(self) -> bool:
        """Whether it is paid for and not at an end."""
        return self.status in LIVE

    @property
    def is_shut(self) -> bool:
        """Whether a slot that opens is given up instead of filled, for good."""
        return self.closed_at is not None or self.dispute_status is DisputeStatus.LOST

    @property
    def rank(self) -> datetime:
        """Where it stands in the queue, earliest first: each point of priority is a day waited."""
        assert self.paid_at is not None, "only a paid track stands in the queue"
        return self.paid_at - timedelta(days=self.priority)

    def waits_for_source(self, rules: MarketRules) -> bool:
        """Whether so many reviewers could not play it that the artist must mend the link."""
        return self.unplayable_reports >= rules.unplayable_reports_max

    def takes_reviewers(self, rules: MarketRules) -> bool:
        """Whether its open slots may be assigned."""
        return (
            self.is_live
            and self.closed_at is None
            and self.dispute_status is None
            and not self.waits_for_source(rules)
        )

    def closable_at(self, rules: MarketRules) -> datetime:
        """Tell when its artist may close it; the market does after twice the time."""
        assert self.paid_at is not None, "only a paid track has a deadline"
        return self.paid_at + timedelta(days=rules.fill_deadline_days)

    def require_owner(self, artist_id: ArtistId) -> None:
        """Raise NotYourTrack unless *artist_id* submitted it."""
        if self.artist_id != artist_id:
            raise NotYourTrack(track_id=self.id)

    # ── paying ───────────────────────────────────────────────────────────────────────────────

    def require_payable(self) -> None:
        """Raise InvalidTransition unless it waits for payment."""
        # IN_PROGRESS and COMPLETED may go back to QUEUED too, but never by being paid again.
        if self.status is not TrackStatus.PENDING_PAYMENT:
            raise InvalidTransition(entity="Track", status=self.status, wanted=TrackStatus.QUEUED)

    def price_at(self, price: Cents, *, reviews: int, priority: int, rules: MarketRules) -> Self:
        """Freeze what *reviews* reviews cost and how urgent they are."""
        self.require_payable()
        return evolve(
            self,
            price=price,
            reviews_requested=reviews,
            priority=priority,
            rules_version=rules.version,
        )

    def make_free(self, promo_code: str) -> Self:
        """Be paid for by a credit or code: package STARTER."""
        return evolve(self, promo_code=promo_code, package_type=PackageType.STARTER)

    def queue(self, at: datetime) -> Self:
        """Join the queue: it is paid for."""
        self.require_payable()
        return evolve(self, status=TrackStatus.QUEUED, paid_at=at, assign_at=at)

    # ── reviews come and go ──────────────────────────────────────────────────────────────────

    def count(self, at: datetime) -> tuple[Self, tuple[events.Event, ...]]:
        """Count one more review."""
        return self._settle(counted=1, refunded=0, at=at)

    def uncount(self, at: datetime) -> tuple[Self, tuple[events.Event, ...]]:
        """Count one review fewer: it was flagged."""
        return self._settle(counted=-1, refunded=0, at=at)

    def refund_slots(self, count: int, at: datetime) -> tuple[Self, tuple[events.Event, ...]]:
        """Have *count* more slots refunded."""
        return self._settle(counted=0, refunded=count, at=at)

    def seek(self, at: datetime, *, rules: MarketRules) -> Self:
        """Have the worker look for reviewers from *at* on, if it takes any."""
        return evolve(self, assign_at=at if self.takes_reviewers(rules) else None)

    def rest(self) -> Self:
        """Need no reviewers: no slot is open to them."""
        return evolve(self, assign_at=None)

    def _settle(
        self, *, counted: int, refunded: int, at: datetime
    ) -> tuple[Self, tuple[events.Event, ...]]:
        reviews = self.reviews_completed + counted
        slots = self.slots_refunded + refunded
        assert self.paid_at is not None, "only a paid track has slots that end"
        assert reviews >= 0, "what does not count cannot be taken back"
        assert reviews + slots <= self.reviews_requested, "more slots ended than there are"
        status = status_of(requested=self.reviews_requested, counted=reviews, refunded=slots)
        done = status is TrackStatus.COMPLETED
        halfway = reviews * 2 >= self.reviews_requested
        settled = evolve(
            self,
            reviews_completed=reviews,
            slots_refunded=slots,
            status=status,
            completed_at=(self.completed_at or at) if done else None,
            half_notified_at=self.half_notified_at or (at if halfway else None),
            completion_notified_at=self.completion_notified_at or (at if done else None),
            assign_at=self.assign_at if status in LIVE else None,
        )
        assert status in NEXT[self.status] | {self.status}, "slots end as the table says"
        return settled, tuple(self._story(settled))

    def _story(self, settled: Self) -> list[events.Event]:
        told: list[events.Event] = []
        if settled.half_notified_at != self.half_notified_at and not settled.completed_at:
            told.append(events.TrackHalfReviewed(track_id=self.id))
        if settled.status is self.status:
            return told
        match settled.status:
            case TrackStatus.COMPLETED:
                first = self.completion_notified_at is None
                told.append(events.TrackCompleted(track_id=self.id, first=first))
            case TrackStatus.CANCELLED:
                told.append(events.TrackCancelled(track_id=self.id))
            case TrackStatus.IN_PROGRESS if self.status is TrackStatus.QUEUED:
                told.append(events.TrackStarted(track_id=self.id))
            case _:
                told.append(events.TrackReopened(track_id=self.id, status=settled.status))
        return told

    # ── the artist's decisions ───────────────────────────────────────────────────────────────

    def require_untouched(self, *, in_progress: int, ever_completed: int) -> None:
        """Raise unless it may be cancelled: nobody is listening and nothing was delivered."""
        if self.status not in {TrackStatus.PENDING_PAYMENT, TrackStatus.QUEUED}:
            raise InvalidTransition(
                entity="Track", status=self.status, wanted=TrackStatus.CANCELLED
            )
        if in_progress or ever_completed:
            raise TrackHasReviews

    def cancel_unpaid(self) -> Self:
        """Withdraw it before any money was applied."""
        if self.status is not TrackStatus.PENDING_PAYMENT:
            # Once it is queued, only refunding its slots may end it: money would be left behind.
            raise InvalidTransition(
                entity="Track", status=self.status, wanted=TrackStatus.CANCELLED
            )
        return evolve(self, status=TrackStatus.CANCELLED)

    def require_closable(self, at: datetime, *, rules: MarketRules) -> None:
        """Raise unless its artist may close it now: live, not closed, past its deadline."""
        self.require_open_to_close()
        if at < self.closable_at(rules):
            raise TooEarlyToClose(closable_at=self.closable_at(rules))

    def require_open_to_close(self) -> None:
        """Raise unless it is live and not closed."""
        if not self.is_live:
            raise InvalidTransition(entity="Track", status=self.status, wanted="CLOSED")
        if self.closed_at is not None:
            raise TrackClosed

    def require_undisputed(self) -> None:
        """Raise TrackDisputed while a dispute of its payment is open."""
        if self.dispute_status is DisputeStatus.OPEN:
            raise TrackDisputed

    def dispute(self) -> Self:
        """Take no new reviewers until the dispute of its payment is decided."""
        return evolve(self, dispute_status=DisputeStatus.OPEN, assign_at=None)

    def win_dispute(self) -> Self:
        """Go on as before; `seek` has the worker look for reviewers again."""
        return evolve(self, dispute_status=None)

    def lose_dispute(self) -> Self:
        """Take no new reviewers for good: open slots end without a refund."""
        return evolve(self, dispute_status=DisputeStatus.LOST, assign_at=None)

    def close(self, at: datetime) -> Self:
        """Take no new reviewers."""
        return evolve(self, closed_at=at, assign_at=None)

    def change_source(
        self,
        source_url: str,
        source_type: SourceType,
        *,
        duration: int | None = None,
        ever_completed: int,
        rules: MarketRules,
        at: datetime,
    ) -> Self:
        """Have another link; unplayable reports count from now on.

        *duration* in seconds if we know that of the new one; otherwise what was said stays. Raises
        InvalidTransition when it is at an end, TrackHasReviews when a review was delivered and it
        does not wait for a new link.
        """
        if self.status in {TrackStatus.COMPLETED, TrackStatus.CANCELLED}:
            raise InvalidTransition(entity="Track", status=self.status, wanted="SOURCE_UPDATED")
        if ever_completed and not self.waits_for_source(rules):
            raise TrackHasReviews
        return evolve(
            self,
            source_url=source_url,
            source_type=source_type,
            duration=duration if duration is not None else self.duration,
            source_updated_at=at,
            link_issue_notified_at=None,
            unplayable_reports=0,
        )

    def erase(self) -> Self:
        """Lose what leads to its artist, who leaves for good; it is at an end.

        The link of an upload stays: it is an opaque name, and what it named is removed.
        """
        assert not self.is_live, "a track that somebody may be listening to keeps its link"
        link = self.source_url if self.source_type is SourceType.UPLOAD else ""
        return evolve(self, source_url=link, feedback_focus=None)

    def report_unplayable(self, at: datetime) -> tuple[Self, tuple[events.Event, ...]]:
        """Count a report; its artist is told of the first since the link was changed.

        A report from before that change, which waited for this track meanwhile, is of the old link.
        """
        if self.source_updated_at is not None and at <= self.source_updated_at:
            return self, ()
        told = evolve(
            self,
            unplayable_reports=self.unplayable_reports + 1,
            link_issue_notified_at=self.link_issue_notified_at or at,
        )
        if self.link_issue_notified_at is not None:
            return told, ()
        return told, (events.LinkReportedBroken(track_id=self.id),)


def require_title(title: str) -> str:
    """Return *title* stripped, 1 to 200 characters. Raises InvalidText."""
    return require_line("title", title, longest=TITLE_MAX)


def require_focus(focus: str | None) -> str | None:
    """Return what the artist asks about, at most 1000 characters. Raises InvalidText."""
    if focus is None or not focus.strip():
        return None
    return require_text("feedback_focus", focus, longest=1000)


def require_duration(duration: int | None) -> int | None:
    """Return *duration*, 1 second to 6 hours. Raises OutOfRange."""
    if duration is None:
        return None
    return require_range("duration", duration, 1, DURATION_MAX_SECONDS)


def require_track_genres(genres: tuple[GenreId, ...]) -> tuple[GenreId, ...]:
    """Return 1 to 3 different genres. Raises TooMany."""
    if not 1 <= len(genres) <= TRACK_GENRES_MAX or len(set(genres)) != len(genres):
        raise TooMany(field="genres", minimum=1, maximum=TRACK_GENRES_MAX)
    return genres
