"""Builders build what the market could hold, in every state, and refuse everything else."""

from __future__ import annotations

import subprocess
import sys
import typing
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any

import attrs
import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.payments import AttemptStatus, PaymentStatus
from reviewcore.domain.payouts import PayoutMethod, PayoutStatus
from reviewcore.domain.privacy import TABLE
from reviewcore.domain.refunds import RefundStatus
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.reviews import EndReason, ReviewStatus
from reviewcore.domain.support import TicketStatus
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.uploads import UploadStatus
from reviewcore.ports.codec import field_types
from reviewcore.testing import builders as make
from reviewcore.testing.builders.fits import FITS, Inconsistent, misfits
from reviewcore.testing.clock import START

HOUR = timedelta(hours=1)

Builder = Callable[..., Any]


def builders_by_kind() -> dict[type, Builder]:
    found: dict[type, Builder] = {}
    for name in make.__all__:
        builder = getattr(make, name)
        told = typing.get_type_hints(builder) if callable(builder) else {}
        kind: Any = told.get("return")
        # Of several, the one that can be asked for any status.
        if kind in TABLE and (kind not in found or "status" in told):
            found[kind] = builder
    return found


BUILDERS = builders_by_kind()


def statuses() -> list[tuple[Builder, StrEnum]]:
    states = ((kind, field_types(kind).get("status")) for kind in BUILDERS)
    return [
        (BUILDERS[kind], status)
        for kind, states_of in states
        if isinstance(states_of, type) and issubclass(states_of, StrEnum)
        for status in states_of
    ]


def test_every_entity_has_a_builder_and_sentences() -> None:
    assert set(BUILDERS) == set(TABLE)
    assert set(FITS) == set(TABLE)


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
def test_what_is_built_without_a_wish_fits(kind: type) -> None:
    entity = BUILDERS[kind]()

    assert type(entity) is kind
    assert misfits(entity) == ()


@pytest.mark.parametrize(
    ("builder", "status"), statuses(), ids=lambda it: getattr(it, "__name__", str(it))
)
def test_every_status_is_built_to_fit(builder: Builder, status: StrEnum) -> None:
    entity = builder(status=status)

    assert entity.status is status
    assert misfits(entity) == ()


def test_entities_with_a_status_are_found() -> None:
    assert len({builder for builder, _ in statuses()}) == 10


