"""Tracks and what they cost, as artists, reviewers and administrators see them."""

from __future__ import annotations

from datetime import datetime

import attrs

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.links import SourceType
from reviewcore.domain.matching import Plan, Rejection
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.entrypoints.http.views.people import Spell
from reviewcore.entrypoints.http.views.shape import shape


@attrs.frozen(kw_only=True)
class GenreView:
    """A genre of the two-level tree; *parent_id* is null for a root."""

    id: str
    name: str
    slug: str
    parent_id: str | None


@attrs.frozen(kw_only=True)
class PackageView:
    """What an artist can buy; *price_cents* in cents of *currency*."""

    package_type: PackageType
    reviews: int
    price_cents: int
    pro_min: int
    priority: int
    currency: str


@attrs.frozen(kw_only=True)
class TrackView:
    """A track as its artist sees it; *price* in cents, *duration* in seconds or null."""

    id: str
    artist_id: str
    source_url: str
    source_type: SourceType
    title: str
    status: TrackStatus
    package_type: PackageType
    genres: tuple[str, ...]
    price: int
    priority: int
    reviews_requested: int
    reviews_completed: int
    slots_refunded: int
    promo_code: str | None
    duration: int | None
    feedback_focus: str | None
    created_at: datetime
    rules_version: str
    paid_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None
    source_updated_at: datetime | None
    link_issue_notified_at: datetime | None
    unplayable_reports: int
    dispute_status: DisputeStatus | None


@attrs.frozen(kw_only=True)
class OwnTrackView(TrackView):
    """A track by itself; *listen_url* plays it, an upload for six hours."""

    listen_url: str


@attrs.frozen(kw_only=True)
class HeardTrackView:
    """A track as its reviewers see it; the address of an upload is good for six hours."""

    id: str
    source_url: str
    source_type: SourceType
    title: str
    genres: tuple[str, ...]
    duration: int | None
    feedback_focus: str | None


@attrs.frozen(kw_only=True)
class UploadView:
    """Where to PUT a file, and its link for a track; the address is good for an hour."""

    id: str
    upload_url: str
    source_url: str


@attrs.frozen(kw_only=True)
class GivenUpView:
    """A track that was cancelled or closed, and the cents that go back."""

    track: TrackView
    refunded_cents: int


@attrs.frozen(kw_only=True)
class CheckoutView:
    """How the track stands after check-out; *url* is where to pay, null when nothing is due."""

    status: TrackStatus
    url: str | None
    session_id: str | None
    track: TrackView


@attrs.frozen(kw_only=True)
class CheckoutStatusView:
    """How one session at the processor stands, and the track and payment that it is for."""

    session_id: str
    status: AttemptStatus
    track_id: str
    track_status: TrackStatus
    payment_status: PaymentStatus
    amount: int
    currency: str


@attrs.frozen(kw_only=True)
class VerdictView:
    """Why a reviewer would, or would not, get a slot, with the parts of his score."""

    reviewer_id: str
    accepted: bool
    slot_number: int | None
    reason: Rejection | None
    active_count: int
    average_rating: float | None
    gem_count: int
    last_assigned_at: datetime | None


@attrs.frozen(kw_only=True)
class PlanView:
    """What assigning a track now would do."""

    track_id: str
    open_slots: int
    verdicts: tuple[VerdictView, ...]


def track_view(track: Track, spell: Spell) -> TrackView:
    """Show a track to its artist."""
    return shape(TrackView, track, genres=spell(track.genres))


def own_track_view(track: Track, spell: Spell, *, listen_url: str) -> OwnTrackView:
    """Show one track to the artist whose it is."""
    return shape(OwnTrackView, track, genres=spell(track.genres), listen_url=listen_url)


def heard_track_view(track: Track, spell: Spell, *, source_url: str) -> HeardTrackView:
    """Show a track to a reviewer, who hears it at *source_url*."""
    return shape(HeardTrackView, track, genres=spell(track.genres), source_url=source_url)


def checkout_status_view(
    attempt: CheckoutAttempt, track: Track, payment: Payment
) -> CheckoutStatusView:
    """Show how a checkout stands."""
    return shape(
        CheckoutStatusView, attempt, track_status=track.status, payment_status=payment.status
    )


def plan_view(plan: Plan) -> PlanView:
    """Show an assignment plan."""
    verdicts = tuple(shape(VerdictView, verdict) for verdict in plan.verdicts)
    return shape(PlanView, plan, verdicts=verdicts)
