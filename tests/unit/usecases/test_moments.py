"""What a row says once something has befallen it: when, why and by whom, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.flags import FlagReason, FlagStatus
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.reviewers import RestrictionCause
from reviewcore.domain.reviews import EndReason, Review, ReviewStatus
from reviewcore.domain.rules import Tier
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.webhooks import Subject
from reviewcore.testing import builders as make
from reviewcore.usecases import (
    FlagReview,
    GrantTier,
    RestrictReviewer,
    flag_review,
    grant_tier,
    restrict_reviewer,
)
from tests.unit.usecases.disputing import LOST, applied, follow, view_of
from tests.unit.usecases.market import ADMIN, World
from tests.unit.usecases.test_processor_events import an_event, handle, receive


@pytest.fixture
def world() -> World:
    return World()


def assigned(world: World) -> Review:
    """An assignment that is an hour old."""
    world.a_reviewer()
    [review] = world.assign(world.a_queued_track())
    world.wait(hours=1)
    return review


# ── reviews ──────────────────────────────────────────────────────────────────────────────────


def test_a_review_that_was_delivered(world: World) -> None:
    review = assigned(world)
    began = world.clock()
    world.listen(review)
    world.wait(minutes=1)

    done = world.complete(review)

    assert done == world.review(review)
    assert done == attrs.evolve(
        review,
        status=ReviewStatus.COMPLETED,
        started_at=began,
        ended_at=world.clock(),
        listen_duration=180,
        last_heartbeat=began + timedelta(seconds=180),
        paid_amount=review.offered_amount,
        counts_toward_completion=True,
        share_id=done.share_id,
        feedback=make.some_feedback(),
    )
    reviewer = world.reviewer_of(review)
    assert (reviewer.total_reviews, reviewer.total_earnings, reviewer.active_count) == (1, 50, 0)


@pytest.mark.parametrize(
    ("give_up", "status", "reason"),
    [
        (World.skip, ReviewStatus.SKIPPED, EndReason.SKIP),
        (World.report, ReviewStatus.SKIPPED, EndReason.UNPLAYABLE),
    ],
)
def test_a_review_that_was_given_back(
    world: World,
    give_up: Callable[[World, Review], Review],
    status: ReviewStatus,
    reason: EndReason,
) -> None:
    review = assigned(world)

    ended = give_up(world, review)

    assert ended == world.review(review)
    assert ended == attrs.evolve(review, status=status, ended_at=world.clock(), end_reason=reason)
    track = world.look(lambda tx: tx.tracks.get(review.track_id))
    told = world.clock() if reason is EndReason.UNPLAYABLE else None
    assert (track.link_issue_notified_at, track.assign_at) == (told, world.clock())


@pytest.mark.parametrize("reason", FlagReason)
def test_a_review_that_was_flagged(world: World, reason: FlagReason) -> None:
    done = world.deliver(assigned(world))
    command = FlagReview(review_id=done.id, artist_id=done.artist_id, reason=reason)

    flagged = world.do(flag_review, command)

    assert flagged == world.review(done)
    assert flagged == attrs.evolve(
        done,
        counts_toward_completion=False,
        was_flagged=True,
        flag_reason=reason,
        flag_status=FlagStatus.OPEN,
    )
    assert world.flag_of(done).flag_reason is reason
    assert world.reviewer_of(done).flag_count == 1


# ── reviewers ────────────────────────────────────────────────────────────────────────────────


def test_a_reviewer_who_was_barred(world: World) -> None:
    reviewer = world.a_reviewer()
    command = RestrictReviewer(reviewer_id=reviewer.id, admin_id=ADMIN, reason=" spam ")

    barred = world.do(restrict_reviewer, command)

    assert barred == world.reviewer(reviewer)
    assert barred == attrs.evolve(
        reviewer,
        is_restricted=True,
        restriction_cause=RestrictionCause.ADMIN,
        restriction_reason="spam",
    )


def test_a_reviewer_who_was_granted_a_tier(world: World) -> None:
    reviewer = world.a_reviewer()
    until = world.clock() + timedelta(microseconds=1)
    command = GrantTier(
        reviewer_id=reviewer.id, admin_id=ADMIN, tier=Tier.PRO, until=until, reason="known"
    )

    granted = world.do(grant_tier, command)

    assert granted == world.reviewer(reviewer)
    assert granted == attrs.evolve(
        reviewer, tier=Tier.PRO, granted_tier=Tier.PRO, granted_until=until
    )


# ── tracks ───────────────────────────────────────────────────────────────────────────────────


def test_a_track_that_was_closed(world: World) -> None:
    track = world.a_queued_track()
    world.wait(hours=1)

    closed = world.close(track).track

    assert closed == world.track(track)
    assert closed == attrs.evolve(
        track,
        status=TrackStatus.CANCELLED,
        closed_at=world.clock(),
        slots_refunded=5,
        assign_at=None,
    )
    assert {slot.refunded_at for slot in world.slots(track)} == {world.clock()}


def test_a_track_that_was_cancelled(world: World) -> None:
    paid, unpaid = world.a_queued_track(), world.a_track()

    given = [world.cancel(track) for track in (paid, unpaid)]

    assert [one.track for one in given] == [world.track(track) for track in (paid, unpaid)]
    assert {one.track.status for one in given} == {TrackStatus.CANCELLED}
    assert [one.refunded_cents for one in given] == [495, 0]


def test_slots_that_were_lost_to_the_payers_bank(world: World) -> None:
    track = world.a_queued_track()
    attempt = applied(world, track)
    follow(world, view_of(attempt))
    world.wait(days=1)

    dispute = follow(world, view_of(attempt, LOST))

    assert (dispute.status, dispute.closed_at) == (DisputeStatus.LOST, world.clock())
    assert {(slot.is_lost, slot.refunded_at) for slot in world.slots(track)} == {
        (True, world.clock())
    }


def test_an_inquiry_that_costs_only_its_fee(world: World) -> None:
    attempt = applied(world, world.a_queued_track())
    inquiry = attrs.evolve(view_of(attempt), amount=ZERO, fee=ZERO)
    follow(world, inquiry)

    told = follow(world, attrs.evolve(inquiry, fee=Cents(1500)))

    assert (told.amount, told.fee) == (0, 1500)
    assert world.balance("fees") == -44 - 1500


# ── events of the processor ──────────────────────────────────────────────────────────────────


def test_an_event_that_was_handled(world: World) -> None:
    attempt = world.open_session(world.checked_out(world.a_track()))
    event = an_event(world, Subject.CHECKOUT, str(attempt.session_id))
    received = receive(world, event)
    world.wait(minutes=1)

    handled = handle(world, event)

    assert handled == world.look(lambda tx: tx.inbox.get(event.id))
    assert handled == attrs.evolve(
        received, handled_at=world.clock(), next_attempt_at=handled.next_attempt_at
    )
    assert handle(world, event) == handled
