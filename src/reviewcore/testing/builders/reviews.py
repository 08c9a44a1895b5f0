"""Reviews, their rows in a reviewer's queue, and flags."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs

from reviewcore.domain.flags import Flag, FlagReason, FlagStatus
from reviewcore.domain.reviews import (
    RATING_NEEDS_REASON,
    EndReason,
    Review,
    ReviewQueue,
    ReviewStatus,
    queue_row,
)
from reviewcore.testing.builders.fields import Fields, after, an_id, begun, built
from reviewcore.testing.builders.fits import require_fit
from reviewcore.testing.builders.tracks import some_feedback

MINUTE = timedelta(minutes=1)
TIME = timedelta(hours=48)
LEAST = 180
"""Seconds to be heard, unless a review says otherwise."""

HEARD = ("started_at", "last_heartbeat", "listen_duration", "listen_carry_ms")


def a_review(*, status: ReviewStatus = ReviewStatus.ASSIGNED, **changes: Any) -> Review:
    """Make a review of slot 1, assigned at `START`; a completed one counts and was paid.

    An EXPIRED one met its deadline and a SKIPPED one was skipped, unless *end_reason* says
    otherwise. With *flag_status* it bears that flag's traces, one that is not to count was flagged,
    and a poor *artist_rating* brings
    its reason. Raises Inconsistent.
    """
    assigned = begun(changes, *HEARD[:2], "ended_at", at="assigned_at")
    if changes.get("expires_at") is not None and "assigned_at" not in changes:
        assigned = min(assigned, changes["expires_at"] - TIME)
    offered = changes.get("offered_amount", 50)
    fields: Fields = {
        "id": an_id("review"),
        "track_id": an_id("track"),
        "artist_id": an_id("artist"),
        "reviewer_id": an_id("reviewer"),
        "slot_number": 1,
        "status": status,
        "offered_amount": offered,
        "slot_price": max(99, offered),
        "minimum_listen_seconds": LEAST,
        "assigned_at": assigned,
        "expires_at": assigned + TIME,
    }
    fields |= _heard(status, assigned, changes) | _outcome(status, fields | changes)
    return built(Review, fields | _judged(status, changes), changes)


def _heard(status: ReviewStatus, assigned: datetime, changes: Fields) -> Fields:
    must = status in {ReviewStatus.IN_PROGRESS, ReviewStatus.COMPLETED}
    may = status is not ReviewStatus.ASSIGNED and any(changes.get(name) for name in HEARD)
    if not (must or may):
        return {}
    started = changes.get("started_at") or after(assigned, changes, "last_heartbeat") + MINUTE
    heartbeat: datetime | None = changes.get("last_heartbeat")
    if heartbeat is not None:
        started = min(started, heartbeat)
    return {
        "started_at": started,
        "last_heartbeat": started + 4 * MINUTE,
        "listen_duration": max(200, changes.get("minimum_listen_seconds", LEAST)),
    }


def _outcome(status: ReviewStatus, told: Fields) -> Fields:
    ended = told["assigned_at"] + 6 * MINUTE
    match status:
        case ReviewStatus.ASSIGNED | ReviewStatus.IN_PROGRESS:
            return {}
        case ReviewStatus.COMPLETED:
            return {
                "ended_at": ended,
                "paid_amount": told["offered_amount"],
                "counts_toward_completion": True,
                "share_id": an_id("s", length=8),
                "feedback": some_feedback(),
            }
        case ReviewStatus.EXPIRED:
            reason = told.get("end_reason", EndReason.TIMEOUT)
            timely = reason is not EndReason.TIMEOUT
            return {"ended_at": ended if timely else told["expires_at"], "end_reason": reason}
        case ReviewStatus.SKIPPED:
            return {"ended_at": ended, "end_reason": EndReason.SKIP}


def _judged(status: ReviewStatus, changes: Fields) -> Fields:
    judged: Fields = {}
    if (changes.get("artist_rating") or RATING_NEEDS_REASON + 1) <= RATING_NEEDS_REASON:
        judged["rating_reason"] = "It is about another song."
    counts = changes.get("counts_toward_completion", True)
    is_doubted = status is ReviewStatus.COMPLETED and not counts
    flag = changes.get("flag_status", FlagStatus.OPEN if is_doubted else None)
    if flag in {FlagStatus.OPEN, FlagStatus.UPHELD}:
        judged |= {
            "flag_status": flag,
            "was_flagged": True,
            "flag_reason": FlagReason.LOW_EFFORT,
            "counts_toward_completion": False,
        }
    return judged


def a_flagged_review(*, flag_status: FlagStatus = FlagStatus.OPEN, **changes: Any) -> Review:
    """Make a completed review whose flag stands at *flag_status*; dismissed, it counts again.

    Raises Inconsistent.
    """
    return a_review(status=ReviewStatus.COMPLETED, flag_status=flag_status, **changes)


def a_queue_row(review: Review | None = None, **changes: Any) -> ReviewQueue:
    """Make the queue row of *review*, or of one that is made up. Raises Inconsistent."""
    row = queue_row(review or a_review(), priority=0)
    return require_fit(attrs.evolve(row, **changes))


def a_flag(*, status: FlagStatus = FlagStatus.OPEN, **changes: Any) -> Flag:
    """Make a flag raised at `START`; a judged one was judged a day later. Raises Inconsistent."""
    created = begun(changes, "judged_at")
    fields: Fields = {
        "id": an_id("flag"),
        "review_id": an_id("review"),
        "track_id": an_id("track"),
        "reviewer_id": an_id("reviewer"),
        "flag_reason": FlagReason.LOW_EFFORT,
        "status": status,
        "created_at": created,
    }
    if status is not FlagStatus.OPEN:
        fields |= {
            "judged_at": created + timedelta(days=1),
            "judged_by": an_id("user"),
            "judge_reason": "The text is about another song.",
        }
    return built(Flag, fields, changes)
