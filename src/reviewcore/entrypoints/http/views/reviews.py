"""Reviews with the form that was filled in, as reviewer, artist and public see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from reviewcore.domain.feedback import AddressedNote, Feedback, FirstImpression
from reviewcore.domain.flags import FlagReason, FlagStatus
from reviewcore.domain.links import SourceType
from reviewcore.domain.reviews import EndReason, Review, ReviewQueue, ReviewStatus, ReviewTimestamp
from reviewcore.domain.rules import Tier
from reviewcore.domain.tracks import Track
from reviewcore.entrypoints.http.views.people import Spell
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.entrypoints.http.views.tracks import HeardTrackView, heard_track_view

FORM = tuple(field.name for field in attrs.fields(Feedback))


@attrs.frozen(kw_only=True)
class TimestampView:
    """A remark about one moment, in seconds from the start of the track."""

    seconds: int
    note: str


@attrs.frozen(kw_only=True)
class ReviewView:
    """A review; what the form says is null until it is completed. Amounts in cents.

    *source_url* is told when one review is asked for: where the track is heard, null for its
    reviewer once it has ended.
    """

    id: str
    track_id: str
    artist_id: str
    reviewer_id: str
    slot_number: int
    status: ReviewStatus
    offered_amount: int
    paid_amount: int | None
    assigned_at: datetime
    expires_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    end_reason: EndReason | None
    listen_duration: int
    minimum_listen_seconds: int
    last_heartbeat: datetime | None
    counts_toward_completion: bool
    share_id: str | None
    artist_rating: int | None
    rating_reason: str | None
    is_gem: bool
    was_flagged: bool
    flag_reason: FlagReason | None
    flag_status: FlagStatus | None
    first_impression: FirstImpression | None
    production_score: int | None
    vocal_score: int | None
    originality_score: int | None
    would_listen_again: bool | None
    would_add_to_playlist: bool | None
    would_share: bool | None
    would_follow: bool | None
    perceived_genre: str | None
    similar_artists: str | None
    best_part: str | None
    best_part_timestamp: int | None
    weakest_part: str | None
    weakest_timestamp: int | None
    additional_notes: str | None
    next_actions: str | None
    addressed_artist_note: AddressedNote | None
    timestamps: tuple[TimestampView, ...]
    source_url: str | None


@attrs.frozen(kw_only=True)
class AssignmentView:
    """One track in a reviewer's queue; *offered_amount* is his pay in cents."""

    review_id: str
    status: ReviewStatus
    track: HeardTrackView
    priority: int
    assigned_at: datetime
    expires_at: datetime
    offered_amount: int
    listen_duration: int
    minimum_listen_seconds: int


@attrs.frozen(kw_only=True)
class HeartbeatView:
    """How much was heard, in seconds, and whether it is enough to complete the review."""

    listen_duration: int
    status: ReviewStatus
    minimum_reached: bool
    minimum_listen_seconds: int


@attrs.frozen(kw_only=True)
class SharedTrackView:
    """A track as it appears on a shared page."""

    title: str
    artist_name: str
    source_url: str
    source_type: SourceType
    genres: tuple[str, ...]


@attrs.frozen(kw_only=True)
class SharedReviewerView:
    """A reviewer as he appears on a shared page: nothing but name and tier."""

    name: str
    tier: Tier


@attrs.frozen(kw_only=True)
class SharedView:
    """A review that its artist shows around."""

    share_id: str
    track: SharedTrackView
    reviewer: SharedReviewerView
    completed_at: datetime
    is_gem: bool
    first_impression: FirstImpression
    production_score: int
    vocal_score: int | None
    originality_score: int
    would_listen_again: bool
    would_add_to_playlist: bool
    would_share: bool
    would_follow: bool
    perceived_genre: str | None
    similar_artists: str | None
    best_part: str
    best_part_timestamp: int | None
    weakest_part: str
    weakest_timestamp: int | None
    additional_notes: str | None
    next_actions: str | None
    timestamps: tuple[TimestampView, ...]


def timestamp_views(timestamps: Sequence[ReviewTimestamp]) -> tuple[TimestampView, ...]:
    """Show remarks about single moments."""
    return tuple(shape(TimestampView, one) for one in timestamps)


def review_view(
    review: Review, timestamps: Sequence[ReviewTimestamp], *, source_url: str | None = None
) -> ReviewView:
    """Show a review to its reviewer or to the artist."""
    form = {name: getattr(review.feedback, name, None) for name in FORM}
    return shape(
        ReviewView,
        review,
        timestamps=timestamp_views(timestamps),
        source_url=source_url,
        **form,
    )


def assignment_view(
    row: ReviewQueue, review: Review, track: Track, spell: Spell, *, source_url: str
) -> AssignmentView:
    """Show one line of a reviewer's queue."""
    return shape(
        AssignmentView,
        review,
        review_id=row.id,
        priority=row.priority,
        track=heard_track_view(track, spell, source_url=source_url),
    )


def heartbeat_view(review: Review) -> HeartbeatView:
    """Show what a heartbeat has changed."""
    return shape(HeartbeatView, review, minimum_reached=review.heard_enough)
