"""Tracks, their slots, and what is written about them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from reviewcore.domain.feedback import Feedback, FirstImpression
from reviewcore.domain.links import SourceType
from reviewcore.domain.reviews import ReviewTimestamp
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.slots import Slot
from reviewcore.domain.tracks import LIVE, Track, TrackStatus
from reviewcore.testing.builders.fields import GENRES, Fields, after, an_id, begun, built
from reviewcore.testing.clock import START

HOUR = timedelta(hours=1)

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
    """Make a track of 5 reviews for 495 cents; paid at `START` unless it waits for payment.

    A CANCELLED one was paid for, unless ``paid_at=None`` says otherwise; one with a *promo_code*
    costs nothing. Raises Inconsistent.
    """
    created = begun(changes, "paid_at", "half_notified_at", "closed_at", "completed_at")
    fields: Fields = {
        "id": an_id("track"),
        "artist_id": an_id("artist"),
        "source_url": "https://soundcloud.com/the-samples/first-light",
        "source_type": SourceType.SOUNDCLOUD,
        "title": "First Light",
        "status": status,
        "package_type": PackageType.STARTER,
        "genres": GENRES[1:],
        "price": 495 if changes.get("promo_code") is None else 0,
        "priority": 0,
        "reviews_requested": 5,
        "created_at": created,
        "rules_version": "builders",
    }
    if changes.get("unplayable_reports"):
        fields["link_issue_notified_at"] = START
    return built(Track, fields | _progress(status, created, changes), changes)


def _progress(status: TrackStatus, created: datetime, changes: Fields) -> Fields:
    if status is TrackStatus.PENDING_PAYMENT or changes.get("paid_at", START) is None:
        return {}
    paid = changes.get("paid_at") or after(
        created, changes, "half_notified_at", "closed_at", "completed_at"
    )
    requested: int = changes.get("reviews_requested", 5)
    told: Fields = {"paid_at": paid}
    match status:
        case TrackStatus.IN_PROGRESS:
            told["reviews_completed"] = 1
        case TrackStatus.COMPLETED:
            ended = changes.get("completed_at") or paid + 2 * HOUR
            told["reviews_completed"] = requested - changes.get("slots_refunded", 0)
            told |= {"completed_at": ended, "completion_notified_at": ended}
        case TrackStatus.CANCELLED:
            told["slots_refunded"] = requested
    counted: int = (told | changes).get("reviews_completed", 0)
    if counted > 0 and requested <= 2 * counted:
        told["half_notified_at"] = paid + HOUR
    shut = changes.get("closed_at") or changes.get("dispute_status")
    return told | {"assign_at": paid if status in LIVE and not shut else None}


def a_slot(**changes: Any) -> Slot:
    """Make slot 1, NORMAL: 50 cents of pay out of a price of 99; a lost one was given up.

    Raises Inconsistent.
    """
    rate = changes.get("rate", 50)
    fields: Fields = {
        "track_id": an_id("track"),
        "number": 1,
        "tier": Tier.NORMAL,
        "rate": 50,
        "price": max(99, rate),
        "refunded_at": START if changes.get("is_lost") else None,
    }
    return built(Slot, fields, changes)


def some_feedback(**changes: Any) -> Feedback:
    """Make feedback that says enough to be paid; changed, it is whatever a reviewer hands in."""
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


def a_timestamp(**changes: Any) -> ReviewTimestamp:
    """Make remark 1 of a review. Raises Inconsistent."""
    fields: Fields = {
        "review_id": an_id("review"),
        "number": 1,
        "seconds": 62,
        "note": "The bass line enters",
    }
    return built(ReviewTimestamp, fields, changes)