def test_what_was_asked_for_decides_what_follows() -> None:
    review = make.a_review(
        status=ReviewStatus.COMPLETED, offered_amount=150, minimum_listen_seconds=999
    )
    assert (review.paid_amount, review.slot_price, review.heard_enough) == (150, 150, True)

    poor = make.a_review(status=ReviewStatus.COMPLETED, artist_rating=1)
    assert poor.rating_reason

    upheld = make.a_flagged_review(flag_status=FlagStatus.UPHELD)
    assert upheld.was_flagged
    assert upheld.flag_reason
    assert not upheld.counts_toward_completion

    barred = make.a_review(status=ReviewStatus.EXPIRED, end_reason=EndReason.RESTRICTED)
    assert barred.ended_at is not None
    assert barred.ended_at < barred.expires_at

    half = make.a_track(status=TrackStatus.COMPLETED, reviews_requested=4, slots_refunded=2)
    assert half.reviews_completed == 2

    unpaid = make.a_track(status=TrackStatus.CANCELLED, paid_at=None)
    assert unpaid.slots_refunded == 0

    free = make.a_track(promo_code="LAUNCH")
    assert (free.price, free.is_free) == (0, True)

    closed = make.a_track(closed_at=START - HOUR)
    assert closed.assign_at is None
    assert closed.created_at <= START - HOUR

    by_hand = make.a_payout(status=PayoutStatus.COMPLETED, method=PayoutMethod.PAYPAL)
    assert by_hand.reference
    assert by_hand.sent_at is None

    nobody = make.a_user(erased_at=START)
    assert not nobody.name
    assert nobody.email == f"erased:{nobody.id}"

    rated = make.a_reviewer(rating_count=3)
    assert rated.total_reviews == 3
    assert rated.average_rating == 4

    ready = make.a_reviewer(payout_account_ready=True)
    assert ready.stripe_account_id
    assert make.a_reviewer(is_restricted=True).restriction_cause is RestrictionCause.ADMIN


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: make.a_review(paid_amount=50), "not COMPLETED has nothing to judge"),
        (lambda: make.a_review(status=ReviewStatus.COMPLETED, feedback=None), "paid and told"),
        (
            lambda: make.a_review(status=ReviewStatus.SKIPPED, end_reason=EndReason.TIMEOUT),
            "reason of its status",
        ),
        (lambda: make.a_review(listen_duration=3), "ASSIGNED review has not begun"),
        (lambda: make.a_flagged_review(counts_toward_completion=True), "traces of its flag"),
        (lambda: make.a_review(slot_price=10), "costs its pay"),
        (
            lambda: make.a_review(
                status=ReviewStatus.COMPLETED, artist_rating=2, rating_reason=None
            ),
            "poor rating",
        ),
        (lambda: make.a_track(reviews_completed=5), "follows from payment and slots"),
        (lambda: make.a_track(paid_at=None), "follows from payment and slots"),
        (
            lambda: make.a_track(status=TrackStatus.PENDING_PAYMENT, closed_at=START),
            "before it is paid",
        ),
        (lambda: make.a_track(completed_at=START), "exactly when COMPLETED"),
        (lambda: make.a_track(promo_code="LAUNCH", price=495), "makes a track free"),
        (lambda: make.a_slot(price=10), "costs its pay"),
        (lambda: make.a_payment(refunded_amount=5), "only what was applied"),
        (
            lambda: make.a_payment(status=PaymentStatus.REFUNDED, refunded_amount=5),
            "all of it is back",
        ),
        (lambda: make.an_attempt(status=AttemptStatus.OPEN, url=None), "id address and end"),
        (lambda: make.an_attempt(fee=3), "a payment and a fee"),
        (lambda: make.a_refund(status=RefundStatus.COMPLETED, external_id=None), "was taken"),
        (lambda: make.a_refund(ended_at=START), "exactly when it is final"),
        (lambda: make.a_dispute(reinstated_amount=5), "only a WON dispute"),
        (lambda: make.a_dispute(status=DisputeStatus.LOST, closed_at=None), "it is decided"),
        (
            lambda: make.a_payout(status=PayoutStatus.PROCESSING, method=PayoutMethod.MANUAL),
            "never sent",
        ),
        (lambda: make.a_payout(reversed_amount=1001), "than had left"),
        (lambda: make.a_flag(judged_at=START), "exactly when it is not OPEN"),
        (lambda: make.a_ticket(subject=""), "lost its words"),
        (lambda: make.a_ticket(status=TicketStatus.OPEN, subject=""), "lost its words"),
        (lambda: make.an_upload(duration=3), "exactly when ACCEPTED"),
        (lambda: make.an_upload(status=UploadStatus.REFUSED, refusal=None), "says why"),
        (lambda: make.an_artist(free_review_credits=-1), "not below 0"),
        (lambda: make.a_reviewer(rating_count=1, rating_sum=6), "from 1 to 5"),
        (lambda: make.a_reviewer(gem_count=3, total_reviews=2), "than there are"),
        (lambda: make.a_reviewer(restriction_reason="spam"), "has its cause"),
        (lambda: make.a_user(erased_at=START, name="Sam"), "nothing personal"),
        (lambda: make.a_session(expires_at=START, created_at=START), "after it began"),
        (lambda: make.an_entry(postings=(make.a_posting(),)), "sum to 0"),
        (lambda: make.a_webhook_event(handled_at=START, failure="Busy"), "no failure"),
    ],
)
def test_what_could_never_be_is_refused_in_a_sentence(
    build: Callable[[], object], sentence: str
) -> None:
    with pytest.raises(Inconsistent, match=sentence) as refusal:
        build()

    assert any(sentence in told for told in refusal.value.broken)
    assert attrs.has(type(refusal.value.entity))


def test_builders_need_no_hypothesis() -> None:
    told = "import sys; import reviewcore.testing.builders; sys.exit('hypothesis' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
