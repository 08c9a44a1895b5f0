"""What is done about a track and its reviews while another of them is not committed."""

from __future__ import annotations

from functools import partial

import pytest

from reviewcore.domain.errors import (
    DailyReportLimitReached,
    InvalidTransition,
    ReviewNotActive,
    TrackHasReviews,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import Track
from reviewcore.testing.builders import some_feedback
from reviewcore.usecases import (
    AssignReviewers,
    CancelTrack,
    CheckOut,
    CompleteReview,
    EraseUser,
    ExpireAssignments,
    OpenCheckout,
    RecordHeartbeat,
    ReportUnplayable,
    RestrictReviewer,
    UpdateSource,
    assign_reviewers,
    cancel_track,
    check_out,
    complete_review,
    erase_user,
    expire_assignments,
    open_checkout,
    record_heartbeat,
    report_unplayable,
    restrict_reviewer,
    update_source,
)
from tests.integration.races.overlap import Overlap
from tests.integration.races.world import World

ADMIN = UserId("the-admin")


@pytest.fixture
def world(overlap: Overlap) -> World:
    return overlap.world


@pytest.fixture
def reviewer(world: World) -> ReviewerProfile:
    (reviewer,) = world.reviewers(1)
    return reviewer


def cancelling(track: Track) -> CancelTrack:
    return CancelTrack(track_id=track.id, artist_id=track.artist_id)


def beat(review: Review) -> RecordHeartbeat:
    return RecordHeartbeat(review_id=review.id, reviewer_id=review.reviewer_id)


def delivery(review: Review) -> CompleteReview:
    return CompleteReview(
        review_id=review.id, reviewer_id=review.reviewer_id, feedback=some_feedback()
    )


def due(world: World) -> None:
    """Let every assignment be overdue."""
    world.clock.advance(hours=world.store.rules.assignment_ttl_hours)


# ── a track that nobody waits for any more ───────────────────────────────────────────────────


def test_nobody_pays_for_a_track_that_is_being_cancelled(overlap: Overlap) -> None:
    track = overlap.world.unpaid(overlap.world.artist())
    pay = OpenCheckout(track_id=track.id, artist_id=track.artist_id)

    answer = overlap.behind(
        lambda tx: cancel_track(tx, cancelling(track)),
        partial(overlap.world.app.drive, open_checkout, pay),
    )

    assert isinstance(answer, InvalidTransition)


def test_a_track_is_checked_out_track_before_payment(overlap: Overlap) -> None:
    track = overlap.world.unpaid(overlap.world.artist())
    again = CheckOut(track_id=track.id, artist_id=track.artist_id, use_free_credit=True)

    overlap.behind(
        lambda tx: tx.tracks.lock(track.id),
        partial(overlap.world.app.perform, check_out, again),
        then=lambda tx: tx.payments.lock_of_track(track.id),
    )


def test_a_track_that_is_being_listened_to_is_not_cancelled(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    track = overlap.world.track()
    (review,) = overlap.world.give(track, [reviewer])

    answer = overlap.behind(
        lambda tx: record_heartbeat(tx, beat(review)),
        partial(overlap.world.app.perform, cancel_track, cancelling(track)),
    )

    assert isinstance(answer, TrackHasReviews)


# ── another link ─────────────────────────────────────────────────────────────────────────────


def mending(track: Track) -> UpdateSource:
    return UpdateSource(
        track_id=track.id,
        artist_id=track.artist_id,
        source_url="https://soundcloud.com/the-samples/second-light",
    )


def test_what_is_heard_of_the_old_link_does_not_count(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    track = world.track()
    (review,) = world.heard(track, [reviewer])
    world.clock.advance(seconds=10)

    overlap.behind(
        lambda tx: record_heartbeat(tx, beat(review)),
        partial(world.app.perform, update_source, mending(track)),
    )

    with world.store.read() as tx:
        begun = tx.reviews.get(review.id)
    assert (begun.status, begun.listen_duration, begun.last_heartbeat) == (
        ReviewStatus.ASSIGNED, 0, None,
    )  # fmt: skip


def test_the_link_of_a_track_that_is_being_cancelled_stays(overlap: Overlap) -> None:
    track = overlap.world.track()

    answer = overlap.behind(
        lambda tx: cancel_track(tx, cancelling(track)),
        partial(overlap.world.app.perform, update_source, mending(track)),
    )

    assert isinstance(answer, InvalidTransition)


# ── a reviewer's other work ──────────────────────────────────────────────────────────────────


def load(world: World, reviewer: ReviewerProfile) -> tuple[int, int]:
    """What he works on by his own count, and in truth."""
    with world.store.read() as tx:
        return tx.reviewers.get(reviewer.id).active_count, len(tx.reviews.active_of(reviewer.id))


def test_a_delivery_and_a_cancelled_track_both_make_their_reviewer_freer(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    cancelled = world.track()
    world.give(cancelled, [reviewer])
    (review,) = world.heard(world.track(), [reviewer])

    overlap.behind(
        lambda tx: complete_review(tx, delivery(review)),
        partial(world.app.perform, cancel_track, cancelling(cancelled)),
    )

    assert load(world, reviewer) == (0, 0)


def test_a_delivery_and_what_is_overdue_both_make_their_reviewer_freer(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    world.give(world.track(), [reviewer])
    due(world)
    (review,) = world.heard(world.track(), [reviewer])

    overlap.behind(
        lambda tx: complete_review(tx, delivery(review)),
        partial(world.app.perform, expire_assignments, ExpireAssignments()),
    )

    assert load(world, reviewer) == (0, 0)


def test_what_is_overdue_ends_tracks_before_reviewers(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    tracks = [world.track() for _ in range(2)]
    for track in tracks:
        world.give(track, [reviewer])
    due(world)

    ended = overlap.behind(
        lambda tx: tx.tracks.lock(tracks[1].id),
        partial(world.app.perform, expire_assignments, ExpireAssignments()),
        then=lambda tx: tx.reviewers.lock(reviewer.id),
    )

    assert {one.track_id for one in ended} >= {one.id for one in tracks}


def test_what_is_being_delivered_is_not_reported(
    overlap: Overlap, reviewer: ReviewerProfile
) -> None:
    world = overlap.world
    (review,) = world.heard(world.track(), [reviewer])

    answer = overlap.behind(
        lambda tx: complete_review(tx, delivery(review)),
        partial(
            world.app.perform,
            report_unplayable,
            ReportUnplayable(review_id=review.id, reviewer_id=reviewer.id),
        ),
    )

    assert isinstance(answer, ReviewNotActive)


@pytest.mark.parametrize("way", ["restricted", "leaves"])
def test_all_work_of_a_reviewer_ends_tracks_before_himself(
    overlap: Overlap, reviewer: ReviewerProfile, way: str
) -> None:
    world = overlap.world
    track = world.track()
    world.give(track, [reviewer])
    bar = RestrictReviewer(reviewer_id=reviewer.id, admin_id=ADMIN, reason="spam")
    perform = world.app.perform
    # Later than it was looked for before: so the track does change.
    world.clock.advance(seconds=1)

    overlap.behind(
        lambda tx: tx.tracks.lock(track.id),
        partial(perform, restrict_reviewer, bar)
        if way == "restricted"
        else partial(perform, erase_user, EraseUser(user_id=reviewer.user_id)),
        then=lambda tx: tx.reviewers.lock(reviewer.id),
    )

    assert load(world, reviewer) == (0, 0)


def test_a_slot_that_is_being_filled_is_not_filled_again(overlap: Overlap) -> None:
    world = overlap.world
    track = world.track(package=PackageType.PRO)
    world.reviewers(2)
    assign = AssignReviewers(track_id=track.id)

    again = partial(world.app.perform, assign_reviewers, assign)
    answer = overlap.behind(lambda tx: assign_reviewers(tx, assign), again)

    assert (answer.assigned, answer.still_open) == ((), 0)


def test_reports_are_counted_under_the_lock(overlap: Overlap, reviewer: ReviewerProfile) -> None:
    world = overlap.world
    most = world.store.rules.unplayable_per_day_max
    reviews = [review for _ in range(most + 1) for review in world.give(world.track(), [reviewer])]
    reports = [ReportUnplayable(review_id=one.id, reviewer_id=reviewer.id) for one in reviews]
    for one in reports[2:]:
        world.app.perform(report_unplayable, one)

    answer = overlap.behind(
        lambda tx: report_unplayable(tx, reports[0]),
        partial(world.app.perform, report_unplayable, reports[1]),
    )

    assert isinstance(answer, DailyReportLimitReached)
