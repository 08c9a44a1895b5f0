"""Every field of every entity comes back as it was stored.

Each kind has samples; together they fill every field with something else than its default, which
the last test checks, so that a field added to an entity and forgotten here fails loudly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.ids import GenreId
from reviewcore.domain.links import SourceType
from reviewcore.domain.payments import AttemptStatus, PaymentStatus
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import PackageType, Tier
from reviewcore.domain.support import TicketStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.uploads import UploadStatus
from reviewcore.domain.webhooks import Subject
from reviewcore.ports.store import Store
from reviewcore.testing.builders import (
    a_flagged_review,
    a_reset_token,
    an_account,
    an_email_token,
    some_feedback,
)
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures

AT = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
TEXT = "Zoë «naïve» 音楽 🎧 e\u0301\n\ttwo 'quotes' \"and\" \\back\\ %s ; --"


def times(entity: Any) -> Iterator[str]:
    """Name the fields that hold a time."""
    for field in attrs.fields(type(entity)):
        if isinstance(getattr(entity, field.name), datetime):
            yield field.name


def with_odd_times(entity: Any) -> Any:
    """Give each time of *entity* other microseconds."""
    shifts = {
        name: getattr(entity, name) + timedelta(microseconds=number * 1001 + 1)
        for number, name in enumerate(times(entity))
    }
    return attrs.evolve(entity, **shifts)


def _user(scene: Scene) -> list[Any]:
    return [
        scene.user(name=TEXT, is_artist=True, is_reviewer=True),
        scene.user(password=None, erased_at=AT),
    ]


def _email_token(scene: Scene) -> list[Any]:
    token = an_email_token(user_id=scene.user().id, used_at=AT, is_change=True)
    with scene.store.begin() as tx:
        tx.email_tokens.add(token)
    return [token]


def _reset_token(scene: Scene) -> list[Any]:
    leave = a_reset_token(user_id=scene.user().id, used_at=AT)
    with scene.store.begin() as tx:
        tx.reset_tokens.add(leave)
    return [leave]


def _account(scene: Scene) -> list[Any]:
    account = an_account(user_id=scene.user().id, provider_account_id=TEXT)
    with scene.store.begin() as tx:
        tx.accounts.add(account)
    return [account]


def _artist(scene: Scene) -> list[Any]:
    return [scene.artist(artist_name=TEXT, total_tracks=3, total_spent=2**40), scene.artist()]


def _reviewer(scene: Scene) -> list[Any]:
    full = scene.reviewer(
        genres=(GenreId("techno"), GenreId("house"), GenreId("electronic")),
        tier=Tier.PRO,
        total_reviews=60,
        rating_sum=288,
        rating_count=60,
        total_earnings=2**40,
        pending_balance=-150,
        gem_count=11,
        flag_count=4,
        active_count=2,
        last_assigned_at=AT,
        is_restricted=True,
        restriction_cause=RestrictionCause.ADMIN,
        restriction_reason=TEXT,
        granted_tier=Tier.PRO,
        granted_until=AT,
        stripe_account_id="acct_1",
        stripe_connected_at=AT,
        payout_account_changed_at=AT,
        payout_account_ready=True,
    )
    return [full, scene.reviewer()]


def _track(scene: Scene) -> list[Any]:
    full = scene.track(
        status=TrackStatus.COMPLETED,
        title=TEXT,
        source_type=SourceType.BANDCAMP,
        package_type=PackageType.DEEP_DIVE,
        genres=(GenreId("techno"), GenreId("electronic")),
        priority=10,
        reviews_completed=4,
        slots_refunded=1,
        promo_code="SPRING",
        duration=241,
        feedback_focus=TEXT,
        closed_at=AT,
        source_updated_at=AT,
        link_issue_notified_at=AT,
        unplayable_reports=2,
        dispute_status=DisputeStatus.LOST,
    )
    return [
        full,
        scene.track(),
        *(scene.track(status=status) for status in TrackStatus),
        *(scene.track(dispute_status=status) for status in DisputeStatus),
    ]


def _review(scene: Scene) -> list[Any]:
    words = some_feedback(
        would_add_to_playlist=True,
        would_share=True,
        would_follow=True,
        perceived_genre=TEXT,
        similar_artists=TEXT,
        additional_notes=TEXT,
        next_actions=TEXT,
        addressed_artist_note="PARTIALLY",
    )
    rated = scene.review(
        status=ReviewStatus.COMPLETED,
        slot_number=3,
        listen_carry_ms=250,
        artist_rating=2,
        rating_reason=TEXT,
        is_gem=True,
        feedback=words,
    )
    track = scene.track()
    flagged = a_flagged_review(
        track_id=track.id, artist_id=track.artist_id, reviewer_id=scene.reviewer().id
    )
    with scene.store.begin() as tx:
        tx.reviews.add(flagged)
    return [rated, flagged, *(scene.review(status=status) for status in ReviewStatus)]


def _payment(scene: Scene) -> list[Any]:
    attempt = scene.attempt(status=AttemptStatus.PAID)
    full = scene.payment(status=PaymentStatus.REFUNDED, applied_attempt_id=attempt.id, fee=45)
    return [full, *(scene.payment(status=status) for status in PaymentStatus)]


def _attempt(scene: Scene) -> list[Any]:
    driven = scene.attempt(
        status=AttemptStatus.OPEN, title=TEXT, unwanted=True, looks=3, leased_until=AT
    )
    settled = scene.attempt(status=AttemptStatus.PAID, number=2, fee=45)
    return [driven, settled, *(scene.attempt(status=status) for status in AttemptStatus)]


def _refund(scene: Scene) -> list[Any]:
    leased = scene.refund(number=3, leased_until=AT)
    seen: Any = {"look_ups": 3, "external_id": "re_1"}
    doubled = scene.refund(status=RefundStatus.DOUBLED, **seen)
    return [leased, doubled, *(scene.refund(status=status) for status in RefundStatus)]


def _payout(scene: Scene) -> list[Any]:
    driven = scene.payout(
        number=2, destination=TEXT, look_ups=3, reference=TEXT, reversed_amount=5, leased_until=AT
    )
    return [driven, *(scene.payout(status=status) for status in PayoutStatus)]


def _dispute(scene: Scene) -> list[Any]:
    inquiry = scene.dispute(amount=0, fee=0)
    return [inquiry, *(scene.dispute(status=status) for status in DisputeStatus)]


def _event(scene: Scene) -> list[Any]:
    failed = scene.event(account_id="acct_1", attempts=3, failure=TEXT, leased_until=AT)
    return [
        failed,
        scene.event(is_handled=True),
        *(scene.event(subject=subject) for subject in Subject),
    ]


def _flag(scene: Scene) -> list[Any]:
    return [
        scene.flag(scene.review(status=ReviewStatus.COMPLETED), status=status)
        for status in FlagStatus
    ]


def _ticket(scene: Scene) -> list[Any]:
    return [scene.ticket(subject=TEXT), *(scene.ticket(status=status) for status in TicketStatus)]


def _lead(scene: Scene) -> list[Any]:
    full = scene.lead(artist_name=TEXT, source=TEXT, reminded=AT, converted=AT, leased_until=AT)
    return [full, scene.lead(artist_name=None, source=None, next_attempt_at=None), scene.lead()]


def _upload(scene: Scene) -> list[Any]:
    full = scene.upload(filename=TEXT, status=UploadStatus.ACCEPTED, duration=200)
    return [full, scene.upload(status=UploadStatus.REFUSED, refusal=TEXT), scene.upload()]


SAMPLES: dict[str, Callable[[Scene], list[Any]]] = {
    "users": _user,
    "email_tokens": _email_token,
    "reset_tokens": _reset_token,
    "accounts": _account,
    "artists": _artist,
    "reviewers": _reviewer,
    "tracks": _track,
    "reviews": _review,
    "payments": _payment,
    "attempts": _attempt,
    "refunds": _refund,
    "disputes": _dispute,
    "payouts": _payout,
    "inbox": _event,
    "flags": _flag,
    "tickets": _ticket,
    "leads": _lead,
    "uploads": _upload,
}

each_kind = pytest.mark.parametrize("name", SAMPLES)


class RoundTripsContract(StoreFixtures):
    """Nothing is lost, cut, rounded or reordered."""

    @each_kind
    def test_every_field_comes_back_as_it_was_added(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        samples = SAMPLES[name](scene)

        with store.read() as tx:
            assert [getattr(tx, name).get(one.id) for one in samples] == samples

    @each_kind
    def test_every_field_comes_back_as_it_was_updated_in_utc(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        changed = [with_odd_times(one) for one in SAMPLES[name](scene)]

        with store.begin() as tx:
            getattr(tx, name).update(*changed)

        with store.read() as tx:
            told = [getattr(tx, name).get(one.id) for one in changed]
        assert told == changed
        zones = {getattr(one, at).utcoffset() for one in told for at in times(one)}
        assert zones <= {timedelta(0)}

    @each_kind
    def test_the_samples_fill_every_field(self, scene: Scene, name: str) -> None:
        samples = SAMPLES[name](scene)

        for field in attrs.fields(type(samples[0])):
            values = [getattr(one, field.name) for one in samples]
            default = None if field.default is attrs.NOTHING else field.default
            assert any(value != default for value in values), f"{name}: {field.name}"
