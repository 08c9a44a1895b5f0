"""What only administrators see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from reviewcore.domain.events import EventRecord
from reviewcore.domain.flags import Flag, FlagReason, FlagStatus
from reviewcore.domain.laws import Violation
from reviewcore.domain.webhooks import StripeWebhookEvent, Subject
from reviewcore.entrypoints.http.views.reviews import ReviewView
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.entrypoints.http.views.tracks import TrackView


@attrs.frozen(kw_only=True)
class FlagView:
    """An artist's claim that a review is worthless, and what became of it."""

    id: str
    review_id: str
    track_id: str
    reviewer_id: str
    flag_reason: FlagReason
    status: FlagStatus
    created_at: datetime
    judged_at: datetime | None
    judged_by: str | None
    judge_reason: str | None


@attrs.frozen(kw_only=True)
class CaseView:
    """All that a flag is judged by: the review, with where its track is heard, and the track."""

    flag: FlagView
    review: ReviewView
    track: TrackView


@attrs.frozen(kw_only=True)
class EventView:
    """One line of the audit trail: who did what to which thing, when, under which rules."""

    id: str
    aggregate: str
    sequence: int
    type: str
    payload: Mapping[str, Any]
    actor: str
    at: datetime
    rules_version: str
    delivered_at: datetime | None
    attempts: int
    failure: str | None


@attrs.frozen(kw_only=True)
class ProcessorEventView:
    """An event of the payment processor; without *handled_at* it waits, or failed for *failure*."""

    id: str
    type: str
    subject: Subject
    object_id: str
    account_id: str | None
    created_at: datetime
    received_at: datetime
    handled_at: datetime | None
    attempts: int
    failure: str | None
    next_attempt_at: datetime | None


@attrs.frozen(kw_only=True)
class ViolationView:
    """Something that breaks a law of the market; there should be none."""

    law: str
    ids: tuple[str, ...]
    told: str


def flag_view(flag: Flag) -> FlagView:
    """Show a flag."""
    return shape(FlagView, flag)


def event_view(event: EventRecord) -> EventView:
    """Show an event."""
    return shape(EventView, event)


def processor_event_view(event: StripeWebhookEvent) -> ProcessorEventView:
    """Show an event of the payment processor."""
    return shape(ProcessorEventView, event)


def violation_view(violation: Violation) -> ViolationView:
    """Show a violation."""
    return shape(ViolationView, violation)
