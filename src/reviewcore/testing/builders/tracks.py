"""Tracks, their slots, and the reviews of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs

from reviewcore.domain.feedback import Feedback, FirstImpression
from reviewcore.domain.flags import Flag, FlagReason, FlagStatus
from reviewcore.domain.links import SourceType
from reviewcore.domain.reviews import (
    EndReason,
    Review,
    ReviewQueue,
    ReviewStatus,
    ReviewTimestamp,
    queue_row,
)
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.testing.builders.fields import GENRES, Fields, an_id
from reviewcore.testing.clock import START

BEST_PART = (
    "The bass line that enters after the first break carries the whole song, because it answers"
    " the voice with a rhythm of its own and leaves enough room for the drums to breathe until"
    " the last chorus."
)
WEAKEST_PART = (
    "The second verse repeats the first without a new idea, so attention drops there; a counter"
    " melody, a thinner arrangement or simply half the length would keep listeners curious until"
    " the bridge arrives."
)


def a_track(*, status: TrackStatus = TrackStatus.QUEUED, **changes: Any) -> Track:
    """Make a track of 5 reviews for 495 cents; paid at `START` unless it waits for payment."""
    requested = changes.get("reviews_requested", 5)
    fields: Fields = {
        "id": an_id("track"),
        "artist_id": an_id("artist"),
        "source_url": "https://soundcloud.com/the-samples/first-light",
        "source_type": SourceType.SOUNDCLOUD,
        "title": "First Light",
        "status": status,
        "package_type": PackageType.STARTER,
        "genres": GENRES[1:],
        "price": 495,
        "priority": 0,
        "reviews_requested": requested,
        "created_at": START,
        "rules_version": "builders",
    }
    return Track(**(fields | _progress(status, requested=requested) | changes))


def _progress(status: TrackStatus, *, requested: int) -> Fields:
    match status:
        case TrackStatus.PENDING_PAYMENT:
            return {}
        case TrackStatus.QUEUED:
            return {"paid_at": START, "assign_at": START}
        case TrackStatus.IN_PROGRESS:
            return {"paid_at": START, "assign_at": START, "reviews_completed": 1}
        case TrackStatus.COMPLETED:
            return {
                "paid_at": START,
                "reviews_completed": requested,
                "half_notified_at": START + timedelta(hours=1),
                "completed_at": START + timedelta(hours=2),
                "completion_notified_at": START + timedelta(hours=2),
            }
        case TrackStatus.CANCELLED:
            return {"paid_at": START, "slots_refunded": requested}


def a_slot(**changes: Any) -> Slot:
    """Make slot 1, NORMAL: 50 cents of pay out of a price of 99."""
    fields: Fields = {
        "track_id": an_id("track"),
        "number": 1,
        "tier": Tier.NORMAL,
        "rate": 50,
        "price": 99,
    }
    return Slot(**(fields | changes))


def some_feedback(**changes: Any) -> Feedback:
    """Make feedback that says enough to be paid."""
    fields: Fields = {
        "first_impression": FirstImpression.STRONG_HOOK,
        "production_score": 4,
        "originality_score": 5,
        "vocal_score": 3,
        "would_listen_again": True,
        "best_part": BEST_PART,
        "best_part_timestamp": 62,
        "weakest_part": WEAKEST_PART,
        "weakest_timestamp": 118,
    }
    return Feedback(**(fields | changes))


def a_review(*, status: ReviewStatus = ReviewStatus.ASSIGNED, **changes: Any) -> Review:
    """Make a review of slot 1, assigned at `START`; a completed one counts and was paid."""
    fields: Fields = {
        "id": an_id("review"),
        "track_id": an_id("track"),
        "artist_id": an_id("artist"),
        "reviewer_id": an_id("reviewer"),
        "slot_number": 1,
        "status": status,
        "offered_amount": 50,
        "slot_price": 99,
        "minimum_listen_seconds": 180,
        "assigned_at": START,
        "expires_at": START + timedelta(hours=48),
    }
    paid = changes.get("offered_amount", 50)
    return Review(**(fields | _outcome(status, paid=paid) | changes))


def _outcome(status: ReviewStatus, *, paid: int) -> Fields:
    heard: Fields = {
        "started_at": START + timedelta(minutes=1),
        "last_heartbeat": START + timedelta(minutes=5),
        "listen_duration": 200,
    }
    ended = START + timedelta(minutes=6)
    match status:
        case ReviewStatus.ASSIGNED:
            return {}
        case ReviewStatus.IN_PROGRESS:
            return heard
        case ReviewStatus.COMPLETED:
            return heard | {
                "ended_at": ended,
                "paid_amount": paid,
                "counts_toward_completion": True,
                "share_id": an_id("s", length=8),
                "feedback": some_feedback(),
            }
        case ReviewStatus.EXPIRED:
            return {"ended_at": START + timedelta(hours=48), "end_reason": EndReason.TIMEOUT}
        case ReviewStatus.SKIPPED:
            return {"ended_at": ended, "end_reason": EndReason.SKIP}


def a_queue_row(review: Review | None = None, **changes: Any) -> ReviewQueue:
    """Make the queue row of *review*, or of one that is made up."""
    row = queue_row(review or a_review(), priority=0)
    return attrs.evolve(row, **changes)


def a_timestamp(**changes: Any) -> ReviewTimestamp:
    """Make remark 1 of a review."""
    fields: Fields = {
        "review_id": an_id("review"),
        "number": 1,
        "seconds": 62,
        "note": "The bass line enters",
    }
    return ReviewTimestamp(**(fields | changes))


def a_flag(*, status: FlagStatus = FlagStatus.OPEN, **changes: Any) -> Flag:
    """Make a flag raised at `START`; a judged one was judged a day later."""
    fields: Fields = {
        "id": an_id("flag"),
        "review_id": an_id("review"),
        "track_id": an_id("track"),
        "reviewer_id": an_id("reviewer"),
        "flag_reason": FlagReason.LOW_EFFORT,
        "status": status,
        "created_at": START,
    }
    if status is not FlagStatus.OPEN:
        fields |= {
            "judged_at": START + timedelta(days=1),
            "judged_by": an_id("user"),
            "judge_reason": "The text is about another song.",
        }
    return Flag(**(fields | changes))


def a_flagged_review(*, flag_status: FlagStatus = FlagStatus.OPEN, **changes: Any) -> Review:
    """Make a completed review whose flag stands at *flag_status*; dismissed, it counts again."""
    dismissed = flag_status is FlagStatus.DISMISSED
    fields: Fields = {
        "was_flagged": not dismissed,
        "flag_reason": None if dismissed else FlagReason.LOW_EFFORT,
        "flag_status": flag_status,
        "counts_toward_completion": dismissed,
    }
    return a_review(status=ReviewStatus.COMPLETED, **(fields | changes))
